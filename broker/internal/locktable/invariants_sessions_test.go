package locktable

import (
	"fmt"
	"maps"
)

// checkSessions is invariant 6. It also checks that the lists of each session have exactly its
// requests.
func checkSessions(t *Table) error {
	for name, s := range t.sessions.All() {
		if s.name != name {
			return fmt.Errorf("session %s is known as %s", s.name, name)
		}
		if w, h := length(s.waiting), length(s.holding); w+h != s.requests.len {
			return fmt.Errorf("%s: %d wait, %d hold, of %d", name, w, h, s.requests.len)
		}
		if err := checkSessionLists(s); err != nil {
			return err
		}
	}
	for _, l := range t.locks.all() {
		for _, places := range []list[place, *place]{l.holders, l.queue} {
			for p := places.first; p != nil; p = p.next {
				if r := p.request; t.find(r.id()) != r {
					return fmt.Errorf("invariant 6: %s is at %s and in no session", r.id(), l.name)
				}
			}
		}
	}
	return nil
}

// checkSessionLists checks the requests of s, and that its lists are in order.
func checkSessionLists(s *session) error {
	for n, r := range s.requests.all() {
		if r.session != s || r.n != n {
			return fmt.Errorf("%s--%d is known as %s", s.name, n, r.id())
		}
	}
	for r := s.waiting.first; r != nil; r = r.next {
		inOrder := r.next == nil || r.arrival < r.next.arrival
		if r.state != waiting && r.state != stealing || s.requests.get(r.n) != r || !inOrder {
			return fmt.Errorf("%s does not belong there among those that wait", r.id())
		}
	}
	for r := s.holding.first; r != nil; r = r.next {
		inOrder := r.next == nil || r.token < r.next.token
		if r.state != holding || s.requests.get(r.n) != r || !inOrder {
			return fmt.Errorf("%s does not belong there among those that hold", r.id())
		}
	}
	return checkUsage(s)
}

// checkUsage checks that the usage of s counts exactly its requests.
func checkUsage(s *session) error {
	want := Usage{Waiting: length(s.waiting)}
	for r := s.holding.first; r != nil; r = r.next {
		want.Holding += len(r.places())
	}
	inUse := 0
	for _, r := range s.requests.all() {
		inUse += weightOf(r)
	}
	if s.usage != want || s.inUse != inUse {
		return fmt.Errorf("%s: counted %+v and %d, want %+v and %d", s.name, s.usage, s.inUse, want, inUse)
	}
	return nil
}

func weightOf(r *request) (weight int) {
	for i := range r.places() {
		weight += Weight(r.places()[i].lock.name)
	}
	return weight
}

// checkAccounts is a part of invariant 8: the accounts count exactly the requests that there are.
func checkAccounts(t *Table) error {
	inUse, offRecord, accounts := 0, 0, make(map[*Account]Account)
	for r := range t.allRequests() {
		inUse += weightOf(r)
		if r.state != ended && !r.session.onRecord {
			offRecord++
		}
		if own := r.session.account; own != nil {
			count := accounts[own]
			count.InUse += weightOf(r)
			if r.state != holding && !r.session.leaving {
				count.Waiting++
			}
			accounts[own] = count
		}
	}
	if inUse != t.InUse() || offRecord != t.OffRecord() {
		return fmt.Errorf("invariant 8: requests use %d, and %d are off record, the table says %d and %d",
			inUse, offRecord, t.InUse(), t.OffRecord())
	}
	for _, s := range t.sessions.All() {
		if s.account != nil && *s.account != accounts[s.account] {
			return fmt.Errorf("invariant 8: the account of %s says %+v, want %+v",
				s.name, *s.account, accounts[s.account])
		}
	}
	return nil
}

// checkBytes checks that Bytes counts exactly the requests, locks and nests that there are.
func checkBytes(t *Table) error {
	var want int64
	nests := make(map[*nest]bool)
	count := func(r *request) {
		want += requestBytes
		if r.extra != t.plain {
			want += r.extra.bytes()
		}
		if r.state != ended && r.outer != nil {
			nests[r.outer] = true
		}
	}
	for r := range t.allRequests() {
		count(r)
	}
	for r := t.ended.first; r != nil; r = r.next {
		count(r)
	}
	if t.search != nil {
		count(t.search.candidate)
	}
	for _, l := range t.locks.all() {
		want += l.bytes()
	}
	if want += nestBytes * int64(len(nests)); want != t.Bytes() {
		return fmt.Errorf("%d bytes are counted, want %d", t.Bytes(), want)
	}
	return nil
}

// checkNests checks that requests and nests point to each other. If a nest has a parent, the parent
// must hold. The oracle checks that each request is in the right nest.
func checkNests(t *Table) error {
	members, parents := make(map[*nest]int), make(map[*nest]*request)
	if t.search != nil {
		members[t.search.candidate.outer]++
	}
	for r := range t.allRequests() {
		if n := r.outer; n != nil {
			members[n]++
			if int(r.nestIndex) >= len(n.requests) || n.requests[r.nestIndex] != r {
				return fmt.Errorf("%s is not at its index in its nest", r.id())
			}
		}
		if r.inner == nil {
			continue
		}
		parents[r.inner] = r
		if r.state != holding || r.inner.parent != r || len(r.inner.requests) == 0 {
			return fmt.Errorf("%s does not hold, or its nest has another parent, or is empty", r.id())
		}
	}
	return checkParents(members, parents)
}

// checkParents checks that each nest has that many requests, and that its parent knows it.
func checkParents(members map[*nest]int, parents map[*nest]*request) error {
	for n, count := range members {
		if n != nil && (len(n.requests) != count || n.parent != nil && parents[n] != n.parent) {
			return fmt.Errorf("a nest of %d has %d, or its parent has ended", count, len(n.requests))
		}
		delete(parents, n)
	}
	if len(parents) > 0 {
		return fmt.Errorf("%d nests whose requests do not know of them", len(parents))
	}
	return nil
}

// checkSteals checks that the targets are exactly the locks of the steals under way. A call may
// leave a steal undone only if it has used up its slice, or if nothing is granted.
func checkSteals(t *Table) error {
	if t.steals.first != nil && t.stealRoom > 0 && t.granting() {
		return fmt.Errorf("a call left a steal, with room for %d places", t.stealRoom)
	}
	targets := make(map[*lock]int)
	for s := t.steals.first; s != nil; s = s.next {
		r := s.request
		if r.state != stealing || t.stealOf[r] != s || t.find(r.id()) != r {
			return fmt.Errorf("%s does not steal", r.id())
		}
		for i := range r.places() {
			l := r.places()[i].lock
			targets[l]++
			if t.locks.get(l.name) != l {
				return fmt.Errorf("%s steals %s, which is forgotten", r.id(), l.name)
			}
		}
	}
	if length(t.steals) != len(t.stealOf) || !maps.Equal(targets, t.targets) {
		return fmt.Errorf("%d locks are being stolen, and %d are targets", len(targets), len(t.targets))
	}
	return checkList(t.steals)
}
