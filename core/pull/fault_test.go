package pull_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// codes are those of contract section 6 that a read can meet, with what the owner has to be told of.
var codes = map[accountsiq.Kind][]string{
	accountsiq.Session: {"OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED", "OAUTHCONFIGURATION_TOKEN_EXPIRED", "OAUTH_INTEGRATION_APPS_REFRESH_TOKEN_EXPIRED",
		"OAUTH_INTEGRATION_APPS_TOKEN_IS_INVALID", "OAUTH_INTEGRATION_APPS_ERROR_VALIDATING_TOKEN", "OAUTHCONFIGURATION_INVALID_TOKEN",
		"WS_INVALIDTOKEN", "OAUTH_INTEGRATION_APPS_TOKEN_NOT_PROVIDED_IN_AUTHORIZATION_HEADER", "CANNOT_GET_TOKEN_FOR_PROVIDER"},
	accountsiq.Credentials: {"OAUTH_INTEGRATION_APPS_CLIENTID_IS_NULL_OR_EMPTY", "OAUTH_INTEGRATION_APPS_CLIENTSECRET_IS_NULL_OR_EMPTY",
		"OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED", "CANNOT_LOGIN_INVALID_CREDENTIALS", "CANNOT_LOGIN_INVALID_LOGIN_STATE",
		"TFA_ENTITY_USER_NOT_SUPPORTED", "INVALID_USER", "USER_DOES_NOT_EXIST"},
	accountsiq.AtLocation: {"OAUTH_INTEGRATION_APPS_UNABLE_TO_PARSE_GUID_TO_STRING", "OAUTH_INTEGRATION_APPS_APP_NOT_FOUND",
		"OAUTH_INTEGRATION_APPS_USER_NOT_FOUND", "SHARDING_USER_DOES_NOT_EXIST_IN_SHARD"},
	accountsiq.AtCompany: {"OAUTH_INTEGRATION_APPS_NO_ENTITY_PROVIDED_IN_HEADER", "OAUTH_INTEGRATION_APPS_AIQ_SOAP_HEADER_MISMATCH",
		"API_LAYER_ENTITY_ID_NOT_FOUND", "ENTITY_IS_NULL", "ENTITY_ID_IS_NULL", "CURRENT_ENTITY_IS_UNSPECIFIED",
		"CANNOT_LOGIN_TO_INACTIVE_COMPANY", "CANNOT_LOGIN_TO_COMPANY_IN_INACTIVE_PROVIDER",
		"INVALID_OPERATION_ON_CONSOLIDATION_COMPANY", "FORBIDDEN_CUSTOMER_SUPPLIER_MASTER"},
	accountsiq.Permission: {"OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION", "SECURITY_ACCESS_DENIED", "NOT_AUTHORIZED", "READ_ONLY"},
	accountsiq.Throttled:  {"OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS", "OAUTH_INTEGRATION_APPS_RATE_LIMIT_REACHED"},
	accountsiq.Server: {"OAUTHCONFIGURATION_TENANT_ID_NOT_FOUND", "OAUTHCONFIGURATION_TENANT_NAME_NOT_FOUND", "OAUTHCONFIGURATION_WELL_KNOWN_URL_NOT_FOUND",
		"OAUTHCONFIGURATION_CLIENT_CREDENTIALS_POLICY_NAME_NOT_FOUND", "OAUTHCONFIGURATION_ISSUER_NOT_FOUND", "OAUTHCONFIGURATION_AUDIENCE_NOT_FOUND", "CONFIGURATION_ERROR"},
	accountsiq.QueryTooBig: {"GETTRANSACTIONSBY_QUERY_TIMEOUT", "TOO_MANY_QUERY_FILTERS"},
	accountsiq.Query: {"MISSING_QUERY_PARAMETER", "INVALID_QUERY", "INVALID_QUERY_MISSING_EXTERNAL_REFERENCE", "INVALID_TYPE_IN_QUERY", "GETINVOICESBY_BAD_FIELD_NAME",
		"GETTRANSACTIONSBY_ERROR_WHILE_FINDING_TRANSACTIONS", "DATE_IS_OUT_OF_RANGE", "OUT_OF_RANGE_SYNCH_DATE", "BAD_REQUEST", "LEDGER_UNKNOWN", "NO_CUSTOMER_CODES_PROVIDED"},
	accountsiq.Busy: {"OTHER_OPERATION_IN_PROGRESS_RETRY_LATER", "JOB_RUNNING"},
	accountsiq.Gone: {"NOT_FOUND", "CUSTOMER_CODE_DOES_NOT_EXIST", "CUSTOMER_ID_DOES_NOT_EXIST", "ACCOUNT_ID_DOES_NOT_EXIST", "ACCOUNT_CODE_DOES_NOT_EXISTS",
		"INVOICE_ID_DOES_NOT_EXIST", "TRANSACTION_NOT_FOUND", "TRANSACTION_ID_IS_INVALID", "DOCUMENT_NOT_FOUND", "NOTE_NOT_FOUND"},
	accountsiq.Refused:  {"OUTDATED_RECORD"},
	accountsiq.Reported: {"A_CODE_OF_NEXT_YEAR"},
}

// Every fault of contract section 6 leaves data and watermark right, whichever read it meets, and says what to do; the
// pull after it makes up for it.
func TestEveryFaultLeavesDataAndWatermarkRight(t *testing.T) {
	t.Parallel()
	reads := []string{"GetCustomersBy", "GetAllCustomerContacts", "GetTransactionsBy", "GetTransactionsModifiedBy",
		"GetAllocationsBetweenWithCreationDatePaged", "GetInvoicesBy", "GetCustomerBalanceInformation"}
	b, inv := faultBooks(t)
	b.pull(pull.Light)
	want := int64(10_000)
	for kind, list := range codes {
		for i, code := range list {
			// Each code meets one read of a delta, in turn, so that each read meets all kinds of codes.
			op := reads[(i+len(kind))%len(reads)]
			b.later(10 * time.Minute) // all of them within a day, so that the daily lists stay out of it
			want -= 10
			b.pay(inv, 10)
			before := b.state()
			b.server.Fail(aiqtest.Fault{Op: op, Kind: aiqtest.FailCode, Code: code, Times: aiqtest.Always})
			_, err := pull.Run(b.ctx, b.client, b.st, b.options(pull.Thorough))
			b.server.ClearFaults()
			if doneWithout(op, kind) {
				if err != nil {
					t.Errorf("%s meets %s: %v, though it can be done without", op, code, err)
				}
			} else {
				tellsWhatToDo(t, op+" meets "+code, err, kind)
				if after := b.state(); op != "GetCustomerBalanceInformation" && after != before {
					t.Errorf("%s meets %s: %+v became %+v", op, code, before, after)
				}
				b.pull(pull.Thorough)
			}
			if got := b.outstanding(inv.ID); got != eur(want).String() {
				t.Fatalf("%s met %s: outstanding %s in the end, want %s", op, code, got, eur(want))
			}
		}
	}
}

// doneWithout reports whether a refusal of a read is an answer: hints and balances are done without.
func doneWithout(op string, kind accountsiq.Kind) bool {
	switch op {
	case "GetTransactionsModifiedBy", "GetInvoicesBy":
		return kind == accountsiq.Permission || kind == accountsiq.Query || kind == accountsiq.QueryTooBig
	case "GetCustomerBalanceInformation":
		return kind == accountsiq.Permission || kind == accountsiq.Gone
	}
	return false
}

func tellsWhatToDo(t *testing.T, where string, err error, kind accountsiq.Kind) {
	t.Helper()
	var aiq *accountsiq.Error
	if !errors.As(err, &aiq) {
		t.Errorf("%s: %v", where, err)
		return
	}
	code, message, hint := aiq.Problem()
	if !errors.Is(err, kind) || code == "" || message == "" || hint == "" || strings.Contains(message+hint, "!") {
		t.Errorf("%s: kind %s, want %s; %q, %q, %q", where, aiq.Kind, kind, code, message, hint)
	}
}

// A first load that meets any of them sets no watermark, and the next one brings everything.
func TestEveryFaultOfAFirstLoad(t *testing.T) {
	t.Parallel()
	reads := []string{"GetCustomerList", "GetTransactionsBy", "GetAllocationsBetweenWithCreationDatePaged"}
	for kind, list := range codes {
		for i, op := range reads {
			code := list[i%len(list)]
			b, inv := faultBooks(t)
			b.server.Fail(aiqtest.Fault{Op: op, Kind: aiqtest.FailCode, Code: code, Times: aiqtest.Always})
			_, err := pull.Run(b.ctx, b.client, b.st, b.options(pull.Light))
			tellsWhatToDo(t, op+" meets "+code, err, kind)
			if mark, _, err := b.st.Watermark(b.ctx, pull.Watermark); !mark.IsZero() || !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s met %s: watermark %v, %v", op, code, mark, err)
			}
			b.server.ClearFaults()
			b.later(time.Hour)
			b.pay(inv, 10)
			if r := b.pull(pull.Light); !r.Full || b.outstanding(inv.ID) != "99.90" {
				t.Errorf("%s met %s: %+v, outstanding %s", op, code, r, b.outstanding(inv.ID))
			}
		}
	}
}

// Whatever is missed in a pull that fails somewhere is not counted (contract section 11).
func TestMissedInFailingPullsIsNotGone(t *testing.T) {
	t.Parallel()
	b, inv := faultBooks(t)
	b.pull(pull.Light)
	b.must(b.company.DeleteTransaction(inv.ID))
	b.server.Fail(aiqtest.Fault{Op: "GetCustomerBalanceInformation", Kind: aiqtest.FailCode, Code: "CONFIGURATION_ERROR", Times: aiqtest.Always})
	for range 3 {
		b.later(time.Hour)
		if _, err := pull.Run(b.ctx, b.client, b.st, b.options(pull.Thorough)); err == nil {
			t.Fatal("the pull did not fail")
		}
	}
	b.server.ClearFaults()
	for i, want := range []bool{false, true} {
		if row, err := b.st.Invoice(b.ctx, inv.ID); err != nil || row.Missing != (i > 0) || row.Gone {
			t.Errorf("after %d good pulls: %+v, %v", i, row, err)
		}
		b.later(time.Hour)
		b.pull(pull.Thorough)
		if row, err := b.st.Invoice(b.ctx, inv.ID); err != nil || row.Gone != want {
			t.Errorf("after %d good pulls: gone %v, %v", i+1, row.Gone, err)
		}
	}
}

// state is what a failed pull must not change.
type state struct {
	version int64
	mark    time.Time
}

func (b *books) state() (s state) {
	b.t.Helper()
	var err error
	s.version, err = b.st.Version(b.ctx)
	b.must(err)
	s.mark, _, err = b.st.Watermark(b.ctx, pull.Watermark)
	b.must(err)
	return s
}

func (b *books) pay(inv aiqtest.Transaction, minor int64) {
	b.t.Helper()
	_, err := b.company.Allocate(b.receipt("ACME", minor).ID, inv.ID, minor)
	b.must(err)
}

func faultBooks(t *testing.T) (*books, aiqtest.Transaction) {
	var inv aiqtest.Transaction
	b := open(t, func(b *books) { b.customer("ACME"); inv = b.invoice("ACME", 10_000) })
	return b, inv
}

// waits records the pauses of a pull in place of sleeping.
type waits []time.Duration

func (w *waits) patience(total time.Duration) pull.Patience {
	return pull.Patience{For: total, Wait: func(_ context.Context, d time.Duration) error { *w = append(*w, d); return nil }}
}

// Passing failures are waited out with growing pauses, until patience is at its end.
func TestPassingFailuresAreWaitedOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault       aiqtest.Fault
		first, most time.Duration
	}{
		"too many calls": {aiqtest.Fault{Kind: aiqtest.FailThrottle}, 2 * time.Second, 6 * time.Second},
		"busy":           {aiqtest.Fault{Kind: aiqtest.FailCode, Code: "JOB_RUNNING"}, 250 * time.Millisecond, 750 * time.Millisecond},
		"server error":   {aiqtest.Fault{Kind: aiqtest.FailHTTP, Status: 503}, 250 * time.Millisecond, 750 * time.Millisecond},
		"cut off":        {aiqtest.Fault{Kind: aiqtest.FailCutOff}, 250 * time.Millisecond, 750 * time.Millisecond},
		"dropped":        {aiqtest.Fault{Kind: aiqtest.FailDrop}, 250 * time.Millisecond, 750 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			b, inv := faultBooks(t)
			c.fault.Op, c.fault.Times = "GetTransactionsBy", 3
			b.server.Fail(c.fault)
			var w waits
			o := b.options(pull.Light)
			o.Patience = w.patience(10 * time.Minute)
			if _, err := pull.Run(b.ctx, b.client, b.st, o); err != nil || b.outstanding(inv.ID) != "100.00" {
				t.Fatalf("%v after pauses of %v", err, w)
			}
			if len(w) != 3 || w[0] < c.first || w[0] > c.most || w[2] <= c.most/2 {
				t.Errorf("pauses %v", w)
			}
			// Patience is bounded, whatever the server does.
			c.fault.Times = aiqtest.Always
			b.server.Fail(c.fault)
			w, o.Patience = nil, w.patience(time.Minute)
			if _, err := pull.Run(b.ctx, b.client, b.st, o); err == nil {
				t.Error("no end of patience")
			}
			sum := time.Duration(0)
			for _, d := range w {
				sum += d
			}
			if len(w) == 0 || sum > time.Minute {
				t.Errorf("waited %v in pauses of %v", sum, w)
			}
		})
	}
}

// A call that hangs uses patience up as well as a pause does.
func TestHangingUsesPatienceUp(t *testing.T) {
	t.Parallel()
	calls := 0
	now := start
	p := pull.Patience{For: 12 * time.Second, Now: func() time.Time { return now }, Wait: func(context.Context, time.Duration) error { return nil }}
	err := pull.Retry(t.Context(), p, func() error {
		calls++
		now = now.Add(2 * time.Minute)
		return timedOut()
	}, accountsiq.Timeout)
	if err == nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// timedOut makes an error that may pass.
func timedOut() error {
	loc, err := accountsiq.ParseLocation("http://127.0.0.1:1")
	if err != nil {
		return err
	}
	client, err := accountsiq.New(accountsiq.Config{Location: loc, Company: "C", Auth: accountsiq.UserKey{UserKey: "k"}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	return client.SignIn(ctx)
}

// A count that AccountsIQ keeps higher than its rows, however often both are read, counts something else.
func TestCountThatCountsSomethingElse(t *testing.T) {
	t.Parallel()
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
	b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	b.customer("ACME")
	for range 12 {
		b.invoice("ACME", 100)
	}
	b.serveOptions(aiqtest.Options{PageSize: 5})
	if r, err := pull.Run(b.ctx, generous{b.client}, b.st, b.options(pull.Light)); err != nil || r.Transactions.New != 12 {
		t.Errorf("%+v, %v", r.Transactions, err)
	}
}

// generous counts one row more than there is.
type generous struct{ pull.Source }

func (g generous) CountTransactions(ctx context.Context, q accountsiq.TransactionQuery) (int, error) {
	n, err := g.Source.CountTransactions(ctx, q)
	return n + 1, err
}

// Pages of one list of ids that are refused now and then are not begun anew.
func TestRefusedPageOfIDsIsAskedAgainAlone(t *testing.T) {
	t.Parallel()
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
	b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	b.customer("ACME")
	var last aiqtest.Transaction
	for range 40 {
		last = b.invoice("ACME", 100)
	}
	b.serveOptions(aiqtest.Options{PageSize: 3})
	b.pull(pull.Light)
	b.later(72 * time.Hour)
	b.must(b.company.Dispute(last.ID))
	b.server.Fail(aiqtest.Fault{Kind: aiqtest.FailThrottle, Every: 4})
	var w waits
	o := b.options(pull.Thorough)
	o.Patience = w.patience(7 * time.Second)
	if _, err := pull.Run(b.ctx, b.client, b.st, o); err != nil {
		t.Fatalf("%v after %d pauses", err, len(w))
	}
	if row, err := b.st.Invoice(b.ctx, last.ID); err != nil || !row.Disputed {
		t.Errorf("%+v %v", row, err)
	}
}

// What no waiting cures is not waited for.
func TestRefusalsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	b, _ := faultBooks(t)
	b.server.Fail(aiqtest.Fault{Op: "GetCustomerList", Kind: aiqtest.FailCode, Code: "SECURITY_ACCESS_DENIED", Times: aiqtest.Always})
	var w waits
	o := b.options(pull.Light)
	o.Patience = w.patience(time.Hour)
	if _, err := pull.Run(b.ctx, b.client, b.st, o); !errors.Is(err, accountsiq.Permission) || len(w) > 0 {
		t.Errorf("%v after %v", err, w)
	}
}

// Every third call is one too many.
func TestThrottledLoadComesThrough(t *testing.T) {
	t.Parallel()
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.Seeded(3, start, aiqtest.Size{Customers: 30, Transactions: 300})
	b.company.SetClock(b.clock)
	b.serve()
	b.server.Fail(aiqtest.Fault{Kind: aiqtest.FailThrottle, Every: 3})
	var w waits
	o := b.options(pull.Light)
	o.Patience = w.patience(7 * time.Second) // enough for one pause after another
	r, err := pull.Run(b.ctx, b.client, b.st, o)
	b.must(err)
	if r.Transactions.New != len(b.company.Transactions()) || r.Customers.New != len(b.company.Customers()) || len(w) == 0 {
		t.Errorf("%+v after %d pauses", r, len(w))
	}
}

// Tokens that end between two pages are renewed, whichever of the two signals tells it.
func TestTokensEndBetweenPages(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]aiqtest.Signal{"flag": aiqtest.ByFlag, "code": aiqtest.ByCode, "both": aiqtest.ByBoth} {
		t.Run(name, func(t *testing.T) {
			b := &books{t: t, ctx: t.Context(), now: start}
			b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
			b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
			b.customer("ACME")
			for range 25 {
				b.invoice("ACME", 100)
			}
			b.serveOptions(aiqtest.Options{PageSize: 4})
			b.server.Fail(aiqtest.Fault{Op: "GetTransactionsBy", Kind: aiqtest.FailExpire, Signal: signal, Every: 2})
			if r := b.pull(pull.Light); r.Transactions.New != 25 {
				t.Errorf("%+v", r.Transactions)
			}
			if n := b.server.Calls("TokenRefresh"); n < 3 {
				t.Errorf("renewed %d times", n)
			}
		})
	}
}

// Rows that are deleted while pages are read push others onto pages that were read already; none is lost.
func TestRowsThatShiftBetweenPages(t *testing.T) {
	t.Parallel()
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
	b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	b.customer("ACME")
	var all []aiqtest.Transaction
	for range 20 {
		all = append(all, b.invoice("ACME", 100))
	}
	calls := 0
	b.serveOptions(aiqtest.Options{PageSize: 5, BeforeAnswer: func(c aiqtest.Call) {
		if c.Op != "GetTransactionsBy" {
			return
		}
		// Two rows of the first page go before the second and the third are read.
		if calls++; calls == 2 || calls == 3 {
			b.must(b.company.DeleteTransaction(all[calls].ID))
		}
	}})
	b.pull(pull.Light)
	for i, tx := range all {
		if i != 2 && i != 3 && b.outstanding(tx.ID) != "1.00" {
			t.Errorf("%s was lost", tx.Number)
		}
	}
	b.pull(pull.Thorough)
	sums, err := b.st.LedgerSums(b.ctx)
	if b.must(err); fmt.Sprint(sums[7]) != fmt.Sprint([]ledger.Money{eur(1800)}) {
		t.Errorf("sums %v", sums)
	}
}

// A first load that breaks off goes on at the window it had reached, and what changed meanwhile is not missed.
func TestFirstLoadGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	b := open(t, func(b *books) { b.customer("ACME") })
	var years []aiqtest.Transaction
	for year := 2022; year <= 2026; year++ {
		b.now = time.Date(year, 3, 1, 12, 0, 0, 0, time.UTC)
		years = append(years, b.invoice("ACME", 1000))
	}
	b.now = start
	b.server.Fail(aiqtest.Fault{Op: "GetTransactionsBy", Kind: aiqtest.FailDrop, Call: 9, Times: aiqtest.Always})
	if _, err := pull.Run(b.ctx, b.client, b.st, b.options(pull.Light)); err == nil {
		t.Fatal("the load did not break off")
	}
	b.server.ClearFaults()
	b.later(time.Hour)
	b.pay(years[0], 400) // of a year that was loaded
	fresh := b.invoice("ACME", 70)
	logged := len(b.server.Log())
	if r := b.pull(pull.Light); !r.Full {
		t.Errorf("%+v", r)
	}
	for _, c := range b.server.Log()[logged:] {
		if c.Op == "GetTransactionsBy" && strings.Contains(c.Body, "<FromCreationDate>2022-") {
			t.Error("the year that was there was read again")
		}
	}
	for i, want := range []string{"6.00", "10.00", "10.00", "10.00", "10.00"} {
		if got := b.outstanding(years[i].ID); got != want {
			t.Errorf("%d: outstanding %s, want %s", 2022+i, got, want)
		}
	}
	if b.outstanding(fresh.ID) != "0.70" {
		t.Error("what came while the load stood still was missed")
	}
	mark, _, err := b.st.Watermark(b.ctx, pull.Watermark)
	if b.must(err); mark.After(start.Add(time.Hour)) {
		t.Errorf("watermark %v", mark)
	}
	// Done is done: the next pull is a delta.
	if r := b.pull(pull.Light); r.Full || r.Changed() {
		t.Errorf("%+v", r)
	}
}
