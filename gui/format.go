package gui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2/lang"
	"github.com/bojanz/currency"

	"dunlin/core"
	"dunlin/core/ledger"
)

// format writes money, dates and counts the way the business is used to. The zero value works.
type format struct {
	country string // ISO 3166, may be ""
	zone    *time.Location
	money   *currency.Formatter
}

func newFormat(a core.Account) format {
	country, _, _ := strings.Cut(a.Country, "-")
	zone, err := time.LoadLocation(a.Timezone)
	if err != nil || a.Timezone == "" {
		zone = time.Local
	}
	tag := "en"
	if country != "" {
		tag += "-" + country
	}
	return format{country: country, zone: zone, money: currency.NewFormatter(currency.NewLocale(tag))}
}

func (f format) local(t time.Time) time.Time {
	if f.zone == nil {
		return t
	}
	return t.In(f.zone)
}

// amount writes a plain decimal with its currency: €1,234.50.
func (f format) amount(a core.Amount) string {
	if a.Amount == "" {
		return ""
	}
	v, err := currency.NewAmount(a.Amount, a.Currency)
	if err != nil || f.money == nil {
		return strings.TrimSpace(a.Amount + " " + a.Currency)
	}
	return f.money.Format(v)
}

func (f format) minor(minor int64, code string) string {
	m := ledger.Money{Minor: minor, Currency: code}
	return f.amount(core.Amount{Currency: code, Amount: m.String()})
}

// amounts writes one sum per currency; sums of different currencies are never added up.
func (f format) amounts(list []core.Amount) string {
	parts := make([]string, 0, len(list))
	for _, a := range list {
		parts = append(parts, f.amount(a))
	}
	return strings.Join(parts, " · ")
}

// inAll says what sums of several currencies are in one, by rates: never part of an exact sum.
func (f format) inAll(total core.Amount, without []string) string {
	return lang.L("About {{.Sum}} in all, at AccountsIQ's rates", map[string]any{"Sum": f.amount(total)}) + leftOut(without)
}

// inBrief is inAll where there is little room, behind the exact sums.
func (f format) inBrief(total core.Amount, without []string) string {
	return lang.L("about {{.Sum}} in all", map[string]any{"Sum": f.amount(total)}) + leftOut(without)
}

// leftOut names the currencies that have no rate.
func leftOut(currencies []string) string {
	if len(currencies) == 0 {
		return ""
	}
	return ", " + lang.L("without {{.Currencies}}: no rate", map[string]any{"Currencies": strings.Join(currencies, ", ")})
}

// firstAndRest splits sums for a cell of two lines.
func (f format) firstAndRest(list []core.Amount) (first, rest string) {
	if len(list) == 0 {
		return "", ""
	}
	return f.amount(list[0]), f.amounts(list[1:])
}

// number writes a count with thousands separators.
func (f format) number(n int) string {
	if f.money == nil {
		f = newFormat(core.Account{})
	}
	m := ledger.Money{Minor: int64(n), Currency: "JPY"} // a currency without a minor unit
	v, err := currency.NewAmount(m.String(), "JPY")
	if err != nil {
		return m.String()
	}
	plain := *f.money
	plain.CurrencyDisplay = currency.DisplayNone
	return plain.Format(v)
}

// date writes 15 Jun 2026.
func (f format) date(d ledger.Date) string {
	if d.IsZero() {
		return ""
	}
	y, m, day := d.YMD()
	return f.order(m, day, time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Format("2006"))
}

// short leaves the year out when it is today's.
func (f format) short(d, today ledger.Date) string {
	if d.IsZero() {
		return ""
	}
	y, m, day := d.YMD()
	if ty, _, _ := today.YMD(); ty == y {
		return f.order(m, day, "")
	}
	return f.order(m, day, "’"+time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Format("06"))
}

func (f format) order(m time.Month, day int, year string) string {
	d := time.Date(2000, m, day, 0, 0, 0, 0, time.UTC).Format("2")
	parts := []string{d, month(m), year}
	if f.country == "US" {
		parts = []string{month(m), d, year}
		if len(year) == 4 {
			parts[1] += ","
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// moment writes Thu 18 Jun, 10:00.
func (f format) moment(t, now time.Time) string {
	t = f.local(t)
	today := ledger.DateOf(f.local(now))
	return weekday(t.Weekday()) + " " + f.short(ledger.DateOf(t), today) + ", " + t.Format("15:04")
}

// past writes "Today, 10:02", "Yesterday, 10:02", or a moment.
func (f format) past(t, now time.Time) string {
	local := f.local(t)
	switch ledger.DateOf(f.local(now)).Sub(ledger.DateOf(local)) {
	case 0:
		return lang.L("Today, {{.Time}}", map[string]any{"Time": local.Format("15:04")})
	case 1:
		return lang.L("Yesterday, {{.Time}}", map[string]any{"Time": local.Format("15:04")})
	}
	return f.moment(t, now)
}

// compared says when two figures were compared, within a sentence.
func (f format) compared(t, now time.Time) string {
	if local := f.local(t); ledger.DateOf(f.local(now)) == ledger.DateOf(local) {
		return lang.L("compared today {{.Time}}", map[string]any{"Time": local.Format("15:04")})
	}
	return lang.L("compared {{.When}}", map[string]any{"When": f.moment(t, now)})
}

// left says how long something still takes, roughly; "" while that is not known.
func (f format) left(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Minute:
		return lang.L("less than a minute left")
	case d < 90*time.Minute:
		return lang.L("about {{.N}} min left", map[string]any{"N": int(d.Minutes() + 0.5)})
	}
	return lang.L("about {{.N}} h left", map[string]any{"N": int(d.Hours() + 0.5)})
}

// ago says how long something is past, roughly.
func (f format) ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return lang.L("just now")
	case d < time.Hour:
		return lang.L("{{.N}} min ago", map[string]any{"N": int(d.Minutes())})
	case d < 24*time.Hour:
		return lang.L("{{.N}} h ago", map[string]any{"N": int(d.Hours())})
	}
	return f.past(t, now)
}

func month(m time.Month) string {
	return [...]string{"", lang.L("Jan"), lang.L("Feb"), lang.L("Mar"), lang.L("Apr"), lang.L("May"), lang.L("Jun"),
		lang.L("Jul"), lang.L("Aug"), lang.L("Sep"), lang.L("Oct"), lang.L("Nov"), lang.L("Dec")}[m]
}

func weekday(d time.Weekday) string {
	return [...]string{lang.L("Sun"), lang.L("Mon"), lang.L("Tue"), lang.L("Wed"), lang.L("Thu"), lang.L("Fri"), lang.L("Sat")}[d]
}
