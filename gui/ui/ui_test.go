package ui

import (
	"context"
	"errors"
	"testing"
	"time"
)

// rig is a runner whose work waits until the test lets it go.
type rig struct {
	q      Queue
	jobs   []func()
	timers []func()
	r      *Runner
}

func newRig(t *testing.T) *rig {
	g := &rig{}
	g.r = NewRunner(g.q.Do, func(f func()) { g.jobs = append(g.jobs, f) }, func(_ time.Duration, f func()) func() {
		i := len(g.timers)
		g.timers = append(g.timers, f)
		return func() { g.timers[i] = func() {} }
	})
	t.Cleanup(func() { g.finish(); g.r.Close(time.Second) })
	return g
}

func (g *rig) finish() {
	for len(g.jobs) > 0 {
		f := g.jobs[0]
		g.jobs = g.jobs[1:]
		f()
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	g := newRig(t)
	gen, got := 0, ""
	ask := func(answer string) {
		Load(g.r, &gen, func(context.Context) (string, error) { return answer, nil }, func(s string, _ error) { got += s })
	}
	ask("old")
	ask("new")
	g.jobs[0], g.jobs[1] = g.jobs[1], g.jobs[0] // the first question is answered last
	g.finish()
	g.q.Flush()
	if got != "new" {
		t.Errorf("applied %q", got)
	}
}

func TestNothingTouchesTheWindowAfterClose(t *testing.T) {
	g := newRig(t)
	touched := false
	g.r.Do(func() { touched = true })
	g.r.Close(time.Second)
	g.q.Flush()
	if touched || g.r.Context().Err() == nil {
		t.Error("work goes on after Close")
	}
}

func TestDebounceCallsTheLastOnly(t *testing.T) {
	g := newRig(t)
	d := NewDebounce(g.r, time.Second)
	got := ""
	for _, s := range []string{"a", "b", "c"} {
		d.Call(func() { got += s })
	}
	for _, f := range g.timers {
		f()
	}
	g.q.Flush()
	if got != "c" {
		t.Errorf("called %q", got)
	}
}

func ids(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i)
	}
	return out
}

func TestPager(t *testing.T) {
	g := newRig(t)
	fetched, changed := 0, 0
	p := NewPager(g.r, func(_ context.Context, ids []int64) ([]int64, error) { fetched += len(ids); return ids, nil },
		func(v int64) int64 { return v }, func() { changed++ }, func(err error) { t.Error(err) })
	p.Reset(ids(100_000))
	if _, ok := p.At(5); ok {
		t.Fatal("a row is there before it was fetched")
	}
	p.At(7) // the same page is asked for once
	g.finish()
	g.q.Flush()
	if v, ok := p.At(7); !ok || v != 7 || fetched != 100 || changed != 1 {
		t.Fatalf("row %d %v, fetched %d, changed %d", v, ok, fetched, changed)
	}
	for i := 0; i < 3000; i += 100 {
		p.At(i)
	}
	g.finish()
	g.q.Flush()
	if len(p.pages) != p.Keep || p.recent.Len() != p.Keep {
		t.Errorf("%d pages are kept", len(p.pages))
	}
	if _, ok := p.At(0); ok {
		t.Error("the oldest page is not forgotten")
	}
	p.Reset(ids(10))
	g.finish() // the page of the list before arrives late
	g.q.Flush()
	if len(p.pages) != 0 {
		t.Error("a page of another list was taken in")
	}
	if p.ID(9) != 9 || p.ID(10) != 0 || p.ID(-1) != 0 {
		t.Error("ids outside the list")
	}
}

func TestPagerAsksOnceWhenItFails(t *testing.T) {
	g := newRig(t)
	asked, failures := 0, 0
	p := NewPager(g.r, func(context.Context, []int64) ([]int64, error) { asked++; return nil, errors.New("no") },
		func(v int64) int64 { return v }, func() {}, func(error) { failures++ })
	p.Reset(ids(10))
	for range 5 {
		p.At(1)
		g.finish()
		g.q.Flush()
	}
	if asked != 1 || failures != 1 {
		t.Errorf("asked %d times, %d failures", asked, failures)
	}
}

func TestQueueRunsWhatItsFunctionsQueue(t *testing.T) {
	var q Queue
	got := ""
	q.Do(func() { got += "a"; q.Do(func() { got += "b" }) })
	q.Flush()
	if got != "ab" {
		t.Errorf("ran %q", got)
	}
}
