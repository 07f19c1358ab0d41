package core_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/store"
)

const (
	addNotes = "AddNotes"
	getNotes = "GetNotesList"
	dispute  = "DisputeTransactions"
)

// notes lists the notes in AccountsIQ as "master: text".
func (w *world) notes() (out []string) {
	for _, n := range w.company.Notes() {
		out = append(out, n.MasterID+": "+n.Text)
	}
	return out
}

// wantNoted checks that AccountsIQ has one note for each of these customers, under the name it wants, and no other.
func (w *world) wantNoted(byCode bool, codes ...string) {
	w.t.Helper()
	var got, want []string
	for _, n := range w.company.Notes() {
		got = append(got, n.MasterID)
	}
	for _, code := range codes {
		if byCode {
			want = append(want, code)
		} else {
			want = append(want, fmt.Sprint(w.account(code)))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("notes on %v, want %v", got, want)
	}
}

func (w *world) note(code string) store.Note {
	w.t.Helper()
	n, found, err := w.app.Store().NoteOf(w.ctx, w.only(code).ID)
	w.must(err)
	if !found {
		w.t.Fatalf("there is no note about %s", code)
	}
	return n
}

func (w *world) wantNote(code, state string) {
	w.t.Helper()
	if n := w.note(code); n.State != state {
		w.t.Errorf("the note about %s is %s (%s), want %s", code, n.State, n.Error, state)
	}
}

func (w *world) value(key string) string {
	w.t.Helper()
	all, err := w.app.Settings(w.ctx)
	w.must(err)
	for _, s := range all {
		if s.Key == key {
			return s.Value
		}
	}
	w.t.Fatalf("there is no setting %s", key)
	return ""
}

// both runs a test with both names that AccountsIQ may want.
func both(t *testing.T, test func(t *testing.T, w *world, byCode bool)) {
	for _, byCode := range []bool{false, true} {
		t.Run(map[bool]string{false: "by account id", true: "by code"}[byCode], func(t *testing.T) {
			w := newWorld(t)
			w.serveAs(func(o *aiqtest.Options) { o.NotesByCode = byCode })
			test(t, w, byCode)
		})
	}
}

func TestNotesAfterReminders(t *testing.T) {
	both(t, func(t *testing.T, w *world, byCode bool) {
		a := w.customer("AAA", 8)[0]
		b := w.customer("BBB", 8, 9)
		w.ready()
		w.on("writeback.notes", "true")
		w.at(tuesday)
		w.wantReminded("aaa", "bbb")
		w.wantNoted(byCode, "AAA", "BBB")
		got := strings.Join(w.notes(), "\n")
		for _, want := range []string{
			`Payment reminder sent to aaa@customer\.example on 12 May 2026 for invoice ` + a.Number + `\. \[dunlin [0-9a-f]{8}\]`,
			`Payment reminder sent to bbb@customer\.example on 12 May 2026 for invoices ` + b[1].Number + ` and ` + b[0].Number + `\. \[dunlin [0-9a-f]{8}\]`,
		} {
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("the notes lack %s:\n%s", want, got)
			}
		}
		w.wantNote("AAA", store.NoteWritten)
		w.wantActivity("2 notes were written into AccountsIQ.")
		// The name is known from now on: one look and one note each.
		reads, writes := w.aiq.Calls(getNotes), w.aiq.Calls(addNotes)
		w.slot(tuesday.AddDate(0, 0, 7))
		w.wantNoted(byCode, "AAA", "BBB", "AAA", "BBB")
		if r, n := w.aiq.Calls(getNotes)-reads, w.aiq.Calls(addNotes)-writes; r != 2 || n != 2 {
			t.Errorf("%d looks and %d notes for two more", r, n)
		}
	})
}

func TestNoNotesUnasked(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.ready()
	w.at(tuesday)
	w.wantReminded("aaa")
	w.on("writeback.notes", "true") // too late for what went before
	w.tickTo(tuesday.Add(20 * time.Minute))
	if n := w.aiq.Calls(addNotes) + w.aiq.Calls(getNotes); n != 0 {
		t.Errorf("%d calls about notes", n)
	}
}

// Only what the mail server took is noted.
func TestNotesOnlyOfWhatWasTaken(t *testing.T) {
	w := newWorld(t)
	for _, code := range []string{"AAA", "BBB", "CCC", "DDD"} {
		w.customer(code, 8)
	}
	w.ready()
	w.on("writeback.notes", "true")
	to := ""
	w.misbehave(func(e mailtest.Event) mailtest.Fate {
		if e.Stage == mailtest.AtRcpt {
			to = e.To
		}
		switch {
		case e.Stage == mailtest.AtRcpt && strings.HasPrefix(e.To, "aaa"):
			return mailtest.Fate{Code: 550, Text: "5.1.1 no such user"}
		case e.Stage == mailtest.AtEnd && strings.HasPrefix(to, "bbb"):
			return mailtest.Fate{Code: 451, Text: "4.7.1 later"}
		case e.Stage == mailtest.AtEnd && strings.HasPrefix(to, "ccc"):
			return mailtest.Fate{Drop: true, Keep: true}
		}
		return mailtest.Fate{}
	})
	w.at(tuesday)
	w.wantOutboxState("CCC", "uncertain")
	w.wantNoted(false, "DDD")
	// The owner's word that it arrived counts as well.
	w.must(w.app.SettleUncertain(w.ctx, w.only("CCC").ID, true))
	w.must(w.app.Pause(w.ctx, ledger.Date{}))
	w.tickTo(tuesday.Add(20 * time.Minute))
	w.wantNoted(false, "CCC", "DDD")
}

// The answer to a note is lost: the next try finds it there.
func TestALostAnswerIsNoSecondNote(t *testing.T) {
	both(t, func(t *testing.T, w *world, byCode bool) {
		w.customer("AAA", 8)
		w.customer("BBB", 8)
		w.ready()
		w.on("writeback.notes", "true")
		call := 1
		if byCode {
			call = 2 // the first is the try with the account id
		}
		w.aiq.Fail(aiqtest.Fault{Op: addNotes, Call: call, Kind: aiqtest.FailDropAfter})
		w.at(tuesday)
		w.wantNoted(byCode, "AAA")
		w.wantNote("AAA", store.NoteWaiting)
		w.must(w.app.Pause(w.ctx, ledger.Date{}))
		w.tickTo(tuesday.Add(40 * time.Minute))
		w.wantNoted(byCode, "AAA", "BBB")
		w.wantNote("AAA", store.NoteWritten)
		w.wantNote("BBB", store.NoteWritten)
	})
}

// The program dies at every call about notes; a new one goes on, and each reminder has one note in the end.
func TestKilledAtEveryStepOfANote(t *testing.T) {
	both(t, func(t *testing.T, _ *world, byCode bool) {
		for _, op := range []string{getNotes, addNotes} {
			for _, moment := range []string{before, after} {
				calls := 3
				if op == addNotes && !byCode {
					calls = 2 // there are two notes to write, and the first name is the right one
				}
				for n := 1; n <= calls; n++ {
					t.Run(fmt.Sprintf("%s %s %d", moment, op, n), func(t *testing.T) {
						w := newWorld(t)
						w.serveAs(func(o *aiqtest.Options) { o.NotesByCode = byCode })
						w.customer("AAA", 8)
						w.customer("BBB", 8)
						w.ready()
						w.on("writeback.notes", "true")
						wire := w.listen()
						wire.dieAt(op, moment, n)
						w.set(tuesday)
						w.dies(w.look)
						w.must(w.app.Pause(w.ctx, ledger.Date{}))
						w.tickTo(tuesday.Add(20 * time.Minute))
						w.restart()
						w.tickTo(tuesday.Add(60 * time.Minute))
						w.wantNoted(byCode, "AAA", "BBB")
						w.wantNote("AAA", store.NoteWritten)
						w.wantNote("BBB", store.NoteWritten)
						w.wantReminded("aaa", "bbb")
					})
				}
			}
		}
	})
}

// A data folder from before the note was written is put back: the note is found, not written again.
func TestR6_7APutBackFolderNotesNothingTwice(t *testing.T) {
	w := newWorld(t)
	w.customer("AAA", 8)
	w.ready()
	w.on("writeback.notes", "true")
	w.on("approval", "always")
	w.at(tuesday)
	backup := filepath.Join(w.dir, "backup.db")
	w.must(w.app.Backup(w.ctx, backup))
	w.approveAll()
	w.look()
	w.wantNoted(false, "AAA")
	w.putBack(backup)
	w.tickTo(tuesday.Add(40 * time.Minute))
	w.wantOutbox("AAA accepted")
	w.wantNoted(false, "AAA")
	w.wantNote("AAA", store.NoteWritten)
	w.wantReminded("aaa")
}

func TestThePermissionToNoteIsTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		fault aiqtest.Fault
		says  string
	}{
		"no permission to write": {aiqtest.Fault{Op: addNotes, Call: 2, Times: aiqtest.Always, Code: "OAUTH_INTEGRATION_APPS_TOKEN_DOES_NOT_HAVE_PERMISSION"}, "AccountsIQ does not let this connection write notes; notes were switched off."},
		"no permission to read":  {aiqtest.Fault{Op: getNotes, Call: 4, Times: aiqtest.Always, Code: "SECURITY_ACCESS_DENIED"}, "AccountsIQ does not let this connection write notes; notes were switched off."},
		"not offered":            {aiqtest.Fault{Op: addNotes, Call: 2, Times: aiqtest.Always, Kind: aiqtest.FailSOAP, Message: "Server did not recognize the value of HTTP Header SOAPAction: AddNotes."}, "This installation of AccountsIQ does not offer notes; notes were switched off."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, code := range []string{"AAA", "BBB", "CCC"} {
				w.customer(code, 8)
			}
			w.ready()
			w.on("writeback.notes", "true")
			w.aiq.Fail(c.fault)
			events, stop := w.app.Subscribe()
			defer stop()
			w.at(tuesday)
			w.wantReminded("aaa", "bbb", "ccc")
			w.wantNoted(false, "AAA")
			w.wantNote("AAA", store.NoteWritten)
			w.wantNote("BBB", store.NoteRefused)
			w.wantNote("CCC", store.NoteRefused)
			if w.value("writeback.notes") != "false" {
				t.Error("notes are still on")
			}
			w.wantActivity(c.says)
			if !told(events, c.says) {
				t.Error("nobody was told")
			}
			calls := w.aiq.Calls(addNotes)
			w.aiq.ClearFaults()
			w.on("writeback.notes", "true") // what was refused is not offered again
			w.tickTo(tuesday.Add(40 * time.Minute))
			if n := w.aiq.Calls(addNotes); n != calls {
				t.Errorf("%d more tries", n-calls)
			}
		})
	}
}

// told reports whether a notice with these words was published.
func told(events <-chan core.Event, words string) bool {
	for {
		select {
		case e := <-events:
			if e.Kind == core.Failed && e.Problem != nil && e.Problem.Message == words {
				return true
			}
		default:
			return false
		}
	}
}

func TestANoteThatIsRefused(t *testing.T) {
	for code, says := range map[string]string{"NOTES_IS_TOO_LONG": "The note could not be stored", "NOTES_CONTENT_IS_TOO_LONG": "The note could not be stored"} {
		w := newWorld(t)
		w.customer("AAA", 8)
		w.customer("BBB", 8)
		w.ready()
		w.on("writeback.notes", "true")
		w.aiq.Fail(aiqtest.Fault{Op: addNotes, Code: code})
		w.at(tuesday)
		w.wantNoted(false, "BBB")
		w.wantNote("AAA", store.NoteRefused)
		w.wantActivity("The note about a reminder was not written into AccountsIQ: " + says)
		w.tickTo(tuesday.Add(40 * time.Minute))
		if n := w.aiq.Calls(addNotes); n != 2 {
			t.Errorf("%s: %d tries", code, n)
		}
		if w.value("writeback.notes") != "true" {
			t.Errorf("%s: notes were switched off", code)
		}
	}
}

func TestANoteIsGivenUpAfterFiveTries(t *testing.T) {
	for _, fault := range []aiqtest.Fault{{Kind: aiqtest.FailThrottle}, {Kind: aiqtest.FailDrop}, {Code: "SOMETHING_NEW"}} {
		w := newWorld(t)
		w.customer("AAA", 8)
		w.ready()
		w.on("writeback.notes", "true")
		fault.Op, fault.Times = addNotes, aiqtest.Always
		w.aiq.Fail(fault)
		w.at(tuesday)
		w.must(w.app.Pause(w.ctx, ledger.Date{}))
		var tries []time.Duration
		before := w.note("AAA").Attempts
		if before != 1 {
			t.Errorf("%d tries after the run", before)
		}
		for at := 10 * time.Minute; at < 100*time.Hour; at += 10 * time.Minute {
			if at > time.Hour && at%(2*time.Hour) != 0 {
				continue
			}
			w.at(tuesday.Add(at))
			if n := w.note("AAA").Attempts; n != before {
				before, tries = n, append(tries, at)
			}
		}
		n := w.note("AAA")
		if n.State != store.NoteRefused || n.Attempts != 5 || len(tries) != 4 || tries[3] < 48*time.Hour {
			t.Errorf("%+v after tries at %v", n, tries)
		}
		w.wantActivity("The note about a reminder was not written into AccountsIQ")
	}
}

// A customer whose account id is the code of another one: the note must not land there.
func TestANoteNeverLandsOnAnotherCustomer(t *testing.T) {
	both(t, func(t *testing.T, w *world, byCode bool) {
		w.customer("AAA", 8)
		id := w.account("AAA")
		w.customer(fmt.Sprint(id), 20) // its code is the account id of AAA
		w.ready()
		w.on("writeback.notes", "true")
		w.at(tuesday)
		if got := w.notes(); len(got) != 0 {
			t.Errorf("notes before the name is known: %v", got)
		}
		if n := w.note("AAA"); n.State != store.NoteWaiting || !strings.Contains(n.Error, "name of this customer") {
			t.Errorf("%+v", n)
		}
		// The first reminder to somebody else shows the name, and the others follow.
		w.customer("CCC", 9)
		w.slot(thursday)
		w.tickTo(thursday.Add(3 * time.Hour))
		for _, n := range w.company.Notes() {
			of := map[string]string{}
			for _, code := range []string{"AAA", "CCC", fmt.Sprint(id)} {
				of[fmt.Sprint(w.account(code))] = code
			}
			code := n.MasterID
			if !byCode {
				code = of[n.MasterID]
			}
			if !strings.Contains(n.Text, strings.ToLower(code)+"@customer.example") {
				t.Errorf("on %s: %s", code, n.Text)
			}
		}
		if len(w.company.Notes()) != 3 {
			t.Errorf("notes: %v", w.notes())
		}
	})
}

// The owner switches notes off while they are being written.
func TestSwitchedOffInTheMiddle(t *testing.T) {
	w := newWorld(t)
	for _, code := range []string{"AAA", "BBB", "CCC"} {
		w.customer(code, 8)
	}
	w.ready()
	w.on("writeback.notes", "true")
	wire := w.listen()
	wire.heard = func(op, moment string) {
		if op == addNotes && moment == after {
			w.on("writeback.notes", "false")
		}
	}
	w.at(tuesday)
	w.tickTo(tuesday.Add(40 * time.Minute))
	w.wantNoted(false, "AAA")
}

func TestDisputesFollowWhenWanted(t *testing.T) {
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	inDispute := func() bool {
		tx, ok := w.company.Transaction(inv.ID)
		if !ok {
			t.Fatal("the invoice is gone")
		}
		return tx.Disputed
	}
	w.must(w.app.SetDisputed(w.ctx, inv.ID, true))
	if inDispute() || w.aiq.Calls(dispute) != 0 {
		t.Error("AccountsIQ was told although nobody wanted it")
	}
	w.on("writeback.disputes", "true")
	w.must(w.app.SetDisputed(w.ctx, inv.ID, true))
	if !inDispute() {
		t.Error("AccountsIQ was not told")
	}
	w.wantActivity("marked as in dispute in AccountsIQ too")
	w.must(w.app.SetDisputed(w.ctx, inv.ID, false))
	if inDispute() {
		t.Error("AccountsIQ was not told that it is over")
	}
	if n := w.aiq.Calls(dispute); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestADisputeThatIsNotTaken(t *testing.T) {
	refused := aiqtest.Fault{Op: dispute, Code: "SECURITY_ACCESS_DENIED"}
	for name, c := range map[string]struct {
		fault aiqtest.Fault
		code  string
		on    string
	}{
		"no permission": {refused, "disputes_not_allowed", "false"},
		"not offered":   {aiqtest.Fault{Op: dispute, Kind: aiqtest.FailSOAP, Message: "Server did not recognize the value of HTTP Header SOAPAction: x."}, "disputes_not_offered", "false"},
		"refused":       {aiqtest.Fault{Op: dispute, Code: "TRANSACTION_IS_NOT_EDITABLE"}, "dispute_not_written", "true"},
		"no connection": {aiqtest.Fault{Op: dispute, Kind: aiqtest.FailDrop}, "dispute_not_written", "true"},
		"answer lost":   {aiqtest.Fault{Op: dispute, Kind: aiqtest.FailDropAfter}, "dispute_not_written", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			inv := w.customer("ACME", 8)[0]
			w.setUp()
			w.must(second(w.app.Sync(w.ctx, false)))
			w.on("writeback.disputes", "true")
			w.aiq.Fail(c.fault)
			err := w.app.SetDisputed(w.ctx, inv.ID, true)
			if codeOf(err) != c.code {
				t.Errorf("error %v, want %s", err, c.code)
			}
			d, err := w.app.Invoice(w.ctx, inv.ID)
			w.must(err)
			if !d.Disputed {
				t.Error("the mark here is gone")
			}
			if got := w.value("writeback.disputes"); got != c.on {
				t.Errorf("the setting is %s", got)
			}
			if n := w.aiq.Calls(dispute); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
	// One verdict an invoice: the call succeeds and the verdict does not.
	w := newWorld(t)
	inv := w.customer("ACME", 8)[0]
	w.setUp()
	w.must(second(w.app.Sync(w.ctx, false)))
	w.on("writeback.disputes", "true")
	w.must(w.company.DeleteTransaction(inv.ID))
	if err := w.app.SetDisputed(w.ctx, inv.ID, true); codeOf(err) != "dispute_not_written" {
		t.Errorf("error %v", err)
	}
	w.wantActivity("AccountsIQ did not take the dispute mark")
}

// The operations that change nothing in AccountsIQ, as the contract's column "Right" has them, and the sign-in.
var reading = strings.Fields(`TokenGet TokenRefresh Login GetEntitiesByToken GetCompanyInformation GetCurrencies GetCreditTermList
	GetCustomerList GetCustomersBy GetAllCustomerContacts GetCountTransactionsBy GetTransactionsBy GetTransactionsModifiedBy
	GetAllocationsBetweenWithCreationDatePaged GetAllocationsByTransactionId GetInvoicesBy GetCustomerBalanceInformation
	GetInvoicePDFByTransactionID GetInvoicePDFByTransactionIDAndReportStyleName GetReportStyles GetNotesList`)

// A whole life of the program, with the write-back off and on: nothing is ever written but notes and dispute marks,
// and those only when they are wanted.
func TestNothingElseIsEverWritten(t *testing.T) {
	for _, wanted := range []map[string]bool{{}, {"writeback.notes": true}, {"writeback.disputes": true}, {"writeback.notes": true, "writeback.disputes": true}} {
		t.Run(fmt.Sprint(wanted), func(t *testing.T) {
			w := newWorld(t)
			inv := w.customer("AAA", 8, 20)
			w.customer("BBB", -7)
			paid := w.customer("CCC", 8)[0]
			w.batch("AAA", 9)
			w.must(second(w.app.TryLocations(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: "TEST01", UserKey: "user-key-1"})))
			w.ready()
			w.must(second(w.app.Connect(w.ctx, core.ConnectRequest{Location: w.aiq.URL(), CompanyID: "TEST01", OAuth: true, ClientID: w.company.ClientID, ClientSecret: w.company.ClientSecret})))
			w.on("attach.invoices", "true")
			for key := range wanted {
				w.on(key, "true")
			}
			for _, s := range []struct{ key, value string }{{"min_gap_days", "0"}, {"slots.window_hours", "6"}, {"pdf.style", "Standard"}} {
				w.on(s.key, s.value)
			}
			w.app.StopClerk()
			w.must(second(w.app.Sync(w.ctx, true)))
			w.must(second(w.app.Upcoming(w.ctx)))
			w.at(tuesday)
			w.must(w.app.SetDisputed(w.ctx, inv[0].ID, true))
			w.must(w.app.AddNote(w.ctx, w.account("AAA"), "They will call back."))
			w.must(w.app.HoldCustomer(w.ctx, w.account("AAA"), ledger.DateOf(thursday)))
			w.must(second(w.app.InvoicePDF(w.ctx, inv[0].ID)))
			w.must(second(w.app.ReportStyles(w.ctx)))
			w.pay(paid, 10000)
			w.must(w.app.Backup(w.ctx, filepath.Join(w.dir, "backup.db")))
			w.slot(thursday)
			w.must(w.app.SetDisputed(w.ctx, inv[0].ID, false))
			w.restart()
			for week := range 5 {
				w.slot(tuesday.AddDate(0, 0, 7*(week+1)))
			}
			if len(w.reminded()) < 5 {
				t.Fatalf("a short life: %v", w.reminded())
			}
			allowed := slices.Clone(reading)
			if wanted["writeback.notes"] {
				allowed = append(allowed, addNotes)
			}
			if wanted["writeback.disputes"] {
				allowed = append(allowed, dispute)
			}
			for _, c := range w.aiq.Log() {
				if !slices.Contains(allowed, c.Op) {
					t.Errorf("%s was sent", c.Op)
				}
			}
			if got := w.aiq.Calls(addNotes) > 0; got != wanted["writeback.notes"] {
				t.Errorf("%d notes", w.aiq.Calls(addNotes))
			}
			if got := w.aiq.Calls(dispute) > 0; got != wanted["writeback.disputes"] {
				t.Errorf("%d dispute marks", w.aiq.Calls(dispute))
			}
			if n := len(w.aiq.Log()); n >= 2000 {
				t.Errorf("the log of %d calls may not go back to the start", n)
			}
		})
	}
}

// health lists the codes of what the Overview says is wrong.
func (w *world) health() (codes []string) {
	w.t.Helper()
	o, err := w.app.Overview(w.ctx)
	w.must(err)
	for _, p := range o.Health {
		codes = append(codes, p.Code)
		if p.Message == "" || p.Hint == "" {
			w.t.Errorf("%+v says nothing", p)
		}
	}
	return codes
}

// What was switched off stays in sight, over a new start too, until the owner has seen it or switched it on again.
func TestWriteBackThatSwitchedItselfOffStaysInSight(t *testing.T) {
	for name, ends := range map[string]func(w *world, key string){
		"seen":             func(w *world, _ string) { w.must(w.app.SeenWriteBackOff(w.ctx)) },
		"switched on":      func(w *world, key string) { w.on(key, "true") },
		"switched off too": func(w *world, key string) { w.on(key, "false") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			inv := w.customer("AAA", 8)[0]
			w.customer("BBB", 8)
			w.ready()
			w.on("writeback.notes", "true")
			w.on("writeback.disputes", "true")
			if got := w.health(); got != nil {
				t.Fatalf("before: %q", got)
			}
			w.aiq.Fail(aiqtest.Fault{Op: addNotes, Times: aiqtest.Always, Code: "SECURITY_ACCESS_DENIED"})
			w.aiq.Fail(aiqtest.Fault{Op: dispute, Times: aiqtest.Always, Code: "SECURITY_ACCESS_DENIED"})
			w.at(tuesday)
			if err := w.app.SetDisputed(w.ctx, inv.ID, true); codeOf(err) != "disputes_not_allowed" {
				t.Fatalf("err %v", err)
			}
			w.must(w.app.Close())
			w.open()
			if got := w.health(); !slices.Equal(got, []string{"notes_not_allowed", "disputes_not_allowed"}) {
				t.Fatalf("health %q", got)
			}
			ends(w, "writeback.notes")
			if name != "seen" {
				if got := w.health(); !slices.Equal(got, []string{"disputes_not_allowed"}) {
					t.Fatalf("health %q", got)
				}
			}
			ends(w, "writeback.disputes")
			if got := w.health(); got != nil {
				t.Errorf("health %q in the end", got)
			}
		})
	}
}
