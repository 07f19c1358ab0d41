// Package kit holds the building blocks of the screens: text, layouts, cards, controls, forms, the data
// table, the ageing chart, dialogs, the snackbar, and the empty, loading and error states. It knows Fyne,
// the theme and the words of the program, but nothing of the core.
package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// VStack puts objects below each other with a gap; each gets the whole width. An object wrapped in Flex
// takes what is left of the height.
func VStack(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: stack{gap: gap, vertical: true}, Objects: objects}
}

// HStack puts objects beside each other with a gap, centred vertically. An object wrapped in Flex, or a
// Spacer, takes what is left of the width.
func HStack(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: stack{gap: gap}, Objects: objects}
}

// Flex marks an object of a stack as the one that grows.
func Flex(o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: flex{}, Objects: []fyne.CanvasObject{o}}
}

// Upto gives a line of text in an HStack the width of its words where there is room, and cuts it where
// there is not. A stack holds at most one.
func Upto(t *Text) *fyne.Container {
	return &fyne.Container{Layout: upto{t.Cut()}, Objects: []fyne.CanvasObject{t}}
}

// Prefer gives an object of an HStack a width where there is room, and down to a least one where there is not.
func Prefer(width, least float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: prefer{width, least}, Objects: []fyne.CanvasObject{o}}
}

// Spacer grows and shows nothing.
func Spacer() *fyne.Container { return &fyne.Container{Layout: flex{}} }

// Pad puts an object inside a margin.
func Pad(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: inset{top, right, bottom, left}, Objects: []fyne.CanvasObject{o}}
}

// PadAll puts an object inside the same margin on all sides.
func PadAll(by float32, o fyne.CanvasObject) *fyne.Container { return Pad(by, by, by, by, o) }

// Columns puts objects beside each other, sharing the width by weight, all of one height.
func Columns(gap float32, weights []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: columns{gap, weights}, Objects: objects}
}

// Sized gives an object at least a size; a zero leaves that side to the object.
func Sized(w, h float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: sized{w: w, h: h}, Objects: []fyne.CanvasObject{o}}
}

// MaxWidth keeps an object from growing wider than w; it stays at the left.
func MaxWidth(w float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: sized{max: w}, Objects: []fyne.CanvasObject{o}}
}

// Center puts an object into the middle of its space.
func Center(o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: center{}, Objects: []fyne.CanvasObject{o}}
}

// Leading keeps an object at its own width, at the left of its space.
func Leading(o fyne.CanvasObject) *fyne.Container { return HStack(0, o) }

// Line is a hairline across its space.
func Line() fyne.CanvasObject { return newFill(theme.Border, fyne.NewSize(1, 1)) }

// Fill is a plain area in a colour of the theme.
func Fill(name fyne.ThemeColorName) fyne.CanvasObject { return newFill(name, fyne.Size{}) }

type flex struct{}

func (flex) Layout(objects []fyne.CanvasObject, size fyne.Size) { fillAll(objects, size) }
func (flex) MinSize(objects []fyne.CanvasObject) fyne.Size      { return maxOf(objects) }

type upto struct{ text *Text }

func (upto) Layout(objects []fyne.CanvasObject, size fyne.Size) { fillAll(objects, size) }
func (upto) MinSize(objects []fyne.CanvasObject) fyne.Size      { return maxOf(objects) }

// wish is the width an object would like beyond its least one.
func wish(o fyne.CanvasObject) float32 {
	c, ok := o.(*fyne.Container)
	if !ok {
		return 0
	}
	switch l := c.Layout.(type) {
	case upto:
		return max(l.text.natural()-o.MinSize().Width, 0)
	case prefer:
		return l.width - l.least
	}
	return 0
}

type prefer struct{ width, least float32 }

func (prefer) Layout(objects []fyne.CanvasObject, size fyne.Size) { fillAll(objects, size) }
func (p prefer) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(p.least, maxOf(objects).Height)
}

func fillAll(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

func maxOf(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		m = m.Max(o.MinSize())
	}
	return m
}

type stack struct {
	gap      float32
	vertical bool
}

func grows(o fyne.CanvasObject) bool {
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(flex)
	return ok
}

func (s stack) along(size fyne.Size) float32 {
	if s.vertical {
		return size.Height
	}
	return size.Width
}

func (s stack) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	used, growing, shown := float32(0), 0, 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		shown++
		if grows(o) {
			growing++
			continue
		}
		used += s.along(o.MinSize())
	}
	rest := s.along(size) - used - s.gap*float32(max(shown-1, 0))
	at := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		length := s.along(m)
		if extra := min(wish(o), max(rest, 0)); !s.vertical && extra > 0 {
			length += extra
			rest -= extra
		}
		if grows(o) {
			length = max(rest/float32(growing), 0)
		}
		if s.vertical {
			o.Move(fyne.NewPos(0, at))
			o.Resize(fyne.NewSize(size.Width, length))
		} else {
			h := m.Height
			if grows(o) {
				h = max(h, 1)
			}
			o.Move(fyne.NewPos(at, (size.Height-h)/2))
			o.Resize(fyne.NewSize(length, h))
		}
		at += length + s.gap
	}
}

func (s stack) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var along, across float32
	shown := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		shown++
		m := o.MinSize()
		along += s.along(m)
		if s.vertical {
			across = max(across, m.Width)
		} else {
			across = max(across, m.Height)
		}
	}
	along += s.gap * float32(max(shown-1, 0))
	if s.vertical {
		return fyne.NewSize(across, along)
	}
	return fyne.NewSize(along, across)
}

type inset struct{ top, right, bottom, left float32 }

func (p inset) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(p.left, p.top))
		o.Resize(fyne.NewSize(max(size.Width-p.left-p.right, 0), max(size.Height-p.top-p.bottom, 0)))
	}
}

func (p inset) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return maxOf(objects).AddWidthHeight(p.left+p.right, p.top+p.bottom)
}

type columns struct {
	gap     float32
	weights []float32
}

func (c columns) weight(i int) float32 {
	if i < len(c.weights) {
		return c.weights[i]
	}
	return 1
}

func (c columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	widths := c.widths(objects, size.Width)
	x := float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(widths[i], size.Height))
		x += widths[i] + c.gap
	}
}

// widths shares the width by weight; an object that would get less than it needs gets that, and the others
// share the rest.
func (c columns) widths(objects []fyne.CanvasObject, width float32) []float32 {
	widths := make([]float32, len(objects))
	needy := make([]bool, len(objects))
	for again := true; again; {
		again = false
		free, sum, shown := width, float32(0), 0
		for i, o := range objects {
			switch {
			case !o.Visible():
				continue
			case needy[i]:
				free -= widths[i]
			default:
				sum += c.weight(i)
			}
			shown++
		}
		free -= c.gap * float32(max(shown-1, 0))
		for i, o := range objects {
			if !o.Visible() || needy[i] || sum == 0 {
				continue
			}
			widths[i] = max(free*c.weight(i)/sum, 0)
			if least := o.MinSize().Width; least > widths[i]+0.5 {
				widths[i], needy[i], again = least, true, true
			}
		}
	}
	return widths
}

func (c columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var w, h float32
	shown := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		w += m.Width
		h = max(h, m.Height)
		shown++
	}
	return fyne.NewSize(w+c.gap*float32(max(shown-1, 0)), h)
}

type sized struct{ w, h, max float32 }

func (s sized) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if s.max > 0 {
		size.Width = min(size.Width, s.max)
	}
	fillAll(objects, size)
}

func (s sized) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := maxOf(objects)
	if s.w > 0 {
		m.Width = s.w
	}
	if s.h > 0 {
		m.Height = s.h
	}
	return m
}

type center struct{}

func (center) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		m := o.MinSize()
		o.Move(fyne.NewPos(max((size.Width-m.Width)/2, 0), max((size.Height-m.Height)/2, 0)))
		o.Resize(fyne.NewSize(min(m.Width, size.Width), m.Height))
	}
}

func (center) MinSize(objects []fyne.CanvasObject) fyne.Size { return maxOf(objects) }

// fillArea is a rectangle that follows the theme.
type fillArea struct {
	widget.BaseWidget
	name   fyne.ThemeColorName
	min    fyne.Size
	radius float32
}

func newFill(name fyne.ThemeColorName, minSize fyne.Size) *fillArea {
	f := &fillArea{name: name, min: minSize}
	f.ExtendBaseWidget(f)
	return f
}

// CreateRenderer implements fyne.Widget.
func (f *fillArea) CreateRenderer() fyne.WidgetRenderer {
	r := canvas.NewRectangle(theme.Color(f.name))
	r.CornerRadius = f.radius
	return &simple{objects: []fyne.CanvasObject{r}, min: func() fyne.Size { return f.min },
		refresh: func() { r.FillColor = theme.Color(f.name); r.Refresh() }}
}

// simple is a renderer made of functions; without layout every object fills the widget.
type simple struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	min     func() fyne.Size
	refresh func()
}

func (s *simple) Layout(size fyne.Size) {
	if s.layout == nil {
		fillAll(s.objects, size)
		return
	}
	s.layout(size)
}
func (s *simple) MinSize() fyne.Size {
	if s.min == nil {
		return maxOf(s.objects)
	}
	return s.min()
}
func (s *simple) Refresh() {
	if s.refresh != nil {
		s.refresh()
	}
}
func (s *simple) Objects() []fyne.CanvasObject { return s.objects }
func (s *simple) Destroy()                     {}
