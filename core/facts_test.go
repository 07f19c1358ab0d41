package core

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

func eur(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }

func gbp(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "GBP"} }

var factsNow = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

// theFacts are those of one customer.
func theFacts(open ...store.InvoiceFacts) store.Facts {
	for i := range open {
		open[i].AccountID = 7
	}
	return store.Facts{Settings: map[string]string{keyPaused: "false", keyAccountTimezone: "Europe/Dublin"},
		Customers: []store.CustomerFacts{{AccountID: 7, Code: "ACME", Name: "Acme Ltd"}}, Open: open}
}

func situated(t *testing.T, f store.Facts, journal ...outbox.Entry) situation {
	t.Helper()
	s, err := situate(f, journal, factsNow)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNumbersInThePlanAreUnique(t *testing.T) {
	f := theFacts(store.InvoiceFacts{TransactionID: 1, Number: "1001", Type: ledger.SalesInvoice, Outstanding: eur(1)},
		store.InvoiceFacts{TransactionID: 2, Number: "1001", Type: ledger.SalesDebitJournal, Outstanding: eur(1)},
		store.InvoiceFacts{TransactionID: 3, Number: "1001", Type: ledger.SalesDebitJournal, Outstanding: eur(1)},
		store.InvoiceFacts{TransactionID: 4, Number: "", Type: ledger.SalesInvoice, Outstanding: eur(1)},
		store.InvoiceFacts{TransactionID: 5, Number: "  ", Type: ledger.SalesInvoice, Outstanding: eur(1)},
		store.InvoiceFacts{TransactionID: 6, Number: "1001 SD", Type: ledger.SalesInvoice, Outstanding: eur(1)})
	s := situated(t, f)
	seen := map[string]bool{}
	for _, i := range s.in.Invoices {
		if seen[i.Number] || strings.TrimSpace(i.Number) == "" {
			t.Errorf("number %q is blank or taken", i.Number)
		}
		seen[i.Number] = true
	}
	if len(seen) != 6 {
		t.Errorf("numbers: %v", seen)
	}
	alone := situated(t, theFacts(store.InvoiceFacts{TransactionID: 1, Number: "1001", Outstanding: eur(1)}))
	if got := alone.in.Invoices[0].Number; got != "1001" {
		t.Errorf("a number that nothing else has becomes %q", got)
	}
	for number, i := range s.invoice {
		if i.TransactionID == 0 {
			t.Errorf("%q leads nowhere", number)
		}
	}
}

func TestHistoryOfAnInvoiceOutsideThePlanIsNobodyElses(t *testing.T) {
	f := theFacts(store.InvoiceFacts{TransactionID: 2, Number: "1001", Type: ledger.SalesDebitJournal, Outstanding: eur(1)})
	sent := func(id int64) []store.MessageInvoice {
		return []store.MessageInvoice{{TransactionID: id, Number: "1001", Part: "overdue", Offset: 8}}
	}
	f.History = []store.HistoryMessage{{ID: "a", MessageID: "a", AccountID: 7, Kind: "overdue", State: "accepted", At: factsNow, Invoices: sent(1)},
		{ID: "b", MessageID: "b", AccountID: 7, Kind: "overdue", State: "accepted", At: factsNow, Invoices: sent(2)}}
	s := situated(t, f, outbox.Entry{MessageID: "c", Customer: "ACME", Kind: "overdue", State: "accepted", Invoices: []outbox.EntryInvoice{{ID: 1, Number: "1001"}}},
		outbox.Entry{MessageID: "d", Customer: "ACME", Kind: "overdue", State: "accepted", Invoices: []outbox.EntryInvoice{{ID: 2, Number: "1001"}}})
	var got []string
	for _, h := range s.in.History {
		got = append(got, h.Invoices[0].Number)
	}
	if want := []string{"1001 #1", "1001", "1001 #1", "1001"}; !slices.Equal(got, want) {
		t.Errorf("history of %q, want %q", got, want)
	}
}

func TestR6_7JournalAndHistoryAreOne(t *testing.T) {
	at := factsNow.Add(-time.Hour)
	for name, c := range map[string]struct {
		stored, journalled string // "" = not there
		want               []chase.State
	}{
		"only in the store":             {"accepted", "", []chase.State{chase.Accepted}},
		"only in the journal":           {"", "accepted", []chase.State{chase.Accepted}},
		"in both":                       {"accepted", "accepted", []chase.State{chase.Accepted}},
		"bounced since":                 {"bounced", "accepted", []chase.State{chase.Bounced}},
		"planned, but it went":          {"planned", "accepted", []chase.State{chase.Accepted}},
		"approved, but it went":         {"approved", "uncertain", []chase.State{chase.Uncertain}},
		"queued, but was handed over":   {"queued", "sending", []chase.State{chase.Sending}},
		"queued, and refused for now":   {"queued", "queued", []chase.State{chase.Queued}},
		"the owner's word is newer":     {"cancelled", "uncertain", []chase.State{chase.Cancelled}},
		"refused in the journal itself": {"", "refused", []chase.State{chase.Refused}},
	} {
		t.Run(name, func(t *testing.T) {
			f := theFacts()
			if c.stored != "" {
				f.History = []store.HistoryMessage{{ID: "a", MessageID: "a", AccountID: 7, Kind: "overdue", State: c.stored, At: factsNow}}
			}
			var journal []outbox.Entry
			if c.journalled != "" {
				journal = []outbox.Entry{{MessageID: "a", Customer: "ACME", Kind: "overdue", State: c.journalled, At: at}}
			}
			var got []chase.State
			for _, h := range situated(t, f, journal...).in.History {
				got = append(got, h.State)
				if c.stored == "planned" && !h.At.Equal(at) {
					t.Errorf("at %v, want %v", h.At, at)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestMessagesToTheOwnerAreNoHistory(t *testing.T) {
	s := situated(t, theFacts(), outbox.Entry{MessageID: "f", Kind: "forewarn", State: "accepted"})
	if len(s.in.History) != 0 {
		t.Errorf("history %+v", s.in.History)
	}
}

func TestMissingAndReversedAreNotPosted(t *testing.T) {
	s := situated(t, theFacts(store.InvoiceFacts{TransactionID: 1, Number: "1"}, store.InvoiceFacts{TransactionID: 2, Number: "2", Missing: true},
		store.InvoiceFacts{TransactionID: 3, Number: "3", Reversed: true}))
	for i, want := range []bool{true, false, false} {
		if got := s.in.Invoices[i].Posted; got != want {
			t.Errorf("invoice %d posted: %v, want %v", i+1, got, want)
		}
	}
	f := theFacts()
	f.Open = []store.InvoiceFacts{{TransactionID: 9, AccountID: 99, Number: "9"}}
	if s := situated(t, f); len(s.in.Invoices) != 0 {
		t.Errorf("an invoice of nobody: %+v", s.in.Invoices)
	}
}

func TestR2_1RefundsReduceCredits(t *testing.T) {
	for name, c := range map[string]struct {
		credits, refunds, fluctuations, net, rest []ledger.Money
	}{
		"no refund":               {[]ledger.Money{eur(100)}, nil, nil, []ledger.Money{eur(100)}, nil},
		"a part":                  {[]ledger.Money{eur(100)}, []ledger.Money{eur(30)}, nil, []ledger.Money{eur(70)}, nil},
		"never below 0":           {[]ledger.Money{eur(100)}, []ledger.Money{eur(130)}, nil, []ledger.Money{eur(0)}, []ledger.Money{eur(30)}},
		"in its own currency":     {[]ledger.Money{eur(100)}, []ledger.Money{gbp(30)}, nil, []ledger.Money{eur(100)}, []ledger.Money{gbp(30)}},
		"only a refund":           {nil, []ledger.Money{eur(30)}, nil, nil, []ledger.Money{eur(30)}},
		"fluctuations are a rest": {[]ledger.Money{eur(100)}, nil, []ledger.Money{eur(-5)}, []ledger.Money{eur(100)}, []ledger.Money{eur(-5)}},
	} {
		t.Run(name, func(t *testing.T) {
			net, rest := netCredits(store.CustomerFacts{Credits: c.credits, Refunds: c.refunds, Fluctuations: c.fluctuations})
			if !reflect.DeepEqual(net, c.net) || !reflect.DeepEqual(rest, c.rest) {
				t.Errorf("net %v, rest %v; want %v, %v", net, rest, c.net, c.rest)
			}
			// Whatever is netted, the balance stays what the ledger says.
			for _, currency := range []string{"EUR", "GBP"} {
				ledgerSays := sumOf(c.refunds, currency) + sumOf(c.fluctuations, currency) - sumOf(c.credits, currency)
				if planned := sumOf(rest, currency) - sumOf(net, currency); planned != ledgerSays {
					t.Errorf("%s: %d, the ledger says %d", currency, planned, ledgerSays)
				}
			}
		})
	}
}

func sumOf(list []ledger.Money, currency string) (sum int64) {
	for _, m := range list {
		if m.Currency == currency {
			sum += m.Minor
		}
	}
	return sum
}

func TestR5_2RecipientsOfTheSetting(t *testing.T) {
	f := theFacts()
	f.Customers[0].Recipients = []store.Recipient{{Email: "account@x.example", Normal: true, Escalated: true}, {Email: "contact@x.example"}, {Email: "unticked@x.example", Chosen: true}, {Email: "bounced@x.example", BouncedAt: factsNow}}
	for all, want := range map[string]string{"false": "account@x.example", "true": "account@x.example contact@x.example bounced@x.example"} {
		f.Settings[keyAllAddresses] = all
		var got []string
		for _, a := range situated(t, f).in.Customers[0].Addresses {
			if a.Normal {
				got = append(got, a.Email)
			}
			if a.Bounced != (a.Email == "bounced@x.example") {
				t.Errorf("%s bounced: %v", a.Email, a.Bounced)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("all addresses %s: %v, want %s", all, got, want)
		}
	}
}

func TestR7_2AReplyHoldsForAWeek(t *testing.T) {
	for since, want := range map[time.Duration]bool{time.Hour: true, 7*24*time.Hour - time.Second: true, 7 * 24 * time.Hour: false} {
		f := theFacts()
		f.Customers[0].Prefs.RepliedAt = factsNow.Add(-since)
		if got := situated(t, f).in.Customers[0].Replied; got != want {
			t.Errorf("replied %v ago: held %v, want %v", since, got, want)
		}
	}
}

func TestCompanyWithoutSettingsIsPaused(t *testing.T) {
	c := companyInput(store.Facts{})
	if !c.Paused || c.Zone != time.UTC || c.MinGapDays != 3 || c.Minimum != "0" || !c.DisputesStop || c.Grouping != chase.ByType ||
		c.Slots.Hour != 10 || !c.Slots.Weekdays[time.Tuesday] || !c.Slots.Weekdays[time.Thursday] || c.Slots.Weekdays[time.Monday] || !c.Slots.SkipHolidays {
		t.Errorf("defaults: %+v", c)
	}
}

func TestDefaultScheduleThatIsNotThereIsNone(t *testing.T) {
	known := []chase.Schedule{{Name: "Default"}, {Name: "Slow"}}
	for want, set := range map[string]map[string]string{"Default": {}, "Slow": {keyDefaultSchedule: "Slow"}, "": {keyDefaultSchedule: "Gone"}} {
		if got := defaultSchedule(set, known); got != want {
			t.Errorf("%v gives %q, want %q", set, got, want)
		}
	}
	if got := defaultSchedule(map[string]string{keyDefaultSchedule: ""}, known); got != "" {
		t.Errorf("none gives %q", got)
	}
}

// What one customer's plan is does not depend on the others being there.
func TestOneCustomersPlanIsPartOfTheWhole(t *testing.T) {
	due := ledger.NewDate(2026, 5, 1)
	f := theFacts(store.InvoiceFacts{TransactionID: 1, Number: "1", Type: ledger.SalesInvoice, Due: due, Amount: eur(100), Outstanding: eur(100)})
	f.Customers = append(f.Customers, store.CustomerFacts{AccountID: 8, Code: "BETA", Recipients: []store.Recipient{{Email: "b@x.example", Normal: true}}})
	f.Customers[0].Recipients = []store.Recipient{{Email: "a@x.example", Normal: true}}
	f.Open = append(f.Open, store.InvoiceFacts{TransactionID: 2, AccountID: 8, Number: "1", Type: ledger.SalesDebitJournal, Due: due, Amount: eur(5), Outstanding: eur(5)})
	f.History = []store.HistoryMessage{{ID: "a", MessageID: "a", AccountID: 7, Kind: "overdue", State: "accepted", At: factsNow.AddDate(0, 0, -9), Invoices: []store.MessageInvoice{{TransactionID: 1, Part: "overdue", Offset: 1}}}}
	s := situated(t, f)
	s.in.Schedules, s.in.DefaultSchedule = []chase.Schedule{chase.DefaultSchedule()}, "Default"
	whole := chase.Plan(s.in)
	if len(whole.Messages) != 2 {
		t.Fatalf("%d messages", len(whole.Messages))
	}
	for i, code := range []string{"ACME", "BETA"} {
		of := f
		id := f.Customers[i].AccountID
		of.Customers = f.Customers[i : i+1]
		of.Open = slices.DeleteFunc(slices.Clone(f.Open), func(x store.InvoiceFacts) bool { return x.AccountID != id })
		of.History = slices.DeleteFunc(slices.Clone(f.History), func(x store.HistoryMessage) bool { return x.AccountID != id })
		of.Elsewhere = map[string]int{"1": 1}
		one := situated(t, of)
		one.in.Schedules, one.in.DefaultSchedule = s.in.Schedules, "Default"
		if got := chase.Plan(one.in); len(got.Messages) != 1 || !reflect.DeepEqual(got.Messages[0], whole.Messages[i]) {
			t.Errorf("%s alone: %+v, want %+v", code, got.Messages, whole.Messages[i])
		}
	}
}

func TestRateDirection(t *testing.T) {
	usd := func(rate string) ledger.Currency { return ledger.Currency{Code: "USD", Rate: rate} }
	sample := func(currency string, minor int64, base string) store.RateSample {
		return store.RateSample{Amount: ledger.Money{Minor: minor, Currency: currency}, Base: base}
	}
	base := ledger.Currency{Code: "EUR", Rate: "1", Base: true}
	for name, c := range map[string]struct {
		currencies []ledger.Currency
		samples    map[string]store.RateSample
		want       string
	}{
		"units for one of the base":      {[]ledger.Currency{base, usd("1.25")}, map[string]store.RateSample{"USD": sample("USD", 12500, "100.00")}, foreignPerBase},
		"base for one unit":              {[]ledger.Currency{base, usd("0.80")}, map[string]store.RateSample{"USD": sample("USD", 12500, "100.00")}, basePerForeign},
		"an old rate still tells":        {[]ledger.Currency{base, usd("1.15")}, map[string]store.RateSample{"USD": sample("USD", 12500, "100.00")}, foreignPerBase},
		"a rate near 1 tells nothing":    {[]ledger.Currency{base, usd("1.005")}, map[string]store.RateSample{"USD": sample("USD", 10050, "100.00")}, ""},
		"no sample":                      {[]ledger.Currency{base, usd("1.25")}, nil, ""},
		"a sample worth nothing":         {[]ledger.Currency{base, usd("1.25")}, map[string]store.RateSample{"USD": sample("USD", 12500, "0")}, ""},
		"no rate":                        {[]ledger.Currency{base, usd("")}, map[string]store.RateSample{"USD": sample("USD", 12500, "100.00")}, ""},
		"credits are negative":           {[]ledger.Currency{base, usd("1.25")}, map[string]store.RateSample{"USD": sample("USD", -12500, "-100.00")}, foreignPerBase},
		"yen have no minor units":        {[]ledger.Currency{base, {Code: "JPY", Rate: "160"}}, map[string]store.RateSample{"JPY": sample("JPY", 16000, "100.00")}, foreignPerBase},
		"rates against another currency": {[]ledger.Currency{{Code: "EUR", Rate: "0.50", Base: true}, usd("0.625")}, map[string]store.RateSample{"USD": sample("USD", 12500, "100.00")}, foreignPerBase},
		"the base has no rate":           {[]ledger.Currency{{Code: "EUR", Rate: "0", Base: true}, usd("1.25")}, map[string]store.RateSample{"USD": sample("USD", 12500, "100.00")}, ""},
		"currencies disagree": {[]ledger.Currency{base, usd("1.25"), {Code: "GBP", Rate: "1.25"}},
			map[string]store.RateSample{"USD": sample("USD", 12500, "100.00"), "GBP": sample("GBP", 8000, "100.00")}, ""},
	} {
		if got := rateDirection(c.currencies, c.samples); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRatesForThePlanner(t *testing.T) {
	list := []ledger.Currency{{Code: "EUR", Rate: "1", Base: true}, {Code: "USD", Rate: "1.25"}, {Code: "BAD", Rate: "x"}, {Code: "NIL", Rate: "0"}}
	for direction, want := range map[string]map[string]string{foreignPerBase: {"USD": "1.25"}, basePerForeign: {"USD": "0.8"}, "": {}} {
		if got := rates(list, direction); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", direction, got, want)
		}
	}
}

// The base currency's own row says against what the others are given.
func TestRatesAreAgainstTheBaseCurrencysOwnRow(t *testing.T) {
	against := func(own string) []ledger.Currency {
		return []ledger.Currency{{Code: "EUR", Rate: own, Base: true}, {Code: "USD", Rate: "1.25"}, {Code: "GBP", Rate: "0.80"}}
	}
	for own, want := range map[string]map[string]string{"1": {"USD": "1.25", "GBP": "0.8"}, "0.5": {"USD": "2.5", "GBP": "1.6"}, "": {}, "0": {}} {
		if got := rates(against(own), foreignPerBase); !reflect.DeepEqual(got, want) {
			t.Errorf("own row %q: %v, want %v", own, got, want)
		}
	}
}

func TestTotalInBaseCurrency(t *testing.T) {
	amounts := []ledger.Money{{Minor: 10_000, Currency: "EUR"}, {Minor: 12_500, Currency: "USD"}, {Minor: 16_000, Currency: "JPY"}, {Minor: 5, Currency: "XAU"}}
	sum, without := inBase("EUR", amounts, map[string]string{"USD": "1.25", "JPY": "160"})
	if want := (ledger.Money{Minor: 30_000, Currency: "EUR"}); sum != want || !reflect.DeepEqual(without, []string{"XAU"}) {
		t.Errorf("%v without %v, want %v", sum, without, want)
	}
	sum, _ = inBase("JPY", []ledger.Money{{Minor: 100, Currency: "EUR"}}, map[string]string{"EUR": "0.006"})
	if want := (ledger.Money{Minor: 167, Currency: "JPY"}); sum != want {
		t.Errorf("%v, want %v", sum, want)
	}
}

func TestR6_10ForewarnTimes(t *testing.T) {
	dublin, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, dublin)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	// 2026-03-29 is a Sunday on which clocks go forward in Dublin, 2026-10-25 one on which they go back.
	for _, c := range []struct {
		slot, now  string // the slot's time of day
		days       string
		want, goes string // "" for none
	}{
		{"10:00", "2026-05-11 14:59", "Tue", "", ""},
		{"10:00", "2026-05-11 15:00", "Tue", "2026-05-11 15:00", "2026-05-12 10:00"},
		{"10:00", "2026-05-11 23:59", "Tue", "2026-05-11 15:00", "2026-05-12 10:00"},
		{"10:00", "2026-05-12 04:59", "Tue", "", ""},
		{"10:00", "2026-05-12 05:00", "Tue", "2026-05-12 05:00", "2026-05-12 10:00"},
		{"10:00", "2026-05-12 10:00", "Tue", "", ""}, // it goes now
		{"10:00", "2026-05-12 10:01", "Tue", "", ""},
		{"07:00", "2026-05-12 05:00", "Tue", "2026-05-12 05:00", "2026-05-12 07:00"},
		{"06:59", "2026-05-12 05:00", "Tue", "", ""},
		{"06:59", "2026-05-11 10:00", "Tue", "2026-05-11 10:00", "2026-05-12 06:59"},
		{"06:59", "2026-05-11 15:00", "Tue", "2026-05-11 15:00", "2026-05-12 06:59"},
		{"07:00", "2026-05-11 10:00", "Tue", "", ""},
		{"12:00", "2026-05-12 10:00", "Tue", "2026-05-12 10:00", "2026-05-12 12:00"},
		{"11:59", "2026-05-12 10:00", "Tue", "2026-05-12 05:00", "2026-05-12 11:59"},
		{"17:00", "2026-05-12 05:00", "Tue", "", ""},
		{"17:00", "2026-05-12 15:00", "Tue", "2026-05-12 15:00", "2026-05-12 17:00"},
		{"16:59", "2026-05-12 15:00", "Tue", "2026-05-12 10:00", "2026-05-12 16:59"},
		{"12:00", "2026-05-11 15:00", "Tue", "", ""},
		{"10:00", "2026-03-28 15:00", "Sun", "2026-03-28 15:00", "2026-03-29 10:00"},
		{"10:00", "2026-03-29 05:00", "Sun", "2026-03-29 05:00", "2026-03-29 10:00"},
		{"10:00", "2026-10-24 15:00", "Sun", "2026-10-24 15:00", "2026-10-25 10:00"},
		{"10:00", "2026-10-25 05:00", "Sun", "2026-10-25 05:00", "2026-10-25 10:00"},
		{"10:00", "2026-03-16 15:00", "Tue", "", ""}, // the 17th is a holiday in Ireland
		{"10:00", "2026-05-11 15:00", "", "", ""},
	} {
		set := map[string]string{keyAccountTimezone: "Europe/Dublin", keyAccountCountry: "IE", keySlotTime: c.slot, keyWeekdays: c.days}
		gotAt, goes, ok := forewarnFor(chase.NewCalendar(companyInput(store.Facts{Settings: set})), dublin, at(c.now))
		if ok != (c.want != "") || (ok && (!gotAt.Equal(at(c.want)) || !goes.Equal(at(c.goes)))) {
			t.Errorf("slot %s on %s, now %s: %v for %v (%v), want %s for %s", c.slot, c.days, c.now, gotAt, goes, ok, c.want, c.goes)
		}
	}
}

func TestWindowEndsTheSameDay(t *testing.T) {
	set := map[string]string{keyAccountTimezone: "Europe/Dublin", keyWindowHours: "4"}
	for slot, want := range map[string]string{
		"2026-05-12T09:00:00Z": "2026-05-12T13:00:00Z",
		"2026-05-12T20:30:00Z": "2026-05-12T22:59:59Z", // 21:30 in Dublin
		"2026-10-25T08:00:00Z": "2026-10-25T12:00:00Z",
	} {
		at, _ := time.Parse(time.RFC3339, slot)
		if got := windowEnd(set, at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("window of %s ends %s, want %s", slot, got, want)
		}
	}
}

func TestBackOff(t *testing.T) {
	for n, want := range map[int]time.Duration{1: time.Minute, 2: 2 * time.Minute, 4: 8 * time.Minute, 5: 15 * time.Minute, 100: 15 * time.Minute} {
		if got := backOff(n); got != want {
			t.Errorf("backOff(%d) = %v, want %v", n, got, want)
		}
	}
}

func TestBusIsBoundedAndNeverWaits(t *testing.T) {
	var b Bus
	slow, stopSlow := b.Subscribe()
	for range 1000 { // would block for ever if anybody waited
		b.Publish(Event{Kind: DataChanged})
	}
	fast, stopFast := b.Subscribe()
	b.Publish(Event{Kind: SlotMissed})
	if e := <-fast; e.Kind != SlotMissed {
		t.Errorf("the other listener hears %v", e.Kind)
	}
	n := 0
	for len(slow) > 0 {
		<-slow
		n++
	}
	if n == 0 || n > 1000/2 {
		t.Errorf("%d events were kept for a listener that does not listen", n)
	}
	stopSlow()
	stopSlow() // twice does no harm
	stopFast()
	if _, open := <-slow; open {
		t.Error("an ended subscription still hears")
	}
	b.Publish(Event{Kind: DataChanged})
}
