package accountsiq

import (
	"context"
	"fmt"
)

// This file holds the notes and disputes of contract section 12: the only two things that are ever written into
// AccountsIQ, and the reading back of the first.

// NoteOn names the kind of record that a note hangs on (WSMasterTypeEnum, contract 8.5).
type NoteOn string

// The kinds that are used. Which identifier of a customer AccountsIQ wants, the AccountID or the code, is unknown
// (contract section 12); a transaction goes by its TransactionID.
const (
	OnCustomer    NoteOn = "Customer"
	OnTransaction NoteOn = "Transaction"
)

// Note is a note on a record. The contract gives it neither an author nor a moment (8.5, WSNote).
type Note struct {
	ID   int64 // given by AccountsIQ; 0 when it says none
	Text string
}

// Notes returns the notes of one record, in the order in which AccountsIQ lists them.
func (c *Client) Notes(ctx context.Context, on NoteOn, masterID string) ([]Note, error) {
	args := func(w *body) {
		w.text("masterType", string(on))
		w.optional("masterID", masterID)
	}
	return gather(ctx, c, "GetNotesList", "WSNote", args, readNote)
}

// AddNote puts a note on a record. It is asked for once: after an error that leaves open whether AccountsIQ took
// it (no answer, an answer that broke off), the caller looks with Notes before it calls again. Only where
// AccountsIQ refuses the call itself because of an expired token is it sent once more, with a new one.
func (c *Client) AddNote(ctx context.Context, on NoteOn, masterID, text string) error {
	return c.call(ctx, "AddNotes", func(w *body) {
		w.open("note")
		w.null("NoteID")
		w.text("MasterType", string(on))
		w.optional("MasterID", masterID)
		w.optional("Notes", text)
		w.close("note")
	}, func(*attempt) error { return nil })
}

// Dispute sets or clears the dispute flag of transactions. The verdicts are one an id, in the order of ids (an
// inference of contract section 12): nil where AccountsIQ agreed, else an *Error. Fewer verdicts than ids, or more,
// cannot be told apart and are an error of the whole call. Without ids nothing is sent. As with AddNote, the call
// is not repeated when its outcome is unknown; setting a flag again does no harm, so that the caller may.
func (c *Client) Dispute(ctx context.Context, transactionIDs []int64, disputed bool) ([]error, error) {
	const op = "DisputeTransactions"
	if err := checkIDs(transactionIDs); err != nil || len(transactionIDs) == 0 {
		return nil, err
	}
	var verdicts []error
	args := func(w *body) {
		verdicts = nil
		w.ints("transactionIDs", transactionIDs)
		w.bool("disputed", disputed)
	}
	rows, err := c.list(ctx, op, "WSResultStatus", args, func(a *attempt) error {
		r, err := readStatus(a.s)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, c.verdict(op, r))
		return nil
	})
	if err == nil && (rows != len(transactionIDs) || len(verdicts) != rows) {
		e := newError(pVerdicts, fmt.Sprintf("%d verdicts on %d transactions", len(verdicts), len(transactionIDs)))
		e.Op = op
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// verdict is what AccountsIQ says of one record: nil for a success.
func (c *Client) verdict(op string, r reply) error {
	if !r.failing() {
		return nil
	}
	e := c.classifyReply(r)
	e.Op = op
	return e.scrubbed(c.secrets)
}

// readStatus reads a WSResultStatus that stands as a row of a write's answer.
func readStatus(s *scanner) (reply, error) {
	r := reply{write: true}
	for depth := s.depth; s.more(depth); {
		r.readField(s)
	}
	if s.err == nil && r.status == "" {
		return r, &rowError{"a verdict", "does not say whether it is a success"}
	}
	return r, s.err
}

func readNote(s *scanner) (Note, error) {
	var n Note
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "NoteID":
			n.ID = s.int()
		case "Notes":
			n.Text = s.string()
		}
	}
	return n, s.err
}
