package chase

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

func decode(t *testing.T, file string) Input {
	t.Helper()
	in, err := DecodeCase(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestDecodeCaseDefaults(t *testing.T) {
	in := decode(t, `{"now": "2026-05-12T10:00:00Z", "customers": [{"code": "A", "addresses": [{"email": "x"}, {"email": "y"}, {"email": "z", "cc": true}]}],
		"invoices": [{"number": "1", "customer": "A", "outstanding": "1.50"}, {"number": "2", "customer": "A", "amount": "2", "currency": "JPY", "due": null}],
		"history": [{"customer": "A", "kind": "chase_now", "at": "2026-05-01T00:00:00Z", "invoices": [{"number": "1"}]}]}`)
	now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	yen := ledger.Money{Minor: 2, Currency: "JPY"}
	want := Input{
		Now: now,
		Company: Company{Zone: time.UTC, Currency: "EUR", MinGapDays: 3, Minimum: "0", Grouping: ByType, DisputesStop: true,
			Slots: Slots{Weekdays: [7]bool{time.Tuesday: true, time.Thursday: true}, Hour: 10, SkipHolidays: true}},
		Schedules: []Schedule{DefaultSchedule()}, DefaultSchedule: "Default",
		Customers: []Customer{{Code: "A", Addresses: []Address{{Email: "x", Normal: true, Escalated: true}, {Email: "y"}, {Email: "z", CC: true}}}},
		Invoices: []Invoice{
			{Number: "1", Customer: "A", Type: "SI", Posted: true, Amount: eur(150), Outstanding: eur(150), PaidBy: ByReceipt},
			{Number: "2", Customer: "A", Type: "SI", Posted: true, Amount: yen, Outstanding: yen, PaidBy: ByReceipt},
		},
		History: []Sent{{Customer: "A", Kind: ChaseNow, Automatic: true, At: now.AddDate(0, 0, -11).Add(-10 * time.Hour), State: Accepted,
			Invoices: []SentInvoice{{Number: "1", Offset: NoStep}}}},
	}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("\n got %+v\nwant %+v", in, want)
	}
}

func TestDecodeCaseNullIsLeftOut(t *testing.T) {
	left := decode(t, `{"now": "2026-05-12T10:00:00Z"}`)
	null := decode(t, `{"now": "2026-05-12T10:00:00Z", "company": null, "schedules": null, "customers": null, "invoices": null, "history": null}`)
	inner := decode(t, `{"now": "2026-05-12T10:00:00Z", "company": {"timezone": null, "country": null, "currency": null, "paused": null, "paused_until": null,
		"slots": {"weekdays": null, "time": null, "skip_holidays": null, "extra_holidays": null, "not_holidays": null}, "min_gap_days": null,
		"minimum": null, "grouping": null, "disputes_stop": null, "rates": null, "last_run": null}}`)
	if !reflect.DeepEqual(left, null) || !reflect.DeepEqual(left, inner) {
		t.Errorf("left out %+v\nnull %+v\ninside %+v", left, null, inner)
	}
}

func TestDecodeCaseDefaultSchedule(t *testing.T) {
	for _, c := range []struct{ why, fields, want string }{
		{"nothing given", ``, "Default"},
		{"one named Default", `"schedules": [{"name": "A"}, {"name": "Default"}]`, "Default"},
		{"none named so", `"schedules": [{"name": "A"}, {"name": "B"}]`, "A"},
		{"given", `"schedules": [{"name": "A"}, {"name": "B"}], "default_schedule": "B"`, "B"},
		{"null is none", `"schedules": [{"name": "A"}], "default_schedule": null`, ""},
		{"empty is none", `"schedules": [{"name": "A"}], "default_schedule": ""`, ""},
		{"no schedules", `"schedules": []`, ""},
	} {
		fields := `{"now": "2026-05-12T10:00:00Z"`
		if c.fields != "" {
			fields += ", " + c.fields
		}
		if in := decode(t, fields+"}"); in.DefaultSchedule != c.want {
			t.Errorf("%s: got %q, want %q", c.why, in.DefaultSchedule, c.want)
		}
	}
}

func TestDecodeCaseSchedule(t *testing.T) {
	in := decode(t, `{"now": "2026-05-12T10:00:00Z", "schedules": [{"name": "A",
		"overdue": [{"offset": 8, "channel": "letter", "single_template": "s", "multi_template": "m"}, {"offset": 1, "escalated_sender": true}],
		"repeat": {"every": 7}}, {"name": "B", "before_due": [{"offset": 0}, {"offset": -3}], "thanks": false, "repeat": null}]}`)
	want := []Schedule{
		{Name: "A", Thanks: true, Repeat: Repeat{Every: 7}, Overdue: []Step{{Offset: 1, EscalatedSender: true},
			{Offset: 8, Channel: Letter, SingleTemplate: "s", MultiTemplate: "m"}}},
		{Name: "B", BeforeDue: steps(-3, 0)},
	}
	if !reflect.DeepEqual(in.Schedules, want) {
		t.Errorf("\n got %+v\nwant %+v", in.Schedules, want)
	}
}

func TestDecodeCaseReportedBalance(t *testing.T) {
	in := decode(t, `{"now": "2026-05-12T10:00:00Z", "customers": [{"code": "A"}, {"code": "B", "reported_balance": null}, {"code": "C", "reported_balance": []}]}`)
	if in.Customers[0].Reported != nil || in.Customers[1].Reported != nil || in.Customers[2].Reported == nil {
		t.Errorf("not known, not known, nothing: got %#v", in.Customers)
	}
}

// wrongCases are case files with one mistake each; the fields stand beside a good "now" and customer A.
var wrongCases = []struct{ fields, path, problem string }{
	{`"invoises": []`, "invoises", "is not a known field"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1"}, {"number": "2", "customer": "A", "outstanding": "1", "duedate": "2026-01-01"}]`, "invoices[1].duedate", "is not a known field"},
	{`"company": {"slots": {"hour": 10}}`, "company.slots.hour", "is not a known field"},
	{`"history": [{"customer": "A", "kind": "overdue", "at": "2026-01-01T00:00:00Z", "invoices": [{"number": "1", "offset": 1, "step": 1}]}]`, "history[0].invoices[0].step", "is not a known field"},
	{`"company": {"Paused": true}`, "company.Paused", "is not a known field"},
	{`"company": {"paused": true, "paused": false}`, "company.paused", "is given twice"},

	{`"company": []`, "company", "is not an object"},
	{`"company": {"slots": "Tue"}`, "company.slots", "is not an object"},
	{`"invoices": {}`, "invoices", "is not a list"},
	{`"invoices": [null]`, "invoices[0]", "is not an object"},
	{`"company": {"paused": "yes"}`, "company.paused", "is not true or false"},
	{`"company": {"currency": 5}`, "company.currency", "is not a text in quotes"},
	{`"company": {"min_gap_days": "3"}`, "company.min_gap_days", "is not a whole number"},
	{`"company": {"min_gap_days": 2.5}`, "company.min_gap_days", "is not a whole number"},
	{`"company": {"min_gap_days": -1}`, "company.min_gap_days", "from 0"},
	{`"company": {"min_gap_days": 99999999999999999999}`, "company.min_gap_days", "is not a whole number"},
	{`"company": {"min_gap_days": 100001}`, "company.min_gap_days", "from 0 to 100000"},
	{`"company": {"minimum": 50}`, "company.minimum", "is not a decimal number"},
	{`"company": {"minimum": "1e9"}`, "company.minimum", "is not a decimal number"},
	{`"company": {"minimum": "-1"}`, "company.minimum", "is below zero"},
	{`"company": {"rates": {"USD": 1.1}}`, "company.rates.USD", "is not a decimal number"},
	{`"company": {"rates": {"USD": "0"}}`, "company.rates.USD", "is not above zero"},
	{`"company": {"rates": {"usd": "1"}}`, "company.rates.usd", "ISO 4217"},
	{`"company": {"timezone": "Dublin"}`, "company.timezone", "is not an IANA time zone"},
	{`"company": {"timezone": ""}`, "company.timezone", "is not an IANA time zone"},
	{`"company": {"timezone": "Local"}`, "company.timezone", "is not an IANA time zone"},
	{`"company": {"country": "Ireland"}`, "company.country", "ISO 3166"},
	{`"company": {"currency": "euro"}`, "company.currency", "ISO 4217"},
	{`"company": {"grouping": "by_customer"}`, "company.grouping", `"by_customer", which is not one of "by_type"`},
	{`"company": {"slots": {"weekdays": ["Tuesday"]}}`, "company.slots.weekdays[0]", "is not a weekday"},
	{`"company": {"slots": {"weekdays": ["Tue", 4]}}`, "company.slots.weekdays[1]", "is not a weekday"},
	{`"company": {"slots": {"time": "24:00"}}`, "company.slots.time", "is not a time of day"},
	{`"company": {"slots": {"time": "9:00"}}`, "company.slots.time", "is not a time of day"},
	{`"company": {"slots": {"extra_holidays": ["2026-12-25", "2026-02-30"]}}`, "company.slots.extra_holidays[1]", "is not a date"},
	{`"company": {"paused_until": "20 May 2026"}`, "company.paused_until", "is not a date"},
	{`"company": {"paused_until": "0000-01-01"}`, "company.paused_until", "is not a date"},
	{`"company": {"last_run": "2026-05-12"}`, "company.last_run", "is not an instant"},

	{`"schedules": [{"before_due": []}]`, "schedules[0].name", "is missing"},
	{`"schedules": [{"name": "A"}, {"name": "A"}]`, "schedules[1].name", `is "A" a second time`},
	{`"schedules": [{"name": "A", "before_due": [{"offset": -1}, {"offset": 1}]}]`, "schedules[0].before_due[1].offset", "is above 0"},
	{`"schedules": [{"name": "A", "overdue": [{"offset": 0}]}]`, "schedules[0].overdue[0].offset", "is below 1"},
	{`"schedules": [{"name": "A", "overdue": [{"offset": 8}, {"offset": 1}, {"offset": 8}]}]`, "schedules[0].overdue[2].offset", "is 8 a second time"},
	{`"schedules": [{"name": "A", "overdue": [{}]}]`, "schedules[0].overdue[0].offset", "is missing"},
	{`"schedules": [{"name": "A", "overdue": [{"offset": 1}, {"offset": 2}, {"offset": 3}, {"offset": 4}, {"offset": 5}, {"offset": 6}, {"offset": 7}, {"offset": 8}, {"offset": 9}, {"offset": 10}, {"offset": 11}]}]`, "schedules[0].overdue", "has more than 10 steps"},
	{`"schedules": [{"name": "A", "overdue": [{"offset": 1, "channel": "fax"}]}]`, "schedules[0].overdue[0].channel", "is not one of"},
	{`"schedules": [{"name": "A", "repeat": {"every": -1}}]`, "schedules[0].repeat.every", "from 0"},
	{`"schedules": [{"name": "A", "repeat": {"limit": 4}}]`, "schedules[0].repeat.every", "is missing"},
	{`"default_schedule": "Nix"`, "default_schedule", `is "Nix", which no schedule is named`},

	{`"customers": [{"name": "x"}]`, "customers[0].code", "is missing"},
	{`"customers": [{"code": "A"}, {"code": "A"}]`, "customers[1].code", `is "A" a second time`},
	{`"customers": [{"code": "A", "schedule": "Nix"}]`, "customers[0].schedule", "which no schedule is named"},
	{`"customers": [{"code": "A", "addresses": [{"normal": true}]}]`, "customers[0].addresses[0].email", "is missing"},
	{`"customers": [{"code": "A", "credits": [{"currency": "EUR"}]}]`, "customers[0].credits[0].amount", "is missing"},
	{`"customers": [{"code": "A", "reported_balance": "0"}]`, "customers[0].reported_balance", "is not a list"},

	{`"invoices": [{"customer": "A", "outstanding": "1"}]`, "invoices[0].number", "is missing"},
	{`"invoices": [{"number": 1001, "customer": "A", "outstanding": "1"}]`, "invoices[0].number", "is not a text in quotes"},
	{`"invoices": [{"number": "1", "outstanding": "1"}]`, "invoices[0].customer", "is missing"},
	{`"invoices": [{"number": "1", "customer": "B", "outstanding": "1"}]`, "invoices[0].customer", `is "B", which no customer has`},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1"}, {"number": "1", "customer": "A", "outstanding": "1"}]`, "invoices[1].number", `is "1" a second time`},
	{`"invoices": [{"number": "1", "customer": "A"}]`, "invoices[0].outstanding", "is missing"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": 1.5}]`, "invoices[0].outstanding", "is not an amount in quotes"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1,50"}]`, "invoices[0].outstanding", "is not an exact amount of EUR"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1.5", "currency": "JPY"}]`, "invoices[0].outstanding", "is not an exact amount of JPY"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "9999999999999999.00"}]`, "invoices[0].outstanding", "is too large"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1", "due": "2026-02-29"}]`, "invoices[0].due", "is not a date"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1", "due": 20260201}]`, "invoices[0].due", "is not a date"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1", "type": "PI"}]`, "invoices[0].type", "is not one of"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1", "paid_by": "cash"}]`, "invoices[0].paid_by", "is not one of"},
	{`"invoices": [{"number": "1", "customer": "A", "outstanding": "1", "schedule": "Nix"}]`, "invoices[0].schedule", "which no schedule is named"},

	{`"history": [{"customer": "B", "kind": "overdue", "at": "2026-01-01T00:00:00Z"}]`, "history[0].customer", "which no customer has"},
	{`"history": [{"customer": "A", "at": "2026-01-01T00:00:00Z"}]`, "history[0].kind", "is missing"},
	{`"history": [{"customer": "A", "kind": "reminder", "at": "2026-01-01T00:00:00Z"}]`, "history[0].kind", "is not one of"},
	{`"history": [{"customer": "A", "kind": "overdue"}]`, "history[0].at", "is missing"},
	{`"history": [{"customer": "A", "kind": "overdue", "at": "2026-01-01"}]`, "history[0].at", "is not an instant"},
	{`"history": [{"customer": "A", "kind": "overdue", "at": "2026-01-01T00:00:00Z", "state": "sent"}]`, "history[0].state", "is not one of"},
	{`"history": [{"customer": "A", "kind": "overdue", "at": "2026-01-01T00:00:00Z", "invoices": [{"number": "1"}]}]`, "history[0].invoices[0].offset", "is missing"},
	{`"history": [{"customer": "A", "kind": "overdue", "at": "2026-01-01T00:00:00Z", "invoices": ["1"]}]`, "history[0].invoices[0]", "is not an object"},
}

func TestDecodeCaseNamesThePlaceOfAMistake(t *testing.T) {
	for _, c := range wrongCases {
		t.Run(c.path, func(t *testing.T) {
			file := `{"now": "2026-05-12T10:00:00Z", ` + c.fields
			if !strings.HasPrefix(c.fields, `"customers"`) {
				file += `, "customers": [{"code": "A"}]`
			}
			_, err := DecodeCase(strings.NewReader(file + "}"))
			var bad *CaseError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a CaseError", err)
			}
			if bad.Path != c.path || !strings.Contains(bad.Problem, c.problem) {
				t.Errorf("got %q %q, want %q %q", bad.Path, bad.Problem, c.path, c.problem)
			}
			if strings.ContainsAny(err.Error(), "\n") || !strings.HasPrefix(err.Error(), c.path+" ") {
				t.Errorf("not one sentence: %q", err)
			}
		})
	}
}

func TestDecodeCaseNeedsAWholeDocument(t *testing.T) {
	for file, want := range map[string]string{
		``:                             "The file is not valid JSON",
		"{\n\"now\": \"2026\",\n}":     "The file is not valid JSON (line 3)",
		`{"now": "x"} {}`:              "The file is not valid JSON (line 1)",
		`[]`:                           " is not an object",
		`{}`:                           "now is missing",
		`{"now": null}`:                "now is missing",
		`{"now": "12 May 2026 10:00"}`: "now is not an instant",
	} {
		if _, err := DecodeCase(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
}

func TestDecodeCaseTakesAByteOrderMark(t *testing.T) {
	decode(t, "\ufeff"+`{"now": "2026-05-12T10:00:00Z"}`)
}

func TestEncodeCaseRefusesTheComputersOwnZone(t *testing.T) {
	in := oneInvoice(t)
	in.Company.Zone = time.FixedZone("somewhere", 3600)
	if err := EncodeCase(&bytes.Buffer{}, in); err == nil {
		t.Error("a zone without an IANA name was written down")
	}
}

func TestEncodeCaseKeepsWhatInterfaceDoesNotName(t *testing.T) {
	in := oneInvoice(t)
	in.Customers[0].LedgerRest = []ledger.Money{eur(-5)}
	in.History = []Sent{{Customer: "ACME", Kind: Skip, At: in.Now, State: Accepted, Invoices: []SentInvoice{{"1", 1, BeforeDue}}}}
	var file bytes.Buffer
	if err := EncodeCase(&file, in); err != nil {
		t.Fatal(err)
	}
	back := decode(t, file.String())
	if !reflect.DeepEqual(back.Customers[0].LedgerRest, in.Customers[0].LedgerRest) || !reflect.DeepEqual(back.History[0].Invoices, in.History[0].Invoices) {
		t.Errorf("came back as %+v", back)
	}
}

func TestDecodeScheduleNamesThePlaceOfAMistake(t *testing.T) {
	for file, want := range map[string]string{
		`{"name": "A", "steps": []}`:                              "steps is not a known field",
		`{"name": "A", "before_due": [{"offset": 3}]}`:            "before_due[0].offset is above 0",
		`{"name": "A", "overdue": [{"offset": 1, "day": "Mon"}]}`: "overdue[0].day is not a known field",
		`{}`:  "name is missing",
		`"A"`: "is not an object",
	} {
		if _, err := DecodeSchedule(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
	}
}

// TestResultJSON holds the exact shape of interface.md.
func TestResultJSON(t *testing.T) {
	in := oneInvoice(t)
	in.Company.Zone = zone(t, "Europe/Dublin")
	in.Now = time.Date(2026, 5, 12, 8, 0, 0, 0, time.UTC)
	paid, open := in.Invoices[0], in.Invoices[0]
	paid.Number, paid.Outstanding = "0", eur(0)
	open.Number, open.Due = "2", ledger.Date{}
	in.Invoices = append(in.Invoices, paid, open)
	in.History = []Sent{{Customer: "ACME", Kind: Overdue, At: in.Now.AddDate(0, 0, -9), State: Accepted, Invoices: []SentInvoice{{Number: "0", Offset: 1}}}}
	want := `{"now":"2026-05-12T09:00:00+01:00","is_slot":true,"next_slot":"2026-05-13T09:00:00+01:00","refused":null,"messages":[` +
		`{"kind":"overdue","customer":"ACME","step":1,"offset":1,"template":"single","escalated_sender":false,"escalated_recipient":false,` +
		`"to":["ap@acme.example"],"cc":[],"invoices":["1"],"totals":[{"currency":"EUR","amount":"100.00"}]},` +
		`{"kind":"thanks","customer":"ACME","step":null,"offset":null,"template":"single","escalated_sender":false,"escalated_recipient":false,` +
		`"to":["ap@acme.example"],"cc":[],"invoices":["0"],"totals":[{"currency":"EUR","amount":"100.00"}]}],"invoices":[` +
		`{"number":"1","age_days":1,"bucket":"1-30","due_step":1,"held":null,"next":{"step":1,"offset":1,"date":"2026-05-12"}},` +
		`{"number":"2","age_days":null,"bucket":"current","due_step":null,"held":{"reason":"no_due_date","text":"No due date","until":null},"next":null}]}`
	if got := string(encoded(t, Plan(in))); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestResultJSONOfNothing(t *testing.T) {
	in := Input{Now: time.Date(2026, 5, 12, 8, 0, 0, 0, time.UTC), Company: Company{LastRun: time.Date(2026, 5, 12, 8, 0, 0, 1, time.UTC)}}
	want := `{"now":"2026-05-12T08:00:00Z","is_slot":false,"next_slot":null,"refused":"clock_behind","messages":[],"invoices":[]}`
	if got := string(encoded(t, Plan(in))); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func FuzzDecodeCase(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && !strings.HasSuffix(file, ".want.json") {
			f.Add(data)
		}
	}
	for _, c := range wrongCases {
		f.Add([]byte(`{"now": "2026-05-12T10:00:00Z", "customers": [{"code": "A"}], ` + c.fields + "}"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := DecodeCase(bytes.NewReader(data))
		if err != nil {
			var bad *CaseError
			if !errors.As(err, &bad) {
				t.Fatalf("not a CaseError: %v", err)
			}
			return
		}
		// What was understood can be planned, and written and read again to the same plan.
		plan, err := json.Marshal(Plan(in))
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := EncodeCase(&file, in); err != nil {
			t.Fatal(err)
		}
		again, err := DecodeCase(&file)
		if err != nil {
			t.Fatalf("written and refused: %v", err)
		}
		if other, _ := json.Marshal(Plan(again)); !bytes.Equal(plan, other) {
			t.Fatalf("planned\n%s\nand after writing\n%s", plan, other)
		}
	})
}
