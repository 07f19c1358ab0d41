package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// PlainTableData is a small table to be read: titles, rows, and under them totals of a label and a value.
type PlainTableData struct {
	Titles []string
	Right  []bool // the columns of numbers
	Rows   [][]string
	Totals [][2]string
}

// PlainTable shows a small table as it stands in a letter: nothing is cut, the letters get smaller where
// there is little room.
type PlainTable struct {
	widget.BaseWidget
	data PlainTableData
}

// NewPlainTable returns a table.
func NewPlainTable(data PlainTableData) *PlainTable {
	t := &PlainTable{data: data}
	t.ExtendBaseWidget(t)
	return t
}

// AccessibilityLabel implements fyne.Accessible.
func (t *PlainTable) AccessibilityLabel() string {
	all := ""
	for _, row := range append([][]string{t.data.Titles}, t.data.Rows...) {
		for _, cell := range row {
			all += cell + " "
		}
	}
	for _, sum := range t.data.Totals {
		all += sum[0] + " " + sum[1] + " "
	}
	return all
}

// AccessibilityRole implements fyne.Accessible.
func (t *PlainTable) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

const plainRow float32 = 27

// CreateRenderer implements fyne.Widget.
func (t *PlainTable) CreateRenderer() fyne.WidgetRenderer {
	r := &plainRenderer{t: t}
	r.build(t.Size())
	return r
}

type plainRenderer struct {
	t       *PlainTable
	objects []fyne.CanvasObject
}

func (r *plainRenderer) MinSize() fyne.Size {
	d := r.t.data
	return fyne.NewSize(100, plainRow*float32(1+len(d.Rows)+len(d.Totals))+2)
}
func (r *plainRenderer) Layout(s fyne.Size)           { r.build(s) }
func (r *plainRenderer) Refresh()                     { r.build(r.t.Size()); canvas.Refresh(r.t) }
func (r *plainRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *plainRenderer) Destroy()                     {}

// widths are the columns' own widths for a size of letters.
func (r *plainRenderer) widths(size float32) (widths []float32, sum float32) {
	d := r.t.data
	widths = make([]float32, len(d.Titles))
	for i, title := range d.Titles {
		widths[i] = fyne.MeasureText(title, size, fyne.TextStyle{Bold: true}).Width
		for _, row := range d.Rows {
			widths[i] = max(widths[i], fyne.MeasureText(row[i], size, fyne.TextStyle{}).Width)
		}
		if i == len(d.Titles)-1 {
			for _, total := range d.Totals {
				widths[i] = max(widths[i], fyne.MeasureText(total[1], size, fyne.TextStyle{Bold: true}).Width)
			}
		}
		sum += widths[i]
	}
	return widths, sum
}

// fitting chooses the size of the letters and the gap between the columns.
func (r *plainRenderer) fitting(room float32) (widths []float32, size, gap float32) {
	between := float32(max(len(r.t.data.Titles)-1, 1))
	for _, size = range []float32{theme.SizeBody, theme.SizeSmall, theme.SizeCaption, 10, 9} {
		var sum float32
		if widths, sum = r.widths(size); sum+between*10 <= room {
			return widths, size, min((room-sum)/between, 32)
		}
	}
	return widths, size, 10
}

func (r *plainRenderer) build(s fyne.Size) {
	r.objects = nil
	d := r.t.data
	if s.Width == 0 || len(d.Titles) == 0 {
		return
	}
	widths, size, gap := r.fitting(s.Width)
	whole := gap * float32(len(widths)-1)
	for _, w := range widths {
		whole += w
	}
	y := float32(0)
	row := func(cells []string, bold bool, ink fyne.ThemeColorName) {
		x := float32(0)
		for i, cell := range cells {
			r.text(cell, size, bold, ink, x, y, widths[i], d.Right[i])
			x += widths[i] + gap
		}
		y += plainRow
	}
	row(d.Titles, true, theme.Muted)
	r.line(y-1, whole, theme.BorderHard)
	for i, cells := range d.Rows {
		row(cells, false, theme.Text)
		ink := theme.Border
		if i == len(d.Rows)-1 && len(d.Totals) > 0 {
			ink = theme.BorderHard
		}
		r.line(y-1, whole, ink)
	}
	for _, total := range d.Totals {
		r.text(total[0], size, true, theme.Text, 0, y, whole, false)
		r.text(total[1], size, true, theme.Text, 0, y, whole, true)
		y += plainRow
	}
}

func (r *plainRenderer) text(s string, size float32, bold bool, ink fyne.ThemeColorName, x, y, w float32, right bool) {
	t := &canvas.Text{Text: OneLine(s), TextSize: size, TextStyle: fyne.TextStyle{Bold: bold}, Color: theme.Color(ink)}
	m := t.MinSize()
	if right {
		x += w - m.Width
	}
	t.Move(fyne.NewPos(x, y+(plainRow-m.Height)/2))
	t.Resize(m)
	r.objects = append(r.objects, t)
}

func (r *plainRenderer) line(y, w float32, ink fyne.ThemeColorName) {
	l := canvas.NewRectangle(theme.Color(ink))
	l.Move(fyne.NewPos(0, y))
	l.Resize(fyne.NewSize(w, 1))
	r.objects = append(r.objects, l)
}
