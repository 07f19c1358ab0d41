//go:build !headless

package main

import (
	"context"
	"sync"

	"dunlin/core"
)

// worker owns the goroutines beside the window: the clerk above all.
type worker struct {
	ctx     context.Context
	app     *core.App
	failed  func(error)
	over    chan struct{} // closed when the window is gone
	running sync.WaitGroup
}

func newWorker(ctx context.Context, a *core.App, failed func(error)) *worker {
	return &worker{ctx: ctx, app: a, failed: failed, over: make(chan struct{})}
}

// start lets the clerk work. It is called when the window is up, so that the first paint does not wait for it.
func (w *worker) start() {
	w.running.Add(1)
	go func() {
		defer w.running.Done()
		if err := w.app.Work(w.ctx); err != nil {
			w.failed(err)
		}
	}()
}

func (w *worker) wait() { w.running.Wait() }
