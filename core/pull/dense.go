package pull

import "dunlin/core/ledger"

// dense keeps a value for each of many ids. AccountsIQ hands ids out one after another, so they stand close together,
// and a page of 64 takes no more than a map takes for a few: what a first load has to remember of hundreds of
// thousands of rows stays small. The zero value is empty.
type dense[T any] struct {
	pages map[int64]*page[T]
	n     int
}

type page[T any] struct {
	has uint64
	at  [64]T
}

// ids is a set of ids.
type ids = dense[struct{}]

// days keeps a day for each of many ids.
type days = dense[ledger.Date]

func (d *dense[T]) get(id int64) (v T, ok bool) {
	p := d.pages[id>>6]
	if p == nil || p.has&(1<<(id&63)) == 0 {
		return v, false
	}
	return p.at[id&63], true
}

func (d *dense[T]) has(id int64) bool {
	_, ok := d.get(id)
	return ok
}

func (d *dense[T]) put(id int64, v T) {
	if d.pages == nil {
		d.pages = map[int64]*page[T]{}
	}
	p := d.pages[id>>6]
	if p == nil {
		p = &page[T]{}
		d.pages[id>>6] = p
	}
	if bit := uint64(1) << (id & 63); p.has&bit == 0 {
		p.has |= bit
		d.n++
	}
	p.at[id&63] = v
}

func (d *dense[T]) add(id int64) {
	var none T
	d.put(id, none)
}

func (d *dense[T]) len() int { return d.n }

// matchSet is a set of allocations. Whether an id is one of a match or of a batch of them is not attested, so the two
// sides belong to what tells one from another.
type matchSet struct {
	first dense[[2]int64]       // the sides of the first one of each id
	more  map[matchKey]struct{} // the others
}

// matchKey tells one allocation from another.
type matchKey struct{ id, from, to int64 }

func (s *matchSet) has(a ledger.Allocation) bool {
	if sides, ok := s.first.get(a.ID); ok && sides == [2]int64{a.From, a.To} {
		return true
	}
	_, ok := s.more[matchKey{a.ID, a.From, a.To}]
	return ok
}

// add reports whether the allocation is new.
func (s *matchSet) add(a ledger.Allocation) bool {
	if s.has(a) {
		return false
	}
	if !s.first.has(a.ID) {
		s.first.put(a.ID, [2]int64{a.From, a.To})
		return true
	}
	if s.more == nil {
		s.more = map[matchKey]struct{}{}
	}
	s.more[matchKey{a.ID, a.From, a.To}] = struct{}{}
	return true
}

func (s *matchSet) len() int { return s.first.len() + len(s.more) }
