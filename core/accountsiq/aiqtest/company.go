package aiqtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dunlin/core/ledger"
)

// Company is one entity with its sales ledger. Its books change only through its methods, which stamp
// creation and modification and keep debits, credits and matches in step; all of them are safe while a
// Server serves the company.
type Company struct {
	// Identity and credentials; set before the company is served and not changed after.
	ID           string // the entity, and the company ID of 1.1
	Name         string
	BaseCurrency string
	Locale       string
	Country      string // free text, as CountryState of the company's address
	Email        string
	Group        bool     // a consolidation company, without a sales ledger of its own
	ClientID     string   // 2.0
	ClientSecret string   // 2.0
	PartnerKey   string   // 1.1
	UserKey      string   // 1.1
	Styles       []string // layouts that invoices are printed in; the first is AccountsIQ's own

	mu          sync.Mutex
	now         func() time.Time
	currencies  []Currency
	terms       []Term
	customers   []*Customer // by AccountID
	contacts    []*Contact
	items       []*item // by TransactionID, deleted ones included
	matches     []*Allocation
	documents   []*Document // by ID
	notes       []Note
	byCode      map[string]*Customer
	byAccount   map[int64]*Customer
	itemsOf     map[int64][]*item  // by AccountID
	byNumber    map[string][]*item // by Number; nil until somebody asks
	skew        map[string]int64   // by customer code: what a reported balance is wrong by
	nextNumber  map[ledger.TxType]int
	nextAccount int64
	index       index
}

// index finds rows by their moments: instants in microseconds, and days as civil times.
type index struct {
	created, modified, issued timeline[item]
	matched                   timeline[Allocation] // by creation
	drawn, redrawn            timeline[Document]   // by creation, by modification
	customers                 timeline[Customer]   // by modification
}

// Currency is one currency of the books. Rate is the number of its units for one unit of the base
// currency, as a plain decimal.
type Currency struct {
	Code, Name, Symbol, Rate string
}

// Term is a credit term with the words it is shown by.
type Term struct {
	ledger.CreditTerm
	Description string
}

// Customer is an account of the sales ledger.
type Customer struct {
	AccountID    int64 // given by AddCustomer
	Code         string
	Name         string
	Contact      string
	Email        string
	Phone        string
	Mobile       string
	Fax          string
	Web          string
	Address      ledger.Address
	Delivery     ledger.Address
	DeliverPhone string
	CountryCode  string
	VATNumber    string
	Currency     string // "" takes the base currency
	Term         string // code of a credit term
	CreditLimit  int64  // minor units of Currency
	Notes        string
	Inactive     bool
	Hold         int
	HeadOffice   int64 // AccountID of the head office of a branch
	// UseHeadOffice has a branch's business recorded on the account of its head office.
	UseHeadOffice bool
	Created       time.Time
	Modified      time.Time
}

// Contact is a further person at a customer.
type Contact struct {
	ledger.Contact
	Created time.Time
}

// Transaction is one posted item. Amounts are positive whatever the type; the type tells the side.
type Transaction struct {
	ID          int64
	AccountID   int64
	AccountCode string
	Type        ledger.TxType
	Document    int64 // 0 for batch items, receipts, journals
	Batch       bool
	Number      string
	Reference   string
	Description string
	Amount      ledger.Money // gross
	Tax         ledger.Money // part of Amount
	Base        ledger.Money // Amount in base currency; may be negative on a currency fluctuation
	Rate        string
	Issued      ledger.Date
	Due         ledger.Date // zero for none
	Created     time.Time
	Modified    time.Time // of the posted item itself; a match does not move it
	Disputed    bool
	Reversed    bool
	Branch      int64        // AccountID of the branch it was made for; the wire says so on the document only
	Hidden      bool         // set by HideItem
	Outstanding ledger.Money // derived from the allocations, positive
}

// Allocation is one match: Amount of From, a credit, went against To, a debit.
type Allocation struct {
	ID       int64
	From, To int64 // TransactionIDs
	Amount   ledger.Money
	Date     ledger.Date // as the user typed it
	Created  time.Time
	undone   bool
}

// Status of a document (contract 8.7).
type Status string

// The states of a document.
const (
	Processed Status = "Processed" // saved, not yet posted: no debt
	Posted    Status = "Posted"
	Cancelled Status = "Cancelled"
)

// Document is an invoice or a credit note as printed.
type Document struct {
	ID          int64
	Transaction int64 // 0 while not posted
	AccountID   int64
	Branch      int64         // AccountID of the branch, when AccountID is its head office
	AccountName string        // copy taken when it was made
	Type        ledger.TxType // SI or SN
	Status      Status
	Number      string
	Reference   string
	Description string
	Amount      ledger.Money // gross
	Tax         ledger.Money
	Base        ledger.Money
	Rate        string
	Issued      ledger.Date
	Due         ledger.Date
	Created     time.Time
	Modified    time.Time
}

// Note is a note that hangs on a record.
type Note struct {
	ID       int64
	Master   string // a value of WSMasterTypeEnum
	MasterID string
	Text     string
	Created  time.Time
}

// item is a transaction with its matches.
type item struct {
	Transaction
	matches []*Allocation
	deleted time.Time // zero while it exists
}

// debit reports whether the type makes the customer owe more.
func debit(t ledger.TxType) bool {
	switch t {
	case ledger.SalesInvoice, ledger.SalesRefund, ledger.SalesDebitJournal, ledger.SalesFluctuation:
		return true
	}
	return false
}

// outstanding is the amount less what is matched: always derived, never stored.
func (it *item) outstanding() int64 {
	left := it.Amount.Minor
	for _, m := range it.matches {
		if !m.undone {
			left -= m.Amount.Minor
		}
	}
	return left
}

// view is the item as the outside sees it.
func (it *item) view() Transaction {
	t := it.Transaction
	t.Outstanding = ledger.Money{Minor: it.outstanding(), Currency: t.Amount.Currency}
	return t
}

// NewCompany returns a company without customers whose clock is now. It keeps its books in base.
func NewCompany(id, name, base string, now func() time.Time) *Company {
	return &Company{ID: id, Name: name, BaseCurrency: base, now: now, Styles: []string{"Standard", "Compact"},
		currencies: []Currency{{Code: base, Name: base, Rate: "1"}},
		byCode:     map[string]*Customer{}, byAccount: map[int64]*Customer{}, itemsOf: map[int64][]*item{},
		nextNumber: map[ledger.TxType]int{}, skew: map[string]int64{}}
}

// SetClock replaces the clock that stamps what changes; Start does so with the server's.
func (c *Company) SetClock(now func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// stamp is the present moment in the precision of the wire. The caller holds the lock.
func (c *Company) stamp() time.Time { return c.now().Truncate(time.Millisecond) }

// AddCurrency adds a currency to the books, or replaces its rate.
func (c *Company) AddCurrency(cur Currency) error {
	if _, err := parseRate(cur.Rate); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.currencies, func(o Currency) bool { return o.Code == cur.Code }); i >= 0 {
		c.currencies[i] = cur
		return nil
	}
	c.currencies = append(c.currencies, cur)
	return nil
}

// AddTerm adds a credit term.
func (c *Company) AddTerm(t Term) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.terms = append(c.terms, t)
}

// Customers returns all customers by AccountID.
func (c *Company) Customers() []Customer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return values(c.customers)
}

// Customer returns one customer by code.
func (c *Company) Customer(code string) (Customer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cu := c.byCode[code]; cu != nil {
		return *cu, true
	}
	return Customer{}, false
}

// Contacts returns all contacts.
func (c *Company) Contacts() []Contact {
	c.mu.Lock()
	defer c.mu.Unlock()
	return values(c.contacts)
}

// Transactions returns all transactions that exist, hidden ones included, by id, each with what is outstanding:
// the truth that a client's copy can be held against.
func (c *Company) Transactions() []Transaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Transaction
	for _, it := range c.items {
		if it.deleted.IsZero() {
			out = append(out, it.view())
		}
	}
	return out
}

// Transaction returns one transaction that exists.
func (c *Company) Transaction(id int64) (Transaction, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if it := c.item(id); it != nil {
		return it.view(), true
	}
	return Transaction{}, false
}

// Allocations returns all matches that stand, by creation.
func (c *Company) Allocations() []Allocation {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Allocation
	for _, m := range c.matches {
		if !m.undone {
			out = append(out, *m)
		}
	}
	return out
}

// Documents returns all documents by id.
func (c *Company) Documents() []Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	return values(c.documents)
}

// Notes returns the notes that clients added, oldest first.
func (c *Company) Notes() []Note {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.notes)
}

// Balance is what a customer owes in one currency: debits less credits, matched or not (R2.2, 11).
func (c *Company) Balance(code, currency string) ledger.Money {
	return c.BalanceOn(code, currency, ledger.Date{})
}

// BalanceOn is Balance of the items issued up to and including a day.
func (c *Company) BalanceOn(code, currency string, on ledger.Date) ledger.Money {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := ledger.Money{Currency: currency}
	if cu := c.byCode[code]; cu != nil {
		sum.Minor = c.balances(cu.AccountID, on)[currency]
	}
	return sum
}

// balances sums an account by currency up to and including a day; a zero day means all days.
func (c *Company) balances(account int64, until ledger.Date) map[string]int64 {
	sums := map[string]int64{}
	for _, it := range c.itemsOf[account] {
		if !it.deleted.IsZero() || (!until.IsZero() && it.Issued.After(until)) {
			continue
		}
		if debit(it.Type) {
			sums[it.Amount.Currency] += it.Amount.Minor
		} else {
			sums[it.Amount.Currency] -= it.Amount.Minor
		}
	}
	return sums
}

// item returns a transaction that exists, nil when there is none.
func (c *Company) item(id int64) *item {
	if id < firstTransaction || id-firstTransaction >= int64(len(c.items)) {
		return nil
	}
	if it := c.items[id-firstTransaction]; it.deleted.IsZero() {
		return it
	}
	return nil
}

// visible is item for what an answer may hand out.
func (c *Company) visible(id int64) *item {
	if it := c.item(id); it != nil && !it.Hidden {
		return it
	}
	return nil
}

// document returns a document, nil when there is none.
func (c *Company) document(id int64) *Document {
	if id < firstDocument || id-firstDocument >= int64(len(c.documents)) {
		return nil
	}
	return c.documents[id-firstDocument]
}

func (c *Company) currency(code string) (Currency, error) {
	i := slices.IndexFunc(c.currencies, func(o Currency) bool { return o.Code == code })
	if i < 0 {
		return Currency{}, fmt.Errorf("currency %q is not in the books", code)
	}
	return c.currencies[i], nil
}

// Check verifies the books: no match takes more than there is, matches stay on one account and one
// currency, and on every account the open items add up to the balance.
func (c *Company) Check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.matches {
		if m.undone {
			continue
		}
		from, to := c.item(m.From), c.item(m.To)
		if from == nil || to == nil {
			return fmt.Errorf("allocation %d: one side does not exist", m.ID)
		}
		if from.AccountID != to.AccountID || from.Amount.Currency != to.Amount.Currency ||
			m.Amount.Currency != to.Amount.Currency || m.Amount.Minor <= 0 || debit(from.Type) || !debit(to.Type) {
			return fmt.Errorf("allocation %d does not match its sides", m.ID)
		}
	}
	open := map[string]int64{}
	for _, it := range c.items {
		if !it.deleted.IsZero() {
			continue
		}
		left := it.outstanding()
		if left < 0 || left > it.Amount.Minor {
			return fmt.Errorf("transaction %d: outstanding %d of %d", it.ID, left, it.Amount.Minor)
		}
		if !debit(it.Type) {
			left = -left
		}
		open[fmt.Sprint(it.AccountID, it.Amount.Currency)] += left
	}
	for _, cu := range c.customers {
		for currency, sum := range c.balances(cu.AccountID, ledger.Date{}) {
			if got := open[fmt.Sprint(cu.AccountID, currency)]; got != sum {
				return fmt.Errorf("customer %s: open items %d, balance %d %s", cu.Code, got, sum, currency)
			}
		}
	}
	return nil
}

func values[T any](in []*T) []T {
	out := make([]T, len(in))
	for i, p := range in {
		out[i] = *p
	}
	return out
}

// rateScale is the precision of exchange rates.
const rateScale = 1_000_000

// parseRate reads a plain decimal with up to six places.
func parseRate(s string) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > 6 || whole == "" {
		return 0, fmt.Errorf("rate %q is not a decimal with up to six places", s)
	}
	var n int64
	for _, d := range []byte(whole + frac + strings.Repeat("0", 6-len(frac))) {
		if d < '0' || d > '9' || n > 1e15 {
			return 0, fmt.Errorf("rate %q is not a decimal with up to six places", s)
		}
		n = n*10 + int64(d-'0')
	}
	if n == 0 {
		return 0, fmt.Errorf("rate %q is zero", s)
	}
	return n, nil
}
