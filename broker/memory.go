package broker

import (
	"sync/atomic"

	"github.com/dustin/go-humanize"
)

// A footprint counts what takes memory in a broker.
type footprint struct {
	connections int   // from their accepted upgrade until their goroutines have ended
	table       int64 // bytes of requests and locks, as locktable.Table.Bytes counts them
	watches     int
	globs       int64 // bytes of the globs of watches
	pages       int   // pages on their way
	queued      int64 // units of a backlog: what waits for the loop
	stated      int   // weight of the requests in statements about sessions to take up
	unsent      int64 // bytes of JSON that wait to be sent
	buffers     int64 // bytes of buffers that are larger than those of an idle connection
}

// These are the bytes that each of them takes in a process that collects garbage often. They include the
// stacks of goroutines, and what the allocator cannot use. TestCrowd of cmd/brokerd compares them with a
// process.
const (
	connectionBytes = 10 << 10  // an idle connection: 9.8 KB, of which 7.7 KB are reachable
	tlsBytes        = 16 << 10  // what TLS adds: 8 KB to an idle connection, more after large records
	watchBytes      = 250       // a watch without its glob
	pageBytesHeld   = 512 << 10 // a page of 256 KiB, before it is encoded
	unsentFactor    = 2         // a reply, compared with its length as JSON
	statedBytes     = 512       // a lock in a statement, and a part of its request
)

// bytes estimates how much memory a broker uses, in bytes of the reachable heap and of stacks.
func (f footprint) bytes() int64 {
	return int64(f.connections)*connectionBytes + f.table +
		int64(f.watches)*watchBytes + f.globs + int64(f.pages)*pageBytesHeld +
		f.queued*backlogUnit + int64(f.stated)*statedBytes + f.unsent*unsentFactor + f.buffers
}

// A memoryLimit compares the footprint of a broker with the memory that it may use.
type memoryLimit struct {
	most    int64 // Config.MaxMemory
	conns   *connLimit
	unsent  *unsentTotal
	buffers atomic.Int64
	loop    atomic.Int64 // bytes of what the loop knows, as of its last round
}

// isUsedUp reports whether the broker uses more memory than it may. It may be called by any goroutine.
func (m *memoryLimit) isUsedUp() bool { return m.estimate() > m.most }

// estimate returns how many bytes the broker uses.
func (m *memoryLimit) estimate() int64 {
	return m.loop.Load() + footprint{
		connections: m.conns.count(), unsent: m.unsent.held(), buffers: m.buffers.Load(),
	}.bytes()
}

// whyUsedUp tells a client why it is refused.
func (m *memoryLimit) whyUsedUp() string {
	return "the broker's memory is used up (" + humanize.IBytes(uint64(m.most)) + "): try again later"
}

// checkMemory updates what others know of the memory that the loop uses, and decides whether
// this round refuses what needs memory.
func (l *loop) checkMemory() {
	bytes := footprint{
		table: l.table.Bytes(), watches: l.watching.count, globs: l.watching.globs,
		pages: l.pages.onWay, queued: l.queued, stated: l.stated,
	}.bytes()
	if bytes != l.memory.loop.Load() {
		l.memory.loop.Store(bytes)
	}
	if full := l.memory.isUsedUp(); full != l.memoryFull {
		l.memoryFull = full
		l.unsent.mustShrink.Store(full)
	}
}

// A bufferCount counts the bytes of one connection's buffers in a total.
type bufferCount struct {
	total   *atomic.Int64
	counted int64
}

// set says how many bytes the buffers have now.
func (b *bufferCount) set(bytes int64) {
	if bytes != b.counted {
		b.total.Add(bytes - b.counted)
		b.counted = bytes
	}
}
