package gui

import (
	"slices"
	"testing"
)

const letter = `Dear Ana,

2 invoices are past their due date.

Invoice   Issued       Days overdue  Outstanding
--------  -----------  ------------  -----------
10157     18 Jul 2025           480    €5,150.87
SD-50012  2 Oct 2026              5    €1,130.32
--------  -----------  ------------  -----------
Total                                  €6,281.19

Regards,

--
Niamh`

func TestTheTableOfAMessageIsReadAsOne(t *testing.T) {
	blocks := mailBlocks(letter)
	if len(blocks) != 3 || blocks[1].table == nil {
		t.Fatalf("blocks: %+v", blocks)
	}
	table := blocks[1].table
	if !slices.Equal(table.Titles, []string{"Invoice", "Issued", "Days overdue", "Outstanding"}) {
		t.Errorf("titles %q", table.Titles)
	}
	if len(table.Rows) != 2 || !slices.Equal(table.Rows[1], []string{"SD-50012", "2 Oct 2026", "5", "€1,130.32"}) {
		t.Errorf("rows %q", table.Rows)
	}
	if !slices.Equal(table.Right, []bool{false, false, true, true}) {
		t.Errorf("numbers at the right: %v", table.Right)
	}
	if len(table.Totals) != 1 || table.Totals[0] != [2]string{"Total", "€6,281.19"} {
		t.Errorf("totals %q", table.Totals)
	}
	if blocks[2].text != "Regards,\n\n--\nNiamh" {
		t.Errorf("the words after it: %q", blocks[2].text)
	}
}

func TestNoWordOfAMessageIsLost(t *testing.T) {
	for name, text := range map[string]string{
		"no table":             "Dear Ana,\n\nplease pay.",
		"a signature's dashes": "Regards\n--\nNiamh",
		"a cell too wide":      "Number  Sum\n------  ---\n1234567890  5\n2  3",
		"two dashes in a row":  "a  b\n-- --\nc  d",
		"nothing":              "",
	} {
		t.Run(name, func(t *testing.T) {
			all := ""
			for i, b := range mailBlocks(text) {
				if b.table != nil {
					t.Fatalf("taken for a table: %+v", b.table)
				}
				if i > 0 {
					all += "\n"
				}
				all += b.text
			}
			if all != text {
				t.Errorf("%q became %q", text, all)
			}
		})
	}
}

func TestCombiningMarksTakeNoRoomInATable(t *testing.T) {
	blocks := mailBlocks("Name   Sum\n-----  ---\nZoe\u0308      5\nAna     12")
	if len(blocks) != 1 || blocks[0].table == nil || blocks[0].table.Rows[0][0] != "Zoe\u0308" || blocks[0].table.Rows[0][1] != "5" {
		t.Fatalf("%+v", blocks)
	}
}
