package wsclient_test

import (
	"context"
	"net"
)

// A lateConn is a network connection that can hold back what the other side sends.
type lateConn struct {
	net.Conn
	open chan struct{} // has a token while what arrives goes through
}

func newLateConn() *lateConn {
	c := &lateConn{open: make(chan struct{}, 1)}
	c.letThrough()
	return c
}

func (c *lateConn) holdBack()   { <-c.open }
func (c *lateConn) letThrough() { c.open <- struct{}{} }

func (c *lateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.holdBack()
	c.letThrough()
	return n, err
}

// dialer makes connections with dial. They are held back together with c.
func (c *lateConn) dialer(dial netDial) netDial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &lateConn{conn, c.open}, err
	}
}

type netDial = func(ctx context.Context, network, address string) (net.Conn, error)
