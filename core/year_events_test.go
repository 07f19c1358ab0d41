package core_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"dunlin/core"
	"dunlin/core/accountsiq/aiqtest"
	"dunlin/core/ledger"
	"dunlin/core/mail/mailtest"
	"dunlin/core/store"
)

// What happens to the company of a simulated year: its business, its owner, its computer.

func sortedKeysOf[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func atoi(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return otherwise
}

const yearCustomers = 200

// books is what the company's people know of its business.
type books struct {
	codes   []string
	payer   map[string]int          // 0 pays on time, 1 late, 2 hardly ever
	paydays map[ledger.Date][]int64 // who pays what when
	hidden  map[int64]bool
	skewed  map[string]bool
	settled ledger.Date // the last day whose business is done
}

func (y *year) today() ledger.Date { return ledger.DateOf(y.right().In(y.zone)) }

// openBooks makes the company with its customers and what is open at the beginning.
func (y *year) openBooks() {
	c := aiqtest.NewCompany("YEAR01", "Year Trading Ltd", "EUR", y.right)
	c.Locale, c.Country, c.UserKey, c.PartnerKey = "en-IE", "Ireland", "user-key-1", "partner-key-1"
	y.must(c.AddCurrency(aiqtest.Currency{Code: "GBP", Name: "Pound sterling", Rate: "0.85"}))
	c.AddTerm(aiqtest.Term{CreditTerm: ledger.CreditTerm{Code: "30", Days: 30}, Description: "30 days"})
	y.company = c
	y.books = books{payer: map[string]int{}, paydays: map[ledger.Date][]int64{}, hidden: map[int64]bool{}, skewed: map[string]bool{}, settled: y.today()}
	for i := range yearCustomers {
		code := fmt.Sprintf("C%03d", i)
		cu := aiqtest.Customer{Code: code, Name: fmt.Sprintf("Customer %03d Ltd", i), Email: fmt.Sprintf("ap%03d@customer.example", i), Term: "30"}
		if y.chance(5) {
			cu.Currency = "GBP"
		}
		if y.chance(2) {
			cu.Email = ""
		}
		y.must(second(c.AddCustomer(cu)))
		y.codes = append(y.codes, code)
		switch n := y.r.IntN(100); {
		case n < 3:
			y.payer[code] = 2
		case n < 9:
			y.payer[code] = 1
		}
	}
	for range 150 {
		y.invoice(y.today().AddDays(-y.r.IntN(45)))
	}
}

// invoice posts an invoice of a day and settles when it will be paid.
func (y *year) invoice(issued ledger.Date) {
	code := y.codes[y.r.IntN(len(y.codes))]
	due := issued.AddDays([]int{14, 30, 30, 30, 45}[y.r.IntN(5)])
	cu, _ := y.company.Customer(code)
	tx, err := y.company.AddInvoice(aiqtest.Entry{Customer: code, Issued: issued, Due: due,
		Amount: ledger.Money{Minor: int64(1_000 + y.r.IntN(400_000)), Currency: cu.Currency}})
	if err != nil {
		return // the customer was removed meanwhile
	}
	y.changes++
	switch y.payer[code] {
	case 0:
		y.payOn(due.AddDays(-y.r.IntN(6)), tx.ID)
	case 1:
		y.payOn(due.AddDays(2+y.r.IntN(25)), tx.ID)
	default:
		if y.chance(60) {
			y.payOn(due.AddDays(30+y.r.IntN(70)), tx.ID)
		}
	}
}

func (y *year) payOn(day ledger.Date, id int64) {
	if !day.After(y.settled) {
		day = y.settled.AddDays(1)
	}
	y.paydays[day] = append(y.paydays[day], id)
}

// business does what the office and the customers do, day by day up to today.
func (y *year) business() {
	for y.settled.Before(y.today()) {
		y.settled = y.settled.AddDays(1)
		for _, id := range y.paydays[y.settled] {
			y.pay(id, y.chance(12))
		}
		delete(y.paydays, y.settled)
		if day := y.settled.Weekday(); day == time.Saturday || day == time.Sunday {
			continue
		}
		for range y.r.IntN(11) {
			y.invoice(y.settled)
		}
		for range y.r.IntN(3) / 2 {
			y.changes++
			y.log("books: %s", y.company.Mutate(y.r))
		}
		y.oddities()
	}
}

// oddities are states of AccountsIQ that pass: an item that it does not answer with, a balance that is wrong.
func (y *year) oddities() {
	for _, id := range sortedKeysOf(y.hidden) {
		if y.chance(25) {
			y.changes++
			delete(y.hidden, id)
			_ = y.company.ShowItem(id) // it may be gone by now
		}
	}
	for _, code := range sortedKeysOf(y.skewed) {
		if y.chance(25) {
			y.changes++
			delete(y.skewed, code)
			y.company.SkewBalance(code, 0)
		}
	}
	if y.chance(3) {
		if tx, ok := y.openInvoice(y.chaseable); ok {
			y.changes++
			y.hidden[tx.ID] = true
			y.must(y.company.HideItem(tx.ID))
			y.log("books: hide %s of %s", tx.Number, tx.AccountCode)
		}
	}
	if y.chance(4) {
		if tx, ok := y.openInvoice(y.chaseable); ok {
			y.changes++
			y.skewed[tx.AccountCode] = true
			y.company.SkewBalance(tx.AccountCode, 1+y.r.Int64N(5000))
			y.log("books: skew %s", tx.AccountCode)
		}
	}
}

// pay settles an item by a receipt, in part or whole, if it is there and open.
func (y *year) pay(id int64, inPart bool) {
	tx, there := y.company.Transaction(id)
	if !there || tx.Outstanding.Minor <= 0 || !tx.Type.Receivable() {
		return
	}
	minor := tx.Outstanding.Minor
	if inPart {
		minor = max(1, minor/3)
	}
	r, err := y.company.AddReceipt(aiqtest.Entry{Customer: tx.AccountCode, Amount: ledger.Money{Minor: minor, Currency: tx.Outstanding.Currency}})
	if err != nil {
		return
	}
	y.changes++
	_, _ = y.company.Allocate(r.ID, tx.ID, minor) // a branch's receipt may be with the head office
	y.log("books: %s of %s pays %d of %s", tx.Number, tx.AccountCode, minor, tx.Outstanding)
}

// chaseable picks items that are overdue, or soon due: those that messages are about.
func (y *year) chaseable(tx aiqtest.Transaction) bool {
	return !tx.Due.IsZero() && y.today().Sub(tx.Due) > -3 && y.today().Sub(tx.Due) < 90
}

// openInvoice draws an open receivable.
func (y *year) openInvoice(pass func(aiqtest.Transaction) bool) (aiqtest.Transaction, bool) {
	return y.drawn(y.r.IntN, pass)
}

func (y *year) drawn(intN func(int) int, pass func(aiqtest.Transaction) bool) (aiqtest.Transaction, bool) {
	var all []aiqtest.Transaction
	for _, tx := range y.company.Transactions() {
		if tx.Type.Receivable() && tx.Outstanding.Minor > 0 && !tx.Hidden && pass(tx) {
			all = append(all, tx)
		}
	}
	if len(all) == 0 {
		return aiqtest.Transaction{}, false
	}
	return all[intN(len(all))], true
}

// changeMeanwhile changes the books in the middle of a sync or between the messages of a run: mostly what is being
// looked at.
func (y *year) changeMeanwhile(ids []int64) {
	y.changes++
	var tx aiqtest.Transaction
	found := false
	if len(ids) > 0 && y.hr.IntN(3) > 0 {
		tx, found = y.company.Transaction(ids[y.hr.IntN(len(ids))])
		found = found && tx.Type.Receivable() && tx.Outstanding.Minor > 0
	}
	if !found {
		tx, found = y.drawn(y.hr.IntN, y.chaseable)
	}
	if !found {
		return
	}
	what := ""
	switch y.hr.IntN(9) {
	case 0, 1, 2:
		what = "is paid"
		y.pay(tx.ID, false)
	case 3:
		what = "is paid in part"
		y.pay(tx.ID, true)
	case 4:
		what = "is disputed"
		y.must(y.company.Dispute(tx.ID))
	case 5:
		what = "is deleted"
		y.must(y.company.DeleteTransaction(tx.ID))
	case 6:
		what = "is due later"
		y.must(y.company.SetDueDate(tx.ID, y.today().AddDays(y.hr.IntN(20)-5)))
	case 7:
		what = "is reversed"
		_, _ = y.company.Reverse(tx.ID)
	case 8:
		y.log("  meanwhile: %s", y.company.Mutate(y.hr))
		return
	}
	y.log("  meanwhile: %s of %s %s", tx.Number, tx.AccountCode, what)
}

// firstSettings are those of this year's company.
func (y *year) firstSettings() {
	y.must(y.pc.app.SetSetting(y.ctx, "approval", []string{"never", "never", "first_run", "always"}[y.r.IntN(4)]))
	y.must(y.pc.app.SetSetting(y.ctx, "sync.every_minutes", []string{"15", "720", "720"}[y.r.IntN(3)]))
	y.must(y.pc.app.SetSetting(y.ctx, "grouping", []string{"by_type", "by_type", "by_settings", "none"}[y.r.IntN(4)]))
	y.must(y.pc.app.SetSetting(y.ctx, "slots.weekdays", []string{"Tue,Thu", "Tue", "Wed"}[y.r.IntN(3)]))
	y.newSchedule()
}

// newSchedule replaces the company's schedule.
func (y *year) newSchedule() {
	before, thanks := "", y.chance(25)
	if y.chance(4) {
		before = `{"offset": -3}`
	}
	overdue := []string{
		`{"offset": 1}, {"offset": 8}, {"offset": 15}, {"offset": 30, "escalated_sender": true, "escalated_recipient": true}`,
		`{"offset": 2}, {"offset": 5}, {"offset": 9}`,
		`{"offset": 7}, {"offset": 21}`,
	}[y.r.IntN(3)]
	y.must(second(y.pc.app.ImportSchedule(y.ctx, strings.NewReader(fmt.Sprintf(`{"name": "Default", "before_due": [%s], "overdue": [%s], "repeat": {"every": %d, "limit": %d}, "thanks": %v}`,
		before, overdue, 7+y.r.IntN(8), 1+y.r.IntN(3), thanks)))))
}

// ownersDay is what the owner does, now and then.
func (y *year) ownersDay() {
	if y.paused() && y.chance(30) {
		y.deed("starts chasing again", func(a *core.App) error { return a.StartChasing(y.ctx) })
	}
	if y.chance(20) {
		y.settleUncertain()
	}
	if y.chance(30) {
		y.anyDeed()
	}
	y.paydaysOfChased()
}

// deed is something that the owner does.
func (y *year) deed(what string, do func(*core.App) error) {
	y.owned++
	err := do(y.pc.app)
	y.log("owner %s%s", what, map[bool]string{true: fmt.Sprint(": ", err), false: ""}[err != nil])
}

func (y *year) anyDeed() {
	set := func(key string, values ...string) {
		value := values[y.r.IntN(len(values))]
		y.deed("sets "+key+" to "+value, func(a *core.App) error { return a.SetSetting(y.ctx, key, value) })
	}
	switch n := y.r.IntN(100); {
	case n < 4:
		y.deed("pauses", func(a *core.App) error { return a.Pause(y.ctx, ledger.Date{}) })
	case n < 8:
		until := y.programsDay().AddDays(1 + y.r.IntN(12))
		y.deed("pauses until "+until.String(), func(a *core.App) error { return a.Pause(y.ctx, until) })
	case n < 44:
		y.deedOnInvoice(n)
	case n < 52:
		y.skip()
	case n < 56:
		y.newSchedule()
		y.owned++
		y.log("owner changes the schedule")
	case n < 59:
		set("min_gap_days", "0", "2", "3", "5", "7")
	case n < 62:
		set("minimum", "0", "0", "50", "500")
	case n < 65:
		set("grouping", "by_type", "by_settings", "none")
	case n < 68:
		set("disputes_stop", "true", "true", "false")
	case n < 72:
		set("approval", "never", "never", "first_run", "always")
	case n < 75:
		set("slots.time", "10:00", "08:30", "16:45", "01:30", "22:00")
	case n < 78:
		set("slots.weekdays", "Tue,Thu", "Mon,Wed,Fri", "Tue", "Tue", "Fri")
	case n < 80:
		set("slots.window_hours", "1", "4", "6", "12")
	case n < 82:
		set("slots.extra_holidays", y.programsDay().AddDays(1+y.r.IntN(9)).String(), "")
	case n < 85:
		y.moveZone()
	case n < 92:
		y.runByHand()
	default:
		y.deed("puts the card of a missed slot away", func(a *core.App) error { return a.DismissMissedSlot(y.ctx) })
	}
}

func (y *year) programsDay() ledger.Date { return ledger.DateOf(y.clock().In(y.settingsZone())) }

// deedOnInvoice stops, holds or disputes an invoice or its customer, or takes that back.
func (y *year) deedOnInvoice(n int) {
	tx, ok := y.openInvoice(y.chaseable)
	if !ok {
		return
	}
	until := y.programsDay().AddDays(y.r.IntN(12))
	does := func(what string, do func(*core.App) error) { y.deed(what+" "+tx.Number+" of "+tx.AccountCode, do) }
	switch {
	case n < 11:
		does("stops the customer of", func(a *core.App) error { return a.StopCustomer(y.ctx, tx.AccountID) })
	case n < 18:
		y.resumeAll()
	case n < 22:
		does("stops", func(a *core.App) error { return a.StopInvoice(y.ctx, tx.ID) })
	case n < 26:
		does("resumes", func(a *core.App) error { return a.ResumeInvoice(y.ctx, tx.ID) })
	case n < 30:
		does("holds", func(a *core.App) error { return a.HoldInvoice(y.ctx, tx.ID, until) })
	case n < 33:
		does("holds the customer of", func(a *core.App) error { return a.HoldCustomer(y.ctx, tx.AccountID, until) })
	case n < 38:
		does("expects payment of", func(a *core.App) error { return a.SetExpected(y.ctx, tx.ID, until) })
	case n < 42:
		does("disputes", func(a *core.App) error { return a.SetDisputed(y.ctx, tx.ID, true) })
	default:
		does("disputes no more", func(a *core.App) error { return a.SetDisputed(y.ctx, tx.ID, false) })
	}
}

func (y *year) resumeAll() {
	facts, err := y.pc.app.Store().PlannerFacts(y.ctx)
	y.must(err)
	for _, c := range facts.Customers {
		if c.Prefs.Stopped && y.chance(50) {
			y.deed("resumes "+c.Code, func(a *core.App) error { return a.ResumeCustomer(y.ctx, c.AccountID) })
		}
	}
}

func (y *year) skip() {
	next, err := y.pc.app.Upcoming(y.ctx)
	y.must(err)
	if len(next) == 0 {
		return
	}
	m := next[y.r.IntN(len(next))]
	y.deed("skips "+m.Subject+" to "+m.CustomerCode, func(a *core.App) error { return a.Skip(y.ctx, m.ID) })
}

func (y *year) moveZone() {
	zones := []string{"Europe/Dublin", "Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland", "America/St_Johns"}
	name := zones[y.r.IntN(len(zones))]
	y.deed("moves to "+name, func(a *core.App) error {
		acc, err := a.Account(y.ctx)
		if err != nil {
			return err
		}
		acc.Timezone = name
		return a.SaveAccount(y.ctx, acc)
	})
}

// runByHand is a run that the owner asks for, in the window or by the command line.
func (y *year) runByHand() {
	y.owned++
	switch y.r.IntN(3) {
	case 0:
		y.step("a run from the window", func() { y.pc.app.ServeRun(y.ctx) })
	case 1:
		y.step("a run from the command line", func() { y.commandLineRun(false) })
	default:
		y.step("an approved run from the command line", func() { y.commandLineRun(true) })
	}
}

func (y *year) commandLineRun(approve bool) {
	y.pc.app.StopClerk()
	if approve {
		y.approvedNow = true
	}
	_, _ = y.pc.app.Run(y.ctx, approve)
}

// waiting reports whether messages wait for something.
func (y *year) waiting() bool {
	list, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{States: []string{"planned", "approved", "queued"}, Limit: 1})
	y.must(err)
	return len(list) > 0
}

// approveSome approves of what waits for it, mostly all.
func (y *year) approveSome() {
	list, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{States: []string{"planned"}})
	y.must(err)
	all := y.chance(70)
	for _, m := range list {
		if all || y.chance(50) {
			y.deed("approves "+m.Subject+" to "+m.CustomerCode, func(a *core.App) error { return a.Approve(y.ctx, []string{m.ID}) })
			y.approved[m.ID] = true
		}
	}
}

// settleUncertain is the owner's word on messages whose fate is not known; mostly it is true.
func (y *year) settleUncertain() {
	list, err := y.pc.app.Store().Messages(y.ctx, store.MessageQuery{States: []string{"uncertain"}})
	y.must(err)
	for _, m := range list {
		arrived := false
		for _, t := range y.taken {
			arrived = arrived || t.messageID == m.MessageID
		}
		says := arrived != y.chance(10)
		y.deed(fmt.Sprintf("says that %q to %s arrived: %v", m.Subject, m.CustomerCode, says), func(a *core.App) error { return a.SettleUncertain(y.ctx, m.ID, says) })
		y.words[m.MessageID] = says
	}
}

// paydaysOfChased lets customers who were written to lately pay more often than others.
func (y *year) paydaysOfChased() {
	for ; y.answered < len(y.taken); y.answered++ {
		for _, i := range y.taken[y.answered].invoices {
			if y.chance(40) {
				y.payOn(y.settled.AddDays(1+y.r.IntN(6)), i.TransactionID)
			}
		}
	}
}

// mishaps are those of the computer, between the steps.
func (y *year) mishaps() {
	switch n := y.r.IntN(1000); {
	case n < 40:
		y.log("the program is started anew")
		y.shut()
		y.open()
	case n < 60:
		y.keepBackup()
	case n < 72:
		y.putBackBackup()
	case n < 90:
		y.clockJumps()
	case n < 96:
		y.tryCopy()
	case n < 101:
		y.moveComputer()
	}
	if y.off != 0 && y.chance(30) {
		y.mu.Lock()
		y.off = 0
		y.mu.Unlock()
		y.log("the clock is put right")
	}
}

func (y *year) clockJumps() {
	jump := time.Duration(y.r.Int64N(int64(12*time.Hour))) - 6*time.Hour
	if y.chance(30) {
		jump = time.Duration(y.r.IntN(9)-4) * 24 * time.Hour
	}
	y.mu.Lock()
	y.off += jump
	y.mu.Unlock()
	y.log("the clock jumps by %v", jump)
}

func (y *year) keepBackup() {
	y.backup = filepath.Join(y.dir, "backup.db")
	y.must(y.pc.app.Backup(y.ctx, y.backup))
	y.log("a backup is made")
}

// putBackBackup is an older copy of the data folder put in its place; the state folder stays.
func (y *year) putBackBackup() {
	if y.backup == "" {
		return
	}
	folder := y.pc.app.Folder()
	y.shut()
	y.must(core.RestoreFile(y.ctx, folder, y.backup))
	y.open()
	y.owned++
	y.restored()
	y.log("the backup is put back")
	y.counts["backups put back"]++
	// The owner sees to it that chasing is as it was: the copy may be from a pause, and the like.
	y.readSettings()
}

// copyTo copies the data folder to another computer.
func (y *year) copyTo(name string) *computer {
	pc := &computer{data: filepath.Join(y.dir, "data-"+name), state: filepath.Join(y.dir, "state-"+name)}
	folder := filepath.Join(pc.data, filepath.Base(y.pc.app.Folder()))
	y.must(os.MkdirAll(folder, 0o700))
	y.must(y.pc.app.Backup(y.ctx, filepath.Join(folder, store.FileName)))
	return pc
}

// tryCopy starts a copy of the data folder on another computer for a while; its owner approves of nothing, so
// nothing goes (R6.7).
func (y *year) tryCopy() {
	if !y.went() {
		return
	}
	y.log("a copy is started on another computer")
	y.restless, y.fickle = 0, 0
	y.aiq.ClearFaults()
	mine, had := y.pc, len(y.taken)
	y.ids += 1000
	y.mu.Lock()
	off := y.off
	y.mu.Unlock()
	y.shut()
	y.open()
	other := y.copyTo(fmt.Sprintf("copy-%d", y.steps))
	y.shut()
	y.pc = other
	y.open()
	for range 3 {
		slot, found := y.nextSlot(y.clock())
		if !found {
			break
		}
		y.forward(slot.Sub(y.clock()))
		y.mu.Lock()
		y.die = nil
		y.mu.Unlock()
		y.must(y.pc.app.Look(y.ctx))
	}
	y.collect()
	for _, t := range y.taken[had:] {
		if t.customer() {
			y.fail("R6.7 another computer asks first", "message %q went without approval", t.messageID)
		}
	}
	y.taken, y.fresh = y.taken[:had], 0
	y.shut()
	y.must(os.RemoveAll(other.data))
	y.must(os.RemoveAll(other.state))
	y.pc = mine
	y.open()
	y.mu.Lock()
	y.off = off
	y.mu.Unlock()
	y.lastLook = time.Time{}
	y.counts["copies tried"]++
}

// moveComputer goes on with a copy of the data folder on another computer for good; the state folder stays behind.
func (y *year) moveComputer() {
	next := y.copyTo(fmt.Sprintf("%d", y.steps))
	y.shut()
	y.pc = next
	y.open()
	y.owned++
	y.foreign = y.went()
	y.moved()
	y.log("the data folder moves to another computer")
	y.counts["moves"]++
}

// trouble arms what will go wrong in the step that comes.
func (y *year) trouble() {
	y.restless, y.fickle = 0, 0
	if y.chance(15) {
		y.restless = 10 + y.r.IntN(200)
	}
	if y.chance(15) {
		y.fickle = 10 + y.r.IntN(150)
	}
	if y.chance(60) {
		y.aiq.ClearFaults()
	}
	if y.chance(8) {
		y.armFault()
	}
	if y.chance(16) {
		y.armDeath()
	}
	if y.chance(5) {
		y.meddle = y.meddling()
	}
}

func (y *year) armFault() {
	kinds := []aiqtest.FaultKind{aiqtest.FailThrottle, aiqtest.FailHTTP, aiqtest.FailCut, aiqtest.FailCutOff, aiqtest.FailDrop, aiqtest.FailDropAfter,
		aiqtest.FailSOAP, aiqtest.FailHTML, aiqtest.FailExpire, aiqtest.FailCode, aiqtest.FailNoResult, aiqtest.FailMissing}
	f := aiqtest.Fault{Kind: kinds[y.r.IntN(len(kinds))], Call: 1 + y.r.IntN(30), Times: 1 + y.r.IntN(3), Status: 503}
	if f.Kind == aiqtest.FailCode {
		f.Code = "CONFIGURATION_ERROR"
	}
	if f.Kind == aiqtest.FailHTML {
		f.Status = 200
	}
	if y.chance(20) {
		f.Times = aiqtest.Always
	}
	if y.chance(40) {
		f.Op, f.Call = "GetTransactionsBy", 1+y.r.IntN(8)
	}
	y.aiq.Fail(f)
	y.log("  armed: AccountsIQ fails, kind %d at call %d of %q, %d times", f.Kind, f.Call, f.Op, f.Times)
}

func (y *year) armDeath() {
	places := []string{"clock", "clock", "clock", "id", "call", "call", "called", "word", "word", "word", string(mailtest.AtConnect), string(mailtest.AtAuth), string(mailtest.AtMail),
		string(mailtest.AtRcpt), string(mailtest.AtData), string(mailtest.AtContent), string(mailtest.AtLine), string(mailtest.AtEnd), string(mailtest.AtEnd), string(mailtest.AtQuit)}
	d := &death{at: places[y.r.IntN(len(places))], after: y.r.IntN(3), keep: y.chance(70), torn: y.r.IntN(4)}
	switch d.at {
	case "clock":
		d.after = y.r.IntN(1 + y.r.IntN(150))
	case "id":
		d.after = y.r.IntN(6)
	case "call", "called":
		d.after = y.r.IntN(60)
	}
	y.mu.Lock()
	y.die = d
	y.mu.Unlock()
}

// tear does to the journal what a crash in the middle of writing a line of it would have done: the line that was
// being written when the program died is not there, or half, or whole. What a line says is in the outbox only once
// the line is whole.
func (y *year) tear(d *death) {
	if d == nil {
		return
	}
	path := y.journal
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	last := bytes.TrimSuffix(lines[len(lines)-1], []byte("\n"))
	if !bytes.Contains(last, []byte(`"state":"sending"`)) {
		return
	}
	rest := text[:len(text)-len(last)-1]
	switch d.at {
	case string(mailtest.AtMail), string(mailtest.AtRcpt), string(mailtest.AtData): // nothing was taken: it may as well have died before
		switch d.torn {
		case 1:
			y.must(os.WriteFile(path, rest, 0o600))
			y.log("  without the line of sending")
		case 2:
			y.must(os.WriteFile(path, text[:len(text)-len(last)/2], 0o600))
			y.log("  with half a line of sending")
		}
	case "word":
		if y.said == "" {
			return
		}
		line := append(bytes.Replace(last, []byte(`"state":"sending"`), []byte(`"state":"`+y.said+`"`), 1), '\n')
		switch d.torn {
		case 1:
			y.must(os.WriteFile(path, append(text, line...), 0o600))
			y.log("  with the line of the word %s", y.said)
		case 2:
			y.must(os.WriteFile(path, append(text, line[:len(line)/2]...), 0o600))
			y.log("  with half a line of the word")
		}
	}
}

func (y *year) journalPath() string {
	return filepath.Join(y.pc.state, "dunlin", y.pc.app.Store().FolderID(), "accepted.jsonl")
}

// meddling is what the owner does in the middle of a step, when the mail server has just got a message.
func (y *year) meddling() func() {
	tx, ok := y.openInvoice(y.chaseable)
	if !ok {
		return nil
	}
	until := y.programsDay().AddDays(3)
	deeds := []func(){
		func() { y.deed("pauses meanwhile", func(a *core.App) error { return a.Pause(y.ctx, ledger.Date{}) }) },
		func() { y.deed("pauses meanwhile", func(a *core.App) error { return a.Pause(y.ctx, until) }) },
		func() {
			y.deed("stops the customer "+tx.AccountCode+" meanwhile", func(a *core.App) error { return a.StopCustomer(y.ctx, tx.AccountID) })
		},
		func() {
			y.deed("disputes "+tx.Number+" meanwhile", func(a *core.App) error { return a.SetDisputed(y.ctx, tx.ID, true) })
		},
		func() {
			y.deed("holds "+tx.Number+" meanwhile", func(a *core.App) error { return a.HoldInvoice(y.ctx, tx.ID, until) })
		},
		func() { y.deed("starts meanwhile", func(a *core.App) error { return a.StartChasing(y.ctx) }) },
	}
	return deeds[y.r.IntN(len(deeds))]
}

// behave is the mail server at a point of a dialogue.
func (y *year) behave(e mailtest.Event) mailtest.Fate {
	struck := y.comes(string(e.Stage))
	defer y.enter()()
	if e.Stage == mailtest.AtMail {
		y.pending, y.look = y.look, nil
		y.said = ""
	}
	y.mu.Lock()
	dead, d := y.dead, y.die
	y.mu.Unlock()
	if struck {
		y.freeze()
	}
	if dead {
		f := mailtest.Fate{Drop: true}
		if struck && e.Stage == mailtest.AtEnd && d.keep {
			f.Keep = true
			y.takes()
		}
		return f
	}
	if y.meddle != nil && e.Stage == mailtest.AtEnd {
		y.meddle()
		y.meddle = nil
	}
	f := y.fate(e)
	if e.Stage == mailtest.AtEnd {
		refused := f.Code != 0 && f.Code/100 != 2 || f.Drop
		if !refused || f.Keep {
			y.takes()
		}
		switch {
		case f.Drop:
		case !refused:
			y.said = "accepted"
		case f.Code/100 == 4:
			y.said = "queued"
		default:
			y.said = "refused"
		}
		y.wordSaid()
	}
	return f
}

// wordSaid lets the program die at the first look at its clock after the mail server's word, when it is to.
func (y *year) wordSaid() {
	y.mu.Lock()
	strikes := false
	if y.die != nil && y.die.at == "word" && !y.dead {
		y.die.after--
		strikes = y.die.after < 0
	}
	y.mu.Unlock()
	if !strikes {
		return
	}
	y.freeze()
	y.mu.Lock()
	y.dead, y.die.struck = true, true
	y.mu.Unlock()
}

// freeze keeps what is on the disks in the moment of a death in the middle of a dialogue: what the program still
// writes until it notices that it is dead is not there when it starts again. It waits for the mail server meanwhile.
func (y *year) freeze() {
	y.frozen = map[string][]byte{}
	db := filepath.Join(y.pc.app.Folder(), store.FileName)
	for _, path := range []string{db, db + "-wal", y.journalPath()} {
		text, err := os.ReadFile(path)
		if !os.IsNotExist(err) {
			y.must(err)
			y.frozen[path] = text
		}
	}
}

// thaw puts that back while the program does not run.
func (y *year) thaw() {
	if y.frozen == nil {
		return
	}
	db := ""
	for path := range y.frozen {
		if strings.HasSuffix(path, store.FileName) {
			db = path
		}
	}
	for _, side := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(db + side); !os.IsNotExist(err) {
			y.must(err)
		}
	}
	for path, text := range y.frozen {
		y.must(os.WriteFile(path, text, 0o600))
	}
	y.frozen = nil
}

// fate is what goes wrong with the mail server.
func (y *year) fate(e mailtest.Event) mailtest.Fate {
	if y.hr.IntN(1000) >= y.fickle {
		return mailtest.Fate{}
	}
	y.counts["mail failures"]++
	n := y.hr.IntN(100)
	y.log("  the mail server fails at %s (%d)", e.Stage, n)
	if n < 10 { // slow: the answer takes so long that the sync is not fresh any more
		slow := time.Duration(1+y.hr.IntN(20)) * time.Minute
		y.slowed += slow
		y.forward(slow)
		return mailtest.Fate{}
	}
	switch e.Stage {
	case mailtest.AtEnd:
		switch {
		case n < 45:
			return mailtest.Fate{Drop: true, Keep: true} // the reply is lost
		case n < 60:
			return mailtest.Fate{Drop: true}
		case n < 85:
			return mailtest.Fate{Code: 451, Text: "4.7.1 come back later"}
		}
		return mailtest.Fate{Code: 554, Text: "5.7.1 not wanted"}
	case mailtest.AtContent, mailtest.AtLine, mailtest.AtQuit, mailtest.AtReset:
		return mailtest.Fate{Drop: true}
	}
	switch {
	case n < 50:
		return mailtest.Fate{Code: 450, Text: "4.2.0 not now"}
	case n < 70:
		return mailtest.Fate{Code: 550, Text: "5.1.1 no such user"}
	case n < 85:
		return mailtest.Fate{Code: 421, Text: "4.3.2 closing", Drop: true}
	}
	return mailtest.Fate{Drop: true}
}
