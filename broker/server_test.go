package broker_test

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// say sends as much of a request as the broker reads, on a new connection. It returns the answer
// and how long it took.
func (r *rig) say(request string) (response *http.Response, took time.Duration) {
	r.t.Helper()
	conn := r.open("192.0.2.7:1000")
	defer func() { _ = conn.Close() }()
	start := time.Now()
	go func() { _, _ = io.WriteString(conn, request) }()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		r.t.Fatalf("%.60q: %v", request, err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	took = time.Since(start)
	if response.Close {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			r.t.Errorf("%.60q: the connection was not closed: %v", request, err)
		}
		if closed := time.Since(start); closed-took > time.Second { // net/http reads a long body for a moment
			r.t.Errorf("%.60q: closed %v after the answer", request, closed-took)
		}
	}
	return response, took
}

const upgradeLines = "Connection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// Requests with a body are answered at once, even if the body never arrives.
func TestBodyThatNeverComes(t *testing.T) {
	inBubble(t, broker.Config{ClientFiles: aClient}, func(r *rig) {
		for _, test := range []struct {
			request string
			status  int
		}{
			{"GET /livez HTTP/1.1\r\nContent-Length: 5\r\n", 200},
			{"GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 200},
			{"GET /client.js HTTP/1.1\r\nContent-Length: 100000000\r\n", 200},
			{"POST /ws HTTP/1.1\r\nContent-Length: 5\r\n", 405},
			{"POST /client.js HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n", 405},
			{"POST /nothing HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 404},
			{"GET /ws HTTP/1.1\r\nContent-Length: 5\r\n" + upgradeLines, 400},
		} {
			synctest.Wait()
			response, took := r.say(test.request + "Host: broker.test\r\n\r\n")
			if response.StatusCode != test.status || took != 0 || !response.Close {
				t.Errorf("%q: %s after %v, closed: %t; want %d", test.request, response.Status, took,
					response.Close, test.status)
			}
		}
	})
}

// The server does not wait long for the rest of a request, wherever the request stops and however
// slowly it arrives.
func TestSlowRequests(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		for _, part := range []string{"", "G", "GET /ws HTTP/1.1\r\nHost: broker.test\r\nX: "} {
			conn := r.open("192.0.2.7:1000")
			start := time.Now()
			_, _ = io.WriteString(conn, part)
			var writing sync.WaitGroup
			writing.Go(func() {
				//nolint:forbidigo // in a bubble
				for err := error(nil); err == nil && part != ""; time.Sleep(time.Second) {
					_, err = io.WriteString(conn, "x")
				}
			})
			_, _ = io.ReadAll(conn)
			if took := time.Since(start); took != broker.RequestTimeout {
				t.Errorf("%q: the broker waited for %v, want %v", part, took, broker.RequestTimeout)
			}
			_ = conn.Close()
			writing.Wait()
		}
	})
}

// The head of a request may take 16 KiB and no more.
func TestHeaderBytes(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		const most = broker.HeaderBytes
		for bytes, want := range map[int]int{most - 1024: 200, most: 200, most + 1: 431, most + 1024: 431} {
			head, end := "GET /livez HTTP/1.1\r\nHost: broker.test\r\nX: ", "\r\n\r\n"
			head += strings.Repeat("x", bytes-len(head)-len(end))
			response, _ := r.say(head + end)
			if response.StatusCode != want {
				t.Errorf("%d bytes: %s, want %d", bytes, response.Status, want)
			}
		}
	})
}

// The handler has its own limits, which apply in any http.Server.
func TestHandlerBounds(t *testing.T) {
	log := new(testLog)
	b, err := broker.New(broker.Config{Logger: log.logger(), AllowOrigins: []string{"*"}, ClientFiles: aClient})
	if err != nil {
		t.Fatal(err)
	}
	h := b.Handler()
	huge := strings.Repeat("x", 1<<20)
	twoOrigins := upgradeHeader()
	twoOrigins["Origin"] = []string{"http://a.test", "http://b.test"}
	for _, test := range []struct {
		name, path string
		header     http.Header
		status     int
	}{
		{"origin", "/ws", upgradeHeader("Origin", "http://"+huge), 403},
		{"origins", "/ws", twoOrigins, 403},
		{"host", "/ws", upgradeHeader("Origin", "http://a.test", "Host", huge), 403},
		{"query", "/ws?x=" + huge, upgradeHeader(), 400},
		{"many parameters", "/ws?" + strings.Repeat("a&", 5000), upgradeHeader(), 400},
		{"label", "/ws?client=" + strings.Repeat("x", 257), upgradeHeader(), 400},
		{"origin for the client", "/client.js", http.Header{"Origin": {"http://" + huge}}, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://broker.test"+test.path, http.NoBody)
		maps.Copy(r.Header, test.header)
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host
		}
		response := httptest.NewRecorder()
		h.ServeHTTP(response, r)
		if response.Code != test.status {
			t.Errorf("%s: %d, want %d", test.name, response.Code, test.status)
		}
		for key, values := range response.Header() {
			if len(values[0]) > 1024 {
				t.Errorf("%s: the answer has a header %s of %d bytes", test.name, key, len(values[0]))
			}
		}
	}
	lines := log.lines("refused a request whose Origin header is not an origin")
	if len(lines) != 4 {
		t.Errorf("the log has %d lines, want 4", len(lines))
	}
	for _, line := range lines {
		if len(line) > 1024 {
			t.Errorf("a log line of %d bytes: %.200s", len(line), line)
		}
	}
}

// The time limits of HTTP requests do not apply to sessions.
func TestSessionOutlivesRequest(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a := r.connect("a")
		a.take()
		pass(10 * broker.RequestTimeout) // pings are answered
		a.expectOpen()
		a.send(`{"type":"ping","id":"aaaaaaaa--0"}`)
		synctest.Wait()
		a.expect(`{"type":"pong","id":"aaaaaaaa--0"}`)
		a.close()
	})
}

// Errors of net/http are logged, each on one line, and only up to a limit.
func TestServerLog(t *testing.T) {
	log := new(testLog)
	b, err := broker.New(broker.Config{Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	out := b.Server().ErrorLog
	for n := range 100 {
		out.Printf("http: panic serving %d: \x1b[31m\n%s", n, strings.Repeat("goroutine 1\n", 1000))
	}
	lines := log.lines("http: panic serving", `"level":"warn"`)
	if len(lines) != broker.FaultBurst || strings.Contains(lines[0], "\\u001b") || len(lines[0]) > 8<<10 {
		t.Errorf("%d lines, the first is %.300s", len(lines), lines[0])
	}
}
