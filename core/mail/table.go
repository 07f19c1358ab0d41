package mail

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table is a table that is written both as HTML that mail programs show alike (styles inline, alignment
// also as attributes) and as plain text.
type table struct {
	columns []column
	rows    [][]string
	totals  []total
}

type column struct {
	title string
	align string // "left" or "right"
}

// total is a line under the table: a label and a value in the last column.
type total struct{ label, value string }

const (
	tableStyle = "border-collapse:collapse;width:100%;max-width:640px;margin:0 0 16px 0;font-size:14px"
	headStyle  = "padding:6px 8px;border-bottom:2px solid #6b7280;font-weight:bold;vertical-align:bottom"
	cellStyle  = "padding:6px 8px;border-bottom:1px solid #d1d5db;vertical-align:top"
	totalStyle = "padding:6px 8px;font-weight:bold;vertical-align:top"
	keepWhole  = ";white-space:nowrap"
	columnGap  = "  "
	widest     = 40 // a wider cell does not push the others away
)

func (t table) html() string {
	var b strings.Builder
	b.WriteString(`<table cellpadding="0" cellspacing="0" border="0" width="100%" style="` + tableStyle + "\">\n<tr>")
	for _, c := range t.columns {
		b.WriteString(`<th align="` + c.align + `" style="text-align:` + c.align + ";" + headStyle + `">` + html.EscapeString(c.title) + "</th>")
	}
	b.WriteString("</tr>\n")
	for _, row := range t.rows {
		b.WriteString("<tr>")
		for i, c := range t.columns {
			style := "text-align:" + c.align + ";" + cellStyle
			if utf8.RuneCountInString(row[i]) <= 24 {
				style += keepWhole
			}
			b.WriteString(`<td align="` + c.align + `" style="` + style + `">` + html.EscapeString(row[i]) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	for _, sum := range t.totals {
		b.WriteString(`<tr><td colspan="` + strconv.Itoa(len(t.columns)-1) + `" align="right" style="text-align:right;` + totalStyle + `">` + html.EscapeString(sum.label) +
			`</td><td align="right" style="text-align:right;` + totalStyle + keepWhole + `">` + html.EscapeString(sum.value) + "</td></tr>\n")
	}
	b.WriteString("</table>\n")
	return b.String()
}

// text writes the columns aligned, for a font of fixed width.
func (t table) text() string {
	widths := t.widths()
	lines := make([]string, 0, len(t.rows)+len(t.totals)+3)
	titles, rules := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i], rules[i] = c.title, strings.Repeat("-", widths[i])
	}
	lines = append(lines, t.line(titles, widths), strings.Join(rules, columnGap))
	for _, row := range t.rows {
		lines = append(lines, t.line(row, widths))
	}
	if len(t.totals) > 0 {
		lines = append(lines, strings.Join(rules, columnGap))
	}
	whole := len(strings.Join(rules, columnGap))
	for _, sum := range t.totals {
		lines = append(lines, sum.label+strings.Repeat(" ", max(2, whole-width(sum.label)-width(sum.value)))+sum.value)
	}
	return strings.Join(lines, "\n")
}

func (t table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = width(c.title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], min(widest, width(row[i])))
		}
	}
	for _, sum := range t.totals {
		last := len(widths) - 1
		widths[last] = max(widths[last], min(widest, width(sum.value)))
	}
	return widths
}

func (t table) line(cells []string, widths []int) string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		pad := strings.Repeat(" ", max(0, widths[i]-width(cell)))
		if t.columns[i].align == "right" {
			out[i] = pad + cell
		} else {
			out[i] = cell + pad
		}
	}
	return strings.TrimRight(strings.Join(out, columnGap), " ")
}

// records writes each row as a paragraph of its own, for tables too wide for plain text: the first cell as
// its heading, the others with their titles.
func (t table) records() string {
	var b strings.Builder
	for i, row := range t.rows {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(row[0] + "\n")
		for j, cell := range row[1:] {
			b.WriteString("  " + t.columns[j+1].title + ": " + cell + "\n")
		}
	}
	b.WriteString("\n")
	for _, sum := range t.totals {
		b.WriteString(sum.label + ": " + sum.value + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// width counts the characters that take up room.
func width(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			n++
		}
	}
	return n
}
