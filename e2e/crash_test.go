//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dunlin/core/mail/mailtest"
)

// postmaster counts for whom messages came, and stalls one of them when asked to.
type postmaster struct {
	stallFor string // the recipient whose message gets no answer after its end; "" for none
	stage    mailtest.Stage
	stalled  atomic.Bool

	mu    sync.Mutex
	tries map[string]int
	last  map[int]string // connection to recipient
}

func (p *postmaster) behave(e mailtest.Event) mailtest.Fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tries == nil {
		p.tries, p.last = map[string]int{}, map[int]string{}
	}
	if e.Stage == mailtest.AtRcpt {
		p.tries[e.To]++
		p.last[e.Connection] = e.To
	}
	if p.stallFor != "" && e.Stage == p.stage && p.last[e.Connection] == p.stallFor && p.stalled.CompareAndSwap(false, true) {
		return mailtest.Fate{Wait: time.Hour, Keep: true, Drop: true}
	}
	return mailtest.Fate{}
}

func (p *postmaster) triesFor(address string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries[address]
}

// A program that dies between the end of a message and the server's answer cannot know whether it went. It
// must not send it again, and must say so (R6.4).
func TestKilledBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	p := &postmaster{stallFor: "ap@bolt.example", stage: mailtest.AtEnd}
	post := newPostOffice(t, p.behave)
	c := ready(t, b, post.Addr(), caFile(t, post))

	cmd := c.command("run", "--approve", "--json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.wait("the message without an answer", time.Minute, p.stalled.Load)
	if r := c.terminate(cmd, syscall.SIGKILL); r.code == 0 {
		t.Fatalf("it was killed: %s", r)
	}

	first := c.dunlin("run", "--approve", "--json").ok()
	bolt := messageTo(t, c, "BOLT", "uncertain")
	if bolt == nil {
		t.Fatalf("BOLT's message is not uncertain: %s\n%s", first, c.dunlin("outbox", "--json").stdout)
	}
	for range 2 {
		c.dunlin("run", "--approve", "--json").ok().object().is(t, "sent", 0)
	}
	if n := p.triesFor("ap@bolt.example"); n != 1 {
		t.Errorf("BOLT's message was offered %d times", n)
	}
	for _, address := range []string{"ap@acme.example", "buchhaltung@mueller.example", "nobody-here@elm.example"} {
		if n := p.triesFor(address); n != 1 {
			t.Errorf("the message to %s was offered %d times, want once", address, n)
		}
	}
	c.dunlin("invoices", "--json").ok().list("number")["2001"].is(t, "last.offset", 8)
}

// A program that dies before the message was handed over has sent nothing; the message goes on the next run, once.
func TestKilledBeforeTheMessage(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	p := &postmaster{stallFor: "ap@bolt.example", stage: mailtest.AtData}
	post := newPostOffice(t, p.behave)
	c := ready(t, b, post.Addr(), caFile(t, post))

	cmd := c.command("run", "--approve", "--json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.wait("the message under way", time.Minute, p.stalled.Load)
	c.terminate(cmd, syscall.SIGKILL)
	c.dunlin("run", "--approve", "--json").ok()
	got := map[string]int{}
	for _, m := range post.Messages() {
		for _, to := range m.To {
			got[to]++
		}
	}
	for address, n := range got {
		if n != 1 {
			t.Errorf("%s got %d messages", address, n)
		}
	}
	// From outside it cannot be told whether the server had the message: both states are honest, two messages are not.
	if m := messageTo(t, c, "BOLT", "uncertain"); m == nil && got["ap@bolt.example"] != 1 {
		t.Errorf("BOLT's message is neither uncertain nor sent: %s", c.dunlin("outbox", "--json").stdout)
	}
}

func messageTo(t *testing.T, c *computer, customer, state string) object {
	t.Helper()
	for _, m := range c.dunlin("outbox", "--json").ok().list("id") {
		if m["customer_code"] == customer && m["state"] == state {
			return m
		}
	}
	return nil
}

// What is paid while a run sends is not chased (R6.3).
func TestPaidMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	var once sync.Once
	post := newPostOffice(t, func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtMail {
			once.Do(func() { b.pay(t, "MUELL", "7001") })
		}
		return mailtest.Fate{}
	})
	c := ready(t, b, post.Addr(), caFile(t, post))
	c.dunlin("run", "--approve", "--json").ok()
	for _, m := range post.Messages() {
		if m.To[0] == "buchhaltung@mueller.example" {
			t.Error("a reminder went for an invoice that had been paid")
		}
	}
	m := messageTo(t, c, "MUELL", "cancelled")
	if m == nil {
		t.Fatalf("the message was not cancelled: %s", c.dunlin("outbox", "--json").stdout)
	}
	m.is(t, "reason", "paid meanwhile")
}

// What the server refuses for the moment is tried again under the same Message-ID (R6.5).
func TestTemporaryRefusal(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	var refused atomic.Int32
	post := newPostOffice(t, func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtRcpt && e.To == "ap@bolt.example" && refused.Add(1) == 1 {
			return mailtest.Fate{Code: 451, Text: "4.7.1 greylisted"}
		}
		return mailtest.Fate{}
	})
	c := ready(t, b, post.Addr(), caFile(t, post))
	o := c.dunlin("run", "--approve", "--json").ok().object()
	o.is(t, "sent", 4)
	if n := refused.Load(); n != 2 {
		t.Errorf("BOLT's message was offered %d times, want twice", n)
	}
	m := messageTo(t, c, "BOLT", "accepted")
	if m == nil {
		t.Fatal("BOLT's message was not accepted in the end")
	}
	for _, got := range post.Messages() {
		p, err := got.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if got.To[0] == "ap@bolt.example" && p.Header.Get("Message-Id") != m["message_id"] {
			t.Errorf("it went as %s, the outbox has %v", p.Header.Get("Message-Id"), m["message_id"])
		}
	}
}

// An older copy of the data folder that is put back sends nothing again (R6.7); on another computer, without
// the record of what went, the owner is asked first.
func TestRestoredCopy(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	post := newPostOffice(t, nil)
	c := ready(t, b, post.Addr(), caFile(t, post))
	backup := filepath.Join(c.home, "backup")
	copyFolder(t, c.data, backup)
	c.dunlin("run", "--approve", "--json").ok().object().is(t, "sent", 4)
	after := filepath.Join(c.home, "after")
	copyFolder(t, c.data, after)

	putBack(t, backup, c.data)
	c.dunlin("run", "--approve", "--json").ok().object().is(t, "sent", 0)
	if n := len(post.Messages()); n != 4 {
		t.Errorf("%d messages came in all, want 4", n)
	}

	putBack(t, after, c.data)
	if err := os.RemoveAll(filepath.Join(c.home, ".local", "state")); err != nil {
		t.Fatal(err)
	}
	c.dunlin("settings", "set", "approval", "never").ok()
	b.invoice(t, "DOVE", "4002", 10_00, 2)
	if err := b.company.UpdateCustomer("DOVE", dovesAddress); err != nil {
		t.Fatal(err)
	}
	c.dunlin("run", "--json").ok().object().is(t, "state", "waiting")
	if n := len(post.Messages()); n != 4 {
		t.Errorf("%d messages came in all, want 4", n)
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func putBack(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, from, to)
}
