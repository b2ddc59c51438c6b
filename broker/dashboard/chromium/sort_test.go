package chromium_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/lockbroker/lockbroker/broker"
)

// awaitAge waits until all requests for a lock have waited or held for at least as many ms.
func (p *peer) awaitAge(name string, ms int64) {
	p.t.Helper()
	for p.ctx.Err() == nil {
		for _, lock := range p.info() {
			if lock.Name == name && age(lock.Holders) >= ms && age(lock.Waiters) >= ms {
				return
			}
		}
	}
	p.t.Fatalf("%s has not been held for %d ms", name, ms)
}

// TestSort sorts the list by each column, with the mouse and with the keyboard.
func TestSort(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	a.release(a.hold("", "b")) // so the lock is the first of the broker's listing
	a.hold("", "c")
	a.wait("", "c")
	a.awaitAge("c", 50)
	a.hold("", "a")
	a.wait("", "a")
	a.wait("", "a")
	a.wait("", "a")
	a.awaitAge("a", 50)
	busy := a.hold("", "b")
	a.wait("", "b")
	waits := a.wait("", "b")
	p := openPage(ctx, t, s, "")
	p.lists("a", "b", "c") // by waiters: 3, 2, 1
	p.sorted("waiters", "descending")

	p.click(".head button", "Held for")
	p.lists("c", "a", "b")
	p.sorted("held", "descending")
	p.click(".head button", "Longest wait")
	p.lists("c", "a", "b")
	p.sorted("wait", "descending")
	p.click(".head button", "Lock")
	p.lists("a", "b", "c")
	p.sorted("name", "ascending")

	a.release(busy) // the next one is granted b
	p.run("document.querySelector('.head .rate button').focus()")
	p.press(kb.Enter)
	p.lists("b", "c", "a") // nothing was granted in c and a: they are in the broker's order
	p.sorted("rate", "descending")
	p.until("parseFloat(tools.textOf(tools.rows()[0].querySelector('.rate'))) > 0")

	a.ask(waits, cancelOf(waits))
	p.run("document.querySelector('.head .waiters button').focus()")
	p.press(" ")
	p.lists("a", "c", "b") // 3, 1, 0
}

// sorted checks what a screen reader says about the order.
func (p *page) sorted(column, how string) {
	p.t.Helper()
	got := eval[string](p, `tools.visible("[aria-sort]:not([aria-sort=none])")
		.map((e) => e.className + " " + e.getAttribute("aria-sort")).join()`)
	if want := column + " " + how; got != want {
		p.t.Errorf("the list is sorted by %q, want %q", got, want)
	}
}
