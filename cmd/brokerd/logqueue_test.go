package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// A valve is something to write to that can be closed, and that can refuse.
type valve struct {
	open   chan struct{}
	broken atomic.Bool
	lines  []string
}

// Write waits until the valve is open.
func (v *valve) Write(line []byte) (int, error) {
	<-v.open
	if v.broken.Load() {
		return 0, errors.New("broken pipe")
	}
	v.lines = append(v.lines, string(line))
	return len(line), nil
}

func tellMissed(missed amount, err error) []byte {
	if err != nil {
		return fmt.Append(nil, "missed ", missed, ", ", err)
	}
	return fmt.Append(nil, "missed ", missed)
}

// Each line is written as soon as it can be, also the last.
func TestQueueWritesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		close(out.open)
		q := newLogQueue(out, amount{10, 1000}, nil)
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
		q := newLogQueue(out, amount{3, 1000}, tellMissed)
		for n := range 10 {
			_, _ = fmt.Fprint(q, n)
			synctest.Wait()
		}
		close(out.open)
		synctest.Wait()
		_, _ = fmt.Fprint(q, "next")
		q.flush()
		if want := []string{"0", "missed {6 6}", "1", "2", "3", "next"}; !slices.Equal(out.lines, want) {
			t.Errorf("got %s, want %s", strings.Join(out.lines, ", "), strings.Join(want, ", "))
		}
	})
}

// What waits is bounded in bytes as well, the line that is being written included.
func TestQueueDropsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		q := newLogQueue(out, amount{100, 10}, tellMissed)
		for _, line := range []string{"1234", "5678", "9abc", "de", "f"} {
			_, _ = fmt.Fprint(q, line)
			synctest.Wait()
		}
		close(out.open)
		synctest.Wait()
		_, _ = fmt.Fprint(q, "0123456789")
		synctest.Wait()
		_, _ = fmt.Fprint(q, "longer than all room")
		q.flush()
		want := []string{"1234", "missed {2 5}", "5678", "de", "0123456789", "missed {1 20}"}
		if !slices.Equal(out.lines, want) {
			t.Errorf("got %q, want %q", out.lines, want)
		}
	})
}

// Lines that are refused are counted, and that is told before the next that is taken, or when none comes.
func TestQueueRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		close(out.open)
		q := newLogQueue(out, amount{10, 1000}, tellMissed)
		write := func(line string, broken bool) {
			out.broken.Store(broken)
			_, _ = q.Write([]byte(line))
			synctest.Wait()
		}
		write("a", false)
		write("bb", true)
		write("ccc", true)
		write("d", false)
		write("e", true)
		time.Sleep(3 * retryWait / 2) //nolint:forbidigo // in a bubble
		synctest.Wait()
		out.broken.Store(false)
		time.Sleep(retryWait) //nolint:forbidigo // in a bubble
		synctest.Wait()
		write("f", true)
		out.broken.Store(false)
		q.flush()
		missedOne := "missed {1 1}, broken pipe"
		want := []string{"a", "missed {2 5}, broken pipe", "d", missedOne, missedOne}
		if !slices.Equal(out.lines, want) {
			t.Errorf("got %q, want %q", out.lines, want)
		}
		if n := q.queued.Load(); n != 0 {
			t.Errorf("%d bytes wait, says the queue", n)
		}
	})
}

// A small is a file with room for so many bytes.
type small struct {
	bytes.Buffer
	room int
}

// Write writes as much as there is room for.
func (s *small) Write(text []byte) (int, error) {
	n := min(len(text), s.room-s.Len())
	_, _ = s.Buffer.Write(text[:n])
	if n < len(text) {
		return n, errors.New("no space left")
	}
	return n, nil
}

// A line that had no room to its end does not take the next one along.
func TestTornLine(t *testing.T) {
	file := &small{room: 7}
	log := &lineWriter{out: file}
	for i, line := range []string{"one\n", "two and more\n", "three\n", "four\n"} {
		if i == 3 {
			file.room = 100
		}
		_, _ = io.WriteString(log, line)
	}
	if got, want := file.String(), "one\ntwo\nfour\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// No flood of other lines, whatever is in them, keeps an audit line out.
func TestQueueKeepsAuditLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var audit, forged bytes.Buffer
		log := zerolog.New(&audit)
		log.Warn().Bool("audit", true).Msg("evict")
		log = zerolog.New(&forged)
		log.Warn().Str("client", `"audit":true`).Str(`"audit":true,"x"`, "").Msg(`"audit":true`)
		for _, most := range []amount{{3, 1 << 20}, {1 << 10, 3 * int64(forged.Len())}} {
			out := &valve{open: make(chan struct{})}
			q := newLogQueue(out, most, tellMissed)
			for range 100 {
				_, _ = q.Write(forged.Bytes())
				synctest.Wait()
			}
			_, _ = q.Write(audit.Bytes())
			close(out.open)
			q.flush()
			if n := len(out.lines); n > 6 || // with one that tells of the others
				out.lines[n-1] != audit.String() {
				t.Errorf("room for %v: %d lines, the last is %s", most, n, out.lines[n-1])
			}
		}
	})
}

// At the end nobody waits for longer than that.
func TestQueueFlushGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		q := newLogQueue(out, amount{3, 1000}, nil)
		_, _ = fmt.Fprint(q, "line")
		start := time.Now()
		q.flush()
		if took := time.Since(start); took != flushWait {
			t.Errorf("it took %v", took)
		}
		close(out.open)
	})
}
