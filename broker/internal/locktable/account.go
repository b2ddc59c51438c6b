package locktable

// An Account counts what the requests of some sessions use: one for each lock of a request,
// and one more for every 256 bytes of the lock's name. One stands for at most about 250 bytes
// of memory.
type Account struct{ InUse int }

// Weight returns how much a request uses for a lock with that name.
func Weight(name string) int { return 1 + len(name)/256 }

// CountIn makes the requests of a session count in a, too. The session must be open and have
// no requests. All requests count in [Table.InUse].
func (t *Table) CountIn(name string, a *Account) { t.sessions[name].account = a }

// InUse returns how much all requests use, as an [Account] counts it.
func (t *Table) InUse() int { return t.account.InUse }

// InUseWith returns how much the requests use that count in the same account as those of a session,
// or 0 if they count in none.
func (t *Table) InUseWith(name string) int {
	if s := t.sessions[name]; s != nil && s.account != nil {
		return s.account.InUse
	}
	return 0
}

// Requests returns how many requests of a session wait or hold.
func (t *Table) Requests(name string) int {
	if s := t.sessions[name]; s != nil {
		return s.requests.len
	}
	return 0
}

// add counts r in a and in the account of its session: sign is +1 when r comes, -1 when it
// ends.
func (a *Account) add(r *request, sign int) {
	for i := range r.places() {
		w := sign * Weight(r.places()[i].lock.name)
		a.InUse += w
		if own := r.session.account; own != nil {
			own.InUse += w
		}
	}
}
