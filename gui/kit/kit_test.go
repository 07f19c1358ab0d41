package kit

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dunlin/core/ledger"
)

func TestDateField(t *testing.T) {
	test.NewTempApp(t)
	d := NewDateField(time.Now)
	want := ledger.NewDate(2026, 6, 15)
	for _, text := range []string{"2026-06-15", " 15 Jun 2026 ", "15 June 2026"} {
		d.SetText(text)
		if got, ok := d.Date(); !ok || got != want {
			t.Errorf("%q is read as %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "2026-02-30", "15/06/2026", "tomorrow"} {
		d.SetText(text)
		if _, ok := d.Date(); ok {
			t.Errorf("%q is taken for a date", text)
		}
	}
}

func TestFitEndsInAnEllipsis(t *testing.T) {
	test.NewTempApp(t)
	if got := Fit("Harbour Lights Hotel", 80, 13, fyne.TextStyle{}); got == "Harbour Lights Hotel" || got[len(got)-3:] != "…" {
		t.Errorf("got %q", got)
	}
	if got := Fit("Short", 200, 13, fyne.TextStyle{}); got != "Short" {
		t.Errorf("got %q", got)
	}
	if got := Fit("Anything", 1, 13, fyne.TextStyle{}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestParagraphGrowsWhenItIsNarrow(t *testing.T) {
	test.NewTempApp(t)
	p := NewParagraph("One sentence that is long enough to need several lines in a narrow place.")
	p.Resize(fyne.NewSize(600, 20))
	one := p.MinSize().Height
	p.Resize(fyne.NewSize(120, 20))
	if p.MinSize().Height < 3*one {
		t.Errorf("height %v in a narrow place, %v in a wide one", p.MinSize().Height, one)
	}
}

func TestDialogsCloseFromTheTop(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, NewText(""))
	own := 0
	w.Canvas().SetOnTypedKey(func(*fyne.KeyEvent) { own++ })
	d := NewDialogs(w.Canvas())
	lower, upper := &Dialog{Title: "lower", Confirm: "Yes"}, &Dialog{Title: "upper", Confirm: "Yes"}
	d.Show(lower)
	d.Show(upper)
	lower.Close()
	if d.Open() || w.Canvas().Overlays().Top() != nil {
		t.Error("closing the lower dialog leaves the upper one")
	}
	w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF5})
	if own != 1 {
		t.Error("the window does not get its keys back")
	}
}

func TestDialogStaysWhileAFieldIsWrong(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, NewText(""))
	d := NewDialogs(w.Canvas())
	entry, done := NewEntry(""), false
	field := NewField("Name", entry, "").Require("Type a name.")
	d.Show(&Dialog{Title: "?", Content: field.Object(), Confirm: "Save", Fields: []*Field{field}, First: entry, OnConfirm: func() { done = true }})
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if done || !d.Open() || field.Remark() != "Type a name." {
		t.Fatal("an empty field is accepted")
	}
	test.Type(entry, "x")
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !done || d.Open() {
		t.Error("Enter in a field does not confirm")
	}
}

func TestEscInAFieldClosesTheDialog(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, NewText(""))
	d := NewDialogs(w.Canvas())
	entry := NewEntry("")
	d.Show(&Dialog{Title: "?", Content: entry, Confirm: "Save", First: entry})
	entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if d.Open() {
		t.Error("the dialog stays")
	}
}

func TestSelectGoesToTheLetter(t *testing.T) {
	test.NewTempApp(t)
	got := ""
	s := NewSelect("", []Option{{"ie", "Ireland"}, {"it", "Italy"}, {"fr", "France"}}, func(code string) { got += code + " " })
	for _, r := range "iifx" {
		s.TypedRune(r)
	}
	if got != "ie it fr " {
		t.Errorf("chose %q", got)
	}
}

func TestSecretIsHiddenUntilTheEyeIsPressed(t *testing.T) {
	test.NewTempApp(t)
	e := NewSecret("")
	if !e.Password {
		t.Fatal("shown from the start")
	}
	test.Tap(e.ActionItem.(*Button))
	if e.Password {
		t.Error("the eye does nothing")
	}
}

func TestSnackbarGoesAway(t *testing.T) {
	test.NewTempApp(t)
	var hide func()
	s := NewSnackbar(func(_ time.Duration, f func()) func() { hide = f; return func() {} })
	s.Say("Saved")
	if s.String() != "Saved" {
		t.Errorf("says %q", s.String())
	}
	hide()
	if s.String() != "" {
		t.Error("it stays")
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"Acme & Sons":           "Acme & Sons",
		"Acme\nSons":            "Acme Sons",
		"Acme\r\n Sons\t":       "Acme Sons",
		"a\u2028b\u0085c\x00d":  "a b c d",
		"two  spaces stay":      "two  spaces stay",
		"\n":                    "",
		"Tráthnóna 🌊 Marine 星野": "Tráthnóna 🌊 Marine 星野",
	} {
		if got := OneLine(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for name, got := range map[string]string{"text": NewText("a\nb").String(), "pill": NewPill("a\nb", Neutral).String(), "button": NewButton(Quiet, "a\nb", nil).Text,
		"cell": Fit("a\nb", 100, 13, fyne.TextStyle{})} {
		if got != "a b" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestALongWordIsBroken(t *testing.T) {
	test.NewTempApp(t)
	lines := breakLines("see accounts.payable.department@a-very-long-name.example now", 120, 13, fyne.TextStyle{})
	if got := strings.Join(lines, ""); strings.ReplaceAll(got, " ", "") != "seeaccounts.payable.department@a-very-long-name.examplenow" {
		t.Errorf("something is lost: %q", lines)
	}
	for _, line := range lines {
		if w := fyne.MeasureText(line, 13, fyne.TextStyle{}).Width; w > 121 {
			t.Errorf("%q is %v wide", line, w)
		}
	}
}

func TestColumnsGiveEachWhatItNeeds(t *testing.T) {
	test.NewTempApp(t)
	wide, other := newFill("", fyne.NewSize(180, 10)), newFill("", fyne.NewSize(10, 10))
	c := Columns(20, []float32{1, 1}, wide, other)
	c.Resize(fyne.NewSize(300, 50))
	if wide.Size().Width != 180 || other.Size().Width != 100 || other.Position().X != 200 {
		t.Errorf("%v and %v at %v", wide.Size(), other.Size(), other.Position())
	}
}
