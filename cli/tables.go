package cli

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"dunlin/core"
	"dunlin/core/ledger"
)

// column is one column of a table: how it is called and what it holds.
type column[T any] struct {
	name  string
	value func(T) string
}

// table prints rows as JSON, CSV or an aligned table.
func table[T any](c *call, asCSV bool, rows []T, columns []column[T]) error {
	if c.JSON {
		return writeJSON(c.Stdout, append([]T{}, rows...))
	}
	if asCSV {
		return writeCSV(c.Stdout, rows, columns)
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	for _, col := range columns {
		fmt.Fprintf(w, "%s\t", strings.ToUpper(strings.ReplaceAll(col.name, "_", " ")))
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		for _, col := range columns {
			fmt.Fprintf(w, "%s\t", strings.Join(strings.Fields(col.value(r)), " "))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func writeCSV[T any](out io.Writer, rows []T, columns []column[T]) error {
	w := csv.NewWriter(out)
	line := make([]string, len(columns))
	for i, col := range columns {
		line[i] = col.name
	}
	if err := w.Write(line); err != nil {
		return err
	}
	for _, r := range rows {
		for i, col := range columns {
			line[i] = harmless(col.value(r))
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// harmless keeps a spreadsheet from taking a text for a formula; numbers stay numbers.
func harmless(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}

func sums(list []core.Amount) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = a.Amount + " " + a.Currency
	}
	return strings.Join(parts, " + ")
}

func days(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func date(d ledger.Date) string { return d.String() }

func (c *call) invoices() error {
	var q core.InvoiceQuery
	var customer string
	var asCSV bool
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		fs.StringVar(&q.Status, "status", "outstanding", "")
		fs.StringVar(&customer, "customer", "", "")
		fs.StringVar(&q.Search, "search", "", "")
		fs.BoolVar(&asCSV, "csv", false, "")
	})
	if err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		if customer != "" {
			if q.Customer, err = a.CustomerID(c.ctx, customer); err != nil {
				return err
			}
		}
		list, err := a.Invoices(c.ctx, q)
		if err != nil {
			return err
		}
		rows, err := a.InvoicesByID(c.ctx, list.IDs)
		if err != nil {
			return err
		}
		return table(c, asCSV, rows, []column[core.InvoiceView]{
			{"number", func(i core.InvoiceView) string { return i.Number }},
			{"customer_code", func(i core.InvoiceView) string { return i.CustomerCode }},
			{"customer_name", func(i core.InvoiceView) string { return i.CustomerName }},
			{"issued", func(i core.InvoiceView) string { return date(i.Issued) }},
			{"due", func(i core.InvoiceView) string { return date(i.Due) }},
			{"age_days", func(i core.InvoiceView) string { return days(i.AgeDays) }},
			{"currency", func(i core.InvoiceView) string { return i.Currency }},
			{"amount", func(i core.InvoiceView) string { return i.Amount }},
			{"outstanding", func(i core.InvoiceView) string { return i.Outstanding }},
			{"status", func(i core.InvoiceView) string { return i.Status }},
			{"held", func(i core.InvoiceView) string {
				if i.Held == nil {
					return ""
				}
				return i.Held.Reason
			}},
			{"next", func(i core.InvoiceView) string {
				if i.Next == nil {
					return ""
				}
				return date(i.Next.Date)
			}},
		})
	})
}

func (c *call) customers() error {
	q := core.CustomerQuery{}
	var asCSV bool
	_, err := c.flags(0, func(fs *flag.FlagSet) {
		fs.StringVar(&q.Status, "status", "all", "")
		fs.StringVar(&q.Search, "search", "", "")
		fs.BoolVar(&asCSV, "csv", false, "")
	})
	if err != nil {
		return err
	}
	return c.with(func(a *core.App) error {
		rows, err := a.AllCustomers(c.ctx, q)
		if err != nil {
			return err
		}
		return table(c, asCSV, rows, []column[core.CustomerView]{
			{"code", func(v core.CustomerView) string { return v.Code }},
			{"name", func(v core.CustomerView) string { return v.Name }},
			{"emails", func(v core.CustomerView) string {
				var out []string
				for _, e := range v.Emails {
					out = append(out, e.Email)
				}
				return strings.Join(out, " ")
			}},
			{"outstanding", func(v core.CustomerView) string { return sums(v.Outstanding) }},
			{"overdue", func(v core.CustomerView) string { return sums(v.Overdue) }},
			{"credit", func(v core.CustomerView) string { return sums(v.Credit) }},
			{"oldest_age_days", func(v core.CustomerView) string { return days(v.OldestAgeDays) }},
			{"schedule", func(v core.CustomerView) string { return text(v.Schedule) }},
			{"chasing", func(v core.CustomerView) string { return strconv.FormatBool(v.Chasing) }},
		})
	})
}
