package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"
)

// service is the name under which the key store lists our secrets.
const service = "Dunlin"

// patience is how long a call may take: long enough for the owner to type the key store's password.
const patience = time.Minute

// backend is the part of the key store library that is used.
type backend interface {
	Get(service, user string) (string, error)
	Set(service, user, value string) error
	Delete(service, user string) error
}

// Keyring is the key store of the operating system: Secret Service, Keychain or Credential Manager.
func Keyring() Store {
	return &system{backend: library{}, reachable: func() bool { return reachable(runtime.GOOS, os.LookupEnv, exists) },
		patience: patience, turn: make(chan struct{}, 1)}
}

// system calls the key store of the operating system, one call at a time. The library cannot be
// interrupted: a call that waits for a password nobody types goes on after its time is up, holding the
// turn, so that there is at most one such call however often it is tried.
type system struct {
	backend   backend
	reachable func() bool
	patience  time.Duration
	turn      chan struct{}
}

// library is the key store library as a backend.
type library struct{}

func (library) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (library) Set(service, user, value string) error    { return keyring.Set(service, user, value) }
func (library) Delete(service, user string) error        { return keyring.Delete(service, user) }
func exists(path string) bool                            { _, err := os.Stat(path); return err == nil }

// reachable reports whether there may be a key store. Without a session bus the D-Bus library would start
// one of its own, with nothing on it.
func reachable(goos string, lookup func(string) (string, bool), exists func(string) bool) bool {
	switch goos {
	case "windows", "darwin":
		return true
	}
	if address, _ := lookup("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return true
	}
	dir, _ := lookup("XDG_RUNTIME_DIR")
	return dir != "" && exists(filepath.Join(dir, "bus"))
}

func (s *system) Get(ctx context.Context, name string) (string, error) {
	return s.call(ctx, func() (string, error) { return s.backend.Get(service, name) })
}

func (s *system) Set(ctx context.Context, name, value string) error {
	_, err := s.call(ctx, func() (string, error) { return "", s.backend.Set(service, name, value) })
	return err
}

func (s *system) Delete(ctx context.Context, name string) error {
	_, err := s.call(ctx, func() (string, error) { return "", s.backend.Delete(service, name) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

type answer struct {
	value string
	err   error
}

// call runs f in a goroutine of its own and waits for it as long as ctx and patience allow.
func (s *system) call(ctx context.Context, f func() (string, error)) (string, error) {
	if !s.reachable() {
		return "", noKeyStore(errors.New("no session bus"))
	}
	limit := time.NewTimer(s.patience)
	defer limit.Stop()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-limit.C:
		return "", tooSlow()
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-s.turn }()
		value, err := f()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, translate(a.err)
	case <-ctx.Done():
		return "", ctx.Err()
	case <-limit.C:
		return "", tooSlow()
	}
}

// translate turns the library's errors into ours. Whatever is not a missing or too long item means that
// there is no key store to talk to, or that it stays locked.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return &Unavailable{Message: "The key store does not take a secret of this length.",
			Hint: "Check that the right value was pasted.", cause: err}
	}
	return noKeyStore(err)
}

func noKeyStore(cause error) error {
	return &Unavailable{Message: "This computer's key store cannot be used.", cause: cause,
		Hint: "Unlock the key store (for example GNOME Keyring or KWallet) and try again. On a server, give the credentials in the environment or with systemd credentials."}
}

func tooSlow() error {
	return &Unavailable{Message: "This computer's key store did not answer in time.", cause: context.DeadlineExceeded,
		Hint: "Look for a window that asks for the key store's password, unlock it and try again."}
}
