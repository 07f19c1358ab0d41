package accountsiq

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"dunlin/core/ledger"
)

// This file holds how values look on the wire (contract sections 3 and 16): dates with and
// without an offset, nils, decimals, booleans. Reading methods of scanner read the element that
// started last; nil, empty and absent all give the zero value, anything else that cannot be read
// stops the scan with a valueError.

// valueError says which element held something that cannot be read. It never holds the content.
type valueError struct {
	element string
	why     string
}

func (e *valueError) Error() string { return e.element + ": " + e.why }

func (s *scanner) badValue(element, why string) {
	if s.err == nil {
		s.err = &valueError{element, why}
	}
}

// string reads a text as it is written.
func (s *scanner) string() string { return string(s.value()) }

// trimmed reads a text without white space around it.
func (s *scanner) trimmed() string { return string(bytes.TrimSpace(s.value())) }

// int reads a whole number.
func (s *scanner) int() int64 {
	name := s.local
	v := bytes.TrimSpace(s.value())
	if len(v) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		s.badValue(string(name), "not a whole number")
		return 0
	}
	return n
}

// bool reads a boolean: true, false, 1 or 0.
func (s *scanner) bool() bool {
	name := s.local
	switch string(bytes.TrimSpace(s.value())) {
	case "true", "1":
		return true
	case "false", "0", "":
		return false
	}
	s.badValue(string(name), "not true or false")
	return false
}

// date reads the civil date of a date-time as it is written, whatever its time and offset (R1.1).
func (s *scanner) date() ledger.Date {
	name := s.local
	d, err := parseCivil(bytes.TrimSpace(s.value()))
	if err != nil {
		s.badValue(string(name), err.Error())
	}
	return d
}

// decimal reads a number as a plain decimal, "" when there is none.
func (s *scanner) decimal() string {
	name := s.local
	v := bytes.TrimSpace(s.value())
	if len(v) == 0 {
		return ""
	}
	text, err := plainDecimal(v)
	if err != nil {
		s.badValue(string(name), err.Error())
	}
	return text
}

// raw appends the trimmed text to dst[:0], for values that can only be read when more of the row
// is known.
func (s *scanner) raw(dst []byte) []byte { return append(dst[:0], bytes.TrimSpace(s.value())...) }

var errDate = errors.New("not a date")

// parseCivil reads YYYY-MM-DD, alone or as the first part of a date-time: a time with or without
// fractions, followed by no offset, Z or an offset. Empty text and dates of the year 1, which .NET
// writes for "no date", give the zero date.
func parseCivil(b []byte) (ledger.Date, error) {
	if len(b) == 0 {
		return ledger.Date{}, nil
	}
	if len(b) < 10 || b[4] != '-' || b[7] != '-' || len(b) > 10 && !isTimeOfDay(b[10:]) {
		return ledger.Date{}, errDate
	}
	y, okY := digits(b[0:4])
	m, okM := digits(b[5:7])
	d, okD := digits(b[8:10])
	if !okY || !okM || !okD || y < 1 || m < 1 || m > 12 || d < 1 || d > 31 {
		return ledger.Date{}, errDate
	}
	if y == 1 {
		return ledger.Date{}, nil
	}
	date := ledger.NewDate(y, time.Month(m), d)
	if d > 28 {
		if _, _, got := date.YMD(); got != d {
			return ledger.Date{}, errDate
		}
	}
	return date, nil
}

func digits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// isTimeOfDay reports whether b is Thh:mm:ss, perhaps with a fraction and an offset. A date may
// also carry an offset alone.
func isTimeOfDay(b []byte) bool {
	if b[0] == 'T' {
		if len(b) < 9 || !isClock(b[1:6], 23) || b[6] != ':' {
			return false
		}
		if sec, ok := digits(b[7:9]); !ok || sec > 59 {
			return false
		}
		b = b[9:]
		if len(b) > 0 && b[0] == '.' {
			n := 1
			for n < len(b) && b[n] >= '0' && b[n] <= '9' {
				n++
			}
			if n == 1 {
				return false
			}
			b = b[n:]
		}
	}
	switch {
	case len(b) == 0:
		return true
	case b[0] == 'Z':
		return len(b) == 1
	case b[0] == '+' || b[0] == '-':
		return len(b) == 6 && isClock(b[1:], 14)
	}
	return false
}

// isClock reports whether b is hh:mm with an hour up to the given one.
func isClock(b []byte, last int) bool {
	h, okH := digits(b[0:2])
	m, okM := digits(b[3:5])
	return okH && okM && b[2] == ':' && h <= last && m <= 59
}

// number is a decimal taken apart: digits without leading zeros and the place of the point in
// them, which may lie outside.
type number struct {
	negative bool
	digits   []byte
	point    int
}

// maxDigits bounds the digits and the exponent of a number.
const maxDigits = 64

var errNumber = errors.New("not a number")

func parseNumber(b []byte) (number, error) {
	var n number
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		n.negative = b[0] == '-'
		b = b[1:]
	}
	n.digits = make([]byte, 0, 24)
	any, dot, i := false, false, 0
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !dot {
			dot = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		any = true
		switch {
		case c == '0' && len(n.digits) == 0:
			if dot {
				n.point--
			}
		default:
			n.digits = append(n.digits, c)
			if !dot {
				n.point++
			}
		}
	}
	exponent := 0
	if i < len(b) && any && (b[i] == 'e' || b[i] == 'E') {
		e, err := strconv.ParseInt(string(b[i+1:]), 10, 32)
		if err != nil {
			return number{}, errNumber
		}
		exponent, i = int(e), len(b)
	}
	if !any || i < len(b) {
		return number{}, errNumber
	}
	if len(n.digits) == 0 {
		return number{}, nil
	}
	n.point += exponent
	if len(n.digits) > maxDigits || n.point > maxDigits || n.point < -maxDigits {
		return number{}, errors.New("a number beyond all measure")
	}
	return n, nil
}

// scaled returns the number times 10^places, rounded half away from zero.
func (n number) scaled(places int) (int64, error) {
	whole := n.point + places
	var sum int64
	for i := range whole {
		var d int64
		if i < len(n.digits) {
			d = int64(n.digits[i] - '0')
		}
		if sum > (math.MaxInt64-1-d)/10 {
			return 0, errors.New("an amount too large")
		}
		sum = sum*10 + d
	}
	if whole >= 0 && whole < len(n.digits) && n.digits[whole] >= '5' {
		sum++
	}
	if n.negative {
		sum = -sum
	}
	return sum, nil
}

// parseMoney reads an amount in the minor unit of its currency. Places beyond it are rounded half
// away from zero; none are expected, but a .NET decimal may carry them.
func parseMoney(b []byte, currency string) (ledger.Money, error) {
	n, err := parseNumber(b)
	if err != nil {
		return ledger.Money{}, err
	}
	minor, err := n.scaled(ledger.Digits(currency))
	return ledger.Money{Minor: minor, Currency: currency}, err
}

// plainDecimal returns a decimal without an exponent or a plus sign, otherwise as it is written.
func plainDecimal(b []byte) (string, error) {
	n, err := parseNumber(b)
	if err != nil {
		return "", err
	}
	if !bytes.ContainsAny(b, "eE+") && b[0] != '.' && b[len(b)-1] != '.' && !bytes.HasPrefix(b, []byte("-.")) {
		return string(b), nil
	}
	if len(n.digits) == 0 {
		return "0", nil
	}
	var out []byte
	if n.negative {
		out = append(out, '-')
	}
	if n.point <= 0 {
		out = append(out, "0."...)
		out = append(out, bytes.Repeat([]byte{'0'}, -n.point)...)
		return string(append(out, n.digits...)), nil
	}
	if n.point >= len(n.digits) {
		out = append(out, n.digits...)
		return string(append(out, bytes.Repeat([]byte{'0'}, n.point-len(n.digits))...)), nil
	}
	out = append(out, n.digits[:n.point]...)
	out = append(out, '.')
	return string(append(out, n.digits[n.point:]...)), nil
}

// Date-times of requests. Only the names that say so are UTC; all others go as a civil date-time
// without an offset (contract section 15, "Time").
const (
	civilLayout = "2006-01-02T15:04:05"
	utcLayout   = "2006-01-02T15:04:05Z"
	wideFrom    = "1990-01-01T00:00:00"
	wideTo      = "2099-12-31T23:59:59"
)

// lower formats a lower bound: fractions of a second are dropped, so that nothing falls out.
func lower(t time.Time) string {
	if t.IsZero() {
		return wideFrom
	}
	return t.Format(civilLayout)
}

// upper formats an upper bound: a fraction of a second counts as a whole one.
func upper(t time.Time) string {
	if t.IsZero() {
		return wideTo
	}
	if t.Nanosecond() > 0 {
		t = t.Add(time.Second)
	}
	return t.Format(civilLayout)
}

func startOf(d ledger.Date) string {
	if d.IsZero() {
		return wideFrom
	}
	return d.String() + "T00:00:00"
}

func endOf(d ledger.Date) string {
	if d.IsZero() {
		return wideTo
	}
	return d.String() + "T23:59:59"
}

// checkID refuses an id that the service's 32-bit integers cannot hold.
func checkID(id int64) error {
	if id < math.MinInt32 || id > math.MaxInt32 {
		return fmt.Errorf("id %d is out of range", id)
	}
	return nil
}
