package listing

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An Order is a sort order of locks.
type Order string

// The orders.
const (
	ByUse     Order = "use"     // oldest use of the name first, as the broker lists them
	ByName    Order = "name"    // by bytes
	ByAge     Order = "age"     // longest held first; free locks last
	ByWaiters Order = "waiters" // most first
)

// UnmarshalText parses the value of a flag.
func (o *Order) UnmarshalText(text []byte) error {
	switch order := Order(text); order {
	case ByUse, ByName, ByAge, ByWaiters:
		*o = order
		return nil
	}
	return fmt.Errorf("want %s, %s, %s or %s", ByUse, ByName, ByAge, ByWaiters)
}

// Of returns the locks in this order. The sort is stable. An error comes last. All orders except ByUse read all
// locks before they return the first.
func (o Order) Of(locks iter.Seq2[wire.LockInfo, error]) iter.Seq2[wire.LockInfo, error] {
	if o == ByUse {
		return locks
	}
	return func(yield func(wire.LockInfo, error) bool) {
		var all []wire.LockInfo
		var failed error
		for lock, err := range locks {
			if err != nil {
				failed = err
				break
			}
			all = append(all, lock)
		}
		slices.SortStableFunc(all, o.compare)
		for _, lock := range all {
			if !yield(lock, nil) {
				return
			}
		}
		if failed != nil {
			yield(wire.LockInfo{}, failed)
		}
	}
}

func (o Order) compare(a, b wire.LockInfo) int {
	switch o {
	case ByName:
		return cmp.Compare(a.Name, b.Name)
	case ByAge:
		return cmp.Compare(age(b), age(a))
	case ByWaiters:
		return cmp.Compare(b.Waiting, a.Waiting)
	}
	return 0
}

// age returns how long the first holder has held the lock, in milliseconds, or -1 if there is none.
func age(lock wire.LockInfo) int64 {
	if len(lock.Holders) == 0 {
		return -1
	}
	return lock.Holders[0].DurationMS
}
