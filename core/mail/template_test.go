package mail_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"dunlin/core/ledger"
	"dunlin/core/mail"
)

func eur(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }

func usd(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "USD"} }

func day(m time.Month, d int) ledger.Date { return ledger.NewDate(2026, m, d) }

// data is a customer with three different invoices in two currencies.
func data() mail.Data {
	return mail.Data{
		CustomerName: "Acme Ltd", ContactName: "Mary Murphy", BusinessName: "Dunlin Demo", SenderName: "Áine Ní Bhriain", SenderEmail: "accounts@dunlin.example",
		Signature: "Áine Ní Bhriain\nDunlin Demo\n+353 1 555 0100", BankDetails: "Bank of Example\nIBAN IE29 AIBK 9311 5212 3456 78",
		Today: day(4, 7), Locale: "en-IE",
		Invoices: []mail.Invoice{
			{Number: "1001", Reference: "PO-77", Issued: day(2, 27), Due: day(3, 29), Amount: eur(123450), Outstanding: eur(73000)},
			{Number: "1002", Issued: day(3, 1), Due: day(4, 6), Amount: eur(1200000), Outstanding: eur(1200000)},
			{Number: "US-1003", Issued: day(3, 10), Due: day(4, 10), Amount: usd(9999), Outstanding: usd(9999)},
		},
		Credits: []mail.Credit{{Number: "CN-9", Date: day(3, 2), Remaining: eur(5000)}, {Number: "SR-4", Remaining: usd(100)}},
		Forewarn: mail.ForewarnData{At: time.Date(2026, 4, 7, 10, 0, 0, 0, time.UTC),
			Messages: []mail.ForewarnMessage{
				{Customer: "Acme Ltd", To: []string{"ap@acme.example"}, CC: []string{"office@acme.example"}, Step: "overdue, step 2", Invoices: []string{"1001", "1002"}, Totals: []ledger.Money{eur(1273000), usd(9999)}},
				{Customer: "Bolt & Sons", To: []string{"bolt@b.example"}, Step: "before due, step 1", Invoices: []string{"2001"}, Totals: []ledger.Money{eur(100)}}},
			Held: []mail.ForewarnInvoice{{Customer: "Cove Ltd", Number: "3001", Outstanding: eur(4200), Reason: "It is in dispute."}}},
	}
}

func dataFor(kind mail.TemplateKind) mail.Data {
	d := data()
	if kind == mail.Single || kind == mail.ThanksSingle {
		d.Invoices = d.Invoices[:1]
	}
	return d
}

func supplied(t testing.TB) []mail.Template {
	t.Helper()
	list, err := mail.LoadTemplates(os.DirFS("../../assets/templates"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestSuppliedTemplates: each is without problems, reads back from its own file form and renders as the
// golden files show.
func TestSuppliedTemplates(t *testing.T) {
	for _, tpl := range supplied(t) {
		again, err := mail.ParseTemplate("", mail.FormatTemplate(tpl))
		if err != nil || again != tpl {
			t.Errorf("%s read back as %+v, %v", tpl.Name, again, err)
		}
		d := dataFor(tpl.Kind)
		if strings.HasPrefix(tpl.Name, "before-due") {
			d.Today = day(3, 22)
		}
		r, err := mail.Render(tpl, d)
		if err != nil {
			t.Errorf("%s: %v", tpl.Name, err)
			continue
		}
		golden(t, "rendered/"+tpl.Name+".txt", []byte("Subject: "+r.Subject+"\n\n"+r.Text))
		golden(t, "rendered/"+tpl.Name+".html", []byte(r.HTML))
		wellFormed(t, r.HTML)
	}
}

// TestWithoutValues: everything has a fallback, and none leaves braces or gaps behind (R5.4).
func TestWithoutValues(t *testing.T) {
	for _, kind := range mail.TemplateKinds() {
		var body strings.Builder
		subject := "s"
		for _, p := range mail.Placeholders(kind) {
			if p.Fallback == "" || p.Help == "" {
				t.Errorf("%s has no fallback or no help", p.Name)
			}
			fmt.Fprintf(&body, "{{%s}}\n\n", p.Name)
			if !p.Block {
				subject += " {{" + p.Name + "}}"
			}
		}
		d := mail.Data{Today: day(4, 7)}
		if kind != mail.Statement && kind != mail.Forewarn {
			d.Invoices = make([]mail.Invoice, 1)
		}
		r, err := mail.Render(mail.Template{Name: "all", Kind: kind, Subject: subject, Body: body.String()}, d)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "fallback-"+string(kind)+".txt", []byte(r.Subject+"\n\n"+r.Text))
		if all := r.Subject + r.Text + r.HTML; strings.Contains(all, "{{") || strings.Contains(all, "0001") {
			t.Errorf("%s: %s", kind, all)
		}
	}
}

// TestDefaultTemplate: every name that can come out is supplied, and of the right kind.
func TestDefaultTemplate(t *testing.T) {
	kinds := map[string]mail.TemplateKind{}
	for _, tpl := range supplied(t) {
		kinds[tpl.Name] = tpl.Kind
	}
	used := map[string]bool{}
	for _, part := range []string{"before_due", "overdue", "thanks", "statement", "forewarn"} {
		for step := 0; step <= 12; step++ {
			for steps := 0; steps <= 10; steps++ {
				for _, tick := range []bool{false, true} {
					for multi, want := range map[bool]mail.TemplateKind{false: mail.Single, true: mail.Multi} {
						name := mail.DefaultTemplate(part, step, steps, tick, multi)
						switch {
						case part == "thanks":
							want = "thanks_" + want
						case part == "statement" || part == "forewarn":
							want = mail.TemplateKind(part)
						}
						if kinds[name] != want {
							t.Errorf("%s %d of %d: %q is %q, want %q", part, step, steps, name, kinds[name], want)
						}
						used[name] = true
					}
				}
			}
		}
	}
	if len(used) != len(kinds) {
		t.Errorf("%d of %d templates are used", len(used), len(kinds))
	}
	for _, c := range []struct {
		step, steps int
		escalated   bool
		want        string
	}{{1, 4, false, "overdue-friendly-single"}, {2, 4, false, "overdue-second-single"}, {3, 4, false, "overdue-firm-single"}, {4, 4, true, "overdue-final-single"},
		{6, 4, true, "overdue-final-single"}, {1, 1, false, "overdue-friendly-single"}, {3, 3, false, "overdue-firm-single"}, {9, 3, false, "overdue-firm-single"}, {1, 1, true, "overdue-final-single"}} {
		if got := mail.DefaultTemplate("overdue", c.step, c.steps, c.escalated, false); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if got := mail.DefaultTemplate("letter", 1, 1, false, false); got != "" {
		t.Errorf("%q", got)
	}
}

// TestValuesStandForThemselves: a customer's name means nothing wherever it stands (R5.5).
func TestValuesStandForThemselves(t *testing.T) {
	names := []string{`<b>x</b> *y* [a](b) _z_ & "q" 'r'`, "{{amount}} {{x", "# not a heading", "- no list", "> no quote", "&amp; &lt;", `back\slash \* \{`, "شركة \u202eltd 😀 👩‍👩‍👧", "<https://evil.example>", "a\u00a0b"}
	body := "{{customer_name}}\n\nDear {{customer_name}}, **{{customer_name}}** and [{{customer_name}}](https://ok.example)\n\n- {{customer_name}}\n\n# {{customer_name}}\n\n{{invoices_table}}\n\n{{signature}}\n"
	for _, name := range names {
		d := data()
		d.CustomerName, d.Signature, d.Invoices[0].Number = name, name, name
		r, err := mail.Render(mail.Template{Name: "t", Kind: mail.Multi, Subject: "To {{customer_name}}", Body: body}, d)
		if err != nil {
			t.Fatal(err)
		}
		if r.Subject != "To "+name {
			t.Errorf("subject %q", r.Subject)
		}
		if n := strings.Count(r.Text, name); n != 8 {
			t.Errorf("%q stands %d times in\n%s", name, n, r.Text)
		}
		if n := strings.Count(textOf(t, r.HTML), name); n != 9 { // the title is one more
			t.Errorf("%q stands %d times in\n%s", name, n, r.HTML)
		}
		if strings.Contains(r.HTML, "<b>") || strings.Contains(r.HTML, "evil.example\"") || strings.Contains(r.HTML, `href="b"`) {
			t.Errorf("a name became markup: %s", r.HTML)
		}
	}
	d := data()
	d.CustomerName = "Acme\r\nBcc: x@y.example\n\n# Head\x00"
	r, err := mail.Render(mail.Template{Name: "t", Kind: mail.Multi, Subject: "To {{customer_name}}", Body: "Dear {{customer_name}}"}, d)
	if err != nil || r.Subject != "To Acme Bcc: x@y.example # Head" || r.Text != "Dear Acme Bcc: x@y.example # Head\n" {
		t.Errorf("%+v %v", r, err)
	}
}

// textOf reads the text of a document as a browser would, markup gone and entities resolved.
func textOf(t *testing.T, doc string) string {
	t.Helper()
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(doc, ""))
}

// wellFormed checks that every element is closed where it should be.
func wellFormed(t *testing.T, doc string) {
	t.Helper()
	closed := regexp.MustCompile(`<(meta|br|hr)([^>]*)>`).ReplaceAllString(doc, "<$1$2/>")
	d := xml.NewDecoder(strings.NewReader(strings.Map(func(r rune) rune {
		if r >= 0xFFFE && r&0xFFFE == 0xFFFE || r == 0xFFFF {
			return -1 // no characters of XML, though of HTML
		}
		return r
	}, closed)))
	d.Entity = xml.HTMLEntity
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%v in\n%s", err, doc)
			return
		}
	}
}

// TestCheck: mistakes are refused with line and reason (R5.4).
func TestCheck(t *testing.T) {
	cases := []struct {
		name, subject, body string
		kind                mail.TemplateKind
		want                string
	}{
		{"fine", "About {{ invoice_number }}", "Dear {{contact_first_name}},\n\n{{invoices_table}}\n\nBraces \\{\\{ and } and { alone", mail.Single, ""},
		{"unknown", "s", "Dear {{custmer_name}},", mail.Single, "Body, line 1, column 6: There is no placeholder {{custmer_name}}. Is {{customer_name}} meant?"},
		{"unknown, far from any", "s", "one\n\ntwo {{wibble_wobble_x}}", mail.Single, "Body, line 3, column 5: There is no placeholder {{wibble_wobble_x}}."},
		{"columns are characters", "s", "Größe {{x}}", mail.Single, "Body, line 1, column 7: There is no placeholder {{x}}."},
		{"single-only in multi", "{{invoice_number}}", "ok", mail.Multi, "Subject, line 1, column 1: {{invoice_number}} cannot stand in a template of the kind multi, only in single, thanks_single."},
		{"outstanding in thanks", "s", "{{outstanding}}", mail.ThanksSingle, "Body, line 1, column 1: {{outstanding}} cannot stand in a template of the kind thanks_single, only in single."},
		{"not closed", "s", "Dear {{customer_name\n}},", mail.Single, "Body, line 1, column 6: This {{ is not closed on the same line; braces that mean nothing are written \\{.\nBody, line 2, column 1: There is a }} without {{ before it; braces that mean nothing are written \\}."},
		{"not closed in the subject", "{{customer_name", "ok", mail.Single, "Subject, line 1, column 1: This {{ is not closed on the same line; braces that mean nothing are written \\{."},
		{"empty", "s", "{{ }}", mail.Single, "Body, line 1, column 1: There is no name between the braces."},
		{"upper case", "s", "{{Customer_Name}}", mail.Single, "Body, line 1, column 1: There is no placeholder {{Customer_Name}}. Is {{customer_name}} meant?"},
		{"block in a sentence", "s", "See {{invoices_table}}", mail.Multi, "Body, line 1, column 5: {{invoices_table}} has to stand alone, with an empty line above and below."},
		{"block under a line", "s", "Regards,\n{{signature}}", mail.Multi, "Body, line 2, column 1: {{signature}} has to stand alone, with an empty line above and below."},
		{"block in a list", "s", "- {{invoices_table}}", mail.Multi, "Body, line 1, column 3: {{invoices_table}} has to stand alone, with an empty line above and below."},
		{"block in the subject", "{{totals}} {{invoices_table}}", "ok", mail.Multi, "Subject, line 1, column 12: {{invoices_table}} cannot stand in the subject."},
		{"in a link's address", "s", "[pay](https://pay.example/{{invoice_number}})", mail.Single, "Body, line 1, column 27: {{invoice_number}} cannot stand inside a link's address."},
		{"script as a link", "s", "[x](javascript:alert)", mail.Single, "A link's address has to begin with https://, http://, mailto: or tel:."},
		{"link to nowhere", "s", "[x](page.html)", mail.Single, "A link's address has to begin with https://, http://, mailto: or tel:."},
		{"picture", "s", "![x](https://t.example/p.gif)", mail.Single, "Pictures are not possible; a link is."},
		{"no subject", " ", "ok", mail.Single, "Subject, line 1, column 1: The subject is empty."},
		{"two subjects", "a\nBcc: x@y.example", "ok", mail.Single, "Subject, line 1, column 2: The subject has to be one line."},
		{"no text", "s", "\n", mail.Single, "Body, line 1, column 1: The text is empty."},
		{"too long", "s", strings.Repeat("x", 70000), mail.Single, "Body, line 1, column 1: The text is longer than 65536 bytes."},
		{"unreadable", "s", "ok\nbad \xff", mail.Single, "Body, line 2, column 5: There is a character here that cannot be shown."},
		{"unknown kind", "s", "ok", "letter", `There is no kind "letter" of template.`},
		{"Windows line ends", "s", "one\r\n\r\n{{nope_nope}}", mail.Single, "Body, line 3, column 1: There is no placeholder {{nope_nope}}."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tpl := mail.Template{Name: "t", Kind: c.kind, Subject: c.subject, Body: c.body}
			got := mail.Problems(mail.Check(tpl)).Error()
			if got != c.want && !(c.want != "" && strings.HasSuffix(got, ": "+c.want)) {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			_, err := mail.Render(tpl, dataFor(c.kind))
			var problems mail.Problems
			if (c.want != "") != errors.As(err, &problems) {
				t.Errorf("Render: %v", err)
			}
		})
	}
}

// TestMarkdown: what a letter uses, in both forms; what it has no use for stands for itself.
func TestMarkdown(t *testing.T) {
	body := "# Head *one*\n\nLine one\nline two with **bold**, <b>tags</b>, `code`, \\*stars\\*, &copy; and \\{\\{braces\\}\\}.\n\n    indented\n\nUnder\n---\n\n1. first\n2. second\n   more\n\n> quoted\n> text\n\n[our site](https://ok.example/a?b=1&c=2), <https://ok.example>, <pay@ok.example>, [pay@ok.example](mailto:pay@ok.example)\n\n[ref]: https://ok.example\n"
	r, err := mail.Render(mail.Template{Name: "t", Kind: mail.Multi, Subject: `\{\{x\}\} 100% \\`, Body: body}, data())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "markdown.txt", []byte(r.Subject+"\n\n"+r.Text))
	golden(t, "markdown.html", []byte(r.HTML))
	wellFormed(t, r.HTML)
}

func TestRenderRefusesData(t *testing.T) {
	one := mail.Template{Name: "t", Kind: mail.Single, Subject: "s", Body: "b"}
	many := mail.Template{Name: "t", Kind: mail.Multi, Subject: "s", Body: "b"}
	none, today := data(), data()
	none.Invoices, today.Today = nil, ledger.Date{}
	for _, c := range []struct {
		tpl mail.Template
		d   mail.Data
	}{{one, data()}, {one, none}, {many, none}, {many, today}} {
		if _, err := mail.Render(c.tpl, c.d); kindOf(err) != mail.KindBadMessage {
			t.Errorf("%s with %d invoices: %v", c.tpl.Kind, len(c.d.Invoices), err)
		}
	}
}

// TestWords: how single values are written.
func TestWords(t *testing.T) {
	cases := []struct {
		text   string
		change func(*mail.Data)
		want   string
	}{
		{"{{contact_first_name}}", nil, "Mary"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactFirstName = "Máire" }, "Máire"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactName = "Accounts Payable" }, "Accounts Payable"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactName = "Mr Murphy" }, "Mr Murphy"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactName = "J. Murphy" }, "J. Murphy"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactName = "Seán O'Neill" }, "Seán"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactName = " " }, "Acme Ltd"},
		{"{{contact_first_name}}", func(d *mail.Data) { d.ContactName, d.CustomerName = "", "" }, "customer"},
		{"{{invoice_reference}}", nil, "PO-77"},
		{"{{invoice_reference}}", func(d *mail.Data) { d.Invoices[0].Reference = "" }, "1001"},
		{"{{issued}} {{due}}", nil, "27 February 2026 29 March 2026"},
		{"{{days_overdue}}, {{overdue_by}}, {{due_in}}", nil, "9, 9 days, now"},
		{"{{days_overdue}}, {{overdue_by}}", func(d *mail.Data) { d.Today = day(3, 30) }, "1, 1 day"},
		{"{{days_overdue}}, {{due_in}}", func(d *mail.Data) { d.Today = day(3, 29) }, "0, today"},
		{"{{due_in}}", func(d *mail.Data) { d.Today = day(3, 28) }, "tomorrow"},
		{"{{due_in}}", func(d *mail.Data) { d.Today = day(3, 22) }, "in 7 days"},
		{"{{amount}}, {{outstanding}}, {{totals}}", nil, "€1,234.50, €730.00, €730.00"},
		{"{{outstanding}}", func(d *mail.Data) { d.Locale = "de-DE" }, "730,00\u00a0€"},
		{"{{outstanding}}", func(d *mail.Data) { d.Invoices[0].Outstanding = usd(9999) }, "USD\u00a099.99"},
		{"{{outstanding}}", func(d *mail.Data) { d.Locale, d.Invoices[0].Outstanding = "en-US", usd(9999) }, "USD\u00a099.99"},
		{"{{outstanding}}", func(d *mail.Data) { d.Invoices[0].Outstanding = ledger.Money{Minor: 5000, Currency: "JPY"} }, "JPY\u00a05,000"},
		{"{{outstanding}}", func(d *mail.Data) { d.Invoices[0].Outstanding = ledger.Money{Minor: 1234567, Currency: "KWD"} }, "KWD\u00a01,234.567"},
		{"{{outstanding}}", func(d *mail.Data) { d.Invoices[0].Outstanding = ledger.Money{Minor: 100, Currency: "QQQ"} }, "1.00 QQQ"},
	}
	for _, c := range cases {
		d := dataFor(mail.Single)
		if c.change != nil {
			c.change(&d)
		}
		r, err := mail.Render(mail.Template{Name: "t", Kind: mail.Single, Subject: c.text, Body: c.text}, d)
		if err != nil || r.Subject != c.want || r.Text != c.want+"\n" {
			t.Errorf("%s: %q, %q, %v; want %q", c.text, r.Subject, r.Text, err, c.want)
		}
	}
	r, err := mail.Render(mail.Template{Name: "t", Kind: mail.Multi, Subject: "{{count}}: {{totals}}", Body: "{{oldest_due}}, {{oldest_overdue_by}}"}, data())
	if err != nil || r.Subject != "3: €12,730.00 and USD\u00a099.99" || r.Text != "29 March 2026, 9 days\n" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestParseTemplate(t *testing.T) {
	cases := map[string]string{
		"no head":                             "File, line 1, column 1: The file has to begin with a line of ---.",
		"---\nkind: single\nsubject: s\nbody": "File, line 4, column 1: The second line of --- is missing.",
		"---\nkind: single\ncolour: red\nsubject: s {{x}}\nattach: photo\nnonsense\n---\n\nok {{y}}\n": `File, line 3, column 1: There is no "colour"; the keys are name, kind, subject and attach.
File, line 4, column 12: There is no placeholder {{x}}.
File, line 5, column 1: "photo" cannot be attached; invoices and statement can.
File, line 6, column 1: This line is not of the form key: value.
File, line 9, column 4: There is no placeholder {{y}}.`,
		"---\nkind: letter\nsubject: s\n---\nok": `File, line 1, column 1: There is no kind "letter" of template.`,
		"":                                       "File, line 1, column 1: The file has to begin with a line of ---.",
	}
	for in, want := range cases {
		_, err := mail.ParseTemplate("t", []byte(in))
		var problems mail.Problems
		if !errors.As(err, &problems) || problems.Error() != want {
			t.Errorf("%q:\n%v\nwant\n%s", in, err, want)
		}
	}
	got, err := mail.ParseTemplate("file", []byte("\uFEFF---\r\nkind: multi\r\nsubject: Hello: {{count}}\r\nattach: statement, invoices\r\n---\r\n\r\nBody\r\n"))
	want := mail.Template{Name: "file", Kind: mail.Multi, Subject: "Hello: {{count}}", Body: "Body\n", AttachInvoices: true, AttachStatement: true}
	if err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
}

// FuzzTemplate: what Check lets pass renders, into whole documents without a trace of the placeholders, and
// a value stands for itself wherever the template puts it.
func FuzzTemplate(f *testing.F) {
	for _, tpl := range supplied(f) {
		f.Add(tpl.Subject, tpl.Body, "Acme <b>Ltd</b>")
	}
	f.Add("s", "    indented\n\n\tand by a tab\n-\n\n      x\n>     y\n1)\n\n        z\n\nend", "x")
	f.Add("s", "{{{customer_name}}} \\{{{count}}", "x")
	f.Add("\\\\{{count}}", "*{{customer_name}}* **{{totals}}**[{{count}}](https://x.example)\n- {{customer_name}}\n  > {{customer_name}}", "*_`[")
	f.Add("s", "<https://x.example/{{count}}>\n\n{{invoices_table}}\n{{count}}", "\r\n")
	f.Fuzz(func(t *testing.T, subject, body, name string) {
		tpl := mail.Template{Name: "t", Kind: mail.Multi, Subject: subject, Body: body}
		problems := mail.Check(tpl)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Fatalf("%+v", p)
			}
		}
		d := data()
		d.CustomerName = "\u2039" + name + "\u203a" // marks, to count it
		r, err := mail.Render(tpl, d)
		if len(problems) > 0 {
			if err == nil {
				t.Fatal("rendered with problems")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(r.Subject, "\r\n\x00") || !utf8.ValidString(r.Subject+r.Text+r.HTML) || strings.ContainsAny(r.Text, "\r\x00") {
			t.Fatalf("%q %q", r.Subject, r.Text)
		}
		if strings.Contains(r.HTML, "<script") || strings.Contains(r.HTML, "<img") {
			t.Fatalf("%s", r.HTML)
		}
		wellFormed(t, r.HTML)
		if !strings.ContainsAny(body, "{<&\\]") && letters(r.Text) != letters(body) {
			t.Fatalf("text was lost: %q became %q", body, r.Text)
		}
		value := "\u2039" + flat(name) + "\u203a"
		if flat(value) != flat(d.CustomerName) || strings.ContainsAny(body+subject, "\u2039\u203a\\") {
			return // blanks beside the marks, or marks of the template's own
		}
		want := strings.Count(body, "{{customer_name}}")
		if strings.Count(body, "{{") != strings.Count(body, "}}") || strings.Contains(body, "{{{") {
			return
		}
		if got := strings.Count(r.Text, value); got != want {
			t.Fatalf("the name stands %d times, not %d, in\n%s", got, want, r.Text)
		}
	})
}

// letters drops everything that may be markup.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}
