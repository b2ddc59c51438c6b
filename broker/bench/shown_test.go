package bench

import (
	"context"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// floorShown is how much of its rate the broker keeps while two dashboards are open.
const floorShown = 0.97

// openWait is how long a page may take to show the locks.
const openWait = time.Minute

func BenchmarkShown(b *testing.B) {
	b.Run("1-caller", func(b *testing.B) { shown(b, 1, 1) })
	b.Run("64-callers", func(b *testing.B) { shown(b, 1, 64) })
	b.Run("100-connections", func(b *testing.B) { shown(b, 100, 100) })
}

// shown measures callers on some connections of two brokers, in turns. Two dashboards of one of them are open all the
// time, as they are on a wall.
func shown(tb testing.TB, connections, callers int) {
	unseen, seen := startServer(tb, roleShown), startServer(tb, roleShown)
	browser := jstest.Start(tb)
	for range 2 {
		openDashboard(tb, browser, "http://"+seen.address+"/")
	}
	without := ownLocks("without dashboards", dialBroker(tb, unseen, connections), callers, nil)
	with := ownLocks("with two dashboards", dialBroker(tb, seen, connections), callers, nil)
	samples := measure(tb, without, with)
	reportFigure(tb, "x/without-dashboards", ratio(samples[1], samples[0]), atLeast(floorShown))
}

// openDashboard opens a dashboard, and waits until it is live.
func openDashboard(tb testing.TB, browser *jstest.Browser, url string) *jstest.Tab {
	tb.Helper()
	tab := browser.Open(tb, url)
	ctx, cancel := context.WithTimeout(tb.Context(), openWait)
	defer cancel()
	jstest.Evaluate[bool](ctx, tab, `new Promise((resolve) => {
		const state = document.getElementById("state");
		const check = () => state.className === "well" && resolve(true);
		new MutationObserver(check).observe(state, { attributes: true });
		check();
	})`)
	return tab
}
