package wsclient

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A follower makes a view of what the broker says to a watch. It does no I/O.
//
// It begins, and begins again when changes were missed, with an empty view, and
// asks for the pages of the listing one after another, from the first to the
// last. Meanwhile changes arrive. It applies all of them as they come, and lets
// each page replace what the view says of the page's locks.
//
// Why the view is right when the last page is in: frames arrive in the order in
// which the broker made them, so a page says how its locks were when all changes
// before it had happened, and none of those after it. Take a lock and the page
// that would have to list it, by its seq.
//
//   - If the page lists it, the view is right from then on, whatever it said
//     of the lock before.
//   - If not, nobody held it or waited for it at that moment. So every request
//     that a change before had put into the view had ended, of which a change
//     told, and was removed; that the ends of others found nobody did no harm. What
//     came after began with a free lock, and all of it is told by changes.
//   - A name that the broker forgot and that came back has a new seq, greater
//     than all before: so it comes on a later page, or it came into use after the
//     last one was made, and began with a free lock.
type follower struct {
	view  *View
	whole bool // all pages are in
}

// take handles what the broker says. It returns whether a page is to be asked
// for now, and after what.
func (f *follower) take(reply wire.Reply, at time.Time) (after int64, ask bool) {
	switch m := reply.(type) {
	case *wire.Watching, *wire.Lagged:
		return f.begin()
	case *wire.Change:
		f.view.apply(m, at)
		f.view.Change = m
		if f.view.torn {
			return f.begin()
		}
	case *wire.InfoPage:
		return f.page(m, at)
	}
	return 0, false
}

func (f *follower) begin() (after int64, ask bool) {
	*f = follower{view: newView()}
	return 0, true
}

// page replaces what was known of the locks of a page. The lists of its last
// lock may be cut short only because the page was full: such a lock is left for
// the next page, to have that to itself.
func (f *follower) page(page *wire.InfoPage, at time.Time) (after int64, ask bool) {
	locks, after := page.Locks, page.Next
	if last := len(locks) - 1; last > 0 && isCut(locks[last]) {
		after = locks[last].Seq - 1
		locks = locks[:last]
	}
	for _, lock := range locks {
		f.view.replace(lock, at)
	}
	if after != 0 {
		return after, true
	}
	f.whole, f.view.Change = true, nil
	return 0, false
}

func isCut(lock wire.LockInfo) bool {
	return lock.Holding > len(lock.Holders) || lock.Waiting > len(lock.Waiters)
}
