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

// service is the name under which the key store lists our items.
const service = "Dunlin"

// answerWithin bounds a call to the key store, which may sit behind a prompt to unlock it.
const answerWithin = 60 * time.Second

// Keyring is the key store of the operating system: Secret Service, Keychain or Credential Manager.
func Keyring() Store { return keyStore{} }

type keyStore struct{}

func (keyStore) Get(ctx context.Context, name string) (value string, err error) {
	err = within(ctx, func() (err error) {
		value, err = keyring.Get(service, name)
		return err
	})
	return value, err
}

func (keyStore) Set(ctx context.Context, name, value string) error {
	return within(ctx, func() error { return keyring.Set(service, name, value) })
}

func (keyStore) Delete(ctx context.Context, name string) error {
	err := within(ctx, func() error { return keyring.Delete(service, name) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// within calls the key store beside and gives up waiting, not calling: the library cannot be interrupted.
// The goroutine ends with the call and hands its result to nobody then.
func within(ctx context.Context, call func() error) error {
	if !sessionBus() {
		return unavailable(errors.New("there is no session bus"))
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		switch {
		case errors.Is(err, keyring.ErrNotFound):
			return ErrNotFound
		case errors.Is(err, keyring.ErrSetDataTooBig):
			return &Unavailable{Message: "The key store does not take a secret of this length.", Hint: "Check that the right value was pasted.", cause: err}
		case err != nil:
			return unavailable(err)
		}
		return nil
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}

// sessionBus reports whether there is a bus to find the Secret Service on. Without one the library would
// start a bus daemon that outlives the program.
func sessionBus() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus"))
	return os.Getenv("XDG_RUNTIME_DIR") != "" && err == nil
}

func unavailable(cause error) error {
	return &Unavailable{Message: "The key store of this computer cannot be used, so the secret was not stored.",
		Hint:  "Install and unlock a key store such as GNOME Keyring or KWallet. On a server set the secrets as environment variables or systemd credentials.",
		cause: cause}
}
