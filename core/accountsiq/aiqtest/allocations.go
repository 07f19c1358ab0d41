package aiqtest

import (
	"strconv"
	"strings"
)

// getAllocations pages the matches by creation date, from inclusive and to exclusive. Skip and limit count
// matches, not the summaries that hold them; a match stands under the credit that was used.
func (s *Server) getAllocations(r *request, c *Company) answer {
	from, _ := r.el.kid("fromCreationDate").civil(s.o.Zone)
	to, _ := r.el.kid("toCreationDate").civil(s.o.Zone)
	skip, limit := int(r.number("skip")), int(r.number("limit"))
	switch name := r.text("ledger"); {
	case name == "Purchases":
		return list(0, nil)
	case name != "Sales":
		return refuse("LEDGER_UNKNOWN")
	case skip < 0 || limit < 0:
		r.note(r.name, "negative skip or limit")
		return refuse("INVALID_QUERY")
	case limit == 0 || limit > s.o.AllocationPage:
		limit = s.o.AllocationPage
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	low, high := r.text("fromAccountCode"), r.text("toAccountCode")
	var hits []*Allocation
	for _, e := range byID(c.index.matched.within(span{from: from, to: to, hasFrom: true, hasTo: true}.instants())) {
		m := e.row
		code := c.items[m.From-firstTransaction].AccountCode
		at := civilOf(m.Created, s.o.Zone)
		if m.undone || c.hides(m) || at < from || at >= to || code < low || (high != "" && code > high) {
			continue
		}
		if hits = append(hits, m); len(hits) == skip+limit {
			break
		}
	}
	hits = hits[min(skip, len(hits)):]
	a := records(s, s.shapes.account, "WSAllocationSummaryDTO", c.group(hits))
	a.rows = len(hits) // the log counts matches, too
	return a
}

// hides reports whether a match is kept back because one of its sides is.
func (c *Company) hides(m *Allocation) bool {
	return c.items[m.From-firstTransaction].Hidden || c.items[m.To-firstTransaction].Hidden
}

// group gathers matches by account and by credit, in the order in which they first appear.
func (c *Company) group(hits []*Allocation) []*accountRow {
	var accounts []*accountRow
	byAccount := map[int64]*accountRow{}
	sideAt := map[int64]int{} // by transaction, index in its account's sides
	for _, m := range hits {
		from, to := c.items[m.From-firstTransaction], c.items[m.To-firstTransaction]
		acc := byAccount[from.AccountID]
		if acc == nil {
			acc = &accountRow{id: from.AccountID, code: from.AccountCode}
			byAccount[from.AccountID] = acc
			accounts = append(accounts, acc)
		}
		i, known := sideAt[m.From]
		if !known {
			i = len(acc.sides)
			sideAt[m.From] = i
			acc.sides = append(acc.sides, sideRow{Transaction: from.Transaction})
		}
		acc.sides[i].entries = append(acc.sides[i].entries, matchRow{*m, to.Transaction})
	}
	return accounts
}

// getAllocationsOf shows one transaction with the far sides of its matches. The id comes as a string.
func (s *Server) getAllocationsOf(r *request, c *Company) answer {
	id, err := strconv.ParseInt(strings.TrimSpace(r.text("transactionId")), 10, 64)
	if err != nil {
		return refuse("TRANSACTION_ID_IS_INVALID")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.visible(id)
	if it == nil {
		return refuse("TRANSACTION_NOT_FOUND")
	}
	row := sideRow{Transaction: it.Transaction}
	for _, m := range it.matches {
		if !m.undone && !c.hides(m) {
			row.entries = append(row.entries, matchRow{*m, c.items[m.From+m.To-id-firstTransaction].Transaction})
		}
	}
	if len(row.entries) == 0 {
		return list(0, nil)
	}
	return records(s, s.shapes.side, "WSAllocationTransactionDTO", []*sideRow{&row})
}
