package chromium_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A peer is a client that writes the messages of the protocol itself.
type peer struct {
	t       testing.TB
	ctx     context.Context
	ws      *websocket.Conn
	session string
	limits  wire.Limits
	n       int64 // of the next id
	reading sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed at the next reply
	replies map[wire.ID][]wire.Reply
	ended   error
}

// dialPeer connects a client with that label.
func dialPeer(ctx context.Context, t testing.TB, s *site, label string) *peer {
	t.Helper()
	return dialPeerAs(ctx, t, s, label, "")
}

// dialPeerAs connects a client that has a token.
func dialPeerAs(ctx context.Context, t testing.TB, s *site, label, token string) *peer {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	query := url.Values{"client": {label}}.Encode()
	ws, response, err := dialer.DialContext(ctx, "ws://"+s.address+"/ws?"+query, header)
	if err != nil {
		t.Fatalf("dial: %v %v", err, response)
	}
	_ = response.Body.Close()
	p := &peer{t: t, ctx: ctx, ws: ws, changed: make(chan struct{}), replies: make(map[wire.ID][]wire.Reply)}
	_, hello, err := p.read()
	if err != nil {
		t.Fatal(err)
	}
	p.session, p.limits = hello.(*wire.Hello).Session, hello.(*wire.Hello).Limits
	p.reading.Go(p.readAll)
	t.Cleanup(p.drop)
	return p
}

// drop ends the connection without a close frame.
func (p *peer) drop() {
	_ = p.ws.NetConn().Close()
	p.reading.Wait()
}

func (p *peer) read() (wire.ID, wire.Reply, error) {
	_, frame, err := p.ws.ReadMessage()
	if err != nil {
		return wire.ID{}, nil, err
	}
	reply, err := codec.DecodeReply(frame)
	return codec.IDIn(frame), reply, err
}

func (p *peer) readAll() {
	for {
		id, reply, err := p.read()
		p.mu.Lock()
		if err != nil {
			p.ended = err
		} else if !id.IsZero() {
			p.replies[id] = append(p.replies[id], reply)
		}
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// open returns the next id of the session.
func (p *peer) open() wire.ID {
	p.n++
	return wire.ID{Session: p.session, N: p.n - 1}
}

func (p *peer) send(m wire.Request) {
	p.t.Helper()
	frame, err := codec.Append(nil, m)
	if err == nil {
		err = p.ws.WriteMessage(websocket.TextMessage, frame)
	}
	if err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// await returns the reply number i for an id.
func (p *peer) await(id wire.ID, i int) wire.Reply {
	p.t.Helper()
	for {
		p.mu.Lock()
		replies, changed, ended := p.replies[id], p.changed, p.ended
		p.mu.Unlock()
		if len(replies) > i {
			return replies[i]
		}
		if ended != nil {
			p.t.Fatalf("the connection of the peer has ended: %v", ended)
		}
		select {
		case <-changed:
		case <-p.ctx.Done():
			p.t.Fatalf("no reply %d for %v", i, id)
		}
	}
}

// told returns the replies for an id until now.
func (p *peer) told(id wire.ID) []wire.Reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.replies[id]
}

// ask sends a message, and returns the next reply for its id.
func (p *peer) ask(id wire.ID, m wire.Request) wire.Reply {
	p.t.Helper()
	before := len(p.told(id))
	p.send(m)
	return p.await(id, before)
}

// fence returns when the broker has handled all that the peer has sent, and the peer has read what anything until then
// has caused. A ping would not do: the broker answers it at once.
func (p *peer) fence() {
	p.t.Helper()
	id := p.open()
	p.ask(id, &wire.WhoAmI{ID: id})
}

// acquire sends a request, and returns its id when the broker has handled it.
func (p *peer) acquire(m wire.Acquire) wire.ID {
	p.t.Helper()
	m.ID = p.open()
	p.send(&m)
	p.fence()
	return m.ID
}

// hold acquires a lock that is free.
func (p *peer) hold(author, name string) wire.ID {
	p.t.Helper()
	id := p.open()
	m := &wire.Acquire{ID: id, Locks: locks(name), Author: author}
	if reply, ok := p.ask(id, m).(*wire.Granted); !ok {
		p.t.Fatalf("the request for %s was not granted: %v", name, reply)
	}
	return id
}

// wait acquires a lock that is held.
func (p *peer) wait(author, name string) wire.ID {
	p.t.Helper()
	return p.acquire(wire.Acquire{Locks: locks(name), Author: author})
}

func (p *peer) release(id wire.ID) {
	p.t.Helper()
	if reply, ok := p.ask(id, &wire.Release{ID: id}).(*wire.Released); !ok {
		p.t.Fatalf("%v was not released: %v", id, reply)
	}
}

// info returns the whole listing.
func (p *peer) info() []wire.LockInfo {
	p.t.Helper()
	var all []wire.LockInfo
	for after := int64(0); ; {
		locks, next := p.infoPage(&wire.Info{After: after, Queue: wire.Some(10_000)})
		for _, lock := range locks {
			all = append(all, p.wholeLock(lock))
		}
		if after = next; after == 0 {
			return all
		}
	}
}

func (p *peer) infoPage(m *wire.Info) ([]wire.LockInfo, int64) {
	p.t.Helper()
	m.ID = p.open()
	page, ok := p.ask(m.ID, m).(*wire.InfoPage)
	if !ok {
		p.t.Fatalf("info: %s", fmt.Sprint(p.told(m.ID)))
	}
	return page.Locks, page.Next
}

// wholeLock asks for the rest of lists that were cut off.
func (p *peer) wholeLock(lock wire.LockInfo) wire.LockInfo {
	p.t.Helper()
	part := lock
	for !part.HoldersNext.IsZero() || !part.WaitersNext.IsZero() {
		more := &wire.Info{
			Seq: lock.Seq, Queue: wire.Some(10_000),
			HoldersAfter: part.HoldersNext, WaitersAfter: part.WaitersNext,
		}
		parts, _ := p.infoPage(more)
		if len(parts) == 0 {
			p.t.Fatal("a lock has ended while it was listed")
		}
		part = parts[0]
		lock.Holders = append(lock.Holders, part.Holders...)
		lock.Waiters = append(lock.Waiters, part.Waiters...)
	}
	lock.HoldersNext, lock.WaitersNext = wire.Opt[int64]{}, wire.Opt[int64]{}
	return lock
}

// locks are exclusive.
func locks(names ...string) (all []wire.LockSpec) {
	for _, name := range names {
		all = append(all, wire.LockSpec{Name: name})
	}
	return all
}

func cancelOf(id wire.ID) wire.Request { return &wire.Cancel{ID: id} }

// age returns for how many ms the latest of some requests has waited or held, and a great number if there is none.
func age(requests []wire.RequestInfo) int64 {
	least := int64(1 << 40)
	for _, r := range requests {
		least = min(least, r.DurationMS)
	}
	return least
}

func releaseOf(id wire.ID) wire.Request { return &wire.Release{ID: id} }
