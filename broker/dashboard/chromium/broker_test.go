package chromium_test

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestGone stops the broker, and starts it again on the same port. The page comes back by itself.
func TestGone(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	dialPeer(ctx, t, s, "billing").hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "", atOnce)
	p.expect("net::ERR", "WebSocket connection to", "503")
	p.lists("orders/1")
	s.stop()
	p.reads("#state", "Not connected to the broker since")
	p.reads("#state", "Trying again. What you see below is how it was then.")
	p.lists("orders/1")
	p.until("document.body.classList.contains('stale')")
	again := serveAt(t, s.address, broker.Config{})
	dialPeer(ctx, t, again, "nightly").hold("reconcile", "orders/2")
	p.live()
	p.lists("orders/2")
	p.until("!document.body.classList.contains('stale')")
}

// TestFrozen stops all bytes between the page and the broker, as if the broker's machine hung.
func TestFrozen(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "billing")
	first := a.hold("invoice", "orders/1")
	far, link := throughLink(t, s)
	p := openPage(ctx, t, far, "", atOnce)
	p.expect("net::ERR", "WebSocket connection to")
	p.lists("orders/1")
	p.until("tools.page.past.end > 0") // it has heard from the broker
	link.stall()
	p.reads("#state", "The broker does not answer. For ")
	p.until("document.body.classList.contains('stale')")
	a.release(first)
	a.hold("invoice", "orders/2")
	link.resume()
	p.live()
	p.lists("orders/2")
}

// TestDraining ends the broker while somebody holds a lock.
func TestDraining(t *testing.T) {
	ctx := testContext(t)
	s := serve(t, broker.Config{Drain: time.Hour})
	a := dialPeer(ctx, t, s, "billing")
	id := a.hold("invoice", "orders/1")
	p := openPage(ctx, t, s, "")
	p.expect("net::ERR", "WebSocket connection to", "503")
	p.lists("orders/1")
	s.drain()
	p.reads("#state", "The broker is stopping. "+
		"It grants nothing more, and ends when nothing is held or the time is over.")
	p.lists("orders/1")
	p.reload() // a page that is opened only now says the same
	p.reads("#state", "The broker is stopping.")
	p.lists("orders/1")
	a.send(releaseOf(id))
	p.reads("#state", "Not connected to the broker since")
}

// TestGrace shows a broker whose last run has not ended cleanly.
func TestGrace(t *testing.T) {
	t.Parallel() // it mostly waits
	ctx := testContext(t)
	dir := t.TempDir()
	config := broker.Config{StateDir: dir, Timeout: 12 * time.Second}
	s := serve(t, config)
	dialPeer(ctx, t, s, "billing").hold("invoice", "orders/1")
	s.stop() // while a lock is held
	again := serve(t, config)
	dialPeer(ctx, t, again, "billing").wait("invoice", "orders/1")
	p := openPage(ctx, t, again, "")
	p.reads("#state", "The broker has restarted and grants nothing yet: "+
		"clients of its last run may still hold locks.")
	p.reads("#state", "left.")
	p.until("tools.rows()[0]?.querySelector('.holder').textContent === 'nobody'")
	p.live()
	p.until("tools.rows()[0].querySelector('.holder').textContent === 'invoice, billing'")
}

// slow makes the clock of the page run slowly, so that many changes are too many in a second on any machine.
const slow = `
	globalThis.slowness = 100;
	const now = performance.now.bind(performance);
	let [shown, real] = [0, now()];
	performance.now = () => {
		const passed = now() - real;
		real += passed;
		return (shown += passed / slowness);
	};
`

// TestTooMuch makes more changes than anybody could read. The page stops following each of them for a while, shows what
// it reads now and then, and goes on.
func TestTooMuch(t *testing.T) {
	t.Parallel() // it mostly waits
	ctx := testContext(t)
	s := serve(t, broker.Config{})
	a := dialPeer(ctx, t, s, "importer")
	p := openPage(ctx, t, s, "", slow)
	p.live()
	for range 10_000 {
		id := a.open()
		a.send(&wire.Acquire{ID: id, Locks: locks("busy")})
		a.send(releaseOf(id))
	}
	a.fence()
	p.reads("#state", "Too much happens to show each change. The locks are read every few seconds.")
	p.run("slowness = 1")
	a.hold("invoice", "orders/1")
	p.lists("orders/1")
	p.live()
	a.hold("report", "reports/1")
	p.settle()
	p.lists("orders/1", "reports/1")
}
