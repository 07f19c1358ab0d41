package gui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dunlin/core"
	"dunlin/gui/kit"
)

// linkField takes the address of one page and says what was recognised in it.
func (s *settingsScreen) linkField(v core.SettingView) fyne.CanvasObject {
	e := kit.NewEntry("https://…")
	e.SetText(v.Value)
	f := kit.NewField(v.Label, e, v.Help)
	if l, ok := s.learnt[v.Key]; ok && l.Pattern == v.Value {
		f.Note(recognised(l))
	}
	last := v.Value
	save := func() {
		if strings.TrimSpace(e.Text) == last {
			return
		}
		last = strings.TrimSpace(e.Text)
		s.learn(v.Key, last, f)
	}
	e.OnSubmitted = func(string) { save() }
	e.OnLeave = save
	return f.Object()
}

func (s *settingsScreen) learn(key, address string, f *kit.Field) {
	s.w.run.Go(func() {
		l, err := s.w.deps.Core.LearnLink(s.w.run.Context(), strings.TrimPrefix(key, "links."), address)
		s.w.run.Do(func() {
			if err != nil {
				p := trouble(err)
				f.Fail(p.Message + " " + p.Hint)
				s.obj.Refresh()
				return
			}
			s.learnt[key] = l
			s.reload()
		})
	})
}

// recognised says what was found in an address.
func recognised(l core.LinkLearnt) string {
	at := map[string]any{"Name": l.Name, "Code": l.Code, "Number": l.Number, "Pattern": l.Pattern}
	switch {
	case l.Number != "":
		return lang.L("Recognised invoice {{.Number}} of {{.Name}} ({{.Code}}). Links to invoices open {{.Pattern}}", at)
	case l.Code != "":
		return lang.L("Recognised {{.Name}} ({{.Code}}). Links to customers open {{.Pattern}}", at)
	case l.Pattern != "":
		return lang.L("Links open {{.Pattern}}", at)
	}
	return lang.L("Links open the home page of AccountsIQ, and what to search for is on the clipboard.")
}
