package accountsiq

import (
	"errors"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind groups errors by what a caller can do about them. A Kind is itself an error, so that
// errors.Is(err, accountsiq.Throttled) asks for it.
type Kind string

// The kinds.
const (
	Input       Kind = "input"       // something is missing or malformed before any request
	AtLocation  Kind = "location"    // nothing answers for these credentials at this place
	Credentials Kind = "credentials" // keys refused or withdrawn
	Session     Kind = "session"     // a token was refused and a new one did not help
	AtCompany   Kind = "company"     // the company is unknown to the keys, inactive, or has no sales ledger
	Permission  Kind = "permission"  // the keys may not do this
	Throttled   Kind = "throttled"   // too many calls
	Busy        Kind = "busy"        // another job is running there
	Network     Kind = "network"     // no connection
	TLS         Kind = "tls"         // no secure connection
	Timeout     Kind = "timeout"     // no answer in time
	Cancelled   Kind = "cancelled"   // the caller's context ended
	Answer      Kind = "answer"      // the answer cannot be read or is incomplete
	TooLarge    Kind = "too_large"   // the answer exceeds the limit
	Server      Kind = "server"      // AccountsIQ has a problem of its own
	QueryTooBig Kind = "query_too_big"
	Query       Kind = "query"       // our request was refused as wrong
	Gone        Kind = "gone"        // the item no longer exists
	Refused     Kind = "refused"     // a note, dispute or change was not taken
	PDF         Kind = "pdf"         // no copy of the invoice
	NotOffered  Kind = "not_offered" // the operation is unknown to this installation
	Reported    Kind = "reported"    // a code that this program does not know
)

// Error returns the name of the kind.
func (k Kind) Error() string { return string(k) }

// Error is everything that can go wrong between us and AccountsIQ, told so that an owner can act
// on it. None of its fields ever holds a key or a token.
type Error struct {
	Kind    Kind
	Code    string // stable, such as "refused_key"
	Op      string // operation, "" before any request
	AIQCode string // AccountsIQ's own code, "" when it sent none
	Message string // one plain sentence
	Hint    string // the next step
	Detail  string // AccountsIQ's own words or the technical reason, cleaned and shortened; for the log

	temporary bool
	cause     error
}

// Error returns the sentence, with AccountsIQ's code where it adds something.
func (e *Error) Error() string {
	if e.AIQCode == "" || strings.Contains(e.Message, e.AIQCode) {
		return e.Message
	}
	return e.Message + " (" + e.AIQCode + ")"
}

// Unwrap returns the cause, if it may be shown.
func (e *Error) Unwrap() error { return e.cause }

// Is matches a Kind, or another *Error of the same kind and, if that has one, the same code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return e.Kind == t
	case *Error:
		return e.Kind == t.Kind && (t.Code == "" || e.Code == t.Code)
	}
	return false
}

// Temporary reports whether the same call may succeed later without anybody doing anything.
func (e *Error) Temporary() bool { return e.temporary }

// Problem returns what the owner is told: the stable code, the sentence, the next step.
func (e *Error) Problem() (code, message, hint string) { return e.Code, e.Error(), e.Hint }

// LogValue gives a structured log everything there is.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("kind", string(e.Kind)), slog.String("code", e.Code)}
	for _, a := range []slog.Attr{slog.String("op", e.Op), slog.String("aiq_code", e.AIQCode), slog.String("detail", e.Detail)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	if e.cause != nil {
		attrs = append(attrs, slog.String("cause", e.cause.Error()))
	}
	return slog.GroupValue(attrs...)
}

// problem is one row of the table of things that go wrong: its words and what can be done.
type problem struct {
	kind      Kind
	code      string
	message   string
	hint      string
	temporary bool
}

func newError(p problem, detail string) *Error {
	return &Error{Kind: p.kind, Code: p.code, Message: p.message, Hint: p.hint, Detail: clean(detail, maxDetail), temporary: p.temporary}
}

// causedBy attaches the error beneath.
func (e *Error) causedBy(err error) *Error {
	e.cause = err
	return e
}

// maxDetail bounds a text that comes from outside, in bytes; maxCode an error code.
const (
	maxDetail = 400
	maxCode   = 100
)

// clean makes a text from outside fit for one line: control and invisible characters become
// spaces, runs of them one, and it is cut to a number of bytes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		cut := limit
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return s
}

// scrubbed returns e with the values of keys and tokens taken out of everything in it.
func (e *Error) scrubbed(s *scrubber) *Error {
	e.Detail, e.AIQCode, e.Message = s.scrub(e.Detail), s.scrub(e.AIQCode), s.scrub(e.Message)
	if e.cause != nil {
		text := e.cause.Error()
		if safe := s.scrub(text); safe != text {
			e.cause = errors.New(safe)
		}
	}
	return e
}
