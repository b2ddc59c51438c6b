package broker

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// breathTime is how long goroutines may be busy before one of them must take a breath.
	breathTime = 500 * time.Microsecond
	// longestBreath is the longest time that a breath takes.
	longestBreath = time.Millisecond
)

// A breather lets busy goroutines wait until Go has polled the network. Go polls it when a processor
// has no goroutine to run, or else every 10 ms. On a machine with one processor, two goroutines that
// take turns can keep it busy all that time. A short sleep of one does not help, because the other
// one runs meanwhile.
//
// A goroutine that takes a breath writes to a pipe, and then waits until the poll has found that
// the pipe can be read. If all busy goroutines take breaths, they soon all wait, and Go polls.
type breather struct {
	made time.Time
	last atomic.Int64 // when the last breath ended, since made

	mu      sync.Mutex    // held during a breath
	began   time.Duration // when the latest breath began, since made
	reading *os.File      // nil: the system has no pipes that Go can poll
	writing *os.File
	raw     syscall.RawConn // of reading
	byte    [1]byte
	ask     func(uintptr) bool // writeOnce, as a value, so that a breath allocates nothing
	asked   bool
	written int
}

func newBreather() *breather {
	b := &breather{made: time.Now()}
	reading, writing, err := os.Pipe()
	if err != nil {
		return b
	}
	b.raw, err = reading.SyscallConn()
	if err != nil || reading.SetReadDeadline(time.Time{}) != nil {
		_ = reading.Close()
		_ = writing.Close()
		return b
	}
	b.reading, b.writing, b.ask = reading, writing, b.writeOnce
	return b
}

// isDue reports whether nobody has taken a breath for some time.
func (b *breather) isDue() bool { return b.now()-time.Duration(b.last.Load()) > breathTime }

func (b *breather) now() time.Duration { return time.Since(b.made) }

// breathe waits until Go has polled the network since the call. Callers that wait at the same time share a breath, so
// each waits for two at most.
func (b *breather) breathe() {
	called := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.began > called {
		return
	}
	b.began = b.now()
	defer func() { b.last.Store(int64(b.now())) }()
	if b.reading == nil {
		<-time.After(sliceRest)
		return
	}
	// If any of this fails, the breath is shorter.
	_ = b.reading.SetReadDeadline(time.Now().Add(longestBreath))
	b.asked, b.written = false, 0
	_ = b.raw.Read(b.ask)
	_ = b.reading.SetReadDeadline(time.Time{})
	_, _ = b.reading.Read(b.byte[:b.written]) // returns at once
}

// writeOnce writes to the pipe when it is called first, and reports whether it need not be called again.
func (b *breather) writeOnce(uintptr) (done bool) {
	if b.asked {
		return true
	}
	b.asked = true
	b.written, _ = b.writing.Write(b.byte[:])
	return b.written == 0
}

// close frees the pipe. From then on breaths are short.
func (b *breather) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reading != nil {
		_ = b.reading.Close()
		_ = b.writing.Close()
		b.reading = nil
	}
}
