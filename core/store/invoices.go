package store

import (
	"context"
	"database/sql"
	"strings"

	"dunlin/core/ledger"
)

// filter collects conditions that all have to hold.
type filter struct {
	conditions []string
	args       []any
}

func (f *filter) and(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conditions, " AND ")
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}

// bucketCondition is the condition that a due date is in one of the buckets (R1.4); no due date is current.
func bucketCondition(due string, buckets []ledger.Bucket, today ledger.Date) (string, []any) {
	var either []string
	var args []any
	for _, b := range buckets {
		if b == ledger.Current {
			either = append(either, "("+due+" = '' OR "+due+" >= ?)")
			args = append(args, today.String())
			continue
		}
		youngest, oldest := bucketAges(b)
		condition := due + " <> '' AND " + due + " <= ?"
		args = append(args, today.AddDays(-youngest).String())
		if oldest > 0 {
			condition += " AND " + due + " >= ?"
			args = append(args, today.AddDays(-oldest).String())
		}
		either = append(either, "("+condition+")")
	}
	return "(" + strings.Join(either, " OR ") + ")", args
}

// bucketAges returns the first and the last age of an overdue bucket; last 0 means without an end.
func bucketAges(b ledger.Bucket) (youngest, oldest int) {
	for youngest = 1; ledger.BucketOf(youngest) != b; youngest++ {
	}
	if b == ledger.Buckets-1 {
		return youngest, 0
	}
	for oldest = youngest; ledger.BucketOf(oldest+1) == b; oldest++ {
	}
	return youngest, oldest
}

// invoiceFilter collects the conditions of an InvoiceQuery over transactions t and outlook o.
func invoiceFilter(q InvoiceQuery) *filter {
	f := &filter{}
	f.and("t.type IN " + receivableTypes + " AND t.gone_at = 0")
	switch q.Status {
	case InvoicesOutstanding:
		f.and("t.outstanding > 0")
	case InvoicesChasing:
		f.and("t.outstanding > 0 AND o.status = 'chasing'")
	case InvoicesNotChasing:
		f.and("t.outstanding > 0 AND coalesce(o.status, '') <> 'chasing'")
	case InvoicesPaid:
		f.and("t.outstanding <= 0")
	}
	if q.AccountID != 0 {
		f.and("t.account_id = ?", q.AccountID)
	}
	if len(q.Buckets) > 0 {
		in, args := bucketCondition("t.due", q.Buckets, q.Today)
		f.and("t.outstanding > 0 AND "+in, args...)
	}
	if q.Currency != "" {
		f.and("t.currency = ?", q.Currency)
	}
	if q.Reason != "" {
		f.and("t.outstanding > 0 AND o.held_reason = ?", q.Reason)
	}
	if q.Schedule != nil {
		f.and("(coalesce(p.schedule_set, 0), coalesce(p.schedule, '')) = (?, ?)", q.Schedule.Set, q.Schedule.Name)
	}
	if !q.DueFrom.IsZero() {
		f.and("t.due >= ?", q.DueFrom.String())
	}
	if !q.DueTo.IsZero() {
		f.and("t.due <> '' AND t.due <= ?", q.DueTo.String())
	}
	for _, w := range words(q.Search) {
		f.and("(instr(t.folded, ?) > 0 OR t.account_id IN (SELECT account_id FROM customers WHERE instr(folded, ?) > 0))", w, w)
	}
	return f
}

// invoiceJoins are the tables beside transactions t that a query needs, and no more.
func invoiceJoins(q InvoiceQuery) string {
	joins := ""
	outlook := q.Status == InvoicesChasing || q.Status == InvoicesNotChasing || q.Reason != "" || q.Sort == InvoicesByNext || q.Sort == InvoicesByStatus
	if outlook {
		joins += " LEFT JOIN outlook o ON o.transaction_id = t.id"
	}
	if q.Schedule != nil || q.Sort == InvoicesByExpected {
		joins += " LEFT JOIN invoice_prefs p ON p.transaction_id = t.id"
	}
	switch q.Sort {
	case InvoicesByCustomer:
		joins += " LEFT JOIN customers c ON c.account_id = t.account_id"
	case InvoicesByLast:
		joins += " LEFT JOIN (SELECT i.transaction_id, max(" + sentAt + ") AS at FROM message_invoices i JOIN messages m ON m.id = i.message WHERE " +
			isChase + " GROUP BY i.transaction_id) l ON l.transaction_id = t.id"
	}
	return joins
}

// invoiceOrder is the key of an order and the condition under which there is none; those rows come last in
// either direction.
func invoiceOrder(q InvoiceQuery) (none, key string) {
	switch q.Sort {
	case InvoicesByNumber:
		return "", "t.number"
	case InvoicesByCustomer:
		return "", "c.name COLLATE NOCASE"
	case InvoicesByIssued:
		return "", "t.issued"
	case InvoicesByAmount:
		return "", "t.order_amount"
	case InvoicesByOutstanding:
		return "", "t.order_outstanding"
	case InvoicesByExpected:
		return "coalesce(p.expected, '') = ''", "p.expected"
	case InvoicesByNext:
		return "coalesce(o.next_date, '') = ''", "o.next_date"
	case InvoicesByLast:
		return "l.at IS NULL", "l.at"
	case InvoicesByStatus:
		return "", "CASE WHEN t.outstanding <= 0 THEN 'paid' ELSE coalesce(o.status, 'not_chasing') END"
	}
	return "t.due = ''", "t.due"
}

// InvoiceIDs returns the transaction ids of a query in order, and what the receivables among them owe by
// currency; for paid ones, what they were for.
func (s *Store) InvoiceIDs(ctx context.Context, q InvoiceQuery) (ids []int64, sums []ledger.Money, err error) {
	f := invoiceFilter(q)
	none, key := invoiceOrder(q)
	if none != "" {
		none += ", "
	}
	amount := "t.outstanding"
	if q.Status == InvoicesPaid {
		amount = "t.amount"
	}
	from := " FROM transactions t" + invoiceJoins(q) + f.where()
	total := map[string]int64{}
	err = each(ctx, s.readers, func(r *sql.Rows) error {
		var id, minor int64
		var currency string
		if err := r.Scan(&id, &minor, &currency); err != nil {
			return err
		}
		ids = append(ids, id)
		total[currency] += minor
		return nil
	}, "SELECT t.id, "+amount+", t.currency"+from+" ORDER BY "+none+key+direction(q.Desc)+", t.number, t.id", f.args...)
	return ids, sortedSums(total), s.fail("listing the receivables", err)
}

const readInvoice = readTransaction + `, coalesce(c.name, ''), coalesce(cp.stopped, 0), coalesce(cp.schedule_set, 0), coalesce(cp.schedule, ''),
	t.due_from_terms, t.first_seen, t.closed_on, t.missing <> 0, t.gone_at <> 0,
	coalesce(p.stopped, 0), coalesce(p.disputed, 0), coalesce(p.hold_until, ''), coalesce(p.expected, ''), coalesce(p.schedule_set, 0), coalesce(p.schedule, ''), coalesce(p.note, ''),
	coalesce(o.status, ''), coalesce(x.due_part, ''), coalesce(x.due_step, 0), coalesce(x.due_offset, 0), coalesce(o.held_reason, ''), coalesce(x.held_text, ''),
	coalesce(x.held_until, ''), coalesce(x.next_part, ''), coalesce(x.next_step, 0), coalesce(x.next_offset, 0), coalesce(o.next_date, ''), coalesce(x.sentence, '')
	FROM transactions t LEFT JOIN customers c ON c.account_id = t.account_id LEFT JOIN customer_prefs cp ON cp.account_id = t.account_id
	LEFT JOIN invoice_prefs p ON p.transaction_id = t.id LEFT JOIN outlook o ON o.transaction_id = t.id
	LEFT JOIN outlook_texts x ON x.transaction_id = t.id`

func scanInvoice(r *sql.Rows) (x InvoiceRow, err error) {
	o := OutlookRow{}
	err = scanTransaction(r, &x.Transaction, &x.CustomerName, &x.CustomerStopped, &x.CustomerSchedule.Set, &x.CustomerSchedule.Name,
		&x.DueFromTerms, dateColumn{&x.FirstSeen}, dateColumn{&x.ClosedOn}, &x.Missing, &x.Gone,
		&x.Prefs.Stopped, &x.Prefs.Disputed, dateColumn{&x.Prefs.HoldUntil}, dateColumn{&x.Prefs.Expected}, &x.Prefs.Schedule.Set, &x.Prefs.Schedule.Name, &x.Prefs.Note,
		&o.Status, &o.Due.Part, &o.Due.Step, &o.Due.Offset, &o.HeldReason, &o.HeldText, dateColumn{&o.HeldUntil},
		&o.Next.Part, &o.Next.Step, &o.Next.Offset, dateColumn{&o.NextDate}, &o.Sentence)
	if o.Status != "" && x.Outstanding.Minor > 0 {
		o.TransactionID, o.AccountID = x.ID, x.AccountID
		x.Outlook = &o
	}
	return x, err
}

// InvoicesByID returns transactions in the order of the ids; ids that are not stored are left out.
func (s *Store) InvoicesByID(ctx context.Context, ids []int64) (rows []InvoiceRow, err error) {
	err = s.view(ctx, "reading receivables", func(q querier) error {
		rows, err = invoicesByID(ctx, q, ids)
		return err
	})
	return rows, err
}

func invoicesByID(ctx context.Context, q querier, ids []int64) ([]InvoiceRow, error) {
	list := idList(ids)
	found := make(map[int64]*InvoiceRow, len(ids))
	err := each(ctx, q, func(r *sql.Rows) error {
		x, err := scanInvoice(r)
		found[x.ID] = &x
		return err
	}, "SELECT "+readInvoice+" WHERE t.id IN (SELECT value FROM json_each(?))", list)
	if err != nil {
		return nil, err
	}
	// Oldest first, so that the latest stays.
	err = each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var l LastChase
		err := r.Scan(&id, &l.Kind, &l.Part, &l.Step, &l.Offset, timeColumn{&l.At}, &l.MessageID)
		if x := found[id]; x != nil {
			x.Last = &l
		}
		return err
	}, "SELECT i.transaction_id, m.kind, i.part, i.step, i.step_offset, "+sentAt+" AS at, m.id FROM message_invoices i JOIN messages m ON m.id = i.message WHERE "+
		isChase+" AND i.transaction_id IN (SELECT value FROM json_each(?)) ORDER BY at, m.created, m.id", list)
	if err != nil {
		return nil, err
	}
	rows := make([]InvoiceRow, 0, len(ids))
	for _, id := range ids {
		if x := found[id]; x != nil {
			rows = append(rows, *x)
		}
	}
	return rows, nil
}

// Invoice returns one transaction, or ErrNotFound.
func (s *Store) Invoice(ctx context.Context, transactionID int64) (InvoiceRow, error) {
	rows, err := s.InvoicesByID(ctx, []int64{transactionID})
	if err == nil && len(rows) == 0 {
		err = s.fail("reading a receivable", sql.ErrNoRows)
	}
	if err != nil {
		return InvoiceRow{}, err
	}
	return rows[0], nil
}

// InvoiceByNumber returns the receivables with a number, open ones first, then the latest: numbers need not
// be unique. None is an empty list.
func (s *Store) InvoiceByNumber(ctx context.Context, number string) (rows []InvoiceRow, err error) {
	err = s.view(ctx, "reading receivables", func(q querier) error {
		ids, err := all(ctx, q, scanID, "SELECT id FROM transactions WHERE number = ? AND type IN "+receivableTypes+" ORDER BY gone_at <> 0, outstanding = 0, issued DESC, id DESC", number)
		if err != nil {
			return err
		}
		rows, err = invoicesByID(ctx, q, ids)
		return err
	})
	return rows, err
}

// Ageing returns what receivables owe by age and currency, in the order of the currency codes.
func (s *Store) Ageing(ctx context.Context, today ledger.Date) ([]ledger.Ageing, error) {
	byCurrency, err := s.ageing(ctx, today, "0, '', ''", "")
	out := make([]ledger.Ageing, len(byCurrency))
	for i, a := range byCurrency {
		out[i] = a.Ageing
	}
	return out, err
}

// AgeingByCustomer is Ageing for each customer, by customer code and currency.
func (s *Store) AgeingByCustomer(ctx context.Context, today ledger.Date) ([]CustomerAgeing, error) {
	return s.ageing(ctx, today, "t.account_id, coalesce(c.code, t.account_code), coalesce(c.name, '')", "LEFT JOIN customers c ON c.account_id = t.account_id")
}

// ageing adds up open receivables in SQL by due date, of which there are few, and puts those sums into
// buckets by the one rule there is for them.
func (s *Store) ageing(ctx context.Context, today ledger.Date, who, join string) ([]CustomerAgeing, error) {
	var out []CustomerAgeing
	err := each(ctx, s.readers, func(r *sql.Rows) error {
		var a CustomerAgeing
		var due ledger.Date
		var minor int64
		var count int
		if err := r.Scan(&a.AccountID, &a.Code, &a.Name, &a.Currency, dateColumn{&due}, &minor, &count); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].AccountID != a.AccountID || out[n-1].Currency != a.Currency {
			out = append(out, a)
		}
		to := &out[len(out)-1].Ageing
		age := 0
		if !due.IsZero() {
			age = today.Sub(due)
		}
		to.Add(age, minor)
		to.Count += count - 1
		return nil
	}, "SELECT "+who+", t.currency, t.due, sum(t.outstanding), count(*) FROM transactions t "+join+
		" WHERE t.type IN "+receivableTypes+" AND t.outstanding <> 0 AND t.gone_at = 0 AND t.outstanding > 0 GROUP BY 1, 4, 5 ORDER BY 2, 1, 4, 5")
	return out, s.fail("reckoning the ageing", err)
}
