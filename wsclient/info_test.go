package wsclient_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// With Whole, a listing has whole queues in parts, one lock after another. A caller may stop between any two parts. A
// lock that is gone meanwhile does not end the listing.
func TestInfoWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		ctx, giveUp := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		queue := func(name string, waiters int) *wsclient.Lock {
			lock := acquire(t.Context(), t, c, name, wsclient.AcquireOptions{})
			for range waiters {
				waiting.Go(func() { _, _ = c.Acquire(ctx, name, nil) })
			}
			return lock
		}
		a := queue("a", 5)
		for range 3 {
			acquire(t.Context(), t, c, "b", wsclient.AcquireOptions{Mode: wsclient.Shared})
		}
		queue("c", 4)
		pass(0)
		whole := []string{"a 1|2 of 5", "a 0|2 of 5", "a 0|1 of 5", "b 2|0 of 0", "b 1|0 of 0", "c 1|2 of 4",
			"c 0|2 of 4"}
		for most := 1; most <= len(whole); most++ {
			if got := parts(t, c, most, nil); !slices.Equal(got, whole[:most]) {
				t.Errorf("got %q, want %q", got, whole[:most])
			}
		}
		got := parts(t, c, 0, func() {
			giveUp()
			waiting.Wait()
			if err := a.Release(); err != nil {
				t.Error(err)
			}
		})
		if want := []string{"a 1|2 of 5", "b 2|0 of 0", "b 1|0 of 0", "c 1|2 of 4",
			"c 0|0 of 0"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// parts lists up to most parts of two requests at most, and calls then after the first part.
func parts(t *testing.T, c *wsclient.Client, most int, then func()) (all []string) {
	t.Helper()
	for lock, err := range c.Info(t.Context(), &wsclient.InfoOptions{Queue: 2, Whole: true}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %d|%d of %d", lock.Name, len(lock.Holders), len(lock.Waiters),
			lock.Waiting))
		if len(all) == most {
			break
		}
		if then != nil && len(all) == 1 {
			then()
		}
	}
	return all
}
