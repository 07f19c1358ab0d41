package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dunlin/core/mail"
	"dunlin/core/store"
)

// The states of a message as the store keeps them (rules section 6).
const (
	Planned   = "planned"
	Approved  = "approved"
	Queued    = "queued"
	Sending   = "sending"
	Accepted  = "accepted"
	Refused   = "refused"
	Uncertain = "uncertain"
	Cancelled = "cancelled"
)

// counts reports whether a journalled state means that the message went (R3.6).
func counts(state string) bool {
	return state == Accepted || state == Uncertain || state == Sending
}

// Session is one signed-in connection to a mail server.
type Session interface {
	Send(ctx context.Context, from string, to []string, raw []byte) mail.Outcome
	Close() error
}

// Verdict is what the look at AccountsIQ just before a message says (R6.3).
type Verdict struct {
	Send   bool
	Reason string         // why not, for the owner
	Edited *store.Message // the message as it has to go now, when its invoices changed; nil = as it is

	Files  []mail.Attachment // what goes with it
	Remark string            // what the owner should know about a message that goes, for Activity; "" for nothing

	// Wait says that the message may go but cannot yet, and why; Send is false then. It stays queued like one that
	// the mail server refused for the moment (R6.5). With a Reason the owner reads that in place of the error.
	Wait error
}

// Courier sends the messages of the outbox one after another. It belongs to one goroutine.
type Courier struct {
	Store   *store.Store
	Journal *Journal
	Now     func() time.Time
	// Dial opens a signed-in session for a sender's address.
	Dial func(ctx context.Context, from string) (Session, error)
	// Look reads the message's invoices again from AccountsIQ. An error means that AccountsIQ could not be
	// asked: nothing more is sent then.
	Look func(ctx context.Context, m store.Message) (Verdict, error)
	// Compose makes the finished message with its files and the date it carries.
	Compose func(ctx context.Context, m store.Message, files []mail.Attachment, at time.Time) ([]byte, error)
	// Accepted is called in the transaction that records a message as taken, for what has to be kept together with
	// that. The message is as it went: To and CC without those that the server refused. Nil is for nothing.
	Accepted func(ctx context.Context, tx *store.Tx, m store.Message, at time.Time) error
	// Moved is told after every change of state.
	Moved func()

	sessions map[string]Session
	broken   map[string]error // senders that could not sign in during this delivery
}

// Tally says what a delivery did.
type Tally struct {
	Accepted, Refused, Uncertain, Cancelled, Queued int
	// Trouble is the first failure that left messages queued; nil when none did.
	Trouble error
	// Held is the first thing other than a failure for which a message waits, such as a copy that is missing.
	Held error
	// NoSession is the first failure to reach or sign in to a mail server; nil when there was none.
	NoSession error
}

// Went is the number of messages that reached a verdict of a mail server, or may have.
func (t Tally) Went() int { return t.Accepted + t.Uncertain + t.Refused }

// Settle brings the outbox into line with what the journal knows: messages that a crash left in the middle of
// their dialogue (R6.4), and messages that wait in a data folder that was put back although they went long
// ago (R6.7). It comes before planning, so that the planner never asks for them again.
func (c *Courier) Settle(ctx context.Context) error {
	open, err := c.Store.Messages(ctx, store.MessageQuery{States: []string{Planned, Approved, Queued, Sending}})
	if err != nil {
		return err
	}
	for _, m := range open {
		e, known := c.Journal.Lookup(m.MessageID)
		switch {
		case m.State == Sending:
			err = c.settleCut(ctx, m, e)
		case known && counts(e.State):
			err = c.settleKnown(ctx, m, e)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// settleCut settles a message whose dialogue was cut off. Only a line that was written after the dialogue began
// tells the server's word; without one the message is uncertain and never goes again (R6.4).
func (c *Courier) settleCut(ctx context.Context, m store.Message, e Entry) error {
	to, change := Uncertain, store.Change{At: c.Now(), Reason: "The program stopped while this message was being handed over; whether it arrived is not known."}
	if !e.At.Before(m.SendingAt) {
		const stopped = "The program stopped before it could note the mail server's words."
		switch e.State {
		case Accepted:
			to, change = Accepted, store.Change{At: c.Now(), AcceptedAt: e.At}
		case Queued, Refused:
			to, change = e.State, store.Change{At: c.Now(), Error: stopped}
		}
	}
	return c.move(ctx, m, []string{Sending}, to, change)
}

// settleKnown gives a message that waits the state that the journal knows it to have.
func (c *Courier) settleKnown(ctx context.Context, m store.Message, e Entry) error {
	to, change := Accepted, store.Change{At: c.Now(), AcceptedAt: e.At}
	if e.State != Accepted {
		to, change.Reason = Uncertain, "The record of sent messages says that this one was being handed over; whether it arrived is not known."
	}
	return c.move(ctx, m, []string{Planned, Approved, Queued}, to, change)
}

// Deliver sends the messages in the order given; one that is not approved or queued, or that the owner takes
// back meanwhile, is left alone. It returns an error only when it could not go on at all: AccountsIQ did not
// answer, the disk is full, or ctx ended.
func (c *Courier) Deliver(ctx context.Context, ids []string) (Tally, error) {
	var t Tally
	c.sessions, c.broken = map[string]Session{}, map[string]error{}
	defer c.hangUp()
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return t, err
		}
		m, err := c.Store.Message(ctx, id)
		if err == nil && (m.State == Approved || m.State == Queued) {
			err = c.one(ctx, m, &t)
		}
		if err != nil && !errors.Is(err, errTakenBack) {
			return t, err
		}
	}
	return t, nil
}

// errTakenBack says that a message left the states in which it may go while it was being looked at.
var errTakenBack = errors.New("the message does not wait any more")

// leave takes a message out of the states in which it waits, and counts it. When it is in none of them any more
// somebody else was faster, and nothing may be done on the strength of the move.
func (c *Courier) leave(ctx context.Context, m store.Message, to string, change store.Change, count *int) error {
	err := takenBack(c.move(ctx, m, []string{Approved, Queued}, to, change))
	if err == nil {
		*count++
	}
	return err
}

func takenBack(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", errTakenBack, err)
	}
	return err
}

func (c *Courier) hangUp() {
	for _, s := range c.sessions {
		s.Close()
	}
	c.sessions = nil
}

// one takes one message as far as it goes now.
func (c *Courier) one(ctx context.Context, m store.Message, t *Tally) error {
	// A data folder that was put back may still hold as queued what went long ago (R6.7).
	if e, ok := c.Journal.Lookup(m.MessageID); ok && counts(e.State) {
		return takenBack(c.settleKnown(ctx, m, e))
	}
	v, err := c.Look(ctx, m)
	if err != nil {
		return err
	}
	if v.Wait != nil {
		change := store.Change{At: c.Now(), Reason: v.Reason, Attempts: m.Attempts + 1}
		if v.Reason == "" {
			change.Error = v.Wait.Error()
			t.note(v.Wait)
		} else if t.Held == nil {
			t.Held = v.Wait
		}
		return c.leave(ctx, m, Queued, change, &t.Queued)
	}
	if !v.Send {
		return c.leave(ctx, m, Cancelled, store.Change{At: c.Now(), Reason: v.Reason, Attempts: m.Attempts}, &t.Cancelled)
	}
	if v.Edited != nil {
		m = *v.Edited
		if err := c.Store.Durable(ctx, func(tx *store.Tx) error { return tx.EditMessage(ctx, m) }); err != nil {
			return takenBack(err)
		}
	}
	session, err := c.session(ctx, m.From)
	if err != nil {
		t.note(err)
		if t.NoSession == nil {
			t.NoSession = err
		}
		return c.leave(ctx, m, Queued, store.Change{At: c.Now(), Error: err.Error(), Attempts: m.Attempts}, &t.Queued)
	}
	return c.hand(ctx, session, m, v, t)
}

func (t *Tally) note(err error) {
	if t.Trouble == nil {
		t.Trouble = err
	}
}

func (c *Courier) session(ctx context.Context, from string) (Session, error) {
	if s, open := c.sessions[from]; open {
		return s, nil
	}
	if err := c.broken[from]; err != nil {
		return nil, err
	}
	s, err := c.Dial(ctx, from)
	if err != nil {
		c.broken[from] = err
		return nil, err
	}
	c.sessions[from] = s
	return s, nil
}

// hand records the intent on both disks, talks to the server, and records what became of it. All that the message
// is made of is there before the intent is recorded.
func (c *Courier) hand(ctx context.Context, session Session, m store.Message, v Verdict, t *Tally) error {
	now := c.Now()
	raw, err := c.Compose(ctx, m, v.Files, now)
	if err != nil {
		return c.leave(ctx, m, Refused, store.Change{At: now, Error: err.Error(), Attempts: m.Attempts}, &t.Refused)
	}
	m.Attempts++
	var begun int
	if err := c.leave(ctx, m, Sending, store.Change{At: now, Attempts: m.Attempts}, &begun); err != nil {
		return err
	}
	if err := c.Journal.Append(c.entry(m, now, Sending)); err != nil {
		// Without the record outside the data folder nothing goes; the message waits where it was.
		back := store.Change{At: now, Error: err.Error(), Attempts: m.Attempts - 1}
		return errors.Join(err, c.move(context.WithoutCancel(ctx), m, []string{Sending}, Queued, back))
	}
	out := session.Send(ctx, m.From, recipients(m), raw)
	return c.record(ctx, m, out, v.Remark, t)
}

func recipients(m store.Message) []string {
	return append(append([]string{}, m.To...), m.CC...)
}

func (c *Courier) record(ctx context.Context, m store.Message, out mail.Outcome, remark string, t *Tally) error {
	now := c.Now()
	change := store.Change{At: now, Attempts: m.Attempts, Error: serverWords(out)}
	to := Uncertain
	switch out.State {
	case mail.Accepted:
		to, change.AcceptedAt, change.Error = Accepted, now, refusedWords(out)
		t.Accepted++
	case mail.Temporary:
		to = Queued
		t.Queued++
		t.note(out.Err)
	case mail.Permanent:
		to = Refused
		t.Refused++
	default:
		change.Reason = "The connection broke while this message was being handed over; whether it arrived is not known."
		t.Uncertain++
	}
	if out.Broken {
		c.drop(m.From)
	}
	// What happened is recorded even when the caller has been asked to stop meanwhile.
	ctx = context.WithoutCancel(ctx)
	journalled := c.Journal.Append(c.entry(m, now, to))
	return errors.Join(journalled, c.moveWith(ctx, m, []string{Sending}, to, change, handed{out.Refused, remark}))
}

// taken is a message with the recipients that the server took.
func taken(m store.Message, refused []mail.RefusedRecipient) store.Message {
	if len(refused) == 0 {
		return m
	}
	wasRefused := func(address string) bool {
		return slices.ContainsFunc(refused, func(r mail.RefusedRecipient) bool { return r.Address == address })
	}
	m.To, m.CC = slices.DeleteFunc(slices.Clone(m.To), wasRefused), slices.DeleteFunc(slices.Clone(m.CC), wasRefused)
	return m
}

// drop forgets a session that cannot be used any more.
func (c *Courier) drop(from string) {
	if s, open := c.sessions[from]; open {
		s.Close()
		delete(c.sessions, from)
	}
}

func serverWords(out mail.Outcome) string {
	switch {
	case out.Code != 0:
		return fmt.Sprintf("%d %s", out.Code, out.Text)
	case out.Err != nil:
		return out.Err.Error()
	}
	return out.Text
}

// refusedWords names recipients that the server did not take although it took the message.
func refusedWords(out mail.Outcome) string {
	if len(out.Refused) == 0 {
		return ""
	}
	words := "Not taken:"
	for _, r := range out.Refused {
		words += fmt.Sprintf(" %s (%d %s)", r.Address, r.Code, r.Text)
	}
	return words
}

func (c *Courier) entry(m store.Message, at time.Time, state string) Entry {
	e := Entry{MessageID: m.MessageID, At: at.UTC(), State: state, Kind: m.Kind, Customer: m.CustomerCode, Automatic: m.Automatic}
	for _, i := range m.Invoices {
		e.Invoices = append(e.Invoices, EntryInvoice{ID: i.TransactionID, Number: i.Number, Part: i.Part, Offset: i.Offset})
	}
	return e
}

// move changes the state durably, with a line in Activity for the states that the owner cares about.
func (c *Courier) move(ctx context.Context, m store.Message, from []string, to string, change store.Change) error {
	return c.moveWith(ctx, m, from, to, change, handed{})
}

// handed is what is known of a message beyond its row when the server took it.
type handed struct {
	refused []mail.RefusedRecipient
	remark  string // for the line in Activity
}

// moveWith is move after a dialogue.
func (c *Courier) moveWith(ctx context.Context, m store.Message, from []string, to string, change store.Change, h handed) error {
	err := c.Store.Durable(ctx, func(tx *store.Tx) error {
		if err := tx.MoveMessage(ctx, m.ID, from, to, change); err != nil {
			return err
		}
		if to == Accepted && c.Accepted != nil {
			if err := c.Accepted(ctx, tx, taken(m, h.refused), change.AcceptedAt); err != nil {
				return err
			}
		}
		text := eventText(m, to, change)
		if text == "" {
			return nil
		}
		if to == Accepted && h.remark != "" {
			text += " " + h.remark
		}
		_, err := tx.AddEvent(ctx, store.Event{At: change.At, Kind: "message", AccountID: m.AccountID, MessageID: m.ID, RunID: m.RunID, Text: text})
		return err
	})
	if err == nil && c.Moved != nil {
		c.Moved()
	}
	return err
}

func eventText(m store.Message, state string, change store.Change) string {
	what := "\"" + m.Subject + "\" to " + first(m.To)
	switch state {
	case Accepted:
		return "Sent " + what + "."
	case Refused:
		return "Refused: " + what + ": " + change.Error
	case Uncertain:
		return "Uncertain: " + what + ". " + change.Reason
	case Cancelled:
		return "Not sent: " + what + ": " + change.Reason
	}
	return ""
}

func first(to []string) string {
	switch len(to) {
	case 0:
		return "nobody"
	case 1:
		return to[0]
	}
	return fmt.Sprintf("%s and %d more", to[0], len(to)-1)
}
