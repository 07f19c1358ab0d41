package pull

import (
	"math/rand/v2"
	"testing"

	"dunlin/core/ledger"
)

// A dense set holds what a map would, wherever the ids stand.
func TestDenseHoldsWhatAMapHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var d dense[int64]
	want := map[int64]int64{}
	for range 20_000 {
		id := r.Int64N(5_000)
		switch r.IntN(4) {
		case 0:
			id = -id
		case 1:
			id += 1 << 40
		}
		v := r.Int64()
		d.put(id, v)
		want[id] = v
	}
	if d.len() != len(want) {
		t.Errorf("%d values, want %d", d.len(), len(want))
	}
	for id := int64(-5_100); id < 5_100; id++ {
		for _, id := range []int64{id, id + 1<<40} {
			got, ok := d.get(id)
			if w, there := want[id]; ok != there || got != w {
				t.Fatalf("%d: %d %v, want %d %v", id, got, ok, w, there)
			}
		}
	}
}

func TestMatchSetTellsMatchesOfOneBatchApart(t *testing.T) {
	var s matchSet
	match := func(id, from, to int64) ledger.Allocation { return ledger.Allocation{ID: id, From: from, To: to} }
	for i, c := range []struct {
		a   ledger.Allocation
		new bool
	}{{match(1, 10, 20), true}, {match(1, 10, 20), false}, {match(1, 10, 21), true}, {match(1, 11, 20), true}, {match(1, 10, 21), false}, {match(2, 10, 20), true}} {
		if s.add(c.a) != c.new || !s.has(c.a) {
			t.Errorf("%d: %+v", i, c.a)
		}
	}
	if s.len() != 4 || s.has(match(3, 10, 20)) || s.has(match(2, 10, 21)) {
		t.Errorf("%d matches", s.len())
	}
}
