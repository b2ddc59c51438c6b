package locktable

import (
	"errors"
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Few spares are kept, and none that take much memory.
func TestSparesAreFewAndSmall(t *testing.T) {
	const many = 2*maxSpares + 10
	parent := wire.ID{Session: "a", N: 0}
	outer := acquireOf(0, "outer")
	for name, acquire := range map[string]func(i int) Acquire{
		"many": func(i int) Acquire { return acquireOf(i, nameOf(i)) },
		"many locks each": func(i int) Acquire {
			a := acquireOf(i, nameOf(0))
			for range maxSparePlaces {
				a.Locks = append(a.Locks, wire.LockSpec{Name: nameOf(len(a.Locks))})
			}
			return a
		},
		"nested": func(i int) Acquire {
			a := acquireOf(i, nameOf(i))
			a.Parent = parent
			return a
		},
		"limits": func(i int) Acquire {
			a := acquireOf(i, nameOf(i))
			a.Locks[0].Mode, a.Locks[0].Limit = wire.Shared, wire.Some(2)
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			table := newBusyTable()
			table.Acquire(0, outer, nil)
			for i := range many {
				table.Acquire(0, acquire(1+i), nil)
			}
			for i := range many {
				table.Release(0, wire.ID{Session: "a", N: int64(1 + i)}, nil)
				if i == many/2 || i == many-2 {
					table.Tick(0, nil)
					if err := check(table); err != nil {
						t.Fatal(err)
					}
				}
			}
			table.Release(0, parent, nil)
			table.Tick(0, nil)
			if err := check(table); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkReuse checks what is kept for reuse: it holds nothing of earlier requests, nothing else
// knows it, and it is not too much.
func checkReuse(t *Table) error {
	if len(t.requests.free) > maxSpares || len(t.extras.free) > maxSpares || len(t.nests.free) > maxSpares {
		return errors.New("too much is kept for reuse")
	}
	if !t.plain.isPlain() || t.plain.several != nil {
		return fmt.Errorf("the shared extra was written to: %+v", *t.plain)
	}
	known := knownOf(t)
	for _, r := range t.requests.free {
		if known[r] || *r != (request{}) {
			return fmt.Errorf("a request that is kept for reuse is in use, or not cleared: %+v", *r)
		}
		known[r] = true
	}
	return errors.Join(checkSpareExtras(t, known), checkSpareNests(t, known))
}

// knownOf returns the requests that have not ended, or have ended in the last call.
func knownOf(t *Table) map[*request]bool {
	known := make(map[*request]bool)
	for _, s := range t.sessions.All() {
		for _, r := range s.requests.all() {
			known[r] = true
		}
	}
	for r := t.ended.first; r != nil; r = r.next {
		known[r] = true
	}
	return known
}

func checkSpareExtras(t *Table, known map[*request]bool) error {
	used := make(map[*extra]bool)
	for r := range known {
		if r.extra != nil && r.extra != t.plain && used[r.extra] {
			return fmt.Errorf("%s shares its extra", r.id())
		}
		used[r.extra] = true
	}
	for _, x := range t.extras.free {
		if used[x] || !x.isPlain() || len(x.several) > 0 || cap(x.several) > maxSparePlaces {
			return fmt.Errorf("an extra that is kept for reuse is in use, or not cleared: %+v", *x)
		}
		for _, p := range x.several[:cap(x.several)] {
			if p != (place{}) {
				return fmt.Errorf("a place that is kept for reuse is not cleared: %+v", p)
			}
		}
		used[x] = true
	}
	return nil
}

func checkSpareNests(t *Table, known map[*request]bool) error {
	used := make(map[*nest]bool)
	for r := range known {
		if r.extra != nil {
			used[r.outer], used[r.inner] = true, true
		}
	}
	for _, n := range t.nests.free {
		isMarked := n.reached || n.blocked != 0 || n.traced
		if used[n] || isMarked || n.parent != nil || len(n.requests) > 0 || cap(n.requests) > maxSpareNest {
			return fmt.Errorf("a nest that is kept for reuse is in use, or not cleared: %+v", *n)
		}
		used[n] = true
	}
	return nil
}

// isPlain reports whether x says nothing that matters. It may have places.
func (x *extra) isPlain() bool {
	return x.author == "" && x.outer == nil && x.inner == nil && x.nestIndex == 0 &&
		x.hold == 0 && x.due == 0 && x.dueIndex == -1
}
