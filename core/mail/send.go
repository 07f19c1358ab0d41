package mail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// State is what became of a message (R6.4, R6.5).
type State string

// The states. Everything that leaves room for doubt is Uncertain.
const (
	Accepted  State = "accepted"  // the server took it, at least for some recipients
	Temporary State = "temporary" // not taken, and cannot have been: try again with the same Message-ID
	Permanent State = "permanent" // refused for good (5xx)
	Uncertain State = "uncertain" // its end may have reached the server and no reply was read: never send it again
)

// Outcome is the result of sending one message.
type Outcome struct {
	State    State
	Code     int    // the deciding reply, 0 when there was none
	Enhanced string // "5.1.1", "" when not given
	Text     string // the server's words, on one line, cleaned
	Refused  []RefusedRecipient
	Broken   bool  // the session is finished: close it and dial anew
	Err      error // an *Error for the owner when State is not Accepted
}

// RefusedRecipient is a recipient that the server did not take; the others of an accepted message got it.
type RefusedRecipient struct {
	Address string
	Reply
}

// settle is how long the server is watched before the end of a message is sent. A server that has hung up
// by then cannot have taken the message, which saves it from being uncertain.
const settle = 25 * time.Millisecond

// Send hands one message to the server. from and to are the envelope, bare addresses; raw is the message
// with any line ends. ctx ends it at any point; after the end of the message is out, the reply is still
// waited for during Timeouts.Grace. It never returns without an Outcome, and an Outcome other than
// Uncertain is certain.
func (s *Session) Send(ctx context.Context, from string, to []string, raw []byte) Outcome {
	if err := checkEnvelope(from, to, raw); err != nil {
		return Outcome{State: Permanent, Err: err}
	}
	if s.broken || ctx.Err() != nil {
		out := s.cutOff(ctx, io.EOF)
		out.Broken = s.broken
		return out
	}
	s.guard.begin()
	stop := context.AfterFunc(ctx, func() { s.guard.cancel(s.options.Timeouts.Grace) })
	out := s.transaction(ctx, from, to, raw)
	if !stop() {
		out.Broken = true // the deadlines have been cut short for good
	}
	if out.Broken {
		s.broken = true
		_ = s.guard.Close()
	}
	s.options.Logger.Info("message handed over", "host", s.server.Host, "state", string(out.State), "code", out.Code,
		"recipients", len(to), "refused", len(out.Refused), "error", out.Err)
	return out
}

func checkEnvelope(from string, to []string, raw []byte) error {
	if len(to) == 0 || len(bytes.TrimSpace(raw)) == 0 {
		return &Error{Kind: KindBadMessage, Message: "The message has no recipient or no content.", Hint: "Complete the message and try again."}
	}
	for _, email := range append([]string{from}, to...) {
		if err := CheckAddress(email); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) transaction(ctx context.Context, from string, to []string, raw []byte) Outcome {
	if err := s.reset(); err != nil {
		return s.cutOff(ctx, err)
	}
	if err := unlessDone(s.client.Mail(from, &smtp.MailOptions{Size: int64(len(raw))})); err != nil {
		return s.failed(ctx, err)
	}
	var refused []RefusedRecipient
	for _, email := range to {
		err := unlessDone(s.client.Rcpt(email, nil))
		if err == nil {
			continue
		}
		r, isReply := replyOf(err)
		if !isReply || r.Code == 421 || r.Code < 400 {
			out := s.failed(ctx, err)
			out.Refused = refused
			return out
		}
		refused = append(refused, RefusedRecipient{email, r})
	}
	if len(refused) == len(to) {
		return s.allRefused(refused)
	}
	data, err := s.client.Data()
	if err != nil {
		out := s.failed(ctx, err)
		out.Refused = refused
		return out
	}
	out := s.deliver(ctx, data, raw)
	out.Refused = refused
	return out
}

// reset clears what an earlier message left behind. A failure here says nothing about the next message.
func (s *Session) reset() error {
	if !s.used {
		s.used = true
		return nil
	}
	if err := s.client.Reset(); err != nil {
		return err
	}
	return s.client.Hello(s.options.Hello) // the client asks for it anew after a reset
}

// unlessDone drops the error of a reply that means success with another code than the client expects.
func unlessDone(err error) error {
	if r, ok := replyOf(err); ok && r.Code/100 == 2 {
		return nil
	}
	return err
}

// deliver sends the content. Up to the commit nothing can have been accepted; after it only a reply can
// tell.
func (s *Session) deliver(ctx context.Context, data *smtp.DataCommand, raw []byte) Outcome {
	if err := s.writeBody(raw); err != nil {
		_ = s.wire.silent(settle) // it may have said why before it hung up
		return s.interrupted(ctx, err)
	}
	if err := s.wire.silent(settle); err != nil {
		return s.interrupted(ctx, err)
	}
	_ = s.guard.SetDeadline(time.Now().Add(s.options.Timeouts.Command))
	if !s.guard.commit() {
		return s.interrupted(ctx, context.Canceled)
	}
	response, err := data.CloseWithResponse() // writes CRLF . CRLF, the end of the message, and reads the reply
	if err == nil {
		return taken(withEnhanced(250, response.StatusText))
	}
	r, ok := replyOf(err)
	switch {
	case ok && r.Code/100 == 2:
		return taken(r)
	case ok && r.Code >= 400:
		return s.failed(ctx, err)
	}
	return Outcome{State: Uncertain, Broken: true, Code: r.Code, Enhanced: r.Enhanced, Text: r.Text, Err: &Error{Kind: KindUncertain, Code: r.Code, cause: err,
		Message: fmt.Sprintf("The connection to %s was lost after the message and before the answer, so it may or may not have arrived.", s.server.Host),
		Hint:    "Look for it in the Sent folder, or ask the customer, and say whether it arrived."}}
}

func taken(r Reply) Outcome {
	return Outcome{State: Accepted, Code: r.Code, Enhanced: r.Enhanced, Text: clip(r.Text, maxText)}
}

// writeBody writes everything but the last line end and the dot.
func (s *Session) writeBody(raw []byte) error {
	const chunk = 32 << 10
	body := dotStuffed(raw)
	for len(body) > 0 {
		n := min(chunk, len(body))
		if err := s.guard.SetWriteDeadline(time.Now().Add(s.options.Timeouts.Command)); err != nil {
			return err
		}
		if _, err := s.wire.Write(body[:n]); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

// dotStuffed brings a message into the form of the DATA command (RFC 5321 4.5.2): \r\n as the only line end,
// so that nothing within can be taken for the end, leading dots doubled, no line end after the last line.
func dotStuffed(raw []byte) []byte {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(raw))
	text = strings.TrimSuffix(text, "\n")
	text = strings.ReplaceAll(text, "\n.", "\n..")
	if strings.HasPrefix(text, ".") {
		text = "." + text
	}
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

// interrupted is the outcome of a message whose end was not sent. A refusal that the server gave before it
// hung up counts as its answer.
func (s *Session) interrupted(ctx context.Context, err error) Outcome {
	if ctx.Err() == nil {
		if r, ok := parseReply(s.wire.said()); ok {
			out := s.failed(ctx, r)
			out.Broken = true
			return out
		}
	}
	return s.cutOff(ctx, err)
}

func parseReply(line []byte) (Reply, bool) {
	if len(line) < 3 {
		return Reply{}, false
	}
	code := 0
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return Reply{}, false
		}
		code = code*10 + int(c-'0')
	}
	return withEnhanced(code, strings.TrimLeft(string(line[3:]), "- ")), code >= 400 && code <= 599
}

// failed is the outcome of an error before the end of the message, or of a refusal after it.
func (s *Session) failed(ctx context.Context, err error) Outcome {
	r, ok := replyOf(err)
	if !ok || r.Code < 400 {
		return s.cutOff(ctx, err)
	}
	out := Outcome{State: Permanent, Code: r.Code, Enhanced: r.Enhanced, Text: r.Text, Broken: r.Code == 421, Err: s.refusal(r)}
	if r.Code < 500 {
		out.State = Temporary
	}
	return out
}

// cutOff is the outcome when the connection failed at a point where nothing can have been accepted.
func (s *Session) cutOff(ctx context.Context, err error) Outcome {
	out := Outcome{State: Temporary, Broken: true, Err: s.server.lineError(ctx, err)}
	if r, ok := replyOf(err); ok {
		out.Code, out.Enhanced, out.Text = r.Code, r.Enhanced, r.Text
	}
	return out
}

// allRefused is permanent only when every single refusal is.
func (s *Session) allRefused(refused []RefusedRecipient) Outcome {
	decides := refused[0].Reply
	for _, r := range refused {
		if r.Code < 500 {
			decides = r.Reply
			break
		}
	}
	out := s.failed(context.Background(), decides)
	out.Refused = refused
	return out
}

// refusal explains a reply that refused a message.
func (s *Session) refusal(r Reply) *Error {
	e := &Error{Code: r.Code, cause: r}
	switch {
	case r.Code < 500:
		e.Kind, e.Message = KindLater, fmt.Sprintf("%s did not take the message for now%s.", s.server.Host, r.quoted())
		e.Hint = "It is tried again by itself."
	case r.Code == 530 && strings.Contains(strings.ToUpper(r.Text), "TLS"), r.Code == 538:
		e.Kind, e.Message = KindDemandsTLS, fmt.Sprintf("%s takes mail only over an encrypted connection%s.", s.server.Host, r.quoted())
		e.Hint = "Choose tls or starttls for this mailbox."
	case r.Code == 530, r.Code == 535, r.Enhanced == "5.7.0" && s.server.User == "":
		e.Kind, e.Message = KindNeedsSignIn, fmt.Sprintf("%s wants a sign-in first%s.", s.server.Host, r.quoted())
		e.Hint = "Give the mailbox a user name and a password."
	default:
		e.Kind, e.Message = KindRefused, fmt.Sprintf("%s refused the message%s.", s.server.Host, r.quoted())
		e.Hint = "Check the addresses and what the server says."
	}
	return e
}
