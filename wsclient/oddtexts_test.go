package wsclient_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// reasons is an error that cannot be compared, as those of some validators.
type reasons []string

func (r reasons) Error() string { return strings.Join(r, ", ") }

// The cause of a context may be of a type that cannot be compared.
func TestCauseThatCannotBeCompared(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		ctx, cancel := context.WithCancelCause(t.Context())
		waits := startAcquire(ctx, dial(t, b), "a", nil)
		cancel(reasons{"late", "tired"})
		<-waits.done
		var found reasons
		if !errors.As(waits.err, &found) || !errors.Is(waits.err, context.Canceled) {
			t.Errorf("got %v", waits.err)
		}
	})
}

// If a broker sends what no broker sends, the error of the connection has no byte that a terminal would obey.
func TestOddTextOfTheBroker(t *testing.T) {
	for _, frame := range []string{
		`{"type":"error","code":"bad\u001b[2J","message":"two\nlines \u001b[2J"}`,
		`{"type":"\u001b[2J\n"}`,
		`{"type":"granted","id":"\u001b[2J--0","token":1}`,
		`{"type":"granted","\u001b[2J":1,"id":"aaaaaaaa--0","token":"\u001b[2J"}`,
		"{\"type\":\x1b",
		"\x1b[2J" + strings.Repeat("x", 10_000),
		`{"type":"error","code":"` + strings.Repeat("x", 10_000) +
			`","message":"` + strings.Repeat("y", 10_000) + `"}`,
		`{"type":"error","id":"aaaaaaaa--0","code":"\u001b","message":"\u001b[2J\n","by":"\u001b"}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			a := stageClient(t)
			waits := startAcquire(t.Context(), a.client, "a\x1b", nil)
			a.say(frame)
			pass(time.Second)
			select {
			case <-waits.done:
				checkText(t, frame, waits.err)
			default:
				_, err := a.client.TryAcquire(t.Context(), "a", nil)
				checkText(t, frame, err)
			}
		})
	}
}

// checkText asserts that the text of an error is printable and short.
func checkText(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%.40q: no error", what)
		return
	}
	text := err.Error()
	odd := strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) })
	if odd || len(text) > 2000 {
		t.Errorf("%.40q: got an error of %d bytes: %.300q", what, len(text), text)
	}
}

// Close ends every call with ErrClosed, whatever the call waits for.
func TestCloseDuringEachCall(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *wsclient.Client) error{
		"acquire": func(ctx context.Context, c *wsclient.Client) error {
			_, err := c.Acquire(ctx, "a", nil)
			return err
		},
		"try": func(ctx context.Context, c *wsclient.Client) error {
			_, err := c.TryWithLock(ctx, "a", nil, func(context.Context) error { return nil })
			return err
		},
		"elect": func(ctx context.Context, c *wsclient.Client) error {
			return c.Elect(ctx, "a", nil, func(context.Context) error { return nil })
		},
		"info": func(ctx context.Context, c *wsclient.Client) (err error) {
			for _, err = range c.Info(ctx, nil) {
				break
			}
			return err
		},
		"clients": func(ctx context.Context, c *wsclient.Client) (err error) {
			for _, err = range c.Clients(ctx, nil) {
				break
			}
			return err
		},
		"watch": func(ctx context.Context, c *wsclient.Client) (err error) {
			for _, err = range c.Watch(ctx, "") {
				if err != nil {
					break
				}
			}
			return err
		},
		"why": func(ctx context.Context, c *wsclient.Client) error {
			_, err := c.WhyLock(ctx, "a")
			return err
		},
		"ping": func(ctx context.Context, c *wsclient.Client) error { _, err := c.Ping(ctx); return err },
		"evict": func(ctx context.Context, c *wsclient.Client) error {
			return c.Evict(ctx, wsclient.ID{Session: "a"}, "")
		},
	}
	for name, call := range calls {
		for _, online := range []bool{true, false} {
			if !online && name == "try" { // it fails at once
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				b := brokertest.Start(t, broker.Config{Drain: broker.None})
				defer b.Stop()
				link := b.NewLink()
				c := dial(t, b, wsclient.Options{NetDial: link.Dial})
				acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
				if link.Freeze(); !online {
					pass(20 * time.Second)
				}
				done := make(chan error, 1)
				go func() { done <- call(t.Context(), c) }()
				synctest.Wait()
				go func() { _ = c.Close() }()
				begin := time.Now()
				err := <-done
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("%s, online %t: it took %v", name, online, took)
				}
				if !errors.Is(err, wsclient.ErrClosed) || errors.Is(err, wsclient.ErrConnection) {
					t.Errorf("%s, online %t: got %v", name, online, err)
				}
				link.Thaw()
				pass(time.Minute)
			})
		}
	}
}

// If an earlier question about the lock shows the request that the caller has just given up, the error does not say
// that this client holds the lock.
func TestOwnRequestIsNoHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		first, stopFirst := context.WithCancel(t.Context())
		second, stopSecond := context.WithCancel(t.Context())
		one := startAcquire(first, a.client, "a", nil)
		two := startAcquire(second, a.client, "a", nil)
		stopFirst()
		synctest.Wait()
		stopSecond()
		synctest.Wait()
		a.say(`{"type":"info","id":"aaaaaaaa--2","locks":[{"name":"a","seq":1,` +
			`"holders":[{"id":"aaaaaaaa--1","mode":"exclusive","token":7,"locks":["a"],"duration_ms":5}],` +
			`"waiters":[],"holding":1,"waiting":0,"grants":1}]}`)
		<-one.done
		<-two.done
		if want := `acquire "a": context canceled`; two.err.Error() != want {
			t.Errorf("got  %v\nwant %s", two.err, want)
		}
		if !strings.Contains(one.err.Error(), "held by this client") {
			t.Errorf("got %v", one.err)
		}
	})
}
