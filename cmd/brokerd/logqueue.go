package main

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"
)

// A logQueue writes lines for callers that never wait. If out blocks, lines wait up to a limit, and further lines are
// dropped and counted. Audit lines have as much space again for themselves, so that other lines cannot displace them.
// Lines that out refuses are dropped, too.
//
// Package diode of zerolog does not fit: it may hold back a line until the next one comes, if the first comes just
// before diode begins to wait.
type logQueue struct {
	out    io.Writer
	lines  chan []byte
	limit  amount
	format func(dropped amount, err error) []byte
	last   chan struct{} // closed by flush
	done   chan struct{} // closed when all lines before flush have been written
	queued atomic.Int64  // bytes that wait

	droppedLines, droppedBytes atomic.Int64 // since the queue has last said so
	dropped                    atomic.Int64 // lines, in total
	err                        error        // of the latest write; nil: it succeeded
}

// An amount of log.
type amount struct{ lines, bytes int64 }

// auditMark is in every audit line and in no other, because strings have their quotes escaped.
var auditMark = []byte(`"audit":true`)

// retryWait is the time after a failed write until the queue tries to report the dropped lines, unless another line
// comes first.
const retryWait = 10 * time.Second

// newLogQueue returns a queue that writes to out. After it has dropped lines, it writes the result of format before
// the next line. The error passed to format is that of the last write, or nil.
func newLogQueue(out io.Writer, limit amount, format func(dropped amount, err error) []byte) *logQueue {
	q := &logQueue{
		out: out, lines: make(chan []byte, 2*limit.lines), limit: limit, format: format,
		last: make(chan struct{}), done: make(chan struct{}),
	}
	go q.run()
	return q
}

// Write queues or drops a line. It never fails and never waits.
func (q *logQueue) Write(line []byte) (int, error) {
	if !q.put(line) {
		q.drop(line)
	}
	return len(line), nil
}

// drop counts a line that is lost.
func (q *logQueue) drop(line []byte) {
	q.dropped.Add(1)
	q.countDropped(amount{1, int64(len(line))})
}

func (q *logQueue) countDropped(a amount) {
	q.droppedLines.Add(a.lines)
	q.droppedBytes.Add(a.bytes)
}

// put queues a line and reports whether there was room. Concurrent writers may see the same free space, so the queue
// may exceed its limit by one line for each writer.
func (q *logQueue) put(line []byte) bool {
	limit := q.limit
	if bytes.Contains(line, auditMark) {
		limit = amount{2 * limit.lines, 2 * limit.bytes}
	}
	size := int64(len(line))
	if int64(len(q.lines)) >= limit.lines || q.queued.Load()+size > limit.bytes {
		return false
	}
	q.queued.Add(size)
	select {
	case q.lines <- append([]byte(nil), line...): // zerolog reuses its memory.
		return true
	default:
		q.queued.Add(-size)
		return false
	}
}

func (q *logQueue) run() {
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
			q.writeDropped()
		case <-q.last:
			for len(q.lines) > 0 {
				q.write(<-q.lines)
			}
			q.writeDropped()
			return
		}
	}
}

func (q *logQueue) write(line []byte) {
	size := int64(len(line))
	if !q.writeDropped() || !q.writeLine(line) {
		q.drop(line)
	}
	q.queued.Add(-size)
}

// writeDropped writes how many lines were dropped, if any. It returns false if that fails.
func (q *logQueue) writeDropped() bool {
	dropped := amount{q.droppedLines.Swap(0), q.droppedBytes.Swap(0)}
	if dropped.lines == 0 || q.writeLine(q.format(dropped, q.err)) {
		return true
	}
	q.countDropped(dropped)
	return false
}

// writeLine writes a line and reports whether out has accepted it.
func (q *logQueue) writeLine(line []byte) bool {
	_, q.err = q.out.Write(line)
	return q.err == nil
}

// flushWait is how long flush waits for the last lines.
const flushWait = time.Second

// flush writes the lines that are still queued. Call it once. Later lines are lost.
func (q *logQueue) flush() {
	close(q.last)
	select {
	case <-q.done:
	case <-time.After(flushWait):
	}
}
