package locktable

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A recorder sees all events and checks what only their sequence shows: tokens rise
// (invariant 2), each request ends exactly once (invariant 7), and nothing is granted to
// absent sessions (invariant 10).
type recorder struct {
	token  int64
	state  map[wire.ID]state
	absent map[string]bool
}

// watch notes which sessions are absent. Call it before a command is carried out.
func (r *recorder) watch(c command) {
	switch c.verb {
	case verbDetach:
		if r.absent == nil {
			r.absent = make(map[string]bool)
		}
		r.absent[c.session] = true
	case verbAttach:
		delete(r.absent, c.session)
	}
}

func (r *recorder) see(events []Event) error {
	if r.state == nil {
		r.state = make(map[wire.ID]state)
	}
	for _, e := range events {
		if err := r.seeOne(e); err != nil {
			return fmt.Errorf("%s: %w", eventLine(e), err)
		}
	}
	return nil
}

func (r *recorder) seeOne(e Event) error {
	hasReason := slices.Contains([]Kind{Refused, TimedOut, Forbidden, ShutDown}, e.Kind)
	if hasReason != (e.Reason != "") {
		return fmt.Errorf("the reason is %q", e.Reason)
	}
	before := r.state[e.ID]
	if !mayFollow(before, e) {
		return fmt.Errorf("invariant 7: the request was in state %d", before)
	}
	switch e.Kind {
	case Refused:
	case Queued:
		r.state[e.ID] = waiting
	case Granted:
		r.state[e.ID] = holding
		if r.absent[e.ID.Session] {
			return errors.New("invariant 10: its session is absent")
		}
		if e.Token <= r.token {
			return fmt.Errorf("invariant 2: the token before was %d", r.token)
		}
		r.token = e.Token
	default:
		r.state[e.ID] = ended
	}
	return nil
}

// mayFollow reports whether e may come when its request was in that state. The state is 0
// before the first event of a request.
func mayFollow(before state, e Event) bool {
	switch e.Kind {
	case Queued:
		return before == 0
	case Granted:
		return before == 0 || before == waiting
	case TimedOut:
		return before == waiting
	case Released, Lost:
		return before == holding && (e.Kind == Lost) == (e.Lost != "")
	case Cancelled, Gone:
		return before == waiting || before == holding || isEndOfSteal(before, e)
	case Evicted, Forbidden, ShutDown:
		return before == waiting || isEndOfSteal(before, e)
	case Refused:
		return e.Code != "" && !(e.Code == wire.NotHeld && before == holding)
	}
	return false
}

// isEndOfSteal reports whether e ends a steal that was not granted. No event came before it.
func isEndOfSteal(before state, e Event) bool { return before == 0 && e.Steal != nil }

// agrees checks that the table knows exactly the requests that have not ended, in the state that
// the events have reported.
func (r *recorder) agrees(t *Table) error {
	living := 0
	for id, state := range r.state {
		if state == ended {
			continue
		}
		living++
		if known := t.find(id); known == nil || known.state != state {
			return fmt.Errorf("invariant 7: %s is not in state %d", id, state)
		}
	}
	known := 0
	for _, s := range t.sessions.All() {
		known += s.requests.len
		for w := s.waiting.first; w != nil; w = w.next {
			if w.state == stealing {
				known--
			}
		}
	}
	if known != living {
		return fmt.Errorf("invariant 7: the table knows %d requests, the events tell of %d", known, living)
	}
	return nil
}
