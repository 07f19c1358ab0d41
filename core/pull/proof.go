package pull

import (
	"context"
	"errors"
	"slices"
	"strings"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// accountsInOneRead bounds the customers whose items are read again with one question.
const accountsInOneRead = 50

// prove compares AccountsIQ's balances with the sums of the open items here (contract 10.2, step 9). A customer whose
// figures do not agree is read again whole; if they still do not, both figures are kept. On the way it settles which
// sign the remainders of credits have.
//
// Both figures are kept as they were at the comparison: a payment that is read later changes our sum and says nothing
// about the proof.
func (p *puller) prove(ctx context.Context) error {
	accounts, all, err := p.toProve(ctx)
	if err != nil || len(accounts) == 0 {
		return err
	}
	p.o.Progress(StageBalances, 0, len(accounts))
	c := &comparison{p: p, codes: accounts}
	if c.on, err = p.balanceDay(ctx); err != nil {
		return err
	}
	checks, answered, err := c.compare(ctx, sorted(accounts))
	if err != nil || !answered {
		return err
	}
	if err := p.settleSign(ctx, c, checks); err != nil {
		return err
	}
	if checks, err = c.again(ctx, checks); err != nil {
		return err
	}
	err = p.st.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.SetBalanceChecks(ctx, sorted(accounts), checks); err != nil || !all {
			return err
		}
		return p.mark(ctx, tx, p.o.Now(), Balances)
	})
	if err != nil {
		return err
	}
	p.report.Differences, err = p.st.BalanceDifferences(ctx)
	return err
}

// toProve lists the customers to ask about by account, with their codes: all of them once a day and after a load of
// everything, those who owe on a thorough pull, and always those whose figures differed.
func (p *puller) toProve(ctx context.Context) (accounts map[int64]string, all bool, err error) {
	all, err = p.since(ctx, Balances, daily)
	if err != nil {
		return nil, false, err
	}
	if all || p.report.Full {
		accounts, err = p.st.Codes(ctx)
		return accounts, true, err
	}
	wanted := map[int64]bool{}
	if p.o.Depth != Light {
		sums, err := p.st.LedgerSums(ctx)
		if err != nil {
			return nil, false, err
		}
		for id := range sums {
			wanted[id] = true
		}
	}
	before, err := p.st.BalanceDifferences(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, c := range before {
		wanted[c.AccountID] = true
	}
	if len(wanted) == 0 {
		return nil, false, nil
	}
	if accounts, err = p.st.Codes(ctx); err != nil {
		return nil, false, err
	}
	for id := range accounts {
		if !wanted[id] {
			delete(accounts, id)
		}
	}
	return accounts, false, nil
}

// balanceDay is the day at whose end the balances are asked for: today, or later when items carry a later date, for
// the sum of our items holds those too.
func (p *puller) balanceDay(ctx context.Context) (ledger.Date, error) {
	last, err := p.st.LatestIssued(ctx)
	if err != nil || last.Before(p.o.Today) {
		return p.o.Today, err
	}
	return last, nil
}

// comparison asks for balances and holds them against our sums.
type comparison struct {
	p     *puller
	codes map[int64]string
	on    ledger.Date
}

// compare asks about some accounts. answered is false where AccountsIQ does not offer its balances.
func (c *comparison) compare(ctx context.Context, accounts []int64) (checks []store.BalanceCheck, answered bool, err error) {
	reported, answered, err := c.reported(ctx, accounts)
	if err != nil || !answered {
		return nil, answered, err
	}
	sums, err := c.p.st.LedgerSums(ctx)
	if err != nil {
		return nil, true, err
	}
	for _, id := range accounts {
		for currency, minor := range reported[id] {
			if !comparable(currency, sums[id]) {
				continue
			}
			checks = append(checks, store.BalanceCheck{AccountID: id, At: c.p.o.Now(),
				Reported: ledger.Money{Minor: minor, Currency: currency}, Ours: ledger.Money{Minor: sumIn(sums[id], currency), Currency: currency}})
		}
	}
	return checks, true, nil
}

// comparable tells whether a balance in a currency says anything about our items: not when all that is open is in
// others, for then AccountsIQ speaks of its value in base currency.
func comparable(currency string, ours []ledger.Money) bool {
	return len(ours) == 0 || slices.ContainsFunc(ours, func(m ledger.Money) bool { return m.Currency == currency })
}

func sumIn(sums []ledger.Money, currency string) int64 {
	for _, m := range sums {
		if m.Currency == currency {
			return m.Minor
		}
	}
	return 0
}

// reported asks AccountsIQ for the balances of some accounts, by account and currency. Accounts are known by their id;
// answers that name none are placed by the code.
func (c *comparison) reported(ctx context.Context, accounts []int64) (out map[int64]map[string]int64, answered bool, err error) {
	byCode := map[string]int64{}
	var codes []string
	for _, id := range accounts {
		if code := c.codes[id]; strings.TrimSpace(code) != "" {
			byCode[code] = id
			codes = append(codes, code)
		}
	}
	out = map[int64]map[string]int64{}
	done := 0
	for lot := range slices.Chunk(codes, lotSize) {
		var rows []ledger.Balance
		answered, err = c.p.optional(ctx, "balances", func() (err error) { rows, err = c.lot(ctx, lot); return err }, accountsiq.Permission)
		if err != nil || !answered {
			return nil, answered, err
		}
		for _, b := range rows {
			id := b.AccountID
			if id == 0 {
				id = byCode[b.Code]
			}
			if out[id] == nil {
				out[id] = map[string]int64{}
			}
			out[id][b.Amount.Currency] += b.Amount.Minor
		}
		done += len(lot)
		c.p.o.Progress(StageBalances, done, len(codes))
	}
	return out, true, nil
}

// lot asks about some codes at once. A list that is too long, or holds a customer who was deleted meanwhile, is halved
// until it is taken.
func (c *comparison) lot(ctx context.Context, codes []string) (rows []ledger.Balance, err error) {
	err = c.p.src.Balances(ctx, c.on, codes, func(b ledger.Balance) error {
		rows = append(rows, b)
		return nil
	})
	gone := errors.Is(err, accountsiq.Gone)
	switch {
	case gone && len(codes) == 1:
		return nil, nil
	case !gone && !errors.Is(err, accountsiq.QueryTooBig) || len(codes) == 1:
		return rows, err
	}
	first, err := c.lot(ctx, codes[:len(codes)/2])
	if err != nil {
		return nil, err
	}
	second, err := c.lot(ctx, codes[len(codes)/2:])
	return append(first, second...), err
}

// again reads all items of the customers whose figures do not agree and compares those once more. A difference that
// was there before, to the cent, was read again already: that is repeated once a day only.
func (c *comparison) again(ctx context.Context, checks []store.BalanceCheck) ([]store.BalanceCheck, error) {
	suspects, err := c.suspects(ctx, checks)
	if err != nil || len(suspects) == 0 {
		return checks, err
	}
	done := 0
	for lot := range slices.Chunk(suspects, accountsInOneRead) {
		c.p.o.Progress(StageRecheck, done, len(suspects))
		if err := c.reload(ctx, lot); err != nil {
			return nil, err
		}
		done += len(lot)
	}
	second, answered, err := c.compare(ctx, suspects)
	if err != nil || !answered {
		return checks, err
	}
	settled := slices.DeleteFunc(checks, func(x store.BalanceCheck) bool { return slices.Contains(suspects, x.AccountID) })
	return append(settled, second...), nil
}

func (c *comparison) suspects(ctx context.Context, checks []store.BalanceCheck) (accounts []int64, err error) {
	type key struct {
		account  int64
		currency string
		drift    int64
	}
	known := map[key]bool{}
	if !c.p.report.Full {
		fresh, err := c.p.since(ctx, Balances, daily)
		if err != nil {
			return nil, err
		}
		before, err := c.p.st.BalanceDifferences(ctx)
		if err != nil {
			return nil, err
		}
		for _, x := range before {
			known[key{x.AccountID, x.Reported.Currency, x.Drift().Minor}] = !fresh
		}
	}
	for _, x := range checks {
		if d := x.Drift().Minor; d != 0 && !known[key{x.AccountID, x.Reported.Currency, d}] && !slices.Contains(accounts, x.AccountID) {
			accounts = append(accounts, x.AccountID)
		}
	}
	slices.Sort(accounts)
	return accounts, nil
}

// reload reads all items of some customers. Open ones that do not come back are missing.
func (c *comparison) reload(ctx context.Context, accounts []int64) error {
	p := c.p
	found := map[int64]ledger.Transaction{}
	err := p.whole(ctx, accountsiq.TransactionQuery{AccountIDs: accounts}, func(rows []ledger.Transaction) error {
		for _, t := range rows {
			found[t.ID] = t
		}
		return nil
	})
	if errors.Is(err, accountsiq.QueryTooBig) && len(accounts) > 1 {
		if err := c.reload(ctx, accounts[:len(accounts)/2]); err != nil {
			return err
		}
		return c.reload(ctx, accounts[len(accounts)/2:])
	}
	if err != nil {
		return wrap("reading a customer again", err)
	}
	var missing []int64
	for _, id := range accounts {
		open, err := p.st.CustomerOpenItems(ctx, id)
		if err != nil {
			return err
		}
		for _, t := range open {
			if _, there := found[t.ID]; !there {
				missing = append(missing, t.ID)
			}
		}
	}
	now, err := p.rematched(ctx, values(found), nil)
	if err != nil {
		return wrap("reading what was un-matched", err)
	}
	return p.st.Tx(ctx, func(tx *store.Tx) error {
		if err := p.storeItems(ctx, tx, values(found), p.firstMissed(missing)); err != nil {
			return err
		}
		return p.storeMatches(ctx, tx, nil, now)
	})
}

// firstMissed leaves out what was missed in this pull already: one pull is one look.
func (p *puller) firstMissed(ids []int64) []int64 {
	return slices.DeleteFunc(ids, func(id int64) bool {
		before := p.missed[id]
		p.missed[id] = true
		return before
	})
}

func sorted(accounts map[int64]string) []int64 {
	ids := make([]int64, 0, len(accounts))
	for id := range accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
