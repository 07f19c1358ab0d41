package kit

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Dialogs shows the dialogs of one window. Esc cancels and Enter confirms the topmost one; while one is
// open the window's own keys and shortcuts rest (see Open).
type Dialogs struct {
	canvas fyne.Canvas
	open   []*Dialog
	keys   func(*fyne.KeyEvent) // the window's own handler
}

// NewDialogs returns the dialogs of the window with this canvas.
func NewDialogs(c fyne.Canvas) *Dialogs { return &Dialogs{canvas: c} }

// Open reports whether a dialog is shown.
func (d *Dialogs) Open() bool { return len(d.open) > 0 }

// Dialog is what a dialog says and does.
type Dialog struct {
	Title   string
	Message string
	Content fyne.CanvasObject // nil for a plain question
	Confirm string            // the name of what it does, such as "Stop chasing"
	Danger  bool
	Fields  []*Field // checked before OnConfirm
	// OnConfirm does the work; the dialog is closed before.
	OnConfirm func()
	// First gets the focus; without it Confirm does.
	First fyne.Focusable
	Width float32

	owner *Dialogs
	pop   *widget.PopUp
	yes   *Button
	no    *Button
}

// Show shows a dialog over the window.
func (d *Dialogs) Show(dialog *Dialog) {
	dialog.owner = d
	dialog.build()
	if len(d.open) == 0 {
		d.keys = d.canvas.OnTypedKey()
	}
	d.open = append(d.open, dialog)
	d.canvas.SetOnTypedKey(d.typed)
	dialog.pop.Show()
	switch {
	case dialog.First != nil:
		d.canvas.Focus(dialog.First)
	case !dialog.Danger:
		d.canvas.Focus(dialog.yes)
	default:
		d.canvas.Focus(dialog.no)
	}
}

func (d *Dialogs) typed(ev *fyne.KeyEvent) {
	if len(d.open) == 0 {
		return
	}
	top := d.open[len(d.open)-1]
	switch ev.Name {
	case fyne.KeyEscape:
		top.Close()
	case fyne.KeyReturn, fyne.KeyEnter:
		top.confirm()
	}
}

func (dialog *Dialog) build() {
	dialog.no = NewButton(Secondary, lang.L("Cancel"), dialog.Close)
	kind := Primary
	if dialog.Danger {
		kind = Danger
	}
	dialog.yes = NewButton(kind, dialog.Confirm, dialog.confirm)
	parts := []fyne.CanvasObject{NewText(dialog.Title).Scale(17).Bold()}
	if dialog.Message != "" {
		parts = append(parts, NewParagraph(dialog.Message))
	}
	if dialog.Content != nil {
		parts = append(parts, Pad(theme.Space2, 0, 0, 0, dialog.Content))
	}
	for _, f := range dialog.Fields {
		if e, ok := f.Control.(*Entry); ok && !e.MultiLine {
			e.OnSubmitted = func(string) { dialog.confirm() }
		}
	}
	buttons := []fyne.CanvasObject{Spacer(), dialog.no}
	if dialog.Confirm != "" {
		buttons = append(buttons, dialog.yes)
	} else {
		dialog.no.SetText(lang.L("Close"))
	}
	parts = append(parts, Pad(theme.Space3, 0, 0, 0, HStack(theme.Space2, buttons...)))
	width := dialog.Width
	if width == 0 {
		width = 440
	}
	box := Sized(width, 0, PadAll(theme.Space5, VStack(theme.Space2, parts...)))
	box.Resize(fyne.NewSize(width, 0)) // paragraphs learn their width, so that the height below is right
	dialog.pop = widget.NewModalPopUp(box, dialog.owner.canvas)
}

func (dialog *Dialog) confirm() {
	if dialog.Confirm == "" {
		dialog.Close()
		return
	}
	if !Valid(dialog.Fields...) {
		return
	}
	dialog.Close()
	if dialog.OnConfirm != nil {
		dialog.OnConfirm()
	}
}

// Close closes the dialog, and those opened above it first.
func (dialog *Dialog) Close() {
	d := dialog.owner
	for i := len(d.open) - 1; i >= 0; i-- {
		top := d.open[i]
		d.open = d.open[:i]
		top.pop.Hide()
		if top == dialog {
			break
		}
	}
	if len(d.open) == 0 {
		d.canvas.SetOnTypedKey(d.keys)
	}
}

// Snackbar says what just happened, at the foot of the window, for a few seconds.
type Snackbar struct {
	after  func(time.Duration, func()) (stop func())
	stop   func()
	text   *Text
	action *Button
	object *fyne.Container
}

// How long a sentence stays, and one that offers something to do.
const (
	snackTime  = 4 * time.Second
	offersTime = 10 * time.Second
)

// snackHeight is how far above the foot of the window it says so: clear of the buttons of the first run.
const snackHeight = 72

// NewSnackbar returns a hidden snackbar; after is the timer.
func NewSnackbar(after func(time.Duration, func()) (stop func())) *Snackbar {
	s := &Snackbar{after: after, text: NewText("").Color("dunlinOnSidebar")}
	ground := newFill(theme.Sidebar, fyne.Size{})
	ground.radius = theme.RadiusControl
	s.action = NewButton(OnDark, "", nil).Compact()
	s.action.Hide()
	body := container.NewStack(ground, Pad(theme.Space3, theme.Space5, theme.Space3, theme.Space5, HStack(theme.Space4, s.text, s.action)))
	s.object = VStack(0, Spacer(), HStack(0, Spacer(), body, Spacer()), Sized(1, snackHeight, newFill("", fyne.Size{})))
	s.object.Hide()
	return s
}

// Object goes on top of the window's content.
func (s *Snackbar) Object() fyne.CanvasObject { return s.object }

// Say shows a sentence.
func (s *Snackbar) Say(sentence string) {
	s.action.Hide()
	s.show(sentence)
	s.stop = s.after(snackTime, s.Hide)
}

// Offer shows a sentence with something to do about it.
func (s *Snackbar) Offer(sentence, name string, do func()) {
	s.action.SetText(name)
	s.action.OnTapped = func() {
		s.Hide()
		do()
	}
	s.action.Show()
	s.show(sentence)
	s.stop = s.after(offersTime, s.Hide)
}

// Wait shows a sentence until there is another one, or Hide.
func (s *Snackbar) Wait(sentence string) {
	s.action.Hide()
	s.show(sentence)
}

// Hide takes the sentence away.
func (s *Snackbar) Hide() {
	s.forget()
	s.object.Hide()
}

func (s *Snackbar) forget() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

func (s *Snackbar) show(sentence string) {
	s.forget()
	s.text.Set(sentence)
	s.object.Show()
	s.object.Refresh()
}

// String returns the sentence shown, "" for none.
func (s *Snackbar) String() string {
	if !s.object.Visible() {
		return ""
	}
	return s.text.String()
}
