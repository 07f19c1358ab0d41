package pull_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// A process that dies in the middle of a pull, at whatever moment, loses nothing and invents nothing: the next pull
// ends in the data of one that was never disturbed. The tests here start themselves again as the process that dies.

// job is what a process started by these tests is to pull; it travels in the environment.
type job struct {
	URL, Dir string
	Now      time.Time // its clock stands still
	Depth    pull.Depth
}

const envJob = "DUNLIN_PULL_JOB"

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(envJob)
	if !ok {
		os.Exit(m.Run())
	}
	var j job
	err := json.Unmarshal([]byte(text), &j)
	if err == nil {
		_, err = j.run(context.Background(), nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run pulls and hands the store to look before it is closed.
func (j job) run(ctx context.Context, look func(*store.Store) error) (r pull.Report, err error) {
	now := func() time.Time { return j.Now }
	loc, err := accountsiq.ParseLocation(j.URL)
	if err != nil {
		return r, err
	}
	client, err := accountsiq.New(accountsiq.Config{Location: loc, Company: aiqtest.DemoCompanyID, Now: now,
		Auth: accountsiq.OAuth{ClientID: aiqtest.DemoClientID, ClientSecret: aiqtest.DemoClientSecret}})
	if err != nil {
		return r, err
	}
	st, err := store.Open(ctx, j.Dir, store.Options{Now: now, NewID: func() string { return "folder" }})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := client.SignIn(ctx); err != nil {
		return r, err
	}
	if r, err = pull.Run(ctx, client, st, pull.Options{Depth: j.Depth, Now: now, Today: ledger.DateOf(j.Now)}); err != nil || look == nil {
		return r, err
	}
	return r, look(st)
}

// deadline is the moment of a process's death.
type deadline struct {
	call  int           // when this call is made, counted from 1; 0 = by the clock
	op    string        // counts calls of this operation only; "" = all
	point point         // of the call
	after time.Duration // then so much later, or from the start
}

type point int

const (
	asked    point = iota // the request has arrived
	halfway               // half of the answer is out
	answered              // the whole answer is
)

func (d deadline) String() string {
	if d.call == 0 {
		return fmt.Sprintf("%v after the start", d.after)
	}
	return fmt.Sprintf("%v after call %d %s was %s", d.after, d.call, d.op, []string{"asked", "answered by half", "answered"}[d.point])
}

// gate stands between a process and AccountsIQ and ends the process at its deadline.
type gate struct {
	to   http.Handler
	http *httptest.Server

	mu    sync.Mutex
	calls int
	by    deadline
	kill  func()
}

func newGate(t *testing.T, aiq string) *gate {
	to, err := url.Parse(aiq)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) } // the caller has died
	g := &gate{to: proxy}
	g.http = httptest.NewServer(g)
	t.Cleanup(g.http.Close)
	return g
}

// strikes counts a call and returns what ends the process when its point has come.
func (g *gate) strikes(r *http.Request) func(point) {
	g.mu.Lock()
	defer g.mu.Unlock()
	by, kill := g.by, g.kill
	if by.op == "" || strings.HasSuffix(strings.Trim(r.Header.Get("SOAPAction"), `"`), "/"+by.op) {
		g.calls++
	}
	now := by.call > 0 && by.call == g.calls
	return func(p point) {
		switch {
		case !now || p != by.point:
		case by.after > 0:
			time.AfterFunc(by.after, kill)
		default: // dead before it can hear more of us
			kill()
			panic(http.ErrAbortHandler)
		}
	}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	strikes := g.strikes(r)
	strikes(asked)
	rec := httptest.NewRecorder()
	g.to.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	maps.Copy(w.Header(), rec.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rec.Code)
	w.Write(body[:len(body)/2])
	w.(http.Flusher).Flush()
	strikes(halfway)
	w.Write(body[len(body)/2:])
	w.(http.Flusher).Flush()
	strikes(answered)
}

// die runs a job in a process of its own and kills it at the deadline. It reports whether the process was
// killed before it was done, and how many calls it had made.
func (g *gate) die(t *testing.T, j job, by deadline) (killed bool, calls int) {
	t.Helper()
	j.URL = g.http.URL
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envJob+"="+string(text))
	cmd.Stderr = &stderr
	var once sync.Once
	kill := func() { once.Do(func() { cmd.Process.Kill() }) }
	g.mu.Lock()
	g.calls, g.by, g.kill = 0, by, kill
	err = cmd.Start()
	g.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if by.call == 0 && by.after > 0 {
		defer time.AfterFunc(by.after, kill).Stop()
	}
	err = cmd.Wait()
	once.Do(func() {}) // its number may soon be another's
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		return false, g.calls
	}
	if cmd.ProcessState.Exited() {
		t.Fatalf("a pull failed by itself: %v\n%s", err, stderr.String())
	}
	return true, g.calls
}

// dump is every row that a pull writes, by table and key.
type dump map[string]string

func (d dump) put(v any, key ...any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte(err.Error())
	}
	d[fmt.Sprint(key...)] = string(text)
}

// read dumps a store. Ids beyond those of the books are asked for too.
func read(ctx context.Context, st *store.Store, c *aiqtest.Company, today ledger.Date) (d dump, err error) {
	d = dump{}
	for _, step := range []func() error{
		func() error { return d.frame(ctx, st) },
		func() error { return d.accounts(ctx, st, len(c.Customers()), today) },
		func() error { return d.items(ctx, st, c) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// moments are the names of the instants that a pull keeps.
var moments = []string{pull.Watermark, pull.Recheck, pull.CustomerList, pull.ContactList, pull.Balances, pull.MatchList, pull.FirstLoad}

func (d dump) frame(ctx context.Context, st *store.Store) error {
	for _, name := range moments {
		at, note, err := st.Watermark(ctx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		d.put([]any{at, note}, "watermark ", name)
	}
	f, err := st.PlannerFacts(ctx)
	if err != nil {
		return err
	}
	d.put(f.Company, "company")
	d.put(f.Currencies, "currencies")
	d.put(f.Settings, "settings")
	for _, x := range f.Customers {
		d.put(x, "facts of customer ", x.AccountID)
	}
	for _, x := range f.Open {
		d.put(x, "facts of item ", x.TransactionID)
	}
	terms, err := st.CreditTerms(ctx)
	d.put(terms, "terms")
	return err
}

func (d dump) accounts(ctx context.Context, st *store.Store, n int, today ledger.Date) error {
	ids := make([]int64, 2*n+100)
	for i := range ids {
		ids[i] = int64(i)
	}
	list, err := st.CustomerDetails(ctx, ids, today)
	for _, x := range list {
		d.put(x, "customer ", x.AccountID)
	}
	return err
}

func (d dump) items(ctx context.Context, st *store.Store, c *aiqtest.Company) error {
	all := c.Transactions()
	first, last := all[0].ID, all[len(all)-1].ID
	var ids []int64
	for id := first - 50; id < last+50; id++ {
		ids = append(ids, id)
	}
	rows, err := st.InvoicesByID(ctx, ids) // of every type
	if err != nil {
		return err
	}
	for _, x := range rows {
		d.put(x, "item ", x.ID)
	}
	for _, id := range ids {
		matches, err := st.AllocationsOf(ctx, id)
		if err != nil {
			return err
		}
		if len(matches) > 0 {
			d.put(matches, "matches of ", id)
		}
	}
	return nil
}

// without drops fields from the rows whose key begins so: what may differ for a good reason.
func (d dump) without(key string, fields ...string) dump {
	out := maps.Clone(d)
	for k, text := range out {
		var row map[string]any
		if !strings.HasPrefix(k, key) || json.Unmarshal([]byte(text), &row) != nil {
			continue
		}
		for _, f := range fields {
			delete(row, f)
		}
		out.put(row, k)
	}
	return out
}

// forgetMatches drops the matches made before a day: a first load brings those of two years, one that went on for
// longer has older ones too.
func (d dump) forgetMatches(day ledger.Date) {
	for k, text := range d {
		var list []store.AllocationRow
		if !strings.HasPrefix(k, "matches of ") || json.Unmarshal([]byte(text), &list) != nil {
			continue
		}
		list = slices.DeleteFunc(list, func(a store.AllocationRow) bool { return a.Created.Before(day) })
		if delete(d, k); len(list) > 0 {
			d.put(list, k)
		}
	}
}

// diff lists the rows that are not the same.
func (d dump) diff(want dump) []string {
	keys := slices.Concat(slices.Collect(maps.Keys(d)), slices.Collect(maps.Keys(want)))
	slices.Sort(keys)
	var out []string
	for _, k := range slices.Compact(keys) {
		if d[k] != want[k] {
			out = append(out, fmt.Sprintf("%s:\n   is %s\n want %s", k, d[k], want[k]))
		}
	}
	return out
}

func (d dump) mustBe(t *testing.T, want dump, what string) {
	t.Helper()
	if diff := d.diff(want); len(diff) > 0 {
		t.Fatalf("%s: %d rows differ, among them\n%s", what, len(diff), strings.Join(diff[:min(len(diff), 5)], "\n"))
	}
}

// graveyard is a company, what serves it, and the processes that die on it.
type graveyard struct {
	t       *testing.T
	r       *rand.Rand
	company *aiqtest.Company
	server  *aiqtest.Server
	gate    *gate
	deletes bool // the books lose rows, which pulls believe at the second look only

	mu  sync.Mutex
	now time.Time
}

func (g *graveyard) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *graveyard) later(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// killSeed is a new one for each run; the environment brings one back.
func killSeed(t *testing.T) uint64 {
	seed := rand.Uint64()
	if text := os.Getenv("DUNLIN_KILL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("DUNLIN_KILL_SEED=%d brings this run back", seed)
	return seed
}

func newGraveyard(t *testing.T, seed uint64) *graveyard {
	t.Helper()
	g := &graveyard{t: t, r: rand.New(rand.NewPCG(seed, 1)), now: start}
	g.company = aiqtest.Seeded(seed, start, aiqtest.Size{Customers: 30, Transactions: 240, Allocations: 220})
	var err error
	if g.server, err = aiqtest.Start(aiqtest.Options{Now: g.clock, Company: g.company}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.server.Close()
		for _, v := range g.server.Violations() {
			t.Error("breach of the contract:", v)
		}
	})
	g.gate = newGate(t, g.server.URL())
	return g
}

// pull pulls undisturbed and dumps what is stored then.
func (g *graveyard) pull(dir string, d pull.Depth) (dump, pull.Report) {
	g.t.Helper()
	var out dump
	j := job{URL: g.server.URL(), Dir: dir, Now: g.clock(), Depth: d}
	r, err := j.run(g.t.Context(), func(st *store.Store) (err error) {
		out, err = read(g.t.Context(), st, g.company, ledger.DateOf(j.Now))
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return out, r
}

// ending is what is stored after one pull, and after two more thorough ones. Where the books lose rows, only the
// latter counts: a pull that was killed at its very end has looked for them already.
type ending struct{ once, settled dump }

func (g *graveyard) end(dir string, d pull.Depth) (e ending) {
	g.t.Helper()
	e.once, _ = g.pull(dir, d)
	g.pull(dir, pull.Thorough)
	e.settled, _ = g.pull(dir, pull.Thorough)
	if g.deletes {
		e.once = nil
	}
	return e
}

func (e ending) mustBe(t *testing.T, want ending, what string) {
	t.Helper()
	e.once.mustBe(t, want.once, what+", then one pull")
	e.settled.mustBe(t, want.settled, what+", then three pulls")
}

// deadline draws one among all calls of a pull, in whatever place of one, or by the clock.
func (g *graveyard) deadline(calls int, whole time.Duration) deadline {
	soon := time.Duration(g.r.IntN(6000)) * time.Microsecond
	switch g.r.IntN(5) {
	case 0:
		return deadline{after: 1 + time.Duration(g.r.Int64N(int64(whole)))}
	case 1:
		return deadline{call: 1 + g.r.IntN(calls), point: asked}
	case 2:
		return deadline{call: 1 + g.r.IntN(calls), point: halfway}
	case 3: // while the last answers are being stored
		return deadline{call: max(1, calls-g.r.IntN(3)), point: answered, after: soon}
	}
	return deadline{call: 1 + g.r.IntN(calls), point: answered, after: soon}
}

// bury kills pulls into copies of a folder until so many have died, up to three in a row, and compares each end with
// that of a folder where none did. No folder is a first load.
func (g *graveyard) bury(base string, d pull.Depth, deaths int) {
	g.t.Helper()
	home := func() string {
		dir := g.t.TempDir()
		if base != "" {
			if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
				g.t.Fatal(err)
			}
		}
		return dir
	}
	want := g.end(home(), d)
	began := time.Now()
	_, calls := g.gate.die(g.t, job{Dir: home(), Now: g.clock(), Depth: d}, deadline{})
	whole := time.Since(began)
	for died := 0; died < deaths; {
		dir := home()
		var how []string
		for range 1 + g.r.IntN(3) {
			by := g.deadline(calls, whole)
			if killed, _ := g.gate.die(g.t, job{Dir: dir, Now: g.clock(), Depth: d}, by); killed {
				how = append(how, by.String())
				died++
			}
		}
		g.end(dir, d).mustBe(g.t, want, "killed "+strings.Join(how, ", and "))
	}
}

// deaths is how many of the two hundred and some a test has. The race detector sees what lives, not what dies.
func deaths(n int) int {
	if testing.Short() || raced {
		return n / 10
	}
	return n
}

func TestKilledFirstLoads(t *testing.T) {
	seed := killSeed(t)
	for i := range uint64(2) {
		g := newGraveyard(t, seed+i)
		g.bury("", pull.Light, deaths(50))
	}
}

func TestKilledDeltas(t *testing.T) {
	seed := killSeed(t)
	for i, d := range []pull.Depth{pull.Light, pull.Thorough} {
		g := newGraveyard(t, seed+uint64(i))
		base := t.TempDir()
		g.pull(base, pull.Light)
		// What happens does so beyond the overlap: a watermark that moved without its rows would lose them.
		g.later(24 * time.Hour)
		g.trade(40, changes)
		g.later(72 * time.Hour)
		g.bury(base, d, deaths(30))
		g.deletes = true
		g.trade(20, slices.Concat(changes, losses))
		g.bury(base, d, deaths(20))
	}
}

// The books go on while a computer that died in the middle of a pull is off.
func TestKilledFirstLoadsWhileTheBooksMove(t *testing.T) {
	g := newGraveyard(t, killSeed(t))
	_, calls := g.gate.die(t, job{Dir: t.TempDir(), Now: g.clock()}, deadline{})
	for died := 0; died < deaths(20); {
		dir := t.TempDir()
		by := deadline{call: 1 + g.r.IntN(calls), point: answered, after: time.Duration(g.r.IntN(3000)) * time.Microsecond}
		if killed, _ := g.gate.die(t, job{Dir: dir, Now: g.clock()}, by); killed {
			died++
		}
		g.later(26 * time.Hour)
		g.trade(10, changes)
		fresh, _ := g.pull(t.TempDir(), pull.Light)
		got, _ := g.pull(dir, pull.Light)
		// When an item was first seen, and first seen settled, is told by the pulls; the rest by the books.
		sight := func(d dump) dump {
			for _, name := range moments {
				delete(d, "watermark "+name)
			}
			d.forgetMatches(ledger.DateOf(g.clock()).AddDays(-700))
			return d.without("item ", "FirstSeen", "ClosedOn", "Gone").without("facts of item", "FirstSeen")
		}
		sight(got).mustBe(t, sight(fresh), "killed "+by.String()+" and the books moved on")
	}
}

// questions is how often a pull asks for transactions.
func (g *graveyard) questions(dir string) int {
	before := g.server.Calls("GetTransactionsBy")
	g.pull(dir, pull.Light)
	return g.server.Calls("GetTransactionsBy") - before
}

// dieAtTheLastQuestion kills a first load when it asks for transactions for the last time, and returns how often it
// would have asked.
func (g *graveyard) dieAtTheLastQuestion(dir string) int {
	g.t.Helper()
	whole := g.questions(g.t.TempDir())
	by := deadline{call: whole, op: "GetTransactionsBy", point: asked}
	if killed, _ := g.gate.die(g.t, job{Dir: dir, Now: g.clock()}, by); !killed {
		g.t.Fatal("the load was done before it died")
	}
	return whole
}

// What was settled long before a first load is not taken for settled lately because the load was killed and done
// on the next day: it would be looked at again for two months.
func TestFirstLoadKilledBeforeMidnight(t *testing.T) {
	g := newGraveyard(t, killSeed(t))
	dir := t.TempDir()
	g.dieAtTheLastQuestion(dir)
	g.later(24 * time.Hour)
	got, _ := g.pull(dir, pull.Light)
	want, _ := g.pull(t.TempDir(), pull.Light)
	closed := func(d dump) dump {
		out := dump{}
		for k, text := range d {
			var row store.InvoiceRow
			if strings.HasPrefix(k, "item ") && json.Unmarshal([]byte(text), &row) == nil {
				out.put(row.ClosedOn, k)
			}
		}
		return out
	}
	closed(got).mustBe(t, closed(want), "the day on which items were settled")
}

// A first load that was killed goes on at the window that it had reached.
func TestKilledFirstLoadGoesOn(t *testing.T) {
	g := newGraveyard(t, killSeed(t))
	dir := t.TempDir()
	whole := g.dieAtTheLastQuestion(dir)
	if rest := g.questions(dir); rest >= whole {
		t.Errorf("%d questions for transactions after a death at the end, %d from the start", rest, whole)
	}
}

// change is one thing that happens in the books: to a customer, an open debt or a match, with a name of its own.
type change func(c *aiqtest.Company, at place, name string) error

// place is where it happens.
type place struct {
	customer aiqtest.Customer
	debt     aiqtest.Transaction
	match    aiqtest.Allocation
}

// changes leave every row where it is; losses take rows away.
var (
	changes = []change{
		func(c *aiqtest.Company, at place, name string) error {
			return c.AddContact(ledger.Contact{AccountCode: at.customer.Code, Name: name, Email: name + "@customer.example"})
		},
		func(c *aiqtest.Company, at place, name string) error {
			return c.UpdateCustomer(at.customer.Code, func(cu *aiqtest.Customer) { cu.Name += " " + name })
		},
		func(c *aiqtest.Company, _ place, name string) error {
			_, err := c.AddCustomer(aiqtest.Customer{Code: "N" + name, Name: "New " + name})
			return err
		},
		func(c *aiqtest.Company, at place, _ string) error { return c.Dispute(at.debt.ID) },
		func(c *aiqtest.Company, at place, _ string) error {
			return c.SetDueDate(at.debt.ID, at.debt.Due.AddDays(14))
		},
		func(c *aiqtest.Company, at place, name string) error { return c.SetReference(at.debt.ID, name) },
		func(c *aiqtest.Company, at place, _ string) error { return settle(c, at.debt, 1) },
		func(c *aiqtest.Company, at place, _ string) error { return settle(c, at.debt, 2) },
		func(c *aiqtest.Company, at place, name string) error {
			_, err := c.AddInvoice(aiqtest.Entry{Customer: at.customer.Code, Amount: ledger.Money{Minor: 45600, Currency: at.customer.Currency}, Reference: name})
			return err
		},
	}
	losses = []change{
		func(c *aiqtest.Company, at place, _ string) error { return c.Unallocate(at.match.ID) },
		func(c *aiqtest.Company, at place, _ string) error { return c.DeleteTransaction(at.debt.ID) },
		func(c *aiqtest.Company, _ place, _ string) error {
			p := c.Contacts()[0]
			return c.RemoveContact(p.AccountCode, p.Name, p.Email)
		},
	}
)

// settle pays one part of what is left of a debt.
func settle(c *aiqtest.Company, debt aiqtest.Transaction, parts int64) error {
	minor := debt.Outstanding.Minor / parts
	paid, err := c.AddReceipt(aiqtest.Entry{Customer: debt.AccountCode, Amount: ledger.Money{Minor: minor, Currency: debt.Amount.Currency}})
	if err == nil {
		_, err = c.Allocate(paid.ID, debt.ID, minor)
	}
	return err
}

// trade lets n things happen.
func (g *graveyard) trade(n int, among []change) {
	g.t.Helper()
	for i := range n {
		var debts []aiqtest.Transaction
		for _, tx := range g.company.Transactions() {
			if tx.Type.Receivable() && tx.Outstanding.Minor > 10 && !tx.Due.IsZero() {
				debts = append(debts, tx)
			}
		}
		at := place{pick(g.r, g.company.Customers()), pick(g.r, debts), pick(g.r, g.company.Allocations())}
		if err := pick(g.r, among)(g.company, at, fmt.Sprintf("%d-%d", g.clock().Unix(), i)); err != nil {
			g.t.Fatal(err)
		}
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
