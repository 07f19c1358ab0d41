package copies

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// clock is a clock in the test's hand; every look at it is a second later.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) tell() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

func open(t *testing.T, maxBytes int64) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "copies [1]"), maxBytes, (&clock{now: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)}).tell)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// document is a PDF of a size that names itself.
func document(name string, size int) []byte {
	head := []byte("%PDF-1.4 " + name + "\n")
	return append(head, bytes.Repeat([]byte("x"), size-len(head))...)
}

func (c *Cache) put(t *testing.T, key string, size int) {
	t.Helper()
	if err := c.Put(key, document(key, size)); err != nil {
		t.Fatal(err)
	}
}

// holds lists which of the keys are there, without counting as a use.
func (c *Cache) holds(keys ...string) (out []string) {
	for _, k := range keys {
		if _, _, found := c.find(k); found {
			out = append(out, k)
		}
	}
	return out
}

func files(t *testing.T, c *Cache) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestPutAndGet(t *testing.T) {
	c := open(t, 1000)
	if _, ok := c.Get("a"); ok {
		t.Error("an empty cache had it")
	}
	c.put(t, "a", 100)
	c.put(t, "b", 120)
	c.put(t, "a", 140) // in place of the first
	for key, size := range map[string]int{"a": 140, "b": 120} {
		if got, ok := c.Get(key); !ok || !bytes.Equal(got, document(key, size)) {
			t.Errorf("%s: %d bytes, %v", key, len(got), ok)
		}
	}
	if n := len(files(t, c)); n != 2 {
		t.Errorf("%d files", n)
	}
	again, err := Open(c.dir, 1000, c.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := again.Get("b"); !ok {
		t.Error("the next program does not find it")
	}
}

func TestOnlyForTheOwner(t *testing.T) {
	c := open(t, 1000)
	c.put(t, "a", 100)
	for path, want := range map[string]os.FileMode{c.dir: 0o700, filepath.Join(c.dir, files(t, c)[0]): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if os.PathSeparator == '/' && info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, want %v", path, info.Mode().Perm(), want)
		}
	}
}

func TestTheLeastRecentlyUsedGoes(t *testing.T) {
	c := open(t, 300)
	c.put(t, "a", 100)
	c.put(t, "b", 100)
	c.put(t, "c", 100)
	c.Get("a")
	c.put(t, "d", 100)
	if got := c.holds("a", "b", "c", "d"); !slices.Equal(got, []string{"a", "c", "d"}) {
		t.Errorf("it holds %v", got)
	}
	c.put(t, "e", 150) // two have to go for it
	if got := c.holds("a", "b", "c", "d", "e"); !slices.Equal(got, []string{"d", "e"}) {
		t.Errorf("it holds %v", got)
	}
	c.put(t, "huge", 301)
	if got := c.holds("d", "e", "huge"); !slices.Equal(got, []string{"d", "e"}) {
		t.Errorf("it holds %v: one that never fits drives nothing out", got)
	}
}

func TestDamagedFilesAreForgotten(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"torn":             func(path string) error { return os.Truncate(path, 60) },
		"empty":            func(path string) error { return os.Truncate(path, 0) },
		"longer":           func(path string) error { return os.WriteFile(path, document("a", 101), 0o600) },
		"nothing but zero": func(path string) error { return os.WriteFile(path, make([]byte, 100), 0o600) },
		"a web page":       func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("<html>    "), 10), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, 1000)
			c.put(t, "a", 100)
			if err := damage(filepath.Join(c.dir, files(t, c)[0])); err != nil {
				t.Fatal(err)
			}
			if got, ok := c.Get("a"); ok {
				t.Errorf("it was given out: %q", got[:min(len(got), 20)])
			}
			if left := files(t, c); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			c.put(t, "a", 100)
			if _, ok := c.Get("a"); !ok {
				t.Error("a new one is not found")
			}
		})
	}
}

func TestNothingButPDFsIsKept(t *testing.T) {
	c := open(t, 1000)
	if err := c.Put("a", []byte("<html>")); !errors.Is(err, ErrNotPDF) {
		t.Errorf("kept: %v", err)
	}
	if n := len(files(t, c)); n != 0 {
		t.Errorf("%d files", n)
	}
}

// fullDisk takes some bytes and no more.
type fullDisk struct {
	file
	room int
	at   string // "write", "sync" or "close"
}

var errFull = errors.New("no space left on device")

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.at != "write" {
		return f.file.Write(p)
	}
	n, _ := f.file.Write(p[:f.room])
	return n, errFull
}

func (f *fullDisk) Sync() error {
	if f.at == "sync" {
		return errFull
	}
	return f.file.Sync()
}

func (f *fullDisk) Close() error {
	err := f.file.Close()
	if f.at == "close" {
		return errFull
	}
	return err
}

func TestAFullDiskLeavesNothingBehind(t *testing.T) {
	for _, at := range []string{"write", "sync", "close"} {
		c := open(t, 1000)
		c.put(t, "a", 100)
		whole := c.create
		c.create = func(dir, pattern string) (file, error) {
			f, err := whole(dir, pattern)
			return &fullDisk{f, 50, at}, err
		}
		if err := c.Put("b", document("b", 100)); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", at, err)
		}
		if err := c.Put("a", document("a", 120)); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", at, err)
		}
		if got, ok := c.Get("a"); !ok || len(got) != 100 {
			t.Errorf("%s: the older copy is gone", at)
		}
		if left := files(t, c); len(left) != 1 {
			t.Errorf("%s: left behind: %v", at, left)
		}
	}
}

func TestWhatADeadProgramLeftIsCleared(t *testing.T) {
	c := open(t, 1000)
	for name, age := range map[string]time.Duration{halfway + "old": 2 * time.Hour, halfway + "young": time.Minute} {
		path := filepath.Join(c.dir, name)
		if err := os.WriteFile(path, []byte("%PDF-"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, c.now().Add(-age), c.now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	c.put(t, "a", 100)
	if got := files(t, c); len(got) != 2 || !slices.Contains(got, halfway+"young") {
		t.Errorf("the folder holds %v", got)
	}
}

// Against a list in memory: the same keys are there after any sequence of uses.
func TestAsAListInMemory(t *testing.T) {
	type entry struct {
		key  string
		size int
	}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		c := open(t, 1000)
		var list []entry // least recently used first
		drop := func(i int) { list = slices.Delete(list, i, i+1) }
		for step := range 60 {
			key := fmt.Sprintf("key-%d", rnd.IntN(12))
			at := slices.IndexFunc(list, func(e entry) bool { return e.key == key })
			if rnd.IntN(2) == 0 {
				_, ok := c.Get(key)
				if ok != (at >= 0) {
					t.Fatalf("seed %d, step %d: Get(%s) found %v, want %v", seed, step, key, ok, at >= 0)
				}
				if at >= 0 {
					e := list[at]
					drop(at)
					list = append(list, e)
				}
				continue
			}
			if at >= 0 {
				continue // replacing counts the old one until it is gone; that is tested above
			}
			size := 50 + rnd.IntN(400)
			c.put(t, key, size)
			total := size
			for _, e := range list {
				total += e.size
			}
			for total > 1000 {
				total -= list[0].size
				drop(0)
			}
			list = append(list, entry{key, size})
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	c := open(t, 2000)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 30 {
				key := fmt.Sprintf("key-%d", (g*7+i)%10)
				if data, ok := c.Get(key); ok && !bytes.Equal(data, document(key, len(data))) {
					t.Errorf("%s is another one's", key)
				}
				if err := c.Put(key, document(key, 150)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var total int64
	for _, name := range files(t, c) {
		info, err := os.Stat(filepath.Join(c.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 2000 {
		t.Errorf("%d bytes in a cache of 2000", total)
	}
}
