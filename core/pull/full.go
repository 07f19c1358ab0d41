package pull

import (
	"context"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// full is the first load (contract 10.1). Customers and their contacts are stored first, then the
// transactions window by window, so that a load that is broken off keeps what it has; the watermark
// is set with the last rows only.
func (p *puller) full(ctx context.Context) error {
	p.report.Full = true
	began := p.o.Now()
	p.o.Progress(StageCustomers, 0, 0)
	f, err := p.readFrame(ctx)
	if err != nil {
		return wrap("reading the company", err)
	}
	if f.hasCompany && f.company.Consolidation {
		return groupCompany()
	}
	if err := p.fullCustomers(ctx, f); err != nil {
		return err
	}
	seen := map[int64]bool{}
	if err := p.fullTransactions(ctx, began, seen); err != nil {
		return err
	}
	return p.finishFull(ctx, began, seen)
}

func (p *puller) fullCustomers(ctx context.Context, f frame) error {
	var customers []ledger.Customer
	present := map[int64]bool{}
	err := p.src.Customers(ctx, func(c ledger.Customer) error {
		customers = append(customers, c)
		present[c.AccountID] = true
		if len(customers)%500 == 0 {
			p.o.Progress(StageCustomers, len(customers), 0)
		}
		return nil
	})
	if err != nil {
		return wrap("reading the customers", err)
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
		if p.report.Customers, err = tx.UpsertCustomers(ctx, customers); err != nil {
			return err
		}
		if p.report.Customers.Gone, err = tx.MarkCustomersGone(ctx, present); err != nil {
			return err
		}
		return p.storeContacts(ctx, tx, f)
	})
}

// window is a span of creation dates, both ends included.
type window struct{ from, to time.Time }

func (w window) query() accountsiq.TransactionQuery {
	return accountsiq.TransactionQuery{CreatedFrom: w.from, CreatedTo: w.to}
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

func (p *puller) fullTransactions(ctx context.Context, began time.Time, seen map[int64]bool) error {
	all := windows(began)
	total, counted := p.count(ctx, window{all[0].from, all[len(all)-1].to})
	old := max(0, len(all)-recentYears)
	if old > 0 {
		// One question saves reading many years that nobody has booked in.
		if n, ok := p.count(ctx, window{all[0].from, all[old-1].to}); ok && n == 0 {
			all = all[old:]
		}
	}
	p.o.Progress(StageTransactions, 0, total)
	for _, w := range all {
		if err := p.fullWindow(ctx, w, seen, total); err != nil {
			return wrap("reading the transactions", err)
		}
	}
	if counted && len(seen) < total {
		return incomplete(total, len(seen))
	}
	return nil
}

func (p *puller) count(ctx context.Context, w window) (int, bool) {
	n, err := p.src.CountTransactions(ctx, w.query())
	return n, err == nil
}

func (p *puller) fullWindow(ctx context.Context, w window, seen map[int64]bool, total int) error {
	rows := map[int64]ledger.Transaction{}
	err := p.span(ctx, w, rows, func() {
		done := len(seen) + len(rows)
		p.o.Progress(StageTransactions, done, max(total, done))
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	for id := range rows {
		seen[id] = true
	}
	return p.st.Tx(ctx, func(tx *store.Tx) error {
		c, err := tx.UpsertTransactions(ctx, values(rows), p.o.Today)
		p.report.Transactions = p.report.Transactions.Add(c)
		return err
	})
}

// finishFull brings the allocations, looks for known items that did not come back, and sets the watermark
// with them.
func (p *puller) finishFull(ctx context.Context, began time.Time, seen map[int64]bool) error {
	allocations, err := p.allocations(ctx, began.AddDate(0, 0, -allocationsFor), began)
	if err != nil {
		return wrap("reading the allocations", err)
	}
	open, err := p.st.OpenTransactionIDs(ctx)
	if err != nil {
		return err
	}
	var unseen []int64
	for _, id := range open {
		if !seen[id] {
			unseen = append(unseen, id)
		}
	}
	extra := map[int64]ledger.Transaction{}
	missing, err := p.reread(ctx, unseen, extra)
	if err != nil {
		return wrap("reading the open items again", err)
	}
	p.o.Progress(StageStore, 0, 0)
	return p.st.Tx(ctx, func(tx *store.Tx) error {
		c, err := tx.UpsertTransactions(ctx, values(extra), p.o.Today)
		if err != nil {
			return err
		}
		gone, err := tx.MarkMissing(ctx, missing)
		if err != nil {
			return err
		}
		c.Gone = gone
		p.report.Transactions = p.report.Transactions.Add(c)
		if p.report.Allocations, err = tx.UpsertAllocations(ctx, allocations); err != nil {
			return err
		}
		if err := tx.DateClosed(ctx, p.o.Today); err != nil {
			return err
		}
		return p.mark(ctx, tx, began, Recheck, Watermark)
	})
}

func (p *puller) mark(ctx context.Context, tx *store.Tx, at time.Time, names ...string) error {
	for _, name := range names {
		if err := tx.SetWatermark(ctx, name, at, ""); err != nil {
			return err
		}
	}
	return nil
}

// allocations reads the matches that were recorded between two moments; the zone of the record is
// unknown, so the span is widened to cover any.
func (p *puller) allocations(ctx context.Context, since, until time.Time) ([]ledger.Allocation, error) {
	p.o.Progress(StageAllocations, 0, 0)
	from, to := since.UTC().Add(-zoneOverlap), until.UTC().Add(zoneOverlap)
	byID := map[ledger.Allocation]bool{}
	var out []ledger.Allocation
	_, err := p.optional("allocations", func() error {
		// A page without anything new may tell matches from their other side; two in a row are the end.
		idle := 0
		for skip := 0; idle < 2; {
			before := len(out)
			n, err := p.src.Allocations(ctx, from, to, skip, pageSize, func(a ledger.Allocation) error {
				if !byID[a] {
					byID[a] = true
					out = append(out, a)
				}
				return nil
			})
			if err != nil {
				return err
			}
			p.o.Progress(StageAllocations, len(out), 0)
			if n == 0 {
				return nil
			}
			if idle++; len(out) > before {
				idle = 0
			}
			skip += n
		}
		return nil
	})
	return out, err
}
