// Package aiqtest is an AccountsIQ server in process, with a company's books behind it. Tests use it to
// hold the client and the pull against the published contract; the demo company runs on it too.
//
// It serves Integration 2.0 and 1.1, checks every request against the contract's tables (schema.txt),
// remembers what a client got wrong (Server.Violations) and fails on demand (Server.Fail). What the
// contract leaves unknown (section 15) is a choice in Options, so that a client can be tried against
// each reading.
//
// The books behind it change by the methods of Company, by a script (Company.Play) or at random (Company.Mutate),
// also while a client is in the middle of reading them (Options.BeforeAnswer). Their truth, to compare a copy with, is
// what Customers, Contacts, Transactions, Allocations and Documents return.
//
// Its worth is that it knows the wire on its own: it may import core/ledger and the standard library
// only, never core/accountsiq, and outside its own tests not "testing".
package aiqtest
