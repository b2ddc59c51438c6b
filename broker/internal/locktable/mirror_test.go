package locktable

import (
	"fmt"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A mirror is the state of all locks as one knows it who sees nothing but the
// events, as watchers do.
type mirror map[string]*reflection

// A reflection is what is seen of a lock.
type reflection struct {
	holders, waiters []wire.RequestInfo
}

// see takes in the events of one call, right after it.
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
		l = &reflection{}
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

// agrees compares with a page of all locks.
func (m mirror) agrees(page Page) error {
	used := 0
	for _, l := range page.Locks {
		seen := m[l.Name]
		if seen == nil {
			seen = &reflection{}
		} else {
			used++
		}
		if a, b := reflected(seen.holders), reflected(l.Holders); a != b {
			return fmt.Errorf("mirror: %s is held by\n%s, and who watched saw\n%s", l.Name, b, a)
		}
		if a, b := reflected(seen.waiters), reflected(l.Waiters); a != b {
			return fmt.Errorf("mirror: for %s wait\n%s, and who watched saw\n%s", l.Name, b, a)
		}
	}
	if used != len(m) {
		return fmt.Errorf("mirror: %d locks in use, who watched saw %d", used, len(m))
	}
	return nil
}

// reflected writes what does not pass with time: a parent may have ended since, a
// session left, and time goes on.
func reflected(infos []wire.RequestInfo) string {
	var text string
	for _, info := range infos {
		info.Parent, info.Gone, info.DurationMS = wire.ID{}, false, 0
		text += fmt.Sprintf("%+v\n", info)
	}
	return text
}
