package store

import (
	"context"
	"database/sql"

	"dunlin/core/ledger"
)

// RateSample is one posted item in a foreign currency with its value in base currency: what it says about the
// direction in which AccountsIQ gives its rates (contract section 15).
type RateSample struct {
	Amount ledger.Money
	Base   string // plain decimal in base currency
}

// RateSamples returns the newest such item of each currency.
func (s *Store) RateSamples(ctx context.Context) (map[string]RateSample, error) {
	out := map[string]RateSample{}
	err := each(ctx, s.readers, func(r *sql.Rows) error {
		var x RateSample
		var id int64
		if err := r.Scan(&x.Amount.Currency, &x.Amount.Minor, &x.Base, &id); err != nil {
			return err
		}
		out[x.Amount.Currency] = x
		return nil
	}, "SELECT currency, amount, base_amount, max(id) FROM transactions WHERE amount <> 0 AND base_amount NOT IN ('', '0') AND currency <> '' GROUP BY currency")
	return out, s.fail("reading amounts in base currency", err)
}
