package chromium_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// serviceWorker is a script that imports the client from a broker, and holds a lock for each message. A service
// worker must import everything at its start, and allows no await outside of functions.
const serviceWorker = `
	import { connect } from "http%[1]s/client.js";
	addEventListener("message", ({ ports: [port] }) => {
		const hold = async () => {
			const locks = await connect("ws%[1]s");
			const result = await locks.request("a lock", (lock) => "held " + lock.name);
			await locks.close();
			return result;
		};
		hold().catch(String).then((result) => port.postMessage(result));
	});`

// TestServiceWorker checks that a service worker can import the client from the broker, as a page can.
func TestServiceWorker(t *testing.T) {
	ctx := testContext(t)
	var broken, script string
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>a page</title><body>")
	})
	for path, text := range map[string]*string{"/worker.js": &script, "/broken.js": &broken} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, *text)
		})
	}
	pages := httptest.NewServer(mux)
	t.Cleanup(pages.Close)
	script = fmt.Sprintf(serviceWorker, strings.TrimPrefix(serveBroker(t, broker.Config{}, pages.URL), "ws"))
	broken = "await undefined;" + script

	page := jstest.Start(t).Open(t, pages.URL)
	hold := func(path string) string {
		return jstest.Evaluate[string](ctx, page, `(async () => {
			const options = { type: 'module', scope: '`+path+`' };
			const { installing } = await navigator.serviceWorker.register('`+path+`', options);
			return new Promise((resolve) => {
				const { port1, port2 } = new MessageChannel();
				port1.onmessage = ({ data }) => resolve(data);
				installing.postMessage(undefined, [port2]);
			});
		})().catch((error) => error.name)`)
	}
	if got := hold("/worker.js"); got != "held a lock" {
		t.Errorf("the worker says %q, want \"held a lock\"", got)
	}
	if got := hold("/broken.js"); got != "TypeError" {
		t.Errorf("with an await at the top the worker says %q, want TypeError", got)
	}
}
