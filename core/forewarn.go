package core

import (
	"context"
	"time"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// forewarnTime is one of the times of day at which the owner is told what will go, and the span of sends it
// speaks of, all in company time; hours beyond 24 are the next day's (R6.10).
type forewarnTime struct {
	hour     int
	from, to int // sends from (inclusive) up to (exclusive)
}

var forewarnTimes = []forewarnTime{{5, 7, 17}, {10, 12, 31}, {15, 17, 36}}

// forewarnFor finds the forewarn that is due now: the latest time of today that has come and whose slot lies
// ahead still. ok is false when there is none.
func forewarnFor(calendar *chase.Calendar, loc *time.Location, now time.Time) (at, slot time.Time, ok bool) {
	day := ledger.DateOf(now.In(loc))
	for i := len(forewarnTimes) - 1; i >= 0; i-- {
		f := forewarnTimes[i]
		at = clockTime(loc, day, f.hour)
		if now.Before(at) {
			continue
		}
		from, to := clockTime(loc, day, f.from), clockTime(loc, day, f.to)
		next, found := calendar.NextSlot(later(from, now).Add(-time.Second))
		if found && next.Before(to) && next.After(now) {
			return at, next, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// clockTime is the instant at which a clock in the zone shows an hour of a day, counted on into the next day.
func clockTime(loc *time.Location, day ledger.Date, hour int) time.Time {
	at, _ := chase.LocalInstant(loc, day.AddDays(hour/24), hour%24, 0)
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// forewarnDuty tells the owner what will go, once for each time of day, after a sync (R6.10).
func (a *App) forewarnDuty(ctx context.Context, st *store.Store, set map[string]string, now time.Time) error {
	at, slot, due := forewarnFor(chase.NewCalendar(companyInput(store.Facts{Settings: set})), zone(set), now)
	// What counts is whether anything goes at the slot: a pause may end on that very day.
	if !due || pausedAt(set, slot) || at.UTC().Format(time.RFC3339) == set[keyLastForewarn] || now.Before(a.clerk.retryAt) {
		return nil
	}
	boxes, err := forewarned(ctx, st)
	if err != nil || len(boxes) == 0 {
		return err
	}
	return a.job(ctx, jobSend, func(ctx context.Context) error {
		if _, err := a.sync(ctx, pull.Thorough); err != nil {
			a.clerk.retryAt = now.Add(backOff(2))
			return err
		}
		return a.forewarn(ctx, st, boxes, at, slot)
	})
}

// forewarned lists the senders that want to be told.
func forewarned(ctx context.Context, st *store.Store) ([]store.Mailbox, error) {
	all, err := st.Mailboxes(ctx)
	var out []store.Mailbox
	for _, b := range all {
		if b.Forewarn {
			out = append(out, b)
		}
	}
	return out, err
}

// forewarn writes one message to each of the owner's mailboxes and sends it. A time that is served is noted
// together with the messages, so that it is served once.
func (a *App) forewarn(ctx context.Context, st *store.Store, boxes []store.Mailbox, at, slot time.Time) error {
	res, s, err := a.plan(ctx, slot)
	if err != nil {
		return err
	}
	desk, err := a.desk(ctx, st, s)
	if err != nil {
		return err
	}
	var rows []store.Message
	for _, b := range boxes {
		row, err := desk.forewarn(b, res, slot)
		if err != nil {
			return err
		}
		row.ID, row.Key = a.deps.NewID(), "forewarn/"+at.UTC().Format(time.RFC3339)+"/"+b.Address
		if row.MessageID, err = a.messageID(b.Address); err != nil {
			return err
		}
		row.Created, row.PlannedFor, row.Updated = a.deps.Now(), a.deps.Now(), a.deps.Now()
		rows = append(rows, row)
	}
	err = st.Durable(ctx, func(tx *store.Tx) error {
		if err := tx.SetSetting(ctx, keyLastForewarn, at.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		return tx.AddMessages(ctx, rows)
	})
	if err != nil {
		return err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	_, err = a.courier(st).Deliver(ctx, ids)
	return err
}
