package accountsiq

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

const op = "GetTransactionsBy"

// Everything that a server or the network can do wrong, and what the owner is told (contract 6).
func TestBadAnswers(t *testing.T) {
	const html = `<!DOCTYPE html><html><head><title>Sign in</title><body><p>Hello<br></html>`
	good := succeed(op, oneTransaction)
	status := func(code int, body string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	raw := func(body string) func(http.ResponseWriter, string) { return status(200, body) }
	said := func(response string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) { write(w, response) }
	}
	fault := func(code int, text string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) {
			w.WriteHeader(code)
			write(w, soapFault(text))
		}
	}
	for name, c := range map[string]struct {
		answer    func(http.ResponseWriter, string)
		kind      Kind
		code      string
		temporary bool
	}{
		"401":                      {status(401, html), Credentials, "refused_key", false},
		"403":                      {status(403, html), Permission, "no_permission", false},
		"404":                      {status(404, html), AtLocation, "wrong_location", false},
		"404 with a fault":         {fault(404, "nothing here"), AtLocation, "wrong_location", false},
		"429":                      {status(429, ""), Throttled, "throttled", true},
		"500 without a fault":      {status(500, html), Server, "server_fault", true},
		"502":                      {status(502, ""), Server, "server_fault", true},
		"503":                      {status(503, "busy"), Server, "server_fault", true},
		"204":                      {status(204, ""), Answer, "http_status", true},
		"418":                      {status(418, ""), Answer, "http_status", true},
		"500 with a good answer":   {func(w http.ResponseWriter, _ string) { w.WriteHeader(500); write(w, good) }, Server, "server_fault", true},
		"html":                     {raw(html), Answer, "not_soap", true},
		"html without doctype":     {raw(`<HTML><body>x</body></HTML>`), Answer, "not_soap", true},
		"text":                     {raw("Service unavailable"), Answer, "not_soap", true},
		"json":                     {raw(`{"error":"x"}`), Answer, "not_soap", true},
		"other xml":                {raw(`<rss><channel/></rss>`), Answer, "not_soap", true},
		"empty":                    {raw(""), Answer, "not_soap", true},
		"blank":                    {raw(" \r\n "), Answer, "not_soap", true},
		"doctype":                  {raw(`<!DOCTYPE x [<!ENTITY a "b">]><Envelope/>`), Answer, "not_soap", true},
		"latin-1":                  {raw(`<?xml version="1.0" encoding="iso-8859-1"?><Envelope/>`), Answer, "not_soap", true},
		"utf-16":                   {raw("\xff\xfe<\x00E\x00"), Answer, "not_soap", true},
		"no body":                  {raw(`<Envelope/>`), Answer, "bad_answer", false},
		"empty body":               {raw(`<Envelope><Body/></Envelope>`), Answer, "no_result", false},
		"another response":         {said(succeed("GetInvoicesBy", "")), Answer, "no_result", false},
		"no result element":        {said(`<` + op + `Response/>`), Answer, "no_result", false},
		"nil result element":       {said(`<` + op + `Response><` + op + `Result xsi:nil="true"/></` + op + `Response>`), Answer, "no_result", false},
		"no status":                {said(result(op, `<ErrorCode>SUCCESS</ErrorCode><HasExpired>false</HasExpired><Result/>`)), Answer, "no_result", false},
		"nothing in the result":    {said(result(op, ``)), Answer, "no_result", false},
		"failure with rows":        {said(result(op, `<Status>Failure</Status><ErrorCode>NOT_FOUND</ErrorCode><Result>`+oneTransaction+`</Result>`)), Gone, "gone", false},
		"unknown status":           {said(result(op, `<Status>Unknown</Status><ErrorCode>SUCCESS</ErrorCode><Result/>`)), Reported, "reported", false},
		"in progress":              {said(result(op, `<Status>InProgress</Status><ErrorCode>JOB_RUNNING</ErrorCode><Result/>`)), Busy, "busy", true},
		"lower-case success":       {said(result(op, `<Status>success</Status><ErrorCode>SUCCESS</ErrorCode><Result/>`)), Reported, "reported", false},
		"two results":              {said(result(op, `<Status>Success</Status><Result/><Result/>`)), Answer, "bad_answer", false},
		"strange rows":             {said(succeed(op, `<Row/>`)), Answer, "bad_answer", false},
		"row without id":           {said(succeed(op, strings.Replace(oneTransaction, "<TransactionID>1001</TransactionID>", "", 1))), Answer, "bad_answer", false},
		"row without outstanding":  {said(succeed(op, strings.Replace(oneTransaction, "<OutstandingAmount>730.00</OutstandingAmount>", "", 1))), Answer, "bad_answer", false},
		"row with nil outstanding": {said(succeed(op, strings.Replace(oneTransaction, "<OutstandingAmount>730.00</OutstandingAmount>", `<OutstandingAmount xsi:nil="true"/>`, 1))), Answer, "bad_answer", false},
		"row with a bad amount":    {said(succeed(op, strings.Replace(oneTransaction, "730.00", "730,00", 1))), Answer, "bad_answer", false},
		"row with a bad date":      {said(succeed(op, strings.Replace(oneTransaction, "2026-03-29T", "29.3.2026T", 1))), Answer, "bad_answer", false},
		"row with a bad flag":      {said(succeed(op, strings.Replace(oneTransaction, "<IsInDispute>true", "<IsInDispute>perhaps", 1))), Answer, "bad_answer", false},
		"not well-formed":          {said(succeed(op, `<WSTransactionSummary><a></b></WSTransactionSummary>`)), Answer, "bad_answer", false},
		"bad utf-8":                {said(succeed(op, "<WSTransactionSummary><a>\xff</a></WSTransactionSummary>")), Answer, "bad_answer", false},
		"too deep":                 {said(succeed(op, strings.Repeat("<a>", 100))), Answer, "bad_answer", false},
		"text after the envelope":  {func(w http.ResponseWriter, _ string) { write(w, good); _, _ = io.WriteString(w, "oops") }, Answer, "bad_answer", false},
		"cut off in a row":         {raw(`<Envelope><Body>` + good[:len(good)/2]), Answer, "truncated", true},
		"cut off at the end":       {raw(`<Envelope><Body>` + good + `</Body>`), Answer, "truncated", true},
		"shorter than announced": {func(w http.ResponseWriter, _ string) {
			w.Header().Set("Content-Length", "100000")
			write(w, good)
		}, Answer, "truncated", true},
		"cut off gzip": {func(w http.ResponseWriter, _ string) {
			var b bytes.Buffer
			zip(&b, func(z io.Writer) { write(z, good) })
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(b.Bytes()[:b.Len()-4])
		}, Answer, "truncated", true},
		"unknown compression": {func(w http.ResponseWriter, _ string) {
			w.Header().Set("Content-Encoding", "br")
			write(w, good)
		}, Answer, "bad_answer", false},
		"dropped": {func(w http.ResponseWriter, _ string) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.Close()
		}, Network, "network", true},
		"fault":               {fault(500, "Server was unable to process request. ---&gt; Object reference not set"), Server, "server_fault", true},
		"fault under 200":     {fault(200, "Server was unable to process request."), Server, "server_fault", true},
		"fault of SOAP 1.2":   {said(`<Fault><Code><Value>Receiver</Value></Code><Reason><Text>no</Text></Reason></Fault>`), Server, "server_fault", true},
		"fault with a code":   {fault(500, "System.Exception: SECURITY_ACCESS_DENIED at x.y"), Permission, "no_permission", false},
		"unknown operation":   {fault(500, "Server did not recognize the value of HTTP Header SOAPAction: "+namespace+op+"."), NotOffered, "not_offered", false},
		"unknown operation 2": {fault(500, "Unable to handle request without a valid action parameter. Please supply a valid soap action."), NotOffered, "not_offered", false},
		"unknown operation 3": {fault(500, "Procedure 'GetTransactionsBy' not present"), NotOffered, "not_offered", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.Config.ErrorLog = log.New(io.Discard, "", 0)
			f.on(op, c.answer)
			rows, err := readTransactions(connect(t, f.URL, oauth))
			e := problemOf(t, err)
			if e.Kind != c.kind || e.Code != c.code || e.Temporary() != c.temporary || e.Op != op {
				t.Errorf("%s %s of %s, temporary %v: %v (%s)", e.Kind, e.Code, e.Op, e.Temporary(), err, e.Detail)
			}
			if strings.HasPrefix(name, "failure") && len(rows) > 0 {
				t.Error("rows of a failure were handed on")
			}
		})
	}
}

func TestUnknownOperations(t *testing.T) {
	for text, want := range map[string]bool{
		"System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP Header SOAPAction: http://x/Y.": true,
		"Unable to handle request. The action 'http://x/Y' was not recognized.":                                                  true,
		"Procedure 'GetCurrencies' not present":                                                                                  true,
		"Method 'ns1:GetCurrencies' not implemented: no":                                                                         true,
		"Operation GetCurrencies is not supported.":                                                                              true,
		"Unknown operation GetCurrencies":                                                                                        true,
		"The operation failed because the account is not found":                                                                  false,
		"Method failed. Object not found":                                                                                        false,
		"Function evaluation timed out; record does not exist":                                                                   false,
		"Server was unable to process request. ---> Operation is not valid due to the current state of the object.":              false,
		"": false,
	} {
		if got := unknownOperation.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Every code of contract section 6 has words of its own group.
func TestCodes(t *testing.T) {
	for name, want := range map[string]string{
		"OAUTH_INTEGRATION_APPS_CLIENTID_IS_NULL_OR_EMPTY":      "credentials missing_key",
		"OAUTH_INTEGRATION_APPS_APP_NOT_FOUND":                  "location wrong_location",
		"SHARDING_USER_DOES_NOT_EXIST_IN_SHARD":                 "location wrong_location",
		"OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED":         "credentials app_revoked",
		"API_LAYER_ENTITY_ID_NOT_FOUND":                         "company unknown_company",
		"OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION": "permission no_permission",
		"READ_ONLY": "permission no_permission",
		"OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS":  "throttled throttled",
		"CANNOT_LOGIN_TO_INACTIVE_COMPANY":           "company company_inactive",
		"CANNOT_LOGIN_INVALID_CREDENTIALS":           "credentials refused_key",
		"OAUTHCONFIGURATION_ISSUER_NOT_FOUND":        "server server_problem",
		"GETTRANSACTIONSBY_QUERY_TIMEOUT":            "query_too_big query_too_big",
		"TOO_MANY_QUERY_FILTERS":                     "query_too_big query_too_big",
		"INVALID_TYPE_IN_QUERY":                      "query internal",
		"JOB_RUNNING":                                "busy busy",
		"ACCOUNT_CODE_DOES_NOT_EXISTS":               "gone gone",
		"NOTES_IS_TOO_LONG":                          "refused note_refused",
		"TRANSACTION_DISPUTE_FAILED":                 "refused dispute_refused",
		"OUTDATED_RECORD":                            "refused outdated_record",
		"DOCUMENT_MASTERTYPE_IS_INVALID":             "pdf pdf_unavailable",
		"INVALID_OPERATION_ON_CONSOLIDATION_COMPANY": "company group_company",
		"API_DEPRECATED_FEATURE":                     "not_offered program_outdated",
		"WS_INVALIDTOKEN":                            "session session_refused",
		"OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED":       "session session_refused",
		"SOMETHING_NEW":                              "reported reported",
	} {
		f := newFake(t)
		f.say(op, failure(op, name))
		rows, err := readTransactions(connect(t, f.URL, oauth))
		e := problemOf(t, err)
		if got := string(e.Kind) + " " + e.Code; got != want || e.AIQCode != name || len(rows) > 0 {
			t.Errorf("%s: %s, want %s (AIQCode %q)", name, got, want, e.AIQCode)
		}
		if e.Detail != "The words of the provider." {
			t.Errorf("%s: detail %q", name, e.Detail)
		}
		if n := strings.Count(err.Error(), name); n != 1 {
			t.Errorf("%s named %d times: %v", name, n, err)
		}
	}
	f := newFake(t)
	f.say(op, failure(op, "SOMETHING_NEW"))
	_, err := readTransactions(connect(t, f.URL, oauth))
	if err.Error() != "AccountsIQ reported: SOMETHING_NEW" {
		t.Error(err)
	}
}

func TestAnswersThatAreGood(t *testing.T) {
	soap := func(prefix, ns, response string) string {
		p := prefix
		if p != "" {
			p += ":"
		}
		return "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- x --><" + p + `Envelope ` + ns + `><` + p + `Header><x:y xmlns:x="z"><Body/></x:y></` + p + `Header><` + p + `Body>` + response + `</` + p + `Body></` + p + "Envelope>\n<?after?>"
	}
	const plain = `xmlns="http://schemas.xmlsoap.org/soap/envelope/"`
	prefixed := strings.NewReplacer("</", "</q:", "<", "<q:").Replace(`<GetTransactionsByResponse><GetTransactionsByResult><Status>Success</Status><Extra><Status>Failure</Status></Extra><Result>` + oneTransaction + `</Result></GetTransactionsByResult></GetTransactionsByResponse>`)
	cdata := strings.Replace(oneTransaction, ">ACME<", "><![CDATA[ACME]]><!-- c --><", 1)
	extra := strings.Replace(oneTransaction, "<AccountCode>", `<New><Deep><OutstandingAmount>0</OutstandingAmount></Deep></New><AccountCode new="x">`, 1)
	for name, c := range map[string]struct {
		doc  string
		rows int
	}{
		"s prefix":         {soap("s", `xmlns:s="x"`, succeed(op, oneTransaction)), 1},
		"default ns":       {soap("", plain, succeed(op, oneTransaction)), 1},
		"prefixes inside":  {soap("SOAP-ENV", `xmlns:SOAP-ENV="x" xmlns:q="y"`, prefixed), 1},
		"cdata, comments":  {soap("s", "", succeed(op, cdata)), 1},
		"unknown elements": {soap("s", "", succeed(op, `<New><WSTransactionSummary/></New>`+extra)), 1},
		"nil row":          {soap("s", "", succeed(op, `<WSTransactionSummary xsi:nil="true"/>`+oneTransaction)), 2},
		"purchase row":     {soap("s", "", succeed(op, strings.Replace(oneTransaction, "Sales", "Purchases", 1)+oneTransaction)), 2},
		"status last":      {soap("s", "", result(op, `<Result>`+oneTransaction+`</Result><Status>Success</Status>`)), 1},
		"pretty":           {soap("s", "", strings.ReplaceAll(succeed(op, oneTransaction), "><", ">\n  <")), 1},
		"empty Result":     {soap("s", "", succeed(op, "")), 0},
		"Result as a tag":  {soap("s", "", result(op, `<Status>Success</Status><Result/>`)), 0},
		"nil Result":       {soap("s", "", result(op, `<Status>Success</Status><Result xsi:nil="true"/>`)), 0},
		"no Result":        {soap("s", "", result(op, `<Status>Success</Status>`)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.on(op, func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, c.doc) })
			var all []ledger.Transaction
			rows, err := connect(t, f.URL, oauth).Transactions(context.Background(), TransactionQuery{}, func(t ledger.Transaction) error {
				all = append(all, t)
				return nil
			})
			if err != nil || rows != c.rows || len(all) != min(c.rows, 1) {
				t.Fatalf("%d rows, %v, %+v", rows, err, all)
			}
			if len(all) > 0 && (all[0].AccountCode != "ACME" || all[0].Outstanding != (ledger.Money{Minor: 73000, Currency: "EUR"})) {
				t.Errorf("%+v", all[0])
			}
		})
	}
}

// A success that turns into a failure after its rows is an error, and is not repeated.
func TestFailureAfterRows(t *testing.T) {
	f := newFake(t)
	f.say(op, result(op, `<Status>Success</Status><Result>`+oneTransaction+`</Result><Status>Failure</Status><ErrorCode>OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED</ErrorCode>`))
	if _, err := readTransactions(connect(t, f.URL, oauth)); problemOf(t, err).Kind != Session || f.count(op) != 1 {
		t.Errorf("%v after %d calls", err, f.count(op))
	}
}

func TestScalarsNeedAResult(t *testing.T) {
	f := newFake(t)
	for _, name := range []string{"GetCompanyInformation", "GetCountTransactionsBy"} {
		f.say(name, result(name, `<Status>Success</Status>`))
	}
	c := connect(t, f.URL, oauth)
	_, err1 := c.Company(context.Background())
	_, err2 := c.CountTransactions(context.Background(), TransactionQuery{})
	for _, err := range []error{err1, err2} {
		if e := problemOf(t, err); e.Code != "no_result" {
			t.Error(e.Code)
		}
	}
}

func TestCallersErrorComesBackUntouched(t *testing.T) {
	f := newFake(t)
	f.say(op, succeed(op, oneTransaction+oneTransaction))
	full := errors.New("disk full")
	calls := 0
	_, err := connect(t, f.URL, oauth).Transactions(context.Background(), TransactionQuery{}, func(ledger.Transaction) error {
		calls++
		return full
	})
	if err != full || calls != 1 {
		t.Errorf("%v after %d", err, calls)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	big := succeed(op, strings.Repeat(oneTransaction, 1000))
	for name, answer := range map[string]func(http.ResponseWriter, string){
		"plain":   func(w http.ResponseWriter, _ string) { write(w, big) },
		"length":  func(w http.ResponseWriter, _ string) { w.Header().Set("Content-Length", "999999999"); write(w, big) },
		"bomb":    bomb,
		"endless": endless,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.on(op, answer)
			_, err := readTransactions(connect(t, f.URL, oauth, func(cfg *Config) { cfg.MaxResponse = 100_000 }))
			if e := problemOf(t, err); e.Kind != TooLarge || e.Temporary() {
				t.Error(e.Code, e.Detail)
			}
		})
	}
	f := newFake(t)
	f.on(op, func(w http.ResponseWriter, _ string) { write(w, big) })
	if rows, err := readTransactions(connect(t, f.URL, oauth)); len(rows) != 1000 || err != nil {
		t.Error(len(rows), err)
	}
}

func zip(w io.Writer, fill func(io.Writer)) {
	z := gzip.NewWriter(w)
	fill(z)
	_ = z.Close()
}

// bomb is a small answer that unpacks to a gigabyte of blanks.
func bomb(w http.ResponseWriter, _ string) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = io.WriteString(z, "<Envelope><Body>")
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 1024 {
		if _, err := z.Write(blanks); err != nil {
			return
		}
	}
	_ = z.Close()
}

func endless(w http.ResponseWriter, _ string) {
	_, _ = io.WriteString(w, "<Envelope><Body>")
	for {
		if _, err := io.WriteString(w, "<x/>"); err != nil {
			return
		}
	}
}

func TestSlowServer(t *testing.T) {
	good := succeed(op, oneTransaction)
	for name, start := range map[string]func(http.ResponseWriter){
		"before the header": func(http.ResponseWriter) {},
		"in the body": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "<Envelope><Body>"+good[:200])
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			f := newFake(t)
			f.on(op, func(w http.ResponseWriter, _ string) { start(w); <-release })
			c := connect(t, f.URL, oauth, func(cfg *Config) { cfg.Timeout = 50 * time.Millisecond })
			_, err := readTransactions(c)
			if e := problemOf(t, err); e.Kind != Timeout || !e.Temporary() {
				t.Error(e.Code, e.Detail)
			}
			ctx, cancel := context.WithCancel(context.Background())
			c2 := connect(t, f.URL, oauth)
			if err := c2.SignIn(ctx); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(20*time.Millisecond, cancel)
			_, err = c2.Transactions(ctx, TransactionQuery{}, nil)
			if e := problemOf(t, err); e.Kind != Cancelled || !errors.Is(err, context.Canceled) || e.Temporary() {
				t.Error(e.Code, e.Detail)
			}
		})
	}
}

// The caller may take as long as it likes over its rows.
func TestTimeoutDoesNotCountTheCallersWork(t *testing.T) {
	p := newPatience(time.Hour, func() { t.Error("gave up") })
	p.pause()
	p.since = p.since.Add(-30 * time.Minute)
	left := p.left
	if r := (&patientReader{strings.NewReader("x"), p}); left < 59*time.Minute {
		t.Error(left)
	} else if _, err := r.Read(make([]byte, 1)); err != nil || p.left < 59*time.Minute {
		t.Error(p.left, err)
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	elsewhere := newFake(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		f := newFake(t)
		f.on("TokenGet", func(w http.ResponseWriter, _ string) {
			w.Header().Set("Location", elsewhere.URL+"/steal")
			w.WriteHeader(status)
		})
		err := connect(t, f.URL, oauth).SignIn(context.Background())
		if e := problemOf(t, err); e.Code != "redirected" || e.Kind != AtLocation {
			t.Errorf("%d: %s", status, e.Code)
		}
	}
	if len(elsewhere.calls) > 0 {
		t.Error("the redirect was followed")
	}
}

func TestConnectionProblems(t *testing.T) {
	quiet := log.New(io.Discard, "", 0)
	secure := func(cfg *tls.Config) *httptest.Server {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = cfg
		s.Config.ErrorLog = quiet
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	unknown := secure(nil)
	trusting := unknown.Client()
	other := secure(nil)
	plainHTTP := newFake(t)
	plainHTTP.Config.ErrorLog = quiet
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	old := secure(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	notFound := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "uk9.example", IsNotFound: true}
	}}}
	unreachable := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("network is unreachable")}
	}}}
	ownTLS := newHTTPClient()
	for name, c := range map[string]struct {
		base string
		http *http.Client
		kind Kind
		want problem
	}{
		"unknown authority": {unknown.URL, nil, TLS, pUnknownAuthority},
		"wrong host":        {strings.Replace(other.URL, "127.0.0.1", "localhost", 1), trusting, TLS, pWrongHost},
		"too old":           {old.URL, ownTLS, TLS, pOldTLS},
		"not TLS at all":    {strings.Replace(plainHTTP.URL, "http:", "https:", 1), nil, TLS, pTLS},
		"refused":           {"http://" + closed.Addr().String(), nil, Network, pRefusedConnection},
		"no such name":      {"https://uk9.example", notFound, Network, pNoName},
		"no network":        {"https://uk9.example", unreachable, Network, pNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			err := connect(t, c.base, userKey, func(cfg *Config) { cfg.HTTP = c.http }).SignIn(context.Background())
			if e := problemOf(t, err); e.Kind != c.kind || e.Message != c.want.message || !e.Temporary() {
				t.Errorf("%s: %s (%s)", e.Kind, e.Message, e.Detail)
			}
		})
	}
}

// Even a server that sends back what it was sent brings no secret into errors and logs.
func TestEchoesAreScrubbed(t *testing.T) {
	for name, echo := range map[string]func(w http.ResponseWriter, body, plain string){
		"message": func(w http.ResponseWriter, _, plain string) {
			write(w, result(op, `<Status>Failure</Status><ErrorCode>X `+plain+`</ErrorCode><ErrorMessage>`+strings.Repeat("y", 390)+` `+plain+`</ErrorMessage>`))
		},
		"fault": func(w http.ResponseWriter, _, plain string) {
			w.WriteHeader(500)
			write(w, soapFault("No: "+plain+" "+strings.ToUpper(plain)+strings.Repeat(" y"+plain, 20)))
		},
		"request": func(w http.ResponseWriter, body, _ string) { _, _ = io.WriteString(w, body) },
		"page":    func(w http.ResponseWriter, body, _ string) { _, _ = io.WriteString(w, "<html>"+body) },
		"status": func(w http.ResponseWriter, _, plain string) {
			write(w, result(op, `<Status>`+strings.Repeat("y", 90)+plain+`</Status>`))
		},
		"malformed": func(w http.ResponseWriter, body, plain string) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, plain+"\r\n\r\n"+body)
			_ = conn.Close()
		},
		"redirect": func(w http.ResponseWriter, _, plain string) {
			w.Header().Set("Location", "/?"+plain)
			w.WriteHeader(302)
		},
	} {
		for _, auth := range []Auth{oauth, userKey} {
			signIn := map[version]string{version1: "Login", version2: "TokenGet"}[auth.version()]
			t.Run(name+" "+signIn, func(t *testing.T) {
				f := newFake(t)
				f.on(op, func(w http.ResponseWriter, body string) {
					echo(w, body, strings.NewReplacer("<", "&lt;", "&", "&amp;").Replace(strings.Join(append(auth.secrets(), "TOKEN-Aa1"), " ")))
				})
				c := connect(t, f.URL, auth)
				_, err := readTransactions(c)
				problemOf(t, err)
				f.on(signIn, func(w http.ResponseWriter, body string) { echo(w, body, strings.Join(auth.secrets(), " ")) })
				problemOf(t, connect(t, f.URL, auth).SignIn(context.Background()))
			})
		}
	}
}

func TestInvoicePDF(t *testing.T) {
	const name = "GetInvoicePDFByTransactionID"
	page := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{0, 1, 2, 255}, 700_000)...)
	encoded := base64.StdEncoding.EncodeToString(page)
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	for _, text := range []string{encoded, encoded[:76] + "\r\n" + encoded[76:] + "\n"} {
		f.say(name, succeed(name, text))
		if got, err := c.InvoicePDF(context.Background(), 1001, ""); err != nil || !bytes.Equal(got, page) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	for text, code := range map[string]string{
		"":     "pdf_unavailable",
		"!!!!": "bad_answer",
		base64.StdEncoding.EncodeToString([]byte("<html>no</html>")): "pdf_unavailable",
	} {
		f.say(name, succeed(name, text))
		if _, err := c.InvoicePDF(context.Background(), 1001, ""); problemOf(t, err).Code != code {
			t.Errorf("%q: %v", text, err)
		}
	}
	f.say(name, failure(name, "TRANSACTION_NOT_FOUND"))
	if _, err := c.InvoicePDF(context.Background(), 1001, ""); !errors.Is(err, Gone) {
		t.Error(err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	uk, _ := ParseLocation("uk1")
	for code, cfg := range map[string]Config{
		"bad_location":      {Company: "A", Auth: oauth},
		"insecure_location": {Company: "A", Auth: oauth, Location: Location{Base: "http://uk1.accountsiq.com"}},
		"missing_company":   {Company: " ,", Auth: userKey, Location: uk},
		"missing_key":       {Company: "A", Auth: UserKey{PartnerKey: "x"}, Location: uk},
	} {
		_, err := New(cfg)
		if e := problemOf(t, err); e.Code != code || e.Kind != Input {
			t.Errorf("%s: %v", code, err)
		}
	}
	for _, auth := range []Auth{nil, OAuth{ClientID: "x"}, OAuth{ClientSecret: "x"}, UserKey{}} {
		if _, err := New(Config{Company: "A", Auth: auth, Location: uk}); problemOf(t, err).Code != "missing_key" {
			t.Error(auth, err)
		}
	}
}

func TestErrorIs(t *testing.T) {
	err := fmt.Errorf("syncing: %w", newError(pTooManyCalls, ""))
	if !errors.Is(err, Throttled) || errors.Is(err, Busy) || !errors.Is(err, &Error{Kind: Throttled}) ||
		!errors.Is(err, &Error{Kind: Throttled, Code: "throttled"}) || errors.Is(err, &Error{Kind: Throttled, Code: "x"}) {
		t.Error("does not match by kind and code")
	}
}

func TestDetailIsCleaned(t *testing.T) {
	if got := clean(" a\x00b\r\n\tc\u202e d\x1b[31m ", 100); got != "a b c d [31m" {
		t.Errorf("%q", got)
	}
	if got := clean(strings.Repeat("é", 300), 401); got != strings.Repeat("é", 200)+"…" {
		t.Errorf("%d bytes", len(got))
	}
}
