package accountsiq

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// refuseOld answers an operation with a failure for every token but the newest good ones.
func (f *fake) refuse(name string, good func(body string) bool, refusal string) {
	f.on(name, func(w http.ResponseWriter, body string) {
		if good(body) {
			write(w, succeed(name, oneTransaction))
			return
		}
		write(w, refusal)
	})
}

func secondToken(body string) bool { return !strings.Contains(body, "TOKEN-Aa1<") }

// How a refused token is renewed under either generation (contract 5.1, 5.2, 6).
func TestTokenRenewal(t *testing.T) {
	expired := result(op, `<Status>Failure</Status><ErrorCode>SOMETHING</ErrorCode><HasExpired>true</HasExpired>`)
	expiredButGood := result(op, `<Status>Success</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>true</HasExpired><Result>`+oneTransaction+`</Result>`)
	refusedRefresh := result("TokenRefresh", `<Status>Failure</Status><ErrorCode>OAUTH_INTEGRATION_APPS_REFRESH_TOKEN_EXPIRED</ErrorCode>`)
	for _, c := range []struct {
		name    string
		auth    Auth
		refusal string
		refresh string // what TokenRefresh answers instead of a new pair
		want    string // the calls after the refused one
	}{
		{"2.0 code", oauth, failure(op, "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"), "", "TokenRefresh"},
		{"2.0 other code", oauth, failure(op, "OAUTHCONFIGURATION_TOKEN_EXPIRED"), "", "TokenRefresh"},
		{"2.0 HasExpired", oauth, expired, "", "TokenRefresh"},
		{"2.0 HasExpired in a success", oauth, expiredButGood, "", "TokenRefresh"},
		{"2.0 refresh refused", oauth, expired, refusedRefresh, "TokenRefresh TokenGet"},
		{"2.0 refresh without tokens", oauth, expired, result("TokenRefresh", ""), "TokenRefresh TokenGet"},
		{"2.0 refresh faults", oauth, expired, soapFault("x"), "TokenRefresh TokenGet"},
		{"2.0 refresh expired", oauth, failure(op, "OAUTH_INTEGRATION_APPS_REFRESH_TOKEN_EXPIRED"), "", "TokenGet"},
		{"2.0 bad token", oauth, failure(op, "OAUTH_INTEGRATION_APPS_TOKEN_IS_INVALID"), "", "TokenGet"},
		{"2.0 code in a fault", oauth, soapFault("OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED was thrown"), "", "TokenRefresh"},
		{"1.1 HasExpired", userKey, expired, "", "Login"},
		{"1.1 code", userKey, failure(op, "WS_INVALIDTOKEN"), "", "Login"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.refuse(op, secondToken, c.refusal)
			if c.refresh != "" {
				f.say("TokenRefresh", c.refresh)
			}
			rows, err := readTransactions(connect(t, f.URL, c.auth))
			if err != nil || len(rows) != 1 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			if got, want := strings.Join(f.calls[1:], " "), op+" "+c.want+" "+op; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestUnauthorisedSignsInAgainOnce(t *testing.T) {
	f := newFake(t)
	f.on(op, func(w http.ResponseWriter, body string) {
		if !secondToken(body) {
			w.WriteHeader(401)
			return
		}
		write(w, succeed(op, ""))
	})
	if _, err := readTransactions(connect(t, f.URL, oauth)); err != nil || f.count("TokenGet") != 2 {
		t.Error(err, f.calls)
	}
}

func TestRefreshSendsAndKeepsTheNewestPair(t *testing.T) {
	f := newFake(t)
	f.refuse(op, func(string) bool { return false }, failure(op, "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"))
	c := connect(t, f.URL, oauth)
	for range 2 {
		if _, err := readTransactions(c); problemOf(t, err).Kind != Session {
			t.Error(err)
		}
	}
	// TokenGet 1, refused, refreshed as 3, refused; refused, refreshed as 6, refused.
	var refreshes []string
	for i, name := range f.calls {
		if name == "TokenRefresh" {
			_, rest, _ := strings.Cut(f.bodies[i], "<refreshToken>")
			token, _, _ := strings.Cut(rest, "<")
			refreshes = append(refreshes, token)
		}
	}
	if got := strings.Join(refreshes, " "); got != "REFRESH-Bb1 REFRESH-Bb3" {
		t.Errorf("refreshed with %s; calls %v", got, f.calls)
	}
	if f.count(op) != 4 || f.count("TokenGet") != 1 {
		t.Errorf("calls %v", f.calls)
	}
}

func TestRefusedSignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		auth   Auth
		answer string
		kind   Kind
		code   string
		aiq    string
	}{
		{"1.1 empty", userKey, `<LoginResponse><LoginResult/></LoginResponse>`, Credentials, "refused_key", ""},
		{"1.1 nil", userKey, `<LoginResponse><LoginResult xsi:nil="true"/></LoginResponse>`, Credentials, "refused_key", ""},
		{"1.1 nothing", userKey, `<LoginResponse/>`, Credentials, "refused_key", ""},
		{"1.1 other answer", userKey, `<FooResponse/>`, Answer, "no_result", ""},
		{"1.1 stray", UserKey{PartnerKey: testPartnerKey, UserKey: "abcd, efgh"}, `<LoginResponse/>`, Credentials, "stray_characters", ""},
		{"2.0 code", oauth, result("TokenGet", `<Status>Failure</Status><ErrorCode>NEW_CODE</ErrorCode>`), Credentials, "refused_key", "NEW_CODE"},
		{"2.0 no Result", oauth, result("TokenGet", `<Status>Success</Status><ErrorCode>SUCCESS</ErrorCode>`), Credentials, "refused_key", ""},
		{"2.0 empty token", oauth, tokenAnswer("TokenGet", "", ""), Credentials, "refused_key", ""},
		{"2.0 token one level up", oauth, result("TokenGet", `<AccessToken>x</AccessToken>`), Credentials, "refused_key", ""},
		{"2.0 no result element", oauth, `<TokenGetResponse/>`, Answer, "no_result", ""},
		{"2.0 bad token code", oauth, result("TokenGet", `<ErrorCode>OAUTH_INTEGRATION_APPS_ERROR_VALIDATING_TOKEN</ErrorCode>`), Credentials, "refused_key", "OAUTH_INTEGRATION_APPS_ERROR_VALIDATING_TOKEN"},
		{"2.0 unknown application", oauth, result("TokenGet", `<ErrorCode>OAUTH_INTEGRATION_APPS_APP_NOT_FOUND</ErrorCode>`), AtLocation, "wrong_location", "OAUTH_INTEGRATION_APPS_APP_NOT_FOUND"},
		{"2.0 revoked", oauth, result("TokenGet", `<ErrorCode>OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED</ErrorCode>`), Credentials, "app_revoked", "OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED"},
		{"2.0 throttled", oauth, result("TokenGet", `<ErrorCode>OAUTH_INTEGRATION_APPS_RATE_LIMIT_REACHED</ErrorCode>`), Throttled, "throttled", "OAUTH_INTEGRATION_APPS_RATE_LIMIT_REACHED"},
		{"2.0 stray", OAuth{ClientID: "1111,2222", ClientSecret: testClientSecret}, result("TokenGet", `<ErrorCode>OAUTH_INTEGRATION_APPS_UNABLE_TO_PARSE_GUID_TO_STRING</ErrorCode>`), Credentials, "stray_characters", "OAUTH_INTEGRATION_APPS_UNABLE_TO_PARSE_GUID_TO_STRING"},
		{"2.0 fault", oauth, soapFault("SHARDING_USER_DOES_NOT_EXIST_IN_SHARD"), AtLocation, "wrong_location", "SHARDING_USER_DOES_NOT_EXIST_IN_SHARD"},
	} {
		f := newFake(t)
		f.say("Login", c.answer)
		f.say("TokenGet", c.answer)
		client := connect(t, f.URL, c.auth)
		e := problemOf(t, client.SignIn(context.Background()))
		if e.Kind != c.kind || e.Code != c.code || e.AIQCode != c.aiq {
			t.Errorf("%s: %s %s %q, want %s %s %q", c.name, e.Kind, e.Code, e.AIQCode, c.kind, c.code, c.aiq)
		}
		if _, err := readTransactions(client); problemOf(t, err).Code != c.code || f.count(op) > 0 {
			t.Errorf("%s: a call went on without a token: %v", c.name, err)
		}
	}
}

// A token decides, whatever TokenGet says of its status (contract 4.1).
func TestTokenDecides(t *testing.T) {
	f := newFake(t)
	f.say("TokenGet", result("TokenGet", `<Status>OK</Status><ErrorCode></ErrorCode><Result><AccessToken>TOKEN-Aa1</AccessToken></Result>`))
	if err := connect(t, f.URL, oauth).SignIn(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestPastedKeysAreCleaned(t *testing.T) { // contract 5.2: stray blanks and line ends
	f := newFake(t)
	c := connect(t, f.URL, UserKey{PartnerKey: " ppppp,", UserKey: "\ufeffuuuuu\r\n"}, func(cfg *Config) { cfg.Company = "DEMO01 ," })
	if err := c.SignIn(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.bodies[0], "<companyID>DEMO01</companyID><partnerKey>ppppp</partnerKey><userKey>uuuuu</userKey>") {
		t.Error(f.bodies[0])
	}
}

// While one call renews the token the others wait, and nobody renews it a second time.
func TestOneRenewalForAll(t *testing.T) {
	const callers = 16
	for _, c := range []struct {
		name    string
		refused bool
	}{{"renewed", false}, {"refused", true}} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			client := connect(t, f.URL, oauth)
			if err := client.SignIn(context.Background()); err != nil {
				t.Fatal(err)
			}
			var together sync.WaitGroup
			together.Add(callers)
			f.on(op, func(w http.ResponseWriter, body string) {
				if secondToken(body) {
					write(w, succeed(op, ""))
					return
				}
				together.Done()
				together.Wait() // all of them are out with the old token
				write(w, failure(op, "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"))
			})
			if c.refused {
				f.say("TokenRefresh", result("TokenRefresh", ""))
				f.say("TokenGet", result("TokenGet", `<ErrorCode>OAUTH_INTEGRATION_APPS_APPLICATION_IS_REVOKED</ErrorCode>`))
			}
			errs := make(chan error, callers)
			for range callers {
				go func() {
					_, err := readTransactions(client)
					errs <- err
				}()
			}
			for range callers {
				err := <-errs
				if c.refused && problemOf(t, err).Code != "app_revoked" || !c.refused && err != nil {
					t.Error(err)
				}
			}
			if n := f.count("TokenRefresh"); !c.refused && n != 1 {
				t.Errorf("%d refreshes", n)
			}
		})
	}
}

// Refused keys are sent once, not once for every call that waits for the answer.
func TestWaitersShareAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		refused := errors.New("refused")
		s := &session{gate: make(chan struct{}, 1)}
		if err := s.enter(ctx); err != nil {
			t.Fatal(err)
		}
		waiter := make(chan error)
		go func() { waiter <- s.enter(ctx) }()
		synctest.Wait()
		s.note(ctx, tokens{}, refused)
		s.leave()
		if err := <-waiter; err != refused {
			t.Errorf("the waiter heard %v", err)
		}
		s.leave()
		if err := s.enter(ctx); err != nil {
			t.Errorf("a later call may not try again: %v", err)
		}
	})
}

func TestWaitingForARenewalEndsWithTheContext(t *testing.T) {
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	c.session.gate <- struct{}{} // somebody is renewing
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := c.Transactions(ctx, TransactionQuery{}, nil)
	if problemOf(t, err).Kind != Cancelled || c.Requests() != 0 {
		t.Error(err)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := Secret(testUserKey)
	type holder struct {
		S Secret
		P *Secret
		M map[string]Secret
		L []Secret
	}
	h := holder{s, &s, map[string]Secret{"k": s}, []Secret{s}}
	texts := []string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T", "%t"} {
		texts = append(texts, fmt.Sprintf(verb, s), fmt.Sprintf(verb, h), fmt.Sprintf(verb, UserKey{s, s}), fmt.Sprintf(verb, OAuth{"id", s}),
			fmt.Sprintf(verb, Config{Auth: UserKey{s, s}}))
	}
	j, err := json.Marshal(h)
	x, err2 := xml.Marshal(s)
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "s", s, "h", h, "auth", UserKey{s, s})
	}
	texts = append(texts, string(j), string(x), log.String(), errors.New(s.String()).Error())
	mustNotLeak(t, texts...)
	if strings.Contains(strings.Join(texts, " "), fmt.Sprintf("%x", testUserKey)) {
		t.Error("the secret shows in hexadecimal")
	}
	if err != nil || err2 != nil || s.Reveal() != testUserKey || !strings.Contains(string(j), redacted) {
		t.Error(err, err2, string(j))
	}
}

func TestPartnerKeyIsLeftOutWhenThereIsNone(t *testing.T) {
	f := newFake(t)
	f.say("Login", `<LoginResponse/>`)
	c := connect(t, f.URL, UserKey{UserKey: testUserKey}, func(cfg *Config) { cfg.Company = "DEMO01" })
	err := c.SignIn(t.Context())
	if e := problemOf(t, err); e.Code != "refused_key" || !strings.Contains(e.Hint, "partner key") {
		t.Errorf("%+v", e)
	}
	if strings.Contains(f.bodies[0], "partnerKey") {
		t.Errorf("sent %s", f.bodies[0])
	}
}
