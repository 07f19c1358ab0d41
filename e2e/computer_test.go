//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// root is the folder of the repository, seen from this package's folder.
const root = ".."

// built builds a binary once and returns its absolute path.
var (
	headless = sync.OnceValues(func() (string, error) { return build("headless", "dunlin-headless") })
	windowed = sync.OnceValues(func() (string, error) { return build("window", "dunlin") })
)

func build(what, name string) (string, error) {
	cmd := exec.Command("bash", filepath.Join(root, "script", "build"), what)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("script/build %s: %w\n%s", what, err, out)
	}
	return filepath.Abs(filepath.Join(root, "build", name))
}

// computer is the computer of one user: an empty home, and nothing of the one that the tests run on.
type computer struct {
	t    *testing.T
	home string
	data string
	env  map[string]string
}

// newComputer is one without a key store, as a server is. withKeyStore adds one.
func newComputer(t *testing.T) *computer {
	t.Helper()
	home, err := os.MkdirTemp("", "dunlin-e2e-") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			t.Log(err)
		}
	})
	c := &computer{t: t, home: home, data: filepath.Join(home, "data"), env: map[string]string{
		"HOME": home, "PATH": os.Getenv("PATH"), "LANG": "C.UTF-8", "TZ": "America/New_York", "USER": "owner",
		"XDG_RUNTIME_DIR": filepath.Join(home, "run"), "TMPDIR": filepath.Join(home, "tmp"),
	}}
	for _, dir := range []string{"run", "tmp"} {
		if err := os.Mkdir(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *computer) environ(more ...string) []string {
	out := slices.Clone(more)
	for name, value := range c.env {
		out = append([]string{name + "=" + value}, out...)
	}
	return out
}

// withKeyStore starts a D-Bus session of the computer's own with an unlocked gnome-keyring on it.
func (c *computer) withKeyStore() *computer {
	c.t.Helper()
	bus := "unix:path=" + filepath.Join(c.home, "run", "bus")
	c.start(nil, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+bus)
	c.env["DBUS_SESSION_BUS_ADDRESS"] = bus
	conn := c.connectBus(bus)
	c.start(strings.NewReader("e2e"), "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	c.wait("the key store", 20*time.Second, func() bool {
		var owned bool
		err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").Store(&owned)
		return err == nil && owned
	})
	return c
}

func (c *computer) connectBus(address string) (conn *dbus.Conn) {
	c.t.Helper()
	c.wait("the session bus", 20*time.Second, func() (ok bool) {
		var err error
		conn, err = dbus.Connect(address)
		return err == nil
	})
	c.t.Cleanup(func() { conn.Close() })
	return conn
}

// start runs a helper program of the computer until the test is over.
func (c *computer) start(stdin *strings.Reader, name string, args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = c.environ(), c.home
	if stdin != nil {
		cmd.Stdin = stdin
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if c.t.Failed() && said.Len() > 0 {
			c.t.Logf("%s said:\n%s", name, said.String())
		}
	})
	return cmd
}

// wait polls until something is so.
func (c *computer) wait(what string, most time.Duration, so func() bool) {
	c.t.Helper()
	end := time.Now().Add(most)
	for !so() {
		if time.Now().After(end) {
			c.t.Fatalf("%s did not come about in %s", what, most)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// result is how one command ended.
type result struct {
	t      *testing.T
	line   string
	code   int
	stdout string
	stderr string
	took   time.Duration
}

// dunlin runs the command line on the computer's data folder. Arguments of the form NAME=value at the front go
// into the environment.
func (c *computer) dunlin(args ...string) result {
	c.t.Helper()
	return c.finish(c.command(args...))
}

func (c *computer) command(args ...string) *exec.Cmd {
	c.t.Helper()
	bin, err := headless()
	if err != nil {
		c.t.Fatal(err)
	}
	var env []string
	for len(args) > 0 && strings.Contains(args[0], "=") && strings.ToUpper(args[0][:1]) == args[0][:1] && args[0][0] != '-' {
		env, args = append(env, args[0]), args[1:]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	c.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, bin, append([]string{"--data", c.data}, args...)...)
	cmd.Env, cmd.Dir = c.environ(env...), c.home
	cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return cmd
}

func (c *computer) finish(cmd *exec.Cmd) result {
	c.t.Helper()
	began := time.Now()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return c.result(cmd, time.Since(began))
}

func (c *computer) result(cmd *exec.Cmd, took time.Duration) result {
	r := result{t: c.t, line: strings.Join(cmd.Args[3:], " "), code: cmd.ProcessState.ExitCode(), stdout: said(cmd.Stdout), stderr: said(cmd.Stderr), took: took}
	if strings.Contains(r.stderr, "panic:") || strings.Contains(r.stderr, "goroutine ") {
		c.t.Errorf("%s crashed:\n%s", r.line, r.stderr)
	}
	return r
}

// said is what a command wrote, into memory or into a file.
func said(w io.Writer) string {
	if f, ok := w.(*os.File); ok {
		text, _ := os.ReadFile(f.Name()) // nothing was written where there is no file
		return string(text)
	}
	return w.(*bytes.Buffer).String()
}

func (r result) String() string {
	return fmt.Sprintf("dunlin %s\nexit %d after %s\nstdout: %s\nstderr: %s", r.line, r.code, r.took.Round(time.Millisecond), r.stdout, r.stderr)
}

// ok wants the exit code 0.
func (r result) ok() result {
	r.t.Helper()
	if r.code != 0 {
		r.t.Fatalf("should have worked: %s", r)
	}
	return r
}

// problem is the error of interface.md.
type problem struct{ Code, Message, Hint string }

// fails wants the exit code 1, one plain sentence on stderr and, with --json, the same as JSON.
func (r result) fails() problem {
	r.t.Helper()
	if r.code != 1 {
		r.t.Fatalf("should have failed with 1: %s", r)
	}
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	if !strings.HasPrefix(lines[len(lines)-1], "dunlin: ") {
		r.t.Errorf("the reason is not on stderr: %s", r)
	}
	if !strings.Contains(r.line, "--json") {
		return problem{}
	}
	var v struct{ Error problem }
	r.into(&v)
	if v.Error.Code == "" || v.Error.Message == "" || v.Error.Hint == "" {
		r.t.Errorf("the error lacks a part: %s", r)
	}
	if strings.ContainsAny(v.Error.Message+v.Error.Hint, "!{}") || strings.ContainsAny(v.Error.Code, " -.") {
		r.t.Errorf("this is no plain sentence: %s", r)
	}
	return v.Error
}

// into reads the JSON of a command.
func (r result) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.stdout), v); err != nil {
		r.t.Fatalf("no JSON (%v): %s", err, r)
	}
}

// object is a JSON object.
type object map[string]any

func (r result) object() object {
	r.t.Helper()
	var o object
	r.into(&o)
	return o
}

// list reads a JSON array of objects, by the value of one field.
func (r result) list(key string) map[string]object {
	r.t.Helper()
	var all []object
	r.into(&all)
	out := map[string]object{}
	for _, o := range all {
		out[fmt.Sprint(o[key])] = o
	}
	return out
}

// at follows a path such as "held.reason"; nil where it ends early.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for part := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[part]
	}
	return v
}

// is compares the text of a value at a path.
func (o object) is(t *testing.T, path string, want any) {
	t.Helper()
	if got := o.at(path); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v, in %v", path, got, want, o)
	}
}

// noSecretsIn fails when any file of the computer holds one of the values in clear.
func (c *computer) noSecretsIn(values ...string) {
	c.t.Helper()
	looked := 0
	err := filepath.WalkDir(c.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if strings.HasPrefix(path, filepath.Join(c.home, "credentials")) {
			return nil // that is where they are meant to be
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for _, v := range values {
			if bytes.Contains(text, []byte(v)) {
				c.t.Errorf("%s holds the secret %q in clear", path, v)
			}
		}
		return nil
	})
	if err != nil {
		c.t.Error(err)
	}
	if looked == 0 {
		c.t.Error("there was no file to look into")
	}
}

// terminate sends a signal to a running command and waits for its end.
func (c *computer) terminate(cmd *exec.Cmd, sig syscall.Signal) result {
	c.t.Helper()
	began := time.Now()
	if err := cmd.Process.Signal(sig); err != nil {
		c.t.Fatal(err)
	}
	_ = cmd.Wait()
	return c.result(cmd, time.Since(began))
}
