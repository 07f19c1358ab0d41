package mail

import (
	"fmt"
	"io/fs"
	"sort"
	"strings"
)

// TemplateKind says what a template is for, and so which placeholders it may hold.
type TemplateKind string

// The kinds of templates.
const (
	Single       TemplateKind = "single"        // a reminder for one invoice
	Multi        TemplateKind = "multi"         // a reminder for several invoices
	ThanksSingle TemplateKind = "thanks_single" // thanks for one payment (R6.11)
	ThanksMulti  TemplateKind = "thanks_multi"
	Statement    TemplateKind = "statement" // R6.12
	Forewarn     TemplateKind = "forewarn"  // what will go, for the owner (R6.10)
)

// TemplateKinds lists the kinds.
func TemplateKinds() []TemplateKind {
	return []TemplateKind{Single, Multi, ThanksSingle, ThanksMulti, Statement, Forewarn}
}

// Template is the text of a message with placeholders such as {{customer_name}}. Subject is one line of
// plain text. Body is Markdown: paragraphs (line ends kept), headings, lists, quotes, emphasis and links;
// HTML and code have no meaning in it and stand for themselves. A brace that begins no placeholder is
// written \{.
type Template struct {
	Name            string
	Kind            TemplateKind
	Subject         string
	Body            string
	AttachInvoices  bool // send copies of the invoices along
	AttachStatement bool // send a statement along
}

// Problem is a mistake in a template. Line and Column count from 1 within the field; columns are characters.
type Problem struct {
	Field  string // "name", "kind", "subject", "body" or "file"
	Line   int
	Column int
	Text   string
}

// String returns the place and the reason.
func (p Problem) String() string {
	if p.Field == "name" || p.Field == "kind" {
		return p.Text
	}
	return fmt.Sprintf("%s, line %d, column %d: %s", strings.ToUpper(p.Field[:1])+p.Field[1:], p.Line, p.Column, p.Text)
}

// Problems is the error of a template that has mistakes.
type Problems []Problem

// Error lists the mistakes, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Problem gives code, sentence and next step.
func (p Problems) Problem() (code, message, hint string) {
	return string(KindBadTemplate), "The template has mistakes: " + strings.ReplaceAll(p.Error(), "\n", " "), "Correct them and save it again."
}

const fence = "---"

// ParseTemplate reads a template file: lines of "key: value" between two lines of ---, then the body. The
// keys are name, kind, subject and attach (invoices, statement). name stands in where the file gives none.
// The error is a Problems whose lines are those of the file.
func ParseTemplate(name string, data []byte) (Template, error) {
	t := Template{Name: name}
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(data), "\uFEFF"), "\r\n", "\n"), "\n")
	if strings.TrimRight(lines[0], " ") != fence {
		return t, Problems{{"file", 1, 1, "The file has to begin with a line of ---."}}
	}
	var problems Problems
	subjectLine, bodyLine := 1, 0
	for i := 1; i < len(lines); i++ {
		if strings.TrimRight(lines[i], " ") == fence {
			bodyLine = i + 1
			break
		}
		key, _, _ := strings.Cut(lines[i], ":")
		if key == "subject" {
			subjectLine = i + 1
		}
		if why := t.set(lines[i]); why != "" {
			problems = append(problems, Problem{"file", i + 1, 1, why})
		}
	}
	if bodyLine == 0 {
		return t, Problems{{"file", len(lines), 1, "The second line of --- is missing."}}
	}
	rest := lines[bodyLine:]
	for len(rest) > 0 && strings.TrimSpace(rest[0]) == "" {
		rest, bodyLine = rest[1:], bodyLine+1
	}
	t.Body = strings.TrimRight(strings.Join(rest, "\n"), "\n ") + "\n"
	for _, p := range Check(t) {
		switch p.Field {
		case "subject":
			p.Line += subjectLine - 1
			p.Column += len("subject: ")
		case "body":
			p.Line += bodyLine
		default:
			p.Line, p.Column = 1, 1
		}
		p.Field = "file"
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		byPlace(problems)
		return t, problems
	}
	return t, nil
}

// set takes one line of the head; it returns what is wrong with it, or "".
func (t *Template) set(line string) string {
	if strings.TrimSpace(line) == "" {
		return ""
	}
	key, value, found := strings.Cut(line, ":")
	if !found {
		return "This line is not of the form key: value."
	}
	value = strings.TrimSpace(value)
	switch key {
	case "name":
		t.Name = value
	case "kind":
		t.Kind = TemplateKind(value)
	case "subject":
		t.Subject = value
	case "attach":
		for _, what := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
			switch what {
			case "invoices":
				t.AttachInvoices = true
			case "statement":
				t.AttachStatement = true
			default:
				return fmt.Sprintf("%q cannot be attached; invoices and statement can.", what)
			}
		}
	default:
		return fmt.Sprintf("There is no %q; the keys are name, kind, subject and attach.", key)
	}
	return ""
}

// FormatTemplate writes a template as a file that ParseTemplate reads back to the same template.
func FormatTemplate(t Template) []byte {
	var attach []string
	if t.AttachInvoices {
		attach = append(attach, "invoices")
	}
	if t.AttachStatement {
		attach = append(attach, "statement")
	}
	head := fmt.Sprintf("name: %s\nkind: %s\nsubject: %s\n", oneLine(t.Name), t.Kind, oneLine(t.Subject))
	if len(attach) > 0 {
		head += "attach: " + strings.Join(attach, ", ") + "\n"
	}
	return []byte(fence + "\n" + head + fence + "\n\n" + strings.Trim(t.Body, "\n") + "\n")
}

// LoadTemplates reads all *.md files at the top of fsys, by name. A file's name without .md is the
// template's name where the file gives none.
func LoadTemplates(fsys fs.FS) ([]Template, error) {
	files, err := fs.Glob(fsys, "*.md")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	sort.Strings(files)
	var list []Template
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		t, err := ParseTemplate(strings.TrimSuffix(file, ".md"), data)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", file, err)
		}
		list = append(list, t)
	}
	return list, nil
}

// DefaultTemplate names the supplied template that fits a step which names none itself. part is
// "before_due", "overdue", "thanks", "statement" or "forewarn"; step is the 1-based place in the part,
// repeats counted on; steps is how many the part has without repeats; escalated is either of the step's
// escalation ticks; multi says whether several invoices are listed. Unknown parts have none: "".
func DefaultTemplate(part string, step, steps int, escalated, multi bool) string {
	base := ""
	switch part {
	case "statement", "forewarn":
		return part
	case "before_due":
		base = "before-due"
	case "thanks":
		base = "thanks"
	case "overdue":
		base = overdueTemplate(step, steps, escalated)
	default:
		return ""
	}
	if multi {
		return base + "-multi"
	}
	return base + "-single"
}

// overdueTemplate grows firmer with the steps; only an escalated step, or the last of a long schedule,
// gets the final wording.
func overdueTemplate(step, steps int, escalated bool) string {
	switch {
	case escalated, step >= steps && steps >= 4:
		return "overdue-final"
	case step <= 1:
		return "overdue-friendly"
	case step == 2:
		return "overdue-second"
	}
	return "overdue-firm"
}
