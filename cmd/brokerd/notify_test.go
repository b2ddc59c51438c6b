//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A notifySocket receives what brokerd tells systemd.
type notifySocket struct{ conn *net.UnixConn }

// listenNotify opens the socket, and makes programs that the test starts use it.
func listenNotify(t *testing.T) notifySocket {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return notifySocket{conn}
}

// until reads messages until one has the line, and returns the lines of that message.
func (s notifySocket) until(t *testing.T, line string) []string {
	t.Helper()
	var got []string
	for message := make([]byte, 4096); ; {
		_ = s.conn.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := s.conn.Read(message)
		if err != nil {
			t.Fatalf("no message has %s: %v; got %q", line, err, got)
		}
		lines := strings.Split(string(message[:n]), "\n")
		if got = append(got, lines...); slices.Contains(lines, line) {
			return lines
		}
	}
}

// TestNotify checks what brokerd tells systemd: when it is ready, signs of life, reloads and the stop.
func TestNotify(t *testing.T) {
	s := listenNotify(t)
	t.Setenv("WATCHDOG_USEC", "600000")
	level := filepath.Join(t.TempDir(), "level")
	writeLevel := func(text string) {
		if err := os.WriteFile(level, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeLevel("info")
	d := startDaemon(t, "--log-level-file", level, "--drain=7s")
	if got := s.until(t, "READY=1"); !slices.Contains(got, "STATUS=grants locks") {
		t.Errorf("READY=1 came with %q, want a status", got)
	}
	for range 3 {
		s.until(t, "WATCHDOG=1")
	}
	d.signal(t, syscall.SIGHUP)
	s.until(t, "RELOADING=1")
	s.until(t, "READY=1")
	writeLevel("loud")
	d.signal(t, syscall.SIGHUP)
	s.until(t, "RELOADING=1")
	failed := "STATUS=grants locks; the last reload failed: see the log"
	if got := s.until(t, "READY=1"); !slices.Contains(got, failed) {
		t.Errorf("after a failed reload: got %q", got)
	}
	d.signal(t, syscall.SIGTERM)
	if got := s.until(t, "STOPPING=1"); !slices.Contains(got, "EXTEND_TIMEOUT_USEC=22000000") {
		t.Errorf("got %q, want the drain and 15 s", got)
	}
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// TestNotifyStopped checks that a process that is stopped gives no sign of life.
func TestNotifyStopped(t *testing.T) {
	s := listenNotify(t)
	t.Setenv("WATCHDOG_USEC", "60000")
	d := startDaemon(t)
	s.until(t, "WATCHDOG=1")
	d.signal(t, syscall.SIGSTOP)
	message := make([]byte, 4096)
	for err := error(nil); err == nil; { // what was sent before
		_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
		_, err = s.conn.Read(message)
	}
	d.signal(t, syscall.SIGCONT)
	s.until(t, "WATCHDOG=1")
}

// TestNotifyNotReady checks that a broker whose port is taken never says that it is ready.
func TestNotifyNotReady(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	s := listenNotify(t)
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	cmd := exec.CommandContext(testContext(t), "brokerd", "--port", port)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "in use") {
		t.Errorf("%v: %s", err, out)
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)) // a message would be there already
	message := make([]byte, 4096)
	if n, err := s.conn.Read(message); err == nil {
		t.Errorf("brokerd said %q", message[:n])
	}
}
