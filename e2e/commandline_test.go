//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/mail/mailtest"
)

// connect stores the connection with the books by user key.
func (c *computer) connect(b *books, env ...string) result {
	c.t.Helper()
	if env == nil {
		env = []string{"DUNLIN_USER_KEY=" + userKey, "DUNLIN_PARTNER_KEY=" + partnerKey}
	}
	return c.dunlin(append(env, "connect", "--location", b.URL(), "--company", b.company.ID, "--json")...)
}

// mailbox adds the owner's mailbox at a server with STARTTLS and an authority of its own.
func (c *computer) mailbox(addr, caFile string, env ...string) result {
	c.t.Helper()
	if env == nil {
		env = []string{"DUNLIN_MAIL_PASSWORD=" + mailPassword}
	}
	return c.dunlin(append(env, "mailbox", "add", "--address", ownAddress, "--name", "Harbour Accounts", "--smtp", addr, "--security", "starttls",
		"--user", mailUser, "--ca-file", caFile, "--json")...)
}

// ready has a computer connected, with a mailbox, synced and chasing.
func ready(t *testing.T, b *books, addr, caFile string) *computer {
	t.Helper()
	c := newComputer(t).withKeyStore()
	c.connect(b).ok()
	c.dunlin("account", "--name", "Harbour Supplies", "--country", "IE", "--timezone", "Europe/Dublin", "--currency", "EUR").ok()
	c.mailbox(addr, caFile).ok()
	c.dunlin("sync", "--json").ok()
	c.dunlin("chase", "start").ok()
	return c
}

// caFile writes the authority of a mail server in process for the computer.
func caFile(t *testing.T, s *mailtest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := s.WriteCA(name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestConnect(t *testing.T) {
	t.Parallel()
	b, other := newBooks(t), newBooks(t)
	other.company.UserKey = "a key of another installation"
	keys := []string{"DUNLIN_USER_KEY=" + userKey, "DUNLIN_PARTNER_KEY=" + partnerKey}
	nobody := freeAddress(t)

	for _, bad := range []struct {
		name string
		args []string
	}{
		{"wrong key", append([]string{"DUNLIN_USER_KEY=wrong-" + userKey, "DUNLIN_PARTNER_KEY=" + partnerKey}, "connect", "--location", b.URL(), "--company", b.company.ID)},
		{"the right key at another installation", append(keys, "connect", "--location", other.URL(), "--company", b.company.ID)},
		{"unknown company", append(keys, "connect", "--location", b.URL(), "--company", "no_such_company")},
		{"nobody answers", append(keys, "connect", "--location", "http://"+nobody, "--company", b.company.ID)},
		{"http to a host that is not this computer", append(keys, "connect", "--location", "http://accountsiq.example", "--company", b.company.ID)},
		{"no address at all", append(keys, "connect", "--location", "mars1", "--company", b.company.ID)},
		{"wrong OAuth secret", []string{"DUNLIN_CLIENT_ID=" + clientID, "DUNLIN_CLIENT_SECRET=x" + clientSecret, "connect", "--location", b.URL(), "--company", b.company.ID, "--auth", "oauth"}},
	} {
		t.Run(bad.name, func(t *testing.T) {
			c := newComputer(t).withKeyStore()
			r := c.dunlin(append(bad.args, "--json")...)
			p := r.fails()
			t.Logf("%s: %s %s", p.Code, p.Message, p.Hint)
			if strings.Contains(r.stdout+r.stderr, userKey) || strings.Contains(r.stdout+r.stderr, clientSecret) {
				t.Errorf("the secret is shown: %s", r)
			}
			if p := c.dunlin("sync", "--json").fails(); p.Code != "not_connected" {
				t.Errorf("something was stored: %+v", p)
			}
		})
	}

	t.Run("pasted with spaces, commas and line ends", func(t *testing.T) {
		c := newComputer(t).withKeyStore()
		r := c.dunlin("DUNLIN_USER_KEY= "+userKey+",\n", "DUNLIN_PARTNER_KEY=\t"+partnerKey+" ", "connect", "--location", " "+b.URL()+"/, ", "--company", " "+b.company.ID+",", "--json").ok()
		r.object().is(t, "company", b.company.ID)
		if !strings.Contains(r.stderr, "User Key") {
			t.Errorf("nothing says that the key was cleaned: %s", r)
		}
		c.dunlin("sync").ok()
		c.noSecretsIn(secrets...)
	})

	t.Run("OAuth", func(t *testing.T) {
		c := newComputer(t).withKeyStore()
		c.connect(b, "DUNLIN_CLIENT_ID="+clientID, "DUNLIN_CLIENT_SECRET="+clientSecret).ok()
		o := c.dunlin("sync", "--json").ok().object()
		o.is(t, "customers.new", 7)
		c.noSecretsIn(secrets...)
	})

	t.Run("a secret is no argument", func(t *testing.T) {
		c := newComputer(t)
		if r := c.dunlin("connect", "--location", b.URL(), "--company", b.company.ID, "--user-key", userKey); r.code != 2 {
			t.Errorf("want wrong usage: %s", r)
		}
	})
}

// The fields that interface.md promises.
const (
	syncFields     = "ok started finished full requests customers contacts transactions allocations mismatches"
	invoiceFields  = "number transaction_id invoice_id customer_code customer_name type issued due created age_days bucket currency amount outstanding disputed status expected schedule held next last"
	customerFields = "code account_id name emails phones addresses currency outstanding overdue credit oldest_age_days schedule chasing active"
	planFields     = "now is_slot next_slot refused messages invoices"
	messageFields  = "id message_id kind state customer_code step from to cc subject invoices planned_for attempts accepted_at error reason"
)

func (o object) has(t *testing.T, fields string) {
	t.Helper()
	for name := range strings.FieldsSeq(fields) {
		if _, ok := o[name]; !ok {
			t.Errorf("field %q is missing in %v", name, o)
		}
	}
}

// The main job from beginning to end against servers that we did not write.
func TestMainJob(t *testing.T) {
	t.Parallel()
	b, e := newBooks(t), newExim(t)
	c := newComputer(t).withKeyStore()

	o := c.connect(b).ok().object()
	o.is(t, "company", "harbour_ltd")
	o.is(t, "account.country", "IE")
	o.is(t, "account.timezone", "Europe/Dublin")
	o.is(t, "account.currency", "EUR")
	c.dunlin("account", "--name", "Harbour Supplies", "--country", "IE", "--timezone", "Europe/Dublin", "--currency", "EUR", "--json").ok().object().is(t, "name", "Harbour Supplies")

	wrong := c.mailbox(e.addr, e.caFile, "DUNLIN_MAIL_PASSWORD=wrong").fails()
	t.Logf("wrong mail password: %s %s %s", wrong.Code, wrong.Message, wrong.Hint)
	unknown := c.dunlin("DUNLIN_MAIL_PASSWORD="+mailPassword, "mailbox", "add", "--address", ownAddress, "--smtp", e.addr, "--security", "starttls", "--user", mailUser, "--json").fails()
	t.Logf("unknown authority: %s %s %s", unknown.Code, unknown.Message, unknown.Hint)
	c.mailbox(e.addr, e.caFile).ok()

	o = c.dunlin("sync", "--json").ok().object()
	o.has(t, syncFields)
	o.is(t, "ok", true)
	o.is(t, "customers.new", 7)
	o.is(t, "transactions.new", 10)
	checkTables(t, c)

	if p := c.dunlin("run", "--json").object(); p.at("sent") != nil && p.at("sent") != 0.0 {
		t.Errorf("something went before chasing was started: %v", p)
	}
	c.dunlin("chase", "start", "--json").ok()
	checkPlan(t, c.dunlin("plan", "--json").ok().object())

	o = c.dunlin("run", "--json").ok().object()
	o.is(t, "state", "waiting")
	o.is(t, "sent", 0)
	time.Sleep(300 * time.Millisecond) // time for a message that must not come
	e.letters(t, 0)

	o = c.dunlin("run", "--approve", "--json").ok().object()
	o.is(t, "sent", 3)
	o.is(t, "refused", 1)
	letters := e.letters(t, 3)
	outbox := c.dunlin("outbox", "--json").ok()
	checkLetters(t, letters, outbox)

	o = c.dunlin("run", "--approve", "--json").ok().object()
	o.is(t, "sent", 0)
	for number, inv := range c.dunlin("invoices", "--json").ok().list("number") {
		if number == "1001" || number == "1002" || number == "2001" || number == "7001" {
			if inv["last"] == nil {
				t.Errorf("%s does not say what was sent last: %v", number, inv)
			}
		}
	}
	c.dunlin("why", "1001", "--json").ok().object().is(t, "number", "1001")

	b.pay(t, "BOLT", "2001")
	o = c.dunlin("sync", "--json").ok().object()
	o.is(t, "allocations.new", 1)
	paid := c.dunlin("invoices", "--status", "paid", "--json").ok().list("number")["2001"]
	if paid == nil {
		t.Fatal("the paid invoice is not among the paid ones")
	}
	paid.is(t, "outstanding", "0.00")
	paid.is(t, "status", "paid")
	if c.dunlin("invoices", "--json").ok().list("number")["2001"] != nil {
		t.Error("the paid invoice is still among the outstanding ones")
	}
	time.Sleep(300 * time.Millisecond)
	e.letters(t, 3)
	c.noSecretsIn(secrets...)
	if c.dunlin("activity").ok().stdout == "" {
		t.Error("nothing is told of what happened")
	}
}

func checkTables(t *testing.T, c *computer) {
	t.Helper()
	invoices := c.dunlin("invoices", "--json").ok().list("number")
	for number, inv := range invoices {
		inv.has(t, invoiceFields)
		if number == "" {
			t.Errorf("no number: %v", inv)
		}
	}
	if len(invoices) != 9 {
		t.Errorf("%d open invoices, want 9", len(invoices))
	}
	due := today().AddDays(-20)
	acme := invoices["1002"]
	acme.is(t, "customer_code", "ACME")
	acme.is(t, "due", due)
	acme.is(t, "issued", due.AddDays(-30))
	acme.is(t, "age_days", 20)
	acme.is(t, "bucket", "1-30")
	acme.is(t, "amount", "250.50")
	acme.is(t, "outstanding", "250.50")
	acme.is(t, "currency", "EUR")
	acme.is(t, "type", "SI")
	invoices["1003"].is(t, "bucket", "current")
	invoices["3001"].is(t, "disputed", true)
	invoices["6001"].is(t, "bucket", "31-60")

	customers := c.dunlin("customers", "--json").ok().list("code")
	for _, cu := range customers {
		cu.has(t, customerFields)
	}
	if len(customers) != 7 {
		t.Errorf("%d customers, want 7", len(customers))
	}
	customers["FERN"].is(t, "credit", "[map[amount:600.00 currency:EUR]]")
	customers["ACME"].is(t, "outstanding", "[map[amount:425.50 currency:EUR]]")
	customers["ACME"].is(t, "overdue", "[map[amount:350.50 currency:EUR]]")
	customers["ACME"].is(t, "oldest_age_days", 20)
	customers["MUELL"].is(t, "name", `Müller & Söhne <script>alert(1)</script> "KG"`)

	if table := c.dunlin("invoices", "--csv", "--customer", "ACME").ok().stdout; strings.Count(table, "\n") != 4 || !strings.Contains(table, "250.50") {
		t.Errorf("the CSV of one customer:\n%s", table)
	}
}

func checkPlan(t *testing.T, plan object) {
	t.Helper()
	plan.has(t, planFields)
	want := map[string]string{"ACME": "[1002 1001]", "BOLT": "[2001]", "ELM": "[5001]", "MUELL": "[7001]"}
	messages, _ := plan["messages"].([]any)
	for _, m := range messages {
		msg := object(m.(map[string]any))
		msg.has(t, "kind customer step offset template escalated_sender escalated_recipient to cc invoices totals")
		customer := msg["customer"].(string)
		msg.is(t, "kind", "overdue")
		msg.is(t, "invoices", want[customer])
		if want[customer] == "" {
			t.Errorf("%s should get no message", customer)
		}
		delete(want, customer)
	}
	if len(want) > 0 {
		t.Errorf("no message is planned for %v", want)
	}
	reasons := map[string]string{"3001": "disputed", "4001": "no_address", "6001": "covered_by_credit"}
	invoices, _ := plan["invoices"].([]any)
	for _, i := range invoices {
		inv := object(i.(map[string]any))
		inv.has(t, "number age_days bucket due_step held next")
		number := inv["number"].(string)
		if reason := reasons[number]; reason != "" {
			inv.is(t, "held.reason", reason)
			delete(reasons, number)
		} else if inv["held"] != nil {
			t.Errorf("%s is held back: %v", number, inv["held"])
		}
	}
	if len(reasons) > 0 {
		t.Errorf("nothing is said of %v", reasons)
	}
}

func checkLetters(t *testing.T, letters map[string]letter, outbox result) {
	t.Helper()
	sent := map[string]object{}
	for _, m := range outbox.list("id") {
		m.has(t, messageFields)
		switch m["state"] {
		case "accepted":
			sent[m["message_id"].(string)] = m
		case "refused":
			m.is(t, "customer_code", "ELM")
			if !strings.Contains(m["error"].(string), "550") {
				t.Errorf("the refusal does not show its code: %v", m)
			}
		}
	}
	if len(sent) != 3 {
		t.Errorf("the outbox has %d accepted messages, want 3: %s", len(sent), outbox)
	}
	for to, l := range letters {
		id := l.Header.Get("Message-Id")
		m := sent[id]
		if m == nil {
			t.Errorf("the outbox does not know %s to %s", id, to)
			continue
		}
		m.is(t, "to", "["+to+"]")
		m.is(t, "from", ownAddress)
		if l.Subject != m["subject"] {
			t.Errorf("the subject %q arrived as %q", m["subject"], l.Subject)
		}
		if l.Text == "" || l.HTML == "" {
			t.Errorf("the message to %s lacks a part: text %q, HTML %q", to, l.Text, l.HTML)
		}
		from, err := l.Header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != ownAddress || from[0].Name != "Harbour Accounts" {
			t.Errorf("From is %v (%v)", from, err)
		}
		if date, err := l.Header.Date(); err != nil || time.Since(date) > 10*time.Minute {
			t.Errorf("Date is %v (%v)", date, err)
		}
		for _, name := range []string{"List-Unsubscribe", "Auto-Submitted"} {
			if l.Header.Has(name) {
				t.Errorf("the message to %s has the header %s", to, name)
			}
		}
	}
	for _, part := range []string{letters["ap@acme.example"].Text, letters["ap@acme.example"].HTML} {
		for _, must := range []string{"1001", "1002", "350.50"} {
			if !strings.Contains(part, must) {
				t.Errorf("ACME's message does not name %s:\n%s", must, part)
			}
		}
		if strings.Contains(part, "1003") {
			t.Errorf("ACME's message names an invoice that is not due:\n%s", part)
		}
	}
	if html := letters["buchhaltung@mueller.example"].HTML; strings.Contains(html, "<script>") {
		t.Errorf("a customer's name became HTML:\n%s", html)
	}
}

func TestServerDown(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	post := newPostOffice(t, nil)
	c := ready(t, b, post.Addr(), caFile(t, post))
	before := c.dunlin("invoices", "--status", "all", "--json").ok().stdout

	for name, fault := range map[string]aiqtest.Fault{
		"maintenance page":    {Kind: aiqtest.FailHTML, Times: aiqtest.Always},
		"fault of the server": {Kind: aiqtest.FailSOAP, Times: aiqtest.Always},
		"broken off answers":  {Call: 4, Kind: aiqtest.FailCutOff, Times: aiqtest.Always},
	} {
		b.Fail(fault)
		p := c.dunlin("sync", "--json").fails()
		t.Logf("%s: %s %s %s", name, p.Code, p.Message, p.Hint)
		b.ClearFaults()
		if after := c.dunlin("invoices", "--status", "all", "--json").ok().stdout; after != before {
			t.Errorf("%s changed the data:\n%s", name, after)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	p := c.dunlin("sync", "--json").fails()
	t.Logf("down: %s %s %s", p.Code, p.Message, p.Hint)
	r := c.dunlin("run", "--approve", "--json")
	p = r.fails()
	t.Logf("run: %s %s %s (%s)", p.Code, p.Message, p.Hint, r.took)
	if r.took > 150*time.Second {
		t.Errorf("the run tried for %s; rules R6.5a allow two minutes", r.took)
	}
	if n := len(post.Messages()); n != 0 {
		t.Errorf("%d messages went without fresh data", n)
	}
	if after := c.dunlin("invoices", "--status", "all", "--json").ok().stdout; after != before {
		t.Errorf("being down changed the data:\n%s", after)
	}
}

func TestWithoutKeyStore(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	post := newPostOffice(t, nil)
	ca := caFile(t, post)

	t.Run("credentials of the service manager", func(t *testing.T) {
		c := newComputer(t)
		dir := filepath.Join(c.home, "credentials")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"dunlin.user-key": userKey, "dunlin.partner-key": partnerKey, "dunlin.mail-password." + ownAddress: mailPassword} {
			writeFile(t, filepath.Join(dir, name), value+"\n", 0o400)
		}
		c.env["CREDENTIALS_DIRECTORY"] = dir
		c.connect(b, []string{}...).ok()
		c.dunlin("account", "--name", "Harbour", "--country", "IE", "--timezone", "Europe/Dublin", "--currency", "EUR").ok()
		c.mailbox(post.Addr(), ca, []string{}...).ok()
		c.dunlin("sync").ok()
		c.dunlin("chase", "start").ok()
		before := len(post.Messages())
		c.dunlin("run", "--approve", "--json").ok().object().is(t, "sent", 4)
		if got := len(post.Messages()) - before; got != 4 {
			t.Errorf("%d messages arrived, want 4", got)
		}
		c.noSecretsIn(secrets...)
	})

	t.Run("environment", func(t *testing.T) {
		c := newComputer(t)
		c.connect(b).ok()
		p := c.dunlin("sync", "--json").fails()
		t.Logf("no key anywhere: %s %s %s", p.Code, p.Message, p.Hint)
		c.dunlin("DUNLIN_USER_KEY="+userKey, "DUNLIN_PARTNER_KEY="+partnerKey, "sync").ok()
		c.noSecretsIn(secrets...)
	})
}

func TestSecondCopyIsRefused(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	post := newPostOffice(t, nil)
	c := ready(t, b, post.Addr(), caFile(t, post))

	first := c.background()
	for _, args := range [][]string{{"background", "--json"}, {"run", "--approve", "--json"}, {"sync", "--json"}} {
		p := c.dunlin(args...).fails()
		t.Logf("%s beside a running copy: %s %s %s", args[0], p.Code, p.Message, p.Hint)
	}
	if n := len(post.Messages()); n != 0 {
		t.Errorf("the second copy sent %d messages", n)
	}
	r := c.terminate(first, syscall.SIGTERM)
	if r.code != 0 || r.took > 5*time.Second {
		t.Errorf("SIGTERM should end it with 0 and soon: %s", r)
	}
	c.dunlin("sync").ok()

	t.Run("asked to stop in the middle of a sync", func(t *testing.T) {
		b.Fail(aiqtest.Fault{Kind: aiqtest.FailSlow, Delay: time.Minute, Times: aiqtest.Always})
		defer b.ClearFaults()
		calls := b.Calls("")
		cmd := c.background()
		waitFor(t, "a call under way", 20*time.Second, func() bool { return b.Calls("") > calls })
		if r := c.terminate(cmd, syscall.SIGTERM); r.code != 0 || r.took > 5*time.Second {
			t.Errorf("SIGTERM should end it with 0 and soon: %s", r)
		}
	})
}

// background starts the ticker and waits until it works.
func (c *computer) background() *exec.Cmd {
	c.t.Helper()
	cmd := c.command("background")
	stderr, err := os.Create(filepath.Join(c.home, "background.log"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := func() bool { return cmd.Process.Signal(syscall.Signal(0)) != nil }
	c.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	c.wait("the background program", 20*time.Second, func() bool {
		text, _ := os.ReadFile(stderr.Name())
		return strings.Contains(string(text), "SIGTERM") || ended()
	})
	time.Sleep(500 * time.Millisecond) // it says so a moment before it takes the folder
	return cmd
}

func TestDemo(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	o := c.dunlin("demo", "--json").ok().object()
	o.is(t, "ok", true)
	if sent, _ := o.at("run.sent").(float64); sent < 1 {
		t.Errorf("the demo sent nothing: %v", o.at("run"))
	}
	mails, _ := o["mails"].([]any)
	if sent, _ := o.at("run.sent").(float64); len(mails) != int(sent) {
		t.Errorf("%d messages arrived, %v were sent", len(mails), sent)
	}
	t.Log(c.dunlin("demo").ok().stdout)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	for _, args := range [][]string{{"fly"}, {"connect"}, {"invoices", "--no-such-flag"}, {"chase"}, {"chase", "stop"}, {"settings", "set", "x"},
		{"plan", "--at", "tomorrow"}, {"--log-level", "loud", "sync"}, {"run", "twice"}} {
		if r := c.dunlin(args...); r.code != 2 || r.stderr == "" {
			t.Errorf("want wrong usage with a reason: %s", r)
		}
	}
	c.dunlin("version", "--json").ok().object().has(t, "version")
	for _, args := range [][]string{{"sync", "--json"}, {"invoices", "--json"}, {"run", "--json"}, {"plan", "--json"}, {"background", "--json"}} {
		if p := c.dunlin(args...).fails(); p.Code != "not_connected" {
			t.Errorf("%v without a company: %+v", args, p)
		}
	}
}

// The planner alone: no data folder, no network. The case is the example of interface.md.
func TestPlanOfACaseFile(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	name := filepath.Join(c.home, "case.json")
	writeFile(t, name, `{"now": "2026-05-12T10:00:00+01:00",
 "company": {"timezone": "Europe/Dublin", "country": "IE", "currency": "EUR", "slots": {"weekdays": ["Tue", "Thu"], "time": "10:00"}},
 "schedules": [{"name": "Default", "before_due": [{"offset": -7}], "overdue": [{"offset": 1}, {"offset": 8}], "thanks": true}],
 "default_schedule": "Default",
 "customers": [{"code": "ACME", "name": "Acme Ltd", "addresses": [{"email": "ap@acme.example", "normal": true, "escalated": true}]}],
 "invoices": [{"number": "1001", "customer": "ACME", "type": "SI", "posted": true, "issued": "2026-04-01", "due": "2026-05-01", "currency": "EUR",
   "amount": "100.00", "outstanding": "100.00"}],
 "history": [{"customer": "ACME", "kind": "overdue", "automatic": true, "at": "2026-05-05T10:00:00+01:00", "state": "accepted",
   "invoices": [{"number": "1001", "offset": 1}]}]}`, 0o600)
	r := c.dunlin("plan", "--case", name, "--json").ok()
	o := r.object()
	o.has(t, planFields)
	o.is(t, "is_slot", true)
	messages, _ := o["messages"].([]any)
	if len(messages) != 1 {
		t.Fatalf("want one message: %s", r)
	}
	m := object(messages[0].(map[string]any))
	m.is(t, "customer", "ACME")
	m.is(t, "step", 2)
	m.is(t, "offset", 8)
	m.is(t, "template", "single")
	m.is(t, "totals", "[map[amount:100.00 currency:EUR]]")
	if again := c.dunlin("plan", "--case", name, "--json").ok(); again.stdout != r.stdout {
		t.Errorf("the same case gives another plan:\n%s\n%s", r.stdout, again.stdout)
	}
	if _, err := os.Stat(c.data); err == nil {
		t.Error("the planner alone made a data folder")
	}
	writeFile(t, name, `{"now": "2026-05-12T10:00:00+01:00", "compny": {}}`, 0o600)
	if p := c.dunlin("plan", "--case", name, "--json").fails(); !strings.Contains(p.Message, "compny") {
		t.Errorf("the unknown field is not named: %+v", p)
	}
}

// Safety controls from the command line.
func TestStopAndHold(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	post := newPostOffice(t, nil)
	c := ready(t, b, post.Addr(), caFile(t, post))
	c.dunlin("chase", "stop", "--customer", "BOLT").ok()
	c.dunlin("chase", "stop", "--invoice", "1001").ok()
	c.dunlin("chase", "hold", "--until", today().AddDays(5).String(), "--invoice", "7001").ok()
	plan := c.dunlin("plan", "--json").ok().object()
	want := map[string]string{"2001": "customer_stopped", "1001": "invoice_stopped", "7001": "hold_until"}
	invoices, _ := plan["invoices"].([]any)
	for _, i := range invoices {
		inv := object(i.(map[string]any))
		if reason := want[inv["number"].(string)]; reason != "" {
			inv.is(t, "held.reason", reason)
		}
	}
	c.dunlin("run", "--approve", "--json").ok().object().is(t, "sent", 2) // ACME's 1002 and ELM
	c.dunlin("chase", "pause").ok()
	b.invoice(t, "DOVE", "4002", 10_00, 2)
	o := c.dunlin("run", "--approve", "--json").object()
	if sent, _ := o["sent"].(float64); sent != 0 {
		t.Errorf("a paused company sent: %v", o)
	}
	c.dunlin("chase", "start").ok()
	c.dunlin("chase", "resume", "--customer", "BOLT").ok()
	c.dunlin("run", "--approve", "--json").ok().object().is(t, "sent", 1)
	raw, err := json.Marshal(c.dunlin("settings", "get", "--json").ok().object())
	if err != nil || len(raw) < 100 {
		t.Errorf("the settings: %s (%v)", raw, err)
	}
}
