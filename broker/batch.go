package broker

import "sync"

const (
	// frameBuffer is how much the WebSocket library reads and writes at a time: room for
	// the usual frame. Each connection has two of these, also at rest.
	frameBuffer = 256
	// batchBytes is how much is read, or written, at once where there is more.
	batchBytes = 16 << 10
)

// A batchConn lets many frames cross into the system, or out of it, at once: the
// WebSocket library asks for each of them. It has memory for that only while there
// is something to read, or to write.
type batchConn struct {
	*progressConn

	filled bool   // the last read has filled what it was given, so there may be more
	ahead  []byte // what was read and not asked for yet; part of room
	room   *batchRoom

	mu   sync.Mutex
	out  []byte // what is gathered; part of outs
	outs *batchRoom
}

type batchRoom [batchBytes]byte

var batchRooms = sync.Pool{New: func() any { return new(batchRoom) }}

// Read reads ahead once there is more than is asked for.
func (c *batchConn) Read(p []byte) (n int, err error) {
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
		err = nil // the next read will say it again, behind what there is
	}
	if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
		batchRooms.Put(c.room)
		c.room = nil
	}
	return n, err
}

// gather makes writes wait for flush.
func (c *batchConn) gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outs = batchRooms.Get().(*batchRoom)
	c.out = c.outs[:0]
}

// flush writes what was gathered.
func (c *batchConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.send()
	batchRooms.Put(c.outs)
	c.out, c.outs = nil, nil
	return err
}

// Write writes p, or gathers it.
func (c *batchConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.out)+len(p) > batchBytes {
		if err := c.send(); err != nil {
			return 0, err
		}
	}
	if c.outs == nil || len(p) > batchBytes {
		return c.progressConn.Write(p)
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

// send writes what was gathered so far. The caller holds c.mu.
func (c *batchConn) send() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.progressConn.Write(c.out)
	c.out = c.out[:0]
	return err
}
