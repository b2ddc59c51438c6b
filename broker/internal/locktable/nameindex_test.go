package locktable

import (
	"iter"
	"testing"
)

// all yields the locks with their names.
func (n *nameIndex) all() iter.Seq2[string, *lock] {
	return func(yield func(string, *lock) bool) {
		for i := range n.byHash {
			for hash, l := range n.byHash[i].All() {
				if is, part := n.hash(l.name); is != hash || part != &n.byHash[i] {
					panic("lock " + l.name + " is under the wrong hash")
				}
				if !yield(l.name, l) {
					return
				}
			}
		}
		for name, l := range n.others.All() {
			if !yield(name, l) {
				return
			}
		}
	}
}

// Names with the same hash are told apart, in whatever order they come and go.
func TestNamesWithTheSameHash(t *testing.T) {
	for _, leave := range [][]string{{"a", "b", "c"}, {"c", "b", "a"}, {"b", "a", "c"}, {"b", "c", "a"}} {
		n := newNameIndex()
		n.mask = 0
		locks := make(map[string]*lock)
		enter := func(name string) {
			if n.get(name) != nil {
				t.Errorf("%s is already in the index", name)
			}
			locks[name] = &lock{name: name}
			n.add(locks[name])
		}
		agree := func() {
			t.Helper()
			for _, name := range []string{"a", "b", "c", "d"} {
				if n.get(name) != locks[name] {
					t.Errorf("removing %v: found %v under %s", leave, n.get(name), name)
				}
			}
			if n.len != len(locks) {
				t.Errorf("the index has %d locks, its len is %d", len(locks), n.len)
			}
		}
		enter("a")
		enter("b")
		enter("c")
		agree()
		for _, name := range leave {
			n.remove(locks[name])
			delete(locks, name)
			agree()
			enter("d")
			agree()
			n.remove(locks["d"])
			delete(locks, "d")
			agree()
		}
	}
}
