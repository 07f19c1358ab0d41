// Package ui is the one bridge between goroutines and widgets: work runs through Go, and everything that
// touches a widget is queued through Do. Both are passed in, so that a test can run the work inline and
// flush the queue by hand. It imports nothing of ours and no Fyne.
package ui

import (
	"context"
	"sync"
	"time"
)

// Runner runs work off the UI goroutine and brings its results back. All its methods but Go's body
// belong to the UI goroutine.
type Runner struct {
	ctx    context.Context
	cancel context.CancelFunc
	do     func(func())
	goFn   func(func())
	after  func(time.Duration, func()) (stop func())
	wg     sync.WaitGroup
}

// NewRunner returns a runner whose work ends with Close.
func NewRunner(do, goFn func(func()), after func(time.Duration, func()) (stop func())) *Runner {
	ctx, cancel := context.WithCancel(context.Background())
	return &Runner{ctx: ctx, cancel: cancel, do: do, goFn: goFn, after: after}
}

// Context is cancelled by Close; every call of the core takes it.
func (r *Runner) Context() context.Context { return r.ctx }

// Do queues f on the UI goroutine; after Close it is dropped.
func (r *Runner) Do(f func()) {
	r.do(func() {
		if r.ctx.Err() == nil {
			f()
		}
	})
}

// Go runs f off the UI goroutine; Close waits for it.
func (r *Runner) Go(f func()) {
	if r.ctx.Err() != nil {
		return
	}
	r.wg.Add(1)
	r.goFn(func() {
		defer r.wg.Done()
		f()
	})
}

// After queues f on the UI goroutine once the time has passed, unless stop is called before.
func (r *Runner) After(d time.Duration, f func()) (stop func()) {
	return r.after(d, func() { r.Do(f) })
}

// Close cancels all work and waits for it, but not longer than the limit.
func (r *Runner) Close(limit time.Duration) {
	r.cancel()
	done := make(chan struct{})
	go func() { r.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// Load fetches off the UI goroutine and applies on it. An answer that comes after a later Load with the
// same generation counter is dropped.
func Load[T any](r *Runner, gen *int, fetch func(context.Context) (T, error), apply func(T, error)) {
	*gen++
	mine := *gen
	r.Go(func() {
		v, err := fetch(r.ctx)
		r.Do(func() {
			if mine == *gen {
				apply(v, err)
			}
		})
	})
}

// Debounce calls only the last of many functions handed to it, once they stop coming.
type Debounce struct {
	r    *Runner
	d    time.Duration
	stop func()
}

// NewDebounce returns a debouncer that waits d after the last call.
func NewDebounce(r *Runner, d time.Duration) *Debounce { return &Debounce{r: r, d: d} }

// Call replaces what was waiting by f.
func (d *Debounce) Call(f func()) {
	d.Stop()
	d.stop = d.r.After(d.d, f)
}

// Stop forgets what was waiting.
func (d *Debounce) Stop() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// Queue collects functions for a test to flush; it is also what Do can be before the window runs.
type Queue struct {
	mu sync.Mutex
	fs []func()
}

// Do appends f.
func (q *Queue) Do(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fs = append(q.fs, f)
}

// Flush runs what is queued, and what that queues, until nothing is left.
func (q *Queue) Flush() {
	for {
		q.mu.Lock()
		fs := q.fs
		q.fs = nil
		q.mu.Unlock()
		if len(fs) == 0 {
			return
		}
		for _, f := range fs {
			f()
		}
	}
}
