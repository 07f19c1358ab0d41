package aiqtest

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// FaultKind says how a call fails.
type FaultKind int

// The ways to fail.
const (
	FailCode        FaultKind = iota // Status Failure with Fault.Code (and HasExpired) in-band
	FailThrottle                     // as FailCode, with OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS
	FailSOAP                         // HTTP 500 with a soap:Fault, Message as faultstring
	FailHTTP                         // HTTP status Fault.Status with a short plain text
	FailHTML                         // an HTML page with Fault.Status, 200 unless set
	FailCut                          // HTTP 200 whose XML ends half-way, properly ended for HTTP
	FailCutOff                       // the connection breaks half-way through the body
	FailDrop                         // the connection closes before anything is done
	FailDropAfter                    // the operation is done, then the connection closes without an answer
	FailSlow                         // waits Fault.Delay, then answers as usual
	FailEmptyResult                  // Success with an empty Result element
	FailNoResult                     // Success without a Result element
	FailMissing                      // <Op>Response without <Op>Result
	FailExpire                       // all access tokens expire before a call that carries one, told by Fault.Signal
)

// Always as Fault.Times lets a fault stand until ClearFaults.
const Always = -1

// Fault is a failure on demand.
type Fault struct {
	Op         string // "" = any operation
	Call       int    // 1 or 0 = the next call of Op, 2 = the one after it
	Times      int    // calls that fail from there: 0 or 1 = once, Always
	Every      int    // only every n-th call from there; then Call is n and Times is Always unless they are given
	Kind       FaultKind
	Code       string // FailCode; "" gives Status Success without a Result, for HasExpired on its own
	Message    string // ErrorMessage or faultstring
	HasExpired bool   // FailCode
	Signal     Signal // FailExpire; it stays in use
	Status     int    // FailHTTP, FailHTML
	Delay      time.Duration
}

// Fail arms a fault. Faults that match the same call go in the order in which they were armed.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Every > 0 {
		f.Call, f.Times = cmp.Or(f.Call, f.Every), cmp.Or(f.Times, Always)
	}
	f.Call, f.Times = cmp.Or(f.Call, 1), cmp.Or(f.Times, 1)
	s.faults = append(s.faults, &f)
}

// ClearFaults disarms all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault counts a call against the armed faults and returns the one that strikes.
func (s *Server) fault(op operation) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hit *Fault
	for _, f := range s.faults {
		if f.Times == 0 || (f.Op != "" && f.Op != op.name) || (f.Kind == FailExpire && op.signsIn()) {
			continue
		}
		if f.Call > 1 {
			f.Call--
			continue
		}
		if hit == nil {
			hit, f.Call = f, max(f.Every, 1)
			if f.Times > 0 {
				f.Times--
			}
		}
	}
	return hit
}

// wait is FailSlow: it ends early when the client or the server goes.
func (s *Server) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-s.closing:
	}
}

// plain answers without SOAP.
func plain(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// strike carries out the faults that need no answer of the operation; done is false for the others.
func strike(w http.ResponseWriter, f *Fault) (done bool) {
	switch f.Kind {
	case FailHTTP:
		status := f.Status
		if status == 0 {
			status = http.StatusServiceUnavailable
		}
		plain(w, status, "text/plain; charset=utf-8", strconv.Itoa(status)+" "+http.StatusText(status))
	case FailHTML:
		status := f.Status
		if status == 0 {
			status = http.StatusOK
		}
		plain(w, status, "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Maintenance</title></head>"+
			"<body><h1>We'll be back soon</h1><br></body></html>")
	case FailDrop:
		hangUp(w)
	case FailSOAP:
		message := f.Message
		if message == "" {
			message = "Server was unable to process request. ---> Object reference not set to an instance of an object."
		}
		soapFault(w, "soap:Server", message)
	default:
		return false
	}
	return true
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if l, ok := w.(*logged); ok {
		l.record()
	}
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

func soapFault(w http.ResponseWriter, code, message string) {
	b := []byte(`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + envelopeNS + `"><soap:Body><soap:Fault><faultcode>` +
		code + `</faultcode><faultstring>`)
	b = append(appendText(b, message), `</faultstring><detail /></soap:Fault></soap:Body></soap:Envelope>`...)
	plain(w, http.StatusInternalServerError, "text/xml; charset=utf-8", string(b))
}
