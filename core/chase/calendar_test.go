package chase

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"

	"github.com/rickar/cal/v2"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(t testing.TB, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestR1_5_LocalInstant(t *testing.T) {
	for _, c := range []struct{ why, zone, date, clock, want string }{
		{"winter", "Europe/Dublin", "2026-03-28", "10:00", "2026-03-28T10:00:00Z"},
		{"summer keeps 10:00 local", "Europe/Dublin", "2026-03-29", "10:00", "2026-03-29T10:00:00+01:00"},
		{"gap of an hour", "Europe/Dublin", "2026-03-29", "01:30", "2026-03-29T02:00:00+01:00"},
		{"first minute of the gap", "Europe/Dublin", "2026-03-29", "01:00", "2026-03-29T02:00:00+01:00"},
		{"last minute before the gap", "Europe/Dublin", "2026-03-29", "00:59", "2026-03-29T00:59:00Z"},
		{"end of the gap", "Europe/Dublin", "2026-03-29", "02:00", "2026-03-29T02:00:00+01:00"},
		{"twice in autumn: the first", "Europe/Dublin", "2026-10-25", "01:30", "2026-10-25T01:30:00+01:00"},
		{"first moment that comes twice", "Europe/Dublin", "2026-10-25", "01:00", "2026-10-25T01:00:00+01:00"},
		{"after the overlap", "Europe/Dublin", "2026-10-25", "02:00", "2026-10-25T02:00:00Z"},
		{"half-hour gap", "Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-04T02:30:00+11:00"},
		{"half-hour overlap: the first", "Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-05T01:45:00+11:00"},
		{"just before the half-hour overlap", "Australia/Lord_Howe", "2026-04-05", "01:29", "2026-04-05T01:29:00+11:00"},
		{"no midnight", "America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T01:00:00-02:00"},
		{"no half past midnight", "America/Sao_Paulo", "2018-11-04", "00:30", "2018-11-04T01:00:00-02:00"},
		{"the evening before", "America/Sao_Paulo", "2018-11-03", "23:59", "2018-11-03T23:59:00-03:00"},
		{"23:30 twice: the first", "America/Sao_Paulo", "2018-02-17", "23:30", "2018-02-17T23:30:00-02:00"},
		{"gap over midnight moves into the next day", "America/Toronto", "1919-03-30", "23:45", "1919-03-31T00:30:00-04:00"},
		{"a skipped day has no instant", "Pacific/Apia", "2011-12-30", "10:00", ""},
		{"the day after the skipped one", "Pacific/Apia", "2011-12-31", "10:00", "2011-12-31T10:00:00+14:00"},
		{"a day that came twice: the first", "Pacific/Kwajalein", "1969-09-30", "10:00", "1969-09-30T10:00:00+11:00"},
		{"a rule of the far future", "America/New_York", "2090-03-12", "02:30", "2090-03-12T03:00:00-04:00"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var hour, minute int
			fmt.Sscanf(c.clock, "%d:%d", &hour, &minute)
			at, ok := LocalInstant(zone(t, c.zone), date(t, c.date), hour, minute)
			got := ""
			if ok {
				got = at.Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("%s %s %s: got %q, want %q", c.zone, c.date, c.clock, got, c.want)
			}
		})
	}
}

// TestR1_5_LocalInstantAgreesWithTheClock looks for the first second of every day at which the clock
// shows the wanted time, or the first after it, by stepping through the day.
func TestR1_5_LocalInstantAgreesWithTheClock(t *testing.T) {
	for _, name := range []string{"Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"} {
		z := zone(t, name)
		for d := date(t, "2018-01-01"); d.Before(date(t, "2019-01-01")); d = d.AddDays(1) {
			for _, clock := range [][2]int{{0, 0}, {1, 30}, {2, 15}, {10, 0}, {23, 30}} {
				got, ok := LocalInstant(z, d, clock[0], clock[1])
				if want := searchClock(z, d, clock[0], clock[1]); !ok || !got.Equal(want) {
					t.Fatalf("%s %v %v: got %v %v, want %v", name, d, clock, got, ok, want)
				}
			}
		}
	}
}

// searchClock steps from the evening before in steps of five minutes, on which all these zones change.
func searchClock(z *time.Location, d ledger.Date, hour, minute int) time.Time {
	year, month, day := d.YMD()
	t := time.Date(year, month, day, hour, minute, 0, 0, time.UTC).Add(-16 * time.Hour)
	for {
		local := t.In(z)
		today := ledger.DateOf(local)
		if today.After(d) || today == d && local.Hour()*60+local.Minute() >= hour*60+minute {
			return local
		}
		t = t.Add(5 * time.Minute)
	}
}

func TestR1_5_SlotsAcrossASpringGap(t *testing.T) {
	c := NewCalendar(Company{Zone: zone(t, "Europe/Dublin"), Slots: Slots{Weekdays: [7]bool{time.Sunday: true}, Hour: 1, Minute: 30}})
	after := time.Date(2026, 3, 22, 1, 30, 0, 0, time.UTC)
	want := []string{"2026-03-29T02:00:00+01:00", "2026-04-05T01:30:00+01:00"}
	for _, w := range want {
		next, ok := c.NextSlot(after)
		if !ok || next.Format(time.RFC3339) != w {
			t.Fatalf("after %v: got %v %v, want %s", after, next, ok, w)
		}
		if !c.IsSlot(next) || !c.IsSlot(next.Add(999*time.Millisecond)) || c.IsSlot(next.Add(time.Second)) || c.IsSlot(next.Add(-time.Second)) {
			t.Errorf("%v is a slot at its exact second only", next)
		}
		after = next
	}
}

func TestR1_5_SlotOfAGapOverMidnight(t *testing.T) {
	c := NewCalendar(Company{Zone: zone(t, "America/Toronto"), Slots: Slots{Weekdays: [7]bool{time.Sunday: true}, Hour: 23, Minute: 45}})
	at := time.Date(1919, 3, 31, 4, 30, 0, 0, time.UTC) // Monday 00:30
	if !c.IsSlot(at) {
		t.Error("Sunday's slot, moved into Monday, is not a slot")
	}
	if next, _ := c.NextSlot(at.Add(-time.Second)); !next.Equal(at) {
		t.Errorf("next slot %v, want %v", next, at)
	}
}

func TestR1_5_NoSlots(t *testing.T) {
	none := NewCalendar(Company{})
	if next, ok := none.NextSlot(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); ok {
		t.Errorf("without ticked weekdays the next slot is %v", next)
	}
	// Every Christmas Day is a holiday, and every other day is one of the owner's.
	s := Slots{Weekdays: [7]bool{true, true, true, true, true, true, true}, SkipHolidays: true}
	for d := date(t, "2026-01-01"); d.Before(date(t, "2028-01-01")); d = d.AddDays(1) {
		s.ExtraHolidays = append(s.ExtraHolidays, d)
	}
	if next, ok := NewCalendar(Company{Slots: s}).NextSlot(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); ok {
		t.Errorf("two years of days off have a slot %v", next)
	}
}

func TestR1_6_OwnersDays(t *testing.T) {
	c := NewCalendar(Company{Country: "IE", Slots: Slots{
		ExtraHolidays: []ledger.Date{date(t, "2026-05-12"), date(t, "2026-05-04")},
		NotHolidays:   []ledger.Date{date(t, "2026-03-17"), date(t, "2026-05-04")},
	}})
	for day, want := range map[string]bool{
		"2026-05-12": true,  // put in
		"2026-03-17": false, // taken out
		"2026-05-04": true,  // in both lists
		"2026-04-06": true,  // Easter Monday
		"2026-04-03": false, // Good Friday is no public holiday in Ireland
	} {
		if got := c.IsHoliday(date(t, day)); got != want {
			t.Errorf("%s: holiday %v, want %v", day, got, want)
		}
	}
}

// The days as published by the governments, with the weekend days themselves where a substitute is given.
var publishedHolidays = map[string]string{
	"IE 2026": "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25 12-26",
	"IE 2027": "01-01 02-01 03-17 03-29 05-03 06-07 08-02 10-25 12-25 12-26",
	"IE 2030": "01-01 02-01 03-17 04-22 05-06 06-03 08-05 10-28 12-25 12-26", // St Brigid's Day is a Friday

	"GB 2026":     "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28",
	"GB-ENG 2026": "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28",
	"GB-ENG 2027": "01-01 03-26 03-29 05-03 05-31 08-30 12-25 12-26 12-27 12-28",
	"GB-ENG 2022": "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-25 12-26 12-27",
	"GB-ENG 2020": "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-26 12-28",
	"GB-SCT 2026": "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-26 12-28",
	"GB-SCT 2027": "01-01 01-02 01-04 03-26 05-03 05-31 08-02 11-30 12-25 12-26 12-27 12-28",
	"GB-SCT 2022": "01-01 01-02 01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-25 12-26 12-27",
	"GB-SCT 2023": "01-01 01-02 01-03 04-07 05-01 05-08 05-29 08-07 11-30 12-25 12-26",
	"GB-SCT 2025": "01-01 01-02 04-18 05-05 05-26 08-04 11-30 12-01 12-25 12-26",
	"GB-NIR 2026": "01-01 03-17 04-03 04-06 05-04 05-25 07-12 07-13 08-31 12-25 12-26 12-28",
	"GB-NIR 2027": "01-01 03-17 03-26 03-29 05-03 05-31 07-12 08-30 12-25 12-26 12-27 12-28",
	"GB-NIR 2024": "01-01 03-17 03-18 03-29 04-01 05-06 05-27 07-12 08-26 12-25 12-26",

	"US 2026": "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25",
	"US 2021": "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31", // New Year of 2022 is kept in 2021
	"NZ 2026": "01-01 01-02 02-06 04-03 04-06 04-25 04-27 06-01 07-10 10-26 12-25 12-26 12-28",
	"NZ 2027": "01-01 01-02 01-04 02-06 02-08 03-26 03-29 04-25 04-26 06-07 06-25 10-25 12-25 12-26 12-27 12-28",
	"AU 2026": "01-01 01-26 04-03 04-06 04-25 12-25 12-26 12-28",
	"DE 2026": "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26",
	"FR 2026": "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25",
	"NL 2026": "01-01 04-03 04-06 04-27 05-05 05-14 05-25 12-25 12-26",
	"ES 2026": "01-01 01-06 04-03 05-01 08-15 10-12 11-01 12-06 12-08 12-25",
	"BE 2026": "01-01 04-06 05-01 05-14 05-25 07-21 08-15 11-01 11-11 12-25",
	"CA 2026": "01-01 04-03 04-06 05-18 07-01 08-03 09-07 09-30 10-12 11-11 12-25 12-26 12-28",
	"PT 2026": "", // no calendar
}

func TestR1_6_PublishedHolidays(t *testing.T) {
	for key, want := range publishedHolidays {
		t.Run(key, func(t *testing.T) {
			var country string
			var year int
			fmt.Sscanf(key, "%s %d", &country, &year)
			var got []string
			for _, h := range NewCalendar(Company{Country: country}).Holidays(year) {
				got = append(got, h.Date.String()[5:])
				if h.Name == "" {
					t.Errorf("%v has no name", h.Date)
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("\n got %s\nwant %s", s, want)
			}
		})
	}
}

func TestR1_6_MatarikiIsAFriday(t *testing.T) {
	if len(matariki) != 31 {
		t.Fatalf("%d years, want 2022 to 2052", len(matariki))
	}
	for i, d := range matariki {
		if day := ledger.NewDate(2022+i, d.month, d.day); day.Weekday() != time.Friday {
			t.Errorf("Matariki of %d is a %s", 2022+i, day.Weekday())
		}
	}
}

// TestR1_6_HolidaysDoNotDependOnTheComputersZone: the library reckons in the computer's own zone, and in
// Sao Paulo 4 November 2018 had no midnight.
func TestR1_6_HolidaysDoNotDependOnTheComputersZone(t *testing.T) {
	library := cal.DefaultLoc
	t.Cleanup(func() { cal.DefaultLoc = library })
	for _, name := range []string{"UTC", "America/Sao_Paulo", "Pacific/Kiritimati", "Pacific/Pago_Pago"} {
		cal.DefaultLoc = zone(t, name)
		days := holidaysOfYear([]*cal.Holiday{yearly("Sunday", time.November, 4, toMonday())}, 2018)
		if len(days) != 2 || days[date(t, "2018-11-04")] != "Sunday" || days[date(t, "2018-11-05")] != "Sunday (substitute day)" {
			t.Errorf("on a computer in %s: %v", name, days)
		}
	}
}

func TestR1_6_CountriesHaveCalendars(t *testing.T) {
	want := "AU BE CA DE ES FR GB-ENG GB-NIR GB-SCT IE NL NZ US"
	var codes, names []string
	for _, c := range Countries() {
		codes, names = append(codes, c.Code), append(names, c.Name)
		if len(NewCalendar(Company{Country: c.Code}).Holidays(2026)) == 0 {
			t.Errorf("%s has no holidays", c.Name)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("not by name: %v", names)
	}
	slices.Sort(codes)
	if got := strings.Join(codes, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
