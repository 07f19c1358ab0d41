package pull_test

import (
	"testing"
	"time"

	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
)

// With more open items than are looked at every time, a light pull relies on the feeds: each of them is needed for
// what only it reports (contract 10.3).
func TestLightPullSeesWhatEachFeedReports(t *testing.T) {
	var all []aiqtest.Transaction
	var rec aiqtest.Transaction
	var match aiqtest.Allocation
	b := &books{t: t, ctx: t.Context(), now: start.AddDate(0, -3, 0)}
	b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
	b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	b.customer("ACME")
	for range 2_100 {
		all = append(all, b.invoice("ACME", 1_000))
	}
	rec = b.receipt("ACME", 5_000)
	var err error
	match, err = b.company.Allocate(rec.ID, all[9].ID, 500)
	b.must(err)
	b.now = start
	b.serve()
	b.pull(pull.Light)

	light := func(what string) {
		t.Helper()
		before := b.server.Calls("GetTransactionsBy")
		b.pull(pull.Light)
		if n := b.server.Calls("GetTransactionsBy") - before; n > 5 {
			t.Errorf("%s: %d readings of items; not the feeds alone", what, n)
		}
	}
	b.later(time.Hour)
	light("nothing happened")

	b.later(time.Hour)
	_, err = b.company.Allocate(rec.ID, all[0].ID, 400)
	b.must(err)
	light("matched")
	if got := b.outstanding(all[0].ID); got != "6.00" {
		t.Errorf("matched: outstanding %s", got)
	}

	b.later(time.Hour)
	b.must(b.company.SetDueDate(all[1].ID, ledger.DateOf(start).AddDays(30)))
	light("due date moved")
	if row, err := b.st.Invoice(b.ctx, all[1].ID); err != nil || row.Due != ledger.DateOf(start).AddDays(30) {
		t.Errorf("moved: due %v, %v", row.Due, err)
	}

	// Without the feed of changes the document still tells of the due date.
	b.server.Fail(notOffered("GetTransactionsModifiedBy"))
	b.later(time.Hour)
	b.must(b.company.SetDueDate(all[2].ID, ledger.DateOf(start).AddDays(31)))
	light("document edited")
	if row, err := b.st.Invoice(b.ctx, all[2].ID); err != nil || row.Due != ledger.DateOf(start).AddDays(31) {
		t.Errorf("edited: due %v, %v", row.Due, err)
	}
	b.server.ClearFaults()

	b.later(time.Hour)
	b.must(b.company.DeleteTransaction(all[3].ID))
	light("deleted")
	b.later(time.Hour)
	light("deleted, looked at twice")
	if row, err := b.st.Invoice(b.ctx, all[3].ID); err != nil || !row.Missing && !row.Gone {
		t.Errorf("deleted: %+v, %v", row, err)
	}

	// No feed tells of a match undone: the daily look at all open items does.
	b.later(time.Hour)
	b.must(b.company.Unallocate(match.ID))
	light("un-matched")
	b.later(25 * time.Hour)
	b.pull(pull.Light)
	if got := b.outstanding(all[9].ID); got != "10.00" {
		t.Errorf("un-matched: outstanding %s", got)
	}
	if rows, err := b.st.AllocationsOf(b.ctx, all[9].ID); err != nil || len(rows) != 0 {
		t.Errorf("the match is still there: %+v, %v", rows, err)
	}
}

// A match undone between items that were settled long ago changes no balance and is in no feed: the history of matches,
// compared whole once a week, shows it.
func TestMatchUndoneLongAfterwards(t *testing.T) {
	var inv aiqtest.Transaction
	var match aiqtest.Allocation
	b := open(t, func(b *books) {
		b.now = start.AddDate(0, -6, 0)
		b.customer("ACME")
		inv = b.invoice("ACME", 1_000)
		var err error
		match, err = b.company.Allocate(b.receipt("ACME", 1_000).ID, inv.ID, 1_000)
		b.must(err)
		b.now = start
	})
	b.pull(pull.Light)
	b.later(24 * time.Hour)
	b.must(b.company.Unallocate(match.ID))
	b.pull(pull.Thorough)
	if got := b.outstanding(inv.ID); got != "0.00" {
		t.Errorf("outstanding %s before the week is over: the test shows nothing", got)
	}
	b.later(7 * 24 * time.Hour)
	b.pull(pull.Light)
	if got := b.outstanding(inv.ID); got != "10.00" {
		t.Errorf("outstanding %s", got)
	}
	if rows, err := b.st.AllocationsOf(b.ctx, inv.ID); err != nil || len(rows) != 0 {
		t.Errorf("the match is still there: %+v, %v", rows, err)
	}
}

// An old invoice that is paid and read whole on the same day counts as settled that day, and is looked at again.
func TestPaidAndReadWholeOnOneDay(t *testing.T) {
	var inv aiqtest.Transaction
	b := open(t, func(b *books) {
		b.now = start.AddDate(0, -6, 0)
		b.customer("ACME")
		inv = b.invoice("ACME", 1_000)
		b.now = start
	})
	for _, op := range []string{"GetAllocationsBetweenWithCreationDatePaged", "GetTransactionsModifiedBy", "GetCustomerBalanceInformation"} {
		b.server.Fail(notOffered(op))
	}
	b.pull(pull.Light)
	b.later(time.Minute)
	match, err := b.company.Allocate(b.receipt("ACME", 1_000).ID, inv.ID, 1_000)
	b.must(err)
	b.pull(pull.Full)
	b.later(time.Minute)
	b.must(b.company.Unallocate(match.ID))
	b.pull(pull.Thorough)
	if got := b.outstanding(inv.ID); got != "10.00" {
		t.Errorf("outstanding %s", got)
	}
}

// A document that is not posted is no debt, whatever becomes of it (contract 10.3).
func TestDraftsAreNoDebt(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME") })
	b.pull(pull.Light)
	b.later(time.Hour)
	dropped, err := b.company.AddDraft(aiqtest.Entry{Customer: "ACME", Amount: eur(100)})
	b.must(err)
	posted, err := b.company.AddDraft(aiqtest.Entry{Customer: "ACME", Amount: eur(200)})
	b.must(err)
	if r := b.pull(pull.Thorough); r.Transactions.Any() {
		t.Errorf("drafts came as transactions: %+v", r.Transactions)
	}
	b.later(time.Hour)
	b.must(b.company.CancelDocument(dropped.ID))
	tx, err := b.company.PostDocument(posted.ID)
	b.must(err)
	if r := b.pull(pull.Thorough); r.Transactions.New != 1 || b.outstanding(tx.ID) != "2.00" {
		t.Errorf("%+v", r.Transactions)
	}
}

// What a branch buys stands on its head office, and the head office's balance proves it.
func TestBranchItemsStandOnTheHeadOffice(t *testing.T) {
	b := open(t, func(b *books) {
		b.customer("HEAD")
		head := b.company.Customers()[0]
		_, err := b.company.AddCustomer(aiqtest.Customer{Code: "BRANCH", Name: "Branch", HeadOffice: head.AccountID, UseHeadOffice: true})
		b.must(err)
		b.invoice("BRANCH", 5_000)
		b.invoice("HEAD", 100)
	})
	b.pull(pull.Light)
	d, err := b.st.CustomerByCode(b.ctx, "HEAD", ledger.DateOf(start))
	b.must(err)
	if len(d.Outstanding) != 1 || d.Outstanding[0] != eur(5_100) || len(b.differences()) != 0 {
		t.Errorf("head office owes %v; differences %+v", d.Outstanding, b.differences())
	}
	branch, err := b.st.CustomerByCode(b.ctx, "BRANCH", ledger.DateOf(start))
	b.must(err)
	if len(branch.Outstanding) != 0 || branch.HeadOffice != d.AccountID {
		t.Errorf("branch owes %v", branch.Outstanding)
	}
}

// A customer without business who was deleted is gone after two complete lists; one is not enough.
func TestDeletedCustomerIsGoneAfterTwoLists(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME"); b.customer("IDLE") })
	b.pull(pull.Light)
	b.must(b.company.DeleteCustomer("IDLE"))
	for day, want := range []bool{false, false, true} {
		b.pull(pull.Light)
		d, err := b.st.CustomerByCode(b.ctx, "IDLE", ledger.DateOf(start))
		b.must(err)
		if d.Gone != want {
			t.Errorf("day %d: gone %v", day, d.Gone)
		}
		b.later(25 * time.Hour)
	}
}
