package broker

import (
	"net/http"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
)

// counters are what goroutines other than the loop count.
type counters struct {
	traffic  transport.Traffic // of all sessions
	lags     atomic.Int64      // how often a watch has begun to lag
	slow     atomic.Int64      // clients that were cut off
	upgrades upgradeCounts
}

// refusedStatuses are the statuses with which a request for a session may be refused.
var refusedStatuses = [...]int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed,
	http.StatusUpgradeRequired, http.StatusTooManyRequests, http.StatusServiceUnavailable,
}

// upgradeCounts count refused requests for a session, by status.
type upgradeCounts [len(refusedStatuses)]atomic.Int64

func (u *upgradeCounts) add(status int) {
	for i, known := range refusedStatuses {
		if known == status {
			u[i].Add(1)
		}
	}
}

func (u *upgradeCounts) byStatus() map[int]int64 {
	all := make(map[int]int64)
	for i, status := range refusedStatuses {
		all[status] = u[i].Load()
	}
	return all
}
