package core

import (
	"encoding/json"
	"fmt"
	"time"

	"dunlin/core/ledger"
)

// Amount is a sum of one currency as the faces show it, "730.00".
type Amount struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
}

// HeldView says why an invoice is held back (R2.2).
type HeldView struct {
	Reason string      `json:"reason"`
	Text   string      `json:"text"`
	Until  ledger.Date `json:"until"`
}

// NextView is the next reminder of an invoice if nothing changes.
type NextView struct {
	Step   int         `json:"step"`
	Offset int         `json:"offset"`
	Date   ledger.Date `json:"date"`
}

// LastView is the last reminder that really went for an invoice.
type LastView struct {
	Step   int       `json:"step"`
	Offset int       `json:"offset"`
	At     time.Time `json:"at"`
}

// The statuses of an invoice.
const (
	StatusChasing    = "chasing"
	StatusNotChasing = "not_chasing"
	StatusPaid       = "paid"
)

// InvoiceView is one receivable as the faces show it.
type InvoiceView struct {
	Number        string      `json:"number"`
	TransactionID int64       `json:"transaction_id"`
	InvoiceID     int64       `json:"invoice_id"`
	CustomerCode  string      `json:"customer_code"`
	CustomerName  string      `json:"customer_name"`
	Type          string      `json:"type"`
	Issued        ledger.Date `json:"issued"`
	Due           ledger.Date `json:"due"`
	Created       ledger.Date `json:"created"`
	AgeDays       *int        `json:"age_days"` // null without a due date
	Bucket        string      `json:"bucket"`
	Currency      string      `json:"currency"`
	Amount        string      `json:"amount"`
	Outstanding   string      `json:"outstanding"`
	Disputed      bool        `json:"disputed"`
	Status        string      `json:"status"`
	Expected      ledger.Date `json:"expected"`
	Schedule      *string     `json:"schedule"` // the schedule in force, null for none
	Held          *HeldView   `json:"held"`
	Next          *NextView   `json:"next"`
	Last          *LastView   `json:"last"`
	Reference     string      `json:"reference"`
	// Sentence is the sentence of R8.1.
	Sentence string `json:"sentence"`

	AccountID int64 `json:"-"`
	Stopped   bool  `json:"-"`
}

// EmailView is one e-mail address of a customer with its ticks (R5.2).
type EmailView struct {
	Email     string `json:"email"`
	Source    string `json:"source"` // "account", or the contact's name
	Normal    bool   `json:"normal"`
	Escalated bool   `json:"escalated"`
	CC        bool   `json:"cc"`
	Bounced   bool   `json:"bounced"`
}

// CustomerView is one customer as the faces show it.
type CustomerView struct {
	Code          string      `json:"code"`
	AccountID     int64       `json:"account_id"`
	Name          string      `json:"name"`
	Emails        []EmailView `json:"emails"`
	Phones        []string    `json:"phones"`
	Addresses     []string    `json:"addresses"`
	Currency      string      `json:"currency"`
	Outstanding   []Amount    `json:"outstanding"`
	Overdue       []Amount    `json:"overdue"`
	Credit        []Amount    `json:"credit"`
	OldestAgeDays *int        `json:"oldest_age_days"` // of the oldest open receivable; null without one
	Schedule      *string     `json:"schedule"`
	Chasing       bool        `json:"chasing"`
	Active        bool        `json:"active"`

	// For the window.
	Contact     string      `json:"-"`
	CreditLimit string      `json:"-"`
	HoldUntil   ledger.Date `json:"-"`
	Note        string      `json:"-"`
	Next        *NextView   `json:"-"` // the nearest next chase of its invoices
	Last        *LastView   `json:"-"`
	OpenCount   int         `json:"-"`
	NoAddress   bool        `json:"-"`
}

// PaymentView is one allocation against an invoice.
type PaymentView struct {
	Type   string // SR, SN, ...
	Number string
	Date   ledger.Date
	Amount Amount
}

// InvoiceDetail is everything the invoice page shows.
type InvoiceDetail struct {
	InvoiceView
	// Missing says that AccountsIQ did not answer with the invoice at the last sync. It is not chased then; when it
	// is missing at the next sync too, it counts as deleted.
	Missing  bool
	Payments []PaymentView
	Messages []MessageView
	Events   []EventView
}

// CustomerDetail is everything the customer page shows.
type CustomerDetail struct {
	CustomerView
	Ageing []ledger.Ageing
	// Differences are the currencies in which AccountsIQ's balance is not the sum of the open items here, with
	// both figures as they were when they were last compared. The customer is not chased while there are any.
	Differences []Difference
	Messages    []MessageView
	Events      []EventView
}

// MessageView is one message of the outbox.
type MessageView struct {
	ID           string     `json:"id"`
	MessageID    string     `json:"message_id"`
	Kind         string     `json:"kind"`
	State        string     `json:"state"`
	CustomerCode string     `json:"customer_code"`
	CustomerName string     `json:"customer_name"`
	Step         int        `json:"step"`
	From         string     `json:"from"`
	To           []string   `json:"to"`
	CC           []string   `json:"cc"`
	Subject      string     `json:"subject"`
	Invoices     []string   `json:"invoices"`
	Totals       []Amount   `json:"totals"`
	PlannedFor   time.Time  `json:"planned_for"`
	Attempts     int        `json:"attempts"`
	AcceptedAt   *time.Time `json:"accepted_at"`
	Error        string     `json:"error"`
	Reason       string     `json:"reason"`

	Offset int    `json:"-"`
	Text   string `json:"-"` // the plain part
	HTML   string `json:"-"`
}

// EventView is one line of Activity.
type EventView struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // sync, run, message, setting, connection, ...
	Customer string    `json:"customer_code"`
	Invoice  string    `json:"invoice"`
	Text     string    `json:"text"`
}

// Counts says how many rows of one kind a sync brought.
type Counts struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Gone    int `json:"gone"`
}

// SyncView is the outcome of one sync.
type SyncView struct {
	OK           bool      `json:"ok"`
	Started      time.Time `json:"started"`
	Finished     time.Time `json:"finished"`
	Full         bool      `json:"full"`
	Requests     int64     `json:"requests"`
	Customers    Counts    `json:"customers"`
	Contacts     Counts    `json:"contacts"`
	Transactions Counts    `json:"transactions"`
	Allocations  Counts    `json:"allocations"`
	Mismatches   []string  `json:"mismatches"` // codes of the customers whose items do not add up to AccountsIQ's balance
	// Differences are the figures behind Mismatches.
	Differences []Difference `json:"differences"`
	Error       *Problem     `json:"error,omitempty"`
}

// Difference is one customer's balance in one currency: by AccountsIQ's word and by the sum of the open items here.
type Difference struct {
	CustomerCode string       `json:"customer_code"`
	CustomerName string       `json:"customer_name"`
	Reported     ledger.Money `json:"-"`
	Ours         ledger.Money `json:"-"`
	At           time.Time    `json:"at"`
}

// MarshalJSON adds the currency and both figures as strings.
func (d Difference) MarshalJSON() ([]byte, error) {
	type plain Difference
	return json.Marshal(struct {
		plain
		Currency string `json:"currency"`
		Reported string `json:"reported"`
		Ours     string `json:"ours"`
	}{plain(d), d.Reported.Currency, d.Reported.String(), d.Ours.String()})
}

// String says both figures in a sentence.
func (d Difference) String() string {
	return fmt.Sprintf("AccountsIQ says that the balance is %s %s, the open items here add up to %s %s.", d.Reported, d.Reported.Currency, d.Ours, d.Ours.Currency)
}

// Problem is an error as an owner meets it: a stable code, one plain sentence, the next step.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// Account is the business (screens.md, Your business).
type Account struct {
	Name     string `json:"name"`
	Country  string `json:"country"` // ISO 3166, or GB-ENG, GB-SCT, GB-NIR
	Timezone string `json:"timezone"`
	Currency string `json:"currency"`
}

// Progress is how far a sync or a run has come.
type Progress struct {
	Stage string // "Signing in", "Customers", "Contacts", "Transactions", "Allocations", "Sending", ...
	Done  int
	Total int           // 0 while unknown
	Left  time.Duration // about how long it still takes; 0 while unknown
}

// Overview is the state of the whole program at a moment, for the frame of the window and the tray.
type Overview struct {
	Connected    bool
	CompanyID    string
	CompanyName  string
	Location     string // "uk1", or the host of a typed address
	Demo         bool
	Account      Account
	Paused       bool
	PausedUntil  ledger.Date
	Started      bool // "Start chasing" was pressed at least once
	Busy         bool
	Progress     Progress
	LastGoodSync time.Time // zero: never
	SyncProblem  *Problem  // of the latest sync, when it failed
	NextSlot     time.Time // zero: none
	NextMessages int       // how many messages the next slot would bring
	NextTotals   []Amount
	Approval     bool // messages wait for the owner's approval
	Waiting      int  // messages that need approval now
	NeedsMailbox bool
	Health       []Problem // what keeps chasing from working
	Ageing       []ledger.Ageing
	// InBase is about what is outstanding over all currencies, in the company's base currency by AccountsIQ's rates
	// of the last sync. nil with one currency, and where no rate says anything. It is never part of an exact sum.
	InBase        *Amount
	InBaseWithout []string // the currencies that InBase leaves out, as they have no rate
	Mismatches    int      // customers whose balance differs from AccountsIQ's
	CustomersNow  int
	OpenInvoices  int
	Today         ledger.Date
	RecentEvents  []EventView
	LastRun       *RunView
	MissedSlot    time.Time // a slot that passed while the program could not run; zero: none
}

// RunView is one run as it went.
type RunView struct {
	ID        string        `json:"id"`
	At        time.Time     `json:"at"`
	State     string        `json:"state"` // done, waiting, queued, held, missed
	Reason    string        `json:"reason"`
	Sent      int           `json:"sent"` // taken by the mail server
	Uncertain int           `json:"uncertain"`
	Refused   int           `json:"refused"`
	Left      int           `json:"left"` // queued or waiting for approval
	Messages  []MessageView `json:"messages"`
	Sync      *SyncView     `json:"sync,omitempty"`
}

// Went is the number of messages that reached a verdict of a mail server, or may have.
func (v RunView) Went() int { return v.Sent + v.Uncertain + v.Refused }

// ConnectRequest is what the connection form holds. Secrets are used once and kept in the key store.
type ConnectRequest struct {
	Location     string // code or address
	CompanyID    string
	OAuth        bool
	UserKey      string
	PartnerKey   string
	ClientID     string
	ClientSecret string
}

// ConnectResult says what was connected.
type ConnectResult struct {
	Company  ledger.Company
	Cleaned  []string // fields from which stray blanks, commas or line ends were taken: "Company ID", "User Key", ...
	Entities []Entity // companies to choose from, when the application reaches several and none was named
	Suggest  Account  // what AccountsIQ says of the business, to be confirmed
	Notes    []string // plain sentences to show: where the secret is kept, ...
}

// Entity is one company that an integration application reaches.
type Entity struct {
	ID, Name, Currency string
}

// MailboxRequest is what the mailbox form holds.
type MailboxRequest struct {
	Address, Name string
	SMTP          string // host:port
	Security      string // tls, starttls, none
	User          string
	Password      string
	IMAP          string
	IMAPSecurity  string
	CAFile        string
	Roles         []string // normal, escalated, cc, forewarn; empty = normal, escalated, forewarn for the first mailbox
	NoVerify      bool
}

// MailboxView is one sender.
type MailboxView struct {
	Address  string   `json:"address"`
	Name     string   `json:"name"`
	SMTP     string   `json:"smtp"`
	Security string   `json:"security"`
	User     string   `json:"user"`
	Roles    []string `json:"roles"`
	Verified bool     `json:"verified"`
}

// InvoiceQuery selects and orders invoices; the zero value is all that is outstanding, oldest first.
type InvoiceQuery struct {
	Search   string
	Status   string // outstanding (default), chasing, not_chasing, paid, all
	Customer int64  // AccountID; 0 = all
	Bucket   string // "" = all
	Currency string
	Reason   string // held reason
	Sort     string // number, customer, issued, due, amount, outstanding, next, last, status
	Desc     bool
}

// CustomerQuery selects and orders customers; the zero value is everyone with something outstanding, by name.
type CustomerQuery struct {
	Search string
	Status string // owing (default), all, chasing, stopped
	Sort   string // name, code, overdue, outstanding, oldest, next, last
	Desc   bool
}

// Listing is the ordered ids of a query with what they add up to.
type Listing struct {
	IDs    []int64
	Totals []Amount // outstanding by currency
	// InBase and InBaseWithout are as in Overview, over Totals.
	InBase        *Amount
	InBaseWithout []string
}

// SettingView is one setting with what it means and what it may be.
type SettingView struct {
	Key     string
	Value   string
	Label   string
	Help    string
	Choices []string // for settings with fixed values
}

// Link is where "View in AccountsIQ" and "Edit in AccountsIQ" lead.
type Link struct {
	URL  string
	Copy string // the code or number that was put on the clipboard, where the page itself is not known
}

// Choice is one entry of a list to choose from.
type Choice struct {
	Code, Name string
}
