package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// RowList is a long list of like rows that are not columns, with one selected and the keys of a table.
type RowList struct {
	widget.List
	selected int
	// OnPick is told which row was selected.
	OnPick func(i int)
	// OnOpen is told which row Enter was pressed on.
	OnOpen  func(i int)
	wrapped fyne.CanvasObject
}

// NewRowList returns a list; create makes a row and update fills it.
func NewRowList(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) *RowList {
	l := &RowList{selected: -1}
	l.Length, l.CreateItem, l.UpdateItem, l.HideSeparators = length, create, update, true
	l.List.OnSelected = func(i int) {
		l.selected = i
		if l.OnPick != nil {
			l.OnPick(i)
		}
	}
	l.ExtendBaseWidget(l)
	l.wrapped = container.NewThemeOverride(l, tight{})
	return l
}

// Object is what to put on the screen.
func (l *RowList) Object() fyne.CanvasObject { return l.wrapped }

// Forget takes the selection away.
func (l *RowList) Forget() {
	l.selected = -1
	l.UnselectAll()
}

// Pick selects a row and tells OnPick.
func (l *RowList) Pick(i int) {
	n := l.Length()
	if n == 0 {
		return
	}
	i = min(max(i, 0), n-1)
	l.Select(i)
	l.Highlight(i)
}

// TypedKey implements fyne.Focusable.
func (l *RowList) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyDown:
		l.Pick(l.selected + 1)
	case fyne.KeyUp:
		l.Pick(max(l.selected, 1) - 1)
	case fyne.KeyPageDown:
		l.Pick(max(l.selected, 0) + 6)
	case fyne.KeyPageUp:
		l.Pick(l.selected - 6)
	case fyne.KeyHome:
		l.Pick(0)
	case fyne.KeyEnd:
		l.Pick(l.Length() - 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if l.OnOpen != nil && l.selected >= 0 && l.selected < l.Length() {
			l.OnOpen(l.selected)
		}
	default:
		PassKey(l, ev)
	}
}
