package top

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/wsclient"
)

// detailQueue is how many holders, and how many waiters, the pane reads.
const detailQueue = 100

// replyTimeout is how long a call to the broker may take, including a reconnect.
const replyTimeout = 10 * time.Second

// A detail holds the data that the pane shows about a lock.
type detail struct {
	name  string
	at    time.Time
	lock  wire.LockInfo
	chain []wire.Step
	err   error
}

// A pane shows one lock in detail.
type pane struct {
	open   bool
	asking bool // a query is under way; there is at most one
	stale  bool // the detail is an interval old
	detail detail
	cursor
}

// requests returns the requests that the pane lists.
func (p *pane) requests() []wire.RequestInfo {
	return slices.Concat(p.detail.lock.Holders, p.detail.lock.Waiters)
}

// refreshPane reads the detail of the selected lock, if the pane is open and shows another lock or a stale
// detail.
func (m *model) refreshPane() tea.Cmd {
	l := m.lockAtCursor()
	if !m.pane.open || m.pane.asking || m.isDisconnected() || l == nil ||
		(l.name == m.pane.detail.name && !m.pane.stale) {
		return nil
	}
	m.pane.asking, m.pane.stale = true, false
	ctx, source, name := m.ctx, m.source, l.name
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, replyTimeout)
		defer cancel()
		d := detail{name: name}
		d.lock, d.err = readLock(ctx, source, name)
		if d.err == nil {
			d.chain, d.err = source.WhyLock(ctx, name)
		}
		d.at = time.Now()
		return d
	}
}

// readLock reads one lock. It returns the zero LockInfo for a lock that is not in use.
func readLock(ctx context.Context, source Source, name string) (wire.LockInfo, error) {
	var found wire.LockInfo
	options := &wsclient.InfoOptions{Match: glob.Escape(name), Queue: detailQueue, Page: 1}
	for lock, err := range source.Info(ctx, options) {
		if err != nil {
			return found, err
		}
		found = lock
	}
	return found, nil
}

// showDetail shows a detail. The cursor stays on its request.
func (m *model) showDetail(d detail) {
	m.pane.asking = false
	before := m.pane.requests()
	if same := d.name == m.pane.detail.name; !same || m.pane.index >= len(before) {
		m.pane.cursor = cursor{}
	}
	at := m.pane.index
	m.pane.detail, m.now = d, later(m.now, d.at)
	if at < len(before) {
		same := func(r wire.RequestInfo) bool { return r.ID == before[at].ID }
		if i := slices.IndexFunc(m.pane.requests(), same); i >= 0 {
			m.pane.carry(i)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// all returns the number of requests, including those not listed.
func (d *detail) all() int { return d.lock.Holding + d.lock.Waiting }

// title returns the head of the pane.
func (d *detail) title() string {
	return fmt.Sprintf("%s: %s, %s, %s", printable.Text(d.name), several(d.lock.Holding, "holder", "holders"),
		several(d.lock.Waiting, "waiter", "waiters"), several(d.lock.Grants, "grant", "grants"))
}

// requestLine formats a request: how long it has lasted, its author and id, and where it comes from.
func requestLine(r wire.RequestInfo, lasted time.Duration) string {
	mark := " "
	if r.Token != 0 {
		mark = "*"
	}
	parts := []string{fmt.Sprintf("%s %6s  %s", mark, span(lasted), listing.AppendWho(nil, r))}
	if r.Mode == wire.Shared {
		parts = append(parts, shared(r))
	}
	if r.Gone {
		parts = append(parts, "(gone)")
	}
	if also := len(r.Locks) - 1; also > 0 {
		parts = append(parts, fmt.Sprintf("and %s", several(also, "more lock", "more locks")))
	}
	if r.Client != "" {
		parts = append(parts, printable.Text(r.Client))
	}
	if r.Remote != "" {
		parts = append(parts, printable.Text(r.Remote))
	}
	return strings.Join(parts, "  ")
}

func shared(r wire.RequestInfo) string {
	if limit, ok := r.Limit.Get(); ok {
		return fmt.Sprintf("shared by %d", limit)
	}
	return "shared"
}
