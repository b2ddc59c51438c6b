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

// connectPage makes a client in the page: locks.
func connectPage(ctx context.Context, p *jstest.Tab, url string) {
	jstest.Evaluate[bool](ctx, p, `(async () => {
		const { connect } = await import('/client.js');
		globalThis.locks = await connect('`+url+`');
		return true;
	})()`)
}

// TestTwoTabs: pages in two tabs add 1 to a number that they read and write back.
// Without the lock they would lose some.
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

// A number is read and written over HTTP.
type number struct {
	url   string
	value atomic.Int64
}

// serveNumber starts with 0. Pages of that origin may use it.
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

// A broker that is told of an end frees the locks at once, and else after its timeout. Which of the two it was shows
// without looking at a clock: the next waits for much longer than deadTimeout, and not nearly as long as lateTimeout.
const (
	deadTimeout = 5 * time.Second // enough for a living tab to be heard in, on a busy machine
	deadWait    = 30 * time.Second
	lateTimeout = time.Hour
)

// TestDeadTabs: whatever happens to the tab that holds a lock, the next gets it: at once, or, where nothing tells the
// broker of it, after the timeout.
func TestDeadTabs(t *testing.T) {
	t.Parallel() // it waits more than it works
	tests := []struct {
		name    string
		timeout time.Duration
		die     func(t *testing.T, holder *jstest.Tab, network *brokertest.Link)
	}{
		{"closed", lateTimeout, func(_ *testing.T, holder *jstest.Tab, _ *brokertest.Link) { holder.Close() }},
		// Such a page is kept for the way back, with its WebSocket. It lets go when it is told that it is left.
		{"navigated away", lateTimeout, leave},
		// The same, for a tab in the background that the browser wants to save power with.
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
			if test.timeout == deadTimeout { // else it would be the relay that ends the connection
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
				t.Fatalf("the tab holds the lock, and somebody else got %v", err)
			}

			test.die(t, holder, network)
			lock, err := client.Acquire(ctx, "precious", waitFor(deadWait))
			if err != nil {
				t.Fatal(err)
			}
			if test.timeout == deadTimeout && !jstest.Evaluate[bool](ctx, holder, "precious.signal.aborted") {
				t.Error("the next has the lock, and the page counts it as held")
			}
			_ = lock.Release()
		})
	}
}

// leave shows another page in a tab.
func leave(t *testing.T, tab *jstest.Tab, _ *brokertest.Link) {
	if err := chromedp.Do(tab.Context, chromedp.Navigate("about:blank")); err != nil {
		t.Error(err)
	}
}

// freeze makes the browser let nothing run in a tab.
func freeze(t *testing.T, tab *jstest.Tab, _ *brokertest.Link) {
	frozen := page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateStateFrozen}
	if _, err := chromedp.Call(tab.Context, page.SetWebLifecycleState, frozen); err != nil {
		t.Error(err)
	}
}

// killRenderers ends the processes that pages of the tab's browser run in, as the
// system does when it has no memory left.
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

// relay listens for WebSocket connections and passes them on through the network. It
// returns what clients dial.
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
