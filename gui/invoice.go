package gui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// invoicePage shows one invoice.
type invoicePage struct {
	w      *Window
	id     int64
	slot   *kit.Slot
	detail core.InvoiceDetail
	pdf    *kit.Button // nil while there is none
	gen    int
}

func newInvoicePage(w *Window, id int64) *invoicePage {
	return &invoicePage{w: w, id: id, slot: kit.NewSlot(kit.Waiting(7))}
}

func (p *invoicePage) object() fyne.CanvasObject { return p.slot.Object() }
func (p *invoicePage) search() bool              { return false }

func (p *invoicePage) reload() {
	fetch := func(ctx context.Context) (core.InvoiceDetail, error) { return p.w.deps.Core.Invoice(ctx, p.id) }
	ui.Load(p.w.run, &p.gen, fetch, func(d core.InvoiceDetail, err error) {
		if err != nil {
			p.slot.Show(kit.Failed(trouble(err), p.w.copy, p.reload))
			return
		}
		p.detail = d
		p.build()
	})
}

func (p *invoicePage) build() {
	d, w := p.detail, p.w
	name, tone := invoiceStatus(d.InvoiceView)
	row := []fyne.CanvasObject{kit.NewIconButton(theme.IconBack, lang.L("Back"), w.frame.back),
		kit.Flex(kit.HStack(theme.Space2, kit.Upto(kit.Title(lang.L("Invoice {{.Number}}", map[string]any{"Number": d.Number}))), kit.NewPill(name, tone)))}
	if d.Status != core.StatusPaid {
		row = append(row, kit.NewButton(kit.Secondary, lang.L("Expected date"), func() { w.askExpected(d.InvoiceView) }))
		if d.Disputed {
			row = append(row, kit.NewButton(kit.Secondary, lang.L("End the dispute"), func() { w.setDisputed(d.InvoiceView, false) }))
		} else {
			row = append(row, kit.NewButton(kit.Secondary, lang.L("Dispute"), func() { w.setDisputed(d.InvoiceView, true) }))
		}
		if d.Stopped {
			row = append(row, kit.NewButton(kit.Primary, lang.L("Chase again"), func() { w.resumeInvoice(d.InvoiceView) }))
		} else {
			row = append(row, kit.NewButton(kit.Secondary, lang.L("Stop chasing"), func() { w.stopInvoice(d.InvoiceView) }))
		}
	}
	view := kit.NewButton(kit.Secondary, "", func() { w.viewInvoice(d.TransactionID) }).WithIcon(theme.IconExternal)
	view.Name = lang.L("View in AccountsIQ")
	row = append(row, view)
	title := kit.Sized(0, 40, kit.HStack(theme.Space2, row...))
	customer := kit.NewButton(kit.Quiet, d.CustomerName, func() { w.frame.go_(route{place: placeCustomer, id: d.AccountID}) }).Compact().WithIcon(theme.IconUser)
	about := []fyne.CanvasObject{kit.Pad(0, 0, 0, -10, customer), kit.Muted(d.CustomerCode), kit.Flex(kit.Small(d.Reference))}
	p.pdf = nil
	if hasPDF(d.InvoiceView) {
		p.pdf = kit.NewButton(kit.Secondary, "", func() { w.savePDF(d.InvoiceView) }).Compact().WithIcon(theme.IconDownload)
		p.showPDF()
		about = append(about, p.pdf)
	}
	parts := []fyne.CanvasObject{kit.HStack(theme.Space2, about...), p.sentence()}
	if d.Missing {
		parts = append(parts, missingNotice())
	}
	parts = append(parts, p.figures(), kit.Columns(theme.Space4, []float32{3, 2}, p.timeline(), p.payments()))
	p.slot.Show(page(title, kit.VStack(theme.Space4, parts...)))
}

// sentence is what will happen with the invoice and why, the most important thing on the page (R8.1).
func (p *invoicePage) sentence() fyne.CanvasObject {
	d := p.detail
	if d.Sentence == "" {
		return kit.Sized(0, 1, kit.Spacer())
	}
	icon, ink, ground := theme.IconOutbox, theme.BrandText, theme.BrandSoft
	switch {
	case d.Status == core.StatusPaid:
		icon, ink, ground = theme.IconCheck, theme.Green, theme.GreenSoft
	case d.Held != nil:
		icon = theme.IconPause
		ink, ground = reasonTone(d.Held.Reason).Colors()
	}
	return kit.NewNotice(ground, kit.HStack(theme.Space3, kit.Icon(icon, ink, 22), kit.Flex(kit.NewParagraph(d.Sentence).Scale(15).Bold().Color(ink))))
}

// showPDF brings the button for the copy up to date.
func (p *invoicePage) showPDF() {
	if p.pdf == nil {
		return
	}
	fetching := p.w.fetching[p.id]
	p.pdf.SetEnabled(!fetching)
	p.pdf.SetText(lang.L("PDF"))
	if fetching {
		p.pdf.SetText(lang.L("Fetching…"))
	}
	p.slot.Object().Refresh()
}

// missingNotice says that AccountsIQ did not answer with the invoice the last time.
func missingNotice() fyne.CanvasObject {
	return kit.NewNotice(theme.AmberSoft, kit.HStack(theme.Space3, kit.Icon(theme.IconWarning, theme.Amber, 22),
		kit.Flex(kit.NewParagraph(lang.L("AccountsIQ did not answer with this invoice at the last sync. It is not chased; if it is missing at the next sync too, it counts as deleted.")).Color(theme.Text))))
}

func (p *invoicePage) figures() fyne.CanvasObject {
	d, f := p.detail, p.w.format
	age := "–"
	ink := theme.Text
	if d.AgeDays != nil && d.Status != core.StatusPaid {
		age = lang.L("not due")
		if *d.AgeDays > 0 {
			age = f.days(*d.AgeDays)
			ink = inkIf(*d.AgeDays > 30, theme.Red, theme.Amber)
		}
	}
	return kit.Columns(theme.Space3, nil,
		valueCard(lang.L("Outstanding"), f.amount(core.Amount{Currency: d.Currency, Amount: d.Outstanding}), theme.Text),
		valueCard(lang.L("Amount"), f.amount(core.Amount{Currency: d.Currency, Amount: d.Amount}), theme.Text),
		valueCard(lang.L("Issued"), f.date(d.Issued), theme.Text),
		valueCard(lang.L("Due"), orDash(f.date(d.Due)), theme.Text),
		valueCard(lang.L("Days overdue"), age, ink),
		valueCard(lang.L("Expected"), orDash(f.date(d.Expected)), theme.Text))
}

// timeline is what comes, today, and what was sent.
func (p *invoicePage) timeline() fyne.CanvasObject {
	d, w := p.detail, p.w
	var moments []kit.Moment
	if d.Next != nil && d.Status != core.StatusPaid {
		moments = append(moments, kit.Moment{Tone: kit.Brand, Hollow: true, Title: lang.L("Step {{.N}}", map[string]any{"N": d.Next.Step}) + " · " + w.format.step(d.Next.Offset),
			Detail: lang.L("Goes then if nothing changes"), When: w.format.date(d.Next.Date)})
	}
	moments = append(moments, w.happened(d.Messages, d.Events)...)
	moments = append(moments, kit.Moment{Tone: kit.Neutral, Title: lang.L("Issued"), When: w.format.date(d.Issued)})
	schedule := kit.Small(lang.L("Schedule: {{.Name}}", map[string]any{"Name": scheduleName(d.Schedule)}))
	return kit.NewCard(kit.VStack(theme.Space4, kit.CardTitle(lang.L("Timeline"), schedule), kit.Timeline(moments)))
}

func (p *invoicePage) payments() fyne.CanvasObject {
	d, f := p.detail, p.w.format
	rows := []fyne.CanvasObject{kit.CardTitle(lang.L("Payments and credits"))}
	for _, pay := range d.Payments {
		rows = append(rows, kit.HStack(theme.Space2, kit.Flex(kit.VStack(0, kit.NewText(payName(pay)).Bold().Cut(), kit.Small(f.date(pay.Date)))), kit.NewText(f.amount(pay.Amount))), kit.Line())
	}
	if len(d.Payments) == 0 {
		rows = append(rows, kit.NewParagraph(lang.L("Nothing was paid or credited against this invoice so far.")))
	}
	rows = append(rows, kit.HStack(theme.Space2, kit.Flex(kit.NewText(lang.L("Outstanding")).Bold()), kit.NewText(f.amount(core.Amount{Currency: d.Currency, Amount: d.Outstanding})).Bold()))
	return kit.NewCard(kit.VStack(theme.Space3, rows...))
}

func payName(p core.PaymentView) string {
	kind := ""
	switch ledger.TxType(p.Type) {
	case ledger.SalesReceipt:
		kind = lang.L("Payment")
	case ledger.SalesCreditNote, ledger.SalesCreditJournal:
		kind = lang.L("Credit")
	case ledger.SalesDiscount:
		kind = lang.L("Discount")
	default:
		kind = p.Type
	}
	return kind + " " + p.Number
}
