package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dunlin/core/copies"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// printer has copies of given sizes.
type printer struct {
	sizes map[int64]int
	asked int
}

var errNoCopy = errors.New("no copy")

func (p *printer) InvoicePDF(_ context.Context, id int64, _ string) ([]byte, error) {
	p.asked++
	if p.sizes[id] == 0 {
		return nil, errNoCopy
	}
	return append([]byte("%PDF-"), bytes.Repeat([]byte("x"), p.sizes[id]-5)...), nil
}

func receivables(n int) (rows []store.InvoiceRow) {
	for i := range n {
		rows = append(rows, store.InvoiceRow{Transaction: ledger.Transaction{ID: int64(i + 1), Number: fmt.Sprint(1001 + i), Type: ledger.SalesInvoice}})
	}
	return rows
}

func enclosing(t *testing.T, p *printer, keep bool) *enclosures {
	t.Helper()
	e := &enclosures{shelf: shelf{app: &App{deps: Deps{Logger: slog.New(slog.DiscardHandler)}}}, from: p}
	if keep {
		var err error
		if e.shelf.cache, err = copies.Open(t.TempDir(), copiesMax, func() time.Time { return factsNow }); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func TestTheLargestAreLeftOut(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		sizes  []int
		want   string
		remark string
	}{
		{[]int{mb, 2 * mb}, "1001 1002", "With 2 invoice copies."},
		{[]int{attachedMax}, "1001", "With 1 invoice copy."},
		{[]int{attachedMax + 1}, "", "Left out, because the copies would be larger than 10 MB together: invoice 1001."},
		{[]int{6 * mb, 5 * mb, 4 * mb}, "1002 1003", "With 2 invoice copies. Left out, because the copies would be larger than 10 MB together: invoice 1001."},
		{[]int{6 * mb, 5 * mb, 0, 6 * mb}, "1002", "With 1 invoice copy. AccountsIQ gave no copy of invoice 1003. Left out, because the copies would be larger than 10 MB together: invoices 1001 and 1004."},
	} {
		p := &printer{sizes: map[int64]int{}}
		for i, size := range c.sizes {
			p.sizes[int64(i+1)] = size
		}
		e, rows := enclosing(t, p, false), receivables(len(c.sizes))
		for range 2 { // the second time nothing is asked for
			e.asked = false
			if err := e.collect(t.Context(), rows); err != nil {
				t.Fatal(err)
			}
		}
		files, remark := e.files(rows)
		var got []string
		for _, f := range files {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(f.Name, "Invoice "), ".pdf"))
		}
		if strings.Join(got, " ") != c.want || remark != c.remark || p.asked != len(c.sizes) || e.asked {
			t.Errorf("%v: attached %v, %q, %d asked", c.sizes, got, remark, p.asked)
		}
	}
}

// Whatever comes in whatever order: what is attached fits, and is what remains when the largest go one by one.
func TestLeavingOutInAnyOrder(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		p, n := &printer{sizes: map[int64]int{}}, 3+rnd.IntN(6)
		rows := receivables(n)
		var sizes []int
		for i := range n {
			size := 10 + rnd.IntN(4<<20)
			p.sizes[rows[i].ID], sizes = size, append(sizes, size)
		}
		rnd.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		e := enclosing(t, p, seed%2 == 0)
		if err := e.collect(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		files, _ := e.files(rows)
		slices.Sort(sizes)
		want, total := 0, 0
		for _, size := range sizes {
			if total+size > attachedMax {
				break
			}
			want, total = want+1, total+size
		}
		got := 0
		for _, f := range files {
			got += len(f.Data)
		}
		if len(files) != want || got != total {
			t.Errorf("seed %d: %d files of %d bytes, want %d of %d", seed, len(files), got, want, total)
		}
	}
}

// With the folder of copies, one that was left out comes back when another invoice leaves the message.
func TestWhatWasLeftOutFitsLater(t *testing.T) {
	p := &printer{sizes: map[int64]int{1: 6 << 20, 2: 5 << 20}}
	e, rows := enclosing(t, p, true), receivables(2)
	if err := e.collect(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if err := e.collect(t.Context(), rows[:1]); err != nil {
		t.Fatal(err)
	}
	if files, _ := e.files(rows[:1]); len(files) != 1 || p.asked != 2 {
		t.Errorf("%d files, %d asked", len(files), p.asked)
	}
}

func TestCopyName(t *testing.T) {
	for number, want := range map[string]string{
		"10045":                  "Invoice 10045.pdf",
		"":                       "Invoice.pdf",
		"2026/77":                "Invoice 2026-77.pdf",
		`..\..\x`:                "Invoice -..-x.pdf",
		"a\r\nb\x00\u202ec":      "Invoice a b c.pdf",
		" 7: ":                   "Invoice 7-.pdf",
		"\xff9":                  "Invoice 9.pdf",
		strings.Repeat("é", 500): "Invoice " + strings.Repeat("é", 30) + ".pdf",
	} {
		if got := copyName(number); got != want {
			t.Errorf("%q gives %q, want %q", number, got, want)
		}
	}
}

func FuzzCopyName(f *testing.F) {
	f.Add("10045")
	f.Add("../\x00é")
	f.Fuzz(func(t *testing.T, number string) {
		name := copyName(number)
		if !strings.HasPrefix(name, "Invoice") || !strings.HasSuffix(name, ".pdf") || len(name) > 80 || !utf8.ValidString(name) ||
			strings.ContainsAny(name, "/\\:*?\"<>|\x00\r\n") {
			t.Errorf("%q gives %q", number, name)
		}
	})
}
