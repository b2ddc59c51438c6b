package chromium_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// A state is something that the page can look like. open makes it so.
type state struct {
	name string
	open func(ctx context.Context, t *testing.T, b *jstest.Browser) *page
}

var states = []state{
	{"empty", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		p := openIn(ctx, t, b, serve(t, broker.Config{}), "")
		p.live()
		return p
	}},
	{"5-locks", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{})
		fill(ctx, t, s)
		p := openIn(ctx, t, b, s, "")
		p.until("tools.rows().length === 5")
		return p
	}},
	{"10000-locks", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{})
		fill(ctx, t, s)
		a := dialPeer(ctx, t, s, "importer@host3:99")
		for i := range 9995 {
			a.send(&wire.Acquire{ID: a.open(), Locks: locks(fmt.Sprintf("import/%04d", i))})
		}
		a.fence()
		p := openIn(ctx, t, b, s, "")
		p.sees("main p.found", "10,000 locks")
		p.live()
		return p
	}},
	{"1000-waiters", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{})
		fill(ctx, t, s)
		for i := range 4 {
			a := dialPeer(ctx, t, s, fmt.Sprintf("worker@host%d:4%d", i, i))
			for j := range 250 {
				author := fmt.Sprintf("page %d", j)
				a.send(&wire.Acquire{ID: a.open(), Locks: locks("printer"), Author: author})
			}
			a.fence()
		}
		p := openIn(ctx, t, b, s, "#lock=printer")
		p.sees("h2", "1,000 waiters")
		return p
	}},
	{"lock", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{})
		fill(ctx, t, s)
		p := openIn(ctx, t, b, s, "#lock=orders/42")
		p.sees("h2", "3 waiters")
		return p
	}},
	{"waiting", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{})
		id := fill(ctx, t, s)
		p := openIn(ctx, t, b, s, "#request="+id.String())
		p.reads("section", "Why it waits")
		p.until("tools.visible('section li').length > 0")
		return p
	}},
	{"deadlock", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{})
		refuseDeadlock(ctx, t, s)
		p := openIn(ctx, t, b, s, "#deadlocks")
		p.until("tools.visible('main li').length > 0")
		return p
	}},
	{"evict", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		p := openIn(ctx, t, b, fillNew(ctx, t), "#lock=orders/42")
		p.click("button", "Evict …")
		p.reads("dialog", "Why do you evict it?")
		return p
	}},
	{"evict-again", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		p := openIn(ctx, t, b, fillNew(ctx, t), "#lock=orders/42")
		p.click("button", "Evict …")
		p.press("stuck since noon\r")
		p.reads("dialog", "This will happen:")
		return p
	}},
	{"login", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := serve(t, broker.Config{Access: control(t, nil)})
		p := openIn(ctx, t, b, s, "")
		p.expect(refused, "WebSocket connection to")
		p.login("lbt_wrong", false)
		p.reads("#state", "The broker asks for credentials. ")
		return p
	}},
	{"gone", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		s := fillNew(ctx, t)
		p := openIn(ctx, t, b, s, "")
		p.expect("net::ERR", "WebSocket connection to", "503")
		p.until("tools.rows().length === 5")
		s.stop()
		p.reads("#state", "Not connected to the broker since")
		return p
	}},
	{"not-permitted", func(ctx context.Context, t *testing.T, b *jstest.Browser) *page {
		alice := newPerson(t, "alice", time.Time{})
		s := serve(t, broker.Config{Access: control(t, []person{alice})})
		p := openIn(ctx, t, b, s, "")
		p.expect(refused, "WebSocket connection to")
		p.login(alice.token, false)
		p.reads("#state", "alice may not see any locks here.")
		return p
	}},
}

func fillNew(ctx context.Context, t *testing.T) *site {
	t.Helper()
	s := serve(t, broker.Config{})
	fill(ctx, t, s)
	return s
}

// fill makes requests for five locks, as programs do. It returns one that waits for others that wait.
func fill(ctx context.Context, t *testing.T, s *site) wire.ID {
	t.Helper()
	billing := dialPeer(ctx, t, s, "billing@host7:812")
	invoice := billing.hold("create_invoice", "orders/42")
	billing.hold("print_invoice", "printer")
	nightly := dialPeer(ctx, t, s, "nightly@host2:4711")
	for range 2 {
		nightly.acquire(wire.Acquire{
			Locks:  []wire.LockSpec{{Name: "reports/november", Mode: wire.Shared, Limit: wire.Some(3)}},
			Author: "report",
		})
	}
	nightly.wait("reconcile", "orders/42")
	nightly.hold("sync", "customers/eu/{all}")
	billing.acquire(wire.Acquire{
		Locks: locks("customers/eu/{all}"), Parent: invoice, Author: "read_customer",
	})
	shop := dialPeer(ctx, t, s, "shop@host1:33")
	shop.hold("restock", "stock")
	shop.acquire(wire.Acquire{Locks: locks("orders/42", "stock"), Author: "change_order"})
	return shop.wait("cancel_order", "orders/42")
}

// refuseDeadlock makes two programs ask for what the other one has.
func refuseDeadlock(ctx context.Context, t *testing.T, s *site) {
	t.Helper()
	a, b := dialPeer(ctx, t, s, "billing@host7:812"), dialPeer(ctx, t, s, "nightly@host2:4711")
	order, customer := a.hold("create_invoice", "invoices/7"), b.hold("merge", "customers/7")
	a.acquire(wire.Acquire{Locks: locks("customers/7"), Parent: order, Author: "read_customer"})
	id := b.acquire(wire.Acquire{Locks: locks("invoices/7"), Parent: customer, Author: "move_order"})
	if refused, ok := b.await(id, 0).(*wire.Error); !ok || refused.Code != wire.Deadlock {
		t.Fatalf("got %v, want a deadlock", b.told(id))
	}
}
