package store

import (
	"context"
	"database/sql"

	"dunlin/core/ledger"
)

// SetBalanceChecks replaces the balance checks of some accounts. An account without a check in the list has none
// afterwards: AccountsIQ said nothing about it.
func (t *Tx) SetBalanceChecks(ctx context.Context, accounts []int64, list []BalanceCheck) error {
	if len(accounts) == 0 {
		return nil
	}
	ids := idList(accounts)
	before, err := readChecks(ctx, t.tx, "b.reported <> b.ours AND b.account_id IN (SELECT value FROM json_each(?))", ids)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, "DELETE FROM balance_checks WHERE account_id IN (SELECT value FROM json_each(?))", ids); err != nil {
		return err
	}
	_, err = t.bulk(ctx, "INSERT INTO balance_checks (account_id, currency, reported, ours, at)", "", 5, len(list), func(i int, dst []any) []any {
		c := list[i]
		return append(dst, c.AccountID, c.Reported.Currency, c.Reported.Minor, c.Ours.Minor, millis(c.At))
	})
	// Only a new verdict changes what is chased; that the same was found again does not.
	t.touched = t.touched || !sameDrift(before, list)
	return err
}

func sameDrift(x, y []BalanceCheck) bool {
	type key struct {
		account  int64
		currency string
	}
	drift := map[key]int64{}
	for _, c := range x {
		drift[key{c.AccountID, c.Reported.Currency}] += c.Drift().Minor
	}
	for _, c := range y {
		drift[key{c.AccountID, c.Reported.Currency}] -= c.Drift().Minor
	}
	for _, d := range drift {
		if d != 0 {
			return false
		}
	}
	return true
}

// BalanceDifferences returns the checks in which AccountsIQ's balance was not our sum, by customer code.
func (s *Store) BalanceDifferences(ctx context.Context) ([]BalanceCheck, error) {
	list, err := readChecks(ctx, s.readers, "b.reported <> b.ours")
	return list, s.fail("reading the balances", err)
}

func readChecks(ctx context.Context, q querier, where string, args ...any) ([]BalanceCheck, error) {
	return all(ctx, q, func(r *sql.Rows) (c BalanceCheck, err error) {
		err = r.Scan(&c.AccountID, &c.Reported.Currency, &c.Reported.Minor, &c.Ours.Minor, timeColumn{&c.At}, &c.CustomerCode, &c.CustomerName)
		c.Ours.Currency = c.Reported.Currency
		return c, err
	}, `SELECT b.account_id, b.currency, b.reported, b.ours, b.at, coalesce(c.code, ''), coalesce(c.name, '')
		FROM balance_checks b LEFT JOIN customers c ON c.account_id = b.account_id WHERE `+where+`
		ORDER BY coalesce(c.code, ''), b.account_id, b.currency`, args...)
}

// LedgerSums adds up what is open by account and currency, credits less, of all types: what AccountsIQ's balance
// has to be. Items that AccountsIQ did not answer with the last time are left out, and so are the named ones.
func (s *Store) LedgerSums(ctx context.Context, without ...int64) (map[int64][]ledger.Money, error) {
	out := map[int64][]ledger.Money{}
	err := each(ctx, s.readers, func(r *sql.Rows) error {
		var id int64
		var m ledger.Money
		err := r.Scan(&id, &m.Currency, &m.Minor)
		out[id] = append(out[id], m)
		return err
	}, "SELECT account_id, currency, sum(CASE WHEN type IN "+creditTypes+" THEN -outstanding ELSE outstanding END) FROM transactions WHERE "+
		isOpen+" AND missing = 0 AND id NOT IN (SELECT value FROM json_each(?)) GROUP BY account_id, currency ORDER BY account_id, currency", idList(without))
	return out, s.fail("adding up the open items", err)
}

// LatestIssued is the latest issue date of any item; zero without items.
func (s *Store) LatestIssued(ctx context.Context) (d ledger.Date, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT coalesce(max(issued), '') FROM transactions WHERE gone_at = 0").Scan(dateColumn{&d})
	return d, s.fail("reading the items", err)
}

// DatedAfter returns the accounts that have an item issued after a day.
func (s *Store) DatedAfter(ctx context.Context, day ledger.Date) (map[int64]bool, error) {
	ids, err := all(ctx, s.readers, scanID, "SELECT DISTINCT account_id FROM transactions WHERE gone_at = 0 AND issued > ?", day.String())
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, s.fail("reading the items", err)
}

// Account is by what a customer is asked for.
type Account struct{ Code, Currency string }

// Accounts returns every customer of the last complete list and since, by account id.
func (s *Store) Accounts(ctx context.Context) (map[int64]Account, error) {
	out := map[int64]Account{}
	err := each(ctx, s.readers, func(r *sql.Rows) error {
		var id int64
		var a Account
		err := r.Scan(&id, &a.Code, &a.Currency)
		out[id] = a
		return err
	}, "SELECT account_id, code, currency FROM customers WHERE gone_at = 0 AND missing = 0")
	return out, s.fail("reading the customers", err)
}

// ValueInBase is about what a customer's open items are worth in base currency, credits less, in hundredths.
func (s *Store) ValueInBase(ctx context.Context, accountID int64) (n int64, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT coalesce(sum(CASE WHEN type IN "+creditTypes+" THEN -order_outstanding ELSE order_outstanding END), 0) FROM transactions WHERE account_id = ? AND "+
		isOpen+" AND missing = 0", accountID).Scan(&n)
	return n, s.fail("adding up the open items", err)
}

// creditSignKey is the setting that keeps the settled sign of credits.
const creditSignKey = "accountsiq.credit_sign"

// SetCreditSign keeps how AccountsIQ writes what is left of credits. Rows stored before stay as they are.
func (t *Tx) SetCreditSign(ctx context.Context, sign ledger.CreditSign) error {
	return t.SetSetting(ctx, creditSignKey, string(sign))
}

// CreditSign returns the settled sign of credits.
func (s *Store) CreditSign(ctx context.Context) (ledger.CreditSign, error) {
	sign, err := creditSign(ctx, s.readers)
	return sign, s.fail("reading the sign of credits", err)
}

func creditSign(ctx context.Context, q querier) (sign ledger.CreditSign, err error) {
	return sign, each(ctx, q, func(r *sql.Rows) error { return r.Scan((*string)(&sign)) }, "SELECT value FROM settings WHERE key = ?", creditSignKey)
}
