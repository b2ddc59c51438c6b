//go:build linux

package load

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// flushEvery is how long a report may stay in the buffer. If the process is killed, such reports are lost.
const flushEvery = 10 * time.Millisecond

// An output writes reports, and counts.
type output struct {
	mu     sync.Mutex
	w      *bufio.Writer
	enc    *json.Encoder
	failed bool // the soak has ended
	counts record.Counts
	stalls *stalls
}

func newOutput(w io.Writer, stalls *stalls) *output {
	o := &output{w: bufio.NewWriterSize(w, 1<<16), stalls: stalls}
	o.enc = json.NewEncoder(o.w)
	return o
}

func (o *output) write(line record.Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = o.enc.Encode(line) != nil || o.failed
}

// flushUntil flushes the buffer regularly, and the counts once a second, until done is closed.
func (o *output) flushUntil(done <-chan struct{}) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
		case <-done:
			o.flush(true)
			return
		}
		o.flush(n%int(time.Second/flushEvery) == 0)
	}
}

func (o *output) flush(counts bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if counts {
		o.counts.Stalled, o.counts.Ran = o.stalls.count()
		o.failed = o.enc.Encode(record.Line{Counts: &o.counts}) != nil || o.failed
		o.counts = record.Counts{}
	}
	o.failed = o.w.Flush() != nil || o.failed
}

// count counts an operation by its kind and its result.
func (o *output) count(kind, result string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts.Operations == nil {
		o.counts.Operations = make(map[string]int64)
	}
	o.counts.Operations[kind+": "+result]++
}

func (o *output) countLoss(reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts.Losses == nil {
		o.counts.Losses = make(map[string]int64)
	}
	o.counts.Losses[reason]++
}

// check counts a check of a promise, and reports a violation unless ok.
func (o *output) check(p promise.Promise, ok bool, format string, args ...any) {
	o.mu.Lock()
	if o.counts.Checks == nil {
		o.counts.Checks = make(map[int]int64)
	}
	o.counts.Checks[int(p)]++
	o.mu.Unlock()
	if !ok {
		v := promise.Violate(p, format, args...)
		o.write(record.Line{Violation: &record.Violation{Promise: int(p), Detail: v.Detail}})
	}
}

// unexpected reports an error that no fault explains.
func (o *output) unexpected(kind string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts.Unexpected = append(o.counts.Unexpected, kind+": "+err.Error())
}
