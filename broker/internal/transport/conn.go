package transport

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// FrameBuffer is the size of the WebSocket library's read buffer and of its write buffer:
	// enough for the usual frame. Every connection has both, even when it is idle.
	FrameBuffer = 256
	// batchBytes is how much is read or written at once when there is more than one frame.
	batchBytes = 16 << 10
)

// A Conn moves many frames with one system call, where the WebSocket library alone would make one
// call for each frame. It holds the memory for that only while there is something to read or write.
type Conn struct {
	*progressConn

	filled bool // the last read filled its buffer, so there may be more to read
	ahead  []byte
	room   *batchRoom // holds ahead, the bytes that were read but not returned yet

	mu   sync.Mutex
	out  []byte
	outs *batchRoom // holds out, the bytes that were gathered but not written yet
}

type batchRoom [batchBytes]byte

var batchRooms = sync.Pool{New: func() any { return new(batchRoom) }}

// Options are what a Conn needs to know about its session.
type Options struct {
	Silence time.Duration // how long without a sign of life makes a read fail; 0: no limit

	// MessagesOnly stops Read from counting every byte as a sign of life. The session calls
	// SignOfLife for each part of a message instead. A browser answers pings even when its page
	// hangs.
	MessagesOnly bool

	// BatchBytes, if not nil, counts the memory that connections hold for batches.
	BatchBytes *atomic.Int64

	// Traffic, if not nil, counts the bytes that are read and written.
	Traffic *Traffic

	// BeforeRead and BeforeWrite, if not nil, are called before a system call that may block.
	BeforeRead, BeforeWrite func()
}

// A Traffic counts the bytes of many connections. A nil Traffic counts nothing.
type Traffic struct{ Received, Sent atomic.Int64 }

func (t *Traffic) receive(n int) {
	if t != nil {
		t.Received.Add(int64(n))
	}
}

func (t *Traffic) send(n int) {
	if t != nil {
		t.Sent.Add(int64(n))
	}
}

func newConn(under net.Conn) *Conn { return &Conn{progressConn: newProgressConn(under)} }

// Configure sets the options. Call it before the first Read or Write.
func (c *Conn) Configure(o Options) { c.options = o }

// Read implements net.Conn. If more has probably arrived than p can hold, it reads ahead.
func (c *Conn) Read(p []byte) (n int, err error) {
	if len(c.ahead) == 0 && c.filled && len(p) < batchBytes {
		c.room = c.takeRoom()
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
		err = nil // the error must come after these bytes: the next system call returns it again
	}
	if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
		c.giveRoom(c.room)
		c.room = nil
	}
	return n, err
}

func (c *Conn) takeRoom() *batchRoom {
	if c.options.BatchBytes != nil {
		c.options.BatchBytes.Add(batchBytes)
	}
	return batchRooms.Get().(*batchRoom)
}

func (c *Conn) giveRoom(room *batchRoom) {
	if c.options.BatchBytes != nil {
		c.options.BatchBytes.Add(-batchBytes)
	}
	batchRooms.Put(room)
}

// HasReadAhead reports whether bytes have been read that Read has not returned yet. Only the reader may call it.
func (c *Conn) HasReadAhead() bool { return len(c.ahead) > 0 }

// DropAhead gives back the memory of what was read ahead. Nothing may be read any longer.
func (c *Conn) DropAhead() {
	if c.room != nil {
		c.giveRoom(c.room)
		c.room, c.ahead = nil, nil
	}
}

// Gather makes c collect what is written from now on, until Flush or until a batch is full. Each
// Gather must be followed by a Flush.
func (c *Conn) Gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outs = c.takeRoom()
	c.out = c.outs[:0]
}

// Flush writes what has been gathered.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.writeGathered()
	c.giveRoom(c.outs)
	c.out, c.outs = nil, nil
	return err
}

// Write writes p. Between Gather and Flush it gathers p instead.
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

// writeGathered writes what has been gathered so far. The caller holds c.mu.
func (c *Conn) writeGathered() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.progressConn.Write(c.out)
	c.out = c.out[:0]
	return err
}
