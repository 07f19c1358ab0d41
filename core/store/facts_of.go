package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"dunlin/core/ledger"
)

// PlannerFactsOf reads what PlannerFacts reads, of some accounts alone: the look before a message asks about one
// customer of many thousand. What the planner says of these accounts is the same from both, because no rule
// looks from one customer at another; Elsewhere tells which invoice numbers others use too.
func (s *Store) PlannerFactsOf(ctx context.Context, accountIDs ...int64) (f Facts, err error) {
	err = s.view(ctx, "reading what the planner needs of a customer", func(q querier) error {
		f, err = readFactsOf(ctx, q, accounts(accountIDs))
		return err
	})
	return f, err
}

// scope limits a query to some accounts: a list of ids as SQL has it, "" for all accounts.
type scope string

const everybody scope = ""

func accounts(ids []int64) scope {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return scope("(" + strings.Join(texts, ", ") + ")")
}

// and is a further condition on a column with an account's id.
func (of scope) and(column string) string {
	if of == everybody {
		return ""
	}
	return " AND " + column + " IN " + string(of)
}

// where is the condition that a column is in what a query up to "IN" finds for the accounts.
func (of scope) where(column, query string) string {
	if of == everybody {
		return ""
	}
	return "WHERE " + column + " IN (" + query + string(of) + ")"
}

// books is the part of the address book that belongs to the accounts.
func (of scope) books(ctx context.Context, q querier) (*bookScope, error) {
	if of == everybody {
		return nil, nil
	}
	var ids []int64
	var codes []string
	err := each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var code string
		err := r.Scan(&id, &code)
		ids, codes = append(ids, id), append(codes, code)
		return err
	}, "SELECT account_id, code FROM customers WHERE account_id IN "+string(of))
	return &bookScope{ids: idList(ids), codes: idList(codes)}, err
}

func readFactsOf(ctx context.Context, q querier, of scope) (f Facts, err error) {
	if err := readFrame(ctx, q, &f); err != nil {
		return f, err
	}
	if f.Open, err = readInvoiceFacts(ctx, q, nil, "type IN "+receivableTypes+" AND "+isOpen+" AND outstanding > 0"+of.and("account_id")); err != nil {
		return f, err
	}
	if f.Settled, err = readSettledOf(ctx, q, of); err != nil {
		return f, err
	}
	prefs, err := readInvoicePrefs(ctx, q, "WHERE transaction_id IN (SELECT value FROM json_each(?))", idList(slices.Concat(idsOf(f.Open), idsOf(f.Settled))))
	if err != nil {
		return f, err
	}
	for _, list := range [][]InvoiceFacts{f.Open, f.Settled} {
		for i := range list {
			list[i].Prefs = prefs[list[i].TransactionID]
		}
	}
	if f.Elsewhere, err = readElsewhere(ctx, q, of, slices.Concat(f.Open, f.Settled)); err != nil {
		return f, err
	}
	if f.History, err = readHistory(ctx, q, of); err != nil {
		return f, err
	}
	f.Customers, err = readCustomerFacts(ctx, q, of, concerned(f))
	return f, err
}

// The conditions of readSettled, asked of one transaction at a time.
const (
	toBeThanked = "outstanding = 0 AND gone_at = 0 AND EXISTS (SELECT 1 FROM " + listing + isChase + ") AND NOT EXISTS (SELECT 1 FROM " +
		listing + "m.kind = 'thanks' AND " + counts + ")"
	listing = "message_invoices i JOIN messages m ON m.id = i.message WHERE i.transaction_id = transactions.id AND "
)

// readSettledOf is readSettled by way of the accounts' messages, which are few; finding the settled items of an
// account takes a look at all.
func readSettledOf(ctx context.Context, q querier, of scope) ([]InvoiceFacts, error) {
	list, err := readInvoiceFacts(ctx, q, nil, "id IN (SELECT i.transaction_id FROM messages m JOIN message_invoices i ON i.message = m.id WHERE "+
		"m.account_id IN "+string(of)+") AND type IN "+receivableTypes+of.and("account_id")+" AND "+toBeThanked)
	if err != nil || len(list) == 0 {
		return list, err
	}
	return list, addPaidBy(ctx, q, list)
}

// readElsewhere counts what Facts.Elsewhere counts. Invoices without a number are told apart by their ids, so
// nobody asks for those.
func readElsewhere(ctx context.Context, q querier, of scope, mine []InvoiceFacts) (map[string]int, error) {
	wanted := map[string]bool{}
	var ask []string
	for _, x := range mine {
		if strings.TrimSpace(x.Number) == "" {
			continue
		}
		typed := typedNumber(x.Number, x.Type)
		wanted[x.Number], wanted[typed] = true, true
		// "77 SD" may be somebody's number, and is what the number 77 of that type is called.
		ask = append(ask, x.Number, typed)
		if i := strings.LastIndexByte(x.Number, ' '); i > 0 {
			ask = append(ask, x.Number[:i])
		}
	}
	out := map[string]int{}
	return out, each(ctx, q, func(r *sql.Rows) error {
		var number string
		var kind ledger.TxType
		var n int
		err := r.Scan(&number, (*string)(&kind), &n)
		for _, key := range []string{number, typedNumber(number, kind)} {
			if wanted[key] {
				out[key] += n
			}
		}
		return err
	}, "SELECT number, type, count(*) FROM transactions WHERE type IN "+receivableTypes+" AND number IN (SELECT value FROM json_each(?)) AND account_id NOT IN "+
		string(of)+" AND ("+isOpen+" AND outstanding > 0 OR "+toBeThanked+") GROUP BY number, type", idList(ask))
}

func typedNumber(number string, kind ledger.TxType) string { return number + " " + string(kind) }
