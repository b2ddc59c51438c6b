package broker

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// maxPatience is how long a connection may take to become a session before it can be closed
// for another, and the most that the http.Server waits before it accepts that one.
const maxPatience = 500 * time.Millisecond

// handshakes are the connections of an http.Server that have not become sessions: those
// that have not sent a whole request yet, and those that are idle between requests. They cost
// a client next to nothing, so there may be only some of them, in all and per address. For one
// more the oldest is closed, once it has had its time: a client that means it needs a few
// milliseconds, while one that sends nothing would hold its place until ReadHeaderTimeout.
//
// While even the oldest is young the server accepts no further connection, and the system keeps
// them. From an eighth of the bound on, those that have sent their request go first. So
// thousands of clients that come back at once are served one after another instead of all
// at once and too late. A flood costs other clients some time to connect, and sessions nothing.
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
		runtime.Gosched()
	}
	for {
		oldest, wait := h.add(conn)
		if wait > 0 {
			h.awaitEnd(wait)
			continue
		}
		if oldest != nil {
			oldest.abandon()
			h.lines.handshake.line().Str("remote", printable.LogText(oldest.conn.RemoteAddr().String())).
				Msg("closed a connection that had not become a session: too many such connections")
		}
		return
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

// add counts a connection, and returns the one that must be closed for it, if any. While
// there is none that may be closed, it returns how long to wait before the next attempt.
func (h *handshakes) add(conn net.Conn) (oldest *handshake, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	added := &handshake{conn: conn, address: addressOf(conn.RemoteAddr().String()), since: time.Now()}
	some, most := h.all, h.most
	if same := h.from[added.address]; same != nil && added.address.IsValid() && same.Len() >= h.mostPerAddress {
		some, most = same, h.mostPerAddress
	}
	if some.Len() >= most {
		oldest = some.Front().Value.(*handshake)
		if wait = patience(most) - time.Since(oldest.since); wait > 0 {
			return nil, wait
		}
		h.drop(oldest)
	}
	same := h.from[added.address]
	if same == nil {
		same = list.New()
		h.from[added.address] = same
	}
	added.inAll, added.inAddress = h.all.PushBack(added), same.PushBack(added)
	h.conns[conn] = added
	return oldest, 0
}

// patience returns how long each has when there may be that many: the fewer the shorter, so that
// always four thousand a second can come.
func patience(most int) time.Duration {
	return min(time.Duration(most)*time.Millisecond/4, maxPatience)
}

// abandon closes the connection. With TLS that would send an alert, and could wait for the client.
func (h *handshake) abandon() {
	if secure, ok := h.conn.(interface{ NetConn() net.Conn }); ok {
		_ = secure.NetConn().Close()
		return
	}
	_ = h.conn.Close()
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
