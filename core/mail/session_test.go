package mail_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dunlin/core/mail"
	"dunlin/core/mail/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user     = "owner@dunlin.example"
	password = "correct horse"
)

var raw = []byte("Subject: Reminder\r\n\r\nDear customer,\r\n.a line with a dot\r\n..two\r\nend\r\n")

// start starts a server in a mode with one user and gives the Server to reach it.
func start(t *testing.T, o mailtest.Options) (*mailtest.Server, mail.Server) {
	t.Helper()
	s, err := mailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := s.WriteCA(ca); err != nil {
		t.Fatal(err)
	}
	security := mail.None
	if o.Mode != "" {
		security = mail.Security(o.Mode)
	}
	server := mail.Server{Host: s.Host(), Port: s.Port(), Security: security, CAFile: ca}
	if len(o.Users) > 0 {
		server.User = user
	}
	return s, server
}

func users() map[string]string { return map[string]string{user: password} }

func quick() mail.Options {
	return mail.Options{Timeouts: mail.Timeouts{Connect: 5 * time.Second, Command: 5 * time.Second, Submit: 5 * time.Second}}
}

func TestSendOverEverySecurity(t *testing.T) {
	for _, mode := range []mailtest.Mode{mailtest.Clear, mailtest.STARTTLS, mailtest.TLS} {
		t.Run(string(mode), func(t *testing.T) {
			s, server := start(t, mailtest.Options{Mode: mode, Users: users()})
			session, err := mail.Dial(t.Context(), server, password, quick())
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 { // one session takes many messages
				out := session.Send(t.Context(), user, []string{"ap@acme.example", "cc@acme.example"}, raw)
				if out.State != mail.Accepted || out.Code != 250 || out.Enhanced != "2.0.0" || out.Text != "taken" || out.Broken || out.Err != nil || len(out.Refused) != 0 {
					t.Fatalf("message %d: %+v", i, out)
				}
			}
			if err := session.Close(); err != nil {
				t.Fatal(err)
			}
			got := s.Messages()
			if len(got) != 3 {
				t.Fatalf("%d messages", len(got))
			}
			for _, m := range got {
				if !bytes.Equal(m.Raw, raw) || m.From != user || strings.Join(m.To, " ") != "ap@acme.example cc@acme.example" || m.User != user {
					t.Errorf("%+v\n%s", m, m.Raw)
				}
				if m.TLS != (mode != mailtest.Clear) {
					t.Errorf("TLS %v", m.TLS)
				}
			}
			last := s.Commands()[len(s.Commands())-1]
			if !strings.HasSuffix(last, "QUIT") {
				t.Errorf("last command %q", last)
			}
		})
	}
}

// TestLineEnds: whatever line ends a message has, nothing in it can be taken for its end.
func TestLineEnds(t *testing.T) {
	for _, in := range []string{"a: b\n\nx\n.\ny\n", "a: b\r\n\r\nx\r.\ry\n.\r\nz", "a: b\r\n\r\nx\n.\r\nQUIT\r\n.\r\n", ".", "..\n.\n"} {
		s, server := start(t, mailtest.Options{})
		session, err := mail.Dial(t.Context(), server, "", quick())
		if err != nil {
			t.Fatal(err)
		}
		if out := session.Send(t.Context(), user, []string{"a@b.example"}, []byte(in)); out.State != mail.Accepted {
			t.Fatalf("%q: %+v", in, out)
		}
		_ = session.Close()
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(in)
		want = strings.ReplaceAll(strings.TrimSuffix(want, "\n")+"\n", "\n", "\r\n")
		if got := string(s.Messages()[0].Raw); got != want {
			t.Errorf("%q arrived as %q", in, got)
		}
	}
}

// TestOutcomes replays every point of failure (R6.4, R6.5): what the outcome is, whether the session can go
// on, and whether the server may have kept the message.
func TestOutcomes(t *testing.T) {
	big := append(bytes.Clone(raw), bytes.Repeat([]byte("twelve bytes"), 1<<20)...)
	for i := 70; i < len(big); i += 70 {
		copy(big[i:], "\r\n")
	}
	at := func(stage mailtest.Stage, f mailtest.Fate) func(mailtest.Event) mailtest.Fate {
		return func(e mailtest.Event) mailtest.Fate {
			if e.Stage == stage {
				return f
			}
			return mailtest.Fate{}
		}
	}
	cases := []struct {
		name   string
		behave func(mailtest.Event) mailtest.Fate
		raw    []byte
		state  mail.State
		code   int
		kind   mail.Kind
		broken bool
	}{
		{"4xx at MAIL", at(mailtest.AtMail, mailtest.Fate{Code: 451, Text: "4.3.0 later"}), raw, mail.Temporary, 451, mail.KindLater, false},
		{"5xx at MAIL", at(mailtest.AtMail, mailtest.Fate{Code: 550, Text: "5.7.1 not you"}), raw, mail.Permanent, 550, mail.KindRefused, false},
		{"421 at MAIL", at(mailtest.AtMail, mailtest.Fate{Code: 421, Text: "4.3.2 closing", Drop: true}), raw, mail.Temporary, 421, mail.KindLater, true},
		{"dropped at MAIL", at(mailtest.AtMail, mailtest.Fate{Drop: true}), raw, mail.Temporary, 0, mail.KindLost, true},
		{"TLS demanded at MAIL", at(mailtest.AtMail, mailtest.Fate{Code: 530, Text: "5.7.0 Must issue a STARTTLS command first"}), raw, mail.Permanent, 530, mail.KindDemandsTLS, false},
		{"sign-in demanded at MAIL", at(mailtest.AtMail, mailtest.Fate{Code: 530, Text: "5.7.0 Authentication required"}), raw, mail.Permanent, 530, mail.KindNeedsSignIn, false},
		{"other 2xx at MAIL", at(mailtest.AtMail, mailtest.Fate{Code: 252, Text: "fine"}), raw, mail.Permanent, 503, mail.KindRefused, false},
		{"4xx at RCPT", at(mailtest.AtRcpt, mailtest.Fate{Code: 450, Text: "4.2.1 greylisted"}), raw, mail.Temporary, 450, mail.KindLater, false},
		{"5xx at RCPT", at(mailtest.AtRcpt, mailtest.Fate{Code: 550, Text: "5.1.1 no such user"}), raw, mail.Permanent, 550, mail.KindRefused, false},
		{"421 at RCPT", at(mailtest.AtRcpt, mailtest.Fate{Code: 421, Text: "4.3.2 closing", Drop: true}), raw, mail.Temporary, 421, mail.KindLater, true},
		{"dropped at RCPT", at(mailtest.AtRcpt, mailtest.Fate{Drop: true}), raw, mail.Temporary, 0, mail.KindLost, true},
		{"4xx at DATA", at(mailtest.AtData, mailtest.Fate{Code: 451, Text: "4.3.0 later"}), raw, mail.Temporary, 451, mail.KindLater, false},
		{"5xx at DATA", at(mailtest.AtData, mailtest.Fate{Code: 554, Text: "5.7.1 no"}), raw, mail.Permanent, 554, mail.KindRefused, false},
		{"2xx at DATA", at(mailtest.AtData, mailtest.Fate{Code: 250, Text: "what"}), raw, mail.Temporary, 250, mail.KindProtocol, true},
		{"dropped at DATA", at(mailtest.AtData, mailtest.Fate{Drop: true}), raw, mail.Temporary, 0, mail.KindLost, true},
		{"dropped before the content", at(mailtest.AtContent, mailtest.Fate{Drop: true}), raw, mail.Temporary, 0, mail.KindLost, true},
		{"dropped within the content", at(mailtest.AtLine, mailtest.Fate{Drop: true}), raw, mail.Temporary, 0, mail.KindLost, true},
		{"dropped within a big content", at(mailtest.AtLine, mailtest.Fate{Drop: true}), big, mail.Temporary, 0, mail.KindLost, true},
		{"5xx and dropped within the content", at(mailtest.AtLine, mailtest.Fate{Code: 554, Text: "5.6.0 bad content", Drop: true}), raw, mail.Permanent, 554, mail.KindRefused, true},
		{"4xx and dropped within the content", at(mailtest.AtLine, mailtest.Fate{Code: 421, Text: "4.3.2 closing", Drop: true}), raw, mail.Temporary, 421, mail.KindLater, true},
		{"nonsense within the content", at(mailtest.AtLine, mailtest.Fate{Reply: "hello?"}), raw, mail.Temporary, 0, mail.KindProtocol, true},
		{"4xx after the dot", at(mailtest.AtEnd, mailtest.Fate{Code: 452, Text: "4.3.1 disk full"}), raw, mail.Temporary, 452, mail.KindLater, false},
		{"5xx after the dot", at(mailtest.AtEnd, mailtest.Fate{Code: 550, Text: "5.7.1 spam"}), raw, mail.Permanent, 550, mail.KindRefused, false},
		{"421 after the dot", at(mailtest.AtEnd, mailtest.Fate{Code: 421, Text: "4.3.2 closing", Drop: true}), raw, mail.Temporary, 421, mail.KindLater, true},
		{"other 2xx after the dot", at(mailtest.AtEnd, mailtest.Fate{Code: 251, Text: "2.0.0 forwarded"}), raw, mail.Accepted, 251, "", false},
		{"3xx after the dot", at(mailtest.AtEnd, mailtest.Fate{Code: 354, Text: "more"}), raw, mail.Uncertain, 354, mail.KindUncertain, true},
		{"nonsense after the dot", at(mailtest.AtEnd, mailtest.Fate{Reply: "hello?"}), raw, mail.Uncertain, 0, mail.KindUncertain, true},
		{"endless line after the dot", at(mailtest.AtEnd, mailtest.Fate{Reply: "250 " + strings.Repeat("x", 9000)}), raw, mail.Uncertain, 0, mail.KindUncertain, true},
		{"half a reply after the dot", at(mailtest.AtEnd, mailtest.Fate{Reply: "250-more", Drop: true}), raw, mail.Uncertain, 0, mail.KindUncertain, true},
		{"dropped after the dot, kept", at(mailtest.AtEnd, mailtest.Fate{Drop: true, Keep: true}), raw, mail.Uncertain, 0, mail.KindUncertain, true},
		{"dropped after the dot, not kept", at(mailtest.AtEnd, mailtest.Fate{Drop: true}), raw, mail.Uncertain, 0, mail.KindUncertain, true},
	}
	for _, mode := range []mailtest.Mode{mailtest.Clear, mailtest.STARTTLS, mailtest.TLS} {
		for _, c := range cases {
			t.Run(string(mode)+"/"+c.name, func(t *testing.T) {
				var armed atomic.Bool
				armed.Store(true)
				s, server := start(t, mailtest.Options{Mode: mode, Behave: func(e mailtest.Event) mailtest.Fate {
					if !armed.Load() {
						return mailtest.Fate{}
					}
					return c.behave(e)
				}})
				session, err := mail.Dial(t.Context(), server, "", quick())
				if err != nil {
					t.Fatal(err)
				}
				defer session.Close()
				out := session.Send(t.Context(), user, []string{"ap@acme.example"}, c.raw)
				if out.State != c.state || out.Code != c.code || out.Broken != c.broken || kindOf(out.Err) != c.kind {
					t.Errorf("got %s %d broken=%v %s (%v), want %s %d broken=%v %s", out.State, out.Code, out.Broken, kindOf(out.Err), out.Err, c.state, c.code, c.broken, c.kind)
				}
				kept := len(s.Messages())
				if kept > 0 && out.State != mail.Accepted && out.State != mail.Uncertain {
					t.Error("the server has a message that is not reported as possibly taken")
				}
				armed.Store(false)
				out = session.Send(t.Context(), user, []string{"ap@acme.example"}, raw)
				if c.broken && (out.State != mail.Temporary || !out.Broken) {
					t.Errorf("a broken session sent: %+v", out)
				}
				if !c.broken && out.State != mail.Accepted {
					t.Errorf("the session did not go on: %+v", out)
				}
			})
		}
	}
}

func kindOf(err error) mail.Kind {
	var e *mail.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// TestSilence: a server that does not answer is temporary before the end of the message, uncertain after it.
func TestSilence(t *testing.T) {
	for stage, want := range map[mailtest.Stage]mail.State{
		mailtest.AtMail: mail.Temporary, mailtest.AtRcpt: mail.Temporary, mailtest.AtData: mail.Temporary, mailtest.AtEnd: mail.Uncertain} {
		t.Run(string(stage), func(t *testing.T) {
			_, server := start(t, mailtest.Options{Behave: func(e mailtest.Event) mailtest.Fate {
				if e.Stage == stage {
					return mailtest.Fate{Wait: time.Hour}
				}
				return mailtest.Fate{}
			}})
			o := quick()
			o.Timeouts.Command, o.Timeouts.Submit = 200*time.Millisecond, 200*time.Millisecond
			session, err := mail.Dial(t.Context(), server, "", o)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			out := session.Send(t.Context(), user, []string{"ap@acme.example"}, raw)
			if out.State != want || !out.Broken {
				t.Errorf("%+v", out)
			}
			if want == mail.Temporary && kindOf(out.Err) != mail.KindTimeout {
				t.Errorf("%v", out.Err)
			}
		})
	}
}

// TestCancel: a cancel before the end of the message is temporary; after it the reply is waited for a little.
func TestCancel(t *testing.T) {
	cases := []struct {
		name  string
		stage mailtest.Stage
		wait  time.Duration
		grace time.Duration
		state mail.State
		kept  int
	}{
		{"at MAIL", mailtest.AtMail, time.Hour, time.Second, mail.Temporary, 0},
		{"at DATA", mailtest.AtData, time.Hour, time.Second, mail.Temporary, 0},
		{"after the dot, answered in time", mailtest.AtEnd, 50 * time.Millisecond, 5 * time.Second, mail.Accepted, 1},
		{"after the dot, not answered", mailtest.AtEnd, time.Hour, 50 * time.Millisecond, mail.Uncertain, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, server := start(t, mailtest.Options{Mode: mailtest.TLS, Behave: func(e mailtest.Event) mailtest.Fate {
				if e.Stage == c.stage {
					cancel()
					return mailtest.Fate{Wait: c.wait}
				}
				return mailtest.Fate{}
			}})
			o := quick()
			o.Timeouts.Grace = c.grace
			session, err := mail.Dial(t.Context(), server, "", o)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			out := session.Send(ctx, user, []string{"ap@acme.example"}, raw)
			if out.State != c.state || !out.Broken || len(s.Messages()) != c.kept {
				t.Errorf("%+v, kept %d", out, len(s.Messages()))
			}
			if c.state == mail.Temporary && kindOf(out.Err) != mail.KindCancelled {
				t.Errorf("%v", out.Err)
			}
		})
	}
	t.Run("before anything", func(t *testing.T) {
		s, server := start(t, mailtest.Options{})
		session, err := mail.Dial(t.Context(), server, "", quick())
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if out := session.Send(ctx, user, []string{"a@b.example"}, raw); out.State != mail.Temporary || out.Broken {
			t.Errorf("%+v", out)
		}
		if out := session.Send(t.Context(), user, []string{"a@b.example"}, raw); out.State != mail.Accepted || len(s.Messages()) != 1 {
			t.Errorf("%+v", out)
		}
	})
	for _, stage := range []mailtest.Stage{mailtest.AtConnect, mailtest.AtHello, mailtest.AtAuth} {
		t.Run("dialling at "+string(stage), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, server := start(t, mailtest.Options{Mode: mailtest.STARTTLS, Users: users(), Behave: func(e mailtest.Event) mailtest.Fate {
				if e.Stage == stage {
					cancel()
					return mailtest.Fate{Wait: time.Hour}
				}
				return mailtest.Fate{}
			}})
			if err := mail.Verify(ctx, server, password, quick()); kindOf(err) != mail.KindCancelled {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestSomeRecipients: those that are taken get the message, the others are reported; with none left the
// outcome is permanent only when every refusal is.
func TestSomeRecipients(t *testing.T) {
	replies := map[string]int{"gone@b.example": 550, "busy@b.example": 450, "full@b.example": 552}
	s, server := start(t, mailtest.Options{Behave: func(e mailtest.Event) mailtest.Fate {
		if code := replies[e.To]; e.Stage == mailtest.AtRcpt && code != 0 {
			return mailtest.Fate{Code: code, Text: fmt.Sprintf("%d.2.1 not %s", code/100, e.To)}
		}
		return mailtest.Fate{}
	}})
	cases := []struct {
		to      []string
		state   mail.State
		code    int
		refused []string
	}{
		{[]string{"ok@b.example", "gone@b.example", "busy@b.example"}, mail.Accepted, 250, []string{"gone@b.example 550 5.2.1", "busy@b.example 450 4.2.1"}},
		{[]string{"gone@b.example", "full@b.example"}, mail.Permanent, 550, []string{"gone@b.example 550 5.2.1", "full@b.example 552 5.2.1"}},
		{[]string{"gone@b.example", "busy@b.example"}, mail.Temporary, 450, []string{"gone@b.example 550 5.2.1", "busy@b.example 450 4.2.1"}},
	}
	session, err := mail.Dial(t.Context(), server, "", quick())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, c := range cases {
		out := session.Send(t.Context(), user, c.to, raw)
		var refused []string
		for _, r := range out.Refused {
			refused = append(refused, fmt.Sprintf("%s %d %s", r.Address, r.Code, r.Enhanced))
		}
		if out.State != c.state || out.Code != c.code || fmt.Sprint(refused) != fmt.Sprint(c.refused) || out.Broken {
			t.Errorf("%v: %+v", c.to, out)
		}
	}
	if got := s.Messages(); len(got) != 1 || fmt.Sprint(got[0].To) != "[ok@b.example]" {
		t.Errorf("%+v", got)
	}
}

// TestSignIn tries what servers offer against what the mailbox has.
func TestSignIn(t *testing.T) {
	cases := []struct {
		name       string
		mechanisms []string
		auth       mail.AuthMethod
		password   string
		kind       mail.Kind
		command    string
	}{
		{"PLAIN before LOGIN", []string{"LOGIN", "PLAIN"}, "", password, "", "tls AUTH PLAIN"},
		{"only LOGIN", []string{"LOGIN"}, "", password, "", "tls AUTH LOGIN"},
		{"XOAUTH2", []string{"PLAIN", "XOAUTH2"}, mail.AuthXOAUTH2, password, "", "tls AUTH XOAUTH2"},
		{"OAUTHBEARER", []string{"OAUTHBEARER"}, mail.AuthOAUTHBEARER, password, "", "tls AUTH OAUTHBEARER"},
		{"wrong password", []string{"PLAIN"}, "", "wrong", mail.KindSignIn, "tls AUTH PLAIN"},
		{"wrong password with LOGIN", []string{"LOGIN"}, "", "wrong", mail.KindSignIn, "tls AUTH LOGIN"},
		{"old token with XOAUTH2", []string{"XOAUTH2"}, mail.AuthXOAUTH2, "wrong", mail.KindSignIn, "tls AUTH XOAUTH2"},
		{"old token with OAUTHBEARER", []string{"OAUTHBEARER"}, mail.AuthOAUTHBEARER, "wrong", mail.KindSignIn, "tls AUTH OAUTHBEARER"},
		{"password where only OAuth goes", []string{"XOAUTH2"}, "", password, mail.KindAuthMethod, ""},
		{"OAuth where only a password goes", []string{"PLAIN"}, mail.AuthXOAUTH2, password, mail.KindAuthMethod, ""},
		{"no password", []string{"PLAIN"}, "", "", mail.KindNoPassword, ""},
	}
	for _, mode := range []mailtest.Mode{mailtest.STARTTLS, mailtest.TLS} {
		for _, c := range cases {
			t.Run(string(mode)+"/"+c.name, func(t *testing.T) {
				s, server := start(t, mailtest.Options{Mode: mode, Users: users(), Mechanisms: c.mechanisms})
				server.Auth = c.auth
				err := mail.Verify(t.Context(), server, c.password, quick())
				if kindOf(err) != c.kind || (err == nil) != (c.kind == "") {
					t.Errorf("got %v (%s), want %s", err, kindOf(err), c.kind)
				}
				if heard := strings.Join(s.Commands(), "\n"); c.command != "" && !strings.Contains(heard, c.command) {
					t.Errorf("%s not in\n%s", c.command, heard)
				}
			})
		}
	}
	t.Run("the server offers none", func(t *testing.T) {
		_, server := start(t, mailtest.Options{Mode: mailtest.TLS})
		server.User = user
		if err := mail.Verify(t.Context(), server, password, quick()); kindOf(err) != mail.KindNoAuth {
			t.Errorf("%v", err)
		}
	})
	t.Run("not just now", func(t *testing.T) {
		_, server := start(t, mailtest.Options{Mode: mailtest.TLS, Users: users(), Behave: func(e mailtest.Event) mailtest.Fate {
			if e.Stage == mailtest.AtAuth {
				return mailtest.Fate{Code: 454, Text: "4.7.0 try later"}
			}
			return mailtest.Fate{}
		}})
		err := mail.Verify(t.Context(), server, password, quick())
		var e *mail.Error
		if !errors.As(err, &e) || e.Kind != mail.KindSignInLater || !e.Temporary() || e.Code != 454 {
			t.Errorf("%v", err)
		}
	})
	t.Run("clear and STARTTLS offered", func(t *testing.T) {
		s, server := start(t, mailtest.Options{Mode: mailtest.STARTTLS, Users: users()})
		server.Security = mail.None
		if err := mail.Verify(t.Context(), server, password, quick()); kindOf(err) != mail.KindDemandsTLS {
			t.Errorf("%v", err)
		}
		if heard := strings.Join(s.Commands(), "\n"); strings.Contains(heard, "AUTH") {
			t.Errorf("signed in in clear:\n%s", heard)
		}
	})
}

// TestWrongPasswordSaysWhatToDo: the sentence of a refused sign-in leads to app passwords.
func TestWrongPasswordSaysWhatToDo(t *testing.T) {
	_, server := start(t, mailtest.Options{Mode: mailtest.TLS, Users: users()})
	err := mail.Verify(t.Context(), server, "wrong", quick())
	var e *mail.Error
	if !errors.As(err, &e) || e.Code != 535 || !strings.Contains(e.Hint, "app password") || e.Temporary() {
		t.Errorf("%#v", err)
	}
	code, message, hint := e.Problem()
	if code != "mail_sign_in_refused" || message == "" || hint == "" {
		t.Errorf("%q %q %q", code, message, hint)
	}
}

// TestSecurityIsNeverLess: what cannot be done safely is not done at all.
func TestSecurityIsNeverLess(t *testing.T) {
	cases := []struct {
		name    string
		options mailtest.Options
		change  func(*mail.Server)
		kind    mail.Kind
	}{
		{"STARTTLS not offered", mailtest.Options{Mode: mailtest.STARTTLS, HideSTARTTLS: true, ClearSignIn: true}, nil, mail.KindNoSTARTTLS},
		{"authority not known, tls", mailtest.Options{Mode: mailtest.TLS}, func(s *mail.Server) { s.CAFile = "" }, mail.KindTLSUnknown},
		{"authority not known, starttls", mailtest.Options{Mode: mailtest.STARTTLS}, func(s *mail.Server) { s.CAFile = "" }, mail.KindTLSUnknown},
		{"certificate for another name", mailtest.Options{Mode: mailtest.TLS, Names: []string{"other.example"}}, nil, mail.KindTLSName},
		{"certificate out of date", mailtest.Options{Mode: mailtest.TLS, NotAfter: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)}, nil, mail.KindTLSExpired},
		{"only TLS 1.1", mailtest.Options{Mode: mailtest.TLS, MaxTLS: 0x0302}, nil, mail.KindTLS},
		{"clear text where tls is set", mailtest.Options{Mode: mailtest.STARTTLS}, func(s *mail.Server) { s.Security = mail.TLS }, mail.KindTLS},
		{"CA file missing", mailtest.Options{Mode: mailtest.TLS}, func(s *mail.Server) { s.CAFile = "/nowhere/ca.pem" }, mail.KindCAFile},
		{"none outside this computer", mailtest.Options{}, func(s *mail.Server) { s.Host = "mail.example.com" }, mail.KindNotLoopback},
		{"none to an address outside", mailtest.Options{}, func(s *mail.Server) { s.Host = "192.0.2.1" }, mail.KindNotLoopback},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.options.Users = users()
			s, server := start(t, c.options)
			if c.change != nil {
				c.change(&server)
			}
			if err := mail.Verify(t.Context(), server, password, quick()); kindOf(err) != c.kind {
				t.Errorf("got %v (%s), want %s", err, kindOf(err), c.kind)
			}
			for _, command := range s.Commands() {
				if strings.Contains(command, "AUTH") || strings.Contains(command, "MAIL") {
					t.Errorf("the server heard %q", command)
				}
			}
		})
	}
}

// TestNoServer: the sentences for a server that is not there or is something else.
func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	local := mail.Server{Host: "127.0.0.1", Port: free, Security: mail.None}
	if err := mail.Verify(t.Context(), local, "", quick()); kindOf(err) != mail.KindNoListener {
		t.Errorf("%v", err)
	}
	for greeting, want := range map[string]mail.Kind{
		"HTTP/1.1 400 Bad Request": mail.KindProtocol, "554 5.7.1 go away": mail.KindGreeting, "421 4.3.2 busy": mail.KindGreeting} {
		for _, mode := range []mailtest.Mode{mailtest.Clear, mailtest.STARTTLS, mailtest.TLS} {
			_, server := start(t, mailtest.Options{Mode: mode, Greeting: greeting})
			err := mail.Verify(t.Context(), server, "", quick())
			if kindOf(err) != want {
				t.Errorf("%s %q: %v (%s)", mode, greeting, err, kindOf(err))
			}
			var e *mail.Error
			if errors.As(err, &e) && e.Temporary() != strings.HasPrefix(greeting, "421") {
				t.Errorf("%q temporary: %v", greeting, e.Temporary())
			}
		}
	}
	t.Run("says nothing", func(t *testing.T) {
		_, server := start(t, mailtest.Options{Mode: mailtest.TLS})
		server.Security = mail.STARTTLS // a TLS port asked for clear speech waits for ever
		o := quick()
		o.Timeouts.Command = 200 * time.Millisecond
		if err := mail.Verify(t.Context(), server, "", o); kindOf(err) != mail.KindTimeout {
			t.Errorf("%v", err)
		}
	})
}

// TestPasswordStaysSecret: whatever the server does, no error and no log line holds the password.
func TestPasswordStaysSecret(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	forms := []string{password, base64.StdEncoding.EncodeToString([]byte(password)), plain}
	texts := []string{"5.7.8 you said " + plain, "5.7.8 your password " + password + " is wrong",
		"5.7.8 " + strings.Repeat("x ", 120) + forms[1], strings.Repeat("y", 270) + " " + password}
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		for _, text := range texts {
			var log bytes.Buffer
			o := quick()
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			_, server := start(t, mailtest.Options{Mode: mailtest.TLS, Users: users(), Mechanisms: []string{mechanism}, Behave: func(e mailtest.Event) mailtest.Fate {
				if e.Stage == mailtest.AtAuth {
					return mailtest.Fate{Code: 535, Text: text}
				}
				return mailtest.Fate{}
			}})
			err := mail.Verify(t.Context(), server, password, o)
			if kindOf(err) != mail.KindSignIn {
				t.Fatalf("%v", err)
			}
			said := log.String()
			for e := err; e != nil; e = errors.Unwrap(e) {
				said += fmt.Sprintf("%v %+v %#v\n", e, e, e)
			}
			for _, f := range forms {
				if strings.Contains(said, f) || strings.Contains(said, f[:len(f)-2]) {
					t.Errorf("%q is in\n%s", f, said)
				}
			}
		}
	}
	t.Run("log of a good session", func(t *testing.T) {
		var log bytes.Buffer
		o := quick()
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		_, server := start(t, mailtest.Options{Mode: mailtest.TLS, Users: users()})
		session, err := mail.Dial(t.Context(), server, password, o)
		if err != nil {
			t.Fatal(err)
		}
		session.Send(t.Context(), user, []string{"a@b.example"}, raw)
		_ = session.Close()
		if !strings.Contains(log.String(), "signed in") {
			t.Fatalf("nothing logged: %s", &log)
		}
		for _, f := range forms {
			if strings.Contains(log.String(), f) {
				t.Errorf("%q in %s", f, &log)
			}
		}
	})
}

func TestEnvelopeIsChecked(t *testing.T) {
	s, server := start(t, mailtest.Options{})
	session, err := mail.Dial(t.Context(), server, "", quick())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, to := range []string{"", "a@b.example>\r\nRCPT TO:<evil@b.example", "a b@c.example", "a@b.example> SIZE=1"} {
		if out := session.Send(t.Context(), user, []string{to}, raw); out.State != mail.Permanent || kindOf(out.Err) != mail.KindBadAddress || out.Broken {
			t.Errorf("%q: %+v", to, out)
		}
	}
	for _, command := range s.Commands() {
		if strings.Contains(command, "MAIL") {
			t.Errorf("heard %q", command)
		}
	}
}

func TestTooBig(t *testing.T) {
	s, server := start(t, mailtest.Options{MaxSize: 100})
	session, err := mail.Dial(t.Context(), server, "", quick())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	out := session.Send(t.Context(), user, []string{"a@b.example"}, bytes.Repeat(raw, 10))
	if out.State != mail.Permanent || out.Code != 552 || strings.Contains(strings.Join(s.Commands(), "\n"), "DATA") {
		t.Errorf("%+v\n%v", out, s.Commands())
	}
}

func TestParseHostPort(t *testing.T) {
	cases := []struct {
		in       string
		security mail.Security
		host     string
		port     int
	}{
		{"smtp.example.com:465", mail.TLS, "smtp.example.com", 465}, {" smtp.example.com ", mail.TLS, "smtp.example.com", 465},
		{"smtp.example.com", mail.STARTTLS, "smtp.example.com", 587}, {"localhost:2525", mail.None, "localhost", 2525},
		{"[::1]:2525", mail.None, "::1", 2525}, {"::1", mail.None, "::1", 25}, {"127.0.0.1", mail.None, "127.0.0.1", 25},
		{"", mail.TLS, "", 0}, {"smtp.example.com:", mail.TLS, "", 0}, {"smtp.example.com:0", mail.TLS, "", 0}, {"smtp.example.com:99999", mail.TLS, "", 0},
		{"smtp://example.com:25", mail.TLS, "", 0}, {"a b:25", mail.TLS, "", 0}, {"a\r\nb:25", mail.TLS, "", 0},
	}
	for _, c := range cases {
		host, port, err := mail.ParseHostPort(c.in, c.security)
		if host != c.host || port != c.port || (err != nil) != (c.host == "") || (err != nil && kindOf(err) != mail.KindBadServer) {
			t.Errorf("%q: %q %d %v", c.in, host, port, err)
		}
	}
}
