package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/secret"
)

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

// terminal is the world of commands on one data folder.
type terminal struct {
	t       *testing.T
	dir     string
	secrets secret.Store
	keys    map[string]string // handed over by environment
	places  []accountsiq.Location
	ids     int
}

func newTerminal(t *testing.T) *terminal {
	return &terminal{t: t, dir: t.TempDir(), secrets: secret.Memory(), keys: map[string]string{"partner-key": "partner"}}
}

// said is what a command did.
type said struct {
	code     int
	out, err string
}

func (x *terminal) run(line ...string) said {
	x.t.Helper()
	var out, errs bytes.Buffer
	g, args, err := Split(line)
	if err != nil {
		x.t.Fatal(err)
	}
	env := Env{Stdout: &out, Stderr: &errs, Now: func() time.Time { return noon },
		Secret: func(name string) (string, bool) { v, ok := x.keys[name]; return v, ok },
		Ask:    func(string) (string, bool) { return "", false },
		Open: func(ctx context.Context, _ Globals) (*core.App, error) {
			return core.Open(ctx, core.Deps{Now: func() time.Time { return noon }, Random: rand.Reader, Secrets: x.secrets, Locations: x.places,
				StateDir: filepath.Join(x.dir, "state"), NewID: func() string { x.ids++; return fmt.Sprintf("id-%04d", x.ids) }}, filepath.Join(x.dir, "data"))
		}}
	code := Run(x.t.Context(), env, g, args)
	return said{code, out.String(), errs.String()}
}

// place is an AccountsIQ with one company, or more.
func (x *terminal) place(code, id string, more ...string) {
	x.t.Helper()
	company := func(id string) *aiqtest.Company {
		c := aiqtest.NewCompany(id, id+" Ltd", "EUR", func() time.Time { return noon })
		c.Locale, c.Country, c.UserKey, c.PartnerKey = "en-IE", "Ireland", id+"-key", "partner"
		c.ClientID, c.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", id+"-secret"
		if _, err := c.AddCustomer(aiqtest.Customer{Code: "ACME", Name: "Acme Ltd", Email: "ap@acme.example"}); err != nil {
			x.t.Fatal(err)
		}
		_, err := c.AddInvoice(aiqtest.Entry{Customer: "ACME", Amount: ledger.Money{Minor: 10000, Currency: "EUR"}, Issued: ledger.NewDate(2026, 4, 1), Due: ledger.NewDate(2026, 5, 1)})
		if err != nil {
			x.t.Fatal(err)
		}
		return c
	}
	o := aiqtest.Options{Now: func() time.Time { return noon }, Company: company(id)}
	for _, m := range more {
		c := company(m)
		c.ClientSecret = id + "-secret"
		o.More = append(o.More, c)
	}
	s, err := aiqtest.Start(o)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { s.Close() })
	x.places = append(x.places, accountsiq.Location{Code: code, Name: strings.ToUpper(code), Base: s.URL()})
}

func (x *terminal) connect(id string) {
	x.t.Helper()
	x.keys["user-key"] = id + "-key"
	if s := x.run("connect", "--find-location", "--company", id); s.code != ExitDone {
		x.t.Fatalf("connect %s: %+v", id, s)
	}
}

func TestWrongUsage(t *testing.T) {
	x := newTerminal(t)
	for _, c := range []struct{ line, want string }{
		{"connect", "connect needs --company ID"},
		{"connect --company A", "or --find-location"},
		{"connect --company A --location uk1 extra", "one word too many"},
		{"connect --company A --auth magic --location uk1", "--auth is userkey or oauth"},
		{"connect --company A --find-locations", "find-locations"},
		{"companies use", "companies use needs the ID"},
		{"companies use A B", "one word too many"},
		{"companies extra", "one word too many"},
		{"companies --csv", "csv"},
		{"disconnect now", "one word too many"},
		{"disconnect --erase now", "one word too many"},
		{"disconnect --force", "force"},
		{"restore", "restore needs a file"},
		{"restore a b", "one word too many"},
		{"settings set links.customer", "needs a key and a value"},
		{"sync --all", "all"},
	} {
		t.Run(c.line, func(t *testing.T) {
			x.t = t
			s := x.run(append(strings.Fields(c.line), "--json")...)
			var out struct{ Error core.Problem }
			if err := json.Unmarshal([]byte(s.out), &out); err != nil || s.code != ExitUsage || out.Error.Code != "usage" || !strings.Contains(out.Error.Message, c.want) || !strings.Contains(s.err, c.want) {
				t.Errorf("exit %d, %q, %q: %v", s.code, s.out, s.err, err)
			}
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	x := newTerminal(t)
	help := x.run("help").out
	for _, c := range commands() {
		if !strings.Contains(help, "dunlin "+c.words) {
			t.Errorf("help does not name %q", c.words)
		}
		if s := x.run(append(strings.Fields(c.words), "--help")...); s.code != ExitDone || !strings.HasPrefix(s.out, "dunlin "+c.words+" ") {
			t.Errorf("%s --help: %+v", c.words, s)
		}
	}
}

func TestFindLocation(t *testing.T) {
	x := newTerminal(t)
	x.place("uk1", "ONE")
	x.place("eu1", "TWO")
	x.place("eu2", "TWICE")
	x.place("us1", "TWICE")
	x.keys["user-key"] = "TWO-key"
	s := x.run("connect", "--find-location", "--company", "TWO")
	for _, want := range []string{"uk1   AccountsIQ refused", "eu1   knows this company", "us1   AccountsIQ refused", "Connected with TWO Ltd (TWO)."} {
		if !strings.Contains(s.out, want) {
			t.Errorf("%q is missing in %+v", want, s)
		}
	}
	x.keys["user-key"] = "TWICE-key"
	if s := x.run("connect", "--find-location", "--company", "TWICE"); s.code != ExitFailed || !strings.Contains(s.err, "Several locations know this company: eu2, us1.") {
		t.Errorf("two places: %+v", s)
	}
	x.keys["user-key"] = "none"
	s = x.run("connect", "--find-location", "--company", "NONE", "--location", "uk1", "--json")
	var out struct {
		Error     core.Problem
		Locations []asked
	}
	if err := json.Unmarshal([]byte(s.out), &out); err != nil || s.code != ExitFailed || out.Error.Code != "not_found_anywhere" || len(out.Locations) != 3 || out.Locations[0].Location != "eu1" || out.Locations[0].Problem == nil {
		t.Errorf("nowhere: %+v, %v", s, err)
	}
	if s := x.run("companies"); !strings.Contains(s.out, "TWO") || strings.Contains(s.out, "TWICE") {
		t.Errorf("stored: %+v", s)
	}
}

// A refused key may be a matter of the place: that is said, and nothing else is asked. Places that nobody can reach
// have not refused anything.
func TestWrongLocationNamesTheWayOut(t *testing.T) {
	x := newTerminal(t)
	x.place("uk1", "ONE")
	x.keys["user-key"] = "TWO-key"
	if s := x.run("connect", "--location", "uk1", "--company", "TWO"); s.code != ExitFailed || !strings.Contains(s.err, "--find-location") {
		t.Errorf("%+v", s)
	}
	x.places = []accountsiq.Location{{Code: "eu1", Name: "Nowhere", Base: "http://127.0.0.1:1"}}
	if s := x.run("connect", "--find-location", "--company", "TWO"); s.code != ExitFailed || !strings.Contains(s.err, "None of the locations could be asked.") {
		t.Errorf("%+v", s)
	}
}

func TestChooseAmongEntities(t *testing.T) {
	x := newTerminal(t)
	x.place("uk1", "ONE", "TWO")
	x.keys["client-id"], x.keys["client-secret"] = "0f8fad5b-d9cb-469f-a165-70867728950e", "ONE-secret"
	s := x.run("connect", "--location", "uk1")
	if s.code != ExitFailed || !strings.Contains(s.out, "ONE Ltd") || !strings.Contains(s.out, "TWO  ") || !strings.Contains(s.err, "--company ID") {
		t.Errorf("%+v", s)
	}
	s = x.run("connect", "--location", "uk1", "--json")
	var out struct {
		Error    core.Problem
		Entities []entity
	}
	if err := json.Unmarshal([]byte(s.out), &out); err != nil || out.Error.Code != "choose_company" || len(out.Entities) != 2 || out.Entities[1] != (entity{"TWO", "TWO Ltd", "EUR"}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s := x.run("connect", "--location", "uk1", "--company", "TWO"); s.code != ExitDone || !strings.Contains(s.out, "Connected with TWO Ltd") {
		t.Errorf("%+v", s)
	}
}

func TestCompanies(t *testing.T) {
	x := newTerminal(t)
	if s := x.run("companies"); s.code != ExitDone || !strings.Contains(s.out, "No company is connected yet") {
		t.Errorf("none: %+v", s)
	}
	if s := x.run("companies", "--json"); strings.TrimSpace(s.out) != "[]" {
		t.Errorf("none: %+v", s)
	}
	x.place("uk1", "ONE")
	x.place("eu1", "TWO")
	x.connect("ONE")
	x.connect("TWO")
	s := x.run("companies", "--json")
	var list []core.CompanyEntry
	if err := json.Unmarshal([]byte(s.out), &list); err != nil || len(list) != 2 || list[0].ID != "ONE" || list[0].Current || !list[1].Current || list[1].Name != "TWO Ltd" {
		t.Errorf("%+v, %v", s, err)
	}
	if s := x.run("companies", "use", "one"); s.code != ExitDone {
		t.Errorf("%+v", s)
	}
	if s := x.run("companies"); !strings.Contains(s.out, "*     ONE  ONE Ltd") || !strings.Contains(s.out, "Only the company that is open (*) is synced and chased.") {
		t.Errorf("%q", s.out)
	}
	if s := x.run("companies", "use", "THREE"); s.code != ExitFailed || !strings.Contains(s.err, "There is: ONE, TWO.") {
		t.Errorf("%+v", s)
	}
	// The one in use is damaged: the other can still be opened.
	if err := os.WriteFile(filepath.Join(x.dir, "data", "ONE", "dunlin.db"), []byte(strings.Repeat("x", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := x.run("companies"); s.code != ExitDone || !strings.Contains(s.out, "not a data file of Dunlin") {
		t.Errorf("%+v", s)
	}
	if s := x.run("companies", "use", "TWO"); s.code != ExitDone {
		t.Errorf("%+v", s)
	}
}

func TestDisconnect(t *testing.T) {
	x := newTerminal(t)
	if s := x.run("disconnect", "--erase"); s.code != ExitFailed || !strings.Contains(s.err, "No company is connected yet.") {
		t.Errorf("nothing to erase: %+v", s)
	}
	x.place("uk1", "ONE")
	x.connect("ONE")
	if s := x.run("sync"); s.code != ExitDone {
		t.Fatal(s)
	}
	s := x.run("disconnect")
	if s.code != ExitUsage || !strings.Contains(s.out, "1 customer, 1 invoice, 0 messages and ") || !strings.Contains(s.out, "Nothing is changed in AccountsIQ.") || !strings.Contains(s.err, "Add --erase to do it.") {
		t.Errorf("%+v", s)
	}
	if s := x.run("customers"); !strings.Contains(s.out, "ACME") {
		t.Errorf("without --erase it is gone: %+v", s)
	}
	s = x.run("disconnect", "--erase", "--json")
	var out struct {
		OK        bool
		Customers int
		Notes     []string
	}
	if err := json.Unmarshal([]byte(s.out), &out); err != nil || !out.OK || out.Customers != 1 || len(out.Notes) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if s := x.run("customers"); s.code != ExitFailed || !strings.Contains(s.err, "No company is connected yet.") {
		t.Errorf("%+v", s)
	}
}

func TestRestore(t *testing.T) {
	x := newTerminal(t)
	x.place("uk1", "ONE")
	x.connect("ONE")
	file := filepath.Join(x.dir, "copy.db")
	for _, line := range [][]string{{"sync"}, {"backup", file}, {"disconnect", "--erase"}} {
		if s := x.run(line...); s.code != ExitDone {
			t.Fatalf("%v: %+v", line, s)
		}
	}
	if s := x.run("restore", file); s.code != ExitDone || !strings.Contains(s.out, "Restored ONE Ltd (ONE)") || strings.Contains(s.out, "is kept as") {
		t.Errorf("%+v", s)
	}
	if s := x.run("customers"); !strings.Contains(s.out, "ACME") {
		t.Errorf("%+v", s)
	}
	if s := x.run("restore", file); s.code != ExitDone || !strings.Contains(s.out, "dunlin.db.replaced") {
		t.Errorf("%+v", s)
	}
	if s := x.run("restore", filepath.Join(x.dir, "none")); s.code != ExitFailed || !strings.Contains(s.err, "no such file") {
		t.Errorf("%+v", s)
	}
}

func TestSettingsSetLearnsALink(t *testing.T) {
	x := newTerminal(t)
	x.place("uk1", "ONE")
	x.connect("ONE")
	if s := x.run("sync"); s.code != ExitDone {
		t.Fatal(s)
	}
	s := x.run("settings", "set", "links.customer", "https://uk1.accountsiq.com/c/ACME")
	if s.code != ExitDone || s.out != "Recognised Acme Ltd (ACME).\nLinks open https://uk1.accountsiq.com/c/{code}\n" {
		t.Errorf("%+v", s)
	}
	if s := x.run("settings", "set", "links.customer", "https://elsewhere.example/c/ACME"); s.code != ExitFailed || !strings.Contains(s.err, "elsewhere.example, which is not your AccountsIQ") {
		t.Errorf("%+v", s)
	}
	if s := x.run("settings", "get", "links.customer"); !strings.Contains(s.out, "/c/{code}") {
		t.Errorf("%+v", s)
	}
	if s := x.run("settings", "set", "links.customer", ""); s.code != ExitDone || s.out != "Links open the home page of AccountsIQ again.\n" {
		t.Errorf("%+v", s)
	}
}

func TestSyncNamesDifferences(t *testing.T) {
	var b bytes.Buffer
	eur := func(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }
	printSync(&b, core.SyncView{Differences: []core.Difference{{CustomerCode: "ACME", CustomerName: "Acme Ltd", Reported: eur(123000), Ours: eur(100000)}}})
	if want := "  Acme Ltd (ACME): AccountsIQ says 1230.00 EUR, the open items here add up to 1000.00 EUR\n"; !strings.Contains(b.String(), want) {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	printSync(&b, core.SyncView{})
	if strings.Contains(b.String(), "differs") {
		t.Errorf("without differences: %s", b.String())
	}
}
