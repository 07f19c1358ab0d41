package aiqtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"dunlin/core/ledger"
)

// Mutate makes one random change of the books that a bookkeeper could have made, and returns it as a line of a
// script (see Play), with what came of it as a comment: "receipt CUST7 45.00 EUR match 10045 45.00 # number SR-30123, #1042".
// The same books, clock and random numbers give the same change, and Play of the lines on like books gives like books.
// Every item that exists is as likely to be touched as any other, however long ago it was entered. Only what can be
// is drawn, so that Check holds afterwards; the tricks of HideItem and SkewBalance are no changes of books.
func (c *Company) Mutate(r *rand.Rand) string {
	line, _ := c.mutate(r)
	return line
}

// mutate is Mutate with the error of a change that was drawn and refused, which a test looks for; another one is
// drawn in its place.
func (c *Company) mutate(r *rand.Rand) (line string, refused error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &mutator{c: c, r: r, at: c.stamp()}
	m.today = ledger.DateOf(m.at)
	for {
		ch := m.draw()
		told, err := ch.play(c, m.at)
		if err != nil {
			refused = fmt.Errorf("%s: %w", ch, err)
			continue
		}
		if line = ch.String(); told != "" {
			line += " # " + told
		}
		return line, refused
	}
}

// mutator draws a change.
type mutator struct {
	c     *Company
	r     *rand.Rand
	at    time.Time
	today ledger.Date
}

// kind is a way to change the books; draw returns nil where it cannot be.
type kind struct {
	weight int
	draw   func(*mutator) change
}

// mutations lists the ways in the proportions of an office that has a busy and somewhat careless day.
func mutations() []kind {
	return []kind{
		{14, (*mutator).invoice}, {3, (*mutator).batch}, {4, (*mutator).branchInvoice}, {4, (*mutator).draft},
		{4, (*mutator).postDraft}, {2, (*mutator).cancelDraft}, {5, (*mutator).creditNote}, {14, (*mutator).receipt},
		{2, (*mutator).refund}, {2, (*mutator).debitJournal}, {2, (*mutator).creditJournal}, {2, (*mutator).discount},
		{1, (*mutator).fluctuation}, {9, (*mutator).allocate}, {6, (*mutator).unallocate}, {3, (*mutator).reverse},
		{3, (*mutator).delete}, {4, (*mutator).dispute}, {4, (*mutator).moveDue}, {3, (*mutator).refer},
		{3, (*mutator).newCustomer}, {4, (*mutator).editCustomer}, {2, (*mutator).switchCustomer},
		{1, (*mutator).removeCustomer}, {2, (*mutator).addPerson}, {2, (*mutator).editPerson}, {1, (*mutator).removePerson},
	}
}

// draw tries ways until one can be; a new customer always can.
func (m *mutator) draw() change {
	all := mutations()
	sum := 0
	for _, k := range all {
		sum += k.weight
	}
	for range 50 {
		n := m.r.IntN(sum)
		for _, k := range all {
			if n -= k.weight; n >= 0 {
				continue
			}
			if ch := k.draw(m); ch != nil {
				return ch
			}
			break
		}
	}
	return m.newCustomer()
}

func (m *mutator) chance(percent int) bool { return m.r.IntN(100) < percent }

// choose draws one of those that pass, each as likely as the others; nil when there is none.
func choose[T any](r *rand.Rand, all []*T, pass func(*T) bool) *T {
	if len(all) == 0 {
		return nil
	}
	for range 40 {
		if x := all[r.IntN(len(all))]; pass(x) {
			return x
		}
	}
	var rare []*T
	for _, x := range all {
		if pass(x) {
			rare = append(rare, x)
		}
	}
	if len(rare) == 0 {
		return nil
	}
	return rare[r.IntN(len(rare))]
}

// item draws an item that exists, is not hidden and has not been reversed.
func (m *mutator) item(pass func(*item) bool) *item {
	return choose(m.r, m.c.items, func(it *item) bool { return it.normal() && pass(it) })
}

func (it *item) normal() bool { return it.deleted.IsZero() && !it.Hidden && !it.Reversed }

func (m *mutator) customer(pass func(*Customer) bool) *Customer {
	return choose(m.r, m.c.customers, pass)
}

func trading(cu *Customer) bool { return !cu.Inactive }

// open draws a debit, or a credit, of which something is left.
func (m *mutator) open(owes bool) *item {
	return m.item(func(it *item) bool { return debit(it.Type) == owes && it.outstanding() > 0 })
}

// amount draws what an item may come to.
func (m *mutator) amount(currency string) string {
	minor := int64(1_000 + m.r.IntN(300_000))
	if m.chance(40) {
		minor -= minor % 1_000 // a round sum
	}
	return decimal(minor, currency)
}

// entry starts an item for a customer, now and then in another currency than its own and of another day than today.
func (m *mutator) entry(verb string, cu *Customer) *entering {
	account, _, err := m.c.booked(Entry{Customer: cu.Code})
	if err != nil {
		account = cu
	}
	e := &entering{verb: verb, code: cu.Code, currency: account.Currency}
	if m.chance(12) {
		e.currency = m.c.currencies[m.r.IntN(len(m.c.currencies))].Code
	}
	e.amount = m.amount(e.currency)
	switch {
	case m.chance(15): // back-dated
		e.issued = m.day(-1 - m.r.IntN(500))
	case m.chance(10): // post-dated
		e.issued = m.day(1 + m.r.IntN(60))
	}
	return e
}

// against starts an item that goes with another one: of the same account and currency.
func (m *mutator) against(verb string, other *item, minor int64) *entering {
	currency := other.Amount.Currency
	return &entering{verb: verb, code: other.AccountCode, amount: decimal(minor, currency), currency: currency}
}

// reachable reports whether a posting for an item's customer goes to the account of that item; not so after the
// customer became a branch whose business goes to the head office.
func (m *mutator) reachable(it *item) bool {
	account, _, err := m.c.booked(Entry{Customer: it.AccountCode})
	return err == nil && account.AccountID == it.AccountID
}

func (m *mutator) day(days int) *when { return &when{fixed: m.today.AddDays(days)} }

func (m *mutator) invoice() change {
	return m.sale("invoice", m.customer(trading))
}

func (m *mutator) batch() change { return m.sale("batch", m.customer(trading)) }

func (m *mutator) draft() change { return m.sale("draft", m.customer(trading)) }

// branchInvoice is an invoice for a branch whose business goes to the head office; it opens such a branch where
// there is none.
func (m *mutator) branchInvoice() change {
	if branch := m.customer(func(cu *Customer) bool { return trading(cu) && cu.UseHeadOffice }); branch != nil && m.chance(90) {
		return m.sale("invoice", branch)
	}
	head := m.customer(func(cu *Customer) bool { return cu.HeadOffice == 0 })
	if head == nil {
		return nil
	}
	o := m.opening()
	o.set = append(o.set, setting{"bookedon", head.Code})
	return o
}

// sale is an invoice with all that can be on one.
func (m *mutator) sale(verb string, cu *Customer) change {
	if cu == nil {
		return nil
	}
	e := m.entry(verb, cu)
	if m.chance(50) {
		n, _ := minor(e.amount, e.currency) // of our own making
		e.tax = decimal((n*23+61)/123, e.currency)
	}
	if m.chance(60) {
		e.reference = fmt.Sprintf("PO-%d", 1000+m.r.IntN(9000))
	}
	if m.chance(40) {
		e.text = pick(m.r, goods)
	}
	switch {
	case m.chance(20):
		e.due = m.day(m.r.IntN(120) - 60)
	case m.chance(10):
		e.due = &when{none: true}
	}
	return e
}

// saved draws a document that waits to be posted.
func (m *mutator) saved() *Document {
	return choose(m.r, m.c.documents, func(d *Document) bool { return d.Status == Processed })
}

func (m *mutator) postDraft() change   { return m.decide("post") }
func (m *mutator) cancelDraft() change { return m.decide("cancel") }

func (m *mutator) decide(verb string) change {
	d := m.saved()
	if d == nil {
		return nil
	}
	return &fate{verb: verb, document: ref{id: d.ID}}
}

// receipt pays an invoice, two of them, or nothing in particular.
func (m *mutator) receipt() change {
	owed := m.open(true)
	if owed == nil || !m.reachable(owed) || m.chance(25) {
		return m.loose("receipt")
	}
	left := owed.outstanding()
	switch n := m.r.IntN(100); {
	case n < 25 && left > 1: // in part
		return m.paired("receipt", owed, 1+m.r.Int64N(left-1))
	case n < 40: // too much
		e := m.against("receipt", owed, left+1+m.r.Int64N(10_000))
		e.matches = []pairing{{m.c.name(owed), decimal(left, owed.Amount.Currency)}}
		return e
	case n < 60: // with another one of the same customer
		return m.double(owed)
	}
	return m.paired("receipt", owed, left)
}

// double pays two items at once.
func (m *mutator) double(owed *item) change {
	second := m.partner(owed, true)
	if second == nil {
		return m.paired("receipt", owed, owed.outstanding())
	}
	e := m.against("receipt", owed, owed.outstanding()+second.outstanding())
	e.matches = []pairing{{item: m.c.name(owed)}, {item: m.c.name(second)}}
	return e
}

// partner draws another open item of the same account and currency, a debit or a credit.
func (m *mutator) partner(it *item, owes bool) *item {
	return choose(m.r, m.c.itemsOf[it.AccountID], func(o *item) bool {
		return o != it && o.normal() && debit(o.Type) == owes && o.Amount.Currency == it.Amount.Currency && o.outstanding() > 0
	})
}

// paired is an item that is matched in full with another one.
func (m *mutator) paired(verb string, other *item, minor int64) change {
	e := m.against(verb, other, minor)
	e.matches = []pairing{{m.c.name(other), decimal(minor, other.Amount.Currency)}}
	return e
}

// loose is an item that is matched with nothing.
func (m *mutator) loose(verb string) change {
	cu := m.customer(func(*Customer) bool { return true })
	if cu == nil {
		return nil
	}
	return m.entry(verb, cu)
}

// partly is an item against a share of an open one, or a loose one.
func (m *mutator) partly(verb string, owes bool, percent, looseIn int) change {
	other := m.open(owes)
	if other == nil || !m.reachable(other) || m.chance(looseIn) {
		return m.loose(verb)
	}
	return m.paired(verb, other, max(1, other.outstanding()*int64(percent)/100))
}

func (m *mutator) creditNote() change    { return m.partly("creditnote", true, 10+m.r.IntN(91), 40) }
func (m *mutator) refund() change        { return m.partly("refund", false, 100, 30) }
func (m *mutator) creditJournal() change { return m.partly("credit", true, 1+m.r.IntN(100), 30) }
func (m *mutator) discount() change      { return m.partly("discount", true, 2, 10) }
func (m *mutator) debitJournal() change  { return m.loose("debit") }

// fluctuation is an exchange difference: nothing in the currency, something in the base.
func (m *mutator) fluctuation() change {
	cu := m.customer(func(*Customer) bool { return true })
	if cu == nil {
		return nil
	}
	return &entering{verb: "fluctuation", code: cu.Code, amount: "0", base: decimal(int64(m.r.IntN(4000)-2000), m.c.BaseCurrency)}
}

func (m *mutator) allocate() change {
	credit := m.open(false)
	if credit == nil {
		return nil
	}
	debt := m.partner(credit, true)
	if debt == nil {
		return nil
	}
	ch := &matching{from: m.c.name(credit), to: m.c.name(debt)}
	if most := min(credit.outstanding(), debt.outstanding()); most > 1 && m.chance(40) {
		ch.amount = decimal(1+m.r.Int64N(most-1), credit.Amount.Currency)
	}
	return ch
}

func (m *mutator) unallocate() change {
	one := m.item(func(it *item) bool {
		return slices.ContainsFunc(it.matches, func(a *Allocation) bool { return !a.undone })
	})
	if one == nil {
		return nil
	}
	a := choose(m.r, one.matches, func(a *Allocation) bool { return !a.undone })
	other := m.c.item(a.From + a.To - one.ID)
	if other == nil || !other.normal() {
		return nil
	}
	if m.chance(20) && m.looseOnly(one) {
		return &unmatching{one: m.c.name(one)}
	}
	return &unmatching{one: m.c.name(one), other: m.c.name(other)}
}

// looseOnly reports whether none of an item's matches belongs to a reversal.
func (m *mutator) looseOnly(it *item) bool {
	return !slices.ContainsFunc(it.matches, func(a *Allocation) bool {
		other := m.c.item(a.From + a.To - it.ID)
		return !a.undone && (other == nil || !other.normal())
	})
}

func (m *mutator) reverse() change {
	it := m.item(func(it *item) bool { return opposite[it.Type] != "" })
	if it == nil {
		return nil
	}
	return &stroke{"reverse", m.c.name(it)}
}

func (m *mutator) delete() change {
	it := m.item(func(*item) bool { return true })
	if it == nil {
		return nil
	}
	return &stroke{"delete", m.c.name(it)}
}

func receivable(it *item) bool { return it.Type.Receivable() }

func (m *mutator) dispute() change {
	it := m.item(receivable)
	if it == nil {
		return nil
	}
	return &dispute{m.c.name(it), !it.Disputed}
}

func (m *mutator) moveDue() change {
	it := m.item(receivable)
	if it == nil {
		return nil
	}
	if m.chance(20) {
		return &dueMove{m.c.name(it), when{none: true}}
	}
	return &dueMove{m.c.name(it), *m.day(m.r.IntN(150) - 75)}
}

func (m *mutator) refer() change {
	it := m.item(func(*item) bool { return true })
	if it == nil {
		return nil
	}
	return &referral{m.c.name(it), fmt.Sprintf("Order %d", 1000+m.r.IntN(9000))}
}

// opening is a new customer of an ordinary kind.
func (m *mutator) opening() *opening {
	n := int(m.c.nextAccount) + 1
	name := firmName(m.r, n)
	code := fmt.Sprintf("NEW%d", n)
	for i := 2; m.c.byCode[code] != nil; i++ {
		code = fmt.Sprintf("NEW%d-%d", n, i)
	}
	o := &opening{code: code, name: name}
	if m.chance(90) {
		o.set = append(o.set, setting{"email", "accounts@" + domainOf(name, n)})
	}
	if m.chance(30) {
		o.set = append(o.set, setting{"currency", m.c.currencies[m.r.IntN(len(m.c.currencies))].Code})
	}
	if len(m.c.terms) > 0 && m.chance(80) {
		o.set = append(o.set, setting{"term", m.c.terms[m.r.IntN(len(m.c.terms))].Code})
	}
	return o
}

func (m *mutator) newCustomer() change { return m.opening() }

func (m *mutator) editCustomer() change {
	cu := m.customer(func(*Customer) bool { return true })
	if cu == nil {
		return nil
	}
	n := 1000 + m.r.IntN(9000)
	all := []setting{{"name", fmt.Sprintf("%s %d", firmName(m.r, n), n)}, {"email", fmt.Sprintf("ap%d@moved.example", n)},
		{"email", ""}, {"contact", pick(m.r, firsts) + " " + pick(m.r, families)}, {"phone", fmt.Sprintf("+353 1 556 %d", n)},
		{"mobile", fmt.Sprintf("+353 87 556 %d", n)}, {"notes", fmt.Sprintf("Rang about order %d", n)},
		{"limit", decimal(int64(n)*100, cu.Currency)}}
	if len(m.c.terms) > 0 {
		all = append(all, setting{"term", m.c.terms[m.r.IntN(len(m.c.terms))].Code})
	}
	return &editing{cu.Code, all[m.r.IntN(len(all))]}
}

// switchCustomer sets a customer inactive or on hold, or puts that back.
func (m *mutator) switchCustomer() change {
	off := m.chance(50)
	field, value := "active", map[bool]string{true: "off", false: "on"}[off]
	cu := m.customer(func(cu *Customer) bool { return cu.Inactive != off })
	if m.chance(40) {
		field, value = "hold", map[bool]string{true: "on", false: "off"}[off]
		cu = m.customer(func(cu *Customer) bool { return (cu.Hold == 0) == off })
	}
	if cu == nil {
		return nil
	}
	return &editing{cu.Code, setting{field, value}}
}

func (m *mutator) removeCustomer() change {
	cu := m.customer(func(cu *Customer) bool { return !m.c.used(cu) })
	if cu == nil {
		return nil
	}
	return &removal{cu.Code}
}

func (m *mutator) addPerson() change {
	cu := m.customer(func(*Customer) bool { return true })
	if cu == nil {
		return nil
	}
	n := 1000 + m.r.IntN(9000)
	p := &person{code: cu.Code, name: pick(m.r, firsts) + " " + pick(m.r, families),
		set: []setting{{"email", fmt.Sprintf("person%d@people.example", n)}, {"job", pick(m.r, jobs)}}}
	if m.chance(30) {
		p.set = append(p.set, setting{"primary", "on"})
	}
	return p
}

func (m *mutator) contact() *Contact {
	return choose(m.r, m.c.contacts, func(*Contact) bool { return true })
}

func (m *mutator) editPerson() change {
	p := m.contact()
	if p == nil {
		return nil
	}
	n := 1000 + m.r.IntN(9000)
	all := []setting{{"name", pick(m.r, firsts) + " " + pick(m.r, families)}, {"email", fmt.Sprintf("moved%d@people.example", n)},
		{"phone", fmt.Sprintf("+353 86 557 %d", n)}, {"job", pick(m.r, jobs)},
		{"primary", map[bool]string{true: "on", false: "off"}[!p.Primary]}}
	return &personEdit{who{p.AccountCode, p.Name, p.Email}, all[m.r.IntN(len(all))]}
}

func (m *mutator) removePerson() change {
	p := m.contact()
	if p == nil {
		return nil
	}
	return &personGone{who{p.AccountCode, p.Name, p.Email}}
}
