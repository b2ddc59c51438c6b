package core

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A recorder reads the outputs of all steps, and checks what only their sequence shows: invariants 4, 5 and 9.
type recorder struct {
	latest  wire.ID            // the id of the latest acquire
	stopped map[*Request]bool  // the requests that were in Stop
	ended   map[*Request]*End  // the ends of the requests that were in Wake
	sent    map[wire.ID][]Kind // the messages sent with an id
	quiet   map[wire.ID]bool   // the ids that were released quietly, until a cancel asks for a confirmation
}

func (r *recorder) see(o *Output) error {
	if r.sent == nil {
		r.stopped, r.ended = make(map[*Request]bool), make(map[*Request]*End)
		r.sent, r.quiet = make(map[wire.ID][]Kind), make(map[wire.ID]bool)
	}
	for _, request := range o.Stop {
		if err := r.seeStop(o, request); err != nil {
			return err
		}
	}
	for _, request := range o.Wake {
		if told := r.ended[request]; told != nil {
			return fmt.Errorf("invariant 5: %s ends again", request.Owner)
		}
		if request.end != nil {
			r.ended[request] = request.end
		}
	}
	for _, m := range o.Send {
		if err := r.seeMessage(m); err != nil {
			return fmt.Errorf("%v %s: %w", m.Kind, m.ID, err)
		}
	}
	return nil
}

// seeStop checks a request in Stop: it was never there before, and each lender that is no longer held is in this Stop
// or was in an earlier one.
func (r *recorder) seeStop(o *Output, request *Request) error {
	if r.stopped[request] {
		return fmt.Errorf("invariant 5: %s is stopped again", request.Owner)
	}
	r.stopped[request] = true
	for _, lender := range request.lenders {
		if lender.cause != nil && !r.stopped[lender] && !contains(o.Stop, lender) {
			return fmt.Errorf("invariant 9: %s is no longer held, and not in Stop", lender.Owner)
		}
	}
	return nil
}

func (r *recorder) seeMessage(m Message) error {
	kinds := r.sent[m.ID]
	switch {
	case m.Kind == Acquire:
		if m.ID.Session == r.latest.Session && m.ID.N <= r.latest.N {
			return fmt.Errorf("invariant 4: the id before was %s", r.latest)
		}
		r.latest = m.ID
	case len(kinds) == 0 || kinds[0] != Acquire:
		return fmt.Errorf("it was never acquired")
	case m.Kind == Cancel && r.quiet[m.ID]: // it asks for a confirmation, once
		r.quiet[m.ID] = false
	case len(kinds) > 1:
		return fmt.Errorf("invariant 5: it has ended before")
	}
	r.sent[m.ID] = append(kinds, m.Kind)
	if m.Quiet {
		r.quiet[m.ID] = true
	}
	return nil
}

// agrees checks that the outputs have reported everything that has happened.
func (r *recorder) agrees(d *driver) error {
	for _, request := range d.requests {
		if (request.cause != nil) != r.stopped[request] {
			return fmt.Errorf("invariant 9: %s was in Stop: %t", request.Owner, r.stopped[request])
		}
		if request.end != r.ended[request] {
			return fmt.Errorf("invariant 9: no output has the end of %s", request.Owner)
		}
	}
	return nil
}
