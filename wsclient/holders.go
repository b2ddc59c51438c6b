package wsclient

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	wireglob "github.com/lockbroker/lockbroker/broker/wire/glob"
)

// While a request waits, the broker sends nothing, so the client does not know who holds the lock. A caller that gives
// up wants to know. So the client then asks, once it has sent the cancel. Callers that are granted their locks, and
// those that the broker refuses, send no such question.

const (
	// holderWait is how long a caller that gives up waits for the answer. An answer that comes later does not
	// matter.
	holderWait = 200 * time.Millisecond
	// maxLooks is how many such questions may be open. If very many callers give up together, the others do
	// not ask.
	maxLooks = 8
	// maxLookNames is how many locks of one request the client asks about.
	maxLookNames = 4
	// maxHolders is how many holders an error names, as in the refusals of the broker.
	maxHolders = 8
)

// A look is a question about the holders of a lock. Callers that want to know the same share it.
type look struct {
	done    chan struct{} // closed when there is an answer, or none will come
	holders []RequestInfo
	session string // of the client
}

// whoHolds returns who holds a lock of l, for the error of a caller that gives up. It returns "" if nobody does or the
// client may not ask.
func (l *Lock) whoHolds() string {
	ctx, cancel := context.WithTimeout(context.Background(), holderWait)
	defer cancel()
	names := l.request.What.Locks
	for _, spec := range names[:min(len(names), maxLookNames)] {
		found := l.client.look(ctx, spec.Name)
		if found == nil {
			continue
		}
		holders := l.others(found.holders)
		if len(holders) == 0 {
			continue
		}
		text := heldBy(holders, found.session)
		if len(names) > 1 {
			text = fmt.Sprintf("%q is ", spec.Name) + text
		}
		return text + l.hint(holders, found.session)
	}
	if ctx.Err() != nil {
		return fmt.Sprintf("the broker did not say within %v who holds the lock", holderWait)
	}
	return ""
}

// others returns the holders besides l itself. If l was granted just before it was cancelled, an earlier question of
// another caller may find it.
func (l *Lock) others(holders []RequestInfo) []RequestInfo {
	own := l.ID()
	return slices.DeleteFunc(slices.Clone(holders), func(h RequestInfo) bool { return h.ID == own })
}

// look asks the broker who holds the lock. It returns nil if the client may not ask now, or ctx ends first.
func (c *Client) look(ctx context.Context, name string) *look {
	c.mu.Lock()
	l, conn := c.looks[name], c.conn
	isNew := l == nil
	switch {
	case isNew && (conn == nil || c.asksNobody || len(c.looks) >= maxLooks):
		c.mu.Unlock()
		return nil
	case isNew:
		l = &look{done: make(chan struct{}), session: conn.session}
		c.looks[name] = l
	}
	c.mu.Unlock()
	if isNew {
		l.holders = conn.holders(ctx, name)
		c.mu.Lock()
		delete(c.looks, name)
		c.mu.Unlock()
		close(l.done)
		return l
	}
	select {
	case <-l.done:
		return l
	case <-ctx.Done():
		return nil
	}
}

// holders asks the broker who holds the lock. It returns nil if nobody does, the broker does not say, or ctx ends
// first.
func (c *conn) holders(ctx context.Context, name string) []RequestInfo {
	page, err := c.page(ctx, wire.Info{
		Match: wire.Some(wireglob.Escape(name)), Max: wire.Some(1), Queue: wire.Some(maxHolders),
	})
	if err != nil || len(page.Locks) == 0 {
		return nil
	}
	return page.Locks[0].Holders
}
