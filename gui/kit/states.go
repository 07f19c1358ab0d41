package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"dunlin/gui/theme"
)

// Trouble is an error as it is shown: a sentence, the next step, and details to copy.
type Trouble struct {
	Code, Message, Hint string
}

// Empty says what to do where there is nothing to show; buttons may follow.
func Empty(res fyne.Resource, title, text string, buttons ...fyne.CanvasObject) fyne.CanvasObject {
	parts := []fyne.CanvasObject{
		Center(Disc(res, theme.BrandText, theme.BrandSoft, 56)),
		Sized(0, theme.Space2, newFill("", fyne.Size{})),
		Heading(title).Align(fyne.TextAlignCenter),
		Sized(360, 0, NewParagraph(text).Centered()),
	}
	if len(buttons) > 0 {
		row := append([]fyne.CanvasObject{Spacer()}, buttons...)
		parts = append(parts, Pad(theme.Space3, 0, 0, 0, HStack(theme.Space2, append(row, Spacer())...)))
	}
	return Center(PadAll(theme.Space6, VStack(theme.Space1, parts...)))
}

// Failed shows an error that takes the place of a screen's content.
func Failed(t Trouble, copyText func(string), again func()) fyne.CanvasObject {
	row := []fyne.CanvasObject{Spacer()}
	if again != nil {
		row = append(row, NewButton(Primary, lang.L("Try again"), again))
	}
	row = append(row, CopyDetails(t, copyText), Spacer())
	return Center(PadAll(theme.Space6, VStack(theme.Space1,
		Center(Disc(theme.IconWarning, theme.Red, theme.RedSoft, 56)),
		Sized(0, theme.Space2, newFill("", fyne.Size{})),
		Sized(440, 0, NewParagraph(t.Message).Bold().Color(theme.Text).Centered()),
		Sized(440, 0, NewParagraph(t.Hint).Centered()),
		Pad(theme.Space3, 0, 0, 0, HStack(theme.Space2, row...)))))
}

// FailedCard shows an error beside what the owner was doing.
func FailedCard(t Trouble, copyText func(string), actions ...fyne.CanvasObject) fyne.CanvasObject {
	row := append(append([]fyne.CanvasObject{}, actions...), CopyDetails(t, copyText), Spacer())
	return NewNotice(theme.RedSoft, Columns(0, nil, VStack(theme.Space1,
		HStack(theme.Space2, Icon(theme.IconWarning, theme.Red, 18), Flex(NewParagraph(t.Message).Bold().Color(theme.Red))),
		Pad(0, 0, 0, 26, NewParagraph(t.Hint).Color(theme.Text)),
		Pad(theme.Space2, 0, 0, 26, HStack(theme.Space2, row...)))))
}

// CopyDetails is the button that copies an error for a report.
func CopyDetails(t Trouble, copyText func(string)) *Button {
	return NewButton(Quiet, lang.L("Copy details"), func() {
		copyText(t.Code + ": " + t.Message + " " + t.Hint)
	}).Compact().WithIcon(theme.IconCopy)
}

// Waiting is shown while something takes its time: the outline of what comes.
func Waiting(rows int) fyne.CanvasObject {
	lines := []fyne.CanvasObject{Small(lang.L("Loading…"))}
	for i := range rows {
		width := float32(520 - 60*(i%3))
		lines = append(lines, MaxWidth(width, Sized(0, 14, newFill(theme.GreySoft, fyne.Size{}))))
	}
	return PadAll(theme.Space6, VStack(theme.Space4, lines...))
}

// Slot is a place whose content is swapped: the thing itself, or waiting, empty or failed.
type Slot struct{ box *fyne.Container }

// NewEmptySlot returns a place with nothing in it yet.
func NewEmptySlot() *Slot {
	s := &Slot{container.NewStack()}
	s.Clear()
	return s
}

// NewSlot returns a place with something in it.
func NewSlot(o fyne.CanvasObject) *Slot { return &Slot{container.NewStack(o)} }

// Clear leaves the place empty, and without room of its own.
func (s *Slot) Clear() { s.box.Hide() }

// Object is what to put on the screen.
func (s *Slot) Object() *fyne.Container { return s.box }

// Show swaps the content.
func (s *Slot) Show(o fyne.CanvasObject) {
	s.box.Show()
	if len(s.box.Objects) == 1 && s.box.Objects[0] == o {
		return
	}
	s.box.Objects = []fyne.CanvasObject{o}
	s.box.Refresh()
}
