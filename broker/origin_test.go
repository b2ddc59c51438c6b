package broker_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// Requests go to http://locks.test:27002.
func TestOrigins(t *testing.T) {
	tests := []struct {
		patterns string // separated by spaces
		origin   string // "-": none is sent
		want     bool
	}{
		{"", "-", true},
		{"", "http://locks.test:27002", true},
		{"", "https://LOCKS.test:27002", true}, // a proxy may have taken the TLS off
		{"", "http://locks.test", false},
		{"", "http://locks.test:8080", false},
		{"", "http://other.test:27002", false},
		{"", "null", false},
		{"", "", false},
		{"", "nonsense", false},

		{"https://app.example", "https://app.example", true},
		{"https://app.example", "https://APP.example", true},
		{"HTTPS://App.Example", "https://app.example", true},
		{"https://app.example", "https://app.example:443", true},
		{"https://app.example:443", "https://app.example", true},
		{"http://app.example:80", "http://app.example", true},
		{"https://app.example", "https://app.example:80", false},
		{"https://app.example", "http://app.example", false},
		{"https://app.example", "https://app.example:8443", false},
		{"https://app.example", "https://x.app.example", false},
		{"https://app.example", "https://evil-app.example", false},
		{"https://app.example", "https://app.example.evil.test", false},
		{"https://app.example", "https://app.example@evil.test", false},
		{"https://app.example", "https://evil.test/https://app.example", false},
		{"https://app.example", "http://locks.test:27002", true},
		{"https://a.example https://b.example", "https://b.example", true},
		{"https://a.example https://b.example", "https://c.example", false},

		{"https://*.app.example", "https://x.app.example", true},
		{"https://*.app.example", "https://x.y.app.example", true},
		{"https://*.app.example", "https://app.example", false},
		{"https://*.app.example", "https://evilapp.example", false},
		{"https://*.app.example", "https://x.app.example:8443", false},
		{"https://*.app.example", "https://evil.test/.app.example", false},
		{"https://*.app.example:8443", "https://x.app.example:8443", true},

		{"http://localhost:*", "http://localhost", true},
		{"http://localhost:*", "http://localhost:8080", true},
		{"http://localhost:*", "https://localhost:8080", false},
		{"http://localhost:*", "http://localhost.evil.test:8080", false},
		{"http://localhost:*", "http://localhost:8080.evil.test", false},
		{"http://*.test:*", "http://x.test:1", true},
		{"http://[::1]:8080", "http://[::1]:8080", true},
		{"http://[::1]:*", "http://[::1]:8080", true},
		{"http://[::1]", "http://[::2]", false},

		{"chrome-extension://abcdef", "chrome-extension://abcdef", true},
		{"null", "null", true},
		{"https://app.example", "null", false},
		{"*", "https://app.example", true},
		{"*", "null", true},
		{"*", "-", true},
		{"https://app.example *", "https://other.example", true},
	}
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "http://locks.test:27002/ws", http.NoBody)
		if test.origin != "-" {
			r.Header["Origin"] = []string{test.origin}
		}
		got, err := broker.OriginsAllow(strings.Fields(test.patterns), r)
		if err != nil || got != test.want {
			t.Errorf("%q allow %q: %t, %v; want %t", test.patterns, test.origin, got, err, test.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://locks.test:27002/ws", http.NoBody)
	r.Header["Origin"] = []string{"https://app.example", "https://app.example"}
	if got, err := broker.OriginsAllow([]string{"https://app.example"}, r); got || err != nil {
		t.Errorf("two origins: %t, %v; want false", got, err)
	}
}

// A page in the world can let its name lead to this machine. Where only this machine
// reaches the broker, such a name does not make the page the broker's own.
func TestRebinding(t *testing.T) {
	for _, test := range []struct {
		listens, host string
		want          bool
	}{
		{"127.0.0.1", "evil.test:27002", false},
		{"127.0.0.1", "localhost.evil.test:27002", false},
		{"::1", "evil.test:27002", false},
		{"127.0.0.1", "127.0.0.1:27002", true},
		{"::1", "[::1]:27002", true},
		{"127.0.0.1", "localhost:27002", true},
		{"127.0.0.1", "app.LocalHost:27002", true},
		{"192.0.2.1", "locks.test:27002", true},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://"+test.host+"/ws", http.NoBody)
		r.Header["Origin"] = []string{"http://" + test.host}
		address := &net.TCPAddr{IP: net.ParseIP(test.listens), Port: 27002}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address))
		if got, err := broker.OriginsAllow(nil, r); got != test.want || err != nil {
			t.Errorf("%s at %s: %t, %v; want %t", test.host, test.listens, got, err, test.want)
		}
		if got, err := broker.OriginsAllow([]string{"http://*.test:*", "http://evil.test:*"}, r); err != nil || strings.HasSuffix(test.host, "evil.test:27002") && !got {
			t.Errorf("%s at %s, allowed: %t, %v", test.host, test.listens, got, err)
		}
	}
}

func TestBadOrigins(t *testing.T) {
	for _, pattern := range []string{
		"", "app.example", "https://", "://app.example", "https://app.example/", "https://app.example/path", "https://user@app.example",
		"https://*", "https://*.", "https://a.*.example", "https://*app.example", "https://app.example:", "https://app.example:0",
		"https://app.example:65536", "https://app.example:x", "https://app.example:8443:*", "https://b\u00fccher.example", "null:*", "https://[::1", "**",
	} {
		if err := broker.CheckOrigin(pattern); err == nil || !strings.Contains(err.Error(), "want one like") {
			t.Errorf("%q: %v, want an error that helps", pattern, err)
		}
		if _, err := broker.New(broker.Config{AllowOrigins: []string{pattern}}); err == nil || !strings.HasPrefix(err.Error(), "broker: AllowOrigins: ") {
			t.Errorf("New with %q: %v", pattern, err)
		}
	}
}

// A page that is refused costs one line of the log, which says what allows it.
func TestRefusedOrigin(t *testing.T) {
	log := &testLog{}
	inBubble(t, broker.Config{Logger: log.logger(), AllowOrigins: []string{"https://app.example"}}, func(r *rig) {
		r.next.Store("a")
		for origin, want := range map[string]int{"https://app.example": 101, "http://broker.test": 101, "https://evil.test": 403} {
			response := r.get("/ws", upgradeHeader("Origin", origin))
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("%s: %d %q, want %d", origin, response.StatusCode, body, want)
			}
		}
	})
	if lines := log.lines("refused"); len(lines) != 1 || len(log.lines(`"level":"warn"`, `"origin":["https://evil.test"]`, "--allow-origin")) != 1 {
		t.Errorf("the log says %q, want one line with the origin and the flag", lines)
	}
}
