// Dunlin reminds a small business's customers of unpaid invoices. This package only starts up: flags, data
// folder, wiring; then the window or the command line.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata"

	"golang.org/x/term"

	"dunlin/cli"
	"dunlin/core"
	"dunlin/core/secret"
	"dunlin/demo"
)

// version is set by the build of a release.
var version = "development"

func main() {
	os.Exit(start())
}

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	g, args, err := cli.Split(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "dunlin:", err)
		return cli.ExitUsage
	}
	logger, err := newLogger(g.LogLevel)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dunlin:", err)
		return cli.ExitUsage
	}
	if len(args) == 0 {
		return openWindow(ctx, g, logger)
	}
	return cli.Run(ctx, environment(logger), g, args)
}

func newLogger(level string) (*slog.Logger, error) {
	l := slog.LevelError
	if level != "" {
		if err := l.UnmarshalText([]byte(level)); err != nil {
			return nil, fmt.Errorf("--log-level is debug, info, warn or error, not %q", level)
		}
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: l})), nil
}

// environment is the real world of the command line.
func environment(logger *slog.Logger) cli.Env {
	env := secret.Environment(os.LookupEnv, os.ReadFile)
	return cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
		Open: func(ctx context.Context, g cli.Globals) (*core.App, error) {
			dir, err := dataDir(g.Data)
			if err != nil {
				return nil, err
			}
			return core.Open(ctx, deps(logger), dir)
		},
		Demo: func(ctx context.Context, g cli.Globals, out io.Writer) error {
			return demo.Run(ctx, demo.Options{Data: g.Data, JSON: g.JSON, Now: time.Now, NewID: newID, Random: rand.Reader, Logger: logger}, out)
		},
		Secret: func(name string) (string, bool) {
			v, err := env.Get(context.Background(), "/"+name)
			return v, err == nil
		},
		Ask:      ask,
		ReadFile: openFile,
		Version:  versionInfo,
	}
}

func deps(logger *slog.Logger) core.Deps {
	env := secret.Environment(os.LookupEnv, os.ReadFile)
	return core.Deps{Now: time.Now, NewID: newID, Random: rand.Reader, Secrets: secret.Chain(secret.Keyring(), env),
		StateDir: stateDir(), Logger: logger, RetryFor: 100 * time.Second, SyncWait: 12 * time.Second}
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func openFile(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	f, err := os.Open(name)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return nil, pathErr.Err
	}
	return f, err
}

// ask asks on the terminal without showing what is typed.
func ask(prompt string) (string, bool) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", false
	}
	fmt.Fprint(os.Stderr, prompt)
	answer, err := term.ReadPassword(in)
	fmt.Fprintln(os.Stderr)
	return string(answer), err == nil
}

// dataDir is the folder that was asked for, else the user's own.
func dataDir(asked string) (string, error) {
	if asked != "" {
		return filepath.Abs(asked)
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "dunlin"), nil
	}
	switch runtime.GOOS {
	case "windows", "darwin":
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "Dunlin"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &core.Problem{Code: "no_home", Message: "The user's home folder is not known here.", Hint: "Name a data folder with --data DIR."}
	}
	return filepath.Join(home, ".local", "share", "dunlin"), nil
}

// stateDir is the user's state folder, where the record of sent messages lies outside the data folder.
func stateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		if dir, err := os.UserCacheDir(); err == nil {
			return dir
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), fmt.Sprintf("dunlin-state-%d", os.Getuid()))
	}
	return filepath.Join(home, ".local", "state")
}

func versionInfo() cli.VersionInfo {
	v := cli.VersionInfo{Version: version, Commit: "unknown", Go: runtime.Version(), Dependencies: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = strings.TrimSpace(s.Value)
		}
	}
	for _, d := range info.Deps {
		v.Dependencies[d.Path] = d.Version
	}
	return v
}
