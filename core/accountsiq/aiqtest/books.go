package aiqtest

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"dunlin/core/ledger"
)

// The first ids of each kind; different ranges, so that a mixed-up id shows.
const (
	firstAccount     = 7
	firstDocument    = 500_001
	firstTransaction = 1_001
	firstMatch       = 90_001
)

// Entry is what is posted. Amount is gross and positive; its currency defaults to the customer's.
type Entry struct {
	Customer    string // code
	Amount      ledger.Money
	Tax         int64  // minor units, part of Amount
	Number      string // "" takes the next one of the type
	Reference   string // the customer's own
	Description string
	Issued      ledger.Date   // zero takes today
	Due         ledger.Date   // zero takes the customer's term, for invoices and debit journals
	DueKind     DueKind       // whether there is a due date at all
	Batch       bool          // an invoice or credit note posted without a document
	Base        *ledger.Money // overrides the converted amount

	direct bool // on the very account, even where a branch's business goes to its head office
}

// DueKind says where a due date comes from.
type DueKind int

// The kinds of due date.
const (
	ByTerm DueKind = iota // Entry.Due, else the customer's term
	NoDue                 // none at all
)

// AddCustomer opens an account. The code must be new; AccountID and stamps are given here.
func (c *Company) AddCustomer(cu Customer) (Customer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addCustomer(c.stamp(), cu)
}

func (c *Company) addCustomer(at time.Time, cu Customer) (Customer, error) {
	if cu.Code == "" || c.byCode[cu.Code] != nil {
		return Customer{}, fmt.Errorf("customer code %q is empty or taken", cu.Code)
	}
	if cu.Currency == "" {
		cu.Currency = c.BaseCurrency
	}
	if _, err := c.currency(cu.Currency); err != nil {
		return Customer{}, err
	}
	c.nextAccount++
	cu.AccountID, cu.Created, cu.Modified = firstAccount-1+c.nextAccount, at, at
	p := &cu
	c.customers = append(c.customers, p)
	c.byCode[cu.Code], c.byAccount[cu.AccountID] = p, p
	c.index.customers.enter(at.UnixMicro(), cu.AccountID, p)
	return cu, nil
}

// UpdateCustomer changes an account; code, id and creation stay as they are.
func (c *Company) UpdateCustomer(code string, change func(*Customer)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.updateCustomer(c.stamp(), code, change)
}

func (c *Company) updateCustomer(at time.Time, code string, change func(*Customer)) error {
	cu := c.byCode[code]
	if cu == nil {
		return fmt.Errorf("no customer %q", code)
	}
	next := *cu
	change(&next)
	next.AccountID, next.Code, next.Created, next.Modified = cu.AccountID, cu.Code, cu.Created, at
	*cu = next
	c.index.customers.enter(at.UnixMicro(), cu.AccountID, cu)
	return nil
}

// DeleteCustomer removes an account; one with history, with documents or with branches cannot go
// (ACCOUNT_CANNOT_BE_DELETED).
func (c *Company) DeleteCustomer(code string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deleteCustomer(code)
}

func (c *Company) deleteCustomer(code string) error {
	cu := c.byCode[code]
	if cu == nil {
		return fmt.Errorf("no customer %q", code)
	}
	if c.used(cu) {
		return errors.New("ACCOUNT_CANNOT_BE_DELETED")
	}
	delete(c.byCode, code)
	delete(c.byAccount, cu.AccountID)
	c.customers = slices.DeleteFunc(c.customers, func(o *Customer) bool { return o == cu })
	c.contacts = slices.DeleteFunc(c.contacts, func(o *Contact) bool { return o.AccountCode == code })
	return nil
}

// used reports whether something hangs on an account.
func (c *Company) used(cu *Customer) bool {
	return len(c.itemsOf[cu.AccountID]) > 0 ||
		slices.ContainsFunc(c.customers, func(o *Customer) bool { return o.HeadOffice == cu.AccountID }) ||
		slices.ContainsFunc(c.documents, func(d *Document) bool { return d.AccountID == cu.AccountID || d.Branch == cu.AccountID })
}

// AddContact adds a person to a customer.
func (c *Company) AddContact(p ledger.Contact) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addContact(c.stamp(), p)
}

func (c *Company) addContact(at time.Time, p ledger.Contact) error {
	if c.byCode[p.AccountCode] == nil {
		return fmt.Errorf("no customer %q", p.AccountCode)
	}
	c.contacts = append(c.contacts, &Contact{p, at})
	return nil
}

// RemoveContact removes the contacts of a customer with that name and address.
func (c *Company) RemoveContact(code, name, email string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.removeContact(code, name, email)
}

func (c *Company) removeContact(code, name, email string) error {
	before := len(c.contacts)
	c.contacts = slices.DeleteFunc(c.contacts, func(p *Contact) bool {
		return p.AccountCode == code && p.Name == name && p.Email == email
	})
	if len(c.contacts) == before {
		return fmt.Errorf("customer %q has no contact %q <%s>", code, name, email)
	}
	return nil
}

// AddInvoice posts a sales invoice (SI) with its document, or without one when Batch is set.
func (c *Company) AddInvoice(e Entry) (Transaction, error) { return c.Post(ledger.SalesInvoice, e) }

// AddCreditNote posts a credit note (SN).
func (c *Company) AddCreditNote(e Entry) (Transaction, error) {
	return c.Post(ledger.SalesCreditNote, e)
}

// AddReceipt posts a receipt (SR), not matched to anything.
func (c *Company) AddReceipt(e Entry) (Transaction, error) { return c.Post(ledger.SalesReceipt, e) }

// Post posts an item of any type of the sales ledger.
func (c *Company) Post(t ledger.TxType, e Entry) (Transaction, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it, err := c.post(c.stamp(), t, e)
	if err != nil {
		return Transaction{}, err
	}
	return it.view(), nil
}

func (c *Company) post(at time.Time, t ledger.TxType, e Entry) (*item, error) {
	tx, err := c.prepare(at, t, e)
	if err != nil {
		return nil, err
	}
	if (t == ledger.SalesInvoice || t == ledger.SalesCreditNote) && !e.Batch {
		d := c.draft(at, tx)
		return c.postDocument(at, d), nil
	}
	return c.enter(tx), nil
}

// prepare turns an entry into a transaction without id.
func (c *Company) prepare(at time.Time, t ledger.TxType, e Entry) (Transaction, error) {
	cu, branch, err := c.booked(e)
	if err != nil {
		return Transaction{}, err
	}
	if !slices.Contains(ledger.SalesTypes, t) {
		return Transaction{}, fmt.Errorf("%q is not a type of the sales ledger", t)
	}
	if e.Amount.Minor < 0 || (e.Amount.Minor == 0 && t != ledger.SalesFluctuation) || e.Tax < 0 || e.Tax > e.Amount.Minor {
		return Transaction{}, fmt.Errorf("amount %d with tax %d", e.Amount.Minor, e.Tax)
	}
	if e.Amount.Currency == "" {
		e.Amount.Currency = cu.Currency
	}
	cur, err := c.currency(e.Amount.Currency)
	if err != nil {
		return Transaction{}, err
	}
	if e.Issued.IsZero() {
		e.Issued = ledger.DateOf(at)
	}
	if e.Number == "" {
		e.Number = c.number(t)
	}
	tx := Transaction{AccountID: cu.AccountID, AccountCode: cu.Code, Branch: branch, Type: t, Batch: e.Batch, Number: e.Number,
		Reference: e.Reference, Description: e.Description, Amount: e.Amount,
		Tax: ledger.Money{Minor: e.Tax, Currency: e.Amount.Currency}, Rate: cur.Rate,
		Issued: e.Issued, Due: c.due(cu, t, e), Created: at, Modified: at}
	if tx.Base, err = c.toBase(e.Amount, cur.Rate); e.Base != nil {
		tx.Base = *e.Base
	}
	return tx, err
}

// booked finds the account that an entry goes to and, where that is the head office of the customer named, the
// AccountID of the branch.
func (c *Company) booked(e Entry) (cu *Customer, branch int64, err error) {
	if cu = c.byCode[e.Customer]; cu == nil {
		return nil, 0, fmt.Errorf("no customer %q", e.Customer)
	}
	if head := c.byAccount[cu.HeadOffice]; head != nil && cu.UseHeadOffice && !e.direct {
		return head, cu.AccountID, nil
	}
	return cu, 0, nil
}

// due is the due date of an entry: given, none, or by the customer's term.
func (c *Company) due(cu *Customer, t ledger.TxType, e Entry) ledger.Date {
	if e.DueKind == NoDue || !t.Receivable() || !e.Due.IsZero() {
		return e.Due
	}
	for _, term := range c.terms {
		if term.Code == cu.Term {
			return term.DueDate(e.Issued)
		}
	}
	return ledger.Date{}
}

// toBase converts by a rate in units of the currency for one unit of the base, half away from zero.
func (c *Company) toBase(m ledger.Money, rate string) (ledger.Money, error) {
	scaled, err := parseRate(rate)
	if err != nil {
		return ledger.Money{}, err
	}
	up := pow10(ledger.Digits(c.BaseCurrency))
	down := big.NewInt(scaled)
	n := new(big.Int).Mul(big.NewInt(m.Minor), big.NewInt(rateScale))
	n.Mul(n, up)
	down.Mul(down, pow10(ledger.Digits(m.Currency)))
	n.Add(n.Mul(n, big.NewInt(2)), down) // amounts are positive here
	n.Quo(n, down.Mul(down, big.NewInt(2)))
	return ledger.Money{Minor: n.Int64(), Currency: c.BaseCurrency}, nil
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// number returns the next internal number of a type.
func (c *Company) number(t ledger.TxType) string {
	if c.nextNumber[t] == 0 {
		c.nextNumber[t] = 10_000 + 10_000*slices.Index(ledger.SalesTypes, t)
	}
	c.nextNumber[t]++
	if t == ledger.SalesInvoice {
		return strconv.Itoa(c.nextNumber[t])
	}
	return string(t) + "-" + strconv.Itoa(c.nextNumber[t])
}

// enter gives a transaction its id and puts it into the ledger.
func (c *Company) enter(tx Transaction) *item {
	tx.ID = firstTransaction + int64(len(c.items))
	it := &item{Transaction: tx}
	c.items = append(c.items, it)
	c.itemsOf[tx.AccountID] = append(c.itemsOf[tx.AccountID], it)
	c.index.created.enter(tx.Created.UnixMicro(), it.ID, it)
	c.index.modified.enter(tx.Modified.UnixMicro(), it.ID, it)
	c.index.issued.enter(int64(midnight(tx.Issued)), it.ID, it)
	if c.byNumber != nil {
		c.byNumber[it.Number] = append(c.byNumber[it.Number], it)
	}
	return it
}

// AddDraft saves an invoice that is not posted yet: a document without a debt.
func (c *Company) AddDraft(e Entry) (Document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.addDraft(c.stamp(), e)
	if err != nil {
		return Document{}, err
	}
	return *d, nil
}

func (c *Company) addDraft(at time.Time, e Entry) (*Document, error) {
	tx, err := c.prepare(at, ledger.SalesInvoice, e)
	if err != nil {
		return nil, err
	}
	return c.draft(at, tx), nil
}

func (c *Company) draft(at time.Time, tx Transaction) *Document {
	d := &Document{ID: firstDocument + int64(len(c.documents)), AccountID: tx.AccountID, Branch: tx.Branch,
		AccountName: c.byAccount[tx.AccountID].Name, Type: tx.Type, Status: Processed, Number: tx.Number,
		Reference: tx.Reference, Description: tx.Description, Amount: tx.Amount, Tax: tx.Tax, Base: tx.Base,
		Rate: tx.Rate, Issued: tx.Issued, Due: tx.Due, Created: at, Modified: at}
	c.documents = append(c.documents, d)
	c.index.drawn.enter(at.UnixMicro(), d.ID, d)
	c.index.redrawn.enter(at.UnixMicro(), d.ID, d)
	return d
}

// touch stamps a change of an item, touchDocument one of a document.
func (c *Company) touch(at time.Time, it *item) {
	it.Modified = at
	c.index.modified.enter(at.UnixMicro(), it.ID, it)
}

func (c *Company) touchDocument(at time.Time, d *Document) {
	d.Modified = at
	c.index.redrawn.enter(at.UnixMicro(), d.ID, d)
}

// PostDocument posts a saved document.
func (c *Company) PostDocument(id int64) (Transaction, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it, err := c.postDraft(c.stamp(), id)
	if err != nil {
		return Transaction{}, err
	}
	return it.view(), nil
}

func (c *Company) postDraft(at time.Time, id int64) (*item, error) {
	d := c.document(id)
	if d == nil || d.Status != Processed {
		return nil, fmt.Errorf("document %d is not waiting to be posted", id)
	}
	return c.postDocument(at, d), nil
}

func (c *Company) postDocument(at time.Time, d *Document) *item {
	it := c.enter(Transaction{AccountID: d.AccountID, AccountCode: c.byAccount[d.AccountID].Code, Branch: d.Branch, Type: d.Type,
		Document: d.ID, Number: d.Number, Reference: d.Reference, Description: d.Description, Amount: d.Amount,
		Tax: d.Tax, Base: d.Base, Rate: d.Rate, Issued: d.Issued, Due: d.Due, Created: at, Modified: at})
	d.Transaction, d.Status = it.ID, Posted
	c.touchDocument(at, d)
	return it
}

// CancelDocument cancels a document that is not posted.
func (c *Company) CancelDocument(id int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cancel(c.stamp(), id)
}

func (c *Company) cancel(at time.Time, id int64) error {
	d := c.document(id)
	if d == nil || d.Status != Processed {
		return errors.New("INVOICE_CANNOT_BE_CANCELLED_NOT_STATUS_PROCESSED")
	}
	d.Status = Cancelled
	c.touchDocument(at, d)
	return nil
}

// Allocate matches minor units of the credit from against the debit to. Both are of one customer and one
// currency, and neither gives more than it has left.
func (c *Company) Allocate(from, to, minor int64) (Allocation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.match(c.stamp(), from, to, minor)
	if err != nil {
		return Allocation{}, err
	}
	return *m, nil
}

func (c *Company) match(at time.Time, from, to, minor int64) (*Allocation, error) {
	a, b := c.item(from), c.item(to)
	switch {
	case a == nil || b == nil:
		return nil, fmt.Errorf("allocate %d to %d: no such transaction", from, to)
	case debit(a.Type) || !debit(b.Type):
		return nil, fmt.Errorf("allocate %s %d to %s %d: not a credit against a debit", a.Type, from, b.Type, to)
	case a.AccountID != b.AccountID || a.Amount.Currency != b.Amount.Currency:
		return nil, fmt.Errorf("allocate %d to %d: another customer or currency", from, to)
	case minor <= 0 || minor > a.outstanding() || minor > b.outstanding():
		return nil, fmt.Errorf("allocate %d to %d: %d of %d and %d left", from, to, minor, a.outstanding(), b.outstanding())
	}
	m := &Allocation{ID: firstMatch + int64(len(c.matches)), From: from, To: to,
		Amount: ledger.Money{Minor: minor, Currency: a.Amount.Currency}, Date: ledger.DateOf(at), Created: at}
	c.matches = append(c.matches, m)
	c.index.matched.enter(at.UnixMicro(), m.ID, m)
	a.matches, b.matches = append(a.matches, m), append(b.matches, m)
	return m, nil
}

// Unallocate undoes one match; both sides are open again by its amount.
func (c *Company) Unallocate(allocation int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := allocation - firstMatch
	if i < 0 || i >= int64(len(c.matches)) || c.matches[i].undone {
		return fmt.Errorf("no allocation %d", allocation)
	}
	c.matches[i].undone = true
	return nil
}

// Dispute sets the dispute flag of a transaction.
func (c *Company) Dispute(id int64) error { return c.edited(id, disputing(true)) }

// Undispute clears the dispute flag of a transaction.
func (c *Company) Undispute(id int64) error { return c.edited(id, disputing(false)) }

// SetDueDate changes the due date of a transaction and of its document; the zero date takes it away.
func (c *Company) SetDueDate(id int64, due ledger.Date) error { return c.edited(id, dueOn(due)) }

// SetReference changes the customer's own reference of a transaction.
func (c *Company) SetReference(id int64, reference string) error {
	return c.edited(id, referring(reference))
}

// edit is a change of a posted item, and of its document if it has one; it tells whether it changed that too.
type edit func(it *item, d *Document) (both bool)

func disputing(on bool) edit {
	return func(it *item, _ *Document) bool { it.Disputed = on; return false }
}

func dueOn(due ledger.Date) edit {
	return func(it *item, d *Document) bool {
		if it.Due = due; d != nil {
			d.Due = due
		}
		return d != nil
	}
}

func referring(reference string) edit {
	return func(it *item, _ *Document) bool { it.Reference = reference; return false }
}

func (c *Company) edited(id int64, e edit) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.item(id)
	if it == nil {
		return fmt.Errorf("no transaction %d", id)
	}
	c.edit(c.stamp(), it, e)
	return nil
}

func (c *Company) edit(at time.Time, it *item, e edit) {
	c.touch(at, it)
	if d := c.document(it.Document); e(it, d) {
		c.touchDocument(at, d)
	}
}

// HideItem keeps a transaction out of every answer but the balances, as a missing permission or a fault over there
// would; its matches and its document go with it. The books themselves, and so Transactions, are as before.
func (c *Company) HideItem(id int64) error { return c.hide(id, true) }

// ShowItem takes HideItem back.
func (c *Company) ShowItem(id int64) error { return c.hide(id, false) }

func (c *Company) hide(id int64, hidden bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.item(id)
	if it == nil {
		return fmt.Errorf("no transaction %d", id)
	}
	it.Hidden = hidden
	return nil
}

// SkewBalance lets GetCustomerBalanceInformation report a customer's balance in its own currency wrong by so many
// minor units; 0 puts it right. The books, and so Balance, are as before.
func (c *Company) SkewBalance(code string, minor int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew[code] = minor
}

// opposite is the type that reverses each type.
var opposite = map[ledger.TxType]ledger.TxType{
	ledger.SalesInvoice: ledger.SalesCreditJournal, ledger.SalesDebitJournal: ledger.SalesCreditJournal,
	ledger.SalesRefund: ledger.SalesCreditJournal, ledger.SalesReceipt: ledger.SalesDebitJournal,
	ledger.SalesCreditNote: ledger.SalesDebitJournal, ledger.SalesCreditJournal: ledger.SalesDebitJournal,
	ledger.SalesDiscount: ledger.SalesDebitJournal,
}

// Reverse undoes the matches of a transaction, posts its opposite and matches the two; both are marked
// reversed. It returns the opposite.
func (c *Company) Reverse(id int64) (Transaction, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it, err := c.reverse(c.stamp(), id)
	if err != nil {
		return Transaction{}, err
	}
	return it.view(), nil
}

func (c *Company) reverse(at time.Time, id int64) (*item, error) {
	it := c.item(id)
	if it == nil || it.Reversed || opposite[it.Type] == "" {
		return nil, fmt.Errorf("transaction %d cannot be reversed", id)
	}
	it.unmatch()
	base := it.Base
	counter, err := c.post(at, opposite[it.Type], Entry{Customer: it.AccountCode, direct: true, Amount: it.Amount, Tax: it.Tax.Minor,
		Reference: it.Number, Description: "Reversal of " + it.Number, Issued: ledger.DateOf(at), DueKind: NoDue, Base: &base})
	if err != nil {
		return nil, err
	}
	credit, debt := counter.ID, it.ID
	if debit(counter.Type) {
		credit, debt = it.ID, counter.ID
	}
	if _, err := c.match(at, credit, debt, it.Amount.Minor); err != nil {
		return nil, err
	}
	it.Reversed, counter.Reversed = true, true
	c.touch(at, it)
	return counter, nil
}

func (it *item) unmatch() {
	for _, m := range it.matches {
		m.undone = true
	}
}

// DeleteTransaction removes a transaction; its matches go with it and its document, if any, waits to be
// posted again.
func (c *Company) DeleteTransaction(id int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.item(id)
	if it == nil {
		return fmt.Errorf("no transaction %d", id)
	}
	c.remove(c.stamp(), it)
	return nil
}

func (c *Company) remove(at time.Time, it *item) {
	it.unmatch()
	it.deleted = at
	c.touch(at, it)
	if d := c.document(it.Document); d != nil {
		d.Status, d.Transaction = Processed, 0
		c.touchDocument(at, d)
	}
}
