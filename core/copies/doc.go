// Package copies keeps PDF copies of invoices as files in one folder, up to a size; the copy that was not asked
// for the longest goes first. Every file can be had again from where it came, so a file that is damaged is
// simply forgotten, and a disk that is full costs nothing but another request. It knows no AccountsIQ, no store
// and no settings, and may import nothing of ours but ledger.
package copies
