package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

func TestBasic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		defer b.Stop()
		c, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{NetDial: b.Dial})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var kept context.Context
		err = c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			kept = ctx
			time.Sleep(24 * time.Hour)
			_, err := c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Wait: time.Second})
			t.Log(err)
			if !errors.Is(err, wsclient.ErrTimeout) {
				t.Error("no")
			}
			return ctx.Err()
		})
		if err != nil || context.Cause(kept) != wsclient.ErrReleased {
			t.Fatal(err, context.Cause(kept))
		}
	})
}
