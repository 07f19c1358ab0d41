package core_test

import (
	"crypto/rand"
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

// These tests try to bring about a reminder that is wrong, goes twice, or is lost without a word.

// lastText is the plain text of the latest message.
func (w *world) lastText() string {
	w.t.Helper()
	all := w.mail.Messages()
	if len(all) == 0 {
		w.t.Fatal("nothing was sent")
	}
	p, err := all[len(all)-1].Parse()
	w.must(err)
	return p.Text
}

// What the owner or AccountsIQ changes between the plan and the send counts, also when the last look at
// AccountsIQ finds nothing new because a sync brought it before (R6.3).
func TestR6_3ChangedBetweenPlanAndSend(t *testing.T) {
	type change struct {
		do     func(w *world, b aiqtest.Transaction)
		reason string // why BBB's message does not go
	}
	for name, c := range map[string]change{
		"customer stopped": {func(w *world, b aiqtest.Transaction) { w.must(w.app.StopCustomer(w.ctx, b.AccountID)) }, "Chasing is off for this customer"},
		"customer held": {func(w *world, b aiqtest.Transaction) {
			w.must(w.app.HoldCustomer(w.ctx, b.AccountID, ledger.DateOf(thursday)))
		}, "changed meanwhile"},
		"invoice stopped":   {func(w *world, b aiqtest.Transaction) { w.must(w.app.StopInvoice(w.ctx, b.ID)) }, "changed meanwhile"},
		"invoice held":      {func(w *world, b aiqtest.Transaction) { w.must(w.app.HoldInvoice(w.ctx, b.ID, ledger.DateOf(thursday))) }, "changed meanwhile"},
		"payment expected":  {func(w *world, b aiqtest.Transaction) { w.must(w.app.SetExpected(w.ctx, b.ID, ledger.DateOf(thursday))) }, "changed meanwhile"},
		"disputed by us":    {func(w *world, b aiqtest.Transaction) { w.must(w.app.SetDisputed(w.ctx, b.ID, true)) }, "dispute"},
		"disputed there":    {func(w *world, b aiqtest.Transaction) { w.must(w.company.Dispute(b.ID)) }, "dispute"},
		"due later":         {func(w *world, b aiqtest.Transaction) { w.must(w.company.SetDueDate(b.ID, ledger.DateOf(tuesday))) }, "not due any more"},
		"deleted there":     {func(w *world, b aiqtest.Transaction) { w.must(w.company.DeleteTransaction(b.ID)) }, ""},
		"reversed there":    {func(w *world, b aiqtest.Transaction) { w.must(second(w.company.Reverse(b.ID))) }, ""},
		"paid":              {func(w *world, b aiqtest.Transaction) { w.pay(b, b.Amount.Minor) }, "paid meanwhile"},
		"no schedule":       {func(w *world, _ aiqtest.Transaction) { w.must(w.app.SetSetting(w.ctx, "default_schedule", "")) }, "changed meanwhile"},
		"below the minimum": {func(w *world, _ aiqtest.Transaction) { w.must(w.app.SetSetting(w.ctx, "minimum", "100.01")) }, "changed meanwhile"},
	} {
		check := func(t *testing.T, w *world) {
			t.Helper()
			for _, m := range w.outbox() {
				if strings.HasPrefix(m, "BBB") && (!strings.HasPrefix(m, "BBB cancelled: ") || !strings.Contains(m, c.reason)) {
					t.Errorf("%s, want a reason with %q", m, c.reason)
				}
			}
			if got := w.reminded(); slices.Contains(got, "bbb") {
				t.Errorf("reminded %v", got)
			}
		}
		t.Run(name+" during the run", func(t *testing.T) {
			w := newWorld(t)
			w.customer("AAA", 8)
			b := w.customer("BBB", 8)[0]
			w.ready()
			w.during(func() { c.do(w, b) })
			w.at(tuesday)
			w.wantReminded("aaa")
			check(t, w)
			if len(w.outbox()) != 2 {
				t.Errorf("outbox %v", w.outbox())
			}
		})
		t.Run(name+" while it waited for approval", func(t *testing.T) {
			w := newWorld(t)
			b := w.customer("BBB", 8)[0]
			w.ready()
			w.must(w.app.SetSetting(w.ctx, "approval", "always"))
			w.at(tuesday)
			w.wantOutbox("BBB planned")
			c.do(w, b)
			w.tickTo(tuesday.Add(16 * time.Minute)) // a sync in the background has seen it
			w.approveAll()
			w.look()
			check(t, w)
		})
	}
}

func TestPausedBetweenPlanAndSend(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.ready()
	w.during(func() { w.must(w.app.Pause(w.ctx, ledger.Date{})) })
	w.at(tuesday)
	w.wantReminded("aaa")
	w.wantOutbox("AAA accepted", "BBB cancelled: chasing was paused meanwhile")
}

func TestPausedWhileMessagesWait(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	w.approveAll()
	w.must(w.app.Pause(w.ctx, ledger.Date{}))
	w.tickTo(tuesday.Add(5 * time.Minute))
	w.wantReminded()
	w.at(tuesday.Add(4 * time.Hour))
	w.wantOutbox("ACME cancelled: its time was over before it could go")
}

func (w *world) approveAll() {
	w.t.Helper()
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{States: []string{"planned"}})
	w.must(err)
	for _, m := range list {
		w.must(w.app.Approve(w.ctx, []string{m.ID}))
	}
}

func TestR6_3RecipientsChangedBetweenPlanAndSend(t *testing.T) {
	w := newWorld(t)
	w.customer("BBB", 8)
	w.must(w.company.AddContact(ledger.Contact{AccountCode: "BBB", Name: "Boss", Email: "boss@customer.example"}))
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	w.must(w.app.SetRecipient(w.ctx, w.account("BBB"), core.EmailView{Email: "bbb@customer.example"}))
	w.must(w.app.SetRecipient(w.ctx, w.account("BBB"), core.EmailView{Email: "boss@customer.example", Normal: true}))
	w.approveAll()
	w.look()
	w.wantReminded("boss")
}

// A schedule that is edited between plan and send decides what goes, and the new step is the one that is recorded.
func TestR6_3ScheduleEditedBetweenPlanAndSend(t *testing.T) {
	w := newWorld(t)
	w.customer("BBB", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	w.must(second(w.app.ImportSchedule(w.ctx, strings.NewReader(`{"name": "Default", "overdue": [{"offset": 5}, {"offset": 40}]}`))))
	w.approveAll()
	w.look()
	w.wantReminded("bbb")
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{States: []string{"accepted"}, Kinds: []string{"overdue"}})
	w.must(err)
	if len(list) != 1 || list[0].Offset != 5 || list[0].Invoices[0].Offset != 5 {
		t.Errorf("recorded: %+v", list)
	}
}

// In the mode "by equal settings" a change of due date moves an invoice into the group of another one that has
// gone in the same run already: that one must not go twice on one day (R4.5).
func TestR4_5NoInvoiceTwiceOnOneDay(t *testing.T) {
	w := newWorld(t)
	w.must(second(w.company.AddCustomer(aiqtest.Customer{Code: "ACME", Name: "Acme Ltd", Email: "acme@customer.example"})))
	day := ledger.DateOf(tuesday)
	var tx []aiqtest.Transaction
	for _, age := range []int{31, 2} { // escalated, and not
		x, err := w.company.AddInvoice(aiqtest.Entry{Customer: "ACME", Amount: ledger.Money{Minor: 10000, Currency: "EUR"}, Issued: day.AddDays(-age - 30), Due: day.AddDays(-age)})
		w.must(err)
		tx = append(tx, x)
	}
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "grouping", "by_settings"))
	w.during(func() { w.must(w.company.SetDueDate(tx[1].ID, day.AddDays(-33))) })
	w.at(tuesday)
	listed := map[string]int{}
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{States: []string{"accepted"}, Kinds: []string{"overdue"}})
	w.must(err)
	for _, m := range list {
		for _, i := range m.Invoices {
			listed[i.Number]++
		}
	}
	if len(list) != 2 || listed[tx[0].Number] != 1 || listed[tx[1].Number] != 1 {
		t.Errorf("%d messages, listed %v", len(list), listed)
	}
}

// An invoice that was in the message before the due date becomes overdue by a change in AccountsIQ, while the same
// run still has the customer's message about overdue ones to send: it is in none of the two twice (R4.5).
func TestR4_5NotInBothMessagesOfOneRun(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", -5, 8) // before due by the step of -7, and overdue
	w.ready()
	w.during(func() {
		w.must(w.company.SetDueDate(inv[0].ID, ledger.DateOf(tuesday).AddDays(-2)))
		w.set(tuesday.Add(16 * time.Minute)) // so that the next look syncs, and finds it
	})
	w.at(tuesday)
	w.wantReminded("acme", "acme")
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{States: []string{"accepted"}, Kinds: []string{"overdue"}})
	w.must(err)
	if len(list) != 1 || len(list[0].Invoices) != 1 || list[0].Invoices[0].TransactionID != inv[1].ID {
		t.Errorf("the second message: %+v", list)
	}
}

// A template that cannot be filled for one customer is that customer's trouble alone (R6.5), and is said.
func TestTemplateFailsForOneCustomer(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8, 9) // two invoices, for which a template of one does not do
	w.customer("CCC", 8)
	w.ready()
	w.must(w.app.Store().Tx(w.ctx, func(tx *store.Tx) error {
		return tx.SaveTemplate(w.ctx, store.Template{Name: "Mine", Kind: "single", Subject: "Invoice {{invoice_number}}", Body: "Please pay {{invoice_number}}."})
	}))
	w.must(second(w.app.ImportSchedule(w.ctx, strings.NewReader(`{"name": "Default", "overdue": [{"offset": 1, "multi_template": "Mine"}]}`))))
	w.at(tuesday)
	w.wantReminded("aaa", "ccc")
	w.wantOutbox("AAA accepted", "BBB refused", "CCC accepted")
	w.wantActivity("The message to BBB could not be written")
	w.wantRuns("12 done")
	// Nothing is lost: when the schedule is mended it goes.
	w.must(second(w.app.ImportSchedule(w.ctx, strings.NewReader(`{"name": "Default", "overdue": [{"offset": 1}]}`))))
	w.at(thursday)
	w.wantReminded("aaa", "ccc", "bbb")
}

func TestMailboxRemovedBetweenPlanAndSend(t *testing.T) {
	t.Run("another one is there", func(t *testing.T) {
		w := newWorld(t)
		w.customer("AAA", 8)
		w.customer("BBB", 8)
		w.ready()
		w.must(w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "second@test.example", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw", Roles: []string{"normal"}}))
		w.during(func() { w.must(w.app.RemoveMailbox(w.ctx, "owner@test.example")) })
		w.at(tuesday)
		w.wantReminded("aaa", "bbb")
		all := w.mail.Messages()
		if from := all[len(all)-1].From; from != "second@test.example" {
			t.Errorf("BBB's message is from %s", from)
		}
	})
	t.Run("it was the only one", func(t *testing.T) {
		w := newWorld(t)
		w.customer("AAA", 8)
		w.customer("BBB", 8)
		w.ready()
		w.during(func() { w.must(w.app.RemoveMailbox(w.ctx, "owner@test.example")) })
		w.at(tuesday)
		w.wantReminded("aaa")
		w.wantOutbox("AAA accepted", "BBB approved")
		w.must(w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "owner@test.example", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw"}))
		w.at(tuesday.Add(10 * time.Minute))
		w.wantReminded("aaa", "bbb")
	})
}

// R6.7: the copy that is put back was made while the messages waited, so it knows them, but not that they went.
func TestR6_7CopyWithMessagesThatWait(t *testing.T) {
	for name, approveFirst := range map[string]bool{"planned": false, "approved": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.customer("ACME", 8)
			w.ready()
			w.must(w.app.SetSetting(w.ctx, "approval", "always"))
			w.at(tuesday)
			if approveFirst {
				w.approveAll()
			}
			backup := filepath.Join(w.dir, "backup.db")
			w.must(w.app.Backup(w.ctx, backup))
			w.approveAll()
			w.look()
			w.wantReminded("acme")
			w.putBack(backup)
			w.at(tuesday.Add(10 * time.Minute))
			w.wantOutbox("ACME accepted")
			w.approveAll()
			w.look()
			w.at(thursday)
			w.approveAll()
			w.look()
			w.wantReminded("acme")
		})
	}
}

// slot lets the clerk be there when a slot comes; those that it slept through before are done with.
func (w *world) slot(t time.Time) {
	w.t.Helper()
	w.at(t.Add(-time.Minute))
	w.at(t)
}

func (w *world) putBack(backup string) {
	w.t.Helper()
	folder := w.app.Folder()
	w.app.StopClerk()
	w.must(w.app.Close())
	w.must(core.RestoreFile(w.ctx, folder, backup))
	w.open()
}

// R6.7: a folder with history on another computer. Opening it a few times must not wear the question off.
func TestR6_7AnotherComputerAsksFirst(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 1)
	w.ready()
	w.at(tuesday)
	w.wantReminded("acme")
	w.app.StopClerk()
	w.must(w.app.Close())
	w.must(os.RemoveAll(filepath.Join(w.dir, "state")))
	w.open()
	w.restart()
	w.restart()
	w.at(tuesday.AddDate(0, 0, 9).Add(-time.Hour))
	w.at(tuesday.AddDate(0, 0, 9))
	w.wantReminded("acme")
	w.wantOutbox("ACME accepted", "ACME planned")
	w.approveAll()
	w.look()
	w.wantReminded("acme", "acme")
	// From here on the record is there again.
	w.at(tuesday.AddDate(0, 0, 16).Add(-time.Hour))
	w.at(tuesday.AddDate(0, 0, 16))
	w.wantReminded("acme", "acme", "acme")
}

// A run by hand while messages wait for approval plans anew and leaves nothing that could go beside it.
func TestRunWhileMessagesWaitForApproval(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	w.set(tuesday.Add(time.Minute))
	w.app.ServeRun(w.ctx)
	w.wantOutbox("ACME cancelled: planned anew by a later run", "ACME planned")
	w.approveAll()
	w.at(tuesday.Add(2 * time.Minute))
	w.wantReminded("acme")
	w.app.StopClerk()
	w.set(tuesday.Add(3 * time.Minute))
	w.run()
	w.wantReminded("acme")
}

// Two programs on one folder, started one after the other while the first one sends.
func TestR6_7TwoPrograms(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.ready()
	w.app.StopClerk()
	other, err := core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"),
		NewID: func() string { return "second" }}, filepath.Join(w.dir, "data"))
	w.must(err)
	defer other.Close()
	w.during(func() {
		if _, err := other.Run(w.ctx, true); codeOf(err) != "locked" {
			t.Errorf("the second program: %v", err)
		}
	})
	w.set(tuesday)
	w.run()
	w.set(tuesday.Add(time.Second))
	// The second one opened the journal before the first sent anything.
	if _, err := other.Run(w.ctx, true); err != nil {
		t.Error(err)
	}
	w.wantReminded("aaa", "bbb")
}

// The owner skips a message in the very moment in which the run comes to it.
func TestSkippedDuringTheRun(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.customer("CCC", 8)
	w.ready()
	w.during(func() {
		list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{AccountID: w.account("BBB")})
		w.must(err)
		w.must(w.app.Skip(w.ctx, list[0].ID))
	})
	w.at(tuesday)
	w.wantReminded("aaa", "ccc")
	w.at(thursday)
	w.wantReminded("aaa", "ccc") // the step is done
	w.at(tuesday.AddDate(0, 0, 7))
	w.wantReminded("aaa", "ccc", "aaa", "bbb", "ccc")
}

// R6.4: the owner's word on an uncertain message holds, also after an older copy was put back.
func TestR6_4OwnerSettlesAnUncertainMessage(t *testing.T) {
	for name, c := range map[string]struct {
		arrived bool
		want    []string
	}{"arrived": {true, []string{"acme"}}, "did not arrive": {false, []string{"acme", "acme"}}} {
		for _, restored := range []string{"", ", and an older copy is put back"} {
			t.Run(name+restored, func(t *testing.T) {
				w := newWorld(t)
				w.customer("ACME", 8)
				w.ready()
				backup := filepath.Join(w.dir, "backup.db")
				w.must(w.app.Backup(w.ctx, backup))
				w.misbehave(cutOffAtEnd)
				w.at(tuesday)
				w.misbehave(nil)
				list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{States: []string{"uncertain"}})
				w.must(err)
				if len(list) != 1 {
					t.Fatalf("outbox %v", w.outbox())
				}
				w.must(w.app.SettleUncertain(w.ctx, list[0].ID, c.arrived))
				if restored != "" {
					w.putBack(backup)
				}
				w.at(thursday.Add(-time.Minute))
				w.at(thursday)
				w.wantReminded(c.want...)
			})
		}
	}
}

// SI and SD count their numbers apart. What went for one is not taken for the other, even after the one was paid
// and thanked for and is out of the plan.
func TestNumbersOfTwoTypesAreKeptApart(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.ready()
	w.at(tuesday)
	w.wantReminded("acme")
	w.pay(inv, 10000)
	w.slot(tuesday.AddDate(0, 0, 7)) // thanks
	w.wantReminded("acme", "acme")
	due := ledger.DateOf(tuesday).AddDays(8)
	tx, err := w.company.Post(ledger.SalesDebitJournal, aiqtest.Entry{Customer: "ACME", Number: inv.Number, Amount: ledger.Money{Minor: 5000, Currency: "EUR"}, Issued: due.AddDays(-10), Due: due})
	w.must(err)
	if tx.Number != inv.Number {
		t.Fatalf("the journal is %s, not %s", tx.Number, inv.Number)
	}
	w.slot(tuesday.AddDate(0, 0, 14)) // 6 days overdue: the step of day 1
	w.wantReminded("acme", "acme", "acme")
	if !strings.Contains(w.lastText(), "50.00") {
		t.Errorf("the last message:\n%s", w.lastText())
	}
}

// Everything goes while a sync brings a credit that covers the customer's debts, and the look at the invoice
// itself finds nothing new (R2.2, 9).
func TestR6_1WhatALaterSyncBringsCounts(t *testing.T) {
	w := newWorld(t)
	w.customer("BBB", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	w.must(second(w.company.AddCreditNote(aiqtest.Entry{Customer: "BBB", Amount: ledger.Money{Minor: 10000, Currency: "EUR"}, Issued: ledger.DateOf(tuesday)})))
	w.set(tuesday.Add(20 * time.Minute)) // the last sync is too old: the look before the message syncs again
	w.approveAll()
	w.look()
	w.wantReminded()
	if got := w.outbox(); len(got) != 1 || !strings.HasPrefix(got[0], "BBB cancelled: changed meanwhile") {
		t.Errorf("outbox %v", got)
	}
}
