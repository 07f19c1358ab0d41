package accountsiq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// The secrets of all tests; none of them may ever show up in an error or a log.
const (
	testPartnerKey   = "PARTNER-k3y&7f"
	testUserKey      = "USER-k3y-19<b"
	testClientSecret = "CLIENT-s3cret-55"
	testToken        = "TOKEN-Aa1"
	testRefresh      = "REFRESH-Bb1"
)

var testSecrets = []string{testPartnerKey, testUserKey, testClientSecret, testToken, testRefresh, "TOKEN-Aa", "REFRESH-Bb"}

// fake is a server that answers by operation. Sign-ins succeed unless they are answered here too.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]func(w http.ResponseWriter, body string)
	calls   []string
	bodies  []string
	headers []http.Header
	tokens  int
}

func newFake(t *testing.T) *fake {
	f := &fake{answers: map[string]func(http.ResponseWriter, string){}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	op := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("SOAPAction"), `"`+namespace), `"`)
	f.mu.Lock()
	f.calls = append(f.calls, op)
	f.bodies = append(f.bodies, string(raw))
	f.headers = append(f.headers, r.Header.Clone())
	answer := f.answers[op]
	f.tokens++
	n := f.tokens
	f.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, string(raw))
	case op == "Login":
		write(w, fmt.Sprintf(`<LoginResponse xmlns="%s"><LoginResult>TOKEN-Aa%d</LoginResult></LoginResponse>`, namespace, n))
	case op == "TokenGet" || op == "TokenRefresh":
		write(w, tokenAnswer(op, fmt.Sprintf("TOKEN-Aa%d", n), fmt.Sprintf("REFRESH-Bb%d", n)))
	default:
		write(w, succeed(op, ""))
	}
}

func (f *fake) on(op string, answer func(w http.ResponseWriter, body string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[op] = answer
}

// say answers an operation with the given response element.
func (f *fake) say(op, response string) {
	f.on(op, func(w http.ResponseWriter, _ string) { write(w, response) })
}

func (f *fake) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == op {
			n++
		}
	}
	return n
}

func write(w io.Writer, response string) {
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>`+response+`</soap:Body></soap:Envelope>`)
}

func result(op, inside string) string {
	return `<` + op + `Response xmlns="` + namespace + `"><` + op + `Result>` + inside + `</` + op + `Result></` + op + `Response>`
}

func succeed(op, rows string) string {
	return result(op, `<Status>Success</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>false</HasExpired><Result>`+rows+`</Result>`)
}

func failure(op, code string) string {
	return result(op, `<Status>Failure</Status><ErrorCode>`+code+`</ErrorCode><ErrorMessage>The words of the provider.</ErrorMessage><HasExpired>false</HasExpired>`)
}

func tokenAnswer(op, access, refresh string) string {
	return result(op, `<Result><AccessToken>`+access+`</AccessToken><RefreshToken>`+refresh+`</RefreshToken></Result><Status>Success</Status><ErrorCode>SUCCESS</ErrorCode>`)
}

func soapFault(text string) string {
	return `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>` + text + `</faultstring><detail /></soap:Fault>`
}

var (
	oauth   = OAuth{ClientID: "11111111-2222-3333-4444-555555555555", ClientSecret: testClientSecret}
	userKey = UserKey{PartnerKey: testPartnerKey, UserKey: testUserKey}
)

// watched collects everything that a client logs.
type watched struct {
	mu  sync.Mutex
	log strings.Builder
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

// connect returns a client and fails the test if a secret reaches its log.
func connect(t *testing.T, base string, auth Auth, change ...func(*Config)) *Client {
	t.Helper()
	w := &watched{}
	cfg := Config{
		Location: Location{Base: base},
		Company:  "DEMO01",
		Auth:     auth,
		Timeout:  20 * time.Second,
		Logger:   slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		mustNotLeak(t, w.log.String())
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			mustNotLeak(t, fmt.Sprintf(verb, c), fmt.Sprintf(verb, cfg))
		}
	})
	return c
}

func mustNotLeak(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, s := range testSecrets {
			if strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
				t.Errorf("a secret shows: %s", text)
			}
		}
	}
}

// problemOf checks that err is an *Error fit to be shown and returns it.
func problemOf(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is not an *Error", err)
	}
	if e.Message == "" || e.Hint == "" || !strings.HasSuffix(e.Hint, ".") || strings.ContainsAny(e.Message+e.Hint, "!\n") {
		t.Errorf("%s: %q, %q", e.Code, e.Message, e.Hint)
	}
	for err := err; err != nil; err = errors.Unwrap(err) {
		mustNotLeak(t, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), e.LogValue().String(), e.Detail, e.AIQCode)
	}
	if !errors.Is(err, e.Kind) {
		t.Errorf("%v is not of its own kind", err)
	}
	return e
}

// readTransactions is the call that most tests of failures use.
func readTransactions(c *Client) ([]ledger.Transaction, error) {
	var all []ledger.Transaction
	_, err := c.Transactions(context.Background(), TransactionQuery{}, func(t ledger.Transaction) error {
		all = append(all, t)
		return nil
	})
	return all, err
}

const oneTransaction = `<WSTransactionSummary><AccountID>7</AccountID><AccountCode>ACME</AccountCode><Ledger>Sales</Ledger><TransactionType>SI</TransactionType><TransactionID>1001</TransactionID><IsBatchInvoiceOrNote>false</IsBatchInvoiceOrNote><InvoiceID>501</InvoiceID><InternalNumber>10045</InternalNumber><ExternalReference>PO-88</ExternalReference><ControlAmount>1230.00</ControlAmount><OutstandingAmount>730.00</OutstandingAmount><ControlBCAmount>1230.00</ControlBCAmount><TransactionDate>2026-02-27T00:00:00</TransactionDate><FinancialYear>2026</FinancialYear><PeriodNumber>2</PeriodNumber><CreationDate>2026-03-01T09:12:44.123</CreationDate><CurrencyCode>EUR</CurrencyCode><PeriodDate>2026-02-27T00:00:00</PeriodDate><IsReversed>false</IsReversed><IsInDispute>true</IsInDispute><NumberOfAttachments>0</NumberOfAttachments><DueDate>2026-03-29T00:00:00</DueDate></WSTransactionSummary>`
