package aiqtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"dunlin/core/ledger"
)

// The demo company's credentials. They open nothing but this server.
const (
	DemoCompanyID    = "DEMO01"
	DemoName         = "Demo Trading Ltd"
	DemoClientID     = "5f0c6a3e-9d1b-4c57-8f42-1b7e0a2d9c11"
	DemoClientSecret = "demo-client-secret"
	DemoPartnerKey   = "demo-partner-key"
	DemoUserKey      = "demo-user-key"
)

// Size says how much a seeded company has.
type Size struct {
	Customers, Transactions int
	// Allocations is the number of matches, up to about 1.3 times that of transactions. 0 is what the trade brings
	// by itself, about half as many as transactions.
	Allocations int
}

// DemoSize is a small business that fits a screen or two.
var DemoSize = Size{Customers: 60, Transactions: 900}

// history is how far back a seeded company's books go, in days.
const history = 730

// Seeded invents the books of a small Irish trading company as they stand at now. The same seed, moment and
// size give the same books. From a few dozen customers and about 150 transactions on, every ageing bucket,
// every step of the default schedule and every kind of transaction is there, today being the day in Dublin.
func Seeded(seed uint64, now time.Time, size Size) *Company {
	zone, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		zone = now.Location()
	}
	now = now.In(zone).Truncate(time.Millisecond)
	c := NewCompany(DemoCompanyID, DemoName, "EUR", func() time.Time { return now })
	c.Locale, c.Country, c.Email = "en-IE", "Ireland", "integration@demo-trading.example"
	c.ClientID, c.ClientSecret, c.PartnerKey, c.UserKey = DemoClientID, DemoClientSecret, DemoPartnerKey, DemoUserKey
	c.currencies = []Currency{{"EUR", "Euro", "€", "1"}, {"GBP", "Pound sterling", "£", "0.8512"},
		{"USD", "US dollar", "$", "1.0834"}, {"JPY", "Japanese yen", "¥", "162.45"}}
	c.terms = []Term{{ledger.CreditTerm{Code: "1", Days: 30}, "30 days"}, {ledger.CreditTerm{Code: "2", Days: 14}, "14 days"},
		{ledger.CreditTerm{Code: "3", EndOfMonth: true, Days: 30}, "30 days from end of month"}}
	s := &seeder{c: c, r: rand.New(rand.NewPCG(seed, 0x64756e6c696e)), now: now, zone: zone,
		today: ledger.DateOf(now), left: size.Transactions, counted: size.Allocations > 0, unmatched: size.Allocations}
	s.customers(size.Customers)
	if size.Customers > 0 {
		s.showcase()
		s.trade()
		s.replay()
	}
	return c
}

// seeder collects what happened as stories and then lets it happen in order of time, so that ids rise with
// creation as in real books.
type seeder struct {
	c      *Company
	r      *rand.Rand
	now    time.Time
	zone   *time.Location
	today  ledger.Date
	left   int // transactions still wanted
	events []event
	codes  []string // customers that trade at random
	prompt []string // customers that always pay, but for one invoice each

	counted   bool // a number of matches is wanted
	unmatched int  // matches still wanted, when they are counted
}

type event struct {
	at time.Time
	do func()
}

// story is a few postings that belong together; it happens as a whole or not at all.
type story struct {
	s       *seeder
	posts   int
	matches int
	events  []event
}

// posted is a transaction to be: its moment is known, its id once it has happened.
type posted struct {
	at time.Time
	id int64
}

// tell adds a story if there is room for all its transactions and matches.
func (s *seeder) tell(build func(*story)) {
	st := &story{s: s}
	build(st)
	if st.posts > s.left || (s.counted && st.matches > s.unmatched) {
		return
	}
	s.left -= st.posts
	s.unmatched -= st.matches
	s.events = append(s.events, st.events...)
}

// moment is an office hour of a day, never later than now.
func (s *seeder) moment(d ledger.Date) time.Time {
	y, m, day := d.YMD()
	at := time.Date(y, m, day, 9, 0, 0, 0, s.zone).Add(time.Duration(s.r.IntN(8*3600*1000)) * time.Millisecond)
	if at.After(s.now) {
		return s.now
	}
	return at
}

func (st *story) post(d ledger.Date, t ledger.TxType, e Entry) *posted {
	p := &posted{at: st.s.moment(d)}
	e.Issued = d
	st.posts++
	st.events = append(st.events, event{p.at, func() {
		if it, err := st.s.c.post(p.at, t, e); err == nil {
			p.id = it.ID
		}
	}})
	return p
}

// match allocates once both sides are there.
func (st *story) match(from, to *posted, minor int64) {
	st.matches++
	at := from.at
	if to.at.After(at) {
		at = to.at
	}
	if at = at.Add(time.Duration(1+st.s.r.IntN(20*60)) * time.Second); at.After(st.s.now) {
		at = st.s.now
	}
	st.then(at, func() { _, _ = st.s.c.match(at, from.id, to.id, minor) })
}

func (st *story) then(at time.Time, do func()) { st.events = append(st.events, event{at, do}) }

// replay lets the events happen in order.
func (s *seeder) replay() {
	slices.SortStableFunc(s.events, func(a, b event) int { return a.at.Compare(b.at) })
	for _, e := range s.events {
		e.do()
	}
}

// ago is a day n days before today, moved back to Friday from a weekend.
func (s *seeder) ago(n int) ledger.Date {
	d := s.today.AddDays(-n)
	switch d.Weekday() {
	case time.Saturday:
		return d.AddDays(-1)
	case time.Sunday:
		return d.AddDays(-2)
	}
	return d
}

// trade fills the rest with the ordinary business of two years.
func (s *seeder) trade() {
	for s.left > 0 {
		before := s.left
		s.tell(s.next())
		if s.left == before { // a story too long for what is left
			s.tell(func(st *story) { st.post(s.ago(1+s.r.IntN(history)), ledger.SalesReceipt, s.entry(s.someone(), 5000)) })
		}
	}
}

// next picks what happens next. When matches are counted and too few or too many would come by themselves,
// customers pay by statement or not at all, until the rest of the trade is in proportion again; the last story
// makes the number exact. The order of telling is not that of happening, so nothing bunches up.
func (s *seeder) next() func(*story) {
	switch {
	case s.counted && s.left <= lastStory:
		return s.remainder
	case s.r.IntN(20) == 0:
		return s.oddity
	case s.counted && 2*s.unmatched > s.left:
		return s.statement
	case s.counted && 5*s.unmatched < 2*s.left:
		return func(st *story) {
			code := pick(s.r, s.codes)
			st.post(s.ago(1+s.r.IntN(history)), ledger.SalesInvoice, s.invoice(code))
		}
	}
	return s.sale
}

// lastStory is how many transactions the story that makes a number of matches exact may have.
const lastStory = 24

// statement is a few invoices of some weeks that are paid together: by one receipt, or in rates that each pay a
// part of every invoice. Now and then the last payment is short.
func (s *seeder) statement(st *story) {
	code := s.someone()
	k, rates := 2+s.r.IntN(9), 1+s.r.IntN(3)
	if s.r.IntN(4) > 0 { // mostly as few as the number of matches asks for
		rates = min(rates, 1+s.unmatched/max(s.left, 1))
	}
	short := s.r.IntN(8) == 0 && !slices.Contains(s.prompt, code)
	s.paidTogether(st, code, k, rates, k*rates, short)
}

// remainder uses up the transactions that are still wanted with the matches that are.
func (s *seeder) remainder(st *story) {
	rates := 0
	for rates < s.left/2 && rates*(s.left-rates) < s.unmatched {
		rates++
	}
	k := s.left - rates
	s.paidTogether(st, pick(s.r, s.codes), k, rates, min(s.unmatched, k*rates), false)
}

// paidTogether posts k invoices and as many receipts as there are rates, and matches so many pairs of them, rate by
// rate. What an invoice is matched to pays it in equal parts; short leaves half of the last part of each open.
func (s *seeder) paidTogether(st *story, code string, k, rates, pairs int, short bool) {
	over := 5 + 14*max(rates, 1)
	closed := s.ago(over + s.r.IntN(max(1, history-40-over))) // the last payment was before today
	invoices, entries := make([]*posted, k), make([]Entry, k)
	for i := range k {
		issued := closed.AddDays(-s.r.IntN(35))
		entries[i] = s.invoice(code)
		invoices[i] = st.post(issued, ledger.SalesInvoice, entries[i])
	}
	// part is what rate j pays of invoice i.
	part := func(i, j int) int64 {
		if j*k+i >= pairs {
			return 0
		}
		whole := entries[i].Amount.Minor
		of := int64((pairs - i + k - 1) / k) // the rates that reach this invoice
		switch each := whole / of; {
		case int64(j) < of-1:
			return each
		case short:
			return (whole - each*(of-1)) / 2
		default:
			return whole - each*(of-1)
		}
	}
	for j := range rates {
		on := closed.AddDays(4 + 14*j + s.r.IntN(14))
		e := s.entry(code, 0)
		for i := range k {
			e.Amount.Minor += part(i, j)
		}
		if e.Amount.Minor == 0 || s.r.IntN(20) == 0 { // on account
			e.Amount.Minor += s.entry(code, 5_000).Amount.Minor
		}
		receipt := st.post(on, ledger.SalesReceipt, e)
		for i := range k {
			if minor := part(i, j); minor > 0 {
				st.match(receipt, invoices[i], minor)
			}
		}
	}
}

// someone picks a customer; half of the business is with the first fifth of them.
func (s *seeder) someone() string {
	n := len(s.codes) + len(s.prompt)
	if s.r.IntN(2) == 0 {
		n = max(1, n/5)
	}
	i := s.r.IntN(n)
	if i < len(s.codes) {
		return s.codes[i]
	}
	return s.prompt[i-len(s.codes)]
}

// entry is an amount around what a small business invoices, given in hundredths of the base currency.
func (s *seeder) entry(code string, hundredths int) Entry {
	cu := s.c.byCode[code]
	minor := int64(hundredths)
	if cu.Currency == "JPY" {
		minor = minor * 16 / 10 // whole yen
	}
	return Entry{Customer: code, Amount: ledger.Money{Minor: minor, Currency: cu.Currency}}
}

// invoice is an entry with tax, words and a reference.
func (s *seeder) invoice(code string) Entry {
	e := s.entry(code, 8_000+s.r.IntN(900)*1_000+s.r.IntN(100))
	if s.c.byCode[code].CountryCode == "IE" {
		e.Tax = (e.Amount.Minor*23 + 61) / 123
	}
	e.Description = pick(s.r, goods)
	if s.r.IntN(3) > 0 {
		e.Reference = fmt.Sprintf("PO-%d", 1000+s.r.IntN(9000))
	}
	return e
}

// sale is an invoice and, as the time since it fell due makes likely, what paid it.
func (s *seeder) sale(st *story) {
	code := s.someone()
	issued := s.ago(1 + s.r.IntN(history))
	e := s.invoice(code)
	kind := ledger.SalesInvoice
	switch n := s.r.IntN(100); {
	case n < 8:
		e.Batch = true
	case n < 10:
		kind, e.Description = ledger.SalesDebitJournal, "Interest and charges"
	}
	inv := st.post(issued, kind, e)
	due := s.c.due(s.c.byCode[code], kind, Entry{Issued: issued})
	if due.IsZero() {
		due = issued.AddDays(30)
	}
	if s.pays(code, s.today.Sub(due)) {
		s.settle(st, inv, e, issued, due)
	}
}

// pays draws whether an invoice of that age has been paid.
func (s *seeder) pays(code string, age int) bool {
	if slices.Contains(s.prompt, code) {
		return true
	}
	chance := 15
	switch {
	case age > 60:
		chance = 97
	case age > 15:
		chance = 85
	case age >= 0:
		chance = 55
	}
	return s.r.IntN(100) < chance
}

// settle pays an invoice in one of the ways in which invoices get paid.
func (s *seeder) settle(st *story, inv *posted, e Entry, issued, due ledger.Date) {
	on := due.AddDays(s.r.IntN(30) - 6)
	if !on.Before(s.today) {
		on = s.today.AddDays(-1)
		if s.counted { // in big books too much would happen on that day
			on = on.AddDays(-s.r.IntN(max(1, on.Sub(issued))))
		}
	}
	if on.Before(issued) {
		on = issued
	}
	part := func(minor int64) Entry {
		return Entry{Customer: e.Customer, Amount: ledger.Money{Minor: minor, Currency: e.Amount.Currency}}
	}
	pay := func(t ledger.TxType, minor int64) {
		st.match(st.post(on, t, part(minor)), inv, minor)
	}
	whole := e.Amount.Minor
	prompt := slices.Contains(s.prompt, e.Customer)
	switch n := s.r.IntN(100); {
	case n < 6 && !prompt: // in part
		pay(ledger.SalesReceipt, whole*2/5)
	case n < 12: // in two instalments
		pay(ledger.SalesReceipt, whole/2)
		pay(ledger.SalesReceipt, whole-whole/2)
	case n < 17: // after a credit note
		pay(ledger.SalesCreditNote, whole/5)
		pay(ledger.SalesReceipt, whole-whole/5)
	case n < 20: // less a discount
		pay(ledger.SalesDiscount, whole/50)
		pay(ledger.SalesReceipt, whole-whole/50)
	case n < 22: // by a journal
		pay(ledger.SalesCreditJournal, whole)
	default:
		pay(ledger.SalesReceipt, whole)
	}
}

// oddity is one of the rarer happenings.
func (s *seeder) oddity(st *story) {
	code := pick(s.r, s.codes)
	on := s.ago(1 + s.r.IntN(history))
	small := s.entry(code, 2_000+s.r.IntN(20_000))
	switch s.r.IntN(6) {
	case 0: // a receipt that nobody matched
		st.post(on, ledger.SalesReceipt, small)
	case 1: // a loose credit note
		st.post(on, ledger.SalesCreditNote, small)
	case 2: // paid twice and refunded
		st.match(st.post(on, ledger.SalesReceipt, small), st.post(on, ledger.SalesRefund, small), small.Amount.Minor)
	case 3: // entered by mistake and reversed
		wrong := st.post(on, ledger.SalesInvoice, small)
		s.reversal(st, wrong)
	case 4:
		s.fluctuation(st, code, on)
	default: // in dispute
		s.disputed(st, st.post(s.ago(20+s.r.IntN(120)), ledger.SalesInvoice, s.invoice(code)))
	}
}

func (s *seeder) reversal(st *story, wrong *posted) {
	st.posts++ // the opposite entry
	st.matches++
	at := wrong.at.Add(time.Hour)
	if at.After(s.now) {
		at = s.now
	}
	st.then(at, func() { _, _ = s.c.reverse(at, wrong.id) })
}

func (s *seeder) disputed(st *story, inv *posted) {
	at := inv.at.Add(48 * time.Hour)
	if at.After(s.now) {
		at = s.now
	}
	st.then(at, func() {
		if it := s.c.item(inv.id); it != nil {
			s.c.edit(at, it, disputing(true))
		}
	})
}

// fluctuation is an exchange difference: nothing in the customer's currency, something in the base.
func (s *seeder) fluctuation(st *story, code string, on ledger.Date) {
	e := s.entry(code, 0)
	e.Base = &ledger.Money{Minor: int64(s.r.IntN(4000) - 2000), Currency: s.c.BaseCurrency}
	e.Description = "Exchange difference"
	st.post(on, ledger.SalesFluctuation, e)
}
