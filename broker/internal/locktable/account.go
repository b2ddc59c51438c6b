package locktable

// An Account counts what the requests of some sessions use.
type Account struct {
	// InUse counts one for each lock of a request, and one more for every 256 bytes of the
	// lock's name.
	InUse int
	// Waiting counts the requests that wait or steal, except those of sessions that have left.
	Waiting int
}

// Weight returns how much a request uses for a lock with that name.
func Weight(name string) int { return 1 + len(name)/256 }

// Weight returns how much the request would use.
func (a *Acquire) Weight() (weight int) {
	for i := range a.Locks {
		weight += Weight(a.Locks[i].Name)
	}
	return weight
}

// CountIn makes the requests of a session count in a, too. The session must be open and have
// no requests. All requests count in [Table.InUse].
func (t *Table) CountIn(name string, a *Account) { t.sessions.Get(name).account = a }

// InUse returns how much all requests use, as an [Account] counts it.
func (t *Table) InUse() int { return t.inUse }

// InUseWith returns how much the requests use that count in the same account as those of a session,
// or 0 if they count in none.
func (t *Table) InUseWith(name string) int {
	if s := t.sessions.Get(name); s != nil && s.account != nil {
		return s.account.InUse
	}
	return 0
}

// InUseBy returns how much the requests of a session use, as an [Account] counts it.
func (t *Table) InUseBy(name string) int {
	if s := t.sessions.Get(name); s != nil {
		return s.inUse
	}
	return 0
}

// waitingWith returns how many requests wait that count in the same account as those of s. It counts
// one for which a search is under way.
func (t *Table) waitingWith(s *session) int {
	if s.account == nil {
		return 0
	}
	if t.search != nil && t.search.candidate.session.account == s.account {
		return s.account.Waiting + 1
	}
	return s.account.Waiting
}

// count counts r in everything that counts what requests use: sign is +1 when r comes, -1 when it
// ends.
func (t *Table) count(r *request, sign int) {
	t.open += sign
	if !r.session.onRecord {
		t.offRecord += sign
	}
	for i := range r.places() {
		w := sign * Weight(r.places()[i].lock.name)
		t.inUse += w
		r.session.inUse += w
		if own := r.session.account; own != nil {
			own.InUse += w
		}
	}
}

// countWaiting adds n to the waiting requests of the account of s.
func (s *session) countWaiting(n int) {
	s.usage.Waiting += n
	if s.account != nil && !s.leaving {
		s.account.Waiting += n
	}
}
