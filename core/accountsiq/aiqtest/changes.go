package aiqtest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// This file holds the changes that a script and Mutate are made of.

// setting is a field of a customer or a part of a person, and its value.
type setting struct{ field, value string }

func (s setting) String() string { return s.field + " " + bare(s.value) }

func (s setting) on() bool { return s.value == "on" }

// The fields that can be given, and what their values look like.
type valueKind int

const (
	noField valueKind = iota
	textValue
	switchValue
	amountValue
)

func customerFields(field string) valueKind {
	switch field {
	case "name", "email", "contact", "phone", "mobile", "country", "term", "notes", "branchof", "bookedon":
		return textValue
	case "active", "hold":
		return switchValue
	case "limit":
		return amountValue
	}
	return noField
}

func openingFields(field string) valueKind {
	if field == "currency" {
		return textValue
	}
	return customerFields(field)
}

func personParts(field string) valueKind {
	switch field {
	case "name", "email", "phone", "job", "note":
		return textValue
	case "primary":
		return switchValue
	}
	return noField
}

func (r *reader) setting(kind func(string) valueKind) setting {
	s := setting{field: r.text("what to set")}
	switch kind(s.field) {
	case textValue:
		s.value = r.text("the value of " + s.field)
	case switchValue:
		s.value = map[bool]string{true: "on", false: "off"}[r.onOff()]
	case amountValue:
		s.value = r.amount(unsigned)
	default:
		r.fail("%q cannot be set", s.field)
	}
	return s
}

func (r *reader) settings(kind func(string) valueKind) (all []setting) {
	for len(r.words) > 0 {
		all = append(all, r.setting(kind))
	}
	return all
}

// lineOf joins the words of a line that stand.
func lineOf(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func linesOf(all []setting) string {
	var words []string
	for _, s := range all {
		words = append(words, s.String())
	}
	return strings.Join(words, " ")
}

// setCustomer changes a field.
func (c *Company) setCustomer(cu *Customer, s setting) error {
	texts := map[string]*string{"name": &cu.Name, "email": &cu.Email, "contact": &cu.Contact, "phone": &cu.Phone,
		"mobile": &cu.Mobile, "country": &cu.CountryCode, "currency": &cu.Currency, "notes": &cu.Notes, "term": &cu.Term}
	switch s.field {
	case "term":
		if s.value != "" && !slices.ContainsFunc(c.terms, func(t Term) bool { return t.Code == s.value }) {
			return fmt.Errorf("no credit term %q", s.value)
		}
	case "active":
		cu.Inactive = !s.on()
	case "hold":
		cu.Hold = map[bool]int{true: 1}[s.on()]
	case "limit":
		n, err := minor(s.value, cu.Currency)
		if err != nil {
			return err
		}
		cu.CreditLimit = n
	case "branchof", "bookedon":
		return c.setHead(cu, s)
	}
	if p := texts[s.field]; p != nil {
		*p = s.value
	}
	return nil
}

// setHead makes a customer a branch. A head office is never a branch itself.
func (c *Company) setHead(cu *Customer, s setting) error {
	if s.value == "none" {
		cu.HeadOffice, cu.UseHeadOffice = 0, false
		return nil
	}
	head := c.byCode[s.value]
	switch {
	case head == nil:
		return fmt.Errorf("no customer %q", s.value)
	case head.Code == cu.Code || head.HeadOffice != 0:
		return fmt.Errorf("%s cannot be the head office of %s", head.Code, cu.Code)
	case cu.AccountID != 0 && slices.ContainsFunc(c.customers, func(o *Customer) bool { return o.HeadOffice == cu.AccountID }):
		return fmt.Errorf("%s is a head office itself", cu.Code)
	}
	cu.HeadOffice, cu.UseHeadOffice = head.AccountID, s.field == "bookedon"
	return nil
}

// opening is a new account.
type opening struct {
	code, name string
	set        []setting
}

func (o *opening) String() string {
	return lineOf("customer", bare(o.code), bare(o.name), linesOf(o.set))
}

func (o *opening) play(c *Company, at time.Time) (string, error) {
	cu := Customer{Code: o.code, Name: o.name, Currency: c.BaseCurrency}
	for _, s := range o.set {
		if err := c.setCustomer(&cu, s); err != nil {
			return "", err
		}
	}
	opened, err := c.addCustomer(at, cu)
	return fmt.Sprintf("account %d", opened.AccountID), err
}

// editing changes an account.
type editing struct {
	code string
	set  setting
}

func (e *editing) String() string { return lineOf("edit", bare(e.code), e.set.String()) }

func (e *editing) play(c *Company, at time.Time) (string, error) {
	cu := c.byCode[e.code]
	if cu == nil {
		return "", fmt.Errorf("no customer %q", e.code)
	}
	next := *cu
	if err := c.setCustomer(&next, e.set); err != nil {
		return "", err
	}
	return "", c.updateCustomer(at, e.code, func(cu *Customer) { *cu = next })
}

// removal deletes an account without history.
type removal struct{ code string }

func (x *removal) String() string { return lineOf("remove", bare(x.code)) }

func (x *removal) play(c *Company, _ time.Time) (string, error) { return "", c.deleteCustomer(x.code) }

// person is a new contact.
type person struct {
	code, name string
	set        []setting
}

func (p *person) String() string {
	return lineOf("contact", bare(p.code), bare(p.name), linesOf(p.set))
}

func (p *person) play(c *Company, at time.Time) (string, error) {
	contact := ledger.Contact{AccountCode: p.code, Name: p.name}
	for _, s := range p.set {
		setPart(&contact, s)
	}
	return "", c.addContact(at, contact)
}

func setPart(p *ledger.Contact, s setting) {
	if s.field == "primary" {
		p.Primary = s.on()
		return
	}
	*map[string]*string{"name": &p.Name, "email": &p.Email, "phone": &p.Phone, "job": &p.JobTitle, "note": &p.Note}[s.field] = s.value
}

// who names a contact: it has no id (contract 10.4).
type who struct{ code, name, email string }

func (w who) String() string { return lineOf(bare(w.code), bare(w.name), bare(w.email)) }

func (r *reader) who() who {
	return who{r.text("the customer's code"), r.text("the person's name"), r.text("the person's address")}
}

// personEdit changes a contact, the first of several alike.
type personEdit struct {
	who who
	set setting
}

func (p *personEdit) String() string { return lineOf("recontact", p.who.String(), p.set.String()) }

func (p *personEdit) play(c *Company, _ time.Time) (string, error) {
	i := slices.IndexFunc(c.contacts, func(o *Contact) bool { return who{o.AccountCode, o.Name, o.Email} == p.who })
	if i < 0 {
		return "", fmt.Errorf("no such contact of customer %q", p.who.code)
	}
	setPart(&c.contacts[i].Contact, p.set)
	return "", nil
}

// personGone removes a contact.
type personGone struct{ who who }

func (p *personGone) String() string { return lineOf("uncontact", p.who.String()) }

func (p *personGone) play(c *Company, _ time.Time) (string, error) {
	return "", c.removeContact(p.who.code, p.who.name, p.who.email)
}

// entryTypes are the verbs that post; a draft is not among them.
var entryTypes = map[string]struct {
	typ   ledger.TxType
	batch bool
}{
	"invoice": {ledger.SalesInvoice, false}, "batch": {ledger.SalesInvoice, true}, "creditnote": {ledger.SalesCreditNote, false},
	"receipt": {ledger.SalesReceipt, false}, "refund": {ledger.SalesRefund, false}, "debit": {ledger.SalesDebitJournal, false},
	"credit": {ledger.SalesCreditJournal, false}, "discount": {ledger.SalesDiscount, false},
	"fluctuation": {ledger.SalesFluctuation, false},
}

// entering is a posting: an item and what it is matched with, or a draft.
type entering struct {
	verb, code, amount, currency       string
	number, reference, text, tax, base string
	issued, due                        *when
	matches                            []pairing
}

// pairing is the other side of a match to be; amount "" takes as much as there is.
type pairing struct {
	item   ref
	amount string
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func readEntry(verb string, r *reader) change {
	e := &entering{verb: verb, code: r.text("the customer's code"), amount: r.amount(unsigned)}
	if len(r.words) > 0 && !r.words[0].quoted && currencyForm.MatchString(r.words[0].text) {
		e.currency = r.next("").text
	}
	for len(r.words) > 0 {
		e.option(r)
	}
	return e
}

func (e *entering) option(r *reader) {
	date := func(noneToo bool) *when {
		w := r.date(noneToo)
		return &w
	}
	switch name := r.text(""); name {
	case "number":
		e.number = r.text("the number")
	case "ref":
		e.reference = r.text("the reference")
	case "text":
		e.text = r.text("the text")
	case "issued":
		e.issued = date(always)
	case "due":
		e.due = date(orNone)
	case "tax":
		e.tax = r.amount(unsigned)
	case "base":
		e.base = r.amount(signed)
	case "match":
		if e.verb == "draft" {
			r.fail("a draft cannot be matched")
		}
		e.matches = append(e.matches, pairing{r.ref("an item"), r.maybeAmount()})
	default:
		r.fail("%q is not an option", name)
	}
}

func (e *entering) String() string {
	words := []string{e.verb, bare(e.code), e.amount, e.currency}
	for _, o := range []setting{{"number", e.number}, {"ref", e.reference}, {"text", e.text}} {
		if o.value != "" {
			words = append(words, o.String())
		}
	}
	if e.issued != nil {
		words = append(words, "issued", e.issued.String())
	}
	if e.due != nil {
		words = append(words, "due", e.due.String())
	}
	for _, o := range []setting{{"tax", e.tax}, {"base", e.base}} {
		if o.value != "" {
			words = append(words, o.String())
		}
	}
	for _, m := range e.matches {
		words = append(words, "match", m.item.String(), m.amount)
	}
	return lineOf(words...)
}

// entry turns the words into what is posted, and gives the account that it goes to.
func (e *entering) entry(c *Company, at time.Time) (out Entry, account *Customer, err error) {
	out = Entry{Customer: e.code, Number: e.number, Reference: e.reference, Description: e.text, Batch: entryTypes[e.verb].batch}
	if account, _, err = c.booked(out); err != nil {
		return out, nil, err
	}
	out.Amount.Currency = e.currency
	if e.currency == "" {
		out.Amount.Currency = account.Currency
	}
	if out.Amount.Minor, err = minor(e.amount, out.Amount.Currency); err == nil && e.tax != "" {
		out.Tax, err = minor(e.tax, out.Amount.Currency)
	}
	if err == nil && e.base != "" {
		out.Base = &ledger.Money{Currency: c.BaseCurrency}
		out.Base.Minor, err = minor(e.base, c.BaseCurrency)
	}
	if e.issued != nil {
		out.Issued = e.issued.on(at)
	}
	if e.due != nil {
		if out.Due = e.due.on(at); e.due.none {
			out.DueKind = NoDue
		}
	}
	return out, account, err
}

func (e *entering) play(c *Company, at time.Time) (string, error) {
	entry, account, err := e.entry(c, at)
	if err != nil {
		return "", err
	}
	if e.verb == "draft" {
		d, err := c.addDraft(at, entry)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("number %s, document #%d", bare(d.Number), d.ID), nil
	}
	typ := entryTypes[e.verb].typ
	others, err := e.plan(c, typ, entry.Amount, account)
	if err != nil {
		return "", err
	}
	it, err := c.post(at, typ, entry)
	if err != nil {
		return "", err
	}
	for _, o := range others {
		from, to := it.ID, o.item.ID
		if debit(typ) {
			from, to = to, from
		}
		if _, err := c.match(at, from, to, o.minor); err != nil {
			return "", err // cannot be: it is planned
		}
	}
	return fmt.Sprintf("number %s, #%d", bare(it.Number), it.ID), nil
}

// planned is one match of an entry that is about to be posted.
type planned struct {
	item  *item
	minor int64
}

// plan works out the matches, so that an entry is posted with all of them or not at all.
func (e *entering) plan(c *Company, typ ledger.TxType, amount ledger.Money, account *Customer) ([]planned, error) {
	left, taken := amount.Minor, map[*item]int64{}
	var all []planned
	for _, m := range e.matches {
		other, err := c.find(m.item)
		switch {
		case err != nil:
			return nil, err
		case debit(other.Type) == debit(typ):
			return nil, fmt.Errorf("%s is on the same side", m.item)
		case other.AccountID != account.AccountID || other.Amount.Currency != amount.Currency:
			return nil, fmt.Errorf("%s is of another customer or currency", m.item)
		}
		most := min(left, other.outstanding()-taken[other])
		n := most
		if m.amount != "" {
			if n, err = minor(m.amount, amount.Currency); err != nil {
				return nil, err
			}
		}
		if n <= 0 || n > most {
			return nil, fmt.Errorf("%s leaves %s to match", m.item, decimal(most, amount.Currency))
		}
		left -= n
		taken[other] += n
		all = append(all, planned{other, n})
	}
	return all, nil
}

// fate is what becomes of a saved document.
type fate struct {
	verb     string
	document ref
}

func (f *fate) String() string { return lineOf(f.verb, f.document.String()) }

func (f *fate) play(c *Company, at time.Time) (string, error) {
	d, err := c.findDocument(f.document)
	if err != nil {
		return "", err
	}
	if f.verb == "cancel" {
		return "", c.cancel(at, d.ID)
	}
	it, err := c.postDraft(at, d.ID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("number %s, #%d", bare(it.Number), it.ID), nil
}

// matching allocates a credit to a debit.
type matching struct {
	from, to ref
	amount   string
}

func (m *matching) String() string { return lineOf("match", m.from.String(), m.to.String(), m.amount) }

func (m *matching) play(c *Company, at time.Time) (string, error) {
	from, err := c.find(m.from)
	if err != nil {
		return "", err
	}
	to, err := c.find(m.to)
	if err != nil {
		return "", err
	}
	n := min(from.outstanding(), to.outstanding())
	if m.amount != "" {
		if n, err = minor(m.amount, from.Amount.Currency); err != nil {
			return "", err
		}
	}
	a, err := c.match(at, from.ID, to.ID, n)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, allocation %d", a.Amount, a.ID), nil
}

// unmatching undoes allocations.
type unmatching struct{ one, other ref }

func (u *unmatching) String() string {
	if u.other == (ref{}) {
		return lineOf("unmatch", u.one.String())
	}
	return lineOf("unmatch", u.one.String(), u.other.String())
}

func (u *unmatching) play(c *Company, _ time.Time) (string, error) {
	one, err := c.find(u.one)
	if err != nil {
		return "", err
	}
	var other *item
	if u.other != (ref{}) {
		if other, err = c.find(u.other); err != nil {
			return "", err
		}
	}
	var total ledger.Money
	for _, m := range one.matches {
		if !m.undone && (other == nil || m.From == other.ID || m.To == other.ID) {
			m.undone = true
			total = total.Add(m.Amount)
		}
	}
	if total.Minor == 0 {
		return "", errors.New("nothing is matched")
	}
	return total.String() + " open again", nil
}

// stroke is a change of an item that needs no further word.
type stroke struct {
	verb string
	item ref
}

func (s *stroke) String() string { return lineOf(s.verb, s.item.String()) }

func (s *stroke) play(c *Company, at time.Time) (string, error) {
	it, err := c.find(s.item)
	if err != nil {
		return "", err
	}
	switch s.verb {
	case "reverse":
		counter, err := c.reverse(at, it.ID)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("by %s, #%d", bare(counter.Number), counter.ID), nil
	case "delete":
		c.remove(at, it)
	default:
		it.Hidden = s.verb == "hide"
	}
	return "", nil
}

// dispute sets or clears the flag.
type dispute struct {
	item ref
	on   bool
}

func (d *dispute) String() string {
	return lineOf("dispute", d.item.String(), map[bool]string{true: "on", false: "off"}[d.on])
}

func (d *dispute) play(c *Company, at time.Time) (string, error) {
	return "", c.editFound(at, d.item, disputing(d.on))
}

// dueMove changes a due date or takes it away.
type dueMove struct {
	item ref
	due  when
}

func (d *dueMove) String() string { return lineOf("due", d.item.String(), d.due.String()) }

func (d *dueMove) play(c *Company, at time.Time) (string, error) {
	return "", c.editFound(at, d.item, dueOn(d.due.on(at)))
}

// referral changes the customer's own reference.
type referral struct {
	item ref
	text string
}

func (x *referral) String() string { return lineOf("reference", x.item.String(), bare(x.text)) }

func (x *referral) play(c *Company, at time.Time) (string, error) {
	return "", c.editFound(at, x.item, referring(x.text))
}

func (c *Company) editFound(at time.Time, r ref, e edit) error {
	it, err := c.find(r)
	if err != nil {
		return err
	}
	c.edit(at, it, e)
	return nil
}

// skewing makes a reported balance wrong.
type skewing struct{ code, amount string }

func (s *skewing) String() string { return lineOf("skew", bare(s.code), s.amount) }

func (s *skewing) play(c *Company, _ time.Time) (string, error) {
	cu := c.byCode[s.code]
	if cu == nil {
		return "", fmt.Errorf("no customer %q", s.code)
	}
	n, err := minor(s.amount, cu.Currency)
	if err != nil {
		return "", err
	}
	c.skew[s.code] = n
	return "", nil
}
