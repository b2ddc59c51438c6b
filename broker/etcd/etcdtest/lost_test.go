package etcdtest

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A proxy passes bytes on to one member. While it is deaf, it drops what the member says.
type proxy struct {
	listener net.Listener
	target   string
	deaf     atomic.Bool
	running  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// startProxy starts a proxy before the member with that URL. It ends with the test.
func startProxy(t *testing.T, endpoint string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: strings.TrimPrefix(endpoint, "http://")}
	p.running.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.hangUp()
		p.running.Wait()
	})
	return p
}

func (p *proxy) endpoint() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		member, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, member)
		p.mu.Unlock()
		p.running.Go(func() { p.pass(member, client, false) })
		p.running.Go(func() { p.pass(client, member, true) })
	}
}

// pass passes bytes on until either side has ended.
func (p *proxy) pass(to, from net.Conn, answers bool) {
	defer func() {
		_ = to.Close()
		_ = from.Close()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !(answers && p.deaf.Load()) {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hangUp closes all connections.
func (p *proxy) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
}

// The answer to a write is lost. The error leaves open whether it was applied. It was, and its repetition finds its
// own beat. A broker with another beat learns that it has lost.
func TestLostAnswer(t *testing.T) {
	m := startMembers(t)
	p := startProxy(t, m.endpoints()[0])
	direct, store := openStore(t, m.endpoints()), openStore(t, []string{p.endpoint()})
	head := write(t, store, cluster.Write{Beat: "a/1"})

	p.deaf.Store(true)
	w := cluster.Write{Guard: head.Revision, Beat: "a/2", Put: []cluster.Session{{ID: "s1"}}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	_, err := store.Write(ctx, w)
	cancel()
	if err == nil || errors.Is(err, cluster.ErrNotApplied) {
		t.Fatalf("the answer was lost: got %v", err)
	}
	var seen cluster.Head
	for seen.Beat != "a/2" { // the request may still be under way
		seen = repeat(t, direct.Head)
	}
	p.deaf.Store(false)
	p.hangUp()

	if got := write(t, store, w); got != seen {
		t.Errorf("the repetition got %+v, want %+v", got, seen)
	}
	if got := write(t, store, cluster.Write{Guard: head.Revision, Beat: "b/1"}); got != seen {
		t.Errorf("another broker got %+v, want %+v", got, seen)
	}
	if n := writes(t, m.endpoints()); n != 2 {
		t.Errorf("etcd has applied %d writes, want 2", n)
	}
}
