package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Bar is one bar of a chart. Value decides its height only; Text is what the owner reads.
type Bar struct {
	Label string
	Value int64
	Text  string // above the bar
	Hint  string // in the line of the hovered bar
	Color fyne.ThemeColorName
}

// BarChart shows a few bars; the hovered or focused one is explained, a click opens what is behind it.
type BarChart struct {
	widget.BaseWidget
	bars     []Bar
	OnTapped func(i int)
	over     int
	focused  bool
}

// NewBarChart returns a chart without bars.
func NewBarChart(tapped func(i int)) *BarChart {
	c := &BarChart{OnTapped: tapped, over: -1}
	c.ExtendBaseWidget(c)
	return c
}

// SetBars replaces the bars.
func (c *BarChart) SetBars(bars []Bar) {
	c.bars, c.over = bars, -1
	c.Refresh()
}

// Hovered returns the bar under the pointer, -1 for none.
func (c *BarChart) Hovered() int { return c.over }

func (c *BarChart) at(p fyne.Position) int {
	if len(c.bars) == 0 || c.Size().Width == 0 {
		return -1
	}
	return min(max(int(p.X/(c.Size().Width/float32(len(c.bars)))), 0), len(c.bars)-1)
}

func (c *BarChart) hover(i int) {
	if i != c.over {
		c.over = i
		c.Refresh()
	}
}

// MouseIn implements desktop.Hoverable.
func (c *BarChart) MouseIn(ev *desktop.MouseEvent) { c.hover(c.at(ev.Position)) }

// MouseMoved implements desktop.Hoverable.
func (c *BarChart) MouseMoved(ev *desktop.MouseEvent) { c.hover(c.at(ev.Position)) }

// MouseOut implements desktop.Hoverable.
func (c *BarChart) MouseOut() { c.hover(-1) }

// Cursor implements desktop.Cursorable.
func (c *BarChart) Cursor() desktop.Cursor { return desktop.PointerCursor }

// Tapped implements fyne.Tappable.
func (c *BarChart) Tapped(ev *fyne.PointEvent) { c.open(c.at(ev.Position)) }

func (c *BarChart) open(i int) {
	if i >= 0 && i < len(c.bars) && c.OnTapped != nil {
		c.OnTapped(i)
	}
}

// FocusGained implements fyne.Focusable.
func (c *BarChart) FocusGained() {
	c.focused = true
	c.hover(max(c.over, 0))
}

// FocusLost implements fyne.Focusable.
func (c *BarChart) FocusLost() {
	c.focused = false
	c.hover(-1)
}

// TypedRune implements fyne.Focusable.
func (c *BarChart) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *BarChart) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft:
		c.hover(max(c.over-1, 0))
	case fyne.KeyRight:
		c.hover(min(c.over+1, len(c.bars)-1))
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		c.open(c.over)
	default:
		PassKey(c, ev)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (c *BarChart) AccessibilityLabel() string {
	all := ""
	for _, b := range c.bars {
		all += b.Label + " " + b.Text + ". "
	}
	return all
}

// AccessibilityRole implements fyne.Accessible.
func (c *BarChart) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (c *BarChart) CreateRenderer() fyne.WidgetRenderer {
	r := &chartRenderer{c: c}
	r.build(c.Size())
	return r
}

type chartRenderer struct {
	c       *BarChart
	objects []fyne.CanvasObject
}

func (r *chartRenderer) MinSize() fyne.Size           { return fyne.NewSize(320, 176) }
func (r *chartRenderer) Layout(s fyne.Size)           { r.build(s) }
func (r *chartRenderer) Refresh()                     { r.build(r.c.Size()); canvas.Refresh(r.c) }
func (r *chartRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *chartRenderer) Destroy()                     {}

func (r *chartRenderer) build(s fyne.Size) {
	r.objects = nil
	if len(r.c.bars) == 0 || s.Width == 0 {
		return
	}
	highest := int64(1)
	for _, b := range r.c.bars {
		highest = max(highest, b.Value)
	}
	const under, over = 24, 40
	baseline := s.Height - under
	room := baseline - over
	slot := s.Width / float32(len(r.c.bars))
	width := min(slot-16, 84)
	line := canvas.NewRectangle(theme.Color(theme.Border))
	line.Move(fyne.NewPos(0, baseline))
	line.Resize(fyne.NewSize(s.Width, 1))
	r.objects = append(r.objects, line)
	for i, b := range r.c.bars {
		x := slot*float32(i) + (slot-width)/2
		h := room * float32(float64(b.Value)/float64(highest))
		h = max(h, 0) // more credit than debt has no bar
		if b.Value > 0 {
			h = max(h, 4)
		}
		if i == r.c.over {
			ground := canvas.NewRectangle(theme.Color(theme.GreySoft))
			ground.CornerRadius = theme.RadiusControl
			ground.Move(fyne.NewPos(slot*float32(i)+2, 0))
			ground.Resize(fyne.NewSize(slot-4, s.Height))
			r.objects = append([]fyne.CanvasObject{ground}, r.objects...)
		}
		bar := canvas.NewRectangle(theme.Color(b.Color))
		bar.TopLeftCornerRadius, bar.TopRightCornerRadius = 6, 6
		bar.Move(fyne.NewPos(x, baseline-h))
		bar.Resize(fyne.NewSize(width, h))
		value, hint := b.Text, b.Hint
		top := baseline - h - 20
		r.objects = append(r.objects, bar)
		if i == r.c.over && hint != "" {
			r.objects = append(r.objects, r.label(hint, theme.SizeCaption, false, theme.Muted, slot*float32(i), top+2, slot))
			top -= 16
		}
		r.objects = append(r.objects,
			r.label(value, theme.SizeSmall, true, theme.Text, slot*float32(i), top, slot),
			r.label(b.Label, theme.SizeSmall, false, theme.Muted, slot*float32(i), baseline+5, slot))
	}
}

func (r *chartRenderer) label(s string, size float32, bold bool, ink fyne.ThemeColorName, x, y, w float32) fyne.CanvasObject {
	style := fyne.TextStyle{Bold: bold}
	size = shrunk(s, w-4, size, 9, style)
	t := &canvas.Text{Text: Fit(s, w-4, size, style), TextSize: size, TextStyle: style, Alignment: fyne.TextAlignCenter, Color: theme.Color(ink)}
	t.Move(fyne.NewPos(x, y))
	t.Resize(fyne.NewSize(w, t.MinSize().Height))
	return t
}
