package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Moment is one point of a timeline.
type Moment struct {
	Tone   Tone
	Hollow bool // it is still to come
	Title  string
	Detail string
	When   string
}

// Timeline lists moments from the top down along a line.
func Timeline(moments []Moment) fyne.CanvasObject {
	rows := make([]fyne.CanvasObject, len(moments))
	for i, m := range moments {
		rail := &rail{tone: m.Tone, hollow: m.Hollow, first: i == 0, last: i == len(moments)-1}
		rail.ExtendBaseWidget(rail)
		words := []fyne.CanvasObject{HStack(theme.Space2, Flex(NewText(m.Title).Bold().Cut()), Small(m.When))}
		if m.Detail != "" {
			words = append(words, NewParagraph(m.Detail).Scale(theme.SizeSmall))
		}
		rows[i] = &fyne.Container{Layout: railLayout{}, Objects: []fyne.CanvasObject{rail, Pad(0, 0, theme.Space4, 0, VStack(2, words...))}}
	}
	return VStack(0, rows...)
}

type railLayout struct{}

func (railLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(24, size.Height))
	objects[1].Move(fyne.NewPos(28, 0))
	objects[1].Resize(fyne.NewSize(max(size.Width-28, 0), size.Height))
}

func (railLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[1].MinSize().AddWidthHeight(28, 0)
}

type rail struct {
	widget.BaseWidget
	tone                Tone
	hollow, first, last bool
}

func (r *rail) CreateRenderer() fyne.WidgetRenderer {
	line := &canvas.Rectangle{}
	dot := &canvas.Circle{StrokeWidth: 2.5}
	apply := func() {
		ink := r.tone.Mark()
		line.FillColor = theme.Color(theme.Border)
		dot.FillColor, dot.StrokeColor = theme.Color(ink), theme.Color(ink)
		if r.hollow {
			dot.FillColor = theme.Color(theme.Surface)
		}
	}
	apply()
	return &simple{objects: []fyne.CanvasObject{line, dot}, min: func() fyne.Size { return fyne.NewSize(24, 18) }, refresh: apply,
		layout: func(s fyne.Size) {
			top, bottom := float32(0), s.Height
			if r.first {
				top = 9
			}
			if r.last {
				bottom = 9
			}
			line.Move(fyne.NewPos(8, top))
			line.Resize(fyne.NewSize(2, max(bottom-top, 0)))
			dot.Move(fyne.NewPos(3, 3))
			dot.Resize(fyne.NewSquareSize(12))
		}}
}

// Steps is a horizontal line of points with a name above and a remark below each; it goes on in a further
// row when there are many.
func Steps(points []Moment) fyne.CanvasObject {
	const perRow = 8
	var rows []fyne.CanvasObject
	for start := 0; start < len(points); start += perRow {
		end := min(start+perRow, len(points))
		var cells []fyne.CanvasObject
		for i := start; i < end; i++ {
			cells = append(cells, newStepPoint(points[i], i == 0, i == len(points)-1))
		}
		for len(cells) < perRow && start > 0 {
			cells = append(cells, newFill("", fyne.Size{}))
		}
		rows = append(rows, Columns(0, nil, cells...))
	}
	return VStack(theme.Space4, rows...)
}

func newStepPoint(m Moment, first, last bool) fyne.CanvasObject {
	p := &stepPoint{m: m, first: first, last: last}
	p.ExtendBaseWidget(p)
	return p
}

type stepPoint struct {
	widget.BaseWidget
	m           Moment
	first, last bool
}

func (p *stepPoint) CreateRenderer() fyne.WidgetRenderer {
	line, dot := &canvas.Rectangle{}, &canvas.Circle{StrokeWidth: 3}
	title := &canvas.Text{TextSize: theme.SizeBody, TextStyle: fyne.TextStyle{Bold: true}, Alignment: fyne.TextAlignCenter}
	detail := &canvas.Text{TextSize: theme.SizeCaption, Alignment: fyne.TextAlignCenter}
	when := &canvas.Text{TextSize: theme.SizeCaption, Alignment: fyne.TextAlignCenter}
	apply := func() {
		ink := p.m.Tone.Mark()
		line.FillColor = theme.Color(theme.Border)
		dot.FillColor, dot.StrokeColor = theme.Color(ink), theme.Color(ink)
		if p.m.Hollow {
			dot.FillColor = theme.Color(theme.Surface)
		}
		title.Color, detail.Color, when.Color = theme.Color(theme.Text), theme.Color(theme.Muted), theme.Color(theme.Muted)
		w := max(p.Size().Width-6, 40)
		title.TextSize = shrunk(p.m.Title, w, theme.SizeBody, 10, title.TextStyle)
		title.Text = Fit(p.m.Title, w, title.TextSize, title.TextStyle)
		detail.Text = Fit(p.m.Detail, w, detail.TextSize, detail.TextStyle)
		when.Text = Fit(p.m.When, w, when.TextSize, when.TextStyle)
	}
	apply()
	return &simple{objects: []fyne.CanvasObject{line, dot, title, detail, when}, refresh: apply,
		min: func() fyne.Size {
			if p.m.When == "" {
				return fyne.NewSize(66, 64)
			}
			return fyne.NewSize(66, 80)
		},
		layout: func(s fyne.Size) {
			apply()
			left, right := float32(0), s.Width
			if p.first {
				left = s.Width / 2
			}
			if p.last {
				right = s.Width / 2
			}
			line.Move(fyne.NewPos(left, 33))
			line.Resize(fyne.NewSize(right-left, 2))
			dot.Move(fyne.NewPos(s.Width/2-7, 27))
			dot.Resize(fyne.NewSquareSize(14))
			for i, t := range []*canvas.Text{title, detail, when} {
				t.Resize(fyne.NewSize(s.Width, t.MinSize().Height))
				t.Move(fyne.NewPos(0, []float32{0, 47, 63}[i]))
			}
		}}
}

// Progress is a thin bar; a total of 0 means that nobody knows how far it is.
type Progress struct {
	widget.BaseWidget
	done, total int
}

// NewProgress returns an empty bar.
func NewProgress() *Progress {
	p := &Progress{}
	p.ExtendBaseWidget(p)
	return p
}

// Set moves the bar.
func (p *Progress) Set(done, total int) { p.done, p.total = done, total; p.Refresh() }

// CreateRenderer implements fyne.Widget.
func (p *Progress) CreateRenderer() fyne.WidgetRenderer {
	back, bar := &canvas.Rectangle{CornerRadius: 3}, &canvas.Rectangle{CornerRadius: 3}
	layout := func(s fyne.Size) {
		back.FillColor, bar.FillColor = theme.Color(theme.GreySoft), theme.Color(theme.Brand)
		back.Resize(s)
		share := float32(0.3)
		if p.total > 0 {
			share = min(float32(p.done)/float32(p.total), 1)
		}
		bar.Resize(fyne.NewSize(s.Width*share, s.Height))
	}
	return &simple{objects: []fyne.CanvasObject{back, bar}, layout: layout,
		min:     func() fyne.Size { return fyne.NewSize(60, 6) },
		refresh: func() { layout(p.Size()); back.Refresh(); bar.Refresh() }}
}
