package aiqtest

import (
	_ "embed"
	"fmt"
	"strings"
)

// Namespaces and addresses of contract section 3.
const (
	aiqNS      = "http://www.visorsoftware.com/visor/accountsiq/dashboard/Integration/"
	envelopeNS = "http://schemas.xmlsoap.org/soap/envelope/"
	xsiNS      = "http://www.w3.org/2001/XMLSchema-instance"
	path20     = "/system/dashboard/integration/integration_2_0.asmx"
	path11     = "/system/dashboard/integration/integration_1_1.asmx"
)

// version is one of the two services.
type version string

const (
	v20 version = "2.0"
	v11 version = "1.1"
)

//go:embed schema.txt
var schemaText string

// schema is the contract's element tables.
type schema struct {
	ops   map[string]operation
	order []string // operations as listed
	types map[string][]field
	enums map[string][]string
}

type operation struct {
	name     string
	versions string // "2.0", "1.1" or "both"
	args     []field
	result   string // type of <Op>Result
}

type field struct {
	name     string
	typ      string
	optional bool // minOccurs 0
	many     bool // maxOccurs unbounded
	nillable bool
}

// in reports whether a service version offers the operation.
func (o operation) in(v version) bool { return o.versions == "both" || o.versions == string(v) }

// signsIn reports whether the operation is one of those that need no token.
func (o operation) signsIn() bool {
	return o.name == "TokenGet" || o.name == "TokenRefresh" || o.name == "Login"
}

// parseSchema reads the format that the head of schema.txt describes.
func parseSchema(text string) (*schema, error) {
	s := &schema{ops: map[string]operation{}, types: map[string][]field{}, enums: map[string][]string{}}
	var add func(field)
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if strings.HasPrefix(line, "  ") {
			if add == nil || len(words) < 2 {
				return nil, fmt.Errorf("schema line %d: a field without its type", i+1)
			}
			add(parseField(words))
			continue
		}
		var err error
		if add, err = s.declare(words); err != nil {
			return nil, fmt.Errorf("schema line %d: %w", i+1, err)
		}
	}
	return s, s.complete()
}

func parseField(words []string) field {
	marks := strings.Join(words[2:], "")
	return field{name: words[0], typ: words[1], optional: strings.Contains(marks, "?"),
		many: strings.Contains(marks, "*"), nillable: strings.Contains(marks, "~")}
}

// declare starts an operation, an enumeration or a type and returns what takes its fields.
func (s *schema) declare(words []string) (func(field), error) {
	switch {
	case words[0] == "op" && len(words) == 4:
		name := words[1]
		s.ops[name] = operation{name: name, versions: words[2], result: words[3]}
		s.order = append(s.order, name)
		return func(f field) {
			o := s.ops[name]
			o.args = append(o.args, f)
			s.ops[name] = o
		}, nil
	case words[0] == "enum" && len(words) > 3:
		s.enums[words[1]] = words[3:]
		return nil, nil
	case words[0] == "type" && len(words) > 1:
		name := words[1]
		s.types[name] = nil
		if len(words) > 3 && words[2] == ":" {
			s.types[name] = append([]field(nil), s.types[words[3]]...) // bases are listed before
		}
		return func(f field) { s.types[name] = append(s.types[name], f) }, nil
	}
	return nil, fmt.Errorf("%q is no declaration", strings.Join(words, " "))
}

// complete checks that every type named is one that exists.
func (s *schema) complete() error {
	check := func(where, typ string) error {
		if _, simple := primitives[typ]; !simple && !s.complex(typ) && s.enums[typ] == nil {
			return fmt.Errorf("schema: %s has the unknown type %s", where, typ)
		}
		return nil
	}
	for name, o := range s.ops {
		if err := check(name, o.result); err != nil {
			return err
		}
		for _, f := range o.args {
			if err := check(name+"/"+f.name, f.typ); err != nil {
				return err
			}
		}
	}
	for name, fields := range s.types {
		for _, f := range fields {
			if err := check(name+"/"+f.name, f.typ); err != nil {
				return err
			}
		}
	}
	return nil
}

// complex reports whether a type has child elements.
func (s *schema) complex(typ string) bool {
	_, ok := s.types[typ]
	return ok
}
