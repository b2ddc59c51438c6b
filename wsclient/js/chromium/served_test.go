package chromium_test

import (
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestForeignPage: pages of another origin reach a broker that allows it, and no other.
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

// TestServedByBroker: a page needs nothing but the address of the broker, and one file. Where its
// origin is not allowed its browser does not show it the client.
func TestServedByBroker(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	page := jstest.Start(t).Open(t, pages+"/page.html")
	take := func(url string) string {
		at := "http" + strings.TrimPrefix(url, "ws")
		return jstest.Evaluate[string](ctx, page, `(async () => {
			const { connect } = await import('`+at+`/client.js');
			const locks = await connect('`+url+`');
			const result = await locks.request('a lock', (lock) => 'held ' + lock.name);
			locks.close();
			const files = performance.getEntriesByType('resource').filter(({ name }) => name.startsWith('`+at+`'));
			return result + ' after ' + files.length + ' file';
		})().catch((error) => error.name)`)
	}
	if got := take(serveBroker(t, broker.Config{}, pages)); got != "held a lock after 1 file" {
		t.Errorf("from a broker that allows it: %q", got)
	}
	if got := take(serveBroker(t, broker.Config{})); got != "TypeError" {
		t.Errorf("from a broker that does not: %q, want TypeError", got)
	}
}
