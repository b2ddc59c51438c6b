package top

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// withClients shows the clients of a model.
func withClients(m *model) *model {
	r := clientsRead{at: after(2)}
	for i, label := range append([]string{"billing@host7:812", "reports@host3:2210"}, unusual...) {
		r.all = append(r.all, wsclient.ClientInfo{
			Session: []string{"k3v9x2mq", "abcd1234", "z1t6h7rc"}[i%3][:7] + string(rune('a'+i)),
			Peer:    wire.Peer{Client: label, Remote: "192.0.2.7:51234"},
			Holding: i % 4, Waiting: i * i % 3, ConnectedMS: int64(1000 * (10000 - i*i*i)),
			UnsentBytes: int64(i*i) << 12, SilentMS: int64(700 * i),
		})
	}
	r.all[0].Session = "k3v9x2mq"
	feed(m, press("c"), r)
	return m
}

// shopClient returns the detail of the first client.
func shopClient() clientDetail {
	d := clientDetail{session: "k3v9x2mq", at: after(2)}
	d.client = wsclient.ClientInfo{
		Session: "k3v9x2mq", Peer: wire.Peer{Client: "billing@host7:812", Remote: "192.0.2.7:51234"},
		Holding: 5, Waiting: 130,
	}
	for i := range 30 {
		r := wire.RequestInfo{
			ID: id(int64(i)), Author: unusual[i%len(unusual)], Locks: []string{"orders/42"},
			DurationMS: 61_000,
		}
		if i < 3 {
			r.Token, r.Locks = 7, []string{"stock/" + unusual[i], "gpu/pool"}[:1+i%2]
		}
		d.client.Requests = append(d.client.Requests, r)
	}
	return d
}

// showClients shows the screens of the view of clients.
func showClients(show func(title string, m *model), width, height int) {
	m := full(width, height)
	feed(m, press("c"))
	show("clients, before they are read", m)
	show("clients", withClients(full(width, height)))
	m = withClients(full(width, height))
	feed(m, press("u"), press("r"), press("/"), press("h"), press("o"), press("s"), press("t"))
	show("clients by unsent bytes in reverse, while a filter is typed", m)
	m = withClients(full(width, height))
	feed(m, press("enter"), shopClient())
	show("the pane of a client", m)
	feed(m, press("tab"), press("down"), press("e"))
	show("evict a request of a client", m)
	m = full(width, height)
	feed(m, press("c"), clientsRead{err: errors.New("clients: the broker is too old: it cannot list clients")})
	show("a broker that cannot list clients", m)
}

// A key sorts the clients by its order. The selected client stays selected, and the filter is that of this view.
func TestClientKeys(t *testing.T) {
	m := withClients(drawn(80, 24))
	feed(m, press("down"))
	for key, want := range clientSortKeys {
		feed(m, press(key))
		if heads := m.clientHeads(); m.clients.order != want || strings.Count(heads, "↓") != 1 {
			t.Errorf("%s: %s, heads %q", key, m.clients.order, heads)
		}
		if got := m.clients.atCursor().Client; got != "reports@host3:2210" {
			t.Errorf("%s: selected is %s", key, got)
		}
		feed(m, press("r"))
		if heads := m.clientHeads(); strings.Count(heads, "↑") != 1 {
			t.Errorf("%s, reversed: heads %q", key, heads)
		}
	}
	feed(m, press("s"), press("/"), press("7"), press(":"), press("8"), press("enter"))
	if len(m.clients.lines) != 1 || m.want.filter != "" {
		t.Errorf("%d clients match, and the filter of the locks is %q", len(m.clients.lines), m.want.filter)
	}
	feed(m, press("e"))
	if m.eviction != nil || !strings.Contains(m.status, "Tab") {
		t.Errorf("e in the list: %+v, %q", m.eviction, m.status)
	}
	feed(m, press("esc"), press("c"))
	if m.clients.shown || len(m.clients.lines) < 2 {
		t.Errorf("after Esc and c: shown %t, %d clients", m.clients.shown, len(m.clients.lines))
	}
}

// The view reads the clients of a real broker again and again. The pane shows the locks of the selected client, and e
// evicts one of its requests.
func TestClientsView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		ann := dial(t, b, wsclient.Options{Label: "ann's program"})
		a := acquire(t, ann, "ann", "a")
		term := open(t, dial(t, b, wsclient.Options{Label: "ops"}), NewLinkFeed())
		term.press("c")
		term.shows("clients 2  holding 1  waiting 0", "ann's program", "ops")
		term.press("enter")
		term.shows(ann.Session()+": ann's program from", "holds 1 lock, 0 requests waiting",
			"exclusive  a  @ann")

		queue(t.Context(), ann, "ann", "a")
		bob := dial(t, b, wsclient.Options{Label: "bob's program"})
		term.wait(2 * time.Second)
		term.shows("clients 3  holding 1  waiting 1", "holds 1 lock, 1 request waiting")
		term.press("tab", "e")
		term.shows("Evict 1 request holding a?")
		term.press("y")
		term.shows("evicted ann (")
		<-a.Context().Done()

		// A client that disconnects while it is selected.
		term.press("esc", "end")
		term.shows(bob.Session() + ": bob's program from")
		if err := bob.Close(); err != nil {
			t.Fatal(err)
		}
		term.wait(2 * time.Second)
		term.shows("clients 2")
		term.press("c")
		term.shows("LOCK")
	})
}
