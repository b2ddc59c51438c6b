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
)

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
	br, err := broker.New(broker.Config{Timeout: time.Hour}) // these clients answer no pings
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

// dialLoopback serves handler on a port of the loopback interface, and connects to it.
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
