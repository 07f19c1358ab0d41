package core_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/secret"
	"dunlin/core/store"
)

// another is a second company at a place of its own.
func (w *world) another(id string) *aiqtest.Server { return elsewhere(w.t, id) }

// elsewhere is a company with one customer.
func elsewhere(t *testing.T, id string) *aiqtest.Server {
	t.Helper()
	now := func() time.Time { return tuesday.Add(-time.Hour) }
	c := aiqtest.NewCompany(id, id+" Ltd", "EUR", now)
	c.Locale, c.Country, c.UserKey, c.PartnerKey = "en-IE", "Ireland", id+"-key", id+"-partner"
	c.ClientID, c.ClientSecret = "1f8fad5b-d9cb-469f-a165-70867728950e", id+"-secret"
	due := ledger.DateOf(tuesday).AddDays(-8)
	code := "OF" + id
	if _, err := c.AddCustomer(aiqtest.Customer{Code: code, Name: code + " Ltd", Email: strings.ToLower(code) + "@customer.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddInvoice(aiqtest.Entry{Customer: code, Amount: ledger.Money{Minor: 5000, Currency: "EUR"}, Issued: due.AddDays(-30), Due: due}); err != nil {
		t.Fatal(err)
	}
	s, err := aiqtest.Start(aiqtest.Options{Now: now, Company: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (w *world) connect(s *aiqtest.Server, id string) {
	w.t.Helper()
	w.must(second(w.app.Connect(w.ctx, core.ConnectRequest{Location: s.URL(), CompanyID: id, UserKey: id + "-key", PartnerKey: id + "-partner"})))
}

// codes lists the customers of the company that is open.
func (w *world) codes() string {
	w.t.Helper()
	list, err := w.app.AllCustomers(w.ctx, core.CustomerQuery{Status: "all"})
	w.must(err)
	var out []string
	for _, c := range list {
		out = append(out, c.Code)
	}
	return strings.Join(out, " ")
}

func (w *world) companies() string {
	w.t.Helper()
	list, err := w.app.Companies(w.ctx)
	w.must(err)
	var out []string
	for _, e := range list {
		line := e.ID + "=" + e.Name
		if e.Current {
			line += "*"
		}
		if e.Problem != nil {
			line += " " + e.Problem.Code
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func TestASecondCompanyLeavesTheFirstAlone(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	first := w.app.Folder()
	events, end := w.app.Subscribe()
	defer end()
	w.connect(w.another("SECOND"), "SECOND")
	if e := <-events; e.Kind != core.CompanyChanged {
		t.Errorf("told of %d first", e.Kind)
	}
	if w.app.Folder() == first || w.companies() != "SECOND=SECOND Ltd*, TEST01=Test Trading Ltd" {
		t.Errorf("folder %s, companies %s", w.app.Folder(), w.companies())
	}
	w.must(second(w.app.Sync(w.ctx, false)))
	if got := w.codes(); got != "OFSECOND" {
		t.Errorf("the second company has %q", got)
	}
	o, err := w.app.Overview(w.ctx)
	w.must(err)
	if !o.Paused || o.Started || !o.NeedsMailbox {
		t.Errorf("the second company began as %+v", o)
	}
	w.must(w.app.UseCompany(w.ctx, "test01"))
	if got := w.codes(); got != "ACME" || w.companies() != "SECOND=SECOND Ltd, TEST01=Test Trading Ltd*" {
		t.Errorf("back in the first: %q, %s", got, w.companies())
	}
	if v := w.run(); v.Sent != 1 {
		t.Errorf("the first company does not chase any more: %+v", v)
	}
	// A new start opens the one that was used last.
	w.must(w.app.Close())
	w.open()
	if w.app.Folder() != first {
		t.Errorf("opened %s", w.app.Folder())
	}
}

func TestACompanyThatCannotBeOpenedLeavesTheOldOneInUse(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	bad := filepath.Join(w.dir, "data", "BAD%2E1")
	w.must(os.MkdirAll(bad, 0o700))
	w.must(os.WriteFile(filepath.Join(bad, store.FileName), []byte(strings.Repeat("not a database ", 20)), 0o600))
	if got := w.companies(); got != "BAD.1=BAD.1 foreign_file, TEST01=Test Trading Ltd*" {
		t.Errorf("companies: %s", got)
	}
	if err := w.app.UseCompany(w.ctx, "BAD.1"); codeOf(err) != "foreign_file" {
		t.Errorf("err %v", err)
	}
	if err := w.app.UseCompany(w.ctx, "NOBODY"); codeOf(err) != "unknown_company" || !strings.Contains(core.ProblemOf(err).Hint, "TEST01") {
		t.Errorf("err %v", err)
	}
	if got := w.codes(); got != "ACME" {
		t.Errorf("in use: %q", got)
	}
	w.must(w.app.Close())
	w.open()
	if got := w.codes(); got != "ACME" {
		t.Errorf("after a new start: %q", got)
	}
}

func TestARefusedSecondCompanyLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.setUp()
	other := w.another("SECOND")
	// Its folder cannot be made: a file stands in its place.
	w.must(os.WriteFile(filepath.Join(w.dir, "data", "SECOND"), nil, 0o600))
	_, err := w.app.Connect(w.ctx, core.ConnectRequest{Location: other.URL(), CompanyID: "SECOND", UserKey: "SECOND-key", PartnerKey: "SECOND-partner"})
	if err == nil || w.companies() != "TEST01=Test Trading Ltd*" {
		t.Fatalf("%v; companies %s", err, w.companies())
	}
	w.must(second(w.app.Sync(w.ctx, false)))
}

// clerkWorld is a world whose clerk works by itself, on two companies.
func clerkWorld(t *testing.T, elsewhere *aiqtest.Server) (w *world, stop func()) {
	w = newWorld(t)
	w.must(w.app.Close())
	var ids atomic.Int64
	var err error
	w.app, err = core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"),
		NewID: func() string { return fmt.Sprintf("id-%04d", ids.Add(1)) }}, filepath.Join(w.dir, "data"))
	w.must(err)
	w.customer("ACME", 8)
	w.customer("BETA", 8)
	w.customer("CECE", 8)
	w.set(tuesday.Add(-time.Hour))
	w.connect(elsewhere, "SECOND")
	w.setUp()
	w.must(w.app.SetSetting(w.ctx, "approval", "never"))
	ctx, cancel := context.WithCancel(w.ctx)
	var working sync.WaitGroup
	working.Go(func() {
		if err := w.app.Work(ctx); err != nil {
			t.Error(err)
		}
	})
	return w, func() { cancel(); working.Wait() }
}

// use switches, waiting for reminders that go.
func (w *world) use(id string) (refused int) {
	w.t.Helper()
	for {
		err := w.app.UseCompany(w.ctx, id)
		if err == nil {
			return refused
		}
		if codeOf(err) != "sending" {
			w.t.Fatal(err)
		}
		refused++
		select {
		case <-time.After(2 * time.Millisecond):
		case <-w.ctx.Done():
			w.t.Fatal("the run does not end")
		}
	}
}

func TestSwitchingWhileASyncRuns(t *testing.T) {
	w, stop := clerkWorld(t, elsewhere(t, "SECOND"))
	want := map[string]string{"TEST01": "ACME BETA CECE", "SECOND": "OFSECOND"}
	for i := range 50 {
		id := []string{"SECOND", "TEST01"}[i%2]
		w.app.RequestSync()
		var looking sync.WaitGroup
		looking.Go(func() {
			// Whoever looks meanwhile sees one company or the other, or is told that it was closed; nothing mixes.
			if l, err := w.app.AllCustomers(w.ctx, core.CustomerQuery{Status: "all"}); err == nil && len(l) > 0 {
				own := strings.HasPrefix(l[0].Code, "OF")
				for _, c := range l {
					if strings.HasPrefix(c.Code, "OF") != own {
						t.Errorf("mixed: %v", l)
					}
				}
			}
			w.app.Overview(w.ctx)
		})
		if i%3 == 0 {
			time.Sleep(time.Duration(i) * time.Millisecond / 5) // into the middle of the sync
		}
		w.use(id) // what goes now and then is the word to the owner before a slot
		looking.Wait()
		o, err := w.app.Overview(w.ctx)
		w.must(err)
		if o.CompanyID != id {
			t.Fatalf("switch %d to %s opened %s", i, id, o.CompanyID)
		}
	}
	stop()
	for id, codes := range want {
		w.must(w.app.UseCompany(w.ctx, id))
		w.must(second(w.app.Sync(w.ctx, true)))
		if got := w.codes(); got != codes {
			t.Errorf("%s has %q, want %q", id, got, codes)
		}
	}
}

func TestSwitchingWhileARunSendsLeavesNoMessageHalfWay(t *testing.T) {
	refused, other := 0, elsewhere(t, "SECOND")
	for i := range 50 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w, stop := clerkWorld(t, other)
			w.set(tuesday.Add(-30 * time.Minute))
			reached := make(chan struct{})
			var events atomic.Int64
			w.misbehave(func(mailtest.Event) mailtest.Fate {
				if events.Add(1) == int64(i%12+1) {
					close(reached)
				}
				return mailtest.Fate{}
			})
			w.app.RequestRun()
			<-reached
			refused += w.use("SECOND")
			w.use("TEST01")
			stop()
			counts := map[string]int{}
			list, err := w.app.Store().Messages(w.ctx, store.MessageQuery{})
			w.must(err)
			for _, m := range list {
				if m.AccountID != 0 {
					counts[m.State]++
				}
			}
			got := w.reminded()
			if len(got) == 0 && len(counts) == 0 {
				return // the switch came before the run, which is not wanted any more then
			}
			if counts["accepted"] != 3 || len(counts) != 1 || !slices.Equal(got, []string{"acme", "beta", "cece"}) {
				t.Errorf("states %v, reminded %v", counts, got)
			}
		})
	}
	if refused == 0 {
		t.Error("no switch fell into a run")
	}
}

func TestTheClerkHoldsTheFolderOfTheOpenCompanyOnly(t *testing.T) {
	w, stop := clerkWorld(t, elsewhere(t, "SECOND"))
	locked := func(id string) bool {
		l, err := store.Lock(filepath.Join(w.dir, "data", id))
		if err == nil {
			w.must(l.Release())
		}
		return errors.Is(err, store.ErrLocked)
	}
	w.use("SECOND")
	if locked("TEST01") || !locked("SECOND") {
		t.Errorf("after the switch: TEST01 locked %v, SECOND %v", locked("TEST01"), locked("SECOND"))
	}
	l, err := store.Lock(filepath.Join(w.dir, "data", "TEST01"))
	w.must(err)
	if err := w.app.UseCompany(w.ctx, "TEST01"); codeOf(err) != "locked" {
		t.Errorf("a folder that another program works on: %v", err)
	}
	if !locked("SECOND") || w.companies() != "SECOND=SECOND Ltd*, TEST01=Test Trading Ltd" {
		t.Errorf("the old company is not in use: %s", w.companies())
	}
	w.must(l.Release())
	stop()
	if locked("SECOND") {
		t.Error("the folder stays locked")
	}
}

func TestEraseRemovesTheCompanyAndKeepsTheRecord(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	if v := w.run(); v.Sent != 1 {
		t.Fatal(v)
	}
	folder := w.app.Folder()
	plan, err := w.app.ErasePlan(w.ctx)
	w.must(err)
	if plan.Customers != 1 || plan.Invoices != 1 || plan.Messages != 1 || plan.Files == 0 || plan.CompanyName != "Test Trading Ltd" {
		t.Errorf("plan %+v", plan)
	}
	calls := len(w.aiq.Log())
	lease, err := store.Lock(folder)
	w.must(err)
	if _, err := w.app.Erase(w.ctx); codeOf(err) != "locked" {
		t.Errorf("while another program works: %v", err)
	}
	w.must(second(w.secrets.Get(w.ctx, "TEST01/user-key")))
	w.must(lease.Release())
	w.must(second(w.app.Erase(w.ctx)))
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	for _, what := range []string{"user-key", "partner-key", "mail-password.owner@test.example"} {
		if _, err := w.secrets.Get(w.ctx, "TEST01/"+what); !errors.Is(err, secret.ErrNotFound) {
			t.Errorf("the secret %s is still there", what)
		}
	}
	if len(w.aiq.Log()) != calls {
		t.Error("AccountsIQ was asked something")
	}
	if w.app.Folder() != "" || w.companies() != "" {
		t.Errorf("still there: %s", w.companies())
	}
	// Connected again, the customer who was reminded is not reminded a second time.
	w.set(tuesday.Add(time.Hour))
	w.setUp()
	if v, err := w.app.Run(w.ctx, true); err != nil || v.Sent != 0 || len(w.mail.Messages()) != 1 {
		t.Errorf("sent again: %+v, %v", v, err)
	}
	w.set(tuesday.AddDate(0, 0, 7))
	if v := w.run(); v.Sent != 1 {
		t.Errorf("the step after it: %+v", v)
	}
}

func TestTheRecordOfAnErasedCompanyIsNotAnothers(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.run()
	id := w.app.Store().FolderID()
	w.must(second(w.app.Erase(w.ctx)))
	w.connect(w.another("TEST01"), "TEST01") // the same ID at another place
	if w.app.Store().FolderID() == id {
		t.Error("a company of another location got the record")
	}
}

func TestRestorePutsABackupToItsOwnCompany(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	backup := filepath.Join(w.dir, "backup.db")
	w.must(w.app.Backup(w.ctx, backup))
	w.customer("LATER", 8)
	w.must(second(w.app.Sync(w.ctx, false)))
	w.connect(w.another("SECOND"), "SECOND")
	r, err := w.app.Restore(w.ctx, backup)
	w.must(err)
	if r.CompanyID != "TEST01" || r.CompanyName != "Test Trading Ltd" || r.Replaced == "" {
		t.Errorf("restored %+v", r)
	}
	if w.companies() != "SECOND=SECOND Ltd*, TEST01=Test Trading Ltd" {
		t.Errorf("companies %s", w.companies())
	}
	w.must(w.app.UseCompany(w.ctx, "TEST01"))
	if got := w.codes(); got != "ACME" {
		t.Errorf("has %q", got)
	}
	w.must(second(w.app.Restore(w.ctx, backup))) // the open one
	if got := w.codes(); got != "ACME" {
		t.Errorf("has %q", got)
	}
	for name, c := range map[string]struct{ file, code string }{
		"no such file": {filepath.Join(w.dir, "none.db"), "no_file"}, "not a backup": {os.Args[0], "foreign_file"}} {
		if _, err := w.app.Restore(w.ctx, c.file); codeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.codes(); got != "ACME" {
		t.Errorf("a refused backup left %q", got)
	}
	// On a computer without data, and where the data file is damaged.
	folder := w.app.Folder()
	w.must(w.app.Close())
	w.must(os.WriteFile(filepath.Join(folder, store.FileName), []byte(strings.Repeat("x", 5000)), 0o600))
	a, err := core.Open(w.ctx, core.Deps{Now: w.clock, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"), NewID: func() string { return "id" }}, filepath.Join(w.dir, "data"))
	if err == nil || a == nil {
		t.Fatal("a damaged file was opened")
	}
	w.app = a
	w.must(second(a.Restore(w.ctx, backup)))
	if got := w.codes(); got != "ACME" {
		t.Errorf("after the repair: %q", got)
	}
	w.must(a.Close())
	empty, err := core.Open(w.ctx, core.Deps{Now: w.clock, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state2"), NewID: func() string { return "id" }}, filepath.Join(w.dir, "data2"))
	w.must(err)
	w.app = empty
	w.must(second(empty.Restore(w.ctx, backup)))
	if got := w.codes(); got != "ACME" {
		t.Errorf("on a new computer: %q", got)
	}
}

// places are four installations of which one knows the company.
func places(t *testing.T, w *world, at int) ([]accountsiq.Location, []*aiqtest.Server) {
	var out []accountsiq.Location
	var servers []*aiqtest.Server
	for i, code := range []string{"uk1", "eu1", "eu2", "us1"} {
		s := w.aiq
		if i != at {
			s = w.another("ELSE" + code)
		}
		out = append(out, accountsiq.Location{Code: code, Name: strings.ToUpper(code), Base: s.URL()})
		servers = append(servers, s)
	}
	return out, servers
}

func TestTryLocations(t *testing.T) {
	for name, r := range map[string]core.ConnectRequest{
		"user key": {CompanyID: "TEST01", UserKey: "user-key-1", PartnerKey: "partner-key-1"},
		"OAuth":    {OAuth: true, ClientID: "0f8fad5b-d9cb-469f-a165-70867728950e", ClientSecret: "client-secret-1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			locations, servers := places(t, w, 2)
			a, err := core.Open(w.ctx, core.Deps{Now: w.clock, Random: rand.Reader, Secrets: w.secrets, StateDir: filepath.Join(w.dir, "state"), NewID: func() string { return "id" }, Locations: locations}, filepath.Join(w.dir, "data"))
			w.must(err)
			defer a.Close()
			r.Location = "uk1"
			_, err = a.Connect(w.ctx, r)
			if p := core.ProblemOf(err); p == nil || !p.ElsewherePerhaps() {
				t.Fatalf("at the wrong place: %v", err)
			}
			asked := len(servers[0].Log())
			for _, s := range servers[1:] {
				if len(s.Log()) != 0 {
					t.Fatal("another location got the keys unasked")
				}
			}
			got, err := a.TryLocations(w.ctx, r)
			w.must(err)
			var said []string
			for _, x := range got {
				line := x.Location.Code
				if x.Knows {
					line += " knows"
				} else if x.Problem == nil {
					t.Errorf("%s says no without a reason", line)
				}
				said = append(said, line)
			}
			if strings.Join(said, ", ") != "eu1, eu2 knows, us1" || len(servers[0].Log()) != asked {
				t.Errorf("answers: %v; the first place was asked %d times more", said, len(servers[0].Log())-asked)
			}
			if a.Folder() != "" {
				t.Error("something was stored")
			}
			if _, err := w.secrets.Get(w.ctx, "TEST01/user-key"); !errors.Is(err, secret.ErrNotFound) {
				t.Error("a secret was stored")
			}
			ctx, stop := context.WithCancel(w.ctx)
			stop()
			if got, err := a.TryLocations(ctx, r); !errors.Is(err, context.Canceled) || len(got) != 0 {
				t.Errorf("cancelled: %v, %v", got, err)
			}
			// What was found is taken over.
			r.Location = "eu2"
			w.must(second(a.Connect(w.ctx, r)))
			o, err := a.Overview(w.ctx)
			w.must(err)
			if o.CompanyID != "TEST01" {
				t.Errorf("connected %+v", o)
			}
			w.must(second(a.Sync(w.ctx, false)))
		})
	}
}

func TestTryLocationsNeedsTheKeys(t *testing.T) {
	w := newWorld(t)
	if _, err := w.app.TryLocations(w.ctx, core.ConnectRequest{CompanyID: "TEST01"}); codeOf(err) != "missing_user_key" {
		t.Errorf("err %v", err)
	}
}
