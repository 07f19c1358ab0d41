package store

import (
	"encoding/json"
	"time"

	"dunlin/core/ledger"
)

// Counts says what a write really changed. Rows equal to what was stored are in none of the three.
type Counts struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Gone    int `json:"gone"`
}

// Any reports whether something changed.
func (c Counts) Any() bool { return c.New+c.Changed+c.Gone > 0 }

// Add returns the sums of both.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.New + o.New, c.Changed + o.Changed, c.Gone + o.Gone}
}

// Choice names a schedule for a customer or an invoice (R3.2): inherited when Set is false, none at
// all when Set is true and Name is "".
type Choice struct {
	Set  bool
	Name string
}

// CustomerPrefs is what the owner decided about chasing a customer.
type CustomerPrefs struct {
	Stopped   bool
	HoldUntil ledger.Date // the last day of the hold
	Schedule  Choice
	RepliedAt time.Time // a reply of theirs waits to be read since then; zero when none does (R7.2)
	Note      string
}

// InvoicePrefs is what the owner decided about chasing one invoice.
type InvoicePrefs struct {
	Stopped   bool
	Disputed  bool // in dispute by the owner's word, beside AccountsIQ's own mark
	HoldUntil ledger.Date
	Expected  ledger.Date // expected payment date
	Schedule  Choice
	Note      string
}

// Recipient is one e-mail address of a customer with its ticks (R5.2). Recipients come in the order of
// R5.3: the account's own addresses first, then the contacts', primary first. An address of the
// account that the owner never ticked is Normal and Escalated; one of a contact is none.
type Recipient struct {
	Email     string
	Source    string // "account" or "contact"
	Name      string // the contact's name
	Primary   bool
	Chosen    bool // the owner set the ticks; false means these are the defaults
	Normal    bool
	Escalated bool
	CC        bool
	BouncedAt time.Time // when it bounced for good; zero when it works
}

// The sources of a Recipient.
const (
	FromAccount = "account"
	FromContact = "contact"
)

// Ticks are the owner's ticks for one address of a customer.
type Ticks struct {
	Email     string
	Normal    bool
	Escalated bool
	CC        bool
}

// Schedule is a named dunning schedule; Body is the planner's JSON of it.
type Schedule struct {
	Name string
	Body json.RawMessage
}

// Template is a named mail template.
type Template struct {
	Name    string
	Kind    string
	Subject string
	Body    string
}

// MailServer is one server of a mailbox.
type MailServer struct {
	Host     string
	Port     int
	Security string // "tls", "starttls" or "none"
	User     string
	Auth     string // "" = password; "xoauth2", "oauthbearer"
}

// Mailbox is one of the owner's own mailboxes (R5.1). Its password is in the key store, never here.
type Mailbox struct {
	Address    string
	Name       string
	SMTP       MailServer
	IMAP       MailServer // Host "" when replies are not read
	CAFile     string
	Normal     bool
	Escalated  bool
	CC         bool
	Forewarn   bool
	VerifiedAt time.Time
}

// Run is one run of chasing, or one that was missed or held.
type Run struct {
	ID       string
	SlotAt   time.Time
	Kind     string
	Started  time.Time
	Finished time.Time // zero while it is under way
	State    string
	Reason   string
	Approved bool
}

// Message is one message of the outbox.
type Message struct {
	ID    string
	RunID string // "" for one that belongs to no run
	// Key is unique among all messages, so that the same run cannot create it twice (R6.2).
	Key          string
	Kind         string
	State        string
	Automatic    bool
	AccountID    int64 // 0 for a message to the owner
	CustomerCode string
	CustomerName string // as stored with the customer now; read only

	Part               string
	Step               int
	Offset             int
	Multi              bool
	Template           string
	Channel            string
	EscalatedSender    bool
	EscalatedRecipient bool

	From    string
	To      []string
	CC      []string
	Subject string
	// Text, HTML and Raw are filled by Message alone, never by the lists.
	Text string
	HTML string
	Raw  []byte // the finished RFC 5322 message, where one is kept

	MessageID  string // the Message-ID without angle brackets
	InReplyTo  string
	References []string

	Created     time.Time
	PlannedFor  time.Time
	SendingAt   time.Time // the last time it entered the state sending
	AcceptedAt  time.Time
	Updated     time.Time
	NextAttempt time.Time
	Attempts    int
	Error       string
	Reason      string

	Invoices []MessageInvoice
}

// MessageInvoice is one invoice listed in a message, with its own step and what it owed then (R4.4).
type MessageInvoice struct {
	TransactionID int64
	Number        string
	Part          string
	Offset        int
	Step          int
	Outstanding   ledger.Money
}

// Change is what MoveMessage records with a new state. Zero fields leave what is stored, except Error
// and Reason, which are always written.
type Change struct {
	At          time.Time // the instant of the move
	Error       string
	Reason      string
	AcceptedAt  time.Time
	NextAttempt time.Time
	Attempts    int // the number of attempts so far
}

// MessageQuery picks messages, newest first. Empty fields pick all.
type MessageQuery struct {
	States        []string
	Kinds         []string
	AccountID     int64
	TransactionID int64
	RunID         string
	MessageIDs    []string  // Message-IDs without angle brackets, to match replies and bounces
	From, To      time.Time // planned for: From inclusive, To exclusive
	Search        string
	Limit, Offset int // Limit 0 = all
}

// Event is one entry of the activity list.
type Event struct {
	ID            int64 // given by the store
	At            time.Time
	Kind          string
	AccountID     int64
	TransactionID int64
	MessageID     string // Message.ID
	RunID         string
	Text          string
	Detail        string

	CustomerCode string // read only
	CustomerName string // read only
	Number       string // of the transaction; read only
}

// EventQuery picks events, newest first. Empty fields pick all.
type EventQuery struct {
	Kinds         []string
	AccountID     int64
	TransactionID int64
	RunID         string
	MessageID     string
	Search        string
	Since         time.Time
	BeforeID      int64 // the page after the event with this id
	Limit         int   // 0 = all
}

// Sync is the record of one sync.
type Sync struct {
	ID       int64 // given by the store
	Started  time.Time
	Finished time.Time
	Full     bool
	OK       bool
	Code     string // of the error
	Message  string
	Hint     string
	Counts   json.RawMessage
}

// Place is a step within its part of a schedule; none when Part is "".
type Place struct {
	Part   string
	Step   int
	Offset int
}

// The statuses of an open receivable in the outlook.
const (
	StatusChasing    = "chasing"
	StatusNotChasing = "not_chasing"
	StatusPaid       = "paid"
)

// OutlookRow is what the planner said about one open receivable.
type OutlookRow struct {
	TransactionID int64
	AccountID     int64
	Status        string // StatusChasing or StatusNotChasing
	Due           Place
	HeldReason    string
	HeldText      string
	HeldUntil     ledger.Date
	Next          Place
	NextDate      ledger.Date
	Sentence      string
}

// OutlookStamp says from which data the outlook was made and how long it holds.
type OutlookStamp struct {
	Version    int64 // Store.Version when it was planned
	ValidUntil time.Time
	Today      ledger.Date
}

// LastChase is the latest message about an invoice that counts as sent.
type LastChase struct {
	Kind      string
	Part      string
	Step      int
	Offset    int
	At        time.Time
	MessageID string // Message.ID
}

// InvoiceRow is one receivable as the lists show it.
type InvoiceRow struct {
	ledger.Transaction
	CustomerName     string
	CustomerStopped  bool
	CustomerSchedule Choice
	DueFromTerms     bool // AccountsIQ gave no due date; Due was reckoned from the customer's credit term
	FirstSeen        ledger.Date
	ClosedOn         ledger.Date // the local date on which it was first seen settled
	Missing          bool        // AccountsIQ did not answer with it when it was asked for the last time
	Gone             bool        // ... nor the time before
	Prefs            InvoicePrefs
	Outlook          *OutlookRow // nil when settled or not planned yet
	Last             *LastChase
}

// Status returns StatusPaid, StatusChasing or StatusNotChasing.
func (r InvoiceRow) Status() string {
	switch {
	case r.Outstanding.Minor <= 0:
		return StatusPaid
	case r.Outlook != nil:
		return r.Outlook.Status
	}
	return StatusNotChasing
}

// CustomerRow is one customer as the lists show it. Customer has no phones and addresses here.
type CustomerRow struct {
	ledger.Customer
	Gone          bool
	Prefs         CustomerPrefs
	Outstanding   []ledger.Money // open receivables by currency
	Overdue       []ledger.Money // those with an age of at least a day
	Credit        []ledger.Money // unallocated credit less open refunds, never below 0 (R2.1)
	OldestDue     ledger.Date    // the earliest due date of an open receivable
	OpenCount     int
	OverdueCount  int
	ChasingCount  int
	NextDate      ledger.Date // the earliest next reminder
	LastAt        time.Time   // the latest chase that counts as sent
	RecipientsNum int         // addresses that work
}

// CustomerDetail is all that is stored of one customer.
type CustomerDetail struct {
	CustomerRow
	Contacts   []ledger.Contact
	Recipients []Recipient
	Checks     []BalanceCheck // how the balance compared with AccountsIQ's, by currency; nil when it never was
}

// CustomerStatus filters customers.
type CustomerStatus string

// The filters by status.
const (
	CustomersAll        CustomerStatus = ""            // all but those gone from AccountsIQ with nothing open
	CustomersOwing      CustomerStatus = "owing"       // with an open receivable
	CustomersOverdue    CustomerStatus = "overdue"     // with one past its due date
	CustomersChasing    CustomerStatus = "chasing"     // with one that is being chased
	CustomersNotChasing CustomerStatus = "not_chasing" // owing, and none is being chased
	CustomersStopped    CustomerStatus = "stopped"     // stopped by the owner
	CustomersInactive   CustomerStatus = "inactive"    // not active in AccountsIQ
)

// CustomerSort is the column by which customers are ordered.
type CustomerSort string

// The orders of customers. Amounts of different currencies are ordered by their value in base currency.
const (
	CustomersByName        CustomerSort = "" // then code
	CustomersByCode        CustomerSort = "code"
	CustomersByOutstanding CustomerSort = "outstanding"
	CustomersByOverdue     CustomerSort = "overdue"
	CustomersByCredit      CustomerSort = "credit"
	CustomersByOldest      CustomerSort = "oldest"
	CustomersBySchedule    CustomerSort = "schedule"
	CustomersByNext        CustomerSort = "next"
	CustomersByLast        CustomerSort = "last"
	CustomersByStatus      CustomerSort = "status"
)

// CustomerQuery filters and orders customers.
type CustomerQuery struct {
	Search   string
	Status   CustomerStatus
	Buckets  []ledger.Bucket // with an open receivable in one of them
	Currency string          // with an open receivable in it
	Schedule *Choice         // of exactly this choice
	Today    ledger.Date     // needed by Buckets, CustomersOverdue and CustomersByOverdue
	Sort     CustomerSort
	Desc     bool
}

// InvoiceStatus filters receivables.
type InvoiceStatus string

// The filters by status.
const (
	InvoicesOutstanding InvoiceStatus = "outstanding"
	InvoicesChasing     InvoiceStatus = "chasing"
	InvoicesNotChasing  InvoiceStatus = "not_chasing"
	InvoicesPaid        InvoiceStatus = "paid"
	InvoicesAll         InvoiceStatus = "all" // also what "" means
)

// InvoiceSort is the column by which receivables are ordered.
type InvoiceSort string

// The orders of receivables. Amounts of different currencies are ordered by their value in base currency.
const (
	InvoicesByDue         InvoiceSort = "" // no due date last
	InvoicesByNumber      InvoiceSort = "number"
	InvoicesByCustomer    InvoiceSort = "customer"
	InvoicesByIssued      InvoiceSort = "issued"
	InvoicesByAmount      InvoiceSort = "amount"
	InvoicesByOutstanding InvoiceSort = "outstanding"
	InvoicesByExpected    InvoiceSort = "expected"
	InvoicesByNext        InvoiceSort = "next"
	InvoicesByLast        InvoiceSort = "last"
	InvoicesByStatus      InvoiceSort = "status"
)

// InvoiceQuery filters and orders receivables (SI and SD that are not gone).
type InvoiceQuery struct {
	Search    string // every word must be found in number, reference, amounts, or customer name or code
	Status    InvoiceStatus
	AccountID int64
	Buckets   []ledger.Bucket
	Currency  string
	Reason    string  // held back for this reason
	Schedule  *Choice // the invoice's own choice
	DueFrom   ledger.Date
	DueTo     ledger.Date // inclusive
	Today     ledger.Date // needed by Buckets
	Sort      InvoiceSort
	Desc      bool
}

// AllocationRow is one allocation of a transaction, seen from that transaction.
type AllocationRow struct {
	ledger.Allocation
	OtherID     int64
	OtherType   ledger.TxType // "" when the other side is not stored
	OtherNumber string
	OtherIssued ledger.Date
	Currency    string // of the transaction asked about
}

// BalanceCheck is one comparison of a customer's balance in one currency.
type BalanceCheck struct {
	AccountID int64
	Reported  ledger.Money // by AccountsIQ's word
	Ours      ledger.Money // the sum of the open items here
	At        time.Time    // when the two were read

	CustomerCode string // read only
	CustomerName string // read only
}

// Drift is what AccountsIQ says beyond our sum; 0 when the two agree.
func (c BalanceCheck) Drift() ledger.Money {
	return ledger.Money{Minor: c.Reported.Minor - c.Ours.Minor, Currency: c.Reported.Currency}
}

// CustomerAgeing is the ageing of one customer in one currency.
type CustomerAgeing struct {
	AccountID int64
	Code      string
	Name      string
	ledger.Ageing
}

// Facts is everything from which the planner's input is made, read in one snapshot.
type Facts struct {
	Version    int64
	Company    ledger.Company // zero when none is connected
	Currencies []ledger.Currency
	Settings   map[string]string
	Schedules  []Schedule
	Customers  []CustomerFacts // by account id: all with an invoice or a message below
	Open       []InvoiceFacts  // receivables with something outstanding
	Settled    []InvoiceFacts  // settled receivables that were chased and not thanked for
	// Elsewhere counts the receivables of other accounts that the facts of all would list as open or settled, by
	// the number of one that is listed here, and by number and type with a blank between. Nil in the facts of all.
	Elsewhere map[string]int
	History   []HistoryMessage
	LastRun   time.Time // the latest start of a recorded run
}

// CustomerFacts is what the planner needs of a customer.
type CustomerFacts struct {
	AccountID    int64
	Code         string
	Name         string
	Active       bool
	OnHold       bool
	Prefs        CustomerPrefs
	Recipients   []Recipient
	Credits      []ledger.Money // remainders of SN, SR, SC and DS by currency, positive, not yet less refunds
	Refunds      []ledger.Money // open SP by currency, positive
	Fluctuations []ledger.Money // open SX by currency, signed
	// Drift is AccountsIQ's balance less the sum of the open items here, both as they were when they were last
	// compared, in the currencies in which it is not 0.
	Drift []ledger.Money
}

// InvoiceFacts is what the planner needs of a receivable.
type InvoiceFacts struct {
	TransactionID int64
	AccountID     int64
	Number        string
	Type          ledger.TxType
	Issued        ledger.Date
	Due           ledger.Date
	Amount        ledger.Money
	Outstanding   ledger.Money
	Disputed      bool // by AccountsIQ's word
	Reversed      bool
	Missing       bool // asked for once and not answered with
	Prefs         InvoicePrefs
	// PaidBy is "receipt" when a receipt had a part in settling it, "credit" when only others had, and
	// "" when no allocation is known. Settled receivables only.
	PaidBy string
}

// HistoryMessage is one message of the past.
type HistoryMessage struct {
	ID        string
	MessageID string // the Message-ID without angle brackets
	AccountID int64
	Kind      string
	State     string
	Automatic bool
	At        time.Time // accepted, else sending, else planned for
	Invoices  []MessageInvoice
}
