package pull_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

var start = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

type books struct {
	t       *testing.T
	ctx     context.Context
	mu      sync.Mutex
	now     time.Time
	company *aiqtest.Company
	server  *aiqtest.Server
	client  *accountsiq.Client
	st      *store.Store
}

func (b *books) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *books) later(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// open serves a company to a signed-in client beside an empty store.
func open(t *testing.T, fill func(b *books)) *books {
	t.Helper()
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
	b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	if fill != nil {
		fill(b)
	}
	return b.serve()
}

func (b *books) serve() *books {
	b.t.Helper()
	return b.serveOptions(aiqtest.Options{})
}

// serveOptions serves the company as the options say.
func (b *books) serveOptions(o aiqtest.Options) *books {
	b.t.Helper()
	var err error
	o.Now, o.Company = b.clock, b.company
	b.server, err = aiqtest.Start(o)
	b.must(err)
	b.t.Cleanup(func() {
		b.server.Close()
		for _, v := range b.server.Violations() {
			b.t.Error("breach of the contract:", v)
		}
	})
	loc, err := accountsiq.ParseLocation(b.server.URL())
	b.must(err)
	b.client, err = accountsiq.New(accountsiq.Config{Location: loc, Company: b.company.ID, Now: b.clock,
		Auth: accountsiq.OAuth{ClientID: b.company.ClientID, ClientSecret: accountsiq.Secret(b.company.ClientSecret)}})
	b.must(err)
	b.must(b.client.SignIn(b.ctx))
	n := 0
	b.st, err = store.Open(b.ctx, b.t.TempDir(), store.Options{Now: b.clock, NewID: func() string { n++; return string(rune('a' + n)) }})
	b.must(err)
	b.t.Cleanup(func() { b.st.Close() })
	return b
}

func (b *books) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) options(d pull.Depth) pull.Options {
	return pull.Options{Depth: d, Now: b.clock, Today: ledger.DateOf(b.clock())}
}

func (b *books) pull(d pull.Depth) pull.Report {
	b.t.Helper()
	r, err := pull.Run(b.ctx, b.client, b.st, b.options(d))
	b.must(err)
	return r
}

func (b *books) outstanding(id int64) string {
	b.t.Helper()
	row, err := b.st.Invoice(b.ctx, id)
	b.must(err)
	return row.Outstanding.String()
}

func eur(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }

func (b *books) customer(code string) {
	b.t.Helper()
	_, err := b.company.AddCustomer(aiqtest.Customer{Code: code, Name: code, Email: code + "@customer.example"})
	b.must(err)
}

func (b *books) invoice(code string, minor int64) aiqtest.Transaction {
	b.t.Helper()
	tx, err := b.company.AddInvoice(aiqtest.Entry{Customer: code, Amount: eur(minor), Due: ledger.DateOf(start)})
	b.must(err)
	return tx
}

func (b *books) receipt(code string, minor int64) aiqtest.Transaction {
	b.t.Helper()
	tx, err := b.company.AddReceipt(aiqtest.Entry{Customer: code, Amount: eur(minor)})
	b.must(err)
	return tx
}

func TestFirstLoadBringsEverything(t *testing.T) {
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.Seeded(7, start, aiqtest.DemoSize)
	b.company.SetClock(b.clock)
	b.serve()
	r := b.pull(pull.Light)
	if !r.Full || r.Customers.New != len(b.company.Customers()) || r.Contacts.New != len(b.company.Contacts()) || r.Transactions.New != len(b.company.Transactions()) {
		t.Fatalf("report %+v", r)
	}
	for _, tx := range b.company.Transactions() {
		if tx.Type.Receivable() && b.outstanding(tx.ID) != tx.Outstanding.String() {
			t.Errorf("%s %s: outstanding %s here, %s in AccountsIQ", tx.Type, tx.Number, b.outstanding(tx.ID), tx.Outstanding)
		}
	}
	mark, _, err := b.st.Watermark(b.ctx, pull.Watermark)
	b.must(err)
	if !mark.Equal(start) {
		t.Errorf("watermark %v, want the moment the load began", mark)
	}
	// What was settled long ago is not looked at again for the next two months.
	recent, err := b.st.ClosedSince(b.ctx, ledger.DateOf(start).AddDays(-60))
	b.must(err)
	closed := 0
	for _, tx := range b.company.Transactions() {
		if tx.Outstanding.Minor == 0 {
			closed++
		}
	}
	if len(recent) == 0 || len(recent) > closed/2 {
		t.Errorf("%d of %d settled items count as settled lately", len(recent), closed)
	}
	// The same again finds nothing new.
	b.later(time.Minute)
	if r := b.pull(pull.Thorough); r.Changed() || r.Full {
		t.Errorf("a second pull changed something: %+v", r)
	}
}

func TestFirstLoadThatBreaksOffSetsNoWatermark(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME"); b.invoice("ACME", 100) })
	b.server.Fail(aiqtest.Fault{Op: "GetAllocationsBetweenWithCreationDatePaged", Kind: aiqtest.FailCut})
	if _, err := pull.Run(b.ctx, b.client, b.st, b.options(pull.Light)); err == nil {
		t.Fatal("a truncated answer went for a whole one")
	}
	if mark, _, err := b.st.Watermark(b.ctx, pull.Watermark); !mark.IsZero() || (err != nil && !errors.Is(err, store.ErrNotFound)) {
		t.Errorf("watermark %v, %v", mark, err)
	}
	if r := b.pull(pull.Light); !r.Full {
		t.Error("the next pull is not a first load again")
	}
}

func TestDelta(t *testing.T) {
	var paid, kept aiqtest.Transaction
	b := open(t, func(b *books) {
		b.customer("ACME")
		b.must(b.company.AddContact(ledger.Contact{AccountCode: "ACME", Name: "Ann", Email: "ann@customer.example"}))
		b.must(b.company.AddContact(ledger.Contact{AccountCode: "ACME", Name: "Bob", Email: "bob@customer.example"}))
		paid, kept = b.invoice("ACME", 10000), b.invoice("ACME", 5000)
	})
	b.pull(pull.Light)
	b.later(3 * 24 * time.Hour)
	fresh := b.invoice("ACME", 700)
	receipt := b.receipt("ACME", 4000)
	_, err := b.company.Allocate(receipt.ID, paid.ID, 4000)
	b.must(err)
	b.must(b.company.RemoveContact("ACME", "Bob", "bob@customer.example"))
	b.must(b.company.UpdateCustomer("ACME", func(c *aiqtest.Customer) { c.Name = "Acme & Sons" }))
	r := b.pull(pull.Light)
	if r.Full || r.Transactions.New != 2 || r.Transactions.Changed != 1 || r.Allocations.New != 1 || r.Contacts.Gone != 1 || r.Customers.Changed != 1 {
		t.Errorf("report %+v", r)
	}
	for id, want := range map[int64]string{paid.ID: "60.00", kept.ID: "50.00", fresh.ID: "7.00"} {
		if got := b.outstanding(id); got != want {
			t.Errorf("transaction %d: outstanding %s, want %s", id, got, want)
		}
	}
	d, err := b.st.CustomerByCode(b.ctx, "ACME", ledger.DateOf(start))
	b.must(err)
	if d.Name != "Acme & Sons" || len(d.Contacts) != 1 {
		t.Errorf("customer %q with %d contacts", d.Name, len(d.Contacts))
	}
}

func TestDeltaThatFailsLeavesDataAndWatermark(t *testing.T) {
	for _, op := range []string{"GetCurrencies", "GetCustomersBy", "GetAllCustomerContacts", "GetTransactionsBy", "GetAllocationsBetweenWithCreationDatePaged"} {
		for name, fault := range map[string]aiqtest.Fault{
			"failure": {Kind: aiqtest.FailCode, Code: "CONFIGURATION_ERROR"}, "html": {Kind: aiqtest.FailHTML}, "cut": {Kind: aiqtest.FailCut},
			"broken": {Kind: aiqtest.FailCutOff}, "missing": {Kind: aiqtest.FailMissing}, "server": {Kind: aiqtest.FailHTTP, Status: 503},
		} {
			t.Run(op+" "+name, func(t *testing.T) {
				var old aiqtest.Transaction
				b := open(t, func(b *books) { b.customer("ACME"); old = b.invoice("ACME", 100) })
				b.pull(pull.Light)
				b.later(time.Hour)
				b.invoice("ACME", 200)
				before, err := b.st.Version(b.ctx)
				b.must(err)
				fault.Op, fault.Times = op, aiqtest.Always
				b.server.Fail(fault)
				if _, err := pull.Run(b.ctx, b.client, b.st, b.options(pull.Thorough)); err == nil {
					t.Fatal("the pull went on")
				}
				after, err := b.st.Version(b.ctx)
				b.must(err)
				mark, _, err := b.st.Watermark(b.ctx, pull.Watermark)
				b.must(err)
				if after != before || !mark.Equal(start) || b.outstanding(old.ID) != "1.00" {
					t.Errorf("version %d to %d, watermark %v", before, after, mark)
				}
				b.server.ClearFaults()
				if r := b.pull(pull.Light); r.Transactions.New != 1 {
					t.Errorf("the next pull brought %+v", r.Transactions)
				}
			})
		}
	}
}

// What no feed reports shows in the look at all open and recently closed items (contract 10.3).
func TestThoroughSeesWhatNoFeedReports(t *testing.T) {
	var inv, disputed, moved, deleted aiqtest.Transaction
	var match aiqtest.Allocation
	b := open(t, func(b *books) {
		b.customer("ACME")
		inv, disputed, moved, deleted = b.invoice("ACME", 100), b.invoice("ACME", 200), b.invoice("ACME", 300), b.invoice("ACME", 400)
		var err error
		match, err = b.company.Allocate(b.receipt("ACME", 100).ID, inv.ID, 100)
		b.must(err)
	})
	b.pull(pull.Light)
	b.later(10 * 24 * time.Hour)
	b.must(b.company.Unallocate(match.ID))
	b.must(b.company.Dispute(disputed.ID))
	b.must(b.company.SetDueDate(moved.ID, ledger.DateOf(start).AddDays(90)))
	b.must(b.company.DeleteTransaction(deleted.ID))
	b.pull(pull.Thorough)
	if got := b.outstanding(inv.ID); got != "1.00" {
		t.Errorf("un-allocated invoice: outstanding %s", got)
	}
	row, err := b.st.Invoice(b.ctx, disputed.ID)
	b.must(err)
	if !row.Disputed {
		t.Error("the dispute was not seen")
	}
	row, err = b.st.Invoice(b.ctx, moved.ID)
	b.must(err)
	if row.Due != ledger.DateOf(start).AddDays(90) {
		t.Errorf("due %v", row.Due)
	}
	// Gone after two clean looks, not after one.
	row, err = b.st.Invoice(b.ctx, deleted.ID)
	b.must(err)
	if row.Gone {
		t.Error("gone after one look")
	}
	if r := b.pull(pull.Thorough); r.Transactions.Gone != 1 {
		t.Errorf("second look: %+v", r.Transactions)
	}
}

// notOffered is how ASP.NET says that it has no such operation.
func notOffered(op string) aiqtest.Fault {
	return aiqtest.Fault{Op: op, Kind: aiqtest.FailSOAP, Times: aiqtest.Always,
		Message: "Server did not recognize the value of HTTP Header SOAPAction: http://www.visorsoftware.com/visor/accountsiq/dashboard/Integration/" + op + "."}
}

// An installation of the older generation offers few reads; what it has is enough to be right.
func TestReadsThatAreNotOfferedAreDoneWithout(t *testing.T) {
	var inv aiqtest.Transaction
	b := open(t, func(b *books) { b.customer("ACME"); inv = b.invoice("ACME", 100) })
	for _, op := range []string{"GetCompanyInformation", "GetCurrencies", "GetAllCustomerContacts", "GetCustomersBy", "GetAllocationsBetweenWithCreationDatePaged"} {
		b.server.Fail(notOffered(op))
	}
	r := b.pull(pull.Light)
	if len(r.Skipped) != 4 || b.outstanding(inv.ID) != "1.00" {
		t.Errorf("skipped %v", r.Skipped)
	}
	b.later(time.Hour)
	_, err := b.company.Allocate(b.receipt("ACME", 100).ID, inv.ID, 100)
	b.must(err)
	b.must(b.company.UpdateCustomer("ACME", func(c *aiqtest.Customer) { c.Name = "Acme & Sons" }))
	r = b.pull(pull.Light)
	if got := b.outstanding(inv.ID); got != "0.00" || r.Customers.Changed != 1 {
		t.Errorf("paid invoice: outstanding %s; customers %+v", got, r.Customers)
	}
}

// few hands out pages of two rows, as an installation with a smaller cap would.
type few struct{ pull.Source }

func (f few) Transactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction) error) (int, error) {
	var all []ledger.Transaction
	whole := q
	whole.Skip = 0
	if _, err := f.Source.Transactions(ctx, whole, func(t ledger.Transaction) error { all = append(all, t); return nil }); err != nil {
		return 0, err
	}
	page := all[min(q.Skip, len(all)):min(q.Skip+2, len(all))]
	for _, t := range page {
		if err := row(t); err != nil {
			return 0, err
		}
	}
	return len(page), nil
}

func TestSmallPagesAreReadToTheEnd(t *testing.T) {
	b := open(t, func(b *books) {
		b.customer("ACME")
		for range 7 {
			b.invoice("ACME", 100)
		}
	})
	r, err := pull.Run(b.ctx, few{b.client}, b.st, b.options(pull.Light))
	b.must(err)
	if r.Transactions.New != 7 {
		t.Errorf("%+v", r.Transactions)
	}
}

// narrow refuses lists of more than three ids and spans of more than a month, as a busy installation may.
type narrow struct{ pull.Source }

func (n narrow) Transactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction) error) (int, error) {
	if len(q.IDs) > 3 || (len(q.IDs) == 0 && q.CreatedTo.Sub(q.CreatedFrom) > 31*24*time.Hour) {
		return 0, &accountsiq.Error{Kind: accountsiq.QueryTooBig, Code: "query_too_big"}
	}
	return n.Source.Transactions(ctx, q, row)
}

func TestQueriesThatAreTooBigAreHalved(t *testing.T) {
	var last aiqtest.Transaction
	b := open(t, func(b *books) {
		b.customer("ACME")
		for range 7 {
			last = b.invoice("ACME", 100)
		}
	})
	r, err := pull.Run(b.ctx, narrow{b.client}, b.st, b.options(pull.Light))
	b.must(err)
	if r.Transactions.New != 7 {
		t.Errorf("first load: %+v", r.Transactions)
	}
	b.later(time.Hour)
	b.must(b.company.Dispute(last.ID))
	if r, err = pull.Run(b.ctx, narrow{b.client}, b.st, b.options(pull.Thorough)); err != nil || r.Transactions.Changed != 1 {
		t.Errorf("second look: %+v, %v", r.Transactions, err)
	}
}

func TestCancelKeepsWhatThereWas(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME"); b.invoice("ACME", 100) })
	b.pull(pull.Light)
	ctx, cancel := context.WithCancel(b.ctx)
	o := b.options(pull.Thorough)
	o.Progress = func(stage pull.Stage, _, _ int) {
		if stage == pull.StageAllocations {
			cancel()
		}
	}
	if _, err := pull.Run(ctx, b.client, b.st, o); err == nil {
		t.Fatal("a cancelled pull reported success")
	}
	ids, err := b.st.OpenTransactionIDs(b.ctx)
	b.must(err)
	if len(ids) != 1 || !slices.Contains(ids, ids[0]) {
		t.Errorf("open items %v", ids)
	}
}
