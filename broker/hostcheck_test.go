package broker_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
)

// The page is served at a host exactly if some page of that host could connect: the check of the host, and
// that of the origin, agree.
func TestPagesAreServedWhereTheyCanConnect(t *testing.T) {
	configs := []broker.Config{
		{},
		{AllowedHosts: []string{"locks.example", "*.test"}},
		{PublicURLs: []string{"https://locks.example", "http://a.test:8080"}},
		{PublicURLs: []string{"https://[2001:db8::1]:8443", "https://192.0.2.1"}},
		{AllowOrigins: []string{"https://locks.example", "http://*.test:*", "https://*.example:8443"}},
		{AllowOrigins: []string{"null", "chrome-extension://locks"}},
		{AllowOrigins: []string{"*"}},
	}
	hosts := []string{
		"localhost", "a.localhost", "127.0.0.1", "192.0.2.1", "[::1]", "[2001:db8::1]", "locks.example",
		"www.locks.example", "example", "a.test", "b.a.test", "test", "locks", "null", "evil.example",
	}
	ports := []string{"", ":80", ":443", ":8080", ":8443", ":27002"}
	served, refused := 0, 0
	for _, config := range configs {
		config.Dashboard = aPage
		b, err := broker.New(config)
		if err != nil {
			t.Fatal(err)
		}
		h := b.Handler()
		for _, name := range hosts {
			for _, port := range ports {
				got := statusAt(h, name+port, "/", nil) == http.StatusOK
				if want := canConnect(h, name, port); got != want {
					t.Errorf("%+v: the page at %s%s is served: %v; it can connect: %v",
						config, name, port, got, want)
				}
				if got {
					served++
				} else {
					refused++
				}
			}
		}
	}
	if served < 100 || refused < 100 {
		t.Errorf("%d served, %d refused", served, refused)
	}
}

// canConnect reports whether the broker accepts the origin of some page that a browser finds at a host. If a
// proxy has left out the port, the page may have any of these.
func canConnect(h http.Handler, name, port string) bool {
	host, ports := name+port, []string{port}
	if port == "" {
		ports = []string{"", ":80", ":443", ":8080", ":8443"}
	}
	for _, scheme := range []string{"http", "https"} {
		for _, port := range ports {
			if scheme == "http" && port == ":80" || scheme == "https" && port == ":443" {
				port = "" // as browsers write it
			}
			header := http.Header{"Origin": {scheme + "://" + name + port}}
			if statusAt(h, host, "/ws", header) != http.StatusForbidden {
				return true
			}
		}
	}
	return false
}

// statusAt returns the status of a request at a host. One for /ws asks for an upgrade.
func statusAt(h http.Handler, host, path string, header http.Header) int {
	request := httptest.NewRequest(http.MethodGet, "http://broker.test"+path, http.NoBody)
	request.Host = host
	if path == "/ws" {
		request.Header = upgradeHeader("Sec-Websocket-Version", "8") // refused after the check of the origin
	}
	maps.Copy(request.Header, header)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	return response.Code
}
