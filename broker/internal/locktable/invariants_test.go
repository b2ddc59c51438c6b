package locktable

import (
	"fmt"
	"maps"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// check checks the invariants of the package comment that show between two
// calls, by brute force. What only the events show is the recorder's.
func check(t *Table) error {
	// The structure comes first: the others walk lists that it has found sound.
	for _, law := range []func(*Table) error{
		checkStructure,
		checkHolders,
		checkQueues,
		checkNobodyOverlooked,
		checkWhole,
		checkDeadlines,
		checkSessions,
		checkKept,
		checkNests,
		checkThefts,
		checkIdle,
	} {
		if err := law(t); err != nil {
			return err
		}
	}
	return nil
}

// checkHolders is invariant 1.
func checkHolders(t *Table) error {
	for name, l := range t.locks.all() {
		if least := bruteLeast(l); int(l.holding) > least {
			return fmt.Errorf("invariant 1: %d hold %s, whose least limit is %d", l.holding, name, least)
		}
	}
	return nil
}

// bruteLeast is the least limit among the holders, recomputed from the modes.
func bruteLeast(l *lock) int {
	least := unlimited.limit()
	for p := l.holders.first; p != nil; p = p.next {
		switch {
		case p.mode() == wire.Exclusive:
			least = 1
		case p.isLimited():
			least = min(least, int(p.claim))
		}
	}
	return least
}

// checkQueues is the first half of invariant 3: queues are in order of arrival.
func checkQueues(t *Table) error {
	for name, l := range t.locks.all() {
		for p := l.queue.first; p != nil && p.next != nil; p = p.next {
			if p.request.arrival >= p.next.request.arrival {
				return fmt.Errorf("invariant 3: on %s, %s waits before %s", name, p.request.id(), p.next.request.id())
			}
		}
	}
	return nil
}

// checkNobodyOverlooked is the second half of invariant 3: nobody waits who
// could be granted, unless a slice was used up: then it is among the heads that the next
// call looks at. Only a session on its way out is passed over, and who is to be told
// that the wait is over.
func checkNobodyOverlooked(t *Table) error {
	for _, s := range t.sessions {
		for r := s.waiting.first; r != nil; r = r.next {
			timeOver := r.dueIndex >= 0 && r.due <= t.now
			if r.state == stealing {
				continue
			}
			leftOver := t.grantRoom <= 0 && r.recheckIndex >= 0
			if t.granting() && !s.leaving && !timeOver && !leftOver && bruteGrantable(t, r) {
				return fmt.Errorf("invariant 3: %s waits and could be granted", r.id())
			}
		}
	}
	return nil
}

func bruteGrantable(t *Table, r *request) bool {
	for i := range r.places() {
		p := &r.places()[i]
		if t.targets[p.lock] > 0 || p.lock.queue.first != p || int(p.lock.holding)+1 > min(p.limit(), bruteLeast(p.lock)) {
			return false
		}
	}
	return true
}

// checkWhole is invariant 4: a request stands at all its locks in the same way.
func checkWhole(t *Table) error {
	places := 0
	for _, l := range t.locks.all() {
		for p := l.holders.first; p != nil; p = p.next {
			if p.request.state != holding {
				return fmt.Errorf("invariant 4: %s holds %s and not all", p.request.id(), l.name)
			}
			places++
		}
		for p := l.queue.first; p != nil; p = p.next {
			if p.request.state != waiting {
				return fmt.Errorf("invariant 4: %s waits for %s and not for all", p.request.id(), l.name)
			}
			places++
		}
	}
	for _, s := range t.sessions {
		for _, r := range s.requests.all() {
			if r.state != stealing {
				places -= len(r.places())
			}
		}
	}
	if places != 0 {
		return fmt.Errorf("invariant 4: the locks have %d places more than the requests", places)
	}
	return nil
}

// checkDeadlines is the second half of invariant 5, and that exactly those holders
// with a hold time are waited for. Where slices are so small that tests use them
// up, the oracle checks what is left over; the first half is the oracle's too.
func checkDeadlines(t *Table) error {
	for _, state := range []state{waiting, holding} {
		deadlines := *t.deadlinesOf(&request{state: state})
		if err := checkHeap(deadlines, func(r *request) int { return int(r.dueIndex) }); err != nil {
			return fmt.Errorf("deadlines: %w", err)
		}
		for _, r := range deadlines {
			switch {
			case r.state != state:
				return fmt.Errorf("%s is among the wrong deadlines", r.id())
			case r.due <= t.now && t.config.Slice >= defaultSlice:
				return fmt.Errorf("invariant 5: %s was due at %s, now is %s", r.id(), r.due, t.now)
			case t.find(r.id()) != r:
				return fmt.Errorf("invariant 8: a deadline of %s, which has ended", r.id())
			case r.state == holding && r.due != r.since+r.hold:
				return fmt.Errorf("%s is due at %s, but holds since %s for %s", r.id(), r.due, r.since, r.hold)
			}
		}
	}
	inUse := 0
	for _, s := range t.sessions {
		for _, r := range s.requests.all() {
			for i := range r.places() {
				inUse += Weight(r.places()[i].lock.name)
			}
		}
	}
	if inUse != t.InUse() {
		return fmt.Errorf("invariant 8: requests take up %d, the account says %d", inUse, t.InUse())
	}
	for _, s := range t.sessions {
		for _, r := range s.requests.all() {
			if r.state == holding && (r.hold > 0) != (r.dueIndex >= 0) {
				return fmt.Errorf("%s holds for %s, index among the deadlines %d", r.id(), r.hold, r.dueIndex)
			}
			if deadlines := *t.deadlinesOf(r); r.dueIndex >= 0 && (int(r.dueIndex) >= len(deadlines) || deadlines[r.dueIndex] != r) {
				return fmt.Errorf("%s is not where it thinks among the deadlines", r.id())
			}
		}
	}
	return nil
}

// checkSessions is invariant 6, and that each session's lists are its requests.
func checkSessions(t *Table) error {
	for name, s := range t.sessions {
		if s.name != name {
			return fmt.Errorf("session %s is known as %s", s.name, name)
		}
		if w, h := length(s.waiting), length(s.holding); w+h != s.requests.len {
			return fmt.Errorf("%s: %d wait, %d hold, of %d", name, w, h, s.requests.len)
		}
		for n, r := range s.requests.all() {
			if r.session != s || r.n != n {
				return fmt.Errorf("%s--%d is known as %s", name, n, r.id())
			}
		}
		for r := s.waiting.first; r != nil; r = r.next {
			if r.state != waiting && r.state != stealing || s.requests.get(r.n) != r ||
				r.next != nil && r.arrival >= r.next.arrival {
				return fmt.Errorf("%s does not belong there among those that wait", r.id())
			}
		}
		for r := s.holding.first; r != nil; r = r.next {
			if r.state != holding || s.requests.get(r.n) != r || r.next != nil && r.token >= r.next.token {
				return fmt.Errorf("%s does not belong there among those that hold", r.id())
			}
		}
	}
	for _, l := range t.locks.all() {
		for _, places := range []list[place, *place]{l.holders, l.queue} {
			for p := places.first; p != nil; p = p.next {
				if t.find(p.request.id()) != p.request {
					return fmt.Errorf("invariant 6: %s is at %s, and in no session", p.request.id(), l.name)
				}
			}
		}
	}
	return nil
}

// checkKept checks that those are kept who have left and hold until later, and
// that what is held is counted.
func checkKept(t *Table) error {
	if err := checkHeap(t.keeps, func(s *session) int { return s.keepIndex }); err != nil {
		return fmt.Errorf("kept: %w", err)
	}
	held := 0
	for name, s := range t.sessions {
		held += length(s.holding)
		switch kept := s.keepIndex >= 0; {
		case kept && (s.keepIndex >= len(t.keeps) || t.keeps[s.keepIndex] != s):
			return fmt.Errorf("session %s is not where it thinks among the kept", name)
		case kept && (!s.leaving || s.waiting.first != nil || s.holding.first == nil):
			return fmt.Errorf("session %s is kept: leaving is %t, %d wait, %d hold", name, s.leaving, length(s.waiting), length(s.holding))
		case kept && s.keep <= t.now && t.config.Slice >= defaultSlice:
			return fmt.Errorf("invariant 5: session %s was kept until %s, now is %s", name, s.keep, t.now)
		case s.leaving && s.requests.len == 0:
			return fmt.Errorf("session %s has left, has nothing, and is not forgotten", name)
		}
	}
	if held != t.held {
		return fmt.Errorf("%d requests hold, %d are counted", held, t.held)
	}
	return nil
}

// checkNests checks that requests and nests point to each other, and that the parent of each nest
// is a request that holds, if it has one. The oracle checks that each request is in the right nest.
func checkNests(t *Table) error {
	inside := make(map[*nest]int)
	if t.search != nil {
		inside[t.search.candidate.outer]++
	}
	own := make(map[*nest]*request)
	for _, s := range t.sessions {
		for _, r := range s.requests.all() {
			if r.outer != nil {
				inside[r.outer]++
				if kin := r.outer.requests; int(r.nestIndex) >= len(kin) || kin[r.nestIndex] != r {
					return fmt.Errorf("%s is not where it thinks in its nest", r.id())
				}
			}
			if r.inner == nil {
				continue
			}
			own[r.inner] = r
			if r.state != holding || r.inner.parent != r || len(r.inner.requests) == 0 {
				return fmt.Errorf("%s does not hold, or its nest is another one's, or empty", r.id())
			}
		}
	}
	for n, kin := range inside {
		if n != nil && (len(n.requests) != kin || n.parent != nil && own[n] != n.parent) {
			return fmt.Errorf("a nest of %d requests knows %d, or its parent has ended", kin, len(n.requests))
		}
		delete(own, n)
	}
	if len(own) > 0 {
		return fmt.Errorf("%d nests whose requests do not know of them", len(own))
	}
	return nil
}

// checkThefts checks that exactly those locks are taken that are stolen, and that a call
// leaves nothing to steal but where it had a whole slice to take, or nothing is granted.
func checkThefts(t *Table) error {
	if t.steals.first != nil && t.stealRoom > 0 && t.granting() {
		return fmt.Errorf("a call left a theft, with room for %d places", t.stealRoom)
	}
	wanted := make(map[*lock]int)
	for f := t.steals.first; f != nil; f = f.next {
		if f.request.state != stealing || t.stealOf[f.request] != f || t.find(f.request.id()) != f.request {
			return fmt.Errorf("%s is not who steals", f.request.id())
		}
		for i := range f.request.places() {
			l := f.request.places()[i].lock
			wanted[l]++
			if t.locks.get(l.name) != l {
				return fmt.Errorf("%s steals %s, which is forgotten", f.request.id(), l.name)
			}
		}
	}
	if length(t.steals) != len(t.stealOf) || !maps.Equal(wanted, t.targets) {
		return fmt.Errorf("%d locks are stolen, and %d are taken", len(wanted), len(t.targets))
	}
	return checkList(t.steals)
}

// checkIdle is the rest of invariant 8: the idle locks are exactly those that
// nobody uses, and not too many.
func checkIdle(t *Table) error {
	idle := make(map[*lock]bool)
	for _, l := range t.idle.all() {
		idle[l] = true
	}
	for name, l := range t.locks.all() {
		if t.unused(l) != idle[l] {
			return fmt.Errorf("invariant 8: %s: unused is %t, idle is %t", name, t.unused(l), idle[l])
		}
		delete(idle, l)
	}
	if len(idle) > 0 {
		return fmt.Errorf("invariant 8: %d idle locks that are forgotten", len(idle))
	}
	if t.idle.len > t.config.MaxIdle {
		return fmt.Errorf("invariant 8: %d idle locks, at most %d allowed", t.idle.len, t.config.MaxIdle)
	}
	return nil
}

// checkEmpty is invariant 8 for a table whose sessions are all gone.
func checkEmpty(t *Table) error {
	if len(t.targets) > 0 || t.steals.first != nil {
		return fmt.Errorf("invariant 8: %d locks are stolen", len(t.targets))
	}
	if len(t.sessions) > 0 || len(t.waits)+len(t.holds)+len(t.keeps)+len(t.recheck)+t.held > 0 || t.locks.len() != t.idle.len {
		return fmt.Errorf("invariant 8: %d sessions, %d deadlines, %d locks of which %d are idle",
			len(t.sessions), len(t.waits)+len(t.holds), t.locks.len(), t.idle.len)
	}
	return nil
}
