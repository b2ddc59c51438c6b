package broker_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// stopping ends Run's context. It returns a channel that is closed when Run has returned.
func (r *rig) stopping() <-chan struct{} {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.server.Stop()
	}()
	synctest.Wait()
	return stopped
}

// A draining broker tells every client, ends every waiting request and refuses new ones. It serves
// holders until the last one has released its locks.
func TestDrain(t *testing.T) {
	inBubble(t, broker.Config{Drain: 10 * time.Second}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		b.take()
		start := time.Now()
		stopped := r.stopping()
		a.expect(`{"type":"draining","grace_ms":10000}`)
		b.expect(
			`{"type":"draining","grace_ms":10000}`,
			`{"type":"error","id":"bbbbbbbb--0","code":"shutting_down","message":"the broker stops"}`,
		)

		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"free"}]}`)
		b.expect(`{"type":"error","id":"bbbbbbbb--1","code":"shutting_down","message":"the broker stops"}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--2","locks":[{"name":"x"}],"steal":true}`)
		b.expect(`{"type":"error","id":"bbbbbbbb--2","code":"shutting_down","message":"the broker stops"}`)
		b.send(`{"type":"ping","id":"bbbbbbbb--3"}`)
		b.expect(`{"type":"pong","id":"bbbbbbbb--3","not_granting":"draining"}`)

		pass(9 * time.Second)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
		a.expectClose(wire.CloseRestart, "the broker stops")
		b.expectClose(wire.CloseRestart, "the broker stops")
		<-stopped
		if took := time.Since(start); took != 9*time.Second {
			t.Errorf("the drain took %v, want 9s, until the last release", took)
		}
	})
}

// A holder that does not release in time is cut off exactly at the end of the drain, and the log
// names it.
func TestDrainTimesOut(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Drain: 10 * time.Second, Logger: log.logger()}, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"},{"name":"y"}],"author":"backup"}`)
		a.take()
		stopped := r.stopping()
		pass(10*time.Second - 1)
		a.expect(`{"type":"draining","grace_ms":10000}`)
		a.expectOpen()
		pass(1)
		a.expectClose(wire.CloseRestart, "the broker stops")
		<-stopped
	})
	who := `"held":1,"holders":[{"id":"aaaaaaaa--0","author":"backup","locks":["x","y"],"held":true,` +
		`"client":"a","remote":"192.0.2.1:1000"}]`
	for _, message := range []string{"draining", "stopped with requests still held"} {
		if got := log.lines(who, message); len(got) != 1 {
			t.Errorf("the log does not name the holder in %q: %q", message, log.lines(message))
		}
	}
}

// A client that asks for it may connect to a broker that drains: to see who still holds, and to
// evict them. It gets no lock, and does not make the drain longer.
func TestInspectWhileDraining(t *testing.T) {
	inBubble(t, broker.Config{Drain: 10 * time.Second}, func(r *rig) {
		a := r.connect("a")
		defer func() { _ = a.ws.Close() }() // so that nothing waits for it if the test fails
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		start := time.Now()
		stopped := r.stopping()
		pass(2 * time.Second)
		r.expectRefused("/ws", http.StatusServiceUnavailable, "the broker stops")

		b := r.connectWith("b", "&draining=accept")
		b.expect(`{"type":"hello","protocol":1,"session":"bbbbbbbb","heartbeat_ms":5000,"timeout_ms":15000,`+
			`"limits":{"message_bytes":65536,"name_bytes":512,"author_bytes":256,"locks_per_request":64,`+
			`"requests":100000},"not_granting":"draining"}`,
			`{"type":"draining","grace_ms":8000}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"free"}]}`)
		b.expect(`{"type":"error","id":"bbbbbbbb--0","code":"shutting_down","message":"the broker stops"}`)
		holder := `{"id":"aaaaaaaa--0","mode":"exclusive","token":1,"locks":["x"],"duration_ms":2000,` +
			`"client":"a","remote":"192.0.2.1:1000"}`
		b.send(`{"type":"info","id":"bbbbbbbb--1"}`)
		b.expect(`{"type":"info","id":"bbbbbbbb--1","locks":[{"name":"x","seq":1,"holders":[` + holder +
			`],"waiters":[],"holding":1,"waiting":0,"grants":1}],"not_granting":"draining"}`)
		b.send(`{"type":"why","id":"bbbbbbbb--2","lock":"x"}`)
		b.expect(`{"type":"why","id":"bbbbbbbb--2","chain":[],"not_granting":"draining"}`)
		b.send(`{"type":"watch","id":"bbbbbbbb--3"}`)
		b.expect(`{"type":"watching","id":"bbbbbbbb--3"}`)
		b.send(`{"type":"evict","id":"bbbbbbbb--4","request":"aaaaaaaa--0"}`)
		b.expect(`{"type":"change","id":"bbbbbbbb--3","event":"lost","reason":"evicted","by":"b","lock":"x",`+
			`"request":`+holder+`}`, `{"type":"evicted","id":"bbbbbbbb--4"}`)
		b.expectClose(wire.CloseRestart, "the broker stops")
		a.expectClose(wire.CloseRestart, "the broker stops")
		<-stopped
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the drain took %v, want 2s, until the eviction", took)
		}
	})
}

// A draining broker is alive but not ready, and accepts no connections.
func TestDrainRefusesConnections(t *testing.T) {
	inBubble(t, broker.Config{Drain: time.Hour}, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		r.expectStatus("/readyz", nil, http.StatusOK)
		stopped := r.stopping()
		r.expectStatus("/readyz", nil, http.StatusServiceUnavailable)
		r.expectStatus("/livez", nil, http.StatusOK)
		r.expectStatus("/ws", upgradeHeader(), http.StatusServiceUnavailable)
		a.close()
		<-stopped
	})
}

func (r *rig) expectStatus(path string, header http.Header, want int) {
	r.t.Helper()
	response := r.get(path, header)
	_ = response.Body.Close()
	if response.StatusCode != want {
		r.t.Errorf("%s: got %s, want %d", path, response.Status, want)
	}
}
