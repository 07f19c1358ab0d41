package outbox

import (
	"context"
	"strings"
	"testing"
	"time"

	"dunlin/core/mail"
	"dunlin/core/store"
)

// killed is what a hook panics with where the program dies.
type killed struct{}

func kill() { panic(killed{}) }

// survive runs work until it ends or the program dies in it.
func survive(t *testing.T, work func()) (died bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(killed); !ours {
				panic(r)
			}
			died = true
		}
	}()
	work()
	return false
}

// deadlyFile is a disk on which the program dies at a write that holds a word.
type deadlyFile struct {
	file
	word  string
	wrote float64 // how much of the line is on the disk by then: 0 none, 1 all
}

func (f *deadlyFile) Write(p []byte) (int, error) {
	if !strings.Contains(string(p), `"state":"`+f.word+`"`) {
		return f.file.Write(p)
	}
	f.file.Write(p[:int(float64(len(p))*f.wrote)])
	kill()
	return 0, nil
}

// step is a place at which the program dies.
type step struct {
	name string
	die  func(b *bench, c *Courier)
}

func inJournal(word string, wrote float64) func(*bench, *Courier) {
	return func(b *bench, _ *Courier) { b.journal.file = &deadlyFile{b.journal.file, word, wrote} }
}

// whenMoved dies right after the store has taken a state.
func whenMoved(state string) func(*bench, *Courier) {
	return func(b *bench, c *Courier) {
		c.Moved = func() {
			if b.message("a").State == state {
				kill()
			}
		}
	}
}

// The crash matrix of R6.4: the program dies at every step of a message, with every answer of the server, and
// a new program goes on with what is on the disks. The server must never get the message twice.
func TestR6_4CrashAtEveryStep(t *testing.T) {
	answers := map[string]mail.Outcome{Accepted: {State: mail.Accepted, Code: 250}, Queued: later, Refused: never, Uncertain: unknown}
	for end, answer := range answers {
		taken := 0 // how often the server has the message when it was answered so
		if end == Accepted || end == Uncertain {
			taken = 1
		}
		// What the new program makes of it, and how often the server has it in the end. A message that waits
		// goes, once.
		settledAs := map[string]string{Accepted: Accepted, Queued: Accepted, Refused: Refused, Uncertain: Uncertain}[end]
		finally := map[string]int{Accepted: 1, Queued: 1, Refused: 0, Uncertain: 1}[end]
		for _, s := range []struct {
			step
			state string
			took  int
		}{
			{step{"before the look", func(b *bench, c *Courier) {
				c.Look = func(context.Context, store.Message) (Verdict, error) { kill(); return Verdict{}, nil }
			}}, Accepted, 1},
			{step{"dialling", func(b *bench, _ *Courier) { b.server.dial = func() error { kill(); return nil } }}, Accepted, 1},
			{step{"composing, before the move to sending", func(b *bench, _ *Courier) { b.compose = func(store.Message) error { kill(); return nil } }}, Accepted, 1},
			{step{"after the move to sending", whenMoved(Sending)}, Uncertain, 0},
			{step{"before the line of sending", inJournal(Sending, 0)}, Uncertain, 0},
			{step{"in the line of sending", inJournal(Sending, 0.5)}, Uncertain, 0},
			{step{"after the line of sending", inJournal(Sending, 1)}, Uncertain, 0},
			{step{"before the dialogue", func(b *bench, _ *Courier) {
				b.server.answer = func(string) mail.Outcome { kill(); return mail.Outcome{} }
			}}, Uncertain, 0},
			{step{"after the server's word", func(b *bench, _ *Courier) { b.server.after = func(string) { kill() } }}, Uncertain, taken},
			{step{"before the line of the word", inJournal(end, 0)}, Uncertain, taken},
			{step{"in the line of the word", inJournal(end, 0.5)}, Uncertain, taken},
			{step{"after the line of the word", inJournal(end, 1)}, settledAs, finally},
			{step{"after the store has the word", whenMoved(end)}, settledAs, finally},
		} {
			t.Run(end+", "+s.name, func(t *testing.T) {
				b := newBench(t)
				id := b.add("a", Approved)
				other := b.add("b", Approved)
				b.server.answer = func(raw string) mail.Outcome {
					if strings.HasPrefix(raw, "a") {
						return answer
					}
					return mail.Outcome{State: mail.Accepted}
				}
				c := b.notingCourier()
				s.die(b, c)
				if !survive(t, func() { _, _ = c.Deliver(context.Background(), []string{id, other}) }) {
					t.Fatal("it did not die")
				}
				b.server.answer, b.server.after, b.server.dial, b.compose = nil, nil, nil, nil
				for range 3 { // three starts in a row change nothing any more
					b.restart()
					b.now = b.now.Add(time.Minute)
					b.noted(id)
					b.must(b.notingCourier().Settle(context.Background()))
					b.noted(id)
					_, err := b.notingCourier().Deliver(context.Background(), []string{id, other})
					b.must(err)
					b.noted(id)
				}
				b.state(id, s.state)
				b.state(other, Accepted)
				if n := strings.Count(strings.Join(b.server.took, " "), "a@"); n != s.took {
					t.Errorf("the server has the message %d times, want %d", n, s.took)
				}
				if n := strings.Count(strings.Join(b.server.took, " "), "b@"); n != 1 {
					t.Errorf("the server has the other message %d times", n)
				}
				if s.state == Uncertain && b.message(id).Reason == "" {
					t.Error("the owner is not told why it is uncertain")
				}
			})
		}
	}
}

// The program dies after the send, and a copy of the data folder from before is put back as well.
func TestR6_7CrashAndAnOlderCopy(t *testing.T) {
	for _, s := range []step{
		{"after the line of sending", inJournal(Sending, 1)},
		{"after the server's word", func(b *bench, _ *Courier) { b.server.after = func(string) { kill() } }},
		{"after the line of the word", inJournal(Accepted, 1)},
		{"after the store has the word", whenMoved(Accepted)},
	} {
		t.Run(s.name, func(t *testing.T) {
			b := newBench(t)
			id := b.add("a", Planned)
			backup := b.dir + "/backup.db"
			b.must(b.store.Backup(context.Background(), backup))
			b.must(b.store.Tx(context.Background(), func(tx *store.Tx) error {
				return tx.MoveMessage(context.Background(), id, []string{Planned}, Approved, store.Change{At: b.now})
			}))
			c := b.courier()
			s.die(b, c)
			survive(t, func() { _, _ = c.Deliver(context.Background(), []string{id}) })
			had := len(b.server.took)
			b.server.after = nil
			folder := b.store.Dir()
			b.close()
			b.must(store.Restore(context.Background(), folder, backup))
			b.open()
			b.must(b.courier().Settle(context.Background()))
			if state := b.message(id).State; state != Accepted && state != Uncertain {
				t.Errorf("the message is %s", state)
			}
			b.deliver(id)
			if len(b.server.took) != had {
				t.Errorf("the server got it again: %v", b.server.took)
			}
		})
	}
}

// notingCourier keeps a note with every message that was taken.
func (b *bench) notingCourier() *Courier {
	c := b.courier()
	c.Accepted = func(ctx context.Context, tx *store.Tx, m store.Message, at time.Time) error {
		return tx.AddNote(ctx, store.Note{Message: m.ID, AccountID: m.AccountID, Text: "to " + strings.Join(m.To, ", "), State: store.NoteWaiting, At: at})
	}
	return c
}

// noted checks that a message has its note exactly when it is known to have been taken.
func (b *bench) noted(id string) {
	b.t.Helper()
	_, found, err := b.store.NoteOf(context.Background(), id)
	b.must(err)
	if state := b.message(id).State; found != (state == Accepted) {
		b.t.Errorf("%s is %s, and there is a note of it: %v", id, state, found)
	}
}
