package locktable

import "hash/maphash"

// A nameIndex finds locks by name. It is a map by the hash of the name, for the lock
// has the name already: a map by name would take 18 bytes more for each.
type nameIndex struct {
	seed   maphash.Seed // which nobody can know, so nobody can make up names with the same hash
	mask   uint64       // the bits of the hash that count
	byHash map[uint64]*lock
	others map[string]*lock // whose hash was taken: as good as never any
}

func newNameIndex() nameIndex {
	return nameIndex{
		seed:   maphash.MakeSeed(),
		mask:   ^uint64(0),
		byHash: make(map[uint64]*lock),
		others: make(map[string]*lock),
	}
}

func (n *nameIndex) hash(name string) uint64 { return maphash.String(n.seed, name) & n.mask }

// get returns the lock of that name, or nil.
func (n *nameIndex) get(name string) *lock {
	if l := n.byHash[n.hash(name)]; l != nil && l.name == name {
		return l
	}
	if len(n.others) > 0 {
		return n.others[name]
	}
	return nil
}

// add adds a lock whose name is new.
func (n *nameIndex) add(l *lock) {
	hash := n.hash(l.name)
	if n.byHash[hash] == nil {
		n.byHash[hash] = l
	} else {
		n.others[l.name] = l
	}
}

// remove removes a lock that is there.
func (n *nameIndex) remove(l *lock) {
	if hash := n.hash(l.name); n.byHash[hash] == l {
		delete(n.byHash, hash)
	} else {
		delete(n.others, l.name)
	}
}

func (n *nameIndex) len() int { return len(n.byHash) + len(n.others) }
