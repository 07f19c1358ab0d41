package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bojanz/currency"

	"dunlin/core/ledger"
)

// country joins what the account screen offers for one country: the code, the English name, other
// spellings that AccountsIQ's free text may hold, and the zones used there, the usual one first.
type country struct {
	code, name string
	also       []string
	zones      []string
}

var countries = []country{
	{"IE", "Ireland", []string{"eire", "republic of ireland", "roi"}, []string{"Europe/Dublin"}},
	{"GB", "United Kingdom (England & Wales)", []string{"united kingdom", "great britain", "uk", "gb-eng", "england", "wales"}, []string{"Europe/London"}},
	{"GB-SCT", "United Kingdom (Scotland)", []string{"scotland"}, []string{"Europe/London"}},
	{"GB-NIR", "United Kingdom (Northern Ireland)", []string{"northern ireland"}, []string{"Europe/London"}},
	{"US", "United States", []string{"usa", "united states of america"}, []string{"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"}},
	{"CA", "Canada", nil, []string{"America/Toronto", "America/Vancouver", "America/Edmonton", "America/Winnipeg", "America/Halifax", "America/St_Johns"}},
	{"AU", "Australia", nil, []string{"Australia/Sydney", "Australia/Melbourne", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin", "Australia/Perth", "Australia/Hobart"}},
	{"NZ", "New Zealand", nil, []string{"Pacific/Auckland"}},
	{"FR", "France", nil, []string{"Europe/Paris"}},
	{"DE", "Germany", []string{"deutschland"}, []string{"Europe/Berlin"}},
	{"NL", "Netherlands", []string{"the netherlands", "nederland"}, []string{"Europe/Amsterdam"}},
	{"ES", "Spain", []string{"espana", "españa"}, []string{"Europe/Madrid", "Atlantic/Canary"}},
	{"BE", "Belgium", []string{"belgie", "belgique"}, []string{"Europe/Brussels"}},
}

// Countries lists the countries whose holidays are known.
func (a *App) Countries() []Choice {
	out := make([]Choice, len(countries))
	for i, c := range countries {
		out[i] = Choice{Code: c.code, Name: c.name}
	}
	return out
}

// Timezones lists the zones of a country, the usual one first; every zone that is offered anywhere
// when the country is not in the list.
func (a *App) Timezones(code string) []string {
	var all []string
	for _, c := range countries {
		if c.code == code {
			return slices.Clone(c.zones)
		}
		all = append(all, c.zones...)
	}
	slices.Sort(all)
	return append(slices.Compact(all), "UTC")
}

// suggestAccount reads what AccountsIQ says of a company as business settings; what it does not say
// stays empty and is asked for.
func suggestAccount(c ledger.Company) Account {
	out := Account{Name: c.Name, Currency: c.BaseCurrency}
	// The address speaks of the business itself; the locale only of how it likes its numbers.
	for _, hint := range []string{c.Country, regionOf(c.Locale)} {
		if hit, ok := countryOf(hint); ok {
			out.Country, out.Timezone = hit.code, hit.zones[0]
			break
		}
	}
	return out
}

func regionOf(locale string) string {
	_, region, found := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	if !found {
		return ""
	}
	return region
}

func countryOf(text string) (country, bool) {
	t := strings.ToLower(strings.TrimSpace(text))
	if t == "" {
		return country{}, false
	}
	for _, c := range countries {
		if t == strings.ToLower(c.code) || t == strings.ToLower(c.name) || slices.Contains(c.also, t) {
			return c, true
		}
	}
	return country{}, false
}

// check refuses business settings that nothing could be reckoned with. Empty fields are allowed: they
// are settled before chasing starts.
func (acc Account) check() error {
	bad := func(field, why, hint string) error {
		return &Problem{Code: "bad_" + field, Message: why, Hint: hint}
	}
	if acc.Timezone != "" {
		if _, err := time.LoadLocation(acc.Timezone); err != nil || acc.Timezone == "Local" {
			return bad("timezone", fmt.Sprintf("%q is not a known time zone.", acc.Timezone), "Use a name such as Europe/Dublin.")
		}
	}
	if acc.Country != "" {
		_, known := countryOf(acc.Country)
		if _, real := currency.ForCountryCode(acc.Country); !known && !real {
			return bad("country", fmt.Sprintf("%q is not a country code.", acc.Country), "Use a code such as IE, GB, GB-SCT or US.")
		}
	}
	if acc.Currency != "" && !currency.IsValid(acc.Currency) {
		return bad("currency", fmt.Sprintf("%q is not a currency code.", acc.Currency), "Use a code such as EUR or GBP.")
	}
	return nil
}

// missing names in words what is not filled in, "" when all is.
func (acc Account) missing() string {
	var out []string
	for _, f := range []struct{ name, is string }{{"the name", acc.Name}, {"the country", acc.Country}, {"the time zone", acc.Timezone}, {"the currency", acc.Currency}} {
		if f.is == "" {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ", ")
}

// keeps refuses to empty a field that was filled in.
func (acc Account) keeps(have Account) error {
	for _, f := range []struct{ name, was, is string }{{"business name", have.Name, acc.Name}, {"country", have.Country, acc.Country},
		{"time zone", have.Timezone, acc.Timezone}, {"currency", have.Currency, acc.Currency}} {
		if f.was != "" && f.is == "" {
			return &Problem{Code: "empty_field", Message: "The " + f.name + " cannot be empty.", Hint: "Nothing was changed. Enter a value, or leave it as it is."}
		}
	}
	return nil
}

// Account returns the business settings.
func (a *App) Account(ctx context.Context) (Account, error) {
	_, set, err := a.settings(ctx)
	if err != nil {
		return Account{}, err
	}
	return accountOf(set), nil
}

func accountOf(set map[string]string) Account {
	return Account{Name: set[keyAccountName], Country: set[keyAccountCountry], Timezone: set[keyAccountTimezone], Currency: set[keyAccountCurrency]}
}

// SaveAccount stores the business settings after checking all of them; nothing is stored otherwise. What was
// filled in before cannot be emptied.
func (a *App) SaveAccount(ctx context.Context, acc Account) error {
	have, err := a.Account(ctx)
	if err != nil {
		return err
	}
	acc.Name = strings.Join(strings.Fields(acc.Name), " ")
	acc.Currency = strings.ToUpper(strings.TrimSpace(acc.Currency))
	if hit, ok := countryOf(acc.Country); ok {
		acc.Country = hit.code
	} else {
		acc.Country = strings.ToUpper(strings.TrimSpace(acc.Country))
	}
	acc.Timezone = strings.TrimSpace(acc.Timezone)
	if err := acc.check(); err != nil {
		return err
	}
	if err := acc.keeps(have); err != nil {
		return err
	}
	return a.saveSettings(ctx, map[string]string{keyAccountName: acc.Name, keyAccountCountry: acc.Country,
		keyAccountTimezone: acc.Timezone, keyAccountCurrency: acc.Currency}, "The business settings were changed.")
}
