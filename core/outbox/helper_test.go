package outbox

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dunlin/core/ledger"
	"dunlin/core/mail"
	"dunlin/core/store"
)

// bench is a store, a journal and a mail server that obeys the test, with a clock in the test's hand.
type bench struct {
	t       *testing.T
	dir     string
	now     time.Time
	store   *store.Store
	journal *Journal
	server  *server
	look    func(store.Message) (Verdict, error) // nil lets everything go
	compose func(store.Message) error            // nil succeeds
	files   []mail.Attachment                    // that the last message was made with
}

// server is a mail server: it keeps what it took, and answers as it is told.
type server struct {
	took   []string // one entry for each message that it took
	dials  int
	closed int
	dial   func() error
	answer func(raw string) mail.Outcome // nil takes everything
	after  func(raw string)              // after the message was taken, before the answer is heard
	to     []string                      // recipients of the last message
}

type session struct{ *server }

func (s session) Send(_ context.Context, _ string, to []string, raw []byte) mail.Outcome {
	s.to = to
	out := mail.Outcome{State: mail.Accepted, Code: 250}
	if s.answer != nil {
		out = s.answer(string(raw))
	}
	if out.State == mail.Accepted || out.State == mail.Uncertain {
		s.took = append(s.took, string(raw))
	}
	if s.after != nil {
		s.after(string(raw))
	}
	return out
}

func (s session) Close() error {
	s.closed++
	return nil
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), now: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC), server: &server{}}
	b.open()
	t.Cleanup(b.close)
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	n := 0
	b.store, err = store.Open(context.Background(), filepath.Join(b.dir, "data"), store.Options{Now: func() time.Time { return b.now },
		NewID: func() string { n++; return fmt.Sprintf("id-%d", n) }})
	b.must(err)
	b.journal, err = OpenJournal(filepath.Join(b.dir, "state"))
	b.must(err)
}

func (b *bench) close() {
	b.store.Close()
	b.journal.Close()
}

// restart is what a new program finds after the last one died.
func (b *bench) restart() {
	b.t.Helper()
	b.close()
	b.open()
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) courier() *Courier {
	return &Courier{Store: b.store, Journal: b.journal, Now: func() time.Time { return b.now },
		Dial: func(context.Context, string) (Session, error) {
			b.server.dials++
			if b.server.dial != nil {
				if err := b.server.dial(); err != nil {
					return nil, err
				}
			}
			return session{b.server}, nil
		},
		Look: func(_ context.Context, m store.Message) (Verdict, error) {
			if b.look == nil {
				return Verdict{Send: true}, nil
			}
			return b.look(m)
		},
		Compose: func(_ context.Context, m store.Message, files []mail.Attachment, _ time.Time) ([]byte, error) {
			b.files = files
			if b.compose != nil {
				if err := b.compose(m); err != nil {
					return nil, err
				}
			}
			return []byte(m.MessageID), nil
		}}
}

// add stores a message of one invoice in a state; its id, Message-ID and customer follow from the name.
func (b *bench) add(name, state string) string {
	b.t.Helper()
	m := store.Message{ID: name, RunID: "run", Key: "run/" + name, Kind: "overdue", State: state, Automatic: true, AccountID: 7, CustomerCode: "C-" + name,
		Part: "overdue", Step: 1, Offset: 8, From: "owner@test.example", To: []string{name + "@customer.example"}, Subject: "Reminder " + name,
		MessageID: name + "@test.example", Created: b.now, PlannedFor: b.now, Updated: b.now,
		Invoices: []store.MessageInvoice{{TransactionID: 41, Number: "1001", Part: "overdue", Offset: 8, Step: 1, Outstanding: ledger.Money{Minor: 10000, Currency: "EUR"}}}}
	b.must(b.store.Tx(context.Background(), func(tx *store.Tx) error { return tx.AddMessages(context.Background(), []store.Message{m}) }))
	return name
}

func (b *bench) deliver(ids ...string) Tally {
	b.t.Helper()
	t, err := b.courier().Deliver(context.Background(), ids)
	b.must(err)
	return t
}

func (b *bench) message(id string) store.Message {
	b.t.Helper()
	m, err := b.store.Message(context.Background(), id)
	b.must(err)
	return m
}

func (b *bench) state(id, want string) {
	b.t.Helper()
	if got := b.message(id).State; got != want {
		b.t.Errorf("%s is %s, want %s", id, got, want)
	}
}

func (b *bench) journalled(id, want string) {
	b.t.Helper()
	e, _ := b.journal.Lookup(id + "@test.example")
	if e.State != want {
		b.t.Errorf("the journal has %s as %q, want %q", id, e.State, want)
	}
}

// took checks what the mail server took, in order.
func (b *bench) took(want ...string) {
	b.t.Helper()
	for i := range want {
		want[i] += "@test.example"
	}
	if !slices.Equal(b.server.took, want) {
		b.t.Errorf("the server took %v, want %v", b.server.took, want)
	}
}

func (b *bench) events() (out []string) {
	b.t.Helper()
	list, err := b.store.Events(context.Background(), store.EventQuery{})
	b.must(err)
	for _, e := range list {
		out = append(out, e.Text)
	}
	return out
}

// answers are the words of a mail server.
var (
	later   = mail.Outcome{State: mail.Temporary, Code: 451, Text: "4.7.1 come back later", Err: errors.New("451 later")}
	never   = mail.Outcome{State: mail.Permanent, Code: 550, Text: "5.1.1 no such user", Err: errors.New("550 never")}
	unknown = mail.Outcome{State: mail.Uncertain, Broken: true, Err: errors.New("the line broke")}
)

func always(o mail.Outcome) func(string) mail.Outcome { return func(string) mail.Outcome { return o } }
