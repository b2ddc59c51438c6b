package main

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"
)

// A queue writes lines for others, who never wait: where out takes nothing, some lines may
// wait, and further ones are dropped, and counted. Audit lines have as much room again for
// themselves, so that other lines cannot keep them out. Lines that out refuses are dropped, too.
//
// (zerolog's own, package diode, may keep the last line to itself until the next
// comes: it can be told of a line just before it begins to wait for it.)
type queue struct {
	out    io.Writer
	lines  chan []byte
	room   room
	tell   func(missed room, err error) []byte
	last   chan struct{} // closed by flush
	done   chan struct{} // closed when all has been written after that
	queued atomic.Int64  // bytes

	missedLines, missedBytes atomic.Int64
	err                      error // with which out refused the latest line; nil: it took it
}

// A room is an amount of log.
type room struct{ lines, bytes int64 }

// auditMark is in every audit line, and in no other: in a string quotes are escaped.
var auditMark = []byte(`"audit":true`)

// retryWait is how long after out has refused a line the queue tries to write how many were dropped, even if
// no further line comes.
const retryWait = 10 * time.Second

// newQueue makes one with that much room. When lines were dropped it writes what tell says of them before the
// next line. Its error is that of out, or nil.
func newQueue(out io.Writer, most room, tell func(missed room, err error) []byte) *queue {
	q := &queue{
		out: out, lines: make(chan []byte, 2*most.lines), room: most, tell: tell,
		last: make(chan struct{}), done: make(chan struct{}),
	}
	go q.run()
	return q
}

// Write takes a line. It never fails.
func (q *queue) Write(line []byte) (int, error) {
	if !q.put(line) {
		q.miss(room{1, int64(len(line))})
	}
	return len(line), nil
}

func (q *queue) miss(r room) {
	q.missedLines.Add(r.lines)
	q.missedBytes.Add(r.bytes)
}

// put reports whether there was room. When several goroutines write at once, each may find
// the same last place, so there may be a line too many for each of them.
func (q *queue) put(line []byte) bool {
	most := q.room
	if bytes.Contains(line, auditMark) {
		most = room{2 * most.lines, 2 * most.bytes}
	}
	size := int64(len(line))
	if int64(len(q.lines)) >= most.lines || q.queued.Load()+size > most.bytes {
		return false
	}
	q.queued.Add(size)
	select {
	case q.lines <- append([]byte(nil), line...): // zerolog uses its memory again
		return true
	default:
		q.queued.Add(-size)
		return false
	}
}

func (q *queue) run() {
	defer close(q.done)
	var retry <-chan time.Time
	for {
		if q.err != nil && retry == nil {
			retry = time.After(retryWait)
		}
		select {
		case line := <-q.lines:
			q.write(line)
		case <-retry:
			retry = nil
			q.tellMissed()
		case <-q.last:
			for len(q.lines) > 0 {
				q.write(<-q.lines)
			}
			q.tellMissed()
			return
		}
	}
}

func (q *queue) write(line []byte) {
	size := int64(len(line))
	if !q.tellMissed() || !q.print(line) {
		q.miss(room{1, size})
	}
	q.queued.Add(-size)
}

// tellMissed reports whether nothing is left to be told.
func (q *queue) tellMissed() bool {
	missed := room{q.missedLines.Swap(0), q.missedBytes.Swap(0)}
	if missed.lines == 0 || q.print(q.tell(missed, q.err)) {
		return true
	}
	q.miss(missed)
	return false
}

// print reports whether out has taken the line.
func (q *queue) print(line []byte) bool {
	_, q.err = q.out.Write(line)
	return q.err == nil
}

// flushWait is how long the last lines may take at the end.
const flushWait = time.Second

// flush writes what waits. It is called once, and what is written after it is lost.
func (q *queue) flush() {
	close(q.last)
	select {
	case <-q.done:
	case <-time.After(flushWait):
	}
}
