package core_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/secret"
)

func (w *world) setting(key string) string {
	w.t.Helper()
	list, err := w.app.Settings(w.ctx)
	w.must(err)
	for _, s := range list {
		if s.Key == key {
			return s.Value
		}
	}
	w.t.Fatalf("no setting %s", key)
	return ""
}

func TestSettingsAreCheckedAndKeptInTheirNormalForm(t *testing.T) {
	w := newWorld(t)
	w.setUp()
	refused := "\x00refused"
	for _, c := range []struct{ key, value, want string }{
		{"slots.weekdays", "thursday, mon,Mon", "Mon,Thu"}, {"slots.weekdays", "Sun,Sat", "Sat,Sun"}, {"slots.weekdays", "", ""},
		{"slots.weekdays", "Thx", refused}, {"slots.weekdays", "T", refused}, {"slots.weekdays", "Tuesdays", refused},
		{"slots.time", "9:05", "09:05"}, {"slots.time", "23:59", "23:59"}, {"slots.time", "24:00", refused}, {"slots.time", "noon", refused}, {"slots.time", "", refused},
		{"slots.skip_holidays", "no", "false"}, {"slots.skip_holidays", "TRUE", "true"}, {"slots.skip_holidays", "maybe", refused},
		{"slots.extra_holidays", "2026-12-24, 2026-01-02,2026-12-24", "2026-01-02,2026-12-24"}, {"slots.extra_holidays", "", ""},
		{"slots.extra_holidays", "24.12.2026", refused}, {"slots.extra_holidays", "2026-02-29", refused},
		{"slots.window_hours", "1", "1"}, {"slots.window_hours", "12", "12"}, {"slots.window_hours", "0", refused}, {"slots.window_hours", "13", refused}, {"slots.window_hours", "4.5", refused},
		{"min_gap_days", "0", "0"}, {"min_gap_days", "60", "60"}, {"min_gap_days", "-1", refused}, {"min_gap_days", "61", refused},
		{"minimum", "49.990", "49.99"}, {"minimum", "0", "0"}, {"minimum", "-1", refused}, {"minimum", "ten", refused}, {"minimum", "1e99", refused}, {"minimum", "", refused},
		{"grouping", "by_settings", "by_settings"}, {"grouping", "by_mood", refused}, {"grouping", "", refused},
		{"approval", "always", "always"}, {"approval", "sometimes", refused},
		{"sync.every_minutes", "5", "5"}, {"sync.every_minutes", "4", refused}, {"sync.every_minutes", "1441", refused},
		{"default_schedule", "Nobody's", refused}, {"default_schedule", "", ""}, {"default_schedule", " Default ", "Default"},
		{"links.customer", "https://uk1.accountsiq.com/c/{id}", "https://uk1.accountsiq.com/c/{id}"}, {"links.customer", "http://uk1.accountsiq.com/{id}", refused},
		{"links.customer", "https://books.example/c/{id}", refused}, {"links.customer", "https://uk1.accountsiq.com/", refused}, {"links.customer", "", ""},
		{"no.such.setting", "1", refused}, {"chasing.started", "true", refused}, {"connection.location", "http://evil.example", refused}, {"clerk.next_slot", "x", refused},
	} {
		before, err := w.app.Store().Settings(w.ctx)
		w.must(err)
		err = w.app.SetSetting(w.ctx, c.key, c.value)
		if c.want == refused {
			p := core.ProblemOf(err)
			if p == nil || p.Code == "internal" || p.Message == "" || p.Hint == "" {
				t.Errorf("%s = %q: %v", c.key, c.value, err)
			}
			if after, _ := w.app.Store().Settings(w.ctx); after[c.key] != before[c.key] {
				t.Errorf("%s = %q was refused and stored", c.key, c.value)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s = %q: %v", c.key, c.value, err)
		} else if got := w.setting(c.key); got != c.want {
			t.Errorf("%s = %q is kept as %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func TestAccountIsCheckedAsAWhole(t *testing.T) {
	good := core.Account{Name: "Test Trading Ltd", Country: "IE", Timezone: "Europe/Dublin", Currency: "EUR"}
	for name, c := range map[string]struct {
		change func(*core.Account)
		code   string
		want   core.Account
	}{
		"as it is":          {func(*core.Account) {}, "", good},
		"in words":          {func(a *core.Account) { a.Country, a.Currency = " united kingdom ", " gbp" }, "", core.Account{Name: good.Name, Country: "GB", Timezone: good.Timezone, Currency: "GBP"}},
		"another country":   {func(a *core.Account) { a.Country = "jp" }, "", core.Account{Name: good.Name, Country: "JP", Timezone: good.Timezone, Currency: "EUR"}},
		"no such zone":      {func(a *core.Account) { a.Timezone, a.Name = "Europe/Nowhere", "Changed" }, "bad_timezone", good},
		"this computer's":   {func(a *core.Account) { a.Timezone = "Local" }, "bad_timezone", good},
		"no such country":   {func(a *core.Account) { a.Country, a.Name = "Narnia", "Changed" }, "bad_country", good},
		"no such currency":  {func(a *core.Account) { a.Currency, a.Name = "EURO", "Changed" }, "bad_currency", good},
		"an emptied zone":   {func(a *core.Account) { a.Timezone = "" }, "empty_field", good},
		"a path for a zone": {func(a *core.Account) { a.Timezone = "../../etc/passwd" }, "bad_timezone", good},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.setUp()
			acc := good
			c.change(&acc)
			if err := w.app.SaveAccount(w.ctx, acc); codeOf(err) != c.code {
				t.Errorf("%v, want %q", err, c.code)
			}
			if got, err := w.app.Account(w.ctx); err != nil || got != c.want {
				t.Errorf("stored %+v (%v), want %+v", got, err, c.want)
			}
		})
	}
}

func TestConnectWithOAuth(t *testing.T) {
	for name, c := range map[string]struct {
		more      int    // further companies that the application reaches
		company   string // that the owner named
		code      string
		connected string
		choices   int
	}{
		"the only company":      {0, "", "", "TEST01", 0},
		"named":                 {1, "OTHER1", "", "OTHER1", 0},
		"named in small":        {1, "other1", "", "OTHER1", 0},
		"several, none named":   {2, "", "", "", 3},
		"one that is not there": {1, "NOBODY", "unknown_company", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var more []*aiqtest.Company
			for i := range c.more {
				other := aiqtest.NewCompany([]string{"OTHER1", "OTHER2"}[i], "Other Ltd", "GBP", w.clock)
				other.ClientID, other.ClientSecret = w.company.ClientID, w.company.ClientSecret
				more = append(more, other)
			}
			aiq, err := aiqtest.Start(aiqtest.Options{Now: w.clock, Company: w.company, More: more})
			w.must(err)
			defer aiq.Close()
			res, err := w.app.Connect(w.ctx, core.ConnectRequest{Location: aiq.URL(), OAuth: true, CompanyID: c.company, ClientID: w.company.ClientID, ClientSecret: w.company.ClientSecret})
			if codeOf(err) != c.code || len(res.Entities) != c.choices {
				t.Fatalf("%v, %d companies to choose from; want %q and %d", err, len(res.Entities), c.code, c.choices)
			}
			if (w.app.Folder() == "") != (c.connected == "") {
				t.Errorf("folder %q", w.app.Folder())
			}
			if c.connected == "" {
				return
			}
			if res.Company.ID != c.connected {
				t.Errorf("connected with %q", res.Company.ID)
			}
			if _, err := w.app.Sync(w.ctx, false); err != nil {
				t.Errorf("the connection that was stored does not work: %v", err)
			}
			for _, v := range aiq.Violations() {
				t.Error(v)
			}
		})
	}
}

// brokenKeys is a key store that takes some secrets and then no more.
type brokenKeys struct {
	secret.Store
	room int
	err  error
}

func (b *brokenKeys) Set(ctx context.Context, name, value string) error {
	if b.room--; b.room < 0 {
		return b.err
	}
	return b.Store.Set(ctx, name, value)
}

func TestConnectWithAKeyStoreThatFails(t *testing.T) {
	locked := &secret.Unavailable{Message: "This computer's key store cannot be used.", Hint: "Unlock it."}
	for name, c := range map[string]struct {
		room    int
		err     error
		had     string // the user key that is there already
		inEnv   bool   // the environment supplies the same keys
		works   bool
		userKey string // in the key store afterwards
	}{
		"no key store":                         {0, locked, "", false, false, ""},
		"no key store, keys in environment":    {0, locked, "", true, true, ""},
		"fails at the second secret":           {1, errors.New("disk full"), "", false, false, ""},
		"fails at the second, one was there":   {1, errors.New("disk full"), "older", false, false, "older"},
		"works":                                {9, nil, "", false, true, "user-key-1"},
		"fails for a reason, environment same": {0, errors.New("disk full"), "", true, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			keys := secret.Memory()
			if c.had != "" {
				w.must(keys.Set(w.ctx, "TEST01/user-key", c.had))
			}
			env := secret.Environment(func(name string) (string, bool) {
				v, ok := map[string]string{"DUNLIN_USER_KEY": "user-key-1", "DUNLIN_PARTNER_KEY": "partner-key-1\n"}[name]
				return v, ok && c.inEnv
			}, nil)
			w.secrets = &chained{keyring: &brokenKeys{Store: keys, room: c.room, err: c.err}, env: env}
			w.must(w.app.Close())
			w.open()
			res, err := w.app.Connect(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: "TEST01", UserKey: "user-key-1", PartnerKey: "partner-key-1"})
			if (err == nil) != c.works || (w.app.Folder() != "") != c.works {
				t.Fatalf("%v, folder %q", err, w.app.Folder())
			}
			for what, want := range map[string]string{"user-key": c.userKey, "partner-key": map[bool]string{true: "partner-key-1"}[c.userKey == "user-key-1"]} {
				if got, _ := keys.Get(w.ctx, "TEST01/"+what); got != want {
					t.Errorf("the key store has %q as %s, want %q", got, what, want)
				}
			}
			if told := len(res.Notes) > 0; told != (c.works && c.inEnv) {
				t.Errorf("notes %q", res.Notes)
			}
			if c.works {
				if _, err := w.app.Sync(w.ctx, false); err != nil {
					t.Errorf("the connection that was stored does not work: %v", err)
				}
			}
		})
	}
}

// chained is a key store with the environment behind it, as a server has it.
type chained struct{ keyring, env secret.Store }

func (c *chained) Get(ctx context.Context, name string) (string, error) {
	return secret.Chain(c.keyring, c.env).Get(ctx, name)
}
func (c *chained) Set(ctx context.Context, name, value string) error {
	return c.keyring.Set(ctx, name, value)
}
func (c *chained) Delete(ctx context.Context, name string) error { return c.keyring.Delete(ctx, name) }

func TestMailboxIsNotStoredWithoutItsPassword(t *testing.T) {
	w := newWorld(t)
	keys := &brokenKeys{Store: secret.Memory(), room: 2, err: errors.New("disk full")} // the keys of the connection fit
	w.secrets = keys
	w.must(w.app.Close())
	w.open()
	w.must(second(w.app.Connect(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: "TEST01", UserKey: "user-key-1", PartnerKey: "partner-key-1"})))
	err := w.app.AddMailbox(w.ctx, core.MailboxRequest{Address: "owner@test.example", SMTP: w.mail.Addr(), Security: "none", User: "owner@test.example", Password: "pw"})
	list, listErr := w.app.Mailboxes(w.ctx)
	if err == nil || listErr != nil || len(list) != 0 {
		t.Errorf("%v; stored %+v", err, list)
	}
}

// Listeners hear of a change when it can be read, not before.
func TestEventsComeAfterTheCommit(t *testing.T) {
	w := newWorld(t)
	w.customer("ACME", 8)
	w.setUp()
	events, stop := w.app.Subscribe()
	defer stop()
	w.must(second(w.app.Sync(w.ctx, false)))
	var kinds []core.EventKind
	for len(events) > 0 {
		kinds = append(kinds, (<-events).Kind)
	}
	at := func(k core.EventKind) int { return slices.Index(kinds, k) }
	if at(core.SyncStarted) != 0 || at(core.DataChanged) < 0 || at(core.SyncFinished) != len(kinds)-1 || at(core.DataChanged) > at(core.SyncFinished) {
		t.Errorf("events of a sync with news: %v", kinds)
	}
	w.must(second(w.app.Sync(w.ctx, false)))
	for len(events) > 0 {
		if e := <-events; e.Kind == core.DataChanged {
			t.Error("a sync without news says that data changed")
		}
	}
	w.must(w.app.SetSetting(w.ctx, "min_gap_days", "5"))
	if e := <-events; e.Kind != core.DataChanged || w.setting("min_gap_days") != "5" {
		t.Errorf("after a setting: %v", e.Kind)
	}
	if err := w.app.SetSetting(w.ctx, "min_gap_days", "x"); err == nil || len(events) != 0 {
		t.Errorf("a refused setting: %v, %d events", err, len(events))
	}
}

// A listener that never reads does not hold up a run.
func TestASlowListenerHoldsNothingUp(t *testing.T) {
	w := newWorld(t)
	for _, code := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z"} {
		w.customer(code, 8)
	}
	w.setUp()
	events, stop := w.app.Subscribe()
	defer stop()
	if v := w.run(); v.Sent != 26 {
		t.Errorf("sent %d", v.Sent)
	}
	if len(events) != cap(events) {
		t.Errorf("%d of %d events are kept", len(events), cap(events))
	}
}
