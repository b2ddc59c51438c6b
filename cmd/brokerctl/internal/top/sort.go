package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Key is a sort key.
type Key int

// The sort keys. Names sort ascending, the others descending.
const (
	ByWaiters Key = iota // number of waiters
	ByName
	ByHolders // number of holders
	ByAge     // how long it has been held
	ByWait    // how long the first waiter has waited
	ByGrants  // grants per second
	keys
)

// noKey marks no column as the sort column.
const noKey Key = -1

var keyNames = [keys]string{"waiters", "name", "holders", "age", "wait", "grants"}

// String returns the name of the key on the command line.
func (k Key) String() string { return keyNames[k] }

// UnmarshalText parses the result of String.
func (k *Key) UnmarshalText(text []byte) error {
	i := slices.Index(keyNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("want one of %s", strings.Join(keyNames[:], ", "))
	}
	*k = Key(i)
	return nil
}

// An order is a key and a direction.
type order struct {
	key     Key
	reverse bool
}

// descending reports whether the greatest value comes first.
func (o order) descending() bool { return (o.key == ByName) == o.reverse }

// sort sorts locks. Equal locks sort by name, so that they keep their places.
func (o order) sort(locks []*lock) {
	compare := comparing(o.key)
	slices.SortFunc(locks, func(a, b *lock) int {
		c := compare(a, b)
		if o.descending() {
			c = -c
		}
		return cmp.Or(c, strings.Compare(a.name, b.name))
	})
}

// comparing returns a function that compares two locks by key in ascending order.
func comparing(key Key) func(a, b *lock) int {
	switch key {
	case ByWaiters:
		return func(a, b *lock) int { return cmp.Compare(a.waiting, b.waiting) }
	case ByHolders:
		return func(a, b *lock) int { return cmp.Compare(a.holding, b.holding) }
	case ByAge:
		return func(a, b *lock) int { return compareAges(a.holding, b.holding, a.heldSince, b.heldSince) }
	case ByWait:
		return func(a, b *lock) int { return compareAges(a.waiting, b.waiting, a.waitsSince, b.waitsSince) }
	case ByGrants:
		return func(a, b *lock) int { return cmp.Compare(a.rate, b.rate) }
	}
	return func(a, b *lock) int { return strings.Compare(a.name, b.name) }
}

// compareAges compares how long two locks have been held, or their first waiters have waited. A count of 0 sorts
// first.
func compareAges(countA, countB int, sinceA, sinceB time.Time) int {
	if countA == 0 || countB == 0 {
		return cmp.Compare(min(countA, 1), min(countB, 1))
	}
	return sinceB.Compare(sinceA)
}
