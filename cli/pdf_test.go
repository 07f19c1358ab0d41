package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withInvoice is a terminal with one synced company, and the number of its invoice.
func withInvoice(t *testing.T) (x *terminal, number string) {
	x = newTerminal(t)
	x.place("uk1", "TERN")
	x.connect("TERN")
	if s := x.run("sync"); s.code != ExitDone {
		t.Fatalf("%+v", s)
	}
	var list []struct{ Number string }
	if s := x.run("invoices", "--json"); json.Unmarshal([]byte(s.out), &list) != nil || len(list) != 1 {
		t.Fatalf("%+v", s)
	}
	return x, list[0].Number
}

func isPDF(body string) bool {
	return strings.HasPrefix(body, "%PDF-") && strings.HasSuffix(strings.TrimSpace(body), "%%EOF")
}

func TestInvoicePDF(t *testing.T) {
	x, number := withInvoice(t)
	t.Chdir(t.TempDir())
	read := func(name string) string {
		t.Helper()
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	own := "Invoice " + number + ".pdf"
	if s := x.run("invoice", "pdf", number); s.code != ExitDone || s.out != "Written to "+own+".\n" || s.err != "" || !isPDF(read(own)) {
		t.Errorf("%+v", s)
	}
	if s := x.run("invoice", "pdf", number, "copy.pdf"); s.code != ExitDone || !isPDF(read("copy.pdf")) {
		t.Errorf("%+v", s)
	}
	var said struct {
		Number, File string
		Bytes        int
	}
	if s := x.run("invoice", "pdf", number, "third.pdf", "--json"); json.Unmarshal([]byte(s.out), &said) != nil || said.Number != number || said.File != "third.pdf" || said.Bytes != len(read("third.pdf")) {
		t.Errorf("%+v", s)
	}
	if s := x.run("invoice", "pdf", number, "-"); s.code != ExitDone || s.out != read(own) || s.err != "" {
		t.Errorf("standard output got %d bytes, %q", len(s.out), s.err)
	}
	// What is there already stays, by its own name and by a given one.
	for _, name := range []string{own, "mine.pdf"} {
		if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		line := []string{"invoice", "pdf", number, name, "--json"}
		if name == own {
			line = []string{"invoice", "pdf", number, "--json"}
		}
		if s := x.run(line...); s.code != ExitFailed || !strings.Contains(s.out, `"file_exists"`) || !strings.Contains(s.err, "There is a file "+name+" already; it was left as it is. Give another name, or - for standard output.") || read(name) != "mine" {
			t.Errorf("%+v", s)
		}
	}
}

func TestInvoicePDFThatCannotBeHad(t *testing.T) {
	x, number := withInvoice(t)
	dir := t.TempDir()
	for _, c := range []struct {
		line []string
		code int
		want string
	}{
		{[]string{}, ExitUsage, "invoice pdf needs an invoice number"},
		{[]string{number, "a", "b"}, ExitUsage, "one word too many"},
		{[]string{number, "-", "--json"}, ExitUsage, "--json and - would both write to standard output"},
		{[]string{"nothing"}, ExitFailed, "There is no invoice \"nothing\". Check the number, or sync and try again."},
		{[]string{number, filepath.Join(dir, "no", "x.pdf")}, ExitFailed, "cannot be written: "},
		{[]string{number, dir}, ExitFailed, "There is a file " + dir + " already"},
	} {
		if s := x.run(append([]string{"invoice", "pdf"}, c.line...)...); s.code != c.code || !strings.Contains(s.err, c.want) {
			t.Errorf("%q: %+v, want %q", c.line, s, c.want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
	if s := x.run("help"); !strings.Contains(s.out, "dunlin invoice pdf NUMBER [FILE]") {
		t.Error("help does not name it")
	}
	if s := x.run("invoice"); s.code != ExitUsage || !strings.Contains(s.err, `"invoice" needs one of: pdf`) {
		t.Errorf("%+v", s)
	}
}
