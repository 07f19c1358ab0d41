package accountsiq_test

import (
	"bytes"
	"context"
	"errors"
	"sort"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
)

var now = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

func serve(t *testing.T, o aiqtest.Options) *aiqtest.Server {
	t.Helper()
	o.Now = func() time.Time { return now }
	if o.Company == nil {
		o.Company = aiqtest.Seeded(1, now, aiqtest.DemoSize)
	}
	s, err := aiqtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Error("breach of the contract:", v)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var (
	application = accountsiq.OAuth{ClientID: aiqtest.DemoClientID, ClientSecret: aiqtest.DemoClientSecret}
	user        = accountsiq.UserKey{PartnerKey: aiqtest.DemoPartnerKey, UserKey: aiqtest.DemoUserKey}
)

func dial(t *testing.T, s *aiqtest.Server, auth accountsiq.Auth) *accountsiq.Client {
	t.Helper()
	location, err := accountsiq.ParseLocation(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := accountsiq.New(accountsiq.Config{Location: location, Company: aiqtest.DemoCompanyID, Auth: auth, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The whole of a company's books comes over as the server holds it, under both generations and
// under each reading of what the contract leaves open (contract 15).
func TestBooksComeOverWhole(t *testing.T) {
	for name, o := range map[string]aiqtest.Options{
		"plain":            {},
		"offsets":          {WithOffset: true},
		"negative credits": {NegativeCredits: true},
		"absent lists":     {EmptyAsAbsent: true},
		"new elements":     {Extra: true},
		"new and absent":   {Extra: true, EmptyAsAbsent: true, WithOffset: true, NegativeCredits: true},
	} {
		for _, auth := range []accountsiq.Auth{application, user} {
			t.Run(name, func(t *testing.T) {
				o.Company = aiqtest.Seeded(7, now, aiqtest.DemoSize)
				s := serve(t, o)
				compareBooks(t, dial(t, s, auth), o.Company)
			})
		}
	}
}

func compareBooks(t *testing.T, c *accountsiq.Client, books *aiqtest.Company) {
	ctx := context.Background()
	entities, err := c.Entities(ctx)
	must(t, err)
	company, err := c.Company(ctx)
	must(t, err)
	if len(entities) != 1 || entities[0] != (accountsiq.Entity{ID: books.ID, Name: books.Name, BaseCurrency: books.BaseCurrency}) {
		t.Errorf("%+v", entities)
	}
	if want := (ledger.Company{ID: books.ID, Name: books.Name, BaseCurrency: books.BaseCurrency, Locale: books.Locale,
		Country: books.Country, Email: books.Email}); company != want {
		t.Errorf("%+v, want %+v", company, want)
	}
	currencies, err := c.Currencies(ctx)
	must(t, err)
	base := 0
	for _, cur := range currencies {
		if cur.Base {
			base++
		}
		if cur.Code == "" || cur.Rate == "" || cur.Base != (cur.Code == books.BaseCurrency) {
			t.Errorf("%+v", cur)
		}
	}
	if base != 1 || len(currencies) < 4 {
		t.Errorf("%+v", currencies)
	}
	terms, err := c.CreditTerms(ctx)
	must(t, err)
	if len(terms) < 3 || terms[0].Code == "" {
		t.Errorf("%+v", terms)
	}
	compareCustomers(t, c, books)
	compareTransactions(t, c, books)
}

func compareCustomers(t *testing.T, c *accountsiq.Client, books *aiqtest.Company) {
	ctx := context.Background()
	want := map[int64]aiqtest.Customer{}
	for _, cu := range books.Customers() {
		want[cu.AccountID] = cu
	}
	read := func(f func(func(ledger.Customer) error) error) int {
		seen := 0
		must(t, f(func(got ledger.Customer) error {
			seen++
			w, ok := want[got.AccountID]
			if !ok || got.Code != w.Code || got.Name != w.Name || got.Email != w.Email || got.Contact != w.Contact ||
				got.Active == w.Inactive || got.OnHold != (w.Hold != 0) || got.HeadOffice != w.HeadOffice || got.CreditTermID != w.Term {
				t.Errorf("got %+v\nwant %+v", got, w)
			}
			numbers := map[string]string{}
			for _, p := range got.Phones {
				numbers[p.Kind] = p.Number
			}
			if numbers["phone"] != w.Phone || numbers["mobile"] != w.Mobile || numbers["fax"] != w.Fax || numbers["delivery"] != w.DeliverPhone {
				t.Errorf("%v, want %+v", numbers, w)
			}
			for _, a := range got.Addresses {
				from := map[string]ledger.Address{"postal": w.Address, "delivery": w.Delivery}[a.Kind]
				if a.Line1 != from.Line1 || a.Line2 != from.Line2 || a.City != from.City || a.County != from.County ||
					a.PostCode != from.PostCode || a.Country != from.Country {
					t.Errorf("%+v, want %+v", a, from)
				}
			}
			return nil
		}))
		return seen
	}
	if n := read(func(f func(ledger.Customer) error) error { return c.Customers(ctx, f) }); n != len(want) {
		t.Errorf("%d customers of %d", n, len(want))
	}
	if n := read(func(f func(ledger.Customer) error) error { return c.CustomersChangedSince(ctx, time.Time{}, f) }); n != len(want) {
		t.Errorf("%d customers of %d since ever", n, len(want))
	}
	if n := read(func(f func(ledger.Customer) error) error {
		return c.CustomersChangedSince(ctx, now.Add(time.Hour), f)
	}); n != 0 {
		t.Errorf("%d customers changed in the future", n)
	}
	var contacts []ledger.Contact
	must(t, c.Contacts(ctx, func(p ledger.Contact) error { contacts = append(contacts, p); return nil }))
	seen := map[ledger.Contact]bool{}
	for _, p := range contacts {
		seen[p] = true
	}
	for _, p := range books.Contacts() {
		if !seen[p.Contact] {
			t.Errorf("contact missing: %+v", p)
		}
	}
	if len(contacts) != len(books.Contacts()) {
		t.Errorf("%d contacts of %d", len(contacts), len(books.Contacts()))
	}
}

func compareTransactions(t *testing.T, c *accountsiq.Client, books *aiqtest.Company) {
	ctx := context.Background()
	got := map[int64]ledger.Transaction{}
	rows, err := c.Transactions(ctx, accountsiq.TransactionQuery{}, func(tx ledger.Transaction) error { got[tx.ID] = tx; return nil })
	must(t, err)
	count, err := c.CountTransactions(ctx, accountsiq.TransactionQuery{})
	must(t, err)
	all := books.Transactions()
	if rows != len(all) || count != len(all) || len(got) != len(all) {
		t.Errorf("%d rows, %d counted, %d there", rows, count, len(all))
	}
	for _, w := range all {
		g := got[w.ID]
		if g.AccountID != w.AccountID || g.Type != w.Type || g.Number != w.Number || g.Reference != w.Reference ||
			g.Amount.Abs() != w.Amount || g.Outstanding.Abs() != w.Outstanding || g.Issued != w.Issued || g.Due != w.Due ||
			g.Disputed != w.Disputed || g.Reversed != w.Reversed || g.Batch != w.Batch || g.DocumentID != w.Document {
			t.Errorf("got %+v\nwant %+v", g, w)
		}
	}
	var ids []int64
	for id := range got {
		if ids = append(ids, id); len(ids) == 5 {
			break
		}
	}
	n, err := c.Transactions(ctx, accountsiq.TransactionQuery{IDs: ids}, func(tx ledger.Transaction) error {
		if tx != got[tx.ID] {
			t.Errorf("%+v, before %+v", tx, got[tx.ID])
		}
		return nil
	})
	if must(t, err); n != len(ids) {
		t.Errorf("%d of %d", n, len(ids))
	}
	_, err = c.ChangedTransactions(ctx, accountsiq.TransactionQuery{}, func(_ ledger.Transaction, how accountsiq.Change) error {
		if how == "" {
			t.Error("a change without a kind")
		}
		return nil
	})
	must(t, err)

	want := map[int64]aiqtest.Allocation{}
	for _, a := range books.Allocations() {
		want[a.ID] = a
	}
	var allocations []ledger.Allocation
	for skip := 0; ; {
		rows, err := c.Allocations(ctx, time.Time{}, time.Time{}, skip, 50, func(a ledger.Allocation) error {
			allocations = append(allocations, a)
			return nil
		})
		must(t, err)
		if skip += rows; rows < 50 {
			break
		}
	}
	matched := map[int64]bool{}
	for _, g := range allocations {
		w, ok := want[g.ID]
		sides := g.From == w.From && g.To == w.To || g.From == w.To && g.To == w.From
		if amount, err := ledger.ParseMoney(g.Amount, w.Amount.Currency); !ok || !sides || err != nil || amount.Abs() != w.Amount || g.Date != w.Date {
			t.Errorf("got %+v\nwant %+v", g, w)
		}
		matched[g.ID] = true
	}
	if len(matched) != len(want) {
		t.Errorf("%d allocations of %d", len(matched), len(want))
	}

	documents := map[int64]accountsiq.Document{}
	for skip := 0; ; {
		rows, err := c.Documents(ctx, accountsiq.DocumentQuery{Skip: skip, Limit: 100}, func(d accountsiq.Document) error { documents[d.ID] = d; return nil })
		must(t, err)
		if skip += rows; rows < 100 {
			break
		}
	}
	for _, w := range books.Documents() {
		g := documents[w.ID]
		if g.Number != w.Number || g.Gross.Abs() != w.Amount || g.Due != w.Due || string(g.Status) != string(w.Status) || g.Note != (w.Type == "SN") {
			t.Errorf("got %+v\nwant %+v", g, w)
		}
	}
	if len(documents) != len(books.Documents()) {
		t.Errorf("%d documents of %d", len(documents), len(books.Documents()))
	}

	var codes []string
	for _, cu := range books.Customers() {
		codes = append(codes, cu.Code)
	}
	sort.Strings(codes)
	for _, on := range []ledger.Date{ledger.NewDate(2025, 12, 31), ledger.NewDate(2026, 5, 12), ledger.NewDate(2040, 1, 1)} {
		must(t, c.Balances(ctx, on, codes, func(b ledger.Balance) error {
			if want := books.BalanceOn(b.Code, b.Amount.Currency, on); b.Amount != want {
				t.Errorf("%s on %s: %v, want %v", b.Code, on, b.Amount, want)
			}
			return nil
		}))
	}
	for _, w := range all {
		if w.Type == ledger.SalesInvoice && !w.Batch {
			pdf, err := c.InvoicePDF(ctx, w.ID, "")
			if must(t, err); !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				t.Errorf("%d bytes that are no PDF", len(pdf))
			}
			break
		}
	}
}

// Sessions that end in the middle of the work are not noticed by the caller.
func TestExpiryIsNotNoticed(t *testing.T) {
	for _, auth := range []accountsiq.Auth{application, user} {
		s := serve(t, aiqtest.Options{})
		c := dial(t, s, auth)
		for i := range 3 {
			if _, err := c.Company(context.Background()); err != nil {
				t.Fatal(err)
			}
			if s.Expire(); i == 1 {
				s.ExpireRefresh()
			}
		}
	}
}

func TestWrongKeysAndRevocation(t *testing.T) {
	s := serve(t, aiqtest.Options{})
	for _, auth := range []accountsiq.Auth{
		accountsiq.OAuth{ClientID: aiqtest.DemoClientID, ClientSecret: "not the secret"},
		accountsiq.UserKey{PartnerKey: aiqtest.DemoPartnerKey, UserKey: "not-the-key"},
		accountsiq.UserKey{PartnerKey: "not-the-key", UserKey: aiqtest.DemoUserKey},
	} {
		if err := dial(t, s, auth).SignIn(context.Background()); !errors.Is(err, accountsiq.Credentials) {
			t.Error(err)
		}
	}
	c := dial(t, s, application)
	must(t, c.SignIn(context.Background()))
	s.Revoke()
	_, err := c.Company(context.Background())
	var e *accountsiq.Error
	if !errors.As(err, &e) || e.Code != "app_revoked" {
		t.Error(err)
	}
}

// Pages follow one another by the rows received.
func TestPagesBeyondTheCap(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a large company")
	}
	books := aiqtest.Seeded(3, now, aiqtest.Size{Customers: 200, Transactions: 21_000})
	s := serve(t, aiqtest.Options{Company: books})
	c := dial(t, s, application)
	seen := map[int64]bool{}
	skip, pages := 0, 0
	for {
		rows, err := c.Transactions(context.Background(), accountsiq.TransactionQuery{Skip: skip}, func(tx ledger.Transaction) error {
			seen[tx.ID] = true
			return nil
		})
		must(t, err)
		pages++
		if skip += rows; rows < accountsiq.TransactionPage {
			break
		}
	}
	if want := len(books.Transactions()); len(seen) != want || skip != want || pages != want/accountsiq.TransactionPage+1 {
		t.Errorf("%d of %d in %d pages", len(seen), want, pages)
	}
}

func BenchmarkFetchPage(b *testing.B) {
	books := aiqtest.Seeded(3, now, aiqtest.Size{Customers: 1000, Transactions: 10_000})
	s, err := aiqtest.Start(aiqtest.Options{Company: books, Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c, err := accountsiq.New(accountsiq.Config{Location: accountsiq.Location{Base: s.URL()}, Company: aiqtest.DemoCompanyID, Auth: application})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if _, err := c.Transactions(context.Background(), accountsiq.TransactionQuery{}, func(ledger.Transaction) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
