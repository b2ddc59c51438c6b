package broker_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// BenchmarkWatched measures a pair, which is an acquire and its release, over a loopback
// connection. It does so without watchers, with 10 and 100 watchers of which one never reads, and
// with 1 and 100 watchers of which none reads. These cases take turns, so that all run under the
// same load. A turn ends when every watcher that reads has read everything. The ratios compare each
// case to the one without watchers; 1 is the best possible.
//
// A watcher that reads costs the broker the work of telling it about changes. Here it also costs
// the time to read them, on the same processors. A watcher that does not read costs nothing once it
// lags. It would be cut off after a while, but the benchmark ends before that.
//
//	go test -run '^$' -bench Watched ./broker
func BenchmarkWatched(b *testing.B) {
	const turn = 200
	crowds := []struct {
		name           string
		reading, stuck int
	}{
		{"nobody", 0, 0},
		{"x-10", 9, 1},
		{"x-100", 99, 1},
		{"x-1-stuck", 0, 1},
		{"x-100-stuck", 0, 100},
	}
	benches := make([]*watched, len(crowds))
	for i, c := range crowds {
		benches[i] = newWatched(b, c.reading, c.stuck)
	}
	start := time.Now()
	for i, c := range crowds {
		if c.reading == 0 {
			// enough changes to make a watcher that does not read lag
			benches[i].pairs(b, 100, manyLocks()...)
		}
	}
	spent := make([]time.Duration, len(crowds))
	for b.Loop() {
		for i, w := range benches {
			start := time.Now()
			w.pairs(b, turn)
			spent[i] += time.Since(start)
			w.catchUp(b)
		}
	}
	if took := time.Since(start); took > broker.WriteStall {
		b.Logf("after %v, the watchers that do not read may have been cut off", took)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N*turn), "ns/pair")
	for i, c := range crowds[1:] {
		b.ReportMetric(float64(spent[i+1])/float64(spent[0]), c.name)
	}
}

// watched is a broker with one client that acquires locks and others that watch.
type watched struct {
	locks   *websocket.Conn
	session string
	next    int64
	read    []*atomic.Int64 // how many changes each watcher that reads has read
}

func newWatched(b *testing.B, reading, stuck int) *watched {
	b.Helper()
	handler := brokerHandler(b)
	w := &watched{}
	w.locks, w.session = dialWatched(b, handler)
	for i := range reading + stuck {
		ws, session := dialWatched(b, handler)
		exchange(b, ws, fmt.Appendf(nil, `{"type":"watch","id":"%s--0"}`, session))
		if i >= reading {
			continue
		}
		read := new(atomic.Int64)
		w.read = append(w.read, read)
		go func() {
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
				read.Add(1)
			}
		}()
	}
	return w
}

// dialWatched connects to the broker. It also returns the name of the session.
func dialWatched(b *testing.B, handler http.Handler) (*websocket.Conn, string) {
	b.Helper()
	ws := dialLoopback(b, handler, "/ws")
	_, frame, err := ws.ReadMessage()
	if err != nil {
		b.Fatal(err)
	}
	hello, err := codec.DecodeReply(frame)
	if err != nil {
		b.Fatal(err)
	}
	return ws, hello.(*wire.Hello).Session
}

func manyLocks() (locks []wire.LockSpec) {
	for i := range 64 {
		locks = append(locks, wire.LockSpec{Name: fmt.Sprint("orders/", i)})
	}
	return locks
}

func (w *watched) pairs(b *testing.B, n int, also ...wire.LockSpec) {
	locks := append([]wire.LockSpec{{Name: "stock/42"}}, also...)[:max(1, len(also))]
	for range n {
		id := wire.ID{Session: w.session, N: w.next}
		w.next++
		acquire, _ := codec.Append(nil, &wire.Acquire{ID: id, Locks: locks, Author: "create_user"})
		release, _ := codec.Append(nil, &wire.Release{ID: id})
		exchange(b, w.locks, acquire)
		exchange(b, w.locks, release)
	}
}

// catchUp waits until each watcher that reads has read two changes for every pair.
func (w *watched) catchUp(b *testing.B) {
	deadline := time.Now().Add(time.Minute)
	for _, read := range w.read {
		for read.Load() < 2*w.next {
			if time.Now().After(deadline) {
				b.Fatalf("a watcher has read %d changes of %d", read.Load(), 2*w.next)
			}
			<-time.After(time.Millisecond)
		}
	}
}
