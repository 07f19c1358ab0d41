// Package pull brings AccountsIQ into the store: the first load, the delta after it, and the second look
// at known items (contract section 10). It knows accountsiq, store and ledger; it plans nothing and sends
// nothing. A pull that fails leaves the store and its watermark as they were.
package pull
