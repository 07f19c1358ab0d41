package store

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"dunlin/core/chase"
	"dunlin/core/ledger"
)

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

var ten = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC) // 10:00 in Dublin

func TestSettingsAndFrame(t *testing.T) {
	s := openStore(t, t.TempDir())
	if _, err := s.Company(bg); !isNotFound(err) {
		t.Error(err)
	}
	if _, _, err := s.Watermark(bg, "w"); !isNotFound(err) {
		t.Error(err)
	}
	c := ledger.Company{ID: "DEMO01", Name: "Demo", BaseCurrency: "EUR", Locale: "en-IE", Country: "Ireland", Email: "a@b.ie", Consolidation: true}
	list := []ledger.Currency{{Code: "EUR", Rate: "1", Base: true}, {Code: "GBP", Rate: "0.85"}}
	save := func() {
		t.Helper()
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.SetCompany(bg, c), tx.SetCurrencies(bg, list), tx.SetWatermark(bg, "w", ten, "note"), tx.SetSetting(bg, "gap", "3"))
		})
	}
	save()
	v := version(t, s)
	save()
	if version(t, s) != v {
		t.Error("equal values changed the version")
	}
	list = list[:1]
	save()
	if got, err := s.Currencies(bg); !reflect.DeepEqual(got, list) || err != nil || version(t, s) != v+1 {
		t.Error(got, err)
	}
	if got, err := s.Company(bg); got != c || err != nil {
		t.Error(got, err)
	}
	if at, note, err := s.Watermark(bg, "w"); !at.Equal(ten) || note != "note" || err != nil {
		t.Error(at, note, err)
	}
	write(t, s, func(tx *Tx) error { return tx.DeleteSetting(bg, "gap") })
	if _, ok, err := s.Setting(bg, "gap"); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestSchedulesTemplatesMailboxes(t *testing.T) {
	s := openStore(t, t.TempDir())
	m := Mailbox{Address: "Me@b.example", Name: "Me", SMTP: MailServer{"smtp.b.example", 465, "tls", "me", "xoauth2"}, IMAP: MailServer{"imap.b.example", 993, "tls", "me", ""},
		CAFile: "/ca", Normal: true, Escalated: true, CC: true, Forewarn: true, VerifiedAt: ten}
	x := Template{Name: "mine", Kind: "single", Subject: "s", Body: "b"}
	write(t, s, func(tx *Tx) error {
		return errors.Join(tx.SaveSchedule(bg, Schedule{Name: "Slow", Body: []byte(`{"a":1}`)}), tx.SaveTemplate(bg, x),
			tx.SaveMailbox(bg, Mailbox{Address: "me@B.example"}), tx.SaveMailbox(bg, m),
			tx.SetCustomerPrefs(bg, 1, CustomerPrefs{Schedule: Choice{true, "Slow"}}), tx.SetInvoicePrefs(bg, 1, InvoicePrefs{Schedule: Choice{true, ""}}))
	})
	if got, err := s.Mailboxes(bg); !reflect.DeepEqual(got, []Mailbox{m}) || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Templates(bg); !reflect.DeepEqual(got, []Template{x}) || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	if err := s.Tx(bg, func(tx *Tx) error { return tx.SaveSchedule(bg, Schedule{Name: "x", Body: []byte("{")}) }); err == nil {
		t.Error("a broken schedule was stored")
	}
	write(t, s, func(tx *Tx) error {
		if _, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")}); err != nil {
			return err
		}
		return errors.Join(tx.DeleteSchedule(bg, "Slow"), tx.DeleteTemplate(bg, "mine"), tx.DeleteMailbox(bg, "ME@b.example"))
	})
	d, err := s.Customer(bg, 1, today)
	if err != nil || d.Prefs.Schedule != (Choice{}) {
		t.Errorf("a schedule that is gone is still chosen: %+v %v", d.Prefs, err)
	}
	put(t, s, invoice(1, 1, "2026-05-01", 5))
	if row, _ := s.Invoice(bg, 1); row.Prefs.Schedule != (Choice{true, ""}) {
		t.Errorf("the choice of none was lost: %+v", row.Prefs)
	}
	if got, _ := s.Mailboxes(bg); len(got) != 0 {
		t.Error(got)
	}
}

func TestPreferences(t *testing.T) {
	s := openStore(t, t.TempDir())
	cp := CustomerPrefs{Stopped: true, HoldUntil: today, Schedule: Choice{true, "X"}, RepliedAt: ten, Note: "n"}
	ip := InvoicePrefs{Stopped: true, Disputed: true, HoldUntil: today, Expected: today.AddDays(1), Schedule: Choice{true, "Y"}, Note: "m"}
	write(t, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")}); return err })
	put(t, s, invoice(1, 1, "2026-05-01", 5))
	save := func() {
		t.Helper()
		write(t, s, func(tx *Tx) error { return errors.Join(tx.SetCustomerPrefs(bg, 1, cp), tx.SetInvoicePrefs(bg, 1, ip)) })
	}
	save()
	v := version(t, s)
	save()
	if version(t, s) != v {
		t.Error("equal preferences changed the version")
	}
	row, err := s.Invoice(bg, 1)
	if err != nil || row.Prefs != ip || !row.CustomerStopped || row.CustomerSchedule != cp.Schedule {
		t.Errorf("%+v %v", row, err)
	}
	d, err := s.Customer(bg, 1, today)
	if err != nil || d.Prefs != cp {
		t.Errorf("%+v %v", d.Prefs, err)
	}
	f, err := s.PlannerFacts(bg)
	if err != nil || f.Open[0].Prefs != ip || f.Customers[0].Prefs != cp {
		t.Errorf("%+v %v", f, err)
	}
	if ids, _ := s.CustomerIDs(bg, CustomerQuery{Status: CustomersStopped}); len(ids) != 1 {
		t.Error(ids)
	}
	for schedule, want := range map[Choice]int{{true, "X"}: 1, {}: 0} {
		if ids, _ := s.CustomerIDs(bg, CustomerQuery{Schedule: &schedule}); len(ids) != want {
			t.Error(schedule, ids)
		}
	}
	for schedule, want := range map[Choice]int{{true, "Y"}: 1, {}: 0} {
		if ids, _, _ := s.InvoiceIDs(bg, InvoiceQuery{Schedule: &schedule}); len(ids) != want {
			t.Error(schedule, ids)
		}
	}
}

func message(id, kind, state string, invoices ...int64) Message {
	m := Message{ID: id, RunID: "r1", Key: "key-" + id, Kind: kind, State: state, Automatic: true, AccountID: 1, CustomerCode: "A", Part: kind, Step: 2, Offset: 8,
		Multi: true, Template: "t", Channel: "email", EscalatedSender: true, EscalatedRecipient: true, From: "me@b.example", To: []string{"a@a.example", "b@a.example"},
		CC: []string{"c@a.example"}, Subject: "Réminder " + id, MessageID: id + "@b.example", InReplyTo: "x@b.example", References: []string{"x@b.example"},
		Created: ten, PlannedFor: ten, Updated: ten, NextAttempt: ten.Add(time.Minute), Attempts: 1, Error: "e", Reason: "r"}
	for _, i := range invoices {
		m.Invoices = append(m.Invoices, MessageInvoice{TransactionID: i, Number: "1001", Part: kind, Offset: 8, Step: 2, Outstanding: eur(100 + i)})
	}
	return m
}

func add(t *testing.T, s *Store, list ...Message) {
	t.Helper()
	write(t, s, func(tx *Tx) error { return tx.AddMessages(bg, list) })
}

func move(s *Store, id string, from []string, to string, c Change) error {
	return s.Durable(bg, func(tx *Tx) error { return tx.MoveMessage(bg, id, from, to, c) })
}

func TestMessagesRoundTrip(t *testing.T) {
	s := openStore(t, t.TempDir())
	m := message("m1", "overdue", "planned", 2, 1)
	m.Text, m.HTML, m.Raw = "plain Grüße", "<p>html</p>", []byte{0, 255, 10}
	add(t, s, m)
	got, err := s.Message(bg, "m1")
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got  %+v\nwant %+v\n%v", got, m, err)
	}
	m.Text, m.HTML, m.Raw = "", "", nil
	list, err := s.MessagesOfRun(bg, "r1")
	if err != nil || !reflect.DeepEqual(list, []Message{m}) {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := s.Message(bg, "none"); !isNotFound(err) {
		t.Error(err)
	}
}

func TestTheSameMessageIsNeverCreatedTwice(t *testing.T) { // R6.2
	s := openStore(t, t.TempDir())
	add(t, s, message("m1", "overdue", "planned", 1))
	v := version(t, s)
	again := message("m2", "overdue", "planned", 1)
	again.Key = "key-m1"
	err := s.Tx(bg, func(tx *Tx) error { return tx.AddMessages(bg, []Message{message("m3", "thanks", "planned"), again}) })
	if !errors.Is(err, ErrExists) {
		t.Fatal(err)
	}
	list, err := s.Messages(bg, MessageQuery{})
	if err != nil || len(list) != 1 || version(t, s) != v {
		t.Errorf("%d messages, version %d (%v)", len(list), version(t, s), err)
	}
}

func TestMoveMessage(t *testing.T) { // R6.4
	s := openStore(t, t.TempDir())
	add(t, s, message("m1", "overdue", "queued", 1))
	v := version(t, s)
	at := ten.Add(time.Second)
	if err := move(s, "m1", []string{"planned", "approved"}, "sending", Change{At: at}); !isNotFound(err) {
		t.Fatalf("from a state that it is not in: %v", err)
	}
	if version(t, s) != v {
		t.Error("a move that was not made counted")
	}
	if err := move(s, "m1", []string{"approved", "queued"}, "sending", Change{At: at, Attempts: 2}); err != nil {
		t.Fatal(err)
	}
	m, _ := s.Message(bg, "m1")
	if m.State != "sending" || !m.SendingAt.Equal(at) || !m.Updated.Equal(at) || m.Attempts != 2 || m.Error != "" || m.Reason != "" || !m.AcceptedAt.IsZero() {
		t.Errorf("%+v", m)
	}
	if err := move(s, "m1", []string{"queued"}, "sending", Change{At: at}); !isNotFound(err) {
		t.Fatalf("taken twice: %v", err)
	}
	done := at.Add(time.Second)
	if err := move(s, "m1", []string{"sending"}, "accepted", Change{At: done, AcceptedAt: done, Reason: "ok"}); err != nil {
		t.Fatal(err)
	}
	if err := move(s, "m1", []string{"accepted"}, "bounced", Change{At: done.Add(time.Hour), Error: "550"}); err != nil {
		t.Fatal(err)
	}
	m, _ = s.Message(bg, "m1")
	if m.State != "bounced" || !m.AcceptedAt.Equal(done) || !m.SendingAt.Equal(at) || m.Attempts != 2 || m.Error != "550" {
		t.Errorf("%+v", m)
	}
}

func TestEditMessage(t *testing.T) {
	s := openStore(t, t.TempDir())
	add(t, s, message("m1", "overdue", "approved", 1, 2))
	m, _ := s.Message(bg, "m1")
	m.Subject, m.Text, m.To, m.Invoices = "Edited", "new text", []string{"z@a.example"}, m.Invoices[1:]
	m.PlannedFor = m.PlannedFor.Add(48 * time.Hour)
	write(t, s, func(tx *Tx) error { return tx.EditMessage(bg, m) })
	got, err := s.Message(bg, "m1")
	if err != nil || got.Subject != "Edited" || got.Text != "new text" || !reflect.DeepEqual(got.To, m.To) || !reflect.DeepEqual(got.Invoices, m.Invoices) || got.State != "approved" || !got.PlannedFor.Equal(m.PlannedFor) {
		t.Errorf("%+v %v", got, err)
	}
	if list, _ := s.Messages(bg, MessageQuery{Search: "new text"}); len(list) != 1 {
		t.Error("the new text is not found")
	}
	move(s, "m1", []string{"approved"}, "accepted", Change{At: ten})
	if err := s.Tx(bg, func(tx *Tx) error { return tx.EditMessage(bg, m) }); !isNotFound(err) {
		t.Errorf("what was sent could be edited: %v", err)
	}
}

func TestMessageQueries(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")}); return err })
	a, b, c := message("a", "overdue", "accepted", 1), message("b", "thanks", "planned", 2), message("c", "overdue", "planned", 1, 2)
	b.PlannedFor, c.PlannedFor = ten.Add(time.Hour), ten.Add(2*time.Hour)
	b.AccountID, b.RunID, b.Text = 2, "r2", "Thank you, Zoë"
	add(t, s, a, b, c)
	for name, q := range map[string]struct {
		MessageQuery
		want string
	}{
		"all, newest first": {MessageQuery{}, "cba"},
		"page":              {MessageQuery{Limit: 1, Offset: 1}, "b"},
		"states":            {MessageQuery{States: []string{"planned"}}, "cb"},
		"kinds":             {MessageQuery{Kinds: []string{"overdue"}}, "ca"},
		"account":           {MessageQuery{AccountID: 2}, "b"},
		"invoice":           {MessageQuery{TransactionID: 2}, "cb"},
		"run":               {MessageQuery{RunID: "r1"}, "ca"},
		"message ids":       {MessageQuery{MessageIDs: []string{"a@b.example", "b@b.example", "", "?"}}, "ba"},
		"times":             {MessageQuery{From: ten.Add(time.Hour), To: ten.Add(2 * time.Hour)}, "b"},
		"text":              {MessageQuery{Search: "zoe THANK"}, "b"},
		"subject, customer": {MessageQuery{Search: "reminder customer"}, "ca"},
		"text and state":    {MessageQuery{Search: "reminder", States: []string{"accepted"}}, "a"},
	} {
		list, err := s.Messages(bg, q.MessageQuery)
		got := ""
		for _, m := range list {
			got += m.ID
		}
		if got != q.want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", name, got, q.want, err)
		}
	}
}

func TestRunsAndDecisions(t *testing.T) {
	s := openStore(t, t.TempDir())
	if _, err := s.LastRun(bg); !isNotFound(err) {
		t.Error(err)
	}
	a := Run{ID: "a", SlotAt: ten, Kind: "slot", Started: ten, State: "running"}
	b := Run{ID: "b", SlotAt: ten, Kind: "manual", Started: ten.Add(time.Hour), State: "held", Reason: "data not fresh"}
	body := []byte(`{"invoices":[` + string(make([]byte, 10_000)) + `]}`)
	write(t, s, func(tx *Tx) error {
		return errors.Join(tx.AddRun(bg, b), tx.AddRun(bg, a), tx.AddDecisions(bg, "a", body), tx.FinishRun(bg, "a", ten.Add(time.Minute), "done", ""), tx.ApproveRun(bg, "a"))
	})
	a.Finished, a.State, a.Approved = ten.Add(time.Minute), "done", true
	if got, err := s.Runs(bg, 0); !reflect.DeepEqual(got, []Run{b, a}) || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.LastRun(bg); got != b || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Decisions(bg, "a"); string(got) != string(body) || err != nil {
		t.Error(len(got), err)
	}
	if _, err := s.Decisions(bg, "b"); !isNotFound(err) {
		t.Error(err)
	}
	for name, f := range map[string]func(*Tx) error{
		"finish": func(tx *Tx) error { return tx.FinishRun(bg, "z", ten, "", "") }, "approve": func(tx *Tx) error { return tx.ApproveRun(bg, "z") }} {
		if err := s.Tx(bg, f); !isNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Tx(bg, func(tx *Tx) error { return tx.AddRun(bg, a) }); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
}

func TestEvents(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")}); return err })
	put(t, s, invoice(5, 1, "2026-05-01", 5))
	events := []Event{
		{At: ten, Kind: "reply", AccountID: 1, TransactionID: 5, MessageID: "m1", RunID: "r1", Text: "Réply from Ann", Detail: "We paid yesterday"},
		{At: ten.Add(time.Hour), Kind: "sync", Text: "Synced"},
	}
	write(t, s, func(tx *Tx) error {
		for i := range events {
			id, err := tx.AddEvent(bg, events[i])
			if err != nil {
				return err
			}
			events[i].ID = id
		}
		return nil
	})
	events[0].CustomerCode, events[0].CustomerName, events[0].Number = "A", "Customer A", "1005"
	slices.Reverse(events)
	if got, err := s.Events(bg, EventQuery{}); !reflect.DeepEqual(got, events) || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	for name, c := range map[string]struct {
		EventQuery
		want int
	}{
		"limit": {EventQuery{Limit: 1}, 1}, "kind": {EventQuery{Kinds: []string{"reply"}}, 1}, "account": {EventQuery{AccountID: 1}, 1}, "invoice": {EventQuery{TransactionID: 5}, 1},
		"message": {EventQuery{MessageID: "m1"}, 1}, "run": {EventQuery{RunID: "r1"}, 1}, "since": {EventQuery{Since: ten.Add(time.Minute)}, 1}, "before": {EventQuery{BeforeID: events[0].ID}, 1},
		"text": {EventQuery{Search: "reply YESTERDAY"}, 1}, "number": {EventQuery{Search: "1005"}, 1}, "customer": {EventQuery{Search: "customer a"}, 1}, "none": {EventQuery{Search: "zzz"}, 0},
	} {
		if got, err := s.Events(bg, c.EventQuery); len(got) != c.want || err != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestSyncs(t *testing.T) {
	s := openStore(t, t.TempDir())
	if _, err := s.LastSync(bg); !isNotFound(err) {
		t.Error(err)
	}
	good := Sync{Started: ten, Finished: ten.Add(time.Minute), Full: true, OK: true, Counts: json.RawMessage(`{"requests":3}`)}
	bad := Sync{Started: ten.Add(time.Hour), Finished: ten.Add(time.Hour), Code: "network", Message: "No network.", Hint: "Wait.", Counts: json.RawMessage("{}")}
	write(t, s, func(tx *Tx) (err error) {
		if good.ID, err = tx.AddSync(bg, good); err != nil {
			return err
		}
		bad.ID, err = tx.AddSync(bg, Sync{Started: bad.Started, Finished: bad.Finished, Code: bad.Code, Message: bad.Message, Hint: bad.Hint})
		return err
	})
	if got, err := s.LastSync(bg); !reflect.DeepEqual(got, bad) || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.LastGoodSync(bg); !reflect.DeepEqual(got, good) || err != nil {
		t.Errorf("%+v %v", got, err)
	}
}

func TestOutlookIsReplacedWhole(t *testing.T) {
	s := openStore(t, t.TempDir())
	put(t, s, invoice(1, 1, "2026-05-01", 5), invoice(2, 1, "2026-05-01", 5), invoice(3, 1, "2026-05-01", 5))
	if stamp, err := s.OutlookStamp(bg); stamp != (OutlookStamp{}) || err != nil {
		t.Error(stamp, err)
	}
	stamp := OutlookStamp{Version: version(t, s), ValidUntil: ten, Today: today}
	a := OutlookRow{TransactionID: 1, AccountID: 1, Status: StatusChasing, Due: Place{"overdue", 1, 1}, Next: Place{"overdue", 2, 8}, NextDate: today, Sentence: "s"}
	b := OutlookRow{TransactionID: 2, AccountID: 1, Status: StatusNotChasing, HeldReason: "hold_until", HeldText: "Hold", HeldUntil: today, Sentence: "t"}
	save := func(rows ...OutlookRow) {
		t.Helper()
		write(t, s, func(tx *Tx) error { return tx.SaveOutlook(bg, stamp, rows) })
		for id := int64(1); id <= 3; id++ {
			row, err := s.Invoice(bg, id)
			if err != nil {
				t.Fatal(err)
			}
			var want *OutlookRow
			for _, r := range rows {
				if r.TransactionID == id {
					want = &r
				}
			}
			if !reflect.DeepEqual(row.Outlook, want) {
				t.Errorf("%d: %+v, want %+v", id, row.Outlook, want)
			}
		}
	}
	save(a, b)
	save(b)
	a.TransactionID = 3
	save(a, b)
	for _, change := range []func(){
		func() { a.Status = StatusNotChasing }, func() { a.HeldReason = "x" }, func() { a.HeldText = "x" }, func() { a.HeldUntil = today }, func() { a.Sentence = "u" },
		func() { a.Due.Part = "before_due" }, func() { a.Due.Step++ }, func() { a.Due.Offset++ }, func() { a.Next.Part = "" }, func() { a.Next.Step++ },
		func() { a.Next.Offset++ }, func() { a.NextDate = a.NextDate.AddDays(1) }, func() { a.AccountID = 1 },
	} {
		change()
		save(a, b)
	}
	if got, err := s.OutlookStamp(bg); got != stamp || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	if version(t, s) != stamp.Version {
		t.Error("the outlook counted as a change of what it is made from")
	}
	save()
}

func TestLastChaseCountsRealSendsOnly(t *testing.T) { // R3.6, R4.5
	for _, kind := range []chase.Kind{chase.BeforeDue, chase.Overdue, chase.ChaseNow, chase.Thanks, chase.Statement, chase.Skip} {
		for _, state := range []chase.State{chase.Planned, chase.Approved, chase.Queued, chase.Sending, chase.Accepted, chase.Refused, chase.Uncertain, chase.Cancelled, chase.Bounced, chase.Replied} {
			s := openStore(t, t.TempDir())
			write(t, s, func(tx *Tx) error { _, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")}); return err })
			put(t, s, invoice(1, 1, "2026-05-01", 5))
			old := message("old", "overdue", "accepted", 1)
			old.AcceptedAt = ten.AddDate(0, 0, -7)
			m := message("m", string(kind), string(state), 1)
			m.SendingAt = ten
			add(t, s, old, m)
			chaseKind := kind == chase.BeforeDue || kind == chase.Overdue || kind == chase.ChaseNow
			want := LastChase{Kind: "overdue", Part: "overdue", Step: 2, Offset: 8, At: old.AcceptedAt, MessageID: "old"}
			if chaseKind && state.Counts() {
				want = LastChase{Kind: string(kind), Part: string(kind), Step: 2, Offset: 8, At: ten, MessageID: "m"}
			}
			row, err := s.Invoice(bg, 1)
			if err != nil || *row.Last != want {
				t.Errorf("%s %s: %+v (%v)", kind, state, *row.Last, err)
			}
			rows, err := s.CustomersByID(bg, []int64{1}, today)
			if err != nil || !rows[0].LastAt.Equal(want.At) {
				t.Errorf("%s %s: customer %v (%v)", kind, state, rows[0].LastAt, err)
			}
		}
	}
}

func TestPlannerFacts(t *testing.T) {
	s := openStore(t, t.TempDir())
	open, paid, byCredit, thanked, neverChased, unknown := invoice(1, 1, "2026-05-01", 100), invoice(2, 1, "2026-05-01", 100), invoice(3, 1, "2026-05-01", 100),
		invoice(4, 1, "2026-05-01", 100), invoice(5, 1, "2026-05-01", 100), invoice(6, 1, "2026-05-01", 100)
	for _, x := range []*ledger.Transaction{&paid, &byCredit, &thanked, &neverChased, &unknown} {
		x.Outstanding.Minor = 0
	}
	other := func(id int64, kind ledger.TxType, currency string, outstanding int64) ledger.Transaction {
		x := invoice(id, 1, "2026-05-01", 500)
		x.Type, x.Amount.Currency, x.Outstanding = kind, currency, ledger.Money{Minor: outstanding, Currency: currency}
		return x
	}
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A"), customer(2, "B"), customer(3, "C")})
		return errors.Join(err, tx.SetBalanceChecks(bg, []int64{1}, []BalanceCheck{{AccountID: 1, Reported: eur(77), Ours: eur(77), At: ten},
			{AccountID: 1, Reported: ledger.Money{Minor: -3, Currency: "GBP"}, Ours: ledger.Money{Minor: 2, Currency: "GBP"}, At: ten}}),
			tx.AddRun(bg, Run{ID: "r", Started: ten}), tx.SetSetting(bg, "k", "v"), tx.SetCompany(bg, ledger.Company{ID: "D"}), tx.SaveSchedule(bg, Schedule{"S", []byte("{}")}))
	})
	put(t, s, open, paid, byCredit, thanked, neverChased, unknown,
		other(20, ledger.SalesReceipt, "EUR", 30), other(21, ledger.SalesCreditNote, "EUR", 20), other(22, ledger.SalesRefund, "EUR", 10),
		other(23, ledger.SalesFluctuation, "GBP", -5), other(24, ledger.SalesCreditJournal, "GBP", 7), other(25, ledger.SalesDiscount, "EUR", 0))
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertAllocations(bg, []ledger.Allocation{{ID: 1, From: 20, To: 2}, {ID: 2, From: 21, To: 2}, {ID: 3, From: 3, To: 21}, {ID: 4, From: 20, To: 4}})
		return err
	})
	m := message("m", "overdue", "accepted", 1, 2, 3, 4, 6)
	m.AcceptedAt = ten
	refused := message("refused", "overdue", "refused", 5)
	thanks := message("t", "thanks", "accepted", 4)
	thanks.PlannedFor = ten.Add(time.Hour)
	queued := message("q", "thanks", "queued", 2)
	queued.PlannedFor = ten.Add(2 * time.Hour)
	owner := message("f", "forewarn", "accepted")
	owner.AccountID = 0
	add(t, s, m, refused, thanks, queued, owner)
	f, err := s.PlannerFacts(bg)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Open) != 1 || f.Open[0].TransactionID != 1 || f.Open[0].Due != open.Due || f.Open[0].Amount != open.Amount {
		t.Errorf("open: %+v", f.Open)
	}
	settled := map[int64]string{}
	for _, x := range f.Settled {
		settled[x.TransactionID] = x.PaidBy
	}
	if want := map[int64]string{2: "receipt", 3: "credit", 6: ""}; !reflect.DeepEqual(settled, want) {
		t.Errorf("settled: %v, want %v", settled, want)
	}
	if len(f.Customers) != 1 {
		t.Fatalf("customers without anything to say: %+v", f.Customers)
	}
	c := f.Customers[0]
	gbp := func(n int64) []ledger.Money { return []ledger.Money{{Minor: n, Currency: "GBP"}} }
	if !reflect.DeepEqual(c.Credits, append([]ledger.Money{eur(50)}, gbp(7)...)) || !reflect.DeepEqual(c.Refunds, []ledger.Money{eur(10)}) ||
		!reflect.DeepEqual(c.Fluctuations, gbp(-5)) || !reflect.DeepEqual(c.Drift, gbp(-5)) {
		t.Errorf("%+v", c)
	}
	var history []string
	for _, h := range f.History {
		history = append(history, h.ID)
		if h.ID == "m" && (len(h.Invoices) != 5 || h.Invoices[0] != m.Invoices[0] || !h.At.Equal(ten) || h.MessageID != "m@b.example") {
			t.Errorf("%+v", h)
		}
	}
	if !slices.Equal(history, []string{"m", "refused", "t", "q"}) {
		t.Errorf("history: %v", history)
	}
	if !f.LastRun.Equal(ten) || f.Settings["k"] != "v" || f.Company.ID != "D" || len(f.Schedules) != 1 || f.Version != version(t, s) {
		t.Errorf("%+v", f)
	}
}

func TestBalanceChecksAreReplacedByAccount(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A"), customer(2, "B")})
		return err
	})
	check := func(account, reported, ours int64) BalanceCheck {
		return BalanceCheck{AccountID: account, Reported: eur(reported), Ours: eur(ours), At: ten}
	}
	set := func(accounts []int64, list ...BalanceCheck) {
		t.Helper()
		write(t, s, func(tx *Tx) error { return tx.SetBalanceChecks(bg, accounts, list) })
	}
	set([]int64{1, 2}, check(1, 5, 5), check(2, 7, 9))
	v := version(t, s)
	// The same verdict is no news, whatever the figures.
	set([]int64{1, 2}, check(2, 17, 19), check(1, 6, 6))
	if version(t, s) != v {
		t.Error("equal verdicts changed the version")
	}
	differ, err := s.BalanceDifferences(bg)
	if err != nil || len(differ) != 1 || differ[0].CustomerCode != "B" || differ[0].Drift() != eur(-2) || !differ[0].At.Equal(ten) {
		t.Errorf("%+v %v", differ, err)
	}
	// An account that was asked about and not answered for has no check any more; the others keep theirs.
	set([]int64{1})
	if d, err := s.Customer(bg, 1, today); err != nil || len(d.Checks) != 0 {
		t.Errorf("%+v %v", d.Checks, err)
	}
	if d, err := s.Customer(bg, 2, today); err != nil || len(d.Checks) != 1 || d.Checks[0].Ours != eur(19) {
		t.Errorf("%+v %v", d.Checks, err)
	}
	if version(t, s) != v {
		t.Error("a check without a difference counted")
	}
	set([]int64{2}, check(2, 19, 19))
	if version(t, s) != v+1 {
		t.Error("a difference that went was not counted")
	}
}

func TestLedgerSumsAreWhatTheBalanceHasToBe(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")})
		return err
	})
	item := func(id int64, kind ledger.TxType, outstanding int64) ledger.Transaction {
		x := invoice(id, 1, "2026-05-01", 500)
		x.Type, x.Outstanding.Minor = kind, outstanding
		return x
	}
	put(t, s, item(1, ledger.SalesInvoice, 100), item(2, ledger.SalesReceipt, 30), item(3, ledger.SalesCreditNote, -5),
		item(4, ledger.SalesRefund, 7), item(5, ledger.SalesFluctuation, -2), item(6, ledger.SalesDebitJournal, 50), item(7, ledger.SalesInvoice, 1000))
	write(t, s, func(tx *Tx) error {
		_, err := tx.MarkMissing(bg, []int64{7}) // not answered with, so it counts no more
		return err
	})
	sums, err := s.LedgerSums(bg)
	if want := map[int64][]ledger.Money{1: {eur(100 - 30 - 5 + 7 - 2 + 50)}}; err != nil || !reflect.DeepEqual(sums, want) {
		t.Errorf("%v %v, want %v", sums, err, want)
	}
}

// The sign of credits is settled per company (contract 15); rows are stored with positive remainders.
func TestCreditsAreStoredByTheSettledSign(t *testing.T) {
	for sign, want := range map[ledger.CreditSign][2]int64{
		ledger.SignUnknown: {30, 30}, ledger.SignPositive: {30, -30}, ledger.SignNegative: {-30, 30},
	} {
		s := openStore(t, t.TempDir())
		write(t, s, func(tx *Tx) error {
			_, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A")})
			return errors.Join(err, tx.SetCreditSign(bg, sign))
		})
		plus, minus := invoice(1, 1, "2026-05-01", 30), invoice(2, 1, "2026-05-01", 30)
		plus.Type, minus.Type = ledger.SalesReceipt, ledger.SalesCreditJournal
		minus.Outstanding.Minor = -30
		put(t, s, plus, minus)
		items, err := s.CustomerOpenItems(bg, 1)
		if err != nil || len(items) != 2 || items[0].Outstanding.Minor != want[0] || items[1].Outstanding.Minor != want[1] {
			t.Errorf("%q: %+v %v, want %v", sign, items, err, want)
		}
		if have, err := s.CreditSign(bg); have != sign || err != nil {
			t.Errorf("%q read back as %q, %v", sign, have, err)
		}
	}
}

func TestCustomersAreGoneAfterTwoLists(t *testing.T) {
	s := openStore(t, t.TempDir())
	write(t, s, func(tx *Tx) error {
		_, err := tx.UpsertCustomers(bg, []ledger.Customer{customer(1, "A"), customer(2, "B")})
		return err
	})
	look := func(want int, present ...int64) {
		t.Helper()
		set := map[int64]bool{}
		for _, id := range present {
			set[id] = true
		}
		write(t, s, func(tx *Tx) error {
			gone, err := tx.MarkCustomersGone(bg, set)
			if gone != want {
				t.Errorf("%v there: %d gone, want %d", present, gone, want)
			}
			return err
		})
	}
	look(0, 1)    // the first look without B
	look(0, 1, 2) // there again: the count begins anew
	look(0, 1)
	look(1, 1)
	look(0, 1)
	look(0, 1, 2) // back
	if d, err := s.Customer(bg, 2, today); err != nil || d.Gone {
		t.Errorf("%+v %v", d.Gone, err)
	}
}
