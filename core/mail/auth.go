package mail

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// signIn picks the SASL mechanism for a server that offers the given ones.
func (s Server) signIn(password string, offered []string) (sasl.Client, error) {
	if len(offered) == 0 {
		return nil, &Error{Kind: KindNoAuth, Message: fmt.Sprintf("%s offers no sign-in on port %d.", s.Host, s.Port),
			Hint: "Check the port and the security: providers take signed-in mail on 465 with tls or 587 with starttls."}
	}
	has := func(mechanism string) bool {
		for _, o := range offered {
			if strings.EqualFold(o, mechanism) {
				return true
			}
		}
		return false
	}
	switch {
	case s.Auth == AuthXOAUTH2 && has("XOAUTH2"):
		return xoauth2{s.User, password}, nil
	case s.Auth == AuthOAUTHBEARER && has(sasl.OAuthBearer):
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: s.User, Token: password, Host: s.Host, Port: s.Port}), nil
	case s.Auth == AuthPassword && has(sasl.Plain):
		return sasl.NewPlainClient("", s.User, password), nil
	case s.Auth == AuthPassword && has(sasl.Login):
		return &login{user: s.User, password: password}, nil
	}
	hint := "Choose another way to sign in for this mailbox."
	if s.Auth == AuthPassword {
		hint = "Choose the OAuth sign-in for this mailbox, if your provider has one."
	}
	return nil, &Error{Kind: KindAuthMethod, Hint: hint,
		Message: fmt.Sprintf("%s does not take the way this mailbox signs in; it offers %s.", s.Host, clip(oneLine(strings.Join(offered, ", ")), 80))}
}

// xoauth2 is the sign-in with an OAuth token that Google and Microsoft brought in before RFC 7628.
type xoauth2 struct{ user, token string }

func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the challenge that carries the reason of a refusal with an empty line; the refusal follows.
func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// login answers the prompts by their order: servers word them differently, and some want no user name
// along with the command.
type login struct {
	user, password string
	asked          int
}

func (l *login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, errors.New("more prompts than user name and password")
}
