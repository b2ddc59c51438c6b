package broker

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A lock that the client of a session may not list is hidden from it. This file removes hidden locks
// from everything that the session is told. PROTOCOL.md says what is told instead. The requests of a
// session are never hidden from itself.

// sees reports whether the client may list a lock.
func (r *rights) sees(lock string) bool {
	return r == nil || r.permissions.Allows(access.List, lock)
}

// hasHidden reports whether there may be locks that are hidden from s.
func (s *session) hasHidden() bool {
	return s.rights != nil && !s.rights.permissions.AllowsEverywhere(access.List)
}

// hide removes what is hidden from s from a reply that was made for s only.
func (s *session) hide(m wire.Reply) {
	switch m := m.(type) {
	case *wire.Error:
		s.hideRequests(m.Holders)
		s.hideSteps(m.Cycle)
	case *wire.Chain:
		s.hideSteps(m.Chain)
	case *wire.InfoPage:
		for i := range m.Locks {
			s.hideRequests(m.Locks[i].Holders)
			s.hideRequests(m.Locks[i].Waiters)
		}
	}
}

func (s *session) hideRequests(infos []wire.RequestInfo) {
	for i := range infos {
		s.hideRequest(&infos[i])
	}
}

// hideRequest removes hidden locks from the description of a request.
func (s *session) hideRequest(info *wire.RequestInfo) {
	if info.ID.Session == s.name {
		return
	}
	if info.Parent.Session != s.name {
		info.Parent = wire.ID{}
	}
	var visible []string // not in place: others may be told of the same request
	for _, lock := range info.Locks {
		if s.rights.sees(lock) {
			visible = append(visible, lock)
		}
	}
	switch len(visible) {
	case 0:
		*info = wire.RequestInfo{Hidden: true}
	case len(info.Locks):
	default:
		info.Locks, info.Hidden = visible, true
	}
}

// hideSteps hides the steps of a chain or a cycle from the first one on whose lock is hidden. What
// comes after it would tell who has that lock.
func (s *session) hideSteps(steps []wire.Step) {
	isHidden := false
	for i := range steps {
		step := &steps[i]
		isHidden = isHidden || !s.rights.sees(step.Lock)
		if !isHidden {
			s.hideRequest(&step.Request)
			s.hideRequest(&step.Blocker)
			s.hideRequests(step.Others)
			continue
		}
		if step.Request.ID.Session != s.name {
			step.Lock = ""
		}
		s.hideWhole(&step.Request)
		s.hideWhole(&step.Blocker)
		step.Others, step.Holding = nil, 0
	}
}

// hideWhole hides a request of another session.
func (s *session) hideWhole(info *wire.RequestInfo) {
	if info.ID.Session != s.name {
		*info = wire.RequestInfo{Hidden: true}
	}
}

// hideObstacle removes the holders of hidden locks from an error. If any of the locks of the request
// is hidden, it also removes the number of the requests ahead.
func (s *session) hideObstacle(m *wire.Error, o *locktable.Obstacle, locks []string) {
	var told []wire.RequestInfo
	for i := range o.Holders {
		if s.rights.sees(o.On[i]) {
			told = append(told, o.Holders[i])
		}
	}
	m.Holders = told
	for _, lock := range locks {
		if !s.rights.sees(lock) {
			m.Ahead = wire.Opt[int]{}
		}
	}
}

// locksOf returns the locks of the request of an event. asked is the acquire that is being handled,
// or nil: the event of a refusal does not know its request.
func locksOf(event *locktable.Event, asked *wire.Acquire) (locks []string) {
	if asked != nil && asked.ID == event.ID {
		for i := range asked.Locks {
			locks = append(locks, asked.Locks[i].Name)
		}
		return locks
	}
	for i := range event.Locks() {
		locks = append(locks, event.Lock(i))
	}
	return locks
}

// hidesRequest reports whether a request of another session does not exist for s: s may not see any of
// its locks. locks is nil if there is no such request.
func (s *session) hidesRequest(locks []string) bool {
	return !slices.ContainsFunc(locks, s.rights.sees)
}
