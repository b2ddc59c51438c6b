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
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
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
	if m.clients.shown {
		return m.refreshClientPane()
	}
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

// whoWidth is the width of the column with the author or label of a request, if there is room for the mode, too.
const whoWidth = 30

// requestLine formats a request: a mark if it holds, its id, how long it has lasted, its author or label, and its
// client. On a wide screen, the mode and the author have columns. On a narrow one, the author gets the room that is
// left. The line may be longer than width, because its end matters least.
func requestLine(r wire.RequestInfo, lasted time.Duration, width int) string {
	mark := " "
	if r.Token != 0 {
		mark = "*"
	}
	head := fmt.Sprintf("%s %-12s  %6s", mark, printable.Text(r.ID.String()), listing.Age(lasted))
	notes := notesOf(r)
	who := listing.Who(r)
	if width >= wideFrom {
		head += "  " + screen.Fit(modeOf(r), modeWidth)
		who = screen.Fit(screen.CutMiddle(who, whoWidth), whoWidth)
	} else {
		if r.Mode == wire.Shared {
			notes = append([]string{modeOf(r)}, notes...)
		}
		who = screen.CutMiddle(who, width-screen.Width(head)-screen.Width(strings.Join(notes, "  "))-4)
	}
	parts := []string{head}
	if who != "" {
		parts = append(parts, who)
	}
	parts = append(parts, notes...)
	if r.Author != "" && r.Client != "" { // without an author, the label is in its place
		parts = append(parts, printable.Text(r.Client))
	}
	if r.Remote != "" {
		parts = append(parts, printable.Text(r.Remote))
	}
	return strings.Join(parts, "  ")
}

// notesOf returns what is unusual about a request.
func notesOf(r wire.RequestInfo) (notes []string) {
	if r.Gone {
		notes = append(notes, "(gone)")
	}
	if also := len(r.Locks) - 1; also > 0 {
		notes = append(notes, "and "+several(also, "more lock", "more locks"))
	}
	if r.Hidden {
		notes = append(notes, "and hidden locks")
	}
	return notes
}
