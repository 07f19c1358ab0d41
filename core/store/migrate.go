package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// appID marks a SQLite file as ours ("Dnln"). It must never change.
const appID = 0x446e6c6e

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered step of the file format. Once released it is never edited.
type migration struct {
	number int
	name   string
	sql    string
}

// migrations returns the steps in order: 1, 2, 3 without a gap.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		prefix, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		n, err := strconv.Atoi(prefix)
		if err != nil || n != len(out)+1 {
			return nil, fmt.Errorf("migration %s is not number %d", name, len(out)+1)
		}
		out = append(out, migration{n, name, string(body)})
	}
	return out, nil
}

// migrate brings the file up to the last of the steps. An existing file is copied beside itself first.
func migrate(ctx context.Context, db *sql.DB, path string, steps []migration) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	has, err := fileVersion(ctx, conn)
	if err != nil || has == len(steps) {
		return err
	}
	if has > len(steps) {
		return errNewer(path, has, len(steps))
	}
	if has > 0 {
		if err := copyFile(ctx, conn, fmt.Sprintf("%s.version-%d", path, has)); err != nil {
			return fmt.Errorf("copying the data file before its format changes: %w", err)
		}
	}
	// Tables are rebuilt by some steps, which would trip over foreign keys half-way; they are checked at
	// the end of each step instead. The switch has no effect inside a transaction.
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	for _, step := range steps[has:] {
		if err := step.run(ctx, conn); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	_, err = conn.ExecContext(ctx, "PRAGMA foreign_keys = ON")
	return err
}

func fileVersion(ctx context.Context, conn *sql.Conn) (n int, err error) {
	return n, conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n)
}

// run makes the step in one transaction, unless another process was faster.
func (m migration) run(ctx context.Context, conn *sql.Conn) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var has int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&has); err != nil {
		return err
	}
	if has >= m.number {
		return nil
	}
	if _, err := tx.ExecContext(ctx, m.sql); err != nil {
		return err
	}
	if err := checkForeignKeys(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", m.number, appID)); err != nil {
		return err
	}
	return tx.Commit()
}

func checkForeignKeys(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		var table, parent string
		var row, fk sql.NullInt64
		if err := rows.Scan(&table, &row, &parent, &fk); err != nil {
			return err
		}
		return fmt.Errorf("a row of %s points to nothing in %s", table, parent)
	}
	return rows.Err()
}

// copyFile writes a complete copy of the database, readable by its owner only, in place of an older copy.
func copyFile(ctx context.Context, conn *sql.Conn, to string) error {
	temp := to + ".part"
	if err := os.Remove(temp); err != nil && !os.IsNotExist(err) {
		return err
	}
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // VACUUM INTO fills an empty file
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", temp); err != nil {
		os.Remove(temp)
		return err
	}
	if err := syncFile(temp); err != nil {
		return err
	}
	return os.Rename(temp, to)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
