package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dunlin/core/chase"
	"dunlin/core/outbox"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// The states of a run.
const (
	RunDone    = "done"    // carried out, whatever became of single messages
	RunWaiting = "waiting" // its messages wait for the owner's approval
	RunQueued  = "queued"  // some messages wait for the mail server, or for the copy of an invoice
	RunHeld    = "held"    // nothing could go: data not fresh, clock behind, no mailbox
	RunMissed  = "missed"  // the slot passed while the program could not run
)

// slotRun is the kind of a run that a slot brought, whose window ends.
const slotRun = "slot"

// runOrder says which run is wanted.
type runOrder struct {
	slot    time.Time // the slot it stands for; the moment itself for a run asked for by hand
	kind    string    // slotRun or "manual"
	approve bool      // the owner approved this run's messages beforehand
}

// id makes the run's key: the same slot is the same run, however often it is tried (R6.2).
func (o runOrder) id() string { return o.kind + "-" + o.slot.UTC().Format("20060102T150405.000Z") }

// run carries out one run as rules section 6 has it: sync, plan, write everything to the outbox, send.
func (a *App) run(ctx context.Context, o runOrder) (RunView, error) {
	st, err := a.company()
	if err != nil {
		return RunView{}, err
	}
	a.Publish(Event{Kind: RunStarted})
	view, err := a.runSteps(ctx, st, o)
	view.ID, view.At = o.id(), o.slot.UTC()
	a.Publish(Event{Kind: DataChanged})
	a.Publish(Event{Kind: RunFinished, Run: &view, Problem: ProblemOf(err)})
	a.writeNotes(ctx, st)
	return view, err
}

func (a *App) runSteps(ctx context.Context, st *store.Store, o runOrder) (view RunView, err error) {
	courier := a.courier(st)
	if err := courier.Settle(ctx); err != nil {
		return RunView{}, err
	}
	view.State = RunHeld
	synced, err := a.syncForRun(ctx)
	view.Sync = &synced
	if err != nil {
		view.Reason = "data not fresh: " + ProblemOf(err).Message
		return view, err
	}
	ids, needsApproval, err := a.planRun(ctx, st, o)
	if err != nil {
		view.Reason = ProblemOf(err).Message
		return view, err
	}
	defer func() { view.Messages = a.messagesByID(ctx, st, ids) }()
	if len(ids) == 0 {
		view.Reason = a.whyNothing(ctx, st)
	}
	if needsApproval {
		view.State = RunWaiting
		return view, errors.Join(a.count(ctx, st, &view, ids), a.finishRun(ctx, st, o, &view, outbox.Tally{}))
	}
	tally, err := a.deliver(ctx, courier, ids)
	if stoppedByOwner(ctx) {
		err = errors.Join(err, a.takeBack(ctx, st, ids))
	}
	err = errors.Join(err, a.count(ctx, st, &view, ids))
	if err != nil {
		// AccountsIQ could not be asked before one of the messages; those that are left wait.
		view.Reason = ProblemOf(err).Message
		switch {
		case view.Left > 0:
			view.State = RunQueued
		case view.Went() > 0:
			view.State = RunDone
		}
		return view, errors.Join(err, a.finishRun(context.WithoutCancel(ctx), st, o, &view, tally))
	}
	view.State = RunDone
	if tally.NoSession != nil && tally.Went() == 0 {
		// Nothing could go: that is a failure of the run, not of single messages.
		return view, errors.Join(a.finishRun(ctx, st, o, &view, tally), tally.NoSession)
	}
	return view, a.finishRun(ctx, st, o, &view, tally)
}

// whyNothing says what the owner may have forgotten when a run had nothing to send; "" when nothing was due.
func (a *App) whyNothing(ctx context.Context, st *store.Store) string {
	set, err := st.Settings(ctx)
	if err != nil || !pausedAt(set, a.deps.Now()) {
		return ""
	}
	return "Chasing is paused; \"Start chasing\" in the window or \"dunlin chase start\" lets reminders go."
}

// count says in the view what became of a run's messages.
func (a *App) count(ctx context.Context, st *store.Store, v *RunView, ids []string) error {
	v.Sent, v.Uncertain, v.Refused, v.Left = 0, 0, 0, 0
	for _, id := range ids {
		m, err := st.Message(context.WithoutCancel(ctx), id)
		switch {
		case err != nil:
			return err
		case waits(m.State):
			v.Left++
		case m.State == outbox.Refused:
			v.Refused++
		case m.State == outbox.Uncertain:
			v.Uncertain++
		case chase.State(m.State).Counts():
			v.Sent++
		}
	}
	return nil
}

// takeBack keeps what has not gone yet from going after the owner stopped the work; it is planned anew at the
// next slot.
func (a *App) takeBack(ctx context.Context, st *store.Store, ids []string) error {
	ctx = context.WithoutCancel(ctx)
	return a.change(ctx, st, "", "", func(tx *store.Tx) error {
		for _, id := range ids {
			err := tx.MoveMessage(ctx, id, []string{outbox.Planned, outbox.Approved, outbox.Queued}, outbox.Cancelled, store.Change{At: a.deps.Now(), Reason: "stopped by you"})
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

// messagesByID shows messages as they are now; one that cannot be read is left out.
func (a *App) messagesByID(ctx context.Context, st *store.Store, ids []string) []MessageView {
	out := []MessageView{}
	for _, id := range ids {
		if m, err := st.Message(context.WithoutCancel(ctx), id); err == nil {
			out = append(out, messageView(m))
		}
	}
	return out
}

// retryPauses are the pauses between attempts while a run asked for by hand is still trying (R6.5a).
var retryPauses = []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 40 * time.Second}

// again calls work until it succeeds, fails for good, or the time for trying again is over.
func (a *App) again(ctx context.Context, work func() (retry bool)) error {
	deadline := a.deps.Now().Add(a.deps.RetryFor)
	for _, pause := range retryPauses {
		if !work() || a.deps.Now().Add(pause).After(deadline) {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
	work()
	return nil
}

// temporary is what errors say that may go away by themselves.
type temporary interface{ Temporary() bool }

func isTemporary(err error) bool {
	var t temporary
	return errors.As(err, &t) && t.Temporary()
}

// syncForRun syncs, trying again for a while when the failure may pass.
func (a *App) syncForRun(ctx context.Context) (view SyncView, err error) {
	waitErr := a.again(ctx, func() bool {
		view, err = a.sync(ctx, pull.Thorough)
		return err != nil && isTemporary(err)
	})
	return view, errors.Join(err, waitErr)
}

// deliver sends, trying again for a while what the mail server refused for the moment.
func (a *App) deliver(ctx context.Context, courier *outbox.Courier, ids []string) (sum outbox.Tally, err error) {
	waitErr := a.again(ctx, func() bool {
		var t outbox.Tally
		t, err = courier.Deliver(ctx, ids)
		sum.Accepted += t.Accepted
		sum.Refused += t.Refused
		sum.Uncertain += t.Uncertain
		sum.Cancelled += t.Cancelled
		sum.Queued, sum.Trouble, sum.Held, sum.NoSession = t.Queued, t.Trouble, t.Held, t.NoSession
		return isTemporary(err) || (err == nil && isTemporary(t.Trouble))
	})
	return sum, errors.Join(err, waitErr)
}

// planRun plans from fresh data and writes the run, its messages and its decisions in one transaction
// before any message goes (R6.2).
func (a *App) planRun(ctx context.Context, st *store.Store, o runOrder) (ids []string, needsApproval bool, err error) {
	now := a.deps.Now()
	res, s, err := a.plan(ctx, now)
	if err != nil {
		return nil, false, err
	}
	if res.Refused != "" {
		return nil, false, clockBehind(res.Refused)
	}
	needsApproval, err = a.needsApproval(ctx, st, s, o)
	if err != nil {
		return nil, false, err
	}
	left, err := st.Messages(ctx, store.MessageQuery{Kinds: chaseKinds, States: []string{outbox.Planned, outbox.Approved, outbox.Queued}})
	if err != nil {
		return nil, false, err
	}
	rows, edits, err := a.draft(ctx, st, s, res, o, left, needsApproval)
	if err != nil {
		return nil, false, err
	}
	if err := a.writeRun(ctx, st, o, now, rows, edits, left, res); err != nil {
		return nil, false, err
	}
	for _, m := range append(edits, rows...) {
		ids = append(ids, m.ID)
	}
	planned := func(m store.Message) bool { return m.State == outbox.Planned }
	return ids, slices.ContainsFunc(rows, planned), nil
}

// chaseKinds are the kinds of messages that go to customers by themselves.
var chaseKinds = []string{string(chase.BeforeDue), string(chase.Overdue), string(chase.Thanks), string(chase.ChaseNow)}

// needsApproval decides R6.8 and the last part of R6.7.
func (a *App) needsApproval(ctx context.Context, st *store.Store, s situation, o runOrder) (bool, error) {
	if o.approve {
		return false, nil
	}
	went, err := st.Messages(ctx, store.MessageQuery{Kinds: chaseKinds, States: []string{outbox.Accepted, outbox.Uncertain, "bounced", "replied"}, Limit: 1})
	if err != nil {
		return false, err
	}
	if len(went) > 0 && !a.journalled(went[0].MessageID) {
		return true, nil
	}
	switch settingOr(s.set, keyApproval) {
	case approvalNever:
		return false, nil
	case approvalAlways:
		return true, nil
	}
	// What went to the owner alone, such as the list of what will go, is no run that was approved.
	toCustomer := func(e outbox.Entry) bool { return slices.Contains(chaseKinds, e.Kind) }
	return len(went) == 0 && !slices.ContainsFunc(a.journalEntries(), toCustomer), nil
}

// journalled reports whether the record outside the data folder knows a message. Where it does not know the
// latest one, the folder was used on another computer, or the record was lost.
func (a *App) journalled(messageID string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.journal == nil {
		return false
	}
	_, known := a.journal.Lookup(messageID)
	return known
}

// draft makes the outbox rows of a plan. A message that an earlier run left queued at the mail server and that
// the plan still wants goes on with its own Message-ID (R6.5a); edits are those.
func (a *App) draft(ctx context.Context, st *store.Store, s situation, res chase.Result, o runOrder, left []store.Message, needsApproval bool) (rows, edits []store.Message, err error) {
	desk, err := a.desk(ctx, st, s)
	if err != nil {
		return nil, nil, err
	}
	if needsApproval {
		left = nil // what waits for the mail server is planned anew with the rest
	}
	for i, m := range res.Messages {
		if !byEmail(m) {
			continue
		}
		row, err := desk.row(ctx, m, res.Now)
		var bad *unwritten
		if err != nil && !errors.As(err, &bad) {
			return nil, nil, err
		}
		row.RunID, row.PlannedFor, row.Created, row.Updated = o.id(), o.slot, s.in.Now, s.in.Now
		row.State = outbox.Approved
		if needsApproval {
			row.State = outbox.Planned
		}
		if bad != nil {
			// That customer's trouble does not stop the others (R6.5).
			row.State, row.Error, row.Subject = outbox.Refused, bad.Error(), "No words for "+m.Customer
		} else if q := takeQueued(left, row); q != nil {
			row.ID, row.Key, row.MessageID, row.Attempts, row.State, row.Created = q.ID, q.Key, q.MessageID, q.Attempts, q.State, q.Created
			edits = append(edits, row)
			continue
		}
		row.Key = fmt.Sprintf("%s/%s/%s/%d", o.id(), m.Customer, m.Kind, i)
		row.ID = a.deps.NewID()
		if row.MessageID, err = a.messageID(row.From); err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
	}
	return rows, edits, nil
}

// takeQueued finds and marks the queued message that a planned one is: same customer, kind, step and invoices.
func takeQueued(left []store.Message, row store.Message) *store.Message {
	for i := range left {
		q := &left[i]
		if q.State == outbox.Queued && q.AccountID == row.AccountID && q.Kind == row.Kind && q.Offset == row.Offset && sameInvoices(q.Invoices, row.Invoices) {
			q.State = "" // taken
			return q
		}
	}
	return nil
}

func sameInvoices(x, y []store.MessageInvoice) bool {
	return slices.EqualFunc(x, y, func(p, q store.MessageInvoice) bool { return p.TransactionID == q.TransactionID })
}

func (a *App) writeRun(ctx context.Context, st *store.Store, o runOrder, now time.Time, rows, edits, left []store.Message, res chase.Result) error {
	decisions, err := res.MarshalJSON()
	if err != nil {
		return err
	}
	return st.Durable(ctx, func(tx *store.Tx) error {
		err := tx.AddRun(ctx, store.Run{ID: o.id(), SlotAt: o.slot, Kind: o.kind, Started: now, State: "running", Approved: o.approve})
		if errors.Is(err, store.ErrExists) {
			return &Problem{Code: "run_exists", Message: "This run was already carried out.", Hint: "See the Outbox for what became of its messages."}
		}
		if err != nil {
			return err
		}
		for _, m := range left {
			if m.State == "" {
				continue // goes on in this run
			}
			change := store.Change{At: now, Reason: "planned anew by a later run", Attempts: m.Attempts}
			err := tx.MoveMessage(ctx, m.ID, []string{outbox.Planned, outbox.Approved, outbox.Queued}, outbox.Cancelled, change)
			if err != nil && !errors.Is(err, store.ErrNotFound) { // the owner may have dropped it meanwhile
				return err
			}
		}
		for _, m := range edits {
			if err := tx.EditMessage(ctx, m); err != nil {
				return err
			}
		}
		if err := tx.AddMessages(ctx, rows); err != nil {
			return err
		}
		for _, m := range rows {
			if m.State != outbox.Refused {
				continue
			}
			if _, err := tx.AddEvent(ctx, store.Event{At: now, Kind: "message", AccountID: m.AccountID, MessageID: m.ID, RunID: m.RunID, Text: m.Error}); err != nil {
				return err
			}
		}
		// Whatever a slot that was missed would have sent is planned now.
		if err := tx.DeleteSetting(ctx, keyMissedSlot); err != nil {
			return err
		}
		return tx.AddDecisions(ctx, o.id(), decisions)
	})
}

func (a *App) finishRun(ctx context.Context, st *store.Store, o runOrder, v *RunView, t outbox.Tally) error {
	if v.State == RunDone && t.Queued > 0 {
		v.State, v.Reason = RunQueued, "some messages wait"
		for _, why := range []error{t.Trouble, t.Held} {
			if why != nil {
				v.Reason += ": " + why.Error()
				break
			}
		}
	}
	return st.Tx(ctx, func(tx *store.Tx) error {
		now := a.deps.Now()
		if err := tx.FinishRun(ctx, o.id(), now, v.State, v.Reason); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		_, err := tx.AddEvent(ctx, store.Event{At: now, Kind: "run", RunID: o.id(), Text: runText(*v)})
		return err
	})
}

func runText(v RunView) string {
	switch {
	case v.State == RunWaiting:
		return "Waiting for your approval: " + Plural(v.Left, "message") + "."
	case v.Went()+v.Left == 0 && v.Reason == "":
		return "The run found nothing to send."
	}
	parts := []string{fmt.Sprintf("%d sent", v.Sent)}
	if v.Uncertain > 0 {
		parts = append(parts, fmt.Sprintf("%d uncertain", v.Uncertain))
	}
	if v.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", v.Refused))
	}
	if v.Left > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", v.Left))
	}
	text := "The run is over: " + strings.Join(parts, ", ") + "."
	if v.Reason != "" {
		text += " " + v.Reason
	}
	return text
}

// runByHand carries out a run that somebody asked for, and records it too when nothing could go.
func (a *App) runByHand(ctx context.Context, o runOrder) (RunView, error) {
	view, err := a.run(ctx, o)
	if st, stErr := a.company(); stErr == nil && view.State == RunHeld {
		err = errors.Join(err, a.recordHeld(ctx, st, o, view.Reason))
	}
	return view, err
}

// Run carries out one run now, for the command line: as if a chase slot were this moment. approve stands
// for the owner's approval of this run.
func (a *App) Run(ctx context.Context, approve bool) (RunView, error) {
	var view RunView
	err := a.exclusively(func() (err error) {
		view, err = a.runByHand(ctx, runOrder{slot: a.deps.Now(), kind: "manual", approve: approve})
		return err
	})
	if err != nil && view.Went() > 0 && ctx.Err() == nil {
		// Some messages went, so the run was carried out; what kept the others from going is its reason.
		a.deps.Logger.Warn("run cut short", "error", err)
		err = nil
	}
	return view, err
}
