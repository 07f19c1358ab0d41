// Package fakecore is an application for the window's tests: it answers from values in memory, remembers
// what was asked of it, and fails where a test tells it to.
package fakecore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dunlin/core"
	"dunlin/core/chase"
	"dunlin/core/ledger"
)

// Now is the moment at which the fake lives: a Monday.
var Now = time.Date(2026, 6, 15, 10, 6, 0, 0, time.UTC)

// Core is the fake. Its exported fields are what it answers; set them before the window reads them.
type Core struct {
	mu       sync.Mutex
	bus      core.Bus
	Calls    []string         // what changed something, as "StopCustomer 3"
	Fail     map[string]error // by method
	State    core.Overview
	Custs    []core.CustomerView
	Invs     []core.InvoiceView
	custByID map[int64]int
	invByID  map[int64]int
	Next     []core.MessageView
	Past     []core.MessageView
	Events   []core.EventView
	Boxes    []core.MailboxView
	Sets     []core.SettingView
	Business core.Account
	Result   core.ConnectResult
	Asked    []core.ConnectRequest
	Boxed    []core.MailboxRequest
	Entries  []core.CompanyEntry         // the companies of the data folder
	Unequal  map[int64][]core.Difference // by AccountID
	Places   map[string]*core.Problem    // what other locations say, by code; nil = it knows the company
	Tried    []string                    // the locations that were tried
	Learnt   map[string]core.LinkLearnt  // by address
	Missing  map[int64]bool              // the invoices that were missing at the last sync
	Styles   []string                    // the layouts of invoice copies
}

var names = []string{"Ardmore Joinery", "Bright & Sons Printing", "Calloway Marine Supplies", "Dunmore Foods", "Eastgate Dental Practice", "Fairview Landscaping",
	"Glenside Nurseries", "Harbour Lights Hotel", "Ivers Architects", "Jackdaw Coffee Roasters", "Kilbride Motors", "Lough Ree Boats",
	"Moyne Veterinary Clinic", "Northwall Logistics", "O’Hanlon Electrical", "Pembroke Interiors", "Quayside Bakery", "Rathmines Cycles", "Slaney Timber", "Tidewater Events"}

var forms = []string{"Ltd", "DAC", "& Co", "Group", "Services Ltd"}

// New returns a company with so many customers and invoices, started, connected and in good health.
func New(customers, invoices int) *Core {
	f := &Core{Fail: map[string]error{}, custByID: map[int64]int{}, invByID: map[int64]int{}}
	today := ledger.DateOf(Now)
	f.Business = core.Account{Name: "Curlew Office Supplies", Country: "IE", Timezone: "Europe/Dublin", Currency: "EUR"}
	for i := range customers {
		f.addCustomer(i)
	}
	for i := range invoices {
		f.addInvoice(i, today)
	}
	f.sums()
	f.State = core.Overview{Connected: true, CompanyID: "CURLEW01", CompanyName: "Curlew Office Supplies Ltd", Location: "eu1", Account: f.Business, Started: true,
		LastGoodSync: Now.Add(-4 * time.Minute), NextSlot: time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC), Today: today, Ageing: f.ageing(),
		CustomersNow: customers, OpenInvoices: invoices - invoices/9}
	f.messages()
	f.State.NextMessages, f.State.NextTotals = len(f.Next), []core.Amount{{Currency: "EUR", Amount: "18460.75"}, {Currency: "GBP", Amount: "1250.00"}}
	f.events()
	f.State.RecentEvents = f.Events[:min(6, len(f.Events))]
	f.State.LastRun = &core.RunView{ID: "r1", At: time.Date(2026, 6, 11, 9, 0, 0, 0, time.UTC), State: "done", Sent: 14, Refused: 1, Left: 0}
	f.Boxes = []core.MailboxView{{Address: "accounts@curlew.example", Name: "Curlew Accounts", SMTP: "smtp.curlew.example:465", Security: "tls", User: "accounts@curlew.example", Roles: []string{"normal", "forewarn"}, Verified: true},
		{Address: "mary.byrne@curlew.example", Name: "Mary Byrne", SMTP: "smtp.curlew.example:465", Security: "tls", User: "mary.byrne@curlew.example", Roles: []string{"escalated"}, Verified: true}}
	f.Sets = settings()
	f.Entries = []core.CompanyEntry{{ID: "CURLEW01", Name: "Curlew Office Supplies", Current: true}}
	f.Learnt = map[string]core.LinkLearnt{}
	f.Result = core.ConnectResult{Company: ledger.Company{ID: "CURLEW01", Name: "Curlew Office Supplies Ltd"}, Suggest: core.Account{Name: "Curlew Office Supplies Ltd", Country: "IE", Timezone: "Europe/Dublin", Currency: "EUR"}}
	return f
}

// Fresh returns an application that is not connected yet.
func Fresh() *Core {
	f := New(12, 60)
	f.State = core.Overview{Today: ledger.DateOf(Now)}
	f.Business = core.Account{}
	f.Boxes, f.Entries = nil, nil
	return f
}

func (f *Core) addCustomer(i int) {
	name := names[i%len(names)] + " " + forms[(i/len(names)+i)%len(forms)]
	if i >= len(names)*len(forms) {
		name += fmt.Sprintf(" %d", i)
	}
	code := fmt.Sprintf("%s%03d", strings.ToUpper(strings.NewReplacer(" ", "", "&", "", "’", "").Replace(names[i%len(names)])[:4]), i+1)
	schedule := "Default"
	if i%7 == 3 {
		schedule = "Gentle"
	}
	domain := strings.ToLower(code) + ".example"
	c := core.CustomerView{Code: code, AccountID: int64(i + 1), Name: name, Currency: "EUR", Chasing: i%11 != 5, Active: true, Schedule: &schedule,
		Contact: "Aoife Kearney", CreditLimit: "5000.00",
		Emails: []core.EmailView{{Email: "accounts@" + domain, Source: "account", Normal: true, Escalated: true},
			{Email: "aoife.kearney@" + domain, Source: "Aoife Kearney", CC: i%2 == 0}, {Email: "director@" + domain, Source: "Declan Roche", Bounced: i%5 == 1}},
		Phones:    []string{"+353 1 555 0142", "+353 86 555 0199"},
		Addresses: []string{"14 Harbour Row\nDún Laoghaire\nCo. Dublin\nA96 X2K1"}}
	if i%13 == 8 {
		c.Emails, c.NoAddress = nil, true
	}
	if i%10 == 4 {
		c.HoldUntil = ledger.DateOf(Now).AddDays(9)
	}
	f.custByID[c.AccountID] = len(f.Custs)
	f.Custs = append(f.Custs, c)
}

func (f *Core) addInvoice(i int, today ledger.Date) {
	c := &f.Custs[(i*31+i/len(f.Custs))%len(f.Custs)]
	age := (i*37)%170 - 28
	due := today.AddDays(-age)
	cents := int64(12050 + (i*7919)%480000)
	v := core.InvoiceView{Number: fmt.Sprintf("%d", 10400+i), TransactionID: int64(50000 + i), InvoiceID: int64(900 + i), CustomerCode: c.Code, CustomerName: c.Name, AccountID: c.AccountID,
		Type: "SI", Issued: due.AddDays(-30), Due: due, Created: due.AddDays(-30), AgeDays: &age, Bucket: ledger.BucketOf(age).String(), Currency: "EUR", Status: core.StatusChasing, Schedule: c.Schedule}
	if i%17 == 6 {
		v.Currency = "GBP"
	}
	amount := ledger.Money{Minor: cents, Currency: v.Currency}
	v.Amount, v.Outstanding = amount.String(), amount.String()
	if i%6 == 2 {
		v.Outstanding = ledger.Money{Minor: cents - cents/3, Currency: v.Currency}.String()
	}
	if i%4 == 1 {
		v.Reference = fmt.Sprintf("PO %d", 7700+i)
	}
	step, last := 1, 0
	switch {
	case age > 30:
		step, last = 6, 5
	case age > 8:
		step, last = 3, 2
	case age > 1:
		step, last = 2, 1
	}
	v.Next = &core.NextView{Step: step, Offset: []int{-7, 1, 8, 15, 30, 44, 58}[step], Date: today.AddDays(1 + i%9)}
	if last > 0 {
		v.Last = &core.LastView{Step: last, Offset: []int{-7, 1, 8, 15, 30, 44}[last], At: Now.AddDate(0, 0, -4-i%20)}
	}
	v.Sentence = fmt.Sprintf("Step %d goes on %s, the first chase after the step is reached.", v.Next.Step, "Tuesday 16 June 2026")
	f.special(i, &v, c, today)
	f.invByID[v.TransactionID] = len(f.Invs)
	f.Invs = append(f.Invs, v)
}

// special makes some invoices paid, held back, or in dispute.
func (f *Core) special(i int, v *core.InvoiceView, c *core.CustomerView, today ledger.Date) {
	hold := func(reason chase.Reason, text string, until ledger.Date) {
		v.Status, v.Next = core.StatusNotChasing, nil
		v.Held = &core.HeldView{Reason: string(reason), Text: text, Until: until}
		v.Sentence = "Held back because " + text + "."
	}
	switch {
	case i%9 == 7:
		v.Status, v.Outstanding, v.Next = core.StatusPaid, ledger.Money{Currency: v.Currency}.String(), nil
		v.Sentence = "Paid in full; nothing more is sent."
	case !c.Chasing:
		hold(chase.ReasonCustomerStopped, "chasing is stopped for this customer", ledger.Date{})
	case c.NoAddress:
		hold(chase.ReasonNoAddress, "the customer has no e-mail address", ledger.Date{})
	case i%14 == 3:
		v.Disputed = true
		hold(chase.ReasonDisputed, "it is in dispute", ledger.Date{})
	case i%12 == 5:
		v.Expected = today.AddDays(6)
		hold(chase.ReasonHoldUntil, "payment is expected on 21 June 2026", v.Expected)
	}
}

func (f *Core) sums() {
	type key struct {
		id  int64
		cur string
	}
	owed, late := map[key]int64{}, map[key]int64{}
	for i := range f.Invs {
		v := &f.Invs[i]
		m, _ := ledger.ParseMoney(v.Outstanding, v.Currency)
		if m.Minor == 0 {
			continue
		}
		c := &f.Custs[f.custByID[v.AccountID]]
		c.OpenCount++
		owed[key{c.AccountID, v.Currency}] += m.Minor
		if *v.AgeDays > 0 {
			late[key{c.AccountID, v.Currency}] += m.Minor
		}
		if c.OldestAgeDays == nil || *c.OldestAgeDays < *v.AgeDays {
			c.OldestAgeDays = v.AgeDays
		}
		if v.Next != nil && (c.Next == nil || v.Next.Date.Before(c.Next.Date)) {
			c.Next = v.Next
		}
		if v.Last != nil && (c.Last == nil || v.Last.At.After(c.Last.At)) {
			c.Last = v.Last
		}
	}
	for i := range f.Custs {
		c := &f.Custs[i]
		for _, cur := range []string{"EUR", "GBP"} {
			if n := owed[key{c.AccountID, cur}]; n != 0 {
				c.Outstanding = append(c.Outstanding, core.Amount{Currency: cur, Amount: ledger.Money{Minor: n, Currency: cur}.String()})
			}
			if n := late[key{c.AccountID, cur}]; n != 0 {
				c.Overdue = append(c.Overdue, core.Amount{Currency: cur, Amount: ledger.Money{Minor: n, Currency: cur}.String()})
			}
		}
		if i%6 == 1 {
			c.Credit = []core.Amount{{Currency: "EUR", Amount: "240.00"}}
		}
	}
}

func (f *Core) ageing() []ledger.Ageing {
	all := map[string]*ledger.Ageing{}
	for _, v := range f.Invs {
		m, _ := ledger.ParseMoney(v.Outstanding, v.Currency)
		if m.Minor == 0 {
			continue
		}
		if all[v.Currency] == nil {
			all[v.Currency] = &ledger.Ageing{Currency: v.Currency}
		}
		all[v.Currency].Add(*v.AgeDays, m.Minor)
	}
	var out []ledger.Ageing
	for _, cur := range []string{"EUR", "GBP"} {
		if a := all[cur]; a != nil {
			out = append(out, *a)
		}
	}
	return out
}

const letter = `Dear Aoife,

A short reminder that the following invoice is now overdue:

    Invoice 10412, due 6 June 2026 — €1,284.50

If the payment is already on its way, thank you, and please ignore this message. If something about the invoice is not right, just answer this e-mail and we will look into it.

Our bank details are on the invoice. Please give the invoice number with your payment.

Kind regards
Mary Byrne
Curlew Office Supplies`

// letterOfSeveral has a table, aligned for a font of fixed width as the program writes it.
const letterOfSeveral = `Dear Aoife,

These 3 invoices are past their due date. The amount still outstanding is €1,601.50.

Invoice  Issued       Due          Days overdue    Amount  Outstanding
-------  -----------  -----------  ------------  --------  -----------
10415    7 May 2026   6 Jun 2026              9   €820.50      €820.50
10416    20 Apr 2026  20 May 2026            26   €640.00      €640.00
10441    2 Mar 2026   1 Apr 2026             75   €282.00      €141.00
-------  -----------  -----------  ------------  --------  -----------
Total                                                        €1,601.50

Our bank details are on the invoice. Please give the invoice number with your payment.

Kind regards
Mary Byrne
Curlew Office Supplies`

func (f *Core) messages() {
	for i := range min(9, len(f.Custs)) {
		c := f.Custs[i]
		m := core.MessageView{ID: fmt.Sprintf("m%d", i+1), Kind: "overdue", State: "planned", CustomerCode: c.Code, CustomerName: c.Name, Step: 1 + i%4, Offset: []int{1, 8, 15, 30}[i%4],
			From: "accounts@curlew.example", To: []string{"accounts@" + strings.ToLower(c.Code) + ".example"}, Subject: fmt.Sprintf("Invoice %d is overdue", 10412+i*3),
			Invoices: []string{fmt.Sprint(10412 + i*3)}, Totals: []core.Amount{{Currency: "EUR", Amount: fmt.Sprintf("%d.50", 1284+i*317)}}, PlannedFor: time.Date(2026, 6, 16, 9, 0, 0, 0, time.UTC), Text: letter}
		if i%3 == 1 {
			m.Invoices = append(m.Invoices, fmt.Sprint(10413+i*3), fmt.Sprint(10440+i))
			m.Subject = "3 invoices are overdue"
			m.Text = letterOfSeveral
			m.CC = []string{"aoife.kearney@" + strings.ToLower(c.Code) + ".example"}
		}
		if i == 6 {
			m.Kind, m.Offset, m.Subject = "before_due", -7, fmt.Sprintf("Invoice %d falls due soon", 10412+i*3)
		}
		f.Next = append(f.Next, m)
		past := m
		at := time.Date(2026, 6, 11, 9, 2, i, 0, time.UTC)
		past.ID, past.State, past.AcceptedAt = fmt.Sprintf("p%d", i+1), "accepted", &at
		switch i {
		case 0:
			past.State, past.AcceptedAt = "uncertain", nil
		case 2:
			past.State, past.Error, past.AcceptedAt = "refused", "550 5.1.1 No such mailbox here", nil
		case 3:
			past.State = "bounced"
		case 4:
			past.State = "replied"
		case 5:
			past.State, past.Reason, past.AcceptedAt = "cancelled", "Paid meanwhile", nil
		}
		past.PlannedFor = time.Date(2026, 6, 11, 9, 0, 0, 0, time.UTC)
		f.Past = append(f.Past, past)
	}
}

func (f *Core) events() {
	texts := []struct{ kind, text string }{
		{"sync", "Synced: 3 new invoices, 2 payments"}, {"message", "Reminder accepted for Ardmore Joinery Ltd"}, {"reply", "Bright & Sons Printing answered: “Payment goes out on Friday”"},
		{"run", "Chase done: 14 sent, 1 refused"}, {"bounce", "director@brig002.example does not exist any more"}, {"note", "Note on Dunmore Foods: spoke to Declan, waiting for the PO number"},
		{"setting", "Chase time is now 10:00"}, {"connection", "Connected with AccountsIQ, company CURLEW01"}, {"chasing", "Chasing started"}}
	for i := range 40 {
		t := texts[i%len(texts)]
		e := core.EventView{ID: int64(400 - i), At: Now.Add(-time.Duration(4+i*i*13) * time.Minute), Kind: t.kind, Text: t.text}
		if t.kind == "message" || t.kind == "note" || t.kind == "reply" {
			e.Customer = f.Custs[i%len(f.Custs)].Code
			e.Invoice = fmt.Sprint(10400 + i)
		}
		f.Events = append(f.Events, e)
	}
}

func settings() []core.SettingView {
	yesNo := []string{"true", "false"}
	return []core.SettingView{
		{Key: "slots.weekdays", Value: "Tue,Thu", Label: "Chase days", Help: "The weekdays on which reminders go."},
		{Key: "slots.time", Value: "10:00", Label: "Chase time", Help: "The time of day, in the company's time zone."},
		{Key: "slots.skip_holidays", Value: "true", Label: "Skip public holidays", Help: "No reminders on the public holidays of your country.", Choices: yesNo},
		{Key: "min_gap_days", Value: "3", Label: "Days between reminders", Help: "A customer hears from you at most once in this many days."},
		{Key: "minimum", Value: "0", Label: "Smallest amount", Help: "Invoices with less than this outstanding, in your currency, are not chased."},
		{Key: "grouping", Value: "by_type", Label: "Grouping", Help: "Which invoices of a customer share one message.", Choices: []string{"by_type", "by_settings", "none"}},
		{Key: "approval", Value: "first_run", Label: "Approval", Help: "Whether you see and approve the messages before they go.", Choices: []string{"first_run", "always", "never"}},
		{Key: "attach.invoices", Value: "false", Label: "Attach a copy of each invoice", Help: "Reminders carry AccountsIQ's PDF of every invoice they list, at most 10 MB together; the largest are left out beyond that.", Choices: yesNo},
		{Key: "attach.missing", Value: "send", Label: "When AccountsIQ has no copy of an invoice", Help: "Send the reminder without it, or hold the message back.", Choices: []string{"send", "hold"}},
		{Key: "pdf.style", Value: "", Label: "Layout of invoice copies", Help: "The name of a report style in AccountsIQ; empty for AccountsIQ's own choice."},
		{Key: "sync.every_minutes", Value: "15", Label: "Minutes between syncs", Help: "How often AccountsIQ is asked for news while Dunlin runs."},
		{Key: "writeback.notes", Value: "false", Label: "Note reminders in AccountsIQ", Help: "After a reminder went, a note is added to the customer in AccountsIQ. Nothing else is changed there.", Choices: yesNo},
		{Key: "links.customer", Value: "", Label: "Customer page", Help: "Paste the address of one customer's page in AccountsIQ. Dunlin finds the customer in it and opens the pages of the others the same way."},
		{Key: "links.invoice", Value: "", Label: "Invoice page", Help: "Paste the address of one invoice's page in AccountsIQ. Dunlin finds the invoice in it and opens the pages of the others the same way."},
		{Key: "notifications", Value: "true", Label: "Notifications", Help: "Tell me on the desktop when a run finished or needs me.", Choices: yesNo},
		{Key: "keep_in_tray", Value: "true", Label: "Keep running in the tray", Help: "Closing the window keeps Dunlin running.", Choices: yesNo},
	}
}

// did records a call and returns the error set for its method.
func (f *Core) did(method string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Calls = append(f.Calls, strings.TrimSpace(method+" "+strings.TrimSpace(fmt.Sprintln(args...))))
	return f.Fail[method]
}

func (f *Core) fails(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Fail[method]
}

// Did reports whether a call was recorded.
func (f *Core) Did(call string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.Calls, call)
}

// Publish hands an event to the listeners.
func (f *Core) Publish(e core.Event) { f.bus.Publish(e) }

func (f *Core) Overview(context.Context) (core.Overview, error) {
	return f.State, f.fails("Overview")
}
func (f *Core) Subscribe() (<-chan core.Event, func())        { return f.bus.Subscribe() }
func (f *Core) RequestSync()                                  { _ = f.did("RequestSync") }
func (f *Core) CancelSync()                                   { _ = f.did("CancelSync") }
func (f *Core) RequestRun()                                   { _ = f.did("RequestRun") }
func (f *Core) DismissMissedSlot(context.Context) error       { return f.did("DismissMissedSlot") }
func (f *Core) Account(context.Context) (core.Account, error) { return f.Business, f.fails("Account") }

func (f *Core) Pause(_ context.Context, until ledger.Date) error {
	f.State.Paused, f.State.PausedUntil = true, until
	return f.did("Pause", until)
}

func (f *Core) StartChasing(context.Context) error {
	f.State.Paused, f.State.Started = false, true
	return f.did("StartChasing")
}

func (f *Core) Connect(_ context.Context, r core.ConnectRequest) (core.ConnectResult, error) {
	f.Asked = append(f.Asked, r)
	if err := f.Fail["Connect "+r.Location]; err != nil {
		return core.ConnectResult{}, err
	}
	if err := f.did("Connect", r.Location, r.CompanyID); err != nil {
		return core.ConnectResult{}, err
	}
	if len(f.Result.Entities) > 0 && r.CompanyID != "" {
		res := f.Result
		res.Entities = nil
		f.State.Connected = true
		return res, nil
	}
	f.State.Connected = len(f.Result.Entities) == 0
	return f.Result, nil
}

func (f *Core) Locations() []core.Choice {
	return []core.Choice{{Code: "uk1", Name: "UK1 (United Kingdom), uk1.accountsiq.com"}, {Code: "eu1", Name: "EU1 (Europe 1), eu1.accountsiq.com"},
		{Code: "eu2", Name: "EU2 (Europe 2), eu2.accountsiq.com"}, {Code: "us1", Name: "US1 (United States), us1.accountsiq.com"}}
}

func (f *Core) SaveAccount(_ context.Context, a core.Account) error {
	f.Business, f.State.Account = a, a
	return f.did("SaveAccount", a.Name, a.Country, a.Timezone, a.Currency)
}

func (f *Core) Countries() []core.Choice {
	return []core.Choice{{Code: "IE", Name: "Ireland"}, {Code: "GB", Name: "United Kingdom (England & Wales)"}, {Code: "GB-SCT", Name: "United Kingdom (Scotland)"},
		{Code: "GB-NIR", Name: "United Kingdom (Northern Ireland)"}, {Code: "US", Name: "United States"}, {Code: "CA", Name: "Canada"}, {Code: "AU", Name: "Australia"},
		{Code: "NZ", Name: "New Zealand"}, {Code: "FR", Name: "France"}, {Code: "DE", Name: "Germany"}, {Code: "NL", Name: "Netherlands"}, {Code: "ES", Name: "Spain"}, {Code: "BE", Name: "Belgium"}}
}

func (f *Core) Timezones(country string) []string {
	if country == "IE" {
		return []string{"Europe/Dublin"}
	}
	return []string{"Europe/London", "America/New_York", "UTC"}
}

func (f *Core) AddMailbox(_ context.Context, m core.MailboxRequest) error {
	f.Boxed = append(f.Boxed, m)
	if err := f.did("AddMailbox", m.Address, m.SMTP); err != nil {
		return err
	}
	f.Boxes = append(f.Boxes, core.MailboxView{Address: m.Address, Name: m.Name, SMTP: m.SMTP, Roles: m.Roles, Verified: true})
	return nil
}

func (f *Core) Mailboxes(context.Context) ([]core.MailboxView, error) {
	return f.Boxes, f.fails("Mailboxes")
}

func (f *Core) RemoveMailbox(_ context.Context, address string) error {
	return f.did("RemoveMailbox", address)
}

func (f *Core) Invoices(_ context.Context, q core.InvoiceQuery) (core.Listing, error) {
	if err := f.fails("Invoices"); err != nil {
		return core.Listing{}, err
	}
	var hits []int
	search := strings.ToLower(q.Search)
	for i, v := range f.Invs {
		if q.Customer != 0 && v.AccountID != q.Customer || q.Bucket != "" && v.Bucket != q.Bucket || q.Currency != "" && v.Currency != q.Currency ||
			q.Reason != "" && (v.Held == nil || v.Held.Reason != q.Reason) || !fits(q.Status, v.Status) {
			continue
		}
		if search != "" && !strings.Contains(strings.ToLower(v.Number+" "+v.CustomerName+" "+v.Reference+" "+v.Outstanding), search) {
			continue
		}
		hits = append(hits, i)
	}
	slices.SortStableFunc(hits, func(a, b int) int {
		x, y := f.Invs[a], f.Invs[b]
		n := cmp.Compare(x.Due.String(), y.Due.String())
		switch q.Sort {
		case "number":
			n = cmp.Compare(x.Number, y.Number)
		case "customer":
			n = cmp.Compare(x.CustomerName, y.CustomerName)
		case "outstanding":
			n = cmp.Compare(minor(x.Outstanding), minor(y.Outstanding))
		}
		if q.Desc {
			n = -n
		}
		return n
	})
	var l core.Listing
	sums := map[string]int64{}
	for _, i := range hits {
		l.IDs = append(l.IDs, f.Invs[i].TransactionID)
		sums[f.Invs[i].Currency] += minor(f.Invs[i].Outstanding)
	}
	l.Totals = totals(sums)
	if len(l.Totals) > 1 {
		l.InBase, l.InBaseWithout = f.State.InBase, f.State.InBaseWithout
	}
	return l, nil
}

func fits(want, have string) bool {
	switch want {
	case "", "outstanding":
		return have != core.StatusPaid
	case "all":
		return true
	}
	return want == have
}

func minor(s string) int64 {
	m, _ := ledger.ParseMoney(s, "EUR")
	return m.Minor
}

func totals(sums map[string]int64) []core.Amount {
	var out []core.Amount
	for _, cur := range []string{"EUR", "GBP"} {
		if n, ok := sums[cur]; ok {
			out = append(out, core.Amount{Currency: cur, Amount: ledger.Money{Minor: n, Currency: cur}.String()})
		}
	}
	return out
}

func (f *Core) InvoicesByID(_ context.Context, ids []int64) ([]core.InvoiceView, error) {
	var out []core.InvoiceView
	for _, id := range ids {
		if i, ok := f.invByID[id]; ok {
			out = append(out, f.Invs[i])
		}
	}
	return out, f.fails("InvoicesByID")
}

func (f *Core) Customers(_ context.Context, q core.CustomerQuery) (core.Listing, error) {
	if err := f.fails("Customers"); err != nil {
		return core.Listing{}, err
	}
	var hits []int
	search := strings.ToLower(q.Search)
	for i, c := range f.Custs {
		switch q.Status {
		case "", "owing":
			if len(c.Outstanding) == 0 {
				continue
			}
		case "chasing":
			if !c.Chasing {
				continue
			}
		case "stopped":
			if c.Chasing {
				continue
			}
		}
		if search == "" || strings.Contains(strings.ToLower(c.Name+" "+c.Code), search) {
			hits = append(hits, i)
		}
	}
	slices.SortStableFunc(hits, func(a, b int) int {
		x, y := f.Custs[a], f.Custs[b]
		n := cmp.Compare(x.Name, y.Name)
		switch q.Sort {
		case "overdue":
			n = cmp.Compare(first(x.Overdue), first(y.Overdue))
		case "outstanding":
			n = cmp.Compare(first(x.Outstanding), first(y.Outstanding))
		}
		if q.Desc {
			n = -n
		}
		return n
	})
	var l core.Listing
	sums := map[string]int64{}
	for _, i := range hits {
		l.IDs = append(l.IDs, f.Custs[i].AccountID)
		for _, a := range f.Custs[i].Outstanding {
			sums[a.Currency] += minor(a.Amount)
		}
	}
	l.Totals = totals(sums)
	return l, nil
}

func first(list []core.Amount) int64 {
	if len(list) == 0 {
		return 0
	}
	return minor(list[0].Amount)
}

func (f *Core) CustomersByID(_ context.Context, ids []int64) ([]core.CustomerView, error) {
	var out []core.CustomerView
	for _, id := range ids {
		if i, ok := f.custByID[id]; ok {
			out = append(out, f.Custs[i])
		}
	}
	return out, f.fails("CustomersByID")
}

// CustomerID finds a customer by code.
func (f *Core) CustomerID(_ context.Context, code string) (int64, error) {
	for _, c := range f.Custs {
		if c.Code == code {
			return c.AccountID, f.fails("CustomerID")
		}
	}
	return 0, &core.Problem{Code: "unknown_customer", Message: "There is no customer \"" + code + "\".", Hint: "Check the code, or sync and try again."}
}

// Customer is everything about a customer.
func (f *Core) Customer(_ context.Context, id int64) (core.CustomerDetail, error) {
	i, ok := f.custByID[id]
	if !ok {
		return core.CustomerDetail{}, &core.Problem{Code: "unknown_customer", Message: "There is no such customer.", Hint: "Sync and try again."}
	}
	d := core.CustomerDetail{CustomerView: f.Custs[i], Differences: f.Unequal[id], Messages: f.Past[:min(4, len(f.Past))], Events: f.Events[:min(5, len(f.Events))]}
	return d, f.fails("Customer")
}

func (f *Core) StopCustomer(_ context.Context, id int64) error   { return f.did("StopCustomer", id) }
func (f *Core) ResumeCustomer(_ context.Context, id int64) error { return f.did("ResumeCustomer", id) }
func (f *Core) HoldCustomer(_ context.Context, id int64, until ledger.Date) error {
	return f.did("HoldCustomer", id, until)
}
func (f *Core) AddNote(_ context.Context, id int64, text string) error {
	return f.did("AddNote", id, text)
}
func (f *Core) SetRecipient(_ context.Context, id int64, e core.EmailView) error {
	return f.did("SetRecipient", id, e.Email, e.Normal, e.Escalated, e.CC)
}
func (f *Core) CustomerLink(_ context.Context, id int64) (core.Link, error) {
	return core.Link{URL: "https://eu1.accountsiq.com/", Copy: f.Custs[f.custByID[id]].Code}, f.did("CustomerLink", id)
}

func (f *Core) Invoice(_ context.Context, id int64) (core.InvoiceDetail, error) {
	i, ok := f.invByID[id]
	if !ok {
		return core.InvoiceDetail{}, &core.Problem{Code: "unknown_invoice", Message: "There is no such invoice.", Hint: "Sync and try again."}
	}
	v := f.Invs[i]
	d := core.InvoiceDetail{InvoiceView: v, Missing: f.Missing[id], Messages: f.Past[min(1, len(f.Past)):min(4, len(f.Past))], Events: f.Events[min(5, len(f.Events)):min(6, len(f.Events))]}
	if v.Amount != v.Outstanding {
		paid := minor(v.Amount) - minor(v.Outstanding)
		d.Payments = []core.PaymentView{{Type: "SR", Number: "2291", Date: v.Due.AddDays(3), Amount: core.Amount{Currency: v.Currency, Amount: ledger.Money{Minor: paid, Currency: v.Currency}.String()}}}
	}
	return d, f.fails("Invoice")
}

func (f *Core) StopInvoice(_ context.Context, id int64) error   { return f.did("StopInvoice", id) }
func (f *Core) ResumeInvoice(_ context.Context, id int64) error { return f.did("ResumeInvoice", id) }
func (f *Core) HoldInvoice(_ context.Context, id int64, until ledger.Date) error {
	return f.did("HoldInvoice", id, until)
}
func (f *Core) SetExpected(_ context.Context, id int64, d ledger.Date) error {
	return f.did("SetExpected", id, d)
}
func (f *Core) SetDisputed(_ context.Context, id int64, on bool) error {
	return f.did("SetDisputed", id, on)
}
func (f *Core) InvoiceLink(_ context.Context, id int64) (core.Link, error) {
	return core.Link{URL: fmt.Sprintf("https://eu1.accountsiq.com/invoice/%d", id)}, f.did("InvoiceLink", id)
}

// InvoicePDF has a copy of every invoice.
func (f *Core) InvoicePDF(_ context.Context, id int64) (core.PDF, error) {
	if err := f.did("InvoicePDF", id); err != nil {
		return core.PDF{}, err
	}
	return core.PDF{Name: "Invoice " + f.Invs[f.invByID[id]].Number + ".pdf", Data: []byte("%PDF-1.4 a copy\n%%EOF")}, nil
}

// ReportStyles are Styles.
func (f *Core) ReportStyles(context.Context) ([]string, error) {
	return f.Styles, f.did("ReportStyles")
}

// SeenWriteBackOff takes what was seen out of the overview.
func (f *Core) SeenWriteBackOff(context.Context) error {
	f.State.Health = slices.DeleteFunc(slices.Clone(f.State.Health), core.Problem.WriteBackOff)
	return f.did("SeenWriteBackOff")
}

func (f *Core) Upcoming(context.Context) ([]core.MessageView, error) {
	return f.Next, f.fails("Upcoming")
}
func (f *Core) Outbox(context.Context) ([]core.MessageView, error) { return f.Past, f.fails("Outbox") }
func (f *Core) Message(_ context.Context, id string) (core.MessageView, error) {
	for _, m := range append(slices.Clone(f.Next), f.Past...) {
		if m.ID == id {
			return m, nil
		}
	}
	return core.MessageView{}, &core.Problem{Code: "unknown_message", Message: "There is no such message.", Hint: "Open the outbox again."}
}
func (f *Core) Approve(_ context.Context, ids []string) error {
	for i := range f.Next {
		if slices.Contains(ids, f.Next[i].ID) {
			f.Next[i].State = "approved"
		}
	}
	return f.did("Approve", strings.Join(ids, ","))
}
func (f *Core) Skip(_ context.Context, id string) error { return f.did("Skip", id) }
func (f *Core) SettleUncertain(_ context.Context, id string, arrived bool) error {
	return f.did("SettleUncertain", id, arrived)
}

func (f *Core) Activity(_ context.Context, limit int) ([]core.EventView, error) {
	return f.Events[:min(limit, len(f.Events))], f.fails("Activity")
}

func (f *Core) Schedules(context.Context) ([]chase.Schedule, error) {
	return []chase.Schedule{
		{Name: "Default", BeforeDue: []chase.Step{{Offset: -7}}, Overdue: []chase.Step{{Offset: 1}, {Offset: 8}, {Offset: 15}, {Offset: 30, EscalatedSender: true, EscalatedRecipient: true}}, Repeat: chase.Repeat{Every: 14, Limit: 4}, Thanks: true},
		{Name: "Gentle", Overdue: []chase.Step{{Offset: 7}, {Offset: 21}, {Offset: 45, Channel: chase.Call}}},
	}, f.fails("Schedules")
}

func (f *Core) Settings(context.Context) ([]core.SettingView, error) {
	return f.Sets, f.fails("Settings")
}
func (f *Core) SetSetting(_ context.Context, key, value string) error {
	return f.did("SetSetting", key, value)
}

// Companies are the companies of the data folder.
func (f *Core) Companies(context.Context) ([]core.CompanyEntry, error) {
	return f.Entries, f.fails("Companies")
}

// UseCompany opens another company: the fake has the same data for each.
func (f *Core) UseCompany(_ context.Context, id string) error {
	if err := f.did("UseCompany", id); err != nil {
		return err
	}
	for i := range f.Entries {
		e := &f.Entries[i]
		if e.Current = e.ID == id; e.Current {
			f.State.CompanyID, f.State.CompanyName, f.State.Account.Name = e.ID, e.Name, e.Name
		}
	}
	return nil
}

// OtherLocations are all but the one of the request.
func (f *Core) OtherLocations(r core.ConnectRequest) []core.Choice {
	return slices.DeleteFunc(f.Locations(), func(c core.Choice) bool { return c.Code == r.Location })
}

// TryLocation answers as Places says.
func (f *Core) TryLocation(_ context.Context, _ core.ConnectRequest, code string) (core.LocationAnswer, error) {
	f.Tried = append(f.Tried, code)
	for _, c := range f.Locations() {
		if c.Code == code {
			p := f.Places[code]
			return core.LocationAnswer{Location: c, Knows: p == nil, Problem: p}, f.fails("TryLocation")
		}
	}
	return core.LocationAnswer{}, &core.Problem{Code: "bad_location", Message: "There is no such location."}
}

// LearnLink recognises the addresses of Learnt.
func (f *Core) LearnLink(_ context.Context, kind, address string) (core.LinkLearnt, error) {
	if err := f.did("LearnLink", kind, address); err != nil {
		return core.LinkLearnt{}, err
	}
	l, ok := f.Learnt[address]
	if !ok && address != "" {
		return l, &core.Problem{Code: "not_recognised", Message: "No customer of yours was found in this address.", Hint: "Open the page of one customer in AccountsIQ and paste its address."}
	}
	for i := range f.Sets {
		if f.Sets[i].Key == "links."+kind {
			f.Sets[i].Value = l.Pattern
		}
	}
	return l, nil
}

// ErasePlan counts what there is.
func (f *Core) ErasePlan(context.Context) (core.Erasure, error) {
	return core.Erasure{CompanyID: f.State.CompanyID, CompanyName: f.State.Account.Name, Folder: "dunlin/CURLEW01",
		Customers: len(f.Custs), Invoices: len(f.Invs), Messages: len(f.Past), Files: 4, Secrets: []string{"user-key"}}, f.fails("ErasePlan")
}

// Erase takes the open company away.
func (f *Core) Erase(ctx context.Context) (core.Erasure, error) {
	e, _ := f.ErasePlan(ctx)
	if err := f.did("Erase"); err != nil {
		return e, err
	}
	f.State = core.Overview{Today: f.State.Today}
	f.Entries = slices.DeleteFunc(f.Entries, func(x core.CompanyEntry) bool { return x.Current })
	return e, nil
}
