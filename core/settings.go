package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"dunlin/core/chase"
	"dunlin/core/ledger"
)

// The keys of the settings, as the command line and the store name them.
const (
	keyAccountName     = "account.name"
	keyAccountCountry  = "account.country"
	keyAccountTimezone = "account.timezone"
	keyAccountCurrency = "account.currency"

	keyPaused      = "paused"
	keyPausedUntil = "paused_until"

	keyWeekdays      = "slots.weekdays"
	keySlotTime      = "slots.time"
	keySkipHolidays  = "slots.skip_holidays"
	keyExtraHolidays = "slots.extra_holidays"
	keyNotHolidays   = "slots.not_holidays"

	keyMinGap          = "min_gap_days"
	keyMinimum         = "minimum"
	keyGrouping        = "grouping"
	keyDisputesStop    = "disputes_stop"
	keyDefaultSchedule = "default_schedule"
	keyAllAddresses    = "all_addresses"
	keyApproval        = "approval"
	keyWindowHours     = "slots.window_hours"
	keySyncMinutes     = "sync.every_minutes"
	keyNotify          = "notifications"
	keyTray            = "keep_in_tray"
	keyCustomerLink    = "links.customer"
	keyInvoiceLink     = "links.invoice"
	keyPDFStyle        = "pdf.style"
	keyAttach          = "attach.invoices"
	keyAttachMissing   = "attach.missing"
	keyWriteNotes      = "writeback.notes"
	keyWriteDisputes   = "writeback.disputes"
)

// The values of the approval setting (R6.8).
const (
	approvalFirst  = "first_run"
	approvalAlways = "always"
	approvalNever  = "never"
)

// setting describes one entry of the Settings screen. Check returns the value in its normal form, or
// an error that says in one sentence what it may be.
type setting struct {
	key, def, label, help string
	choices               []string
	check                 func(string) (string, error)
}

var yesNo = []string{"true", "false"}

// settingsTable lists every setting that can be read and set, in the order of the screen.
var settingsTable = []setting{
	{keyWeekdays, "Tue,Thu", "Chase days", "The weekdays on which reminders go.", nil, checkWeekdays},
	{keySlotTime, "10:00", "Chase time", "The time of day, in the company's time zone.", nil, checkTime},
	{keySkipHolidays, "true", "Skip public holidays", "No reminders on the public holidays of your country.", yesNo, checkBool},
	{keyExtraHolidays, "", "Own days off", "Further days without reminders, as dates with commas between.", nil, checkDates},
	{keyNotHolidays, "", "Holidays worked", "Public holidays on which reminders go all the same.", nil, checkDates},
	{keyWindowHours, "4", "Hours to catch up", "How long after the chase time a run may still start by itself.", nil, checkInt(1, 12)},
	{keyMinGap, "3", "Days between reminders", "A customer hears from you at most once in this many days.", nil, checkInt(0, 60)},
	{keyMinimum, "0", "Smallest amount", "Invoices with less than this outstanding, in your currency, are not chased.", nil, checkAmount},
	{keyGrouping, string(chase.ByType), "Grouping", "Which invoices of a customer share one message.", []string{string(chase.ByType), string(chase.BySettings), string(chase.NoGrouping)}, nil},
	{keyDisputesStop, "true", "Disputes stop chasing", "Invoices in dispute are held back.", yesNo, checkBool},
	{keyDefaultSchedule, "Default", "Schedule for everyone", "The schedule of customers without one of their own.", nil, checkAnything},
	{keyAllAddresses, "false", "Write to all addresses", "New contacts count as recipients too, not only the account's own address.", yesNo, checkBool},
	{keyApproval, approvalFirst, "Approval", "Whether you see and approve the messages before they go.", []string{approvalFirst, approvalAlways, approvalNever}, nil},
	{keySyncMinutes, "15", "Minutes between syncs", "How often AccountsIQ is asked for news while Dunlin runs.", nil, checkInt(5, 24*60)},
	{keyNotify, "true", "Notifications", "Tell me on the desktop when a run finished or needs me.", yesNo, checkBool},
	{keyTray, "true", "Keep running in the tray", "Closing the window keeps Dunlin running.", yesNo, checkBool},
	{keyAttach, "false", "Attach a copy of each invoice", "Reminders carry AccountsIQ's PDF of every invoice they list, at most 10 MB together; the largest are left out beyond that.", yesNo, checkBool},
	{keyAttachMissing, missingSend, "When AccountsIQ has no copy of an invoice", "Send the reminder without it, or hold the message back.", []string{missingSend, missingHold}, nil},
	{keyPDFStyle, "", "Layout of invoice copies", "The name of a report style in AccountsIQ; empty for AccountsIQ's own choice.", nil, checkAnything},
	{keyWriteNotes, "false", "Note reminders in AccountsIQ", "After a reminder went, a note is added to the customer in AccountsIQ: \"Payment reminder sent to ap@acme.example on 3 March 2026 for invoice 10045. [dunlin 4f21ab3c]\". Nothing else is changed there.", yesNo, checkBool},
	{keyWriteDisputes, "false", "Mark disputes in AccountsIQ", "When you mark an invoice as in dispute here, or take the mark back, AccountsIQ's own dispute mark of that invoice is set or taken back too. Nothing else is changed there.", yesNo, checkBool},
	{keyCustomerLink, "", "Customer page", "Paste the address of one customer's page in AccountsIQ. Dunlin finds the customer in it and opens the pages of the others the same way.", nil, checkAnything},
	{keyInvoiceLink, "", "Invoice page", "Paste the address of one invoice's page in AccountsIQ. Dunlin finds the invoice in it and opens the pages of the others the same way.", nil, checkAnything},
}

// settingByKey finds the description of a setting.
func settingByKey(key string) (setting, bool) {
	i := slices.IndexFunc(settingsTable, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return settingsTable[i], true
}

// normal checks a value and returns it in its normal form.
func (s setting) normal(value string) (string, error) {
	value = strings.TrimSpace(value)
	if s.check != nil {
		out, err := s.check(value)
		if err != nil {
			return "", &Problem{Code: "bad_setting", Message: fmt.Sprintf("%s: %s.", s.label, err), Hint: "Nothing was changed. " + s.help}
		}
		return out, nil
	}
	if !slices.Contains(s.choices, value) {
		return "", &Problem{Code: "bad_setting", Message: fmt.Sprintf("%s cannot be %q.", s.label, value), Hint: "It can be " + strings.Join(s.choices, ", ") + "."}
	}
	return value, nil
}

var weekdayNames = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

func parseWeekdays(value string) ([7]bool, error) {
	var days [7]bool
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		i := slices.IndexFunc(weekdayNames[:], func(n string) bool {
			return len(part) >= 3 && strings.EqualFold(n, part[:3]) && strings.HasPrefix(strings.ToLower(fullDay(n)), strings.ToLower(part))
		})
		if i < 0 {
			return days, fmt.Errorf("%q is not a weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)", part)
		}
		days[i] = true
	}
	return days, nil
}

func fullDay(short string) string {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.HasPrefix(d.String(), short) {
			return d.String()
		}
	}
	return short
}

func checkWeekdays(value string) (string, error) {
	days, err := parseWeekdays(value)
	if err != nil {
		return "", err
	}
	var out []string
	for _, i := range []int{1, 2, 3, 4, 5, 6, 0} {
		if days[i] {
			out = append(out, weekdayNames[i])
		}
	}
	return strings.Join(out, ","), nil
}

func checkTime(value string) (string, error) {
	t, err := time.Parse("15:04", value)
	if err != nil {
		return "", fmt.Errorf("%q is not a time of day such as 10:00", value)
	}
	return t.Format("15:04"), nil
}

func checkBool(value string) (string, error) {
	switch strings.ToLower(value) {
	case "true", "yes", "on", "1":
		return "true", nil
	case "false", "no", "off", "0":
		return "false", nil
	}
	return "", fmt.Errorf("%q is neither true nor false", value)
}

func checkInt(low, high int) func(string) (string, error) {
	return func(value string) (string, error) {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return "", fmt.Errorf("%q is not a whole number from %d to %d", value, low, high)
		}
		return strconv.Itoa(n), nil
	}
}

func checkAmount(value string) (string, error) {
	d, err := decimal.NewFromString(value)
	if err != nil || d.IsNegative() || d.Exponent() < -6 || d.Exponent() > 12 {
		return "", fmt.Errorf("%q is not an amount such as 50 or 49.99", value)
	}
	return d.String(), nil
}

func checkDates(value string) (string, error) {
	dates, err := parseDates(value)
	if err != nil {
		return "", err
	}
	out := make([]string, len(dates))
	for i, d := range dates {
		out[i] = d.String()
	}
	return strings.Join(out, ","), nil
}

func parseDates(value string) ([]ledger.Date, error) {
	var out []ledger.Date
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		d, err := ledger.ParseDate(part)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b ledger.Date) int { return a.Sub(b) })
	return slices.Compact(out), nil
}

func checkAnything(value string) (string, error) { return value, nil }
