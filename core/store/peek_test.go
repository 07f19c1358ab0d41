package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dunlin/core/ledger"
)

// traces lists the files of a folder with their sizes and times.
func traces(t *testing.T, dir string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(f.Name(), info.Size(), info.ModTime().UnixNano()))
	}
	return out
}

func wantPeek(t *testing.T, dir, name, entity string) {
	t.Helper()
	gotName, gotEntity, err := Peek(bg, dir)
	if err != nil || gotName != name || gotEntity != entity {
		t.Errorf("%q, %q, %v; want %q, %q", gotName, gotEntity, err, name, entity)
	}
}

func TestPeekLeavesEveryVersionAsItIs(t *testing.T) {
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
		write(t, s, func(tx *Tx) error { return tx.SetCompany(bg, ledger.Company{ID: "CURLEW01", Name: "Curlew Ltd"}) })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before := traces(t, dir)
		wantPeek(t, dir, "Curlew Ltd", "CURLEW01")
		if after := traces(t, dir); !slices.Equal(after, before) {
			t.Errorf("version %d: the folder was\n%q and is\n%q", has, before, after)
		}
	}
}

func TestPeekBesideAWriter(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	wantPeek(t, dir, "", "")
	write(t, s, func(tx *Tx) error { return tx.SetCompany(bg, ledger.Company{ID: "CURLEW01", Name: "Curlew Ltd"}) })
	wantPeek(t, dir, "Curlew Ltd", "CURLEW01") // it is in the log only
	err := s.Tx(bg, func(tx *Tx) error {
		if err := tx.SetSetting(bg, "account.name", "Half a name"); err != nil {
			return err
		}
		wantPeek(t, dir, "Curlew Ltd", "CURLEW01")
		return errors.New("thought better of it")
	})
	if err == nil {
		t.Fatal("stored")
	}
	lease, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	write(t, s, func(tx *Tx) error { return tx.SetSetting(bg, "account.name", "Curlew Office Supplies") })
	wantPeek(t, dir, "Curlew Office Supplies", "CURLEW01")
}

func TestPeekRefusesWhatOpenRefuses(t *testing.T) {
	fill := func(name string, body []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole := func(t *testing.T, dir string) string {
		s, err := Open(bg, dir, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, FileName)
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string)
		want error
	}{
		{"foreign", fill(FileName, []byte(strings.Repeat("not a database ", 20))), ErrForeign},
		{"short", fill(FileName, []byte("x")), ErrForeign},
		{"empty", fill(FileName, nil), nil},
		{"cut", func(t *testing.T, dir string) {
			if err := os.Truncate(whole(t, dir), 8192); err != nil {
				t.Fatal(err)
			}
		}, ErrCorrupt},
		{"newer", func(t *testing.T, dir string) {
			whole(t, dir)
			s := openStore(t, dir)
			if _, err := s.writer.Exec("PRAGMA user_version = 900"); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}, ErrNewer},
		{"missing", func(*testing.T, string) {}, os.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			before := traces(t, dir)
			name, entity, err := Peek(bg, dir)
			if !errors.Is(err, c.want) || name+entity != "" {
				t.Errorf("%q, %q, %v; want %v", name, entity, err, c.want)
			}
			if after := traces(t, dir); !slices.Equal(after, before) {
				t.Errorf("the folder was\n%q and is\n%q", before, after)
			}
			if c.want == nil || c.want == os.ErrNotExist {
				return // Open makes the file
			}
			s, err := Open(bg, dir, testOptions())
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("Open: %v", err)
			}
		})
	}
}
