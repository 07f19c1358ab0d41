package copies

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNotPDF says that what was to be kept is no PDF.
var ErrNotPDF = errors.New("this is no PDF")

// Cache is a folder of copies. Its methods may be called from any goroutine and from several programs at once:
// the folder is the only state there is.
type Cache struct {
	dir      string
	maxBytes int64
	now      func() time.Time
	create   func(dir, pattern string) (file, error)
}

// file is what a cache needs of an *os.File.
type file interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// The names of files: of a copy its key's hash, its length and ".pdf"; of one that is being written "new-" and
// something random.
const (
	pdf     = ".pdf"
	halfway = "new-"
)

// abandonedAfter is the age at which a file that is still being written belongs to a program that has died.
const abandonedAfter = time.Hour

// Open makes the folder, for its owner only, and returns the cache in it. now is asked for the instant at which
// a copy was used.
func Open(dir string, maxBytes int64, now func() time.Time) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of invoice copies: %w", err)
	}
	return &Cache{dir: dir, maxBytes: maxBytes, now: now, create: func(dir, pattern string) (file, error) { return os.CreateTemp(dir, pattern) }}, nil
}

// Get returns a copy. One that is not a PDF any more or has lost its end is deleted and reported as missing.
func (c *Cache) Get(key string) ([]byte, bool) {
	name, size, found := c.find(key)
	if !found {
		return nil, false
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, false
	}
	if int64(len(data)) != size || !IsPDF(data) {
		os.Remove(name)
		return nil, false
	}
	// Only the order in which copies go depends on it.
	_ = os.Chtimes(name, c.now(), c.now())
	return data, true
}

// find looks for the file of a key. The length stands in its name, because a write that was cut off by a power
// failure leaves a shorter file behind.
func (c *Cache) find(key string) (name string, size int64, found bool) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return "", 0, false
	}
	for _, e := range entries {
		length, ours := strings.CutPrefix(e.Name(), hash(key)+"-")
		if !ours {
			continue
		}
		if size, err := strconv.ParseInt(strings.TrimSuffix(length, pdf), 10, 64); err == nil {
			return filepath.Join(c.dir, e.Name()), size, true
		}
	}
	return "", 0, false
}

// Put keeps a copy, in place of an older one of the same key, and lets the least recently used ones go that do
// not fit beside it. A copy that is larger than the whole cache is not kept, without an error. After an error
// nothing of it is left, and the caller goes on with the data it has.
func (c *Cache) Put(key string, data []byte) error {
	if !IsPDF(data) {
		return ErrNotPDF
	}
	if int64(len(data)) > c.maxBytes {
		return nil
	}
	if err := c.makeRoom(int64(len(data))); err != nil {
		return fmt.Errorf("making room for an invoice copy: %w", err)
	}
	written, err := c.write(data)
	if err != nil {
		return fmt.Errorf("keeping an invoice copy: %w", err)
	}
	if old, _, found := c.find(key); found {
		os.Remove(old)
	}
	if err := os.Rename(written, filepath.Join(c.dir, fmt.Sprintf("%s-%d%s", hash(key), len(data), pdf))); err != nil {
		os.Remove(written)
		return fmt.Errorf("keeping an invoice copy: %w", err)
	}
	return nil
}

// write puts the data on the disk under a name that no reader looks for.
func (c *Cache) write(data []byte) (name string, err error) {
	f, err := c.create(c.dir, halfway+"*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Chtimes(f.Name(), c.now(), c.now())
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// stored is one file of the folder.
type stored struct {
	name string
	size int64
	used time.Time
}

// makeRoom deletes the copies that were not used for the longest until so many bytes fit, and what a program
// that died left half written.
func (c *Cache) makeRoom(need int64) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	var kept []stored
	total := need
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // gone meanwhile, or not ours
		}
		name := filepath.Join(c.dir, e.Name())
		switch {
		case strings.HasSuffix(e.Name(), pdf):
			kept = append(kept, stored{name, info.Size(), info.ModTime()})
			total += info.Size()
		case strings.HasPrefix(e.Name(), halfway) && c.now().Sub(info.ModTime()) > abandonedAfter:
			os.Remove(name)
		}
	}
	slices.SortFunc(kept, func(a, b stored) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.name, b.name)) })
	for _, s := range kept {
		if total <= c.maxBytes {
			break
		}
		if err := os.Remove(s.name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		total -= s.size
	}
	return nil
}

// IsPDF reports whether data begins as a PDF does; some writers put a few bytes before the mark.
func IsPDF(data []byte) bool { return bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) }

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}
