// Package shrinkmap provides a map with integer keys that gives memory back as it shrinks.
//
// A Go map keeps the memory of as many entries as it ever had. A client that once had a thousand requests waiting may
// run for months, so it stores them in a [Map].
package shrinkmap

import (
	"iter"
	"maps"
	"slices"
)

// keepEntries is the number of entries up to which a Map does not shrink.
const keepEntries = 32

// A Map maps numbers to values. The zero value is empty. A Map is not safe for concurrent use.
type Map[V any] struct {
	entries map[int64]V
	most    int // the greatest length of entries since it was made
}

// Get returns the entry of n, or the zero value.
func (m *Map[V]) Get(n int64) V { return m.entries[n] }

// Len returns the number of entries.
func (m *Map[V]) Len() int { return len(m.entries) }

// Set makes v the entry of n.
func (m *Map[V]) Set(n int64, v V) {
	if m.entries == nil {
		m.entries = make(map[int64]V)
	}
	m.entries[n] = v
	m.most = max(m.most, len(m.entries))
}

// Delete removes the entry of n, if there is one. It allocates a smaller map when less than an eighth of the entries
// are left.
func (m *Map[V]) Delete(n int64) {
	delete(m.entries, n)
	if left := len(m.entries); m.most > keepEntries && left < m.most/8 {
		entries := make(map[int64]V, left)
		maps.Copy(entries, m.entries)
		*m = Map[V]{entries: entries, most: left}
	}
}

// InOrder yields the entries in the order of their numbers. Entries may be deleted meanwhile; those that are deleted
// before their turn are not yielded.
func (m *Map[V]) InOrder() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, n := range slices.Sorted(maps.Keys(m.entries)) {
			if v, ok := m.entries[n]; ok && !yield(v) {
				return
			}
		}
	}
}
