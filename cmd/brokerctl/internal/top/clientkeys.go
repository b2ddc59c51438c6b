package top

import (
	"slices"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/clients"
)

var clientSortKeys = map[string]clients.Order{
	"w": clients.ByWaiting, "h": clients.ByHolding, "a": clients.ByAge, "u": clients.ByUnsent,
	"i": clients.BySilent, "n": clients.ByLabel,
}

// switchView shows the clients instead of the locks, or the locks again.
func (m *model) switchView() {
	m.clients.shown, m.focus = !m.clients.shown, onList
	m.clients.stale, m.clients.pane.stale, m.pane.stale = true, true, true
}

// pressClientOrder handles the keys that sort clients.
func (m *model) pressClientOrder(key string) {
	v := &m.clients
	switch order, sorts := clientSortKeys[key]; {
	case sorts:
		v.order, v.reverse = order, false
	case key == "s":
		orders := clients.Orders()
		v.order, v.reverse = orders[(slices.Index(orders, v.order)+1)%len(orders)], false
	case key == "r":
		v.reverse = !v.reverse
	default:
		return
	}
	v.relist()
}
