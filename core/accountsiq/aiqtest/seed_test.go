package aiqtest

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

var testNow = time.Date(2026, 5, 12, 10, 30, 0, 0, time.UTC)

// seedToday is the day in Dublin at testNow.
var seedToday = ledger.NewDate(2026, 5, 12)

func TestSeededIsDeterministic(t *testing.T) {
	a, b := Seeded(7, testNow, DemoSize), Seeded(7, testNow, DemoSize)
	if !reflect.DeepEqual(a.Transactions(), b.Transactions()) || !reflect.DeepEqual(a.Customers(), b.Customers()) ||
		!reflect.DeepEqual(a.Allocations(), b.Allocations()) || !reflect.DeepEqual(a.Contacts(), b.Contacts()) {
		t.Error("the same seed gives different books")
	}
	if reflect.DeepEqual(a.Transactions(), Seeded(8, testNow, DemoSize).Transactions()) {
		t.Error("another seed gives the same books")
	}
}

func TestSeededSizes(t *testing.T) {
	for _, size := range []Size{{}, {Customers: 1, Transactions: 1}, {Customers: 3, Transactions: 10}, {Customers: 23, Transactions: 40}, DemoSize,
		{Customers: 400, Transactions: 5000}} {
		c := Seeded(3, testNow, size)
		if n := len(c.Customers()); n != size.Customers {
			t.Errorf("%v: %d customers", size, n)
		}
		if n := len(c.Transactions()); n != size.Transactions {
			t.Errorf("%v: %d transactions", size, n)
		}
		if err := c.Check(); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
}

// The demo, its pictures and many tests count on the very books of a seed.
func TestSeededBooksStayTheSame(t *testing.T) {
	for _, tt := range []struct {
		seed uint64
		size Size
		want string
	}{
		{1, DemoSize, "51a42e00c74e2256"}, {7, DemoSize, "86bda5dbfdc2ef2e"}, {1, Size{Customers: 1000, Transactions: 10_000}, "05f2928c090d695f"},
	} {
		if got := fingerprint(Seeded(tt.seed, testNow, tt.size)); got != tt.want {
			t.Errorf("seed %d, %+v: %s instead of %s", tt.seed, tt.size, got, tt.want)
		}
	}
}

// fingerprint is a short hash of what a company's books hold.
func fingerprint(c *Company) string {
	h := sha256.New()
	for _, x := range c.Customers() {
		fmt.Fprintln(h, x.AccountID, x.Code, x.Name, x.Contact, x.Email, x.Phone, x.Currency, x.Term, x.CreditLimit, x.Inactive, x.Hold, x.HeadOffice, x.Created, x.Address)
	}
	for _, x := range c.Contacts() {
		fmt.Fprintln(h, x.Contact)
	}
	for _, x := range c.Transactions() {
		fmt.Fprintln(h, x.ID, x.AccountID, x.Type, x.Document, x.Batch, x.Number, x.Reference, x.Description, x.Amount, x.Tax, x.Base,
			x.Rate, x.Issued, x.Due, x.Created, x.Disputed, x.Reversed, x.Outstanding)
	}
	for _, x := range c.Allocations() {
		fmt.Fprintln(h, x.ID, x.From, x.To, x.Amount, x.Date, x.Created)
	}
	for _, x := range c.Documents() {
		fmt.Fprintln(h, x.ID, x.Transaction, x.Status, x.Number)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

func TestSeededWithCountedAllocations(t *testing.T) {
	for _, size := range []Size{{Customers: 60, Transactions: 300, Allocations: 250}, {Customers: 60, Transactions: 900, Allocations: 900},
		{Customers: 400, Transactions: 5000, Allocations: 5000}, {Customers: 400, Transactions: 5000, Allocations: 500},
		{Customers: 400, Transactions: 5000, Allocations: 6500}} {
		c := Seeded(3, testNow, size)
		if n := len(c.Transactions()); n != size.Transactions {
			t.Errorf("%+v: %d transactions", size, n)
		}
		if n := len(c.Allocations()); n != size.Allocations {
			t.Errorf("%+v: %d allocations", size, n)
		}
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", size, err)
		}
		several, rates := map[int64]int{}, map[int64]int{} // matches by credit and by debit
		for _, m := range c.Allocations() {
			several[m.From]++
			rates[m.To]++
		}
		var together, inRates, part int
		for _, tx := range c.Transactions() {
			if several[tx.ID] > 1 {
				together++
			}
			if rates[tx.ID] > 1 {
				inRates++
			}
			if rates[tx.ID] > 0 && tx.Outstanding.Minor > 0 {
				part++
			}
			if tx.Created.After(testNow) {
				t.Errorf("%+v: transaction %d was created in the future", size, tx.ID)
			}
		}
		if size.Allocations >= size.Transactions && (together < size.Transactions/50 || inRates < size.Transactions/100 || part < size.Transactions/200) {
			t.Errorf("%+v: %d receipts for several invoices, %d invoices in rates, %d part-paid", size, together, inRates, part)
		}
	}
	if !reflect.DeepEqual(Seeded(3, testNow, Size{Customers: 60, Transactions: 900, Allocations: 900}).Transactions(), Seeded(3, testNow, Size{Customers: 60, Transactions: 900, Allocations: 900}).Transactions()) {
		t.Error("the same seed gives different books")
	}
}

// open returns the chaseable items with their ages.
func open(c *Company) map[int][]Transaction {
	out := map[int][]Transaction{}
	for _, tx := range c.Transactions() {
		if tx.Type.Receivable() && tx.Outstanding.Minor > 0 && !tx.Due.IsZero() {
			age := seedToday.Sub(tx.Due)
			out[age] = append(out[age], tx)
		}
	}
	return out
}

func TestSeededMeetsEveryBucketAndStep(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	byAge := open(c)
	var buckets [ledger.Buckets]int
	for age, items := range byAge {
		buckets[ledger.BucketOf(age)] += len(items)
	}
	for b, n := range buckets {
		if n == 0 {
			t.Errorf("bucket %s is empty", ledger.Bucket(b))
		}
	}
	for _, st := range steps {
		var owed []Transaction
		for _, items := range byAge {
			for _, tx := range items {
				if cu, _ := c.Customer(tx.AccountCode); cu.Name == st.name {
					owed = append(owed, tx)
				}
			}
		}
		if len(owed) != 1 || seedToday.Sub(owed[0].Due) != st.age {
			t.Errorf("%s owes %v, want one item of age %d", st.name, owed, st.age)
		}
	}
}

func TestSeededHasEveryKind(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	seen := map[string]bool{}
	codes := map[string]bool{}
	for _, p := range c.Contacts() {
		if p.Email != "" {
			codes[p.AccountCode] = true
		}
	}
	for _, cu := range c.Customers() {
		seen["currency "+cu.Currency] = true
		seen["inactive and owing"] = seen["inactive and owing"] || cu.Inactive && c.Balance(cu.Code, cu.Currency).Minor > 0
		seen["no address at all"] = seen["no address at all"] || cu.Email == "" && !codes[cu.Code]
		seen["contacts only"] = seen["contacts only"] || cu.Email == "" && codes[cu.Code]
		seen["branch"] = seen["branch"] || cu.HeadOffice != 0
		for word, what := range map[string]string{"'": "apostrophe", "é": "accent", `"`: "quote", "🌊": "emoji", "\n": "newline", "<b>": "markup"} {
			seen[what] = seen[what] || strings.Contains(cu.Name, word)
		}
		if cu.Email != "" && !strings.HasSuffix(cu.Email, ".example") {
			t.Errorf("address %s", cu.Email)
		}
	}
	for _, tx := range c.Transactions() {
		seen[string(tx.Type)] = true
		left, whole := tx.Outstanding.Minor, tx.Amount.Minor
		seen["part-paid"] = seen["part-paid"] || tx.Type == ledger.SalesInvoice && left > 0 && left < whole
		seen["loose credit note"] = seen["loose credit note"] || tx.Type == ledger.SalesCreditNote && left == whole
		seen["matched credit note"] = seen["matched credit note"] || tx.Type == ledger.SalesCreditNote && left == 0
		seen["loose receipt"] = seen["loose receipt"] || tx.Type == ledger.SalesReceipt && left > 0
		seen["disputed"] = seen["disputed"] || tx.Disputed && left > 0
		seen["reversed"] = seen["reversed"] || tx.Reversed && left == 0
		seen["batch"] = seen["batch"] || tx.Batch
		seen["no due date"] = seen["no due date"] || tx.Type == ledger.SalesInvoice && tx.Due.IsZero()
		seen["two years old"] = seen["two years old"] || seedToday.Sub(tx.Issued) > 700
		if tx.Created.After(testNow) {
			t.Errorf("transaction %d was created in the future", tx.ID)
		}
	}
	for _, d := range c.Documents() {
		seen[string(d.Status)] = true
	}
	for _, want := range []string{"currency EUR", "currency GBP", "currency USD", "currency JPY", "inactive and owing",
		"no address at all", "contacts only", "branch", "apostrophe", "accent", "quote", "emoji", "newline", "markup",
		"SI", "SN", "SR", "SP", "SD", "SC", "DS", "SX", "part-paid", "loose credit note", "matched credit note",
		"loose receipt", "disputed", "reversed", "batch", "no due date", "two years old", "Processed", "Posted", "Cancelled"} {
		if !seen[want] {
			t.Errorf("the demo company has no %s", want)
		}
	}
}

func BenchmarkSeeded(b *testing.B) {
	for b.Loop() {
		Seeded(1, testNow, Size{Customers: 10_000, Transactions: 100_000})
	}
}
