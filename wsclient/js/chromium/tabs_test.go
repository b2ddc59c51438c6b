package chromium_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// connectPage connects a client in the page, as the global locks.
func connectPage(ctx context.Context, p *jstest.Tab, url string) {
	jstest.Evaluate[bool](ctx, p, `(async () => {
		const { connect } = await import('/client.js');
		globalThis.locks = await connect('`+url+`');
		return true;
	})()`)
}

// TestTwoTabs lets pages in two tabs read a number, add 1 and write it back. Without the lock they would lose
// some additions.
func TestTwoTabs(t *testing.T) {
	const each = 50
	ctx := testContext(t)
	pages := servePages(t)
	url := serveBroker(t, broker.Config{}, pages)
	number := serveNumber(t, pages)
	b := jstest.Start(t)
	var tabs sync.WaitGroup
	for range 2 {
		p := b.Open(t, pages+"/page.html")
		connectPage(ctx, p, url)
		tabs.Go(func() {
			_, err := jstest.Run[bool](ctx, p, fmt.Sprintf(`(async () => {
				for (let i = 0; i < %d; i++) await locks.request('number', async () => {
					const value = Number(await (await fetch('%[2]s')).text());
					await fetch('%[2]s', { method: 'POST', body: String(value + 1) });
				});
				return true;
			})()`, each, number.url))
			if err != nil {
				t.Error(err)
			}
		})
	}
	tabs.Wait()
	if got := number.value.Load(); got != 2*each {
		t.Errorf("the number is %d, want %d", got, 2*each)
	}
}

// A number can be read and written over HTTP.
type number struct {
	url   string
	value atomic.Int64
}

// serveNumber serves a number that starts at 0, to pages of that origin.
func serveNumber(t *testing.T, origin string) *number {
	n := &number{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Cache-Control", "no-store")
		var value int64
		if r.Method == http.MethodPost {
			if _, err := fmt.Fscan(r.Body, &value); err != nil {
				t.Error(err)
			}
			n.value.Store(value)
		}
		_, _ = fmt.Fprint(w, n.value.Load())
	}))
	t.Cleanup(server.Close)
	n.url = server.URL
	return n
}

// The broker releases the locks of a session at once if it is told of its end, and otherwise after the session
// timeout. The tests tell these apart without a clock: deadWait is much longer than deadTimeout, and much shorter
// than lateTimeout.
const (
	deadTimeout = 5 * time.Second // enough for a living tab to be heard, on a busy machine
	deadWait    = 30 * time.Second
	lateTimeout = time.Hour
)

// TestDeadTabs ends the tab that holds a lock in several ways. The next client must get the lock: at once, or after
// the session timeout if the broker is not told of the end.
func TestDeadTabs(t *testing.T) {
	t.Parallel() // it mostly waits
	tests := []struct {
		name    string
		timeout time.Duration
		die     func(t *testing.T, holder *jstest.Tab, network *brokertest.Link)
	}{
		{"closed", lateTimeout, func(_ *testing.T, holder *jstest.Tab, _ *brokertest.Link) { holder.Close() }},
		// The browser puts such a page into its back/forward cache. The client releases its
		// locks at pagehide.
		{"navigated away", lateTimeout, leave},
		// The browser freezes tabs in the background to save power.
		{"frozen", lateTimeout, freeze},
		{"crashed", lateTimeout, func(t *testing.T, holder *jstest.Tab, _ *brokertest.Link) {
			killRenderers(t, holder)
		}},
		{"without a network", deadTimeout, func(_ *testing.T, _ *jstest.Tab, network *brokertest.Link) {
			network.Freeze()
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := testContext(t)
			pages := servePages(t)
			direct := serveBroker(t, broker.Config{Timeout: test.timeout}, pages)
			network, url := brokertest.NewLink(new(net.Dialer).DialContext), direct
			if test.timeout == deadTimeout { // otherwise the relay would end the connection
				url = relay(t, network, direct)
			}
			holder := jstest.Start(t).Open(t, pages+"/page.html")
			connectPage(ctx, holder, url)
			jstest.Evaluate[bool](ctx, holder, `(async () => {
				globalThis.precious = await locks.acquire('precious');
				return true;
			})()`)
			client := dialBroker(ctx, t, direct)
			if _, err := client.TryAcquire(ctx, "precious", nil); !errors.Is(err, wsclient.ErrUnavailable) {
				t.Fatalf("got %v while the tab holds the lock, want ErrUnavailable", err)
			}

			test.die(t, holder, network)
			lock, err := client.Acquire(ctx, "precious", waitFor(deadWait))
			if err != nil {
				t.Fatal(err)
			}
			aborted := func() bool { return jstest.Evaluate[bool](ctx, holder, "precious.signal.aborted") }
			if test.timeout == deadTimeout && !aborted() {
				t.Error("another client has the lock, and the page still counts it as held")
			}
			_ = lock.Release()
		})
	}
}

// leave navigates a tab to another page.
func leave(t *testing.T, tab *jstest.Tab, _ *brokertest.Link) {
	if err := chromedp.Do(tab.Context, chromedp.Navigate("about:blank")); err != nil {
		t.Error(err)
	}
}

// freeze makes the browser freeze a tab.
func freeze(t *testing.T, tab *jstest.Tab, _ *brokertest.Link) {
	frozen := page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateStateFrozen}
	if _, err := chromedp.Call(tab.Context, page.SetWebLifecycleState, frozen); err != nil {
		t.Error(err)
	}
}

// killRenderers kills the processes of all pages of the tab's browser, as the system does when it runs out of
// memory.
func killRenderers(t *testing.T, p *jstest.Tab) {
	t.Helper()
	all, err := chromedp.CallBrowser(p.Context, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, info := range all.ProcessInfo {
		if info.Type == "renderer" {
			process, err := os.FindProcess(int(info.ID))
			if err != nil {
				t.Fatal(err)
			}
			_ = process.Kill()
			killed++
		}
	}
	if killed == 0 {
		t.Fatalf("no renderer among %d processes", len(all.ProcessInfo))
	}
}

// relay passes WebSocket connections on to target through the network. It returns the URL of the relay.
func relay(t *testing.T, network *brokertest.Link, target string) string {
	t.Helper()
	to, err := url.Parse("http" + strings.TrimPrefix(target, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: network.Dial}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: transport,
	})
	t.Cleanup(func() {
		network.Thaw()
		network.Cut()
		transport.CloseIdleConnections()
		server.Close()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http")
}
