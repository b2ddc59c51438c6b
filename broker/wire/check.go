package wire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// Check reports what a broker with these limits would refuse in m before it looks at
// anything else. A broker answers it with [BadRequest].
func Check(m Request, limits Limits) error {
	switch m := m.(type) {
	case *Acquire:
		return m.check(limits)
	case *Resume:
		return m.check(limits)
	case *Info:
		return m.check(limits)
	case *Watch:
		return checkGlob("match", m.Match, limits)
	case *Why:
		return m.check(limits)
	case *Evict:
		return m.check(limits)
	case *Clients:
		return m.check(limits)
	case *Auth:
		return m.check()
	}
	return nil // the others have only an id
}

func (m *Acquire) check(l Limits) error {
	if err := checkLocks(m.Locks, l); err != nil {
		return err
	}
	if err := checkText("author", m.Author, l.AuthorBytes); err != nil {
		return err
	}
	if err := checkRange("wait_ms", m.WaitMS, 0, MaxMillis); err != nil {
		return err
	}
	if err := checkRange("hold_ms", m.HoldMS, 1, MaxMillis); err != nil {
		return err
	}
	if err := checkID("parent", m.Parent); err != nil {
		return err
	}
	if m.Steal {
		return m.checkSteal()
	}
	return nil
}

func (m *Acquire) checkSteal() error {
	if !m.Parent.IsZero() {
		return errors.New("steal: not together with parent")
	}
	for i, lock := range m.Locks {
		if lock.Mode != Exclusive {
			return fmt.Errorf("steal: locks[%d] must be exclusive", i)
		}
	}
	return nil
}

func checkLocks(locks []LockSpec, l Limits) error {
	switch n := len(locks); {
	case n == 0:
		return errors.New("locks: at least one lock is needed")
	case n > l.LocksPerRequest:
		return fmt.Errorf("locks: %d are too many, at most %d", n, l.LocksPerRequest)
	}
	for i := range locks {
		if err := checkLock(&locks[i], l); err != nil {
			return fmt.Errorf("locks[%d].%w", i, err)
		}
		// For at most 64 names this is cheaper than a map.
		for j := range i {
			if locks[j].Name == locks[i].Name {
				return fmt.Errorf("locks[%d].name: the same as locks[%d].name", i, j)
			}
		}
	}
	return nil
}

func checkLock(lock *LockSpec, l Limits) error {
	if err := checkName("name", lock.Name, l); err != nil {
		return err
	}
	if lock.Mode > Shared {
		return errors.New("mode: want exclusive or shared")
	}
	if err := checkRange("limit", lock.Limit, 1, MaxLimit); err != nil {
		return err
	}
	if _, given := lock.Limit.Get(); given && lock.Mode != Shared {
		return errors.New("limit: with mode shared only")
	}
	return nil
}

func (m *Info) check(l Limits) error {
	if err := checkAfter(m.After); err != nil {
		return err
	}
	if err := checkRange("max", m.Max, 1, MaxPage); err != nil {
		return err
	}
	if err := checkRange("queue", m.Queue, 1, MaxQueue); err != nil {
		return err
	}
	if err := m.checkSeq(); err != nil {
		return err
	}
	return checkGlob("match", m.Match, l)
}

func checkAfter(after int64) error {
	if after < 0 || after > MaxInteger {
		return fmt.Errorf("after: want 0 to %d", MaxInteger)
	}
	return nil
}

func (m *Info) checkSeq() error {
	switch {
	case m.Seq < 0 || m.Seq > MaxInteger:
		return fmt.Errorf("seq: want 0 to %d", MaxInteger)
	case m.Seq > 0:
	case !m.HoldersAfter.IsZero():
		return errors.New("holders_after: with seq only")
	case !m.WaitersAfter.IsZero():
		return errors.New("waiters_after: with seq only")
	}
	if err := checkRange("holders_after", m.HoldersAfter, 0, MaxInteger); err != nil {
		return err
	}
	return checkRange("waiters_after", m.WaitersAfter, 0, MaxInteger)
}

func (m *Why) check(l Limits) error {
	id, request := m.Request.Get()
	name, lock := m.Lock.Get()
	if request == lock {
		return errors.New("want either request or lock")
	}
	if lock {
		return checkName("lock", name, l)
	}
	return checkID("request", id)
}

func (m *Evict) check(l Limits) error {
	if m.Request.IsZero() {
		return errors.New("request: missing")
	}
	if err := checkID("request", m.Request); err != nil {
		return err
	}
	return checkText("message", m.Message, l.AuthorBytes)
}

func checkName(field, name string, l Limits) error {
	if name == "" {
		return fmt.Errorf("%s: missing or empty", field)
	}
	return checkText(field, name, l.NameBytes)
}

// checkID refuses an id that is not valid UTF-8. A client checks this before it sends: a
// frame with such bytes would count as malformed.
func checkID(field string, id ID) error {
	if !utf8.ValidString(id.Session) {
		return fmt.Errorf("%s: not valid UTF-8", field)
	}
	return nil
}

func checkText(field, text string, limit int) error {
	if len(text) > limit {
		return fmt.Errorf("%s: %d bytes are too long, at most %d", field, len(text), limit)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s: not valid UTF-8", field)
	}
	return nil
}

// checkGlob refuses a glob that is not valid, or that could keep the broker busy for long.
func checkGlob(field string, match Opt[string], l Limits) error {
	pattern, given := match.Get()
	if !given {
		return nil
	}
	if pattern == "" {
		return fmt.Errorf("%s: empty", field)
	}
	if err := checkText(field, pattern, l.NameBytes); err != nil {
		return err
	}
	if !glob.Valid(pattern) {
		return fmt.Errorf("%s: not a valid glob", field)
	}
	if glob.Cost(pattern) > glob.MaxCost {
		return fmt.Errorf("%s: its length times its alternatives is more than %d", field, glob.MaxCost)
	}
	return nil
}

func checkRange[T int | int64](field string, v Opt[T], low, high T) error {
	if n, given := v.Get(); given && (n < low || n > high) {
		return fmt.Errorf("%s: want %d to %d", field, low, high)
	}
	return nil
}
