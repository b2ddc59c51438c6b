package broker

import (
	"fmt"
	"math"

	"github.com/lockbroker/lockbroker/broker/internal/core"
)

// defaultBurst is how many acquires may come at once by default, if their rate is limited. It is
// large, because a client that reconnects asks for everything at once that it waited for.
const defaultBurst = 10_000

// A Quota says what one identity may use, or one address whose clients have no identity. All its
// connections count together. In each field 0 means the default.
//
// Requests and watches beyond the quota are refused with too_many. Even so, every session may have
// 16 requests, counted as [Config].MaxRequests counts them, and 2 watches. So what an identity can
// use beyond its quota is bounded by [Config].MaxConnectionsPerIdentity.
type Quota struct {
	// Requests is how many requests may wait or hold, counted as MaxRequests counts them.
	// Default: half of MaxRequests.
	//
	// The requests of a connection count until they have ended, at most for one session timeout
	// after the connection. Meanwhile a client that has reconnected may have made them again. So
	// Requests should be at least twice what a client needs.
	Requests int

	// Waiting is how many requests may wait. Each counts once. A request is refused only if it
	// would have to wait. Default: half of Requests. So requests that wait leave room for those
	// that need not wait, such as what a holder requests before it can release.
	//
	// The requests of a connection no longer count as soon as the broker knows that it has ended.
	Waiting int

	// AcquiresPerSecond is how many acquires may come in a second, in the long run. Each counts,
	// whatever becomes of it. Default: any number.
	//
	// Clients do not repeat an acquire that was refused.
	AcquiresPerSecond float64

	// AcquireBurst is how many acquires may come at once, after a time in which fewer came. A
	// client that reconnects asks at once for everything that it waited for, so AcquireBurst should
	// be more than that. Default: the greatest of AcquiresPerSecond, and of 10,000 or Waiting,
	// whichever is less. It has no effect unless AcquiresPerSecond is set.
	AcquireBurst int

	// Watches is how many watches there may be. Default: half of [Config].MaxWatches.
	Watches int
}

// withDefaults returns the quota of a broker with that config, or an error if the quota is invalid.
func (q Quota) withDefaults(c *Config) (Quota, error) {
	setDefault(&q.Requests, max(c.MaxRequests/2, 1))
	setDefault(&q.Waiting, max(q.Requests/2, 1))
	setDefault(&q.Watches, max(c.MaxWatches/2, 1))
	if rate := q.AcquiresPerSecond; math.IsNaN(rate) || rate < 0 || rate > math.MaxInt32 {
		return q, fmt.Errorf("broker: Quota.AcquiresPerSecond is %v: want 0 to %d", rate, math.MaxInt32)
	}
	setDefault(&q.AcquireBurst, max(int(q.AcquiresPerSecond), min(defaultBurst, q.Waiting)))
	for _, field := range []struct {
		name  string
		value int
	}{
		{"Requests", q.Requests},
		{"Waiting", q.Waiting},
		{"AcquireBurst", q.AcquireBurst},
		{"Watches", q.Watches},
	} {
		if field.value < 0 {
			const format = "broker: Quota.%s is %d: want 1 or more, or 0 for the default"
			return q, fmt.Errorf(format, field.name, field.value)
		}
	}
	return q, nil
}

// SetQuota replaces [Config].Quota while the broker runs. It ends nothing: what exists beyond the new
// quota stays. What clients send after SetQuota has returned is judged by the new quota. It returns
// an error, and changes nothing, if a field is out of range.
func (b *Broker) SetQuota(q Quota) error {
	q, err := q.withDefaults(&b.config)
	if err != nil {
		return err
	}
	b.loop.newestQuota.Store(&q)
	return nil
}

// quotaNow returns the quota by which the current item is judged.
func (l *loop) quotaNow() *Quota {
	if newest := l.newestQuota.Load(); newest != l.quota {
		l.quota = newest
		l.core.SetQuota(core.Quota{Requests: newest.Requests, Waiting: newest.Waiting})
	}
	return l.quota
}
