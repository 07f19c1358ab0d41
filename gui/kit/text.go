package kit

import (
	"sort"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"dunlin/gui/theme"
)

// Text is one line of text that follows the theme. With Cut it may be narrower than its words, which
// then end in an ellipsis.
type Text struct {
	widget.BaseWidget
	text  string
	size  float32
	bold  bool
	color fyne.ThemeColorName
	align fyne.TextAlign
	cut   bool
	least float32 // the size the letters may shrink to before words are cut
}

// OneLine makes text fit for one line: line breaks and control characters become spaces, and several become one.
func OneLine(s string) string {
	if !strings.ContainsFunc(s, breaksLine) {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || breaksLine(r) }), " ")
}

func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// NewText returns a line of body text.
func NewText(s string) *Text {
	t := &Text{text: OneLine(s), size: theme.SizeBody, color: theme.Text}
	t.ExtendBaseWidget(t)
	return t
}

// Title is the name of a screen.
func Title(s string) *Text { return NewText(s).Scale(theme.SizeTitle).Bold() }

// Heading is the name of a card.
func Heading(s string) *Text { return NewText(s).Scale(theme.SizeHeading).Bold() }

// Muted is secondary body text.
func Muted(s string) *Text { return NewText(s).Color(theme.Muted) }

// Small is secondary small text.
func Small(s string) *Text { return NewText(s).Scale(theme.SizeSmall).Color(theme.Muted) }

// Scale sets the size of the letters.
func (t *Text) Scale(size float32) *Text { t.size = size; return t }

// Bold makes the line bold.
func (t *Text) Bold() *Text { t.bold = true; return t }

// Color sets the colour by its name in the theme.
func (t *Text) Color(name fyne.ThemeColorName) *Text { t.color = name; return t }

// Align sets the alignment.
func (t *Text) Align(a fyne.TextAlign) *Text { t.align = a; return t }

// Cut lets the line be shortened with an ellipsis.
func (t *Text) Cut() *Text { t.cut = true; return t }

// Shrink lets the letters get smaller, down to a size, before the line is cut: an amount without its end
// is worse than a small one.
func (t *Text) Shrink(least float32) *Text { t.cut, t.least = true, least; return t }

// natural is the width of all its words.
func (t *Text) natural() float32 {
	return fyne.MeasureText(t.text, t.size, fyne.TextStyle{Bold: t.bold}).Width
}

// Set changes the words.
func (t *Text) Set(s string) {
	if s = OneLine(s); t.text == s {
		return
	}
	t.text = s
	t.Refresh()
}

// SetColor changes the colour.
func (t *Text) SetColor(name fyne.ThemeColorName) {
	t.color = name
	t.Refresh()
}

// String returns the words.
func (t *Text) String() string { return t.text }

// AccessibilityLabel implements fyne.Accessible.
func (t *Text) AccessibilityLabel() string { return t.text }

// AccessibilityRole implements fyne.Accessible.
func (t *Text) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	c := &canvas.Text{}
	laid := false
	apply := func(width float32) {
		c.TextSize, c.TextStyle, c.Alignment = t.size, fyne.TextStyle{Bold: t.bold}, t.align
		c.Color = theme.Color(t.color)
		c.Text = t.text
		switch {
		case t.cut && laid && width <= 0:
			c.Text = ""
		case t.cut && width > 0:
			if t.least > 0 {
				c.TextSize = shrunk(t.text, width, t.size, t.least, c.TextStyle)
			}
			c.Text = Fit(t.text, width, c.TextSize, c.TextStyle)
		}
	}
	apply(0)
	return &simple{objects: []fyne.CanvasObject{c},
		layout: func(s fyne.Size) { laid = true; apply(s.Width); c.Resize(s); c.Refresh() },
		min: func() fyne.Size {
			m := fyne.MeasureText(t.text, t.size, fyne.TextStyle{Bold: t.bold})
			if t.cut {
				m.Width = min(m.Width, 32)
			}
			return m
		},
		refresh: func() { apply(t.Size().Width); c.Refresh() }}
}

// shrunk is the largest size of letters, not below least, at which s fits into width.
func shrunk(s string, width, size, least float32, style fyne.TextStyle) float32 {
	for size > least && fyne.MeasureText(s, size, style).Width > width+0.5 {
		size--
	}
	return max(size, least)
}

// Fit makes one line of s and shortens it with an ellipsis until it is no wider than width.
func Fit(s string, width, size float32, style fyne.TextStyle) string {
	s = OneLine(s)
	if fyne.MeasureText(s, size, style).Width <= width+0.5 {
		return s
	}
	runes := []rune(s)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fyne.MeasureText(strings.TrimRight(string(runes[:mid]), " ")+"…", size, style).Width <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		return ""
	}
	return strings.TrimRight(string(runes[:lo]), " ") + "…"
}

// Paragraph is text over as many lines as its width needs.
type Paragraph struct {
	widget.BaseWidget
	text  string
	size  float32
	bold  bool
	color fyne.ThemeColorName
	align fyne.TextAlign
	width float32 // the width the lines were broken for
	lines []string
}

// NewParagraph returns wrapped secondary text.
func NewParagraph(s string) *Paragraph {
	p := &Paragraph{text: s, size: theme.SizeBody, color: theme.Muted}
	p.ExtendBaseWidget(p)
	return p
}

// Scale sets the size of the letters.
func (p *Paragraph) Scale(size float32) *Paragraph { p.size = size; return p }

// Bold makes it bold.
func (p *Paragraph) Bold() *Paragraph { p.bold = true; return p }

// Color sets the colour by its name in the theme.
func (p *Paragraph) Color(name fyne.ThemeColorName) *Paragraph { p.color = name; return p }

// Centered centres the lines.
func (p *Paragraph) Centered() *Paragraph { p.align = fyne.TextAlignCenter; return p }

// Set changes the words.
func (p *Paragraph) Set(s string) {
	if p.text == s {
		return
	}
	p.text = s
	p.lines = nil
	p.Refresh()
}

// String returns the words.
func (p *Paragraph) String() string { return p.text }

// Resize implements fyne.CanvasObject: the lines are broken anew for the width.
func (p *Paragraph) Resize(s fyne.Size) {
	if s.Width != p.width {
		p.width = s.Width
		p.lines = nil
	}
	p.BaseWidget.Resize(s)
}

// AccessibilityLabel implements fyne.Accessible.
func (p *Paragraph) AccessibilityLabel() string { return p.text }

// AccessibilityRole implements fyne.Accessible.
func (p *Paragraph) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (p *Paragraph) style() fyne.TextStyle { return fyne.TextStyle{Bold: p.bold} }

func (p *Paragraph) broken() []string {
	if p.lines == nil {
		p.lines = breakLines(p.text, p.width, p.size, p.style())
	}
	return p.lines
}

func breakLines(text string, width, size float32, style fyne.TextStyle) []string {
	var lines []string
	for _, para := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line := ""
		for _, word := range strings.Fields(OneLine(para)) {
			next := word
			if line != "" {
				next = line + " " + word
			}
			if line != "" && width > 0 && fyne.MeasureText(next, size, style).Width > width+0.5 {
				lines = append(lines, line)
				next = word
			}
			whole, rest := breakWord(next, width, size, style)
			lines = append(lines, whole...)
			line = rest
		}
		lines = append(lines, line)
	}
	return lines
}

// breakWord cuts a word that is longer than a line, such as an address, into whole lines and a rest.
func breakWord(word string, width, size float32, style fyne.TextStyle) (whole []string, rest string) {
	for width > 0 && fyne.MeasureText(word, size, style).Width > width+0.5 {
		runes := []rune(word)
		n := sort.Search(len(runes), func(n int) bool { return fyne.MeasureText(string(runes[:n+1]), size, style).Width > width })
		if n == 0 {
			break
		}
		whole = append(whole, string(runes[:n]))
		word = string(runes[n:])
	}
	return whole, word
}

// CreateRenderer implements fyne.Widget.
func (p *Paragraph) CreateRenderer() fyne.WidgetRenderer {
	r := &paragraphRenderer{p: p}
	r.build()
	return r
}

type paragraphRenderer struct {
	p     *Paragraph
	texts []fyne.CanvasObject
}

func (r *paragraphRenderer) lineHeight() float32 {
	return fyne.MeasureText("X", r.p.size, r.p.style()).Height + 2
}

func (r *paragraphRenderer) build() {
	lines := r.p.broken()
	r.texts = r.texts[:0]
	for i, line := range lines {
		c := &canvas.Text{Text: line, TextSize: r.p.size, TextStyle: r.p.style(), Alignment: r.p.align, Color: theme.Color(r.p.color)}
		c.Move(fyne.NewPos(0, float32(i)*r.lineHeight()))
		c.Resize(fyne.NewSize(r.p.Size().Width, r.lineHeight()))
		r.texts = append(r.texts, c)
	}
}

func (r *paragraphRenderer) Layout(fyne.Size) { r.build() }
func (r *paragraphRenderer) MinSize() fyne.Size {
	w := float32(60)
	if r.p.width == 0 && len(r.p.text) < 40 {
		w = fyne.MeasureText(r.p.text, r.p.size, r.p.style()).Width
	}
	return fyne.NewSize(min(w, 60), float32(len(r.p.broken()))*r.lineHeight()-2)
}
func (r *paragraphRenderer) Refresh() {
	r.p.lines = nil
	r.build()
	canvas.Refresh(r.p)
}
func (r *paragraphRenderer) Objects() []fyne.CanvasObject { return r.texts }
func (r *paragraphRenderer) Destroy()                     {}
