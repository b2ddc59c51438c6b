package broker_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// listed sends m, whose answer must be a page of clients, and returns the clients by session.
func (p *peer) listed(m *wire.Clients) map[string]wire.ClientInfo {
	p.t.Helper()
	frame, err := codec.Append(nil, m)
	if err != nil {
		p.t.Fatal(err)
	}
	p.take()
	p.send("%s", frame)
	frames := p.take()
	if len(frames) != 1 {
		p.t.Fatalf("got %q, want a page", frames)
	}
	var page struct{ Clients []wire.ClientInfo }
	reply, err := codec.DecodeReply([]byte(frames[0]))
	if got, is := reply.(*wire.ClientsPage); is {
		page.Clients = got.Clients
	} else {
		p.t.Fatalf("got %s (%v), want a page", frames[0], err)
	}
	clients := make(map[string]wire.ClientInfo)
	for _, c := range page.Clients {
		clients[c.Session] = c
	}
	return clients
}

// The list shows a client that is silent and does not read, one that watches, and one for which only
// messages are signs of life.
func TestClientsThatAreBehind(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		deaf, b, page := r.dial("a"), r.connect("b"), r.connectWith("c", "&alive=message")
		b.send(`{"type":"watch","id":"bbbbbbbb--0"}`)
		for n := 1; n <= 1000; n++ {
			b.send(`{"type":"acquire","id":"bbbbbbbb--%d","locks":[{"name":"x"}],"author":"%0256d"}`, n, n)
		}
		deaf.send(`{"type":"info","id":"aaaaaaaa--0","queue":10000}`)
		pass(7 * time.Second)
		got := b.listed(&wire.Clients{ID: wire.ID{Session: "bbbbbbbb", N: 2000}})
		if c := got["aaaaaaaa"]; c.UnsentBytes < 100_000 || c.SilentMS != 7000 || c.ConnectedMS != 7000 {
			t.Errorf("the client that does not read: %+v", c)
		}
		if c := got["bbbbbbbb"]; c.Watches != 1 || c.Holding != 1 || c.Waiting != 999 || c.UnsentBytes != 0 {
			t.Errorf("the client that watches: %+v", c)
		}
		if c := got["cccccccc"]; c.Alive != wire.AliveMessage || c.SilentMS != 7000 {
			t.Errorf("the client with alive=message: %+v", c)
		}
		_ = deaf.ws.Close()
		b.close()
		page.close()
	})
}

// A client whose locks are kept after the end of its connection is not listed, but info lists it.
func TestClientsWithKeptLocks(t *testing.T) {
	inBubble(t, broker.Config{}, func(r *rig) {
		a, b := r.connect("a"), r.connect("b")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.take()
		a.sendClose(wire.CloseNormal, "") // no goodbye
		synctest.Wait()
		if got := b.listed(&wire.Clients{ID: wire.ID{Session: "bbbbbbbb"}}); len(got) != 1 {
			t.Errorf("listed: %v, want only the other client", got)
		}
		b.send(`{"type":"info","id":"bbbbbbbb--1"}`)
		if got := strings.Join(b.take(), ""); !strings.Contains(got, `"gone":true`) {
			t.Errorf("info does not list the holder that is gone: %s", got)
		}
		_ = a.ws.Close()
		b.close()
	})
}

// A page of clients counts among the pages that are on their way, and when it has been sent the next
// page may follow. So a client that asks a hundred times at once gets a hundred answers, one by one.
func TestMaxPagesOfClients(t *testing.T) {
	const pages = 100
	inBubble(t, broker.Config{MaxPages: 2}, func(r *rig) {
		a, b, c := r.dial("a"), r.dial("b"), r.connect("c")
		c.take()
		for n := range 1000 {
			c.send(`{"type":"acquire","id":"cccccccc--%d","locks":[{"name":"x"}],"author":"%0256d"}`, n, n)
		}
		c.take()
		for _, p := range []*peer{a, b} {
			p.send(`{"type":"info","id":"%s--0","queue":10000}`, strings.Repeat(p.name, 8))
			synctest.Wait()
		}
		go func() {
			for n := range pages {
				c.send(`{"type":"clients","id":"cccccccc--%d"}`, 2000+n)
			}
		}()
		c.expect()
		a.read()
		a.take()
		pass(time.Second)
		frames := c.take()
		if len(frames) != pages {
			t.Errorf("got %d pages, want %d", len(frames), pages)
		}
		for n, frame := range frames {
			var reply struct{ ID string }
			_ = json.Unmarshal([]byte(frame), &reply)
			if want := fmt.Sprintf("cccccccc--%d", 2000+n); reply.ID != want {
				t.Errorf("got the page %s, want %s", reply.ID, want)
			}
		}
		b.read()
		for _, p := range []*peer{a, b, c} {
			p.close()
		}
	})
}
