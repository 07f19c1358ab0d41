package accountsiq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of what an answer may look like. They are far beyond any real answer and keep a broken
// or hostile server from filling the memory.
const (
	maxDepth     = 64
	maxTag       = 256 << 10
	maxText      = 1 << 20
	scanBuffer   = 64 << 10
	longestRef   = 16 // "&#x0010FFFF;" and some leading zeros
	maxIdleReads = 100
)

// syntaxError says that the bytes are not a document we read. Its rule tells apart the refusals
// that go beyond what encoding/xml checks.
type syntaxError struct {
	rule   syntaxRule
	what   string
	offset int64
}

type syntaxRule int

const (
	ruleWellFormed  syntaxRule = iota
	ruleDoctype                // document type declarations are refused (entity expansion)
	ruleOutside                // something stands outside the one root element
	ruleDeclaration            // XML declaration misplaced, or an encoding other than UTF-8
	ruleAttribute              // attributes without white space between them, or one given twice
	ruleBound                  // too deep, a tag or text too long
)

func (e *syntaxError) Error() string {
	return fmt.Sprintf("not a readable XML answer: %s (near byte %d)", e.what, e.offset)
}

// errCut says that the document ended before its root element did.
var errCut = errors.New("the XML answer ends too early")

type event int

const (
	evFail event = iota // see scanner.err
	evStart
	evEnd
	evDone // the root element has ended and nothing but white space followed
)

// scanner reads an XML document in one pass without building anything: it reports start and end
// tags by local name, gives the text of an element on request and checks that the document is
// well-formed UTF-8. Prefixes are matched but not resolved: names are told apart by their local
// part only, as the peers' services differ in prefixes and not in names.
//
// After the first problem err is set and every method reports the end of what it iterates over.
type scanner struct {
	src     io.Reader
	buf     []byte
	pos     int // next byte to look at
	end     int // bytes in buf
	base    int64
	readErr error
	err     error

	names []byte // raw names of the open elements, one after the other
	marks []mark
	depth int // open elements

	local   []byte // local name of the element that started last
	null    bool   // that element carries xsi:nil="true"
	empty   bool   // that element is an empty-element tag whose end is still to be reported
	rooted  bool   // a root element has started
	begun   bool
	first   int64  // offset of the first byte after a byte order mark
	text    []byte // the text being collected
	maxText int
}

type mark struct{ start, local int }

func newScanner(src io.Reader) *scanner {
	return &scanner{src: src, buf: make([]byte, scanBuffer), maxText: maxText}
}

// Classes of ASCII bytes; bytes from 0x80 on belong to none and take the slow paths.
const (
	classPlain     = 1 << iota // text that stands for itself
	className                  // inside a name
	classNameStart             // first in a name
	classSpace
)

var class = func() (t [256]uint8) {
	for c := 0x20; c < 0x80; c++ {
		t[c] |= classPlain
	}
	for _, c := range "&<]" {
		t[c] &^= classPlain
	}
	t['\t'] |= classPlain | classSpace
	t['\n'] |= classPlain | classSpace
	t[' '] |= classSpace
	t['\r'] |= classSpace
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= className | classNameStart
		t[c-'a'+'A'] |= className | classNameStart
	}
	for c := '0'; c <= '9'; c++ {
		t[c] |= className
	}
	for _, c := range "_:" {
		t[c] |= className | classNameStart
	}
	for _, c := range "-." {
		t[c] |= className
	}
	return t
}()

func isSpace(c byte) bool { return class[c]&classSpace != 0 }

// more moves on to the next child of the element that was at the given depth when it started, and
// reports false at its end. Children that were not read are passed over.
func (s *scanner) more(depth int) bool {
	for {
		switch s.step(false) {
		case evStart:
			if s.depth == depth+1 {
				return true
			}
		case evEnd:
			if s.depth < depth {
				return false
			}
		default:
			return false
		}
	}
}

// value reads the element that started last to its end and returns its text, without that of its
// children; nil when it carries xsi:nil. The bytes are good until the next call.
func (s *scanner) value() []byte {
	if s.err != nil {
		return nil
	}
	if s.empty {
		s.step(false)
		return nil
	}
	null := s.null
	for i := s.pos; i < s.end; i++ {
		c := s.buf[i]
		if class[c]&classPlain != 0 {
			continue
		}
		if n := s.closesAt(i); n > 0 {
			v := s.buf[s.pos:i]
			s.pos = i + n
			s.pop()
			if null {
				return nil
			}
			return v
		}
		break
	}
	s.text = s.text[:0]
	depth := s.depth
	for s.err == nil {
		if ev := s.step(s.depth == depth); ev == evEnd && s.depth < depth {
			break
		}
	}
	if null || s.err != nil {
		return nil
	}
	return s.text
}

// closesAt returns the length of the end tag of the open element if it stands complete at
// position i, and 0 otherwise.
func (s *scanner) closesAt(i int) int {
	if s.buf[i] != '<' || s.depth == 0 {
		return 0
	}
	name := s.names[s.marks[s.depth-1].start:]
	n := len(name) + 3
	if i+n > s.end || s.buf[i+1] != '/' || s.buf[i+n-1] != '>' || !bytes.Equal(s.buf[i+2:i+n-1], name) {
		return 0
	}
	return n
}

// step moves to the next start or end of an element; text on the way is checked and, if wanted,
// added to s.text.
func (s *scanner) step(keep bool) event {
	if s.err != nil {
		return evFail
	}
	if s.empty {
		s.empty = false
		s.pop()
		return evEnd
	}
	if !s.begun && !s.begin() {
		return evFail
	}
	for {
		if !s.need(1) {
			return s.finish()
		}
		if s.buf[s.pos] != '<' {
			if !s.chars(keep) {
				return evFail
			}
			continue
		}
		if !s.need(2) {
			return s.finish()
		}
		switch s.buf[s.pos+1] {
		case '/':
			return s.endTag()
		case '?':
			if !s.instruction() {
				return evFail
			}
		case '!':
			if !s.declaration(keep) {
				return evFail
			}
		default:
			return s.startTag()
		}
	}
}

// begin passes over a byte order mark.
func (s *scanner) begin() bool {
	const mark = "\ufeff"
	s.begun = true
	if s.need(len(mark)) {
		if string(s.buf[:len(mark)]) == mark {
			s.pos, s.first = len(mark), int64(len(mark))
		}
	} else if s.end > 0 && strings.HasPrefix(mark, string(s.buf[:s.end])) {
		return s.truncated()
	}
	return true
}

// finish is where the bytes end: fine only after the root element.
func (s *scanner) finish() event {
	switch {
	case s.err != nil:
	case s.readErr != io.EOF:
		s.err = s.readErr
	case s.rooted && s.depth == 0 && s.pos == s.end:
		return evDone
	default:
		s.err = errCut
	}
	return evFail
}

func (s *scanner) fail(rule syntaxRule, what string) bool {
	if s.err == nil {
		s.err = &syntaxError{rule, what, s.base + int64(s.pos)}
	}
	return false
}

// need makes sure that n bytes stand from pos on; false when the input has no more.
func (s *scanner) need(n int) bool {
	for idle := 0; s.end-s.pos < n; {
		if s.readErr != nil {
			return false
		}
		if s.pos > 0 {
			copy(s.buf, s.buf[s.pos:s.end])
			s.base += int64(s.pos)
			s.end -= s.pos
			s.pos = 0
		}
		if s.end == len(s.buf) {
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		}
		got, err := s.src.Read(s.buf[s.end:])
		s.end += got
		s.readErr = err
		if got > 0 {
			idle = 0
		} else if idle++; idle > maxIdleReads && err == nil {
			s.readErr = io.ErrNoProgress
		}
	}
	return true
}

// truncated reports why the bytes ended inside a piece of markup.
func (s *scanner) truncated() bool {
	if s.err == nil {
		s.err = errCut
		if s.readErr != nil && s.readErr != io.EOF {
			s.err = s.readErr
		}
	}
	return false
}

func (s *scanner) push(name []byte, colon int) {
	if s.depth == 0 && s.rooted {
		s.fail(ruleOutside, "a second root element")
		return
	}
	if s.depth == maxDepth {
		s.fail(ruleBound, "elements nested too deep")
		return
	}
	s.rooted = true
	start := len(s.names)
	s.names = append(s.names, name...)
	local := start
	if colon > 0 && colon < len(name)-1 {
		local += colon + 1
	}
	s.marks = append(s.marks, mark{start, local})
	s.depth++
	s.local = s.names[local:]
}

func (s *scanner) pop() {
	s.depth--
	s.names = s.names[:s.marks[s.depth].start]
	s.marks = s.marks[:s.depth]
}

func (s *scanner) started() event {
	if s.err != nil {
		return evFail
	}
	return evStart
}

func (s *scanner) startTag() event {
	s.null = false
	first := s.pos + 1
	colon := -1
	i := first
	for ; i < s.end && class[s.buf[i]]&className != 0; i++ {
		if s.buf[i] == ':' {
			if colon >= 0 {
				break
			}
			colon = i - first
		}
	}
	if i < s.end && s.buf[i] == '>' && i > first && class[s.buf[first]]&classNameStart != 0 {
		s.push(s.buf[first:i], colon)
		s.pos = i + 1
		return s.started()
	}
	return s.startTagWithMore()
}

// startTagWithMore reads a start tag that has attributes, is an empty-element tag, has a name
// outside ASCII or does not stand in the buffer as a whole.
func (s *scanner) startTagWithMore() event {
	tag, ok := s.wholeTag(1)
	if !ok {
		return evFail
	}
	n, colon, ok := s.name(tag)
	if !ok {
		return evFail
	}
	name := tag[:n]
	rest := tag[n:]
	closed := false
	if len(rest) > 0 && rest[len(rest)-1] == '/' {
		closed = true
		rest = rest[:len(rest)-1]
	}
	if !s.attributes(rest) {
		return evFail
	}
	s.push(name, colon)
	s.empty = closed
	s.pos += len(tag) + 2
	return s.started()
}

// wholeTag returns what stands between the first skip bytes of the tag at pos and its ">". A ">"
// inside a quoted value does not end the tag.
func (s *scanner) wholeTag(skip int) ([]byte, bool) {
	var quote byte
	for i := skip; ; i++ {
		if i > maxTag {
			return nil, s.fail(ruleBound, "a tag is too long")
		}
		if s.pos+i >= s.end && !s.need(i+1) {
			return nil, s.truncated()
		}
		switch c := s.buf[s.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			return nil, s.fail(ruleWellFormed, "a < inside a tag")
		case c == '>':
			return s.buf[s.pos+skip : s.pos+i], true
		}
	}
}

// name returns the length of the name that b starts with and the place of its colon, -1 for none.
func (s *scanner) name(b []byte) (n, colon int, ok bool) {
	colon = -1
	for n < len(b) {
		c := b[n]
		size := 1
		switch {
		case c == ':':
			if colon >= 0 {
				return 0, 0, s.fail(ruleWellFormed, "a name with two colons")
			}
			colon = n
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRune(b[n:]); !nameRune(r, n == 0) {
				return 0, 0, s.fail(ruleWellFormed, "a name with a character that names may not have")
			}
		case n == 0 && class[c]&classNameStart == 0:
			return 0, 0, s.fail(ruleWellFormed, "a tag without a name")
		case class[c]&className == 0:
			return n, colon, true
		}
		n += size
	}
	if n == 0 {
		return 0, 0, s.fail(ruleWellFormed, "a tag without a name")
	}
	return n, colon, true
}

// nameRune reports whether a rune outside ASCII may stand in a name (XML 1.0, fifth edition).
func nameRune(r rune, first bool) bool {
	in := func(lo, hi rune) bool { return lo <= r && r <= hi }
	if in(0xC0, 0xD6) || in(0xD8, 0xF6) || in(0xF8, 0x2FF) || in(0x370, 0x37D) || in(0x37F, 0x1FFF) ||
		in(0x200C, 0x200D) || in(0x2070, 0x218F) || in(0x2C00, 0x2FEF) || in(0x3001, 0xD7FF) ||
		in(0xF900, 0xFDCF) || in(0xFDF0, 0xFFFC) || in(0x10000, 0xEFFFF) {
		return true
	}
	return !first && (r == 0xB7 || in(0x300, 0x36F) || in(0x203F, 0x2040))
}

// attributes checks the attributes of a start tag; of their values only xsi:nil matters, under
// whatever prefix.
func (s *scanner) attributes(b []byte) bool {
	var seen [][]byte
	for {
		spaced := len(b) > 0 && isSpace(b[0])
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 {
			return true
		}
		if !spaced {
			return s.fail(ruleAttribute, "no space before an attribute")
		}
		n, colon, ok := s.name(b)
		if !ok {
			return false
		}
		name := b[:n]
		for _, other := range seen {
			if bytes.Equal(other, name) {
				return s.fail(ruleAttribute, "an attribute given twice")
			}
		}
		seen = append(seen, name)
		value, rest, ok := s.attributeValue(b[n:])
		if !ok {
			return false
		}
		if colon > 0 && string(name[colon+1:]) == "nil" {
			v := string(bytes.TrimSpace(value))
			s.null = v == "true" || v == "1"
		}
		b = rest
	}
}

// attributeValue reads ="value" and returns the value and what follows it.
func (s *scanner) attributeValue(b []byte) (value, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) == 0 || b[0] != '=' {
		return nil, nil, s.fail(ruleWellFormed, "an attribute without a value")
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
		return nil, nil, s.fail(ruleWellFormed, "an attribute value without quotes")
	}
	n := bytes.IndexByte(b[1:], b[0])
	if n < 0 {
		return nil, nil, s.fail(ruleWellFormed, "an attribute value without an end")
	}
	value, rest = b[1:1+n], b[n+2:]
	for v := value; len(v) > 0; {
		size := 1
		switch c := v[0]; {
		case c == '<':
			return nil, nil, s.fail(ruleWellFormed, "a < inside an attribute value")
		case c == '&':
			if _, size = reference(v); size == 0 {
				return nil, nil, s.fail(ruleWellFormed, "an unknown entity")
			}
		case class[c]&(classPlain|classSpace) == 0 && c != ']':
			if size = textRune(v); size == 0 {
				return nil, nil, s.fail(ruleWellFormed, "a character that XML does not allow")
			}
		}
		v = v[size:]
	}
	return value, rest, true
}

func (s *scanner) endTag() event {
	if s.depth > 0 {
		if n := s.closesAt(s.pos); n > 0 {
			s.pos += n
			s.pop()
			return evEnd
		}
	}
	tag, ok := s.wholeTag(2)
	if !ok {
		return evFail
	}
	n, _, ok := s.name(tag)
	if !ok {
		return evFail
	}
	if len(bytes.Trim(tag[n:], " \t\r\n")) > 0 {
		s.fail(ruleWellFormed, "an end tag with more than a name")
		return evFail
	}
	if s.depth == 0 || !bytes.Equal(tag[:n], s.names[s.marks[s.depth-1].start:]) {
		s.fail(ruleWellFormed, "an end tag that does not match its start")
		return evFail
	}
	s.pos += len(tag) + 3
	s.pop()
	return evEnd
}

// chars reads text up to the next markup or the end of what is in the buffer.
func (s *scanner) chars(keep bool) bool {
	if s.depth == 0 {
		return s.spaceOutside()
	}
	for s.pos < s.end {
		i := s.pos
		for i < s.end && class[s.buf[i]]&classPlain != 0 {
			i++
		}
		if !s.collect(s.buf[s.pos:i], keep) {
			return false
		}
		s.pos = i
		if i == s.end {
			return true
		}
		switch s.buf[i] {
		case '<':
			return true
		case '&':
			s.need(longestRef)
			r, n := reference(s.buf[s.pos:s.end])
			if n == 0 {
				if s.end-s.pos < longestRef && bytes.IndexByte(s.buf[s.pos:s.end], ';') < 0 {
					return s.truncated()
				}
				return s.fail(ruleWellFormed, "an unknown entity")
			}
			var enc [utf8.UTFMax]byte
			if !s.collect(enc[:utf8.EncodeRune(enc[:], r)], keep) {
				return false
			}
			s.pos += n
		case ']':
			if s.need(3) && s.buf[s.pos+1] == ']' && s.buf[s.pos+2] == '>' {
				return s.fail(ruleWellFormed, "]]> outside a CDATA section")
			}
			if !s.one(keep) {
				return false
			}
		default:
			if !s.one(keep) {
				return false
			}
		}
	}
	return true
}

// one reads one character of text: a line end (\r and \r\n become \n) or any allowed rune.
func (s *scanner) one(keep bool) bool {
	if s.buf[s.pos] == '\r' {
		s.need(2)
		if s.pos+1 < s.end && s.buf[s.pos+1] == '\n' {
			s.pos++
		}
		s.pos++
		return s.collect([]byte{'\n'}, keep)
	}
	s.need(utf8.UTFMax)
	n := textRune(s.buf[s.pos:s.end])
	if n == 0 {
		if s.readErr != nil && !utf8.FullRune(s.buf[s.pos:s.end]) {
			return s.truncated()
		}
		return s.fail(ruleWellFormed, "a character that XML does not allow")
	}
	if !s.collect(s.buf[s.pos:s.pos+n], keep) {
		return false
	}
	s.pos += n
	return true
}

// textRune returns the length of the character that b starts with, 0 when XML does not allow it.
func textRune(b []byte) int {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 || !allowed(r) {
		return 0
	}
	return n
}

func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

func (s *scanner) collect(b []byte, keep bool) bool {
	if !keep {
		return true
	}
	if len(s.text)+len(b) > s.maxText {
		return s.fail(ruleBound, "a text is too long")
	}
	s.text = append(s.text, b...)
	return true
}

func (s *scanner) spaceOutside() bool {
	for ; s.pos < s.end; s.pos++ {
		if s.buf[s.pos] == '<' {
			return true
		}
		if !isSpace(s.buf[s.pos]) {
			return s.fail(ruleOutside, "text outside the root element")
		}
	}
	return true
}

// reference reads the entity or character reference that b starts with and returns its character
// and length, 0 when there is no valid one. References to control characters, which XML 1.0
// forbids and .NET writes all the same when the data has them, count as a space; other forbidden
// ones as the replacement character.
func reference(b []byte) (rune, int) {
	end := bytes.IndexByte(b[:min(len(b), longestRef)], ';')
	if end < 2 {
		return 0, 0
	}
	name := string(b[1:end])
	switch name {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	}
	if name[0] != '#' {
		return 0, 0
	}
	digits, radix := name[1:], 10
	if len(digits) > 0 && digits[0] == 'x' {
		digits, radix = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, radix, 32)
	switch {
	case err != nil || n > utf8.MaxRune || n == 0:
		return 0, 0
	case n < 0x20 && !allowed(rune(n)):
		return ' ', end + 1
	case !allowed(rune(n)):
		return utf8.RuneError, end + 1
	}
	return rune(n), end + 1
}

// declaration passes over a comment, reads a CDATA section, and refuses everything else that
// starts with "<!".
func (s *scanner) declaration(keep bool) bool {
	const cdata = "<![CDATA["
	if s.need(4) && string(s.buf[s.pos:s.pos+4]) == "<!--" {
		s.pos += 4
		return s.comment()
	}
	if s.need(len(cdata)) && string(s.buf[s.pos:s.pos+len(cdata)]) == cdata {
		if s.depth == 0 {
			return s.fail(ruleOutside, "text outside the root element")
		}
		s.pos += len(cdata)
		return s.cdata(keep)
	}
	if have := s.buf[s.pos:s.end]; len(have) < len(cdata) &&
		(bytes.HasPrefix([]byte(cdata), have) || bytes.HasPrefix([]byte("<!--"), have)) {
		return s.truncated()
	}
	return s.fail(ruleDoctype, "a document type declaration")
}

func (s *scanner) comment() bool {
	for {
		if !s.need(3) {
			return s.truncated()
		}
		if i := bytes.IndexByte(s.buf[s.pos:s.end], '-'); i > 0 {
			s.pos += i
			continue
		} else if i < 0 {
			s.pos = s.end
			continue
		}
		if s.buf[s.pos+1] != '-' {
			s.pos += 2
			continue
		}
		if s.buf[s.pos+2] != '>' {
			return s.fail(ruleWellFormed, "-- inside a comment")
		}
		s.pos += 3
		return true
	}
}

func (s *scanner) cdata(keep bool) bool {
	for {
		if !s.need(1) {
			return s.truncated()
		}
		if s.buf[s.pos] == ']' && s.need(3) && s.buf[s.pos+1] == ']' && s.buf[s.pos+2] == '>' {
			s.pos += 3
			return true
		}
		i := s.pos
		for i < s.end && (class[s.buf[i]]&classPlain != 0 || s.buf[i] == '<' || s.buf[i] == '&') {
			i++
		}
		if i > s.pos {
			if !s.collect(s.buf[s.pos:i], keep) {
				return false
			}
			s.pos = i
			continue
		}
		if !s.one(keep) {
			return false
		}
	}
}

// instruction passes over a processing instruction; the XML declaration may only come first and
// must say UTF-8 if it names an encoding.
func (s *scanner) instruction() bool {
	atStart := s.base+int64(s.pos) == s.first
	length := 0
	for i := 2; ; i++ {
		if i > maxTag {
			return s.fail(ruleBound, "a processing instruction is too long")
		}
		if !s.need(i + 2) {
			return s.truncated()
		}
		if s.buf[s.pos+i] == '?' && s.buf[s.pos+i+1] == '>' {
			length = i + 2
			break
		}
	}
	body := s.buf[s.pos+2 : s.pos+length-2]
	n, _, ok := s.name(body)
	if !ok {
		return false
	}
	if n < len(body) && !isSpace(body[n]) {
		return s.fail(ruleDeclaration, "a processing instruction whose name has no end")
	}
	if bytes.EqualFold(body[:n], []byte("xml")) {
		if !atStart || string(body[:n]) != "xml" {
			return s.fail(ruleDeclaration, "an XML declaration that is not at the start")
		}
		if !declaresUTF8(body[n:]) {
			return s.fail(ruleDeclaration, "an XML declaration that we do not read")
		}
	}
	s.pos += length
	return true
}

// declaresUTF8 reads the pseudo-attributes of an XML declaration.
func declaresUTF8(b []byte) bool {
	version := false
	for {
		b = bytes.Trim(b, " \t\r\n")
		if len(b) == 0 {
			return version
		}
		key, rest, ok := bytes.Cut(b, []byte("="))
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if !ok || len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
			return false
		}
		value, after, ok := bytes.Cut(rest[1:], rest[:1])
		if !ok {
			return false
		}
		switch string(bytes.TrimRight(key, " \t\r\n")) {
		case "version":
			if string(value) != "1.0" {
				return false
			}
			version = true
		case "encoding":
			if !bytes.EqualFold(value, []byte("utf-8")) {
				return false
			}
		case "standalone":
		default:
			return false
		}
		b = after
	}
}
