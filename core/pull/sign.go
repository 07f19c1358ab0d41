package pull

import (
	"context"
	"slices"

	"dunlin/core/ledger"
	"dunlin/core/store"
)

// noteCredits remembers open credits as they were sent, as long as it is not settled what their sign means.
func (p *puller) noteCredits(rows []ledger.Transaction) {
	if p.sign != ledger.SignUnknown {
		return
	}
	if p.credits == nil {
		p.credits = map[int64]ledger.Transaction{}
	}
	for _, t := range rows {
		delete(p.credits, t.ID)
		if t.Type.Credit() && t.Outstanding.Minor != 0 {
			p.credits[t.ID] = t
		}
	}
}

// settleSign finds out how this AccountsIQ writes what is left of credits (contract section 15): each customer with
// open credits whose balance agrees under one of the two readings and not under the other has a vote. It is kept, and
// the few credits that were stored on the other reading are stored anew.
func (p *puller) settleSign(ctx context.Context, c *comparison, checks []store.BalanceCheck) error {
	if p.sign != ledger.SignUnknown || len(p.credits) == 0 {
		return nil
	}
	sign := vote(checks, p.credits)
	if sign == ledger.SignUnknown {
		return nil
	}
	var other []ledger.Transaction
	for _, t := range p.credits {
		if sign.Remainder(t.Outstanding) != t.Outstanding.Abs() {
			other = append(other, t)
		}
	}
	slices.SortFunc(other, func(a, b ledger.Transaction) int { return int(a.ID - b.ID) })
	err := p.st.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.SetCreditSign(ctx, sign); err != nil {
			return err
		}
		return p.storeItems(ctx, tx, other, nil)
	})
	if err != nil {
		return err
	}
	p.sign, p.credits = sign, nil
	// Our sums changed for the customers of these; the figures of AccountsIQ did not.
	sums, err := p.st.LedgerSums(ctx, p.unanswered...)
	for i := range checks {
		checks[i].Ours.Minor = sumIn(sums[checks[i].AccountID], checks[i].Ours.Currency)
	}
	return err
}

// vote compares the two readings. Our sums took every credit as one that lessens the debt.
func vote(checks []store.BalanceCheck, credits map[int64]ledger.Transaction) ledger.CreditSign {
	type place struct {
		account  int64
		currency string
	}
	sent, size := map[place]int64{}, map[place]int64{}
	for _, t := range credits {
		at := place{t.AccountID, t.Outstanding.Currency}
		sent[at] += t.Outstanding.Minor
		size[at] += t.Outstanding.Abs().Minor
	}
	positive, negative := 0, 0
	for _, c := range checks {
		at := place{c.AccountID, c.Reported.Currency}
		if size[at] == 0 {
			continue
		}
		debts := c.Ours.Minor + size[at]
		asPositive, asNegative := debts-sent[at] == c.Reported.Minor, debts+sent[at] == c.Reported.Minor
		switch {
		case asPositive && !asNegative:
			positive++
		case asNegative && !asPositive:
			negative++
		}
	}
	switch {
	case positive > negative:
		return ledger.SignPositive
	case negative > positive:
		return ledger.SignNegative
	}
	return ledger.SignUnknown
}
