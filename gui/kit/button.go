package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// ButtonKind says how loud a button is.
type ButtonKind int

// The kinds of buttons.
const (
	Secondary ButtonKind = iota // an edge, the normal one
	Primary                     // the one thing to do here
	Quiet                       // text only
	Danger                      // stops or erases something
	OnDark                      // within a sentence on a dark ground
)

// Button is pressed with the mouse, Space or Enter.
type Button struct {
	widget.BaseWidget
	Text     string
	Icon     fyne.Resource
	Kind     ButtonKind
	OnTapped func()
	// Name is what an icon without text is called, for people who cannot see it.
	Name     string
	compact  bool
	leading  bool
	after    fyne.Resource
	disabled bool
	hovered  bool
	focused  bool
}

// NewButton returns a button of a kind.
func NewButton(kind ButtonKind, text string, tapped func()) *Button {
	b := &Button{Text: OneLine(text), Kind: kind, OnTapped: tapped}
	b.ExtendBaseWidget(b)
	return b
}

// NewIconButton returns a small square button; name says what it does.
func NewIconButton(res fyne.Resource, name string, tapped func()) *Button {
	b := &Button{Icon: res, Name: name, Kind: Quiet, OnTapped: tapped, compact: true}
	b.ExtendBaseWidget(b)
	return b
}

// WithIcon puts an icon before the text.
func (b *Button) WithIcon(res fyne.Resource) *Button { b.Icon = res; return b }

// WithArrow puts a small arrow after the text: the button opens a menu.
func (b *Button) WithArrow() *Button { b.after = theme.IconDown; return b }

// Compact makes the button lower.
func (b *Button) Compact() *Button { b.compact = true; return b }

// SetText changes the words.
func (b *Button) SetText(s string) { b.Text = OneLine(s); b.Refresh() }

// Enable implements fyne.Disableable.
func (b *Button) Enable() { b.disabled = false; b.Refresh() }

// Disable implements fyne.Disableable.
func (b *Button) Disable() { b.disabled = true; b.Refresh() }

// Disabled implements fyne.Disableable.
func (b *Button) Disabled() bool { return b.disabled }

// SetEnabled enables or disables.
func (b *Button) SetEnabled(on bool) {
	if on != !b.disabled {
		b.disabled = !on
		b.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (b *Button) Tapped(*fyne.PointEvent) {
	if b.disabled || b.OnTapped == nil {
		return
	}
	b.OnTapped()
}

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *Button) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	default:
		PassKey(b, ev)
	}
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() { b.hovered = false; b.Refresh() }

// AccessibilityLabel implements fyne.Accessible.
func (b *Button) AccessibilityLabel() string {
	if b.Text != "" {
		return b.Text
	}
	return b.Name
}

// AccessibilityRole implements fyne.Accessible.
func (b *Button) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

func (b *Button) colors() (fill, edge color.Color, ink fyne.ThemeColorName) {
	over := b.hovered && !b.disabled
	switch {
	case b.disabled && b.Kind == Quiet:
		return color.Transparent, color.Transparent, "disabled"
	case b.disabled:
		return theme.Color("disabledButton"), theme.Color("disabledButton"), "disabled"
	case b.Kind == Primary && over:
		return theme.Color(theme.BrandHover), theme.Color(theme.BrandHover), "foregroundOnPrimary"
	case b.Kind == Primary:
		return theme.Color(theme.Brand), theme.Color(theme.Brand), "foregroundOnPrimary"
	case b.Kind == Danger && over:
		return theme.Color(theme.RedSoft), theme.Color(theme.Red), theme.Red
	case b.Kind == Danger:
		return theme.Color(theme.Surface), theme.Color(theme.BorderHard), theme.Red
	case b.Kind == OnDark && over:
		return theme.Color(theme.SidebarOver), theme.Color(theme.SidebarText), theme.OnSidebar
	case b.Kind == OnDark:
		return theme.Color(theme.SidebarOn), theme.Color(theme.SidebarOn), theme.OnSidebar
	case b.Kind == Quiet && over:
		return theme.Color(theme.GreySoft), color.Transparent, theme.BrandText
	case b.Kind == Quiet:
		return color.Transparent, color.Transparent, theme.BrandText
	case over:
		return theme.Color(theme.GreySoft), theme.Color(theme.BorderHard), theme.Text
	}
	return theme.Color(theme.Surface), theme.Color(theme.BorderHard), theme.Text
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b, bg: &canvas.Rectangle{CornerRadius: theme.RadiusControl, StrokeWidth: 1},
		ring:  &canvas.Rectangle{CornerRadius: theme.RadiusControl + 2, StrokeWidth: 2, FillColor: color.Transparent},
		label: &canvas.Text{}, img: &canvas.Image{FillMode: canvas.ImageFillContain}, arrow: &canvas.Image{FillMode: canvas.ImageFillContain}}
	r.apply()
	return r
}

type buttonRenderer struct {
	b          *Button
	bg, ring   *canvas.Rectangle
	label      *canvas.Text
	img, arrow *canvas.Image
}

func (r *buttonRenderer) apply() {
	fill, edge, ink := r.b.colors()
	r.bg.FillColor, r.bg.StrokeColor = fill, edge
	r.ring.StrokeColor = color.Transparent
	if r.b.focused {
		r.ring.StrokeColor = theme.Color("focus")
	}
	r.label.Text, r.label.TextSize, r.label.TextStyle = r.b.Text, theme.SizeBody, fyne.TextStyle{Bold: true}
	r.label.Color = theme.Color(ink)
	if r.b.Icon != nil {
		if r.b.Text == "" && !r.b.disabled && r.b.Kind == Quiet && !r.b.hovered {
			ink = theme.Muted
		}
		SetIcon(r.img, theme.Tint(r.b.Icon, ink))
	}
	if r.b.after != nil {
		SetIcon(r.arrow, theme.Tint(r.b.after, ink))
	}
}

const iconSide = 16

func (r *buttonRenderer) content() float32 {
	w := float32(0)
	if r.b.Text != "" {
		w = fyne.MeasureText(r.b.Text, theme.SizeBody, fyne.TextStyle{Bold: true}).Width
	}
	if r.b.Icon != nil {
		w += iconSide
		if r.b.Text != "" {
			w += theme.Space2
		}
	}
	if r.b.after != nil {
		w += iconSide - 2 + theme.Space1
	}
	return w
}

func (r *buttonRenderer) MinSize() fyne.Size {
	h, pad := float32(36), float32(28)
	if r.b.compact {
		h, pad = 30, 20
	}
	if r.b.Text == "" {
		return fyne.NewSize(h, h)
	}
	return fyne.NewSize(r.content()+pad, h)
}

func (r *buttonRenderer) Layout(s fyne.Size) {
	r.bg.Resize(s)
	r.ring.Move(fyne.NewPos(-2, -2))
	r.ring.Resize(s.AddWidthHeight(4, 4))
	x := (s.Width - r.content()) / 2
	if r.b.leading {
		x = theme.Space3
	}
	if r.b.Icon != nil {
		r.img.Move(fyne.NewPos(x, (s.Height-iconSide)/2))
		r.img.Resize(fyne.NewSquareSize(iconSide))
		x += iconSide + theme.Space2
	}
	m := fyne.MeasureText(r.b.Text, theme.SizeBody, fyne.TextStyle{Bold: true})
	r.label.Move(fyne.NewPos(x, (s.Height-m.Height)/2))
	r.label.Resize(m)
	if r.b.after != nil {
		side := float32(iconSide - 2)
		r.arrow.Move(fyne.NewPos(x+m.Width+theme.Space1, (s.Height-side)/2))
		r.arrow.Resize(fyne.NewSquareSize(side))
	}
}

func (r *buttonRenderer) Refresh() {
	r.apply()
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}

func (r *buttonRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.bg, r.ring}
	if r.b.Icon != nil {
		objects = append(objects, r.img)
	}
	if r.b.after != nil {
		objects = append(objects, r.arrow)
	}
	return append(objects, r.label)
}
func (r *buttonRenderer) Destroy() {}

// PassKey hands a key that a focused widget has no use for to the window.
func PassKey(from fyne.CanvasObject, ev *fyne.KeyEvent) {
	c := fyne.CurrentApp().Driver().CanvasForObject(from)
	if c == nil {
		return
	}
	if f := c.OnTypedKey(); f != nil {
		f(ev)
	}
}

// PassShortcut hands a shortcut that a focused widget has no use for to the window.
func PassShortcut(from fyne.CanvasObject, s fyne.Shortcut) {
	if _, ok := s.(*desktop.CustomShortcut); !ok {
		return
	}
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(from).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}
