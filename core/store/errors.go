package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The kinds of errors that a caller tells apart, by errors.Is. Those that a user can meet come as *Error.
var (
	ErrLocked   = errors.New("data folder in use")
	ErrNewer    = errors.New("data file of a newer program")
	ErrForeign  = errors.New("not a data file of this program")
	ErrCorrupt  = errors.New("data file damaged")
	ErrReadOnly = errors.New("data folder not writable")
	ErrDiskFull = errors.New("disk full")
	ErrBusy     = errors.New("data file busy")

	ErrNotFound = errors.New("not stored")
	ErrExists   = errors.New("already stored")
)

// Error is a failure of the data file in words for the owner.
type Error struct {
	Code    string // stable, such as "disk_full"
	Message string // one plain sentence
	Hint    string // the next step
	kind    error
	cause   error
}

// Error returns the plain sentence.
func (e *Error) Error() string { return e.Message }

// Problem returns what the owner is told: the stable code, the sentence, the next step.
func (e *Error) Problem() (code, message, hint string) { return e.Code, e.Message, e.Hint }

// Unwrap returns the kind, such as ErrDiskFull, and the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

func errLocked(dir string) error {
	return &Error{Code: "locked", kind: ErrLocked,
		Message: fmt.Sprintf("Another copy of Dunlin is syncing or sending from the data folder %s.", dir),
		Hint:    "Wait until it has finished, or close it, and try again."}
}

func errNewer(path string, has, knows int) error {
	return &Error{Code: "newer_file", kind: ErrNewer,
		Message: fmt.Sprintf("The data file %s was written by a newer Dunlin (file version %d, this program knows %d).", path, has, knows),
		Hint:    "Install the newest Dunlin and open the folder with it."}
}

func errForeign(path string) error {
	return &Error{Code: "foreign_file", kind: ErrForeign,
		Message: fmt.Sprintf("The file %s is not a data file of Dunlin.", path),
		Hint:    "Move it away or choose another data folder. Nothing was changed."}
}

func errCorrupt(path string, cause error) error {
	return &Error{Code: "damaged_file", kind: ErrCorrupt, cause: cause,
		Message: fmt.Sprintf("The data file %s is damaged.", path),
		Hint:    "Restore a backup with \"dunlin restore\". The damaged file was left as it is."}
}

func errReadOnly(path string, cause error) error {
	return &Error{Code: "read_only", kind: ErrReadOnly, cause: cause,
		Message: fmt.Sprintf("Dunlin may not write to %s.", path),
		Hint:    "Check that the data folder belongs to you and is not write-protected, or choose another one."}
}

func errDiskFull(path string, cause error) error {
	return &Error{Code: "disk_full", kind: ErrDiskFull, cause: cause,
		Message: fmt.Sprintf("The disk that holds %s is full.", path),
		Hint:    "Free some space and try again. What was stored before is safe."}
}

func errBusy(path string, cause error) error {
	return &Error{Code: "busy", kind: ErrBusy, cause: cause,
		Message: fmt.Sprintf("Another program has been writing to %s for too long.", path),
		Hint:    "Wait a moment and try again. If it stays so, close other copies of Dunlin."}
}

// explain puts an error of the database or the file system into words where the owner can do something
// about it, and leaves others as they are.
func explain(path string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var db *sqlite.Error
	if errors.As(err, &db) {
		switch db.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return errDiskFull(path, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return errReadOnly(path, err)
		case sqlite3.SQLITE_CORRUPT:
			return errCorrupt(path, err)
		case sqlite3.SQLITE_NOTADB:
			return errForeign(path)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return errBusy(path, err)
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return errDiskFull(path, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return errReadOnly(path, err)
	}
	return err
}

// violates reports whether err is a breach of a UNIQUE or PRIMARY KEY constraint.
func violates(err error) bool {
	var db *sqlite.Error
	if !errors.As(err, &db) {
		return false
	}
	return db.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || db.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}
