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
	Company(ctx context.Context) (ledger.Company, error)
	Currencies(ctx context.Context) ([]ledger.Currency, error)
	CreditTerms(ctx context.Context) ([]ledger.CreditTerm, error)
	Customers(ctx context.Context, row func(ledger.Customer) error) error
	CustomersChangedSince(ctx context.Context, utc time.Time, row func(ledger.Customer) error) error
	Contacts(ctx context.Context, row func(ledger.Contact) error) error
	CountTransactions(ctx context.Context, q accountsiq.TransactionQuery) (int, error)
	Transactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction) error) (int, error)
	Allocations(ctx context.Context, from, to time.Time, skip, limit int, row func(ledger.Allocation) error) (int, error)
	Requests() int64
}

// Watermark is the name of the moment up to which everything of AccountsIQ is in the store.
const Watermark = "accountsiq"

// Recheck is the name of the moment at which all open items were last read again by id.
const Recheck = "recheck"

const (
	pageSize       = 10_000           // rows that AccountsIQ hands out at most (contract 7.6)
	lotSize        = 200              // ids in one re-read (contract 10.2, step 7)
	zoneOverlap    = 26 * time.Hour   // creation dates carry no zone: the overlap spans any (contract 10.2, step 3)
	utcOverlap     = 10 * time.Minute // for the axes that are UTC
	closedDays     = 60               // settled items this young are looked at again (contract 10.2, step 8)
	allocationsFor = 2 * 366          // days of allocations that a first load brings
	firstYear      = 1990             // the wide-open lower bound of the contract
	recentYears    = 10               // years that are read one by one without asking whether they are empty
	lotsAlways     = 10               // up to this many lots every pull looks at all open items again
	recheckEvery   = 24 * time.Hour   // beyond them, the background pull does so this often
)

// Depth says how much a pull looks at again.
type Depth int

// The depths of a pull.
const (
	// Light reads what is new and what was touched; all open items too when they are few or a day has passed.
	Light Depth = iota
	// Thorough also re-reads every open and recently closed item: Sync now and the pull before a run.
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
)

// Options are the circumstances of a pull.
type Options struct {
	Depth    Depth
	Now      func() time.Time
	Today    ledger.Date // in the company's zone
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
	// Skipped names reads that this AccountsIQ does not offer and that were done without.
	Skipped []string
}

// Changed reports whether any row changed.
func (r Report) Changed() bool {
	return r.Customers.Any() || r.Contacts.Any() || r.Transactions.Any() || r.Allocations.Any()
}

// Run brings the store up to date. On any error nothing of the delta is stored and the watermark stays.
func Run(ctx context.Context, src Source, st *store.Store, o Options) (Report, error) {
	p := &puller{src: src, st: st, o: o, before: src.Requests()}
	if p.o.Progress == nil {
		p.o.Progress = func(Stage, int, int) {}
	}
	mark, _, err := st.Watermark(ctx, Watermark)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Report{}, err
	}
	if mark.IsZero() || o.Depth == Full {
		err = p.full(ctx)
	} else {
		err = p.delta(ctx, mark)
	}
	p.report.Requests = src.Requests() - p.before
	return p.report, err
}

type puller struct {
	src    Source
	st     *store.Store
	o      Options
	report Report
	before int64
}

// optional runs a read that the program can do without where AccountsIQ does not offer it. Older
// installations lack some operations; the look at all open items keeps the figures right all the same.
func (p *puller) optional(name string, read func() error) (offered bool, err error) {
	err = read()
	var aiq *accountsiq.Error
	if errors.As(err, &aiq) && aiq.Kind == accountsiq.NotOffered {
		p.report.Skipped = append(p.report.Skipped, name)
		return false, nil
	}
	return err == nil, err
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
	if f.hasCompany, err = p.optional("company", func() (err error) { f.company, err = p.src.Company(ctx); return }); err != nil {
		return f, err
	}
	if f.hasCurrencies, err = p.optional("currencies", func() (err error) { f.currencies, err = p.src.Currencies(ctx); return }); err != nil {
		return f, err
	}
	f.hasTerms, err = p.optional("credit terms", func() (err error) { f.terms, err = p.src.CreditTerms(ctx); return })
	return f, err
}

func (p *puller) readContacts(ctx context.Context, f *frame) (err error) {
	p.o.Progress(StageContacts, 0, 0)
	f.hasContacts, err = p.optional("contacts", func() error {
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
	if f.hasContacts {
		p.report.Contacts, err = tx.ReplaceContacts(ctx, f.contacts)
	}
	return err
}

// span collects the rows of a span of creation dates. One that is too much for AccountsIQ is halved until it
// is taken (contract section 6); both halves hold the moment between them.
func (p *puller) span(ctx context.Context, w window, into map[int64]ledger.Transaction, got func()) error {
	err := p.page(ctx, w.query(), into, got)
	if !errors.Is(err, accountsiq.QueryTooBig) || w.to.Sub(w.from) < 2*time.Minute {
		return err
	}
	middle := w.from.Add(w.to.Sub(w.from) / 2).Truncate(time.Second)
	if err := p.span(ctx, window{w.from, middle}, into, got); err != nil {
		return err
	}
	return p.span(ctx, window{middle, w.to}, into, got)
}

// page collects the rows of one query, page after page, keyed by id: rows that shift between pages while
// AccountsIQ is at work come twice at worst. It asks until a page brings nothing new: how many rows a page
// holds is AccountsIQ's business, and one question too many is cheaper than a missing receipt.
func (p *puller) page(ctx context.Context, q accountsiq.TransactionQuery, into map[int64]ledger.Transaction, got func()) error {
	for {
		before := len(into)
		n, err := p.src.Transactions(ctx, q, func(t ledger.Transaction) error {
			into[t.ID] = t
			return nil
		})
		if err != nil {
			return err
		}
		got()
		if len(into) == before {
			return nil
		}
		q.Skip += n
	}
}

// reread reads known transactions by id, lot by lot. Missing are the ids that did not come back.
func (p *puller) reread(ctx context.Context, ids []int64, into map[int64]ledger.Transaction) (missing []int64, err error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	done := 0
	for lot := range slices.Chunk(ids, lotSize) {
		p.o.Progress(StageRecheck, done, len(ids))
		got, gone, err := Items(ctx, p.src, lot)
		if err != nil {
			return nil, err
		}
		for _, t := range got {
			into[t.ID] = t
		}
		missing = append(missing, gone...)
		done += len(lot)
	}
	return missing, nil
}

// Items reads transactions by id once; missing are the ids that AccountsIQ did not answer with. It is
// also the look that comes just before each message (R6.3). A list that is too long for AccountsIQ is halved
// until it is taken (contract section 6).
func Items(ctx context.Context, src Source, ids []int64) (got []ledger.Transaction, missing []int64, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	found := make(map[int64]bool, len(ids))
	_, err = src.Transactions(ctx, accountsiq.TransactionQuery{IDs: ids}, func(t ledger.Transaction) error {
		if !found[t.ID] {
			found[t.ID] = true
			got = append(got, t)
		}
		return nil
	})
	if errors.Is(err, accountsiq.QueryTooBig) && len(ids) > 1 {
		return halves(ctx, src, ids)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		if !found[id] {
			missing = append(missing, id)
		}
	}
	return got, missing, nil
}

func halves(ctx context.Context, src Source, ids []int64) (got []ledger.Transaction, missing []int64, err error) {
	for _, half := range [][]int64{ids[:len(ids)/2], ids[len(ids)/2:]} {
		rows, gone, err := Items(ctx, src, half)
		if err != nil {
			return nil, nil, err
		}
		got, missing = append(got, rows...), append(missing, gone...)
	}
	return got, missing, nil
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
