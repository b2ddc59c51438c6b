package proxied

import (
	"container/list"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/quiet"
)

const (
	// headerWait is how long a proxy may take to send the header. It has it when it connects.
	headerWait = 5 * time.Second
	// maxWaiting is how many connections may wait, for their header or for Accept. A further one closes the
	// oldest that waits for its header. If none does, the next ones wait in the queue of the system.
	maxWaiting = 1000
)

// A Listener accepts connections with a header.
type Listener struct {
	net.Listener
	trusted []netip.Prefix
	log     *quiet.Line
	refused atomic.Int64

	places   chan struct{} // one for each connection that waits
	accepted chan net.Conn // whose headers have been read
	failed   chan error    // has one error, once the listener below has failed
	over     chan struct{} // closed by Close
	close    func() error
	running  sync.WaitGroup

	mu       sync.Mutex
	awaiting *list.List // of the net.Conn that wait for their header, oldest first
}

// Listen returns a Listener for connections of another one, which must come from the trusted addresses.
func Listen(under net.Listener, trusted []netip.Prefix, log zerolog.Logger) *Listener {
	l := &Listener{
		Listener: under, trusted: trusted, log: quiet.NewLine(log),
		places: make(chan struct{}, maxWaiting), accepted: make(chan net.Conn), failed: make(chan error, 1),
		over: make(chan struct{}), awaiting: list.New(),
	}
	l.close = sync.OnceValue(func() error {
		close(l.over)
		err := under.Close()
		l.closeAwaiting()
		l.running.Wait()
		return err
	})
	l.running.Go(l.run)
	return l
}

// Refused returns how many connections were closed because of their address or their header.
func (l *Listener) Refused() int64 { return l.refused.Load() }

// Close closes the listener, and the connections whose header has not been read.
func (l *Listener) Close() error { return l.close() }

// Accept returns the next connection whose header has been read. It fails if the listener below does.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case err := <-l.failed:
		l.failed <- err // for the next call
		return nil, err
	case <-l.over:
		return nil, net.ErrClosed
	}
}

// run accepts connections from the listener below until that fails.
func (l *Listener) run() {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.failed <- err
			return
		}
		if !l.trusts(conn.RemoteAddr()) {
			l.refuse(conn, errors.New("its address is not one of --trusted-proxy"))
			continue
		}
		if !l.takePlace() {
			_ = conn.Close()
			continue
		}
		e := l.await(conn)
		l.running.Go(func() {
			defer func() { <-l.places }()
			l.serve(conn, e)
		})
	}
}

// takePlace waits until another connection may wait. It returns false after Close.
func (l *Listener) takePlace() bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	l.mu.Lock()
	if oldest := l.awaiting.Front(); oldest != nil {
		_ = l.awaiting.Remove(oldest).(net.Conn).Close()
	}
	l.mu.Unlock()
	select {
	case l.places <- struct{}{}:
		return true
	case <-l.over:
		return false
	}
}

// trusts reports whether an address is that of a trusted proxy.
func (l *Listener) trusts(remote net.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return false
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(l.trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// await adds a connection to those that wait for their header.
func (l *Listener) await(conn net.Conn) *list.Element {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isOver() {
		_ = conn.Close()
	}
	return l.awaiting.PushBack(conn)
}

func (l *Listener) isOver() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// serve reads the header of a connection, and passes the connection to Accept.
func (l *Listener) serve(under net.Conn, e *list.Element) {
	_ = under.SetReadDeadline(time.Now().Add(headerWait))
	from, err := readHeader(under)
	l.mu.Lock()
	l.awaiting.Remove(e) // does nothing if it was removed to make room
	l.mu.Unlock()
	if err != nil {
		l.refuse(under, err)
		return
	}
	_ = under.SetReadDeadline(time.Time{})
	select {
	case l.accepted <- from:
	case <-l.over:
		_ = under.Close()
	}
}

// refuse closes a connection. The log does not say what the proxy has sent.
func (l *Listener) refuse(conn net.Conn, why error) {
	defer func() { _ = conn.Close() }() // when it has been counted
	if l.isOver() || errors.Is(why, errProbe) {
		return
	}
	l.refused.Add(1)
	l.log.Warn("closed a connection to an address with proxy-protocol=required", func(e *zerolog.Event) {
		e.Err(why).Str("remote", conn.RemoteAddr().String())
	})
}

func (l *Listener) closeAwaiting() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := l.awaiting.Front(); e != nil; e = e.Next() {
		_ = e.Value.(net.Conn).Close()
	}
}
