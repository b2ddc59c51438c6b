package locktable

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An oracle does what a table does, in the dumbest way: one list of all requests
// in order of arrival, and everything else worked out afresh each time from the
// words of the protocol. It is slow, short and shares no code with the table.
type oracle struct {
	config   Config
	now      time.Duration
	requests []*wish
	peers    map[string]wire.Peer // of the open sessions
	leaving  map[string]bool
	gone     map[string]bool          // of a future: sessions whose holders wait for nobody
	keep     map[string]time.Duration // of those that leave
	kept     map[string]bool          // those that were dropped and still hold
	ceiling  int64
	shut     bool
	shutAt   int64        // the seq of the last name for which nobody waits since
	refused  *refusal     // the latest because of a deadlock
	pace     *pace        // nil: it does not wait for the table
	names    []*knownName // in order of first use
	asked    *wish        // it waits for the answer whether it could ever be granted
	raids    []*raid      // steals under way, in order of arrival
	loot     int          // how many more places this call may take for them
	coming   wire.ID      // of the acquire under way, before it has come
	arrivals int
	tokens   int64
	seqs     int64
	rests    int
}

// A wish is a request.
type wish struct {
	Acquire
	arrival  int
	held     bool
	around   []wire.ID                // what it was made inside, the innermost first; some may have ended
	leftThen map[string]bool          // who was leaving when it asked
	keepThen map[string]time.Duration // until when they kept what they held, then
	token    int64
	since    time.Duration
}

func newOracle(config Config) *oracle {
	return &oracle{
		config:  config,
		peers:   make(map[string]wire.Peer),
		leaving: make(map[string]bool),
		keep:    make(map[string]time.Duration),
		kept:    make(map[string]bool),
		tokens:  config.FirstToken,
		ceiling: cmp.Or(config.Ceiling, wire.MaxInteger+1),
	}
}

func (o *oracle) Open(name string, peer wire.Peer) { o.peers[name] = peer }

func (o *oracle) Leave(name string, keep time.Duration) {
	o.leaving[name], o.keep[name] = true, keep
	if o.asked != nil && o.asked.ID.Session == name {
		o.asked = nil
	}
}

func (o *oracle) Unkeep(name string) {
	o.keep[name] = 0
	delete(o.kept, name)
}

func (o *oracle) Tick(now time.Duration, events []Event) []Event {
	o.now = now
	slice := o.config.Slice
	o.loot = cmp.Or(o.config.Grants, defaultGrants)
	for _, w := range append(o.due(false), o.due(true)...) {
		if slice <= 0 {
			break
		}
		slice -= len(w.Locks)
		events = o.answer(events)
		event := Event{Kind: Lost, ID: w.ID, Lost: wire.LostExpired}
		if !w.held {
			event = Event{Kind: TimedOut, ID: w.ID, Obstacle: o.obstacle(w)}
		}
		o.remove(w)
		events = append(events, event)
	}
	for _, name := range slices.SortedFunc(maps.Keys(o.kept), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.keep[a], o.keep[b]), cmp.Compare(a, b))
	}) {
		for slice > 0 && o.keep[name] <= now && o.kept[name] {
			w := o.nextToLeave(name)
			slice -= len(w.Locks)
			events = o.answer(events)
			o.remove(w)
			events = append(events, Event{Kind: Gone, ID: w.ID})
		}
	}
	return o.grantAll(o.rob(events))
}

func (o *oracle) Deadline() (time.Duration, bool) {
	if o.pace.leftOver {
		return o.now, true
	}
	first, found := time.Duration(0), false
	for name := range o.kept {
		if !found || o.keep[name] < first {
			first, found = o.keep[name], true
		}
	}
	for _, w := range o.requests {
		if d, ok := w.deadline(); ok && (!found || d < first) {
			first, found = d, true
		}
	}
	return first, found
}

func (w *wish) deadline() (time.Duration, bool) {
	if w.held {
		return w.since + w.Hold, w.Hold > 0
	}
	if w.Wait == Forever {
		return 0, false
	}
	return w.since + w.Wait, true
}

func (o *oracle) mayBeGranted(w *wish) bool {
	return !w.held && !w.isLate(o.now) && !o.leaving[w.ID.Session] && o.grantable(w)
}

// isLate reports whether a wish has waited long enough; one that must not wait at
// all may still be granted as it comes.
func (w *wish) isLate(now time.Duration) bool {
	due, limited := w.deadline()
	return limited && w.since < due && due <= now
}

// due are those held, or those waiting, whose deadline has come, the earliest
// deadline first.
func (o *oracle) due(held bool) []*wish {
	var due []*wish
	for _, w := range o.requests {
		if d, ok := w.deadline(); ok && w.held == held && d <= o.now {
			due = append(due, w)
		}
	}
	slices.SortStableFunc(due, func(a, b *wish) int {
		x, _ := a.deadline()
		y, _ := b.deadline()
		return cmp.Compare(x, y)
	})
	return due
}

func (o *oracle) Acquire(now time.Duration, a Acquire, events []Event) []Event {
	o.coming = a.ID
	events = o.Tick(now, events)
	o.coming = wire.ID{}
	events = o.answer(events)
	if o.shut {
		return append(events, Event{Kind: Refused, ID: a.ID, Code: wire.ShuttingDown})
	}
	mine := 0
	for _, r := range o.raids {
		if r.ID.Session == a.ID.Session {
			mine++
		}
	}
	for _, w := range o.requests {
		if w.ID.Session == a.ID.Session {
			mine++
		}
	}
	if o.asked != nil && o.asked.ID.Session == a.ID.Session {
		mine++
	}
	if mine >= o.config.MaxRequests {
		return append(events, Event{Kind: Refused, ID: a.ID, Code: wire.TooMany})
	}
	if !a.Parent.IsZero() {
		p := o.find(a.Parent)
		if p == nil || !p.held || o.leaving[p.ID.Session] ||
			o.peers[p.ID.Session].Identity != o.peers[a.ID.Session].Identity {
			return append(events, Event{Kind: Refused, ID: a.ID, Code: wire.NotFound})
		}
	}
	w := o.wishOf(a)
	atOnce := o.grants() && (o.grantable(w) || a.Steal)
	first := *w // as if it had come before all who wait
	first.arrival = 0
	if !o.grants() && (a.Steal || a.Wait == 0 && o.grantable(&first)) {
		return append(events, Event{Kind: Refused, ID: a.ID, Code: wire.NotGranting})
	}
	if !atOnce && (a.Wait == 0 || a.Steal) {
		return append(events, Event{Kind: Refused, ID: a.ID, Code: wire.Unavailable, Obstacle: o.obstacle(w)})
	}
	if !atOnce && !a.Parent.IsZero() {
		o.asked = w
		w.leftThen, w.keepThen = maps.Clone(o.leaving), maps.Clone(o.keep)
		return o.answer(events)
	}
	if a.Steal {
		return o.steal(w, events)
	}
	o.come(w)
	if atOnce {
		return o.grantAll(append(events, o.grant(w)))
	}
	return append(events, Event{Kind: Queued, ID: a.ID})
}

// grants reports whether anything is granted at all.
func (o *oracle) grants() bool { return o.tokens < o.ceiling && !o.shut }

// answer answers the request that waits for that, if the table does so at the same
// moment: as things stand then, but for who is over, which is as of the question.
func (o *oracle) answer(events []Event) []Event {
	w := o.asked
	if w == nil || !o.pace.answers(len(events), w.ID) {
		return events
	}
	o.asked = nil
	now, leaving, keep := o.now, o.leaving, o.keep
	o.now, o.leaving, o.keep = w.since, w.leftThen, w.keepThen
	stuck := o.stuckWith(w)
	o.now, o.leaving, o.keep = now, leaving, keep
	if slices.Contains(stuck, w.ID) {
		o.refused = o.refuse(w, stuck)
		return append(events, Event{Kind: Refused, ID: w.ID, Code: wire.Deadlock})
	}
	w.since = o.now
	o.come(w)
	return append(events, Event{Kind: Queued, ID: w.ID})
}

// come takes w in.
func (o *oracle) come(w *wish) {
	o.arrivals++
	w.arrival = o.arrivals
	o.requests = append(o.requests, w)
	for _, spec := range w.Locks {
		o.use(spec.Name)
	}
}

func (o *oracle) Evict(now time.Duration, id wire.ID, by, message string, events []Event) ([]Event, bool) {
	events = o.answer(o.Tick(now, events))
	w := o.find(id)
	if w == nil {
		return events, false
	}
	event := Event{Kind: Evicted, ID: id, By: by, Message: message, Steal: o.stealOf(w)}
	o.remove(w)
	if w.held {
		event.Kind, event.Lost = Lost, wire.LostEvicted
	}
	return o.grantAll(append(events, event)), true
}

func (o *oracle) Allow(now time.Duration, ceiling int64, events []Event) []Event {
	events = o.answer(o.Tick(now, events))
	o.ceiling = ceiling
	return o.grantAll(o.rob(events))
}

// Shut ends those who wait name by name. To go past a name costs as much as to
// end a request.
func (o *oracle) Shut(now time.Duration, budget int, events []Event) ([]Event, bool) {
	events = o.answer(o.Tick(now, events))
	o.shut = true
	for budget > 0 && len(o.raids) > 0 {
		r := o.raids[0]
		budget -= len(r.Locks)
		o.remove(r.wish)
		events = append(events, Event{Kind: ShutDown, ID: r.ID, Steal: &r.told})
	}
	for budget > 0 {
		at := slices.IndexFunc(o.names, func(k *knownName) bool { return k.seq > o.shutAt })
		if at < 0 {
			return events, true
		}
		waiters := o.users(o.names[at].name, false)
		if len(waiters) == 0 {
			o.shutAt = o.names[at].seq
			budget--
			continue
		}
		budget -= len(waiters[0].Locks)
		o.remove(waiters[0])
		events = append(events, Event{Kind: ShutDown, ID: waiters[0].ID})
	}
	return events, false
}

// Held counts those who hold.
func (o *oracle) Held() int { return len(o.held()) }

// held names them.
func (o *oracle) held() (ids []wire.ID) {
	for _, w := range o.requests {
		if w.held {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

func (o *oracle) Release(now time.Duration, id wire.ID, events []Event) []Event {
	events = o.answer(o.Tick(now, events))
	w := o.find(id)
	if w == nil || !w.held {
		return append(events, Event{Kind: Refused, ID: id, Code: wire.NotHeld})
	}
	o.remove(w)
	return o.grantAll(append(events, Event{Kind: Released, ID: id}))
}

func (o *oracle) Cancel(now time.Duration, id wire.ID, events []Event) []Event {
	events = o.answer(o.Tick(now, events))
	w := o.find(id)
	if w == nil {
		return append(events, Event{Kind: Refused, ID: id, Code: wire.NotFound})
	}
	event := Event{Kind: Cancelled, ID: id, Steal: o.stealOf(w)}
	o.remove(w)
	return o.grantAll(append(events, event))
}

func (o *oracle) find(id wire.ID) *wish {
	for _, w := range o.requests {
		if w.ID == id {
			return w
		}
	}
	for _, r := range o.raids {
		if r.ID == id {
			return r.wish
		}
	}
	return nil
}

// Search answers, if the table does.
func (o *oracle) Search(now time.Duration, events []Event) []Event {
	return o.answer(o.Tick(now, events))
}

// grantAll grants the earliest request that can be granted, and so on.
func (o *oracle) grantAll(events []Event) []Event {
	events = o.answer(events)
	for i := 0; i < len(o.requests) && o.grants() && o.pace.grants(len(events), o.coming); i++ {
		w := o.requests[i]
		if !o.mayBeGranted(w) {
			continue
		}
		events = o.answer(append(events, o.grant(w)))
		i = -1
	}
	return events
}

func (o *oracle) grant(w *wish) Event {
	w.held, w.token, w.since = true, o.tokens, o.now
	o.tokens++
	for _, k := range o.names {
		if _, on := w.on(k.name); on {
			k.grants++
		}
	}
	return Event{Kind: Granted, ID: w.ID, Token: w.token}
}

// grantable is the grant rule, for a request that waits or has just come.
func (o *oracle) grantable(w *wish) bool {
	for _, spec := range w.Locks {
		if o.isTaken(spec.Name) {
			return false
		}
		number, least := 1, limitOn(spec)
		for _, other := range o.requests {
			theirs, uses := other.on(spec.Name)
			switch {
			case !uses || other == w:
			case other.held:
				number++
				least = min(least, limitOn(theirs))
			case other.arrival < w.arrival:
				return false
			}
		}
		if number > least {
			return false
		}
	}
	return true
}

func limitOn(spec wire.LockSpec) int {
	limit, limited := spec.Limit.Get()
	switch {
	case spec.Mode == wire.Exclusive:
		return 1
	case limited:
		return limit
	}
	return math.MaxInt
}

// on says how a request asks for a lock, if it does.
func (w *wish) on(name string) (wire.LockSpec, bool) {
	for _, spec := range w.Locks {
		if spec.Name == name {
			return spec, true
		}
	}
	return wire.LockSpec{}, false
}

func (o *oracle) remove(w *wish) {
	o.requests = slices.DeleteFunc(o.requests, func(other *wish) bool { return other == w })
	o.raids = slices.DeleteFunc(o.raids, func(r *raid) bool { return r.wish == w })
	if o.nextToLeave(w.ID.Session) == nil {
		delete(o.kept, w.ID.Session)
	}
	for _, spec := range w.Locks {
		o.rest(spec.Name)
	}
}
