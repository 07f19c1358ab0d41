package core_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/secret"
)

// world is a small company, its AccountsIQ and its mail server, with a clock in the test's hand.
type world struct {
	t       *testing.T
	ctx     context.Context
	mu      sync.Mutex
	now     time.Time
	company *aiqtest.Company
	aiq     *aiqtest.Server
	mail    *mailtest.Server
	behave  func(mailtest.Event) mailtest.Fate
	secrets secret.Store
	dir     string
	app     *core.App
	ids     int
}

// tuesday is a chase slot of the default settings: 10:00 in Dublin.
var tuesday = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) set(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

func (w *world) misbehave(f func(mailtest.Event) mailtest.Fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.behave = f
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, ctx: t.Context(), now: tuesday, secrets: secret.Memory(), dir: t.TempDir()}
	w.company = aiqtest.NewCompany("TEST01", "Test Trading Ltd", "EUR", w.clock)
	w.company.Locale, w.company.Country = "en-IE", "Ireland"
	w.company.UserKey, w.company.PartnerKey = "user-key-1", "partner-key-1"
	w.company.ClientID, w.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "client-secret-1"
	var err error
	if w.aiq, err = aiqtest.Start(aiqtest.Options{Now: w.clock, Company: w.company}); err != nil {
		t.Fatal(err)
	}
	w.mail, err = mailtest.Start(mailtest.Options{Users: map[string]string{"owner@test.example": "pw"}, ClearSignIn: true,
		Behave: func(e mailtest.Event) mailtest.Fate {
			w.mu.Lock()
			behave := w.behave
			w.mu.Unlock()
			if behave == nil {
				return mailtest.Fate{}
			}
			return behave(e)
		}})
	if err != nil {
		t.Fatal(err)
	}
	w.open()
	t.Cleanup(func() {
		w.app.Close()
		w.aiq.Close()
		w.mail.Close()
		for _, v := range w.aiq.Violations() {
			t.Error("breach of the AccountsIQ contract:", v)
		}
	})
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.app, err = core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"),
		NewID: func() string { w.ids++; return fmt.Sprintf("id-%04d", w.ids) }}, filepath.Join(w.dir, "data"))
	if err != nil {
		w.t.Fatal(err)
	}
}

// customer adds a customer with one address and an invoice of 100.00 that is so many days overdue at tuesday.
func (w *world) customer(code string, daysOverdue ...int) []aiqtest.Transaction {
	w.t.Helper()
	if _, err := w.company.AddCustomer(aiqtest.Customer{Code: code, Name: code + " Ltd", Email: strings.ToLower(code) + "@customer.example"}); err != nil {
		w.t.Fatal(err)
	}
	var out []aiqtest.Transaction
	for _, days := range daysOverdue {
		due := ledger.DateOf(tuesday).AddDays(-days)
		tx, err := w.company.AddInvoice(aiqtest.Entry{Customer: code, Amount: ledger.Money{Minor: 10000, Currency: "EUR"}, Issued: due.AddDays(-30), Due: due})
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, tx)
	}
	return out
}

func (w *world) pay(tx aiqtest.Transaction, minor int64) {
	w.t.Helper()
	r, err := w.company.AddReceipt(aiqtest.Entry{Customer: tx.AccountCode, Amount: ledger.Money{Minor: minor, Currency: "EUR"}, Issued: ledger.DateOf(w.clock())})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.company.Allocate(r.ID, tx.ID, minor); err != nil {
		w.t.Fatal(err)
	}
}

// setUp connects, confirms the business, adds the mailbox and starts chasing.
func (w *world) setUp() {
	w.t.Helper()
	w.must(second(w.app.Connect(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: "TEST01", UserKey: "user-key-1", PartnerKey: "partner-key-1"})))
	w.must(w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "owner@test.example", Name: "Owner", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw"}))
	w.must(w.app.StartChasing(w.ctx))
}

func second[T any](_ T, err error) error { return err }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run() core.RunView {
	w.t.Helper()
	v, err := w.app.Run(w.ctx, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func codeOf(err error) string {
	if p := core.ProblemOf(err); p != nil {
		return p.Code
	}
	return ""
}

func TestMainJob(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	paid := w.customer("BETA", 3)[0]
	w.customer("CURR", -20)
	w.pay(paid, 10000)
	w.setUp()
	v := w.run()
	if v.Sent != 1 || v.State != core.RunDone || v.Sync == nil || !v.Sync.OK {
		t.Fatalf("run: %+v", v)
	}
	got := w.mail.Messages()
	if len(got) != 1 || got[0].To[0] != "acme@customer.example" || got[0].From != "owner@test.example" {
		t.Fatalf("received: %+v", got)
	}
	p, err := got[0].Parse()
	w.must(err)
	if !strings.Contains(p.Text, "100.00") || !strings.Contains(p.HTML, "100.00") || p.Text == "" {
		t.Errorf("the mail does not name the amount:\n%s", p.Text)
	}
	box, err := w.app.Outbox(w.ctx)
	w.must(err)
	id, _ := p.Header.MessageID()
	if len(box) != 1 || box[0].State != "accepted" || box[0].MessageID != "<"+id+">" {
		t.Errorf("outbox %+v, Message-ID %q", box, id)
	}
	// The same day and the days after: nothing more until the next step is reached.
	w.set(w.clock().Add(time.Minute))
	if v := w.run(); v.Sent != 0 {
		t.Errorf("second run sent %d", v.Sent)
	}
	w.set(tuesday.AddDate(0, 0, 7))
	if v := w.run(); v.Sent != 1 {
		t.Errorf("at 15 days overdue the run sent %d", v.Sent)
	}
}

func TestR6_3PaidBetweenPlanAndSend(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	secondTx := w.customer("BBB", 8)[0]
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	// BBB pays while AAA's message is on its way.
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtEnd && e.Message == 1 {
			w.pay(secondTx, 10000)
		}
		return mailtest.Fate{}
	})
	v := w.run()
	if v.Sent != 1 || len(w.mail.Messages()) != 1 {
		t.Fatalf("sent %d, received %d", v.Sent, len(w.mail.Messages()))
	}
	for _, m := range v.Messages {
		if m.CustomerCode == "BBB" && (m.State != "cancelled" || m.Reason != "paid meanwhile") {
			t.Errorf("BBB's message: %s, %q", m.State, m.Reason)
		}
	}
}

func TestR6_3PartPaymentBetweenPlanAndSendChangesTheMail(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	b := w.customer("BBB", 8)[0]
	w.setUp()
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtEnd && e.Message == 1 {
			w.pay(b, 4000)
		}
		return mailtest.Fate{}
	})
	w.run()
	got := w.mail.Messages()
	if len(got) != 2 {
		t.Fatalf("received %d", len(got))
	}
	p, err := got[1].Parse()
	w.must(err)
	if !strings.Contains(p.Text, "60.00") {
		t.Errorf("the mail does not ask for what is left:\n%s", p.Text)
	}
}

func TestR6_1NothingGoesWithoutAFreshSync(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	w.aiq.Fail(aiqtest.Fault{Op: "GetTransactionsBy", Code: "CONFIGURATION_ERROR", Times: aiqtest.Always})
	_, err := w.app.Run(w.ctx, true)
	if err == nil {
		t.Fatal("the run went on without a sync")
	}
	if n := len(w.mail.Messages()); n != 0 {
		t.Errorf("%d messages went", n)
	}
	list, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	if len(list.IDs) != 1 {
		t.Errorf("the last good data is gone: %v", list)
	}
}

func TestR6_4CutOffAfterDataIsUncertainAndNeverGoesAgain(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtEnd {
			return mailtest.Fate{Drop: true, Keep: true}
		}
		return mailtest.Fate{}
	})
	v := w.run()
	if len(v.Messages) != 1 || v.Messages[0].State != "uncertain" {
		t.Fatalf("messages: %+v", v.Messages)
	}
	w.misbehave(nil)
	w.set(tuesday.Add(time.Hour))
	w.run()
	w.set(tuesday.AddDate(0, 0, 2))
	w.run()
	if n := len(w.mail.Messages()); n != 1 {
		t.Errorf("the customer got %d messages", n)
	}
}

func TestR6_5RefusalsStateByState(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.setUp()
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		switch {
		case e.Stage == mailtest.AtRcpt && e.To == "aaa@customer.example":
			return mailtest.Fate{Code: 550, Text: "5.1.1 no such user"}
		case e.Stage == mailtest.AtEnd:
			return mailtest.Fate{Code: 451, Text: "4.7.1 come back later"}
		}
		return mailtest.Fate{}
	})
	v := w.run()
	if len(v.Messages) != 2 || v.Messages[0].State != "refused" || !strings.Contains(v.Messages[0].Error, "550") || v.Messages[1].State != "queued" {
		t.Fatalf("messages: %+v", v.Messages)
	}
	id := v.Messages[1].MessageID
	w.misbehave(nil)
	// R6.5a: the next run goes on with the same Message-ID.
	w.set(tuesday.Add(5 * time.Minute))
	w.run()
	var goes []string
	for _, r := range w.mail.Messages() {
		p, err := r.Parse()
		w.must(err)
		m, _ := p.Header.MessageID()
		goes = append(goes, "<"+m+">")
	}
	if strings.Count(strings.Join(goes, " "), id) != 1 {
		t.Errorf("Message-IDs that went: %v, want %s once", goes, id)
	}
}

func TestR6_7RestoredDataFolderSendsNothingAgain(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	backup := filepath.Join(w.dir, "backup.db")
	w.must(w.app.Backup(w.ctx, backup))
	w.run()
	folder := w.app.Folder()
	w.must(w.app.Close())
	w.must(core.RestoreFile(w.ctx, folder, backup))
	w.open()
	w.set(tuesday.Add(time.Hour))
	w.run()
	if n := len(w.mail.Messages()); n != 1 {
		t.Errorf("the customer got %d messages", n)
	}
}

func TestR6_8FirstRunWaitsForApproval(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	v, err := w.app.Run(w.ctx, false)
	w.must(err)
	if v.State != core.RunWaiting || v.Left != 1 || len(w.mail.Messages()) != 0 {
		t.Fatalf("run %+v, received %d", v, len(w.mail.Messages()))
	}
	w.set(tuesday.Add(time.Minute))
	if v := w.run(); v.Sent != 1 {
		t.Fatalf("approved run: %+v", v)
	}
	if n := len(w.mail.Messages()); n != 1 {
		t.Errorf("received %d", n)
	}
}

func TestPausedUntilStarted(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.must(second(w.app.Connect(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: "TEST01", UserKey: "user-key-1", PartnerKey: "partner-key-1"})))
	w.must(w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "owner@test.example", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw"}))
	if v := w.run(); v.Sent+v.Left != 0 {
		t.Fatalf("before Start chasing the run did %+v", v)
	}
	d, err := w.app.Why(w.ctx, firstNumber(t, w))
	w.must(err)
	if d.Held == nil || d.Held.Reason != "paused" {
		t.Errorf("held: %+v", d.Held)
	}
}

func firstNumber(t *testing.T, w *world) string {
	t.Helper()
	list, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	rows, err := w.app.InvoicesByID(w.ctx, list.IDs)
	w.must(err)
	return rows[0].Number
}

func TestConnectRefusals(t *testing.T) {
	good := core.ConnectRequest{CompanyID: "TEST01", UserKey: "user-key-1", PartnerKey: "partner-key-1"}
	for name, c := range map[string]struct {
		change func(*world, *core.ConnectRequest)
		code   string
	}{
		"wrong key":            {func(_ *world, r *core.ConnectRequest) { r.UserKey = "other" }, "refused_key"},
		"no user key":          {func(_ *world, r *core.ConnectRequest) { r.UserKey = " , " }, "missing_user_key"},
		"no location":          {func(_ *world, r *core.ConnectRequest) { r.Location = "" }, "missing_location"},
		"http beyond loopback": {func(_ *world, r *core.ConnectRequest) { r.Location = "http://books.example" }, "insecure_location"},
		"nobody answers":       {func(_ *world, r *core.ConnectRequest) { r.Location = "http://127.0.0.1:1" }, "network"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := good
			r.Location = w.aiq.URL()
			c.change(w, &r)
			_, err := w.app.Connect(w.ctx, r)
			if codeOf(err) != c.code {
				t.Errorf("code %q, want %q: %v", codeOf(err), c.code, err)
			}
			if w.app.Folder() != "" {
				t.Error("something was stored")
			}
			if _, err := w.secrets.Get(w.ctx, "TEST01/user-key"); !errors.Is(err, secret.ErrNotFound) {
				t.Error("a secret was stored")
			}
		})
	}
}

func TestConnectCleansWhatWasPasted(t *testing.T) {
	w := newWorld(t)
	res, err := w.app.Connect(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: " TEST01,\r\n", UserKey: "user-key-1\n", PartnerKey: "partner-key-1"})
	w.must(err)
	if strings.Join(res.Cleaned, "|") != "Company ID|User Key" {
		t.Errorf("cleaned %v", res.Cleaned)
	}
	if res.Suggest != (core.Account{Name: "Test Trading Ltd", Country: "IE", Timezone: "Europe/Dublin", Currency: "EUR"}) {
		t.Errorf("suggested %+v", res.Suggest)
	}
}

func TestR3_6SkippedStepCountsAsDone(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.customer("BETA", 8)
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	next, err := w.app.Upcoming(w.ctx)
	w.must(err)
	if len(next) != 2 || next[0].CustomerCode != "ACME" || !strings.Contains(next[0].Text, "100.00") {
		t.Fatalf("upcoming %+v", next)
	}
	w.must(w.app.Skip(w.ctx, next[0].ID))
	v := w.run()
	if v.Sent != 1 || v.Messages[0].CustomerCode != "BETA" {
		t.Errorf("sent %+v", v.Messages)
	}
	// The step after it goes as usual.
	w.set(tuesday.AddDate(0, 0, 7))
	if v := w.run(); v.Sent != 2 {
		t.Errorf("at the next step: sent %d", v.Sent)
	}
	box, err := w.app.Outbox(w.ctx)
	w.must(err)
	for _, m := range box {
		if m.Kind == "skip" {
			t.Error("a skipped step is listed like a message")
		}
	}
}
