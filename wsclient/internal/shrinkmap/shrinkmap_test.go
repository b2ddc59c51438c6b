package shrinkmap

import (
	"slices"
	"testing"
)

// A map that was large gives its memory back, however many entries are left.
func TestMapShrinks(t *testing.T) {
	for _, left := range []int64{0, 1, 5} {
		var m Map[int]
		const entries = 1000
		for n := range int64(entries) {
			m.Set(n, int(n))
		}
		for n := left; n < entries; n++ {
			m.Delete(n)
		}
		if got := slices.Collect(m.InOrder()); len(got) != int(left) || !slices.IsSorted(got) {
			t.Errorf("got %v, want %d entries", got, left)
		}
		if m.most > keepEntries*4 {
			t.Errorf("with %d entries it has memory for %d", left, m.most)
		}
	}
}

// Entries may be deleted while they are yielded, even if that makes the map shrink.
func TestInOrder(t *testing.T) {
	var m Map[int]
	for _, n := range []int64{7, 3, 100, 5} {
		m.Set(n, int(n))
	}
	var got []int
	for v := range m.InOrder() {
		got = append(got, v)
		m.Delete(5)
		m.Delete(int64(v))
	}
	if want := []int{3, 7, 100}; !slices.Equal(got, want) || m.Len() != 0 {
		t.Errorf("got %v, want %v; %d left", got, want, m.Len())
	}
}
