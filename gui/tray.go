package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"dunlin/assets"
	"dunlin/core/ledger"
)

// tray is the icon in the desktop's tray with its menu.
type tray struct {
	app       desktop.App
	keep      bool // closing the window keeps the program
	available bool
	state     string
	said      string
}

// Tray puts the program into the tray. Without one (available is false) closing the window ends the
// program, since nobody could bring it back.
func (w *Window) Tray(app desktop.App, available bool) {
	w.tray = &tray{app: app, available: available, keep: available}
	w.readSettings()
	w.showTray()
}

// KeepInTray says whether closing the window keeps the program running; it needs a tray.
func (w *Window) KeepInTray(keep bool) {
	if w.tray != nil {
		w.tray.keep = keep && w.tray.available
	}
}

// trayState is what the icon says: ok, paused, attention or syncing.
func (w *Window) trayState() string {
	o := w.over
	switch {
	case o.Busy:
		return "syncing"
	case len(o.Health) > 0 || o.SyncProblem != nil || !o.MissedSlot.IsZero() || o.Waiting > 0:
		return "attention"
	case o.Paused || !o.Started:
		return "paused"
	}
	return "ok"
}

// showTray brings icon and menu up to date; it touches them only when something changed.
func (w *Window) showTray() {
	t := w.tray
	if t == nil || !t.available {
		return
	}
	if state := w.trayState(); state != t.state {
		t.state = state
		data := map[string][]byte{"ok": assets.TrayOK, "paused": assets.TrayPaused, "attention": assets.TrayAttention, "syncing": assets.TraySyncing}[state]
		t.app.SetSystemTrayIcon(fyne.NewStaticResource("tray-"+state+".png", data))
	}
	next := lang.L("No chase planned")
	switch {
	case !w.over.Started:
		next = lang.L("Chasing has not started")
	case w.over.Paused:
		next = lang.L("Chasing is paused")
	case !w.over.NextSlot.IsZero():
		next = lang.L("Next chase {{.When}}", map[string]any{"When": w.format.moment(w.over.NextSlot, w.deps.Now())})
	}
	if said := next + t.state; said != t.said {
		t.said = said
		t.app.SetSystemTrayMenu(w.trayMenu(next))
	}
}

func (w *Window) trayMenu(next string) *fyne.Menu {
	show := func() {
		w.win.Show()
		w.win.RequestFocus()
	}
	outlook := fyne.NewMenuItem(next, func() {
		show()
		if w.setup == nil && w.loaded {
			w.frame.go_(route{place: placeOutbox})
		}
	})
	sync := fyne.NewMenuItem(lang.L("Sync now"), w.syncNow)
	sync.Disabled = w.over.Busy || !w.over.Connected
	items := []*fyne.MenuItem{fyne.NewMenuItem(lang.L("Open Dunlin"), show), outlook, sync}
	switch {
	case w.over.Started && w.over.Paused:
		items = append(items, fyne.NewMenuItem(lang.L("Resume"), w.resume))
	case w.over.Started:
		items = append(items, fyne.NewMenuItem(lang.L("Pause"), func() { w.pause(ledger.Date{}) }))
	}
	quit := fyne.NewMenuItem(lang.L("Quit"), w.deps.App.Quit)
	quit.IsQuit = true
	return fyne.NewMenu("Dunlin", append(items, fyne.NewMenuItemSeparator(), quit)...)
}
