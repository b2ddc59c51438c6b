package broker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// When Run's context ends, the broker tells every client. Run returns as soon as all clients have
// answered.
func TestStop(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		start := time.Now()
		stopped := make(chan struct{})
		go func() {
			r.server.Stop()
			close(stopped)
		}()
		a.expectClose(wire.CloseRestart, "the broker stops")
		b.expectClose(wire.CloseRestart, "the broker stops")
		<-stopped
		if took := time.Since(start); took != 0 {
			t.Errorf("stopping took %v although all clients answered", took)
		}
	})
}

// A client that receives nothing delays the end by a few seconds, not forever.
func TestStopWithStuckClient(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.dial("a")
		synctest.Wait()
		start := time.Now()
		r.server.Stop()
		if took := time.Since(start); took > 3*broker.CloseWait {
			t.Errorf("stopping took %v", took)
		}
		_ = a.ws.Close()
	})
}

// A session that has already ended, with much unsent to a client that receives nothing, delays the
// stop no more than other sessions.
func TestStopWithEndingSession(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.dial("a"), r.connect("b")
		for n := range 1000 {
			b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"x"}],"author":"%0256d"}`, n, n)
		}
		b.take()
		a.send(`{"type":"info","id":"aaaaaaaa--0","queue":10000}`)
		if err := a.ws.WriteMessage(websocket.BinaryMessage, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		r.server.Stop()
		if took := time.Since(start); took > 3*broker.CloseWait {
			t.Errorf("stopping took %v", took)
		}
		_ = a.ws.Close()
	})
}

// A log that blocks stops only the sessions that write to it, not the loop.
func TestLogThatBlocks(t *testing.T) {
	log := newBlockingLog()
	inBubble(t, broker.Config{Logger: zerolog.New(log).Level(zerolog.InfoLevel)}, func(r *rig) {
		defer log.take(1000)
		log.take(1) // the opening of a
		a := r.connect("a")
		_ = r.dial("b") // the line about its session cannot be written
		a.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.expect(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
	})
}

// A blockingLog accepts some lines, and then blocks until take allows more.
type blockingLog struct {
	mu    sync.Mutex
	more  sync.Cond
	lines int
}

func newBlockingLog() *blockingLog {
	l := &blockingLog{}
	l.more.L = &l.mu
	return l
}

func (l *blockingLog) take(lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines += lines
	l.more.Broadcast()
}

// Write waits until the line is accepted.
func (l *blockingLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.lines == 0 {
		l.more.Wait()
	}
	l.lines--
	return len(line), nil
}

func TestRunOnlyOnce(t *testing.T) {
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Errorf("first Run: %v", err)
	}
	if err := b.Run(ctx); !errors.Is(err, broker.ErrStarted) {
		t.Errorf("second Run: got %v, want ErrStarted", err)
	}
}

// When a session with very many requests ends, they are dropped in slices: first the waiting ones,
// then those that hold locks. Others are served in between.
func TestDropInSlices(t *testing.T) {
	const locks = 5 * broker.DropSlice
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		b.take()
		for n := range locks {
			a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"lock %d"}]}`, n, n)
		}
		// a waits for its own first lock, ahead of b. It must not get that lock when it
		// ends.
		a.send(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"lock 0"}]}`, locks)
		pass(time.Second) // by then its reader has waited for the loop and rested
		if got := len(a.take()); got != locks+1 {
			t.Fatalf("got %d frames, want the hello and %d grants", got, locks)
		}
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"lock 0"}]}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--1","locks":[{"name":"lock %d"}]}`, locks-1)
		b.expect()
		a.vanish()
		b.expect(fmt.Sprintf(`{"type":"granted","id":"bbbbbbbb--0","token":%d}`, locks+1))
		b.send(`{"type":"ping","id":"bbbbbbbb--2"}`)
		b.expect(`{"type":"pong","id":"bbbbbbbb--2"}`)
		pass(5 * broker.Breath)
		b.expect(fmt.Sprintf(`{"type":"granted","id":"bbbbbbbb--1","token":%d}`, locks+2))
		b.send(`{"type":"info","id":"bbbbbbbb--3","match":"lock 1"}`)
		b.expect(`{"type":"info","id":"bbbbbbbb--3","locks":[]}`)
		b.close()
	})
}

func TestSessionNamesNeverRepeat(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range broker.SessionNames(100_000) {
		if seen[name] || len(name) != 8 || wire.ParseID(name+"--0") != (wire.ID{Session: name}) {
			t.Fatalf("name %q: seen before, or not eight of [a-z0-9]", name)
		}
		seen[name] = true
	}
}
