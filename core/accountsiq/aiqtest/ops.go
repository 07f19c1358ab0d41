package aiqtest

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dunlin/core/ledger"
)

// form is how values go on the wire by the server's options.
func (s *Server) form() *form {
	return &form{zone: s.o.Zone, offsets: s.o.WithOffset, negative: s.o.NegativeCredits, extra: s.o.Extra}
}

// operate runs an operation that needs a company.
func (s *Server) operate(r *request, c *Company) answer {
	run := s.operations()[r.op.name]
	if run == nil { // a row of schema.txt without code; a test looks for it
		return refuse("API_DEPRECATED_FEATURE")
	}
	if code := outOfRange(r.el); code != "" {
		return refuse(code)
	}
	return run(r, c)
}

func (s *Server) operations() map[string]func(*request, *Company) answer {
	return map[string]func(*request, *Company) answer{
		"GetEntitiesByToken":                             s.getEntities,
		"GetCompanyInformation":                          s.getCompany,
		"GetCurrencies":                                  s.getCurrencies,
		"GetCurrencyList":                                s.getCurrencyList,
		"GetCreditTermList":                              s.getTerms,
		"GetUserInformation":                             s.getUser,
		"GetCustomerList":                                s.getCustomers,
		"GetActiveCustomerList":                          s.getActiveCustomers,
		"GetCustomersBy":                                 s.getCustomersBy,
		"GetCustomer":                                    s.getCustomer,
		"GetAllCustomerContacts":                         s.getContacts,
		"GetCustomerContacts":                            s.getContactsOf,
		"GetInvoicesBy":                                  s.getInvoicesBy,
		"GetInvoice":                                     s.getInvoice,
		"GetTransactionsBy":                              s.getTransactionsBy,
		"GetCountTransactionsBy":                         s.getCount,
		"GetTransactionsModifiedBy":                      s.getModified,
		"GetTransaction":                                 s.getTransaction,
		"GetTransactionByInvoiceID":                      s.getTransactionOf,
		"GetAllocationsBetweenWithCreationDatePaged":     s.getAllocations,
		"GetAllocationsByTransactionId":                  s.getAllocationsOf,
		"GetCustomerBalanceInformation":                  s.getBalances,
		"GetCustomersStatement":                          s.getStatements,
		"GetInvoicePDFByTransactionID":                   s.getPDF,
		"GetInvoicePDFByTransactionIDAndReportStyleName": s.getStyledPDF,
		"GetReportStyles":                                s.getStyles,
		"AddNotes":                                       s.addNotes,
		"GetNotesList":                                   s.getNotes,
		"DisputeTransactions":                            s.dispute,
	}
}

// outOfRange finds a date that a database's calendar does not reach.
func outOfRange(n *node) string {
	for _, k := range n.kids {
		if t, _, err := parseDateTime(strings.TrimSpace(k.text)); err == nil && (t.Year() < 1753 || t.Year() > 9999) {
			return "DATE_IS_OUT_OF_RANGE"
		}
		if code := outOfRange(k); code != "" {
			return code
		}
	}
	return ""
}

// records is a list whose rows are written by a shape.
func records[T any](s *Server, sh shape[T], name string, rows []T) answer {
	f := s.form()
	return list(len(rows), func(k *sink, i int) { k.b = sh.element(k.b, f, name, rows[i]) })
}

// record is a single value written by a shape.
func record[T any](s *Server, sh shape[T], row T) answer {
	f := s.form()
	return one(func(k *sink) { k.b = sh.append(k.b, f, row) })
}

func pointers[T any](in []T) []*T {
	out := make([]*T, len(in))
	for i := range in {
		out[i] = &in[i]
	}
	return out
}

func (s *Server) getEntities(_ *request, c *Company) answer {
	var reach []*Company
	for _, o := range s.companies {
		if o.ClientID == c.ClientID {
			reach = append(reach, o)
		}
	}
	return records(s, s.shapes.entity, "WSEntity", reach)
}

func (s *Server) getCompany(_ *request, c *Company) answer { return record(s, s.shapes.company, c) }

func (s *Server) getCurrencies(_ *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []currencyRow
	for i, cur := range c.currencies {
		rows = append(rows, currencyRow{cur, int64(i + 1), cur.Code == c.BaseCurrency, s.started})
	}
	return records(s, s.shapes.currency, "WSCurrency", rows)
}

func (s *Server) getCurrencyList(_ *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := slices.Clone(c.currencies)
	return list(len(rows), func(k *sink, i int) {
		k.str("<string>")
		k.b = appendText(k.b, rows[i].Code)
		k.str("</string>")
	})
}

func (s *Server) getTerms(_ *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return records(s, s.shapes.term, "CreditTerm", slices.Clone(c.terms))
}

func (s *Server) getUser(_ *request, c *Company) answer {
	return byHand(func(k *sink) {
		k.str("<Email>")
		k.b = appendText(k.b, c.Email)
		k.str("</Email><FullName>Integration</FullName>")
	})
}

// customersWhere answers those of a list of customers that pass. The caller holds the lock.
func (s *Server) customersWhere(c *Company, list []*Customer, pass func(*Customer) bool) answer {
	var rows []customerRow
	for _, cu := range list {
		if pass(cu) {
			rows = append(rows, customerRow{Customer: *cu})
		}
	}
	if len(rows) == 0 {
		return records[*customerRow](s, s.shapes.customer, "Customer", nil)
	}
	heads := map[int64]bool{}
	for _, cu := range c.customers {
		if cu.HeadOffice != 0 {
			heads[cu.HeadOffice] = true
		}
	}
	for i := range rows {
		rows[i].head = heads[rows[i].AccountID]
	}
	return records(s, s.shapes.customer, "Customer", pointers(rows))
}

func (s *Server) getCustomers(_ *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.customersWhere(c, c.customers, func(*Customer) bool { return true })
}

func (s *Server) getActiveCustomers(_ *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.customersWhere(c, c.customers, func(cu *Customer) bool { return !cu.Inactive })
}

func (s *Server) getCustomersBy(r *request, c *Company) answer {
	q := r.el.kid("query")
	if q == nil {
		return refuse("MISSING_QUERY_PARAMETER")
	}
	emails, byEmail := q.kid("Emails").strings()
	since, bySince := q.kid("FromLastModifiedDateInUTC").utc()
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.customers
	if bySince {
		list = c.modifiedSince(since)
	}
	return s.customersWhere(c, list, func(cu *Customer) bool { return !byEmail || slices.Contains(emails, cu.Email) })
}

// modifiedSince lists the customers that were changed at a moment or later, by AccountID.
func (c *Company) modifiedSince(since time.Time) (list []*Customer) {
	for _, e := range byID(c.index.customers.within(since.UnixMicro(), math.MaxInt64)) {
		if c.byAccount[e.id] != nil && !e.row.Modified.Before(since) {
			list = append(list, e.row)
		}
	}
	return list
}

func (s *Server) getCustomer(r *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	cu := c.byCode[r.text("customerCode")]
	if cu == nil {
		return refuse("CUSTOMER_CODE_DOES_NOT_EXIST")
	}
	head := slices.ContainsFunc(c.customers, func(o *Customer) bool { return o.HeadOffice == cu.AccountID })
	return record(s, s.shapes.customer, &customerRow{*cu, head})
}

func (s *Server) getContacts(_ *request, c *Company) answer {
	return records(s, s.shapes.contact, "WSAccountContact", pointers(c.Contacts()))
}

func (s *Server) getContactsOf(r *request, c *Company) answer {
	code := r.text("customerCode")
	if _, ok := c.Customer(code); !ok {
		return refuse("CUSTOMER_CODE_DOES_NOT_EXIST")
	}
	rows := slices.DeleteFunc(c.Contacts(), func(p Contact) bool { return p.AccountCode != code })
	return records(s, s.shapes.contact, "WSAccountContact", pointers(rows))
}

func (s *Server) getTransaction(r *request, c *Company) answer {
	return s.fullTransaction(c, r.number("transactionID"))
}

func (s *Server) getTransactionOf(r *request, c *Company) answer {
	c.mu.Lock()
	d := c.document(r.number("invoiceID"))
	known := d != nil && c.shows(d)
	var id int64
	if known {
		id = d.Transaction
	}
	c.mu.Unlock()
	if !known {
		return refuse("INVOICE_ID_DOES_NOT_EXIST")
	}
	return s.fullTransaction(c, id)
}

func (s *Server) fullTransaction(c *Company, id int64) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.visible(id)
	if it == nil {
		return refuse("TRANSACTION_NOT_FOUND")
	}
	return record(s, s.shapes.transaction, &txRow{Transaction: it.view()})
}

func (s *Server) getPDF(r *request, c *Company) answer { return s.pdf(r, c, "") }

func (s *Server) getStyledPDF(r *request, c *Company) answer {
	style := r.text("reportStyleName")
	if !slices.Contains(c.Styles, style) {
		return refuse("REPORT_STYLE_NAME_IS_INVALID")
	}
	return s.pdf(r, c, style)
}

// pdf renders the invoice or credit note of a document; what has none has no PDF.
func (s *Server) pdf(r *request, c *Company, style string) answer {
	c.mu.Lock()
	it := c.visible(r.number("transactionID"))
	var row docRow
	if it != nil && it.Document != 0 {
		d := c.document(it.Document)
		row = docRow{*d, *c.byAccount[d.AccountID]}
	}
	c.mu.Unlock()
	switch {
	case it == nil:
		return refuse("TRANSACTION_NOT_FOUND")
	case row.ID == 0:
		return refuse("UNABLE_TO_DETERMINE_DOCUMENT_MASTER")
	}
	return one(func(k *sink) { k.b = base64.StdEncoding.AppendEncode(k.b, invoicePDF(c.Name, style, row)) })
}

// getStyles lists the layouts of the one report that there is.
func (s *Server) getStyles(_ *request, c *Company) answer {
	rows := []styleRow{}
	for i, name := range c.Styles {
		rows = append(rows, styleRow{name, i == 0})
	}
	return records(s, s.shapes.styles, "WSReportStyles", [][]styleRow{rows})
}

// addNotes stores a note. MasterID is the AccountID of a customer, unless Options say its code.
func (s *Server) addNotes(r *request, c *Company) answer {
	n := r.el.kid("note")
	body, master, id := n.kid("Notes").value(), n.kid("MasterType").value(), n.kid("MasterID").value()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case s.o.ReadOnly:
		return refuse("OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION")
	case n == nil:
		return refuse("CONNECTION_IS_NULL_OR_NOTE_IS_NULL")
	case id == "":
		return refuse("NOTES_MASTER_ID_IS_EMPTY")
	case body == "":
		return refuse("NOTES_CONTENT_IS_EMPTY")
	case utf8.RuneCountInString(body) > s.o.MaxNote:
		return refuse("NOTES_CONTENT_IS_TOO_LONG")
	case !n.kid("NoteID").isNil():
		return refuse("NOTE_NOT_FOUND") // an edit; the server keeps no editable notes
	case !s.hasMaster(c, master, id):
		return refuse("CONNECTION_IS_NULL_OR_SYSOBJ_ID_OR_MASTER_ID_IS_INVALID")
	}
	c.notes = append(c.notes, Note{ID: int64(len(c.notes) + 1), Master: master, MasterID: id, Text: body, Created: c.stamp()})
	return answer{}
}

// hasMaster reports whether a note has a record to hang on.
func (s *Server) hasMaster(c *Company, master, id string) bool {
	n, err := strconv.ParseInt(id, 10, 64)
	switch master {
	case "Customer":
		if s.o.NotesByCode {
			return c.byCode[id] != nil
		}
		return err == nil && c.byAccount[n] != nil
	case "Transaction":
		return err == nil && c.visible(n) != nil
	case "SalesInvoice":
		d := c.document(n)
		return err == nil && d != nil && c.shows(d)
	}
	return false
}

func (s *Server) getNotes(r *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []Note
	for _, n := range c.notes {
		if n.Master == r.text("masterType") && n.MasterID == r.text("masterID") {
			rows = append(rows, n)
		}
	}
	return records(s, s.shapes.note, "WSNote", pointers(rows))
}

// dispute sets or clears the flag; one status an id, in their order.
func (s *Server) dispute(r *request, c *Company) answer {
	if s.o.ReadOnly {
		return refuse("OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION")
	}
	ids, _ := r.el.kid("transactionIDs").ids()
	set := disputing(r.el.kid("disputed").bool())
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []verdict
	for _, id := range ids {
		v := verdict{}
		if it := c.visible(id); it != nil {
			c.edit(c.stamp(), it, set)
		} else {
			v.code = "TRANSACTION_NOT_FOUND"
		}
		rows = append(rows, v)
	}
	return records(s, s.shapes.status, "WSResultStatus", rows)
}

// codesOf reads customerCodes; the answer is a refusal when there are none or one is unknown.
func (s *Server) codesOf(r *request, c *Company) ([]*Customer, answer, bool) {
	codes, _ := r.el.kid("customerCodes").strings()
	if len(codes) == 0 {
		return nil, refuse("NO_CUSTOMER_CODES_PROVIDED"), false
	}
	var out []*Customer
	for _, code := range codes {
		cu := c.byCode[code]
		if cu == nil {
			a := refuse("CUSTOMER_CODE_DOES_NOT_EXIST")
			a.verdict.message = fmt.Sprintf("Customer %s does not exist.", code)
			return nil, a, false
		}
		out = append(out, cu)
	}
	return out, answer{}, true
}

// getBalances answers one row a currency that an account has business in; its own currency always.
func (s *Server) getBalances(r *request, c *Company) answer {
	on, _ := r.el.kid("edt").civil(s.o.Zone)
	c.mu.Lock()
	defer c.mu.Unlock()
	customers, refusal, ok := s.codesOf(r, c)
	if !ok {
		return refusal
	}
	var rows []balanceRow
	for _, cu := range customers {
		sums := c.balances(cu.AccountID, on.date())
		sums[cu.Currency] += c.skew[cu.Code]
		for _, cur := range currenciesOf(cu, sums) {
			rows = append(rows, balanceRow{*cu, ledger.Money{Minor: sums[cur], Currency: cur}})
		}
	}
	return records(s, s.shapes.balance, "AccountBalanceInformation", rows)
}

// currenciesOf lists the customer's own currency, then the others of its ledger by code.
func currenciesOf(cu *Customer, sums map[string]int64) []string {
	out := []string{cu.Currency}
	for cur := range sums {
		if cur != cu.Currency {
			out = append(out, cur)
		}
	}
	slices.Sort(out[1:])
	return out
}

// date is the day of a civil time.
func (v civil) date() ledger.Date { return ledger.DateOf(time.UnixMicro(int64(v)).UTC()) }

// getStatements ages what is open on a day by due date, one statement a customer and currency.
func (s *Server) getStatements(r *request, c *Company) answer {
	on, _ := r.el.kid("upTo").civil(s.o.Zone)
	zeros := r.el.kid("showZeros").bool()
	c.mu.Lock()
	defer c.mu.Unlock()
	customers, refusal, ok := s.codesOf(r, c)
	if !ok {
		return refusal
	}
	var rows []*statementRow
	for _, cu := range customers {
		for _, cur := range currenciesOf(cu, c.balances(cu.AccountID, on.date())) {
			if row := c.statement(cu, cur, on.date()); zeros || row.total.Minor != 0 || len(row.items) > 0 {
				rows = append(rows, row)
			}
		}
	}
	return records(s, s.shapes.statement, "CustomerStatement", rows)
}

func (c *Company) statement(cu *Customer, currency string, on ledger.Date) *statementRow {
	row := &statementRow{code: cu.Code, on: on, total: ledger.Money{Currency: currency}}
	for _, it := range c.itemsOf[cu.AccountID] {
		t := it.view()
		if !it.deleted.IsZero() || t.Issued.After(on) || t.Amount.Currency != currency || t.Outstanding.Minor == 0 {
			continue
		}
		left := t.Outstanding.Minor
		if !debit(t.Type) {
			left = -left
		}
		row.buckets[bucketAt(on, t)] += left
		if row.total.Minor += left; it.Hidden {
			continue
		}
		row.items = append(row.items, txRow{Transaction: t})
	}
	return row
}

func bucketAt(on ledger.Date, t Transaction) int {
	from := t.Due
	if from.IsZero() {
		from = t.Issued
	}
	switch age := on.Sub(from); {
	case age < 0:
		return bucketFuture
	case age <= 30:
		return bucket0
	case age <= 60:
		return bucket30
	case age <= 90:
		return bucket60
	case age <= 120:
		return bucket90
	}
	return bucket120
}
