package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/outbox"
	"dunlin/core/store"
)

// Overview is the state of everything at this moment.
func (a *App) Overview(ctx context.Context) (Overview, error) {
	o := Overview{Demo: a.deps.Demo}
	a.clerk.mu.Lock()
	o.Busy, o.Progress = a.clerk.busy, a.clerk.progress
	a.clerk.mu.Unlock()
	st, set, err := a.settings(ctx)
	if err != nil {
		return o, nil // nothing connected: the first run begins
	}
	now := a.deps.Now()
	o.Connected, o.CompanyID, o.Account = true, set[keyConnCompany], accountOf(set)
	o.CompanyName = o.Account.Name
	if loc, err := accountsiq.ParseLocation(set[keyConnLocation]); err == nil {
		if o.Location = loc.Code; o.Location == "" {
			o.Location = loc.Host()
		}
	}
	o.Paused, o.Started, o.Today = pausedAt(set, now), set[keyStarted] == "true", today(set, now)
	if o.Paused {
		o.PausedUntil, _ = ledger.ParseDate(set[keyPausedUntil])
	}
	o.MissedSlot, _ = time.Parse(time.RFC3339, set[keyMissedSlot])
	for _, fill := range []func(context.Context, *store.Store, *Overview) error{a.syncState, a.figures, a.nextRun, a.waiting, a.latest} {
		if err := fill(ctx, st, &o); err != nil {
			return o, err
		}
	}
	a.health(&o)
	o.Health = append(o.Health, switchedOff(set)...)
	return o, nil
}

func (a *App) syncState(ctx context.Context, st *store.Store, o *Overview) error {
	last, err := st.LastSync(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && !last.OK {
		o.SyncProblem = &Problem{Code: last.Code, Message: last.Message, Hint: last.Hint}
	}
	good, err := st.LastGoodSync(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	o.LastGoodSync = good.Finished
	return nil
}

func (a *App) figures(ctx context.Context, st *store.Store, o *Overview) (err error) {
	if o.Ageing, err = st.Ageing(ctx, o.Today); err != nil {
		return err
	}
	var sums []ledger.Money
	for _, g := range o.Ageing {
		o.OpenInvoices += g.Count
		sums = append(sums, ledger.Money{Minor: g.Total, Currency: g.Currency})
	}
	if o.InBase, o.InBaseWithout, err = baseTotal(ctx, st, sums); err != nil {
		return err
	}
	owing, err := st.CustomerIDs(ctx, store.CustomerQuery{Status: store.CustomersOwing, Today: o.Today})
	if err != nil {
		return err
	}
	o.CustomersNow = len(owing)
	differ, err := st.BalanceDifferences(ctx)
	accounts := map[int64]bool{}
	for _, c := range differ {
		accounts[c.AccountID] = true
	}
	o.Mismatches = len(accounts)
	return err
}

// baseTotal adds up sums of several currencies in the company's base currency, and names the currencies without a
// rate. It is nil with one currency, and where no rate brings another one in.
func baseTotal(ctx context.Context, st *store.Store, sums []ledger.Money) (*Amount, []string, error) {
	sums = slices.DeleteFunc(slices.Clone(sums), func(m ledger.Money) bool { return m.Minor == 0 })
	if len(sums) < 2 {
		return nil, nil, nil
	}
	set, err := st.Settings(ctx)
	if err != nil {
		return nil, nil, err
	}
	company, err := st.Company(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, err
	}
	currencies, err := st.Currencies(ctx)
	if err != nil {
		return nil, nil, err
	}
	base := companyInput(store.Facts{Settings: set, Company: company}).Currency
	total, without := inBase(base, sums, rates(currencies, set[keyRateDirection]))
	foreign := slices.DeleteFunc(sums, func(m ledger.Money) bool { return m.Currency == base })
	if base == "" || len(without) == len(foreign) {
		return nil, nil, nil
	}
	return &Amount{total.Currency, total.String()}, without, nil
}

// forecast is what the next slot would bring, remembered until the data or the slot change: reckoning it
// takes a look at every open invoice.
type forecast struct {
	version  int64
	slot     time.Time
	messages int
	totals   []Amount
}

// nextRun says what the next slot would bring if nothing changes until then.
func (a *App) nextRun(ctx context.Context, st *store.Store, o *Overview) error {
	set, err := st.Settings(ctx)
	if err != nil {
		return err
	}
	next, ok := chase.NewCalendar(companyInput(store.Facts{Settings: set})).NextSlot(a.deps.Now())
	if !ok {
		return nil
	}
	f, err := a.forecastFor(ctx, st, next)
	o.NextSlot, o.NextMessages, o.NextTotals = next, f.messages, f.totals
	return err
}

func (a *App) forecastFor(ctx context.Context, st *store.Store, slot time.Time) (forecast, error) {
	a.outlookMu.Lock()
	defer a.outlookMu.Unlock()
	version, err := st.Version(ctx)
	if err != nil {
		return forecast{}, err
	}
	if f := a.forecast; f.version == version && f.slot.Equal(slot) {
		return f, nil
	}
	s, err := a.situation(ctx, slot)
	if err != nil {
		return forecast{}, err
	}
	s.asIfStarted()
	res := chase.Plan(s.in)
	totals := map[string]ledger.Money{}
	for _, m := range res.Messages {
		for _, t := range m.Totals {
			totals[t.Currency] = totals[t.Currency].Add(t)
		}
	}
	f := forecast{version: s.version, slot: slot, messages: len(res.Messages)}
	for _, currency := range sortedKeys(totals) {
		f.totals = append(f.totals, Amount{currency, totals[currency].String()})
	}
	a.forecast = f
	return f, nil
}

func (a *App) waiting(ctx context.Context, st *store.Store, o *Overview) error {
	rows, err := st.Messages(ctx, store.MessageQuery{States: []string{outbox.Planned}})
	o.Waiting, o.Approval = len(rows), len(rows) > 0
	return err
}

func (a *App) latest(ctx context.Context, st *store.Store, o *Overview) error {
	boxes, err := st.Mailboxes(ctx)
	if err != nil {
		return err
	}
	o.NeedsMailbox = len(boxes) == 0
	if o.RecentEvents, err = a.events(ctx, st, store.EventQuery{Limit: 12}); err != nil {
		return err
	}
	run, err := st.LastRun(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v := RunView{ID: run.ID, At: run.SlotAt, State: run.State, Reason: run.Reason}
	messages, err := a.messages(ctx, st, store.MessageQuery{RunID: run.ID})
	for _, m := range messages {
		switch m.State {
		case outbox.Accepted, "bounced", "replied":
			v.Sent++
		case outbox.Uncertain:
			v.Uncertain++
		case outbox.Refused:
			v.Refused++
		case outbox.Planned, outbox.Approved, outbox.Queued:
			v.Left++
		}
	}
	v.Messages = messages
	o.LastRun = &v
	return err
}

// health lists what keeps chasing from working although the owner wants it.
func (a *App) health(o *Overview) {
	if o.SyncProblem != nil {
		o.Health = append(o.Health, *o.SyncProblem)
	}
	if o.NeedsMailbox && !o.Paused {
		o.Health = append(o.Health, Problem{Code: "no_mailbox", Message: "There is no mailbox to send from.", Hint: "Add your mailbox under Settings, Mailboxes."})
	}
	if o.Account.Timezone == "" {
		o.Health = append(o.Health, Problem{Code: "no_timezone", Message: "The time zone of your business is not set, so times are taken as UTC.", Hint: "Set it under Settings, Account."})
	}
}

// Ageing is what is outstanding by age, per currency.
func (a *App) Ageing(ctx context.Context) ([]ledger.Ageing, error) {
	st, set, err := a.settings(ctx)
	if err != nil {
		return nil, err
	}
	return st.Ageing(ctx, today(set, a.deps.Now()))
}

// Backup writes a copy of the company's data to a file.
func (a *App) Backup(ctx context.Context, file string) error {
	st, err := a.company()
	if err != nil {
		return err
	}
	err = st.Backup(ctx, file)
	var known *store.Error
	if err != nil && !errors.As(err, &known) {
		return &Problem{Code: "backup", Message: fmt.Sprintf("The copy could not be written to %s: %v.", file, err), Hint: "Choose a new file in a folder that you may write to."}
	}
	return err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// RestoreFile puts a backup in the place of a company's data; nobody may have the folder open. What went out
// after the backup was made stays known through the journal (R6.7).
func RestoreFile(ctx context.Context, folder, backup string) error {
	return store.Restore(ctx, folder, backup)
}

// Plural writes a number with its English noun: "1 message", "2 messages".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// AgeingLine writes the ageing of one currency on one line.
func AgeingLine(g ledger.Ageing) string {
	parts := []string{g.Currency}
	for b := ledger.Current; b < ledger.Buckets; b++ {
		parts = append(parts, b.String()+": "+ledger.Money{Minor: g.Cells[b], Currency: g.Currency}.String())
	}
	return strings.Join(append(parts, "total: "+ledger.Money{Minor: g.Total, Currency: g.Currency}.String()), "  ")
}
