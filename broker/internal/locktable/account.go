package locktable

// An Account counts what the requests of some sessions take up: one for each lock of a request, and one
// more for every 256 bytes of its name. That is at most about 250 bytes of memory each.
type Account struct{ InUse int }

// Weight is what a request takes up for a lock of that name.
func Weight(name string) int { return 1 + len(name)/256 }

// CountIn makes the requests of a session, which must be open and have none, count in a, too. All requests
// count in [Table.InUse].
func (t *Table) CountIn(name string, a *Account) { t.sessions[name].account = a }

// InUse is what all requests take up, as an [Account] counts it.
func (t *Table) InUse() int { return t.account.InUse }

// Requests is how many requests of a session wait or hold.
func (t *Table) Requests(name string) int {
	if s := t.sessions[name]; s != nil {
		return s.requests.len
	}
	return 0
}

// count notes that r takes something up, or no longer does.
func (t *Table) count(r *request, sign int) {
	for i := range r.places() {
		w := sign * Weight(r.places()[i].lock.name)
		t.account.InUse += w
		if r.session.account != nil {
			r.session.account.InUse += w
		}
	}
}
