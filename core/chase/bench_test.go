package chase

import (
	"fmt"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// ledgerOf makes a company with n open invoices, four to a customer on average, each chased twice before:
// due dates over half a year, a fifth in dollars, some customers with holds, credits and balances.
func ledgerOf(b *testing.B, n int) Input {
	in := Input{
		Now: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC),
		Company: Company{
			Zone: zone(b, "Europe/Dublin"), Country: "IE", Currency: "EUR", MinGapDays: 3, Minimum: "10", DisputesStop: true,
			Rates: map[string]string{"USD": "1.10"},
			Slots: Slots{Weekdays: [7]bool{time.Tuesday: true, time.Thursday: true}, Hour: 10, SkipHolidays: true},
		},
		Schedules: []Schedule{DefaultSchedule()}, DefaultSchedule: "Default",
	}
	today := date(b, "2026-05-12")
	for i := range n / 4 {
		c := Customer{Code: fmt.Sprintf("C%06d", i*7919%(n/4)), Addresses: []Address{{Email: fmt.Sprintf("ap@c%d.example", i), Normal: true, Escalated: true}}}
		if i%20 == 0 {
			c.Credits = []ledger.Money{{Minor: 5000, Currency: "EUR"}}
		}
		if i%30 == 0 {
			c.HoldUntil = today.AddDays(i % 50)
		}
		in.Customers = append(in.Customers, c)
	}
	for i := range n {
		out := ledger.Money{Minor: int64(500 + i*37%100000), Currency: "EUR"}
		if i%5 == 0 {
			out.Currency = "USD"
		}
		customer := in.Customers[i*31%len(in.Customers)].Code
		inv := Invoice{Number: fmt.Sprintf("INV%07d", i), Customer: customer, Type: ledger.SalesInvoice, Posted: true,
			Due: today.AddDays(20 - i*13%180), Amount: out, Outstanding: out}
		in.Invoices = append(in.Invoices, inv)
		for k := range 2 {
			in.History = append(in.History, Sent{Customer: customer, Kind: Overdue, Automatic: true, State: Accepted,
				At: in.Now.AddDate(0, 0, -2-i%40-7*k), Invoices: []SentInvoice{{Number: inv.Number, Offset: 1 + 7*k}}})
		}
	}
	return in
}

func benchmarkPlan(b *testing.B, n int) {
	in := ledgerOf(b, n)
	b.ReportAllocs()
	b.ResetTimer()
	messages := 0
	for range b.N {
		messages = len(Plan(in).Messages)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "invoices/s")
	b.ReportMetric(float64(messages), "messages")
}

func BenchmarkPlan1k(b *testing.B)   { benchmarkPlan(b, 1_000) }
func BenchmarkPlan10k(b *testing.B)  { benchmarkPlan(b, 10_000) }
func BenchmarkPlan100k(b *testing.B) { benchmarkPlan(b, 100_000) }

func BenchmarkAhead100k60Days(b *testing.B) {
	in := ledgerOf(b, 100_000)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		Ahead(in, 60)
	}
}
