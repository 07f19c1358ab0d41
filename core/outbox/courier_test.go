package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core/mail"
	"dunlin/core/store"
)

func TestEveryAnswerOfAServer(t *testing.T) {
	partly := mail.Outcome{State: mail.Accepted, Code: 250, Refused: []mail.RefusedRecipient{{Address: "gone@customer.example", Reply: mail.Reply{Code: 550, Text: "5.1.1 unknown"}}}}
	for name, c := range map[string]struct {
		answer    mail.Outcome
		state     string
		journal   string
		tally     Tally
		errorText string
		event     string
	}{
		"accepted":         {mail.Outcome{State: mail.Accepted, Code: 250}, Accepted, Accepted, Tally{Accepted: 1}, "", "Sent"},
		"R6.5 temporary":   {later, Queued, Queued, Tally{Queued: 1, Trouble: later.Err}, "451 4.7.1 come back later", ""},
		"R6.5 permanent":   {never, Refused, Refused, Tally{Refused: 1}, "550 5.1.1 no such user", "Refused"},
		"R6.4 uncertain":   {unknown, Uncertain, Uncertain, Tally{Uncertain: 1}, "the line broke", "Uncertain"},
		"partly refused":   {partly, Accepted, Accepted, Tally{Accepted: 1}, "Not taken: gone@customer.example (550 5.1.1 unknown)", "Sent"},
		"an unknown state": {mail.Outcome{State: "surprise"}, Uncertain, Uncertain, Tally{Uncertain: 1}, "", "Uncertain"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id := b.add("a", Approved)
			b.server.answer = always(c.answer)
			if got := b.deliver(id); got != c.tally {
				t.Errorf("tally %+v, want %+v", got, c.tally)
			}
			b.state(id, c.state)
			b.journalled(id, c.journal)
			m := b.message(id)
			if m.Error != c.errorText || m.Attempts != 1 {
				t.Errorf("error %q after %d attempts, want %q after 1", m.Error, m.Attempts, c.errorText)
			}
			if m.AcceptedAt.IsZero() == (c.state == Accepted) {
				t.Errorf("accepted at %v", m.AcceptedAt)
			}
			events := b.events()
			if (c.event == "") != (len(events) == 0) || (c.event != "" && !strings.HasPrefix(events[0], c.event)) {
				t.Errorf("events %q, want one that begins with %q", events, c.event)
			}
		})
	}
}

func TestR6_5TheSameMessageIDGoesOn(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	b.server.answer = always(later)
	b.deliver(id)
	b.deliver(id)
	b.server.answer = nil
	b.deliver(id)
	b.took("a")
	if m := b.message(id); m.State != Accepted || m.Attempts != 3 {
		t.Errorf("%s after %d attempts", m.State, m.Attempts)
	}
	b.deliver(id)
	b.took("a")
}

func TestOnlyWhatMayGoIsTaken(t *testing.T) {
	b := newBench(t)
	var ids []string
	for _, state := range []string{Planned, Sending, Accepted, Refused, Uncertain, Cancelled, "bounced", "replied"} {
		ids = append(ids, b.add(state, state))
	}
	b.deliver(ids...)
	b.took()
	for _, id := range ids {
		b.state(id, id)
	}
}

func TestR6_3TheLookDecides(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("paid", Approved), b.add("part", Approved), b.add("same", Queued)}
	b.look = func(m store.Message) (Verdict, error) {
		switch m.ID {
		case "paid":
			return Verdict{Reason: "paid meanwhile"}, nil
		case "part":
			m.Subject, m.To = "Reminder about less", []string{"new@customer.example"}
			m.Invoices[0].Outstanding.Minor = 4000
			return Verdict{Send: true, Edited: &m}, nil
		}
		return Verdict{Send: true}, nil
	}
	if got := b.deliver(ids...); got != (Tally{Accepted: 2, Cancelled: 1}) {
		t.Errorf("tally %+v", got)
	}
	b.took("part", "same")
	if m := b.message("paid"); m.State != Cancelled || m.Reason != "paid meanwhile" {
		t.Errorf("%s, %q", m.State, m.Reason)
	}
	b.journalled("paid", "")
	if m := b.message("part"); m.Subject != "Reminder about less" || m.Invoices[0].Outstanding.Minor != 4000 || m.To[0] != "new@customer.example" {
		t.Errorf("stored: %+v", m)
	}
}

func TestR6_3NothingGoesWhenAccountsIQDoesNotAnswer(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("a", Approved), b.add("b", Approved)}
	down := errors.New("no answer")
	b.look = func(m store.Message) (Verdict, error) {
		if m.ID == "b" {
			return Verdict{}, down
		}
		return Verdict{Send: true}, nil
	}
	got, err := b.courier().Deliver(context.Background(), ids)
	if !errors.Is(err, down) || got.Accepted != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	b.took("a")
	b.state("b", Approved)
}

func TestSessions(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("a", Approved), b.add("b", Approved), b.add("c", Approved)}
	b.deliver(ids[0], ids[1])
	if b.server.dials != 1 || b.server.closed != 1 {
		t.Errorf("two messages took %d connections, %d closed", b.server.dials, b.server.closed)
	}
	b.deliver(ids[2])
	if b.server.dials != 2 || b.server.closed != 2 {
		t.Errorf("a later delivery: %d connections, %d closed", b.server.dials, b.server.closed)
	}
}

func TestABrokenSessionIsReplaced(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("a", Approved), b.add("b", Approved)}
	b.server.answer = func(raw string) mail.Outcome {
		if strings.HasPrefix(raw, "a") {
			return mail.Outcome{State: mail.Temporary, Broken: true, Err: errors.New("gone")}
		}
		return mail.Outcome{State: mail.Accepted}
	}
	b.deliver(ids...)
	b.took("b")
	b.state("a", Queued)
	if b.server.dials != 2 || b.server.closed != 2 {
		t.Errorf("%d connections, %d closed", b.server.dials, b.server.closed)
	}
}

func TestNoSession(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("a", Approved), b.add("b", Approved)}
	refused := errors.New("wrong password")
	b.server.dial = func() error { return refused }
	got := b.deliver(ids...)
	if got.Queued != 2 || !errors.Is(got.NoSession, refused) || !errors.Is(got.Trouble, refused) || got.Went() != 0 {
		t.Errorf("tally %+v", got)
	}
	if b.server.dials != 1 {
		t.Errorf("the server was asked %d times", b.server.dials)
	}
	for _, id := range ids {
		if m := b.message(id); m.State != Queued || m.Error != "wrong password" || m.Attempts != 0 {
			t.Errorf("%s: %s, %q, %d attempts", id, m.State, m.Error, m.Attempts)
		}
		b.journalled(id, "")
	}
	b.server.dial = nil
	b.deliver(ids...)
	b.took("a", "b")
}

func TestAMessageThatCannotBeMadeStopsNoOther(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("bad", Approved), b.add("good", Approved)}
	b.compose = func(m store.Message) error {
		if m.ID == "bad" {
			return errors.New("no sender")
		}
		return nil
	}
	if got := b.deliver(ids...); got != (Tally{Accepted: 1, Refused: 1}) {
		t.Errorf("tally %+v", got)
	}
	b.took("good")
	b.state("bad", Refused)
	b.journalled("bad", "")
}

// The owner drops a message while it is being looked at: it stays, and the others go.
func TestTakenBackDuringTheLook(t *testing.T) {
	for name, look := range map[string]func(*store.Message) Verdict{
		"sent as it is": func(*store.Message) Verdict { return Verdict{Send: true} },
		"edited":        func(m *store.Message) Verdict { return Verdict{Send: true, Edited: m} },
		"cancelled":     func(*store.Message) Verdict { return Verdict{Reason: "paid meanwhile"} },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			ids := []string{b.add("a", Approved), b.add("b", Approved)}
			b.look = func(m store.Message) (Verdict, error) {
				if m.ID != "a" {
					return Verdict{Send: true}, nil
				}
				b.must(b.store.Tx(context.Background(), func(tx *store.Tx) error {
					return tx.MoveMessage(context.Background(), "a", []string{Approved}, Cancelled, store.Change{At: b.now, Reason: "skipped by you"})
				}))
				return look(&m), nil
			}
			if got := b.deliver(ids...); got != (Tally{Accepted: 1}) {
				t.Errorf("tally %+v", got)
			}
			b.took("b")
			if m := b.message("a"); m.State != Cancelled || m.Reason != "skipped by you" {
				t.Errorf("%s, %q", m.State, m.Reason)
			}
		})
	}
}

func TestCancelledBetweenTwoMessages(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("a", Approved), b.add("b", Approved)}
	ctx, cancel := context.WithCancel(context.Background())
	b.server.after = func(string) { cancel() }
	got, err := b.courier().Deliver(ctx, ids)
	if !errors.Is(err, context.Canceled) || got.Accepted != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	b.state("a", Accepted) // its word was heard and is recorded
	b.journalled("a", Accepted)
	b.state("b", Approved)
	b.took("a")
}

func TestRecipientsAreToAndCC(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	b.look = func(m store.Message) (Verdict, error) {
		m.CC = []string{"copy@test.example"}
		return Verdict{Send: true, Edited: &m}, nil
	}
	b.deliver(id)
	if !slices.Equal(b.server.to, []string{"a@customer.example", "copy@test.example"}) {
		t.Errorf("envelope %v", b.server.to)
	}
}

// R6.7: a copy of the data folder from before the send is put back.
func TestR6_7AnOlderCopySendsNothingAgain(t *testing.T) {
	for journalled, want := range map[string]string{Accepted: Accepted, Sending: Uncertain, Uncertain: Uncertain} {
		for _, stored := range []string{Planned, Approved, Queued} {
			t.Run(stored+" and "+journalled, func(t *testing.T) {
				b := newBench(t)
				id := b.add("a", stored)
				b.must(b.journal.Append(Entry{MessageID: "a@test.example", At: b.now.Add(-time.Hour), State: journalled}))
				if stored != Planned { // even when nobody settled first
					b.deliver(id)
					b.took()
					b.state(id, want)
					return
				}
				b.must(b.courier().Settle(context.Background()))
				b.state(id, want)
				b.deliver(id)
				b.took()
				if m := b.message(id); want == Accepted && !m.AcceptedAt.Equal(b.now.Add(-time.Hour)) {
					t.Errorf("accepted at %v", m.AcceptedAt)
				}
			})
		}
	}
}

func TestWhatDidNotGoMayGoAgain(t *testing.T) {
	for _, journalled := range []string{Queued, Refused, Cancelled} {
		t.Run(journalled, func(t *testing.T) {
			b := newBench(t)
			id := b.add("a", Approved)
			b.must(b.journal.Append(Entry{MessageID: "a@test.example", At: b.now, State: journalled}))
			b.must(b.courier().Settle(context.Background()))
			b.deliver(id)
			b.took("a")
		})
	}
}

// A line of an earlier attempt says nothing about the attempt that was cut off.
func TestR6_4AnOldLineSettlesNothing(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	b.must(b.journal.Append(Entry{MessageID: "a@test.example", At: b.now.Add(-time.Minute), State: Queued}))
	b.must(b.store.Tx(context.Background(), func(tx *store.Tx) error {
		return tx.MoveMessage(context.Background(), id, []string{Approved}, Sending, store.Change{At: b.now})
	}))
	b.must(b.courier().Settle(context.Background()))
	b.state(id, Uncertain)
}

func TestMovedIsToldAfterTheCommit(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	c := b.courier()
	var seen []string
	c.Moved = func() { seen = append(seen, b.message(id).State) }
	if _, err := c.Deliver(context.Background(), []string{id}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, []string{Sending, Accepted}) {
		t.Errorf("states seen by listeners: %v", seen)
	}
}

// What is kept with a message that was taken names those that the server took, and is undone with the rest.
func TestKeptTogetherWithTheWordOfTheServer(t *testing.T) {
	b := newBench(t)
	b.server.answer = always(mail.Outcome{State: mail.Accepted, Refused: []mail.RefusedRecipient{{Address: "a@customer.example", Reply: mail.Reply{Code: 550}}}})
	b.look = func(m store.Message) (Verdict, error) {
		m.CC = []string{"copy@test.example"}
		return Verdict{Send: true, Edited: &m, Remark: "With 1 invoice copy."}, nil
	}
	id := b.add("a", Approved)
	c := b.courier()
	var to, cc []string
	c.Accepted = func(_ context.Context, _ *store.Tx, m store.Message, at time.Time) error {
		to, cc = m.To, m.CC
		if !at.Equal(b.now) {
			t.Errorf("taken at %v", at)
		}
		return nil
	}
	if _, err := c.Deliver(context.Background(), []string{id}); err != nil {
		t.Fatal(err)
	}
	if len(to) != 0 || !slices.Equal(cc, []string{"copy@test.example"}) {
		t.Errorf("taken for %v and %v", to, cc)
	}
	if got := b.events(); got[0] != `Sent "Reminder a" to a@customer.example. With 1 invoice copy.` {
		t.Errorf("events %q", got)
	}

	id = b.add("b", Approved)
	full := errors.New("disk full")
	c.Accepted = func(context.Context, *store.Tx, store.Message, time.Time) error { return full }
	if _, err := c.Deliver(context.Background(), []string{id}); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	b.state(id, Sending)
	b.journalled(id, Accepted) // so that the next start settles it
	b.must(b.courier().Settle(context.Background()))
	b.state(id, Accepted)
}

func TestAMessageThatHasToWait(t *testing.T) {
	b := newBench(t)
	ids := []string{b.add("copy", Approved), b.add("net", Approved), b.add("good", Approved)}
	missing, network := errors.New("no copy"), errors.New("no connection")
	b.look = func(m store.Message) (Verdict, error) {
		switch m.ID {
		case "copy":
			return Verdict{Wait: missing, Reason: "AccountsIQ has no copy of invoice 1001."}, nil
		case "net":
			return Verdict{Wait: network}, nil
		}
		return Verdict{Send: true, Files: []mail.Attachment{{Name: "Invoice 1001.pdf"}}}, nil
	}
	got := b.deliver(ids...)
	if got.Queued != 2 || got.Accepted != 1 || !errors.Is(got.Held, missing) || !errors.Is(got.Trouble, network) || got.NoSession != nil {
		t.Errorf("tally %+v", got)
	}
	b.took("good")
	if len(b.files) != 1 || b.server.dials != 1 {
		t.Errorf("made with %v, %d connections", b.files, b.server.dials)
	}
	if m := b.message("copy"); m.State != Queued || m.Reason != "AccountsIQ has no copy of invoice 1001." || m.Error != "" || m.Attempts != 1 {
		t.Errorf("%s, %q, %q, %d attempts", m.State, m.Reason, m.Error, m.Attempts)
	}
	if m := b.message("net"); m.State != Queued || m.Reason != "" || m.Error != "no connection" || m.Attempts != 1 {
		t.Errorf("%s, %q, %q, %d attempts", m.State, m.Reason, m.Error, m.Attempts)
	}
	b.journalled("copy", "")
	b.look = nil
	b.deliver(ids...)
	b.took("good", "copy", "net")
}

// All that a message is made of is there before the intent is recorded: nothing is fetched between the two.
func TestNothingBetweenIntentAndDialogue(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	c := b.courier()
	var steps []string
	step := func(name string) { steps = append(steps, name+" "+b.message(id).State) }
	look, dial, compose := c.Look, c.Dial, c.Compose
	c.Look = func(ctx context.Context, m store.Message) (Verdict, error) { step("look"); return look(ctx, m) }
	c.Dial = func(ctx context.Context, from string) (Session, error) { step("dial"); return dial(ctx, from) }
	c.Compose = func(ctx context.Context, m store.Message, f []mail.Attachment, at time.Time) ([]byte, error) {
		step("compose")
		return compose(ctx, m, f, at)
	}
	b.server.after = func(string) { step("dialogue") }
	if _, err := c.Deliver(context.Background(), []string{id}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"look approved", "dial approved", "compose approved", "dialogue sending"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
}
