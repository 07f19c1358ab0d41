package store

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

func eur(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }

func day(s string) ledger.Date {
	d, err := ledger.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func customer(id int64, code string) ledger.Customer {
	return ledger.Customer{AccountID: id, Code: code, Name: "Customer " + code, Currency: "EUR", CreditTermID: "30", Active: true}
}

func invoice(id, account int64, due string, minor int64) ledger.Transaction {
	d := day(due)
	return ledger.Transaction{ID: id, AccountID: account, AccountCode: fmt.Sprint("A", account), Type: ledger.SalesInvoice, Number: fmt.Sprint(1000 + id),
		Amount: eur(minor), Outstanding: eur(minor), Issued: d.AddDays(-30), Due: d}
}

func put(t testing.TB, s *Store, rows ...ledger.Transaction) (n Counts) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) { n, err = tx.UpsertTransactions(bg, rows, today); return err })
	return n
}

func version(t testing.TB, s *Store) int64 {
	t.Helper()
	v, err := s.Version(bg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestUpsertTransactionsCountsWhatChanged(t *testing.T) {
	s := openStore(t, t.TempDir())
	a, b := invoice(1, 1, "2026-05-01", 100), invoice(2, 1, "2026-05-02", 200)
	v := version(t, s)
	if n := put(t, s, a, b); n != (Counts{New: 2}) || version(t, s) != v+1 {
		t.Fatal(n)
	}
	if n := put(t, s, a, b); n.Any() || version(t, s) != v+1 {
		t.Fatalf("equal rows: %+v, version %d", n, version(t, s))
	}
	for _, change := range []func(*ledger.Transaction){
		func(x *ledger.Transaction) { x.Outstanding.Minor = 50 },
		func(x *ledger.Transaction) { x.Due = day("2026-06-01") },
		func(x *ledger.Transaction) { x.Disputed = true },
		func(x *ledger.Transaction) { x.Reversed = true },
		func(x *ledger.Transaction) { x.AccountID = 9 },
		func(x *ledger.Transaction) { x.Number = "1001a" },
		func(x *ledger.Transaction) { x.Reference = "ref" },
		func(x *ledger.Transaction) { x.Amount.Minor = 101 },
		func(x *ledger.Transaction) { x.BaseAmount = "1.01" },
		func(x *ledger.Transaction) { x.Issued = day("2026-01-01") },
		func(x *ledger.Transaction) { x.Created = day("2026-01-02") },
		func(x *ledger.Transaction) { x.Type = ledger.SalesDebitJournal },
		func(x *ledger.Transaction) { x.DocumentID, x.Batch = 77, true },
		func(x *ledger.Transaction) { x.AccountCode = "B" },
		func(x *ledger.Transaction) { x.Amount.Currency, x.Outstanding.Currency = "GBP", "GBP" },
	} {
		change(&a)
		c := invoice(100+a.ID+version(t, s), 1, "2026-05-01", 5)
		if n := put(t, s, a, b, c); n != (Counts{New: 1, Changed: 1}) {
			t.Errorf("%+v for %+v", n, a)
		}
		got, err := s.Invoice(bg, 1)
		if err != nil || got.Transaction != a {
			t.Errorf("stored %+v, want %+v (%v)", got.Transaction, a, err)
		}
	}
}

func TestWhenAnItemIsSettledAndReopened(t *testing.T) {
	s := openStore(t, t.TempDir())
	a := invoice(1, 1, "2026-05-01", 100)
	on := func(today string, outstanding int64) InvoiceRow {
		t.Helper()
		a.Outstanding.Minor = outstanding
		write(t, s, func(tx *Tx) error {
			_, err := tx.UpsertTransactions(bg, []ledger.Transaction{a}, day(today))
			return err
		})
		row, err := s.Invoice(bg, 1)
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	for _, c := range []struct {
		today       string
		outstanding int64
		closed      ledger.Date
	}{
		{"2026-05-02", 100, ledger.Date{}},
		{"2026-05-10", 0, day("2026-05-10")},
		{"2026-05-11", 0, day("2026-05-10")}, // the first day counts
		{"2026-05-12", 40, ledger.Date{}},    // a match undone (R2.3)
		{"2026-05-20", 0, day("2026-05-20")},
	} {
		row := on(c.today, c.outstanding)
		if row.ClosedOn != c.closed || row.FirstSeen != day("2026-05-02") {
			t.Errorf("%s: closed on %v, first seen %v", c.today, row.ClosedOn, row.FirstSeen)
		}
	}
	for since, want := range map[string]int{"2026-05-19": 1, "2026-05-20": 1, "2026-05-21": 0} {
		if ids, err := s.ClosedSince(bg, day(since)); len(ids) != want || err != nil {
			t.Errorf("closed since %s: %v %v", since, ids, err)
		}
	}
}

func TestTwoLooksMakeAnItemGone(t *testing.T) { // contract 10.2, step 8
	s := openStore(t, t.TempDir())
	a := invoice(1, 1, "2026-05-01", 100)
	put(t, s, a, invoice(2, 1, "2026-05-01", 100))
	miss := func() (gone int) {
		t.Helper()
		write(t, s, func(tx *Tx) (err error) { gone, err = tx.MarkMissing(bg, []int64{1, 999}); return err })
		return gone
	}
	look := func() (open int, missing bool) {
		t.Helper()
		f, err := s.PlannerFacts(bg)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range f.Open {
			missing = missing || x.Missing
		}
		return len(f.Open), missing
	}
	if gone := miss(); gone != 0 {
		t.Fatal("gone at the first look")
	}
	if open, missing := look(); open != 2 || !missing {
		t.Errorf("after one look: %d open, missing %v", open, missing)
	}
	if n := put(t, s, a); n.Any() {
		t.Errorf("there again and unchanged: %+v", n)
	}
	if open, missing := look(); open != 2 || missing {
		t.Errorf("there again: %d open, missing %v", open, missing)
	}
	if gone := miss(); gone != 0 {
		t.Error("the look before the last answer was counted")
	}
	if gone := miss(); gone != 1 {
		t.Error("not gone after two looks in a row")
	}
	if gone := miss(); gone != 0 {
		t.Error("gone twice")
	}
	if open, _ := look(); open != 1 {
		t.Errorf("%d open with one gone", open)
	}
	if ids, _ := s.OpenTransactionIDs(bg); !slices.Equal(ids, []int64{2}) {
		t.Errorf("open %v", ids)
	}
	if ids, sums, _ := s.InvoiceIDs(bg, InvoiceQuery{}); len(ids) != 1 || sums[0] != eur(100) {
		t.Errorf("listed %v %v", ids, sums)
	}
	if n := put(t, s, a); n != (Counts{Changed: 1}) {
		t.Errorf("back: %+v", n)
	}
	if open, missing := look(); open != 2 || missing {
		t.Errorf("back: %d open, missing %v", open, missing)
	}
}

func TestDueDatesFromCreditTerms(t *testing.T) { // contract 10.4
	s := openStore(t, t.TempDir())
	terms := []ledger.CreditTerm{{Code: "30", Days: 30}, {Code: "EOM", Days: 10, EndOfMonth: true}}
	a, b := customer(1, "A"), customer(2, "B")
	b.CreditTermID = "EOM"
	var rows []ledger.Transaction
	for id, account := range map[int64]int64{1: 1, 2: 2, 3: 3} {
		x := invoice(id, account, "2026-03-31", 100)
		x.Issued, x.Due = day("2026-01-31"), ledger.Date{}
		rows = append(rows, x)
	}
	receipt := rows[0]
	receipt.ID, receipt.Type = 4, ledger.SalesReceipt
	given := invoice(5, 1, "2026-03-31", 100)
	write(t, s, func(tx *Tx) error {
		if err := tx.SetCreditTerms(bg, terms); err != nil {
			return err
		}
		if _, err := tx.UpsertCustomers(bg, []ledger.Customer{a, b}); err != nil {
			return err
		}
		_, err := tx.UpsertTransactions(bg, append(rows, receipt, given), today)
		return err
	})
	check := func(when string, want map[int64]string) {
		t.Helper()
		for id, due := range want {
			row, err := s.Invoice(bg, id)
			if err != nil || row.Due.String() != due || row.DueFromTerms != (id <= 3) {
				t.Errorf("%s: %d is due %v (from terms %v), want %s (%v)", when, id, row.Due, row.DueFromTerms, due, err)
			}
		}
	}
	check("first", map[int64]string{1: "2026-03-02", 2: "2026-02-10", 3: "", 4: "", 5: "2026-03-31"})
	if n := put(t, s, append(rows, receipt, given)...); n.Any() {
		t.Errorf("the same again: %+v", n)
	}
	terms[0].Days = 14
	write(t, s, func(tx *Tx) error { return tx.SetCreditTerms(bg, terms) })
	check("after the term changed", map[int64]string{1: "2026-02-14", 2: "2026-02-10", 3: "", 5: "2026-03-31"})
	b.CreditTermID = "30"
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{b, customer(3, "C")})
		return err
	})
	check("after a customer changed and one came", map[int64]string{2: "2026-02-14", 3: "2026-02-14"})
	late := rows[0]
	late.ID, late.Due = rows[0].ID, day("2026-09-09")
	put(t, s, late)
	row, _ := s.Invoice(bg, late.ID)
	if row.DueFromTerms || row.Due != day("2026-09-09") {
		t.Errorf("a date given later: %v %v", row.Due, row.DueFromTerms)
	}
}

func TestCurrencyFromTheCustomer(t *testing.T) {
	s := openStore(t, t.TempDir())
	yen, dinar, euro := customer(1, "J"), customer(2, "K"), customer(3, "E")
	yen.Currency, dinar.Currency = "JPY", "KWD"
	write(t, s, func(tx *Tx) error {
		if err := tx.SetCompany(bg, ledger.Company{ID: "X", BaseCurrency: "GBP"}); err != nil {
			return err
		}
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{yen, dinar, euro})
		return err
	})
	for account, want := range map[int64]ledger.Money{1: {Minor: 500, Currency: "JPY"}, 2: {Minor: 500_000, Currency: "KWD"}, 3: {Minor: 50_000, Currency: "EUR"}, 4: {Minor: 50_000, Currency: "GBP"}} {
		x := invoice(account, account, "2026-05-01", 0)
		x.Amount, x.Outstanding = ledger.Money{Minor: 50_000}, ledger.Money{Minor: 50_000} // "500.00" without a currency
		put(t, s, x)
		row, err := s.Invoice(bg, account)
		if err != nil || row.Amount != want || row.Outstanding != want {
			t.Errorf("customer %d: %v %v, want %v (%v)", account, row.Amount, row.Outstanding, want, err)
		}
	}
}

func TestCustomers(t *testing.T) {
	s := openStore(t, t.TempDir())
	a, b := customer(1, "ACME"), customer(2, "beta")
	a.Phones = []ledger.Phone{{Kind: "mobile", Number: "1"}}
	a.Addresses = []ledger.Address{{Kind: "postal", Line1: "1 Main St", City: "Cork"}, {Kind: "delivery", Name: "Yard"}}
	a.Contact, a.Email, a.CreditLimit, a.HeadOffice, a.OnHold, a.Created = "Ann", "ap@acme.example", "100.00", 2, true, day("2020-01-01")
	save := func(list ...ledger.Customer) (n Counts) {
		t.Helper()
		write(t, s, func(tx *Tx) (err error) { n, err = tx.UpsertCustomers(bg, list); return err })
		return n
	}
	if n := save(a, b); n != (Counts{New: 2}) {
		t.Fatal(n)
	}
	v := version(t, s)
	if n := save(a, b); n.Any() || version(t, s) != v {
		t.Fatal("equal rows changed something")
	}
	b.Active = false
	if n := save(a, b); n != (Counts{Changed: 1}) {
		t.Fatal(n)
	}
	d, err := s.CustomerByCode(bg, "acme", today)
	if err != nil || !reflect.DeepEqual(d.Customer, a) {
		t.Errorf("%+v (%v)", d.Customer, err)
	}
	if _, err := s.CustomerByCode(bg, "nobody", today); !isNotFound(err) {
		t.Error(err)
	}
	if _, err := s.Customer(bg, 99, today); !isNotFound(err) {
		t.Error(err)
	}
	gone := func(present ...int64) (n int) {
		t.Helper()
		m := map[int64]bool{}
		for _, id := range present {
			m[id] = true
		}
		write(t, s, func(tx *Tx) (err error) { n, err = tx.MarkCustomersGone(bg, m); return err })
		return n
	}
	if n := gone(1); n != 0 {
		t.Error("gone after one list without it")
	}
	if n := gone(1); n != 1 {
		t.Error(n)
	}
	if n := gone(1); n != 0 {
		t.Error("gone twice")
	}
	if ids, _ := s.CustomerIDs(bg, CustomerQuery{}); !slices.Equal(ids, []int64{1}) {
		t.Error(ids)
	}
	if n := gone(1, 2); n != 0 {
		t.Error(n)
	}
	if ids, _ := s.CustomerIDs(bg, CustomerQuery{}); !slices.Equal(ids, []int64{1, 2}) {
		t.Error("not back", ids)
	}
	gone(1)
	gone(1)
	if n := save(b); n != (Counts{Changed: 1}) {
		t.Error("back by a row of its own:", n)
	}
}

func TestContactsAreComparedWhole(t *testing.T) {
	s := openStore(t, t.TempDir())
	ann := ledger.Contact{AccountCode: "A", Name: "Ann", Email: "ann@a.example", Phone: "1", Primary: true}
	bob := ledger.Contact{AccountCode: "A", Name: "Bob", Email: "bob@a.example"}
	cat := ledger.Contact{AccountCode: "B", Name: "Cat", Email: "cat@b.example"}
	replace := func(list ...ledger.Contact) (n Counts) {
		t.Helper()
		write(t, s, func(tx *Tx) (err error) { n, err = tx.ReplaceContacts(bg, list); return err })
		return n
	}
	if n := replace(ann, bob, bob); n != (Counts{New: 2}) {
		t.Error(n)
	}
	v := version(t, s)
	if n := replace(bob, ann); n.Any() || version(t, s) != v {
		t.Error("the same in another order:", n)
	}
	ann.Phone = "2"
	bob.Email = "robert@a.example" // a change of the identity is a delete and an add
	if n := replace(ann, bob, cat); n != (Counts{New: 2, Changed: 1, Gone: 1}) {
		t.Error(n)
	}
	if n := replace(); n != (Counts{Gone: 3}) {
		t.Error(n)
	}
}

func TestSplitAddresses(t *testing.T) {
	for field, want := range map[string][]string{
		"":                                 nil,
		"  ":                               nil,
		"none":                             nil,
		"n/a; -":                           nil,
		"@a.example":                       nil,
		"ap@":                              nil,
		"ap@a.example":                     {"ap@a.example"},
		" ap@a.example ; b@a.example":      {"ap@a.example", "b@a.example"},
		"ap@a.example,b@a.example\nc@c.ie": {"ap@a.example", "b@a.example", "c@c.ie"},
		`"Ann, AP" <ap@a.example>; b@b.ie`: {"ap@a.example", "b@b.ie"},
		"ring first ap@a.example":          nil,
		"ap@a.example;;,":                  {"ap@a.example"},
		"søren@blåbær.example":             {"søren@blåbær.example"},
		"a@b@c.example":                    {"a@b@c.example"},
		"x <ap@a.example":                  {"ap@a.example"},
	} {
		if got := SplitAddresses(field); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
}

func TestRecipients(t *testing.T) { // R5.2, R5.3
	s := openStore(t, t.TempDir())
	a := customer(1, "A")
	a.Email = "AP@a.example; two@a.example"
	write(t, s, func(tx *Tx) error {
		if _, err := tx.UpsertCustomers(bg, []ledger.Customer{a}); err != nil {
			return err
		}
		_, err := tx.ReplaceContacts(bg, []ledger.Contact{{AccountCode: "A", Name: "Zoe", Email: "zoe@a.example"}, {AccountCode: "A", Name: "Ann", Email: "ann@a.example"},
			{AccountCode: "A", Name: "Boss", Email: "boss@a.example", Primary: true}, {AccountCode: "A", Name: "Same", Email: "ap@A.example"}, {AccountCode: "A", Name: "Mute"},
			{AccountCode: "B", Name: "Other", Email: "o@b.example"}})
		return err
	})
	read := func() string {
		t.Helper()
		d, err := s.Customer(bg, 1, today)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		working := 0
		for _, r := range d.Recipients {
			line := r.Email
			if r.Normal {
				line += " N"
			}
			if r.Escalated {
				line += " E"
			}
			if r.CC {
				line += " C"
			}
			if r.Chosen {
				line += " chosen"
			}
			if !r.BouncedAt.IsZero() {
				line += " bounced"
			} else {
				working++
			}
			out = append(out, line)
		}
		if d.RecipientsNum != working {
			t.Errorf("%d work, row says %d", working, d.RecipientsNum)
		}
		f, err := s.PlannerFacts(bg)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Customers) == 1 && !reflect.DeepEqual(f.Customers[0].Recipients, d.Recipients) {
			t.Errorf("the planner gets %v, the screen %v", f.Customers[0].Recipients, d.Recipients)
		}
		return strings.Join(out, ", ")
	}
	put(t, s, invoice(1, 1, "2026-05-01", 5))
	if got, want := read(), "AP@a.example N E, two@a.example N E, boss@a.example, ann@a.example, zoe@a.example"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	write(t, s, func(tx *Tx) error {
		if err := tx.SetRecipient(bg, 1, Ticks{Email: "Zoe@A.example", CC: true}); err != nil {
			return err
		}
		if err := tx.SetRecipient(bg, 1, Ticks{Email: "two@a.example"}); err != nil {
			return err
		}
		return tx.SetBounced(bg, 1, "ap@a.example", at)
	})
	if got, want := read(), "AP@a.example N E bounced, two@a.example chosen, boss@a.example, ann@a.example, zoe@a.example C chosen"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	a.Email = "new@a.example" // R5.3: until it changes
	write(t, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, []ledger.Customer{a}); return err })
	if got, want := read(), "new@a.example N E, boss@a.example, ann@a.example, ap@A.example bounced, zoe@a.example C chosen"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	write(t, s, func(tx *Tx) error { return tx.SetBounced(bg, 1, "ap@a.example", time.Time{}) })
	if got := read(); strings.Contains(got, "bounced") {
		t.Error(got)
	}
}

// random returns a company of a few customers with all kinds of items, so that edges meet often.
func random(seed uint64) bigCompany {
	rnd := rand.New(rand.NewPCG(seed, 9))
	b := big(8, 0, 0)
	for i := range 150 {
		kind := ledger.SalesInvoice
		if rnd.IntN(3) == 0 {
			kind = ledger.SalesTypes[rnd.IntN(len(ledger.SalesTypes))]
		}
		currency := []string{"EUR", "GBP", "JPY", "KWD"}[rnd.IntN(4)]
		minor := rnd.Int64N(3000) + 1
		x := ledger.Transaction{ID: int64(i + 1), AccountID: rnd.Int64N(9) + 1, Type: kind, Number: fmt.Sprint(rnd.IntN(100)), Reference: "Réf " + fmt.Sprint(i),
			Amount: ledger.Money{Minor: minor, Currency: currency}, Outstanding: ledger.Money{Minor: []int64{0, minor, rnd.Int64N(minor + 1)}[rnd.IntN(3)], Currency: currency},
			Issued: today.AddDays(-rnd.IntN(200)), Disputed: rnd.IntN(9) == 0}
		if kind.Receivable() && rnd.IntN(8) > 0 {
			x.Due = today.AddDays([]int{0, -1, -30, -31, -60, -61, -90, -91, -120, -121, 1, 30}[rnd.IntN(12)])
		}
		b.transactions = append(b.transactions, x)
	}
	return b
}

func (b bigCompany) open() []ledger.Transaction {
	return slices.DeleteFunc(slices.Clone(b.transactions), func(x ledger.Transaction) bool { return !x.Type.Receivable() || x.Outstanding.Minor == 0 })
}

func ageOf(x ledger.Transaction) int {
	if x.Due.IsZero() {
		return 0
	}
	return today.Sub(x.Due)
}

// TestListsAgreeWithCounting checks filters, orders and sums against plain loops over the same rows.
func TestListsAgreeWithCounting(t *testing.T) {
	for seed := range uint64(8) {
		b := random(seed)
		s := openStore(t, t.TempDir())
		write(t, s, func(tx *Tx) error { // without terms: no due date stays none
			if _, err := tx.UpsertCustomers(bg, b.customers); err != nil {
				return err
			}
			_, err := tx.UpsertTransactions(bg, b.transactions, today)
			return err
		})
		outlook := b.outlook()
		write(t, s, func(tx *Tx) error { return tx.SaveOutlook(bg, OutlookStamp{}, outlook) })
		chasing := map[int64]OutlookRow{}
		for _, o := range outlook {
			chasing[o.TransactionID] = o
		}
		checkAgeing(t, s, b)
		checkCustomers(t, s, b)
		for name, c := range map[string]struct {
			q    InvoiceQuery
			keep func(ledger.Transaction) bool
		}{
			"all":          {InvoiceQuery{}, func(x ledger.Transaction) bool { return true }},
			"outstanding":  {InvoiceQuery{Status: InvoicesOutstanding}, func(x ledger.Transaction) bool { return x.Outstanding.Minor > 0 }},
			"paid":         {InvoiceQuery{Status: InvoicesPaid}, func(x ledger.Transaction) bool { return x.Outstanding.Minor == 0 }},
			"chasing":      {InvoiceQuery{Status: InvoicesChasing}, func(x ledger.Transaction) bool { return chasing[x.ID].Status == StatusChasing }},
			"not chasing":  {InvoiceQuery{Status: InvoicesNotChasing}, func(x ledger.Transaction) bool { return chasing[x.ID].Status == StatusNotChasing }},
			"reason":       {InvoiceQuery{Reason: "disputed"}, func(x ledger.Transaction) bool { return chasing[x.ID].HeldReason == "disputed" }},
			"one customer": {InvoiceQuery{AccountID: 3}, func(x ledger.Transaction) bool { return x.AccountID == 3 }},
			"currency":     {InvoiceQuery{Currency: "JPY"}, func(x ledger.Transaction) bool { return x.Amount.Currency == "JPY" }},
			"current":      {InvoiceQuery{Buckets: []ledger.Bucket{ledger.Current}, Today: today}, func(x ledger.Transaction) bool { return x.Outstanding.Minor > 0 && ageOf(x) <= 0 }},
			"31-60 and 121+": {InvoiceQuery{Buckets: []ledger.Bucket{ledger.Days31to60, ledger.Days121up}, Today: today}, func(x ledger.Transaction) bool {
				return x.Outstanding.Minor > 0 && (ledger.BucketOf(ageOf(x)) == ledger.Days31to60 || ledger.BucketOf(ageOf(x)) == ledger.Days121up)
			}},
			"dates": {InvoiceQuery{DueFrom: today.AddDays(-60), DueTo: today}, func(x ledger.Transaction) bool {
				return !x.Due.IsZero() && !x.Due.Before(today.AddDays(-60)) && !x.Due.After(today)
			}},
			"reference": {InvoiceQuery{Search: "REF 12"}, func(x ledger.Transaction) bool {
				return strings.Contains(foldTransaction(x.Number, x.Reference, x.Amount, x.Outstanding), "12") || strings.Contains(fmt.Sprint("c0000", x.AccountID-1, x.AccountID-1), "12")
			}},
			"customer's name":  {InvoiceQuery{Search: "o suilleabhain sohne"}, func(x ledger.Transaction) bool { return x.AccountID <= 8 }},
			"found nowhere":    {InvoiceQuery{Search: "nowhere"}, func(x ledger.Transaction) bool { return false }},
			"percent is plain": {InvoiceQuery{Search: "%"}, func(x ledger.Transaction) bool { return false }},
		} {
			var want []int64
			sums := map[string]int64{}
			for _, x := range b.transactions {
				if x.Type.Receivable() && c.keep(x) {
					want = append(want, x.ID)
					if c.q.Status == InvoicesPaid {
						sums[x.Amount.Currency] += x.Amount.Minor
					} else {
						sums[x.Amount.Currency] += x.Outstanding.Minor
					}
				}
			}
			ids, got, err := s.InvoiceIDs(bg, c.q)
			if err != nil {
				t.Fatal(name, err)
			}
			slices.Sort(ids)
			if !slices.Equal(ids, want) || !reflect.DeepEqual(got, sortedSums(sums)) {
				t.Errorf("seed %d, %s: %d rows %v, want %d rows %v", seed, name, len(ids), got, len(want), sortedSums(sums))
			}
		}
		checkOrders(t, s, b)
	}
}

func checkAgeing(t *testing.T, s *Store, b bigCompany) {
	t.Helper()
	want := map[string]*ledger.Ageing{}
	for _, x := range b.open() {
		a := want[x.Amount.Currency]
		if a == nil {
			a = &ledger.Ageing{Currency: x.Amount.Currency}
			want[x.Amount.Currency] = a
		}
		a.Add(ageOf(x), x.Outstanding.Minor)
	}
	got, err := s.Ageing(bg, today)
	if err != nil || len(got) != len(want) {
		t.Fatal(err, got)
	}
	total := map[string]int64{}
	for _, a := range got {
		if a != *want[a.Currency] {
			t.Errorf("%+v, want %+v", a, *want[a.Currency])
		}
		total[a.Currency] = a.Total
	}
	each, err := s.AgeingByCustomer(bg, today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range each {
		var cells int64
		for _, cell := range c.Cells {
			cells += cell
		}
		if cells != c.Total {
			t.Errorf("%s: cells %d, total %d (R1.4)", c.Code, cells, c.Total)
		}
		total[c.Currency] -= c.Total
	}
	for currency, rest := range total {
		if rest != 0 {
			t.Errorf("%s: customers and company differ by %d", currency, rest)
		}
	}
}

func checkCustomers(t *testing.T, s *Store, b bigCompany) {
	t.Helper()
	ids, err := s.CustomerIDs(bg, CustomerQuery{})
	if err != nil || len(ids) != len(b.customers) {
		t.Fatal(ids, err)
	}
	rows, err := s.CustomersByID(bg, ids, today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rows {
		owed, late, credit, refund := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
		open, overdue := 0, 0
		var oldest ledger.Date
		for _, x := range b.transactions {
			if x.AccountID != c.AccountID || x.Outstanding.Minor == 0 {
				continue
			}
			switch {
			case x.Type.Receivable():
				owed[x.Amount.Currency] += x.Outstanding.Minor
				open++
				if ageOf(x) > 0 {
					late[x.Amount.Currency] += x.Outstanding.Minor
					overdue++
				}
				if !x.Due.IsZero() && (oldest.IsZero() || x.Due.Before(oldest)) {
					oldest = x.Due
				}
			case x.Type.Credit():
				credit[x.Amount.Currency] += x.Outstanding.Minor
			case x.Type == ledger.SalesRefund:
				refund[x.Amount.Currency] += x.Outstanding.Minor
			}
		}
		for currency := range credit { // R2.1
			if credit[currency] -= refund[currency]; credit[currency] <= 0 {
				delete(credit, currency)
			}
		}
		if !reflect.DeepEqual(c.Outstanding, sortedSums(owed)) || !reflect.DeepEqual(c.Overdue, sortedSums(late)) || !reflect.DeepEqual(c.Credit, sortedSums(credit)) ||
			c.OpenCount != open || c.OverdueCount != overdue || c.OldestDue != oldest {
			t.Errorf("%s: %+v\nwant %v %v %v %d %d %v", c.Code, c, owed, late, credit, open, overdue, oldest)
		}
	}
	for status, keep := range map[CustomerStatus]func(CustomerRow) bool{
		CustomersOwing:      func(c CustomerRow) bool { return c.OpenCount > 0 },
		CustomersOverdue:    func(c CustomerRow) bool { return c.OverdueCount > 0 },
		CustomersChasing:    func(c CustomerRow) bool { return c.ChasingCount > 0 },
		CustomersNotChasing: func(c CustomerRow) bool { return c.OpenCount > 0 && c.ChasingCount == 0 },
		CustomersStopped:    func(c CustomerRow) bool { return false },
		CustomersInactive:   func(c CustomerRow) bool { return false },
	} {
		var want []int64
		for _, c := range rows {
			if keep(c) {
				want = append(want, c.AccountID)
			}
		}
		got, err := s.CustomerIDs(bg, CustomerQuery{Status: status, Today: today, Sort: CustomersByCode})
		slices.Sort(want)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v (%v)", status, got, want, err)
		}
	}
	for _, sort := range []CustomerSort{CustomersByName, CustomersByCode, CustomersByOutstanding, CustomersByOverdue, CustomersByCredit, CustomersByOldest,
		CustomersBySchedule, CustomersByNext, CustomersByLast, CustomersByStatus} {
		for _, desc := range []bool{false, true} {
			got, err := s.CustomerIDs(bg, CustomerQuery{Sort: sort, Desc: desc, Today: today})
			slices.Sort(got)
			if err != nil || len(slices.Compact(got)) != len(b.customers) {
				t.Errorf("sorted by %q: %v %v", sort, got, err)
			}
		}
	}
}

func checkOrders(t *testing.T, s *Store, b bigCompany) {
	t.Helper()
	byID := map[int64]ledger.Transaction{}
	for _, x := range b.transactions {
		byID[x.ID] = x
	}
	dueLast := func(desc bool) func(x, y ledger.Transaction) int {
		return func(x, y ledger.Transaction) int {
			if x.Due.IsZero() != y.Due.IsZero() {
				if x.Due.IsZero() {
					return 1
				}
				return -1
			}
			if desc {
				x, y = y, x
			}
			return cmp.Compare(x.Due.Sub(ledger.Date{}), y.Due.Sub(ledger.Date{}))
		}
	}
	for name, c := range map[string]struct {
		q       InvoiceQuery
		compare func(x, y ledger.Transaction) int
	}{
		"due":      {InvoiceQuery{}, dueLast(false)},
		"due ↓":    {InvoiceQuery{Desc: true}, dueLast(true)},
		"number":   {InvoiceQuery{Sort: InvoicesByNumber}, func(x, y ledger.Transaction) int { return cmp.Compare(x.Number, y.Number) }},
		"issued":   {InvoiceQuery{Sort: InvoicesByIssued}, func(x, y ledger.Transaction) int { return cmp.Compare(x.Issued.String(), y.Issued.String()) }},
		"issued ↓": {InvoiceQuery{Sort: InvoicesByIssued, Desc: true}, func(x, y ledger.Transaction) int { return cmp.Compare(y.Issued.String(), x.Issued.String()) }},
	} {
		ids, _, err := s.InvoiceIDs(bg, c.q)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.InvoicesByID(bg, append([]int64{777777}, ids...))
		if err != nil || len(rows) != len(ids) {
			t.Fatal(err, len(rows), len(ids))
		}
		for i, r := range rows {
			if r.ID != ids[i] || r.Transaction != byID[r.ID] {
				t.Fatalf("%s: row %d is %+v", name, i, r)
			}
			if i > 0 && c.compare(rows[i-1].Transaction, r.Transaction) > 0 {
				t.Errorf("%s: %v before %v", name, rows[i-1].Transaction, r.Transaction)
			}
		}
	}
	for _, sort := range []InvoiceSort{InvoicesByCustomer, InvoicesByAmount, InvoicesByOutstanding, InvoicesByExpected, InvoicesByNext, InvoicesByLast, InvoicesByStatus} {
		up, _, err := s.InvoiceIDs(bg, InvoiceQuery{Sort: sort})
		if err != nil {
			t.Fatal(err)
		}
		down, _, err := s.InvoiceIDs(bg, InvoiceQuery{Sort: sort, Desc: true})
		slices.Sort(up)
		slices.Sort(down)
		if err != nil || !slices.Equal(up, down) || len(slices.Compact(up)) != len(down) {
			t.Errorf("sorted by %q: %d and %d rows (%v)", sort, len(up), len(down), err)
		}
	}
}

func TestAmountsAreOrderedByTheirValue(t *testing.T) {
	s := openStore(t, t.TempDir())
	a, b, c := invoice(1, 1, "2026-05-01", 10_000), invoice(2, 1, "2026-05-01", 0), invoice(3, 1, "2026-05-01", 20_000)
	b.Amount, b.Outstanding, b.BaseAmount = ledger.Money{Minor: 24_000, Currency: "JPY"}, ledger.Money{Minor: 24_000, Currency: "JPY"}, "150.005"
	c.Outstanding = eur(100)
	put(t, s, a, b, c)
	for sort, want := range map[InvoiceSort][]int64{InvoicesByAmount: {1, 2, 3}, InvoicesByOutstanding: {3, 1, 2}} {
		if ids, _, err := s.InvoiceIDs(bg, InvoiceQuery{Sort: sort}); !slices.Equal(ids, want) || err != nil {
			t.Errorf("%s: %v %v", sort, ids, err)
		}
	}
}

func TestSearchFolds(t *testing.T) {
	s := openStore(t, t.TempDir())
	c := customer(1, "MÜL01")
	c.Name = "Müller & Straße “Łódź” Ltd"
	x := invoice(1, 1, "2026-05-01", 123_050)
	x.Reference = "Bestellung Nº 77/Ä"
	write(t, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, []ledger.Customer{c}); return err })
	put(t, s, x)
	for search, found := range map[string]bool{
		"": true, "1001": true, "muller": true, "MÜLLER": true, "strasse": true, "lodz": true, "mul01": true, "77/a": true, "bestellung muller": true,
		"1230.50": true, "1,230.50": true, "€1,230.5": true, "1230,50": false, "muller 9999": false, "_": false, "%": false, "'": false, `"`: false,
	} {
		ids, _, err := s.InvoiceIDs(bg, InvoiceQuery{Search: search})
		if err != nil || (len(ids) == 1) != found {
			t.Errorf("%q: %v %v", search, ids, err)
		}
	}
	if ids, err := s.CustomerIDs(bg, CustomerQuery{Search: "strasse lodz"}); len(ids) != 1 || err != nil {
		t.Error(ids, err)
	}
}

func TestAllocationsShowTheOtherSide(t *testing.T) {
	s := openStore(t, t.TempDir())
	r := invoice(2, 1, "2026-05-01", 60)
	r.Type, r.Number = ledger.SalesReceipt, "R9"
	put(t, s, invoice(1, 1, "2026-05-01", 100), r)
	list := []ledger.Allocation{{ID: 7, From: 2, To: 1, Amount: "0.60", Date: day("2026-05-03"), Created: day("2026-05-04")}, {ID: 8, From: 99, To: 1, Amount: "0.40", Date: day("2026-05-02")}}
	save := func() (n Counts) {
		t.Helper()
		write(t, s, func(tx *Tx) (err error) { n, err = tx.UpsertAllocations(bg, list); return err })
		return n
	}
	if n := save(); n != (Counts{New: 2}) {
		t.Error(n)
	}
	if n := save(); n.Any() {
		t.Error(n)
	}
	list[0].Amount = "0.61"
	if n := save(); n != (Counts{Changed: 1}) {
		t.Error(n)
	}
	got, err := s.AllocationsOf(bg, 1)
	want := []AllocationRow{{Allocation: list[1], OtherID: 99, Currency: "EUR"},
		{Allocation: list[0], OtherID: 2, OtherType: ledger.SalesReceipt, OtherNumber: "R9", OtherIssued: r.Issued, Currency: "EUR"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err = s.AllocationsOf(bg, 2); err != nil || len(got) != 1 || got[0].OtherNumber != "1001" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestInvoiceByNumber(t *testing.T) {
	s := openStore(t, t.TempDir())
	a, b, c := invoice(1, 1, "2026-05-01", 100), invoice(2, 1, "2026-04-01", 100), invoice(3, 1, "2026-05-01", 100)
	b.Number, c.Number, c.Type = a.Number, a.Number, ledger.SalesCreditNote
	a.Outstanding.Minor = 0
	put(t, s, a, b, c)
	rows, err := s.InvoiceByNumber(bg, a.Number)
	if err != nil || len(rows) != 2 || rows[0].ID != 2 || rows[1].ID != 1 {
		t.Error(rows, err)
	}
	if rows, err := s.InvoiceByNumber(bg, "none"); err != nil || len(rows) != 0 {
		t.Error(rows, err)
	}
	if _, err := s.Invoice(bg, 99); !isNotFound(err) {
		t.Error(err)
	}
}

func TestDocumentsLeadToTransactions(t *testing.T) {
	s := openStore(t, t.TempDir())
	a, b := invoice(1, 1, "2026-05-01", 100), invoice(2, 1, "2026-05-01", 100)
	a.DocumentID = 500
	put(t, s, a, b)
	if ids, err := s.TransactionsOfDocuments(bg, []int64{0, 500, 501}); !slices.Equal(ids, []int64{1}) || err != nil {
		t.Error(ids, err)
	}
}
