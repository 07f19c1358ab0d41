package store

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

// SaveOutlook replaces what the planner said about the open receivables. Most of it is what it was the last
// time, so only rows that differ are written. The version does not count this: it is made from the rest.
func (t *Tx) SaveOutlook(ctx context.Context, stamp OutlookStamp, rows []OutlookRow) error {
	stored := make(map[int64]int64, len(rows))
	err := each(ctx, t.tx, func(r *sql.Rows) error {
		var id, print int64
		err := r.Scan(&id, &print)
		stored[id] = print
		return err
	}, "SELECT transaction_id, fingerprint FROM outlook")
	if err != nil {
		return err
	}
	var fresh []OutlookRow
	for _, r := range rows {
		print, known := stored[r.TransactionID]
		delete(stored, r.TransactionID)
		if !known || print != fingerprint(r) {
			fresh = append(fresh, r)
		}
	}
	if err := t.putOutlook(ctx, fresh); err != nil {
		return err
	}
	gone := make([]int64, 0, len(stored))
	for id := range stored {
		gone = append(gone, id)
	}
	for _, table := range []string{"outlook", "outlook_texts"} {
		if _, err := t.exec(ctx, "DELETE FROM "+table+" WHERE transaction_id IN (SELECT value FROM json_each(?))", idList(gone)); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, `INSERT INTO outlook_stamp (id, version, valid_until, today) VALUES (1, ?, ?, ?)
		ON CONFLICT DO UPDATE SET version = excluded.version, valid_until = excluded.valid_until, today = excluded.today`,
		stamp.Version, millis(stamp.ValidUntil), stamp.Today.String())
	return err
}

func (t *Tx) putOutlook(ctx context.Context, rows []OutlookRow) error {
	_, err := t.bulk(ctx, "INSERT OR REPLACE INTO outlook (transaction_id, account_id, status, held_reason, next_date, fingerprint)", "", 6, len(rows), func(i int, dst []any) []any {
		r := rows[i]
		return append(dst, r.TransactionID, r.AccountID, r.Status, r.HeldReason, r.NextDate.String(), fingerprint(r))
	})
	if err != nil {
		return err
	}
	_, err = t.bulk(ctx, `INSERT OR REPLACE INTO outlook_texts (transaction_id, due_part, due_step, due_offset, next_part, next_step, next_offset,
		held_until, held_text, sentence)`, "", 10, len(rows), func(i int, dst []any) []any {
		r := rows[i]
		return append(dst, r.TransactionID, r.Due.Part, r.Due.Step, r.Due.Offset, r.Next.Part, r.Next.Step, r.Next.Offset,
			r.HeldUntil.String(), r.HeldText, r.Sentence)
	})
	return err
}

// fingerprint is a number that two equal rows share, and two different ones for all practical purposes not.
func fingerprint(r OutlookRow) int64 {
	h := fnv.New64a()
	io.WriteString(h, strings.Join([]string{strconv.FormatInt(r.AccountID, 10), r.Status, r.HeldReason, r.HeldText, r.HeldUntil.String(),
		r.NextDate.String(), r.Sentence, r.Due.key(), r.Next.key()}, "\x00"))
	return int64(h.Sum64())
}

func (p Place) key() string {
	return p.Part + " " + strconv.Itoa(p.Step) + " " + strconv.Itoa(p.Offset)
}

// OutlookStamp says from what the stored outlook was made; the zero value before the first one.
func (s *Store) OutlookStamp(ctx context.Context) (o OutlookStamp, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT version, valid_until, today FROM outlook_stamp").
		Scan(&o.Version, timeColumn{&o.ValidUntil}, dateColumn{&o.Today})
	if errors.Is(err, sql.ErrNoRows) {
		return OutlookStamp{}, nil
	}
	return o, s.fail("reading the outlook", err)
}
