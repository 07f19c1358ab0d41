package gui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dunlin/assets"
	"dunlin/core"
	"dunlin/core/ledger"
)

// sources parses every file of the window that is not a test.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(set, path, nil, 0)
		files[path] = f
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestEveryKeyIsTranslated holds the words in the code and the words in the files together.
func TestEveryKeyIsTranslated(t *testing.T) {
	used := map[string]bool{}
	for path, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "lang" || (sel.Sel.Name != "L" && sel.Sel.Name != "N") {
				return true
			}
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: a key is not written out", path)
				return true
			}
			key, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Error(err)
			}
			used[key] = true
			return true
		})
	}
	if len(used) < 300 {
		t.Fatalf("only %d keys were found", len(used))
	}
	list, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil || len(list) == 0 {
		t.Fatal("no translations", err)
	}
	for _, name := range list {
		data, err := assets.Translations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var have map[string]any
		if err := json.Unmarshal(data, &have); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key := range used {
			if _, ok := have[key]; !ok {
				t.Errorf("%s lacks %q", name, key)
			}
		}
		for key := range have {
			if !used[key] {
				t.Errorf("%s has %q, which nothing uses", name, key)
			}
		}
	}
}

// TestImports holds the window apart from what is below the core.
func TestImports(t *testing.T) {
	for path, f := range sources(t) {
		for _, spec := range f.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			for _, no := range []string{"database/sql", "net/http", "net/smtp", "fyne.io/fyne/v2/app", "dunlin/core/store", "dunlin/core/mail", "dunlin/core/accountsiq", "dunlin/core/pull", "dunlin/core/outbox", "dunlin/core/secret"} {
				if name == no {
					t.Errorf("%s imports %s", path, no)
				}
			}
		}
	}
	if _, err := os.Stat("window.go"); err != nil {
		t.Fatal(err)
	}
}

func TestFormat(t *testing.T) {
	ie := newFormat(core.Account{Country: "IE", Timezone: "Europe/Dublin"})
	us := newFormat(core.Account{Country: "US", Timezone: "America/New_York"})
	today := ledger.NewDate(2026, 6, 15)
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct{ name, got, want string }{
		{"euro", ie.amount(core.Amount{Currency: "EUR", Amount: "1234.50"}), "€1,234.50"},
		{"yen has no cents", ie.minor(500, "JPY"), "JP¥500"},
		{"dinar has three", ie.minor(1234, "KWD"), "KWD 1.234"},
		{"an unknown currency is shown as it is", ie.amount(core.Amount{Currency: "XQQ", Amount: "1.00"}), "1.00 XQQ"},
		{"sums stay apart", ie.amounts([]core.Amount{{Currency: "EUR", Amount: "1.00"}, {Currency: "GBP", Amount: "2.00"}}), "€1.00 · £2.00"},
		{"date", ie.date(today), "15 Jun 2026"},
		{"date in the US", us.date(today), "Jun 15, 2026"},
		{"this year is left out", ie.short(today, today), "15 Jun"},
		{"another year is not", ie.short(ledger.NewDate(2025, 12, 26), today), "26 Dec ’25"},
		{"local clock", ie.moment(now, now), "Mon 15 Jun, 13:00"},
		{"today", ie.past(now, now), "Today, 13:00"},
		{"yesterday", ie.past(now.AddDate(0, 0, -1), now), "Yesterday, 13:00"},
		{"number", ie.number(100000), "100,000"},
		{"one message", ie.messages(1), "1 message"},
		{"many messages", ie.messages(1200), "1,200 messages"},
		{"before due", ie.step(-7), "7 days before due"},
		{"one day", ie.step(1), "1 day after due"},
		{"ago", ie.ago(now.Add(-4*time.Minute), now), "4 min ago"},
	} {
		if strings.ReplaceAll(x.got, "\u00a0", " ") != x.want {
			t.Errorf("%s: %q, want %q", x.name, x.got, x.want)
		}
	}
}
