package gui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

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
}

func newSetup(w *Window, atLeast int) *setup {
	s := &setup{w: w, slot: kit.NewSlot(kit.Waiting(3))}
	s.connect = newConnectForm(s)
	s.account = newAccountForm(w)
	s.account.fill(w.over.Account)
	s.mailbox = newMailboxForm()
	s.first = newFirstSync(s)
	s.backB = kit.NewButton(kit.Secondary, lang.L("Back"), func() { s.go_(s.at - 1) })
	s.nextB = kit.NewButton(kit.Primary, lang.L("Continue"), s.next)
	s.later = kit.NewButton(kit.Quiet, "", nil)
	s.object = s.build()
	s.reached = s.resumeAt()
	s.go_(max(s.reached, atLeast))
	return s
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
	items := []fyne.CanvasObject{kit.Pad(theme.Space4, theme.Space2, theme.Space8, theme.Space2, brandMark())}
	for i := range stepCount {
		m := newStepMark(i+1, stepName(i), func() {
			if i <= s.reached && !s.busy {
				s.go_(i)
			}
		})
		s.marks = append(s.marks, m)
		items = append(items, m.object)
	}
	side := container.NewStack(kit.Fill(theme.Sidebar), kit.Sized(240, 0, kit.Pad(0, theme.Space4, theme.Space3, theme.Space4, kit.VStack(theme.Space2, items...))))
	foot := kit.VStack(0, kit.Line(), kit.Pad(theme.Space3, theme.Space8, theme.Space3, theme.Space8, kit.HStack(theme.Space2, s.backB, kit.Spacer(), s.later, s.nextB)))
	s.foot = container.NewStack(kit.Fill(theme.Surface), foot)
	main := kit.VStack(0, kit.Flex(s.slot.Object()), s.foot)
	return &fyne.Container{Layout: sideBySide{240, 0}, Objects: []fyne.CanvasObject{side, main}}
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
	return scrolled(kit.Pad(theme.Space8, theme.Space8, theme.Space6, theme.Space8, kit.VStack(theme.Space2,
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
	if s.at > stepWelcome && s.at < stepSync && s.w.over.Connected && !s.w.over.LastGoodSync.IsZero() {
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
		kit.NewParagraph(lang.L("Dunlin reads your customers and their open invoices. It never changes anything there.")),
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
	promises := kit.HStack(theme.Space6,
		promise(theme.IconShield, lang.L("Keys stay in the key store of this computer")),
		promise(theme.IconSync, lang.L("AccountsIQ is read once more before each reminder")),
		promise(theme.IconPause, lang.L("Nothing is sent before you say so")))
	return s.frame(lang.L("Connect your accounting system"), lang.L("Dunlin asks your customers for payment, politely and on time, from your own mailbox."),
		kit.VStack(theme.Space6, kit.MaxWidth(820, kit.Columns(theme.Space4, nil, cards...)), promises))
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
	m.item = kit.NewNavItem(kit.NumberIcon(n), name, tapped)
	m.object = m.item
	return m
}

func (m *stepMark) show(n, at, reached int) {
	m.item.SetCurrent(n == at)
	icon := kit.NumberIcon(m.n)
	if n < reached && n != at {
		icon = theme.IconCheck
	}
	m.item.SetIcon(icon)
}

// connectForm is the step that asks for the connection.
type connectForm struct {
	s                                                *setup
	object                                           fyne.CanvasObject
	location                                         *kit.Select
	address, company, userKey, partner, client, code *kit.Entry
	method                                           *kit.Select
	locationF, addressF, companyF, userKeyF          *kit.Field
	partnerF, clientF, codeF, methodF                *kit.Field
	advanced                                         *kit.Button
	help                                             *kit.Slot
	problem                                          *kit.Slot
	entity                                           string
}

const otherAddress = "other"

func newConnectForm(s *setup) *connectForm {
	c := &connectForm{s: s, address: kit.NewEntry("https://accountsiq.example.com"), company: kit.NewEntry(""), userKey: kit.NewSecret(""),
		partner: kit.NewSecret(""), client: kit.NewEntry(""), code: kit.NewSecret("")}
	options := append(choices(s.w.deps.Core.Locations()), kit.Option{Code: otherAddress, Name: lang.L("Other address…")})
	c.location = kit.NewSelect(lang.L("Choose a location"), options, func(string) { c.showFields() })
	c.method = kit.NewSelect("", []kit.Option{{Code: "userkey", Name: lang.L("User key")}, {Code: "oauth", Name: lang.L("Integration application (OAuth 2.0)")}}, func(string) { c.showFields() })
	c.method.SetSelected("userkey")
	c.methodF = kit.NewField(lang.L("Sign in with"), c.method, "")
	c.companyF = kit.NewField(lang.L("Company ID"), c.company, "")
	c.companyF.Check = func() string {
		if c.company.Text == "" && !c.oauth() {
			return lang.L("Type the Company ID.")
		}
		return ""
	}
	c.userKeyF = kit.NewField(lang.L("User Key"), c.userKey, "").Require(lang.L("Paste the User Key."))
	c.locationF = kit.NewField(lang.L("Location"), c.location, lang.L("The first part of the address that your browser shows in AccountsIQ.")).Require(lang.L("Choose the location of your company."))
	c.addressF = kit.NewField(lang.L("Address"), c.address, "").Require(lang.L("Type the address."))
	c.clientF = kit.NewField(lang.L("Client ID"), c.client, "").Require(lang.L("Paste the client ID."))
	c.codeF = kit.NewField(lang.L("Client secret"), c.code, "").Require(lang.L("Paste the client secret."))
	c.partnerF = kit.NewField(lang.L("Partner key"), c.partner, lang.L("Only if AccountsIQ gave you one."))
	c.partnerF.Object().Hide()
	c.advanced = kit.NewButton(kit.Quiet, lang.L("Advanced"), func() {
		if c.partnerF.Object().Visible() {
			c.partnerF.Object().Hide()
		} else {
			c.partnerF.Object().Show()
		}
		c.object.Refresh()
	}).Compact().WithArrow()
	c.help = kit.NewSlot(kit.Spacer())
	c.problem = kit.NewEmptySlot()
	for _, f := range []struct {
		entry *kit.Entry
		field *kit.Field
	}{{c.company, c.companyF}, {c.userKey, c.userKeyF}, {c.client, c.clientF}, {c.code, c.codeF}, {c.partner, c.partnerF}, {c.address, c.addressF}} {
		f.entry.OnLeave = func() { c.tidy(f.entry, f.field) }
		f.entry.OnSubmitted = func(string) { c.submit() }
	}
	form := kit.VStack(theme.Space4, kit.FormOf(c.methodF, c.companyF, c.userKeyF, c.clientF, c.codeF, c.locationF, c.addressF, c.partnerF), kit.Pad(0, 0, 0, -10, kit.Leading(c.advanced)))
	c.object = s.frame(lang.L("Connect with AccountsIQ"), lang.L("A few values from AccountsIQ, and you are in."),
		kit.MaxWidth(860, kit.VStack(theme.Space4, c.problem.Object(), kit.Columns(theme.Space4, []float32{5, 4}, kit.NewCard(form), c.help.Object()))))
	c.showFields()
	return c
}

func (c *connectForm) oauth() bool { return c.method.Selected() == "oauth" }

// showFields shows what the way of signing in needs.
func (c *connectForm) showFields() {
	visible := func(f *kit.Field, on bool) {
		if on {
			f.Object().Show()
		} else {
			f.Object().Hide()
		}
	}
	visible(c.userKeyF, !c.oauth())
	visible(c.clientF, c.oauth())
	visible(c.codeF, c.oauth())
	visible(c.addressF, c.location.Selected() == otherAddress)
	if c.oauth() {
		c.companyF.Help(lang.L("May stay empty when the application reaches one company only."))
		c.advanced.Hide()
		c.partnerF.Object().Hide()
	} else {
		c.companyF.Help("")
		c.advanced.Show()
	}
	c.help.Show(c.helper())
	if c.object != nil {
		c.object.Refresh()
	}
}

// helper says where each value is found.
func (c *connectForm) helper() fyne.CanvasObject {
	lines := []string{
		lang.L("Sign in to AccountsIQ and open Setup, then Company Details & Settings. There is the Company ID."),
		lang.L("On the same page open Integration and press Request User Key. AccountsIQ asks for your password."),
		lang.L("Copy the User Key and press Save there, or it will not work."),
		lang.L("The location is the first part of the address in your browser, such as uk1.accountsiq.com."),
	}
	if c.oauth() {
		lines = []string{
			lang.L("Your AccountsIQ administrator creates an integration application and allows it for your company."),
			lang.L("It shows a client ID and, once, a client secret. Copy both."),
			lang.L("The Company ID is under Setup, Company Details & Settings."),
			lang.L("The location is the first part of the address in your browser, such as uk1.accountsiq.com."),
		}
	}
	rows := []fyne.CanvasObject{kit.HStack(theme.Space2, kit.Icon(theme.IconInfo, theme.BrandText, 18), kit.Flex(kit.Heading(lang.L("Where do I find these?"))))}
	for i, line := range lines {
		rows = append(rows, &fyne.Container{Layout: sideBySide{20, theme.Space1}, Objects: []fyne.CanvasObject{
			kit.VStack(0, kit.NewText(fmt.Sprintf("%d.", i+1)).Bold().Color(theme.BrandText)), kit.NewParagraph(line).Color(theme.Text)}})
	}
	rows = append(rows, kit.NewParagraph(lang.L("The keys are kept in the key store of this computer, never in a file.")))
	return kit.NewNotice(theme.BrandSoft, kit.PadAll(theme.Space1, kit.VStack(theme.Space3, rows...)))
}

// tidy takes away what a paste brought along, and reads the location off a pasted address.
func (c *connectForm) tidy(e *kit.Entry, f *kit.Field) {
	if code := locationIn(e.Text); code != "" && e != c.address {
		c.location.SetSelected(code)
		e.SetText("")
		c.showFields()
		f.Note(lang.L("That was an address: the location is set from it."))
		c.object.Refresh()
		return
	}
	clean := trimPaste(e.Text)
	if clean == e.Text {
		return
	}
	e.SetText(clean)
	f.Note(lang.L("Trimmed: a space, comma or line end was taken away."))
	c.object.Refresh()
}

// trimPaste takes blanks, commas, quotes and invisible characters off both ends.
func trimPaste(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;\"'\u200b\u200c\u200d\ufeff", r)
	})
}

// locationIn finds the location that an AccountsIQ address names, "" when it is none.
func locationIn(s string) string {
	s = strings.ToLower(s)
	for _, code := range []string{"uk1", "eu1", "eu2", "us1"} {
		if strings.Contains(s, code+".accountsiq.com") {
			return code
		}
	}
	return ""
}

func (c *connectForm) fields() []*kit.Field {
	return []*kit.Field{c.companyF, c.userKeyF, c.clientF, c.codeF, c.locationF, c.addressF}
}

func (c *connectForm) request() core.ConnectRequest {
	r := core.ConnectRequest{Location: c.location.Selected(), CompanyID: trimPaste(c.company.Text), OAuth: c.oauth()}
	if r.Location == otherAddress {
		r.Location = trimPaste(c.address.Text)
	}
	if c.entity != "" {
		r.CompanyID = c.entity
	}
	if r.OAuth {
		r.ClientID, r.ClientSecret = trimPaste(c.client.Text), trimPaste(c.code.Text)
		return r
	}
	r.UserKey, r.PartnerKey = trimPaste(c.userKey.Text), trimPaste(c.partner.Text)
	return r
}

func (c *connectForm) submit() {
	if c.s.busy {
		return
	}
	if !kit.Valid(c.fields()...) {
		c.object.Refresh()
		return
	}
	c.try([]core.ConnectRequest{c.request()})
}

// try connects with the first request that works. There is more than one only when the owner pressed
// "Try the other locations".
func (c *connectForm) try(requests []core.ConnectRequest) {
	c.problem.Clear()
	var result core.ConnectResult
	var used core.ConnectRequest
	c.s.work(func(ctx context.Context) error {
		var err error
		for _, r := range requests {
			used = r
			if result, err = c.s.w.deps.Core.Connect(ctx, r); err == nil {
				return nil
			}
		}
		return err
	}, func(err error) { c.failed(err, len(requests) > 1) }, func() {
		if !slices.Contains([]string{c.location.Selected(), otherAddress}, used.Location) && c.location.Selected() != otherAddress {
			c.location.SetSelected(used.Location)
		}
		c.connected(result)
	})
}

func (c *connectForm) connected(result core.ConnectResult) {
	if len(result.Entities) > 0 {
		c.pickEntity(result.Entities)
		return
	}
	w := c.s.w
	w.over.Connected, w.over.CompanyName, w.over.CompanyID = true, result.Company.Name, result.Company.ID
	c.s.account.fill(result.Suggest)
	c.userKey.SetText("")
	c.code.SetText("")
	c.partner.SetText("")
	said := lang.L("Connected with {{.Company}}", map[string]any{"Company": result.Company.Name})
	if len(result.Notes) > 0 {
		said = strings.Join(result.Notes, " ")
	}
	w.snack.Say(said)
	w.reload()
	c.s.go_(stepBusiness)
}

// pickEntity asks which of several companies is meant.
func (c *connectForm) pickEntity(list []core.Entity) {
	options := make([]kit.Option, len(list))
	for i, e := range list {
		options[i] = kit.Option{Code: e.ID, Name: e.Name + " (" + e.ID + ")"}
	}
	sel := kit.NewSelect(lang.L("Choose a company"), options, nil)
	field := kit.NewField(lang.L("Company"), sel, lang.L("The application reaches several companies. One copy of Dunlin's data holds one of them.")).Require(lang.L("Choose a company."))
	c.s.w.dialogs.Show(&kit.Dialog{Title: lang.L("Which company?"), Content: field.Object(), Confirm: lang.L("Connect"), Fields: []*kit.Field{field}, First: sel,
		OnConfirm: func() {
			c.entity = sel.Selected()
			c.company.SetText(c.entity)
			c.submit()
		}})
}

// failed shows why it did not work and, where that may be the reason, offers the other locations.
func (c *connectForm) failed(err error, all bool) {
	p := trouble(err)
	c.entity = ""
	var actions []fyne.CanvasObject
	if all {
		p.Message = lang.L("None of the other locations accepted it either.") + " " + p.Message
	} else if slices.Contains([]string{"wrong_location", "refused_key", "unknown_company", "missing_company"}, p.Code) && c.location.Selected() != otherAddress {
		actions = append(actions, kit.NewButton(kit.Secondary, lang.L("Try the other locations"), c.tryOthers).Compact())
	}
	c.problem.Show(kit.FailedCard(p, c.s.w.copy, actions...))
}

func (c *connectForm) tryOthers() {
	first := c.request()
	var others []core.ConnectRequest
	for _, l := range c.s.w.deps.Core.Locations() {
		if l.Code != first.Location {
			r := first
			r.Location = l.Code
			others = append(others, r)
		}
	}
	if !c.s.busy {
		c.try(others)
	}
}

// firstSync shows the first sync by kind.
type firstSync struct {
	s       *setup
	object  fyne.CanvasObject
	slot    *kit.Slot
	stages  []core.Progress
	started time.Time
	stageAt time.Time
	running bool
	done    bool
}

func newFirstSync(s *setup) *firstSync {
	f := &firstSync{s: s, slot: kit.NewSlot(kit.Spacer())}
	f.object = s.frame(lang.L("First sync"), lang.L("Your customers and open invoices come over. This can take some minutes for a large ledger; later syncs only bring what changed."), kit.MaxWidth(600, f.slot.Object()))
	return f
}

// begin asks for the sync when none ran yet.
func (f *firstSync) begin() {
	if f.running || f.done {
		f.show()
		return
	}
	if !f.s.w.over.LastGoodSync.IsZero() {
		f.done = true
		f.show()
		return
	}
	f.running, f.stages = true, nil
	f.started = f.s.w.deps.Now()
	f.s.w.deps.Core.RequestSync()
	f.show()
	f.s.showFoot()
}

func (f *firstSync) progress(p core.Progress) {
	if f.s.at != stepSync || !f.running {
		return
	}
	if n := len(f.stages); n > 0 && f.stages[n-1].Stage == p.Stage {
		f.stages[n-1] = p
	} else {
		f.stages = append(f.stages, p)
		f.stageAt = f.s.w.deps.Now()
	}
	f.show()
}

func (f *firstSync) ended(v *core.SyncView) {
	f.running = false
	if v != nil && !v.OK {
		p := kit.Trouble{Code: "sync_failed", Message: lang.L("The sync did not finish."), Hint: lang.L("Try again.")}
		if v.Error != nil {
			p = troubleOf(v.Error)
		}
		f.slot.Show(kit.FailedCard(p, f.s.w.copy, kit.NewButton(kit.Primary, lang.L("Try again"), f.begin).Compact()))
		f.s.showFoot()
		return
	}
	f.done = true
	f.finished(v)
	f.s.showFoot()
}

func (f *firstSync) finished(v *core.SyncView) {
	fm := f.s.w.format
	rows := []fyne.CanvasObject{kit.HStack(theme.Space3, kit.Disc(theme.IconCheck, theme.Green, theme.GreenSoft, 44),
		kit.Flex(kit.VStack(0, kit.Heading(lang.L("Everything is here")), kit.Small(lang.L("Continue to see who would be chased.")))))}
	if v != nil {
		row := func(name string, c core.Counts) {
			rows = append(rows, kit.Line(), labelled(name, fm.number(c.New+c.Changed)))
		}
		row(lang.L("Customers"), v.Customers)
		row(lang.L("Contacts"), v.Contacts)
		row(lang.L("Transactions"), v.Transactions)
		row(lang.L("Allocations"), v.Allocations)
	}
	f.slot.Show(kit.NewCard(kit.VStack(theme.Space3, rows...)))
	f.s.object.Refresh()
}

func (f *firstSync) show() {
	if f.done {
		f.finished(nil)
		return
	}
	fm := f.s.w.format
	var rows []fyne.CanvasObject
	if len(f.stages) == 0 {
		rows = append(rows, kit.Muted(lang.L("Starting…")))
	}
	for i, p := range f.stages {
		last := i == len(f.stages)-1
		mark := kit.Icon(theme.IconCheck, theme.Green, 18)
		if last {
			mark = kit.Icon(theme.IconSync, theme.BrandText, 18)
		}
		count := ""
		if p.Total > 0 {
			count = lang.L("{{.Done}} of {{.Total}}", map[string]any{"Done": fm.number(p.Done), "Total": fm.number(p.Total)})
		} else if p.Done > 0 {
			count = fm.number(p.Done)
		}
		rows = append(rows, kit.HStack(theme.Space3, mark, kit.Flex(kit.NewText(p.Stage).Bold()), kit.Muted(count)))
		if last {
			bar := kit.NewProgress()
			bar.Set(p.Done, p.Total)
			rows = append(rows, bar, kit.Small(f.timeLeft(p)))
		}
	}
	rows = append(rows, kit.Leading(kit.NewButton(kit.Secondary, lang.L("Cancel"), f.s.w.deps.Core.CancelSync).Compact()))
	f.slot.Show(kit.NewCard(kit.VStack(theme.Space3, rows...)))
	f.s.object.Refresh()
}

// timeLeft estimates from the pace of the present kind.
func (f *firstSync) timeLeft(p core.Progress) string {
	spent := f.s.w.deps.Now().Sub(f.stageAt)
	if p.Total == 0 || p.Done == 0 || spent < 3*time.Second {
		return ""
	}
	left := time.Duration(float64(spent) * float64(p.Total-p.Done) / float64(p.Done))
	if left < time.Minute {
		return lang.L("Less than a minute left")
	}
	return lang.L("About {{.N}} min left", map[string]any{"N": int(left.Minutes() + 0.5)})
}
