package broker_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// A broker whose audit fails goes on. Nothing is lost for a while, and the log says what is wrong.
func TestAuditFails(t *testing.T) {
	file, log := &auditFile{}, new(testLog)
	inBubble(t, broker.Config{Audit: file.write, Logger: log.logger()}, func(r *rig) {
		file.set(errors.New("no space left on device"), false)
		for range 5 {
			r.broker.Audit(broker.AuditRecord{Event: broker.AuditReload, Outcome: broker.AuditDone})
		}
		pass(25 * time.Second)
		if lines := log.lines("cannot write the audit", "no space left"); len(lines) != 3 {
			t.Errorf("the log says %q", lines)
		}
		file.set(nil, false)
		pass(time.Second)
		if got := len(file.take()); got != 5+1 {
			t.Errorf("the audit has %d records", got)
		}
	})
}

// Records that do not fit are counted, and a record takes their place. A flood of those that clients
// cause does not displace the others. Nobody waits.
func TestAuditDrops(t *testing.T) {
	file, log := &auditFile{}, new(testLog)
	inBubble(t, broker.Config{Audit: file.write, Logger: log.logger()}, func(r *rig) {
		file.take()
		file.set(nil, true)
		add := func(n int, event broker.AuditEvent) {
			for range n {
				if event == broker.AuditReload {
					r.broker.Audit(broker.AuditRecord{Event: event})
				} else {
					r.broker.AuditOrdinary(broker.AuditRecord{Event: event})
				}
			}
		}
		add(broker.AuditRecords+7, broker.AuditForbidden)
		add(3, broker.AuditReload)
		pass(time.Second)
		add(2, broker.AuditForbidden)
		if lines := log.lines("records were dropped"); len(lines) != 1 {
			t.Errorf("the log says %q", lines)
		}
		file.set(nil, false)
		pass(time.Second)
		add(1, broker.AuditForbidden)
		records := file.take()
		if len(records) != broker.AuditRecords+1+3+1+1 {
			t.Fatalf("there are %d records", len(records))
		}
		for i, want := range []struct {
			event   broker.AuditEvent
			dropped int64
		}{
			{broker.AuditForbidden, 0}, {broker.AuditDropped, 7},
			{broker.AuditReload, 0}, {broker.AuditReload, 0}, {broker.AuditReload, 0},
			{broker.AuditDropped, 2}, {broker.AuditForbidden, 0},
		} {
			got := records[broker.AuditRecords-1+i]
			if got.Event != want.event || got.Dropped != want.dropped {
				t.Errorf("record %d is %+v, want %+v", i, got, want)
			}
		}
		if got := r.broker.AuditDropped(); got != 9 {
			t.Errorf("%d were dropped", got)
		}
	})
}

// A session that has stolen or evicted waits until that is recorded, but not for ever: its locks must
// become free when it ends.
func TestAuditComesBeforeTheNextEvict(t *testing.T) {
	file := &auditFile{}
	inBubble(t, broker.Config{Audit: file.write}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		file.set(nil, true)
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		a.take()
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}],"steal":true}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"y"}]}`)
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":2}`)
		b.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"z"}]}`)
		b.expect(`{"type":"granted","id":"bbbbbbbb--1","token":3}`)
		pass(broker.AuditWait - time.Millisecond)
		a.expect()
		file.set(nil, false)
		a.expect(`{"type":"granted","id":"aaaaaaaa--1","token":4}`)

		file.set(nil, true)
		a.send(`{"type":"acquire","id":"aaaaaaaa--2","locks":[{"name":"z"}],"steal":true}`)
		a.take()
		a.close()
		b.send(`{"type":"acquire","id":"bbbbbbbb--2","locks":[{"name":"y"}]}`)
		b.take()
		pass(broker.AuditWait)
		b.expect(`{"type":"granted","id":"bbbbbbbb--2","token":6}`)
		file.set(nil, false)
	})
}

// The end of Run does not wait for ever for an audit that fails.
func TestAuditStops(t *testing.T) {
	file, log := &auditFile{}, new(testLog)
	var began time.Time
	synctest.Test(t, func(t *testing.T) {
		serve(t, broker.Config{Audit: file.write, Logger: log.logger()}, func(*rig) {
			file.take()
			file.set(errors.New("broken"), false)
			began = time.Now()
		})
		if took := time.Since(began); took != broker.AuditFlush {
			t.Errorf("the end took %v", took)
		}
	})
	if lines := log.lines("records are lost", `"lost":1`); len(lines) != 1 {
		t.Errorf("the log says %q", log.lines("audit"))
	}
}
