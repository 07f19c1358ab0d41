package mail

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"dunlin/core/ledger"
)

// Data is what a template is filled with. What is empty gets the placeholder's fallback.
type Data struct {
	CustomerName     string
	ContactName      string
	ContactFirstName string // "" = taken from ContactName where that is plainly a person's name
	BusinessName     string
	SenderName       string
	SenderEmail      string
	Signature        string // plain text, may have several lines
	BankDetails      string // plain text, may have several lines
	Today            ledger.Date
	Locale           string    // the business's, such as en-IE, for amounts
	Invoices         []Invoice // listed in this order
	Credits          []Credit  // unallocated credit, for statements
	Forewarn         ForewarnData
}

// Invoice is one receivable in a message. In thanks, Outstanding is not looked at.
type Invoice struct {
	Number      string
	Reference   string
	Issued      ledger.Date
	Due         ledger.Date
	Amount      ledger.Money
	Outstanding ledger.Money
}

// Credit is what is left of a credit note or a receipt.
type Credit struct {
	Number    string
	Date      ledger.Date
	Remaining ledger.Money // positive
}

// ForewarnData is what the owner is told before a run (R6.10).
type ForewarnData struct {
	At       time.Time // when the messages go, in the company's zone
	Messages []ForewarnMessage
	Held     []ForewarnInvoice // held back, with reasons
	Ended    []ForewarnInvoice // at the end of their schedule; listed weekly
}

// ForewarnMessage is one message that will go.
type ForewarnMessage struct {
	Customer string
	To, CC   []string
	Step     string // in words, such as "overdue, step 2"
	Invoices []string
	Totals   []ledger.Money // one per currency
}

// ForewarnInvoice is an invoice that is not chased.
type ForewarnInvoice struct {
	Customer    string
	Number      string
	Outstanding ledger.Money
	Reason      string
}

// Placeholder describes a placeholder to somebody who writes a template.
type Placeholder struct {
	Name     string // as it stands between the braces
	Help     string
	Fallback string // what stands for a missing value
	Block    bool   // has to stand alone, with empty lines around it
}

// Placeholders lists the placeholders that templates of a kind may hold.
func Placeholders(kind TemplateKind) []Placeholder {
	var list []Placeholder
	for _, p := range placeholders() {
		if slices.Contains(p.kinds, kind) {
			list = append(list, p.Placeholder)
		}
	}
	return list
}

// values is Data with everything that is needed to write it.
type values struct {
	Data
	formats
	kind TemplateKind
}

// block is a piece of a message that stands by itself.
type block struct{ html, text string }

type placeholder struct {
	Placeholder
	kinds []TemplateKind
	text  func(values) string // one line
	block func(values) block
}

func placeholders() []placeholder {
	customer := []TemplateKind{Single, Multi, ThanksSingle, ThanksMulti, Statement}
	return slices.Concat(
		inline(customer,
			def("customer_name", "Name of the customer", "customer", func(v values) string { return v.CustomerName }),
			def("contact_name", "Name of the contact, else of the customer", "customer", func(v values) string { return first(v.ContactName, v.CustomerName) }),
			def("contact_first_name", "First name of the contact, else the contact's or the customer's name", "customer", func(v values) string {
				return first(v.ContactFirstName, firstName(v.ContactName), v.ContactName, v.CustomerName)
			})),
		inline(TemplateKinds(),
			def("business_name", "Name of your business, else of the sender", "our company", func(v values) string { return first(v.BusinessName, v.SenderName) }),
			def("sender_name", "Name of the sender, else of your business", "the accounts team", func(v values) string { return first(v.SenderName, v.BusinessName) }),
			def("sender_email", "E-mail address of the sender", "this address", func(v values) string { return v.SenderEmail }),
			def("today", "Today's date", "today", func(v values) string { return v.date(v.Today) })),
		inline([]TemplateKind{Single, ThanksSingle},
			def("invoice_number", "Number of the invoice", "(no number)", func(v values) string { return v.Invoices[0].Number }),
			def("invoice_reference", "Your customer's reference, else the number of the invoice", "(no reference)", func(v values) string { return first(v.Invoices[0].Reference, v.Invoices[0].Number) }),
			def("issued", "Date of the invoice", "the date on it", func(v values) string { return v.date(v.Invoices[0].Issued) }),
			def("due", "Due date of the invoice", "the due date on it", func(v values) string { return v.date(v.Invoices[0].Due) }),
			def("amount", "Amount of the invoice", "the amount on it", func(v values) string { return v.sum(v.Invoices[0].Amount) })),
		inline([]TemplateKind{Single},
			def("outstanding", "What is still to be paid of the invoice", "the amount on it", func(v values) string { return v.sum(v.Invoices[0].Outstanding) }),
			def("days_overdue", "Days since the due date, as a number", "several", func(v values) string { return v.daysOverdue(v.Invoices[0]) }),
			def("overdue_by", "Days since the due date, with the word: 1 day, 8 days", "several days", func(v values) string { return withDays(v.daysOverdue(v.Invoices[0])) }),
			def("due_in", "Time to the due date: today, tomorrow, in 7 days", "now", func(v values) string { return v.dueIn(v.Invoices[0]) })),
		inline(customer,
			def("count", "How many invoices are listed", "0", func(v values) string { return strconv.Itoa(len(v.Invoices)) }),
			def("totals", "Sum of the listed invoices, one for each currency", "nothing", func(v values) string { return v.amounts(totals(v.listed())) }),
			table1("invoices_table", "The listed invoices with their sums", "There are no open invoices.", values.invoicesTable)),
		inline([]TemplateKind{Multi, Statement},
			def("oldest_due", "Due date of the oldest listed invoice", "some time ago", func(v values) string { return v.date(v.oldest().Due) }),
			def("oldest_overdue_by", "Days since that date, with the word", "several days", func(v values) string { return withDays(v.daysOverdue(v.oldest())) })),
		inline([]TemplateKind{Statement},
			def("balance", "Open invoices less unallocated credit, one sum for each currency", "nothing", func(v values) string { return v.amounts(v.balance()) }),
			table1("credits_table", "Unallocated credit", "There is no unallocated credit.", values.creditsTable)),
		inline(customer,
			lines("bank_details", "Your bank details", "Our bank details are on the invoice.", func(v values) string { return v.BankDetails })),
		inline([]TemplateKind{Forewarn},
			def("send_time", "When the messages go", "the next run", func(v values) string { return v.instant(v.Forewarn.At) }),
			def("count", "How many messages go", "0", func(v values) string { return strconv.Itoa(len(v.Forewarn.Messages)) }),
			def("held_count", "How many invoices are held back", "0", func(v values) string { return strconv.Itoa(len(v.Forewarn.Held)) }),
			def("totals", "Sum of what the messages ask for, one for each currency", "nothing", func(v values) string { return v.amounts(v.forewarnTotals()) }),
			table1("messages_table", "Every message that goes", "No message will go.", values.messagesTable),
			table1("held_table", "Invoices held back, with reasons", "Nothing is held back.", values.heldTable),
			table1("ended_table", "Invoices at the end of their schedule", "No invoice is at the end of its schedule.", values.endedTable)),
		inline(TemplateKinds(),
			lines("signature", "Signature of the sender, else the names of sender and business", "the accounts team", func(v values) string {
				return first(v.Signature, strings.TrimSpace(v.SenderName+"\n"+v.BusinessName))
			})),
	)
}

func inline(kinds []TemplateKind, list ...placeholder) []placeholder {
	for i := range list {
		list[i].kinds = kinds
	}
	return list
}

func def(name, help, fallback string, text func(values) string) placeholder {
	return placeholder{Placeholder: Placeholder{Name: name, Help: help, Fallback: fallback}, text: text}
}

func table1(name, help, fallback string, make func(values) block) placeholder {
	return placeholder{Placeholder: Placeholder{Name: name, Help: help, Fallback: fallback, Block: true}, block: make}
}

func lines(name, help, fallback string, text func(values) string) placeholder {
	return table1(name, help, fallback, func(v values) block { return textBlock(manyLines(text(v))) })
}

// first returns the first value that is not blank.
func first(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// firstName takes the first name from a contact's name where that looks like a person's: two or three
// capitalised words, none a title or a department. "" otherwise: a whole name is never wrong.
func firstName(contact string) string {
	words := strings.Fields(oneLine(contact))
	if len(words) < 2 || len(words) > 3 {
		return ""
	}
	for _, w := range words {
		if !isNameWord(w) {
			return ""
		}
	}
	return words[0]
}

func isNameWord(w string) bool {
	if slices.Contains([]string{"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "dame", "lord", "lady", "the", "and", "of", "ltd", "limited", "plc", "gmbh", "inc", "llc",
		"account", "accounts", "accounting", "accountant", "finance", "financial", "payable", "payables", "receivable", "purchase", "purchasing", "ledger", "credit", "control",
		"office", "admin", "billing", "invoice", "invoices", "payments", "department", "dept", "team", "manager", "director", "head", "general", "sales", "group", "services"},
		strings.ToLower(strings.TrimRight(w, "."))) {
		return false
	}
	runes := []rune(w)
	if len(runes) < 2 || !unicode.IsUpper(runes[0]) {
		return false
	}
	lower := false
	for _, r := range runes[1:] {
		if !unicode.IsLetter(r) && r != '\'' && r != '’' && r != '-' {
			return false
		}
		lower = lower || unicode.IsLower(r)
	}
	return lower
}

func (v values) sum(m ledger.Money) string {
	if m.Currency == "" {
		return ""
	}
	return v.money(m)
}

func (v values) daysOverdue(i Invoice) string {
	if i.Due.IsZero() || v.Today.IsZero() {
		return ""
	}
	return strconv.Itoa(max(0, v.Today.Sub(i.Due))) // R1.3
}

func withDays(n string) string {
	switch n {
	case "":
		return ""
	case "1":
		return "1 day"
	}
	return n + " days"
}

func (v values) dueIn(i Invoice) string {
	if i.Due.IsZero() || v.Today.IsZero() {
		return ""
	}
	switch n := i.Due.Sub(v.Today); {
	case n == 0:
		return "today"
	case n == 1:
		return "tomorrow"
	case n > 1:
		return "in " + strconv.Itoa(n) + " days"
	}
	return ""
}

// listed gives the amounts that the listed invoices are about.
func (v values) listed() []ledger.Money {
	list := make([]ledger.Money, len(v.Invoices))
	for i, one := range v.Invoices {
		list[i] = one.Outstanding
		if v.thanks() {
			list[i] = one.Amount
		}
	}
	return list
}

func (v values) thanks() bool { return v.kind == ThanksSingle || v.kind == ThanksMulti }

func (v values) oldest() Invoice {
	var oldest Invoice
	for _, i := range v.Invoices {
		if oldest.Due.IsZero() || !i.Due.IsZero() && i.Due.Before(oldest.Due) {
			oldest = i
		}
	}
	return oldest
}

func (v values) balance() []ledger.Money {
	list := v.listed()
	for _, c := range v.Credits {
		list = append(list, c.Remaining.Neg())
	}
	return totals(list)
}

func (v values) forewarnTotals() []ledger.Money {
	var list []ledger.Money
	for _, m := range v.Forewarn.Messages {
		list = append(list, m.Totals...)
	}
	return totals(list)
}
