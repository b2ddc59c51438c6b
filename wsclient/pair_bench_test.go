package wsclient_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// BenchmarkPair is what the client makes of an Acquire and its Release, each caller
// with a lock of its own, all on one connection, to a broker that takes no time. The
// time includes that of the network and of the broker's side.
func BenchmarkPair(b *testing.B) {
	for _, callers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			c := dialInstant(b)
			for n := range callers { // whatever grows has grown
				pair(b, c, fmt.Sprint("lock/", n))
			}
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			for n := range callers {
				all.Go(func() {
					for name := fmt.Sprint("lock/", n); left.Add(-1) >= 0; {
						pair(b, c, name)
					}
				})
			}
			all.Wait()
		})
	}
}

// pair acquires and releases one lock.
func pair(t testing.TB, c *wsclient.Client, name string) {
	lock, err := c.Acquire(context.Background(), name, nil)
	if err == nil {
		err = lock.Release()
	}
	if err != nil {
		t.Error(err)
	}
}
