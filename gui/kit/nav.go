package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// NavItem is an entry of the sidebar.
type NavItem struct {
	widget.BaseWidget
	icon             fyne.Resource
	text             string
	badge            string
	light            bool // on a light ground, as in the settings
	current          bool
	hovered, focused bool
	OnTapped         func()
}

// NewNavItem returns an entry for the dark sidebar.
func NewNavItem(icon fyne.Resource, text string, tapped func()) *NavItem {
	n := &NavItem{icon: icon, text: text, OnTapped: tapped}
	n.ExtendBaseWidget(n)
	return n
}

// OnLight returns the entry in the colours for a light ground.
func (n *NavItem) OnLight() *NavItem { n.light = true; return n }

// SetCurrent marks the entry as where the owner is.
func (n *NavItem) SetCurrent(on bool) {
	if n.current != on {
		n.current = on
		n.Refresh()
	}
}

// SetBadge shows a number at the right, "" for none.
func (n *NavItem) SetBadge(s string) {
	if n.badge != s {
		n.badge = s
		n.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (n *NavItem) Tapped(*fyne.PointEvent) { n.OnTapped() }

// MouseIn implements desktop.Hoverable.
func (n *NavItem) MouseIn(*desktop.MouseEvent) { n.hovered = true; n.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (n *NavItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (n *NavItem) MouseOut() { n.hovered = false; n.Refresh() }

// FocusGained implements fyne.Focusable.
func (n *NavItem) FocusGained() { n.focused = true; n.Refresh() }

// FocusLost implements fyne.Focusable.
func (n *NavItem) FocusLost() { n.focused = false; n.Refresh() }

// TypedRune implements fyne.Focusable.
func (n *NavItem) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (n *NavItem) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		n.OnTapped()
	default:
		PassKey(n, ev)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (n *NavItem) AccessibilityLabel() string { return n.text }

// AccessibilityRole implements fyne.Accessible.
func (n *NavItem) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleLink }

func (n *NavItem) colors() (ground color.Color, ink fyne.ThemeColorName) {
	switch {
	case n.light && n.current:
		return theme.Color(theme.BrandSoft), theme.BrandText
	case n.light && (n.hovered || n.focused):
		return theme.Color(theme.GreySoft), theme.Text
	case n.light:
		return color.Transparent, theme.Muted
	case n.current:
		return theme.Color(theme.SidebarOn), theme.OnSidebar
	case n.hovered || n.focused:
		return theme.Color(theme.SidebarOver), theme.OnSidebar
	}
	return color.Transparent, theme.SidebarText
}

// CreateRenderer implements fyne.Widget.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	bg := &canvas.Rectangle{CornerRadius: theme.RadiusControl}
	ring := &canvas.Rectangle{CornerRadius: theme.RadiusControl, FillColor: color.Transparent}
	img := &canvas.Image{FillMode: canvas.ImageFillContain}
	text := &canvas.Text{TextSize: theme.SizeBody}
	chip := &canvas.Rectangle{CornerRadius: 9}
	badge := &canvas.Text{TextSize: theme.SizeCaption, TextStyle: fyne.TextStyle{Bold: true}, Alignment: fyne.TextAlignCenter}
	layout := func(s fyne.Size) {
		ground, ink := n.colors()
		bg.FillColor = ground
		bg.Resize(s)
		ring.StrokeWidth, ring.StrokeColor = 0, color.Transparent
		if n.focused {
			ring.StrokeWidth, ring.StrokeColor = 2, theme.Color(ink)
		}
		ring.Resize(s)
		x := float32(theme.Space3)
		if n.icon != nil {
			SetIcon(img, theme.Tint(n.icon, ink))
			img.Move(fyne.NewPos(x, (s.Height-18)/2))
			img.Resize(fyne.NewSquareSize(18))
			x += 30
		}
		text.Color, text.TextStyle.Bold = theme.Color(ink), n.current
		text.Text = ""
		if narrow := s.Width < 90 && n.icon != nil; narrow { // the picture alone
			img.Move(fyne.NewPos((s.Width-18)/2, (s.Height-18)/2))
		} else {
			text.Text = Fit(n.text, s.Width-x-theme.Space2, theme.SizeBody, text.TextStyle)
		}
		m := text.MinSize()
		text.Move(fyne.NewPos(x, (s.Height-m.Height)/2))
		text.Resize(m)
		chip.Hide()
		badge.Text = n.badge
		if n.badge != "" {
			bm := badge.MinSize()
			w := max(bm.Width+10, 18)
			chip.FillColor, badge.Color = theme.Color(theme.Bucket1), color.NRGBA{R: 0x2B, G: 0x1C, A: 0xFF}
			at := fyne.NewPos(s.Width-w-10, (s.Height-18)/2)
			if text.Text == "" {
				at = fyne.NewPos(s.Width-w, 0)
			}
			chip.Move(at)
			chip.Resize(fyne.NewSize(w, 18))
			chip.Show()
			badge.Move(at.AddXY(0, (18-bm.Height)/2))
			badge.Resize(fyne.NewSize(w, bm.Height))
		}
	}
	objects := []fyne.CanvasObject{bg, ring, text, chip, badge}
	if n.icon != nil {
		objects = append(objects, img)
	}
	return &simple{objects: objects, layout: layout,
		min:     func() fyne.Size { return fyne.NewSize(40, 38) },
		refresh: func() { layout(n.Size()); canvas.Refresh(n) }}
}

// SetIcon changes the picture.
func (n *NavItem) SetIcon(icon fyne.Resource) { n.icon = icon; n.Refresh() }
