package locktable

import "hash/maphash"

// A nameIndex finds locks by name. It is a map from the hash of the name to the lock, which
// has the name. A map from the name itself would take 18 bytes more for each lock.
type nameIndex struct {
	seed   maphash.Seed     // random, so that no client can choose names with the same hash
	mask   uint64           // the bits of the hash that are used; tests use fewer
	byHash map[uint64]*lock // at most one lock for each hash
	others map[string]*lock // locks with the same hash as one in byHash: there are hardly ever any
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

// add adds a lock whose name is not in the index.
func (n *nameIndex) add(l *lock) {
	hash := n.hash(l.name)
	if n.byHash[hash] == nil {
		n.byHash[hash] = l
	} else {
		n.others[l.name] = l
	}
}

// remove removes a lock that is in the index.
func (n *nameIndex) remove(l *lock) {
	if hash := n.hash(l.name); n.byHash[hash] == l {
		delete(n.byHash, hash)
	} else {
		delete(n.others, l.name)
	}
}

func (n *nameIndex) len() int { return len(n.byHash) + len(n.others) }
