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

// BenchmarkWatched measures an acquire and a release, each answered, over a
// loopback connection, while nobody watches, while 10 and 100 others watch the
// lock of whom one never reads, and while 1 and 100 do of whom none reads. They
// take turns, so that they meet the same machine; a turn ends when those who read
// have read all. The ratios are to the time without watchers: 1 at best.
//
// Who reads costs the work of telling it, and here its reading too, which the
// same processors do in the meantime. Who does not read costs nothing once it
// lags, and is cut off after a while; it ends before that.
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
			benches[i].pairs(b, 100, manyLocks()...) // so much is told that who does not read lags
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
		b.Logf("after %v those who do not read may have been cut off", took)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N*turn), "ns/pair")
	for i, c := range crowds[1:] {
		b.ReportMetric(float64(spent[i+1])/float64(spent[0]), c.name)
	}
}

// watched is a broker with somebody who takes locks and others who watch.
type watched struct {
	locks   *websocket.Conn
	session string
	next    int64
	read    []*atomic.Int64 // changes that each of those who read has read
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

// dialWatched connects, and returns the name of the session.
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

// catchUp waits until all who read have read two changes for each pair.
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
