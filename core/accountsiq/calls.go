package accountsiq

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"
	"time"

	"dunlin/core/ledger"
)

// Entity is a company that an application may address.
type Entity struct {
	ID           string // the Company of Config
	Name         string
	BaseCurrency string
}

// Change says what became of a transaction.
type Change string

// The changes of contract 8.8.
const (
	Created Change = "Created"
	Updated Change = "Updated"
	Deleted Change = "Deleted"
)

// DocumentStatus is where a document stands on its way into the ledger.
type DocumentStatus string

// The states of contract 8.7. Processed is saved and not yet posted.
const (
	Processed DocumentStatus = "Processed"
	Posted    DocumentStatus = "Posted"
	Withdrawn DocumentStatus = "Cancelled"
)

// Document is the header of an invoice or credit note. Documents have no outstanding amount.
type Document struct {
	ID          int64 // DocumentID of the transaction once posted
	AccountID   int64
	AccountCode string
	Note        bool // a credit note
	Number      string
	Reference   string
	Status      DocumentStatus
	Contact     string // the contact name on the document
	Branch      int64  // AccountID of the branch when the invoice is a head office's; 0 for none
	Gross       ledger.Money
	Issued      ledger.Date
	Due         ledger.Date
	Created     ledger.Date
}

// Page sizes of the service (contract 7).
const (
	TransactionPage = 10000
	DocumentPage    = 1000
	AllocationPage  = 10000
)

// TransactionQuery selects transactions of the sales ledger. The zero value selects all of them.
//
// Creation times are compared with AccountsIQ's own clock, whose zone is unknown: they are sent
// as the civil time of their location, without an offset, widened to whole seconds; both bounds
// are inclusive. IDs and AccountIDs filter when they are not nil; an empty list selects nothing
// and sends nothing.
type TransactionQuery struct {
	IssuedFrom, IssuedTo   ledger.Date
	CreatedFrom, CreatedTo time.Time
	AccountIDs             []int64
	IDs                    []int64
	Skip                   int // rows to pass over

	// CurrencyOf gives the currency of a customer by AccountID, for rows that name none. Without
	// it, or when it answers "", such a row has amounts without a currency, in hundredths.
	CurrencyOf func(accountID int64) string
}

func (q TransactionQuery) selectsNothing() bool {
	return q.IDs != nil && len(q.IDs) == 0 || q.AccountIDs != nil && len(q.AccountIDs) == 0
}

func (q TransactionQuery) check() error { return checkIDs(q.IDs, q.AccountIDs) }

func (q TransactionQuery) write(w *body) {
	w.open("query")
	w.text("FromDate", startOf(q.IssuedFrom))
	w.text("ToDate", endOf(q.IssuedTo))
	w.text("FromCreationDate", lower(q.CreatedFrom))
	w.text("ToCreationDate", upper(q.CreatedTo))
	w.int("Skip", int64(q.Skip))
	types := make([]string, len(ledger.SalesTypes))
	for i, t := range ledger.SalesTypes {
		types[i] = string(t)
	}
	w.strings("TypesFilter", types)
	w.ints("AccountIDsFilter", q.AccountIDs)
	w.ints("TransactionIDsFilter", q.IDs)
	w.null("FromPeriodDate")
	w.null("ToPeriodDate")
	w.text("ExcludeReconciliationInformation", "true")
	w.close("query")
}

// DocumentQuery selects sales invoices and credit notes. The zero value selects the first page of
// all of them.
type DocumentQuery struct {
	ChangedSince           time.Time // modified at or after; zero: whenever
	CreatedFrom, CreatedTo time.Time // as in TransactionQuery
	AccountIDs             []int64
	IDs                    []int64
	Skip                   int // documents to pass over
	Limit                  int // 0 or more than DocumentPage: DocumentPage
}

func (q DocumentQuery) selectsNothing() bool {
	return q.IDs != nil && len(q.IDs) == 0 || q.AccountIDs != nil && len(q.AccountIDs) == 0
}

func (q DocumentQuery) write(w *body) {
	w.open("query")
	w.text("FromDate", wideFrom)
	w.text("ToDate", wideTo)
	w.text("FromCreationDate", lower(q.CreatedFrom))
	w.text("ToCreationDate", upper(q.CreatedTo))
	w.int("Skip", int64(q.Skip))
	w.strings("TypesFilter", []string{string(ledger.SalesInvoice), string(ledger.SalesCreditNote)})
	w.ints("AccountIDsFilter", q.AccountIDs)
	w.ints("InvoiceIDsFilter", q.IDs)
	w.text("OrderBy", "creationdate")
	limit := q.Limit
	if limit <= 0 || limit > DocumentPage {
		limit = DocumentPage
	}
	w.int("Limit", int64(limit))
	w.since("FromLastModifiedDateInUTC", q.ChangedSince)
	w.close("query")
}

// since writes a UTC moment, or nil for none: the element may not be left out.
func (w *body) since(name string, t time.Time) {
	if t.IsZero() {
		w.null(name)
		return
	}
	w.text(name, t.UTC().Format(utcLayout))
}

func checkIDs(lists ...[]int64) error {
	for _, ids := range lists {
		for _, id := range ids {
			if err := checkID(id); err != nil {
				return newError(pBadID, err.Error())
			}
		}
	}
	return nil
}

// errStrangeRows says that a list holds elements, and none that it should hold.
var errStrangeRows = &rowError{"the list", "holds other elements than rows"}

// list calls an operation whose result is a list and gives each row to one read function. It
// returns how many rows came, those without content included.
func (c *Client) list(ctx context.Context, op, row string, args func(*body), read func(*attempt) error) (rows int, err error) {
	err = c.call(ctx, op, args, func(a *attempt) error {
		defer func() { rows = a.rows }()
		strange := 0
		for depth := a.s.depth; a.s.more(depth); {
			if string(a.s.local) != row {
				strange++
				continue
			}
			a.rows++
			if a.s.null {
				continue
			}
			if err := read(a); err != nil {
				return err
			}
		}
		if a.s.err == nil && a.rows == 0 && strange > 0 {
			return errStrangeRows
		}
		return a.s.err
	})
	return rows, err
}

// hand gives one record to the caller's function.
func hand[T any](a *attempt, v T, each func(T) error) error {
	a.done = true
	if err := each(v); err != nil {
		return passedOn{err}
	}
	return nil
}

// each adapts a reader of one record and the caller's function to list.
func each[T any](read func(*scanner) (T, error), f func(T) error) func(*attempt) error {
	return func(a *attempt) error {
		v, err := read(a.s)
		if err != nil {
			return err
		}
		return hand(a, v, f)
	}
}

// gather collects a short list.
func gather[T any](ctx context.Context, c *Client, op, row string, args func(*body), read func(*scanner) (T, error)) ([]T, error) {
	var all []T
	_, err := c.list(ctx, op, row, args, each(read, func(v T) error {
		all = append(all, v)
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Entities returns the companies that the application may address; for a user key the one company
// that it belongs to.
func (c *Client) Entities(ctx context.Context) ([]Entity, error) {
	if c.version == version1 {
		company, err := c.Company(ctx)
		if err != nil {
			return nil, err
		}
		return []Entity{{ID: company.ID, Name: company.Name, BaseCurrency: company.BaseCurrency}}, nil
	}
	return gather(ctx, c, "GetEntitiesByToken", "WSEntity", nil, readEntity)
}

// Company returns what AccountsIQ says of the company.
func (c *Client) Company(ctx context.Context) (ledger.Company, error) {
	var company ledger.Company
	err := c.call(ctx, "GetCompanyInformation", nil, func(a *attempt) error {
		company = readCompany(a.s)
		return a.s.err
	})
	if err != nil {
		return ledger.Company{}, err
	}
	company.ID = c.company
	return company, nil
}

// Currencies returns the currencies of the company's books.
func (c *Client) Currencies(ctx context.Context) ([]ledger.Currency, error) {
	return gather(ctx, c, "GetCurrencies", "WSCurrency", nil, readCurrency)
}

// CreditTerms returns the credit terms, to find due dates that AccountsIQ does not give.
func (c *Client) CreditTerms(ctx context.Context) ([]ledger.CreditTerm, error) {
	return gather(ctx, c, "GetCreditTermList", "CreditTerm", nil, readCreditTerm)
}

// Customers gives every customer, inactive ones included.
func (c *Client) Customers(ctx context.Context, f func(ledger.Customer) error) error {
	_, err := c.list(ctx, "GetCustomerList", "Customer", nil, each(readCustomer, f))
	return err
}

// CustomersChangedSince gives the customers modified at or after a moment; the zero time gives
// all.
func (c *Client) CustomersChangedSince(ctx context.Context, utc time.Time, f func(ledger.Customer) error) error {
	_, err := c.list(ctx, "GetCustomersBy", "Customer", func(w *body) {
		w.open("query")
		w.since("FromLastModifiedDateInUTC", utc)
		w.close("query")
	}, each(readCustomer, f))
	return err
}

// Contacts gives the contacts of all customers.
func (c *Client) Contacts(ctx context.Context, f func(ledger.Contact) error) error {
	_, err := c.list(ctx, "GetAllCustomerContacts", "WSAccountContact", nil, each(readContact, f))
	return err
}

// CountTransactions returns how many transactions a query selects. Whether Skip matters to it is
// not documented; leave it 0.
func (c *Client) CountTransactions(ctx context.Context, q TransactionQuery) (int, error) {
	if err := q.check(); err != nil || q.selectsNothing() {
		return 0, err
	}
	count, found := 0, false
	err := c.call(ctx, "GetCountTransactionsBy", q.write, func(a *attempt) error {
		for depth := a.s.depth; a.s.more(depth); {
			if string(a.s.local) == "TransactionsCount" {
				count, found = int(a.s.int()), true
			}
		}
		if a.s.err == nil && !found {
			return &rowError{"the count", "is missing"}
		}
		return a.s.err
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// Transactions gives one page of transactions, at most TransactionPage. rows counts what came,
// rows of other ledgers included: the next page begins at Skip + rows, and a page shorter than
// TransactionPage is the last.
func (c *Client) Transactions(ctx context.Context, q TransactionQuery, f func(ledger.Transaction) error) (rows int, err error) {
	return c.transactions(ctx, "GetTransactionsBy", "WSTransactionSummary", q, func(t ledger.Transaction, _ Change) error { return f(t) })
}

// ChangedTransactions gives one page of what AccountsIQ reports as created, updated or deleted.
// Which dates of the query select is undocumented (contract section 15), so this is a hint only.
// A deleted transaction may come without amounts.
func (c *Client) ChangedTransactions(ctx context.Context, q TransactionQuery, f func(ledger.Transaction, Change) error) (rows int, err error) {
	return c.transactions(ctx, "GetTransactionsModifiedBy", "WSChangedTransactionSummary", q, f)
}

func (c *Client) transactions(ctx context.Context, op, row string, q TransactionQuery, f func(ledger.Transaction, Change) error) (int, error) {
	if err := q.check(); err != nil || q.selectsNothing() {
		return 0, err
	}
	r := transactionRow{names: names{}}
	return c.list(ctx, op, row, q.write, func(a *attempt) error {
		if r.read(a.s); a.s.err != nil {
			return a.s.err
		}
		if r.foreign {
			return nil
		}
		t, err := r.finish(q.CurrencyOf)
		if err != nil {
			return err
		}
		return hand(a, t, func(t ledger.Transaction) error { return f(t, r.change) })
	})
}

// Allocations gives one page of the allocations of the sales ledger that were created between two
// moments, from inclusive and to exclusive, both sent as in TransactionQuery. rows counts
// allocations, as skip and limit do; limit 0 means AllocationPage.
func (c *Client) Allocations(ctx context.Context, from, to time.Time, skip, limit int, f func(ledger.Allocation) error) (rows int, err error) {
	if limit <= 0 {
		limit = AllocationPage
	}
	args := func(w *body) {
		rows = 0 // written once for every attempt
		w.text("ledger", "Sales")
		w.text("fromCreationDate", lower(from))
		w.text("toCreationDate", upper(to))
		w.int("skip", int64(skip))
		w.int("limit", int64(limit))
	}
	var r allocationRow
	_, err = c.list(ctx, "GetAllocationsBetweenWithCreationDatePaged", "WSAllocationSummaryDTO", args, func(a *attempt) error {
		if err := r.read(a.s); err != nil {
			return err
		}
		rows += len(r.entries)
		for _, entry := range r.entries {
			if r.foreign {
				break
			}
			if err := hand(a, entry, f); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, err
}

// Documents gives one page of sales invoices and credit notes, in the order of their creation.
func (c *Client) Documents(ctx context.Context, q DocumentQuery, f func(Document) error) (rows int, err error) {
	if err := checkIDs(q.IDs, q.AccountIDs); err != nil || q.selectsNothing() {
		return 0, err
	}
	return c.list(ctx, "GetInvoicesBy", "Invoice", q.write, each(readDocument, f))
}

// Balances gives the balances of customers at the end of a day. Without codes it gives nothing.
func (c *Client) Balances(ctx context.Context, on ledger.Date, codes []string, f func(ledger.Balance) error) error {
	if len(codes) == 0 {
		return nil
	}
	args := func(w *body) {
		w.text("edt", endOf(on))
		w.strings("customerCodes", codes)
	}
	_, err := c.list(ctx, "GetCustomerBalanceInformation", "AccountBalanceInformation", args, func(a *attempt) error {
		b, customer, err := readBalance(a.s)
		if err != nil || !customer {
			return err
		}
		return hand(a, b, f)
	})
	return err
}

// ReportStyles returns the names of the layouts that AccountsIQ offers for its prints, each once and in its order.
// Of which of them invoices can be had is not documented.
func (c *Client) ReportStyles(ctx context.Context) ([]string, error) {
	var all []string
	_, err := c.list(ctx, "GetReportStyles", "WSReportStyles", nil, func(a *attempt) error {
		names, err := readStyles(a.s)
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		a.done = true
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// InvoicePDF returns the PDF of a posted invoice, in the layout named, or in AccountsIQ's own for "". Where there
// is none, or something that is not a PDF, the error is of kind PDF.
func (c *Client) InvoicePDF(ctx context.Context, transactionID int64, style string) ([]byte, error) {
	op := "GetInvoicePDFByTransactionID"
	if style != "" {
		op = "GetInvoicePDFByTransactionIDAndReportStyleName"
	}
	if err := checkIDs([]int64{transactionID}); err != nil {
		return nil, err
	}
	args := func(w *body) {
		w.int("transactionID", transactionID)
		w.optional("reportStyleName", style)
	}
	var pdf []byte
	err := c.call(ctx, op, args, func(a *attempt) (err error) {
		pdf, err = a.base64("the invoice copy", c.maxResponse)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(pdf[:min(len(pdf), 1024)], []byte("%PDF-")) {
		e := newError(pNoPDF, "the answer holds no PDF")
		e.Op = op
		return nil, e
	}
	return pdf, nil
}

// base64 reads the element that started last as bytes; what names them in an error.
func (a *attempt) base64(what string, limit int64) ([]byte, error) {
	a.s.maxText = int(min(limit, 1<<30))
	encoded := a.s.value()
	if a.s.err != nil {
		return nil, a.s.err
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(out, bytes.Join(bytes.Fields(encoded), nil))
	if err != nil {
		return nil, &rowError{what, "is not base64"}
	}
	return out[:n], nil
}
