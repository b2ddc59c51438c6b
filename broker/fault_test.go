package broker_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A fault says how one end of a connection fails.
type fault struct {
	errno   syscall.Errno // the error that the system reports; 0: none
	inRead  bool          // a read reports it; otherwise the next write does
	garbage []byte        // bytes that are received instead of an error
	at      moment
	silent  func() // called when the fault happens; makes the network silent
}

// A moment says when a fault happens: at the nth read or write, or after some time if n is 0.
type moment struct {
	read  bool
	n     int
	phase phase
	after time.Duration
}

type phase int

const (
	before phase = iota // no byte of that write gets through
	amid                // half of its bytes get through
	behind              // all of its bytes get through
)

// A faultyConn is one end of a connection, with a fault. It fails as on Linux: the system reports
// the error once; after that, reads return EOF and writes fail with EPIPE.
type faultyConn struct {
	net.Conn
	fault *fault

	mu     sync.Mutex
	reads  int
	writes int
	fired  bool
	told   bool
	rest   []byte    // what is left of the garbage
	due    time.Time // the read deadline
}

// fire makes the fault happen now.
func (c *faultyConn) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fired {
		return
	}
	c.fired, c.rest = true, c.fault.garbage
	c.fault.silent()
	if c.fault.inRead || c.rest != nil {
		c.wake()
	}
}

// wake ends a read that is blocked.
func (c *faultyConn) wake() { _ = c.Conn.SetReadDeadline(time.Unix(1, 0)) }

// isDue counts an operation, and reports whether the fault happens during it.
func (c *faultyConn) isDue(read bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := &c.writes
	if read {
		count = &c.reads
	}
	*count++
	at := c.fault.at
	return !c.fired && at.n == *count && at.read == read
}

func (c *faultyConn) Read(p []byte) (int, error) {
	due := c.isDue(true)
	if due && c.fault.at.phase == before {
		c.fire()
	}
	for {
		if n, failed, err := c.failRead(p); failed {
			return n, err
		}
		n, err := c.Conn.Read(p)
		if n > 0 && due {
			if c.fault.at.phase == amid {
				n = (n + 1) / 2
			}
			c.fire()
		}
		if n == 0 && due {
			c.mu.Lock()
			c.reads-- // a deadline ended this read, so it does not count
			c.mu.Unlock()
		}
		if n > 0 || !c.wasWoken(err) {
			return n, err
		}
	}
}

// failRead returns the result of a read after the fault. failed is false if the read must keep
// waiting.
func (c *faultyConn) failRead(p []byte) (n int, failed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.fired:
		return 0, false, nil
	case len(c.rest) > 0:
		n = copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, true, nil
	case c.fault.errno == 0:
		_ = c.Conn.SetReadDeadline(c.due)
		return 0, false, nil
	case c.told:
		return 0, true, io.EOF
	case !c.fault.inRead:
		return 0, false, nil // until a write gets the error
	}
	c.told = true
	return 0, true, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", c.fault.errno)}
}

// wasWoken reports whether a read ended because the fault happened during it.
func (c *faultyConn) wasWoken(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fired && errors.Is(err, os.ErrDeadlineExceeded) && (len(c.rest) > 0 || c.told || c.fault.inRead)
}

func (c *faultyConn) Write(p []byte) (n int, err error) {
	if c.isDue(false) {
		cross := map[phase]int{before: 0, amid: len(p) / 2, behind: len(p)}[c.fault.at.phase]
		if cross > 0 {
			n, err = c.Conn.Write(p[:cross])
		}
		c.fire()
		if err != nil || n == len(p) {
			return n, err
		}
	}
	if err := c.failWrite(); err != nil {
		return n, err
	}
	rest, err := c.Conn.Write(p[n:])
	return n + rest, err
}

// failWrite returns the result of a write after the fault.
func (c *faultyConn) failWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fired || c.fault.errno == 0 {
		return nil
	}
	errno := c.fault.errno
	if c.told || c.fault.inRead {
		errno = syscall.EPIPE
	} else {
		c.told = true
		c.wake()
	}
	return &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", errno)}
}

// CloseWrite fails if the connection has ended.
func (c *faultyConn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.told {
		return syscall.ENOTCONN
	}
	return nil
}

// SetReadDeadline sets the read deadline. After the fault, reads fail all the same.
func (c *faultyConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = t
	if c.told || len(c.rest) > 0 {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline sets both deadlines.
func (c *faultyConn) SetDeadline(t time.Time) error {
	_ = c.Conn.SetWriteDeadline(t)
	return c.SetReadDeadline(t)
}
