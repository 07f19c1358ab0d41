// Package accountsiq is the client of the AccountsIQ web services: sign-in under both generations
// (Integration 1.1 with a user key, Integration 2.0 with an application), the reads that a
// receivables program needs, the two writes that an owner may switch on (notes and dispute flags), and the errors
// a user can meet. What it can send at all is the list in operations.go.
//
// Wire types stay inside: what comes out are values of package ledger. Rows are handed on while
// they are read, so that a page of 10,000 transactions never stands in memory; a caller commits
// what it was given only when the call returned no error. The package retries nothing except
// once after renewing an expired token, and a write only where AccountsIQ said that it refused it;
// Error.Temporary tells the caller what is worth repeating.
//
// It may import package ledger and the standard library, and nothing else of this module.
package accountsiq
