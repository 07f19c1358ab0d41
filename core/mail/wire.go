package mail

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// guard is the bottom of a connection. It can cut every deadline short, whatever deadlines are set by
// those above, and it holds the one decision that must not race: whether the end of a message may still
// be sent, or the sending has been called off.
type guard struct {
	net.Conn
	mu        sync.Mutex
	limit     time.Time // no deadline is later than this; zero for no limit
	cancelled bool
	committed bool
}

var longAgo = time.Unix(1, 0)

func (g *guard) SetDeadline(t time.Time) error {
	return g.under(t, g.Conn.SetDeadline)
}

func (g *guard) SetReadDeadline(t time.Time) error {
	return g.under(t, g.Conn.SetReadDeadline)
}

func (g *guard) SetWriteDeadline(t time.Time) error {
	return g.under(t, g.Conn.SetWriteDeadline)
}

func (g *guard) under(t time.Time, set func(time.Time) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.limit.IsZero() && (t.IsZero() || t.After(g.limit)) {
		t = g.limit
	}
	return set(t)
}

// begin starts the next message: nothing of it is committed yet.
func (g *guard) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.committed = false
}

// commit asks to send the end of a message. After a cancel the answer is no; after a yes a cancel waits
// for the server's reply for the grace time, because a message without its reply is uncertain for good.
func (g *guard) commit() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.committed = !g.cancelled
	return g.committed
}

// cancel ends whatever the connection is waiting for, at once or after the grace time.
func (g *guard) cancel(grace time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cancelled = true
	g.limit = longAgo
	if g.committed {
		g.limit = time.Now().Add(grace)
	}
	_ = g.Conn.SetDeadline(g.limit)
}

// wire is the top of a connection, above TLS. It can look whether the server has spoken or hung up
// without losing what it said.
type wire struct {
	net.Conn
	pending []byte // read already, handed out before anything else
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.pending) > 0 {
		n := copy(p, w.pending)
		w.pending = w.pending[n:]
		return n, nil
	}
	return w.Conn.Read(p)
}

// errEarly says that the server spoke before it was its turn.
var errEarly = errors.New("the server spoke before the end of the message")

// silent waits for the given time and reports nil when the server is still there and says nothing, which
// is what it has to do before the end of a message.
func (w *wire) silent(wait time.Duration) error {
	if err := w.Conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	buf := make([]byte, 2048)
	for len(w.pending) < maxReply {
		n, err := w.Conn.Read(buf)
		w.pending = append(w.pending, buf[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return err
		}
	}
	if len(w.pending) > 0 {
		return errEarly
	}
	return nil
}

// said returns what silent heard, up to the end of its first line.
func (w *wire) said() []byte {
	line, _, _ := bytes.Cut(w.pending, []byte("\n"))
	return line
}

const maxReply = 16 << 10
