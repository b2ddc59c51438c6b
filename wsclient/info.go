package wsclient

import (
	"context"
	"fmt"
	"iter"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// InfoOptions select what [Client.Info] lists. The zero value lists every lock that is held or
// waited for.
type InfoOptions struct {
	// Match is a glob that the names must match: * does not match a slash, and ** does. "": all names.
	Match string
	// Empty adds locks that were used before and are now free, as far as the broker remembers them.
	Empty bool
	// Queue is the maximum number of holders, and of waiters, to list for each lock, 1 to 10,000. 0: 100.
	Queue int
	// Page is the number of locks to request from the broker at a time, 1 to 1000. 0: 1000.
	Page int
	// Whole lists all holders and waiters. If a reply cannot list all of them, Info yields the lock
	// several times in a row, each time with the next ones. A request that is granted meanwhile may be in
	// no list, or in two. If a list would continue after more than 300,000 requests, the error is
	// ErrTooMany.
	Whole bool
}

// Info lists locks in the order in which their names came into use. It requests one page after another. Each
// page is a consistent snapshot, but two pages show different moments. An error ends the listing.
//
// Without a connection, Info waits for one until ctx ends. If ctx has no deadline, it waits for at most 30 s.
// If the connection ends during the listing, the listing ends: its error is ErrConnection.
func (c *Client) Info(ctx context.Context, options *InfoOptions) iter.Seq2[LockInfo, error] {
	var o InfoOptions
	if options != nil {
		o = *options
	}
	return func(yield func(LockInfo, error) bool) {
		conn, err := c.connectedSoon(ctx)
		if err != nil {
			yield(LockInfo{}, fmt.Errorf("info: %w", err))
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

// pages yields the locks of a page and of all pages after it. With whole, it yields each lock again until its lists
// have come to an end.
func (c *conn) pages(ctx context.Context, q wire.Info, whole bool) iter.Seq2[LockInfo, error] {
	return func(yield func(LockInfo, error) bool) {
		for {
			page, err := c.page(ctx, q)
			if err != nil {
				yield(LockInfo{}, err)
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

// rest yields lock again until its lists have come to an end. It returns false if the listing has ended.
func (c *conn) rest(ctx context.Context, q wire.Info, lock LockInfo, yield func(LockInfo, error) bool) bool {
	for q.After = 0; !lock.HoldersNext.IsZero() || !lock.WaitersNext.IsZero(); {
		q.Seq, q.HoldersAfter, q.WaitersAfter = lock.Seq, lock.HoldersNext, lock.WaitersNext
		page, err := c.page(ctx, q)
		switch {
		case err != nil:
			yield(LockInfo{}, err)
			return false
		case len(page.Locks) == 0: // the lock is no longer in use
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

// glob returns pattern for a message, in which an absent glob matches all names.
func glob(pattern string) wire.Opt[string] {
	if pattern == "" {
		return wire.Opt[string]{}
	}
	return wire.Some(pattern)
}
