package mail

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is a mailbox with the name shown beside it. Name may be any text; Email is local@domain.
type Address struct {
	Name  string
	Email string
}

const (
	maxLocal  = 64 // RFC 5321 4.5.3.1
	maxDomain = 253
	maxEmail  = 254
	maxLabel  = 63
)

// CheckAddress reports, as *Error, why an e-mail address cannot be written to; nil when it can. Only plain
// ASCII addresses with an unquoted local part are taken: an international domain has to be given in its
// xn-- form, and a local part beyond ASCII is refused because few servers carry it.
func CheckAddress(email string) error {
	bad := func(why, hint string) error {
		return &Error{Kind: KindBadAddress, Message: fmt.Sprintf("%q is not an e-mail address that can be used: %s.", clip(oneLine(email), 80), why), Hint: hint}
	}
	const correct = "Correct the address."
	if email == "" {
		return &Error{Kind: KindBadAddress, Message: "The e-mail address is empty.", Hint: "Give an e-mail address."}
	}
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return bad("it has no @", correct)
	}
	local, domain := email[:at], email[at+1:]
	switch {
	case !utf8.ValidString(email):
		return bad("it is not readable text", correct)
	case !isASCII(domain):
		return bad("its domain has letters beyond a to z", "Give the domain in its xn-- form.")
	case !isASCII(local):
		return bad("the part before the @ has letters beyond a to z", "Ask for an address in plain letters.")
	case len(email) > maxEmail || len(local) > maxLocal:
		return bad("it is too long", correct)
	case !isDotAtom(local):
		return bad("the part before the @ is not valid", correct)
	case !isDomain(domain):
		return bad("the part after the @ is not a domain name", correct)
	}
	return nil
}

// Writable gives the form in which an address can be written to: blanks around it gone and an international
// domain in its xn-- form. An address that cannot be written to is an *Error, as of CheckAddress.
func Writable(email string) (string, error) {
	email = strings.TrimSpace(email)
	if at := strings.LastIndexByte(email, '@'); at >= 0 && !isASCII(email[at+1:]) {
		if domain, err := idna.Lookup.ToASCII(email[at+1:]); err == nil {
			email = email[:at+1] + domain
		}
	}
	return email, CheckAddress(email)
}

// NewMessageID returns a fresh Message-ID, "<random@domain-of-sender>", of 128 bits from random. The
// sender's domain stands in for the host name, which is nobody's business.
func NewMessageID(random io.Reader, from string) (string, error) {
	if err := CheckAddress(from); err != nil {
		return "", err
	}
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("message id: %w", err)
	}
	return "<" + hex.EncodeToString(b[:]) + "@" + strings.ToLower(domainOf(from)) + ">", nil
}

func domainOf(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isAtext reports whether c may stand in an atom (RFC 5322 3.2.3).
func isAtext(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c != 0 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isDotAtom(s string) bool {
	for _, atom := range strings.Split(s, ".") {
		if atom == "" {
			return false
		}
		for i := 0; i < len(atom); i++ {
			if !isAtext(atom[i]) {
				return false
			}
		}
	}
	return true
}

func isDomain(s string) bool {
	if len(s) > maxDomain {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
				return false
			}
		}
	}
	return true
}
