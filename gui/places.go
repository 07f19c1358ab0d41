package gui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// placeSearch asks the other locations one after the other, after the owner pressed the button for it, and shows what
// each of them says.
type placeSearch struct {
	c       *connectForm
	request core.ConnectRequest
	places  []core.Choice
	answers []core.LocationAnswer
	asking  bool
	stop    context.CancelFunc
}

func (c *connectForm) tryOthers() {
	if c.s.busy {
		return
	}
	r := c.request()
	p := &placeSearch{c: c, request: r, places: c.s.w.deps.Core.OtherLocations(r), asking: true}
	p.show()
	c.s.work(p.ask, p.ended, func() { p.ended(nil) })
}

func (p *placeSearch) ask(ctx context.Context) error {
	w := p.c.s.w
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.run.Do(func() { p.stop = stop })
	for _, place := range p.places {
		answer, err := w.deps.Core.TryLocation(ctx, p.request, place.Code)
		if err != nil {
			return err
		}
		w.run.Do(func() { p.answers = append(p.answers, answer); p.show() })
	}
	return nil
}

func (p *placeSearch) ended(err error) {
	p.asking = false
	if err != nil && core.ProblemOf(err).Code != "cancelled" {
		p.c.problem.Show(kit.FailedCard(trouble(err), p.c.s.w.copy))
		return
	}
	p.show()
}

// show lists the locations with what they said so far.
func (p *placeSearch) show() {
	title, ground := lang.L("Asking the other locations"), theme.GreySoft
	known := 0
	for _, a := range p.answers {
		if a.Knows {
			known++
		}
	}
	switch {
	case known > 0:
		title, ground = lang.L("Your company was found"), theme.GreenSoft
	case !p.asking && len(p.answers) < len(p.places):
		title, ground = lang.L("Not all locations were asked"), theme.AmberSoft
	case !p.asking:
		title, ground = lang.L("None of the other locations knows this company with these keys"), theme.RedSoft
	}
	rows := []fyne.CanvasObject{kit.NewText(title).Bold()}
	for i, place := range p.places {
		rows = append(rows, p.row(i, place))
	}
	switch {
	case p.asking:
		rows = append(rows, kit.Leading(kit.NewButton(kit.Secondary, lang.L("Stop"), func() {
			if p.stop != nil {
				p.stop()
			}
		}).Compact()))
	case known == 0:
		rows = append(rows, kit.NewParagraph(lang.L("Check the Company ID and the keys. Nothing was stored.")).Color(theme.Text))
	}
	p.c.problem.Show(kit.NewNotice(ground, kit.VStack(theme.Space2, rows...)))
	p.c.object.Refresh()
}

func (p *placeSearch) row(i int, place core.Choice) fyne.CanvasObject {
	name := kit.Sized(250, 0, kit.NewText(place.Name).Cut())
	line := func(icon fyne.Resource, ink fyne.ThemeColorName, words string, more ...fyne.CanvasObject) fyne.CanvasObject {
		return kit.HStack(theme.Space2, append([]fyne.CanvasObject{kit.Icon(icon, ink, 18), name, kit.Flex(kit.NewText(words).Color(ink).Cut())}, more...)...)
	}
	switch {
	case i < len(p.answers) && p.answers[i].Knows:
		code := strings.ToUpper(place.Code)
		words := lang.L("{{.Location}} knows this company", map[string]any{"Location": code})
		if p.answers[i].Problem != nil {
			words += ". " + p.answers[i].Problem.Message
			return line(theme.IconInfo, theme.Amber, words)
		}
		return line(theme.IconCheck, theme.Green, words, kit.NewButton(kit.Primary, lang.L("Connect with {{.Location}}", map[string]any{"Location": code}), func() { p.take(place.Code) }).Compact())
	case i < len(p.answers):
		return line(theme.IconClose, theme.Muted, p.answers[i].Problem.Message)
	case i == len(p.answers) && p.asking:
		return line(theme.IconSync, theme.BrandText, lang.L("Asking…"))
	case p.asking:
		return line(theme.IconClock, theme.Muted, lang.L("Waits"))
	}
	return line(theme.IconClock, theme.Muted, lang.L("Not asked"))
}

// take goes on with a location that knows the company.
func (p *placeSearch) take(code string) {
	p.c.location.SetSelected(code)
	p.c.showFields()
	p.c.submit()
}
