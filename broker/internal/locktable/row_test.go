package locktable

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRow: whatever comes and goes in a long row, its order and its milestones are
// right, and the place after any rank is the one that a walk finds.
func TestRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r row
		var arrivals int64
		s := &session{name: "a"}
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			for range rapid.IntRange(0, 3*mile).Draw(t, "come") {
				arrivals++
				r.append(&place{request: &request{session: s, n: arrivals, arrival: arrivals, state: waiting}})
			}
			from := rapid.Int64Range(0, arrivals).Draw(t, "from")
			steps := rapid.IntRange(1, 3).Draw(t, "one of")
			onlyStones := rapid.Bool().Draw(t, "only milestones")
			for range rapid.IntRange(0, 2*mile).Draw(t, "go") {
				p := r.after(from)
				if p == nil {
					break
				}
				from = p.rank() + int64(steps) - 1
				if !onlyStones || p.milestone {
					r.remove(p)
				}
			}
			if err := checkRow(r); err != nil {
				t.Fatal(err)
			}
			rank := rapid.Int64Range(0, arrivals+1).Draw(t, "rank")
			if got, want := r.after(rank), walk(r, rank); got != want {
				t.Fatalf("after %d: got %v, want %v", rank, got, want)
			}
		}
	})
}

func walk(r row, rank int64) *place {
	p := r.first
	for p != nil && p.rank() <= rank {
		p = p.next
	}
	return p
}
