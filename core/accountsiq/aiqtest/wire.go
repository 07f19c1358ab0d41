package aiqtest

import (
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"dunlin/core/ledger"
)

// sink writes an answer in pieces, so that a page of 10,000 rows never stands in memory as a whole.
type sink struct {
	w   io.Writer
	b   []byte
	err error
}

const sinkSize = 64 << 10

func (s *sink) str(t string) { s.b = append(s.b, t...) }

// spill hands full pieces on; rows call it after each record.
func (s *sink) spill() {
	if len(s.b) >= sinkSize {
		s.flush()
	}
}

func (s *sink) flush() {
	if s.err == nil {
		_, s.err = s.w.Write(s.b)
	}
	s.b = s.b[:0]
}

// form is how values are put on the wire where the contract leaves a choice (section 15).
type form struct {
	zone     *time.Location
	offsets  bool // dateTimes carry the zone's offset
	negative bool // amounts of credits are negative
	extra    bool // elements that the contract does not know stand among the fields
}

// put appends one value; what appends nothing has no value.
type put[T any] func(b []byte, f *form, v T) []byte

// columns maps element names to what fills them.
type columns[T any] map[string]put[T]

// shape writes records of one type in the order of the contract.
type shape[T any] struct {
	cols []column[T]
}

type column[T any] struct {
	open, close, blank string // blank stands for no value: nil, a zero, or nothing
	put                put[T]
}

var zeros = map[string]string{"int": "0", "short": "0", "long": "0", "decimal": "0", "boolean": "false"}

// newShape lays the columns out in the order of a contract type. It fails on a column that the type does
// not have and on a mandatory element that nothing fills and no zero fits.
func newShape[T any](s *schema, typ string, cols columns[T]) (shape[T], error) {
	var sh shape[T]
	used := 0
	for _, f := range s.types[typ] {
		c := column[T]{open: "<" + f.name + ">", close: "</" + f.name + ">"}
		zero, simple := zeros[f.typ]
		p, filled := cols[f.name]
		switch {
		case f.nillable && !f.optional:
			c.blank = "<" + f.name + ` xsi:nil="true" />`
		case f.optional:
		case simple:
			c.blank = c.open + zero + c.close
		case !filled:
			return sh, fmt.Errorf("%s: nothing fills the mandatory %s", typ, f.name)
		}
		if filled {
			c.put = p
			used++
		}
		if n := len(sh.cols); c.put == nil && n > 0 && sh.cols[n-1].put == nil {
			sh.cols[n-1].blank += c.blank // neighbours without a value become one piece
			continue
		}
		sh.cols = append(sh.cols, c)
	}
	if used != len(cols) {
		return sh, fmt.Errorf("%s: a column that the contract does not have", typ)
	}
	return sh, nil
}

// extras are the elements of Options.Extra, at the start, in the middle and at the end of a record. The second holds
// names that mean something elsewhere: a reader who goes by names alone, and not by where they stand, falls for it.
var extras = [3]string{"<NewNumber>3</NewNumber>",
	"<NewDetails><NewDetail><TransactionID>1</TransactionID><AccountID>1</AccountID><OutstandingAmount>0.01</OutstandingAmount>" +
		"<Code>NEW</Code><Name>New</Name><Email>new@example.org</Email><Status>Failure</Status><ErrorCode>NEW</ErrorCode>" +
		"<HasExpired>true</HasExpired><AccessToken>new</AccessToken><Result><Result /></Result></NewDetail></NewDetails>",
	`<NewFlag xsi:nil="true" />`}

// append writes the fields of v.
func (sh shape[T]) append(b []byte, f *form, v T) []byte {
	if f.extra {
		b = append(b, extras[0]...)
		b = sh.columns(b, f, v, 0, len(sh.cols)/2)
		b = append(b, extras[1]...)
		b = sh.columns(b, f, v, len(sh.cols)/2, len(sh.cols))
		return append(b, extras[2]...)
	}
	return sh.columns(b, f, v, 0, len(sh.cols))
}

func (sh shape[T]) columns(b []byte, f *form, v T, from, to int) []byte {
	for i := from; i < to; i++ {
		c := &sh.cols[i]
		if c.put == nil {
			b = append(b, c.blank...)
			continue
		}
		start := len(b)
		b = append(b, c.open...)
		begin := len(b)
		if b = c.put(b, f, v); len(b) == begin {
			b = append(b[:start], c.blank...)
			continue
		}
		b = append(b, c.close...)
	}
	return b
}

// element writes v inside an element of the given name.
func (sh shape[T]) element(b []byte, f *form, name string, v T) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = sh.append(b, f, v)
	return append(append(append(b, "</"...), name...), '>')
}

func text[T any](get func(T) string) put[T] {
	return func(b []byte, _ *form, v T) []byte { return appendText(b, get(v)) }
}

func number[T any](get func(T) int64) put[T] {
	return func(b []byte, _ *form, v T) []byte { return strconv.AppendInt(b, get(v), 10) }
}

// someID writes a number, or nothing for 0.
func someID[T any](get func(T) int64) put[T] {
	return func(b []byte, _ *form, v T) []byte {
		if n := get(v); n != 0 {
			return strconv.AppendInt(b, n, 10)
		}
		return b
	}
}

func flag[T any](get func(T) bool) put[T] {
	return func(b []byte, _ *form, v T) []byte { return strconv.AppendBool(b, get(v)) }
}

func money[T any](get func(T) ledger.Money) put[T] {
	return func(b []byte, _ *form, v T) []byte { return appendMoney(b, get(v)) }
}

// moment writes an instant as the server's clock shows it.
func moment[T any](get func(T) time.Time) put[T] {
	return func(b []byte, f *form, v T) []byte { return f.appendMoment(b, get(v)) }
}

// utc writes an instant in UTC, as the fields do whose names say so.
func utc[T any](get func(T) time.Time) put[T] {
	return func(b []byte, _ *form, v T) []byte {
		if t := get(v); !t.IsZero() {
			return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.999Z")
		}
		return b
	}
}

func day[T any](get func(T) ledger.Date) put[T] {
	return func(b []byte, f *form, v T) []byte { return f.appendDay(b, get(v)) }
}

func (f *form) appendMoment(b []byte, t time.Time) []byte {
	if f.offsets {
		return t.In(f.zone).AppendFormat(b, "2006-01-02T15:04:05.999-07:00")
	}
	return t.In(f.zone).AppendFormat(b, "2006-01-02T15:04:05.999")
}

// appendDay writes a civil date in the .NET form, at midnight.
func (f *form) appendDay(b []byte, d ledger.Date) []byte {
	if d.IsZero() {
		return b
	}
	y, m, dd := d.YMD()
	if f.offsets {
		return time.Date(y, m, dd, 0, 0, 0, 0, f.zone).AppendFormat(b, "2006-01-02T15:04:05-07:00")
	}
	b = append(b, byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+dd/10), byte('0'+dd%10))
	return append(b, "T00:00:00"...)
}

// appendMoney writes a plain decimal with the currency's places, without going through a string.
func appendMoney(b []byte, m ledger.Money) []byte {
	n := m.Minor
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	places := ledger.Digits(m.Currency)
	start := len(b)
	b = strconv.AppendInt(b, n, 10)
	if places == 0 {
		return b
	}
	for len(b)-start <= places {
		b = append(b, 0)
		copy(b[start+1:], b[start:])
		b[start] = '0'
	}
	b = append(b, 0)
	point := len(b) - 1 - places
	copy(b[point+1:], b[point:])
	b[point] = '.'
	return b
}

// appendText escapes character data. What XML cannot carry at all becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == 0xFFFE || r == 0xFFFF {
				r = utf8.RuneError
			}
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '&':
			b = append(b, "&amp;"...)
		case c == '<':
			b = append(b, "&lt;"...)
		case c == '>':
			b = append(b, "&gt;"...)
		case c == '\r':
			b = append(b, "&#xD;"...)
		case c < ' ' && c != '\n' && c != '\t':
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendNumber writes an element that holds a number.
func appendNumber(b []byte, name string, n int64) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = strconv.AppendInt(b, n, 10)
	return append(append(append(b, "</"...), name...), '>')
}
