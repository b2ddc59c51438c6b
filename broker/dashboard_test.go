package broker_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/dashboard"
)

// New fails if there is no page, or a file cannot be read or served: a broken page is worse than none.
func TestBadDashboards(t *testing.T) {
	for want, config := range map[string]broker.Config{
		"broker: dashboard files: want an index.html": {Dashboard: fstest.MapFS{"main.js": {}}},
		"permission":   {Dashboard: unreadable{fstest.MapFS{"index.html": {}}}},
		`"{name}.css"`: {Dashboard: fstest.MapFS{"index.html": {}, "{name}.css": {}}},
	} {
		if _, err := broker.New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

// The page of this module is one that a broker can serve. Its files are not those of the client.
func TestDashboardOfThisModule(t *testing.T) {
	b, err := broker.New(broker.Config{Dashboard: dashboard.Files(), ClientFiles: aClient})
	if err != nil {
		t.Fatal(err)
	}
	h := b.Handler()
	for _, path := range []string{"/", "/dashboard/dom.js", "/client.js"} {
		if status := statusAt(h, "localhost", path, nil); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// Files of the client are shared as before, and have no policy of the page.
func TestClientFilesBesideADashboard(t *testing.T) {
	b, err := broker.New(broker.Config{
		Dashboard: aPage, ClientFiles: aClient, AllowOrigins: []string{"https://app.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fetch(b.Handler(), http.MethodGet, "/client.js", http.Header{"Origin": {"https://app.example"}})
	if got.Code != http.StatusOK || got.Header().Get("Access-Control-Allow-Origin") != "https://app.example" ||
		!slices.Equal(got.Header().Values("Vary"), []string{"Origin", "Accept-Encoding"}) {
		t.Errorf("%d %q", got.Code, got.Header())
	}
	for name := range protecting {
		if value := got.Header().Get(name); value != "" {
			t.Errorf("%s: %s", name, value)
		}
	}
}
