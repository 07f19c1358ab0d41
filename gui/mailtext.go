package gui

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// mailText shows the plain text of a message: its words as they are, and its tables, which are aligned for
// a font of fixed width, as tables.
func mailText(text string) fyne.CanvasObject {
	var parts []fyne.CanvasObject
	for _, block := range mailBlocks(text) {
		if block.table != nil {
			parts = append(parts, kit.Pad(0, 9, 0, 9, kit.NewPlainTable(*block.table)))
			continue
		}
		label := widget.NewLabel(block.text)
		label.Wrapping = fyne.TextWrapWord
		label.Selectable = true
		label.TextStyle.Monospace = block.fixed
		parts = append(parts, label)
	}
	return kit.VStack(theme.Space1, parts...)
}

// mailBlock is a stretch of a message: words, or a table.
type mailBlock struct {
	text  string
	fixed bool // it is aligned in a way that is not understood, so it needs a font of fixed width
	table *kit.PlainTableData
}

// mailBlocks takes a text apart. A table is a run of lines of which the second is a rule of dashes.
func mailBlocks(text string) []mailBlock {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var blocks []mailBlock
	words := func(from, to int) {
		if s := strings.Trim(strings.Join(lines[from:to], "\n"), "\n"); s != "" {
			blocks = append(blocks, mailBlock{text: s})
		}
	}
	done := 0
	for i := 1; i < len(lines); i++ {
		if len(ruleColumns(lines[i])) < 2 || strings.TrimSpace(lines[i-1]) == "" || i-1 < done {
			continue
		}
		words(done, i-1)
		done = i + 1
		for done < len(lines) && strings.TrimSpace(lines[done]) != "" {
			done++
		}
		run := lines[i-1 : done]
		if t, ok := readTable(run); ok {
			blocks = append(blocks, mailBlock{table: &t})
		} else {
			blocks = append(blocks, mailBlock{text: strings.Join(run, "\n"), fixed: true})
		}
	}
	words(min(done, len(lines)), len(lines))
	return blocks
}

// span is where a column begins and ends, in characters that take up room.
type span struct{ from, to int }

// ruleColumns reads the columns off a rule such as "-----  ----------"; nil when the line is none.
func ruleColumns(line string) []span {
	line = strings.TrimRight(line, " ")
	if line == "" || strings.Trim(line, "- ") != "" {
		return nil
	}
	var columns []span
	at := 0
	for _, dashes := range strings.Split(line, "  ") {
		if dashes == "" || strings.Contains(dashes, " ") {
			return nil
		}
		columns = append(columns, span{at, at + len(dashes)})
		at += len(dashes) + 2
	}
	return columns
}

// readTable reads a table: titles, a rule, rows, and after a second rule the totals. It is false when a
// line does not keep to the columns.
func readTable(lines []string) (kit.PlainTableData, bool) {
	columns := ruleColumns(lines[1])
	titles, ok := cellsOf(lines[0], columns)
	if !ok {
		return kit.PlainTableData{}, false
	}
	t := kit.PlainTableData{Titles: trimmed(titles), Right: make([]bool, len(columns))}
	raw := [][]string{titles}
	for i := 2; i < len(lines); i++ {
		if ruleColumns(lines[i]) != nil {
			for _, line := range lines[i+1:] {
				label, value, found := strings.Cut(line, "  ")
				if !found {
					return kit.PlainTableData{}, false
				}
				t.Totals = append(t.Totals, [2]string{label, strings.TrimSpace(value)})
			}
			break
		}
		cells, ok := cellsOf(lines[i], columns)
		if !ok {
			return kit.PlainTableData{}, false
		}
		raw = append(raw, cells)
		t.Rows = append(t.Rows, trimmed(cells))
	}
	for i := range columns {
		for _, cells := range raw {
			if strings.TrimSpace(cells[i]) != "" && strings.HasPrefix(cells[i], " ") {
				t.Right[i] = true
			}
		}
	}
	t.Right[len(columns)-1] = true
	return t, true
}

// cellsOf cuts a line at the columns, blanks included; false when something stands between two columns.
func cellsOf(line string, columns []span) ([]string, bool) {
	cells := make([]strings.Builder, len(columns))
	at, column := 0, 0
	for _, r := range line {
		takesRoom := !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf)
		for takesRoom && column < len(columns)-1 && at >= columns[column+1].from {
			column++
		}
		switch {
		case at < columns[column].to || !takesRoom:
			cells[column].WriteRune(r)
		case r != ' ':
			return nil, false
		}
		if takesRoom {
			at++
		}
	}
	out := make([]string, len(cells))
	for i := range cells {
		out[i] = cells[i].String()
	}
	return out, true
}

func trimmed(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.TrimSpace(c)
	}
	return out
}
