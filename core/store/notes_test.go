package store

import (
	"errors"
	"testing"
	"time"

	"dunlin/core/ledger"
)

func TestNotesOnTheirWay(t *testing.T) {
	s := openStore(t, t.TempDir())
	a := Note{Message: "m1", AccountID: 1, Tag: "dunlin 1", Text: "one", State: NoteWaiting, At: ten}
	b := Note{Message: "m2", AccountID: 2, Tag: "dunlin 2", Text: "two", State: NoteWaiting, At: ten.Add(time.Hour)}
	again := a
	again.Text = "another"
	v := version(t, s)
	write(t, s, func(tx *Tx) error { return errors.Join(tx.AddNote(bg, b), tx.AddNote(bg, a), tx.AddNote(bg, again)) })
	waiting := func(at time.Time, want ...Note) {
		t.Helper()
		got, err := s.WaitingNotes(bg, at)
		if err != nil || len(got) != len(want) {
			t.Fatalf("waiting: %+v, %v", got, err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("got %+v, want %+v", got[i], want[i])
			}
		}
	}
	waiting(ten.Add(-time.Second))
	waiting(ten, a)
	waiting(ten.Add(time.Hour), a, b)
	a.State, a.Attempts, a.At, a.Error = NoteWritten, 2, ten.Add(time.Minute), ""
	write(t, s, func(tx *Tx) error { return tx.MoveNote(bg, a) })
	if err := s.Tx(bg, func(tx *Tx) error { return tx.MoveNote(bg, a) }); !isNotFound(err) {
		t.Errorf("a note that was written is moved again: %v", err)
	}
	write(t, s, func(tx *Tx) error {
		n, err := tx.RefuseNotes(bg, ten, "no permission")
		if n != 1 {
			t.Errorf("%d given up", n)
		}
		return err
	})
	waiting(ten.Add(time.Hour))
	if n, found, err := s.NoteOf(bg, "m1"); n != a || !found || err != nil {
		t.Errorf("%+v, %v, %v", n, found, err)
	}
	if n, _, err := s.NoteOf(bg, "m2"); n.State != NoteRefused || n.Error != "no permission" || err != nil {
		t.Errorf("%+v, %v", n, err)
	}
	if _, found, err := s.NoteOf(bg, "m3"); found || err != nil {
		t.Error(found, err)
	}
	if version(t, s) != v {
		t.Error("notes decide nothing, and changed the version")
	}
}

func TestAccountNamed(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A"), customer(2, "7"), customer(7, "B"), customer(8, "8"), customer(9, "09")})
		return err
	})
	for id, want := range map[int64]struct {
		code      string
		ambiguous bool
	}{1: {"A", false}, 2: {"7", true}, 7: {"B", true}, 8: {"8", false}, 9: {"09", false}} {
		if code, ambiguous, err := s.AccountNamed(bg, id); code != want.code || ambiguous != want.ambiguous || err != nil {
			t.Errorf("%d: %s, %v, %v", id, code, ambiguous, err)
		}
	}
	if _, _, err := s.AccountNamed(bg, 99); !isNotFound(err) {
		t.Error(err)
	}
}
