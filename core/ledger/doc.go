// Package ledger holds the nouns of the receivables ledger: civil dates, money, customers,
// transactions, allocations and ageing. Values only: it does no I/O, reads no clock and imports
// nothing else of this module.
package ledger
