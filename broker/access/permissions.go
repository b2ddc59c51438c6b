package access

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// Permissions are what one identity may do.
type Permissions struct {
	grants   []grant
	anywhere Verbs            // allowed on all locks
	anyLock  Verbs            // allowed on some lock
	names    map[string]Verbs // allowed on the lock of that name
	trees    map[string]Verbs // allowed on the lock of that name, and on those below it: the glob NAME/**
	globs    []pattern        // the other globs
}

// A grant allows verbs on the locks that match one of the globs.
type grant struct {
	allow Verbs
	globs []string
}

// A pattern is a glob with what it allows. Names that match it begin with prefix.
type pattern struct {
	glob, prefix string
	allow        Verbs
}

// Everything returns the permissions of a client of which no credentials are asked: all of them.
func Everything() *Permissions {
	return newPermissions([]grant{{allVerbs, []string{"**"}}})
}

// Nothing returns the permissions of a client that may do nothing.
func Nothing() *Permissions { return newPermissions(nil) }

func newPermissions(grants []grant) *Permissions {
	p := &Permissions{grants: grants, names: map[string]Verbs{}, trees: map[string]Verbs{}}
	for _, g := range grants {
		p.anyLock |= g.allow
		p.anywhere |= g.allow & (Clients | Metrics)
		for _, text := range g.globs {
			p.add(text, g.allow)
		}
	}
	return p
}

// add indexes a glob. Most globs of a policy are a name, or a name and /**, and need no comparison with each name.
func (p *Permissions) add(text string, allow Verbs) {
	if text == "**" {
		p.anywhere |= allow
		return
	}
	if name, only := glob.Name(text); only {
		p.names[name] |= allow
		return
	}
	if root, found := strings.CutSuffix(text, "/**"); found {
		if name, only := glob.Name(root); only {
			p.trees[name] |= allow
			return
		}
	}
	for i := range p.globs {
		if p.globs[i].glob == text {
			p.globs[i].allow |= allow
			return
		}
	}
	p.globs = append(p.globs, pattern{text, literalPrefix(text), allow})
}

// literalPrefix returns what all names that match a glob begin with.
func literalPrefix(text string) string {
	prefix := text
	if i := strings.IndexAny(text, `*?[{\`); i >= 0 {
		prefix = text[:i]
	}
	return strings.TrimSuffix(prefix, "/") // a/** matches a
}

// On returns what is allowed on a lock.
func (p *Permissions) On(lock string) Verbs {
	verbs := p.anywhere | p.names[lock]
	if len(p.trees) > 0 {
		verbs |= p.trees[lock]
		for i := range len(lock) {
			if lock[i] == '/' {
				verbs |= p.trees[lock[:i]]
			}
		}
	}
	for i := range p.globs {
		g := &p.globs[i]
		if g.allow&^verbs != 0 && strings.HasPrefix(lock, g.prefix) && doublestar.MatchUnvalidated(g.glob, lock) {
			verbs |= g.allow
		}
	}
	return verbs
}

// Allows reports whether all of some verbs are allowed on a lock.
func (p *Permissions) Allows(verbs Verbs, lock string) bool {
	return p.anywhere&verbs == verbs || p.On(lock)&verbs == verbs
}

// AllowsEverywhere reports whether all of some verbs are allowed on all locks.
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

// Told returns the permissions as whoami tells them.
func (p *Permissions) Told() []wire.Permission {
	told := make([]wire.Permission, 0, len(p.grants))
	for _, g := range p.grants {
		told = append(told, wire.Permission{Allow: g.allow.names(), Locks: append([]string{}, g.globs...)})
	}
	return told
}

// Cost returns about how many steps of 5 ns [Permissions.On] takes for an ordinary name.
func (p *Permissions) Cost() int { return 20 + 2*len(p.globs) }
