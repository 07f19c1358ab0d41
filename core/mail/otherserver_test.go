package mail_test

import (
	"io"
	"net"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"dunlin/core/mail"
)

// backend is a second opinion on the dialogue: another server than mailtest.
type backend struct{ got chan string }

func (b backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &backendSession{b, false}, nil }

type backendSession struct {
	backend
	signedIn bool
}

func (s *backendSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *backendSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, secret string) error {
		if name != user || secret != password {
			return smtp.ErrAuthFailed
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *backendSession) Mail(string, *smtp.MailOptions) error {
	if !s.signedIn {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *backendSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == "gone@b.example" {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	return nil
}

func (s *backendSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.got <- string(b)
	return err
}

func (s *backendSession) Reset()        {}
func (s *backendSession) Logout() error { return nil }

func TestAgainstAnotherServer(t *testing.T) {
	got := make(chan string, 2)
	s := smtp.NewServer(backend{got})
	s.AllowInsecureAuth = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	defer func() { _ = s.Close(); <-served }()
	server := mail.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.None, User: user}
	if err := mail.Verify(t.Context(), server, "wrong", quick()); kindOf(err) != mail.KindSignIn {
		t.Errorf("%v", err)
	}
	session, err := mail.Dial(t.Context(), server, password, quick())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, c := range []struct {
		to    string
		state mail.State
	}{{"a@b.example", mail.Accepted}, {"gone@b.example", mail.Permanent}, {"a@b.example", mail.Accepted}} {
		if out := session.Send(t.Context(), user, []string{c.to}, raw); out.State != c.state || out.Broken {
			t.Fatalf("%s: %+v", c.to, out)
		}
	}
	for range 2 {
		if m := <-got; m != string(raw) {
			t.Errorf("%q", m)
		}
	}
}
