package wsclient_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// An instantBroker grants and confirms everything at once, over TCP. It looks only at kinds and ids, and allocates
// nothing, so that a benchmark counts the client's own costs.
type instantBroker struct {
	t       testing.TB
	serving sync.WaitGroup
}

// dialInstant connects a client to an instantBroker for the duration of a test.
func dialInstant(t testing.TB) *wsclient.Client { return observeInstant(t, nil) }

// observeInstant is dialInstant with an observer.
func observeInstant(t testing.TB, o wsclient.Observer) *wsclient.Client {
	t.Helper()
	c, err := wsclient.Dial(t.Context(), startInstant(t), &wsclient.Options{NoReconnect: true, Observe: o})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// startInstant starts an instantBroker for the duration of a test, and returns its address. Clients must disconnect
// before the test ends.
func startInstant(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &instantBroker{t: t}
	server := &http.Server{Handler: b} //nolint:gosec // only this process connects
	b.serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		b.serving.Wait()
	})
	return "ws://" + listener.Addr().String()
}

func (b *instantBroker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		b.t.Error(err)
		return
	}
	frame := `{"type":"hello","protocol":1,"session":"s","timeout_ms":15000,"heartbeat_ms":5000,"limits":` +
		`{"message_bytes":65536,"name_bytes":512,"author_bytes":256,"locks_per_request":64,"requests":100000}}`
	if err := ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		b.t.Error(err)
	}
	b.serving.Go(func() { answerAll(ws.NetConn()) })
}

// answerAll answers all frames that it has read, with one write.
func answerAll(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in, out := bufio.NewReaderSize(conn, 64<<10), make([]byte, 0, 64<<10)
	frame := make([]byte, 64<<10)
	for {
		opcode, n, err := readFrame(in, frame)
		if err != nil {
			return
		}
		if opcode == websocket.CloseMessage {
			out = append(out, 0x80|websocket.CloseMessage, byte(n))
			out = append(out, frame[:n]...)
		} else {
			out = appendAnswer(out, frame[:n])
		}
		if in.Buffered() == 0 || len(out) > 32<<10 {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

// readFrame reads one frame of a client. Fragments are not supported.
func readFrame(in *bufio.Reader, frame []byte) (opcode byte, n int, err error) {
	var header [14]byte
	if _, err := io.ReadFull(in, frame[:2]); err != nil {
		return 0, 0, err
	}
	opcode, n = frame[0]&0xf, int(frame[1]&0x7f)
	wide := 0
	if n == 126 {
		wide = 2
	}
	if _, err := io.ReadFull(in, frame[:wide+4]); err != nil {
		return 0, 0, err
	}
	copy(header[:], frame[:wide+4])
	if wide > 0 {
		n = int(binary.BigEndian.Uint16(header[:]))
	}
	if _, err := io.ReadFull(in, frame[:n]); err != nil {
		return 0, 0, err
	}
	for i := range n {
		frame[i] ^= header[wide+i%4]
	}
	return opcode, n, nil
}

// The beginnings of frames, up to their ids.
var (
	acquireFrame = []byte(`{"type":"acquire","id":"s--`)
	releaseFrame = []byte(`{"type":"release","id":"s--`)
	pingFrame    = []byte(`{"type":"ping","id":"s--`)
)

// appendAnswer appends the frame that answers request, if there is one.
func appendAnswer(out, request []byte) []byte {
	start := len(out)
	out = append(out, 0x80|websocket.TextMessage, 0)
	switch {
	case bytes.HasPrefix(request, acquireFrame):
		number := digits(request[len(acquireFrame):])
		out = append(append(out, `{"type":"granted","id":"s--`...), number...)
		token, _ := strconv.ParseInt(string(number), 10, 64) // a small string on the stack
		out = append(strconv.AppendInt(append(out, `","token":`...), token+1, 10), '}')
	case bytes.HasPrefix(request, releaseFrame):
		number := digits(request[len(releaseFrame):])
		out = append(append(append(out, `{"type":"released","id":"s--`...), number...), `"}`...)
	case bytes.HasPrefix(request, pingFrame):
		number := digits(request[len(pingFrame):])
		out = append(append(append(out, `{"type":"pong","id":"s--`...), number...), `"}`...)
	default:
		return out[:start]
	}
	out[start+1] = byte(len(out) - start - 2)
	return out
}

// digits returns the digits at the beginning of text.
func digits(text []byte) []byte {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return text[:n]
}
