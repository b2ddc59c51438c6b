package owner

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// trouble makes trouble now and then.
func (w *world) trouble() {
	n := w.nodes[w.random.IntN(len(w.nodes))]
	if !w.chance(3) {
		n = w.owner()
	}
	switch w.random.IntN(11) {
	case 0:
		w.killAndStart(n)
	case 1:
		w.stop(n, false, false)
	case 2:
		w.stop(n, true, false)
	case 3:
		w.stop(n, true, true)
	case 4:
		w.breakStore()
	case 5:
		w.cut(w.clients[w.random.IntN(len(w.clients))])
	case 6:
		n.clock.read()
		n.clock.shift += w.upTo(20*time.Second) - 10*time.Second
	case 7:
		n.handOver(w.nodes[w.random.IntN(len(w.nodes))])
	case 8:
		n.isolated = w.now + w.upTo(40*time.Second)
		w.note("%s is cut off from the store until %v", n.name, n.isolated)
	default:
		w.evict(n)
	}
	w.after(w.upTo(15*time.Second), w.trouble)
}

func (w *world) killAndStart(n *node) {
	if n.machine == nil {
		return
	}
	w.note("%s is killed", n.name)
	n.kill()
	w.after(w.upTo(20*time.Second), n.start)
}

// stop stops a process for a while, and perhaps its clocks.
func (w *world) stop(n *node, mono, wall bool) {
	if n.stopped || n.machine == nil {
		return
	}
	w.note("%s stops, its clocks %v %v", n.name, mono, wall)
	n.clock.read()
	n.stopped, n.clock.monoStopped, n.clock.wallStopped = true, mono, wall
	w.after(w.upTo(40*time.Second), func() {
		n.clock.read()
		n.clock.monoStopped, n.clock.wallStopped = false, false
		w.note("%s proceeds", n.name)
		n.proceed()
	})
}

func (w *world) breakStore() {
	w.broken = max(w.broken, w.now+w.upTo(15*time.Second))
	w.note("the store is broken until %v", w.broken)
}

// cut cuts the connection of a client without a word.
func (w *world) cut(c *client) {
	if c.pipe != nil {
		w.note("%s is cut off", c.name)
		c.pipe.cut = true
	}
}

// excuse notes whose locks a write takes away. Such a client may treat them as held until it hears of it.
func (w *world) excuse(write cluster.Write) {
	for token, session := range w.condemned {
		revokes := func(s cluster.Session) bool { return slices.Contains(s.Revoked, token) }
		if slices.Contains(write.Delete, session) || slices.ContainsFunc(write.Put, revokes) {
			w.excused[token] = true
		}
	}
}

// evict takes a lock from its holder, or ends a session.
func (w *world) evict(n *node) {
	if n.stopped || n.term == 0 || n.leaving {
		return
	}
	h := n.table.holders[lockNames[w.random.IntN(len(lockNames))]]
	if h == nil || h.mark != 0 {
		return
	}
	w.counts.evictions++
	w.note("%s evicts %v of %s", n.name, h.holding, h.session)
	h.evicted = true
	w.condemned[h.token] = h.session
	s := n.table.sessions[h.session]
	if s != nil && !s.comes && w.chance(2) {
		n.table.end(s)
		n.step()
		return
	}
	mark := Mark(0)
	if !w.breaks.evictsFirst && s != nil && !s.plain {
		mark = n.machine.Revoke(h.session, h.token)
	}
	n.tell(h)
	n.table.take(h, mark)
	n.step()
}
