package store

import (
	"context"
	"database/sql"
	"time"

	"dunlin/core/ledger"
)

const customerColumns = `account_id, code, name, contact, email, currency, credit_term_id, credit_limit, active, on_hold, head_office, created, phones, addresses, folded`

const upsertCustomer = `ON CONFLICT DO UPDATE SET
	code = excluded.code, name = excluded.name, contact = excluded.contact, email = excluded.email, currency = excluded.currency,
	credit_term_id = excluded.credit_term_id, credit_limit = excluded.credit_limit, active = excluded.active, on_hold = excluded.on_hold,
	head_office = excluded.head_office, created = excluded.created, phones = excluded.phones, addresses = excluded.addresses,
	folded = excluded.folded, gone_at = 0
	WHERE gone_at <> 0 OR (code, name, contact, email, currency, credit_term_id, credit_limit, active, on_hold, head_office, created, phones, addresses)
	IS NOT (excluded.code, excluded.name, excluded.contact, excluded.email, excluded.currency, excluded.credit_term_id, excluded.credit_limit,
		excluded.active, excluded.on_hold, excluded.head_office, excluded.created, excluded.phones, excluded.addresses)`

// UpsertCustomers stores customers by account id. One that was gone is back.
func (t *Tx) UpsertCustomers(ctx context.Context, list []ledger.Customer) (Counts, error) {
	if len(list) == 0 {
		return Counts{}, nil
	}
	before, err := t.count(ctx, "SELECT count(*) FROM customers")
	if err != nil {
		return Counts{}, err
	}
	touched, err := t.bulk(ctx, "INSERT INTO customers ("+customerColumns+")", upsertCustomer, 15, len(list), func(i int, dst []any) []any {
		c := list[i]
		return append(dst, c.AccountID, c.Code, c.Name, c.Contact, c.Email, c.Currency, c.CreditTermID, c.CreditLimit, c.Active, c.OnHold,
			c.HeadOffice, c.Created.String(), asJSON(c.Phones), asJSON(c.Addresses), fold(c.Code, c.Name, c.Contact, c.Email))
	})
	if err != nil || touched == 0 {
		return Counts{}, err
	}
	after, err := t.count(ctx, "SELECT count(*) FROM customers")
	if err != nil {
		return Counts{}, err
	}
	t.touched = true
	return Counts{New: after - before, Changed: touched - (after - before)}, t.redate(ctx)
}

// MarkCustomersGone compares with a complete list from AccountsIQ: the second such list in a row that does not have
// a customer makes it gone, and one that is there again is back (contract 10.2, step 10; 11). It returns how many are
// gone now that were not.
func (t *Tx) MarkCustomersGone(ctx context.Context, present map[int64]bool) (gone int, err error) {
	ids := make([]int64, 0, len(present))
	for id, there := range present {
		if there {
			ids = append(ids, id)
		}
	}
	const listed = "account_id IN (SELECT value FROM json_each(?))"
	list := idList(ids)
	if _, err := t.touch(ctx, "UPDATE customers SET gone_at = 0 WHERE gone_at <> 0 AND "+listed, list); err != nil {
		return 0, err
	}
	if _, err := t.exec(ctx, "UPDATE customers SET missing = 0 WHERE missing <> 0 AND "+listed, list); err != nil {
		return 0, err
	}
	if _, err := t.exec(ctx, "UPDATE customers SET missing = missing + 1 WHERE gone_at = 0 AND NOT "+listed, list); err != nil {
		return 0, err
	}
	return t.touch(ctx, "UPDATE customers SET gone_at = ? WHERE gone_at = 0 AND missing >= 2 AND NOT "+listed, millis(t.s.now()), list)
}

// contactKey identifies a contact, as AccountsIQ gives it no id (contract 10.4).
type contactKey struct{ code, name, email string }

func keyOf(c ledger.Contact) contactKey { return contactKey{c.AccountCode, c.Name, c.Email} }

// ReplaceContacts makes the contacts those of the list, which is the whole of AccountsIQ's.
func (t *Tx) ReplaceContacts(ctx context.Context, list []ledger.Contact) (n Counts, err error) {
	stored, err := contacts(ctx, t.tx, "")
	if err != nil {
		return Counts{}, err
	}
	old := make(map[contactKey]ledger.Contact, len(stored))
	for _, c := range stored {
		old[keyOf(c)] = c
	}
	seen := make(map[contactKey]bool, len(list))
	for _, c := range list {
		was, known := old[keyOf(c)]
		switch {
		case seen[keyOf(c)]:
			continue // AccountsIQ allows the same person twice; once is enough
		case !known:
			n.New++
		case was != c:
			n.Changed++
		}
		seen[keyOf(c)] = true
		if known && was == c {
			continue
		}
		_, err := t.touch(ctx, `INSERT OR REPLACE INTO contacts (account_code, name, email, job_title, phone, note, is_primary) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			c.AccountCode, c.Name, c.Email, c.JobTitle, c.Phone, c.Note, c.Primary)
		if err != nil {
			return n, err
		}
	}
	for key := range old {
		if seen[key] {
			continue
		}
		n.Gone++
		if _, err := t.touch(ctx, "DELETE FROM contacts WHERE account_code = ? AND name = ? AND email = ?", key.code, key.name, key.email); err != nil {
			return n, err
		}
	}
	return n, nil
}

// contacts reads contacts, primary first within an account; where is "" or a condition.
func contacts(ctx context.Context, q querier, where string, args ...any) ([]ledger.Contact, error) {
	return all(ctx, q, func(r *sql.Rows) (c ledger.Contact, err error) {
		return c, r.Scan(&c.AccountCode, &c.Name, &c.Email, &c.JobTitle, &c.Phone, &c.Note, &c.Primary)
	}, "SELECT account_code, name, email, job_title, phone, note, is_primary FROM contacts "+where+" ORDER BY account_code, is_primary DESC, name, email", args...)
}

// SetCustomerPrefs stores what the owner decided about a customer.
func (t *Tx) SetCustomerPrefs(ctx context.Context, accountID int64, p CustomerPrefs) error {
	_, err := t.touch(ctx, `INSERT INTO customer_prefs (account_id, stopped, hold_until, schedule_set, schedule, replied_at, note) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET stopped = excluded.stopped, hold_until = excluded.hold_until, schedule_set = excluded.schedule_set,
			schedule = excluded.schedule, replied_at = excluded.replied_at, note = excluded.note
		WHERE (stopped, hold_until, schedule_set, schedule, replied_at, note)
			IS NOT (excluded.stopped, excluded.hold_until, excluded.schedule_set, excluded.schedule, excluded.replied_at, excluded.note)`,
		accountID, p.Stopped, p.HoldUntil.String(), p.Schedule.Set, p.Schedule.Name, millis(p.RepliedAt), p.Note)
	return err
}

// SetInvoicePrefs stores what the owner decided about an invoice.
func (t *Tx) SetInvoicePrefs(ctx context.Context, transactionID int64, p InvoicePrefs) error {
	_, err := t.touch(ctx, `INSERT INTO invoice_prefs (transaction_id, stopped, disputed, hold_until, expected, schedule_set, schedule, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET stopped = excluded.stopped, disputed = excluded.disputed, hold_until = excluded.hold_until,
			expected = excluded.expected, schedule_set = excluded.schedule_set, schedule = excluded.schedule, note = excluded.note
		WHERE (stopped, disputed, hold_until, expected, schedule_set, schedule, note)
			IS NOT (excluded.stopped, excluded.disputed, excluded.hold_until, excluded.expected, excluded.schedule_set, excluded.schedule, excluded.note)`,
		transactionID, p.Stopped, p.Disputed, p.HoldUntil.String(), p.Expected.String(), p.Schedule.Set, p.Schedule.Name, p.Note)
	return err
}

// customerFilter collects the conditions of a CustomerQuery.
func customerFilter(q CustomerQuery) *filter {
	f := &filter{}
	switch q.Status {
	case CustomersOwing:
		f.and(exists("c", "true"))
	case CustomersOverdue:
		f.and(exists("c", "due <> '' AND due < ?"), q.Today.String())
	case CustomersChasing:
		f.and("EXISTS (SELECT 1 FROM outlook o WHERE o.account_id = c.account_id AND o.status = 'chasing')")
	case CustomersNotChasing:
		f.and(exists("c", "true"))
		f.and("NOT EXISTS (SELECT 1 FROM outlook o WHERE o.account_id = c.account_id AND o.status = 'chasing')")
	case CustomersStopped:
		f.and("p.stopped = 1")
	case CustomersInactive:
		f.and("c.active = 0")
	}
	f.and("(c.gone_at = 0 OR " + exists("c", "true") + ")")
	if len(q.Buckets) > 0 {
		in, args := bucketCondition("due", q.Buckets, q.Today)
		f.and(exists("c", in), args...)
	}
	if q.Currency != "" {
		f.and(exists("c", "currency = ?"), q.Currency)
	}
	if q.Schedule != nil {
		f.and("(coalesce(p.schedule_set, 0), coalesce(p.schedule, '')) = (?, ?)", q.Schedule.Set, q.Schedule.Name)
	}
	for _, w := range words(q.Search) {
		f.and("instr(c.folded, ?) > 0", w)
	}
	return f
}

// exists is the condition that a customer has an open receivable of a kind.
func exists(customer, condition string) string {
	return "EXISTS (SELECT 1 FROM transactions WHERE account_id = " + customer + ".account_id AND type IN " + receivableTypes +
		" AND " + isOpen + " AND outstanding > 0 AND " + condition + ")"
}

// valuePer is a join that gives customers a value made of their open items.
func valuePer(value, types, condition string) string {
	return "LEFT JOIN (SELECT account_id, " + value + " AS v FROM transactions WHERE type IN " + types + " AND " + isOpen +
		" AND outstanding > 0 AND " + condition + " GROUP BY account_id) x ON x.account_id = c.account_id"
}

// customerOrder returns the join that an order needs, its arguments, and the key. Customers without a value
// come last in either direction.
func customerOrder(q CustomerQuery) (join string, args []any, key string) {
	switch q.Sort {
	case CustomersByCode:
		return "", nil, "c.code"
	case CustomersByOutstanding:
		return valuePer("sum(order_outstanding)", receivableTypes, "true"), nil, "x.v"
	case CustomersByOverdue:
		return valuePer("sum(order_outstanding)", receivableTypes, "due <> '' AND due < ?"), []any{q.Today.String()}, "x.v"
	case CustomersByCredit:
		return valuePer("sum(order_outstanding)", creditTypes, "true"), nil, "x.v"
	case CustomersByOldest: // the oldest age first when descending, as the column shows ages
		return valuePer("-julianday(min(due))", receivableTypes, "due <> ''"), nil, "x.v"
	case CustomersBySchedule:
		return "", nil, "CASE WHEN p.schedule_set = 1 THEN p.schedule END"
	case CustomersByNext:
		return "LEFT JOIN (SELECT account_id, min(next_date) AS v FROM outlook WHERE next_date <> '' GROUP BY account_id) x ON x.account_id = c.account_id", nil, "x.v"
	case CustomersByLast:
		return "LEFT JOIN (SELECT m.account_id, max(" + sentAt + ") AS v FROM messages m WHERE " + isChase + " GROUP BY m.account_id) x ON x.account_id = c.account_id", nil, "x.v"
	case CustomersByStatus:
		return "LEFT JOIN (SELECT account_id, min(status) AS v FROM outlook GROUP BY account_id) x ON x.account_id = c.account_id", nil, "CASE WHEN p.stopped = 1 THEN 'stopped' ELSE x.v END"
	}
	return "", nil, "c.name COLLATE NOCASE"
}

// CustomerIDs returns the account ids of a query in order.
func (s *Store) CustomerIDs(ctx context.Context, q CustomerQuery) ([]int64, error) {
	f := customerFilter(q)
	join, args, key := customerOrder(q)
	query := "SELECT c.account_id FROM customers c LEFT JOIN customer_prefs p ON p.account_id = c.account_id " + join +
		f.where() + " ORDER BY " + key + " IS NULL, " + key + direction(q.Desc) + ", c.code, c.account_id"
	ids, err := all(ctx, s.readers, scanID, query, append(args, f.args...)...)
	return ids, s.fail("listing the customers", err)
}

const readCustomer = `c.account_id, c.code, c.name, c.contact, c.email, c.currency, c.credit_term_id, c.credit_limit, c.active, c.on_hold,
	c.head_office, c.created, c.gone_at <> 0, coalesce(p.stopped, 0), coalesce(p.hold_until, ''), coalesce(p.schedule_set, 0),
	coalesce(p.schedule, ''), coalesce(p.replied_at, 0), coalesce(p.note, '')`

func scanCustomer(r *sql.Rows, c *CustomerRow, more ...any) error {
	to := append([]any{&c.AccountID, &c.Code, &c.Name, &c.Contact, &c.Email, &c.Currency, &c.CreditTermID, &c.CreditLimit, &c.Active,
		&c.OnHold, &c.HeadOffice, dateColumn{&c.Created}, &c.Gone, &c.Prefs.Stopped, dateColumn{&c.Prefs.HoldUntil},
		&c.Prefs.Schedule.Set, &c.Prefs.Schedule.Name, timeColumn{&c.Prefs.RepliedAt}, &c.Prefs.Note}, more...)
	return r.Scan(to...)
}

// CustomersByID returns customers in the order of the ids; ids that are not stored are left out. What is
// overdue is reckoned for today.
func (s *Store) CustomersByID(ctx context.Context, ids []int64, today ledger.Date) (rows []CustomerRow, err error) {
	err = s.view(ctx, "reading customers", func(q querier) error {
		rows, err = customersByID(ctx, q, ids, today)
		return err
	})
	return rows, err
}

func customersByID(ctx context.Context, q querier, ids []int64, today ledger.Date) ([]CustomerRow, error) {
	list := idList(ids)
	found := make(map[int64]*CustomerRow, len(ids))
	err := each(ctx, q, func(r *sql.Rows) error {
		c := &CustomerRow{}
		err := scanCustomer(r, c)
		found[c.AccountID] = c
		return err
	}, "SELECT "+readCustomer+" FROM customers c LEFT JOIN customer_prefs p ON p.account_id = c.account_id WHERE c.account_id IN (SELECT value FROM json_each(?))", list)
	if err != nil {
		return nil, err
	}
	for _, fill := range []func(context.Context, querier, map[int64]*CustomerRow, string, ledger.Date) error{fillSums, fillOutlook, fillLast, fillWorking} {
		if err := fill(ctx, q, found, list, today); err != nil {
			return nil, err
		}
	}
	rows := make([]CustomerRow, 0, len(ids))
	for _, id := range ids {
		if c := found[id]; c != nil {
			rows = append(rows, *c)
		}
	}
	return rows, nil
}

// fillSums adds up the open items of customers: owed, overdue and credit less refunds, by currency.
func fillSums(ctx context.Context, q querier, found map[int64]*CustomerRow, ids string, today ledger.Date) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var currency string
		var owed, overdue, credit, refund int64
		var open, late int
		var oldest ledger.Date
		if err := r.Scan(&id, &currency, &owed, &overdue, &credit, &refund, &open, &late, dateColumn{&oldest}); err != nil {
			return err
		}
		c := found[id]
		if c == nil {
			return nil
		}
		c.OpenCount += open
		c.OverdueCount += late
		if !oldest.IsZero() && (c.OldestDue.IsZero() || oldest.Before(c.OldestDue)) {
			c.OldestDue = oldest
		}
		c.Outstanding = addSum(c.Outstanding, owed, currency)
		c.Overdue = addSum(c.Overdue, overdue, currency)
		c.Credit = addSum(c.Credit, max(0, credit-refund), currency)
		return nil
	}, `SELECT account_id, currency,
			sum(CASE WHEN type IN `+receivableTypes+` THEN outstanding ELSE 0 END),
			sum(CASE WHEN type IN `+receivableTypes+` AND due <> '' AND due < ?2 THEN outstanding ELSE 0 END),
			sum(CASE WHEN type IN `+creditTypes+` THEN outstanding ELSE 0 END),
			sum(CASE WHEN type = 'SP' THEN outstanding ELSE 0 END),
			sum(type IN `+receivableTypes+`),
			sum(type IN `+receivableTypes+` AND due <> '' AND due < ?2),
			coalesce(min(CASE WHEN type IN `+receivableTypes+` AND due <> '' THEN due END), '')
		FROM transactions WHERE account_id IN (SELECT value FROM json_each(?1)) AND `+isOpen+` AND (outstanding > 0 OR type IN `+creditTypes+`)
		GROUP BY account_id, currency ORDER BY account_id, currency`, ids, today.String())
}

func addSum(list []ledger.Money, minor int64, currency string) []ledger.Money {
	if minor == 0 {
		return list
	}
	return append(list, ledger.Money{Minor: minor, Currency: currency})
}

func fillOutlook(ctx context.Context, q querier, found map[int64]*CustomerRow, ids string, _ ledger.Date) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var chasing int
		var next ledger.Date
		if err := r.Scan(&id, &chasing, dateColumn{&next}); err != nil {
			return err
		}
		if c := found[id]; c != nil {
			c.ChasingCount, c.NextDate = chasing, next
		}
		return nil
	}, `SELECT account_id, sum(status = 'chasing'), coalesce(min(CASE WHEN next_date <> '' THEN next_date END), '')
		FROM outlook WHERE account_id IN (SELECT value FROM json_each(?)) GROUP BY account_id`, ids)
}

func fillLast(ctx context.Context, q querier, found map[int64]*CustomerRow, ids string, _ ledger.Date) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var at time.Time
		if err := r.Scan(&id, timeColumn{&at}); err != nil {
			return err
		}
		if c := found[id]; c != nil {
			c.LastAt = at
		}
		return nil
	}, "SELECT m.account_id, max("+sentAt+") FROM messages m WHERE "+isChase+" AND m.account_id IN (SELECT value FROM json_each(?)) GROUP BY m.account_id", ids)
}

// fillWorking counts the addresses of customers that have not bounced.
func fillWorking(ctx context.Context, q querier, found map[int64]*CustomerRow, ids string, _ ledger.Date) error {
	codes := make([]string, 0, len(found))
	for _, c := range found {
		codes = append(codes, c.Code)
	}
	book, err := readBook(ctx, q, &bookScope{ids: ids, codes: idList(codes)})
	if err != nil {
		return err
	}
	for _, c := range found {
		for _, r := range book.of(c.AccountID, c.Code, c.Email) {
			if r.BouncedAt.IsZero() {
				c.RecipientsNum++
			}
		}
	}
	return nil
}

// Customer returns all that is stored of a customer, or ErrNotFound.
func (s *Store) Customer(ctx context.Context, accountID int64, today ledger.Date) (d CustomerDetail, err error) {
	err = s.view(ctx, "reading a customer", func(q querier) error {
		d, err = customerDetail(ctx, q, accountID, today)
		return err
	})
	return d, err
}

// CustomerByCode is Customer by the customer's code, in any case; an exact match wins.
func (s *Store) CustomerByCode(ctx context.Context, code string, today ledger.Date) (d CustomerDetail, err error) {
	err = s.view(ctx, "reading a customer", func(q querier) error {
		id, err := one(ctx, q, scanID, "SELECT account_id FROM customers WHERE code = ?1 COLLATE NOCASE ORDER BY code <> ?1, gone_at <> 0, account_id LIMIT 1", code)
		if err != nil {
			return err
		}
		d, err = customerDetail(ctx, q, id, today)
		return err
	})
	return d, err
}

func customerDetail(ctx context.Context, q querier, accountID int64, today ledger.Date) (CustomerDetail, error) {
	list, err := customerDetails(ctx, q, []int64{accountID}, today)
	if err != nil {
		return CustomerDetail{}, err
	}
	if len(list) == 0 {
		return CustomerDetail{}, sql.ErrNoRows
	}
	return list[0], nil
}

// CustomerDetails returns all that is stored of customers, in the order of the ids; ids that are not there
// are left out.
func (s *Store) CustomerDetails(ctx context.Context, ids []int64, today ledger.Date) (list []CustomerDetail, err error) {
	err = s.view(ctx, "reading customers", func(q querier) error {
		list, err = customerDetails(ctx, q, ids, today)
		return err
	})
	return list, err
}

func customerDetails(ctx context.Context, q querier, ids []int64, today ledger.Date) ([]CustomerDetail, error) {
	rows, err := customersByID(ctx, q, ids, today)
	if err != nil {
		return nil, err
	}
	list := make([]CustomerDetail, len(rows))
	place := make(map[int64]*CustomerDetail, len(rows))
	codes := make([]string, len(rows))
	for i, r := range rows {
		list[i].CustomerRow = r
		place[r.AccountID] = &list[i]
		codes[i] = r.Code
	}
	err = each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var phones []ledger.Phone
		var addresses []ledger.Address
		err := r.Scan(&id, jsonColumn{&phones}, jsonColumn{&addresses})
		if d := place[id]; d != nil {
			d.Phones, d.Addresses = phones, addresses
		}
		return err
	}, "SELECT account_id, phones, addresses FROM customers WHERE account_id IN (SELECT value FROM json_each(?))", idList(ids))
	if err != nil {
		return nil, err
	}
	book, err := readBook(ctx, q, &bookScope{ids: idList(ids), codes: idList(codes)})
	if err != nil {
		return nil, err
	}
	checks, err := readChecks(ctx, q, "true")
	for i := range list {
		d := &list[i]
		d.Contacts, d.Recipients = book.contacts[d.Code], book.of(d.AccountID, d.Code, d.Email)
		for _, c := range checks {
			if c.AccountID == d.AccountID {
				d.Checks = append(d.Checks, c)
			}
		}
	}
	return list, err
}
