package wsclient_test

import "net"

// A lateConn is a network that can hold back what the other side sends.
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
