package mail_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dunlin/core/mail"
	"dunlin/core/mail/mailtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", name, got)
	}
}

func message() mail.Message {
	return mail.Message{
		From:      mail.Address{Name: "Áine Ní Bhriain, Accounts", Email: "accounts@dunlin.example"},
		To:        []mail.Address{{Name: "Acme Ltd", Email: "ap@acme.example"}, {Name: `O'Neill "Bob" (AP)`, Email: "bob@acme.example"}},
		CC:        []mail.Address{{Email: "office@acme.example"}},
		Subject:   "Invoice 1001 for €730.00 was due on 29 March 2026 – a friendly reminder to Acme Ltd",
		Text:      "Dear Acme Ltd,\n\nInvoice 1001 is due.\n.\n",
		HTML:      "<p>Dear Acme Ltd,</p>\n<p>Invoice 1001 is due — €730.00.</p>\n",
		MessageID: "<000102030405060708090a0b0c0d0e0f@dunlin.example>",
		Date:      time.Date(2026, 4, 7, 10, 0, 0, 0, time.FixedZone("IST", 3600)),
		InReplyTo: "<first@dunlin.example>", References: []string{"<first@dunlin.example>", "<second@dunlin.example>"},
		Custom: map[string]string{"X-Dunlin-Run": "run-7", "X-Dunlin-Company": "Dunlin Demo"},
	}
}

func TestBuildGolden(t *testing.T) {
	cases := map[string]func(*mail.Message){
		"alternative.eml": func(*mail.Message) {},
		"plain.eml":       func(m *mail.Message) { m.HTML, m.AutoSubmitted, m.References = "", true, nil },
		"attachments.eml": func(m *mail.Message) {
			m.Attachments = []mail.Attachment{{Name: "1001.pdf", ContentType: "application/pdf", Data: bytes.Repeat([]byte("%PDF"), 40)},
				{Name: "../Rechnung März.pdf", ContentType: "not a type", Data: []byte{0, 1, 2}}}
		},
	}
	for name, change := range cases {
		m := message()
		change(&m)
		got, err := mail.Build(m)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := mail.Build(m)
		if !bytes.Equal(got, again) {
			t.Errorf("%s: two builds differ", name)
		}
		golden(t, name, got)
	}
}

// TestBuildReadsBack: another library reads from the bytes what was put in.
func TestBuildReadsBack(t *testing.T) {
	m := message()
	m.Attachments = []mail.Attachment{{Name: "Rechnung März.pdf", ContentType: "application/pdf", Data: []byte{0, 255, 13, 10}}}
	b, err := mail.Build(m)
	if err != nil {
		t.Fatal(err)
	}
	p, err := mailtest.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if p.Subject != m.Subject || p.Text+"\n" != m.Text || p.HTML+"\n" != m.HTML {
		t.Errorf("%q\n%q\n%q", p.Subject, p.Text, p.HTML)
	}
	if len(p.Attachments) != 1 || p.Attachments[0].Name != "Rechnung März.pdf" || p.Attachments[0].Type != "application/pdf" || !bytes.Equal(p.Attachments[0].Data, []byte{0, 255, 13, 10}) {
		t.Errorf("%+v", p.Attachments)
	}
	for field, want := range map[string][]mail.Address{"From": {m.From}, "To": m.To, "Cc": m.CC} {
		list, err := p.Header.AddressList(field)
		if err != nil {
			t.Fatal(err)
		}
		var got []mail.Address
		for _, a := range list {
			got = append(got, mail.Address{Name: a.Name, Email: a.Address})
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
	for field, want := range map[string]string{"In-Reply-To": "<first@dunlin.example>", "X-Dunlin-Run": "run-7", "List-Unsubscribe": "", "Auto-Submitted": ""} {
		if got := p.Header.Get(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if date, err := p.Header.Date(); err != nil || !date.Equal(m.Date) {
		t.Errorf("%v %v", date, err)
	}
}

func TestBuildRefuses(t *testing.T) {
	cases := map[string]struct {
		change func(*mail.Message)
		kind   mail.Kind
	}{
		"no recipient":           {func(m *mail.Message) { m.To, m.CC = nil, nil }, mail.KindBadMessage},
		"no text":                {func(m *mail.Message) { m.Text = " \n" }, mail.KindBadMessage},
		"no date":                {func(m *mail.Message) { m.Date = time.Time{} }, mail.KindBadMessage},
		"no message id":          {func(m *mail.Message) { m.MessageID = "" }, mail.KindBadMessage},
		"line end in an id":      {func(m *mail.Message) { m.InReplyTo = "<a@b>\r\nBcc: x@y.example" }, mail.KindBadMessage},
		"space in a reference":   {func(m *mail.Message) { m.References = []string{"<a b@c>"} }, mail.KindBadMessage},
		"header of the standard": {func(m *mail.Message) { m.Custom["Bcc"] = "x@y.example" }, mail.KindBadMessage},
		"line end in a header":   {func(m *mail.Message) { m.Custom["X-A\r\nBcc"] = "x@y.example" }, mail.KindBadMessage},
		"bad address":            {func(m *mail.Message) { m.To[0].Email = "ap@acme.example\r\nBcc: x@y.example" }, mail.KindBadAddress},
		"two addresses in one":   {func(m *mail.Message) { m.To[0].Email = "a@b.example, c@d.example" }, mail.KindBadAddress},
		"no sender":              {func(m *mail.Message) { m.From.Email = "" }, mail.KindBadAddress},
	}
	for name, c := range cases {
		m := message()
		c.change(&m)
		if b, err := mail.Build(m); kindOf(err) != c.kind || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckAddress(t *testing.T) {
	good := []string{"a@b.example", "first.last+tag@sub.b-c.example", "o'neill@b.example", "a@localhost", "x@xn--mller-kva.example"}
	bad := []string{"", "a", "@b.example", "a@", "a@@b.example", ".a@b.example", "a.@b.example", "a..b@c.example", "a b@c.example", `"a b"@c.example`,
		"a@b..example", "a@-b.example", "a@b.example.", "a@[127.0.0.1]", "a@b_c.example", "jörg@b.example", "a@müller.example", "a@b.example>", "<a@b.example>",
		"a@b.example;c@d.example", "a\x00@b.example", "a@b.example\n", "\xff@b.example", strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b.", 130) + "example"}
	for _, a := range good {
		if err := mail.CheckAddress(a); err != nil {
			t.Errorf("%q: %v", a, err)
		}
	}
	for _, a := range bad {
		var e *mail.Error
		if err := mail.CheckAddress(a); !errors.As(err, &e) || e.Kind != mail.KindBadAddress || e.Hint == "" || strings.ContainsAny(e.Message, "\r\n\x00") {
			t.Errorf("%q: %v", a, err)
		}
	}
}

func TestNewMessageID(t *testing.T) {
	id, err := mail.NewMessageID(bytes.NewReader(bytes.Repeat([]byte{0xab}, 16)), "Owner@Dunlin.Example")
	if err != nil || id != "<abababababababababababababababab@dunlin.example>" {
		t.Errorf("%q %v", id, err)
	}
	if _, err := mail.NewMessageID(bytes.NewReader(nil), "a@b.example"); err == nil {
		t.Error("no randomness, yet an id")
	}
	if _, err := mail.NewMessageID(bytes.NewReader(make([]byte, 16)), "nobody"); kindOf(err) != mail.KindBadAddress {
		t.Errorf("%v", err)
	}
}

// FuzzBuild: no value adds a header or a part, makes a line too long or comes out as something else (R5.5).
func FuzzBuild(f *testing.F) {
	f.Add("Acme Ltd", "Your invoice", "text", "<p>html</p>", "file.pdf")
	f.Add("Evil\r\nBcc: x@y.example", "a\nb\r\n\r\nbody", "line\r.\r\nFrom x", "\x00", "a\"\r\nX: y.pdf")
	f.Add("=?utf-8?q?x?=", strings.Repeat("x", 3000), strings.Repeat("é", 2000), "=", strings.Repeat("ü", 300))
	f.Add("\u202eLtd 😀 مثال", "\"quoted\" <x@y>", "--=_boundary", "--\r\n--", "..")
	f.Add("\xff\xfe", "\u2028Bcc: a@b", "a", "", "")
	f.Fuzz(func(t *testing.T, name, subject, text, html, file string) {
		m := message()
		m.From.Name, m.To[0].Name, m.Subject, m.Text, m.HTML = name, name, subject, "T"+text, html
		m.Custom["X-Dunlin-Company"] = name
		m.Attachments = []mail.Attachment{{Name: file, ContentType: name, Data: []byte(text)}}
		b, err := mail.Build(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSuffix(string(b), "\r\n"), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("line %q", line)
			}
			for i := range len(line) {
				if line[i] >= utf8.RuneSelf || line[i] < ' ' && line[i] != '\t' {
					t.Fatalf("byte %x in %q", line[i], line)
				}
			}
		}
		std, err := netmail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if len(std.Header) != 12 {
			t.Fatalf("%d header fields: %v", len(std.Header), std.Header)
		}
		p, err := mailtest.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if want := flat(subject); p.Subject != want {
			t.Fatalf("subject %q, want %q", p.Subject, want)
		}
		list, err := p.Header.AddressList("To")
		if err != nil || len(list) != 2 || list[0].Name != flat(name) || list[0].Address != "ap@acme.example" {
			t.Fatalf("to %v %v", list, err)
		}
		if len(p.Attachments) != 1 || string(p.Attachments[0].Data) != text {
			t.Fatalf("%+v", p.Attachments)
		}
	})
}

// flat is what a value becomes on one line.
func flat(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == ' ' }), " ")
}
