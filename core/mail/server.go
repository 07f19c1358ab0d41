package mail

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Security says how the connection to a mail server is protected.
type Security string

// The kinds of security. None is for a server on this computer only.
const (
	TLS      Security = "tls"      // encrypted from the first byte, usually port 465
	STARTTLS Security = "starttls" // encrypted before anything of value is said, usually port 587
	None     Security = "none"
)

// AuthMethod says how to sign in.
type AuthMethod string

// The ways to sign in. With the OAuth methods the password is an access token.
const (
	AuthPassword    AuthMethod = "" // PLAIN or LOGIN, the best that the server offers
	AuthXOAUTH2     AuthMethod = "xoauth2"
	AuthOAUTHBEARER AuthMethod = "oauthbearer"
)

// Server is a mail server to send through. User "" means that no sign-in is wanted.
type Server struct {
	Host     string
	Port     int
	Security Security
	User     string
	Auth     AuthMethod
	CAFile   string // PEM file of an authority to trust beside the system's, "" for none
}

// ParseHostPort reads HOST:PORT, or HOST alone with the port that is usual for the security. An IPv6
// address with a port stands in brackets.
func ParseHostPort(s string, security Security) (host string, port int, err error) {
	s = strings.TrimSpace(s)
	if ip := net.ParseIP(strings.Trim(s, "[]")); ip != nil {
		return ip.String(), usualPort(security), nil
	}
	host, text, found := s, "", false
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, text, found = s[:i], s[i+1:], true
	}
	port = usualPort(security)
	if found {
		if port, err = strconv.Atoi(text); err != nil {
			return "", 0, badServer(fmt.Sprintf("%q is not a server and a port", clip(oneLine(s), 80)))
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if err := (Server{Host: host, Port: port, Security: TLS}).Check(); err != nil {
		return "", 0, err
	}
	return host, port, nil
}

func usualPort(s Security) int {
	switch s {
	case TLS:
		return 465
	case STARTTLS:
		return 587
	}
	return 25
}

func badServer(why string) *Error {
	return &Error{Kind: KindBadServer, Message: "The mail server is not usable: " + why + ".", Hint: "Give it as HOST:PORT, for example smtp.example.com:465."}
}

// Check reports, as *Error and without any network, why a server cannot be used.
func (s Server) Check() error {
	switch {
	case s.User != oneLine(s.User):
		return &Error{Kind: KindBadServer, Message: "The user name holds characters that cannot be sent.", Hint: "Type the user name again."}
	case net.ParseIP(s.Host) == nil && !isDomain(strings.TrimSuffix(s.Host, ".")):
		return badServer(fmt.Sprintf("%q is not a server name", clip(oneLine(s.Host), 80)))
	case s.Port < 1 || s.Port > 65535:
		return badServer(fmt.Sprintf("%d is not a port", s.Port))
	}
	switch s.Security {
	case TLS, STARTTLS:
	case None:
		if !isLoopback(s.Host) {
			return notLoopback()
		}
	default:
		return &Error{Kind: KindBadServer, Message: fmt.Sprintf("%q is not a kind of security.", clip(oneLine(string(s.Security)), 40)), Hint: "Choose tls, starttls or none."}
	}
	switch s.Auth {
	case AuthPassword, AuthXOAUTH2, AuthOAUTHBEARER:
		return nil
	}
	return &Error{Kind: KindBadServer, Message: fmt.Sprintf("%q is not a way to sign in.", clip(oneLine(string(s.Auth)), 40)), Hint: "Leave it empty for a password, or choose xoauth2 or oauthbearer."}
}

func notLoopback() *Error {
	return &Error{Kind: KindNotLoopback, Message: "A connection without encryption is only allowed to a mail server on this computer.", Hint: "Choose tls or starttls."}
}

// isLoopback accepts addresses of this computer and the name localhost, which connect checks again by the
// address it arrives at.
func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

func (s Server) addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func (s Server) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{ServerName: strings.TrimSuffix(s.Host, "."), MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, &Error{Kind: KindCAFile, Message: fmt.Sprintf("The CA file %s cannot be read.", s.CAFile), Hint: "Check the path and that you may read the file.", cause: err}
	}
	if c.RootCAs, err = x509.SystemCertPool(); err != nil {
		c.RootCAs = x509.NewCertPool()
	}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, &Error{Kind: KindCAFile, Message: fmt.Sprintf("The CA file %s holds no certificate.", s.CAFile), Hint: "Give a file in PEM form, which begins with BEGIN CERTIFICATE."}
	}
	return c, nil
}
