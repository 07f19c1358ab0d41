package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
	"dunlin/gui/theme"
)

// firstSync shows the first sync by kind.
type firstSync struct {
	s       *setup
	object  fyne.CanvasObject
	slot    *kit.Slot
	stages  []core.Progress
	running bool
	done    bool
}

func newFirstSync(s *setup) *firstSync {
	f := &firstSync{s: s, slot: kit.NewSlot(kit.Spacer())}
	f.object = s.frame(lang.L("First sync"), lang.L("Your customers and open invoices come over. This can take some minutes for a large ledger; later syncs only bring what changed."), kit.MaxWidth(600, f.slot.Object()))
	return f
}

// begin asks for the sync when none ran yet.
func (f *firstSync) begin() {
	if f.running || f.done {
		f.show()
		return
	}
	if !f.s.w.over.LastGoodSync.IsZero() {
		f.done = true
		f.show()
		return
	}
	f.running, f.stages = true, nil
	f.s.w.deps.Core.RequestSync()
	f.show()
	f.s.showFoot()
}

func (f *firstSync) progress(p core.Progress) {
	if f.s.at != stepSync || !f.running {
		return
	}
	if n := len(f.stages); n > 0 && f.stages[n-1].Stage == p.Stage {
		f.stages[n-1] = p
	} else {
		f.stages = append(f.stages, p)
	}
	f.show()
}

func (f *firstSync) ended(v *core.SyncView) {
	f.running = false
	if v != nil && !v.OK {
		p := kit.Trouble{Code: "sync_failed", Message: lang.L("The sync did not finish."), Hint: lang.L("Try again.")}
		if v.Error != nil {
			p = troubleOf(v.Error)
		}
		f.slot.Show(kit.FailedCard(p, f.s.w.copy, kit.NewButton(kit.Primary, lang.L("Try again"), f.begin).Compact()))
		f.s.showFoot()
		return
	}
	f.done = true
	f.finished(v)
	f.s.showFoot()
}

func (f *firstSync) finished(v *core.SyncView) {
	fm := f.s.w.format
	rows := []fyne.CanvasObject{kit.HStack(theme.Space3, kit.Disc(theme.IconCheck, theme.Green, theme.GreenSoft, 44),
		kit.Flex(kit.VStack(0, kit.Heading(lang.L("Everything is here")), kit.Small(lang.L("Continue to see who would be chased.")))))}
	if v != nil {
		row := func(name string, c core.Counts) {
			rows = append(rows, kit.Line(), labelled(name, fm.number(c.New+c.Changed)))
		}
		row(lang.L("Customers"), v.Customers)
		row(lang.L("Contacts"), v.Contacts)
		row(lang.L("Transactions"), v.Transactions)
		row(lang.L("Allocations"), v.Allocations)
	}
	f.slot.Show(kit.NewCard(kit.VStack(theme.Space3, rows...)))
	f.s.object.Refresh()
}

func (f *firstSync) show() {
	if f.done {
		f.finished(nil)
		return
	}
	fm := f.s.w.format
	var rows []fyne.CanvasObject
	if len(f.stages) == 0 {
		rows = append(rows, kit.Muted(lang.L("Starting…")))
	}
	for i, p := range f.stages {
		last := i == len(f.stages)-1
		mark := kit.Icon(theme.IconCheck, theme.Green, 18)
		if last {
			mark = kit.Icon(theme.IconSync, theme.BrandText, 18)
		}
		count := ""
		if p.Total > 0 {
			count = lang.L("{{.Done}} of {{.Total}}", map[string]any{"Done": fm.number(p.Done), "Total": fm.number(p.Total)})
		} else if p.Done > 0 {
			count = fm.number(p.Done)
		}
		rows = append(rows, kit.HStack(theme.Space3, mark, kit.Flex(kit.NewText(p.Stage).Bold()), kit.Muted(count)))
		if last {
			bar := kit.NewProgress()
			bar.Set(p.Done, p.Total)
			rows = append(rows, bar, kit.Small(fm.left(p.Left)))
		}
	}
	rows = append(rows, kit.Leading(kit.NewButton(kit.Secondary, lang.L("Cancel"), f.s.w.deps.Core.CancelSync).Compact()))
	f.slot.Show(kit.NewCard(kit.VStack(theme.Space3, rows...)))
	f.s.object.Refresh()
}
