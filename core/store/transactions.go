package store

import (
	"context"
	"database/sql"
	"math/bits"
	"slices"
	"strings"

	"dunlin/core/ledger"
)

// receivableTypes and creditTypes are ledger.TxType.Receivable and Credit in SQL. They are literals so that
// the query planner can match them with the conditions of partial indexes.
const (
	receivableTypes = "('SI', 'SD')"
	creditTypes     = "('SN', 'SR', 'SC', 'DS')"
	isOpen          = "outstanding <> 0 AND gone_at = 0" // the condition of transactions_open
)

const transactionColumns = `id, account_id, account_code, type, document_id, batch, number, reference, currency, amount, outstanding, base_amount,
	issued, due, created, disputed, reversed, due_from_terms, first_seen, closed_on, folded, order_amount, order_outstanding`

// upsertTransaction leaves a row alone that is equal to what is stored, so that it does not count as changed.
const upsertTransaction = `ON CONFLICT DO UPDATE SET
	account_id = excluded.account_id, account_code = excluded.account_code, type = excluded.type, document_id = excluded.document_id,
	batch = excluded.batch, number = excluded.number, reference = excluded.reference, currency = excluded.currency,
	amount = excluded.amount, outstanding = excluded.outstanding, base_amount = excluded.base_amount, issued = excluded.issued,
	due = excluded.due, created = excluded.created, disputed = excluded.disputed, reversed = excluded.reversed,
	due_from_terms = excluded.due_from_terms, folded = excluded.folded, order_amount = excluded.order_amount,
	order_outstanding = excluded.order_outstanding, gone_at = 0,
	closed_on = CASE WHEN excluded.outstanding <> 0 THEN '' WHEN outstanding = 0 AND closed_on <> '' THEN closed_on ELSE excluded.first_seen END
	WHERE outstanding <> excluded.outstanding OR gone_at <> 0
	OR (account_id, account_code, type, document_id, batch, number, reference, currency, amount, base_amount,
		issued, due, created, disputed, reversed, due_from_terms)
	IS NOT (excluded.account_id, excluded.account_code, excluded.type, excluded.document_id, excluded.batch, excluded.number,
		excluded.reference, excluded.currency, excluded.amount, excluded.base_amount, excluded.issued, excluded.due,
		excluded.created, excluded.disputed, excluded.reversed, excluded.due_from_terms)`

// UpsertTransactions stores transactions by id; today is the local date on which they were read. Gaps of a
// row are filled from its customer, so customers and credit terms come first: a receivable without a due
// date gets that of the credit term, and a row without a currency the customer's, its amounts being taken
// as hundredths then. Remainders of credits come with the sign that was sent and are stored positive. A row that was missing or gone is back.
func (t *Tx) UpsertTransactions(ctx context.Context, rows []ledger.Transaction, today ledger.Date) (Counts, error) {
	return t.upsertTransactions(ctx, rows, today, func(ledger.Transaction) string { return today.String() })
}

// UpsertHistory is UpsertTransactions for a load of everything. An item that is settled already when it is new here
// was settled on the day of its last match, which matched returns as far as it is known, else on the day it was
// issued: a first load must not make its whole history look settled today.
func (t *Tx) UpsertHistory(ctx context.Context, rows []ledger.Transaction, today ledger.Date, matched func(id int64) ledger.Date) (Counts, error) {
	return t.upsertTransactions(ctx, rows, today, func(r ledger.Transaction) string {
		for _, day := range []ledger.Date{matched(r.ID), r.Issued} {
			if !day.IsZero() {
				return day.String()
			}
		}
		return today.String()
	})
}

// upsertTransactions takes the day on which an item that is new here was settled from settled.
func (t *Tx) upsertTransactions(ctx context.Context, rows []ledger.Transaction, today ledger.Date, settled func(ledger.Transaction) string) (Counts, error) {
	if len(rows) == 0 {
		return Counts{}, nil
	}
	filler, err := readFiller(ctx, t.tx, rows)
	if err != nil {
		return Counts{}, err
	}
	if err := t.found(ctx, rows); err != nil {
		return Counts{}, err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	before, err := t.stored(ctx, "transactions", ids)
	if err != nil {
		return Counts{}, err
	}
	day := today.String()
	touched, err := t.bulk(ctx, "INSERT INTO transactions ("+transactionColumns+")", upsertTransaction, 23, len(rows), func(i int, dst []any) []any {
		return filler.columns(dst, rows[i], day, settled)
	})
	if err != nil {
		return Counts{}, err
	}
	after, err := t.stored(ctx, "transactions", ids)
	if err != nil {
		return Counts{}, err
	}
	t.touched = t.touched || touched > 0
	return Counts{New: after - before, Changed: touched - (after - before)}, nil
}

// fewRows is up to how many rows each is looked for by its id, instead of going through all that are there.
const fewRows = 1000

// stored counts the rows of a table that have one of these ids, and with many ids those in between as well: it is the
// difference between before and after that tells how many are new.
func (t *Tx) stored(ctx context.Context, table string, ids []int64) (int, error) {
	if len(ids) < fewRows {
		return t.count(ctx, "SELECT count(*) FROM "+table+" WHERE id IN (SELECT value FROM json_each(?))", idList(ids))
	}
	return t.count(ctx, "SELECT count(*) FROM "+table+" WHERE id BETWEEN ? AND ?", slices.Min(ids), slices.Max(ids))
}

func (t *Tx) count(ctx context.Context, query string, args ...any) (n int, err error) {
	return n, t.tx.QueryRowContext(ctx, query, args...).Scan(&n)
}

// found forgets the looks in which rows were missing that are there again.
func (t *Tx) found(ctx context.Context, rows []ledger.Transaction) error {
	missing, err := all(ctx, t.tx, scanID, "SELECT id FROM transactions WHERE missing <> 0")
	if err != nil || len(missing) == 0 {
		return err
	}
	was := make(map[int64]bool, len(missing))
	for _, id := range missing {
		was[id] = true
	}
	var back []int64
	for _, r := range rows {
		if was[r.ID] {
			back = append(back, r.ID)
		}
	}
	_, err = t.touch(ctx, "UPDATE transactions SET missing = 0 WHERE id IN (SELECT value FROM json_each(?))", idList(back))
	return err
}

// MarkMissing records that AccountsIQ was asked for these transactions and did not answer with them. The
// second such look in a row makes them gone; it returns how many (contract 10.2, step 8).
func (t *Tx) MarkMissing(ctx context.Context, ids []int64) (gone int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	list := idList(ids)
	_, err = t.touch(ctx, "UPDATE transactions SET missing = missing + 1 WHERE gone_at = 0 AND id IN (SELECT value FROM json_each(?))", list)
	if err != nil {
		return 0, err
	}
	return t.touch(ctx, "UPDATE transactions SET gone_at = ? WHERE gone_at = 0 AND missing >= 2 AND id IN (SELECT value FROM json_each(?))", millis(t.s.now()), list)
}

// account is what a transaction takes from its customer.
type account struct{ currency, term string }

// filler fills the gaps of transactions.
type filler struct {
	base     string // base currency
	sign     ledger.CreditSign
	accounts map[int64]account
	terms    map[string]ledger.CreditTerm
}

// readFiller reads what the gaps of these rows are filled from; nil stands for all customers.
func readFiller(ctx context.Context, q querier, rows []ledger.Transaction) (filler, error) {
	f := filler{accounts: map[int64]account{}, terms: map[string]ledger.CreditTerm{}}
	if c, err := company(ctx, q); err == nil {
		f.base = c.BaseCurrency
	} else if err != sql.ErrNoRows {
		return f, err
	}
	var err error
	if f.sign, err = creditSign(ctx, q); err != nil {
		return f, err
	}
	terms, err := creditTerms(ctx, q)
	if err != nil {
		return f, err
	}
	for _, term := range terms {
		f.terms[term.Code] = term
	}
	of, args := "", []any(nil)
	if rows != nil && len(rows) < fewRows { // beyond, most customers are among them
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.AccountID
		}
		of, args = " WHERE account_id IN (SELECT value FROM json_each(?))", []any{idList(ids)}
	}
	return f, each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var a account
		err := r.Scan(&id, &a.currency, &a.term)
		f.accounts[id] = a
		return err
	}, "SELECT account_id, currency, credit_term_id FROM customers"+of, args...)
}

// columns appends the columns of transactionColumns.
func (f filler) columns(dst []any, r ledger.Transaction, today string, settled func(ledger.Transaction) string) []any {
	amount, outstanding := f.money(r)
	if r.Type.Credit() {
		outstanding = f.sign.Remainder(outstanding)
	}
	due, fromTerms := r.Due, r.Due.IsZero() && r.Type.Receivable()
	if fromTerms {
		due = f.due(r)
	}
	closed := ""
	if outstanding.Minor == 0 {
		closed = settled(r)
	}
	value, rest := f.order(amount, outstanding, r.BaseAmount)
	return append(dst, r.ID, r.AccountID, r.AccountCode, string(r.Type), r.DocumentID, r.Batch, r.Number, r.Reference,
		amount.Currency, amount.Minor, outstanding.Minor, r.BaseAmount, r.Issued.String(), due.String(), r.Created.String(),
		r.Disputed, r.Reversed, fromTerms, today, closed, foldTransaction(r.Number, r.Reference, amount, outstanding), value, rest)
}

func foldTransaction(number, reference string, amount, outstanding ledger.Money) string {
	if amount == outstanding || outstanding.Minor == 0 {
		return fold(number, reference, amount.String())
	}
	return fold(number, reference, amount.String(), outstanding.String())
}

// due is the due date by the customer's credit term; none when the customer or the term is not known.
func (f filler) due(r ledger.Transaction) ledger.Date {
	term, ok := f.terms[f.accounts[r.AccountID].term]
	if !ok || r.Issued.IsZero() {
		return ledger.Date{}
	}
	return term.DueDate(r.Issued)
}

// money returns amount and outstanding with their currency. Without one they are in hundredths, which is
// not what every currency has.
func (f filler) money(r ledger.Transaction) (amount, outstanding ledger.Money) {
	if r.Amount.Currency != "" {
		return r.Amount, r.Outstanding
	}
	currency := f.accounts[r.AccountID].currency
	if currency == "" {
		currency = f.base
	}
	return rescale(r.Amount.Minor, currency), rescale(r.Outstanding.Minor, currency)
}

// rescale makes an amount of hundredths one of the currency, rounding half away from zero.
func rescale(hundredths int64, currency string) ledger.Money {
	switch n := hundredths; ledger.Digits(currency) {
	case 0:
		if n < 0 {
			return ledger.Money{Minor: (n - 50) / 100, Currency: currency}
		}
		return ledger.Money{Minor: (n + 50) / 100, Currency: currency}
	case 3:
		return ledger.Money{Minor: n * 10, Currency: currency}
	case 4:
		return ledger.Money{Minor: n * 100, Currency: currency}
	}
	return ledger.Money{Minor: hundredths, Currency: currency}
}

// order returns about the value of amount and outstanding in hundredths of the base currency, by which rows
// of different currencies are ordered. Without a base amount the amount itself has to do.
func (f filler) order(amount, outstanding ledger.Money, base string) (value, rest int64) {
	value = hundredths(amount)
	if base != "" {
		whole, cents, _ := strings.Cut(base, ".")
		if m, err := ledger.ParseMoney(whole+"."+(cents + "00")[:2], "EUR"); err == nil {
			value = m.Abs().Minor
		}
	}
	return value, share(value, outstanding.Minor, amount.Minor)
}

func hundredths(m ledger.Money) int64 {
	n := m.Minor
	for d := ledger.Digits(m.Currency); d != 2; {
		if d < 2 {
			n, d = n*10, d+1
		} else {
			n, d = n/10, d-1
		}
	}
	return n
}

// share returns value * part / whole, all taken without their sign, or value where that has no sense.
func share(value, part, whole int64) int64 {
	v, p, w := magnitude(value), magnitude(part), magnitude(whole)
	if w == 0 {
		return value
	}
	hi, lo := bits.Mul64(v, p)
	if hi >= w {
		return value
	}
	quotient, _ := bits.Div64(hi, lo, w)
	if quotient > 1<<62 {
		return value
	}
	return int64(quotient)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// redate reckons anew the due dates that AccountsIQ left out, after terms or customers changed.
func (t *Tx) redate(ctx context.Context) error {
	f, err := readFiller(ctx, t.tx, nil)
	if err != nil {
		return err
	}
	type row struct {
		ledger.Transaction
		due string
	}
	rows, err := all(ctx, t.tx, func(r *sql.Rows) (x row, err error) {
		return x, r.Scan(&x.ID, &x.AccountID, dateColumn{&x.Issued}, &x.due)
	}, "SELECT id, account_id, issued, due FROM transactions WHERE due_from_terms = 1")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if due := f.due(r.Transaction).String(); due != r.due {
			if _, err := t.touch(ctx, "UPDATE transactions SET due = ? WHERE id = ?", due, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// UpsertAllocations stores allocations by id.
func (t *Tx) UpsertAllocations(ctx context.Context, list []ledger.Allocation) (Counts, error) {
	if len(list) == 0 {
		return Counts{}, nil
	}
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	before, err := t.stored(ctx, "allocations", ids)
	if err != nil {
		return Counts{}, err
	}
	touched, err := t.bulk(ctx, "INSERT INTO allocations (id, from_id, to_id, amount, date, created)", `ON CONFLICT DO UPDATE SET
		amount = excluded.amount, date = excluded.date, created = excluded.created
		WHERE (amount, date, created) IS NOT (excluded.amount, excluded.date, excluded.created)`,
		6, len(list), func(i int, dst []any) []any {
			a := list[i]
			return append(dst, a.ID, a.From, a.To, a.Amount, a.Date.String(), a.Created.String())
		})
	if err != nil {
		return Counts{}, err
	}
	after, err := t.stored(ctx, "allocations", ids)
	if err != nil {
		return Counts{}, err
	}
	t.touched = t.touched || touched > 0
	return Counts{New: after - before, Changed: touched - (after - before)}, nil
}

// OpenTransactionIDs returns the ids of all items with something outstanding, of every type, in order.
func (s *Store) OpenTransactionIDs(ctx context.Context) ([]int64, error) {
	ids, err := all(ctx, s.readers, scanID, "SELECT id FROM transactions WHERE "+isOpen+" ORDER BY +id") // the plus keeps SQLite to the index of open items
	return ids, s.fail("reading the open items", err)
}

// ClosedSince returns the ids of the items that were first seen settled on the date or later, in order.
func (s *Store) ClosedSince(ctx context.Context, since ledger.Date) ([]int64, error) {
	ids, err := all(ctx, s.readers, scanID, "SELECT id FROM transactions WHERE closed_on <> '' AND closed_on >= ? AND gone_at = 0 ORDER BY +id", since.String())
	return ids, s.fail("reading the settled items", err)
}

// KnownItems counts the items that OpenTransactionIDs and ClosedSince return, up to a limit.
func (s *Store) KnownItems(ctx context.Context, since ledger.Date, limit int) (n int, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM transactions WHERE "+isOpen+
		" UNION ALL SELECT 1 FROM transactions WHERE closed_on <> '' AND closed_on >= ? AND gone_at = 0 LIMIT ?)", since.String(), limit).Scan(&n)
	return n, s.fail("counting the open items", err)
}

// TransactionsOfDocuments returns the ids of the transactions of documents (contract 10.2, step 6), in order.
func (s *Store) TransactionsOfDocuments(ctx context.Context, documentIDs []int64) ([]int64, error) {
	if len(documentIDs) == 0 {
		return nil, nil
	}
	ids, err := all(ctx, s.readers, scanID, "SELECT id FROM transactions WHERE document_id <> 0 AND document_id IN (SELECT value FROM json_each(?)) ORDER BY id", idList(documentIDs))
	return ids, s.fail("reading the items of documents", err)
}

// CustomerOpenItems returns all of a customer's items with something outstanding, by issue date: receivables
// and credits.
func (s *Store) CustomerOpenItems(ctx context.Context, accountID int64) ([]ledger.Transaction, error) {
	list, err := all(ctx, s.readers, func(r *sql.Rows) (x ledger.Transaction, err error) {
		return x, scanTransaction(r, &x)
	}, "SELECT "+readTransaction+" FROM transactions t WHERE account_id = ? AND "+isOpen+" ORDER BY issued, id", accountID)
	return list, s.fail("reading a customer's open items", err)
}

// readTransaction lists what scanTransaction reads, of a table called t.
const readTransaction = `t.id, t.account_id, t.account_code, t.type, t.document_id, t.batch, t.number, t.reference, t.currency, t.amount,
	t.outstanding, t.base_amount, t.issued, t.due, t.created, t.disputed, t.reversed`

func scanTransaction(r *sql.Rows, x *ledger.Transaction, more ...any) error {
	to := append([]any{&x.ID, &x.AccountID, &x.AccountCode, (*string)(&x.Type), &x.DocumentID, &x.Batch, &x.Number, &x.Reference,
		&x.Amount.Currency, &x.Amount.Minor, &x.Outstanding.Minor, &x.BaseAmount, dateColumn{&x.Issued}, dateColumn{&x.Due},
		dateColumn{&x.Created}, &x.Disputed, &x.Reversed}, more...)
	err := r.Scan(to...)
	x.Outstanding.Currency = x.Amount.Currency
	return err
}

// AllocationsOf returns what was matched with a transaction, by date, with the other side.
func (s *Store) AllocationsOf(ctx context.Context, transactionID int64) ([]AllocationRow, error) {
	list, err := all(ctx, s.readers, func(r *sql.Rows) (x AllocationRow, err error) {
		return x, r.Scan(&x.ID, &x.From, &x.To, &x.Amount, dateColumn{&x.Date}, dateColumn{&x.Created}, &x.OtherID,
			(*string)(&x.OtherType), &x.OtherNumber, dateColumn{&x.OtherIssued}, &x.Currency)
	}, `SELECT a.id, a.from_id, a.to_id, a.amount, a.date, a.created, a.other,
			coalesce(o.type, ''), coalesce(o.number, ''), coalesce(o.issued, ''), coalesce(t.currency, '')
		FROM (SELECT *, to_id AS other FROM allocations WHERE from_id = ?1
			UNION ALL SELECT *, from_id FROM allocations WHERE to_id = ?1 AND from_id <> ?1) a
		LEFT JOIN transactions o ON o.id = a.other
		LEFT JOIN transactions t ON t.id = ?1
		ORDER BY a.date, a.id`, transactionID)
	return list, s.fail("reading the allocations", err)
}
