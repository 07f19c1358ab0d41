package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// FileName is the name of the data file in a company's folder.
const FileName = "dunlin.db"

// Options holds what the store takes from outside.
type Options struct {
	Now   func() time.Time
	NewID func() string // a new random id: of the folder, and of whatever a caller stores without one
}

// Store is one company's open data file. Its methods may be called from any goroutine.
type Store struct {
	dir, path string
	folderID  string
	now       func() time.Time
	writer    *sql.DB // one connection
	readers   *sql.DB
}

// Open opens the data file in dir and brings its format up to date; folder and file are made when they are
// not there, for their owner only. A damaged, foreign or newer file is refused and left as it is.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return nil, err
	}
	return open(ctx, dir, o, steps)
}

func open(ctx context.Context, dir string, o Options, steps []migration) (_ *Store, err error) {
	s := &Store{dir: dir, path: filepath.Join(dir, FileName), now: o.Now}
	defer func() { err = explain(s.path, err) }()
	if err := prepareFile(dir, s.path); err != nil {
		return nil, err
	}
	if err := checkFile(ctx, s.path, len(steps)); err != nil {
		return nil, err
	}
	if s.writer, err = openWriter(ctx, s.path); err != nil {
		return nil, err
	}
	if err := s.begin(ctx, o, steps); err != nil {
		s.writer.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) begin(ctx context.Context, o Options, steps []migration) error {
	if err := migrate(ctx, s.writer, s.path, steps); err != nil {
		return err
	}
	if err := s.identify(ctx, o.NewID); err != nil {
		return err
	}
	var err error
	s.readers, err = sql.Open("sqlite", dsn(s.path, "mode=ro&_query_only=1&_busy_timeout=5000&_dqs=0&_pragma=cache_size(-16384)&_pragma=temp_store(memory)"))
	if err != nil {
		return err
	}
	s.readers.SetMaxOpenConns(4)
	s.readers.SetMaxIdleConns(4)
	return nil
}

// dsn names a file for the driver. Without "file:" it would drop mode=ro without a word.
func dsn(path, options string) string {
	u := url.URL{Scheme: "file", Opaque: url.PathEscape(filepath.ToSlash(path)), RawQuery: options}
	return u.String()
}

// openWriter opens the one writing connection. Its cache holds a page of 10,000 rows on its way in; beyond it a
// transaction is written to the log piece by piece before its end, which costs nothing that can be measured, while
// each page in the cache takes twice its size in memory (the driver rounds up to powers of two). Every commit is forced to the disk: that costs a few
// milliseconds and there are few commits, so the outbox's need is everybody's rule.
func openWriter(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "mode=rw&_busy_timeout=5000&_fk=1&_journal_mode=WAL&_synchronous=FULL&_dqs=0&_txlock=immediate&_pragma=cache_size(-16384)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	// Two processes that open a new file at once meet in the switch to WAL, where waiting is not built in.
	for try := 0; ; try++ {
		err = db.PingContext(ctx)
		if err == nil || try == 50 || !errors.Is(explain(path, err), ErrBusy) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// prepareFile makes folder and file with the right permissions before SQLite does with the umask's; its
// side files take after the file.
func prepareFile(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for name, mode := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&0o077 == 0 {
			continue // side files may be missing
		}
		if err := os.Chmod(name, mode); err != nil {
			return err
		}
	}
	return nil
}

// header is what the first 100 bytes of a SQLite file say.
type header struct {
	empty  bool
	sqlite bool
	pages  int64 // 0 when the file does not say
	page   int64
	size   int64 // of the file
}

func readHeader(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return header{}, err
	}
	h := header{size: info.Size(), empty: info.Size() == 0}
	var b [100]byte
	if _, err := io.ReadFull(f, b[:]); err != nil {
		return h, nil // too short for a database
	}
	h.sqlite = string(b[:16]) == "SQLite format 3\x00"
	h.page = int64(binary.BigEndian.Uint16(b[16:]))
	if h.page == 1 {
		h.page = 65536
	}
	if [4]byte(b[24:28]) == [4]byte(b[92:96]) {
		h.pages = int64(binary.BigEndian.Uint32(b[28:]))
	}
	return h, nil
}

// hasLog reports whether there is a write-ahead log beside the file, of a program that works on it or was killed.
func hasLog(path string) bool {
	wal, err := os.Stat(path + "-wal")
	return err == nil && wal.Size() > 0
}

// check refuses a file that is not a database or was cut short. With a write-ahead log beside it the file may be
// behind its own header for a good reason.
func (h header) check(path string, log bool) error {
	switch {
	case !h.sqlite:
		return errForeign(path)
	case !log && h.pages*h.page > h.size:
		return errCorrupt(path, fmt.Errorf("%d bytes instead of %d", h.size, h.pages*h.page))
	}
	return nil
}

// checkFile refuses a file that is not ours, is newer than the program or was cut short. It only reads, unless a program
// was killed half-way in a change of the file: then SQLite has to roll it back first, and that needs writing.
func checkFile(ctx context.Context, path string, knows int) error {
	h, err := readHeader(path)
	if err != nil || h.empty {
		return err
	}
	if err := h.check(path, hasLog(path)); err != nil {
		return err
	}
	err = checkWith(ctx, path, "mode=ro&_query_only=1&_busy_timeout=5000", knows)
	if errors.Is(explain(path, err), ErrReadOnly) && hasJournal(path) {
		err = checkWith(ctx, path, "mode=rw&_busy_timeout=5000", knows)
	}
	return err
}

func checkWith(ctx context.Context, path, way string, knows int) error {
	db, err := sql.Open("sqlite", dsn(path, way))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = isOurs(ctx, db, path, knows)
	return err
}

// hasJournal reports whether a change of the file was cut off in the middle. We make such a journal only before the
// file is switched to its write-ahead log.
func hasJournal(path string) bool {
	journal, err := os.Stat(path + "-journal")
	return err == nil && journal.Size() > 0
}

// isOurs refuses a file of another program or of a newer one. made is false for a file without any table.
func isOurs(ctx context.Context, db *sql.DB, path string, knows int) (made bool, err error) {
	var app, has, tables int
	err = db.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)").
		Scan(&app, &has, &tables)
	switch {
	case err != nil:
		return false, err
	case app == 0 && has == 0 && tables == 0:
		return false, nil // made a moment ago, by a program that was stopped before the first table
	case app != appID:
		return false, errForeign(path)
	case has > knows:
		return false, errNewer(path, has, knows)
	}
	return true, nil
}

// identify reads the folder's id, which is made with the file.
func (s *Store) identify(ctx context.Context, newID func() string) error {
	if _, err := s.writer.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('folder_id', ?) ON CONFLICT DO NOTHING", newID()); err != nil {
		return err
	}
	return s.writer.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'folder_id'").Scan(&s.folderID)
}

// Close closes the file. Reads and writes must have ended.
func (s *Store) Close() error { return errors.Join(s.readers.Close(), s.writer.Close()) }

// FolderID returns the random id that was made with the file. A copy of the file has the same.
func (s *Store) FolderID() string { return s.folderID }

// Dir returns the folder of the file.
func (s *Store) Dir() string { return s.dir }

// Version counts the committed changes of what decisions depend on: customers, transactions, preferences,
// settings, schedules and messages. Other processes' commits count too.
func (s *Store) Version(ctx context.Context) (n int64, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT n FROM version").Scan(&n)
	return n, s.fail("reading the version", err)
}

// Backup writes a complete copy of the data to a file, in place of one that is there.
func (s *Store) Backup(ctx context.Context, to string) error {
	conn, err := s.readers.Conn(ctx)
	if err != nil {
		return s.fail("backing up", err)
	}
	defer conn.Close()
	// VACUUM INTO writes to the copy alone, which a query-only connection refuses all the same.
	if _, err := conn.ExecContext(ctx, "PRAGMA query_only = OFF"); err != nil {
		return s.fail("backing up", err)
	}
	err = copyFile(ctx, conn, to)
	_, again := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = ON")
	return explain(to, errors.Join(err, again))
}

// Restore puts a backup in the place of the data file of dir, after checking that it is whole and ours.
// The data that was there is kept beside it as "dunlin.db.replaced". Nobody may have the file open.
func Restore(ctx context.Context, dir, from string) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	h, err := readHeader(from)
	if err != nil {
		return explain(from, err)
	}
	if h.empty {
		return errForeign(from)
	}
	if err := checkFile(ctx, from, len(steps)); err != nil {
		return explain(from, err)
	}
	path := filepath.Join(dir, FileName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return explain(dir, err)
	}
	if err := copyWhole(ctx, from, path+".restored"); err != nil {
		return explain(from, err)
	}
	return explain(path, swapIn(ctx, path))
}

// copyWhole copies a database into one file, after looking through it for damage.
func copyWhole(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", dsn(from, "mode=ro&_busy_timeout=5000"))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return errCorrupt(from, errors.New(verdict))
	}
	return copyFile(ctx, conn, to)
}

// swapIn moves path+".restored" to path. A log of the old file must not be applied to the new one, so the
// old data goes away complete with its log first.
func swapIn(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err == nil {
		settle(ctx, path)
		for _, side := range []string{"-wal", "-shm", ""} {
			err := os.Rename(path+side, path+".replaced"+side)
			if err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return os.Rename(path+".restored", path)
}

// settle works the write-ahead log into its file, as the last one to close a file does, so that file and log
// cannot be parted. It is no matter when that fails: the file may be too damaged.
func settle(ctx context.Context, path string) {
	if db, err := openWriter(ctx, path); err == nil {
		db.Close()
	}
}

// fail says what was being done when err came, nil for nil. A missing row becomes ErrNotFound.
func (s *Store) fail(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	}
	if told := explain(s.path, err); told != err {
		return told
	}
	return fmt.Errorf("%s: %w", doing, err)
}
