package gui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// home is the first screen: what comes, what went, what is owed.
type home struct {
	w     *Window
	slot  *kit.Slot // the whole screen
	body  *kit.Slot // what scrolls
	page  fyne.CanvasObject
	day   *kit.Text
	money string // the currency of the chart; "" means the first
	chart *kit.BarChart
}

func newHome(w *Window) *home {
	h := &home{w: w, slot: kit.NewSlot(kit.Waiting(6)), body: kit.NewSlot(kit.Waiting(6))}
	h.day = kit.Small("")
	h.page = page(head(lang.L("Home"), h.day), h.body.Object())
	return h
}

func (h *home) object() fyne.CanvasObject { return h.slot.Object() }
func (h *home) search() bool              { return false }
func (h *home) reload()                   { h.w.reload() }

// show builds the screen from the overview that the window holds.
func (h *home) show() {
	if !h.w.loaded {
		return
	}
	o := h.w.over
	h.day.Set(h.w.format.date(h.w.today()))
	if o.LastGoodSync.IsZero() && o.OpenInvoices == 0 {
		h.slot.Show(kit.Empty(theme.IconSync, lang.L("No data yet"), lang.L("Bring your customers and invoices over from AccountsIQ first."),
			kit.NewButton(kit.Primary, lang.L("Sync now"), h.w.syncNow)))
		return
	}
	var rows []fyne.CanvasObject
	if !o.MissedSlot.IsZero() {
		rows = append(rows, h.missed())
	}
	if o.Mismatches > 0 {
		rows = append(rows, h.mismatches())
	}
	rows = append(rows,
		h.figures(),
		kit.Columns(theme.Space4, []float32{3, 2}, h.next(), h.last()),
		kit.Columns(theme.Space4, []float32{3, 2}, h.ageing(), h.events()))
	h.body.Show(kit.VStack(theme.Space4, rows...))
	h.slot.Show(h.page)
}

func (h *home) missed() fyne.CanvasObject {
	w := h.w
	when := w.format.moment(w.over.MissedSlot, w.deps.Now())
	return kit.NewNotice(theme.AmberSoft, kit.HStack(theme.Space3, kit.Icon(theme.IconClock, theme.Amber, 22),
		kit.Flex(kit.VStack(2, kit.NewText(lang.L("The chase of {{.When}} was missed", map[string]any{"When": when})).Bold().Color(theme.Amber).Cut(),
			kit.NewText(lang.L("Dunlin was not running. Nothing goes late without your word.")).Scale(theme.SizeSmall).Cut())),
		kit.NewButton(kit.Secondary, lang.L("At the next chase"), func() { w.act(lang.L("They go at the next chase"), w.deps.Core.DismissMissedSlot) }).Compact(),
		kit.NewButton(kit.Primary, lang.L("Send now"), func() { w.askRun() }).Compact()))
}

// mismatches leads to the invoices that wait because a balance differs.
func (h *home) mismatches() fyne.CanvasObject {
	w := h.w
	return kit.NewNotice(theme.RedSoft, kit.HStack(theme.Space3, kit.Icon(theme.IconWarning, theme.Red, 22),
		kit.Flex(kit.VStack(2, kit.NewText(lang.N("The balance of {{.Count}} customers differs from AccountsIQ", w.over.Mismatches, map[string]any{"Count": w.format.number(w.over.Mismatches)})).Bold().Color(theme.Red).Cut(),
			kit.NewText(lang.L("Reminders to them wait until the figures agree. Press Sync now to compare again.")).Scale(theme.SizeSmall).Cut())),
		kit.NewButton(kit.Secondary, lang.L("See the invoices"), func() {
			w.frame.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices, reason: string(chase.ReasonMismatch)}})
		}).Compact()))
}

// askRun asks before a run outside the usual time.
func (w *Window) askRun() {
	w.dialogs.Show(&kit.Dialog{Title: lang.L("Run the chase now?"), Message: lang.L("Dunlin syncs with AccountsIQ first and then sends what is due at this moment."),
		Confirm: lang.L("Run now"), OnConfirm: func() {
			w.asked = true
			w.deps.Core.RequestRun()
			w.snack.Say(lang.L("The chase begins with a sync"))
		}})
}

// ageingNow is the ageing of the chosen currency.
func (h *home) ageingNow() (ledger.Ageing, bool) {
	list := h.w.over.Ageing
	for _, a := range list {
		if a.Currency == h.money {
			return a, true
		}
	}
	if len(list) == 0 {
		return ledger.Ageing{Currency: h.w.over.Account.Currency}, false
	}
	for _, a := range list {
		if a.Currency == h.w.over.Account.Currency {
			return a, true
		}
	}
	return list[0], true
}

func (h *home) figures() fyne.CanvasObject {
	f, o := h.w.format, h.w.over
	var owed, overdue []core.Amount
	for _, a := range o.Ageing {
		owed = append(owed, core.Amount{Currency: a.Currency, Amount: ledger.Money{Minor: a.Total, Currency: a.Currency}.String()})
		overdue = append(overdue, core.Amount{Currency: a.Currency, Amount: ledger.Money{Minor: a.Total - a.Cells[ledger.Current], Currency: a.Currency}.String()})
	}
	return kit.Columns(theme.Space4, nil,
		h.figure(lang.L("Outstanding"), owed, theme.Text, receivablesAt{tab: tabInvoices}),
		h.figure(lang.L("Overdue"), overdue, theme.Red, receivablesAt{tab: tabCustomers, sort: "overdue", desc: true}),
		h.stat(lang.L("Open invoices"), f.number(o.OpenInvoices), "", theme.Text, receivablesAt{tab: tabInvoices}),
		h.stat(lang.L("Customers who owe"), f.number(o.CustomersNow), "", theme.Text, receivablesAt{tab: tabCustomers}))
}

func (h *home) figure(name string, sums []core.Amount, ink fyne.ThemeColorName, at receivablesAt) fyne.CanvasObject {
	first, rest := h.w.format.firstAndRest(sums)
	if first == "" {
		first = "–"
	}
	return h.stat(name, first, rest, ink, at)
}

func (h *home) stat(name, value, more string, ink fyne.ThemeColorName, at receivablesAt) fyne.CanvasObject {
	parts := []fyne.CanvasObject{kit.Small(name), kit.NewText(value).Scale(22).Bold().Color(ink).Shrink(theme.SizeBody), kit.NewParagraph(more).Scale(theme.SizeCaption)}
	return kit.NewTapCard(theme.Space4, kit.VStack(2, parts...), func() { h.w.frame.go_(route{place: placeReceivables, show: &at}) })
}

func (h *home) next() fyne.CanvasObject {
	w, o := h.w, h.w.over
	title := kit.CardTitle(lang.L("Next chase"))
	toOutbox := func() { w.frame.go_(route{place: placeOutbox}) }
	held := kit.NewButton(kit.Quiet, lang.L("Who is held back"), func() {
		w.frame.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices, status: core.StatusNotChasing}})
	})
	switch {
	case !o.Started:
		return kit.NewCard(kit.VStack(theme.Space2, title, kit.NewText(lang.L("Not started")).Scale(20).Bold(),
			kit.NewParagraph(lang.L("Nothing goes before you press Start chasing.")), kit.Sized(0, theme.Space2, kit.Spacer()),
			kit.HStack(theme.Space2, kit.NewButton(kit.Primary, lang.L("Review and start"), func() { w.openSetup(stepWho) }))))
	case o.Paused:
		return kit.NewCard(kit.VStack(theme.Space2, title, kit.NewText(lang.L("Paused")).Scale(20).Bold().Color(theme.Amber),
			kit.NewParagraph(lang.L("No reminder goes while chasing is paused.")), kit.Sized(0, theme.Space2, kit.Spacer()),
			kit.HStack(theme.Space2, kit.NewButton(kit.Primary, lang.L("Resume"), w.resume), held)))
	case o.NextSlot.IsZero():
		return kit.NewCard(kit.VStack(theme.Space2, title, kit.NewText(lang.L("No day chosen")).Scale(20).Bold(),
			kit.NewParagraph(lang.L("Choose the weekdays on which reminders go.")), kit.Sized(0, theme.Space2, kit.Spacer()),
			kit.HStack(theme.Space2, kit.NewButton(kit.Primary, lang.L("Choose days"), func() { w.frame.go_(route{place: placeSettings, tab: tabChasing}) }))))
	}
	pills := []fyne.CanvasObject{}
	if o.Waiting > 0 {
		pills = append(pills, kit.NewPill(lang.L("{{.N}} need your approval", map[string]any{"N": w.format.number(o.Waiting)}), kit.Soon))
	} else if o.NextMessages > 0 {
		pills = append(pills, kit.NewPill(lang.L("Ready"), kit.Good))
	}
	sub := lang.L("Nothing is due then.")
	if o.NextMessages > 0 {
		sub = w.format.messages(o.NextMessages)
		if sums := w.format.amounts(o.NextTotals); sums != "" {
			sub = lang.L("{{.Messages}} about {{.Sums}}", map[string]any{"Messages": sub, "Sums": sums})
		}
	}
	return kit.NewCard(kit.VStack(theme.Space2, kit.CardTitle(lang.L("Next chase"), pills...),
		kit.NewText(w.format.moment(o.NextSlot, w.deps.Now())).Scale(24).Bold().Cut(),
		kit.NewParagraph(sub), kit.Sized(0, theme.Space1, kit.Spacer()),
		kit.HStack(theme.Space2, kit.NewButton(kit.Primary, lang.L("See the messages"), toOutbox), held)))
}

func (h *home) last() fyne.CanvasObject {
	w, r := h.w, h.w.over.LastRun
	if r == nil {
		return kit.NewCard(kit.VStack(theme.Space2, kit.CardTitle(lang.L("Last chase")), kit.Sized(0, 4, kit.Spacer()),
			kit.NewParagraph(lang.L("There was none yet. After the first one you see here what was sent and what was refused."))))
	}
	name, tone := runState(r.State)
	parts := []fyne.CanvasObject{kit.CardTitle(lang.L("Last chase"), kit.NewPill(name, tone)),
		kit.Muted(w.format.past(r.At, w.deps.Now())).Cut(), kit.Sized(0, 2, kit.Spacer())}
	if r.Reason != "" && r.State != "done" {
		parts = append(parts, kit.NewParagraph(r.Reason))
	}
	refused := theme.Text
	if r.Refused > 0 {
		refused = theme.Red
	}
	figures := []fyne.CanvasObject{small3(lang.L("Sent"), w.format.number(r.Sent), theme.Text),
		small3(lang.L("Refused"), w.format.number(r.Refused), refused), small3(lang.L("Left"), w.format.number(r.Left), theme.Text)}
	if r.Uncertain > 0 {
		figures = append(figures, small3(lang.L("Uncertain"), w.format.number(r.Uncertain), theme.Amber))
	}
	parts = append(parts, kit.Columns(theme.Space2, nil, figures...))
	return kit.NewCard(kit.VStack(theme.Space2, parts...))
}

func small3(name, value string, ink fyne.ThemeColorName) fyne.CanvasObject {
	return kit.VStack(0, kit.NewText(value).Scale(22).Bold().Color(ink), kit.Small(name))
}

func runState(state string) (string, kit.Tone) {
	switch state {
	case "done":
		return lang.L("Done"), kit.Good
	case "held":
		return lang.L("Held"), kit.Soon
	case "waiting":
		return lang.L("Needs approval"), kit.Soon
	case "failed":
		return lang.L("Failed"), kit.Bad
	}
	return state, kit.Neutral
}

func (h *home) ageing() fyne.CanvasObject {
	a, ok := h.ageingNow()
	if !ok || a.Total == 0 {
		return kit.NewCard(kit.VStack(theme.Space2, kit.CardTitle(lang.L("Outstanding by age")),
			kit.Empty(theme.IconCheck, lang.L("Nothing is outstanding"), lang.L("All your customers have paid."))))
	}
	h.chart = kit.NewBarChart(func(i int) {
		h.w.frame.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices, bucket: ledger.Bucket(i).String(), currency: a.Currency}})
	})
	h.chart.SetBars(ageingBars(h.w.format, a))
	var currencies []fyne.CanvasObject
	if len(h.w.over.Ageing) > 1 {
		for _, other := range h.w.over.Ageing {
			kind := kit.Quiet
			if other.Currency == a.Currency {
				kind = kit.Secondary
			}
			currencies = append(currencies, kit.NewButton(kind, other.Currency, func() {
				h.money = other.Currency
				h.show()
			}).Compact())
		}
	}
	parts := []fyne.CanvasObject{kit.CardTitle(lang.L("Outstanding by age"), currencies...), kit.Flex(h.chart)}
	if total := h.w.over.InBase; total != nil {
		parts = append(parts, kit.Small(h.w.format.inAll(*total, h.w.over.InBaseWithout)).Cut())
	}
	return kit.NewCard(kit.VStack(theme.Space2, parts...))
}

// ageingBars turns an ageing into bars.
func ageingBars(f format, a ledger.Ageing) []kit.Bar {
	bars := make([]kit.Bar, ledger.Buckets)
	for b := range bars {
		cell := a.Cells[b]
		share := ""
		if a.Total > 0 && cell > 0 {
			share = lang.L("{{.Percent}} % of all", map[string]any{"Percent": (cell*100 + a.Total/2) / a.Total})
		}
		bars[b] = kit.Bar{Label: bucketName(ledger.Bucket(b)), Value: cell, Text: wholeAmount(f.minor(cell, a.Currency)), Hint: share, Color: theme.Bucket(b)}
	}
	return bars
}

// wholeAmount leaves out .00 where there is little room.
func wholeAmount(s string) string {
	if i := strings.LastIndex(s, ".00"); i > 0 && i == len(s)-3 {
		return s[:i]
	}
	return s
}

func (h *home) events() fyne.CanvasObject {
	w := h.w
	all := kit.NewButton(kit.Quiet, lang.L("All"), func() { w.frame.go_(route{place: placeActivity}) }).Compact()
	rows := []fyne.CanvasObject{kit.CardTitle(lang.L("Recent events"), all)}
	for i, e := range w.over.RecentEvents {
		if i == 5 {
			break
		}
		icon, tone := eventIcon(e.Kind)
		ink, ground := tone.Colors()
		row := kit.HStack(theme.Space3, kit.Disc(icon, ink, ground, 30),
			kit.Flex(kit.VStack(0, kit.NewText(e.Text).Cut(), kit.NewText(w.format.past(e.At, w.deps.Now())).Scale(theme.SizeCaption).Color(theme.Muted))))
		rows = append(rows, kit.NewTapArea(row, func() { w.openEvent(e) }))
	}
	if len(w.over.RecentEvents) == 0 {
		rows = append(rows, kit.NewParagraph(lang.L("What Dunlin does is listed here.")))
	}
	return kit.NewCard(kit.VStack(theme.Space3, rows...))
}
