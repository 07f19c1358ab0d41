package chase

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// company returns a company with a slot at 09:00 UTC on every day, no gap and no minimum.
func company() Company {
	return Company{
		Zone: time.UTC, Currency: "EUR", DisputesStop: true, Grouping: ByType,
		Slots: Slots{Weekdays: [7]bool{true, true, true, true, true, true, true}, Hour: 9},
	}
}

func eur(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }

// oneInvoice is ACME's invoice 1 over 100.00, a day overdue at the slot of 12 May 2026, with a step due.
func oneInvoice(t *testing.T) Input {
	return Input{
		Now: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC), Company: company(),
		Schedules: []Schedule{{Name: "S", Overdue: steps(1, 8), Thanks: true}}, DefaultSchedule: "S",
		Customers: []Customer{{Code: "ACME", Addresses: []Address{{Email: "ap@acme.example", Normal: true, Escalated: true}}}},
		Invoices: []Invoice{{Number: "1", Customer: "ACME", Type: ledger.SalesInvoice, Posted: true, Due: date(t, "2026-05-11"),
			Amount: eur(10000), Outstanding: eur(10000)}},
	}
}

// TestR2_2_FirstReasonInOrder starts with an invoice that every rule holds back and lifts one reason after
// the other.
func TestR2_2_FirstReasonInOrder(t *testing.T) {
	in := oneInvoice(t)
	c, cust, inv := &in.Company, &in.Customers[0], &in.Invoices[0]
	today := date(t, "2026-05-12")
	c.Paused, c.Minimum = true, "100.01"
	cust.Stopped, cust.HoldUntil, cust.Replied, cust.Addresses = true, today, true, nil
	cust.Credits, cust.Reported = []ledger.Money{eur(10000)}, []ledger.Money{eur(7)}
	due := inv.Due
	inv.Stopped, inv.Disputed, inv.Posted, inv.Due = true, true, false, ledger.Date{}
	inv.Schedule = Choice{Set: true}
	for _, step := range []struct {
		want Reason
		lift func()
	}{
		{ReasonPaused, func() { c.PausedUntil = today }},
		{ReasonCustomerStopped, func() { cust.Stopped = false }},
		{ReasonInvoiceStopped, func() { inv.Stopped = false }},
		{ReasonDisputed, func() { c.DisputesStop = false }},
		{ReasonHoldUntil, func() { cust.HoldUntil = today.AddDays(-1) }},
		{ReasonReplied, func() { cust.Replied = false }},
		{ReasonNotPosted, func() { inv.Posted = true }},
		{ReasonNoDueDate, func() { inv.Due = due }},
		{ReasonBelowMinimum, func() { c.Minimum = "100" }},
		{ReasonCovered, func() { cust.Credits = []ledger.Money{eur(9999)} }},
		{ReasonNoAddress, func() { cust.Addresses = []Address{{Email: "x@y.example"}} }},
		{ReasonMismatch, func() { cust.Reported = nil }},
		{ReasonNoSchedule, func() { inv.Schedule = Choice{Set: true, Name: "ended"} }},
		{ReasonEndOfSchedule, func() { inv.Schedule = Choice{} }},
	} {
		in.Schedules = append(in.Schedules[:1:1], Schedule{Name: "ended"})
		res := Plan(in)
		held := res.Invoices[0].Held
		if held == nil || held.Reason != step.want || len(res.Messages) > 0 {
			t.Fatalf("held %+v with %d messages, want %s", held, len(res.Messages), step.want)
		}
		if held.Text == "" || strings.Contains(held.Text, "_") {
			t.Errorf("%s has the text %q", step.want, held.Text)
		}
		step.lift()
	}
	if res := Plan(in); res.Invoices[0].Held != nil || len(res.Messages) != 1 {
		t.Errorf("nothing holds it any more, yet %+v", res)
	}
}

func TestR2_1_OnlyInvoicesAndDebitJournalsAreChased(t *testing.T) {
	for _, typ := range ledger.SalesTypes {
		in := oneInvoice(t)
		in.Invoices[0].Type = typ
		res := Plan(in)
		want := 0
		if typ == ledger.SalesInvoice || typ == ledger.SalesDebitJournal {
			want = 1
		}
		if len(res.Messages) != want || len(res.Invoices) != want {
			t.Errorf("%s: %d messages, %d invoices, want %d", typ, len(res.Messages), len(res.Invoices), want)
		}
	}
}

func TestR2_1_NegativeOutstandingIsNeitherOpenNorPaid(t *testing.T) {
	in := oneInvoice(t)
	in.Invoices[0].Outstanding = eur(-1)
	in.History = []Sent{{Customer: "ACME", Kind: Overdue, At: in.Now.AddDate(0, 0, -5), State: Accepted, Invoices: []SentInvoice{{Number: "1", Offset: 1}}}}
	if res := Plan(in); len(res.Messages)+len(res.Invoices) > 0 {
		t.Errorf("got %+v", res)
	}
}

func TestR2_2_8_MinimumIsExact(t *testing.T) {
	for _, c := range []struct {
		minimum, currency, rate string
		minor                   int64
		below, missing          bool
	}{
		{"50", "EUR", "", 5000, false, false},
		{"50", "EUR", "", 4999, true, false},
		{"0.001", "EUR", "", 1, false, false},
		{"49.991", "EUR", "", 4999, true, false}, // no rounding of the limit
		{"50", "USD", "1.10", 5500, false, false},
		{"50", "USD", "1.10", 5499, true, false},
		{"50", "USD", "1.100000000000000000001", 5500, true, false},
		{"50", "USD", "1.099999999999999999999", 5500, false, false},
		{"50", "JPY", "160.5", 8025, false, false},
		{"50", "JPY", "160.5", 8024, true, false},
		{"50", "KWD", "0.33", 16500, false, false},
		{"50", "KWD", "0.33", 16499, true, false},
		{"50", "CHF", "", 1, false, true},
		{"50", "CHF", "0", 1, false, true},
		{"0", "CHF", "", 1, false, false},
		{"", "CHF", "", 1, false, false},
		{"99999999999999999999999999", "EUR", "", 1_000_000, true, false},
	} {
		in := oneInvoice(t)
		in.Company.Minimum = c.minimum
		if c.rate != "" {
			in.Company.Rates = map[string]string{c.currency: c.rate}
		}
		in.Invoices[0].Outstanding = ledger.Money{Minor: c.minor, Currency: c.currency}
		o := Plan(in).Invoices[0]
		if below := o.Held != nil; below != c.below || (o.MissingRate != "") != c.missing {
			t.Errorf("%+v: held %+v, missing rate %q", c, o.Held, o.MissingRate)
		}
	}
}

func TestR4_3_OldestDecides(t *testing.T) {
	type row struct {
		number, due, currency string
		minor                 int64
	}
	for _, c := range []struct {
		why  string
		rows [2]row
		want string // the number of the deciding invoice
	}{
		{"earliest due date", [2]row{{"1", "2026-05-01", "EUR", 1}, {"2", "2026-04-30", "EUR", 1}}, "2"},
		{"larger outstanding", [2]row{{"1", "2026-05-01", "EUR", 100}, {"2", "2026-05-01", "EUR", 101}}, "2"},
		{"lower number as text", [2]row{{"9", "2026-05-01", "EUR", 100}, {"10", "2026-05-01", "EUR", 100}}, "10"},
		{"by value in base currency", [2]row{{"1", "2026-05-01", "EUR", 100}, {"2", "2026-05-01", "USD", 111}}, "2"},
		{"equal in base currency", [2]row{{"1", "2026-05-01", "USD", 110}, {"2", "2026-05-01", "EUR", 100}}, "1"},
		{"yen have no minor unit", [2]row{{"1", "2026-05-01", "EUR", 100}, {"2", "2026-05-01", "JPY", 161}}, "2"},
		{"yen less", [2]row{{"1", "2026-05-01", "EUR", 100}, {"2", "2026-05-01", "JPY", 160}}, "1"},
		{"without a rate worth nothing", [2]row{{"1", "2026-05-01", "CHF", 99999}, {"2", "2026-05-01", "EUR", 1}}, "2"},
		{"both without a rate", [2]row{{"1", "2026-05-01", "CHF", 1}, {"2", "2026-05-01", "CHF", 9}}, "1"},
		{"beyond what a float can tell apart", [2]row{{"1", "2026-05-01", "EUR", 900000000000001}, {"2", "2026-05-01", "EUR", 900000000000002}}, "2"},
	} {
		t.Run(c.why, func(t *testing.T) {
			in := oneInvoice(t)
			in.Company.Rates = map[string]string{"USD": "1.10", "JPY": "160.5"}
			in.Invoices, in.Schedules = nil, nil
			for _, r := range c.rows {
				out := ledger.Money{Minor: r.minor, Currency: r.currency}
				in.Invoices = append(in.Invoices, Invoice{Number: r.number, Customer: "ACME", Type: ledger.SalesInvoice, Posted: true,
					Due: date(t, r.due), Amount: out, Outstanding: out, Schedule: Choice{true, r.number}})
				in.Schedules = append(in.Schedules, Schedule{Name: r.number, Overdue: []Step{{Offset: 1, MultiTemplate: r.number}}})
			}
			res := Plan(in)
			if len(res.Messages) != 1 || res.Messages[0].TemplateName != c.want {
				t.Errorf("decided by %q, want %q", res.Messages[0].TemplateName, c.want)
			}
		})
	}
}

func TestR4_4_EachInvoiceIsSentItsOwnStep(t *testing.T) {
	in := oneInvoice(t)
	second := in.Invoices[0]
	second.Number, second.Due = "2", date(t, "2026-05-02")
	in.Invoices = append(in.Invoices, second)
	want := []Listed{{"2", 2, 8}, {"1", 1, 1}}
	if m := Plan(in).Messages; len(m) != 1 || !reflect.DeepEqual(m[0].Invoices, want) || m[0].Offset != 8 {
		t.Errorf("got %+v, want %v in one message", m, want)
	}
}

func TestR4_5_WhatBlocksAndWhatDoesNot(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		state   State
		daysAgo int
		lists   string // the invoice it lists
		goes    bool
	}{
		{Overdue, Accepted, 2, "other", false},
		{Overdue, Accepted, 3, "other", true},
		{BeforeDue, Uncertain, 1, "other", false},
		{ChaseNow, Bounced, 0, "other", false},
		{ChaseNow, Replied, 2, "other", false},
		{Overdue, Sending, 1, "other", false},
		{Overdue, Refused, 1, "other", true},
		{Overdue, Queued, 0, "1", true},
		{Thanks, Accepted, 0, "1", true},
		{Skip, Accepted, 0, "other", true},
		{Statement, Accepted, 1, "1", true},
		{Statement, Accepted, 0, "1", false}, // nothing twice for an invoice on one day
		{Statement, Accepted, 0, "other", true},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			in := oneInvoice(t)
			in.Company.MinGapDays = 3
			in.History = []Sent{{Customer: "ACME", Kind: c.kind, At: in.Now.AddDate(0, 0, -c.daysAgo).Add(14 * time.Hour), State: c.state,
				Invoices: []SentInvoice{{Number: c.lists, Offset: -7}}}}
			if goes := len(Plan(in).Messages) == 1; goes != c.goes {
				t.Errorf("goes %v, want %v", goes, c.goes)
			}
		})
	}
}

// TestR4_5_GapCountsLocalDates: 23:30 and 00:30 local are two dates however few hours lie between.
func TestR4_5_GapCountsLocalDates(t *testing.T) {
	in := oneInvoice(t)
	in.Company.Zone, in.Company.MinGapDays = zone(t, "Pacific/Auckland"), 1
	in.Now = time.Date(2026, 5, 12, 12, 30, 0, 0, time.UTC) // 13 May 00:30 in Auckland
	in.History = []Sent{{Customer: "ACME", Kind: ChaseNow, At: in.Now.Add(-time.Hour), State: Accepted}}
	if got := Plan(in); len(got.Messages) != 1 {
		t.Errorf("a day later by the calendar is blocked: %+v", got)
	}
	in.Now = in.Now.Add(-31 * time.Minute) // 12 May 23:59
	if got := Plan(in); len(got.Messages) != 0 {
		t.Errorf("the same local day is not blocked: %+v", got)
	}
}

func TestR3_6_SkipAndChaseNowAdvance(t *testing.T) {
	for _, c := range []struct {
		why  string
		kind Kind
		si   SentInvoice
		due  bool
	}{
		{"the owner skipped the step", Skip, SentInvoice{Number: "1", Offset: 1}, false},
		{"skipped in the other part", Skip, SentInvoice{Number: "1", Offset: 1, Part: BeforeDue}, true},
		{"chased by hand as this step", ChaseNow, SentInvoice{Number: "1", Offset: 1}, false},
		{"chased by hand as no step", ChaseNow, SentInvoice{Number: "1", Offset: NoStep}, true},
		{"chased by hand with the overdue part named", ChaseNow, SentInvoice{Number: "1", Offset: 1, Part: Overdue}, false},
		{"thanked", Thanks, SentInvoice{Number: "1", Offset: 1}, true},
		{"in a statement", Statement, SentInvoice{Number: "1", Offset: 1}, true},
	} {
		in := oneInvoice(t)
		in.History = []Sent{{Customer: "ACME", Kind: c.kind, At: in.Now.AddDate(0, 0, -3), State: Accepted, Invoices: []SentInvoice{c.si}}}
		if due := Plan(in).Invoices[0].Due != nil; due != c.due {
			t.Errorf("%s: due %v, want %v", c.why, due, c.due)
		}
	}
}

func TestR3_6_ASkipNeedsNoState(t *testing.T) {
	in := oneInvoice(t)
	in.History = []Sent{{Customer: "ACME", Kind: Skip, At: in.Now, Invoices: []SentInvoice{{Number: "1", Offset: 1}}}}
	if o := Plan(in).Invoices[0]; o.Due != nil || o.Next == nil || o.Next.Offset != 8 {
		t.Errorf("skipped, yet %+v", o)
	}
}

// TestR3_6_ChaseNowOnTheDueDate: an offset of 0 belongs to the part before due.
func TestR3_6_ChaseNowOnTheDueDate(t *testing.T) {
	in := oneInvoice(t)
	in.Schedules[0].BeforeDue = steps(0)
	in.Invoices[0].Due = date(t, "2026-05-12")
	in.History = []Sent{{Customer: "ACME", Kind: ChaseNow, At: in.Now.AddDate(0, 0, -1), State: Accepted, Invoices: []SentInvoice{{Number: "1", Offset: 0}}}}
	if o := Plan(in).Invoices[0]; o.Due != nil {
		t.Errorf("chased by hand as the step of the due date, yet %v is due", o.Due)
	}
}

func TestR2_2_9_OnlyOverdueInvoicesAreCovered(t *testing.T) {
	for due, want := range map[string]bool{"2026-05-11": true, "2026-05-12": false, "2026-05-13": false} {
		in := oneInvoice(t)
		in.Customers[0].Credits = []ledger.Money{eur(10000)}
		in.Invoices[0].Due = date(t, due)
		if held := Plan(in).Invoices[0].Held != nil; held != want {
			t.Errorf("due %s: held %v, want %v", due, held, want)
		}
	}
}

func TestR4_6_EqualSettings(t *testing.T) {
	base := Step{Offset: 1, SingleTemplate: "one"}
	for _, c := range []struct {
		why      string
		other    Step
		messages int
	}{
		{"all equal, the offset aside", Step{Offset: 2, SingleTemplate: "another"}, 1},
		{"no channel means e-mail", Step{Offset: 1, Channel: Email}, 1},
		{"sender", Step{Offset: 1, EscalatedSender: true}, 2},
		{"recipient", Step{Offset: 1, EscalatedRecipient: true}, 2},
		{"multi template", Step{Offset: 1, MultiTemplate: "m"}, 2},
		{"channel", Step{Offset: 1, Channel: Letter}, 2},
	} {
		in := oneInvoice(t)
		in.Company.Grouping = BySettings
		in.Schedules = []Schedule{{Name: "S", Overdue: []Step{base}}, {Name: "T", Overdue: []Step{c.other}}}
		second := in.Invoices[0]
		second.Number, second.Due, second.Schedule = "2", date(t, "2026-05-10"), Choice{true, "T"}
		in.Invoices = append(in.Invoices, second)
		if m := Plan(in).Messages; len(m) != c.messages {
			t.Errorf("%s: %d messages, want %d: %+v", c.why, len(m), c.messages, m)
		}
	}
}

func TestR5_3_Recipients(t *testing.T) {
	a := func(email, ticks string) Address {
		return Address{Email: email, Normal: strings.Contains(ticks, "n"), Escalated: strings.Contains(ticks, "e"),
			CC: strings.Contains(ticks, "c"), Bounced: strings.Contains(ticks, "b")}
	}
	for _, c := range []struct {
		why       string
		addresses []Address
		escalated bool
		to, cc    string
	}{
		{"normal", []Address{a("n", "n"), a("e", "e")}, false, "n", ""},
		{"escalated", []Address{a("n", "n"), a("e", "e")}, true, "e", ""},
		{"no escalated: normal", []Address{a("x", ""), a("n", "n")}, true, "n", ""},
		{"no normal: the first, even when another is escalated", []Address{a("x", ""), a("e", "e")}, false, "x", ""},
		{"nothing ticked: the first", []Address{a("x", ""), a("y", "")}, true, "x", ""},
		{"the first has bounced", []Address{a("x", "neb"), a("y", "")}, true, "y", ""},
		{"escalated has bounced: normal", []Address{a("n", "n"), a("e", "eb")}, true, "n", ""},
		{"cc every time, not twice", []Address{a("n", "nc"), a("c", "c"), a("C", "c")}, false, "n", "c"},
		{"only a cc: it is the recipient", []Address{a("c", "c")}, false, "c", ""},
		{"several in their order, letter case aside", []Address{a("b", "n"), a("a", "n"), a("B", "n")}, false, "b a", ""},
		{"blank ones are none", []Address{a("  ", "n"), a(" x ", "")}, false, "x", ""},
		{"a bounced cc", []Address{a("n", "n"), a("c", "cb")}, false, "n", ""},
		{"nobody", []Address{a("n", "nb")}, false, "", ""},
	} {
		to, cc := recipients(c.addresses, c.escalated)
		if got := strings.Join(to, " ") + "|" + strings.Join(cc, " "); got != c.to+"|"+c.cc {
			t.Errorf("%s: got %s, want %s|%s", c.why, got, c.to, c.cc)
		}
	}
}

func TestR5_3_ABouncedAddressIsOneInEverySpelling(t *testing.T) {
	in := oneInvoice(t)
	in.Customers[0].Addresses = []Address{{Email: "ap@acme.example", Normal: true, Bounced: true}, {Email: "AP@acme.example", CC: true}}
	res := Plan(in)
	if len(res.Messages) > 0 || res.Invoices[0].Held == nil || res.Invoices[0].Held.Reason != ReasonNoAddress {
		t.Errorf("got %+v", res)
	}
}

func TestR2_UnknownCustomerIsShownAndHeld(t *testing.T) {
	in := oneInvoice(t)
	in.Customers = nil
	res := Plan(in)
	if len(res.Messages) > 0 || res.Invoices[0].Held == nil || res.Invoices[0].Held.Reason != ReasonNoAddress {
		t.Errorf("got %+v", res)
	}
}

// TestR8_1_NextIsNotLookedForWithoutEnd: a slot more than 400 days after the day on which it is wanted is none.
func TestR8_1_NextIsNotLookedForWithoutEnd(t *testing.T) {
	in := oneInvoice(t)
	in.Company.Slots.SkipHolidays = true
	today := date(t, "2026-05-12")
	for i := range 450 {
		in.Company.Slots.ExtraHolidays = append(in.Company.Slots.ExtraHolidays, today.AddDays(i))
	}
	later := in.Invoices[0]
	later.Number, later.Due = "2", today.AddDays(99)
	in.Invoices = append(in.Invoices, later)
	res := Plan(in)
	if !res.NextSlot.IsZero() || res.Invoices[0].Next != nil {
		t.Errorf("the first slot is 450 days away, yet %v and %+v", res.NextSlot, res.Invoices[0].Next)
	}
	if next := res.Invoices[1].Next; next == nil || next.Date != today.AddDays(450) {
		t.Errorf("wanted in 100 days and possible 350 days later, got %+v", next)
	}
}

func TestG_120InvoicesInOneMessage(t *testing.T) {
	in := oneInvoice(t)
	for i := 2; i <= 120; i++ {
		inv := in.Invoices[0]
		inv.Number = fmt.Sprint(i)
		in.Invoices = append(in.Invoices, inv)
	}
	m := Plan(in).Messages
	if len(m) != 1 || len(m[0].Invoices) != 120 || !m[0].Multi || m[0].Totals[0] != eur(1_200_000) {
		t.Errorf("got %+v", m)
	}
}

func TestR8_1_Sentences(t *testing.T) {
	for _, c := range []struct {
		why    string
		change func(in *Input)
		want   string
	}{
		{"due now", func(*Input) {},
			"Will be sent step 1 (1 day overdue) on Tuesday 12 May 2026 because it was due on 11 May 2026."},
		{"to come", func(in *Input) {
			in.Invoices[0].Due = date(t, "2026-05-20")
			in.Schedules[0].BeforeDue = steps(-7, 0)
		}, "Will be sent step 1 (7 days before the due date) on Wednesday 13 May 2026 because it is due on 20 May 2026."},
		{"on the due date", func(in *Input) {
			in.Invoices[0].Due = date(t, "2026-05-12")
			in.Schedules[0].BeforeDue = steps(0)
		}, "Will be sent step 1 (on the due date) on Tuesday 12 May 2026 because it is due on 12 May 2026."},
		{"the gap delays it", func(in *Input) {
			in.Company.MinGapDays = 3
			in.History = []Sent{{Customer: "ACME", Kind: ChaseNow, At: in.Now.AddDate(0, 0, -1), State: Accepted}}
		}, "Will be sent step 1 (1 day overdue) on Thursday 14 May 2026 because it was due on 11 May 2026 and the customer was last chased on 11 May 2026."},
		{"the gap does not delay it", func(in *Input) {
			in.Company.MinGapDays = 3
			in.Invoices[0].Due = date(t, "2026-05-20")
			in.History = []Sent{{Customer: "ACME", Kind: ChaseNow, At: in.Now.AddDate(0, 0, -1), State: Accepted}}
		}, "Will be sent step 1 (1 day overdue) on Thursday 21 May 2026 because it was due on 20 May 2026."},
		{"hold", func(in *Input) { in.Invoices[0].HoldUntil = date(t, "2026-05-20") },
			"Held back because a hold is set until 20 May 2026; step 2 (8 days overdue) goes on Thursday 21 May 2026 if nothing else changes."},
		{"pause", func(in *Input) { in.Company.Paused, in.Company.PausedUntil = true, date(t, "2026-05-18") },
			"Held back because all chasing is paused until 18 May 2026; step 1 (1 day overdue) goes on Monday 18 May 2026 if nothing else changes."},
		{"pause without an end", func(in *Input) { in.Company.Paused = true }, "Held back because all chasing is paused."},
		{"dispute", func(in *Input) { in.Invoices[0].Disputed = true }, "Held back because it is in dispute."},
		{"no slots", func(in *Input) { in.Company.Slots.Weekdays = [7]bool{} },
			"Not sent yet: step 1 (1 day overdue) is due, but no chase day is left for it."},
		{"no slots, nothing due", func(in *Input) {
			in.Company.Slots.Weekdays = [7]bool{}
			in.Invoices[0].Due = date(t, "2026-05-20")
		}, "Will not be sent because no chase day falls on a step that is left in its schedule."},
		{"missing rate", func(in *Input) {
			in.Company.Minimum = "5"
			in.Invoices[0].Outstanding.Currency = "CHF"
		}, "Will be sent step 1 (1 day overdue) on Tuesday 12 May 2026 because it was due on 11 May 2026. The minimum was not applied because there is no rate for CHF."},
	} {
		t.Run(c.why, func(t *testing.T) {
			in := oneInvoice(t)
			c.change(&in)
			if got := Plan(in).Invoices[0].Sentence(); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestR8_1_EveryReasonHasASentence(t *testing.T) {
	for _, reason := range []Reason{ReasonPaused, ReasonCustomerStopped, ReasonInvoiceStopped, ReasonDisputed, ReasonHoldUntil, ReasonReplied,
		ReasonNotPosted, ReasonNoDueDate, ReasonBelowMinimum, ReasonCovered, ReasonNoAddress, ReasonMismatch, ReasonEndOfSchedule, ReasonNoSchedule} {
		h := Held{Reason: reason}
		if s := h.because(); s == string(reason) || h.text() == string(reason) {
			t.Errorf("%s has no words of its own", reason)
		}
	}
}

// TestR8_3_AheadOverAYear follows one invoice through the default schedule to its end.
func TestR8_3_AheadOverAYear(t *testing.T) {
	in := oneInvoice(t)
	in.Schedules = []Schedule{DefaultSchedule()}
	in.DefaultSchedule = "Default"
	in.Invoices[0].Due = date(t, "2026-05-20")
	var got []string
	for _, run := range Ahead(in, 365) {
		got = append(got, fmt.Sprintf("%s %+d", run.At.Format(time.DateOnly), run.Messages[0].Offset))
	}
	want := []string{"2026-05-13 -7", "2026-05-21 +1", "2026-05-28 +8", "2026-06-04 +15", "2026-06-19 +30",
		"2026-07-03 +44", "2026-07-17 +58", "2026-07-31 +72", "2026-08-14 +86"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}
