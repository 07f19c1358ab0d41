package aiqtest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"dunlin/core/ledger"
)

// The changes of a company's books can be written as a script, one change a line:
//
//	customer CODE NAME [FIELD VALUE]...         a new account
//	edit CODE FIELD VALUE                       an account changed
//	remove CODE                                 an account without history deleted
//	contact CODE NAME [PART VALUE]...           a further person at a customer
//	recontact CODE NAME EMAIL PART VALUE        the person of that name and address changed
//	uncontact CODE NAME EMAIL                   and removed
//	invoice CODE AMOUNT [CUR] [OPTION]...       a posted invoice with its document
//	batch CODE AMOUNT [CUR] [OPTION]...         a posted invoice without one
//	creditnote, receipt, refund, debit, credit, discount, fluctuation: likewise;
//	                                            debit and credit are journals
//	draft CODE AMOUNT [CUR] [OPTION]...         an invoice saved and not posted
//	post DOCUMENT                               a saved invoice posted
//	cancel DOCUMENT                             or cancelled
//	match CREDIT DEBIT [AMOUNT]                 an allocation; without an amount as much as both have left
//	unmatch ITEM [ITEM]                         all allocations of an item, or those between two
//	reverse ITEM                                an item reversed by its opposite
//	delete ITEM                                 an item deleted
//	dispute ITEM on|off                         the dispute flag
//	due ITEM DATE|none                          the due date moved or taken away
//	reference ITEM TEXT                         the customer's own reference
//	hide ITEM, show ITEM                        see HideItem
//	skew CODE AMOUNT                            see SkewBalance; may be negative
//
//	FIELD   name, email, contact, phone, mobile, country, currency, term or notes with a text; active or hold with
//	        on or off; limit with an amount; branchof or bookedon with the code of the head office, or none: the
//	        second has the branch's business recorded there. The currency is given to a new account only.
//	PART    name, email, phone, job or note with a text; primary with on or off.
//	OPTION  number TEXT, ref TEXT, text TEXT, issued DATE, due DATE|none, tax AMOUNT, base AMOUNT (in base currency,
//	        may be negative), match ITEM [AMOUNT] (any number of times; the item is on the other side).
//	ITEM    the number of an item, or # and its TransactionID.
//	DOCUMENT the number of a document, or # and its id.
//	DATE    2026-05-01, today, today+14 or today-400.
//	AMOUNT  45 or 45.00, in the currency of the item or of the customer.
//
// Words are separated by blanks; one that is empty, holds blanks, quotes or control characters or starts with # is
// written as a Go string in double quotes. A line that starts with # is a comment, and so is everything after a
// word that is # alone. What Mutate returns is such a line.

// Play lets the changes of a script happen, in order. A script with an error in its form changes nothing; a change
// that the books refuse ends it, with those before it done. Either error names the line and the reason.
func (c *Company) Play(script string) error {
	type step struct {
		line int
		change
	}
	var steps []step
	for i, text := range strings.Split(script, "\n") {
		ch, err := parseChange(strings.TrimSuffix(text, "\r"))
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		if ch != nil {
			steps = append(steps, step{i + 1, ch})
		}
	}
	for _, s := range steps {
		if err := c.playOne(s.change); err != nil {
			return fmt.Errorf("line %d: %s: %w", s.line, s.change, err)
		}
	}
	return nil
}

func (c *Company) playOne(ch change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := ch.play(c, c.stamp())
	return err
}

// change is one line of a script.
type change interface {
	// play makes the change, or none of it. The caller holds the lock. told says what came of it where the line does not.
	play(c *Company, at time.Time) (told string, err error)
	// String is the line.
	String() string
}

// parseChange reads a line; nil for one without a change.
func parseChange(line string) (change, error) {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return nil, nil
	}
	words, err := split(line)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	r := &reader{words: words[1:]}
	ch := readChange(words[0], r)
	if r.err == nil && len(r.words) > 0 {
		r.fail("%q is too much", r.words[0].text)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s: %w", words[0].text, r.err)
	}
	return ch, nil
}

func readChange(verb word, r *reader) change {
	switch v := verb.text; v {
	case "customer":
		return &opening{code: r.text("the customer's code"), name: r.text("the customer's name"), set: r.settings(openingFields)}
	case "edit":
		return &editing{code: r.text("the customer's code"), set: r.setting(customerFields)}
	case "remove":
		return &removal{code: r.text("the customer's code")}
	case "contact":
		return &person{code: r.text("the customer's code"), name: r.text("the person's name"), set: r.settings(personParts)}
	case "recontact":
		return &personEdit{who: r.who(), set: r.setting(personParts)}
	case "uncontact":
		return &personGone{who: r.who()}
	case "post", "cancel":
		return &fate{verb: v, document: r.ref("the document's number")}
	case "match":
		return &matching{from: r.ref("a credit"), to: r.ref("a debit"), amount: r.maybeAmount()}
	case "unmatch":
		return &unmatching{one: r.ref("an item"), other: r.maybeRef()}
	case "reverse", "delete", "hide", "show":
		return &stroke{verb: v, item: r.ref("an item")}
	case "dispute":
		return &dispute{item: r.ref("an item"), on: r.onOff()}
	case "due":
		return &dueMove{item: r.ref("an item"), due: r.date(orNone)}
	case "reference":
		return &referral{item: r.ref("an item"), text: r.text("a text")}
	case "skew":
		return &skewing{code: r.text("the customer's code"), amount: r.amount(signed)}
	default:
		if v == "draft" || entryTypes[v].typ != "" {
			return readEntry(v, r)
		}
		r.fail("not a change that there is")
		return nil
	}
}

// word is one word of a line.
type word struct {
	text   string
	quoted bool
}

// split takes a line apart, comments left out.
func split(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		switch {
		case line == "", strings.HasPrefix(line, "#") && (len(line) == 1 || unicode.IsSpace(rune(line[1]))):
			return words, nil
		case line[0] == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errors.New("a quote that does not end")
			}
			text, err := strconv.Unquote(quoted)
			if line = line[len(quoted):]; err != nil || (line != "" && !unicode.IsSpace(rune(line[0]))) {
				return nil, fmt.Errorf("%s is not a quoted word", quoted)
			}
			words = append(words, word{text, true})
		default:
			n := strings.IndexFunc(line, unicode.IsSpace)
			if n < 0 {
				n = len(line)
			}
			if strings.Contains(line[:n], `"`) {
				return nil, fmt.Errorf("%s: a quote inside a word", line[:n])
			}
			words = append(words, word{line[:n], false})
			line = line[n:]
		}
	}
}

// bare writes a word so that split reads it.
func bare(s string) string {
	odd := func(r rune) bool {
		return r == '"' || r == '\uFFFD' || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}
	if s == "" || s[0] == '#' || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

// reader takes the words of a line one after the other and keeps the first thing that is wrong with them.
type reader struct {
	words []word
	err   error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.words = nil
}

// next returns the next word; what names it when it is missing.
func (r *reader) next(what string) word {
	if len(r.words) == 0 {
		r.fail("%s is missing", what)
		return word{}
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

func (r *reader) text(what string) string { return r.next(what).text }

func (r *reader) onOff() bool {
	w := r.text("on or off")
	if r.err == nil && w != "on" && w != "off" {
		r.fail("%q is neither on nor off", w)
	}
	return w == "on"
}

var amountForm = map[bool]*regexp.Regexp{false: regexp.MustCompile(`^\d{1,13}(\.\d+)?$`), true: regexp.MustCompile(`^-?\d{1,13}(\.\d+)?$`)}

// signed tells amount that the number may be negative.
const (
	unsigned = false
	signed   = true
)

func (r *reader) amount(sign bool) string {
	w := r.text("an amount")
	if r.err == nil && !amountForm[sign].MatchString(w) {
		r.fail("%q is not an amount", w)
	}
	return w
}

// maybeAmount returns "" where the next word is not an amount.
func (r *reader) maybeAmount() string {
	if len(r.words) == 0 || r.words[0].quoted || !amountForm[unsigned].MatchString(r.words[0].text) {
		return ""
	}
	return r.next("").text
}

// ref names an item or a document: by number, or by id.
type ref struct {
	number string
	id     int64 // 0: by number
}

func (r ref) String() string {
	if r.id != 0 {
		return "#" + strconv.FormatInt(r.id, 10)
	}
	return bare(r.number)
}

func (r *reader) ref(what string) ref {
	w := r.next(what)
	if w.quoted || !strings.HasPrefix(w.text, "#") {
		if r.err == nil && w.text == "" {
			r.fail("%s is empty", what)
		}
		return ref{number: w.text}
	}
	id, err := strconv.ParseInt(w.text[1:], 10, 64)
	if err != nil || id <= 0 {
		r.fail("%q is not an id", w.text)
	}
	return ref{id: id}
}

func (r *reader) maybeRef() (none ref) {
	if len(r.words) == 0 {
		return none
	}
	return r.ref("an item")
}

// when is a date as a script gives it.
type when struct {
	fixed ledger.Date
	days  int // from today, when today is set
	today bool
	none  bool
}

var relative = regexp.MustCompile(`^today([+-]\d{1,5})?$`)

// Whether date may be "none".
const (
	orNone = true
	always = false
)

func (r *reader) date(noneToo bool) when {
	w := r.text("a date")
	m := relative.FindStringSubmatch(w)
	switch {
	case r.err != nil:
	case w == "none" && noneToo:
		return when{none: true}
	case m != nil:
		days, _ := strconv.Atoi(m[1]) // nothing for today itself
		return when{today: true, days: days}
	default:
		d, err := ledger.ParseDate(w)
		if err != nil || d.IsZero() {
			r.fail("%q is not a date", w)
		}
		return when{fixed: d}
	}
	return when{}
}

// on is the date for changes that happen at a moment; zero for none.
func (w when) on(at time.Time) ledger.Date {
	if w.today {
		return ledger.DateOf(at).AddDays(w.days)
	}
	return w.fixed
}

func (w when) String() string {
	switch {
	case w.none:
		return "none"
	case w.today && w.days == 0:
		return "today"
	case w.today:
		return fmt.Sprintf("today%+d", w.days)
	}
	return w.fixed.String()
}

// find returns the one item that exists and is named.
func (c *Company) find(r ref) (*item, error) {
	if r.id != 0 {
		if it := c.item(r.id); it != nil {
			return it, nil
		}
		return nil, fmt.Errorf("no item %s", r)
	}
	switch all := c.numbered(r.number); len(all) {
	case 0:
		return nil, fmt.Errorf("no item %s", r)
	case 1:
		return all[0], nil
	default:
		return nil, fmt.Errorf("%d items have the number %s; name one by # and its id", len(all), r)
	}
}

// numbered returns the items of a number that exist.
func (c *Company) numbered(number string) (all []*item) {
	if c.byNumber == nil {
		c.byNumber = map[string][]*item{}
		for _, it := range c.items {
			c.byNumber[it.Number] = append(c.byNumber[it.Number], it)
		}
	}
	for _, it := range c.byNumber[number] {
		if it.deleted.IsZero() {
			all = append(all, it)
		}
	}
	return all
}

// name is how a script names an item: by its number, if that is its alone.
func (c *Company) name(it *item) ref {
	if len(c.numbered(it.Number)) == 1 && it.Number != "" {
		return ref{number: it.Number}
	}
	return ref{id: it.ID}
}

// findDocument returns the document that is named; of several with the same number the one that waits to be posted.
func (c *Company) findDocument(r ref) (*Document, error) {
	if r.id != 0 {
		if d := c.document(r.id); d != nil {
			return d, nil
		}
		return nil, fmt.Errorf("no document %s", r)
	}
	var all []*Document
	for _, d := range c.documents {
		if d.Number == r.number {
			all = append(all, d)
		}
	}
	if len(all) > 1 {
		all = slices.DeleteFunc(all, func(d *Document) bool { return d.Status != Processed })
	}
	switch len(all) {
	case 0:
		return nil, fmt.Errorf("no document %s", r)
	case 1:
		return all[0], nil
	}
	return nil, fmt.Errorf("%d documents have the number %s; name one by # and its id", len(all), r)
}

// minor reads an amount in the minor unit of a currency.
func minor(amount, currency string) (int64, error) {
	m, err := ledger.ParseMoney(amount, currency)
	return m.Minor, err
}

// decimal writes minor units as a script does.
func decimal(minor int64, currency string) string {
	return ledger.Money{Minor: minor, Currency: currency}.String()
}
