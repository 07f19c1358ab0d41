package pull

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// Source is what pull asks of AccountsIQ; *accountsiq.Client is one.
type Source interface {
	SignIn(ctx context.Context) error
	Company(ctx context.Context) (ledger.Company, error)
	Currencies(ctx context.Context) ([]ledger.Currency, error)
	CreditTerms(ctx context.Context) ([]ledger.CreditTerm, error)
	Customers(ctx context.Context, row func(ledger.Customer) error) error
	CustomersChangedSince(ctx context.Context, utc time.Time, row func(ledger.Customer) error) error
	Contacts(ctx context.Context, row func(ledger.Contact) error) error
	CountTransactions(ctx context.Context, q accountsiq.TransactionQuery) (int, error)
	Transactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction) error) (int, error)
	ChangedTransactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction, accountsiq.Change) error) (int, error)
	Allocations(ctx context.Context, from, to time.Time, skip, limit int, row func(ledger.Allocation) error) (int, error)
	AllocationsOf(ctx context.Context, transactionID int64) ([]ledger.Allocation, error)
	Documents(ctx context.Context, q accountsiq.DocumentQuery, row func(accountsiq.Document) error) (int, error)
	Balances(ctx context.Context, on ledger.Date, codes []string, row func(ledger.Balance) error) error
	Requests() int64
}

// The names of the moments that a pull keeps.
const (
	Watermark    = "accountsiq"    // up to which everything of AccountsIQ is in the store
	Recheck      = "recheck"       // at which all open items were last read again by id
	CustomerList = "customer_list" // at which the customers were last read whole
	ContactList  = "contact_list"  // at which the contacts were last read whole
	Balances     = "balances"      // at which all balances were last compared
	MatchList    = "match_list"    // at which the history of matches was last compared whole
	FirstLoad    = "first_load"    // at which a first load began that is not finished; its note is how far it came
)

const (
	lotSize        = 200              // ids in one re-read (contract 10.2, step 7); codes in one question for balances
	zoneOverlap    = 26 * time.Hour   // creation dates carry no zone: the overlap spans any (contract 10.2, step 3)
	utcOverlap     = 10 * time.Minute // for the axes that are UTC
	closedDays     = 60               // settled items this young are looked at again (contract 10.2, step 8)
	allocationsFor = 2 * 366          // days of allocations that a first load brings
	firstYear      = 1990             // the wide-open lower bound of the contract
	recentYears    = 10               // years that are read one by one without asking whether they are empty
	lotsAlways     = 10               // up to this many lots every pull looks at all open items again
	daily          = 24 * time.Hour   // beyond them, the background pull does so this often; full lists too
	weekly         = 7 * daily        // the history of matches is compared whole this often
	contactsEvery  = time.Hour        // the background pull compares the contacts this often
)

// Depth says how much a pull looks at again.
type Depth int

// The depths of a pull.
const (
	// Light reads what is new and what was touched; all open items too when they are few or a day has passed.
	Light Depth = iota
	// Thorough also re-reads every open and recently closed item, and compares the balances of all who owe:
	// Sync now and the pull before a run.
	Thorough
	// Full reads everything as on the first day.
	Full
)

// Stage names what a pull is doing, for the owner to read.
type Stage string

// The stages in their order.
const (
	StageSignIn       Stage = "Signing in"
	StageCustomers    Stage = "Customers"
	StageContacts     Stage = "Contacts"
	StageTransactions Stage = "Transactions"
	StageAllocations  Stage = "Allocations"
	StageRecheck      Stage = "Checking open items"
	StageStore        Stage = "Storing"
	StageBalances     Stage = "Comparing balances"
	StageWait         Stage = "Waiting for AccountsIQ"
)

// Options are the circumstances of a pull.
type Options struct {
	Depth    Depth
	Now      func() time.Time
	Today    ledger.Date // in the company's zone
	Patience Patience
	Progress func(stage Stage, done, total int)
}

// Report says what a pull did.
type Report struct {
	Full         bool
	Requests     int64
	Customers    store.Counts
	Contacts     store.Counts
	Transactions store.Counts
	Allocations  store.Counts
	// Differences are the balances that AccountsIQ and the open items here do not agree on, after all of the
	// customer's items were read again.
	Differences []store.BalanceCheck
	// Skipped names reads that this AccountsIQ does not offer and that were done without.
	Skipped []string
}

// Changed reports whether any row changed.
func (r Report) Changed() bool {
	return r.Customers.Any() || r.Contacts.Any() || r.Transactions.Any() || r.Allocations.Any()
}

// Run signs in and brings the store up to date. On any error nothing of a delta is stored and the watermark stays;
// a first load that is broken off keeps what it has and goes on from there the next time. A difference of balances
// is no error.
func Run(ctx context.Context, src Source, st *store.Store, o Options) (Report, error) {
	p := &puller{src: src, st: st, o: o, missed: map[int64]bool{}}
	if p.o.Progress == nil {
		p.o.Progress = func(Stage, int, int) {}
	}
	before := src.Requests()
	err := p.run(ctx)
	p.report.Requests = src.Requests() - before
	return p.report, err
}

func (p *puller) run(ctx context.Context) (err error) {
	if p.sign, err = p.st.CreditSign(ctx); err != nil {
		return err
	}
	mark, _, err := p.moment(ctx, Watermark)
	if err != nil {
		return err
	}
	p.o.Progress(StageSignIn, 0, 0)
	if err := p.try(ctx, func() error { return p.src.SignIn(ctx) }); err != nil {
		return err
	}
	if mark.IsZero() || p.o.Depth == Full {
		err = p.full(ctx)
	} else {
		err = p.delta(ctx, mark, p.o.Depth)
	}
	if err != nil {
		return err
	}
	if err := p.prove(ctx); err != nil {
		return wrap("comparing the balances", err)
	}
	return p.countMissing(ctx)
}

type puller struct {
	src    Source
	st     *store.Store
	o      Options
	report Report

	blind  bool           // a feed was refused, so only the look at all open items is left
	missed map[int64]bool // items that were asked for in this pull and not answered with
	// unanswered are those of them that are stored; they are marked when the pull has succeeded.
	unanswered []int64
	listed     map[int64]bool // the customers of a complete list, nil when none was read
	sign       ledger.CreditSign
	credits    map[int64]ledger.Transaction // open credits as they were sent, while the sign is not settled
}

// moment returns a watermark; zero when there is none yet.
func (p *puller) moment(ctx context.Context, name string) (time.Time, string, error) {
	at, note, err := p.st.Watermark(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, "", nil
	}
	return at, note, err
}

// since reports whether a moment lies at least a span before now, or never was.
func (p *puller) since(ctx context.Context, name string, span time.Duration) (bool, error) {
	at, _, err := p.moment(ctx, name)
	now := p.o.Now()
	return at.IsZero() || now.Sub(at) >= span || now.Before(at), err
}

func (p *puller) mark(ctx context.Context, tx *store.Tx, at time.Time, names ...string) error {
	for _, name := range names {
		if err := tx.SetWatermark(ctx, name, at, ""); err != nil {
			return err
		}
	}
	return nil
}

// optional runs a read that the program can do without where AccountsIQ does not offer it: older installations lack
// some operations, and the look at all open items keeps the figures right all the same. Further kinds of refusal that
// are taken for an answer may be named.
func (p *puller) optional(ctx context.Context, name string, read func() error, also ...accountsiq.Kind) (offered bool, err error) {
	err = p.try(ctx, read)
	for _, kind := range append(also, accountsiq.NotOffered) {
		if errors.Is(err, kind) {
			if !slices.Contains(p.report.Skipped, name) {
				p.report.Skipped = append(p.report.Skipped, name)
			}
			return false, nil
		}
	}
	return err == nil, err
}

// hint asks one of the feeds that the contract leaves undescribed (section 15), or something else that only spares
// work. Refused, or too big a question, it says nothing, and what it would have said shows in the look at all open
// items.
func (p *puller) hint(ctx context.Context, name string, read func() error) (given bool, err error) {
	refused := false
	given, err = p.optional(ctx, name, func() error {
		err := read()
		refused = err != nil && !errors.Is(err, accountsiq.NotOffered)
		return err
	}, accountsiq.Permission, accountsiq.Query, accountsiq.QueryTooBig)
	p.blind = p.blind || refused && err == nil && !given
	return given, err
}

// frame is what every pull reads whole: small lists without a changed-since axis.
type frame struct {
	company    ledger.Company
	currencies []ledger.Currency
	terms      []ledger.CreditTerm
	contacts   []ledger.Contact
	hasCompany, hasCurrencies, hasTerms,
	hasContacts bool
}

func (p *puller) readFrame(ctx context.Context) (f frame, err error) {
	if f.hasCompany, err = p.optional(ctx, "company", func() (err error) { f.company, err = p.src.Company(ctx); return }); err != nil {
		return f, err
	}
	if f.hasCurrencies, err = p.optional(ctx, "currencies", func() (err error) { f.currencies, err = p.src.Currencies(ctx); return }); err != nil {
		return f, err
	}
	f.hasTerms, err = p.optional(ctx, "credit terms", func() (err error) { f.terms, err = p.src.CreditTerms(ctx); return })
	return f, err
}

func (p *puller) readContacts(ctx context.Context, f *frame) (err error) {
	p.o.Progress(StageContacts, 0, 0)
	f.hasContacts, err = p.optional(ctx, "contacts", func() error {
		f.contacts = f.contacts[:0]
		return p.src.Contacts(ctx, func(c ledger.Contact) error {
			f.contacts = append(f.contacts, c)
			return nil
		})
	})
	return err
}

// storeFrame writes the frame; lists that were not offered stay as they are.
func (p *puller) storeFrame(ctx context.Context, tx *store.Tx, f frame) error {
	if f.hasCompany {
		if err := tx.SetCompany(ctx, f.company); err != nil {
			return err
		}
	}
	if f.hasCurrencies {
		if err := tx.SetCurrencies(ctx, f.currencies); err != nil {
			return err
		}
	}
	if f.hasTerms {
		if err := tx.SetCreditTerms(ctx, f.terms); err != nil {
			return err
		}
	}
	return nil
}

func (p *puller) storeContacts(ctx context.Context, tx *store.Tx, f frame) (err error) {
	if !f.hasContacts {
		return nil
	}
	if p.report.Contacts, err = tx.ReplaceContacts(ctx, f.contacts); err != nil {
		return err
	}
	return p.mark(ctx, tx, p.o.Now(), ContactList)
}

// customers collects what a read of customers brings.
func (p *puller) customers(ctx context.Context, read func(context.Context, func(ledger.Customer) error) error) (list []ledger.Customer, offered bool, err error) {
	p.o.Progress(StageCustomers, 0, 0)
	offered, err = p.optional(ctx, "changed customers", func() error {
		list = list[:0]
		return read(ctx, func(c ledger.Customer) error {
			if list = append(list, c); len(list)%500 == 0 {
				p.o.Progress(StageCustomers, len(list), 0)
			}
			return nil
		})
	})
	return list, offered, err
}

func present(list []ledger.Customer) map[int64]bool {
	ids := make(map[int64]bool, len(list))
	for _, c := range list {
		ids[c.AccountID] = true
	}
	return ids
}

func values(m map[int64]ledger.Transaction) []ledger.Transaction {
	out := make([]ledger.Transaction, 0, len(m))
	for _, t := range m {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b ledger.Transaction) int { return int(a.ID - b.ID) })
	return out
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
