// Package brokertest runs a lock broker in memory, for tests of programs that use one. It opens no
// port: the WebSocket connections are real, but run over in-memory pipes. So they also work inside
// a testing/synctest bubble, where time is virtual.
//
//	b := brokertest.Start(t, broker.Config{})
//	client, err := wsclient.Dial(ctx, b.URL(), &wsclient.Options{NetDial: b.Dial})
//
// With a [Link] you can test how a program behaves when the network fails: it cuts, freezes and
// delays connections. In a bubble, such a test takes almost no real time:
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

// A Server is a broker that runs in memory. Its methods may be called concurrently.
type Server struct {
	listener *listener
	stop     func()

	mu    sync.Mutex
	links []*Link
}

// Start creates a broker from config, and runs it until Stop or the end of the test. Inside a
// synctest bubble, pass the bubble's t, and close your clients before the bubble ends.
//
// Here the default of Drain is [broker.None], so that a test need not wait for locks that it still
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

// Serve is like Start, but runs a broker that already exists.
func Serve(t testing.TB, b *broker.Broker) *Server {
	t.Helper()
	l := newListener()
	server := b.Server()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := b.Run(ctx); err != nil && !errors.Is(err, broker.ErrNotOwner) {
			t.Errorf("Run: %v", err)
		}
		_ = server.Close() // not earlier: a draining broker must still answer upgrades with 503
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

// URL returns the URL to pass to a client that connects through Dial.
func (s *Server) URL() string { return "ws://broker.test" }

// Dial connects to the broker, whatever network and address are. It can be used as the dial
// function of wsclient.Options, websocket.Dialer and http.Transport.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.DialFrom(ctx, "192.0.2.1:1000")
}

// DialFrom connects to the broker, which sees remote, a host and port, as the client's address.
func (s *Server) DialFrom(ctx context.Context, remote string) (net.Conn, error) {
	return s.listener.dial(ctx, remote)
}

// Stop ends the context of the broker's Run, waits until Run has returned, and cuts all links. It
// may be called more than once.
func (s *Server) Stop() { s.stop() }

func (s *Server) cutLinks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		l.Cut()
	}
}
