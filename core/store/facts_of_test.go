package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// of leaves one account's part of the facts.
func (f Facts) of(account int64) Facts {
	f.Open = slices.DeleteFunc(slices.Clone(f.Open), func(x InvoiceFacts) bool { return x.AccountID != account })
	f.Settled = slices.DeleteFunc(slices.Clone(f.Settled), func(x InvoiceFacts) bool { return x.AccountID != account })
	f.History = slices.DeleteFunc(slices.Clone(f.History), func(x HistoryMessage) bool { return x.AccountID != account })
	f.Customers = slices.DeleteFunc(slices.Clone(f.Customers), func(x CustomerFacts) bool { return x.AccountID != account })
	return f
}

// sharedWith counts by hand what Elsewhere counts.
func (f Facts) sharedWith(account int64) map[string]int {
	out := map[string]int{}
	mine := map[string]bool{}
	for _, x := range slices.Concat(f.of(account).Open, f.of(account).Settled) {
		mine[x.Number], mine[x.Number+" "+string(x.Type)] = true, true
	}
	for _, x := range slices.Concat(f.Open, f.Settled) {
		for _, key := range []string{x.Number, x.Number + " " + string(x.Type)} {
			if x.AccountID != account && mine[key] {
				out[key]++
			}
		}
	}
	return out
}

func TestFactsOfOneAccountAreThoseOfAll(t *testing.T) {
	settled, shared := 0, 0
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		b := random(seed)
		for i := range b.transactions {
			x := &b.transactions[i]
			x.Number = []string{x.Number, "7", "7 SD", "8", "8 SI"}[rnd.IntN(5)]
		}
		s := openStore(t, t.TempDir())
		b.save(t, s)
		var messages []Message
		for i := range 40 {
			m := message(fmt.Sprint("m", i), []string{"overdue", "before_due", "thanks", "statement"}[rnd.IntN(4)], []string{"accepted", "queued", "refused", "bounced"}[rnd.IntN(4)])
			m.AccountID = rnd.Int64N(9)
			for _, x := range b.transactions {
				if x.AccountID == m.AccountID && rnd.IntN(4) == 0 {
					m.Invoices = append(m.Invoices, MessageInvoice{TransactionID: x.ID, Number: x.Number})
				}
			}
			messages = append(messages, m)
		}
		add(t, s, messages...)
		write(t, s, func(tx *Tx) error {
			for _, x := range b.transactions {
				if rnd.IntN(5) > 0 {
					continue
				}
				if err := tx.SetInvoicePrefs(bg, x.ID, InvoicePrefs{Stopped: rnd.IntN(2) == 0, Disputed: true, Note: "n"}); err != nil {
					return err
				}
			}
			for id := range int64(8) {
				err := tx.SetBalanceChecks(bg, []int64{id + 1}, []BalanceCheck{{AccountID: id + 1, Reported: eur(rnd.Int64N(3)), Ours: eur(1), At: ten}})
				if err != nil {
					return err
				}
				if err := tx.SetRecipient(bg, id+1, Ticks{Email: fmt.Sprintf("ap%d@customer%d.example", id, id), CC: true}); err != nil {
					return err
				}
			}
			_, err := tx.ReplaceContacts(bg, []ledger.Contact{{AccountCode: "C00001", Name: "N", Email: "n@c.example"}, {AccountCode: "C00002", Name: "M", Email: "m@c.example"}})
			return err
		})
		whole, err := s.PlannerFacts(bg)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Elsewhere != nil {
			t.Fatalf("seed %d: %v elsewhere", seed, whole.Elsewhere)
		}
		settled += len(whole.Settled)
		for account := range int64(10) {
			got, err := s.PlannerFactsOf(bg, account)
			if err != nil {
				t.Fatal(err)
			}
			want := whole.of(account)
			want.Elsewhere = whole.sharedWith(account)
			shared += len(want.Elsewhere)
			if account == 0 {
				want.History = nil // to the owner
			}
			// An empty list is as good as none.
			for _, f := range []*Facts{&got, &want} {
				f.Open, f.Settled = append([]InvoiceFacts{}, f.Open...), append([]InvoiceFacts{}, f.Settled...)
				f.History, f.Customers = append([]HistoryMessage{}, f.History...), append([]CustomerFacts{}, f.Customers...)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, account %d:\n got %+v\nwant %+v", seed, account, got, want)
			}
		}
	}
	if settled == 0 || shared == 0 {
		t.Errorf("%d settled and %d shared numbers: nothing was compared", settled, shared)
	}
}

// BenchmarkPlannerFactsOf shows what a look costs beside the facts of all: 10,000 customers, 100,000 open invoices
// and 20,000 messages of the past.
func BenchmarkPlannerFactsOf(b *testing.B) {
	ctx := context.Background()
	data := big(10_000, 100_000, 1)
	s := openStore(b, b.TempDir())
	data.save(b, s)
	byAccount := map[int64][]MessageInvoice{}
	for _, x := range data.transactions {
		byAccount[x.AccountID] = append(byAccount[x.AccountID], MessageInvoice{TransactionID: x.ID, Number: x.Number})
	}
	var messages []Message
	for i := range 20_000 {
		m := message(fmt.Sprint("m", i), "overdue", "accepted")
		m.AccountID = int64(i%10_000 + 1)
		m.AcceptedAt, m.Invoices = ten.Add(-time.Duration(i)*time.Minute), byAccount[m.AccountID]
		messages = append(messages, m)
	}
	write(b, s, func(tx *Tx) error { return tx.AddMessages(ctx, messages) })
	b.Run("one", func(b *testing.B) {
		id := int64(0)
		for b.Loop() {
			id = id%10_000 + 1
			if f, err := s.PlannerFactsOf(ctx, id); err != nil || len(f.Customers) != 1 {
				b.Fatal(err, len(f.Customers))
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if f, err := s.PlannerFacts(ctx); err != nil || len(f.Open) < 90_000 {
				b.Fatal(err, len(f.Open))
			}
		}
	})
}
