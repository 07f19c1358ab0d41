package mail

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Rendered is a template filled with data.
type Rendered struct {
	Subject string // one line
	Text    string // plain text, \n between lines
	HTML    string // a whole document
}

// Render fills a template. A template with problems gives them as a Problems error; data that does not
// suit the kind of template gives an *Error.
func Render(t Template, d Data) (Rendered, error) {
	if problems := Check(t); len(problems) > 0 {
		return Rendered{}, Problems(problems)
	}
	if err := suits(t.Kind, d); err != nil {
		return Rendered{}, err
	}
	v := values{Data: d, formats: newFormats(d.Locale), kind: t.Kind}
	fill := v.fillers()
	source := []byte(bodySource(t.Body))
	doc := parseBody(source)
	place(doc, fill)
	style(doc)
	body, err := writeHTML(doc, source)
	if err != nil {
		return Rendered{}, fmt.Errorf("render template: %w", err)
	}
	subject := fillSubject(t.Subject, fill)
	return Rendered{Subject: subject, Text: plainWriter{source}.blocks(doc, "\n\n") + "\n", HTML: document(subject, body)}, nil
}

// bodySource is a body as it is parsed: with \n as its only line end.
func bodySource(body string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
}

func suits(kind TemplateKind, d Data) error {
	unsuitable := func(why string) error {
		return &Error{Kind: KindBadMessage, Message: "The template cannot be filled: " + why + ".", Hint: "Choose another template for this message."}
	}
	single := kind == Single || kind == ThanksSingle
	switch {
	case d.Today.IsZero():
		return unsuitable("today's date is not given")
	case single && len(d.Invoices) != 1:
		return unsuitable(fmt.Sprintf("it is for one invoice, not for %d", len(d.Invoices)))
	case (kind == Multi || kind == ThanksMulti) && len(d.Invoices) == 0:
		return unsuitable("there is no invoice")
	}
	return nil
}

// filler gives the value of a placeholder, or its fallback.
type filler struct {
	text  func() string
	block func() block
}

func (v values) fillers() map[string]filler {
	fill := map[string]filler{}
	for _, p := range placeholders() {
		if !slices.Contains(p.kinds, v.kind) {
			continue
		}
		fill[p.Name] = filler{
			text: func() string { return first(oneLine(p.text(v)), p.Fallback) },
			block: func() block {
				if b := p.block(v); b.text != "" {
					return b
				}
				return textBlock(p.Fallback)
			}}
	}
	return fill
}

// place puts the values into the document.
func place(doc ast.Node, fill map[string]filler) {
	var holders []*holder
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*holder); ok && entering {
			holders = append(holders, h)
		}
		return ast.WalkContinue, nil
	})
	for _, h := range holders {
		if alone(h) && isBlock(h.name) {
			paragraph := h.Parent()
			paragraph.Parent().ReplaceChild(paragraph.Parent(), paragraph, &island{block: fill[h.name].block()})
			continue
		}
		h.value = fill[h.name].text()
	}
}

func isBlock(name string) bool {
	return slices.ContainsFunc(placeholders(), func(p placeholder) bool { return p.Name == name && p.Block })
}

func fillSubject(subject string, fill map[string]filler) string {
	var b strings.Builder
	for i := 0; i < len(subject); {
		rest := subject[i:]
		if rest[0] == '\\' && len(rest) > 1 && isPunct(rest[1]) {
			b.WriteByte(rest[1])
			i += 2
			continue
		}
		if name, n, ok := placeholderAt(rest); ok {
			b.WriteString(fill[name].text())
			i += n
			continue
		}
		b.WriteByte(rest[0])
		i++
	}
	return oneLine(b.String())
}

// document wraps the body for mail programs: the width is held by a table for those that know no max-width.
func document(title, body string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>" + html.EscapeString(title) +
		"</title>\n</head>\n<body style=\"margin:0;padding:0;background:#ffffff\">\n" +
		"<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" width=\"100%\"><tr><td style=\"padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5;color:#1f2937\">\n" +
		"<div style=\"max-width:640px\">\n" + body + "</div>\n</td></tr></table>\n</body>\n</html>\n"
}
