package core_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/mail/mailtest"
	"dunlin/core/secret"
)

var (
	yearSeeds = flag.Int("seeds", 0, "years to simulate; 0: 6, or 1 with the race detector")
	yearSeed  = flag.Uint64("seed", 0, "simulate the year of this seed only, and print what happened in it")
	yearDays  = flag.Int("days", 365, "how long a year is")
	yearFirst = flag.Bool("first", false, "end everything at the first failure")
	yearFrom  = flag.Uint64("from-seed", 1, "the first seed of several")
)

// yearWorkers is how many years go on at once. A message waits 25 ms for a mail server that may hang up, so a year
// spends most of its time waiting.
const yearWorkers = 10

// A year of a company of 200 customers, with everything going wrong that can. docs/simulated-year.md says what.
func TestSimulatedYear(t *testing.T) {
	if *yearSeed != 0 {
		y, problem := simulate(t.Context(), *yearSeed)
		t.Log("\n" + strings.Join(y.trace, "\n"))
		t.Log(y.counts)
		y.report(t, problem)
		return
	}
	// There is memory enough, and collecting garbage is a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	n := uint64(*yearSeeds)
	if n == 0 && raced {
		n = 1
	} else if n == 0 {
		n = 6
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seeds := make(chan uint64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := counts{}
	failed := 0
	for range min(yearWorkers, n) {
		wg.Go(func() {
			for seed := range seeds {
				y, problem := simulate(ctx, seed)
				if ctx.Err() != nil {
					continue // broken off
				}
				mu.Lock()
				for what, k := range y.counts {
					sum[what] += k
				}
				if problem != "" {
					failed++
					y.report(t, problem)
					if *yearFirst {
						stop()
					}
				}
				mu.Unlock()
			}
		})
	}
	for seed := *yearFrom; seed < *yearFrom+n; seed++ {
		mu.Lock()
		enough := failed >= 3 || ctx.Err() != nil
		mu.Unlock()
		if enough {
			break
		}
		seeds <- seed
	}
	close(seeds)
	wg.Wait()
	t.Log(sum)
	if failed == 0 && *yearSeeds != 1 {
		sum.wantAll(t)
	}
}

// traced is how much of the trace a failure shows.
const traced = 60

func (y *year) report(t *testing.T, problem string) {
	t.Helper()
	if problem == "" {
		return
	}
	t.Errorf("seed %d: %s\nwhat happened before, the latest last:\n%s\nagain with: go test ./core -run SimulatedYear -seed %d",
		y.seed, problem, strings.Join(y.trace[max(0, len(y.trace)-traced):], "\n"), y.seed)
}

// counts says how often each kind of thing happened.
type counts map[string]int

func (c counts) String() string {
	var out []string
	for _, what := range sortedKeysOf(c) {
		out = append(out, fmt.Sprintf("%s %d", what, c[what]))
	}
	return strings.Join(out, ", ")
}

// wantAll fails when something that is to be shown never came about: a simulation in which nothing happens proves nothing.
func (c counts) wantAll(t *testing.T) {
	t.Helper()
	for _, what := range []string{"crashes", "messages", "messages judged", "runs judged", "syncs judged", "backups put back"} {
		if c[what] == 0 {
			t.Errorf("no %s at all: %v", what, c)
		}
	}
}

// broken is what the simulation panics with when a rule does not hold.
type broken struct{ text string }

// yearKilled is what the program dies of.
type yearKilled struct{}

// simulate plays one year and says what is wrong with it; "" is nothing.
func simulate(ctx context.Context, seed uint64) (y *year, problem string) {
	y = &year{ctx: ctx, seed: seed, counts: counts{}}
	defer func() {
		y.close()
		switch r := recover().(type) {
		case nil:
		case broken:
			problem = r.text
		default:
			problem = fmt.Sprintf("the test itself or the program panics: %v\n%s", r, debug.Stack())
		}
	}()
	y.setUp()
	y.play()
	return y, ""
}

// year is the world of one seed: the books, the mail server, the computer with the program, and what happened.
type year struct {
	ctx    context.Context
	seed   uint64
	r      *rand.Rand // of the story
	hr     *rand.Rand // of what happens in the middle of a step
	trace  []string
	counts counts
	dir    string
	zone   *time.Location // of the company's people; the setting of the program may differ

	company *aiqtest.Company
	aiq     *aiqtest.Server
	mail    *mailtest.Server
	secrets secret.Store
	random  *rand.ChaCha8 // the program's
	client  *http.Client  // the program's way to AccountsIQ
	pc      *computer
	ids     int

	mu      sync.Mutex
	now     time.Time         // the right time: AccountsIQ's
	off     time.Duration     // how far the computer's clock is ahead of it
	inHook  bool              // a hook of ours runs, in which the program does not die
	dead    bool              // the program has died and nobody has noticed yet
	frozen  map[string][]byte // what is on the disks where it died in a dialogue
	journal string            // the file of the record of what was sent
	die     *death            // nil: it lives through this step

	hooks    sync.Mutex // one hook at a time; guards what follows, beside the main goroutine's own turns
	steps    int
	ticked   int // slots missed up to the latest tick
	changes  int // changes of the books so far
	synced   int // changes at the beginning of the latest sync
	owned    int // deeds of the owner so far
	look     *look
	pending  *look         // of the message in its dialogue
	restless int           // out of 1,000 calls, how many find the books changed meanwhile
	fickle   int           // out of 1,000 points of a dialogue with the mail server, how many go wrong
	slowed   time.Duration // what the mail server took its time for in this step
	meddle   func()        // what the owner does in the middle of this step, once

	books
	ledgerOfMail
}

// computer is one machine with the program: its data folder, the user's state folder, and the program.
type computer struct {
	data, state string
	app         *core.App
}

// yearStart is a Monday.
var yearStart = time.Date(2026, 1, 5, 7, 0, 0, 0, time.UTC)

func (y *year) log(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	y.trace = append(y.trace, y.clock().UTC().Format("2006-01-02 15:04:05 ")+line)
}

// fail ends the year.
func (y *year) fail(rule, format string, args ...any) {
	panic(broken{rule + ": " + fmt.Sprintf(format, args...)})
}

func (y *year) must(err error) {
	if err != nil {
		y.fail("no error that nobody foresaw", "%v", err)
	}
}

// clock is the computer's.
func (y *year) clock() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.now.Add(y.off)
}

// right is the right time, to the millisecond as AccountsIQ tells it.
func (y *year) right() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.now
}

func (y *year) forward(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.now = y.now.Add(d)
}

func (y *year) chance(percent int) bool { return y.r.IntN(100) < percent }

// death is where the program dies in a step.
type death struct {
	at     string // "clock", "id", "call", "called", a stage of mailtest, or "word": after the mail server's word
	after  int    // so many times it lives through it
	keep   bool   // at the end of a message: the mail server has it all the same
	torn   int    // what becomes of the line of the journal that is about to be, or has just been, written; see tear
	struck bool
}

// comes reports whether the program dies at this point.
func (y *year) comes(at string) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.dead || y.die == nil || y.inHook || y.die.at != at {
		return false
	}
	if y.die.after--; y.die.after >= 0 {
		return false
	}
	y.dead, y.die.struck = true, true
	return true
}

// alive lets the program die where it has not noticed yet that it is dead.
func (y *year) alive(at string) {
	y.comes(at)
	y.mu.Lock()
	dead := y.dead && !y.inHook
	y.mu.Unlock()
	if dead {
		panic(yearKilled{})
	}
}

// programsClock is the clock that the program looks at.
func (y *year) programsClock() time.Time {
	y.alive("clock")
	return y.clock()
}

func (y *year) newID() string {
	y.alive("id")
	y.ids++
	return fmt.Sprintf("id-%06d", y.ids)
}

// yearWire carries the program's calls to AccountsIQ, and breaks where the program dies.
type yearWire struct {
	*http.Transport
	y *year
}

func (w *yearWire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.y.alive("call")
	resp, err := w.Transport.RoundTrip(r)
	if err == nil && w.y.comes("called") {
		resp.Body.Close()
		panic(yearKilled{})
	}
	return resp, err
}

func (y *year) open() {
	var err error
	y.pc.app, err = core.Open(y.ctx, core.Deps{Now: y.programsClock, NewID: y.newID, Random: y.random, Secrets: y.secrets,
		StateDir: y.pc.state, HTTP: y.client}, y.pc.data)
	y.must(err)
}

func (y *year) shut() {
	y.pc.app.StopClerk()
	y.must(y.pc.app.Close())
}

// reopen is the program started again after it died.
func (y *year) reopen(d *death) {
	y.mu.Lock()
	y.dead, y.die = false, nil
	y.mu.Unlock()
	y.journal = y.journalPath()
	y.shut()
	y.thaw()
	y.tear(d)
	y.open()
}

func (y *year) close() {
	if y.pc != nil && y.pc.app != nil {
		y.mu.Lock()
		y.dead, y.die = false, nil
		y.mu.Unlock()
		y.pc.app.StopClerk()
		y.pc.app.Close()
	}
	if y.client != nil {
		y.client.CloseIdleConnections()
	}
	if y.aiq != nil {
		y.aiq.Close()
	}
	if y.mail != nil {
		y.mail.Close()
	}
	if y.dir != "" {
		os.RemoveAll(y.dir)
	}
}

// quickDir is a folder on a disk that is none, where there is one: every commit waits for the disk.
func quickDir() (string, error) {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		if dir, err := os.MkdirTemp("/dev/shm", "year"); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp("", "year")
}

func (y *year) setUp() {
	y.r = rand.New(rand.NewPCG(y.seed, 0x79656172))
	y.hr = rand.New(rand.NewPCG(y.seed, 0))
	var key [32]byte
	for i := range key {
		key[i] = byte(y.seed >> (i % 8 * 8))
	}
	y.random = rand.NewChaCha8(key)
	y.now = yearStart
	var err error
	y.zone, err = time.LoadLocation("Europe/Dublin")
	y.must(err)
	y.dir, err = quickDir()
	y.must(err)
	y.secrets = secret.Memory()
	y.openBooks()
	y.aiq, err = aiqtest.Start(aiqtest.Options{Now: y.right, Company: y.company, BeforeAnswer: y.beforeAnswer,
		NegativeCredits: y.chance(50), EmptyAsAbsent: y.chance(50), Changes: aiqtest.Axis(y.r.IntN(3))})
	y.must(err)
	y.mail, err = mailtest.Start(mailtest.Options{Users: map[string]string{owner: "pw"}, ClearSignIn: true, Behave: y.behave})
	y.must(err)
	y.client = &http.Client{Transport: &yearWire{&http.Transport{MaxIdleConnsPerHost: 2}, y}}
	y.pc = &computer{data: filepath.Join(y.dir, "data-1"), state: filepath.Join(y.dir, "state-1")}
	y.open()
	_, err = y.pc.app.Connect(y.ctx, core.ConnectRequest{Location: y.aiq.URL(), CompanyID: "YEAR01", UserKey: "user-key-1", PartnerKey: "partner-key-1"})
	y.must(err)
	y.must(y.pc.app.AddMailbox(y.ctx, core.MailboxRequest{Address: owner, Name: "Owner", SMTP: y.mail.Addr(), Security: "none", User: owner, Password: "pw"}))
	y.firstSettings()
	y.must(y.pc.app.StartChasing(y.ctx))
	y.readSettings()
}

// owner is the owner's mailbox.
const owner = "owner@year.example"

// play lets the year pass.
func (y *year) play() {
	end := yearStart.AddDate(0, 0, *yearDays)
	for y.right().Before(end) && y.ctx.Err() == nil {
		y.business()
		y.ownersDay()
		y.mishaps()
		y.towardsSlot()
	}
	y.calm()
	y.step("the last look", func() { y.must(y.pc.app.Look(y.ctx)) })
	y.settleAccounts()
	for _, v := range y.aiq.Violations() {
		y.fail("the contract with AccountsIQ", "%s", v)
	}
	y.must(y.company.Check())
}

// calm takes all trouble away.
func (y *year) calm() {
	y.aiq.ClearFaults()
	y.restless, y.fickle = 0, 0
	y.mu.Lock()
	y.off = 0
	y.mu.Unlock()
}

// towardsSlot goes on to the next moment at which something may happen, and lets the clerk look there.
func (y *year) towardsSlot() {
	slot, found := y.nextSlot(y.clock())
	until := slot.Sub(y.clock())
	if !found || until > 30*time.Hour {
		y.forward(time.Duration(10+y.r.IntN(20)) * time.Hour)
		if y.chance(15) {
			y.tick("a look between slots")
		}
		return
	}
	window := time.Duration(atoi(y.set["slots.window_hours"], 4)) * time.Hour
	late := time.Duration(y.r.IntN(50)) * time.Second
	switch n := y.r.IntN(100); {
	case n < 10: // asleep for some of the window
		late = time.Duration(y.r.Int64N(int64(window)))
	case n < 18: // asleep over all of it, and more
		late = window + time.Duration(y.r.Int64N(int64(80*time.Hour)))
	case n < 33: // awake before it
		y.forward(until - time.Duration(1+y.r.IntN(40))*time.Minute)
		y.tick("a look before the slot")
		until = slot.Sub(y.clock())
	}
	y.forward(until + late)
	y.tick("a look at the slot of " + slot.Format(time.RFC3339))
	for range 3 {
		if !y.waiting() {
			break
		}
		y.approveSome()
		y.forward(time.Duration(1+y.r.IntN(70)) * time.Minute)
		y.tick("a look after the slot")
	}
	if y.chance(15) {
		y.forward(window)
		y.tick("a look after the window")
	}
}

func (y *year) tick(what string) {
	y.step(what, func() { y.must(y.pc.app.Look(y.ctx)) })
	if y.counts["missed"] > y.ticked {
		// A slot that was missed takes one tick, and the next one of the clerk, half a minute later, sees whether the
		// window of a later one is open.
		y.ticked = y.counts["missed"]
		y.forward(30 * time.Second)
		y.step("the next look", func() { y.must(y.pc.app.Look(y.ctx)) })
	}
	y.slotsAccounted()
}

// step lets the program do something, in the course of which it may die, and checks every rule after it.
func (y *year) step(what string, do func()) {
	y.steps++
	y.hr = rand.New(rand.NewPCG(y.seed, uint64(y.steps)))
	y.log("%s", what)
	y.readSettings()
	y.slowed, y.look, y.pending, y.meddle = 0, nil, nil, nil
	b := y.before()
	y.trouble()
	b.death = y.die
	if y.survives(do) {
		y.counts["steps"]++
	} else {
		y.counts["crashes"]++
		b.died = true
		y.log("  the program died at %q and starts again", b.death.at)
		y.reopen(b.death)
	}
	y.mu.Lock()
	y.die, y.dead = nil, false
	y.mu.Unlock()
	y.check(b)
	y.approvedNow = false
}

// survives runs a part of the program until its end or its death.
func (y *year) survives(do func()) (alive bool) {
	defer func() {
		y.mu.Lock()
		dead := y.dead
		y.mu.Unlock()
		if !dead {
			return // what was thrown is another matter
		}
		if r := recover(); r != nil {
			if _, ours := r.(yearKilled); !ours {
				panic(r)
			}
		}
		alive = false
	}()
	do()
	return true
}

// ids of a request by id.
var (
	filterOfIDs = regexp.MustCompile(`<(?:\w+:)?TransactionIDsFilter>(.*?)</(?:\w+:)?TransactionIDsFilter>`)
	oneID       = regexp.MustCompile(`>(\d+)<`)
)

func idsAskedFor(body string) (ids []int64) {
	m := filterOfIDs.FindStringSubmatch(body)
	if m == nil {
		return nil
	}
	for _, d := range oneID.FindAllStringSubmatch(m[1], -1) {
		if id, err := strconv.ParseInt(d[1], 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// look is what AccountsIQ says when it is asked about some items by id.
type look struct {
	at      time.Time                      // by the computer's clock
	items   map[int64]*aiqtest.Transaction // nil: there is none
	changes int
	steady  bool // nothing was changed in the books since the latest sync began
	owned   int
}

// enter is the beginning of a hook of ours, on a server's goroutine.
func (y *year) enter() (leave func()) {
	y.hooks.Lock()
	y.mu.Lock()
	y.inHook = true
	y.mu.Unlock()
	return func() {
		y.mu.Lock()
		y.inHook = false
		y.mu.Unlock()
		y.hooks.Unlock()
	}
}

// beforeAnswer is called for every call of AccountsIQ.
func (y *year) beforeAnswer(c aiqtest.Call) {
	defer y.enter()()
	if c.Op == "GetCompanyInformation" {
		y.synced = y.changes
	}
	ids := idsAskedFor(c.Body)
	if y.hr.IntN(1000) < y.restless {
		y.changeMeanwhile(ids)
	}
	if len(ids) == 0 {
		return
	}
	y.look = &look{at: y.clock(), items: make(map[int64]*aiqtest.Transaction, len(ids)), changes: y.changes, steady: y.changes == y.synced, owned: y.owned}
	for _, id := range ids {
		if tx, there := y.company.Transaction(id); there && !tx.Hidden {
			y.look.items[id] = &tx
		} else {
			y.look.items[id] = nil
		}
	}
}
