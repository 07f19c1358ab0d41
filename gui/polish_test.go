package gui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// TestATroubleThatGoesOnIsToldOnce: syncing fails every fifteen minutes, and the owner hears of it once.
func TestATroubleThatGoesOnIsToldOnce(t *testing.T) {
	b := usual(t)
	p := &core.Problem{Code: "refused_connection", Message: "The AccountsIQ server refuses the connection.", Hint: "Check the address, or try again later."}
	note := fyne.NewNotification("Dunlin", p.Message+" "+p.Hint)
	fails := func() {
		b.w.handle(core.Event{Kind: core.SyncFinished, Sync: &core.SyncView{Error: p}}, core.Event{Kind: core.Failed, Problem: p})
		b.flush()
	}
	test.AssertNotificationSent(t, note, fails)
	for range 8 {
		b.pass(15 * time.Minute)
		test.AssertNotificationSent(t, nil, fails)
		if said := b.w.snack.String(); said != "" {
			t.Fatalf("said again: %q", said)
		}
	}
	b.w.syncNow()
	test.AssertNotificationSent(t, nil, fails)
	if b.w.snack.String() != p.Message {
		t.Errorf("the owner asked for a sync and was not told that it failed: %q", b.w.snack.String())
	}
	b.w.handle(core.Event{Kind: core.SyncFinished, Sync: &core.SyncView{OK: true}})
	b.pass(15 * time.Minute)
	test.AssertNotificationSent(t, note, fails)
}

func TestAStopByTheOwnerIsNoNews(t *testing.T) {
	b := usual(t)
	b.w.syncNow()
	stopped := &core.Problem{Code: "cancelled", Message: "The work was stopped before it was finished."}
	test.AssertNotificationSent(t, nil, func() {
		b.w.handle(core.Event{Kind: core.Failed, Problem: stopped})
		b.flush()
	})
	if b.w.snack.String() != stopped.Message {
		t.Errorf("said %q", b.w.snack.String())
	}
}

func TestAnEventOpensItsCustomer(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeActivity})
	a := b.w.frame.current.(*activity)
	with, without := -1, -1
	for i, e := range a.rows {
		if e.Customer != "" && with < 0 {
			with = i
		}
		if e.Customer == "" && without < 0 {
			without = i
		}
	}
	a.tapped(without)
	b.flush()
	b.mustSee(a.rows[without].Text)
	if !b.w.dialogs.Open() {
		t.Fatal("an event about nobody is not shown whole")
	}
	b.key(fyne.KeyEscape)
	code := a.rows[with].Customer
	b.w.win.Canvas().Focus(a.list)
	a.list.Pick(with)
	b.key(fyne.KeyReturn)
	p, ok := b.w.frame.current.(*customerPage)
	if !ok || p.detail.Code != code {
		t.Fatalf("Enter does not open customer %s but %T", code, b.w.frame.current)
	}
	b.w.openCustomer("GONE")
	b.flush()
	b.mustSee("There is no customer")
}

// TestNextAndLast: a customer's invoices stand at different steps, so the date stands alone.
func TestNextAndLast(t *testing.T) {
	f, today := newFormat(core.Account{Country: "IE", Timezone: "UTC"}), ledger.DateOf(fakecore.Now)
	for _, x := range []struct {
		name      string
		cell      kit.Cell
		text, sub string
	}{
		{"an invoice's next", nextCell(f, &core.NextView{Step: 2, Offset: 8, Date: today.AddDays(1)}, today), "16 Jun", "Step 2"},
		{"a customer's next", nextCell(f, &core.NextView{Date: today.AddDays(1)}, today), "16 Jun", ""},
		{"an invoice's last", lastCell(f, &core.LastView{Step: 1, Offset: 1, At: fakecore.Now}, today), "15 Jun", "Step 1"},
		{"a customer's last", lastCell(f, &core.LastView{At: fakecore.Now}, today), "15 Jun", ""},
		{"none", nextCell(f, nil, today), "–", ""},
	} {
		if x.cell.Text != x.text || x.cell.Sub != x.sub {
			t.Errorf("%s: %q %q", x.name, x.cell.Text, x.cell.Sub)
		}
	}
}

// TestASmallWindowStillShowsEverything: large letters on a small screen leave 700 by 430.
func TestASmallWindowStillShowsEverything(t *testing.T) {
	for _, at := range []route{{place: placeHome}, {place: placeReceivables}, {place: placeOutbox}, {place: placeActivity}, {place: placeSchedules}, {place: placeSettings}, {place: placeInvoice, id: 50003}} {
		t.Run(at.place, func(t *testing.T) {
			b := open(t, fakecore.New(48, 260), theme.Light)
			b.w.win.Resize(fyne.NewSize(700, 430))
			b.go_(at)
			if least := b.w.win.Content().MinSize(); least.Width > 700 || least.Height > 430 {
				t.Errorf("the window needs %v", least)
			}
			if least := b.w.frame.object.MinSize(); least.Width > 700 {
				t.Errorf("the screen needs a width of %v and would scroll sideways", least.Width)
			}
		})
	}
}
