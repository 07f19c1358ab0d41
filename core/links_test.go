package core_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
)

// linkWorld is a company with customers ACME and BETA, one invoice each, synced.
func linkWorld(t *testing.T) (w *world, acme, beta aiqtest.Transaction) {
	w = newWorld(t)
	acme, beta = w.customer("ACME", 8)[0], w.customer("BETA & CO", 8)[0]
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	return w, acme, beta
}

func TestLearnLinkOfACustomer(t *testing.T) {
	w, acme, beta := linkWorld(t)
	id, other := strconv.FormatInt(acme.AccountID, 10), strconv.FormatInt(beta.AccountID, 10)
	fill := strings.NewReplacer("ID", id, "OTHER", other)
	const host = "https://uk1.accountsiq.com"
	for _, c := range []struct{ name, address, pattern, code string }{
		{"id in the path", host + "/system/customers/ID/edit", host + "/system/customers/{id}/edit", ""},
		{"id as a value", host + "/c.aspx?tab=1&customerId=ID", host + "/c.aspx?tab=1&customerId={id}", ""},
		{"code in any case", host + "/c/acme", host + "/c/{code}", ""},
		{"behind the #", host + "/app#/customer/ID?tab=open", host + "/app#/customer/{id}?tab=open", ""},
		{"value behind the #", host + "/app#code=ACME", host + "/app#code={code}", ""},
		{"id and code of the same customer", host + "/customers/ID?code=ACME", host + "/customers/{id}?code={code}", ""},
		{"the same number as a page stays", host + "/customers/ID?page=ID", host + "/customers/{id}?page=ID", ""},
		{"the value that is named like it", host + "/list?top=OTHER&accountID=ID", host + "/list?top=OTHER&accountID={id}", ""},
		{"letters before a chance number", host + "/x/OTHER/ACME", host + "/x/OTHER/{code}", ""},
		{"encoded", host + "/c?code=beta%20%26%20co", host + "/c?code={code}", ""},
		{"without https", "uk1.accountsiq.com/c/ACME", host + "/c/{code}", ""},
		{"pasted with quotes", " \"" + host + "/c/ACME\"\r\n", host + "/c/{code}", ""},
		{"own placeholders", host + "/c/{code}?x=1", host + "/c/{code}?x=1", ""},
		{"another sub-domain", "https://books.eu9.accountsiq.com/c/ACME", "https://books.eu9.accountsiq.com/c/{code}", ""},
		{"two customers", host + "/x/ACME/BETA%20%26%20CO", "", "ambiguous_link"},
		{"part of a longer token", host + "/c/ACME-2", "", "not_recognised"},
		{"part of a longer number", host + "/customers/ID9", "", "not_recognised"},
		{"unknown", host + "/customers/NOBODY", "", "not_recognised"},
		{"the home page", host + "/", "", "not_recognised"},
		{"only a page number", host + "/customers?page=ID", "", "not_recognised"},
		{"http", "http://uk1.accountsiq.com/c/ACME", "", "bad_link"},
		{"elsewhere", "https://evil.example/c/ACME", "", "bad_link"},
		{"elsewhere with our name", "https://uk1.accountsiq.com.evil.example/c/ACME", "", "bad_link"},
		{"elsewhere, glued on", "https://evilaccountsiq.com/c/ACME", "", "bad_link"},
		{"with a user", "https://uk1.accountsiq.com@evil.example/c/ACME", "", "bad_link"},
		{"other port", "https://uk1.accountsiq.com:8443/c/ACME", "", "bad_link"},
		{"script", "javascript:alert(1)", "", "bad_link"},
		{"backslash", "https://uk1.accountsiq.com\\@evil.example/c/ACME", "", "bad_link"},
		{"unknown placeholder", host + "/c/{customer}", "", "bad_link"},
		{"placeholder of invoices", host + "/c/{number}", "", "bad_link"},
		{"placeholder as a host", "https://{code}.accountsiq.com/c/", "", "bad_link"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.must(w.app.SetSetting(w.ctx, "links.customer", ""))
			got, err := w.app.LearnLink(w.ctx, core.CustomerPage, fill.Replace(c.address))
			if codeOf(err) != c.code || err == nil && got.Pattern != fill.Replace(c.pattern) {
				t.Fatalf("%q, %v; want %q %s", got.Pattern, err, fill.Replace(c.pattern), c.code)
			}
			link, err := w.app.CustomerLink(w.ctx, beta.AccountID)
			w.must(err)
			if c.code != "" {
				if link.Copy != "BETA & CO" || link.URL != w.aiq.URL()+"/" {
					t.Errorf("after a refusal the link is %+v", link)
				}
				return
			}
			want := strings.NewReplacer("{id}", other, "{code}", "BETA%20%26%20CO").Replace(got.Pattern)
			if link.URL != want || link.Copy != "" {
				t.Errorf("link %+v, want %s", link, want)
			}
		})
	}
	got, err := w.app.LearnLink(w.ctx, core.CustomerPage, host+"/c/acme")
	w.must(err)
	if got.Name != "ACME Ltd" || got.Code != "ACME" {
		t.Errorf("recognised %+v", got)
	}
}

func TestLearnLinkOfAnInvoice(t *testing.T) {
	w, acme, beta := linkWorld(t)
	row, err := w.app.Invoice(w.ctx, acme.ID)
	w.must(err)
	other, err := w.app.Invoice(w.ctx, beta.ID)
	w.must(err)
	const host = "https://uk1.accountsiq.com"
	fill := strings.NewReplacer("TX", strconv.FormatInt(row.TransactionID, 10), "DOC", strconv.FormatInt(row.InvoiceID, 10), "NUM", row.Number, "ACC", strconv.FormatInt(acme.AccountID, 10))
	for _, c := range []struct{ name, address, pattern, code string }{
		{"transaction", host + "/transactions/TX", host + "/transactions/{id}", ""},
		{"document", host + "/view?documentId=DOC", host + "/view?documentId={document}", ""},
		{"number", host + "/invoice?invoiceNumber=NUM", host + "/invoice?invoiceNumber={number}", ""},
		{"with its customer", host + "/customers/ACME/transactions/TX", host + "/customers/{code}/transactions/{id}", ""},
		{"with its account", host + "/x?accountId=ACC&transactionId=TX", host + "/x?accountId={account}&transactionId={id}", ""},
		{"own placeholders", host + "/i/{number}", host + "/i/{number}", ""},
		{"no invoice in the placeholders", host + "/i/{code}", "", "bad_link"},
		{"unknown", host + "/i/99999999", "", "not_recognised"},
		{"a customer only", host + "/customers/ACME", "", "not_recognised"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := w.app.LearnLink(w.ctx, core.InvoicePage, fill.Replace(c.address))
			if codeOf(err) != c.code || err == nil && got.Pattern != c.pattern {
				t.Fatalf("%q, %v; want %q %s", got.Pattern, err, c.pattern, c.code)
			}
			if err != nil {
				return
			}
			link, err := w.app.InvoiceLink(w.ctx, beta.ID)
			w.must(err)
			want := strings.NewReplacer("{id}", strconv.FormatInt(other.TransactionID, 10), "{document}", strconv.FormatInt(other.InvoiceID, 10), "{number}", url.PathEscape(other.Number),
				"{code}", "BETA%20%26%20CO", "{account}", strconv.FormatInt(beta.AccountID, 10)).Replace(c.pattern)
			if link.URL != want {
				t.Errorf("link %s, want %s", link.URL, want)
			}
		})
	}
}

func TestASettingOfALinkLearnsToo(t *testing.T) {
	w, _, _ := linkWorld(t)
	w.must(w.app.SetSetting(w.ctx, "links.customer", "https://uk1.accountsiq.com/c/acme"))
	list, err := w.app.Settings(w.ctx)
	w.must(err)
	for _, s := range list {
		if s.Key == "links.customer" && s.Value != "https://uk1.accountsiq.com/c/{code}" {
			t.Errorf("kept %q", s.Value)
		}
	}
}
