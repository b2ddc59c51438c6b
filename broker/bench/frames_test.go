package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// The bounds of a page that shows very many locks on a busy broker.
const (
	mostFrame = 50  // ms, at p99
	mostPaint = 500 // ms until the first locks are shown
	mostGrown = 1.3 // the heap at the end, divided by the heap at the beginning
)

// changesPerSecond is how many changes the locks of BenchmarkFrames have, half of them grants.
const changesPerSecond = 1000

// crowd returns how many locks to show.
func crowd(full int) int {
	if testing.Short() {
		return full / 100
	}
	return full
}

// BenchmarkFrames measures a dashboard that shows 100,000 locks while 1,000 changes a second come. It lasts for as many
// seconds as -rounds times -time.
func BenchmarkFrames(b *testing.B) {
	server := startServer(b, roleShown)
	held := holdMany(b, server, crowd(100_000))
	browser := jstest.Start(b, chromedp.Flag("js-flags", "--expose-gc"),
		chromedp.Flag("enable-precise-memory-info", true))
	page := openDashboard(b, browser, "http://"+server.address+"/")
	stop := churn(b, held)
	defer stop()
	heap := func() float64 {
		return jstest.Evaluate[float64](b.Context(), page, "gc(), performance.memory.usedJSHeapSize")
	}
	before := heap()
	lasting := (*turnTime * time.Duration(*rounds)).Milliseconds()
	p99 := jstest.Evaluate[float64](b.Context(), page, fmt.Sprintf(`new Promise((resolve) => {
		const frames = [];
		let last = performance.now();
		const end = last + %d;
		const frame = () => {
			const now = performance.now();
			frames.push(now - last);
			last = now;
			if (now < end) return requestAnimationFrame(frame);
			resolve(frames.sort((a, b) => a - b)[Math.floor(frames.length * 0.99)]);
		};
		requestAnimationFrame(frame);
	})`, lasting))
	reportFigure(b, "p99-frame-ms", p99, atMost(mostFrame))
	reportFigure(b, "heap-MB", before/1e6, nil)
	reportFigure(b, "x/heap-before", heap()/before, atMost(mostGrown))
}

// BenchmarkFirstPaint measures how long a dashboard with 10,000 locks takes to show the first of them, from when its
// address is opened in a browser that runs.
func BenchmarkFirstPaint(b *testing.B) {
	server := startServer(b, roleShown)
	holdMany(b, server, crowd(10_000))
	browser := jstest.Start(b)
	var times []float64
	for range *rounds {
		page := browser.Open(b, "about:blank")
		times = append(times, firstRow(b, page, "http://"+server.address+"/"))
		page.Close()
	}
	reportFigure(b, "first-locks-ms", median(times), atMost(mostPaint))
}

// A holding is a lock that a client holds.
type holding struct {
	client *wsclient.Client
	name   string
	lock   *wsclient.Lock
}

func (h *holding) acquire(ctx context.Context) (err error) {
	h.lock, err = h.client.Acquire(ctx, h.name, nil)
	return err
}

// renew releases the lock and acquires it again.
func (h *holding) renew(ctx context.Context) error {
	if err := h.lock.ReleaseContext(ctx); err != nil {
		return err
	}
	return h.acquire(ctx)
}

// firstRow opens a dashboard, and returns when it has shown the first locks, in milliseconds.
func firstRow(tb testing.TB, page *jstest.Tab, url string) float64 {
	tb.Helper()
	script := cdppage.AddScriptToEvaluateOnNewDocumentParams{}
	script.Source = `globalThis.firstRow = new Promise((resolve) => {
		const look = () => {
			if (document.querySelector(".rows .row")) resolve(performance.now());
			else requestAnimationFrame(look);
		};
		requestAnimationFrame(look);
	})`
	if _, err := chromedp.Call(page.Context, cdppage.AddScriptToEvaluateOnNewDocument, script); err != nil {
		tb.Fatal(err)
	}
	size := chromedp.EmulateViewport(1280, 800)
	if err := chromedp.Do(page.Context, size, chromedp.Navigate(url)); err != nil {
		tb.Fatal(err)
	}
	return jstest.Evaluate[float64](tb.Context(), page, "firstRow")
}

// holdMany makes four clients hold that many locks.
func holdMany(tb testing.TB, server *process, count int) []*holding {
	tb.Helper()
	clients := dialBroker(tb, server, 4)
	held := make([]*holding, count)
	var acquiring sync.WaitGroup
	for c, client := range clients {
		for part := range 16 {
			acquiring.Go(func() {
				for i := c + 4*part; i < count; i += 4 * 16 {
					held[i] = &holding{client: client, name: lockName(i)}
					if err := held[i].acquire(tb.Context()); err != nil {
						tb.Error(err)
						return
					}
				}
			})
		}
	}
	acquiring.Wait()
	if tb.Failed() {
		tb.FailNow()
	}
	return held
}

// churn releases locks and acquires them again until stop is called.
func churn(tb testing.TB, held []*holding) (stop func()) {
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for i := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			for range changesPerSecond / 2 / 100 {
				i = (i + 7919) % len(held)
				if err := held[i].renew(ctx); err != nil && ctx.Err() == nil {
					tb.Error(err)
				}
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}
