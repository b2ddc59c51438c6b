package chromium_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestEvict evicts a holder. The page asks twice, and says what will happen.
func TestEvict(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	holder := a.hold("invoice", "orders/1")
	b := dialPeer(ctx, t, s, "nightly")
	b.wait("reconcile", "orders/1")
	p := openPage(ctx, t, s, "#request="+holder.String())

	p.click("button", "Evict …")
	p.reads("dialog", "invoice of billing has been holding orders/1 for")
	p.press(kb.Enter) // a reason is required
	p.reads("dialog", "Why do you evict it?")
	p.press("stuck since noon")
	p.click("dialog button", "Continue")
	p.reads("dialog", "invoice loses orders/1 at once. Next in its queue is reconcile.")
	p.reads("dialog", "Its program is told, with your reason: “stuck since noon”.")
	if replies := a.told(holder); len(replies) != 1 {
		t.Fatalf("evicted before the second question: %v", replies)
	}
	p.click("dialog button", "Evict it now")
	lost, ok := a.await(holder, 1).(*wire.Lost)
	if !ok || lost.Reason != wire.LostEvicted || lost.By != "dashboard" || lost.Message != "stuck since noon" {
		t.Errorf("the client was told %+v", a.told(holder))
	}
	p.until("!document.querySelector('dialog')")
	p.reads(".lead", "evicted by dashboard, “stuck since noon”.")
	p.click("a", "All locks")
	p.reads(".row", "reconcile")
}

// TestEvictWaiter evicts a request that waits, with the keyboard alone.
func TestEvictWaiter(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	a.hold("invoice", "orders/1")
	waiter := a.wait("reconcile", "orders/1")
	p := openPage(ctx, t, s, "#lock=orders/1")
	p.until("tools.visible('button.danger').length === 2")
	p.run("tools.visible('button.danger')[1].focus()")
	p.press(kb.Enter)
	p.reads("dialog", "reconcile of billing has been waiting for orders/1 for")
	p.press("too old" + kb.Enter)
	p.reads("dialog", "reconcile stops waiting, "+
		"and its program gets the error “evicted” with your reason: “too old”.")
	p.until("tools.textOf(document.activeElement) === 'Cancel'") // a second Enter must not evict
	p.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	p.press(kb.Enter)
	refused, ok := a.await(waiter, 0).(*wire.Error)
	if !ok || refused.Code != wire.WasEvicted || refused.Message != "too old" || refused.By != "dashboard" {
		t.Errorf("the client was told %+v", a.told(waiter))
	}
	p.sees("h2", "0 waiters")
}

// TestEvictCancelled cancels at each step, in each way. Nothing is evicted.
func TestEvictCancelled(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	holder := a.hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "#request="+holder.String())
	cancels := []func(){
		func() { p.click("dialog button", "Cancel") },
		func() { p.press(kb.Escape) },
	}
	for _, cancel := range cancels {
		for _, isSecond := range []bool{false, true} {
			p.click("button", "Evict …")
			p.reads("dialog", "Why do you evict it?")
			if isSecond {
				p.press("stuck" + kb.Enter)
				p.reads("dialog", "This will happen:")
			}
			cancel()
			p.until("!document.querySelector('dialog')")
			p.until("tools.textOf(document.activeElement) === 'Evict …'") // the focus is where it was
		}
	}
	a.fence()
	if replies := a.told(holder); len(replies) != 1 {
		t.Errorf("the client was told %v", replies)
	}
}

// TestEvictTooLate evicts a request that ends while the page asks.
func TestEvictTooLate(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	holder := a.hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "#request="+holder.String())
	p.click("button", "Evict …")
	p.press("stuck" + kb.Enter)
	p.reads("dialog", "This will happen:")
	a.release(holder)
	p.reads(".lead", "This request has ended at")
	p.click("dialog button", "Evict it now")
	p.reads("dialog", "Something has changed meanwhile. This will happen now: "+
		"Nothing: the request has ended already.")
	p.click("dialog button", "Evict it now")
	p.sees("dialog [role=alert]", "The request has ended already.")
	p.click("dialog button", "Cancel")
	p.until("!document.querySelector('dialog')")

	second := a.hold("invoice", "orders/2")
	p.run("await tools.go('#request=%s')", raw(second.String()))
	p.click("button", "Evict …")
	a.release(second)
	p.reads(".lead", "This request has ended at")
	p.press("stuck" + kb.Enter)
	p.reads("dialog", "Nothing: the request has ended already.")
}
