package top

import (
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Lines are what there is to show of a table: the locks that are wanted, in
// order, and the sums over all.
type lines struct {
	locks []*lock
	sums  sums
}

// sums are over all locks that are in use, whether they match the filter or not.
type sums struct {
	locks, held, waiting int
	rate                 float64 // grants a second, or unknown
}

// A selection says which locks are wanted.
type selection struct {
	filter filter
	empty  bool // also free ones
	order  order
}

// list makes the lines anew. It takes as long as to sort all locks.
func (l *lines) list(t *table, want selection) {
	l.locks, l.sums = l.locks[:0], sums{rate: unknown}
	for _, lock := range t.locks {
		l.sums.add(lock)
		if (want.empty || lock.inUse()) && want.filter.match(lock) {
			l.locks = append(l.locks, lock)
		}
	}
	want.order.sort(l.locks)
}

func (s *sums) add(l *lock) {
	if l.inUse() {
		s.locks++
	}
	if l.holding > 0 {
		s.held++
	}
	s.waiting += l.waiting
	if l.rate != unknown {
		s.rate = max(s.rate, 0) + l.rate
	}
}

// A filter is text that the name of a lock, or its first holder as it is shown,
// must hold, no matter in which case. A glob would be one more language to type
// while one looks for something; the broker takes one.
type filter string

func (f filter) match(l *lock) bool {
	if f == "" {
		return true
	}
	text := strings.ToLower(string(f))
	holds := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if holds(l.name) || l.holding > 0 && holds(holderOf(l)) {
		return true
	}
	shown := printable.Text(l.name)
	return shown != l.name && holds(shown)
}
