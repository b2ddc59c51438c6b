package broker

import (
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/internal/fair"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A share is the group of all sessions of one identity, or of one address if they have no identity.
// They take turns as one and share one set of limits. So a client gains nothing by opening more
// connections.
type share struct {
	name        string
	hasIdentity bool
	sessions    int
	forgettable bool // it is listed in loop.emptyShares

	turns [lanes]fair.Share[*session]
	stock *rate.Limiter // steps that it may spend on watches

	locktable.Account // counts its requests
	acquires          acquireRate
	watches           int
	pages             int        // pages on their way to its sessions
	awaitPage         []*session // sessions that wait for a page
	unsent            int64      // in bytes; valid only while the loop looks for the slowest client
}

// owner says in the answer to a client whose limits its share has.
func (sh *share) owner() string {
	if sh.hasIdentity {
		return "this identity"
	}
	return "this address"
}

// shareName returns a peer's identity, or its address if it has none. An IPv6 address stands for
// its /64 network, because a machine that has one address of it commonly has all of them.
func shareName(p wire.Peer) string {
	if p.Identity != "" {
		return "identity " + p.Identity
	}
	ip, ok := ipOf(p.Remote)
	switch {
	case !ok:
		return p.Remote
	case ip.Is4():
		return ip.String()
	}
	network, _ := ip.Prefix(64) // never fails for such an address
	return network.String()
}

// joinShare adds a new session to its share.
func (l *loop) joinShare(s *session) {
	l.forgetShares()
	name := shareName(s.peer)
	sh := l.shares.Get(name)
	if sh == nil {
		sh = &share{name: name, hasIdentity: s.peer.Identity != "", stock: newStock()}
		l.shares.Set(name, sh)
	}
	sh.sessions++
	s.share = sh
	for i := range s.flows {
		s.flows[i] = fair.NewFlow(s, &sh.turns[i])
	}
}

// leaveShare removes an ending session from its share. The share itself is forgotten only after its
// last request has ended, because locks that are kept after the end of a session still count.
func (l *loop) leaveShare(s *session) {
	s.share.sessions--
	if s.share.sessions == 0 && !s.share.forgettable {
		s.share.forgettable = true
		l.emptyShares = append(l.emptyShares, s.share)
	}
	l.forgetShares()
}

// forgetShares checks two of the shares in emptyShares, and forgets those without sessions and
// requests. Two per call keep up, because a session leaves at most one empty share behind. A share
// whose rate of acquires is limited is remembered until it has recovered, so that its client gains
// nothing by reconnecting.
func (l *loop) forgetShares() {
	for range min(2, len(l.emptyShares)) {
		sh := l.emptyShares[0]
		l.emptyShares = l.emptyShares[1:]
		switch {
		case sh.sessions > 0:
			sh.forgettable = false
		case sh.InUse > 0,
			!sh.acquires.isFresh(l.start.Add(l.at)) && len(l.emptyShares) < maxEmptyShares:
			l.emptyShares = append(l.emptyShares, sh)
		default:
			l.shares.Delete(sh.name)
		}
	}
}
