package core

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"dunlin/core/accountsiq"
	"dunlin/core/chase"
	"dunlin/core/copies"
	"dunlin/core/ledger"
	"dunlin/core/mail"
	"dunlin/core/store"
)

// The values of the setting for invoices of which AccountsIQ has no copy.
const (
	missingSend = "send" // the message goes without it
	missingHold = "hold" // the message waits
)

const (
	copiesFolder = "copies"
	copiesMax    = 200 << 20
	// attachedMax is how large the copies of one message may be together; many mail servers refuse more than that
	// becomes on its way, which is a third more.
	attachedMax = 10 << 20
)

// PDF is a copy of an invoice.
type PDF struct {
	Name string // a file name that any system can save
	Data []byte
}

// copySource is what has copies of invoices: AccountsIQ.
type copySource interface {
	InvoicePDF(ctx context.Context, transactionID int64, style string) ([]byte, error)
}

// InvoicePDF returns AccountsIQ's copy of an invoice, from the folder of copies when it is there and the invoice
// has not changed since.
func (a *App) InvoicePDF(ctx context.Context, transactionID int64) (PDF, error) {
	st, set, err := a.settings(ctx)
	if err != nil {
		return PDF{}, err
	}
	row, err := st.Invoice(ctx, transactionID)
	if errors.Is(err, store.ErrNotFound) {
		return PDF{}, &Problem{Code: "unknown_invoice", Message: "This invoice is not here.", Hint: "Press Sync now; it may be gone from AccountsIQ."}
	}
	if err != nil {
		return PDF{}, err
	}
	if !hasCopy(row) {
		return PDF{}, &Problem{Code: "no_copy", Message: "This is a journal: AccountsIQ keeps no copy of it to show.", Hint: "Open it in AccountsIQ."}
	}
	shelf := a.shelf(st, set)
	data, kept := shelf.kept(row)
	if !kept {
		client, err := a.connectionTo(ctx, st)
		if err != nil {
			return PDF{}, err
		}
		if data, err = shelf.ask(ctx, client, row); err != nil {
			return PDF{}, err
		}
	}
	return PDF{Name: copyName(row.Number), Data: data}, nil
}

// ReportStyles lists the layouts that AccountsIQ offers for invoice copies.
func (a *App) ReportStyles(ctx context.Context) ([]string, error) {
	client, err := a.connection(ctx)
	if err != nil {
		return nil, err
	}
	return client.ReportStyles(ctx)
}

// hasCopy reports whether AccountsIQ can have a copy of a receivable; of a journal it has none.
func hasCopy(r store.InvoiceRow) bool { return r.Type == ledger.SalesInvoice }

// copyName is the file name of an invoice's copy.
func copyName(number string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		case unicode.IsControl(r):
			return ' '
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '-'
		}
		return r
	}, number)
	safe = strings.Trim(strings.Join(strings.Fields(safe), " "), ". ")
	for len(safe) > 60 {
		_, last := utf8.DecodeLastRuneInString(safe)
		safe = safe[:len(safe)-last]
	}
	return strings.TrimSpace("Invoice "+safe) + ".pdf"
}

// shelf is a company's folder of copies, in the layout of its settings.
type shelf struct {
	app   *App
	cache *copies.Cache // nil when the folder cannot be used; then every copy is asked for
	style string
}

func (a *App) shelf(st *store.Store, set map[string]string) shelf {
	cache, err := copies.Open(filepath.Join(st.Dir(), copiesFolder), copiesMax, a.deps.Now)
	if err != nil {
		a.deps.Logger.Warn("invoice copies are not kept", "error", err)
		cache = nil
	}
	return shelf{a, cache, settingOr(set, keyPDFStyle)}
}

// key names a copy by the invoice and what it shows, so that the copy of an edited invoice is another one.
func (s shelf) key(r store.InvoiceRow) string {
	return fmt.Sprintf("%d %q %s %s %s %s %q %d %q", r.ID, r.Number, r.Amount, r.Amount.Currency, r.Issued, r.Due, r.Reference, r.DocumentID, s.style)
}

func (s shelf) kept(r store.InvoiceRow) ([]byte, bool) {
	if s.cache == nil {
		return nil, false
	}
	return s.cache.Get(s.key(r))
}

// ask gets a copy from AccountsIQ and keeps it. A copy that cannot be kept is good all the same.
func (s shelf) ask(ctx context.Context, from copySource, r store.InvoiceRow) ([]byte, error) {
	data, err := from.InvoicePDF(ctx, r.ID, s.style)
	if err != nil || s.cache == nil {
		return data, err
	}
	if err := s.cache.Put(s.key(r), data); err != nil {
		s.app.deps.Logger.Warn("an invoice copy was not kept", "error", err)
	}
	return data, nil
}

// enclosure is the copy of one invoice of a message, or why there is none.
type enclosure struct {
	key  string
	data []byte // nil when it was left out for its size
	err  error
}

// enclosures collects the copies for a message by transaction. Together they are never larger than attachedMax: the
// largest are left out until the rest fits.
type enclosures struct {
	shelf shelf
	from  copySource
	got   map[int64]enclosure
	asked bool // AccountsIQ was asked since this was last set to false
}

// collect makes got the copies of these invoices. What was collected before and is still right is not asked for
// again, whether or not there was a copy.
func (e *enclosures) collect(ctx context.Context, rows []store.InvoiceRow) error {
	before := e.got
	e.got = make(map[int64]enclosure, len(rows))
	for _, r := range rows {
		if !hasCopy(r) {
			continue
		}
		x := enclosure{key: e.shelf.key(r)}
		if b, known := before[r.ID]; known && b.key == x.key && (b.data != nil || b.err != nil) {
			x = b
		} else if data, kept := e.shelf.kept(r); kept {
			x.data = data
		} else if known && b.key == x.key {
			x = b // left out for its size, and not kept
		} else {
			e.asked = true
			x.data, x.err = e.shelf.ask(ctx, e.from, r)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		e.got[r.ID] = x
		e.fit()
	}
	return nil
}

// fit leaves the largest out until the rest fits. It makes no difference that it is done after every copy: what is
// too large among a few is too large among more.
func (e *enclosures) fit() {
	total := 0
	for _, x := range e.got {
		total += len(x.data)
	}
	for total > attachedMax {
		largest, found := int64(0), false
		for id, x := range e.got {
			if l := len(e.got[largest].data); !found || len(x.data) > l || len(x.data) == l && id < largest {
				largest, found = id, true
			}
		}
		x := e.got[largest]
		total -= len(x.data)
		x.data = nil
		e.got[largest] = x
	}
}

// files are the attachments in the order of the invoices, and what the owner should know about them.
func (e *enclosures) files(rows []store.InvoiceRow) (files []mail.Attachment, remark string) {
	var missing, large []string
	names := map[string]int{}
	for _, r := range rows {
		x, known := e.got[r.ID]
		switch {
		case !known:
		case x.err != nil:
			missing = append(missing, r.Number)
		case x.data == nil:
			large = append(large, r.Number)
		default:
			name := copyName(r.Number)
			if names[name]++; names[name] > 1 {
				name = strings.TrimSuffix(name, ".pdf") + fmt.Sprintf(" (%d).pdf", names[name])
			}
			files = append(files, mail.Attachment{Name: name, ContentType: "application/pdf", Data: x.data})
		}
	}
	var said []string
	if len(files) == 1 {
		said = append(said, "With 1 invoice copy.")
	} else if len(files) > 1 {
		said = append(said, fmt.Sprintf("With %d invoice copies.", len(files)))
	}
	if len(missing) > 0 {
		said = append(said, fmt.Sprintf("AccountsIQ gave no copy of %s.", invoicesNamed(missing)))
	}
	if len(large) > 0 {
		said = append(said, fmt.Sprintf("Left out, because the copies would be larger than %d MB together: %s.", attachedMax>>20, invoicesNamed(large)))
	}
	return files, strings.Join(said, " ")
}

// trouble returns the first reason why the message cannot go as its settings want it: an error that may pass, or,
// with a text for the owner, a copy that is not to be had.
func (e *enclosures) trouble(rows []store.InvoiceRow, missing string, attempts int) (text string, err error) {
	for _, r := range rows {
		x := e.got[r.ID]
		switch {
		case x.err == nil:
		case !unavailable(x.err, attempts):
			return "", fmt.Errorf("the copy of invoice %s: %w", r.Number, x.err)
		case missing == missingHold && err == nil:
			text, err = fmt.Sprintf("There is no copy of invoice %s to send with it: %v", r.Number, x.err), x.err
		}
	}
	return text, err
}

// patience is after how many attempts a fault of the one operation counts as an answer.
const patience = 3

// unavailable reports whether an error means that AccountsIQ has no copy to give, rather than that it cannot be
// asked. A fault of AccountsIQ that comes at every attempt, while all the rest of it works, is such an answer too:
// a reminder must not wait for ever for an attachment.
func unavailable(err error, attempts int) bool {
	for _, k := range []accountsiq.Kind{accountsiq.PDF, accountsiq.Gone, accountsiq.NotOffered, accountsiq.Permission, accountsiq.Refused,
		accountsiq.Reported, accountsiq.Query, accountsiq.TooLarge} {
		if errors.Is(err, k) {
			return true
		}
	}
	for _, k := range []accountsiq.Kind{accountsiq.Server, accountsiq.Answer, accountsiq.Timeout} {
		if errors.Is(err, k) {
			return attempts >= patience || !isTemporary(err)
		}
	}
	return false
}

// carriesCopies reports whether a message of a kind is a reminder, which carries the copies of its invoices.
func carriesCopies(kind string) bool {
	switch chase.Kind(kind) {
	case chase.BeforeDue, chase.Overdue, chase.ChaseNow:
		return true
	}
	return false
}

// invoicesNamed writes "invoice 1" or "invoices 1, 2 and 3".
func invoicesNamed(numbers []string) string {
	n := len(numbers)
	if n == 1 {
		return "invoice " + numbers[0]
	}
	return "invoices " + strings.Join(numbers[:n-1], ", ") + " and " + numbers[n-1]
}
