package broker_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
)

// Behind a proxy, pages of a public URL may use the broker, whether or not the proxy passes the Host
// header. Other pages may not.
func TestPublicURLBehindAProxy(t *testing.T) {
	log := new(testLog)
	address, stop, err := brokertest.Listen(broker.Config{
		PublicURLs: []string{"https://locks.example", "http://locks.example:8080/"},
		Logger:     log.logger(), Drain: broker.None,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	backend, err := url.Parse("http" + strings.TrimPrefix(address, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	for _, passesHost := range []bool{true, false} {
		proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(backend)
			if passesHost {
				r.Out.Host = r.In.Host
			}
		}})
		for origin, want := range map[string]int{
			"":                             http.StatusSwitchingProtocols,
			"https://locks.example":        http.StatusSwitchingProtocols,
			"http://locks.example:8080":    http.StatusSwitchingProtocols,
			"http://locks.example":         http.StatusForbidden,
			"https://locks.example:8443":   http.StatusForbidden,
			"https://x.locks.example":      http.StatusForbidden,
			"https://locks.example.evil.x": http.StatusForbidden,
			"https://evil.example":         http.StatusForbidden,
			"https://locks.example:443":    http.StatusSwitchingProtocols, // the same origin
			"https://locks.example:0443":   http.StatusForbidden,
			"http://locks.example:443":     http.StatusForbidden,
			"https://locks.example.":       http.StatusForbidden,
			"https://locks.example/":       http.StatusForbidden,
			"https://locks.example/a":      http.StatusForbidden,
			"https://a@locks.example":      http.StatusForbidden,
			"https://locks.example@evil.x": http.StatusForbidden,
			"https://l\u043ecks.example":   http.StatusForbidden, // a Cyrillic letter
			"HTTPS://locks.example":        http.StatusForbidden, // no browser sends this
			"https://LOCKS.example":        http.StatusForbidden,
			"wss://locks.example":          http.StatusForbidden,
			"null":                         http.StatusForbidden,
		} {
			if got := upgradeThrough(t, proxy, origin); got != want {
				t.Errorf("origin %q, the proxy passes the host %t: got %d, want %d",
					origin, passesHost, got, want)
			}
		}
		proxy.Close()
	}
	for _, line := range log.lines("refused a page") {
		isPage := !strings.Contains(line, "not an origin") && !strings.Contains(line, `"origin":"null"`)
		if isPage && !strings.Contains(line, `"fix":"--public-url http`) {
			t.Errorf("the log does not name the flag: %s", line)
		}
	}
}

// upgradeThrough sends an upgrade for ws://locks.example to a proxy and returns the status.
func upgradeThrough(t *testing.T, proxy *httptest.Server, origin string) int {
	t.Helper()
	header := http.Header{}
	if origin != "" {
		header["Origin"] = []string{origin}
	}
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", proxy.Listener.Addr().String())
	}}
	conn, response, err := dialer.DialContext(t.Context(), "ws://locks.example/ws", header)
	if response == nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if conn != nil {
		_ = conn.Close()
	}
	return response.StatusCode
}

// A public URL is an origin: it has no path, query or user, and its scheme is that of a page.
func TestBadPublicURLs(t *testing.T) {
	for _, text := range []string{
		"", "locks.example", "//locks.example", "ws://locks.example", "wss://locks.example", "https://",
		"https://locks.example/locks", "https://locks.example//", "https://locks.example?a=b",
		"https://locks.example#a", "https://user@locks.example", "https://*.locks.example",
		"https://locks.example:*", "https://locks.example:0",
		"https://locks.example:65536", "*", "null", "chrome-extension://abcdef", "https://b\u00fccher.example",
	} {
		if err := broker.CheckPublicURL(text); err == nil || !strings.Contains(err.Error(), ": want ") {
			t.Errorf("%q: %v, want an error that says what is allowed", text, err)
		}
		_, err := broker.New(broker.Config{PublicURLs: []string{text}})
		if err == nil || !strings.HasPrefix(err.Error(), "broker: PublicURLs: ") {
			t.Errorf("New with %q: %v", text, err)
		}
	}
	err := broker.CheckPublicURL("https://locks.example:8443/locks")
	if err == nil || !strings.Contains(err.Error(), `without the path, "https://locks.example:8443": `) {
		t.Errorf("the path of a proxy: %v, want an error with the URL to use", err)
	}
	for _, text := range []string{"https://locks.example", "HTTPS://Locks.Example/", "http://[::1]:27002"} {
		if err := broker.CheckPublicURL(text); err != nil {
			t.Error(err)
		}
	}
}
