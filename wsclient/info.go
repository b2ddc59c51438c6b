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
		for after := int64(0); ; {
			page, err := conn.page(ctx, o, after)
			if err != nil {
				yield(wire.LockInfo{}, fmt.Errorf("info: %w", err))
				return
			}
			for _, lock := range page.Locks {
				if !yield(lock, nil) {
					return
				}
			}
			if page.Next == 0 {
				return
			}
			after = page.Next
		}
	}
}

func (c *conn) page(ctx context.Context, o InfoOptions, after int64) (*wire.InfoPage, error) {
	return answered[*wire.InfoPage](c.ask(ctx, func(id wire.ID) wire.Request {
		m := &wire.Info{ID: id, Match: glob(o.Match), Empty: o.Empty, After: after}
		if o.Page != 0 {
			m.Max = wire.Some(o.Page)
		}
		if o.Queue != 0 {
			m.Queue = wire.Some(o.Queue)
		}
		return m
	}))
}

// glob is pattern for the wire, where no glob matches all names.
func glob(pattern string) wire.Opt[string] {
	if pattern == "" {
		return wire.Opt[string]{}
	}
	return wire.Some(pattern)
}
