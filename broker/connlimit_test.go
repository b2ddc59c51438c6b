package broker_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// upgradeFrom opens a WebSocket connection, whose session gets the given name. It returns the
// answer, and a function that ends the connection.
func (r *rig) upgradeFrom(name, remote string) (*http.Response, func()) {
	r.t.Helper()
	conn := r.open(remote)
	r.next.Store(name)
	request := "GET /ws HTTP/1.1\r\nHost: broker.test\r\n" + upgradeLines + "\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		r.t.Fatalf("%s: %v", remote, err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		r.t.Fatalf("%s: %v", remote, err)
	}
	return response, func() {
		_ = response.Body.Close()
		_ = conn.Close()
		synctest.Wait()
	}
}

// open opens a connection without sending anything.
func (r *rig) open(remote string) net.Conn {
	r.t.Helper()
	conn, err := r.server.DialFrom(context.Background(), remote)
	if err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	return conn
}

// isClosed reports whether the broker has closed a connection.
func isClosed(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now())
	_, err := conn.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// Connections are limited per address and in total. The answer to one too many says when to try
// again. When a connection ends, there is room for another.
func TestConnectionBounds(t *testing.T) {
	log := new(testLog)
	config := broker.Config{Logger: log.logger(), MaxConnections: 3, MaxConnectionsPerAddress: 2}
	inBubble(t, config, func(r *rig) {
		var ends []func()
		for i, test := range []struct {
			remote string
			status int
			help   string
		}{
			{"192.0.2.1:1000", 101, ""},
			{"192.0.2.1:1001", 101, ""},
			{"192.0.2.1:1002", 429, "too many connections: this address may have 2: try again later\n"},
			{"[::ffff:192.0.2.1]:1003", 429,
				"too many connections: this address may have 2: try again later\n"},
			{"192.0.2.2:1000", 101, ""},
			{"192.0.2.3:1000", 503, "too many connections: the broker may have 3: try again later\n"},
		} {
			response, end := r.upgradeFrom(string(rune('a'+i)), test.remote)
			if response.StatusCode != test.status {
				t.Fatalf("%s: %s, want %d", test.remote, response.Status, test.status)
			}
			if test.status == 101 {
				ends = append(ends, end)
				continue
			}
			body, _ := io.ReadAll(response.Body)
			if string(body) != test.help || response.Header.Get("Retry-After") == "" || !response.Close {
				t.Errorf("%s: %q, %q", test.remote, body, response.Header)
			}
			end()
		}
		ends[0]()
		for _, remote := range []string{"192.0.2.3:1000", "192.0.2.4:1000"} {
			response, end := r.upgradeFrom("x", remote)
			if want := map[string]int{"192.0.2.3:1000": 101,
				"192.0.2.4:1000": 503}[remote]; response.StatusCode != want {
				t.Errorf("after one has ended, %s: %s, want %d", remote, response.Status, want)
			}
			ends = append(ends, end)
		}
		for _, end := range ends {
			end()
		}
	})
	if got := log.lines(`"level":"warn"`, `"status":429`, "this address may have 2"); len(got) != 2 {
		t.Errorf("the log says %q, want a line for each", got)
	}
}

func TestAddressOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:1000":              "192.0.2.1/32",
		"[::ffff:192.0.2.1]:1000":     "192.0.2.1/32",
		"[2001:db8:1:2:3:4:5:6]:1000": "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:1":     "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1000":         "fe80::/64",
		"[::1]:1000":                  "::/64",
		"@":                           "",
		"":                            "",
		"/run/lockbroker.socket":      "",
		"broker.example:1000":         "",
		"192.0.2.1":                   "192.0.2.1/32",
	} {
		if got := broker.AddressOf(remote); got != want {
			t.Errorf("%q: got %q, want %q", remote, got, want)
		}
	}
}

// Connections that send nothing cannot keep clients out. Above the limit per address or in total,
// the oldest is closed.
func TestHandshakeFlood(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger(), MaxHandshakes: 8}, func(r *rig) {
		other := r.open("192.0.2.99:1")
		var flood []net.Conn
		for range 100 {
			conn := r.open("192.0.2.1:1000")
			_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\n")
			flood = append(flood, conn)
		}
		pass(time.Second)
		for i, conn := range flood {
			if closed := isClosed(conn); closed != (i < len(flood)-4) {
				t.Errorf("connection %d of the flood: closed is %t", i, closed)
			}
		}
		if isClosed(other) {
			t.Error("the flood caused a connection of another address to be closed")
		}
		response, end := r.upgradeFrom("x", "192.0.2.1:1000")
		if response.StatusCode != 101 {
			t.Errorf("a client of the same address: %s", response.Status)
		}
		end()
		for i := range 10 { // from many addresses
			flood = append(flood, r.open("192.0.2."+string('0'+byte(i))+":1000"))
		}
		pass(time.Second)
		if !isClosed(other) {
			t.Error("the oldest connection was not closed")
		}
		for _, conn := range append(flood, other) {
			_ = conn.Close()
		}
	})
	if got := log.lines("had not become a session"); len(got) != broker.FaultBurst {
		t.Errorf("the log has %d lines, want %d", len(got), broker.FaultBurst)
	}
}

// A connection that has become a session no longer counts as a handshake. One that is idle between
// requests still does.
func TestHandshakesEnd(t *testing.T) {
	inBubble(t, broker.Config{MaxHandshakes: 2, MaxConnections: 100}, func(r *rig) {
		a := r.connect("a")
		idle := r.open("192.0.2.7:1")
		_, _ = io.WriteString(idle, "GET /livez HTTP/1.1\r\nHost: broker.test\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(idle), nil); err != nil {
			t.Fatal(err)
		}
		b, c := r.connect("b"), r.connect("c")
		synctest.Wait()
		for _, p := range []*peer{a, b, c} {
			p.take()
			p.send(`{"type":"ping","id":"%s--0"}`, strings.Repeat(p.name, 8))
			synctest.Wait()
			p.expect(`{"type":"pong","id":"` + strings.Repeat(p.name, 8) + `--0"}`)
		}
		for _, p := range []*peer{a, b, c} {
			p.close()
		}
		start := time.Now()
		_, _ = io.ReadAll(idle)
		if took := time.Since(start); took != broker.IdleTimeout {
			t.Errorf("an idle connection was kept for %v, want %v", took, broker.IdleTimeout)
		}
	})
}

// If a client causes the same line again and again, the log contains some of these lines and the
// number of the others. The number is logged even if no such line follows.
func TestSuppressedLines(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger(), MaxConnections: 1}, func(r *rig) {
		a := r.connect("a")
		refuse := func(n int) {
			for range n {
				response, end := r.upgradeFrom("x", "192.0.2.9:1")
				if response.StatusCode != 503 {
					t.Fatal(response.Status)
				}
				end()
			}
		}
		const more = 90
		refuse(broker.FaultBurst + more)
		if got := log.lines("too many connections"); len(got) != broker.FaultBurst {
			t.Errorf("%d lines, want %d", len(got), broker.FaultBurst)
		}
		pass(broker.SuppressedAfter)
		synctest.Wait()
		expectLines(t, log.lines("suppressed"),
			`{"level":"warn","suppressed":90,"kind":"upgrade refused",`+
				`"message":"too many log lines of one kind: some were suppressed"}`)
		refuse(3) // ten seconds have passed, so two lines are allowed
		pass(broker.SuppressedAfter / 2)
		refuse(1)
		if got := log.lines("too many connections", `"suppressed":1`); len(got) != 1 {
			t.Errorf("the log says %q, want a line with the count", log.lines("suppressed"))
		}
		refuse(7)
		a.close()
	})
	// The count was logged when the broker stopped, without waiting for the ten seconds.
	if got := log.lines(`"suppressed":7`, "upgrade refused"); len(got) != 1 {
		t.Errorf("the log says %q, want the last count", log.lines("suppressed"))
	}
}

// Thousands of sessions that open and end do not fill the log.
func TestSuppressedSessions(t *testing.T) {
	log := new(testLog)
	inBubble(t, broker.Config{Logger: log.logger()}, func(r *rig) {
		for range broker.SessionBurst + 50 {
			_, end := r.upgradeFrom("x", "192.0.2.9:1")
			end()
		}
	})
	for _, message := range []string{"session opened", "session ended"} {
		if got := log.lines(`"message":"` + message); len(got) != broker.SessionBurst {
			t.Errorf("%s: %d lines, want %d", message, len(got), broker.SessionBurst)
		}
		if got := log.lines(`"suppressed":50,"kind":"` + message); len(got) != 1 {
			t.Errorf("%s: the log says %q", message, log.lines("suppressed"))
		}
	}
}
