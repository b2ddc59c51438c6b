package bench

// putAcquire puts an acquire of one exclusive lock.
func (r *raw) putAcquire(id int, lock string) {
	r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s"}]}`, r.session, id, lock)
}

// putShared puts an acquire of one shared lock.
func (r *raw) putShared(id int, lock string) {
	r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s","mode":"shared"}]}`, r.session, id, lock)
}

// putNested puts an acquire inside request 0 of the same session. It waits a millisecond at most.
func (r *raw) putNested(id int, lock string) {
	const acquire = `{"type":"acquire","id":"%s--%d","locks":[{"name":"%s"}],"parent":"%s--0","wait_ms":1}`
	r.put(acquire, r.session, id, lock, r.session)
}

// putSteal puts a steal of one lock.
func (r *raw) putSteal(id int, lock string) {
	r.put(`{"type":"acquire","id":"%s--%d","locks":[{"name":"%s"}],"steal":true}`, r.session, id, lock)
}

// putRelease puts a release.
func (r *raw) putRelease(id int) { r.put(`{"type":"release","id":"%s--%d"}`, r.session, id) }

// putCancel puts a cancel.
func (r *raw) putCancel(id int) { r.put(`{"type":"cancel","id":"%s--%d"}`, r.session, id) }
