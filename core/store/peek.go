package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
)

// Peek reads what the company of a data file is called, by its owner's word or else by AccountsIQ's, and which company
// it is, both "" where the file does not say. It leaves the file as it is, also one of an older format, and asks for no
// lock. A damaged, foreign or newer file is refused as by Open.
func Peek(ctx context.Context, dir string) (name, entity string, err error) {
	path := filepath.Join(dir, FileName)
	defer func() { err = explain(path, err) }()
	steps, err := migrations(migrationFiles)
	if err != nil {
		return "", "", err
	}
	log := hasLog(path)
	h, err := readHeader(path)
	if err != nil || h.empty {
		return "", "", err
	}
	if err := h.check(path, log); err != nil {
		return "", "", err
	}
	if hasJournal(path) {
		return "", "", nil // a program was stopped while it made the file; it says nothing yet
	}
	// Only what is in the file itself can be read without a side file, which reading beside a writer needs. Should
	// a writer come up in this very moment, the second way is right.
	ways := []string{"mode=ro&immutable=1", "mode=ro&_busy_timeout=5000"}
	if log {
		ways = ways[1:]
	}
	for _, way := range ways {
		var refused *Error
		if name, entity, err = peek(ctx, path, way, len(steps)); err == nil || errors.As(err, &refused) {
			break
		}
	}
	return name, entity, err
}

func peek(ctx context.Context, path, way string, knows int) (name, entity string, err error) {
	db, err := sql.Open("sqlite", dsn(path, way+"&_query_only=1&_dqs=0"))
	if err != nil {
		return "", "", err
	}
	defer db.Close()
	made, err := isOurs(ctx, db, path, knows)
	if err != nil || !made {
		return "", "", err
	}
	err = db.QueryRowContext(ctx, `SELECT
		coalesce((SELECT value FROM settings WHERE key = 'account.name' AND value <> ''), (SELECT name FROM company), ''),
		coalesce((SELECT value FROM settings WHERE key = 'connection.company' AND value <> ''), (SELECT entity FROM company), '')`).Scan(&name, &entity)
	return name, entity, err
}
