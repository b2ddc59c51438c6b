package brokertest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// A listener is a net.Listener whose connections are in-memory pipes.
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
	case l.conns <- &pipeEnd{Conn: server, remote: address(remote)}:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It makes Accept and dial fail.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return address("broker.test:80") }

// A pipeEnd is the server's end of a pipe. It has a remote address, and behaves like TCP when the
// client closes its end.
type pipeEnd struct {
	net.Conn
	remote address
	closed atomic.Bool
}

// Close closes the pipe in both directions.
func (e *pipeEnd) Close() error {
	e.closed.Store(true)
	return e.Conn.Close()
}

// Write succeeds even if the client has closed its end, as with TCP: the bytes are lost, and the
// next read returns io.EOF.
func (e *pipeEnd) Write(p []byte) (int, error) {
	n, err := e.Conn.Write(p)
	if errors.Is(err, io.ErrClosedPipe) && !e.closed.Load() {
		return len(p), nil
	}
	return n, err
}

// RemoteAddr returns the address that was passed to DialFrom.
func (e *pipeEnd) RemoteAddr() net.Addr { return e.remote }

type address string

// Network implements net.Addr.
func (a address) Network() string { return "pipe" }

// String implements net.Addr.
func (a address) String() string { return string(a) }
