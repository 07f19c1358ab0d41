package core

import (
	"context"
	"errors"
	"slices"
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
	turn     chan struct{} // held by whoever works on the company, or puts another in its place
	begun    chan struct{} // a job began
	moving   sync.Mutex    // one change of company at a time

	mu       sync.Mutex
	working  bool // Work runs
	busy     bool
	kind     jobKind // of the job under way
	progress Progress
	pace     pace
	stop     context.CancelCauseFunc // of the job under way

	// Owned by whoever holds the turn.
	lease      *store.Lease
	leased     string    // the folder of the lease
	lastSync   time.Time // the latest attempt, in the background or for a run
	retryAt    time.Time // not before this for a slot whose sync failed
	retries    int
	seen       time.Time // wall clock at the last tick
	seenSteady time.Time // the same instant with its monotonic reading
}

func (c *clerk) init() {
	c.requests = make(chan requestKind, 8)
	c.nudge = make(chan struct{}, 1)
	c.turn = make(chan struct{}, 1)
	c.begun = make(chan struct{}, 1)
}

// take waits for the turn to work on the company in use, and returns how to give it back.
func (c *clerk) take() (done func()) {
	c.turn <- struct{}{}
	return func() { <-c.turn }
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
		a.clerk.stop(errStopped)
	}
}

// Work is the clerk. It runs until ctx ends, holds the lease of the company's folder while it does, and
// returns an error only when another program holds that lease already.
func (a *App) Work(ctx context.Context) error {
	a.clerk.setWorking(true)
	defer func() {
		defer a.clerk.take()()
		a.clerk.setWorking(false)
		a.releaseLease()
	}()
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

func (c *clerk) setWorking(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = on
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

// jobKind says whether a job may be broken off for the sake of another company.
type jobKind int

const (
	jobSync jobKind = iota // a sync: broken off it is done again
	jobSend                // reminders go
)

// job runs one piece of work that the owner can cancel, and reports its failure to the listeners.
func (a *App) job(ctx context.Context, kind jobKind, work func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c := &a.clerk
	c.mu.Lock()
	c.busy, c.kind, c.stop, c.progress = true, kind, stop, Progress{}
	c.mu.Unlock()
	select {
	case c.begun <- struct{}{}:
	default:
	}
	err := work(ctx)
	c.mu.Lock()
	c.busy, c.stop = false, nil
	c.mu.Unlock()
	if err != nil && !errors.Is(context.Cause(ctx), errMoved) {
		a.deps.Logger.Warn("job failed", "error", err)
		a.Publish(Event{Kind: Failed, Problem: ProblemOf(err)})
	}
	return err
}

// The causes of a job's end other than the program closing.
var (
	errStopped = errors.New("stopped by the owner")
	errMoved   = errors.New("another company was opened")
)

func stoppedByOwner(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errStopped) }

func (a *App) serve(ctx context.Context, k requestKind) {
	defer a.clerk.take()()
	if _, err := a.company(); err != nil {
		a.Publish(Event{Kind: Failed, Problem: ProblemOf(err)})
		return
	}
	kind := jobSync
	if k == wantRun {
		kind = jobSend
	}
	a.job(ctx, kind, func(ctx context.Context) error {
		switch k {
		case wantRun:
			_, err := a.runByHand(ctx, runOrder{slot: a.deps.Now(), kind: "manual"})
			return err
		case wantFullSync:
			return a.background(ctx, pull.Full)
		}
		return a.background(ctx, pull.Thorough)
	})
}

func (a *App) background(ctx context.Context, depth pull.Depth) error {
	_, err := a.sync(ctx, depth)
	if st, stErr := a.company(); err == nil && stErr == nil {
		a.writeNotes(ctx, st)
	}
	return err
}

// look does whatever is due now. Failures are told to the listeners; the next tick tries again.
func (a *App) look(ctx context.Context) error {
	defer a.clerk.take()()
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
	return a.job(ctx, jobSync, func(ctx context.Context) error { return a.background(ctx, pull.Light) })
}

// slotDuty carries out the run of a slot that has come (R6.1, R6.6).
func (a *App) slotDuty(ctx context.Context, st *store.Store, set map[string]string, now time.Time) error {
	slot, err := a.nextSlot(ctx, st, set, now)
	if err != nil || slot.IsZero() || now.Before(slot) {
		return err
	}
	// A crash cut a run off after it was planned, or an older copy was put back: what it left is for waitingDuty. The
	// slots since then are looked at one after the other, as they may be open still or were missed.
	order := runOrder{slot: slot, kind: slotRun}
	for {
		written, err := a.written(ctx, st, order)
		if err != nil {
			return err
		}
		if !written {
			break
		}
		a.clerk.retries, a.clerk.retryAt = 0, time.Time{}
		if order.slot, err = a.noteNextSlot(ctx, st, set, order.slot); err != nil || order.slot.IsZero() || now.Before(order.slot) {
			return err
		}
	}
	slot = order.slot
	switch {
	case pausedAt(set, now):
		return a.passSlot(ctx, st, set)
	case now.After(windowEnd(set, slot)):
		return a.missSlot(ctx, st, set, slot, now)
	case now.Before(a.clerk.retryAt):
		return nil
	}
	return a.runSlot(ctx, st, set, order)
}

// written reports whether a run is in the store, with all that it planned.
func (a *App) written(ctx context.Context, st *store.Store, o runOrder) (bool, error) {
	_, err := st.Run(ctx, o.id())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// runSlot tries the run of a slot. As long as nothing is planned a failed sync is tried again until the window
// ends (R6.1); from then on its messages wait in the outbox.
func (a *App) runSlot(ctx context.Context, st *store.Store, set map[string]string, order runOrder) error {
	var view RunView
	stopped := false
	err := a.job(ctx, jobSend, func(ctx context.Context) (err error) {
		view, err = a.run(ctx, order)
		stopped = stoppedByOwner(ctx)
		return err
	})
	if ctx.Err() != nil {
		return err // the program closes; the slot is looked at again when it is back
	}
	written, lookErr := a.written(ctx, st, order)
	if written || lookErr != nil {
		return errors.Join(err, lookErr, a.passSlot(ctx, st, set))
	}
	notFresh := view.Sync != nil && !view.Sync.OK
	if err != nil && !stopped && (notFresh || isTemporary(err)) {
		a.clerk.retries++
		a.clerk.retryAt = a.deps.Now().Add(backOff(a.clerk.retries))
		if a.clerk.retryAt.Before(windowEnd(set, order.slot)) {
			return err
		}
	}
	return errors.Join(err, a.recordHeld(ctx, st, order, view.Reason), a.passSlot(ctx, st, set))
}

// passSlot is done with the noted slot, and notes the one that comes next.
func (a *App) passSlot(ctx context.Context, st *store.Store, set map[string]string) error {
	a.clerk.retries, a.clerk.retryAt = 0, time.Time{}
	_, err := a.noteNextSlot(ctx, st, set, a.deps.Now())
	return err
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

// latestSlot is the last slot that is not after now, from a noted one on.
func latestSlot(set map[string]string, noted, now time.Time) time.Time {
	calendar := chase.NewCalendar(companyInput(store.Facts{Settings: set}))
	for {
		next, ok := calendar.NextSlot(noted)
		if !ok || next.After(now) {
			return noted
		}
		noted = next
	}
}

// missSlot puts the missed slot on its card; several make one card. Where the window of a later one is still
// open that one's run comes now, and there is nothing to ask (R6.6).
func (a *App) missSlot(ctx context.Context, st *store.Store, set map[string]string, slot, now time.Time) error {
	latest := latestSlot(set, slot, now)
	open := !now.After(windowEnd(set, latest))
	err := a.change(ctx, st, "run", "The chase of "+slot.In(zone(set)).Format("2 January 15:04")+" was missed: the program was not running or could not reach AccountsIQ. Nothing was sent.",
		func(tx *store.Tx) error {
			err := tx.AddRun(ctx, store.Run{ID: runOrder{slot: slot, kind: slotRun}.id(), SlotAt: slot, Kind: slotRun, Started: now, Finished: now, State: RunMissed, Reason: "not running at the time"})
			if err != nil && !errors.Is(err, store.ErrExists) {
				return err
			}
			if open {
				return tx.SetSetting(ctx, keyNextSlot, latest.UTC().Format(time.RFC3339))
			}
			return tx.SetSetting(ctx, keyMissedSlot, slot.UTC().Format(time.RFC3339))
		})
	if err != nil || open {
		return err
	}
	a.Publish(Event{Kind: SlotMissed})
	return a.passSlot(ctx, st, set)
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

// waitingDuty settles what a crash left, goes on with messages that were approved or wait for the mail server as
// long as their window is open, and drops at its end what has not gone (R6.5, R6.8). What waits for the mail
// server when its window ends is left for the next run, which goes on with the same Message-ID.
func (a *App) waitingDuty(ctx context.Context, st *store.Store, set map[string]string, _ time.Time) error {
	courier := a.courier(st)
	if err := courier.Settle(ctx); err != nil {
		return err
	}
	waiting, err := st.Messages(ctx, store.MessageQuery{States: []string{outbox.Planned, outbox.Approved, outbox.Queued}})
	if err != nil {
		return err
	}
	now := a.deps.Now()
	ready, over := sortWaiting(set, waiting, now)
	for _, m := range over {
		if err := a.drop(ctx, st, m); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if len(ready) > 0 && !pausedAt(set, now) && !now.Before(a.clerk.retryAt) {
		err = a.goOn(ctx, st, courier, ready)
	}
	return errors.Join(err, a.closeRuns(ctx, st))
}

// sortWaiting says which messages may go now and whose time is over. A clock that was set back drops nothing; the
// look before each message sees to it that nothing goes (R3.7).
func sortWaiting(set map[string]string, waiting []store.Message, now time.Time) (ready, over []store.Message) {
	for _, m := range slices.Backward(waiting) {
		toOwner := m.AccountID == 0
		switch {
		case !now.Before(windowEnd(set, m.PlannedFor)):
			if m.State != outbox.Queued || toOwner {
				over = append(over, m)
			}
		case m.State == outbox.Approved, m.State == outbox.Queued && now.Sub(m.Updated) >= backOff(max(1, m.Attempts)):
			ready = append(ready, m)
		}
	}
	return ready, over
}

// goOn sends what is ready. When AccountsIQ cannot be asked the next attempt waits a little.
func (a *App) goOn(ctx context.Context, st *store.Store, courier *outbox.Courier, ready []store.Message) error {
	ids := make([]string, len(ready))
	for i, m := range ready {
		ids[i] = m.ID
	}
	return a.job(ctx, jobSend, func(ctx context.Context) error {
		_, err := courier.Deliver(ctx, ids)
		if stoppedByOwner(ctx) {
			return errors.Join(err, a.takeBack(ctx, st, ids))
		}
		v := RunView{ID: ready[len(ready)-1].RunID, State: RunDone}
		err = errors.Join(err, a.count(ctx, st, &v, ids))
		if err != nil {
			a.clerk.retryAt = a.deps.Now().Add(backOff(2))
		}
		a.Publish(Event{Kind: RunFinished, Run: &v, Problem: ProblemOf(err)})
		a.writeNotes(ctx, st)
		return err
	})
}

// closeRuns marks runs as done of which nothing waits any more.
func (a *App) closeRuns(ctx context.Context, st *store.Store) error {
	runs, err := st.Runs(ctx, 20)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.State != RunWaiting && r.State != RunQueued && r.State != "running" {
			continue
		}
		left, err := st.Messages(ctx, store.MessageQuery{RunID: r.ID, States: []string{outbox.Planned, outbox.Approved, outbox.Queued, outbox.Sending}, Limit: 1})
		if err != nil {
			return err
		}
		if len(left) > 0 {
			continue
		}
		err = a.change(ctx, st, "", "", func(tx *store.Tx) error { return tx.FinishRun(ctx, r.ID, a.deps.Now(), RunDone, "") })
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *App) drop(ctx context.Context, st *store.Store, m store.Message) error {
	reason := "not approved in time"
	if m.State != outbox.Planned {
		reason = "its time was over before it could go"
	}
	return a.change(ctx, st, "message", "Not sent: \""+m.Subject+"\": "+reason+".", func(tx *store.Tx) error {
		return tx.MoveMessage(ctx, m.ID, []string{m.State}, outbox.Cancelled, store.Change{At: a.deps.Now(), Reason: reason, Attempts: m.Attempts})
	})
}

// today is the date in the company's zone (R1.2).
func today(set map[string]string, now time.Time) ledger.Date { return ledger.DateOf(now.In(zone(set))) }
