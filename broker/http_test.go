package broker_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// upgradeHeader returns the header of a proper upgrade request, with the given keys and values
// added or replaced.
func upgradeHeader(more ...string) http.Header {
	h := http.Header{
		"Connection":            {"Upgrade"},
		"Upgrade":               {"websocket"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	for i := 0; i < len(more); i += 2 {
		h[more[i]] = []string{more[i+1]}
	}
	return h
}

func TestUpgradeRefusals(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		header http.Header
		status int
		help   string // part of the answer
	}{
		{"plain GET", "/ws", nil, 426, "connect with WebSocket"},
		{"other subprotocol", "/ws", upgradeHeader("Sec-Websocket-Protocol", "chat, superchat"), 400,
			"lockbroker.v1"},
		{"old WebSocket", "/ws", upgradeHeader("Sec-Websocket-Version", "8"), 400, "version"},
		{"long label", "/ws?client=" + strings.Repeat("x", 257), upgradeHeader(), 400, "256 bytes"},
		{"label that is not UTF-8", "/ws?client=%ff", upgradeHeader(), 400, "UTF-8"},
		{"foreign origin", "/ws", upgradeHeader("Origin", "http://elsewhere.test"), 403, "origin"},
		{"unknown path", "/", nil, 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, broker.Config{}, func(r *rig) {
				r.expectAnswer(r.get(test.path, test.header), test.status, test.help)
			})
		})
	}
}

// expectRefused checks that an upgrade is refused with the given status, and with one line that
// contains help.
func (r *rig) expectRefused(path string, status int, help string) {
	r.t.Helper()
	r.expectAnswer(r.get(path, upgradeHeader()), status, help)
}

func (r *rig) expectAnswer(response *http.Response, status int, help string) {
	r.t.Helper()
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusSwitchingProtocols {
		r.t.Fatalf("%s: accepted, want %d", response.Request.URL, status)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if response.StatusCode != status || !strings.Contains(string(body), help) {
		r.t.Errorf("%s: got %d %q, want %d and %q", response.Request.URL, response.StatusCode, body, status,
			help)
	}
	if strings.Count(string(body), "\n") > 1 {
		r.t.Errorf("more than one line of help: %q", body)
	}
}

// A client that offers the subprotocol among others, or offers none, is accepted.
func TestUpgradeWithoutSubprotocol(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		for i, offered := range []string{"", "lockbroker.v1", "chat, lockbroker.v1"} {
			header := upgradeHeader("Connection", "keep-alive, Upgrade")
			if offered != "" {
				header["Sec-Websocket-Protocol"] = []string{offered}
			}
			r.next.Store(string(rune('a' + i)))
			response := r.get("/ws", header)
			synctest.Wait() // for the hello: by then the session has its name
			_ = response.Body.Close()
			if response.StatusCode != http.StatusSwitchingProtocols {
				t.Errorf("offered %q: got %s", offered, response.Status)
			}
		}
	})
}

// If a header has several lines, they form one list, and elements of a list may be empty (RFC 9110,
// sections 5.3 and 5.6.1). A proxy may split or join the lines. Headers that may occur only once
// are refused if they occur twice.
func TestUpgradeHeaderLines(t *testing.T) {
	const protocol, key = "Sec-Websocket-Protocol", "dGhlIHNhbXBsZSBub25jZQ=="
	for i, test := range []struct {
		name     string
		lines    []string
		status   int
		selected string
	}{
		{protocol, []string{"chat", "lockbroker.v1"}, 101, "lockbroker.v1"},
		{protocol, []string{"lockbroker.v1", "chat"}, 101, "lockbroker.v1"},
		{protocol, []string{"chat, superchat", "x , lockbroker.v1,"}, 101, "lockbroker.v1"},
		{protocol, []string{"", "lockbroker.v1"}, 101, "lockbroker.v1"},
		{protocol, []string{",,lockbroker.v1"}, 101, "lockbroker.v1"},
		{protocol, []string{"", " ,"}, 101, ""}, // offers none
		{protocol, []string{"chat", "superchat"}, 400, ""},
		{"Connection", []string{"keep-alive", "Upgrade"}, 101, ""},
		{"Connection", []string{"", "keep-alive,, upgrade"}, 101, ""},
		{"Connection", []string{"keep-alive", "close"}, 426, ""},
		{"Upgrade", []string{"h2c", "WebSocket"}, 101, ""},
		{"Upgrade", []string{", websocket"}, 101, ""},
		{"Upgrade", []string{"TLS/1.0, websocket"}, 101, ""},
		{"Upgrade", []string{"TLS/1.0", "websockets"}, 426, ""},
		{"Sec-Websocket-Extensions", []string{"permessage-deflate", "x; y=\"z, zz\""}, 101, ""}, // not used
		{"Sec-Websocket-Version", []string{"13", "8"}, 400, ""},
		{"Sec-Websocket-Version", []string{"13, 8"}, 400, ""},
		{"Sec-Websocket-Key", []string{key, "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, ""},
		{"Sec-Websocket-Key", []string{key, key}, 400, ""},
		{"Origin", []string{"http://broker.test", "http://elsewhere.test"}, 403, ""},
	} {
		inBubble(t, broker.Config{}, func(r *rig) {
			header := upgradeHeader()
			header[test.name] = test.lines
			r.next.Store(string(rune('a' + i)))
			response := r.get("/ws", header)
			synctest.Wait() // for the hello: by then the session has its name
			_ = response.Body.Close()
			if got := response.Header.Get(protocol); response.StatusCode != test.status ||
				got != test.selected {
				t.Errorf("%s %q: got %s and %q, want %d and %q",
					test.name, test.lines, response.Status, got, test.status, test.selected)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		synctest.Wait() // until Run serves
		for _, path := range []string{"/livez", "/readyz"} {
			response := r.get(path, nil)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s: got %s, want 200", path, response.Status)
			}
		}
	})
}

// The http.Server of Broker.Server closes a connection after 10 s if the upgrade request does not
// become complete.
func TestUpgradeThatNeverCompletes(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		conn, err := r.server.Dial(r.t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: broker.test\r\n"); err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(conn)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("the broker waited for %v, want 10s", took)
		}
	})
}
