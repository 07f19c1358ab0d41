package accountsiq

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Bounds of a request.
const (
	defaultTimeout     = 2 * time.Minute
	defaultMaxResponse = 256 << 20
	maxErrorResponse   = 1 << 20 // of an answer that is not HTTP 200
	connectTimeout     = 15 * time.Second
)

var (
	errTooLarge = errors.New("the answer exceeds the limit")
	errWaited   = errors.New("no answer in time")
)

// statusError is an HTTP status other than 200 that brought nothing better to say.
type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("HTTP status %d", e.status) }

// newHTTPClient returns a client of our own: TLS 1.2 at least, the system's proxy, and bounded
// waiting for a connection.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
	}}
}

// withoutRedirects returns a copy of the client that follows no redirect and keeps no cookies:
// keys go to the chosen place and nowhere else.
func withoutRedirects(hc *http.Client) *http.Client {
	own := *hc
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil
	return &own
}

// patience is how long a request may still wait for the server. Only waiting counts, not the time
// in which the caller stores the rows.
type patience struct {
	left  time.Duration
	timer *time.Timer
	since time.Time
}

func newPatience(total time.Duration, give func()) *patience {
	return &patience{left: total, timer: time.AfterFunc(total, give), since: time.Now()}
}

func (p *patience) wait() {
	p.since = time.Now()
	p.timer.Reset(max(p.left, 0))
}

func (p *patience) pause() {
	p.timer.Stop()
	p.left -= time.Since(p.since)
}

// patientReader reads a response body within the patience and the size limit.
type patientReader struct {
	src      io.Reader
	patience *patience
}

func (r *patientReader) Read(b []byte) (int, error) {
	r.patience.wait()
	defer r.patience.pause()
	return r.src.Read(b)
}

// limitedReader fails when more than the limit comes; unlike io.LimitReader it does not pretend
// that the input ended there.
type limitedReader struct {
	src  io.Reader
	left int64
}

func (r *limitedReader) Read(b []byte) (int, error) {
	if int64(len(b)) > r.left+1 {
		b = b[:r.left+1]
	}
	n, err := r.src.Read(b)
	if r.left -= int64(n); r.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// post sends one request and lets read have the answer. The error is of the kinds that explain
// turns into an *Error.
func (c *Client) post(ctx context.Context, op string, request []byte, read func(*scanner) error) error {
	if operations[op] == unlisted {
		return newError(pQuery, "the operation "+op+" is not one of ours")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := newPatience(c.timeout, func() { cancel(errWaited) })
	defer patience.timer.Stop()

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.service, bytes.NewReader(request))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", `"`+namespace+op+`"`)
	req.Header.Set("User-Agent", "Dunlin")
	c.requests.Add(1)
	resp, err := c.http.Do(req)
	patience.pause()
	if err != nil {
		return waited(ctx, err)
	}
	defer resp.Body.Close()
	limit := c.maxResponse
	if resp.StatusCode != http.StatusOK {
		limit = min(limit, maxErrorResponse)
	}
	if resp.ContentLength > limit && resp.StatusCode == http.StatusOK {
		return errTooLarge
	}
	src, err := plainBody(resp, &patientReader{resp.Body, patience})
	if err != nil {
		return waited(ctx, err)
	}
	err = read(newScanner(&limitedReader{src, limit}))
	return waited(ctx, byStatus(resp.StatusCode, err))
}

// plainBody undoes a compression that the transport has not undone already.
func plainBody(resp *http.Response, src io.Reader) (io.Reader, error) {
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return src, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(src)
	default:
		return nil, &syntaxError{rule: ruleDeclaration, what: "a compression that we do not read"}
	}
}

// byStatus weighs an HTTP status against what was read: a fault or a reported code says more than
// the status, anything else less (contract section 6, step 2).
func byStatus(status int, err error) error {
	if status == http.StatusOK {
		return err
	}
	var fault *faultError
	var failed *failedReply
	switch {
	case errors.As(err, &failed) && (failed.code != "" || failed.expired):
		return err
	case !errors.As(err, &fault):
	case knownCode(fault.text) != "":
		return err
	case status >= 500 || status == http.StatusBadRequest:
		return err
	}
	return &statusError{status}
}

// waited replaces the error of a request that was ended by our own patience.
func waited(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errWaited) {
		var failed *failedReply
		if !errors.As(err, &failed) {
			return errWaited
		}
	}
	return err
}

// connectionProblem finds the sentence for an error of the network.
func connectionProblem(err error) problem {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		waiting   net.Error
	)
	text := err.Error()
	switch {
	case errors.As(err, &authority):
		return pUnknownAuthority
	case errors.As(err, &host):
		return pWrongHost
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return pCertificateDate
	case strings.Contains(text, "protocol version"):
		return pOldTLS
	case errors.As(err, &verify), errors.As(err, &invalid), errors.As(err, &record), errors.As(err, &alert),
		strings.Contains(text, "tls: "), strings.Contains(text, "x509: "), strings.Contains(text, "HTTP response to HTTPS client"):
		return pTLS
	case errors.As(err, &dns) && !dns.IsTimeout:
		return pNoName
	case errors.As(err, &waiting) && waiting.Timeout():
		return pTimeout
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(text, "refused"):
		return pRefusedConnection
	}
	return pNetwork
}

// statusProblem finds the sentence for an HTTP status.
func statusProblem(status int) problem {
	switch {
	case status >= 300 && status < 400:
		return pRedirect
	case status == http.StatusUnauthorized:
		return pUnauthorised
	case status == http.StatusForbidden:
		return pForbidden
	case status == http.StatusNotFound:
		return pNoService
	case status == http.StatusTooManyRequests:
		return pTooManyCalls
	case status >= 500:
		return pServerError
	}
	return pHTTPStatus
}
