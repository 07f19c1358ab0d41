package pull

import (
	"context"
	"errors"
	"maps"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// delta brings what happened since the watermark (contract 10.2) and stores all of it in one transaction together
// with the new watermark.
func (p *puller) delta(ctx context.Context, since time.Time, depth Depth) error {
	d := &change{began: p.o.Now(), items: map[int64]ledger.Transaction{}}
	for _, step := range []struct {
		what string
		read func(context.Context, *change, time.Time, Depth) error
	}{
		{"reading the company", p.changedFrame},
		{"reading the changed customers", p.changedCustomers},
		{"reading the contacts", p.changedContacts},
		{"reading the new transactions", p.newItems},
		{"reading the changed transactions", p.changedItems},
		{"reading the allocations", p.newMatches},
		{"reading the changed documents", p.changedDocuments},
		{"reading the open items again", p.touchedItems},
		{"reading what was un-matched", p.undoneMatches},
	} {
		if err := step.read(ctx, d, since, depth); err != nil {
			return wrap(step.what, err)
		}
	}
	p.o.Progress(StageStore, 0, 0)
	return p.st.Tx(ctx, func(tx *store.Tx) error { return p.storeChange(ctx, tx, d) })
}

// change is all that a delta found out before it stores anything.
type change struct {
	began     time.Time
	frame     frame
	customers []ledger.Customer
	complete  bool // customers is the whole list
	items     map[int64]ledger.Transaction
	missing   []int64
	touched   []int64 // ids to read again
	rechecked bool    // all open and recently closed items are among touched
	matches   []ledger.Allocation
	history   bool                          // the history of matches was read whole
	vanished  map[int64][]ledger.Allocation // all matches of items that have a stored one which is not in it
	undone    map[int64][]ledger.Allocation // all matches of items that lost one
}

func (p *puller) changedFrame(ctx context.Context, d *change, _ time.Time, _ Depth) (err error) {
	d.frame, err = p.readFrame(ctx)
	return err
}

// changedCustomers reads the customers that changed since the watermark (step 1). Once a day, and where AccountsIQ
// does not offer that, all of them: whoever is not in two such lists is gone (step 10).
func (p *puller) changedCustomers(ctx context.Context, d *change, since time.Time, _ Depth) error {
	whole, err := p.since(ctx, CustomerList, daily)
	if err != nil {
		return err
	}
	if !whole {
		list, offered, err := p.customers(ctx, func(ctx context.Context, row func(ledger.Customer) error) error {
			return p.src.CustomersChangedSince(ctx, since.UTC().Add(-utcOverlap), row)
		})
		if err != nil || offered {
			d.customers = list
			return err
		}
	}
	d.complete = true
	d.customers, err = p.allCustomers(ctx)
	return err
}

func (p *puller) allCustomers(ctx context.Context) (list []ledger.Customer, err error) {
	p.o.Progress(StageCustomers, 0, 0)
	err = p.try(ctx, func() error {
		list = list[:0]
		return p.src.Customers(ctx, func(c ledger.Customer) error {
			if list = append(list, c); len(list)%500 == 0 {
				p.o.Progress(StageCustomers, len(list), 0)
			}
			return nil
		})
	})
	return list, wrap("reading the customers", err)
}

// changedContacts compares the contacts whole (step 2): nothing says what changed.
func (p *puller) changedContacts(ctx context.Context, d *change, _ time.Time, depth Depth) error {
	old, err := p.since(ctx, ContactList, contactsEvery)
	if err != nil || depth == Light && !old {
		return err
	}
	return p.readContacts(ctx, &d.frame)
}

// span26 is the span of creation dates of a delta: from the watermark to now, in whatever zone.
func span26(since, began time.Time) window {
	return window{since.UTC().Add(-zoneOverlap), began.UTC().Add(zoneOverlap)}
}

// newItems reads what was created since the watermark (step 3).
func (p *puller) newItems(ctx context.Context, d *change, since time.Time, _ Depth) error {
	p.o.Progress(StageTransactions, 0, 0)
	return p.span(ctx, span26(since, d.began), func(rows []ledger.Transaction) error {
		for _, t := range rows {
			d.items[t.ID] = t
		}
		p.o.Progress(StageTransactions, len(d.items), 0)
		return nil
	})
}

// changedItems asks the feed of changes along both axes that may be meant (step 4). Only what differs from what is
// stored, or was just read, is worth reading again.
func (p *puller) changedItems(ctx context.Context, d *change, since time.Time, _ Depth) error {
	w := span26(since, d.began)
	for _, q := range []accountsiq.TransactionQuery{
		{IssuedFrom: ledger.DateOf(w.from), IssuedTo: ledger.DateOf(w.to)}, w.query(),
	} {
		rows, err := p.feed(ctx, d, q)
		if err != nil {
			return err
		}
		ids, err := p.st.NotAsStored(ctx, rows)
		if err != nil {
			return err
		}
		d.touched = append(d.touched, ids...)
	}
	return nil
}

// feed reads the feed page by page. Deleted items are touched whatever else is said of them.
func (p *puller) feed(ctx context.Context, d *change, q accountsiq.TransactionQuery) (rows []ledger.Transaction, err error) {
	var seen ids
	for before := -1; seen.len() > before; {
		before = seen.len()
		n := 0
		given, err := p.hint(ctx, "changed transactions", func() (err error) {
			n, err = p.src.ChangedTransactions(ctx, q, func(t ledger.Transaction, c accountsiq.Change) error {
				fresh, read := d.items[t.ID]
				switch {
				case seen.has(t.ID):
				case c == accountsiq.Deleted:
					d.touched = append(d.touched, t.ID)
				case !read || fresh != t:
					rows = append(rows, t)
				}
				seen.add(t.ID)
				return nil
			})
			return err
		})
		if err != nil || !given {
			return rows, err
		}
		q.Skip += n
	}
	return rows, nil
}

// newMatches reads the allocations recorded since the watermark (step 5). Those that are new touch both sides: what
// was read a moment ago is read again too, for the match may have been made between the two reads. Once a week the
// history is compared whole: one that was undone between items settled long ago shows nowhere else.
func (p *puller) newMatches(ctx context.Context, d *change, since time.Time, _ Depth) error {
	whole, err := p.since(ctx, MatchList, weekly)
	if err != nil {
		return err
	}
	if whole {
		since = d.began.AddDate(0, 0, -allocationsFor)
	}
	seen, offered, err := p.matches(ctx, since, d.began, func(rows []ledger.Allocation) error {
		fresh, err := p.st.UnknownAllocations(ctx, rows)
		d.matches = append(d.matches, fresh...)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range d.matches {
		d.touched = append(d.touched, a.From, a.To)
	}
	if d.history = whole && offered; !d.history {
		return nil
	}
	sides, now, err := p.vanished(ctx, since, seen)
	d.touched, d.vanished = append(d.touched, sides...), now
	return err
}

// changedDocuments reads which documents were edited or cancelled (step 6) and touches their transactions. One that
// is not posted has none, and is no debt.
func (p *puller) changedDocuments(ctx context.Context, d *change, since time.Time, _ Depth) error {
	var list []int64
	var seen ids
	q := accountsiq.DocumentQuery{ChangedSince: since.UTC().Add(-utcOverlap)}
	for before := -1; seen.len() > before; {
		before = seen.len()
		n := 0
		given, err := p.hint(ctx, "changed documents", func() (err error) {
			n, err = p.src.Documents(ctx, q, func(doc accountsiq.Document) error {
				if !seen.has(doc.ID) {
					seen.add(doc.ID)
					list = append(list, doc.ID)
				}
				return nil
			})
			return err
		})
		if err != nil {
			return err
		}
		if !given {
			break
		}
		q.Skip += n
	}
	touched, err := p.st.TransactionsOfDocuments(ctx, list)
	d.touched = append(d.touched, touched...)
	return err
}

// touchedItems reads again what the steps before touched (step 7) and, when it is time, all open and recently closed
// items (step 8).
func (p *puller) touchedItems(ctx context.Context, d *change, _ time.Time, depth Depth) error {
	known, rechecked, err := p.knownItems(ctx, depth)
	if err != nil {
		return err
	}
	d.rechecked = rechecked
	ids := make([]int64, 0, len(d.touched)+len(known))
	for _, id := range append(d.touched, known...) {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	d.missing, err = p.reread(ctx, ids, d.items)
	for _, id := range d.missing {
		delete(d.items, id) // read as new a moment ago, and deleted since
	}
	return err
}

// knownItems lists the open and recently closed items when it is time to look at all of them again: always when they
// are few, on a thorough pull, and where a feed was refused; else once a day.
func (p *puller) knownItems(ctx context.Context, depth Depth) (ids []int64, due bool, err error) {
	due = depth != Light || p.blind
	if !due {
		if due, err = p.since(ctx, Recheck, daily); err != nil {
			return nil, false, err
		}
	}
	const few = lotsAlways * lotSize
	since := p.o.Today.AddDays(-closedDays)
	if !due {
		if n, err := p.st.KnownItems(ctx, since, few+1); err != nil || n > few {
			return nil, false, err
		}
	}
	if ids, err = p.st.OpenTransactionIDs(ctx); err != nil {
		return nil, false, err
	}
	closed, err := p.st.ClosedSince(ctx, since)
	return append(ids, closed...), err == nil, err
}

// undoneMatches asks for all matches of the items that must have lost one: no feed reports it (contract section 11).
func (p *puller) undoneMatches(ctx context.Context, d *change, _ time.Time, _ Depth) (err error) {
	if d.undone, err = p.rematched(ctx, values(d.items), d.matches); err == nil {
		maps.Copy(d.undone, d.vanished)
	}
	return err
}

// rematched returns all matches of those items, just read, whose stored ones cannot be right any more.
func (p *puller) rematched(ctx context.Context, items []ledger.Transaction, fresh []ledger.Allocation) (map[int64][]ledger.Allocation, error) {
	ids, err := p.st.Rematched(ctx, items, fresh)
	if err != nil {
		return nil, err
	}
	return p.matchesOf(ctx, ids)
}

// matchesOf asks for all matches of some items.
func (p *puller) matchesOf(ctx context.Context, ids []int64) (map[int64][]ledger.Allocation, error) {
	now := map[int64][]ledger.Allocation{}
	for _, id := range ids {
		var list []ledger.Allocation
		offered, err := p.optional(ctx, "allocations of one item", func() (err error) {
			list, err = p.src.AllocationsOf(ctx, id)
			return err
		})
		switch {
		case errors.Is(err, accountsiq.Gone): // deleted since; the next pull misses it
		case err != nil:
			return nil, err
		case offered:
			now[id] = list
		}
	}
	return now, nil
}

func (p *puller) storeChange(ctx context.Context, tx *store.Tx, d *change) (err error) {
	if err := p.storeFrame(ctx, tx, d.frame); err != nil {
		return err
	}
	if err := p.storeCustomers(ctx, tx, d); err != nil {
		return err
	}
	if err := p.storeContacts(ctx, tx, d.frame); err != nil {
		return err
	}
	if err := p.storeItems(ctx, tx, values(d.items), d.missing); err != nil {
		return err
	}
	if err := p.storeMatches(ctx, tx, d.matches, d.undone); err != nil {
		return err
	}
	moments := []string{Watermark}
	if d.rechecked {
		moments = append(moments, Recheck)
	}
	if d.history {
		moments = append(moments, MatchList)
	}
	return p.mark(ctx, tx, d.began, moments...)
}

func (p *puller) storeCustomers(ctx context.Context, tx *store.Tx, d *change) (err error) {
	if d.complete {
		return p.storeAllCustomers(ctx, tx, d.customers)
	}
	c, err := tx.UpsertCustomers(ctx, d.customers)
	p.report.Customers = p.report.Customers.Add(c)
	return err
}

func (p *puller) storeAllCustomers(ctx context.Context, tx *store.Tx, list []ledger.Customer) error {
	c, err := tx.UpsertCustomers(ctx, list)
	p.report.Customers, p.listed = p.report.Customers.Add(c), present(list)
	return err
}

func (p *puller) storeItems(ctx context.Context, tx *store.Tx, rows []ledger.Transaction, missing []int64) error {
	c, err := tx.UpsertTransactions(ctx, rows, p.o.Today)
	if err != nil {
		return err
	}
	p.unanswered = append(p.unanswered, missing...)
	p.report.Transactions = p.report.Transactions.Add(c)
	return nil
}

// countMissing marks what a pull was not answered with, at the end of one that failed nowhere (contract section 11).
func (p *puller) countMissing(ctx context.Context) error {
	if len(p.unanswered) == 0 && p.listed == nil {
		return nil
	}
	return p.st.Tx(ctx, func(tx *store.Tx) error {
		gone, err := tx.MarkMissing(ctx, p.unanswered)
		p.report.Transactions.Gone += gone
		if err != nil || p.listed == nil {
			return err
		}
		gone, err = tx.MarkCustomersGone(ctx, p.listed)
		p.report.Customers.Gone += gone
		if err != nil {
			return err
		}
		return p.mark(ctx, tx, p.o.Now(), CustomerList)
	})
}

func (p *puller) storeMatches(ctx context.Context, tx *store.Tx, fresh []ledger.Allocation, now map[int64][]ledger.Allocation) error {
	c, err := tx.UpsertAllocations(ctx, fresh)
	if err != nil {
		return err
	}
	p.report.Allocations = p.report.Allocations.Add(c)
	for id, list := range now {
		c, err := tx.ReplaceAllocations(ctx, id, list)
		if err != nil {
			return err
		}
		p.report.Allocations = p.report.Allocations.Add(c)
	}
	return nil
}
