package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/mail"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

// desk is where planned messages are written: templates, senders, and the words of the business.
type desk struct {
	st        *store.Store
	s         situation
	boxes     []store.Mailbox
	templates map[string]mail.Template
	schedules map[string]chase.Schedule
	account   Account
	locale    string
}

func (a *App) desk(ctx context.Context, st *store.Store, s situation) (*desk, error) {
	d := &desk{st: st, s: s, account: accountOf(s.set), templates: map[string]mail.Template{}, schedules: map[string]chase.Schedule{}}
	var err error
	if d.boxes, err = st.Mailboxes(ctx); err != nil {
		return nil, err
	}
	company, err := st.Company(ctx)
	if err != nil {
		return nil, err
	}
	if d.locale = company.Locale; d.locale == "" && len(d.account.Country) >= 2 {
		d.locale = "en-" + d.account.Country[:2]
	}
	supplied, err := a.supplied()
	if err != nil {
		return nil, err
	}
	own, err := st.Templates(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range supplied {
		d.templates[t.Name] = t
	}
	for _, t := range own {
		d.templates[t.Name] = mail.Template{Name: t.Name, Kind: mail.TemplateKind(t.Kind), Subject: t.Subject, Body: t.Body}
	}
	for _, sch := range s.in.Schedules {
		d.schedules[sch.Name] = sch
	}
	return d, nil
}

// row writes one planned message as a row of the outbox, without id, key and state.
func (d *desk) row(ctx context.Context, m chase.Message, now time.Time) (store.Message, error) {
	box, err := sender(d.boxes, m.EscalatedSender)
	if err != nil {
		return store.Message{}, err
	}
	customer := d.s.account[m.Customer]
	out := store.Message{Kind: string(m.Kind), Automatic: true, AccountID: customer.AccountID, CustomerCode: m.Customer,
		Part: partOf(m), Step: m.Step, Offset: m.Offset, Multi: m.Multi, Channel: string(chase.Email),
		EscalatedSender: m.EscalatedSender, EscalatedRecipient: m.EscalatedRecipient,
		From: box.Address, To: m.To, CC: d.copies(m, box)}
	data, err := d.data(ctx, m, customer, box, now)
	if err != nil {
		return out, err
	}
	for _, l := range m.Invoices {
		i := d.s.invoice[l.Number]
		out.Invoices = append(out.Invoices, store.MessageInvoice{TransactionID: i.TransactionID, Number: i.Number, Part: partOf(m),
			Offset: l.Offset, Step: l.Step, Outstanding: i.Outstanding})
	}
	template := d.template(m)
	out.Template = template.Name
	text, err := mail.Render(template, data)
	if err != nil {
		return out, &unwritten{m.Customer, err}
	}
	out.Subject, out.Text, out.HTML = text.Subject, text.Text, text.HTML
	return out, d.thread(ctx, &out)
}

// unwritten is met when the words of one message could not be made. It is the trouble of that message alone.
type unwritten struct {
	customer string
	cause    error
}

func (e *unwritten) Error() string {
	return fmt.Sprintf("The message to %s could not be written: %v", e.customer, e.cause)
}

func (e *unwritten) Unwrap() error { return e.cause }

func byEmail(m chase.Message) bool { return m.Channel == "" || m.Channel == chase.Email }

func partOf(m chase.Message) string {
	if m.Kind == chase.BeforeDue || m.Kind == chase.Overdue {
		return string(m.Kind)
	}
	return ""
}

// copies adds the owner's own CC mailboxes to those of the customer (R5.1, R5.3).
func (d *desk) copies(m chase.Message, from store.Mailbox) []string {
	out := slices.Clone(m.CC)
	for _, b := range d.boxes {
		known := func(e string) bool { return strings.EqualFold(e, b.Address) }
		if b.CC && b.Address != from.Address && !slices.ContainsFunc(m.To, known) && !slices.ContainsFunc(out, known) {
			out = append(out, b.Address)
		}
	}
	return out
}

// template is the one that the step names, else the supplied one that fits the step.
func (d *desk) template(m chase.Message) mail.Template {
	if t, ok := d.templates[m.TemplateName]; ok && m.TemplateName != "" {
		return t
	}
	steps := 0
	if len(m.Invoices) > 0 {
		steps = len(d.scheduleOf(m.Customer, m.Invoices[0].Number).Overdue)
	}
	return d.templates[mail.DefaultTemplate(string(m.Kind), m.Step, steps, m.EscalatedSender || m.EscalatedRecipient, m.Multi)]
}

// scheduleOf resolves R3.2 for one invoice of a customer.
func (d *desk) scheduleOf(customer, number string) chase.Schedule {
	name := d.s.in.DefaultSchedule
	for _, c := range []store.Choice{d.s.account[customer].Prefs.Schedule, d.s.invoice[number].Prefs.Schedule} {
		if c.Set {
			name = c.Name
		}
	}
	return d.schedules[name]
}

func (d *desk) data(ctx context.Context, m chase.Message, customer store.CustomerFacts, box store.Mailbox, now time.Time) (mail.Data, error) {
	out := mail.Data{CustomerName: customer.Name, ContactName: d.contact(m, customer), BusinessName: d.account.Name,
		SenderName: box.Name, SenderEmail: box.Address, Today: ledger.DateOf(now), Locale: d.locale}
	ids := make([]int64, len(m.Invoices))
	for i, l := range m.Invoices {
		ids[i] = d.s.invoice[l.Number].TransactionID
	}
	rows, err := d.st.InvoicesByID(ctx, ids)
	if err != nil {
		return out, err
	}
	references := map[int64]string{}
	for _, r := range rows {
		references[r.ID] = r.Reference
	}
	for _, l := range m.Invoices {
		i := d.s.invoice[l.Number]
		out.Invoices = append(out.Invoices, mail.Invoice{Number: i.Number, Reference: references[i.TransactionID], Issued: i.Issued,
			Due: i.Due, Amount: i.Amount, Outstanding: i.Outstanding})
	}
	return out, nil
}

// contact is the person behind the first recipient, where a contact of that address is known.
func (d *desk) contact(m chase.Message, customer store.CustomerFacts) string {
	if len(m.To) == 0 {
		return ""
	}
	for _, r := range customer.Recipients {
		if sameAddress(r.Email, m.To[0]) && r.Name != "" {
			return r.Name
		}
	}
	return ""
}

// thread makes the message an answer to the first one of the same customer (R5.6).
func (d *desk) thread(ctx context.Context, m *store.Message) error {
	before, err := d.st.Messages(ctx, store.MessageQuery{AccountID: m.AccountID, Kinds: chaseKinds, States: []string{outbox.Accepted, outbox.Uncertain, "bounced", "replied"}})
	if err != nil || len(before) == 0 {
		return err
	}
	m.InReplyTo = before[len(before)-1].MessageID
	m.References = []string{m.InReplyTo}
	return nil
}

// forewarn writes the owner's list of what will go (R6.10).
func (d *desk) forewarn(box store.Mailbox, res chase.Result, at time.Time) (store.Message, error) {
	data := mail.Data{BusinessName: d.account.Name, SenderName: box.Name, SenderEmail: box.Address, Today: ledger.DateOf(res.Now), Locale: d.locale,
		Forewarn: mail.ForewarnData{At: at.In(res.Now.Location())}}
	for _, m := range res.Messages {
		f := mail.ForewarnMessage{Customer: d.s.account[m.Customer].Name, To: m.To, Step: stepWords(m), Totals: m.Totals}
		for _, l := range m.Invoices {
			f.Invoices = append(f.Invoices, l.Number)
		}
		data.Forewarn.Messages = append(data.Forewarn.Messages, f)
	}
	for _, o := range res.Invoices {
		if o.Held != nil {
			i := d.s.invoice[o.Number]
			data.Forewarn.Held = append(data.Forewarn.Held, mail.ForewarnInvoice{Customer: d.s.account[o.Customer].Name, Number: o.Number, Outstanding: i.Outstanding, Reason: o.Held.Text})
		}
	}
	text, err := mail.Render(d.templates[mail.DefaultTemplate("forewarn", 0, 0, false, false)], data)
	return store.Message{Kind: "forewarn", State: outbox.Approved, Automatic: true, From: box.Address, To: []string{box.Address},
		Subject: text.Subject, Text: text.Text, HTML: text.HTML}, err
}

func stepWords(m chase.Message) string {
	switch {
	case m.Kind == chase.Thanks:
		return "Thanks"
	case m.Offset < 0:
		return fmt.Sprintf("Step %d, %d days before due", m.Step, -m.Offset)
	case m.Offset == 0:
		return fmt.Sprintf("Step %d, on the due date", m.Step)
	}
	return fmt.Sprintf("Step %d, %d days overdue", m.Step, m.Offset)
}

// compose makes the bytes of a message of the outbox.
func compose(st *store.Store) func(context.Context, store.Message, []mail.Attachment, time.Time) ([]byte, error) {
	return func(ctx context.Context, m store.Message, files []mail.Attachment, at time.Time) ([]byte, error) {
		boxes, err := st.Mailboxes(ctx)
		if err != nil {
			return nil, err
		}
		set, err := st.Settings(ctx)
		if err != nil {
			return nil, err
		}
		out := mail.Message{From: mail.Address{Email: m.From}, Subject: m.Subject, Text: m.Text, HTML: m.HTML, MessageID: angled(m.MessageID),
			Date: at.In(zone(set)), InReplyTo: angled(m.InReplyTo), AutoSubmitted: m.AccountID == 0, Attachments: files,
			Custom: map[string]string{"X-Dunlin-Company": set[keyConnCompany], "X-Dunlin-Run": m.RunID}}
		for _, id := range m.References {
			out.References = append(out.References, angled(id))
		}
		if m.RunID == "" {
			delete(out.Custom, "X-Dunlin-Run")
		}
		for _, b := range boxes {
			if strings.EqualFold(b.Address, m.From) {
				out.From.Name = b.Name
			}
		}
		for _, e := range m.To {
			out.To = append(out.To, mail.Address{Email: e})
		}
		for _, e := range m.CC {
			out.CC = append(out.CC, mail.Address{Email: e})
		}
		return mail.Build(out)
	}
}

// angled writes a Message-ID as it stands in a header; the store keeps it without the angle brackets.
func angled(id string) string {
	if id == "" {
		return ""
	}
	return "<" + id + ">"
}

// messageID makes a new Message-ID for a sender, as the store keeps it.
func (a *App) messageID(from string) (string, error) {
	id, err := mail.NewMessageID(a.deps.Random, from)
	return strings.Trim(id, "<>"), err
}

// Upcoming is what the next slot would send if nothing changes until then, after what already waits.
func (a *App) Upcoming(ctx context.Context) ([]MessageView, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	waiting, err := a.messages(ctx, st, store.MessageQuery{Kinds: chaseKinds, States: []string{outbox.Planned, outbox.Approved, outbox.Queued}})
	if err != nil || len(waiting) > 0 {
		return waiting, err
	}
	rows, err := a.preview(ctx, st)
	out := make([]MessageView, len(rows))
	for i, m := range rows {
		out[i] = messageView(m)
	}
	return out, err
}

// preview writes what the next slot would send, without storing anything.
func (a *App) preview(ctx context.Context, st *store.Store) ([]store.Message, error) {
	s, err := a.situation(ctx, a.deps.Now())
	if err != nil {
		return nil, err
	}
	next, ok := chase.NewCalendar(s.in.Company).NextSlot(a.deps.Now())
	if !ok {
		return nil, nil
	}
	s.in.Now = next
	s.asIfStarted()
	res := chase.Plan(s.in)
	d, err := a.desk(ctx, st, s)
	if err != nil {
		return nil, err
	}
	if len(d.boxes) == 0 {
		// The owner sees what would go even before there is a mailbox to send it from.
		d.boxes = []store.Mailbox{{Name: d.account.Name, Normal: true, Escalated: true}}
	}
	out := []store.Message{}
	for _, m := range res.Messages {
		row, err := d.row(ctx, m, res.Now)
		var bad *unwritten
		switch {
		case errors.As(err, &bad):
			row.Error = bad.Error()
		case err != nil:
			return nil, err
		}
		row.State, row.PlannedFor, row.CustomerName = outbox.Planned, s.in.Now, d.s.account[m.Customer].Name
		row.ID = fmt.Sprintf("%s%s/%s/%d", previewID, m.Customer, m.Kind, row.Invoices[0].TransactionID)
		out = append(out, row)
	}
	return out, nil
}

// previewID begins the ids of messages that are shown before any run has planned them.
const previewID = "upcoming/"

// sameAddress compares an address as AccountsIQ has it with one as it is written to.
func sameAddress(have, written string) bool {
	email, err := mail.Writable(have)
	return err == nil && strings.EqualFold(email, written)
}
