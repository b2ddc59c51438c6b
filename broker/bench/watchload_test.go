package bench

import (
	"bytes"
	"sync/atomic"
	"testing"
)

// watchers are sessions that watch every lock, and read all changes.
type watchers struct {
	changes atomic.Int64
	lagged  atomic.Int64 // messages which say that a watcher missed changes
}

// add opens one more session, which ends when the test ends.
func (w *watchers) add(tb testing.TB, broker *process) {
	tb.Helper()
	r, err := dialRaw(broker.address, 64<<10)
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.exchange(1, "watching", func(int) {
		r.put(`{"type":"watch","id":"%s--0"}`, r.session)
	}); err != nil {
		tb.Fatal(err)
	}
	stop := keepAlive(tb.Context(), r)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			frame, err := r.read()
			switch {
			case err != nil:
				return // closed below
			case bytes.HasPrefix(frame, []byte(`{"type":"change"`)):
				w.changes.Add(1)
			default:
				w.lagged.Add(1)
			}
		}
	}()
	tb.Cleanup(func() {
		stop()
		r.close()
		<-ended
	})
}
