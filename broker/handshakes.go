package broker

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// maxPatience is how long a connection may take to become a session before it can be closed
	// for another, and the most that the http.Server waits before it accepts that one.
	maxPatience = time.Second
	// yieldWait is how long the http.Server waits for one of many connections under way to
	// become a session before it accepts a further one.
	yieldWait = time.Millisecond
)

// handshakes are the connections of an http.Server that have not become sessions: those
// that have not sent a whole request yet, and those that are idle between requests. They cost
// a client next to nothing, so there may be only some of them, in all and per address. For one
// more the oldest is closed, once it has had its time: a client that means it needs a few
// milliseconds, while one that sends nothing would hold its place until ReadHeaderTimeout.
//
// While even the oldest is young the server accepts no further connection, and the system keeps
// them; it becomes slower at an eighth of the bound. So thousands of clients that come back at
// once are served one after another instead of all at once and too late. A flood
// costs other clients some time to connect, and sessions nothing.
type handshakes struct {
	most, mostPerAddress int
	lines                *lines
	ended                chan struct{} // has a token when one has ended

	mu    sync.Mutex
	conns map[net.Conn]*handshake
	all   *list.List // of *handshake, the oldest first
	from  map[netip.Prefix]*list.List
}

// A handshake is one of them, with its places in the lists.
type handshake struct {
	conn      net.Conn
	address   netip.Prefix
	since     time.Time
	inAll     *list.Element
	inAddress *list.Element
}

func newHandshakes(c *Config, l *lines) *handshakes {
	return &handshakes{
		most: c.MaxHandshakes, mostPerAddress: max(c.MaxHandshakes/2, 1), lines: l, ended: make(chan struct{}, 1),
		conns: make(map[net.Conn]*handshake), all: list.New(), from: make(map[netip.Prefix]*list.List),
	}
}

// follow is for [http.Server].ConnState. The server calls it with a new connection
// before it accepts the next.
func (h *handshakes) follow(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		h.admit(conn)
	case http.StateHijacked, http.StateClosed:
		h.remove(conn)
	}
}

// admit counts a connection as soon as there is room for it.
func (h *handshakes) admit(conn net.Conn) {
	if h.isBusy() {
		h.awaitEnd(yieldWait)
	}
	for {
		wait := h.add(conn)
		if wait <= 0 {
			return
		}
		h.awaitEnd(wait)
	}
}

func (h *handshakes) isBusy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.Len() > h.most/8
}

// awaitEnd waits until one has ended, but not for longer than that.
func (h *handshakes) awaitEnd(most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-h.ended:
	case <-timer.C:
	}
}

// add counts a connection, or returns how long to wait before that can be tried again.
func (h *handshakes) add(conn net.Conn) (wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	added := &handshake{conn: conn, address: addressOf(conn.RemoteAddr().String()), since: time.Now()}
	if same := h.from[added.address]; same != nil && added.address.IsValid() {
		wait = h.makeRoom(same, h.mostPerAddress)
	}
	if wait <= 0 {
		wait = h.makeRoom(h.all, h.most)
	}
	if wait > 0 {
		return wait
	}
	same := h.from[added.address]
	if same == nil {
		same = list.New()
		h.from[added.address] = same
	}
	added.inAll, added.inAddress = h.all.PushBack(added), same.PushBack(added)
	h.conns[conn] = added
	return 0
}

// makeRoom closes the oldest of some when they are as many as there may be, or returns how
// long it still has. The fewer there may be the shorter that is, so that always a
// thousand a second can come.
func (h *handshakes) makeRoom(some *list.List, most int) (wait time.Duration) {
	if some.Len() < most {
		return 0
	}
	oldest := some.Front().Value.(*handshake)
	patience := min(time.Duration(most)*time.Millisecond, maxPatience)
	if wait = patience - time.Since(oldest.since); wait > 0 {
		return wait
	}
	h.drop(oldest)
	_ = oldest.conn.Close()
	h.lines.handshake.line().Str("remote", wire.LogText(oldest.conn.RemoteAddr().String())).
		Msg("closed a connection that had not become a session: too many such connections")
	return 0
}

func (h *handshakes) remove(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.conns[conn]; known != nil {
		h.drop(known)
		select {
		case h.ended <- struct{}{}:
		default:
		}
	}
}

func (h *handshakes) drop(known *handshake) {
	delete(h.conns, known.conn)
	h.all.Remove(known.inAll)
	same := h.from[known.address]
	same.Remove(known.inAddress)
	if same.Len() == 0 {
		delete(h.from, known.address)
	}
}
