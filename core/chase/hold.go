package chase

import "dunlin/core/ledger"

// held returns the reason why a receivable is held back on a day, in the order of R2.2; "" when it is not.
func (p *planner) held(r *receivable, today ledger.Date) Reason {
	if p.company.pausedOn(today) {
		return ReasonPaused
	}
	if reason := r.stopped(p.company.DisputesStop); reason != "" {
		return reason
	}
	if !r.holdEnd().Before(today) {
		return ReasonHoldUntil
	}
	return p.unfit(r, today)
}

// heldForGood is held without the reasons that a known date lifts.
func (p *planner) heldForGood(r *receivable, today ledger.Date) Reason {
	if reason := r.stopped(p.company.DisputesStop); reason != "" {
		return reason
	}
	return p.unfit(r, today)
}

func (c *Company) pausedOn(day ledger.Date) bool {
	return c.Paused && (c.PausedUntil.IsZero() || day.Before(c.PausedUntil))
}

// stopped gives the reasons 2 to 4 of R2.2.
func (r *receivable) stopped(disputesStop bool) Reason {
	switch {
	case r.account.Stopped:
		return ReasonCustomerStopped
	case r.Stopped:
		return ReasonInvoiceStopped
	case r.Disputed && disputesStop:
		return ReasonDisputed
	}
	return ""
}

// holdEnd returns the last day of the longest of its holds, zero without one.
func (r *receivable) holdEnd() ledger.Date {
	end := r.account.HoldUntil
	if r.HoldUntil.After(end) {
		end = r.HoldUntil
	}
	if r.Expected.After(end) {
		end = r.Expected
	}
	return end
}

// unfit gives the reasons 6 to 13 of R2.2.
func (p *planner) unfit(r *receivable, today ledger.Date) Reason {
	switch {
	case r.account.Replied:
		return ReasonReplied
	case !r.Posted:
		return ReasonNotPosted
	case r.Due.IsZero():
		return ReasonNoDueDate
	}
	below, _ := p.exchange.belowMinimum(r.Outstanding)
	switch {
	case below:
		return ReasonBelowMinimum
	case r.coveredByCredit(today):
		return ReasonCovered
	case !r.account.reachable:
		return ReasonNoAddress
	case r.account.mismatch:
		return ReasonMismatch
	case r.ladder == nil:
		return ReasonNoSchedule
	case r.ladder.ended(age(r.Due, today), r.sent):
		return ReasonEndOfSchedule
	}
	return ""
}

// coveredByCredit is R2.2, 9: an overdue invoice whose customer has at least as much unallocated credit
// as overdue amounts in its currency.
func (r *receivable) coveredByCredit(today ledger.Date) bool {
	if age(r.Due, today) < 1 {
		return false
	}
	credit := r.account.credit.of(r.Outstanding.Currency)
	return credit > 0 && credit >= r.account.overdueOn(today).of(r.Outstanding.Currency)
}

// overdueOn returns what is overdue by currency on a day, held back or not.
func (a *account) overdueOn(today ledger.Date) sums {
	if a.overdue.day != today {
		a.overdue = overdueSums{day: today}
		for _, r := range a.open {
			if !r.Due.IsZero() && age(r.Due, today) >= 1 {
				a.overdue.add(r.Outstanding)
			}
		}
	}
	return a.overdue.sums
}
