package aiqtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is one element of a request.
type node struct {
	space, name string
	attrs       []xml.Attr
	text        string
	kids        []*node
}

const maxDepth = 40 // no request of the contract is deeper than 6

// parseXML reads a whole document, namespaces resolved. Document types and processing instructions are
// refused as SOAP 1.1 does (section 3 of that specification).
func parseXML(body []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := &node{}
	open := []*node{root}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed: %w", err)
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil, errors.New("nested too deeply")
			}
			n := &node{space: t.Name.Space, name: t.Name.Local, attrs: append([]xml.Attr(nil), t.Attr...)}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		case xml.Directive:
			return nil, errors.New("a document type is not allowed in SOAP")
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, errors.New("a processing instruction is not allowed in SOAP")
			}
		}
	}
	if len(root.kids) != 1 || strings.TrimSpace(strings.TrimPrefix(root.text, "\ufeff")) != "" {
		return nil, errors.New("not one XML element")
	}
	return root.kids[0], nil
}

// kid returns the first child of that name, nil when there is none or n is nil.
func (n *node) kid(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// isNil reports xsi:nil="true".
func (n *node) isNil() bool {
	for _, a := range n.attrs {
		if a.Name.Space == xsiNS && a.Name.Local == "nil" {
			return a.Value == "true" || a.Value == "1"
		}
	}
	return false
}

// declares reports whether an attribute is a namespace declaration.
func declares(a xml.Attr) bool {
	return a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns")
}
