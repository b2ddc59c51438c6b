package wsclient

import (
	"sync"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A batch is a sequence of frames for the writer, as bytes. The sender encodes them under the client's mu, and the
// writer only writes.
type batch struct {
	frames []byte
	spares []spare // in rising order
	begun  int     // messages since the last spare
	err    error   // of a message that could not be encoded
}

// A spare is an id that is reserved for a ping between two frames. It is greater than the ids before it and less than
// those after it.
type spare struct {
	at int // in frames
	id int64
}

const (
	// spareEvery is the number of messages in a batch after which there is a spare. spareBytes is the number of
	// bytes, if that is reached earlier.
	spareEvery = 16
	spareBytes = 16 << 10
	// maxWrite is about how many bytes one write has. A heartbeat waits for one write at most, and each write has
	// its own deadline.
	maxWrite = 16 << 10
	// keepBatch is the size up to which the memory of a batch is reused.
	keepBatch = 256 << 10
)

// batches holds unused batches. An idle client needs none.
var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch() *batch { return batches.Get().(*batch) }

// recycle makes b available for reuse. The caller must not use it afterwards.
func (b *batch) recycle() {
	if cap(b.frames) <= keepBatch {
		*b = batch{frames: b.frames[:0], spares: b.spares[:0]}
		batches.Put(b)
	}
}

// add appends the frame of m. It reports whether the caller should reserve a ping after it.
func (b *batch) add(m wire.Message) (wantsSpare bool) {
	start := len(b.frames)
	frames, err := codec.Append(openFrame(b.frames), m)
	if err != nil {
		b.err = err
		return false
	}
	b.frames = sealFrame(frames, start, websocket.TextMessage)
	b.begun++
	return b.begun == spareEvery || len(b.frames)-b.lastSpare() >= spareBytes
}

// addPong appends the answer to a ping of the WebSocket.
func (b *batch) addPong(text string) {
	start := len(b.frames)
	b.frames = sealFrame(append(openFrame(b.frames), text...), start, websocket.PongMessage)
}

// lastSpare returns where the latest spare is.
func (b *batch) lastSpare() int {
	if len(b.spares) == 0 {
		return 0
	}
	return b.spares[len(b.spares)-1].at
}

// reservePing adds a spare at the end.
func (b *batch) reservePing(id int64) {
	b.spares = append(b.spares, spare{len(b.frames), id})
	b.begun = 0
}

// pieces yields the frames for each write, and the spare after them, or nil.
func (b *batch) pieces(yield func(frames []byte, behind *spare) bool) {
	from, spares := 0, b.spares
	for len(b.frames)-from > maxWrite && len(spares) > 0 {
		n := 1
		for n < len(spares) && spares[n].at-from <= maxWrite {
			n++
		}
		last := &spares[n-1]
		if !yield(b.frames[from:last.at], last) {
			return
		}
		from, spares = last.at, spares[n:]
	}
	if from < len(b.frames) {
		yield(b.frames[from:], nil)
	}
}
