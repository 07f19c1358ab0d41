package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// pkg is one package and what it imports, tests left out.
type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// graph is every package that the program is made of, by import path.
type graph map[string]pkg

const (
	house    = "dunlin"
	fyneRoot = "fyne.io/fyne/v2"
	fyneApp  = fyneRoot + "/app"
	modernc  = "modernc.org"
	chasePkg = house + "/core/chase"
)

// within reports whether path is root or below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// anyOf matches a path that is one of roots or below one of them.
func anyOf(roots ...string) func(string) bool {
	return func(path string) bool {
		return slices.ContainsFunc(roots, func(r string) bool { return within(path, r) })
	}
}

// exactly matches one of the paths, not what lies below it.
func exactly(paths ...string) func(string) bool {
	return func(path string) bool { return slices.Contains(paths, path) }
}

// but is what the first matches and the second does not.
func but(yes, no func(string) bool) func(string) bool {
	return func(path string) bool { return yes(path) && !no(path) }
}

var (
	ours     = anyOf(house)
	database = anyOf("database", modernc, "github.com/mattn/go-sqlite3", "github.com/ncruces/go-sqlite3")
)

// rule is one arrow that may not be drawn: from any package that from matches to any that to matches.
type rule struct {
	name string
	from func(string) bool
	to   func(string) bool
	deep bool // neither directly nor through others
}

// rules is the house of the design as arrows that are missing from it.
func rules() []rule {
	core := func(names ...string) func(string) bool {
		for i, n := range names {
			names[i] = house + "/core/" + n
		}
		return anyOf(names...)
	}
	upwards := but(ours, anyOf(house+"/core/ledger"))
	return []rule{
		{"core knows no Fyne", anyOf(house + "/core"), anyOf(fyneRoot), true},
		{"the command line and the demo know no Fyne", anyOf(house+"/cli", house+"/demo"), anyOf(fyneRoot), true},
		{"only the start-up opens a Fyne application", but(ours, exactly(house)), anyOf(fyneApp), true},
		{"the window knows no SQL, HTTP or SMTP", anyOf(house + "/gui"), anyOf("database", modernc, "net/http", "net/smtp",
			"github.com/emersion/go-smtp"), false},
		{"the window knows core and nothing that does its work", anyOf(house + "/gui"),
			core("accountsiq", "pull", "outbox", "mail", "store", "secret"), false},
		{"core knows no face", anyOf(house + "/core"), anyOf(house+"/gui", house+"/cli", house+"/demo"), true},
		{"the faces do not know each other", anyOf(house + "/gui"), anyOf(house + "/cli"), true},
		{"the faces do not know each other", anyOf(house + "/cli"), anyOf(house + "/gui"), true},
		{"ledger imports nothing of ours", core("ledger"), but(ours, core("ledger")), true},
		{"chase knows only ledger", core("chase"), but(ours, core("ledger", "chase")), true},
		{"chase and ledger do no input or output", core("chase", "ledger"), anyOf("os", "net", "database", "syscall", "time/tzdata",
			"os/exec", "log", "embed", "io/ioutil", "math/rand", "crypto/rand", modernc), false},
		{"only the store knows SQL", but(ours, core("store")), database, false},
		{"only mail speaks SMTP", but(ours, core("mail")), anyOf("net/smtp", "github.com/emersion/go-smtp"), false},
		{"only accountsiq and core's start-up speak HTTP", but(ours, but(anyOf(house+"/core/accountsiq", house+"/core"),
			core("chase", "ledger", "pull", "outbox", "mail", "store", "secret", "report"))), anyOf("net/http"), false},
		{"the server for tests shares nothing with the client", core("accountsiq/aiqtest"), exactly(house + "/core/accountsiq"), true},
		{"the client does not know the server for tests", exactly(house + "/core/accountsiq"), core("accountsiq/aiqtest"), true},
		{"store does not look up", core("store"), but(upwards, core("store")), true},
		{"mail does not look up", core("mail"), but(upwards, core("mail")), true},
		{"secret does not look up", core("secret"), but(upwards, core("secret")), true},
		{"accountsiq does not look up", core("accountsiq"), but(upwards, core("accountsiq")), true},
		{"copies does not look up", core("copies"), but(upwards, core("copies")), true},
		{"pull does not look up or aside", core("pull"), but(ours, core("pull", "accountsiq", "store", "ledger", "chase")), true},
		{"outbox does not look up or aside", core("outbox"), but(ours, core("outbox", "mail", "store", "ledger", "chase")), true},
	}
}

// breaches lists every broken rule with the arrow that breaks it, or the way to it.
func breaches(g graph, rs []rule) []string {
	var out []string
	for _, path := range sortedPaths(g) {
		for _, r := range rs {
			if !r.from(path) {
				continue
			}
			if way := g.way(path, r); way != nil {
				out = append(out, r.name+": "+strings.Join(way, " -> "))
			}
		}
	}
	return out
}

func sortedPaths(g graph) []string {
	out := make([]string, 0, len(g))
	for path := range g {
		out = append(out, path)
	}
	sort.Strings(out)
	return out
}

// way finds the shortest chain of imports from a package to one that the rule forbids it.
func (g graph) way(from string, r rule) []string {
	ways := [][]string{{from}}
	seen := map[string]bool{from: true}
	for len(ways) > 0 {
		way := ways[0]
		ways = ways[1:]
		for _, next := range g[way[len(way)-1]].Imports {
			if seen[next] {
				continue
			}
			seen[next] = true
			longer := append(slices.Clone(way), next)
			if r.to(next) {
				return longer
			}
			if r.deep {
				ways = append(ways, longer)
			}
		}
	}
	return nil
}

// loadGraph asks the go command for all packages of the module and what they depend on. -e is there because
// the window's driver has no Go files without cgo.
func loadGraph(t *testing.T, tags string) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-tags", tags, "-json=ImportPath,Imports,Standard", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	g := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		g[p.ImportPath] = p
	}
	for _, must := range []string{house, house + "/core", chasePkg, house + "/gui", house + "/cli"} {
		if len(g[must].Imports) == 0 {
			t.Fatalf("go list does not know what %s imports; it knows %d packages", must, len(g))
		}
	}
	return g
}

func TestImportRules(t *testing.T) {
	for _, b := range breaches(loadGraph(t, ""), rules()) {
		t.Error(b)
	}
}

// The command-line build for servers is static: nothing of Fyne, nothing that needs C.
func TestHeadlessBuildHasNoWindow(t *testing.T) {
	g := loadGraph(t, "headless")
	noWindow := rule{"the build without a window has none", exactly(house), anyOf(fyneRoot, house+"/gui", "github.com/go-gl"), true}
	for _, b := range breaches(g, []rule{noWindow}) {
		t.Error(b)
	}
}

// The checker itself: each made-up house breaks the one rule that it is named by, and the whole one none.
func TestBreachesAreFound(t *testing.T) {
	for _, c := range []struct {
		rule  string
		arrow string // "from to", beside the arrows of a house in order
		want  string // the way, where it is longer than the arrow
	}{
		{"core knows no Fyne", "dunlin/core/report fyne.io/fyne/v2/theme", ""},
		{"core knows no Fyne", "dunlin/core/ledger github.com/friend/fynekit", "dunlin/core/ledger -> github.com/friend/fynekit -> fyne.io/fyne/v2"},
		{"the command line and the demo know no Fyne", "dunlin/cli fyne.io/fyne/v2", ""},
		{"only the start-up opens a Fyne application", "dunlin/gui fyne.io/fyne/v2/app", ""},
		{"the window knows no SQL, HTTP or SMTP", "dunlin/gui/kit database/sql", ""},
		{"the window knows no SQL, HTTP or SMTP", "dunlin/gui net/http", ""},
		{"the window knows no SQL, HTTP or SMTP", "dunlin/gui net/smtp", ""},
		{"the window knows no SQL, HTTP or SMTP", "dunlin/gui modernc.org/sqlite", ""},
		{"the window knows core and nothing that does its work", "dunlin/gui dunlin/core/store", ""},
		{"core knows no face", "dunlin/core dunlin/gui", ""},
		{"the faces do not know each other", "dunlin/cli dunlin/gui", ""},
		{"ledger imports nothing of ours", "dunlin/core/ledger dunlin/core/chase", ""},
		{"chase knows only ledger", "dunlin/core/chase dunlin/core/store", ""},
		{"chase and ledger do no input or output", "dunlin/core/chase os", ""},
		{"chase and ledger do no input or output", "dunlin/core/chase net/http", ""},
		{"chase and ledger do no input or output", "dunlin/core/chase time/tzdata", ""},
		{"chase and ledger do no input or output", "dunlin/core/chase database/sql", ""},
		{"only the store knows SQL", "dunlin/core/outbox modernc.org/sqlite", ""},
		{"only the store knows SQL", "dunlin/core database/sql", ""},
		{"only mail speaks SMTP", "dunlin/core/outbox github.com/emersion/go-smtp", ""},
		{"only accountsiq and core's start-up speak HTTP", "dunlin/core/pull net/http", ""},
		{"the server for tests shares nothing with the client", "dunlin/core/accountsiq/aiqtest dunlin/core/accountsiq", ""},
		{"the client does not know the server for tests", "dunlin/core/accountsiq dunlin/core/accountsiq/aiqtest", ""},
		{"store does not look up", "dunlin/core/store dunlin/core/outbox", ""},
		{"mail does not look up", "dunlin/core/mail dunlin/core/secret", ""},
		{"secret does not look up", "dunlin/core/secret dunlin/core", ""},
		{"accountsiq does not look up", "dunlin/core/accountsiq dunlin/core/pull", ""},
		{"copies does not look up", "dunlin/core/copies dunlin/core/store", ""},
		{"pull does not look up or aside", "dunlin/core/pull dunlin/core/outbox", ""},
		{"outbox does not look up or aside", "dunlin/core/outbox dunlin/core/pull", ""},
	} {
		t.Run(c.arrow, func(t *testing.T) {
			g := madeUpHouse()
			from, to, _ := strings.Cut(c.arrow, " ")
			g.add(from, to)
			want := c.rule + ": " + strings.ReplaceAll(c.arrow, " ", " -> ")
			if c.want != "" {
				want = c.rule + ": " + c.want
			}
			if got := breaches(g, rules()); !slices.Contains(got, want) {
				t.Errorf("not found: %s\nfound: %q", want, got)
			}
		})
	}
	if got := breaches(madeUpHouse(), rules()); got != nil {
		t.Errorf("a house in order breaks %q", got)
	}
}

// Every rule must have a made-up breach, so that none of them matches nothing.
func TestEveryRuleCanBreak(t *testing.T) {
	for _, r := range rules() {
		g := madeUpHouse()
		for _, from := range sortedPaths(g) {
			for _, to := range append(sortedPaths(g), "database/sql", "net/http", "net/smtp", "os") {
				g.add(from, to)
			}
		}
		if breaches(g, []rule{r}) == nil {
			t.Errorf("no arrow at all breaks %q", r.name)
		}
	}
}

func (g graph) add(from string, to ...string) {
	p := g[from]
	p.ImportPath, p.Imports = from, append(slices.Clone(p.Imports), to...)
	g[from] = p
}

// madeUpHouse is a small house with every arrow that may be drawn.
func madeUpHouse() graph {
	g := graph{}
	for from, to := range map[string]string{
		"dunlin":                         "dunlin/gui dunlin/cli dunlin/demo dunlin/core dunlin/core/secret fyne.io/fyne/v2/app os",
		"dunlin/gui":                     "dunlin/core dunlin/core/ledger dunlin/gui/kit fyne.io/fyne/v2",
		"dunlin/gui/kit":                 "fyne.io/fyne/v2/widget",
		"dunlin/cli":                     "dunlin/core os",
		"dunlin/demo":                    "dunlin/core dunlin/core/accountsiq/aiqtest dunlin/core/mail/mailtest os",
		"dunlin/core":                    "dunlin/core/pull dunlin/core/outbox dunlin/core/chase dunlin/core/report dunlin/core/copies net/http os",
		"dunlin/core/report":             "dunlin/core/ledger",
		"dunlin/core/pull":               "dunlin/core/accountsiq dunlin/core/store",
		"dunlin/core/outbox":             "dunlin/core/mail dunlin/core/store os",
		"dunlin/core/accountsiq":         "dunlin/core/ledger net/http",
		"dunlin/core/accountsiq/aiqtest": "dunlin/core/ledger net/http",
		"dunlin/core/mail":               "github.com/emersion/go-smtp net",
		"dunlin/core/mail/mailtest":      "net",
		"dunlin/core/store":              "dunlin/core/ledger modernc.org/sqlite database/sql",
		"dunlin/core/copies":             "os",
		"dunlin/core/secret":             "github.com/zalando/go-keyring",
		"dunlin/core/chase":              "dunlin/core/ledger time",
		"dunlin/core/ledger":             "time",
		"github.com/friend/fynekit":      "fyne.io/fyne/v2",
		"fyne.io/fyne/v2/app":            "fyne.io/fyne/v2 net/http",
	} {
		g.add(from, strings.Fields(to)...)
	}
	return g
}

// Only start_window.go may import Fyne's application, so that every other file builds without cgo.
func TestOneFileOpensTheApplication(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		for _, imported := range importsOf(t, name) {
			if imported != fyneApp {
				continue
			}
			if found++; name != "start_window.go" {
				t.Errorf("%s imports %s; only start_window.go may", name, fyneApp)
			}
		}
	}
	if found == 0 {
		t.Error("no file imports Fyne's application; then this test looks for the wrong thing")
	}
}

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, path)
	}
	return out
}

// Time is passed in: what decides, reads or sends never asks the clock of the computer itself.
func TestNoClockWhereTimeIsPassedIn(t *testing.T) {
	for _, dir := range []string{"core/ledger", "core/chase", "core/pull", "core/outbox"} {
		files, err := filepath.Glob(filepath.FromSlash(dir) + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no files: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range clockUses(t, name, src) {
				t.Error(found)
			}
		}
	}
}

func TestClockUsesAreFound(t *testing.T) {
	src := "package p\nimport tm \"time\"\nvar a = tm.Now()\nfunc f(now tm.Time) tm.Duration { tm.Sleep(1); return tm.Until(now) }\n"
	want := []string{"p.go:3: time.Now", "p.go:4: time.Sleep", "p.go:4: time.Until"}
	if got := clockUses(t, "p.go", []byte(src)); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// clockUses finds what asks the clock of the computer or waits on it.
func clockUses(t *testing.T, name string, src []byte) []string {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	local := ""
	for _, i := range f.Imports {
		if i.Path.Value == `"time"` {
			if local = "time"; i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || local == "" {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && x.Name == local && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTicker"}, sel.Sel.Name) {
			out = append(out, fmt.Sprintf("%s:%d: time.%s", name, set.Position(sel.Pos()).Line, sel.Sel.Name))
		}
		return true
	})
	return out
}

// private are the marks of one particular computer or network, which have no place in a public repository. They
// are put together from halves so that this file does not carry them itself.
var private = []*regexp.Regexp{
	regexp.MustCompile(`(^|[^\w.<-])/(home|Us` + `ers)/[\w.-]+/`),
	regexp.MustCompile(`(^|[^\w.$}/-])/(ro` + `ot|wo` + `rk|works` + `pace)/[\w.-]`),
	regexp.MustCompile(`(?i)[a-z]:\\Us` + `ers\\`),
	regexp.MustCompile(`(?i)\b[\w.-]*(gopr` + `oxy|artif` + `actory|nex` + `us|regis` + `try|mir` + `ror|pro` + `xy)[\w-]*(\.[\w-]+)*\.(com|org|net|io|dev|cloud|internal|local|lan|corp)\b`),
}

// privateMarks lists the lines of a text that carry such a mark.
func privateMarks(name string, text []byte) []string {
	var out []string
	for i, line := range strings.Split(string(text), "\n") {
		for _, p := range private {
			if found := p.FindString(line); found != "" {
				out = append(out, fmt.Sprintf("%s:%d: %q", name, i+1, found))
			}
		}
	}
	return out
}

func TestNoMarksOfOneComputer(t *testing.T) {
	files := repositoryFiles(t)
	if len(files) < 50 {
		t.Fatalf("only %d files to look at", len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted but not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text, 0) >= 0 {
			continue // a picture
		}
		for _, found := range privateMarks(name, text) {
			t.Errorf("%s is of one computer or network", found)
		}
	}
}

// repositoryFiles lists what is or would be committed.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err == nil {
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	}
	var names []string
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "build", "dist"}, path):
			return filepath.SkipDir
		case d.Type().IsRegular():
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPrivateMarksAreFound(t *testing.T) {
	for _, bad := range []string{
		"see /ho" + "me/niamh/dunlin/main.go", `path := "/Us` + `ers/niamh/go/bin"`, `C:\Us` + `ers\niamh`, "cd /ro" + "ot/go", "go build /wo" + "rk/main",
		"GOPROXY=https://gopr" + "oxy.example-company.com", "https://regis" + "try.npmjs.org/x", "pro" + "xy.golang.org", "art.artif" + "actory.internal",
	} {
		if privateMarks("x", []byte(bad)) == nil {
			t.Errorf("not found: %s", bad)
		}
	}
	for _, good := range []string{
		"fyne.io/fyne/v2/app", "~/.local/share/dunlin", "https://eu1.accountsiq.com/dashboard", "/usr/local/go/bin", "$HOME/go", `filepath.Join(root, "work/x")`,
		"golang.org/x/sys/windows/registry", "a /tmp/x file", "<a href=/home>",
	} {
		if got := privateMarks("x", []byte(good)); got != nil {
			t.Errorf("%s was taken for private: %q", good, got)
		}
	}
}
