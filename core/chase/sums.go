package chase

import (
	"slices"
	"strings"

	"dunlin/core/ledger"
)

// sums keeps one amount per currency, ordered by currency. Few customers have more than one.
type sums []ledger.Money

func (s *sums) add(m ledger.Money) {
	i, found := slices.BinarySearchFunc(*s, m.Currency, func(e ledger.Money, c string) int {
		return strings.Compare(e.Currency, c)
	})
	if found {
		(*s)[i].Minor += m.Minor
		return
	}
	*s = slices.Insert(*s, i, m)
}

func (s *sums) sub(m ledger.Money) { s.add(m.Neg()) }

func (s sums) of(currency string) int64 {
	for _, m := range s {
		if m.Currency == currency {
			return m.Minor
		}
	}
	return 0
}

// zero reports whether nothing is left in any currency.
func (s sums) zero() bool {
	return !slices.ContainsFunc(s, func(m ledger.Money) bool { return m.Minor != 0 })
}
