package core

import "sync"

// Event is something the faces may want to know. Events are published after the commit they speak
// of, are dropped rather than waited for when a listener is slow, and carry no data that the store
// does not have: a listener that missed some just reads again.
type Event struct {
	Kind     EventKind
	Progress Progress  // of Progressed
	Sync     *SyncView // of SyncFinished
	Run      *RunView  // of RunFinished
	Problem  *Problem  // of Failed
}

// EventKind tells the events apart. A sync that ran and a change of data are different things.
type EventKind int

// The kinds of events.
const (
	SyncStarted EventKind = iota + 1
	Progressed
	SyncFinished
	DataChanged // rows, settings or messages changed: read again
	RunStarted
	RunFinished
	Failed
	SlotMissed
	CompanyChanged // another company is open, or none: whatever is shown belongs to the one before
	ShowWindow     // another start of the program asked for the window
)

// Bus hands events to any number of listeners without ever blocking the publisher.
type Bus struct {
	mu        sync.Mutex
	listeners map[chan Event]struct{}
}

// Subscribe returns a channel of events, bounded, and the function that ends the subscription.
func (b *Bus) Subscribe() (<-chan Event, func()) {
	ch := make(chan Event, 64)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listeners == nil {
		b.listeners = map[chan Event]struct{}{}
	}
	b.listeners[ch] = struct{}{}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, there := b.listeners[ch]; there {
			delete(b.listeners, ch)
			close(ch)
		}
	}
}

// Publish offers the event to every listener; one whose buffer is full misses it.
func (b *Bus) Publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.listeners {
		select {
		case ch <- e:
		default:
		}
	}
}
