package chase

import (
	"math"
	"time"

	"dunlin/core/ledger"
)

// Input is everything a decision depends on. The same Input gives the same Result, byte for byte (R8.3).
type Input struct {
	Now             time.Time // the instant of the run
	Company         Company
	Schedules       []Schedule
	DefaultSchedule string // name of the company's schedule, "" for none (R3.2)
	Customers       []Customer
	Invoices        []Invoice
	History         []Sent
}

// Company holds the company-wide settings of chasing.
type Company struct {
	Zone        *time.Location // the company's IANA zone (R1.2)
	Country     string         // ISO 3166 code, or GB-ENG, GB-SCT, GB-NIR; picks the holidays
	Currency    string         // base currency
	Paused      bool
	PausedUntil ledger.Date // a run on that very day goes; zero = until resumed
	Slots       Slots
	MinGapDays  int
	// Minimum is a plain decimal in base currency; "" and "0" mean no minimum.
	Minimum      string
	Grouping     Grouping
	DisputesStop bool
	// Rates gives units of a currency for one unit of the base currency, as plain decimals.
	Rates   map[string]string
	LastRun time.Time // the latest recorded run; zero when there was none (R3.7)
}

// Slots says when chases go (R1.5).
type Slots struct {
	Weekdays      [7]bool // indexed by time.Weekday
	Hour, Minute  int
	SkipHolidays  bool
	ExtraHolidays []ledger.Date // days off beside the calendar's
	NotHolidays   []ledger.Date // days of the calendar that are worked
}

// Grouping says which invoices share a message (R4.1, R4.6).
type Grouping string

// The grouping modes.
const (
	ByType     Grouping = "by_type"
	BySettings Grouping = "by_settings"
	NoGrouping Grouping = "none"
)

// Schedule is a dunning schedule in three parts (R3.1).
type Schedule struct {
	Name      string
	BeforeDue []Step // offsets -N to 0, in any order
	Overdue   []Step // offsets from 1, in any order
	Repeat    Repeat
	Thanks    bool
}

// Step is one step of a schedule.
type Step struct {
	Offset             int
	Channel            Channel // "" means e-mail
	SingleTemplate     string  // name of the template, "" for the one that fits the step
	MultiTemplate      string
	EscalatedSender    bool
	EscalatedRecipient bool
}

// Channel is how a step reaches the customer.
type Channel string

// The channels of R3.1.
const (
	Email  Channel = "email"
	Call   Channel = "call"
	Letter Channel = "letter"
)

// Repeat goes on after the last overdue step (R3.5). Every 0 means no repeats; Limit 0 means for ever.
type Repeat struct {
	Every int
	Limit int
}

// Choice names a schedule for a customer or an invoice (R3.2): inherited when Set is false,
// none at all when Set is true and Name is "".
type Choice struct {
	Set  bool
	Name string
}

// Customer is what the planner needs to know of one customer.
type Customer struct {
	Code      string
	Name      string
	Schedule  Choice
	Stopped   bool
	HoldUntil ledger.Date
	Replied   bool // a reply of theirs waits to be read
	Addresses []Address
	Credits   []ledger.Money // unallocated credit by currency, positive (R2.1)
	// Reported is AccountsIQ's balance by currency; nil when it is not known and nothing is checked (R2.2, 11).
	Reported []ledger.Money
	// LedgerRest is, by currency, what sales-ledger items other than Input.Invoices and Credits add to
	// the balance (open refunds, currency differences). A case file lists such items among its invoices.
	LedgerRest []ledger.Money
}

// Address is one e-mail address of a customer, in the order of R5.3: the account's first, then
// contacts, primary first.
type Address struct {
	Email     string
	Normal    bool
	Escalated bool
	CC        bool
	Bounced   bool // bounced for good: left out
}

// Invoice is one receivable.
type Invoice struct {
	Number      string
	Customer    string // customer code
	Type        ledger.TxType
	Posted      bool
	Issued      ledger.Date
	Due         ledger.Date // zero when there is none
	Amount      ledger.Money
	Outstanding ledger.Money
	Disputed    bool
	Stopped     bool
	HoldUntil   ledger.Date
	Expected    ledger.Date // expected payment date
	Schedule    Choice
	PaidBy      PaidBy
}

// PaidBy says how an invoice with nothing outstanding was settled; "" counts as by receipt.
type PaidBy string

// How an invoice came to be paid.
const (
	ByReceipt PaidBy = "receipt"
	ByCredit  PaidBy = "credit"
)

// Kind is the kind of a message.
type Kind string

// The kinds of messages to customers.
const (
	BeforeDue Kind = "before_due"
	Overdue   Kind = "overdue"
	Thanks    Kind = "thanks"
	Statement Kind = "statement"
	ChaseNow  Kind = "chase_now"
	// Skip records that the owner skipped a step: it advances the invoice like a send (R3.6) but is no chase.
	Skip Kind = "skip"
)

// State is the state of a message on its way out (rules section 6).
type State string

// The states of a message.
const (
	Planned   State = "planned"
	Approved  State = "approved"
	Queued    State = "queued"
	Sending   State = "sending"
	Accepted  State = "accepted"
	Refused   State = "refused"
	Uncertain State = "uncertain"
	Cancelled State = "cancelled"
	Bounced   State = "bounced"
	Replied   State = "replied"
)

// Counts reports whether a message in this state was really sent (R3.6): accepted, uncertain, or
// bounced or answered after it was accepted. A message found in the state sending was cut off in the
// middle of its dialogue, so it counts too until it is settled.
func (s State) Counts() bool {
	switch s {
	case Accepted, Uncertain, Bounced, Replied, Sending:
		return true
	}
	return false
}

// Sent is one message of the past.
type Sent struct {
	Customer  string
	Kind      Kind
	Automatic bool
	At        time.Time
	State     State
	Invoices  []SentInvoice
}

// NoStep is the Offset of a Chase-now message that stood for no step of the schedule: it counts as a
// chase and advances nothing (R6.9).
const NoStep = math.MinInt32

// SentInvoice is one invoice of a past message with the step it was sent at.
type SentInvoice struct {
	Number string
	Offset int // days from the due date, or NoStep
	// Part tells which part of the schedule the offset belongs to where the message's kind does not
	// (chase_now, skip): BeforeDue or Overdue. "" follows the message's kind, else the sign of the offset.
	Part Kind
}

// Reason is why an invoice is held back (R2.2).
type Reason string

// The reasons of R2.2 in the order in which they are checked; the first that holds is shown.
const (
	ReasonPaused          Reason = "paused"
	ReasonCustomerStopped Reason = "customer_stopped"
	ReasonInvoiceStopped  Reason = "invoice_stopped"
	ReasonDisputed        Reason = "disputed"
	ReasonHoldUntil       Reason = "hold_until"
	ReasonReplied         Reason = "replied"
	ReasonNotPosted       Reason = "not_posted"
	ReasonNoDueDate       Reason = "no_due_date"
	ReasonBelowMinimum    Reason = "below_minimum"
	ReasonCovered         Reason = "covered_by_credit"
	ReasonNoAddress       Reason = "no_address"
	ReasonMismatch        Reason = "balance_mismatch"
	ReasonEndOfSchedule   Reason = "end_of_schedule"
	ReasonNoSchedule      Reason = "no_schedule"
)

// Held says why an invoice is held back, in words the owner can read, and until when if that is known.
type Held struct {
	Reason Reason
	Text   string
	Until  ledger.Date // hold_until: the last day of the hold; paused: the day it goes on; zero when not known
}

// Result is what a run at Input.Now would do.
type Result struct {
	Now      time.Time // in the company's zone
	IsSlot   bool
	NextSlot time.Time // the first slot strictly after Now; zero without ticked weekdays
	Refused  string    // "" or "clock_behind" (R3.7); Messages is empty then
	Messages []Message // by customer code, then kind
	Invoices []Outlook // every invoice with something outstanding, by due date, then number
}

// Message is one message that a run would send.
type Message struct {
	Kind               Kind
	Customer           string
	Step               int // 1-based place in the part, repeats counted on; 0 for thanks
	Offset             int
	Multi              bool    // the multi template: more than one invoice
	TemplateName       string  // "" for the one that fits the step
	Channel            Channel // never ""
	EscalatedSender    bool
	EscalatedRecipient bool
	To                 []string
	CC                 []string
	Invoices           []Listed       // by due date, then number
	Totals             []ledger.Money // one per currency, by currency code
}

// Listed is one invoice in a message with its own latest reached step (R4.4).
type Listed struct {
	Number string
	Step   int
	Offset int
}

// Outlook is the planner's word on one open invoice.
type Outlook struct {
	Number   string
	Customer string
	DueDate  ledger.Date // zero when there is none
	AgeDays  int         // 0 when there is no due date
	Bucket   ledger.Bucket
	Due      *Place // the step that is due, reckoned as if the invoice were not held
	Held     *Held
	Next     *Next
	// ChasedOn is the day of the customer's last chase while the minimum gap since then keeps this
	// invoice's next reminder back (R4.5); zero when it does not.
	ChasedOn ledger.Date
	// MissingRate names a currency without a rate, when a minimum could not be applied because of it.
	MissingRate string
}

// Place is a step within its part.
type Place struct {
	Part   Kind // BeforeDue or Overdue
	Step   int  // 1-based, repeats counted on
	Offset int
}

// Next is the next reminder of an invoice if nothing changes.
type Next struct {
	Place
	Date ledger.Date
}
