package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"dunlin/core/ledger"
)

// SetSetting stores a setting.
func (t *Tx) SetSetting(ctx context.Context, key, value string) error {
	_, err := t.touch(ctx, "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value", key, value)
	return err
}

// DeleteSetting removes a setting, so that its default holds again.
func (t *Tx) DeleteSetting(ctx context.Context, key string) error {
	_, err := t.touch(ctx, "DELETE FROM settings WHERE key = ?", key)
	return err
}

// Setting returns a setting and whether it was ever set.
func (s *Store) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT value FROM settings WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, s.fail("reading a setting", err)
}

// Settings returns all settings that were ever set.
func (s *Store) Settings(ctx context.Context) (map[string]string, error) {
	out, err := settings(ctx, s.readers)
	return out, s.fail("reading the settings", err)
}

func settings(ctx context.Context, q querier) (map[string]string, error) {
	out := map[string]string{}
	err := each(ctx, q, func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		out[key] = value
		return err
	}, "SELECT key, value FROM settings")
	return out, err
}

// SetWatermark records up to which instant something was read from AccountsIQ. It belongs into the
// transaction that stores what was read.
func (t *Tx) SetWatermark(ctx context.Context, name string, at time.Time, note string) error {
	_, err := t.exec(ctx, "INSERT INTO watermarks (name, at, note) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, note = excluded.note", name, millis(at), note)
	return err
}

// Watermark returns a watermark and its note, or ErrNotFound.
func (s *Store) Watermark(ctx context.Context, name string) (at time.Time, note string, err error) {
	err = s.readers.QueryRowContext(ctx, "SELECT at, note FROM watermarks WHERE name = ?", name).Scan(timeColumn{&at}, &note)
	return at, note, s.fail("reading a watermark", err)
}

// SetCompany stores what AccountsIQ says of the company.
func (t *Tx) SetCompany(ctx context.Context, c ledger.Company) error {
	_, err := t.touch(ctx, `INSERT INTO company (id, entity, name, base_currency, locale, country, email, consolidation) VALUES (1, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET (entity, name, base_currency, locale, country, email, consolidation)
			= (excluded.entity, excluded.name, excluded.base_currency, excluded.locale, excluded.country, excluded.email, excluded.consolidation)
		WHERE (entity, name, base_currency, locale, country, email, consolidation)
			IS NOT (excluded.entity, excluded.name, excluded.base_currency, excluded.locale, excluded.country, excluded.email, excluded.consolidation)`,
		c.ID, c.Name, c.BaseCurrency, c.Locale, c.Country, c.Email, c.Consolidation)
	return err
}

// Company returns the connected company, or ErrNotFound before the first connect.
func (s *Store) Company(ctx context.Context) (ledger.Company, error) {
	c, err := company(ctx, s.readers)
	return c, s.fail("reading the company", err)
}

func company(ctx context.Context, q querier) (ledger.Company, error) {
	return one(ctx, q, func(r *sql.Rows) (c ledger.Company, err error) {
		return c, r.Scan(&c.ID, &c.Name, &c.BaseCurrency, &c.Locale, &c.Country, &c.Email, &c.Consolidation)
	}, "SELECT entity, name, base_currency, locale, country, email, consolidation FROM company")
}

// SetCurrencies replaces the currencies of the books.
func (t *Tx) SetCurrencies(ctx context.Context, list []ledger.Currency) error {
	codes := make([]string, len(list))
	for i, c := range list {
		codes[i] = c.Code
		_, err := t.touch(ctx, `INSERT INTO currencies (code, rate, base) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET rate = excluded.rate, base = excluded.base WHERE rate <> excluded.rate OR base <> excluded.base`, c.Code, c.Rate, c.Base)
		if err != nil {
			return err
		}
	}
	_, err := t.touch(ctx, "DELETE FROM currencies WHERE code NOT IN (SELECT value FROM json_each(?))", idList(codes))
	return err
}

// Currencies returns the currencies of the books by code.
func (s *Store) Currencies(ctx context.Context) ([]ledger.Currency, error) {
	list, err := currencies(ctx, s.readers)
	return list, s.fail("reading the currencies", err)
}

func currencies(ctx context.Context, q querier) ([]ledger.Currency, error) {
	return all(ctx, q, func(r *sql.Rows) (c ledger.Currency, err error) {
		return c, r.Scan(&c.Code, &c.Rate, &c.Base)
	}, "SELECT code, rate, base FROM currencies ORDER BY code")
}

// SetCreditTerms replaces the credit terms and reckons the due dates that rest on them anew.
func (t *Tx) SetCreditTerms(ctx context.Context, list []ledger.CreditTerm) error {
	changed := 0
	codes := make([]string, len(list))
	for i, c := range list {
		codes[i] = c.Code
		n, err := t.touch(ctx, `INSERT INTO credit_terms (code, days, end_of_month) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET days = excluded.days, end_of_month = excluded.end_of_month
			WHERE days <> excluded.days OR end_of_month <> excluded.end_of_month`, c.Code, c.Days, c.EndOfMonth)
		if err != nil {
			return err
		}
		changed += n
	}
	n, err := t.touch(ctx, "DELETE FROM credit_terms WHERE code NOT IN (SELECT value FROM json_each(?))", idList(codes))
	if err != nil || changed+n == 0 {
		return err
	}
	return t.redate(ctx)
}

// CreditTerms returns the credit terms by code.
func (s *Store) CreditTerms(ctx context.Context) ([]ledger.CreditTerm, error) {
	list, err := creditTerms(ctx, s.readers)
	return list, s.fail("reading the credit terms", err)
}

func creditTerms(ctx context.Context, q querier) ([]ledger.CreditTerm, error) {
	return all(ctx, q, func(r *sql.Rows) (c ledger.CreditTerm, err error) {
		return c, r.Scan(&c.Code, &c.Days, &c.EndOfMonth)
	}, "SELECT code, days, end_of_month FROM credit_terms ORDER BY code")
}
