package access

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Permissions are what one identity may do.
type Permissions struct {
	anywhere Verbs // allowed on all locks
	anyLock  Verbs // allowed on some lock
	parts    []*permissionPart
	cost     int
}

// A permissionPart is a part of what an identity may do. Identities with the same rules share a part.
type permissionPart struct {
	grants []grant
	index  *lockIndex
}

// A grant allows verbs on the locks that match one of the globs.
type grant struct {
	allow Verbs
	globs []string
}

// Everything returns the permissions of a client when the broker asks for no credentials: all of them.
func Everything() *Permissions {
	return newPermissions(newPart([]grant{{allVerbs, []string{"**"}}}))
}

// Nothing returns the permissions of a client that may do nothing.
func Nothing() *Permissions { return newPermissions() }

func newPart(grants []grant) *permissionPart { return &permissionPart{grants, newLockIndex(grants)} }

func newPermissions(parts ...*permissionPart) *Permissions {
	p := &Permissions{parts: parts}
	for _, part := range parts {
		p.anywhere |= part.index.anywhere
		p.cost += part.index.cost()
		for _, g := range part.grants {
			p.anyLock |= g.allow
			p.anywhere |= g.allow & (Clients | Metrics)
		}
	}
	return p
}

// On returns what is allowed on a lock.
func (p *Permissions) On(lock string) Verbs {
	verbs := p.anywhere
	for _, part := range p.parts {
		verbs |= part.index.on(lock, verbs)
	}
	return verbs
}

// Allows reports whether all of some verbs are allowed on a lock.
func (p *Permissions) Allows(verbs Verbs, lock string) bool {
	return p.anywhere&verbs == verbs || p.On(lock)&verbs == verbs
}

// AllowsEverywhere reports whether all of some verbs are allowed with the glob **. It is the only glob
// that counts: others match every name too, but are rarely meant so.
func (p *Permissions) AllowsEverywhere(verbs Verbs) bool { return p.anywhere&verbs == verbs }

// AllowsSomewhere reports whether each of some verbs is allowed on some lock.
func (p *Permissions) AllowsSomewhere(verbs Verbs) bool { return p.anyLock&verbs == verbs }

// MayAcquire reports whether a request for locks is allowed. If it is not, it returns the verb and the lock that are
// missing.
func (p *Permissions) MayAcquire(m *wire.Acquire) (missing wire.Verb, lock string, ok bool) {
	needed := Acquire
	if m.Steal {
		needed |= Steal
	}
	if p.AllowsEverywhere(needed) {
		return "", "", true
	}
	for i := range m.Locks {
		spec := &m.Locks[i]
		verbs := p.On(spec.Name)
		if verbs&Acquire != 0 {
			verbs |= Share
		}
		needed := needed
		if spec.Mode == wire.Shared {
			needed = needed&^Acquire | Share
		}
		if missing := needed &^ verbs; missing != 0 {
			return missing.names()[0], spec.Name, false
		}
	}
	return "", "", true
}

// Effective returns the verbs that have an effect on a lock: shared follows from acquire, steal needs
// acquire too, and clients needs list on all locks.
func (p *Permissions) Effective(lock string) []wire.Verb {
	verbs := p.On(lock)
	if verbs&Acquire != 0 {
		verbs |= Share
	} else {
		verbs &^= Steal
	}
	if !p.AllowsEverywhere(List) {
		verbs &^= Clients
	}
	return verbs.names()
}

// Told returns the permissions as whoami tells them.
func (p *Permissions) Told() []wire.Permission {
	told := []wire.Permission{}
	for _, part := range p.parts {
		for _, g := range part.grants {
			locks := append([]string{}, g.globs...) // never null in JSON
			told = append(told, wire.Permission{Allow: g.allow.names(), Locks: locks})
		}
	}
	return slices.Clip(told)
}

// Cost returns about how many steps of 5 ns [Permissions.On] takes for an ordinary name that no glob allows.
func (p *Permissions) Cost() int { return p.cost }
