package gui

import (
	"context"
	"testing"

	"dunlin/gui/internal/fakecore"
	"dunlin/gui/theme"
)

// TestLightOrDark holds the order: the owner's choice, FYNE_THEME, the desktop's wish, light.
func TestLightOrDark(t *testing.T) {
	for _, c := range []struct {
		name, choice, env string
		desktop, want     theme.Mode
	}{
		{"nobody says anything", "system", "", theme.System, theme.System},
		{"the desktop is dark", "system", "", theme.Dark, theme.Dark},
		{"the environment goes before the desktop", "system", "light", theme.Dark, theme.Light},
		{"the owner goes before both", "light", "dark", theme.Dark, theme.Light},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("FYNE_THEME", c.env)
			b := openOn(t, fakecore.New(2, 2), c.choice, func(context.Context) (theme.Mode, error) { return c.desktop, nil })
			if b.w.mode != c.want {
				t.Errorf("mode %d, want %d", b.w.mode, c.want)
			}
		})
	}
}

func TestTheDesktopTurnsDarkMeanwhile(t *testing.T) {
	t.Setenv("FYNE_THEME", "")
	wish := theme.Light
	b := openOn(t, fakecore.New(2, 2), "system", func(context.Context) (theme.Mode, error) { return wish, nil })
	if b.w.mode != theme.Light {
		t.Fatalf("mode %d at the start", b.w.mode)
	}
	wish = theme.Dark
	b.w.askDesktop() // what a change of Fyne's settings does
	b.flush()
	if b.w.mode != theme.Dark {
		t.Errorf("mode %d after the change", b.w.mode)
	}
}
