package main

import (
	"io"
	"sync/atomic"
	"time"
)

// A queue writes lines for others, who never wait: where out takes nothing, so many
// lines may wait, and further ones are dropped, and counted.
//
// (zerolog's own, package diode, may keep the last line to itself until the next
// comes: it can be told of a line just before it begins to wait for it.)
type queue struct {
	out    io.Writer
	lines  chan []byte
	missed atomic.Int64
	tell   func(missed int64)
	last   chan struct{} // closed by flush
	done   chan struct{} // closed when all has been written after that
}

// newQueue makes one with room for so many lines. When lines were dropped it calls
// tell before it writes the next.
func newQueue(out io.Writer, room int, tell func(missed int64)) *queue {
	q := &queue{out: out, lines: make(chan []byte, room), tell: tell, last: make(chan struct{}), done: make(chan struct{})}
	go q.run()
	return q
}

// Write takes a line. It never fails.
func (q *queue) Write(line []byte) (int, error) {
	select {
	case q.lines <- append([]byte(nil), line...): // zerolog uses its memory again
	default:
		q.missed.Add(1)
	}
	return len(line), nil
}

func (q *queue) run() {
	defer close(q.done)
	for {
		select {
		case line := <-q.lines:
			q.write(line)
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
	q.tellMissed()
	_, _ = q.out.Write(line) // where would one say that it failed?
}

func (q *queue) tellMissed() {
	if missed := q.missed.Swap(0); missed > 0 {
		q.tell(missed)
	}
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
