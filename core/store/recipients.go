package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"dunlin/core/ledger"
)

// SetRecipient stores the owner's ticks for an address of a customer.
func (t *Tx) SetRecipient(ctx context.Context, accountID int64, r Ticks) error {
	_, err := t.touch(ctx, `INSERT INTO recipients (account_id, email, chosen, normal, escalated, cc) VALUES (?, ?, 1, ?, ?, ?)
		ON CONFLICT DO UPDATE SET chosen = 1, normal = excluded.normal, escalated = excluded.escalated, cc = excluded.cc
		WHERE (chosen, normal, escalated, cc) IS NOT (1, excluded.normal, excluded.escalated, excluded.cc)`,
		accountID, addressKey(r.Email), r.Normal, r.Escalated, r.CC)
	return err
}

// SetBounced marks an address of a customer as bounced for good since an instant; the zero instant takes
// the mark away. The mark is on the address, so it is gone when the customer's address changes (R5.3).
func (t *Tx) SetBounced(ctx context.Context, accountID int64, email string, at time.Time) error {
	_, err := t.touch(ctx, `INSERT INTO recipients (account_id, email, bounced_at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET bounced_at = excluded.bounced_at WHERE bounced_at <> excluded.bounced_at`, accountID, addressKey(email), millis(at))
	return err
}

// addressKey is an address for comparing.
func addressKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// SplitAddresses returns the e-mail addresses in a field of AccountsIQ, which may hold several, separated
// by semicolons, commas or line ends, each with a name around it. What has no "@" inside is no address.
func SplitAddresses(field string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(field, func(r rune) bool { return r == ';' || r == ',' || r == '\n' || r == '\r' }) {
		if open := strings.LastIndexByte(part, '<'); open >= 0 {
			part, _, _ = strings.Cut(part[open+1:], ">")
		}
		part = strings.TrimSpace(part)
		at := strings.LastIndexByte(part, '@')
		if at > 0 && at < len(part)-1 && !strings.ContainsAny(part, " \t") {
			out = append(out, part)
		}
	}
	return out
}

// book knows the addresses of customers.
type book struct {
	contacts map[string][]ledger.Contact // by customer code, primary first
	marks    map[int64]map[string]mark   // by account and addressKey
}

// mark is what is stored with an address.
type mark struct {
	chosen, normal, escalated, cc bool
	bounced                       time.Time
}

// bookScope limits a book to some customers; both are lists in JSON.
type bookScope struct{ ids, codes string }

// readBook reads the addresses of the customers in scope, nil for all.
func readBook(ctx context.Context, q querier, scope *bookScope) (book, error) {
	b := book{contacts: map[string][]ledger.Contact{}, marks: map[int64]map[string]mark{}}
	byCode, byID := "", ""
	var codes, ids []any
	if scope != nil {
		byCode, codes = "WHERE account_code IN (SELECT value FROM json_each(?))", []any{scope.codes}
		byID, ids = "WHERE account_id IN (SELECT value FROM json_each(?))", []any{scope.ids}
	}
	list, err := contacts(ctx, q, byCode, codes...)
	if err != nil {
		return b, err
	}
	for _, c := range list {
		b.contacts[c.AccountCode] = append(b.contacts[c.AccountCode], c)
	}
	return b, each(ctx, q, func(r *sql.Rows) error {
		var id int64
		var email string
		var m mark
		err := r.Scan(&id, &email, &m.chosen, &m.normal, &m.escalated, &m.cc, timeColumn{&m.bounced})
		if b.marks[id] == nil {
			b.marks[id] = map[string]mark{}
		}
		b.marks[id][email] = m
		return err
	}, "SELECT account_id, email, chosen, normal, escalated, cc, bounced_at FROM recipients "+byID, ids...)
}

// of returns the addresses of a customer in the order of R5.3, each once.
func (b book) of(accountID int64, code, accountEmail string) []Recipient {
	var out []Recipient
	add := func(field string, r Recipient) {
	next:
		for _, email := range SplitAddresses(field) {
			key := addressKey(email)
			for _, o := range out {
				if addressKey(o.Email) == key {
					continue next
				}
			}
			r.Email = email
			m := b.marks[accountID][key]
			r.BouncedAt, r.Chosen = m.bounced, m.chosen
			if m.chosen {
				r.Normal, r.Escalated, r.CC = m.normal, m.escalated, m.cc
			} else {
				r.Normal, r.Escalated, r.CC = r.Source == FromAccount, r.Source == FromAccount, false
			}
			out = append(out, r)
		}
	}
	add(accountEmail, Recipient{Source: FromAccount})
	for _, c := range b.contacts[code] {
		add(c.Email, Recipient{Source: FromContact, Name: c.Name, Primary: c.Primary})
	}
	return out
}
