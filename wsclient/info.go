package wsclient

import (
	"context"
	"fmt"
	"iter"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// InfoOptions say what to list. The zero value lists every lock that somebody
// holds or waits for.
type InfoOptions struct {
	// Match is a glob over names: * does not cross a slash, ** does. "": all.
	Match string
	// Empty lists also locks that were used and are now free.
	Empty bool
	// Queue is how many holders, and how many waiters, of each lock are listed,
	// 1 to 10,000. 0: 100.
	Queue int
	// Page is how many locks are asked for at a time, 1 to 1000. 0: 1000.
	Page int
	// Whole lists all holders and waiters, however many: a lock that has more than
	// one reply can list comes several times in a row, each time with those that
	// follow. Who is granted in between may be in no list, or in two. Where more than
	// 300,000 come before what follows, the error is ErrTooMany.
	Whole bool
}

// Info lists locks in the order in which they came into use. It asks for a
// page at a time: the listing is consistent within a page, not across them. An
// error ends it.
func (c *Client) Info(ctx context.Context, options *InfoOptions) iter.Seq2[wire.LockInfo, error] {
	var o InfoOptions
	if options != nil {
		o = *options
	}
	return func(yield func(wire.LockInfo, error) bool) {
		conn, err := c.connected(ctx)
		if err != nil {
			yield(wire.LockInfo{}, fmt.Errorf("info: %w", err))
			return
		}
		for lock, err := range conn.pages(ctx, o.question(), o.Whole) {
			if err != nil {
				err = fmt.Errorf("info: %w", err)
			}
			if !yield(lock, err) {
				return
			}
		}
	}
}

func (o *InfoOptions) question() wire.Info {
	m := wire.Info{Match: glob(o.Match), Empty: o.Empty}
	if o.Page != 0 {
		m.Max = wire.Some(o.Page)
	}
	if o.Queue != 0 {
		m.Queue = wire.Some(o.Queue)
	}
	return m
}

// pages yields the locks of a page, and of those that follow. With whole it yields
// behind each lock what its lists had no room for.
func (c *conn) pages(ctx context.Context, q wire.Info, whole bool) iter.Seq2[wire.LockInfo, error] {
	return func(yield func(wire.LockInfo, error) bool) {
		for {
			page, err := c.page(ctx, q)
			if err != nil {
				yield(wire.LockInfo{}, err)
				return
			}
			for _, lock := range page.Locks {
				if !yield(lock, nil) || whole && !c.rest(ctx, q, lock, yield) {
					return
				}
			}
			if page.Next == 0 {
				return
			}
			q.After = page.Next
		}
	}
}

// rest yields what follows in the lists of a lock that were cut, and says whether
// to go on.
func (c *conn) rest(ctx context.Context, q wire.Info, lock wire.LockInfo, yield func(wire.LockInfo, error) bool) bool {
	for q.After = 0; !lock.HoldersNext.IsZero() || !lock.WaitersNext.IsZero(); {
		q.Seq, q.HoldersAfter, q.WaitersAfter = lock.Seq, lock.HoldersNext, lock.WaitersNext
		page, err := c.page(ctx, q)
		switch {
		case err != nil:
			yield(wire.LockInfo{}, err)
			return false
		case len(page.Locks) == 0: // it is gone
			return true
		}
		if lock = page.Locks[0]; !yield(lock, nil) {
			return false
		}
	}
	return true
}

func (c *conn) page(ctx context.Context, q wire.Info) (*wire.InfoPage, error) {
	return answerOf[*wire.InfoPage](c.inquire(ctx, func(id wire.ID) wire.Request {
		q.ID = id
		return &q
	}))
}

// glob is pattern for the wire, where no glob matches all names.
func glob(pattern string) wire.Opt[string] {
	if pattern == "" {
		return wire.Opt[string]{}
	}
	return wire.Some(pattern)
}
