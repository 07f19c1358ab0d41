package core_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

const getPDF = "GetInvoicePDFByTransactionID"

// attached lists the files of the latest message, and fails when one is no PDF.
func (w *world) attached() (names []string) {
	w.t.Helper()
	all := w.mail.Messages()
	if len(all) == 0 {
		w.t.Fatal("nothing was sent")
	}
	p, err := all[len(all)-1].Parse()
	w.must(err)
	if p.Text == "" || p.HTML == "" {
		w.t.Error("the message lost its text")
	}
	for _, a := range p.Attachments {
		if a.Type != "application/pdf" || !bytes.HasPrefix(a.Data, []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(a.Data), []byte("%%EOF")) {
			w.t.Errorf("%s is %s of %d bytes", a.Name, a.Type, len(a.Data))
		}
		names = append(names, a.Name)
	}
	return names
}

func (w *world) wantAttached(want ...string) {
	w.t.Helper()
	if got := w.attached(); !slices.Equal(got, want) {
		w.t.Errorf("attached %q, want %q", got, want)
	}
}

func TestNothingIsAttachedUnasked(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.run()
	w.wantAttached()
	if n := w.aiq.Calls(getPDF); n != 0 {
		t.Errorf("AccountsIQ was asked for %d copies", n)
	}
}

func TestR5_6ReminderCarriesItsInvoices(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8, 9)
	w.setUp()
	w.on("attach.invoices", "true")
	w.run()
	w.wantAttached("Invoice "+inv[1].Number+".pdf", "Invoice "+inv[0].Number+".pdf")
	w.wantActivity("With 2 invoice copies.")
	if n := w.aiq.Calls(getPDF); n != 2 {
		t.Errorf("AccountsIQ was asked for %d copies, want 2", n)
	}
	// The next reminder takes them from the folder; the one that was edited is fetched anew.
	w.set(tuesday.AddDate(0, 0, 7))
	w.must(w.company.SetDueDate(inv[0].ID, inv[0].Due.AddDays(-1)))
	w.run()
	if len(w.attached()) != 2 || w.aiq.Calls(getPDF) != 3 {
		t.Errorf("attached %q after %d calls, want 2 after 3", w.attached(), w.aiq.Calls(getPDF))
	}
}

func TestAJournalHasNoCopy(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME")
	due := ledger.DateOf(tuesday).AddDays(-8)
	tx, err := w.company.Post(ledger.SalesDebitJournal, aiqtest.Entry{Customer: "ACME", Amount: ledger.Money{Minor: 10000, Currency: "EUR"}, Issued: due, Due: due})
	w.must(err)
	w.setUp()
	w.on("attach.invoices", "true")
	w.on("attach.missing", "hold")
	if v := w.run(); v.Sent != 1 {
		t.Fatalf("%+v", v)
	}
	w.wantAttached()
	if _, err := w.app.InvoicePDF(w.ctx, tx.ID); codeOf(err) != "no_copy" {
		t.Errorf("error %v", err)
	}
	if n := w.aiq.Calls(getPDF); n != 0 {
		t.Errorf("AccountsIQ was asked for %d copies", n)
	}
}

// batch posts an invoice without a document, of which AccountsIQ has no copy.
func (w *world) batch(code string, daysOverdue int) aiqtest.Transaction {
	w.t.Helper()
	due := ledger.DateOf(tuesday).AddDays(-daysOverdue)
	tx, err := w.company.AddInvoice(aiqtest.Entry{Customer: code, Batch: true, Amount: ledger.Money{Minor: 10000, Currency: "EUR"}, Issued: due.AddDays(-30), Due: due})
	w.must(err)
	return tx
}

func TestACopyIsMissing(t *testing.T) {
	t.Run("send", func(t *testing.T) {
		w := newWorld(t)
		inv := w.customer("ACME", 8)[0]
		tx := w.batch("ACME", 9)
		w.setUp()
		w.on("attach.invoices", "true")
		if v := w.run(); v.Sent != 1 {
			t.Fatalf("%+v", v)
		}
		w.wantAttached("Invoice " + inv.Number + ".pdf")
		w.wantActivity("With 1 invoice copy. AccountsIQ gave no copy of invoice " + tx.Number + ".")
	})
	t.Run("hold", func(t *testing.T) {
		w := newWorld(t)
		w.customer("AAA", 8)
		w.customer("BBB")
		tx := w.batch("BBB", 8)
		w.ready()
		w.on("attach.invoices", "true")
		w.on("attach.missing", "hold")
		w.at(tuesday)
		w.wantReminded("aaa")
		m := w.only("BBB")
		if m.State != "queued" || !strings.HasPrefix(m.Reason, "There is no copy of invoice "+tx.Number+" to send with it") || m.Error != "" {
			t.Errorf("BBB's message: %s, %q, %q", m.State, m.Reason, m.Error)
		}
		d, err := w.app.Why(w.ctx, tx.Number)
		w.must(err)
		if !strings.Contains(d.Sentence, "A reminder waits in the Outbox: There is no copy of invoice "+tx.Number) {
			t.Errorf("why: %q", d.Sentence)
		}
		w.tickTo(tuesday.Add(10 * time.Minute))
		w.wantReminded("aaa")
		// The owner changes his mind.
		w.on("attach.missing", "send")
		w.tickTo(tuesday.Add(30 * time.Minute))
		w.wantReminded("aaa", "bbb")
		if now := w.only("BBB"); now.MessageID != m.MessageID || now.State != "accepted" {
			t.Errorf("it went as %s, %s, planned as %s", now.MessageID, now.State, m.MessageID)
		}
	})
	t.Run("paid while it was held", func(t *testing.T) {
		w := newWorld(t)
		w.customer("BBB")
		tx := w.batch("BBB", 8)
		w.ready()
		w.on("attach.invoices", "true")
		w.on("attach.missing", "hold")
		w.at(tuesday)
		w.wantOutboxState("BBB", "queued")
		w.pay(tx, 10000)
		w.tickTo(tuesday.Add(10 * time.Minute))
		w.wantOutbox("BBB cancelled: paid meanwhile")
	})
	t.Run("held beyond the window", func(t *testing.T) {
		w := newWorld(t)
		w.customer("BBB")
		w.batch("BBB", 8)
		w.ready()
		w.on("attach.invoices", "true")
		w.on("attach.missing", "hold")
		w.at(tuesday)
		m := w.only("BBB")
		w.at(tuesday.Add(5 * time.Hour))
		w.wantOutboxState("BBB", "queued")
		w.on("attach.invoices", "false")
		w.slot(thursday)
		w.wantReminded("bbb")
		if now := w.only("BBB"); now.MessageID != m.MessageID {
			t.Errorf("the next run made another message: %s", now.MessageID)
		}
	})
}

// only is the only message of a customer.
func (w *world) only(code string) store.Message {
	w.t.Helper()
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{AccountID: w.account(code)})
	w.must(err)
	if len(list) != 1 {
		w.t.Fatalf("%s has %d messages", code, len(list))
	}
	return list[0]
}

func (w *world) wantOutboxState(code, state string) {
	w.t.Helper()
	if got := w.only(code).State; got != state {
		w.t.Errorf("the message of %s is %s, want %s", code, got, state)
	}
}

// What may pass is not a missing copy: the message waits, even where one goes without a copy.
func TestACopyCannotBeFetchedForTheMoment(t *testing.T) {
	for name, fault := range map[string]aiqtest.Fault{
		"throttled":      {Kind: aiqtest.FailThrottle},
		"no connection":  {Kind: aiqtest.FailDrop},
		"server is down": {Kind: aiqtest.FailHTTP, Status: 503},
		"half an answer": {Kind: aiqtest.FailCutOff},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			inv := w.customer("AAA", 8)[0]
			w.customer("BBB", 8)
			w.ready()
			w.on("attach.invoices", "true")
			fault.Op = getPDF
			w.aiq.Fail(fault)
			w.at(tuesday)
			w.wantReminded("bbb") // the others go
			m := w.only("AAA")
			if m.State != "queued" || !strings.HasPrefix(m.Error, "the copy of invoice "+inv.Number+": ") || m.Attempts != 1 {
				t.Errorf("%s, %q, %d attempts", m.State, m.Error, m.Attempts)
			}
			w.tickTo(tuesday.Add(5 * time.Minute))
			w.wantReminded("bbb", "aaa")
			w.wantAttached("Invoice " + inv.Number + ".pdf")
			if now := w.only("AAA"); now.MessageID != m.MessageID {
				t.Errorf("it went as %s, planned as %s", now.MessageID, m.MessageID)
			}
		})
	}
}

// A fault of the one operation that never goes away keeps no reminder back for ever.
func TestAFaultThatStaysIsAMissingCopy(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.ready()
	w.on("attach.invoices", "true")
	w.aiq.Fail(aiqtest.Fault{Op: getPDF, Kind: aiqtest.FailSOAP, Times: aiqtest.Always})
	w.at(tuesday)
	w.wantReminded()
	w.tickTo(tuesday.Add(30 * time.Minute))
	w.wantReminded("aaa")
	w.wantAttached()
	w.wantActivity("AccountsIQ gave no copy of invoice")
	if n := w.aiq.Calls(getPDF); n != 4 {
		t.Errorf("%d attempts", n)
	}
}

// R6.4: copies are there before the intent to send is recorded, and a payment that comes while they are fetched
// is seen.
func TestCopiesAreFetchedBeforeTheLastLook(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("AAA", 8)[0]
	w.customer("BBB", 8)
	w.ready()
	w.on("attach.invoices", "true")
	wire := w.listen()
	fetched := 0
	wire.heard = func(op, moment string) {
		if op != getPDF {
			return
		}
		if state := w.only("AAA").State; moment == before && fetched == 0 && state != "approved" {
			t.Errorf("the copy is fetched while the message is %s", state)
		}
		if moment == after {
			if fetched++; fetched == 1 {
				w.pay(inv, 10000)
			}
		}
	}
	w.at(tuesday)
	w.wantReminded("bbb")
	w.wantOutbox("AAA cancelled: paid meanwhile", "BBB accepted")
}

// An invoice that is edited while its copy is on the way goes with the copy of what it is now.
func TestEditedWhileItsCopyIsFetched(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("AAA", 8)[0]
	w.ready()
	w.on("attach.invoices", "true")
	wire := w.listen()
	edited := false
	wire.heard = func(op, moment string) {
		if op == getPDF && moment == after && !edited {
			edited = true
			w.must(w.company.SetDueDate(inv.ID, inv.Due.AddDays(-1)))
		}
	}
	w.at(tuesday)
	w.wantReminded("aaa")
	if len(w.attached()) != 1 || w.aiq.Calls(getPDF) != 2 {
		t.Errorf("attached %q after %d calls, want 1 after 2", w.attached(), w.aiq.Calls(getPDF))
	}
}

// The copy of the edited invoice takes its time too, and the customer pays meanwhile.
func TestPaidWhileTheSecondCopyIsFetched(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("AAA", 8)[0]
	w.ready()
	w.on("attach.invoices", "true")
	wire := w.listen()
	copies := 0
	wire.heard = func(op, moment string) {
		if op != getPDF || moment != after {
			return
		}
		if copies++; copies == 1 {
			w.must(w.company.SetDueDate(inv.ID, inv.Due.AddDays(-1)))
		} else {
			w.pay(inv, 10000)
		}
	}
	w.at(tuesday)
	w.wantReminded()
	w.wantOutbox("AAA cancelled: paid meanwhile")
}

// An invoice that never stands still does not keep the others from going.
func TestAnInvoiceThatKeepsChanging(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("AAA", 8)[0]
	w.customer("BBB", 8)
	w.ready()
	w.on("attach.invoices", "true")
	wire := w.listen()
	wire.heard = func(op, moment string) {
		if op == getPDF && moment == after {
			tx, _ := w.company.Transaction(inv.ID)
			w.must(w.company.SetDueDate(inv.ID, tx.Due.AddDays(-1)))
		}
	}
	w.at(tuesday)
	w.wantReminded("bbb")
	w.wantOutboxState("AAA", "queued")
}

func TestKilledWhileACopyIsFetched(t *testing.T) {
	for _, moment := range []string{before, after} {
		w := newWorld(t)
		inv := w.customer("AAA", 8, 9)
		w.ready()
		w.on("attach.invoices", "true")
		w.listen().dieAt(getPDF, moment, 2)
		w.set(tuesday)
		w.dies(w.look)
		w.wantOutboxState("AAA", "approved")
		w.at(tuesday.Add(time.Minute))
		w.wantReminded("aaa")
		w.wantAttached("Invoice "+inv[1].Number+".pdf", "Invoice "+inv[0].Number+".pdf")
		w.tickTo(tuesday.Add(5 * time.Minute))
		w.wantReminded("aaa")
		if n := w.aiq.Calls(getPDF); n > 3 {
			t.Errorf("%s: the copy that was kept was fetched again: %d calls", moment, n)
		}
	}
}

func TestInvoicePDF(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	for range 2 {
		pdf, err := w.app.InvoicePDF(w.ctx, inv.ID)
		w.must(err)
		if pdf.Name != "Invoice "+inv.Number+".pdf" || !bytes.HasPrefix(pdf.Data, []byte("%PDF-")) {
			t.Errorf("%q of %d bytes", pdf.Name, len(pdf.Data))
		}
	}
	if n := w.aiq.Calls(getPDF); n != 1 {
		t.Errorf("AccountsIQ was asked %d times", n)
	}
	styles, err := w.app.ReportStyles(w.ctx)
	w.must(err)
	if len(styles) == 0 {
		t.Fatal("no styles")
	}
	w.on("pdf.style", styles[0])
	w.must(second(w.app.InvoicePDF(w.ctx, inv.ID)))
	if n := w.aiq.Calls("GetInvoicePDFByTransactionIDAndReportStyleName"); n != 1 {
		t.Errorf("AccountsIQ was asked %d times for the copy in a style", n)
	}
	if _, err := w.app.InvoicePDF(w.ctx, 999_999); codeOf(err) != "unknown_invoice" {
		t.Errorf("error %v", err)
	}
}

// A folder that cannot be used costs another request and nothing else.
func TestCopiesThatCannotBeKeptAreDelivered(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.setUp()
	w.on("attach.invoices", "true")
	w.must(os.WriteFile(filepath.Join(w.app.Folder(), "copies"), []byte("in the way"), 0o600))
	w.must(second(w.app.Sync(w.ctx, false)))
	if pdf, err := w.app.InvoicePDF(w.ctx, inv.ID); err != nil || len(pdf.Data) == 0 {
		t.Error(err)
	}
	w.run()
	w.wantAttached("Invoice " + inv.Number + ".pdf")
}

// hook is a log that does something as soon as something is logged.
type hook struct {
	slog.Handler
	do func()
}

func (h hook) Handle(context.Context, slog.Record) error { h.do(); return nil }
func (h hook) Enabled(context.Context, slog.Level) bool  { return true }

// While a copy is looked for another company is opened, whose AccountsIQ has an invoice of the same id. It is not asked.
func TestACopyIsNeverAskedOfAnotherCompany(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	other := w.another("SECOND")
	w.must(w.app.Close())
	switched := false
	var err error
	w.app, err = core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"),
		NewID: func() string { w.ids++; return fmt.Sprintf("id-%04d", w.ids) },
		Logger: slog.New(hook{slog.DiscardHandler, func() {
			if !switched {
				switched = true
				w.must(w.app.UseCompany(w.ctx, "SECOND"))
			}
		}})}, filepath.Join(w.dir, "data"))
	w.must(err)
	switched = true
	w.connect(other, "SECOND")
	w.must(second(w.app.Sync(w.ctx, false)))
	theirs, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	if !slices.Contains(theirs.IDs, inv.ID) {
		t.Fatalf("the other company has the invoices %v, not %d", theirs.IDs, inv.ID)
	}
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	// The folder of copies cannot be made, which is logged between the look at the invoice and the call.
	w.must(os.WriteFile(filepath.Join(w.app.Folder(), "copies"), nil, 0o600))
	switched = false
	pdf, err := w.app.InvoicePDF(w.ctx, inv.ID)
	if !switched {
		t.Fatal("the company was never switched")
	}
	if err == nil {
		t.Errorf("got %s of %d bytes", pdf.Name, len(pdf.Data))
	}
	if n := other.Calls(getPDF); n != 0 {
		t.Errorf("the other company was asked %d times", n)
	}
}

func TestUnknownLayoutIsRefused(t *testing.T) {
	w := newWorld(t)
	w.setUp()
	err := w.app.SetSetting(w.ctx, "pdf.style", "Nonsense")
	if p := core.ProblemOf(err); p == nil || p.Code != "unknown_style" || !strings.Contains(p.Hint, "Standard") {
		t.Errorf("%+v", p)
	}
	// AccountsIQ that cannot be asked has no objection.
	w.aiq.Fail(aiqtest.Fault{Op: "GetReportStyles", Kind: aiqtest.FailHTTP, Status: 503, Times: aiqtest.Always})
	w.must(w.app.SetSetting(w.ctx, "pdf.style", "Nonsense"))
}
