package core

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/mail"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

// situation is the planner's input together with the way back from its names to the store's ids.
type situation struct {
	in      chase.Input
	set     map[string]string
	version int64
	invoice map[string]store.InvoiceFacts  // by planner number
	account map[string]store.CustomerFacts // by customer code
}

// situate turns the store's facts into the planner's input at an instant. The journal adds what went out
// and is not in the store: that is the case when an older copy of the data folder was put back (R6.7).
func situate(f store.Facts, journal []outbox.Entry, now time.Time) (situation, error) {
	schedules, err := decodeSchedules(f.Schedules)
	if err != nil {
		return situation{}, err
	}
	s := situation{set: f.Settings, version: f.Version,
		invoice: make(map[string]store.InvoiceFacts, len(f.Open)+len(f.Settled)),
		account: make(map[string]store.CustomerFacts, len(f.Customers))}
	s.in = chase.Input{Now: now, Company: companyInput(f), Schedules: schedules, DefaultSchedule: defaultSchedule(f.Settings, schedules)}
	codes := make(map[int64]string, len(f.Customers))
	for _, c := range f.Customers {
		codes[c.AccountID] = c.Code
		s.account[c.Code] = c
		s.in.Customers = append(s.in.Customers, customerInput(c, f.Settings, now))
	}
	numbers := s.addInvoices(f, codes)
	s.addProof(f)
	s.addHistory(f, codes, numbers, journal)
	return s, nil
}

// defaultSchedule is the company's schedule, none when the owner chose none or deleted it.
func defaultSchedule(set map[string]string, known []chase.Schedule) string {
	want := settingOr(set, keyDefaultSchedule)
	for _, s := range known {
		if s.Name == want {
			return want
		}
	}
	return ""
}

func companyInput(f store.Facts) chase.Company {
	set := f.Settings
	until, _ := ledger.ParseDate(set[keyPausedUntil])
	base := set[keyAccountCurrency]
	if f.Company.BaseCurrency != "" {
		base = f.Company.BaseCurrency
	}
	gap, _ := strconv.Atoi(settingOr(set, keyMinGap))
	return chase.Company{
		Zone:         zone(set),
		Country:      set[keyAccountCountry],
		Currency:     base,
		Paused:       set[keyPaused] != "false",
		PausedUntil:  until,
		Slots:        slotsInput(set),
		MinGapDays:   gap,
		Minimum:      settingOr(set, keyMinimum),
		Grouping:     chase.Grouping(settingOr(set, keyGrouping)),
		DisputesStop: settingOr(set, keyDisputesStop) == "true",
		Rates:        rates(f.Currencies, set[keyRateDirection]),
		LastRun:      f.LastRun,
	}
}

func slotsInput(set map[string]string) chase.Slots {
	days, _ := parseWeekdays(settingOr(set, keyWeekdays))
	at, _ := time.Parse("15:04", settingOr(set, keySlotTime))
	extra, _ := parseDates(settingOr(set, keyExtraHolidays))
	not, _ := parseDates(settingOr(set, keyNotHolidays))
	return chase.Slots{Weekdays: days, Hour: at.Hour(), Minute: at.Minute(),
		SkipHolidays: settingOr(set, keySkipHolidays) == "true", ExtraHolidays: extra, NotHolidays: not}
}

func choiceInput(c store.Choice) chase.Choice { return chase.Choice{Set: c.Set, Name: c.Name} }

// repliedHold is how long an unread reply holds a customer's chasing (R7.2).
const repliedHold = 7 * 24 * time.Hour

func customerInput(c store.CustomerFacts, set map[string]string, now time.Time) chase.Customer {
	credits, rest := netCredits(c)
	out := chase.Customer{Code: c.Code, Name: c.Name, Schedule: choiceInput(c.Prefs.Schedule), Stopped: c.Prefs.Stopped,
		HoldUntil: c.Prefs.HoldUntil, Replied: !c.Prefs.RepliedAt.IsZero() && now.Sub(c.Prefs.RepliedAt) < repliedHold,
		Credits: credits, LedgerRest: rest}
	all := settingOr(set, keyAllAddresses) == "true"
	for _, r := range c.Recipients {
		email, err := mail.Writable(r.Email)
		// An address that no mail could carry is as good as one that bounced.
		out.Addresses = append(out.Addresses, chase.Address{Email: email, Normal: r.Normal || (all && !r.Chosen),
			Escalated: r.Escalated, CC: r.CC, Bounced: err != nil || !r.BouncedAt.IsZero()})
	}
	return out
}

// netCredits reduces the unallocated credits by open refunds, never below 0 (R2.1), and gives what else the
// ledger holds so that the balance still adds up (R2.2, 11).
func netCredits(c store.CustomerFacts) (credits, rest []ledger.Money) {
	refunds := map[string]int64{}
	other := map[string]int64{}
	for _, m := range c.Refunds {
		refunds[m.Currency] += m.Minor
		other[m.Currency] += m.Minor
	}
	for _, m := range c.Fluctuations {
		other[m.Currency] += m.Minor
	}
	for _, m := range c.Credits {
		net := max(0, m.Minor-refunds[m.Currency])
		other[m.Currency] -= m.Minor - net
		credits = append(credits, ledger.Money{Minor: net, Currency: m.Currency})
	}
	for currency, minor := range other {
		if minor != 0 {
			rest = append(rest, ledger.Money{Minor: minor, Currency: currency})
		}
	}
	return credits, rest
}

// addProof gives customers whose balance differed when it was last compared a reported balance that is as far from
// their items now as it was from those then (R2.2, 11). AccountsIQ's figure itself may be older than a payment that
// was read since, and would make that payment look like a difference.
func (s *situation) addProof(f store.Facts) {
	sums := map[string]map[string]int64{}
	for _, c := range f.Customers {
		if len(c.Drift) == 0 {
			continue
		}
		sums[c.Code] = map[string]int64{}
		for _, m := range c.Drift {
			sums[c.Code][m.Currency] += m.Minor
		}
	}
	if len(sums) == 0 {
		return
	}
	add := func(code string, sign int64, list ...ledger.Money) {
		for _, m := range list {
			sums[code][m.Currency] += sign * m.Minor
		}
	}
	for _, i := range s.in.Invoices {
		if sums[i.Customer] != nil {
			add(i.Customer, 1, i.Outstanding)
		}
	}
	for i := range s.in.Customers {
		c := &s.in.Customers[i]
		if sums[c.Code] == nil {
			continue
		}
		add(c.Code, -1, c.Credits...)
		add(c.Code, 1, c.LedgerRest...)
		for _, currency := range sortedKeys(sums[c.Code]) {
			c.Reported = append(c.Reported, ledger.Money{Minor: sums[c.Code][currency], Currency: currency})
		}
	}
}

// addInvoices adds the receivables. Numbers are unique per transaction type only, and the planner keys on
// them, so every one that is shared gets its type and, where that does not tell them apart, its id behind it.
func (s *situation) addInvoices(f store.Facts, codes map[int64]string) map[int64]string {
	all := slices.Concat(f.Open, f.Settled)
	shared := make(map[string]int, len(f.Elsewhere))
	maps.Copy(shared, f.Elsewhere)
	for _, i := range all {
		shared[i.Number]++
		shared[typed(i)]++
	}
	numbers := make(map[int64]string, len(all))
	s.in.Invoices = make([]chase.Invoice, 0, len(all))
	for _, i := range all {
		code, known := codes[i.AccountID]
		if !known {
			continue
		}
		number := plannerNumber(i, shared)
		numbers[i.TransactionID] = number
		s.invoice[number] = i
		s.in.Invoices = append(s.in.Invoices, chase.Invoice{Number: number, Customer: code, Type: i.Type,
			Posted: !i.Reversed && !i.Missing, Issued: i.Issued, Due: i.Due, Amount: i.Amount, Outstanding: i.Outstanding,
			Disputed: i.Disputed || i.Prefs.Disputed, Stopped: i.Prefs.Stopped, HoldUntil: i.Prefs.HoldUntil,
			Expected: i.Prefs.Expected, Schedule: choiceInput(i.Prefs.Schedule), PaidBy: chase.PaidBy(i.PaidBy)})
	}
	return numbers
}

func typed(i store.InvoiceFacts) string { return i.Number + " " + string(i.Type) }

// plannerNumber names one receivable among all; shared counts how many go by a name.
func plannerNumber(i store.InvoiceFacts, shared map[string]int) string {
	switch {
	case shared[i.Number] == 1 && strings.TrimSpace(i.Number) != "":
		return i.Number
	case shared[typed(i)] == 1 && strings.TrimSpace(i.Number) != "":
		return typed(i)
	}
	return strings.TrimSpace(fmt.Sprintf("%s #%d", i.Number, i.TransactionID))
}

func (s *situation) addHistory(f store.Facts, codes map[int64]string, numbers map[int64]string, journal []outbox.Entry) {
	went := make(map[string]outbox.Entry, len(journal))
	for _, e := range journal {
		went[e.MessageID] = e
	}
	known := make(map[string]bool, len(f.History))
	for _, m := range f.History {
		state, at := chase.State(m.State), m.At
		known[m.MessageID] = true
		if codes[m.AccountID] == "" {
			continue // to the owner
		}
		// A copy that was put back may hold as waiting what the journal knows to have gone (R6.7).
		if e, ok := went[m.MessageID]; ok && waits(m.State) && chase.State(e.State).Counts() {
			state, at = chase.State(e.State), e.At
		}
		sent := chase.Sent{Customer: codes[m.AccountID], Kind: chase.Kind(m.Kind), Automatic: m.Automatic, At: at, State: state}
		for _, i := range m.Invoices {
			sent.Invoices = append(sent.Invoices, chase.SentInvoice{Number: pastNumber(numbers, i.TransactionID, i.Number), Offset: i.Offset, Part: chase.Kind(i.Part)})
		}
		s.in.History = append(s.in.History, sent)
	}
	for _, e := range journal {
		if known[e.MessageID] || e.Customer == "" {
			continue
		}
		sent := chase.Sent{Customer: e.Customer, Kind: chase.Kind(e.Kind), Automatic: e.Automatic, At: e.At, State: chase.State(e.State)}
		for _, i := range e.Invoices {
			sent.Invoices = append(sent.Invoices, chase.SentInvoice{Number: pastNumber(numbers, i.ID, i.Number), Offset: i.Offset, Part: chase.Kind(i.Part)})
		}
		s.in.History = append(s.in.History, sent)
	}
}

// pastNumber is the planner's number of an invoice in a past message. One that is not in the plan any more keeps
// its id behind it, so that it is not taken for another of the same number.
func pastNumber(numbers map[int64]string, id int64, number string) string {
	if planned, known := numbers[id]; known {
		return planned
	}
	return fmt.Sprintf("%s #%d", number, id)
}

func waits(state string) bool {
	return state == outbox.Planned || state == outbox.Approved || state == outbox.Queued
}

// asIfStarted takes the pause away that holds before "Start chasing" was ever pressed: until then the owner
// wants to know what it would bring. A later pause stays.
func (s *situation) asIfStarted() {
	if s.set[keyStarted] != "true" {
		s.in.Company.Paused = false
	}
}
