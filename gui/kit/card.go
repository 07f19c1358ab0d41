package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Card is a white, softly rounded surface with a hairline edge.
type Card struct {
	widget.BaseWidget
	content  *fyne.Container
	fill     fyne.ThemeColorName
	edge     fyne.ThemeColorName
	radius   float32
	OnTapped func()
	hovered  bool
	focused  bool
}

// NewCard returns a card with the usual margin around its content.
func NewCard(content fyne.CanvasObject) *Card { return NewCardPad(theme.Space5, content) }

// NewCardPad returns a card with a chosen margin.
func NewCardPad(pad float32, content fyne.CanvasObject) *Card {
	c := &Card{content: PadAll(pad, content), fill: theme.Surface, edge: theme.Border, radius: theme.RadiusCard}
	c.ExtendBaseWidget(c)
	return c
}

// NewNotice returns a flat box in a soft colour, for a remark or a warning within a screen.
func NewNotice(fill fyne.ThemeColorName, content fyne.CanvasObject) *Card {
	c := &Card{content: Pad(theme.Space3, theme.Space4, theme.Space3, theme.Space4, content), fill: fill, edge: fill, radius: theme.RadiusControl}
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *Card) CreateRenderer() fyne.WidgetRenderer {
	bg := &canvas.Rectangle{CornerRadius: c.radius, StrokeWidth: 1}
	apply := func() {
		bg.FillColor, bg.StrokeColor, bg.StrokeWidth = theme.Color(c.fill), theme.Color(c.edge), 1
		switch {
		case c.focused:
			bg.StrokeColor, bg.StrokeWidth = theme.Color(theme.Brand), 2
		case c.hovered && c.OnTapped != nil:
			bg.StrokeColor = theme.Color(theme.BorderHard)
		}
	}
	apply()
	return &simple{objects: []fyne.CanvasObject{bg, c.content}, refresh: func() {
		apply()
		bg.Refresh()
		c.content.Refresh()
	}}
}

// tappableCard is what a card with OnTapped needs; a plain card lets taps through.
type tappableCard struct{ *Card }

// TapArea is something that is pressed as a whole and shows it under the pointer.
type TapArea struct {
	widget.BaseWidget
	content  fyne.CanvasObject
	onTapped func()
	hovered  bool
}

// NewTapArea returns an area around its content.
func NewTapArea(content fyne.CanvasObject, tapped func()) *TapArea {
	t := &TapArea{content: content, onTapped: tapped}
	t.ExtendBaseWidget(t)
	return t
}

// Tapped implements fyne.Tappable.
func (t *TapArea) Tapped(*fyne.PointEvent) { t.onTapped() }

// MouseIn implements desktop.Hoverable.
func (t *TapArea) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (t *TapArea) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *TapArea) MouseOut() { t.hovered = false; t.Refresh() }

// Cursor implements desktop.Cursorable.
func (t *TapArea) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (t *TapArea) CreateRenderer() fyne.WidgetRenderer {
	bg := &canvas.Rectangle{CornerRadius: theme.RadiusControl}
	return &simple{objects: []fyne.CanvasObject{bg, t.content},
		min: t.content.MinSize,
		layout: func(s fyne.Size) {
			bg.Move(fyne.NewPos(-6, -5))
			bg.Resize(s.AddWidthHeight(12, 10))
			t.content.Resize(s)
		},
		refresh: func() {
			bg.FillColor = color.Transparent
			if t.hovered {
				bg.FillColor = theme.Color("hover")
			}
			canvas.Refresh(t)
		}}
}

// NewTapCard returns a card that is pressed as a whole.
func NewTapCard(pad float32, content fyne.CanvasObject, tapped func()) fyne.CanvasObject {
	t := &tappableCard{&Card{content: PadAll(pad, content), fill: theme.Surface, edge: theme.Border, radius: theme.RadiusCard, OnTapped: tapped}}
	t.ExtendBaseWidget(t)
	return t
}

func (t *tappableCard) Tapped(*fyne.PointEvent)     { t.OnTapped() }
func (t *tappableCard) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }
func (t *tappableCard) MouseMoved(*desktop.MouseEvent) {
}
func (t *tappableCard) MouseOut()      { t.hovered = false; t.Refresh() }
func (t *tappableCard) FocusGained()   { t.focused = true; t.Refresh() }
func (t *tappableCard) FocusLost()     { t.focused = false; t.Refresh() }
func (t *tappableCard) TypedRune(rune) {}
func (t *tappableCard) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		t.OnTapped()
	default:
		PassKey(t, ev)
	}
}
func (t *tappableCard) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CardTitle is the head of a card: its name, and at the right whatever belongs there.
func CardTitle(name string, right ...fyne.CanvasObject) fyne.CanvasObject {
	return HStack(theme.Space2, append([]fyne.CanvasObject{Flex(Heading(name).Cut())}, right...)...)
}

// Icon is an icon in a colour of the theme.
func Icon(res fyne.Resource, name fyne.ThemeColorName, size float32) fyne.CanvasObject {
	i := &iconView{res: res, name: name, size: size}
	i.ExtendBaseWidget(i)
	return i
}

// SetIcon gives an image another picture; the image reads it only when it is another one.
func SetIcon(img *canvas.Image, res fyne.Resource) {
	if img.Resource != nil && img.Resource.Name() == res.Name() {
		return
	}
	img.Resource = res
	img.Refresh()
}

type iconView struct {
	widget.BaseWidget
	res  fyne.Resource
	name fyne.ThemeColorName
	size float32
}

func (i *iconView) CreateRenderer() fyne.WidgetRenderer {
	img := canvas.NewImageFromResource(theme.Tint(i.res, i.name))
	img.FillMode = canvas.ImageFillContain
	return &simple{objects: []fyne.CanvasObject{img}, min: func() fyne.Size { return fyne.NewSquareSize(i.size) },
		refresh: func() { SetIcon(img, theme.Tint(i.res, i.name)) }}
}

// Disc is an icon on a round soft ground.
func Disc(res fyne.Resource, ink, ground fyne.ThemeColorName, size float32) fyne.CanvasObject {
	d := &disc{ground: ground, size: size, icon: Icon(res, ink, size*0.5)}
	d.ExtendBaseWidget(d)
	return d
}

type disc struct {
	widget.BaseWidget
	ground fyne.ThemeColorName
	size   float32
	icon   fyne.CanvasObject
}

func (d *disc) CreateRenderer() fyne.WidgetRenderer {
	c := canvas.NewCircle(theme.Color(d.ground))
	return &simple{objects: []fyne.CanvasObject{c, d.icon}, min: func() fyne.Size { return fyne.NewSquareSize(d.size) },
		layout: func(s fyne.Size) {
			c.Resize(s)
			d.icon.Resize(d.icon.MinSize())
			d.icon.Move(fyne.NewPos((s.Width-d.icon.MinSize().Width)/2, (s.Height-d.icon.MinSize().Height)/2))
		},
		refresh: func() { c.FillColor = theme.Color(d.ground); c.Refresh(); d.icon.Refresh() }}
}
