package chase

import (
	"cmp"
	"math"

	"dunlin/core/ledger"

	"github.com/shopspring/decimal"
)

// exchange compares amounts across currencies exactly, by the company's rates and its minimum.
type exchange struct {
	base    string
	minimum decimal.Decimal
	rates   map[string]decimal.Decimal
	floors  map[string]floor // by currency, reckoned once
}

// floor is the least outstanding of a currency, in minor units, that reaches the minimum.
type floor struct {
	minor int64
	known bool // false without a rate
}

func newExchange(c Company) *exchange {
	x := &exchange{base: c.Currency, rates: make(map[string]decimal.Decimal, len(c.Rates)), floors: map[string]floor{}}
	x.minimum, _ = plainDecimal(c.Minimum)
	for currency, text := range c.Rates {
		if rate, ok := plainDecimal(text); ok && rate.IsPositive() {
			x.rates[currency] = rate
		}
	}
	x.rates[c.Currency] = decimal.NewFromInt(1)
	return x
}

// plainDecimal reads digits with at most one point and a sign. Exponents are refused: a short text could
// stand for a number that fills the memory.
func plainDecimal(s string) (decimal.Decimal, bool) {
	if len(s) == 0 || len(s) > 40 {
		return decimal.Decimal{}, false
	}
	for i, c := range []byte(s) {
		if (c < '0' || c > '9') && c != '.' && !(i == 0 && c == '-') {
			return decimal.Decimal{}, false
		}
	}
	d, err := decimal.NewFromString(s)
	return d, err == nil
}

// belowMinimum reports outstanding < minimum x rate, unrounded (R2.2, 8), and whether a minimum could not
// be applied because the currency has no rate.
func (x *exchange) belowMinimum(m ledger.Money) (below, missingRate bool) {
	if !x.minimum.IsPositive() {
		return false, false
	}
	f, ok := x.floors[m.Currency]
	if !ok {
		f = x.floorOf(m.Currency)
		x.floors[m.Currency] = f
	}
	return f.known && m.Minor < f.minor, !f.known
}

// floorOf turns the comparison into one of whole minor units: an amount below a limit is below its ceiling.
func (x *exchange) floorOf(currency string) floor {
	rate, ok := x.rates[currency]
	if !ok {
		return floor{}
	}
	least := x.minimum.Mul(rate).Shift(int32(ledger.Digits(currency))).Ceil()
	if least.GreaterThan(decimal.NewFromInt(math.MaxInt64)) {
		return floor{math.MaxInt64, true}
	}
	return floor{least.IntPart(), true}
}

// compare orders two amounts by their value in base currency, exactly; one without a rate is worth
// nothing here (R4.3).
func (x *exchange) compare(a, b ledger.Money) int {
	rateA, okA := x.rates[a.Currency]
	rateB, okB := x.rates[b.Currency]
	switch {
	case !okA && !okB:
		return 0
	case okA && okB && a.Currency == b.Currency:
		return cmp.Compare(a.Minor, b.Minor)
	}
	left, right := decimal.Zero, decimal.Zero
	if okA {
		left = major(a).Mul(multiplier(rateB, okB))
	}
	if okB {
		right = major(b).Mul(multiplier(rateA, okA))
	}
	return left.Cmp(right)
}

// multiplier is the other side's rate in a cross-multiplied comparison, or 1 where it has none.
func multiplier(rate decimal.Decimal, known bool) decimal.Decimal {
	if !known {
		return decimal.NewFromInt(1)
	}
	return rate
}

func major(m ledger.Money) decimal.Decimal {
	return decimal.New(m.Minor, -int32(ledger.Digits(m.Currency)))
}
