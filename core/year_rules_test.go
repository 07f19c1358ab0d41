package core_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/chase"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/store"
)

// The rules that hold after every step of a simulated year, written down naively and without the planner.

// ledgerOfMail is what the simulation knows of messages, beside what the program says of them.
type ledgerOfMail struct {
	taken     []*taken            // what the mail server took, in order
	ends      []taken             // the same as it happened, not yet looked at
	gathered  int                 // how many messages of the mail server were looked at
	answered  int                 // up to which customers have thought about paying
	approved  map[string]bool     // messages that the owner approved
	words     map[string]bool     // what the owner said of uncertain messages
	needs     map[string]bool     // whether the messages of a run need approval
	said      string              // the mail server's word in this dialogue
	set       map[string]string   // settings at the beginning of the step
	rows      map[string]bool     // messages that the outbox has had
	local     *time.Location      // of the settings
	skips     []store.Message     // what the owner skipped, as of this step
	runs      []store.Run         // the latest, as of this step
	unequal   map[int64]time.Time // accounts whose figures differ, since when
	fresh     int                 // of taken, those not judged yet
	ageingOff map[int64]time.Time // receivables that are open on one side alone, since when
	judged    int                 // changes of the books at the latest sync after which the figures were compared
	truthAt   int
	openItems []aiqtest.Transaction

	approvedNow bool // the run of this step is approved beforehand
	foreign     bool // the data folder came from another computer, and nothing was approved since
	backup      string
	began       time.Time // when the latest step began
	lastLook    time.Time // of the clerk, under the settings that hold still; zero: not known
	lookOwned   int
	lookOff     time.Duration
	lookCrashes int
}

// taken is one message that the mail server took.
type taken struct {
	at        time.Time // by the computer's clock
	look      *look     // the last one before it; nil: there was none
	pc        *computer
	messageID string
	row       store.Message
	invoices  []store.MessageInvoice
	mail      mailtest.Received
	lost      bool // neither the data folder nor the state folder can know of it
}

func (t *taken) customer() bool { return t.row.AccountID != 0 }

func (t *taken) chase() bool {
	return t.row.Kind == "before_due" || t.row.Kind == "overdue" || t.row.Kind == "chase_now"
}

// takes notes that the mail server takes the message of this dialogue.
func (y *year) takes() {
	y.ends = append(y.ends, taken{at: y.clock(), look: y.pending, pc: y.pc})
}

// before is what held before a step.
type beforehand struct {
	at     time.Time
	runs   map[string]bool
	owned  int
	went   bool
	death  *death
	died   bool
	syncID int64
}

func (y *year) before() beforehand {
	y.began = y.clock()
	b := beforehand{at: y.began, runs: map[string]bool{}, owned: y.owned, went: y.went()}
	runs, err := y.pc.app.Store().Runs(y.ctx, 12)
	y.must(err)
	for _, r := range runs {
		b.runs[r.ID] = true
	}
	b.syncID = y.lastSync().ID
	return b
}

func (y *year) lastSync() store.Sync {
	last, err := y.pc.app.Store().LastSync(y.ctx)
	if !errors.Is(err, store.ErrNotFound) {
		y.must(err)
	}
	return last
}

// went reports whether the outbox has a message to a customer that went.
func (y *year) went() bool {
	list, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{Kinds: []string{"before_due", "overdue", "thanks"}, States: []string{"accepted", "uncertain"}, Limit: 1})
	y.must(err)
	return len(list) > 0
}

func (y *year) readSettings() {
	var err error
	y.set, err = y.pc.app.Store().Settings(y.ctx)
	y.must(err)
	if y.approved == nil {
		y.approved, y.words, y.needs, y.rows, y.unequal, y.ageingOff = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[int64]time.Time{}, map[int64]time.Time{}
	}
}

func (y *year) setting(key, otherwise string) string {
	if v, there := y.set[key]; there {
		return v
	}
	return otherwise
}

func (y *year) settingsZone() *time.Location {
	if name := y.set["account.timezone"]; y.local == nil || y.local.String() != name {
		var err error
		y.local, err = time.LoadLocation(name) // slow
		y.must(err)
	}
	return y.local
}

// day is the local date of an instant (R1.2).
func (y *year) day(at time.Time) ledger.Date { return ledger.DateOf(at.In(y.settingsZone())) }

func (y *year) paused() bool { return y.pausedAt(y.clock()) }

// pausedAt is reason 1 of R2.2.
func (y *year) pausedAt(at time.Time) bool {
	if y.set["paused"] == "false" {
		return false
	}
	until, err := ledger.ParseDate(y.set["paused_until"])
	return err != nil || until.IsZero() || y.day(at).Before(until)
}

// irish are the public holidays of Ireland in the simulated year.
var irish = map[string]bool{"2026-01-01": true, "2026-02-02": true, "2026-03-17": true, "2026-04-06": true, "2026-05-04": true, "2026-06-01": true,
	"2026-08-03": true, "2026-10-26": true, "2026-12-25": true, "2026-12-26": true, "2027-01-01": true, "2027-02-01": true}

// slotOf is the slot of a local date (R1.5, R1.6); none of the slots of these years falls into a clock change.
func (y *year) slotOf(d ledger.Date) (time.Time, bool) {
	if !strings.Contains(y.setting("slots.weekdays", "Tue,Thu"), d.Weekday().String()[:3]) || irish[d.String()] ||
		strings.Contains(y.set["slots.extra_holidays"], d.String()) {
		return time.Time{}, false
	}
	at, err := time.Parse("15:04", y.setting("slots.time", "10:00"))
	y.must(err)
	yy, m, dd := d.YMD()
	return time.Date(yy, m, dd, at.Hour(), at.Minute(), 0, 0, y.settingsZone()), true
}

// nextSlot is the first slot after an instant within the next two weeks.
func (y *year) nextSlot(after time.Time) (time.Time, bool) {
	for i := range 15 {
		if slot, ok := y.slotOf(y.day(after).AddDays(i)); ok && slot.After(after) {
			return slot, true
		}
	}
	return time.Time{}, false
}

// windowEnd is R6.1: some hours after the slot, on the same local day.
func (y *year) windowEnd(slot time.Time) time.Time {
	end := slot.Add(time.Duration(atoi(y.set["slots.window_hours"], 4)) * time.Hour)
	yy, m, d := slot.In(y.settingsZone()).Date()
	if midnight := time.Date(yy, m, d+1, 0, 0, 0, 0, y.settingsZone()); midnight.Before(end) {
		return midnight
	}
	return end
}

// check holds every rule against what a step brought about.
func (y *year) check(b beforehand) {
	st := y.pc.app.Store()
	var err error
	y.runs, err = st.Runs(y.ctx, 12)
	y.must(err)
	y.collect()
	y.judgeRuns(b)
	if y.fresh > 0 {
		y.skips, err = st.Messages(y.ctx, store.MessageQuery{Kinds: []string{"skip"}})
		y.must(err)
	}
	for _, t := range y.taken[len(y.taken)-y.fresh:] {
		y.judge(t)
	}
	y.fresh = 0
	y.figuresEqual(b)
	if y.steps%10 == 0 {
		y.ageingAddsUp()
		y.nothingVanished()
	}
}

var headerMessageID = regexp.MustCompile(`(?im)^Message-ID:\s*<([^>]+)>`)

// collect fetches what the mail server took, and finds it in the outbox.
func (y *year) collect() {
	if len(y.ends) == 0 {
		return
	}
	all := y.mail.Messages()
	if len(all) != y.gathered+len(y.ends) {
		y.fail("the test", "the mail server has %d messages, and %d were seen to be taken", len(all), y.gathered+len(y.ends))
	}
	for i, e := range y.ends {
		e.mail = all[y.gathered+i]
		m := headerMessageID.FindSubmatch(e.mail.Raw)
		if m == nil {
			y.fail("R5.6", "a message without Message-ID:\n%s", e.mail.Raw)
		}
		e.messageID = string(m[1])
		y.findRow(&e)
		y.taken = append(y.taken, &e)
		y.fresh++
		y.log("  taken: %s at %s to %s: %s", e.row.Kind, e.at.UTC().Format("15:04:05"), e.row.CustomerCode, listed(e.invoices))
		y.counts["messages"]++
	}
	y.gathered, y.ends = len(all), nil
}

func listed(list []store.MessageInvoice) string {
	var out []string
	for _, i := range list {
		out = append(out, fmt.Sprintf("%s (#%d) at %s %+d with %s", i.Number, i.TransactionID, i.Part, i.Offset, i.Outstanding))
	}
	return strings.Join(out, ", ")
}

// findRow: what was accepted is in outbox and journal (rules section 6).
func (y *year) findRow(t *taken) {
	rows, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{MessageIDs: []string{t.messageID}})
	y.must(err)
	if len(rows) != 1 {
		y.fail("what was accepted is in the outbox", "%d rows of %s", len(rows), t.messageID)
	}
	t.row, t.invoices = rows[0], rows[0].Invoices
	if s := t.row.State; s != "accepted" && s != "uncertain" && s != "sending" {
		y.fail("what was accepted is in the outbox (R6.4)", "the mail server took %s, which is %s here", t.messageID, s)
	}
	if s := y.pc.app.Journalled(t.messageID); s != "accepted" && s != "uncertain" && s != "sending" {
		y.fail("what was accepted is in the journal (R6.7)", "the mail server took %s, of which the journal says %q", t.messageID, s)
	}
}

// judge holds one message to a customer against the rules.
func (y *year) judge(t *taken) {
	if !t.customer() {
		return
	}
	y.approvedIfNeeded(t)
	y.insideWindow(t)
	y.lookedAtLast(t)
	y.agreesWithLook(t)
	if t.chase() {
		y.notOnOneDay(t)
		y.gapKept(t)
		y.stepIsNew(t)
	} else {
		y.thankedOnce(t)
	}
	if t.look.owned == y.owned {
		y.allowedByOwner(t)
		y.counts["messages judged"]++
	}
	if t.look.steady && t.look.changes == y.changes {
		y.allowedByBooks(t)
	}
}

// earlier are the messages before t that the program can know of.
func (y *year) earlier(t *taken) (list []*taken) {
	for _, e := range y.taken {
		if e == t {
			break
		}
		says, settled := y.words[e.messageID]
		if e.customer() && !e.lost && (says || !settled) {
			list = append(list, e)
		}
	}
	return list
}

// approvedIfNeeded is R6.8, and the last part of R6.7.
func (y *year) approvedIfNeeded(t *taken) {
	if y.needs[t.row.RunID] && !y.approved[t.row.ID] {
		y.fail("R6.8 approval", "%s of the run %s went without", t.messageID, t.row.RunID)
	}
	y.foreign = false
}

// insideWindow: nothing goes outside the window of a slot or of a run by hand (R6.1, R6.6).
func (y *year) insideWindow(t *taken) {
	if t.look != nil && t.look.owned != y.owned {
		return // the settings of that moment are not known any more
	}
	for _, r := range y.runs {
		// What a slow mail server drags over the end of the window goes on.
		if !t.at.Before(r.SlotAt) && t.at.Before(y.windowEnd(r.SlotAt).Add(y.slowed+time.Second)) && r.State != "missed" {
			return
		}
	}
	y.fail("R6.6 window", "%s went at %s, when no run is open", t.messageID, t.at)
}

// lookedAtLast: the invoices of a message are read again just before it goes (R6.3).
func (y *year) lookedAtLast(t *taken) {
	if t.look == nil {
		y.fail("R6.3 read again", "%s went without a look at AccountsIQ just before", t.messageID)
	}
	for _, i := range t.invoices {
		if _, asked := t.look.items[i.TransactionID]; !asked {
			y.fail("R6.3 read again", "%s lists %s, which was not read again just before", t.messageID, i.Number)
		}
	}
}

// agreesWithLook: the amounts are AccountsIQ's at the last look, and nothing is listed that was settled, disputed, reversed
// or deleted there then (R6.3).
func (y *year) agreesWithLook(t *taken) {
	p, err := t.mail.Parse()
	y.must(err)
	text := strings.ReplaceAll(p.Text, ",", "")
	for _, i := range t.invoices {
		is := t.look.items[i.TransactionID]
		if t.row.Kind == "thanks" {
			if is != nil && is.Outstanding.Minor > 0 {
				y.fail("R6.11 thanks", "%s thanks for %s, of which %s is open", t.messageID, i.Number, is.Outstanding)
			}
			continue
		}
		switch {
		case is == nil:
			y.fail("R6.3 deleted", "%s lists %s, which AccountsIQ does not have", t.messageID, i.Number)
		case is.Outstanding.Minor <= 0:
			y.fail("R6.3 settled", "%s lists %s, which is settled", t.messageID, i.Number)
		case is.Outstanding != i.Outstanding:
			y.fail("R6.3 amount", "%s lists %s with %s, and AccountsIQ says %s", t.messageID, i.Number, i.Outstanding, is.Outstanding)
		case !strings.Contains(text, is.Outstanding.String()) || !strings.Contains(text, i.Number):
			y.fail("R6.3 amount", "%s does not say %s for %s:\n%s", t.messageID, is.Outstanding, i.Number, p.Text)
		case is.Reversed:
			y.fail("R2.2 not posted", "%s lists %s, which is reversed", t.messageID, i.Number)
		case is.Disputed && t.look.owned == y.owned && y.setting("disputes_stop", "true") == "true":
			y.fail("R2.2 disputed", "%s lists %s, which is in dispute in AccountsIQ", t.messageID, i.Number)
		}
	}
}

// notOnOneDay: nothing goes twice for an invoice on one local day (R4.5).
func (y *year) notOnOneDay(t *taken) {
	for _, e := range y.earlier(t) {
		if e.chase() && y.day(e.at) == y.day(t.at) {
			if i := common(e, t); i != nil {
				y.fail("R4.5 once a day", "%s is in %s and in %s of the same day", i.Number, e.messageID, t.messageID)
			}
		}
	}
}

func common(a, b *taken) *store.MessageInvoice {
	for k, i := range a.invoices {
		if slices.ContainsFunc(b.invoices, func(j store.MessageInvoice) bool { return i.TransactionID == j.TransactionID }) {
			return &a.invoices[k]
		}
	}
	return nil
}

// gapKept is the minimum gap of R4.5; it does not concern the messages of one run.
func (y *year) gapKept(t *taken) {
	if t.look.owned != y.owned {
		return
	}
	gap := atoi(y.set["min_gap_days"], 3)
	for _, e := range y.earlier(t) {
		if days := y.day(t.at).Sub(y.day(e.at)); e.chase() && e.row.AccountID == t.row.AccountID && e.row.RunID != t.row.RunID && days < gap {
			y.fail("R4.5 gap", "%s to %s is %d days after %s, and the gap is %d", t.messageID, t.row.CustomerCode, days, e.messageID, gap)
		}
	}
}

// stepIsNew: no step goes twice for an invoice. A message may list an invoice whose step went already together with one
// whose step is due, in the grouping by type alone (R3.4, R4.2, R4.6). A skipped step counts (R3.6).
func (y *year) stepIsNew(t *taken) {
	due := 0
	for _, i := range t.invoices {
		went := ""
		for _, e := range y.earlier(t) {
			for _, j := range e.invoices {
				if e.chase() && j.TransactionID == i.TransactionID && j.Part == i.Part && j.Offset >= i.Offset {
					went = fmt.Sprintf("%s %+d of it went on %s", j.Part, j.Offset, y.day(e.at))
				}
			}
		}
		if went == "" && y.skipped(t, i) {
			went = "it was skipped"
		}
		if went == "" {
			due++
		} else if t.look.owned == y.owned && y.setting("grouping", "by_type") != "by_type" {
			y.fail("R3.4 no step twice", "%s lists %s at %s %+d, and %s", t.messageID, i.Number, i.Part, i.Offset, went)
		}
	}
	if due == 0 {
		y.fail("R3.4 no step twice", "%s lists nothing whose step has not gone: %s", t.messageID, listed(t.invoices))
	}
}

func (y *year) skipped(t *taken, i store.MessageInvoice) bool {
	for _, m := range y.skips {
		for _, j := range m.Invoices {
			part := j.Part
			if part == "" {
				part = m.Part
			}
			if j.TransactionID == i.TransactionID && part == i.Part && j.Offset >= i.Offset && !m.AcceptedAt.After(t.look.at) {
				return true
			}
		}
	}
	return false
}

// thankedOnce is R6.11.
func (y *year) thankedOnce(t *taken) {
	for _, e := range y.earlier(t) {
		if e.row.Kind == "thanks" {
			if i := common(e, t); i != nil {
				y.fail("R6.11 thanks", "%s thanks again for %s", t.messageID, i.Number)
			}
		}
	}
}

// allowedByOwner: nothing goes while paused, to a stopped customer, or for an invoice that is stopped, held or
// disputed; the step is the latest that is reached (R2.2, R3.3).
func (y *year) allowedByOwner(t *taken) {
	if y.pausedAt(t.look.at) {
		y.fail("R2.2 paused", "%s went while paused", t.messageID)
	}
	facts, err := y.pc.app.Store().PlannerFactsOf(y.ctx, t.row.AccountID)
	y.must(err)
	today := y.day(t.look.at)
	for _, c := range facts.Customers {
		if c.AccountID == t.row.AccountID && c.Prefs.Stopped {
			y.fail("R2.2 customer stopped", "%s went to %s", t.messageID, c.Code)
		}
		if c.AccountID == t.row.AccountID && t.chase() && !c.Prefs.HoldUntil.Before(today) {
			y.fail("R2.2 hold", "%s went to %s, held until %s", t.messageID, c.Code, c.Prefs.HoldUntil)
		}
	}
	if !t.chase() {
		return
	}
	for _, i := range t.invoices {
		k := slices.IndexFunc(facts.Open, func(f store.InvoiceFacts) bool { return f.TransactionID == i.TransactionID })
		if k < 0 {
			continue // paid since the look
		}
		f, is := facts.Open[k], t.look.items[i.TransactionID]
		switch p := f.Prefs; {
		case p.Stopped:
			y.fail("R2.2 invoice stopped", "%s lists %s", t.messageID, i.Number)
		case p.Disputed && y.setting("disputes_stop", "true") == "true":
			y.fail("R2.2 disputed", "%s lists %s, disputed by the owner", t.messageID, i.Number)
		case !p.HoldUntil.Before(today), !p.Expected.Before(today):
			y.fail("R2.2 hold", "%s lists %s, held until %s, expected on %s", t.messageID, i.Number, p.HoldUntil, p.Expected)
		case y.belowMinimum(is.Outstanding):
			y.fail("R2.2 minimum", "%s lists %s with %s", t.messageID, i.Number, is.Outstanding)
		}
		due := is.Due
		if due.IsZero() {
			due = f.Due // by the customer's term
		}
		s, ok := y.schedule(facts)
		if part, offset, reached := latestStep(s, today.Sub(due)); ok && (!reached || part != i.Part || offset != i.Offset) {
			y.fail("R3.3 latest step", "%s lists %s, due %s, at %s %+d on %s; the latest reached is %s %+d", t.messageID, i.Number, due, i.Part, i.Offset, today, part, offset)
		}
	}
}

func (y *year) belowMinimum(m ledger.Money) bool {
	return m.Currency == "EUR" && m.Minor < 100*int64(atoi(y.set["minimum"], 0))
}

// schedule is the company's; no customer or invoice of the simulation has one of its own.
func (y *year) schedule(facts store.Facts) (chase.Schedule, bool) {
	for _, s := range facts.Schedules {
		if s.Name == "Default" {
			out, err := chase.DecodeSchedule(strings.NewReader(string(s.Body)))
			y.must(err)
			return out, true
		}
	}
	return chase.Schedule{}, false
}

// latestStep is R3.3 and R3.5.
func latestStep(s chase.Schedule, age int) (part string, offset int, reached bool) {
	if age <= 0 {
		for _, step := range s.BeforeDue {
			if step.Offset <= age && (!reached || step.Offset > offset) {
				part, offset, reached = "before_due", step.Offset, true
			}
		}
		return part, offset, reached
	}
	last := 0
	for _, step := range s.Overdue {
		last = max(last, step.Offset)
		if step.Offset <= age && step.Offset > offset {
			part, offset, reached = "overdue", step.Offset, true
		}
	}
	if reached && offset == last && s.Repeat.Every > 0 {
		for k := 1; (s.Repeat.Limit == 0 || k <= s.Repeat.Limit) && last+k*s.Repeat.Every <= age; k++ {
			offset = last + k*s.Repeat.Every
		}
	}
	return part, offset, reached
}

// allowedByBooks: what the look at the invoices alone does not tell. The books have not changed since the sync of the run
// began, so that the program knew all of them: credits that cover the debts, a balance that differs (R2.2, 9 and 11).
func (y *year) allowedByBooks(t *taken) {
	if !t.chase() {
		return
	}
	if y.skewed[t.row.CustomerCode] {
		y.fail("R2.2 balance mismatch", "%s went to %s, whose balance is reported wrong", t.messageID, t.row.CustomerCode)
	}
	a := y.account(t.row.AccountID)
	for _, i := range t.invoices {
		if i.Part == "overdue" && a.covered(i.Outstanding.Currency, y.day(t.look.at)) {
			y.fail("R2.2 covered by credit", "%s asks %s for %s, which credits cover", t.messageID, t.row.CustomerCode, i.Number)
		}
	}
	y.counts["messages judged by the books"]++
}

// accountItems are the open items of a customer.
type accountItems []aiqtest.Transaction

func (y *year) account(id int64) (items accountItems) {
	for _, tx := range y.truth() {
		if tx.AccountID == id {
			items = append(items, tx)
		}
	}
	return items
}

// truth is what AccountsIQ has that is open.
func (y *year) truth() []aiqtest.Transaction {
	if y.truthAt != y.changes || y.openItems == nil {
		y.truthAt, y.openItems = y.changes, []aiqtest.Transaction{}
		for _, tx := range y.company.Transactions() {
			if tx.Outstanding.Minor != 0 {
				y.openItems = append(y.openItems, tx)
			}
		}
	}
	return y.openItems
}

// covered is R2.2, 9. Where a hidden or undated item makes it doubtful it says no.
func (a accountItems) covered(currency string, today ledger.Date) bool {
	credit, overdue := int64(0), int64(0)
	for _, tx := range a {
		if tx.Outstanding.Currency != currency {
			continue
		}
		switch {
		case tx.Hidden || tx.Type.Receivable() && tx.Due.IsZero():
			return false
		case tx.Type.Credit():
			credit += tx.Outstanding.Minor
		case tx.Type == ledger.SalesRefund:
			credit -= tx.Outstanding.Minor
		case tx.Type.Receivable() && today.Sub(tx.Due) >= 1:
			overdue += tx.Outstanding.Minor
		}
	}
	return credit > 0 && credit >= overdue
}

// judgeRuns looks at the runs of this step: they stand for slots, and every step that was due is in a message or
// explained.
func (y *year) judgeRuns(b beforehand) {
	for _, r := range y.runs {
		if b.runs[r.ID] {
			continue
		}
		y.log("  run %s: %s %s", r.ID, r.State, r.Reason)
		if slot, ok := y.slotOf(y.day(r.SlotAt)); r.Kind == "slot" && y.owned == b.owned && (!ok || !slot.Equal(r.SlotAt)) {
			y.fail("R1.5 slot", "the run of %s stands for no slot", r.SlotAt)
		}
		y.counts[r.State]++
		if r.State == "held" && r.Reason == "" {
			y.fail("R6.1", "the run of %s is held and does not say why", r.SlotAt)
		}
		if r.State == "held" || r.State == "missed" {
			continue
		}
		y.needs[r.ID] = !y.approvedNow && (y.foreign || y.setting("approval", "first_run") == "always" ||
			y.setting("approval", "first_run") == "first_run" && !b.went && len(y.approved) == 0)
		if !b.died && y.owned == b.owned && y.changes == y.synced && !y.pausedAt(r.Started) {
			y.everythingDueIsThere(r, b)
		}
	}
}

// everythingDueIsThere: every step that is due is in a message of the run, or there is a reason why not.
func (y *year) everythingDueIsThere(r store.Run, b beforehand) {
	y.counts["runs judged"]++
	st := y.pc.app.Store()
	facts, err := st.PlannerFacts(y.ctx)
	y.must(err)
	rows, err := st.Messages(y.ctx, store.MessageQuery{From: b.at.AddDate(0, 0, -8)})
	y.must(err)
	own, there := map[string]bool{}, map[int64]bool{}
	for _, m := range rows {
		if m.RunID != r.ID && m.Updated.Before(r.Started) {
			continue
		}
		own[m.ID] = m.RunID == r.ID
		for _, i := range m.Invoices {
			there[i.TransactionID] = true
		}
		if m.State == "cancelled" && m.Reason == "" || m.State == "refused" && m.Error == "" {
			y.fail("R8.1 explained", "%q to %s is %s and does not say why", m.Subject, m.CustomerCode, m.State)
		}
	}
	schedule, ok := y.schedule(facts)
	if !ok {
		return
	}
	today := y.day(r.Started)
	past := y.past(facts, own)
	for _, c := range facts.Customers {
		if c.Prefs.Stopped || !c.Prefs.HoldUntil.Before(today) || len(c.Recipients) == 0 || len(c.Drift) > 0 {
			continue
		}
		if gap := atoi(y.set["min_gap_days"], 3); gap > 0 && !past.chased[c.AccountID].IsZero() && today.Sub(past.chased[c.AccountID]) < gap {
			continue
		}
		items := y.account(c.AccountID)
		for _, tx := range items {
			k := slices.IndexFunc(facts.Open, func(f store.InvoiceFacts) bool { return f.TransactionID == tx.ID })
			if k < 0 || !y.free(tx, facts.Open[k], today) || items.covered(tx.Outstanding.Currency, today) {
				continue
			}
			part, offset, reached := latestStep(schedule, today.Sub(tx.Due))
			if s := (place{tx.ID, part}); !reached || past.step[s] >= offset && past.has[s] || past.day[tx.ID] == today || there[tx.ID] {
				continue
			}
			y.fail("R3.4 sent or explained", "%s of %s, due %s, is due at %s %+d and is in no message of the run %s", tx.Number, c.Code, tx.Due, part, offset, r.ID)
		}
	}
}

// free reports whether nothing holds an invoice back, as far as the naive rules can tell for certain.
func (y *year) free(tx aiqtest.Transaction, f store.InvoiceFacts, today ledger.Date) bool {
	p := f.Prefs
	return tx.Type.Receivable() && !tx.Hidden && !tx.Reversed && !tx.Due.IsZero() && !f.Missing && f.Outstanding == tx.Outstanding && f.Due == tx.Due &&
		!p.Stopped && p.HoldUntil.Before(today) && p.Expected.Before(today) &&
		!((tx.Disputed || p.Disputed) && y.setting("disputes_stop", "true") == "true") &&
		!y.belowMinimum(tx.Outstanding) && (tx.Outstanding.Currency == "EUR" || atoi(y.set["minimum"], 0) == 0)
}

// place is a part of the schedule of one invoice.
type place struct {
	invoice int64
	part    string
}

// past is how far the program has come by its own records.
type past struct {
	step   map[place]int
	has    map[place]bool
	day    map[int64]ledger.Date // the latest day on which an invoice was listed
	chased map[int64]ledger.Date // the latest chase of a customer
}

func (y *year) past(facts store.Facts, own map[string]bool) past {
	p := past{map[place]int{}, map[place]bool{}, map[int64]ledger.Date{}, map[int64]ledger.Date{}}
	reach := func(id int64, part string, offset int) {
		s := place{id, part}
		if !p.has[s] || offset > p.step[s] {
			p.step[s], p.has[s] = offset, true
		}
	}
	codes := map[string]int64{}
	for _, c := range facts.Customers {
		codes[c.Code] = c.AccountID
	}
	later := func(at *ledger.Date, d ledger.Date) ledger.Date {
		if d.After(*at) {
			return d
		}
		return *at
	}
	for _, h := range facts.History {
		if own[h.ID] || h.Kind != "skip" && !chase.State(h.State).Counts() {
			continue
		}
		isChase := h.Kind == "before_due" || h.Kind == "overdue"
		if isChase {
			was := p.chased[h.AccountID]
			p.chased[h.AccountID] = later(&was, y.day(h.At))
		}
		for _, i := range h.Invoices {
			if isChase || h.Kind == "skip" {
				reach(i.TransactionID, i.Part, i.Offset)
			}
			if isChase {
				p.day[i.TransactionID] = y.day(h.At)
			}
		}
	}
	for _, e := range y.pc.app.Journal() {
		if !chase.State(e.State).Counts() || e.Kind != "before_due" && e.Kind != "overdue" {
			continue
		}
		if !slices.ContainsFunc(facts.History, func(h store.HistoryMessage) bool { return h.MessageID == e.MessageID }) {
			was := p.chased[codes[e.Customer]]
			p.chased[codes[e.Customer]] = later(&was, y.day(e.At))
			for _, i := range e.Invoices {
				reach(i.ID, i.Part, i.Offset)
			}
		}
	}
	return p
}

// slotsAccounted: a slot that has come has a run, of whatever state, or passed in a pause (R6.6). Several that were
// missed make one card.
func (y *year) slotsAccounted() {
	from, to := y.lastLook, y.began
	known := !from.IsZero() && to.After(from) && y.owned == y.lookOwned && y.off == y.lookOff
	y.lastLook, y.lookOwned, y.lookOff = to, y.owned, y.off
	if !known || y.counts["crashes"] != y.lookCrashes {
		if y.counts["crashes"] != y.lookCrashes {
			y.lookCrashes, y.lastLook = y.counts["crashes"], time.Time{}
		}
		return
	}
	first, found := y.nextSlot(from)
	if !found || first.After(to) || y.pausedAt(to) {
		return
	}
	latest := first
	for next, ok := y.nextSlot(latest); ok && !next.After(to); next, ok = y.nextSlot(latest) {
		latest = next
	}
	for _, r := range y.runs {
		// The card is of the first slot that was missed, which may be one that was tried before.
		if r.Kind == "slot" && !r.SlotAt.After(to) && (!r.SlotAt.Before(first) || r.State == "missed" && r.Started.After(from)) {
			return
		}
	}
	if !to.After(y.windowEnd(latest)) && !y.lastSync().OK {
		return // it is being tried
	}
	y.fail("R6.6 every slot is accounted for", "the slot of %s has no run at %s", first, to)
}

// figuresEqual: after a good sync during which the books did not change, what is open adds up to what it adds up to
// in AccountsIQ. An old item that was touched again may take the daily look at everything.
func (y *year) figuresEqual(b beforehand) {
	last := y.lastSync()
	if last.ID <= b.syncID || !last.OK || y.changes != y.synced || b.died {
		return
	}
	y.counts["syncs judged"]++
	doubtful := map[int64]bool{}
	want := map[place]int64{}
	for _, tx := range y.truth() {
		doubtful[tx.AccountID] = doubtful[tx.AccountID] || tx.Hidden
		m := ledger.Transaction{Type: tx.Type, Outstanding: tx.Outstanding}.Debt()
		want[place{tx.AccountID, m.Currency}] += m.Minor
	}
	sums, err := y.pc.app.Store().LedgerSums(y.ctx)
	y.must(err)
	for id, list := range sums {
		for _, m := range list {
			want[place{id, m.Currency}] -= m.Minor
		}
	}
	y.judged = y.changes
	wrong := map[int64]bool{}
	for at, off := range want {
		if off == 0 || doubtful[at.invoice] {
			continue
		}
		wrong[at.invoice] = true
		since, known := y.unequal[at.invoice]
		if !known {
			y.unequal[at.invoice] = y.right()
		} else if y.right().Sub(since) > 49*time.Hour {
			y.fail("figures equal AccountsIQ's after a good sync", "account %d differs by %d %s since %s", at.invoice, off, at.part, since)
		}
	}
	for id := range y.unequal {
		if !wrong[id] {
			delete(y.unequal, id)
		}
	}
}

// ageingAddsUp: the buckets add up to what is outstanding (R1.4).
func (y *year) ageingAddsUp() {
	all, err := y.pc.app.Ageing(y.ctx)
	y.must(err)
	for _, g := range all {
		sum := int64(0)
		for _, cell := range g.Cells {
			sum += cell
		}
		if sum != g.Total {
			y.fail("R1.4 ageing", "%s: the buckets add up to %d, the total is %d", g.Currency, sum, g.Total)
		}
		if len(y.unequal) == 0 && len(y.hidden) == 0 && y.judged == y.changes && !y.missingHere() {
			y.sameReceivables(g)
		}
	}
}

// sameReceivables: what is open here is open in AccountsIQ, and the other way round. An un-matching of items settled
// long ago leaves the balance as it is, and is found in the weekly look at all matches.
func (y *year) sameReceivables(g ledger.Ageing) {
	open := int64(0)
	for _, tx := range y.truth() {
		if tx.Type.Receivable() && tx.Outstanding.Currency == g.Currency {
			open += tx.Outstanding.Minor
		}
	}
	if open == g.Total {
		return
	}
	differs := map[int64]time.Time{}
	told := y.differences()
	for _, id := range sortedKeysOf(told) {
		differs[id] = y.right()
		if since, known := y.ageingOff[id]; known {
			differs[id] = since
		}
		if y.right().Sub(differs[id]) > 12*24*time.Hour {
			y.fail("R1.4 ageing", "%s: %d in total, AccountsIQ has %d open: %s", g.Currency, g.Total, open, told[id])
		}
	}
	y.ageingOff = differs
}

// missingHere reports whether an item that AccountsIQ did not answer with once is shown as open still: a second look
// has to miss it too before it counts as deleted.
func (y *year) missingHere() bool {
	facts, err := y.pc.app.Store().PlannerFacts(y.ctx)
	y.must(err)
	return slices.ContainsFunc(facts.Open, func(f store.InvoiceFacts) bool { return f.Missing })
}

// differences tells which receivables are open here and not in AccountsIQ, or the other way round.
func (y *year) differences() map[int64]string {
	facts, err := y.pc.app.Store().PlannerFacts(y.ctx)
	y.must(err)
	here, out := map[int64]store.InvoiceFacts{}, map[int64]string{}
	for _, f := range facts.Open {
		here[f.TransactionID] = f
	}
	for _, tx := range y.truth() {
		f, there := here[tx.ID]
		delete(here, tx.ID)
		if tx.Type.Receivable() && (!there || f.Outstanding != tx.Outstanding) {
			out[tx.ID] = fmt.Sprintf("%s #%d of %s with %s there, %s here", tx.Number, tx.ID, tx.AccountCode, tx.Outstanding, f.Outstanding)
		}
	}
	for id, f := range here {
		out[id] = fmt.Sprintf("%s #%d of account %d with %s here alone", f.Number, id, f.AccountID, f.Outstanding)
	}
	return out
}

// nothingVanished: a message that the outbox had once is there for ever, unless an older copy of it was put back.
func (y *year) nothingVanished() {
	list, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{})
	y.must(err)
	now := make(map[string]bool, len(list))
	for _, m := range list {
		now[m.ID] = true
	}
	for id := range y.rows {
		if !now[id] {
			y.fail("no message disappears", "%s is gone", id)
		}
	}
	y.rows = now
}

// restored is to be called when an older copy of the data folder was put back.
func (y *year) restored() {
	y.rows, y.lastLook, y.unequal, y.ageingOff, y.judged = map[string]bool{}, time.Time{}, map[int64]time.Time{}, map[int64]time.Time{}, -1
	y.forget()
}

// moved is to be called when a copy of the data folder goes on on another computer.
func (y *year) moved() {
	y.lastLook = time.Time{}
	y.forget()
}

// forget marks what this computer cannot know of: it went from another one, and this data folder was copied before.
func (y *year) forget() {
	rows, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{})
	y.must(err)
	known := make(map[string]bool, len(rows))
	for _, m := range rows {
		known[m.MessageID] = chase.State(m.State).Counts()
	}
	for _, t := range y.taken {
		t.lost = t.pc != y.pc && !known[t.messageID]
	}
}

// settleAccounts closes the year: all that was taken is known, and all that is said to have gone was taken.
func (y *year) settleAccounts() {
	took := map[string]*taken{}
	for _, t := range y.taken {
		took[t.messageID] = t
		if says, settled := y.words[t.messageID]; settled && !says || t.lost || t.pc != y.pc {
			continue
		}
		if s := y.pc.app.Journalled(t.messageID); !chase.State(s).Counts() {
			y.fail("what was accepted is in the journal (R6.7)", "the journal says %q of %s", s, t.messageID)
		}
	}
	list, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{States: []string{"accepted"}})
	y.must(err)
	for _, m := range list {
		if m.Kind != "skip" && took[m.MessageID] == nil && !y.words[m.MessageID] {
			y.fail("what is accepted was taken", "the mail server does not have %q to %s", m.Subject, m.CustomerCode)
		}
	}
	y.nothingVanished()
}
