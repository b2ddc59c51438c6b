package wsclient_test

import (
	"errors"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Text that is not UTF-8 is refused in every argument, and no lock is lost.
func TestInvalidUTF8(t *testing.T) {
	const odd = "order-\xe4"
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		ctx := t.Context()
		held := acquire(ctx, t, c, "a", wsclient.AcquireOptions{})
		for name, call := range map[string]func() error{
			"name": func() error { _, err := c.Acquire(ctx, odd, nil); return err },
			"author": func() error {
				_,
					err := c.Acquire(ctx, "b", &wsclient.AcquireOptions{Author: odd})
				return err
			},
			"also": func() error {
				_, err := c.TryAcquire(ctx, "b",
					&wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: odd}}})
				return err
			},
			"parent": func() error {
				_, err := c.Acquire(ctx, "b",
					&wsclient.AcquireOptions{Parent: wsclient.ID{Session: odd}})
				return err
			},
			"info": func() (err error) {
				for _, err = range c.Info(ctx, &wsclient.InfoOptions{Match: odd}) {
					break
				}
				return err
			},
			"watch": func() (err error) {
				for _, err = range c.Watch(ctx, odd) {
					break
				}
				return err
			},
			"why":     func() error { _, err := c.Why(ctx, wsclient.ID{Session: odd}); return err },
			"why of":  func() error { _, err := c.WhyLock(ctx, odd); return err },
			"evict":   func() error { return c.Evict(ctx, wsclient.ID{Session: odd}, "") },
			"message": func() error { return c.Evict(ctx, held.ID(), odd) },
		} {
			if err := call(); !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
}
