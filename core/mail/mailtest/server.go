package mailtest

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// Mode says how the server protects its connections.
type Mode string

// The modes.
const (
	Clear    Mode = "none"
	STARTTLS Mode = "starttls"
	TLS      Mode = "tls"
)

// Options say what kind of server to start. The zero value is a server on a free loopback port that takes
// everything in clear and without a sign-in.
type Options struct {
	Addr       string            // "" for a free port of 127.0.0.1
	Mode       Mode              // "" is Clear
	Users      map[string]string // user name to password (or token); empty: no sign-in is offered or wanted
	Mechanisms []string          // of PLAIN, LOGIN, XOAUTH2, OAUTHBEARER; nil for PLAIN and LOGIN
	// ClearSignIn lets users sign in without TLS. A server in mode Clear always does.
	ClearSignIn bool
	// HideSTARTTLS keeps quiet about STARTTLS and refuses it, in mode STARTTLS.
	HideSTARTTLS bool
	Names        []string         // names in the certificate; nil for 127.0.0.1, ::1 and localhost
	NotAfter     time.Time        // end of the certificate; zero for the year 2099
	MaxTLS       uint16           // newest TLS version spoken; 0 for the newest there is
	MaxSize      int              // bytes a message may have, announced by SIZE; 0 for 32 MiB
	Greeting     string           // the whole first line; "" for a usual one
	Behave       func(Event) Fate // nil: everything goes well
}

// Stage is a point of the dialogue at which Behave is asked.
type Stage string

// The stages, in the order of a dialogue.
const (
	AtConnect Stage = "connect" // before the greeting
	AtHello   Stage = "hello"
	AtAuth    Stage = "auth"  // after the credentials have come
	AtReset   Stage = "reset" // RSET
	AtMail    Stage = "mail"
	AtRcpt    Stage = "rcpt"
	AtData    Stage = "data"    // the DATA command
	AtContent Stage = "content" // after 354, before the content is read
	AtLine    Stage = "line"    // after the first line of the content has been read
	AtEnd     Stage = "end"     // after the final dot, before the reply
	AtQuit    Stage = "quit"
)

// Event is one point of a dialogue.
type Event struct {
	Stage      Stage
	Connection int    // counted from 1
	Message    int    // messages begun on this connection, counted from 1
	User       string // who has signed in, or is about to at AtAuth
	From       string
	To         string // the recipient in question at AtRcpt
}

// Fate is what happens at a point. The zero value is the usual course.
type Fate struct {
	Code  int           // answer with this code instead of the usual one
	Text  string        // the words with it, such as "5.1.1 no such user"; a line each
	Drop  bool          // hang up (after the answer, when Code is given)
	Keep  bool          // at AtEnd: the message is kept although it is refused or dropped
	Wait  time.Duration // before anything else; ends when the server is closed
	Reply string        // a raw line, instead of Code and Text, for answers that are none
}

// Server is a running server.
type Server struct {
	options  Options
	listener net.Listener
	tls      *tls.Config
	caPEM    []byte
	closing  chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]bool
	accepted int
	messages []Received
	commands []string
}

// Start starts a server; Close ends it.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Mechanisms == nil {
		o.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	if o.Names == nil {
		o.Names = []string{"127.0.0.1", "::1", "localhost"}
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.MaxSize == 0 {
		o.MaxSize = 32 << 20
	}
	s := &Server{options: o, closing: make(chan struct{}), conns: map[net.Conn]bool{}}
	cert, caPEM, err := makeCertificate(o.Names, o.NotAfter)
	if err != nil {
		return nil, fmt.Errorf("mailtest certificate: %w", err)
	}
	s.caPEM = caPEM
	s.tls = &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: o.MaxTLS}
	if o.MaxTLS != 0 {
		s.tls.MinVersion = min(o.MaxTLS, tls.VersionTLS10)
	}
	if s.listener, err = net.Listen("tcp", o.Addr); err != nil {
		return nil, fmt.Errorf("mailtest: %w", err)
	}
	s.running.Add(1)
	go s.accept()
	return s, nil
}

// Host returns the address that the server listens at, without the port.
func (s *Server) Host() string { return s.listener.Addr().(*net.TCPAddr).IP.String() }

// Port returns the port that the server listens at.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Addr returns HOST:PORT.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// CAPEM returns the certificate of the server's authority.
func (s *Server) CAPEM() []byte { return slices.Clone(s.caPEM) }

// WriteCA writes that certificate into a file.
func (s *Server) WriteCA(path string) error { return os.WriteFile(path, s.caPEM, 0o600) }

// Messages returns what has been taken so far, in order.
func (s *Server) Messages() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Commands returns the commands heard so far over all connections, such as "MAIL FROM:<a@b.example>". What
// came over TLS begins with "tls ". Of AUTH only the mechanism is kept.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Close hangs up on everybody and waits until all is quiet.
func (s *Server) Close() error {
	s.mu.Lock()
	select {
	case <-s.closing:
	default:
		close(s.closing)
	}
	err := s.listener.Close()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
	return err
}

func (s *Server) accept() {
	defer s.running.Done()
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		number, ok := s.admit(c)
		if !ok {
			_ = c.Close()
			return
		}
		go s.serve(c, number)
	}
}

func (s *Server) admit(c net.Conn) (number int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		return 0, false
	default:
	}
	s.conns[c] = true
	s.accepted++
	s.running.Add(1)
	return s.accepted, true
}

func (s *Server) serve(c net.Conn, number int) {
	defer s.running.Done()
	d := &dialogue{server: s, number: number}
	d.run(c)
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) keep(r Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, r)
}

func (s *Server) note(command string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, command)
}

// pause waits, but not beyond the end of the server.
func (s *Server) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.closing:
	}
}
