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

// closeLook is how many holders, and how many waiters, are asked for of the one
// lock that is looked at.
const closeLook = 100

// askWait is how long an answer may take, or a connection may be away.
const askWait = 10 * time.Second

// A detail is all that the pane shows of a lock.
type detail struct {
	name  string
	at    time.Time
	lock  wire.LockInfo
	chain []wire.Step
	err   error
}

// A pane shows one lock.
type pane struct {
	open   bool
	asking bool // at most one question is on its way
	stale  bool // what is shown is an interval old
	detail detail
	cursor
}

// requests are those that the pane lists.
func (p *pane) requests() []wire.RequestInfo {
	return slices.Concat(p.detail.lock.Holders, p.detail.lock.Waiters)
}

// look asks for what the pane is to show, when that is not what it shows.
func (m *model) look() tea.Cmd {
	l := m.at()
	if !m.pane.open || m.pane.asking || m.away() || l == nil || (l.name == m.pane.detail.name && !m.pane.stale) {
		return nil
	}
	m.pane.asking, m.pane.stale = true, false
	ctx, source, name := m.ctx, m.source, l.name
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askWait)
		defer cancel()
		d := detail{name: name}
		d.lock, d.err = closely(ctx, source, name)
		if d.err == nil {
			d.chain, d.err = source.WhyLock(ctx, name)
		}
		d.at = time.Now()
		return d
	}
}

// closely reads one lock. One that is not in use has no name.
func closely(ctx context.Context, source Source, name string) (wire.LockInfo, error) {
	var found wire.LockInfo
	for lock, err := range source.Info(ctx, &wsclient.InfoOptions{Match: glob.Escape(name), Queue: closeLook, Page: 1}) {
		if err != nil {
			return found, err
		}
		found = lock
	}
	return found, nil
}

// learn takes in what was asked for. The request at the cursor stays there.
func (m *model) learn(d detail) {
	m.pane.asking = false
	before := m.pane.requests()
	if same := d.name == m.pane.detail.name; !same || m.pane.index >= len(before) {
		m.pane.cursor = cursor{}
	}
	at := m.pane.index
	m.pane.detail, m.now = d, later(m.now, d.at)
	if at < len(before) {
		if i := slices.IndexFunc(m.pane.requests(), func(r wire.RequestInfo) bool { return r.ID == before[at].ID }); i >= 0 {
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

// all is how many requests there are, whether they were asked for or not.
func (d *detail) all() int { return d.lock.Holding + d.lock.Waiting }

// title says of which lock the pane is.
func (d *detail) title() string {
	return fmt.Sprintf("%s: %s, %s, %s", printable.Text(d.name), several(d.lock.Holding, "holder", "holders"),
		several(d.lock.Waiting, "waiter", "waiters"), several(d.lock.Grants, "grant", "grants"))
}

// requestLine is a request: since when, who it is, and from where.
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
