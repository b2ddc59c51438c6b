package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// keepOpen is how long a side stays open after the other side has ended, if that end was swallowed, and after the side
// itself has closed its half. The side may still read, and must not hear of the end. It is longer than any session
// timeout that a test uses.
const keepOpen = time.Minute

// A Conn is a connection of a client through the proxy.
type Conn struct {
	client, broker     *net.TCPConn
	toClient, toBroker *direction

	once sync.Once
	done chan struct{} // closed when nothing of the connection is needed any longer
}

func newConn(client, broker *net.TCPConn, toClient, toBroker Faults) *Conn {
	return &Conn{
		client: client, broker: broker,
		toClient: newDirection(toClient), toBroker: newDirection(toBroker),
		done: make(chan struct{}),
	}
}

// Set replaces the faults of the direction to a side, or of both.
func (c *Conn) Set(to Side, f Faults) {
	if to&Client != 0 {
		c.toClient.set(f)
	}
	if to&Broker != 0 {
		c.toBroker.set(f)
	}
}

// Reset sends a RST to a side, or to both. The other side is not told: bytes to and from it are swallowed.
func (c *Conn) Reset(side Side) {
	if side&Client != 0 {
		c.toBroker.lose()
		reset(c.client)
	}
	if side&Broker != 0 {
		c.toClient.lose()
		reset(c.broker)
	}
	if side == Both {
		c.end()
	}
}

// CloseWrite sends a FIN to a side, or to both, as if the other side had closed its half of the connection. Bytes in
// the other direction still flow.
func (c *Conn) CloseWrite(side Side) {
	// An error means that the side has ended already.
	if side&Client != 0 {
		_ = c.client.CloseWrite()
	}
	if side&Broker != 0 {
		_ = c.broker.CloseWrite()
	}
}

func (c *Conn) end() { c.once.Do(func() { close(c.done) }) }

// serve carries bytes until both sides have ended. Then it closes both.
func (c *Conn) serve() {
	var pumps sync.WaitGroup
	pumps.Go(func() { c.carry(c.client, c.broker, c.toBroker) })
	pumps.Go(func() { c.carry(c.broker, c.client, c.toClient) })
	carried := make(chan struct{})
	go func() {
		pumps.Wait()
		close(carried)
	}()
	select {
	case <-carried:
		if c.isHalfOpen() {
			wait(keepOpen, nil, c.done)
		}
	case <-c.done:
	}
	c.end()
	_ = c.client.Close()
	_ = c.broker.Close()
	<-carried
}

// isHalfOpen reports whether a side was not told that the other has ended.
func (c *Conn) isHalfOpen() bool {
	client, _ := c.toClient.get()
	broker, _ := c.toBroker.get()
	return client.Swallow || broker.Swallow
}

// carry carries bytes, and then the end, from one side to the other.
func (c *Conn) carry(from, to *net.TCPConn, d *direction) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer[:d.chunk(len(buffer))])
		read := time.Now()
		if n > 0 && d.pass(read, c.done) {
			if _, err := to.Write(buffer[:n]); err != nil {
				d.lose() // the other side has ended; the other direction says so
			}
		}
		if err != nil {
			c.carryEnd(to, d, read, err)
			return
		}
		d.pace(n, c.done)
	}
}

// carryEnd tells a side how the other has ended: with a FIN or a RST.
func (c *Conn) carryEnd(to *net.TCPConn, d *direction, read time.Time, end error) {
	switch {
	case errors.Is(end, net.ErrClosed): // the proxy has closed it
	case !d.pass(read, c.done):
	case errors.Is(end, io.EOF):
		_ = to.CloseWrite() // an error means that it has ended already
	default:
		reset(to)
	}
}

// reset closes a connection with a RST.
func reset(c *net.TCPConn) {
	// Errors mean that the connection has ended already.
	_ = c.SetLinger(0)
	_ = c.Close()
}
