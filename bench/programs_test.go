package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// What tells a process started by a benchmark what it is and what it works on.
const (
	envRole = "DUNLIN_BENCH_ROLE"
	envURL  = "DUNLIN_BENCH_URL"  // the server's
	envDir  = "DUNLIN_BENCH_DIR"  // folder of the data and of what one program leaves for the next
	envSize = "DUNLIN_BENCH_SIZE" // JSON of books
)

// books say what the server has: a seeded company, and so many open items in it; 0 leaves them as they come.
type books struct {
	aiqtest.Size
	Open int
}

// The company that the README's figures are about.
var big = books{Size: aiqtest.Size{Customers: 10_000, Transactions: 100_000, Allocations: 100_000}}

// result is what a program prints when it is done.
type result struct {
	Took     time.Duration
	Rows     rows // stored by a load
	Requests int64
	Waited   time.Duration // for answers to begin: the server's own work
	Items    int           // read again by id
	Bytes    int64         // of the saved answers
}

// rows are the numbers of rows that a first load stores.
type rows struct{ Customers, Contacts, Transactions, Allocations int }

// programs are what a process can be, but for the server.
var programs = map[string]func(ctx context.Context, url, dir string) (result, error){
	"load": load, "limit": limit, "save": save, "light": light, "thorough": thorough,
}

func TestMain(m *testing.M) {
	what := os.Getenv(envRole)
	if what == "" {
		os.Exit(m.Run())
	}
	err := serve
	if work, ok := programs[what]; ok {
		err = func() error {
			r, err := work(context.Background(), os.Getenv(envURL), os.Getenv(envDir))
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(r)
		}
	}
	if err := err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs the AccountsIQ until its standard input ends.
func serve() error {
	var b books
	if err := json.Unmarshal([]byte(os.Getenv(envSize)), &b); err != nil {
		return err
	}
	company := aiqtest.Seeded(1, time.Now(), b.Size)
	if err := topUp(company, b.Open); err != nil {
		return err
	}
	s, err := aiqtest.Start(aiqtest.Options{Company: company, TokenLife: time.Hour})
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// topUp posts invoices until so many items are open.
func topUp(c *aiqtest.Company, open int) error {
	for _, tx := range c.Transactions() {
		if tx.Outstanding.Minor != 0 {
			open--
		}
	}
	customers := c.Customers()
	for i := range open {
		// 7,919 has no factor in common with a round number of customers: the invoices are spread over all.
		cu := customers[i*7919%len(customers)]
		_, err := c.AddInvoice(aiqtest.Entry{Customer: cu.Code, Amount: ledger.Money{Minor: int64(10_000 + i), Currency: cu.Currency}})
		if err != nil {
			return err
		}
	}
	return nil
}

// exchange is one request of the load, to be sent again by the limit program.
type exchange struct{ URL, Action, Body string }

// recorder keeps the requests that pass.
type recorder struct {
	mu   sync.Mutex
	list []exchange
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	r.list = append(r.list, exchange{q.URL.String(), q.Header.Get("SOAPAction"), string(body)})
	r.mu.Unlock()
	return http.DefaultTransport.RoundTrip(q)
}

// stopwatch adds up how long answers take to begin. A pull asks one question after the other.
type stopwatch struct{ sum time.Duration }

func (s *stopwatch) RoundTrip(q *http.Request) (*http.Response, error) {
	began := time.Now()
	defer func() { s.sum += time.Since(began) }()
	return http.DefaultTransport.RoundTrip(q)
}

// session is a signed-in client beside a company's open data.
type session struct {
	client *accountsiq.Client
	st     *store.Store
}

// open signs in and opens the data in dir; rt carries the requests, nil being the usual way.
func open(ctx context.Context, url, dir string, rt http.RoundTripper) (session, error) {
	loc, err := accountsiq.ParseLocation(url)
	if err != nil {
		return session{}, err
	}
	client, err := accountsiq.New(accountsiq.Config{Location: loc, Company: aiqtest.DemoCompanyID, HTTP: &http.Client{Transport: rt}, Now: time.Now,
		Auth: accountsiq.OAuth{ClientID: aiqtest.DemoClientID, ClientSecret: aiqtest.DemoClientSecret}})
	if err != nil {
		return session{}, err
	}
	n := 0
	st, err := store.Open(ctx, filepath.Join(dir, "company"), store.Options{Now: time.Now, NewID: func() string { n++; return fmt.Sprint(n) }})
	if err != nil {
		return session{}, err
	}
	if err := client.SignIn(ctx); err != nil {
		st.Close()
		return session{}, err
	}
	return session{client, st}, nil
}

func (s session) pull(ctx context.Context, d pull.Depth) (pull.Report, time.Duration, error) {
	began := time.Now()
	report, err := pull.Run(ctx, s.client, s.st, pull.Options{Depth: d, Now: time.Now, Today: ledger.DateOf(time.Now())})
	return report, time.Since(began), err
}

// load is the first load as the program does it. It leaves its requests and the numbers of its rows in dir.
func load(ctx context.Context, url, dir string) (result, error) {
	rec := &recorder{}
	s, err := open(ctx, url, dir, rec)
	if err != nil {
		return result{}, err
	}
	defer s.st.Close()
	report, took, err := s.pull(ctx, pull.Light)
	if err != nil {
		return result{}, err
	}
	r := result{Took: took, Requests: report.Requests, Rows: rows{report.Customers.New, report.Contacts.New,
		report.Transactions.New, report.Allocations.New}}
	for name, v := range map[string]any{requestsFile: rec.list, rowsFile: r.Rows} {
		data, err := json.Marshal(v)
		if err != nil {
			return r, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return r, err
		}
	}
	return r, nil
}

// What a load leaves in its folder.
const (
	requestsFile = "requests.json"
	rowsFile     = "rows.json"
)

// leftBy reads what a load left.
func leftBy(dir string) (list []exchange, n rows, err error) {
	for name, v := range map[string]any{requestsFile: &list, rowsFile: &n} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, rows{}, err
		}
		if err := json.Unmarshal(data, v); err != nil {
			return nil, rows{}, err
		}
	}
	return list, n, nil
}

// light is a delta of books in which nothing changed, without the look at all open items, which has just been.
func light(ctx context.Context, url, dir string) (result, error) {
	wait := &stopwatch{}
	s, err := open(ctx, url, dir, wait)
	if err != nil {
		return result{}, err
	}
	defer s.st.Close()
	wait.sum = 0
	err = s.st.Tx(ctx, func(tx *store.Tx) error { return tx.SetWatermark(ctx, pull.Recheck, time.Now(), "") })
	if err != nil {
		return result{}, err
	}
	r, err := s.unchanged(ctx, pull.Light)
	r.Waited = wait.sum
	return r, err
}

// thorough is a delta of books in which nothing changed that reads all open and lately settled items again.
func thorough(ctx context.Context, url, dir string) (result, error) {
	s, err := open(ctx, url, dir, nil)
	if err != nil {
		return result{}, err
	}
	defer s.st.Close()
	items, err := s.st.OpenTransactionIDs(ctx)
	if err != nil {
		return result{}, err
	}
	r, err := s.unchanged(ctx, pull.Thorough)
	r.Items = len(items)
	return r, err
}

func (s session) unchanged(ctx context.Context, d pull.Depth) (result, error) {
	report, took, err := s.pull(ctx, d)
	if err == nil && (report.Changed() || report.Full) {
		err = fmt.Errorf("a delta of unchanged books brought %+v", report)
	}
	return result{Took: took, Requests: report.Requests}, err
}
