package accountsiq

import (
	"errors"
	"testing"
)

func TestParseLocation(t *testing.T) {
	for _, c := range []struct{ in, code, base string }{
		{"uk1", "uk1", "https://uk1.accountsiq.com"},
		{"UK1", "uk1", "https://uk1.accountsiq.com"},
		{" Eu2, ", "eu2", "https://eu2.accountsiq.com"},
		{"us1", "us1", "https://us1.accountsiq.com"},
		{"https://uk1.accountsiq.com/system/dashboard/home.aspx?x=1#y", "uk1", "https://uk1.accountsiq.com"},
		{"HTTPS://EU1.AccountsIQ.com", "eu1", "https://eu1.accountsiq.com"},
		{"eu1.accountsiq.com/system", "eu1", "https://eu1.accountsiq.com"},
		{"eu1.accountsiq.com:443", "eu1", "https://eu1.accountsiq.com"},
		{"https://uk1.accountsiq.com./", "uk1", "https://uk1.accountsiq.com"},
		{"\"https://uk1.accountsiq.com/\"\r\n", "uk1", "https://uk1.accountsiq.com"},
		{"uk2.accountsiq.com", "", "https://uk2.accountsiq.com"},
		{"https://uk1.accountsiq.com:8443/x", "", "https://uk1.accountsiq.com:8443"},
		{"https://books.example/a b", "", "https://books.example"},
		{"https://intranet", "", "https://intranet"},
		{"http://localhost:8080/x", "", "http://localhost:8080"},
		{"http://127.0.0.1:1234", "", "http://127.0.0.1:1234"},
		{"http://127.8.9.1", "", "http://127.8.9.1"},
		{"http://[::1]:99/", "", "http://[::1]:99"},
		{"localhost:8443", "", "https://localhost:8443"},
		{"[::1]:8443", "", "https://[::1]:8443"},
		{"", "", "bad_location"},
		{"uk9", "", "bad_location"},
		{"Dublin", "", "bad_location"},
		{"ftp://uk1.accountsiq.com", "", "bad_location"},
		{"https://", "", "bad_location"},
		{"https:///path", "", "bad_location"},
		{"https://uk1.accountsiq.com@elsewhere.example/", "", "bad_location"},
		{"https://user:pass@uk1.accountsiq.com/", "", "bad_location"},
		{"https://host.example:99999", "", "bad_location"},
		{"https://host.example:x", "", "bad_location"},
		{"https://.", "", "bad_location"},
		{"javascript:alert(1)", "", "bad_location"},
		{"http://uk1.accountsiq.com", "", "insecure_location"},
		{"http://192.168.1.5", "", "insecure_location"},
		{"http://localhost.example", "", "insecure_location"},
		{"http://127.0.0.1.example", "", "insecure_location"},
		{"http://128.0.0.1", "", "insecure_location"},
	} {
		l, err := ParseLocation(c.in)
		got := l.Base
		var e *Error
		if errors.As(err, &e) {
			got = e.Code
		}
		if got != c.base || l.Code != c.code || err == nil && l.Name == "" {
			t.Errorf("%q: %+v, %v; want %q %s", c.in, l, err, c.code, c.base)
		}
	}
	for _, l := range Locations() {
		for _, in := range []string{l.Code, l.Base, l.Host()} {
			if got, err := ParseLocation(in); got != l || err != nil {
				t.Errorf("%q: %+v, %v", in, got, err)
			}
		}
	}
}

func TestCleanKey(t *testing.T) { // screens, First run
	for _, c := range []struct{ in, want string }{
		{"abc-123", "abc-123"},
		{" abc ", "abc"},
		{"abc,", "abc"},
		{", abc ,\r\n", "abc"},
		{"\ufeffabc\u200b", "abc"},
		{"ab\u200bc", "abc"},
		{"abc\n", "abc"},
		{"ab\r\nc", "abc"},
		{"\u00a0abc\t", "abc"},
		{"\"abc\"", "abc"},
		{"“abc”", "abc"},
		{"' \"abc\" ',", "abc"},
		{"a,b", "a,b"},
		{"a b", "a b"},
		{"abc=/+", "abc=/+"},
		{"", ""},
		{" , ", ""},
		{"é", "é"},
	} {
		got, changed := CleanKey(c.in)
		if got != c.want || changed != (c.in != c.want) {
			t.Errorf("%q: %q, %v; want %q", c.in, got, changed, c.want)
		}
		if again, changed := CleanKey(got); again != got || changed {
			t.Errorf("%q: cleaned again %q", got, again)
		}
	}
}

func FuzzCleanKeyIsIdempotent(f *testing.F) {
	f.Add("\ufeff \"a b\" ,")
	f.Add("\"\u200b\" x")
	f.Fuzz(func(t *testing.T, s string) {
		once, _ := CleanKey(s)
		if twice, changed := CleanKey(once); twice != once || changed {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
	})
}

func FuzzParseLocationIsStable(f *testing.F) {
	for _, s := range []string{"uk1", "https://x.example/a", "[::1]:80", "http://localhost:1", "a.b:65535"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLocation(s)
		if err != nil {
			return
		}
		if again, err := ParseLocation(l.Base); err != nil || again != l {
			t.Errorf("%q: %+v, then %+v, %v", s, l, again, err)
		}
	})
}
