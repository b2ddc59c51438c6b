package locktable

import (
	"hash/maphash"

	"github.com/lockbroker/lockbroker/broker/internal/shrink"
)

// A nameIndex finds locks by name. It is a map from the hash of the name to the lock, which
// has the name. A map from the name itself would take 18 bytes more for each lock.
//
// The map has parts, which shrink one by one. To copy a million entries at once would delay others.
type nameIndex struct {
	seed   maphash.Seed // random, so that no client can choose names with the same hash
	mask   uint64       // the bits of the hash that are used; tests use fewer
	byHash [indexParts]shrink.Map[uint64, *lock]
	others shrink.Map[string, *lock] // locks with the same hash as one in byHash: there are hardly ever any
	len    int
}

// indexParts is how many parts the index has. With a million locks a part has about 4,000, which are
// copied in less than 0.1 ms.
const indexParts = 256

func newNameIndex() nameIndex { return nameIndex{seed: maphash.MakeSeed(), mask: ^uint64(0)} }

// hash returns the hash of a name, and the part of the index that has the locks with this hash.
func (n *nameIndex) hash(name string) (uint64, *shrink.Map[uint64, *lock]) {
	hash := maphash.String(n.seed, name) & n.mask
	return hash, &n.byHash[hash%indexParts]
}

// get returns the lock of that name, or nil.
func (n *nameIndex) get(name string) *lock {
	hash, part := n.hash(name)
	if l := part.Get(hash); l != nil && l.name == name {
		return l
	}
	if n.others.Len() > 0 {
		return n.others.Get(name)
	}
	return nil
}

// add adds a lock whose name is not in the index.
func (n *nameIndex) add(l *lock) {
	n.len++
	if hash, part := n.hash(l.name); part.Get(hash) == nil {
		part.Set(hash, l)
	} else {
		n.others.Set(l.name, l)
	}
}

// remove removes a lock that is in the index.
func (n *nameIndex) remove(l *lock) {
	n.len--
	if hash, part := n.hash(l.name); part.Get(hash) == l {
		part.Delete(hash)
	} else {
		n.others.Delete(l.name)
	}
}
