package turns

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipe returns a connection that waits for turns, and its client.
func pipe(t *testing.T, turns *Turns) (served *Conn, client net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	served = newConn(near, turns)
	t.Cleanup(func() { _, _ = served.Close(), far.Close() })
	return served, far
}

// send sends a byte, and does not wait until it is read.
func send(client net.Conn) { go func() { _, _ = client.Write([]byte{1}) }() }

// work makes the scheduler run something else for a while.
func work(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // virtual time

// Connections that have received something go ahead one after another, in the order in which they came. After some use,
// the turn rests.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each, connections = 400 * time.Microsecond, 7
		turns := newTurns(1)
		begin := time.Now()
		var at [connections]time.Duration
		var running atomic.Int32
		var all sync.WaitGroup
		for i := range connections {
			served, client := pipe(t, turns)
			send(client)
			all.Go(func() {
				one := make([]byte, 1)
				if _, err := served.Read(one); err != nil {
					t.Error(err)
				}
				at[i] = time.Since(begin)
				if n := running.Add(1); n > 1 {
					t.Errorf("%d connections have a turn", n)
				}
				work(each)
				running.Add(-1)
				_ = served.Close()
			})
			synctest.Wait()
		}
		all.Wait()
		work(time.Second)
		const rest = 1000
		for i, want := range [connections]time.Duration{
			0, 400, 800 + rest, 1200 + rest, 1600 + 2*rest, 2000 + 2*rest, 2400 + 3*rest,
		} {
			if at[i] != want*time.Microsecond {
				t.Errorf("connection %d had its turn after %v, want %vµs", i, at[i], int64(want))
			}
		}
		if len(turns.free) != 1 {
			t.Errorf("%d turns are left, want 1", len(turns.free))
		}
	})
}

// Short uses count for more than they take, so a turn also rests after some of them.
func TestShortTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served, client := pipe(t, newTurns(1))
		begin := time.Now()
		const reads = 2*int(workTime/leastCharge) + 5
		for range reads {
			send(client)
			if _, err := served.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 2*minRest {
			t.Errorf("%d reads took %v, want two rests of %v", reads, took, minRest)
		}
	})
}

// A turn ends when the connection writes, or after a while. A connection that waits can be closed.
func TestTurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		first, itsClient := pipe(t, turns)
		second, client := pipe(t, turns)
		third, last := pipe(t, turns)
		go func() { _, _ = io.Copy(io.Discard, itsClient) }()
		readsAfter := func(c *Conn, client net.Conn, before func()) time.Duration {
			begin := time.Now()
			done := make(chan error)
			send(client)
			go func() {
				_, err := c.Read(make([]byte, 1))
				done <- err
			}()
			synctest.Wait()
			if before != nil {
				before()
			}
			if err := <-done; err != nil && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			return time.Since(begin)
		}
		if took := readsAfter(first, itsClient, nil); took != 0 {
			t.Errorf("the first connection waited for %v", took)
		}
		if took := readsAfter(second, client, func() { _, _ = first.Write([]byte{1}) }); took != 0 {
			t.Errorf("after a write, the second connection waited for %v", took)
		}
		if took := readsAfter(third, last, func() { _ = third.Close() }); took != 0 {
			t.Errorf("a connection that was closed waited for %v", took)
		}
		fourth, client := pipe(t, turns)
		if took := readsAfter(fourth, client, nil); took != longest+longest {
			t.Errorf("the turn of the second connection and its rest lasted %v, want %v", took, 2*longest)
		}
	})
}

// A session takes no turn, below TLS, too.
func TestSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		busy, client := pipe(t, turns)
		send(client)
		if _, err := busy.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		plain, client := pipe(t, turns)
		below, secure := pipe(t, turns)
		Follow(plain, http.StateActive)
		if plain.session.Load() {
			t.Error("an active connection is a session")
		}
		Follow(plain, http.StateHijacked)
		Follow(tls.Server(below, &tls.Config{MinVersion: tls.VersionTLS12}), http.StateHijacked)
		for _, side := range []struct {
			served *Conn
			client net.Conn
		}{{plain, client}, {below, secure}} {
			for range 100 {
				send(side.client)
				if _, err := side.served.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the sessions waited for %v", took)
		}
	})
}

// The broker can find out how a connection has ended.
func TestLayers(t *testing.T) {
	under, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := New().Listen(under)
	defer func() { _ = l.Close() }()
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	served := accepted.(*Conn)
	defer func() { _ = served.Close() }()
	if _, err := served.SyscallConn(); err != nil {
		t.Error(err)
	}
	if err := served.CloseWrite(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(client); len(got) > 0 || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// While many connections wait for their first turn, no more are accepted. Connections that send byte after byte do not
// count.
func TestAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		under := &pipes{conns: make(chan net.Conn)}
		l := turns.Listen(under)
		accepted := make(chan net.Conn)
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- conn
			}
		}()
		read := func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }
		var open []net.Conn
		connect := func() bool {
			near, far := net.Pipe()
			open = append(open, near, far)
			select {
			case under.conns <- near:
			case <-time.After(5 * acceptPause):
				return false
			}
			served := <-accepted
			send(far)
			go read(served)
			synctest.Wait()
			return true
		}
		var known []func() // each sends a byte and reads it
		for range 2 * maxWaiting {
			served, client := pipe(t, turns)
			known = append(known, func() {
				send(client)
				read(served)
			})
			known[len(known)-1]() // its first turn
		}
		work(time.Second)
		<-turns.free // somebody has the turn
		for _, again := range known {
			go again()
		}
		for i := range maxWaiting {
			if !connect() {
				t.Fatalf("connection %d is not accepted", i)
			}
		}
		// The listener below may have one more, which Accept was already waiting for.
		one, two := connect(), connect()
		if one && two {
			t.Error("connections are accepted, although many wait for their first turn")
		}
		turns.free <- 0
		work(time.Second)
		if !connect() {
			t.Error("no connection is accepted, although none waits")
		}
		close(under.conns)
		for _, conn := range open {
			_ = conn.Close()
		}
	})
}

// pipes is a listener for one end of pipes.
type pipes struct {
	net.Listener
	conns chan net.Conn
}

func (p *pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
