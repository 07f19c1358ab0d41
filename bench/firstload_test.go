package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

// The company that is loaded.
var big = aiqtest.Size{Customers: 10_000, Transactions: 100_000}

// role tells a process started by a benchmark what it is.
const role = "DUNLIN_BENCH_ROLE"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(role) {
	case "server":
		err = serve()
	case "load":
		err = timed(load)
	case "limit":
		err = timed(limit)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs the AccountsIQ until its standard input ends.
func serve() error {
	s, err := aiqtest.Start(aiqtest.Options{Company: aiqtest.Seeded(1, time.Now(), big), TokenLife: time.Hour})
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// timed prints how long the work took, in nanoseconds.
func timed(work func(ctx context.Context, url, dir string) (time.Duration, error)) error {
	took, err := work(context.Background(), os.Getenv("DUNLIN_BENCH_URL"), os.Getenv("DUNLIN_BENCH_DIR"))
	if err == nil {
		fmt.Println(took.Nanoseconds())
	}
	return err
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

// load is the first load as the program does it.
func load(ctx context.Context, url, dir string) (time.Duration, error) {
	loc, err := accountsiq.ParseLocation(url)
	if err != nil {
		return 0, err
	}
	rec := &recorder{}
	client, err := accountsiq.New(accountsiq.Config{Location: loc, Company: aiqtest.DemoCompanyID, HTTP: &http.Client{Transport: rec}, Now: time.Now,
		Auth: accountsiq.OAuth{ClientID: aiqtest.DemoClientID, ClientSecret: aiqtest.DemoClientSecret}})
	if err != nil {
		return 0, err
	}
	n := 0
	st, err := store.Open(ctx, filepath.Join(dir, "company"), store.Options{Now: time.Now, NewID: func() string { n++; return fmt.Sprint(n) }})
	if err != nil {
		return 0, err
	}
	defer st.Close()
	if err := client.SignIn(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	report, err := pull.Run(ctx, client, st, pull.Options{Now: time.Now, Today: ledger.DateOf(time.Now())})
	took := time.Since(began)
	if err == nil && report.Transactions.New != big.Transactions {
		err = fmt.Errorf("loaded %d transactions", report.Transactions.New)
	}
	if err != nil {
		return 0, err
	}
	data, err := json.Marshal(rec.list)
	if err != nil {
		return 0, err
	}
	return took, os.WriteFile(filepath.Join(dir, "requests.json"), data, 0o600)
}

// limit fetches the same bytes, tokenises them with the standard library, and bulk-inserts as many rows of the same
// width into a table without further indexes: what no program that uses these parts can be faster than by much.
func limit(ctx context.Context, _, dir string) (time.Duration, error) {
	data, err := os.ReadFile(filepath.Join(dir, "requests.json"))
	if err != nil {
		return 0, err
	}
	var list []exchange
	if err := json.Unmarshal(data, &list); err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "limit.db")+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	columns := make([]string, 23)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d", i)
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE rows (id INTEGER PRIMARY KEY, "+strings.Join(columns[1:], ", ")+")"); err != nil {
		return 0, err
	}
	began := time.Now()
	for _, x := range list {
		if strings.Contains(x.Action, "/TokenGet") {
			continue
		}
		if err := tokenise(ctx, x); err != nil {
			return 0, err
		}
	}
	if err := insert(ctx, db, columns, big.Transactions+big.Customers); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

func tokenise(ctx context.Context, x exchange) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, x.URL, strings.NewReader(x.Body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "text/xml; charset=utf-8")
	q.Header.Set("SOAPAction", x.Action)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dec := xml.NewDecoder(resp.Body)
	for {
		if _, err := dec.RawToken(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func insert(ctx context.Context, db *sql.DB, columns []string, n int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	const together = 100
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO rows VALUES "+strings.TrimSuffix(strings.Repeat(row+",", together), ","))
	if err != nil {
		return err
	}
	args := make([]any, 0, together*len(columns))
	for i := 0; i < n; i += together {
		args = args[:0]
		for k := range together {
			args = append(args, i+k, 7, "CUST0001", "SI", 501, 0, "10045", "PO-88", "EUR", 123000, 73000, "1230.00", "2026-02-27", "2026-03-29",
				"2026-03-01", 0, 0, 0, "2026-03-01", "", "10045 po-88 1230.00", 123000, 73000)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// BenchmarkFirstLoad times a first load of 10,000 customers and 100,000 transactions beside the limit program, each
// in a process of its own, in turn. Metrics: s/load, s/limit, their ratio, and the peak memory of the load in MB.
func BenchmarkFirstLoad(b *testing.B) {
	url, stop := startServer(b)
	defer stop()
	var sumLoad, sumLimit time.Duration
	var peak float64
	for b.Loop() {
		dir := b.TempDir()
		took, mb := child(b, "load", url, dir)
		sumLoad += took
		peak = max(peak, mb)
		took, _ = child(b, "limit", url, dir)
		sumLimit += took
	}
	b.ReportMetric(sumLoad.Seconds()/float64(b.N), "s/load")
	b.ReportMetric(sumLimit.Seconds()/float64(b.N), "s/limit")
	b.ReportMetric(sumLoad.Seconds()/sumLimit.Seconds(), "load/limit")
	b.ReportMetric(peak, "MB-peak")
}

func startServer(b *testing.B) (url string, stop func()) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=server")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fscanln(out, &url); err != nil {
		b.Fatal(err)
	}
	return url, func() { in.Close(); cmd.Wait() }
}

// child runs one of the programs and returns its own time and its peak memory in MB.
func child(b *testing.B, what, url, dir string) (time.Duration, float64) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"="+what, "DUNLIN_BENCH_URL="+url, "DUNLIN_BENCH_DIR="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(what, ": ", err)
	}
	var ns int64
	if _, err := fmt.Sscan(string(out), &ns); err != nil {
		b.Fatal(err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return time.Duration(ns), float64(usage.Maxrss) / 1024
}
