package chromium_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestMixedContent checks the error of connect in an https page, which may not use a WebSocket without TLS.
func TestMixedContent(t *testing.T) {
	ctx := testContext(t)
	secure := httptest.NewTLSServer(http.FileServer(http.Dir(files)))
	t.Cleanup(secure.Close)
	page := jstest.Start(t, chromedp.Flag("ignore-certificate-errors", true)).Open(t, secure.URL+"/README.md")
	got := jstest.Evaluate[string](ctx, page, `(async () => {
		const { connect } = await import('/client.js');
		return connect('ws://locks.example').catch(({ name, message }) => name + ': ' + message);
	})()`)
	if !strings.HasPrefix(got, "ConnectionError: cannot connect to ws://locks.example/ws: an https page must use wss: ") {
		t.Errorf("got %q", got)
	}
}

// TestTooManyWebSockets checks that the error names the limit of 255 WebSockets. Chromium does not tell a page that
// it has reached the limit.
func TestTooManyWebSockets(t *testing.T) {
	ctx := testContext(t)
	pages := servePages(t)
	url := serveBroker(t, broker.Config{}, pages)
	page := jstest.Start(t).Open(t, pages+"/page.html")
	got := jstest.Evaluate[string](ctx, page, `(async () => {
		const { connect } = await import('/client.js');
		const sockets = [];
		const open = () => new Promise((resolve) => {
			const socket = new WebSocket('`+url+`/ws', 'lockbroker.v1');
			sockets.push(socket);
			socket.onopen = socket.onerror = ({ type }) => resolve(type);
		});
		while ((await open()) === 'open');
		const said = await connect('`+url+`').catch(({ name, message }) => name + ': ' + message);
		for (const socket of sockets) socket.close();
		return sockets.length + ' ' + said;
	})()`)
	if !strings.HasPrefix(got, "256 ConnectionError: ") || !strings.Contains(got, "255 WebSockets") {
		t.Errorf("got %q", got)
	}
}
