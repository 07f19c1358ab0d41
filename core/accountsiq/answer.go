package accountsiq

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// reply is what an answer says about itself besides its result.
type reply struct {
	status  string
	code    string
	message string
	expired bool
	result  bool // a Result element was there
	write   bool // of an operation that writes, where Created is a success, too (contract section 6, step 5)
}

// readField reads one field of a WSResultStatus (contract 8.1).
func (r *reply) readField(s *scanner) {
	switch string(s.local) {
	case "Status":
		// Should there be several, a failing one counts.
		if v := s.trimmed(); r.status == "" || r.good() {
			r.status = v
		}
	case "ErrorCode":
		r.code = s.trimmed()
	case "ErrorMessage":
		r.message = s.trimmed()
	case "HasExpired":
		r.expired = s.bool()
	}
}

// failing reports whether what has been read so far already makes the answer a failure.
func (r *reply) failing() bool {
	return r.expired || tokenCodes[r.code] != none || r.status != "" && !r.good()
}

// good reports whether the status is one of a success.
func (r *reply) good() bool { return r.status == success || r.write && r.status == created }

// refused reports whether the answer says beyond doubt that nothing was done.
func (r *reply) refused() bool {
	return tokenCodes[r.code] != none || r.status == "Failure" || r.status == "NotCreated"
}

// unclear reports whether a write may have been carried out although the answer calls the token expired: it does
// not say that it failed.
func (r *reply) unclear() bool {
	return r.write && r.expired && tokenCodes[r.code] == none && (r.status == "" || r.good())
}

// Statuses of contract 8.1 that stand for a success.
const (
	success = "Success"
	created = "Created"
)

// failedReply is an answer that says of itself that it is a failure.
type failedReply struct{ reply }

func (e *failedReply) Error() string { return fmt.Sprintf("status %q, code %q", e.status, e.code) }

// faultError is a soap:Fault.
type faultError struct{ code, text string }

func (e *faultError) Error() string { return "fault " + e.code + ": " + e.text }

var (
	errNotEnvelope = errors.New("the root element is not a SOAP envelope")
	errWebPage     = errors.New("a web page")
	errNoBody      = errors.New("the envelope has no body")
	errNoResponse  = errors.New("the body does not hold the response element")
	errNoResult    = errors.New("the response does not hold the result element")
	errNoStatus    = errors.New("the result does not say whether it is a success")
	errEmpty       = errors.New("no bytes at all")
	errTwoResults  = errors.New("more than one result")
)

// errBefore wraps a problem that came before any envelope was recognised.
type errBefore struct{ cause error }

func (e *errBefore) Error() string { return "before the envelope: " + e.cause.Error() }
func (e *errBefore) Unwrap() error { return e.cause }

// readEnvelope reads a whole SOAP envelope and calls inside once, positioned at the response
// element of the operation. It reads to the last byte, so that a cut-off answer is noticed.
func readEnvelope(s *scanner, op string, inside func() error) error {
	if err := openEnvelope(s); err != nil {
		return err
	}
	bodies, responses := 0, 0
	for s.more(1) {
		if string(s.local) != "Body" {
			continue
		}
		bodies++
		for s.more(2) {
			switch string(s.local) {
			case "Fault":
				return readFault(s)
			case op + "Response":
				if responses++; responses > 1 {
					return errTwoResults
				}
				if err := inside(); err != nil {
					return err
				}
			}
		}
	}
	if s.err == nil {
		s.step(false) // the end of the document
	}
	switch {
	case s.err != nil:
		return s.err
	case bodies == 0:
		return errNoBody
	case responses == 0:
		return errNoResponse
	}
	return nil
}

func openEnvelope(s *scanner) error {
	if s.step(false) == evStart {
		switch name := string(s.local); {
		case name == "Envelope":
			return nil
		case strings.EqualFold(name, "html"):
			return errWebPage
		}
		return errNotEnvelope
	}
	if s.err == errCut && s.base == 0 && len(bytes.TrimSpace(s.buf[:s.end])) == 0 {
		return errEmpty
	}
	var syntax *syntaxError
	if errors.As(s.err, &syntax) {
		if syntax.rule == ruleDoctype && bytes.Contains(bytes.ToLower(s.buf[:min(s.end, 1024)]), []byte("<!doctype html")) {
			return errWebPage
		}
		return &errBefore{s.err}
	}
	return s.err
}

// readFault reads a fault of SOAP 1.1 (faultcode, faultstring) or 1.2 (Code, Reason).
func readFault(s *scanner) error {
	f := &faultError{}
	for depth := s.depth; s.more(depth); {
		switch string(s.local) {
		case "faultcode":
			f.code = s.trimmed()
		case "faultstring":
			f.text = s.trimmed()
		case "Code", "Reason":
			part := string(s.local)
			for inner := s.depth; s.more(inner); {
				if name := string(s.local); part == "Code" && name == "Value" {
					f.code = s.trimmed()
				} else if part == "Reason" && name == "Text" {
					f.text = s.trimmed()
				}
			}
		}
	}
	if s.err != nil && f.text == "" {
		return s.err
	}
	return f
}

// readReply reads a whole answer in the common form and calls rows at its Result. Only an answer
// that is complete and calls itself a success gives no error.
func readReply(s *scanner, op string, rows func() error) error {
	r := reply{write: operations[op] == writes}
	err := readEnvelope(s, op, func() error { return readResult(s, op, &r, rows) })
	switch {
	case r.failing() && !errors.As(err, new(passedOn)):
		return &failedReply{r}
	case err != nil:
		return err
	case r.status == "":
		return errNoStatus
	case !r.result && needsResult[op]:
		return errNoResult
	}
	return nil
}

// needsResult names the operations whose success is nothing without a Result; for lists its
// absence means no rows (contract section 6, step 6).
var needsResult = map[string]bool{"GetCompanyInformation": true, "GetCountTransactionsBy": true}

// readResult reads the <Op>Result inside a response element. rows is called at Result, unless
// what stands before it already says that the call failed.
func readResult(s *scanner, op string, r *reply, rows func() error) error {
	found := false
	for depth := s.depth; s.more(depth); {
		if string(s.local) != op+"Result" || s.null {
			continue
		}
		if found {
			return errTwoResults
		}
		found = true
		for inner := s.depth; s.more(inner); {
			if string(s.local) != "Result" {
				r.readField(s)
				continue
			}
			if s.null || r.failing() {
				continue
			}
			if r.result {
				return errTwoResults
			}
			r.result = true
			if err := rows(); err != nil {
				return err
			}
		}
	}
	if s.err == nil && !found {
		return errNoResult
	}
	return s.err
}

// unknownOperation matches the sentences in which web services say that they do not have an
// operation: ASP.NET's first, then those of other stacks. They are taken narrowly, as the caller
// goes on without what is not offered.
var unknownOperation = regexp.MustCompile(`(?i)did not recognize the value of HTTP Header SOAPAction` +
	`|without a valid action parameter|the action '[^']*' was not recognized` +
	`|no such (operation|method|procedure)|(unknown|unsupported|unrecognized) (operation|method|procedure)` +
	`|(operation|method|procedure) ['"]?[\w:/.#{}-]+['"]? (is |was )?(not (found|implemented|present|supported|defined|recognized)|does not exist|doesn't exist|unknown)` +
	`|cannot be processed at the receiver, due to a ContractFilter mismatch`)

// codeWord finds the words of a fault that may be one of AccountsIQ's codes.
var codeWord = regexp.MustCompile(`[A-Z][A-Z0-9_]{7,}`)

// knownCode returns the first code of contract section 6 that a text names, "" for none.
func knownCode(text string) string {
	for _, word := range codeWord.FindAllString(text, -1) {
		if _, ok := codeGroups[word]; ok || tokenCodes[word] != none {
			return word
		}
	}
	return ""
}
