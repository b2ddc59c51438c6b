package locktable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A mirror is the state of all locks as a watcher knows it. A watcher sees only the events.
type mirror map[string]*mirroredLock

type mirroredLock struct {
	holders, waiters []wire.RequestInfo
}

// see applies the events of one call. It must be called right after that call.
func (m mirror) see(t *Table, events []Event) error {
	for _, e := range events {
		for i := range e.Locks() {
			if err := m.change(e.Lock(i), e.Kind, t.Subject(&e, i)); err != nil {
				return fmt.Errorf("mirror: %s on %s: %w", eventLine(e), e.Lock(i), err)
			}
		}
	}
	return nil
}

func (m mirror) change(name string, kind Kind, subject wire.RequestInfo) error {
	l := m[name]
	if l == nil {
		l = &mirroredLock{}
		m[name] = l
	}
	is := func(other wire.RequestInfo) bool { return other.ID == subject.ID }
	before := len(l.holders) + len(l.waiters)
	if kind != Queued {
		l.holders, l.waiters = slices.DeleteFunc(l.holders, is), slices.DeleteFunc(l.waiters, is)
	}
	switch known := before > len(l.holders)+len(l.waiters); {
	case kind == Queued:
		l.waiters = append(l.waiters, subject)
	case kind == Granted:
		l.holders = append(l.holders, subject)
	case !known:
		return fmt.Errorf("%s was not there", subject.ID)
	}
	if len(l.holders)+len(l.waiters) == 0 {
		delete(m, name)
	}
	return nil
}

// agrees compares the mirror with a page of all locks.
func (m mirror) agrees(page Page) error {
	used := 0
	for _, l := range page.Locks {
		mirrored := m[l.Name]
		if mirrored == nil {
			mirrored = &mirroredLock{}
		} else {
			used++
		}
		if a, b := lasting(mirrored.holders), lasting(l.Holders); a != b {
			return fmt.Errorf("mirror: the holders of %s are\n%s, and the events tell of\n%s", l.Name, b, a)
		}
		if a, b := lasting(mirrored.waiters), lasting(l.Waiters); a != b {
			return fmt.Errorf("mirror: the waiters of %s are\n%s, and the events tell of\n%s", l.Name, b, a)
		}
	}
	if used != len(m) {
		return fmt.Errorf("mirror: %d locks are in use, the events tell of %d", used, len(m))
	}
	return nil
}

// lasting describes everything that no later call can change without an event. A parent may end, a
// session may leave, become absent or go on with another client, and time goes on.
func lasting(infos []wire.RequestInfo) string {
	var text strings.Builder
	for _, info := range infos {
		info.Parent, info.Gone, info.DurationMS, info.Peer = wire.ID{}, false, 0, wire.Peer{}
		text.WriteString(fmt.Sprintf("%+v\n", info))
	}
	return text.String()
}
