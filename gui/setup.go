package gui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// The steps of the first run.
const (
	stepWelcome = iota
	stepConnect
	stepBusiness
	stepMailbox
	stepSync
	stepWho
	stepCount
)

func stepName(i int) string {
	return [...]string{lang.L("Welcome"), lang.L("Connect"), lang.L("Your business"), lang.L("Your mailbox"), lang.L("First sync"), lang.L("Who to chase")}[i]
}

// setup is the first run: one step after the other, forward and back, and nothing typed is lost.
type setup struct {
	w       *Window
	object  fyne.CanvasObject
	at      int
	reached int
	marks   []*stepMark
	slot    *kit.Slot
	foot    *fyne.Container
	backB   *kit.Button
	nextB   *kit.Button
	later   *kit.Button
	steps   [stepCount]fyne.CanvasObject

	connect  *connectForm
	account  *accountForm
	accountP *kit.Slot
	mailbox  *mailboxForm
	mailboxP *kit.Slot
	hasMail  bool
	first    *firstSync
	busy     bool
	again    bool // opened from the window: there is a way back to it
}

func newSetup(w *Window, atLeast int) *setup {
	s := &setup{w: w, again: atLeast > stepWelcome, slot: kit.NewSlot(kit.Waiting(3))}
	s.connect = newConnectForm(s)
	s.account = newAccountForm(w)
	s.account.fill(w.over.Account)
	s.mailbox = newMailboxForm()
	s.first = newFirstSync(s)
	s.backB = kit.NewButton(kit.Secondary, lang.L("Back"), s.back)
	s.nextB = kit.NewButton(kit.Primary, lang.L("Continue"), s.next)
	s.later = kit.NewButton(kit.Quiet, "", nil)
	s.object = s.build()
	s.reached = s.resumeAt()
	s.go_(max(s.reached, atLeast))
	return s
}

// blank begins at the connection, with nothing of the company that is open.
func (s *setup) blank() {
	s.reached = stepConnect
	s.account = newAccountForm(s.w)
	s.go_(stepConnect)
}

// back goes one step back; from a connection made out of the window it leads there.
func (s *setup) back() {
	switch {
	case s.at == stepConnect && s.connect.choosing:
		s.connect.showForm()
	case s.at == stepConnect && s.again:
		s.w.closeSetup()
	default:
		s.go_(s.at - 1)
	}
}

// resumeAt is the step an earlier start got to.
func (s *setup) resumeAt() int {
	o := s.w.over
	switch {
	case !o.Connected:
		return stepWelcome
	case o.LastGoodSync.IsZero():
		return stepBusiness
	}
	return stepWho
}

func (s *setup) build() fyne.CanvasObject {
	items := []fyne.CanvasObject{kit.Pad(theme.Space4, 0, theme.Space8, theme.Space2, brandMark())}
	for i := range stepCount {
		m := newStepMark(i+1, stepName(i), func() {
			if i <= s.reached && !s.busy {
				s.go_(i)
			}
		})
		s.marks = append(s.marks, m)
		items = append(items, m.object)
	}
	side := container.NewStack(kit.Fill(theme.Sidebar), kit.Pad(0, theme.Space3, theme.Space3, theme.Space3, kit.VStack(theme.Space2, items...)))
	foot := kit.VStack(0, kit.Line(), kit.Pad(theme.Space3, theme.Space8, theme.Space3, theme.Space8, kit.HStack(theme.Space2, s.backB, kit.Spacer(), s.later, s.nextB)))
	s.foot = container.NewStack(kit.Fill(theme.Surface), foot)
	main := kit.VStack(0, kit.Flex(s.slot.Object()), s.foot)
	return &fyne.Container{Layout: sidebar{240}, Objects: []fyne.CanvasObject{side, main}}
}

// go_ shows a step. Its inputs are kept, so that going back loses nothing.
func (s *setup) go_(i int) {
	if i < 0 || i >= stepCount {
		return
	}
	s.at = i
	s.reached = max(s.reached, i)
	for n, m := range s.marks {
		m.show(n, s.at, s.reached)
	}
	if s.steps[i] == nil || i == stepWho || i == stepWelcome || i == stepMailbox {
		s.steps[i] = s.step(i)
	}
	s.slot.Show(s.steps[i])
	s.showFoot()
	if i == stepSync {
		s.first.begin()
	}
	s.object.Refresh()
}

func (s *setup) step(i int) fyne.CanvasObject {
	switch i {
	case stepConnect:
		return s.connect.object
	case stepBusiness:
		s.accountP = kit.NewEmptySlot()
		return s.frame(lang.L("Your business"), lang.L("Filled in from AccountsIQ where it says. Please look whether it is right."),
			kit.MaxWidth(520, kit.VStack(theme.Space4, kit.NewCard(s.account.object), s.accountP.Object())))
	case stepMailbox:
		return s.mailboxStep()
	case stepSync:
		return s.first.object
	case stepWho:
		return s.who()
	}
	return s.welcome()
}

// frame is the head and body of a step.
func (s *setup) frame(title, text string, body fyne.CanvasObject) fyne.CanvasObject {
	return kit.Scrolled(kit.Pad(theme.Space8, theme.Space8, theme.Space6, theme.Space8, kit.VStack(theme.Space2,
		kit.NewText(title).Scale(26).Bold(), kit.MaxWidth(640, kit.NewParagraph(text).Scale(14)), kit.Sized(0, theme.Space3, kit.Spacer()), body)))
}

func (s *setup) showFoot() {
	s.backB.SetEnabled(!s.busy)
	s.foot.Show()
	s.later.Hide()
	s.nextB.SetEnabled(!s.busy)
	switch s.at {
	case stepWelcome:
		s.foot.Hide()
	case stepConnect:
		s.nextB.SetText(lang.L("Connect"))
		if s.busy {
			s.nextB.SetText(lang.L("Connecting…"))
		}
		s.nextB.SetEnabled(!s.busy && !s.connect.choosing)
	case stepMailbox:
		s.nextB.SetText(lang.L("Continue"))
		if s.busy {
			s.nextB.SetText(lang.L("Signing in…"))
		}
		if !s.hasMail {
			s.showLater(lang.L("Add it later"), func() { s.go_(stepSync) })
		}
	case stepSync:
		s.nextB.SetText(lang.L("Continue"))
		s.nextB.SetEnabled(s.first.done || !s.w.over.LastGoodSync.IsZero() && !s.first.running)
	case stepWho:
		s.nextB.SetText(lang.L("Start chasing"))
		s.showLater(lang.L("Not now, look around first"), s.w.closeSetup)
		if s.w.over.Started {
			s.nextB.SetText(lang.L("Done"))
			s.later.Hide()
		}
	default:
		s.nextB.SetText(lang.L("Continue"))
	}
	if s.again && s.at > stepWelcome && s.at < stepSync && s.w.over.Connected && !s.w.over.LastGoodSync.IsZero() {
		s.showLater(lang.L("Back to Dunlin"), s.w.closeSetup)
	}
	s.object.Refresh()
}

func (s *setup) showLater(text string, f func()) {
	s.later.OnTapped = f
	s.later.SetText(text)
	s.later.Show()
}

func (s *setup) next() {
	if s.busy {
		return
	}
	switch s.at {
	case stepConnect:
		s.connect.submit()
	case stepBusiness:
		s.saveAccount()
	case stepMailbox:
		s.saveMailbox()
	case stepWho:
		s.start()
	default:
		s.go_(s.at + 1)
	}
}

// work runs something with the buttons at rest; fail gets what went wrong.
func (s *setup) work(job func(context.Context) error, fail func(error), then func()) {
	s.busy = true
	s.showFoot()
	s.w.run.Go(func() {
		err := job(s.w.run.Context())
		s.w.run.Do(func() {
			s.busy = false
			s.showFoot()
			if err != nil {
				fail(err)
				s.object.Refresh()
				return
			}
			then()
		})
	})
}

func (s *setup) welcome() fyne.CanvasObject {
	connect := kit.NewCardPad(theme.Space6, kit.VStack(theme.Space3, kit.Leading(kit.Disc(theme.IconBuilding, theme.BrandText, theme.BrandSoft, 48)),
		kit.NewText("AccountsIQ").Scale(18).Bold(),
		kit.NewParagraph(lang.L("Dunlin reads your customers and their open invoices. It changes nothing there unless you turn that on.")),
		kit.Flex(kit.Spacer()),
		kit.Leading(kit.NewButton(kit.Primary, lang.L("Connect with AccountsIQ"), func() { s.go_(stepConnect) }))))
	cards := []fyne.CanvasObject{connect}
	if s.w.deps.Demo != nil {
		cards = append(cards, kit.NewCardPad(theme.Space6, kit.VStack(theme.Space3, kit.Leading(kit.Disc(theme.IconDemo, theme.Blue, theme.BlueSoft, 48)),
			kit.NewText(lang.L("A demo company")).Scale(18).Bold(),
			kit.NewParagraph(lang.L("Look around without an account. Everything stays on this computer, and no mail leaves it.")),
			kit.Flex(kit.Spacer()),
			kit.Leading(kit.NewButton(kit.Secondary, lang.L("Look around with a demo company"), s.demo)))))
	}
	promises := kit.HStack(theme.Space3,
		promise(theme.IconShield, lang.L("Keys stay in the key store of this computer")),
		promise(theme.IconSync, lang.L("AccountsIQ is read once more before each reminder")),
		promise(theme.IconPause, lang.L("Nothing is sent before you say so")))
	body := []fyne.CanvasObject{kit.MaxWidth(820, kit.Columns(theme.Space4, nil, cards...))}
	if others := s.w.others(); len(others) > 0 && !s.w.over.Connected {
		rows := []fyne.CanvasObject{kit.CardTitle(lang.L("Companies on this computer"))}
		for _, e := range others {
			rows = append(rows, kit.Line(), s.w.companyRow(e))
		}
		body = append(body, kit.MaxWidth(820, kit.NewCard(kit.VStack(theme.Space3, rows...))))
	}
	return s.frame(lang.L("Connect your accounting system"), lang.L("Dunlin asks your customers for payment, politely and on time, from your own mailbox."),
		kit.VStack(theme.Space6, append(body, promises)...))
}

func promise(icon fyne.Resource, text string) fyne.CanvasObject {
	return kit.HStack(theme.Space2, kit.Icon(icon, theme.BrandText, 18), kit.Small(text))
}

func (s *setup) demo() {
	s.w.run.Go(func() {
		err := s.w.deps.Demo()
		s.w.run.Do(func() {
			if err != nil {
				s.w.fail(err)
			}
		})
	})
}

func (s *setup) saveAccount() {
	if !kit.Valid(s.account.fields()...) {
		s.object.Refresh()
		return
	}
	acc := s.account.account()
	s.work(func(ctx context.Context) error { return s.w.deps.Core.SaveAccount(ctx, acc) },
		func(err error) { s.accountP.Show(kit.FailedCard(trouble(err), s.w.copy)) },
		func() { s.w.format = newFormat(acc); s.go_(stepMailbox) })
}

func (s *setup) mailboxStep() fyne.CanvasObject {
	s.mailboxP = kit.NewEmptySlot()
	s.lookForMailbox()
	return s.frame(lang.L("Your mailbox"), lang.L("Reminders go from your own mailbox, so that answers come to you. Dunlin signs in once now to see that it works."),
		kit.MaxWidth(520, kit.VStack(theme.Space4, s.mailboxP.Object(), kit.NewCard(s.mailbox.object))))
}

// lookForMailbox says so when there is one already.
func (s *setup) lookForMailbox() {
	s.w.run.Go(func() {
		list, err := s.w.deps.Core.Mailboxes(s.w.run.Context())
		s.w.run.Do(func() {
			if err != nil || len(list) == 0 {
				return
			}
			s.hasMail = true
			s.mailboxP.Show(kit.NewNotice(theme.GreenSoft, kit.HStack(theme.Space2, kit.Icon(theme.IconCheck, theme.Green, 18),
				kit.Flex(kit.NewParagraph(lang.L("{{.Address}} is ready. Continue, or add another one.", map[string]any{"Address": list[0].Address})).Color(theme.Green)))))
			s.showFoot()
		})
	})
}

func (s *setup) saveMailbox() {
	if s.hasMail && !s.mailbox.touched() {
		s.go_(stepSync)
		return
	}
	if !kit.Valid(s.mailbox.fields()...) {
		s.object.Refresh()
		return
	}
	r := s.mailbox.request()
	s.work(func(ctx context.Context) error { return s.w.deps.Core.AddMailbox(ctx, r) },
		func(err error) { s.mailboxP.Show(kit.FailedCard(trouble(err), s.w.copy)) },
		func() {
			s.hasMail = true
			s.mailbox = newMailboxForm()
			s.go_(stepSync)
		})
}

// who is the last look before anything goes.
func (s *setup) who() fyne.CanvasObject {
	w, o, f := s.w, s.w.over, s.w.format
	var cards []fyne.CanvasObject
	for _, a := range o.Ageing {
		chart := kit.NewBarChart(nil)
		chart.SetBars(ageingBars(f, a))
		cards = append(cards, kit.NewCard(kit.VStack(theme.Space2, kit.CardTitle(lang.L("Outstanding by age")+" · "+a.Currency, kit.NewText(f.minor(a.Total, a.Currency)).Scale(theme.SizeHeading).Bold()), kit.Sized(0, 200, chart))))
	}
	if len(cards) == 0 {
		cards = append(cards, kit.NewCard(kit.Empty(theme.IconCheck, lang.L("Nothing is outstanding"), lang.L("Chasing begins by itself with your next invoices."))))
	}
	slot := lang.L("No chase day is chosen yet.")
	if !o.NextSlot.IsZero() {
		slot = lang.L("The next chase is on {{.When}}.", map[string]any{"When": f.moment(o.NextSlot, w.deps.Now())})
	}
	next := lang.L("Nothing is due then.")
	if o.NextMessages > 0 {
		next = lang.L("{{.Messages}} would go then.", map[string]any{"Messages": f.messages(o.NextMessages)})
	}
	points := []fyne.CanvasObject{kit.CardTitle(lang.L("What happens when you start")),
		point(theme.IconClock, slot+" "+next),
		point(theme.IconShield, lang.L("You see and approve the messages of the first run before they go.")),
		point(theme.IconReceivables, lang.L("Old invoices enter at the step that fits their age, once. Missed steps are not sent one after another.")),
		point(theme.IconUser, lang.L("To leave a customer out, look around first and press Stop chasing in the customer's menu."))}
	if o.NeedsMailbox {
		points = append(points, kit.NewNotice(theme.AmberSoft, kit.HStack(theme.Space2, kit.Flex(kit.NewParagraph(lang.L("There is no mailbox to send from yet.")).Color(theme.Amber)),
			kit.NewButton(kit.Secondary, lang.L("Add mailbox"), func() { s.go_(stepMailbox) }).Compact())))
	}
	body := append([]fyne.CanvasObject{kit.NewCard(kit.VStack(theme.Space3, points...))}, cards...)
	return s.frame(lang.L("Who to chase"), lang.L("{{.Customers}} owe you for {{.Invoices}}. Nothing goes before you press Start chasing.", map[string]any{
		"Customers": f.customers(o.CustomersNow), "Invoices": f.invoices(o.OpenInvoices)}), kit.MaxWidth(820, kit.VStack(theme.Space4, body...)))
}

func point(icon fyne.Resource, text string) fyne.CanvasObject {
	return kit.HStack(theme.Space3, kit.Icon(icon, theme.BrandText, 18), kit.Flex(kit.NewParagraph(text).Color(theme.Text)))
}

func (s *setup) start() {
	if s.w.over.Started {
		s.w.closeSetup()
		return
	}
	s.work(s.w.deps.Core.StartChasing, s.w.fail, func() {
		s.w.snack.Say(lang.L("Chasing has started"))
		s.w.closeSetup()
	})
}

// overviewChanged brings the present step up to date.
func (s *setup) overviewChanged() {
	if s.at == stepWho {
		s.go_(stepWho)
		return
	}
	s.showFoot()
}

// synced takes in how a sync ended.
func (s *setup) synced(v *core.SyncView) {
	if s.at == stepSync {
		s.first.ended(v)
	}
}

func (w *Window) showSetupProgress(p core.Progress) {
	if w.setup != nil {
		w.setup.first.progress(p)
	}
}

// stepMark is a step's number and name in the sidebar.
type stepMark struct {
	object fyne.CanvasObject
	item   *kit.NavItem
	n      int
}

func newStepMark(n int, name string, tapped func()) *stepMark {
	m := &stepMark{n: n}
	m.item = kit.NewNavItem(theme.Number(n), name, tapped)
	m.object = m.item
	return m
}

func (m *stepMark) show(n, at, reached int) {
	m.item.SetCurrent(n == at)
	icon := theme.Number(m.n)
	if n < reached && n != at {
		icon = theme.IconCheck
	}
	m.item.SetIcon(icon)
}
