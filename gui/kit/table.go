package kit

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Column describes a column of a DataTable. Width is fixed; with Grow the column shares what is left and
// Width is the least it gets.
type Column struct {
	ID    string // what OnSort is told; "" cannot be sorted
	Title string
	Width float32
	Grow  float32
	Right bool // numbers
	Dots  bool // the three dots of the row's menu
	Spare int  // where there is no room for all, the columns with the highest number above 0 go first
}

// Cell is what one column of one row shows.
type Cell struct {
	Text string
	Sub  string // a second, smaller line
	Ink  fyne.ThemeColorName
	Bold bool
	Pill bool
	Tone Tone
}

// DataTable shows very many rows: sorting by the header, one selected row, opening by double click or
// Enter, a menu by right click or the three dots, and the whole keyboard.
type DataTable struct {
	widget.BaseWidget
	Columns []Column
	Len     func() int
	// Row fills the cells of a row, one for each column; false while the row is on its way.
	Row      func(i int, cells []Cell) bool
	OnOpen   func(i int)
	OnMenu   func(i int) *fyne.Menu
	OnSort   func(id string, desc bool)
	OnEscape func()
	Now      func() time.Time

	sort     string
	desc     bool
	selected int
	list     *tableList
	header   *tableHeader
	body     fyne.CanvasObject
	lastTap  time.Time
	lastRow  int
}

const (
	rowHeight    float32 = 48
	headerHeight float32 = 38
	tablePad     float32 = 20
	columnGap    float32 = 12
	doubleTap            = 400 * time.Millisecond
)

// NewDataTable returns a table; the function fields are set before it is shown.
func NewDataTable(columns []Column, now func() time.Time) *DataTable {
	t := &DataTable{Columns: columns, Now: now, selected: -1, lastRow: -1}
	t.list = newTableList(t)
	t.header = &tableHeader{t: t, over: -1}
	t.header.ExtendBaseWidget(t.header)
	t.body = container.NewThemeOverride(t.list, tight{})
	t.ExtendBaseWidget(t)
	return t
}

// SetSort marks the column the rows are ordered by.
func (t *DataTable) SetSort(id string, desc bool) {
	t.sort, t.desc = id, desc
	t.header.Refresh()
}

// Sort returns the column the rows are ordered by.
func (t *DataTable) Sort() (id string, desc bool) { return t.sort, t.desc }

// Selected returns the selected row, -1 for none.
func (t *DataTable) Selected() int { return t.selected }

// SelectRow selects a row and scrolls to it.
func (t *DataTable) SelectRow(i int) {
	n := t.Len()
	if n == 0 {
		return
	}
	i = min(max(i, 0), n-1)
	t.selected = i
	t.list.Select(i)
	t.list.Highlight(i)
}

// Reset forgets the selection and goes to the top: the rows are others now.
func (t *DataTable) Reset() {
	t.selected = -1
	t.list.UnselectAll()
	t.list.ScrollToOffset(0)
	t.list.Refresh()
}

// RefreshRows paints the rows again.
func (t *DataTable) RefreshRows() { t.list.Refresh() }

// Focus puts the keyboard on the rows.
func (t *DataTable) Focus() { focus(t.list) }

// CreateRenderer implements fyne.Widget.
func (t *DataTable) CreateRenderer() fyne.WidgetRenderer {
	return &simple{objects: []fyne.CanvasObject{t.header, t.body},
		layout: func(s fyne.Size) {
			t.header.Resize(fyne.NewSize(s.Width, headerHeight))
			t.body.Move(fyne.NewPos(0, headerHeight))
			t.body.Resize(fyne.NewSize(s.Width, max(s.Height-headerHeight, 0)))
		},
		min:     func() fyne.Size { return fyne.NewSize(t.leastWidth(0), headerHeight+2*rowHeight) },
		refresh: func() { t.header.Refresh(); t.list.Refresh() }}
}

// leastWidth is what the columns that are spared no less than level need.
func (t *DataTable) leastWidth(level int) float32 {
	w := 2 * tablePad
	last := -1
	for i, c := range t.Columns {
		if c.Spare > level {
			continue
		}
		w += c.Width + t.gap(last, i)
		last = i
	}
	return w
}

// gap is the room between two columns: more where numbers at the right edge meet words at the left one.
func (t *DataTable) gap(before, i int) float32 {
	switch {
	case before < 0:
		return 0
	case t.Columns[before].Right && !t.Columns[i].Right:
		return columnGap + 10
	}
	return columnGap
}

// place returns the left edge and the width of each column; a column that is left out has no width.
func (t *DataTable) place(width float32) (x, w []float32) {
	level := 0
	for _, c := range t.Columns {
		level = max(level, c.Spare)
	}
	for level > 0 && t.leastWidth(level) > width {
		level--
	}
	x, w = make([]float32, len(t.Columns)), make([]float32, len(t.Columns))
	free, grow := width-t.leastWidth(level), float32(0)
	for _, c := range t.Columns {
		if c.Spare <= level {
			grow += c.Grow
		}
	}
	at, last := tablePad, -1
	for i, c := range t.Columns {
		if c.Spare > level {
			x[i] = -1000
			continue
		}
		at += t.gap(last, i)
		last = i
		w[i] = c.Width
		if grow > 0 && free > 0 {
			w[i] += free * c.Grow / grow
		}
		x[i] = at
		at += w[i]
	}
	return x, w
}

func (t *DataTable) tapped(row int, at fyne.Position, absolute fyne.Position, width float32) {
	focus(t.list)
	x, w := t.place(width)
	for i, c := range t.Columns {
		if c.Dots && at.X >= x[i]-6 && at.X <= x[i]+w[i]+tablePad {
			t.SelectRow(row)
			t.menu(row, absolute)
			return
		}
	}
	now := t.Now()
	double := row == t.lastRow && now.Sub(t.lastTap) <= doubleTap
	t.lastRow, t.lastTap = row, now
	t.SelectRow(row)
	if double && t.OnOpen != nil {
		t.lastRow = -1
		t.OnOpen(row)
	}
}

func (t *DataTable) menu(row int, absolute fyne.Position) {
	if t.OnMenu == nil {
		return
	}
	menu := t.OnMenu(row)
	c := fyne.CurrentApp().Driver().CanvasForObject(t)
	if menu == nil || c == nil {
		return
	}
	widget.ShowPopUpMenuAtPosition(menu, c, absolute)
}

func (t *DataTable) openMenuByKey() {
	if t.selected < 0 {
		return
	}
	driver := fyne.CurrentApp().Driver()
	at := driver.AbsolutePositionForObject(t.list)
	y := float32(t.selected)*rowHeight - t.list.GetScrollOffset() + rowHeight/2
	t.menu(t.selected, at.AddXY(t.Size().Width/2, y))
}

// tableList is the list of rows with the keys of a table.
type tableList struct {
	widget.List
	t *DataTable
}

func newTableList(t *DataTable) *tableList {
	l := &tableList{t: t}
	l.HideSeparators = true
	l.Length = func() int {
		if t.Len == nil {
			return 0
		}
		return t.Len()
	}
	l.CreateItem = func() fyne.CanvasObject { return newTableRow(t) }
	l.UpdateItem = func(i int, o fyne.CanvasObject) { o.(*tableRow).show(i) }
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *tableList) TypedKey(ev *fyne.KeyEvent) {
	t := l.t
	page := max(int(l.Size().Height/rowHeight)-1, 1)
	at := t.selected
	switch ev.Name {
	case fyne.KeyDown:
		t.SelectRow(at + 1)
	case fyne.KeyUp:
		t.SelectRow(max(at, 1) - 1)
	case fyne.KeyPageDown:
		t.SelectRow(max(at, 0) + page)
	case fyne.KeyPageUp:
		t.SelectRow(at - page)
	case fyne.KeyHome:
		t.SelectRow(0)
	case fyne.KeyEnd:
		t.SelectRow(t.Len() - 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if at >= 0 && at < t.Len() && t.OnOpen != nil {
			t.OnOpen(at)
		}
	case fyne.KeySpace, desktop.KeyMenu:
		t.openMenuByKey()
	default:
		PassKey(l, ev)
	}
}

// tight is the theme in force without gaps between the rows.
type tight struct{}

func base() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

func (tight) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if n == "shadow" {
		return color.Transparent
	}
	return base().Color(n, v)
}
func (tight) Font(s fyne.TextStyle) fyne.Resource     { return base().Font(s) }
func (tight) Icon(n fyne.ThemeIconName) fyne.Resource { return base().Icon(n) }
func (tight) Size(n fyne.ThemeSizeName) float32 {
	if n == "padding" {
		return 0
	}
	return base().Size(n)
}

// plain is the theme in force without the shadow at the edge of what scrolls, which would stand over the
// round corners of a card.
type plain struct{ tight }

func (plain) Size(n fyne.ThemeSizeName) float32 { return base().Size(n) }

// Scrolled lets an object scroll up and down where it does not fit.
func Scrolled(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewThemeOverride(container.NewVScroll(o), plain{})
}

// ScrolledAround lets the content of a window be smaller than it needs: then it scrolls both ways.
func ScrolledAround(least fyne.Size, o fyne.CanvasObject) fyne.CanvasObject {
	s := container.NewScroll(o)
	s.SetMinSize(least)
	return container.NewThemeOverride(s, plain{})
}

type tableRow struct {
	widget.BaseWidget
	t     *DataTable
	row   int
	cells []Cell
	ready bool
	r     *rowRenderer
}

func newTableRow(t *DataTable) *tableRow {
	r := &tableRow{t: t, row: -1, cells: make([]Cell, len(t.Columns))}
	r.ExtendBaseWidget(r)
	return r
}

func (r *tableRow) show(i int) {
	r.row = i
	for n := range r.cells {
		r.cells[n] = Cell{}
	}
	r.ready = r.t.Row != nil && r.t.Row(i, r.cells)
	r.Refresh()
}

// Tapped implements fyne.Tappable.
func (r *tableRow) Tapped(ev *fyne.PointEvent) {
	r.t.tapped(r.row, ev.Position, ev.AbsolutePosition, r.Size().Width)
}

// TappedSecondary implements fyne.SecondaryTappable.
func (r *tableRow) TappedSecondary(ev *fyne.PointEvent) {
	focus(r.t.list)
	r.t.SelectRow(r.row)
	r.t.menu(r.row, ev.AbsolutePosition)
}

// CreateRenderer implements fyne.Widget.
func (r *tableRow) CreateRenderer() fyne.WidgetRenderer {
	rr := &rowRenderer{row: r, line: canvas.NewRectangle(theme.Color(theme.Border))}
	rr.objects = append(rr.objects, rr.line)
	for range r.t.Columns {
		c := rowCell{pill: &canvas.Rectangle{CornerRadius: 11}, main: &canvas.Text{TextSize: theme.SizeBody}, sub: &canvas.Text{TextSize: theme.SizeCaption}}
		rr.cells = append(rr.cells, c)
		rr.objects = append(rr.objects, c.pill, c.main, c.sub)
	}
	rr.dots = &canvas.Image{FillMode: canvas.ImageFillContain}
	rr.objects = append(rr.objects, rr.dots)
	r.r = rr
	return rr
}

type rowCell struct {
	pill      *canvas.Rectangle
	main, sub *canvas.Text
}

type rowRenderer struct {
	row     *tableRow
	line    *canvas.Rectangle
	cells   []rowCell
	dots    *canvas.Image
	objects []fyne.CanvasObject
	shade   color.Color // the colour the dots were made for
}

func (r *rowRenderer) MinSize() fyne.Size           { return fyne.NewSize(r.row.t.leastWidth(0), rowHeight) }
func (r *rowRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *rowRenderer) Destroy()                     {}
func (r *rowRenderer) Refresh()                     { r.Layout(r.row.Size()); canvas.Refresh(r.row) }

func (r *rowRenderer) Layout(size fyne.Size) {
	if size.Width == 0 {
		return
	}
	x, w := r.row.t.place(size.Width)
	r.line.FillColor = theme.Color(theme.Border)
	r.line.Move(fyne.NewPos(0, size.Height-1))
	r.line.Resize(fyne.NewSize(size.Width, 1))
	r.dots.Hide()
	for i, c := range r.row.t.Columns {
		if c.Dots {
			r.cells[i].pill.Hide()
			r.cells[i].main.Text, r.cells[i].sub.Text = "", ""
			r.layoutDots(x[i]+(w[i]-16)/2, size.Height)
			continue
		}
		r.layoutCell(r.cells[i], r.row.cells[i], c, x[i], w[i], size.Height)
	}
}

func (r *rowRenderer) layoutDots(x, height float32) {
	if ink := theme.Color(theme.Muted); r.shade != ink || r.dots.Resource == nil {
		r.shade = ink
		SetIcon(r.dots, theme.Tint(theme.IconMore, theme.Muted))
	}
	r.dots.Show()
	r.dots.Move(fyne.NewPos(x, (height-16)/2))
	r.dots.Resize(fyne.NewSquareSize(16))
}

func (r *rowRenderer) layoutCell(rc rowCell, cell Cell, c Column, x, w, height float32) {
	style := fyne.TextStyle{Bold: cell.Bold || cell.Pill}
	size := theme.SizeBody
	ink := cell.Ink
	if ink == "" {
		ink = theme.Text
	}
	room := w
	if cell.Pill {
		size, room = theme.SizeSmall, w-18
	}
	text := Fit(cell.Text, room, size, style)
	m := fyne.MeasureText(text, size, style)
	main := rc.main
	main.TextSize, main.TextStyle, main.Text = size, style, text
	y := (height - m.Height) / 2
	left := x
	if c.Right {
		left = x + w - m.Width
	}
	rc.sub.Text = ""
	if cell.Sub != "" {
		rc.sub.Text = Fit(cell.Sub, w, theme.SizeCaption, fyne.TextStyle{})
		sm := fyne.MeasureText(rc.sub.Text, theme.SizeCaption, fyne.TextStyle{})
		y = (height - m.Height - sm.Height + 1) / 2
		sx := x
		if c.Right {
			sx = x + w - sm.Width
		}
		rc.sub.Color = theme.Color(theme.Muted)
		rc.sub.Move(fyne.NewPos(sx, y+m.Height-1))
		rc.sub.Resize(sm)
	}
	rc.pill.Hide()
	if w == 0 {
		main.Text, rc.sub.Text = "", ""
		return
	}
	if cell.Pill && text != "" {
		on, ground := cell.Tone.Colors()
		ink = on
		rc.pill.FillColor = theme.Color(ground)
		rc.pill.Move(fyne.NewPos(x, (height-22)/2))
		rc.pill.Resize(fyne.NewSize(m.Width+18, 22))
		rc.pill.Show()
		left = x + 9
	}
	main.Color = theme.Color(ink)
	main.Move(fyne.NewPos(left, y))
	main.Resize(m)
}

type tableHeader struct {
	widget.BaseWidget
	t    *DataTable
	over int
}

func (h *tableHeader) column(at float32) int {
	x, w := h.t.place(h.Size().Width)
	for i := range h.t.Columns {
		if at >= x[i]-columnGap/2 && at < x[i]+w[i]+columnGap/2 {
			return i
		}
	}
	return -1
}

// Tapped implements fyne.Tappable.
func (h *tableHeader) Tapped(ev *fyne.PointEvent) {
	i := h.column(ev.Position.X)
	if i < 0 || h.t.Columns[i].ID == "" || h.t.OnSort == nil {
		return
	}
	id := h.t.Columns[i].ID
	desc := id == h.t.sort && !h.t.desc
	h.t.SetSort(id, desc)
	h.t.OnSort(id, desc)
}

// MouseIn implements desktop.Hoverable.
func (h *tableHeader) MouseIn(ev *desktop.MouseEvent) { h.MouseMoved(ev) }

// MouseMoved implements desktop.Hoverable.
func (h *tableHeader) MouseMoved(ev *desktop.MouseEvent) {
	if i := h.column(ev.Position.X); i != h.over {
		h.over = i
		h.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (h *tableHeader) MouseOut() { h.over = -1; h.Refresh() }

// CreateRenderer implements fyne.Widget.
func (h *tableHeader) CreateRenderer() fyne.WidgetRenderer {
	r := &headerRenderer{h: h, bg: &canvas.Rectangle{TopLeftCornerRadius: theme.RadiusCard, TopRightCornerRadius: theme.RadiusCard}, line: &canvas.Rectangle{}, arrow: &canvas.Image{FillMode: canvas.ImageFillContain}}
	for range h.t.Columns {
		r.texts = append(r.texts, &canvas.Text{TextSize: theme.SizeSmall, TextStyle: fyne.TextStyle{Bold: true}})
	}
	return r
}

type headerRenderer struct {
	h        *tableHeader
	bg, line *canvas.Rectangle
	texts    []*canvas.Text
	arrow    *canvas.Image
}

func (r *headerRenderer) MinSize() fyne.Size { return fyne.NewSize(100, headerHeight) }
func (r *headerRenderer) Destroy()           {}
func (r *headerRenderer) Refresh()           { r.Layout(r.h.Size()); canvas.Refresh(r.h) }
func (r *headerRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.bg, r.line, r.arrow}
	for _, t := range r.texts {
		objects = append(objects, t)
	}
	return objects
}

func (r *headerRenderer) Layout(size fyne.Size) {
	t := r.h.t
	x, w := t.place(size.Width)
	r.bg.FillColor, r.line.FillColor = theme.Color(theme.SurfaceAlt), theme.Color(theme.Border)
	r.bg.Move(fyne.NewPos(1, 1))
	r.bg.Resize(size.SubtractWidthHeight(2, 1))
	r.line.Move(fyne.NewPos(0, size.Height-1))
	r.line.Resize(fyne.NewSize(size.Width, 1))
	r.arrow.Hide()
	for i, c := range t.Columns {
		text := r.texts[i]
		ink := theme.Muted
		sorted := c.ID != "" && c.ID == t.sort
		if sorted || i == r.h.over && c.ID != "" {
			ink = theme.Text
		}
		room := w[i]
		if sorted {
			room -= 16
		}
		text.Text = Fit(c.Title, room, theme.SizeSmall, text.TextStyle)
		if w[i] == 0 {
			text.Text = ""
			continue
		}
		text.Color = theme.Color(ink)
		m := text.MinSize()
		left := x[i]
		if c.Right {
			left = x[i] + w[i] - m.Width
		}
		text.Move(fyne.NewPos(left, (size.Height-m.Height)/2))
		text.Resize(m)
		if sorted {
			res := theme.IconUp
			if t.desc {
				res = theme.IconDown
			}
			SetIcon(r.arrow, theme.Tint(res, theme.Text))
			ax := left + m.Width + 3
			if c.Right {
				ax = left - 16
			}
			r.arrow.Move(fyne.NewPos(ax, (size.Height-13)/2))
			r.arrow.Resize(fyne.NewSquareSize(13))
			r.arrow.Show()
		}
	}
}
