package core

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

// StartChasing lets chasing begin, or go on after a pause.
func (a *App) StartChasing(ctx context.Context) error {
	return a.saveSettings(ctx, map[string]string{keyPaused: "false", keyPausedUntil: "", keyStarted: "true"}, "Chasing was started.")
}

// Pause stops all chasing; with a date it goes on by itself on that very day (R2.2, 1).
func (a *App) Pause(ctx context.Context, until ledger.Date) error {
	_, set, err := a.settings(ctx)
	if err != nil {
		return err
	}
	text := "Chasing was paused."
	if !until.IsZero() {
		if !until.After(today(set, a.deps.Now())) {
			return &Problem{Code: "date_passed", Message: fmt.Sprintf("%s is not in the future.", longDate(until)), Hint: "Choose a later day, or pause without a date."}
		}
		text = "Chasing was paused until " + longDate(until) + "."
	}
	return a.saveSettings(ctx, map[string]string{keyPaused: "true", keyPausedUntil: until.String()}, text)
}

// customerPrefs changes the owner's decisions about one customer.
func (a *App) customerPrefs(ctx context.Context, accountID int64, text string, change func(*store.CustomerPrefs)) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	d, err := st.Customer(ctx, accountID, ledger.Date{})
	if err != nil {
		return err
	}
	change(&d.Prefs)
	return a.record(ctx, st, store.Event{Kind: "customer", AccountID: accountID, Text: d.Name + ": " + text}, func(tx *store.Tx) error {
		return tx.SetCustomerPrefs(ctx, accountID, d.Prefs)
	})
}

// invoicePrefs changes the owner's decisions about one invoice.
func (a *App) invoicePrefs(ctx context.Context, transactionID int64, text string, change func(*store.InvoicePrefs)) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	return a.invoicePrefsIn(ctx, st, transactionID, text, change)
}

func (a *App) invoicePrefsIn(ctx context.Context, st *store.Store, transactionID int64, text string, change func(*store.InvoicePrefs)) error {
	row, err := st.Invoice(ctx, transactionID)
	if err != nil {
		return err
	}
	change(&row.Prefs)
	e := store.Event{Kind: "invoice", AccountID: row.AccountID, TransactionID: transactionID, Text: "Invoice " + row.Number + ": " + text}
	return a.record(ctx, st, e, func(tx *store.Tx) error { return tx.SetInvoicePrefs(ctx, transactionID, row.Prefs) })
}

// record writes together with one event that belongs to a customer or an invoice.
func (a *App) record(ctx context.Context, st *store.Store, e store.Event, write func(*store.Tx) error) error {
	return a.change(ctx, st, "", "", func(tx *store.Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		e.At = a.deps.Now()
		_, err := tx.AddEvent(ctx, e)
		return err
	})
}

// StopCustomer ends the chasing of one customer until it is resumed.
func (a *App) StopCustomer(ctx context.Context, accountID int64) error {
	return a.customerPrefs(ctx, accountID, "chasing stopped.", func(p *store.CustomerPrefs) { p.Stopped = true })
}

// ResumeCustomer takes a stop and a hold of a customer back.
func (a *App) ResumeCustomer(ctx context.Context, accountID int64) error {
	return a.customerPrefs(ctx, accountID, "chasing resumed.", func(p *store.CustomerPrefs) { p.Stopped, p.HoldUntil = false, ledger.Date{} })
}

// notPassed refuses the last day of a hold that is over already.
func (a *App) notPassed(ctx context.Context, until ledger.Date) error {
	st, err := a.company()
	if err != nil || until.IsZero() {
		return err
	}
	set, err := st.Settings(ctx)
	if err != nil {
		return err
	}
	if until.Before(today(set, a.deps.Now())) {
		return &Problem{Code: "date_passed", Message: fmt.Sprintf("%s has passed.", longDate(until)), Hint: "Choose today or a later day."}
	}
	return nil
}

// holdText tells of a hold that was set or taken away.
func holdText(until ledger.Date) string {
	if until.IsZero() {
		return "no hold any more."
	}
	return "held until " + longDate(until) + "."
}

// HoldCustomer holds a customer's chasing up to and including a date; it goes on the day after. The zero
// date ends the hold.
func (a *App) HoldCustomer(ctx context.Context, accountID int64, until ledger.Date) error {
	if err := a.notPassed(ctx, until); err != nil {
		return err
	}
	return a.customerPrefs(ctx, accountID, holdText(until), func(p *store.CustomerPrefs) { p.HoldUntil = until })
}

// StopInvoice ends the chasing of one invoice.
func (a *App) StopInvoice(ctx context.Context, transactionID int64) error {
	return a.invoicePrefs(ctx, transactionID, "chasing stopped.", func(p *store.InvoicePrefs) { p.Stopped = true })
}

// ResumeInvoice takes a stop and a hold of an invoice back.
func (a *App) ResumeInvoice(ctx context.Context, transactionID int64) error {
	return a.invoicePrefs(ctx, transactionID, "chasing resumed.", func(p *store.InvoicePrefs) { p.Stopped, p.HoldUntil = false, ledger.Date{} })
}

// HoldInvoice holds an invoice up to and including a date; the zero date ends the hold.
func (a *App) HoldInvoice(ctx context.Context, transactionID int64, until ledger.Date) error {
	if err := a.notPassed(ctx, until); err != nil {
		return err
	}
	return a.invoicePrefs(ctx, transactionID, holdText(until), func(p *store.InvoicePrefs) { p.HoldUntil = until })
}

// SetExpected notes when payment is expected; the invoice is held up to and including that day. No date
// takes the note back.
func (a *App) SetExpected(ctx context.Context, transactionID int64, on ledger.Date) error {
	text := "no payment date expected any more."
	if !on.IsZero() {
		text = "payment expected on " + longDate(on) + "."
	}
	return a.invoicePrefs(ctx, transactionID, text, func(p *store.InvoicePrefs) { p.Expected = on })
}

// SetDisputed marks an invoice as in dispute here. AccountsIQ's own mark stays what it is, unless the owner wants it
// to follow; an error of code "dispute_not_written", "disputes_not_allowed" or "disputes_not_offered" says that it
// does not, and that the mark here is set all the same.
func (a *App) SetDisputed(ctx context.Context, transactionID int64, disputed bool) error {
	text := "not in dispute any more."
	if disputed {
		text = "in dispute."
	}
	st, err := a.company()
	if err != nil {
		return err
	}
	if err := a.invoicePrefsIn(ctx, st, transactionID, text, func(p *store.InvoicePrefs) { p.Disputed = disputed }); err != nil {
		return err
	}
	row, err := st.Invoice(ctx, transactionID)
	if err != nil {
		return err
	}
	return a.writeDispute(ctx, st, row, disputed)
}

// AddNote keeps a note on a customer, visible in the history.
func (a *App) AddNote(ctx context.Context, accountID int64, text string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	if text = strings.TrimSpace(text); text == "" {
		return &Problem{Code: "empty_note", Message: "The note is empty.", Hint: "Write a few words, or close the window."}
	}
	return a.record(ctx, st, store.Event{Kind: "note", AccountID: accountID, Text: text}, func(*store.Tx) error { return nil })
}

// SetRecipient ticks how an address of a customer is used (R5.2).
func (a *App) SetRecipient(ctx context.Context, accountID int64, e EmailView) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	ev := store.Event{Kind: "customer", AccountID: accountID, Text: "Recipients changed: " + e.Email + "."}
	return a.record(ctx, st, ev, func(tx *store.Tx) error {
		return tx.SetRecipient(ctx, accountID, store.Ticks{Email: e.Email, Normal: e.Normal, Escalated: e.Escalated, CC: e.CC})
	})
}

// Approve lets planned messages go; the clerk sends them while their window is open (R6.8).
func (a *App) Approve(ctx context.Context, ids []string) error {
	return a.moveAll(ctx, ids, []string{outbox.Planned}, outbox.Approved, "", "You approved "+Plural(len(ids), "message")+".")
}

// Skip drops a planned message, or one that the next slot would plan; its step counts as done (R3.6).
func (a *App) Skip(ctx context.Context, id string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	m, err := a.planned(ctx, st, id)
	if err != nil {
		return err
	}
	now := a.deps.Now()
	skip := store.Message{ID: a.deps.NewID(), Key: "skip/" + a.deps.NewID(), Kind: string(chase.Skip), State: outbox.Accepted, AccountID: m.AccountID, CustomerCode: m.CustomerCode,
		Part: m.Part, Step: m.Step, Offset: m.Offset, Subject: "Skipped: " + m.Subject, Created: now, PlannedFor: now, AcceptedAt: now, Updated: now, Invoices: m.Invoices}
	return a.record(ctx, st, store.Event{Kind: "message", AccountID: m.AccountID, Text: "You skipped \"" + m.Subject + "\"."}, func(tx *store.Tx) error {
		if !strings.HasPrefix(id, previewID) {
			err := tx.MoveMessage(ctx, id, []string{outbox.Planned, outbox.Approved, outbox.Queued}, outbox.Cancelled, store.Change{At: now, Reason: "skipped by you", Attempts: m.Attempts})
			if err != nil {
				return err
			}
		}
		return tx.AddMessages(ctx, []store.Message{skip})
	})
}

// planned finds a message that waits, or one of the preview.
func (a *App) planned(ctx context.Context, st *store.Store, id string) (store.Message, error) {
	if !strings.HasPrefix(id, previewID) {
		return st.Message(ctx, id)
	}
	rows, err := a.preview(ctx, st)
	if err != nil {
		return store.Message{}, err
	}
	for _, m := range rows {
		if m.ID == id {
			return m, nil
		}
	}
	return store.Message{}, &Problem{Code: "not_waiting", Message: "This message is not planned any more.", Hint: "Look at the Outbox again."}
}

// SettleUncertain records the owner's word on whether a message arrived (R6.4), in the journal too.
func (a *App) SettleUncertain(ctx context.Context, id string, arrived bool) error {
	to, reason := outbox.Accepted, "you said that it arrived"
	if !arrived {
		to, reason = outbox.Cancelled, "you said that it did not arrive"
	}
	if err := a.moveAll(ctx, []string{id}, []string{outbox.Uncertain}, to, reason, ""); err != nil {
		return err
	}
	return a.journalWord(ctx, id, to)
}

// journalWord notes outside the data folder what the owner said of a message.
func (a *App) journalWord(ctx context.Context, id, state string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	m, err := st.Message(ctx, id)
	if err != nil {
		return err
	}
	a.mu.Lock()
	journal := a.journal
	a.mu.Unlock()
	if journal == nil {
		return nil
	}
	e, known := journal.Lookup(m.MessageID)
	if !known {
		return nil
	}
	e.State = state
	return journal.Append(e)
}

func (a *App) moveAll(ctx context.Context, ids, from []string, to, reason, event string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	now := a.deps.Now()
	return a.change(ctx, st, "message", event, func(tx *store.Tx) error {
		for _, id := range ids {
			err := tx.MoveMessage(ctx, id, from, to, store.Change{At: now, Reason: reason})
			if errors.Is(err, store.ErrNotFound) {
				return &Problem{Code: "not_waiting", Message: "This message is not waiting any more.", Hint: "Look at its state in the Outbox."}
			}
			if err != nil {
				return err
			}
			if to == outbox.Accepted {
				m, err := st.Message(ctx, id)
				if err != nil {
					return err
				}
				if err := a.keepNote(st)(ctx, tx, m, m.SendingAt); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Why answers why an invoice will or will not be chased, with what was sent for it (R8.1).
func (a *App) Why(ctx context.Context, number string) (InvoiceDetail, error) {
	return a.InvoiceByNumber(ctx, number)
}
