package aiqtest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// request is one call after inspection.
type request struct {
	version  version
	name     string // local name of the body's element
	op       operation
	el       *node
	entity   string // of the header
	token    string // of the header
	breaches []breach
}

// malformed returns the faultstring of a request that the server cannot read.
func (r *request) malformed() (string, bool) {
	for _, b := range r.breaches {
		if b.malformed {
			if strings.HasPrefix(b.text, notRecognised) {
				return b.text, true
			}
			return "Server was unable to read request. ---> " + b.text, true
		}
	}
	return "", false
}

const notRecognised = "Server did not recognize the value of HTTP Header SOAPAction: "

// inspect reads a request and notes everything in it that departs from the contract.
func (s *Server) inspect(h http.Header, body []byte, v version) *request {
	r := &request{version: v}
	c := &checker{s: s.schema}
	defer func() { r.breaches = c.found }()
	contentType(c, h.Get("Content-Type"))
	root, err := parseXML(body)
	if err != nil {
		c.malformed("request", "%v", err)
		return r
	}
	header, el := envelope(c, root)
	if el == nil {
		return r
	}
	r.el, r.name = el, el.name
	op, known := s.schema.ops[el.name]
	action(c, h, el.name, known && op.in(v))
	if !known || !op.in(v) {
		return r
	}
	r.op = op
	if el.space != aiqNS {
		c.malformed(el.name, "namespace %q instead of %q", el.space, aiqNS)
	}
	c.fields(el, op.args, el.name)
	c.empties(el, op.args, el.name)
	s.header(c, r, header)
	return r
}

func contentType(c *checker, value string) {
	media, params, err := mime.ParseMediaType(value)
	switch {
	case err != nil || media != "text/xml":
		c.malformed("Content-Type", "%q instead of text/xml; charset=utf-8", value)
	case !strings.EqualFold(params["charset"], "utf-8"):
		c.noted("Content-Type", "%q does not say charset=utf-8", value)
	}
}

// action checks that the SOAPAction header is there once and names the operation of the body, in double
// quotes or bare (contract 3).
func action(c *checker, h http.Header, op string, known bool) {
	values := h.Values("SOAPAction")
	value := strings.Join(values, ", ")
	if !known {
		c.found = append(c.found, breach{notRecognised + value + ".", true})
		return
	}
	bare := value
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		bare = value[1 : len(value)-1]
	}
	switch {
	case len(values) == 0:
		c.malformed("SOAPAction", "the header is missing")
	case bare != aiqNS+op:
		c.found = append(c.found, breach{notRecognised + value + ".", true})
	}
}

// envelope checks the SOAP 1.1 frame and returns the header, which may be nil, and the body's element.
func envelope(c *checker, root *node) (header, el *node) {
	if root.name != "Envelope" || root.space != envelopeNS {
		c.malformed("Envelope", "the root is {%s}%s", root.space, root.name)
		return nil, nil
	}
	frame(c, root)
	var body *node
	for i, k := range root.kids {
		switch {
		case k.space != envelopeNS || (k.name != "Header" && k.name != "Body"):
			c.malformed("Envelope", "{%s}%s is not part of a SOAP 1.1 envelope", k.space, k.name)
		case k.name == "Header" && i == 0:
			header = k
		case k.name == "Body" && body == nil:
			body = k
		default:
			c.malformed("Envelope", "%s out of place", k.name)
		}
	}
	if body == nil || len(body.kids) != 1 {
		c.malformed("Body", "one element is wanted")
		return header, nil
	}
	frame(c, body)
	if header != nil {
		frame(c, header)
	}
	return header, body.kids[0]
}

// frame allows no text and no attribute but namespace declarations.
func frame(c *checker, n *node) {
	c.attributes(n, n.name)
	if strings.TrimSpace(n.text) != "" {
		c.malformed(n.name, "text %q between the elements", clip(n.text))
	}
}

// header checks AiqSoapHeader and the token argument: each is there where its version has it and only there.
func (s *Server) header(c *checker, r *request, header *node) {
	var aiq *node
	if header != nil {
		for _, k := range header.kids {
			if k.name != "AiqSoapHeader" || aiq != nil {
				c.noted("Header/"+k.name, "not part of the contract")
				continue
			}
			aiq = k
		}
	}
	wants := r.op.headed(r.version)
	switch {
	case aiq == nil && wants:
		c.noted("Header/AiqSoapHeader", "missing")
	case aiq != nil && !wants:
		c.noted("Header/AiqSoapHeader", "%s of Integration %s takes none", r.op.name, r.version)
	case aiq != nil:
		s.identity(c, r, aiq)
	}
	if arg := r.el.kid("token"); r.version == v20 && arg != nil && arg.text != "" {
		c.noted(r.name+"/token", "left out or blank in 2.0")
	} else if r.version == v11 && !r.op.signsIn() && (arg == nil || arg.text == "") {
		c.noted(r.name+"/token", "the session token is missing")
	}
}

func (s *Server) identity(c *checker, r *request, aiq *node) {
	const path = "Header/AiqSoapHeader"
	if aiq.space != aiqNS {
		c.malformed(path, "namespace %q instead of %q", aiq.space, aiqNS)
	}
	plain := *aiq
	plain.attrs = nil // anyAttribute
	c.fields(&plain, s.schema.types["AiqSoapHeader"], path)
	c.empties(aiq, s.schema.types["AiqSoapHeader"], path)
	if k := aiq.kid("Entity"); k != nil {
		r.entity = k.text
	}
	if k := aiq.kid("AccessToken"); k != nil {
		r.token = k.text
	}
	if r.token == "" {
		c.noted(path+"/AccessToken", "missing")
	}
	if r.entity == "" && r.op.name != "GetEntitiesByToken" {
		c.noted(path+"/Entity", "missing")
	}
}

// note records a breach that only the operation can see.
func (r *request) note(path, format string, args ...any) {
	c := checker{}
	c.noted(path, format, args...)
	r.breaches = append(r.breaches, c.found...)
}

// text returns an argument, "" when it is absent.
func (r *request) text(name string) string { return r.el.kid(name).value() }

// number returns an int argument, 0 when it is absent.
func (r *request) number(name string) int64 { return r.el.kid(name).number() }

func (n *node) value() string {
	if n == nil {
		return ""
	}
	return n.text
}

// number reads an int that the checker has let through.
func (n *node) number() int64 {
	v, _ := strconv.ParseInt(strings.TrimSpace(n.value()), 10, 64)
	return v
}

func (n *node) bool() bool {
	t := strings.TrimSpace(n.value())
	return t == "true" || t == "1"
}

// strings returns the items of an ArrayOfString or ArrayOfInt; ok is false when the list is absent.
func (n *node) strings() (items []string, ok bool) {
	if n == nil {
		return nil, false
	}
	for _, k := range n.kids {
		items = append(items, strings.TrimSpace(k.text))
	}
	return items, true
}

// ids is strings for an ArrayOfInt.
func (n *node) ids() (ids []int64, ok bool) {
	if n == nil {
		return nil, false
	}
	for _, k := range n.kids {
		ids = append(ids, k.number())
	}
	return ids, true
}

// civil is a wall-clock time in microseconds, as if the clock ran on UTC. The server keeps and compares
// creation dates so, as a database without zones does.
type civil int64

// civilOf is what a clock in zone shows at t.
func civilOf(t time.Time, zone *time.Location) civil {
	_, offset := t.In(zone).Zone()
	return civil(t.UnixMicro() + int64(offset)*1e6)
}

// civil reads a dateTime: without an offset as it stands, with one as the zone's clock shows it. ok is
// false when it is absent or nil.
func (n *node) civil(zone *time.Location) (c civil, ok bool) {
	if n == nil || n.isNil() {
		return 0, false
	}
	t, zoned, err := parseDateTime(strings.TrimSpace(n.text))
	if err != nil {
		return 0, false
	}
	if zoned {
		return civilOf(t, zone), true
	}
	return civil(t.UnixMicro()), true
}

// utc reads a dateTime of an axis that is named UTC; without an offset it is taken as UTC.
func (n *node) utc() (t time.Time, ok bool) {
	if n == nil || n.isNil() {
		return time.Time{}, false
	}
	t, _, err := parseDateTime(strings.TrimSpace(n.text))
	return t, err == nil
}
