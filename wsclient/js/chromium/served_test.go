package chromium_test

import (
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestForeignPage checks that a page of another origin reaches only a broker that allows its origin.
func TestForeignPage(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	page := jstest.Start(t).Open(t, pages+"/page.html")
	brokers := map[string]string{
		"open":  serveBroker(t, broker.Config{}, "https://app.example", pages),
		"error": serveBroker(t, broker.Config{}, "https://app.example"),
	}
	for want, url := range brokers {
		got := jstest.Evaluate[string](ctx, page, `new Promise((resolve) => {
			const socket = new WebSocket('`+url+`/ws', 'lockbroker.v1');
			socket.onopen = socket.onerror = (event) => { resolve(event.type); socket.close(); };
		})`)
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestServedByBroker checks that a page needs only the address of the broker, and loads one file from it. If its
// origin is not allowed, the browser does not let it import the client.
func TestServedByBroker(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	page := jstest.Start(t).Open(t, pages+"/page.html")
	load := func(url string) string {
		at := "http" + strings.TrimPrefix(url, "ws")
		return jstest.Evaluate[string](ctx, page, `(async () => {
			const { connect } = await import('`+at+`/client.js');
			const locks = await connect('`+url+`');
			const result = await locks.request('a lock', (lock) => 'held ' + lock.name);
			locks.close();
			const entries = performance.getEntriesByType('resource');
			const files = entries.filter(({ name }) => name.startsWith('`+at+`'));
			return result + ' after ' + files.length + ' file';
		})().catch((error) => error.name)`)
	}
	if got := load(serveBroker(t, broker.Config{}, pages)); got != "held a lock after 1 file" {
		t.Errorf("from a broker that allows the origin: %q", got)
	}
	if got := load(serveBroker(t, broker.Config{})); got != "TypeError" {
		t.Errorf("from a broker that does not allow it: %q, want TypeError", got)
	}
}
