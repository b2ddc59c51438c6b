package locktable

import "slices"

// A row is the places of those who hold a lock, or of those who wait for it, by
// rank. In a long one some places are milestones, so that a page can begin in the
// middle of it without a walk to there.
type row struct {
	list[place, *place]
	milestones *milestones // nil where there never were any since the row was empty
}

// milestones are some places of a row, in its order. No more than mile places are
// before the first, from one to the next, and after the last.
type milestones struct {
	places []*place
	since  int // no fewer places than are after the last
}

const mile = 1000

func (r *row) append(p *place) {
	r.list.append(p)
	if r.milestones == nil {
		if r.len <= mile {
			return
		}
		r.milestones = &milestones{since: mile}
	}
	r.milestones.follow(p)
}

func (r *row) remove(p *place) {
	if p.milestone {
		r.milestones.leave(p)
	}
	r.list.remove(p)
	if r.len == 0 {
		r.milestones = nil
	}
}

// after returns the first place with a rank above that one.
func (r *row) after(rank int64) *place {
	p := r.first
	if m := r.milestones; m != nil {
		if i := m.above(rank); i > 0 {
			p = m.places[i-1]
		}
	}
	for p != nil && p.rank() <= rank {
		p = p.next
	}
	return p
}

// follow counts the new last place, and makes it a milestone where one is due.
func (m *milestones) follow(p *place) {
	if m.since < mile {
		m.since++
		return
	}
	p.milestone = true
	m.places, m.since = append(m.places, p), 0
}

// leave gives the part of p, which is about to leave the row, to the place behind
// it. The first of the row needs none: what is behind it comes first.
func (m *milestones) leave(p *place) {
	p.milestone = false
	i := m.above(p.rank()) - 1
	next := p.next
	if p.prev != nil && next != nil && !next.milestone {
		m.places[i], next.milestone = next, true
		return
	}
	m.places = slices.Delete(m.places, i, i+1)
	if next == nil {
		m.since = mile // who comes next is one
	}
}

// above is how many milestones there are up to that rank: the index of the first
// above it.
func (m *milestones) above(rank int64) int {
	i, _ := slices.BinarySearchFunc(m.places, rank, func(p *place, rank int64) int {
		if p.rank() > rank {
			return 1
		}
		return -1
	})
	return i
}
