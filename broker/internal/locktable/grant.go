package locktable

// A head is the request at the head of some queue, ordered by arrival.
type head struct{ *request }

func (h head) before(other head) bool { return h.arrival < other.arrival }
func (h head) setIndex(int)           {}

// freed notes that what keeps the head of l waiting may have gone; settle looks.
func (t *Table) freedAt(l *lock) {
	if l.queue.first != nil {
		t.freed.add(head{l.queue.first.request})
	}
}

// settle grants what can be granted at the locks that have changed, in order
// of arrival. A grant brings new heads forward, all of them later arrivals; it
// never makes room, so a head that did not fit need not be looked at twice.
func (t *Table) settle(events []Event) []Event {
	for len(t.freed) > 0 {
		r := t.freed.pop().request
		if r.state != waiting || !t.grantable(r) {
			continue
		}
		for i := range r.places {
			p := &r.places[i]
			p.lock.queue.remove(p)
			t.freedAt(p.lock)
		}
		r.session.waiting.remove(r)
		t.clearDeadline(r)
		events = t.grant(r, events)
	}
	return events
}

// grantable is the grant rule for a request that waits. One whose time is over
// and that advance has not come to yet still has its place in its queues.
func (t *Table) grantable(r *request) bool {
	if r.session.leaving || r.dueIndex >= 0 && r.due <= t.now {
		return false
	}
	for i := range r.places {
		p := &r.places[i]
		if p.lock.queue.first != p || !p.lock.fits(p.limit) {
			return false
		}
	}
	return true
}

// grant makes r, which is in no queue, the holder of all its locks.
func (t *Table) grant(r *request, events []Event) []Event {
	r.state, r.since = holding, t.now
	r.token = t.token
	t.token++
	for i := range r.places {
		p := &r.places[i]
		p.lock.addHolder(p)
	}
	r.session.holding.append(r)
	if r.hold > 0 {
		t.setDeadline(r, t.now+r.hold)
	}
	return append(events, Event{Kind: Granted, ID: r.id(), Token: r.token})
}
