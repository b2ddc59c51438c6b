package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// An Obstacle says who was in the way of a request that was not granted.
type Obstacle struct {
	// Holders are holders of its locks, lock by lock, the longest holder first. Each is in it
	// once. There are at most wire.MaxHoldersTold.
	Holders []wire.RequestInfo
	// On has for each of Holders the name of the lock.
	On []string
	// Ahead is how many requests wait earlier on any of its locks. At most wire.MaxAheadTold
	// places of their queues are looked at.
	Ahead int
}

// obstacleOf returns who is in the way of r, which waits.
func (t *Table) obstacleOf(r *request) *Obstacle {
	scan := t.newObstacleScan()
	defer scan.close()
	for i := range r.places() {
		p := &r.places()[i]
		scan.add(p.lock, p.lock.queue.before(p))
	}
	return &scan.Obstacle
}

// obstacleFor returns who is in the way of a new request for these locks.
func (t *Table) obstacleFor(locks []wire.LockSpec) *Obstacle {
	scan := t.newObstacleScan()
	defer scan.close()
	for _, spec := range locks {
		if l := t.locks.get(spec.Name); l != nil {
			scan.add(l, l.queue.last())
		}
	}
	return &scan.Obstacle
}

// An obstacleScan builds an Obstacle, lock by lock.
type obstacleScan struct {
	Obstacle
	table   *Table
	room    int        // how many more places in queues it may look at
	counted []*request // the requests that it has marked
}

func (t *Table) newObstacleScan() *obstacleScan {
	return &obstacleScan{table: t, room: wire.MaxAheadTold}
}

// close removes the marks and charges for the scan.
func (s *obstacleScan) close() {
	s.table.charge(wire.MaxAheadTold - s.room)
	for _, r := range s.counted {
		r.counted = false
	}
}

// add adds the holders of l, and the waiters of its queue from last to the first.
func (s *obstacleScan) add(l *lock, last *place) {
	for p := l.holders.first; p != nil && len(s.Holders) < wire.MaxHoldersTold; p = p.next {
		if s.markNew(p.request) {
			s.Holders = append(s.Holders, s.table.describe(p))
			s.On = append(s.On, l.name)
		}
	}
	for p := last; p != nil && s.room > 0; p = l.queue.before(p) {
		s.room--
		if s.markNew(p.request) {
			s.Ahead++
		}
	}
}

// markNew marks r and reports whether it had no mark. A request with one lock needs none: the scan
// cannot reach it twice.
func (s *obstacleScan) markNew(r *request) bool {
	if len(r.several) == 0 {
		return true
	}
	if r.counted {
		return false
	}
	r.counted = true
	s.counted = append(s.counted, r)
	return true
}
