package gui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// activityLimit is how many events are read at most.
const activityLimit = 5000

// activity lists everything that happened, newest first.
type activity struct {
	w         *Window
	obj       fyne.CanvasObject
	searchBox *kit.Entry
	kind      *kit.Select
	count     *kit.Text
	slot      *kit.Slot
	list      *kit.RowList
	card      fyne.CanvasObject
	debounce  *ui.Debounce
	gen       int
	all, rows []core.EventView
}

func newActivity(w *Window) *activity {
	a := &activity{w: w, slot: kit.NewSlot(kit.Waiting(8)), debounce: ui.NewDebounce(w.run, typingPause), count: kit.Small("").Align(fyne.TextAlignTrailing).Cut()}
	a.searchBox = kit.NewSearch(lang.L("Search"))
	a.searchBox.OnChanged = func(string) { a.debounce.Call(a.filter) }
	a.searchBox.OnEsc = func() { a.searchBox.SetText("") }
	a.kind = kit.NewSelect(lang.L("Everything"), nil, func(string) { a.filter() })
	a.list = kit.NewRowList(func() int { return len(a.rows) }, func() fyne.CanvasObject { return newEventRow(a.tapped) }, func(i int, o fyne.CanvasObject) { o.(*eventRow).show(w, i, a.rows[i]) })
	a.list.OnOpen = a.open
	a.card = kit.NewCardPad(1, a.list.Object())
	filters := kit.HStack(theme.Space2, kit.Prefer(270, 150, a.searchBox), kit.Prefer(170, 120, a.kind), kit.Flex(a.count))
	a.obj = fixedPage(kit.VStack(theme.Space3, head(lang.L("Activity")), filters), a.slot.Object())
	return a
}

func (a *activity) object() fyne.CanvasObject { return a.obj }

func (a *activity) search() bool {
	a.w.win.Canvas().Focus(a.searchBox)
	return true
}

func (a *activity) reload() {
	fetch := func(ctx context.Context) ([]core.EventView, error) { return a.w.deps.Core.Activity(ctx, activityLimit) }
	ui.Load(a.w.run, &a.gen, fetch, func(all []core.EventView, err error) {
		if err != nil {
			a.slot.Show(kit.Failed(trouble(err), a.w.copy, a.reload))
			return
		}
		a.all = all
		a.showKinds()
		a.filter()
	})
}

// tapped selects a row and opens what it is about.
func (a *activity) tapped(i int) {
	a.w.win.Canvas().Focus(a.list)
	a.list.Pick(i)
	a.open(i)
}

func (a *activity) open(i int) {
	if i < len(a.rows) {
		a.w.openEvent(a.rows[i])
	}
}

// openEvent opens the customer that an event is about; one about nobody is shown with all its words.
func (w *Window) openEvent(e core.EventView) {
	if e.Customer == "" {
		w.dialogs.Show(&kit.Dialog{Title: eventKind(e.Kind), Message: e.Text, Content: kit.Small(w.format.past(e.At, w.deps.Now())), Width: 480})
		return
	}
	w.openCustomer(e.Customer)
}

// openCustomer opens the page of a customer who is known by code.
func (w *Window) openCustomer(code string) {
	w.run.Go(func() {
		id, err := w.deps.Core.CustomerID(w.run.Context(), code)
		w.run.Do(func() {
			if err != nil {
				w.fail(err)
				return
			}
			w.frame.go_(route{place: placeCustomer, id: id})
		})
	})
}

func (a *activity) showKinds() {
	options := []kit.Option{{Code: "", Name: lang.L("Everything")}}
	seen := map[string]bool{}
	for _, e := range a.all {
		if name := eventKind(e.Kind); !seen[name] {
			seen[name] = true
			options = append(options, kit.Option{Code: name, Name: name})
		}
	}
	a.kind.SetOptions(options)
}

func (a *activity) filter() {
	text := strings.ToLower(strings.TrimSpace(a.searchBox.Text))
	a.rows = nil
	for _, e := range a.all {
		if a.kind.Selected() != "" && eventKind(e.Kind) != a.kind.Selected() {
			continue
		}
		if text == "" || strings.Contains(strings.ToLower(e.Text+" "+e.Customer+" "+e.Invoice), text) {
			a.rows = append(a.rows, e)
		}
	}
	a.count.Set(lang.N("{{.Count}} events", len(a.rows), map[string]any{"Count": a.w.format.number(len(a.rows))}))
	switch {
	case len(a.all) == 0:
		a.slot.Show(kit.NewCard(kit.Empty(theme.IconActivity, lang.L("Nothing happened yet"), lang.L("Syncs, reminders, replies and changes are listed here."))))
	case len(a.rows) == 0:
		a.slot.Show(kit.NewCard(kit.Empty(theme.IconSearch, lang.L("Nothing found"), lang.L("Try other words or another kind."))))
	default:
		a.slot.Show(a.card)
		a.list.Forget()
		a.list.Refresh()
	}
	a.obj.Refresh()
}

// eventRow is one event: a picture, the sentence, whom it is about, and when.
type eventRow struct {
	widget.BaseWidget
	icon       *canvas.Image
	disc       *canvas.Circle
	text, whom *kit.Text
	when       *kit.Text
	line       fyne.CanvasObject
	kind       string
	row        int
	onTapped   func(row int)
}

func newEventRow(tapped func(row int)) *eventRow {
	r := &eventRow{onTapped: tapped, icon: &canvas.Image{FillMode: canvas.ImageFillContain}, disc: &canvas.Circle{}, text: kit.NewText("").Cut(),
		whom: kit.Small("").Cut(), when: kit.Small("").Align(fyne.TextAlignTrailing), line: kit.Line()}
	r.ExtendBaseWidget(r)
	return r
}

func (r *eventRow) show(w *Window, i int, e core.EventView) {
	r.row, r.kind = i, e.Kind
	r.text.Set(e.Text)
	about := slices.DeleteFunc([]string{eventKind(e.Kind), e.Customer, e.Invoice}, func(s string) bool { return s == "" })
	r.whom.Set(strings.Join(about, " · "))
	r.when.Set(w.format.past(e.At, w.deps.Now()))
	r.Refresh()
}

// Tapped implements fyne.Tappable.
func (r *eventRow) Tapped(*fyne.PointEvent) { r.onTapped(r.row) }

// Cursor implements desktop.Cursorable.
func (r *eventRow) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (r *eventRow) CreateRenderer() fyne.WidgetRenderer { return &eventRowRenderer{r} }

type eventRowRenderer struct{ r *eventRow }

func (e *eventRowRenderer) MinSize() fyne.Size { return fyne.NewSize(300, 54) }
func (e *eventRowRenderer) Destroy()           {}
func (e *eventRowRenderer) Refresh()           { e.Layout(e.r.Size()); canvas.Refresh(e.r) }
func (e *eventRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{e.r.disc, e.r.icon, e.r.text, e.r.whom, e.r.when, e.r.line}
}

func (e *eventRowRenderer) Layout(s fyne.Size) {
	r := e.r
	icon, tone := eventIcon(r.kind)
	ink, ground := tone.Colors()
	r.disc.FillColor = theme.Color(ground)
	r.disc.Move(fyne.NewPos(20, (s.Height-32)/2))
	r.disc.Resize(fyne.NewSquareSize(32))
	kit.SetIcon(r.icon, theme.Tint(icon, ink))
	r.icon.Move(fyne.NewPos(28, (s.Height-16)/2))
	r.icon.Resize(fyne.NewSquareSize(16))
	const whenWidth = 150
	room := max(s.Width-66-whenWidth-32, 40)
	r.text.Move(fyne.NewPos(66, 9))
	r.text.Resize(fyne.NewSize(room, 18))
	r.whom.Move(fyne.NewPos(66, 28))
	r.whom.Resize(fyne.NewSize(room, 17))
	r.when.Move(fyne.NewPos(s.Width-whenWidth-20, (s.Height-17)/2))
	r.when.Resize(fyne.NewSize(whenWidth, 17))
	r.line.Move(fyne.NewPos(0, s.Height-1))
	r.line.Resize(fyne.NewSize(s.Width, 1))
}
