package core_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// owes adds a customer of a currency with one open invoice.
func (w *world) owes(code, currency string, minor int64) aiqtest.Transaction {
	w.t.Helper()
	_, err := w.company.AddCustomer(aiqtest.Customer{Code: code, Name: code + " Ltd", Currency: currency, Email: strings.ToLower(code) + "@customer.example"})
	w.must(err)
	due := ledger.DateOf(tuesday).AddDays(-8)
	tx, err := w.company.AddInvoice(aiqtest.Entry{Customer: code, Amount: ledger.Money{Minor: minor, Currency: currency}, Issued: due.AddDays(-30), Due: due})
	w.must(err)
	return tx
}

func (w *world) rate(currency, rate string) {
	w.t.Helper()
	w.must(w.company.AddCurrency(aiqtest.Currency{Code: currency, Rate: rate}))
}

// wantInBase checks the total of the Overview and of the list of open invoices; "" for none.
func (w *world) wantInBase(want string, without ...string) {
	w.t.Helper()
	o, err := w.app.Overview(w.ctx)
	w.must(err)
	l, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	for where, got := range map[string]struct {
		total   *core.Amount
		without []string
	}{"the overview": {o.InBase, o.InBaseWithout}, "the list": {l.InBase, l.InBaseWithout}} {
		text := ""
		if got.total != nil {
			text = got.total.Amount + " " + got.total.Currency
		}
		if text != want || !slices.Equal(got.without, without) {
			w.t.Errorf("%s says %q without %q, want %q without %q", where, text, got.without, want, without)
		}
	}
}

func (w *world) synced() {
	w.t.Helper()
	w.must(second(w.app.Sync(w.ctx, true)))
}

func TestTotalOverAllCurrencies(t *testing.T) {
	w := newWorld(t)
	w.owes("EUA", "EUR", 10_000)
	w.setUp()
	w.synced()
	w.wantInBase("") // one currency has its exact sum already
	w.rate("USD", "1.25")
	dollars := w.owes("USA", "USD", 12_500)
	w.synced()
	w.wantInBase("200.00 EUR")
	w.rate("JPY", "160")
	w.owes("JPA", "JPY", 16_000)
	w.synced()
	w.wantInBase("300.00 EUR")
	// The exact sums are what they were.
	l, err := w.app.Invoices(w.ctx, core.InvoiceQuery{})
	w.must(err)
	if want := []core.Amount{{Currency: "EUR", Amount: "100.00"}, {Currency: "JPY", Amount: "16000"}, {Currency: "USD", Amount: "125.00"}}; !slices.Equal(l.Totals, want) {
		t.Errorf("totals %v, want %v", l.Totals, want)
	}
	// A filter has its own total, and one for a single currency none.
	l, err = w.app.Invoices(w.ctx, core.InvoiceQuery{Currency: "USD"})
	w.must(err)
	if l.InBase != nil || l.InBaseWithout != nil || len(l.IDs) != 1 {
		t.Errorf("only dollars: %+v", l)
	}
	l, err = w.app.Invoices(w.ctx, core.InvoiceQuery{Search: dollars.Number})
	w.must(err)
	if l.InBase != nil || len(l.Totals) != 1 {
		t.Errorf("one invoice: %+v", l)
	}
	// A currency whose rate is gone is left out and named; without any rate there is no total.
	forget := func(currency string) {
		w.must(w.app.Store().Tx(w.ctx, func(tx *store.Tx) error {
			list, err := w.app.Store().Currencies(w.ctx)
			for i := range list {
				if list[i].Code == currency {
					list[i].Rate = ""
				}
			}
			if err != nil {
				return err
			}
			return tx.SetCurrencies(w.ctx, list)
		}))
	}
	forget("JPY")
	w.wantInBase("200.00 EUR", "JPY")
	forget("USD")
	w.wantInBase("")
}

// Two foreign currencies add up in base currency though none of it is owed.
func TestTotalWithoutBaseCurrency(t *testing.T) {
	w := newWorld(t)
	w.rate("USD", "1.25")
	w.rate("JPY", "160")
	w.owes("USA", "USD", 12_500)
	w.owes("JPA", "JPY", 16_000)
	w.setUp()
	w.synced()
	w.wantInBase("200.00 EUR")
}

func TestAnInvoiceThatWasMissingOnceSaysSo(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.setUp()
	w.synced()
	look := func(want bool) {
		t.Helper()
		d, err := w.app.Invoice(w.ctx, inv.ID)
		w.must(err)
		if d.Missing != want {
			t.Errorf("missing %v, want %v", d.Missing, want)
		}
	}
	look(false)
	w.must(w.company.HideItem(inv.ID))
	w.must(second(w.app.Sync(w.ctx, false)))
	look(true)
	w.must(w.company.ShowItem(inv.ID))
	w.must(second(w.app.Sync(w.ctx, false))) // AccountsIQ answers with it again
	look(false)
}

// Looking at the list of companies leaves those that are not open as they are, also by a hair.
func TestTheListOfCompaniesChangesNoFile(t *testing.T) {
	w := newWorld(t)
	w.setUp()
	first := w.app.Folder()
	w.connect(w.another("SECOND"), "SECOND")
	before := w.filesOf(first)
	if got := w.companies(); got != "SECOND=SECOND Ltd*, TEST01=Test Trading Ltd" {
		t.Errorf("companies %s", got)
	}
	if after := w.filesOf(first); !slices.Equal(after, before) {
		t.Errorf("the folder was\n%q and is\n%q", before, after)
	}
}

// filesOf lists the files of a folder with their sizes and times.
func (w *world) filesOf(dir string) (out []string) {
	w.t.Helper()
	list, err := os.ReadDir(dir)
	w.must(err)
	for _, f := range list {
		info, err := f.Info()
		w.must(err)
		out = append(out, fmt.Sprint(f.Name(), info.Size(), info.ModTime().UnixNano()))
	}
	return out
}
