package broker_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

const evictA = `{"type":"evict","id":"bbbbbbbb--0","request":"aaaaaaaa--0","message":"stuck"}`

// The audit and the log name the victim of an evict, also if the victim is on record and so ends later.
func TestEvictIsAudited(t *testing.T) {
	for _, resume := range []string{"moved", "kept"} {
		synctest.Test(t, func(t *testing.T) {
			file, log := &auditFile{}, new(testLog)
			config := broker.Config{Audit: file.write, Logger: log.logger()}
			config.StateDir = filepath.Join(t.TempDir(), "s")
			serve(t, config, func(r *rig) {
				a, b := r.connectLasting("a", resume), r.connect("b")
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
				pass(time.Second)
				a.take()
				b.take()
				file.take()
				b.send(evictA)
				pass(time.Second)
				b.expect(`{"type":"evicted","id":"bbbbbbbb--0"}`)
				records := file.take()
				if len(records) != 1 || records[0].VictimCount != 1 || len(records[0].Victims) != 1 {
					t.Errorf("%s: the audit has %+v", resume, records)
				}
				if lines := log.lines("evict", "aaaaaaaa--0", `"victim_count":1`); len(lines) != 1 {
					t.Errorf("%s: the log says %q", resume, lines)
				}
				r.left(a, b)
			})
		})
	}
}

// While the record cannot be written, an evict of a holder on record is not answered, and its operator can evict
// nothing else. A crash would bring the holder back.
func TestEvictAwaitsRecord(t *testing.T) {
	const lost = `{"type":"lost","id":"aaaaaaaa--0","reason":"evicted","by":"b","message":"stuck"}`
	inCluster(t, 1, func(c *clusterRig) {
		r := c.rigs[0]
		a, b, d := r.connectLasting("a", "kept"), r.connect("b"), r.connect("d")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		a.take()
		b.take()
		d.take()
		c.links[0].setCut(true)
		b.send(evictA)
		b.send(`{"type":"evict","id":"bbbbbbbb--1","request":"zzzzzzzz--0"}`)
		d.send(`{"type":"evict","id":"dddddddd--0","request":"aaaaaaaa--0"}`)
		pass(2 * time.Second)
		a.expect()
		b.expect()
		d.expect()
		c.links[0].setCut(false)
		pass(time.Second)
		a.expect(lost)
		b.expect(`{"type":"evicted","id":"bbbbbbbb--0"}`,
			`{"type":"error","id":"bbbbbbbb--1","code":"not_found","message":"no such request"}`)
		d.expect(`{"type":"evicted","id":"dddddddd--0"}`)
		r.left(a, b, d)
	})
}

// An evict is also answered if its victim ends in another way, and nobody waits for one whose operator has left.
func TestEvictOfOneThatEnds(t *testing.T) {
	inCluster(t, 1, func(c *clusterRig) {
		r := c.rigs[0]
		a, b, d := r.connectLasting("a", "kept"), r.connect("b"), r.connect("d")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		a.take()
		b.take()
		d.take()
		c.links[0].setCut(true)
		b.send(evictA)
		d.send(`{"type":"evict","id":"dddddddd--0","request":"aaaaaaaa--0"}`)
		pass(time.Second)
		r.left(d)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
		b.expect(`{"type":"evicted","id":"bbbbbbbb--0"}`)
		c.links[0].setCut(false)
		pass(time.Second)
		b.send(`{"type":"evict","id":"bbbbbbbb--1","request":"aaaaaaaa--0"}`)
		b.expect(`{"type":"error","id":"bbbbbbbb--1","code":"not_found","message":"no such request"}`)
		r.left(a, b)
	})
}
