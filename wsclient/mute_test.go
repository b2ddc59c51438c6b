package wsclient_test

import (
	"net"
	"sync/atomic"
	"time"
)

// A muteConn is a network that can go silent: then what is written into it is
// lost, without an error, nothing is read any more, and the other side does not
// hear of its end.
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

// A deafConn is a network that can let through only what is sent.
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
