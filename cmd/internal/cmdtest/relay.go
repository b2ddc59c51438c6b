package cmdtest

import (
	"context"
	"io"
	"net"
	"sync"
)

// A Relay listens on a free port of the loopback interface and forwards connections. With the dial function of a
// brokertest.Link, a test can cut the network of another process.
type Relay struct {
	listener net.Listener
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	target   string
	life     context.Context
	end      context.CancelFunc
	running  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// StartRelay starts a relay to target. It connects with dial. The caller must stop it.
func StartRelay(dial func(ctx context.Context, network, address string) (net.Conn, error), target string) (
	*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Relay{listener: listener, dial: dial, target: target}
	r.life, r.end = context.WithCancel(context.Background())
	r.running.Go(r.accept)
	return r, nil
}

// Address returns its host and port.
func (r *Relay) Address() string { return r.listener.Addr().String() }

// Stop closes all connections and waits for its goroutines.
func (r *Relay) Stop() {
	_ = r.listener.Close()
	r.end()
	r.mu.Lock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *Relay) accept() {
	for {
		near, err := r.listener.Accept()
		if err != nil {
			return
		}
		far, err := r.dial(r.life, "tcp", r.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, near, far)
		r.mu.Unlock()
		r.running.Go(func() { carry(near, far) })
		r.running.Go(func() { carry(far, near) })
	}
}

// carry copies until one side ends, and then closes both.
func carry(from, to net.Conn) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
	_ = to.Close()
}
