//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// reloadable is a broker with files that a test changes.
type reloadable struct {
	*daemon
	t         *testing.T
	directory string

	annToken, ann string // a token, and its line for the file
	bobToken, bob string
}

func startReloadable(t *testing.T) *reloadable {
	t.Helper()
	r := &reloadable{t: t, directory: t.TempDir()}
	r.annToken, r.ann = newTestToken(t, "ann")
	r.bobToken, r.bob = newTestToken(t, "bob")
	r.daemon = startDaemon(t, "--tokens="+r.write("tokens", r.ann+r.bob), "--policy="+r.write("policy", allowAll),
		"--log-level-file="+r.write("level", "info"))
	return r
}

func (r *reloadable) write(name, text string) string {
	return write(r.t, r.directory, name, []byte(text))
}

// reload sends SIGHUP, and returns what the log says. The line must begin with the message, and show no token.
func (r *reloadable) reload(message string) logLine {
	r.t.Helper()
	r.signal(r.t, syscall.SIGHUP)
	line := r.until(r.t, "reload")
	if !strings.HasPrefix(line.Message, message) || strings.Contains(r.log.Text(), "lbt_") {
		r.t.Errorf("the log says %+v, want %s", line, message)
	}
	return line
}

// TestReloadFails checks that one bad file is enough to change nothing, and that the log names each bad file.
func TestReloadFails(t *testing.T) {
	t.Parallel()
	r := startReloadable(t)
	r.write("tokens", r.ann)
	r.write("policy", "rules:\n  - for: [ann]\n    verbs: [acquire]\n")
	r.write("level", "loud")
	failed := r.reload("reload failed")
	for _, want := range []string{"policy:3:", "level: want one word"} {
		if !strings.Contains(failed.Error, want) || failed.Level != "error" {
			t.Errorf("the log says %+v, want an error with %q", failed, want)
		}
	}
	_, hello := mustConnect(t, websocket.DefaultDialer, r.url, r.bobToken)
	if hello.Identity != "bob" {
		t.Errorf("the identity is %q", hello.Identity)
	}
	r.write("policy", allowAll)
	r.write("level", "info")
	r.write("tokens", r.ann+"bob lbt_secret\n")
	if failed := r.reload("reload failed"); !strings.Contains(failed.Error, "tokens: line 2: want sha256:") {
		t.Errorf("the log says %+v", failed)
	}
	mustConnect(t, websocket.DefaultDialer, r.url, r.bobToken)
	r.write("tokens", r.ann+r.bob)
	if line := r.reload("reloaded"); fmt.Sprint(line.Changed, line.Tokens, line.Rules) != "[] 2 1" {
		t.Errorf("the log says %+v", line)
	}
	r.stop(t)
}

// TestRevokedToken checks that a session ends when its token is removed, and that no other session does.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	r := startReloadable(t)
	ann, hello := mustConnect(t, websocket.DefaultDialer, r.url, r.annToken)
	bob, _ := mustConnect(t, websocket.DefaultDialer, r.url, r.bobToken)
	mustRefuse(t, websocket.DefaultDialer, r.url, "")
	mustRefuse(t, websocket.DefaultDialer, r.url, "lbt_wrong")
	r.write("tokens", r.ann)
	if line := r.reload("reloaded"); fmt.Sprint(line.Changed, line.Tokens, line.Rules) != "[tokens] 1 1" {
		t.Errorf("the log says %+v", line)
	}
	wantClosed(t, bob, 4403)
	mustRefuse(t, websocket.DefaultDialer, r.url, r.bobToken)
	acquire(t, ann, hello.Session+"--0", "granted")
	r.stop(t)
}

// TestReloadedPolicy checks that the new policy and the new level of the log are in force.
func TestReloadedPolicy(t *testing.T) {
	t.Parallel()
	r := startReloadable(t)
	conn, hello := mustConnect(t, websocket.DefaultDialer, r.url, r.annToken)
	r.write("level", "debug")
	if line := r.reload("reloaded"); fmt.Sprint(line.Changed) != "[log level]" {
		t.Errorf("the log says %+v", line)
	}
	acquire(t, conn, hello.Session+"--0", "granted")
	if line := r.until(t, "granted"); line.Level != "debug" {
		t.Errorf("the log says %+v", line)
	}
	r.write("policy", allowNone)
	r.write("level", "info")
	r.reload("reloaded")
	last := len(r.lines)
	acquire(t, conn, hello.Session+"--1", "forbidden")
	r.stop(t)
	for _, line := range r.lines[last:] {
		if line.Level == "debug" {
			t.Errorf("the level is info again, but the log says %+v", line)
		}
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

// emptyAccess returns the flags of a broker that accepts no token.
func emptyAccess(t *testing.T, directory string) []string {
	t.Helper()
	return []string{
		"--tokens=" + write(t, directory, "tokens", nil),
		"--policy=" + write(t, directory, "policy.yaml", []byte(allowAll)),
	}
}

// TestHangups sends many SIGHUPs. The broker reads what the files contain after the last one.
func TestHangups(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	token, line := newTestToken(t, "ann")
	d := startDaemon(t, emptyAccess(t, directory)...)
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
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "s")
	d := startDaemon(t, "--listen=127.0.0.1:0", "--listen=unix:"+path, "--unix-identity", "--require-auth",
		"--policy="+write(t, directory, "policy.yaml", []byte(allowAll)))
	_, hello := mustConnect(t, unixDialer(path), "ws://broker", "")
	if want := fmt.Sprint("uid:", os.Getuid()); hello.Identity != want {
		t.Errorf("the identity is %q, want %q", hello.Identity, want)
	}
	mustRefuse(t, websocket.DefaultDialer, d.url, "")
	d.stop(t)
}

// TestPublicFiles checks that the log warns if every user may read tokens.
func TestPublicFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	tokens := write(t, directory, "tokens", nil)
	if err := os.Chmod(tokens, 0o644); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, "--tokens="+tokens, "--policy="+write(t, directory, "policy.yaml", []byte(allowAll)))
	line := d.until(t, "every user of this machine may read this file")
	if line.File != tokens || line.Level != "warn" {
		t.Errorf("the log says %+v", line)
	}
}

// TestRequireAuth checks that brokerd refuses to start if strangers could connect.
func TestRequireAuth(t *testing.T) {
	t.Parallel()
	ca, directory := newTestAuthority(t), t.TempDir()
	secure := ca.issue(t, "").write(t, directory)
	certs := append(slices.Clone(secure), "--tls-client-ca="+write(t, directory, "ca.pem", ca.pem()))
	known := emptyAccess(t, directory)
	for _, test := range []struct {
		problem string // "": brokerd starts
		flags   [][]string
	}{
		{"without credentials", [][]string{{"--host=127.0.0.1"}}},
		{"no credentials and no TLS", [][]string{{"--host=0.0.0.0"}}},
		{"there are no credentials:", [][]string{{"--host=0.0.0.0"}, secure}},
		{"there is no TLS", [][]string{{"--host=0.0.0.0"}, known}},
		{"without credentials", [][]string{{"--listen=unix:" + directory + "/s"}, certs}},
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
		if exitCode(err) != cli.ExitUsage || !strings.Contains(string(text), test.problem) {
			t.Errorf("%v: got %v, %s, want %q", args, err, text, test.problem)
		}
	}
}

func exitCode(err error) int {
	exit := &exec.ExitError{}
	if !errors.As(err, &exit) {
		return 0
	}
	return exit.ExitCode()
}

// TestRefusedOnce checks that bad files of TLS are reported once, until they change.
func TestRefusedOnce(t *testing.T) {
	t.Parallel()
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
	r := newReloader(&g.flags, nil, zerolog.New(&log), b, first, nil)
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
