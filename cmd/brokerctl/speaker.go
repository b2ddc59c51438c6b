package main

import (
	"fmt"
	"io"
	"time"
)

// A speaker tells people things, for one who must not wait until they are read: a
// terminal can be held up, and a pipe full. What there is no room for is not said.
type speaker struct {
	quiet bool // what tells of nothing wrong is not said
	lines chan string
	said  chan chan struct{} // answers when all before it has been said; closed at the end
}

func newSpeaker(out io.Writer, quiet bool) *speaker {
	s := &speaker{quiet: quiet, lines: make(chan string, 16), said: make(chan chan struct{})}
	go func() {
		for {
			select {
			case line := <-s.lines:
				_, _ = io.WriteString(out, line)
			case answer, more := <-s.said:
				if !more {
					return
				}
				for len(s.lines) > 0 {
					_, _ = io.WriteString(out, <-s.lines)
				}
				close(answer)
			}
		}
	}()
	return s
}

// end ends it. What is being said may last as long as the process.
func (s *speaker) end() { close(s.said) }

// say says one line.
func (s *speaker) say(format string, args ...any) {
	select {
	case s.lines <- "brokerctl: " + fmt.Sprintf(format, args...) + "\n":
	default:
	}
}

// note says one line that tells of nothing wrong.
func (s *speaker) note(format string, args ...any) {
	if !s.quiet {
		s.say(format, args...)
	}
}

// flush waits until all has been said, but no longer than that.
func (s *speaker) flush(most time.Duration) {
	late := time.After(most)
	answer := make(chan struct{})
	select {
	case s.said <- answer:
	case <-late:
		return
	}
	select {
	case <-answer:
	case <-late:
	}
}
