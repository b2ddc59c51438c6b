// Package brokertest runs a lock broker in memory, to test programs that use one. It opens no port.
// The connections are real WebSocket connections over pipes. So they also work inside a
// testing/synctest bubble, where time is virtual.
//
//	b := brokertest.Start(t, broker.Config{})
//	client, err := wsclient.Dial(ctx, b.URL(), &wsclient.Options{NetDial: b.Dial})
//
// A [Link] tests how a program behaves when the network fails: it cuts, freezes and delays
// connections. In virtual time such a test takes no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		b := brokertest.Start(t, broker.Config{})
//		link := b.NewLink()
//		client, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{NetDial: link.Dial})
//		...
//		defer client.Close()
//		lock, err := client.Acquire(t.Context(), "orders/42", nil)
//		...
//		link.Freeze()
//		<-lock.Context().Done() // after ten virtual seconds
//	})
package brokertest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// A Server is a broker in memory. Its methods may be called concurrently.
type Server struct {
	listener *listener
	stop     func()

	mu    sync.Mutex
	links []*Link
}

// Start makes a broker of config and runs it until Stop, or until the test ends. Inside a synctest
// bubble, pass the t of the bubble, and close your clients before the bubble ends.
//
// The default of Drain is [broker.None] here: a test need not wait for the locks that it still
// holds. All other defaults are those of [broker.Config].
func Start(t testing.TB, config broker.Config) *Server {
	t.Helper()
	if config.Drain == 0 {
		config.Drain = broker.None
	}
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, b)
}

// Serve runs b like Start, with the config that b has.
func Serve(t testing.TB, b *broker.Broker) *Server {
	t.Helper()
	l := newListener()
	server := b.Server()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
		_ = server.Close() // only now: a draining broker still refuses upgrades with 503
	})
	running.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	s := &Server{listener: l}
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		s.cutLinks()
	})
	t.Cleanup(s.stop)
	return s
}

// URL returns the address that a client dials, together with Dial.
func (s *Server) URL() string { return "ws://broker.test" }

// Dial connects to the broker. It ignores network and address. It has the signature that
// wsclient.Options.NetDial, websocket.Dialer and http.Transport want.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.DialFrom(ctx, "192.0.2.1:1000")
}

// DialFrom is Dial from a given address, a host and port, which the broker takes for the client's.
func (s *Server) DialFrom(ctx context.Context, remote string) (net.Conn, error) {
	return s.listener.dial(ctx, remote)
}

// Stop ends the broker's Run, waits for it, and cuts all links. It may be called more than once.
func (s *Server) Stop() { s.stop() }

func (s *Server) cutLinks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		l.Cut()
	}
}
