//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// unixDialer returns a dialer for a Unix socket.
func unixDialer(path string) *websocket.Dialer {
	return &websocket.Dialer{
		NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}
}

// A greeting is what a test reads of hello.
type greeting struct{ Type, Identity, Session string }

// connect opens a session, and returns its connection and its hello. token may be "".
func connect(t *testing.T, dialer *websocket.Dialer, url, token string) (*websocket.Conn, greeting, error) {
	t.Helper()
	with := *dialer
	with.Subprotocols = []string{wire.Subprotocol}
	header := map[string][]string{}
	if token != "" {
		header["Authorization"] = []string{"Bearer " + token}
	}
	conn, response, err := with.DialContext(testContext(t), url+"/ws", header)
	if response != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil, greeting{}, statusError(err, response)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var hello greeting
	_, text, err := conn.ReadMessage()
	if err == nil {
		err = json.Unmarshal(text, &hello)
	}
	if err != nil || hello.Type != "hello" {
		t.Fatalf("got %s, %v, want a hello", text, err)
	}
	return conn, hello, nil
}

// statusError adds the status of the answer to an error, if there is an answer.
func statusError(err error, response *http.Response) error {
	if response == nil {
		return err
	}
	return fmt.Errorf("%w: %s", err, response.Status)
}

// mustRefuse checks that no session is opened, because of the credential.
func mustRefuse(t *testing.T, dialer *websocket.Dialer, url, token string) {
	t.Helper()
	if _, _, err := connect(t, dialer, url, token); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("got %v, want 401", err)
	}
}

// mustConnect opens a session that must be accepted.
func mustConnect(t *testing.T, dialer *websocket.Dialer, url, token string) (*websocket.Conn, greeting) {
	t.Helper()
	conn, hello, err := connect(t, dialer, url, token)
	if err != nil {
		t.Fatal(err)
	}
	return conn, hello
}

// stop ends a daemon, which must exit with 0.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	d.signal(t, syscall.SIGTERM)
	d.rest(t)
	if err := d.wait(); err != nil {
		t.Errorf("brokerd ended with %v, want exit code 0", err)
	}
}

// A broker listens on several addresses, and replaces the socket of a broker that was killed.
func TestListen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	args := []string{"--listen=127.0.0.1:0", "--listen=unix:" + path + "?mode=0660"}
	d := startDaemon(t, args...)
	if second := d.until(t, "listening"); second.Address != "unix:"+path {
		t.Errorf("the second address is %q", second.Address)
	}
	mustConnect(t, websocket.DefaultDialer, d.url, "")
	mustConnect(t, unixDialer(path), "ws://broker", "")
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("got %v, %v, want mode 0660", info, err)
	}
	d.signal(t, syscall.SIGKILL)
	_ = d.wait()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("a broker that is killed leaves its socket: %v", err)
	}

	d = startDaemon(t, args...)
	d.until(t, "listening")
	mustConnect(t, unixDialer(path), "ws://broker", "")
	d.stop(t)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// A broker listens on the sockets that were passed to it under a name, and on no other.
func TestSystemdSockets(t *testing.T) {
	passed := make([]*os.File, 2)
	var addresses []string
	for i := range passed {
		listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, listener.Addr().String())
		if passed[i], err = listener.File(); err != nil {
			t.Fatal(err)
		}
		_ = listener.Close()
	}
	cmd := exec.CommandContext(testContext(t), "sh", "-c",
		`LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=other:locks exec brokerd --drain=0s --listen=systemd:locks`)
	cmd.ExtraFiles = passed
	d := &daemon{}
	d.process, d.log = startCommand(t, cmd, (*exec.Cmd).StderrPipe)
	if line := d.until(t, "listening"); line.Address != addresses[1] {
		t.Errorf("brokerd listens on %s, want %s", line.Address, addresses[1])
	}
	mustConnect(t, websocket.DefaultDialer, "ws://"+addresses[1], "")
	d.stop(t)

	alone := exec.CommandContext(testContext(t), "brokerd", "--listen=systemd:locks")
	text, err := alone.CombinedOutput()
	if err == nil || !strings.Contains(string(text), "systemd has passed no socket") {
		t.Errorf("without sockets: %v, %s", err, text)
	}
}
