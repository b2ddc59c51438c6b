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

	forgotten atomic.Bool // the broker's side was cut, and the client must not notice
	once      sync.Once
	ended     chan struct{} // closed when the cable carries nothing more
}

// cableRoom is how many writes may be on their way in one direction. Further writes wait.
const cableRoom = 4096

// A parcel is one write on its way.
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

// reset ends a connection. With TCP the other side learns that it was not closed in order.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// carry carries the bytes of one end to the other, until the cable is cut. It calls ended when from
// has ended.
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
		_, _ = to.Write(p.bytes) // if it has ended, its own reader notices
	}
	for range parcels { // go on reading, to notice the end of from
	}
	if c.link.pass(c.ended) && !(c.forgotten.Load() && to == c.near) {
		_ = to.Close()
	}
}

// receive reads one write of from. It reports false if from has ended.
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

// await waits until due. It reports false if the cable ends first.
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
