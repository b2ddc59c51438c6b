package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// keepBuffer is the size up to which a reader and a writer keep their buffers for the next frame. A
// frame that is longer is a large frame.
const keepBuffer = 4 << 10

// largeFrames limits how many large frames are being read, or have been read and wait for the loop.
// Otherwise clients that never send the end of a frame could fill the memory. One share may have half
// of them.
type largeFrames struct {
	most int

	mu  sync.Mutex
	all int
	of  map[string]int // by the name of the share
}

// newLargeFrames allows as many frames as an eighth of the memory can hold, each as text and decoded.
func newLargeFrames(c *Config) *largeFrames {
	most := c.MaxMemory / 8 / (2 * int64(max(c.Limits.MessageBytes, keepBuffer)))
	return &largeFrames{most: int(min(max(most, 2), 1<<20)), of: make(map[string]int)}
}

// begin counts a frame of a share, or reports false if there are too many.
func (f *largeFrames) begin(share string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all >= f.most || f.of[share] >= max(f.most/2, 1) {
		return false
	}
	f.all++
	f.of[share]++
	return true
}

// end undoes begin.
func (f *largeFrames) end(share string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all--
	f.of[share]--
	if f.of[share] == 0 {
		delete(f.of, share)
	}
}

// beginLarge reports whether the reader may read a large frame.
func (r *reader) beginLarge() bool {
	r.large = r.large || r.largeFrames.begin(shareName(r.peer))
	return r.large
}

// endLarge is called when the loop has handled the frame, or nearly all of it.
func (r *reader) endLarge() {
	if r.large {
		r.large = false
		r.largeFrames.end(shareName(r.peer))
	}
}

// refuseLarge refuses a large frame that was not read, of which only the beginning is known.
func (r *reader) refuseLarge(beginning []byte) *ending {
	r.refusals.add(limitMemory)
	refusal := &wire.Error{
		ID: codec.IDIn(beginning), Code: wire.TooMany,
		Message: "the broker has no memory for long messages now: try again later",
	}
	r.logRefused(refusal)
	return r.afterSending(r.loop.sendReply(refusal))
}
