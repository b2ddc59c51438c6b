package wsclient

import (
	"sync"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A batch is frames that are to be sent, in their order, as bytes. Whoever sends
// encodes, under the client's mu, and the writer only writes.
type batch struct {
	frames []byte
	rooms  []room // rising
	begun  int    // messages since the last room
	err    error  // of a message that could not be encoded
}

// A room is a place between two frames where a ping can be put in: its id must be
// greater than those before and less than those behind.
type room struct {
	at int // in frames
	id int64
}

const (
	// roomEvery is after how many messages in a batch there is room for a ping, and
	// roomBytes after how many bytes, if that is earlier.
	roomEvery = 16
	roomBytes = 16 << 10
	// maxWrite is about how much is written at once: a heartbeat waits no longer
	// than that takes, and there is a deadline for each.
	maxWrite = 16 << 10
	// keepBatch is the size up to which a batch is used again.
	keepBatch = 256 << 10
)

// batches are there for as long as something is queued: a client at rest has none.
var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch() *batch { return batches.Get().(*batch) }

// recycle lets b be used again; the caller does not look at it any more.
func (b *batch) recycle() {
	if cap(b.frames) <= keepBatch {
		*b = batch{frames: b.frames[:0], rooms: b.rooms[:0]}
		batches.Put(b)
	}
}

// add appends the frame of m. It reports whether there should be room for a ping
// behind it.
func (b *batch) add(m wire.Message) (room bool) {
	start := len(b.frames)
	frames, err := codec.Append(openFrame(b.frames), m)
	if err != nil {
		b.err = err
		return false
	}
	b.frames = sealFrame(frames, start, websocket.TextMessage)
	b.begun++
	return b.begun == roomEvery || len(b.frames)-b.lastRoom() >= roomBytes
}

// addPong appends the answer to a ping of the WebSocket.
func (b *batch) addPong(text string) {
	start := len(b.frames)
	b.frames = sealFrame(append(openFrame(b.frames), text...), start, websocket.PongMessage)
}

// lastRoom is where the latest room is.
func (b *batch) lastRoom() int {
	if len(b.rooms) == 0 {
		return 0
	}
	return b.rooms[len(b.rooms)-1].at
}

// leaveRoom leaves room for a ping with that id at the end.
func (b *batch) leaveRoom(id int64) {
	b.rooms = append(b.rooms, room{len(b.frames), id})
	b.begun = 0
}

// pieces yields what is to be written at once, and the room behind it, if there is
// one.
func (b *batch) pieces(yield func(frames []byte, behind *room) bool) {
	from, rooms := 0, b.rooms
	for len(b.frames)-from > maxWrite && len(rooms) > 0 {
		n := 1
		for n < len(rooms) && rooms[n].at-from <= maxWrite {
			n++
		}
		last := &rooms[n-1]
		if !yield(b.frames[from:last.at], last) {
			return
		}
		from, rooms = last.at, rooms[n:]
	}
	if from < len(b.frames) {
		yield(b.frames[from:], nil)
	}
}
