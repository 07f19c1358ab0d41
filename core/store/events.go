package store

import (
	"context"
	"database/sql"
	"encoding/json"
)

// AddEvent records what happened and returns the event's id.
func (t *Tx) AddEvent(ctx context.Context, e Event) (int64, error) {
	res, err := t.tx.ExecContext(ctx, "INSERT INTO events (at, kind, account_id, transaction_id, message, run_id, text, detail, folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		millis(e.At), e.Kind, e.AccountID, e.TransactionID, e.MessageID, e.RunID, e.Text, e.Detail, fold(e.Text, e.Detail))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// Events returns what happened, newest first.
func (s *Store) Events(ctx context.Context, q EventQuery) ([]Event, error) {
	f := &filter{}
	if len(q.Kinds) > 0 {
		f.and("e.kind IN (SELECT value FROM json_each(?))", idList(q.Kinds))
	}
	if q.AccountID != 0 {
		f.and("e.account_id = ?", q.AccountID)
	}
	if q.TransactionID != 0 {
		f.and("e.transaction_id = ?", q.TransactionID)
	}
	if q.RunID != "" {
		f.and("e.run_id = ?", q.RunID)
	}
	if q.MessageID != "" {
		f.and("e.message = ?", q.MessageID)
	}
	if !q.Since.IsZero() {
		f.and("e.at >= ?", millis(q.Since))
	}
	if q.BeforeID != 0 {
		f.and("e.id < ?", q.BeforeID)
	}
	for _, w := range words(q.Search) {
		f.and("(instr(e.folded, ?) > 0 OR instr(coalesce(c.folded, ''), ?) > 0 OR instr(coalesce(t.folded, ''), ?) > 0)", w, w, w)
	}
	list, err := all(ctx, s.readers, func(r *sql.Rows) (e Event, err error) {
		return e, r.Scan(&e.ID, timeColumn{&e.At}, &e.Kind, &e.AccountID, &e.TransactionID, &e.MessageID, &e.RunID, &e.Text, &e.Detail,
			&e.CustomerCode, &e.CustomerName, &e.Number)
	}, `SELECT e.id, e.at, e.kind, e.account_id, e.transaction_id, e.message, e.run_id, e.text, e.detail,
			coalesce(c.code, ''), coalesce(c.name, ''), coalesce(t.number, '')
		FROM events e LEFT JOIN customers c ON c.account_id = e.account_id LEFT JOIN transactions t ON t.id = e.transaction_id`+
		f.where()+" ORDER BY e.id DESC LIMIT ?", append(f.args, sqlLimit(q.Limit))...)
	return list, s.fail("reading the events", err)
}

// AddSync records a sync and returns its id.
func (t *Tx) AddSync(ctx context.Context, y Sync) (int64, error) {
	counts := string(y.Counts)
	if counts == "" {
		counts = "{}"
	}
	res, err := t.tx.ExecContext(ctx, "INSERT INTO syncs (started, finished, was_full, ok, code, message, hint, counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		millis(y.Started), millis(y.Finished), y.Full, y.OK, y.Code, y.Message, y.Hint, counts)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

const readSync = "SELECT id, started, finished, was_full, ok, code, message, hint, counts FROM syncs "

func scanSync(r *sql.Rows) (y Sync, err error) {
	var counts string
	err = r.Scan(&y.ID, timeColumn{&y.Started}, timeColumn{&y.Finished}, &y.Full, &y.OK, &y.Code, &y.Message, &y.Hint, &counts)
	y.Counts = json.RawMessage(counts)
	return y, err
}

// LastSync returns the sync that was recorded last, or ErrNotFound.
func (s *Store) LastSync(ctx context.Context) (Sync, error) {
	y, err := one(ctx, s.readers, scanSync, readSync+"ORDER BY id DESC LIMIT 1")
	return y, s.fail("reading the last sync", err)
}

// LastGoodSync returns the last sync that finished without error, or ErrNotFound.
func (s *Store) LastGoodSync(ctx context.Context) (Sync, error) {
	y, err := one(ctx, s.readers, scanSync, readSync+"WHERE ok = 1 ORDER BY id DESC LIMIT 1")
	return y, s.fail("reading the last good sync", err)
}
