package chase

import (
	"slices"
	"sync"
	"time"

	"dunlin/core/ledger"

	"github.com/rickar/cal/v2"
)

// slotHorizon is how many days ahead a slot is looked for; where there is none within it, there is none.
const slotHorizon = 400

// Calendar answers when a company's chase slots are (R1.5, R1.6). It may be used from several goroutines.
type Calendar struct {
	zone  *time.Location
	slots Slots
	extra map[ledger.Date]bool
	works map[ledger.Date]bool
	rules []*cal.Holiday

	mu    sync.Mutex
	years map[int]map[ledger.Date]string
}

// NewCalendar returns the calendar of a company's zone, country and slots.
func NewCalendar(c Company) *Calendar {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &Calendar{
		zone: zone, slots: c.Slots, extra: dateSet(c.Slots.ExtraHolidays), works: dateSet(c.Slots.NotHolidays),
		rules: nationalHolidays(c.Country), years: map[int]map[ledger.Date]string{},
	}
}

func dateSet(dates []ledger.Date) map[ledger.Date]bool {
	set := make(map[ledger.Date]bool, len(dates))
	for _, d := range dates {
		set[d] = true
	}
	return set
}

// Today returns the date in the company's zone at an instant (R1.2).
func (c *Calendar) Today(at time.Time) ledger.Date { return ledger.DateOf(at.In(c.zone)) }

// IsHoliday reports whether a day is off in the company's calendar: the country's holidays without the
// days the owner took out, and the days the owner put in. A day that is in both lists is off.
func (c *Calendar) IsHoliday(d ledger.Date) bool {
	if c.extra[d] {
		return true
	}
	_, off := c.year(d)[d]
	return off && !c.works[d]
}

// Holidays returns the country's holidays of a year in order, before the owner's changes.
func (c *Calendar) Holidays(year int) []Holiday {
	var list []Holiday
	for d, name := range c.year(ledger.NewDate(year, time.January, 1)) {
		list = append(list, Holiday{d, name})
	}
	slices.SortFunc(list, func(a, b Holiday) int { return a.Date.Sub(b.Date) })
	return list
}

func (c *Calendar) year(d ledger.Date) map[ledger.Date]string {
	if len(c.rules) == 0 {
		return nil
	}
	y, _, _ := d.YMD()
	c.mu.Lock()
	defer c.mu.Unlock()
	days, ok := c.years[y]
	if !ok {
		days = holidaysOfYear(c.rules, y)
		c.years[y] = days
	}
	return days
}

// Slot returns the instant of a date's chase slot, and false when the date has none.
func (c *Calendar) Slot(d ledger.Date) (time.Time, bool) {
	if !c.slots.Weekdays[d.Weekday()] || c.slots.SkipHolidays && c.IsHoliday(d) {
		return time.Time{}, false
	}
	return LocalInstant(c.zone, d, c.slots.Hour, c.slots.Minute)
}

// IsSlot reports whether a moment, cut to its second, is a chase slot.
func (c *Calendar) IsSlot(t time.Time) bool {
	at, ok := c.slotFrom(t)
	return ok && at.Unix() == t.Unix()
}

// NextSlot returns the first slot strictly after an instant, and false when there is none within
// slotHorizon days.
func (c *Calendar) NextSlot(after time.Time) (time.Time, bool) {
	return c.slotFrom(time.Unix(after.Unix()+1, 0))
}

// slotFrom returns the first slot at or after an instant cut to its second.
func (c *Calendar) slotFrom(from time.Time) (time.Time, bool) {
	today := c.Today(from)
	// A gap over midnight moves a slot of the evening before into today.
	for i := -1; i <= slotHorizon; i++ {
		if at, ok := c.Slot(today.AddDays(i)); ok && at.Unix() >= from.Unix() {
			return at, true
		}
	}
	return time.Time{}, false
}

// LocalInstant returns the instant at which clocks in a zone show a time of day on a date (R1.5): the
// first one when they show it twice; the first instant after the gap when they skip it. It is false when
// the zone skipped the whole date.
func LocalInstant(zone *time.Location, d ledger.Date, hour, minute int) (time.Time, bool) {
	midnight := int64(d.Sub(unixEpoch)) * 86400
	at := firstShowing(zone, midnight+int64(hour)*3600+int64(minute)*60)
	if ledger.DateOf(at) != d && ledger.DateOf(firstShowing(zone, midnight)) != d {
		return time.Time{}, false
	}
	return at, true
}

var unixEpoch = ledger.NewDate(1970, time.January, 1)

// firstShowing returns the first instant at which local clocks show at least a wall time, given as the
// seconds that UTC would need to show it. It walks the zone's stretches of constant offset, because
// time.Date does not say which side of a gap or an overlap it picks.
func firstShowing(zone *time.Location, wall int64) time.Time {
	const farAhead = 48 * 3600 // more than any zone is ahead of UTC, with a date line change
	t := time.Unix(wall-farAhead, 0).In(zone)
	for {
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		at := max(t.Unix(), wall-int64(offset))
		if end.IsZero() || at < end.Unix() {
			return time.Unix(at, 0).In(zone)
		}
		t = end
	}
}
