package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// neverCalled returns a function that must not be called.
func neverCalled(t *testing.T) func(context.Context) error {
	return func(ctx context.Context) error {
		t.Error("called without the lock")
		return ctx.Err()
	}
}

// TryWithLock calls the function only if it gets the lock at once. Otherwise its error says who holds it. The error of
// the function comes back as it is, even if it is ErrUnavailable.
func TestTryWithLock(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b, wsclient.Options{Author: "billing"})
		never := neverCalled(t)
		own := fmt.Errorf("mine: %w", wsclient.ErrUnavailable)
		held, err := c.TryWithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			held, err := dial(t, b).TryWithLock(t.Context(), "a", nil, never)
			if held || !errors.Is(err, wsclient.ErrUnavailable) ||
				!strings.Contains(err.Error(), "held by @billing") {
				t.Errorf("in use: got %t, %v", held, err)
			}
			inside := 0
			held, err = c.TryWithLock(ctx, "a", nil, func(context.Context) error { inside++; return nil })
			if !held || err != nil || inside != 1 {
				t.Errorf("inside: got %t, %v after %d calls", held, err, inside)
			}
			return own
		})
		if !held || err != own { //nolint:errorlint // identity
			t.Errorf("got %t, %v", held, err)
		}
		held, err = c.TryWithLock(t.Context(), "", nil, never)
		if held || !errors.Is(err, wsclient.ErrBadRequest) {
			t.Errorf("a bad name: got %t, %v", held, err)
		}
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}
