package top

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// manual is the help text of the key "?".
const manual = `Up Down j k   previous or next line
PgUp PgDn     one page
Home End      first line (stays at the top) or last line
w h a o g n   sort by waiters, holders, age, oldest waiter,
              grants per second, name; s: next of these
r             reverse the order
/             filter by text in the names that are shown
c             show clients instead of locks, or locks again
Enter         open or close the pane of the selected line
Tab           switch between the list and the pane
e             evict: in the list all holders of the lock, in
              the pane the selected request; asks first
Esc           leave the pane, then clear the filter
q Ctrl-C      quit

HOLD  number of holders         AGE     of the first holder
WAIT  number of waiters         WAITED  by the first waiter
GRANTS/S  between the last two readings. A free lock is shown
if it was granted since the last reading, or with --empty.

Clients: w h a u i n sort by waiting requests, held locks, age,
unsent bytes, silence, label. The pane shows the locks.`

var sortKeys = map[string]Key{"w": ByWaiters, "h": ByHolders, "a": ByAge, "o": ByWait, "g": ByGrants, "n": ByName}

// press handles a key.
func (m *model) press(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	switch {
	case key == "ctrl+c":
		return tea.Quit
	case m.eviction != nil:
		return m.pressInQuestion(key)
	case m.filterBefore != nil:
		m.typeKey(key, msg.Text)
		return nil
	case m.helping:
		m.helping = false
		return nil
	}
	m.status = ""
	switch key {
	case "q":
		return tea.Quit
	case "ctrl+z":
		return screen.Stop
	case "?":
		m.helping = true
	case "/":
		before := string(*m.filterText())
		m.filterBefore = &before
	case "enter":
		m.pin()
		m.pane.open, m.focus = !m.pane.open, onList
	case "tab":
		m.pin()
		m.pane.open, m.focus = true, 1-m.focus
	case "esc":
		m.back()
	case "c":
		m.switchView()
	case "e":
		return m.evict()
	default:
		m.pressOrder(key)
		m.pressMove(key)
	}
	return nil
}

// back leaves the pane, or closes it, or clears the filter.
func (m *model) back() {
	switch {
	case m.focus == onPane:
		m.focus = onList
	case m.pane.open:
		m.pane.open = false
	default:
		m.filter("")
	}
}

// pressOrder handles the keys that sort.
func (m *model) pressOrder(key string) {
	if m.clients.shown {
		m.pressClientOrder(key)
		return
	}
	o := m.want.order
	if k, ok := sortKeys[key]; ok {
		o = order{key: k}
	}
	switch key {
	case "s":
		o = order{key: (o.key + 1) % keys}
	case "r":
		o.reverse = !o.reverse
	}
	if o != m.want.order {
		m.want.order = o
		m.relist()
	}
}

// pressMove handles the keys that move the cursor of the focused part.
func (m *model) pressMove(key string) {
	c, room, lines := m.focused()
	switch key {
	case "up", "k":
		c.move(-1)
	case "down", "j":
		c.move(+1)
	case "pgup", "ctrl+b":
		c.move(-room)
	case "pgdown", "ctrl+f", "space":
		c.move(+room)
	case "home":
		c.index = 0
	case "end", "G":
		c.index = lines - 1
	default:
		return
	}
	c.fit(lines, room)
	switch {
	case m.focus == onPane:
	case key == "home":
		m.selected, m.clients.selected = "", ""
	default:
		m.pin()
	}
}

// focused returns the cursor of the focused part, how many lines fit there, and how many there are.
func (m *model) focused() (c *cursor, room, lines int) {
	switch onPane := m.focus == onPane; {
	case onPane && m.clients.shown:
		p := &m.clients.pane
		return &p.cursor, m.paneRows(), len(p.detail.client.Requests)
	case onPane:
		return &m.pane.cursor, m.paneRows(), len(m.pane.requests())
	case m.clients.shown:
		return &m.clients.cursor, m.rows(), len(m.clients.lines)
	}
	return &m.cursor, m.rows(), len(m.lines.locks)
}

// filterText returns the filter of the view that is shown.
func (m *model) filterText() *filter {
	if m.clients.shown {
		return &m.clients.filter
	}
	return &m.want.filter
}

// typeKey handles a key while the user types the filter. Each key updates the lines.
func (m *model) typeKey(key, text string) {
	now := string(*m.filterText())
	switch key {
	case "enter":
		m.filterBefore = nil
	case "esc":
		m.filter(*m.filterBefore)
		m.filterBefore = nil
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(now)
		m.filter(now[:len(now)-size])
	case "ctrl+u":
		m.filter("")
	default:
		m.filter(now + text)
	}
}

// paste adds the first line of pasted text to the filter.
func (m *model) paste(text string) {
	if m.filterBefore != nil {
		line, _, _ := strings.Cut(text, "\n")
		m.filter(string(*m.filterText()) + strings.TrimSpace(line))
	}
}

func (m *model) filter(text string) {
	f := m.filterText()
	if filter(text) == *f {
		return
	}
	*f = filter(text)
	if m.clients.shown {
		m.clients.relist()
	} else {
		m.relist()
	}
}
