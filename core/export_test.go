package core

import (
	"context"

	"dunlin/core/outbox"
	"dunlin/core/store"
)

// Look lets a test do what the clerk does at one tick.
func (a *App) Look(ctx context.Context) error { return a.look(ctx) }

// ServeRun lets a test do what the clerk does when the owner asks for a run.
func (a *App) ServeRun(ctx context.Context) { a.serve(ctx, wantRun) }

// StopClerk gives back what the clerk holds, as at the end of Work.
func (a *App) StopClerk() { a.releaseLease() }

// Store lets a test look at and change what is stored.
func (a *App) Store() *store.Store { return a.st }

// Journalled lets a test see which state the record outside the data folder has of a message; "" is none.
func (a *App) Journalled(messageID string) string {
	e, _ := a.journal.Lookup(messageID)
	return e.State
}

// Journal lets a test see the latest entry of every message in that record.
func (a *App) Journal() []outbox.Entry { return a.journal.Entries() }
