package transport

import (
	"net"
	"sync"
	"time"
)

const (
	// FrameBuffer is the size of the read buffer and of the write buffer of the WebSocket
	// library: room for the usual frame. Every connection has both, even at rest.
	FrameBuffer = 256
	// batchBytes is how much is read or written at once when there is more.
	batchBytes = 16 << 10
)

// A Conn moves many frames through one system call: the WebSocket library alone would make a call
// for each frame. A Conn holds the memory for that only while there is something to read or to
// write.
type Conn struct {
	*progressConn

	filled bool // the last read filled its buffer, so more may have arrived
	ahead  []byte
	room   *batchRoom // holds ahead, which was read and is not returned yet

	mu   sync.Mutex
	out  []byte
	outs *batchRoom // holds out, which was gathered and is not written yet
}

type batchRoom [batchBytes]byte

var batchRooms = sync.Pool{New: func() any { return new(batchRoom) }}

// Options are what a Conn needs to know of its session.
type Options struct {
	Silence time.Duration // a read fails after this time without a sign of life; 0: never

	// MessagesOnly makes Read count no bytes as signs of life: the session calls SignOfLife for
	// each part of a message. A browser answers pings for a page that hangs.
	MessagesOnly bool

	// BeforeRead and BeforeWrite are called before a system call that may block. nil: nothing
	// is called.
	BeforeRead, BeforeWrite func()
}

func newConn(under net.Conn) *Conn { return &Conn{progressConn: newProgressConn(under)} }

// Configure sets the options. Call it before the first read or write.
func (c *Conn) Configure(o Options) { c.options = o }

// Read reads ahead if more has arrived than p can hold.
func (c *Conn) Read(p []byte) (n int, err error) {
	if len(c.ahead) == 0 && c.filled && len(p) < batchBytes {
		c.room = batchRooms.Get().(*batchRoom)
		n, err = c.progressConn.Read(c.room[:])
		c.filled = n == len(c.room)
		c.ahead = c.room[:n]
	}
	if c.room == nil {
		n, err = c.progressConn.Read(p)
		c.filled = n == len(p)
		return n, err
	}
	n = copy(p, c.ahead)
	if n < len(c.ahead) {
		err = nil // the next system call returns it again, after these bytes
	}
	if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
		batchRooms.Put(c.room)
		c.room = nil
	}
	return n, err
}

// Gather makes writes wait for Flush. Every Gather needs its Flush.
func (c *Conn) Gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outs = batchRooms.Get().(*batchRoom)
	c.out = c.outs[:0]
}

// Flush writes what was gathered.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.writeGathered()
	batchRooms.Put(c.outs)
	c.out, c.outs = nil, nil
	return err
}

// Write writes p, or gathers it after Gather.
func (c *Conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.out)+len(p) > batchBytes {
		if err := c.writeGathered(); err != nil {
			return 0, err
		}
	}
	if c.outs == nil || len(p) > batchBytes {
		return c.progressConn.Write(p)
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

// writeGathered writes what was gathered so far. The caller holds c.mu.
func (c *Conn) writeGathered() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.progressConn.Write(c.out)
	c.out = c.out[:0]
	return err
}
