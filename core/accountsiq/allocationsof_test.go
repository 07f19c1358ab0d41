package accountsiq_test

import (
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
)

func TestAllocationsOfOneTransaction(t *testing.T) { // contract 7.7
	now := func() time.Time { return time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC) }
	books := aiqtest.NewCompany("ALLOC1", "Alloc Ltd", "EUR", now)
	books.ClientID, books.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	_, err := books.AddCustomer(aiqtest.Customer{Code: "A", Name: "A"})
	must(t, err)
	eur := func(n int64) ledger.Money { return ledger.Money{Minor: n, Currency: "EUR"} }
	inv, err := books.AddInvoice(aiqtest.Entry{Customer: "A", Amount: eur(10000)})
	must(t, err)
	rec, err := books.AddReceipt(aiqtest.Entry{Customer: "A", Amount: eur(7000)})
	must(t, err)
	first, err := books.Allocate(rec.ID, inv.ID, 3000)
	must(t, err)
	second, err := books.Allocate(rec.ID, inv.ID, 1000)
	must(t, err)
	must(t, books.Unallocate(first.ID))

	server, err := aiqtest.Start(aiqtest.Options{Now: now, Company: books})
	must(t, err)
	defer server.Close()
	loc, err := accountsiq.ParseLocation(server.URL())
	must(t, err)
	client, err := accountsiq.New(accountsiq.Config{Location: loc, Company: books.ID, Now: now,
		Auth: accountsiq.OAuth{ClientID: books.ClientID, ClientSecret: accountsiq.Secret(books.ClientSecret)}})
	must(t, err)
	// Seen from either side it is the same match, and the one that was undone is not there.
	want := ledger.Allocation{ID: second.ID, From: rec.ID, To: inv.ID, Amount: "10.00", Date: second.Date, Created: ledger.DateOf(now())}
	for _, id := range []int64{inv.ID, rec.ID} {
		got, err := client.AllocationsOf(t.Context(), id)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("of %d: %+v %v, want %+v", id, got, err, want)
		}
	}
	must(t, books.Unallocate(second.ID))
	if got, err := client.AllocationsOf(t.Context(), inv.ID); err != nil || len(got) != 0 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := client.AllocationsOf(t.Context(), 999); err == nil {
		t.Error("a transaction that is not there has matches")
	}
	for _, v := range server.Violations() {
		t.Error(v)
	}
}
