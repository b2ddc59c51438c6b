package top

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// fixedLines is the number of lines that are always on the screen: two of sums, the column heads, the status,
// the keys.
const fixedLines = 5

// View draws the screen.
func (m *model) View() tea.View {
	view := tea.NewView(strings.Join(m.screen(), "\n"))
	view.AltScreen = true
	view.WindowTitle = "brokerctl top " + m.options.Broker
	return view
}

// screen returns as many lines as the screen has, none wider than the screen.
func (m *model) screen() []string {
	if m.helping {
		return m.sized(m.helpLines())
	}
	lines := append(m.headLines(), m.listLines()...)
	lines = append(lines, m.paneLines()...)
	lines = append(lines, m.questionLines()...)
	return m.sized(append(lines, m.statusLine(), m.keysLine()))
}

// sized cuts or pads lines to the height of the screen. It keeps the last lines, which have the question and the
// keys.
func (m *model) sized(lines []string) []string {
	if over := len(lines) - m.height; over > 0 {
		return lines[over:]
	}
	return append(lines, make([]string, m.height-len(lines))...)
}

// line cuts text to the width of the screen and styles it.
func (m *model) line(styled func(string) string, text string) string {
	return styled(screen.Cut(text, m.width))
}

func (m *model) headLines() []string {
	p := m.options.Palette
	first := fmt.Sprintf("brokerctl top  %s  %s%s", m.options.Broker, m.connection(), m.progress())
	style := p.Title
	if m.isDisconnected() || m.failed != nil || m.link.State == wsclient.NotGranting {
		style = p.Alarm
	}
	heads, summary := m.lockHeads(), m.summary()
	if m.clients.shown {
		heads, summary = m.clientHeads(), m.clientSummary()
	}
	return []string{
		style.Styled(screen.Cut(first, m.width)),
		screen.Cut(summary, m.width),
		p.Head.Styled(screen.Fit(heads, m.width)),
	}
}

// lockHeads returns the column heads of the list of locks.
func (m *model) lockHeads() string {
	numbers, name := headsOf(m.want.order)
	return numbers + names{name, "MODE", holder{who: "HOLDER"}, "CLIENT"}.columns(m.width-numbersWidth)
}

// connection returns the state of the connection.
func (m *model) connection() string {
	switch {
	case m.isDisconnected():
		return "no connection; trying again"
	case m.failed != nil:
		return m.failed.Error()
	case m.link.State == wsclient.Draining:
		return "connected; the broker is about to stop"
	case m.link.State == wsclient.NotGranting:
		return "connected; nothing is granted now"
	}
	return "connected"
}

func (m *model) isDisconnected() bool {
	return m.link.State == wsclient.Connecting || m.link.State == wsclient.Closed
}

// progress returns how many locks the first sweep has read, and later how long a sweep takes.
func (m *model) progress() string {
	switch {
	case m.isDisconnected():
		return ""
	case m.clients.shown:
		return ""
	case !m.table.whole:
		return "  reading: " + several(len(m.table.locks), "lock", "locks")
	case m.took >= m.options.Interval:
		return "  all read in " + listing.Age(m.took)
	}
	return ""
}

// summary returns the second line.
func (m *model) summary() string {
	parts := []string{sumsOf(m.lines.sums)}
	if m.options.Match != "" {
		parts = append(parts, "matching "+printable.Text(m.options.Match))
	}
	if m.want.filter != "" {
		parts = append(parts, fmt.Sprintf("filter %q: %s", string(m.want.filter), count(len(m.lines.locks))))
	}
	return strings.Join(parts, "  ")
}

// rows returns how many locks fit on the screen.
func (m *model) rows() int {
	return max(m.height-fixedLines-m.paneHeight()-len(m.questionLines()), 0)
}

func (m *model) listLines() []string {
	if m.clients.shown {
		return m.clientLines()
	}
	lines := make([]string, 0, m.rows())
	for i := m.offset; i < len(m.lines.locks) && len(lines) < m.rows(); i++ {
		lines = append(lines, m.row(m.lines.locks[i], i == m.index))
	}
	if len(m.lines.locks) == 0 && m.rows() > 0 {
		lines = append(lines, m.line(m.options.Palette.Dim.Styled, m.nothing()))
	}
	return append(lines, make([]string, m.rows()-len(lines))...)
}

// nothing returns why no lock is shown.
func (m *model) nothing() string {
	switch {
	case !m.table.whole:
		return ""
	case m.want.filter != "":
		return "no lock matches the filter; Esc clears it"
	}
	return "no locks are held"
}

func (m *model) row(l *lock, selected bool) string {
	p := m.options.Palette
	numbers := screen.Cut(numbersOf(l, m.now), m.width)
	names := screen.Fit(namesOf(l).columns(m.width-numbersWidth), m.width-numbersWidth)
	switch {
	case selected && m.focus == onList:
		return p.Selected.Styled(numbers + names)
	case selected:
		return p.Title.Styled(numbers + names)
	case l.waiting > 0:
		return p.Notice.Styled(numbers) + names
	}
	return numbers + names
}

// statusLine shows the filter while the user types it, or else the latest status.
func (m *model) statusLine() string {
	p := m.options.Palette
	switch {
	case m.eviction != nil:
		return m.line(p.Alarm.Styled, "evict? [y/N] ")
	case m.filterBefore != nil:
		return m.line(p.Title.Styled, "filter: "+printable.Text(string(*m.filterText()))+"_")
	case m.alarm:
		return m.line(p.Alarm.Styled, m.status)
	case m.status == "" && m.link.Why != nil:
		return m.line(p.Alarm.Styled, m.link.Why.Error())
	}
	return m.line(p.Title.Styled, m.status)
}

func (m *model) keysLine() string {
	keys := "/ filter  w h a o g n sort  r reverse  Enter pane  c clients  e evict  ? help"
	what := "e evict all holders"
	if m.clients.shown {
		keys = "/ filter  w h a u i n sort  r reverse  Enter its locks  c locks  ? help  q quit"
		what = "c locks"
	}
	switch {
	case m.eviction != nil:
		keys = "y evict  n Esc cancel"
	case m.filterBefore != nil:
		keys = "Enter done  Esc cancel  Ctrl-U clear; text in the names that are shown"
	case m.focus == onPane:
		keys = "Up Down select  e evict the selected request  Tab Esc back to the list  q quit"
	case m.pane.open:
		keys = "Tab to the pane  " + what + "  Enter Esc close  ? help  q quit"
	}
	return m.line(m.options.Palette.Dim.Styled, keys)
}

func (m *model) helpLines() []string {
	lines := []string{m.line(m.options.Palette.Title.Styled, "brokerctl top: keys"), ""}
	for line := range strings.SplitSeq(manual, "\n") {
		lines = append(lines, screen.Cut(line, m.width))
	}
	return lines[:min(len(lines), m.height)]
}

// questionLines asks for confirmation.
func (m *model) questionLines() []string {
	if m.eviction == nil {
		return nil
	}
	var lines []string
	for _, text := range m.eviction.words(min(8, m.height-fixedLines), m.width) {
		lines = append(lines, m.line(m.options.Palette.Alarm.Styled, text))
	}
	return lines
}
