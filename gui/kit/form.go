package kit

import (
	"fyne.io/fyne/v2"

	"dunlin/gui/theme"
)

// Field is one input of a form: its name above, the input, and under it a remark or what is wrong.
type Field struct {
	Control fyne.CanvasObject
	// Check says what is wrong with the input, "" when nothing is.
	Check  func() string
	help   string
	under  *Paragraph
	object *fyne.Container
}

// NewField returns a field; help may be "".
func NewField(label string, control fyne.CanvasObject, help string) *Field {
	f := &Field{Control: control, help: help, under: NewParagraph(help).Scale(theme.SizeSmall)}
	parts := []fyne.CanvasObject{}
	if label != "" {
		parts = append(parts, NewText(label).Scale(theme.SizeSmall).Bold().Color(theme.Muted))
	}
	parts = append(parts, control, f.under)
	f.object = VStack(theme.Space1+2, parts...)
	f.show(help, theme.Muted)
	return f
}

// Require sets a check: an empty entry or select gets the sentence.
func (f *Field) Require(sentence string) *Field {
	f.Check = func() string {
		switch c := f.Control.(type) {
		case *Entry:
			if c.Text != "" {
				return ""
			}
		case *Select:
			if c.Selected() != "" {
				return ""
			}
		}
		return sentence
	}
	return f
}

// Object is what to put on the screen.
func (f *Field) Object() fyne.CanvasObject { return f.object }

// Help changes the help text.
func (f *Field) Help(text string) {
	if f.help == text {
		return // a remark that stands there stays
	}
	f.help = text
	f.Clear()
}

// Note shows a remark in place of the help text.
func (f *Field) Note(text string) { f.show(text, theme.Green) }

// Fail shows what is wrong.
func (f *Field) Fail(text string) { f.show(text, theme.Red) }

// Clear shows the help text again.
func (f *Field) Clear() { f.show(f.help, theme.Muted) }

// Remark returns what stands under the input.
func (f *Field) Remark() string { return f.under.String() }

func (f *Field) show(text string, color fyne.ThemeColorName) {
	f.under.Color(color).Set(text)
	if text == "" {
		f.under.Hide()
	} else {
		f.under.Show()
	}
	f.under.Refresh()
	f.object.Refresh()
}

// Valid runs the checks of all fields, shows what is wrong and puts the focus on the first bad one.
func Valid(fields ...*Field) bool {
	ok := true
	for _, f := range fields {
		if f.Check == nil || !f.object.Visible() {
			continue
		}
		wrong := f.Check()
		if wrong == "" {
			f.Clear()
			continue
		}
		f.Fail(wrong)
		if ok {
			focus(f.Control)
		}
		ok = false
	}
	return ok
}

func focus(o fyne.CanvasObject) {
	target, ok := o.(fyne.Focusable)
	if !ok {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		c.Focus(target)
	}
}

// FormOf puts fields below each other.
func FormOf(fields ...*Field) *fyne.Container {
	objects := make([]fyne.CanvasObject, len(fields))
	for i, f := range fields {
		objects[i] = f.object
	}
	return VStack(theme.Space4, objects...)
}
