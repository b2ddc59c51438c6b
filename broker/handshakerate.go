package broker

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxRates is how many addresses a handshakeRate knows at the same time. They take about 4 MB.
const maxRates = 16_384

// maxRefill is the longest time for which a bucket is kept after its last use.
const maxRefill = 24 * time.Hour

// A handshakeRate limits how fast each address may connect: a token bucket for each address that has
// connected lately. The bucket of an address that has been idle is full, and a full one need not be
// kept. If there are too many, the one that was used least recently is dropped: its address may then
// make a whole burst again, but only because others have connected from thousands of addresses.
type handshakeRate struct {
	limit  rate.Limit
	burst  int
	refill time.Duration // how long an empty bucket takes to fill
	most   int           // how many buckets there may be

	mu    sync.Mutex
	from  map[netip.Prefix]*list.Element
	order *list.List // of *bucket, the one that was used least recently first
}

// A bucket is the limit of one address.
type bucket struct {
	address netip.Prefix
	limiter *rate.Limiter
	used    time.Time
}

// newHandshakeRate returns a limit of perSecond connections a second for each address, after a burst.
func newHandshakeRate(perSecond, burst, most int) *handshakeRate {
	refill := min(float64(burst)/float64(perSecond), maxRefill.Seconds())
	return &handshakeRate{
		limit: rate.Limit(perSecond), burst: burst, most: most,
		refill: time.Duration(refill * float64(time.Second)),
		from:   make(map[netip.Prefix]*list.Element), order: list.New(),
	}
}

// allow counts a connection of an address, or reports that it comes too fast. A connection that is
// refused does not count, so a crowd that tries again and again still gets the whole rate.
func (r *handshakeRate) allow(address netip.Prefix, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	const atATime = 2 // more than one call can add
	for range atATime {
		if oldest := r.order.Front(); oldest != nil && now.Sub(oldest.Value.(*bucket).used) >= r.refill {
			r.drop(oldest)
		}
	}
	known := r.from[address]
	if known == nil {
		if r.order.Len() >= r.most {
			r.drop(r.order.Front())
		}
		known = r.order.PushBack(&bucket{address: address, limiter: rate.NewLimiter(r.limit, r.burst)})
		r.from[address] = known
	}
	r.order.MoveToBack(known)
	b := known.Value.(*bucket)
	b.used = now
	return b.limiter.AllowN(now, 1)
}

// drop forgets a bucket. The caller holds r.mu.
func (r *handshakeRate) drop(e *list.Element) {
	delete(r.from, r.order.Remove(e).(*bucket).address)
}
