package core

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/outbox"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// The settings in which the clerk keeps its own notes across restarts.
const (
	keyNextSlot     = "clerk.next_slot"     // RFC 3339: the slot that comes next
	keyMissedSlot   = "clerk.missed_slot"   // RFC 3339: a slot that passed unused and that the owner has not settled
	keyLastForewarn = "clerk.last_forewarn" // RFC 3339: the forewarn time that was served last
)

// tick is how often the clerk compares the clock with what is due. It is coarse on purpose: the next
// instants are kept in the store, so a computer that slept is noticed by the first tick after it woke.
const tick = 30 * time.Second

// jumpOver is how far wall clock and running time may part before the clerk calls it a sleep or a change of
// the clock.
const jumpOver = 2 * time.Minute

type requestKind int

const (
	wantSync requestKind = iota + 1
	wantFullSync
	wantRun
)

// clerk is the one goroutine that syncs, runs and sends, one thing after another, and the notes that
// other goroutines may look at.
type clerk struct {
	requests chan requestKind
	nudge    chan struct{}

	mu       sync.Mutex
	busy     bool
	progress Progress
	stop     context.CancelFunc // of the job under way

	// Owned by the clerk's goroutine.
	lease      *store.Lease
	leased     string    // the folder of the lease
	lastSync   time.Time // the latest attempt in the background
	retryAt    time.Time // not before this for a slot whose sync failed
	retries    int
	seen       time.Time // wall clock at the last tick
	seenSteady time.Time // the same instant with its monotonic reading
}

func (c *clerk) init() {
	c.requests = make(chan requestKind, 8)
	c.nudge = make(chan struct{}, 1)
}

// wake makes the clerk look again at once, if it runs.
func (c *clerk) wake() {
	select {
	case c.nudge <- struct{}{}:
	default:
	}
}

func (c *clerk) setProgress(p Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress = p
}

// request asks for a job; asking again while the same is waiting changes nothing.
func (c *clerk) request(k requestKind) {
	select {
	case c.requests <- k:
	default:
	}
}

// RequestSync asks the clerk for a sync now; events tell how it goes.
func (a *App) RequestSync() { a.clerk.request(wantSync) }

// RequestFullSync asks the clerk to read everything anew.
func (a *App) RequestFullSync() { a.clerk.request(wantFullSync) }

// RequestRun asks the clerk for a run now.
func (a *App) RequestRun() { a.clerk.request(wantRun) }

// CancelSync stops the job under way between two calls; what was stored stays as it was.
func (a *App) CancelSync() {
	a.clerk.mu.Lock()
	defer a.clerk.mu.Unlock()
	if a.clerk.stop != nil {
		a.clerk.stop()
	}
}

// Work is the clerk. It runs until ctx ends, holds the lease of the company's folder while it does, and
// returns an error only when another program holds that lease already.
func (a *App) Work(ctx context.Context) error {
	defer a.releaseLease()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if err := a.look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-a.clerk.nudge:
		case k := <-a.clerk.requests:
			a.serve(ctx, k)
		}
	}
}

func (a *App) releaseLease() {
	if a.clerk.lease != nil {
		a.clerk.lease.Release()
		a.clerk.lease, a.clerk.leased = nil, ""
	}
}

// takeLease holds the folder of the company that is connected now.
func (a *App) takeLease(dir string) error {
	if a.clerk.leased == dir {
		return nil
	}
	a.releaseLease()
	lease, err := store.Lock(dir)
	if err != nil {
		return err
	}
	a.clerk.lease, a.clerk.leased = lease, dir
	return nil
}

// job runs one piece of work that the owner can cancel, and reports its failure to the listeners.
func (a *App) job(ctx context.Context, work func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a.clerk.mu.Lock()
	a.clerk.busy, a.clerk.stop, a.clerk.progress = true, stop, Progress{}
	a.clerk.mu.Unlock()
	err := work(ctx)
	a.clerk.mu.Lock()
	a.clerk.busy, a.clerk.stop = false, nil
	a.clerk.mu.Unlock()
	if err != nil {
		a.deps.Logger.Warn("job failed", "error", err)
		a.Publish(Event{Kind: Failed, Problem: ProblemOf(err)})
	}
	return err
}

func (a *App) serve(ctx context.Context, k requestKind) {
	if _, err := a.company(); err != nil {
		a.Publish(Event{Kind: Failed, Problem: ProblemOf(err)})
		return
	}
	a.job(ctx, func(ctx context.Context) error {
		switch k {
		case wantRun:
			_, err := a.run(ctx, runOrder{slot: a.deps.Now(), kind: "manual"})
			return err
		case wantFullSync:
			return a.background(ctx, pull.Full)
		}
		return a.background(ctx, pull.Thorough)
	})
}

func (a *App) background(ctx context.Context, depth pull.Depth) error {
	a.clerk.lastSync = a.deps.Now()
	_, err := a.sync(ctx, depth)
	return err
}

// look does whatever is due now. Failures are told to the listeners; the next tick tries again.
func (a *App) look(ctx context.Context) error {
	st, err := a.company()
	if err != nil {
		return nil // nothing is connected yet
	}
	if err := a.takeLease(st.Dir()); err != nil {
		return err
	}
	set, err := st.Settings(ctx)
	if err != nil {
		a.Publish(Event{Kind: Failed, Problem: ProblemOf(err)})
		return nil
	}
	now := a.deps.Now()
	a.noticeJump(now)
	for _, duty := range []func(context.Context, *store.Store, map[string]string, time.Time) error{
		a.slotDuty, a.waitingDuty, a.forewarnDuty, a.syncDuty} {
		if ctx.Err() != nil {
			return nil
		}
		if err := duty(ctx, st, set, now); err != nil && !errors.Is(err, context.Canceled) {
			a.deps.Logger.Warn("duty failed", "error", err)
		}
	}
	return nil
}

// noticeJump compares how far the wall clock and the running time have come since the last tick. After a
// sleep the network may not be back yet, so the background sync waits for the next tick.
func (a *App) noticeJump(now time.Time) {
	c := &a.clerk
	if !c.seen.IsZero() {
		wall, steady := now.Round(0).Sub(c.seen), now.Sub(c.seenSteady)
		if jump := wall - steady; jump > jumpOver || jump < -jumpOver || wall < 0 {
			a.deps.Logger.Info("the clock jumped: sleep, or the clock was set", "by", jump)
			c.retryAt = now.Add(tick)
		}
	}
	c.seen, c.seenSteady = now.Round(0), now
}

// syncDuty is the regular sync in the background.
func (a *App) syncDuty(ctx context.Context, st *store.Store, set map[string]string, now time.Time) error {
	minutes, _ := strconv.Atoi(settingOr(set, keySyncMinutes))
	if last := a.clerk.lastSync; !last.IsZero() && now.Sub(last) < time.Duration(minutes)*time.Minute && !now.Before(last) {
		return nil
	}
	if now.Before(a.clerk.retryAt) {
		return nil
	}
	return a.job(ctx, func(ctx context.Context) error { return a.background(ctx, pull.Light) })
}

// slotDuty carries out the run of a slot that has come (R6.1, R6.6).
func (a *App) slotDuty(ctx context.Context, st *store.Store, set map[string]string, now time.Time) error {
	slot, err := a.nextSlot(ctx, st, set, now)
	if err != nil || slot.IsZero() || now.Before(slot) {
		return err
	}
	switch {
	case pausedAt(set, now):
		return a.advanceSlot(ctx, st, set, now)
	case now.After(windowEnd(set, slot)):
		return a.missSlot(ctx, st, set, slot, now)
	case now.Before(a.clerk.retryAt):
		return nil
	}
	order := runOrder{slot: slot, kind: "slot"}
	var view RunView
	err = a.job(ctx, func(ctx context.Context) (err error) {
		view, err = a.run(ctx, order)
		return err
	})
	if err != nil && isTemporary(err) {
		a.clerk.retries++
		a.clerk.retryAt = now.Add(backOff(a.clerk.retries))
		if a.clerk.retryAt.Before(windowEnd(set, slot)) {
			return err
		}
	}
	a.clerk.retries, a.clerk.retryAt = 0, time.Time{}
	if view.State == RunHeld {
		err = errors.Join(err, a.recordHeld(ctx, st, order, view.Reason))
	}
	return errors.Join(err, a.advanceSlot(ctx, st, set, a.deps.Now()))
}

// backOff doubles from one minute up to a quarter of an hour.
func backOff(n int) time.Duration {
	return min(15*time.Minute, time.Minute<<min(n-1, 4))
}

// windowEnd is until when the run of a slot may start or go on by itself: some hours, the same local day.
func windowEnd(set map[string]string, slot time.Time) time.Time {
	hours, _ := strconv.Atoi(settingOr(set, keyWindowHours))
	end := slot.Add(time.Duration(hours) * time.Hour)
	y, m, d := slot.In(zone(set)).Date()
	if midnight := time.Date(y, m, d+1, 0, 0, 0, 0, zone(set)); end.After(midnight) {
		return midnight.Add(-time.Second)
	}
	return end
}

// nextSlot returns the slot that was noted as the next one, noting it first when there is none.
func (a *App) nextSlot(ctx context.Context, st *store.Store, set map[string]string, now time.Time) (time.Time, error) {
	noted, err := time.Parse(time.RFC3339, set[keyNextSlot])
	if err == nil {
		// A note that does not fit the present days and times was made under other settings.
		calendar := chase.NewCalendar(companyInput(store.Facts{Settings: set}))
		if calendar.IsSlot(noted) && (noted.Before(now) || sameNext(calendar, noted, now)) {
			return noted, nil
		}
	}
	return a.noteNextSlot(ctx, st, set, now)
}

func sameNext(calendar *chase.Calendar, noted, now time.Time) bool {
	next, ok := calendar.NextSlot(now.Add(-time.Second))
	return ok && next.Equal(noted)
}

func (a *App) noteNextSlot(ctx context.Context, st *store.Store, set map[string]string, after time.Time) (time.Time, error) {
	next, ok := chase.NewCalendar(companyInput(store.Facts{Settings: set})).NextSlot(after)
	if !ok {
		return time.Time{}, nil
	}
	return next, st.Tx(ctx, func(tx *store.Tx) error { return tx.SetSetting(ctx, keyNextSlot, next.UTC().Format(time.RFC3339)) })
}

func (a *App) advanceSlot(ctx context.Context, st *store.Store, set map[string]string, now time.Time) error {
	_, err := a.noteNextSlot(ctx, st, set, now)
	return err
}

// missSlot puts the missed slot on its card; several make one card (R6.6).
func (a *App) missSlot(ctx context.Context, st *store.Store, set map[string]string, slot, now time.Time) error {
	err := a.change(ctx, st, "run", "The chase of "+slot.In(zone(set)).Format("2 January 15:04")+" was missed: the program was not running or could not reach AccountsIQ. Nothing was sent.",
		func(tx *store.Tx) error {
			err := tx.AddRun(ctx, store.Run{ID: runOrder{slot: slot, kind: "slot"}.id(), SlotAt: slot, Kind: "slot", Started: now, Finished: now, State: RunMissed, Reason: "not running at the time"})
			if err != nil && !errors.Is(err, store.ErrExists) {
				return err
			}
			return tx.SetSetting(ctx, keyMissedSlot, slot.UTC().Format(time.RFC3339))
		})
	if err != nil {
		return err
	}
	a.Publish(Event{Kind: SlotMissed})
	return a.advanceSlot(ctx, st, set, now)
}

// DismissMissedSlot takes the card of a missed slot away.
func (a *App) DismissMissedSlot(ctx context.Context) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	return a.change(ctx, st, "", "", func(tx *store.Tx) error { return tx.DeleteSetting(ctx, keyMissedSlot) })
}

// recordHeld keeps that a run could not be carried out, and why (R6.1).
func (a *App) recordHeld(ctx context.Context, st *store.Store, o runOrder, reason string) error {
	now := a.deps.Now()
	ctx = context.WithoutCancel(ctx)
	return a.change(ctx, st, "run", "Nothing was sent: "+reason, func(tx *store.Tx) error {
		err := tx.AddRun(ctx, store.Run{ID: o.id(), SlotAt: o.slot, Kind: o.kind, Started: now, Finished: now, State: RunHeld, Reason: reason})
		if errors.Is(err, store.ErrExists) {
			return nil
		}
		return err
	})
}

// waitingDuty goes on with messages that were approved or wait for the mail server, as long as their window
// is open, and drops at its end what was not approved (R6.5, R6.8).
func (a *App) waitingDuty(ctx context.Context, st *store.Store, set map[string]string, now time.Time) error {
	waiting, err := st.Messages(ctx, store.MessageQuery{States: []string{outbox.Planned, outbox.Approved, outbox.Queued}})
	if err != nil {
		return err
	}
	var ready []string
	var runID string
	for i := len(waiting) - 1; i >= 0; i-- {
		m := waiting[i]
		open := now.Before(windowEnd(set, m.PlannedFor)) && !now.Before(m.PlannedFor)
		switch {
		case !open && m.State != outbox.Queued:
			if err := a.drop(ctx, st, m, "not approved in time"); err != nil {
				return err
			}
		case open && (m.State == outbox.Approved || (m.State == outbox.Queued && now.Sub(m.Updated) >= backOff(max(1, m.Attempts)))):
			ready, runID = append(ready, m.ID), m.RunID
		}
	}
	if len(ready) == 0 || pausedAt(set, now) {
		return nil
	}
	return a.job(ctx, func(ctx context.Context) error {
		tally, err := a.courier(st).Deliver(ctx, ready)
		v := RunView{ID: runID, State: RunDone, Sent: tally.Accepted + tally.Uncertain, Refused: tally.Refused, Left: tally.Queued}
		a.Publish(Event{Kind: RunFinished, Run: &v, Problem: ProblemOf(err)})
		return err
	})
}

func (a *App) drop(ctx context.Context, st *store.Store, m store.Message, reason string) error {
	return a.change(ctx, st, "message", "Not sent: \""+m.Subject+"\": "+reason+".", func(tx *store.Tx) error {
		return tx.MoveMessage(ctx, m.ID, []string{outbox.Planned, outbox.Approved}, outbox.Cancelled, store.Change{At: a.deps.Now(), Reason: reason, Attempts: m.Attempts})
	})
}

// today is the date in the company's zone (R1.2).
func today(set map[string]string, now time.Time) ledger.Date { return ledger.DateOf(now.In(zone(set))) }
