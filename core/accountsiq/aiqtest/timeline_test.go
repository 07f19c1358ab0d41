package aiqtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dunlin/core/ledger"
)

// asker puts random questions to a server and answers them itself by going through all of the books, comparing what
// clocks in the server's zone show as texts.
type asker struct {
	s *Server
	c *Company
	r *rand.Rand
}

const shown = "2006-01-02T15:04:05.000000"

func (a *asker) show(t time.Time) string { return t.In(a.s.o.Zone).Format(shown) }

func showDay(d ledger.Date) string { return d.String() + "T00:00:00.000000" }

// bounds are two ends as texts that compare; "" is open.
type bounds struct{ from, to string }

func (b bounds) hold(v string) bool {
	return (b.from == "" || v >= b.from) && (b.to == "" || v <= b.to)
}

// moment draws a moment near something that happened, so that ends of spans meet rows.
func (a *asker) moment() time.Time {
	near := []time.Duration{0, 0, time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * time.Hour, 90 * 24 * time.Hour}
	d := near[a.r.IntN(len(near))]
	if a.r.IntN(2) == 0 {
		d = -d
	}
	var at time.Time
	switch it := a.c.items[a.r.IntN(len(a.c.items))]; a.r.IntN(5) {
	case 0:
		at = it.Modified
	case 1:
		at = a.c.documents[a.r.IntN(len(a.c.documents))].Modified
	case 2:
		at = a.c.matches[a.r.IntN(len(a.c.matches))].Created
	case 3:
		y, m, day := it.Issued.YMD()
		at = time.Date(y, m, day, 0, 0, 0, 0, a.s.o.Zone)
	default:
		at = it.Created
	}
	return at.Add(d)
}

// end draws an end of a span: the element and what it means.
func (a *asker) end(name string) (element, value string) {
	at := a.moment()
	switch a.r.IntN(6) {
	case 0:
		return "", ""
	case 1:
		open := map[bool]string{true: "1990-01-01T00:00:00", false: "2099-12-31T23:59:59"}[strings.HasPrefix(strings.ToLower(name), "from")]
		return "<" + name + ">" + open + "</" + name + ">", open + ".000000"
	case 2: // with the offset of some other zone
		return "<" + name + ">" + at.In(time.FixedZone("", 5*3600)).Format("2006-01-02T15:04:05.000000-07:00") + "</" + name + ">", a.show(at)
	}
	return "<" + name + ">" + a.show(at) + "</" + name + ">", a.show(at)
}

func (a *asker) span(from, to string) (elements string, b bounds) {
	first, low := a.end(from)
	last, high := a.end(to)
	return first + last, bounds{low, high}
}

// some draws a list for a filter now and then.
func (a *asker) some(name string, draw func() int64) (element string, list []int64) {
	if a.r.IntN(6) > 0 {
		return "", nil
	}
	list = []int64{draw()}
	for range a.r.IntN(20) {
		list = append(list, draw())
	}
	element = "<" + name + ">"
	for _, id := range list {
		element += fmt.Sprintf("<int>%d</int>", id)
	}
	return element + "</" + name + ">", list
}

func (a *asker) account() int64 { return firstAccount + int64(a.r.IntN(len(a.c.customers)+3)) }

// answer asks the server and returns the ids that stand in elements of a name, and the number of rows that it logs.
func (a *asker) answer(t *testing.T, op, args, id string) (ids []int64, rows int) {
	t.Helper()
	el, err := parseXML([]byte("<" + op + ">" + args + "</" + op + ">"))
	if err != nil {
		t.Fatal(err)
	}
	got := a.s.operate(&request{name: op, op: a.s.schema.ops[op], el: el}, a.c)
	if got.verdict.code != "" {
		t.Fatalf("%s %s: %s", op, args, got.verdict.code)
	}
	var text bytes.Buffer
	k := &sink{w: &text}
	got.body(k)
	k.flush()
	for _, m := range regexp.MustCompile("<"+id+`>(\d+)</`+id+">").FindAllStringSubmatch(text.String(), -1) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		ids = append(ids, n)
	}
	return slices.Compact(ids), got.rows
}

// page is what is left of a list after Skip and the cap.
func page(ids []int64, skip, limit int) []int64 {
	ids = ids[min(skip, len(ids)):]
	return ids[:min(limit, len(ids))]
}

func equal(t *testing.T, op, args string, got, want []int64) bool {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s %s\n got %v\nwant %v", op, args, got, want)
	}
	return len(want) > 0
}

func (a *asker) transactions(t *testing.T) (found bool) {
	issuedXML, issued := a.span("FromDate", "ToDate")
	createdXML, created := a.span("FromCreationDate", "ToCreationDate")
	accountsXML, accounts := a.some("AccountIDsFilter", a.account)
	idsXML, ids := a.some("TransactionIDsFilter", func() int64 { return firstTransaction + int64(a.r.IntN(len(a.c.items)+3)) })
	skip := a.r.IntN(3) * a.r.IntN(12)
	args := "<query>" + issuedXML + createdXML + accountsXML + idsXML + fmt.Sprintf("<Skip>%d</Skip>", skip)
	due, period := bounds{}, bounds{}
	if a.r.IntN(5) == 0 {
		var element string
		element, due = a.span("FromDueDate", "ToDueDate")
		args += element
		element, period = a.span("FromPeriodDate", "ToPeriodDate")
		args += element
	}
	types := ""
	if a.r.IntN(5) == 0 {
		types = "SI SR"
		args += "<TypesFilter><string>SI</string><string>SR</string></TypesFilter>"
	}
	args += "</query>"
	passes := func(it *item) bool {
		return !it.Hidden && (accounts == nil || slices.Contains(accounts, it.AccountID)) && (ids == nil || slices.Contains(ids, it.ID)) &&
			(types == "" || strings.Contains(types, string(it.Type))) && period.hold(showDay(it.Issued)) &&
			(due == bounds{} || !it.Due.IsZero() && due.hold(showDay(it.Due)))
	}
	var standing, changed []int64
	for _, it := range a.c.items {
		moved := a.show(it.Modified)
		switch {
		case !passes(it):
			continue
		case a.s.o.Changes == ChangesByDate && issued.hold(moved) && created.hold(a.show(it.Created)),
			a.s.o.Changes == ChangesByCreation && issued.hold(showDay(it.Issued)) && created.hold(moved):
			changed = append(changed, it.ID)
		}
		if it.deleted.IsZero() && issued.hold(showDay(it.Issued)) && created.hold(a.show(it.Created)) {
			standing = append(standing, it.ID)
		}
	}
	got, _ := a.answer(t, "GetTransactionsBy", args, "TransactionID")
	found = equal(t, "GetTransactionsBy", args, got, page(standing, skip, a.s.o.PageSize))
	got, _ = a.answer(t, "GetTransactionsModifiedBy", args, "TransactionID")
	found = equal(t, "GetTransactionsModifiedBy", args, got, page(changed, skip, a.s.o.PageSize)) || found
	got, _ = a.answer(t, "GetCountTransactionsBy", args, "TransactionsCount")
	equal(t, "GetCountTransactionsBy", args, got, []int64{int64(len(standing))})
	return found
}

func (a *asker) allocations(t *testing.T) bool {
	args, b := a.span("fromCreationDate", "toCreationDate")
	if b.from == "" {
		b.from = "1970-01-01T00:00:00.000000" // absent dates of this read are the server's zero
	}
	if b.to == "" {
		b.to = "1970-01-01T00:00:00.000000"
	}
	skip, limit := a.r.IntN(8), 1+a.r.IntN(20)
	args += fmt.Sprintf("<ledger>Sales</ledger><skip>%d</skip><limit>%d</limit>", skip, limit)
	var want []int64
	for _, m := range a.c.matches {
		from, to := a.c.items[m.From-firstTransaction], a.c.items[m.To-firstTransaction]
		if at := a.show(m.Created); !m.undone && !from.Hidden && !to.Hidden && at >= b.from && at < b.to {
			want = append(want, m.ID)
		}
	}
	want = page(want, skip, min(limit, a.s.o.AllocationPage))
	got, rows := a.answer(t, "GetAllocationsBetweenWithCreationDatePaged", args, "AllocationId")
	slices.Sort(got) // they come by account
	if rows != len(want) {
		t.Errorf("%s: %d rows, want %d", args, rows, len(want))
	}
	return equal(t, "GetAllocationsBetweenWithCreationDatePaged", args, got, want)
}

// since draws a moment of an axis that is UTC.
func (a *asker) since() (element string, since time.Time) {
	if a.r.IntN(4) == 0 {
		return "", time.Time{}
	}
	since = a.moment()
	return "<FromLastModifiedDateInUTC>" + since.UTC().Format("2006-01-02T15:04:05.000000") + "</FromLastModifiedDateInUTC>", since
}

func (a *asker) papers(t *testing.T) bool {
	issuedXML, issued := a.span("FromDate", "ToDate")
	createdXML, created := a.span("FromCreationDate", "ToCreationDate")
	accountsXML, accounts := a.some("AccountIDsFilter", a.account)
	idsXML, ids := a.some("InvoiceIDsFilter", func() int64 { return firstDocument + int64(a.r.IntN(len(a.c.documents)+3)) })
	sinceXML, since := a.since()
	skip, limit, back := a.r.IntN(5), 1+a.r.IntN(40), a.r.IntN(2) == 0
	args := fmt.Sprintf("<query>%s<Skip>%d</Skip><Limit>%d</Limit><ReverseOrderBy>%t</ReverseOrderBy></query>",
		issuedXML+createdXML+accountsXML+idsXML+sinceXML, skip, limit, back)
	var want []int64
	for _, d := range a.c.documents {
		if a.c.shows(d) && issued.hold(showDay(d.Issued)) && created.hold(a.show(d.Created)) && !d.Modified.Before(since) &&
			(accounts == nil || slices.Contains(accounts, d.AccountID)) && (ids == nil || slices.Contains(ids, d.ID)) {
			want = append(want, d.ID)
		}
	}
	if back {
		slices.Reverse(want)
	}
	got, _ := a.answer(t, "GetInvoicesBy", args, "InvoiceID")
	return equal(t, "GetInvoicesBy", args, got, page(want, skip, limit))
}

func (a *asker) customers(t *testing.T) bool {
	args, since := a.since()
	args = "<query>" + args + "</query>"
	var want []int64
	for _, cu := range a.c.customers {
		if !cu.Modified.Before(since) {
			want = append(want, cu.AccountID)
		}
	}
	got, _ := a.answer(t, "GetCustomersBy", args, "AccountID")
	return equal(t, "GetCustomersBy", args, got, want)
}

// Whatever is asked about books in which anything happens, at clocks that are set back as well, is answered as if
// all rows were gone through and their dates compared as they are written.
func TestIndexesFindWhatGoingThroughAllRowsFinds(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"Europe/Dublin", "America/New_York", "Australia/Lord_Howe"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	zones = append(zones, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600))
	for seed := range uint64(15) {
		ck := &clock{time.Date(2026, 10, 20, 8, 0, 0, 0, time.UTC)}
		if seed%2 == 0 {
			ck.at = time.Date(2026, 3, 24, 8, 0, 0, 0, time.UTC)
		}
		c := Seeded(seed, ck.at, Size{Customers: 25, Transactions: 150})
		s := start(t, Options{Company: c, Now: ck.now, Zone: zones[seed%5], Changes: Axis(seed % 3), PageSize: 9, AllocationPage: 12})
		a := &asker{s, c, rand.New(rand.NewPCG(seed, 3))}
		kinds := []func(*testing.T) bool{a.transactions, a.allocations, a.papers, a.customers}
		found := make([]int, len(kinds))
		for range 60 {
			for range 6 {
				step := time.Duration(a.r.IntN(5400)) * time.Second
				if a.r.IntN(8) == 0 {
					step = -step // somebody set the clock back
				}
				if a.r.IntN(4) > 0 { // else two changes at the same moment
					ck.at = ck.at.Add(step)
				}
				c.Mutate(a.r)
			}
			if it := c.items[a.r.IntN(len(c.items))]; a.r.IntN(4) == 0 && it.deleted.IsZero() {
				if err := c.hide(it.ID, !it.Hidden); err != nil {
					t.Fatal(err)
				}
			}
			for i, ask := range kinds {
				for range 4 {
					if ask(t) {
						found[i]++
					}
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		for i, n := range found {
			if n < 40 {
				t.Errorf("seed %d: only %d questions of kind %d found anything", seed, n, i)
			}
		}
	}
}
