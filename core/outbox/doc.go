// Package outbox takes planned messages on their way out: the durable states of rules section 6, the
// journal of what was sent that lives outside the data folder, and the loop that sends one message after
// another. It knows store, mail and ledger; it neither plans nor talks to AccountsIQ: the caller passes in
// the look at AccountsIQ that comes just before each message.
package outbox
