package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// listing is what turning rows into views needs beside the rows.
type listing struct {
	today           ledger.Date
	defaultSchedule *string
	allAddresses    bool
}

// listing brings the outlook up to date and reads what the rows are shown against.
func (a *App) listing(ctx context.Context) (*store.Store, listing, error) {
	st, err := a.company()
	if err != nil {
		return nil, listing{}, err
	}
	if err := a.refreshOutlook(ctx); err != nil {
		return nil, listing{}, err
	}
	set, err := st.Settings(ctx)
	if err != nil {
		return nil, listing{}, err
	}
	schedules, err := st.Schedules(ctx)
	if err != nil {
		return nil, listing{}, err
	}
	l := listing{today: ledger.DateOf(a.deps.Now().In(zone(set))), allAddresses: settingOr(set, keyAllAddresses) == "true"}
	for _, s := range schedules {
		if s.Name == settingOr(set, keyDefaultSchedule) {
			l.defaultSchedule = &s.Name
		}
	}
	return st, l, nil
}

func amounts(sums []ledger.Money) []Amount {
	out := make([]Amount, 0, len(sums))
	for _, m := range sums {
		out = append(out, Amount{m.Currency, m.String()})
	}
	return out
}

// schedule resolves R3.2: the nearer choice wins.
func (l listing) schedule(choices ...store.Choice) *string {
	for _, c := range choices {
		if c.Set && c.Name == "" {
			return nil
		}
		if c.Set {
			return &c.Name
		}
	}
	return l.defaultSchedule
}

func (l listing) invoice(r store.InvoiceRow) InvoiceView {
	v := InvoiceView{Number: r.Number, TransactionID: r.ID, InvoiceID: r.DocumentID, CustomerCode: r.AccountCode,
		CustomerName: r.CustomerName, Type: string(r.Type), Issued: r.Issued, Due: r.Due, Created: r.Created,
		Bucket: ledger.Current.String(), Currency: r.Amount.Currency, Amount: r.Amount.String(), Outstanding: r.Outstanding.String(),
		Disputed: r.Disputed || r.Prefs.Disputed, Status: r.Status(), Expected: r.Prefs.Expected,
		Schedule:  l.schedule(r.Prefs.Schedule, r.CustomerSchedule),
		Reference: r.Reference, AccountID: r.AccountID, Stopped: r.Prefs.Stopped}
	if !r.Due.IsZero() {
		age := l.today.Sub(r.Due)
		v.AgeDays, v.Bucket = &age, ledger.BucketOf(age).String()
	}
	if o := r.Outlook; o != nil && v.Status != StatusPaid {
		v.Sentence = o.Sentence
		if o.HeldReason != "" {
			v.Held = &HeldView{o.HeldReason, o.HeldText, o.HeldUntil}
		}
		if o.Next.Part != "" {
			v.Next = &NextView{o.Next.Step, o.Next.Offset, o.NextDate}
		}
	}
	if v.Status == StatusPaid {
		v.Sentence = "Nothing is outstanding."
		if r.ClosedOn.After(r.Issued) {
			v.Sentence = "Nothing is outstanding; seen settled on " + longDate(r.ClosedOn) + "."
		}
	}
	if r.Last != nil {
		v.Last = &LastView{r.Last.Step, r.Last.Offset, r.Last.At.UTC()}
	}
	return v
}

func longDate(d ledger.Date) string {
	y, m, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, m, y)
}

func (l listing) customer(r store.CustomerRow) CustomerView {
	v := CustomerView{Code: r.Code, AccountID: r.AccountID, Name: r.Name, Emails: []EmailView{}, Phones: []string{}, Addresses: []string{},
		Currency: r.Currency, Outstanding: amounts(r.Outstanding), Overdue: amounts(r.Overdue), Credit: amounts(r.Credit),
		Schedule: l.schedule(r.Prefs.Schedule), Chasing: !r.Prefs.Stopped, Active: r.Active, Contact: r.Contact,
		CreditLimit: r.CreditLimit, HoldUntil: r.Prefs.HoldUntil, Note: r.Prefs.Note, OpenCount: r.OpenCount, NoAddress: r.RecipientsNum == 0}
	if !r.OldestDue.IsZero() {
		age := l.today.Sub(r.OldestDue)
		v.OldestAgeDays = &age
	}
	if !r.NextDate.IsZero() {
		v.Next = &NextView{Date: r.NextDate}
	}
	if !r.LastAt.IsZero() {
		v.Last = &LastView{At: r.LastAt.UTC()}
	}
	return v
}

// full adds what only the whole record knows.
func (l listing) full(d store.CustomerDetail) CustomerView {
	v := l.customer(d.CustomerRow)
	for _, p := range d.Phones {
		v.Phones = append(v.Phones, p.Number)
	}
	for _, c := range d.Contacts {
		if c.Phone != "" {
			v.Phones = append(v.Phones, c.Phone)
		}
	}
	for _, p := range d.Addresses {
		v.Addresses = append(v.Addresses, oneLine(p))
	}
	for _, r := range d.Recipients {
		source := r.Source
		if r.Name != "" {
			source = r.Name
		}
		v.Emails = append(v.Emails, EmailView{Email: r.Email, Source: source, Normal: r.Normal || (l.allAddresses && !r.Chosen),
			Escalated: r.Escalated, CC: r.CC, Bounced: !r.BouncedAt.IsZero()})
	}
	return v
}

func oneLine(a ledger.Address) string {
	var parts []string
	for _, p := range []string{a.Name, a.Line1, a.Line2, a.City, a.County, a.PostCode, a.Country} {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

func invoiceQuery(q InvoiceQuery, today ledger.Date) (store.InvoiceQuery, error) {
	out := store.InvoiceQuery{Search: q.Search, AccountID: q.Customer, Currency: q.Currency, Reason: q.Reason,
		Today: today, Sort: store.InvoiceSort(q.Sort), Desc: q.Desc}
	switch q.Status {
	case "", "outstanding":
		out.Status = store.InvoicesOutstanding
	case StatusChasing, StatusNotChasing, StatusPaid, "all":
		out.Status = store.InvoiceStatus(q.Status)
	default:
		return out, &Problem{Code: "bad_status", Message: fmt.Sprintf("There is no status %q.", q.Status), Hint: "It can be outstanding, chasing, not_chasing, paid or all."}
	}
	if q.Sort == "due" {
		out.Sort = store.InvoicesByDue
	}
	if q.Bucket != "" {
		b, ok := bucketNamed(q.Bucket)
		if !ok {
			return out, &Problem{Code: "bad_bucket", Message: fmt.Sprintf("There is no age band %q.", q.Bucket), Hint: "It can be current, 1-30, 31-60, 61-90, 91-120 or 121+."}
		}
		out.Buckets = []ledger.Bucket{b}
	}
	return out, nil
}

func bucketNamed(name string) (ledger.Bucket, bool) {
	for b := ledger.Current; b < ledger.Buckets; b++ {
		if b.String() == name {
			return b, true
		}
	}
	return 0, false
}

// Invoices lists the receivables of a query in order, with the sums of what is outstanding.
func (a *App) Invoices(ctx context.Context, q InvoiceQuery) (Listing, error) {
	st, l, err := a.listing(ctx)
	if err != nil {
		return Listing{}, err
	}
	sq, err := invoiceQuery(q, l.today)
	if err != nil {
		return Listing{}, err
	}
	ids, sums, err := st.InvoiceIDs(ctx, sq)
	if err != nil {
		return Listing{}, err
	}
	out := Listing{IDs: ids, Totals: amounts(sums)}
	out.InBase, out.InBaseWithout, err = baseTotal(ctx, st, sums)
	return out, err
}

// InvoicesByID returns receivables in the order of the ids; ids that are gone are left out.
func (a *App) InvoicesByID(ctx context.Context, ids []int64) ([]InvoiceView, error) {
	st, l, err := a.listing(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := st.InvoicesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]InvoiceView, len(rows))
	for i, r := range rows {
		out[i] = l.invoice(r)
	}
	return out, nil
}

// Invoice returns everything about one receivable.
func (a *App) Invoice(ctx context.Context, transactionID int64) (InvoiceDetail, error) {
	st, l, err := a.listing(ctx)
	if err != nil {
		return InvoiceDetail{}, err
	}
	row, err := st.Invoice(ctx, transactionID)
	if errors.Is(err, store.ErrNotFound) {
		return InvoiceDetail{}, &Problem{Code: "unknown_invoice", Message: "This invoice is not here.", Hint: "Press Sync now; it may be gone from AccountsIQ."}
	}
	if err != nil {
		return InvoiceDetail{}, err
	}
	d := InvoiceDetail{InvoiceView: l.invoice(row), Missing: row.Missing}
	allocations, err := st.AllocationsOf(ctx, transactionID)
	if err != nil {
		return d, err
	}
	for _, x := range allocations {
		d.Payments = append(d.Payments, PaymentView{Type: string(x.OtherType), Number: x.OtherNumber, Date: x.Date, Amount: Amount{x.Currency, x.Amount}})
	}
	if d.Messages, err = a.messages(ctx, st, store.MessageQuery{TransactionID: transactionID}); err != nil {
		return d, err
	}
	d.Sentence = waitingSentence(d.Sentence, d.Messages)
	if row.Gone {
		d.Sentence = "It counts as deleted: AccountsIQ did not answer with it in two syncs."
	}
	if d.Held != nil && d.Held.Reason == string(chase.ReasonMismatch) {
		figures, err := differencesOf(ctx, st, row.AccountID)
		if err != nil {
			return d, err
		}
		d.Sentence += figures
	}
	d.Events, err = a.events(ctx, st, store.EventQuery{TransactionID: transactionID, Limit: 200})
	return d, err
}

// differencesOf says both figures of a customer's balances that differ.
func differencesOf(ctx context.Context, st *store.Store, accountID int64) (text string, err error) {
	list, err := st.BalanceDifferences(ctx)
	for _, c := range list {
		if c.AccountID == accountID {
			text += " " + difference(c).String()
		}
	}
	return text, err
}

// InvoiceByNumber finds a receivable by the number printed on it. Where several have it, the type or the id
// behind the number tells them apart, as the plan writes them: "77 SD", "77 #1002".
func (a *App) InvoiceByNumber(ctx context.Context, number string) (InvoiceDetail, error) {
	st, err := a.company()
	if err != nil {
		return InvoiceDetail{}, err
	}
	number = strings.TrimSpace(number)
	rows, err := invoicesNumbered(ctx, st, number)
	if err != nil {
		return InvoiceDetail{}, err
	}
	if i := strings.LastIndexByte(number, ' '); len(rows) == 0 && i > 0 {
		if rows, err = invoicesNumbered(ctx, st, number[:i]); err != nil {
			return InvoiceDetail{}, err
		}
		mark := number[i+1:]
		rows = slices.DeleteFunc(rows, func(r store.InvoiceRow) bool { return mark != string(r.Type) && mark != fmt.Sprintf("#%d", r.ID) })
	}
	switch {
	case len(rows) == 0:
		return InvoiceDetail{}, &Problem{Code: "unknown_invoice", Message: fmt.Sprintf("There is no invoice %q.", number), Hint: "Check the number, or sync and try again."}
	case len(rows) > 1:
		var names []string
		for _, r := range rows {
			names = append(names, fmt.Sprintf("%q (%s, %s)", fmt.Sprintf("%s #%d", r.Number, r.ID), r.Type, r.CustomerName))
		}
		return InvoiceDetail{}, &Problem{Code: "ambiguous_invoice", Message: fmt.Sprintf("%d invoices have the number %q.", len(rows), number), Hint: "Name one of them: " + strings.Join(names, ", ") + "."}
	}
	return a.Invoice(ctx, rows[0].ID)
}

func invoicesNumbered(ctx context.Context, st *store.Store, number string) ([]store.InvoiceRow, error) {
	rows, err := st.InvoiceByNumber(ctx, number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return rows, err
}

// Customers lists the customers of a query in order.
func (a *App) Customers(ctx context.Context, q CustomerQuery) (Listing, error) {
	st, l, err := a.listing(ctx)
	if err != nil {
		return Listing{}, err
	}
	sq := store.CustomerQuery{Search: q.Search, Today: l.today, Sort: store.CustomerSort(q.Sort), Desc: q.Desc}
	switch q.Status {
	case "", "owing":
		sq.Status = store.CustomersOwing
	case "all":
		sq.Status = store.CustomersAll
	case "chasing", "stopped", "overdue", "not_chasing", "inactive":
		sq.Status = store.CustomerStatus(q.Status)
	default:
		return Listing{}, &Problem{Code: "bad_status", Message: fmt.Sprintf("There is no status %q.", q.Status), Hint: "It can be owing, overdue, chasing, not_chasing, stopped, inactive or all."}
	}
	if q.Sort == "name" {
		sq.Sort = store.CustomersByName
	}
	ids, err := st.CustomerIDs(ctx, sq)
	if err != nil {
		return Listing{}, err
	}
	_, sums, err := st.InvoiceIDs(ctx, store.InvoiceQuery{Status: store.InvoicesOutstanding})
	return Listing{IDs: ids, Totals: amounts(sums)}, err
}

// CustomersByID returns customers in the order of the ids.
func (a *App) CustomersByID(ctx context.Context, ids []int64) ([]CustomerView, error) {
	st, l, err := a.listing(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := st.CustomersByID(ctx, ids, l.today)
	if err != nil {
		return nil, err
	}
	out := make([]CustomerView, len(rows))
	for i, r := range rows {
		out[i] = l.customer(r)
	}
	return out, nil
}

// AllCustomers returns every customer with everything that is known to reach it, for tables and exports.
func (a *App) AllCustomers(ctx context.Context, q CustomerQuery) ([]CustomerView, error) {
	list, err := a.Customers(ctx, q)
	if err != nil {
		return nil, err
	}
	st, l, err := a.listing(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := st.CustomerDetails(ctx, list.IDs, l.today)
	if err != nil {
		return nil, err
	}
	out := make([]CustomerView, len(rows))
	for i, d := range rows {
		out[i] = l.full(d)
	}
	return out, nil
}

// Customer returns everything about one customer.
func (a *App) Customer(ctx context.Context, accountID int64) (CustomerDetail, error) {
	st, l, err := a.listing(ctx)
	if err != nil {
		return CustomerDetail{}, err
	}
	row, err := st.Customer(ctx, accountID, l.today)
	if err != nil {
		return CustomerDetail{}, err
	}
	d := CustomerDetail{CustomerView: l.full(row)}
	for _, c := range row.Checks {
		if c.Drift().Minor != 0 {
			d.Differences = append(d.Differences, difference(c))
		}
	}
	if d.Ageing, err = customerAgeing(ctx, st, accountID, l.today); err != nil {
		return d, err
	}
	if d.Messages, err = a.messages(ctx, st, store.MessageQuery{AccountID: accountID, Limit: 200}); err != nil {
		return d, err
	}
	d.Events, err = a.events(ctx, st, store.EventQuery{AccountID: accountID, Limit: 200})
	return d, err
}

func customerAgeing(ctx context.Context, st *store.Store, accountID int64, today ledger.Date) ([]ledger.Ageing, error) {
	ids, _, err := st.InvoiceIDs(ctx, store.InvoiceQuery{Status: store.InvoicesOutstanding, AccountID: accountID})
	if err != nil {
		return nil, err
	}
	rows, err := st.InvoicesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	byCurrency := map[string]ledger.Ageing{}
	for _, r := range rows {
		g := byCurrency[r.Outstanding.Currency]
		g.Currency = r.Outstanding.Currency
		age := 0
		if !r.Due.IsZero() {
			age = today.Sub(r.Due)
		}
		g.Add(age, r.Outstanding.Minor)
		byCurrency[g.Currency] = g
	}
	var out []ledger.Ageing
	for _, c := range sortedKeys(byCurrency) {
		out = append(out, byCurrency[c])
	}
	return out, nil
}

// CustomerID finds a customer by code.
func (a *App) CustomerID(ctx context.Context, code string) (int64, error) {
	st, err := a.company()
	if err != nil {
		return 0, err
	}
	d, err := st.CustomerByCode(ctx, code, ledger.Date{})
	if errors.Is(err, store.ErrNotFound) {
		return 0, &Problem{Code: "unknown_customer", Message: fmt.Sprintf("There is no customer %q.", code), Hint: "Check the code, or sync and try again."}
	}
	return d.AccountID, err
}

func (a *App) messages(ctx context.Context, st *store.Store, q store.MessageQuery) ([]MessageView, error) {
	rows, err := st.Messages(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]MessageView, len(rows))
	for i, m := range rows {
		out[i] = messageView(m)
	}
	return out, nil
}

func messageView(m store.Message) MessageView {
	v := MessageView{ID: m.ID, MessageID: angled(m.MessageID), Kind: m.Kind, State: m.State, CustomerCode: m.CustomerCode, CustomerName: m.CustomerName,
		Step: m.Step, Offset: m.Offset, From: m.From, To: append([]string{}, m.To...), CC: append([]string{}, m.CC...), Subject: m.Subject,
		Invoices: []string{}, PlannedFor: m.PlannedFor.UTC(), Attempts: m.Attempts, Error: m.Error, Reason: m.Reason, Text: m.Text, HTML: m.HTML}
	totals := map[string]ledger.Money{}
	var order []string
	for _, i := range m.Invoices {
		v.Invoices = append(v.Invoices, i.Number)
		if _, seen := totals[i.Outstanding.Currency]; !seen {
			order = append(order, i.Outstanding.Currency)
		}
		totals[i.Outstanding.Currency] = totals[i.Outstanding.Currency].Add(i.Outstanding)
	}
	v.Totals = []Amount{}
	for _, c := range order {
		v.Totals = append(v.Totals, Amount{c, totals[c].String()})
	}
	if !m.AcceptedAt.IsZero() {
		at := m.AcceptedAt.UTC()
		v.AcceptedAt = &at
	}
	return v
}

func (a *App) events(ctx context.Context, st *store.Store, q store.EventQuery) ([]EventView, error) {
	rows, err := st.Events(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]EventView, len(rows))
	for i, e := range rows {
		out[i] = EventView{ID: e.ID, At: e.At.UTC(), Kind: e.Kind, Customer: e.CustomerCode, Invoice: e.Number, Text: e.Text}
	}
	return out, nil
}

// Activity lists what happened, newest first.
func (a *App) Activity(ctx context.Context, limit int) ([]EventView, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	return a.events(ctx, st, store.EventQuery{Limit: limit})
}

// recentMessages is how many messages the window lists; the older ones are found on their customer.
const recentMessages = 5000

// Outbox lists the newest messages that were ever planned, newest first.
func (a *App) Outbox(ctx context.Context) ([]MessageView, error) {
	return a.outbox(ctx, recentMessages)
}

// AllMessages lists every message that was ever planned, newest first.
func (a *App) AllMessages(ctx context.Context) ([]MessageView, error) { return a.outbox(ctx, 0) }

func (a *App) outbox(ctx context.Context, limit int) ([]MessageView, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	all, err := a.messages(ctx, st, store.MessageQuery{Limit: limit})
	// A skipped step is kept like a message, but nothing of it ever was to go.
	return slices.DeleteFunc(all, func(m MessageView) bool { return m.Kind == string(chase.Skip) }), err
}

// Message returns one message with its text.
func (a *App) Message(ctx context.Context, id string) (MessageView, error) {
	st, err := a.company()
	if err != nil {
		return MessageView{}, err
	}
	m, err := a.planned(ctx, st, id)
	if err != nil {
		return MessageView{}, err
	}
	return messageView(m), nil
}
