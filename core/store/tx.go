package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// Tx is a writing transaction. It ends with the function that it was handed to.
type Tx struct {
	tx      *sql.Tx
	s       *Store
	touched bool // something that decisions depend on was changed
}

// Tx runs f in one writing transaction: committed when f returns nil, else undone, by a panic too. Only one
// runs at a time, so f must not call Tx again, wait for the network, or keep its Tx.
func (s *Store) Tx(ctx context.Context, f func(*Tx) error) error {
	inner, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return s.fail("starting to write", err)
	}
	defer inner.Rollback() // nothing to do after a commit
	t := &Tx{tx: inner, s: s}
	if err := f(t); err != nil {
		return explain(s.path, err)
	}
	if t.touched {
		if _, err := t.tx.ExecContext(ctx, "UPDATE version SET n = n + 1"); err != nil {
			return s.fail("writing", err)
		}
	}
	return s.fail("writing", inner.Commit())
}

// Durable is Tx for what must be on the disk before something happens outside, such as the word to the mail
// server (R6.4). Every commit is forced to the disk, so the two are the same; the name says what is meant.
func (s *Store) Durable(ctx context.Context, f func(*Tx) error) error { return s.Tx(ctx, f) }

// exec runs one statement and returns how many rows it changed.
func (t *Tx) exec(ctx context.Context, query string, args ...any) (int, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// touch runs one statement on data that decisions depend on.
func (t *Tx) touch(ctx context.Context, query string, args ...any) (int, error) {
	n, err := t.exec(ctx, query, args...)
	if n > 0 {
		t.touched = true
	}
	return n, err
}

// bulk inserts n rows of the given number of columns: head is the part before VALUES, tail what follows. It
// returns how many rows were inserted or updated. Several rows in one statement are no faster, measured
// with 16, 64 and 256.
func (t *Tx) bulk(ctx context.Context, head, tail string, columns, n int, row func(i int, dst []any) []any) (changed int, err error) {
	if n == 0 {
		return 0, nil
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", columns), ", ")
	stmt, err := t.tx.PrepareContext(ctx, head+" VALUES ("+marks+") "+tail)
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	args := make([]any, 0, columns)
	for i := range n {
		res, err := stmt.ExecContext(ctx, row(i, args[:0])...)
		if err != nil {
			return changed, err
		}
		done, err := res.RowsAffected()
		if err != nil {
			return changed, err
		}
		changed += int(done)
	}
	return changed, nil
}

// querier is what a Tx, a reading snapshot and a connection have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// view runs f on one snapshot of the data, so that several queries agree with each other.
func (s *Store) view(ctx context.Context, doing string, f func(querier) error) error {
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(doing, err)
	}
	defer tx.Rollback()
	return s.fail(doing, f(tx))
}

// each runs a query and hands every row to scan.
func each(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all runs a query and collects what scan makes of its rows.
func all[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := each(ctx, q, func(r *sql.Rows) error {
		v, err := scan(r)
		out = append(out, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// one is all for a query with at most one row; none is sql.ErrNoRows.
func one[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	rows, err := all(ctx, q, scan, query, args...)
	if err == nil && len(rows) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return rows[0], nil
}

func scanID(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }

// idList gives ids to a query as one argument: "IN (SELECT value FROM json_each(?))".
func idList[T int64 | string](ids []T) string {
	if ids == nil {
		return "[]"
	}
	b, _ := json.Marshal(ids) // numbers and strings cannot fail
	return string(b)
}

// millis is an instant as it is stored.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// dateColumn and timeColumn read what is stored as a date and as an instant.
type (
	dateColumn struct{ to *ledger.Date }
	timeColumn struct{ to *time.Time }
	jsonColumn struct{ to any }
)

// Scan implements sql.Scanner.
func (c dateColumn) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a date is stored as %T", v)
	}
	d, err := readDate(text)
	*c.to = d
	return err
}

// Scan implements sql.Scanner.
func (c timeColumn) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("an instant is stored as %T", v)
	}
	*c.to = time.Time{}
	if n != 0 {
		*c.to = time.UnixMilli(n).UTC()
	}
	return nil
}

// Scan implements sql.Scanner.
func (c jsonColumn) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a list is stored as %T", v)
	}
	return json.Unmarshal([]byte(text), c.to)
}

// readDate reads a stored date, "" being none. Stored dates were written by Date.String, so that it need not
// look as closely as ledger.ParseDate, which is what reading 100,000 receivables would spend its time on.
func readDate(s string) (ledger.Date, error) {
	if s == "" {
		return ledger.Date{}, nil
	}
	if len(s) != len(time.DateOnly) {
		return ledger.Date{}, fmt.Errorf("%q is stored as a date", s)
	}
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case i == 4 || i == 7:
			if c != '-' {
				return ledger.Date{}, fmt.Errorf("%q is stored as a date", s)
			}
		case c < '0' || c > '9':
			return ledger.Date{}, fmt.Errorf("%q is stored as a date", s)
		default:
			n = n*10 + int(c-'0')
		}
	}
	return ledger.NewDate(n/10000, time.Month(n/100%100), n%100), nil
}

// asJSON is a list or struct of our own as it is stored; nil lists are written as empty ones.
func asJSON[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil { // only strings and numbers are ever in these lists
		return "[]"
	}
	return string(b)
}
