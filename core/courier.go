package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/mail"
	"dunlin/core/outbox"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// courier puts together what sends messages.
func (a *App) courier(st *store.Store) *outbox.Courier {
	a.mu.Lock()
	journal := a.journal
	a.mu.Unlock()
	look := &looker{app: a, st: st}
	return &outbox.Courier{Store: st, Journal: journal, Now: a.deps.Now,
		Dial:    func(ctx context.Context, from string) (outbox.Session, error) { return a.dial(ctx, st, from) },
		Look:    look.look,
		Compose: compose(st),
		Moved:   func() { a.Publish(Event{Kind: DataChanged}) },
	}
}

// looker reads the invoices of a message again from AccountsIQ just before it goes (R6.3).
type looker struct {
	app    *App
	st     *store.Store
	client *accountsiq.Client // signed in at the first look
}

func (l *looker) look(ctx context.Context, m store.Message) (outbox.Verdict, error) {
	if m.AccountID == 0 {
		return outbox.Verdict{Send: true}, nil // to the owner
	}
	if err := l.freshen(ctx); err != nil {
		return outbox.Verdict{}, err
	}
	changed, err := l.reread(ctx, m)
	if err != nil {
		return outbox.Verdict{}, err
	}
	paused, err := l.paused(ctx)
	if err != nil {
		return outbox.Verdict{}, err
	}
	if paused {
		return outbox.Verdict{Reason: "chasing was paused meanwhile"}, nil
	}
	if !changed {
		return outbox.Verdict{Send: true}, nil
	}
	return l.replan(ctx, m)
}

// freshen syncs again when the last good sync is older than R6.1 allows.
func (l *looker) freshen(ctx context.Context) error {
	last, err := l.st.LastGoodSync(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	now := l.app.deps.Now()
	if age := now.Sub(last.Started); age >= 0 && age <= freshFor {
		return nil
	}
	_, err = l.app.sync(ctx, pull.Thorough)
	return err
}

func (l *looker) paused(ctx context.Context) (bool, error) {
	set, err := l.st.Settings(ctx)
	if err != nil {
		return false, err
	}
	return pausedAt(set, l.app.deps.Now()), nil
}

// pausedAt is reason 1 of R2.2.
func pausedAt(set map[string]string, now time.Time) bool {
	if set[keyPaused] == "false" {
		return false
	}
	until, err := ledger.ParseDate(set[keyPausedUntil])
	return err != nil || ledger.DateOf(now.In(zone(set))).Before(until)
}

// reread reads the message's invoices by id, stores what it finds, and reports whether anything that
// matters is not as it was when the message was planned.
func (l *looker) reread(ctx context.Context, m store.Message) (changed bool, err error) {
	if l.client == nil {
		if l.client, err = l.app.connection(ctx); err != nil {
			return false, err
		}
		if err := l.client.SignIn(ctx); err != nil {
			return false, err
		}
	}
	ids := make([]int64, len(m.Invoices))
	for i, inv := range m.Invoices {
		ids[i] = inv.TransactionID
	}
	before, err := l.st.InvoicesByID(ctx, ids)
	if err != nil {
		return false, err
	}
	got, missing, err := pull.Items(ctx, l.client, ids)
	if err != nil {
		return false, err
	}
	set, err := l.st.Settings(ctx)
	if err != nil {
		return false, err
	}
	today := ledger.DateOf(l.app.deps.Now().In(zone(set)))
	var counts store.Counts
	err = l.st.Tx(ctx, func(tx *store.Tx) (err error) {
		if counts, err = tx.UpsertTransactions(ctx, got, today); err != nil {
			return err
		}
		_, err = tx.MarkMissing(ctx, missing)
		return err
	})
	if err != nil {
		return false, err
	}
	return counts.Any() || len(missing) > 0 || len(before) != len(ids) || differs(before, m), nil
}

// differs reports whether the store knew better than the message even before the look.
func differs(rows []store.InvoiceRow, m store.Message) bool {
	owed := map[int64]ledger.Money{}
	for _, i := range m.Invoices {
		owed[i.TransactionID] = i.Outstanding
	}
	return slices.ContainsFunc(rows, func(r store.InvoiceRow) bool { return owed[r.ID] != r.Outstanding })
}

// replan asks the planner anew with what AccountsIQ says now. What this same run has sent already does not
// count: it blocks later runs, not the second message of this one (R4.5).
func (l *looker) replan(ctx context.Context, m store.Message) (outbox.Verdict, error) {
	s, err := l.app.situationBefore(ctx, l.app.deps.Now(), m.RunID)
	if err != nil {
		return outbox.Verdict{}, err
	}
	res := chase.Plan(s.in)
	for _, want := range res.Messages {
		if want.Customer != m.CustomerCode || string(want.Kind) != m.Kind || !shares(want, m, s) {
			continue
		}
		desk, err := l.app.desk(ctx, l.st, s)
		if err != nil {
			return outbox.Verdict{}, err
		}
		row, err := desk.row(want, res.Now)
		if err != nil {
			return outbox.Verdict{}, err
		}
		row.ID, row.Key, row.RunID, row.MessageID, row.State = m.ID, m.Key, m.RunID, m.MessageID, m.State
		row.Created, row.PlannedFor, row.Attempts, row.Updated = m.Created, m.PlannedFor, m.Attempts, s.in.Now
		return outbox.Verdict{Send: true, Edited: &row}, nil
	}
	return outbox.Verdict{Reason: whyNot(res, m, s)}, nil
}

// shares reports whether a planned message and one of the outbox have an invoice in common.
func shares(want chase.Message, m store.Message, s situation) bool {
	return slices.ContainsFunc(want.Invoices, func(l chase.Listed) bool {
		id := s.invoice[l.Number].TransactionID
		return slices.ContainsFunc(m.Invoices, func(i store.MessageInvoice) bool { return i.TransactionID == id })
	})
}

// whyNot says in a few words what became of the message's invoices.
func whyNot(res chase.Result, m store.Message, s situation) string {
	open := map[int64]*chase.Outlook{}
	for i, o := range res.Invoices {
		open[s.invoice[o.Number].TransactionID] = &res.Invoices[i]
	}
	var held []string
	settled := true
	for _, i := range m.Invoices {
		o := open[i.TransactionID]
		if o == nil {
			continue
		}
		settled = false
		if o.Held != nil {
			held = append(held, fmt.Sprintf("%s: %s", i.Number, o.Held.Text))
		}
	}
	switch {
	case settled:
		return "paid meanwhile"
	case len(held) > 0:
		return "changed meanwhile: " + strings.Join(held, "; ")
	}
	return "not due any more after a change in AccountsIQ"
}

// situationBefore is the situation without what one run has sent.
func (a *App) situationBefore(ctx context.Context, at time.Time, runID string) (situation, error) {
	st, err := a.company()
	if err != nil {
		return situation{}, err
	}
	facts, err := st.PlannerFacts(ctx)
	if err != nil {
		return situation{}, err
	}
	own, err := st.Messages(ctx, store.MessageQuery{RunID: runID})
	if err != nil {
		return situation{}, err
	}
	ofRun := map[string]bool{}
	for _, m := range own {
		ofRun[m.MessageID] = true
	}
	facts.History = slices.DeleteFunc(facts.History, func(h store.HistoryMessage) bool { return ofRun[h.MessageID] })
	journal := slices.DeleteFunc(a.journalEntries(), func(e outbox.Entry) bool { return ofRun[e.MessageID] })
	// The run under way is no earlier run that the clock could be behind.
	if facts.LastRun.After(at) {
		facts.LastRun = at
	}
	return situate(facts, journal, at)
}

// dial opens a signed-in session for a sender.
func (a *App) dial(ctx context.Context, st *store.Store, from string) (outbox.Session, error) {
	box, err := mailboxOf(ctx, st, from)
	if err != nil {
		return nil, err
	}
	password := ""
	if box.SMTP.User != "" {
		if password, err = a.mailPassword(ctx, st, box.Address); err != nil {
			return nil, err
		}
	}
	return mail.Dial(ctx, smtpServer(box), password, mail.Options{Logger: a.deps.Logger})
}

func mailboxOf(ctx context.Context, st *store.Store, address string) (store.Mailbox, error) {
	boxes, err := st.Mailboxes(ctx)
	if err != nil {
		return store.Mailbox{}, err
	}
	for _, b := range boxes {
		if strings.EqualFold(b.Address, address) {
			return b, nil
		}
	}
	return store.Mailbox{}, &Problem{Code: "no_mailbox", Message: fmt.Sprintf("The mailbox %s is not set up any more.", address), Hint: "Add it again, or plan the run anew."}
}

func smtpServer(b store.Mailbox) mail.Server {
	return mail.Server{Host: b.SMTP.Host, Port: b.SMTP.Port, Security: mail.Security(b.SMTP.Security), User: b.SMTP.User,
		Auth: mail.AuthMethod(b.SMTP.Auth), CAFile: b.CAFile}
}

func (a *App) mailPassword(ctx context.Context, st *store.Store, address string) (string, error) {
	company, _, err := st.Setting(ctx, keyConnCompany)
	if err != nil {
		return "", err
	}
	v, err := a.deps.Secrets.Get(ctx, secretName(company, secretMail+address))
	if err != nil {
		return "", secretProblem(secretMail, err)
	}
	return v, nil
}
