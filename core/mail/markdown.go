package mail

import (
	"bufio"
	"bytes"
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// The body is parsed with its placeholders still in it: each becomes a node of the document, and its value
// is put in only when that node is written. No value ever passes through the Markdown parser, so none can
// mean anything in it (R5.5).

// holder is a placeholder in the document. value is what is written there.
type holder struct {
	ast.BaseInline
	name   string
	offset int // in the source
	value  string
}

var kindHolder = ast.NewNodeKind("Placeholder")

func (h *holder) Kind() ast.NodeKind { return kindHolder }

func (h *holder) Dump(source []byte, level int) { ast.DumpHelper(h, source, level, nil, nil) }

// island is a block that is written as it is, such as a table.
type island struct {
	ast.BaseBlock
	block block
}

var kindIsland = ast.NewNodeKind("Island")

func (i *island) Kind() ast.NodeKind { return kindIsland }

func (i *island) Dump(source []byte, level int) { ast.DumpHelper(i, source, level, nil, nil) }

type holderParser struct{}

func (holderParser) Trigger() []byte { return []byte{'{'} }

func (holderParser) Parse(_ ast.Node, reader text.Reader, _ parser.Context) ast.Node {
	line, segment := reader.PeekLine()
	name, n, ok := placeholderAt(string(line))
	if !ok {
		return nil
	}
	reader.Advance(n)
	return &holder{name: name, offset: segment.Start}
}

// placeholderAt reads a placeholder at the beginning of s: its name and its length with the braces.
func placeholderAt(s string) (name string, length int, ok bool) {
	if !strings.HasPrefix(s, "{{") {
		return "", 0, false
	}
	line, _, _ := strings.Cut(s, "\n")
	end := strings.Index(line, "}}")
	if end < 0 {
		return "", 0, false
	}
	name = strings.TrimSpace(line[2:end])
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
			return name, end + 2, false
		}
	}
	return name, end + 2, name != ""
}

// parseBody parses Markdown without HTML, code, reference links and headings underlined by dashes: a letter
// has no use for them, and an indented line or a row of dashes would mean them by accident.
func parseBody(source []byte) ast.Node {
	p := parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(paragraphs{parser.NewParagraphParser()}, 1000)),
		parser.WithInlineParsers(
			util.Prioritized(holderParser{}, 150),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewEmphasisParser(), 500)))
	return p.Parse(text.NewReader(source))
}

// paragraphs takes indented lines too: with no code blocks nothing else would, and the parser stops at a
// line that nothing takes.
type paragraphs struct{ parser.BlockParser }

func (paragraphs) CanAcceptIndentedLine() bool { return true }

// htmlWriter writes the two nodes of our own.
type htmlWriter struct{}

func (htmlWriter) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindHolder, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(html.EscapeString(n.(*holder).value))
		}
		return ast.WalkContinue, nil
	})
	r.Register(kindIsland, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(n.(*island).block.html)
		}
		return ast.WalkContinue, nil
	})
}

func writeHTML(doc ast.Node, source []byte) (string, error) {
	r := renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(ghtml.NewRenderer(ghtml.WithHardWraps()), 1000),
		util.Prioritized(htmlWriter{}, 100)))
	var b bytes.Buffer
	if err := r.Render(&b, source, doc); err != nil {
		return "", err
	}
	return b.String(), nil
}

// style puts the styles on the elements themselves: many mail programs drop style sheets.
func style(doc ast.Node) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		css := ""
		switch n := n.(type) {
		case *ast.Paragraph:
			css = paragraphStyle
		case *ast.Heading:
			css = "margin:0 0 12px 0;line-height:1.3;font-size:" + []string{"20", "18", "16", "15", "15", "15"}[n.Level-1] + "px"
		case *ast.List:
			css = "margin:0 0 16px 0;padding:0 0 0 24px"
		case *ast.Blockquote:
			css = "margin:0 0 16px 0;padding:0 0 0 12px;border-left:3px solid #d1d5db"
		case *ast.ThematicBreak:
			css = "border:0;border-top:1px solid #d1d5db;margin:16px 0"
		case *ast.Link, *ast.AutoLink:
			css = "color:#1d4ed8"
		default:
			return ast.WalkContinue, nil
		}
		n.SetAttributeString("style", []byte(css))
		return ast.WalkContinue, nil
	})
}

// plainWriter writes a document as plain text.
type plainWriter struct{ source []byte }

// blocks writes the children of a block, an empty line between them unless they are the lines of a list.
func (p plainWriter) blocks(parent ast.Node, between string) string {
	var parts []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if s := p.block(n); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, between)
}

func (p plainWriter) block(n ast.Node) string {
	switch n := n.(type) {
	case *island:
		return n.block.text
	case *ast.List:
		return p.list(n)
	case *ast.Blockquote:
		return "> " + strings.ReplaceAll(p.blocks(n, "\n\n"), "\n", "\n> ")
	case *ast.ThematicBreak:
		return "----------"
	}
	return strings.Trim(p.inline(n), "\n ")
}

func (p plainWriter) list(n *ast.List) string {
	between := "\n\n"
	if n.IsTight {
		between = "\n"
	}
	var items []string
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		items = append(items, mark+strings.ReplaceAll(p.blocks(item, between), "\n", "\n"+strings.Repeat(" ", len(mark))))
	}
	return strings.Join(items, between)
}

func (p plainWriter) inline(parent ast.Node) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *holder:
			b.WriteString(n.value)
		case *ast.Text:
			b.WriteString(p.unescape(n.Segment.Value(p.source)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteString("\n")
			}
		case *ast.AutoLink:
			b.Write(n.Label(p.source))
		case *ast.Link:
			b.WriteString(p.link(n))
		default:
			b.WriteString(p.inline(n))
		}
	}
	return b.String()
}

func (p plainWriter) link(n *ast.Link) string {
	label, to := p.inline(n), string(n.Destination)
	if label == to || "mailto:"+label == to {
		return label
	}
	return label + " (" + strings.TrimPrefix(to, "mailto:") + ")"
}

// unescape resolves backslashes and entities exactly as the HTML writer does.
func (p plainWriter) unescape(b []byte) string {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	ghtml.DefaultWriter.Write(w, b)
	_ = w.Flush()
	return html.UnescapeString(out.String())
}
