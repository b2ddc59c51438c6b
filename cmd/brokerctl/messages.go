package main

import (
	"fmt"
	"io"
	"time"
)

// A messageWriter writes messages for a caller that must not wait for them to be read:
// a terminal can be paused, and a pipe can be full. It drops messages when its buffer is full.
type messageWriter struct {
	quiet   bool // drops notes
	lines   chan string
	flushes chan chan struct{} // each is closed when all earlier lines have been written; stop closes flushes
}

// newMessageWriter starts a messageWriter. Call stop at the end.
func newMessageWriter(out io.Writer, quiet bool) *messageWriter {
	w := &messageWriter{quiet: quiet, lines: make(chan string, 16), flushes: make(chan chan struct{})}
	go w.run(out)
	return w
}

func (w *messageWriter) run(out io.Writer) {
	for {
		select {
		case line := <-w.lines:
			_, _ = io.WriteString(out, line)
		case flushed, ok := <-w.flushes:
			if !ok {
				return
			}
			for len(w.lines) > 0 {
				_, _ = io.WriteString(out, <-w.lines)
			}
			close(flushed)
		}
	}
}

// stop ends the goroutine of the writer. If a write blocks, the goroutine lives until the process ends.
func (w *messageWriter) stop() { close(w.flushes) }

// warn writes one line about a problem.
func (w *messageWriter) warn(format string, args ...any) {
	select {
	case w.lines <- "brokerctl: " + fmt.Sprintf(format, args...) + "\n":
	default:
	}
}

// note writes one line of information, unless the writer is quiet.
func (w *messageWriter) note(format string, args ...any) {
	if !w.quiet {
		w.warn(format, args...)
	}
}

// flush waits until all earlier lines have been written, but at most for the timeout.
func (w *messageWriter) flush(timeout time.Duration) {
	late := time.After(timeout)
	flushed := make(chan struct{})
	select {
	case w.flushes <- flushed:
	case <-late:
		return
	}
	select {
	case <-flushed:
	case <-late:
	}
}
