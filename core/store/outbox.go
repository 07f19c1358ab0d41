package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"sort"
	"time"

	"dunlin/core/ledger"
)

// What the rulebook says of kinds and states, as conditions on messages m. A message counts as sent when it
// was accepted, may have been, was cut off in the middle, bounced or was answered (R3.6); a chase is one of
// three kinds (R4.5).
const (
	counts  = "m.state IN ('accepted', 'uncertain', 'bounced', 'replied', 'sending')"
	isChase = "m.kind IN ('before_due', 'overdue', 'chase_now') AND " + counts
	// sentAt is the instant at which a message counts as sent.
	sentAt = "CASE WHEN m.accepted_at <> 0 THEN m.accepted_at WHEN m.sending_at <> 0 THEN m.sending_at ELSE m.planned_for END"
)

// AddRun records a run.
func (t *Tx) AddRun(ctx context.Context, r Run) error {
	_, err := t.touch(ctx, "INSERT INTO runs (id, slot_at, kind, started, finished, state, reason, approved) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, millis(r.SlotAt), r.Kind, millis(r.Started), millis(r.Finished), r.State, r.Reason, r.Approved)
	if violates(err) {
		return fmt.Errorf("run %s: %w", r.ID, ErrExists)
	}
	return err
}

// FinishRun records how a run ended, or ErrNotFound. It may be called again when the state changes.
func (t *Tx) FinishRun(ctx context.Context, id string, at time.Time, state, reason string) error {
	return t.mustFind(ctx, "run "+id, "UPDATE runs SET finished = ?, state = ?, reason = ? WHERE id = ?", millis(at), state, reason, id)
}

// ApproveRun records the owner's approval of a run's messages (R6.8), or ErrNotFound.
func (t *Tx) ApproveRun(ctx context.Context, id string) error {
	return t.mustFind(ctx, "run "+id, "UPDATE runs SET approved = 1 WHERE id = ?", id)
}

// mustFind runs a statement that has to change a row.
func (t *Tx) mustFind(ctx context.Context, what, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return err
}

func scanRun(r *sql.Rows) (x Run, err error) {
	return x, r.Scan(&x.ID, timeColumn{&x.SlotAt}, &x.Kind, timeColumn{&x.Started}, timeColumn{&x.Finished}, &x.State, &x.Reason, &x.Approved)
}

const readRun = "SELECT id, slot_at, kind, started, finished, state, reason, approved FROM runs "

// Runs returns the latest runs, newest first; limit 0 is all.
func (s *Store) Runs(ctx context.Context, limit int) ([]Run, error) {
	list, err := all(ctx, s.readers, scanRun, readRun+"ORDER BY started DESC, rowid DESC LIMIT ?", sqlLimit(limit))
	return list, s.fail("reading the runs", err)
}

// Run returns a run, or ErrNotFound.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	x, err := one(ctx, s.readers, scanRun, readRun+"WHERE id = ?", id)
	return x, s.fail("reading a run", err)
}

// LastRun returns the run that started last, or ErrNotFound.
func (s *Store) LastRun(ctx context.Context) (Run, error) {
	x, err := one(ctx, s.readers, scanRun, readRun+"ORDER BY started DESC, rowid DESC LIMIT 1")
	return x, s.fail("reading the last run", err)
}

// sqlLimit is a limit of 0 for "all" as SQL wants it.
func sqlLimit(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

// AddDecisions keeps what a run decided about every invoice, as the caller's JSON (R8.2).
func (t *Tx) AddDecisions(ctx context.Context, runID string, body []byte) error {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, err := t.exec(ctx, "INSERT INTO decisions (run_id, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", runID, packed.Bytes())
	return err
}

// Decisions returns what AddDecisions kept, or ErrNotFound.
func (s *Store) Decisions(ctx context.Context, runID string) ([]byte, error) {
	var packed []byte
	err := s.readers.QueryRowContext(ctx, "SELECT body FROM decisions WHERE run_id = ?", runID).Scan(&packed)
	if err != nil {
		return nil, s.fail("reading the decisions of a run", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, s.fail("reading the decisions of a run", err)
	}
	body, err := io.ReadAll(r)
	return body, s.fail("reading the decisions of a run", err)
}

const messageColumns = `id, run_id, key, kind, state, automatic, account_id, customer_code, part, step, step_offset, multi, template, channel,
	escalated_sender, escalated_recipient, sender, recipients, cc, subject, message_id, in_reply_to, refs, created, planned_for, sending_at,
	accepted_at, updated, next_attempt, attempts, error, reason`

// AddMessages stores new messages with their invoices, all or none. A key that is taken is ErrExists: the
// same run cannot create its messages twice (R6.2).
func (t *Tx) AddMessages(ctx context.Context, list []Message) error {
	n, err := t.bulk(ctx, "INSERT INTO messages ("+messageColumns+")", "", 32, len(list), func(i int, dst []any) []any {
		return messageArgs(dst, list[i])
	})
	if violates(err) {
		return fmt.Errorf("adding messages: %w", ErrExists)
	}
	if err != nil {
		return err
	}
	t.touched = t.touched || n > 0
	_, err = t.bulk(ctx, "INSERT INTO message_bodies (id, text, html, raw, folded)", "", 5, len(list), func(i int, dst []any) []any {
		return append(dst, list[i].ID, list[i].Text, list[i].HTML, notNil(list[i].Raw), foldMessage(list[i]))
	})
	if err != nil {
		return err
	}
	return t.addListed(ctx, list)
}

func messageArgs(dst []any, m Message) []any {
	return append(dst, m.ID, m.RunID, m.Key, m.Kind, m.State, m.Automatic, m.AccountID, m.CustomerCode, m.Part, m.Step, m.Offset, m.Multi,
		m.Template, m.Channel, m.EscalatedSender, m.EscalatedRecipient, m.From, asJSON(m.To), asJSON(m.CC), m.Subject, m.MessageID,
		m.InReplyTo, asJSON(m.References), millis(m.Created), millis(m.PlannedFor), millis(m.SendingAt), millis(m.AcceptedAt),
		millis(m.Updated), millis(m.NextAttempt), m.Attempts, m.Error, m.Reason)
}

func (t *Tx) addListed(ctx context.Context, list []Message) error {
	type row struct {
		message string
		place   int
		MessageInvoice
	}
	var rows []row
	for _, m := range list {
		for i, inv := range m.Invoices {
			rows = append(rows, row{m.ID, i, inv})
		}
	}
	_, err := t.bulk(ctx, "INSERT INTO message_invoices (message, place, transaction_id, number, part, step_offset, step, outstanding, currency)", "", 9, len(rows), func(i int, dst []any) []any {
		r := rows[i]
		return append(dst, r.message, r.place, r.TransactionID, r.Number, r.Part, r.Offset, r.Step, r.Outstanding.Minor, r.Outstanding.Currency)
	})
	return err
}

// foldMessage is what a search in messages looks through beside the customer.
func foldMessage(m Message) string {
	parts := []string{m.Subject, m.Text}
	parts = append(append(parts, m.To...), m.CC...)
	for _, i := range m.Invoices {
		parts = append(parts, i.Number)
	}
	return fold(parts...)
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// EditMessage replaces the content of a message that waits to go: recipients, subject, bodies and invoices (R6.3,
// "edit for this once"), and the run and slot that it goes in. State, key and the other times stay; a message in
// another state is ErrNotFound.
func (t *Tx) EditMessage(ctx context.Context, m Message) error {
	n, err := t.touch(ctx, `UPDATE messages SET step = ?, step_offset = ?, part = ?, multi = ?, template = ?, escalated_sender = ?, escalated_recipient = ?,
		sender = ?, recipients = ?, cc = ?, subject = ?, message_id = ?, in_reply_to = ?, refs = ?, run_id = ?, planned_for = ?, updated = ?
		WHERE id = ? AND state IN ('planned', 'approved', 'queued')`,
		m.Step, m.Offset, m.Part, m.Multi, m.Template, m.EscalatedSender, m.EscalatedRecipient, m.From, asJSON(m.To), asJSON(m.CC), m.Subject,
		m.MessageID, m.InReplyTo, asJSON(m.References), m.RunID, millis(m.PlannedFor), millis(t.s.now()), m.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("message %s: %w", m.ID, ErrNotFound)
	}
	if _, err := t.exec(ctx, "UPDATE message_bodies SET text = ?, html = ?, raw = ?, folded = ? WHERE id = ?", m.Text, m.HTML, notNil(m.Raw), foldMessage(m), m.ID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "DELETE FROM message_invoices WHERE message = ?", m.ID); err != nil {
		return err
	}
	return t.addListed(ctx, []Message{m})
}

// MoveMessage takes a message from one of some states to another. It is ErrNotFound when the message is in
// none of them: somebody else was faster, and nothing may be done on the strength of this move.
func (t *Tx) MoveMessage(ctx context.Context, id string, from []string, to string, c Change) error {
	n, err := t.touch(ctx, `UPDATE messages SET state = ?1, updated = ?2, error = ?3, reason = ?4,
		accepted_at = CASE WHEN ?5 <> 0 THEN ?5 ELSE accepted_at END,
		sending_at = CASE WHEN ?1 = 'sending' THEN ?2 ELSE sending_at END,
		next_attempt = CASE WHEN ?6 <> 0 THEN ?6 ELSE next_attempt END,
		attempts = CASE WHEN ?7 <> 0 THEN ?7 ELSE attempts END
		WHERE id = ?8 AND state IN (SELECT value FROM json_each(?9))`,
		to, millis(c.At), c.Error, c.Reason, millis(c.AcceptedAt), millis(c.NextAttempt), c.Attempts, id, idList(from))
	if err == nil && n == 0 {
		return fmt.Errorf("message %s: %w", id, ErrNotFound)
	}
	return err
}

const readMessage = `SELECT m.id, m.run_id, m.key, m.kind, m.state, m.automatic, m.account_id, m.customer_code, coalesce(c.name, ''), m.part, m.step,
	m.step_offset, m.multi, m.template, m.channel, m.escalated_sender, m.escalated_recipient, m.sender, m.recipients, m.cc, m.subject,
	m.message_id, m.in_reply_to, m.refs, m.created, m.planned_for, m.sending_at, m.accepted_at, m.updated, m.next_attempt, m.attempts, m.error, m.reason
	FROM messages m LEFT JOIN customers c ON c.account_id = m.account_id`

func scanMessage(r *sql.Rows) (m Message, err error) {
	return m, r.Scan(&m.ID, &m.RunID, &m.Key, &m.Kind, &m.State, &m.Automatic, &m.AccountID, &m.CustomerCode, &m.CustomerName, &m.Part, &m.Step,
		&m.Offset, &m.Multi, &m.Template, &m.Channel, &m.EscalatedSender, &m.EscalatedRecipient, &m.From, jsonColumn{&m.To}, jsonColumn{&m.CC},
		&m.Subject, &m.MessageID, &m.InReplyTo, jsonColumn{&m.References}, timeColumn{&m.Created}, timeColumn{&m.PlannedFor},
		timeColumn{&m.SendingAt}, timeColumn{&m.AcceptedAt}, timeColumn{&m.Updated}, timeColumn{&m.NextAttempt}, &m.Attempts, &m.Error, &m.Reason)
}

func messageFilter(q MessageQuery) *filter {
	f := &filter{}
	if len(q.States) > 0 {
		f.and("m.state IN (SELECT value FROM json_each(?))", idList(q.States))
	}
	if len(q.Kinds) > 0 {
		f.and("m.kind IN (SELECT value FROM json_each(?))", idList(q.Kinds))
	}
	if q.AccountID != 0 {
		f.and("m.account_id = ?", q.AccountID)
	}
	if q.TransactionID != 0 {
		f.and("m.id IN (SELECT message FROM message_invoices WHERE transaction_id = ?)", q.TransactionID)
	}
	if q.RunID != "" {
		f.and("m.run_id = ?", q.RunID)
	}
	if len(q.MessageIDs) > 0 {
		f.and("m.message_id IN (SELECT value FROM json_each(?)) AND m.message_id <> ''", idList(q.MessageIDs))
	}
	if !q.From.IsZero() {
		f.and("m.planned_for >= ?", millis(q.From))
	}
	if !q.To.IsZero() {
		f.and("m.planned_for < ?", millis(q.To))
	}
	for _, w := range words(q.Search) {
		f.and("(instr(coalesce(c.folded, ''), ?) > 0 OR EXISTS (SELECT 1 FROM message_bodies b WHERE b.id = m.id AND instr(b.folded, ?) > 0))", w, w)
	}
	return f
}

// Messages returns messages without their bodies, newest first by the instant they are planned for.
func (s *Store) Messages(ctx context.Context, q MessageQuery) (list []Message, err error) {
	err = s.view(ctx, "reading the outbox", func(r querier) error {
		f := messageFilter(q)
		list, err = readMessages(ctx, r, f.where()+" ORDER BY m.planned_for DESC, m.customer_code, m.kind, m.id LIMIT ? OFFSET ?", append(f.args, sqlLimit(q.Limit), q.Offset)...)
		return err
	})
	return list, err
}

// MessagesOfRun returns the messages of a run without their bodies, by customer code, then kind.
func (s *Store) MessagesOfRun(ctx context.Context, runID string) (list []Message, err error) {
	err = s.view(ctx, "reading the messages of a run", func(r querier) error {
		list, err = readMessages(ctx, r, " WHERE m.run_id = ? ORDER BY m.customer_code, m.kind, m.planned_for, m.id", runID)
		return err
	})
	return list, err
}

func readMessages(ctx context.Context, q querier, rest string, args ...any) ([]Message, error) {
	list, err := all(ctx, q, scanMessage, readMessage+rest, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	place := make(map[string]int, len(list))
	for i, m := range list {
		ids[i] = m.ID
		place[m.ID] = i
	}
	return list, listed(ctx, q, "WHERE message IN (SELECT value FROM json_each(?))", func(message string, i MessageInvoice) {
		m := &list[place[message]]
		m.Invoices = append(m.Invoices, i)
	}, idList(ids))
}

// listed reads invoices of messages in the messages' own order.
func listed(ctx context.Context, q querier, where string, add func(message string, i MessageInvoice), args ...any) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var message string
		var i MessageInvoice
		if err := r.Scan(&message, &i.TransactionID, &i.Number, &i.Part, &i.Offset, &i.Step, &i.Outstanding.Minor, &i.Outstanding.Currency); err != nil {
			return err
		}
		add(message, i)
		return nil
	}, "SELECT message, transaction_id, number, part, step_offset, step, outstanding, currency FROM message_invoices "+where+" ORDER BY message, place", args...)
}

// Message returns a message with its bodies, or ErrNotFound.
func (s *Store) Message(ctx context.Context, id string) (m Message, err error) {
	err = s.view(ctx, "reading a message", func(q querier) error {
		list, err := readMessages(ctx, q, " WHERE m.id = ?", id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return sql.ErrNoRows
		}
		m = list[0]
		return each(ctx, q, func(r *sql.Rows) error { return r.Scan(&m.Text, &m.HTML, &m.Raw) }, "SELECT text, html, raw FROM message_bodies WHERE id = ?", id)
	})
	return m, err
}

// sortedSums is a sum for each currency, by its code.
func sortedSums(total map[string]int64) []ledger.Money {
	var out []ledger.Money
	for currency, minor := range total {
		out = append(out, ledger.Money{Minor: minor, Currency: currency})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Currency < out[j].Currency })
	return out
}
