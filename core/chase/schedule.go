package chase

import (
	"slices"

	"dunlin/core/ledger"
)

// DefaultSchedule returns the schedule a company starts with (R3.1).
func DefaultSchedule() Schedule {
	return Schedule{
		Name:      "Default",
		BeforeDue: []Step{{Offset: -7}},
		Overdue: []Step{
			{Offset: 1}, {Offset: 8}, {Offset: 15},
			{Offset: 30, EscalatedSender: true, EscalatedRecipient: true},
		},
		Repeat: Repeat{Every: 14, Limit: 4},
		Thanks: true,
	}
}

// nothingSent is below every offset: no step of a part has been sent yet.
const nothingSent = NoStep

// sentSteps is how far an invoice has come: the greatest offset sent of each part (R3.4).
type sentSteps struct {
	beforeDue int
	overdue   int
}

func (s sentSteps) of(part Kind) int {
	if part == BeforeDue {
		return s.beforeDue
	}
	return s.overdue
}

func (s *sentSteps) advance(part Kind, offset int) {
	if part == BeforeDue {
		s.beforeDue = max(s.beforeDue, offset)
	} else {
		s.overdue = max(s.overdue, offset)
	}
}

// ladder is a schedule made ready for questions: its parts are in ascending order.
type ladder struct {
	beforeDue []Step
	overdue   []Step
	repeat    Repeat
	thanks    bool
}

func newLadder(s Schedule) *ladder {
	l := &ladder{beforeDue: ascending(s.BeforeDue), overdue: ascending(s.Overdue), repeat: s.Repeat, thanks: s.Thanks}
	if len(l.overdue) == 0 || l.repeat.Every <= 0 {
		l.repeat = Repeat{}
	}
	return l
}

func ascending(steps []Step) []Step {
	sorted := slices.Clone(steps)
	slices.SortStableFunc(sorted, func(a, b Step) int { return a.Offset - b.Offset })
	return sorted
}

// latest returns the latest reached step at an age; having one is being in range of its part (R3.3, R4.2).
func (l *ladder) latest(age int) (Place, bool) {
	if age <= 0 {
		n := reachedSteps(l.beforeDue, age)
		if n == 0 {
			return Place{}, false
		}
		return Place{BeforeDue, n, l.beforeDue[n-1].Offset}, true
	}
	n := reachedSteps(l.overdue, age)
	if n == 0 {
		return Place{}, false
	}
	last := l.overdue[n-1].Offset
	if n < len(l.overdue) || l.repeat.Every == 0 {
		return Place{Overdue, n, last}, true
	}
	k := (age - last) / l.repeat.Every
	if l.repeat.Limit > 0 {
		k = min(k, l.repeat.Limit)
	}
	return Place{Overdue, n + k, last + k*l.repeat.Every}, true
}

// reachedSteps counts the steps whose offset is at most age.
func reachedSteps(steps []Step, age int) int {
	n := 0
	for n < len(steps) && steps[n].Offset <= age {
		n++
	}
	return n
}

// due returns the step that is due at an age: the latest reached one, unless it or a later one of its
// part has been sent (R3.4).
func (l *ladder) due(age int, sent sentSteps) (Place, bool) {
	p, ok := l.latest(age)
	return p, ok && p.Offset > sent.of(p.Part)
}

// following returns the smallest offset above age whose step has not been sent, the next one to fall due.
func (l *ladder) following(age int, sent sentSteps) (int, bool) {
	for _, s := range l.beforeDue {
		if s.Offset > age && s.Offset > sent.beforeDue {
			return s.Offset, true
		}
	}
	above := max(age, sent.overdue)
	for _, s := range l.overdue {
		if s.Offset > above {
			return s.Offset, true
		}
	}
	if l.repeat.Every == 0 {
		return 0, false
	}
	last := l.overdue[len(l.overdue)-1].Offset
	k := (above-last)/l.repeat.Every + 1
	return last + k*l.repeat.Every, l.repeat.Limit == 0 || k <= l.repeat.Limit
}

// ended reports whether an invoice is at the end of the schedule (R2.2, 12).
func (l *ladder) ended(age int, sent sentSteps) bool {
	if n := len(l.overdue); n > 0 {
		if l.repeat.Every > 0 && l.repeat.Limit == 0 {
			return false
		}
		return sent.overdue >= l.overdue[n-1].Offset+l.repeat.Every*l.repeat.Limit
	}
	n := len(l.beforeDue)
	return n == 0 || age >= 1 || sent.beforeDue >= l.beforeDue[n-1].Offset
}

// settings returns the step that a place stands for; repeats have the last step's settings (R3.5).
func (l *ladder) settings(p Place) Step {
	if p.Part == BeforeDue {
		return l.beforeDue[p.Step-1]
	}
	return l.overdue[min(p.Step, len(l.overdue))-1]
}

// age returns today minus due date in days (R1.3).
func age(due, today ledger.Date) int { return today.Sub(due) }
