package locktable

import (
	"fmt"
	"iter"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// check checks, by brute force, the invariants of the package comment that can be seen between
// two calls. The recorder checks those that only the sequence of events shows.
func check(t *Table) error {
	for _, law := range []func(*Table) error{
		checkStructure, // first, because the others walk the lists that it checks
		checkHolders,
		checkQueues,
		checkNobodyOverlooked,
		checkAllOrNothing,
		checkDeadlines,
		checkAccounts,
		checkBytes,
		checkSessions,
		checkKept,
		checkNests,
		checkSteals,
		checkIdle,
		checkStatistics,
	} {
		if err := law(t); err != nil {
			return err
		}
	}
	return nil
}

// allRequests yields the requests of all sessions.
func (t *Table) allRequests() iter.Seq[*request] {
	return func(yield func(*request) bool) {
		for _, s := range t.sessions.All() {
			for _, r := range s.requests.all() {
				if !yield(r) {
					return
				}
			}
		}
	}
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

// bruteLeast returns the least limit among the holders, computed anew.
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

// checkQueues is the first half of invariant 3: queues are in the order of arrival.
func checkQueues(t *Table) error {
	for name, l := range t.locks.all() {
		for p := l.queue.first; p != nil && p.next != nil; p = p.next {
			if r, next := p.request, p.next.request; r.arrival >= next.arrival {
				return fmt.Errorf("invariant 3: on %s, %s waits before %s", name, r.id(), next.id())
			}
		}
	}
	return nil
}

// checkNobodyOverlooked is the second half of invariant 3: no request waits that could be
// granted, unless the call has used up its slice. Then the request is among the heads that the
// next call looks at. Requests that must end do not count.
func checkNobodyOverlooked(t *Table) error {
	for _, s := range t.sessions.All() {
		for r := s.waiting.first; r != nil; r = r.next {
			if r.state == stealing || s.leaving || s.absent || !t.granting() {
				continue
			}
			timeOver := r.dueIndex >= 0 && r.due <= t.now
			leftOver := t.grantRoom <= 0 && r.recheckIndex >= 0
			if !timeOver && !leftOver && bruteGrantable(t, r) {
				return fmt.Errorf("invariant 3: %s waits and could be granted", r.id())
			}
		}
	}
	return nil
}

// bruteGrantable is the grant rule, computed anew.
func bruteGrantable(t *Table, r *request) bool {
	for i := range r.places() {
		p := &r.places()[i]
		fits := int(p.lock.holding)+1 <= min(p.limit(), bruteLeast(p.lock))
		if t.targets[p.lock] > 0 || p.lock.queue.first != p || !fits {
			return false
		}
	}
	return true
}

// checkAllOrNothing is invariant 4: all places of a request are of the same kind.
func checkAllOrNothing(t *Table) error {
	places := 0
	for _, l := range t.locks.all() {
		for p := l.holders.first; p != nil; p = p.next {
			if r := p.request; r.state != holding {
				return fmt.Errorf("invariant 4: %s holds %s but not all its locks", r.id(), l.name)
			}
			places++
		}
		for p := l.queue.first; p != nil; p = p.next {
			if r := p.request; r.state != waiting {
				return fmt.Errorf("invariant 4: %s waits for %s but not for all locks", r.id(), l.name)
			}
			places++
		}
	}
	for r := range t.allRequests() {
		if r.state != stealing {
			places -= len(r.places())
		}
	}
	if places != 0 {
		return fmt.Errorf("invariant 4: the locks have %d places more than the requests", places)
	}
	return nil
}

// checkIdle is a part of invariant 8: the idle locks are exactly those that nobody uses, and
// not too many.
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

// checkEmpty is invariant 8 for a table without sessions.
func checkEmpty(t *Table) error {
	if len(t.targets) > 0 || t.steals.first != nil {
		return fmt.Errorf("invariant 8: %d locks are being stolen", len(t.targets))
	}
	listed := len(t.waits) + len(t.holds) + len(t.keeps) + len(t.recheck)
	if t.sessions.Len() > 0 || listed+t.held > 0 || t.locks.len != t.idle.len {
		return fmt.Errorf("invariant 8: %d sessions, %d deadlines, %d locks of which %d are idle",
			t.sessions.Len(), len(t.waits)+len(t.holds), t.locks.len, t.idle.len)
	}
	return nil
}
