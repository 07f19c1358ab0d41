package gui

import (
	"image"
	"reflect"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

func usual(t *testing.T) *bench {
	c := fakecore.New(48, 260)
	c.State.Approval, c.State.Waiting = true, len(c.Next)
	return open(t, c, theme.Light)
}

// where is the middle of a row of a table.
func (b *bench) where(table *kit.DataTable, row int) fyne.Position {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(table).AddXY(60, 38+48*float32(row)+24)
}

func (b *bench) shortcut(key fyne.KeyName) {
	// The test canvas hides the one that knows the shortcuts.
	inner := reflect.ValueOf(b.w.win.Canvas()).Elem().FieldByName("WindowlessCanvas").Interface().(fyne.Shortcutable)
	inner.TypedShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault})
	b.flush()
}

func TestShortcutsLeadEverywhere(t *testing.T) {
	b := usual(t)
	for i, p := range places {
		b.shortcut([]fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6}[i])
		if b.w.frame.at.place != p.name {
			t.Errorf("Ctrl+%d leads to %q, want %q", i+1, b.w.frame.at.place, p.name)
		}
	}
	b.key(fyne.KeyEscape)
	if b.w.frame.at.place != placeSchedules {
		t.Errorf("Esc leads to %q, want the place before", b.w.frame.at.place)
	}
	b.shortcut(fyne.KeyF)
	if b.w.frame.at.place != placeReceivables || b.w.win.Canvas().Focused() != b.w.frame.current.(*receivables).searchBox {
		t.Error("Ctrl+F does not lead to the search of the receivables")
	}
}

func TestSyncByKeyAndCancel(t *testing.T) {
	b := usual(t)
	b.key(fyne.KeyF5)
	b.mustDo("RequestSync")
	b.mustSee("Starting…")
	b.key(fyne.KeyF5)
	if n := strings.Count(strings.Join(b.core.Calls, " "), "RequestSync"); n != 1 {
		t.Errorf("a second F5 asked again (%d requests)", n)
	}
	b.w.handle(core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Transactions", Done: 1200, Total: 8400}})
	b.mustSee("Transactions 1,200 of 8,400")
	b.press("Cancel")
	b.mustDo("CancelSync")
	b.core.State.SyncProblem = &core.Problem{Code: "network", Message: "There is no connection to AccountsIQ.", Hint: "Check the internet connection and try again."}
	b.w.handle(core.Event{Kind: core.SyncFinished, Sync: &core.SyncView{}})
	b.flush()
	b.mustSee("There is no connection to AccountsIQ.", "Nothing is sent from old data.", "Sync now")
}

func TestSyncedAgoMovesWithTheClock(t *testing.T) {
	b := usual(t)
	b.mustSee("Synced 4 min ago")
	b.w.Start()
	b.flush()
	b.pass(31 * time.Second)
	b.pass(31 * time.Second)
	b.mustSee("Synced 5 min ago")
}

func TestEventsOfTheCoreReachTheWindow(t *testing.T) {
	b := usual(t)
	b.w.Start()
	b.core.State.Paused = true
	b.core.Publish(core.Event{Kind: core.RunFinished, Run: &core.RunView{State: "done", Sent: 3}})
	b.w.endEvents() // the pump takes in what was published, and ends
	<-b.w.pumpDone
	b.w.endEvents = nil
	b.flush()
	if got := b.w.snack.String(); got != "The chase is done: 3 messages sent." {
		t.Errorf("the window says %q", got)
	}
	b.mustSee("Chasing is paused")
}

func TestPauseAndResume(t *testing.T) {
	b := usual(t)
	b.w.askPause()
	b.flush()
	date := b.w.win.Canvas().Focused().(*kit.Entry)
	test.Type(date, "2026-06-15")
	b.key(fyne.KeyReturn)
	b.mustSee("Choose a day after today.")
	date.SetText("23 Jun 2026")
	b.key(fyne.KeyReturn)
	b.mustDo("Pause 2026-06-23")
	b.mustSee("Paused until 23 Jun", "Chasing is paused until 23 Jun 2026")
	b.press("Resume")
	b.mustDo("StartChasing")
	b.mustSee("Chasing")
}

func TestDialogsTakeTheKeys(t *testing.T) {
	b := usual(t)
	b.w.stopCustomer(b.core.Custs[1])
	b.flush()
	b.shortcut(fyne.Key3)
	if b.w.frame.at.place != placeHome {
		t.Error("a shortcut of the window works under a dialog")
	}
	b.key(fyne.KeyEscape)
	if b.w.dialogs.Open() || b.core.Did("StopCustomer 2") {
		t.Fatal("Esc does not just close the dialog")
	}
	b.w.stopCustomer(b.core.Custs[1])
	b.flush()
	b.key(fyne.KeyReturn) // on Cancel, which has the focus because it stops something
	if b.core.Did("StopCustomer 2") {
		t.Fatal("Enter on Cancel stopped the customer")
	}
	b.w.stopCustomer(b.core.Custs[1])
	b.flush()
	b.press("Stop chasing")
	b.mustDo("StopCustomer 2")
	b.shortcut(fyne.Key3)
	if b.w.frame.at.place != placeOutbox {
		t.Error("the shortcuts stay asleep after the dialog")
	}
}

func TestFailureOfAnAction(t *testing.T) {
	b := usual(t)
	b.core.Fail["StopCustomer"] = &core.Problem{Code: "store", Message: "The data could not be written.", Hint: "Free some space and try again."}
	b.w.stopCustomer(b.core.Custs[0])
	b.flush()
	b.press("Stop chasing")
	b.mustSee("The data could not be written.", "Free some space and try again.")
	b.press("Copy details")
	if got := b.w.deps.Clipboard.Content(); got != "store: The data could not be written. Free some space and try again." {
		t.Errorf("copied %q", got)
	}
}

func TestCustomersTable(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeReceivables})
	r := b.w.frame.current.(*receivables)
	table := r.customers.table
	first := r.customers.pager.ID(0)
	head := fyne.CurrentApp().Driver().AbsolutePositionForObject(table).AddXY(60, 19)
	test.TapCanvas(b.w.win.Canvas(), head)
	b.flush()
	if id, desc := table.Sort(); id != "name" || desc {
		t.Errorf("a click on the header sorts by %q, descending %v", id, desc)
	}
	if c := b.core.Custs[r.customers.pager.ID(0)-1]; !strings.HasPrefix(c.Name, "Ardmore") || r.customers.pager.ID(0) == first {
		t.Errorf("by name the first is %q", c.Name)
	}
	test.TapCanvas(b.w.win.Canvas(), head)
	b.flush()
	if _, desc := table.Sort(); !desc {
		t.Error("a second click does not turn the order round")
	}
	test.TapCanvas(b.w.win.Canvas(), b.where(table, 1))
	b.flush()
	if table.Selected() != 1 || b.w.frame.at.place != placeReceivables {
		t.Fatal("one click does not just select")
	}
	test.TapCanvas(b.w.win.Canvas(), b.where(table, 1))
	b.flush()
	if b.w.frame.at.place != placeCustomer || b.w.frame.at.id != r.customers.pager.ID(1) {
		t.Error("a double click does not open the customer")
	}
	b.key(fyne.KeyEscape)
	if b.w.frame.at.place != placeReceivables || table.Selected() != 1 {
		t.Error("Esc does not come back to the list as it was")
	}
}

func TestTwoSlowClicksDoNotOpen(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeReceivables})
	table := b.w.frame.current.(*receivables).customers.table
	test.TapCanvas(b.w.win.Canvas(), b.where(table, 1))
	b.pass(time.Second)
	test.TapCanvas(b.w.win.Canvas(), b.where(table, 1))
	b.flush()
	if b.w.frame.at.place != placeReceivables {
		t.Error("two slow clicks open the row")
	}
}

func TestTableKeys(t *testing.T) {
	b := open(t, fakecore.New(500, 100_000), theme.Light)
	b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices, status: "all"}})
	r := b.w.frame.current.(*receivables)
	table := r.invoices.table
	if got := r.invoices.pager.Len(); got != 100_000 {
		t.Fatalf("%d rows", got)
	}
	table.Focus()
	for _, step := range []struct {
		key  fyne.KeyName
		want int
	}{{fyne.KeyDown, 0}, {fyne.KeyDown, 1}, {fyne.KeyUp, 0}, {fyne.KeyUp, 0}, {fyne.KeyPageDown, 9}, {fyne.KeyEnd, 99_999}, {fyne.KeyDown, 99_999}, {fyne.KeyPageUp, 99_990}, {fyne.KeyHome, 0}} {
		b.key(step.key)
		if table.Selected() != step.want {
			t.Errorf("%s selects row %d, want %d", step.key, table.Selected(), step.want)
		}
	}
	b.key(fyne.KeyEnd)
	b.key(fyne.KeyReturn)
	if b.w.frame.at.place != placeInvoice || b.w.frame.at.id != r.invoices.pager.ID(99_999) {
		t.Errorf("Enter opens %+v", b.w.frame.at)
	}
}

func TestRowMenus(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeReceivables})
	r := b.w.frame.current.(*receivables)
	test.TapCanvas(b.w.win.Canvas(), fyne.NewPos(1145, b.where(r.customers.table, 0).Y))
	b.flush()
	if b.w.win.Canvas().Overlays().Top() == nil {
		t.Fatal("the three dots open no menu")
	}
	b.w.win.Canvas().Overlays().Remove(b.w.win.Canvas().Overlays().Top())
	labels := func(m *fyne.Menu) string {
		var out []string
		for _, item := range m.Items {
			out = append(out, item.Label)
		}
		return strings.Join(out, "|")
	}
	if got := labels(b.w.customerMenu(b.core.Custs[0])); got != "Open|Edit in AccountsIQ||Stop chasing|Hold until…|Add note…" {
		t.Errorf("customer: %s", got)
	}
	if got := labels(b.w.customerMenu(b.core.Custs[5])); !strings.Contains(got, "Chase again") {
		t.Errorf("stopped customer: %s", got)
	}
	if got := labels(b.w.invoiceMenu(b.core.Invs[0])); got != "Open|View in AccountsIQ|Open the customer|PDF||Expected date…|Hold until…|Mark as disputed|Stop chasing" {
		t.Errorf("invoice: %s", got)
	}
	if got := labels(b.w.invoiceMenu(b.core.Invs[7])); got != "Open|View in AccountsIQ|Open the customer|PDF" {
		t.Errorf("paid invoice: %s", got)
	}
}

func TestLinksToAccountsIQ(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeCustomer, id: 2})
	b.press("Edit in AccountsIQ")
	b.mustDo("CustomerLink 2")
	if len(b.opened) != 1 || b.opened[0] != "https://eu1.accountsiq.com/" || b.w.deps.Clipboard.Content() != "BRIG002" {
		t.Errorf("opened %q, copied %q", b.opened, b.w.deps.Clipboard.Content())
	}
	b.mustSee("BRIG002 is on the clipboard")
	b.go_(route{place: placeInvoice, id: 50002})
	b.press("View in AccountsIQ")
	if len(b.opened) != 2 || b.opened[1] != "https://eu1.accountsiq.com/invoice/50002" {
		t.Errorf("opened %q", b.opened)
	}
}

func TestSearchWaitsForThePause(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices}})
	r := b.w.frame.current.(*receivables)
	before := r.invoices.pager.Len()
	test.Type(r.searchBox, "1040")
	b.flush()
	if r.invoices.pager.Len() != before {
		t.Error("the list is read again on every letter")
	}
	b.pass(typingPause)
	if n := r.invoices.pager.Len(); n == before || n == 0 {
		t.Errorf("%d rows after typing, %d before", n, before)
	}
	r.searchBox.SetText("nobody")
	b.pass(typingPause)
	b.mustSee("Nothing found")
	b.press("Clear the search")
	b.pass(typingPause)
	if r.invoices.pager.Len() != before {
		t.Error("the list does not come back")
	}
}

func TestChartLeadsToTheFilteredList(t *testing.T) {
	b := usual(t)
	chart := b.w.frame.current.(*home).chart
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(chart).AddXY(chart.Size().Width*2.5/6, chart.Size().Height/2)
	test.MoveMouse(b.w.win.Canvas(), at)
	if chart.Hovered() != 2 {
		t.Errorf("the pointer is on bar %d", chart.Hovered())
	}
	test.TapCanvas(b.w.win.Canvas(), at)
	b.flush()
	r, ok := b.w.frame.current.(*receivables)
	if !ok || r.bucket.Selected() != "31-60" || r.tabs.Current() != tabInvoices {
		t.Fatal("a click on a bar does not lead to its invoices")
	}
	for _, id := range r.invoices.pager.IDs() {
		if v := b.core.Invs[id-50000]; v.Bucket != "31-60" || v.Currency != "EUR" {
			t.Fatalf("%s is in the list: %s %s", v.Number, v.Bucket, v.Currency)
		}
	}
	b.press("Clear filters")
	if r.bucket.Selected() != "" || r.currency != "" {
		t.Error("a filter stays")
	}
}

func TestOutbox(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeOutbox})
	b.mustSee("Needs approval", "Invoice 10412 is overdue")
	b.press("Approve")
	b.mustDo("Approve m1")
	b.press("Approve all 8")
	b.mustSee("Approve 8 messages?")
	b.press("Approve all")
	b.mustDo("Approve m2,m3,m4,m5,m6,m7,m8,m9")
	o := b.w.frame.current.(*outbox)
	o.list.Pick(2)
	b.flush()
	b.press("Skip")
	b.mustSee("Skip this message?")
	b.w.dialogs.Show(&kit.Dialog{Title: "above", Confirm: "Yes"})
	b.key(fyne.KeyEscape)
	b.key(fyne.KeyEscape)
	if b.core.Did("Skip m3") {
		t.Error("Esc skipped the message")
	}
	o.tabs.OnChanged(1)
	o.tabs.SetCurrent(1)
	o.reload()
	b.flush()
	b.mustSee("Uncertain", "The connection broke at the very end")
	b.press("It arrived")
	b.mustDo("SettleUncertain p1 true")
}

func TestWithoutApprovalNothingAsksForIt(t *testing.T) {
	b := open(t, fakecore.New(20, 40), theme.Light)
	b.go_(route{place: placeOutbox})
	b.mustSee("Ready")
	if b.sees("Needs approval") {
		t.Error("messages ask for an approval that is not wanted")
	}
}

func TestRecipients(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeCustomer, id: 2})
	p := b.w.frame.current.(*customerPage)
	p.tabs.SetCurrent(2)
	p.showTab()
	b.flush()
	var ticks []*kit.Check
	for _, o := range b.all() {
		if c, ok := o.(*kit.Check); ok {
			ticks = append(ticks, c)
		}
	}
	if len(ticks) != 9 {
		t.Fatalf("%d ticks for three addresses", len(ticks))
	}
	test.Tap(ticks[3])
	b.flush()
	b.mustDo("SetRecipient 2 aoife.kearney@brig002.example true false false")
}

func TestInvoiceSaysWhatWillHappen(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeInvoice, id: 50003})
	b.mustSee("Held back because it is in dispute.")
	b.press("End the dispute")
	b.mustDo("SetDisputed 50003 false")
	b.press("Expected date")
	b.w.win.Canvas().Focused().(*kit.Entry).SetText("2026-07-01")
	b.key(fyne.KeyReturn)
	b.mustDo("SetExpected 50003 2026-07-01")
}

func TestSettings(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeSettings, tab: tabChasing})
	for _, o := range b.all() {
		if c, ok := o.(*kit.Check); ok && c.Text == "Mon" {
			test.Tap(c)
		}
	}
	b.flush()
	b.mustDo("SetSetting slots.weekdays Mon,Tue,Thu")
	b.core.Fail["SetSetting"] = &core.Problem{Code: "bad_setting", Message: "Chase time: “25:00” is not a time of day such as 10:00.", Hint: "Nothing was changed."}
	for _, o := range b.all() {
		if e, ok := o.(*kit.Entry); ok && e.Text == "10:00" {
			e.SetText("25:00")
			e.OnSubmitted("25:00")
		}
	}
	b.flush()
	b.mustSee("is not a time of day such as 10:00")
}

func TestAddMailbox(t *testing.T) {
	b := usual(t)
	b.go_(route{place: placeSettings, tab: tabMailboxes})
	b.press("Add mailbox")
	b.press("Check and add")
	b.mustSee("Choose who runs your mailbox.", "This is not an e-mail address.")
	for _, o := range b.all() {
		switch c := o.(type) {
		case *kit.Select:
			if c.Placeholder != "" {
				c.Choose("fastmail")
			}
		case *kit.Entry:
			switch {
			case c.Password:
				c.SetText("secret")
			case strings.Contains(c.PlaceHolder, "@"):
				c.SetText(" me@curlew.example ")
			case strings.HasPrefix(c.PlaceHolder, "Accounts"):
				c.SetText("Me")
			}
		}
	}
	b.press("Check and add")
	if len(b.core.Boxed) != 1 {
		t.Fatalf("added %+v", b.core.Boxed)
	}
	got := b.core.Boxed[0]
	if got.Address != "me@curlew.example" || got.SMTP != "smtp.fastmail.com:465" || got.Security != "tls" || got.User != "me@curlew.example" || strings.Join(got.Roles, ",") != "normal,escalated,forewarn" {
		t.Errorf("added %+v", got)
	}
	b.mustSee("me@curlew.example")
}

func TestEveryScreenHasAnErrorAndComesBack(t *testing.T) {
	for _, s := range []struct{ method, place string }{{"Customers", placeReceivables}, {"CustomersByID", placeReceivables}, {"Upcoming", placeOutbox}, {"Activity", placeActivity},
		{"Schedules", placeSchedules}, {"Account", placeSettings}, {"Customer", placeCustomer}, {"Invoice", placeInvoice}} {
		t.Run(s.method, func(t *testing.T) {
			b := usual(t)
			b.core.Fail[s.method] = &core.Problem{Code: "store", Message: "The data could not be read.", Hint: "Try again."}
			id := int64(2)
			if s.place == placeInvoice {
				id = 50002
			}
			b.go_(route{place: s.place, id: id})
			b.mustSee("The data could not be read.", "Try again.")
			delete(b.core.Fail, s.method)
			b.press("Try again")
			if b.sees("The data could not be read.") {
				t.Error("the error stays after the next good answer")
			}
		})
	}
}

func TestEmptyScreens(t *testing.T) {
	c := fakecore.New(1, 0)
	c.Next, c.Past, c.Events, c.Boxes = nil, nil, nil, nil
	b := open(t, c, theme.Light)
	for _, s := range []struct {
		at   route
		want string
	}{{route{place: placeHome}, "Nothing is outstanding"}, {route{place: placeReceivables}, "Nobody owes you anything"}, {route{place: placeOutbox}, "Nothing is due"},
		{route{place: placeActivity}, "Nothing happened yet"}, {route{place: placeSettings, tab: tabMailboxes}, "No mailbox to send from"}, {route{place: placeCustomer, id: 1}, "No invoices"}} {
		b.go_(s.at)
		b.mustSee(s.want)
	}
}

func TestLoadingUntilTheAnswerComes(t *testing.T) {
	b := usual(t)
	b.w.frame.go_(route{place: placeActivity})
	b.mustSee("Loading…")
	b.flush()
	if b.sees("Loading…") {
		t.Error("the screen goes on loading")
	}
}

type fakeTray struct {
	icon fyne.Resource
	menu *fyne.Menu
}

func (f *fakeTray) SetSystemTrayMenu(m *fyne.Menu)    { f.menu = m }
func (f *fakeTray) SetSystemTrayIcon(r fyne.Resource) { f.icon = r }
func (f *fakeTray) SetSystemTrayWindow(fyne.Window)   {}

func TestTray(t *testing.T) {
	b := open(t, fakecore.New(20, 40), theme.Light)
	tray := &fakeTray{}
	b.w.Tray(tray, true)
	if tray.icon.Name() != "tray-ok.png" || tray.menu.Items[1].Label != "Next chase Tue 16 Jun, 10:00" {
		t.Errorf("icon %s, %q", tray.icon.Name(), tray.menu.Items[1].Label)
	}
	b.core.State.Paused = true
	b.w.reload()
	b.flush()
	if tray.icon.Name() != "tray-paused.png" || tray.menu.Items[3].Label != "Resume" {
		t.Errorf("icon %s, %q", tray.icon.Name(), tray.menu.Items[3].Label)
	}
	b.core.State.Health = []core.Problem{{Code: "refused_key", Message: "x"}}
	b.w.reload()
	b.flush()
	if tray.icon.Name() != "tray-attention.png" {
		t.Errorf("icon %s", tray.icon.Name())
	}
	tray.menu.Items[1].Action()
	b.flush()
	if b.w.frame.at.place != placeOutbox {
		t.Error("the entry of the next chase does not open the outbox")
	}
	none := &fakeTray{}
	b.w.Tray(none, false)
	if none.menu != nil || b.w.tray.keep {
		t.Error("without a tray the window would hide for good")
	}
}

func TestPauseUntilTheDayItEnds(t *testing.T) {
	b := usual(t)
	b.w.pause(ledger.Date{})
	b.flush()
	b.mustDo("Pause")
	b.mustSee("Paused")
}

func TestTheThemeCanChangeWhileTheWindowIsOpen(t *testing.T) {
	for _, at := range []route{{place: placeHome}, {place: placeReceivables}, {place: placeOutbox}, {place: placeActivity}, {place: placeSchedules}, {place: placeSettings, tab: tabChasing}, {place: placeInvoice, id: 50003}} {
		t.Run(at.place, func(t *testing.T) {
			picture := func(first theme.Mode) image.Image {
				b := open(t, fakecore.New(48, 260), first)
				b.go_(at)
				b.w.deps.App.Settings().SetTheme(theme.New(theme.Dark))
				b.w.win.Content().Refresh()
				b.flush()
				return b.w.win.Canvas().Capture()
			}
			if changed, fresh := picture(theme.Light), picture(theme.Dark); !reflect.DeepEqual(changed, fresh) {
				t.Error("something keeps the colours of the theme before")
			}
		})
	}
}

func TestNotifications(t *testing.T) {
	b := usual(t)
	done := &core.RunView{State: "done", Sent: 2}
	test.AssertNotificationSent(t, fyne.NewNotification("Dunlin", "The chase is done: 2 messages sent."), func() {
		b.w.handle(core.Event{Kind: core.RunFinished, Run: done})
		b.flush()
	})
	for i := range b.core.Sets {
		if b.core.Sets[i].Key == "notifications" {
			b.core.Sets[i].Value = "false"
		}
	}
	b.w.readSettings()
	b.flush()
	test.AssertNotificationSent(t, nil, func() {
		b.w.handle(core.Event{Kind: core.RunFinished, Run: done})
		b.flush()
	})
}

func BenchmarkTableScroll(b *testing.B) {
	test.NewTempApp(b)
	table := kit.NewDataTable([]kit.Column{{ID: "a", Title: "A", Width: 200, Grow: 1}, {ID: "b", Title: "B", Width: 100, Right: true}, {Title: "C", Width: 100}}, time.Now)
	table.Len = func() int { return 100_000 }
	table.Row = func(i int, cells []kit.Cell) bool {
		cells[0], cells[1], cells[2] = kit.Cell{Text: "Customer", Sub: "CUST001"}, kit.Cell{Text: "€1,234.50"}, kit.Cell{Text: "Chasing", Pill: true}
		return true
	}
	w := test.NewTempWindow(b, table)
	w.Resize(fyne.NewSize(900, 700))
	for i := 0; b.Loop(); i++ {
		test.Scroll(w.Canvas(), fyne.NewPos(300, 300), 0, -144)
	}
}

// TestTheWindowFitsASmallScreen keeps every screen within 1024 by 700, at which it must still work.
func TestTheWindowFitsASmallScreen(t *testing.T) {
	b := usual(t)
	for _, at := range []route{{place: placeHome}, {place: placeReceivables}, {place: placeReceivables, show: &receivablesAt{tab: tabInvoices, bucket: "1-30"}}, {place: placeOutbox}, {place: placeActivity},
		{place: placeSchedules}, {place: placeSettings, tab: tabChasing}, {place: placeCustomer, id: 2}, {place: placeInvoice, id: 50003}} {
		b.go_(at)
		if m := b.w.win.Content().MinSize(); m.Width > 1024 || m.Height > 700 {
			t.Errorf("%s needs %v", at.place, m)
		}
	}
}
