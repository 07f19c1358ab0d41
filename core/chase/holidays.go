package chase

import (
	"slices"
	"time"

	"dunlin/core/ledger"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/us"
)

// Country is one holiday calendar that can be chosen (R1.6).
type Country struct {
	Code string // ISO 3166, or GB-ENG, GB-SCT, GB-NIR
	Name string // in English
}

// Countries lists the holiday calendars by name. "GB" is taken too and means GB-ENG.
func Countries() []Country {
	return []Country{
		{"AU", "Australia"}, {"BE", "Belgium"}, {"CA", "Canada"}, {"GB-ENG", "England and Wales"},
		{"FR", "France"}, {"DE", "Germany"}, {"IE", "Ireland"}, {"NL", "Netherlands"},
		{"NZ", "New Zealand"}, {"GB-NIR", "Northern Ireland"}, {"GB-SCT", "Scotland"},
		{"ES", "Spain"}, {"US", "United States"},
	}
}

// Holiday is one day off.
type Holiday struct {
	Date ledger.Date
	Name string
}

// nationalHolidays returns the rules of a country's calendar, nil for a country without one. Where the
// library has no list for the whole country, or its list lacks days, the list is put right here.
func nationalHolidays(country string) []*cal.Holiday {
	switch country {
	case "AU":
		return australia()
	case "BE":
		return be.Holidays
	case "CA":
		return ca.Holidays
	case "DE":
		return de.Holidays
	case "ES":
		return es.Holidays
	case "FR":
		return fr.Holidays
	case "GB", "GB-ENG":
		return append(slices.Clone(gb.Holidays), stateFuneral())
	case "GB-NIR":
		return northernIreland()
	case "GB-SCT":
		return scotland()
	case "IE":
		return ie.Holidays
	case "NL":
		return nl.Holidays
	case "NZ":
		return newZealand()
	case "US":
		return us.Holidays
	}
	return nil
}

// australia has the days that every state and territory keeps; the library lists states only.
func australia() []*cal.Holiday {
	return []*cal.Holiday{au.NewYear, au.AustraliaDay, au.GoodFriday, au.EasterMonday, au.AnzacDay,
		au.MourningDay2022, au.ChristmasDay, au.BoxingDay}
}

// newZealand adds what the library lacks: Matariki, which follows the Maori lunar calendar and is fixed
// by the Act's own table, and the memorial day of 2022.
func newZealand() []*cal.Holiday {
	days := append(slices.Clone(nz.Holidays), onceOnly("Queen Elizabeth II Memorial Day", 2022, time.September, 26))
	for i, d := range matariki {
		days = append(days, onceOnly("Matariki", 2022+i, d.month, d.day))
	}
	return days
}

type monthDay struct {
	month time.Month
	day   int
}

// matariki holds the Fridays of 2022 to 2052 from Schedule 1 of Te Kāhui o Matariki Public Holiday Act 2022.
var matariki = [...]monthDay{
	{6, 24}, {7, 14}, {6, 28}, {6, 20}, {7, 10}, {6, 25}, {7, 14}, {7, 6}, {6, 21}, {7, 11},
	{7, 2}, {6, 24}, {7, 7}, {6, 29}, {7, 18}, {7, 10}, {6, 25}, {7, 15}, {7, 6}, {7, 19},
	{7, 11}, {7, 3}, {6, 24}, {7, 7}, {6, 29}, {7, 19}, {7, 3}, {6, 25}, {7, 15}, {6, 30}, {6, 21},
}

// toMonday is the British rule for a holiday at the weekend: the Monday after it is off as well.
func toMonday() []cal.AltDay {
	return []cal.AltDay{{Day: time.Saturday, Offset: 2}, {Day: time.Sunday, Offset: 1}}
}

// secondOfPair is the same rule for the second of two holidays in a row, which gives way to the first.
func secondOfPair() []cal.AltDay {
	return []cal.AltDay{{Day: time.Saturday, Offset: 2}, {Day: time.Sunday, Offset: 2}, {Day: time.Monday, Offset: 1}}
}

func northernIreland() []*cal.Holiday {
	return append(slices.Clone(gb.Holidays), stateFuneral(),
		yearly("St Patrick's Day", time.March, 17, toMonday()),
		yearly("Battle of the Boyne (Orangemen's Day)", time.July, 12, toMonday()))
}

// scotland keeps neither Easter Monday nor the August day of the rest of the United Kingdom.
func scotland() []*cal.Holiday {
	return []*cal.Holiday{
		gb.NewYear, yearly("2nd January", time.January, 2, secondOfPair()), gb.GoodFriday,
		gb.EarlyMay, gb.VEDay, gb.CoronationDay, gb.SpringHoliday, gb.SpringHoliday2022, gb.PlatinumJubilee,
		onceOnly("World Cup bank holiday", 2026, time.June, 15),
		gb.SummerHolidayScotland, stateFuneral(),
		yearly("St Andrew's Day", time.November, 30, toMonday()), gb.ChristmasDay, gb.BoxingDay,
	}
}

// stateFuneral was proclaimed for the whole United Kingdom; the library does not have it.
func stateFuneral() *cal.Holiday {
	return onceOnly("State Funeral of Queen Elizabeth II", 2022, time.September, 19)
}

func yearly(name string, month time.Month, day int, observed []cal.AltDay) *cal.Holiday {
	return &cal.Holiday{Name: name, Month: month, Day: day, Observed: observed, Func: cal.CalcDayOfMonth}
}

func onceOnly(name string, year int, month time.Month, day int) *cal.Holiday {
	return &cal.Holiday{Name: name, StartYear: year, EndYear: year, Month: month, Day: day, Func: cal.CalcDayOfMonth}
}

// occurrence returns the day of a holiday in a year and the day it is observed, which differ for a
// substitute day. It reads the library's rule itself, because the library reckons in the computer's own
// zone, where a midnight may be missing.
func occurrence(h *cal.Holiday, year int) (actual, observed ledger.Date, ok bool) {
	if h.StartYear > 0 && year < h.StartYear || h.EndYear > 0 && year > h.EndYear || slices.Contains(h.Except, year) {
		return actual, observed, false
	}
	// The rule gives midnight, or one hour to either side of a missing one; half a day later is the day itself.
	actual = ledger.DateOf(h.Func(h, year).Add(12 * time.Hour)).AddDays(h.CalcOffset)
	observed = actual
	for _, alt := range h.Observed {
		if alt.Day == actual.Weekday() {
			observed = actual.AddDays(alt.Offset)
		}
	}
	return actual, observed, true
}

// holidaysOfYear returns a year's days off by date. A substitute day may belong to a holiday of the
// year before or after. The day itself stays a day off beside its substitute.
func holidaysOfYear(rules []*cal.Holiday, year int) map[ledger.Date]string {
	days := map[ledger.Date]string{}
	put := func(d ledger.Date, name string) {
		if y, _, _ := d.YMD(); y != year {
			return
		}
		if _, taken := days[d]; !taken {
			days[d] = name
		}
	}
	for _, h := range rules {
		if actual, _, ok := occurrence(h, year); ok {
			put(actual, h.Name)
		}
	}
	for _, h := range rules {
		for y := year - 1; y <= year+1; y++ {
			if actual, observed, ok := occurrence(h, y); ok && observed != actual {
				put(observed, h.Name+" (substitute day)")
			}
		}
	}
	return days
}
