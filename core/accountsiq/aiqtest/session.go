package aiqtest

import (
	"crypto/subtle"
	"fmt"
	"regexp"
	"time"
)

// Signal says how the server tells that a token has expired; which one the real service uses is unknown
// (contract 5.1).
type Signal int

// The expiry signals.
const (
	ByBoth Signal = iota // HasExpired and a code of the token group
	ByCode               // the code alone
	ByFlag               // HasExpired alone, with a code that says nothing of tokens
)

// session is what a token stands for.
type session struct {
	version version
	company *Company // 1.1: the one of the log-in; 2.0: any with the same application
	until   time.Time
}

type refresher struct {
	company *Company
	access  string
	until   time.Time
}

// Expire lets all access tokens and sessions expire now, told by both signals. Refresh tokens stay.
func (s *Server) Expire() { s.ExpireBy(ByBoth) }

// ExpireBy is Expire with a chosen signal, which stays in use.
func (s *Server) ExpireBy(sig Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signal = sig
	for _, ses := range s.sessions {
		ses.until = time.Time{}
	}
}

// ExpireRefresh lets all refresh tokens expire now.
func (s *Server) ExpireRefresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.refreshers {
		r.until = time.Time{}
	}
}

// Revoke withdraws the application of 2.0 (OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED).
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

const (
	codeExpired        = "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"
	codeInvalid        = "OAUTH_INTEGRATION_APPS_TOKEN_IS_INVALID"
	codeInvalid11      = "WS_INVALIDTOKEN"
	codeRefreshExpired = "OAUTH_INTEGRATION_APPS_REFRESH_TOKEN_EXPIRED"
	codeRevoked        = "OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED"
)

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// application finds the company of a client id and secret, or the code of the refusal.
func (s *Server) application(id, secret string) (*Company, string) {
	switch {
	case id == "":
		return nil, "OAUTH_INTEGRATION_APPS_CLIENTID_IS_NULL_OR_EMPTY"
	case secret == "":
		return nil, "OAUTH_INTEGRATION_APPS_CLIENTSECRET_IS_NULL_OR_EMPTY"
	case !guid.MatchString(id):
		return nil, "OAUTH_INTEGRATION_APPS_UNABLE_TO_PARSE_GUID_TO_STRING"
	}
	for _, c := range s.companies {
		if c.ClientID != id {
			continue
		}
		if !same(c.ClientSecret, secret) {
			return nil, "CANNOT_LOGIN_INVALID_CREDENTIALS"
		}
		if s.revoked {
			return nil, codeRevoked
		}
		return c, ""
	}
	return nil, "OAUTH_INTEGRATION_APPS_APP_NOT_FOUND"
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// tokenGet answers TokenGet.
func (s *Server) tokenGet(r *request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, code := s.application(r.text("clientId"), r.text("clientSecret"))
	if code != "" {
		return refuse(code)
	}
	return s.issue(c)
}

// tokenRefresh answers TokenRefresh. The pair rotates: the old refresh token and the access token that
// came with it are void afterwards, the strictest reading of section 5.1.
func (s *Server) tokenRefresh(r *request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, code := s.application(r.text("clientId"), r.text("clientSecret"))
	if code != "" {
		return refuse(code)
	}
	token := r.text("refreshToken")
	old := s.refreshers[token]
	if old == nil || old.company.ClientID != c.ClientID || !s.now().Before(old.until) {
		return refuse(codeRefreshExpired)
	}
	delete(s.refreshers, token)
	delete(s.sessions, old.access)
	return s.issue(c)
}

// issue makes a token pair. The caller holds the lock.
func (s *Server) issue(c *Company) answer {
	access, refresh := s.token("access", c), s.token("refresh", c)
	s.sessions[access] = &session{version: v20, company: c, until: s.now().Add(s.o.TokenLife)}
	s.refreshers[refresh] = &refresher{company: c, access: access, until: s.now().Add(s.o.RefreshLife)}
	return byHand(func(k *sink) {
		k.str("<AccessToken>" + access + "</AccessToken><RefreshToken>" + refresh + "</RefreshToken>")
	})
}

// token makes up a token that no other run of the server gives. The caller holds the lock.
func (s *Server) token(kind string, c *Company) string {
	s.serial++
	return fmt.Sprintf("%s-%s-%x-%d", kind, c.ID, s.started.UnixNano(), s.serial)
}

// login answers Login of 1.1: a bare token, or an empty string for any refusal.
func (s *Server) login(r *request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.companies {
		if c.ID == r.text("companyID") && same(c.PartnerKey, r.text("partnerKey")) && same(c.UserKey, r.text("userKey")) {
			token := s.token("session", c)
			s.sessions[token] = &session{version: v11, company: c, until: s.now().Add(s.o.SessionLife)}
			return token
		}
	}
	return ""
}

// admit finds the company that a call addresses, or how it is refused.
func (s *Server) admit(r *request) (*Company, verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.token
	if r.version == v11 {
		token = r.text("token")
	}
	ses := s.sessions[token]
	switch {
	case token == "" && r.version == v20:
		return nil, verdict{code: "OAUTH_INTEGRATION_APPS_TOKEN_NOT_PROVIDED_IN_AUTHORIZATION_HEADER"}
	case ses == nil || ses.version != r.version:
		return nil, verdict{code: invalid(r.version), message: "The token is not valid."}
	case !s.now().Before(ses.until):
		return nil, s.expired(r.version)
	case r.version == v11:
		if s.o.SlidingSession {
			ses.until = s.now().Add(s.o.SessionLife)
		}
		return ses.company, verdict{}
	case s.revoked:
		return nil, verdict{code: codeRevoked}
	case r.op.name == "GetEntitiesByToken":
		return ses.company, verdict{}
	case r.entity == "":
		return nil, verdict{code: "OAUTH_INTEGRATION_APPS_NO_ENTITY_PROVIDED_IN_HEADER"}
	}
	for _, c := range s.companies {
		if c.ID == r.entity && c.ClientID == ses.company.ClientID {
			return c, verdict{}
		}
	}
	return nil, verdict{code: "API_LAYER_ENTITY_ID_NOT_FOUND"}
}

func invalid(v version) string {
	if v == v11 {
		return codeInvalid11
	}
	return codeInvalid
}

func (s *Server) expired(v version) verdict {
	code := codeExpired
	if v == v11 {
		code = codeInvalid11
	}
	switch s.signal {
	case ByCode:
		return verdict{code: code}
	case ByFlag:
		return verdict{code: "NOT_AUTHORIZED", expired: true}
	}
	return verdict{code: code, message: "The token has expired.", expired: true}
}
