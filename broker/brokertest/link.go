package brokertest

import (
	"context"
	"net"
	"sync"
	"time"
)

// A Link is a network that fails on command. Its Dial can be used as wsclient.Options.NetDial:
//
//	link := b.NewLink()
//	client, err := wsclient.Dial(ctx, b.URL(), &wsclient.Options{NetDial: link.Dial})
//	...
//	link.Freeze() // the client hears nothing more, and gets no error
//
// Its methods may be called concurrently.
type Link struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	delay  time.Duration
	open   chan struct{} // closed while the network carries bytes
	cables map[*cable]struct{}
}

// NewLink returns a network that connects through dial, which can be a real dial function, such as
// the DialContext method of a net.Dialer.
func NewLink(dial func(ctx context.Context, network, address string) (net.Conn, error)) *Link {
	l := &Link{dial: dial, open: make(chan struct{}), cables: make(map[*cable]struct{})}
	close(l.open)
	return l
}

// NewLink returns a network between clients and the broker. Stop cuts it.
func (s *Server) NewLink() *Link {
	l := NewLink(s.Dial)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = append(s.links, l)
	return l
}

// Dial connects through the network. While the network is frozen, Dial waits for Thaw, or until ctx
// ends.
func (l *Link) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !l.pass(ctx.Done()) {
		return nil, context.Cause(ctx)
	}
	far, err := l.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	client, near := net.Pipe()
	l.lay(near, far)
	return client, nil
}

// Freeze stops all bytes in both directions, without an error on either side. The network delivers
// them after Thaw, just as TCP would retransmit them.
func (l *Link) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isOpen() {
		l.open = make(chan struct{})
	}
}

// Thaw ends a freeze. Bytes that were held back are delivered.
func (l *Link) Thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isOpen() {
		close(l.open)
	}
}

// Delay makes bytes that are sent from now on arrive d later, in either direction. With 0 they
// arrive at once.
func (l *Link) Delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// Cut ends all connections on both sides, without a close frame. Bytes that are on their way are
// lost. Clients can connect again.
func (l *Link) Cut() {
	for _, c := range l.all() {
		c.end()
	}
}

// CutBroker ends all connections on the broker's side only, like a proxy that forgets them. The
// client gets no error, and still receives the bytes that were on their way to it. Clients can
// connect again.
func (l *Link) CutBroker() {
	for _, c := range l.all() {
		c.forget()
	}
}

func (l *Link) isOpen() bool {
	select {
	case <-l.open:
		return true
	default:
		return false
	}
}

// pass waits until the network carries bytes, and reports true. It reports false if givenUp is
// closed first.
func (l *Link) pass(givenUp <-chan struct{}) bool {
	for {
		l.mu.Lock()
		open, isOpen := l.open, l.isOpen()
		l.mu.Unlock()
		if isOpen {
			return true
		}
		select {
		case <-open:
		case <-givenUp:
			return false
		}
	}
}

func (l *Link) all() []*cable {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*cable
	for c := range l.cables {
		all = append(all, c)
	}
	return all
}

// lay connects two ends with a new cable.
func (l *Link) lay(near, far net.Conn) {
	c := &cable{link: l, near: near, far: far, ended: make(chan struct{})}
	l.mu.Lock()
	l.cables[c] = struct{}{}
	l.mu.Unlock()
	var reading sync.WaitGroup
	reading.Add(2)
	go c.carry(near, far, reading.Done)
	go c.carry(far, near, reading.Done)
	go func() {
		reading.Wait() // both sides have ended
		c.end()
	}()
}
