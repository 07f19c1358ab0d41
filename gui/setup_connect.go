package gui

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

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
	body                                             *kit.Slot // the form, or the companies to choose from
	form                                             fyne.CanvasObject
	choosing                                         bool
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
	c.form = kit.Columns(theme.Space4, []float32{5, 4}, kit.NewCard(form), c.help.Object())
	c.body = kit.NewSlot(c.form)
	c.object = s.frame(lang.L("Connect with AccountsIQ"), lang.L("A few values from AccountsIQ, and you are in."),
		kit.MaxWidth(860, kit.VStack(theme.Space4, c.problem.Object(), c.body.Object())))
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
	c.connect(c.request())
}

func (c *connectForm) connect(r core.ConnectRequest) {
	c.problem.Clear()
	var result core.ConnectResult
	c.s.work(func(ctx context.Context) (err error) {
		result, err = c.s.w.deps.Core.Connect(ctx, r)
		return err
	}, c.failed, func() { c.connected(result) })
}

func (c *connectForm) connected(result core.ConnectResult) {
	if len(result.Entities) > 0 {
		c.pickEntity(result.Entities)
		return
	}
	w := c.s.w
	if w.over.CompanyID != result.Company.ID {
		w.over = core.Overview{Today: w.over.Today} // nothing of the company that was open before
	}
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
	c.choosing = true
	c.body.Show(newEntityChooser(list, func(id string) {
		c.showForm()
		c.company.SetText(id)
		c.submit()
	}).object)
	c.s.showFoot()
}

// showForm shows the form again, with what was typed.
func (c *connectForm) showForm() {
	c.choosing = false
	c.body.Show(c.form)
	c.s.showFoot()
}

// failed shows why it did not work and, where that may be the reason, offers the other locations.
func (c *connectForm) failed(err error) {
	p := core.ProblemOf(err)
	var actions []fyne.CanvasObject
	if p.ElsewherePerhaps() {
		actions = append(actions, kit.NewButton(kit.Secondary, lang.L("Try the other locations"), c.tryOthers).Compact())
	}
	if p.Code == "refused_key" && !c.oauth() {
		c.partnerF.Object().Show() // it may be the one that is missing
	}
	c.problem.Show(kit.FailedCard(troubleOf(p), c.s.w.copy, actions...))
}
