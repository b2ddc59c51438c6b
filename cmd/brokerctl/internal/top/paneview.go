package top

import (
	"fmt"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// paneHeight returns the number of lines of the pane: half of the lines that are not fixed.
func (m *model) paneHeight() int {
	if !m.pane.open {
		return 0
	}
	return max((m.height-fixedLines)/2, 0)
}

// whyHeight returns how many lines of the pane explain the wait.
func (m *model) whyHeight() int {
	if m.clients.shown || len(m.pane.detail.chain) == 0 {
		return 0
	}
	return min(len(m.pane.detail.chain)+1, max((m.paneHeight()-1)/2, 0))
}

// paneRows returns how many requests fit, besides the title and a line for those that do not fit.
func (m *model) paneRows() int {
	rows := m.paneHeight() - 1 - m.whyHeight()
	all := m.pane.detail.all()
	if m.clients.shown {
		all = m.clients.pane.detail.all()
	}
	if all > rows {
		rows--
	}
	return max(rows, 0)
}

func (m *model) paneLines() []string {
	if m.clients.shown {
		return m.clientPaneLines()
	}
	height := m.paneHeight()
	if height == 0 {
		return nil
	}
	p, d := m.options.Palette, &m.pane.detail
	l := m.lockAtCursor()
	if l == nil || l.name != d.name {
		lines := []string{p.Head.Styled(screen.Fit("...", m.width))}
		return append(lines, make([]string, height-1)...)
	}
	lines := []string{p.Head.Styled(screen.Fit(d.title(), m.width))}
	if d.err != nil {
		lines = append(lines, m.line(p.Alarm.Styled, d.err.Error()))
	}
	lines = append(lines, m.requestLines()...)
	if below := d.all() - m.pane.offset - m.paneRows(); below > 0 {
		lines = append(lines, m.line(p.Dim.Styled, fmt.Sprintf("... and %s more", count(below))))
	}
	if room := height - m.whyHeight() - len(lines); room > 0 {
		lines = append(lines, make([]string, room)...)
	}
	return append(lines, m.whyLines()...)[:height]
}

func (m *model) requestLines() []string {
	var lines []string
	requests, age := m.pane.requests(), m.now.Sub(m.pane.detail.at)
	for i := m.pane.offset; i < len(requests) && len(lines) < m.paneRows(); i++ {
		text := requestLine(requests[i], requests[i].Duration()+age, m.width)
		if m.focus == onPane && i == m.pane.index {
			lines = append(lines, m.options.Palette.Selected.Styled(screen.Fit(text, m.width)))
			continue
		}
		lines = append(lines, screen.Cut(text, m.width))
	}
	return lines
}

// whyLines explains why the first waiter waits, one blocker per line.
func (m *model) whyLines() []string {
	room, chain := m.whyHeight(), m.pane.detail.chain
	if room == 0 {
		return nil
	}
	p := m.options.Palette
	lines := []string{m.line(p.Dim.Styled, "why the first waiter waits:")}
	for i := range chain {
		if len(lines) == room-1 && i < len(chain)-1 {
			return append(lines, m.line(p.Dim.Styled, fmt.Sprintf("... and %d more", len(chain)-i)))
		}
		if len(lines) == room {
			break
		}
		lines = append(lines, screen.Cut(wsclient.Explain(chain[i:i+1]), m.width))
	}
	return lines
}
