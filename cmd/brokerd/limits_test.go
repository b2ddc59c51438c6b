//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// TestDescriptors checks that a broker without free file descriptors still refuses clients, answers /readyz, writes
// its log, and saves its state when it stops.
func TestDescriptors(t *testing.T) {
	const limit = 64
	ctx := testContext(t)
	dir := filepath.Join(t.TempDir(), "state")
	d := startLimited(t, limit, "--state-dir", dir, "--max-connections-per-address=1000")

	sessions := fillSessions(ctx, t, d, limit)
	t.Logf("%d sessions with %d descriptors", sessions, limit)
	if sessions < limit/2 {
		t.Errorf("only %d sessions", sessions)
	}
	takeDescriptors(t, d)
	for range 20 {
		if _, response := upgrade(ctx, t, d); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("without free descriptors: %s, want 503", response.Status)
		}
		if got := status(ctx, t, d, "/readyz"); got != http.StatusOK {
			t.Errorf("readyz: %d", got)
		}
	}
	d.until(t, "too many connections")
	d.signal(t, syscall.SIGTERM)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
	d.logsNothingLike(t, "too many open files")

	next := startDaemon(t, "--state-dir", dir)
	next.until(t, "fencing tokens continue from the state directory")
	next.signal(t, syscall.SIGTERM)
	next.rest(t)
	next.logsNothingLike(t, "did not stop cleanly")
}

// fillSessions connects until the broker refuses a client, and returns the number of connections.
func fillSessions(ctx context.Context, t *testing.T, d *daemon, limit int) int {
	t.Helper()
	for sessions := range limit + 1 {
		conn, response := upgrade(ctx, t, d)
		if conn != nil {
			continue
		}
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Fatalf("connection %d: %s %q, want 503", sessions, response.Status, response.Header)
		}
		return sessions
	}
	t.Fatalf("more than %d sessions", limit)
	return 0
}

// takeDescriptors uses up the remaining descriptors with connections that send nothing.
func takeDescriptors(t *testing.T, d *daemon) {
	t.Helper()
	for range 100 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
}

// logsNothingLike fails if the log has a message with that text. The daemon must have ended.
func (d *daemon) logsNothingLike(t *testing.T, text string) {
	t.Helper()
	for _, line := range d.lines {
		if strings.Contains(line.Message, text) {
			t.Errorf("the log says %q", line.Message)
		}
	}
}

// startLimited is startDaemon with a limit on file descriptors.
func startLimited(t *testing.T, descriptors int, args ...string) *daemon {
	t.Helper()
	script := fmt.Sprintf(`ulimit -n %d && exec brokerd --drain=0s --port=0 "$@"`, descriptors)
	d := &daemon{}
	d.process, d.log = start(t, (*exec.Cmd).StderrPipe, "sh", append([]string{"-c", script, "sh"}, args...)...)
	d.url = "ws://" + d.until(t, "listening").Address
	return d
}

// upgrade opens a WebSocket that stays open until the end of the test. The connection is nil if the broker refuses.
func upgrade(ctx context.Context, t *testing.T, d *daemon) (*websocket.Conn, *http.Response) {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.DialContext(ctx, d.url+"/ws", nil)
	if err != nil && !errors.Is(err, websocket.ErrBadHandshake) {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if conn != nil {
		t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, response
}

// TestConnectionFlags checks that the flags set the limits on connections.
func TestConnectionFlags(t *testing.T) {
	ctx := testContext(t)
	d := startDaemon(t, "--max-connections=4", "--max-handshakes=4")
	for n := range 3 {
		want := http.StatusSwitchingProtocols
		if n == 2 { // One address may have half of four.
			want = http.StatusTooManyRequests
		}
		if _, response := upgrade(ctx, t, d); response.StatusCode != want {
			t.Errorf("connection %d: %s, want %d", n, response.Status, want)
		}
	}
	for range 3 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	d.until(t, "had not become a session")
}

// TestQuotaFlags checks that the flags and their environment variables set the quotas.
func TestQuotaFlags(t *testing.T) {
	ctx := testContext(t)
	t.Setenv("BROKERD_QUOTA_WATCHES", "3")
	d := startDaemon(t, "--quota-requests=40", "--quota-waiting=20", "--quota-acquires-per-second=0.001",
		"--quota-acquire-burst=60")
	conn, _ := upgrade(ctx, t, d)
	_, hello, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(hello), `"session":"`)
	session, _, _ := strings.Cut(after, `"`)
	next := 0
	ask := func(message string) string {
		t.Helper()
		next++
		message = strings.ReplaceAll(message, "$ID", fmt.Sprintf("%s--%d", session, next))
		if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			t.Fatal(err)
		}
		_, answer, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	for range 3 {
		ask(`{"type":"watch","id":"$ID","match":"none"}`)
	}
	for range 40 {
		ask(`{"type":"acquire","id":"$ID","locks":[{"name":"$ID"}],"wait_ms":0}`)
	}
	for message, want := range map[string]string{
		`{"type":"watch","id":"$ID"}`: "this address already has 3 watches, as many as it may have",
		`{"type":"acquire","id":"$ID","locks":[{"name":"x"}]}`: "this address already has 40 requests, " +
			"as many as it may have",
	} {
		if got := ask(message); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", message, got, want)
		}
	}
	var got string
	for range 20 {
		got = ask(`{"type":"acquire","id":"$ID","locks":[{"name":"x"}]}`)
	}
	const want = "this address sends acquires too fast: it may send 0.001 a second, and 60 at once"
	if !strings.Contains(got, want) {
		t.Errorf("after 61 acquires: got %s, want %s", got, want)
	}
}

// TestAllowedHost checks that pages may use the allowed host names and no others.
func TestAllowedHost(t *testing.T) {
	ctx := testContext(t)
	d := startDaemon(t, "--allowed-host=locks.example", "--allowed-host=*.example.org")
	for host, want := range map[string]int{
		"locks.example":     http.StatusSwitchingProtocols,
		"a.b.example.org":   http.StatusSwitchingProtocols,
		"evil.test":         http.StatusForbidden,
		"127.0.0.1":         http.StatusSwitchingProtocols,
		"x.locks.localhost": http.StatusSwitchingProtocols,
	} {
		header := http.Header{"Host": {host}, "Origin": {"http://" + host}}
		conn, response, err := websocket.DefaultDialer.DialContext(ctx, d.url+"/ws", header)
		if err != nil && !errors.Is(err, websocket.ErrBadHandshake) {
			t.Fatal(err)
		}
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", host, response.Status, want)
		}
		_ = response.Body.Close()
		if conn != nil {
			_ = conn.Close()
		}
	}
	d.until(t, "--allowed-host")
}

// TestRawRequests checks that an invalid request costs its sender one connection and nothing more.
func TestRawRequests(t *testing.T) {
	d := startDaemon(t)
	for _, test := range []struct {
		name, request, header string
		status                int
	}{
		{"body that never comes", "POST /ws", "Content-Length: 10", http.StatusMethodNotAllowed},
		{"17 KiB of headers", "GET /ws", "X: " + strings.Repeat("x", 17<<10),
			http.StatusRequestHeaderFieldsTooLarge},
		{"origin", "GET /ws", "Origin: http://" + strings.Repeat("x", 1<<20),
			http.StatusRequestHeaderFieldsTooLarge},
		{"2,000 ranges", "GET /client.js", "Range: bytes=0-0" + strings.Repeat(",1-1", 2000), http.StatusOK},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", test.request, test.header)
		}()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if response.StatusCode != test.status {
			t.Errorf("%s: %s, want %d", test.name, response.Status, test.status)
		}
		_ = response.Body.Close()
		_ = conn.Close()
	}
}

// TestHerd checks that many clients that connect at once, as after a restart, are all served, although they
// exceed the limit of concurrent handshakes.
func TestHerd(t *testing.T) {
	ctx := testContext(t)
	const clients = 3000
	d := startDaemon(t, "--max-connections-per-address=20000")
	go d.drainLog()
	var dialing sync.WaitGroup
	for range clients {
		dialing.Go(func() {
			conn, response, err := websocket.DefaultDialer.DialContext(ctx, d.url+"/ws", nil)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
			t.Cleanup(func() { _ = conn.Close() })
		})
	}
	dialing.Wait()
}
