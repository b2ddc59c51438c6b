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
	commons = 16 // locks of each kind that callers have in common
	several = 3  // locks of a request for several
	choices = 20 // of which one is a shared lock, one several locks, and the others the caller's own
)

// A want is one kind of request.
type want struct {
	name    string
	options *wsclient.AcquireOptions
	guards  []*guard // of the locks that others want too
	shared  bool
}

// guard sees whether a lock is granted as it may be.
type guard struct {
	name    string
	holders atomic.Int64 // -1: an exclusive one
}

// enter notes a holder.
func (g *guard) enter(shared bool) error {
	if shared {
		if g.holders.Add(1) <= 0 {
			return fmt.Errorf("%s is shared while somebody holds it exclusively", g.name)
		}
		return nil
	}
	if !g.holders.CompareAndSwap(0, -1) {
		return fmt.Errorf("%s was granted exclusively while others hold it", g.name)
	}
	return nil
}

func (g *guard) leave(shared bool) {
	if shared {
		g.holders.Add(-1)
		return
	}
	g.holders.Store(0)
}

// mixture is so many callers, who share the clients, and choose among what they want.
func mixture(clients []*wsclient.Client, callers int) *contender {
	rooms, stock := commonLocks("rooms"), commonLocks("stock")
	c := &contender{name: "mixed", flight: callers}
	for i := range callers {
		client := clients[i%len(clients)]
		random := rand.New(rand.NewPCG(1, uint64(i))) // the same each time
		own := &want{name: lockName(i)}
		c.workers = append(c.workers, &worker{once: func() (time.Duration, error) {
			switch random.IntN(choices) {
			case 0:
				// Now and then one wants alone what others share.
				return sharedWant(rooms[random.IntN(commons)], random.IntN(10) > 0).pair(client)
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

// severalWant is for neighbours, from first on.
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

// pair acquires what is wanted, and releases it.
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
		g.leave(w.shared)
	}
	if released := lock.Release(); err == nil { // also after an error: others wait
		err = released
	}
	return time.Since(start), err
}

// mixedFrames are the frames of as many pairs as there are choices.
func mixedFrames() (frames [][]byte) {
	for range choices - 2 {
		frames = append(frames, oneLock(lockName(0))...)
	}
	frames = append(frames, pairFrames(wire.LockSpec{Name: "rooms/00000", Mode: wire.Shared})...)
	var locks []wire.LockSpec
	for _, g := range commonLocks("stock")[:several] {
		locks = append(locks, wire.LockSpec{Name: g.name})
	}
	return append(frames, pairFrames(locks...)...)
}
