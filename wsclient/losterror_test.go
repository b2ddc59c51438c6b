package wsclient

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A process that was frozen notices late that it has lost its lock. The error says when the lock was lost, and not when
// that was noticed.
func TestLostErrorOfAFrozenProcess(t *testing.T) {
	for _, test := range []struct {
		title       string
		hold, since time.Duration
	}{
		{"the lease has ended", 0, 10 * time.Second},
		{"the hold has passed", 4 * time.Second, 4 * time.Second},
	} {
		t.Run(test.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := fixture(t, test.hold)
				begin := time.Now()
				time.Sleep(test.since + 2*time.Second) //nolint:forbidigo // virtual time
				if l.Valid() {
					t.Fatal("the lock is valid")
				}
				lost := new(LostError)
				if !errors.As(context.Cause(l.Context()), &lost) {
					t.Fatalf("got %v", context.Cause(l.Context()))
				}
				if got := lost.Since.Sub(begin); got != test.since {
					t.Errorf("lost after %v, want %v: %v", got, test.since, lost)
				}
				if !slices.Equal(lost.Locks, []string{"a"}) || lost.ID != l.ID() || lost.Token != 7 {
					t.Errorf("got %+v", lost)
				}
			})
		})
	}
}
