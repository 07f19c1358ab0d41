package mail

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is everything that one e-mail is made of (R5.6). It carries no tracking pixel and no
// List-Unsubscribe.
type Message struct {
	From          Address
	To, CC        []Address
	Subject       string
	Text          string // the plain text, \n between lines
	HTML          string // "" for a message of plain text only
	MessageID     string // "<id@domain>", see NewMessageID
	Date          time.Time
	InReplyTo     string            // Message-ID of the first message of the thread, "" for none
	References    []string          // Message-IDs; InReplyTo alone when empty
	AutoSubmitted bool              // forewarns and digests: Auto-Submitted: auto-generated
	Custom        map[string]string // further header fields, their names beginning with X-
	Attachments   []Attachment
}

// Attachment is a file that goes with a message.
type Attachment struct {
	Name        string // the file name shown
	ContentType string // such as application/pdf; "" means unknown binary data
	Data        []byte
}

// Build makes the bytes of a message (RFC 5322, MIME), with \r\n line ends and pure ASCII. The same
// Message gives the same bytes. Line ends and control characters in names and subjects become spaces, so
// that no value can add a header (R5.5). An address or an id that cannot be used is an *Error.
func Build(m Message) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	var h headers
	h.field("Date", m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.field("From", addressWords([]Address{m.From})...)
	if len(m.To) > 0 {
		h.field("To", addressWords(m.To)...)
	}
	if len(m.CC) > 0 {
		h.field("Cc", addressWords(m.CC)...)
	}
	h.field("Subject", textWords(m.Subject)...)
	h.field("Message-ID", m.MessageID)
	if m.InReplyTo != "" {
		h.field("In-Reply-To", m.InReplyTo)
	}
	if refs := m.references(); len(refs) > 0 {
		h.field("References", refs...)
	}
	if m.AutoSubmitted {
		h.field("Auto-Submitted", "auto-generated")
	}
	for _, name := range sortedKeys(m.Custom) {
		h.field(name, textWords(m.Custom[name])...)
	}
	h.field("MIME-Version", "1.0")
	m.content().write(&h)
	return []byte(h.String()), nil
}

func (m Message) references() []string {
	if len(m.References) == 0 && m.InReplyTo != "" {
		return []string{m.InReplyTo}
	}
	return m.References
}

// content arranges the parts: the text alone, text and HTML as alternatives, and either with files beside it.
func (m Message) content() part {
	body := textPart("text/plain", m.Text)
	if m.HTML != "" {
		body = part{kind: "multipart/alternative", boundary: boundary(m.MessageID, "alternative"),
			parts: []part{body, textPart("text/html", m.HTML)}}
	}
	if len(m.Attachments) == 0 {
		return body
	}
	mixed := part{kind: "multipart/mixed", boundary: boundary(m.MessageID, "mixed"), parts: []part{body}}
	for _, a := range m.Attachments {
		mixed.parts = append(mixed.parts, filePart(a))
	}
	return mixed
}

func (m Message) check() error {
	incomplete := func(why string) error {
		return &Error{Kind: KindBadMessage, Message: "The message cannot be made: " + why + ".", Hint: "Complete the message and try again."}
	}
	if len(m.To)+len(m.CC) == 0 {
		return incomplete("it has no recipient")
	}
	for _, list := range [][]Address{{m.From}, m.To, m.CC} {
		for _, a := range list {
			if err := CheckAddress(a.Email); err != nil {
				return err
			}
		}
	}
	if m.Date.IsZero() {
		return incomplete("it has no date")
	}
	ids := append([]string{m.MessageID}, m.References...)
	if m.InReplyTo != "" {
		ids = append(ids, m.InReplyTo)
	}
	for _, id := range ids {
		if !isMessageID(id) {
			return incomplete(fmt.Sprintf("%q is not a message id", clip(oneLine(id), 80)))
		}
	}
	for name := range m.Custom {
		if !isCustomHeader(name) {
			return incomplete(fmt.Sprintf("%q is not a header name of its own", clip(oneLine(name), 80)))
		}
	}
	if strings.TrimSpace(m.Text) == "" {
		return incomplete("it has no text")
	}
	return nil
}

// isMessageID accepts <left@right> of visible ASCII, which is what servers write into Message-ID fields.
func isMessageID(id string) bool {
	if len(id) < 5 || len(id) > 900 || id[0] != '<' || id[len(id)-1] != '>' {
		return false
	}
	inner := id[1 : len(id)-1]
	for i := 0; i < len(inner); i++ {
		if c := inner[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' {
			return false
		}
	}
	at := strings.IndexByte(inner, '@')
	return at > 0 && at < len(inner)-1
}

func isCustomHeader(name string) bool {
	if len(name) < 3 || len(name) > 60 || name[:2] != "X-" {
		return false
	}
	for i := 2; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// boundary derives a separator from the message's id. "=_" cannot appear in quoted-printable or base64,
// so no content can hold it.
func boundary(messageID, level string) string {
	sum := sha256.Sum256([]byte(level + messageID))
	return "=_" + hex.EncodeToString(sum[:12])
}

// part is a node of the MIME tree: a leaf with a body or a multipart with parts.
type part struct {
	kind     string
	extra    [][]string // header fields beside Content-Type: name and words
	params   []string
	body     string
	boundary string
	parts    []part
}

func (p part) write(h *headers) {
	if p.boundary != "" {
		h.field("Content-Type", p.kind+";", `boundary="`+p.boundary+`"`)
		h.WriteString("\r\n")
		for _, child := range p.parts {
			h.WriteString("--" + p.boundary + "\r\n")
			child.write(h)
		}
		h.WriteString("--" + p.boundary + "--\r\n")
		return
	}
	h.field("Content-Type", append([]string{p.kind + semicolon(p.params)}, p.params...)...)
	for _, f := range p.extra {
		h.field(f[0], f[1:]...)
	}
	h.WriteString("\r\n" + p.body + "\r\n")
}

func semicolon(params []string) string {
	if len(params) == 0 {
		return ""
	}
	return ";"
}

func textPart(kind, text string) part {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b) // writing to a Builder cannot fail
	_, _ = w.Write([]byte(strings.ReplaceAll(manyLines(text), "\n", "\r\n")))
	_ = w.Close()
	return part{kind: kind, params: []string{"charset=utf-8"}, body: b.String(),
		extra: [][]string{{"Content-Transfer-Encoding", "quoted-printable"}}}
}

func filePart(a Attachment) part {
	kind, _, err := mime.ParseMediaType(a.ContentType)
	if err != nil || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") || !strings.Contains(kind, "/") {
		kind = "application/octet-stream"
	}
	name := fileName(a.Name)
	plain, params := asciiName(name), []string(nil)
	disposition := []string{"Content-Disposition", "attachment;", `filename="` + plain + `"`}
	if plain == name {
		params = []string{`name="` + plain + `"`}
	} else {
		params = []string{`name="` + encodedWord(name) + `"`}
		disposition[2] += ";"
		disposition = append(disposition, "filename*=UTF-8''"+percent(name))
	}
	return part{kind: kind, params: params, body: base64Lines(a.Data),
		extra: [][]string{disposition, {"Content-Transfer-Encoding", "base64"}}}
}

const maxFileName = 80 // bytes; keeps the percent-encoded form within a line

// fileName makes a name that any system can save: no folders, no control characters, not too long.
func fileName(s string) string {
	s = oneLine(strings.NewReplacer("/", "-", `\`, "-", ":", "-").Replace(s))
	s = strings.TrimLeft(s, ".")
	if s == "" {
		return "attachment"
	}
	if len(s) <= maxFileName {
		return s
	}
	ext := ""
	if dot := strings.LastIndexByte(s, '.'); dot >= 0 && len(s)-dot <= 8 {
		s, ext = s[:dot], s[dot:]
	}
	n := maxFileName - len(ext)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ext
}

func asciiName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\;=?%*'`, r) {
			return '_'
		}
		return r
	}, s)
}

// percent encodes a parameter value by RFC 8187.
func percent(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}

func base64Lines(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > foldAt {
		b.WriteString(s[:foldAt] + "\r\n")
		s = s[foldAt:]
	}
	b.WriteString(s)
	return b.String()
}
