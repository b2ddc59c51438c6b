package chromium_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// hungWait is for how long the next waits for what a page holds that hangs: much more than the
// timeout, and much less than the page hangs.
const hungWait = 30 * time.Second

// holdPrecious holds a lock in the page, or in a worker of it.
const (
	inThePage = `(async () => {
		const { connect } = await import('/client.js');
		const locks = await connect('URL');
		await locks.acquire('precious');
		return true;
	})()`
	inAWorker = `new Promise((held, failed) => {
		const text = "import { connect } from '" + location.origin + "/client.js';" +
			"const locks = await connect('URL'); await locks.acquire('precious'); postMessage('held');";
		const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })), { type: "module" });
		worker.onmessage = () => held(true);
		worker.onerror = ({ message }) => failed(new Error(message));
		globalThis.worker = worker;
	})`
)

// TestHungPages: a page that hangs and a worker that is frozen with its page let nobody wait
// for longer than the timeout. The browser answers the broker's pings all the time.
func TestHungPages(t *testing.T) {
	hang := func(_ context.Context, t *testing.T, holder *jstest.Tab) {
		if _, err := jstest.Run[bool](holder.Context, holder, `setTimeout(() => {
			const end = Date.now() + 600_000;
			while (Date.now() < end);
		}), true`); err != nil {
			t.Error(err)
		}
	}
	freeze := func(_ context.Context, t *testing.T, holder *jstest.Tab) {
		frozen := page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateStateFrozen}
		if _, err := chromedp.Call(holder.Context, page.SetWebLifecycleState, frozen); err != nil {
			t.Error(err)
		}
	}
	leave := func(_ context.Context, t *testing.T, holder *jstest.Tab) {
		if err := chromedp.Do(holder.Context, chromedp.Navigate("about:blank")); err != nil {
			t.Error(err)
		}
	}
	tests := []struct {
		name, hold string
		hang       func(ctx context.Context, t *testing.T, holder *jstest.Tab)
	}{
		{"a page that hangs", inThePage, hang},
		{"a worker of a page that is frozen", inAWorker, freeze},
		{"a worker of a page that is left", inAWorker, leave},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx := testContext(t)
			pages := servePages(t)
			url := serveBroker(t, broker.Config{Timeout: deadTimeout}, pages)
			holder := jstest.Start(t).Open(t, pages+"/page.html")
			jstest.Evaluate[bool](ctx, holder, strings.ReplaceAll(test.hold, "URL'", url+"'"))
			client := dialBroker(ctx, t, url)
			if _, err := client.TryAcquire(ctx, "precious", nil); !errors.Is(err, wsclient.ErrUnavailable) {
				t.Fatalf("the tab holds the lock, and somebody else got %v", err)
			}
			test.hang(ctx, t, holder)
			hung := time.Now()
			lock, err := client.Acquire(ctx, "precious", waitFor(hungWait))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("granted to the next after %v", time.Since(hung))
			_ = lock.Release()
		})
	}
}
