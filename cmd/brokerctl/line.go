//go:build unix

package main

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// A line is the network connection of a client to its broker, the latest. Where it is not the one on which a lock was
// granted, that lock is lost.
type line struct {
	heard chan struct{} // has a token when the client may have taken in something from the broker

	mu   sync.Mutex
	conn net.Conn
}

func newLine() *line { return &line{heard: make(chan struct{}, 1)} }

// dial is for wsclient.Options.
func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	return &lineConn{conn, l.heard}, nil
}

// socket is nil before there is a connection.
func (l *line) socket() syscall.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	socket, _ := l.conn.(syscall.Conn)
	return socket
}

// A lineConn notices when its client reads: by then that has taken in what it had read before.
type lineConn struct {
	net.Conn
	heard chan<- struct{}
}

// Read reads.
func (c *lineConn) Read(into []byte) (int, error) {
	select {
	case c.heard <- struct{}{}:
	default:
	}
	return c.Conn.Read(into)
}
