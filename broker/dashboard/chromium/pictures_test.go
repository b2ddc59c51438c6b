package chromium_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestGraph walks through the graph with the arrow keys, and opens a request from it.
func TestGraph(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	release, invoice := dialPeer(ctx, t, s, "ci@build3"), dialPeer(ctx, t, s, "billing@host7")
	outer := release.hold("release", "deploy")
	held := invoice.hold("invoice", "db")
	release.acquire(wire.Acquire{Locks: locks("db"), Parent: outer, Author: "release"})
	waiter := dialPeer(ctx, t, s, "web@front1").wait("hotfix", "deploy")

	p := openPage(ctx, t, s, "#request="+waiter.String())
	p.until("document.querySelectorAll('.graph-item').length === 6") // four requests, two locks
	p.run("document.querySelector('.graph-item [tabindex=\"0\"]').focus()")
	p.reads(".graph-details", "hotfix")
	at := func(part string) { p.t.Helper(); p.reads(".graph-details", part) }
	p.press(kb.ArrowLeft)
	at("deploy")
	p.press(kb.ArrowLeft)
	at("release · holds")
	p.press(kb.ArrowLeft)
	at("release · waits")
	p.press(kb.ArrowLeft)
	at("db")
	p.press(kb.ArrowLeft)
	at("invoice · holds")
	p.press(kb.Enter)
	p.sees("h1", "Request "+held.String())

	p.do(chromedp.NavigateBack())
	p.until("document.querySelectorAll('.graph-item').length === 6")
	p.run("document.querySelector('.graph summary').focus()")
	p.press(kb.Enter)
	p.reads(".graph details", "hotfix waits for deploy")
	invoice.release(held)
	p.until("document.querySelectorAll('.graph-item').length === 3") // nothing waits for db any longer
}

// TestPlots reads exact values of the last minutes with the mouse and with the keyboard.
func TestPlots(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	dialPeer(ctx, t, s, "billing").hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "")
	p.do(chromedp.EmulateViewport(1280, 900))
	p.reads(".plot figcaption", "Grants a second")
	p.until("tools.page.past.points.length > 2")
	slider := ".plot:nth-of-type(4) [role=slider]"
	p.until("document.querySelector(%s).getAttribute('aria-valuetext').startsWith('no') === false", slider)
	p.run("document.querySelector(%s).focus()", slider)
	now := eval[string](p, "document.querySelector(%s).getAttribute('aria-valuetext')", slider)
	p.press(kb.Home)
	p.until("document.querySelector(%s).getAttribute('aria-valuetext') !== %s", slider, now)
	p.reads(".plot:nth-of-type(4) .plot-exact", " at ")
	p.run("document.activeElement.blur()")
	p.until("document.querySelector('.plot:nth-of-type(4) .plot-exact').textContent === ''")
	middle := eval[[]float64](p, "tools.center(document.querySelector(%s))", slider)
	p.do(chromedp.MouseEvent("mouseMoved", middle[0], middle[1]))
	p.reads(".plot:nth-of-type(4) .plot-exact", " at ")
}

// TestDeadlocks shows the cycle of a request that was refused.
func TestDeadlocks(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a, b := dialPeer(ctx, t, s, "a"), dialPeer(ctx, t, s, "b")
	first, second := a.hold("move a to b", "account/a"), b.hold("move b to a", "account/b")
	a.acquire(wire.Acquire{Locks: locks("account/b"), Parent: first, Author: "move a to b"})
	p := openPage(ctx, t, s, "")
	p.live()
	b.acquire(wire.Acquire{
		Locks: locks("account/a"), Parent: second, Author: "move b to a",
	})
	p.click("a", "1 deadlock refused since the broker has started")
	p.sees("h1", "Refused deadlocks")
	p.reads("ol", "move b to a waits for account/a: move a to b holds it (exclusive)")
	p.reads("ol", "move a to b waits for account/b: move b to a holds it (exclusive)")
	p.until("document.querySelectorAll('.graph-item.cycle').length > 0")
}
