package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dunlin/core/ledger"
)

// NotAsStored returns the ids of the transactions that are not stored exactly as given, in the order of rows. It
// tells what a feed of changes has to say that is not known yet.
func (s *Store) NotAsStored(ctx context.Context, rows []ledger.Transaction) (ids []int64, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	err = s.view(ctx, "comparing items", func(q querier) error {
		f, err := readFiller(ctx, q, rows)
		if err != nil {
			return err
		}
		stored, err := storedColumns(ctx, q, rows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if have, known := stored[r.ID]; !known || have != f.print(r) {
				ids = append(ids, r.ID)
			}
		}
		return nil
	})
	return ids, err
}

// comparedColumns are the columns of transactions that come from AccountsIQ; the others are made from them.
const comparedColumns = `id, account_id, account_code, type, document_id, batch, number, reference, currency, amount, outstanding,
	base_amount, issued, due, created, disputed, reversed`

// print writes the compared columns of a row as it would be stored.
func (f filler) print(r ledger.Transaction) string {
	columns := f.columns(make([]any, 0, 23), r, "", func(ledger.Transaction) string { return "" })
	var b strings.Builder
	for _, c := range columns[:17] {
		switch v := c.(type) {
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		case bool:
			b.WriteString(strconv.Itoa(int(boolColumn(v))))
		case string:
			b.WriteString(v)
		}
		b.WriteByte(0)
	}
	return b.String()
}

func boolColumn(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

// storedColumns reads the compared columns of the rows that are there and not gone.
func storedColumns(ctx context.Context, q querier, rows []ledger.Transaction) (map[int64]string, error) {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	out := make(map[int64]string, len(rows))
	values := make([]sql.RawBytes, 17)
	to := make([]any, len(values))
	for i := range values {
		to[i] = &values[i]
	}
	return out, each(ctx, q, func(r *sql.Rows) error {
		if err := r.Scan(to...); err != nil {
			return err
		}
		var b strings.Builder
		for _, v := range values {
			b.Write(v)
			b.WriteByte(0)
		}
		id, err := strconv.ParseInt(string(values[0]), 10, 64)
		out[id] = b.String()
		return err
	}, "SELECT "+comparedColumns+" FROM transactions WHERE gone_at = 0 AND missing = 0 AND id IN (SELECT value FROM json_each(?))", idList(ids))
}

// UnknownAllocations returns those of a list that are not stored exactly as given.
func (s *Store) UnknownAllocations(ctx context.Context, list []ledger.Allocation) ([]ledger.Allocation, error) {
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	known := make(map[ledger.Allocation]bool, len(list))
	err := each(ctx, s.readers, func(r *sql.Rows) error {
		var a ledger.Allocation
		err := scanAllocation(r, &a)
		known[a] = true
		return err
	}, "SELECT id, from_id, to_id, amount, date, created FROM allocations WHERE id IN (SELECT value FROM json_each(?))", idList(ids))
	if err != nil {
		return nil, s.fail("comparing the allocations", err)
	}
	var fresh []ledger.Allocation
	for _, a := range list {
		if !known[a] {
			fresh = append(fresh, a)
		}
	}
	return fresh, nil
}

func scanAllocation(r *sql.Rows, a *ledger.Allocation) error {
	return r.Scan(&a.ID, &a.From, &a.To, &a.Amount, dateColumn{&a.Date}, dateColumn{&a.Created})
}

// Rematched returns the ids of those transactions whose stored allocations cannot be right any more: more is
// outstanding than is stored, or the stored and the fresh matches together exceed what was settled. A match must
// have been undone then, which no feed reports (contract 10.3).
func (s *Store) Rematched(ctx context.Context, rows []ledger.Transaction, fresh []ledger.Allocation) (ids []int64, err error) {
	read := make(map[int64]ledger.Transaction, len(rows))
	all := make([]int64, len(rows))
	for i, r := range rows {
		read[r.ID], all[i] = r, r.ID
	}
	matched := map[int64]int64{} // minor units by transaction
	known := map[ledger.Allocation]bool{}
	add := func(id int64, a ledger.Allocation) {
		if r, ok := read[id]; ok && !known[a] {
			m, _ := ledger.ParseMoney(a.Amount, r.Amount.Currency)
			matched[id] += m.Abs().Minor
		}
	}
	was := map[int64]int64{}
	err = s.view(ctx, "comparing the allocations", func(q querier) error {
		list := idList(all)
		err := each(ctx, q, func(r *sql.Rows) error {
			var a ledger.Allocation
			if err := scanAllocation(r, &a); err != nil {
				return err
			}
			add(a.From, a)
			add(a.To, a)
			known[a] = true
			return nil
		}, `SELECT id, from_id, to_id, amount, date, created FROM allocations WHERE from_id IN (SELECT value FROM json_each(?1))
			UNION SELECT id, from_id, to_id, amount, date, created FROM allocations WHERE to_id IN (SELECT value FROM json_each(?1))`, list)
		if err != nil {
			return err
		}
		return each(ctx, q, func(r *sql.Rows) error {
			var id, outstanding int64
			err := r.Scan(&id, &outstanding)
			was[id] = outstanding
			return err
		}, "SELECT id, abs(outstanding) FROM transactions WHERE id IN (SELECT value FROM json_each(?))", list)
	})
	if err != nil {
		return nil, err
	}
	stored := make(map[int64]bool, len(matched))
	for id := range matched {
		stored[id] = true
	}
	for _, a := range fresh {
		add(a.From, a)
		add(a.To, a)
	}
	for id := range stored {
		r := read[id]
		left := r.Outstanding.Abs().Minor
		if before, ok := was[id]; ok && left > before || matched[id] > r.Amount.Abs().Minor-left {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// AllocationsSince hands out the stored allocations that were recorded on a day or later.
func (s *Store) AllocationsSince(ctx context.Context, day ledger.Date, row func(ledger.Allocation)) error {
	err := each(ctx, s.readers, func(r *sql.Rows) error {
		var a ledger.Allocation
		err := scanAllocation(r, &a)
		if err == nil {
			row(a)
		}
		return err
	}, "SELECT id, from_id, to_id, amount, date, created FROM allocations WHERE created >= ?", day.String())
	return s.fail("reading the allocations", err)
}

// ReplaceAllocations makes the allocations of one transaction those of the list.
func (t *Tx) ReplaceAllocations(ctx context.Context, transactionID int64, list []ledger.Allocation) (Counts, error) {
	keys := make([]string, len(list))
	for i, a := range list {
		keys[i] = fmt.Sprintf("%d %d %d", a.ID, a.From, a.To)
	}
	gone, err := t.touch(ctx, `DELETE FROM allocations WHERE (from_id = ?1 OR to_id = ?1)
		AND id || ' ' || from_id || ' ' || to_id NOT IN (SELECT value FROM json_each(?2))`, transactionID, idList(keys))
	if err != nil {
		return Counts{}, err
	}
	c, err := t.UpsertAllocations(ctx, list)
	c.Gone += gone
	return c, err
}
