package aiqtest

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"time"

	"dunlin/core/ledger"
)

// shapes holds how each record is written. Built once per server from the schema.
type shapes struct {
	entity      shape[*Company]
	company     shape[*Company]
	currency    shape[currencyRow]
	term        shape[Term]
	customer    shape[*customerRow]
	contact     shape[*Contact]
	document    shape[*docRow]
	summary     shape[*txRow]
	changed     shape[*txRow]
	transaction shape[*txRow]
	side        shape[*sideRow]
	account     shape[*accountRow]
	balance     shape[balanceRow]
	statement   shape[*statementRow]
	note        shape[*Note]
	status      shape[verdict]
	styles      shape[[]styleRow]
}

// Rows are snapshots taken under the company's lock, so that writing them needs none.
type (
	currencyRow struct {
		Currency
		id       int64
		base     bool
		modified time.Time
	}
	customerRow struct {
		Customer
		head bool // others have it as their head office
	}
	styleRow struct {
		name string
		own  bool
	}
	txRow struct {
		Transaction
		accountName string
		status      string // of a change
		bare        bool   // no reconciliation details asked for
	}
	docRow struct {
		Document
		customer Customer
	}
	// matchRow is a match as seen from one side: other is the far side.
	matchRow struct {
		Allocation
		other Transaction
	}
	// sideRow is a transaction with its matches.
	sideRow struct {
		Transaction
		entries []matchRow
	}
	// accountRow is a customer with the matches made on its account.
	accountRow struct {
		id    int64
		code  string
		sides []sideRow
	}
	balanceRow struct {
		customer Customer
		amount   ledger.Money
	}
	statementRow struct {
		code    string
		on      ledger.Date
		buckets [statementBuckets]int64
		total   ledger.Money
		items   []txRow
	}
	// verdict is one WSResultStatus.
	verdict struct {
		code, message string
		expired       bool
	}
)

const (
	bucketFuture = iota
	bucket0
	bucket30
	bucket60
	bucket90
	bucket120
	statementBuckets
)

func newShapes(s *schema) (*shapes, error) {
	sh := &shapes{}
	for _, build := range []func(*schema) error{sh.basics, sh.customers, sh.documents, sh.transactions, sh.matches, sh.statements} {
		if err := build(s); err != nil {
			return nil, err
		}
	}
	return sh, nil
}

func (sh *shapes) basics(s *schema) (err error) {
	if sh.status, err = newShape(s, "WSResultStatus", columns[verdict]{
		"Status": text(func(v verdict) string {
			if v.code == "" {
				return "Success"
			}
			return "Failure"
		}),
		"ErrorCode": text(func(v verdict) string {
			if v.code == "" {
				return "SUCCESS"
			}
			return v.code
		}),
		"ErrorMessage": text(func(v verdict) string { return v.message }),
		"HasExpired":   flag(func(v verdict) bool { return v.expired }),
	}); err != nil {
		return err
	}
	if sh.entity, err = newShape(s, "WSEntity", columns[*Company]{
		"EntityID":     text(func(c *Company) string { return c.ID }),
		"EntityName":   text(func(c *Company) string { return c.Name }),
		"BaseCurrency": text(func(c *Company) string { return c.BaseCurrency }),
	}); err != nil {
		return err
	}
	if sh.currency, err = newShape(s, "WSCurrency", columns[currencyRow]{
		"CurrencyID":       number(func(c currencyRow) int64 { return c.id }),
		"CurrencyCode":     text(func(c currencyRow) string { return c.Code }),
		"IsBaseCurrency":   flag(func(c currencyRow) bool { return c.base }),
		"ExchangeRate":     text(func(c currencyRow) string { return c.Rate }),
		"Symbol":           text(func(c currencyRow) string { return c.Symbol }),
		"LastModifiedDate": moment(func(c currencyRow) time.Time { return c.modified }),
		"Description":      text(func(c currencyRow) string { return c.Name }),
	}); err != nil {
		return err
	}
	if sh.term, err = newShape(s, "CreditTerm", columns[Term]{
		"ID":          text(func(t Term) string { return t.Code }),
		"Code":        text(func(t Term) string { return t.Code }),
		"Description": text(func(t Term) string { return t.Description }),
		"CreditDays":  number(func(t Term) int64 { return int64(t.Days) }),
		"EndOfMonth":  flag(func(t Term) bool { return t.EndOfMonth }),
	}); err != nil {
		return err
	}
	if sh.note, err = newShape(s, "WSNote", columns[*Note]{
		"NoteID":     number(func(n *Note) int64 { return n.ID }),
		"MasterType": text(func(n *Note) string { return n.Master }),
		"MasterID":   text(func(n *Note) string { return n.MasterID }),
		"Notes":      text(func(n *Note) string { return n.Text }),
	}); err != nil {
		return err
	}
	if err := sh.layouts(s); err != nil {
		return err
	}
	return sh.card(s)
}

func (sh *shapes) layouts(s *schema) error {
	report := func(styleRow) string { return "Sales Invoice" }
	style, err := newShape(s, "WSReportStyle", columns[styleRow]{
		"ReportName":   text(report),
		"StyleName":    text(func(r styleRow) string { return r.name }),
		"DefaultStyle": flag(func(r styleRow) bool { return r.own }),
	})
	if err != nil {
		return err
	}
	sh.styles, err = newShape(s, "WSReportStyles", columns[[]styleRow]{
		"ReportName": text(func([]styleRow) string { return report(styleRow{}) }),
		"ReportStyles": func(b []byte, f *form, rows []styleRow) []byte {
			for _, r := range rows {
				b = style.element(b, f, "WSReportStyle", r)
			}
			return b
		},
	})
	return err
}

// card is the company's own record.
func (sh *shapes) card(s *schema) error {
	address, err := newShape(s, "WSAddress", columns[*Company]{
		"CountryState": text(func(c *Company) string { return c.Country }),
	})
	if err != nil {
		return err
	}
	reach, err := newShape(s, "WSContactInformation", columns[*Company]{
		"EmailAddress": text(func(c *Company) string { return c.Email }),
	})
	if err != nil {
		return err
	}
	sh.company, err = newShape(s, "WSCompanyInformation", columns[*Company]{
		"CompanyName":            text(func(c *Company) string { return c.Name }),
		"LocaleName":             text(func(c *Company) string { return c.Locale }),
		"BaseCurrencyCode":       text(func(c *Company) string { return c.BaseCurrency }),
		"Address":                func(b []byte, f *form, c *Company) []byte { return address.append(b, f, c) },
		"ContactInformation":     func(b []byte, f *form, c *Company) []byte { return reach.append(b, f, c) },
		"IsConsolidationCompany": flag(func(c *Company) bool { return c.Group }),
	})
	return err
}

func sales[T any](b []byte, _ *form, _ T) []byte { return append(b, "Sales"...) }

func (sh *shapes) customers(s *schema) (err error) {
	if sh.customer, err = newShape(s, "Customer", columns[*customerRow]{
		"AccountID":             number(func(c *customerRow) int64 { return c.AccountID }),
		"LedgerType":            sales[*customerRow],
		"Code":                  text(func(c *customerRow) string { return c.Code }),
		"CountryCode":           text(func(c *customerRow) string { return c.CountryCode }),
		"Name":                  text(func(c *customerRow) string { return c.Name }),
		"CreditTermID":          text(func(c *customerRow) string { return c.Term }),
		"CurrencyCode":          text(func(c *customerRow) string { return c.Currency }),
		"CreationDate":          moment(func(c *customerRow) time.Time { return c.Created }),
		"Address1":              text(func(c *customerRow) string { return c.Address.Line1 }),
		"Address2":              text(func(c *customerRow) string { return c.Address.Line2 }),
		"City":                  text(func(c *customerRow) string { return c.Address.City }),
		"County_State":          text(func(c *customerRow) string { return c.Address.County }),
		"Country":               text(func(c *customerRow) string { return c.Address.Country }),
		"PostCode":              text(func(c *customerRow) string { return c.Address.PostCode }),
		"DeliveryName":          text(func(c *customerRow) string { return c.Delivery.Name }),
		"DeliveryAddress1":      text(func(c *customerRow) string { return c.Delivery.Line1 }),
		"DeliveryAddress2":      text(func(c *customerRow) string { return c.Delivery.Line2 }),
		"DeliveryCity":          text(func(c *customerRow) string { return c.Delivery.City }),
		"DeliveryCounty_State":  text(func(c *customerRow) string { return c.Delivery.County }),
		"DeliveryCountry":       text(func(c *customerRow) string { return c.Delivery.Country }),
		"DeliveryPostCode":      text(func(c *customerRow) string { return c.Delivery.PostCode }),
		"DeliveryPhone":         text(func(c *customerRow) string { return c.DeliverPhone }),
		"Phone":                 text(func(c *customerRow) string { return c.Phone }),
		"Fax":                   text(func(c *customerRow) string { return c.Fax }),
		"Email":                 text(func(c *customerRow) string { return c.Email }),
		"WebAddress":            text(func(c *customerRow) string { return c.Web }),
		"Contact":               text(func(c *customerRow) string { return c.Contact }),
		"VATRegistrationNumber": text(func(c *customerRow) string { return c.VATNumber }),
		"IsActive":              flag(func(c *customerRow) bool { return !c.Inactive }),
		"Hold":                  number(func(c *customerRow) int64 { return int64(c.Hold) }),
		"HeadOfficeAccountID":   someID(func(c *customerRow) int64 { return c.HeadOffice }),
		"Notes":                 text(func(c *customerRow) string { return c.Notes }),
		"UseHeadOffice":         flag(func(c *customerRow) bool { return c.UseHeadOffice }),
		"IsHeadOffice":          flag(func(c *customerRow) bool { return c.head }),
		"CreditLimit":           money(func(c *customerRow) ledger.Money { return ledger.Money{Minor: c.CreditLimit, Currency: c.Currency} }),
		"MobilePhone":           text(func(c *customerRow) string { return c.Mobile }),
		"RowVersionNumber":      text(func(c *customerRow) string { return rowVersion(c.Modified) }),
	}); err != nil {
		return err
	}
	sh.contact, err = newShape(s, "WSAccountContact", columns[*Contact]{
		"FullName":     text(func(p *Contact) string { return p.Name }),
		"Note":         text(func(p *Contact) string { return p.Note }),
		"AccountCode":  text(func(p *Contact) string { return p.AccountCode }),
		"JobTitle":     text(func(p *Contact) string { return p.JobTitle }),
		"Phone":        text(func(p *Contact) string { return p.Phone }),
		"Email":        text(func(p *Contact) string { return p.Email }),
		"IsPrimary":    flag(func(p *Contact) bool { return p.Primary }),
		"CreationDate": moment(func(p *Contact) time.Time { return p.Created }),
	})
	return err
}

// rowVersion is an opaque value that changes with every change of a record.
func rowVersion(modified time.Time) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(modified.UnixMilli())))
}

func netOf(gross, tax ledger.Money) ledger.Money {
	return ledger.Money{Minor: gross.Minor - tax.Minor, Currency: gross.Currency}
}

func (sh *shapes) documents(s *schema) error {
	line, err := newShape(s, "InvoiceLine", columns[*docRow]{
		"InvoiceItemID":        number(func(d *docRow) int64 { return d.ID }),
		"InvoiceID":            number(func(d *docRow) int64 { return d.ID }),
		"StockItemDescription": text(func(d *docRow) string { return d.Description }),
		"InvoicedQuantity":     number(func(*docRow) int64 { return 1 }),
		"DeliveredQuantity":    number(func(*docRow) int64 { return 1 }),
		"StockItemPrice":       money(func(d *docRow) ledger.Money { return netOf(d.Amount, d.Tax) }),
		"ActualPrice":          money(func(d *docRow) ledger.Money { return netOf(d.Amount, d.Tax) }),
		"NetAmount":            money(func(d *docRow) ledger.Money { return netOf(d.Amount, d.Tax) }),
		"TaxAmount":            money(func(d *docRow) ledger.Money { return d.Tax }),
		"GrossAmount":          money(func(d *docRow) ledger.Money { return d.Amount }),
		"CreationDate":         moment(func(d *docRow) time.Time { return d.Created }),
		"GLAccountCode":        text(func(*docRow) string { return "4000" }),
	})
	if err != nil {
		return err
	}
	sh.document, err = newShape(s, "Invoice", columns[*docRow]{
		"InvoiceID":         number(func(d *docRow) int64 { return d.ID }),
		"AccountID":         number(func(d *docRow) int64 { return d.AccountID }),
		"CurrencyCode":      text(func(d *docRow) string { return d.Amount.Currency }),
		"CurrrencyCode":     text(func(d *docRow) string { return d.Amount.Currency }),
		"InvoiceNumber":     text(func(d *docRow) string { return d.Number }),
		"ExternalReference": text(func(d *docRow) string { return d.Reference }),
		"CreationDate":      moment(func(d *docRow) time.Time { return d.Created }),
		"InvoiceDate":       day(func(d *docRow) ledger.Date { return d.Issued }),
		"DeliveryDate":      day(func(d *docRow) ledger.Date { return d.Issued }),
		"Status":            text(func(d *docRow) string { return string(d.Status) }),
		"AccountName":       text(func(d *docRow) string { return d.AccountName }),
		"AccountAddress1":   text(func(d *docRow) string { return d.customer.Address.Line1 }),
		"AccountAddress2":   text(func(d *docRow) string { return d.customer.Address.Line2 }),
		"City":              text(func(d *docRow) string { return d.customer.Address.City }),
		"County_State":      text(func(d *docRow) string { return d.customer.Address.County }),
		"Country":           text(func(d *docRow) string { return d.customer.Address.Country }),
		"PostCode":          text(func(d *docRow) string { return d.customer.Address.PostCode }),
		"Contact":           text(func(d *docRow) string { return d.customer.Contact }),
		"Phone":             text(func(d *docRow) string { return d.customer.Phone }),
		"ExchangeRate":      text(func(d *docRow) string { return d.Rate }),
		"Ledger":            sales[*docRow],
		"Lines":             func(b []byte, f *form, d *docRow) []byte { return line.element(b, f, "InvoiceLine", d) },
		"Type": text(func(d *docRow) string {
			if d.Type == ledger.SalesCreditNote {
				return "Note"
			}
			return "Invoice"
		}),
		"NetAmount":       money(func(d *docRow) ledger.Money { return netOf(d.Amount, d.Tax) }),
		"TaxAmount":       money(func(d *docRow) ledger.Money { return d.Tax }),
		"GrossAmount":     money(func(d *docRow) ledger.Money { return d.Amount }),
		"BCNetAmount":     money(func(d *docRow) ledger.Money { return netOf(d.Base, baseTax(d.Amount, d.Tax, d.Base)) }),
		"BCTaxAmount":     money(func(d *docRow) ledger.Money { return baseTax(d.Amount, d.Tax, d.Base) }),
		"BCGrossAmount":   money(func(d *docRow) ledger.Money { return d.Base }),
		"LastModifiedUTC": utc(func(d *docRow) time.Time { return d.Modified }),
		"DueDate":         day(func(d *docRow) ledger.Date { return d.Due }),
		"AccountCode":     text(func(d *docRow) string { return d.customer.Code }),
		"AccountBranchID": someID(func(d *docRow) int64 { return d.Branch }),
	})
	return err
}

// baseTax is the tax in base currency: the same share of base as tax is of gross, rounded half up.
func baseTax(gross, tax, base ledger.Money) ledger.Money {
	if tax.Minor <= 0 || base.Minor <= 0 {
		return ledger.Money{Currency: base.Currency}
	}
	hi, lo := bits.Mul64(uint64(tax.Minor), uint64(base.Minor))
	lo, carry := bits.Add64(lo, uint64(gross.Minor)/2, 0)
	quo, _ := bits.Div64(hi+carry, lo, uint64(gross.Minor)) // tax is at most gross, so it fits
	return ledger.Money{Minor: int64(quo), Currency: base.Currency}
}

// signed gives an amount the sign that the server was told to use.
func (f *form) signed(t ledger.TxType, m ledger.Money) ledger.Money {
	if f.negative && !debit(t) {
		return m.Neg()
	}
	return m
}

// posting is one line of a transaction.
type posting struct {
	*txRow
	kind   byte // 'c' control, 'n' net, 't' tax, 'b' bank
	amount ledger.Money
	base   ledger.Money
}

// postings returns the lines, the debtors line first, then where the amount went; n says how many of the array are used.
func (r *txRow) postings(f *form) (lines [3]posting, n int) {
	gross, base := f.signed(r.Type, r.Amount), f.signed(r.Type, r.Base)
	lines[0] = posting{r, 'c', gross, base}
	if r.Type == ledger.SalesReceipt || r.Type == ledger.SalesRefund {
		lines[1] = posting{r, 'b', gross.Neg(), base.Neg()}
		return lines, 2
	}
	tax := baseTax(r.Amount, r.Tax, r.Base)
	lines[1] = posting{r, 'n', f.signed(r.Type, netOf(r.Amount, r.Tax)).Neg(), f.signed(r.Type, netOf(r.Base, tax)).Neg()}
	if r.Tax.Minor == 0 {
		return lines, 2
	}
	lines[2] = posting{r, 't', f.signed(r.Type, r.Tax).Neg(), f.signed(r.Type, tax).Neg()}
	return lines, 3
}

func (p *posting) account() string {
	switch p.kind {
	case 'c':
		return "1100"
	case 'b':
		return "1200"
	case 't':
		return "2200"
	}
	return "4000"
}

func (sh *shapes) transactions(s *schema) error {
	detail, err := newShape(s, "WSTransactionDetail", columns[*posting]{
		"GLAccountCode":   text((*posting).account),
		"IsControlLine":   flag(func(p *posting) bool { return p.kind == 'c' }),
		"IsTaxLine":       flag(func(p *posting) bool { return p.kind == 't' }),
		"Amount":          money(func(p *posting) ledger.Money { return p.amount }),
		"BCAmount":        money(func(p *posting) ledger.Money { return p.base }),
		"CurrencyCode":    text(func(p *posting) string { return p.Amount.Currency }),
		"IsReconciled":    flag(func(p *posting) bool { return p.kind == 'b' && !p.bare }),
		"Description":     text(func(p *posting) string { return p.Description }),
		"TransactionDate": day(func(p *posting) ledger.Date { return p.Issued }),
		"PeriodDate":      day(func(p *posting) ledger.Date { return p.Issued }),
		"DueDate":         day(func(p *posting) ledger.Date { return p.Due }),
		"ExchangeRate":    text(func(p *posting) string { return p.Rate }),
	})
	if err != nil {
		return err
	}
	cols := columns[*txRow]{
		"AccountID":            number(func(t *txRow) int64 { return t.AccountID }),
		"AccountCode":          text(func(t *txRow) string { return t.AccountCode }),
		"Ledger":               sales[*txRow],
		"TransactionType":      text(func(t *txRow) string { return string(t.Type) }),
		"TransactionID":        number(func(t *txRow) int64 { return t.ID }),
		"IsBatchInvoiceOrNote": flag(func(t *txRow) bool { return t.Batch }),
		"InvoiceID":            number(func(t *txRow) int64 { return t.Document }),
		"InternalNumber":       text(func(t *txRow) string { return t.Number }),
		"ExternalReference":    text(func(t *txRow) string { return t.Reference }),
		"ControlAmount":        func(b []byte, f *form, t *txRow) []byte { return appendMoney(b, f.signed(t.Type, t.Amount)) },
		"OutstandingAmount": func(b []byte, f *form, t *txRow) []byte {
			return appendMoney(b, f.signed(t.Type, t.Outstanding))
		},
		"ControlBCAmount": func(b []byte, f *form, t *txRow) []byte { return appendMoney(b, f.signed(t.Type, t.Base)) },
		"TransactionDate": day(func(t *txRow) ledger.Date { return t.Issued }),
		"FinancialYear":   number(func(t *txRow) int64 { y, _, _ := t.Issued.YMD(); return int64(y) }),
		"PeriodNumber":    number(func(t *txRow) int64 { _, m, _ := t.Issued.YMD(); return int64(m) }),
		"PeriodName":      text(func(t *txRow) string { _, m, _ := t.Issued.YMD(); return m.String() }),
		"CreationDate":    moment(func(t *txRow) time.Time { return t.Created }),
		"LineDetails": func(b []byte, f *form, t *txRow) []byte {
			lines, n := t.postings(f)
			for i := range n {
				b = detail.element(b, f, "WSTransactionDetail", &lines[i])
			}
			return b
		},
		"CurrencyCode": text(func(t *txRow) string { return t.Amount.Currency }),
		"PeriodDate":   day(func(t *txRow) ledger.Date { return t.Issued }),
		"CreatedBy":    text(func(*txRow) string { return "JM" }),
		"AccountName":  text(func(t *txRow) string { return t.accountName }),
		"TransactionBankGLAccountNumber": text(func(t *txRow) string {
			if t.Type == ledger.SalesReceipt || t.Type == ledger.SalesRefund {
				return "1200"
			}
			return ""
		}),
		"IsReversed":  flag(func(t *txRow) bool { return t.Reversed }),
		"IsInDispute": flag(func(t *txRow) bool { return t.Disputed }),
		"DueDate":     day(func(t *txRow) ledger.Date { return t.Due }),
	}
	if sh.summary, err = newShape(s, "WSTransactionSummary", cols); err != nil {
		return err
	}
	cols["Status"] = text(func(t *txRow) string { return t.status })
	if sh.changed, err = newShape(s, "WSChangedTransactionSummary", cols); err != nil {
		return err
	}
	return sh.fullTransaction(s)
}

// kinds pairs the two-letter codes with the enumeration Type (contract 9).
var kinds = map[ledger.TxType]string{
	ledger.SalesInvoice: "SalesInvoice", ledger.SalesCreditNote: "SalesCreditNote", ledger.SalesReceipt: "SalesReceipt",
	ledger.SalesRefund: "SalesRefund", ledger.SalesDebitJournal: "SalesDebitJournal",
	ledger.SalesCreditJournal: "SalesCreditJournal", ledger.SalesDiscount: "SalesDiscount",
	ledger.SalesFluctuation: "SalesCurrencyFluctuation",
}

func (sh *shapes) fullTransaction(s *schema) error {
	line, err := newShape(s, "TransactionLine", columns[*posting]{
		"TransactionLineID":      number(func(p *posting) int64 { return p.ID*10 + int64(p.kind)%10 }),
		"TransactionID":          number(func(p *posting) int64 { return p.ID }),
		"AccountID":              number(func(p *posting) int64 { return p.AccountID }),
		"CurrencyCode":           text(func(p *posting) string { return p.Amount.Currency }),
		"GLAccountCode":          text((*posting).account),
		"Description":            text(func(p *posting) string { return p.Description }),
		"InternalNumber":         text(func(p *posting) string { return p.Number }),
		"ExternalReference":      text(func(p *posting) string { return p.Reference }),
		"IsInDispute":            flag(func(p *posting) bool { return p.Disputed }),
		"CreationDate":           moment(func(p *posting) time.Time { return p.Created }),
		"TransactionDate":        day(func(p *posting) ledger.Date { return p.Issued }),
		"DueDate":                day(func(p *posting) ledger.Date { return p.Due }),
		"PeriodDate":             day(func(p *posting) ledger.Date { return p.Issued }),
		"Amount":                 money(func(p *posting) ledger.Money { return p.amount }),
		"TransactionGroupNumber": number(func(p *posting) int64 { return p.ID }),
		"AllocatedAmount": func(b []byte, f *form, p *posting) []byte {
			if p.kind != 'c' {
				return append(b, '0')
			}
			done := ledger.Money{Minor: p.Transaction.Amount.Minor - p.Outstanding.Minor, Currency: p.Outstanding.Currency}
			return appendMoney(b, f.signed(p.Type, done))
		},
		"BCAmount":     money(func(p *posting) ledger.Money { return p.base }),
		"ExchangeRate": text(func(p *posting) string { return p.Rate }),
		"InvoiceID":    someID(func(p *posting) int64 { return p.Document }),
		"BroadType": text(func(p *posting) string {
			switch p.kind {
			case 'c':
				return "Control"
			case 't':
				return "Vat"
			}
			return "Net"
		}),
		"IsReversed":           flag(func(p *posting) bool { return p.Reversed }),
		"IsBankLine":           flag(func(p *posting) bool { return p.kind == 'b' }),
		"IsAccountControlLine": flag(func(p *posting) bool { return p.kind == 'c' }),
	})
	if err != nil {
		return err
	}
	sh.transaction, err = newShape(s, "Transaction", columns[*txRow]{
		"Lines": func(b []byte, f *form, t *txRow) []byte {
			lines, n := t.postings(f)
			for i := range n {
				b = line.element(b, f, "TransactionLine", &lines[i])
			}
			return b
		},
		"TransactionType": text(func(t *txRow) string { return kinds[t.Type] }),
		"DueDate":         day(func(t *txRow) ledger.Date { return t.Due }),
	})
	return err
}

func (sh *shapes) matches(s *schema) error {
	entry, err := newShape(s, "WSAllocationEntryDTO", columns[*matchRow]{
		"AllocatedToTransactionID":     number(func(m *matchRow) int64 { return m.other.ID }),
		"AllocatedToTransactionType":   text(func(m *matchRow) string { return string(m.other.Type) }),
		"AllocatedToInternalNumber":    text(func(m *matchRow) string { return m.other.Number }),
		"AllocatedToExternalReference": text(func(m *matchRow) string { return m.other.Reference }),
		"AllocationAmount":             money(func(m *matchRow) ledger.Money { return m.Amount }),
		"AllocationDate":               day(func(m *matchRow) ledger.Date { return m.Date }),
		"AllocationId":                 number(func(m *matchRow) int64 { return m.ID }),
		"AllocationUserId":             text(func(*matchRow) string { return "JM" }),
		"AllocationCreationDate":       moment(func(m *matchRow) time.Time { return m.Created }),
		"AllocatedToTransactionDate":   day(func(m *matchRow) ledger.Date { return m.other.Issued }),
		"AllocationNumber":             number(func(m *matchRow) int64 { return m.ID }),
	})
	if err != nil {
		return err
	}
	if sh.side, err = newShape(s, "WSAllocationTransactionDTO", columns[*sideRow]{
		"TransactionID":     number(func(r *sideRow) int64 { return r.ID }),
		"TransactionType":   text(func(r *sideRow) string { return string(r.Type) }),
		"InternalNumber":    text(func(r *sideRow) string { return r.Number }),
		"ExternalReference": text(func(r *sideRow) string { return r.Reference }),
		"AllocationEntries": func(b []byte, f *form, r *sideRow) []byte {
			for i := range r.entries {
				b = entry.element(b, f, "WSAllocationEntryDTO", &r.entries[i])
			}
			return b
		},
		"AccountID":   someID(func(r *sideRow) int64 { return r.AccountID }),
		"AccountCode": text(func(r *sideRow) string { return r.AccountCode }),
	}); err != nil {
		return err
	}
	sh.account, err = newShape(s, "WSAllocationSummaryDTO", columns[*accountRow]{
		"AccountID":   number(func(r *accountRow) int64 { return r.id }),
		"AccountCode": text(func(r *accountRow) string { return r.code }),
		"Ledger":      sales[*accountRow],
		"Allocations": func(b []byte, f *form, r *accountRow) []byte {
			for i := range r.sides {
				b = sh.side.element(b, f, "WSAllocationTransactionDTO", &r.sides[i])
			}
			return b
		},
	})
	return err
}

func (sh *shapes) statements(s *schema) error {
	var err error
	if sh.balance, err = newShape(s, "AccountBalanceInformation", columns[balanceRow]{
		"AccountID":   number(func(r balanceRow) int64 { return r.customer.AccountID }),
		"AccountCode": text(func(r balanceRow) string { return r.customer.Code }),
		"AccountType": text(func(balanceRow) string { return "Customer" }),
		"Balance":     money(func(r balanceRow) ledger.Money { return r.amount }),
		"CreditLimit": money(func(r balanceRow) ledger.Money { return r.limit() }),
		"CreditLeft": money(func(r balanceRow) ledger.Money {
			return ledger.Money{Minor: max(0, r.limit().Minor-r.amount.Minor), Currency: r.amount.Currency}
		}),
		"OverCreditLimitBalance": money(func(r balanceRow) ledger.Money {
			return ledger.Money{Minor: max(0, r.amount.Minor-r.limit().Minor), Currency: r.amount.Currency}
		}),
		"CurrencyCode": text(func(r balanceRow) string { return r.amount.Currency }),
	}); err != nil {
		return err
	}
	bucket := func(i int) put[*statementRow] {
		return money(func(r *statementRow) ledger.Money {
			return ledger.Money{Minor: r.buckets[i], Currency: r.total.Currency}
		})
	}
	state, err := newShape(s, "CustomerState", columns[*statementRow]{
		"From0To30DaysBalanceBucket":   bucket(bucket0),
		"From30To60DaysBalanceBucket":  bucket(bucket30),
		"From60To90DaysBalanceBucket":  bucket(bucket60),
		"From90To120DaysBalanceBucket": bucket(bucket90),
		"From120DaysPlusBalanceBucket": bucket(bucket120),
		"FutureBalanceBucket":          bucket(bucketFuture),
		"CurrentBalance":               money(func(r *statementRow) ledger.Money { return r.total }),
		"CurrentDate":                  day(func(r *statementRow) ledger.Date { return r.on }),
		"CustomerCode":                 text(func(r *statementRow) string { return r.code }),
	})
	if err != nil {
		return err
	}
	row, err := newShape(s, "TransactionState", columns[*txRow]{
		"TransactionReference": number(func(t *txRow) int64 { return t.ID }),
		"Type":                 text(func(t *txRow) string { return string(t.Type) }),
		"InternalNumber":       text(func(t *txRow) string { return t.Number }),
		"ExternalReference":    text(func(t *txRow) string { return t.Reference }),
		"Amount":               func(b []byte, f *form, t *txRow) []byte { return appendMoney(b, f.signed(t.Type, t.Amount)) },
		"OutstandingAmount": func(b []byte, f *form, t *txRow) []byte {
			return appendMoney(b, f.signed(t.Type, t.Outstanding))
		},
		"TransactionDate": day(func(t *txRow) ledger.Date { return t.Issued }),
		"Description":     text(func(t *txRow) string { return t.Description }),
		"DueDate": day(func(t *txRow) ledger.Date { // mandatory here, so what has none shows its own date
			if t.Due.IsZero() {
				return t.Issued
			}
			return t.Due
		}),
	})
	if err != nil {
		return err
	}
	sh.statement, err = newShape(s, "CustomerStatement", columns[*statementRow]{
		"CustomerState": func(b []byte, f *form, r *statementRow) []byte { return state.append(b, f, r) },
		"TransactionList": func(b []byte, f *form, r *statementRow) []byte {
			for i := range r.items {
				b = row.element(b, f, "TransactionState", &r.items[i])
			}
			return b
		},
	})
	return err
}

// limit is the credit limit where it applies: it is kept in the customer's own currency.
func (r balanceRow) limit() ledger.Money {
	if r.amount.Currency != r.customer.Currency {
		return ledger.Money{Currency: r.amount.Currency}
	}
	return ledger.Money{Minor: r.customer.CreditLimit, Currency: r.customer.Currency}
}
