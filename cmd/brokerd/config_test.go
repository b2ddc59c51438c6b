//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// configured is a broker with a configuration file that a test changes.
type configured struct {
	*reloadable
}

func startConfigured(t *testing.T, text string) *configured {
	t.Helper()
	c := &configured{&reloadable{t: t, directory: t.TempDir()}}
	c.annToken, c.ann = newTestToken(t, "ann")
	c.write("tokens", c.ann)
	c.write("policy", allowAll)
	c.daemon = startDaemon(t, "--config="+c.config(text))
	return c
}

// config writes the file, with the tokens and the policy.
func (c *configured) config(text string) string {
	return c.write("brokerd.yaml", fmt.Sprintf("port: 0\ntokens: %q\npolicy: %q\n%s",
		c.directory+"/tokens", c.directory+"/policy", text))
}

// page returns the status of a page's request to connect. It has no token, so a page that may use the broker gets 101,
// and then no session.
func (c *configured) page(origin string) int {
	c.t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial(c.url+"/ws", http.Header{"Origin": {origin}})
	if response == nil {
		c.t.Fatal(err)
	}
	_ = response.Body.Close()
	if conn != nil {
		_ = conn.Close()
	}
	return response.StatusCode
}

// TestReloadedConfig changes the configuration file while the broker runs. Quotas and origins take effect, and what
// needs a restart is named.
func TestReloadedConfig(t *testing.T) {
	t.Parallel()
	const origin = "https://app.example"
	c := startConfigured(t, "")
	conn, hello := mustConnect(t, websocket.DefaultDialer, c.url, c.annToken)
	acquire(t, conn, hello.Session+"--0", "granted")
	if got := c.page(origin); got != http.StatusForbidden {
		t.Errorf("a page of an unknown origin gets %d, want 403", got)
	}

	c.config("quota-acquires-per-second: 0.001\nquota-acquire-burst: 1\nallow-origin: [\"" + origin + "\"]\n" +
		"debug: true\nmax-pages: 8\n")
	c.signal(t, 1)
	if line := c.until(t, "need a restart"); line.Level != "warn" || fmt.Sprint(line.Keys) != "[max-pages]" {
		t.Errorf("the log says %+v", line)
	}
	line := c.until(t, "reloaded")
	want := "[allow-origin debug log level quota-acquire-burst quota-acquires-per-second]"
	if fmt.Sprint(line.Changed) != want {
		t.Errorf("the log says that %v have changed, want %s", line.Changed, want)
	}
	if got := c.page(origin); got != http.StatusSwitchingProtocols {
		t.Errorf("a page of an allowed origin gets %d, want 101", got)
	}
	const waits = `{"type":"acquire","id":"%s--1","locks":[{"name":"a"}]}`
	if err := conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, waits, hello.Session)); err != nil {
		t.Fatal(err)
	}
	acquire(t, conn, hello.Session+"--2", "too_many") // beyond the burst of 1
	c.stop(t)
}

// TestCertificatesStayRequired checks that a reload cannot let in clients without certificates if they need no other
// credential: not with --require-auth, and not without it.
func TestCertificatesStayRequired(t *testing.T) {
	t.Parallel()
	ca, directory := newTestAuthority(t), t.TempDir()
	pair := ca.issue(t, "")
	var files strings.Builder
	for _, flag := range pair.write(t, directory) {
		name, file, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		_, _ = fmt.Fprintf(&files, "%s: %q\n", name, file)
	}
	required := fmt.Sprintf("tls-client-ca: %q\n", write(t, directory, "ca.pem", ca.pem()))
	for _, strict := range []string{"", "require-auth: true\n"} {
		c := &configured{&reloadable{t: t, directory: directory}}
		text := "port: 0\n" + strict + files.String()
		c.daemon = startDaemon(t, "--config="+c.write("brokerd.yaml", text+required))
		for _, open := range []string{"", required + "tls-client-auth: optional\n"} {
			c.write("brokerd.yaml", text+open)
			if line := c.reload("reload failed"); !strings.Contains(line.Error, "needs a restart") {
				t.Errorf("%q: the log says %+v", open, line)
			}
			if _, _, err := connect(t, ca.dialer(t, nil), c.secureURL(), ""); err == nil {
				t.Error("a client without a certificate is let in")
			}
		}
		c.stop(t)
	}
}

// TestBadConfig checks that a bad file changes nothing, and that the credentials cannot be switched off.
func TestBadConfig(t *testing.T) {
	t.Parallel()
	c := startConfigured(t, "")
	for text, want := range map[string]string{
		"tmeout: 3s":    `brokerd.yaml:4:1: unknown field "tmeout": did you mean timeout?`,
		"timeout: 3":    "brokerd.yaml:4:10: timeout: want a duration",
		"max-pages: -1": "brokerd.yaml:4:12: --max-pages",
	} {
		c.config(text)
		if line := c.reload("reload failed"); !strings.Contains(line.Error, want) {
			t.Errorf("%s: the log says %+v, want %s", text, line, want)
		}
	}
	c.write("brokerd.yaml", "port: 0\n")
	if line := c.reload("reload failed"); !strings.Contains(line.Error, "needs a restart") {
		t.Errorf("without credentials, the log says %+v", line)
	}
	mustRefuse(t, websocket.DefaultDialer, c.url, "")
	mustConnect(t, websocket.DefaultDialer, c.url, c.annToken)
	c.stop(t)
}
