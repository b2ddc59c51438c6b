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
	lanes   = 100 // each has its own lock; all use the same two connections
	instant = time.Millisecond
)

// A grant crosses the end of the wait, many times: a holder releases at the same instant at which the waiter's Wait
// has passed, its context ends, or both. The waiter's callback must run if and only if the waiter holds the lock. If
// the waiter gets an error, it leaves nothing behind: the holder gets the lock again.
func TestGrantCrossesGivingUp(t *testing.T) {
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
		synctest.Wait() // until the last cancels have arrived
		if got := listing(t, holder); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
		t.Logf("%d crossings: %v", *crossings, outcomes)
		for _, outcome := range []string{"granted", "timeout", "context"} {
			if outcomes[outcome] < *crossings/10_000 {
				t.Errorf("outcome %s: %d times; the race did not happen", outcome, outcomes[outcome])
			}
		}
	})
}

var errGivenUp = errors.New("given up")

type lane struct {
	t              *testing.T
	name           string
	holder, waiter *wsclient.Client
	inside         int // guarded only by the lock under test, so that the race detector checks it
}

// cross runs one trial, and returns how it ended for the waiter.
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
		waited.Go(func() { // not a timer: see race_test.go
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
	time.Sleep(instant) //nolint:forbidigo // virtual time: at the same instant
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
