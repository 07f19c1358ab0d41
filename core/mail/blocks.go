package mail

import (
	"html"
	"strings"

	"dunlin/core/ledger"
)

const paragraphStyle = "margin:0 0 16px 0"

// textBlock makes a paragraph of plain text, its line ends kept. Blank text makes an empty block.
func textBlock(text string) block {
	text = strings.Trim(text, "\n ")
	if text == "" {
		return block{}
	}
	return block{text: text, html: `<p style="` + paragraphStyle + `">` + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>\n") + "</p>\n"}
}

// invoicesTable lists invoices with a sum for each currency. Days overdue are shown when one is overdue.
func (v values) invoicesTable() block {
	if len(v.Invoices) == 0 {
		return block{}
	}
	t := table{columns: []column{{"Invoice", "left"}, {"Issued", "left"}, {"Due", "left"}}, totals: v.totalLines("Total", v.listed())}
	overdue := !v.thanks() && v.anyOverdue()
	if overdue {
		t.columns = append(t.columns, column{"Days overdue", "right"})
	}
	t.columns = append(t.columns, column{"Amount", "right"})
	if !v.thanks() {
		t.columns = append(t.columns, column{"Outstanding", "right"})
	}
	for _, i := range v.Invoices {
		row := []string{first(oneLine(i.Number), "(no number)"), v.shortDate(i.Issued), v.shortDate(i.Due)}
		if overdue {
			row = append(row, v.overdueCell(i))
		}
		row = append(row, v.sum(i.Amount))
		if !v.thanks() {
			row = append(row, v.sum(i.Outstanding))
		}
		t.rows = append(t.rows, row)
	}
	return block{t.html(), t.text()}
}

func (v values) overdueCell(i Invoice) string {
	if n := v.daysOverdue(i); n != "" && n != "0" {
		return n
	}
	return "-"
}

func (v values) anyOverdue() bool {
	for _, i := range v.Invoices {
		if v.overdueCell(i) != "-" {
			return true
		}
	}
	return false
}

// totalLines gives one line for each currency; the currency is named where there are several.
func (v values) totalLines(label string, list []ledger.Money) []total {
	sums := totals(list)
	lines := make([]total, len(sums))
	for i, m := range sums {
		lines[i] = total{label, v.sum(m)}
		if len(sums) > 1 {
			lines[i].label = strings.TrimSpace(label + " " + oneLine(m.Currency))
		}
	}
	return lines
}

func (v values) creditsTable() block {
	if len(v.Credits) == 0 {
		return block{}
	}
	t := table{columns: []column{{"Credit", "left"}, {"Date", "left"}, {"Remaining", "right"}}}
	var list []ledger.Money
	for _, c := range v.Credits {
		t.rows = append(t.rows, []string{first(oneLine(c.Number), "(no number)"), v.shortDate(c.Date), v.sum(c.Remaining)})
		list = append(list, c.Remaining)
	}
	t.totals = v.totalLines("Total", list)
	return block{t.html(), t.text()}
}

func (v values) messagesTable() block {
	if len(v.Forewarn.Messages) == 0 {
		return block{}
	}
	t := table{columns: []column{{"Customer", "left"}, {"To", "left"}, {"Step", "left"}, {"Invoices", "left"}, {"Sum", "right"}}, totals: v.totalLines("Total", v.forewarnTotals())}
	for _, m := range v.Forewarn.Messages {
		to := strings.Join(m.To, ", ")
		if len(m.CC) > 0 {
			to += ", Cc " + strings.Join(m.CC, ", ")
		}
		t.rows = append(t.rows, []string{oneLine(m.Customer), oneLine(to), oneLine(m.Step), oneLine(strings.Join(m.Invoices, ", ")), v.amounts(m.Totals)})
	}
	return block{t.html(), t.records()}
}

func (v values) heldTable() block { return v.notChased(v.Forewarn.Held) }

func (v values) endedTable() block { return v.notChased(v.Forewarn.Ended) }

func (v values) notChased(list []ForewarnInvoice) block {
	if len(list) == 0 {
		return block{}
	}
	t := table{columns: []column{{"Customer", "left"}, {"Invoice", "left"}, {"Reason", "left"}, {"Outstanding", "right"}}}
	for _, i := range list {
		t.rows = append(t.rows, []string{oneLine(i.Customer), first(oneLine(i.Number), "(no number)"), oneLine(i.Reason), v.sum(i.Outstanding)})
	}
	return block{t.html(), t.records()}
}
