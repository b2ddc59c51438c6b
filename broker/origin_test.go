package broker_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// originTests are requests by pages to http://locks.test:27002, where locks.test is a known name of
// the broker.
var originTests = []struct {
	patterns string // separated by spaces
	origin   string // "-": no Origin header
	want     bool
}{
	{"", "-", true},
	{"", "http://locks.test:27002", true},
	{"", "https://locks.test:27002", true}, // a proxy may have removed TLS
	{"", "http://locks.test", false},
	{"", "http://locks.test:8080", false},
	{"", "http://other.test:27002", false},
	{"", "null", false},
	{"", "", false},
	{"", "nonsense", false},

	{"https://app.example", "https://app.example", true},
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
	{"*", "chrome-extension://abcdef", true},
	{"https://app.example *", "https://other.example", true},
}

func TestOrigins(t *testing.T) {
	for _, test := range originTests {
		r := httptest.NewRequest(http.MethodGet, "http://locks.test:27002/ws", http.NoBody)
		if test.origin != "-" {
			r.Header["Origin"] = []string{test.origin}
		}
		got, err := broker.OriginsAllow(strings.Fields(test.patterns), []string{"locks.test"}, r)
		if err != nil || got != test.want {
			t.Errorf("%q allow %q: %t, %v; want %t", test.patterns, test.origin, got, err, test.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://locks.test:27002/ws", http.NoBody)
	r.Header["Origin"] = []string{"https://app.example", "https://app.example"}
	if got, err := broker.OriginsAllow([]string{"https://app.example"}, nil, r); got || err != nil {
		t.Errorf("two origins: %t, %v; want false", got, err)
	}
}

// Text that no browser sends is not an origin, whatever AllowOrigins says.
func TestNotOrigins(t *testing.T) {
	for _, sent := range []string{
		"", "*", "nonsense", "locks.test", "http://", "http:locks.test", "//locks.test",
		"http://user@locks.test",
		"http://locks.test/", "http://locks.test/path", "http://locks.test?query", "http://locks.test#fragment",
		"http://LOCKS.test", "HTTP://locks.test", "http://locks%2etest", "http://locks.test:",
		"http://locks.test:0",
		"http://locks.test:080", "http://locks.test:65536", "http://locks.test:+80", "http://locks .test",
		" http://locks.test", "http://locks.test,http://app.example", "http://[::1", "http://::1",
		"ftp://locks.test", "file://", "javascript://locks.test", "ws://locks.test", "-extension://x/y",
		"chrome-extension://", "http-extension.x://a",
		"Null", "http://" + strings.Repeat("a", 1024),
	} {
		r := httptest.NewRequest(http.MethodGet, "http://locks.test/ws", http.NoBody)
		r.Header["Origin"] = []string{sent}
		if got, err := broker.OriginsAllow([]string{"*", "http://locks.test"}, []string{"locks.test"},
			r); got || err != nil {
			t.Errorf("%q: %t, %v; want false", sent, got, err)
		}
	}
	two := httptest.NewRequest(http.MethodGet, "http://locks.test/ws", http.NoBody)
	two.Header["Origin"] = []string{"http://locks.test", "http://locks.test"}
	if got, _ := broker.OriginsAllow([]string{"*"}, []string{"locks.test"}, two); got {
		t.Error("two origins are accepted")
	}
}

// A page is the broker's own if it sends a request to its own host and port. The default port may
// be omitted.
func TestOwnOrigin(t *testing.T) {
	for _, test := range []struct {
		url, origin string
		want        bool
	}{
		{"http://locks.test/ws", "http://locks.test", true},
		{"http://locks.test:80/ws", "http://locks.test", true},
		{"http://locks.test/ws", "http://locks.test:80", true},
		{"http://LOCKS.test/ws", "http://locks.test", true},
		{"http://locks.test/ws", "https://locks.test", true}, // a proxy has removed TLS
		{"http://locks.test:443/ws", "https://locks.test", true},
		{"http://locks.test:443/ws", "http://locks.test", false},
		{"http://locks.test:27002/ws", "http://locks.test", false},
		{"https://locks.test/ws", "https://locks.test", true},
		{"https://locks.test/ws", "http://locks.test", false}, // the page comes from port 80
		{"http://[::1]/ws", "http://[::1]", true},
		{"http://[::1]:27002/ws", "http://[::1]:27002", true},
		{"http://[::1]:27002/ws", "http://[::2]:27002", false},
	} {
		r := httptest.NewRequest(http.MethodGet, test.url, http.NoBody)
		r.Header["Origin"] = []string{test.origin}
		if got, err := broker.OriginsAllow(nil, []string{"locks.test"}, r); got != test.want || err != nil {
			t.Errorf("%s asks %s: %t, %v; want %t", test.origin, test.url, got, err, test.want)
		}
	}
}

// The owner of a page can point the page's host name at the broker for a moment, so that the page
// seems to be the broker's own. So a page is the broker's own only under AllowedHosts and under
// names with which this is impossible. Programs other than browsers may use any name.
func TestRebinding(t *testing.T) {
	for _, test := range []struct {
		host, allowed string
		want          bool
	}{
		{"evil.test:27002", "", false},
		{"evil.test", "", false},
		{"localhost.evil.test:27002", "", false},
		{"notlocalhost:27002", "", false},
		{"localhost.:27002", "", false},
		{"127.0.0.1.evil.test:27002", "", false},
		{"127.0.0.1:27002", "", true},
		{"192.0.2.1:27002", "", true},
		{"[::1]:27002", "", true},
		{"localhost:27002", "", true},
		{"app.LocalHost:27002", "", true},
		{"locks.test:27002", "locks.test", true},
		{"locks.test:27002", "LOCKS.test", true},
		{"locks.test:27002", "other.test locks.test", true},
		{"x.locks.test:27002", "locks.test", false},
		{"x.locks.test:27002", "*.locks.test", true},
		{"x.y.locks.test:27002", "*.locks.test", true},
		{"locks.test:27002", "*.locks.test", false},
		{"evillocks.test:27002", "*.locks.test", false},
	} {
		hosts := strings.Fields(test.allowed)
		r := httptest.NewRequest(http.MethodGet, "http://"+test.host+"/ws", http.NoBody)
		if got, err := broker.OriginsAllow(nil, hosts, r); !got || err != nil {
			t.Errorf("%s without an origin: %t, %v; want true", test.host, got, err)
		}
		r.Header["Origin"] = []string{"http://" + strings.ToLower(test.host)}
		if got, err := broker.OriginsAllow(nil, hosts, r); got != test.want || err != nil {
			t.Errorf("%s, with %q allowed: %t, %v; want %t", test.host, test.allowed, got, err, test.want)
		}
		any := []string{"http://evil.test", "http://*.test:*", "http://evil.test:*"}
		if got, err := broker.OriginsAllow(any, nil, r); err != nil ||
			strings.Contains(test.host, "evil.test") && !got {
			t.Errorf("%s, with its origin allowed: %t, %v", test.host, got, err)
		}
	}
}

func TestBadHosts(t *testing.T) {
	for _, name := range []string{
		"", "*", "*.", "http://locks.test", "locks.test:80", "locks.test/", "a.*.test", ".test", "*..test",
		"[::1]",
		"b\u00fccher.example",
	} {
		if err := broker.CheckHost(name); err == nil || !strings.Contains(err.Error(), "want a name like") {
			t.Errorf("%q: %v, want an error that says what is allowed", name, err)
		}
		_, err := broker.New(broker.Config{AllowedHosts: []string{name}})
		if err == nil || !strings.HasPrefix(err.Error(), "broker: AllowedHosts: ") {
			t.Errorf("New with %q: %v", name, err)
		}
	}
}

func TestBadOrigins(t *testing.T) {
	for _, pattern := range []string{
		"", "app.example", "https://", "://app.example", "https://app.example/", "https://app.example/path",
		"https://user@app.example",
		"https://*", "https://*.", "https://a.*.example", "https://*app.example", "https://app.example:",
		"https://app.example:0",
		"https://app.example:65536", "https://app.example:x", "https://app.example:8443:*",
		"https://b\u00fccher.example", "null:*", "https://[::1", "**", "ftp://app.example", "file://",
	} {
		if err := broker.CheckOrigin(pattern); err == nil || !strings.Contains(err.Error(), "want one like") {
			t.Errorf("%q: %v, want an error that says what is allowed", pattern, err)
		}
		if _, err := broker.New(broker.Config{AllowOrigins: []string{pattern}}); err == nil ||
			!strings.HasPrefix(err.Error(), "broker: AllowOrigins: ") {
			t.Errorf("New with %q: %v", pattern, err)
		}
	}
}

// A refused page causes one log line, which says how to allow it.
// Other origins count for the next connection. Origins that are not valid change nothing.
func TestSetOrigins(t *testing.T) {
	inBubble(t, broker.Config{AllowOrigins: []string{"https://old.example"}}, func(r *rig) {
		sessions := 0
		status := func(origin string) int {
			r.next.Store(string(rune('a' + sessions)))
			sessions++
			response := r.get("/ws", upgradeHeader("Origin", origin, "Host", "broker.test"))
			_ = response.Body.Close()
			return response.StatusCode
		}
		err := r.broker.SetOrigins([]string{"nonsense"}, nil, nil)
		if old := status("https://old.example"); err == nil || old != 101 {
			t.Errorf("a bad origin: %v, and the old one gets %d", err, old)
		}
		if err := r.broker.SetOrigins([]string{"https://new.example"}, nil, nil); err != nil {
			t.Error(err)
		}
		if old, now := status("https://old.example"), status("https://new.example"); old != 403 || now != 101 {
			t.Errorf("the old origin gets %d, the new one %d", old, now)
		}
	})
}

func TestRefusedOrigin(t *testing.T) {
	log := &testLog{}
	config := broker.Config{Logger: log.logger(), AllowOrigins: []string{"https://app.example"}}
	tests := []struct {
		host, origin string
		status       int
		flag         string // in the log
	}{
		{"broker.test", "https://app.example", 101, ""},
		{"localhost", "http://localhost", 101, ""},
		{"broker.test", "https://evil.test", 403, "--allow-origin"},
		{"broker.test", "http://broker.test", 403, "--allowed-host"},
		{"broker.test", "http://broker.test/", 403, "not an origin"},
	}
	inBubble(t, config, func(r *rig) {
		for i, test := range tests {
			r.next.Store(string(rune('a' + i)))
			response := r.get("/ws", upgradeHeader("Origin", test.origin, "Host", test.host))
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if response.StatusCode != test.status {
				t.Errorf("%s: %d %q, want %d", test.origin, response.StatusCode, body, test.status)
			}
			if got := log.lines(test.flag, `"level":"warn"`,
				`"origin":"`+test.origin+`"`); test.flag != "" && len(got) != 1 {
				t.Errorf("%s: the log says %q, want one line with %q", test.origin, got, test.flag)
			}
		}
	})
	if lines := log.lines("refused"); len(lines) != 3 {
		t.Errorf("the log says %q, want three lines", lines)
	}
}
