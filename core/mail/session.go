package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Timeouts bound every wait. A zero field takes its default.
type Timeouts struct {
	Connect time.Duration // TCP and TLS; 30 s
	Command time.Duration // one command and its reply; 2 min
	Submit  time.Duration // the reply to the end of a message; 10 min as in RFC 5321 4.5.3.2, since giving up makes it uncertain
	Grace   time.Duration // that same reply after a cancel; 5 s
}

// Options are the terms of a connection.
type Options struct {
	Timeouts Timeouts
	Hello    string       // the name given in EHLO; "" gives [127.0.0.1], which tells nothing
	Logger   *slog.Logger // nil for none; never hears a password or a message
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Timeouts.Connect, 30*time.Second)
	set(&o.Timeouts.Command, 2*time.Minute)
	set(&o.Timeouts.Submit, 10*time.Minute)
	set(&o.Timeouts.Grace, 5*time.Second)
	if o.Hello == "" {
		o.Hello = "[127.0.0.1]"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Session is a signed-in connection to a mail server, for one message after another. It is for one
// goroutine at a time.
type Session struct {
	server  Server
	options Options
	guard   *guard
	wire    *wire
	client  *smtp.Client
	used    bool // a message has been tried, so the next one begins with RSET
	broken  bool
}

// Dial connects, secures the connection, introduces itself and signs in. ctx ends it at any point. Every
// error is an *Error.
func Dial(ctx context.Context, server Server, password string, o Options) (*Session, error) {
	o = o.withDefaults()
	if err := server.Check(); err != nil {
		return nil, err
	}
	if server.User != "" && password == "" {
		return nil, &Error{Kind: KindNoPassword, Message: fmt.Sprintf("There is no password for %s.", server.User), Hint: "Give the password of the mailbox."}
	}
	config, err := server.tlsConfig()
	if err != nil {
		return nil, err
	}
	g, err := connect(ctx, server, o)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { g.cancel(0) })
	s := &Session{server: server, options: o, guard: g}
	err = s.open(ctx, config, password)
	if !stop() && err == nil {
		err = server.lineError(ctx, ctx.Err())
	}
	if err != nil {
		_ = g.Close()
		o.Logger.Info("mail server not usable", "host", server.Host, "port", server.Port, "error", err)
		return nil, err
	}
	return s, nil
}

// Verify signs in and says goodbye: whether messages could be sent, without sending one.
func Verify(ctx context.Context, server Server, password string, o Options) error {
	s, err := Dial(ctx, server, password, o)
	if err != nil {
		return err
	}
	return s.Close()
}

func connect(ctx context.Context, server Server, o Options) (*guard, error) {
	dialer := net.Dialer{Timeout: o.Timeouts.Connect}
	conn, err := dialer.DialContext(ctx, "tcp", server.addr())
	if err != nil {
		return nil, server.lineError(ctx, err)
	}
	if addr, ok := conn.RemoteAddr().(*net.TCPAddr); server.Security == None && !(ok && addr.IP.IsLoopback()) {
		_ = conn.Close()
		return nil, notLoopback()
	}
	return &guard{Conn: conn}, nil
}

// open takes a fresh connection to the point where messages can be sent.
func (s *Session) open(ctx context.Context, config *tls.Config, password string) error {
	if err := s.secure(ctx, config); err != nil {
		return err
	}
	s.client = smtp.NewClient(s.wire)
	s.client.CommandTimeout = s.options.Timeouts.Command
	s.client.SubmissionTimeout = s.options.Timeouts.Submit
	if err := s.client.Hello(s.options.Hello); err != nil {
		return s.server.openError(ctx, err)
	}
	return s.signIn(ctx, password)
}

func (s *Session) secure(ctx context.Context, config *tls.Config) error {
	switch s.server.Security {
	case TLS:
		conn := tls.Client(s.guard, config)
		s.wire = &wire{Conn: conn}
		return s.handshake(ctx, conn)
	case STARTTLS:
		if err := s.startTLS(ctx); err != nil {
			return err
		}
		conn := tls.Client(s.guard, config)
		// The server greets once, and that was before TLS; the client behind it expects a greeting.
		s.wire = &wire{Conn: conn, pending: []byte("220 secured\r\n")}
		return s.handshake(ctx, conn)
	}
	s.wire = &wire{Conn: s.guard}
	return nil
}

func (s *Session) handshake(ctx context.Context, conn *tls.Conn) error {
	_ = s.guard.SetDeadline(time.Now().Add(s.options.Timeouts.Connect))
	if err := conn.Handshake(); err != nil {
		return s.server.lineError(ctx, err)
	}
	_ = s.guard.SetDeadline(time.Time{})
	return nil
}

// startTLS brings a clear connection to the point where TLS begins. It is done here and not by the SMTP
// client so that everything said in clear is forgotten: neither capabilities nor replies slipped in before
// TLS can count after it. Without STARTTLS there is no going on.
func (s *Session) startTLS(ctx context.Context) error {
	_ = s.guard.SetDeadline(time.Now().Add(s.options.Timeouts.Command))
	in := textproto.NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{io.LimitReader(s.guard, 4*maxReply), s.guard, s.guard})
	if _, _, err := in.ReadResponse(220); err != nil {
		return s.server.openError(ctx, err)
	}
	text, err := ask(in, 250, "EHLO "+s.options.Hello)
	if err != nil {
		if r, ok := replyOf(err); ok && (r.Code == 500 || r.Code == 502) {
			return s.noSTARTTLS(r)
		}
		return s.server.openError(ctx, err)
	}
	if !offersSTARTTLS(text) {
		return s.noSTARTTLS(Reply{})
	}
	if _, err := ask(in, 220, "STARTTLS"); err != nil {
		if r, ok := replyOf(err); ok {
			return s.noSTARTTLS(r)
		}
		return s.server.lineError(ctx, err)
	}
	if in.R.Buffered() > 0 {
		return &Error{Kind: KindTLS, Message: fmt.Sprintf("%s said something between clear and encrypted speech.", s.server.Host),
			Hint: "Do not use this connection; try from another network, or use tls on port 465."}
	}
	return nil
}

func (s *Session) noSTARTTLS(r Reply) *Error {
	return &Error{Kind: KindNoSTARTTLS, Code: r.Code, cause: r,
		Message: fmt.Sprintf("%s does not offer STARTTLS on port %d, so nothing was sent.", s.server.Host, s.server.Port),
		Hint:    "Use tls with the port your provider gives for it, usually 465."}
}

func ask(c *textproto.Conn, expect int, line string) (string, error) {
	if err := c.PrintfLine("%s", line); err != nil {
		return "", err
	}
	_, text, err := c.ReadResponse(expect)
	return text, err
}

func offersSTARTTLS(ehlo string) bool {
	for _, line := range strings.Split(ehlo, "\n") {
		if strings.EqualFold(strings.TrimSpace(line), "STARTTLS") {
			return true
		}
	}
	return false
}

func (s *Session) signIn(ctx context.Context, password string) error {
	log := s.options.Logger.With("host", s.server.Host, "port", s.server.Port, "security", string(s.server.Security))
	if s.server.User == "" {
		log.Debug("connected without sign-in")
		return nil
	}
	_, params := s.client.Extension("AUTH")
	if starttls, _ := s.client.Extension("STARTTLS"); params == "" && starttls && s.server.Security == None {
		return &Error{Kind: KindDemandsTLS, Message: fmt.Sprintf("%s takes a sign-in only over an encrypted connection.", s.server.Host), Hint: "Choose starttls."}
	}
	mechanism, err := s.server.signIn(password, strings.Fields(params))
	if err != nil {
		return err
	}
	if err := s.client.Auth(mechanism); err != nil {
		return s.server.authError(ctx, err, password)
	}
	log.Debug("signed in")
	return nil
}

// Close says goodbye (QUIT) and closes the connection. It always returns nil: whether the goodbye was
// answered changes nothing of what was sent.
func (s *Session) Close() error {
	defer s.guard.Close()
	if s.broken {
		return nil
	}
	s.broken = true
	s.client.CommandTimeout = min(s.options.Timeouts.Command, 5*time.Second)
	if err := s.client.Quit(); err != nil {
		s.options.Logger.Debug("goodbye not answered", "host", s.server.Host)
	}
	return nil
}
