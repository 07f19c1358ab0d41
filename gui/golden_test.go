package gui

import (
	"testing"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/theme"
)

// TestGolden compares every screen, light and dark, with the picture that somebody looked at.
func TestGolden(t *testing.T) {
	usual := func() *fakecore.Core {
		c := fakecore.New(48, 260)
		c.State.Approval, c.State.Waiting = true, len(c.Next)
		return c
	}
	fresh := fakecore.Fresh
	for _, screen := range []struct {
		name string
		core func() *fakecore.Core
		show func(b *bench)
	}{
		{"home", usual, func(b *bench) {}},
		{"home-paused", func() *fakecore.Core {
			c := usual()
			c.State.Paused, c.State.PausedUntil, c.State.MissedSlot = true, ledger.DateOf(fakecore.Now).AddDays(8), fakecore.Now.AddDate(0, 0, -4)
			return c
		}, func(b *bench) {}},
		{"home-trouble", func() *fakecore.Core {
			c := usual()
			p := &core.Problem{Code: "refused_key", Message: "AccountsIQ refused the Company ID and User Key.", Hint: "Check the location and the keys."}
			c.State.SyncProblem, c.State.Health, c.State.LastRun = p, []core.Problem{*p}, nil
			return c
		}, func(b *bench) {}},
		{"customers", usual, func(b *bench) {
			b.go_(route{place: placeReceivables})
			b.w.frame.current.(*receivables).customers.table.SelectRow(2)
		}},
		{"invoices", usual, func(b *bench) { b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices}}) }},
		{"invoices-none", usual, func(b *bench) {
			b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices}})
			b.w.frame.current.(*receivables).searchBox.SetText("zzz")
			b.pass(typingPause)
		}},
		{"customer", usual, func(b *bench) { b.go_(route{place: placeCustomer, id: 2}) }},
		{"customer-history", usual, func(b *bench) {
			b.go_(route{place: placeCustomer, id: 2})
			b.w.frame.current.(*customerPage).tabs.SetCurrent(1)
			b.w.frame.current.(*customerPage).showTab()
		}},
		{"customer-recipients", usual, func(b *bench) {
			b.go_(route{place: placeCustomer, id: 2})
			b.w.frame.current.(*customerPage).tabs.SetCurrent(2)
			b.w.frame.current.(*customerPage).showTab()
		}},
		{"invoice", usual, func(b *bench) { b.go_(route{place: placeInvoice, id: 50002}) }},
		{"invoice-held", usual, func(b *bench) { b.go_(route{place: placeInvoice, id: 50003}) }},
		{"outbox", usual, func(b *bench) { b.go_(route{place: placeOutbox}) }},
		{"outbox-table", usual, func(b *bench) {
			b.go_(route{place: placeOutbox})
			b.w.frame.current.(*outbox).list.Pick(1)
		}},
		{"outbox-sent", usual, func(b *bench) {
			b.go_(route{place: placeOutbox})
			o := b.w.frame.current.(*outbox)
			o.tabs.SetCurrent(1)
			o.reload()
		}},
		{"activity", usual, func(b *bench) { b.go_(route{place: placeActivity}) }},
		{"schedules", usual, func(b *bench) { b.go_(route{place: placeSchedules}) }},
		{"settings-account", usual, func(b *bench) { b.go_(route{place: placeSettings, tab: tabAccount}) }},
		{"settings-connection", usual, func(b *bench) { b.go_(route{place: placeSettings, tab: tabConnection}) }},
		{"settings-mailboxes", usual, func(b *bench) { b.go_(route{place: placeSettings, tab: tabMailboxes}) }},
		{"settings-mailbox-add", usual, func(b *bench) {
			b.go_(route{place: placeSettings, tab: tabMailboxes})
			b.press("Add mailbox")
		}},
		{"settings-chasing", usual, func(b *bench) { b.go_(route{place: placeSettings, tab: tabChasing}) }},
		{"settings-tray", usual, func(b *bench) { b.go_(route{place: placeSettings, tab: tabTray}) }},
		{"settings-about", usual, func(b *bench) { b.go_(route{place: placeSettings, tab: tabAbout}) }},
		{"dialog-hold", usual, func(b *bench) {
			b.go_(route{place: placeReceivables})
			b.w.holdCustomer(b.core.Custs[1])
		}},
		{"dialog-stop", usual, func(b *bench) {
			b.go_(route{place: placeReceivables})
			b.w.stopCustomer(b.core.Custs[1])
		}},
		{"syncing", usual, func(b *bench) {
			b.w.handle(core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Transactions", Done: 1200, Total: 8400}})
		}},
		{"error", func() *fakecore.Core {
			c := usual()
			c.Fail["Activity"] = &core.Problem{Code: "store", Message: "The data could not be read.", Hint: "Close other programs that use the data folder and try again."}
			return c
		}, func(b *bench) { b.go_(route{place: placeActivity}) }},
		{"setup-welcome", fresh, func(b *bench) {}},
		{"setup-connect", fresh, func(b *bench) {
			b.press("Connect with AccountsIQ")
			c := b.w.setup.connect
			c.company.SetText("CURLEW01")
			c.userKey.SetText(" 7f3a99c1-user-key, ")
			c.tidy(c.userKey, c.userKeyF)
		}},
		{"setup-connect-failed", func() *fakecore.Core {
			c := fresh()
			c.Fail["Connect"] = &core.Problem{Code: "refused_key", Message: "AccountsIQ refused the Company ID and User Key.", Hint: "Check the location, look for stray spaces or commas, and make sure that Save was pressed in AccountsIQ after the User Key was requested."}
			return c
		}, func(b *bench) {
			b.press("Connect with AccountsIQ")
			c := b.w.setup.connect
			c.company.SetText("CURLEW01")
			c.userKey.SetText("7f3a99c1")
			c.location.SetSelected("uk1")
			c.submit()
		}},
		{"setup-connect-oauth", fresh, func(b *bench) {
			b.press("Connect with AccountsIQ")
			b.w.setup.connect.method.Choose("oauth")
		}},
		{"setup-business", fresh, func(b *bench) {
			b.w.setup.account.fill(b.core.Result.Suggest)
			b.w.setup.go_(stepBusiness)
		}},
		{"setup-mailbox", fresh, func(b *bench) {
			b.w.setup.go_(stepMailbox)
			b.w.setup.mailbox.preset.Choose("gmail")
		}},
		{"setup-sync", fresh, func(b *bench) {
			b.w.setup.go_(stepSync)
			b.w.handle(core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Customers", Done: 420, Total: 420}},
				core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Contacts", Done: 1310, Total: 1310}},
				core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Transactions", Done: 100, Total: 8400}})
			b.now = b.now.Add(20e9)
			b.w.handle(core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Transactions", Done: 2600, Total: 8400}})
		}},
		{"setup-who", func() *fakecore.Core {
			c := usual()
			c.State.Started = false
			return c
		}, func(b *bench) { b.w.openSetup(stepWho) }},
	} {
		for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
			name := screen.name + map[theme.Mode]string{theme.Light: "-light", theme.Dark: "-dark"}[mode]
			t.Run(name, func(t *testing.T) {
				b := open(t, screen.core(), mode)
				screen.show(b)
				b.golden(name)
			})
		}
	}
}
