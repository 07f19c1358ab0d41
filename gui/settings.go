package gui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// The tabs of the settings.
const (
	tabAccount    = "account"
	tabConnection = "connection"
	tabMailboxes  = "mailboxes"
	tabChasing    = "chasing"
	tabTray       = "tray"
	tabAbout      = "about"
)

var settingsTabs = []string{tabAccount, tabConnection, tabMailboxes, tabChasing, tabTray, tabAbout}

func settingsTitle(tab string) string {
	switch tab {
	case tabAccount:
		return lang.L("Account")
	case tabConnection:
		return lang.L("Connection")
	case tabMailboxes:
		return lang.L("Mailboxes")
	case tabChasing:
		return lang.L("Chasing")
	case tabTray:
		return lang.L("Notifications & tray")
	}
	return lang.L("About")
}

// settingsScreen holds the settings by group.
type settingsScreen struct {
	w    *Window
	obj  fyne.CanvasObject
	nav  map[string]*kit.NavItem
	tab  string
	slot *kit.Slot
	gen  int

	off         []core.Problem // what was said of write-back since the tab was opened
	styles      []string       // the layouts of invoice copies; nil while they are not known
	stylesAsked bool
	styleField  func() // shows the layouts once they are known

	learnt   map[string]core.LinkLearnt // what was recognised in an address pasted since, by setting
	eraseGen int
}

func newSettings(w *Window) *settingsScreen {
	s := &settingsScreen{w: w, nav: map[string]*kit.NavItem{}, tab: tabAccount, slot: kit.NewSlot(kit.Waiting(4)), learnt: map[string]core.LinkLearnt{}}
	var items []fyne.CanvasObject
	for _, tab := range settingsTabs {
		item := kit.NewNavItem(nil, settingsTitle(tab), func() { s.enter(tab); s.reload() }).OnLight()
		s.nav[tab] = item
		items = append(items, item)
	}
	side := kit.Sized(190, 0, kit.VStack(theme.Space1, items...))
	split := &fyne.Container{Layout: sideBySide{190, theme.Space5}, Objects: []fyne.CanvasObject{side, s.slot.Object()}}
	s.obj = fixedPage(head(lang.L("Settings")), split)
	return s
}

// sideBySide gives the left object a fixed width and its own height, the right one the rest.
type sideBySide struct{ left, gap float32 }

func (l sideBySide) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(l.left, size.Height))
	objects[1].Move(fyne.NewPos(l.left+l.gap, 0))
	objects[1].Resize(fyne.NewSize(max(size.Width-l.left-l.gap, 0), size.Height))
}

func (l sideBySide) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[1].MinSize()
	return fyne.NewSize(l.left+l.gap+m.Width, max(objects[0].MinSize().Height, m.Height))
}

func (s *settingsScreen) object() fyne.CanvasObject { return s.obj }
func (s *settingsScreen) search() bool              { return false }

// enter comes to a tab, "" for the one that was open before; what is read again by itself does not.
func (s *settingsScreen) enter(tab string) {
	if tab != "" {
		s.tab = tab
	}
	s.off, s.styles, s.stylesAsked = nil, nil, false
}

func (s *settingsScreen) reload() {
	for name, item := range s.nav {
		item.SetCurrent(name == s.tab)
	}
	switch s.tab {
	case tabAccount:
		s.loadAccount()
	case tabMailboxes:
		s.loadMailboxes()
	case tabAbout:
		s.gen++
		s.show(s.about())
	default:
		s.loadSettings()
	}
}

func (s *settingsScreen) show(o fyne.CanvasObject) {
	s.slot.Show(kit.Scrolled(kit.Pad(2, theme.Space2, theme.Space4, 4, kit.MaxWidth(640, kit.VStack(0, o)))))
	s.obj.Refresh()
}

func (s *settingsScreen) failed(err error) {
	s.slot.Show(kit.Failed(trouble(err), s.w.copy, s.reload))
}

func (s *settingsScreen) loadAccount() {
	ui.Load(s.w.run, &s.gen, s.w.deps.Core.Account, func(a core.Account, err error) {
		if err != nil {
			s.failed(err)
			return
		}
		form := newAccountForm(s.w)
		form.fill(a)
		save := kit.NewButton(kit.Primary, lang.L("Save"), func() {
			if kit.Valid(form.fields()...) {
				acc := form.account()
				s.w.act(lang.L("Saved"), func(ctx context.Context) error { return s.w.deps.Core.SaveAccount(ctx, acc) })
			}
		})
		s.show(kit.NewCard(kit.VStack(theme.Space4, kit.CardTitle(lang.L("Your business")), form.object, kit.Leading(save))))
	})
}

// groupOf says on which tab a setting stands.
func groupOf(key string) string {
	switch {
	case strings.HasPrefix(key, "links.") || strings.HasPrefix(key, "sync.") || strings.HasPrefix(key, "writeback."):
		return tabConnection
	case key == "notifications" || key == "keep_in_tray" || key == "start_at_login":
		return tabTray
	case strings.HasPrefix(key, "account.") || key == "paused" || key == "paused_until":
		return tabAccount // shown there, or by the switch in the top bar
	}
	return tabChasing
}

func (s *settingsScreen) loadSettings() {
	tab := s.tab
	ui.Load(s.w.run, &s.gen, s.w.deps.Core.Settings, func(all []core.SettingView, err error) {
		if err != nil {
			s.failed(err)
			return
		}
		var rows, copies []fyne.CanvasObject
		for _, v := range all {
			switch {
			case groupOf(v.Key) != tab:
			case strings.HasPrefix(v.Key, "attach.") || strings.HasPrefix(v.Key, "pdf."):
				copies = append(copies, s.control(v))
			default:
				rows = append(rows, s.control(v))
			}
		}
		switch tab {
		case tabConnection:
			cards := append([]fyne.CanvasObject{s.connection()}, s.writeBackOff()...)
			s.show(kit.VStack(theme.Space4, append(cards, s.companiesCard(), settingsCard(lang.L("Sync and links"), rows))...))
		case tabTray:
			s.show(settingsCard(settingsTitle(tab), append(rows, s.appearance())))
		default:
			s.show(kit.VStack(theme.Space4, settingsCard(lang.L("When and what is chased"), rows), settingsCard(lang.L("Invoice copies"), copies)))
		}
	})
}

func settingsCard(title string, rows []fyne.CanvasObject) fyne.CanvasObject {
	return kit.NewCard(kit.VStack(theme.Space5, append([]fyne.CanvasObject{kit.CardTitle(title)}, rows...)...))
}

// writeBackOff says what has switched itself off. Seen here it is said nowhere else any more.
func (s *settingsScreen) writeBackOff() (notices []fyne.CanvasObject) {
	news := false
	for _, p := range s.w.over.Health {
		if p.WriteBackOff() && !slices.Contains(s.off, p) {
			s.off, news = append(s.off, p), true
		}
	}
	if news {
		s.w.act("", s.w.deps.Core.SeenWriteBackOff)
	}
	for _, p := range s.off {
		notices = append(notices, kit.NewNotice(theme.AmberSoft, kit.HStack(theme.Space3, kit.Icon(theme.IconWarning, theme.Amber, 22),
			kit.Flex(kit.VStack(2, kit.NewParagraph(p.Message).Bold().Color(theme.Amber), kit.NewParagraph(p.Hint).Scale(theme.SizeSmall).Color(theme.Text))))))
	}
	return notices
}

// control is the input for one setting. It is stored as soon as it is changed.
func (s *settingsScreen) control(v core.SettingView) fyne.CanvasObject {
	if slices.Equal(v.Choices, []string{"true", "false"}) {
		c := kit.NewCheck(v.Label, nil)
		c.Checked = v.Value == "true"
		c.OnChanged = func(on bool) {
			value := "false"
			if on {
				value = "true"
			}
			s.store(v.Key, value, nil)
		}
		return kit.VStack(0, kit.Pad(0, 0, 0, -8, c), kit.Pad(0, 0, 0, 22, kit.NewParagraph(v.Help).Scale(theme.SizeSmall)))
	}
	if strings.HasPrefix(v.Key, "links.") {
		return s.linkField(v)
	}
	if v.Key == "slots.weekdays" {
		return s.weekdays(v)
	}
	if v.Key == "pdf.style" {
		return s.style(v)
	}
	if len(v.Choices) > 0 {
		var options []kit.Option
		for _, code := range v.Choices {
			options = append(options, kit.Option{Code: code, Name: choiceName(v.Key, code)})
		}
		return s.choice(v, options)
	}
	_, typed := s.typed(v)
	return typed
}

func (s *settingsScreen) choice(v core.SettingView, options []kit.Option) fyne.CanvasObject {
	sel := kit.NewSelect("", options, nil)
	sel.SetSelected(v.Value)
	f := kit.NewField(v.Label, sel, v.Help)
	sel.OnChanged = func(code string) { s.store(v.Key, code, f) }
	return f.Object()
}

// style is the layout of invoice copies: to be typed, and chosen as soon as AccountsIQ has said which there are.
func (s *settingsScreen) style(v core.SettingView) fyne.CanvasObject {
	e, typed := s.typed(v)
	slot := kit.NewSlot(typed)
	s.styleField = func() {
		if len(s.styles) == 0 || e.Text != v.Value {
			return // what is being typed stays
		}
		options := []kit.Option{{Code: "", Name: lang.L("AccountsIQ's own choice")}}
		for _, name := range s.styles {
			options = append(options, kit.Option{Code: name, Name: name})
		}
		if v.Value != "" && !slices.Contains(s.styles, v.Value) {
			options = append(options, kit.Option{Code: v.Value, Name: v.Value})
		}
		slot.Show(s.choice(v, options))
		s.obj.Refresh()
	}
	s.styleField()
	if !s.stylesAsked {
		s.stylesAsked = true
		s.w.run.Go(func() {
			list, err := s.w.deps.Core.ReportStyles(s.w.run.Context())
			s.w.run.Do(func() {
				if err != nil {
					s.w.deps.Logger.Warn("the layouts of invoice copies are not known", "error", err)
					return
				}
				s.styles = list
				s.styleField()
			})
		})
	}
	return slot.Object()
}

// typed is a setting that is typed.
func (s *settingsScreen) typed(v core.SettingView) (*kit.Entry, fyne.CanvasObject) {
	e := kit.NewEntry("")
	e.SetText(v.Value)
	f := kit.NewField(v.Label, e, v.Help)
	last := v.Value
	save := func() {
		if e.Text != last {
			last = e.Text
			s.store(v.Key, e.Text, f)
		}
	}
	e.OnSubmitted = func(string) { save() }
	e.OnLeave = save
	return e, f.Object()
}

func (s *settingsScreen) weekdays(v core.SettingView) fyne.CanvasObject {
	on := map[string]bool{}
	for _, d := range strings.Split(v.Value, ",") {
		on[strings.TrimSpace(d)] = true
	}
	codes := []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	names := []string{lang.L("Mon"), lang.L("Tue"), lang.L("Wed"), lang.L("Thu"), lang.L("Fri"), lang.L("Sat"), lang.L("Sun")}
	var boxes []fyne.CanvasObject
	for i, code := range codes {
		c := kit.NewCheck(names[i], nil)
		c.Checked = on[code]
		c.OnChanged = func(ticked bool) {
			on[code] = ticked
			var now []string
			for _, d := range codes {
				if on[d] {
					now = append(now, d)
				}
			}
			s.store(v.Key, strings.Join(now, ","), nil)
		}
		boxes = append(boxes, c)
	}
	return kit.NewField(v.Label, kit.Pad(0, 0, 0, -8, kit.HStack(theme.Space1, boxes...)), v.Help).Object()
}

func choiceName(key, code string) string {
	switch key + " " + code {
	case "grouping by_type":
		return lang.L("One reminder for all invoices of a customer")
	case "grouping by_settings":
		return lang.L("Only invoices at like steps share a reminder")
	case "grouping none":
		return lang.L("One reminder for each invoice")
	case "approval first_run":
		return lang.L("Before the first run")
	case "approval always":
		return lang.L("Before every run")
	case "attach.missing send":
		return lang.L("Send the reminder without it")
	case "attach.missing hold":
		return lang.L("Hold the message back")
	case "approval never":
		return lang.L("Never: they go by themselves")
	}
	return code
}

// store keeps a setting; what is wrong with it stands under its field.
func (s *settingsScreen) store(key, value string, f *kit.Field) {
	s.w.run.Go(func() {
		err := s.w.deps.Core.SetSetting(s.w.run.Context(), key, value)
		s.w.run.Do(func() {
			switch {
			case err == nil:
				if f != nil {
					f.Clear()
				}
				s.w.snack.Say(lang.L("Saved"))
				s.w.readSettings()
				s.w.reload()
			case f != nil:
				p := trouble(err)
				f.Fail(p.Message + " " + p.Hint)
				s.obj.Refresh()
			default:
				s.w.fail(err)
			}
		})
	})
}

func (s *settingsScreen) connection() fyne.CanvasObject {
	o := s.w.over
	pill := kit.NewPill(lang.L("Connected"), kit.Good)
	if o.SyncProblem != nil {
		pill = kit.NewPill(lang.L("Last sync failed"), kit.Bad)
	}
	last := lang.L("Never")
	if !o.LastGoodSync.IsZero() {
		last = s.w.format.past(o.LastGoodSync, s.w.deps.Now())
	}
	rows := []fyne.CanvasObject{kit.CardTitle("AccountsIQ", pill), labelled(lang.L("Company"), o.CompanyName), labelled(lang.L("Company ID"), o.CompanyID),
		labelled(lang.L("Location"), locationName(o)), labelled(lang.L("Last sync"), last)}
	if o.SyncProblem != nil {
		rows = append(rows, kit.FailedCard(troubleOf(o.SyncProblem), s.w.copy))
	}
	buttons := []fyne.CanvasObject{kit.NewButton(kit.Secondary, lang.L("Connect again"), func() { s.w.openSetup(stepConnect) }).WithIcon(theme.IconKey)}
	if !o.Demo {
		buttons = append(buttons, kit.NewButton(kit.Danger, lang.L("Disconnect and erase"), s.askErase).WithIcon(theme.IconTrash))
	}
	rows = append(rows, kit.HStack(theme.Space2, append(buttons, kit.Spacer())...))
	return kit.NewCard(kit.VStack(theme.Space3, rows...))
}

// appearance is light or dark, a matter of this computer.
func (s *settingsScreen) appearance() fyne.CanvasObject {
	sel := kit.NewSelect("", []kit.Option{{Code: "system", Name: lang.L("Like the computer")}, {Code: "light", Name: lang.L("Light")}, {Code: "dark", Name: lang.L("Dark")}}, func(code string) {
		s.w.deps.App.Preferences().SetString(prefAppearance, code)
		s.w.dress()
	})
	sel.SetSelected(s.w.deps.App.Preferences().StringWithFallback(prefAppearance, "system"))
	return kit.NewField(lang.L("Appearance"), sel, "").Object()
}

func (s *settingsScreen) loadMailboxes() {
	ui.Load(s.w.run, &s.gen, s.w.deps.Core.Mailboxes, func(list []core.MailboxView, err error) {
		if err != nil {
			s.failed(err)
			return
		}
		add := kit.NewButton(kit.Primary, lang.L("Add mailbox"), s.addMailbox).WithIcon(theme.IconPlus)
		if len(list) == 0 {
			s.show(kit.NewCard(kit.Empty(theme.IconMail, lang.L("No mailbox to send from"), lang.L("Reminders go from your own mailbox, so that answers come to you."), add)))
			return
		}
		rows := []fyne.CanvasObject{kit.HStack(theme.Space2, kit.Flex(kit.Heading(lang.L("Mailboxes"))), add)}
		for _, m := range list {
			rows = append(rows, s.mailbox(m))
		}
		s.show(kit.VStack(theme.Space4, rows...))
	})
}

func (s *settingsScreen) mailbox(m core.MailboxView) fyne.CanvasObject {
	pill := kit.NewPill(lang.L("Verified"), kit.Good)
	if !m.Verified {
		pill = kit.NewPill(lang.L("Not verified"), kit.Soon)
	}
	var roles []fyne.CanvasObject
	for _, r := range m.Roles {
		roles = append(roles, kit.NewPill(roleName(r), kit.Neutral))
	}
	remove := kit.NewIconButton(theme.IconTrash, lang.L("Remove"), func() {
		s.w.dialogs.Show(&kit.Dialog{Title: lang.L("Remove {{.Address}}?", map[string]any{"Address": m.Address}), Danger: true, Confirm: lang.L("Remove"),
			Message: lang.L("Nothing is sent from it any more. Its password is taken out of the key store."),
			OnConfirm: func() {
				s.w.act(lang.L("Removed"), func(ctx context.Context) error { return s.w.deps.Core.RemoveMailbox(ctx, m.Address) })
			}})
	})
	return kit.NewCard(kit.HStack(theme.Space4, kit.Disc(theme.IconMail, theme.BrandText, theme.BrandSoft, 40),
		kit.Flex(kit.VStack(theme.Space1, kit.HStack(theme.Space2, kit.NewText(m.Address).Bold(), pill), kit.Small(m.Name+" · "+m.SMTP).Cut(), kit.HStack(theme.Space1, roles...))), remove))
}

func roleName(role string) string {
	switch role {
	case "normal":
		return lang.L("Normal")
	case "escalated":
		return lang.L("Escalated")
	case "cc":
		return lang.L("CC")
	case "forewarn":
		return lang.L("Forewarn")
	}
	return role
}

func (s *settingsScreen) addMailbox() {
	form := newMailboxForm()
	problem := kit.NewEmptySlot()
	var add *kit.Button
	add = kit.NewButton(kit.Primary, lang.L("Check and add"), func() {
		if !kit.Valid(form.fields()...) {
			return
		}
		r := form.request()
		add.Disable()
		add.SetText(lang.L("Signing in…"))
		s.w.run.Go(func() {
			err := s.w.deps.Core.AddMailbox(s.w.run.Context(), r)
			s.w.run.Do(func() {
				add.Enable()
				add.SetText(lang.L("Check and add"))
				if err != nil {
					problem.Show(kit.FailedCard(trouble(err), s.w.copy))
					s.obj.Refresh()
					return
				}
				s.w.snack.Say(lang.L("{{.Address}} is ready", map[string]any{"Address": r.Address}))
				s.reload()
				s.w.reload()
			})
		})
	})
	s.show(kit.NewCard(kit.VStack(theme.Space4, kit.CardTitle(lang.L("Add mailbox")), form.object, problem.Object(),
		kit.HStack(theme.Space2, add, kit.NewButton(kit.Secondary, lang.L("Cancel"), s.reload)))))
}

func (s *settingsScreen) about() fyne.CanvasObject {
	version := s.w.deps.Version
	if version == "" {
		version = lang.L("development version")
	}
	return kit.NewCard(kit.VStack(theme.Space3, kit.CardTitle("Dunlin"), labelled(lang.L("Version"), version),
		kit.NewParagraph(lang.L("Dunlin keeps a copy of your customers and invoices on this computer, and sends the reminders that are due from your own mailbox, after one more look at AccountsIQ.")),
		kit.NewParagraph(lang.L("Nothing is written to AccountsIQ unless you turn that on under Settings, Connection. Passwords and keys are kept in the key store of this computer.")),
		kit.NewParagraph(lang.L("The dunlin is a small wading bird. Dunning is asking for payment."))))
}
