package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Tabs is a row of names of which one is current, underlined in the brand's colour.
type Tabs struct {
	widget.BaseWidget
	names     []string
	current   int
	over      int
	focused   bool
	OnChanged func(i int)
}

// NewTabs returns tabs with the first one current.
func NewTabs(changed func(i int), names ...string) *Tabs {
	t := &Tabs{names: names, over: -1, OnChanged: changed}
	t.ExtendBaseWidget(t)
	return t
}

// Current returns the current tab.
func (t *Tabs) Current() int { return t.current }

// SetCurrent changes the current tab without telling OnChanged.
func (t *Tabs) SetCurrent(i int) { t.current = i; t.Refresh() }

func (t *Tabs) choose(i int) {
	if i < 0 || i >= len(t.names) || i == t.current {
		return
	}
	t.SetCurrent(i)
	t.OnChanged(i)
}

const tabGap = 24

func (t *Tabs) width(i int) float32 {
	return fyne.MeasureText(t.names[i], 14, fyne.TextStyle{Bold: true}).Width
}

func (t *Tabs) at(x float32) int {
	left := float32(0)
	for i := range t.names {
		right := left + t.width(i)
		if x >= left-tabGap/2 && x <= right+tabGap/2 {
			return i
		}
		left = right + tabGap
	}
	return -1
}

// Tapped implements fyne.Tappable.
func (t *Tabs) Tapped(ev *fyne.PointEvent) { t.choose(t.at(ev.Position.X)) }

// MouseIn implements desktop.Hoverable.
func (t *Tabs) MouseIn(ev *desktop.MouseEvent) { t.MouseMoved(ev) }

// MouseMoved implements desktop.Hoverable.
func (t *Tabs) MouseMoved(ev *desktop.MouseEvent) {
	if i := t.at(ev.Position.X); i != t.over {
		t.over = i
		t.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (t *Tabs) MouseOut() { t.over = -1; t.Refresh() }

// FocusGained implements fyne.Focusable.
func (t *Tabs) FocusGained() { t.focused = true; t.Refresh() }

// FocusLost implements fyne.Focusable.
func (t *Tabs) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune implements fyne.Focusable.
func (t *Tabs) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *Tabs) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft:
		t.choose(t.current - 1)
	case fyne.KeyRight:
		t.choose(t.current + 1)
	default:
		PassKey(t, ev)
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Tabs) CreateRenderer() fyne.WidgetRenderer {
	r := &tabsRenderer{t: t}
	r.build()
	return r
}

type tabsRenderer struct {
	t       *Tabs
	objects []fyne.CanvasObject
}

func (r *tabsRenderer) build() {
	r.objects = nil
	left := float32(0)
	for i, name := range r.t.names {
		ink := theme.Muted
		if i == r.t.current || i == r.t.over {
			ink = theme.Text
		}
		if i == r.t.current {
			ink = theme.BrandText
		}
		w := r.t.width(i)
		text := &canvas.Text{Text: name, TextSize: 14, TextStyle: fyne.TextStyle{Bold: true}, Color: theme.Color(ink)}
		text.Move(fyne.NewPos(left, 6))
		text.Resize(text.MinSize())
		r.objects = append(r.objects, text)
		if i == r.t.current {
			line := &canvas.Rectangle{FillColor: theme.Color(theme.Brand), CornerRadius: 1.5}
			if r.t.focused {
				line.FillColor = theme.Color(theme.Text)
			}
			line.Move(fyne.NewPos(left, 31))
			line.Resize(fyne.NewSize(w, 3))
			r.objects = append(r.objects, line)
		}
		left += w + tabGap
	}
}

func (r *tabsRenderer) MinSize() fyne.Size {
	w := float32(0)
	for i := range r.t.names {
		w += r.t.width(i) + tabGap
	}
	return fyne.NewSize(max(w-tabGap, 0), 36)
}
func (r *tabsRenderer) Layout(fyne.Size)             { r.build() }
func (r *tabsRenderer) Refresh()                     { r.build(); canvas.Refresh(r.t) }
func (r *tabsRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *tabsRenderer) Destroy()                     {}
