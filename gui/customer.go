package gui

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// customerPage shows one customer.
type customerPage struct {
	w        *Window
	id       int64
	slot     *kit.Slot
	detail   core.CustomerDetail
	gen      int
	listGen  int
	tabs     *kit.Tabs
	tabBody  *kit.Slot
	invoices *invoiceTable
}

func newCustomerPage(w *Window, id int64) *customerPage {
	p := &customerPage{w: w, id: id, slot: kit.NewSlot(kit.Waiting(7)), tabBody: kit.NewSlot(kit.Waiting(3))}
	p.tabs = kit.NewTabs(func(int) { p.showTab() }, lang.L("Invoices"), lang.L("History"), lang.L("Recipients"))
	p.invoices = newInvoiceTable(w, id, p.failed)
	p.invoices.table.OnSort = func(string, bool) { p.loadInvoices() }
	return p
}

func (p *customerPage) object() fyne.CanvasObject { return p.slot.Object() }
func (p *customerPage) search() bool              { return false }

func (p *customerPage) failed(err error) { p.slot.Show(kit.Failed(trouble(err), p.w.copy, p.reload)) }

func (p *customerPage) reload() {
	fetch := func(ctx context.Context) (core.CustomerDetail, error) { return p.w.deps.Core.Customer(ctx, p.id) }
	ui.Load(p.w.run, &p.gen, fetch, func(d core.CustomerDetail, err error) {
		if err != nil {
			p.failed(err)
			return
		}
		p.detail = d
		p.build()
	})
	p.loadInvoices()
}

func (p *customerPage) loadInvoices() {
	q := core.InvoiceQuery{Customer: p.id, Status: "all", Sort: p.invoices.sort(), Desc: p.invoices.desc()}
	fetch := func(ctx context.Context) (core.Listing, error) { return p.w.deps.Core.Invoices(ctx, q) }
	ui.Load(p.w.run, &p.listGen, fetch, func(l core.Listing, err error) {
		if err != nil {
			p.failed(err)
			return
		}
		p.invoices.set(l.IDs)
		if p.tabs.Current() == 0 {
			p.showTab()
		}
	})
}

func (p *customerPage) build() {
	d, w := p.detail, p.w
	name, tone := customerStatus(d.CustomerView, w.today())
	back := kit.NewIconButton(theme.IconBack, lang.L("Back"), w.frame.back)
	toggle := kit.NewButton(kit.Secondary, lang.L("Stop chasing"), func() { w.stopCustomer(d.CustomerView) })
	if !d.Chasing {
		toggle = kit.NewButton(kit.Primary, lang.L("Chase again"), func() { w.resumeCustomer(d.CustomerView) })
	}
	more := kit.NewIconButton(theme.IconMore, lang.L("More"), nil)
	more.OnTapped = func() {
		widget.ShowPopUpMenuAtRelativePosition(w.customerMenu(d.CustomerView), w.win.Canvas(), fyne.NewPos(0, more.Size().Height+2), more)
	}
	title := kit.Sized(0, 40, kit.HStack(theme.Space2, back, kit.Flex(kit.HStack(theme.Space3, kit.Upto(kit.Title(d.Name)), kit.NewPill(name, tone), kit.Muted(d.Code))),
		kit.NewButton(kit.Secondary, lang.L("Add note"), func() { w.addNote(d.CustomerView) }).WithIcon(theme.IconNote), toggle, more))
	left := kit.NewCardPad(0, kit.VStack(0, kit.Pad(theme.Space2, theme.Space5, 0, theme.Space5, p.tabs), kit.Line(), kit.Flex(p.tabBody.Object())))
	parts := []fyne.CanvasObject{p.figures()}
	if box := p.differences(); box != nil {
		parts = []fyne.CanvasObject{box, p.figures()}
	}
	body := kit.VStack(theme.Space4, append(parts, kit.Flex(kit.Columns(theme.Space4, []float32{7, 3}, left, p.details())))...)
	p.slot.Show(fixedPage(title, body))
	p.showTab()
}

func (p *customerPage) figures() fyne.CanvasObject {
	d, f := p.detail, p.w.format
	limit := "–"
	if d.CreditLimit != "" {
		limit = wholeAmount(f.amount(core.Amount{Currency: d.Currency, Amount: d.CreditLimit}))
	}
	age := lang.L("Nothing open")
	if d.OldestAgeDays != nil {
		age = lang.L("not due")
		if *d.OldestAgeDays > 0 {
			age = f.days(*d.OldestAgeDays)
		}
	}
	return kit.Columns(theme.Space3, nil,
		valueCard(lang.L("Outstanding"), orDash(f.amounts(d.Outstanding)), theme.Text),
		valueCard(lang.L("Overdue"), orDash(f.amounts(d.Overdue)), inkIf(len(d.Overdue) > 0, theme.Red, theme.Text)),
		valueCard(lang.L("Credit"), orDash(f.amounts(d.Credit)), theme.Text),
		valueCard(lang.L("Credit limit"), limit, theme.Text),
		valueCard(lang.L("Oldest"), age, theme.Text))
}

// differences says by how much AccountsIQ's balance of a customer differs from what is here; nil when it does not.
func (p *customerPage) differences() fyne.CanvasObject {
	d, f, now := p.detail, p.w.format, p.w.deps.Now()
	if len(d.Differences) == 0 {
		return nil
	}
	words := []fyne.CanvasObject{kit.NewText(lang.L("The balance differs from AccountsIQ")).Bold().Color(theme.Red)}
	for _, x := range d.Differences {
		words = append(words, kit.NewParagraph(lang.L("AccountsIQ says {{.Reported}}, the open items here add up to {{.Ours}} ({{.When}}).", map[string]any{
			"Reported": f.minor(x.Reported.Minor, x.Reported.Currency), "Ours": f.minor(x.Ours.Minor, x.Ours.Currency), "When": f.compared(x.At, now)})).Color(theme.Text))
	}
	words = append(words, kit.NewParagraph(lang.L("Reminders to this customer wait until the two agree. Press Sync now to compare again; if it stays, check in AccountsIQ that the connection's user may see all of this customer's items.")).Color(theme.Text))
	return kit.NewNotice(theme.RedSoft, &fyne.Container{Layout: sideBySide{20, theme.Space3}, Objects: []fyne.CanvasObject{
		kit.VStack(0, kit.Icon(theme.IconWarning, theme.Red, 20)), kit.VStack(theme.Space1, words...)}})
}

func valueCard(name, value string, ink fyne.ThemeColorName) fyne.CanvasObject {
	return kit.NewCardPad(theme.Space3, kit.VStack(2, kit.Small(name), kit.NewText(value).Scale(16).Bold().Color(ink).Shrink(10)))
}

// details is how to reach the customer: everything that AccountsIQ knows.
func (p *customerPage) details() fyne.CanvasObject {
	d, w := p.detail, p.w
	rows := []fyne.CanvasObject{kit.CardTitle(lang.L("Contact"))}
	add := func(icon fyne.Resource, lines ...string) {
		for _, line := range lines {
			if line != "" {
				rows = append(rows, kit.HStack(theme.Space3, kit.Icon(icon, theme.Muted, 16), kit.Flex(kit.NewParagraph(line).Color(theme.Text))))
			}
		}
	}
	add(theme.IconUser, d.Contact)
	for _, e := range d.Emails {
		rows = append(rows, kit.HStack(theme.Space3, kit.Icon(theme.IconMail, theme.Muted, 16), kit.Flex(kit.NewText(e.Email).Shrink(theme.SizeCaption))))
	}
	if len(d.Emails) == 0 {
		rows = append(rows, kit.NewNotice(theme.RedSoft, kit.NewParagraph(lang.L("No e-mail address: add one in AccountsIQ, then sync.")).Color(theme.Red)))
	}
	add(theme.IconPhone, d.Phones...)
	for _, a := range d.Addresses {
		add(theme.IconPin, strings.ReplaceAll(a, "\n", ", "))
	}
	rows = append(rows, kit.Leading(kit.NewButton(kit.Secondary, lang.L("Edit in AccountsIQ"), func() { w.editCustomer(d.AccountID) }).WithIcon(theme.IconExternal).Compact()),
		kit.Line(), kit.CardTitle(lang.L("Chasing")), labelled(lang.L("Schedule"), scheduleName(d.Schedule)))
	if d.Next != nil {
		rows = append(rows, labelled(lang.L("Next"), inWords(nextCell(w.format, d.Next, w.today()))))
	}
	if d.Last != nil {
		rows = append(rows, labelled(lang.L("Last"), inWords(lastCell(w.format, d.Last, w.today()))))
	}
	if !d.HoldUntil.IsZero() {
		rows = append(rows, labelled(lang.L("On hold until"), w.format.date(d.HoldUntil)))
	}
	if d.Note != "" {
		rows = append(rows, kit.NewNotice(theme.AmberSoft, kit.NewParagraph(d.Note).Color(theme.Text)))
	}
	return kit.NewCardPad(0, kit.Scrolled(kit.PadAll(theme.Space5, kit.VStack(theme.Space3, rows...))))
}

// inWords writes a cell of two lines as one.
func inWords(c kit.Cell) string {
	if c.Sub == "" {
		return c.Text
	}
	return c.Text + " · " + c.Sub
}

func labelled(name, value string) fyne.CanvasObject {
	return kit.HStack(theme.Space2, kit.Muted(name), kit.Flex(kit.NewText(value).Align(fyne.TextAlignTrailing).Cut()))
}

func (p *customerPage) showTab() {
	switch p.tabs.Current() {
	case 1:
		p.tabBody.Show(p.history())
	case 2:
		p.tabBody.Show(p.recipients())
	default:
		if p.invoices.pager.Len() == 0 {
			p.tabBody.Show(kit.Empty(theme.IconReceivables, lang.L("No invoices"), lang.L("This customer's invoices appear here after a sync.")))
			return
		}
		p.tabBody.Show(p.invoices.table)
	}
}

type pastThing struct {
	at     time.Time
	moment kit.Moment
}

// happened merges messages and events of the past, newest first.
func (w *Window) happened(messages []core.MessageView, events []core.EventView) []kit.Moment {
	var all []pastThing
	for _, m := range messages {
		at := m.PlannedFor
		if m.AcceptedAt != nil {
			at = *m.AcceptedAt
		}
		name, tone := messageState(m, true)
		detail := m.Subject
		if m.Error != "" {
			detail += "\n" + m.Error
		} else if m.Reason != "" {
			detail += "\n" + m.Reason
		}
		all = append(all, pastThing{at, kit.Moment{Tone: tone, Title: w.format.messageStep(m) + " · " + name, Detail: detail, When: w.format.past(at, w.deps.Now())}})
	}
	for _, e := range events {
		_, tone := eventIcon(e.Kind)
		all = append(all, pastThing{e.At, kit.Moment{Tone: tone, Title: e.Text, When: w.format.past(e.At, w.deps.Now())}})
	}
	slices.SortStableFunc(all, func(a, b pastThing) int { return b.at.Compare(a.at) })
	moments := make([]kit.Moment, len(all))
	for i, t := range all {
		moments[i] = t.moment
	}
	return moments
}

func (p *customerPage) history() fyne.CanvasObject {
	moments := p.w.happened(p.detail.Messages, p.detail.Events)
	if len(moments) == 0 {
		return kit.Empty(theme.IconClock, lang.L("Nothing happened yet"), lang.L("Reminders, replies and notes are listed here."))
	}
	return kit.Scrolled(kit.PadAll(theme.Space5, kit.Timeline(moments)))
}

// recipients is the grid of addresses with their ticks.
func (p *customerPage) recipients() fyne.CanvasObject {
	if len(p.detail.Emails) == 0 {
		return kit.Empty(theme.IconMail, lang.L("No e-mail address"), lang.L("Add one to the customer in AccountsIQ, then sync."),
			kit.NewButton(kit.Primary, lang.L("Edit in AccountsIQ"), func() { p.w.editCustomer(p.id) }))
	}
	weights := []float32{5, 1.2, 1.4, 1}
	rows := []fyne.CanvasObject{
		kit.NewParagraph(lang.L("Normal gets the usual reminders, Escalated the steps that are marked escalated, CC a copy of everything.")),
		kit.Columns(theme.Space2, weights, bold(lang.L("Address")), bold(lang.L("Normal")), bold(lang.L("Escalated")), bold(lang.L("CC"))), kit.Line()}
	for _, e := range p.detail.Emails {
		tick := func(on bool, set func(*core.EmailView, bool)) fyne.CanvasObject {
			c := kit.NewCheck("", nil)
			c.Checked = on
			c.OnChanged = func(on bool) {
				i := slices.IndexFunc(p.detail.Emails, func(x core.EmailView) bool { return x.Email == e.Email && x.Source == e.Source })
				if i < 0 {
					return
				}
				set(&p.detail.Emails[i], on)
				now := p.detail.Emails[i]
				p.w.act(lang.L("Saved"), func(ctx context.Context) error { return p.w.deps.Core.SetRecipient(ctx, p.id, now) })
			}
			return kit.Pad(0, 0, 0, -8, c)
		}
		source := e.Source
		if source == "account" {
			source = lang.L("Account address")
		}
		who := []fyne.CanvasObject{kit.NewText(e.Email).Bold().Cut()}
		if e.Bounced {
			who = []fyne.CanvasObject{kit.HStack(theme.Space2, kit.NewText(e.Email).Bold(), kit.NewPill(lang.L("Bounced"), kit.Bad))}
		}
		who = append(who, kit.Small(source))
		rows = append(rows, kit.Columns(theme.Space2, weights, kit.VStack(0, who...),
			tick(e.Normal, func(v *core.EmailView, on bool) { v.Normal = on }),
			tick(e.Escalated, func(v *core.EmailView, on bool) { v.Escalated = on }),
			tick(e.CC, func(v *core.EmailView, on bool) { v.CC = on })), kit.Line())
	}
	return kit.Scrolled(kit.PadAll(theme.Space5, kit.VStack(theme.Space3, rows...)))
}

func bold(s string) fyne.CanvasObject {
	return kit.NewText(s).Scale(theme.SizeSmall).Bold().Color(theme.Muted)
}
