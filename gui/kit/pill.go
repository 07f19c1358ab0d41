package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Tone is the meaning of a colour.
type Tone int

// The tones.
const (
	Neutral Tone = iota
	Brand
	Good
	Soon
	Bad
	Info
)

// Colors returns the ink and the soft ground of a tone.
func (t Tone) Colors() (ink, ground fyne.ThemeColorName) {
	switch t {
	case Brand:
		return theme.BrandText, theme.BrandSoft
	case Good:
		return theme.Green, theme.GreenSoft
	case Soon:
		return theme.Amber, theme.AmberSoft
	case Bad:
		return theme.Red, theme.RedSoft
	case Info:
		return theme.Blue, theme.BlueSoft
	}
	return theme.Muted, theme.GreySoft
}

// Mark is the stronger colour of a tone, for dots and points.
func (t Tone) Mark() fyne.ThemeColorName {
	switch t {
	case Brand:
		return theme.Bucket0
	case Soon:
		return theme.Bucket1
	case Bad:
		return theme.Bucket4
	}
	ink, _ := t.Colors()
	return ink
}

// Pill is a short word on a soft rounded ground.
type Pill struct {
	widget.BaseWidget
	text string
	tone Tone
}

// NewPill returns a pill.
func NewPill(text string, tone Tone) *Pill {
	p := &Pill{text: OneLine(text), tone: tone}
	p.ExtendBaseWidget(p)
	return p
}

// Set changes the word and the tone.
func (p *Pill) Set(text string, tone Tone) {
	p.text, p.tone = OneLine(text), tone
	p.Refresh()
}

// String returns the word.
func (p *Pill) String() string { return p.text }

// AccessibilityLabel implements fyne.Accessible.
func (p *Pill) AccessibilityLabel() string { return p.text }

// AccessibilityRole implements fyne.Accessible.
func (p *Pill) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (p *Pill) CreateRenderer() fyne.WidgetRenderer {
	bg := &canvas.Rectangle{CornerRadius: 11}
	c := &canvas.Text{TextSize: theme.SizeSmall, TextStyle: fyne.TextStyle{Bold: true}, Alignment: fyne.TextAlignCenter}
	apply := func() {
		ink, ground := p.tone.Colors()
		bg.FillColor, c.Color, c.Text = theme.Color(ground), theme.Color(ink), p.text
	}
	apply()
	return &simple{objects: []fyne.CanvasObject{bg, c},
		layout: func(s fyne.Size) {
			bg.Move(fyne.NewPos(0, (s.Height-22)/2))
			bg.Resize(fyne.NewSize(s.Width, 22))
			m := c.MinSize()
			c.Move(fyne.NewPos(0, (s.Height-m.Height)/2))
			c.Resize(fyne.NewSize(s.Width, m.Height))
		},
		min: func() fyne.Size {
			return fyne.NewSize(fyne.MeasureText(p.text, theme.SizeSmall, fyne.TextStyle{Bold: true}).Width+18, 22)
		},
		refresh: func() { apply(); bg.Refresh(); c.Refresh() }}
}

// SwitchPill is a pill with a dot that is also a button: the state of something, and its switch.
type SwitchPill struct {
	widget.BaseWidget
	text             string
	tone             Tone
	OnTapped         func()
	hovered, focused bool
}

// NewSwitchPill returns a pill that can be pressed.
func NewSwitchPill(text string, tone Tone, tapped func()) *SwitchPill {
	p := &SwitchPill{text: text, tone: tone, OnTapped: tapped}
	p.ExtendBaseWidget(p)
	return p
}

// Set changes the words and the tone.
func (p *SwitchPill) Set(text string, tone Tone) { p.text, p.tone = text, tone; p.Refresh() }

// String returns the words.
func (p *SwitchPill) String() string { return p.text }

// Tapped implements fyne.Tappable.
func (p *SwitchPill) Tapped(*fyne.PointEvent) { p.OnTapped() }

// MouseIn implements desktop.Hoverable.
func (p *SwitchPill) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (p *SwitchPill) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *SwitchPill) MouseOut() { p.hovered = false; p.Refresh() }

// FocusGained implements fyne.Focusable.
func (p *SwitchPill) FocusGained() { p.focused = true; p.Refresh() }

// FocusLost implements fyne.Focusable.
func (p *SwitchPill) FocusLost() { p.focused = false; p.Refresh() }

// TypedRune implements fyne.Focusable.
func (p *SwitchPill) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *SwitchPill) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.OnTapped()
	default:
		PassKey(p, ev)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (p *SwitchPill) AccessibilityLabel() string { return p.text }

// AccessibilityRole implements fyne.Accessible.
func (p *SwitchPill) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer implements fyne.Widget.
func (p *SwitchPill) CreateRenderer() fyne.WidgetRenderer {
	bg := &canvas.Rectangle{CornerRadius: 16, StrokeWidth: 1}
	dot := &canvas.Circle{}
	c := &canvas.Text{TextSize: theme.SizeBody, TextStyle: fyne.TextStyle{Bold: true}}
	arrow := &canvas.Image{FillMode: canvas.ImageFillContain}
	apply := func() {
		ink, ground := p.tone.Colors()
		bg.FillColor, bg.StrokeColor = theme.Color(ground), theme.Color(ground)
		if p.hovered || p.focused {
			bg.StrokeColor = theme.Color(ink)
		}
		dot.FillColor, c.Color, c.Text = theme.Color(ink), theme.Color(ink), p.text
		SetIcon(arrow, theme.Tint(theme.IconDown, ink))
	}
	apply()
	width := func() float32 {
		return fyne.MeasureText(p.text, theme.SizeBody, fyne.TextStyle{Bold: true}).Width
	}
	layout := func(s fyne.Size) {
		bg.Resize(s)
		dot.Resize(fyne.NewSquareSize(8))
		dot.Move(fyne.NewPos(14, (s.Height-8)/2))
		m := c.MinSize()
		c.Move(fyne.NewPos(30, (s.Height-m.Height)/2))
		c.Resize(m)
		arrow.Move(fyne.NewPos(30+width()+6, (s.Height-14)/2))
		arrow.Resize(fyne.NewSquareSize(14))
	}
	return &simple{objects: []fyne.CanvasObject{bg, dot, c, arrow}, layout: layout,
		min: func() fyne.Size { return fyne.NewSize(30+width()+6+14+12, 32) },
		refresh: func() {
			apply()
			layout(p.Size())
			canvas.Refresh(p)
		}}
}
