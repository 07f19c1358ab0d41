package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// sync brings the store up to date and records how it went. The caller is the clerk or holds the lease.
func (a *App) sync(ctx context.Context, depth pull.Depth) (SyncView, error) {
	st, set, err := a.settings(ctx)
	if err != nil {
		return SyncView{}, err
	}
	view := SyncView{Started: a.deps.Now().UTC(), Mismatches: []string{}, Differences: []Difference{}}
	a.clerk.lastSync = view.Started
	a.Publish(Event{Kind: SyncStarted})
	before, err := st.BalanceDifferences(ctx)
	if err != nil {
		return view, err
	}
	patience := pull.Patience{For: a.deps.SyncWait, Now: a.deps.Now}
	if depth == pull.Light {
		patience.For *= 5
	}
	report, err := a.pull(ctx, st, pull.Options{Depth: depth, Now: a.deps.Now, Patience: patience,
		Today: ledger.DateOf(view.Started.In(zone(set))),
		Progress: func(stage pull.Stage, done, total int) {
			a.progress(Progress{Stage: string(stage), Done: done, Total: total})
		}})
	view.Finished, view.OK, view.Full, view.Requests = a.deps.Now().UTC(), err == nil, report.Full, report.Requests
	view.Customers, view.Contacts = Counts(report.Customers), Counts(report.Contacts)
	view.Transactions, view.Allocations = Counts(report.Transactions), Counts(report.Allocations)
	for _, c := range report.Differences {
		if d := difference(c); !slices.Contains(view.Mismatches, d.CustomerCode) {
			view.Mismatches = append(view.Mismatches, d.CustomerCode)
		}
		view.Differences = append(view.Differences, difference(c))
	}
	view.Error = ProblemOf(err)
	if recErr := errors.Join(a.recordSync(ctx, st, view), a.recordDifferences(ctx, st, before)); recErr != nil && err == nil {
		err = recErr
	}
	if report.Changed() || len(before)+len(report.Differences) > 0 {
		a.Publish(Event{Kind: DataChanged})
	}
	a.Publish(Event{Kind: SyncFinished, Sync: &view, Problem: view.Error})
	return view, err
}

func (a *App) pull(ctx context.Context, st *store.Store, o pull.Options) (pull.Report, error) {
	client, err := a.connectionTo(ctx, st)
	if err != nil {
		return pull.Report{}, err
	}
	report, err := pull.Run(ctx, client, st, o)
	if err == nil && report.Changed() {
		err = settleRates(ctx, st)
	}
	return report, err
}

// difference is a balance check for the owner to read.
func difference(c store.BalanceCheck) Difference {
	return Difference{CustomerCode: c.CustomerCode, CustomerName: c.CustomerName, Reported: c.Reported, Ours: c.Ours, At: c.At}
}

// recordDifferences notes in Activity whose balance has come to differ from AccountsIQ's, and whose agrees again.
func (a *App) recordDifferences(ctx context.Context, st *store.Store, before []store.BalanceCheck) error {
	ctx = context.WithoutCancel(ctx)
	now, err := st.BalanceDifferences(ctx)
	if err != nil {
		return err
	}
	was, is := map[int64]bool{}, map[int64]bool{}
	for _, c := range before {
		was[c.AccountID] = true
	}
	var events []store.Event
	for _, c := range now {
		if !was[c.AccountID] && !is[c.AccountID] {
			events = append(events, store.Event{AccountID: c.AccountID, Text: fmt.Sprintf("AccountsIQ says that %s owes %s %s, but the open items add up to %s %s. Reminders wait until the two agree.",
				c.CustomerName, c.Reported, c.Reported.Currency, c.Ours, c.Ours.Currency)})
		}
		is[c.AccountID] = true
	}
	for _, c := range before {
		if !is[c.AccountID] {
			is[c.AccountID] = true
			events = append(events, store.Event{AccountID: c.AccountID, Text: "The balance of " + c.CustomerName + " agrees with AccountsIQ again."})
		}
	}
	if len(events) == 0 {
		return nil
	}
	return st.Tx(ctx, func(tx *store.Tx) error {
		for _, e := range events {
			e.At, e.Kind = a.deps.Now(), "balance"
			if _, err := tx.AddEvent(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// progress tells how far a job is, and about how long its stage still takes.
func (a *App) progress(p Progress) {
	p.Left = a.clerk.pace.left(p, a.deps.Now())
	a.clerk.setProgress(p)
	a.Publish(Event{Kind: Progressed, Progress: p})
}

// recordSync keeps the outcome. A sync that was broken off is recorded all the same.
func (a *App) recordSync(ctx context.Context, st *store.Store, v SyncView) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	row := store.Sync{Started: v.Started, Finished: v.Finished, Full: v.Full, OK: v.OK, Counts: body}
	if v.Error != nil {
		row.Code, row.Message, row.Hint = v.Error.Code, v.Error.Message, v.Error.Hint
	}
	ctx = context.WithoutCancel(ctx)
	return st.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.AddSync(ctx, row); err != nil {
			return err
		}
		text := syncText(v)
		if text == "" {
			return nil
		}
		_, err := tx.AddEvent(ctx, store.Event{At: v.Finished, Kind: "sync", Text: text})
		return err
	})
}

// syncText is the line in Activity; a sync that found nothing new has none.
func syncText(v SyncView) string {
	if v.Error != nil {
		return "The sync failed: " + v.Error.Message
	}
	text := ""
	for _, c := range []struct {
		what string
		n    Counts
	}{{"customers", v.Customers}, {"contacts", v.Contacts}, {"transactions", v.Transactions}, {"allocations", v.Allocations}} {
		if c.n == (Counts{}) {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s: %d new, %d changed, %d gone", c.what, c.n.New, c.n.Changed, c.n.Gone)
	}
	if text == "" {
		return ""
	}
	return "Synced with AccountsIQ: " + text + "."
}

// freshFor is how old a sync may be at the moment a message goes (R6.1).
const freshFor = 15 * time.Minute

// Sync runs one sync now, for the command line.
func (a *App) Sync(ctx context.Context, full bool) (SyncView, error) {
	depth := pull.Thorough
	if full {
		depth = pull.Full
	}
	var view SyncView
	err := a.exclusively(func() (err error) {
		if view, err = a.sync(ctx, depth); err != nil {
			return err
		}
		st, err := a.company()
		if err == nil {
			a.writeNotes(ctx, st)
		}
		return err
	})
	return view, err
}

// exclusively does work that only one program at a time may do on a company's folder.
func (a *App) exclusively(work func() error) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	lease, err := store.Lock(st.Dir())
	if err != nil {
		return err
	}
	defer lease.Release()
	return work()
}
