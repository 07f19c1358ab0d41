package gui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"dunlin/core"
	"dunlin/core/ledger"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// withSecond is a company with a second one beside it.
func withSecond() *fakecore.Core {
	c := fakecore.New(48, 260)
	c.Entries = append(c.Entries, core.CompanyEntry{ID: "GANNET", Name: "Gannet Tools Ltd"})
	return c
}

func (b *bench) choose(item string) {
	b.Helper()
	for _, i := range b.w.frame.companyMenu().Items {
		if i.Label == item {
			i.Action()
			b.flush()
			return
		}
	}
	b.Fatalf("no %q in the menu", item)
}

func TestTheCompanysNameIsAMenuWhenThereAreSeveral(t *testing.T) {
	b := open(t, fakecore.New(12, 60), theme.Light)
	if b.w.frame.switcher.Visible() {
		t.Error("one company has a menu")
	}
	b = open(t, withSecond(), theme.Light)
	if !b.w.frame.switcher.Visible() || b.w.frame.switcher.Text != "Curlew Office Supplies" {
		t.Error("several companies have no menu")
	}
}

func TestSwitchingShowsNothingOfTheOldCompany(t *testing.T) {
	b := open(t, withSecond(), theme.Light)
	b.go_(route{place: placeCustomer, id: 2})
	b.choose("Gannet Tools Ltd")
	if b.core.Did("UseCompany GANNET") {
		t.Fatal("switched without a word")
	}
	b.mustSee("Only the company that is open is synced and chased. Curlew Office Supplies rests until you open it again.")
	b.press("Open")
	b.mustDo("UseCompany GANNET")
	if b.w.frame.at.place != placeHome || len(b.w.frame.history) != 0 || b.w.frame.switcher.Text != "Gannet Tools Ltd" {
		t.Errorf("at %+v, history %v, name %q", b.w.frame.at, b.w.frame.history, b.w.frame.switcher.Text)
	}
}

func TestAFailedSwitchLeavesTheWindowAsItWas(t *testing.T) {
	c := withSecond()
	c.Fail["UseCompany"] = &core.Problem{Code: "sending", Message: "Reminders are being sent at this moment.", Hint: "Wait until the chase is done."}
	b := open(t, c, theme.Light)
	b.go_(route{place: placeCustomer, id: 2})
	b.choose("Gannet Tools Ltd")
	b.press("Open")
	b.mustSee("Reminders are being sent at this moment.")
	b.press("Close")
	if b.w.frame.at.place != placeCustomer {
		t.Errorf("at %+v", b.w.frame.at)
	}
}

func TestACompanyChangedElsewhereIsNoticed(t *testing.T) {
	for name, notice := range map[string]func(*bench){
		"by the event":                  func(b *bench) { b.w.handle(core.Event{Kind: core.CompanyChanged}) },
		"by the overview, event missed": func(b *bench) { b.w.reload() },
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, withSecond(), theme.Light)
			b.go_(route{place: placeCustomer, id: 2})
			if err := b.core.UseCompany(t.Context(), "GANNET"); err != nil {
				t.Fatal(err)
			}
			notice(b)
			b.flush()
			if b.w.frame.at.place != placeHome || len(b.w.frame.history) != 0 {
				t.Errorf("still at %+v", b.w.frame.at)
			}
			b.mustSee("Gannet Tools Ltd")
		})
	}
}

func TestConnectAnotherCompany(t *testing.T) {
	b := open(t, fakecore.New(12, 60), theme.Light)
	b.go_(route{place: placeSettings, tab: tabConnection})
	b.press("Connect another company")
	if b.w.setup == nil || b.w.setup.at != stepConnect || b.w.setup.account.name.Text != "" || b.w.setup.reached != stepConnect {
		t.Fatal("the first run does not begin at the connection")
	}
	b.press("Back")
	if b.w.setup != nil || b.w.frame.at.place != placeHome {
		t.Fatal("Back does not lead home")
	}
	b.go_(route{place: placeSettings, tab: tabConnection})
	b.press("Connect another company")
	f := b.w.setup.connect
	f.company.SetText("GANNET")
	f.userKey.SetText("7f3a")
	f.location.SetSelected("uk1")
	b.core.Result.Company = ledger.Company{ID: "GANNET", Name: "Gannet Tools Ltd"}
	b.core.Result.Suggest = core.Account{Name: "Gannet Tools Ltd", Country: "IE", Timezone: "Europe/Dublin", Currency: "EUR"}
	b.core.State = core.Overview{Connected: true, CompanyID: "GANNET", CompanyName: "Gannet Tools Ltd", Today: b.core.State.Today}
	b.press("Connect")
	b.w.handle(core.Event{Kind: core.CompanyChanged})
	b.flush()
	if b.w.setup == nil || b.w.setup.at != stepBusiness || b.w.setup.account.name.Text != "Gannet Tools Ltd" {
		t.Fatal("the new company's business is not asked for")
	}
	b.w.closeSetup()
	b.flush()
	b.mustSee("No data yet")
}

func TestDisconnectAndErase(t *testing.T) {
	c := withSecond()
	b := open(t, c, theme.Light)
	b.go_(route{place: placeSettings, tab: tabConnection})
	b.press("Disconnect and erase")
	b.mustSee("48 customers, 260 invoices, 9 messages and 4 files in", "AccountsIQ: nothing is changed there", "the record of sent messages")
	b.press("Cancel")
	if c.Did("Erase") {
		t.Fatal("erased without a word")
	}
	b.press("Disconnect and erase")
	test.Tap(lastButton(b, "Disconnect and erase"))
	b.flush()
	b.mustDo("Erase")
	if b.w.setup == nil || b.w.setup.at != stepWelcome {
		t.Fatal("the first run does not begin again")
	}
	b.mustSee("Companies on this computer", "Gannet Tools Ltd")
}

func TestALinkIsLearnt(t *testing.T) {
	c := fakecore.New(12, 60)
	const address, pattern = "https://eu1.accountsiq.com/c/ARDM001", "https://eu1.accountsiq.com/c/{code}"
	c.Learnt[address] = core.LinkLearnt{Kind: core.CustomerPage, Pattern: pattern, Code: "ARDM001", Name: "Ardmore Joinery Ltd"}
	b := open(t, c, theme.Light)
	b.go_(route{place: placeSettings, tab: tabConnection})
	paste := func(text string) {
		for _, o := range b.all() {
			if e, ok := o.(*kit.Entry); ok && e.PlaceHolder == "https://…" {
				e.SetText(text)
				e.OnSubmitted(text)
				b.flush()
				return
			}
		}
		t.Fatal("no field to paste into")
	}
	paste("https://eu1.accountsiq.com/home")
	b.mustSee("No customer of yours was found in this address. Open the page of one customer")
	paste(address)
	b.mustDo("LearnLink customer " + address)
	b.mustSee("Recognised Ardmore Joinery Ltd (ARDM001). Links to customers open " + pattern)
}

// unequal gives customer 2 a balance that differs.
func unequal() *fakecore.Core {
	c := fakecore.New(48, 260)
	c.State.Mismatches = 3
	c.Unequal = map[int64][]core.Difference{2: {{CustomerCode: c.Custs[1].Code, CustomerName: c.Custs[1].Name, Reported: ledger.Money{Minor: 123000, Currency: "EUR"},
		Ours: ledger.Money{Minor: 100000, Currency: "EUR"}, At: fakecore.Now.Add(-51 * time.Minute)}}}
	return c
}

func TestDifferencesAreShownWithBothFigures(t *testing.T) {
	b := open(t, unequal(), theme.Light)
	b.mustSee("The balances of 3 customers differ from AccountsIQ")
	b.press("See the invoices")
	r := b.w.frame.current.(*receivables)
	if r.tabs.Current() != tabInvoices || r.reason.Selected() != "balance_mismatch" {
		t.Errorf("the list shows the reason %q", r.reason.Selected())
	}
	b.go_(route{place: placeCustomer, id: 2})
	b.mustSee("AccountsIQ says €1,230.00, the open items here add up to €1,000.00 (compared today 10:15).", "Reminders to this customer wait until the two agree.")
	b.go_(route{place: placeCustomer, id: 3})
	if b.sees("The balance differs from AccountsIQ") {
		t.Error("a customer without a difference shows one")
	}
}

func TestProgressSaysHowLongItTakes(t *testing.T) {
	f := newFormat(core.Account{})
	for _, c := range []struct {
		left time.Duration
		want string
	}{{0, "Transactions 1,200 of 8,400"}, {20 * time.Second, "Transactions 1,200 of 8,400 · less than a minute left"}, {2*time.Minute + 10*time.Second, "Transactions 1,200 of 8,400 · about 2 min left"}, {3 * time.Hour, "Transactions 1,200 of 8,400 · about 3 h left"}} {
		if got := progressText(f, core.Progress{Stage: "Transactions", Done: 1200, Total: 8400, Left: c.left}); got != c.want {
			t.Errorf("%s: %q, want %q", c.left, got, c.want)
		}
	}
}
