package outbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Entry is one line of the journal: what happened to a message at an instant. The last line of a
// message is its state.
type Entry struct {
	MessageID string         `json:"message_id"`
	At        time.Time      `json:"at"`
	State     string         `json:"state"`
	Kind      string         `json:"kind"`
	Customer  string         `json:"customer"`
	Automatic bool           `json:"automatic"`
	Invoices  []EntryInvoice `json:"invoices"`
}

// EntryInvoice is one invoice of a journalled message with the step it went out at.
type EntryInvoice struct {
	ID     int64  `json:"id,omitempty"` // AccountsIQ's transaction; numbers are unique per type only
	Number string `json:"number"`
	Part   string `json:"part"`
	Offset int    `json:"offset"`
}

// Journal is the append-only file of what was handed to mail servers. It lies in the user's state
// directory, outside the data folder, so that an older copy of the data folder that is put back cannot
// send again what went after the copy was made (R6.7). Every line is on the disk before the program goes on.
type Journal struct {
	mu   sync.Mutex
	file file
	torn bool // the last write failed and may have left a part of a line
	last map[string]Entry
	ids  []string // message ids in the order of their first line
	New  bool     // there was no file: either nothing was ever sent, or not from this computer
}

// file is what the journal needs of an *os.File.
type file interface {
	io.ReadWriteCloser
	Sync() error
}

// OpenJournal opens or makes the journal in a directory that belongs to one data folder.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the send journal: %w", err)
	}
	path := filepath.Join(dir, "accepted.jsonl")
	_, statErr := os.Stat(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the send journal: %w", err)
	}
	j := &Journal{file: f, last: map[string]Entry{}, New: errors.Is(statErr, fs.ErrNotExist)}
	if err := j.load(); err != nil {
		f.Close()
		return nil, err
	}
	if j.New {
		if err := syncDir(dir); err != nil {
			f.Close()
			return nil, err
		}
	}
	return j, nil
}

// load reads the lines. A torn last line, left by a crash in the middle of writing it, is closed off
// with a line end so that the next entry starts clean; it never described a finished write.
func (j *Journal) load() error {
	data, err := io.ReadAll(j.file)
	if err != nil {
		return fmt.Errorf("reading the send journal: %w", err)
	}
	scan := bufio.NewScanner(bytes.NewReader(data))
	scan.Buffer(nil, 4<<20)
	for scan.Scan() {
		var e Entry
		if json.Unmarshal(scan.Bytes(), &e) == nil && e.MessageID != "" {
			j.remember(e)
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("reading the send journal: %w", err)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		if _, err := j.file.Write([]byte("\n")); err != nil {
			return fmt.Errorf("mending the send journal: %w", err)
		}
	}
	return nil
}

func (j *Journal) remember(e Entry) {
	if _, known := j.last[e.MessageID]; !known {
		j.ids = append(j.ids, e.MessageID)
	}
	j.last[e.MessageID] = e
}

// Append writes one entry and waits until it is on the disk.
func (j *Journal) Append(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	line = append(line, '\n')
	if j.torn {
		// Close off the part of a line, which would swallow this one.
		line = append([]byte("\n"), line...)
	}
	if n, err := j.file.Write(line); err != nil {
		j.torn = j.torn || n > 0
		return fmt.Errorf("writing the send journal: %w", err)
	}
	j.torn = false
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing the send journal: %w", err)
	}
	j.remember(e)
	return nil
}

// Entries returns the latest entry of every message, oldest message first.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Entry, len(j.ids))
	for i, id := range j.ids {
		out[i] = j.last[id]
	}
	return out
}

// Lookup returns the latest entry of a message.
func (j *Journal) Lookup(messageID string) (Entry, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.last[messageID]
	return e, ok
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Some systems cannot sync a directory; the file itself is synced with every line.
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("making the send journal durable: %w", err)
	}
	return nil
}
