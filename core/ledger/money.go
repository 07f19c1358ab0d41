package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an exact amount in the minor unit of its currency (R9.1): 730.00 EUR is {73000, "EUR"},
// 500 JPY is {500, "JPY"}. Arithmetic is only defined within one currency.
type Money struct {
	Minor    int64
	Currency string
}

// digits lists the currencies of ISO 4217 whose minor unit is not a hundredth.
var digits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// Digits returns the number of decimal places of a currency by ISO 4217; 2 for one it does not know.
func Digits(currency string) int {
	if n, ok := digits[currency]; ok {
		return n
	}
	return 2
}

// ParseMoney reads a plain decimal such as "-1230.5" exactly. Places beyond the currency's minor
// unit are allowed only when they are zeros: an amount is never rounded on its way in.
func ParseMoney(s, currency string) (Money, error) {
	bad := func(why string) (Money, error) {
		return Money{}, fmt.Errorf("amount %q in %s: %s", s, currency, why)
	}
	t := strings.TrimSpace(s)
	neg := strings.HasPrefix(t, "-")
	t = strings.TrimPrefix(strings.TrimPrefix(t, "-"), "+")
	whole, frac, _ := strings.Cut(t, ".")
	if whole == "" && frac == "" {
		return bad("not a number")
	}
	places := Digits(currency)
	for len(frac) > places {
		if frac[len(frac)-1] != '0' {
			return bad("more decimal places than the currency has")
		}
		frac = frac[:len(frac)-1]
	}
	frac += strings.Repeat("0", places-len(frac))
	var n int64
	for _, c := range []byte(whole + frac) {
		if c < '0' || c > '9' {
			return bad("not a number")
		}
		if n > (math.MaxInt64-9)/10 {
			return bad("too large")
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return Money{n, currency}, nil
}

// Add returns the sum; both must be of one currency, as sums never mix currencies (R9.1).
func (m Money) Add(o Money) Money {
	if m.Currency == "" {
		return o
	}
	return Money{m.Minor + o.Minor, m.Currency}
}

// Abs returns the amount without its sign.
func (m Money) Abs() Money {
	if m.Minor < 0 {
		m.Minor = -m.Minor
	}
	return m
}

// Neg returns the amount with its sign turned.
func (m Money) Neg() Money { return Money{-m.Minor, m.Currency} }

// String returns the plain decimal with the currency's places, "730.00", without the currency.
func (m Money) String() string {
	places := Digits(m.Currency)
	s := strconv.FormatInt(m.Minor, 10)
	if places == 0 {
		return s
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for len(s) <= places {
		s = "0" + s
	}
	return sign + s[:len(s)-places] + "." + s[len(s)-places:]
}
