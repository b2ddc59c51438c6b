package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Key is what locks are sorted by.
type Key int

// The keys. Names sort from a to z, the others from the most on.
const (
	ByWaiters Key = iota // how many wait
	ByName
	ByHolders // how many hold it
	ByAge     // how long it has been held
	ByWait    // how long the first waiter has waited
	ByGrants  // how often it is granted
	keys
)

// noKey marks no column.
const noKey Key = -1

var keyNames = [keys]string{"waiters", "name", "holders", "age", "wait", "grants"}

// String is the name of the key on the command line.
func (k Key) String() string { return keyNames[k] }

// UnmarshalText reads what String writes.
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

// descending reports whether the greatest come first.
func (o order) descending() bool { return (o.key == ByName) == o.reverse }

// sort sorts locks. Those that are equal are sorted by name, so that they keep
// their places.
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

// comparing compares from the least on; strings by name last of all.
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

// compareAges compares since when. What nobody does is younger than everything.
func compareAges(countA, countB int, sinceA, sinceB time.Time) int {
	if countA == 0 || countB == 0 {
		return cmp.Compare(min(countA, 1), min(countB, 1))
	}
	return sinceB.Compare(sinceA)
}
