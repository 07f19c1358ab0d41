package pull

import (
	"context"
	"slices"
	"time"

	"dunlin/core/ledger"
	"dunlin/core/store"
)

// full is the first load (contract 10.1). Customers and their contacts are stored first, then the transactions page
// by page, so that a load that is broken off keeps what it has and goes on at the window it had reached; the
// watermark is set at the end only.
func (p *puller) full(ctx context.Context) error {
	p.report.Full = true
	began, reached, err := p.resumed(ctx)
	if err != nil {
		return err
	}
	f, err := p.readFrame(ctx)
	if err != nil {
		return wrap("reading the company", err)
	}
	if f.hasCompany && f.company.Consolidation {
		return groupCompany()
	}
	if err := p.fullCustomers(ctx, f, began, reached); err != nil {
		return err
	}
	// The matches come before the items: one that is made in between shows in the items now and as new in the next
	// pull, while the other way round it would be known and its items stale.
	var matched days
	doubtful, err := p.fullAllocations(ctx, began, &matched)
	if err != nil {
		return wrap("reading the allocations", err)
	}
	var seen ids
	if err := p.fullTransactions(ctx, began, reached, &seen, &matched); err != nil {
		return wrap("reading the transactions", err)
	}
	if reached.IsZero() {
		unseen, err := p.unseen(ctx, &seen)
		if err != nil {
			return err
		}
		return p.finishFull(ctx, began, append(unseen, doubtful...), Recheck, MatchList, Watermark)
	}
	if err := p.finishFull(ctx, began, doubtful, MatchList, Watermark); err != nil {
		return err
	}
	// What was loaded before the break may have changed since: it is looked at again.
	return p.delta(ctx, began, Thorough)
}

// resumed says when this load began and which creation date it had reached; that is zero for a new one.
func (p *puller) resumed(ctx context.Context) (began, reached time.Time, err error) {
	now := p.o.Now()
	mark, _, err := p.moment(ctx, Watermark)
	if err != nil || !mark.IsZero() {
		return now, time.Time{}, err
	}
	at, note, err := p.moment(ctx, FirstLoad)
	if err != nil || at.IsZero() || at.After(now) {
		return now, time.Time{}, err
	}
	reached, _ = time.Parse(time.RFC3339, note)
	if reached.IsZero() {
		return now, reached, nil
	}
	return at, reached, nil
}

func (p *puller) fullCustomers(ctx context.Context, f frame, began, reached time.Time) error {
	customers, err := p.allCustomers(ctx)
	if err != nil {
		return err
	}
	p.o.Progress(StageCustomers, len(customers), len(customers))
	if err := p.readContacts(ctx, &f); err != nil {
		return wrap("reading the contacts", err)
	}
	p.o.Progress(StageContacts, len(f.contacts), len(f.contacts))
	return p.st.Tx(ctx, func(tx *store.Tx) (err error) {
		if err := p.storeFrame(ctx, tx, f); err != nil {
			return err
		}
		if err := p.storeAllCustomers(ctx, tx, customers); err != nil {
			return err
		}
		if err := p.storeContacts(ctx, tx, f); err != nil {
			return err
		}
		return p.note(ctx, tx, began, reached)
	})
}

// note keeps how far a first load has come.
func (p *puller) note(ctx context.Context, tx *store.Tx, began, reached time.Time) error {
	text := ""
	if !reached.IsZero() {
		text = reached.UTC().Format(time.RFC3339)
	}
	return tx.SetWatermark(ctx, FirstLoad, began, text)
}

// windows cuts all creation dates into spans of at most a year, oldest first; the last one reaches
// beyond our own clock because the server's may be ahead of it.
func windows(now time.Time) []window {
	end := now.UTC().Add(zoneOverlap).Truncate(time.Second)
	var out []window
	for year := firstYear; ; year++ {
		from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		to := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
		if !to.Before(end) {
			return append(out, window{from, end})
		}
		out = append(out, window{from, to})
	}
}

func (p *puller) fullTransactions(ctx context.Context, began, reached time.Time, seen *ids, matched *days) error {
	all := windows(p.o.Now())
	for len(all) > 1 && !all[0].to.After(reached) {
		all = all[1:]
	}
	everything := window{all[0].from, all[len(all)-1].to}
	total, counted, err := p.count(ctx, everything)
	if err != nil {
		return err
	}
	if old := len(all) - recentYears; old > 0 {
		// One question saves reading many years that nobody has booked in.
		n, ok, err := p.count(ctx, window{all[0].from, all[old-1].to})
		if err != nil {
			return err
		}
		if ok && n == 0 {
			all = all[old:]
		}
	}
	p.o.Progress(StageTransactions, 0, total)
	for _, w := range all {
		if err := p.fullWindow(ctx, w, began, seen, matched, total); err != nil {
			return err
		}
	}
	if !counted || seen.len() >= total {
		return nil
	}
	// Items may have been deleted since they were counted. A count that stays as it is, and higher, counts something
	// else: each window was read until it was whole.
	again, counted, err := p.count(ctx, everything)
	if err == nil && counted && again != total && seen.len() < again {
		err = incomplete(again, seen.len())
	}
	return err
}

// count asks how many rows a window has; counted is false where that is not offered or too much to ask.
func (p *puller) count(ctx context.Context, w window) (n int, counted bool, err error) {
	counted, err = p.hint(ctx, "count", func() (err error) { n, err = p.src.CountTransactions(ctx, w.query()); return err })
	return n, counted, err
}

func (p *puller) fullWindow(ctx context.Context, w window, began time.Time, seen *ids, matched *days, total int) error {
	any := false
	err := p.span(ctx, w, func(rows []ledger.Transaction) error {
		any = true
		for _, t := range rows {
			seen.add(t.ID)
		}
		p.o.Progress(StageTransactions, seen.len(), max(total, seen.len()))
		return p.st.Tx(ctx, func(tx *store.Tx) error {
			c, err := tx.UpsertHistory(ctx, rows, p.o.Today, func(id int64) ledger.Date { day, _ := matched.get(id); return day })
			p.report.Transactions = p.report.Transactions.Add(c)
			return err
		})
	})
	if err != nil || !any {
		return err
	}
	return p.st.Tx(ctx, func(tx *store.Tx) error { return p.note(ctx, tx, began, w.to) })
}

// fullAllocations reads the history of matches. Stored ones that it does not hold any more were undone, or slipped
// between two pages: their items tell. Both sides of those are returned, to be read again. matched receives the day
// of the last match of each item.
func (p *puller) fullAllocations(ctx context.Context, began time.Time, matched *days) (doubtful []int64, err error) {
	since := began.AddDate(0, 0, -allocationsFor)
	seen, offered, err := p.matches(ctx, since, p.o.Now(), func(rows []ledger.Allocation) error {
		for _, a := range rows {
			for _, id := range [...]int64{a.From, a.To} {
				if day, _ := matched.get(id); day.Before(a.Created) {
					matched.put(id, a.Created)
				}
			}
		}
		return p.st.Tx(ctx, func(tx *store.Tx) error { return p.storeMatches(ctx, tx, rows, nil) })
	})
	if err != nil || !offered {
		return nil, err
	}
	doubtful, now, err := p.vanished(ctx, since, seen)
	if err != nil || len(now) == 0 {
		return doubtful, err
	}
	return doubtful, p.st.Tx(ctx, func(tx *store.Tx) error { return p.storeMatches(ctx, tx, nil, now) })
}

// vanished finds the stored matches that a history read whole does not hold any more. It returns both sides of each,
// to be read again, and all matches that stand of the debts among them.
func (p *puller) vanished(ctx context.Context, since time.Time, seen *matchSet) (sides []int64, now map[int64][]ledger.Allocation, err error) {
	var debts []int64
	err = p.st.AllocationsSince(ctx, ledger.DateOf(since.UTC()).AddDays(2), func(a ledger.Allocation) {
		if !seen.has(a) {
			debts, sides = append(debts, a.To), append(sides, a.From, a.To)
		}
	})
	if err != nil || len(debts) == 0 {
		return nil, nil, err
	}
	slices.Sort(debts)
	now, err = p.matchesOf(ctx, slices.Compact(debts))
	return sides, now, err
}

// unseen lists the open items that a load did not come across.
func (p *puller) unseen(ctx context.Context, seen *ids) (list []int64, err error) {
	open, err := p.st.OpenTransactionIDs(ctx)
	for _, id := range open {
		if !seen.has(id) {
			list = append(list, id)
		}
	}
	return list, err
}

// finishFull reads some items again by id, and sets the named moments.
func (p *puller) finishFull(ctx context.Context, began time.Time, ids []int64, moments ...string) error {
	again := map[int64]ledger.Transaction{}
	missing, err := p.reread(ctx, ids, again)
	if err != nil {
		return wrap("reading the open items again", err)
	}
	p.o.Progress(StageStore, 0, 0)
	return p.st.Tx(ctx, func(tx *store.Tx) error {
		if err := p.storeItems(ctx, tx, values(again), missing); err != nil {
			return err
		}
		if err := p.note(ctx, tx, began, time.Time{}); err != nil {
			return err
		}
		return p.mark(ctx, tx, began, moments...)
	})
}
