package ledger

import (
	"fmt"
	"time"
)

// Date is a civil date: a year, a month and a day without a time or a zone (R1.1).
// The zero value means "no date". Dates compare with == and Before/After and can be map keys.
type Date struct {
	n int32 // days since 0000-12-31, so that 1 January of the year 1 is 1 and the zero value is free
}

const daysToUnix = 719163 // 1970-01-01 as a Date

// NewDate returns the date of a year, month and day; out-of-range days roll over as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf returns the date that a clock in t's own zone shows at t.
func DateOf(t time.Time) Date {
	_, offset := t.Zone()
	secs := t.Unix() + int64(offset)
	days := secs / 86400
	if secs%86400 < 0 {
		days--
	}
	return Date{int32(days + daysToUnix)}
}

// ParseDate reads YYYY-MM-DD and nothing else.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date (YYYY-MM-DD)", s)
	}
	return DateOf(t), nil
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d.n == 0 }

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.n < e.n }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.n > e.n }

// AddDays returns the date n days later (earlier when n is negative).
func (d Date) AddDays(n int) Date { return Date{d.n + int32(n)} }

// Sub returns the number of days from e to d.
func (d Date) Sub(e Date) int { return int(d.n - e.n) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// YMD returns year, month and day.
func (d Date) YMD() (int, time.Month, int) { return d.utc().Date() }

// LastOfMonth returns the last day of d's month.
func (d Date) LastOfMonth() Date {
	y, m, _ := d.YMD()
	return NewDate(y, m+1, 0)
}

// String returns YYYY-MM-DD, or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

func (d Date) utc() time.Time {
	return time.Unix((int64(d.n)-daysToUnix)*86400, 0).UTC()
}

// MarshalJSON writes "YYYY-MM-DD", or null for no date.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + d.String() + `"`), nil
}

// UnmarshalJSON reads "YYYY-MM-DD" or null.
func (d *Date) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*d = Date{}
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("%s is not a date (\"YYYY-MM-DD\")", b)
	}
	v, err := ParseDate(string(b[1 : len(b)-1]))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
