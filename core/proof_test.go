package core_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
)

// R2.2, 11: a customer whose open items do not add up to AccountsIQ's balance is not chased, the sync and the
// customer's page say both figures, and Activity tells of it once and again when it is over.
func TestR2_2_11ABalanceThatDiffersHoldsTheCustomer(t *testing.T) {
	w := newWorld(t)
	acme := w.customer("ACME", 8)[0]
	w.customer("BETA", 8)
	w.company.SkewBalance("ACME", 2345)
	w.setUp()
	v := w.run()
	if v.Sent != 1 || len(v.Sync.Mismatches) != 1 || v.Sync.Mismatches[0] != "ACME" {
		t.Fatalf("sent %d, sync %+v", v.Sent, v.Sync)
	}
	d := v.Sync.Differences[0]
	if d.Reported.String() != "123.45" || d.Ours.String() != "100.00" || d.CustomerName != "ACME Ltd" {
		t.Errorf("%+v", d)
	}
	why, err := w.app.Why(w.ctx, acme.Number)
	w.must(err)
	if why.Held == nil || why.Held.Reason != "balance_mismatch" || !strings.Contains(why.Sentence, "123.45 EUR") || !strings.Contains(why.Sentence, "100.00 EUR") {
		t.Errorf("held: %+v, %q", why.Held, why.Sentence)
	}
	if text, err := json.Marshal(v.Sync); err != nil || !strings.Contains(string(text), `"mismatches":["ACME"]`) || !strings.Contains(string(text), `"reported":"123.45","ours":"100.00"`) {
		t.Errorf("%s %v", text, err)
	}
	id, err := w.app.CustomerID(w.ctx, "ACME")
	w.must(err)
	page, err := w.app.Customer(w.ctx, id)
	if w.must(err); len(page.Differences) != 1 || page.Differences[0].Reported.String() != "123.45" {
		t.Errorf("page: %+v", page.Differences)
	}
	over, err := w.app.Overview(w.ctx)
	if w.must(err); over.Mismatches != 1 {
		t.Errorf("%d mismatches", over.Mismatches)
	}
	w.set(w.clock().Add(time.Minute))
	w.must(second(w.app.Sync(w.ctx, false)))
	w.company.SkewBalance("ACME", 0)
	w.set(w.clock().Add(time.Minute))
	w.must(second(w.app.Sync(w.ctx, false)))
	told := 0
	events, err := w.app.Activity(w.ctx, 100)
	w.must(err)
	for _, e := range events {
		if e.Kind == "balance" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("Activity tells of it %d times, want once and once that it is over", told)
	}
	if v := w.run(); v.Sent != 1 || len(v.Sync.Mismatches) != 0 {
		t.Errorf("put right: sent %d, %+v", v.Sent, v.Sync)
	}
}

// Each payment is read before the balances are compared again; in between it must not look like a difference, nor
// may a difference that stands be made up for by a payment of the same amount.
func TestAPaymentIsNoDifference(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	b := w.customer("BBB", 8, 7)
	c := w.customer("CCC", 8, 7)
	w.company.SkewBalance("CCC", -10000)
	w.setUp()
	// While the first message is on its way BBB pays one of two invoices, and CCC just as much as the two figures
	// of its balance are apart.
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtEnd && e.Message == 1 {
			w.pay(b[0], 10000)
			w.pay(c[0], 10000)
		}
		return mailtest.Fate{}
	})
	v := w.run()
	sent := map[string]string{}
	for _, m := range v.Messages {
		sent[m.CustomerCode] = m.State
	}
	if sent["AAA"] != "accepted" || sent["BBB"] != "accepted" || sent["CCC"] != "" {
		t.Errorf("messages: %v", sent)
	}
	p, err := w.mail.Messages()[1].Parse()
	w.must(err)
	if strings.Contains(p.Text, "200.00") || !strings.Contains(p.Text, "100.00") {
		t.Errorf("BBB is asked for:\n%s", p.Text)
	}
}

// Hidden credits: as long as AccountsIQ does not hand out a receipt that it counts, nobody is chased for what it paid.
func TestAHiddenReceiptHoldsTheCustomer(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.setUp()
	r, err := w.company.AddReceipt(aiqtest.Entry{Customer: "ACME", Amount: ledger.Money{Minor: 10000, Currency: "EUR"}})
	w.must(err)
	w.must(w.company.HideItem(r.ID))
	if v := w.run(); v.Sent != 0 || len(v.Sync.Mismatches) != 1 {
		t.Fatalf("sent %d, %+v", v.Sent, v.Sync.Mismatches)
	}
	w.must(w.company.ShowItem(r.ID))
	w.must(second(w.company.Allocate(r.ID, inv.ID, 10000)))
	w.set(w.clock().Add(time.Minute))
	v, err := w.app.Sync(w.ctx, false)
	if w.must(err); len(v.Mismatches) != 0 {
		t.Errorf("%+v", v)
	}
	if d, err := w.app.InvoiceByNumber(w.ctx, inv.Number); err != nil || d.Status != "paid" {
		t.Errorf("%+v %v", d, err)
	}
}
