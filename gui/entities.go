package gui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// entityChooser lets the owner choose among the companies that an application reaches.
type entityChooser struct {
	list   []core.Entity
	rows   *kit.Slot
	object fyne.CanvasObject
	choose func(id string)
}

// manyEntities is how many companies are looked through by eye; beyond it there is a search line.
const manyEntities = 8

func newEntityChooser(list []core.Entity, choose func(id string)) *entityChooser {
	c := &entityChooser{list: list, rows: kit.NewSlot(kit.Spacer()), choose: choose}
	parts := []fyne.CanvasObject{kit.CardTitle(lang.L("Which company?")),
		kit.NewParagraph(lang.L("The application reaches several companies. Choose the one to connect now; others can be added later under Settings, Connection."))}
	if len(list) > manyEntities {
		search := kit.NewSearch(lang.L("Search name or ID"))
		search.OnChanged = c.show
		parts = append(parts, search)
	}
	c.object = kit.NewCard(kit.VStack(theme.Space3, append(parts, c.rows.Object())...))
	c.show("")
	return c
}

func (c *entityChooser) show(search string) {
	search = strings.ToLower(strings.TrimSpace(search))
	weights := []float32{5, 3, 1.5, 2}
	rows := []fyne.CanvasObject{kit.Columns(theme.Space2, weights, bold(lang.L("Name")), bold(lang.L("Company ID")), bold(lang.L("Currency")), kit.Spacer()), kit.Line()}
	for _, e := range c.list {
		if !strings.Contains(strings.ToLower(e.Name+" "+e.ID), search) {
			continue
		}
		button := kit.NewButton(kit.Secondary, lang.L("Connect"), func() { c.choose(e.ID) }).Compact()
		button.Name = e.Name
		rows = append(rows, kit.Columns(theme.Space2, weights, kit.NewText(e.Name).Bold().Cut(), kit.Muted(e.ID).Cut(), kit.Muted(e.Currency),
			kit.HStack(0, kit.Spacer(), button)), kit.Line())
	}
	if len(rows) == 2 {
		rows = append(rows, kit.Muted(lang.L("No company has that in its name or ID.")))
	}
	c.rows.Show(kit.VStack(theme.Space2, rows...))
}
