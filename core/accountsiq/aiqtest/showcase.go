package aiqtest

import (
	"fmt"

	"dunlin/core/ledger"
)

// special are the customers that every seeded company has, as far as its size allows.
type special struct {
	name   string
	change func(*Customer)
	role   role
}

// role says what the business of a customer looks like.
type role int

const (
	ordinary role = iota // like any other
	keeps                // pays everything, but for what the showcase adds
	quiet                // only what the showcase adds
)

// specials lists the odd ones first. Their order is known to showcase.
func specials() []special {
	return []special{
		{"Acme & Sons", nil, ordinary},
		{`O'Brien's "Corner" Café`, nil, ordinary},
		{"Tráthnóna 🌊 Marine Ltd", nil, ordinary},
		{"Line Break\nJoinery Ltd", nil, ordinary},
		{"Pemberton & Ashworth LLP", in("GB", "GBP"), ordinary},
		{"Blue Ridge Outfitters Inc", in("US", "USD"), ordinary},
		{"Hoshino Trading KK 星野", in("JP", "JPY"), ordinary},
		{"Only Contacts Bakery", func(c *Customer) { c.Email = "" }, ordinary},
		{"No Address Fuels", func(c *Customer) { c.Email = "" }, quiet},
		{"Ceased Trading Stoves", func(c *Customer) { c.Inactive = true }, quiet},
		{"Head Office Pharmacies", nil, ordinary},
		{"Branch Pharmacy, Sligo", nil, quiet},
		{"On Hold Hardware", func(c *Customer) { c.Hold = 1 }, ordinary},
		{"Two Currencies Timber", nil, ordinary},
		{"Two Addresses Textiles", func(c *Customer) { c.Email = "ap@textiles.example; finance@textiles.example" }, ordinary},
		{"Paid Ahead Print", nil, quiet},
		{"Never Bought Anything", nil, quiet},
		{"<b>Markup</b> & Co", nil, ordinary},
		{"Seven Days Seafoods", nil, keeps},
		{"One Day Dairy", nil, keeps},
		{"Eight Days Electrical", nil, keeps},
		{"Fifteen Days Flooring", nil, keeps},
		{"Thirty Days Timber", nil, keeps},
	}
}

func in(country, currency string) func(*Customer) {
	return func(c *Customer) { c.CountryCode, c.Currency = country, currency }
}

// customers opens n accounts: the special ones, then ordinary ones.
func (s *seeder) customers(n int) {
	odd := specials()
	for i := range n {
		sp := special{name: firmName(s.r, i)}
		if i < len(odd) {
			sp = odd[i]
		}
		cu := s.customer(sp.name, i)
		if sp.change != nil {
			sp.change(&cu)
		}
		s.locate(&cu)
		at := s.moment(s.today.AddDays(-history - 30 - s.r.IntN(600)))
		opened, err := s.c.addCustomer(at, cu)
		if err != nil {
			continue // cannot be: codes carry their number
		}
		switch {
		case sp.role == keeps:
			s.prompt = append(s.prompt, opened.Code)
		case sp.role == ordinary:
			s.codes = append(s.codes, opened.Code)
		}
		if sp.name != "No Address Fuels" {
			s.people(opened, i)
		}
	}
	if branch := s.c.byCode[s.code("Branch Pharmacy, Sligo")]; branch != nil {
		branch.HeadOffice = s.c.byCode[s.code("Head Office Pharmacies")].AccountID
	}
}

// code finds the code of a special customer, "" in a company too small to have it.
func (s *seeder) code(name string) string {
	for _, cu := range s.c.customers[:min(len(s.c.customers), len(specials()))] {
		if cu.Name == name {
			return cu.Code
		}
	}
	return ""
}

func (s *seeder) customer(name string, i int) Customer {
	cu := Customer{Code: codeOf(name, i), Name: name, CountryCode: "IE", Email: "accounts@" + domainOf(name, i),
		Phone: fmt.Sprintf("+353 1 555 %04d", i%10000), Term: pick(s.r, []string{"1", "1", "1", "2", "3"}),
		CreditLimit: int64(s.r.IntN(20)) * 100_000}
	if s.r.IntN(3) == 0 {
		cu.Mobile = fmt.Sprintf("+353 87 555 %04d", s.r.IntN(10000))
	}
	if s.r.IntN(8) == 0 {
		cu.CountryCode = "GB"
	}
	if s.r.IntN(25) == 0 {
		cu.Email = "" // reached through its contacts only
	}
	cu.Contact = pick(s.r, firsts) + " " + pick(s.r, families)
	return cu
}

// locate gives a customer an address and, unless it has one, a currency that fits its country.
func (s *seeder) locate(cu *Customer) {
	towns, country := irishTowns, "Ireland"
	switch cu.CountryCode {
	case "GB":
		towns, country = ukTowns, "United Kingdom"
		if cu.Currency == "" {
			cu.Currency = "GBP"
		}
	case "US":
		towns, country = []place{{"Asheville", "NC", "28801"}}, "United States"
	case "JP":
		towns, country = []place{{"Osaka", "", "530-0001"}}, "Japan"
	}
	town := pick(s.r, towns)
	cu.Address = ledger.Address{Line1: fmt.Sprintf("%d %s", 1+s.r.IntN(120), pick(s.r, streets)), City: town.city,
		County: town.county, PostCode: fmt.Sprintf("%s %04d", town.post, s.r.IntN(10000)), Country: country}
	if s.r.IntN(4) == 0 {
		cu.Delivery = cu.Address
		cu.Delivery.Name, cu.Delivery.Line1 = cu.Name+", goods in", "Unit "+fmt.Sprint(1+s.r.IntN(40))
		cu.DeliverPhone = cu.Phone
	}
	if cu.CountryCode == "IE" {
		cu.VATNumber = fmt.Sprintf("IE%07dA", s.r.IntN(10_000_000))
	}
}

// people gives a customer up to three contacts, the first of them primary; one without an account address
// has at least one.
func (s *seeder) people(cu Customer, i int) {
	n := s.r.IntN(4)
	if cu.Email == "" {
		n = max(n, 1)
	}
	for k := range n {
		name := pick(s.r, firsts) + " " + pick(s.r, families)
		p := ledger.Contact{AccountCode: cu.Code, Name: name, JobTitle: pick(s.r, jobs), Primary: k == 0,
			Email: fmt.Sprintf("contact%d@%s", k+1, domainOf(cu.Name, i))}
		if s.r.IntN(2) == 0 {
			p.Phone = fmt.Sprintf("+353 86 555 %04d", s.r.IntN(10000))
		}
		if k > 0 && s.r.IntN(6) == 0 {
			p.Email = "" // a name and no address
		}
		_ = s.c.addContact(cu.Created, p) // the customer was just opened
	}
}

// steps are the ages of the default schedule (R3.1), each met by a customer who owes nothing else.
var steps = []struct {
	name string
	age  int
}{{"Seven Days Seafoods", -7}, {"One Day Dairy", 1}, {"Eight Days Electrical", 8}, {"Fifteen Days Flooring", 15},
	{"Thirty Days Timber", 30}}

// ages are the edges of the ageing buckets (R1.4) and some days between.
var ages = []int{-45, -20, -7, 0, 1, 8, 15, 30, 31, 45, 60, 61, 75, 90, 91, 105, 120, 121, 200}

// showcase adds what a demo, or a test of the whole, wants to see at now.
func (s *seeder) showcase() {
	for _, st := range steps {
		s.open(s.code(st.name), st.age)
	}
	for i, age := range ages {
		if len(s.codes) > 0 {
			s.open(s.codes[i%min(7, len(s.codes))], age)
		}
	}
	s.open(s.code("No Address Fuels"), 12)
	s.open(s.code("Ceased Trading Stoves"), 64)
	s.open(s.code("On Hold Hardware"), 9)
	s.open(s.code("Only Contacts Bakery"), 10)
	s.open(s.code("Branch Pharmacy, Sligo"), 3)
	s.ahead(s.code("Paid Ahead Print"))
	if code := s.code("Two Currencies Timber"); code != "" {
		s.open(code, 16)
		s.tell(func(st *story) {
			e := s.owed(code, 17)
			e.Amount.Currency = "GBP"
			st.post(e.Issued, ledger.SalesInvoice, e)
		})
	}
	if len(s.codes) > 0 {
		s.kinds(s.codes[0])
		s.unposted(s.codes[0])
	}
}

// owed is an invoice that is so many days past due today.
func (s *seeder) owed(code string, age int) Entry {
	e := s.invoice(code)
	e.Due = s.today.AddDays(-age)
	if e.Issued = e.Due.AddDays(-30); !e.Issued.Before(s.today) {
		e.Issued = s.today.AddDays(-1)
	}
	return e
}

func (s *seeder) open(code string, age int) {
	if code == "" {
		return
	}
	s.tell(func(st *story) {
		e := s.owed(code, age)
		st.post(e.Issued, ledger.SalesInvoice, e)
	})
}

// ahead is a customer whose unmatched receipt is worth more than what is overdue.
func (s *seeder) ahead(code string) {
	if code == "" {
		return
	}
	s.tell(func(st *story) {
		e := s.owed(code, 20)
		st.post(e.Issued, ledger.SalesInvoice, e)
		paid := s.entry(code, 0)
		paid.Amount.Minor = e.Amount.Minor + 5_000
		st.post(s.ago(6), ledger.SalesReceipt, paid)
	})
}

// kinds has one of every kind of item: part-paid, credited, in dispute, batch, journals, refund, discount,
// reversal, exchange difference, without due date.
func (s *seeder) kinds(code string) {
	owed := func(st *story, age int, change func(*Entry)) (*posted, Entry) {
		e := s.owed(code, age)
		change(&e)
		return st.post(e.Issued, ledger.SalesInvoice, e), e
	}
	as := func(*Entry) {}
	s.tell(func(st *story) { // part-paid by receipt, credit note and discount
		inv, e := owed(st, 22, as)
		for _, t := range []ledger.TxType{ledger.SalesReceipt, ledger.SalesCreditNote, ledger.SalesDiscount, ledger.SalesCreditJournal} {
			minor := e.Amount.Minor / 10
			part := Entry{Customer: code, Amount: ledger.Money{Minor: minor, Currency: e.Amount.Currency}}
			st.match(st.post(s.ago(10), t, part), inv, minor)
		}
	})
	s.tell(func(st *story) { inv, _ := owed(st, 33, as); s.disputed(st, inv) })
	s.tell(func(st *story) { owed(st, 5, func(e *Entry) { e.Batch = true }) })
	s.tell(func(st *story) { owed(st, 5, func(e *Entry) { e.DueKind, e.Due = NoDue, ledger.Date{} }) })
	s.tell(func(st *story) { e := s.owed(code, 4); st.post(e.Issued, ledger.SalesDebitJournal, e) })
	s.tell(func(st *story) { st.post(s.ago(40), ledger.SalesCreditNote, s.entry(code, 4_500)) })
	s.tell(func(st *story) { st.post(s.ago(15), ledger.SalesReceipt, s.entry(code, 7_700)) })
	s.tell(func(st *story) { st.post(s.ago(15), ledger.SalesRefund, s.entry(code, 1_100)) })
	s.tell(func(st *story) { s.reversal(st, st.post(s.ago(18), ledger.SalesInvoice, s.invoice(code))) })
	s.tell(func(st *story) { s.fluctuation(st, code, s.ago(25)) })
}

// unposted leaves one saved and one cancelled document: no debt, and no transaction.
func (s *seeder) unposted(code string) {
	for _, status := range []Status{Processed, Cancelled} {
		e := s.invoice(code)
		e.Issued = s.ago(3)
		at := s.moment(e.Issued)
		s.events = append(s.events, event{at, func() {
			if tx, err := s.c.prepare(at, ledger.SalesInvoice, e); err == nil {
				s.c.draft(at, tx).Status = status
			}
		}})
	}
}
