package brokertest

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A cable is one connection through a link.
type cable struct {
	link      *Link
	near, far net.Conn // the ends towards the client and towards the broker

	forgotten atomic.Bool // the broker's side has ended, of which the client is not to hear
	once      sync.Once
	ended     chan struct{} // closed when nothing is carried any more
}

// cableRoom is how many writes may be on their way in a direction before the next
// one waits.
const cableRoom = 4096

// A parcel is something on its way.
type parcel struct {
	bytes []byte
	due   time.Time
}

// end cuts both sides.
func (c *cable) end() {
	c.once.Do(func() {
		close(c.ended)
		reset(c.far)
		_ = c.near.Close()
		c.link.mu.Lock()
		delete(c.link.cables, c)
		c.link.mu.Unlock()
	})
}

// forget cuts the broker's side.
func (c *cable) forget() {
	c.forgotten.Store(true)
	reset(c.far)
}

// reset ends a connection; where it can, in such a way that the other side learns
// that it was not closed in order.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// carry carries what one end sends to the other, until that is cut; ended is called
// when from has ended.
func (c *cable) carry(from, to net.Conn, ended func()) {
	parcels := make(chan parcel, cableRoom)
	go func() {
		defer ended()
		defer close(parcels)
		for c.receive(from, parcels) {
		}
	}()
	for p := range parcels {
		if !c.await(p.due) || !c.link.pass(c.ended) {
			break
		}
		_, _ = to.Write(p.bytes) // it may have ended, which its own reader notices
	}
	for range parcels { // from is read on: its end is to be noticed
	}
	if c.link.pass(c.ended) && !(c.forgotten.Load() && to == c.near) {
		_ = to.Close()
	}
}

// receive takes one write of from. It reports false when from has ended.
func (c *cable) receive(from net.Conn, parcels chan<- parcel) bool {
	bytes := make([]byte, 32<<10)
	n, err := from.Read(bytes)
	if n > 0 {
		c.link.mu.Lock()
		due := time.Now().Add(c.link.delay)
		c.link.mu.Unlock()
		select {
		case parcels <- parcel{bytes[:n], due}:
		case <-c.ended:
		}
	}
	return err == nil
}

// await waits until that time. It reports false when the cable has ended before.
func (c *cable) await(due time.Time) bool {
	left := time.Until(due)
	if left <= 0 {
		return true
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.ended:
		return false
	}
}
