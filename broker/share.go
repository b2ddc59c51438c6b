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

	turns [lanes]fair.Share[*session]
	stock *rate.Limiter // of steps for watches

	locktable.Account // of their requests
	watches           int
	pages             int   // on their way
	due               int64 // bytes, while the loop looks for who has most
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

// part takes a session that ends out of its share. A share is forgotten with its last session, though some of their
// requests may not have ended yet.
func (l *loop) part(s *session) {
	s.share.sessions--
	if s.share.sessions == 0 {
		delete(l.shares, s.share.name)
	}
}
