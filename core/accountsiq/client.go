package accountsiq

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Config says where to connect and as whom.
type Config struct {
	Location    Location
	Company     string // company ID, the entity; may be empty for OAuth until one is chosen
	Auth        Auth
	HTTP        *http.Client     // nil: one of our own; redirects and cookies are off in any case
	Timeout     time.Duration    // longest waiting for one answer, the caller's own work not counted; 0: two minutes
	MaxResponse int64            // bytes of one answer after decompression; 0: 256 MiB
	Logger      *slog.Logger     // nil: none; never sees a key or token
	Now         func() time.Time // for durations in the log; nil: time.Now
}

// Client talks to one installation as one application or user. It is safe for use by several
// goroutines; AccountsIQ asks for one request at a time per company.
type Client struct {
	location    Location
	company     string
	service     string // address of the service
	version     version
	http        *http.Client
	timeout     time.Duration
	maxResponse int64
	log         *slog.Logger
	now         func() time.Time
	requests    atomic.Int64
	session     *session
	secrets     *scrubber
}

// New returns a client; it sends nothing yet. Keys and ids are cleaned as by CleanKey.
func New(cfg Config) (*Client, error) {
	location, err := ParseLocation(cfg.Location.Base)
	if err != nil {
		return nil, err
	}
	if cfg.Auth == nil {
		return nil, newError(pMissingKey, "no way to sign in was given")
	}
	company, _ := CleanKey(cfg.Company)
	auth := cfg.Auth.cleaned()
	if err := auth.check(company); err != nil {
		return nil, err
	}
	c := &Client{
		location:    location,
		company:     company,
		version:     auth.version(),
		timeout:     cfg.Timeout,
		maxResponse: cfg.MaxResponse,
		log:         cfg.Logger,
		now:         cfg.Now,
		secrets:     &scrubber{},
		session:     &session{auth: auth, gate: make(chan struct{}, 1)},
	}
	c.service = location.Base + c.version.path()
	c.secrets.add(auth.secrets()...)
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.maxResponse <= 0 {
		c.maxResponse = defaultMaxResponse
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	hc := cfg.HTTP
	if hc == nil {
		hc = newHTTPClient()
	}
	c.http = withoutRedirects(hc)
	return c, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Requests returns how many requests were sent so far, sign-ins included.
func (c *Client) Requests() int64 { return c.requests.Load() }

// Format prints where the client is connected and nothing else, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "AccountsIQ client for %q at %s", c.company, c.location.Host())
}

// passedOn is an error of the caller's own function; it goes back untouched.
type passedOn struct{ error }

// attempt is one exchange of a call. done tells whether the caller has been given anything, so
// that the call may not be repeated; rows counts what came.
type attempt struct {
	s    *scanner
	done bool
	rows int
}

// call signs in if need be, sends the operation and reads its result. With a refused token it
// renews that and repeats the call once, unless the caller was given rows already. A write is repeated only when
// the answer itself says that it was refused: of every other failure it is unknown whether it was carried out.
func (c *Client) call(ctx context.Context, op string, args func(*body), result func(*attempt) error) error {
	for repeated := false; ; repeated = true {
		token, generation, err := c.token(ctx)
		if err != nil {
			return err
		}
		a := &attempt{}
		err = c.exchange(ctx, op, token, args, a, result)
		r := remedyFor(err)
		if r == none || repeated || a.done || operations[op] == writes && !refused(err) {
			return c.explain(ctx, op, err)
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "token refused, renewing it", slog.String("op", op))
		if err := c.renew(ctx, generation, r); err != nil {
			return err
		}
	}
}

// exchange sends an operation with a token and reads an answer in the common form.
func (c *Client) exchange(ctx context.Context, op, token string, args func(*body), a *attempt, result func(*attempt) error) error {
	request := c.version.envelope(op, c.company, token, args)
	started := c.now()
	err := c.post(ctx, op, request, func(s *scanner) error {
		a.s = s
		return readReply(s, op, func() error { return result(a) })
	})
	c.logCall(ctx, op, started, err)
	return err
}

func (c *Client) logCall(ctx context.Context, op string, started time.Time, err error) {
	attrs := []slog.Attr{slog.String("op", op), slog.Duration("took", c.now().Sub(started))}
	level := slog.LevelDebug
	if err != nil && !errors.As(err, new(passedOn)) {
		level = slog.LevelWarn
		var failed *failedReply
		if errors.As(err, &failed) {
			attrs = append(attrs, slog.String("said", clean(c.secrets.scrub(failed.message), maxDetail)))
		}
		attrs = append(attrs, slog.String("error", clean(c.secrets.scrub(err.Error()), maxDetail)))
	}
	c.log.LogAttrs(ctx, level, "AccountsIQ call", attrs...)
}

// refused reports whether an error is an answer by which AccountsIQ says that it did nothing.
func refused(err error) bool {
	var failed *failedReply
	return errors.As(err, &failed) && failed.refused()
}

// remedyFor says what a new token could do about an error.
func remedyFor(err error) remedy {
	var failed *failedReply
	var fault *faultError
	var status *statusError
	switch {
	case errors.As(err, &failed):
		if r := tokenCodes[failed.code]; r != none {
			return r
		}
		if failed.expired {
			return refresh
		}
	case errors.As(err, &fault):
		return tokenCodes[knownCode(fault.text)]
	case errors.As(err, &status) && status.status == http.StatusUnauthorized:
		return signIn
	}
	return none
}

// explain turns an error of an exchange into one that a user can read. An error of the caller's
// own function is returned as it is.
func (c *Client) explain(ctx context.Context, op string, err error) error {
	var own passedOn
	var ready *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.error
	case errors.As(err, &ready):
		return ready
	}
	e := c.classify(ctx, err)
	e.Op = op
	if operations[op] == writes && (e.Code == pBadAnswer.code || e.Code == pNoResult.code) {
		e.Hint = pInDoubt.hint // theirs says that nothing was changed
	}
	return e.scrubbed(c.secrets)
}

func (c *Client) classify(ctx context.Context, err error) *Error {
	var (
		failed *failedReply
		fault  *faultError
		status *statusError
	)
	switch {
	case errors.As(err, &failed):
		return c.classifyReply(failed.reply)
	case ctx.Err() == context.Canceled:
		return newError(pCancelled, "").causedBy(ctx.Err())
	case ctx.Err() != nil:
		return newError(pTimeout, "").causedBy(ctx.Err())
	case errors.As(err, &fault):
		return c.classifyFault(fault)
	case errors.As(err, &status):
		return newError(statusProblem(status.status), status.Error())
	}
	if p, ok := answerProblem(err); ok {
		return newError(p, c.secrets.scrub(err.Error())).causedBy(err)
	}
	return newError(connectionProblem(err), c.secrets.scrub(err.Error())).causedBy(err)
}

func (c *Client) classifyReply(r reply) *Error {
	code := clean(c.secrets.scrub(r.code), maxCode)
	if code == "SUCCESS" {
		code = ""
	}
	p := reported(code)
	switch {
	case r.unclear():
		p = pInDoubt
	case code == "" && r.expired:
		p = pSession
	}
	e := newError(p, c.secrets.scrub(r.message))
	e.AIQCode = code
	return e
}

func (c *Client) classifyFault(f *faultError) *Error {
	p := pFault
	code := knownCode(f.text)
	switch {
	case code != "":
		p = reported(code)
	case unknownOperation.MatchString(f.text):
		p = pNotOffered
	}
	e := newError(p, c.secrets.scrub(f.text)).causedBy(errors.New(clean(c.secrets.scrub(f.Error()), maxDetail)))
	e.AIQCode = code
	return e
}

// answerProblem finds the sentence for an answer that came and is no use.
func answerProblem(err error) (problem, bool) {
	var (
		before  *errBefore
		syntax  *syntaxError
		value   *valueError
		row     *rowError
		corrupt flate.CorruptInputError
	)
	switch {
	case errors.Is(err, errWaited):
		return pTimeout, true
	case errors.Is(err, errTooLarge):
		return pTooLarge, true
	case errors.Is(err, errEmpty):
		return pEmptyAnswer, true
	case errors.Is(err, errCut), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return pTruncated, true
	case errors.Is(err, errWebPage):
		return pWebPage, true
	case errors.Is(err, errNotEnvelope), errors.As(err, &before):
		return pNotSOAP, true
	case errors.Is(err, errNoResult), errors.Is(err, errNoResponse), errors.Is(err, errNoStatus):
		return pNoResult, true
	case errors.Is(err, errNoBody), errors.Is(err, errTwoResults), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrNoProgress),
		errors.As(err, &syntax), errors.As(err, &value), errors.As(err, &row):
		return pBadAnswer, true
	}
	return problem{}, false
}
