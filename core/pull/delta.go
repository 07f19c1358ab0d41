package pull

import (
	"context"
	"time"

	"dunlin/core/ledger"
	"dunlin/core/store"
)

// delta brings what happened since the watermark (contract 10.2) and stores all of it in one transaction
// together with the new watermark.
func (p *puller) delta(ctx context.Context, mark time.Time) error {
	began := p.o.Now()
	p.o.Progress(StageCustomers, 0, 0)
	f, err := p.readFrame(ctx)
	if err != nil {
		return wrap("reading the company", err)
	}
	customers, err := p.changedCustomers(ctx, mark)
	if err != nil {
		return wrap("reading the changed customers", err)
	}
	if err := p.readContacts(ctx, &f); err != nil {
		return wrap("reading the contacts", err)
	}
	rows, missing, allocations, rechecked, err := p.deltaItems(ctx, mark, began)
	if err != nil {
		return err
	}
	p.o.Progress(StageStore, 0, 0)
	return p.st.Tx(ctx, func(tx *store.Tx) (err error) {
		if err := p.storeFrame(ctx, tx, f); err != nil {
			return err
		}
		if p.report.Customers, err = tx.UpsertCustomers(ctx, customers); err != nil {
			return err
		}
		if err := p.storeContacts(ctx, tx, f); err != nil {
			return err
		}
		if p.report.Transactions, err = tx.UpsertTransactions(ctx, values(rows), p.o.Today); err != nil {
			return err
		}
		if p.report.Transactions.Gone, err = tx.MarkMissing(ctx, missing); err != nil {
			return err
		}
		if p.report.Allocations, err = tx.UpsertAllocations(ctx, allocations); err != nil {
			return err
		}
		if rechecked {
			return p.mark(ctx, tx, began, Recheck, Watermark)
		}
		return p.mark(ctx, tx, began, Watermark)
	})
}

// changedCustomers reads the customers that changed since the watermark; where AccountsIQ does not offer that,
// all of them: those that did not change are left alone by the store.
func (p *puller) changedCustomers(ctx context.Context, mark time.Time) (list []ledger.Customer, err error) {
	keep := func(c ledger.Customer) error {
		list = append(list, c)
		return nil
	}
	offered, err := p.optional("changed customers", func() error {
		return p.src.CustomersChangedSince(ctx, mark.UTC().Add(-utcOverlap), keep)
	})
	if err != nil || offered {
		return list, err
	}
	list = nil
	return list, p.src.Customers(ctx, keep)
}

// deltaItems reads new transactions by creation date, the matches made since, and again by id what those
// touched; on a thorough pull also every open and recently closed item.
func (p *puller) deltaItems(ctx context.Context, mark, began time.Time) (rows map[int64]ledger.Transaction, missing []int64, allocations []ledger.Allocation, rechecked bool, err error) {
	rows = map[int64]ledger.Transaction{}
	p.o.Progress(StageTransactions, 0, 0)
	created := window{mark.UTC().Add(-zoneOverlap), began.UTC().Add(zoneOverlap)}
	err = p.span(ctx, created, rows, func() { p.o.Progress(StageTransactions, len(rows), 0) })
	if err != nil {
		return nil, nil, nil, false, wrap("reading the new transactions", err)
	}
	if allocations, err = p.allocations(ctx, mark, began); err != nil {
		return nil, nil, nil, false, wrap("reading the allocations", err)
	}
	touched := map[int64]bool{}
	for _, a := range allocations {
		touched[a.From], touched[a.To] = true, true
	}
	known, rechecked, err := p.knownItems(ctx, began)
	if err != nil {
		return nil, nil, nil, false, err
	}
	for _, id := range known {
		touched[id] = true
	}
	// What was read a moment ago as new is read again when an allocation names it: the match may have been
	// made between the two reads. Everything else new is fresh enough.
	ids := make([]int64, 0, len(touched))
	for id := range touched {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	missing, err = p.reread(ctx, ids, rows)
	return rows, missing, allocations, rechecked, wrap("reading the open items again", err)
}

// knownItems lists the open and recently closed items when it is time to look at all of them again.
func (p *puller) knownItems(ctx context.Context, began time.Time) ([]int64, bool, error) {
	ids, err := p.st.OpenTransactionIDs(ctx)
	if err != nil {
		return nil, false, err
	}
	closed, err := p.st.ClosedSince(ctx, p.o.Today.AddDays(-closedDays))
	if err != nil {
		return nil, false, err
	}
	ids = append(ids, closed...)
	if p.o.Depth != Light || len(ids) <= lotsAlways*lotSize {
		return ids, true, nil
	}
	last, _, err := p.st.Watermark(ctx, Recheck)
	if err != nil {
		return nil, false, err
	}
	if began.Sub(last) < recheckEvery {
		return nil, false, nil
	}
	return ids, true, nil
}
