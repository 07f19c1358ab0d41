package accountsiq

import (
	"context"
	"errors"
	"sync/atomic"
)

// version is a generation of the service; the two do not mix.
type version int

const (
	version1 version = iota // Integration 1.1: Login, token as first argument
	version2                // Integration 2.0: TokenGet, token and company in the header
)

func (v version) path() string {
	if v == version1 {
		return "/system/dashboard/integration/integration_1_1.asmx"
	}
	return "/system/dashboard/integration/integration_2_0.asmx"
}

// Auth is a way to sign in: UserKey or OAuth.
type Auth interface {
	version() version
	cleaned() Auth
	check(company string) error
	secrets() []string
	fetch(ctx context.Context, c *Client) (tokens, error)
	renew(ctx context.Context, c *Client, old tokens) (tokens, error)
}

// tokens is what a sign-in brings. Integration 1.1 knows no refresh token.
type tokens struct{ access, refresh string }

// session holds the tokens of a client. Whoever holds the gate may look at them and renew them;
// the others wait there, so that only one renews (contract 5.1).
type session struct {
	auth       Auth
	gate       chan struct{}
	tokens     tokens
	generation int
	failure    error        // why the latest renewal failed, nil if it did not
	tries      atomic.Int64 // renewals so far, successful or not
}

// enter waits for the gate. It returns the error of a renewal that somebody else tried in vain in
// the meantime, so that refused keys are not sent once for every waiting call.
func (s *session) enter(ctx context.Context) (failure error) {
	before := s.tries.Load()
	select {
	case s.gate <- struct{}{}:
	case <-ctx.Done():
		return errGate
	}
	if s.tries.Load() != before {
		return s.failure
	}
	return nil
}

func (s *session) leave() { <-s.gate }

var errGate = errors.New("the wait for a sign-in was given up")

// note keeps the outcome of a renewal.
func (s *session) note(ctx context.Context, t tokens, err error) {
	s.tries.Add(1)
	s.failure = nil
	if err == nil {
		s.tokens = t
		s.generation++
	} else if ctx.Err() == nil {
		s.failure = err
	}
}

// SignIn signs in anew and so checks the keys.
func (c *Client) SignIn(ctx context.Context) error {
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.session.leave()
	return c.fetch(ctx)
}

// enter is session.enter with errors for users; after an error the gate is not held.
func (c *Client) enter(ctx context.Context) error {
	switch err := c.session.enter(ctx); {
	case err == nil:
		return nil
	case errors.Is(err, errGate):
		return c.explain(ctx, "", err)
	default:
		c.session.leave()
		return err
	}
}

// token returns the present token and its generation, signing in if there is none yet.
func (c *Client) token(ctx context.Context) (string, int, error) {
	if err := c.enter(ctx); err != nil {
		return "", 0, err
	}
	defer c.session.leave()
	if c.session.tokens.access == "" {
		if err := c.fetch(ctx); err != nil {
			return "", 0, err
		}
	}
	return c.session.tokens.access, c.session.generation, nil
}

// renew replaces the tokens of a generation, unless somebody else has done so already.
func (c *Client) renew(ctx context.Context, generation int, r remedy) error {
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.session.leave()
	if c.session.generation != generation {
		return nil
	}
	if r == refresh {
		t, err := c.session.auth.renew(ctx, c, c.session.tokens)
		if err == nil {
			c.keep(ctx, t, nil)
			return nil
		}
	}
	return c.fetch(ctx)
}

func (c *Client) fetch(ctx context.Context) error {
	t, err := c.session.auth.fetch(ctx, c)
	c.keep(ctx, t, err)
	return err
}

func (c *Client) keep(ctx context.Context, t tokens, err error) {
	c.secrets.add(t.access, t.refresh)
	c.session.note(ctx, t, err)
}

// UserKey signs in to Integration 1.1 as a user of one company. Without a partner key the sign-in leaves it
// out, and AccountsIQ says whether it wants one.
type UserKey struct {
	PartnerKey Secret // "" for none
	UserKey    Secret
}

func (UserKey) version() version { return version1 }

func (k UserKey) cleaned() Auth {
	return UserKey{PartnerKey: cleanSecret(k.PartnerKey), UserKey: cleanSecret(k.UserKey)}
}

func (k UserKey) check(company string) error {
	if company == "" {
		return newError(pMissingCompany, "")
	}
	if k.UserKey == "" {
		return newError(pMissingKey, "")
	}
	return nil
}

func (k UserKey) secrets() []string { return []string{k.PartnerKey.Reveal(), k.UserKey.Reveal()} }

func (k UserKey) fetch(ctx context.Context, c *Client) (tokens, error) {
	const op = "Login"
	var t tokens
	request := c.version.envelope(op, "", "", func(w *body) {
		w.text("companyID", c.company)
		w.optional("partnerKey", k.PartnerKey.Reveal())
		w.text("userKey", k.UserKey.Reveal())
	})
	err := c.signInCall(ctx, op, request, func(s *scanner) error {
		return readEnvelope(s, op, func() error {
			for depth := s.depth; s.more(depth); {
				if string(s.local) == "LoginResult" {
					t.access = s.trimmed()
				}
			}
			return s.err
		})
	})
	if err != nil {
		return tokens{}, err
	}
	if t.access == "" && k.PartnerKey == "" {
		return tokens{}, c.refusal(op, pNoPartnerKey, reply{}, c.company, k.UserKey.Reveal())
	}
	if t.access == "" {
		return tokens{}, c.refusal(op, pRefusedKey, reply{}, c.company, k.PartnerKey.Reveal(), k.UserKey.Reveal())
	}
	return t, nil
}

// renew signs in again: a session of Integration 1.1 cannot be prolonged.
func (k UserKey) renew(ctx context.Context, c *Client, _ tokens) (tokens, error) {
	return tokens{}, errNoRefresh
}

var errNoRefresh = errors.New("there is no refresh token")

// OAuth signs in to Integration 2.0 as an integration application.
type OAuth struct {
	ClientID     string
	ClientSecret Secret
}

func (OAuth) version() version { return version2 }

func (o OAuth) cleaned() Auth {
	id, _ := CleanKey(o.ClientID)
	return OAuth{ClientID: id, ClientSecret: cleanSecret(o.ClientSecret)}
}

func (o OAuth) check(string) error {
	if o.ClientID == "" || o.ClientSecret == "" {
		return newError(pMissingKey, "")
	}
	return nil
}

func (o OAuth) secrets() []string { return []string{o.ClientSecret.Reveal()} }

func (o OAuth) fetch(ctx context.Context, c *Client) (tokens, error) {
	return o.exchange(ctx, c, "TokenGet", "")
}

func (o OAuth) renew(ctx context.Context, c *Client, old tokens) (tokens, error) {
	if old.refresh == "" {
		return tokens{}, errNoRefresh
	}
	return o.exchange(ctx, c, "TokenRefresh", old.refresh)
}

func (o OAuth) exchange(ctx context.Context, c *Client, op, refreshToken string) (tokens, error) {
	request := c.version.envelope(op, "", "", func(w *body) {
		w.text("clientId", o.ClientID)
		w.text("clientSecret", o.ClientSecret.Reveal())
		w.optional("refreshToken", refreshToken)
	})
	var t tokens
	var r reply
	err := c.signInCall(ctx, op, request, func(s *scanner) error {
		return readEnvelope(s, op, func() error { return readTokens(s, op, &t, &r) })
	})
	if err != nil {
		return tokens{}, err
	}
	if t.access == "" {
		return tokens{}, c.refusal(op, pRefusedClient, r, o.ClientID, o.ClientSecret.Reveal())
	}
	return t, nil
}

// readTokens reads the result of TokenGet and TokenRefresh: Result comes first there, and the
// status is free text, so that the presence of a token decides (contract 4.1).
func readTokens(s *scanner, op string, t *tokens, r *reply) error {
	found := false
	for depth := s.depth; s.more(depth); {
		if string(s.local) != op+"Result" {
			continue
		}
		found = true
		for inner := s.depth; s.more(inner); {
			switch string(s.local) {
			case "Result":
				for pair := s.depth; s.more(pair); {
					switch string(s.local) {
					case "AccessToken":
						t.access = s.trimmed()
					case "RefreshToken":
						t.refresh = s.trimmed()
					}
				}
			case "Status":
				r.status = s.trimmed()
			case "ErrorCode":
				r.code = s.trimmed()
			case "ErrorMessage":
				r.message = s.trimmed()
			}
		}
	}
	if s.err == nil && !found {
		return errNoResult
	}
	return s.err
}

// signInCall sends a request that carries keys instead of a token.
func (c *Client) signInCall(ctx context.Context, op string, request []byte, read func(*scanner) error) error {
	started := c.now()
	err := c.post(ctx, op, request, read)
	c.logCall(ctx, op, started, err)
	return c.explain(ctx, op, err)
}

// refusal is the error of a sign-in that brought no token. AccountsIQ gives no reason of its own
// for wrong keys, so any code that means nothing else counts as a refusal; stray characters in
// what was sent are the likelier reason when there are any.
func (c *Client) refusal(op string, refused problem, r reply, sent ...string) error {
	p := refused
	if known, ok := codeGroups[r.code]; ok && known.code != pRefusedSignIn.code {
		p = known
	}
	if p.code == refused.code || p.code == pWrongLocation.code {
		for _, v := range sent {
			if hasStray(v) {
				p = pStrayCharacters
			}
		}
	}
	e := newError(p, c.secrets.scrub(r.message))
	e.Op = op
	if r.code != success && r.code != "SUCCESS" {
		e.AIQCode = clean(c.secrets.scrub(r.code), maxCode)
	}
	return e.scrubbed(c.secrets)
}

func cleanSecret(s Secret) Secret {
	v, _ := CleanKey(s.Reveal())
	return Secret(v)
}
