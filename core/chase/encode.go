package chase

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"dunlin/core/ledger"
)

// EncodeCase writes an Input as a case file that DecodeCase reads back to the same Input.
func EncodeCase(w io.Writer, in Input) error {
	zone := time.UTC
	if in.Company.Zone != nil {
		zone = in.Company.Zone
	}
	if _, err := time.LoadLocation(zone.String()); err != nil || zone.String() == "Local" {
		return fmt.Errorf("the company's zone %q is not an IANA time zone", zone)
	}
	return writeJSON(w, caseJSON{
		Now: in.Now.In(zone).Format(time.RFC3339Nano), Company: encodeCompany(in.Company, zone),
		Schedules:       encodeAll(in.Schedules, encodeSchedule),
		DefaultSchedule: orNull(in.DefaultSchedule),
		Customers:       encodeAll(in.Customers, encodeCustomer),
		Invoices:        encodeAll(in.Invoices, encodeInvoice),
		History:         encodeAll(in.History, func(s Sent) sentJSON { return encodeSent(s, zone) }),
	})
}

// EncodeSchedule writes a schedule in the shape it has in a case file.
func EncodeSchedule(w io.Writer, s Schedule) error { return writeJSON(w, encodeSchedule(s)) }

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// encodeAll never gives nil, so that an empty list is written as [].
func encodeAll[T, J any](list []T, encode func(T) J) []J {
	out := make([]J, len(list))
	for i, v := range list {
		out[i] = encode(v)
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func instantOrNull(t time.Time, zone *time.Location) *string {
	if t.IsZero() {
		return nil
	}
	return orNull(t.In(zone).Format(time.RFC3339Nano))
}

type caseJSON struct {
	Now             string         `json:"now"`
	Company         companyJSON    `json:"company"`
	Schedules       []scheduleJSON `json:"schedules"`
	DefaultSchedule *string        `json:"default_schedule"`
	Customers       []customerJSON `json:"customers"`
	Invoices        []invoiceJSON  `json:"invoices"`
	History         []sentJSON     `json:"history"`
}

type companyJSON struct {
	Timezone     string            `json:"timezone"`
	Country      string            `json:"country"`
	Currency     string            `json:"currency"`
	Paused       bool              `json:"paused"`
	PausedUntil  ledger.Date       `json:"paused_until"`
	Slots        slotsJSON         `json:"slots"`
	MinGapDays   int               `json:"min_gap_days"`
	Minimum      string            `json:"minimum"`
	Grouping     Grouping          `json:"grouping"`
	DisputesStop bool              `json:"disputes_stop"`
	Rates        map[string]string `json:"rates"`
	LastRun      *string           `json:"last_run"`
}

type slotsJSON struct {
	Weekdays      []string      `json:"weekdays"`
	Time          string        `json:"time"`
	SkipHolidays  bool          `json:"skip_holidays"`
	ExtraHolidays []ledger.Date `json:"extra_holidays"`
	NotHolidays   []ledger.Date `json:"not_holidays"`
}

func encodeCompany(c Company, zone *time.Location) companyJSON {
	out := companyJSON{
		Timezone: zone.String(), Country: c.Country, Currency: c.Currency, Paused: c.Paused, PausedUntil: c.PausedUntil,
		Slots: encodeSlots(c.Slots), MinGapDays: c.MinGapDays, Minimum: c.Minimum, Grouping: c.Grouping,
		DisputesStop: c.DisputesStop, Rates: c.Rates, LastRun: instantOrNull(c.LastRun, zone),
	}
	if out.Minimum == "" {
		out.Minimum = "0"
	}
	if out.Grouping == "" {
		out.Grouping = ByType
	}
	return out
}

func encodeSlots(s Slots) slotsJSON {
	same := func(d ledger.Date) ledger.Date { return d }
	out := slotsJSON{
		Weekdays: []string{}, Time: fmt.Sprintf("%02d:%02d", s.Hour, s.Minute), SkipHolidays: s.SkipHolidays,
		ExtraHolidays: encodeAll(s.ExtraHolidays, same), NotHolidays: encodeAll(s.NotHolidays, same),
	}
	for day, on := range s.Weekdays {
		if on {
			out.Weekdays = append(out.Weekdays, weekdayNames[day])
		}
	}
	return out
}

type scheduleJSON struct {
	Name      string      `json:"name"`
	BeforeDue []stepJSON  `json:"before_due"`
	Overdue   []stepJSON  `json:"overdue"`
	Repeat    *repeatJSON `json:"repeat"`
	Thanks    bool        `json:"thanks"`
}

type repeatJSON struct {
	Every int `json:"every"`
	Limit int `json:"limit"`
}

type stepJSON struct {
	Offset             int     `json:"offset"`
	EscalatedSender    bool    `json:"escalated_sender"`
	EscalatedRecipient bool    `json:"escalated_recipient"`
	Channel            Channel `json:"channel,omitempty"`
	SingleTemplate     string  `json:"single_template,omitempty"`
	MultiTemplate      string  `json:"multi_template,omitempty"`
}

func encodeSchedule(s Schedule) scheduleJSON {
	step := func(s Step) stepJSON {
		return stepJSON{s.Offset, s.EscalatedSender, s.EscalatedRecipient, s.Channel, s.SingleTemplate, s.MultiTemplate}
	}
	out := scheduleJSON{
		Name: s.Name, BeforeDue: encodeAll(ascending(s.BeforeDue), step), Overdue: encodeAll(ascending(s.Overdue), step),
		Thanks: s.Thanks,
	}
	if s.Repeat != (Repeat{}) {
		out.Repeat = &repeatJSON{s.Repeat.Every, s.Repeat.Limit}
	}
	return out
}

type moneyJSON struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
}

func encodeMoney(m ledger.Money) moneyJSON { return moneyJSON{m.Currency, m.String()} }

type customerJSON struct {
	Code            string        `json:"code"`
	Name            string        `json:"name"`
	Schedule        *string       `json:"schedule"`
	Stopped         bool          `json:"stopped"`
	HoldUntil       ledger.Date   `json:"hold_until"`
	Replied         bool          `json:"replied"`
	Addresses       []addressJSON `json:"addresses"`
	Credits         []moneyJSON   `json:"credits"`
	ReportedBalance []moneyJSON   `json:"reported_balance"` // nil is null: not known
	LedgerRest      []moneyJSON   `json:"ledger_rest,omitempty"`
}

type addressJSON struct {
	Email     string `json:"email"`
	Normal    bool   `json:"normal"`
	Escalated bool   `json:"escalated"`
	CC        bool   `json:"cc"`
	Bounced   bool   `json:"bounced"`
}

func encodeChoice(c Choice) *string {
	if !c.Set {
		return nil
	}
	return &c.Name
}

func encodeCustomer(c Customer) customerJSON {
	out := customerJSON{
		Code: c.Code, Name: c.Name, Schedule: encodeChoice(c.Schedule), Stopped: c.Stopped, HoldUntil: c.HoldUntil,
		Replied: c.Replied, Credits: encodeAll(c.Credits, encodeMoney), LedgerRest: encodeAll(c.LedgerRest, encodeMoney),
		Addresses: encodeAll(c.Addresses, func(a Address) addressJSON { return addressJSON(a) }),
	}
	if c.Reported != nil {
		out.ReportedBalance = encodeAll(c.Reported, encodeMoney)
	}
	return out
}

type invoiceJSON struct {
	Number      string        `json:"number"`
	Customer    string        `json:"customer"`
	Type        ledger.TxType `json:"type"`
	Posted      bool          `json:"posted"`
	Issued      ledger.Date   `json:"issued"`
	Due         ledger.Date   `json:"due"`
	Currency    string        `json:"currency"`
	Amount      string        `json:"amount"`
	Outstanding string        `json:"outstanding"`
	Disputed    bool          `json:"disputed"`
	Stopped     bool          `json:"stopped"`
	HoldUntil   ledger.Date   `json:"hold_until"`
	Expected    ledger.Date   `json:"expected"`
	Schedule    *string       `json:"schedule"`
	PaidBy      PaidBy        `json:"paid_by"`
}

func encodeInvoice(inv Invoice) invoiceJSON {
	out := invoiceJSON{
		Number: inv.Number, Customer: inv.Customer, Type: inv.Type, Posted: inv.Posted, Issued: inv.Issued, Due: inv.Due,
		Currency: inv.Outstanding.Currency, Amount: inv.Amount.String(), Outstanding: inv.Outstanding.String(),
		Disputed: inv.Disputed, Stopped: inv.Stopped, HoldUntil: inv.HoldUntil, Expected: inv.Expected,
		Schedule: encodeChoice(inv.Schedule), PaidBy: inv.PaidBy,
	}
	if out.PaidBy == "" {
		out.PaidBy = ByReceipt
	}
	return out
}

type sentJSON struct {
	Customer  string            `json:"customer"`
	Kind      Kind              `json:"kind"`
	Automatic bool              `json:"automatic"`
	At        string            `json:"at"`
	State     State             `json:"state"`
	Invoices  []sentInvoiceJSON `json:"invoices"`
}

type sentInvoiceJSON struct {
	Number string `json:"number"`
	Offset *int   `json:"offset,omitempty"`
	Part   Kind   `json:"part,omitempty"`
}

func encodeSent(s Sent, zone *time.Location) sentJSON {
	return sentJSON{
		Customer: s.Customer, Kind: s.Kind, Automatic: s.Automatic, At: s.At.In(zone).Format(time.RFC3339Nano), State: s.State,
		Invoices: encodeAll(s.Invoices, func(si SentInvoice) sentInvoiceJSON {
			out := sentInvoiceJSON{Number: si.Number, Part: si.Part}
			if si.Offset != NoStep {
				out.Offset = &si.Offset
			}
			return out
		}),
	}
}

type resultJSON struct {
	Now      string        `json:"now"`
	IsSlot   bool          `json:"is_slot"`
	NextSlot *string       `json:"next_slot"`
	Refused  *string       `json:"refused"`
	Messages []messageJSON `json:"messages"`
	Invoices []outlookJSON `json:"invoices"`
}

type messageJSON struct {
	Kind               Kind        `json:"kind"`
	Customer           string      `json:"customer"`
	Step               *int        `json:"step"`
	Offset             *int        `json:"offset"` // null for thanks, like the step
	Template           string      `json:"template"`
	EscalatedSender    bool        `json:"escalated_sender"`
	EscalatedRecipient bool        `json:"escalated_recipient"`
	To                 []string    `json:"to"`
	CC                 []string    `json:"cc"`
	Invoices           []string    `json:"invoices"`
	Totals             []moneyJSON `json:"totals"`
}

type outlookJSON struct {
	Number  string    `json:"number"`
	AgeDays *int      `json:"age_days"`
	Bucket  string    `json:"bucket"`
	DueStep *int      `json:"due_step"`
	Held    *heldJSON `json:"held"`
	Next    *nextJSON `json:"next"`
}

type heldJSON struct {
	Reason Reason      `json:"reason"`
	Text   string      `json:"text"`
	Until  ledger.Date `json:"until"`
}

type nextJSON struct {
	Step   int         `json:"step"`
	Offset int         `json:"offset"`
	Date   ledger.Date `json:"date"`
}

// MarshalJSON writes the result in the shape of interface.md, with instants in the company's zone.
func (r Result) MarshalJSON() ([]byte, error) {
	zone := r.Now.Location()
	return json.Marshal(resultJSON{
		Now: r.Now.Format(time.RFC3339Nano), IsSlot: r.IsSlot, NextSlot: instantOrNull(r.NextSlot, zone),
		Refused: orNull(r.Refused), Messages: encodeAll(r.Messages, encodeMessage),
		Invoices: encodeAll(r.Invoices, encodeOutlook),
	})
}

// MarshalJSON writes the message as it stands in a result.
func (m Message) MarshalJSON() ([]byte, error) { return json.Marshal(encodeMessage(m)) }

// MarshalJSON writes the run with its instant in the company's zone.
func (r Run) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At       string        `json:"at"`
		Messages []messageJSON `json:"messages"`
	}{r.At.Format(time.RFC3339Nano), encodeAll(r.Messages, encodeMessage)})
}

func encodeMessage(m Message) messageJSON {
	same := func(s string) string { return s }
	out := messageJSON{
		Kind: m.Kind, Customer: m.Customer, Template: "single",
		EscalatedSender: m.EscalatedSender, EscalatedRecipient: m.EscalatedRecipient,
		To: encodeAll(m.To, same), CC: encodeAll(m.CC, same),
		Invoices: encodeAll(m.Invoices, func(l Listed) string { return l.Number }),
		Totals:   encodeAll(m.Totals, encodeMoney),
	}
	if m.Step > 0 {
		out.Step, out.Offset = &m.Step, &m.Offset
	}
	if m.Multi {
		out.Template = "multi"
	}
	return out
}

func encodeOutlook(o Outlook) outlookJSON {
	out := outlookJSON{Number: o.Number, Bucket: o.Bucket.String()}
	if !o.DueDate.IsZero() {
		out.AgeDays = &o.AgeDays
	}
	if o.Due != nil {
		out.DueStep = &o.Due.Offset
	}
	if o.Held != nil {
		out.Held = &heldJSON{o.Held.Reason, o.Held.Text, o.Held.Until}
	}
	if o.Next != nil {
		out.Next = &nextJSON{o.Next.Step, o.Next.Offset, o.Next.Date}
	}
	return out
}
