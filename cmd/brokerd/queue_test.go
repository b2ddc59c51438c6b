package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A valve is something to write to that can be closed.
type valve struct {
	open  chan struct{}
	lines []string
}

// Write waits until the valve is open.
func (v *valve) Write(line []byte) (int, error) {
	<-v.open
	v.lines = append(v.lines, string(line))
	return len(line), nil
}

// Each line is written as soon as it can be, also the last.
func TestQueueWritesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		close(out.open)
		q := newQueue(out, 10, nil)
		for n := range 100 {
			_, _ = fmt.Fprint(q, n)
			synctest.Wait()
			if len(out.lines) != n+1 {
				t.Fatalf("%d lines of %d are written", len(out.lines), n+1)
			}
		}
		q.flush()
	})
}

// Where nothing is taken nobody waits: so many lines are kept, the others are
// counted, and that is told before the next.
func TestQueueDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		q := newQueue(out, 3, func(missed int64) { out.lines = append(out.lines, fmt.Sprint("missed ", missed)) })
		for n := range 10 {
			_, _ = fmt.Fprint(q, n)
			synctest.Wait()
		}
		close(out.open)
		synctest.Wait()
		_, _ = fmt.Fprint(q, "next")
		q.flush()
		if want := []string{"0", "missed 6", "1", "2", "3", "next"}; !slices.Equal(out.lines, want) {
			t.Errorf("got %s, want %s", strings.Join(out.lines, ", "), strings.Join(want, ", "))
		}
	})
}

// At the end nobody waits for longer than that.
func TestQueueFlushGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		q := newQueue(out, 3, nil)
		_, _ = fmt.Fprint(q, "line")
		start := time.Now()
		q.flush()
		if took := time.Since(start); took != flushWait {
			t.Errorf("it took %v", took)
		}
		close(out.open)
	})
}
