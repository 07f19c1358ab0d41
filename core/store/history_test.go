package store

import (
	"testing"

	"dunlin/core/ledger"
)

// What was settled before a first load was settled on the day of its last match, or when it was issued; what is
// settled later, on the day on which that shows.
func TestHistoryIsSettledOnItsOwnDays(t *testing.T) {
	s := openStore(t, t.TempDir())
	matched, issued, undated, open := invoice(1, 1, "2026-03-01", 100), invoice(2, 1, "2026-03-01", 100), invoice(3, 1, "2026-03-01", 100), invoice(4, 1, "2026-03-01", 100)
	undated.Issued = ledger.Date{}
	for _, x := range []*ledger.Transaction{&matched, &issued, &undated} {
		x.Outstanding.Minor = 0
	}
	load := func(rows ...ledger.Transaction) (n Counts) {
		write(t, s, func(tx *Tx) (err error) {
			n, err = tx.UpsertHistory(bg, rows, today, func(id int64) ledger.Date {
				return map[int64]ledger.Date{1: day("2026-02-20"), 4: day("2026-02-21")}[id]
			})
			return err
		})
		return n
	}
	if n := load(matched, issued, undated, open); n != (Counts{New: 4}) {
		t.Fatal(n)
	}
	closed := func(want map[int64]ledger.Date) {
		t.Helper()
		for id, on := range want {
			row, err := s.Invoice(bg, id)
			if err != nil || row.ClosedOn != on {
				t.Errorf("%d: settled on %s, want %s: %v", id, row.ClosedOn, on, err)
			}
		}
	}
	closed(map[int64]ledger.Date{1: day("2026-02-20"), 2: issued.Issued, 3: today, 4: {}})
	open.Outstanding.Minor = 0
	if n := load(matched, issued, undated, open); n != (Counts{Changed: 1}) {
		t.Fatal(n)
	}
	closed(map[int64]ledger.Date{1: day("2026-02-20"), 2: issued.Issued, 3: today, 4: today})
}

// The number of new rows is the same however many come at once, among others that are there.
func TestNewRowsAreCountedInListsOfAnyLength(t *testing.T) {
	for _, n := range []int{1, fewRows - 1, fewRows, fewRows + 500} {
		s := openStore(t, t.TempDir())
		odd, all := make([]ledger.Transaction, 0, n), make([]ledger.Transaction, 0, 2*n)
		var firsts, matches []ledger.Allocation
		for i := range 2 * n {
			x := invoice(int64(i+1), 1, "2026-05-01", 100)
			m := ledger.Allocation{ID: int64(i + 1), From: 7, To: int64(i + 1), Amount: "1.00"}
			if all, matches = append(all, x), append(matches, m); i%2 == 0 {
				odd, firsts = append(odd, x), append(firsts, m)
			}
		}
		all[0].Reference, matches[0].Amount = "changed", "0.50"
		match := func(list []ledger.Allocation) (c Counts) {
			write(t, s, func(tx *Tx) (err error) { c, err = tx.UpsertAllocations(bg, list); return err })
			return c
		}
		for what, got := range map[string][2]Counts{"items": {put(t, s, odd...), put(t, s, all...)}, "matches": {match(firsts), match(matches)}} {
			if got != [2]Counts{{New: n}, {New: n, Changed: 1}} {
				t.Errorf("%d %s: %+v", n, what, got)
			}
		}
	}
}

func TestKnownItemsAreCountedUpToALimit(t *testing.T) {
	s := openStore(t, t.TempDir())
	var rows []ledger.Transaction
	for i := range 10 {
		x := invoice(int64(i+1), 1, "2026-05-01", 100)
		if i >= 6 {
			x.Outstanding.Minor = 0 // settled today
		}
		rows = append(rows, x)
	}
	put(t, s, rows...)
	for _, c := range []struct {
		since       ledger.Date
		limit, want int
	}{{today, 100, 10}, {today.AddDays(1), 100, 6}, {today, 8, 8}, {today, 3, 3}} {
		if n, err := s.KnownItems(bg, c.since, c.limit); n != c.want || err != nil {
			t.Errorf("%+v: %d %v", c, n, err)
		}
	}
}
