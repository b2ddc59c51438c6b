// Package shrink has a map that gives memory back. A Go map grows with its entries, but keeps all of its
// memory when they go. A broker lives for months, and its largest rush should not decide what it takes for
// the rest of its life.
//
// A [Map] is no more concurrent than a Go map.
package shrink

import (
	"iter"
	"maps"
)

// least is the number of entries up to which a map never shrinks, because there is little to gain.
const least = 16

// A Map is a map that shrinks when three quarters of its entries have gone. The zero value is empty.
type Map[K comparable, V any] struct {
	all  map[K]V // nil: nothing was added since it was empty
	most int     // the most entries that all has had
}

// Get returns the value under key, or the zero value.
func (m *Map[K, V]) Get(key K) V { return m.all[key] }

// Len returns the number of entries.
func (m *Map[K, V]) Len() int { return len(m.all) }

// All yields all entries in any order. Nothing may be deleted meanwhile.
func (m *Map[K, V]) All() iter.Seq2[K, V] { return maps.All(m.all) }

// Set puts a value under key.
func (m *Map[K, V]) Set(key K, value V) {
	if m.all == nil {
		m.all = make(map[K]V)
	}
	m.all[key] = value
	m.most = max(m.most, len(m.all))
}

// Delete deletes the entry of key, if there is one. If that leaves few entries, it copies them to a smaller
// map. That takes about 10 ns for each entry that the map has had. It happens at most once for every three
// quarters of as many deletions.
func (m *Map[K, V]) Delete(key K) {
	delete(m.all, key)
	if m.most <= least || len(m.all) >= m.most/4 {
		return
	}
	var fewer map[K]V
	if len(m.all) > 0 {
		fewer = make(map[K]V, len(m.all))
		maps.Copy(fewer, m.all)
	}
	m.all, m.most = fewer, len(m.all)
}
