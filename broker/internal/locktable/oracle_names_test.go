package locktable

import (
	"cmp"
	"slices"
)

// The names that the oracle knows: those in use, and the idle ones that it remembers.

// A knownName is a name in use, or one that is remembered.
type knownName struct {
	name   string
	seq    int64
	grants int64
	rested int // when it was last used, if nobody uses it now; else 0
}

// use makes a name known and in use.
func (o *oracle) use(name string) {
	for _, k := range o.names {
		if k.name == name {
			k.rested = 0
			return
		}
	}
	o.seqs++
	o.names = append(o.names, &knownName{name: name, seq: o.seqs})
}

// rest notes that a name is out of use if it is, and forgets the one that has
// been for longest if those are too many.
func (o *oracle) rest(name string) {
	if len(o.users(name, true))+len(o.users(name, false)) > 0 || o.isTaken(name) {
		return
	}
	o.rests++
	var oldest *knownName
	resting := 0
	for _, k := range o.names {
		if k.name == name {
			k.rested = o.rests
		}
		if k.rested == 0 {
			continue
		}
		resting++
		if oldest == nil || k.rested < oldest.rested {
			oldest = k
		}
	}
	if resting > o.config.MaxIdle {
		o.names = slices.DeleteFunc(o.names, func(k *knownName) bool { return k == oldest })
	}
}

// users are those that hold a lock in order of grant, or wait for it in order
// of arrival.
func (o *oracle) users(name string, held bool) []*wish {
	var users []*wish
	for _, w := range o.requests {
		if _, uses := w.on(name); uses && w.held == held {
			users = append(users, w)
		}
	}
	if held {
		slices.SortFunc(users, func(a, b *wish) int { return cmp.Compare(a.token, b.token) })
	}
	return users
}
