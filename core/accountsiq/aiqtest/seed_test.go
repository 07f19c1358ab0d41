package aiqtest

import (
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
	for _, size := range []Size{{0, 0}, {1, 1}, {3, 10}, {23, 40}, {60, 900}, {400, 5000}} {
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
