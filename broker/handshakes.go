package broker

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/shrink"
)

// maxPatience is the longest time that a connection has to become a session before it may be closed
// to make room for a new one. So the http.Server waits no longer than this to accept a new
// connection.
const maxPatience = 500 * time.Millisecond

// handshakes tracks the connections of an http.Server that have not become sessions: they have not
// sent a whole request yet, or are idle between requests. They cost a client next to nothing, so
// their number is limited, in total and per address. To make room for a new one, the oldest is
// closed once it has had its time. A real client needs a few milliseconds, but a client that sends
// nothing would keep its place until ReadHeaderTimeout.
//
// As long as even the oldest has time left, the server accepts no new connections, and the system
// queues them. Above an eighth of the limit, the server lets connections that have sent their
// request go ahead before it accepts more. So when thousands of clients reconnect together, they
// are served one after another. If all were served at once, each would be served too late. A flood
// delays new connections of other clients, but does not affect existing sessions.
//
// An address that connects too fast has its connections closed at once, before TLS. This costs the
// least against a flood: holding them back would keep their descriptors, and an answer would need a
// TLS handshake first. A real client in a crowd at the same address tries again, with growing pauses,
// as after any lost connection. A trusted proxy may connect as fast as it wants, because many clients
// share its address.
type handshakes struct {
	most, mostPerAddress int
	rates                *handshakeRate
	exempt               func(netip.Addr) bool // reports whether an address may connect as fast as it wants
	refused              atomic.Int64          // how many connections were closed because they came too fast
	logs                 *logLimits
	ended                chan struct{} // holds a token after a handshake has ended

	mu    sync.Mutex
	conns shrink.Map[net.Conn, *handshake]
	all   *list.List // of *handshake, oldest first
	from  shrink.Map[netip.Prefix, *list.List]
}

// A handshake is one such connection, with its places in the two lists.
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
		rates:  newHandshakeRate(c.HandshakesPerSecond, c.HandshakeBurst, maxRates),
		exempt: c.trusts, ended: make(chan struct{}, 1),
		all: list.New(),
	}
}

// follow is used as [http.Server].ConnState. The server calls it with a new connection before it
// accepts the next one.
func (h *handshakes) follow(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if h.isTooFast(conn) {
			h.refuse(conn)
			return
		}
		h.admit(conn)
	case http.StateHijacked, http.StateClosed:
		h.remove(conn)
	}
}

// count returns how many handshakes there are.
func (h *handshakes) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.Len()
}

// isTooFast reports whether the address of a new connection has made too many lately.
func (h *handshakes) isTooFast(conn net.Conn) bool {
	remote := conn.RemoteAddr().String()
	ip, isIP := ipOf(remote)
	return isIP && !h.exempt(ip) && !h.rates.allow(addressOf(remote), time.Now())
}

// refuse closes a connection that comes too fast. The server then finds that it is closed.
func (h *handshakes) refuse(conn net.Conn) {
	h.refused.Add(1)
	abandon(conn)
	h.logs.tooFast.write("closed a new connection: too many connections a second from this address",
		textAttr("remote", conn.RemoteAddr().String()))
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
			abandon(oldest.conn)
			h.logs.handshake.write("closed a connection that had not become a session: "+
				"too many such connections",
				textAttr("remote", oldest.conn.RemoteAddr().String()))
		}
		return
	}
}

func (h *handshakes) isBusy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.Len() > h.most/8
}

// awaitEnd waits until a handshake has ended, but no longer than most.
func (h *handshakes) awaitEnd(most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-h.ended:
	case <-timer.C:
	}
}

// add counts a connection, and returns the handshake that must be closed to make room for it, or
// nil. If room is needed but no handshake may be closed yet, add counts nothing and returns how
// long to wait before trying again.
func (h *handshakes) add(conn net.Conn) (oldest *handshake, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	added := &handshake{conn: conn, address: addressOf(conn.RemoteAddr().String()), since: time.Now()}
	some, most := h.all, h.most
	if same := h.from.Get(added.address); same != nil && added.address.IsValid() && same.Len() >= h.mostPerAddress {
		some, most = same, h.mostPerAddress
	}
	if some.Len() >= most {
		oldest = some.Front().Value.(*handshake)
		if wait = patience(most) - time.Since(oldest.since); wait > 0 {
			return nil, wait
		}
		h.drop(oldest)
	}
	same := h.from.Get(added.address)
	if same == nil {
		same = list.New()
		h.from.Set(added.address, same)
	}
	added.inAll, added.inAddress = h.all.PushBack(added), same.PushBack(added)
	h.conns.Set(conn, added)
	return oldest, 0
}

// patience returns how long each handshake has if their number is limited to most. A lower limit
// means less time, so that at least four thousand connections a second can be accepted.
func patience(most int) time.Duration {
	return min(time.Duration(most)*time.Millisecond/4, maxPatience)
}

// abandon closes a connection below TLS. A TLS close would send an alert, and could wait for the
// client.
func abandon(conn net.Conn) {
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		_ = secure.NetConn().Close()
		return
	}
	_ = conn.Close()
}

func (h *handshakes) remove(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.conns.Get(conn); known != nil {
		h.drop(known)
		select {
		case h.ended <- struct{}{}:
		default:
		}
	}
}

func (h *handshakes) drop(known *handshake) {
	h.conns.Delete(known.conn)
	h.all.Remove(known.inAll)
	same := h.from.Get(known.address)
	same.Remove(known.inAddress)
	if same.Len() == 0 {
		h.from.Delete(known.address)
	}
}
