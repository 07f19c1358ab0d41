package aiqtest

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// timeline finds rows by a moment that each has. A row whose moment moves is entered again and its older entries
// stay: an entry says where to look, and whoever asks looks at the row itself.
type timeline[T any] struct {
	entries []entry[T]
	mixed   bool // entries are not in order
}

type entry[T any] struct {
	at, id int64
	row    *T
}

func (t *timeline[T]) enter(at, id int64, row *T) {
	if n := len(t.entries); n > 0 && at < t.entries[n-1].at {
		t.mixed = true // sorted when somebody asks, so that seeding does not do it row by row
	}
	t.entries = append(t.entries, entry[T]{at, id, row})
}

// within returns the entries of a span of moments, both ends included.
func (t *timeline[T]) within(from, to int64) []entry[T] {
	if t.mixed {
		slices.SortStableFunc(t.entries, func(a, b entry[T]) int { return cmp.Compare(a.at, b.at) })
		t.mixed = false
	}
	at := func(e entry[T], at int64) int { return cmp.Compare(e.at, at) }
	low, _ := slices.BinarySearchFunc(t.entries, from, at)
	high := len(t.entries)
	if to < math.MaxInt64 {
		high, _ = slices.BinarySearchFunc(t.entries, to+1, at)
	}
	return t.entries[low:max(low, high)]
}

// byID puts entries into the order of ids, each row once.
func byID[T any](found []entry[T]) []entry[T] {
	compare := func(a, b entry[T]) int { return cmp.Compare(a.id, b.id) }
	if slices.IsSortedFunc(found, func(a, b entry[T]) int { return cmp.Or(compare(a, b), -1) }) {
		return found
	}
	found = slices.Clone(found)
	slices.SortFunc(found, compare)
	return slices.CompactFunc(found, func(a, b entry[T]) bool { return a.id == b.id })
}

// fewer is the shorter of two ways to look.
func fewer[T any](a, b []entry[T]) []entry[T] {
	if len(b) < len(a) {
		return b
	}
	return a
}

// instants is a span of moments, in microseconds, that holds every one at which a clock in any zone may show a time of s:
// no zone is a day away from UTC. Where clocks are set back, what they show does not rise with time, so the exact ends
// are nobody's to search for; the rows in between are asked one by one.
func (s span) instants() (from, to int64) {
	const day = int64(24 * time.Hour / time.Microsecond)
	from, to = s.ends()
	if s.hasFrom {
		from -= day
	}
	if s.hasTo {
		to += day
	}
	return from, to
}

// ends are the ends of s, an open one being as far as it can be.
func (s span) ends() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if s.hasFrom {
		from = int64(s.from)
	}
	if s.hasTo {
		to = int64(s.to)
	}
	return from, to
}
