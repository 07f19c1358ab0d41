package secret

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// mailPassword is how the names of mailbox passwords begin behind the company.
const mailPassword = "mail-password."

// Environment reads secrets that a server hands over, and keeps none: files in the directory named by
// CREDENTIALS_DIRECTORY ("dunlin.user-key", "dunlin.mail-password.<address>", ...), else the variables
// DUNLIN_USER_KEY, DUNLIN_PARTNER_KEY, DUNLIN_CLIENT_ID, DUNLIN_CLIENT_SECRET and DUNLIN_MAIL_PASSWORD.
func Environment(lookup func(string) (string, bool), readFile func(string) ([]byte, error)) Store {
	return environment{lookup, readFile}
}

type environment struct {
	lookup   func(string) (string, bool)
	readFile func(string) ([]byte, error)
}

func (e environment) Get(_ context.Context, name string) (string, error) {
	what := name[strings.IndexByte(name, '/')+1:]
	if dir, ok := e.lookup("CREDENTIALS_DIRECTORY"); ok && dir != "" && what == filepath.Base(what) {
		data, err := e.readFile(filepath.Join(dir, "dunlin."+what))
		if err == nil {
			// Editors and echo end a file with a line end that is not part of the secret.
			return strings.TrimRight(string(data), "\r\n"), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", &Unavailable{Message: "The credential dunlin." + what + " cannot be read.",
				Hint: "Check the permissions of the files in CREDENTIALS_DIRECTORY.", cause: err}
		}
	}
	variable := "DUNLIN_" + strings.ToUpper(strings.ReplaceAll(what, "-", "_"))
	if strings.HasPrefix(what, mailPassword) {
		variable = "DUNLIN_MAIL_PASSWORD"
	}
	if v, ok := e.lookup(variable); ok && v != "" {
		return v, nil
	}
	return "", ErrNotFound
}

func (e environment) Set(context.Context, string, string) error {
	return &Unavailable{Message: "Secrets cannot be stored here.", Hint: "Hand them over by environment or credentials instead."}
}

func (e environment) Delete(context.Context, string) error { return nil }

// Chain asks the key store first and, where there is none or it lacks the item, the environment. What is
// stored goes to the key store only.
func Chain(keyring, env Store) Store { return chain{keyring, env} }

type chain struct{ keyring, env Store }

func (c chain) Get(ctx context.Context, name string) (string, error) {
	v, err := c.keyring.Get(ctx, name)
	if err == nil {
		return v, nil
	}
	v, envErr := c.env.Get(ctx, name)
	if errors.Is(envErr, ErrNotFound) {
		// Why the key store did not answer is the better explanation.
		return "", err
	}
	return v, envErr
}

func (c chain) Set(ctx context.Context, name, value string) error {
	return c.keyring.Set(ctx, name, value)
}

func (c chain) Delete(ctx context.Context, name string) error { return c.keyring.Delete(ctx, name) }
