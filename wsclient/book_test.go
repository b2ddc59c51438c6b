package wsclient

import (
	"slices"
	"testing"
)

// A book that was large gives its room back, however many entries stay.
func TestBookGivesRoomBack(t *testing.T) {
	for _, stay := range []int64{0, 1, 5} {
		var b book[int]
		const entries = 1000
		for n := range int64(entries) {
			b.set(n, int(n))
		}
		for n := stay; n < entries; n++ {
			b.remove(n)
		}
		if got := slices.Collect(b.inOrder()); len(got) != int(stay) || !slices.IsSorted(got) {
			t.Errorf("got %v, want %d entries", got, stay)
		}
		if b.most > bookKeeps*4 {
			t.Errorf("with %d entries it has room for %d", stay, b.most)
		}
	}
}

// Entries may be removed, and the book made anew by that, while it is gone through.
func TestBookInOrder(t *testing.T) {
	var b book[int]
	for _, n := range []int64{7, 3, 100, 5} {
		b.set(n, int(n))
	}
	var got []int
	for v := range b.inOrder() {
		got = append(got, v)
		b.remove(5)
		b.remove(int64(v))
	}
	if want := []int{3, 7, 100}; !slices.Equal(got, want) || b.len() != 0 {
		t.Errorf("got %v, want %v; %d left", got, want, b.len())
	}
}
