// Package store keeps one company's data in one SQLite file: customers, transactions, chasing
// preferences, the outbox and what happened. It is the only place with SQL. It imports ledger and the
// SQLite driver, never chase, accountsiq or mail: kinds, states and parts are plain strings here.
//
// Writing goes through Tx, one writer at a time, in this process and between processes. Reading goes
// through the methods of Store on a pool of read-only connections, which never wait for the writer.
// In the file amounts are whole minor units beside their currency, dates are text YYYY-MM-DD ("" for
// none) and instants are milliseconds since 1970 (0 for none).
package store
