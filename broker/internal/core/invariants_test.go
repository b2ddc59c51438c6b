package core

import (
	"cmp"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// An observer checks the invariants of the package comment, from what goes into a machine and what
// comes out.
type observer struct {
	machine *Machine
	config  Config
	start   Beginning

	stored    Record // the last record stored; Next is 0 until then
	reserving bool
	holding   map[wire.ID]bool              // requests that hold
	locks     map[wire.ID][]string          // of each request
	waiting   map[wire.ID]bool              // requests that wait
	accounts  map[string]*locktable.Account // by session
	quota     Quota
	refused   map[Limit]int // how many requests were refused for each limit
	ended     map[string]time.Duration
	lasting   map[string]*lastingSession // open sessions that last
	tokens    map[wire.ID]int64          // of requests that hold or have held
	last      int64                      // the last token
}

func newObserver(config Config, start Beginning) *observer {
	return &observer{
		machine: New(config, start), config: config, start: start,
		holding: make(map[wire.ID]bool), ended: make(map[string]time.Duration), last: start.First - 1,
		lasting: make(map[string]*lastingSession), tokens: make(map[wire.ID]int64),
		waiting: make(map[wire.ID]bool), locks: make(map[wire.ID][]string),
		accounts: make(map[string]*locktable.Account),
		refused:  make(map[Limit]int), quota: Quota{Requests: config.MaxRequests / 2},
	}
}

// noteReservation notes that WantsTokens has returned r.
func (o *observer) noteReservation(r Reservation, now time.Duration) error {
	if o.reserving {
		return fmt.Errorf("invariant 5: two reservations at once")
	}
	o.reserving = true
	need := o.config.Timeout
	if now < o.start.Grace {
		need = max(need, o.start.Grace)
	}
	if record := r.Record(); record.Clean || record.Timeout < need || record.Next < o.stored.Next {
		return fmt.Errorf("invariant 6: %+v after %+v, and clients need %v", record, o.stored, need)
	}
	return nil
}

// noteStored notes that TokensReserved was called. r is nil if the caller has given up.
func (o *observer) noteStored(r *Reservation) {
	o.reserving = false
	if r != nil {
		o.stored = r.Record()
	}
}

// see checks events that came at now.
func (o *observer) see(events []locktable.Event, now time.Duration) error {
	for i := range events {
		e := &events[i]
		e.Locks() // panics if the machine has called the table again since
		if e.Kind == locktable.Granted {
			if err := o.seeGrant(e, now); err != nil {
				return err
			}
			o.holding[e.ID], o.tokens[e.ID] = true, e.Token
			delete(o.waiting, e.ID)
			continue
		}
		until, ended := o.ended[e.ID.Session]
		if e.Kind == locktable.Gone && o.holding[e.ID] && (!ended || now < until) {
			return fmt.Errorf("invariant 3: %v lost its locks at %v, before %v", e.ID, now, until)
		}
		switch e.Kind {
		case locktable.Refused:
		case locktable.Queued:
			if err := o.seeQueued(e.ID); err != nil {
				return err
			}
			o.waiting[e.ID] = true
		default:
			delete(o.holding, e.ID)
			delete(o.waiting, e.ID)
		}
	}
	return nil
}

func (o *observer) seeGrant(e *locktable.Event, now time.Duration) error {
	_, ended := o.ended[e.ID.Session]
	switch {
	case e.Token >= o.stored.Next || e.Token <= o.last:
		return fmt.Errorf("invariant 1: token %d after %d, and %d is reserved", e.Token, o.last, o.stored.Next)
	case now < o.start.Grace || o.machine.IsDraining():
		return fmt.Errorf("invariant 2: %v was granted at %v, while the broker pauses", e.ID, now)
	case ended:
		return fmt.Errorf("invariant 3: %v was granted after its session had ended", e.ID)
	case o.lasting[e.ID.Session] != nil && o.lasting[e.ID.Session].absent:
		return fmt.Errorf("invariant 8: %v was granted while its session was absent", e.ID)
	}
	o.last = e.Token
	return nil
}

// check checks what must hold between two steps. Tokens that were allowed must be usable at once.
func (o *observer) check(now time.Duration) error {
	m := o.machine
	may := !m.IsDraining() && now >= o.start.Grace && m.Table().NextToken() < m.ledger.allowed
	if pause := m.Pause(now); may == (pause != "") {
		return fmt.Errorf("invariant 4: grants are possible: %v, but the pause is %q", may, pause)
	}
	if held := m.Table().Held(); held != len(o.holding) {
		return fmt.Errorf("%d requests hold, but the events say %d", held, len(o.holding))
	}
	return cmp.Or(o.checkAccounts(), o.checkLasting())
}
