package mail

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/bojanz/currency"

	"dunlin/core/ledger"
)

// formats writes values as the business's locale has them. Dates have the month in letters, so that
// nobody can take the day for the month.
type formats struct{ locale currency.Locale }

func newFormats(locale string) formats {
	if locale == "" {
		locale = "en"
	}
	return formats{currency.NewLocale(locale)}
}

// money writes an amount. Only the euro and the pound are written with their sign: the other signs stand
// for several currencies ($, kr, ¥), so those amounts carry the code.
func (f formats) money(m ledger.Money) string {
	amount, err := currency.NewAmount(m.String(), m.Currency)
	if err != nil {
		return strings.TrimSpace(m.String() + " " + oneLine(m.Currency))
	}
	formatter := currency.NewFormatter(f.locale)
	if m.Currency != "EUR" && m.Currency != "GBP" {
		formatter.CurrencyDisplay = currency.DisplayCode
	}
	return formatter.Format(amount)
}

// amounts writes one amount per currency: "€1.00, £2.00 and USD 3.00".
func (f formats) amounts(list []ledger.Money) string {
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = f.money(m)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// date writes "29 March 2026", or "" for no date.
func (f formats) date(d ledger.Date) string {
	if d.IsZero() {
		return ""
	}
	y, m, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, m, y)
}

// shortDate writes "29 Mar 2026" for tables, or "-" for no date.
func (f formats) shortDate(d ledger.Date) string {
	if d.IsZero() {
		return "-"
	}
	y, m, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, m.String()[:3], y)
}

// instant writes "Tuesday, 12 May 2026 at 10:00", or "" for none.
func (f formats) instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("Monday, 2 January 2006 at 15:04")
}

// totals adds up amounts by currency, never across currencies (R9.1), in order of the code.
func totals(list []ledger.Money) []ledger.Money {
	sums := map[string]ledger.Money{}
	for _, m := range list {
		if m.Currency == "" {
			continue // no amount given
		}
		sums[m.Currency] = sums[m.Currency].Add(m)
	}
	out := make([]ledger.Money, 0, len(sums))
	for _, m := range sums {
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Currency < out[j].Currency })
	return out
}
