package metrics

import (
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// locks counts what happens to single locks: those whose names match one of the globs, in the order
// of first use, until there are most of them.
type locks struct {
	globs  []string
	most   int
	byName map[string]int // indexes into all
	all    []lockCount

	dropped int64 // grants of locks that match, but were beyond most
}

type lockCount struct {
	name         string
	grants       int64
	waited, held float64 // seconds
}

func newLocks(globs []string, most int) *locks {
	return &locks{globs: globs, most: most, byName: make(map[string]int)}
}

// copy returns a copy, for reading.
func (l *locks) copy() *locks {
	c := *l
	c.byName, c.all = nil, slices.Clone(l.all)
	return &c
}

func (l *locks) any() bool { return len(l.globs) > 0 }

// event counts an event at each of its locks that have a count.
func (l *locks) event(e *locktable.Event) {
	for i := range e.Locks() {
		name := e.Lock(i)
		count := l.of(name)
		switch granted := e.Kind == locktable.Granted; {
		case count != nil && granted:
			count.grants++
			count.waited += e.Lasted.Seconds()
		case count != nil && e.Held:
			count.held += e.Lasted.Seconds()
		case granted && l.matches(name):
			l.dropped++
		}
	}
}

// of returns the count of a lock. It returns nil if the lock has none, and may not have one.
func (l *locks) of(name string) *lockCount {
	at, known := l.byName[name]
	if !known {
		if len(l.all) >= l.most || !l.matches(name) {
			return nil
		}
		at = len(l.all)
		l.byName[name] = at
		l.all = append(l.all, lockCount{name: name})
	}
	return &l.all[at]
}

func (l *locks) matches(name string) bool {
	return slices.ContainsFunc(l.globs, func(glob string) bool { return doublestar.MatchUnvalidated(glob, name) })
}
