package broker

import (
	"net"
	"net/netip"

	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/internal/fair"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A share is all sessions of one identity, or of one address where there are no identities.
// They are served as one, and have one allowance, so that opening more connections buys nothing.
type share struct {
	name     string
	sessions int
	isEmpty  bool // it is among those that may be forgotten

	turns [lanes]fair.Share[*session]
	stock *rate.Limiter // of steps for watches

	locktable.Account // of their requests
	watches           int
	pages             int        // on their way
	awaitRoom         []*session // for another page
	due               int64      // bytes, while the loop looks for who has most
}

// shareName is the identity of a peer, else its address. An IPv6 address stands for the
// network of 64 bits that it belongs to: whoever has one has all of them.
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
	network, _ := addr.WithZone("").Prefix(64) // fails for no address of that kind
	return network.String()
}

// join gives a session that opens its share.
func (l *loop) join(s *session) {
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

// part takes a session that ends out of its share. A share is forgotten some time after its last request has ended:
// what is kept of sessions that have ended counts, too.
func (l *loop) part(s *session) {
	s.share.sessions--
	if s.share.sessions == 0 && !s.share.isEmpty {
		s.share.isEmpty = true
		l.empty = append(l.empty, s.share)
	}
	l.forgetShares()
}

// forgetShares looks at some that had no sessions, and forgets those that have nothing any more. It looks at more
// than one session can leave behind.
func (l *loop) forgetShares() {
	for range min(2, len(l.empty)) {
		sh := l.empty[0]
		l.empty = l.empty[1:]
		switch {
		case sh.sessions > 0:
			sh.isEmpty = false
		case sh.InUse > 0:
			l.empty = append(l.empty, sh)
		default:
			delete(l.shares, sh.name)
		}
	}
}
