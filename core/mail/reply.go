package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"syscall"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Reply is what a server answered to a command.
type Reply struct {
	Code     int
	Enhanced string // "5.1.1" (RFC 3463), "" when not given
	Text     string // one line, without control characters
}

// Error returns the reply as the server put it.
func (r Reply) Error() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, r.Text)), " ")
}

const maxText = 300 // runes of a server's words that are kept

// replyOf finds the server's reply in an error of the SMTP client. Codes outside 200 to 599 are no replies.
func replyOf(err error) (Reply, bool) {
	r, ok := wholeReply(err)
	r.Text = clip(r.Text, maxText)
	return r, ok
}

// wholeReply is replyOf with the server's words at full length.
func wholeReply(err error) (Reply, bool) {
	var known Reply
	if errors.As(err, &known) {
		return known, true
	}
	var se *smtp.SMTPError
	var te *textproto.Error
	var r Reply
	switch {
	case errors.As(err, &se):
		r = Reply{Code: se.Code, Text: se.Message}
		if se.EnhancedCode[0] > 0 {
			r.Enhanced = fmt.Sprintf("%d.%d.%d", se.EnhancedCode[0], se.EnhancedCode[1], se.EnhancedCode[2])
		}
	case errors.As(err, &te):
		r = withEnhanced(te.Code, te.Msg)
	default:
		return Reply{}, false
	}
	r.Text = oneLine(r.Text)
	return r, r.Code >= 200 && r.Code <= 599
}

// withEnhanced splits the enhanced code off a reply's text.
func withEnhanced(code int, text string) Reply {
	r := Reply{Code: code, Text: oneLine(text)}
	first, rest, _ := strings.Cut(r.Text, " ")
	if parts := strings.Split(first, "."); len(parts) == 3 && len(first) <= 9 && strings.Trim(first, "0123456789.") == "" &&
		parts[0] == fmt.Sprint(code/100) && parts[1] != "" && parts[2] != "" {
		r.Enhanced, r.Text = first, rest
	}
	return r
}

// quoted gives the server's words for a sentence, or nothing.
func (r Reply) quoted() string {
	if r.Text == "" {
		return fmt.Sprintf(" (%d)", r.Code)
	}
	return fmt.Sprintf(" (%d: %s)", r.Code, strings.TrimRight(r.Text, "."))
}

// lineError explains a failure of the connection itself: no reply of the server in it.
func (s Server) lineError(ctx context.Context, err error) *Error {
	e := &Error{cause: err}
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Kind, e.Message, e.Hint = KindCancelled, "The connection was stopped before it was finished.", "Try again when you are ready."
		e.cause = ctx.Err()
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Kind, e.Message, e.Hint = KindNoHost, fmt.Sprintf("There is no mail server called %s.", s.Host), "Check the spelling of the server's name."
	case isTimeout(err) || ctx.Err() != nil:
		e.Kind, e.Message = KindTimeout, fmt.Sprintf("%s did not answer in time on port %d.", s.Host, s.Port)
		e.Hint = "Try again; if it stays so, check the port and whether the security is tls (usually 465) or starttls (usually 587)."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Kind, e.Message = KindNoListener, fmt.Sprintf("%s takes no connections on port %d.", s.Host, s.Port)
		e.Hint = "Check the port: 465 is usual for tls, 587 for starttls."
	case errors.As(err, &unknown):
		e.Kind, e.Message = KindTLSUnknown, fmt.Sprintf("The certificate of %s comes from an authority that this computer does not know.", s.Host)
		e.Hint = "If it is your own server, name the file of its authority with --ca-file; else do not connect."
	case errors.As(err, &name):
		e.Kind, e.Message = KindTLSName, fmt.Sprintf("The certificate that %s shows was made for another name.", s.Host)
		e.Hint = "Use the server name that your provider gives; the certificate has to name it."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Kind, e.Message = KindTLSExpired, fmt.Sprintf("The certificate of %s is out of date.", s.Host)
		e.Hint = "Check the date of this computer; if it is right, tell your provider."
	case errors.As(err, &record):
		e.Kind, e.Message = KindTLS, fmt.Sprintf("%s does not speak TLS on port %d from the start.", s.Host, s.Port)
		e.Hint = "Choose starttls for this port, or the port for tls (usually 465)."
	case errors.As(err, &verify), errors.As(err, &invalid), strings.Contains(err.Error(), "tls: "):
		e.Kind, e.Message = KindTLS, fmt.Sprintf("No safe connection to %s could be agreed.", s.Host)
		e.Hint = "The server has to support TLS 1.2 or newer with a valid certificate; ask your provider."
	case isProtocol(err):
		e.Kind, e.Message = KindProtocol, fmt.Sprintf("%s does not answer on port %d as a mail server does.", s.Host, s.Port)
		e.Hint = "Check the server's name and the port."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		e.Kind, e.Message = KindLost, fmt.Sprintf("%s ended the connection.", s.Host)
		e.Hint = "Try again; if it stays so, check the port and the security setting."
	default:
		e.Kind, e.Message = KindUnreachable, fmt.Sprintf("%s cannot be reached.", s.Host)
		e.Hint = "Check that this computer is online, then try again."
	}
	return e
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

func isProtocol(err error) bool {
	var pe textproto.ProtocolError
	_, reply := replyOf(err) // one that does not belong where it came
	return reply || errors.As(err, &pe) || errors.Is(err, smtp.ErrTooLongLine) || errors.Is(err, errEarly)
}

// openError explains why a connection could not be opened: a reply to the greeting or to EHLO, or the line.
func (s Server) openError(ctx context.Context, err error) *Error {
	r, ok := replyOf(err)
	if !ok {
		return s.lineError(ctx, err)
	}
	return &Error{Kind: KindGreeting, Code: r.Code, cause: r,
		Message: fmt.Sprintf("%s does not take mail at the moment%s.", s.Host, r.quoted()),
		Hint:    "Try again later; if it stays so, ask your provider."}
}

// authError explains a failed sign-in.
func (s Server) authError(ctx context.Context, err error, password string) *Error {
	r, isReply := wholeReply(err)
	var bearer *sasl.OAuthBearerError
	if errors.As(err, &bearer) {
		r, isReply = Reply{Code: 535, Text: oneLine(bearer.Status)}, true
	}
	if !isReply {
		if isLine(err) || ctx.Err() != nil {
			return s.lineError(ctx, err)
		}
		r = Reply{Code: 535} // the exchange broke down: what was said instead may be anything
	}
	r.Text = clip(scrub(r.Text, s.User, password), maxText)
	e := &Error{Code: r.Code, cause: r}
	switch {
	case r.Code == 538 || r.Code == 523:
		e.Kind, e.Message = KindDemandsTLS, fmt.Sprintf("%s takes a sign-in only over an encrypted connection.", s.Host)
		e.Hint = "Choose tls or starttls."
	case r.Code/100 == 4:
		e.Kind, e.Message = KindSignInLater, fmt.Sprintf("%s cannot check the sign-in at the moment%s.", s.Host, r.quoted())
		e.Hint = "Try again in a few minutes."
	case s.Auth != AuthPassword:
		e.Kind, e.Message = KindSignIn, fmt.Sprintf("%s refused the sign-in of %s%s.", s.Host, s.User, r.quoted())
		e.Hint = "Sign in to the provider again to renew the permission."
	default:
		e.Kind, e.Message = KindSignIn, fmt.Sprintf("%s refused the user name or password of %s%s.", s.Host, s.User, r.quoted())
		e.Hint = "Check both. Many providers want an app password here, made in the settings of the mail account, instead of the usual one."
	}
	return e
}

// isLine reports whether an error comes from the connection rather than from what was said on it.
func isLine(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || isProtocol(err)
}

// scrub takes the password out of a server's words, plain or in a form in which it was sent, and every
// long run that may be a credential in a form not thought of.
func scrub(text, user, password string) string {
	const gone = "…"
	for _, sent := range []string{"\x00" + user + "\x00" + password, password} {
		text = strings.ReplaceAll(text, base64.StdEncoding.EncodeToString([]byte(sent)), gone)
	}
	if password != "" {
		text = strings.ReplaceAll(text, password, gone)
	}
	words := strings.Fields(text)
	for i, w := range words {
		if len(w) >= 40 && !strings.Contains(w, "://") {
			words[i] = gone
		}
	}
	return strings.Join(words, " ")
}
