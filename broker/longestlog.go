package broker

import (
	"context"
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// longestEvery is the longest time between two looks at the longest wait and hold.
const longestEvery = 30 * time.Second

// A longestLog logs the longest wait and the longest hold once they exceed [Config].WarnAfter, and again each
// time they have doubled. The metrics have how long they last; the log has the lock and who it is.
type longestLog struct {
	broker         *Broker
	waiter, holder longest
}

// A longest is the request that was logged last.
type longest struct {
	id   wire.ID
	next time.Duration // the line after the last one is due at this age
}

// isDue reports whether a line about a request is due.
func (l *longest) isDue(id wire.ID, age, after time.Duration) bool {
	if id.IsZero() || age < after || l.id == id && age < l.next {
		return false
	}
	l.id, l.next = id, 2*age
	return true
}

// run looks at regular times until ctx ends.
func (l *longestLog) run(ctx context.Context) {
	after := l.broker.config.WarnAfter
	if after == 0 {
		return
	}
	ticker := time.NewTicker(max(min(after/2, longestEvery), time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.look(ctx)
		}
	}
}

// look takes a census, and writes the lines that are due.
func (l *longestLog) look(ctx context.Context) {
	c, err := l.broker.census(ctx)
	if err != nil {
		return
	}
	after := l.broker.config.WarnAfter
	if l.holder.isDue(c.holder.ID, c.lasts(c.holder), after) {
		l.write(ctx, "the longest hold", "held", c.holder, c.lasts(c.holder))
	}
	if l.waiter.isDue(c.waiter.ID, c.lasts(c.waiter), after) {
		l.write(ctx, "the longest wait", "waited", c.waiter, c.lasts(c.waiter))
	}
}

// write writes a line about a request, unless it has just ended.
func (l *longestLog) write(ctx context.Context, message, key string, a locktable.Age, age time.Duration) {
	var r *wire.RequestInfo
	waiting := 0
	err := l.broker.ask(ctx, func(loop *loop) {
		if info, found := loop.table.Describe(a.ID); found {
			_, waiting = loop.table.UsersOf(info.Locks[0])
			r = &info
		}
	})
	if err != nil || r == nil {
		return
	}
	attrs := []slog.Attr{
		locksAttr(r.Locks, len(r.Locks)), slog.Duration(key, age.Truncate(time.Second)),
		slog.String("request", r.ID.String()), slog.Int("waiting", waiting),
		textAttr("author", r.Author), textAttr("client", r.Client), textAttr("remote", r.Remote),
	}
	l.broker.logs.write(slog.LevelWarn, message, appendIdentity(attrs, r.Identity)...)
}
