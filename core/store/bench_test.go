package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// company is a big company for measuring: customers, and open or settled transactions of all types.
type bigCompany struct {
	customers    []ledger.Customer
	transactions []ledger.Transaction
}

var today = ledger.NewDate(2026, 5, 12)

func big(customers, transactions int, open float64) bigCompany {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bigCompany
	for i := range customers {
		b.customers = append(b.customers, ledger.Customer{AccountID: int64(i + 1), Code: fmt.Sprintf("C%05d", i), Name: fmt.Sprintf("Ó Súilleabháin & %d Söhne", i),
			Email: fmt.Sprintf("ap%d@customer%d.example", i, i), Currency: "EUR", CreditTermID: "30", Active: true, Created: today})
	}
	for i := range transactions {
		minor := rnd.Int64N(1_000_000) + 1
		kind := ledger.SalesInvoice
		if rnd.IntN(20) == 0 {
			kind = ledger.SalesTypes[rnd.IntN(len(ledger.SalesTypes))]
		}
		currency := []string{"EUR", "EUR", "EUR", "GBP", "USD", "JPY"}[rnd.IntN(6)]
		account := rnd.IntN(customers)
		x := ledger.Transaction{ID: int64(i + 1), AccountID: int64(account + 1), AccountCode: b.customers[account].Code, Type: kind, DocumentID: int64(i + 500_000),
			Number: fmt.Sprintf("%06d", 100_000+i), Reference: fmt.Sprintf("PO-%d/%d", account, i), Amount: ledger.Money{Minor: minor, Currency: currency},
			Outstanding: ledger.Money{Currency: currency}, BaseAmount: fmt.Sprintf("%d.%02d", minor/100, minor%100),
			Issued: today.AddDays(-rnd.IntN(400)), Created: today.AddDays(-rnd.IntN(400))}
		if rnd.Float64() < open {
			x.Outstanding.Minor = minor
		}
		if kind.Receivable() {
			x.Due = x.Issued.AddDays(30)
		}
		b.transactions = append(b.transactions, x)
	}
	return b
}

func testOptions() Options {
	n := 0
	return Options{Now: func() time.Time { return time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC) }, NewID: func() string { n++; return fmt.Sprintf("id-%d", n) }}
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func write(t testing.TB, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Tx(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func (b bigCompany) save(t testing.TB, s *Store) {
	ctx := context.Background()
	write(t, s, func(tx *Tx) error {
		if err := tx.SetCreditTerms(ctx, []ledger.CreditTerm{{Code: "30", Days: 30}}); err != nil {
			return err
		}
		if _, err := tx.UpsertCustomers(ctx, b.customers); err != nil {
			return err
		}
		_, err := tx.UpsertTransactions(ctx, b.transactions, today)
		return err
	})
}

// outlookOf is an outlook of the open receivables such as a planner might give.
func (b bigCompany) outlook() []OutlookRow {
	var rows []OutlookRow
	for i, x := range b.transactions {
		if !x.Type.Receivable() || x.Outstanding.Minor == 0 {
			continue
		}
		r := OutlookRow{TransactionID: x.ID, AccountID: x.AccountID, Status: StatusChasing, Next: Place{"overdue", 2, 8}, NextDate: today.AddDays(i % 60),
			Sentence: "Will be sent step 2 (8 days overdue) on Thursday 14 May 2026 because it was due on 6 May 2026."}
		if i%5 == 0 {
			r.Status, r.HeldReason, r.HeldText, r.Next, r.NextDate = StatusNotChasing, "disputed", "In dispute", Place{}, ledger.Date{}
		}
		rows = append(rows, r)
	}
	return rows
}

func BenchmarkUpsertTransactions100k(b *testing.B) {
	data := big(10_000, 100_000, 1)
	ctx := context.Background()
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			dir, _ := os.MkdirTemp(b.TempDir(), "")
			s := openStore(b, dir)
			write(b, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(ctx, data.customers); return err })
			b.StartTimer()
			write(b, s, func(tx *Tx) error {
				n, err := tx.UpsertTransactions(ctx, data.transactions, today)
				if n.New != len(data.transactions) {
					b.Fatal(n)
				}
				return err
			})
		}
	})
	s := openStore(b, b.TempDir())
	data.save(b, s)
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			write(b, s, func(tx *Tx) error {
				n, err := tx.UpsertTransactions(ctx, data.transactions, today)
				if n.Any() {
					b.Fatal(n)
				}
				return err
			})
		}
	})
}

func BenchmarkReads100k(b *testing.B) {
	ctx := context.Background()
	data := big(10_000, 100_000, 1)
	s := openStore(b, b.TempDir())
	data.save(b, s)
	rows := data.outlook()
	b.Run("SaveOutlook/new", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			write(b, s, func(tx *Tx) error { return tx.SaveOutlook(ctx, OutlookStamp{}, nil) })
			b.StartTimer()
			write(b, s, func(tx *Tx) error { return tx.SaveOutlook(ctx, OutlookStamp{}, rows) })
		}
	})
	b.Run("SaveOutlook/unchanged", func(b *testing.B) {
		for b.Loop() {
			write(b, s, func(tx *Tx) error { return tx.SaveOutlook(ctx, OutlookStamp{}, rows) })
		}
	})
	for _, q := range []struct {
		name string
		InvoiceQuery
	}{
		{"due", InvoiceQuery{Status: InvoicesOutstanding}},
		{"due_desc", InvoiceQuery{Status: InvoicesOutstanding, Desc: true}},
		{"number", InvoiceQuery{Status: InvoicesOutstanding, Sort: InvoicesByNumber}},
		{"customer", InvoiceQuery{Status: InvoicesOutstanding, Sort: InvoicesByCustomer}},
		{"outstanding", InvoiceQuery{Status: InvoicesOutstanding, Sort: InvoicesByOutstanding}},
		{"next", InvoiceQuery{Status: InvoicesOutstanding, Sort: InvoicesByNext}},
		{"chasing", InvoiceQuery{Status: InvoicesChasing}},
		{"reason", InvoiceQuery{Status: InvoicesOutstanding, Reason: "disputed"}},
		{"search_number", InvoiceQuery{Status: InvoicesOutstanding, Search: "150000"}},
		{"search_customer", InvoiceQuery{Status: InvoicesAll, Search: "suilleabhain 777"}},
		{"search_amount", InvoiceQuery{Status: InvoicesAll, Search: "1,234.5"}},
		{"search_nothing", InvoiceQuery{Status: InvoicesAll, Search: "zzzzzz"}},
	} {
		b.Run("InvoiceIDs/"+q.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				ids, _, err := s.InvoiceIDs(ctx, q.InvoiceQuery)
				if err != nil {
					b.Fatal(err)
				}
				n = len(ids)
			}
			b.ReportMetric(float64(n), "rows")
		})
	}
	ids, _, err := s.InvoiceIDs(ctx, InvoiceQuery{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("InvoicesByID/200", func(b *testing.B) {
		for b.Loop() {
			if rows, err := s.InvoicesByID(ctx, ids[50_000:50_200]); err != nil || len(rows) != 200 {
				b.Fatal(err)
			}
		}
	})
	for _, sort := range []CustomerSort{CustomersByName, CustomersByOutstanding, CustomersByOverdue, CustomersByNext, CustomersByOldest} {
		b.Run("CustomerIDs/"+string(sort), func(b *testing.B) {
			for b.Loop() {
				if ids, err := s.CustomerIDs(ctx, CustomerQuery{Sort: sort, Today: today, Status: CustomersOwing}); err != nil || len(ids) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("CustomersByID/200", func(b *testing.B) {
		var ids []int64
		for i := range 200 {
			ids = append(ids, int64(i*37+1))
		}
		for b.Loop() {
			if rows, err := s.CustomersByID(ctx, ids, today); err != nil || len(rows) != 200 {
				b.Fatal(err)
			}
		}
	})
	b.Run("Ageing", func(b *testing.B) {
		for b.Loop() {
			if a, err := s.Ageing(ctx, today); err != nil || len(a) == 0 {
				b.Fatal(err)
			}
		}
	})
	b.Run("OpenTransactionIDs", func(b *testing.B) {
		for b.Loop() {
			if a, err := s.OpenTransactionIDs(ctx); err != nil || len(a) == 0 {
				b.Fatal(err)
			}
		}
	})
	b.Run("PlannerFacts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if f, err := s.PlannerFacts(ctx); err != nil || len(f.Open) < 90_000 {
				b.Fatal(err, len(f.Open))
			}
		}
	})
	b.Run("Commit", func(b *testing.B) {
		i := 0
		for b.Loop() {
			i++
			write(b, s, func(tx *Tx) error { return tx.SetSetting(ctx, "n", fmt.Sprint(i)) })
		}
	})
}
