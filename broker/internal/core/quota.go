package core

import "github.com/lockbroker/lockbroker/broker/internal/locktable"

// AlwaysRequests is how much the requests of every session may use, whatever others use. So clients
// with very many requests cannot lock others out.
const AlwaysRequests = 16

// A Limit is a limit of the broker that a request would exceed.
type Limit uint8

// The limits of the broker.
const (
	NoLimit         Limit = iota
	AllRequests           // Config.MaxRequests
	AccountRequests       // Quota.Requests
	AccountWaiting        // Quota.Waiting
)

// A Quota is what the requests of one account may use.
type Quota struct {
	// Requests is how much all of them may use, as [locktable.Account.InUse] counts it.
	Requests int
	// Waiting is how many of them may wait. 0: any number. A request that can be granted at once is
	// not refused for it.
	Waiting int
}

// SetQuota changes what each account may use. It applies to the requests that come next, and ends
// none. The quota of a new machine is half of [Config].MaxRequests, any number of which may wait.
func (m *Machine) SetQuota(q Quota) { m.quota = q }

// limitOf returns the limit that a would exceed whatever the locks are.
func (m *Machine) limitOf(a *locktable.Acquire) Limit {
	weight, total := a.Weight(), m.table.InUse()
	if total+weight <= min(m.config.MaxRequests, m.quota.Requests) {
		return NoLimit // no account uses more than all together
	}
	switch {
	case m.IsAlways(a.ID.Session, weight):
		return NoLimit
	case m.table.InUseWith(a.ID.Session)+weight > m.quota.Requests:
		return AccountRequests
	case total+weight > m.config.MaxRequests:
		return AllRequests
	}
	return NoLimit
}

// IsAlways reports whether a session may have a request that uses weight, whatever others use.
func (m *Machine) IsAlways(session string, weight int) bool {
	return m.table.InUseBy(session)+weight <= AlwaysRequests
}

// MostStated returns how much a true statement about a session may count at most, as a [locktable.Account] counts it:
// what the session has, and what may be on its way or have ended.
func (m *Machine) MostStated(session string) int {
	return m.table.InUseBy(session) + max(m.quota.Requests, AlwaysRequests)
}
