package turns

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// longest is how long a turn may last. It ends earlier unless the machine is busy, or unless something waits,
	// for example for the keys of an issuer of tokens.
	longest = 2 * time.Millisecond
	// workTime is how long a turn may be used before it rests: about as long as one TLS handshake takes.
	workTime = 500 * time.Microsecond
	// minRest is how long a turn rests at least. On an idle processor, Go cannot wait for less.
	minRest = time.Millisecond
	// leastCharge is for how long a use counts at least. A connection also costs what happens outside of its turn:
	// accepting it, sending the answer, closing it.
	leastCharge = 100 * time.Microsecond
	// maxWaiting is how many connections may wait for their first turn before no more are accepted. The system
	// queues the others. Otherwise thousands of clients that connect together would wait for so long that the
	// broker closes them as silent.
	maxWaiting = 64
	// acceptPause is how long Accept waits at most until it looks again whether fewer wait.
	acceptPause = 10 * time.Millisecond
)

// Turns are what handshakes wait for.
type Turns struct {
	free    chan time.Duration // each turn, with the time for which it was used since it has rested
	waiting atomic.Int64       // how many connections wait for their first one
	fewer   chan struct{}      // has a token after one has ended to wait
	taken   atomic.Int64
}

// New returns one turn for every two processors, and at least one.
func New() *Turns { return newTurns(max(runtime.GOMAXPROCS(0)/2, 1)) }

func newTurns(count int) *Turns {
	t := &Turns{free: make(chan time.Duration, count), fewer: make(chan struct{}, 1)}
	for range count {
		t.free <- 0
	}
	return t
}

// Taken returns how many turns were taken so far.
func (t *Turns) Taken() int64 { return t.taken.Load() }

// Listen returns a listener whose connections wait for turns.
func (t *Turns) Listen(under net.Listener) net.Listener { return &listener{under, t} }

type listener struct {
	net.Listener
	turns *Turns
}

// Accept returns a *Conn, once not too many wait for their first turn. Silent connections do not wait for one, and
// those that send byte after byte wait for further ones. So neither keep the listener from accepting others.
func (l *listener) Accept() (net.Conn, error) {
	for l.turns.waiting.Load() >= maxWaiting {
		select {
		case <-l.turns.fewer:
		case <-time.After(acceptPause): // another listener may have taken the token
		}
	}
	under, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(under, l.turns), nil
}

// A Conn is a connection below TLS, or without TLS.
type Conn struct {
	net.Conn
	turns   *Turns
	session atomic.Bool
	known   bool                 // it has waited for its first turn; the reader's
	turn    atomic.Pointer[turn] // nil: it has none
	closed  chan struct{}
	closing sync.Once
	failure error // of Close
}

// A turn is one that a connection has.
type turn struct {
	began time.Time
	spent time.Duration // before
}

func newConn(under net.Conn, turns *Turns) *Conn {
	return &Conn{Conn: under, turns: turns, closed: make(chan struct{})}
}

// take waits for a turn. It returns an error if the connection is closed meanwhile.
func (c *Conn) take() error {
	if !c.known {
		c.known = true
		c.turns.waiting.Add(1)
		defer c.turns.stopWaiting()
	}
	select {
	case spent := <-c.turns.free:
		c.turns.taken.Add(1)
		now := &turn{time.Now(), spent}
		c.turn.Store(now)
		time.AfterFunc(longest, func() { c.end(now) })
	case <-c.closed:
		return net.ErrClosed
	}
	select {
	case <-c.closed: // perhaps before it had the turn
		c.give()
		return net.ErrClosed
	default:
		return nil
	}
}

func (t *Turns) stopWaiting() {
	t.waiting.Add(-1)
	select {
	case t.fewer <- struct{}{}:
	default:
	}
}

// give gives the turn back, if the connection has one.
func (c *Conn) give() {
	if now := c.turn.Load(); now != nil {
		c.end(now)
	}
}

// end ends a turn, unless it has ended.
func (c *Conn) end(now *turn) {
	if !c.turn.CompareAndSwap(now, nil) {
		return
	}
	spent := now.spent + max(time.Since(now.began), leastCharge)
	if spent < workTime {
		c.turns.free <- spent
		return
	}
	time.AfterFunc(min(max(spent, minRest), longest), func() { c.turns.free <- 0 })
}

// Read implements net.Conn. When bytes have come, it waits for a turn, unless the connection is a session.
func (c *Conn) Read(p []byte) (int, error) {
	if c.session.Load() {
		return c.Conn.Read(p)
	}
	c.give()
	n, err := c.Conn.Read(p)
	if n == 0 || c.session.Load() {
		return n, err
	}
	if closed := c.take(); closed != nil {
		return 0, closed
	}
	return n, err
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	c.give()
	return c.Conn.Write(p)
}

// becomeSession ends the waiting for turns: the broker has other limits for sessions.
func (c *Conn) becomeSession() {
	c.session.Store(true)
	c.give()
}

// Follow is used as http.Server.ConnState. A connection that leaves HTTP becomes a session.
func Follow(conn net.Conn, state http.ConnState) {
	if state != http.StateHijacked {
		return
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if c, ok := conn.(*Conn); ok {
		c.becomeSession()
	}
}

// CloseWrite and SyscallConn let the broker find out how the connection ends.

// CloseWrite ends the sending side.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SyscallConn returns the connection of the system.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if system, ok := c.Conn.(syscall.Conn); ok {
		return system.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.closing.Do(func() {
		close(c.closed)
		c.give()
		c.failure = c.Conn.Close()
	})
	return c.failure
}
