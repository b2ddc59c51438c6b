package broker

import (
	"fmt"
	"log/slog"

	"github.com/dustin/go-humanize"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// limitOfAcquire returns the limit that an acquire exceeds whatever the requests of others are. During
// a drain it returns none: the core then refuses every acquire, and says why.
func (l *loop) limitOfAcquire(s *session, a *locktable.Acquire, q *Quota) limit {
	switch {
	case l.core.IsDraining():
		return noLimit
	case !s.share.acquires.admit(q, l.start.Add(l.at)):
		return limitShareAcquires
	case l.memoryFull && !l.core.IsAlways(s.name, a.Weight()):
		return limitMemory
	}
	return noLimit
}

// limitOf returns the limit that the core has found.
func limitOf(over core.Limit) limit {
	switch over {
	case core.AllRequests:
		return limitRequests
	case core.AccountRequests:
		return limitShareRequests
	case core.AccountWaiting:
		return limitShareWaiting
	}
	return noLimit
}

// limitOfEvent returns the limit for which the lock table has refused a request.
func limitOfEvent(e *locktable.Event) limit {
	if e.Limit == locktable.SearchLength {
		return limitSearch
	}
	return limitSessionRequests
}

// refuseAcquire refuses an acquire that would exceed a limit. weight is how much it counts.
func (l *loop) refuseAcquire(s *session, id wire.ID, over limit, weight int) {
	l.noteSteal(&locktable.Event{Kind: locktable.Refused, ID: id, Code: wire.TooMany})
	l.refuseMore(s, id, over, l.whyNot(s, over, weight))
}

// whyNot returns why s may not have one more of what a limit counts. It names the limit and whose
// it is.
func (l *loop) whyNot(s *session, over limit, weight int) string {
	share, q := s.share, l.quota
	switch over {
	case limitRequests:
		return full("the broker", l.table.InUse(), l.config.MaxRequests, "requests", weight)
	case limitShareRequests:
		return full(share.owner(), share.InUse, q.Requests, "requests", weight)
	case limitShareWaiting:
		return full(share.owner(), share.Waiting, q.Waiting, "waiting requests", 1)
	case limitWatches:
		return full("the broker", l.watching.count, l.config.MaxWatches, "watches", 1)
	case limitShareWatches:
		return full(share.owner(), share.watches, q.Watches, "watches", 1)
	case limitMemory:
		return l.memory.whyUsedUp()
	case limitShareAcquires:
		return fmt.Sprintf("%s sends acquires too fast: it may send %s a second, and %s at once",
			share.owner(), humanize.Commaf(q.AcquiresPerSecond), count(q.AcquireBurst))
	}
	return "a limit of the broker is reached: " + over.String()
}

// full says that who has that many of most things, and that another one, which counts as weight, would
// be too many.
func full(who string, has, most int, things string, weight int) string {
	switch {
	case has == most:
		return fmt.Sprintf("%s already has %s %s, as many as it may have", who, count(has), things)
	case weight > 1:
		return fmt.Sprintf("%s already has %s %s, and may have %s: this one counts as %d",
			who, count(has), things, count(most), weight)
	}
	return fmt.Sprintf("%s already has %s %s, and may have %s", who, count(has), things, count(most))
}

// count returns a number as people read it.
func count(n int) string { return humanize.Comma(int64(n)) }

// refuseMore refuses a request or a watch that would exceed a limit.
func (l *loop) refuseMore(s *session, id wire.ID, over limit, message string) {
	l.reply(s, &wire.Error{ID: id, Code: wire.TooMany, Message: message})
	l.noteLimit(s, over)
}

// noteLimit counts and logs that s has reached a limit of the broker.
func (l *loop) noteLimit(s *session, over limit) {
	l.refusals.add(over)
	if line, ok := l.logs.limit.admit(); ok {
		l.aside(func() {
			line.write("a limit of the broker was reached", s.attrs(slog.String("limit", over.String()))...)
		})
	}
}
