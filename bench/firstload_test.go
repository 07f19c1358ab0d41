package bench_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The programs of a benchmark run in turn, each in a process of its own, against a server in yet another, so that
// none warms up what the next one uses and each has a peak memory of its own. Figures are means over the
// iterations but for MB-peak, which is the highest; ns/op would add up different programs and is left out.

// BenchmarkFirstLoad times a first load of 10,000 customers, 100,000 transactions and 100,000 allocations beside the
// limit program and beside xmllint, a parser in C, which reads the very same answers from files.
func BenchmarkFirstLoad(b *testing.B) {
	url := startServer(b, big)
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		b.Log("xmllint is not installed (package libxml2-utils): the load is not compared with it")
	}
	var loads, limits, lints time.Duration
	var peak, answers float64
	for b.Loop() {
		dir := b.TempDir()
		r, mb := child(b, "load", url, dir)
		if want := (rows{big.Customers, r.Rows.Contacts, big.Transactions, big.Allocations}); r.Rows != want {
			b.Fatalf("loaded %+v", r.Rows)
		}
		loads, peak = loads+r.Took, max(peak, mb)
		r, _ = child(b, "limit", url, dir)
		limits += r.Took
		if lint != "" {
			r, _ = child(b, "save", url, dir)
			answers = float64(r.Bytes) / 1e6
			lints += parse(b, lint, dir)
		}
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(loads.Seconds()/n, "s/load")
	b.ReportMetric(limits.Seconds()/n, "s/limit")
	b.ReportMetric(loads.Seconds()/limits.Seconds(), "load/limit")
	b.ReportMetric(peak, "MB-peak")
	if lint != "" {
		b.ReportMetric(answers, "MB-answers")
		b.ReportMetric(lints.Seconds()/n, "s/xmllint")
		b.ReportMetric(loads.Seconds()/lints.Seconds(), "load/xmllint")
	}
}

// parse times xmllint over all saved answers. It only parses: it neither fetches nor stores anything.
func parse(b *testing.B, lint, dir string) time.Duration {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "answer*.xml"))
	if err != nil || len(files) == 0 {
		b.Fatal("no saved answers ", err)
	}
	cmd := exec.Command(lint, append([]string{"--stream", "--noout"}, files...)...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatal("xmllint: ", err)
	}
	return time.Since(began)
}

// BenchmarkPeak shows that the memory of a first load does not grow with the books.
func BenchmarkPeak(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 300_000} {
		b.Run(fmt.Sprintf("transactions=%d", n), func(b *testing.B) {
			size := big
			size.Transactions, size.Allocations = n, n
			url := startServer(b, size)
			var took time.Duration
			var peak float64
			for b.Loop() {
				r, mb := child(b, "load", url, b.TempDir())
				took, peak = took+r.Took, max(peak, mb)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(took.Seconds()/float64(b.N), "s/load")
			b.ReportMetric(peak, "MB-peak")
		})
	}
}

// BenchmarkNothingNew times a delta that finds nothing, beside the first load before it. What of it was waiting for
// the server to go through its books is shown apart.
func BenchmarkNothingNew(b *testing.B) {
	url := startServer(b, big)
	var loads, deltas, waited time.Duration
	var requests int64
	for b.Loop() {
		dir := b.TempDir()
		r, _ := child(b, "load", url, dir)
		loads += r.Took
		r, _ = child(b, "light", url, dir)
		deltas, waited, requests = deltas+r.Took, waited+r.Waited, r.Requests
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(deltas.Seconds()*1000/float64(b.N), "ms/delta")
	b.ReportMetric(waited.Seconds()*1000/float64(b.N), "ms-waiting")
	b.ReportMetric(deltas.Seconds()/loads.Seconds(), "delta/load")
	b.ReportMetric(float64(requests), "requests")
}

// BenchmarkReread times a delta that reads 20,000 open items again by id, and finds nothing.
func BenchmarkReread(b *testing.B) {
	size := big
	size.Open = 20_000
	url := startServer(b, size)
	var took time.Duration
	var last result
	var peak float64
	for b.Loop() {
		dir := b.TempDir()
		child(b, "load", url, dir)
		r, mb := child(b, "thorough", url, dir)
		if r.Items != size.Open {
			b.Fatalf("%d open items", r.Items)
		}
		took, last, peak = took+r.Took, r, max(peak, mb)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took.Seconds()/float64(b.N), "s/reread")
	b.ReportMetric(float64(last.Requests), "requests")
	b.ReportMetric(peak, "MB-peak")
}

// startServer runs an AccountsIQ with these books until the benchmark ends.
func startServer(b *testing.B, has books) (url string) {
	b.Helper()
	size, err := json.Marshal(has)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"=server", envSize+"="+string(size))
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
	b.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			b.Error("server: ", err)
		}
	})
	if _, err := fmt.Fscanln(out, &url); err != nil {
		b.Fatal(err)
	}
	return url
}

// child runs one of the programs and returns its result and its peak memory in MB.
func child(b *testing.B, what, url, dir string) (r result, mb float64) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"="+what, envURL+"="+url, envDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(what, ": ", err)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		b.Fatal(what, ": ", err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return r, float64(usage.Maxrss) / 1024
}
