package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"
)

var bg = context.Background()

// child names the work that a test started this test binary for, as a second process.
const child = "DUNLIN_STORE_CHILD"

func TestMain(m *testing.M) {
	if work := os.Getenv(child); work != "" {
		os.Exit(runChild(work, os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

func runChild(work, dir string) int {
	s, err := Open(bg, dir, testOptions())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	switch work {
	case "count":
		err = addUp(s, 50)
	case "killed":
		err = s.Tx(bg, func(tx *Tx) error {
			if err := tx.SetSetting(bg, "half", "done"); err != nil {
				return err
			}
			me, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			if err := me.Kill(); err != nil {
				return err
			}
			select {} // the signal is on its way
		})
	case "lock":
		_, err = Lock(dir)
		if errors.Is(err, ErrLocked) {
			fmt.Println("locked")
			return 0
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func start(t *testing.T, work, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), child+"="+work)
	cmd.Stdout = &strings.Builder{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// addUp adds n to a number, one transaction each.
func addUp(s *Store, n int) error {
	for range n {
		err := s.Tx(bg, func(tx *Tx) error {
			_, err := tx.touch(bg, "INSERT INTO settings (key, value) VALUES ('sum', '1') ON CONFLICT DO UPDATE SET value = CAST(value + 1 AS TEXT)")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	dir := filepath.Join(t.TempDir(), "data", "DEMO01")
	s := openStore(t, dir)
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "a", "b") })
	lease, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	if err := s.Backup(bg, filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "dunlin.db": 0o600, "dunlin.db-wal": 0o600, "dunlin.db-shm": 0o600, "lock": 0o600, "copy.db": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v %v, want %v", name, info.Mode(), err, want)
		}
	}
	s.Close()
	os.Chmod(filepath.Join(dir, FileName), 0o644)
	openStore(t, dir)
	if info, _ := os.Stat(filepath.Join(dir, FileName)); info.Mode().Perm() != 0o600 {
		t.Errorf("a file that others could read stayed so: %v", info.Mode())
	}
}

func TestFolderIDIsMadeOnceAndCopied(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	s := openStore(t, dir)
	id := s.FolderID()
	copied := filepath.Join(other, FileName)
	if err := s.Backup(bg, copied); err != nil {
		t.Fatal(err)
	}
	s.Close()
	o := Options{Now: time.Now, NewID: func() string { return "another" }}
	for _, d := range []string{dir, other} {
		again, err := Open(bg, d, o)
		if err != nil {
			t.Fatal(err)
		}
		if again.FolderID() != id || id == "" {
			t.Errorf("%s: id %q, was %q", d, again.FolderID(), id)
		}
		again.Close()
	}
}

func TestRefusedFilesStayAsTheyAre(t *testing.T) {
	good := t.TempDir()
	s := openStore(t, good)
	big(100, 2000, 1).save(t, s)
	s.Close()
	whole, err := os.ReadFile(filepath.Join(good, FileName))
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "x.db")
	db, _ := sql.Open("sqlite", dsn(foreign, ""))
	if _, err := db.Exec("CREATE TABLE t (x); PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	other, _ := os.ReadFile(foreign)
	newer := append([]byte{}, whole...)
	newer[63] = 99 // the low byte of user_version
	for _, c := range []struct {
		why  string
		data []byte
		want error
		code string
	}{
		{"text", []byte("Dear diary, this is not a database at all. " + strings.Repeat("x", 200)), ErrForeign, "foreign_file"},
		{"a few bytes", []byte("x"), ErrForeign, "foreign_file"},
		{"another program's SQLite file", other, ErrForeign, "foreign_file"},
		{"a newer program's file", newer, ErrNewer, "newer_file"},
		{"cut short", whole[:len(whole)/2], ErrCorrupt, "damaged_file"},
		{"first page overwritten", append(append([]byte{}, whole[:100]...), append(make([]byte, 3996), whole[4096:]...)...), ErrCorrupt, "damaged_file"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(bg, dir, testOptions())
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Code != c.code || e.Hint == "" || !strings.Contains(e.Message, path) {
			t.Errorf("%s: %v", c.why, err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(c.data) {
			t.Errorf("%s: the file was changed", c.why)
		}
	}
}

func TestEmptyFileIsANewOne(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	openStore(t, dir)
}

func TestPathsWithSignsOfAddresses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "100% Söhne & Co? #1")
	s := openStore(t, dir)
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "a", "b") })
	if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	if v, _, err := s.Setting(bg, "a"); v != "b" || err != nil {
		t.Fatal(v, err)
	}
}

func TestFolderThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	os.WriteFile(path, nil, 0o600)
	if _, err := Open(bg, path, testOptions()); !errors.Is(err, ErrReadOnly) {
		t.Fatal(err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("permissions do not bind this user")
	}
	dir := t.TempDir()
	os.Chmod(dir, 0o500)
	if _, err := Open(bg, dir, testOptions()); !errors.Is(err, ErrReadOnly) {
		t.Fatal(err)
	}
}

func TestFullDiskIsSaidAndNothingIsLost(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "kept", "yes") })
	if _, err := s.writer.Exec("PRAGMA max_page_count = 1"); err != nil { // the present size, as far as SQLite lets it
		t.Fatal(err)
	}
	data := big(1000, 1000, 1)
	err := s.Tx(bg, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, data.customers); return err })
	var e *Error
	if !errors.Is(err, ErrDiskFull) || !errors.As(err, &e) || e.Code != "disk_full" {
		t.Fatalf("%v", err)
	}
	if v, _, err := s.Setting(bg, "kept"); v != "yes" || err != nil {
		t.Fatal(v, err)
	}
	if ids, err := s.CustomerIDs(bg, CustomerQuery{}); len(ids) != 0 || err != nil {
		t.Fatal(ids, err)
	}
}

func TestFailedTransactionsLeaveNothing(t *testing.T) {
	s := openStore(t, t.TempDir())
	before, _ := s.Version(bg)
	sad := errors.New("sad")
	err := s.Tx(bg, func(tx *Tx) error {
		if err := tx.SetSetting(bg, "a", "b"); err != nil {
			return err
		}
		return sad
	})
	if err != sad {
		t.Fatalf("the caller's error came back as %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.Tx(bg, func(tx *Tx) error {
			if err := tx.SetSetting(bg, "a", "b"); err != nil {
				return err
			}
			panic("x")
		})
	}()
	ctx, cancel := context.WithCancel(bg)
	err = s.Tx(ctx, func(tx *Tx) error {
		defer cancel()
		return tx.SetSetting(ctx, "a", "b")
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before the commit: %v", err)
	}
	if _, ok, err := s.Setting(bg, "a"); ok || err != nil {
		t.Fatalf("something was written: %v", err)
	}
	if v, _ := s.Version(bg); v != before {
		t.Errorf("version %d, was %d", v, before)
	}
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "a", "b") }) // the writer is free again
}

func TestTxEndsWithItsFunction(t *testing.T) {
	s := openStore(t, t.TempDir())
	var escaped *Tx
	write(t, s, func(tx *Tx) error { escaped = tx; return nil })
	if err := escaped.SetSetting(bg, "a", "b"); err == nil {
		t.Error("a transaction could be used after its end")
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := openStore(t, t.TempDir())
	if _, err := s.readers.Exec("DELETE FROM settings"); err == nil {
		t.Error("a reading connection wrote")
	}
	if err := s.Backup(bg, filepath.Join(t.TempDir(), "b.db")); err != nil {
		t.Fatal(err)
	}
	for range 8 { // the connection that made the backup too
		if _, err := s.readers.Exec("DELETE FROM settings"); err == nil {
			t.Error("a reading connection wrote after a backup")
		}
	}
}

func TestKilledInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "whole", "yes") })
	s.Close()
	if err := start(t, "killed", dir).Wait(); err == nil {
		t.Fatal("the other process was not killed")
	}
	s = openStore(t, dir)
	set, err := s.Settings(bg)
	if err != nil || len(set) != 1 || set["whole"] != "yes" {
		t.Fatal(set, err)
	}
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "after", "yes") })
}

func TestTwoProcessesAndManyGoroutinesWriteAtOnce(t *testing.T) {
	dir := t.TempDir() // without a file: both make it
	others := []*exec.Cmd{start(t, "count", dir), start(t, "count", dir)}
	s := openStore(t, dir)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = addUp(s, 25) })
	}
	wg.Wait()
	for _, cmd := range others {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err, cmd.Stdout)
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if sum, _, err := s.Setting(bg, "sum"); sum != "200" || err != nil {
		t.Errorf("sum %s, %v", sum, err)
	}
	if v, err := s.Version(bg); v != 201 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
}

func TestLeaseIsHeldByOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	lease, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrLocked) {
		t.Fatalf("twice in one process: %v", err)
	}
	cmd := start(t, "lock", dir)
	if err := cmd.Wait(); err != nil || !strings.Contains(fmt.Sprint(cmd.Stdout), "locked") {
		t.Fatal(err, cmd.Stdout)
	}
	if err := lease.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}

func TestRestore(t *testing.T) {
	dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	s := openStore(t, dir)
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "state", "old") })
	if err := s.Backup(bg, backup); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(bg, backup); err != nil {
		t.Fatalf("over an older backup: %v", err)
	}
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "state", "new") })
	s.Close()
	broken := filepath.Join(t.TempDir(), "broken.db")
	whole, _ := os.ReadFile(backup)
	os.WriteFile(broken, whole[:len(whole)-5000], 0o600)
	if err := Restore(bg, dir, broken); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a damaged backup: %v", err)
	}
	if err := Restore(bg, dir, filepath.Join(dir, "no such file")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no backup: %v", err)
	}
	for i, target := range []string{dir, filepath.Join(t.TempDir(), "empty")} {
		if err := Restore(bg, target, backup); err != nil {
			t.Fatal(err)
		}
		s = openStore(t, target)
		if v, _, err := s.Setting(bg, "state"); v != "old" || err != nil {
			t.Errorf("%d: %q %v", i, v, err)
		}
		s.Close()
	}
	replaced, err := sql.Open("sqlite", dsn(filepath.Join(dir, FileName+".replaced"), "mode=ro"))
	if err != nil {
		t.Fatal(err)
	}
	defer replaced.Close()
	var v string
	if err := replaced.QueryRow("SELECT value FROM settings WHERE key = 'state'").Scan(&v); v != "new" {
		t.Errorf("what was replaced says %q, %v", v, err)
	}
}

func TestMigrationFromEachVersion(t *testing.T) {
	steps, err := migrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	for has := 1; has <= len(steps); has++ {
		dir := t.TempDir()
		s, err := open(bg, dir, testOptions(), steps[:has])
		if err != nil {
			t.Fatal(err)
		}
		id := s.FolderID()
		s.Close()
		s = openStore(t, dir)
		if s.FolderID() != id {
			t.Errorf("from version %d: id %q", has, s.FolderID())
		}
		big(10, 100, 1).save(t, s)
	}
}

func TestMigrationStepByStep(t *testing.T) {
	steps, err := migrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	n := len(steps)
	with := func(more ...string) []migration {
		out := append([]migration{}, steps...)
		for _, body := range more {
			out = append(out, migration{len(out) + 1, fmt.Sprintf("%04d_test.sql", len(out)+1), body})
		}
		return out
	}
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	s := openStore(t, dir)
	write(t, s, func(tx *Tx) error {
		if err := tx.AddRun(bg, Run{ID: "r1"}); err != nil {
			return err
		}
		return tx.AddDecisions(bg, "r1", []byte("{}"))
	})
	s.Close()

	for why, body := range map[string]string{
		"a step that fails half-way":     "CREATE TABLE extra (x INTEGER); INSERT INTO nowhere VALUES (1)",
		"a step that breaks a reference": "DELETE FROM runs",
	} {
		if _, err := open(bg, dir, testOptions(), with(body)); err == nil {
			t.Fatalf("%s went through", why)
		}
		s = openStore(t, dir)
		if _, err := s.Decisions(bg, "r1"); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		if _, err := s.Run(bg, "r1"); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		s.Close()
	}

	s, err = open(bg, dir, testOptions(), with("CREATE TABLE extra (x INTEGER) STRICT", "INSERT INTO extra VALUES (7)"))
	if err != nil {
		t.Fatal(err)
	}
	var x int
	if err := s.readers.QueryRow("SELECT x FROM extra").Scan(&x); x != 7 || err != nil {
		t.Error(x, err)
	}
	var on bool
	if err := s.writer.QueryRow("PRAGMA foreign_keys").Scan(&on); !on || err != nil {
		t.Error("foreign keys stayed off", err)
	}
	s.Close()

	_, err = Open(bg, dir, testOptions())
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("file version %d", n+2)) {
		t.Errorf("a newer file: %v", err)
	}
	old := t.TempDir()
	copied, err := os.ReadFile(fmt.Sprintf("%s.version-%d", path, n))
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(old, FileName), copied, 0o600)
	s = openStore(t, old)
	if _, err := s.Decisions(bg, "r1"); err != nil {
		t.Errorf("the copy made before: %v", err)
	}
}

func TestMigrationsAreNumberedWithoutAGap(t *testing.T) {
	for _, names := range [][]string{{"0002_x.sql"}, {"0001_x.sql", "0003_y.sql"}, {"first.sql"}} {
		files := fstest.MapFS{}
		for _, name := range names {
			files["migrations/"+name] = &fstest.MapFile{}
		}
		if _, err := migrations(files); err == nil {
			t.Errorf("%v were taken", names)
		}
	}
}

// TestImports holds the package's place in the house: of this module it knows the nouns only.
func TestImports(t *testing.T) {
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if p := strings.Trim(i.Path.Value, `"`); strings.HasPrefix(p, "dunlin/") && p != "dunlin/core/ledger" {
				t.Errorf("%s imports %s", name, p)
			}
		}
	}
}
