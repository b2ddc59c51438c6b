package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// ReleaseContext waits for the broker no longer than its context lasts. The lock is released all the same, and a later
// Release gets the confirmation.
func TestReleaseContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, held := stageHold(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := held.ReleaseContext(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		expectGolden(t, "release.golden", fmt.Sprintln(err))
		if held.Valid() || !errors.Is(context.Cause(held.Context()), wsclient.ErrReleased) {
			t.Error("it still counts as held")
		}
		a.expect(`{"type":"release","id":"aaaaaaaa--0"}`)

		stop := errors.New("no time")
		ended, end := context.WithCancelCause(t.Context())
		end(stop)
		if err := held.ReleaseContext(ended); !errors.Is(err, stop) {
			t.Errorf("got %v, want the cause of the context", err)
		}
		a.say(`{"type":"released","id":"aaaaaaaa--0"}`)
		for range 2 { // an answer that has arrived counts, even if the context has ended
			if err := held.ReleaseContext(ended); err != nil {
				t.Error(err)
			}
		}
		if sent := a.sent(); len(sent) > 0 {
			t.Errorf("sent again: %v", sent)
		}
	})
}

// Callers that release one lock wait independently of one another: one gives up, and the others get the answer.
func TestReleaseContextConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, held := stageHold(t)
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		go func() { gaveUp <- held.ReleaseContext(ctx) }()
		released := make(chan error)
		for range 3 {
			go func() { released <- held.Release() }()
		}
		synctest.Wait()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
		a.expect(`{"type":"release","id":"aaaaaaaa--0"}`)
		a.say(`{"type":"lost","id":"aaaaaaaa--0","reason":"stolen"}`)
		for range 3 {
			expectLost(t, <-released, wsclient.LostStolen)
		}
	})
}
