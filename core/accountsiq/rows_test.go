package accountsiq

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

func eur(minor int64) ledger.Money { return ledger.Money{Minor: minor, Currency: "EUR"} }

func TestTransactionOfTheContract(t *testing.T) { // contract 4.4
	f := newFake(t)
	f.say(op, succeed(op, oneTransaction))
	got, err := readTransactions(connect(t, f.URL, oauth))
	want := ledger.Transaction{ID: 1001, AccountID: 7, AccountCode: "ACME", Type: "SI", DocumentID: 501, Number: "10045", Reference: "PO-88",
		Amount: eur(123000), Outstanding: eur(73000), BaseAmount: "1230.00", Issued: ledger.NewDate(2026, 2, 27),
		Due: ledger.NewDate(2026, 3, 29), Created: ledger.NewDate(2026, 3, 1), Disputed: true}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}

func TestTransactionQuirks(t *testing.T) { // contract 15, 16
	const details = `<LineDetails><WSTransactionDetail><IsControlLine>false</IsControlLine><CurrencyCode>USD</CurrencyCode></WSTransactionDetail>` +
		`<WSTransactionDetail><CurrencyCode>GBP</CurrencyCode><IsControlLine>1</IsControlLine></WSTransactionDetail></LineDetails>`
	currencyOf := func(account int64) string { return map[int64]string{7: "JPY"}[account] }
	for _, c := range []struct {
		name        string
		old, new    string
		outstanding ledger.Money
		due         string
	}{
		{"nil due date", "<DueDate>2026-03-29T00:00:00</DueDate>", `<DueDate xsi:nil="true" />`, eur(73000), ""},
		{"no due date", "<DueDate>2026-03-29T00:00:00</DueDate>", ``, eur(73000), ""},
		{"year-1 due date", "2026-03-29T00:00:00", `0001-01-01T00:00:00`, eur(73000), ""},
		{"due date with an offset", "2026-03-29T00:00:00", `2026-03-29T00:00:00+01:00`, eur(73000), "2026-03-29"},
		{"negative credit keeps its sign", "SI</TransactionType>|730.00", "SN</TransactionType>|-730.00", eur(-73000), "2026-03-29"},
		{"positive credit", "SI</TransactionType>", "SR</TransactionType>", eur(73000), "2026-03-29"},
		{"credit journal", "SI</TransactionType>|730.00", "SC</TransactionType>|-730", eur(-73000), "2026-03-29"},
		{"discount", "SI</TransactionType>|730.00", "DS</TransactionType>|-0.01", eur(-1), "2026-03-29"},
		{"negative fluctuation stays", "SI</TransactionType>|730.00", "SX</TransactionType>|-730.00", eur(-73000), "2026-03-29"},
		{"negative invoice stays", "730.00", "-5", eur(-500), "2026-03-29"},
		{"currency of the control line", "<CurrencyCode>EUR</CurrencyCode>", details, ledger.Money{Minor: 73000, Currency: "GBP"}, "2026-03-29"},
		{"own currency wins", "<CurrencyCode>EUR</CurrencyCode>", details + "<CurrencyCode>EUR</CurrencyCode>", eur(73000), "2026-03-29"},
		{"currency of the customer", "<CurrencyCode>EUR</CurrencyCode>", "", ledger.Money{Minor: 730, Currency: "JPY"}, "2026-03-29"},
		{"no currency at all", "<AccountID>7|<CurrencyCode>EUR</CurrencyCode>", "<AccountID>8|", ledger.Money{Minor: 73000}, "2026-03-29"},
	} {
		row := oneTransaction
		olds, news := strings.Split(c.old, "|"), strings.Split(c.new, "|")
		for i := range olds {
			if !strings.Contains(row, olds[i]) {
				t.Fatalf("%s: nothing to replace", c.name)
			}
			row = strings.Replace(row, olds[i], news[i], 1)
		}
		f := newFake(t)
		f.say(op, succeed(op, row))
		_, err := connect(t, f.URL, oauth).Transactions(context.Background(), TransactionQuery{CurrencyOf: currencyOf}, func(got ledger.Transaction) error {
			if got.Outstanding != c.outstanding || got.Due.String() != c.due || got.Amount.Currency != c.outstanding.Currency {
				t.Errorf("%s: %+v", c.name, got)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestChangedTransactions(t *testing.T) {
	const name = "GetTransactionsModifiedBy"
	row := func(status string) string {
		return strings.ReplaceAll(strings.Replace(oneTransaction, "</WSTransactionSummary>", "<Status>"+status+"</Status></WSTransactionSummary>", 1),
			"WSTransactionSummary", "WSChangedTransactionSummary")
	}
	const bare = `<WSChangedTransactionSummary><TransactionID>9</TransactionID><Status>Deleted</Status></WSChangedTransactionSummary>`
	f := newFake(t)
	f.say(name, succeed(name, row("Created")+row("Updated")+bare))
	var got []string
	rows, err := connect(t, f.URL, oauth).ChangedTransactions(context.Background(), TransactionQuery{}, func(tx ledger.Transaction, how Change) error {
		got = append(got, string(how))
		return nil
	})
	if err != nil || rows != 3 || strings.Join(got, " ") != "Created Updated Deleted" {
		t.Errorf("%d rows %v, %v", rows, got, err)
	}
}

func TestCustomerOfTheContract(t *testing.T) { // contract 4.3
	const row = `<Customer><AccountID>7</AccountID><ExternalApproverID xsi:nil="true" /><LedgerType>Sales</LedgerType><Code>ACME</Code><Name>Acme &amp; Sons</Name><CreditTermID>1</CreditTermID><CurrencyCode>EUR</CurrencyCode><CreationDate>2025-11-03T10:15:00</CreationDate><Address1>1 Quay Street</Address1><City>Galway</City><County_State>Co. Galway</County_State><Country>Ireland</Country><PostCode>H91 0000</PostCode><DeliveryName>Stores</DeliveryName><DeliveryCity>Tuam</DeliveryCity><DeliveryPhone>3</DeliveryPhone><Phone>1</Phone><Fax>4</Fax><Email>accounts@acme.example; ap@acme.example</Email><Contact>Mary</Contact><IsActive>true</IsActive><Hold>2</Hold><HeadOfficeAccountID>5</HeadOfficeAccountID><CreditLimit>5000.00</CreditLimit><MobilePhone>2</MobilePhone></Customer>`
	const bare = `<Customer><AccountID>8</AccountID><IsActive>0</IsActive><Hold>0</Hold><HeadOfficeAccountID xsi:nil="true" /></Customer>`
	f := newFake(t)
	f.say("GetCustomerList", succeed("GetCustomerList", row+bare))
	var got []ledger.Customer
	err := connect(t, f.URL, oauth).Customers(context.Background(), func(c ledger.Customer) error { got = append(got, c); return nil })
	want := []ledger.Customer{{AccountID: 7, Code: "ACME", Name: "Acme & Sons", Contact: "Mary", Email: "accounts@acme.example; ap@acme.example",
		Currency: "EUR", CreditTermID: "1", CreditLimit: "5000.00", Active: true, OnHold: true, HeadOffice: 5, Created: ledger.NewDate(2025, 11, 3),
		Phones: []ledger.Phone{{Kind: "phone", Number: "1"}, {Kind: "mobile", Number: "2"}, {Kind: "fax", Number: "4"}, {Kind: "delivery", Number: "3"}},
		Addresses: []ledger.Address{{Kind: "postal", Line1: "1 Quay Street", City: "Galway", County: "Co. Galway", PostCode: "H91 0000", Country: "Ireland"},
			{Kind: "delivery", Name: "Stores", City: "Tuam"}}},
		{AccountID: 8}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}

func TestDocumentOfTheContract(t *testing.T) { // contract 4.5, 16
	const row = `<Invoice><InvoiceID>501</InvoiceID><AccountID>7</AccountID><CurrrencyCode>EUR</CurrrencyCode><InvoiceNumber>10045</InvoiceNumber><ExternalReference>PO-88</ExternalReference><CreationDate>2026-03-01T09:12:40</CreationDate><InvoiceDate>2026-02-27T00:00:00</InvoiceDate><Status>Posted</Status><Contact>Mary Byrne</Contact><Lines><InvoiceLine><InvoiceID>9</InvoiceID><GrossAmount>1</GrossAmount></InvoiceLine></Lines><AccountBranchID xsi:nil="true" /><Type>Note</Type><GrossAmount>1230.00</GrossAmount><DueDate>2026-03-29T00:00:00</DueDate><AccountCode>ACME</AccountCode></Invoice>`
	f := newFake(t)
	f.say("GetInvoicesBy", succeed("GetInvoicesBy", row))
	var got []Document
	rows, err := connect(t, f.URL, oauth).Documents(context.Background(), DocumentQuery{}, func(d Document) error { got = append(got, d); return nil })
	want := Document{ID: 501, AccountID: 7, AccountCode: "ACME", Note: true, Number: "10045", Reference: "PO-88", Status: Posted, Contact: "Mary Byrne",
		Gross: eur(123000), Issued: ledger.NewDate(2026, 2, 27), Due: ledger.NewDate(2026, 3, 29), Created: ledger.NewDate(2026, 3, 1)}
	if err != nil || rows != 1 || got[0] != want {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}

func TestAllocationsCountEntries(t *testing.T) { // contract 7.7
	const name = "GetAllocationsBetweenWithCreationDatePaged"
	entry := func(id, to string) string {
		return `<WSAllocationEntryDTO><AllocatedToTransactionID>` + to + `</AllocatedToTransactionID><AllocationAmount>12.50</AllocationAmount><AllocationDate>2026-03-02T00:00:00</AllocationDate><AllocationId>` + id + `</AllocationId><AllocationCreationDate>2026-03-03T23:59:59</AllocationCreationDate></WSAllocationEntryDTO>`
	}
	const open, close = `<WSAllocationTransactionDTO><TransactionID>50</TransactionID><AllocationEntries>`, `</AllocationEntries></WSAllocationTransactionDTO>`
	late := `<WSAllocationTransactionDTO><AllocationEntries>` + entry("3", "63") + `</AllocationEntries><TransactionID>51</TransactionID></WSAllocationTransactionDTO>`
	summary := func(ledgerName, inside string) string {
		return `<WSAllocationSummaryDTO><AccountID>7</AccountID><Ledger>` + ledgerName + `</Ledger><Allocations>` + inside + `</Allocations></WSAllocationSummaryDTO>`
	}
	f := newFake(t)
	f.say(name, succeed(name, summary("Sales", open+entry("1", "61")+entry("2", "62")+close+late)+summary("Purchases", open+entry("4", "64")+close)+
		summary("Sales", "")+`<WSAllocationSummaryDTO xsi:nil="true"/>`))
	var got []ledger.Allocation
	rows, err := connect(t, f.URL, oauth).Allocations(context.Background(), time.Time{}, time.Time{}, 0, 0, func(a ledger.Allocation) error {
		got = append(got, a)
		return nil
	})
	want := func(id, from, to int64) ledger.Allocation {
		return ledger.Allocation{ID: id, From: from, To: to, Amount: "12.50", Date: ledger.NewDate(2026, 3, 2), Created: ledger.NewDate(2026, 3, 3)}
	}
	if err != nil || rows != 4 || !reflect.DeepEqual(got, []ledger.Allocation{want(1, 50, 61), want(2, 50, 62), want(3, 51, 63)}) {
		t.Errorf("%d rows, %v: %+v", rows, err, got)
	}
	f.say(name, succeed(name, summary("Sales", `<WSAllocationTransactionDTO><AllocationEntries>`+entry("1", "61")+close)))
	if _, err := connect(t, f.URL, oauth).Allocations(context.Background(), time.Time{}, time.Time{}, 0, 0, nil); problemOf(t, err).Code != "bad_answer" {
		t.Error(err)
	}
}

// A match told from the invoice's side is the same match: From is always the credit.
func TestAllocationsComeFromTheCredit(t *testing.T) {
	const name = "GetAllocationsBetweenWithCreationDatePaged"
	side := func(id, kind, to, toKind string) string {
		return `<WSAllocationTransactionDTO><TransactionID>` + id + `</TransactionID><TransactionType>` + kind + `</TransactionType><AllocationEntries><WSAllocationEntryDTO><AllocatedToTransactionID>` + to +
			`</AllocatedToTransactionID><AllocatedToTransactionType>` + toKind + `</AllocatedToTransactionType><AllocationAmount>5</AllocationAmount><AllocationId>9</AllocationId></WSAllocationEntryDTO></AllocationEntries></WSAllocationTransactionDTO>`
	}
	f := newFake(t)
	f.say(name, succeed(name, `<WSAllocationSummaryDTO><Ledger>Sales</Ledger><Allocations>`+side("50", "SR", "61", "SI")+side("61", "SI", "50", "SR")+`</Allocations></WSAllocationSummaryDTO>`))
	var got []ledger.Allocation
	_, err := connect(t, f.URL, oauth).Allocations(context.Background(), time.Time{}, time.Time{}, 0, 0, func(a ledger.Allocation) error {
		got = append(got, a)
		return nil
	})
	if err != nil || len(got) != 2 || got[0] != got[1] || got[0].From != 50 || got[0].To != 61 {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestBalances(t *testing.T) {
	const name = "GetCustomerBalanceInformation"
	row := func(kind, amount string) string {
		return `<AccountBalanceInformation><AccountID>7</AccountID><AccountCode>ACME</AccountCode><AccountType>` + kind + `</AccountType><Balance>` + amount + `</Balance><CreditLimit>0</CreditLimit><CurrencyCode>JPY</CurrencyCode></AccountBalanceInformation>`
	}
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	f.say(name, succeed(name, row("Supplier", "9")+row("Customer", "-500.0000")))
	var got []ledger.Balance
	err := c.Balances(context.Background(), ledger.NewDate(2026, 5, 12), []string{"ACME"}, func(b ledger.Balance) error { got = append(got, b); return nil })
	if err != nil || !reflect.DeepEqual(got, []ledger.Balance{{AccountID: 7, Code: "ACME", Amount: ledger.Money{Minor: -500, Currency: "JPY"}}}) {
		t.Errorf("%+v, %v", got, err)
	}
	f.say(name, succeed(name, row("Customer", "")))
	if err := c.Balances(context.Background(), ledger.NewDate(2026, 5, 12), []string{"ACME"}, nil); problemOf(t, err).Code != "bad_answer" {
		t.Error(err)
	}
}

func TestSmallRecords(t *testing.T) {
	f := newFake(t)
	f.say("GetCompanyInformation", succeed("GetCompanyInformation", `<CompanyName>Demo</CompanyName><LocaleName>en-IE</LocaleName><BaseCurrencyCode>EUR</BaseCurrencyCode><Address><Line1>x</Line1><CountryState>Ireland</CountryState></Address><ContactInformation><EmailAddress>a@demo.example</EmailAddress></ContactInformation><IsConsolidationCompany>true</IsConsolidationCompany>`))
	f.say("GetCurrencies", succeed("GetCurrencies", `<WSCurrency><CurrencyCode>USD</CurrencyCode><IsBaseCurrency>false</IsBaseCurrency><ExchangeRate>1.0812</ExchangeRate></WSCurrency>`))
	f.say("GetCreditTermList", succeed("GetCreditTermList", `<CreditTerm><ID>9</ID><Code>30EOM</Code><CreditDays>30</CreditDays><EndOfMonth>true</EndOfMonth></CreditTerm>`))
	f.say("GetEntitiesByToken", succeed("GetEntitiesByToken", `<WSEntity><EntityID>DEMO01</EntityID><EntityName>Demo</EntityName><BaseCurrency>EUR</BaseCurrency></WSEntity><WSEntity><EntityID>DEMO02</EntityID></WSEntity>`))
	f.say("GetAllCustomerContacts", succeed("GetAllCustomerContacts", `<WSAccountContact><FullName>Mary Byrne</FullName><Note>n</Note><AccountCode>ACME</AccountCode><JobTitle>AP</JobTitle><Phone>1</Phone><Email>m@acme.example</Email><IsPrimary>true</IsPrimary></WSAccountContact>`))
	f.say("GetCountTransactionsBy", succeed("GetCountTransactionsBy", `<TransactionsCount>42</TransactionsCount><TransactionLinesCount><WSTransactionLinesCount><TransactionID>1</TransactionID></WSTransactionLinesCount></TransactionLinesCount>`))
	for version, auth := range map[string]Auth{"1.1": userKey, "2.0": oauth} {
		ctx := context.Background()
		c := connect(t, f.URL, auth)
		company, err1 := c.Company(ctx)
		currencies, err2 := c.Currencies(ctx)
		terms, err3 := c.CreditTerms(ctx)
		entities, err4 := c.Entities(ctx)
		count, err5 := c.CountTransactions(ctx, TransactionQuery{})
		var contacts []ledger.Contact
		err6 := c.Contacts(ctx, func(p ledger.Contact) error { contacts = append(contacts, p); return nil })
		for _, err := range []error{err1, err2, err3, err4, err5, err6} {
			if err != nil {
				t.Error(version, err)
			}
		}
		wantEntities := []Entity{{"DEMO01", "Demo", "EUR"}, {ID: "DEMO02"}}
		if version == "1.1" {
			wantEntities = wantEntities[:1]
		}
		if company != (ledger.Company{ID: "DEMO01", Name: "Demo", BaseCurrency: "EUR", Locale: "en-IE", Country: "Ireland", Email: "a@demo.example", Consolidation: true}) ||
			!reflect.DeepEqual(currencies, []ledger.Currency{{Code: "USD", Rate: "1.0812"}}) ||
			!reflect.DeepEqual(terms, []ledger.CreditTerm{{Code: "30EOM", Days: 30, EndOfMonth: true}}) ||
			!reflect.DeepEqual(entities, wantEntities) || count != 42 ||
			!reflect.DeepEqual(contacts, []ledger.Contact{{AccountCode: "ACME", Name: "Mary Byrne", JobTitle: "AP", Phone: "1", Email: "m@acme.example", Note: "n", Primary: true}}) {
			t.Errorf("%s: %+v %+v %+v %+v %d %+v", version, company, currencies, terms, entities, count, contacts)
		}
	}
}

// Whatever bytes come: no panic, and no success unless the document is whole and says so.
func FuzzAnswer(f *testing.F) {
	wrap := func(response string) []byte {
		var b bytes.Buffer
		write(&b, response)
		return b.Bytes()
	}
	f.Add(wrap(succeed(op, oneTransaction)))
	f.Add(wrap(failure(op, "NOT_FOUND")))
	f.Add(wrap(soapFault("x")))
	f.Add(wrap(result(op, `<Result>`+oneTransaction+`</Result><Status>Success</Status>`)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		rows := 0
		if err := decodePage(bytes.NewReader(doc), func(ledger.Transaction) error { rows++; return nil }); err != nil {
			return
		}
		seen, err := ours(bytes.NewReader(doc))
		if err != nil || !strings.Contains(seen, `<Status>`) || !strings.Contains(seen, `Success`) || strings.Count(seen, "<TransactionID>") < rows {
			t.Errorf("%d rows of %s, %v", rows, seen, err)
		}
	})
}

func TestGzip(t *testing.T) {
	f := newFake(t)
	f.on(op, func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Encoding", "gzip")
		zip(w, func(z io.Writer) { write(z, succeed(op, oneTransaction)) })
	})
	for name, change := range map[string]func(*Config){
		"asked for":     func(*Config) {},
		"not asked for": func(cfg *Config) { cfg.HTTP = &http.Client{Transport: &http.Transport{DisableCompression: true}} },
	} {
		if rows, err := readTransactions(connect(t, f.URL, oauth, change)); err != nil || len(rows) != 1 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}
