package gui

import (
	"testing"

	"github.com/godbus/dbus/v5"

	"dunlin/gui/theme"
)

func TestThePortalsColourScheme(t *testing.T) {
	for v, want := range map[any]theme.Mode{uint32(0): theme.System, uint32(1): theme.Dark, uint32(2): theme.Light, uint32(7): theme.System, "dark": theme.System, nil: theme.System} {
		if got := schemeMode(v); got != want {
			t.Errorf("%v: %d, want %d", v, got, want)
		}
	}
	if got := schemeMode(dbus.MakeVariant(uint32(1))); got != theme.Dark {
		t.Errorf("wrapped: %d", got)
	}
}
