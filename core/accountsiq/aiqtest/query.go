package aiqtest

import (
	"math"
	"slices"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// typeCodes are the codes of contract section 9; others are INVALID_TYPE_IN_QUERY.
const typeCodes = " SI SN SR SP SD SC DS SX PI PN PR PP PD PC DP PX BC BD BP BR GC GD GA GP ST "

// span is a range of civil times, both ends inclusive; an end that was not given is open.
type span struct {
	from, to       civil
	hasFrom, hasTo bool
}

func spanOf(q *node, from, to string, zone *time.Location) (s span) {
	s.from, s.hasFrom = q.kid(from).civil(zone)
	s.to, s.hasTo = q.kid(to).civil(zone)
	return s
}

func (s span) has(v civil) bool { return (!s.hasFrom || v >= s.from) && (!s.hasTo || v <= s.to) }

// bounded reports whether an end was given, so that rows without the date fall out.
func (s span) bounded() bool { return s.hasFrom || s.hasTo }

// midnight is the civil time of a date.
func midnight(d ledger.Date) civil {
	return civil(d.Sub(ledger.NewDate(1970, time.January, 1))) * 86400 * 1e6
}

// txQuery is WSGetTransactionsByQuery.
type txQuery struct {
	zone                         *time.Location
	issued, created, period, due span
	types                        map[ledger.TxType]bool // nil = all
	accounts, ids                []int64
	byAccount, byID              bool
	nothing                      bool // a filter that none of our rows can pass
	skip, limit                  int
	bare                         bool
}

// txQuery reads the query of the transaction reads, or says how it is refused.
func (s *Server) txQuery(r *request) (q txQuery, code string) {
	n := r.el.kid("query")
	if n == nil {
		return q, "MISSING_QUERY_PARAMETER"
	}
	q = txQuery{zone: s.o.Zone, issued: spanOf(n, "FromDate", "ToDate", s.o.Zone),
		created: spanOf(n, "FromCreationDate", "ToCreationDate", s.o.Zone),
		period:  spanOf(n, "FromPeriodDate", "ToPeriodDate", s.o.Zone),
		due:     spanOf(n, "FromDueDate", "ToDueDate", s.o.Zone),
		skip:    int(n.kid("Skip").number()), limit: s.o.PageSize, bare: n.kid("ExcludeReconciliationInformation").bool()}
	types, byType := n.kid("TypesFilter").strings()
	if q.types = typeSet(types, byType); !validTypes(types, typeCodes) {
		r.note(r.name+"/query/TypesFilter", "%v holds a code that is not in the list", types)
		return q, "INVALID_TYPE_IN_QUERY"
	}
	if q.skip < 0 {
		r.note(r.name+"/query/Skip", "negative")
		return q, "INVALID_QUERY"
	}
	q.accounts, q.byAccount = n.kid("AccountIDsFilter").ids()
	q.ids, q.byID = n.kid("TransactionIDsFilter").ids()
	slices.Sort(q.ids)
	q.ids = slices.Compact(q.ids)
	if len(q.ids) > s.o.MaxIDs || len(q.accounts) > s.o.MaxIDs {
		return q, "TOO_MANY_QUERY_FILTERS"
	}
	_, q.nothing = n.kid("DepartmentIDsFilter").strings() // no item of ours has a department
	return q, ""
}

func validTypes(types []string, allowed string) bool {
	return !slices.ContainsFunc(types, func(t string) bool {
		return t == "" || strings.Contains(t, " ") || !strings.Contains(allowed, " "+t+" ")
	})
}

func typeSet(types []string, given bool) map[ledger.TxType]bool {
	if !given {
		return nil
	}
	set := map[ledger.TxType]bool{}
	for _, t := range types {
		set[ledger.TxType(t)] = true
	}
	return set
}

// passes holds the filters that do not look at dates of entry.
func (q *txQuery) passes(it *item) bool {
	switch {
	case q.nothing, q.types != nil && !q.types[it.Type], q.byAccount && !slices.Contains(q.accounts, it.AccountID):
		return false
	case q.due.bounded() && (it.Due.IsZero() || !q.due.has(midnight(it.Due))):
		return false
	}
	return q.period.has(midnight(it.Issued))
}

func (q *txQuery) has(it *item) bool {
	return it.deleted.IsZero() && !it.Hidden && q.passes(it) && q.issued.has(midnight(it.Issued)) && q.created.has(civilOf(it.Created, q.zone))
}

// each calls use for every item of the ledger that the id filter lets through, by id. The caller holds the
// lock.
func (q *txQuery) each(c *Company, use func(*item)) {
	if !q.byID {
		for _, it := range c.items {
			use(it)
		}
		return
	}
	for _, id := range q.ids {
		if i := id - firstTransaction; i >= 0 && i < int64(len(c.items)) {
			use(c.items[i])
		}
	}
}

// page collects what has lets through after Skip, up to the cap.
func (q *txQuery) page(c *Company, has func(*item) bool, row func(*item) txRow) []*txRow {
	var hits []*item
	q.each(c, func(it *item) {
		if len(hits) < q.skip+q.limit && has(it) {
			hits = append(hits, it)
		}
	})
	hits = hits[min(q.skip, len(hits)):]
	rows := make([]txRow, len(hits))
	for i, it := range hits {
		rows[i] = row(it)
		rows[i].accountName, rows[i].bare = c.byAccount[it.AccountID].Name, q.bare
	}
	return pointers(rows)
}

// count counts what has lets through, whatever Skip says.
func (q *txQuery) count(c *Company, has func(*item) bool) (n int) {
	q.each(c, func(it *item) {
		if has(it) {
			n++
		}
	})
	return n
}

const codeTooLong = "GETTRANSACTIONSBY_QUERY_TIMEOUT"

// tooLong reports whether a query asks for more than the server finds in time: a long window of creation dates with
// many rows in it. The caller holds the lock.
func (s *Server) tooLong(c *Company, q *txQuery, has func(*item) bool) bool {
	window := time.Duration(q.created.to-q.created.from) * time.Microsecond
	if q.created.to-q.created.from > civil(math.MaxInt64/time.Microsecond) {
		window = math.MaxInt64 // a Duration ends at 292 years
	}
	return s.o.MaxWindow > 0 && window > s.o.MaxWindow && q.count(c, has) > s.o.MaxRows
}

func (s *Server) getTransactionsBy(r *request, c *Company) answer {
	q, code := s.txQuery(r)
	if code != "" {
		return refuse(code)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.tooLong(c, &q, q.has) {
		return refuse(codeTooLong)
	}
	rows := q.page(c, q.has, func(it *item) txRow { return txRow{Transaction: it.view()} })
	return records(s, s.shapes.summary, "WSTransactionSummary", rows)
}

// getCount counts the whole query, whatever Skip says. Lines are counted by transaction for the first
// page only, as nobody wants 100,000 of them.
func (s *Server) getCount(r *request, c *Company) answer {
	q, code := s.txQuery(r)
	if code != "" {
		return refuse(code)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.tooLong(c, &q, q.has) {
		return refuse(codeTooLong)
	}
	total := q.count(c, q.has)
	q.skip = 0
	rows := q.page(c, q.has, func(it *item) txRow { return txRow{Transaction: it.view()} })
	f := s.form()
	return byHand(func(k *sink) {
		k.b = appendNumber(k.b, "TransactionsCount", int64(total))
		k.str("<TransactionLinesCount>")
		for _, row := range rows {
			_, n := row.postings(f)
			k.str("<WSTransactionLinesCount>" + s.extra())
			k.b = appendNumber(k.b, "TransactionID", row.ID)
			k.b = appendNumber(k.b, "LinesCount", int64(n))
			k.str("</WSTransactionLinesCount>")
			k.spill()
		}
		k.str("</TransactionLinesCount>")
	})
}

// getModified answers the change feed on the axis that Options choose. A match does not count as a
// change of the item.
func (s *Server) getModified(r *request, c *Company) answer {
	q, code := s.txQuery(r)
	if code != "" {
		return refuse(code)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	has := func(it *item) bool {
		issued, created, changed := midnight(it.Issued), civilOf(it.Created, q.zone), civilOf(it.Modified, q.zone)
		switch s.o.Changes {
		case ChangesByDate:
			issued = changed
		case ChangesByCreation:
			created = changed
		default:
			return false
		}
		return !it.Hidden && q.passes(it) && q.issued.has(issued) && q.created.has(created)
	}
	if s.tooLong(c, &q, has) {
		return refuse(codeTooLong)
	}
	rows := q.page(c, has, func(it *item) txRow { return txRow{Transaction: it.view(), status: it.change()} })
	return records(s, s.shapes.changed, "WSChangedTransactionSummary", rows)
}

// change is the WSChangeStatus of an item.
func (it *item) change() string {
	switch {
	case !it.deleted.IsZero():
		return "Deleted"
	case it.Modified.Equal(it.Created):
		return "Created"
	}
	return "Updated"
}

func (s *Server) getInvoice(r *request, c *Company) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.document(r.number("invoiceID"))
	if d == nil || !c.shows(d) {
		return refuse("INVOICE_ID_DOES_NOT_EXIST")
	}
	return record(s, s.shapes.document, &docRow{*d, *c.byAccount[d.AccountID]})
}

// getInvoicesBy pages documents by Skip and Limit, 1,000 at most, in order of creation.
func (s *Server) getInvoicesBy(r *request, c *Company) answer {
	n := r.el.kid("query")
	if n == nil {
		return refuse("MISSING_QUERY_PARAMETER")
	}
	types, byType := n.kid("TypesFilter").strings()
	if !validTypes(types, " SI SN PI PN ") {
		r.note(r.name+"/query/TypesFilter", "%v holds a code that is not in the list", types)
		return refuse("INVALID_TYPE_IN_QUERY")
	}
	if order := n.kid("OrderBy").value(); order != "" && order != "creationdate" {
		r.note(r.name+"/query/OrderBy", "%q; only creationdate is documented", order)
		return refuse("GETINVOICESBY_BAD_FIELD_NAME")
	}
	skip, limit := int(n.kid("Skip").number()), int(n.kid("Limit").number())
	if skip < 0 || limit < 0 {
		r.note(r.name+"/query", "negative Skip or Limit")
		return refuse("INVALID_QUERY")
	}
	if limit == 0 || limit > MaxDocuments {
		limit = MaxDocuments
	}
	has := documentFilter(n, typeSet(types, byType), s.o.Zone)
	c.mu.Lock()
	defer c.mu.Unlock()
	var hits []*Document
	for _, d := range c.documents {
		if c.shows(d) && has(d) {
			hits = append(hits, d)
		}
	}
	if n.kid("ReverseOrderBy").bool() {
		slices.Reverse(hits)
	}
	hits = hits[min(skip, len(hits)):]
	hits = hits[:min(limit, len(hits))]
	rows := make([]*docRow, len(hits))
	for i, d := range hits {
		rows[i] = &docRow{*d, *c.byAccount[d.AccountID]}
	}
	return records(s, s.shapes.document, "Invoice", rows)
}

// shows reports whether a document is handed out: not when its transaction is hidden.
func (c *Company) shows(d *Document) bool {
	it := c.item(d.Transaction)
	return it == nil || !it.Hidden
}

func documentFilter(n *node, types map[ledger.TxType]bool, zone *time.Location) func(*Document) bool {
	issued, created := spanOf(n, "FromDate", "ToDate", zone), spanOf(n, "FromCreationDate", "ToCreationDate", zone)
	accounts, byAccount := n.kid("AccountIDsFilter").ids()
	ids, byID := n.kid("InvoiceIDsFilter").ids()
	numbers, byNumber := n.kid("InvoiceNumbersFilter").strings()
	_, nothing := n.kid("DepartmentIDsFilter").strings()
	status := Status(n.kid("Status").value())
	since, bySince := n.kid("FromLastModifiedDateInUTC").utc()
	return func(d *Document) bool {
		switch {
		case nothing, types != nil && !types[d.Type], byAccount && !slices.Contains(accounts, d.AccountID),
			byID && !slices.Contains(ids, d.ID), byNumber && !slices.Contains(numbers, d.Number),
			status != "" && d.Status != status, bySince && d.Modified.Before(since):
			return false
		}
		return issued.has(midnight(d.Issued)) && created.has(civilOf(d.Created, zone))
	}
}
