package core

import (
	"context"
	"net/url"
	"strings"
	"testing"
)

// oneRecord knows one customer by id and code, who has one invoice.
type oneRecord struct{}

var only = found{id: 7, account: 7, document: 12, code: "A/B C", name: "Odd Ltd", number: "INV 7#1"}

func (oneRecord) customers(_ context.Context, value string) ([]found, error) {
	f := only
	switch {
	case value == "7":
		f.matchedMarks = []string{markID}
	case strings.EqualFold(value, f.code):
		f.matchedMarks = []string{markCode}
	default:
		return nil, nil
	}
	return []found{f}, nil
}

func (oneRecord) invoices(_ context.Context, values []string) (map[string][]found, error) {
	out := map[string][]found{}
	for _, v := range values {
		f := only
		switch v {
		case "7":
			f.matchedMarks = []string{markID}
		case "12":
			f.matchedMarks = []string{markDocument}
		case f.number:
			f.matchedMarks = []string{markNumber}
		default:
			continue
		}
		out[v] = []found{f}
	}
	return out, nil
}

// FuzzLearnLink holds that a learnt pattern leads to the host it was learnt from, whatever it is filled with, and that
// filled with the record it was learnt from it is that record's page again.
func FuzzLearnLink(f *testing.F) {
	for _, s := range []string{"https://uk1.accountsiq.com/c/7", "https://uk1.accountsiq.com/c?customerId=7&x=%20", "https://uk1.accountsiq.com/#/a%2Fb%20c?id=7",
		"https://uk1.accountsiq.com?7", "https://uk1.accountsiq.com/{id}", "uk1.accountsiq.com/;id=7;7=7", "https://uk1.accountsiq.com/a?b=12#INV%207%231", "https://x.accountsiq.com:443/%zz/7", "https://[::1]/7", "//7", "https://{id}.accountsiq.com/7"} {
		f.Add(s, "x y/?#&=%")
		f.Add(s, "../..")
	}
	f.Fuzz(func(t *testing.T, address, value string) {
		for _, kind := range []string{CustomerPage, InvoicePage} {
			p, err := readPage(address, "uk1.accountsiq.com")
			if err != nil {
				continue
			}
			pattern := p.text
			if p.typed(kind) {
				if p.known(kind) != nil {
					continue
				}
			} else {
				learnt, err := p.learn(t.Context(), kind, oneRecord{})
				if err != nil {
					continue
				}
				if pattern = learnt.Pattern; !placeholder.MatchString(pattern) {
					t.Fatalf("%q: learnt %q without a placeholder", address, pattern)
				}
				own, ok := fillPattern(pattern, map[string]string{markID: "7", markCode: only.code, markDocument: "12", markNumber: only.number, markAccount: "7"})
				if again, err := readPage(own, "uk1.accountsiq.com"); !ok || err != nil {
					t.Fatalf("%q: filled %q: %v", address, own, err)
				} else if twice, err := again.learn(t.Context(), kind, oneRecord{}); err != nil || twice.Pattern != pattern {
					t.Fatalf("%q: learnt %q, from its own page %q: %v", address, pattern, twice.Pattern, err)
				}
			}
			filled, ok := fillPattern(pattern, map[string]string{markID: value, markCode: value, markDocument: value, markNumber: value, markAccount: value})
			if !ok {
				continue
			}
			before, _ := url.Parse(p.text)
			after, err := url.Parse(filled)
			if err != nil || after.Host != before.Host || after.Scheme != "https" || after.User != nil {
				t.Fatalf("%q: filled with %q it is %q: %v", address, value, filled, err)
			}
		}
	})
}
