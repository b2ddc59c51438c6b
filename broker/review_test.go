package broker_test

import (
	"context"
	"fmt"
	"github.com/gorilla/websocket"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
)

// A stuckLog blocks at the lines of the audit log until it is released.
type stuckLog struct{ off chan struct{} }

func (l *stuckLog) Write(line []byte) (int, error) {
	if strings.Contains(string(line), `"audit":true`) {
		<-l.off
	}
	return len(line), nil
}

// A log that blocks does not keep other clients from being read: a reader that waits for it is not inside the gate.
func TestBlockedAuditLeavesTheGate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	synctest.Test(t, func(t *testing.T) {
		log := &stuckLog{off: make(chan struct{})}
		serve(t, broker.Config{Logger: zerolog.New(log)}, func(r *rig) {
			a, b := r.connect("a"), r.connect("b")
			a.take()
			b.take()
			flood := pings("aaaaaaaa", 100)                                                                // so that its reader goes through the gate
			flood = append(flood, frame(`{"type":"evict","id":"zzzzzzzz--0","request":"bbbbbbbb--0"}`)...) // refused, and audited
			_, _ = a.net.Write(flood)
			synctest.Wait()
			_, _ = b.net.Write(pings("bbbbbbbb", 100))
			if got := len(b.take()); got != 100 {
				t.Errorf("b got %d answers to 100 pings while the log of what a does is stuck", got)
			}
			close(log.off)
			synctest.Wait()
			a.close()
			b.close()
		})
	})
}

// Who does not read what is due to it and sends what ends its connection does not keep others from being read. In
// real time: who waits for a mutex stops virtual time.
func TestEndOfAFloodLeavesTheGate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for name, last := range map[string][]byte{"close": {0x88, 0x80, 0, 0, 0, 0}, "breach": {0x83, 0x80, 0, 0, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			dial := overTCP(t)
			b, session := dial()
			for range 3 {
				a, session := dial() // it reads no more
				_ = a.NetConn().(*net.TCPConn).SetReadBuffer(4096)
				garbage := strings.Repeat("x", 60_000)
				for range 150 { // the answers are more than the system takes
					_ = a.WriteMessage(1, fmt.Appendf(nil, `{"type":"ping","id":"%s"}`, garbage))
				}
				time.Sleep(200 * time.Millisecond)
				_, _ = a.NetConn().Write(append(pings(session, 100), last...))
			}
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			_, _ = b.NetConn().Write(pings(session, 200))
			_ = b.SetReadDeadline(time.Now().Add(20 * time.Second))
			for range 200 {
				if _, _, err := b.ReadMessage(); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took > 500*time.Millisecond {
				t.Errorf("the answers to 200 pings have taken %v", took)
			}
		})
	}
}

// overTCP serves a broker on the loopback interface, and returns what connects to it.
func overTCP(t *testing.T) (dial func() (conn *websocket.Conn, session string)) {
	t.Helper()
	br, err := broker.New(broker.Config{Drain: -1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- br.Run(ctx) }()
	server := httptest.NewServer(br.Handler())
	t.Cleanup(func() {
		cancel()
		<-done
		server.Close()
	})
	return func() (*websocket.Conn, string) {
		ws, response, err := websocket.DefaultDialer.Dial("ws://"+server.Listener.Addr().String()+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		t.Cleanup(func() { _ = ws.Close() })
		var hello struct{ Session string }
		if err := ws.ReadJSON(&hello); err != nil {
			t.Fatal(err)
		}
		return ws, hello.Session
	}
}

// pings are n frames.
func pings(session string, n int) (all []byte) {
	for n := range n {
		all = append(all, frame(fmt.Sprintf(`{"type":"ping","id":"%s--%d"}`, session, n))...)
	}
	return all
}

// frame is a masked text frame of a client.
func frame(text string) []byte {
	if len(text) > 125 {
		panic("too long")
	}
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// What is due in all is bounded also where nobody asks the loop for anything.
func TestPongsThatAreDueCount(t *testing.T) {
	inBubble(t, broker.Config{MaxDue: 2 << 20}, func(r *rig) {
		var bad []*peer
		for i := range 4 {
			bad = append(bad, r.dial(string(rune('c'+i))))
		}
		for _, p := range bad {
			go func() {
				for n := range 20_000 { // 4 MB, as the broker counts
					_ = p.ws.WriteMessage(1, fmt.Appendf(nil, `{"type":"ping","id":"%s--%d"}`, strings.Repeat(p.name, 8), n))
				}
			}()
		}
		time.Sleep(2 * time.Second)
		if due := r.broker.Due(); due > 3<<20 {
			t.Errorf("%d bytes are due, want some 2 MiB at most", due)
		}
		for _, p := range bad {
			_ = p.ws.Close()
		}
	})
}

// A cancel ends a steal that is under way, and the others keep their locks.
func TestCancelOfAStealUnderWay(t *testing.T) {
	for name, end := range map[string]func(a *peer){
		"cancel": func(a *peer) { a.send(`{"type":"cancel","id":"aaaaaaaa--0"}`) },
		"end":    func(a *peer) { a.vanish() },
	} {
		t.Run(name, func(t *testing.T) {
			withBrake(t, func(r *rig, brake *brake) {
				const many = 20_000
				a, b := r.connect("a"), r.connect("b")
				a.take()
				for n := range many {
					b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"x","mode":"shared"}]}`, n)
				}
				time.Sleep(time.Second)
				if got := len(b.take()); got != many+1 {
					t.Fatalf("b got %d answers", got)
				}
				release := brake.stop(r)
				a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}],"steal":true}`)
				if name == "cancel" {
					end(a)
				}
				synctest.Wait()
				release()
				if name != "cancel" { // it has begun, and rests between two slices
					end(a)
				}
				time.Sleep(time.Second)
				if got := len(b.take()); got == many {
					t.Errorf("all %d have lost their locks", got)
				}
				for _, f := range a.take() {
					if !strings.Contains(f, "cancelled") {
						t.Errorf("a got %s", f)
					}
				}
				b.close()
			})
		})
	}
}

// One address has half of the requests at most, also when it has ended the sessions that made them.
func TestHalfOfTheRequestsIsKept(t *testing.T) {
	inBubble(t, broker.Config{MaxRequests: 200}, func(r *rig) {
		granted := 0
		for _, name := range []string{"d", "e", "f", "g"} /* of one address */ {
			p := r.connect(name)
			p.take()
			for n := range 100 {
				p.send(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s-%d"}]}`, strings.Repeat(name, 8), n, name, n)
			}
			for _, f := range p.take() {
				if strings.Contains(f, `"granted"`) {
					granted++
				}
			}
			p.sendClose(1001, "") // its locks are kept
			synctest.Wait()
			defer func() { _ = p.ws.Close() }()
		}
		if most := 100 + 3*16; granted > most {
			t.Errorf("%d requests of one address were granted, want %d at most", granted, most)
		}
	})
}
