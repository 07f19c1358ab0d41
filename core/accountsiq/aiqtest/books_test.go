package aiqtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

func TestBooksRefuse(t *testing.T) {
	ck := &clock{testNow}
	c := small(ck.now)
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A", Term: "1"}))
	must(t)(c.AddCustomer(Customer{Code: "B", Name: "B"}))
	amount := ledger.Money{Minor: 100_00}
	inv := must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: amount, Issued: ledger.NewDate(2026, 5, 1)}))
	rec := must2(t)(c.AddReceipt(Entry{Customer: "A", Amount: amount}))
	other := must2(t)(c.AddReceipt(Entry{Customer: "B", Amount: amount}))
	if inv.Due != ledger.NewDate(2026, 5, 31) {
		t.Errorf("due date by the term: %s", inv.Due)
	}
	if _, err := c.Allocate(rec.ID, inv.ID, 60_00); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"more than is left":   func() error { _, err := c.Allocate(rec.ID, inv.ID, 40_01); return err },
		"nothing":             func() error { _, err := c.Allocate(rec.ID, inv.ID, 0); return err },
		"debit against debit": func() error { _, err := c.Allocate(inv.ID, inv.ID, 1); return err },
		"the wrong way round": func() error { _, err := c.Allocate(inv.ID, rec.ID, 1); return err },
		"another customer":    func() error { _, err := c.Allocate(other.ID, inv.ID, 1); return err },
		"unknown customer":    func() error { _, err := c.AddInvoice(Entry{Customer: "X", Amount: amount}); return err },
		"unknown currency": func() error {
			_, err := c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 1, Currency: "XXX"}})
			return err
		},
		"purchase type": func() error { _, err := c.Post("PI", Entry{Customer: "A", Amount: amount}); return err },
		"negative amount": func() error {
			_, err := c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: -1}})
			return err
		},
		"code taken":            func() error { _, err := c.AddCustomer(Customer{Code: "A"}); return err },
		"customer with history": func() error { return c.DeleteCustomer("A") },
		"posted document":       func() error { return c.CancelDocument(inv.Document) },
	} {
		if do() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// Un-allocating opens both sides again; deleting a receipt opens the invoice; reversing closes it.
func TestOutstandingFollowsTheMatches(t *testing.T) {
	ck := &clock{testNow}
	c := small(ck.now)
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A"}))
	inv := must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 100_00}}))
	rec := must2(t)(c.AddReceipt(Entry{Customer: "A", Amount: ledger.Money{Minor: 80_00}}))
	expect := func(when string, invoice, receipt, balance int64) {
		t.Helper()
		i, _ := c.Transaction(inv.ID)
		r, _ := c.Transaction(rec.ID)
		if i.Outstanding.Minor != invoice || r.Outstanding.Minor != receipt || c.Balance("A", "EUR").Minor != balance {
			t.Errorf("%s: %d %d %d", when, i.Outstanding.Minor, r.Outstanding.Minor, c.Balance("A", "EUR").Minor)
		}
	}
	expect("posted", 100_00, 80_00, 20_00)
	m, err := c.Allocate(rec.ID, inv.ID, 80_00)
	if err != nil {
		t.Fatal(err)
	}
	expect("matched", 20_00, 0, 20_00)
	if err := c.Unallocate(m.ID); err != nil {
		t.Fatal(err)
	}
	expect("un-matched", 100_00, 80_00, 20_00)
	if _, err := c.Allocate(rec.ID, inv.ID, 50_00); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteTransaction(rec.ID); err != nil {
		t.Fatal(err)
	}
	expect("receipt deleted", 100_00, 0, 100_00)
	if _, err := c.Reverse(inv.ID); err != nil {
		t.Fatal(err)
	}
	expect("reversed", 0, 0, 0)
}

// What a change shows in which feed (contract 10.3), on each reading of the change feed.
func TestChangeFeeds(t *testing.T) {
	for _, axis := range []Axis{ChangesByDate, ChangesByCreation, ChangesUnreported} {
		ck := &clock{testNow.AddDate(0, 0, -10)}
		c := small(ck.now)
		must(t)(c.AddCustomer(Customer{Code: "A", Name: "A"}))
		post := func() Transaction {
			return must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 100_00}}))
		}
		untouched, disputed, moved, gone, paid := post(), post(), post(), post(), post()
		rec := must2(t)(c.AddReceipt(Entry{Customer: "A", Amount: ledger.Money{Minor: 100_00}}))
		ck.at = testNow
		ids := map[int64]string{untouched.ID: "", disputed.ID: "Updated", moved.ID: "Updated", gone.ID: "Deleted", paid.ID: ""}
		for _, err := range []error{c.Dispute(disputed.ID), c.SetDueDate(moved.ID, seedToday), c.DeleteTransaction(gone.ID)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Allocate(rec.ID, paid.ID, 100_00); err != nil {
			t.Fatal(err)
		}
		ids[post().ID] = "Created"
		s := start(t, Options{Company: c, Now: ck.now, Changes: axis})
		byDate := txQueryXML{fromDate: "2026-05-12T00:00:00", toDate: "2026-05-13T00:00:00"}
		byCreation := txQueryXML{fromCreation: "2026-05-12T00:00:00", toCreation: "2026-05-13T00:00:00"}
		found := map[int64]string{}
		for _, q := range []txQueryXML{byDate, byCreation} { // a client asks both ways and joins
			for _, row := range s.ask(t, "", "GetTransactionsModifiedBy", q.String()).rows() {
				found[row.kid("TransactionID").number()] = row.kid("Status").value()
			}
		}
		for id, want := range ids {
			if axis == ChangesUnreported {
				want = ""
			}
			if found[id] != want {
				t.Errorf("axis %d, transaction %d: %q, want %q", axis, id, found[id], want)
			}
		}
	}
}

func TestModifiedCustomersAndDocuments(t *testing.T) {
	ck := &clock{testNow}
	c := Seeded(1, testNow, DemoSize)
	s := start(t, Options{Company: c, Now: ck.now})
	token := s.signIn(t, v20)
	ck.at = testNow.Add(10 * time.Minute)
	code := c.Customers()[4].Code
	if err := c.UpdateCustomer(code, func(cu *Customer) { cu.Inactive, cu.Code = true, "NEW" }); err != nil {
		t.Fatal(err)
	}
	changed := func(since string) []*node {
		return s.ask(t, token, "GetCustomersBy", "<query><FromLastModifiedDateInUTC>"+since+"</FromLastModifiedDateInUTC></query>").rows()
	}
	for _, since := range []string{"2026-05-12T10:40:00Z", "2026-05-12T10:40:00", "2026-05-12T11:40:00+01:00"} { // on or after
		rows := changed(since)
		if len(rows) != 1 || rows[0].kid("Code").value() != code || rows[0].kid("IsActive").value() != "false" {
			t.Errorf("since %s: %d rows", since, len(rows))
		}
	}
	if n := len(changed("2026-05-12T10:40:01Z")); n != 0 {
		t.Errorf("a second later: %d rows", n)
	}
	draft, err := c.AddDraft(Entry{Customer: code, Amount: ledger.Money{Minor: 5}})
	if err != nil {
		t.Fatal(err)
	}
	ck.at = testNow.Add(20 * time.Minute)
	if err := c.CancelDocument(draft.ID); err != nil {
		t.Fatal(err)
	}
	rows := s.ask(t, token, "GetInvoicesBy", strings.Replace(docQuery, "2024-01-01T08:00:00Z", "2026-05-12T10:50:00Z", 1)).rows()
	if len(rows) != 1 || rows[0].kid("Status").value() != "Cancelled" || rows[0].kid("LastModifiedUTC").value() != "2026-05-12T10:50:00Z" {
		t.Errorf("%d documents", len(rows))
	}
}

// Names with markup, accents, emoji and line ends arrive as they are.
func TestTextSurvivesTheWire(t *testing.T) {
	ck := &clock{testNow}
	c := small(ck.now)
	names := []string{"Line\nBreak", "a\r\nb", `<b>"O'Brien" & Co</b>]]>`, "Tráthnóna 🌊", "tab\there"}
	for i, name := range names {
		must(t)(c.AddCustomer(Customer{Code: fmt.Sprint("C", i), Name: name}))
	}
	s := start(t, Options{Company: c, Now: ck.now})
	for i, row := range s.ask(t, "", "GetCustomerList", "").rows() {
		if got := row.kid("Name").value(); got != names[i] {
			t.Errorf("%q arrives as %q", names[i], got)
		}
	}
	if got := string(appendText(nil, "a\x00b\x1fc\xffd")); got != "a\uFFFDb\uFFFDc\uFFFDd" {
		t.Errorf("%q", got)
	}
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte(`<a xmlns="x"><b c="d">e</b><!-- f --><![CDATA[g]]></a>`))
	f.Add([]byte(`<!DOCTYPE a><a/>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := parseXML(body)
		if (n == nil) == (err == nil) {
			t.Errorf("%v %v", n, err)
		}
	})
}
