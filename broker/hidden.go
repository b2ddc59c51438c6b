package broker

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A lock that the client of a session may not list is hidden from it. This file removes hidden locks
// from everything that the session is told. PROTOCOL.md says what is told instead. The requests of a
// session are never hidden from itself.

// hide removes what is hidden from a reply that was made for this client only. A page of the listing
// already leaves it out.
func (v view) hide(m wire.Reply) {
	switch m := m.(type) {
	case *wire.Error:
		v.hideRequests(m.Holders)
		v.hideSteps(m.Cycle)
	case *wire.Chain:
		v.hideSteps(m.Chain)
	}
}

func (v view) hideRequests(infos []wire.RequestInfo) {
	for i := range infos {
		v.hideRequest(&infos[i])
	}
}

// hideRequest removes hidden locks from the description of a request.
func (v view) hideRequest(info *wire.RequestInfo) {
	if info.ID.Session == v.session {
		return
	}
	if info.Parent.Session != v.session {
		info.Parent = wire.ID{}
	}
	var visible []string // not in place: others may be told of the same request
	for _, lock := range info.Locks {
		if v.sees(lock) {
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
func (v view) hideSteps(steps []wire.Step) {
	isHidden := false
	for i := range steps {
		step := &steps[i]
		isHidden = isHidden || !v.sees(step.Lock)
		if !isHidden {
			v.hideRequest(&step.Request)
			v.hideRequest(&step.Blocker)
			v.hideRequests(step.Others)
			continue
		}
		if step.Request.ID.Session != v.session {
			step.Lock = ""
		}
		v.hideWhole(&step.Request)
		v.hideWhole(&step.Blocker)
		step.Others, step.Holding = nil, 0
	}
}

// hideWhole hides a request of another session.
func (v view) hideWhole(info *wire.RequestInfo) {
	if info.ID.Session != v.session {
		*info = wire.RequestInfo{Hidden: true}
	}
}

// hideOthers removes what the answer to a request would tell about other users of its hidden locks. asked
// is the acquire that is being handled, or nil.
func (v view) hideOthers(m wire.Reply, event *locktable.Event, asked *wire.Acquire) {
	switch m := m.(type) {
	case *wire.Error:
		if event.Obstacle != nil {
			v.hideObstacle(m, event.Obstacle, locksOf(event, asked))
		}
	case *wire.Lost:
		if m.Reason == wire.LostStolen && !v.seesAll(locksOf(event, nil)) {
			m.By = ""
		}
	}
}

// hideObstacle removes the holders of hidden locks from an error. If any of the locks of the request
// is hidden, it also removes the number of the requests ahead.
func (v view) hideObstacle(m *wire.Error, o *locktable.Obstacle, locks []string) {
	var told []wire.RequestInfo
	for i := range o.Holders {
		if v.sees(o.On[i]) {
			told = append(told, o.Holders[i])
		}
	}
	m.Holders = told
	if !v.seesAll(locks) {
		m.Ahead = wire.Opt[int]{}
	}
}

// seesAll reports whether the client may list all of some locks.
func (v view) seesAll(locks []string) bool {
	for _, lock := range locks {
		if !v.sees(lock) {
			return false
		}
	}
	return true
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

// hidesRequest reports whether a request of another session does not exist for the client, because all
// its locks are hidden. locks is nil if there is no such request.
func (v view) hidesRequest(locks []string) bool {
	return !slices.ContainsFunc(locks, v.sees)
}
