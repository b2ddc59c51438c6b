package chromium_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestNotPermitted shows the page to somebody who may see nothing, until the permission is granted.
func TestNotPermitted(t *testing.T) {
	ctx := testContext(t)
	alice, bob := newPerson(t, "alice", time.Time{}), newPerson(t, "bob", time.Time{})
	people := []person{alice, bob}
	s := serve(t, broker.Config{Access: control(t, people, may(bob, "**", wire.MayAcquire))})
	dialPeerAs(ctx, t, s, "billing", bob.token).hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "")
	p.expect(refused, "WebSocket connection to")
	p.login(alice.token, false)
	p.reads("#state", "alice may not see any locks here. This needs the permission list.")
	if text := p.text("main"); strings.Contains(text, "orders/1") || strings.Contains(text, "Nobody holds") {
		t.Errorf("the page says %s", text)
	}
	s.broker.SetAccess(control(t, people, may(bob, "**", wire.MayAcquire), may(alice, "**", wire.MayList)))
	p.live() // it tries again by itself
	p.lists("orders/1")
	s.broker.SetAccess(control(t, people, may(bob, "**", wire.MayAcquire)))
	p.until("tools.rows().length === 0")
}

// TestHidden shows what somebody sees who may see only some of the locks.
func TestHidden(t *testing.T) {
	ctx := testContext(t)
	alice, bob := newPerson(t, "alice", time.Time{}), newPerson(t, "bob", time.Time{})
	s := serve(t, broker.Config{Access: control(t, []person{alice, bob},
		may(bob, "**", wire.MayAcquire), may(alice, "orders/*", wire.MayList, wire.MayEvict))})
	b := dialPeerAs(ctx, t, s, "billing", bob.token)
	both := b.acquire(wire.Acquire{Locks: locks("orders/1", "secret/plan"), Author: "invoice"})
	b.hold("hidden author", "secret/other")
	inside := b.acquire(wire.Acquire{
		Locks: locks("orders/2", "secret/other"), Parent: both, Author: "print",
	})
	p := openPage(ctx, t, s, "")
	p.expect(refused, "WebSocket connection to")
	p.login(alice.token, false)
	p.lists("orders/2", "orders/1")
	p.click(".row a", "orders/1")
	p.click("a", both.String())
	p.reads("ul", "orders/1 and locks that you may not see")
	p.until("!tools.find('button', 'Evict …')") // she may not evict from the other lock
	p.run("await tools.go('#request=%s')", raw(inside.String()))
	p.reads("section", "Why it waits")
	p.click("a", "All locks")
	p.lists("orders/2", "orders/1")
	for _, word := range []string{"secret", "hidden author"} {
		if strings.Contains(eval[string](p, "document.documentElement.outerHTML"), word) {
			t.Errorf("the page tells %q", word)
		}
	}
}

// TestMayNotEvict checks that there is no button without the permission, and that the broker decides.
func TestMayNotEvict(t *testing.T) {
	ctx := testContext(t)
	alice, bob := newPerson(t, "alice", time.Time{}), newPerson(t, "bob", time.Time{})
	people := []person{alice, bob}
	list := may(alice, "**", wire.MayList)
	s := serve(t, broker.Config{Access: control(t, people, may(bob, "**", wire.MayAcquire), list)})
	id := dialPeerAs(ctx, t, s, "billing", bob.token).hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "#lock=orders/1")
	p.expect(refused, "WebSocket connection to")
	p.login(alice.token, true)
	p.reads(".requests tr", "invoice")
	p.settle()
	p.until("!tools.find('button', 'Evict …')")
	code := eval[string](p, `tools.page.session.locks.evict(%s, "no")
		.then(() => "evicted", (error) => error.code)`, id.String())
	if code != "forbidden" {
		t.Errorf("the broker answers %s", code)
	}
	evict := may(alice, "orders/*", wire.MayEvict)
	s.broker.SetAccess(control(t, people, may(bob, "**", wire.MayAcquire), list, evict))
	p.reload()
	p.click("button", "Evict …")
	p.reads("dialog", "Why do you evict it?")
}
