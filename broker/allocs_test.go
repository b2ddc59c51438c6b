package broker_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
)

// A pair, which is an acquire and its release, costs the broker two allocations: one for each frame
// that the WebSocket library reads. The client in this test makes none. Loggers that do not write
// lines of debug level cost nothing.
func TestPairAllocations(t *testing.T) {
	for name, config := range map[string]broker.Config{
		"no logger": {},
		"zerolog":   {Logger: zerolog.New(io.Discard).Level(zerolog.InfoLevel)},
		"slog":      {LogHandler: slog.NewJSONHandler(io.Discard, nil)},
	} {
		t.Run(name, func(t *testing.T) { checkPairAllocations(t, config) })
	}
}

func checkPairAllocations(t *testing.T, config broker.Config) {
	t.Helper()
	const most = 2 + poolLosses
	config.Timeout = time.Hour // no pings during the test
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	b.Rig(func() string { return "aaaaaaaa" })
	server := brokertest.Serve(t, b)
	defer server.Stop()

	var line net.Conn
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		line, err = server.DialFrom(ctx, "10.0.0.1:1")
		return line, err
	}}
	ws, response, err := dialer.DialContext(t.Context(), server.URL()+"/ws", http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	_ = response.Body.Close()
	if _, _, err := ws.ReadMessage(); err != nil { // the hello
		t.Fatal(err)
	}

	n := int64(1_000_000_000)
	frame, answer := make([]byte, 0, 512), make([]byte, 512)
	exchange := func(head, tail string, wantHead, wantTail string) {
		frame = append(frame[:0], 0x81, 0, 0, 0, 0, 0) // masked with zeroes
		frame = append(frame, head...)
		frame = strconv.AppendInt(frame, n, 10)
		frame = append(frame, tail...)
		frame[1] = 0x80 | byte(len(frame)-6)
		if _, err := line.Write(frame); err != nil {
			t.Fatal(err)
		}
		length := 2 + len(wantHead) + 10 + len(wantTail)
		if _, err := io.ReadFull(line, answer[:length]); err != nil {
			t.Fatal(err)
		}
		if string(answer[2:2+len(wantHead)]) != wantHead {
			t.Fatalf("got %s", answer[:length])
		}
	}
	pair := func() {
		n++
		exchange(`{"type":"acquire","id":"aaaaaaaa--`, `","locks":[{"name":"a"}],"author":"b"}`,
			`{"type":"granted","id":"aaaaaaaa--`, `","token":`)
		readRest(t, line, answer[:1])
		exchange(`{"type":"release","id":"aaaaaaaa--`, `"}`, `{"type":"released","id":"aaaaaaaa--`, `"}`)
	}
	for range 1000 {
		pair()
	}
	if got := testing.AllocsPerRun(2000, pair); got > most {
		t.Errorf("%v allocations for a pair, want at most %v", got, most)
	}
}

// readRest reads the token, whose length varies, up to the end of the frame.
func readRest(t *testing.T, line net.Conn, one []byte) {
	t.Helper()
	one[0] = 0
	for one[0] != '}' {
		if _, err := line.Read(one); err != nil {
			t.Fatal(err)
		}
	}
}
