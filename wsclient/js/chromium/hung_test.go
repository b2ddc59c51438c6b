package chromium_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// Scripts that hold a lock, in the page or in one of its workers.
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
		const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
		const worker = new Worker(url, { type: "module" });
		worker.onmessage = () => held(true);
		worker.onerror = ({ message }) => failed(new Error(message));
		globalThis.worker = worker;
	})`
)

// TestHungPages checks that a page that hangs, and a worker that is frozen with its page, lose their locks after the
// session timeout, although the browser keeps answering the broker's pings.
func TestHungPages(t *testing.T) {
	t.Parallel() // it mostly waits
	hang := func(t *testing.T, holder *jstest.Tab, _ *brokertest.Link) {
		if _, err := jstest.Run[bool](holder.Context, holder, `setTimeout(() => {
			const end = Date.now() + 600_000;
			while (Date.now() < end);
		}), true`); err != nil {
			t.Error(err)
		}
	}
	tests := []struct {
		name, hold string
		hang       func(t *testing.T, holder *jstest.Tab, network *brokertest.Link)
	}{
		{"a page that hangs", inThePage, hang},
		{"a worker of a page that is frozen", inAWorker, freeze},
		{"a worker of a page that is left", inAWorker, leave},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := testContext(t)
			pages := servePages(t)
			url := serveBroker(t, broker.Config{Timeout: deadTimeout}, pages)
			holder := jstest.Start(t).Open(t, pages+"/page.html")
			jstest.Evaluate[bool](ctx, holder, strings.ReplaceAll(test.hold, "URL'", url+"'"))
			client := dialBroker(ctx, t, url)
			if _, err := client.TryAcquire(ctx, "precious", nil); !errors.Is(err, wsclient.ErrUnavailable) {
				t.Fatalf("got %v while the tab holds the lock, want ErrUnavailable", err)
			}
			test.hang(t, holder, nil)
			lock, err := client.Acquire(ctx, "precious", waitFor(deadWait)) // the page hangs for longer
			if err != nil {
				t.Fatal(err)
			}
			_ = lock.Release()
		})
	}
}
