package aiqtest

import (
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault Fault
		check func(t *testing.T, status int, body string)
	}{
		{"code", Fault{Kind: FailCode, Code: "JOB_RUNNING", Message: "Busy", HasExpired: true}, wants(200, "<Status>Failure</Status><ErrorCode>JOB_RUNNING</ErrorCode><ErrorMessage>Busy</ErrorMessage><HasExpired>true</HasExpired></Get")},
		{"throttle", Fault{Kind: FailThrottle}, wants(200, "OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS")},
		{"soap fault", Fault{Kind: FailSOAP}, wants(500, "<faultcode>soap:Server</faultcode>")},
		{"http", Fault{Kind: FailHTTP, Status: 403}, wants(403, "Forbidden")},
		{"http by default", Fault{Kind: FailHTTP}, wants(503, "Unavailable")},
		{"html", Fault{Kind: FailHTML}, wants(200, "<html>")},
		{"cut", Fault{Kind: FailCut}, func(t *testing.T, status int, body string) {
			if status != 200 || strings.Contains(body, "</soap:Envelope>") || !strings.Contains(body, "<Customer>") {
				t.Errorf("%d %d bytes", status, len(body))
			}
		}},
		{"cut off", Fault{Kind: FailCutOff}, func(t *testing.T, status int, body string) {
			if status != 0 || !strings.Contains(body, "<Customer>") {
				t.Errorf("%d %s", status, clip(body))
			}
		}},
		{"drop", Fault{Kind: FailDrop}, wants(0, "")},
		{"drop after", Fault{Kind: FailDropAfter}, wants(0, "")},
		{"slow", Fault{Kind: FailSlow, Delay: time.Millisecond}, wants(200, "<Customer>")},
		{"empty result", Fault{Kind: FailEmptyResult}, wants(200, "</HasExpired><Result /></GetCustomerListResult>")},
		{"no result", Fault{Kind: FailNoResult}, wants(200, "</HasExpired></GetCustomerListResult>")},
		{"missing", Fault{Kind: FailMissing}, wants(200, `Integration/"></GetCustomerListResponse>`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, Options{})
			m := s.message(v20, "GetCustomerList", "")
			m.token = s.signIn(t, v20)
			c.fault.Op = "GetCustomerList"
			s.Fail(c.fault)
			status, body := s.send(t, m)
			c.check(t, status, body)
			if status, body = s.send(t, m); status != 200 || !strings.Contains(body, "<Customer>") {
				t.Errorf("the next call: %d %s", status, clip(body))
			}
			if len(s.Violations()) > 0 {
				t.Error(s.Violations())
			}
		})
	}
}

func wants(status int, part string) func(*testing.T, int, string) {
	return func(t *testing.T, got int, body string) {
		t.Helper()
		if got != status || !strings.Contains(body, part) {
			t.Errorf("%d %s, want %d with %s", got, body, status, part)
		}
	}
}

func TestFaultCounting(t *testing.T) {
	s := start(t, Options{})
	token := s.signIn(t, v20)
	busy := func() bool { return code(s.ask(t, token, "GetUserInformation", "")) == "JOB_RUNNING" }
	s.Fail(Fault{Op: "GetUserInformation", Call: 3, Times: 2, Kind: FailCode, Code: "JOB_RUNNING"})
	s.ask(t, token, "GetCurrencyList", "") // another operation does not count
	for i, want := range []bool{false, false, true, true, false} {
		if busy() != want {
			t.Errorf("call %d: %v", i+1, !want)
		}
	}
	s.Fail(Fault{Times: Always, Kind: FailCode, Code: "JOB_RUNNING"})
	for range 2 {
		if !busy() {
			t.Error("a standing fault does not stand")
		}
	}
	s.ClearFaults()
	if busy() {
		t.Error("a cleared fault strikes")
	}
}

// A note whose answer is lost has been stored all the same.
func TestDropAfterHasDoneTheWork(t *testing.T) {
	s := start(t, Options{})
	m := s.message(v20, "AddNotes", `<note><NoteID xsi:nil="true" /><MasterType>Customer</MasterType><MasterID>7</MasterID><Notes>x</Notes></note>`)
	m.token = s.signIn(t, v20)
	s.Fail(Fault{Op: "AddNotes", Kind: FailDrop})
	s.send(t, m)
	if n := len(s.companies[0].Notes()); n != 0 {
		t.Errorf("dropped before: %d notes", n)
	}
	s.Fail(Fault{Op: "AddNotes", Kind: FailDropAfter})
	s.send(t, m)
	if n := len(s.companies[0].Notes()); n != 1 {
		t.Errorf("dropped after: %d notes", n)
	}
}

// The token operations fail in their own shape: Result first, no HasExpired.
func TestFaultsOfSignIn(t *testing.T) {
	s := start(t, Options{})
	s.Fail(Fault{Op: "TokenGet", Kind: FailCode, Code: "CONFIGURATION_ERROR"})
	if got := s.result(t, s.message(v20, "TokenGet", credentials20)); code(got) != "CONFIGURATION_ERROR" || got.kid("HasExpired") != nil {
		t.Errorf("%s", code(got))
	}
	s.Fail(Fault{Op: "Login", Kind: FailNoResult})
	if got := s.result(t, s.message(v11, "Login", credentials11)).value(); got != "" {
		t.Errorf("Login: %q", got)
	}
	s.Fail(Fault{Op: "Login", Kind: FailMissing})
	if got := s.result(t, s.message(v11, "Login", credentials11)); got != nil {
		t.Errorf("Login: %v", got)
	}
}

func TestCloseEndsASlowCall(t *testing.T) {
	asked := make(chan struct{}, 100) // the server looks at its clock on every call
	s := start(t, Options{Now: func() time.Time {
		select {
		case asked <- struct{}{}:
		default:
		}
		return testNow
	}})
	m := s.message(v20, "GetCustomerList", "")
	m.token = s.signIn(t, v20)
	for len(asked) > 0 {
		<-asked
	}
	s.Fail(Fault{Op: "GetCustomerList", Kind: FailSlow, Delay: time.Hour})
	done := make(chan struct{})
	go func() { s.send(t, m); close(done) }()
	<-asked
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-done
}
