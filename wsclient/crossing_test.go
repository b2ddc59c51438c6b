package wsclient_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var crossings = flag.Int("crossings", defaultCrossings, "how often the grant crosses with giving up")

const (
	lanes   = 100 // each a lock of its own, all on the same two connections
	instant = time.Millisecond
)

// The grant crosses with the end of the waiting, many times: a holder
// releases in the same instant in which the waiter's Wait has passed, its context
// ends, or both. Whatever the waiter is told, its callback runs if and only if
// it holds the lock, and when it is told that it failed nothing is left behind:
// the holder gets the lock again.
func TestGrantCrossesWithGivingUp(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		holder, waiter := dial(t, b), dial(t, b)
		var all sync.WaitGroup
		var mu sync.Mutex
		outcomes := map[string]int{}
		for n := range lanes {
			all.Go(func() {
				l := lane{t: t, name: fmt.Sprintf("lane %d", n), holder: holder, waiter: waiter}
				for trial := range *crossings / lanes {
					outcome := l.cross(trial)
					mu.Lock()
					outcomes[outcome]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		synctest.Wait() // for the last cancels to arrive
		if got := listing(t, holder); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
		t.Logf("%d crossings: %v", *crossings, outcomes)
		for _, outcome := range []string{"granted", "timeout", "context"} {
			if outcomes[outcome] < *crossings/10_000 {
				t.Errorf("%s came out %d times: the race was not run", outcome, outcomes[outcome])
			}
		}
	})
}

var errGivenUp = errors.New("given up")

type lane struct {
	t              *testing.T
	name           string
	holder, waiter *wsclient.Client
	inside         int // guarded by the lock alone: the race detector watches it
}

// cross runs one trial and says how the waiter fared.
func (l *lane) cross(trial int) string {
	held, err := l.holder.Acquire(l.t.Context(), l.name, nil)
	if err != nil {
		l.t.Errorf("%s: the holder: %v", l.name, err)
		return "broken"
	}
	l.inside++
	ctx, o := l.t.Context(), wsclient.AcquireOptions{}
	var waited sync.WaitGroup
	if trial%3 != 0 {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		waited.Go(func() { // and no timer, which the runtime of the race detector does not bear
			time.Sleep(instant) //nolint:forbidigo // virtual time
			cancel(errGivenUp)
		})
	}
	if trial%3 != 1 {
		o.Wait = instant
	}
	ran := false
	waited.Go(func() {
		err = l.waiter.WithLock(ctx, l.name, &o, func(context.Context) error {
			ran = true
			l.inside++
			return nil
		})
	})
	time.Sleep(instant) //nolint:forbidigo // virtual time: in the same instant
	if err := held.Release(); err != nil {
		l.t.Errorf("%s: release: %v", l.name, err)
	}
	waited.Wait()
	if ran != (err == nil) {
		l.t.Errorf("%s: callback ran: %t, error: %v", l.name, ran, err)
	}
	switch {
	case err == nil:
		return "granted"
	case errors.Is(err, wsclient.ErrTimeout):
		return "timeout"
	case errors.Is(err, errGivenUp):
		return "context"
	}
	l.t.Errorf("%s: %v", l.name, err)
	return "broken"
}
