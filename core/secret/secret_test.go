package secret

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

var bg = context.Background()

func vars(m map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
}

func noFile(string) ([]byte, error) { return nil, fs.ErrNotExist }

func TestMemoryKeepsUntilDeleted(t *testing.T) {
	m := Memory()
	if _, err := m.Get(bg, "DEMO01/user-key"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if err := m.Set(bg, "DEMO01/user-key", "k"); err != nil {
		t.Fatal(err)
	}
	if v, err := m.Get(bg, "DEMO01/user-key"); v != "k" || err != nil {
		t.Fatal(v, err)
	}
	for range 2 {
		if err := m.Delete(bg, "DEMO01/user-key"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Get(bg, "DEMO01/user-key"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
}

func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"dunlin.user-key": "from-file\n", "dunlin.client-id": "", "dunlin.mail-password.me@b.example": "pass word \r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	withFiles := map[string]string{"CREDENTIALS_DIRECTORY": dir, "DUNLIN_USER_KEY": "from-env", "DUNLIN_CLIENT_ID": "id-env", "DUNLIN_MAIL_PASSWORD": "mail-env"}
	for _, c := range []struct {
		why  string
		vars map[string]string
		name string
		want string // "" = ErrNotFound
	}{
		{"the file wins over the variable", withFiles, "DEMO01/user-key", "from-file"},
		{"an empty file is none", withFiles, "DEMO01/client-id", "id-env"},
		{"only the line end is taken off", withFiles, "DEMO01/mail-password.me@b.example", "pass word "},
		{"another mailbox has the variable", withFiles, "DEMO01/mail-password.you@b.example", "mail-env"},
		{"nothing set", map[string]string{}, "DEMO01/user-key", ""},
		{"variable alone", map[string]string{"DUNLIN_PARTNER_KEY": "p"}, "DEMO01/partner-key", "p"},
		{"variable alone", map[string]string{"DUNLIN_CLIENT_SECRET": "s"}, "DEMO01/client-secret", "s"},
		{"an empty variable is none", map[string]string{"DUNLIN_USER_KEY": ""}, "DEMO01/user-key", ""},
		{"a name that leaves the folder", map[string]string{"CREDENTIALS_DIRECTORY": dir + "/x"}, "DEMO01/../dunlin.user-key", ""},
		{"an unknown name", withFiles, "DEMO01/other", ""},
		{"a name without a company", withFiles, "user-key", ""},
	} {
		got, err := Environment(vars(c.vars), os.ReadFile).Get(bg, c.name)
		if got != c.want || (c.want == "") != errors.Is(err, ErrNotFound) {
			t.Errorf("%s: Get(%s) = %q, %v, want %q", c.why, c.name, got, err, c.want)
		}
	}
}

func TestEnvironmentIsReadOnly(t *testing.T) {
	e := Environment(vars(nil), noFile)
	var u *Unavailable
	if err := e.Set(bg, "DEMO01/user-key", "x"); !errors.As(err, &u) || u.Hint == "" {
		t.Fatal(err)
	}
	if err := e.Delete(bg, "DEMO01/user-key"); err != nil {
		t.Fatal(err)
	}
}

func TestUnreadableCredentialIsSaid(t *testing.T) {
	e := Environment(vars(map[string]string{"CREDENTIALS_DIRECTORY": "/c", "DUNLIN_USER_KEY": "x"}), func(string) ([]byte, error) { return nil, fs.ErrPermission })
	_, err := e.Get(bg, "DEMO01/user-key")
	var u *Unavailable
	if !errors.As(err, &u) || !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("an unreadable file was passed over: %v", err)
	}
}

// fake is a key store that answers as told.
type fake struct {
	err  error
	wait chan struct{}
	Store
}

func (f fake) answer() error {
	if f.wait != nil {
		<-f.wait
	}
	return f.err
}
func (f fake) Get(_, user string) (string, error) {
	if err := f.answer(); err != nil {
		return "", err
	}
	v, err := f.Store.Get(bg, user)
	if errors.Is(err, ErrNotFound) {
		err = keyring.ErrNotFound
	}
	return v, err
}
func (f fake) Set(_, user, value string) error {
	if err := f.answer(); err != nil {
		return err
	}
	return f.Store.Set(bg, user, value)
}
func (f fake) Delete(_, user string) error {
	if err := f.answer(); err != nil {
		return err
	}
	return f.Store.Delete(bg, user)
}

func keyStore(b backend) *system {
	return &system{backend: b, reachable: func() bool { return true }, patience: time.Minute, turn: make(chan struct{}, 1)}
}

func TestKeyringRoundTrip(t *testing.T) {
	s := keyStore(fake{Store: Memory()})
	if _, err := s.Get(bg, "a/b"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if err := s.Set(bg, "a/b", "geheim ü"); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(bg, "a/b"); v != "geheim ü" || err != nil {
		t.Fatal(v, err)
	}
	if err := s.Delete(bg, "a/b"); err != nil {
		t.Fatal(err)
	}
}

func TestKeyringErrorsInPlainWords(t *testing.T) {
	for _, c := range []struct {
		from error
		want error // nil = *Unavailable
	}{
		{keyring.ErrNotFound, ErrNotFound},
		{keyring.ErrSetDataTooBig, nil},
		{errors.New("dbus: couldn't determine address of session bus"), nil},
		{errors.New("failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'"), nil},
	} {
		_, err := keyStore(fake{err: c.from}).Get(bg, "a/b")
		var u *Unavailable
		if c.want != nil && !errors.Is(err, c.want) || c.want == nil && (!errors.As(err, &u) || !errors.Is(err, c.from) || u.Hint == "") {
			t.Errorf("%v became %v", c.from, err)
		}
		if strings.Contains(err.Error(), "dbus") || strings.Contains(err.Error(), "/org/") {
			t.Errorf("jargon in %q", err)
		}
	}
	if err := keyStore(fake{err: keyring.ErrNotFound}).Delete(bg, "a/b"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

func TestKeyringPromptThatNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := make(chan struct{})
		s := keyStore(fake{wait: wait, Store: Memory()})
		var u *Unavailable
		start := time.Now()
		for range 3 { // the later calls do not pile up behind the first
			if _, err := s.Get(bg, "a/b"); !errors.As(err, &u) {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 3*time.Minute {
			t.Errorf("waited %v", took)
		}
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if _, err := s.Get(ctx, "a/b"); !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &u) && err == error(u) {
			t.Errorf("a cancelled caller got %v", err)
		}
		close(wait) // the password was typed at last
		synctest.Wait()
		if _, err := s.Get(bg, "a/b"); !errors.Is(err, ErrNotFound) {
			t.Errorf("after unlocking: %v", err)
		}
	})
}

func TestNoSessionBusIsNotEvenTried(t *testing.T) {
	for _, c := range []struct {
		goos string
		vars map[string]string
		bus  bool
		want bool
	}{
		{"linux", nil, true, false},
		{"linux", map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, false, true},
		{"linux", map[string]string{"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"}, false, false},
		{"linux", map[string]string{"XDG_RUNTIME_DIR": "/run/user/1"}, true, true},
		{"linux", map[string]string{"XDG_RUNTIME_DIR": "/run/user/1"}, false, false},
		{"windows", nil, false, true},
		{"darwin", nil, false, true},
	} {
		got := reachable(c.goos, vars(c.vars), func(p string) bool { return c.bus && p == filepath.Join("/run/user/1", "bus") })
		if got != c.want {
			t.Errorf("%s %v bus=%v: %v", c.goos, c.vars, c.bus, got)
		}
	}
	s := keyStore(fake{Store: Memory()})
	s.reachable = func() bool { return false }
	var u *Unavailable
	if err := s.Set(bg, "a/b", "x"); !errors.As(err, &u) {
		t.Fatal(err)
	}
}

func TestChain(t *testing.T) {
	locked := keyStore(fake{err: errors.New("locked")})
	full, empty := Memory(), Memory()
	full.Set(bg, "DEMO01/user-key", "ring")
	env := Environment(vars(map[string]string{"DUNLIN_USER_KEY": "env"}), noFile)
	none := Environment(vars(nil), noFile)
	var u *Unavailable
	for _, c := range []struct {
		why          string
		ring, env    Store
		want         string
		unavailable  bool
		wantNotFound bool
	}{
		{"the key store first", full, env, "ring", false, false},
		{"lacking in the key store", empty, env, "env", false, false},
		{"no key store", locked, env, "env", false, false},
		{"nowhere, and no key store", locked, none, "", true, false},
		{"nowhere", empty, none, "", false, true},
	} {
		got, err := Chain(c.ring, c.env).Get(bg, "DEMO01/user-key")
		if got != c.want || errors.As(err, &u) != c.unavailable || errors.Is(err, ErrNotFound) != c.wantNotFound {
			t.Errorf("%s: %q, %v", c.why, got, err)
		}
	}
	if err := Chain(locked, env).Set(bg, "DEMO01/user-key", "x"); !errors.As(err, &u) {
		t.Errorf("setting without a key store: %v", err)
	}
	c := Chain(empty, env)
	if err := c.Set(bg, "DEMO01/user-key", "new"); err != nil {
		t.Fatal(err)
	}
	if v, _ := c.Get(bg, "DEMO01/user-key"); v != "new" {
		t.Errorf("got %q after setting", v)
	}
}

// TestRealKeyStore runs against gnome-keyring on a session bus of its own, where both are installed.
func TestRealKeyStore(t *testing.T) {
	const inside = "DUNLIN_TEST_REAL_KEYRING"
	if os.Getenv(inside) == "" {
		for _, tool := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip(tool + " is not installed")
			}
		}
		home := t.TempDir()
		cmd := exec.Command("dbus-run-session", "--", "sh", "-c",
			"echo -n test | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$0\" -test.run '^TestRealKeyStore$' -test.v", os.Args[0])
		cmd.Env = append(os.Environ(), inside+"=1", "HOME="+home, "XDG_DATA_HOME="+home+"/data", "XDG_RUNTIME_DIR="+home)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "round trip done") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	s := Keyring()
	name := "DEMO01/mail-password.me@b.example"
	if _, err := s.Get(bg, name); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if err := s.Set(bg, name, "pässword\n"); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(bg, name); v != "pässword\n" || err != nil {
		t.Fatalf("%q %v", v, err)
	}
	if err := s.Delete(bg, name); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(bg, name); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	t.Log("round trip done")
}
