package broker_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
)

// A motion is what TestEveryMetricMoves has seen: the last value of each metric, and those that have moved.
type motion struct {
	rig   *rig
	last  map[string]float64
	moved map[string]bool
}

// look compares the metrics with those of the last look.
func (m *motion) look() {
	synctest.Wait()
	now := metricsOf(m.rig.t, m.rig.broker)
	for series, value := range now {
		if before, known := m.last[series]; known && before != value {
			name, _, _ := strings.Cut(series, "{")
			m.moved[name] = true
			m.moved[series] = true
		}
	}
	m.last = now
}

// A motionCase makes some metrics move.
type motionCase struct {
	name   string
	config broker.Config
	rig    func(b *broker.Broker) // or nil
	play   func(r *rig, look func())
	moves  []string // these, and perhaps others
}

var motions = []motionCase{
	{"a client works", broker.Config{MetricsLocks: []string{"*"}}, nil, func(r *rig, look func()) {
		a := r.connect("a")
		acquire(a, 0, "x", "")
		look()
		acquire(a, 1, "x", "")
		acquire(a, 2, "x", `,"wait_ms":0`)
		pass(time.Second)
		look()
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.send(`{"type":"watch","id":"aaaaaaaa--3"}`)
		look()
		a.close()
	}, []string{
		`sessions{client="other"}`, `sessions_opened_total{client="other"}`,
		`sessions_ended_total{why="goodbye"}`,
		"received_bytes_total", "sent_bytes_total", `requests{state="waiting"}`, `requests{state="holding"}`,
		"grants_total", `requests_ended_total{how="released",state="holding"}`,
		`requests_ended_total{how="session_ended",state="holding"}`, `errors_total{code="unavailable"}`,
		`wait_seconds{result="granted"}`, "hold_seconds", "longest_wait_seconds", "longest_hold_seconds",
		"locks_in_use", "locks_remembered", "watches", "loop_round_seconds", "inbox_wait_seconds",
		"memory_used_bytes", "tokens_reserved",
		`lock_requests{lock="x",state="waiting"}`, `lock_grants_total{lock="x"}`,
		`lock_waited_seconds_total{lock="x"}`, `lock_held_seconds_total{lock="x"}`,
	}},
	{"requests end in every way", broker.Config{}, nil, func(r *rig, look func()) {
		a, b := r.connect("a"), r.connect("b")
		acquire(a, 0, "x", "")
		acquire(b, 0, "x", "")
		acquire(b, 1, "x", `,"wait_ms":1000`)
		acquire(a, 1, "y", `,"hold_ms":1000`)
		acquire(a, 2, "z", "")
		pass(2 * time.Second)
		acquire(b, 2, "z", `,"steal":true`)
		a.send(`{"type":"evict","id":"aaaaaaaa--3","request":"bbbbbbbb--2","reason":"test"}`)
		synctest.Wait()
		acquire(b, 3, "x", "")
		a.send(`{"type":"evict","id":"aaaaaaaa--4","request":"bbbbbbbb--3","reason":"test"}`)
		synctest.Wait()
		look()
		b.send(`{"type":"cancel","id":"bbbbbbbb--0"}`)
		synctest.Wait() // otherwise the next cancel may come first, because it is on another connection
		a.send(`{"type":"cancel","id":"aaaaaaaa--0"}`)
		synctest.Wait()
		acquire(a, 5, "x", "")
		acquire(b, 5, "x", "")
		acquire(b, 6, "y", "")
		b.vanish()
		look()
		a.sendClose(1000, "")
	}, []string{
		`requests_ended_total{how="timeout",state="waiting"}`,
		`requests_ended_total{how="expired",state="holding"}`,
		`requests_ended_total{how="stolen",state="holding"}`,
		`requests_ended_total{how="evicted",state="holding"}`,
		`requests_ended_total{how="evicted",state="waiting"}`,
		`requests_ended_total{how="cancelled",state="waiting"}`,
		`requests_ended_total{how="cancelled",state="holding"}`,
		`requests_ended_total{how="session_ended",state="waiting"}`,
		`wait_seconds{result="ended"}`, `errors_total{code="timeout"}`, `errors_total{code="evicted"}`,
		`sessions_ended_total{why="fin"}`, `sessions_ended_total{why="closed"}`,
	}},
	{"sessions are taken up", broker.Config{}, nil, func(r *rig, look func()) {
		a := r.connectLasting("a", "kept")
		acquire(a, 0, "x", "")
		look()
		a.vanish()
		look()
		b, c := r.connectLasting("b", "kept"), r.connectLasting("c", "kept")
		b.resume("d", holdX(1))
		synctest.Wait()
		c.resume("a", holdX(1))
		synctest.Wait()
		look()
		c.vanish()
		pass(15 * time.Second)
		look()
	}, []string{
		"sessions_absent", "sessions_abandoned_total", `resumptions_total{result="resumed"}`,
		`resumptions_total{result="refused"}`,
	}},
	{"clients fail", broker.Config{}, nil, func(r *rig, look func()) {
		for _, frame := range []string{"binary", "silent"} {
			p := r.connect(frame[:1])
			acquire(p, 0, frame, "")
			if frame == "binary" {
				_ = p.ws.WriteMessage(2, []byte("x"))
			} else {
				p.ws.SetPingHandler(func(string) error { return nil })
			}
		}
		look()
		pass(16 * time.Second)
	}, []string{
		`sessions_ended_total{why="protocol"}`, `sessions_ended_total{why="silent"}`, "sessions_kept",
	}},
	{"strangers knock", broker.Config{HandshakesPerSecond: 1, HandshakeBurst: 2}, nil, func(r *rig, look func()) {
		conns := []io.Closer{r.open("192.0.2.7:1"), r.open("192.0.2.7:2"), r.open("192.0.2.7:3")}
		look()
		_ = r.get("/ws", nil).Body.Close()
		for _, conn := range conns {
			_ = conn.Close()
		}
	}, []string{"handshakes", "handshakes_refused_total", `upgrades_refused_total{status="426"}`}},
	{"a watcher does not read", broker.Config{MaxWatches: 1}, nil, func(r *rig, look func()) {
		a, b, c := r.connect("a"), r.dial("b"), r.connect("c")
		b.send(`{"type":"watch","id":"bbbbbbbb--0"}`)
		for n := range 3 {
			c.send(`{"type":"watch","id":"cccccccc--%d","match":"no-such-lock"}`, n)
		}
		a.take()
		a.churn(0, 5000, 200)
	}, []string{"watch_lags_total", "unsent_bytes", `refusals_total{limit="watches_of_one_identity_or_address"}`}},
	{"a client does not read", broker.Config{MaxDue: 1 << 20}, nil, func(r *rig, look func()) {
		a := r.dial("a")
		for range 40 {
			a.send(`{"type":"ping","id":"%s"}`, strings.Repeat("x", 60_000))
			pass(time.Millisecond)
		}
	}, []string{"slow_clients_total", `sessions_ended_total{why="slow"}`}},
	{"more locks have metrics than may", broker.Config{MetricsLocks: []string{"*"}, MaxMetricsLocks: 1}, nil,
		func(r *rig, _ func()) {
			a := r.connect("a")
			acquire(a, 0, "x", "")
			acquire(a, 1, "y", "")
		}, []string{"lock_grants_dropped_total"}},
	{"the disk fails", broker.Config{}, func(b *broker.Broker) {
		attempt := 0
		b.RigTokens(1, 4, func(int64) error {
			if attempt++; attempt == 2 || attempt == 3 {
				return errors.New("no space left on device")
			}
			return nil
		})
	}, func(r *rig, look func()) {
		a := r.connect("a")
		for n := range 5 {
			acquire(a, n, fmt.Sprint(n), "")
		}
		look()
		pass(10 * time.Second)
	}, []string{
		`token_reservations_total{result="failed"}`, `token_reservations_total{result="done"}`,
		`pause{reason="no_tokens"}`,
	}},
	{"a run after a crash", broker.Config{}, func(b *broker.Broker) { b.RigGrace(5 * time.Second) },
		func(r *rig, look func()) {
			pass(6 * time.Second)
		}, []string{`pause{reason="grace"}`}},
	{"the audit is blocked", broker.Config{Audit: failing}, nil,
		func(r *rig, _ func()) {
			for range broker.AuditRecords + 1 {
				r.broker.AuditOrdinary(broker.AuditRecord{Event: broker.AuditForbidden})
			}
			pass(time.Second)
		}, []string{"audit_records_dropped_total"}},
}

func failing(broker.AuditRecord) error { return errors.New("full") }

func acquire(p *peer, n int, lock, more string) {
	p.t.Helper()
	p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s"}]%s}`, strings.Repeat(p.name, 8), n, lock, more)
	synctest.Wait()
}

// Every metric of METRICS.md moves in a case that makes it move.
func TestEveryMetricMoves(t *testing.T) {
	moved := map[string]bool{}
	for _, s := range motions {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s.config.Drain = broker.None
				b, err := broker.New(s.config)
				if err != nil {
					t.Fatal(err)
				}
				if s.rig != nil {
					s.rig(b)
				}
				rigged(t, b, func(r *rig) {
					m := motion{r, nil, moved}
					m.look()
					s.play(r, m.look)
					m.look()
				})
			})
			for _, series := range s.moves {
				if !moved[series] {
					t.Errorf("%s has not moved", series)
				}
			}
		})
	}
	t.Run("a real clock", func(t *testing.T) { moveTheClock(t, moved) })

	descs := make(chan *prometheus.Desc, 1000)
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b.Metrics().Describe(descs)
	close(descs)
	if len(descs) < 30 {
		t.Fatalf("only %d metrics", len(descs))
	}
	for d := range descs {
		_, name, _ := strings.Cut(d.String(), `fqName: "lockbroker_`)
		name, _, _ = strings.Cut(name, `"`)
		if !moved[name] {
			t.Errorf("%s has not moved in any case", name)
		}
	}
}

// moveTheClock makes those metrics move that stand still in a bubble: there, the rounds of the loop take no
// time, and the loop always responds.
func moveTheClock(t *testing.T, moved map[string]bool) {
	config := broker.Config{MaxMemory: 1 << 30}
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if got := metricsOf(t, b); got["loop_responding"] != 0 || got["memory_limit_bytes"] != 1<<30 {
		t.Errorf("before Run: %v", got)
	}
	server := brokertest.Serve(t, b)
	defer server.Stop()
	if err := b.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	moved["owner_term"] = true // in TestMetricsOfStandby
	got := metricsOf(t, b)
	moved["loop_responding"] = got["loop_responding"] == 1
	moved["loop_longest_round_seconds"] = got["loop_longest_round_seconds"] > 0
	moved["memory_limit_bytes"] = metricsOf(t, newBroker(t))["memory_limit_bytes"] != got["memory_limit_bytes"]
}

func newBroker(t *testing.T) *broker.Broker {
	t.Helper()
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
