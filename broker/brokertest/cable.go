package brokertest

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A cable is one connection that passes through a link.
type cable struct {
	link      *Link
	near, far net.Conn // the ends at the client's side and at the broker's side

	forgotten atomic.Bool // the broker's side was cut, and the client must not notice it
	once      sync.Once
	ended     chan struct{} // closed when the cable stops carrying bytes
}

// cableRoom is how many writes can be on their way in one direction. Further writes wait.
const cableRoom = 4096

// A parcel is the bytes of one write that are on their way.
type parcel struct {
	bytes []byte
	due   time.Time
}

// end cuts the cable on both sides.
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

// forget cuts the cable on the broker's side only.
func (c *cable) forget() {
	c.forgotten.Store(true)
	reset(c.far)
}

// reset closes a connection. Over TCP, the other side sees a reset instead of an orderly close.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// carry moves bytes from one end to the other until the cable is cut. It calls ended when from has
// ended.
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
		_, _ = to.Write(p.bytes) // if to has ended, the reader of to notices
	}
	for range parcels { // keep reading, to notice the end of from
	}
	if c.link.pass(c.ended) && !(c.forgotten.Load() && to == c.near) {
		_ = to.Close()
	}
}

// receive does one read of from, and passes on the bytes. It reports false if from has ended.
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
