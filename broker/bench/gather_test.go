package bench

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

const (
	// gatherRead is how much is read at a time: as much as by the plain echo.
	gatherRead = 4 << 10
	// gatherWrite is how much is written at a time at most. Less than what is in
	// flight, so that both sides can be at work at once.
	gatherWrite = 8 << 10
)

// A gatherConn writes what it was given when somebody wants to read, for then all that came
// together has been answered, or when it is enough. One goroutine uses it.
type gatherConn struct {
	net.Conn
	pending []byte
	came    time.Time // when the last bytes were read
}

func (c *gatherConn) Write(p []byte) (int, error) {
	c.pending = append(c.pending, p...)
	if len(c.pending) < gatherWrite {
		return len(p), nil
	}
	return len(p), c.flush()
}

func (c *gatherConn) Read(p []byte) (int, error) {
	if err := c.flush(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.came = time.Now()
	return n, err
}

func (c *gatherConn) flush() error {
	if len(c.pending) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.pending)
	c.pending = c.pending[:0]
	return err
}

// A gatherHijacker puts a gatherConn below a WebSocket of the server.
type gatherHijacker struct{ http.ResponseWriter }

// Hijack is for the upgrader.
func (h gatherHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	return &gatherConn{Conn: conn}, buffered, err
}
