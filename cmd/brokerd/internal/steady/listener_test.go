package steady

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

// A failing listener fails with errs first.
type failing struct {
	net.Listener
	mu     sync.Mutex
	errs   []error
	before func() // called before each Accept; may be nil
}

func (f *failing) Accept() (net.Conn, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.Listener.Accept()
}

// next returns the next error, or nil.
func (f *failing) next() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before != nil {
		f.before()
	}
	if len(f.errs) == 0 {
		return nil
	}
	err := f.errs[0]
	f.errs = f.errs[1:]
	return err
}

// left returns how many errors are left.
func (f *failing) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.errs)
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	under, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = under.Close() })
	return under
}

func system(errno syscall.Errno) error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", errno)}
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Without a free descriptor, one client is told to try again, with the spare descriptor. The next one is served.
func TestFull(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE} {
			var log bytes.Buffer
			under := &failing{Listener: loopback(t), errs: []error{system(errno)}}
			l, err := Listen(under, plain, zerolog.New(&log))
			if err != nil {
				t.Fatal(err)
			}
			accepts := 0
			under.before = func() {
				if accepts++; (l.spare.file == nil) != (accepts == 2) {
					t.Errorf("accept %d: the spare descriptor is %v", accepts, l.spare.file)
				}
			}
			first := dial(t, l)
			_, _ = io.WriteString(first, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n")
			second := dial(t, l)
			served, err := l.Accept()
			if err != nil || served.RemoteAddr().String() != second.LocalAddr().String() {
				t.Fatalf("got %v, %v, want the second client", served, err)
			}
			_ = served.Close()
			checkRefused(t, first, plain)
			if l.Refused() != 1 || strings.Count(log.String(), "\n") != 1 ||
				!strings.Contains(log.String(), "no free file descriptor") {
				t.Errorf("%d clients were refused, and the log says %s", l.Refused(), log.String())
			}
			_ = l.Close()
			if l.spare.file != nil {
				t.Error("the spare descriptor is still open")
			}
		}
	}
}

func checkRefused(t *testing.T, conn net.Conn, plain bool) {
	t.Helper()
	if !plain {
		if got, _ := io.ReadAll(conn); len(got) > 0 {
			t.Errorf("a client of TLS got %q", got)
		}
		return
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusServiceUnavailable ||
		response.Header.Get("Retry-After") != "5" || !response.Close ||
		!strings.Contains(string(text), "try again") {
		t.Errorf("got %s, %v, %q, %v", response.Status, response.Header, text, err)
	}
}

// The request is read before the answer is sent. Otherwise the system would reset the connection, and some clients
// would lose the answer.
func TestRequestIsRead(t *testing.T) {
	l, err := Listen(loopback(t), true, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	served, client := net.Pipe() // whose Write waits until everything was read
	refused := make(chan struct{})
	go func() {
		defer close(refused)
		l.refuse(served)
	}()
	if _, err := io.WriteString(client, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatalf("the request: %v", err)
	}
	checkRefused(t, client, true)
	<-refused
}

// A client that sends nothing does not keep others waiting.
func TestFullAndSilent(t *testing.T) {
	under := &failing{Listener: loopback(t)}
	l, err := Listen(under, true, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	failures := 20
	under.before = func() { // there is a descriptor only while the spare one is free
		if l.spare.file != nil && failures > 0 {
			failures--
			under.errs = []error{system(syscall.EMFILE)}
		}
	}
	begin := time.Now()
	var silent []net.Conn
	for range 20 {
		silent = append(silent, dial(t, l))
	}
	last := dial(t, l)
	served, err := l.Accept()
	if err != nil || served.RemoteAddr().String() != last.LocalAddr().String() {
		t.Fatalf("got %v, %v, want the last client", served, err)
	}
	_ = served.Close()
	if took := time.Since(begin); took > 5*time.Second || l.Refused() != 20 {
		t.Errorf("refused %d clients in %v", l.Refused(), took)
	}
	for _, conn := range silent {
		checkRefused(t, conn, true)
	}
}

// No error ends the listener, and it does not spin. Close does end it.
func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log cmdtest.Log
		under := &failing{Listener: nowhere{make(chan struct{})}}
		under.errs = []error{
			system(syscall.EPROTO), system(syscall.ENOBUFS), system(syscall.EPERM),
			system(syscall.ENETDOWN),
			errors.New("of no kind"),
		}
		for range 100 {
			under.errs = append(under.errs, system(syscall.ENOMEM))
		}
		l, err := Listen(under, true, zerolog.New(&log))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		all := under.left()
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
		if tried := all - under.left(); tried > 10 {
			t.Errorf("the listener tried %d times in a second", tried)
		}
		time.Sleep(105 * time.Second) //nolint:forbidigo // virtual time
		if n := under.left(); n > 0 {
			t.Errorf("after %v, %d errors are left", time.Since(begin), n)
		}
		select {
		case err := <-ended:
			t.Errorf("Accept has returned %v", err)
		default:
		}
		if lines := strings.Count(log.String(), "cannot accept a connection"); lines < 10 || lines > 40 {
			t.Errorf("the log has %d lines", lines)
		}
		_ = l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want %v", err, net.ErrClosed)
		}
	})
}

// Close ends a pause.
func TestCloseWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := &failing{Listener: nowhere{make(chan struct{})}, errs: make([]error, 0, 1000)}
		for range 1000 {
			under.errs = append(under.errs, system(syscall.EPROTO))
		}
		l, err := Listen(under, true, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		time.AfterFunc(10500*time.Millisecond, func() { _ = l.Close() })
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) || time.Since(begin) != 10500*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

// nowhere is a listener that no one connects to.
type nowhere struct{ closed chan struct{} }

func (n nowhere) Accept() (net.Conn, error) {
	<-n.closed
	return nil, net.ErrClosed
}

func (n nowhere) Close() error {
	close(n.closed)
	return nil
}

func (nowhere) Addr() net.Addr { return &net.TCPAddr{} }
