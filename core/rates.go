package core

import (
	"context"

	"github.com/shopspring/decimal"

	"dunlin/core/ledger"
	"dunlin/core/store"
)

// keyRateDirection keeps which way round AccountsIQ gives its rates; the contract does not say (section 15).
const keyRateDirection = "rates.direction"

// The values of keyRateDirection.
const (
	foreignPerBase = "foreign_per_base" // 1 EUR = 1.10 USD is held as 1.10
	basePerForeign = "base_per_foreign" // ... as 0.909
)

// rateDirection compares the rates held now with what posted items are worth in base currency. Each currency
// has a vote; without any, or when they differ, the direction is not known: "".
func rateDirection(currencies []ledger.Currency, samples map[string]store.RateSample) string {
	found := ""
	for _, c := range currencies {
		sample, ok := samples[c.Code]
		rate, err := decimal.NewFromString(c.Rate)
		if c.Base || !ok || err != nil || !rate.IsPositive() {
			continue
		}
		vote := voteOn(rate, sample)
		if vote == "" {
			continue
		}
		if found != "" && found != vote {
			return ""
		}
		found = vote
	}
	return found
}

// voteOn says which direction explains one item. A rate near 1 explains both and has no vote.
func voteOn(rate decimal.Decimal, sample store.RateSample) string {
	base, err := decimal.NewFromString(sample.Base)
	if err != nil || base.IsZero() {
		return ""
	}
	amount, _ := decimal.NewFromString(sample.Amount.String())
	implied := amount.Abs().DivRound(base.Abs(), 12) // units of the currency for one of the base
	inverse := decimal.NewFromInt(1).DivRound(rate, 12)
	asIs, turned := distance(implied, rate), distance(implied, inverse)
	switch {
	case distance(rate, inverse).LessThan(decimal.RequireFromString("0.02")):
		return ""
	case asIs.LessThan(turned):
		return foreignPerBase
	case turned.LessThan(asIs):
		return basePerForeign
	}
	return ""
}

// distance is how far the quotient of two positive numbers is from 1, the same either way round.
func distance(x, y decimal.Decimal) decimal.Decimal {
	if x.IsZero() || y.IsZero() {
		return decimal.NewFromInt(1 << 30)
	}
	if x.LessThan(y) {
		x, y = y, x
	}
	return x.DivRound(y, 12).Sub(decimal.NewFromInt(1))
}

// rates gives the planner units of a currency for one unit of the base currency. Rates whose direction is not
// known are left out: a minimum is then not applied to that currency, and the missing rate is shown (R2.2, 8).
func rates(currencies []ledger.Currency, direction string) map[string]string {
	out := make(map[string]string, len(currencies))
	for _, c := range currencies {
		rate, err := decimal.NewFromString(c.Rate)
		if c.Base || err != nil || !rate.IsPositive() {
			continue
		}
		switch direction {
		case foreignPerBase:
			out[c.Code] = rate.String()
		case basePerForeign:
			out[c.Code] = decimal.NewFromInt(1).DivRound(rate, 12).String()
		}
	}
	return out
}

// settleRates looks at what the ledger says about the direction of the rates and keeps it.
func settleRates(ctx context.Context, st *store.Store) error {
	currencies, err := st.Currencies(ctx)
	if err != nil || len(currencies) < 2 {
		return err
	}
	samples, err := st.RateSamples(ctx)
	if err != nil {
		return err
	}
	direction := rateDirection(currencies, samples)
	have, _, err := st.Setting(ctx, keyRateDirection)
	if err != nil || direction == "" || direction == have {
		return err
	}
	return st.Tx(ctx, func(tx *store.Tx) error { return tx.SetSetting(ctx, keyRateDirection, direction) })
}
