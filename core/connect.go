package core

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/secret"
	"dunlin/core/store"
)

// The settings that hold the connection; the secrets are in the key store.
const (
	keyConnLocation = "connection.location"
	keyConnCompany  = "connection.company"
	keyConnAuth     = "connection.auth"
	keyStarted      = "chasing.started"
)

// The values of keyConnAuth.
const (
	authUserKey = "userkey"
	authOAuth   = "oauth"
)

// The names of the secrets behind a company's name.
const (
	secretUserKey      = "user-key"
	secretPartnerKey   = "partner-key"
	secretClientID     = "client-id"
	secretClientSecret = "client-secret"
	secretMail         = "mail-password." // + address
)

func secretName(company, what string) string { return folderName(company) + "/" + what }

// clean trims what a paste brought along and remembers which fields it touched.
func (r *ConnectRequest) clean() []string {
	var touched []string
	for _, f := range []struct {
		name  string
		value *string
	}{{"Location", &r.Location}, {"Company ID", &r.CompanyID}, {"User Key", &r.UserKey}, {"Partner key", &r.PartnerKey},
		{"Client ID", &r.ClientID}, {"Client secret", &r.ClientSecret}} {
		v, changed := accountsiq.CleanKey(*f.value)
		if changed && *f.value != "" {
			touched = append(touched, f.name)
		}
		*f.value = v
	}
	return touched
}

func need(field, hint string) error {
	return &Problem{Code: "missing_" + strings.ReplaceAll(strings.ToLower(field), " ", "_"), Message: field + " is missing.", Hint: hint}
}

func (r ConnectRequest) missing() error {
	if r.Location == "" {
		return need("Location", "Choose the location of your company: it is the first part of the address you see when you are signed in to AccountsIQ.")
	}
	return r.missingKeys()
}

// missingKeys says which value beside the location is not filled in.
func (r ConnectRequest) missingKeys() error {
	switch {
	case r.OAuth && r.ClientID == "":
		return need("Client ID", "Copy it from the AccountsIQ Developer Portal.")
	case r.OAuth && r.ClientSecret == "":
		return need("Client secret", "Copy it from the AccountsIQ Developer Portal.")
	case r.OAuth:
		return nil
	case r.CompanyID == "":
		return need("Company ID", "In AccountsIQ go to Setup, then Company Details & Settings.")
	case r.UserKey == "":
		return need("User Key", "In AccountsIQ go to Setup, Company Details & Settings, Integration, then Request User Key and press Save.")
	}
	return nil
}

func (r ConnectRequest) auth() accountsiq.Auth {
	if r.OAuth {
		return accountsiq.OAuth{ClientID: r.ClientID, ClientSecret: accountsiq.Secret(r.ClientSecret)}
	}
	return accountsiq.UserKey{PartnerKey: accountsiq.Secret(r.PartnerKey), UserKey: accountsiq.Secret(r.UserKey)}
}

// Connect checks a connection against AccountsIQ and, only when that worked, stores it. Where an
// integration application reaches several companies and none was named, nothing is stored and the
// companies come back to choose from.
func (a *App) Connect(ctx context.Context, r ConnectRequest) (ConnectResult, error) {
	res := ConnectResult{Cleaned: r.clean()}
	if err := r.missing(); err != nil {
		return res, err
	}
	loc, err := a.location(r.Location)
	if err != nil {
		return res, err
	}
	if res.Company, res.Entities, err = a.tryConnection(ctx, loc, &r); err != nil || r.CompanyID == "" {
		return res, err
	}
	res.Suggest = suggestAccount(res.Company)
	if res.Notes, err = a.keepSecrets(ctx, r); err != nil {
		return res, err
	}
	if missing := res.Suggest.missing(); missing != "" {
		res.Notes = append(res.Notes, "AccountsIQ did not say "+missing+" of your business; set it before you start chasing.")
	}
	return res, a.keepConnection(ctx, loc, r, res)
}

// tryConnection signs in and finds out which company answers. r.CompanyID is filled in where the
// application reaches just one.
func (a *App) tryConnection(ctx context.Context, loc accountsiq.Location, r *ConnectRequest) (ledger.Company, []Entity, error) {
	client, err := a.client(loc, r.CompanyID, r.auth())
	if err != nil {
		return ledger.Company{}, nil, err
	}
	if err := a.whenFree(ctx, func() error { return client.SignIn(ctx) }); err != nil {
		return ledger.Company{}, nil, err
	}
	company := ledger.Company{ID: r.CompanyID}
	if r.OAuth {
		var entities []accountsiq.Entity
		err := a.whenFree(ctx, func() (err error) { entities, err = client.Entities(ctx); return err })
		if err != nil && !errors.Is(err, accountsiq.NotOffered) {
			return company, nil, err
		}
		if company, err = chooseEntity(entities, r); err != nil {
			return company, nil, err
		}
		if r.CompanyID == "" {
			return company, entityViews(entities), nil
		}
		if client, err = a.client(loc, r.CompanyID, r.auth()); err != nil {
			return company, nil, err
		}
	}
	var info ledger.Company
	err = a.whenFree(ctx, func() (err error) { info, err = client.Company(ctx); return err })
	switch {
	case errors.Is(err, accountsiq.NotOffered):
		return company, nil, nil
	case err != nil:
		return company, nil, err
	case info.Consolidation:
		return company, nil, &Problem{Code: "group_company", Message: "This is a group company without a sales ledger of its own.", Hint: "Enter the Company ID of the company that sends the invoices."}
	}
	info.ID = r.CompanyID
	if info.Name == "" {
		info.Name = company.Name
	}
	if info.BaseCurrency == "" {
		info.BaseCurrency = company.BaseCurrency
	}
	return info, nil, nil
}

// whenFree repeats a question for a while that AccountsIQ was too busy to answer; any other failure is told at once.
func (a *App) whenFree(ctx context.Context, ask func() error) error {
	return pull.Retry(ctx, pull.Patience{For: a.deps.SyncWait, Now: a.deps.Now}, ask, accountsiq.Busy, accountsiq.Throttled)
}

// chooseEntity finds the company among those the application reaches.
func chooseEntity(entities []accountsiq.Entity, r *ConnectRequest) (ledger.Company, error) {
	if r.CompanyID == "" && len(entities) == 1 {
		r.CompanyID = entities[0].ID
	}
	for _, e := range entities {
		if strings.EqualFold(e.ID, r.CompanyID) {
			r.CompanyID = e.ID
			return ledger.Company{ID: e.ID, Name: e.Name, BaseCurrency: e.BaseCurrency}, nil
		}
	}
	switch {
	case r.CompanyID != "" && len(entities) > 0:
		ids := make([]string, len(entities))
		for i, e := range entities {
			ids[i] = e.ID
		}
		return ledger.Company{}, &Problem{Code: "unknown_company", Message: fmt.Sprintf("This application does not reach a company %q.", r.CompanyID),
			Hint: "It reaches: " + strings.Join(ids, ", ") + ". Use one of these, or ask your integration administrator to add the company."}
	case r.CompanyID == "" && len(entities) == 0:
		return ledger.Company{}, &Problem{Code: "missing_company_id", Message: "Company ID is missing, and this application names no company.",
			Hint: "Enter the Company ID; in AccountsIQ it is under Setup, Company Details & Settings."}
	}
	return ledger.Company{ID: r.CompanyID}, nil
}

func entityViews(in []accountsiq.Entity) []Entity {
	out := make([]Entity, len(in))
	for i, e := range in {
		out[i] = Entity{ID: e.ID, Name: e.Name, Currency: e.BaseCurrency}
	}
	return out
}

func (a *App) client(loc accountsiq.Location, company string, auth accountsiq.Auth) (*accountsiq.Client, error) {
	return accountsiq.New(accountsiq.Config{Location: loc, Company: company, Auth: auth, HTTP: a.deps.HTTP, Logger: a.deps.Logger, Now: a.deps.Now})
}

// keepSecrets puts the keys into the key store. Without one it is enough that the environment holds the
// same keys, as on a server; else nothing is stored and the error says what to do.
func (a *App) keepSecrets(ctx context.Context, r ConnectRequest) ([]string, error) {
	values := map[string]string{secretUserKey: r.UserKey, secretPartnerKey: r.PartnerKey}
	if r.OAuth {
		values = map[string]string{secretClientID: r.ClientID, secretClientSecret: r.ClientSecret}
	}
	fromEnvironment := false
	var undo []func() error
	for _, what := range sortedKeys(values) {
		name, value := secretName(r.CompanyID, what), values[what]
		if value == "" {
			continue
		}
		before, _ := a.deps.Secrets.Get(ctx, name)
		env, err := a.keepSecret(ctx, name, value)
		if err != nil {
			for _, back := range undo {
				err = errors.Join(err, back())
			}
			return nil, err
		}
		if !env {
			undo = append(undo, func() error { return a.putBackSecret(ctx, name, before) })
		}
		fromEnvironment = fromEnvironment || env
	}
	if fromEnvironment {
		return []string{"There is no key store here, so the keys are read from the environment each time and were not stored."}, nil
	}
	return nil, nil
}

// putBackSecret undoes a keepSecret, so that a connection that could not be stored leaves nothing behind.
func (a *App) putBackSecret(ctx context.Context, name, before string) error {
	if before == "" {
		return a.deps.Secrets.Delete(ctx, name)
	}
	return a.deps.Secrets.Set(ctx, name, before)
}

// keepSecret stores one secret; fromEnvironment says that there is no key store and the environment
// supplies the same value.
func (a *App) keepSecret(ctx context.Context, name, value string) (fromEnvironment bool, err error) {
	err = a.deps.Secrets.Set(ctx, name, value)
	var none *secret.Unavailable
	if !errors.As(err, &none) {
		return false, err
	}
	if have, getErr := a.deps.Secrets.Get(ctx, name); getErr == nil && (have == value || cleaned(have) == value) {
		return true, nil
	}
	return false, err
}

func cleaned(s string) string {
	s, _ = accountsiq.CleanKey(s)
	return s
}

// keepConnection stores the connection in the company's folder. Where that is not the one in use it is made, or
// opened, and only when everything is stored does it take the other's place.
func (a *App) keepConnection(ctx context.Context, loc accountsiq.Location, r ConnectRequest, res ConnectResult) error {
	dir := filepath.Join(a.root, folderName(r.CompanyID))
	if a.Folder() == dir {
		if err := a.setCurrent(dir); err != nil {
			return err
		}
		st, err := a.company()
		if err != nil {
			return err
		}
		if err := storeConnection(ctx, st, loc, r, res, a.deps.Now()); err != nil {
			return err
		}
		a.Publish(Event{Kind: DataChanged})
		a.clerk.wake()
		return nil
	}
	return a.moveTo(ctx, dir, a.newFolderID(dir, r.CompanyID, locationKey(loc)), func(st *store.Store) error {
		return storeConnection(ctx, st, loc, r, res, a.deps.Now())
	})
}

// locationKey is how a location is kept in the settings.
func locationKey(loc accountsiq.Location) string {
	if loc.Code != "" {
		return loc.Code
	}
	return loc.Base
}

func storeConnection(ctx context.Context, st *store.Store, loc accountsiq.Location, r ConnectRequest, res ConnectResult, now time.Time) error {
	set, err := st.Settings(ctx)
	if err != nil {
		return err
	}
	values := map[string]string{keyConnLocation: locationKey(loc), keyConnCompany: r.CompanyID, keyConnAuth: authUserKey}
	if r.OAuth {
		values[keyConnAuth] = authOAuth
	}
	for key, value := range firstSettings(set, res.Suggest) {
		values[key] = value
	}
	return st.Tx(ctx, func(tx *store.Tx) error {
		for key, value := range values {
			if err := tx.SetSetting(ctx, key, value); err != nil {
				return err
			}
		}
		if err := tx.SetCompany(ctx, res.Company); err != nil {
			return err
		}
		if err := firstSchedule(ctx, st, tx); err != nil {
			return err
		}
		_, err := tx.AddEvent(ctx, store.Event{At: now, Kind: "connection", Text: "Connected with AccountsIQ: " + r.CompanyID + "."})
		return err
	})
}

// firstSettings fills in what a company does not have yet: the business as AccountsIQ describes it, and
// that nothing goes before "Start chasing".
func firstSettings(have map[string]string, suggest Account) map[string]string {
	out := map[string]string{}
	for key, value := range map[string]string{keyAccountName: suggest.Name, keyAccountCountry: suggest.Country,
		keyAccountTimezone: suggest.Timezone, keyAccountCurrency: suggest.Currency, keyPaused: "true"} {
		if have[key] == "" && value != "" {
			out[key] = value
		}
	}
	return out
}

func firstSchedule(ctx context.Context, st *store.Store, tx *store.Tx) error {
	known, err := st.Schedules(ctx)
	if err != nil || len(known) > 0 {
		return err
	}
	return saveSchedule(ctx, tx, chase.DefaultSchedule())
}

// connection builds the client of the company in use.
func (a *App) connection(ctx context.Context) (*accountsiq.Client, error) {
	st, err := a.company()
	if err != nil {
		return nil, err
	}
	return a.connectionTo(ctx, st)
}

// connectionTo builds the client of a company's stored connection, whichever is in use by now.
func (a *App) connectionTo(ctx context.Context, st *store.Store) (*accountsiq.Client, error) {
	set, err := st.Settings(ctx)
	if err != nil {
		return nil, err
	}
	loc, err := a.location(set[keyConnLocation])
	if err != nil {
		return nil, err
	}
	company := set[keyConnCompany]
	names := []string{secretUserKey, secretPartnerKey}
	if set[keyConnAuth] == authOAuth {
		names = []string{secretClientID, secretClientSecret}
	}
	values := make([]string, len(names))
	for i, name := range names {
		v, err := a.deps.Secrets.Get(ctx, secretName(company, name))
		// The partner key is optional: who has none leaves it out.
		if err != nil && name != secretPartnerKey {
			return nil, secretProblem(name, err)
		}
		values[i] = cleaned(v)
	}
	if set[keyConnAuth] == authOAuth {
		return a.client(loc, company, accountsiq.OAuth{ClientID: values[0], ClientSecret: accountsiq.Secret(values[1])})
	}
	return a.client(loc, company, accountsiq.UserKey{UserKey: accountsiq.Secret(values[0]), PartnerKey: accountsiq.Secret(values[1])})
}

// secretProblem says which secret is missing and where it can come from.
func secretProblem(name string, err error) error {
	what := map[string]string{secretUserKey: "User Key", secretPartnerKey: "partner key", secretClientID: "client ID", secretClientSecret: "client secret"}[name]
	if what == "" {
		what = "mailbox password"
	}
	if errors.Is(err, secret.ErrNotFound) {
		variable := "DUNLIN_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if strings.HasPrefix(name, secretMail) {
			variable = "DUNLIN_MAIL_PASSWORD"
		}
		return &Problem{Code: "missing_secret", Message: fmt.Sprintf("The %s is not in the key store.", what),
			Hint: fmt.Sprintf("Connect again in the window, or on a server set %s or a systemd credential.", variable)}
	}
	return err
}

// locations are the installations of AccountsIQ to choose from.
func (a *App) locations() []accountsiq.Location {
	if a.deps.Locations != nil {
		return a.deps.Locations
	}
	return accountsiq.Locations()
}

// location finds the installation that a code or an address means.
func (a *App) location(s string) (accountsiq.Location, error) {
	s, _ = accountsiq.CleanKey(s)
	for _, l := range a.locations() {
		if s != "" && strings.EqualFold(s, l.Code) {
			return l, nil
		}
	}
	loc, err := accountsiq.ParseLocation(s)
	for _, l := range a.locations() {
		if err == nil && loc.Base == l.Base {
			return l, nil
		}
	}
	return loc, err
}

// Locations lists where companies can be, for the dropdown; the last entry is another address.
func (a *App) Locations() []Choice {
	var out []Choice
	for _, l := range a.locations() {
		out = append(out, Choice{Code: l.Code, Name: l.Name + ", " + l.Host()})
	}
	return slices.Clip(out)
}

// LocationAnswer is what one location says to the keys.
type LocationAnswer struct {
	Location Choice
	Knows    bool
	// Problem is why the company cannot be connected there; nil when it can.
	Problem *Problem
}

// TryLocations asks every location but the one of the request, one after the other, whether it knows the company.
// Nothing is stored. As each of them gets the keys to see, only the owner's own word starts it (contract section
// 6). When ctx ends it returns what was answered until then, with the error.
func (a *App) TryLocations(ctx context.Context, r ConnectRequest) ([]LocationAnswer, error) {
	var out []LocationAnswer
	for _, c := range a.OtherLocations(r) {
		answer, err := a.TryLocation(ctx, r, c.Code)
		if err != nil {
			return out, err
		}
		out = append(out, answer)
	}
	return out, nil
}

// OtherLocations are the locations that TryLocations asks, in its order.
func (a *App) OtherLocations(r ConnectRequest) []Choice {
	own, err := a.location(r.Location)
	return slices.DeleteFunc(a.Locations(), func(c Choice) bool {
		l, _ := a.location(c.Code)
		return err == nil && l.Base == own.Base
	})
}

// TryLocation asks one location. Its refusal is part of the answer; an error means that the request is not complete
// or that ctx ended.
func (a *App) TryLocation(ctx context.Context, r ConnectRequest, code string) (LocationAnswer, error) {
	r.Location = code
	r.clean()
	if err := r.missing(); err != nil {
		return LocationAnswer{}, err
	}
	loc, err := a.location(r.Location)
	if err != nil {
		return LocationAnswer{}, err
	}
	_, _, err = a.tryConnection(ctx, loc, &r)
	if ctx.Err() != nil {
		return LocationAnswer{}, ctx.Err()
	}
	p := ProblemOf(err)
	// Only the place where a company is at home can say that it is a group or inactive.
	knows := p == nil || p.Code == "group_company" || p.Code == "company_inactive"
	return LocationAnswer{Location: Choice{Code: loc.Code, Name: loc.Name + ", " + loc.Host()}, Knows: knows, Problem: p}, nil
}

// FromAccountsIQ reports whether a refused connection is AccountsIQ's own word, rather than a failure to reach it.
func (p Problem) FromAccountsIQ() bool {
	return !slices.Contains([]string{"network", "timeout", "tls", "not_soap", "redirected", "server_fault", "http_status", "truncated", "cancelled"}, p.Code)
}

// ElsewherePerhaps reports whether a refused connection may come from asking at the wrong location. AccountsIQ 1.1
// gives no reason for a refused key, so that one is always among them.
func (p Problem) ElsewherePerhaps() bool {
	return slices.Contains([]string{"wrong_location", "refused_key", "stray_characters", "unknown_company"}, p.Code)
}
