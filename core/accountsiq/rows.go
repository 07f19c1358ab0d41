package accountsiq

import (
	"fmt"

	"dunlin/core/ledger"
)

// rowError says which row of an answer lacks something or holds a value that cannot be read.
type rowError struct {
	row string
	why string
}

func (e *rowError) Error() string { return e.row + ": " + e.why }

// names keeps one copy of texts that come again and again, such as currencies and customer codes.
type names map[string]string

const maxNames = 1 << 14

func (n names) keep(b []byte) string {
	if s, ok := n[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(n) < maxNames {
		n[s] = s
	}
	return s
}

// transactionRow reads WSTransactionSummary and WSChangedTransactionSummary. Amounts are read at
// the end of the row, as the currency comes after them. One value serves all rows of a page.
type transactionRow struct {
	names names

	t           ledger.Transaction
	amount      []byte
	outstanding []byte
	foreign     bool   // belongs to another ledger than sales
	ofControl   string // currency of the control line
	change      Change
}

func (r *transactionRow) read(s *scanner) {
	*r = transactionRow{names: r.names, amount: r.amount[:0], outstanding: r.outstanding[:0]}
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "AccountID":
			r.t.AccountID = s.int()
		case "AccountCode":
			r.t.AccountCode = r.names.keep(s.value())
		case "Ledger":
			ledgerName := r.names.keep(s.value())
			r.foreign = ledgerName == "Purchases" || ledgerName == "General"
		case "TransactionType":
			r.t.Type = ledger.TxType(r.names.keep(s.value()))
		case "TransactionID":
			r.t.ID = s.int()
		case "IsBatchInvoiceOrNote":
			r.t.Batch = s.bool()
		case "InvoiceID":
			r.t.DocumentID = s.int()
		case "InternalNumber":
			r.t.Number = s.string()
		case "ExternalReference":
			r.t.Reference = s.string()
		case "ControlAmount":
			r.amount = s.raw(r.amount)
		case "OutstandingAmount":
			r.outstanding = s.raw(r.outstanding)
		case "ControlBCAmount":
			r.t.BaseAmount = s.decimal()
		case "TransactionDate":
			r.t.Issued = s.date()
		case "CreationDate":
			r.t.Created = s.date()
		case "LineDetails":
			r.readLines(s)
		case "CurrencyCode":
			r.t.Amount.Currency = r.names.keep(s.value())
		case "IsReversed":
			r.t.Reversed = s.bool()
		case "IsInDispute":
			r.t.Disputed = s.bool()
		case "DueDate":
			r.t.Due = s.date()
		case "Status":
			r.change = Change(r.names.keep(s.value()))
		}
	}
}

// readLines looks for the currency of the control line, for rows that do not name it themselves.
func (r *transactionRow) readLines(s *scanner) {
	for depth := s.depth; s.more(depth); {
		control := false
		currency := ""
		for line := s.depth; s.more(line); {
			switch string(s.local) {
			case "IsControlLine":
				control = s.bool()
			case "CurrencyCode":
				currency = r.names.keep(s.value())
			}
		}
		if control && r.ofControl == "" {
			r.ofControl = currency
		}
	}
}

// finish gives the transaction. An id and the amounts must be there: a row without them must not
// pass for a paid invoice. Only a deleted one needs no amounts.
func (r *transactionRow) finish(currencyOf func(int64) string) (ledger.Transaction, error) {
	t := r.t
	bad := func(why string) (ledger.Transaction, error) {
		return ledger.Transaction{}, &rowError{fmt.Sprintf("transaction %d", t.ID), why}
	}
	currency := t.Amount.Currency
	if currency == "" {
		currency = r.ofControl
	}
	if currency == "" && currencyOf != nil {
		currency = currencyOf(t.AccountID)
	}
	if t.ID == 0 {
		return bad("no TransactionID")
	}
	for _, amount := range []struct {
		name string
		raw  []byte
		to   *ledger.Money
	}{{"ControlAmount", r.amount, &t.Amount}, {"OutstandingAmount", r.outstanding, &t.Outstanding}} {
		if len(amount.raw) == 0 {
			if r.change != Deleted {
				return bad("no " + amount.name)
			}
			amount.to.Currency = currency
			continue
		}
		m, err := parseMoney(amount.raw, currency)
		if err != nil {
			return bad(amount.name + " is " + err.Error())
		}
		*amount.to = m
	}
	return t, nil
}

func readCustomer(s *scanner) (ledger.Customer, error) {
	var c ledger.Customer
	var phone, mobile, fax, deliveryPhone string
	postal := ledger.Address{Kind: "postal"}
	delivery := ledger.Address{Kind: "delivery"}
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "AccountID":
			c.AccountID = s.int()
		case "Code":
			c.Code = s.string()
		case "Name":
			c.Name = s.string()
		case "Contact":
			c.Contact = s.string()
		case "Email":
			c.Email = s.string()
		case "CurrencyCode":
			c.Currency = s.trimmed()
		case "CreditTermID":
			c.CreditTermID = s.string()
		case "CreditLimit":
			c.CreditLimit = s.decimal()
		case "IsActive":
			c.Active = s.bool()
		case "Hold":
			c.OnHold = s.int() != 0
		case "HeadOfficeAccountID":
			c.HeadOffice = s.int()
		case "CreationDate":
			c.Created = s.date()
		case "Phone":
			phone = s.trimmed()
		case "MobilePhone":
			mobile = s.trimmed()
		case "Fax":
			fax = s.trimmed()
		case "DeliveryPhone":
			deliveryPhone = s.trimmed()
		case "DeliveryName":
			delivery.Name = s.trimmed()
		case "Address1":
			postal.Line1 = s.trimmed()
		case "Address2":
			postal.Line2 = s.trimmed()
		case "City":
			postal.City = s.trimmed()
		case "County_State":
			postal.County = s.trimmed()
		case "PostCode":
			postal.PostCode = s.trimmed()
		case "Country":
			postal.Country = s.trimmed()
		case "DeliveryAddress1":
			delivery.Line1 = s.trimmed()
		case "DeliveryAddress2":
			delivery.Line2 = s.trimmed()
		case "DeliveryCity":
			delivery.City = s.trimmed()
		case "DeliveryCounty_State":
			delivery.County = s.trimmed()
		case "DeliveryPostCode":
			delivery.PostCode = s.trimmed()
		case "DeliveryCountry":
			delivery.Country = s.trimmed()
		}
	}
	for _, p := range []ledger.Phone{{Kind: "phone", Number: phone}, {Kind: "mobile", Number: mobile},
		{Kind: "fax", Number: fax}, {Kind: "delivery", Number: deliveryPhone}} {
		if p.Number != "" {
			c.Phones = append(c.Phones, p)
		}
	}
	for _, a := range []ledger.Address{postal, delivery} {
		if a != (ledger.Address{Kind: a.Kind}) {
			c.Addresses = append(c.Addresses, a)
		}
	}
	if c.AccountID == 0 && s.err == nil {
		return c, &rowError{"customer", "no AccountID"}
	}
	return c, s.err
}

func readContact(s *scanner) (ledger.Contact, error) {
	var c ledger.Contact
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "AccountCode":
			c.AccountCode = s.string()
		case "FullName":
			c.Name = s.string()
		case "JobTitle":
			c.JobTitle = s.string()
		case "Phone":
			c.Phone = s.trimmed()
		case "Email":
			c.Email = s.string()
		case "Note":
			c.Note = s.string()
		case "IsPrimary":
			c.Primary = s.bool()
		}
	}
	return c, s.err
}

func readCurrency(s *scanner) (ledger.Currency, error) {
	var c ledger.Currency
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "CurrencyCode":
			c.Code = s.trimmed()
		case "ExchangeRate":
			c.Rate = s.decimal()
		case "IsBaseCurrency":
			c.Base = s.bool()
		}
	}
	return c, s.err
}

func readCreditTerm(s *scanner) (ledger.CreditTerm, error) {
	var t ledger.CreditTerm
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "Code":
			t.Code = s.string()
		case "CreditDays":
			t.Days = int(s.int())
		case "EndOfMonth":
			t.EndOfMonth = s.bool()
		}
	}
	return t, s.err
}

// readStyles reads WSReportStyles: the layouts of one report.
func readStyles(s *scanner) (names []string, err error) {
	for depth := s.depth; s.more(depth); {
		if string(s.local) != "ReportStyles" {
			continue
		}
		for list := s.depth; s.more(list); {
			for style := s.depth; s.more(style); {
				if string(s.local) != "StyleName" {
					continue
				}
				if name := s.string(); name != "" {
					names = append(names, name)
				}
			}
		}
	}
	return names, s.err
}

func readEntity(s *scanner) (Entity, error) {
	var e Entity
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "EntityID":
			e.ID = s.trimmed()
		case "EntityName":
			e.Name = s.trimmed()
		case "BaseCurrency":
			e.BaseCurrency = s.trimmed()
		}
	}
	return e, s.err
}

func readCompany(s *scanner) ledger.Company {
	var c ledger.Company
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "CompanyName":
			c.Name = s.trimmed()
		case "LocaleName":
			c.Locale = s.trimmed()
		case "BaseCurrencyCode":
			c.BaseCurrency = s.trimmed()
		case "IsConsolidationCompany":
			c.Consolidation = s.bool()
		case "Address":
			for inner := s.depth; s.more(inner); {
				if string(s.local) == "CountryState" {
					c.Country = s.trimmed()
				}
			}
		case "ContactInformation":
			for inner := s.depth; s.more(inner); {
				if string(s.local) == "EmailAddress" {
					c.Email = s.trimmed()
				}
			}
		}
	}
	return c
}

func readBalance(s *scanner) (b ledger.Balance, customer bool, err error) {
	var amount []byte
	customer = true
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "AccountID":
			b.AccountID = s.int()
		case "AccountCode":
			b.Code = s.string()
		case "AccountType":
			customer = s.trimmed() != "Supplier"
		case "Balance":
			amount = s.raw(amount)
		case "CurrencyCode":
			b.Amount.Currency = s.trimmed()
		}
	}
	if s.err != nil {
		return b, customer, s.err
	}
	if b.Amount, err = parseMoney(amount, b.Amount.Currency); err != nil {
		err = &rowError{fmt.Sprintf("balance of account %d", b.AccountID), err.Error()}
	}
	return b, customer, err
}

// allocationRow reads WSAllocationSummaryDTO: allocations of one customer, grouped by the
// transaction on one side. One value serves all rows of a page.
//
// Nothing says which side stands on top, nor that only one does: an entry whose other side is the credit is
// turned round, so that From is always the credit that went against To, and a match told twice is one.
type allocationRow struct {
	foreign bool
	entries []ledger.Allocation
	credits []bool // of each entry: the other side is a credit
}

func (r *allocationRow) read(s *scanner) error {
	r.foreign = false
	r.entries, r.credits = r.entries[:0], r.credits[:0]
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "Ledger":
			name := s.trimmed()
			r.foreign = name == "Purchases" || name == "General"
		case "Allocations":
			for list := s.depth; s.more(list); {
				if err := r.readTransaction(s); err != nil {
					return err
				}
			}
		}
	}
	return s.err
}

func (r *allocationRow) readTransaction(s *scanner) error {
	var from int64
	credit := false
	first := len(r.entries)
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "TransactionID":
			from = s.int()
		case "TransactionType":
			credit = ledger.TxType(s.trimmed()).Credit()
		case "AllocationEntries":
			for list := s.depth; s.more(list); {
				r.readEntry(s)
			}
		}
	}
	if s.err != nil {
		return s.err
	}
	for i := first; i < len(r.entries); i++ {
		if r.entries[i].From = from; from == 0 || r.entries[i].To == 0 {
			return &rowError{fmt.Sprintf("allocation %d", r.entries[i].ID), "a transaction is not named"}
		}
		if r.credits[i] && !credit {
			r.entries[i].From, r.entries[i].To = r.entries[i].To, r.entries[i].From
		}
	}
	return nil
}

func (r *allocationRow) readEntry(s *scanner) {
	var a ledger.Allocation
	credit := false
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "AllocatedToTransactionID":
			a.To = s.int()
		case "AllocatedToTransactionType":
			credit = ledger.TxType(s.trimmed()).Credit()
		case "AllocationAmount":
			a.Amount = s.decimal()
		case "AllocationDate":
			a.Date = s.date()
		case "AllocationId":
			a.ID = s.int()
		case "AllocationCreationDate":
			a.Created = s.date()
		}
	}
	r.entries, r.credits = append(r.entries, a), append(r.credits, credit)
}

func readDocument(s *scanner) (Document, error) {
	var d Document
	var gross []byte
	var currency, misspelt string
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "InvoiceID":
			d.ID = s.int()
		case "AccountID":
			d.AccountID = s.int()
		case "AccountCode":
			d.AccountCode = s.string()
		case "CurrencyCode":
			currency = s.trimmed()
		case "CurrrencyCode": // sic (contract section 16)
			misspelt = s.trimmed()
		case "InvoiceNumber":
			d.Number = s.string()
		case "ExternalReference":
			d.Reference = s.string()
		case "InvoiceDate":
			d.Issued = s.date()
		case "DueDate":
			d.Due = s.date()
		case "CreationDate":
			d.Created = s.date()
		case "Status":
			d.Status = DocumentStatus(s.trimmed())
		case "Type":
			d.Note = s.trimmed() == "Note"
		case "Contact":
			d.Contact = s.string()
		case "AccountBranchID":
			d.Branch = s.int()
		case "GrossAmount":
			gross = s.raw(gross)
		}
	}
	if s.err != nil {
		return d, s.err
	}
	if currency == "" {
		currency = misspelt
	}
	bad := func(why string) (Document, error) { return d, &rowError{fmt.Sprintf("document %d", d.ID), why} }
	if d.ID == 0 {
		return bad("no InvoiceID")
	}
	d.Gross.Currency = currency
	if len(gross) > 0 {
		m, err := parseMoney(gross, currency)
		if err != nil {
			return bad("GrossAmount is " + err.Error())
		}
		d.Gross = m
	}
	return d, nil
}
