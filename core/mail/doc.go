// Package mail composes messages, renders the templates they are made from and hands them to a mail
// server by SMTP. It knows no database and no outbox: text and values in, bytes and outcomes out. Of
// this module it may import ledger only.
package mail
