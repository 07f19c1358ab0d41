package aiqtest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// answer is what an operation has to say.
type answer struct {
	verdict verdict
	rows    int
	list    bool        // Result is a list; an empty one may be absent
	extra   bool        // Result is written by hand and has room for elements that the contract does not know
	body    func(*sink) // content of Result; nil for none
}

// refuse is a failure in-band.
func refuse(code string) answer { return answer{verdict: verdict{code: code}} }

// one is a success with a single value, or with none when body is nil.
func one(body func(*sink)) answer { return answer{body: body, rows: 1} }

// byHand is one for a record that no shape writes.
func byHand(body func(*sink)) answer { return answer{body: body, rows: 1, extra: true} }

// list is a success with n rows, each written by row.
func list(n int, row func(k *sink, i int)) answer {
	return answer{rows: n, list: true, body: func(k *sink) {
		for i := range n {
			row(k, i)
			k.spill()
		}
	}}
}

// write sends the answer, spoiled as the fault asks; f may be nil.
func (s *Server) write(w http.ResponseWriter, r *request, a answer, f *Fault, c *Call) {
	c.Status, c.Rows, c.Code = http.StatusOK, a.rows, a.verdict.code
	if c.Code == "" {
		c.Code = "SUCCESS"
	}
	if f != nil && (f.Kind == FailDropAfter || f.Kind == FailCut || f.Kind == FailCutOff) {
		s.spoil(w, r, a, f, c)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	k := &sink{w: w}
	s.envelope(k, r, a, f)
	k.flush()
}

// spoil sends half of an answer, or none of it.
func (s *Server) spoil(w http.ResponseWriter, r *request, a answer, f *Fault, c *Call) {
	if f.Kind == FailDropAfter {
		c.Status = 0
		hangUp(w)
		return
	}
	var whole bytes.Buffer
	k := &sink{w: &whole}
	s.envelope(k, r, a, nil)
	k.flush()
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if f.Kind == FailCutOff { // announces all of it, so that the client sees a connection broken off
		w.Header().Set("Content-Length", strconv.Itoa(whole.Len()))
	}
	io.CopyN(w, &whole, int64(whole.Len()/2))
	if f.Kind == FailCutOff {
		http.NewResponseController(w).Flush()
		hangUp(w)
	}
}

const head = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + envelopeNS + `" xmlns:xsi="` + xsiNS +
	`" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body><`

// envelope writes the whole answer.
func (s *Server) envelope(k *sink, r *request, a answer, f *Fault) {
	op := r.op.name
	k.str(head + op + `Response xmlns="` + aiqNS + `">` + s.extra())
	if f == nil || f.Kind != FailMissing {
		k.str("<" + op + "Result>")
		s.content(k, r, a, f)
		k.str("</" + op + "Result>")
	}
	k.str("</" + op + "Response></soap:Body></soap:Envelope>")
}

// extra is what Options.Extra puts where the writing of a record does not.
func (s *Server) extra() string {
	if s.o.Extra {
		return extras[1]
	}
	return ""
}

// content writes the inside of <Op>Result: the status first, except for the two token operations.
func (s *Server) content(k *sink, r *request, a answer, f *Fault) {
	switch r.op.name {
	case "Login": // a bare string; empty for any refusal
		if a.body != nil {
			a.body(k)
		}
		return
	case "TokenGet", "TokenRefresh":
		s.value(k, r, a, f)
		s.status(k, a.verdict, "HasExpired")
		return
	}
	s.status(k, a.verdict, "")
	s.value(k, r, a, f)
}

// status writes Status, ErrorCode, ErrorMessage and, unless it is to be left out, HasExpired.
func (s *Server) status(k *sink, v verdict, without string) {
	b := s.shapes.status.append(nil, s.form(), v)
	if i := bytes.LastIndex(b, []byte("<HasExpired>")); without != "" && i >= 0 {
		b = b[:i]
	}
	k.b = append(k.b, b...)
}

// value writes the Result element.
func (s *Server) value(k *sink, r *request, a answer, f *Fault) {
	switch {
	case f != nil && f.Kind == FailEmptyResult:
		k.str("<Result />")
	case a.verdict.code != "", a.body == nil, r.op.result == "WSResultStatus":
	case a.list && a.rows == 0 && s.o.EmptyAsAbsent:
	case a.list && a.rows == 0:
		k.str("<Result />")
	default:
		k.str("<Result>")
		if a.extra {
			k.str(s.extra())
		}
		a.body(k)
		k.str("</Result>")
	}
}
