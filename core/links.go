package core

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"dunlin/core/accountsiq"
	"dunlin/core/ledger"
	"dunlin/core/store"
)

// AccountsIQ publishes no page addresses, so they are learnt from one address that the owner pastes: the customer or
// invoice in it is found, and its place kept as a pattern.

// The kinds of pages.
const (
	CustomerPage = "customer"
	InvoicePage  = "invoice"
)

// LinkLearnt says what was learnt from an address.
type LinkLearnt struct {
	Kind    string `json:"kind"`    // CustomerPage or InvoicePage
	Pattern string `json:"pattern"` // with {id}, {code}, {document}, {number} or {account}; "" when the pattern was taken back
	// The record that stood in the address; empty when the address held placeholders already.
	Code   string `json:"customer_code"`
	Name   string `json:"customer_name"`
	Number string `json:"invoice"` // of an invoice's page
}

// linkKind says which pages a setting is about, "" for any other setting.
func linkKind(key string) string {
	switch key {
	case keyCustomerLink:
		return CustomerPage
	case keyInvoiceLink:
		return InvoicePage
	}
	return ""
}

func linkKey(kind string) string {
	if kind == InvoicePage {
		return keyInvoiceLink
	}
	return keyCustomerLink
}

// LearnLink finds the customer or the invoice that stands in the address of a page, and keeps how the pages of the
// others are reached. An address that holds placeholders already is kept as it is; an empty one takes the pattern back.
func (a *App) LearnLink(ctx context.Context, kind, address string) (LinkLearnt, error) {
	out := LinkLearnt{Kind: kind}
	if kind != CustomerPage && kind != InvoicePage {
		return out, &Problem{Code: "unknown_link", Message: fmt.Sprintf("There are no links of the kind %q.", kind), Hint: "It is customer or invoice."}
	}
	st, set, err := a.settings(ctx)
	if err != nil {
		return out, err
	}
	s, _ := settingByKey(linkKey(kind))
	if address, _ = accountsiq.CleanKey(address); address == "" {
		return out, a.saveSettings(ctx, map[string]string{s.key: ""}, s.label+": links open the home page of AccountsIQ again.")
	}
	loc, err := a.location(set[keyConnLocation])
	if err != nil {
		return out, err
	}
	page, err := readPage(address, loc.Host())
	if err != nil {
		return out, err
	}
	if out.Pattern = page.text; !page.typed(kind) {
		if out, err = page.learn(ctx, kind, records{st}); err != nil {
			return out, err
		}
	} else if err := page.known(kind); err != nil {
		return out, err
	}
	return out, a.saveSettings(ctx, map[string]string{s.key: out.Pattern}, fmt.Sprintf("%s: links open %s", s.label, out.Pattern))
}

// page is an address taken apart. Its tokens are the path segments, query values and parts of the fragment, each as a
// whole.
type page struct {
	text   string
	tokens []token
}

type token struct {
	start, end int      // in the text
	value      string   // decoded
	names      []string // words of its name: the key of a value, or the segment before; lower case
}

func linkProblem(message, hint string) error {
	return &Problem{Code: "bad_link", Message: message, Hint: hint}
}

const linkHint = "Open the page in AccountsIQ, copy the address that the browser shows, and paste it here."

// readPage takes an address apart and refuses one that does not belong to AccountsIQ: links are opened in the owner's
// browser, where he is signed in.
func readPage(address, home string) (page, error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\\' }) {
		return page{}, linkProblem("This is not the address of a page.", linkHint)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return page{}, linkProblem("This is not the address of a page.", linkHint)
	case u.Scheme != "https":
		return page{}, linkProblem("The address does not start with https://.", linkHint)
	case u.User != nil || !ofAccountsIQ(u, home):
		return page{}, linkProblem(fmt.Sprintf("The address leads to %s, which is not your AccountsIQ.", u.Host), "Paste an address of "+home+", or of another page of accountsiq.com.")
	}
	p := page{text: address}
	rest := strings.Index(address, "://") + len("://")
	if i := strings.IndexAny(address[rest:], "/?#"); i >= 0 {
		p.split(rest + i)
	}
	return p, nil
}

func ofAccountsIQ(u *url.URL, home string) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	plain := u.Port() == "" || u.Port() == "443"
	return strings.EqualFold(u.Host, home) || plain && (strings.EqualFold(host, home) || strings.HasSuffix(host, ".accountsiq.com"))
}

// split finds the tokens from a place in the text on. A fragment is a path, with values behind it, of its own: pages
// that live in the browser put theirs there.
func (p *page) split(from int) {
	before := ""
	key, keyed := "", false
	start := from
	inQuery := false
	end := func(at int) {
		raw := p.text[start:at]
		name := before
		if keyed {
			name = key
		}
		value, err := unescape(raw, inQuery)
		if raw != "" && err == nil && (keyed || !inQuery) {
			p.tokens = append(p.tokens, token{start, at, value, words(name)})
		}
		if raw != "" && !keyed {
			before = raw
		}
		start, key, keyed = at+1, "", false
	}
	for i := from; i < len(p.text); i++ {
		switch p.text[i] {
		case '/', ';':
			end(i)
		case '?', '#':
			end(i)
			inQuery = p.text[i] == '?'
		case '&':
			end(i)
		case '=':
			if !keyed {
				key, keyed, start = p.text[start:i], true, i+1
			}
		}
	}
	end(len(p.text))
}

func unescape(raw string, query bool) (string, error) {
	if query {
		return url.QueryUnescape(raw)
	}
	return url.PathUnescape(raw)
}

// words takes a name apart where it changes from small letters to capitals, and at everything that is no letter.
func words(name string) []string {
	var b strings.Builder
	small := false
	for _, r := range name {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && small {
			b.WriteByte(' ')
		}
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
		small = unicode.IsLower(r)
	}
	return strings.Fields(b.String())
}

// The placeholders of a pattern.
const (
	markID       = "{id}"
	markCode     = "{code}"
	markDocument = "{document}"
	markNumber   = "{number}"
	markAccount  = "{account}"
)

func marksOf(kind string) []string {
	if kind == InvoicePage {
		return []string{markID, markDocument, markNumber, markCode, markAccount}
	}
	return []string{markID, markCode}
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// typed reports whether the owner wrote placeholders himself.
func (p page) typed(kind string) bool { return placeholder.MatchString(p.text) }

// known refuses placeholders that are never filled in, and such that stand where the host is.
func (p page) known(kind string) error {
	for _, m := range placeholder.FindAllString(p.text, -1) {
		if !slices.Contains(marksOf(kind), m) {
			return linkProblem(fmt.Sprintf("%s is not filled in for a %s's page.", m, kind), "Use "+strings.Join(marksOf(kind), ", ")+".")
		}
	}
	if kind == InvoicePage && !strings.Contains(p.text, markID) && !strings.Contains(p.text, markDocument) && !strings.Contains(p.text, markNumber) {
		return linkProblem("The address names no invoice.", "Use "+markID+", "+markDocument+" or "+markNumber+" in place of the invoice.")
	}
	return nil
}

// match is a record that a token may mean.
type match struct {
	token  int
	record int64 // AccountID or TransactionID
	mark   string
	score  int
}

// found is a record with everything that may stand for it in an address.
type found struct {
	id, account  int64
	document     int64
	code, name   string
	number       string
	matchedMarks []string // by which of its values it was found
}

// lookup finds records by what may stand in an address.
type lookup interface {
	customers(ctx context.Context, value string) ([]found, error)
	invoices(ctx context.Context, values []string) (map[string][]found, error)
}

// learn finds the record in the address and puts placeholders in its place.
func (p page) learn(ctx context.Context, kind string, in lookup) (LinkLearnt, error) {
	out := LinkLearnt{Kind: kind}
	byID := map[int64]found{}
	matches, err := p.matches(ctx, kind, in, byID)
	if err != nil {
		return out, err
	}
	best := slices.MaxFunc(append(matches, match{}), func(x, y match) int { return x.score - y.score })
	if best.score == 0 {
		return out, notRecognised(kind)
	}
	for _, m := range matches {
		if m.score == best.score && (m.record != best.record || m.token == best.token && m.mark != best.mark) {
			return out, twoPossible(kind, byID[best.record], byID[m.record])
		}
	}
	r := byID[best.record]
	out.Pattern, out.Code, out.Name = p.fill(kind, matches, best, r), r.code, r.name
	if kind == InvoicePage {
		out.Number = r.number
	}
	return out, nil
}

func (p page) matches(ctx context.Context, kind string, in lookup, byID map[int64]found) ([]match, error) {
	var values []string
	for _, t := range p.tokens {
		if len(t.value) > 0 && len(t.value) <= 100 {
			values = append(values, t.value)
		}
	}
	hits := map[string][]found{}
	if kind == InvoicePage {
		var err error
		if hits, err = in.invoices(ctx, values); err != nil {
			return nil, err
		}
	} else {
		for _, v := range values {
			list, err := in.customers(ctx, v)
			if err != nil {
				return nil, err
			}
			hits[v] = list
		}
	}
	var out []match
	for i, t := range p.tokens {
		for _, r := range hits[t.value] {
			byID[r.id] = r
			for _, mark := range r.matchedMarks {
				out = append(out, match{i, r.id, mark, score(kind, mark, t)})
			}
		}
	}
	return out, nil
}

// The words in the name of a value that speak of a kind of record, and of one of its fields.
var (
	kindWords = map[string][]string{
		CustomerPage: {"customer", "customers", "cust", "account", "accounts", "debtor", "debtors", "client", "clients", "customerid", "accountid", "customercode", "accountcode"},
		InvoicePage:  {"invoice", "invoices", "inv", "transaction", "transactions", "trans", "tx", "document", "documents", "doc", "invoiceid", "transactionid", "documentid", "invoicenumber", "invoiceno"},
	}
	markWords = map[string][]string{
		markID:       {"id", "key", "customerid", "accountid", "transaction", "transactions", "trans", "tx", "transactionid"},
		markCode:     {"code", "ref", "customercode", "accountcode"},
		markDocument: {"document", "documents", "doc", "documentid", "invoiceid"},
		markNumber:   {"number", "no", "num", "nr", "ref", "invoicenumber", "invoiceno"},
	}
	// otherWords say that a value is something else, whatever it looks like.
	otherWords = []string{"page", "tab", "view", "mode", "company", "entity", "user", "period", "year", "month", "skip", "top", "limit", "size", "sort", "version", "v", "lang", "t", "ts", "rand"}
)

// score says how likely it is that a token means a field of a record, 0 for not at all. What the name says comes
// first; then a value with letters in it, which is less likely to be there by chance than a small number.
func score(kind, mark string, t token) int {
	has := func(list []string) bool {
		return slices.ContainsFunc(t.names, func(w string) bool { return slices.Contains(list, w) })
	}
	n := 2
	if has(kindWords[kind]) {
		n += 8
	}
	if has(markWords[mark]) {
		n += 4
	}
	if n == 2 && has(otherWords) {
		return 0
	}
	if strings.ContainsFunc(t.value, unicode.IsLetter) {
		n++
	}
	return n
}

// fill puts placeholders in the place of everything in the address that belongs to the record: the best match, and
// what else is named like it or cannot be there by chance.
func (p page) fill(kind string, matches []match, best match, r found) string {
	marks := map[int]string{}
	for _, m := range matches {
		if m.record == best.record && (m.score >= 6 || strings.ContainsFunc(p.tokens[m.token].value, unicode.IsLetter)) {
			if before, there := marks[m.token]; !there || score(kind, before, p.tokens[m.token]) < m.score {
				marks[m.token] = m.mark
			}
		}
	}
	marks[best.token] = best.mark
	for i, t := range p.tokens {
		if _, taken := marks[i]; kind != InvoicePage || taken {
			continue
		}
		// The invoice's customer may stand there as well, and is another one for another invoice.
		switch {
		case strings.EqualFold(t.value, r.code) && (strings.ContainsFunc(t.value, unicode.IsLetter) || score(CustomerPage, markCode, t) >= 10):
			marks[i] = markCode
		case t.value == strconv.FormatInt(r.account, 10) && score(CustomerPage, markID, t) >= 10:
			marks[i] = markAccount
		}
	}
	var b strings.Builder
	at := 0
	for i, t := range p.tokens {
		if mark, ok := marks[i]; ok {
			b.WriteString(p.text[at:t.start] + mark)
			at = t.end
		}
	}
	return b.String() + p.text[at:]
}

func notRecognised(kind string) error {
	return &Problem{Code: "not_recognised", Message: fmt.Sprintf("No %s of yours was found in this address.", kind),
		Hint: fmt.Sprintf("Open the page of one %s in AccountsIQ and paste its address. If it is new there, press Sync now first.", kind)}
}

func twoPossible(kind string, x, y found) error {
	name := func(r found) string {
		if kind == InvoicePage {
			return "invoice " + r.number
		}
		return fmt.Sprintf("%s (%s)", r.name, r.code)
	}
	message := fmt.Sprintf("The address may mean %s or %s.", name(x), name(y))
	if x.id == y.id {
		message = fmt.Sprintf("The address names %s, but its number and its id are the same.", name(x))
	}
	return &Problem{Code: "ambiguous_link", Message: message, Hint: fmt.Sprintf("Paste the address of another %s's page.", kind)}
}

// records looks things up in a company's store.
type records struct{ st *store.Store }

func (r records) customers(ctx context.Context, value string) ([]found, error) {
	var out []found
	add := func(d store.CustomerDetail, mark string, err error) error {
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			out = append(out, found{id: d.AccountID, account: d.AccountID, code: d.Code, name: d.Name, matchedMarks: []string{mark}})
		}
		return err
	}
	if id, err := strconv.ParseInt(value, 10, 64); err == nil && strconv.FormatInt(id, 10) == value {
		d, err := r.st.Customer(ctx, id, ledger.Date{})
		if err := add(d, markID, err); err != nil {
			return nil, err
		}
	}
	d, err := r.st.CustomerByCode(ctx, value, ledger.Date{})
	err = add(d, markCode, err)
	return merged(out), err
}

// merged joins what was found of one record by several of its values.
func merged(list []found) []found {
	var out []found
	for _, f := range list {
		i := slices.IndexFunc(out, func(o found) bool { return o.id == f.id })
		if i < 0 {
			out = append(out, f)
			continue
		}
		out[i].matchedMarks = append(out[i].matchedMarks, f.matchedMarks...)
	}
	return out
}

func (r records) invoices(ctx context.Context, values []string) (map[string][]found, error) {
	out := map[string][]found{}
	ids := map[int64]string{}
	add := func(value, mark string, x store.InvoiceRow) {
		out[value] = append(out[value], found{id: x.ID, account: x.AccountID, document: x.DocumentID, code: x.AccountCode, name: x.CustomerName, number: x.Number, matchedMarks: []string{mark}})
	}
	for _, v := range values {
		rows, err := r.st.InvoiceByNumber(ctx, v)
		if err != nil {
			return nil, err
		}
		for _, x := range rows {
			add(v, markNumber, x)
		}
		id, err := strconv.ParseInt(v, 10, 64)
		if err != nil || strconv.FormatInt(id, 10) != v || id <= 0 {
			continue
		}
		ids[id] = v
		x, err := r.st.Invoice(ctx, id)
		switch {
		case err == nil:
			add(v, markID, x)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	err := r.byDocument(ctx, ids, func(v string, x store.InvoiceRow) { add(v, markDocument, x) })
	for v := range out {
		out[v] = merged(out[v])
	}
	return out, err
}

// byDocument goes through all receivables for those of some documents. It takes a second for a hundred thousand, once.
func (r records) byDocument(ctx context.Context, ids map[int64]string, add func(string, store.InvoiceRow)) error {
	if len(ids) == 0 {
		return nil
	}
	all, _, err := r.st.InvoiceIDs(ctx, store.InvoiceQuery{Status: store.InvoicesAll})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(all, 2000) {
		rows, err := r.st.InvoicesByID(ctx, part)
		if err != nil {
			return err
		}
		for _, x := range rows {
			if v, ok := ids[x.DocumentID]; ok {
				add(v, x)
			}
		}
	}
	return nil
}

// CustomerLink is where "Edit in AccountsIQ" leads. Until a pattern was learnt it is the company's home, and the code
// goes on the clipboard.
func (a *App) CustomerLink(ctx context.Context, accountID int64) (Link, error) {
	st, err := a.company()
	if err != nil {
		return Link{}, err
	}
	d, err := st.Customer(ctx, accountID, ledger.Date{})
	if err != nil {
		return Link{}, err
	}
	return a.link(ctx, st, keyCustomerLink, d.Code, map[string]string{markID: strconv.FormatInt(d.AccountID, 10), markCode: d.Code})
}

// InvoiceLink is where "View in AccountsIQ" leads.
func (a *App) InvoiceLink(ctx context.Context, transactionID int64) (Link, error) {
	st, err := a.company()
	if err != nil {
		return Link{}, err
	}
	row, err := st.Invoice(ctx, transactionID)
	if err != nil {
		return Link{}, err
	}
	values := map[string]string{markID: strconv.FormatInt(row.ID, 10), markNumber: row.Number, markCode: row.AccountCode, markAccount: strconv.FormatInt(row.AccountID, 10)}
	if row.DocumentID > 0 {
		values[markDocument] = strconv.FormatInt(row.DocumentID, 10)
	}
	return a.link(ctx, st, keyInvoiceLink, row.Number, values)
}

func (a *App) link(ctx context.Context, st *store.Store, key, copyText string, values map[string]string) (Link, error) {
	set, err := st.Settings(ctx)
	if err != nil {
		return Link{}, err
	}
	if address, ok := fillPattern(set[key], values); ok {
		return Link{URL: address}, nil
	}
	loc, err := a.location(set[keyConnLocation])
	if err != nil {
		return Link{}, err
	}
	return Link{URL: loc.Base + "/", Copy: copyText}, nil
}

// fillPattern fills a pattern in; false without one, or when it wants a value that the record does not have.
func fillPattern(pattern string, values map[string]string) (string, bool) {
	complete := pattern != ""
	filled := placeholder.ReplaceAllStringFunc(pattern, func(m string) string {
		complete = complete && values[m] != ""
		return escapeAll(values[m])
	})
	return filled, complete
}

// escapeAll escapes everything that means something anywhere in an address, as a value may stand in a path, in a
// query or behind the #.
func escapeAll(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
