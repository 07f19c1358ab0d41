package core

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"dunlin/core/ledger"
	"dunlin/core/store"
)

func TestNoteText(t *testing.T) {
	on := ledger.NewDate(2026, 3, 3)
	list := func(n int) (out []store.MessageInvoice) {
		for i := range n {
			out = append(out, store.MessageInvoice{Number: fmt.Sprint(10045 + i), Outstanding: eur(int64(100 * (i + 1)))})
		}
		return out
	}
	mixed := append(list(80), store.MessageInvoice{Number: "9", Outstanding: gbp(5)})
	for want, m := range map[string]store.Message{
		"Payment reminder sent to ap@acme.example on 3 March 2026 for invoice 10045. [dunlin 4f21ab3c]":                          {To: []string{"ap@acme.example"}, Invoices: list(1)},
		"Payment reminder sent to a@x.example and b@x.example on 3 March 2026 for invoices 10045 and 10046. [dunlin 4f21ab3c]":   {To: []string{"a@x.example", "b@x.example"}, Invoices: list(2)},
		"Payment reminder sent to a@x.example and 2 more on 3 March 2026 for invoices 10045, 10046 and 10047. [dunlin 4f21ab3c]": {To: []string{"a@x.example", "b", "c"}, Invoices: list(3)},
		"Payment reminder sent to cc@x.example on 3 March 2026 for 81 invoices of 3240.00 EUR and 0.05 GBP. [dunlin 4f21ab3c]":   {CC: []string{"cc@x.example"}, Invoices: mixed},
		"Payment reminder sent to ap@acme.example on 3 March 2026 for invoice 1 2. [dunlin 4f21ab3c]":                            {To: []string{"ap@acme.example"}, Invoices: []store.MessageInvoice{{Number: " 1\r\n2"}}},
	} {
		if got := noteText(m, on, "dunlin 4f21ab3c"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func FuzzNoteText(f *testing.F) {
	f.Add("a@b.example", "10045", 3)
	f.Add(strings.Repeat("é", 400)+"@x.example", strings.Repeat("9", 600), 1)
	f.Fuzz(func(t *testing.T, to, number string, n int) {
		m := store.Message{To: []string{strings.ToValidUTF8(to, "")}}
		for range max(0, n%500) {
			m.Invoices = append(m.Invoices, store.MessageInvoice{Number: strings.ToValidUTF8(number, ""), Outstanding: eur(1)})
		}
		got := noteText(m, ledger.NewDate(2026, 9, 30), "dunlin 4f21ab3c")
		if len(got) >= noteMax || !strings.HasSuffix(got, ". [dunlin 4f21ab3c]") || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	})
}

func TestNoteTags(t *testing.T) {
	seen := map[string]bool{}
	for i := range 1000 {
		tag := noteTag(fmt.Sprint("message-", i))
		if seen[tag] || len(tag) != len("dunlin 4f21ab3c") || tag != noteTag(fmt.Sprint("message-", i)) {
			t.Fatalf("tag %q", tag)
		}
		seen[tag] = true
	}
}
