package chase

import (
	"fmt"
	"strings"

	"dunlin/core/ledger"
)

// explain puts a reason into the words that the owner reads (R2.2).
func (p *planner) explain(reason Reason, r *receivable) *Held {
	h := &Held{Reason: reason}
	switch reason {
	case ReasonPaused:
		h.Until = p.company.PausedUntil
	case ReasonHoldUntil:
		h.Until = r.holdEnd()
	}
	h.Text = h.text()
	return h
}

func (h *Held) text() string {
	switch h.Reason {
	case ReasonPaused:
		if h.Until.IsZero() {
			return "Chasing is paused"
		}
		return "Chasing is paused until " + longDate(h.Until)
	case ReasonHoldUntil:
		return "Hold until " + longDate(h.Until)
	case ReasonCustomerStopped:
		return "Chasing is off for this customer"
	case ReasonInvoiceStopped:
		return "Chasing is off for this invoice"
	case ReasonDisputed:
		return "In dispute"
	case ReasonReplied:
		return "A reply is waiting to be read"
	case ReasonNotPosted:
		return "Not posted"
	case ReasonNoDueDate:
		return "No due date"
	case ReasonBelowMinimum:
		return "Below the minimum amount"
	case ReasonCovered:
		return "Covered by unallocated credit"
	case ReasonNoAddress:
		return "No working e-mail address"
	case ReasonMismatch:
		return "The balance differs from AccountsIQ"
	case ReasonEndOfSchedule:
		return "End of the schedule"
	case ReasonNoSchedule:
		return "No schedule"
	}
	return string(h.Reason)
}

// because gives the reason as the second half of a sentence.
func (h *Held) because() string {
	switch h.Reason {
	case ReasonPaused:
		if h.Until.IsZero() {
			return "all chasing is paused"
		}
		return "all chasing is paused until " + longDate(h.Until)
	case ReasonHoldUntil:
		return "a hold is set until " + longDate(h.Until)
	case ReasonCustomerStopped:
		return "chasing is off for this customer"
	case ReasonInvoiceStopped:
		return "chasing is off for this invoice"
	case ReasonDisputed:
		return "it is in dispute"
	case ReasonReplied:
		return "a reply from the customer is waiting to be read"
	case ReasonNotPosted:
		return "it is not posted"
	case ReasonNoDueDate:
		return "it has no due date"
	case ReasonBelowMinimum:
		return "what is outstanding is below the minimum amount"
	case ReasonCovered:
		return "the customer's unallocated credit covers everything that is overdue in this currency"
	case ReasonNoAddress:
		return "the customer has no working e-mail address"
	case ReasonMismatch:
		return "the customer's open items do not add up to the balance that AccountsIQ reports"
	case ReasonEndOfSchedule:
		return "it is at the end of its schedule"
	case ReasonNoSchedule:
		return "it has no schedule"
	}
	return string(h.Reason)
}

// Sentence says in plain English what will happen to the invoice and why, with the date on which that
// changes where it is known (R8.1).
func (o Outlook) Sentence() string {
	var b strings.Builder
	switch {
	case o.Held != nil:
		fmt.Fprintf(&b, "Held back because %s", o.Held.because())
		if o.Next != nil {
			fmt.Fprintf(&b, "; %s goes on %s if nothing else changes", o.Next.Place, weekdayDate(o.Next.Date))
		}
	case o.Next != nil:
		fmt.Fprintf(&b, "Will be sent %s on %s because it %s due on %s",
			o.Next.Place, weekdayDate(o.Next.Date), o.tense(), longDate(o.DueDate))
		if !o.ChasedOn.IsZero() {
			fmt.Fprintf(&b, " and the customer was last chased on %s", longDate(o.ChasedOn))
		}
	case o.Due != nil:
		fmt.Fprintf(&b, "Not sent yet: %s is due, but no chase day is left for it", o.Due)
	default:
		b.WriteString("Will not be sent because no chase day falls on a step that is left in its schedule")
	}
	if o.MissingRate != "" {
		fmt.Fprintf(&b, ". The minimum was not applied because there is no rate for %s", o.MissingRate)
	}
	b.WriteByte('.')
	return b.String()
}

// tense fits the due date as seen from the day of the reminder.
func (o Outlook) tense() string {
	if o.DueDate.Before(o.Next.Date) {
		return "was"
	}
	return "is"
}

// String names the step with its place on the calendar, such as "step 2 (8 days overdue)".
func (p Place) String() string {
	switch {
	case p.Offset == 0:
		return fmt.Sprintf("step %d (on the due date)", p.Step)
	case p.Offset < 0:
		return fmt.Sprintf("step %d (%s before the due date)", p.Step, days(-p.Offset))
	}
	return fmt.Sprintf("step %d (%s overdue)", p.Step, days(p.Offset))
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// longDate writes "6 May 2026".
func longDate(d ledger.Date) string {
	year, month, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, month, year)
}

// weekdayDate writes "Thursday 14 May 2026".
func weekdayDate(d ledger.Date) string { return d.Weekday().String() + " " + longDate(d) }
