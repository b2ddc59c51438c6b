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

// A valve is a writer that can block and can fail.
type valve struct {
	open   chan struct{}
	broken atomic.Bool
	lines  []string
}

// Write blocks until the valve is open.
func (v *valve) Write(line []byte) (int, error) {
	<-v.open
	if v.broken.Load() {
		return 0, errors.New("broken pipe")
	}
	v.lines = append(v.lines, string(line))
	return len(line), nil
}

func formatDropped(dropped amount, err error) []byte {
	if err != nil {
		return fmt.Append(nil, "missed ", dropped, ", ", err)
	}
	return fmt.Append(nil, "missed ", dropped)
}

// Each line is written at once, including the last one.
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

// Writers never wait. The queue keeps a limited number of lines, and writes how many it dropped before the next
// line.
func TestQueueDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		q := newLogQueue(out, amount{3, 1000}, formatDropped)
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

// The limit in bytes includes the line that is being written.
func TestQueueDropsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		q := newLogQueue(out, amount{100, 10}, formatDropped)
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

// Lines that out refuses are counted. The count is written before the next line, or after some time.
func TestQueueRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &valve{open: make(chan struct{})}
		close(out.open)
		q := newLogQueue(out, amount{10, 1000}, formatDropped)
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
			t.Errorf("the queue says that %d bytes wait", n)
		}
	})
}

// A smallFile is a file with limited space.
type smallFile struct {
	bytes.Buffer
	room int
}

// Write writes as much as fits.
func (s *smallFile) Write(text []byte) (int, error) {
	n := min(len(text), s.room-s.Len())
	_, _ = s.Buffer.Write(text[:n])
	if n < len(text) {
		return n, errors.New("no space left")
	}
	return n, nil
}

// A line that was cut off does not merge with the next one.
func TestTornLine(t *testing.T) {
	file := &smallFile{room: 7}
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

// Other lines never displace an audit line, however many there are and whatever they contain.
func TestQueueKeepsAuditLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var audit, forged bytes.Buffer
		log := zerolog.New(&audit)
		log.Warn().Bool("audit", true).Msg("evict")
		log = zerolog.New(&forged)
		log.Warn().Str("client", `"audit":true`).Str(`"audit":true,"x"`, "").Msg(`"audit":true`)
		for _, most := range []amount{{3, 1 << 20}, {1 << 10, 3 * int64(forged.Len())}} {
			out := &valve{open: make(chan struct{})}
			q := newLogQueue(out, most, formatDropped)
			for range 100 {
				_, _ = q.Write(forged.Bytes())
				synctest.Wait()
			}
			_, _ = q.Write(audit.Bytes())
			close(out.open)
			q.flush()
			if n := len(out.lines); n > 6 || // one of them is the count
				out.lines[n-1] != audit.String() {
				t.Errorf("room for %v: %d lines, the last is %s", most, n, out.lines[n-1])
			}
		}
	})
}

// flush does not wait longer than flushWait.
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
