package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

// This file holds all that is ever written into AccountsIQ: notes about reminders and dispute marks, each only while
// its setting is on (contract section 12).

// keyNoteMaster keeps which name of a customer AccountsIQ takes for notes, once that is known.
const keyNoteMaster = "writeback.note_master"

// The values of keyNoteMaster, in the order in which they are tried: which of them AccountsIQ wants is not documented.
const (
	byAccountID = "account_id"
	byCode      = "code"
)

// The settings that keep why write-back has switched itself off, until the owner has seen it.
const (
	keyNotesOff    = "writeback.notes_off"
	keyDisputesOff = "writeback.disputes_off"
)

// The values of keyNotesOff and keyDisputesOff; they are the codes of the problems, too.
const (
	notesNotAllowed    = "notes_not_allowed"
	notesNotOffered    = "notes_not_offered"
	notesVanish        = "notes_vanish"
	disputesNotAllowed = "disputes_not_allowed"
	disputesNotOffered = "disputes_not_offered"
)

// offProblem says why write-back has switched itself off; nil for a reason that there is not.
func offProblem(why string) *Problem {
	switch why {
	case notesNotAllowed:
		return &Problem{Code: why, Message: "AccountsIQ does not let this connection write notes; notes were switched off.",
			Hint: "Ask your AccountsIQ administrator for the permission to write, then switch them on again under Settings."}
	case notesNotOffered:
		return &Problem{Code: why, Message: "This installation of AccountsIQ does not offer notes; notes were switched off.", Hint: "Reminders go as before."}
	case notesVanish:
		return &Problem{Code: why, Message: "AccountsIQ took a note and did not show it again; notes were switched off, so that none is written twice.",
			Hint: "Look at the notes of the customer in AccountsIQ, and tell us what you find."}
	case disputesNotAllowed:
		return &Problem{Code: why, Message: "AccountsIQ does not let this connection mark disputes; marking them there was switched off.",
			Hint: "The mark here stands. Ask your AccountsIQ administrator for the permission to write, then switch it on again under Settings."}
	case disputesNotOffered:
		return &Problem{Code: why, Message: "This installation of AccountsIQ does not offer dispute marks; marking them there was switched off.", Hint: "The mark here stands."}
	}
	return nil
}

// switchedOff lists what the owner has not seen yet of write-back that has switched itself off.
func switchedOff(set map[string]string) (out []Problem) {
	for _, key := range []string{keyNotesOff, keyDisputesOff} {
		if p := offProblem(set[key]); p != nil {
			out = append(out, *p)
		}
	}
	return out
}

// WriteBackOff reports whether a problem of the Overview says that write-back has switched itself off.
func (p Problem) WriteBackOff() bool { return offProblem(p.Code) != nil }

// SeenWriteBackOff takes those problems out of the Overview: the owner has seen them where write-back is switched.
func (a *App) SeenWriteBackOff(ctx context.Context) error {
	st, set, err := a.settings(ctx)
	if err != nil || len(switchedOff(set)) == 0 {
		return err
	}
	return a.change(ctx, st, "setting", "", func(tx *store.Tx) error {
		return errors.Join(tx.DeleteSetting(ctx, keyNotesOff), tx.DeleteSetting(ctx, keyDisputesOff))
	})
}

// noteMax is the length that a note stays under; AccountsIQ's own limit is unknown (contract section 12).
const noteMax = 500

// notePauses are the pauses after the first, second, ... try of a note. After the last there is one try more.
var notePauses = []time.Duration{15 * time.Minute, 2 * time.Hour, 12 * time.Hour, 48 * time.Hour}

// keepNote keeps a note about every reminder that went while the owner wants notes, in the transaction that records
// the message as taken.
func (a *App) keepNote(st *store.Store) func(context.Context, *store.Tx, store.Message, time.Time) error {
	return func(ctx context.Context, tx *store.Tx, m store.Message, at time.Time) error {
		if m.AccountID == 0 || !carriesCopies(m.Kind) {
			return nil
		}
		set, err := st.Settings(ctx)
		if err != nil || settingOr(set, keyWriteNotes) != "true" {
			return err
		}
		tag := noteTag(m.ID)
		return tx.AddNote(ctx, store.Note{Message: m.ID, AccountID: m.AccountID, Tag: tag, Text: noteText(m, ledger.DateOf(at.In(zone(set))), tag),
			State: store.NoteWaiting, At: a.deps.Now()})
	}
}

// noteTag stands in the note about a message, so that it is found again and not written twice.
func noteTag(messageID string) string {
	sum := sha256.Sum256([]byte(messageID))
	return "dunlin " + hex.EncodeToString(sum[:4])
}

// noteText says in less than noteMax bytes what went to whom. Where the numbers are too many it counts and adds up.
func noteText(m store.Message, on ledger.Date, tag string) string {
	to := m.To
	if len(to) == 0 {
		to = m.CC
	}
	begin := fmt.Sprintf("Payment reminder sent to %s on %s for ", recipientsNamed(to), longDate(on))
	end := ". [" + tag + "]"
	numbers := make([]string, len(m.Invoices))
	for i, inv := range m.Invoices {
		numbers[i] = strings.Join(strings.Fields(inv.Number), " ")
	}
	what := fmt.Sprintf("%s of %s", Plural(len(numbers), "invoice"), sumsNamed(m.Invoices))
	if len(numbers) > 0 {
		if all := invoicesNamed(numbers); len(begin)+len(all)+len(end) < noteMax {
			what = all
		}
	}
	if room := noteMax - 1 - len(what) - len(end); len(begin) > room {
		begin = strings.ToValidUTF8(begin[:max(0, room-len("… for "))], "") + "… for "
	}
	return begin + what + end
}

func recipientsNamed(to []string) string {
	switch len(to) {
	case 0:
		return "the customer"
	case 1:
		return to[0]
	case 2:
		return to[0] + " and " + to[1]
	}
	return fmt.Sprintf("%s and %d more", to[0], len(to)-1)
}

// sumsNamed adds up what the invoices owed, by currency.
func sumsNamed(list []store.MessageInvoice) string {
	sums := map[string]ledger.Money{}
	for _, i := range list {
		sums[i.Outstanding.Currency] = sums[i.Outstanding.Currency].Add(i.Outstanding)
	}
	parts := []string{}
	for _, currency := range sortedKeys(sums) {
		parts = append(parts, sums[currency].String()+" "+currency)
	}
	return strings.Join(parts, " and ")
}

// noteBook is where notes are written: AccountsIQ.
type noteBook interface {
	Notes(ctx context.Context, on accountsiq.NoteOn, masterID string) ([]accountsiq.Note, error)
	AddNote(ctx context.Context, on accountsiq.NoteOn, masterID, text string) error
}

// writeNotes writes the notes that wait. What fails is tried again later and never fails the work before it. The
// caller holds the lease, so that no two programs write at once.
func (a *App) writeNotes(ctx context.Context, st *store.Store) {
	written, err := a.writeWaitingNotes(ctx, st)
	if written > 0 {
		text := "A note was written into AccountsIQ."
		if written > 1 {
			text = fmt.Sprintf("%d notes were written into AccountsIQ.", written)
		}
		err = errors.Join(err, a.change(context.WithoutCancel(ctx), st, "sync", text, func(*store.Tx) error { return nil }))
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		a.deps.Logger.Warn("notes for AccountsIQ wait", "error", err)
	}
}

func (a *App) writeWaitingNotes(ctx context.Context, st *store.Store) (written int, err error) {
	set, err := st.Settings(ctx)
	if err != nil || settingOr(set, keyWriteNotes) != "true" {
		return 0, err
	}
	waiting, err := st.WaitingNotes(ctx, a.deps.Now())
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	client, err := a.connectionTo(ctx, st)
	if err != nil {
		return 0, err
	}
	w := &noteWriter{app: a, st: st, book: client, master: set[keyNoteMaster]}
	err = w.all(ctx, waiting)
	return w.written, err
}

// noteWriter writes notes one after another.
type noteWriter struct {
	app     *App
	st      *store.Store
	book    noteBook
	master  string // byAccountID, byCode, or "" while it is not known
	written int
}

// draft is a note with the names that AccountsIQ may want for its customer.
type draft struct {
	store.Note
	code      string
	ambiguous bool // one of the names is another customer's too, in its other meaning
}

func (d draft) name(master string) string {
	if master == byCode {
		return d.code
	}
	return strconv.FormatInt(d.AccountID, 10)
}

// all writes the notes until one fails in a way that the next would too. Those whose customer has a clear name come
// first: they show which name AccountsIQ wants.
func (w *noteWriter) all(ctx context.Context, waiting []store.Note) error {
	var clear, unclear []draft
	for _, n := range waiting {
		d, err := w.draft(ctx, n)
		switch {
		case errors.Is(err, store.ErrNotFound):
			err = w.refuse(ctx, n, "the customer is not here any more")
		case d.ambiguous:
			unclear = append(unclear, d)
		case err == nil:
			clear = append(clear, d)
		}
		if err != nil {
			return err
		}
	}
	for _, d := range append(clear, unclear...) {
		on, err := w.wanted(ctx)
		if err != nil || !on {
			return err
		}
		if goOn, err := w.one(ctx, d); err != nil || !goOn {
			return err
		}
	}
	return nil
}

func (w *noteWriter) draft(ctx context.Context, n store.Note) (draft, error) {
	code, ambiguous, err := w.st.AccountNamed(ctx, n.AccountID)
	return draft{n, code, ambiguous}, err
}

// wanted looks whether the owner has switched notes off meanwhile.
func (w *noteWriter) wanted(ctx context.Context) (bool, error) {
	value, _, err := w.st.Setting(ctx, keyWriteNotes)
	return value == "true", err
}

// one writes a note and records what became of it. goOn is false when the next one would fail the same way.
func (w *noteWriter) one(ctx context.Context, d draft) (goOn bool, err error) {
	err = w.write(ctx, d)
	switch {
	case err == nil:
		w.written++
		d.State, d.At, d.Error = store.NoteWritten, w.app.deps.Now(), ""
		return true, w.record(ctx, func(tx *store.Tx) error { return tx.MoveNote(ctx, d.Note) })
	case ctx.Err() != nil:
		return false, ctx.Err() // stopped; whether it is there is looked up at the next try
	case errors.Is(err, accountsiq.Permission):
		return false, w.off(ctx, notesNotAllowed)
	case errors.Is(err, accountsiq.NotOffered):
		return false, w.off(ctx, notesNotOffered)
	case errors.Is(err, errVanished):
		return false, w.off(ctx, notesVanish)
	case errors.Is(err, accountsiq.Refused) && !isTemporary(err), errors.Is(err, accountsiq.Gone):
		return true, w.refuse(ctx, d.Note, err.Error())
	}
	if postponed := w.later(ctx, d.Note, err); postponed != nil || errors.Is(err, errUnclear) || wrongMaster(err) {
		return true, postponed
	}
	return false, err // what is no answer to this very note would befall the next one too
}

var (
	errVanished = errors.New("the note was taken and is not there")
	errUnclear  = errors.New("AccountsIQ could take the name of this customer for another one's")
)

// write brings the note into AccountsIQ unless it is there already. A note is looked for under every name that may
// be the right one before it is written under any, because the answer to an earlier try may have been lost.
func (w *noteWriter) write(ctx context.Context, d draft) error {
	masters := []string{w.master}
	if w.master == "" {
		if d.ambiguous {
			return errUnclear
		}
		masters = []string{byAccountID, byCode}
	}
	var open []string
	var why error
	for _, m := range masters {
		found, err := w.find(ctx, d, m)
		switch {
		case found:
			return w.learn(ctx, d, m)
		case err == nil:
			open = append(open, m)
		case !wrongMaster(err):
			return err
		case why == nil:
			why = err
		}
	}
	vanished := false
	for _, m := range open {
		err := w.book.AddNote(ctx, accountsiq.OnCustomer, d.name(m), d.Text)
		switch {
		case err == nil && w.master != "":
			return nil
		case err == nil:
			found, err := w.find(ctx, d, m)
			if err != nil {
				return err
			}
			if found {
				return w.learn(ctx, d, m)
			}
			vanished = true
		case !wrongMaster(err):
			return err
		default:
			why = err
		}
	}
	if vanished {
		return errVanished
	}
	return why
}

// find looks for the note among those that AccountsIQ has under one name.
func (w *noteWriter) find(ctx context.Context, d draft, master string) (bool, error) {
	notes, err := w.book.Notes(ctx, accountsiq.OnCustomer, d.name(master))
	for _, n := range notes {
		if strings.Contains(n.Text, d.Tag) {
			return true, err
		}
	}
	return false, err
}

// learn remembers which name AccountsIQ wants. A customer whose code is its id teaches nothing.
func (w *noteWriter) learn(ctx context.Context, d draft, master string) error {
	if w.master != "" || d.name(byAccountID) == d.name(byCode) {
		return nil
	}
	w.master = master
	return w.record(ctx, func(tx *store.Tx) error { return tx.SetSetting(ctx, keyNoteMaster, master) })
}

// wrongMaster reports whether an answer may mean that AccountsIQ does not know the customer by the name given. Codes
// that speak of the text do not, nor do refusals of the call as a whole.
func wrongMaster(err error) bool {
	var known *accountsiq.Error
	if !errors.As(err, &known) || known.Temporary() {
		return false
	}
	switch known.Kind {
	case accountsiq.Gone, accountsiq.Query, accountsiq.Reported:
		return true
	case accountsiq.Refused:
		return known.AIQCode != "NOTES_IS_TOO_LONG" && !strings.HasPrefix(known.AIQCode, "NOTES_CONTENT_") && known.AIQCode != "CANNOT_EDIT_READONLY_NOTE"
	}
	return false
}

// record writes to the store also when the caller was asked to stop meanwhile: what happened has happened.
func (w *noteWriter) record(ctx context.Context, write func(*store.Tx) error) error {
	return w.st.Tx(context.WithoutCancel(ctx), write)
}

// later puts a note off, and gives it up after the last try.
func (w *noteWriter) later(ctx context.Context, n store.Note, why error) error {
	if n.Attempts++; n.Attempts > len(notePauses) {
		return w.refuse(ctx, n, why.Error())
	}
	n.At, n.Error = w.app.deps.Now().Add(notePauses[n.Attempts-1]), why.Error()
	return w.record(ctx, func(tx *store.Tx) error { return tx.MoveNote(ctx, n) })
}

// refuse gives a note up and says so.
func (w *noteWriter) refuse(ctx context.Context, n store.Note, why string) error {
	n.State, n.At, n.Error = store.NoteRefused, w.app.deps.Now(), why
	return w.app.record(context.WithoutCancel(ctx), w.st, store.Event{Kind: "message", AccountID: n.AccountID, MessageID: n.Message,
		Text: "The note about a reminder was not written into AccountsIQ: " + why}, func(tx *store.Tx) error { return tx.MoveNote(ctx, n) })
}

// off switches notes off and gives up those that wait.
func (w *noteWriter) off(ctx context.Context, why string) error {
	p := offProblem(why)
	err := w.app.change(context.WithoutCancel(ctx), w.st, "setting", p.Message, func(tx *store.Tx) error {
		if err := tx.SetSetting(ctx, keyWriteNotes, "false"); err != nil {
			return err
		}
		if err := tx.SetSetting(ctx, keyNotesOff, why); err != nil {
			return err
		}
		_, err := tx.RefuseNotes(ctx, w.app.deps.Now(), p.Message)
		return err
	})
	w.app.Publish(Event{Kind: Failed, Problem: p})
	return err
}

// writeDispute sets AccountsIQ's own dispute mark while the owner wants that. The mark here stands whatever becomes
// of it. Setting it again does no harm, so a lost answer is no more than an answer that says nothing.
func (a *App) writeDispute(ctx context.Context, st *store.Store, row store.InvoiceRow, disputed bool) error {
	set, err := st.Settings(ctx)
	if err != nil || settingOr(set, keyWriteDisputes) != "true" {
		return err
	}
	err = a.tellDispute(ctx, st, row.ID, disputed)
	event := store.Event{Kind: "invoice", AccountID: row.AccountID, TransactionID: row.ID, Text: "Invoice " + row.Number + ": marked as in dispute in AccountsIQ too."}
	if !disputed {
		event.Text = "Invoice " + row.Number + ": the dispute mark in AccountsIQ was taken back too."
	}
	off := ""
	switch {
	case err == nil:
		return a.record(context.WithoutCancel(ctx), st, event, func(*store.Tx) error { return nil })
	case errors.Is(err, accountsiq.Permission):
		off = disputesNotAllowed
	case errors.Is(err, accountsiq.NotOffered):
		off = disputesNotOffered
	}
	if off != "" {
		p := offProblem(off)
		ctx := context.WithoutCancel(ctx)
		return errors.Join(p, a.change(ctx, st, "setting", p.Message, func(tx *store.Tx) error {
			return errors.Join(tx.SetSetting(ctx, keyWriteDisputes, "false"), tx.SetSetting(ctx, keyDisputesOff, off))
		}))
	}
	event.Text = "Invoice " + row.Number + ": AccountsIQ did not take the dispute mark: " + err.Error()
	told := &Problem{Code: "dispute_not_written", Message: fmt.Sprintf("Invoice %s is changed here, but AccountsIQ did not take the dispute mark: %v", row.Number, err),
		Hint: "Change the mark in AccountsIQ, or try again here."}
	return errors.Join(told, a.record(context.WithoutCancel(ctx), st, event, func(*store.Tx) error { return nil }))
}

func (a *App) tellDispute(ctx context.Context, st *store.Store, transactionID int64, disputed bool) error {
	client, err := a.connectionTo(ctx, st)
	if err != nil {
		return err
	}
	verdicts, err := client.Dispute(ctx, []int64{transactionID}, disputed)
	if err != nil {
		return err
	}
	return verdicts[0]
}

// waitingSentence adds to an invoice's sentence why a reminder of it that was planned has not gone yet.
func waitingSentence(sentence string, messages []MessageView) string {
	for _, m := range messages {
		if m.State != outbox.Queued {
			continue
		}
		for _, why := range []string{m.Reason, m.Error} {
			if why != "" {
				return strings.TrimSpace(sentence + " A reminder waits in the Outbox: " + why)
			}
		}
	}
	return sentence
}
