package locktable

import (
	"cmp"
	"slices"
)

// A knownName is a name in use, or an idle name that the oracle remembers.
type knownName struct {
	name   string
	seq    int64
	grants int64
	rested int // 0 while it is in use; otherwise the count of oracle.rests when it was last used
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

// rest notes that a name is out of use, if it is. If too many names are, it forgets the one
// that was used least recently.
func (o *oracle) rest(name string) {
	if len(o.users(name, true))+len(o.users(name, false)) > 0 || o.isTarget(name) {
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

// users returns the holders of a lock in the order of their grants, or its waiters in the order
// of arrival.
func (o *oracle) users(name string, held bool) []*oracleRequest {
	var users []*oracleRequest
	for _, r := range o.requests {
		if _, uses := r.on(name); uses && r.held == held {
			users = append(users, r)
		}
	}
	if held {
		slices.SortFunc(users, func(a, b *oracleRequest) int { return cmp.Compare(a.token, b.token) })
	}
	return users
}
