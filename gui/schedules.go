package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core/chase"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
	"dunlin/gui/ui"
)

// schedules shows the schedules as lines that can be read.
type schedules struct {
	w    *Window
	slot *kit.Slot
	obj  fyne.CanvasObject
	gen  int
}

func newSchedules(w *Window) *schedules {
	s := &schedules{w: w, slot: kit.NewSlot(kit.Waiting(5))}
	s.obj = page(head(lang.L("Schedules")), s.slot.Object())
	return s
}

func (s *schedules) object() fyne.CanvasObject { return s.obj }
func (s *schedules) search() bool              { return false }

func (s *schedules) reload() {
	ui.Load(s.w.run, &s.gen, s.w.deps.Core.Schedules, func(list []chase.Schedule, err error) {
		if err != nil {
			s.slot.Show(kit.Failed(trouble(err), s.w.copy, s.reload))
			return
		}
		s.slot.Show(s.show(list))
		s.obj.Refresh()
	})
}

func (s *schedules) show(list []chase.Schedule) fyne.CanvasObject {
	if len(list) == 0 {
		return kit.NewCard(kit.Empty(theme.IconSchedules, lang.L("No schedule"), lang.L("Without a schedule nothing is chased. The command line can import one.")))
	}
	rows := []fyne.CanvasObject{kit.NewParagraph(lang.L("A schedule says when a reminder goes, counted from the due date. A step goes at the first chase on or after its day, and a missed one is not made up for: only the latest goes."))}
	for _, sched := range list {
		rows = append(rows, s.card(sched))
	}
	return kit.VStack(theme.Space4, rows...)
}

func (s *schedules) card(sched chase.Schedule) fyne.CanvasObject {
	f := s.w.format
	var notes []fyne.CanvasObject
	steps := len(sched.BeforeDue) + len(sched.Overdue)
	notes = append(notes, kit.Small(lang.N("{{.Count}} steps", steps, map[string]any{"Count": f.number(steps)})))
	return kit.NewCard(kit.VStack(theme.Space5, kit.CardTitle(sched.Name, notes...), kit.Steps(schedulePoints(f, sched)), kit.NewParagraph(scheduleSentence(f, sched))))
}

// schedulePoints lays a schedule out from the first step before the due date to the thanks.
func schedulePoints(f format, s chase.Schedule) []kit.Moment {
	var points []kit.Moment
	add := func(step chase.Step, tone kit.Tone) {
		m := kit.Moment{Tone: tone, Title: stepDistance(f, step.Offset), Detail: channelName(step.Channel)}
		if step.EscalatedSender || step.EscalatedRecipient {
			m.When = lang.L("escalated")
			m.Tone = kit.Bad
		}
		points = append(points, m)
	}
	for _, step := range s.BeforeDue {
		add(step, kit.Brand)
	}
	points = append(points, kit.Moment{Tone: kit.Neutral, Hollow: true, Title: lang.L("Due date")})
	for _, step := range s.Overdue {
		add(step, kit.Soon)
	}
	if s.Repeat.Every > 0 {
		times := lang.L("for ever")
		if s.Repeat.Limit > 0 {
			times = lang.N("at most {{.Count}} times", s.Repeat.Limit, map[string]any{"Count": f.number(s.Repeat.Limit)})
		}
		points = append(points, kit.Moment{Tone: kit.Bad, Hollow: true, Title: lang.L("every {{.Days}}", map[string]any{"Days": f.days(s.Repeat.Every)}), Detail: times})
	}
	if s.Thanks {
		points = append(points, kit.Moment{Tone: kit.Good, Title: lang.L("Paid"), Detail: lang.L("Thanks")})
	}
	return points
}

// stepDistance names a step briefly: the line it stands on says what it is counted from.
func stepDistance(f format, offset int) string {
	switch {
	case offset < 0:
		return lang.L("{{.Days}} before", map[string]any{"Days": f.days(-offset)})
	case offset == 0:
		return lang.L("On the day")
	}
	return lang.L("{{.Days}} after", map[string]any{"Days": f.days(offset)})
}

func channelName(c chase.Channel) string {
	switch c {
	case chase.Call:
		return lang.L("Call")
	case chase.Letter:
		return lang.L("Letter")
	}
	return lang.L("E-mail")
}

// scheduleSentence says the ending of a schedule in words.
func scheduleSentence(f format, s chase.Schedule) string {
	end := lang.L("After the last step the invoice is no longer chased, and Dunlin tells you.")
	switch {
	case s.Repeat.Every > 0 && s.Repeat.Limit > 0:
		end = lang.L("After the last step it is repeated every {{.Days}}, {{.Times}}. Then the invoice is no longer chased, and Dunlin tells you.", map[string]any{
			"Days": f.days(s.Repeat.Every), "Times": lang.N("at most {{.Count}} times", s.Repeat.Limit, map[string]any{"Count": f.number(s.Repeat.Limit)})})
	case s.Repeat.Every > 0:
		end = lang.L("After the last step it is repeated every {{.Days}} until the invoice is paid.", map[string]any{"Days": f.days(s.Repeat.Every)})
	}
	if s.Thanks {
		end += " " + lang.L("Whoever pays after a reminder is thanked.")
	}
	return end
}
