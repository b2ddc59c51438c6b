package core

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// Requests nest: each knows the innermost request that encloses its call. So the requests around a call are a chain,
// innermost first. Some of them may belong to other clients. The machine reads only the fields machine and Outer of
// those.

// enclosing returns the innermost request around r that was open on this client, and was neither released nor
// cancelled. It returns nil if there is none. That request is the parent of r while it holds. Once it is lost, r
// fails.
func (m *Machine) enclosing(r *Request) *Request {
	for outer := r.Outer; outer != nil; outer = outer.Outer {
		if m.canEnclose(outer) {
			return outer
		}
	}
	return nil
}

// canEnclose reports whether a request inside r names r as its parent.
func (m *Machine) canEnclose(r *Request) bool {
	return r.machine == m && r.order > 0 && (r.cause == nil || r.cause.How != Released && r.cause.How != Cancelled)
}

// IsParent reports whether a program started inside r must name r as its parent.
func (m *Machine) IsParent(r *Request) bool { return m.canEnclose(r) }

// borrow lets r borrow the locks that enclosing requests hold, and leaves the others in What.Locks. It returns an end
// if a request that had one of the locks no longer holds it.
func (m *Machine) borrow(r *Request) *End {
	if r.Outer == nil {
		return nil
	}
	var needed []wire.LockSpec
	for _, spec := range r.What.Locks {
		lender, lost := m.lender(r, spec)
		switch {
		case lost != nil:
			return lost
		case lender == nil:
			needed = append(needed, spec)
		default:
			m.lend(lender, r)
		}
	}
	r.What.Locks = needed
	return nil
}

// lend lets r borrow from lender.
func (m *Machine) lend(lender, r *Request) {
	if r.call == 0 {
		m.calls++
		r.call = m.calls
	}
	r.lenders = append(r.lenders, lender)
	lender.borrowers.Set(r.call, r) // again, if it borrows several locks from one lender
}

// lender returns the innermost request around r that holds the lock that spec names, in a mode that covers spec. It
// returns nil if there is none, and an end if it first finds a request that no longer holds the lock.
func (m *Machine) lender(r *Request, spec wire.LockSpec) (*Request, *End) {
	for outer := r.Outer; outer != nil; outer = outer.Outer {
		held, ok := m.ownSpec(outer, spec.Name)
		if !ok {
			continue
		}
		if outer.cause != nil {
			return nil, outerLost(outer.cause)
		}
		if covers(held, spec) {
			return outer, nil
		}
	}
	return nil, nil
}

// ownSpec returns the lock of that name that r itself requests from the broker. It finds none if r belongs to another
// client.
func (m *Machine) ownSpec(r *Request, name string) (wire.LockSpec, bool) {
	if r.machine == m {
		for _, spec := range r.What.Locks {
			if spec.Name == name {
				return spec, true
			}
		}
	}
	return wire.LockSpec{}, false
}

// covers reports whether a lock that is held is as good as one that is wanted. An exclusive lock covers everything,
// and a shared one covers shared ones with the same limit or a greater one.
func covers(held, wanted wire.LockSpec) bool {
	const none = wire.MaxLimit + 1
	return held.Mode == wire.Exclusive ||
		wanted.Mode == wire.Shared && held.Limit.Or(none) <= wanted.Limit.Or(none)
}

// outerLost returns the end of a request inside one whose lock is no longer held.
func outerLost(cause *End) *End { return &End{How: OuterLost, Because: cause} }

// stop notes that the lock of r is no longer held, nor those of its borrowers. Only the first cause counts.
func (m *Machine) stop(r *Request, cause *End) {
	if r.cause != nil {
		return
	}
	r.cause = cause
	for _, lender := range r.lenders {
		lender.borrowers.Delete(r.call)
	}
	if r.borrowers.Len() > 0 {
		borrowers := slices.Collect(r.borrowers.InOrder())
		r.borrowers = shrinkmap.Map[*Request]{}
		for _, borrower := range slices.Backward(borrowers) {
			m.stop(borrower, cause)
		}
	}
	m.out.Stop = append(m.out.Stop, r)
}
