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

var epoch = ledger.NewDate(1970, time.January, 1)

// midnight is the civil time of a date.
func midnight(d ledger.Date) civil { return civil(d.Sub(epoch)) * 86400 * 1e6 }

// txQuery is WSGetTransactionsByQuery.
type txQuery struct {
	zone                         *time.Location
	issued, created, period, due span
	types                        map[ledger.TxType]bool // nil = all
	accounts                     map[int64]bool
	ids                          []int64
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
	accounts, byAccount := n.kid("AccountIDsFilter").ids()
	q.accounts, q.byAccount = setOf(accounts), byAccount
	q.ids, q.byID = n.kid("TransactionIDsFilter").ids()
	slices.Sort(q.ids)
	q.ids = slices.Compact(q.ids)
	if len(q.ids) > s.o.MaxIDs || len(accounts) > s.o.MaxIDs {
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

func setOf(ids []int64) map[int64]bool {
	set := make(map[int64]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
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
	case q.nothing, q.types != nil && !q.types[it.Type], q.byAccount && !q.accounts[it.AccountID]:
		return false
	case q.due.bounded() && (it.Due.IsZero() || !q.due.has(midnight(it.Due))):
		return false
	}
	return q.period.has(midnight(it.Issued))
}

func (q *txQuery) has(it *item) bool {
	return it.deleted.IsZero() && !it.Hidden && q.passes(it) && q.issued.has(midnight(it.Issued)) && q.created.has(civilOf(it.Created, q.zone))
}

// txFilter is what a read asks of an item, and which spans of the query find the items of which that may be true.
type txFilter struct {
	has                       func(*item) bool
	created, modified, issued *span // nil: does not matter
}

// where is the filter of the items as they are.
func (q *txQuery) where() txFilter {
	return txFilter{has: q.has, created: &q.created, issued: &q.issued}
}

// each calls use for the items that pass f, by id, until it returns false. It looks where the query leaves the
// fewest. The caller holds the lock.
func (q *txQuery) each(c *Company, f txFilter, use func(*item) bool) {
	for _, e := range byID(q.look(c, f)) {
		if f.has(e.row) && !use(e.row) {
			return
		}
	}
}

func (q *txQuery) look(c *Company, f txFilter) []entry[item] {
	switch {
	case q.nothing:
		return nil
	case q.byID:
		return c.withIDs(q.ids)
	case q.byAccount:
		return c.itemsOn(q.accounts)
	}
	found := c.index.created.entries
	if f.created != nil {
		found = c.index.created.within(f.created.instants())
	}
	if f.modified != nil {
		found = fewer(found, c.index.modified.within(f.modified.instants()))
	}
	if f.issued != nil {
		found = fewer(found, c.index.issued.within(f.issued.ends()))
	}
	return found
}

// withIDs finds items by id, deleted ones included.
func (c *Company) withIDs(ids []int64) (found []entry[item]) {
	for _, id := range ids {
		if i := id - firstTransaction; i >= 0 && i < int64(len(c.items)) {
			found = append(found, entry[item]{id: id, row: c.items[i]})
		}
	}
	return found
}

// itemsOn finds the items of accounts, deleted ones included.
func (c *Company) itemsOn(accounts map[int64]bool) (found []entry[item]) {
	for account := range accounts {
		for _, it := range c.itemsOf[account] {
			found = append(found, entry[item]{id: it.ID, row: it})
		}
	}
	return found
}

// page collects what f lets through after Skip, up to the cap.
func (q *txQuery) page(c *Company, f txFilter, row func(*item) txRow) []*txRow {
	var hits []*item
	q.each(c, f, func(it *item) bool {
		hits = append(hits, it)
		return len(hits) < q.skip+q.limit
	})
	hits = hits[min(q.skip, len(hits)):]
	rows := make([]txRow, len(hits))
	for i, it := range hits {
		rows[i] = row(it)
		rows[i].accountName, rows[i].bare = c.byAccount[it.AccountID].Name, q.bare
	}
	return pointers(rows)
}

// count counts what f lets through, whatever Skip says.
func (q *txQuery) count(c *Company, f txFilter) (n int) {
	q.each(c, f, func(*item) bool { n++; return true })
	return n
}

const codeTooLong = "GETTRANSACTIONSBY_QUERY_TIMEOUT"

// tooLong reports whether a query asks for more than the server finds in time: a long window of creation dates with
// many rows in it. The caller holds the lock.
func (s *Server) tooLong(c *Company, q *txQuery, f txFilter) bool {
	window := time.Duration(q.created.to-q.created.from) * time.Microsecond
	if q.created.to-q.created.from > civil(math.MaxInt64/time.Microsecond) {
		window = math.MaxInt64 // a Duration ends at 292 years
	}
	return s.o.MaxWindow > 0 && window > s.o.MaxWindow && q.count(c, f) > s.o.MaxRows
}

func (s *Server) getTransactionsBy(r *request, c *Company) answer {
	q, code := s.txQuery(r)
	if code != "" {
		return refuse(code)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.tooLong(c, &q, q.where()) {
		return refuse(codeTooLong)
	}
	rows := q.page(c, q.where(), func(it *item) txRow { return txRow{Transaction: it.view()} })
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
	if s.tooLong(c, &q, q.where()) {
		return refuse(codeTooLong)
	}
	total := q.count(c, q.where())
	q.skip = 0
	rows := q.page(c, q.where(), func(it *item) txRow { return txRow{Transaction: it.view()} })
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
	f := q.changed(s.o.Changes)
	if s.tooLong(c, &q, f) {
		return refuse(codeTooLong)
	}
	rows := q.page(c, f, func(it *item) txRow { return txRow{Transaction: it.view(), status: it.change()} })
	return records(s, s.shapes.changed, "WSChangedTransactionSummary", rows)
}

// changed is the filter of the change feed on an axis.
func (q *txQuery) changed(axis Axis) txFilter {
	passes := func(it *item) bool { return !it.Hidden && q.passes(it) }
	switch axis {
	case ChangesByDate:
		return txFilter{created: &q.created, modified: &q.issued, has: func(it *item) bool {
			return passes(it) && q.issued.has(civilOf(it.Modified, q.zone)) && q.created.has(civilOf(it.Created, q.zone))
		}}
	case ChangesByCreation:
		return txFilter{modified: &q.created, issued: &q.issued, has: func(it *item) bool {
			return passes(it) && q.issued.has(midnight(it.Issued)) && q.created.has(civilOf(it.Modified, q.zone))
		}}
	}
	q.nothing = true
	return txFilter{}
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
	f := newDocFilter(n, typeSet(types, byType), s.o.Zone)
	c.mu.Lock()
	defer c.mu.Unlock()
	var hits []*Document
	for _, e := range byID(f.look(c)) {
		if c.shows(e.row) && f.has(e.row) {
			hits = append(hits, e.row)
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

// docFilter is what a read of documents asks of one.
type docFilter struct {
	zone            *time.Location
	issued, created span
	types           map[ledger.TxType]bool // nil = all
	accounts        map[int64]bool
	ids             []int64
	numbers         []string
	status          Status // "" = any
	since           time.Time
	byAccount, byID, byNumber, bySince,
	nothing bool // a filter that none of our rows can pass
}

func newDocFilter(n *node, types map[ledger.TxType]bool, zone *time.Location) *docFilter {
	f := &docFilter{zone: zone, types: types, issued: spanOf(n, "FromDate", "ToDate", zone),
		created: spanOf(n, "FromCreationDate", "ToCreationDate", zone), status: Status(n.kid("Status").value())}
	accounts, byAccount := n.kid("AccountIDsFilter").ids()
	f.accounts, f.byAccount = setOf(accounts), byAccount
	f.ids, f.byID = n.kid("InvoiceIDsFilter").ids()
	f.numbers, f.byNumber = n.kid("InvoiceNumbersFilter").strings()
	f.since, f.bySince = n.kid("FromLastModifiedDateInUTC").utc()
	_, f.nothing = n.kid("DepartmentIDsFilter").strings()
	return f
}

// look finds the documents of which f may be true, where the fewest are.
func (f *docFilter) look(c *Company) (found []entry[Document]) {
	switch {
	case f.nothing:
		return nil
	case f.byID:
		for _, id := range f.ids {
			if d := c.document(id); d != nil {
				found = append(found, entry[Document]{id: id, row: d})
			}
		}
		return found
	}
	found = c.index.drawn.within(f.created.instants())
	if f.bySince {
		found = fewer(found, c.index.redrawn.within(f.since.UnixMicro(), math.MaxInt64))
	}
	return found
}

func (f *docFilter) has(d *Document) bool {
	switch {
	case f.types != nil && !f.types[d.Type], f.byAccount && !f.accounts[d.AccountID],
		f.byNumber && !slices.Contains(f.numbers, d.Number),
		f.status != "" && d.Status != f.status, f.bySince && d.Modified.Before(f.since):
		return false
	}
	return f.issued.has(midnight(d.Issued)) && f.created.has(civilOf(d.Created, f.zone))
}
