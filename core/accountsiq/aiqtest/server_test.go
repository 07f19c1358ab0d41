package aiqtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dunlin/core/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// every lists a good request for each operation; # stands for ids of the demo company.
func every(c *Company) map[string]string {
	var inv, doc string
	for _, tx := range c.Transactions() {
		if tx.Document != 0 && tx.Outstanding != tx.Amount {
			inv, doc = fmt.Sprint(tx.ID), fmt.Sprint(tx.Document)
		}
	}
	cu := c.Customers()[0]
	codes := "<customerCodes><string>" + cu.Code + "</string><string>" + c.Customers()[5].Code + "</string></customerCodes>"
	none := ""
	return map[string]string{
		"TokenGet": credentials20, "TokenRefresh": credentials20 + "<refreshToken>x</refreshToken>", "Login": credentials11,
		"GetEntitiesByToken": none, "GetCompanyInformation": none, "GetCurrencies": none, "GetCurrencyList": none,
		"GetCreditTermList": none, "GetUserInformation": none, "GetCustomerList": none, "GetActiveCustomerList": none,
		"GetAllCustomerContacts": none, "GetReportStyles": none,
		"GetCustomersBy":            `<query><Emails><string>` + cu.Email + `</string></Emails><FromLastModifiedDateInUTC xsi:nil="true" /></query>`,
		"GetCustomer":               "<customerCode>" + cu.Code + "</customerCode>",
		"GetCustomerContacts":       "<customerCode>" + c.Contacts()[0].AccountCode + "</customerCode>",
		"GetInvoicesBy":             docQuery,
		"GetInvoice":                "<invoiceID>" + doc + "</invoiceID>",
		"GetTransactionsBy":         txQueryXML{}.String(),
		"GetCountTransactionsBy":    txQueryXML{}.String(),
		"GetTransactionsModifiedBy": txQueryXML{}.String(),
		"GetTransaction":            "<transactionID>" + inv + "</transactionID>",
		"GetTransactionByInvoiceID": "<invoiceID>" + doc + "</invoiceID>",
		"GetAllocationsBetweenWithCreationDatePaged": "<ledger>Sales</ledger><fromCreationDate>1990-01-01T00:00:00</fromCreationDate>" +
			"<toCreationDate>2099-12-31T00:00:00</toCreationDate><skip>0</skip><limit>10000</limit>",
		"GetAllocationsByTransactionId":                  "<transactionId>" + inv + "</transactionId>",
		"GetCustomerBalanceInformation":                  "<edt>2026-05-12T00:00:00</edt>" + codes,
		"GetCustomersStatement":                          "<upTo>2026-05-12T00:00:00</upTo>" + codes + "<showZeros>true</showZeros>",
		"GetInvoicePDFByTransactionID":                   "<transactionID>" + inv + "</transactionID>",
		"GetInvoicePDFByTransactionIDAndReportStyleName": "<transactionID>" + inv + "</transactionID><reportStyleName>Compact</reportStyleName>",
		"AddNotes": `<note><NoteID xsi:nil="true" /><MasterType>Customer</MasterType><MasterID>7</MasterID>` +
			"<Notes>Payment reminder sent. [r-4f21]</Notes></note>",
		"GetNotesList":        "<masterType>Customer</masterType><masterID>7</masterID>",
		"DisputeTransactions": "<transactionIDs><int>" + inv + "</int><int>99</int></transactionIDs><disputed>true</disputed>",
	}
}

func TestEveryOperationAnswersByTheContract(t *testing.T) {
	for _, v := range []version{v20, v11} {
		for _, o := range []Options{{}, {WithOffset: true, NegativeCredits: true, EmptyAsAbsent: true}} {
			s := start(t, o)
			requests := every(s.companies[0])
			token := s.signIn(t, v)
			for _, name := range s.schema.order {
				op := s.schema.ops[name]
				args, ok := requests[name]
				if !ok {
					t.Errorf("no request for %s", name)
				}
				if !op.in(v) {
					continue
				}
				m := s.message(v, name, args)
				m.token = token
				got := s.result(t, m)
				if name == "Login" || name == "TokenRefresh" {
					continue
				}
				if code(got) != "SUCCESS" || got.kid("Status").value() != "Success" {
					t.Errorf("%s %s: %s", name, v, code(got))
				}
				if got.kid("Result") == nil && name != "AddNotes" {
					t.Errorf("%s %s: no Result", name, v)
				}
			}
			for _, violation := range s.Violations() {
				t.Errorf("a good request counts as a violation: %s", violation)
			}
		}
	}
}

func TestOperationsAreAllThere(t *testing.T) {
	s := start(t, Options{})
	for _, name := range s.schema.order {
		if op := s.schema.ops[name]; !op.signsIn() && s.operations()[name] == nil {
			t.Errorf("%s is in the schema and not in the server", name)
		}
	}
}

func TestViolations(t *testing.T) {
	query := txQueryXML{}.String()
	swap := func(old, new string) func(*message) {
		return func(m *message) { m.raw = strings.Replace(m.body(), old, new, 1) }
	}
	cases := []struct {
		name, op, args string
		bend           func(*message)
		status         int
		want           string
	}{
		{"wrong order", "GetTransactionsBy", query, swap("<Skip>0</Skip>", ""), 500, "Skip: missing"},
		{"order turned", "TokenGet", "<clientSecret>b</clientSecret><clientId>a</clientId>", nil, 500, "out of order"},
		{"given twice", "TokenGet", "<clientId>a</clientId><clientId>a</clientId>", nil, 500, "given twice"},
		{"missing required nil", "GetTransactionsBy", query, swap(`<FromPeriodDate xsi:nil="true" />`, ""), 500, "FromPeriodDate: missing; send a value or xsi:nil"},
		{"missing nil of customers", "GetCustomersBy", "<query></query>", nil, 500, "FromLastModifiedDateInUTC: missing"},
		{"nil where none is allowed", "GetTransactionsBy", query, swap("<Skip>0</Skip>", `<Skip xsi:nil="true" />`), 500, "no nillable"},
		{"nil with a value", "GetCustomersBy", `<query><FromLastModifiedDateInUTC xsi:nil="true">2026-01-01T00:00:00</FromLastModifiedDateInUTC></query>`, nil, 500, "together with a value"},
		{"empty date", "GetCustomersBy", "<query><FromLastModifiedDateInUTC /></query>", nil, 500, "not a dateTime"},
		{"wrong namespace of the body", "GetCustomerList", "", swap(`List xmlns="`+aiqNS, `List xmlns="http://example.org/`), 500, "namespace"},
		{"wrong namespace further down", "GetCustomer", `<customerCode xmlns="">A</customerCode>`, nil, 500, `namespace ""`},
		{"namespace without the slash", "GetCustomerList", "", swap(aiqNS+`"></Get`, strings.TrimSuffix(aiqNS, "/")+`"></Get`), 500, "namespace"},
		{"wrong namespace of the header", "GetCustomerList", "", swap(`Header xmlns="`+aiqNS, `Header xmlns="http://example.org/`), 500, "namespace"},
		{"unknown element", "GetCustomer", "<customer>A</customer>", nil, 500, "no such element"},
		{"unknown operation", "GetAgedDebtors", "", nil, 500, "did not recognize"},
		{"attribute", "GetCustomer", `<customerCode lang="en">A</customerCode>`, nil, 500, "attribute lang"},
		{"int", "GetInvoice", "<invoiceID>12a</invoiceID>", nil, 500, "not a int"},
		{"int too large", "GetInvoice", "<invoiceID>3000000000</invoiceID>", nil, 500, "not a int"},
		{"dateTime without time", "GetTransactionsBy", txQueryXML{fromDate: "2026-01-01"}.String(), nil, 500, "not a dateTime"},
		{"dateTime that does not exist", "GetTransactionsBy", txQueryXML{fromDate: "2026-02-30T00:00:00"}.String(), nil, 500, "not a dateTime"},
		{"boolean", "DisputeTransactions", "<disputed>yes</disputed>", nil, 500, "not a boolean"},
		{"enumeration", "GetNotesList", "<masterType>Debtor</masterType>", nil, 500, "not one of Transaction"},
		{"text between", "GetCustomer", "hello<customerCode>A</customerCode>", nil, 500, "text"},
		{"not well-formed", "GetCustomerList", "<a></b>", nil, 500, "well-formed"},
		{"document type", "GetCustomerList", "", swap("<soap:Envelope", "<!DOCTYPE x><soap:Envelope"), 500, "document type"},
		{"SOAP 1.2", "GetCustomerList", "", swap(envelopeNS, "http://www.w3.org/2003/05/soap-envelope"), 500, "Envelope"},
		{"no SOAPAction", "GetCustomerList", "", func(m *message) { m.action = "" }, 500, "SOAPAction"},
		{"SOAPAction of another operation", "GetCustomerList", "", func(m *message) { m.action = `"` + aiqNS + `GetCustomer"` }, 500, "did not recognize"},
		{"content type", "GetCustomerList", "", func(m *message) { m.contentType = "application/soap+xml; charset=utf-8" }, 500, "Content-Type"},
		{"charset", "GetCustomerList", "", func(m *message) { m.contentType = "text/xml" }, 200, "charset"},
		{"missing header", "GetCustomerList", "", func(m *message) {
			body := m.body()
			from, to := strings.Index(body, "<soap:Header>"), strings.Index(body, "<soap:Body>")
			m.raw = body[:from] + body[to:]
		}, 200, "AiqSoapHeader: missing"},
		{"missing entity", "GetCustomerList", "", func(m *message) { m.entity = "" }, 200, "Entity: missing"},
		{"header order", "GetCustomerList", "", func(m *message) {
			m.raw = strings.Replace(m.body(), "<Entity>DEMO01</Entity>", "", 1)
			m.raw = strings.Replace(m.raw, "</AiqSoapHeader>", "<Entity>DEMO01</Entity></AiqSoapHeader>", 1)
		}, 500, "out of order"},
		{"header where none belongs", "TokenGet", credentials20, swap("<soap:Body>", `<soap:Header><AiqSoapHeader xmlns="`+aiqNS+`"><AccessToken>t</AccessToken></AiqSoapHeader></soap:Header><soap:Body>`), 200, "takes none"},
		{"token in 2.0", "GetCustomerList", "<token>abc</token>", nil, 200, "left out or blank"},
		{"optional argument sent empty", "GetCustomer", "<customerCode></customerCode>", nil, 200, "sent empty"},
		{"empty list", "GetTransactionsBy", txQueryXML{filters: "<TypesFilter />"}.String(), nil, 200, "sent empty"},
		{"unknown type", "GetTransactionsBy", txQueryXML{filters: "<TypesFilter><string>XX</string></TypesFilter>"}.String(), nil, 200, "not in the list"},
		{"document type in documents", "GetInvoicesBy", strings.Replace(docQuery, "SN", "SR", 1), nil, 200, "not in the list"},
		{"order by", "GetInvoicesBy", strings.Replace(docQuery, "creationdate", "number", 1), nil, 200, "creationdate"},
		{"negative skip", "GetTransactionsBy", txQueryXML{skip: "-1"}.String(), nil, 200, "negative"},
	}
	s := start(t, Options{})
	token := s.signIn(t, v20)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := len(s.Violations())
			m := s.message(v20, c.op, c.args)
			m.token = token
			if c.bend != nil {
				c.bend(&m)
			}
			status, body := s.send(t, m)
			if status != c.status {
				t.Errorf("HTTP %d, want %d: %s", status, c.status, body)
			}
			if c.status == 500 && !strings.Contains(body, "<faultcode>soap:Client</faultcode>") {
				t.Errorf("no soap:Fault: %s", body)
			}
			got := s.Violations()[before:]
			if !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("violations %q do not speak of %q", got, c.want)
			}
		})
	}
	t.Run("blank token is no violation", func(t *testing.T) {
		before := len(s.Violations())
		m := s.message(v20, "GetCustomerList", "<token />")
		m.token = token
		s.result(t, m)
		m.action = aiqNS + "GetCustomerList" // bare, as the provider's samples
		s.result(t, m)
		if got := s.Violations()[before:]; len(got) > 0 {
			t.Error(got)
		}
	})
}

func TestViolationsOf11(t *testing.T) {
	s := start(t, Options{})
	token := s.signIn(t, v11)
	for _, c := range []struct {
		name string
		bend func(*message)
		want string
	}{
		{"header", func(m *message) {
			m.raw = strings.Replace(m.body(), "<soap:Body>", `<soap:Header><AiqSoapHeader xmlns="`+aiqNS+`" /></soap:Header><soap:Body>`, 1)
		}, "takes none"},
		{"no token", func(m *message) { m.raw = strings.Replace(m.body(), "<token>"+token+"</token>", "", 1) }, "session token is missing"},
		{"token not first", func(m *message) {
			tok := "<token>" + token + "</token>"
			m.raw = strings.Replace(strings.Replace(m.body(), tok, "", 1), "</GetCustomer>", tok+"</GetCustomer>", 1)
		}, "out of order"},
		{"operation of 2.0", func(m *message) {
			m.op, m.args, m.action = "TokenGet", "", aiqNS+"TokenGet"
		}, "did not recognize"},
	} {
		before := len(s.Violations())
		m := s.message(v11, "GetCustomer", "<customerCode>ACM001</customerCode>")
		m.token = token
		c.bend(&m)
		s.send(t, m)
		if got := strings.Join(s.Violations()[before:], "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q does not speak of %q", c.name, got, c.want)
		}
	}
}

func TestNotSOAP(t *testing.T) {
	s := start(t, Options{})
	m := s.message(v20, "GetCustomerList", "")
	m.method = http.MethodGet
	if status, body := s.send(t, m); status != 200 || !strings.Contains(body, "<wsdl:definitions") || !strings.Contains(body, "CurrrencyCode") {
		t.Errorf("GET: %d %s", status, clip(body))
	}
	m.method = http.MethodPut
	if status, _ := s.send(t, m); status != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", status)
	}
	m.path = "/other.asmx"
	if status, _ := s.send(t, m); status != http.StatusNotFound {
		t.Errorf("other path: %d", status)
	}
}

func TestTransactionPaging(t *testing.T) {
	s := start(t, Options{Company: Seeded(2, testNow, Size{Customers: 300, Transactions: 10_050})})
	token := s.signIn(t, v20)
	seen := map[string]bool{}
	for _, page := range []struct {
		skip string
		rows int
	}{{"0", MaxTransactions}, {"10000", 50}, {"10050", 0}, {"20000", 0}} {
		got := s.ask(t, token, "GetTransactionsBy", txQueryXML{skip: page.skip}.String()).rows()
		if len(got) != page.rows {
			t.Errorf("skip %s: %d rows, want %d", page.skip, len(got), page.rows)
		}
		for _, row := range got {
			seen[row.kid("TransactionID").value()] = true
		}
	}
	if len(seen) != 10_050 {
		t.Errorf("%d different ids", len(seen))
	}
	count := s.ask(t, token, "GetCountTransactionsBy", txQueryXML{}.String()).kid("Result").kid("TransactionsCount")
	if count.value() != "10050" {
		t.Errorf("count %s", count.value())
	}
}

func TestDocumentPaging(t *testing.T) {
	s := start(t, Options{Company: Seeded(2, testNow, Size{Customers: 60, Transactions: 3_000})})
	token := s.signIn(t, v20)
	var ids []string
	for skip := 0; ; skip = len(ids) {
		q := strings.Replace(docQuery, "<Skip>0", fmt.Sprintf("<Skip>%d", skip), 1)
		got := s.ask(t, token, "GetInvoicesBy", strings.Replace(q, "<Limit>1000", "<Limit>5000", 1)).rows()
		if len(got) > MaxDocuments {
			t.Fatalf("%d rows", len(got))
		}
		for _, row := range got {
			ids = append(ids, row.kid("InvoiceID").value())
		}
		if len(got) < MaxDocuments {
			break
		}
	}
	if slices.Sort(ids); len(slices.Compact(slices.Clone(ids))) != len(ids) || len(ids) != len(s.companies[0].Documents()) {
		t.Errorf("%d ids for %d documents", len(ids), len(s.companies[0].Documents()))
	}
}

// One match made at 10:00:00.000: from is inclusive, to exclusive; skip and limit count matches.
func TestAllocationBounds(t *testing.T) {
	ck := &clock{time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)} // winter: Dublin shows UTC
	c := small(ck.now)
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A", Term: "1"}))
	inv := must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 100_00}}))
	rec := must2(t)(c.AddReceipt(Entry{Customer: "A", Amount: ledger.Money{Minor: 60_00}}))
	for range 3 {
		if _, err := c.Allocate(rec.ID, inv.ID, 20_00); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, Options{Company: c, Now: ck.now})
	token := s.signIn(t, v20)
	for _, w := range []struct {
		from, to    string
		skip, limit int
		want        int
	}{
		{"2026-01-15T10:00:00", "2026-01-15T10:00:01", 0, 10, 3},
		{"2026-01-15T09:00:00", "2026-01-15T10:00:00", 0, 10, 0},
		{"2026-01-15T10:00:00.001", "2026-01-16T00:00:00", 0, 10, 0},
		{"2026-01-15T10:00:00Z", "2026-01-15T10:00:00.5Z", 1, 10, 2},
		{"2026-01-15T10:00:00", "2026-01-16T00:00:00", 0, 2, 2},
		{"2026-01-15T10:00:00", "2026-01-16T00:00:00", 3, 2, 0},
		{"2026-01-15T10:00:00", "2026-01-16T00:00:00", 0, 0, 3},
	} {
		got := s.ask(t, token, "GetAllocationsBetweenWithCreationDatePaged", fmt.Sprintf("<ledger>Sales</ledger><fromCreationDate>%s</fromCreationDate>"+
			"<toCreationDate>%s</toCreationDate><skip>%d</skip><limit>%d</limit>", w.from, w.to, w.skip, w.limit))
		n := 0
		for _, account := range got.rows() {
			for _, side := range account.kid("Allocations").kids {
				if side.kid("TransactionID").number() != rec.ID {
					t.Errorf("a match stands under %s", side.kid("TransactionID").value())
				}
				n += len(side.kid("AllocationEntries").kids)
			}
		}
		if n != w.want {
			t.Errorf("%+v: %d matches", w, n)
		}
	}
}

// Creation dates are civil times of the server's zone; both bounds are inclusive.
func TestCreationDatesInTheServersZone(t *testing.T) {
	ck := &clock{time.Date(2026, 7, 1, 23, 30, 0, 250e6, time.UTC)}
	c := small(ck.now)
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A", Term: "1"}))
	must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 100_00}}))
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	for _, z := range []struct {
		zone *time.Location
		want string
	}{{nil, "2026-07-02T00:30:00.25"}, {ny, "2026-07-01T19:30:00.25"}} {
		s := start(t, Options{Company: c, Now: ck.now, Zone: z.zone})
		token := s.signIn(t, v20)
		ask := func(from, to string) []*node {
			return s.ask(t, token, "GetTransactionsBy", txQueryXML{fromCreation: from, toCreation: to}.String()).rows()
		}
		rows := ask(z.want, z.want)
		if len(rows) != 1 || rows[0].kid("CreationDate").value() != z.want {
			t.Fatalf("zone %v: %d rows at %s", z.zone, len(rows), z.want)
		}
		if len(ask("2026-07-01T23:30:00.25Z", "2026-07-01T23:30:00.25Z")) != 1 {
			t.Errorf("zone %v: a bound with an offset is not converted", z.zone)
		}
		if len(ask("1990-01-01T00:00:00", strings.Replace(z.want, ".25", ".249", 1))) != 0 {
			t.Errorf("zone %v: the upper bound lets a later row through", z.zone)
		}
	}
}

func TestQueryFilters(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	s := start(t, Options{Company: c, MaxIDs: 200})
	token := s.signIn(t, v20)
	all := c.Transactions()
	count := func(pass func(Transaction) bool) (n int) {
		for _, tx := range all {
			if pass(tx) {
				n++
			}
		}
		return n
	}
	ids := fmt.Sprintf("<int>%d</int><int>%d</int><int>1</int>", all[5].ID, all[9].ID)
	for name, c := range map[string]struct {
		q    txQueryXML
		want int
	}{
		"types": {txQueryXML{filters: "<TypesFilter><string>SI</string><string>SN</string></TypesFilter>"},
			count(func(t Transaction) bool { return t.Type == "SI" || t.Type == "SN" })},
		"purchases": {txQueryXML{filters: "<TypesFilter><string>PI</string></TypesFilter>"}, 0},
		"accounts": {txQueryXML{filters: fmt.Sprintf("<AccountIDsFilter><int>%d</int></AccountIDsFilter>", all[3].AccountID)},
			count(func(t Transaction) bool { return t.AccountID == all[3].AccountID })},
		"ids":         {txQueryXML{filters: "<TransactionIDsFilter>" + ids + "</TransactionIDsFilter>"}, 2},
		"departments": {txQueryXML{filters: "<DepartmentIDsFilter><string>D1</string></DepartmentIDsFilter>"}, 0},
		"dates": {txQueryXML{fromDate: "2026-03-01T00:00:00", toDate: "2026-03-31T00:00:00"},
			count(func(t Transaction) bool { return strings.HasPrefix(t.Issued.String(), "2026-03") })},
		"due": {txQueryXML{due: "<FromDueDate>2026-05-01T00:00:00</FromDueDate><ToDueDate>2026-05-31T00:00:00</ToDueDate>"},
			count(func(t Transaction) bool { return strings.HasPrefix(t.Due.String(), "2026-05") })},
	} {
		if got := len(s.ask(t, token, "GetTransactionsBy", c.q.String()).rows()); got != c.want {
			t.Errorf("%s: %d rows, want %d", name, got, c.want)
		}
	}
	many := "<TransactionIDsFilter>"
	for i := range 201 {
		many += fmt.Sprintf("<int>%d</int>", 1001+i)
	}
	got := s.ask(t, token, "GetTransactionsBy", txQueryXML{filters: many + "</TransactionIDsFilter>"}.String())
	if code(got) != "TOO_MANY_QUERY_FILTERS" {
		t.Errorf("201 ids: %s", code(got))
	}
	if got := s.ask(t, token, "GetTransactionsBy", txQueryXML{fromDate: "0001-01-01T00:00:00"}.String()); code(got) != "DATE_IS_OUT_OF_RANGE" {
		t.Errorf("year 1: %s", code(got))
	}
}

func TestAmountsOnTheWire(t *testing.T) {
	ck := &clock{testNow}
	c := small(ck.now)
	if err := c.AddCurrency(Currency{Code: "JPY", Rate: "160"}); err != nil {
		t.Fatal(err)
	}
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A"}))
	inv := must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 123_05}, Tax: 23_01}))
	note := must2(t)(c.AddCreditNote(Entry{Customer: "A", Amount: ledger.Money{Minor: 50_00}}))
	yen := must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 16_000, Currency: "JPY"}}))
	if _, err := c.Allocate(note.ID, inv.ID, 20_00); err != nil {
		t.Fatal(err)
	}
	for _, negative := range []bool{false, true} {
		s := start(t, Options{Company: c, Now: ck.now, NegativeCredits: negative})
		sign := ""
		if negative {
			sign = "-"
		}
		got := map[int64]string{}
		for _, row := range s.ask(t, "", "GetTransactionsBy", txQueryXML{}.String()).rows() {
			got[row.kid("TransactionID").number()] = row.kid("ControlAmount").value() + " " + row.kid("OutstandingAmount").value() +
				" " + row.kid("ControlBCAmount").value() + " " + row.kid("CurrencyCode").value()
		}
		for id, want := range map[int64]string{inv.ID: "123.05 103.05 123.05 EUR",
			note.ID: sign + "50.00 " + sign + "30.00 " + sign + "50.00 EUR", yen.ID: "16000 16000 100.00 JPY"} {
			if got[id] != want {
				t.Errorf("transaction %d: %q, want %q", id, got[id], want)
			}
		}
	}
}

func TestBalancesAndStatementAgree(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	s := start(t, Options{Company: c})
	token := s.signIn(t, v20)
	codes := "<customerCodes>"
	for _, cu := range c.Customers() {
		codes += "<string>" + cu.Code + "</string>"
	}
	codes += "</customerCodes>"
	balances := map[string]string{}
	for _, row := range s.ask(t, token, "GetCustomerBalanceInformation", "<edt>2026-05-12T00:00:00</edt>"+codes).rows() {
		key := row.kid("AccountCode").value() + row.kid("CurrencyCode").value()
		balances[key] = row.kid("Balance").value()
		if want := c.Balance(row.kid("AccountCode").value(), row.kid("CurrencyCode").value()).String(); balances[key] != want {
			t.Errorf("%s: %s, want %s", key, balances[key], want)
		}
	}
	if len(balances) != len(c.Customers())+1 {
		t.Errorf("%d balances for %d customers, one of them with two currencies", len(balances), len(c.Customers()))
	}
	statements := s.ask(t, token, "GetCustomersStatement", "<upTo>2026-05-12T00:00:00</upTo>"+codes+"<showZeros>true</showZeros>").rows()
	if len(statements) != len(balances) {
		t.Errorf("%d statements, %d balances", len(statements), len(balances))
	}
	if got := s.ask(t, token, "GetCustomerBalanceInformation", "<edt>2026-05-12T00:00:00</edt>"); code(got) != "NO_CUSTOMER_CODES_PROVIDED" {
		t.Errorf("without codes: %s", code(got))
	}
}

// The balance of a day leaves out what was issued later.
func TestBalanceOnADay(t *testing.T) {
	ck := &clock{testNow}
	c := small(ck.now)
	must(t)(c.AddCustomer(Customer{Code: "A", Name: "A", CreditLimit: 120_00}))
	for _, d := range []int{1, 10} {
		must2(t)(c.AddInvoice(Entry{Customer: "A", Amount: ledger.Money{Minor: 100_00}, Issued: ledger.NewDate(2026, 5, d)}))
	}
	s := start(t, Options{Company: c, Now: ck.now})
	for on, want := range map[string]string{"2026-04-30": "0.00 120.00 0.00", "2026-05-01": "100.00 20.00 0.00",
		"2026-05-10": "200.00 0.00 80.00"} {
		row := s.ask(t, "", "GetCustomerBalanceInformation", "<edt>"+on+"T00:00:00</edt><customerCodes><string>A</string></customerCodes>").rows()[0]
		if got := row.kid("Balance").value() + " " + row.kid("CreditLeft").value() + " " + row.kid("OverCreditLimitBalance").value(); got != want {
			t.Errorf("%s: %s, want %s", on, got, want)
		}
	}
}

func TestPDF(t *testing.T) {
	c := Seeded(1, testNow, DemoSize)
	s := start(t, Options{Company: c})
	token := s.signIn(t, v20)
	for _, tx := range c.Transactions()[:200] {
		got := s.ask(t, token, "GetInvoicePDFByTransactionID", fmt.Sprintf("<transactionID>%d</transactionID>", tx.ID))
		if tx.Document == 0 {
			if code(got) != "UNABLE_TO_DETERMINE_DOCUMENT_MASTER" {
				t.Errorf("%s %d: %s", tx.Type, tx.ID, code(got))
			}
			continue
		}
		pdf, err := base64.StdEncoding.DecodeString(got.kid("Result").value())
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte(tx.Number)) {
			t.Errorf("%s %d: %v %q", tx.Type, tx.ID, err, clip(string(pdf)))
		}
	}
}

func TestNotes(t *testing.T) {
	note := func(body, id string) string {
		return `<note><NoteID xsi:nil="true" /><MasterType>Customer</MasterType><MasterID>` + id + `</MasterID><Notes>` + body + `</Notes></note>`
	}
	s := start(t, Options{})
	token := s.signIn(t, v20)
	for _, c := range []struct{ body, id, want string }{
		{"Reminder sent. [r-1]", "7", "SUCCESS"},
		{"Reminder sent.", "ACM001", "CONNECTION_IS_NULL_OR_SYSOBJ_ID_OR_MASTER_ID_IS_INVALID"},
		{strings.Repeat("é", 500), "7", "SUCCESS"},
		{strings.Repeat("é", 501), "7", "NOTES_CONTENT_IS_TOO_LONG"},
	} {
		if got := code(s.ask(t, token, "AddNotes", note(c.body, c.id))); got != c.want {
			t.Errorf("note %q on %s: %s, want %s", clip(c.body), c.id, got, c.want)
		}
	}
	list := s.ask(t, token, "GetNotesList", "<masterType>Customer</masterType><masterID>7</masterID>").rows()
	if len(list) != 2 || list[0].kid("Notes").value() != "Reminder sent. [r-1]" || len(s.companies[0].Notes()) != 2 {
		t.Errorf("%d notes", len(list))
	}
	byCode := start(t, Options{NotesByCode: true})
	if got := code(byCode.ask(t, "", "AddNotes", note("x", byCode.companies[0].Customers()[0].Code))); got != "SUCCESS" {
		t.Errorf("by code: %s", got)
	}
	readOnly := start(t, Options{ReadOnly: true})
	if got := code(readOnly.ask(t, "", "AddNotes", note("x", "7"))); got != "OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION" {
		t.Errorf("read only: %s", got)
	}
}

func TestCallsAndLog(t *testing.T) {
	s := start(t, Options{})
	s.ask(t, "", "GetCustomerList", "")
	s.ask(t, "bad", "GetCustomerList", "")
	if s.Calls("GetCustomerList") != 2 || s.Calls("TokenGet") != 1 || s.Calls("") != 3 {
		t.Errorf("calls %v", s.counts)
	}
	log := s.Log()
	if len(log) != 3 || log[1].Rows != 60 || log[1].Code != "SUCCESS" || log[2].Code != codeInvalid || !strings.Contains(log[2].Body, ">bad<") {
		t.Errorf("log %+v", log)
	}
}

func TestUnknownThings(t *testing.T) {
	s := start(t, Options{})
	token := s.signIn(t, v20)
	for _, c := range []struct{ op, args, want string }{
		{"GetCustomer", "<customerCode>NOBODY</customerCode>", "CUSTOMER_CODE_DOES_NOT_EXIST"},
		{"GetCustomerContacts", "<customerCode>NOBODY</customerCode>", "CUSTOMER_CODE_DOES_NOT_EXIST"},
		{"GetInvoice", "<invoiceID>1</invoiceID>", "INVOICE_ID_DOES_NOT_EXIST"},
		{"GetTransaction", "<transactionID>1</transactionID>", "TRANSACTION_NOT_FOUND"},
		{"GetInvoicePDFByTransactionID", "<transactionID>1</transactionID>", "TRANSACTION_NOT_FOUND"},
		{"GetAllocationsByTransactionId", "<transactionId>x</transactionId>", "TRANSACTION_ID_IS_INVALID"},
		{"GetAllocationsByTransactionId", "<transactionId>1</transactionId>", "TRANSACTION_NOT_FOUND"},
		{"GetTransactionsBy", "", "MISSING_QUERY_PARAMETER"},
		{"GetInvoicesBy", "", "MISSING_QUERY_PARAMETER"},
	} {
		if got := code(s.ask(t, token, c.op, c.args)); got != c.want {
			t.Errorf("%s: %s, want %s", c.op, got, c.want)
		}
	}
}

func TestGroupCompanyHasNoSalesLedger(t *testing.T) {
	group := NewCompany("GROUP", "Group plc", "EUR", time.Now)
	group.ClientID, group.Group = DemoClientID, true
	s := start(t, Options{More: []*Company{group}})
	token := s.signIn(t, v20)
	if n := len(s.ask(t, token, "GetEntitiesByToken", "").rows()); n != 2 {
		t.Errorf("%d entities", n)
	}
	m := s.message(v20, "GetCustomerList", "")
	m.token, m.entity = token, "GROUP"
	if got := code(s.result(t, m)); got != "INVALID_OPERATION_ON_CONSOLIDATION_COMPANY" {
		t.Error(got)
	}
}

// The answers of a larger company come quickly: the limit of a client's benchmark is the client.
func BenchmarkTransactionsPage(b *testing.B) {
	s := start(b, Options{Company: Seeded(1, testNow, Size{Customers: 10_000, Transactions: 100_000})})
	token := s.signIn(b, v20)
	m := s.message(v20, "GetTransactionsBy", txQueryXML{skip: "50000"}.String())
	m.token = token
	for b.Loop() {
		status, body := s.send(b, m)
		if status != 200 {
			b.Fatal(body)
		}
		b.SetBytes(int64(len(body)))
	}
}

// Nothing but tests may see "testing"; the wire is known here on its own.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), `"dunlin/core/`+`accountsiq"`) {
			t.Errorf("%s imports the client", f)
		}
		if !strings.HasSuffix(f, "_test.go") && strings.Contains(string(src), "\t\"testing\"\n") {
			t.Errorf("%s imports testing", f)
		}
	}
}

func must(t testing.TB) func(Customer, error) Customer {
	return func(c Customer, err error) Customer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func must2(t testing.TB) func(Transaction, error) Transaction {
	return func(tx Transaction, err error) Transaction {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
}
