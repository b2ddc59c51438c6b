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
	// gatherWrite is the most that is written at a time. It is less than what is in flight, so
	// that both sides can work at the same time.
	gatherWrite = 8 << 10
)

// A gatherConn collects what it should write. It writes when it has collected gatherWrite bytes, or
// when its user reads again, because the user has then answered all frames that arrived together.
// One goroutine uses it.
type gatherConn struct {
	net.Conn
	pending []byte
	came    time.Time // when the latest bytes arrived
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

// A gatherHijacker makes the server's WebSocket use a gatherConn.
type gatherHijacker struct{ http.ResponseWriter }

// Hijack returns the connection inside a gatherConn. The upgrader calls it.
func (h gatherHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	return &gatherConn{Conn: conn}, buffered, err
}
