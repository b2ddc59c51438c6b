package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var ends = flag.Int("ends", 400, "how many cases TestNoSecondHolder tries; 10000 take some minutes")

// Errors that a system may report if something between the client and the broker ends the
// connection. ECONNRESET is also reported if the client ends it, so without lock delay it frees the
// locks at once.
var saidBySystems = []syscall.Errno{
	syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
	syscall.ENETRESET,
	syscall.ECONNABORTED, syscall.ECONNREFUSED, syscall.EPIPE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EACCES,
	syscall.EPERM, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.ENOTCONN, syscall.ESHUTDOWN, syscall.EIO,
	syscall.EINVAL,
	syscall.EBADF, syscall.EMSGSIZE, syscall.EOPNOTSUPP, syscall.EFAULT, syscall.ECONNRESET,
}

// Bytes that may arrive without the program's knowledge: noise, and frames with which a library
// ends a connection.
var garbage = [][]byte{
	{0xff, 0xff, 0xff, 0xff},                                     // not a frame
	{0x81, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},          // a frame that is too long
	{0x88, 0x80, 0, 0, 0, 0},                                     // a close frame without a code
	{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8},                         // 1000
	{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xea},                         // 1002
	{0x82, 0x80, 0, 0, 0, 0},                                     // a binary frame
	{0x15, 0x03, 0x03, 0, 2, 1, 0},                               // TLS: an alert, close_notify
	{0x17, 0x03, 0x03, 0, 4, 1, 2, 3, 4, 0x17, 0x03, 0x03, 0, 0}, // TLS: a forged record
}

// A sweepCase is one way in which the connection of a holder ends.
type sweepCase struct {
	fault   fault
	broker  bool // the broker's end fails; otherwise the client's
	open    bool // the other direction still works
	thaws   time.Duration
	secure  bool
	delayed bool // the broker has lock delay
}

// newSweepCase returns the case with the given number. The same number always gives the same case.
func newSweepCase(n int) (c sweepCase) {
	dice := rand.New(rand.NewPCG(uint64(n), 17))
	flip := func() bool { return dice.IntN(2) == 0 }
	c.broker, c.secure, c.delayed = dice.IntN(4) > 0, flip(), flip()
	if dice.IntN(4) > 0 {
		c.fault.inRead = flip()
		c.fault.errno = saidBySystems[dice.IntN(len(saidBySystems))]
		if c.fault.errno == syscall.ECONNRESET && c.broker {
			c.delayed = true
		}
	} else {
		c.fault.garbage = garbage[dice.IntN(len(garbage))]
		c.open = flip()
	}
	if !c.broker {
		c.open = flip()
	}
	if flip() {
		c.thaws = time.Duration(dice.IntN(20_000)) * time.Millisecond
	}
	c.fault.at = moment{read: flip(), n: 1 + dice.IntN(8), phase: phase(dice.IntN(3))}
	if flip() {
		c.fault.at = moment{after: []time.Duration{
			0, 1, time.Millisecond, time.Second, 5*time.Second - 1, 5 * time.Second, 5*time.Second + 1,
			time.Duration(dice.IntN(20_000)) * time.Millisecond,
		}[dice.IntN(8)]}
	}
	return c
}

// String describes the case.
func (c *sweepCase) String() string {
	return fmt.Sprintf("errno %v in read %t, garbage %x, at %+v; "+
		"broker %t, open %t, thaws %v, TLS %t, lock delay %t",
		c.fault.errno, c.fault.inRead, c.fault.garbage, c.fault.at, c.broker, c.open, c.thaws, c.secure,
		c.delayed)
}

// TestNoSecondHolder: nobody is granted a lock before its holder has stopped, however and whenever
// the connection ends, and whatever the system on either side reports. In no case is there a
// goodbye, or a FIN or RST from the client's own system.
func TestNoSecondHolder(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	var held, waited atomic.Int32
	for n := range *ends {
		c := newSweepCase(n)
		synctest.Test(t, func(t *testing.T) {
			s := &sweep{T: t, sweepCase: c, certificate: server.TLS.Certificates[0]}
			s.run()
			if s.lock.Load() != nil {
				held.Add(1)
			}
			if s.took > time.Second {
				waited.Add(1)
			}
		})
		if t.Failed() {
			t.Fatalf("case %d: %v", n, &c)
		}
	}
	t.Logf("%d cases; in %d there was a holder; in %d the next client had to wait for more than a second",
		*ends, held.Load(), waited.Load())
	if held.Load() < int32(*ends/2) || waited.Load() < int32(*ends/4) {
		t.Error("too few: the sweep does not test what it is for")
	}
}

// A sweep plays one case. It runs inside a bubble.
type sweep struct {
	*testing.T
	sweepCase
	certificate tls.Certificate

	lock   atomic.Pointer[wsclient.Lock] // the holder's
	faulty atomic.Pointer[faultyConn]
	took   time.Duration // from the fault to the grant
}

func (s *sweep) run() {
	network := newPipes()
	stop := s.serve(network)
	link := brokertest.NewLink(network.dial)
	s.fault.silent = func() {
		if !s.open {
			link.Freeze()
		}
	}
	holder := s.hold(network, link)
	if s.fault.at.n == 0 {
		time.Sleep(s.fault.at.after) //nolint:forbidigo // virtual time
	}
	if c := s.faulty.Load(); c != nil && s.fault.at.n == 0 {
		c.fire()
	}
	late := time.AfterFunc(20*time.Second, func() { // the latest end
		if c := s.faulty.Load(); c != nil {
			c.fire()
		}
	})
	defer late.Stop()
	if s.thaws > 0 {
		time.AfterFunc(s.thaws, link.Thaw)
	}
	s.next(network)
	link.Cut()
	holder.Wait()
	stop()
}

// hold makes a client acquire the lock through the link, and then send messages. It returns when
// the client holds the lock or cannot acquire it.
func (s *sweep) hold(network *pipes, link *brokertest.Link) *sync.WaitGroup {
	network.wrap = func(conn net.Conn) net.Conn { return s.spoil(conn, s.broker) }
	var running sync.WaitGroup
	settled := make(chan struct{})
	running.Go(func() {
		client, err := s.dial(func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := link.Dial(ctx, "", "")
			if err != nil {
				return nil, err
			}
			return s.spoil(conn, !s.broker), nil
		})
		if err == nil {
			defer func() { _ = client.Close() }()
			var lock *wsclient.Lock
			if lock, err = client.Acquire(s.Context(), "a", nil); err == nil {
				s.lock.Store(lock)
			}
		}
		close(settled)
		for err == nil {
			time.Sleep(1700 * time.Millisecond) //nolint:forbidigo // virtual time
			_, err = client.Ping(s.Context())
		}
		if client != nil {
			<-client.Done()
		}
	})
	select {
	case <-settled:
	case <-time.After(time.Second): // it waits for a message that will not come
	}
	network.mu.Lock()
	network.wrap = nil
	network.mu.Unlock()
	return &running
}

// spoil returns conn with the fault, if this is the end that must fail.
func (s *sweep) spoil(conn net.Conn, is bool) net.Conn {
	if !is {
		return conn
	}
	c := &faultyConn{Conn: conn, fault: &s.fault}
	s.faulty.Store(c)
	return c
}

// next makes another client acquire the lock and keep it. The first holder must have stopped by
// then.
func (s *sweep) next(network *pipes) {
	other, err := s.dial(network.dial)
	if err != nil {
		s.Error(err)
		return
	}
	defer func() { _ = other.Close() }()
	start := time.Now()
	if _, err := other.Acquire(s.Context(), "a", nil); err != nil {
		s.Error(err)
	}
	s.took = time.Since(start)
	for range 25 {
		if lock := s.lock.Load(); lock != nil && (lock.Context().Err() == nil || lock.Valid()) {
			s.Errorf("there are two holders, %v after the fault", time.Since(start))
			return
		}
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
	}
}

func (s *sweep) dial(netDial func(context.Context, string, string) (net.Conn, error)) (*wsclient.Client, error) {
	options := &wsclient.Options{NetDial: netDial, NoReconnect: true}
	url := "ws://broker.test"
	if s.secure {
		pool := x509.NewCertPool()
		pool.AddCert(s.certificate.Leaf)
		options.TLS = &tls.Config{RootCAs: pool, ServerName: "example.com"}
		url = "wss://broker.test"
	}
	ctx, cancel := context.WithTimeout(s.Context(), 30*time.Second)
	defer cancel()
	return wsclient.Dial(ctx, url, options)
}

// serve runs a broker.
func (s *sweep) serve(network *pipes) (stop func()) {
	b, err := broker.New(broker.Config{LockDelay: s.delayed, Drain: broker.None})
	if err != nil {
		s.Fatal(err)
	}
	var listener net.Listener = network
	if s.secure {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{s.certificate}})
	}
	server := &http.Server{Handler: b.Handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	running.Go(func() { _ = server.Serve(listener) })
	return func() {
		cancel()
		_ = server.Close()
		running.Wait()
	}
}

// A TLS alert says that the client will send nothing more, but it is not a FIN: TCP goes on. The
// FIN counts when it arrives.
func TestEndOfTLS(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	synctest.Test(t, func(t *testing.T) {
		s := &sweep{T: t, certificate: server.TLS.Certificates[0], sweepCase: sweepCase{secure: true}}
		network := newPipes()
		stop := s.serve(network)
		defer stop()
		var raw net.Conn
		var secure *tls.Conn
		holder, err := wsclient.Dial(t.Context(), "ws://broker.test", &wsclient.Options{NoReconnect: true,
			NetDial: func(ctx context.Context, _, _ string) (_ net.Conn, err error) {
				raw, err = network.dial(ctx, "", "")
				//nolint:gosec // it is in memory
				secure = tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
				return secure, err
			}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Close() }()
		held, err := holder.Acquire(t.Context(), "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		other, err := s.dial(network.dial)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		if err := secure.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		time.AfterFunc(2*time.Second, func() {
			if !held.Valid() {
				t.Error("the holder stopped too early")
			}
			_ = raw.Close()
		})
		if _, err := other.Acquire(t.Context(), "a", nil); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("granted after %v, want 2s, when the FIN arrives", took)
		}
	})
}
