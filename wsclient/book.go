package wsclient

import (
	"iter"
	"maps"
	"slices"
)

// A book has entries by number. The zero value is empty.
//
// It is a map that gives its memory back: a map keeps room for as many entries as
// it ever had, and a client that had a thousand waiting once may live for months.
type book[V any] struct {
	entries map[int64]V
	most    int // since entries was made
}

// A book is made anew when it has less than an eighth of the entries that it had,
// unless it never had more than bookKeeps.
const bookKeeps = 32

func (b *book[V]) get(n int64) V { return b.entries[n] }
func (b *book[V]) len() int      { return len(b.entries) }

func (b *book[V]) set(n int64, v V) {
	if b.entries == nil {
		b.entries = make(map[int64]V)
	}
	b.entries[n] = v
	b.most = max(b.most, len(b.entries))
}

func (b *book[V]) remove(n int64) {
	delete(b.entries, n)
	if left := len(b.entries); b.most > bookKeeps && left < b.most/8 {
		entries := make(map[int64]V, left)
		maps.Copy(entries, b.entries)
		*b = book[V]{entries: entries, most: left}
	}
}

// numbers are those of all entries, rising.
func (b *book[V]) numbers() []int64 { return slices.Sorted(maps.Keys(b.entries)) }

// inOrder yields all entries in the order of their numbers. They may be removed
// meanwhile.
func (b *book[V]) inOrder() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, n := range b.numbers() {
			if v, there := b.entries[n]; there && !yield(v) {
				return
			}
		}
	}
}
