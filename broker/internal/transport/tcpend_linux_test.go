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

// A write may be the first to get the EPIPE of a RST that follows a FIN. Whether a read is in progress,
// comes later or never comes, that is a FIN. If a read got another error, or the broker has closed its
// half, it is not.
func TestWriteAfterAReset(t *testing.T) {
	tests := map[string]struct {
		before func(c *progressConn) // before the client closes
		after  func(c *progressConn) // after the write that got EPIPE
		want   EndedBy
	}{
		"no read":      {want: ByFIN},
		"a later read": {after: func(c *progressConn) { _, _ = c.Read(make([]byte, 1)) }, want: ByFIN},
		"closed during a read": {
			before: func(c *progressConn) { c.tcp.beginRead() },
			after:  func(c *progressConn) { c.tcp.noteRead(net.ErrClosed) }, want: ByFIN,
		},
		"another error in a read": {
			before: func(c *progressConn) { c.tcp.beginRead() },
			after:  func(c *progressConn) { c.tcp.noteRead(syscall.ETIMEDOUT) }, want: ByUnknown,
		},
		"a read that has not ended": {
			before: func(c *progressConn) { c.tcp.beginRead() }, want: ByUnknown,
		},
		"half closed by the broker": {
			before: func(c *progressConn) { c.tcp.halfClose() }, want: ByUnknown,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			here, there := tcpPair(t)
			c := newProgressConn(here)
			if test.before != nil {
				test.before(c)
			}
			_ = there.Close()
			if c.tcp.halved {
				_, _ = c.Write([]byte("x"))
			} else {
				awaitState(t, here, unix.BPF_TCP_CLOSE_WAIT)
				_, _ = here.Write([]byte("nobody reads this"))
				awaitState(t, here, unix.BPF_TCP_CLOSE)
				if _, err := c.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
					t.Fatalf("the write got %v, want EPIPE", err)
				}
			}
			if test.after != nil {
				test.after(c)
			}
			if got := c.EndedBy(0, nil); got != test.want {
				t.Errorf("got %d, want %d: %v", got, test.want, c.tcp.cause())
			}
		})
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
