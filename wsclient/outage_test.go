package wsclient_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// inquiries are the calls that have one answer.
var inquiries = map[string]func(ctx context.Context, c *wsclient.Client) error{
	"Why": func(ctx context.Context, c *wsclient.Client) error {
		_, err := c.Why(ctx, wsclient.ID{Session: "abcd"})
		return err
	},
	"WhyLock": func(ctx context.Context, c *wsclient.Client) error {
		_, err := c.WhyLock(ctx, "a")
		return err
	},
	"Evict": func(ctx context.Context, c *wsclient.Client) error {
		return c.Evict(ctx, wsclient.ID{Session: "abcd"}, "")
	},
	"Ping": func(ctx context.Context, c *wsclient.Client) error {
		_, err := c.Ping(ctx)
		return err
	},
	"Clients": func(ctx context.Context, c *wsclient.Client) error {
		for _, err := range c.Clients(ctx, nil) {
			return err
		}
		return nil
	},
	"Info": func(ctx context.Context, c *wsclient.Client) error {
		for _, err := range c.Info(ctx, nil) {
			return err
		}
		return nil
	},
}

// outage runs f with a client whose broker is away until back is set.
func outage(t *testing.T, f func(t *testing.T, c *wsclient.Client, back *atomic.Bool)) {
	t.Helper()
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		var back atomic.Bool
		back.Store(true)
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			if !back.Load() {
				return nil, errors.New("connection refused")
			}
			return link.Dial(ctx, network, address)
		}})
		back.Store(false)
		link.Cut()
		synctest.Wait()
		f(t, c, &back)
		_ = c.Close()
	})
}

// Without a deadline, an inquiry waits for a broker that is gone for 30 s. With a deadline, it waits until then.
func TestInquiriesDoNotWaitForEver(t *testing.T) {
	for name, inquire := range inquiries {
		for _, test := range []struct {
			title string
			limit time.Duration // of the context; 0: none
			takes time.Duration
		}{
			{"no deadline", 0, 30 * time.Second},
			{"a longer deadline", time.Hour, time.Hour},
			{"a shorter deadline", time.Second, time.Second},
		} {
			t.Run(name+"/"+test.title, func(t *testing.T) {
				outage(t, func(t *testing.T, c *wsclient.Client, _ *atomic.Bool) {
					ctx, cancel := context.WithCancel(t.Context())
					if test.limit > 0 {
						ctx, cancel = context.WithTimeout(t.Context(), test.limit)
					}
					defer cancel()
					begin := time.Now()
					err := inquire(ctx, c)
					took := time.Since(begin)
					if took != test.takes || !errors.Is(err, wsclient.ErrConnection) {
						t.Errorf("got %v after %v, want ErrConnection after %v", err, took,
							test.takes)
					}
					if got := errors.Is(err, context.DeadlineExceeded); got != (test.limit > 0) {
						t.Errorf("DeadlineExceeded: %t, with a deadline of %v", got, test.limit)
					}
				})
			})
		}
	}
}

// An inquiry goes on if the broker comes back in time.
func TestInquiriesWaitForTheNextConnection(t *testing.T) {
	for name, inquire := range inquiries {
		t.Run(name, func(t *testing.T) {
			outage(t, func(t *testing.T, c *wsclient.Client, back *atomic.Bool) {
				time.AfterFunc(24*time.Second, func() { back.Store(true) })
				err := inquire(t.Context(), c)
				if errors.Is(err, wsclient.ErrConnection) {
					t.Error(err)
				}
			})
		})
	}
}

// A Watch waits for a broker that is gone until its context ends.
func TestWatchWaitsForTheBroker(t *testing.T) {
	outage(t, func(t *testing.T, c *wsclient.Client, back *atomic.Bool) {
		time.AfterFunc(time.Hour, func() { back.Store(true) })
		for _, err := range c.Watch(t.Context(), "") {
			if err != nil {
				t.Error(err)
			}
			break
		}
	})
}

// The end of a context is found by its Err and by its cause, in whatever the call was.
func TestCauseAndErr(t *testing.T) {
	outage(t, func(t *testing.T, c *wsclient.Client, _ *atomic.Bool) {
		calls := maps.Clone(inquiries)
		calls["Acquire"] = func(ctx context.Context, c *wsclient.Client) error {
			_, err := c.Acquire(ctx, "a", nil)
			return err
		}
		for name, call := range calls {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errShift)
			err := call(ctx, c)
			if !errors.Is(err, errShift) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v", name, err)
			}
			cancel()
			ctx, stop := context.WithCancelCause(t.Context())
			stop(errShift)
			if err := call(ctx, c); !errors.Is(err, errShift) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

// If a broker has stopped answering and the context of a call goes on, the error is no DeadlineExceeded.
func TestSilentBrokerIsNoDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		c := dial(t, b, wsclient.Options{NetDial: link.Dial})
		link.Freeze()
		pass(time.Minute)
		_, ping := c.Ping(t.Context())
		_, try := c.TryAcquire(t.Context(), "a", nil)
		_, wait := c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Wait: time.Second})
		for _, err := range []error{ping, try, wait} {
			said := strings.Contains(err.Error(), "no answer in time")
			if errors.Is(err, context.DeadlineExceeded) || !said {
				t.Errorf("got %v", err)
			}
		}
		link.Thaw()
	})
}
