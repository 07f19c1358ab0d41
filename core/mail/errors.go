package mail

// Kind says what went wrong, as a code that the command line shows.
type Kind string

// The kinds of errors.
const (
	KindBadAddress  Kind = "mail_bad_address"  // not an e-mail address that can be written to
	KindBadMessage  Kind = "mail_bad_message"  // the message is not complete
	KindBadTemplate Kind = "mail_bad_template" // the template has mistakes
	KindBadServer   Kind = "mail_bad_server"   // host, port or security are not usable
	KindNotLoopback Kind = "mail_not_loopback" // security "none" outside this computer
	KindCAFile      Kind = "mail_ca_file"
	KindNoHost      Kind = "mail_no_such_host"
	KindNoListener  Kind = "mail_connection_refused"
	KindUnreachable Kind = "mail_unreachable"
	KindTimeout     Kind = "mail_timeout"
	KindCancelled   Kind = "mail_cancelled"
	KindLost        Kind = "mail_connection_lost"
	KindProtocol    Kind = "mail_not_smtp" // answers, but not as a mail server does
	KindGreeting    Kind = "mail_server_unavailable"
	KindTLSUnknown  Kind = "mail_tls_unknown_authority"
	KindTLSName     Kind = "mail_tls_wrong_name"
	KindTLSExpired  Kind = "mail_tls_expired"
	KindTLS         Kind = "mail_tls"
	KindNoSTARTTLS  Kind = "mail_no_starttls"
	KindDemandsTLS  Kind = "mail_demands_tls"
	KindNoPassword  Kind = "mail_no_password"
	KindNoAuth      Kind = "mail_no_sign_in"        // the server offers no sign-in
	KindAuthMethod  Kind = "mail_sign_in_method"    // none that this mailbox can use
	KindSignIn      Kind = "mail_sign_in_refused"   // user name or password refused
	KindSignInLater Kind = "mail_sign_in_temporary" // sign-in not possible just now
	KindNeedsSignIn Kind = "mail_needs_sign_in"     // the server wants a sign-in and none is set up
	KindLater       Kind = "mail_try_later"         // 4xx: refused for now
	KindRefused     Kind = "mail_refused"           // 5xx: refused for good
	KindUncertain   Kind = "mail_uncertain"         // may or may not have been accepted
)

// Error is an error that the owner meets: one sentence and one next step. It never holds a password.
type Error struct {
	Kind    Kind
	Code    int    // the server's reply code, 0 when there was none
	Message string // one plain sentence
	Hint    string // the next step
	cause   error
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, for the log.
func (e *Error) Unwrap() error { return e.cause }

// Problem gives code, sentence and next step.
func (e *Error) Problem() (code, message, hint string) { return string(e.Kind), e.Message, e.Hint }

// Temporary reports whether the same attempt may well succeed later without anybody changing a setting.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case KindNoListener, KindUnreachable, KindTimeout, KindCancelled, KindLost, KindSignInLater, KindLater:
		return true
	case KindGreeting:
		return e.Code/100 != 5
	}
	return false
}
