package broker

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// censusSlice is how many sessions the loop looks at before it answers.
const censusSlice = 500

// A census finds the request that has waited longest and the one that has held longest, among those of the
// open sessions. The loop looks at some sessions at a time, so that nobody has to wait for all of it. Requests
// that come meanwhile are younger.
type census struct {
	waiter, holder locktable.Age
	now            time.Duration // in the loop's time
	after          int64         // the number of the last session that it has looked at
	more           bool
}

// census takes a census. It returns an error if the loop does not answer before ctx ends.
func (b *Broker) census(ctx context.Context) (*census, error) {
	c := &census{more: true}
	for c.more {
		if err := b.ask(ctx, c.visit); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// visit looks at the next sessions.
func (c *census) visit(l *loop) {
	c.now, c.more = l.now(), false
	left := censusSlice
	l.roster.after(c.after, func(s *session) bool {
		if left == 0 {
			c.more = true
			return false
		}
		left--
		c.after = s.number
		waiter, holder := l.table.Oldest(s.name)
		c.waiter, c.holder = older(c.waiter, waiter), older(c.holder, holder)
		return true
	})
}

// older returns the older of two requests.
func older(a, b locktable.Age) locktable.Age {
	if a.ID.IsZero() || !b.ID.IsZero() && b.Since < a.Since {
		return b
	}
	return a
}

// lasts returns how long a request of the census has been in its state, or 0 if there is none.
func (c *census) lasts(a locktable.Age) time.Duration {
	if a.ID.IsZero() {
		return 0
	}
	return c.now - a.Since
}
