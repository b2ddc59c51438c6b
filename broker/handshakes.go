package broker

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// handshakes are the connections of an http.Server that have not become sessions: those
// that have not sent a whole request yet, and those that are idle between requests. They cost
// a client next to nothing, so there may be only some of them, in all and per address. Over
// that the oldest is closed: a client that means it needs a few milliseconds, while one that
// sends nothing would hold its place until ReadHeaderTimeout.
type handshakes struct {
	most, mostPerAddress int
	lines                *lines

	mu    sync.Mutex
	conns map[net.Conn]*handshake
	all   *list.List // of *handshake, the oldest first
	from  map[netip.Prefix]*list.List
}

// A handshake is one of them, with its places in the lists.
type handshake struct {
	conn      net.Conn
	address   netip.Prefix
	inAll     *list.Element
	inAddress *list.Element
}

func newHandshakes(c *Config, l *lines) *handshakes {
	return &handshakes{
		most: c.MaxHandshakes, mostPerAddress: max(c.MaxHandshakes/2, 1), lines: l,
		conns: make(map[net.Conn]*handshake), all: list.New(), from: make(map[netip.Prefix]*list.List),
	}
}

// follow is for [http.Server].ConnState. The server calls it with a new connection
// before it accepts the next.
func (h *handshakes) follow(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if oldest := h.add(conn); oldest != nil {
			_ = oldest.conn.Close()
			h.lines.handshake.line().Str("remote", oldest.conn.RemoteAddr().String()).
				Msg("closed a connection that had not become a session: too many such connections")
		}
	case http.StateHijacked, http.StateClosed:
		h.remove(conn)
	}
}

// add counts a connection, and returns the one that must be closed for it, if any.
func (h *handshakes) add(conn net.Conn) (oldest *handshake) {
	h.mu.Lock()
	defer h.mu.Unlock()
	address := addressOf(conn.RemoteAddr().String())
	same := h.from[address]
	if same == nil {
		same = list.New()
		h.from[address] = same
	}
	switch {
	case address.IsValid() && same.Len() >= h.mostPerAddress:
		oldest = same.Front().Value.(*handshake)
	case h.all.Len() >= h.most:
		oldest = h.all.Front().Value.(*handshake)
	}
	if oldest != nil {
		h.drop(oldest)
	}
	added := &handshake{conn: conn, address: address}
	added.inAll, added.inAddress = h.all.PushBack(added), same.PushBack(added)
	h.from[address] = same // drop may have removed it
	h.conns[conn] = added
	return oldest
}

func (h *handshakes) remove(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.conns[conn]; known != nil {
		h.drop(known)
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
