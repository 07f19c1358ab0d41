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
		Dial:     func(ctx context.Context, from string) (outbox.Session, error) { return a.dial(ctx, st, from) },
		Look:     look.look,
		Compose:  compose(st),
		Accepted: a.keepNote(st),
		Moved:    func() { a.Publish(Event{Kind: DataChanged}) },
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
	if err := l.signIn(ctx); err != nil {
		return outbox.Verdict{}, err
	}
	set, err := l.st.Settings(ctx)
	if err != nil {
		return outbox.Verdict{}, err
	}
	if late(set, m, l.app.deps.Now()) {
		return outbox.Verdict{Wait: errLate, Reason: errLate.Error()}, nil
	}
	if settingOr(set, keyAttach) != "true" || !carriesCopies(m.Kind) {
		return l.decide(ctx, m)
	}
	return l.decideWithCopies(ctx, m, set)
}

// errLate is why what a slow run did not get to waits for the next one (R6.5).
var errLate = errors.New("the time of its run was over before it could go; the next run takes it on")

// late reports whether the window of a slot's message is over. A run by hand has none.
func late(set map[string]string, m store.Message, now time.Time) bool {
	return strings.HasPrefix(m.RunID, slotRun+"-") && now.After(windowEnd(set, m.PlannedFor))
}

// decide reads the message's invoices again and says what becomes of it. Where the decision brings in an invoice that
// was not read again, all that the message lists then is read, and decided upon once more.
func (l *looker) decide(ctx context.Context, m store.Message) (outbox.Verdict, error) {
	asked := m
	for range rounds {
		if err := l.reread(ctx, asked); err != nil {
			return outbox.Verdict{}, err
		}
		paused, err := l.paused(ctx)
		if err != nil {
			return outbox.Verdict{}, err
		}
		if paused {
			return outbox.Verdict{Reason: "chasing was paused meanwhile"}, nil
		}
		v, err := l.replan(ctx, m)
		if err != nil || v.Edited == nil || listsOnly(*v.Edited, asked) {
			return v, err
		}
		asked = *v.Edited
	}
	return outbox.Verdict{Wait: errRestless}, nil
}

// listsOnly reports whether all invoices of a message are among those of another one.
func listsOnly(m, among store.Message) bool {
	return !slices.ContainsFunc(m.Invoices, func(i store.MessageInvoice) bool {
		return !slices.ContainsFunc(among.Invoices, func(j store.MessageInvoice) bool { return i.TransactionID == j.TransactionID })
	})
}

// decideWithCopies fetches the copies of the invoices first, because that may take its time, and decides then. Where
// the decision brought up a copy that had to be fetched after all it is made once more.
func (l *looker) decideWithCopies(ctx context.Context, m store.Message, set map[string]string) (outbox.Verdict, error) {
	e := &enclosures{shelf: l.app.shelf(l.st, set), from: l.client}
	going := m
	for range rounds {
		rows, err := l.rows(ctx, going)
		if err != nil {
			return outbox.Verdict{}, err
		}
		if err := e.collect(ctx, rows); err != nil {
			return outbox.Verdict{}, err
		}
		e.asked = false
		v, err := l.decide(ctx, m)
		if err != nil || !v.Send {
			return v, err
		}
		if going = m; v.Edited != nil {
			going = *v.Edited
		}
		if rows, err = l.rows(ctx, going); err != nil {
			return outbox.Verdict{}, err
		}
		if err := e.collect(ctx, rows); err != nil {
			return outbox.Verdict{}, err
		}
		if !e.asked {
			return enclose(v, e, rows, set, m.Attempts)
		}
	}
	return outbox.Verdict{Wait: errRestless}, nil
}

// rounds is how often a message is decided anew because its invoices changed while they were read.
const rounds = 5

var errRestless = errors.New("its invoices keep changing in AccountsIQ while they are read")

func (l *looker) rows(ctx context.Context, m store.Message) ([]store.InvoiceRow, error) {
	ids := make([]int64, len(m.Invoices))
	for i, inv := range m.Invoices {
		ids[i] = inv.TransactionID
	}
	return l.st.InvoicesByID(ctx, ids)
}

// enclose puts the copies into the verdict, or lets the message wait for them.
func enclose(v outbox.Verdict, e *enclosures, rows []store.InvoiceRow, set map[string]string, attempts int) (outbox.Verdict, error) {
	text, err := e.trouble(rows, settingOr(set, keyAttachMissing), attempts)
	switch {
	case err != nil && text == "" && !isTemporary(err):
		return outbox.Verdict{}, err // AccountsIQ cannot be asked at all any more
	case err != nil:
		return outbox.Verdict{Wait: err, Reason: text}, nil
	}
	v.Files, v.Remark = e.files(rows)
	return v, nil
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

// signIn makes the client at the first look.
func (l *looker) signIn(ctx context.Context) error {
	if l.client != nil {
		return nil
	}
	client, err := l.app.connectionTo(ctx, l.st)
	if err != nil {
		return err
	}
	if err := client.SignIn(ctx); err != nil {
		return err
	}
	l.client = client
	return nil
}

// reread reads the message's invoices by id and stores what it finds.
func (l *looker) reread(ctx context.Context, m store.Message) (err error) {
	ids := make([]int64, len(m.Invoices))
	for i, inv := range m.Invoices {
		ids[i] = inv.TransactionID
	}
	got, missing, err := pull.Items(ctx, l.client, ids)
	if err != nil {
		return err
	}
	set, err := l.st.Settings(ctx)
	if err != nil {
		return err
	}
	return l.st.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.UpsertTransactions(ctx, got, today(set, l.app.deps.Now())); err != nil {
			return err
		}
		_, err := tx.MarkMissing(ctx, missing)
		return err
	})
}

// replan asks the planner anew with what is known now, whether or not the look found a change: since the
// message was planned a sync may have brought one, and the owner may have stopped the customer or moved a tick.
func (l *looker) replan(ctx context.Context, m store.Message) (outbox.Verdict, error) {
	s, err := l.app.situationFor(ctx, l.app.deps.Now(), m)
	if err != nil {
		return outbox.Verdict{}, err
	}
	res := chase.Plan(s.in)
	if res.Refused != "" {
		return outbox.Verdict{}, clockBehind(res.Refused)
	}
	for _, want := range res.Messages {
		if string(want.Kind) != m.Kind || !byEmail(want) || !shares(want, m, s) {
			continue
		}
		return l.rewrite(ctx, s, want, res.Now, m)
	}
	return outbox.Verdict{Reason: whyNot(res, m, s)}, nil
}

// rewrite makes the message that has to go now. What the customer reads stays as it was planned when nothing
// in it changed.
func (l *looker) rewrite(ctx context.Context, s situation, want chase.Message, now time.Time, m store.Message) (outbox.Verdict, error) {
	desk, err := l.app.desk(ctx, l.st, s)
	if err != nil {
		return outbox.Verdict{}, err
	}
	row, err := desk.row(ctx, want, now)
	var bad *unwritten
	if errors.As(err, &bad) {
		return outbox.Verdict{Reason: bad.Error()}, nil
	}
	if err != nil {
		return outbox.Verdict{}, err
	}
	if sameLetter(row, m) {
		return outbox.Verdict{Send: true}, nil
	}
	row.ID, row.Key, row.RunID, row.MessageID, row.State = m.ID, m.Key, m.RunID, m.MessageID, m.State
	row.Created, row.PlannedFor, row.Attempts, row.Updated = m.Created, m.PlannedFor, m.Attempts, s.in.Now
	return outbox.Verdict{Send: true, Edited: &row}, nil
}

// sameLetter reports whether two messages say the same to the same people at the same steps.
func sameLetter(x, y store.Message) bool {
	return x.From == y.From && slices.Equal(x.To, y.To) && slices.Equal(x.CC, y.CC) && x.Subject == y.Subject && x.Text == y.Text &&
		x.HTML == y.HTML && x.InReplyTo == y.InReplyTo && x.Step == y.Step && x.Offset == y.Offset && slices.Equal(x.Invoices, y.Invoices)
}

func clockBehind(code string) error {
	return &Problem{Code: code, Message: "The clock of this computer is behind the last run, so nothing was sent.", Hint: "Set the clock right, then run again."}
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

// situationFor is the situation of a message's customer at the moment of the look. What the same run has sent
// today does not count for the minimum gap: it blocks later runs, not the second message of this one (R4.5).
func (a *App) situationFor(ctx context.Context, at time.Time, m store.Message) (situation, error) {
	st, err := a.company()
	if err != nil {
		return situation{}, err
	}
	// No rule looks from one customer at another.
	facts, err := st.PlannerFactsOf(ctx, m.AccountID)
	if err != nil {
		return situation{}, err
	}
	journal, err := a.journalOf(ctx, st, facts)
	if err != nil {
		return situation{}, err
	}
	if m.RunID != "" {
		own, err := st.Messages(ctx, store.MessageQuery{RunID: m.RunID, AccountID: m.AccountID})
		if err != nil {
			return situation{}, err
		}
		facts.History = withoutGap(facts.History, own, zone(facts.Settings), at)
	}
	return situate(facts, journal, at)
}

// journalOf is what the journal has beyond the store about the customers of these facts. An entry is of a customer
// by its code; one that the store has under another account was sent when the code was that one's.
func (a *App) journalOf(ctx context.Context, st *store.Store, f store.Facts) ([]outbox.Entry, error) {
	ours, codes := map[string]bool{}, map[string]bool{}
	for _, h := range f.History {
		ours[h.MessageID] = true
	}
	for _, c := range f.Customers {
		codes[c.Code] = true
	}
	var out []outbox.Entry
	var strangers []string
	for _, e := range a.journalEntries() {
		if ours[e.MessageID] || codes[e.Customer] {
			out = append(out, e)
		}
		if !ours[e.MessageID] && codes[e.Customer] {
			strangers = append(strangers, e.MessageID)
		}
	}
	if len(strangers) == 0 {
		return out, nil
	}
	known, err := st.Messages(ctx, store.MessageQuery{MessageIDs: strangers})
	elsewhere := map[string]bool{}
	for _, m := range known {
		elsewhere[m.MessageID] = m.AccountID != 0
	}
	return slices.DeleteFunc(out, func(e outbox.Entry) bool { return elsewhere[e.MessageID] }), err
}

// withoutGap takes the minimum gap away from the chases that a run has sent on the day of an instant. The planner
// sees them as statements, which keep their invoices out of any other message of the day and are no chase.
func withoutGap(history []store.HistoryMessage, ofRun []store.Message, loc *time.Location, at time.Time) []store.HistoryMessage {
	own := map[string]bool{}
	for _, m := range ofRun {
		own[m.MessageID] = m.Kind != string(chase.Thanks)
	}
	day := ledger.DateOf(at.In(loc))
	out := make([]store.HistoryMessage, 0, len(history))
	for _, h := range history {
		if !own[h.MessageID] || !chase.State(h.State).Counts() || ledger.DateOf(h.At.In(loc)) != day {
			out = append(out, h)
			continue
		}
		h.Kind = string(chase.Statement)
		out = append(out, h)
	}
	return out
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
