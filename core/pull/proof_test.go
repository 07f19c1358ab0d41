package pull_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"dunlin/core/accountsiq"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/pull"
	"dunlin/core/store"
)

func (b *books) differences() []store.BalanceCheck {
	b.t.Helper()
	list, err := b.st.BalanceDifferences(b.ctx)
	b.must(err)
	return list
}

// A balance that does not agree is kept with both figures once the customer was read again whole, and goes when the
// two agree (contract 10.2, step 9).
func TestDifferenceOfBalancesIsKeptWithBothFigures(t *testing.T) {
	b := open(t, func(b *books) {
		b.customer("ACME")
		b.customer("BELL")
		b.invoice("ACME", 10_000)
		b.receipt("ACME", 2_500)
		b.invoice("BELL", 700)
	})
	b.company.SkewBalance("ACME", 1_234)
	r := b.pull(pull.Light)
	list := b.differences()
	if len(list) != 1 || list[0].CustomerCode != "ACME" || list[0].Ours != eur(7_500) || list[0].Reported != eur(8_734) || !list[0].At.Equal(start) || len(r.Differences) != 1 {
		t.Fatalf("%+v, reported %+v", list, r.Differences)
	}
	reloads := func() (n int) {
		for _, c := range b.server.Log() {
			if c.Op == "GetTransactionsBy" && strings.Contains(c.Body, "<AccountIDsFilter>") && strings.Contains(c.Body, "<Skip>0</Skip>") {
				n++
			}
		}
		return n
	}
	if reloads() != 1 {
		t.Errorf("%d readings of the customer, want one", reloads())
	}
	// Asked again at every sync, but read again whole only once a day while it is the same difference.
	b.later(time.Hour)
	b.pull(pull.Light)
	if len(b.differences()) != 1 || reloads() != 1 {
		t.Errorf("%+v after %d readings", b.differences(), reloads())
	}
	b.later(25 * time.Hour)
	b.pull(pull.Light)
	if len(b.differences()) != 1 || reloads() != 2 {
		t.Errorf("a day later: %+v after %d readings", b.differences(), reloads())
	}
	b.company.SkewBalance("ACME", 0)
	b.later(time.Minute)
	if r := b.pull(pull.Light); len(b.differences()) != 0 || len(r.Differences) != 0 {
		t.Errorf("put right: %+v", b.differences())
	}
}

// An item that every read hides is found out by the balance; once it shows, it is found by reading the customer again.
func TestHiddenItemIsFoundOut(t *testing.T) {
	var inv, rec aiqtest.Transaction
	b := open(t, func(b *books) {
		b.customer("ACME")
		inv = b.invoice("ACME", 10_000)
		rec = b.receipt("ACME", 4_000)
		b.must(b.company.HideItem(rec.ID))
	})
	b.pull(pull.Light)
	if list := b.differences(); len(list) != 1 || list[0].Drift() != eur(-4_000) {
		t.Fatalf("%+v", list)
	}
	// Years later nothing of it is new; a sync that looks for news alone would not see it.
	b.later(40 * 24 * time.Hour)
	b.must(b.company.ShowItem(rec.ID))
	b.pull(pull.Thorough)
	if len(b.differences()) != 0 || b.outstanding(rec.ID) != "40.00" || b.outstanding(inv.ID) != "100.00" {
		t.Errorf("%+v", b.differences())
	}
}

// A payment that comes between the look at the items and the look at the balances is no difference.
func TestPaymentDuringThePullIsNoDifference(t *testing.T) {
	b := &books{t: t, ctx: t.Context(), now: start}
	b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
	b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
	b.customer("ACME")
	inv := b.invoice("ACME", 10_000)
	paid := false
	b.serveOptions(aiqtest.Options{BeforeAnswer: func(c aiqtest.Call) {
		if c.Op == "GetCustomerBalanceInformation" && !paid {
			paid = true
			b.pay(inv, 3_000)
		}
	}})
	b.pull(pull.Light)
	if !paid || len(b.differences()) != 0 || b.outstanding(inv.ID) != "70.00" {
		t.Errorf("paid %v, differences %+v, outstanding %s", paid, b.differences(), b.outstanding(inv.ID))
	}
}

// Items dated ahead are in our sum, so the balance is asked for at the end of the last of their days.
func TestItemsDatedAheadAreNoDifference(t *testing.T) {
	b := open(t, func(b *books) {
		b.customer("ACME")
		_, err := b.company.AddInvoice(aiqtest.Entry{Customer: "ACME", Amount: eur(5_000), Issued: ledger.DateOf(start).AddDays(12)})
		b.must(err)
		b.invoice("ACME", 100)
	})
	b.pull(pull.Light)
	if list := b.differences(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// sober refuses to look further ahead than a year, as an AccountsIQ that minds DATE_IS_OUT_OF_RANGE may.
type sober struct {
	pull.Source
	today ledger.Date
}

func (s sober) Balances(ctx context.Context, on ledger.Date, codes []string, row func(ledger.Balance) error) error {
	if s.today.AddDays(366).Before(on) {
		return &accountsiq.Error{Kind: accountsiq.Query, Code: "internal", AIQCode: "DATE_IS_OUT_OF_RANGE"}
	}
	return s.Source.Balances(ctx, on, codes, row)
}

// A date mistyped by a century costs its customer the proof, and nobody else.
func TestDateOutOfRangeCostsOnlyItsCustomerTheProof(t *testing.T) {
	b := open(t, func(b *books) {
		b.customer("ACME")
		b.customer("BELL")
		_, err := b.company.AddInvoice(aiqtest.Entry{Customer: "ACME", Amount: eur(5_000), Issued: ledger.DateOf(start).AddDays(36_500)})
		b.must(err)
		b.invoice("BELL", 100)
	})
	b.company.SkewBalance("BELL", 7)
	r, err := pull.Run(b.ctx, sober{b.client, ledger.DateOf(start)}, b.st, b.options(pull.Light))
	b.must(err)
	if len(r.Differences) != 1 || r.Differences[0].CustomerCode != "BELL" {
		t.Errorf("%+v", r.Differences)
	}
}

// nameless leaves the currency out of the balances, as the contract allows; amounts are hundredths then.
type nameless struct{ pull.Source }

func (n nameless) Balances(ctx context.Context, on ledger.Date, codes []string, row func(ledger.Balance) error) error {
	return n.Source.Balances(ctx, on, codes, func(b ledger.Balance) error {
		if b.Amount.Currency == "JPY" {
			b.Amount.Minor *= 100
		}
		b.Amount.Currency = ""
		return row(b)
	})
}

func TestBalancesWithoutACurrency(t *testing.T) {
	b := open(t, func(b *books) {
		b.must(b.company.AddCurrency(aiqtest.Currency{Code: "JPY", Name: "Yen", Rate: "160"}))
		for code, currency := range map[string]string{"ACME": "EUR", "BELL": "EUR", "YEN": "JPY"} {
			_, err := b.company.AddCustomer(aiqtest.Customer{Code: code, Name: code, Currency: currency})
			b.must(err)
			_, err = b.company.AddInvoice(aiqtest.Entry{Customer: code, Amount: ledger.Money{Minor: 5_000, Currency: currency}})
			b.must(err)
		}
	})
	b.company.SkewBalance("BELL", 7)
	r, err := pull.Run(b.ctx, nameless{b.client}, b.st, b.options(pull.Light))
	b.must(err)
	if len(r.Differences) != 1 || r.Differences[0].CustomerCode != "BELL" || r.Differences[0].Reported != eur(5_007) {
		t.Errorf("%+v", r.Differences)
	}
}

// answers replaces what AccountsIQ says of some customers' balances.
type answers struct {
	pull.Source
	of map[string][]ledger.Money // by code; none: left out
}

func (a answers) Balances(ctx context.Context, on ledger.Date, codes []string, row func(ledger.Balance) error) error {
	said := map[string]bool{}
	return a.Source.Balances(ctx, on, codes, func(b ledger.Balance) error {
		list, other := a.of[b.Code]
		if !other {
			return row(b)
		}
		if said[b.Code] {
			return nil
		}
		said[b.Code] = true
		for _, m := range list {
			b.Amount = m
			if err := row(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// R2.2, 11: what the report leaves out counts as 0. The value of foreign items in base currency is no such report.
func TestR2_2_11WhatTheBalancesLeaveOut(t *testing.T) {
	usd := func(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "USD"} }
	for name, c := range map[string]struct {
		says []ledger.Money
		want string
	}{
		"both currencies":               {[]ledger.Money{eur(500), usd(12_500)}, ""},
		"one currency left out":         {[]ledger.Money{eur(500)}, "USD 0.00 for 125.00"},
		"the customer left out":         {nil, "EUR 0.00 for 5.00, USD 0.00 for 125.00"},
		"a third currency":              {[]ledger.Money{eur(500), usd(12_500), {Minor: 7, Currency: "GBP"}}, "GBP 0.07 for 0.00"},
		"0 in a third currency":         {[]ledger.Money{eur(500), usd(12_500), {Minor: 0, Currency: "GBP"}}, ""},
		"everything in one of the two":  {[]ledger.Money{eur(10_500)}, "EUR 105.00 for 5.00, USD 0.00 for 125.00"},
		"only foreign, its value":       {[]ledger.Money{eur(10_100)}, "-"},
		"only foreign, something else":  {[]ledger.Money{eur(25_000)}, "EUR 250.00 for 0.00, USD 0.00 for 125.00"},
		"only foreign, in its currency": {[]ledger.Money{usd(12_500)}, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, func(b *books) {
				b.must(b.company.AddCurrency(aiqtest.Currency{Code: "USD", Name: "Dollar", Rate: "1.25"}))
				b.customer("OTHER")
				b.customer("ACME")
				if !strings.HasPrefix(name, "only foreign") {
					b.invoice("ACME", 500)
				}
				_, err := b.company.AddInvoice(aiqtest.Entry{Customer: "ACME", Amount: usd(12_500)})
				b.must(err)
			})
			r, err := pull.Run(b.ctx, answers{b.client, map[string][]ledger.Money{"ACME": c.says}}, b.st, b.options(pull.Light))
			b.must(err)
			var got []string
			for _, d := range r.Differences {
				got = append(got, fmt.Sprintf("%s %s for %s", d.Reported.Currency, d.Reported, d.Ours))
			}
			if text := strings.Join(got, ", "); text != strings.TrimPrefix(c.want, "-") {
				t.Errorf("%q, want %q", text, c.want)
			}
		})
	}
}

// An answer that knows nobody proves nothing against anybody.
func TestBalancesOfNobody(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME"); b.invoice("ACME", 500) })
	r, err := pull.Run(b.ctx, answers{b.client, map[string][]ledger.Money{"ACME": nil}}, b.st, b.options(pull.Light))
	if b.must(err); len(r.Differences) != 0 {
		t.Errorf("%+v", r.Differences)
	}
}

// What shows again is found by Sync now, though the two figures are as far apart as before.
func TestSyncNowReadsDifferingCustomersAgain(t *testing.T) {
	var rec aiqtest.Transaction
	b := open(t, func(b *books) {
		b.customer("ACME")
		b.invoice("ACME", 10_000)
		rec = b.receipt("ACME", 4_000)
		b.must(b.company.HideItem(rec.ID))
	})
	b.pull(pull.Light)
	b.later(72 * time.Hour)
	b.pull(pull.Thorough)
	b.must(b.company.ShowItem(rec.ID))
	b.later(time.Minute)
	if r := b.pull(pull.Thorough); len(r.Differences) != 0 || b.outstanding(rec.ID) != "40.00" {
		t.Errorf("%+v", r.Differences)
	}
}

// Where AccountsIQ does not offer balances nothing is proven, and nothing is held back for it.
func TestBalancesThatAreNotOffered(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME"); b.invoice("ACME", 100) })
	b.server.Fail(notOffered("GetCustomerBalanceInformation"))
	r := b.pull(pull.Light)
	if len(r.Differences) != 0 || len(r.Skipped) != 1 || r.Skipped[0] != "balances" {
		t.Errorf("%+v", r)
	}
}

// Balances are asked for all customers once a day, for those who owe on a thorough pull, and for nobody in between.
func TestWhoseBalancesAreCompared(t *testing.T) {
	b := open(t, func(b *books) {
		b.customer("ACME")
		b.customer("IDLE")
		b.invoice("ACME", 100)
	})
	asked := func(d pull.Depth) (codes int) {
		before := len(b.server.Log())
		b.pull(d)
		for _, c := range b.server.Log()[before:] {
			if c.Op == "GetCustomerBalanceInformation" {
				codes += strings.Count(c.Body, "<string>")
			}
		}
		return codes
	}
	for i, c := range []struct {
		after time.Duration
		depth pull.Depth
		want  int
	}{{0, pull.Light, 2}, {time.Hour, pull.Light, 0}, {time.Hour, pull.Thorough, 1}, {25 * time.Hour, pull.Light, 2}, {time.Hour, pull.Full, 2}} {
		b.later(c.after)
		if got := asked(c.depth); got != c.want {
			t.Errorf("pull %d asked about %d customers, want %d", i+1, got, c.want)
		}
	}
}

// contrary lets one credit come with the other sign than the rest: it adds to the debt, and so the balance says.
type contrary struct {
	pull.Source
	id      int64
	account int64
	by      int64 // what the balance is off the books
}

func (c contrary) Transactions(ctx context.Context, q accountsiq.TransactionQuery, row func(ledger.Transaction) error) (int, error) {
	return c.Source.Transactions(ctx, q, func(t ledger.Transaction) error {
		if t.ID == c.id {
			t.Outstanding.Minor = -t.Outstanding.Minor
		}
		return row(t)
	})
}

func (c contrary) Balances(ctx context.Context, on ledger.Date, codes []string, row func(ledger.Balance) error) error {
	return c.Source.Balances(ctx, on, codes, func(x ledger.Balance) error {
		if x.AccountID == c.account {
			x.Amount.Minor += c.by
		}
		return row(x)
	})
}

// The sign of what is left of credits is not attested; the balances settle it, both ways (contract 15).
func TestSignOfCreditsIsSettledByTheBalances(t *testing.T) {
	for sign, negative := range map[ledger.CreditSign]bool{ledger.SignPositive: false, ledger.SignNegative: true} {
		t.Run(string(sign), func(t *testing.T) {
			b := &books{t: t, ctx: t.Context(), now: start}
			b.company = aiqtest.NewCompany("PULL01", "Pull Ltd", "EUR", b.clock)
			b.company.ClientID, b.company.ClientSecret = "0f8fad5b-d9cb-469f-a165-70867728950e", "s"
			for i := range 3 {
				b.customer(fmt.Sprintf("C%d", i))
				b.invoice(fmt.Sprintf("C%d", i), 10_000)
				b.receipt(fmt.Sprintf("C%d", i), 1_000)
			}
			odd, err := b.company.Post(ledger.SalesCreditJournal, aiqtest.Entry{Customer: "C2", Amount: eur(300)})
			b.must(err)
			b.serveOptions(aiqtest.Options{NegativeCredits: negative})
			src := contrary{b.client, odd.ID, odd.AccountID, 600}
			r, err := pull.Run(b.ctx, src, b.st, b.options(pull.Light))
			b.must(err)
			if have, err := b.st.CreditSign(b.ctx); have != sign || err != nil || len(r.Differences) != 0 {
				t.Errorf("settled %q, %v; differences %+v", have, err, r.Differences)
			}
			sums, err := b.st.LedgerSums(b.ctx)
			if b.must(err); fmt.Sprint(sums[odd.AccountID]) != fmt.Sprint([]ledger.Money{eur(10_000 - 1_000 + 300)}) {
				t.Errorf("sums %v", sums)
			}
			if b.outstanding(odd.ID) != "-3.00" {
				t.Errorf("the journal that adds to the debt has %s left", b.outstanding(odd.ID))
			}
			// What comes later is read by the settled sign.
			b.later(time.Hour)
			if r, err = pull.Run(b.ctx, src, b.st, b.options(pull.Thorough)); err != nil || r.Transactions.Any() || len(r.Differences) != 0 {
				t.Errorf("%+v %v", r, err)
			}
		})
	}
}

// Balances that agree under neither reading settle nothing: credits lessen the debt until it is known better.
func TestSignOfCreditsStaysOpenWithoutProof(t *testing.T) {
	b := open(t, func(b *books) { b.customer("ACME"); b.invoice("ACME", 10_000); b.receipt("ACME", 1_000) })
	b.company.SkewBalance("ACME", 5)
	b.pull(pull.Light)
	if sign, err := b.st.CreditSign(b.ctx); sign != ledger.SignUnknown || err != nil {
		t.Errorf("%q %v", sign, err)
	}
	b.company.SkewBalance("ACME", 0)
	b.later(time.Hour)
	b.pull(pull.Thorough)
	if sign, err := b.st.CreditSign(b.ctx); sign != ledger.SignPositive || err != nil {
		t.Errorf("%q %v", sign, err)
	}
}
