package gui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/core/chase"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// outbox shows what the next run sends and what was sent, with the exact text.
type outbox struct {
	w       *Window
	obj     fyne.CanvasObject
	tabs    *kit.Tabs
	slot    *kit.Slot
	list    *kit.RowList
	preview *kit.Slot
	split   fyne.CanvasObject
	line    *kit.Text
	approve *kit.Button
	runNow  *kit.Button
	gen     int
	msgGen  int
	rows    []core.MessageView
	picked  string // the id of the shown message
}

func newOutbox(w *Window) *outbox {
	o := &outbox{w: w, slot: kit.NewSlot(kit.Waiting(6)), line: kit.Muted("").Cut()}
	o.tabs = kit.NewTabs(func(int) { o.picked, o.rows = "", nil; o.reload() }, lang.L("Next run"), lang.L("Sent"))
	o.approve = kit.NewButton(kit.Primary, "", o.approveAll).WithIcon(theme.IconCheck)
	o.approve.Hide()
	o.runNow = kit.NewButton(kit.Secondary, lang.L("Run now"), w.askRun).WithIcon(theme.IconPlay)
	o.list = kit.NewRowList(func() int { return len(o.rows) }, func() fyne.CanvasObject { return newMessageRow() }, o.fill)
	o.list.OnPick = func(i int) {
		if i < len(o.rows) {
			o.picked = o.rows[i].ID
			o.showMessage(o.rows[i])
		}
	}
	o.preview = kit.NewSlot(kit.Fill(theme.Surface))
	o.split = kit.Columns(theme.Space4, []float32{2, 3}, kit.NewCardPad(1, o.list.Object()), kit.NewCardPad(0, o.preview.Object()))
	o.obj = fixedPage(kit.VStack(theme.Space2, head(lang.L("Outbox"), o.runNow, o.approve), kit.HStack(theme.Space4, o.tabs, kit.Flex(o.line.Align(fyne.TextAlignTrailing)))), o.slot.Object())
	return o
}

func (o *outbox) object() fyne.CanvasObject { return o.obj }
func (o *outbox) search() bool              { return false }

func (o *outbox) next() bool { return o.tabs.Current() == 0 }

func (o *outbox) reload() {
	fetch := o.w.deps.Core.Upcoming
	if !o.next() {
		fetch = func(ctx context.Context) ([]core.MessageView, error) {
			all, err := o.w.deps.Core.Outbox(ctx)
			return sentOnly(all), err
		}
	}
	stop := o.w.run.After(300*time.Millisecond, func() {
		o.line.Set(lang.L("Loading…"))
		if len(o.rows) == 0 {
			o.slot.Show(kit.Waiting(6))
		}
	})
	ui.Load(o.w.run, &o.gen, fetch, func(rows []core.MessageView, err error) {
		stop()
		if err != nil {
			o.slot.Show(kit.Failed(trouble(err), o.w.copy, o.reload))
			return
		}
		o.rows = rows
		o.show()
	})
}

// sentOnly leaves out what is still to be decided: that is the next run.
func sentOnly(all []core.MessageView) []core.MessageView {
	var out []core.MessageView
	for _, m := range all {
		if s := chase.State(m.State); s != chase.Planned && s != chase.Approved {
			out = append(out, m)
		}
	}
	return out
}

// waiting lists the messages that need approval.
func (o *outbox) waiting() []string {
	var ids []string
	for _, m := range o.rows {
		if chase.State(m.State) == chase.Planned && m.ID != "" && o.w.over.Approval {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func (o *outbox) show() {
	w := o.w
	o.approve.Hide()
	o.line.Set("")
	if n := len(o.waiting()); o.next() && n > 0 {
		o.approve.SetText(lang.L("Approve all {{.N}}", map[string]any{"N": w.format.number(n)}))
		o.approve.Show()
	}
	if o.next() && !w.over.NextSlot.IsZero() && !w.over.Paused {
		o.line.Set(lang.L("Goes {{.When}}", map[string]any{"When": w.format.moment(w.over.NextSlot, w.deps.Now())}))
	}
	if len(o.rows) == 0 {
		o.slot.Show(o.empty())
		o.obj.Refresh()
		return
	}
	o.slot.Show(o.split)
	o.list.Refresh()
	at := 0
	for i, m := range o.rows {
		if m.ID == o.picked && m.ID != "" {
			at = i
		}
	}
	o.list.Forget()
	o.list.Pick(at)
	o.obj.Refresh()
}

func (o *outbox) empty() fyne.CanvasObject {
	if !o.next() {
		return kit.NewCard(kit.Empty(theme.IconOutbox, lang.L("Nothing was sent yet"), lang.L("Every message that goes is listed here with what became of it.")))
	}
	text := lang.L("No invoice reaches a step by the next chase.")
	if o.w.over.Paused {
		text = lang.L("Chasing is paused, so nothing is planned.")
	}
	return kit.NewCard(kit.Empty(theme.IconOutbox, lang.L("Nothing is due"), text,
		kit.NewButton(kit.Secondary, lang.L("Who is held back"), func() {
			o.w.frame.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices, status: core.StatusNotChasing}})
		})))
}

// messageRow is a message in the list.
type messageRow struct {
	who, step, sum, subject *kit.Text
	pill                    *kit.Pill
}

func newMessageRow() fyne.CanvasObject {
	r := &messageRow{who: kit.NewText("").Bold().Cut(), step: kit.Small("").Cut(), sum: kit.NewText("").Bold(), subject: kit.Small("").Cut(), pill: kit.NewPill("", kit.Neutral)}
	box := kit.VStack(2,
		kit.HStack(theme.Space2, kit.Flex(r.who), r.pill),
		kit.HStack(theme.Space2, kit.Flex(r.step), r.sum),
		r.subject)
	return &fyne.Container{Layout: rowLayout{r}, Objects: []fyne.CanvasObject{kit.Pad(theme.Space3, theme.Space4, theme.Space3, theme.Space4, box), kit.Line()}}
}

// rowLayout puts a line under a row, and carries the row to the function that fills it.
type rowLayout struct{ row *messageRow }

func (rowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	objects[1].Move(fyne.NewPos(0, size.Height-1))
	objects[1].Resize(fyne.NewSize(size.Width, 1))
}

func (rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (o *outbox) fill(i int, obj fyne.CanvasObject) {
	c := obj.(*fyne.Container)
	r := c.Layout.(rowLayout).row
	m := o.rows[i]
	r.who.Set(m.CustomerName)
	r.step.Set(stepOrKind(m) + " · " + o.w.format.invoices(len(m.Invoices)))
	r.sum.Set(o.w.format.amounts(m.Totals))
	r.subject.Set(m.Subject)
	name, tone := messageState(m, o.w.over.Approval)
	r.pill.Set(name, tone)
	c.Refresh()
}

// showMessage shows the exact text. A message that is already in the outbox is read whole.
func (o *outbox) showMessage(m core.MessageView) {
	if m.ID == "" || m.Text != "" {
		o.msgGen++
		o.preview.Show(o.message(m))
		return
	}
	fetch := func(ctx context.Context) (core.MessageView, error) { return o.w.deps.Core.Message(ctx, m.ID) }
	ui.Load(o.w.run, &o.msgGen, fetch, func(full core.MessageView, err error) {
		if err != nil {
			o.preview.Show(kit.Failed(trouble(err), o.w.copy, func() { o.showMessage(m) }))
			return
		}
		o.preview.Show(o.message(full))
	})
}

func (o *outbox) message(m core.MessageView) fyne.CanvasObject {
	w := o.w
	name, tone := messageState(m, w.over.Approval)
	rows := []fyne.CanvasObject{kit.HStack(theme.Space2, kit.Flex(kit.Heading(m.Subject).Cut()), kit.NewPill(name, tone),
		kit.NewIconButton(theme.IconCopy, lang.L("Copy the text"), func() { w.copy(m.Text) }))}
	add := func(label, value string) {
		if value != "" {
			rows = append(rows, kit.HStack(theme.Space2, kit.Sized(66, 0, kit.Small(label)), kit.Flex(kit.NewText(value).Cut())))
		}
	}
	add(lang.L("Kind"), w.format.messageStep(m))
	add(lang.L("From"), m.From)
	add(lang.L("To"), strings.Join(m.To, ", "))
	add(lang.L("CC"), strings.Join(m.CC, ", "))
	add(lang.L("Invoices"), strings.Join(m.Invoices, ", "))
	if m.AcceptedAt != nil {
		add(lang.L("Sent"), w.format.moment(*m.AcceptedAt, w.deps.Now()))
	}
	if m.Error != "" {
		rows = append(rows, kit.NewNotice(theme.RedSoft, kit.NewParagraph(m.Error).Color(theme.Red)))
	} else if m.Reason != "" {
		rows = append(rows, kit.NewNotice(theme.AmberSoft, kit.NewParagraph(m.Reason).Color(theme.Amber)))
	}
	if chase.State(m.State) == chase.Uncertain {
		rows = append(rows, kit.NewNotice(theme.AmberSoft, kit.NewParagraph(lang.L("The connection broke at the very end, so nobody knows whether it arrived. It is never sent again by itself. Look into your Sent folder, or ask the customer.")).Color(theme.Amber)))
	}
	if actions := o.actions(m); len(actions) > 0 {
		rows = append(rows, kit.Pad(theme.Space1, 0, 0, 0, kit.HStack(theme.Space2, actions...)))
	}
	top := kit.Pad(theme.Space5, theme.Space5, theme.Space4, theme.Space5, kit.VStack(theme.Space2, rows...))
	return kit.VStack(0, top, kit.Line(), kit.Flex(kit.Scrolled(kit.Pad(theme.Space2, theme.Space3, theme.Space3, theme.Space3, mailText(m.Text)))))
}

func (o *outbox) actions(m core.MessageView) []fyne.CanvasObject {
	w := o.w
	switch chase.State(m.State) {
	case chase.Uncertain:
		return []fyne.CanvasObject{
			kit.NewButton(kit.Primary, lang.L("It arrived"), func() { o.settle(m.ID, true) }),
			kit.NewButton(kit.Secondary, lang.L("It did not"), func() { o.settle(m.ID, false) })}
	case chase.Planned:
		if m.ID == "" || !o.next() {
			return nil
		}
		skip := kit.NewButton(kit.Secondary, lang.L("Skip"), func() { o.skip(m) })
		if !w.over.Approval {
			return []fyne.CanvasObject{skip}
		}
		return []fyne.CanvasObject{kit.NewButton(kit.Primary, lang.L("Approve"), func() { o.approveIDs([]string{m.ID}) }).WithIcon(theme.IconCheck), skip}
	case chase.Approved:
		return []fyne.CanvasObject{kit.NewButton(kit.Secondary, lang.L("Skip"), func() { o.skip(m) })}
	}
	return nil
}

func (o *outbox) settle(id string, arrived bool) {
	o.w.act(lang.L("Settled"), func(ctx context.Context) error { return o.w.deps.Core.SettleUncertain(ctx, id, arrived) })
}

func (o *outbox) skip(m core.MessageView) {
	o.w.dialogs.Show(&kit.Dialog{Title: lang.L("Skip this message?"), Confirm: lang.L("Skip"), Danger: true,
		Message: lang.L("The step counts as done for its invoices, and {{.Name}} hears nothing of it.", map[string]any{"Name": m.CustomerName}),
		OnConfirm: func() {
			o.w.act(lang.L("Skipped"), func(ctx context.Context) error { return o.w.deps.Core.Skip(ctx, m.ID) })
		}})
}

func (o *outbox) approveAll() {
	ids := o.waiting()
	o.w.dialogs.Show(&kit.Dialog{Title: lang.L("Approve {{.Messages}}?", map[string]any{"Messages": o.w.format.messages(len(ids))}), Confirm: lang.L("Approve all"),
		Message:   lang.L("They go at once, each after one more look at AccountsIQ. What was paid meanwhile is left out."),
		OnConfirm: func() { o.approveIDs(ids) }})
}

func (o *outbox) approveIDs(ids []string) {
	o.w.act(lang.L("Approved"), func(ctx context.Context) error { return o.w.deps.Core.Approve(ctx, ids) })
}
