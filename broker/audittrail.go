package broker

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of the records that wait to be written. Records of events that clients cannot cause at
// will have as much space again, so that a flood cannot displace them.
const (
	auditRecords = 10_000
	auditBytes   = 8 << 20
)

const (
	// auditRetry is the time after a failed write until the next attempt.
	auditRetry = time.Second
	// auditWait is the longest time for which a session that has stolen or evicted waits until
	// the record is written.
	auditWait = 5 * time.Second
	// auditFlush is the longest time that the end of Run takes to write the last records.
	auditFlush = 5 * time.Second
	// auditReportEvery is the time between two log lines about a trail that cannot keep up.
	auditReportEvery = 10 * time.Second
)

// An auditTrail is the queue of records between the broker and [Config].Audit. Nobody waits to put a
// record. One goroutine writes them. A record that does not fit is dropped. A record that says how
// many were dropped takes their place.
//
// After a drop, records of the ordinary kind are dropped until half of their space is free. So a
// flood leaves few gaps, with a count each, and not one after every other record.
//
// A nil auditTrail drops everything, and nobody waits for it.
type auditTrail struct {
	write func(AuditRecord) error
	logs  *logLimits

	dropped atomic.Int64 // all records that were dropped

	mu       sync.Mutex
	waiting  []*auditEntry // in order; the first one is being written
	bytes    int
	gap      int64 // how many records were dropped since the last one in waiting
	gapSince time.Time
	closed   bool

	wake    chan struct{} // holds a token if waiting may have records
	trouble chan error    // holds the error of a failed write, or nil after a drop, until it is reported
	last    chan struct{} // closed when no more records come
	abandon chan struct{} // closed when the writer must give up
	written chan struct{} // closed when the writer has ended
	told    chan struct{} // closed when the reporter has ended
}

// droppedSoFar returns how many records were dropped.
func (a *auditTrail) droppedSoFar() int64 {
	if a == nil {
		return 0
	}
	return a.dropped.Load()
}

// An auditEntry is a record in the queue.
type auditEntry struct {
	record  *AuditRecord
	size    int
	written chan struct{} // closed when the record is written
}

// auditSpace says how much of the queue a record may use.
type auditSpace int

const (
	ordinary  auditSpace = 1 // clients can cause the record at will
	reserved  auditSpace = 2
	unlimited auditSpace = 1 << 10 // the last record
)

func newAuditTrail(write func(AuditRecord) error, logs *logLimits) *auditTrail {
	if write == nil {
		return nil
	}
	a := &auditTrail{
		write: write, logs: logs,
		wake: make(chan struct{}, 1), trouble: make(chan error, 1),
		last: make(chan struct{}), abandon: make(chan struct{}),
		written: make(chan struct{}), told: make(chan struct{}),
	}
	a.put(&AuditRecord{Event: AuditStart, Outcome: AuditDone}, reserved) // clients may connect before Run
	return a
}

// start starts to write records.
func (a *auditTrail) start() {
	if a == nil {
		return
	}
	go a.writeAll()
	go a.reportTrouble()
}

// put queues or drops a record, and never waits. The result is closed when the record is written.
func (a *auditTrail) put(r *AuditRecord, space auditSpace) (written <-chan struct{}) {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Time.IsZero() {
		r.Time = time.Now() // under the mutex, so that times never go back
	}
	e := &auditEntry{r, r.size(), make(chan struct{})}
	if a.closed || !a.hasRoom(e, space) {
		a.drop(r.Time)
		return e.written
	}
	a.closeGap()
	a.push(e)
	return e.written
}

// hasRoom reports whether a record may be queued. The caller holds a.mu.
func (a *auditTrail) hasRoom(e *auditEntry, space auditSpace) bool {
	limit := int(space)
	records, bytes := limit*auditRecords, limit*auditBytes
	if a.gap > 0 && space == ordinary {
		records, bytes = records/2, bytes/2
	}
	return len(a.waiting) < records && a.bytes+e.size <= bytes
}

// drop counts a record that is dropped. The caller holds a.mu.
func (a *auditTrail) drop(at time.Time) {
	a.dropped.Add(1)
	if a.gap == 0 {
		a.gapSince = at
		a.report(nil)
	}
	a.gap++
}

// closeGap queues a record for those that were dropped last, if there are any. The caller holds a.mu.
func (a *auditTrail) closeGap() {
	if a.gap == 0 {
		return
	}
	r := &AuditRecord{Time: time.Now(), Event: AuditDropped, Dropped: a.gap, Since: a.gapSince}
	a.push(&auditEntry{r, r.size(), make(chan struct{})})
	a.gap = 0
}

func (a *auditTrail) push(e *auditEntry) {
	a.waiting = append(a.waiting, e)
	a.bytes += e.size
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// report has trouble reported, unless a report is already due. It never waits.
func (a *auditTrail) report(err error) {
	select {
	case a.trouble <- err:
	default:
	}
}

// first returns the first record, or nil if there is none.
func (a *auditTrail) first() *auditEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 {
		return nil
	}
	return a.waiting[0]
}

// remove removes the first record, which is written.
func (a *auditTrail) remove() {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.waiting[0]
	a.waiting[0] = nil
	a.waiting = a.waiting[1:]
	a.bytes -= e.size
	close(e.written)
	if len(a.waiting) <= auditRecords/2 && a.bytes <= auditBytes/2 {
		a.closeGap()
	}
}

// writeAll writes the records until there are no more.
func (a *auditTrail) writeAll() {
	defer close(a.written)
	for {
		e := a.first()
		if e == nil {
			select {
			case <-a.wake:
				continue
			case <-a.last:
				if a.first() == nil {
					return
				}
				continue
			}
		}
		err := a.write(*e.record)
		if err == nil {
			a.remove()
			continue
		}
		a.report(err)
		select {
		case <-time.After(auditRetry):
		case <-a.abandon:
			return
		}
	}
}

// reportTrouble logs that the trail cannot keep up. It may block, so it has its own goroutine.
func (a *auditTrail) reportTrouble() {
	defer close(a.told)
	for {
		select {
		case err := <-a.trouble:
			attrs := []slog.Attr{slog.Int64("dropped", a.dropped.Load())}
			message := "the audit cannot keep up: records were dropped"
			if err != nil {
				message = "cannot write the audit: records wait, and further ones may be dropped"
				attrs = append(attrs, textAttr("error", err.Error()))
			}
			a.logs.write(slog.LevelError, message, attrs...)
		case <-a.last:
			return
		}
		select {
		case <-time.After(auditReportEvery):
		case <-a.last:
			return
		}
	}
}

// await waits until a record that put has queued is written, but not longer than auditWait, and not
// after the loop has ended.
func (a *auditTrail) await(over context.Context, written <-chan struct{}) {
	if a == nil {
		return
	}
	timer := time.NewTimer(auditWait)
	defer timer.Stop()
	select {
	case <-written:
	case <-timer.C:
	case <-over.Done():
	}
}

// stop queues the last record, and waits until all are written, but not longer than auditFlush. Later
// records have no effect.
func (a *auditTrail) stop(last *AuditRecord) {
	if a == nil {
		return
	}
	a.put(last, unlimited)
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	close(a.last)
	<-a.told
	timer := time.NewTimer(auditFlush)
	defer timer.Stop()
	select {
	case <-a.written:
		return
	case <-timer.C:
		close(a.abandon)
	}
	a.mu.Lock()
	lost := len(a.waiting)
	a.mu.Unlock()
	a.dropped.Add(int64(lost))
	a.logs.write(slog.LevelError, "the broker stops, and the audit cannot be written: records are lost",
		slog.Int("lost", lost), slog.Int64("dropped", a.dropped.Load()))
}
