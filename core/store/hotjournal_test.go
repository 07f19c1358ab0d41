package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
)

// A program that was killed while it made the file leaves a journal behind, and SQLite rolls the file back with it. A
// look that only reads may not do that and must not take the file for one that cannot be written.
func TestOpenAfterAKillWhileTheFileWasMade(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	path := filepath.Join(from, FileName)
	db, err := sql.Open("sqlite", dsn(path, "mode=rwc&_journal_mode=DELETE&_pragma=cache_size(2)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{"PRAGMA application_id = 0", "CREATE TABLE kept (x)", "DROP TABLE kept", "BEGIN IMMEDIATE", "CREATE TABLE half (x)",
		"INSERT INTO half WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT randomblob(200) FROM n"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(statement, err)
		}
	}
	for _, name := range []string{FileName, FileName + "-journal"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %d bytes, %v; the test shows nothing", name, len(b), err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := Peek(bg, to); err != nil {
		t.Error("peek:", err)
	}
	s := openStore(t, to)
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "k", "v") })
}
