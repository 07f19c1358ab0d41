package aiqtest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// clock is a clock that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Now == nil {
		o.Now = (&clock{testNow}).now
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// small is a company with a handful of known items.
func small(now func() time.Time) *Company {
	c := NewCompany(DemoCompanyID, "Small Ltd", "EUR", now)
	c.ClientID, c.ClientSecret, c.PartnerKey, c.UserKey = DemoClientID, DemoClientSecret, DemoPartnerKey, DemoUserKey
	c.AddTerm(Term{ledger.CreditTerm{Code: "1", Days: 30}, "30 days"})
	return c
}

// message is a request under construction; tests bend its parts.
type message struct {
	version             version
	op, args            string
	entity, token       string // of the header in 2.0; token is the argument in 1.1
	action, contentType string
	method, path        string
	raw                 string // whole body instead of the parts
}

func (s *Server) message(v version, op, args string) message {
	m := message{version: v, op: op, args: args, action: `"` + aiqNS + op + `"`, contentType: "text/xml; charset=utf-8",
		method: http.MethodPost, path: path20, entity: DemoCompanyID}
	if v == v11 {
		m.path = path11
	}
	return m
}

func (m message) body() string {
	if m.raw != "" {
		return m.raw
	}
	header, args := "", m.args
	switch op := (operation{name: m.op}); {
	case op.signsIn():
	case m.version == v20:
		entity := ""
		if m.entity != "" {
			entity = "<Entity>" + m.entity + "</Entity>"
		}
		header = `<soap:Header><AiqSoapHeader xmlns="` + aiqNS + `">` + entity + `<AccessToken>` + m.token + `</AccessToken></AiqSoapHeader></soap:Header>`
	default:
		args = "<token>" + m.token + "</token>" + args
	}
	return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + envelopeNS + `" xmlns:xsi="` + xsiNS + `">` + header +
		`<soap:Body><` + m.op + ` xmlns="` + aiqNS + `">` + args + `</` + m.op + `></soap:Body></soap:Envelope>`
}

// send returns the HTTP status and the body; a broken connection gives status 0.
func (s *Server) send(t testing.TB, m message) (int, string) {
	t.Helper()
	req, err := http.NewRequest(m.method, s.URL()+m.path, strings.NewReader(m.body()))
	if err != nil {
		t.Fatal(err)
	}
	if m.contentType != "" {
		req.Header.Set("Content-Type", m.contentType)
	}
	if m.action != "" {
		req.Header.Set("SOAPAction", m.action)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, string(b)
	}
	return resp.StatusCode, string(b)
}

// result sends a request and returns <Op>Result, after holding the answer against the schema.
func (s *Server) result(t testing.TB, m message) *node {
	t.Helper()
	status, body := s.send(t, m)
	if status != http.StatusOK {
		t.Fatalf("%s: HTTP %d: %s", m.op, status, body)
	}
	root, err := parseXML([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v in %s", m.op, err, clip(body))
	}
	el := root.kid("Body").kids[0]
	c := &checker{s: s.schema}
	c.fields(el, []field{{name: m.op + "Result", typ: s.schema.ops[m.op].result, optional: true}}, el.name)
	for _, b := range c.found {
		t.Errorf("answer of %s: %s", m.op, b.text)
	}
	return el.kid(m.op + "Result")
}

func (s *Server) signIn(t testing.TB, v version) string {
	t.Helper()
	if v == v11 {
		return s.result(t, s.message(v11, "Login", credentials11)).value()
	}
	return s.result(t, s.message(v20, "TokenGet", credentials20)).kid("Result").kid("AccessToken").value()
}

const (
	credentials20 = "<clientId>" + DemoClientID + "</clientId><clientSecret>" + DemoClientSecret + "</clientSecret>"
	credentials11 = "<companyID>" + DemoCompanyID + "</companyID><partnerKey>" + DemoPartnerKey + "</partnerKey><userKey>" + DemoUserKey + "</userKey>"
)

// ask signs in, when no token is given, and returns the result.
func (s *Server) ask(t testing.TB, token, op, args string) *node {
	t.Helper()
	m := s.message(v20, op, args)
	if m.token = token; token == "" {
		m.token = s.signIn(t, v20)
	}
	return s.result(t, m)
}

// txQueryXML is WSGetTransactionsByQuery, wide open but for what is given.
type txQueryXML struct {
	fromDate, toDate, fromCreation, toCreation, filters, due string
	skip                                                     string
}

func (q txQueryXML) String() string {
	or := func(s, d string) string {
		if s == "" {
			return d
		}
		return s
	}
	return "<query><FromDate>" + or(q.fromDate, "1990-01-01T00:00:00") + "</FromDate><ToDate>" + or(q.toDate, "2099-12-31T23:59:59") +
		"</ToDate><FromCreationDate>" + or(q.fromCreation, "1990-01-01T00:00:00") + "</FromCreationDate><ToCreationDate>" +
		or(q.toCreation, "2099-12-31T23:59:59") + "</ToCreationDate><Skip>" + or(q.skip, "0") + "</Skip>" + q.filters +
		`<FromPeriodDate xsi:nil="true" /><ToPeriodDate xsi:nil="true" />` + q.due +
		"<ExcludeReconciliationInformation>true</ExcludeReconciliationInformation></query>"
}

const docQuery = "<query><FromDate>1990-01-01T00:00:00</FromDate><ToDate>2099-12-31T23:59:59</ToDate>" +
	"<FromCreationDate>1990-01-01T00:00:00</FromCreationDate><ToCreationDate>2099-12-31T23:59:59</ToCreationDate><Skip>0</Skip>" +
	"<TypesFilter><string>SI</string><string>SN</string></TypesFilter><OrderBy>creationdate</OrderBy><Limit>1000</Limit>" +
	"<FromLastModifiedDateInUTC>2024-01-01T08:00:00Z</FromLastModifiedDateInUTC></query>"

// rows returns the records of a list.
func (n *node) rows() []*node {
	if k := n.kid("Result"); k != nil {
		return k.kids
	}
	return nil
}

func code(n *node) string { return n.kid("ErrorCode").value() }
