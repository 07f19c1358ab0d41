package aiqtest

import (
	"strings"
	"testing"
	"time"
)

func TestTokenGetRefusals(t *testing.T) {
	s := start(t, Options{})
	for _, c := range []struct{ args, want string }{
		{"", "OAUTH_INTEGRATION_APPS_CLIENTID_IS_NULL_OR_EMPTY"},
		{"<clientId>" + DemoClientID + "</clientId>", "OAUTH_INTEGRATION_APPS_CLIENTSECRET_IS_NULL_OR_EMPTY"},
		{strings.Replace(credentials20, DemoClientID, "not a guid", 1), "OAUTH_INTEGRATION_APPS_UNABLE_TO_PARSE_GUID_TO_STRING"},
		{strings.Replace(credentials20, DemoClientID, "00000000-0000-0000-0000-000000000000", 1), "OAUTH_INTEGRATION_APPS_APP_NOT_FOUND"},
		{strings.Replace(credentials20, DemoClientSecret, "wrong", 1), "CANNOT_LOGIN_INVALID_CREDENTIALS"},
		{credentials20, "SUCCESS"},
	} {
		got := s.result(t, s.message(v20, "TokenGet", c.args))
		if code(got) != c.want || (got.kid("Result") != nil) != (c.want == "SUCCESS") {
			t.Errorf("%s: %s", c.args, code(got))
		}
	}
	s.Revoke()
	if got := code(s.result(t, s.message(v20, "TokenGet", credentials20))); got != codeRevoked {
		t.Errorf("revoked: %s", got)
	}
}

func TestLoginRefusals(t *testing.T) {
	s := start(t, Options{})
	for _, key := range []string{DemoCompanyID, DemoPartnerKey, DemoUserKey} {
		for _, bad := range []string{"other", key + " ", ""} {
			args := strings.Replace(credentials11, ">"+key+"<", ">"+bad+"<", 1)
			if got := s.result(t, s.message(v11, "Login", args)).value(); got != "" {
				t.Errorf("%s as %q: %s", key, bad, got)
			}
		}
	}
	if s.signIn(t, v11) == "" {
		t.Error("good keys are refused")
	}
}

// The pair rotates: after a refresh the old refresh token and the old access token are void.
func TestRefreshRotates(t *testing.T) {
	s := start(t, Options{})
	pair := s.result(t, s.message(v20, "TokenGet", credentials20)).kid("Result")
	refresh := s.message(v20, "TokenRefresh", credentials20+"<refreshToken>"+pair.kid("RefreshToken").value()+"</refreshToken>")
	next := s.result(t, refresh).kid("Result")
	if got := code(s.ask(t, next.kid("AccessToken").value(), "GetUserInformation", "")); got != "SUCCESS" {
		t.Errorf("new token: %s", got)
	}
	if got := code(s.ask(t, pair.kid("AccessToken").value(), "GetUserInformation", "")); got != codeInvalid {
		t.Errorf("old token: %s", got)
	}
	if got := code(s.result(t, refresh)); got != codeRefreshExpired {
		t.Errorf("old refresh token: %s", got)
	}
	s.ExpireRefresh()
	refresh.args = credentials20 + "<refreshToken>" + next.kid("RefreshToken").value() + "</refreshToken>"
	if got := code(s.result(t, refresh)); got != codeRefreshExpired {
		t.Errorf("expired refresh token: %s", got)
	}
}

func TestTokensExpire(t *testing.T) {
	ck := &clock{testNow}
	s := start(t, Options{Now: ck.now})
	token := s.signIn(t, v20)
	ck.at = testNow.Add(59 * time.Minute)
	if got := code(s.ask(t, token, "GetUserInformation", "")); got != "SUCCESS" {
		t.Errorf("after 59 minutes: %s", got)
	}
	ck.at = testNow.Add(time.Hour)
	if got := code(s.ask(t, token, "GetUserInformation", "")); got != codeExpired {
		t.Errorf("after an hour: %s", got)
	}
}

func TestSessionOf20Minutes(t *testing.T) {
	for _, sliding := range []bool{false, true} {
		ck := &clock{testNow}
		s := start(t, Options{Now: ck.now, SlidingSession: sliding})
		m := s.message(v11, "GetUserInformation", "")
		m.token = s.signIn(t, v11)
		want := map[bool][]string{false: {"SUCCESS", codeInvalid11}, true: {"SUCCESS", "SUCCESS"}}[sliding]
		for i, w := range want {
			ck.at = testNow.Add(time.Duration(i+1) * 15 * time.Minute)
			if got := code(s.result(t, m)); got != w {
				t.Errorf("sliding %v, minute %d: %s", sliding, (i+1)*15, got)
			}
		}
	}
}

func TestExpirySignals(t *testing.T) {
	for _, v := range []version{v20, v11} {
		for sig, want := range map[Signal]struct {
			tokenCode bool
			flag      string
		}{ByBoth: {true, "true"}, ByCode: {true, "false"}, ByFlag: {false, "true"}} {
			s := start(t, Options{})
			m := s.message(v, "GetUserInformation", "")
			m.token = s.signIn(t, v)
			s.ExpireBy(sig)
			got := s.result(t, m)
			if says := code(got) == codeExpired || code(got) == codeInvalid11; says != want.tokenCode || got.kid("HasExpired").value() != want.flag || got.kid("Status").value() != "Failure" {
				t.Errorf("%s signal %d: %s, HasExpired %s", v, sig, code(got), got.kid("HasExpired").value())
			}
			m.token = s.signIn(t, v)
			if got := code(s.result(t, m)); got != "SUCCESS" {
				t.Errorf("%s signal %d: a new token gives %s", v, sig, got)
			}
		}
	}
}

func TestTheVersionsDoNotMix(t *testing.T) {
	s := start(t, Options{})
	m := s.message(v11, "GetUserInformation", "")
	m.token = s.signIn(t, v20)
	if got := code(s.result(t, m)); got != codeInvalid11 {
		t.Errorf("2.0 token in 1.1: %s", got)
	}
	if got := code(s.ask(t, s.signIn(t, v11), "GetUserInformation", "")); got != codeInvalid {
		t.Errorf("1.1 token in 2.0: %s", got)
	}
}

func TestEntityOfTheHeader(t *testing.T) {
	s := start(t, Options{})
	m := s.message(v20, "GetCustomerList", "")
	m.token = s.signIn(t, v20)
	for entity, want := range map[string]string{"": "OAUTH_INTEGRATION_APPS_NO_ENTITY_PROVIDED_IN_HEADER",
		"OTHER": "API_LAYER_ENTITY_ID_NOT_FOUND", DemoCompanyID: "SUCCESS"} {
		m.entity = entity
		if got := code(s.result(t, m)); got != want {
			t.Errorf("entity %q: %s", entity, got)
		}
	}
	m = s.message(v20, "GetEntitiesByToken", "")
	m.token, m.entity = s.signIn(t, v20), ""
	before := len(s.Violations())
	if got := s.result(t, m); code(got) != "SUCCESS" || len(s.Violations()) != before {
		t.Errorf("entities without an entity: %s %v", code(got), s.Violations()[before:])
	}
}
