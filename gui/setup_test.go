package gui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"dunlin/core"
	"dunlin/gui/internal/fakecore"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

func TestFirstRunFromWelcomeToChasing(t *testing.T) {
	b := open(t, fakecore.Fresh(), theme.Light)
	b.press("Connect with AccountsIQ")
	c := b.w.setup.connect
	test.Type(c.company, "CURLEW01")
	test.Type(c.userKey, "7f3a")
	b.press("Connect")
	if len(b.core.Asked) != 0 {
		t.Fatal("connected without a location")
	}
	b.mustSee("Choose the location of your company.")
	c.location.Choose("eu1")
	b.press("Connect")
	b.mustDo("Connect eu1 CURLEW01")
	if b.w.setup.at != stepBusiness || b.w.setup.account.name.Text != "Curlew Office Supplies Ltd" || b.w.setup.account.zone.Selected() != "Europe/Dublin" {
		t.Fatalf("step %d, name %q", b.w.setup.at, b.w.setup.account.name.Text)
	}
	b.w.setup.account.name.SetText("Curlew")
	b.press("Back")
	if c.company.Text != "CURLEW01" {
		t.Error("going back loses the Company ID")
	}
	b.w.setup.go_(stepBusiness)
	b.flush()
	if b.w.setup.account.name.Text != "Curlew" {
		t.Error("going back loses the name")
	}
	b.press("Continue")
	b.mustDo("SaveAccount Curlew IE Europe/Dublin EUR")
	m := b.w.setup.mailbox
	m.preset.Choose("gmail")
	m.name.SetText("Curlew")
	m.address.SetText("curlew@gmail.example")
	m.password.SetText("app password")
	b.press("Continue")
	b.mustDo("AddMailbox curlew@gmail.example smtp.gmail.com:465")
	b.mustDo("RequestSync")
	if !b.button("Continue").Disabled() {
		t.Error("one can go on before the data is here")
	}
	b.core.State.LastGoodSync, b.core.State.CustomersNow, b.core.State.OpenInvoices = fakecore.Now, 12, 53
	b.core.State.Account = b.core.Business
	b.w.handle(core.Event{Kind: core.SyncFinished, Sync: &core.SyncView{OK: true, Customers: core.Counts{New: 12}}})
	b.flush()
	b.mustSee("Everything is here")
	b.press("Continue")
	b.mustSee("12 customers owe you for 53 invoices.")
	if b.core.Did("StartChasing") {
		t.Fatal("chasing started by itself")
	}
	b.press("Start chasing")
	b.mustDo("StartChasing")
	if b.w.setup != nil || b.w.frame.at.place != placeHome {
		t.Error("the first run does not end at Home")
	}
}

func TestNotNowLooksAroundFirst(t *testing.T) {
	c := fakecore.New(12, 60)
	c.State.Started = false
	b := open(t, c, theme.Light)
	b.mustSee("Nothing is sent yet", "Not started")
	b.press("Review and start")
	b.press("Not now, look around first")
	if b.core.Did("StartChasing") || b.w.frame.at.place != placeHome {
		t.Error("looking around started something")
	}
}

func TestSetupGoesOnWhereItStopped(t *testing.T) {
	c := fakecore.Fresh()
	c.State.Connected = true
	b := open(t, c, theme.Light)
	if b.w.setup == nil || b.w.setup.at != stepBusiness {
		t.Error("a connected company does not go on with the business settings")
	}
}

func TestPastedValuesAreTrimmed(t *testing.T) {
	b := open(t, fakecore.Fresh(), theme.Light)
	b.press("Connect with AccountsIQ")
	c := b.w.setup.connect
	c.userKey.SetText("\u200b 7f3a-99 ,\r\n")
	c.userKey.OnLeave()
	if c.userKey.Text != "7f3a-99" {
		t.Errorf("left %q", c.userKey.Text)
	}
	b.mustSee("Trimmed: a space, comma or line end was taken away.")
	c.company.SetText("https://eu2.accountsiq.com/system/dashboard")
	c.company.OnLeave()
	if c.location.Selected() != "eu2" || c.company.Text != "" {
		t.Errorf("location %q, company %q", c.location.Selected(), c.company.Text)
	}
}

func TestOtherLocationsAreTriedOnlyOnAClick(t *testing.T) {
	c := fakecore.Fresh()
	refused := &core.Problem{Code: "refused_key", Message: "AccountsIQ refused the Company ID and User Key.", Hint: "Check the location."}
	c.Fail["Connect uk1"] = refused
	c.Places = map[string]*core.Problem{"eu1": refused, "us1": refused}
	b := open(t, c, theme.Light)
	b.press("Connect with AccountsIQ")
	f := b.w.setup.connect
	f.company.SetText("CURLEW01")
	f.userKey.SetText("7f3a")
	f.location.SetSelected("uk1")
	b.press("Connect")
	if len(c.Asked) != 1 || len(c.Tried) != 0 {
		t.Fatalf("the keys went to %d locations and %v", len(c.Asked), c.Tried)
	}
	b.mustSee("AccountsIQ refused the Company ID and User Key.", "Check the location.")
	b.press("Try the other locations")
	if strings.Join(c.Tried, " ") != "eu1 eu2 us1" || len(c.Asked) != 1 {
		t.Fatalf("tried %v, connected %+v", c.Tried, c.Asked)
	}
	b.mustSee("EU2 knows this company")
	b.press("Connect with EU2")
	if len(c.Asked) != 2 || c.Asked[1].Location != "eu2" || c.Asked[1].UserKey != "7f3a" {
		t.Fatalf("asked %+v", c.Asked)
	}
	if b.w.setup.at != stepBusiness || f.location.Selected() != "eu2" {
		t.Error("the location that works is not taken over")
	}
}

func TestNoLocationKnowsTheCompany(t *testing.T) {
	c := fakecore.Fresh()
	refused := &core.Problem{Code: "refused_key", Message: "AccountsIQ refused the Company ID and User Key.", Hint: "Check the location."}
	c.Fail["Connect uk1"] = refused
	c.Places = map[string]*core.Problem{"eu1": refused, "eu2": refused, "us1": {Code: "group_company", Message: "This is a group company."}}
	b := open(t, c, theme.Light)
	b.press("Connect with AccountsIQ")
	f := b.w.setup.connect
	f.company.SetText("CURLEW01")
	f.userKey.SetText("7f3a")
	f.location.SetSelected("uk1")
	b.press("Connect")
	b.press("Try the other locations")
	b.mustSee("None of the other locations knows this company with these keys", "This is a group company.", "Nothing was stored.")
	c.Fail["TryLocation"] = context.Canceled
	f.tryOthers()
	b.flush()
	b.mustSee("Not all locations were asked", "Not asked")
}

func TestANetworkFailureOffersNoOtherLocations(t *testing.T) {
	c := fakecore.Fresh()
	c.Fail["Connect uk1"] = &core.Problem{Code: "network", Message: "There is no connection to AccountsIQ.", Hint: "Try again."}
	b := open(t, c, theme.Light)
	b.press("Connect with AccountsIQ")
	f := b.w.setup.connect
	f.company.SetText("CURLEW01")
	f.userKey.SetText("7f3a")
	f.location.SetSelected("uk1")
	b.press("Connect")
	if b.sees("Try the other locations") {
		t.Error("other locations are offered although the network is down")
	}
}

func TestOneOfSeveralCompanies(t *testing.T) {
	c := fakecore.Fresh()
	c.Result.Entities = []core.Entity{{ID: "A1", Name: "First", Currency: "EUR"}, {ID: "B2", Name: "Second", Currency: "GBP"}}
	b := open(t, c, theme.Light)
	b.press("Connect with AccountsIQ")
	f := b.w.setup.connect
	f.method.Choose("oauth")
	f.client.SetText("id")
	f.code.SetText("secret")
	f.location.SetSelected("us1")
	b.press("Connect")
	b.mustSee("Which company?", "First", "Second", "B2", "GBP")
	if f.company.Text != "" || b.w.setup.at != stepConnect {
		t.Error("a company was taken without asking")
	}
	b.press("Back")
	if f.choosing || f.client.Text != "id" {
		t.Error("Back does not lead to the form as it was")
	}
	b.press("Connect")
	test.Tap(connectButtonOf(b, "Second"))
	b.flush()
	if last := c.Asked[len(c.Asked)-1]; last.CompanyID != "B2" || !last.OAuth || last.UserKey != "" {
		t.Errorf("asked %+v", last)
	}
}

func TestAFailedFirstSyncCanBeRepeated(t *testing.T) {
	b := open(t, fakecore.Fresh(), theme.Light)
	b.w.setup.go_(stepSync)
	b.flush()
	b.w.handle(core.Event{Kind: core.SyncFinished, Sync: &core.SyncView{Error: &core.Problem{Code: "timeout", Message: "AccountsIQ did not answer in time.", Hint: "Try again later."}}})
	b.flush()
	b.mustSee("AccountsIQ did not answer in time.")
	b.press("Try again")
	n := 0
	for _, call := range b.core.Calls {
		if call == "RequestSync" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d syncs were asked for", n)
	}
}

// connectButtonOf finds the button beside a company in the list to choose from.
func connectButtonOf(b *bench, company string) *kit.Button {
	b.Helper()
	for _, o := range b.all() {
		if x, ok := o.(*kit.Button); ok && x.Visible() && x.Text == "Connect" && x.Name == company {
			return x
		}
	}
	b.Fatalf("no company %q to choose", company)
	return nil
}

func TestManyCompaniesCanBeSearched(t *testing.T) {
	c := fakecore.Fresh()
	for i := range 30 {
		c.Result.Entities = append(c.Result.Entities, core.Entity{ID: fmt.Sprintf("E%02d", i), Name: fmt.Sprintf("Branch %d", i), Currency: "EUR"})
	}
	b := open(t, c, theme.Light)
	b.press("Connect with AccountsIQ")
	b.w.setup.connect.pickEntity(c.Result.Entities)
	b.flush()
	for _, o := range b.all() {
		if e, ok := o.(*kit.Entry); ok && e.PlaceHolder == "Search name or ID" {
			e.SetText("e17")
		}
	}
	b.flush()
	b.mustSee("Branch 17")
	if b.sees("Branch 18") {
		t.Error("the search leaves the others")
	}
}
