package gui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"dunlin/assets"
	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// The places of the window.
const (
	placeHome        = "home"
	placeReceivables = "receivables"
	placeOutbox      = "outbox"
	placeActivity    = "activity"
	placeSchedules   = "schedules"
	placeSettings    = "settings"
	placeCustomer    = "customer"
	placeInvoice     = "invoice"
)

var places = []struct {
	name string
	icon fyne.Resource
}{
	{placeHome, theme.IconHome},
	{placeReceivables, theme.IconReceivables},
	{placeOutbox, theme.IconOutbox},
	{placeActivity, theme.IconActivity},
	{placeSchedules, theme.IconSchedules},
	{placeSettings, theme.IconSettings},
}

func placeTitle(name string) string {
	switch name {
	case placeHome:
		return lang.L("Home")
	case placeReceivables:
		return lang.L("Receivables")
	case placeOutbox:
		return lang.L("Outbox")
	case placeActivity:
		return lang.L("Activity")
	case placeSchedules:
		return lang.L("Schedules")
	}
	return lang.L("Settings")
}

// route says where in the window the owner is.
type route struct {
	place string
	id    int64          // of a customer or an invoice
	show  *receivablesAt // what the lists shall show
	tab   string         // of the settings
}

// screen is one place of the window.
type screen interface {
	object() fyne.CanvasObject
	// reload reads again and shows what it finds.
	reload()
	// search puts the keyboard on the search line; false when there is none.
	search() bool
}

// frame is the sidebar, the top bar, the bar of trouble and the current screen.
type frame struct {
	w       *Window
	object  fyne.CanvasObject
	nav     map[string]*kit.NavItem
	screens map[string]screen
	slot    *kit.Slot
	current screen
	at      route
	history []route

	company  *kit.Text
	companyO fyne.CanvasObject
	switcher *kit.Button // the company's name where there are several
	chip     *kit.Pill
	pill     *kit.SwitchPill
	sync     *kit.Button
	status   *kit.Text
	bar      *kit.Progress
	banner   *kit.Slot
	bannerO  *fyne.Container
	said     string // what the banner says now
}

func newFrame(w *Window) *frame {
	f := &frame{w: w, nav: map[string]*kit.NavItem{}, screens: map[string]screen{}, slot: kit.NewSlot(kit.Fill("background"))}
	f.company = kit.NewText("").Scale(16).Bold()
	f.companyO = kit.Upto(f.company)
	f.switcher = kit.NewButton(kit.Quiet, "", f.showCompanyMenu).Compact().WithArrow()
	f.switcher.Hide()
	f.chip = kit.NewPill("", kit.Neutral)
	f.pill = kit.NewSwitchPill("", kit.Neutral, f.pillTapped)
	f.sync = kit.NewButton(kit.Secondary, lang.L("Sync now"), f.syncTapped).WithIcon(theme.IconSync).Compact()
	f.status = kit.NewText("").Scale(theme.SizeCaption).Color(theme.Muted).Align(fyne.TextAlignTrailing).Cut()
	f.bar = kit.NewProgress()
	f.bar.Hide()
	f.banner = kit.NewSlot(kit.Fill("background"))
	f.bannerO = kit.Pad(theme.Space3, theme.Space6, 0, theme.Space6, f.banner.Object())
	f.bannerO.Hide()
	f.object = f.build()
	return f
}

func (f *frame) build() fyne.CanvasObject {
	items := []fyne.CanvasObject{kit.Pad(theme.Space4, 0, theme.Space6, theme.Space2, brandMark())}
	for _, p := range places {
		item := kit.NewNavItem(p.icon, placeTitle(p.name), func() { f.go_(route{place: p.name}) })
		f.nav[p.name] = item
		items = append(items, item)
	}
	side := container.NewStack(kit.Fill(theme.Sidebar), kit.Pad(0, theme.Space3, theme.Space3, theme.Space3, kit.VStack(theme.Space1, items...)))
	syncBlock := kit.Sized(270, 0, kit.VStack(theme.Space1, kit.HStack(0, kit.Spacer(), f.sync), f.bar, f.status))
	top := container.NewStack(kit.Fill(theme.Surface), kit.VStack(0,
		kit.Sized(0, 71, kit.Pad(theme.Space2, theme.Space6, theme.Space1, theme.Space6,
			kit.HStack(theme.Space3, f.companyO, f.switcher, f.chip, f.pill, kit.Spacer(), syncBlock))),
		kit.Line()))
	main := kit.VStack(0, top, f.bannerO, kit.Flex(f.slot.Object()))
	return &fyne.Container{Layout: sidebar{200}, Objects: []fyne.CanvasObject{side, main}}
}

// sidebar is a window with a sidebar, which shows only its pictures where there is little room, as on a
// small screen with large letters.
type sidebar struct{ width float32 }

const (
	narrowSidebar float32 = 64
	narrowWindow  float32 = 900
)

func (l sidebar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := l.width
	if size.Width < narrowWindow {
		width = narrowSidebar
	}
	sideBySide{width, 0}.Layout(objects, size)
}

func (l sidebar) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[1].MinSize()
	return fyne.NewSize(narrowSidebar+m.Width, max(objects[0].MinSize().Height, m.Height))
}

// brandMark is the bird and the name, for dark grounds.
func brandMark() fyne.CanvasObject {
	img := canvas.NewImageFromResource(fyne.NewStaticResource("dunlin.png", assets.IconPNG))
	img.FillMode = canvas.ImageFillContain
	return kit.HStack(theme.Space3, kit.Sized(32, 32, img), kit.Flex(kit.NewText("Dunlin").Scale(18).Bold().Color(theme.OnSidebar).Cut()))
}

// go_ goes to a place and remembers where the owner came from.
func (f *frame) go_(to route) {
	if f.at.place != "" && to != f.at {
		f.history = append(f.history, f.at)
		if len(f.history) > 50 {
			f.history = f.history[1:]
		}
	}
	f.open(to)
}

// back goes to where the owner came from.
func (f *frame) back() {
	if len(f.history) == 0 {
		return
	}
	to := f.history[len(f.history)-1]
	f.history = f.history[:len(f.history)-1]
	f.open(to)
}

func (f *frame) open(to route) {
	f.at = to
	f.current = f.screen(to)
	for name, item := range f.nav {
		item.SetCurrent(name == to.place || name == placeReceivables && (to.place == placeCustomer || to.place == placeInvoice))
	}
	f.slot.Show(f.current.object())
	f.w.win.Canvas().Unfocus()
	f.current.reload()
}

// screen returns the screen of a route; the main places are kept, so that they stay as they were left.
func (f *frame) screen(to route) screen {
	switch to.place {
	case placeCustomer:
		return newCustomerPage(f.w, to.id)
	case placeInvoice:
		return newInvoicePage(f.w, to.id)
	}
	s, ok := f.screens[to.place]
	if !ok {
		s = f.make(to.place)
		f.screens[to.place] = s
	}
	if r, ok := s.(*receivables); ok && to.show != nil {
		r.showAt(*to.show)
	}
	if r, ok := s.(*settingsScreen); ok {
		r.enter(to.tab)
	}
	return s
}

func (f *frame) make(place string) screen {
	switch place {
	case placeReceivables:
		return newReceivables(f.w)
	case placeOutbox:
		return newOutbox(f.w)
	case placeActivity:
		return newActivity(f.w)
	case placeSchedules:
		return newSchedules(f.w)
	case placeSettings:
		return newSettings(f.w)
	}
	return newHome(f.w)
}

func (f *frame) reloadScreen() {
	if f.current != nil {
		f.current.reload()
	}
}

func (f *frame) search() {
	if f.current != nil && f.current.search() {
		return
	}
	f.go_(route{place: placeReceivables})
	f.current.search()
}

// show brings the frame up to date with the overview.
func (f *frame) show() {
	o := f.w.over
	f.showCompany()
	tone := kit.Neutral
	if o.Demo {
		tone = kit.Info
	}
	f.chip.Set(locationName(o), tone)
	f.chip.Refresh()
	text, pillTone := f.chasing()
	f.pill.Set(text, pillTone)
	f.nav[placeOutbox].SetBadge(badge(o.Waiting))
	f.showSync()
	f.showBanner()
	f.object.Refresh()
	if h, ok := f.current.(*home); ok {
		h.show()
	}
}

func badge(n int) string {
	switch {
	case n == 0:
		return ""
	case n > 99:
		return "99+"
	}
	return format{}.number(n)
}

// chasing is what the switch in the top bar says.
func (f *frame) chasing() (string, kit.Tone) {
	o := f.w.over
	switch {
	case !o.Started:
		return lang.L("Not started"), kit.Neutral
	case o.Paused && !o.PausedUntil.IsZero():
		return lang.L("Paused until {{.Date}}", map[string]any{"Date": f.w.format.short(o.PausedUntil, f.w.today())}), kit.Soon
	case o.Paused:
		return lang.L("Paused"), kit.Soon
	case slices.ContainsFunc(o.Health, func(p core.Problem) bool { return !p.WriteBackOff() }):
		return lang.L("Needs attention"), kit.Bad
	}
	return lang.L("Chasing"), kit.Good
}

func (f *frame) pillTapped() {
	w := f.w
	if !w.over.Started {
		w.openSetup(stepWho)
		return
	}
	if w.over.Paused {
		w.resume()
		return
	}
	menu := fyne.NewMenu("",
		fyne.NewMenuItem(lang.L("Pause for a week"), func() { w.pause(w.today().AddDays(7)) }),
		fyne.NewMenuItem(lang.L("Pause until a date…"), w.askPause),
		fyne.NewMenuItem(lang.L("Pause until I resume"), func() { w.pause(ledger.Date{}) }))
	widget.ShowPopUpMenuAtRelativePosition(menu, w.win.Canvas(), fyne.NewPos(0, f.pill.Size().Height+4), f.pill)
}

func (w *Window) pause(until ledger.Date) {
	w.act(lang.L("Chasing is paused"), func(ctx context.Context) error { return w.deps.Core.Pause(ctx, until) })
}

func (w *Window) resume() {
	w.act(lang.L("Chasing goes on"), w.deps.Core.StartChasing)
}

func (w *Window) askPause() {
	w.askDate(lang.L("Pause chasing until"), lang.L("Nothing is sent before that day. Chasing goes on by itself then."), lang.L("Pause"), ledger.Date{}, w.pause)
}

// askDate asks for a day after today.
func (w *Window) askDate(title, message, confirm string, preset ledger.Date, then func(ledger.Date)) {
	date := kit.NewDateField(w.deps.Now)
	date.SetDate(preset)
	field := kit.NewField(lang.L("Date"), date.Entry, lang.L("For example {{.Date}}", map[string]any{"Date": w.today().AddDays(14).String()}))
	field.Check = func() string {
		d, ok := date.Date()
		switch {
		case !ok:
			return lang.L("This is not a date. Type it as YYYY-MM-DD or choose it from the calendar.")
		case !d.After(w.today()):
			return lang.L("Choose a day after today.")
		}
		return ""
	}
	w.dialogs.Show(&kit.Dialog{Title: title, Message: message, Content: field.Object(), Confirm: confirm, Fields: []*kit.Field{field}, First: date.Entry,
		OnConfirm: func() {
			d, _ := date.Date()
			then(d)
		}})
}

func (f *frame) syncTapped() {
	if f.w.over.Busy {
		f.w.deps.Core.CancelSync()
		return
	}
	f.w.syncNow()
}

// showSync brings the button and the line under it up to date.
func (f *frame) showSync() {
	o := f.w.over
	if o.Busy {
		f.sync.Icon = theme.IconClose
		f.sync.SetText(lang.L("Cancel"))
		f.bar.Set(o.Progress.Done, o.Progress.Total)
		f.bar.Show()
		f.setStatus(progressText(f.w.format, o.Progress), theme.Muted)
		return
	}
	f.bar.Hide()
	f.sync.Icon = theme.IconSync
	f.sync.SetText(lang.L("Sync now"))
	switch {
	case o.SyncProblem != nil:
		f.setStatus(o.SyncProblem.Message, theme.Red)
	case o.LastGoodSync.IsZero():
		f.setStatus(lang.L("Never synced"), theme.Muted)
	default:
		f.setStatus(lang.L("Synced {{.Ago}}", map[string]any{"Ago": f.w.format.ago(o.LastGoodSync, f.w.deps.Now())}), theme.Muted)
	}
}

func (f *frame) setStatus(text string, ink fyne.ThemeColorName) {
	f.status.Set(text)
	f.status.SetColor(ink)
	f.object.Refresh()
}

// progressText writes "Transactions 1,200 of 8,400 · about 2 min left".
func progressText(f format, p core.Progress) string {
	text := p.Stage + "…"
	switch {
	case p.Stage == "":
		return lang.L("Starting…")
	case p.Total > 0:
		text = lang.L("{{.Stage}} {{.Done}} of {{.Total}}", map[string]any{"Stage": p.Stage, "Done": f.number(p.Done), "Total": f.number(p.Total)})
	case p.Done > 0:
		text = lang.L("{{.Stage}} {{.Done}}", map[string]any{"Stage": p.Stage, "Done": f.number(p.Done)})
	}
	if left := f.left(p.Left); left != "" {
		text += " · " + left
	}
	return text
}

// showBanner shows the one thing that keeps chasing from working, or nothing.
func (f *frame) showBanner() {
	o := f.w.over
	switch {
	case !o.Started:
		f.say(theme.BlueSoft, theme.Blue, theme.IconInfo, lang.L("Nothing is sent yet"), lang.L("Look at who would be chased, then press Start chasing."),
			kit.NewButton(kit.Primary, lang.L("Review and start"), func() { f.w.openSetup(stepWho) }).Compact())
	case o.Paused:
		title := lang.L("Chasing is paused")
		if !o.PausedUntil.IsZero() {
			title = lang.L("Chasing is paused until {{.Date}}", map[string]any{"Date": f.w.format.date(o.PausedUntil)})
		}
		f.say(theme.AmberSoft, theme.Amber, theme.IconPause, title, lang.L("No reminder goes before that."),
			kit.NewButton(kit.Secondary, lang.L("Resume"), f.w.resume).Compact())
	case o.SyncProblem != nil:
		again := kit.NewButton(kit.Secondary, lang.L("Sync now"), f.w.syncNow).Compact()
		f.say(theme.RedSoft, theme.Red, theme.IconWarning, o.SyncProblem.Message, o.SyncProblem.Hint+" "+lang.L("Nothing is sent from old data."),
			append([]fyne.CanvasObject{again}, f.remedy(*o.SyncProblem)...)...)
	case len(o.Health) > 0:
		p := o.Health[0]
		ground, ink := theme.RedSoft, theme.Red
		if p.WriteBackOff() { // chasing works all the same
			ground, ink = theme.AmberSoft, theme.Amber
		}
		f.say(ground, ink, theme.IconWarning, p.Message, p.Hint, f.remedy(p)...)
	case o.NeedsMailbox:
		f.say(theme.AmberSoft, theme.Amber, theme.IconMail, lang.L("No mailbox to send from"), lang.L("Add the mailbox your customers know you by."),
			kit.NewButton(kit.Primary, lang.L("Add mailbox"), func() { f.go_(route{place: placeSettings, tab: tabMailboxes}) }).Compact())
	default:
		f.said = ""
		f.bannerO.Hide()
	}
}

// remedy is the button that helps with a problem of health, if one does.
func (f *frame) remedy(p core.Problem) []fyne.CanvasObject {
	details := kit.CopyDetails(troubleOf(&p), f.w.copy)
	to := ""
	switch code := p.Code; {
	case slices.Contains([]string{"no_mailbox", "mailbox", "mail_signin", "mailbox_refused"}, code):
		to = tabMailboxes
	case code == "no_timezone":
		to = tabAccount
	case p.WriteBackOff(), slices.Contains([]string{"refused_key", "app_revoked", "session_refused", "missing_secret", "company_inactive", "unknown_company"}, code):
		to = tabConnection
	default:
		return []fyne.CanvasObject{details}
	}
	return []fyne.CanvasObject{kit.NewButton(kit.Secondary, lang.L("Open settings"), func() { f.go_(route{place: placeSettings, tab: to}) }).Compact(), details}
}

func (f *frame) say(ground, ink fyne.ThemeColorName, icon fyne.Resource, title, text string, actions ...fyne.CanvasObject) {
	f.bannerO.Show()
	if f.said == title+text {
		return
	}
	f.said = title + text
	words := kit.VStack(0, kit.NewText(title).Bold().Color(ink).Cut(), kit.NewText(text).Scale(theme.SizeSmall).Cut())
	row := []fyne.CanvasObject{kit.Icon(icon, ink, 20), kit.Flex(words)}
	f.banner.Show(kit.NewNotice(ground, kit.HStack(theme.Space3, append(row, actions...)...)))
}

// page puts a screen's head and body into the usual margins; the body scrolls.
func page(head, body fyne.CanvasObject) fyne.CanvasObject {
	scroll := kit.Scrolled(kit.Pad(0, theme.Space6, theme.Space6, theme.Space6, body))
	return kit.VStack(0, kit.Pad(theme.Space5, theme.Space6, theme.Space4, theme.Space6, head), kit.Flex(scroll))
}

// fixedPage is a page whose body fills what is left and scrolls by itself.
func fixedPage(head, body fyne.CanvasObject) fyne.CanvasObject {
	return kit.Pad(theme.Space5, theme.Space6, theme.Space6, theme.Space6, kit.VStack(theme.Space4, head, kit.Flex(body)))
}

// head is the title of a screen with what can be done at the right.
func head(title string, actions ...fyne.CanvasObject) fyne.CanvasObject {
	return kit.Sized(0, 36, kit.HStack(theme.Space2, append([]fyne.CanvasObject{kit.Flex(kit.Title(title).Cut())}, actions...)...))
}
