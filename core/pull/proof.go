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
	c := &comparison{p: p, accounts: accounts}
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
func (p *puller) toProve(ctx context.Context) (accounts map[int64]store.Account, all bool, err error) {
	all, err = p.since(ctx, Balances, daily)
	if err != nil {
		return nil, false, err
	}
	if all || p.report.Full {
		accounts, err = p.st.Accounts(ctx)
		return accounts, true, err
	}
	wanted := map[int64]bool{}
	if p.o.Depth != Light {
		sums, err := p.st.LedgerSums(ctx) // of whom an item was missed too
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
	if accounts, err = p.st.Accounts(ctx); err != nil {
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
	p        *puller
	accounts map[int64]store.Account
	on       ledger.Date
	ahead    map[int64]bool // accounts with items dated after on
	knows    bool           // AccountsIQ answered about anybody
}

// compare asks about some accounts. answered is false where AccountsIQ does not offer its balances. A day ahead that
// it does not take (a date mistyped by a century, say) is given up for today, and so are the customers concerned.
func (c *comparison) compare(ctx context.Context, accounts []int64) (checks []store.BalanceCheck, answered bool, err error) {
	reported, answered, err := c.reported(ctx, accounts)
	if errors.Is(err, accountsiq.Query) && c.p.o.Today.Before(c.on) {
		c.on = c.p.o.Today
		if c.ahead, err = c.p.st.DatedAfter(ctx, c.on); err != nil {
			return nil, false, err
		}
		reported, answered, err = c.reported(ctx, accounts)
	}
	if err != nil || !answered {
		return nil, answered, err
	}
	c.knows = c.knows || len(reported) > 0
	sums, err := c.p.st.LedgerSums(ctx, c.p.unanswered...)
	if err != nil {
		return nil, true, err
	}
	for _, id := range accounts {
		if c.ahead[id] || !c.knows {
			continue
		}
		more, err := c.of(ctx, id, reported[id], sums[id])
		if err != nil {
			return nil, true, err
		}
		checks = append(checks, more...)
	}
	return checks, true, nil
}

// of compares one customer. A currency that the answer leaves out counts as 0 (R2.2, 11), and so do all of a customer
// whom it leaves out while it knows others.
func (c *comparison) of(ctx context.Context, id int64, reported map[string]int64, ours []ledger.Money) (checks []store.BalanceCheck, err error) {
	reported = named(reported, ours, c.accounts[id].Currency)
	if inBase, err := c.saidInBase(ctx, id, reported, ours); err != nil || inBase {
		return nil, err
	}
	both := map[string]bool{}
	for currency := range reported {
		both[currency] = true
	}
	for _, m := range ours {
		both[m.Currency] = true
	}
	for currency := range both {
		checks = append(checks, store.BalanceCheck{AccountID: id, At: c.p.o.Now(),
			Reported: ledger.Money{Minor: reported[currency], Currency: currency}, Ours: ledger.Money{Minor: sumIn(ours, currency), Currency: currency}})
	}
	return checks, nil
}

// named gives a balance that came without a currency, and so as hundredths, the one currency of our items, else the
// customer's own.
func named(reported map[string]int64, ours []ledger.Money, own string) map[string]int64 {
	minor, bare := reported[""]
	if !bare {
		return reported
	}
	if len(ours) == 1 {
		own = ours[0].Currency
	}
	switch digits := ledger.Digits(own); digits {
	case 0:
		minor /= 100
	case 3, 4:
		minor *= [5]int64{3: 10, 4: 100}[digits]
	}
	return map[string]int64{own: minor}
}

// saidInBase tells whether AccountsIQ answered with the value of foreign items in base currency, which says nothing to
// the cent: all that is open is in other currencies, and worth about what it says.
func (c *comparison) saidInBase(ctx context.Context, id int64, reported map[string]int64, ours []ledger.Money) (bool, error) {
	if len(reported) != 1 || len(ours) == 0 {
		return false, nil
	}
	for currency, minor := range reported {
		if slices.ContainsFunc(ours, func(m ledger.Money) bool { return m.Currency == currency }) {
			return false, nil
		}
		value, err := c.p.st.ValueInBase(ctx, id)
		off := minor - value
		return 4*max(off, -off) <= max(value, -value), err
	}
	return false, nil
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
		if code := c.accounts[id].Code; strings.TrimSpace(code) != "" {
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

// again reads all items of the customers whose figures do not agree and compares those once more. A light pull does
// that once a day only for a difference that is the same as before, to the cent.
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

// suspects lists the accounts to read again.
func (c *comparison) suspects(ctx context.Context, checks []store.BalanceCheck) (accounts []int64, err error) {
	known, err := c.known(ctx)
	for _, x := range checks {
		if x.Drift().Minor != 0 && !known[driftOf(x)] && !slices.Contains(accounts, x.AccountID) {
			accounts = append(accounts, x.AccountID)
		}
	}
	slices.Sort(accounts)
	return accounts, err
}

type drift struct {
	account  int64
	currency string
	minor    int64
}

func driftOf(x store.BalanceCheck) drift {
	return drift{x.AccountID, x.Reported.Currency, x.Drift().Minor}
}

// known are the differences for which the items need not be read again.
func (c *comparison) known(ctx context.Context) (map[drift]bool, error) {
	if c.p.report.Full || c.p.o.Depth != Light {
		return nil, nil
	}
	due, err := c.p.since(ctx, Balances, daily)
	if err != nil || due {
		return nil, err
	}
	before, err := c.p.st.BalanceDifferences(ctx)
	known := map[drift]bool{}
	for _, x := range before {
		known[driftOf(x)] = true
	}
	return known, err
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

func sorted(accounts map[int64]store.Account) []int64 {
	ids := make([]int64, 0, len(accounts))
	for id := range accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
