package gui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// readCompanies reads which companies there are, for the menu in the top bar and the settings.
func (w *Window) readCompanies() {
	ui.Load(w.run, &w.companiesGen, w.deps.Core.Companies, func(list []core.CompanyEntry, err error) {
		if err != nil {
			return // the one that is open is shown all the same
		}
		w.companies = list
		w.frame.showCompany()
		if w.setup != nil && w.setup.at == stepWelcome {
			w.setup.go_(stepWelcome)
		}
		if s, ok := w.frame.current.(*settingsScreen); ok && s.tab == tabConnection {
			s.reload()
		}
	})
}

// companyChanged forgets everything that belongs to the company that was open, and reads anew.
func (w *Window) companyChanged() {
	w.frame.forget()
	w.loaded = false
	w.told, w.synced, w.asked = map[string]time.Time{}, "", false
	w.readCompanies()
	w.reload()
}

// others are the companies that can be opened in the place of the one that is.
func (w *Window) others() []core.CompanyEntry {
	var out []core.CompanyEntry
	for _, e := range w.companies {
		if !e.Current {
			out = append(out, e)
		}
	}
	return out
}

// askSwitch says what it means to open another company.
func (w *Window) askSwitch(e core.CompanyEntry) {
	if e.Problem != nil {
		w.fail(e.Problem)
		return
	}
	w.dialogs.Show(&kit.Dialog{Title: lang.L("Open {{.Company}}?", map[string]any{"Company": e.Name}), Confirm: lang.L("Open"),
		Message:   lang.L("Only the company that is open is synced and chased. {{.Company}} rests until you open it again.", map[string]any{"Company": w.companyName()}),
		OnConfirm: func() { w.switchTo(e) }})
}

// switchTo opens another company. Nothing of the old one can be pressed meanwhile.
func (w *Window) switchTo(e core.CompanyEntry) {
	w.root.Show(kit.Center(kit.VStack(theme.Space3, kit.Center(kit.Disc(theme.IconBuilding, theme.BrandText, theme.BrandSoft, 56)),
		kit.Heading(lang.L("Opening {{.Company}}…", map[string]any{"Company": e.Name})).Align(fyne.TextAlignCenter))))
	w.run.Go(func() {
		err := w.deps.Core.UseCompany(w.run.Context(), e.ID)
		w.run.Do(func() {
			if err != nil {
				w.showMain()
				w.fail(err)
				return
			}
			w.setup = nil
			w.companyChanged()
		})
	})
}

// showMain shows what the window is at: the first run, or the frame.
func (w *Window) showMain() {
	if w.setup != nil {
		w.root.Show(w.setup.object)
		return
	}
	w.root.Show(w.frame.object)
}

func (w *Window) companyName() string {
	if w.over.Account.Name != "" {
		return w.over.Account.Name
	}
	return w.over.CompanyName
}

// connectAnother begins the first run for a further company; the one that is open stays until the new one answered.
func (w *Window) connectAnother() {
	w.openSetup(stepConnect)
	w.setup.blank()
}

// showCompany shows the name of the company, as a menu where there are several.
func (f *frame) showCompany() {
	name := f.w.companyName()
	f.company.Set(name)
	f.switcher.SetText(cut(name, 30))
	if len(f.w.companies) > 1 {
		f.companyO.Hide()
		f.switcher.Show()
	} else {
		f.companyO.Show()
		f.switcher.Hide()
	}
	f.object.Refresh()
}

// companyMenu lists the companies to open.
func (f *frame) companyMenu() *fyne.Menu {
	w := f.w
	var items []*fyne.MenuItem
	for _, e := range w.companies {
		item := fyne.NewMenuItem(cut(e.Name, 40), func() {
			if !e.Current {
				w.askSwitch(e)
			}
		})
		item.Checked = e.Current
		items = append(items, item)
	}
	note := fyne.NewMenuItem(lang.L("Only the open company is synced and chased"), nil)
	note.Disabled = true
	items = append(items, note, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(lang.L("Connect another company…"), w.connectAnother))
	return fyne.NewMenu("", items...)
}

func (f *frame) showCompanyMenu() {
	widget.ShowPopUpMenuAtRelativePosition(f.companyMenu(), f.w.win.Canvas(), fyne.NewPos(0, f.switcher.Size().Height+4), f.switcher)
}

// forget drops the screens and the way back: they belong to a company that is not open any more.
func (f *frame) forget() {
	f.screens, f.history, f.current, f.at, f.said = map[string]screen{}, nil, nil, route{}, ""
	f.slot.Show(kit.Waiting(6))
}

// companiesCard lists the companies in the settings.
func (s *settingsScreen) companiesCard() fyne.CanvasObject {
	w := s.w
	another := kit.NewButton(kit.Secondary, lang.L("Connect another company"), w.connectAnother).WithIcon(theme.IconPlus)
	words := lang.L("Dunlin can keep several companies. Only the one that is open is synced and chased.")
	var list []fyne.CanvasObject
	if len(w.companies) > 1 {
		words = lang.L("Only the company that is open is synced and chased. The others rest until you open them.")
		for _, e := range w.companies {
			list = append(list, kit.Line(), w.companyRow(e))
		}
	}
	rows := append([]fyne.CanvasObject{kit.CardTitle(lang.L("Companies")), kit.NewParagraph(words)}, list...)
	return kit.NewCard(kit.VStack(theme.Space3, append(rows, kit.Leading(another))...))
}

func (w *Window) companyRow(e core.CompanyEntry) fyne.CanvasObject {
	words := []fyne.CanvasObject{kit.NewText(e.Name).Bold().Cut(), kit.Small(e.ID).Cut()}
	if e.Problem != nil {
		words = append(words, kit.NewParagraph(e.Problem.Message+" "+e.Problem.Hint).Color(theme.Red))
	}
	row := []fyne.CanvasObject{kit.Flex(kit.VStack(0, words...))}
	switch {
	case e.Current:
		row = append(row, kit.NewPill(lang.L("Open now"), kit.Good))
	case e.Problem == nil:
		row = append(row, kit.NewButton(kit.Secondary, lang.L("Open"), func() { w.askSwitch(e) }).Compact())
	}
	return kit.HStack(theme.Space3, row...)
}

// askErase says exactly what goes before it goes.
func (s *settingsScreen) askErase() {
	w := s.w
	ui.Load(w.run, &s.eraseGen, w.deps.Core.ErasePlan, func(e core.Erasure, err error) {
		if err != nil {
			w.fail(err)
			return
		}
		f := w.format
		goes := lang.L("{{.Customers}}, {{.Invoices}}, {{.Messages}} and {{.Files}} in {{.Folder}}", map[string]any{"Customers": f.customers(e.Customers),
			"Invoices": f.invoices(e.Invoices), "Messages": f.messages(e.Messages), "Files": f.files(e.Files), "Folder": e.Folder})
		content := kit.VStack(theme.Space3,
			kit.NewParagraph(lang.L("This is removed from this computer:")).Bold().Color(theme.Text),
			point(theme.IconTrash, goes),
			point(theme.IconKey, lang.L("its keys and mailbox passwords in the key store")),
			kit.NewParagraph(lang.L("This stays:")).Bold().Color(theme.Text),
			point(theme.IconShield, lang.L("AccountsIQ: nothing is changed there")),
			point(theme.IconMail, lang.L("the record of sent messages, so that nobody gets a reminder twice if you connect the company again")))
		w.dialogs.Show(&kit.Dialog{Title: lang.L("Disconnect and erase {{.Company}}?", map[string]any{"Company": cut(e.CompanyName, 32)}), Danger: true, Width: 520,
			Content: content, Confirm: lang.L("Disconnect and erase"), OnConfirm: s.erase})
	})
}

func (s *settingsScreen) erase() {
	w := s.w
	w.root.Show(kit.Waiting(4))
	w.run.Go(func() {
		e, err := w.deps.Core.Erase(w.run.Context())
		w.run.Do(func() {
			if err != nil {
				w.showMain()
				w.fail(err)
			} else if len(e.Secrets) == 0 && len(e.Notes) > 0 {
				w.dialogs.Show(&kit.Dialog{Title: lang.L("Erased"), Message: strings.Join(e.Notes, " ")})
			} else {
				w.snack.Say(lang.L("Erased"))
			}
			w.companyChanged()
		})
	})
}
