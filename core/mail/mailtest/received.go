package mailtest

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message/mail"
)

// Received is a message that the server took.
type Received struct {
	From string   // envelope
	To   []string // envelope
	User string   // who was signed in
	TLS  bool     // whether it came encrypted
	Raw  []byte   // with \r\n line ends, dots restored
}

// Parsed is a message taken apart by another library than the one that made it.
type Parsed struct {
	Header      mail.Header
	Subject     string // decoded
	Text, HTML  string // decoded, \n between lines
	Attachments []Attachment
}

// Attachment is a file found in a message.
type Attachment struct {
	Name string
	Type string
	Data []byte
}

// Parse takes the message apart.
func (r Received) Parse() (Parsed, error) { return Parse(r.Raw) }

// Parse takes a message apart.
func Parse(raw []byte) (Parsed, error) {
	var p Parsed
	reader, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return p, err
	}
	p.Header = reader.Header
	if p.Subject, err = reader.Header.Subject(); err != nil {
		return p, err
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		if err := p.add(part); err != nil {
			return p, err
		}
	}
}

func (p *Parsed) add(part *mail.Part) error {
	data, err := io.ReadAll(part.Body)
	if err != nil {
		return err
	}
	switch h := part.Header.(type) {
	case *mail.AttachmentHeader:
		name, err := h.Filename()
		if err != nil {
			return err
		}
		kind, _, err := h.ContentType()
		p.Attachments = append(p.Attachments, Attachment{name, kind, data})
		return err
	case *mail.InlineHeader:
		kind, _, err := h.ContentType()
		text := strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
		if kind == "text/html" {
			p.HTML = text
		} else {
			p.Text = text
		}
		return err
	}
	return nil
}
