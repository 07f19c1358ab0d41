package mail_test

import (
	"testing"

	"dunlin/core/mail"
)

func TestWritable(t *testing.T) {
	for in, want := range map[string]string{
		" ap@acme.example ":     "ap@acme.example",
		"ap@bücher.example":     "ap@xn--bcher-kva.example",
		"AP@BÜCHER.example":     "AP@xn--bcher-kva.example",
		"ü@acme.example":        "",
		"ap@acme..example":      "",
		"ap acme.example":       "",
		"a@b.example\nBcc: x@y": "",
	} {
		got, err := mail.Writable(in)
		if (err != nil) != (want == "") || (err == nil && got != want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
