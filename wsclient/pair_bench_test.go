package wsclient_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// BenchmarkPair measures an Acquire and its Release. Each caller has its own lock, and all use one connection. The
// broker takes no time of its own, but the time includes the network and the broker's side of it.
func BenchmarkPair(b *testing.B) {
	for _, callers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			c := dialInstant(b)
			for n := range callers { // so that buffers and maps have their size
				pair(b, c, fmt.Sprint("lock/", n))
			}
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			for n := range callers {
				all.Go(func() {
					for name := fmt.Sprint("lock/", n); left.Add(-1) >= 0; {
						pair(b, c, name)
					}
				})
			}
			all.Wait()
		})
	}
}

// BenchmarkObservedPair measures what one caller of BenchmarkPair does, with an observer that does nothing. Without an
// observer, a client pays nothing: see TestNoObserverCostsNothing.
func BenchmarkObservedPair(b *testing.B) {
	c := observeInstant(b, idleObserver{})
	b.ReportAllocs()
	for b.Loop() {
		pair(b, c, "lock/0")
	}
}

// An idleObserver does nothing.
type idleObserver struct{}

func (idleObserver) Requested(ctx context.Context, _ wsclient.RequestInfo) context.Context {
	return ctx
}

func (idleObserver) Granted(context.Context, wsclient.RequestInfo, time.Duration) {}

func (idleObserver) Ended(context.Context, wsclient.RequestInfo, wsclient.Ending) {}

// BenchmarkPlainPair measures what one caller of BenchmarkPair does, with a client that writes a frame and reads the
// answer in one goroutine. No client can take less.
func BenchmarkPlainPair(b *testing.B) {
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	ws, _, err := dialer.Dial(startInstant(b), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	read := func() {
		if _, _, err := ws.ReadMessage(); err != nil {
			b.Fatal(err)
		}
	}
	read() // the hello
	acquire := []byte(`{"type":"acquire","id":"s--0","locks":[{"name":"lock/0"}]}`)
	release := []byte(`{"type":"release","id":"s--0"}`)
	b.ReportAllocs()
	for b.Loop() {
		for _, frame := range [][]byte{acquire, release} {
			if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				b.Fatal(err)
			}
			read()
		}
	}
}

// pair acquires and releases one lock.
func pair(t testing.TB, c *wsclient.Client, name string) {
	lock, err := c.Acquire(context.Background(), name, nil)
	if err == nil {
		err = lock.Release()
	}
	if err != nil {
		t.Error(err)
	}
}
