package broker

import (
	"net"
	"net/netip"

	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/internal/fair"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A share is all sessions of one identity, or of one address if they have no identity. They are
// served as one and have the limits of one. So opening more connections gains nothing.
type share struct {
	name        string
	sessions    int
	forgettable bool // it is in loop.emptyShares

	turns [lanes]fair.Share[*session]
	stock *rate.Limiter // of steps for watches

	locktable.Account // of its requests
	watches           int
	pages             int        // on their way
	awaitPage         []*session // sessions that wait for a page
	unsent            int64      // bytes; set while the loop looks for the slowest client
}

// shareName returns the identity of a peer, or else its address. An IPv6 address stands for its
// /64: a machine that has one of these addresses has all of them.
func shareName(p wire.Peer) string {
	if p.Identity != "" {
		return "identity " + p.Identity
	}
	host, _, err := net.SplitHostPort(p.Remote)
	if err != nil {
		return p.Remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	network, _ := addr.WithZone("").Prefix(64) // never fails for such an address
	return network.String()
}

// joinShare puts a new session into its share.
func (l *loop) joinShare(s *session) {
	l.forgetShares()
	name := shareName(s.peer)
	sh := l.shares[name]
	if sh == nil {
		sh = &share{name: name, stock: newStock()}
		l.shares[name] = sh
	}
	sh.sessions++
	s.share = sh
	l.table.CountIn(s.name, &sh.Account)
	for i := range s.flows {
		s.flows[i] = fair.NewFlow(s, &sh.turns[i])
	}
}

// leaveShare takes a session that ends out of its share. The share is forgotten only after its last
// request has ended, because locks that are kept after a session has ended count too.
func (l *loop) leaveShare(s *session) {
	s.share.sessions--
	if s.share.sessions == 0 && !s.share.forgettable {
		s.share.forgettable = true
		l.emptyShares = append(l.emptyShares, s.share)
	}
	l.forgetShares()
}

// forgetShares looks at some shares without sessions, and forgets those that have no requests. It
// looks at two of them, which is more than one session can leave behind.
func (l *loop) forgetShares() {
	for range min(2, len(l.emptyShares)) {
		sh := l.emptyShares[0]
		l.emptyShares = l.emptyShares[1:]
		switch {
		case sh.sessions > 0:
			sh.forgettable = false
		case sh.InUse > 0:
			l.emptyShares = append(l.emptyShares, sh)
		default:
			delete(l.shares, sh.name)
		}
	}
}
