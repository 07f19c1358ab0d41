//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dunlin/core/accountsiq/aiqtest"
)

// The window is driven by the keyboard where that is possible. What must be clicked is clicked at a place of a
// window of this size; when a screen is laid out anew, the pictures in build/screenshots show where it went.
const (
	screenWidth, screenHeight = 1400, 900
	windowWidth, windowHeight = 1400, 870
)

type point struct{ x, y int }

var (
	buttonConnectCard = point{390, 322}
	buttonAdvanced    = point{330, 477}
	entryCompanyID    = point{496, 257}
	selectProvider    = point{520, 204}
	buttonContinue    = point{1325, 840}
	firstCustomer     = point{300, 286}
	firstInvoice      = point{250, 333}
	buttonRunNow      = point{1362, 111}
	buttonApproveAll  = point{1330, 111}
	tabSent           = point{325, 152}
	tabInvoices       = point{352, 152}
)

// desktop is a screen with a window manager and one window of the program on it.
type desktop struct {
	*computer
	folder  string // of the pictures
	shots   int
	program *exec.Cmd
	ended   chan struct{}
	stderr  string
	window  string
}

// newDesktop starts a virtual screen of its own for a computer.
func newDesktop(t *testing.T, c *computer, folder string) *desktop {
	t.Helper()
	d := &desktop{computer: c, folder: filepath.Join(root, "build", "screenshots", folder)}
	if err := os.RemoveAll(d.folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(d.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", screenWidth, screenHeight), "-nolisten", "tcp")
	server.ExtraFiles, server.Env = []*os.File{write}, c.environ()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	write.Close()
	number, err := io.ReadAll(io.LimitReader(read, 8))
	if err != nil || len(bytes.TrimSpace(number)) == 0 {
		t.Fatalf("the virtual screen did not start: %q, %v", number, err)
	}
	c.env["DISPLAY"] = ":" + string(bytes.TrimSpace(number))
	c.env["LIBGL_ALWAYS_SOFTWARE"] = "1"
	c.start(nil, "openbox")
	return d
}

// open starts the program and waits for its window, which it moves to the corner and gives the size that the
// places above are meant for.
func (d *desktop) open(theme string, args ...string) {
	d.t.Helper()
	bin, err := windowed()
	if err != nil {
		d.t.Fatal(err)
	}
	d.stderr = filepath.Join(d.home, "window.log")
	log, err := os.Create(d.stderr)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	d.program = exec.Command(bin, args...)
	d.program.Env, d.program.Dir = d.environ("FYNE_THEME="+theme, "FYNE_SCALE=1"), d.home
	d.program.Stdout, d.program.Stderr = log, log
	if err := d.program.Start(); err != nil {
		d.t.Fatal(err)
	}
	program, ended := d.program, make(chan struct{})
	d.ended = ended
	go func() { defer close(ended); _ = program.Wait() }()
	d.t.Cleanup(func() {
		_ = program.Process.Kill()
		<-ended
		text, err := os.ReadFile(filepath.Join(d.home, "window.log"))
		if err == nil && d.t.Failed() {
			d.t.Logf("the window said:\n%s", text)
		}
	})
	d.wait("the window", 60*time.Second, func() bool {
		if d.over() {
			d.t.Fatalf("the program ended at once:\n%s", d.said())
		}
		out, err := d.xdotool("search", "--onlyvisible", "--name", "^Dunlin$").Output()
		d.window = strings.TrimSpace(string(out))
		return err == nil && d.window != "" && !strings.Contains(d.window, "\n")
	})
	d.do("windowactivate", "--sync", d.window)
	d.do("windowmove", d.window, "0", "0")
	d.do("windowsize", d.window, strconv.Itoa(windowWidth), strconv.Itoa(windowHeight))
	d.settle()
}

func (d *desktop) over() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

func (d *desktop) said() string {
	text, err := os.ReadFile(d.stderr)
	if err != nil {
		d.t.Error(err)
	}
	return string(text)
}

func (d *desktop) xdotool(args ...string) *exec.Cmd {
	cmd := exec.Command("xdotool", args...)
	cmd.Env = d.environ()
	return cmd
}

func (d *desktop) do(args ...string) {
	d.t.Helper()
	if out, err := d.xdotool(args...).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool %v: %v\n%s\n%s", args, err, out, d.said())
	}
}

// key presses keys one after the other, as slowly as a quick typist.
func (d *desktop) key(names ...string) {
	d.t.Helper()
	for _, name := range names {
		d.do("key", "--clearmodifiers", name)
		time.Sleep(80 * time.Millisecond)
	}
}

func (d *desktop) text(s string) {
	d.t.Helper()
	d.do("type", "--delay", "15", s)
	time.Sleep(80 * time.Millisecond)
}

func (d *desktop) click(p point) {
	d.t.Helper()
	d.do("mousemove", strconv.Itoa(p.x), strconv.Itoa(p.y))
	time.Sleep(100 * time.Millisecond)
	d.do("click", "1")
	time.Sleep(150 * time.Millisecond)
}

// look returns what is on the screen.
func (d *desktop) look() []byte {
	d.t.Helper()
	cmd := exec.Command("import", "-window", "root", "-depth", "8", "rgb:-")
	cmd.Env = d.environ()
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("a picture of the screen: %v", err)
	}
	return out
}

// settle waits until nothing on the screen moves any more; a blinking cursor is let pass after a while.
func (d *desktop) settle() []byte {
	d.t.Helper()
	last := d.look()
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		time.Sleep(200 * time.Millisecond)
		now := d.look()
		if bytes.Equal(now, last) {
			return now
		}
		last = now
	}
	return last
}

// step does something that must change the screen, waits until it is still and keeps a picture.
func (d *desktop) step(name string, what func()) {
	d.t.Helper()
	before := d.settle()
	what()
	d.wait("a change on the screen after "+name, 15*time.Second, func() bool { return differs(before, d.look()) > 400 })
	d.settle()
	d.picture(name)
}

// differs counts the bytes that are not the same.
func differs(a, b []byte) int {
	if len(a) != len(b) {
		return max(len(a), len(b))
	}
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// picture keeps what is on the screen as build/screenshots/FOLDER/NN-name.png.
func (d *desktop) picture(name string) {
	d.t.Helper()
	d.shots++
	cmd := exec.Command("import", "-window", "root", filepath.Join(d.folder, fmt.Sprintf("%02d-%s.png", d.shots, name)))
	cmd.Env = d.environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("a picture of the screen: %v\n%s", err, out)
	}
	d.healthy()
}

// healthy fails when the program has died or touched the window from another goroutine than the window's.
func (d *desktop) healthy() {
	d.t.Helper()
	said := d.said()
	if strings.Contains(said, "*** Error in Fyne call thread") || strings.Contains(said, "panic") || strings.Contains(said, "fatal error") {
		d.t.Fatalf("the window is not well:\n%s", said)
	}
	if d.over() {
		d.t.Fatalf("the window is gone:\n%s", said)
	}
}

// ends waits until the program has ended by itself, and well.
func (d *desktop) ends() {
	d.t.Helper()
	select {
	case <-d.ended:
	case <-time.After(15 * time.Second):
		d.t.Fatalf("the program did not end:\n%s", d.said())
	}
	if code := d.program.ProcessState.ExitCode(); code != 0 {
		d.t.Errorf("the program ended with %d:\n%s", code, d.said())
	}
}

// count asks the command line, beside the open window, how many messages are in a state.
func (d *desktop) count(state string) int {
	d.t.Helper()
	n := 0
	for _, m := range d.dunlin("outbox", "--json").ok().list("id") {
		if m["state"] == state {
			n++
		}
	}
	return n
}

// The owner's first day: connect, set up, look around, approve, send.
func TestWindowFirstDay(t *testing.T) {
	b := newBooks(t)
	post := newPostOffice(t, nil)
	c := newComputer(t).withKeyStore()
	c.env["SSL_CERT_FILE"] = caFile(t, post) // the window asks for no authority of its own; the system's list has it
	d := newDesktop(t, c, "first-day")
	d.open("light", "--data", c.data)
	d.picture("welcome")

	d.step("connect", func() { d.click(buttonConnectCard) })
	d.step("connect-advanced", func() { d.click(buttonAdvanced) })
	d.click(entryCompanyID)
	d.text(" " + b.company.ID + ",")
	d.key("Tab")
	d.text(userKey)
	d.key("Tab", "Tab") // over the eye
	d.text("o")         // Other address
	d.key("Tab")
	d.text(b.URL())
	d.key("Tab")
	d.text("not-the-partner-key")
	d.step("connect-refused", func() { d.key("Return") })
	d.key("ctrl+a")
	d.text(partnerKey)
	d.step("business", func() { d.key("Return") })
	d.wait("the connection", 20*time.Second, func() bool { return d.dunlin("account", "--json").code == 0 })

	d.step("mailbox", func() { d.click(buttonContinue) })
	d.click(selectProvider)
	d.key("Escape")
	d.text("a") // Another provider
	d.key("Tab")
	d.text("Harbour Accounts")
	d.key("Tab")
	d.text(ownAddress)
	d.key("Tab")
	d.text(mailPassword)
	d.key("Tab", "Tab")
	d.text(post.Addr())
	d.key("Tab")
	d.text("s") // STARTTLS
	d.key("Tab")
	d.text(mailUser)
	d.picture("mailbox-filled")
	d.step("first-sync", func() { d.click(buttonContinue) })
	var mailboxes []object
	d.dunlin("mailbox", "list", "--json").ok().into(&mailboxes)
	if len(mailboxes) != 1 {
		t.Fatalf("the mailbox was not added: %v\n%s", mailboxes, d.said())
	}
	d.wait("the first sync", 30*time.Second, func() bool { return len(d.dunlin("invoices", "--json").ok().list("number")) == 9 })
	d.settle()
	d.picture("first-sync-done")

	d.step("who-to-chase", func() { d.click(buttonContinue) })
	if n := len(post.Messages()); n != 0 {
		t.Errorf("%d messages went before chasing was started", n)
	}
	d.step("home", func() { d.click(buttonContinue) })
	d.wait("chasing to be on", 10*time.Second, func() bool { return planned(d.dunlin("plan", "--json").ok().object()) == 4 })
	time.Sleep(4 * time.Second) // the word at the foot of the window goes
	d.settle()
	d.picture("home-quiet")

	d.step("receivables", func() { d.key("ctrl+2") })
	d.step("customer", func() { d.click(firstCustomer); d.key("Return") })
	d.step("invoice", func() { d.click(firstInvoice); d.key("Return") })
	d.step("back-to-the-customer", func() { d.key("Escape") })
	d.step("back-to-the-list", func() { d.key("Escape") })
	d.step("invoices", func() { d.click(tabInvoices) })
	d.step("search", func() { d.key("ctrl+f"); d.text("2001") })

	d.step("outbox", func() { d.key("ctrl+3") })
	d.step("run-now", func() { d.click(buttonRunNow) })
	d.step("run-waits", func() { d.key("Return") })
	d.wait("the messages to wait", 20*time.Second, func() bool { return d.count("planned") == 4 })
	if n := len(post.Messages()); n != 0 {
		t.Errorf("%d messages went without approval", n)
	}
	d.key("ctrl+1")
	d.settle()
	d.step("outbox-waiting", func() { d.key("ctrl+3") })
	d.step("approve", func() { d.click(buttonApproveAll) })
	d.step("approved", func() { d.key("Return") })
	d.wait("the messages to go", 60*time.Second, func() bool { return d.count("accepted") == 4 })
	if n := len(post.Messages()); n != 4 {
		t.Errorf("%d messages arrived, want 4", n)
	}
	d.step("sent", func() { d.click(tabSent) })

	d.step("activity", func() { d.key("ctrl+4") })
	d.step("schedules", func() { d.key("ctrl+5") })
	d.step("settings", func() { d.key("ctrl+6") })
	for i, name := range []string{"connection", "mailboxes", "chasing", "notifications", "about"} {
		d.step("settings-"+name, func() { d.click(point{290, 205 + 42*i}) })
	}
	calls := b.Calls("")
	d.key("ctrl+r")
	d.wait("a sync by keyboard", 20*time.Second, func() bool { return b.Calls("") > calls })
	d.wait("the end of the sync", 20*time.Second, func() bool {
		calls = b.Calls("")
		time.Sleep(time.Second)
		return calls == b.Calls("")
	})
	b.Fail(aiqtest.Fault{Kind: aiqtest.FailHTML, Times: aiqtest.Always})
	d.step("sync-failed", func() { d.key("ctrl+1", "F5"); time.Sleep(2 * time.Second) })
	b.ClearFaults()

	// Only one window at a time: a second start brings this one to the front and ends.
	for range 6 { // it is a conversation of two processes: once proves little
		second := exec.Command(d.program.Path, "--data", c.data)
		second.Env = d.environ()
		if out, err := second.CombinedOutput(); err != nil {
			t.Errorf("a second start: %v\n%s", err, out)
		}
	}
	d.healthy()
	d.key("alt+F4") // without a tray, closing ends the program
	d.ends()
	d.dunlin("sync").ok()
	c.noSecretsIn(secrets...)
}

func planned(plan object) int {
	messages, _ := plan["messages"].([]any)
	return len(messages)
}

// The demo company in dark: every place of the window by keyboard, ended by the system.
func TestWindowDemoInDark(t *testing.T) {
	c := newComputer(t).withKeyStore()
	d := newDesktop(t, c, "demo-dark")
	d.open("dark", "--demo")
	d.picture("home")
	for i, name := range []string{"receivables", "outbox", "activity", "schedules", "settings", "home"} {
		d.step(name, func() { d.key("ctrl+" + strconv.Itoa((i+1)%6+1)) })
	}
	d.step("receivables", func() { d.key("ctrl+2") })
	d.step("customer", func() { d.click(firstCustomer); d.key("Return") })
	d.step("invoice", func() { d.click(firstInvoice); d.key("Return") })
	if err := d.program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	d.ends()
	if left, _ := filepath.Glob(filepath.Join(c.home, "tmp", "*")); len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}

// The system asks the program to end, at any moment of its life: it does, without a word, and leaves nothing behind.
func TestWindowEndsWhenAsked(t *testing.T) {
	c := newComputer(t)
	d := newDesktop(t, c, "ends")
	for i := range 6 {
		d.open("light", "--demo")
		time.Sleep(time.Duration(i) * 150 * time.Millisecond)
		if err := d.program.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		d.ends()
		if strings.Contains(d.said(), "panic") {
			t.Fatalf("it crashed:\n%s", d.said())
		}
	}
	if left, _ := filepath.Glob(filepath.Join(c.home, "tmp", "*")); len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}
