package chase

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// DecodeCase reads a case file (interface.md). What is left out takes the rulebook's default; null is the
// same as left out except for default_schedule. Anything that is not understood is a *CaseError.
//
// Beyond interface.md a file may say of a step its "channel", "single_template" and "multi_template", of
// an invoice in the history its "part" ("before_due" or "overdue"; a chase_now without an offset stands
// for no step), and of a customer "ledger_rest", so that every Input can be written down.
func DecodeCase(r io.Reader) (Input, error) {
	root, err := parseTree(r)
	if err != nil {
		return Input{}, err
	}
	c := &caseReader{check: &check{}}
	in := c.input(root)
	if err := c.failed(); err != nil {
		return Input{}, err
	}
	return in, nil
}

// caseReader reads a case file from the outside in; names are checked against what was read before.
type caseReader struct {
	*check
	zone      *time.Location
	currency  string
	schedules map[string]bool
	customers map[string]bool
}

func (c *caseReader) input(root *node) Input {
	f := c.form(root)
	in := Input{Company: c.company(f.get("company"))}
	in.Now = f.instant("now", c.zone)
	if in.Now.IsZero() {
		f.missing("now")
	}
	in.Schedules = c.scheduleList(f)
	in.DefaultSchedule = c.defaultSchedule(f, in.Schedules)
	in.Customers = each(f, "customers", c.customer)
	in.Invoices = each(f, "invoices", c.invoice)
	in.History = each(f, "history", c.sent)
	f.close()
	c.unique(f, "customers", "code", len(in.Customers), func(i int) string { return in.Customers[i].Code })
	c.unique(f, "invoices", "number", len(in.Invoices), func(i int) string { return in.Invoices[i].Number })
	return in
}

// each reads a list of objects.
func each[T any](f *form, name string, read func(*form) T) []T {
	var list []T
	for _, n := range f.list(name) {
		item := f.form(n)
		list = append(list, read(item))
		item.close()
	}
	return list
}

func (c *check) unique(f *form, list, field string, n int, key func(int) string) {
	seen := make(map[string]bool, n)
	for i := range n {
		if k := key(i); seen[k] {
			c.fail(fmt.Sprintf("%s[%d].%s", f.node.field(list), i, field), fmt.Sprintf("is %q a second time", k))
		} else {
			seen[k] = true
		}
	}
}

func (c *caseReader) company(n *node) Company {
	f := c.form(n)
	c.zone = c.timezone(f)
	company := Company{
		Zone: c.zone, Country: c.country(f), Currency: c.currencyCode(f, "EUR"),
		Paused: f.boolean("paused", false), PausedUntil: f.date("paused_until"),
		Slots: c.slots(f.get("slots")), Minimum: c.minimum(f),
		Grouping:     oneOf(f, "grouping", ByType, ByType, BySettings, NoGrouping),
		DisputesStop: f.boolean("disputes_stop", true), Rates: c.rates(f),
		LastRun: f.instant("last_run", c.zone),
	}
	company.MinGapDays, _ = f.integer("min_gap_days", 0, 3)
	c.currency = company.Currency
	f.close()
	return company
}

func (c *caseReader) timezone(f *form) *time.Location {
	name := f.text("timezone", "UTC")
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		c.fail(f.node.field("timezone"), fmt.Sprintf("is %q, which is not an IANA time zone", name))
		return time.UTC
	}
	return zone
}

var (
	countryForm  = regexp.MustCompile(`^([A-Z]{2}|GB-ENG|GB-SCT|GB-NIR)?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	timeForm     = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

func (c *caseReader) country(f *form) string {
	code := f.text("country", "")
	if !countryForm.MatchString(code) {
		c.fail(f.node.field("country"), fmt.Sprintf("is %q, which is not an ISO 3166 code, GB-ENG, GB-SCT or GB-NIR", code))
	}
	return code
}

func (c *caseReader) currencyCode(f *form, otherwise string) string {
	code := f.text("currency", otherwise)
	if !currencyForm.MatchString(code) {
		c.fail(f.node.field("currency"), fmt.Sprintf("is %q, which is not an ISO 4217 code", code))
	}
	return code
}

func (c *caseReader) minimum(f *form) string {
	n := f.get("minimum")
	if n == nil {
		return "0"
	}
	s := f.decimalOf(n)
	if strings.HasPrefix(s, "-") {
		c.fail(n.path(), "is below zero")
	}
	return s
}

func (c *caseReader) rates(f *form) map[string]string {
	n := f.get("rates")
	if n == nil {
		return nil
	}
	rates := map[string]string{}
	for _, rate := range c.form(n).fields {
		if !currencyForm.MatchString(rate.name) {
			c.fail(rate.path(), "is not named by an ISO 4217 code")
		}
		s := f.decimalOf(rate)
		if d, ok := plainDecimal(s); ok && !d.IsPositive() {
			c.fail(rate.path(), "is not above zero")
		}
		rates[rate.name] = s
	}
	return rates
}

var weekdayNames = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

func (c *caseReader) slots(n *node) Slots {
	f := c.form(n)
	s := Slots{SkipHolidays: f.boolean("skip_holidays", true), ExtraHolidays: f.dates("extra_holidays"), NotHolidays: f.dates("not_holidays")}
	s.Hour, s.Minute = c.timeOfDay(f)
	if f.get("weekdays") == nil {
		s.Weekdays[time.Tuesday], s.Weekdays[time.Thursday] = true, true
	}
	for _, n := range f.list("weekdays") {
		name, _ := n.value.(string)
		day := slices.Index(weekdayNames[:], name)
		if day < 0 {
			c.fail(n.path(), "is not a weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)")
			continue
		}
		s.Weekdays[day] = true
	}
	f.close()
	return s
}

func (c *caseReader) timeOfDay(f *form) (hour, minute int) {
	s := f.text("time", "10:00")
	if !timeForm.MatchString(s) {
		c.fail(f.node.field("time"), fmt.Sprintf("is %q, which is not a time of day (HH:MM)", s))
		return 0, 0
	}
	two := func(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
	return two(s[:2]), two(s[3:])
}

func (c *caseReader) scheduleList(f *form) []Schedule {
	list := []Schedule{DefaultSchedule()}
	if f.get("schedules") != nil {
		list = each(f, "schedules", readSchedule)
	}
	c.unique(f, "schedules", "name", len(list), func(i int) string { return list[i].Name })
	c.schedules = make(map[string]bool, len(list))
	for _, s := range list {
		c.schedules[s.Name] = true
	}
	return list
}

func (c *caseReader) defaultSchedule(f *form, list []Schedule) string {
	switch n := f.given("default_schedule"); {
	case n != nil:
		if n.value == nil {
			return ""
		}
		return c.scheduleRef(f, "default_schedule")
	case c.schedules["Default"]:
		return "Default"
	case len(list) > 0:
		return list[0].Name
	}
	return ""
}

func (c *caseReader) scheduleRef(f *form, field string) string {
	name := f.text(field, "")
	if name != "" && !c.schedules[name] {
		c.fail(f.node.field(field), fmt.Sprintf("is %q, which no schedule is named", name))
	}
	return name
}

// choice reads a schedule of a customer or an invoice: null inherits, "" is none.
func (c *caseReader) choice(f *form) Choice {
	if f.get("schedule") == nil {
		return Choice{}
	}
	return Choice{Set: true, Name: c.scheduleRef(f, "schedule")}
}

func (c *caseReader) customer(f *form) Customer {
	customer := Customer{
		Code: f.required("code"), Name: f.text("name", ""), Schedule: c.choice(f),
		Stopped: f.boolean("stopped", false), HoldUntil: f.date("hold_until"), Replied: f.boolean("replied", false),
		Credits: c.amounts(f, "credits"), Reported: c.amounts(f, "reported_balance"), LedgerRest: c.amounts(f, "ledger_rest"),
	}
	if f.get("reported_balance") != nil && customer.Reported == nil {
		customer.Reported = []ledger.Money{} // reported, and nothing in any currency
	}
	for i, n := range f.list("addresses") {
		a := c.form(n)
		if a.get("email") == nil {
			a.missing("email")
		}
		first := i == 0
		customer.Addresses = append(customer.Addresses, Address{
			Email: a.text("email", ""), Normal: a.boolean("normal", first), Escalated: a.boolean("escalated", first),
			CC: a.boolean("cc", false), Bounced: a.boolean("bounced", false),
		})
		a.close()
	}
	if c.customers == nil {
		c.customers = map[string]bool{}
	}
	c.customers[customer.Code] = true
	return customer
}

func (c *caseReader) amounts(f *form, name string) []ledger.Money {
	return each(f, name, func(f *form) ledger.Money {
		m, given := f.money("amount", c.currencyCode(f, c.currency))
		if !given {
			f.missing("amount")
		}
		return m
	})
}

func (c *caseReader) invoice(f *form) Invoice {
	inv := Invoice{
		Number: f.required("number"), Customer: c.customerRef(f),
		Type:   oneOf(f, "type", ledger.SalesInvoice, ledger.SalesTypes...),
		Posted: f.boolean("posted", true), Issued: f.date("issued"), Due: f.date("due"),
		Disputed: f.boolean("disputed", false), Stopped: f.boolean("stopped", false),
		HoldUntil: f.date("hold_until"), Expected: f.date("expected"), Schedule: c.choice(f),
		PaidBy: oneOf(f, "paid_by", ByReceipt, ByReceipt, ByCredit),
	}
	currency := c.currencyCode(f, c.currency)
	var hasAmount, hasOutstanding bool
	inv.Amount, hasAmount = f.money("amount", currency)
	inv.Outstanding, hasOutstanding = f.money("outstanding", currency)
	switch {
	case !hasAmount && !hasOutstanding:
		f.missing("outstanding")
	case !hasAmount:
		inv.Amount = inv.Outstanding
	case !hasOutstanding:
		inv.Outstanding = inv.Amount
	}
	return inv
}

func (c *caseReader) customerRef(f *form) string {
	code := f.required("customer")
	if code != "" && !c.customers[code] {
		c.fail(f.node.field("customer"), fmt.Sprintf("is %q, which no customer has as its code", code))
	}
	return code
}

func (c *caseReader) sent(f *form) Sent {
	s := Sent{
		Customer: c.customerRef(f), Automatic: f.boolean("automatic", true), At: f.instant("at", c.zone),
		Kind: oneOf(f, "kind", "", BeforeDue, Overdue, Thanks, Statement, ChaseNow, Skip),
		State: oneOf(f, "state", Accepted, Planned, Approved, Queued, Sending, Accepted, Refused, Uncertain,
			Cancelled, Bounced, Replied),
	}
	if s.Kind == "" {
		f.missing("kind")
	}
	if s.At.IsZero() {
		f.missing("at")
	}
	s.Invoices = each(f, "invoices", func(f *form) SentInvoice { return sentInvoice(f, s.Kind) })
	return s
}

func sentInvoice(f *form, kind Kind) SentInvoice {
	si := SentInvoice{Number: f.required("number"), Part: oneOf(f, "part", "", BeforeDue, Overdue)}
	offset, given := f.integer("offset", -largestInteger, 0)
	switch {
	case given || kind == Thanks || kind == Statement:
		si.Offset = offset
	case kind == ChaseNow:
		si.Offset = NoStep
	default:
		f.missing("offset")
	}
	return si
}

// DecodeSchedule reads one schedule in the shape it has in a case file. Anything that is not understood
// is a *CaseError.
func DecodeSchedule(r io.Reader) (Schedule, error) {
	root, err := parseTree(r)
	if err != nil {
		return Schedule{}, err
	}
	c := &check{}
	f := c.form(root)
	s := readSchedule(f)
	f.close()
	if err := c.failed(); err != nil {
		return Schedule{}, err
	}
	return s, nil
}

func readSchedule(f *form) Schedule {
	s := Schedule{
		Name: f.text("name", ""), BeforeDue: each(f, "before_due", readStep), Overdue: each(f, "overdue", readStep),
		Repeat: readRepeat(f), Thanks: f.boolean("thanks", true),
	}
	var bad *CaseError
	if errors.As(s.Validate(), &bad) {
		f.fail(f.node.field(bad.Path), bad.Problem)
	}
	s.BeforeDue, s.Overdue = ascending(s.BeforeDue), ascending(s.Overdue)
	return s
}

func readStep(f *form) Step {
	offset, given := f.integer("offset", -largestInteger, 0)
	if !given {
		f.missing("offset")
	}
	return Step{
		Offset: offset, Channel: oneOf(f, "channel", "", Email, Call, Letter),
		SingleTemplate: f.text("single_template", ""), MultiTemplate: f.text("multi_template", ""),
		EscalatedSender: f.boolean("escalated_sender", false), EscalatedRecipient: f.boolean("escalated_recipient", false),
	}
}

func readRepeat(f *form) Repeat {
	n := f.get("repeat")
	if n == nil {
		return Repeat{}
	}
	r := f.form(n)
	every, given := r.integer("every", 0, 0)
	if !given {
		r.missing("every")
	}
	limit, _ := r.integer("limit", 0, 0)
	r.close()
	return Repeat{every, limit}
}

// MaxSteps is the most steps a part can have (R3.1).
const MaxSteps = 10

// Validate checks the rules of R3.1 and returns the first that is broken as a *CaseError.
func (s Schedule) Validate() error {
	if strings.TrimSpace(s.Name) == "" {
		return &CaseError{"name", "is missing"}
	}
	if err := validPart("before_due", s.BeforeDue, func(offset int) string {
		if offset > 0 {
			return "is above 0, but a step before the due date has an offset of 0 or less"
		}
		return ""
	}); err != nil {
		return err
	}
	if err := validPart("overdue", s.Overdue, func(offset int) string {
		if offset < 1 {
			return "is below 1, but an overdue step has an offset of 1 or more"
		}
		return ""
	}); err != nil {
		return err
	}
	switch {
	case s.Repeat.Every < 0:
		return &CaseError{"repeat.every", "is below 0"}
	case s.Repeat.Limit < 0:
		return &CaseError{"repeat.limit", "is below 0"}
	}
	return nil
}

func validPart(part string, steps []Step, wrong func(offset int) string) error {
	if len(steps) > MaxSteps {
		return &CaseError{part, fmt.Sprintf("has more than %d steps", MaxSteps)}
	}
	seen := map[int]bool{}
	for i, s := range steps {
		path := fmt.Sprintf("%s[%d].offset", part, i)
		if problem := wrong(s.Offset); problem != "" {
			return &CaseError{path, problem}
		}
		if seen[s.Offset] {
			return &CaseError{path, fmt.Sprintf("is %d a second time in its part", s.Offset)}
		}
		seen[s.Offset] = true
	}
	return nil
}
