package broker_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
)

// BenchmarkPage measures a full page of the listing over a connection in memory. B/op is the garbage of
// one page.
func BenchmarkPage(b *testing.B) {
	broker, err := broker.New(broker.Config{})
	if err != nil {
		b.Fatal(err)
	}
	broker.Rig(func() string { return "aaaaaaaa" })
	server := brokertest.Serve(b, broker)
	defer server.Stop()
	dialer := websocket.Dialer{NetDialContext: server.Dial}
	ws, response, err := dialer.DialContext(b.Context(), server.URL()+"/ws", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	_ = response.Body.Close()
	exchange := func(message string) {
		if message != "" {
			if err := ws.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
				b.Fatal(err)
			}
		}
		_, frame, err := ws.NextReader()
		if err == nil {
			_, err = io.Copy(io.Discard, frame)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	exchange("") // the hello
	n := 0
	for ; n < 2000; n++ {
		exchange(fmt.Sprintf(`{"type":"acquire","id":"aaaaaaaa--%d","locks":[{"name":"rich/%06d"}]}`, n, n))
	}
	b.ReportAllocs()
	for b.Loop() {
		exchange(fmt.Sprintf(`{"type":"info","id":"aaaaaaaa--%d"}`, n))
		n++
	}
}
