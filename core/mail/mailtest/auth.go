package mailtest

import (
	"encoding/base64"
	"slices"
	"strings"
)

// auth carries out one AUTH command.
func (d *dialogue) auth(rest string) error {
	mechanism, initial, _ := strings.Cut(rest, " ")
	mechanism = strings.ToUpper(mechanism)
	switch {
	case len(d.server.options.Users) == 0:
		return d.say("502 5.5.1 no sign-in here")
	case !d.maySignIn():
		return d.say("538 5.7.11 encryption required")
	case d.signedIn:
		return d.say("503 5.5.1 signed in already")
	case !slices.Contains(d.server.options.Mechanisms, mechanism):
		return d.say("504 5.5.4 unknown mechanism")
	}
	user, password, err := d.credentials(mechanism, initial)
	if err != nil {
		return err
	}
	if _, done, err := d.fate(Event{Stage: AtAuth, User: user}); done || err != nil {
		return err
	}
	want, known := d.server.options.Users[user]
	if !known || want != password || password == "" {
		return d.refuse(mechanism)
	}
	d.signedIn, d.user = true, user
	return d.say("235 2.7.0 welcome")
}

func (d *dialogue) credentials(mechanism, initial string) (user, password string, err error) {
	if mechanism == "LOGIN" {
		if initial != "" {
			user = decoded(initial)
		} else if user, err = d.prompt("Username:"); err != nil {
			return "", "", err
		}
		password, err = d.prompt("Password:")
		return user, password, err
	}
	said := decoded(initial)
	if initial == "" {
		if said, err = d.prompt(""); err != nil {
			return "", "", err
		}
	}
	if mechanism == "PLAIN" {
		parts := strings.Split(said, "\x00")
		if len(parts) != 3 {
			return "", "", nil
		}
		return parts[1], parts[2], nil
	}
	for _, field := range strings.FieldsFunc(said, func(r rune) bool { return r == '\x01' || r == ',' }) {
		if u, ok := strings.CutPrefix(field, "user="); ok {
			user = u
		}
		if u, ok := strings.CutPrefix(field, "a="); ok {
			user = u
		}
		if t, ok := strings.CutPrefix(field, "auth=Bearer "); ok {
			password = t
		}
	}
	return user, password, nil
}

func (d *dialogue) prompt(words string) (string, error) {
	if err := d.say("334 " + encode(words)); err != nil {
		return "", err
	}
	line, err := d.line()
	return decoded(line), err
}

// refuse says no. The OAuth mechanisms give their reason in a challenge first and wait for an empty answer.
func (d *dialogue) refuse(mechanism string) error {
	if mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER" {
		if _, err := d.prompt(`{"status":"invalid_token","schemes":"bearer"}`); err != nil {
			return err
		}
	}
	return d.say("535 5.7.8 Authentication credentials invalid")
}

func decoded(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}
