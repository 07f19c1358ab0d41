package ledger

// TxType is the two-letter transaction code of the sales ledger (contract section 9).
type TxType string

// The sales-ledger codes.
const (
	SalesInvoice       TxType = "SI"
	SalesCreditNote    TxType = "SN"
	SalesReceipt       TxType = "SR"
	SalesRefund        TxType = "SP"
	SalesDebitJournal  TxType = "SD"
	SalesCreditJournal TxType = "SC"
	SalesDiscount      TxType = "DS"
	SalesFluctuation   TxType = "SX"
)

// SalesTypes lists all codes of the sales ledger in the order of the contract.
var SalesTypes = []TxType{SalesInvoice, SalesCreditNote, SalesReceipt, SalesRefund,
	SalesDebitJournal, SalesCreditJournal, SalesDiscount, SalesFluctuation}

// Receivable reports whether the type is a document that can be chased (R2.1).
func (t TxType) Receivable() bool { return t == SalesInvoice || t == SalesDebitJournal }

// Credit reports whether the unallocated remainder of the type is credit of the customer (R2.1).
func (t TxType) Credit() bool {
	switch t {
	case SalesCreditNote, SalesReceipt, SalesCreditJournal, SalesDiscount:
		return true
	}
	return false
}

// CreditSign says how a company's AccountsIQ writes what is left of credits (SN, SR, SC, DS). The contract leaves
// it open (section 15), so it is settled per company by comparing with the balances.
type CreditSign string

// The ways of writing an unallocated receipt of 50.
const (
	SignUnknown  CreditSign = ""         // not settled: the sign is passed over
	SignPositive CreditSign = "positive" // 50
	SignNegative CreditSign = "negative" // -50
)

// Remainder returns what is left of a credit as a positive amount, given as it was sent. One that comes with the
// other sign than the company's credits adds to the debt, and its remainder is negative.
func (s CreditSign) Remainder(sent Money) Money {
	switch s {
	case SignPositive:
		return sent
	case SignNegative:
		sent.Minor = -sent.Minor
		return sent
	}
	return sent.Abs()
}

// Debt returns what an item adds to the customer's balance: what is left of it, negative for credits. The
// outstanding amount is as stored, a Remainder for credits.
func (t Transaction) Debt() Money {
	m := t.Outstanding
	if t.Type.Credit() {
		m.Minor = -m.Minor
	}
	return m
}

// Transaction is one posted item of the sales ledger. Fresh from AccountsIQ, Outstanding of a credit type has the
// sign that was sent; stored, it is a CreditSign's Remainder.
type Transaction struct {
	ID          int64 // AccountsIQ TransactionID, the key of everything posted
	AccountID   int64 // the customer
	AccountCode string
	Type        TxType
	DocumentID  int64 // AccountsIQ InvoiceID; 0 when there is none
	Batch       bool  // posted without a document
	Number      string
	Reference   string
	Amount      Money
	Outstanding Money
	BaseAmount  string // in base currency, plain decimal; "" when unknown
	Issued      Date
	Due         Date // zero when AccountsIQ gives none
	Created     Date // the day on which the system received it, in AccountsIQ's own zone
	Disputed    bool
	Reversed    bool
}

// Allocation is one match of two transactions: Amount of From went against To.
type Allocation struct {
	ID      int64
	From    int64 // TransactionID
	To      int64 // TransactionID
	Amount  string
	Date    Date // as entered by the user
	Created Date // as recorded by the system
}

// Customer is an account of the sales ledger with everything AccountsIQ knows to reach it.
type Customer struct {
	AccountID    int64
	Code         string
	Name         string
	Contact      string // the contact name on the account itself
	Email        string // the account's own address field, as sent
	Currency     string
	CreditTermID string
	CreditLimit  string // plain decimal
	Active       bool
	OnHold       bool
	HeadOffice   int64 // AccountID of the head office, 0 for none
	Created      Date
	Phones       []Phone
	Addresses    []Address
}

// Phone is one number of a customer. Kind is "phone", "mobile", "fax" or "delivery".
type Phone struct {
	Kind   string `json:"kind"`
	Number string `json:"number"`
}

// Address is one postal address of a customer. Kind is "postal" or "delivery".
type Address struct {
	Kind     string `json:"kind"`
	Name     string `json:"name,omitempty"`
	Line1    string `json:"line1,omitempty"`
	Line2    string `json:"line2,omitempty"`
	City     string `json:"city,omitempty"`
	County   string `json:"county,omitempty"`
	PostCode string `json:"post_code,omitempty"`
	Country  string `json:"country,omitempty"`
}

// Contact is a further person at a customer. Contacts have no id of their own in AccountsIQ.
type Contact struct {
	AccountCode string
	Name        string
	JobTitle    string
	Phone       string
	Email       string
	Note        string
	Primary     bool
}

// CreditTerm says when an invoice of a customer falls due (contract 8.3).
type CreditTerm struct {
	Code       string
	Days       int
	EndOfMonth bool // Days count from the last day of the invoice's month
}

// DueDate returns the due date of an invoice issued on a day under the term.
func (t CreditTerm) DueDate(issued Date) Date {
	if t.EndOfMonth {
		return issued.LastOfMonth().AddDays(t.Days)
	}
	return issued.AddDays(t.Days)
}

// Currency is one currency of the company's books.
type Currency struct {
	Code string
	Rate string // plain decimal as AccountsIQ holds it; direction settled elsewhere
	Base bool
}

// Company is what AccountsIQ says of the connected company.
type Company struct {
	ID            string // the entity: Company ID
	Name          string
	BaseCurrency  string
	Locale        string // free text such as en-IE
	Country       string // free text from the address
	Email         string
	Consolidation bool // a group company without a sales ledger of its own
}

// Balance is a customer's balance as AccountsIQ reports it.
type Balance struct {
	AccountID int64
	Code      string
	Amount    Money
}
