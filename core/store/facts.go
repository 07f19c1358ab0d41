package store

import (
	"context"
	"database/sql"
	"errors"

	"dunlin/core/ledger"
)

// PlannerFacts reads everything from which the planner's input is made, in one snapshot.
func (s *Store) PlannerFacts(ctx context.Context) (f Facts, err error) {
	err = s.view(ctx, "reading what the planner needs", func(q querier) error {
		f, err = readFacts(ctx, q)
		return err
	})
	return f, err
}

func readFacts(ctx context.Context, q querier) (f Facts, err error) {
	if err := readFrame(ctx, q, &f); err != nil {
		return f, err
	}
	prefs, err := readInvoicePrefs(ctx, q, "")
	if err != nil {
		return f, err
	}
	if f.Open, err = readInvoiceFacts(ctx, q, prefs, "type IN "+receivableTypes+" AND "+isOpen+" AND outstanding > 0"); err != nil {
		return f, err
	}
	if f.Settled, err = readSettled(ctx, q, prefs); err != nil {
		return f, err
	}
	if f.History, err = readHistory(ctx, q, everybody); err != nil {
		return f, err
	}
	f.Customers, err = readCustomerFacts(ctx, q, everybody, concerned(f))
	return f, err
}

// readFrame reads the version and the company-wide facts.
func readFrame(ctx context.Context, q querier, f *Facts) (err error) {
	err = each(ctx, q, func(r *sql.Rows) error { return r.Scan(&f.Version, timeColumn{&f.LastRun}) },
		"SELECT n, (SELECT coalesce(max(started), 0) FROM runs) FROM version")
	if err != nil {
		return err
	}
	if f.Company, err = company(ctx, q); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if f.Currencies, err = currencies(ctx, q); err != nil {
		return err
	}
	if f.Settings, err = settings(ctx, q); err != nil {
		return err
	}
	f.Schedules, err = schedules(ctx, q)
	return err
}

// readInvoicePrefs reads the preferences of the invoices that have any, of all or under a condition.
func readInvoicePrefs(ctx context.Context, q querier, where string, args ...any) (map[int64]InvoicePrefs, error) {
	out := map[int64]InvoicePrefs{}
	return out, each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var p InvoicePrefs
		err := r.Scan(&id, &p.Stopped, &p.Disputed, dateColumn{&p.HoldUntil}, dateColumn{&p.Expected}, &p.Schedule.Set, &p.Schedule.Name, &p.Note)
		out[id] = p
		return err
	}, "SELECT transaction_id, stopped, disputed, hold_until, expected, schedule_set, schedule, note FROM invoice_prefs "+where, args...)
}

// readInvoiceFacts reads the receivables of a condition over transactions, by id.
func readInvoiceFacts(ctx context.Context, q querier, prefs map[int64]InvoicePrefs, where string) ([]InvoiceFacts, error) {
	// Counting first is cheaper than growing a list of 100,000 of them.
	n, err := one(ctx, q, scanID, "SELECT count(*) FROM transactions WHERE "+where)
	if err != nil {
		return nil, err
	}
	list := make([]InvoiceFacts, 0, n)
	err = each(ctx, q, func(r *sql.Rows) error {
		list = append(list, InvoiceFacts{})
		x := &list[len(list)-1]
		err := r.Scan(&x.TransactionID, &x.AccountID, &x.Number, (*string)(&x.Type), dateColumn{&x.Issued}, dateColumn{&x.Due},
			&x.Amount.Currency, &x.Amount.Minor, &x.Outstanding.Minor, &x.Disputed, &x.Reversed, &x.Missing)
		x.Outstanding.Currency = x.Amount.Currency
		x.Prefs = prefs[x.TransactionID]
		return err
	}, `SELECT id, account_id, number, type, issued, due, currency, amount, outstanding, disputed, reversed, missing <> 0
		FROM transactions WHERE `+where+" ORDER BY id")
	return list, err
}

// readSettled reads the settled receivables that were chased and not thanked for (R6.11), with the kind of
// items that settled them.
func readSettled(ctx context.Context, q querier, prefs map[int64]InvoicePrefs) ([]InvoiceFacts, error) {
	const listedIn = "id IN (SELECT i.transaction_id FROM message_invoices i JOIN messages m ON m.id = i.message WHERE "
	list, err := readInvoiceFacts(ctx, q, prefs, "type IN "+receivableTypes+" AND outstanding = 0 AND gone_at = 0 AND "+
		listedIn+isChase+") AND NOT "+listedIn+"m.kind = 'thanks' AND "+counts+")")
	if err != nil || len(list) == 0 {
		return list, err
	}
	return list, addPaidBy(ctx, q, list)
}

func addPaidBy(ctx context.Context, q querier, list []InvoiceFacts) error {
	paid, err := readPaidBy(ctx, q, idsOf(list))
	for i := range list {
		list[i].PaidBy = paid[list[i].TransactionID]
	}
	return err
}

func idsOf(list []InvoiceFacts) []int64 {
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.TransactionID
	}
	return ids
}

// readPaidBy says for each settled receivable whether a receipt had a part in settling it.
func readPaidBy(ctx context.Context, q querier, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	return out, each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var receipt bool
		err := r.Scan(&id, &receipt)
		out[id] = "credit"
		if receipt {
			out[id] = "receipt"
		}
		return err
	}, `SELECT a.id, max(o.type = 'SR') FROM (
			SELECT to_id AS id, from_id AS other FROM allocations WHERE to_id IN (SELECT value FROM json_each(?1))
			UNION ALL SELECT from_id, to_id FROM allocations WHERE from_id IN (SELECT value FROM json_each(?1))) a
		JOIN transactions o ON o.id = a.other GROUP BY a.id`, idList(ids))
}

// readHistory reads the messages to customers with their invoices, oldest first.
func readHistory(ctx context.Context, q querier, of scope) ([]HistoryMessage, error) {
	list, err := all(ctx, q, func(r *sql.Rows) (x HistoryMessage, err error) {
		return x, r.Scan(&x.ID, &x.MessageID, &x.AccountID, &x.Kind, &x.State, &x.Automatic, timeColumn{&x.At})
	}, "SELECT m.id, m.message_id, m.account_id, m.kind, m.state, m.automatic, "+sentAt+" AS at FROM messages m WHERE m.account_id <> 0"+of.and("m.account_id")+" ORDER BY at, m.id")
	if err != nil {
		return nil, err
	}
	place := make(map[string]int, len(list))
	for i, x := range list {
		place[x.ID] = i
	}
	return list, listed(ctx, q, of.where("message", "SELECT id FROM messages WHERE account_id IN "), func(message string, i MessageInvoice) {
		if at, ok := place[message]; ok {
			list[at].Invoices = append(list[at].Invoices, i)
		}
	})
}

// concerned returns the accounts that a receivable or a message belongs to.
func concerned(f Facts) map[int64]bool {
	out := map[int64]bool{}
	for _, list := range [][]InvoiceFacts{f.Open, f.Settled} {
		for _, x := range list {
			out[x.AccountID] = true
		}
	}
	for _, m := range f.History {
		out[m.AccountID] = true
	}
	return out
}

func readCustomerFacts(ctx context.Context, q querier, of scope, wanted map[int64]bool) (list []CustomerFacts, err error) {
	books, err := of.books(ctx, q)
	if err != nil {
		return nil, err
	}
	book, err := readBook(ctx, q, books)
	if err != nil {
		return nil, err
	}
	checks, err := readChecks(ctx, q, "b.reported <> b.ours"+of.and("b.account_id"))
	if err != nil {
		return nil, err
	}
	drift := map[int64][]ledger.Money{}
	for _, c := range checks {
		drift[c.AccountID] = append(drift[c.AccountID], c.Drift())
	}
	place := make(map[int64]int, len(wanted))
	err = each(ctx, q, func(r *sql.Rows) error {
		var c CustomerRow
		if err := scanCustomer(r, &c); err != nil || !wanted[c.AccountID] {
			return err
		}
		place[c.AccountID] = len(list)
		list = append(list, CustomerFacts{AccountID: c.AccountID, Code: c.Code, Name: c.Name, Active: c.Active, OnHold: c.OnHold,
			Prefs: c.Prefs, Recipients: book.of(c.AccountID, c.Code, c.Email), Drift: drift[c.AccountID]})
		return nil
	}, "SELECT "+readCustomer+" FROM customers c LEFT JOIN customer_prefs p ON p.account_id = c.account_id WHERE true"+of.and("c.account_id")+" ORDER BY c.account_id")
	if err != nil {
		return nil, err
	}
	return list, each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var kind ledger.TxType
		var m ledger.Money
		if err := r.Scan(&id, (*string)(&kind), &m.Currency, &m.Minor); err != nil {
			return err
		}
		if i, ok := place[id]; ok {
			list[i].addRest(kind, m)
		}
		return nil
	}, "SELECT account_id, type, currency, sum(outstanding) FROM transactions WHERE type NOT IN "+receivableTypes+" AND "+isOpen+
		of.and("account_id")+" GROUP BY account_id, type, currency ORDER BY account_id, currency, type")
}

// addRest adds the open sum of a type of items other than receivables; sums of one currency follow each other.
func (c *CustomerFacts) addRest(kind ledger.TxType, m ledger.Money) {
	to := &c.Credits
	switch kind {
	case ledger.SalesRefund:
		to = &c.Refunds
	case ledger.SalesFluctuation:
		to = &c.Fluctuations
	}
	if n := len(*to); n > 0 && (*to)[n-1].Currency == m.Currency {
		(*to)[n-1].Minor += m.Minor
		return
	}
	*to = append(*to, m)
}
