package core

import (
	"context"
	"time"

	"dunlin/core/chase"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

// plan reckons what a run at an instant would do, from what the store holds now.
func (a *App) plan(ctx context.Context, at time.Time) (chase.Result, situation, error) {
	s, err := a.situation(ctx, at)
	if err != nil {
		return chase.Result{}, s, err
	}
	return chase.Plan(s.in), s, nil
}

func (a *App) situation(ctx context.Context, at time.Time) (situation, error) {
	st, err := a.company()
	if err != nil {
		return situation{}, err
	}
	facts, err := st.PlannerFacts(ctx)
	if err != nil {
		return situation{}, err
	}
	return situate(facts, a.journalEntries(), at)
}

func (a *App) journalEntries() []outbox.Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.journal == nil {
		return nil
	}
	return a.journal.Entries()
}

// Plan answers "what would go at this instant", without sending anything.
func (a *App) Plan(ctx context.Context, at time.Time) (chase.Result, error) {
	res, _, err := a.plan(ctx, at)
	return res, err
}

// Ahead runs the planner forward for some days from an instant, assuming that nobody pays.
func (a *App) Ahead(ctx context.Context, at time.Time, days int) ([]chase.Run, error) {
	s, err := a.situation(ctx, at)
	if err != nil {
		return nil, err
	}
	return chase.Ahead(s.in, days), nil
}

// refreshOutlook brings the stored outlook of every open receivable up to date, if what it was made from
// has changed or its day or slot has passed. The lists read it from the store.
func (a *App) refreshOutlook(ctx context.Context) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	a.outlookMu.Lock()
	defer a.outlookMu.Unlock()
	now := a.deps.Now()
	stamp, err := st.OutlookStamp(ctx)
	if err != nil {
		return err
	}
	version, err := st.Version(ctx)
	if err != nil {
		return err
	}
	if stamp.Version == version && !stamp.Today.IsZero() && now.Before(stamp.ValidUntil) && !now.Before(stamp.ValidUntil.AddDate(0, 0, -1)) {
		return nil
	}
	res, s, err := a.plan(ctx, now)
	if err != nil {
		return err
	}
	rows := make([]store.OutlookRow, len(res.Invoices))
	for i, o := range res.Invoices {
		rows[i] = outlookRow(o, s.invoice[o.Number])
	}
	calendar := chase.NewCalendar(s.in.Company)
	return st.Tx(ctx, func(tx *store.Tx) error {
		return tx.SaveOutlook(ctx, store.OutlookStamp{Version: s.version, ValidUntil: outlookEnds(res, now), Today: calendar.Today(now)}, rows)
	})
}

// outlookEnds is when the outlook has to be reckoned anew though no data changed: at midnight in the
// company's zone, and right after the next slot.
func outlookEnds(res chase.Result, now time.Time) time.Time {
	if res.IsSlot {
		return now.Truncate(time.Second).Add(time.Second)
	}
	y, m, d := now.In(res.Now.Location()).Date()
	end := time.Date(y, m, d+1, 0, 0, 0, 0, res.Now.Location())
	if !res.NextSlot.IsZero() && res.NextSlot.Before(end) {
		end = res.NextSlot
	}
	return end
}

func outlookRow(o chase.Outlook, i store.InvoiceFacts) store.OutlookRow {
	row := store.OutlookRow{TransactionID: i.TransactionID, AccountID: i.AccountID, Status: store.StatusChasing, Sentence: o.Sentence()}
	if o.Due != nil {
		row.Due = storePlace(*o.Due)
	}
	if o.Held != nil {
		row.Status = store.StatusNotChasing
		row.HeldReason, row.HeldText, row.HeldUntil = string(o.Held.Reason), o.Held.Text, o.Held.Until
	}
	if o.Next != nil {
		row.Next, row.NextDate = storePlace(o.Next.Place), o.Next.Date
	}
	return row
}

func storePlace(p chase.Place) store.Place {
	return store.Place{Part: string(p.Part), Step: p.Step, Offset: p.Offset}
}
