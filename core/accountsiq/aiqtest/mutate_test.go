package aiqtest

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// books is all that a company's books hold, for comparing.
type books struct {
	Customers    []Customer
	Contacts     []Contact
	Transactions []Transaction
	Allocations  []Allocation
	Documents    []Document
}

func booksOf(c *Company) books {
	return books{c.Customers(), c.Contacts(), c.Transactions(), c.Allocations(), c.Documents()}
}

// run mutates a company n times with its clock moving, and returns the lines and their moments.
func run(t *testing.T, c *Company, seed uint64, n int) (lines []string, at []time.Time) {
	t.Helper()
	ck := &clock{testNow}
	c.SetClock(ck.now)
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		ck.at = ck.at.Add(time.Duration(1+r.IntN(7200)) * time.Second)
		line, refused := c.mutate(r)
		if refused != nil {
			t.Errorf("seed %d: a change that cannot be was drawn: %v", seed, refused)
		}
		if err := c.Check(); err != nil {
			t.Fatalf("seed %d after %s: %v", seed, line, err)
		}
		lines, at = append(lines, line), append(at, ck.at)
	}
	return lines, at
}

// Whatever happens to the books, open items add up to balances and no match takes more than there is; everything
// that can happen does.
func TestMutationsKeepTheBooksConsistent(t *testing.T) {
	for seed, size := range []Size{{}, {Customers: 12, Transactions: 60}, DemoSize} {
		c := Seeded(uint64(seed), testNow, size)
		lines, _ := run(t, c, uint64(seed), 1_500)
		done := map[string]int{}
		for _, line := range lines {
			done[strings.Fields(line)[0]]++
		}
		for _, verb := range []string{"customer", "edit", "remove", "contact", "recontact", "uncontact", "invoice", "batch", "creditnote",
			"receipt", "refund", "debit", "credit", "discount", "fluctuation", "draft", "post", "cancel", "match", "unmatch", "reverse",
			"delete", "dispute", "due", "reference"} {
			if n := done[verb]; n < 3 || n > 450 {
				t.Errorf("seed %d: %s happened %d times", seed, verb, n)
			}
		}
		branch, post, back := 0, 0, 0
		for _, d := range c.Documents() {
			if d.Branch != 0 {
				branch++
			}
		}
		for _, tx := range c.Transactions() {
			if entered := ledger.DateOf(tx.Created); tx.Issued.After(entered) {
				post++
			} else if tx.Issued.Before(entered) && tx.Created.After(testNow) {
				back++
			}
		}
		if branch < 3 || post < 3 || back < 3 {
			t.Errorf("seed %d: %d documents of branches, %d items post-dated, %d back-dated", seed, branch, post, back)
		}
		for part, want := range map[string]bool{" due none": true, " active off": true, " hold on": true, " on": true, " off": true, " USD": size == DemoSize} {
			if got := strings.Contains(strings.Join(lines, "\n"), part); want && !got {
				t.Errorf("seed %d: never%s", seed, part)
			}
		}
	}
}

// Old items are as likely to be touched as new ones.
func TestMutationsTouchOldItems(t *testing.T) {
	c := Seeded(3, testNow, DemoSize)
	before := map[int64]Transaction{}
	for _, tx := range c.Transactions() {
		before[tx.ID] = tx
	}
	run(t, c, 9, 600)
	touched, half := [2]int{}, int64(firstTransaction+len(before)/2)
	for _, tx := range c.Transactions() {
		if b, ok := before[tx.ID]; ok && b != tx {
			if tx.ID < half {
				touched[0]++
			} else {
				touched[1]++
			}
		}
	}
	if touched[0] < 25 || touched[1] < 25 {
		t.Errorf("of the older half %d were touched, of the younger %d", touched[0], touched[1])
	}
}

func TestMutationsAreDeterministic(t *testing.T) {
	a, b := Seeded(5, testNow, DemoSize), Seeded(5, testNow, DemoSize)
	first, _ := run(t, a, 4, 500)
	second, _ := run(t, b, 4, 500)
	if !reflect.DeepEqual(first, second) || !reflect.DeepEqual(booksOf(a), booksOf(b)) {
		t.Error("the same random numbers give other changes")
	}
	if other, _ := run(t, Seeded(5, testNow, DemoSize), 5, 20); reflect.DeepEqual(first[:20], other) {
		t.Error("other random numbers give the same changes")
	}
}

// What Mutate says is a script: played on like books, it gives like books.
func TestTraceCanBePlayed(t *testing.T) {
	for seed := range uint64(4) {
		a, b := Seeded(seed, testNow, DemoSize), Seeded(seed, testNow, DemoSize)
		lines, at := run(t, a, seed, 800)
		ck := &clock{}
		b.SetClock(ck.now)
		for i, line := range lines {
			ck.at = at[i]
			if err := b.Play(line); err != nil {
				t.Fatalf("seed %d: %s: %v", seed, line, err)
			}
		}
		if x, y := booksOf(a), booksOf(b); !reflect.DeepEqual(x, y) {
			t.Errorf("seed %d: the books differ", seed)
		}
	}
}

func BenchmarkMutate(b *testing.B) {
	c := Seeded(1, testNow, Size{Customers: 10_000, Transactions: 100_000})
	r := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		c.Mutate(r)
	}
}
