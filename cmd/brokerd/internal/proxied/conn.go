package proxied

import (
	"errors"
	"net"
	"syscall"
)

// A conn is a connection of a proxy, with the addresses of its client.
type conn struct {
	net.Conn      // of the proxy
	remote, local net.Addr
	rest          []byte // read together with the header
}

// RemoteAddr returns the address of the client.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// LocalAddr returns the address to which the client has connected.
func (c *conn) LocalAddr() net.Addr { return c.local }

// Read returns what has followed the header.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.rest)
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		c.rest = nil // frees the buffer
	}
	return n, nil
}

// CloseWrite and SyscallConn let the broker find out how the connection ends.

// CloseWrite ends the sending side.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SyscallConn returns the connection of the system.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if system, ok := c.Conn.(syscall.Conn); ok {
		return system.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
