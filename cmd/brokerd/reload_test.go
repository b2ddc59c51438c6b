//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

const (
	allowAll  = "rules:\n  - for: [\"**\"]\n    locks: [\"**\"]\n    allow: [acquire, list]\n"
	allowNone = "rules:\n  - for: [nobody]\n    locks: [\"**\"]\n    allow: [list]\n"
)

// wantClosed reads until the broker closes the connection, which must have this code.
func wantClosed(t *testing.T, conn *websocket.Conn, code int) {
	t.Helper()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			closed := &websocket.CloseError{}
			if !errors.As(err, &closed) || closed.Code != code {
				t.Errorf("the session ended with %v, want %d", err, code)
			}
			return
		}
	}
}

// newTestToken returns a token and its line for the file.
func newTestToken(t *testing.T, name string) (token, line string) {
	t.Helper()
	token, line, err := access.NewToken(name, nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return token, line + "\n"
}

// TestReload changes tokens, policy and log level on SIGHUP: as a whole, or not at all.
func TestReload(t *testing.T) {
	directory := t.TempDir()
	annToken, ann := newTestToken(t, "ann")
	bobToken, bob := newTestToken(t, "bob")
	tokens := func(text string) string { return write(t, directory, "tokens", []byte(text)) }
	policy := func(text string) string { return write(t, directory, "policy.yaml", []byte(text)) }
	level := func(text string) string { return write(t, directory, "level", []byte(text)) }
	d := startDaemon(t, "--tokens="+tokens(ann+bob), "--policy="+policy(allowAll), "--log-level-file="+level("info"))
	annConn, hello := mustConnect(t, websocket.DefaultDialer, d.url, annToken)
	bobConn, _ := mustConnect(t, websocket.DefaultDialer, d.url, bobToken)
	if hello.Identity != "ann" {
		t.Errorf("the identity is %q", hello.Identity)
	}
	for _, wrong := range []string{"", "lbt_wrong"} {
		if _, _, err := connect(t, websocket.DefaultDialer, d.url, wrong); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("with the token %q: %v", wrong, err)
		}
	}
	reload := func(message string) logLine {
		t.Helper()
		d.signal(t, syscall.SIGHUP)
		line := d.until(t, "reload")
		if !strings.HasPrefix(line.Message, message) || strings.Contains(d.log.Text(), "lbt_") {
			t.Errorf("the log says %+v, want %s", line, message)
		}
		return line
	}

	// One bad file is enough to change nothing, and each bad file is named.
	tokens(ann)
	policy("rules:\n  - for: [ann]\n    verbs: [acquire]\n")
	level("loud")
	failed := reload("reload failed")
	for _, want := range []string{"policy.yaml:3:", "level: want one word"} {
		if !strings.Contains(failed.Error, want) || failed.Level != "error" {
			t.Errorf("the log says %+v, want an error with %q", failed, want)
		}
	}
	mustConnect(t, websocket.DefaultDialer, d.url, bobToken)
	policy(allowAll)
	tokens(ann + "bob lbt_secret\n")
	if failed := reload("reload failed"); !strings.Contains(failed.Error, "tokens: line 2: want sha256:") {
		t.Errorf("the log says %+v", failed)
	}

	// Bob's token is removed.
	tokens(ann)
	level("debug")
	if line := reload("reloaded"); fmt.Sprint(line.Changed, line.Tokens, line.Rules) != "[tokens log level] 1 1" {
		t.Errorf("the log says %+v", line)
	}
	wantClosed(t, bobConn, 4403)
	if _, _, err := connect(t, websocket.DefaultDialer, d.url, bobToken); err == nil {
		t.Error("a token that was removed is accepted")
	}
	mustConnect(t, websocket.DefaultDialer, d.url, annToken)

	// The policy no longer permits anything.
	acquire(t, annConn, hello.Session+"--0", "granted")
	d.until(t, "granted") // a line of level debug
	policy(allowNone)
	level("info")
	reload("reloaded")
	acquire(t, annConn, hello.Session+"--1", "forbidden")
	d.stop(t)
	if last := d.lines[len(d.lines)-3:]; strings.Contains(fmt.Sprint(last), "{debug") {
		t.Errorf("the log has debug lines after the level was info again: %+v", last)
	}
}

// acquire asks for a lock, and waits for an answer that contains a word.
func acquire(t *testing.T, conn *websocket.Conn, id, want string) {
	t.Helper()
	request := `{"type":"acquire","id":"` + id + `","locks":[{"name":"a"}]}`
	if err := conn.WriteMessage(websocket.TextMessage, []byte(request)); err != nil {
		t.Fatal(err)
	}
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"`+want+`"`) {
			return
		}
	}
}

// TestHangups sends many SIGHUPs. The broker reads what the files contain after the last one.
func TestHangups(t *testing.T) {
	directory := t.TempDir()
	token, line := newTestToken(t, "ann")
	flags := []string{
		"--tokens=" + write(t, directory, "tokens", nil), "--policy=" + write(t, directory, "policy.yaml", []byte(allowAll)),
	}
	d := startDaemon(t, flags...)
	for range 30 {
		d.signal(t, syscall.SIGHUP)
	}
	write(t, directory, "tokens", []byte(line))
	d.signal(t, syscall.SIGHUP)
	for d.until(t, "reloaded").Tokens != 1 {
	}
	mustConnect(t, websocket.DefaultDialer, d.url, token)
	d.stop(t)
}

// TestUnixIdentity checks that users of Unix sockets have their number as identity.
func TestUnixIdentity(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "s")
	d := startDaemon(t, "--listen=127.0.0.1:0", "--listen=unix:"+path, "--unix-identity", "--require-auth",
		"--policy="+write(t, directory, "policy.yaml", []byte(allowAll)))
	_, hello := mustConnect(t, unixDialer(path), "ws://broker", "")
	if want := fmt.Sprint("uid:", os.Getuid()); hello.Identity != want {
		t.Errorf("the identity is %q, want %q", hello.Identity, want)
	}
	if _, _, err := connect(t, websocket.DefaultDialer, d.url, ""); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a client of the port without a credential: %v", err)
	}
	d.stop(t)
}

// TestPublicFiles checks that the log warns if every user may read tokens.
func TestPublicFiles(t *testing.T) {
	directory := t.TempDir()
	tokens := write(t, directory, "tokens", nil)
	if err := os.Chmod(tokens, 0o644); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, "--tokens="+tokens, "--policy="+write(t, directory, "policy.yaml", []byte(allowAll)))
	if line := d.until(t, "every user of this machine may read this file"); line.File != tokens || line.Level != "warn" {
		t.Errorf("the log says %+v", line)
	}
}

// TestRequireAuth checks that brokerd refuses to start if strangers could connect.
func TestRequireAuth(t *testing.T) {
	ca, directory := newTestAuthority(t), t.TempDir()
	secure := ca.issue(t, "").write(t, directory)
	certs := append(secure, "--tls-client-ca="+write(t, directory, "ca.pem", ca.pem()))
	known := []string{
		"--tokens=" + write(t, directory, "tokens", nil), "--policy=" + write(t, directory, "policy.yaml", []byte(allowAll)),
	}
	for _, test := range []struct {
		problem string // "": brokerd starts
		flags   [][]string
	}{
		{"without credentials", [][]string{{"--host=127.0.0.1"}}},
		{"no credentials and no TLS", [][]string{{"--host=0.0.0.0"}}},
		{"there are no credentials:", [][]string{{"--host=0.0.0.0"}, secure}},
		{"there is no TLS", [][]string{{"--host=0.0.0.0"}, known}},
		{"without credentials", [][]string{{"--listen=127.0.0.1:0", "--listen=unix:" + directory + "/s"}, certs}},
		{"", [][]string{{"--host=127.0.0.1"}, known}},
		{"", [][]string{{"--host=127.0.0.1"}, certs}},
		{"", [][]string{{"--host=0.0.0.0"}, certs}},
		{"", [][]string{{"--host=0.0.0.0"}, secure, known}},
	} {
		args := []string{"--require-auth", "--port=0"}
		for _, some := range test.flags {
			args = append(args, some...)
		}
		if test.problem == "" {
			startDaemon(t, args...).stop(t)
			continue
		}
		text, err := exec.CommandContext(testContext(t), "brokerd", args...).CombinedOutput()
		exit := &exec.ExitError{}
		if !errors.As(err, &exit) || exit.ExitCode() != cli.ExitUsage || !strings.Contains(string(text), test.problem) {
			t.Errorf("%v: got %v, %s, want %q", args, err, text, test.problem)
		}
	}
}

// TestRefusedOnce checks that bad files of TLS are reported once, until they change.
func TestRefusedOnce(t *testing.T) {
	ca, directory := newTestAuthority(t), t.TempDir()
	pair := ca.issue(t, "")
	var g grammar
	parser, err := kong.New(&g, kong.Bind(&g.flags))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(pair.write(t, directory)); err != nil {
		t.Fatal(err)
	}
	first, err := g.readSettings()
	if err != nil {
		t.Fatal(err)
	}
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r := newReloader(&g.flags, zerolog.New(&log), b, first)
	for _, step := range []struct {
		change func()
		lines  int
	}{
		{func() {}, 0},
		{func() { write(t, directory, "cert.pem", []byte("bad")) }, 1},
		{func() { write(t, directory, "cert.pem", []byte("worse")) }, 1},
		{func() { _ = os.Remove(filepath.Join(directory, "cert.pem")) }, 1},
		{func() { pair.write(t, directory) }, 0}, // the same as at the start
		{func() { ca.issue(t, "").write(t, directory) }, 1},
	} {
		log.Reset()
		step.change()
		for range 3 {
			r.refreshTLS()
		}
		if got := strings.Count(log.String(), "\n"); got != step.lines {
			t.Errorf("got %d lines, want %d: %s", got, step.lines, log.String())
		}
	}
}
