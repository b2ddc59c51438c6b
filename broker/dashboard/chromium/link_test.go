package chromium_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// A link is between the browser and a broker. It stops reading on command, as a browser does whose machine sleeps.
// A brokertest.Link would not do: that one keeps what it has read, so the broker would not notice.
type link struct {
	address string
	to      string

	mu    sync.Mutex
	open  chan struct{} // closed while bytes pass
	conns map[net.Conn]bool
}

// throughLink serves the site at another address, through a link.
func throughLink(t *testing.T, s *site) (*site, *link) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &link{
		address: listener.Addr().String(), to: s.address,
		open: make(chan struct{}), conns: make(map[net.Conn]bool),
	}
	close(n.open)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { n.connect(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		n.resume()
		n.cut()
		running.Wait()
	})
	far := *s
	far.address = n.address
	return &far, n
}

// connect passes the bytes of one connection, until either side ends it.
func (n *link) connect(near net.Conn) {
	far, err := new(net.Dialer).DialContext(context.Background(), "tcp", n.to)
	if err != nil {
		_ = near.Close()
		return
	}
	_ = far.(*net.TCPConn).SetReadBuffer(256 << 10)
	n.mu.Lock()
	n.conns[near], n.conns[far] = true, true
	n.mu.Unlock()
	var passing sync.WaitGroup
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, gate{from, n})
		_ = to.Close()
		_ = from.Close()
	}
	passing.Go(func() { pass(near, far) })
	passing.Go(func() { pass(far, near) })
	passing.Wait()
	n.mu.Lock()
	delete(n.conns, near)
	delete(n.conns, far)
	n.mu.Unlock()
}

// stall stops all bytes, in both directions.
func (n *link) stall() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open = make(chan struct{})
}

// resume ends a stall.
func (n *link) resume() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.open:
	default:
		close(n.open)
	}
}

// cut ends all connections.
func (n *link) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn := range n.conns {
		_ = conn.Close()
	}
}

// A gate reads from a connection while the link lets bytes pass. It has no WriteTo, which io.Copy would prefer.
type gate struct {
	conn net.Conn
	link *link
}

// Read implements io.Reader.
func (g gate) Read(p []byte) (int, error) {
	n, err := g.conn.Read(p)
	g.link.mu.Lock()
	open := g.link.open
	g.link.mu.Unlock()
	<-open
	return n, err
}
