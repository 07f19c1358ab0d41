package gui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
)

// accountForm holds the business settings, in the first run and in the settings.
type accountForm struct {
	w                              *Window
	name, money                    *kit.Entry
	country, zone                  *kit.Select
	nameF, countryF, zoneF, moneyF *kit.Field
	object                         fyne.CanvasObject
}

func newAccountForm(w *Window) *accountForm {
	a := &accountForm{w: w, name: kit.NewEntry(""), money: kit.NewEntry("EUR")}
	a.country = kit.NewSelect(lang.L("Choose a country"), choices(w.deps.Core.Countries()), func(code string) { a.countryChosen(code) })
	a.zone = kit.NewSelect(lang.L("Choose a time zone"), nil, nil)
	a.nameF = kit.NewField(lang.L("Business name"), a.name, lang.L("As your customers know you.")).Require(lang.L("Type the name of your business."))
	a.countryF = kit.NewField(lang.L("Country"), a.country, lang.L("Decides the public holidays on which nothing is sent.")).Require(lang.L("Choose your country."))
	a.zoneF = kit.NewField(lang.L("Time zone"), a.zone, lang.L("Reminders go by the clock of this zone.")).Require(lang.L("Choose your time zone."))
	a.moneyF = kit.NewField(lang.L("Currency"), a.money, lang.L("The base currency of your books, such as EUR or GBP."))
	a.moneyF.Check = func() string {
		if len(a.money.Text) != 3 || strings.ToUpper(a.money.Text) != a.money.Text {
			return lang.L("Type the three letters of the currency, such as EUR.")
		}
		return ""
	}
	a.money.OnLeave = func() {
		if t := strings.ToUpper(strings.TrimSpace(a.money.Text)); t != a.money.Text {
			a.money.SetText(t)
		}
	}
	a.object = kit.FormOf(a.fields()...)
	return a
}

func choices(list []core.Choice) []kit.Option {
	options := make([]kit.Option, len(list))
	for i, c := range list {
		options[i] = kit.Option(c)
	}
	return options
}

func (a *accountForm) fields() []*kit.Field {
	return []*kit.Field{a.nameF, a.countryF, a.zoneF, a.moneyF}
}

// countryChosen offers the zones of the country and chooses the usual one.
func (a *accountForm) countryChosen(code string) {
	zones := a.w.deps.Core.Timezones(code)
	options := make([]kit.Option, len(zones))
	for i, z := range zones {
		options[i] = kit.Option{Code: z, Name: strings.ReplaceAll(z, "_", " ")}
	}
	a.zone.SetOptions(options)
	if a.zone.Selected() == "" && len(zones) > 0 {
		a.zone.SetSelected(zones[0])
	}
}

// fill shows an account. What is empty stays as it is.
func (a *accountForm) fill(acc core.Account) {
	if acc.Name != "" {
		a.name.SetText(acc.Name)
	}
	if acc.Country != "" {
		a.country.SetSelected(acc.Country)
		a.countryChosen(acc.Country)
	}
	if acc.Timezone != "" {
		if a.zone.SetSelected(acc.Timezone); !a.zone.Known() {
			a.zone.SetOptions(append(a.zone.Options, kit.Option{Code: acc.Timezone, Name: acc.Timezone}))
			a.zone.SetSelected(acc.Timezone)
		}
	}
	if acc.Currency != "" {
		a.money.SetText(acc.Currency)
	}
}

func (a *accountForm) account() core.Account {
	return core.Account{Name: strings.TrimSpace(a.name.Text), Country: a.country.Selected(), Timezone: a.zone.Selected(), Currency: a.money.Text}
}
