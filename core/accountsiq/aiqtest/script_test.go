package aiqtest

import (
	cmdline "flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"dunlin/core/ledger"
)

var update = cmdline.Bool("update", false, "write the golden files anew")

// everyChange has each change that a script knows, and each of its options, at least once.
const everyChange = `
# a head office with a branch, and two others
customer HEAD "Head Office Ltd" email ap@head.example term 1
customer SLIGO "Branch, Sligo" bookedon HEAD
customer ACME "Acme & Sons" contact "Ann O'Brien" phone "+353 1 555" mobile 087 country IE notes "" limit 500.00
customer YEN Hoshino currency JPY email ""
customer MISTAKE Mistake   # gone again below
contact ACME "Mary Ryan" email mary@acme.example job "Accounts payable" phone 1 note x primary on
contact ACME "Tom Ryan" email tom@acme.example
recontact ACME "Tom Ryan" tom@acme.example email tom.ryan@acme.example
recontact ACME "Mary Ryan" mary@acme.example primary off
uncontact ACME "Tom Ryan" tom.ryan@acme.example
edit ACME email "ap@acme.example; finance@acme.example"
edit ACME active off
edit ACME active on
edit ACME hold on
edit ACME hold off
edit ACME limit 1000
edit YEN branchof HEAD
edit YEN branchof none
remove MISTAKE

invoice ACME 100.00 ref "PO 7" text Goods issued 2026-03-01 due 2026-03-31 tax 18.70
invoice ACME 250.50 issued today-40 due today-10
invoice SLIGO 80 number 777
invoice YEN 5000 due none
batch ACME 60.00 GBP issued today due today+30
debit ACME 12.34
receipt ACME 150.00 match 10001 100.00 match 10002
creditnote ACME 20.50 match 10002
discount ACME 5.00
credit ACME 7.00 ref Goodwill
refund ACME 5.00 match DS-70001
fluctuation YEN 0 base -12.50
receipt HEAD 80.00 match 777
draft ACME 33.00
draft ACME 44.00
draft ACME 55.00 number 9000
post 10005
cancel #500007
receipt YEN 3000
match SR-30003 10003
unmatch SR-30003 10003
match SR-30003 10003 1000
unmatch 10001
match SR-30001 10001 40
reverse SD-50001
delete SC-60001
dispute 10002 on
dispute 10002 off
dispute 10001 on
due 10002 2026-06-01
due #1003 none
reference 10002 "PO \"8\"\n"
hide 777
hide 10003
show #1004
skew ACME -3.50
skew HEAD 1
`

func scripted(t *testing.T, script string) *Company {
	t.Helper()
	ck := &clock{testNow}
	c := small(ck.now)
	for code, rate := range map[string]string{"GBP": "0.85", "JPY": "160"} {
		if err := c.AddCurrency(Currency{Code: code, Rate: rate}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Play(script); err != nil {
		t.Fatal(err)
	}
	return c
}

// The books that the script leaves, in words.
func TestScriptGolden(t *testing.T) {
	c := scripted(t, everyChange)
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	var b strings.Builder
	for _, x := range c.Customers() {
		fmt.Fprintf(&b, "customer %d %s %q %q <%s> %s term %q limit %d inactive %v hold %d head %d %v balance %s\n", x.AccountID, x.Code, x.Name,
			x.Contact, x.Email, x.Currency, x.Term, x.CreditLimit, x.Inactive, x.Hold, x.HeadOffice, x.UseHeadOffice, c.Balance(x.Code, x.Currency))
	}
	for _, x := range c.Contacts() {
		fmt.Fprintf(&b, "contact %+v\n", x.Contact)
	}
	for _, x := range c.Transactions() {
		fmt.Fprintf(&b, "%s %d %s %s %q %q of %s %s left %s tax %s base %s issued %s due %s document %d batch %v branch %d disputed %v reversed %v hidden %v\n",
			x.Type, x.ID, x.AccountCode, x.Number, x.Reference, x.Description, x.Amount, x.Amount.Currency, x.Outstanding, x.Tax, x.Base, x.Issued, x.Due,
			x.Document, x.Batch, x.Branch, x.Disputed, x.Reversed, x.Hidden)
	}
	for _, x := range c.Allocations() {
		fmt.Fprintf(&b, "match %d: %d to %d %s\n", x.ID, x.From, x.To, x.Amount)
	}
	for _, x := range c.Documents() {
		fmt.Fprintf(&b, "document %d %s %s transaction %d account %d branch %d due %s\n", x.ID, x.Number, x.Status, x.Transaction, x.AccountID, x.Branch, x.Due)
	}
	const file = "testdata/script.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the books after the script are not those of %s:\n%s", file, b.String())
	}
}

// A line that is read and written is the same change.
func TestScriptRoundTrip(t *testing.T) {
	verbs := map[string]bool{}
	for _, line := range strings.Split(everyChange, "\n") {
		ch, err := parseChange(line)
		if err != nil {
			t.Fatal(err)
		}
		if ch == nil {
			continue
		}
		again, err := parseChange(ch.String())
		if err != nil || fmt.Sprintf("%T%s", again, again) != fmt.Sprintf("%T%s", ch, ch) {
			t.Errorf("%s becomes %s: %v", line, ch, err)
		}
		if plain, _, _ := strings.Cut(line, " # "); ch.String() != strings.TrimSpace(plain) {
			t.Errorf("%s is written %s", line, ch)
		}
		verbs[strings.Fields(line)[0]] = true
	}
	for verb := range entryTypes {
		if !verbs[verb] {
			t.Errorf("%s is not tried", verb)
		}
	}
}

func TestScriptErrors(t *testing.T) {
	const before = "customer A A\ncustomer B B\ncustomer HEAD H\ncustomer BR Branch bookedon HEAD\n" +
		"invoice A 100\ninvoice A 50 GBP\nreceipt A 100\ninvoice B 10\ninvoice B 20 number TWICE\ninvoice B 30 number TWICE\n"
	for line, want := range map[string]string{
		"buy A 1":                               "buy: not a change that there is",
		"invoice A":                             "invoice: an amount is missing",
		"invoice A 1,50":                        `invoice: "1,50" is not an amount`,
		"invoice A -1":                          `invoice: "-1" is not an amount`,
		"invoice A 1.005":                       "more decimal places than the currency has",
		"invoice A 1 XYZ":                       `currency "XYZ" is not in the books`,
		"invoice A 1 euros":                     `"euros" is not an option`,
		"invoice NOBODY 1":                      `no customer "NOBODY"`,
		"invoice A 1 due soon":                  `"soon" is not a date`,
		"invoice A 1 due 2026-02-30":            `"2026-02-30" is not a date`,
		"invoice A 1 issued none":               `"none" is not a date`,
		"invoice A 1 tax 2":                     "tax",
		"invoice A 1 match":                     "an item is missing",
		"invoice A 0":                           "amount 0",
		"draft A 1 match 10001":                 "a draft cannot be matched",
		"receipt A 10 match 10099":              "no item 10099",
		"receipt A 10 match 10001 11":           "leaves 10.00 to match",
		"receipt A 200 match 10001 match 10001": "leaves 0.00 to match",
		"receipt A 10 match 10002":              "another customer or currency",
		"receipt A 10 match 10003":              "another customer or currency",
		"receipt A 10 match SR-30001":           "on the same side",
		"receipt B 10 match TWICE":              "2 items have the number TWICE; name one by # and its id",
		"match SR-30001 10003":                  "another customer or currency",
		"match 10001 SR-30001":                  "not a credit against a debit",
		"match SR-30001 10001 1 2":              `"2" is too much`,
		"unmatch 10001":                         "nothing is matched",
		"reverse 10099":                         "no item 10099",
		"reverse":                               "an item is missing",
		"dispute 10001 yes":                     `"yes" is neither on nor off`,
		"due 10001":                             "a date is missing",
		"due #x none":                           `"#x" is not an id`,
		"due #77 none":                          "no item #77",
		`reference 10001 "open`:                 "a quote that does not end",
		`reference 10001 "a"b`:                  "is not a quoted word",
		`reference 10001 a"b`:                   "a quote inside a word",
		`reference "" x`:                        "an item is empty",
		"customer A Again":                      `customer code "A" is empty or taken`,
		"customer C C term 9":                   `no credit term "9"`,
		"customer C C bookedon NOBODY":          `no customer "NOBODY"`,
		"customer C C bookedon BR":              "BR cannot be the head office of C",
		"customer C C colour red":               `"colour" cannot be set`,
		"edit A currency GBP":                   `"currency" cannot be set`,
		"edit A bookedon A":                     "A cannot be the head office of A",
		"edit HEAD branchof A":                  "HEAD is a head office itself",
		"remove A":                              "ACCOUNT_CANNOT_BE_DELETED",
		"remove HEAD":                           "ACCOUNT_CANNOT_BE_DELETED",
		`uncontact A Nobody ""`:                 "has no contact",
		`recontact A Nobody "" name B`:          "no such contact",
		"post 10001":                            "is not waiting to be posted",
		"cancel 10099":                          "no document 10099",
		"skew NOBODY 1":                         `no customer "NOBODY"`,
	} {
		c := scripted(t, before)
		was := fmt.Sprint(booksOf(c))
		err := c.Play("# the first line\n\r\n" + line + "\ninvoice A 1")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "line 3: ") {
			t.Errorf("%s: %v, want line 3 and %q", line, err, want)
		}
		if fmt.Sprint(booksOf(c)) != was {
			t.Errorf("%s is refused and changes the books", line)
		}
	}
}

// An error of form changes nothing; one of the books leaves what went before.
func TestScriptStopsAtTheFirstError(t *testing.T) {
	c := scripted(t, "customer A A")
	if err := c.Play("invoice A 1\ninvoice A x"); err == nil || len(c.Transactions()) != 0 {
		t.Errorf("%v, %d items", err, len(c.Transactions()))
	}
	if err := c.Play("invoice A 1\ninvoice B 2\ninvoice A 3"); err == nil || len(c.Transactions()) != 1 {
		t.Errorf("%v, %d items", err, len(c.Transactions()))
	}
}

func TestScriptDatesAreOfTheClock(t *testing.T) {
	c := scripted(t, "customer A A\ninvoice A 1 issued today-400 due today+14\ninvoice A 1 issued today due none")
	today := ledger.DateOf(testNow)
	all := c.Transactions()
	if all[0].Issued != today.AddDays(-400) || all[0].Due != today.AddDays(14) || all[1].Issued != today || !all[1].Due.IsZero() {
		t.Errorf("%+v", all)
	}
}

// A line that is accepted says the same when it is written and read again, and never breaks the books.
func FuzzScript(f *testing.F) {
	for _, line := range strings.Split(everyChange, "\n") {
		f.Add(line)
	}
	f.Add(`customer "#" "a\x00b" email "\u00e9"`)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\r") {
			return
		}
		ch, err := parseChange(line)
		if err != nil || ch == nil {
			return
		}
		again, err := parseChange(ch.String())
		if err != nil || again.String() != ch.String() {
			t.Fatalf("%q is written %q, which is %v, %v", line, ch, again, err)
		}
		c := scripted(t, "customer ACME A\ninvoice ACME 100\nreceipt ACME 70 match 10001 30")
		_ = c.Play(line)
		if err := c.Check(); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	})
}
