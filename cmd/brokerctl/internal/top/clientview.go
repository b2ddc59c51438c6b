package top

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/clients"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A clientView is the view of clients. It uses the same pane, focus and keys as the view of locks, and has its own
// order, filter and cursors.
type clientView struct {
	shown  bool // the screen shows clients, not locks
	asking bool // a reading is under way; there is at most one
	stale  bool // the reading is an interval old, or there is none

	reading clientsRead
	lines   []*wsclient.ClientInfo // the clients that match the filter, in order
	filter  filter
	order   clients.Order
	reverse bool

	cursor
	selected string // session of the client at the cursor; "": always the first client

	pane clientPane
}

// A clientsRead message has all clients of the broker.
type clientsRead struct {
	at  time.Time
	all []wsclient.ClientInfo // in the order in which they connected
	err error
}

func newClientView(shown bool) clientView {
	return clientView{shown: shown, stale: true, order: clients.ByAge}
}

// refreshClients reads the clients, if the screen shows them and the latest reading is stale.
func (m *model) refreshClients() tea.Cmd {
	v := &m.clients
	if !v.shown || v.asking || !v.stale || m.isDisconnected() {
		return nil
	}
	v.asking, v.stale = true, false
	ctx, source := m.ctx, m.source
	return func() tea.Msg { return readClients(ctx, source) }
}

// readClients reads all clients. It pauses between pages, as the scanner does.
func readClients(ctx context.Context, source Source) (r clientsRead) {
	for client, err := range source.Clients(ctx, &wsclient.ClientsOptions{Page: pageLocks}) {
		if err != nil {
			r.err = err
			break
		}
		if r.all = append(r.all, client); len(r.all)%pageLocks == 0 {
			cli.Pause(ctx, pagePause)
		}
	}
	r.at = time.Now()
	return r
}

// showClients shows a reading. After an error it keeps the clients of the reading before.
func (m *model) showClients(r clientsRead) {
	v := &m.clients
	v.asking = false
	if r.err != nil {
		v.reading.err = r.err
		return
	}
	v.reading, m.now = r, later(m.now, r.at)
	v.relist()
}

// relist filters and sorts the clients. The selected client stays selected.
func (v *clientView) relist() {
	v.lines = v.lines[:0]
	for i := range v.reading.all {
		if c := &v.reading.all[i]; v.filter.matchClient(c) {
			v.lines = append(v.lines, c)
		}
	}
	slices.SortStableFunc(v.lines, func(a, b *wsclient.ClientInfo) int {
		if v.reverse {
			return v.order.Compare(b, a)
		}
		return v.order.Compare(a, b)
	})
	isSelected := func(c *wsclient.ClientInfo) bool { return c.Session == v.selected }
	if i := slices.IndexFunc(v.lines, isSelected); i >= 0 {
		v.carry(i)
	}
}

// atCursor returns the client at the cursor, or nil.
func (v *clientView) atCursor() *wsclient.ClientInfo {
	if v.index >= len(v.lines) {
		return nil
	}
	return v.lines[v.index]
}

// pin keeps the client at the cursor selected.
func (v *clientView) pin() {
	v.selected = ""
	if c := v.atCursor(); c != nil {
		v.selected = c.Session
	}
}

// matchClient reports whether the session, the label, the identity or the address of a client, as shown, has the text
// of the filter, ignoring case.
func (f filter) matchClient(c *wsclient.ClientInfo) bool {
	text := strings.ToLower(string(f))
	for _, shown := range []string{printable.Text(c.Session), clients.Who(c), clients.Address(c)} {
		if strings.Contains(strings.ToLower(shown), text) {
			return true
		}
	}
	return false
}
