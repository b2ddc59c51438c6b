//go:build unix

package main

import (
	"syscall"
	"testing"
	"time"
)

// TestForwardedOnce checks that run forwards a signal only once if it comes twice within a second.
func TestForwardedOnce(t *testing.T) {
	g, begin := new(guard), time.Unix(0, 0)
	for _, step := range []struct {
		signal  syscall.Signal
		after   time.Duration
		forward bool
		asked   bool // the command was asked to end, so --hold-at-least holds nothing after it
	}{
		{syscall.SIGHUP, 0, true, false},
		{syscall.SIGHUP, time.Millisecond, false, false},
		{syscall.SIGTERM, time.Millisecond, true, true},
		{syscall.SIGTERM, time.Second, false, true},
		{syscall.SIGHUP, time.Second, true, true},
		{syscall.SIGTERM, time.Second + time.Millisecond, true, true},
		{syscall.SIGTERM, 2 * time.Second, false, true},
	} {
		if got := g.noteEndSignal(step.signal, begin.Add(step.after)); got != step.forward || g.asked != step.asked {
			t.Errorf("%v after %v: forwarded %t, asked %t", step.signal, step.after, got, g.asked)
		}
	}
}
