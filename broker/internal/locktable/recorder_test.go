package locktable

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A recorder watches the events go by and checks what only their sequence
// shows: that tokens rise (invariant 2) and that every request ends exactly
// once (invariant 7).
type recorder struct {
	token int64
	state map[wire.ID]state
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
	if told := e.Kind == Refused || e.Kind == TimedOut || e.Kind == ShutDown; told != (e.Reason != "") {
		return fmt.Errorf("the reason is %q", e.Reason)
	}
	before := r.state[e.ID]
	var allowed bool
	switch e.Kind {
	case Queued:
		allowed, r.state[e.ID] = before == 0, waiting
	case Granted:
		allowed, r.state[e.ID] = before == 0 || before == waiting, holding
		if e.Token <= r.token {
			return fmt.Errorf("invariant 2: the token before was %d", r.token)
		}
		r.token = e.Token
	case Cancelled, Evicted, ShutDown, Gone:
		// A steal that ends before it is granted was not told of.
		allowed = before == waiting ||
			before == holding && (e.Kind == Cancelled || e.Kind == Gone) ||
			before == 0 && e.Steal != nil
		r.state[e.ID] = ended
	case Released:
		allowed, r.state[e.ID] = before == holding, ended
	case Lost:
		allowed, r.state[e.ID] = before == holding && e.Lost != "", ended
	case TimedOut:
		allowed, r.state[e.ID] = before == waiting, ended
	case Refused:
		allowed = e.Code != "" && !(e.Code == wire.NotHeld && before == holding)
	}
	if !allowed {
		return fmt.Errorf("invariant 7: the request was in state %d", before)
	}
	return nil
}

// agrees checks that the table knows those requests that have not ended, in the
// state that the events told, and no others.
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
	for _, s := range t.sessions {
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
