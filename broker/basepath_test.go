package broker_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/lockbroker/lockbroker/broker"
)

// With a base path, everything is below it, and nothing is redirected.
func TestBasePath(t *testing.T) {
	config := broker.Config{
		BasePath: "/a/locks", ClientFiles: fstest.MapFS{"client.js": {Data: []byte("client")}},
	}
	const elsewhere = "serves only what is below /a/locks/, such as /a/locks/ws"
	for _, test := range []struct {
		path   string
		status int
		help   string
	}{
		{"/a/locks/ws", http.StatusUpgradeRequired, "connect with WebSocket"},
		{"/a/locks/client.js", http.StatusOK, "client"},
		{"/a/locks/livez", http.StatusOK, "ok"},
		{"/a/locks/readyz", http.StatusOK, "ok"},
		{"/a/locks/other", http.StatusNotFound, "404 page not found"},
		{"/a/locks/", http.StatusNotFound, elsewhere},
		{"/ws", http.StatusNotFound, elsewhere},
		{"/livez", http.StatusNotFound, elsewhere},
		{"/client.js", http.StatusNotFound, elsewhere},
		{"/", http.StatusNotFound, elsewhere},
		{"/a/locks", http.StatusNotFound, elsewhere},
		{"/a/locksmith/ws", http.StatusNotFound, elsewhere},
		{"/a/locks//ws", http.StatusNotFound, elsewhere},
		{"//a/locks/ws", http.StatusNotFound, elsewhere},
		{"/a/locks/../locks/ws", http.StatusNotFound, elsewhere},
		{"/a/locks/%2e%2e/ws", http.StatusNotFound, elsewhere},
		{"/a/lock%73/ws", http.StatusNotFound, "404 page not found"},
		{"/a%2Flocks/ws", http.StatusNotFound, "404 page not found"},
		{"/A/locks/ws", http.StatusNotFound, elsewhere},
	} {
		inBubble(t, config, func(r *rig) {
			synctest.Wait() // until the loop serves, for /readyz
			r.expectAnswer(r.get(test.path, nil), test.status, test.help)
		})
	}
}

// A base path is written as proxies compare it.
func TestBadBasePaths(t *testing.T) {
	for _, text := range []string{
		"/", "locks", "/locks/", "//", "/a//b", "/.", "/..", "/a/../b", "/a/./b", "/a%20b", "/a b", "/{x}",
		"/a?b", "/a#b", "/\u00e4", "https://h/locks", " /locks", "/locks ", "/a;b", "/a\\b",
	} {
		err := broker.CheckBasePath(text)
		if err == nil || !strings.Contains(err.Error(), `want one such as "/locks"`) {
			t.Errorf("%q: %v, want an error that says what is allowed", text, err)
		}
		_, err = broker.New(broker.Config{BasePath: text})
		if err == nil || !strings.HasPrefix(err.Error(), "broker: BasePath: ") {
			t.Errorf("New with %q: %v", text, err)
		}
	}
	for _, text := range []string{"", "/locks", "/a/b-c_d.e~f/1", "/...", "/.well-known"} {
		if err := broker.CheckBasePath(text); err != nil {
			t.Error(err)
		}
	}
}
