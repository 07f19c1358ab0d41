package gui

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

var _ Core = (*fakecore.Core)(nil)

// bench is a window on a fake core: work runs inline, the UI queue and the timers move by hand.
type bench struct {
	*testing.T
	core   *fakecore.Core
	w      *Window
	queue  *ui.Queue
	timers []*timer
	now    time.Time
	opened []string
}

type timer struct {
	at      time.Time
	f       func()
	stopped bool
}

func open(t *testing.T, c *fakecore.Core, mode theme.Mode) *bench {
	t.Helper()
	return openOn(t, c, map[theme.Mode]string{theme.Light: "light", theme.Dark: "dark"}[mode], func(context.Context) (theme.Mode, error) { return theme.System, nil })
}

// openOn opens a window with the owner's choice of light or dark on a desktop with its own wish.
func openOn(t *testing.T, c *fakecore.Core, choice string, desktop func(context.Context) (theme.Mode, error)) *bench {
	t.Helper()
	app := test.NewTempApp(t)
	app.Preferences().SetString(prefAppearance, choice)
	b := &bench{T: t, core: c, queue: &ui.Queue{}, now: fakecore.Now}
	b.w = New(Deps{Core: c, App: app, Do: b.queue.Do, Go: func(f func()) { f() }, Now: func() time.Time { return b.now },
		After: b.after, Open: func(url string) error { b.opened = append(b.opened, url); return nil }, Clipboard: test.NewClipboard(), Demo: func() error { return nil }, Version: "1.0.0", Desktop: desktop})
	b.w.win.Resize(fyne.NewSize(1200, 800))
	t.Cleanup(b.w.Close)
	b.flush()
	return b
}

func (b *bench) after(d time.Duration, f func()) func() {
	t := &timer{at: b.now.Add(d), f: f}
	b.timers = append(b.timers, t)
	return func() { t.stopped = true }
}

// pass lets time go by and runs the timers that fall due.
func (b *bench) pass(d time.Duration) {
	b.now = b.now.Add(d)
	due := b.timers
	b.timers = nil
	for _, t := range due {
		switch {
		case t.stopped:
		case t.at.After(b.now):
			b.timers = append(b.timers, t)
		default:
			t.f()
		}
	}
	b.flush()
}

// flush brings the UI to rest: what is queued runs, and the layout settles.
func (b *bench) flush() {
	for range 3 {
		b.queue.Flush()
		size := b.w.win.Canvas().Size()
		b.w.win.Resize(size.AddWidthHeight(1, 1))
		b.w.win.Resize(size)
	}
}

func (b *bench) go_(to route) {
	b.w.frame.go_(to)
	b.flush()
}

// all lists the objects that can be seen, dialogs and menus included.
func (b *bench) all() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, top := range append([]fyne.CanvasObject{b.w.win.Content()}, b.w.win.Canvas().Overlays().List()...) {
		out = append(out, test.LaidOutObjects(top)...)
	}
	return out
}

// button finds a visible button by its words.
func (b *bench) button(text string) *kit.Button {
	b.Helper()
	for _, o := range b.all() {
		if x, ok := o.(*kit.Button); ok && x.Visible() && x.AccessibilityLabel() == text {
			return x
		}
	}
	b.Fatalf("no button %q", text)
	return nil
}

// press presses a button by its words.
func (b *bench) press(text string) {
	b.Helper()
	test.Tap(b.button(text))
	b.flush()
}

// sees reports whether words can be read somewhere.
func (b *bench) sees(words string) bool {
	for _, o := range b.all() {
		if a, ok := o.(fyne.Accessible); ok && o.Visible() && strings.Contains(a.AccessibilityLabel(), words) {
			return true
		}
	}
	return false
}

func (b *bench) mustSee(words ...string) {
	b.Helper()
	for _, x := range words {
		if !b.sees(x) {
			b.Errorf("cannot read %q", x)
		}
	}
}

func (b *bench) mustDo(call string) {
	b.Helper()
	if !b.core.Did(call) {
		b.Errorf("%q was not called; calls: %q", call, b.core.Calls)
	}
}

func (b *bench) key(name fyne.KeyName) {
	ev := &fyne.KeyEvent{Name: name}
	if f := b.w.win.Canvas().Focused(); f != nil {
		f.TypedKey(ev)
	} else if h := b.w.win.Canvas().OnTypedKey(); h != nil {
		h(ev)
	}
	b.flush()
}

// golden compares the window with its picture.
func (b *bench) golden(name string) {
	b.Helper()
	b.flush()
	test.AssertImageMatches(b.T, name+".png", b.w.win.Canvas().Capture())
}

// lastButton finds the topmost of several buttons with the same words.
func lastButton(b *bench, text string) *kit.Button {
	b.Helper()
	var found *kit.Button
	for _, o := range b.all() {
		if x, ok := o.(*kit.Button); ok && x.Visible() && x.Text == text {
			found = x
		}
	}
	if found == nil {
		b.Fatalf("no button %q", text)
	}
	return found
}
