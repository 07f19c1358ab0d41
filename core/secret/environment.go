package secret

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// mailPassword begins the name of a mailbox's password; the address follows.
const mailPassword = "mail-password."

// Environment reads what a server's service manager hands over: files named "dunlin.<what>" in the folder
// that CREDENTIALS_DIRECTORY names, else variables such as DUNLIN_USER_KEY. It does not depend on the
// company and cannot be written to. lookup is os.LookupEnv, readFile os.ReadFile.
func Environment(lookup func(string) (string, bool), readFile func(string) ([]byte, error)) Store {
	return environment{lookup, readFile}
}

type environment struct {
	lookup   func(string) (string, bool)
	readFile func(string) ([]byte, error)
}

// variables are the environment variables by what they hold.
var variables = map[string]string{
	"user-key":      "DUNLIN_USER_KEY",
	"partner-key":   "DUNLIN_PARTNER_KEY",
	"client-id":     "DUNLIN_CLIENT_ID",
	"client-secret": "DUNLIN_CLIENT_SECRET",
}

func (e environment) Get(ctx context.Context, name string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	_, what, ok := strings.Cut(name, "/")
	if !ok {
		return "", ErrNotFound
	}
	if value, err := e.credential(what); !errors.Is(err, ErrNotFound) {
		return value, err
	}
	variable := variables[what]
	if strings.HasPrefix(what, mailPassword) {
		variable = "DUNLIN_MAIL_PASSWORD"
	}
	if value, ok := e.lookup(variable); variable != "" && ok && value != "" {
		return value, nil
	}
	return "", ErrNotFound
}

// credential reads a file of the service manager. An editor's line end behind the secret is no part of it.
func (e environment) credential(what string) (string, error) {
	dir, ok := e.lookup("CREDENTIALS_DIRECTORY")
	if !ok || dir == "" || strings.ContainsAny(what, "/\\\x00") {
		return "", ErrNotFound
	}
	file := "dunlin." + what
	b, err := e.readFile(filepath.Join(dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", &Unavailable{Message: "The credential " + file + " cannot be read.",
			Hint: "Check the file in the folder that CREDENTIALS_DIRECTORY names, and who may read it.", cause: err}
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return "", ErrNotFound
	}
	return value, nil
}

func (e environment) Set(context.Context, string, string) error {
	return &Unavailable{Message: "Credentials that come from the environment cannot be changed by Dunlin.",
		Hint: "Change them where the service is set up."}
}

// Delete does nothing: what the environment holds is not Dunlin's to delete.
func (e environment) Delete(context.Context, string) error { return nil }
