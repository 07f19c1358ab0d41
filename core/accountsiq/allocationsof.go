package accountsiq

import (
	"context"
	"strconv"

	"dunlin/core/ledger"
)

// AllocationsOf returns the matches of one transaction as they are now. A match that was undone is in none of
// them: this is the only read that shows it (contract section 11).
func (c *Client) AllocationsOf(ctx context.Context, transactionID int64) ([]ledger.Allocation, error) {
	if err := checkIDs([]int64{transactionID}); err != nil {
		return nil, err
	}
	var all []ledger.Allocation
	args := func(w *body) {
		all = all[:0] // written once for every attempt
		w.text("transactionId", strconv.FormatInt(transactionID, 10))
	}
	var r allocationRow
	_, err := c.list(ctx, "GetAllocationsByTransactionId", "WSAllocationTransactionDTO", args, func(a *attempt) error {
		r.entries, r.credits = r.entries[:0], r.credits[:0]
		if err := r.readTransaction(a.s); err != nil {
			return err
		}
		all = append(all, r.entries...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
