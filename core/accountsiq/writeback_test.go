package accountsiq

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

var write1 = map[string]func(*Client) error{
	"AddNotes": func(c *Client) error { return c.AddNote(context.Background(), OnCustomer, "7", "Reminder sent. [r-1]") },
	"DisputeTransactions": func(c *Client) error {
		verdicts, err := c.Dispute(context.Background(), []int64{1001}, true)
		return errors.Join(append(verdicts, err)...)
	},
}

// done is the answer of a write that was carried out.
func done(op string) string {
	if op == "AddNotes" {
		return result(op, `<Status>Success</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>false</HasExpired>`)
	}
	return succeed(op, `<WSResultStatus><Status>Success</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>false</HasExpired></WSResultStatus>`)
}

// A write is asked for once. Only an answer by which AccountsIQ refuses the call because of its token brings a second
// one, with a new token; whatever leaves open whether it was carried out does not.
func TestWritesAreNotRepeatedInDoubt(t *testing.T) {
	said := func(inside string) func(string) func(http.ResponseWriter, string) {
		return func(op string) func(http.ResponseWriter, string) {
			return func(w http.ResponseWriter, _ string) { write(w, result(op, inside)) }
		}
	}
	status := func(code int, body string) func(string) func(http.ResponseWriter, string) {
		return func(string) func(http.ResponseWriter, string) {
			return func(w http.ResponseWriter, _ string) { w.WriteHeader(code); _, _ = w.Write([]byte(body)) }
		}
	}
	for name, c := range map[string]struct {
		first func(op string) func(http.ResponseWriter, string)
		calls int
		kind  Kind // of the error, "" for none
	}{
		"expired by code":          {said(`<Status>Failure</Status><ErrorCode>OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED</ErrorCode><HasExpired>false</HasExpired>`), 2, ""},
		"expired by flag":          {said(`<Status>Failure</Status><ErrorCode>NOT_AUTHORIZED</ErrorCode><HasExpired>true</HasExpired>`), 2, ""},
		"invalid token of 1.1":     {said(`<Status>Failure</Status><ErrorCode>WS_INVALIDTOKEN</ErrorCode><HasExpired>true</HasExpired>`), 2, ""},
		"success and expired":      {said(`<Status>Success</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>true</HasExpired>`), 1, Answer},
		"created and expired":      {said(`<Status>Created</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>true</HasExpired>`), 1, Answer},
		"in progress and expired":  {said(`<Status>InProgress</Status><ErrorCode>JOB_RUNNING</ErrorCode><HasExpired>true</HasExpired>`), 1, Busy},
		"expired without a status": {said(`<HasExpired>true</HasExpired>`), 1, Answer},
		"nothing in the result":    {said(``), 1, Answer},
		"permission":               {said(`<Status>Failure</Status><ErrorCode>READ_ONLY</ErrorCode><HasExpired>false</HasExpired>`), 1, Permission},
		"401":                      {status(401, ""), 1, Credentials},
		"500":                      {status(500, ""), 1, Server},
		"a web page":               {status(200, "<html></html>"), 1, Answer},
		"fault that names the token": {func(string) func(http.ResponseWriter, string) {
			return fault500("OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED")
		}, 1, Session},
		"connection broken off": {func(string) func(http.ResponseWriter, string) {
			return func(w http.ResponseWriter, _ string) {
				conn, _, _ := w.(http.Hijacker).Hijack()
				_ = conn.Close()
			}
		}, 1, Network},
		"cut off": {func(op string) func(http.ResponseWriter, string) {
			return func(w http.ResponseWriter, _ string) { _, _ = w.Write([]byte(`<Envelope><Body>` + done(op)[:60])) }
		}, 1, Answer},
	} {
		for op, send := range write1 {
			t.Run(name+" "+op, func(t *testing.T) {
				f := newFake(t)
				client := connect(t, f.URL, oauth)
				if _, err := client.ReportStyles(context.Background()); err != nil { // now a connection is there to be used again
					t.Error(err)
				}
				f.on(op, func(w http.ResponseWriter, body string) {
					if f.count(op) == 1 {
						c.first(op)(w, body)
						return
					}
					write(w, done(op))
				})
				err := send(client)
				if got := f.count(op); got != c.calls {
					t.Errorf("sent %d times", got)
				}
				if c.kind == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var e *Error
				if !errors.As(err, &e) || e.Kind != c.kind {
					t.Fatalf("%v", err)
				}
				if problemOf(t, e); strings.Contains(e.Hint, "Nothing was changed") {
					t.Errorf("of a write in doubt it says %q", e.Hint)
				}
			})
		}
	}
}

func fault500(text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.WriteHeader(500)
		write(w, soapFault(text))
	}
}

// A token that is refused twice is not tried a third time.
func TestWritesRepeatOnce(t *testing.T) {
	for op, send := range write1 {
		f := newFake(t)
		f.say(op, failure(op, "OAUTH_INTEGRATION_APPS_TOKEN_EXPIRED"))
		if err := send(connect(t, f.URL, oauth)); !errors.Is(err, Session) || f.count(op) != 2 {
			t.Errorf("%s: %d times, %v", op, f.count(op), err)
		}
	}
}

func TestDisputeVerdicts(t *testing.T) {
	const op = "DisputeTransactions"
	row := func(status, code string) string {
		return "<WSResultStatus><Status>" + status + "</Status><ErrorCode>" + code + "</ErrorCode><ErrorMessage>Words.</ErrorMessage><HasExpired>false</HasExpired></WSResultStatus>"
	}
	good, bad, gone := row("Success", "SUCCESS"), row("Failure", "TRANSACTION_DISPUTE_FAILED"), row("Failure", "TRANSACTION_NOT_FOUND")
	ids := []int64{1001, 1002, 1003}
	for name, c := range map[string]struct {
		rows  string
		want  []Kind // "" for agreed
		fails string // code of the whole call's error
	}{
		"all":           {good + good + good, []Kind{"", "", ""}, ""},
		"in order":      {bad + good + gone, []Kind{Refused, "", Gone}, ""},
		"new elements":  {`<New/>` + strings.Replace(good, "<Status>", "<New><Status>Failure</Status></New><Status>", 1) + bad + good, []Kind{"", Refused, ""}, ""},
		"short":         {good + good, nil, "bad_answer"},
		"long":          {good + good + good + good, nil, "bad_answer"},
		"none":          {"", nil, "bad_answer"},
		"a nil verdict": {good + `<WSResultStatus xsi:nil="true" />` + good, nil, "bad_answer"},
		"no status":     {good + "<WSResultStatus><ErrorCode>SUCCESS</ErrorCode></WSResultStatus>" + good, nil, "bad_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.say(op, succeed(op, c.rows))
			verdicts, err := connect(t, f.URL, oauth).Dispute(context.Background(), ids, true)
			if c.fails != "" {
				if e := problemOf(t, err); e.Code != c.fails || verdicts != nil || e.Op != op {
					t.Errorf("%v, %d verdicts", err, len(verdicts))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := make([]Kind, len(verdicts))
			for i, v := range verdicts {
				if v != nil {
					got[i] = problemOf(t, v).Kind
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	f := newFake(t)
	if v, err := connect(t, f.URL, oauth).Dispute(context.Background(), nil, true); v != nil || err != nil || len(f.calls) != 0 {
		t.Errorf("without ids: %v %v, %d calls", v, err, len(f.calls))
	}
}

func TestNotesAreRead(t *testing.T) {
	const op = "GetNotesList"
	f := newFake(t)
	c := connect(t, f.URL, oauth)
	f.say(op, succeed(op, `<WSNote><NoteID>3</NoteID><MasterType>Customer</MasterType><MasterID>7</MasterID><New><Notes>no</Notes></New><Notes>first &amp; only
 line</Notes></WSNote><WSNote><NoteID xsi:nil="true" /><MasterType>Customer</MasterType></WSNote>`))
	got, err := c.Notes(context.Background(), OnCustomer, "7")
	if want := []Note{{3, "first & only\n line"}, {}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	f.say(op, result(op, `<Status>Success</Status>`))
	if got, err := c.Notes(context.Background(), OnTransaction, "1001"); err != nil || len(got) != 0 {
		t.Errorf("%+v %v", got, err)
	}
	f.say("AddNotes", result("AddNotes", `<Status>Created</Status><ErrorCode>SUCCESS</ErrorCode><HasExpired>false</HasExpired>`))
	if err := c.AddNote(context.Background(), OnCustomer, "7", "x"); err != nil {
		t.Errorf("Created is no success: %v", err)
	}
	f.say(op, result(op, `<Status>Created</Status><Result/>`))
	if _, err := c.Notes(context.Background(), OnCustomer, "7"); err == nil {
		t.Error("a read that answers Created passes")
	}
}

func TestReportStyles(t *testing.T) {
	const op = "GetReportStyles"
	style := func(names ...string) string {
		out := "<WSReportStyles><ReportName>R</ReportName><ReportStyles>"
		for _, n := range names {
			out += "<WSReportStyle><ReportName>R</ReportName><StyleName>" + n + "</StyleName><DefaultStyle>false</DefaultStyle></WSReportStyle>"
		}
		return out + "</ReportStyles></WSReportStyles>"
	}
	f := newFake(t)
	f.say(op, succeed(op, style("Standard", "With logo")+"<WSReportStyles><ReportName>Empty</ReportName></WSReportStyles>"+style("Standard", "", "A &amp; B")))
	got, err := connect(t, f.URL, oauth).ReportStyles(context.Background())
	if want := []string{"Standard", "With logo", "A & B"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
}
