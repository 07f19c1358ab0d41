package aiqtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// known takes the elements of Options.Extra out of an answer and counts them.
func (n *node) known(extra *int) {
	n.kids = slices.DeleteFunc(n.kids, func(k *node) bool {
		isNew := strings.HasPrefix(k.name, "New")
		if isNew {
			*extra++
		}
		return isNew
	})
	for _, k := range n.kids {
		k.known(extra)
	}
}

// Every record and every result carries elements that the contract does not know, some in the middle; without them
// the answer is the same as ever.
func TestExtraElements(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	for _, v := range []version{v20, v11} {
		plain, extra := start(t, Options{Company: c}), start(t, Options{Company: c, Extra: true})
		answer := func(s *Server, op, args, token string) (*node, string) {
			m := s.message(v, op, args)
			m.token = token
			status, body := s.send(t, m)
			root, err := parseXML([]byte(body))
			if status != http.StatusOK || err != nil {
				t.Fatalf("%s: HTTP %d, %v", op, status, err)
			}
			return root.kid("Body").kids[0], body
		}
		sign := func(s *Server) string {
			op, args := "TokenGet", credentials20
			if v == v11 {
				op, args = "Login", credentials11
			}
			n, _ := answer(s, op, args, "")
			n.known(new(int))
			if n = n.kid(op + "Result"); v == v20 {
				n = n.kid("Result").kid("AccessToken")
			}
			return n.value()
		}
		tokens := map[*Server]string{plain: sign(plain), extra: sign(extra)}
		for op, args := range every(c) {
			if !plain.schema.ops[op].in(v) || (operation{name: op}).signsIn() || op == "AddNotes" || op == "GetCurrencies" {
				continue // tokens, and a moment of the server, differ from one server to the next
			}
			want, _ := answer(plain, op, args, tokens[plain])
			got, body := answer(extra, op, args, tokens[extra])
			n := 0
			if got.known(&n); !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s: the answer differs in more than elements that are new", op, v)
			}
			if n < 4 {
				t.Errorf("%s %s: %d elements that are new", op, v, n)
			}
			if op == "GetTransactionsBy" && (!strings.Contains(body, "<WSTransactionSummary><NewNumber>") || strings.Contains(body, "</NewDetails></WSTransactionSummary>")) {
				t.Errorf("not at the start and in the middle: %s", body[:2000])
			}
		}
	}
}

func TestPageSizes(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	s := start(t, Options{Company: c, PageSize: 70, AllocationPage: 30})
	token := s.signIn(t, v20)
	for _, op := range []string{"GetTransactionsBy", "GetTransactionsModifiedBy"} {
		seen := map[int64]bool{}
		for skip := 0; ; {
			rows := s.ask(t, token, op, txQueryXML{skip: fmt.Sprint(skip)}.String()).rows()
			if len(rows) > 70 {
				t.Fatalf("%s: %d rows", op, len(rows))
			}
			for _, row := range rows {
				seen[row.kid("TransactionID").number()] = true
			}
			if skip += len(rows); len(rows) < 70 {
				break
			}
		}
		if len(seen) != len(c.Transactions()) {
			t.Errorf("%s: %d of %d", op, len(seen), len(c.Transactions()))
		}
	}
	if got := s.ask(t, token, "GetCountTransactionsBy", txQueryXML{}.String()).kid("Result").kid("TransactionsCount").number(); got != int64(len(c.Transactions())) {
		t.Errorf("counted %d", got)
	}
	for _, limit := range []int{0, 20, 30, 10_000} {
		got := len(allocationsOf(s.ask(t, token, "GetAllocationsBetweenWithCreationDatePaged", allocationQuery(0, limit))))
		if want := map[bool]int{true: limit, false: 30}[limit > 0 && limit < 30]; got != want {
			t.Errorf("limit %d: %d matches, want %d", limit, got, want)
		}
	}
}

func allocationQuery(skip, limit int) string {
	return fmt.Sprintf("<ledger>Sales</ledger><fromCreationDate>1990-01-01T00:00:00</fromCreationDate>"+
		"<toCreationDate>2099-12-31T00:00:00</toCreationDate><skip>%d</skip><limit>%d</limit>", skip, limit)
}

// allocationsOf lists the entries of an answer as "from to amount".
func allocationsOf(n *node) (all []string) {
	for _, account := range n.rows() {
		for _, side := range account.kid("Allocations").kids {
			for _, e := range side.kid("AllocationEntries").kids {
				all = append(all, side.kid("TransactionID").value()+" "+e.kid("AllocatedToTransactionID").value()+" "+e.kid("AllocationAmount").value())
			}
		}
	}
	return all
}

// A change made by BeforeAnswer is seen by the very call that brought it on, and by nothing before.
func TestBeforeAnswer(t *testing.T) {
	ck := &clock{testNow}
	c := small(ck.now)
	if err := c.Play("customer A A\ninvoice A 100\ninvoice A 200\ninvoice A 300"); err != nil {
		t.Fatal(err)
	}
	var calls []string
	var s *Server
	s = start(t, Options{Company: c, Now: ck.now, PageSize: 2, BeforeAnswer: func(call Call) {
		calls = append(calls, call.Op+" "+call.Version)
		if call.Op == "GetTransactionsBy" && strings.Contains(call.Body, "<Skip>2</Skip>") {
			if err := c.Play("delete 10001\nreceipt A 300 match 10003"); err != nil {
				t.Error(err)
			}
		}
		if call.Op == "GetUserInformation" {
			s.ExpireBy(ByCode) // and it may turn to the server, too
		}
	}})
	token := s.signIn(t, v20)
	page := func(skip string) (out []string) {
		for _, row := range s.ask(t, token, "GetTransactionsBy", txQueryXML{skip: skip}.String()).rows() {
			out = append(out, row.kid("InternalNumber").value()+" "+row.kid("OutstandingAmount").value())
		}
		return out
	}
	if got := fmt.Sprint(page("0"), page("2")); got != "[10001 100.00 10002 200.00] [SR-30001 0.00]" {
		t.Errorf("the row that moved to the page before is not missed: %s", got)
	}
	if got := code(s.ask(t, token, "GetUserInformation", "")); got != codeExpired {
		t.Errorf("expired before the answer: %s", got)
	}
	if want := []string{"TokenGet 2.0", "GetTransactionsBy 2.0", "GetTransactionsBy 2.0", "GetUserInformation 2.0"}; !slices.Equal(calls, want) {
		t.Errorf("%v", calls)
	}
}

func TestThrottleEveryNth(t *testing.T) {
	s := start(t, Options{})
	token := s.signIn(t, v20)
	strikes := func(n int) (out []int) {
		for i := range n {
			if code(s.ask(t, token, "GetUserInformation", "")) == "OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS" {
				out = append(out, i+1)
			}
		}
		return out
	}
	s.Fail(Fault{Kind: FailThrottle, Every: 3})
	if got := strikes(10); !slices.Equal(got, []int{3, 6, 9}) {
		t.Errorf("every third: %v", got)
	}
	s.ClearFaults()
	s.Fail(Fault{Kind: FailThrottle, Every: 4, Call: 1, Times: 2})
	if got := strikes(12); !slices.Equal(got, []int{1, 5}) {
		t.Errorf("every fourth from the first, twice: %v", got)
	}
	s.ClearFaults()
	s.Fail(Fault{Op: "GetCurrencyList", Kind: FailThrottle, Every: 1})
	if got := strikes(3); got != nil {
		t.Errorf("another operation: %v", got)
	}
}

// Tokens that expire before a given call: that call is refused with the signal asked for, a new token helps, and the
// signing in does not count.
func TestExpireBeforeACall(t *testing.T) {
	for _, v := range []version{v20, v11} {
		for _, sig := range []Signal{ByBoth, ByCode, ByFlag} {
			s := start(t, Options{})
			m := s.message(v, "GetUserInformation", "")
			m.token = s.signIn(t, v)
			s.Fail(Fault{Kind: FailExpire, Signal: sig, Call: 3})
			for i, bad := range []bool{false, false, true, false, false} {
				got := s.result(t, m)
				says := code(got) == codeExpired || code(got) == codeInvalid11
				flag := got.kid("HasExpired").value() == "true"
				switch {
				case !bad && code(got) != "SUCCESS":
					t.Errorf("%s call %d: %s", v, i+1, code(got))
				case bad && (says != (sig != ByFlag) || flag != (sig != ByCode)):
					t.Errorf("%s signal %d: %s, HasExpired %v", v, sig, code(got), flag)
				}
				if bad {
					m.token = s.signIn(t, v)
				}
			}
		}
	}
}

// A query over a long window that finds too much takes too long; a short one, or one that finds little, does not.
func TestQueryTimeout(t *testing.T) {
	ck := &clock{testNow.AddDate(0, 0, -60)}
	c := small(ck.now)
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A"}))
	must(t)(c.AddCustomer(Customer{Code: "B", Name: "B"}))
	for i := range 60 {
		ck.at = ck.at.AddDate(0, 0, 1)
		must2(t)(c.AddInvoice(Entry{Customer: []string{"A", "B"}[i/50], Amount: ledger.Money{Minor: 100}}))
	}
	s := start(t, Options{Company: c, Now: ck.now, MaxWindow: 30 * 24 * time.Hour, MaxRows: 40, Changes: ChangesByCreation})
	token := s.signIn(t, v20)
	of := func(accounts, ids string) string { return accounts + ids }
	for name, w := range map[string]struct {
		q    txQueryXML
		want string
	}{
		"long and many":     {txQueryXML{}, codeTooLong},
		"long and one page": {txQueryXML{skip: "55"}, codeTooLong},
		"31 days of 61":     {txQueryXML{fromCreation: "2026-03-14T00:00:00", toCreation: "2026-05-12T23:59:59"}, codeTooLong},
		"30 days":           {txQueryXML{fromCreation: "2026-04-12T00:00:00", toCreation: "2026-05-12T00:00:00"}, "SUCCESS"},
		"long and 10":       {txQueryXML{filters: of("<AccountIDsFilter><int>8</int></AccountIDsFilter>", "")}, "SUCCESS"},
		"long and two ids":  {txQueryXML{filters: of("", "<TransactionIDsFilter><int>1001</int><int>1002</int></TransactionIDsFilter>")}, "SUCCESS"},
	} {
		for _, op := range []string{"GetTransactionsBy", "GetCountTransactionsBy", "GetTransactionsModifiedBy"} {
			if got := code(s.ask(t, token, op, w.q.String())); got != w.want {
				t.Errorf("%s, %s: %s, want %s", op, name, got, w.want)
			}
		}
	}
}

func balance(t *testing.T, s *Server, token, customer, on string) string {
	t.Helper()
	var all []string
	for _, row := range s.ask(t, token, "GetCustomerBalanceInformation", "<edt>"+on+"</edt><customerCodes><string>"+customer+"</string></customerCodes>").rows() {
		all = append(all, row.kid("Balance").value()+" "+row.kid("CurrencyCode").value())
	}
	return strings.Join(all, ", ")
}

// A balance is the signed sum of whole amounts up to a day: matches change nothing, items of later days do not
// count, deleted ones neither, and hidden ones do.
func TestBalanceIsTheSumOfItems(t *testing.T) {
	c := scripted(t, "customer A A\ninvoice A 100 issued 2026-05-01\nreceipt A 30 issued 2026-05-10\ninvoice A 20 GBP issued 2026-05-02\ninvoice A 7 issued 2026-05-20")
	s := start(t, Options{Company: c})
	token := s.signIn(t, v20)
	for _, step := range []struct{ script, on, want string }{
		{"", "2026-05-12T00:00:00", "70.00 EUR, 20.00 GBP"},
		{"match SR-30001 10001", "2026-05-12T00:00:00", "70.00 EUR, 20.00 GBP"},
		{"unmatch SR-30001", "2026-05-12T23:59:59", "70.00 EUR, 20.00 GBP"},
		{"", "2026-05-09T23:59:59", "100.00 EUR, 20.00 GBP"},
		{"", "2026-05-10T00:00:00", "70.00 EUR, 20.00 GBP"},
		{"", "2026-04-30T00:00:00", "0.00 EUR"},
		{"", "2026-05-20T00:00:00", "77.00 EUR, 20.00 GBP"},
		{"hide 10001", "2026-05-12T00:00:00", "70.00 EUR, 20.00 GBP"},
		{"skew A -0.01", "2026-05-12T00:00:00", "69.99 EUR, 20.00 GBP"},
		{"skew A 0", "2026-05-12T00:00:00", "70.00 EUR, 20.00 GBP"},
		{"delete SR-30001", "2026-05-12T00:00:00", "100.00 EUR, 20.00 GBP"},
		{"reverse 10001", "2026-05-12T00:00:00", "0.00 EUR, 20.00 GBP"},
	} {
		if err := c.Play(step.script); err != nil {
			t.Fatal(err)
		}
		if got := balance(t, s, token, "A", step.on); got != step.want {
			t.Errorf("%q, on %s: %s, want %s", step.script, step.on, got, step.want)
		}
	}
	c.SkewBalance("A", 250)
	if got := balance(t, s, token, "A", "2026-05-12T00:00:00"); got != "2.50 EUR, 20.00 GBP" || c.Balance("A", "EUR").Minor != 700 {
		t.Errorf("skewed: %s, in the books %s", got, c.Balance("A", "EUR"))
	}
}

// A hidden item is in no answer until it is shown, and the books do not change for it.
func TestHiddenItems(t *testing.T) {
	c := scripted(t, "customer A A\ninvoice A 100\ninvoice A 40\nreceipt A 60 match 10001")
	before := c.Transactions()
	id, doc := fmt.Sprint(before[0].ID), fmt.Sprint(before[0].Document)
	s := start(t, Options{Company: c})
	token := s.signIn(t, v20)
	sees := func() (all []string) {
		has := func(where string, ok bool) {
			if ok {
				all = append(all, where)
			}
		}
		for _, op := range []string{"GetTransactionsBy", "GetTransactionsModifiedBy"} {
			has(op, slices.ContainsFunc(s.ask(t, token, op, txQueryXML{}.String()).rows(), func(n *node) bool { return n.kid("TransactionID").value() == id }))
		}
		has("by id", len(s.ask(t, token, "GetTransactionsBy", txQueryXML{filters: "<TransactionIDsFilter><int>" + id + "</int></TransactionIDsFilter>"}.String()).rows()) > 0)
		has("count", s.ask(t, token, "GetCountTransactionsBy", txQueryXML{}.String()).kid("Result").kid("TransactionsCount").value() == "3")
		has("documents", len(s.ask(t, token, "GetInvoicesBy", docQuery).rows()) == 2)
		has("allocations", len(allocationsOf(s.ask(t, token, "GetAllocationsBetweenWithCreationDatePaged", allocationQuery(0, 0)))) == 1)
		has("allocations of the other side", len(s.ask(t, token, "GetAllocationsByTransactionId", fmt.Sprintf("<transactionId>%d</transactionId>", before[2].ID)).rows()) == 1)
		statement := s.ask(t, token, "GetCustomersStatement", "<upTo>2026-05-12T00:00:00</upTo><customerCodes><string>A</string></customerCodes><showZeros>true</showZeros>").rows()[0]
		has("statement", len(statement.kid("TransactionList").kids) == 2)
		for op, args := range map[string]string{"GetTransaction": "<transactionID>" + id + "</transactionID>", "GetTransactionByInvoiceID": "<invoiceID>" + doc + "</invoiceID>",
			"GetInvoice": "<invoiceID>" + doc + "</invoiceID>", "GetInvoicePDFByTransactionID": "<transactionID>" + id + "</transactionID>",
			"GetAllocationsByTransactionId": "<transactionId>" + id + "</transactionId>",
			"AddNotes":                      `<note><NoteID xsi:nil="true" /><MasterType>Transaction</MasterType><MasterID>` + id + `</MasterID><Notes>x</Notes></note>`} {
			has(op, code(s.ask(t, token, op, args)) == "SUCCESS")
		}
		has("DisputeTransactions", code(s.ask(t, token, "DisputeTransactions", "<transactionIDs><int>"+id+"</int></transactionIDs><disputed>false</disputed>").rows()[0]) == "SUCCESS")
		return all
	}
	const everywhere = 15
	if got := sees(); len(got) != everywhere {
		t.Errorf("shown: only in %v", got)
	}
	if err := c.HideItem(before[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := sees(); len(got) != 0 {
		t.Errorf("hidden, and seen in %v", got)
	}
	if got := balance(t, s, token, "A", "2026-05-12T00:00:00"); got != "80.00 EUR" {
		t.Errorf("the balance is %s", got)
	}
	if all := c.Transactions(); len(all) != 3 || !all[0].Hidden || all[0].Outstanding.Minor != 4_000 {
		t.Errorf("%+v", all)
	}
	if err := c.ShowItem(before[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := sees(); len(got) != everywhere {
		t.Errorf("shown again: only in %v", got)
	}
	if c.HideItem(1) == nil || c.ShowItem(1) == nil {
		t.Error("an item that does not exist can be hidden")
	}
}

// An invoice of a branch whose business goes to the head office: the item is the head office's, the document names
// the branch (contract 10.3). A branch with an account of its own is like any customer.
func TestBranches(t *testing.T) {
	c := scripted(t, "customer HEAD Head term 1\ncustomer BR Branch bookedon HEAD\ncustomer OWN Own branchof HEAD\n"+
		"invoice BR 100 issued 2026-05-01\ncreditnote BR 10\nbatch BR 5\ninvoice OWN 20\nreceipt HEAD 60 match 10001\ninvoice HEAD 1\ndraft BR 3\nreverse 10002")
	head, branch, own := c.Customers()[0].AccountID, c.Customers()[1].AccountID, c.Customers()[2].AccountID
	s := start(t, Options{Company: c})
	token := s.signIn(t, v20)
	items := map[string]string{}
	for _, row := range s.ask(t, token, "GetTransactionsBy", txQueryXML{}.String()).rows() {
		items[row.kid("InternalNumber").value()] = fmt.Sprint(row.kid("AccountID").value(), row.kid("AccountCode").value(), row.kid("AccountName").value())
	}
	for number, want := range map[string]int64{"10001": head, "SN-20001": head, "10002": head, "10003": own, "SR-30001": head, "10004": head, "SC-60001": head} {
		cu := c.byAccount[want]
		if items[number] != fmt.Sprint(want, cu.Code, cu.Name) {
			t.Errorf("item %s: %s", number, items[number])
		}
	}
	for _, row := range s.ask(t, token, "GetInvoicesBy", docQuery).rows() {
		account, branchID := head, ""
		switch row.kid("InvoiceNumber").value() {
		case "10003":
			account = own
		case "10001", "SN-20001", "10005":
			branchID = fmt.Sprint(branch)
		}
		if row.kid("AccountID").number() != account || row.kid("AccountBranchID").value() != branchID || row.kid("AccountBranchID").isNil() != (branchID == "") {
			t.Errorf("document %s: account %s, branch %s", row.kid("InvoiceNumber").value(), row.kid("AccountID").value(), row.kid("AccountBranchID").value())
		}
	}
	if inv := c.Transactions()[0]; inv.Due != ledger.NewDate(2026, 5, 31) || inv.Branch != branch {
		t.Errorf("due by the term of the head office: %+v", inv)
	}
	for _, row := range s.ask(t, token, "GetCustomerList", "").rows() {
		got := row.kid("HeadOfficeAccountID").value() + " " + row.kid("UseHeadOffice").value() + " " + row.kid("IsHeadOffice").value()
		want := map[string]string{"HEAD": " false true", "BR": fmt.Sprint(head) + " true false", "OWN": fmt.Sprint(head) + " false false"}[row.kid("Code").value()]
		if got != want {
			t.Errorf("%s: %s, want %s", row.kid("Code").value(), got, want)
		}
	}
	for customer, want := range map[string]string{"HEAD": "31.00 EUR", "BR": "0.00 EUR", "OWN": "20.00 EUR"} {
		if got := balance(t, s, token, customer, "2026-05-12T00:00:00"); got != want {
			t.Errorf("%s owes %s, want %s", customer, got, want)
		}
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

func TestStyledPDF(t *testing.T) {
	c := scripted(t, "customer A A\ninvoice A 100\nreceipt A 60")
	s := start(t, Options{Company: c})
	token := s.signIn(t, v20)
	const op = "GetInvoicePDFByTransactionIDAndReportStyleName"
	for _, w := range []struct{ args, want string }{
		{"<transactionID>1001</transactionID><reportStyleName>Compact</reportStyleName>", "SUCCESS"},
		{"<transactionID>1001</transactionID><reportStyleName>compact</reportStyleName>", "REPORT_STYLE_NAME_IS_INVALID"},
		{"<transactionID>1001</transactionID>", "REPORT_STYLE_NAME_IS_INVALID"},
		{"<transactionID>1002</transactionID><reportStyleName>Compact</reportStyleName>", "UNABLE_TO_DETERMINE_DOCUMENT_MASTER"},
		{"<transactionID>1</transactionID><reportStyleName>Compact</reportStyleName>", "TRANSACTION_NOT_FOUND"},
	} {
		got := s.ask(t, token, op, w.args)
		if code(got) != w.want {
			t.Errorf("%s: %s, want %s", w.args, code(got), w.want)
		}
		if w.want == "SUCCESS" {
			if pdf, err := base64.StdEncoding.DecodeString(got.kid("Result").value()); err != nil || !strings.Contains(string(pdf), "Layout: Compact") {
				t.Errorf("%v %q", err, clip(string(pdf)))
			}
		}
	}
}

// Where the server's clock shows another day than UTC, every filter by creation goes by the server's clock, and what
// is named UTC by UTC.
func TestFiltersInTheServersZone(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Skip(err)
	}
	ck := &clock{time.Date(2026, 5, 12, 20, 0, 0, 0, time.UTC)} // 13 May, 08:00 in Auckland
	c := small(ck.now)
	if err := c.Play("customer A A\ninvoice A 100\nreceipt A 60 match 10001"); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Company: c, Now: ck.now, Zone: zone, Changes: ChangesByCreation})
	token := s.signIn(t, v20)
	count := func(from, to string) string {
		window := txQueryXML{fromCreation: from, toCreation: to}.String()
		return fmt.Sprintln(len(s.ask(t, token, "GetTransactionsBy", window).rows()), s.ask(t, token, "GetCountTransactionsBy", window).kid("Result").kid("TransactionsCount").value(),
			len(s.ask(t, token, "GetTransactionsModifiedBy", window).rows()),
			len(s.ask(t, token, "GetInvoicesBy", strings.NewReplacer("<FromCreationDate>1990-01-01T00:00:00", "<FromCreationDate>"+from,
				"<ToCreationDate>2099-12-31T23:59:59", "<ToCreationDate>"+to).Replace(docQuery)).rows()),
			len(allocationsOf(s.ask(t, token, "GetAllocationsBetweenWithCreationDatePaged",
				strings.NewReplacer("1990-01-01T00:00:00", from, "2099-12-31T00:00:00", to).Replace(allocationQuery(0, 0))))))
	}
	if got := count("2026-05-13T08:00:00", "2026-05-13T08:00:01"); got != "2 2 2 1 1\n" {
		t.Errorf("by the server's clock: %s", got)
	}
	if got := count("2026-05-12T20:00:00", "2026-05-12T20:00:01"); got != "0 0 0 0 0\n" {
		t.Errorf("by UTC: %s", got)
	}
	row := s.ask(t, token, "GetTransactionsBy", txQueryXML{}.String()).rows()[0]
	if got := row.kid("CreationDate").value(); got != "2026-05-13T08:00:00" {
		t.Errorf("created %s", got)
	}
	for since, want := range map[string]int{"2026-05-12T20:00:00Z": 1, "2026-05-12T20:00:01Z": 0, "2026-05-13T07:59:59Z": 0} {
		q := strings.Replace(docQuery, "2024-01-01T08:00:00Z", since, 1)
		customers := s.ask(t, token, "GetCustomersBy", "<query><FromLastModifiedDateInUTC>"+since+"</FromLastModifiedDateInUTC></query>").rows()
		if got := len(s.ask(t, token, "GetInvoicesBy", q).rows()); got != want || len(customers) != want {
			t.Errorf("modified since %s: %d documents, %d customers, want %d", since, got, len(customers), want)
		}
	}
}

// What hangs on an account keeps it: documents that are not posted, and branches.
func TestUsedAccountsStay(t *testing.T) {
	c := scripted(t, "customer A A\ncustomer HEAD H\ncustomer BR B bookedon HEAD\ncustomer FREE F\ndraft A 5\ndraft BR 6")
	for _, customer := range []string{"A", "HEAD", "BR"} {
		if c.DeleteCustomer(customer) == nil {
			t.Errorf("%s is deleted", customer)
		}
	}
	if err := c.DeleteCustomer("FREE"); err != nil {
		t.Error(err)
	}
}
