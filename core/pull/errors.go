package pull

import (
	"fmt"

	"dunlin/core/accountsiq"
)

// groupCompany is met when the chosen company is a consolidation of others.
func groupCompany() error {
	return &accountsiq.Error{Kind: accountsiq.AtCompany, Code: "group_company",
		Message: "This is a group company without a sales ledger of its own.",
		Hint:    "Connect again with the Company ID of the company that sends the invoices."}
}

// incomplete is met when AccountsIQ handed out fewer rows than it counts: the rows shifted while they were
// read, or some were left out. Nothing of it may be taken for the whole.
func incomplete(counted, got int) error {
	return &accountsiq.Error{Kind: accountsiq.Answer, Code: "incomplete", Op: "GetTransactionsBy",
		Message: fmt.Sprintf("AccountsIQ counts %d transactions but handed out %d.", counted, got),
		Hint:    "Nobody needs to do anything; Sync now tries again. If it stays, send the log."}
}
