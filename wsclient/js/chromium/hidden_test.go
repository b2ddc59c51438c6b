package chromium_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

var hiddenFor = flag.Duration("hidden", 20*time.Second, "how long TestHiddenTabs hides its tabs; try 12m")

// throttled makes Chromium slow down the timers of hidden tabs, as it does outside of tests. It begins after one
// second instead of five minutes.
var throttled = []chromedp.ExecAllocatorOption{
	chromedp.Flag("enable-features", "IntensiveWakeUpThrottling:grace_period_seconds/1"),
	chromedp.Flag("disable-background-timer-throttling", false),
	chromedp.Flag("disable-backgrounding-occluded-windows", false),
	chromedp.Flag("disable-renderer-backgrounding", false),
}

// TestHiddenTabs checks that hidden tabs keep their locks, although Chromium fires a hidden tab's
// timers only once a minute if they are nested five deep.
func TestHiddenTabs(t *testing.T) {
	t.Parallel() // it mostly waits
	const tabs = 6
	ctx, cancel := context.WithTimeout(t.Context(), *hiddenFor+3*time.Minute)
	defer cancel()
	pages := servePages(t)
	url := serveBroker(t, broker.Config{Heartbeat: 2 * time.Second, Timeout: 15 * time.Second}, pages)
	browser := jstest.Start(t, throttled...)
	var hidden []*jstest.Tab
	for range tabs {
		tab := browser.Cover(t, pages+"/page.html")
		jstest.Evaluate[bool](ctx, tab, holdAndCount(url))
		hidden = append(hidden, tab)
	}
	front := browser.Cover(t, pages+"/page.html")
	jstest.Evaluate[bool](ctx, front, `new Promise((resolve) => setTimeout(resolve, `+millis(*hiddenFor)+`, true))`)
	slow := 0
	for i, tab := range hidden {
		now := jstest.Evaluate[struct {
			State   string
			Lost    []string
			Deepest int
			Steps   int
		}](ctx, tab, `({ State: document.visibilityState, Lost: lost, Deepest: deepest, Steps: steps })`)
		if now.State != "hidden" || len(now.Lost) > 0 {
			t.Errorf("tab %d is %s, and has lost %q", i, now.State, now.Lost)
		}
		// Chromium slows timers that are nested five deep. The depth shows that sooner than a lost lock would.
		if now.Deepest == 0 || now.Deepest >= 5 {
			t.Errorf("tab %d: timers of the client are nested %d deep", i, now.Deepest)
		}
		if time.Duration(now.Steps) < *hiddenFor/time.Second {
			slow++
		}
	}
	if slow != tabs {
		t.Errorf("only %d of %d tabs were slowed down", slow, tabs)
	}
}

// holdAndCount returns a script that holds a lock, records its loss, and records how deep the client nests its
// timers. The script also nests a timer ever deeper, to show that Chromium slows down nested timers.
func holdAndCount(url string) string {
	return `(async () => {
		Object.assign(globalThis, { lost: [], deepest: 0, steps: 0 });
		let depth = 0;
		const counting = (f, ms) => {
			const mine = depth + 1;
			deepest = Math.max(deepest, mine);
			return setTimeout(() => {
				depth = mine;
				f();
				depth = 0;
			}, ms);
		};
		const { connect } = await import('/client.js');
		const clear = (timer) => clearTimeout(timer);
		const clock = { performance, Date, Math, setTimeout: counting, clearTimeout: clear };
		const locks = await connect('` + url + `', { clock });
		const lock = await locks.acquire('lock ' + Math.random());
		lock.signal.onabort = () => lost.push(String(lock.signal.reason));
		const step = () => {
			steps++;
			setTimeout(step, 100);
		};
		step();
		return true;
	})()`
}
