package top

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// manual is what ? shows.
const manual = `Up Down j k   next lock, or request in the pane
PgUp PgDn     a page
Home End      the first, which stays the first, and the last
w h a o g n   sort by waiters, holders, age, oldest waiter,
              grants a second, name; s: the next of these
r             reverse the order
/             filter: text in the name or in the first holder
Enter         open or close the pane of the selected lock
Tab           go between the list and the pane
e             evict: in the list all who hold the lock, in the
              pane the selected request; it asks first
Esc           back: out of the pane, then of the filter
?             this
q Ctrl-C      quit

HOLD  how many hold the lock    AGE     how long the first has
WAIT  how many wait             WAITED  how long the first has
GRANTS/S  how often it was granted between the last two readings
A lock that is free when it is read is shown if it was granted
since the reading before, or with --empty.`

var sortKeys = map[string]Key{"w": ByWaiters, "h": ByHolders, "a": ByAge, "o": ByWait, "g": ByGrants, "n": ByName}

// press takes in a key.
func (m *model) press(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	switch {
	case key == "ctrl+c":
		return tea.Quit
	case m.eviction != nil:
		return m.answer(key)
	case m.typing != nil:
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
		before := string(m.want.filter)
		m.typing = &before
	case "enter":
		m.pin()
		m.pane.open, m.focus = !m.pane.open, onList
	case "tab":
		m.pin()
		m.pane.open, m.focus = true, 1-m.focus
	case "esc":
		m.back()
	case "e":
		return m.evict()
	default:
		m.pressOrder(key)
		m.pressMove(key)
	}
	return nil
}

// back leaves what was entered last.
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

// pressOrder takes in the keys that sort.
func (m *model) pressOrder(key string) {
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

// pressMove takes in the keys that move the cursor, where the focus is.
func (m *model) pressMove(key string) {
	c, room, lines := &m.cursor, m.rows(), len(m.lines.locks)
	if m.focus == onPane {
		c, room, lines = &m.pane.cursor, m.paneRows(), len(m.pane.requests())
	}
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
		m.selected = ""
	default:
		m.pin()
	}
}

// typeKey takes in a key while the filter is typed. The lines follow each.
func (m *model) typeKey(key, text string) {
	now := string(m.want.filter)
	switch key {
	case "enter":
		m.typing = nil
	case "esc":
		m.filter(*m.typing)
		m.typing = nil
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(now)
		m.filter(now[:len(now)-size])
	case "ctrl+u":
		m.filter("")
	default:
		m.filter(now + text)
	}
}

// paste takes in text, of which the first line is for the filter.
func (m *model) paste(text string) {
	if m.typing != nil {
		line, _, _ := strings.Cut(text, "\n")
		m.filter(string(m.want.filter) + strings.TrimSpace(line))
	}
}

func (m *model) filter(text string) {
	if f := filter(text); f != m.want.filter {
		m.want.filter = f
		m.relist()
	}
}
