package top

import (
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// A lines holds the part of a table that a view shows: the selected locks in order, and the sums.
type lines struct {
	locks []*lock
	sums  sums
}

// Sums are over all locks in use, including those that the filter hides.
type sums struct {
	locks, held, waiting int
	rate                 float64 // grants per second, or unknown
}

// A selection says which locks to show, in which order.
type selection struct {
	filter filter
	empty  bool // include free locks
	order  order
}

// list computes the lines. It sorts all locks.
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

// A filter is text that must occur in the name of a lock or in its first holder as shown, ignoring case. It is not a
// glob, because a glob is harder to type while searching. Options.Match is a glob.
type filter string

func (f filter) match(l *lock) bool {
	if f == "" {
		return true
	}
	text := strings.ToLower(string(f))
	holds := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if holds(l.name) || l.holding > 0 && holds(holderOf(l).String()) {
		return true
	}
	shown := printable.Text(l.name)
	return shown != l.name && holds(shown)
}
