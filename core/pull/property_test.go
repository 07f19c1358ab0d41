package pull_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

var (
	sequences = flag.Int("sequences", 0, "random sequences of changes to try; 0: 2,000, or 100 with the race detector")
	sequence  = flag.Uint64("sequence", 0, "try this sequence only")
)

// Whatever happens in AccountsIQ, one sync makes the store equal to it, to the cent (contract 10.3).
func TestAnySequenceOfChangesEndsEqual(t *testing.T) {
	if *sequence != 0 {
		playSequence(t, *sequence)
		return
	}
	n := *sequences
	if n == 0 && raced {
		n = 100
	} else if n == 0 {
		n = 2_000
	}
	const together = 50
	for from := 0; from < n; from += together {
		t.Run(fmt.Sprintf("from %d", from+1), func(t *testing.T) {
			t.Parallel()
			for seed := from + 1; seed <= min(from+together, n); seed++ {
				playSequence(t, uint64(seed))
			}
		})
	}
}

// story is one random sequence of changes with syncs among them.
type story struct {
	*books
	r     *rand.Rand
	seed  uint64
	trace []string
}

func (s *story) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n%s\nagain with: go test ./core/pull -run AnySequence -sequence %d", fmt.Sprintf(format, args...), strings.Join(s.trace, "\n"), s.seed)
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.fail("%v", err)
	}
}

func playSequence(t *testing.T, seed uint64) {
	s := &story{books: &books{t: t, ctx: t.Context(), now: start}, r: rand.New(rand.NewPCG(seed, 17)), seed: seed}
	s.company = aiqtest.NewCompany("PROP01", "Property Ltd", "EUR", s.clock)
	s.company.ClientID, s.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	s.change(5 + s.r.IntN(25))
	stop := s.serveWith(s.options())
	defer stop()
	s.withhold()
	for range 1 + s.r.IntN(3) {
		s.sync(pull.Depth(s.r.IntN(2)), nil)
		s.change(1 + s.r.IntN(8))
		s.idle()
	}
	// The last one is as Sync now does it; in some stories AccountsIQ is worked on while it is read, and then it
	// takes one more to be equal.
	if s.r.IntN(4) == 0 {
		s.sync(pull.Thorough, func() { s.change(1) })
		s.idle()
	}
	s.sync(pull.Thorough, nil)
	s.compare()
	// Looked at once more, whatever was missing is gone, and nothing else happens.
	s.idle()
	if r := s.sync(pull.Thorough, nil); r.Customers.New+r.Customers.Changed+r.Contacts.New+r.Transactions.New+r.Transactions.Changed+r.Allocations.New > 0 {
		s.fail("a sync of unchanged books changed something: %+v", r)
	}
	s.compare()
}

// options draws one of the ways in which the contract lets an AccountsIQ behave.
func (s *story) options() aiqtest.Options {
	zones := []string{"Europe/Dublin", "Pacific/Auckland", "America/Los_Angeles", "UTC"}
	zone, err := time.LoadLocation(zones[s.r.IntN(len(zones))])
	s.must(err)
	o := aiqtest.Options{Now: s.clock, Zone: zone, Company: s.company, NegativeCredits: s.r.IntN(2) == 0, EmptyAsAbsent: s.r.IntN(2) == 0,
		WithOffset: s.r.IntN(4) == 0, Extra: s.r.IntN(2) == 0, Changes: aiqtest.Axis(s.r.IntN(3))}
	if s.r.IntN(3) == 0 {
		o.PageSize, o.AllocationPage = 3+s.r.IntN(5), 2+s.r.IntN(4)
	}
	if s.r.IntN(4) == 0 {
		o.MaxIDs = 2 + s.r.IntN(5)
	}
	s.trace = append(s.trace, fmt.Sprintf("options: zone %v, negative credits %v, pages of %d and %d, %d ids at most", o.Zone, o.NegativeCredits, o.PageSize, o.AllocationPage, o.MaxIDs))
	return o
}

// withhold leaves out some of the feeds that are a hint at best, as an older installation may.
func (s *story) withhold() {
	for _, op := range []string{"GetTransactionsModifiedBy", "GetInvoicesBy", "GetCustomersBy", "GetCountTransactionsBy"} {
		if s.r.IntN(5) == 0 {
			s.trace = append(s.trace, "without "+op)
			s.server.Fail(notOffered(op))
		}
	}
}

func (s *story) change(n int) {
	for range n {
		s.trace = append(s.trace, "  "+s.company.Mutate(s.r))
	}
}

// idle lets up to some days pass.
func (s *story) idle() {
	d := time.Duration(s.r.Int64N(int64(4 * 24 * time.Hour)))
	if s.r.IntN(3) == 0 {
		d = time.Duration(s.r.Int64N(int64(20 * time.Minute)))
	}
	s.later(d + time.Second)
	s.trace = append(s.trace, fmt.Sprintf("  %v pass", d))
}

// sync pulls once; meanwhile happens after a random call.
func (s *story) sync(depth pull.Depth, meanwhile func()) pull.Report {
	s.t.Helper()
	s.trace = append(s.trace, fmt.Sprintf("sync %d", depth))
	var src pull.Source = s.client
	if meanwhile != nil {
		src = &interrupted{Client: s.client, after: 3 + s.r.IntN(12), do: meanwhile}
	}
	r, err := pull.Run(s.ctx, src, s.st, s.books.options(depth))
	s.must(err)
	if meanwhile == nil && len(r.Differences) > 0 {
		s.fail("balances differ: %+v", r.Differences)
	}
	return r
}

// interrupted does something between two calls.
type interrupted struct {
	*accountsiq.Client
	after int
	do    func()
}

func (i *interrupted) Transactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction) error) (int, error) {
	i.step()
	return i.Client.Transactions(ctx, q, row)
}

func (i *interrupted) Allocations(ctx context.Context, from, to time.Time, skip, limit int, row func(ledger.Allocation) error) (int, error) {
	i.step()
	return i.Client.Allocations(ctx, from, to, skip, limit, row)
}

func (i *interrupted) Balances(ctx context.Context, on ledger.Date, codes []string, row func(ledger.Balance) error) error {
	i.step()
	return i.Client.Balances(ctx, on, codes, row)
}

func (i *interrupted) step() {
	if i.after--; i.after%3 == 0 {
		i.do()
	}
}

// compare holds the store against the books, item by item and sum by sum.
func (s *story) compare() {
	s.t.Helper()
	s.compareItems()
	s.compareMatches()
	s.comparePeople()
}

func (s *story) compareItems() {
	s.t.Helper()
	live := s.company.Transactions()
	truth := map[int64]aiqtest.Transaction{}
	last := int64(0)
	sums := map[int64]map[string]int64{}
	for _, tx := range live {
		truth[tx.ID] = tx
		last = max(last, tx.ID)
		if tx.Outstanding.Minor != 0 {
			debt := ledger.Transaction{Type: tx.Type, Outstanding: tx.Outstanding}.Debt()
			if sums[tx.AccountID] == nil {
				sums[tx.AccountID] = map[string]int64{}
			}
			sums[tx.AccountID][debt.Currency] += debt.Minor
		}
	}
	ids := make([]int64, 0, last+64)
	for id := int64(1); id <= last+64; id++ {
		ids = append(ids, id)
	}
	rows, err := s.st.InvoicesByID(s.ctx, ids)
	s.must(err)
	found := map[int64]bool{}
	for _, r := range rows {
		w, there := truth[r.ID]
		found[r.ID] = true
		switch {
		case !there && !r.Missing && !r.Gone && r.Outstanding.Minor != 0:
			s.fail("%s %s is open here and deleted there", r.Type, r.Number)
		case !there:
		case r.Missing || r.Gone:
			s.fail("%s %s is there and missing here", r.Type, r.Number)
		case r.Outstanding != w.Outstanding || r.Number != w.Number || r.AccountID != w.AccountID || r.Type != w.Type || r.Amount.Abs() != w.Amount:
			s.fail("%s %s: %+v here, %+v there", r.Type, r.Number, r.Transaction, w)
		case r.Outstanding.Minor != 0 && (r.Disputed != w.Disputed || r.Reversed != w.Reversed || r.Reference != w.Reference || !r.DueFromTerms && r.Due != w.Due):
			s.fail("open %s %s: %+v here, %+v there", r.Type, r.Number, r.Transaction, w)
		}
	}
	for _, tx := range live {
		if !found[tx.ID] {
			s.fail("%s %s is not here", tx.Type, tx.Number)
		}
	}
	s.compareSums(sums)
}

func (s *story) compareSums(want map[int64]map[string]int64) {
	s.t.Helper()
	sums, err := s.st.LedgerSums(s.ctx)
	s.must(err)
	got := map[int64]map[string]int64{}
	for id, list := range sums {
		got[id] = map[string]int64{}
		for _, m := range list {
			got[id][m.Currency] = m.Minor
		}
	}
	if !reflect.DeepEqual(got, want) {
		s.fail("sums %v here, %v there", got, want)
	}
}

// compareMatches holds the stored matches of open and lately settled items against those that stand.
func (s *story) compareMatches() {
	s.t.Helper()
	for _, tx := range s.company.Transactions() {
		rows, err := s.st.AllocationsOf(s.ctx, tx.ID)
		s.must(err)
		sum := int64(0)
		for _, a := range rows {
			m, err := ledger.ParseMoney(a.Amount, tx.Amount.Currency)
			s.must(err)
			sum += m.Abs().Minor
		}
		if settled := tx.Amount.Minor - tx.Outstanding.Minor; sum != settled {
			s.fail("%s %s: matches of %d here, %d settled there: %+v", tx.Type, tx.Number, sum, settled, rows)
		}
	}
}

func (s *story) comparePeople() {
	s.t.Helper()
	for _, c := range s.company.Customers() {
		d, err := s.st.CustomerByCode(s.ctx, c.Code, ledger.DateOf(s.clock()))
		if err != nil || d.Name != c.Name || d.Email != c.Email || d.Active == c.Inactive || d.Gone {
			s.fail("customer %+v here, %+v there, %v", d.Customer, c, err)
		}
		people := 0
		for _, p := range s.company.Contacts() {
			if p.AccountCode == c.Code {
				people++
			}
		}
		if len(d.Contacts) != people {
			s.fail("%s has %d contacts here, %d there", c.Code, len(d.Contacts), people)
		}
	}
}

// serveWith serves the books and opens an empty store; stop ends both and checks the requests against the contract.
func (s *story) serveWith(o aiqtest.Options) (stop func()) {
	var err error
	s.server, err = aiqtest.Start(o)
	s.must(err)
	loc, err := accountsiq.ParseLocation(s.server.URL())
	s.must(err)
	s.client, err = accountsiq.New(accountsiq.Config{Location: loc, Company: s.company.ID, Now: s.clock,
		Auth: accountsiq.OAuth{ClientID: s.company.ClientID, ClientSecret: accountsiq.Secret(s.company.ClientSecret)}})
	s.must(err)
	s.st, err = store.Open(s.ctx, s.t.TempDir(), store.Options{Now: s.clock, NewID: func() string { return "id" }})
	s.must(err)
	return func() {
		s.client.Close()
		s.server.Close()
		s.must(s.st.Close())
		for _, v := range s.server.Violations() {
			s.fail("breach of the contract: %v", v)
		}
	}
}
