package mailtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
)

// dialogue is one connection.
type dialogue struct {
	server *Server
	number int
	conn   net.Conn
	in     *bufio.Reader
	secure bool
	greeted,
	signedIn bool
	user    string
	begun   int // messages begun
	started bool
	from    string
	to      []string
}

// errHangUp ends a dialogue.
var errHangUp = errors.New("hang up")

const maxCommand = 16 << 10 // long enough for OAuth tokens

func (d *dialogue) run(c net.Conn) {
	d.use(c)
	if d.server.options.Mode == TLS {
		if d.upgrade() != nil {
			return
		}
	}
	greeting := d.server.options.Greeting
	if greeting == "" {
		greeting = "220 mailtest.example ESMTP ready"
	}
	if d.answer(Event{Stage: AtConnect}, greeting) != nil {
		return
	}
	for {
		line, err := d.line()
		if err != nil || d.command(line) != nil {
			return
		}
	}
}

func (d *dialogue) use(c net.Conn) {
	d.conn, d.in = c, bufio.NewReaderSize(c, maxCommand)
}

func (d *dialogue) upgrade() error {
	c := tls.Server(d.conn, d.server.tls)
	if err := c.Handshake(); err != nil {
		return err
	}
	d.use(c)
	d.secure, d.greeted, d.signedIn = true, false, false
	return nil
}

func (d *dialogue) line() (string, error) {
	b, err := d.in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func (d *dialogue) say(lines ...string) error {
	_, err := d.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n"))
	return err
}

// fate asks what happens at a point, and does what is not the usual course. done says that the point has
// been dealt with: the caller must not go on with the usual answer.
func (d *dialogue) fate(e Event) (f Fate, done bool, err error) {
	if d.server.options.Behave == nil {
		return Fate{}, false, nil
	}
	e.Connection, e.Message, e.From = d.number, d.begun, d.from
	if e.User == "" {
		e.User = d.user
	}
	f = d.server.options.Behave(e)
	d.server.pause(f.Wait)
	switch {
	case f.Reply != "":
		err, done = d.say(f.Reply), true
	case f.Code != 0:
		err, done = d.say(replyLines(f.Code, f.Text)...), true
	}
	if f.Drop {
		return f, true, errHangUp
	}
	return f, done, err
}

func replyLines(code int, text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		lines[i] = fmt.Sprintf("%d%s%s", code, sep, l)
	}
	return lines
}

// answer gives the usual answer unless fate has another.
func (d *dialogue) answer(e Event, usual ...string) error {
	_, done, err := d.fate(e)
	if done || err != nil {
		return err
	}
	return d.say(usual...)
}

func (d *dialogue) command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	d.record(verb, line)
	switch verb {
	case "EHLO", "HELO":
		d.greeted = true
		d.clear()
		return d.answer(Event{Stage: AtHello}, d.capabilities(verb)...)
	case "STARTTLS":
		return d.startTLS()
	case "AUTH":
		return d.auth(rest)
	case "MAIL":
		return d.mail(rest)
	case "RCPT":
		return d.rcpt(rest)
	case "DATA":
		return d.data()
	case "RSET":
		d.clear()
		return d.answer(Event{Stage: AtReset}, "250 2.0.0 forgotten")
	case "NOOP":
		return d.say("250 2.0.0 nothing done")
	case "QUIT":
		if err := d.answer(Event{Stage: AtQuit}, "221 2.0.0 goodbye"); err != nil {
			return err
		}
		return errHangUp
	}
	return d.say("500 5.5.2 not understood")
}

func (d *dialogue) record(verb, line string) {
	if verb == "AUTH" {
		line = strings.Join(strings.Fields(line)[:min(2, len(strings.Fields(line)))], " ")
	}
	if d.secure {
		line = "tls " + line
	}
	d.server.note(line)
}

func (d *dialogue) clear() { d.started, d.from, d.to = false, "", nil }

func (d *dialogue) capabilities(verb string) []string {
	if verb == "HELO" {
		return []string{"250 mailtest.example"}
	}
	o := d.server.options
	lines := []string{"mailtest.example", "8BITMIME", "ENHANCEDSTATUSCODES", fmt.Sprintf("SIZE %d", o.MaxSize)}
	if o.Mode == STARTTLS && !d.secure && !o.HideSTARTTLS {
		lines = append(lines, "STARTTLS")
	}
	if len(o.Users) > 0 && d.maySignIn() {
		lines = append(lines, "AUTH "+strings.Join(o.Mechanisms, " "))
	}
	return replyLines(250, strings.Join(lines, "\n"))
}

func (d *dialogue) maySignIn() bool {
	return d.secure || d.server.options.Mode == Clear || d.server.options.Mode == "" || d.server.options.ClearSignIn
}

func (d *dialogue) startTLS() error {
	if d.server.options.Mode != STARTTLS || d.server.options.HideSTARTTLS || d.secure {
		return d.say("502 5.5.1 not here")
	}
	if err := d.say("220 2.0.0 go on"); err != nil {
		return err
	}
	return d.upgrade()
}

func (d *dialogue) mail(rest string) error {
	from, params, ok := path(rest, "FROM:")
	switch {
	case !d.greeted:
		return d.say("503 5.5.1 say hello first")
	case len(d.server.options.Users) > 0 && !d.signedIn:
		if d.server.options.Mode == STARTTLS && !d.secure {
			return d.say("530 5.7.0 Must issue a STARTTLS command first")
		}
		return d.say("530 5.7.0 Authentication required")
	case !ok:
		return d.say("501 5.5.4 MAIL FROM:<address>")
	case d.started:
		return d.say("503 5.5.1 one message at a time")
	case sizeOf(params) > d.server.options.MaxSize:
		return d.say("552 5.3.4 message too big")
	}
	d.begun++
	d.from = from
	_, done, err := d.fate(Event{Stage: AtMail})
	if done || err != nil {
		return err
	}
	d.started = true
	return d.say("250 2.1.0 sender ok")
}

func (d *dialogue) rcpt(rest string) error {
	to, _, ok := path(rest, "TO:")
	switch {
	case !d.started:
		return d.say("503 5.5.1 MAIL first")
	case !ok || to == "":
		return d.say("501 5.5.4 RCPT TO:<address>")
	}
	_, done, err := d.fate(Event{Stage: AtRcpt, To: to})
	if done || err != nil {
		return err
	}
	d.to = append(d.to, to)
	return d.say("250 2.1.5 recipient ok")
}

func (d *dialogue) data() error {
	if len(d.to) == 0 {
		return d.say("503 5.5.1 RCPT first")
	}
	if _, done, err := d.fate(Event{Stage: AtData}); done || err != nil {
		return err
	}
	if err := d.say("354 end with a dot"); err != nil {
		return err
	}
	if _, _, err := d.fate(Event{Stage: AtContent}); err != nil {
		return err
	}
	raw, err := d.content()
	if err != nil {
		return err
	}
	return d.end(Received{From: d.from, To: d.to, User: d.user, TLS: d.secure, Raw: raw})
}

// end decides over a message that has come whole.
func (d *dialogue) end(r Received) error {
	if len(r.Raw) > d.server.options.MaxSize {
		d.clear()
		return d.say("552 5.3.4 message too big")
	}
	f, done, err := d.fate(Event{Stage: AtEnd})
	refused := done && (f.Code/100 != 2 || f.Drop)
	if !refused || f.Keep {
		d.server.keep(r)
	}
	d.clear()
	if done || err != nil {
		return err
	}
	return d.say("250 2.0.0 taken")
}

// content reads up to the final dot. A bare line end is refused by hanging up: a sender that lets one
// through could be made to say where its message ends.
func (d *dialogue) content() ([]byte, error) {
	var raw bytes.Buffer
	asked := false
	for {
		line, err := d.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if !bytes.HasSuffix(line, []byte("\r\n")) || bytes.IndexByte(line, '\r') < len(line)-2 {
			_ = d.say("554 5.6.0 bare line end")
			return nil, errHangUp
		}
		if string(line) == ".\r\n" {
			return raw.Bytes(), nil
		}
		raw.Write(bytes.TrimPrefix(line, []byte(".")))
		if asked {
			continue
		}
		asked = true
		if _, _, err := d.fate(Event{Stage: AtLine}); err != nil {
			return nil, err
		}
	}
}

// path reads "FROM:<a@b> SIZE=1" with the given prefix.
func path(s, prefix string) (address, params string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", "", false
	}
	s = strings.TrimSpace(s[len(prefix):])
	end := strings.IndexByte(s, '>')
	if !strings.HasPrefix(s, "<") || end < 0 {
		return "", "", false
	}
	return s[1:end], s[end+1:], true
}

func sizeOf(params string) int {
	n := 0
	for _, p := range strings.Fields(params) {
		if len(p) > 5 && strings.EqualFold(p[:5], "SIZE=") {
			_, _ = fmt.Sscan(p[5:], &n)
		}
	}
	return n
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
