package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	commons = 16 // locks of each kind that all callers want
	several = 3  // locks of a request for several locks
	choices = 20 // one is a shared lock, one is several locks, the others are the caller's own lock
)

// A want is one kind of request.
type want struct {
	name    string
	options *wsclient.AcquireOptions
	guards  []*guard // for the locks that other callers want, too
	shared  bool
}

// A guard detects two holders of one lock that may not hold it together.
type guard struct {
	name    string
	holders atomic.Int64 // -1: one exclusive holder
}

// enter adds a holder, or returns an error if the broker must not have granted the lock.
func (g *guard) enter(shared bool) error {
	if shared {
		if g.holders.Add(1) <= 0 {
			return fmt.Errorf("%s was granted as shared while another request holds it exclusively", g.name)
		}
		return nil
	}
	if !g.holders.CompareAndSwap(0, -1) {
		return fmt.Errorf("%s was granted exclusively while other requests hold it", g.name)
	}
	return nil
}

// exit removes a holder.
func (g *guard) exit(shared bool) {
	if shared {
		g.holders.Add(-1)
		return
	}
	g.holders.Store(0)
}

// mixture returns a contender of callers that share the clients. Each caller picks the locks of each pair at random.
func mixture(clients []*wsclient.Client, callers int) *contender {
	desks, stock := commonLocks("desks"), commonLocks("stock")
	c := &contender{name: "mixed", flight: callers}
	for i := range callers {
		client := clients[i%len(clients)]
		random := rand.New(rand.NewPCG(1, uint64(i))) // the same in each run
		own := &want{name: lockName(i)}
		c.workers = append(c.workers, &worker{once: func() (time.Duration, error) {
			switch random.IntN(choices) {
			case 0:
				// One in ten wants exclusively what the others share.
				return sharedWant(desks[random.IntN(commons)], random.IntN(10) > 0).pair(client)
			case 1:
				return severalWant(stock, random.IntN(commons)).pair(client)
			}
			return own.pair(client)
		}})
	}
	return c
}

func commonLocks(kind string) []*guard {
	guards := make([]*guard, commons)
	for i := range guards {
		guards[i] = &guard{name: fmt.Sprintf("%s/%05d", kind, i)}
	}
	return guards
}

func sharedWant(g *guard, shared bool) *want {
	w := &want{name: g.name, guards: []*guard{g}, shared: shared}
	if shared {
		w.options = &wsclient.AcquireOptions{Mode: wsclient.Shared}
	}
	return w
}

// severalWant returns a want for neighbouring locks, from first on.
func severalWant(of []*guard, first int) *want {
	w := &want{name: of[first].name, options: &wsclient.AcquireOptions{}}
	for i := range several {
		g := of[(first+i)%len(of)]
		w.guards = append(w.guards, g)
		if i > 0 {
			w.options.Also = append(w.options.Also, wsclient.LockSpec{Name: g.name})
		}
	}
	return w
}

// pair acquires and releases the locks.
func (w *want) pair(client *wsclient.Client) (time.Duration, error) {
	start := time.Now()
	lock, err := client.Acquire(context.Background(), w.name, w.options)
	if err != nil {
		return 0, err
	}
	for _, g := range w.guards {
		err = errors.Join(err, g.enter(w.shared))
	}
	for _, g := range w.guards {
		g.exit(w.shared)
	}
	if released := lock.Release(); err == nil { // release also after an error: other callers wait
		err = released
	}
	return time.Since(start), err
}

// mixedFrames returns the frames of one pair for each choice.
func mixedFrames() (frames [][]byte) {
	for range choices - 2 {
		frames = append(frames, oneLock(lockName(0))...)
	}
	frames = append(frames, pairFrames(wire.LockSpec{Name: "desks/00000", Mode: wire.Shared})...)
	var locks []wire.LockSpec
	for _, g := range commonLocks("stock")[:several] {
		locks = append(locks, wire.LockSpec{Name: g.name})
	}
	return append(frames, pairFrames(locks...)...)
}
