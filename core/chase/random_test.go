package chase

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// randomInput makes a small company in which the edges of the rules are met often: dates lie close to
// each other, and everything that can hold an invoice back does so now and then.
func randomInput(t testing.TB, seed uint64) Input {
	g := &generator{rand.New(rand.NewPCG(seed, 2)), zone(t, zones[seed%uint64(len(zones))]), ledger.Date{}}
	g.today = date(t, pick(g, "2026-03-28", "2026-03-29", "2026-05-12", "2026-10-25", "2026-12-25", "2024-02-29")).AddDays(g.IntN(4))
	in := Input{Company: g.company(), Schedules: g.schedules()}
	in.Now = g.now(in.Company)
	in.DefaultSchedule = pick(g, "", "A", "A", "A", "B", "C")
	for i := range 1 + g.IntN(4) {
		in.Customers = append(in.Customers, g.customer(i))
	}
	for i := range g.IntN(14) {
		in.Invoices = append(in.Invoices, g.invoice(i, len(in.Customers)))
	}
	for range g.IntN(10) {
		in.History = append(in.History, g.sent(in))
	}
	return in
}

var zones = []string{"UTC", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"}

type generator struct {
	*rand.Rand
	zone  *time.Location
	today ledger.Date
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// near returns a date up to n days before or after today, none now and then.
func (g *generator) near(n int) ledger.Date {
	if g.oneIn(12) {
		return ledger.Date{}
	}
	return g.today.AddDays(g.IntN(2*n+1) - n)
}

// hold returns mostly no date.
func (g *generator) hold() ledger.Date {
	if !g.oneIn(8) {
		return ledger.Date{}
	}
	return g.near(3)
}

func (g *generator) company() Company {
	c := Company{
		Zone: g.zone, Country: pick(g, "", "IE", "GB-SCT"), Currency: pick(g, "EUR", "JPY"),
		MinGapDays: g.IntN(5), Minimum: pick(g, "0", "0", "10", "33.335"),
		Grouping: pick(g, ByType, BySettings, NoGrouping), DisputesStop: g.oneIn(2),
		Rates: map[string]string{"USD": "1.10", "JPY": "160.5"},
		Slots: Slots{Hour: pick(g, 0, 1, 2, 10, 23), Minute: pick(g, 0, 15, 30), SkipHolidays: g.oneIn(2)},
	}
	if g.oneIn(10) {
		c.Paused, c.PausedUntil = true, g.near(4)
	}
	for day := range c.Slots.Weekdays {
		c.Slots.Weekdays[day] = g.oneIn(2)
	}
	if g.oneIn(3) {
		c.Slots.ExtraHolidays = append(c.Slots.ExtraHolidays, g.today, g.today.AddDays(2))
		c.Slots.NotHolidays = append(c.Slots.NotHolidays, g.today.AddDays(1))
	}
	return c
}

func (g *generator) now(c Company) time.Time {
	at, ok := LocalInstant(g.zone, g.today, c.Slots.Hour, c.Slots.Minute)
	if !ok || g.oneIn(3) {
		at, _ = LocalInstant(g.zone, g.today, g.IntN(24), g.IntN(60))
	}
	return at.Add(time.Duration(pick(g, 0, 0, 0, -1, 1)) * time.Second)
}

func (g *generator) schedules() []Schedule {
	step := func(o int) Step {
		return Step{
			Offset: o, EscalatedSender: g.oneIn(4), EscalatedRecipient: g.oneIn(3), Channel: pick(g, "", "", Email, Call, Letter),
			SingleTemplate: pick(g, "", "s"), MultiTemplate: pick(g, "", "", "m"),
		}
	}
	var list []Schedule
	for _, name := range []string{"A", "B", "C"} {
		s := Schedule{Name: name, Thanks: !g.oneIn(4)}
		for _, o := range []int{-7, -2, 0} {
			if g.oneIn(2) {
				s.BeforeDue = append(s.BeforeDue, step(o))
			}
		}
		for _, o := range []int{1, 2, 4, 8} {
			if g.oneIn(2) {
				s.Overdue = append(s.Overdue, step(o))
			}
		}
		if len(s.Overdue) > 0 && g.oneIn(2) {
			s.Repeat = Repeat{1 + g.IntN(3), g.IntN(3)}
		}
		list = append(list, s)
	}
	return list
}

func (g *generator) choice() Choice {
	if !g.oneIn(4) {
		return Choice{}
	}
	return Choice{true, pick(g, "", "A", "B", "C")}
}

func (g *generator) money() ledger.Money {
	currency := pick(g, "EUR", "EUR", "EUR", "USD", "JPY", "CHF")
	return ledger.Money{Minor: int64(pick(g, 0, 1, 999, 1000, 1001, 3333, 3334, 1605, 3669)), Currency: currency}
}

func (g *generator) customer(i int) Customer {
	c := Customer{
		Code: fmt.Sprintf("C%d", i), Name: "Customer", Schedule: g.choice(), Stopped: g.oneIn(15), HoldUntil: g.hold(), Replied: g.oneIn(20),
	}
	for j := range g.IntN(4) {
		c.Addresses = append(c.Addresses, Address{
			Email: pick(g, "a@x.example", "A@x.example", "b@x.example", fmt.Sprintf("%d@x.example", j), ""), Normal: g.oneIn(2), Escalated: g.oneIn(2),
			CC: g.oneIn(3), Bounced: g.oneIn(6),
		})
	}
	if g.oneIn(4) {
		c.Credits = append(c.Credits, g.money())
	}
	if g.oneIn(12) {
		c.Reported = []ledger.Money{g.money()}
	}
	return c
}

func (g *generator) invoice(i, customers int) Invoice {
	out := g.money()
	inv := Invoice{
		Number: fmt.Sprint(i), Customer: fmt.Sprintf("C%d", g.IntN(customers)), Type: ledger.SalesInvoice, Posted: !g.oneIn(20),
		Issued: g.today.AddDays(-30), Due: g.near(12), Amount: out, Outstanding: out, Disputed: g.oneIn(15), Stopped: g.oneIn(15),
		HoldUntil: g.hold(), Expected: g.hold(), Schedule: g.choice(), PaidBy: pick(g, ByReceipt, ByReceipt, ByCredit),
	}
	if g.oneIn(5) {
		inv.Type = pick(g, ledger.SalesTypes...)
	}
	inv.Amount.Minor += 100
	return inv
}

func (g *generator) sent(in Input) Sent {
	s := Sent{
		Customer: fmt.Sprintf("C%d", g.IntN(len(in.Customers))), Automatic: g.oneIn(2),
		Kind:  pick(g, BeforeDue, Overdue, Overdue, Thanks, Statement, ChaseNow, Skip),
		State: pick(g, Accepted, Accepted, Accepted, Planned, Approved, Queued, Sending, Refused, Uncertain, Cancelled, Bounced, Replied),
	}
	day := g.today.AddDays(pick(g, 0, 0, 1, -1, -2, -3, -4, -5, -6, -10))
	s.At, _ = LocalInstant(g.zone, day, g.IntN(24), g.IntN(60))
	for _, inv := range in.Invoices {
		if inv.Customer != s.Customer || g.oneIn(2) {
			continue
		}
		si := SentInvoice{Number: inv.Number, Offset: pick(g, -7, -2, 0, 1, 2, 4, 8, 9, 10)}
		switch s.Kind {
		case Skip:
			si.Part = pick(g, "", BeforeDue, Overdue)
		case ChaseNow:
			si.Part = pick(g, "", BeforeDue, Overdue)
			if g.oneIn(3) {
				si.Offset = NoStep
			}
		}
		s.Invoices = append(s.Invoices, si)
	}
	return s
}
