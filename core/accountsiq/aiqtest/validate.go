package aiqtest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// breach is one departure from the contract. A malformed request is answered with a soap:Fault; other
// breaches are remembered and the request is answered all the same.
type breach struct {
	text      string
	malformed bool
}

// checker collects the breaches of one document.
type checker struct {
	s     *schema
	found []breach
}

func (c *checker) malformed(path, format string, args ...any) {
	c.found = append(c.found, breach{path + ": " + fmt.Sprintf(format, args...), true})
}

func (c *checker) noted(path, format string, args ...any) {
	c.found = append(c.found, breach{path + ": " + fmt.Sprintf(format, args...), false})
}

// primitives holds the lexical check of each simple type.
var primitives = map[string]func(string) bool{
	"string":       func(string) bool { return true },
	"int":          func(t string) bool { _, err := strconv.ParseInt(t, 10, 32); return err == nil },
	"short":        func(t string) bool { _, err := strconv.ParseInt(t, 10, 16); return err == nil },
	"long":         func(t string) bool { _, err := strconv.ParseInt(t, 10, 64); return err == nil },
	"decimal":      regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`).MatchString,
	"boolean":      func(t string) bool { return t == "true" || t == "false" || t == "1" || t == "0" },
	"dateTime":     func(t string) bool { _, _, err := parseDateTime(t); return err == nil },
	"base64Binary": func(t string) bool { _, err := base64.StdEncoding.DecodeString(t); return err == nil },
}

// fields checks the children of n against a sequence.
func (c *checker) fields(n *node, sequence []field, path string) {
	c.attributes(n, path)
	if strings.TrimSpace(n.text) != "" {
		c.malformed(path, "text %q between the elements", clip(n.text))
	}
	at := 0 // first field of the sequence that may still come
	for _, kid := range n.kids {
		where := path + "/" + kid.name
		if kid.space != aiqNS {
			c.malformed(where, "namespace %q instead of %q", kid.space, aiqNS)
		}
		i := slices.IndexFunc(sequence, func(f field) bool { return f.name == kid.name })
		switch {
		case i < 0:
			c.malformed(where, "no such element in the contract")
			continue
		case i < at-1, i == at-1 && !sequence[i].many:
			c.malformed(where, "out of order or given twice; the sequence is %s", names(sequence))
		default:
			c.skipped(sequence[at:max(i, at)], path)
			at = i + 1
		}
		c.value(kid, sequence[i], where)
	}
	c.skipped(sequence[at:], path)
}

func (c *checker) skipped(fields []field, path string) {
	for _, f := range fields {
		switch {
		case f.optional:
		case f.nillable:
			c.malformed(path+"/"+f.name, "missing; send a value or xsi:nil=\"true\"")
		default:
			c.malformed(path+"/"+f.name, "missing")
		}
	}
}

// value checks one element against its field.
func (c *checker) value(n *node, f field, path string) {
	if n.isNil() {
		c.attributes(n, path)
		if !f.nillable {
			c.malformed(path, "xsi:nil where the contract has no nillable")
		}
		if n.text != "" || len(n.kids) > 0 {
			c.malformed(path, "xsi:nil together with a value")
		}
		return
	}
	if c.s.complex(f.typ) {
		c.fields(n, c.s.types[f.typ], path)
		return
	}
	c.attributes(n, path)
	if len(n.kids) > 0 {
		c.malformed(path, "elements inside a %s", f.typ)
		return
	}
	text := strings.Trim(n.text, " \t\r\n")
	if values := c.s.enums[f.typ]; values != nil {
		if !slices.Contains(values, text) {
			c.malformed(path, "%q is not one of %s", clip(text), strings.Join(values, ", "))
		}
		return
	}
	if !primitives[f.typ](text) {
		c.malformed(path, "%q is not a %s", clip(text), f.typ)
	}
}

// empties notes optional arguments that were sent without a value: they are to be left out (contract 3).
// A blank token is what the provider's documentation shows for 2.0.
func (c *checker) empties(n *node, sequence []field, path string) {
	for _, kid := range n.kids {
		i := slices.IndexFunc(sequence, func(f field) bool { return f.name == kid.name })
		if i < 0 || kid.isNil() {
			continue
		}
		where := path + "/" + kid.name
		if sequence[i].optional && !sequence[i].many && kid.text == "" && len(kid.kids) == 0 && kid.name != "token" {
			c.noted(where, "sent empty; an optional argument without a value is left out")
		}
		c.empties(kid, c.s.types[sequence[i].typ], where)
	}
}

// attributes allows namespace declarations and a proper xsi:nil, nothing else.
func (c *checker) attributes(n *node, path string) {
	for _, a := range n.attrs {
		switch {
		case declares(a):
		case a.Name == xml.Name{Space: xsiNS, Local: "nil"}:
			if !primitives["boolean"](a.Value) {
				c.malformed(path, "xsi:nil=%q", clip(a.Value))
			}
		default:
			c.malformed(path, "attribute %s is not in the contract", a.Name.Local)
		}
	}
}

func names(sequence []field) string {
	var out []string
	for _, f := range sequence {
		out = append(out, f.name)
	}
	return strings.Join(out, ", ")
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

var dateTimeForm = regexp.MustCompile(`^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)

// parseDateTime reads an xs:dateTime. zoned tells whether it carried an offset; without one the result
// is the civil time written as UTC.
func parseDateTime(s string) (t time.Time, zoned bool, err error) {
	if !dateTimeForm.MatchString(s) {
		return time.Time{}, false, fmt.Errorf("%q is not an xs:dateTime", clip(s))
	}
	if t, err = time.Parse("2006-01-02T15:04:05.999999999", s); err == nil {
		return t, false, nil
	}
	t, err = time.Parse(time.RFC3339Nano, s)
	return t, true, err
}
