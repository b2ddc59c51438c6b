package broker_test

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

var update = flag.Bool("update", false, "rewrite testdata/brokerd/log.golden and testdata/dashboard")

// goldenLog has the lines that the broker logs in each situation, in three forms.
const goldenLog = "../testdata/brokerd/log.golden"

// A situation causes log lines.
type situation struct {
	name   string
	config broker.Config
	happen func(r *rig)
}

var situations = []situation{
	{"a lock is granted, waited for, and released", broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"orders/42"}],"author":"billing"}`)
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"orders/42"}]}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"orders/42"}],"wait_ms":0}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--2","locks":[{"name":"orders/42"}],"wait_ms":1000}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--3","locks":[{"name":"orders/42"}]}`)
		b.send(`{"type":"cancel","id":"bbbbbbbb--3"}`)
		pass(2500 * time.Millisecond)
		a.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		leave(a, b)
	}},
	{"many locks, and text that is not printable", broker.Config{}, func(r *rig) {
		a := r.connect("a")
		var names []string
		for i := range 11 {
			names = append(names, fmt.Sprintf(`{"name":"stock/%d"}`, i))
		}
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"two\nlines"}],"author":"\u001b[2J"}`)
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[%s]}`, strings.Join(names, ","))
		leave(a)
	}},
	{"a holder says goodbye", broker.Config{}, func(r *rig) { leave(r.holder()) }},
	{"a holder's process ends", broker.Config{}, func(r *rig) { r.holder().vanish(); pass(time.Second) }},
	{"the same with lock delay", broker.Config{LockDelay: true}, func(r *rig) {
		a := r.holder()
		pass(2 * time.Second)
		a.vanish()
		pass(20 * time.Second)
	}},
	{"a holder falls silent", broker.Config{}, func(r *rig) {
		a := r.connectWith("a", "&alive=message") // it answers pings, but sends no messages
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"orders/42"}],"author":"billing"}`)
		pass(20 * time.Second)
		_ = a.ws.Close()
	}},
	{"a holder stops reading", broker.Config{}, func(r *rig) {
		a := r.dial("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"orders/42"}],"author":"billing"}`)
		pass(20 * time.Second)
		_ = a.ws.Close()
	}},
	{"a holder sends a close frame without a goodbye, and ends later", broker.Config{}, func(r *rig) {
		a := r.holder()
		a.sendClose(1001, "")
		pass(2 * time.Second)
		a.vanish()
		pass(time.Second)
	}},
	{"a client reads too slowly", broker.Config{}, func(r *rig) {
		a := r.dial("a")
		garbage := strings.Repeat("x", 60_000)
		for range 2 * broker.OutboxBytes / len(garbage) {
			a.send(`{"type":"ping","id":"%s"}`, garbage)
		}
		pass(20 * time.Second)
		_ = a.ws.Close()
	}},
	{"messages are refused", broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[]}`)
		a.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		a.send(`{`)
		for range broker.FaultBurst {
			a.send(`{"type":"\n"}`)
		}
		leave(a)
	}},
	{"limits are reached", broker.Config{MaxWatches: 1, Limits: wire.Limits{Requests: 1}}, func(r *rig) {
		a := r.holder()
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"orders/43"}]}`)
		for n := range 3 {
			a.send(`{"type":"watch","id":"aaaaaaaa--%d"}`, n+2)
		}
		leave(a)
	}},
	{"upgrades are refused", broker.Config{MaxConnections: 2, MaxConnectionsPerAddress: 1}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		for _, path := range []string{"/ws?alive=ping", "/ws"} {
			_ = r.get(path, upgradeHeader()).Body.Close()
		}
		_ = r.get("/ws", nil).Body.Close()
		response, end := r.upgradeFrom("x", "192.0.2.1:1000")
		end()
		if response.StatusCode != http.StatusTooManyRequests {
			r.t.Error(response.Status)
		}
		leave(a, b)
	}},
	{"pages are refused", broker.Config{}, func(r *rig) {
		for _, test := range []struct{ host, origin string }{
			{"127.0.0.1:27002", "https://locks.example"},
			{"locks.example", "https://locks.example"},
			{"127.0.0.1:27002", "chrome-extension://abcdef"},
			{"locks.example", "https://locks.example/"},
		} {
			_ = r.get("/ws", upgradeHeader("Origin", test.origin, "Host", test.host)).Body.Close()
		}
	}},
	{"an operator evicts and steals", broker.Config{}, func(r *rig) {
		a, b := r.holder(), r.connect("b")
		b.send(`{"type":"evict","id":"bbbbbbbb--0","request":"aaaaaaaa--0","message":"stuck since noon"}`)
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--1","locks":[{"name":"orders/42"}],"hold_ms":60000}`)
		a.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"orders/42"}],"steal":true}`)
		b.take()
		b.send(`{"type":"evict","id":"bbbbbbbb--2","request":"aaaaaaaa--1"}`)
		b.take()
		leave(a, b)
	}},
	{"the broker drains, and a holder does not release", broker.Config{Drain: 10 * time.Second}, func(r *rig) {
		a := r.holder()
		stopped := r.stopping()
		_ = r.get("/ws", upgradeHeader()).Body.Close()
		<-stopped
		_ = a.ws.Close()
	}},
}

// leave makes clients read what is due to them, and then say goodbye.
func leave(peers ...*peer) {
	for _, p := range peers {
		p.take()
		p.close()
	}
}

// holder connects the client a, which holds a lock.
func (r *rig) holder() *peer {
	a := r.connect("a")
	a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"orders/42"}],"author":"billing"}`)
	a.take()
	return a
}

// TestLogText compares what the broker logs in each situation with the golden file, which has each
// line once.
func TestLogText(t *testing.T) {
	var got strings.Builder
	seen := make(map[string]bool)
	for _, s := range situations {
		fmt.Fprintf(&got, "== %s\n", s.name)
		for _, form := range logOf(t, s) {
			got.WriteString("\n")
			for _, line := range form {
				if !seen[line] {
					got.WriteString(line)
				}
				seen[line] = true
			}
		}
		got.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(goldenLog, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenLog)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(want), "\n")
	for i, line := range strings.SplitAfter(got.String(), "\n") {
		if i >= len(lines) || lines[i] != line {
			t.Fatalf("line %d of %s should be\n%s(-update rewrites the file)", i+1, goldenLog, line)
		}
	}
}

// masked matches figures that depend on the operating system.
var masked = regexp.MustCompile(`due_bytes"?[:=]\d+`)

// logOf returns the lines that are logged in a situation: as JSON, as text for a terminal, and by
// log/slog. They are sorted, because goroutines that log at the same instant have no order.
func logOf(t *testing.T, s situation) (forms [3][]string) {
	t.Helper()
	var jsonLog, console, structured testLog
	s.config.Logger = zerolog.New(io.MultiWriter(&jsonLog, zerolog.ConsoleWriter{
		Out: &console, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName},
	}))
	s.config.LogHandler = slog.NewTextHandler(&structured, &slog.HandlerOptions{
		Level: slog.LevelDebug, ReplaceAttr: withoutTime,
	})
	inBubble(t, s.config, func(r *rig) { s.happen(r); synctest.Wait() })
	for i, log := range []*testLog{&jsonLog, &console, &structured} {
		text := masked.ReplaceAllStringFunc(log.text.String(), func(found string) string {
			return found[:strings.IndexAny(found, ":=")+1] + "BYTES"
		})
		forms[i] = slices.Sorted(strings.Lines(text))
	}
	return forms
}

// withoutTime removes the time of a record.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
