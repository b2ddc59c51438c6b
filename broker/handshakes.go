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

// maxPatience is how long a connection may take to become a session before it can be closed for
// another. The http.Server accepts that other connection after this time at the latest.
const maxPatience = 500 * time.Millisecond

// handshakes are the connections of an http.Server that have not become sessions. They have not
// sent a whole request yet, or are idle between requests. They cost a client next to nothing, so
// their number is limited, in all and per address. For one more, the oldest is closed once it has
// had its time. A real client needs a few milliseconds. One that sends nothing would keep its place
// until ReadHeaderTimeout.
//
// While even the oldest is young, the server accepts no further connection, and the system queues
// them. From an eighth of the limit on, connections that have sent their request go first. So
// thousands of clients that reconnect at once are served one after another, and not all at once and
// too late. A flood costs other clients some time to connect, and costs sessions nothing.
type handshakes struct {
	most, mostPerAddress int
	logs                 *logLimits
	ended                chan struct{} // has a token if a handshake has ended

	mu    sync.Mutex
	conns map[net.Conn]*handshake
	all   *list.List // of *handshake, the oldest first
	from  map[netip.Prefix]*list.List
}

// A handshake is a connection, with its places in the lists.
type handshake struct {
	conn      net.Conn
	address   netip.Prefix
	since     time.Time
	inAll     *list.Element
	inAddress *list.Element
}

func newHandshakes(c *Config, l *logLimits) *handshakes {
	return &handshakes{
		most: c.MaxHandshakes, mostPerAddress: max(c.MaxHandshakes/2, 1), logs: l,
		ended: make(chan struct{}, 1),
		conns: make(map[net.Conn]*handshake), all: list.New(), from: make(map[netip.Prefix]*list.List),
	}
}

// follow is the [http.Server].ConnState. The server calls it with a new connection before it
// accepts the next.
func (h *handshakes) follow(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		h.admit(conn)
	case http.StateHijacked, http.StateClosed:
		h.remove(conn)
	}
}

// admit waits until there is room for a connection, and counts it.
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
			h.logs.handshake.line().Str("remote", printable.LogText(oldest.conn.RemoteAddr().String())).
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

// awaitEnd waits until a handshake has ended, for the given time at most.
func (h *handshakes) awaitEnd(most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-h.ended:
	case <-timer.C:
	}
}

// add counts a connection, and returns the handshake that must be closed for it, if any. If none
// may be closed yet, it counts nothing and returns how long to wait before the next attempt.
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

// patience returns how long each handshake has if there may be most of them. The time is shorter
// for fewer, so that always four thousand a second can be accepted.
func patience(most int) time.Duration {
	return min(time.Duration(most)*time.Millisecond/4, maxPatience)
}

// abandon closes the connection below TLS, which would send an alert and could wait for the client.
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
