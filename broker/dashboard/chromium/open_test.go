package chromium_test

import (
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestOpen goes from the list to a lock, to a request and back, by links and by the browser's buttons.
func TestOpen(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing@host7:812")
	outer := a.hold("invoice", "orders/1")
	inner := a.acquire(wire.Acquire{
		Locks:  []wire.LockSpec{{Name: "printer", Mode: wire.Shared, Limit: wire.Some(3)}},
		Parent: outer, Author: "print",
	})
	b := dialPeer(ctx, t, s, "nightly")
	waiter := b.wait("reconcile", "orders/1")
	b.wait("", "orders/1")

	p := openPage(ctx, t, s, "#search=orders")
	p.lists("orders/1")
	p.click(".row a", "orders/1")
	p.sees("h1", "orders/1")
	p.sees("h2", "1 holder")
	p.sees("h2", "2 waiters")
	p.reads(".requests tr", "invoice "+outer.String()+" billing@host7:812, 127.0.0.1")
	p.reads(".requests tr", "1 reconcile "+waiter.String()+" nightly, 127.0.0.1")

	p.click("a", waiter.String())
	p.sees("h1", "Request "+waiter.String())
	p.sees(".lead", "reconcile waits for orders/1, first in its queue.")
	p.reads("section", "Why it waits reconcile waits for orders/1: invoice holds it (exclusive) for")
	p.click("section a", "invoice")
	p.sees(".lead", "invoice holds orders/1.")

	p.do(chromedp.NavigateBack())
	p.sees(".lead", "reconcile waits for orders/1, first in its queue.")
	p.do(chromedp.NavigateBack())
	p.sees("h1", "orders/1")
	p.do(chromedp.NavigateBack())
	p.lists("orders/1")
	p.until("document.querySelector('#search').value === 'orders'")
	p.do(chromedp.NavigateForward())
	p.sees("h1", "orders/1")

	p.click("a", "All locks")
	p.lists("orders/1", "printer")
	p.click(".row a", "printer")
	p.reads(".requests tr", "shared, at most 3")
	p.click("a", inner.String())
	p.click("dd a", outer.String())
	p.sees("h1", "Request "+outer.String())
	p.click("ul a", "orders/1")
	p.sees("h1", "orders/1")
}

// TestLive checks that what is shown changes by itself, and counts.
func TestLive(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	p := openPage(ctx, t, s, "")
	p.sees("main p.found", "Nobody holds a lock or waits for one.")
	first := a.hold("invoice", "orders/1")
	p.lists("orders/1")
	p.click(".row a", "orders/1")
	before := p.text(".requests .time")
	p.until("tools.text('.requests .time') !== %s", before) // durations count
	second := a.wait("next", "orders/1")
	p.click("a", second.String())
	p.reads(".lead", "next waits for")
	a.release(first)
	p.reads(".lead", "next holds orders/1.")
	a.release(second)
	p.reads(".lead", "This request has ended at")
	p.reads(".lead", ": released.")
	p.click("a", "All locks")
	p.sees("main p.found", "Nobody holds a lock or waits for one.")
}

// TestFreeLock opens a link to a lock and to a request that do not exist.
func TestFreeLock(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	p := openPage(ctx, t, s, "#lock=orders%2F1")
	p.sees("h1", "orders/1")
	p.reads("main", "The lock is free: nobody holds it or waits for it.")
	p.run("await tools.go('#request=abcdefgh--1')")
	p.sees("h1", "Request abcdefgh--1")
	p.sees(".lead", "There is no such request: it has ended, or you may not see it.")
}

// TestCopyLink sends the link of a lock to a colleague, who opens it in another browser.
func TestCopyLink(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	const name = "orders/ä+&#%20"
	id := dialPeer(ctx, t, s, "billing").hold("invoice", name)
	p := openPage(ctx, t, s, "")
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		permission := browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name},
			Setting:    browser.PermissionSettingGranted,
		}
		if _, err := chromedp.CallBrowser(p.Context, browser.SetPermission, permission); err != nil {
			t.Fatal(err)
		}
	}
	for _, open := range []struct{ link, title string }{{name, name}, {id.String(), "Request " + id.String()}} {
		p.click("a", open.link)
		p.sees("h1", open.title)
		p.click("button", "Copy link")
		p.sees("button", "Link copied")
		link := eval[string](p, "navigator.clipboard.readText()")
		colleague := openIn(ctx, t, jstest.Start(t), s, "")
		colleague.load(link)
		colleague.sees("h1", open.title)
	}
}
