package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/store"
)

const (
	minute = time.Minute
	hour   = time.Hour
)

func refuseForNow(e mailtest.Event) mailtest.Fate {
	if e.Stage == mailtest.AtEnd {
		return mailtest.Fate{Code: 451, Text: "4.3.0 later"}
	}
	return mailtest.Fate{}
}

func TestR6_10Forewarn(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	held := w.customer("HELD", 9)[0]
	w.set(tuesday.Add(-19 * hour)) // Monday 15:00
	w.setUp()
	w.must(w.app.SetSetting(w.ctx, "approval", "never"))
	w.must(w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "partner@test.example", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw", Roles: []string{"forewarn"}}))
	w.must(w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "quiet@test.example", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw", Roles: []string{"cc"}}))
	w.t.Cleanup(func() { w.app.StopClerk() })
	w.must(w.company.Dispute(held.ID))
	w.set(w.clock().Add(-minute))
	w.look()
	if n := len(w.mail.Messages()); n != 0 {
		t.Fatalf("%d messages before the time", n)
	}
	w.tickTo(w.clock().Add(10 * minute))
	got := w.mail.Messages()
	if len(got) != 2 {
		t.Fatalf("%d forewarns, want one for each of two mailboxes", len(got))
	}
	var to []string
	for _, m := range got {
		to = append(to, m.To...)
		p, err := m.Parse()
		w.must(err)
		for _, want := range []string{"ACME Ltd", "acme@customer.example", "10001", "100.00", "12 May 2026 at 10:00", "HELD Ltd", "10002", "ispute", "must be running"} {
			if !strings.Contains(p.Text, want) {
				t.Errorf("the forewarn lacks %q:\n%s", want, p.Text)
			}
		}
		if p.Header.Get("Auto-Submitted") != "auto-generated" {
			t.Error("the forewarn does not say that it is automatic")
		}
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"owner@test.example", "partner@test.example"}) {
		t.Errorf("to %v", to)
	}
	w.restart()
	w.at(w.clock().Add(minute))
	if n := len(w.mail.Messages()); n != 2 {
		t.Errorf("after a restart it went again: %d", n)
	}
	w.tickTo(w.clock().Add(2 * minute))
	w.at(tuesday.Add(-5 * hour)) // Tuesday 05:00
	w.at(tuesday.Add(-5*hour + minute))
	if n := len(w.mail.Messages()); n != 4 {
		t.Errorf("%d forewarns after the second time, want 4", n)
	}
	w.at(tuesday)
	w.wantOutbox("ACME accepted")
	// A forewarn is no chase: nobody's gap, and no history (R4.5).
	w.at(tuesday.Add(6 * hour))
	if n := len(w.mail.Messages()); n != 5 {
		t.Errorf("%d messages in the end, want 4 forewarns and one reminder", n)
	}
}

func TestR6_10ForewarnAndPause(t *testing.T) {
	for name, c := range map[string]struct {
		until ledger.Date // zero: until resumed
		want  int
	}{
		"paused":                            {ledger.Date{}, 0},
		"the pause ends on the day it goes": {ledger.DateOf(tuesday), 1},
		"the pause ends the day after":      {ledger.DateOf(tuesday).AddDays(1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.customer("ACME", 8)
			w.set(tuesday.Add(-19 * hour)) // Monday 15:00
			w.setUp()
			w.must(w.app.Pause(w.ctx, c.until))
			w.t.Cleanup(func() { w.app.StopClerk() })
			w.tickTo(w.clock().Add(minute))
			if n := len(w.mail.Messages()); n != c.want {
				t.Errorf("%d forewarns, want %d", n, c.want)
			}
		})
	}
}

func TestR6_10ForewarnWaitsForItsSync(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.set(tuesday.Add(-19 * hour))
	w.setUp()
	w.t.Cleanup(func() { w.app.StopClerk() })
	w.aiq.Fail(aiqtest.Fault{Kind: aiqtest.FailDrop, Times: aiqtest.Always})
	w.tickTo(w.clock().Add(5 * minute))
	if n := len(w.mail.Messages()); n != 0 {
		t.Errorf("%d forewarns without a sync", n)
	}
	w.aiq.ClearFaults()
	w.tickTo(w.clock().Add(5 * minute))
	if n := len(w.mail.Messages()); n != 1 {
		t.Errorf("%d forewarns, want 1", n)
	}
}

// A forewarn that the mail server puts off is tried again, and not for ever.
func TestR6_10ForewarnIsDroppedWhenItsTimeIsOver(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.set(tuesday.Add(-19 * hour))
	w.setUp()
	w.t.Cleanup(func() { w.app.StopClerk() })
	w.misbehave(refuseForNow)
	w.tickTo(w.clock().Add(2 * minute))
	w.at(w.clock().Add(5 * hour))
	w.misbehave(nil)
	w.at(w.clock().Add(minute))
	list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{})
	w.must(err)
	if len(list) != 1 || list[0].State != "cancelled" || len(w.mail.Messages()) != 0 {
		t.Errorf("%d received, outbox %+v", len(w.mail.Messages()), list)
	}
}
