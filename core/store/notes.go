package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// The states of a Note.
const (
	NoteWaiting = "waiting" // to be written into AccountsIQ
	NoteWritten = "written" // it is there
	NoteRefused = "refused" // it will not be offered again; Error says why
)

// Note is a note about one message on its way into AccountsIQ.
type Note struct {
	Message   string // Message.ID; a message has one note at most
	AccountID int64
	Tag       string // stands in Text, to find the note again in AccountsIQ
	Text      string
	State     string
	Attempts  int
	At        time.Time // waiting: not to be tried before; else when it was settled
	Error     string
}

// AddNote keeps a note to be written. A message that has one already keeps it as it is.
func (t *Tx) AddNote(ctx context.Context, n Note) error {
	_, err := t.exec(ctx, "INSERT INTO account_notes (message, account_id, tag, text, state, attempts, at, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		n.Message, n.AccountID, n.Tag, n.Text, n.State, n.Attempts, millis(n.At), n.Error)
	return err
}

// MoveNote records what became of a try: state, attempts, instant and error. A note that does not wait any more
// is ErrNotFound.
func (t *Tx) MoveNote(ctx context.Context, n Note) error {
	return t.mustFind(ctx, "note of message "+n.Message, "UPDATE account_notes SET state = ?, attempts = ?, at = ?, error = ? WHERE message = ? AND state = 'waiting'",
		n.State, n.Attempts, millis(n.At), n.Error, n.Message)
}

// RefuseNotes gives up every note that waits and returns how many there were.
func (t *Tx) RefuseNotes(ctx context.Context, at time.Time, reason string) (int, error) {
	return t.exec(ctx, "UPDATE account_notes SET state = 'refused', at = ?, error = ? WHERE state = 'waiting'", millis(at), reason)
}

const readNote = "SELECT message, account_id, tag, text, state, attempts, at, error FROM account_notes "

func scanNote(r *sql.Rows) (n Note, err error) {
	return n, r.Scan(&n.Message, &n.AccountID, &n.Tag, &n.Text, &n.State, &n.Attempts, timeColumn{&n.At}, &n.Error)
}

// WaitingNotes returns the notes that may be tried at an instant, the one that waits longest first.
func (s *Store) WaitingNotes(ctx context.Context, at time.Time) ([]Note, error) {
	list, err := all(ctx, s.readers, scanNote, readNote+"WHERE state = 'waiting' AND at <= ? ORDER BY at, message", millis(at))
	return list, s.fail("reading the notes for AccountsIQ", err)
}

// NoteOf returns the note about a message and whether there is one.
func (s *Store) NoteOf(ctx context.Context, message string) (Note, bool, error) {
	n, err := one(ctx, s.readers, scanNote, readNote+"WHERE message = ?", message)
	if errors.Is(err, sql.ErrNoRows) {
		return Note{}, false, nil
	}
	if err != nil {
		return Note{}, false, s.fail("reading a note for AccountsIQ", fmt.Errorf("of message %s: %w", message, err))
	}
	return n, true, nil
}

// AccountNamed says of an account whether its id, as text, is the code of another customer, or its code the id
// of another one. Where AccountsIQ does not say which of the two it takes, such a name could mean either.
func (s *Store) AccountNamed(ctx context.Context, accountID int64) (code string, ambiguous bool, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT code, EXISTS (SELECT 1 FROM customers o WHERE o.account_id <> c.account_id
			AND (o.code = CAST(c.account_id AS TEXT) OR CAST(o.account_id AS TEXT) = c.code))
		FROM customers c WHERE account_id = ?`, accountID).Scan(&code, &ambiguous)
	return code, ambiguous, s.fail("reading a customer", err)
}
