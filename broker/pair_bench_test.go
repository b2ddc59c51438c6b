package broker_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkPair measures the whole path over a loopback connection beside its
// physical limit: an acquire and a release, each answered, against a plain
// gorilla echo of two frames as long. Both run in turn in the same loop, so
// that they meet the same machine; "x/echo" is the ratio of their times, 1 at
// best.
//
//	go test -run '^$' -bench Pair ./broker
func BenchmarkPair(b *testing.B) {
	locks := dialLoopback(b, brokerHandler(b), "/ws")
	echo := dialLoopback(b, http.HandlerFunc(serveEcho), "/")
	if _, _, err := locks.ReadMessage(); err != nil { // the hello
		b.Fatal(err)
	}
	// 53-bit tokens and seven-digit ids make frames of real length.
	session := "aaaaaa10"
	var spentLocks, spentEcho time.Duration
	n := int64(1_000_000)
	for b.Loop() {
		id := wire.ID{Session: session, N: n}
		n++
		acquire, _ := wire.Append(nil, &wire.Acquire{ID: id, Locks: []wire.LockSpec{{Name: "orders/42"}}, Author: "create_user"})
		release, _ := wire.Append(nil, &wire.Release{ID: id})

		start := time.Now()
		exchange(b, locks, acquire)
		exchange(b, locks, release)
		between := time.Now()
		exchange(b, echo, acquire)
		exchange(b, echo, release)
		spentLocks += between.Sub(start)
		spentEcho += time.Since(between)
	}
	b.ReportMetric(float64(spentLocks.Nanoseconds())/float64(b.N), "ns/pair")
	b.ReportMetric(float64(spentEcho.Nanoseconds())/float64(b.N), "ns/echo")
	b.ReportMetric(float64(spentLocks)/float64(spentEcho), "x/echo")
}

func exchange(b *testing.B, ws *websocket.Conn, frame []byte) {
	if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		b.Fatal(err)
	}
	_, answer, err := ws.ReadMessage()
	if err != nil {
		b.Fatal(err)
	}
	if strings.HasPrefix(string(answer), `{"type":"error"`) {
		b.Fatalf("%s was answered with %s", frame, answer)
	}
}

func brokerHandler(b *testing.B) http.Handler {
	b.Helper()
	br, err := broker.New(broker.Config{Timeout: time.Hour}) // nobody answers pings here
	if err != nil {
		b.Fatal(err)
	}
	var sessions int64
	br.Rig(func() string { // aaaaaa10, aaaaaa11 and so on
		sessions++
		return "aaaaaa" + strconv.FormatInt(35+sessions, 36)
	})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = br.Run(ctx)
	}()
	b.Cleanup(func() {
		cancel()
		<-done
	})
	return br.Handler()
}

func serveEcho(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{ReadBufferSize: 4096, WriteBufferSize: 4096}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.Close() }()
	for {
		kind, frame, err := ws.ReadMessage()
		if err != nil || ws.WriteMessage(kind, frame) != nil {
			return
		}
	}
}

// dialLoopback serves handler on a loopback port and connects to it.
func dialLoopback(b *testing.B, handler http.Handler, path string) *websocket.Conn {
	b.Helper()
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	address := server.Listener.Addr().(*net.TCPAddr).String()
	ws, response, err := websocket.DefaultDialer.DialContext(b.Context(), "ws://"+address+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	_ = response.Body.Close()
	b.Cleanup(func() { _ = ws.Close() })
	return ws
}
