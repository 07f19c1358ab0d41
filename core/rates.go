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

// toBase returns the rates of the foreign currencies against the base currency, whichever way round AccountsIQ gives
// them. The base currency's own row says against what they are given: against the base currency itself when it is 1,
// else against some other one, and then only the quotient of two rows says anything. A row without a rate is left
// out; when that is the base currency's own, all are.
func toBase(currencies []ledger.Currency) map[string]decimal.Decimal {
	own := decimal.NewFromInt(1)
	rate := map[string]decimal.Decimal{}
	for _, c := range currencies {
		r, err := decimal.NewFromString(c.Rate)
		switch known := err == nil && r.IsPositive(); {
		case c.Base && !known:
			return nil
		case c.Base:
			own = r
		case known:
			rate[c.Code] = r
		}
	}
	for code, r := range rate {
		rate[code] = r.DivRound(own, 12)
	}
	return rate
}

// rateDirection compares the rates held now with what posted items are worth in base currency. Each currency
// has a vote; without any, or when they differ, the direction is not known: "".
func rateDirection(currencies []ledger.Currency, samples map[string]store.RateSample) string {
	found := ""
	for code, rate := range toBase(currencies) {
		sample, ok := samples[code]
		if !ok {
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
	for code, rate := range toBase(currencies) {
		switch direction {
		case foreignPerBase:
			out[code] = rate.String()
		case basePerForeign:
			out[code] = decimal.NewFromInt(1).DivRound(rate, 12).String()
		}
	}
	return out
}

// inBase adds amounts up in base currency, by units of each currency for one of the base. Currencies without a rate are
// left out and named.
func inBase(base string, amounts []ledger.Money, rates map[string]string) (sum ledger.Money, without []string) {
	total := decimal.Zero
	for _, m := range amounts {
		value, err := decimal.NewFromString(m.String())
		if err != nil {
			continue
		}
		if m.Currency != base {
			rate, err := decimal.NewFromString(rates[m.Currency])
			if err != nil || !rate.IsPositive() {
				without = append(without, m.Currency)
				continue
			}
			value = value.DivRound(rate, 12)
		}
		total = total.Add(value)
	}
	digits := int32(ledger.Digits(base))
	return ledger.Money{Minor: total.Round(digits).Shift(digits).IntPart(), Currency: base}, without
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
