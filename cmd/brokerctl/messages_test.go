package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A blockedWriter blocks until it is opened.
type blockedWriter struct {
	open chan struct{}
	text strings.Builder
}

func (w *blockedWriter) Write(p []byte) (int, error) {
	<-w.open
	return w.text.Write(p)
}

// A quiet writer writes warnings and no notes.
func TestQuietMessages(t *testing.T) {
	var out strings.Builder
	s := newMessageWriter(&out, true)
	s.note("all is well")
	s.warn("something is wrong")
	s.flush(time.Minute)
	s.stop()
	if got := out.String(); got != "brokerctl: something is wrong\n" {
		t.Errorf("got %q", got)
	}
}

// The caller never waits. Lines that fit into the buffer are written in order.
func TestMessagesDoNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &blockedWriter{open: make(chan struct{})}
		s := newMessageWriter(out, false)
		defer s.stop()
		begin := time.Now()
		for n := range 100 {
			s.warn("line %d", n)
			synctest.Wait()
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the caller waited for %v", took)
		}
		begin = time.Now()
		s.flush(time.Second)
		if took := time.Since(begin); took != time.Second {
			t.Errorf("flush took %v", took)
		}
		close(out.open)
		s.flush(time.Second)
		for n, line := range strings.Split(strings.TrimSuffix(out.text.String(), "\n"), "\n") {
			if want := fmt.Sprint("brokerctl: line ", n); line != want {
				t.Errorf("got %q, want %q", line, want)
			}
		}
		if lines := strings.Count(out.text.String(), "\n"); lines < 16 || lines > 20 {
			t.Errorf("%d lines", lines)
		}
	})
}
