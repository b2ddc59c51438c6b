package locktable

// Requests that have ended are reused. The events of the last call may still refer to them, but
// nothing else does. So they are kept apart until the next call that is given the time.

// maxSparePlaces is the greatest capacity of places that a spare extra keeps.
const maxSparePlaces = 8

func (x *extra) reset(to *extra) {
	several := x.several
	clear(several)
	if cap(several) > maxSparePlaces {
		several = nil
	}
	*x = *to
	x.several = several[:0]
}

// newRequest returns the request that a asks for. Nothing knows it yet.
func (t *Table) newRequest(s *session, a *Acquire) *request {
	r := t.requests.get()
	t.bytes += requestBytes
	*r = request{session: s, n: a.ID.N, since: t.now, extra: t.plain, recheckIndex: -1}
	if a.Author != "" || a.Hold > 0 {
		x := t.extraOf(r)
		x.author, x.hold = a.Author, a.Hold
		t.bytes += int64(len(a.Author))
	}
	if len(a.Locks) > 1 {
		x := t.extraOf(r)
		if cap(x.several) < len(a.Locks) {
			x.several = make([]place, len(a.Locks))
		}
		x.several = x.several[:len(a.Locks)]
		t.bytes += placeBytes * int64(len(a.Locks))
	}
	places := r.places()
	for i, spec := range a.Locks {
		places[i] = place{request: r, claim: claimOf(spec)}
	}
	return r
}

// extraOf returns the extra of r, to write to.
func (t *Table) extraOf(r *request) *extra {
	if r.extra == t.plain {
		r.extra = t.extras.get()
		r.extra.reset(t.plain)
		t.bytes += extraBytes
	}
	return r.extra
}

// reuse keeps r for the next request. Nothing else may know r: it has ended, or was never
// registered.
func (t *Table) reuse(r *request) {
	t.bytes -= requestBytes
	if r.extra != t.plain {
		t.bytes -= r.extra.bytes()
		r.extra.reset(t.plain)
		t.extras.put(r.extra)
	}
	*r = request{}
	t.requests.put(r)
}

// reuseEnded keeps the requests that ended in the last call for reuse.
func (t *Table) reuseEnded() {
	for t.ended.first != nil {
		r := t.ended.first
		t.ended.remove(r)
		t.reuse(r)
	}
}
