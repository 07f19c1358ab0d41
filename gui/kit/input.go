package kit

import (
	"image/color"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"dunlin/core/ledger"
	"dunlin/gui/theme"
)

// Entry is a line of input that passes Esc, function keys and the window's shortcuts on.
type Entry struct {
	widget.Entry
	OnEsc   func() // instead of passing Esc on
	OnLeave func() // the focus went elsewhere, or something was pasted
	OnDown  func() // the Down key
	search  bool
}

// NewEntry returns an empty line.
func NewEntry(placeholder string) *Entry {
	e := &Entry{}
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

// NewSecret returns a line whose content is hidden behind dots until the eye is pressed.
func NewSecret(placeholder string) *Entry {
	e := NewEntry(placeholder)
	e.Password = true
	eye := NewIconButton(theme.IconEye, lang.L("Show"), nil)
	eye.OnTapped = func() {
		e.Password = !e.Password
		eye.Icon, eye.Name = theme.IconEye, lang.L("Show")
		if !e.Password {
			eye.Icon, eye.Name = theme.IconEyeOff, lang.L("Hide")
		}
		eye.Refresh()
		e.Refresh()
	}
	e.ActionItem = eye
	return e
}

// NewArea returns an input of several lines.
func NewArea(placeholder string, rows int) *Entry {
	e := NewEntry(placeholder)
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.SetMinRowsVisible(rows)
	return e
}

// NewSearch returns a line with a magnifying glass.
func NewSearch(placeholder string) *Entry {
	e := NewEntry(placeholder)
	e.search = true
	e.Icon = theme.Tint(theme.IconSearch, theme.Muted)
	return e
}

// Refresh implements fyne.CanvasObject.
func (e *Entry) Refresh() {
	if e.search {
		e.Icon = theme.Tint(theme.IconSearch, theme.Muted) // the theme may have changed
	}
	e.Entry.Refresh()
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case ev.Name == fyne.KeyEscape && e.OnEsc != nil:
		e.OnEsc()
	case ev.Name == fyne.KeyDown && e.OnDown != nil:
		e.OnDown()
	case ev.Name == fyne.KeyEscape || strings.HasPrefix(string(ev.Name), "F") && len(ev.Name) > 1:
		PassKey(e, ev)
	default:
		e.Entry.TypedKey(ev)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	if _, custom := s.(*desktop.CustomShortcut); custom {
		PassShortcut(e, s)
	}
	e.Entry.TypedShortcut(s)
	if _, pasted := s.(*fyne.ShortcutPaste); pasted && e.OnLeave != nil {
		e.OnLeave()
	}
}

// FocusLost implements fyne.Focusable.
func (e *Entry) FocusLost() {
	e.Entry.FocusLost()
	if e.OnLeave != nil {
		e.OnLeave()
	}
}

// Check is a tick box that passes keys on.
type Check struct{ widget.Check }

// NewCheck returns a tick box.
func NewCheck(label string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *Check) TypedKey(ev *fyne.KeyEvent) {
	if ev.Name == fyne.KeySpace {
		c.Check.TypedKey(ev)
		return
	}
	PassKey(c, ev)
}

// Option is one entry of a Select.
type Option struct{ Code, Name string }

// longList is the number of options from which on a Select offers a search.
const longList = 12

// Select is a list to choose one of. A long one opens with a search line.
type Select struct {
	widget.BaseWidget
	Options     []Option
	Placeholder string
	OnChanged   func(code string)
	selected    string
	hovered     bool
	focused     bool
	disabled    bool
}

// NewSelect returns a list to choose from, with nothing chosen.
func NewSelect(placeholder string, options []Option, changed func(string)) *Select {
	s := &Select{Options: options, Placeholder: placeholder, OnChanged: changed}
	s.ExtendBaseWidget(s)
	return s
}

// Selected returns the code of the choice, "" for none.
func (s *Select) Selected() string { return s.selected }

// SetSelected chooses without telling OnChanged.
func (s *Select) SetSelected(code string) { s.selected = code; s.Refresh() }

// Known reports whether the choice is in the list.
func (s *Select) Known() bool { return s.name() != "" }

// SetOptions replaces the list and drops a choice that is no longer in it.
func (s *Select) SetOptions(options []Option) {
	s.Options = options
	if s.name() == "" {
		s.selected = ""
	}
	s.Refresh()
}

// Choose chooses as the owner does.
func (s *Select) Choose(code string) {
	s.selected = code
	s.Refresh()
	if s.OnChanged != nil {
		s.OnChanged(code)
	}
}

func (s *Select) name() string {
	for _, o := range s.Options {
		if o.Code == s.selected {
			return o.Name
		}
	}
	return ""
}

// Enable implements fyne.Disableable.
func (s *Select) Enable() { s.disabled = false; s.Refresh() }

// Disable implements fyne.Disableable.
func (s *Select) Disable() { s.disabled = true; s.Refresh() }

// Disabled implements fyne.Disableable.
func (s *Select) Disabled() bool { return s.disabled }

// Tapped implements fyne.Tappable.
func (s *Select) Tapped(*fyne.PointEvent) {
	if s.disabled {
		return
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(s)
	if c == nil {
		return
	}
	c.Focus(s)
	if len(s.Options) > longList {
		s.openSearch(c)
		return
	}
	var items []*fyne.MenuItem
	for _, o := range s.Options {
		item := fyne.NewMenuItem(o.Name, func() { s.Choose(o.Code) })
		item.Checked = o.Code == s.selected
		items = append(items, item)
	}
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), c)
	menu.ShowAtRelativePosition(fyne.NewPos(0, s.Size().Height+2), s)
	menu.Resize(fyne.NewSize(max(s.Size().Width, menu.MinSize().Width), menu.MinSize().Height))
}

func (s *Select) openSearch(c fyne.Canvas) {
	found := s.Options
	var pop *widget.PopUp
	pick := func(code string) { pop.Hide(); s.Choose(code); c.Focus(s) }
	list := widget.NewList(func() int { return len(found) },
		func() fyne.CanvasObject { return Pad(6, 10, 6, 10, NewText("").Cut()) },
		func(i int, o fyne.CanvasObject) {
			o.(*fyne.Container).Objects[0].(*Text).Set(found[i].Name)
		})
	list.HideSeparators = true
	list.OnSelected = func(i int) { pick(found[i].Code) }
	search := NewSearch(lang.L("Type to search"))
	search.OnChanged = func(text string) {
		found = nil
		for _, o := range s.Options {
			if strings.Contains(strings.ToLower(o.Name+" "+o.Code), strings.ToLower(strings.TrimSpace(text))) {
				found = append(found, o)
			}
		}
		list.Refresh()
	}
	search.OnSubmitted = func(string) {
		if len(found) > 0 {
			pick(found[0].Code)
		}
	}
	search.OnEsc = func() { pop.Hide(); c.Focus(s) }
	search.OnDown = func() { c.Focus(list) }
	box := VStack(theme.Space1, search, Sized(max(s.Size().Width-8, 240), 260, list))
	pop = widget.NewPopUp(box, c)
	pop.ShowAtRelativePosition(fyne.NewPos(0, s.Size().Height+2), s)
	c.Focus(search)
}

// MouseIn implements desktop.Hoverable.
func (s *Select) MouseIn(*desktop.MouseEvent) { s.hovered = true; s.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (s *Select) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (s *Select) MouseOut() { s.hovered = false; s.Refresh() }

// FocusGained implements fyne.Focusable.
func (s *Select) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *Select) FocusLost() { s.focused = false; s.Refresh() }

// TypedRune implements fyne.Focusable: a letter goes to the next option that begins with it.
func (s *Select) TypedRune(r rune) {
	at := -1
	for i, o := range s.Options {
		if o.Code == s.selected {
			at = i
		}
	}
	for n := 1; n <= len(s.Options); n++ {
		o := s.Options[(at+n+len(s.Options))%len(s.Options)]
		if strings.HasPrefix(strings.ToLower(o.Name), strings.ToLower(string(r))) {
			s.Choose(o.Code)
			return
		}
	}
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter, fyne.KeyDown:
		s.Tapped(nil)
	default:
		PassKey(s, ev)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (s *Select) AccessibilityLabel() string { return s.name() }

// AccessibilityRole implements fyne.Accessible.
func (s *Select) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer implements fyne.Widget.
func (s *Select) CreateRenderer() fyne.WidgetRenderer {
	box := &canvas.Rectangle{CornerRadius: theme.RadiusControl}
	edge := &canvas.Rectangle{CornerRadius: theme.RadiusControl, StrokeWidth: 1, FillColor: color.Transparent}
	label := &canvas.Text{TextSize: theme.SizeBody}
	arrow := &canvas.Image{FillMode: canvas.ImageFillContain}
	apply := func(width float32) {
		box.FillColor, edge.StrokeColor = theme.Color("inputBackground"), theme.Color("inputBorder")
		switch {
		case s.focused:
			edge.StrokeColor = theme.Color(theme.Brand)
		case s.hovered && !s.disabled:
			edge.StrokeColor = theme.Color(theme.Faint)
		}
		ink := theme.Text
		text := s.name()
		if text == "" {
			text, ink = s.Placeholder, "placeholder"
		}
		if s.disabled {
			ink = "disabled"
		}
		label.Color = theme.Color(ink)
		label.Text = Fit(text, max(width-42, 20), theme.SizeBody, fyne.TextStyle{})
		SetIcon(arrow, theme.Tint(theme.IconDown, theme.Muted))
	}
	apply(200)
	layout := func(size fyne.Size) {
		apply(size.Width)
		edge.Move(fyne.NewPos(0.5, 0.5)) // drawn where Fyne draws the edge of an entry, so that both look alike
		edge.Resize(size.SubtractWidthHeight(1.5, 1.5))
		box.Move(fyne.NewPos(1, 1))
		box.Resize(size.SubtractWidthHeight(2, 2))
		m := label.MinSize()
		label.Move(fyne.NewPos(10, (size.Height-m.Height)/2))
		label.Resize(m)
		arrow.Resize(fyne.NewSquareSize(14))
		arrow.Move(fyne.NewPos(size.Width-26, (size.Height-14)/2))
	}
	return &simple{objects: []fyne.CanvasObject{box, edge, label, arrow}, layout: layout,
		min:     func() fyne.Size { return fyne.NewSize(140, 35) },
		refresh: func() { layout(s.Size()); canvas.Refresh(s) }}
}

// DateField takes a date by typing (2026-06-15 or 15 Jun 2026) or from a calendar.
type DateField struct {
	*Entry
	now func() time.Time
}

// NewDateField returns an empty date field; now says which month the calendar opens at.
func NewDateField(now func() time.Time) *DateField {
	d := &DateField{Entry: NewEntry(lang.L("YYYY-MM-DD")), now: now}
	open := NewIconButton(theme.IconCalendar, lang.L("Calendar"), nil)
	open.OnTapped = d.open
	d.ActionItem = open
	return d
}

// Date returns what is typed; false when it is not a date. An empty field is no date.
func (d *DateField) Date() (ledger.Date, bool) {
	text := strings.TrimSpace(d.Text)
	for _, layout := range []string{time.DateOnly, "2 Jan 2006", "2 January 2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return ledger.DateOf(t), true
		}
	}
	return ledger.Date{}, false
}

// SetDate fills the field.
func (d *DateField) SetDate(date ledger.Date) { d.SetText(date.String()) }

func (d *DateField) open() {
	c := fyne.CurrentApp().Driver().CanvasForObject(d.Entry)
	if c == nil {
		return
	}
	at := d.now()
	if date, ok := d.Date(); ok {
		y, m, day := date.YMD()
		at = time.Date(y, m, day, 12, 0, 0, 0, time.UTC)
	}
	var pop *widget.PopUp
	cal := widget.NewCalendar(at, func(t time.Time) {
		d.SetDate(ledger.DateOf(t))
		pop.Hide()
	})
	pop = widget.NewPopUp(cal, c)
	pop.ShowAtRelativePosition(fyne.NewPos(0, d.Entry.Size().Height+2), d.Entry)
}
