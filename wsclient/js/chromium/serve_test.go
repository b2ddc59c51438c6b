package chromium_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

// files is the folder of the client and its tests.
const files = ".."

// servePages serves the files and an empty page. Pages from the loopback interface are secure contexts, and only
// those have navigator.locks.
func servePages(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(files)))
	mux.HandleFunc("/page.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>a page</title><body>")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// serveBroker starts a broker that allows these origins, and returns its URL.
func serveBroker(t *testing.T, config broker.Config, origins ...string) string {
	t.Helper()
	config.AllowOrigins, config.ClientFiles = origins, js.Served()
	url, stop, err := brokertest.Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}
