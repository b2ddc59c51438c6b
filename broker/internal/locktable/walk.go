package locktable

// A walk goes along a list to the first place beyond a rank. Between two slices places may
// leave the list, but the order of the rest does not change. So a walk sets bookmarks, and
// continues from the last one that is still in the list.
type walk struct {
	after     int64 // the rank
	state     state // of the requests in the list
	room      int   // how many more places it may pass over; below 0: it has given up
	at        *place
	bookmarks []bookmark
}

// A bookmark is a place in a list. It is valid while the place has the same rank there.
type bookmark struct {
	place *place
	rank  int64
}

// bookmarkEvery is how many places are between two bookmarks.
const bookmarkEvery = 1_000

// run passes over at most steps places, and reports whether it has arrived. Then at is the
// first place beyond the rank, or nil if there is none.
func (w *walk) run(l *lock, first *place, steps *int) bool {
	if w.after == 0 {
		w.at = first
		return true
	}
	p := w.resume(l, first)
	for n := 1; p != nil && p.rank() <= w.after && w.room >= 0; n++ {
		if *steps <= 0 || n%bookmarkEvery == 0 {
			w.bookmarks = append(w.bookmarks, bookmark{p, p.rank()})
		}
		if *steps <= 0 {
			return false
		}
		*steps--
		w.room--
		p = p.next
	}
	w.at = p
	return true
}

// resume returns the place of the last valid bookmark, or first if there is none.
func (w *walk) resume(l *lock, first *place) *place {
	for last := len(w.bookmarks) - 1; last >= 0; last-- {
		b := w.bookmarks[last]
		r := b.place.request
		if r != nil && r.state == w.state && b.place.lock == l && b.place.rank() == b.rank {
			return b.place
		}
		w.bookmarks = w.bookmarks[:last]
	}
	return first
}
