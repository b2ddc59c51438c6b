package brokertest

import (
	"context"
	"net"
	"sync"
)

// A listener accepts the server's ends of pipes.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newListener() *listener {
	return &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *listener) dial(ctx context.Context, remote string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- pipeEnd{server, address(remote)}:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept is for the http.Server.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close makes Accept and dial fail.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is for the http.Server.
func (l *listener) Addr() net.Addr { return address("broker.test:80") }

// A pipeEnd is a pipe's end that says where it comes from.
type pipeEnd struct {
	net.Conn
	remote address
}

// RemoteAddr is the address that was given to DialFrom.
func (e pipeEnd) RemoteAddr() net.Addr { return e.remote }

type address string

// Network is "pipe".
func (a address) Network() string { return "pipe" }

// String is the address.
func (a address) String() string { return string(a) }
