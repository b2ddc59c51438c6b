package top

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/clients"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A clientPane shows the locks of one client: its requests that hold, and those that wait.
type clientPane struct {
	asking bool
	stale  bool
	detail clientDetail
	cursor
}

// A clientDetail message has a client with its requests.
type clientDetail struct {
	session string
	at      time.Time
	client  wsclient.ClientInfo // zero if it is no longer connected
	err     error
}

// refreshClientPane reads the requests of the selected client, if the pane shows another client or is stale.
func (m *model) refreshClientPane() tea.Cmd {
	c, p := m.clients.atCursor(), &m.clients.pane
	if !m.pane.open || p.asking || m.isDisconnected() || c == nil || c.Session == p.detail.session && !p.stale {
		return nil
	}
	p.asking, p.stale = true, false
	ctx, source, session := m.ctx, m.source, c.Session
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, replyTimeout)
		defer cancel()
		d := clientDetail{session: session}
		options := &wsclient.ClientsOptions{Session: session, Requests: detailQueue}
		for client, err := range source.Clients(ctx, options) {
			d.client, d.err = client, err
		}
		d.at = time.Now()
		return d
	}
}

// showClient shows a detail. The cursor stays on its request.
func (m *model) showClient(d clientDetail) {
	p := &m.clients.pane
	p.asking = false
	before := p.detail.client.Requests
	if d.session != p.detail.session || p.index >= len(before) {
		p.cursor = cursor{}
	}
	at := p.index
	p.detail, m.now = d, later(m.now, d.at)
	if at < len(before) {
		same := func(r wire.RequestInfo) bool { return r.ID == before[at].ID }
		if i := slices.IndexFunc(d.client.Requests, same); i >= 0 {
			p.carry(i)
		}
	}
}

// all returns the number of requests, including those not listed. If some that hold are not listed, it is the least
// possible number.
func (d *clientDetail) all() int {
	holds, listed := 0, len(d.client.Requests)
	waits := d.client.Waiting
	for _, r := range d.client.Requests {
		if r.Token == 0 {
			waits--
		} else {
			holds += len(r.Locks)
		}
	}
	if holds < d.client.Holding {
		listed++
	}
	return listed + max(waits, 0)
}

// title returns the head of the pane.
func (d *clientDetail) title() string {
	if d.client.Session == "" {
		return printable.Text(d.session) + ": no longer connected"
	}
	return fmt.Sprintf("%s: %s from %s, holds %s, %s waiting", printable.Text(d.session), clients.Who(&d.client),
		clients.Address(&d.client), several(d.client.Holding, "lock", "locks"),
		several(d.client.Waiting, "request", "requests"))
}

func (m *model) clientPaneLines() []string {
	height := m.paneHeight()
	if height == 0 {
		return nil
	}
	p, d := m.options.Palette, &m.clients.pane.detail
	title := "..."
	c := m.clients.atCursor()
	known := c != nil && c.Session == d.session
	if known {
		title = d.title()
	}
	lines := []string{p.Head.Styled(screen.Fit(title, m.width))}
	if known && d.err != nil {
		lines = append(lines, m.line(p.Alarm.Styled, d.err.Error()))
	}
	if known {
		lines = append(lines, m.clientRequestLines()...)
	}
	return append(lines, make([]string, height)...)[:height]
}

func (m *model) clientRequestLines() (lines []string) {
	p := &m.clients.pane
	requests, age := p.detail.client.Requests, m.now.Sub(p.detail.at)
	for i := p.offset; i < len(requests) && len(lines) < m.paneRows(); i++ {
		text := clients.Request(requests[i], requests[i].Duration()+age, m.width)
		if m.focus == onPane && i == p.index {
			lines = append(lines, m.options.Palette.Selected.Styled(screen.Fit(text, m.width)))
			continue
		}
		lines = append(lines, screen.Cut(text, m.width))
	}
	if below := p.detail.all() - p.offset - m.paneRows(); below > 0 {
		more := fmt.Sprintf("... and %s more", count(below))
		lines = append(lines, m.line(m.options.Palette.Dim.Styled, more))
	}
	return lines
}

// evictOfClient asks whether to evict the request that is selected in the pane.
func (m *model) evictOfClient() {
	p := &m.clients.pane
	if m.focus != onPane || p.index >= len(p.detail.client.Requests) {
		m.setStatus("Enter shows the requests of the client; Tab goes there, to select the one to evict", nil)
		return
	}
	r := p.detail.client.Requests[p.index]
	m.eviction = &eviction{
		lock: strings.Join(r.Locks, " + "), victims: []wire.RequestInfo{r}, holding: r.Token != 0,
	}
}
