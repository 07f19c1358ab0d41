package core

import (
	"context"
	"encoding/json"
	"fmt"
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
	view := SyncView{Started: a.deps.Now().UTC(), Mismatches: []string{}}
	a.clerk.lastSync = view.Started
	a.Publish(Event{Kind: SyncStarted})
	report, err := a.pull(ctx, st, pull.Options{Depth: depth, Now: a.deps.Now,
		Today:    ledger.DateOf(view.Started.In(zone(set))),
		Progress: func(stage pull.Stage, done, total int) { a.progress(Progress{string(stage), done, total}) }})
	view.Finished, view.OK, view.Full, view.Requests = a.deps.Now().UTC(), err == nil, report.Full, report.Requests
	view.Customers, view.Contacts = Counts(report.Customers), Counts(report.Contacts)
	view.Transactions, view.Allocations = Counts(report.Transactions), Counts(report.Allocations)
	view.Error = ProblemOf(err)
	if recErr := a.recordSync(ctx, st, view); recErr != nil && err == nil {
		err = recErr
	}
	if report.Changed() {
		a.Publish(Event{Kind: DataChanged})
	}
	a.Publish(Event{Kind: SyncFinished, Sync: &view, Problem: view.Error})
	return view, err
}

func (a *App) pull(ctx context.Context, st *store.Store, o pull.Options) (pull.Report, error) {
	o.Progress(pull.StageSignIn, 0, 0)
	client, err := a.connection(ctx)
	if err != nil {
		return pull.Report{}, err
	}
	if err := client.SignIn(ctx); err != nil {
		return pull.Report{}, err
	}
	report, err := pull.Run(ctx, client, st, o)
	if err == nil && report.Changed() {
		err = settleRates(ctx, st)
	}
	return report, err
}

func (a *App) progress(p Progress) {
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
		view, err = a.sync(ctx, depth)
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
