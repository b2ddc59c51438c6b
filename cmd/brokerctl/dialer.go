//go:build unix

package main

import (
	"context"
	"net"
	"sync"
	"syscall"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A trackingDialer dials for a client and remembers its latest connection. The latest is enough: locks that were
// granted on earlier connections are lost, or the client has taken up its session on the latest one.
type trackingDialer struct {
	read    chan struct{} // holds a token after the client has read from its connection
	resumed chan struct{} // holds a token after the client has taken up its session on another connection

	mu   sync.Mutex
	conn net.Conn
}

func newTrackingDialer() *trackingDialer {
	return &trackingDialer{read: make(chan struct{}, 1), resumed: make(chan struct{}, 1)}
}

// trace is for the field Trace of wsclient.Options.
func (d *trackingDialer) trace() *wsclient.Trace {
	return &wsclient.Trace{Resumed: func(err error) {
		if err != nil {
			return
		}
		select {
		case d.resumed <- struct{}{}:
		default:
		}
	}}
}

// dial is for the field NetDial of wsclient.Options.
func (d *trackingDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn = conn
	return &trackedConn{conn, d.read}, nil
}

// socket returns the latest connection, or nil before the first one.
func (d *trackingDialer) socket() syscall.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	socket, _ := d.conn.(syscall.Conn)
	return socket
}

// A trackedConn notices each call of Read. A client that reads again has handled what it read before.
type trackedConn struct {
	net.Conn
	read chan<- struct{}
}

// Read reads from the connection.
func (c *trackedConn) Read(into []byte) (int, error) {
	select {
	case c.read <- struct{}{}:
	default:
	}
	return c.Conn.Read(into)
}
