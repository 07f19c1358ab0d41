package accountsiq

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everyCall runs each call once; the answers do not matter.
func everyCall(c *Client) {
	ctx := context.Background()
	from := time.Date(2026, 2, 28, 6, 0, 0, 0, time.UTC)
	to := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	summer := time.FixedZone("", 3600)
	_, _ = c.Entities(ctx)
	_, _ = c.Company(ctx)
	_, _ = c.Currencies(ctx)
	_, _ = c.CreditTerms(ctx)
	_ = c.Customers(ctx, nil)
	_ = c.CustomersChangedSince(ctx, time.Date(2026, 3, 1, 9, 0, 0, 0, summer), nil)
	_ = c.CustomersChangedSince(ctx, time.Time{}, nil)
	_ = c.Contacts(ctx, nil)
	window := TransactionQuery{CreatedFrom: from, CreatedTo: to}
	_, _ = c.CountTransactions(ctx, window)
	_, _ = c.Transactions(ctx, TransactionQuery{}, nil)
	window.Skip = 10000
	_, _ = c.Transactions(ctx, window, nil)
	_, _ = c.Transactions(ctx, TransactionQuery{AccountIDs: []int64{7}, IDs: []int64{1001, 1002}}, nil)
	_, _ = c.ChangedTransactions(ctx, TransactionQuery{IssuedFrom: ledger.NewDate(2026, 2, 28), IssuedTo: ledger.NewDate(2026, 3, 3)}, nil)
	_, _ = c.Allocations(ctx, from, to, 20000, 0, nil)
	_, _ = c.Allocations(ctx, time.Time{}, time.Time{}, 0, 500, nil)
	_, _ = c.Documents(ctx, DocumentQuery{ChangedSince: from}, nil)
	_, _ = c.Documents(ctx, DocumentQuery{CreatedFrom: from, CreatedTo: to, AccountIDs: []int64{7}, IDs: []int64{501}, Skip: 1000, Limit: 50}, nil)
	_ = c.Balances(ctx, ledger.NewDate(2026, 5, 12), []string{"ACME", "O'Neill & <Söhne> \"x\""}, nil)
	_, _ = c.AllocationsOf(ctx, 1001)
	_, _ = c.InvoicePDF(ctx, 1001, "")
	_, _ = c.InvoicePDF(ctx, 1001, "Plain & <simple>")
	_, _ = c.ReportStyles(ctx)
	_, _ = c.Notes(ctx, OnCustomer, "7")
	_ = c.AddNote(ctx, OnCustomer, "7", "Payment reminder sent to accounts@acme.example on 3 March 2026 for invoice 10045. [r-4f21]")
	_ = c.AddNote(ctx, OnTransaction, "1001", "a < b & c")
	_, _ = c.Dispute(ctx, []int64{1001, 1002}, true)
	_, _ = c.Dispute(ctx, []int64{1001}, false)
}

// The requests are those of the contract, to the letter: order, namespaces, required nils, header
// and token (contract 3, 4).
func TestRequests(t *testing.T) {
	for name, auth := range map[string]Auth{"1_1": userKey, "2_0": oauth} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			c := connect(t, f.URL, auth)
			everyCall(c)
			f.say("GetCreditTermList", failure("GetCreditTermList", "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"))
			_, _ = c.CreditTerms(context.Background()) // brings on TokenRefresh, or Login again
			if got := c.Requests(); got != int64(len(f.calls)) {
				t.Errorf("%d requests counted of %d", got, len(f.calls))
			}
			var all strings.Builder
			for i, b := range f.bodies {
				h := f.headers[i]
				if h.Get("Content-Type") != "text/xml; charset=utf-8" || h.Get("SOAPAction") != `"`+namespace+f.calls[i]+`"` {
					t.Errorf("%s: headers %v", f.calls[i], h)
				}
				all.WriteString(strings.ReplaceAll(b, "><", ">\n<") + "\n\n")
			}
			golden(t, filepath.Join("testdata", "requests_"+name+".txt"), all.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Fatalf("%s line %d:\n got %s\nwant %s", file, i+1, g[i], w[i])
			}
		}
		t.Fatalf("%s: %d lines, want %d", file, len(g), len(w))
	}
}

func TestEntityIsLeftOutWhileUnknown(t *testing.T) { // contract 4.2
	f := newFake(t)
	c := connect(t, f.URL, oauth, func(cfg *Config) { cfg.Company = "" })
	if _, err := c.Entities(context.Background()); err != nil {
		t.Fatal(err)
	}
	last := f.bodies[len(f.bodies)-1]
	if strings.Contains(last, "<Entity>") || !strings.Contains(last, "<AccessToken>") {
		t.Error(last)
	}
}

func TestEmptyFilterSendsNothing(t *testing.T) {
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	ctx := context.Background()
	none := []int64{}
	for range 2 {
		if n, err := c.CountTransactions(ctx, TransactionQuery{IDs: none}); n != 0 || err != nil {
			t.Error(n, err)
		}
		if n, err := c.Transactions(ctx, TransactionQuery{AccountIDs: none}, nil); n != 0 || err != nil {
			t.Error(n, err)
		}
		if n, err := c.Documents(ctx, DocumentQuery{IDs: none}, nil); n != 0 || err != nil {
			t.Error(n, err)
		}
		if err := c.Balances(ctx, ledger.NewDate(2026, 5, 12), nil, nil); err != nil {
			t.Error(err)
		}
	}
	if c.Requests() != 0 {
		t.Errorf("%d requests", c.Requests())
	}
}

func TestIDsOutOfRange(t *testing.T) {
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	big := []int64{1 << 31}
	_, err1 := c.Transactions(context.Background(), TransactionQuery{IDs: big}, nil)
	_, err2 := c.Documents(context.Background(), DocumentQuery{AccountIDs: big}, nil)
	_, err3 := c.InvoicePDF(context.Background(), big[0], "")
	for _, err := range []error{err1, err2, err3} {
		if e := problemOf(t, err); e.Kind != Input {
			t.Error(e.Code)
		}
	}
	if c.Requests() != 0 {
		t.Errorf("%d requests", c.Requests())
	}
}
