package mail

import (
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

const (
	maxName    = 80
	maxSubject = 300
	maxBody    = 64 << 10
)

// Check looks for mistakes: unknown placeholders, placeholders of another kind of template, broken syntax
// and what a letter cannot carry (R5.4). A template without problems renders with any data of its kind.
func Check(t Template) []Problem {
	c := checker{kind: t.Kind}
	if t.Name == "" || t.Name != oneLine(t.Name) || utf8.RuneCountInString(t.Name) > maxName {
		c.problems = append(c.problems, Problem{"name", 1, 1, "The template needs a name of one line."})
	}
	if !slices.Contains(TemplateKinds(), t.Kind) {
		c.problems = append(c.problems, Problem{"kind", 1, 1, fmt.Sprintf("There is no kind %q of template.", clip(oneLine(string(t.Kind)), 40))})
		return c.problems
	}
	c.subject(t.Subject)
	c.body(bodySource(t.Body))
	return c.problems
}

// checker collects the problems of a template.
type checker struct {
	kind     TemplateKind
	field    string
	source   string
	problems []Problem
}

func (c *checker) report(offset int, format string, args ...any) {
	before := c.source[:max(0, min(offset, len(c.source)))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	c.problems = append(c.problems, Problem{c.field, line, column, fmt.Sprintf(format, args...)})
}

func (c *checker) subject(s string) {
	c.field, c.source = "subject", s
	switch {
	case strings.TrimSpace(s) == "":
		c.report(0, "The subject is empty.")
		return
	case utf8.RuneCountInString(s) > maxSubject:
		c.report(0, "The subject is longer than %d characters.", maxSubject)
	}
	if i := strings.IndexFunc(s, isControl); i >= 0 {
		c.report(i, "The subject has to be one line.")
	}
	for _, spot := range c.scan() {
		if spot.Block {
			c.report(spot.offset, "{{%s}} cannot stand in the subject.", spot.Name)
		}
	}
}

func (c *checker) body(s string) {
	c.field, c.source = "body", s
	switch {
	case strings.TrimSpace(s) == "":
		c.report(0, "The text is empty.")
		return
	case len(s) > maxBody:
		c.report(0, "The text is longer than %d bytes.", maxBody)
		return
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return isControl(r) && r != '\n' && r != '\t' || r == utf8.RuneError }); i >= 0 {
		c.report(i, "There is a character here that cannot be shown.")
		return
	}
	begin := len(c.problems)
	spots := c.scan()
	doc := parseBody([]byte(s))
	c.nodes(doc, spots)
	byPlace(c.problems[begin:])
}

func byPlace(list []Problem) {
	sort.SliceStable(list, func(i, j int) bool {
		return list[i].Line < list[j].Line || list[i].Line == list[j].Line && list[i].Column < list[j].Column
	})
}

// spot is a known placeholder at a place of the source.
type spot struct {
	Placeholder
	offset int
}

// scan finds the placeholders of the source and reports what is wrong with the way they are written.
func (c *checker) scan() []spot {
	var spots []spot
	for i := 0; i < len(c.source); {
		rest := c.source[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1 && isPunct(rest[1]):
			i += 2
		case strings.HasPrefix(rest, "}}"):
			c.report(i, `There is a }} without {{ before it; braces that mean nothing are written \}.`)
			i += 2
		case strings.HasPrefix(rest, "{{"):
			name, n, ok := placeholderAt(rest)
			if n == 0 {
				c.report(i, `This {{ is not closed on the same line; braces that mean nothing are written \{.`)
				i += 2
				continue
			}
			if p := c.known(i, name, ok); p != nil {
				spots = append(spots, spot{*p, i})
			}
			i += n
		default:
			i++
		}
	}
	return spots
}

func isPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
}

// known finds a placeholder by name and reports one that does not belong here.
func (c *checker) known(offset int, name string, valid bool) *Placeholder {
	allowed := Placeholders(c.kind)
	for i := range allowed {
		if valid && allowed[i].Name == name {
			return &allowed[i]
		}
	}
	var elsewhere []TemplateKind
	for _, p := range placeholders() {
		if p.Name == name {
			elsewhere = append(elsewhere, p.kinds...)
		}
	}
	switch {
	case len(elsewhere) > 0:
		c.report(offset, "{{%s}} cannot stand in a template of the kind %s, only in %s.", name, c.kind, kindList(elsewhere))
	case name == "":
		c.report(offset, "There is no name between the braces.")
	default:
		c.report(offset, "There is no placeholder {{%s}}.%s", clip(oneLine(name), 40), suggestion(name, allowed))
	}
	return nil
}

func kindList(kinds []TemplateKind) string {
	var words []string
	for _, k := range TemplateKinds() {
		if slices.Contains(kinds, k) {
			words = append(words, string(k))
		}
	}
	return strings.Join(words, ", ")
}

// suggestion offers the name that differs least, when it differs little.
func suggestion(name string, allowed []Placeholder) string {
	best, least := "", min(4, len(name)/3+1)
	for _, p := range allowed {
		if d := distance(strings.ToLower(name), p.Name); d < least {
			best, least = p.Name, d
		}
	}
	if best == "" {
		return ""
	}
	return " Is {{" + best + "}} meant?"
}

// distance counts the letters to change, add or leave out between two short words.
func distance(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// nodes checks what the parser made of the source.
func (c *checker) nodes(doc ast.Node, spots []spot) {
	seen := map[int]*holder{}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *holder:
			seen[n.offset] = n
		case *ast.Image:
			c.report(n.Pos(), "Pictures are not possible; a link is.")
		case *ast.Link:
			c.link(n.Pos(), string(n.Destination))
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				c.link(n.Pos(), string(n.URL([]byte(c.source))))
			}
		}
		return ast.WalkContinue, nil
	})
	for _, s := range spots {
		h := seen[s.offset]
		switch {
		case h == nil:
			c.report(s.offset, "{{%s}} cannot stand inside a link's address.", s.Name)
		case s.Block && !alone(h):
			c.report(s.offset, "{{%s}} has to stand alone, with an empty line above and below.", s.Name)
		}
	}
}

func (c *checker) link(offset int, to string) {
	u, err := url.Parse(to)
	if err != nil || !slices.Contains([]string{"http", "https", "mailto", "tel"}, strings.ToLower(u.Scheme)) {
		c.report(offset, "A link's address has to begin with https://, http://, mailto: or tel:.")
	}
}

// alone reports whether a placeholder is all that a paragraph of the letter itself holds.
func alone(h *holder) bool {
	p, ok := h.Parent().(*ast.Paragraph)
	if !ok || p.Parent().Kind() != ast.KindDocument {
		return false
	}
	for n := p.FirstChild(); n != nil; n = n.NextSibling() {
		if t, isText := n.(*ast.Text); n != ast.Node(h) && !(isText && t.Segment.Len() == 0) {
			return false
		}
	}
	return true
}
