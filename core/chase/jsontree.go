package chase

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"dunlin/core/ledger"
)

// CaseError says what is wrong in a case file or a schedule file, and where.
type CaseError struct {
	Path    string // such as invoices[2].due; "" for the file as a whole
	Problem string // what is wrong there, such as `is not a date (YYYY-MM-DD)`
}

// Error returns one plain sentence without its full stop.
func (e *CaseError) Error() string {
	if e.Path == "" {
		return "The file " + e.Problem
	}
	return e.Path + " " + e.Problem
}

// node is one value of a JSON document that knows where it stands.
type node struct {
	parent *node
	name   string // of a field; "" in a list
	index  int    // in a list
	value  any    // nil, bool, string, json.Number, []*node for a list, object
}

// object holds the fields of a JSON object in their order.
type object []*node

func (n *node) path() string {
	switch {
	case n.parent == nil:
		return ""
	case n.name == "":
		return n.parent.path() + "[" + strconv.Itoa(n.index) + "]"
	}
	return n.parent.field(n.name)
}

func (n *node) field(name string) string {
	if path := n.path(); path != "" {
		return path + "." + name
	}
	return name
}

// parseTree reads one JSON document. A field that stands twice in one object is an error.
func parseTree(r io.Reader) (*node, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, &CaseError{"", "is not valid JSON" + whereBroken(data, err)}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	root := &node{}
	return root, root.read(dec)
}

func whereBroken(data []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return ""
	}
	before := data[:min(int(syntax.Offset), len(data))]
	return fmt.Sprintf(" (line %d)", 1+bytes.Count(before, []byte("\n")))
}

// read fills the node with the next value; the document is known to be well-formed.
func (n *node) read(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return &CaseError{n.path(), "is not valid JSON"}
	}
	switch token {
	case json.Delim('{'):
		return n.readObject(dec)
	case json.Delim('['):
		return n.readList(dec)
	}
	n.value = token
	return nil
}

func (n *node) readObject(dec *json.Decoder) error {
	fields := object{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return &CaseError{n.path(), "is not valid JSON"}
		}
		child := &node{parent: n, name: key.(string)}
		if fields.get(child.name) != nil {
			return &CaseError{child.path(), "is given twice"}
		}
		if err := child.read(dec); err != nil {
			return err
		}
		fields = append(fields, child)
	}
	n.value = fields
	_, err := dec.Token() // the closing brace
	return err
}

func (n *node) readList(dec *json.Decoder) error {
	list := []*node{}
	for dec.More() {
		child := &node{parent: n, index: len(list)}
		if err := child.read(dec); err != nil {
			return err
		}
		list = append(list, child)
	}
	n.value = list
	_, err := dec.Token() // the closing bracket
	return err
}

func (o object) get(name string) *node {
	for _, n := range o {
		if n.name == name {
			return n
		}
	}
	return nil
}

// form reads the fields of one object by name and type. The first problem is kept in the shared check;
// what is read after it is worth nothing.
type form struct {
	*check
	node   *node
	fields object
	known  []string
}

// check keeps the first problem found in a document.
type check struct{ err *CaseError }

func (c *check) fail(path, problem string) {
	if c.err == nil {
		c.err = &CaseError{path, problem}
	}
}

// failed returns the problem as an error, nil when there was none.
func (c *check) failed() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// form opens an object; a nil node stands for an empty one.
func (c *check) form(n *node) *form {
	f := &form{check: c, node: n}
	if n == nil {
		return f
	}
	fields, ok := n.value.(object)
	if !ok {
		c.fail(n.path(), "is not an object")
	}
	f.fields = fields
	return f
}

// given returns a field as it stands, nil when it is left out.
func (f *form) given(name string) *node {
	f.known = append(f.known, name)
	return f.fields.get(name)
}

// get returns a field, nil when it is left out or null.
func (f *form) get(name string) *node {
	if n := f.given(name); n != nil && n.value != nil {
		return n
	}
	return nil
}

// close complains of a field that nobody asked for.
func (f *form) close() {
	for _, n := range f.fields {
		if !slices.Contains(f.known, n.name) {
			f.fail(n.path(), "is not a known field")
		}
	}
}

func (f *form) missing(name string) { f.fail(f.node.field(name), "is missing") }

func (f *form) text(name, otherwise string) string {
	n := f.get(name)
	if n == nil {
		return otherwise
	}
	s, ok := n.value.(string)
	if !ok {
		f.fail(n.path(), "is not a text in quotes")
	}
	return s
}

// required returns a text that must be there and not be empty.
func (f *form) required(name string) string {
	s := f.text(name, "")
	if s == "" {
		f.missing(name)
	}
	return s
}

func (f *form) boolean(name string, otherwise bool) bool {
	n := f.get(name)
	if n == nil {
		return otherwise
	}
	b, ok := n.value.(bool)
	if !ok {
		f.fail(n.path(), "is not true or false")
	}
	return b
}

// largestInteger bounds every whole number of a file, so that dates reckoned from them stay dates.
const largestInteger = 100_000

// integer returns a whole number and whether it was given.
func (f *form) integer(name string, least, otherwise int) (int, bool) {
	n := f.get(name)
	if n == nil {
		return otherwise, false
	}
	number, ok := n.value.(json.Number)
	v, err := strconv.Atoi(string(number))
	if !ok || err != nil {
		f.fail(n.path(), "is not a whole number")
		return otherwise, true
	}
	if v < least || v > largestInteger {
		f.fail(n.path(), fmt.Sprintf("is not a whole number from %d to %d", least, largestInteger))
	}
	return v, true
}

// oneOf returns a text that must be one of a list.
func oneOf[T ~string](f *form, name string, otherwise T, allowed ...T) T {
	v := T(f.text(name, string(otherwise)))
	if v != otherwise && !slices.Contains(allowed, v) {
		f.fail(f.node.field(name), fmt.Sprintf("is %q, which is not one of %s", v, quoted(allowed)))
	}
	return v
}

func quoted[T ~string](list []T) string {
	var b []byte
	for i, v := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendQuote(b, string(v))
	}
	return string(b)
}

func (f *form) date(name string) ledger.Date {
	n := f.get(name)
	if n == nil {
		return ledger.Date{}
	}
	return f.dateOf(n)
}

func (f *form) dateOf(n *node) ledger.Date {
	s, _ := n.value.(string)
	d, err := ledger.ParseDate(s)
	if err != nil || !d.After(ledger.Date{}) {
		f.fail(n.path(), "is not a date (YYYY-MM-DD)")
		return ledger.Date{}
	}
	return d
}

func (f *form) dates(name string) []ledger.Date {
	var dates []ledger.Date
	for _, n := range f.list(name) {
		dates = append(dates, f.dateOf(n))
	}
	return dates
}

func (f *form) instant(name string, zone *time.Location) time.Time {
	n := f.get(name)
	if n == nil {
		return time.Time{}
	}
	s, _ := n.value.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.IsZero() {
		f.fail(n.path(), "is not an instant (RFC 3339, such as 2026-05-12T10:00:00+01:00)")
		return time.Time{}
	}
	return t.In(zone)
}

// decimal returns a plain decimal in quotes.
func (f *form) decimalOf(n *node) string {
	s, _ := n.value.(string)
	if _, ok := plainDecimal(s); !ok {
		f.fail(n.path(), `is not a decimal number in quotes, such as "1.10"`)
	}
	return s
}

// largestAmount bounds an amount in minor units, so that thousands of them can be added up.
const largestAmount = 1_000_000_000_000_000

func (f *form) money(name, currency string) (ledger.Money, bool) {
	n := f.get(name)
	if n == nil {
		return ledger.Money{Currency: currency}, false
	}
	s, ok := n.value.(string)
	m, err := ledger.ParseMoney(s, currency)
	switch {
	case !ok:
		f.fail(n.path(), `is not an amount in quotes, such as "100.00"`)
	case err != nil:
		f.fail(n.path(), fmt.Sprintf("is %q, which is not an exact amount of %s", s, currency))
	case m.Abs().Minor > largestAmount:
		f.fail(n.path(), "is too large an amount")
	}
	return m, true
}

// list returns the elements of a list, none when it is left out.
func (f *form) list(name string) []*node {
	n := f.get(name)
	if n == nil {
		return nil
	}
	list, ok := n.value.([]*node)
	if !ok {
		f.fail(n.path(), "is not a list")
	}
	return list
}
