package chase

import (
	"slices"
	"time"

	"dunlin/core/ledger"
)

// Run is what one slot of the future sends.
type Run struct {
	At       time.Time
	Messages []Message
}

// Ahead runs the planner forward over every slot from in.Now on, a slot at in.Now included, up to and
// including the date that many days later, if nobody paid and nothing else changed (R8.3). What a run
// sends is history for the next. Slots at which nothing goes are left out.
func Ahead(in Input, days int) []Run {
	p := newPlanner(in)
	last := p.cal.Today(in.Now).AddDays(days)
	var runs []Run
	for at, ok := p.cal.slotFrom(in.Now); ok && !p.cal.Today(at).After(last); at, ok = p.cal.NextSlot(at) {
		if clockBehind(at, in.Company.LastRun) {
			continue
		}
		if messages := p.messages(at); len(messages) > 0 {
			runs = append(runs, Run{at, messages})
			p.accept(messages, p.cal.Today(at))
		}
	}
	return runs
}

// accept puts a run's messages into the history as accepted on a day.
func (p *planner) accept(messages []Message, day ledger.Date) {
	for _, m := range messages {
		if a := p.byCode[m.Customer]; m.Kind.chases() && day.After(a.chased) {
			a.chased = day
		}
		for _, l := range m.Invoices {
			r := p.byNumber[l.Number]
			r.busy = slices.DeleteFunc(r.busy, day.After)
			r.record(m.Kind, SentInvoice{Number: l.Number, Offset: l.Offset}, day, day)
		}
	}
}
