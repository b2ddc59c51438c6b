package broker

import (
	"time"

	"golang.org/x/time/rate"
)

// maxEmptyShares is how many shares without sessions and requests are remembered until their
// acquireRate has recovered.
const maxEmptyShares = 10_000

// An acquireRate limits how many acquires a second come from the sessions of a share.
type acquireRate struct {
	limiter *rate.Limiter // nil: there was no limit yet
	quota   *Quota        // by which limiter was set
}

// admit counts an acquire that comes at now. It reports false if there are too many.
func (a *acquireRate) admit(q *Quota, now time.Time) bool {
	switch {
	case q.AcquiresPerSecond == 0:
		return true
	case a.limiter == nil:
		a.limiter = rate.NewLimiter(rate.Limit(q.AcquiresPerSecond), q.AcquireBurst)
	case a.quota != q:
		a.limiter.SetLimitAt(now, rate.Limit(q.AcquiresPerSecond))
		a.limiter.SetBurstAt(now, q.AcquireBurst)
	}
	a.quota = q
	return a.limiter.AllowN(now, 1)
}

// isFresh reports whether a may be forgotten, because a new one would admit no more.
func (a *acquireRate) isFresh(now time.Time) bool {
	return a.limiter == nil || a.limiter.TokensAt(now) >= float64(a.limiter.Burst())
}
