// Package secret is the operating system's key store, with a server's credentials and environment as the
// second source. It never writes a secret to a file. It imports nothing else of this module.
package secret

import (
	"context"
	"errors"
	"sync"
)

// Store keeps secrets by name: "<company>/<what>", such as "DEMO01/user-key", "DEMO01/partner-key",
// "DEMO01/client-id", "DEMO01/client-secret" or "DEMO01/mail-password.me@business.example".
type Store interface {
	// Get returns ErrNotFound when there is no such secret and *Unavailable when the store cannot be used.
	Get(ctx context.Context, name string) (string, error)
	Set(ctx context.Context, name, value string) error
	// Delete returns nil when there is nothing to delete.
	Delete(ctx context.Context, name string) error
}

// ErrNotFound says that there is no secret of that name.
var ErrNotFound = errors.New("no such secret is stored")

// Unavailable says in plain words that a store cannot be used now, and what to do about it.
type Unavailable struct {
	Message string
	Hint    string
	cause   error
}

// Error returns the plain sentence.
func (u *Unavailable) Error() string { return u.Message }

// Unwrap returns what the system said.
func (u *Unavailable) Unwrap() error { return u.cause }

// Problem returns what the owner is told: the stable code, the sentence, the next step.
func (u *Unavailable) Problem() (code, message, hint string) {
	return "no_key_store", u.Message, u.Hint
}

// Chain asks the key store first and, where that is unavailable or lacks the secret, the environment.
// Setting and deleting go to the key store alone.
func Chain(keyring, env Store) Store { return chain{keyring, env} }

type chain struct{ keyring, env Store }

func (c chain) Get(ctx context.Context, name string) (string, error) {
	value, err := c.keyring.Get(ctx, name)
	if err == nil || ctx.Err() != nil {
		return value, err
	}
	value, second := c.env.Get(ctx, name)
	if errors.Is(second, ErrNotFound) {
		return "", err // why the key store had none says more
	}
	return value, second
}

func (c chain) Set(ctx context.Context, name, value string) error {
	return c.keyring.Set(ctx, name, value)
}

func (c chain) Delete(ctx context.Context, name string) error { return c.keyring.Delete(ctx, name) }

// Memory keeps secrets until the program ends: for a session without a key store, and for tests.
func Memory() Store { return &memory{values: map[string]string{}} }

type memory struct {
	mu     sync.Mutex
	values map[string]string
}

func (m *memory) Get(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[name]
	if !ok {
		return "", ErrNotFound
	}
	return value, nil
}

func (m *memory) Set(_ context.Context, name, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[name] = value
	return nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, name)
	return nil
}
