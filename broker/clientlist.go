package broker

import (
	"net/netip"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// While the loop makes a page of clients it serves nobody else. So the work for one page is bounded,
// to about half a millisecond, as for a page of locks.
const (
	clientsWork = stepsOfSlice / 2 // about how many steps a page takes at most
	clientWork  = 15               // how many of them it takes to look at a client
	listWork    = 30               // how many more it takes to list the client
	labelWork   = 2                // how many steps of a comparison with a glob make one of them
)

// A clientPage is one page of the list of clients, while it is being made.
type clientPage struct {
	loop    *loop
	query   *wire.Clients
	network netip.Prefix // of query.Remote
	glob    string       // query.Client, or ""
	room    int          // how many more bytes fit
	work    int          // how many more steps it may take
	page    *wire.ClientsPage
}

// clients answers clients with one page.
func (l *loop) clients(s *session, m *wire.Clients) {
	l.beginPage(s)
	p := clientPage{
		loop: l, query: m, glob: m.Client.Or(""), room: pageBytes, work: clientsWork,
		page: &wire.ClientsPage{ID: m.ID, Clients: []wire.ClientInfo{}},
	}
	p.network, _ = wire.Network(m.Remote.Or(""))
	if name, given := m.Session.Get(); given {
		p.fillBySession(name)
	} else {
		p.fill()
	}
	l.listed += int64(clientsWork - p.work)
	l.reply(s, p.page)
}

// fillBySession lists the client of one session, if the query asks for it.
func (p *clientPage) fillBySession(name string) {
	s := p.loop.sessions.Get(name)
	if s == nil || s.number <= p.query.After {
		return
	}
	most, asked := p.query.Requests.Get()
	if !asked {
		p.consider(s)
		return
	}
	requests, events := p.loop.table.RequestsOf(p.loop.now(), name, most, p.loop.events[:0])
	p.loop.deliver(events)
	if !s.ended && p.consider(s) {
		p.page.Clients[0].Requests = requests
	}
}

// fill lists the clients that the query asks for, one after another, until the page is full.
func (p *clientPage) fill() {
	last := p.query.After
	p.loop.roster.after(p.query.After, func(s *session) bool {
		full := p.work <= 0 || p.room <= 0 || len(p.page.Clients) == p.query.Max.Or(wire.MaxPage)
		if full && last > p.query.After {
			p.page.Next = last
			return false
		}
		last = s.number
		p.consider(s)
		return true
	})
}

// consider lists the client of s if the query asks for it, and reports whether it does.
func (p *clientPage) consider(s *session) bool {
	p.work -= clientWork + glob.Cost(p.glob)*len(s.peer.Client)/labelWork
	usage := p.loop.table.Usage(s.name)
	switch {
	case p.query.Holding && usage.Holding == 0, p.query.Waiting && usage.Waiting == 0:
		return false
	case p.network.IsValid() && !isFrom(p.network, s.peer.Remote):
		return false
	case p.glob != "" && !doublestar.MatchUnvalidated(p.glob, s.peer.Client):
		return false
	}
	p.work -= listWork
	info := p.loop.describeClient(s)
	info.Holding, info.Waiting = usage.Holding, usage.Waiting
	p.room -= jsonsize.Client(&info)
	p.page.Clients = append(p.page.Clients, info)
	return true
}

// isFrom reports whether remote, the address of a peer, is in a network.
func isFrom(network netip.Prefix, remote string) bool {
	ip, ok := ipOf(remote)
	return ok && network.Contains(ip)
}

// describeClient describes the client of s, except for what the table knows about it.
func (l *loop) describeClient(s *session) wire.ClientInfo {
	info := wire.ClientInfo{
		Session:     s.name,
		Peer:        s.peer,
		ConnectedMS: (l.now() - s.openedAt).Milliseconds(),
		UnsentBytes: s.out.unsent(),
		SilentMS:    max(l.start.Add(l.now()).Sub(s.net.LastHeard()), 0).Milliseconds(),
	}
	if s.net.MessagesOnly() {
		info.Alive = wire.AliveMessage
	}
	if s.watches != nil {
		info.Watches = len(s.watches.all)
	}
	return info
}
