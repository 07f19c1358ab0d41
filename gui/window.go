package gui

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"dunlin/assets"
	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// Deps is what the window is given. Core, App and Now must be set; what else is left out has a plain default.
type Deps struct {
	Core      Core
	App       fyne.App
	Do        func(func())                              // queues on the UI goroutine; fyne.Do
	Go        func(func())                              // runs off it; a goroutine
	After     func(time.Duration, func()) (stop func()) // a timer; time.AfterFunc
	Now       func() time.Time                          // the clock
	Open      func(url string) error                    // opens a page in the browser, or a file with its program
	Downloads func() (string, error)                    // the folder for files that the owner asked for
	Clipboard fyne.Clipboard                            // App.Clipboard
	Demo      func() error                              // starts the program on a demo company; nil hides the card
	Logger    *slog.Logger                              // what is logged of the window
	Version   string                                    // for About
	Desktop   func(context.Context) (theme.Mode, error) // light or dark, as the desktop wishes; System when it says nothing
}

func (d Deps) withDefaults() Deps {
	if d.Do == nil {
		d.Do = fyne.Do
	}
	if d.Go == nil {
		d.Go = func(f func()) { go f() } // ui.Runner waits for it
	}
	if d.After == nil {
		d.After = func(wait time.Duration, f func()) func() {
			t := time.AfterFunc(wait, f)
			return func() { t.Stop() }
		}
	}
	if d.Clipboard == nil {
		d.Clipboard = d.App.Clipboard()
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Desktop == nil {
		d.Desktop = desktopMode
	}
	if d.Downloads == nil {
		d.Downloads = downloads
	}
	if d.Open == nil {
		d.Open = func(string) error { return nil }
	}
	return d
}

// The preferences of the window; business settings are in the core.
const (
	prefWidth      = "window.width"
	prefHeight     = "window.height"
	prefAppearance = "appearance"
	prefTraySaid   = "tray.said"
)

// Window is the window of Dunlin. All its methods belong to the UI goroutine.
type Window struct {
	deps    Deps
	run     *ui.Runner
	win     fyne.Window
	format  format
	over    core.Overview
	loaded  bool
	overGen int

	companies    []core.CompanyEntry // of the data folder
	companiesGen int
	open         string // the company that the screens show

	root    *kit.Slot
	dialogs *kit.Dialogs
	snack   *kit.Snackbar
	frame   *frame
	setup   *setup
	tray    *tray

	fetching map[int64]bool // the invoices whose copy is on its way

	notify bool // the owner wants notifications
	setGen int
	asked  bool                 // the owner asked for the sync or run under way
	told   map[string]time.Time // when a trouble was last told, by its code
	synced string               // the code of the trouble of the last sync

	mode, desktop theme.Mode // what is shown, and what the desktop wishes
	dressed       bool
	deskGen       int

	endEvents func()
	pumpDone  chan struct{}
	stopTick  func()
	closed    bool
}

// New builds the window; Show makes it visible and starts listening to the core.
func New(d Deps) *Window {
	d = d.withDefaults()
	if err := loadTranslations(assets.Translations); err != nil {
		d.Logger.Error("translations", "error", err)
	}
	w := &Window{deps: d, format: newFormat(core.Account{}), notify: true, told: map[string]time.Time{}, fetching: map[int64]bool{}}
	w.run = ui.NewRunner(d.Do, d.Go, d.After)
	w.dress()
	w.followDesktop()
	w.win = d.App.NewWindow("Dunlin")
	w.win.SetIcon(fyne.NewStaticResource("dunlin.png", assets.IconPNG))
	w.win.SetPadded(false)
	w.dialogs = kit.NewDialogs(w.win.Canvas())
	w.snack = kit.NewSnackbar(w.run.After)
	w.frame = newFrame(w)
	w.root = kit.NewSlot(kit.Waiting(6))
	w.win.SetContent(container.NewStack(kit.Fill("background"), kit.ScrolledAround(fyne.NewSize(640, 400), w.root.Object()), w.snack.Object()))
	p := d.App.Preferences()
	w.win.Resize(fyne.NewSize(float32(p.FloatWithFallback(prefWidth, 1200)), float32(p.FloatWithFallback(prefHeight, 800))))
	w.addShortcuts()
	w.win.Canvas().SetOnTypedKey(w.typed)
	w.win.SetCloseIntercept(w.closeAsked)
	w.readCompanies()
	w.reload()
	return w
}

// loadTranslations hands the words to Fyne. English stands in for a language that Fyne knows and we do
// not, so that a window never mixes two.
func loadTranslations(files embed.FS) error {
	if err := lang.AddTranslationsFS(files, "translations"); err != nil {
		return err
	}
	own := lang.SystemLocale().LanguageString()
	if _, err := fs.Stat(files, "translations/"+own+".json"); err == nil || own == "" {
		return nil
	}
	english, err := files.ReadFile("translations/en.json")
	if err != nil {
		return err
	}
	return lang.AddTranslations(fyne.NewStaticResource(own+".json", english))
}

// Show shows the window and starts to listen to the core.
func (w *Window) Show() {
	w.win.Show()
	w.Start()
}

// Start listens to the core without showing the window, for a start in the tray.
func (w *Window) Start() {
	if w.endEvents != nil {
		return
	}
	events, end := w.deps.Core.Subscribe()
	w.endEvents, w.pumpDone = end, make(chan struct{})
	go w.pump(events)
	w.tick()
	w.reload()
}

// Close ends all work of the window. It may be called when the driver is gone already, so it leaves the window
// itself to the end of the program.
func (w *Window) Close() {
	if w.closed {
		return
	}
	w.closed = true
	size := w.win.Canvas().Size()
	w.deps.App.Preferences().SetFloat(prefWidth, float64(size.Width))
	w.deps.App.Preferences().SetFloat(prefHeight, float64(size.Height))
	if w.stopTick != nil {
		w.stopTick()
	}
	if w.endEvents != nil {
		w.endEvents()
	}
	w.run.Close(3 * time.Second)
	if w.pumpDone != nil {
		select {
		case <-w.pumpDone:
		case <-time.After(time.Second):
		}
	}
}

// closeAsked is the owner's close button: with a tray the window hides, else the program ends.
func (w *Window) closeAsked() {
	if w.tray == nil || !w.tray.keep {
		w.deps.App.Quit()
		return
	}
	w.win.Hide()
	if !w.deps.App.Preferences().Bool(prefTraySaid) {
		w.deps.App.Preferences().SetBool(prefTraySaid, true)
		w.deps.App.SendNotification(fyne.NewNotification(lang.L("Dunlin keeps running"), lang.L("You find it in the tray. Quit ends it, and then nothing is sent.")))
	}
}

// pump brings events to the UI goroutine. Many at once make one call: what counts is the latest state.
func (w *Window) pump(events <-chan core.Event) {
	defer close(w.pumpDone)
	for e := range events {
		batch := []core.Event{e}
		for more := true; more; {
			select {
			case next, ok := <-events:
				more = ok
				if ok {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		w.run.Do(func() { w.handle(batch...) })
	}
}

// handle takes events in: progress is shown as it is, all else means to read again.
func (w *Window) handle(events ...core.Event) {
	again, data := false, false
	for _, e := range events {
		switch e.Kind {
		case core.Progressed:
			w.over.Busy, w.over.Progress = true, e.Progress
			w.frame.showSync()
			w.showSetupProgress(e.Progress)
		case core.ShowWindow:
			w.win.Show()
			w.win.RequestFocus()
		case core.CompanyChanged:
			w.companyChanged()
			again, data = false, false // of the company before
		case core.DataChanged:
			again, data = true, true
		case core.SyncFinished:
			again = true
			w.syncEnded(e.Sync)
			if w.setup != nil {
				w.setup.synced(e.Sync)
			}
		case core.RunFinished:
			again, data = true, true
			w.asked = false
			w.runFinished(e.Run)
		case core.Failed:
			again = true
			w.troubled(e.Problem)
		case core.SlotMissed:
			again = true
			w.tell(lang.L("A chase was missed while Dunlin was not running. Open Dunlin to say what shall become of it."))
		default:
			again = true
		}
	}
	if again {
		w.reload()
	}
	if data && w.setup == nil {
		w.frame.reloadScreen()
	}
}

// tellAgain is how long a trouble that goes on is not told again. The bar across the window shows it all the time.
const tellAgain = 24 * time.Hour

// troubled tells of work that failed: always when the owner asked for it, else once, however often it is tried again.
func (w *Window) troubled(p *core.Problem) {
	if p == nil || !w.loaded {
		return
	}
	last, told := w.told[p.Code]
	repeated := told && w.deps.Now().Sub(last) < tellAgain
	if w.asked || !repeated {
		w.snack.Say(p.Message)
	}
	w.asked = false
	if repeated || p.Code == "cancelled" {
		return
	}
	w.told[p.Code] = w.deps.Now()
	w.tell(p.Message + " " + p.Hint)
}

// syncEnded remembers how the last sync went: a trouble that was over is told when it comes back.
func (w *Window) syncEnded(v *core.SyncView) {
	switch {
	case v == nil:
	case v.OK:
		delete(w.told, w.synced)
		w.synced = ""
	case v.Error != nil:
		w.synced = v.Error.Code
	}
}

func (w *Window) runFinished(r *core.RunView) {
	if r == nil {
		return
	}
	text := lang.L("The chase is done: {{.Sent}} sent.", map[string]any{"Sent": w.format.messages(r.Sent)})
	switch r.State {
	case core.RunDone:
	case core.RunWaiting:
		text = lang.L("Waiting for your approval: {{.Sent}}.", map[string]any{"Sent": w.format.messages(r.Left)})
	default:
		text = lang.L("The chase was held: {{.Reason}}", map[string]any{"Reason": r.Reason})
	}
	w.snack.Say(text)
	w.tell(text)
}

// tell sends a notification to the desktop, unless the owner does not want any. It says what to do,
// since it cannot be clicked everywhere.
func (w *Window) tell(text string) {
	if w.notify {
		w.deps.App.SendNotification(fyne.NewNotification("Dunlin", text))
	}
}

// readSettings takes over the settings that concern the window itself.
func (w *Window) readSettings() {
	ui.Load(w.run, &w.setGen, w.deps.Core.Settings, func(all []core.SettingView, err error) {
		if err != nil {
			return // they are shown with their error on their own screen
		}
		for _, s := range all {
			switch s.Key {
			case "notifications":
				w.notify = s.Value == "true"
			case "keep_in_tray":
				w.KeepInTray(s.Value == "true")
			}
		}
	})
}

// tick repaints what depends on the clock.
func (w *Window) tick() {
	w.stopTick = w.run.After(30*time.Second, func() {
		w.frame.showSync()
		w.tick()
	})
}

// reload reads the overview and shows it.
func (w *Window) reload() {
	ui.Load(w.run, &w.overGen, w.deps.Core.Overview, func(o core.Overview, err error) {
		if err != nil {
			if !w.loaded {
				w.root.Show(kit.Failed(trouble(err), w.copy, w.reload))
				return
			}
			w.snack.Say(trouble(err).Message)
			return
		}
		w.apply(o)
	})
}

func (w *Window) apply(o core.Overview) {
	if w.loaded && o.CompanyID != w.open {
		w.frame.forget()
		w.loaded = false
		w.readCompanies()
	}
	first := !w.loaded
	if first {
		w.readSettings()
	}
	w.over, w.loaded, w.open = o, true, o.CompanyID
	if w.format.zone == nil || first || w.format.country != newFormat(o.Account).country || w.format.zone.String() != o.Account.Timezone {
		w.format = newFormat(o.Account)
	}
	needsSetup := !o.Connected || o.LastGoodSync.IsZero()
	if w.setup == nil && needsSetup && first {
		w.openSetup(0)
	}
	if w.setup != nil {
		w.setup.overviewChanged()
		w.showTray()
		return
	}
	w.root.Show(w.frame.object)
	w.frame.show()
	if first {
		w.frame.go_(route{place: placeHome})
	}
	w.showTray()
}

// openSetup shows the first run, at the step that is next or a later one.
func (w *Window) openSetup(atLeast int) {
	w.setup = newSetup(w, atLeast)
	w.root.Show(w.setup.object)
}

// closeSetup goes on to the frame.
func (w *Window) closeSetup() {
	w.setup = nil
	w.root.Show(w.frame.object)
	w.frame.show()
	w.frame.go_(route{place: placeHome})
	w.reload()
}

// today is the date in the company's zone.
func (w *Window) today() ledger.Date {
	if !w.over.Today.IsZero() {
		return w.over.Today
	}
	return ledger.DateOf(w.format.local(w.deps.Now()))
}

func (w *Window) copy(text string) {
	w.deps.Clipboard.SetContent(text)
	w.snack.Say(lang.L("Copied"))
}

// act does something off the UI goroutine; then it says so and reads again, or shows what went wrong.
func (w *Window) act(done string, work func(context.Context) error) {
	w.run.Go(func() {
		err := work(w.run.Context())
		w.run.Do(func() {
			if err != nil {
				w.fail(err)
				return
			}
			if done != "" {
				w.snack.Say(done)
			}
			w.reload()
			w.frame.reloadScreen()
		})
	})
}

// fail shows an error of something the owner asked for.
func (w *Window) fail(err error) {
	t := trouble(err)
	w.deps.Logger.Warn("shown to the owner", "code", t.Code, "error", err)
	w.dialogs.Show(&kit.Dialog{Title: lang.L("That did not work"), Width: 480,
		Content: kit.VStack(theme.Space2, kit.NewParagraph(t.Message).Bold().Color(theme.Text), kit.NewParagraph(t.Hint),
			kit.Leading(kit.CopyDetails(t, w.copy)))})
}

// openLink opens a page of AccountsIQ; what must be searched for there is put on the clipboard.
func (w *Window) openLink(link func(context.Context) (core.Link, error)) {
	w.run.Go(func() {
		l, err := link(w.run.Context())
		w.run.Do(func() {
			if err != nil {
				w.fail(err)
				return
			}
			if l.Copy != "" {
				w.deps.Clipboard.SetContent(l.Copy)
				w.snack.Say(lang.L("{{.Code}} is on the clipboard: paste it into the search of AccountsIQ.", map[string]any{"Code": l.Copy}))
			}
			if err := w.deps.Open(l.URL); err != nil {
				w.fail(&core.Problem{Code: "no_browser", Message: lang.L("The browser could not be opened."), Hint: lang.L("Open {{.URL}} by hand.", map[string]any{"URL": l.URL})})
			}
		})
	})
}

// addShortcuts registers the keys of the window; they rest while a dialog is open.
func (w *Window) addShortcuts() {
	add := func(key fyne.KeyName, f func()) {
		w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) {
			if !w.dialogs.Open() && w.setup == nil {
				f()
			}
		})
	}
	for i, key := range []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6} {
		add(key, func() { w.frame.go_(route{place: places[i].name}) })
	}
	add(fyne.KeyF, func() { w.frame.search() })
	add(fyne.KeyR, w.syncNow)
}

func (w *Window) typed(ev *fyne.KeyEvent) {
	if w.setup != nil {
		return
	}
	switch ev.Name {
	case fyne.KeyF5:
		w.syncNow()
	case fyne.KeyEscape:
		w.frame.back()
	}
}

func (w *Window) syncNow() {
	if w.over.Busy {
		return
	}
	w.asked = true
	w.over.Busy, w.over.Progress = true, core.Progress{}
	w.frame.showSync()
	w.deps.Core.RequestSync()
}
