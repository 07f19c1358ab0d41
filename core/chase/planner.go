package chase

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// planner is an Input made ready for questions at any moment: everything is indexed by customer once,
// and what was sent is kept as the state that the rules ask for.
type planner struct {
	company   Company
	cal       *Calendar
	exchange  *exchange
	customers []*account // by code
	open      []*receivable
	byNumber  map[string]*receivable
	byCode    map[string]*account
}

// account is a customer with its receivables and what its messages and items add up to.
type account struct {
	Customer
	reachable bool          // has a working address (R2.2, 10)
	opens     int           // how many are in open
	open      []*receivable // outstanding > 0, by due date, then number
	paid      []*receivable // outstanding == 0, in the same order
	credit    sums          // unallocated, less open refunds; below 0 is none (R2.1)
	balance   sums          // our open items less the reported balance
	mismatch  bool          // R2.2, 11
	chased    ledger.Date   // the day of the latest chase (R4.5)
	overdue   overdueSums
}

// overdueSums are a customer's overdue amounts on one day.
type overdueSums struct {
	day ledger.Date
	sums
}

// receivable is an invoice or debit journal with the state of its chasing.
type receivable struct {
	*Invoice
	account *account
	ladder  *ladder // nil without a schedule
	sent    sentSteps
	chased  bool          // a counting chase lists it
	thanked bool          // a counting thanks lists it
	busy    []ledger.Date // days, from the run's own on, on which a counting message lists it (R4.5)
}

func newPlanner(in Input) *planner {
	p := &planner{
		company: in.Company, cal: NewCalendar(in.Company), exchange: newExchange(in.Company),
		byNumber: make(map[string]*receivable, len(in.Invoices)),
	}
	p.openAccounts(in)
	p.addItems(in)
	for _, a := range p.customers {
		a.settle()
	}
	p.replay(in)
	return p
}

// openAccounts makes an account of every customer, in the order of their codes. An invoice of a customer
// that is not listed gets one without an address, so that it is shown and held back.
func (p *planner) openAccounts(in Input) {
	p.byCode = make(map[string]*account, len(in.Customers))
	open := func(c Customer) {
		c.Addresses = bounceTwins(c.Addresses)
		a := &account{Customer: c, reachable: slices.ContainsFunc(c.Addresses, Address.working)}
		p.byCode[c.Code] = a
		p.customers = append(p.customers, a)
	}
	for _, c := range in.Customers {
		if p.byCode[c.Code] == nil {
			open(c)
		}
	}
	for i := range in.Invoices {
		if code := in.Invoices[i].Customer; p.byCode[code] == nil {
			open(Customer{Code: code})
		}
	}
	slices.SortFunc(p.customers, func(a, b *account) int { return strings.Compare(a.Code, b.Code) })
}

// addItems puts every row of the sales ledger to its account.
func (p *planner) addItems(in Input) {
	ladders := make(map[string]*ladder, len(in.Schedules))
	for _, s := range in.Schedules {
		ladders[s.Name] = newLadder(s)
	}
	var paid []*receivable
	p.open = make([]*receivable, 0, len(in.Invoices))
	items := make([]receivable, len(in.Invoices))
	for i := range in.Invoices {
		inv := &in.Invoices[i]
		a := p.byCode[inv.Customer]
		a.addToBalance(inv)
		if !inv.Type.Receivable() {
			continue
		}
		r := &items[i]
		*r = receivable{Invoice: inv, account: a, sent: sentSteps{nothingSent, nothingSent}}
		r.ladder = ladders[scheduleName(inv.Schedule, a.Schedule, in.DefaultSchedule)]
		p.byNumber[inv.Number] = r
		switch {
		case inv.Outstanding.Minor > 0:
			p.open = append(p.open, r)
		case inv.Outstanding.Minor == 0:
			paid = append(paid, r)
		}
	}
	sortByDueThenNumber(p.open)
	sortByDueThenNumber(paid)
	p.deal(paid)
}

// deal hands the receivables to their accounts; they stay in order. All lists share one array.
func (p *planner) deal(paid []*receivable) {
	for _, r := range p.open {
		r.account.opens++
	}
	room := make([]*receivable, len(p.open))
	for _, a := range p.customers {
		a.open, room = room[:0:a.opens], room[a.opens:]
	}
	for _, r := range p.open {
		r.account.open = append(r.account.open, r)
	}
	for _, r := range paid {
		r.account.paid = append(r.account.paid, r)
	}
}

// scheduleName resolves R3.2; "" is none.
func scheduleName(invoice, customer Choice, companys string) string {
	switch {
	case invoice.Set:
		return invoice.Name
	case customer.Set:
		return customer.Name
	}
	return companys
}

// sortByDueThenNumber makes the order of every list of invoices; no due date comes last. The keys are
// laid out side by side first, which the memory answers faster than a chase through pointers.
func sortByDueThenNumber(list []*receivable) {
	type entry struct {
		due    int // days, with no date after every other
		number string
		*receivable
	}
	entries := make([]entry, len(list))
	for i, r := range list {
		entries[i] = entry{math.MaxInt, r.Number, r}
		if !r.Due.IsZero() {
			entries[i].due = r.Due.Sub(unixEpoch)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.due != b.due {
			return cmp.Compare(a.due, b.due)
		}
		return cmp.Or(strings.Compare(a.number, b.number), strings.Compare(a.Customer, b.Customer))
	})
	for i, e := range entries {
		list[i] = e.receivable
	}
}

// addToBalance adds a row to the account's balance and to its credit (R2.1; R2.2, 11).
func (a *account) addToBalance(inv *Invoice) {
	out := inv.Outstanding
	switch {
	case inv.Type.Credit():
		a.credit.add(out.Abs())
		a.balance.sub(out.Abs())
	case inv.Type == ledger.SalesRefund:
		a.credit.sub(out)
		a.balance.add(out)
	default:
		a.balance.add(out)
	}
}

// settle closes the account's sums when all its rows are in.
func (a *account) settle() {
	for _, c := range a.Credits {
		a.credit.add(c)
		a.balance.sub(c)
	}
	for _, m := range a.LedgerRest {
		a.balance.add(m)
	}
	for _, m := range a.Reported {
		a.balance.sub(m)
	}
	a.mismatch = a.Reported != nil && !a.balance.zero()
}

// replay turns the history into state (R3.4, R3.6, R4.5, R6.11).
func (p *planner) replay(in Input) {
	today := p.cal.Today(in.Now)
	for i := range in.History {
		h := &in.History[i]
		if h.Kind != Skip && !h.State.Counts() {
			continue
		}
		day := p.cal.Today(h.At)
		if a := p.byCode[h.Customer]; a != nil && h.Kind.chases() && day.After(a.chased) {
			a.chased = day
		}
		for _, si := range h.Invoices {
			if r := p.byNumber[si.Number]; r != nil {
				r.record(h.Kind, si, day, today)
			}
		}
	}
}

// record notes that a counting message listed the invoice.
func (r *receivable) record(kind Kind, si SentInvoice, day, today ledger.Date) {
	if kind == Thanks {
		r.thanked = true
		return
	}
	if kind.chases() {
		r.chased = true
	}
	if kind.chases() || kind == Skip {
		r.sent.advance(si.part(kind), si.Offset)
	}
	if kind != Skip && !day.Before(today) {
		r.busy = append(r.busy, day)
	}
}

// part says which part of the schedule a step in the history belongs to.
func (si SentInvoice) part(kind Kind) Kind {
	switch {
	case kind == BeforeDue || kind == Overdue:
		return kind
	case si.Part == BeforeDue || si.Part == Overdue:
		return si.Part
	case si.Offset <= 0:
		return BeforeDue
	}
	return Overdue
}

// chases reports whether a message of the kind is a chase in the sense of R4.5.
func (k Kind) chases() bool { return k == BeforeDue || k == Overdue || k == ChaseNow }

func (a Address) working() bool { return !a.Bounced && strings.TrimSpace(a.Email) != "" }

// bounceTwins marks every spelling of an address that bounced: letter case makes no other mailbox (R5.3).
func bounceTwins(list []Address) []Address {
	gone := func(a Address) bool {
		return slices.ContainsFunc(list, func(b Address) bool {
			return b.Bounced && strings.EqualFold(strings.TrimSpace(a.Email), strings.TrimSpace(b.Email))
		})
	}
	if !slices.ContainsFunc(list, func(a Address) bool { return a.Bounced }) {
		return list
	}
	out := slices.Clone(list)
	for i, a := range out {
		out[i].Bounced = gone(a)
	}
	return out
}

// gapFree returns the first day on which the minimum gap lets a message go to the customer (R4.5); zero
// when nothing is in its way.
func (p *planner) gapFree(a *account) ledger.Date {
	if p.company.MinGapDays <= 0 || a.chased.IsZero() {
		return ledger.Date{}
	}
	return a.chased.AddDays(p.company.MinGapDays)
}

// Plan says what a run at in.Now would send and how every open invoice stands (rules 1 to 4, R5.3, R6.11).
// It is a pure function: the same input gives the same result, whatever the order of its lists.
func Plan(in Input) Result {
	p := newPlanner(in)
	now := in.Now.In(p.cal.zone)
	res := Result{Now: now, IsSlot: p.cal.IsSlot(now)}
	res.NextSlot, _ = p.cal.NextSlot(now)
	if clockBehind(now, in.Company.LastRun) {
		res.Refused = RefusedClockBehind
	} else {
		res.Messages = p.messages(now)
	}
	res.Invoices = p.outlooks(now)
	return res
}

// RefusedClockBehind is Result.Refused when the clock is behind the latest recorded run (R3.7).
const RefusedClockBehind = "clock_behind"

func clockBehind(now, lastRun time.Time) bool { return !lastRun.IsZero() && now.Before(lastRun) }
