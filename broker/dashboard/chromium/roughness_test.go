package chromium_test

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// cutLink ends the connection of the page. It connects again, and reads the locks while others change.
func (w *world) cutLink() {
	w.manyToList()
	w.untilBehind(w.link.cut)
	w.goOnUntilCurrent()
}

// lag makes the page's watch lag: the page reads nothing while more changes than the broker keeps for it.
func (w *world) lag() {
	before := w.lags()
	w.link.stall()
	for w.lags() == before && w.ctx.Err() == nil {
		w.end(w.request(wire.Acquire{Locks: longNames()}))
	}
	w.goOn(w.IntN(20))
	w.manyToList()
	w.untilBehind(w.link.resume)
	w.goOnUntilCurrent()
}

// untilBehind waits until the page is not current any longer, because of what f does.
func (w *world) untilBehind(f func()) {
	w.page.run("globalThis.behind = tools.until(() => !tools.page.view.isCurrent)")
	f()
	w.page.run("await behind")
}

// goOnUntilCurrent does operations while the page reads, and some more.
func (w *world) goOnUntilCurrent() {
	for range 100 {
		w.goOn(1)
		if eval[bool](w.page, "tools.page.view.isCurrent") {
			break
		}
	}
	w.goOn(w.IntN(10))
}

// manyToList makes the next listing of the page long, so that others have time to do something meanwhile.
func (w *world) manyToList() {
	w.crowd()
	w.manyNames()
	w.settle()
}

// goOn does some operations without looking at the page.
func (w *world) goOn(number int) {
	for range number {
		w.do(calm)
	}
}

// lags returns how often the broker has dropped changes.
func (w *world) lags() float64 {
	registry := prometheus.NewRegistry()
	registry.MustRegister(w.site.broker.Metrics())
	families, err := registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "lockbroker_watch_lags_total" {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	w.t.Fatal("the broker does not count lags")
	return 0
}
