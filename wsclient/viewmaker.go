package wsclient

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A viewMaker makes a view from what the broker sends to a watch. It does no I/O.
//
// It begins with an empty view, and requests the pages of the listing one after another. Meanwhile changes arrive. It
// applies all of them as they come. Each page replaces what the view has of the page's locks. If changes were missed,
// it begins again.
//
// Why is the view right when the last page has arrived? Frames arrive in the order in which the broker made them. So
// a page shows its locks after all changes before it, and before all changes after it. Consider any lock, and the
// page on which its seq would place it.
//
//   - If the page lists the lock, the view of it is right from then on, whatever it was before.
//   - If not, nobody held it or waited for it at that moment. So every request that an earlier change had put into
//     the view had ended, and a change had removed it. The ends of requests that were not in the view did no harm.
//     Afterwards the lock was free, and changes report everything that has happened to it since.
//     came after began with a free lock, and changes tell all of it.
//   - If the broker removes a name that is not in use, and the name comes back, it has a new seq, greater than all
//     before. So the lock is on a later page, or it came into use after the last page was made, and was free until
//     then.
type viewMaker struct {
	view  *View
	whole bool // all pages have arrived
}

// receive handles a frame of the broker. It reports whether the caller must now request a page, and the seq after
// which that page begins.
func (m *viewMaker) receive(reply wire.Reply, at time.Time) (after int64, wantsPage bool) {
	switch reply := reply.(type) {
	case *wire.Watching, *wire.Lagged:
		return m.begin()
	case *wire.Change:
		m.view.apply(reply, at)
		m.view.Change = reply
		if m.view.torn {
			return m.begin()
		}
	case *wire.InfoPage:
		return m.receivePage(reply, at)
	}
	return 0, false
}

func (m *viewMaker) begin() (after int64, wantsPage bool) {
	*m = viewMaker{view: newView()}
	return 0, true
}

// receivePage replaces what the view has of the locks of a page. The lists of the last lock may be short only because
// the page was full. Then the next page begins with that lock, and has more space for it.
func (m *viewMaker) receivePage(page *wire.InfoPage, at time.Time) (after int64, wantsPage bool) {
	locks, after := page.Locks, page.Next
	if last := len(locks) - 1; last > 0 && isCut(locks[last]) {
		after = locks[last].Seq - 1
		locks = locks[:last]
	}
	for _, lock := range locks {
		m.view.replace(lock, at)
	}
	if after != 0 {
		return after, true
	}
	m.whole, m.view.Change = true, nil
	return 0, false
}

func isCut(lock wire.LockInfo) bool {
	return lock.Holding > len(lock.Holders) || lock.Waiting > len(lock.Waiters)
}
