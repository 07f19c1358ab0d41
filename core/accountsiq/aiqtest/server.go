package aiqtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The caps of contract section 7; Options can lower the first.
const (
	MaxTransactions = 10_000 // rows of a transactions or allocations page
	MaxDocuments    = 1_000  // rows of an invoices page
)

// Axis says which dates of its query select in GetTransactionsModifiedBy; the contract does not tell.
type Axis int

// The readings of the change feed.
const (
	ChangesByDate     Axis = iota // FromDate and ToDate bound the moment of the change
	ChangesByCreation             // FromCreationDate and ToCreationDate do
	ChangesUnreported             // the feed answers no rows
)

// Options say how a server behaves where the contract leaves a choice. The zero value is a good one.
type Options struct {
	Now     func() time.Time // the server's clock; default time.Now
	Zone    *time.Location   // zone of creation dates and of civil times in queries; default Europe/Dublin
	Addr    string           // default 127.0.0.1:0
	Company *Company         // default: Seeded with the demo size
	More    []*Company       // further entities

	TokenLife      time.Duration // 2.0 access token, default 1 h
	RefreshLife    time.Duration // 2.0 refresh token, default 24 h
	SessionLife    time.Duration // 1.1 session, default 20 min
	SlidingSession bool          // each call prolongs a 1.1 session

	// BeforeAnswer runs once for every well-formed call, after it has been read and before anything is looked up for
	// its answer, on the goroutine that serves it and outside all locks: it may change the books, let tokens expire or
	// arm a fault, and the very call that it was given shows the effect. Of the Call it gets Op, Version, At and Body.
	// Calls of one client at a time come one after the other; several clients' may come at once.
	BeforeAnswer func(Call)

	Changes         Axis
	PageSize        int           // rows of a page of transactions or of their changes, default MaxTransactions
	AllocationPage  int           // matches of a page of allocations, default MaxTransactions
	MaxWindow       time.Duration // longest window of creation dates in which MaxRows does not matter; 0: any
	MaxRows         int           // rows that a query over a longer window may find before GETTRANSACTIONSBY_QUERY_TIMEOUT, default PageSize
	MaxIDs          int           // longest TransactionIDsFilter before TOO_MANY_QUERY_FILTERS, default 1,000
	MaxNote         int           // longest note in characters, default 500
	NegativeCredits bool          // amounts of SN, SR, SC, DS are negative in transactions
	EmptyAsAbsent   bool          // an empty list has no Result element instead of an empty one
	WithOffset      bool          // dateTimes carry the zone's offset
	ReadOnly        bool          // writing operations are refused
	NotesByCode     bool          // MasterID of a customer's note is the code instead of the AccountID
	Extra           bool          // elements that the contract does not know stand in every record and result
}

// Call is one request that a server got.
type Call struct {
	Op         string // element of the body; "" when there was none
	Version    string // "2.0" or "1.1"
	At         time.Time
	Status     int    // HTTP status; 0 for a dropped connection
	Code       string // ErrorCode of the answer, "SUCCESS" or a refusal; "" without one
	Rows       int
	Violations []string
	Body       string // the request, at most 64 KiB of it
}

const (
	maxRequest = 8 << 20
	maxLog     = 2_000 // calls that Log goes back
	maxLogBody = 64 << 10
)

// Server is a running AccountsIQ.
type Server struct {
	o         Options
	now       func() time.Time
	schema    *schema
	shapes    *shapes
	companies []*Company
	listener  net.Listener
	http      *http.Server
	closing   chan struct{}
	served    chan error
	started   time.Time

	mu         sync.Mutex
	sessions   map[string]*session
	refreshers map[string]*refresher
	serial     int
	signal     Signal
	revoked    bool
	faults     []*Fault
	log        []Call
	counts     map[string]int
	violations []string
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	if err := o.defaults(); err != nil {
		return nil, fmt.Errorf("aiqtest: %w", err)
	}
	sc, err := parseSchema(schemaText)
	if err != nil {
		return nil, fmt.Errorf("aiqtest: %w", err)
	}
	sh, err := newShapes(sc)
	if err != nil {
		return nil, fmt.Errorf("aiqtest: %w", err)
	}
	s := &Server{o: o, now: o.Now, schema: sc, shapes: sh, companies: append([]*Company{o.Company}, o.More...),
		closing: make(chan struct{}), served: make(chan error, 1), started: o.Now(),
		sessions: map[string]*session{}, refreshers: map[string]*refresher{}, counts: map[string]int{}}
	for _, c := range s.companies {
		c.SetClock(o.Now)
	}
	if s.listener, err = net.Listen("tcp", o.Addr); err != nil {
		return nil, fmt.Errorf("aiqtest: %w", err)
	}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second}
	go func() { s.served <- s.http.Serve(s.listener) }()
	return s, nil
}

func (o *Options) defaults() (err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		if o.Zone, err = time.LoadLocation("Europe/Dublin"); err != nil {
			return err
		}
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Company == nil {
		o.Company = Seeded(1, o.Now(), DemoSize)
	}
	for p, d := range map[*time.Duration]time.Duration{&o.TokenLife: time.Hour, &o.RefreshLife: 24 * time.Hour,
		&o.SessionLife: 20 * time.Minute} {
		if *p == 0 {
			*p = d
		}
	}
	o.MaxIDs, o.MaxNote = cmp.Or(o.MaxIDs, 1_000), cmp.Or(o.MaxNote, 500)
	o.PageSize, o.AllocationPage = cmp.Or(o.PageSize, MaxTransactions), cmp.Or(o.AllocationPage, MaxTransactions)
	o.MaxRows = cmp.Or(o.MaxRows, o.PageSize)
	return nil
}

// URL is scheme, host and port: http://127.0.0.1:port.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close stops serving, cuts what is still running and waits for it.
func (s *Server) Close() error {
	s.mu.Lock()
	select {
	case <-s.closing:
		s.mu.Unlock()
		return nil
	default:
		close(s.closing)
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Violations lists every breach of the published contract that a client committed, in order.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Calls counts the requests for an operation, failed ones included; "" counts all.
func (s *Server) Calls(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op != "" {
		return s.counts[op]
	}
	n := 0
	for _, c := range s.counts {
		n += c
	}
	return n
}

// Log returns the latest requests, oldest first.
func (s *Server) Log() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.log) >= maxLog {
		s.log = append(s.log[:0:0], s.log[maxLog/2:]...)
	}
	s.log = append(s.log, c)
	for _, v := range c.Violations {
		s.violations = append(s.violations, c.Op+" "+c.Version+": "+v)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	v := v20
	switch r.URL.Path {
	case path20:
	case path11:
		v = v11
	default:
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodPost:
		s.post(w, r, v)
	case http.MethodGet:
		plain(w, http.StatusOK, "text/xml; charset=utf-8", s.schema.wsdl(v, s.URL()+r.URL.Path))
	default:
		http.Error(w, "only GET and POST", http.StatusMethodNotAllowed)
	}
}

// post takes one call from the wire to the log.
func (s *Server) post(w http.ResponseWriter, hr *http.Request, v version) {
	body, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, maxRequest))
	if err != nil {
		http.Error(w, "request too large or broken off", http.StatusBadRequest)
		return
	}
	r := s.inspect(hr.Header, body, v)
	s.mu.Lock()
	s.counts[r.name]++
	s.mu.Unlock()
	c := Call{Op: r.name, Version: string(v), At: s.now(), Body: string(body[:min(len(body), maxLogBody)])}
	l := &logged{ResponseWriter: w, record: sync.OnceFunc(func() {
		for _, b := range r.breaches {
			c.Violations = append(c.Violations, b.text)
		}
		s.record(c)
	})}
	s.answer(l, hr, r, &c)
	l.record()
}

// logged puts the call into the log before the caller can know that it is over.
type logged struct {
	http.ResponseWriter
	record func()
}

// Unwrap is for http.ResponseController.
func (l *logged) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// answer decides what a call gets: a fault for a malformed one, the failure that a test asked for, a
// refusal, or rows.
func (s *Server) answer(w http.ResponseWriter, hr *http.Request, r *request, c *Call) {
	if message, bad := r.malformed(); bad {
		c.Status = http.StatusInternalServerError
		soapFault(w, "soap:Client", message)
		return
	}
	if s.o.BeforeAnswer != nil {
		s.o.BeforeAnswer(*c)
	}
	f := s.fault(r.op)
	if f == nil {
		s.write(w, r, s.run(r), nil, c)
		return
	}
	if f.Kind == FailSlow || f.Kind == FailExpire {
		if f.Kind == FailSlow {
			s.wait(hr.Context(), f.Delay)
		} else {
			s.ExpireBy(f.Signal)
		}
		s.write(w, r, s.run(r), nil, c)
		return
	}
	if strike(w, f) {
		c.Status = f.status()
		return
	}
	a := one(nil)
	switch f.Kind {
	case FailCode:
		a = answer{verdict: verdict{code: f.Code, message: f.Message, expired: f.HasExpired}}
	case FailThrottle:
		a = answer{verdict: verdict{code: "OAUTH_INTEGRATION_APPS_TOO_MANY_API_CALLS", message: f.Message}}
	case FailCut, FailCutOff, FailDropAfter:
		a = s.run(r)
	}
	s.write(w, r, a, f, c)
}

// run signs the caller in and does what is asked.
func (s *Server) run(r *request) answer {
	switch r.op.name {
	case "TokenGet":
		return s.tokenGet(r)
	case "TokenRefresh":
		return s.tokenRefresh(r)
	case "Login":
		token := s.login(r)
		return one(func(k *sink) { k.b = appendText(k.b, token) })
	}
	c, v := s.admit(r)
	if c == nil {
		return answer{verdict: v}
	}
	if c.Group && !slices.Contains(groupMay, r.op.name) {
		return refuse("INVALID_OPERATION_ON_CONSOLIDATION_COMPANY")
	}
	return s.operate(r, c)
}

// groupMay lists what a consolidation company answers.
var groupMay = []string{"GetEntitiesByToken", "GetCompanyInformation", "GetCurrencies", "GetCurrencyList", "GetUserInformation"}

// status is the HTTP status that a fault answers with.
func (f *Fault) status() int {
	switch {
	case f.Kind == FailDrop:
		return 0
	case f.Kind == FailSOAP:
		return http.StatusInternalServerError
	case f.Status != 0:
		return f.Status
	case f.Kind == FailHTTP:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}
