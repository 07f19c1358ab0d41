package accountsiq

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

const redacted = "[secret]"

// Secret is a key or a client secret. However it is printed, logged or encoded it reads
// "[secret]"; only Reveal gives the value.
type Secret string

// Reveal returns the value itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string { return redacted }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return redacted }

// Format hides the value from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the value from structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON hides the value from JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the value from every other encoding of text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// shortestSecret is the length below which a value is not looked for in messages: taking out
// every "a" would leave no message.
const shortestSecret = 4

// keptSecrets bounds how many values are remembered; the oldest tokens are long dead by then.
const keptSecrets = 64

// scrubber takes the values of keys and tokens out of texts that come from outside.
type scrubber struct {
	mu     sync.Mutex
	values []string
}

func (s *scrubber) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if v = strings.TrimSpace(v); len(v) < shortestSecret {
			continue
		}
		s.values = append(s.values, v)
		if len(s.values) > keptSecrets {
			// The first ones are the keys themselves and stay.
			s.values = append(s.values[:keptSecrets/2], s.values[keptSecrets/2+1:]...)
		}
	}
}

func (s *scrubber) scrub(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.values {
		for _, form := range []string{v, strings.ToLower(v), strings.ToUpper(v)} {
			text = strings.ReplaceAll(text, form, redacted)
		}
	}
	return text
}
