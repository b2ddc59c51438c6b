package top

import (
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/clients"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// clientHeads returns the column heads.
func (m *model) clientHeads() string {
	v := &m.clients
	arrow, label := "↓", "CLIENT"
	if v.reverse {
		arrow = "↑"
	}
	if v.order == clients.ByLabel {
		label += arrow
	}
	return clients.Heads(v.order, arrow) + clients.Names(label, "ADDRESS", m.width-clients.NumbersWidth)
}

// clientSummary returns the sums over all clients, and the filter.
func (m *model) clientSummary() string {
	v := &m.clients
	holding, waiting, unsent := 0, 0, int64(0)
	for i := range v.reading.all {
		c := &v.reading.all[i]
		holding += min(c.Holding, 1)
		waiting += min(c.Waiting, 1)
		unsent += c.UnsentBytes
	}
	parts := []string{
		"clients " + count(len(v.reading.all)), "holding " + count(holding),
		"waiting " + count(waiting), "unsent " + clients.Bytes(unsent),
	}
	if v.filter != "" {
		parts = append(parts, fmt.Sprintf("filter %q: %s", string(v.filter), count(len(v.lines))))
	}
	return strings.Join(parts, "  ")
}

func (m *model) clientLines() []string {
	v, p, room := &m.clients, m.options.Palette, m.rows()
	lines := make([]string, 0, room)
	if v.reading.err != nil && room > 0 {
		lines = append(lines, m.line(p.Alarm.Styled, v.reading.err.Error()))
	}
	for i := v.offset; i < len(v.lines) && len(lines) < room; i++ {
		lines = append(lines, m.clientRow(i))
	}
	if len(lines) == 0 && room > 0 && v.filter != "" && !v.reading.at.IsZero() {
		lines = append(lines, m.line(p.Dim.Styled, "no client matches the filter; Esc clears it"))
	}
	return append(lines, make([]string, room-len(lines))...)
}

func (m *model) clientRow(i int) string {
	v, p := &m.clients, m.options.Palette
	c := v.lines[i]
	numbers := screen.Cut(clients.Numbers(c, m.now.Sub(v.reading.at)), m.width)
	names := screen.Cut(clients.Names(clients.Who(c), clients.Address(c), m.width-clients.NumbersWidth),
		m.width-screen.Width(numbers))
	names = screen.Fit(names, max(m.width-screen.Width(numbers), 0))
	switch {
	case i == v.index && m.focus == onList:
		return p.Selected.Styled(numbers + names)
	case i == v.index:
		return p.Title.Styled(numbers + names)
	}
	return clients.Style(p, c).Styled(numbers) + names
}
