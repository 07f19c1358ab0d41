package chase

import (
	"slices"
	"time"

	"dunlin/core/ledger"
)

// outlooks gives the word on every open receivable at a moment, by due date, then number.
func (p *planner) outlooks(now time.Time) []Outlook {
	days := newSlotDays(p.cal, now)
	out := make([]Outlook, len(p.open))
	places, nexts := make([]Place, len(p.open)), make([]Next, len(p.open)) // two allocations for all
	for i, r := range p.open {
		out[i] = p.outlook(r, days, &places[i], &nexts[i])
	}
	return out
}

// outlook gives the word on one receivable; place and next are room for what it may point to.
func (p *planner) outlook(r *receivable, days *slotDays, place *Place, next *Next) Outlook {
	o := Outlook{Number: r.Number, Customer: r.account.Code, DueDate: r.Due}
	if !r.Due.IsZero() {
		o.AgeDays = age(r.Due, days.today)
	}
	o.Bucket = ledger.BucketOf(o.AgeDays)
	var ok bool
	if *place, ok = r.dueOn(days.today); ok {
		o.Due = place
	}
	reason := p.held(r, days.today)
	if reason != "" {
		o.Held = p.explain(reason, r)
	}
	if *next, ok = p.next(r, reason, days); ok {
		o.Next = next
		if gapFree := p.gapFree(r.account); gapFree.After(days.today) && r.Due.AddDays(next.Offset).Before(gapFree) {
			o.ChasedOn = r.account.chased
		}
	}
	if _, missing := p.exchange.belowMinimum(r.Outstanding); missing {
		o.MissingRate = r.Outstanding.Currency
	}
	return o
}

// dueOn returns the step that is due on a day, reckoned as if the receivable were not held.
func (r *receivable) dueOn(day ledger.Date) (Place, bool) {
	if r.Due.IsZero() || r.ladder == nil {
		return Place{}, false
	}
	return r.ladder.due(age(r.Due, day), r.sent)
}

// next returns the next reminder if nothing but time changes: at the first slot from now on at which the
// receivable has a due step and neither a hold, nor the gap, nor a message of the same day stops it.
func (p *planner) next(r *receivable, reason Reason, days *slotDays) (Next, bool) {
	if r.Due.IsZero() || r.ladder == nil {
		return Next{}, false
	}
	from := days.today
	if reason != "" {
		free, ok := p.freeFrom(r, reason, days.today)
		if !ok {
			return Next{}, false
		}
		from = later(from, free)
	}
	from = later(from, p.gapFree(r.account))
	for {
		if _, due := r.dueOn(from); !due {
			offset, ok := r.ladder.following(age(r.Due, from), r.sent)
			if !ok || offset > farthestOffset {
				return Next{}, false
			}
			from = r.Due.AddDays(offset)
		}
		day, ok := days.from(from)
		if !ok {
			return Next{}, false
		}
		place, due := r.dueOn(day)
		switch {
		case slices.Contains(r.busy, day):
			from = day.AddDays(1)
		case due:
			return Next{place, day}, true
		default: // the part before due was over by then
			from = day
		}
	}
}

// farthestOffset keeps dates within what a Date can hold; no reminder is planned a thousand years ahead.
const farthestOffset = 365_000

// freeFrom returns the first day on which a receivable that is held back now is held back no more by a
// pause or a hold with a known end; false when the end is not known or something else holds it too.
func (p *planner) freeFrom(r *receivable, reason Reason, today ledger.Date) (ledger.Date, bool) {
	if reason != ReasonPaused && reason != ReasonHoldUntil || p.heldForGood(r, today) != "" {
		return ledger.Date{}, false
	}
	free := today
	if p.company.pausedOn(today) {
		if p.company.PausedUntil.IsZero() {
			return ledger.Date{}, false
		}
		free = p.company.PausedUntil
	}
	if end := r.holdEnd(); !end.Before(free) {
		free = end.AddDays(1)
	}
	return free, true
}

func later(a, b ledger.Date) ledger.Date {
	if b.After(a) {
		return b
	}
	return a
}

// slotDays finds the days with a slot from a moment on. Most questions fall into the coming months, so
// those are laid out once; farther ones are kept as they come.
type slotDays struct {
	cal     *Calendar
	now     time.Time
	today   ledger.Date
	near    []ledger.Date // by days from today: the first day with a slot from there on, zero without one
	farther map[ledger.Date]ledger.Date
}

// nearDays is how many days are laid out at once.
const nearDays = 150

func newSlotDays(cal *Calendar, now time.Time) *slotDays {
	s := &slotDays{cal: cal, now: now, today: cal.Today(now), farther: map[ledger.Date]ledger.Date{}}
	s.near = make([]ledger.Date, nearDays)
	next := s.search(s.today.AddDays(nearDays))
	for i := nearDays - 1; i >= 0; i-- {
		day := s.today.AddDays(i)
		if s.hasSlot(day) {
			next = day
		}
		s.near[i] = next
	}
	return s
}

// from returns the first day from a day on that has a slot at or after the moment.
func (s *slotDays) from(day ledger.Date) (ledger.Date, bool) {
	day = later(day, s.today)
	i := day.Sub(s.today)
	if i < len(s.near) {
		found := s.near[i]
		return found, !found.IsZero() && found.Sub(day) <= slotHorizon
	}
	found, known := s.farther[day]
	if !known {
		found = s.search(day)
		s.farther[day] = found
	}
	return found, !found.IsZero()
}

func (s *slotDays) search(day ledger.Date) ledger.Date {
	for i := 0; i <= slotHorizon; i++ {
		if d := day.AddDays(i); s.hasSlot(d) {
			return d
		}
	}
	return ledger.Date{}
}

// hasSlot reports whether a slot at or after the moment falls on a local date: its own, or that of the
// evening before when a gap over midnight moved it.
func (s *slotDays) hasSlot(day ledger.Date) bool {
	for _, nominal := range [2]ledger.Date{day, day.AddDays(-1)} {
		at, ok := s.cal.Slot(nominal)
		if ok && at.Unix() >= s.now.Unix() && ledger.DateOf(at) == day {
			return true
		}
	}
	return false
}
