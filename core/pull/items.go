package pull

import (
	"context"
	"errors"
	"slices"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
)

// window is a span of creation dates, both ends included.
type window struct{ from, to time.Time }

func (w window) query() accountsiq.TransactionQuery {
	return accountsiq.TransactionQuery{CreatedFrom: w.from, CreatedTo: w.to}
}

// smallest is the span of creation dates that is not halved any more.
const smallest = 2 * time.Minute

// span reads the rows of a span of creation dates and hands them on page by page; some may come twice. One that is
// too much for AccountsIQ is halved until it is taken (contract section 6); both halves hold the moment between them.
func (p *puller) span(ctx context.Context, w window, page func([]ledger.Transaction) error) error {
	err := p.whole(ctx, w.query(), page)
	if !errors.Is(err, accountsiq.QueryTooBig) || w.to.Sub(w.from) < smallest {
		return err
	}
	middle := w.from.Add(w.to.Sub(w.from) / 2).Truncate(time.Second)
	if err := p.span(ctx, window{w.from, middle}, page); err != nil {
		return err
	}
	return p.span(ctx, window{middle, w.to}, page)
}

// roundsToAgree is how often a query is read before its rows and its count must agree.
const roundsToAgree = 4

// whole reads all rows of one query. Rows that come or go while AccountsIQ is read push others from a page that is
// still to come onto one that was read, or the other way round; one answer is one moment, so only where it took
// several are the rows compared with their count, and read again until they are all there.
func (p *puller) whole(ctx context.Context, q accountsiq.TransactionQuery, page func([]ledger.Transaction) error) error {
	var seen ids
	rows, counted := 0, 0 // in the round before
	for round := 1; ; round++ {
		pages, err := p.pages(ctx, q, &seen, page)
		if err != nil || pages < 2 && round == 1 {
			return err
		}
		n := 0
		_, err = p.hint(ctx, "count", func() (err error) { n, err = p.src.CountTransactions(ctx, q); return err })
		switch {
		case err != nil || seen.len() >= n:
			return err
		case round > 1 && seen.len() == rows && n == counted:
			return nil // nothing shifts: the count is of something else, and the balances have the last word
		case round == roundsToAgree:
			return incomplete(n, seen.len())
		}
		rows, counted = seen.len(), n
	}
}

// pages reads one query page after page. It asks until a page brings nothing new: how many rows a page holds is
// AccountsIQ's business, and one question too many is cheaper than a missing receipt. It returns how many pages had
// rows.
func (p *puller) pages(ctx context.Context, q accountsiq.TransactionQuery, seen *ids, page func([]ledger.Transaction) error) (pages int, err error) {
	var first ids
	var rows []ledger.Transaction
	for {
		n := 0
		err := p.try(ctx, func() (err error) {
			rows = rows[:0]
			n, err = p.src.Transactions(ctx, q, func(t ledger.Transaction) error {
				rows = append(rows, t)
				return nil
			})
			return err
		})
		if err != nil {
			return pages, err
		}
		before := first.len()
		for _, t := range rows {
			first.add(t.ID)
			seen.add(t.ID)
		}
		if first.len() == before {
			return pages, nil
		}
		pages++
		p.noteCredits(rows)
		if err := page(rows); err != nil {
			return pages, err
		}
		q.Skip += n
	}
}

// reread reads known transactions by id, lot by lot. Missing are the ids that did not come back, those left out that
// this pull missed before.
func (p *puller) reread(ctx context.Context, ids []int64, into map[int64]ledger.Transaction) (missing []int64, err error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	done := 0
	for lot := range slices.Chunk(ids, lotSize) {
		p.o.Progress(StageRecheck, done, len(ids))
		got, gone, err := items(ctx, p.src, lot, p.try)
		if err != nil {
			return nil, err
		}
		p.noteCredits(got)
		for _, t := range got {
			into[t.ID] = t
		}
		missing = append(missing, gone...)
		done += len(lot)
	}
	return p.firstMissed(missing), nil
}

// Items reads transactions by id once; missing are the ids that AccountsIQ did not answer with. It is
// also the look that comes just before each message (R6.3). A list that is too long for AccountsIQ is halved
// until it is taken (contract section 6). Credits have the sign that was sent.
func Items(ctx context.Context, src Source, ids []int64) (got []ledger.Transaction, missing []int64, err error) {
	return items(ctx, src, ids, func(_ context.Context, read func() error) error { return read() })
}

// items reads page by page; try runs the read of one page.
func items(ctx context.Context, src Source, ids []int64, try func(context.Context, func() error) error) (got []ledger.Transaction, missing []int64, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	found := make(map[int64]bool, len(ids))
	q := accountsiq.TransactionQuery{IDs: ids}
	// What is not in the first answer may be on the next page, however small the pages are.
	for before := -1; len(found) > before && len(found) < len(ids); {
		before = len(found)
		n := 0
		err := try(ctx, func() (err error) {
			n, err = src.Transactions(ctx, q, func(t ledger.Transaction) error {
				if !found[t.ID] {
					found[t.ID] = true
					got = append(got, t)
				}
				return nil
			})
			return err
		})
		if errors.Is(err, accountsiq.QueryTooBig) && len(ids) > 1 {
			return halves(ctx, src, ids, try)
		}
		if err != nil {
			return nil, nil, err
		}
		q.Skip += n
	}
	for _, id := range ids {
		if !found[id] {
			missing = append(missing, id)
		}
	}
	return got, missing, nil
}

func halves(ctx context.Context, src Source, ids []int64, try func(context.Context, func() error) error) (got []ledger.Transaction, missing []int64, err error) {
	for _, half := range [][]int64{ids[:len(ids)/2], ids[len(ids)/2:]} {
		rows, gone, err := items(ctx, src, half, try)
		if err != nil {
			return nil, nil, err
		}
		got, missing = append(got, rows...), append(missing, gone...)
	}
	return got, missing, nil
}

// matches reads the allocations that were recorded between two moments, page by page; the zone of the record is
// unknown, so the span is widened to cover any.
func (p *puller) matches(ctx context.Context, since, until time.Time, page func([]ledger.Allocation) error) (seen *matchSet, offered bool, err error) {
	p.o.Progress(StageAllocations, 0, 0)
	from, to := since.UTC().Add(-zoneOverlap), until.UTC().Add(zoneOverlap)
	seen = &matchSet{}
	var rows []ledger.Allocation
	// A page without anything new may tell matches from their other side; two in a row are the end.
	for skip, idle := 0, 0; idle < 2; {
		n := 0
		offered, err = p.optional(ctx, "allocations", func() (err error) {
			rows = rows[:0]
			n, err = p.src.Allocations(ctx, from, to, skip, accountsiq.AllocationPage, func(a ledger.Allocation) error {
				rows = append(rows, a)
				return nil
			})
			return err
		})
		if err != nil || !offered || n == 0 {
			return seen, offered, err
		}
		before := seen.len()
		rows = slices.DeleteFunc(rows, func(a ledger.Allocation) bool { return !seen.add(a) })
		if idle++; seen.len() > before {
			idle = 0
			if err := page(rows); err != nil {
				return nil, true, err
			}
		}
		p.o.Progress(StageAllocations, seen.len(), 0)
		skip += n
	}
	return seen, true, nil
}
