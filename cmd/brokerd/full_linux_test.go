package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// limitFor returns the limit of descriptors that leaves this many of them free in a process.
func (d *daemon) limitFor(t *testing.T, free int) (limit uint64) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool) // with gaps: it may have inherited some
	for _, entry := range entries {
		used[entry.Name()] = true
	}
	for ; free > 0 || used[strconv.FormatUint(limit, 10)]; limit++ {
		if !used[strconv.FormatUint(limit, 10)] {
			free--
		}
	}
	return limit
}

// limitDescriptors sets the limit of a running process.
func (d *daemon) limitDescriptors(t *testing.T, limit uint64) {
	t.Helper()
	files := unix.Rlimit{Cur: limit, Max: 1 << 12}
	if err := unix.Prlimit(d.cmd.Process.Pid, unix.RLIMIT_NOFILE, &files, nil); err != nil {
		t.Fatal(err)
	}
}

// get asks for a path on a new connection, and returns the answer.
func get(t *testing.T, d *daemon, path string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

// exchange sends a message, and returns the answer.
func exchange(t *testing.T, conn *websocket.Conn, message string) string {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		t.Fatal(err)
	}
	_, answer, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestNoDescriptors takes all descriptors from a process, although its own limits would not. It tells new clients to
// try again, serves old ones, and recovers. If only the last few are left, it still saves its state.
func TestNoDescriptors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	d := startDaemon(t, "--state-dir", dir)
	conn, hello := mustConnect(t, &websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}, d.url, "")
	full, nearlyFull := d.limitFor(t, 0), d.limitFor(t, 3)
	if got := get(t, d, "/livez"); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
	for _, limit := range []uint64{full, nearlyFull} {
		d.limitDescriptors(t, limit)
		for range 200 {
			got := get(t, d, "/livez")
			if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
				t.Fatalf("limit %d: %s %v, want 503", limit, got.Status, got.Header)
			}
		}
	}
	acquire := fmt.Sprintf(`{"type":"acquire","id":"%s--0","locks":[{"name":"a"}]}`, hello.Session)
	answer := exchange(t, conn, acquire)
	if !strings.Contains(answer, `"granted"`) {
		t.Errorf("the old client got %s", answer)
	}
	exchange(t, conn, fmt.Sprintf(`{"type":"release","id":"%s--0"}`, hello.Session))
	d.limitDescriptors(t, 1<<12)
	if got := get(t, d, "/livez"); got.StatusCode != http.StatusOK {
		t.Errorf("with descriptors again: %s", got.Status)
	}
	d.limitDescriptors(t, nearlyFull)
	d.signal(t, syscall.SIGTERM)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
	d.logsNothingLike(t, "cannot be reserved")
	lines := 0
	for _, line := range d.lines {
		if strings.Contains(line.Message, "no free file descriptor: refused a client") {
			lines++
		}
	}
	if lines == 0 || lines > 20 {
		t.Errorf("the log has %d lines about the clients that were refused", lines)
	}
	next := startDaemon(t, "--state-dir", dir)
	next.until(t, "fencing tokens continue from the state directory")
	next.stop(t)
	next.logsNothingLike(t, "did not stop cleanly")
}
