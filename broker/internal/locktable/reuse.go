package locktable

// Requests that have ended are used again. Events speak of them until the next
// call that takes the time; nobody else knows them once they have ended.

// keptPlaces is how many places an extra that is not used may keep the room for.
const keptPlaces = 8

func (x *extra) reset(to *extra) {
	several := x.several
	clear(several)
	if cap(several) > keptPlaces {
		several = nil
	}
	*x = *to
	x.several = several[:0]
}

// newRequest makes the request that a asks for; it is not yet known anywhere.
func (t *Table) newRequest(s *session, a Acquire) *request {
	r := t.requests.take()
	*r = request{session: s, n: a.ID.N, extra: t.plain, freedIndex: -1}
	if a.Author != "" || a.Hold > 0 {
		x := t.extraOf(r)
		x.author, x.hold = a.Author, a.Hold
	}
	if len(a.Locks) > 1 {
		x := t.extraOf(r)
		if cap(x.several) < len(a.Locks) {
			x.several = make([]place, len(a.Locks))
		}
		x.several = x.several[:len(a.Locks)]
	}
	places := r.places()
	for i, spec := range a.Locks {
		places[i] = place{request: r, claim: claimOf(spec)}
	}
	return r
}

// extraOf is the extra of r to write to.
func (t *Table) extraOf(r *request) *extra {
	if r.extra == t.plain {
		r.extra = t.extras.take()
		r.extra.reset(t.plain)
	}
	return r.extra
}

// reuse keeps r for the next request. It has ended or was never admitted, and
// nobody knows it any more.
func (t *Table) reuse(r *request) {
	if r.extra != t.plain {
		r.extra.reset(t.plain)
		t.extras.put(r.extra)
	}
	*r = request{}
	t.requests.put(r)
}

// reuseEnded does that with those that ended in the call before, of which no
// event speaks any more.
func (t *Table) reuseEnded() {
	for t.ended.first != nil {
		r := t.ended.first
		t.ended.remove(r)
		t.reuse(r)
	}
}
