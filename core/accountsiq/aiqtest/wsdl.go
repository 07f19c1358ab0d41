package aiqtest

import (
	"fmt"
	"slices"
	"strings"
)

// wsdl writes a description of one service version from the tables, for tools that want to read one.
// Bases are already merged into the types, so it has no extensions.
func (s *schema) wsdl(v version, address string) string {
	var b strings.Builder
	service := "Integration_" + strings.Replace(string(v), ".", "_", 1)
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?>`+"\n"+`<wsdl:definitions xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:tns="%s" `+
		`xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" targetNamespace="%[1]s"><wsdl:types>`+
		`<s:schema elementFormDefault="qualified" targetNamespace="%[1]s">`, aiqNS)
	var ops []operation
	for _, name := range s.order {
		if o := s.ops[name]; o.in(v) {
			ops = append(ops, o)
			s.element(&b, name, o.args)
			s.element(&b, name+"Response", []field{{name: name + "Result", typ: o.result, optional: true}})
		}
	}
	s.declarations(&b)
	b.WriteString(`<s:element name="AiqSoapHeader" type="tns:AiqSoapHeader" /></s:schema></wsdl:types>`)
	messages(&b, ops, v)
	fmt.Fprintf(&b, `<wsdl:portType name="%sSoap">`, service)
	for _, o := range ops {
		fmt.Fprintf(&b, `<wsdl:operation name="%s"><wsdl:input message="tns:%[1]sSoapIn" /><wsdl:output message="tns:%[1]sSoapOut" /></wsdl:operation>`, o.name)
	}
	fmt.Fprintf(&b, `</wsdl:portType><wsdl:binding name="%sSoap" type="tns:%[1]sSoap"><soap:binding transport="http://schemas.xmlsoap.org/soap/http" />`, service)
	for _, o := range ops {
		header := ""
		if o.headed(v) {
			header = fmt.Sprintf(`<soap:header message="tns:%sAiqSoapHeader" part="AiqSoapHeader" use="literal" />`, o.name)
		}
		fmt.Fprintf(&b, `<wsdl:operation name="%s"><soap:operation soapAction="%s%[1]s" style="document" /><wsdl:input><soap:body use="literal" />%s`+
			`</wsdl:input><wsdl:output><soap:body use="literal" /></wsdl:output></wsdl:operation>`, o.name, aiqNS, header)
	}
	fmt.Fprintf(&b, `</wsdl:binding><wsdl:service name="%s"><wsdl:port name="%[1]sSoap" binding="tns:%[1]sSoap"><soap:address location="%s" />`+
		`</wsdl:port></wsdl:service></wsdl:definitions>`, service, address)
	return b.String()
}

// headed reports whether a request carries AiqSoapHeader.
func (o operation) headed(v version) bool { return v == v20 && !o.signsIn() }

func messages(b *strings.Builder, ops []operation, v version) {
	for _, o := range ops {
		fmt.Fprintf(b, `<wsdl:message name="%sSoapIn"><wsdl:part name="parameters" element="tns:%[1]s" /></wsdl:message>`+
			`<wsdl:message name="%[1]sSoapOut"><wsdl:part name="parameters" element="tns:%[1]sResponse" /></wsdl:message>`, o.name)
		if o.headed(v) {
			fmt.Fprintf(b, `<wsdl:message name="%sAiqSoapHeader"><wsdl:part name="AiqSoapHeader" element="tns:AiqSoapHeader" /></wsdl:message>`, o.name)
		}
	}
}

func (s *schema) element(b *strings.Builder, name string, fields []field) {
	fmt.Fprintf(b, `<s:element name="%s"><s:complexType>`, name)
	s.sequence(b, fields)
	b.WriteString(`</s:complexType></s:element>`)
}

// declarations writes all types and enumerations by name.
func (s *schema) declarations(b *strings.Builder) {
	var names []string
	for name := range s.types {
		names = append(names, name)
	}
	for name := range s.enums {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if values := s.enums[name]; values != nil {
			fmt.Fprintf(b, `<s:simpleType name="%s"><s:restriction base="s:string">`, name)
			for _, v := range values {
				fmt.Fprintf(b, `<s:enumeration value="%s" />`, v)
			}
			b.WriteString(`</s:restriction></s:simpleType>`)
			continue
		}
		fmt.Fprintf(b, `<s:complexType name="%s">`, name)
		s.sequence(b, s.types[name])
		if name == "AiqSoapHeader" {
			b.WriteString(`<s:anyAttribute />`)
		}
		b.WriteString(`</s:complexType>`)
	}
}

func (s *schema) sequence(b *strings.Builder, fields []field) {
	b.WriteString(`<s:sequence>`)
	for _, f := range fields {
		minOccurs, maxOccurs, nillable, prefix := "1", "1", "", "tns:"
		if f.optional {
			minOccurs = "0"
		}
		if f.many {
			maxOccurs = "unbounded"
		}
		if f.nillable {
			nillable = ` nillable="true"`
		}
		if _, simple := primitives[f.typ]; simple {
			prefix = "s:"
		}
		fmt.Fprintf(b, `<s:element minOccurs="%s" maxOccurs="%s" name="%s"%s type="%s%s" />`, minOccurs, maxOccurs, f.name, nillable, prefix, f.typ)
	}
	b.WriteString(`</s:sequence>`)
}
