package core_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/store"
)

// thursday is the slot after tuesday.
var thursday = tuesday.AddDate(0, 0, 2)

// ready sets the company up an hour before tuesday's slot, without approval, and lets the clerk look once.
func (w *world) ready() {
	w.t.Helper()
	w.set(tuesday.Add(-time.Hour))
	w.setUp()
	w.must(w.app.SetSetting(w.ctx, "approval", "never"))
	w.look()
	w.t.Cleanup(func() { w.app.StopClerk() })
}

// look is one tick of the clerk.
func (w *world) look() {
	w.t.Helper()
	w.must(w.app.Look(w.ctx))
}

// at moves the clock and lets the clerk look.
func (w *world) at(t time.Time) {
	w.t.Helper()
	w.set(t)
	w.look()
}

// tickTo lets the clerk tick every half minute up to and including an instant.
func (w *world) tickTo(end time.Time) {
	w.t.Helper()
	for t := w.clock().Add(30 * time.Second); !t.After(end); t = t.Add(30 * time.Second) {
		w.at(t)
	}
}

// restart closes the program and starts it anew.
func (w *world) restart() {
	w.t.Helper()
	w.app.StopClerk()
	w.must(w.app.Close())
	w.open()
}

// reminded lists to whom messages went, beside those to the owner, in order.
func (w *world) reminded() []string {
	out := []string{}
	for _, m := range w.mail.Messages() {
		if m.To[0] != "owner@test.example" {
			out = append(out, strings.TrimSuffix(m.To[0], "@customer.example"))
		}
	}
	return out
}

func (w *world) wantReminded(want ...string) {
	w.t.Helper()
	if got := w.reminded(); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		w.t.Errorf("reminded: %v, want %v", got, want)
	}
}

// outbox lists the messages to customers as "CODE state" or "CODE state: reason", by customer, then age.
func (w *world) outbox() []string {
	w.t.Helper()
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{})
	w.must(err)
	var out []string
	for _, m := range slices.Backward(list) {
		if m.AccountID == 0 || m.Kind == "skip" {
			continue
		}
		line := m.CustomerCode + " " + m.State
		if m.Reason != "" {
			line += ": " + m.Reason
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func (w *world) wantOutbox(want ...string) {
	w.t.Helper()
	if got := w.outbox(); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		w.t.Errorf("outbox:\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// runs lists the runs of slots, oldest first, as "day state".
func (w *world) wantRuns(want ...string) {
	w.t.Helper()
	list, err := w.app.Store().Runs(w.ctx, 0)
	w.must(err)
	var got []string
	for _, r := range slices.Backward(list) {
		got = append(got, r.SlotAt.Format("02")+" "+r.State)
	}
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		w.t.Errorf("runs %v, want %v", got, want)
	}
}

func (w *world) missed() time.Time {
	w.t.Helper()
	o, err := w.app.Overview(w.ctx)
	w.must(err)
	return o.MissedSlot
}

func (w *world) activity() string {
	w.t.Helper()
	list, err := w.app.Store().Events(w.ctx, store.EventQuery{})
	w.must(err)
	var out []string
	for _, e := range slices.Backward(list) {
		out = append(out, e.Text)
	}
	return strings.Join(out, "\n")
}

func (w *world) wantActivity(text string) {
	w.t.Helper()
	if got := w.activity(); !strings.Contains(got, text) {
		w.t.Errorf("activity lacks %q:\n%s", text, got)
	}
}

func (w *world) syncs() int {
	w.t.Helper()
	last, err := w.app.Store().LastSync(w.ctx)
	if errors.Is(err, store.ErrNotFound) {
		return 0
	}
	w.must(err)
	return int(last.ID)
}

// during calls f when the first message to a customer is at its end.
func (w *world) during(f func()) {
	done := false
	customer := false
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtRcpt {
			customer = e.To != "owner@test.example"
		}
		if e.Stage == mailtest.AtEnd && customer && !done {
			done = true
			f()
		}
		return mailtest.Fate{}
	})
}

func (w *world) account(code string) int64 {
	w.t.Helper()
	c, ok := w.company.Customer(code)
	if !ok {
		w.t.Fatalf("no customer %s", code)
	}
	return c.AccountID
}

func TestBackgroundSync(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", -20)
	w.set(tuesday.Add(4 * time.Hour))
	w.setUp()
	w.app.StopClerk()
	w.set(tuesday.Add(24 * time.Hour)) // Wednesday 10:00, with neither slot nor forewarn near
	w.must(w.app.Pause(w.ctx, ledger.DateOf(thursday)))
	start := w.clock()
	w.look()
	t.Cleanup(func() { w.app.StopClerk() })
	if n := w.syncs(); n != 1 {
		t.Fatalf("%d syncs at the start, want 1", n)
	}
	w.tickTo(start.Add(15*time.Minute - time.Second))
	if n := w.syncs(); n != 1 {
		t.Errorf("%d syncs before a quarter of an hour was over, want 1", n)
	}
	w.tickTo(start.Add(61 * time.Minute))
	if n := w.syncs(); n != 5 {
		t.Errorf("%d syncs in an hour, want 5", n)
	}
	w.must(w.app.SetSetting(w.ctx, "sync.every_minutes", "60"))
	w.tickTo(start.Add(119 * time.Minute))
	if n := w.syncs(); n != 5 {
		t.Errorf("%d syncs with one an hour, want 5", n)
	}
	w.tickTo(start.Add(121 * time.Minute))
	if n := w.syncs(); n != 6 {
		t.Errorf("%d syncs after another hour, want 6", n)
	}
	// A clock that was set back a day does not keep the sync waiting for a day.
	w.at(start.Add(-24 * time.Hour))
	w.at(start.Add(-24*time.Hour + time.Minute))
	if n := w.syncs(); n != 7 {
		t.Errorf("%d syncs after the clock was set back, want 7", n)
	}
}

func TestR6_2ASlotRunsOnce(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.tickTo(tuesday.Add(-30 * time.Second))
	w.wantReminded()
	w.at(tuesday)
	w.wantReminded("acme")
	w.tickTo(tuesday.Add(20 * time.Minute))
	w.restart()
	w.tickTo(tuesday.Add(30 * time.Minute))
	w.at(thursday) // the gap of three days is not over
	w.wantReminded("acme")
	w.wantRuns("12 done", "14 done")
	w.at(tuesday.AddDate(0, 0, 7))
	w.wantReminded("acme", "acme")
}

func TestR6_6Asleep(t *testing.T) {
	for name, c := range map[string]struct {
		wake   time.Time
		sent   bool
		missed bool
	}{
		"within the window":     {tuesday.Add(4 * time.Hour), true, false},
		"right after it":        {tuesday.Add(4*time.Hour + time.Second), false, true},
		"the next morning":      {tuesday.Add(23 * time.Hour), false, true},
		"in the window of next": {thursday.Add(time.Hour), true, false},
		"after the next one":    {thursday.Add(5 * time.Hour), false, true},
		"two months later":      {tuesday.AddDate(0, 2, 0).Add(9 * time.Hour), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.customer("ACME", 8)
			w.ready()
			w.restart()
			events, stop := w.app.Subscribe()
			defer stop()
			w.set(c.wake)
			for range 4 { // a sleep is followed by a pause for the network
				w.look()
				w.set(w.clock().Add(30 * time.Second))
			}
			if got := len(w.reminded()); (got == 1) != c.sent {
				t.Errorf("%d messages went", got)
			}
			if got := w.missed(); got.IsZero() == c.missed || (c.missed && !got.Equal(tuesday)) {
				t.Errorf("the card says %v", got)
			}
			cards := 0
			for len(events) > 0 {
				if (<-events).Kind == core.SlotMissed {
					cards++
				}
			}
			if want := map[bool]int{true: 1}[c.missed]; cards != want {
				t.Errorf("the owner was told %d times, want %d", cards, want)
			}
			if c.missed {
				w.wantRuns("12 missed")
				w.must(w.app.DismissMissedSlot(w.ctx))
				if !w.missed().IsZero() {
					t.Error("the card stays")
				}
			}
		})
	}
}

func TestARunAnswersTheCardOfAMissedSlot(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.at(tuesday.Add(5 * time.Hour))
	if w.missed().IsZero() {
		t.Fatal("nothing was missed")
	}
	w.app.ServeRun(w.ctx)
	w.wantReminded("acme")
	if !w.missed().IsZero() {
		t.Error("the card stays after the run")
	}
}

func TestR6_1SyncFailsUntilTheWindowEnds(t *testing.T) {
	for name, fault := range map[string]aiqtest.Fault{
		"not reachable":     {Kind: aiqtest.FailDrop},
		"refused for good":  {Code: "CONFIGURATION_ERROR"},
		"only transactions": {Op: "GetTransactionsBy", Code: "CONFIGURATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.customer("ACME", 8)
			w.ready()
			w.set(tuesday.Add(-time.Second))
			fault.Times = aiqtest.Always
			w.aiq.Fail(fault)
			before := w.syncs()
			w.tickTo(tuesday.Add(30 * time.Minute))
			// At 0, 1, 3, 7, 15 and 30 minutes, give or take a tick.
			if n := w.syncs() - before; n < 5 || n > 6 {
				t.Errorf("%d attempts in the first half hour", n)
			}
			w.tickTo(tuesday.Add(4*time.Hour + time.Minute))
			w.aiq.ClearFaults()
			w.tickTo(tuesday.Add(4*time.Hour + 30*time.Minute))
			w.wantReminded()
			w.wantRuns("12 held")
			w.wantActivity("Nothing was sent: data not fresh")
			if !w.missed().IsZero() {
				t.Error("a held run is not a missed one")
			}
			w.at(thursday)
			w.wantReminded("acme")
		})
	}
}

func TestR6_1SyncComesBackWithinTheWindow(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.aiq.Fail(aiqtest.Fault{Kind: aiqtest.FailDrop, Times: aiqtest.Always})
	w.set(tuesday.Add(-time.Second))
	w.tickTo(tuesday.Add(time.Hour))
	w.aiq.ClearFaults()
	w.tickTo(tuesday.Add(2 * time.Hour))
	w.wantReminded("acme")
	w.wantRuns("12 done")
}

func TestPausedSlotPassesSilently(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.must(w.app.Pause(w.ctx, ledger.DateOf(thursday)))
	w.at(tuesday)
	w.at(tuesday.Add(5 * time.Hour))
	w.wantReminded()
	w.wantRuns()
	if !w.missed().IsZero() {
		t.Error("a paused slot is not missed")
	}
	w.at(thursday) // R2.2, 1: a run on the day itself goes
	w.wantReminded("acme")
}

func TestSlotIsReckonedAnewWhenSettingsChange(t *testing.T) {
	for name, c := range map[string]struct {
		key, value string
		slot       time.Time
	}{
		"later":           {"slots.time", "11:30", tuesday.Add(90 * time.Minute)},
		"earlier, passed": {"slots.time", "08:00", thursday.Add(-2 * time.Hour)},
		"other days":      {"slots.weekdays", "Wed", tuesday.AddDate(0, 0, 1)},
		"a day off":       {"slots.extra_holidays", "2026-05-12", thursday},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.customer("ACME", 8)
			w.ready()
			w.must(w.app.SetSetting(w.ctx, c.key, c.value))
			for _, at := range []time.Time{w.clock(), tuesday, tuesday.Add(time.Minute), c.slot.Add(-time.Second)} {
				if at.Before(c.slot) {
					w.at(at)
				}
			}
			w.wantReminded()
			w.at(c.slot)
			w.wantReminded("acme")
		})
	}
	t.Run("another zone", func(t *testing.T) {
		w := newWorld(t)
		w.customer("ACME", 8)
		w.ready()
		acc, err := w.app.Account(w.ctx)
		w.must(err)
		acc.Timezone = "Europe/Berlin" // 10:00 there was at the moment of the set-up, an hour ago in Dublin
		w.must(w.app.SaveAccount(w.ctx, acc))
		w.at(tuesday)
		w.wantReminded()
		w.at(thursday.Add(-time.Hour))
		w.wantReminded("acme")
	})
	t.Run("no days at all", func(t *testing.T) {
		w := newWorld(t)
		w.customer("ACME", 8)
		w.ready()
		w.must(w.app.SetSetting(w.ctx, "slots.weekdays", ""))
		w.at(tuesday)
		w.at(thursday)
		w.wantReminded()
	})
}

func TestR3_7ClockSetBack(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.customer("BETA", 1)
	w.ready()
	w.at(tuesday)
	w.wantReminded("acme", "beta")
	back := tuesday.AddDate(0, 0, -5) // a Thursday
	w.customer("LATE", 20)
	w.at(back.Add(-time.Hour))
	w.at(back)
	w.at(back.Add(time.Minute))
	w.wantReminded("acme", "beta")
	w.wantActivity("Nothing was sent: The clock of this computer is behind the last run")
	// Right again, it goes on.
	w.at(tuesday.AddDate(0, 0, 7).Add(-time.Hour))
	w.at(tuesday.AddDate(0, 0, 7))
	if got := w.reminded(); !slices.Contains(got, "late") {
		t.Errorf("reminded %v", got)
	}
}

func TestR3_7ClockSetBackWhileMessagesWait(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday.Add(time.Minute))
	w.wantOutbox("ACME planned")
	list, err := w.app.Outbox(w.ctx)
	w.must(err)
	for _, m := range list {
		if m.State == "planned" {
			w.must(w.app.Approve(w.ctx, []string{m.ID}))
		}
	}
	w.at(tuesday.Add(-30 * time.Minute))
	w.at(tuesday.Add(-25 * time.Minute))
	w.wantReminded()
	w.wantOutbox("ACME approved")
	w.at(tuesday.Add(30 * time.Second)) // after the slot, before the run was carried out
	w.wantReminded()
	w.wantOutbox("ACME approved")
	w.at(tuesday.Add(5 * time.Minute))
	w.wantReminded("acme")
}

func TestClockJumpsAhead(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.at(tuesday.AddDate(0, 0, 10).Add(8 * time.Hour))
	w.at(w.clock().Add(time.Minute))
	w.wantReminded()
	if got := w.missed(); !got.Equal(tuesday) {
		t.Errorf("card of %v", got)
	}
}

func TestR6_8Approval(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	w.wantOutbox("AAA planned", "BBB planned")
	w.wantRuns("12 waiting")
	w.tickTo(tuesday.Add(time.Hour))
	w.wantReminded()
	list, err := w.app.Outbox(w.ctx)
	w.must(err)
	for _, m := range list {
		if m.CustomerCode == "AAA" {
			w.must(w.app.Approve(w.ctx, []string{m.ID}))
		}
	}
	w.at(w.clock().Add(30 * time.Second))
	w.wantReminded("aaa")
	w.wantRuns("12 waiting")
	w.at(tuesday.Add(4*time.Hour - time.Second))
	w.wantOutbox("AAA accepted", "BBB planned")
	w.at(tuesday.Add(4 * time.Hour))
	w.wantOutbox("AAA accepted", "BBB cancelled: not approved in time")
	w.wantRuns("12 done")
	w.at(thursday)
	w.wantOutbox("AAA accepted", "BBB cancelled: not approved in time", "BBB planned")
}

func TestR6_5QueuedGoesOnWithinTheWindow(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	tries := 0
	var times []time.Time
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtEnd {
			times = append(times, w.now)
			if tries++; tries < 4 {
				return mailtest.Fate{Code: 451, Text: "4.3.0 later"}
			}
		}
		return mailtest.Fate{}
	})
	w.at(tuesday)
	w.wantOutbox("ACME queued")
	w.wantRuns("12 queued")
	list, err := w.app.Outbox(w.ctx)
	w.must(err)
	id := list[0].MessageID
	w.tickTo(tuesday.Add(10 * time.Minute))
	w.wantReminded("acme")
	w.wantRuns("12 done")
	var after []time.Duration
	for _, at := range times {
		after = append(after, at.Sub(tuesday))
	}
	if want := []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute}; !slices.Equal(after, want) {
		t.Errorf("tried after %v, want %v", after, want)
	}
	got := w.mail.Messages()
	p, err := got[len(got)-1].Parse()
	w.must(err)
	if m, _ := p.Header.MessageID(); "<"+m+">" != id {
		t.Errorf("went as %s, was queued as %s", m, id)
	}
}

func TestR6_5aTheNextRunTakesTheQueuedMessageOn(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtEnd {
			return mailtest.Fate{Code: 451, Text: "4.3.0 later"}
		}
		return mailtest.Fate{}
	})
	w.at(tuesday)
	w.tickTo(tuesday.Add(4*time.Hour + time.Minute))
	w.wantOutbox("ACME queued")
	id := w.outboxID("ACME")
	w.tickTo(tuesday.Add(5 * time.Hour)) // the window is over
	w.at(thursday)
	w.wantOutbox("ACME queued") // and once more; it is thursday's now, and tried again in thursday's window
	w.misbehave(nil)
	w.tickTo(thursday.Add(30 * time.Minute))
	w.wantReminded("acme")
	w.wantOutbox("ACME accepted")
	if list, err := w.app.Outbox(w.ctx); err != nil || !list[0].PlannedFor.Equal(thursday) {
		t.Errorf("planned for %v, %v", list[0].PlannedFor, err)
	}
	if got := w.outboxID("ACME"); got != id {
		t.Errorf("went as %s, was queued as %s", got, id)
	}
}

// R6.5: a run that is so slow that its window ends leaves the rest to the next one.
func TestR6_5WhatIsLeftWhenTheWindowEndsWaits(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.ready()
	w.during(func() { w.set(tuesday.Add(4*time.Hour + time.Minute)) })
	w.at(tuesday)
	w.wantReminded("aaa")
	w.wantOutbox("AAA accepted", "BBB queued: the time of its run was over before it could go; the next run takes it on")
	w.tickTo(tuesday.Add(6 * time.Hour))
	w.wantReminded("aaa")
	w.at(thursday)
	w.wantReminded("aaa", "bbb")
}

// outboxID is the Message-ID of a customer's latest message.
func (w *world) outboxID(code string) string {
	w.t.Helper()
	list, err := w.app.Outbox(w.ctx)
	w.must(err)
	for _, m := range list {
		if m.CustomerCode == code {
			return m.MessageID
		}
	}
	w.t.Fatalf("no message to %s", code)
	return ""
}

func TestOwnerStopsARun(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.ready()
	w.during(w.app.CancelSync)
	w.at(tuesday)
	w.wantReminded("aaa")
	w.wantOutbox("AAA accepted", "BBB cancelled: stopped by you")
	w.tickTo(tuesday.Add(10 * time.Minute))
	w.wantReminded("aaa")
	w.at(thursday)
	w.wantReminded("aaa", "bbb")
}

func TestOwnerStopsASync(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	before, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	w.aiq.Fail(aiqtest.Fault{Op: "GetTransactionsBy", Kind: aiqtest.FailSlow, Delay: time.Minute})
	events, stop := w.app.Subscribe()
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			if e.Kind == core.SyncStarted {
				w.app.CancelSync()
				return
			}
		}
	}()
	w.at(tuesday)
	<-done
	w.wantReminded()
	w.wantRuns("12 held")
	after, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	if !slices.Equal(before.IDs, after.IDs) {
		t.Errorf("a stopped sync changed what was stored: %v, %v", before.IDs, after.IDs)
	}
}

// The program is closed while the sync of a slot's run is under way: the slot is not lost.
func TestClosedDuringTheSyncOfASlot(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.aiq.Fail(aiqtest.Fault{Op: "GetTransactionsBy", Kind: aiqtest.FailSlow, Delay: time.Minute})
	events, stop := w.app.Subscribe()
	defer stop()
	ctx, closeDown := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			if e.Kind == core.SyncStarted {
				closeDown()
				return
			}
		}
	}()
	w.set(tuesday)
	w.must(w.app.Look(ctx))
	<-done
	w.wantReminded()
	w.wantRuns()
	w.aiq.ClearFaults()
	w.restart()
	w.at(tuesday.Add(10 * time.Minute))
	w.wantReminded("acme")
	w.wantRuns("12 done")
}

// The program is closed when the sync is over and nothing is planned yet: the slot is not lost.
func TestClosedWhileASlotIsPlanned(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.app.StopClerk()
	w.must(w.app.Close())
	ctx, closeDown := context.WithCancel(w.ctx)
	var err error
	w.app, err = core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: w.dir + "/state",
		NewID: func() string { closeDown(); return "never stored" }}, w.dir+"/data")
	w.must(err)
	w.set(tuesday)
	w.must(w.app.Look(ctx))
	if ctx.Err() == nil {
		t.Fatal("nothing was planned")
	}
	w.wantRuns()
	w.wantOutbox()
	w.restart()
	w.at(tuesday.Add(10 * time.Minute))
	w.wantReminded("acme")
	w.wantRuns("12 done")
}

// The program is closed between two messages of a run: the others go when it is back, each once.
func TestClosedBetweenTwoMessages(t *testing.T) {
	for name, c := range map[string]struct {
		back time.Duration
		want []string
	}{
		"back in the window": {time.Hour, []string{"aaa", "bbb"}},
		"back too late":      {5 * time.Hour, []string{"aaa"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.customer("AAA", 8)
			w.customer("BBB", 8)
			w.ready()
			ctx, closeDown := context.WithCancel(w.ctx)
			w.during(closeDown)
			w.set(tuesday)
			w.must(w.app.Look(ctx))
			w.wantReminded("aaa")
			w.misbehave(nil)
			w.restart()
			w.at(tuesday.Add(c.back))
			w.at(tuesday.Add(c.back + time.Minute))
			w.wantReminded(c.want...)
			w.wantRuns("12 done")
			if !w.missed().IsZero() || strings.Contains(w.activity(), "Nothing was sent") {
				t.Errorf("the owner is told that nothing went:\n%s", w.activity())
			}
			if len(c.want) == 1 {
				w.wantOutbox("AAA accepted", "BBB cancelled: its time was over before it could go")
				w.at(thursday)
				w.wantReminded("aaa", "bbb")
			}
		})
	}
}

// AccountsIQ stops answering in the middle of a run: what is left waits and goes once it answers again.
func TestAccountsIQGoesAwayBetweenTwoMessages(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.customer("BBB", 8)
	w.ready()
	w.during(func() { w.aiq.Fail(aiqtest.Fault{Kind: aiqtest.FailDrop, Times: aiqtest.Always}) })
	w.at(tuesday)
	w.wantReminded("aaa")
	w.wantOutbox("AAA accepted", "BBB approved")
	w.wantRuns("12 queued")
	requests := len(w.aiq.Log())
	w.tickTo(tuesday.Add(90 * time.Second))
	if n := len(w.aiq.Log()) - requests; n != 0 {
		t.Errorf("%d requests at an AccountsIQ that has just been found down", n)
	}
	w.aiq.ClearFaults()
	w.tickTo(tuesday.Add(10 * time.Minute))
	w.wantReminded("aaa", "bbb")
	w.wantRuns("12 done")
}

// A crash left a message in the middle of its dialogue: the clerk says so at its first look, not at the next run.
func TestR6_4CutOffIsSettledAtTheFirstLook(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	w.must(w.app.SetSetting(w.ctx, "approval", "always"))
	w.at(tuesday)
	list, err := w.app.Outbox(w.ctx)
	w.must(err)
	w.must(w.app.Store().Tx(w.ctx, func(tx *store.Tx) error {
		return tx.MoveMessage(w.ctx, list[0].ID, []string{"planned"}, "sending", store.Change{At: w.clock()})
	}))
	w.restart()
	w.at(tuesday.Add(time.Minute))
	w.wantActivity("Uncertain: ")
	if got := w.outbox(); !strings.HasPrefix(got[0], "ACME uncertain") {
		t.Errorf("outbox %v", got)
	}
	w.wantRuns("12 done")
}

func TestLease(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.ready()
	other, err := core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: w.dir + "/state", NewID: func() string { return "other" }}, w.dir+"/data")
	w.must(err)
	defer other.Close()
	if err := other.Look(w.ctx); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second clerk: %v", err)
	}
	if err := other.Work(w.ctx); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second program: %v", err)
	}
	if _, err := other.Run(w.ctx, true); !errors.Is(err, store.ErrLocked) || codeOf(err) != "locked" {
		t.Errorf("a run beside the clerk: %v", err)
	}
	if _, err := other.Sync(w.ctx, false); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a sync beside the clerk: %v", err)
	}
	w.wantReminded()
	w.app.StopClerk()
	if _, err := other.Sync(w.ctx, false); err != nil {
		t.Errorf("after the clerk stopped: %v", err)
	}
}

func TestWorkStopsCleanly(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.set(tuesday.Add(-time.Hour))
	w.setUp()
	before := goleak.IgnoreCurrent()
	events, stop := w.app.Subscribe()
	defer stop()
	ctx, closeDown := context.WithCancel(w.ctx)
	ended := make(chan error)
	go func() { ended <- w.app.Work(ctx) }()
	for e := range events {
		if e.Kind == core.SyncFinished {
			break
		}
	}
	w.app.RequestRun()
	for e := range events {
		if e.Kind == core.RunFinished {
			break
		}
	}
	closeDown()
	w.must(<-ended)
	lease, err := store.Lock(w.app.Folder())
	if err != nil {
		t.Errorf("the lease was not given back: %v", err)
	} else {
		lease.Release()
	}
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"), goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"))
}

// A clerk without a company waits for one instead of failing.
func TestWorkWithoutACompany(t *testing.T) {
	w := newWorld(t)
	w.look()
	w.app.ServeRun(w.ctx)
	if w.app.Folder() != "" {
		t.Error("a folder appeared")
	}
}

// cutOffAtEnd hangs up after a message without an answer, and keeps it.
func cutOffAtEnd(e mailtest.Event) mailtest.Fate {
	if e.Stage == mailtest.AtEnd {
		return mailtest.Fate{Drop: true, Keep: true}
	}
	return mailtest.Fate{}
}
