package gui

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// toTheEnd scrolls to the end of what is shown.
func (b *bench) toTheEnd() {
	for _, o := range b.all() {
		if scroll, ok := o.(*container.Scroll); ok && scroll.Content.MinSize().Height > scroll.Size().Height {
			scroll.ScrollToBottom()
		}
	}
}

// notesOff is a company whose notes switched themselves off.
func notesOff() *fakecore.Core {
	c := fakecore.New(48, 260)
	c.State.Health = []core.Problem{{Code: "notes_not_allowed", Message: "AccountsIQ does not let this connection write notes; notes were switched off.",
		Hint: "Ask your AccountsIQ administrator for the permission to write, then switch them on again under Settings."}}
	return c
}

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
			b.w.handle(core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Transactions", Done: 1200, Total: 8400, Left: 130 * time.Second}})
		}},
		{"error", func() *fakecore.Core {
			c := usual()
			c.Fail["Activity"] = &core.Problem{Code: "store", Message: "The data could not be read.", Hint: "Close other programs that use the data folder and try again."}
			return c
		}, func(b *bench) { b.go_(route{place: placeActivity}) }},
		{"home-mismatch", unequal, func(b *bench) {}},
		{"customer-mismatch", unequal, func(b *bench) { b.go_(route{place: placeCustomer, id: 2}) }},
		{"home-inall", func() *fakecore.Core {
			c := usual()
			dollars := ledger.Ageing{Currency: "USD"}
			dollars.Add(12, 125_000)
			c.State.Ageing = append(c.State.Ageing, dollars)
			c.State.InBase, c.State.InBaseWithout = &core.Amount{Currency: "EUR", Amount: "527261.45"}, []string{"USD"}
			return c
		}, func(b *bench) {}},
		{"invoices-inall", func() *fakecore.Core {
			c := usual()
			c.State.InBase = &core.Amount{Currency: "EUR", Amount: "527261.45"}
			return c
		}, func(b *bench) { b.go_(route{place: placeReceivables, show: &receivablesAt{tab: tabInvoices}}) }},
		{"home-notes-off", notesOff, func(b *bench) {}},
		{"settings-notes-off", notesOff, func(b *bench) { b.go_(route{place: placeSettings, tab: tabConnection}) }},
		{"settings-copies", func() *fakecore.Core {
			c := usual()
			c.Styles = []string{"Standard", "With logo"}
			return c
		}, func(b *bench) {
			b.w.win.Resize(fyne.NewSize(1200, 1340))
			b.go_(route{place: placeSettings, tab: tabChasing})
		}},
		{"invoice-missing", func() *fakecore.Core {
			c := usual()
			c.Missing = map[int64]bool{50003: true}
			c.Invs[3].Held = &core.HeldView{Reason: "not_posted", Text: "it is not posted in AccountsIQ any more"}
			c.Invs[3].Sentence = "Held back because it is not posted in AccountsIQ any more."
			return c
		}, func(b *bench) { b.go_(route{place: placeInvoice, id: 50003}) }},
		{"invoice-saved", usual, func(b *bench) {
			b.w.deps.Downloads = func() (string, error) {
				dir := filepath.Join(b.TempDir(), "Downloads")
				return dir, os.Mkdir(dir, 0o700)
			}
			b.go_(route{place: placeInvoice, id: 50002})
			b.press("PDF")
		}},
		{"invoice-fetching", usual, func(b *bench) {
			b.go_(route{place: placeInvoice, id: 50002})
			b.w.setFetching(50002, true)
			b.w.snack.Wait("Fetching invoice 10402 from AccountsIQ…")
		}},
		{"companies-menu", withSecond, func(b *bench) { b.w.frame.showCompanyMenu() }},
		{"settings-companies", func() *fakecore.Core {
			c := withSecond()
			c.Entries = append(c.Entries, core.CompanyEntry{ID: "KNOT", Name: "KNOT", Problem: &core.Problem{Code: "damaged_file", Message: "The data file is damaged.", Hint: "Restore a backup with \"dunlin restore\"."}})
			return c
		}, func(b *bench) { b.go_(route{place: placeSettings, tab: tabConnection}) }},
		{"settings-links", func() *fakecore.Core {
			c := usual()
			c.Learnt["x"] = core.LinkLearnt{Kind: core.CustomerPage, Pattern: "https://eu1.accountsiq.com/c/{code}", Code: "ARDM001", Name: "Ardmore Joinery Ltd"}
			return c
		}, func(b *bench) {
			b.go_(route{place: placeSettings, tab: tabConnection})
			s := b.w.frame.current.(*settingsScreen)
			s.learn("links.customer", "x", kit.NewField("", kit.NewEntry(""), ""))
			b.flush()
			b.toTheEnd()
		}},
		{"dialog-erase", usual, func(b *bench) {
			b.go_(route{place: placeSettings, tab: tabConnection})
			b.press("Disconnect and erase")
		}},
		{"dialog-switch", withSecond, func(b *bench) { b.choose("Gannet Tools Ltd") }},
		{"setup-connect-asking", fresh, func(b *bench) {
			b.press("Connect with AccountsIQ")
			c := b.w.setup.connect
			c.location.SetSelected("uk1")
			p := &placeSearch{c: c, places: b.core.OtherLocations(core.ConnectRequest{Location: "uk1"}), asking: true}
			p.answers = []core.LocationAnswer{{Location: p.places[0], Problem: &core.Problem{Message: "AccountsIQ refused the Company ID and User Key."}}}
			p.show()
		}},
		{"setup-connect-found", fresh, func(b *bench) {
			b.press("Connect with AccountsIQ")
			c := b.w.setup.connect
			c.location.SetSelected("uk1")
			refused := &core.Problem{Code: "refused_key", Message: "AccountsIQ refused the Company ID and User Key."}
			b.core.Places = map[string]*core.Problem{"eu1": refused, "us1": refused}
			c.tryOthers()
		}},
		{"setup-connect-companies", fresh, func(b *bench) {
			b.press("Connect with AccountsIQ")
			b.w.setup.connect.pickEntity([]core.Entity{{ID: "CURLEW01", Name: "Curlew Office Supplies Ltd", Currency: "EUR"}, {ID: "CURLEWUK", Name: "Curlew Office Supplies (UK) Ltd", Currency: "GBP"}, {ID: "GANNET", Name: "Gannet Tools Ltd", Currency: "EUR"}})
		}},
		{"setup-welcome-companies", func() *fakecore.Core {
			c := fresh()
			c.Entries = []core.CompanyEntry{{ID: "GANNET", Name: "Gannet Tools Ltd"}}
			return c
		}, func(b *bench) {}},
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
			b.w.handle(core.Event{Kind: core.Progressed, Progress: core.Progress{Stage: "Transactions", Done: 2600, Total: 8400, Left: 130 * time.Second}})
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
