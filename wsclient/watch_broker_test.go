package wsclient_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A keeper consumes a watch, and keeps the locks of the latest view.
type keeper struct {
	ended sync.WaitGroup

	mu      sync.Mutex
	locks   []wire.LockInfo
	changes map[string]int // how often each event was seen; "" counts views made from the listing
}

// keep watches until ctx ends, and spends that much time on each view.
func keep(ctx context.Context, t *testing.T, c *wsclient.Client, pattern string, slow time.Duration) *keeper {
	k := &keeper{changes: map[string]int{}}
	k.ended.Go(func() {
		for view, err := range c.Watch(ctx, pattern) {
			if err != nil {
				if ctx.Err() == nil {
					t.Error(err)
				}
				return
			}
			k.note(view)
			time.Sleep(slow) //nolint:forbidigo // virtual time
		}
	})
	return k
}

func (k *keeper) note(view *wsclient.View) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.locks = view.Locks()
	event := ""
	if view.Change != nil {
		event = string(view.Change.Event)
	}
	k.changes[event]++
}

// compare asserts that the latest view is what the broker lists now.
func (k *keeper) compare(t *testing.T, c *wsclient.Client, pattern string) {
	t.Helper()
	var want []wire.LockInfo
	for lock, err := range c.Info(t.Context(), &wsclient.InfoOptions{Match: pattern, Queue: wire.MaxQueue}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, lock)
	}
	slices.SortFunc(want, func(a, b wire.LockInfo) int { return strings.Compare(a.Name, b.Name) })
	k.mu.Lock()
	defer k.mu.Unlock()
	if got, want := known(k.locks), known(want); !reflect.DeepEqual(got, want) {
		t.Errorf("the view of %q is\n%s\nthe listing\n%s\nthe view\n%+v\nthe listing\n%+v",
			pattern, wsclient.Sketch(got), wsclient.Sketch(want), got, want)
	}
}

// known returns locks with only those fields that a view knows.
func known(locks []wire.LockInfo) []wire.LockInfo {
	all := make([]wire.LockInfo, len(locks))
	for i, l := range locks {
		l.Seq, l.Grants = 0, 0
		l.Holders, l.Waiters = knownRequests(l.Holders), knownRequests(l.Waiters)
		all[i] = l
	}
	return all
}

func knownRequests(requests []wire.RequestInfo) []wire.RequestInfo {
	all := make([]wire.RequestInfo, len(requests))
	for i, r := range requests {
		r.Parent = wire.ID{}
		r.DurationMS = 0 // it is from the time of the latest view
		all[i] = r
	}
	return all
}

// Under a random load, the views are what the broker lists whenever nothing is on its way. That is also true for
// watches that begin under load, and, in the end, for a slow consumer.
func TestWatchUnderLoad(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		l := &load{t: t, broker: b}
		l.start(15, 60)
		c := dial(t, b)
		ctx, cancel := context.WithCancel(t.Context())
		var keepers []*keeper
		patterns := []string{"", "red/*", "blue/**", "**/3"}
		for range 50 {
			if len(keepers) < len(patterns) {
				keepers = append(keepers, keep(ctx, t, c, patterns[len(keepers)], 0))
			}
			pass(17 * time.Millisecond)
			for i, k := range keepers {
				k.compare(t, c, patterns[i])
			}
		}
		slow := keep(ctx, t, c, "", 10*time.Millisecond)
		l.workers.Wait()

		held := acquire(t.Context(), t, c, "red/held", wsclient.AcquireOptions{})
		pass(5 * time.Minute)
		slow.compare(t, c, "")
		for i, k := range keepers {
			k.compare(t, c, patterns[i])
		}
		for _, event := range []string{"", "queued", "granted", "released", "cancelled", "timeout", "evicted",
			"lost", "gone"} {
			if keepers[0].changes[event] == 0 {
				t.Errorf("no %q: it was not tested", event)
			}
		}
		t.Logf("changes: %v", keepers[0].changes)
		cancel()
		for _, k := range append(keepers, slow) {
			k.ended.Wait()
		}
		_ = held.Release()
		synctest.Wait()
		if open := wsclient.Open(c); open != 0 {
			t.Errorf("%d still open", open)
		}
	})
}

// If a network stops reading for a while, the broker leaves changes out. Then the view is made again, and is right.
func TestWatchOnASlowNetwork(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		late := newLateConn()
		c := dial(t, b, wsclient.Options{NetDial: late.dialer(b.Dial)})
		ctx, cancel := context.WithCancel(t.Context())
		k := keep(ctx, t, c, "", 0)
		synctest.Wait()

		late.holdBack()
		other := dial(t, b, wsclient.Options{Author: strings.Repeat("x", 256)})
		held := acquire(t.Context(), t, other, "held", wsclient.AcquireOptions{})
		const changes = 6000 // about 500 bytes each
		for range changes / 2 {
			_ = acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{}).Release()
		}
		late.letThrough()
		synctest.Wait()
		k.compare(t, c, "")
		if listings, granted := k.changes[""], k.changes["granted"]; listings != 2 || granted > changes/4 {
			t.Errorf("%d listings, %d grants: want a second listing in place of most grants", listings,
				granted)
		}
		_ = held.Release()
		synctest.Wait()
		k.compare(t, c, "")
		cancel()
		k.ended.Wait()
	})
}

// A view says how long a request has waited so far.
func TestWatchTellsDurations(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(3 * time.Second)
		for view, err := range c.Watch(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			pass(2 * time.Second)
			lock, ok := view.Lock("a")
			if !ok || lock.Holders[0].Duration() != 5*time.Second {
				t.Errorf("got %+v, want one holder, for 5s", lock)
			}
			break
		}
		_ = held.Release()
	})
}
