package faultproxy

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is how long a test listens before it says that nothing arrives.
const quiet = 50 * time.Millisecond

// soon is how long a test waits for what must arrive.
const soon = 30 * time.Second

// A wire is one connection through a proxy, with both of its ends.
type wire struct {
	t              *testing.T
	proxy          *Proxy
	listener       *net.TCPListener // of the broker
	client, broker *net.TCPConn
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{t: t, listener: listen(t)}
	w.proxy = newProxy(t, w.listener.Addr().String())
	w.connect()
	return w
}

// connect makes a connection through the proxy, and waits until the proxy has added it to its list.
func (w *wire) connect() {
	w.t.Helper()
	before := len(w.proxy.Conns())
	w.client = dial(w.t, w.proxy)
	w.broker = accept(w.t, w.listener)
	for over := time.Now().Add(soon); len(w.proxy.Conns()) == before; runtime.Gosched() {
		if time.Now().After(over) {
			w.t.Fatal("the proxy has not added the connection")
		}
	}
}

func newProxy(t *testing.T, target string) *Proxy {
	t.Helper()
	p, err := Listen(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func dial(t *testing.T, p *Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

func accept(t *testing.T, l *net.TCPListener) *net.TCPConn {
	t.Helper()
	if err := l.SetDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	c, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// isRefused fails the test unless the proxy resets a new connection.
func (w *wire) isRefused() {
	w.t.Helper()
	c, err := net.Dial("tcp", w.proxy.Addr())
	if err == nil {
		defer func() { _ = c.Close() }()
		w.ends(c.(*net.TCPConn), rst)
	} else if !errors.Is(err, rst) {
		w.t.Fatal(err)
	}
}

// send writes text.
func (w *wire) send(from *net.TCPConn, text string) {
	w.t.Helper()
	if _, err := from.Write([]byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

// arrives fails the test unless text arrives.
func (w *wire) arrives(at *net.TCPConn, text string) {
	w.t.Helper()
	w.deadline(at, soon)
	got := make([]byte, len(text))
	if _, err := io.ReadFull(at, got); err != nil || string(got) != text {
		w.t.Fatalf("read %q, %v; want %q", got, err, text)
	}
}

// ends fails the test unless the next thing that arrives is this end: io.EOF for a FIN, or syscall.ECONNRESET.
func (w *wire) ends(at *net.TCPConn, want error) {
	w.t.Helper()
	w.deadline(at, soon)
	if n, err := at.Read(make([]byte, 1)); n > 0 || !errors.Is(err, want) {
		w.t.Fatalf("read %d bytes, %v; want %v", n, err, want)
	}
}

// nothing fails the test if anything arrives, or the end.
func (w *wire) nothing(at *net.TCPConn) {
	w.t.Helper()
	w.deadline(at, quiet)
	if n, err := at.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		w.t.Fatalf("read %d bytes, %v; want nothing", n, err)
	}
}

func (w *wire) deadline(at *net.TCPConn, d time.Duration) {
	w.t.Helper()
	if err := at.SetReadDeadline(time.Now().Add(d)); err != nil {
		w.t.Fatal(err)
	}
}

// breakOff closes a side with a RST, as the kernel does for a process that was killed with unread data.
func (w *wire) breakOff(side *net.TCPConn) {
	w.t.Helper()
	if err := errors.Join(side.SetLinger(0), side.Close()); err != nil {
		w.t.Fatal(err)
	}
}

var fin, rst = io.EOF, error(syscall.ECONNRESET)
