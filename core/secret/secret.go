// Package secret is the operating system's key store, with the environment of a server as the second
// source. Secrets are never written to files. It imports nothing else of this module.
package secret

import (
	"context"
	"errors"
)

// Store keeps secrets by name. Names are "<company>/<what>", such as "DEMO01/user-key" or
// "DEMO01/mail-password.me@business.example".
type Store interface {
	// Get returns ErrNotFound where there is no such secret and *Unavailable where there is no key store.
	Get(ctx context.Context, name string) (string, error)
	Set(ctx context.Context, name, value string) error
	// Delete returns nil where there was nothing to delete.
	Delete(ctx context.Context, name string) error
}

// ErrNotFound says that there is no secret of that name.
var ErrNotFound = errors.New("no such secret is stored")

// Unavailable says that the key store cannot be used now, and what to do about it.
type Unavailable struct {
	Message string
	Hint    string
	cause   error
}

func (u *Unavailable) Error() string { return u.Message }
func (u *Unavailable) Unwrap() error { return u.cause }

// Problem returns what the owner is told: the stable code, the sentence, the next step.
func (u *Unavailable) Problem() (code, message, hint string) {
	return "no_key_store", u.Message, u.Hint
}

