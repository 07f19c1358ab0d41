package outbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func entry(id, state string) Entry {
	return Entry{MessageID: id, At: noon, State: state, Kind: "overdue", Customer: "ACME", Automatic: true, Invoices: []EntryInvoice{{ID: 41, Number: "1001", Part: "overdue", Offset: 8}}}
}

func openJournal(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func appendAll(t *testing.T, j *Journal, list ...Entry) {
	t.Helper()
	for _, e := range list {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

func states(j *Journal) string {
	var out []string
	for _, e := range j.Entries() {
		out = append(out, e.MessageID+"="+e.State)
	}
	return strings.Join(out, " ")
}

func TestJournalLastStateWinsAcrossReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "state")
	j := openJournal(t, dir)
	if !j.New {
		t.Error("a journal that was not there is not new")
	}
	appendAll(t, j, entry("a", Sending), entry("b", Sending), entry("a", Accepted))
	const want = "a=accepted b=sending"
	if got := states(j); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	again := openJournal(t, dir)
	if got := states(again); got != want || again.New {
		t.Errorf("reopened: %s, new %v", got, again.New)
	}
	e, ok := again.Lookup("a")
	if !ok || !e.At.Equal(noon) || len(e.Invoices) != 1 || e.Invoices[0] != (EntryInvoice{ID: 41, Number: "1001", Part: "overdue", Offset: 8}) || !e.Automatic || e.Customer != "ACME" {
		t.Errorf("read back: %+v", e)
	}
	if _, ok := again.Lookup("c"); ok {
		t.Error("an unknown message is known")
	}
}

// A crash in the middle of a line must not swallow the line that comes next.
func TestJournalTornLastLine(t *testing.T) {
	dir := t.TempDir()
	appendAll(t, openJournal(t, dir), entry("a", Accepted), entry("b", Sending))
	path := filepath.Join(dir, "accepted.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < 60; cut++ {
		if err := os.WriteFile(path, data[:len(data)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, dir)
		want := "a=accepted"
		if cut == 1 { // only the line end is missing: the entry is whole
			want += " b=sending"
		}
		if got := states(j); got != want {
			t.Fatalf("cut by %d: %s, want %s", cut, got, want)
		}
		appendAll(t, j, entry("c", Accepted))
		if got := states(openJournal(t, dir)); got != want+" c=accepted" {
			t.Fatalf("cut by %d, one more line: %s", cut, got)
		}
	}
}

// shortFile is a disk that takes some bytes of a write and then none.
type shortFile struct {
	file
	room    int // bytes it takes still; below 0 any number
	syncErr error
}

func (f *shortFile) Write(p []byte) (int, error) {
	if f.room < 0 || len(p) <= f.room {
		return f.file.Write(p)
	}
	n, _ := f.file.Write(p[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *shortFile) Sync() error {
	if f.syncErr != nil {
		return f.syncErr
	}
	return f.file.Sync()
}

// The disk is full for a while: the part of a line that got through must not swallow the next line.
func TestJournalGoesOnAfterAFullDisk(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	appendAll(t, j, entry("a", Accepted))
	disk := &shortFile{file: j.file, room: 20}
	j.file = disk
	for range 2 { // the second finds no room at all
		if err := j.Append(entry("b", Sending)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("a full disk: %v", err)
		}
	}
	if _, known := j.Lookup("b"); known {
		t.Error("a line that is not on the disk is known")
	}
	disk.room = -1
	appendAll(t, j, entry("c", Accepted), entry("d", Accepted))
	if got := states(openJournal(t, dir)); got != "a=accepted c=accepted d=accepted" {
		t.Errorf("reopened: %s", got)
	}
}

func TestJournalOnAReadOnlyFile(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	path := filepath.Join(b.dir, "state", "accepted.jsonl")
	readOnly, err := os.Open(path)
	b.must(err)
	b.journal.file.Close()
	b.journal.file = readOnly
	if _, err := b.courier().Deliver(context.Background(), []string{id}); err == nil {
		t.Error("nothing was said of a journal that cannot be written")
	}
	b.took()
	if m := b.message(id); m.State != Queued || m.Error == "" {
		t.Errorf("%s, %q", m.State, m.Error)
	}
	b.restart()
	b.deliver(id)
	b.took("a")
}

// The server took the message, and then the journal cannot be written: the message still is what it is.
func TestJournalFailsAfterTheServersWord(t *testing.T) {
	b := newBench(t)
	id := b.add("a", Approved)
	disk := &shortFile{file: b.journal.file, room: -1}
	b.journal.file = disk
	b.server.after = func(string) { disk.room = 0 }
	if _, err := b.courier().Deliver(context.Background(), []string{id}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	b.state(id, Accepted)
	b.restart()
	b.journalled(id, Sending) // which counts as sent
	b.must(b.courier().Settle(context.Background()))
	b.deliver(id)
	b.took("a")
	b.state(id, Accepted)
}

func TestJournalInAnUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err := OpenJournal(filepath.Join(file, "state")); err == nil {
		j.Close()
		t.Error("a journal below a file was opened")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "accepted.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if j, err := OpenJournal(dir); err == nil {
		j.Close()
		t.Error("a folder was opened as a journal")
	}
}

func TestJournalIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	openJournal(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "accepted.jsonl"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"message_id\":\"a\",\"state\":\"accepted\"}\n{\"mess"))
	f.Add([]byte("\n\n\xff\x00{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "accepted.jsonl"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, dir)
		before := states(j)
		appendAll(t, j, entry("fresh line", Accepted))
		want := states(j)
		if want != before && want != before+" fresh line=accepted" && before != "" && !strings.Contains(before, "fresh line=") {
			t.Errorf("after one more line: %q, before %q", want, before)
		}
		if got := states(openJournal(t, dir)); got != want {
			t.Errorf("reopened: %q, want %q", got, want)
		}
	})
}
