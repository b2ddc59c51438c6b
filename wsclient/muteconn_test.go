package wsclient_test

import (
	"net"
	"sync/atomic"
	"time"
)

// A muteConn is a network connection that can go silent. What is then written to it is lost without an error, nothing
// can be read from it, and the other side does not notice its end.
type muteConn struct {
	net.Conn
	silence atomic.Bool
}

func (c *muteConn) Write(p []byte) (int, error) {
	if c.silence.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *muteConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.silence.Load() {
			return n, err
		}
	}
}

func (c *muteConn) Close() error {
	if c.silence.Load() {
		return c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
	return c.Conn.Close()
}

// A deafConn is a network connection that can lose what the other side sends.
type deafConn struct {
	net.Conn
	deafness atomic.Bool
}

func (c *deafConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.deafness.Load() {
			return n, err
		}
	}
}
