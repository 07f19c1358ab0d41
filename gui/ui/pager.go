package ui

import (
	"container/list"
	"context"
)

// Pager gives random access to a long list of which only the ids are held: pages of rows are fetched
// when a row of theirs is asked for, the least recently used ones are forgotten, and pages of an earlier
// list that arrive late are dropped. It belongs to the UI goroutine.
type Pager[T any] struct {
	r        *Runner
	fetch    func(context.Context, []int64) ([]T, error)
	idOf     func(T) int64
	changed  func()      // rows arrived
	failed   func(error) // a page could not be read
	ids      []int64
	gen      int
	pages    map[int]*list.Element
	recent   *list.List // of *page[T], most recent first
	loading  map[int]bool
	PageSize int
	Keep     int // pages
}

type page[T any] struct {
	n    int
	rows map[int64]T
}

// NewPager returns an empty pager. fetch may return rows in any order and may leave out ids that are gone.
func NewPager[T any](r *Runner, fetch func(context.Context, []int64) ([]T, error), idOf func(T) int64, changed func(), failed func(error)) *Pager[T] {
	p := &Pager[T]{r: r, fetch: fetch, idOf: idOf, changed: changed, failed: failed, PageSize: 100, Keep: 20}
	p.Reset(nil)
	return p
}

// Reset replaces the list. Rows already held are forgotten, since their content may have changed.
func (p *Pager[T]) Reset(ids []int64) {
	p.ids = ids
	p.gen++
	p.pages = map[int]*list.Element{}
	p.recent = list.New()
	p.loading = map[int]bool{}
}

// IDs is the list itself, not to be changed.
func (p *Pager[T]) IDs() []int64 { return p.ids }

// Len is the length of the list.
func (p *Pager[T]) Len() int { return len(p.ids) }

// ID returns the id at a place, 0 outside the list.
func (p *Pager[T]) ID(i int) int64 {
	if i < 0 || i >= len(p.ids) {
		return 0
	}
	return p.ids[i]
}

// At returns the row at a place; false while it is being fetched or when it is gone.
func (p *Pager[T]) At(i int) (T, bool) {
	var none T
	if i < 0 || i >= len(p.ids) {
		return none, false
	}
	n := i / p.PageSize
	el, ok := p.pages[n]
	if !ok {
		p.load(n)
		el, ok = p.pages[n] // an inline runner has it already
		if !ok {
			return none, false
		}
	}
	p.recent.MoveToFront(el)
	row, ok := el.Value.(*page[T]).rows[p.ids[i]]
	return row, ok
}

func (p *Pager[T]) load(n int) {
	if p.loading[n] {
		return
	}
	p.loading[n] = true
	ids := p.ids[n*p.PageSize : min((n+1)*p.PageSize, len(p.ids))]
	gen := p.gen
	p.r.Go(func() {
		rows, err := p.fetch(p.r.ctx, ids)
		p.r.Do(func() {
			if gen == p.gen {
				p.arrived(n, rows, err)
			}
		})
	})
}

func (p *Pager[T]) arrived(n int, rows []T, err error) {
	if err != nil {
		// The page stays marked as loading, so that painting does not ask for it again and again; Reset clears it.
		p.failed(err)
		return
	}
	delete(p.loading, n)
	pg := &page[T]{n: n, rows: make(map[int64]T, len(rows))}
	for _, row := range rows {
		pg.rows[p.idOf(row)] = row
	}
	p.pages[n] = p.recent.PushFront(pg)
	for p.recent.Len() > p.Keep {
		last := p.recent.Back()
		delete(p.pages, last.Value.(*page[T]).n)
		p.recent.Remove(last)
	}
	p.changed()
}
