package gui

import (
	"os"

	"fyne.io/fyne/v2"

	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// dress chooses light or dark: the owner's choice in the settings, else what FYNE_THEME says, else what
// the desktop wishes.
func (w *Window) dress() {
	mode := appearance(w.deps.App.Preferences().StringWithFallback(prefAppearance, "system"))
	if mode == theme.System {
		mode = appearance(os.Getenv("FYNE_THEME"))
	}
	if mode == theme.System {
		mode = w.desktop
	}
	if w.dressed && mode == w.mode {
		return
	}
	w.mode, w.dressed = mode, true
	w.deps.App.Settings().SetTheme(theme.New(mode))
}

// followDesktop asks for the desktop's wish now and whenever Fyne hears of a change.
func (w *Window) followDesktop() {
	w.askDesktop()
	w.deps.App.Settings().AddListener(func(fyne.Settings) { w.askDesktop() })
}

func (w *Window) askDesktop() {
	if w.closed {
		return
	}
	ui.Load(w.run, &w.deskGen, w.deps.Desktop, func(mode theme.Mode, err error) {
		if err == nil {
			w.desktop = mode
			w.dress()
		}
	})
}

func appearance(name string) theme.Mode {
	switch name {
	case "light":
		return theme.Light
	case "dark":
		return theme.Dark
	}
	return theme.System
}
