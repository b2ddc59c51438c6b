package transport

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tcpPair returns both ends of a TCP connection over the loopback interface.
func tcpPair(t *testing.T) (here, there *net.TCPConn) {
	t.Helper()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	there, err = net.DialTCP("tcp4", nil, listener.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	here, err = listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = here.Close()
		_ = there.Close()
	})
	return here, there
}

// The kernel reports how real connections end. If something else has consumed the error, here with
// SO_ERROR, the end looks like a FIN to the reader, but is not one.
func TestEndsOfTheKernel(t *testing.T) {
	reset := func(there *net.TCPConn) {
		_ = there.SetLinger(0)
		_ = there.Close()
	}
	tests := map[string]struct {
		end  func(here, there *net.TCPConn)
		want EndedBy
	}{
		"closed": {func(_, there *net.TCPConn) { _ = there.Close() }, ByFIN},
		"closed, then reset": {func(here, there *net.TCPConn) {
			_ = there.Close()
			awaitState(t, here, unix.BPF_TCP_CLOSE_WAIT)
			_, _ = here.Write([]byte("nobody reads this"))
			awaitState(t, here, unix.BPF_TCP_CLOSE)
		}, ByFIN},
		"half closed": {func(_, there *net.TCPConn) { _ = there.CloseWrite() }, ByFIN},
		"reset":       {func(_, there *net.TCPConn) { reset(there) }, ByRST},
		"error consumed elsewhere": {func(here, there *net.TCPConn) {
			reset(there)
			for takeError(t, here) != syscall.ECONNRESET {
			}
		}, ByUnknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			here, there := tcpPair(t)
			c := newProgressConn(here)
			test.end(here, there)
			if n, err := c.Read(make([]byte, 1)); err == nil {
				t.Fatalf("read %d bytes", n)
			}
			if got := c.EndedBy(0, nil); got != test.want {
				t.Errorf("got %d, want %d: %v", got, test.want, c.tcp.cause())
			}
			if test.want == ByUnknown {
				c.tcp.listen(c.tcp.halfClose())
				if err := c.tcp.cause(); err != nil {
					t.Errorf("after listening: %v", err)
				}
			}
		})
	}
}

// A connection that has closed its own half still hears how the other side ends.
func TestListenHearsTheEnd(t *testing.T) {
	for name, want := range map[string]error{"FIN": io.EOF, "RST": syscall.ECONNRESET} {
		here, there := tcpPair(t)
		end := newTCPEnd(here)
		heard := make(chan struct{})
		go func() {
			end.listen(end.halfClose())
			close(heard)
		}()
		if _, err := there.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // never wrapped
			t.Errorf("%s: got %v, want the end of the other half", name, err)
		}
		if name == "RST" {
			_ = there.SetLinger(0)
		}
		_ = there.Close()
		<-heard
		if err := end.cause(); !errors.Is(err, want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A client that has closed its socket answers further bytes with RST. If the broker listens only
// after that, it still learns of the FIN.
func TestListenAfterAReset(t *testing.T) {
	here, there := tcpPair(t)
	end := newTCPEnd(here)
	_ = there.Close()
	awaitState(t, here, unix.BPF_TCP_CLOSE_WAIT)
	_, _ = here.Write([]byte("nobody reads this"))
	awaitState(t, here, unix.BPF_TCP_CLOSE)
	end.listen(end.halfClose())
	if err := end.cause(); err != io.EOF { //nolint:errorlint // never wrapped
		t.Errorf("got %v, want EOF", err)
	}
}

// awaitState waits until the connection is in the given state of the kernel.
func awaitState(t *testing.T, conn *net.TCPConn, state uint8) {
	t.Helper()
	system, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for is := state + 1; is != state; {
		_ = system.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			if err != nil {
				t.Fatal(err)
			}
			is = info.State
		})
	}
}

// takeError consumes the error that the kernel would report to the next read or write.
func takeError(t *testing.T, conn *net.TCPConn) (errno syscall.Errno) {
	t.Helper()
	system, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = system.Control(func(fd uintptr) {
		n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil {
			errno = syscall.Errno(n)
		}
	})
	return errno
}
