package chase

import (
	"slices"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// candidate is a receivable in range of a part, with its own latest reached step.
type candidate struct {
	*receivable
	place Place
	due   bool
}

// messages returns what a run at a moment would send, in the order of their customers' codes, then by
// kind, earliest due date and lowest number.
func (p *planner) messages(now time.Time) []Message {
	today := p.cal.Today(now)
	if p.company.pausedOn(today) {
		return nil
	}
	var out []Message
	for _, a := range p.customers {
		if !a.reachable || a.Stopped {
			continue
		}
		if a.anyDue(today) && !p.gapFree(a).After(today) {
			before, overdue := p.candidates(a, today)
			out = p.group(out, a, before)
			out = p.group(out, a, overdue)
		}
		out = thanks(out, a)
	}
	return out
}

// anyDue reports whether a step is due for any of the customer's receivables, held back or not. Without
// one there is no group to look for.
func (a *account) anyDue(today ledger.Date) bool {
	return slices.ContainsFunc(a.open, func(r *receivable) bool {
		_, due := r.dueOn(today)
		return due
	})
}

// candidates returns, by part, the customer's receivables that a message of today may list (R4.2): in
// range, not held back, and in no other message of this day (R4.5).
func (p *planner) candidates(a *account, today ledger.Date) (before, overdue []candidate) {
	for _, r := range a.open {
		if r.Due.IsZero() || r.ladder == nil {
			continue
		}
		place, inRange := r.ladder.latest(age(r.Due, today))
		if !inRange || slices.Contains(r.busy, today) || p.held(r, today) != "" {
			continue
		}
		c := candidate{r, place, place.Offset > r.sent.of(place.Part)}
		if place.Part == BeforeDue {
			before = append(before, c)
		} else {
			overdue = append(overdue, c)
		}
	}
	return before, overdue
}

// group puts the candidates of one customer and part into messages by the company's grouping.
func (p *planner) group(out []Message, a *account, list []candidate) []Message {
	switch p.company.Grouping {
	case BySettings:
		for _, class := range bySettings(onlyDue(list)) {
			out = append(out, p.reminder(a, class))
		}
	case NoGrouping:
		for _, c := range onlyDue(list) {
			out = append(out, p.reminder(a, []candidate{c}))
		}
	default:
		if len(onlyDue(list)) > 0 {
			out = append(out, p.reminder(a, list))
		}
	}
	return out
}

func onlyDue(list []candidate) []candidate {
	var due []candidate
	for _, c := range list {
		if c.due {
			due = append(due, c)
		}
	}
	return due
}

// class is what invoices must have in common to share a message in the mode "by equal settings" (R4.6).
type class struct {
	escalatedSender    bool
	escalatedRecipient bool
	multiTemplate      string
	channel            Channel
}

// bySettings splits candidates of one part into classes, in the order of their first members.
func bySettings(list []candidate) [][]candidate {
	var classes [][]candidate
	place := map[class]int{}
	for _, c := range list {
		s := c.ladder.settings(c.place)
		key := class{s.EscalatedSender, s.EscalatedRecipient, s.MultiTemplate, s.Channel.orEmail()}
		i, known := place[key]
		if !known {
			i = len(classes)
			place[key] = i
			classes = append(classes, nil)
		}
		classes[i] = append(classes[i], c)
	}
	return classes
}

func (c Channel) orEmail() Channel {
	if c == "" {
		return Email
	}
	return c
}

// reminder makes one message of a group, which is in order and not empty. Its oldest invoice decides
// template, sender and recipient (R4.3).
func (p *planner) reminder(a *account, list []candidate) Message {
	decider := p.oldest(list)
	step := decider.ladder.settings(decider.place)
	m := Message{
		Kind: decider.place.Part, Customer: a.Code, Step: decider.place.Step, Offset: decider.place.Offset,
		Multi: len(list) > 1, TemplateName: step.SingleTemplate, Channel: step.Channel.orEmail(),
		EscalatedSender: step.EscalatedSender, EscalatedRecipient: step.EscalatedRecipient,
	}
	if m.Multi {
		m.TemplateName = step.MultiTemplate
	}
	m.To, m.CC = recipients(a.Addresses, step.EscalatedRecipient)
	var totals sums
	for _, c := range list {
		m.Invoices = append(m.Invoices, Listed{c.Number, c.place.Step, c.place.Offset})
		totals.add(c.Outstanding)
	}
	m.Totals = totals
	return m
}

// oldest returns the invoice with the earliest due date; of several the one worth most in base currency,
// then the one with the lowest number.
func (p *planner) oldest(list []candidate) candidate {
	best := list[0]
	for _, c := range list[1:] {
		if c.Due != best.Due {
			break
		}
		if p.exchange.compare(c.Outstanding, best.Outstanding) > 0 {
			best = c
		}
	}
	return best
}

// thanks adds the customer's message for invoices that were chased and then paid (R6.11).
func thanks(out []Message, a *account) []Message {
	m := Message{Kind: Thanks, Customer: a.Code, Channel: Email}
	var totals sums
	for _, r := range a.paid {
		if r.chased && !r.thanked && r.PaidBy != ByCredit && r.ladder != nil && r.ladder.thanks {
			m.Invoices = append(m.Invoices, Listed{Number: r.Number})
			totals.add(r.Amount)
		}
	}
	if len(m.Invoices) == 0 {
		return out
	}
	m.Multi = len(m.Invoices) > 1
	m.Totals = totals
	m.To, m.CC = recipients(a.Addresses, false)
	return append(out, m)
}

// recipients chooses To and Cc among a customer's addresses (R5.3). Addresses that bounced are left out.
func recipients(addresses []Address, escalated bool) (to, cc []string) {
	var working []Address
	for _, a := range addresses {
		if a.working() {
			working = append(working, a)
		}
	}
	if escalated {
		to = ticked(working, nil, func(a Address) bool { return a.Escalated })
	}
	if len(to) == 0 {
		to = ticked(working, nil, func(a Address) bool { return a.Normal })
	}
	if len(to) == 0 && len(working) > 0 {
		to = []string{strings.TrimSpace(working[0].Email)}
	}
	return to, ticked(working, to, func(a Address) bool { return a.CC })
}

// ticked returns the addresses with a tick in their order, each once whatever its letter case, and none
// that is taken.
func ticked(addresses []Address, taken []string, has func(Address) bool) []string {
	var list []string
	for _, a := range addresses {
		email := strings.TrimSpace(a.Email)
		same := func(other string) bool { return strings.EqualFold(other, email) }
		if has(a) && !slices.ContainsFunc(taken, same) && !slices.ContainsFunc(list, same) {
			list = append(list, email)
		}
	}
	return list
}
