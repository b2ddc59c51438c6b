package faultproxy

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// acceptPause is the pause after a connection that could not be accepted.
const acceptPause = 10 * time.Millisecond

// A Proxy listens on a port of 127.0.0.1 and carries each connection to the broker.
type Proxy struct {
	listener *net.TCPListener
	running  sync.WaitGroup
	over     context.Context // ends with Close
	stop     context.CancelFunc

	mu                 sync.Mutex
	target             string
	toClient, toBroker Faults // of new connections
	refuses            bool
	conns              []*Conn // in the order in which they were made
}

// Listen starts a proxy in front of the broker at target, a host and a port.
func Listen(target string) (*Proxy, error) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	p := &Proxy{listener: listener, target: target}
	p.over, p.stop = context.WithCancel(context.Background())
	p.running.Go(p.accept)
	return p, nil
}

// Addr returns the host and the port at which the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetTarget replaces the host and the port to which new connections go.
func (p *Proxy) SetTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Conns returns the open connections, in the order in which they were made.
func (p *Proxy) Conns() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.conns)
}

// Set replaces the faults of the direction to a side, or of both, on all connections, open and new.
func (p *Proxy) Set(to Side, f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to&Client != 0 {
		p.toClient = f
	}
	if to&Broker != 0 {
		p.toBroker = f
	}
	for _, c := range p.conns {
		c.Set(to, f)
	}
}

// Reset does what [Conn.Reset] does, on all open connections.
func (p *Proxy) Reset(side Side) {
	for _, c := range p.Conns() {
		c.Reset(side)
	}
}

// CloseWrite does what [Conn.CloseWrite] does, on all open connections.
func (p *Proxy) CloseWrite(side Side) {
	for _, c := range p.Conns() {
		c.CloseWrite(side)
	}
}

// Refuse makes the proxy reset new connections, until Heal.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = true
}

// Heal ends all faults, and makes the proxy accept connections. What was swallowed or cut stays so.
func (p *Proxy) Heal() {
	p.Set(Both, Faults{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = false
}

// Close resets all connections and returns when all goroutines of the proxy have ended. Closing again does nothing.
func (p *Proxy) Close() {
	p.stop()
	_ = p.listener.Close() // accept ends
	p.Reset(Both)
	p.running.Wait()
}

// accept starts a goroutine for each new connection.
func (p *Proxy) accept() {
	for {
		client, err := p.listener.AcceptTCP()
		if err != nil {
			if p.over.Err() != nil {
				return
			}
			wait(acceptPause, nil, p.over.Done()) // no descriptor is free, for example
			continue
		}
		p.running.Go(func() { p.connect(client) })
	}
}

// connect connects a client with the broker, and serves the connection until it ends. If there is no broker, it resets
// the client's connection.
func (p *Proxy) connect(client *net.TCPConn) {
	p.mu.Lock()
	target, refuses := p.target, p.refuses
	p.mu.Unlock()
	if refuses {
		reset(client)
		return
	}
	far, err := new(net.Dialer).DialContext(p.over, "tcp", target)
	if err != nil {
		reset(client)
		return
	}
	c := p.add(client, far.(*net.TCPConn))
	defer p.remove(c)
	if p.over.Err() != nil { // Close may have missed it
		c.Reset(Both)
	}
	c.serve()
}

func (p *Proxy) add(client, broker *net.TCPConn) *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := newConn(client, broker, p.toClient, p.toBroker)
	p.conns = append(p.conns, c)
	return c
}

func (p *Proxy) remove(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = slices.DeleteFunc(p.conns, func(other *Conn) bool { return other == c })
}
