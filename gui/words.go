package gui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// trouble turns an error into what is shown of it.
func trouble(err error) kit.Trouble { return troubleOf(core.ProblemOf(err)) }

func troubleOf(p *core.Problem) kit.Trouble {
	if p == nil {
		return kit.Trouble{}
	}
	return kit.Trouble{Code: p.Code, Message: p.Message, Hint: p.Hint}
}

func (f format) messages(n int) string {
	return lang.N("{{.Count}} messages", n, map[string]any{"Count": f.number(n)})
}

func (f format) invoices(n int) string {
	return lang.N("{{.Count}} invoices", n, map[string]any{"Count": f.number(n)})
}

func (f format) customers(n int) string {
	return lang.N("{{.Count}} customers", n, map[string]any{"Count": f.number(n)})
}

func (f format) files(n int) string {
	return lang.N("{{.Count}} files", n, map[string]any{"Count": f.number(n)})
}

func (f format) days(n int) string {
	return lang.N("{{.Count}} days", n, map[string]any{"Count": f.number(n)})
}

// step names a step by its distance from the due date.
func (f format) step(offset int) string {
	switch {
	case offset < 0:
		return lang.L("{{.Days}} before due", map[string]any{"Days": f.days(-offset)})
	case offset == 0:
		return lang.L("On the due date")
	}
	return lang.L("{{.Days}} after due", map[string]any{"Days": f.days(offset)})
}

// bucketName names an ageing bucket for people.
func bucketName(b ledger.Bucket) string {
	if b == ledger.Current {
		return lang.L("Not due")
	}
	return lang.L("{{.Range}} days", map[string]any{"Range": strings.ReplaceAll(b.String(), "-", "–")})
}

// reasonName names a reason for holding back in a word or two.
func reasonName(reason string) string {
	switch chase.Reason(reason) {
	case chase.ReasonPaused:
		return lang.L("Paused")
	case chase.ReasonCustomerStopped:
		return lang.L("Customer stopped")
	case chase.ReasonInvoiceStopped:
		return lang.L("Stopped")
	case chase.ReasonDisputed:
		return lang.L("In dispute")
	case chase.ReasonHoldUntil:
		return lang.L("On hold")
	case chase.ReasonReplied:
		return lang.L("Reply to read")
	case chase.ReasonNotPosted:
		return lang.L("Not posted")
	case chase.ReasonNoDueDate:
		return lang.L("No due date")
	case chase.ReasonBelowMinimum:
		return lang.L("Small amount")
	case chase.ReasonCovered:
		return lang.L("Has credit")
	case chase.ReasonNoAddress:
		return lang.L("No address")
	case chase.ReasonMismatch:
		return lang.L("Balance differs")
	case chase.ReasonEndOfSchedule:
		return lang.L("All steps sent")
	case chase.ReasonNoSchedule:
		return lang.L("No schedule")
	}
	return reason
}

var reasons = []chase.Reason{chase.ReasonPaused, chase.ReasonCustomerStopped, chase.ReasonInvoiceStopped, chase.ReasonDisputed,
	chase.ReasonHoldUntil, chase.ReasonReplied, chase.ReasonNoDueDate, chase.ReasonBelowMinimum, chase.ReasonCovered,
	chase.ReasonNoAddress, chase.ReasonMismatch, chase.ReasonEndOfSchedule, chase.ReasonNoSchedule}

// invoiceStatus is the pill of an invoice.
func invoiceStatus(v core.InvoiceView) (string, kit.Tone) {
	switch {
	case v.Status == core.StatusPaid:
		return lang.L("Paid"), kit.Good
	case v.Held != nil && v.Held.Reason == string(chase.ReasonCustomerStopped):
		return lang.L("Stopped"), kit.Neutral
	case v.Held != nil:
		return reasonName(v.Held.Reason), reasonTone(v.Held.Reason)
	case v.Status == core.StatusNotChasing:
		return lang.L("Not chasing"), kit.Neutral
	}
	return lang.L("Chasing"), kit.Brand
}

func reasonTone(reason string) kit.Tone {
	switch chase.Reason(reason) {
	case chase.ReasonNoAddress, chase.ReasonMismatch, chase.ReasonDisputed, chase.ReasonNoDueDate:
		return kit.Bad
	case chase.ReasonReplied:
		return kit.Info
	case chase.ReasonCustomerStopped, chase.ReasonInvoiceStopped, chase.ReasonEndOfSchedule, chase.ReasonNoSchedule, chase.ReasonNotPosted:
		return kit.Neutral
	}
	return kit.Soon
}

// customerStatus is the pill of a customer.
func customerStatus(v core.CustomerView, today ledger.Date) (string, kit.Tone) {
	switch {
	case !v.Chasing:
		return lang.L("Stopped"), kit.Neutral
	case !v.HoldUntil.IsZero() && !today.After(v.HoldUntil):
		return lang.L("On hold"), kit.Soon
	case v.NoAddress:
		return lang.L("No address"), kit.Bad
	case v.OpenCount == 0:
		return lang.L("Nothing open"), kit.Neutral
	}
	return lang.L("Chasing"), kit.Brand
}

// messageState is the pill of a message.
func messageState(m core.MessageView, approval bool) (string, kit.Tone) {
	switch chase.State(m.State) {
	case chase.Planned:
		if approval {
			return lang.L("Needs approval"), kit.Soon
		}
		return lang.L("Ready"), kit.Brand
	case chase.Approved:
		return lang.L("Approved"), kit.Good
	case chase.Queued:
		return lang.L("Queued"), kit.Info
	case chase.Sending:
		return lang.L("Sending"), kit.Info
	case chase.Accepted:
		return lang.L("Sent"), kit.Good
	case chase.Refused:
		return lang.L("Refused"), kit.Bad
	case chase.Uncertain:
		return lang.L("Uncertain"), kit.Soon
	case chase.Cancelled:
		return lang.L("Cancelled"), kit.Neutral
	case chase.Bounced:
		return lang.L("Bounced"), kit.Bad
	case chase.Replied:
		return lang.L("Answered"), kit.Info
	}
	return lang.L("Ready"), kit.Brand
}

// kindName names the kind of a message.
func kindName(kind string) string {
	switch chase.Kind(kind) {
	case chase.BeforeDue:
		return lang.L("Before due")
	case chase.Overdue:
		return lang.L("Overdue")
	case chase.Thanks:
		return lang.L("Thanks")
	case chase.Statement:
		return lang.L("Statement")
	case chase.ChaseNow:
		return lang.L("Chase now")
	case chase.Skip:
		return lang.L("Skipped step")
	}
	return kind
}

// messageStep says which step a message is: "Step 3 · 8 days after due".
func (f format) messageStep(m core.MessageView) string {
	if m.Step == 0 {
		return kindName(m.Kind)
	}
	return stepNumber(m.Step) + " · " + f.step(m.Offset)
}

// stepOrKind is the same in brief: "Step 3".
func stepOrKind(m core.MessageView) string {
	if m.Step == 0 {
		return kindName(m.Kind)
	}
	return stepNumber(m.Step)
}

// eventIcon is the picture of an event's kind.
func eventIcon(kind string) (res fyne.Resource, tone kit.Tone) {
	switch kind {
	case "sync":
		return theme.IconSync, kit.Brand
	case "run":
		return theme.IconOutbox, kit.Brand
	case "message":
		return theme.IconMail, kit.Good
	case "reply":
		return theme.IconMail, kit.Info
	case "bounce", "error", "problem", "failed":
		return theme.IconWarning, kit.Bad
	case "note":
		return theme.IconNote, kit.Soon
	case "connection":
		return theme.IconShield, kit.Info
	case "setting", "settings", "account":
		return theme.IconSettings, kit.Neutral
	case "chase", "chasing":
		return theme.IconPlay, kit.Soon
	case "customer":
		return theme.IconUser, kit.Neutral
	case "invoice":
		return theme.IconReceivables, kit.Neutral
	case "forewarn":
		return theme.IconMail, kit.Info
	case "balance":
		return theme.IconWarning, kit.Soon
	case "skip":
		return theme.IconNext, kit.Neutral
	case "slot":
		return theme.IconClock, kit.Soon
	}
	return theme.IconInfo, kit.Neutral
}

// eventKind names an event's kind for the filter.
func eventKind(kind string) string {
	switch kind {
	case "sync":
		return lang.L("Sync")
	case "run":
		return lang.L("Runs")
	case "message":
		return lang.L("Messages")
	case "reply":
		return lang.L("Replies")
	case "bounce":
		return lang.L("Bounces")
	case "note":
		return lang.L("Notes")
	case "connection":
		return lang.L("Connection")
	case "setting", "settings", "account":
		return lang.L("Settings")
	case "chase", "chasing":
		return lang.L("Chasing")
	case "error", "problem", "failed":
		return lang.L("Problems")
	case "customer":
		return lang.L("Customers")
	case "invoice":
		return lang.L("Invoices")
	case "forewarn":
		return lang.L("Forewarn")
	case "balance":
		return lang.L("Balances")
	case "skip":
		return lang.L("Skipped")
	case "slot":
		return lang.L("Missed chases")
	}
	return kind
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

// locationName is what the chip in the top bar says.
func locationName(o core.Overview) string {
	if o.Demo {
		return lang.L("Demo company")
	}
	for _, code := range []string{"uk1", "eu1", "eu2", "us1"} {
		if o.Location == code {
			return string([]byte{code[0] - 32, code[1] - 32, code[2]})
		}
	}
	return cut(o.Location, 28)
}
