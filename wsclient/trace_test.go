package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// traceText returns a trace that writes each report as a line, and the lines. It needs no mutex, because the reports
// come one after another. Ids are written without the session, which is random, and errors without the token.
func traceText() (*wsclient.Trace, *strings.Builder) {
	text := new(strings.Builder)
	session, token := regexp.MustCompile(`\b[a-z0-9]{8}--`), regexp.MustCompile(`token \d+`)
	line := func(format string, args ...any) {
		report := session.ReplaceAllString(fmt.Sprintf(format, args...), "s--")
		fmt.Fprintln(text, token.ReplaceAllString(report, "token 1"))
	}
	name := func(r wsclient.RequestInfo) string {
		return fmt.Sprintf("%s %q %s by %s", r.Locks, r.ID, r.Mode, r.Author)
	}
	return &wsclient.Trace{
		Requested: func(r wsclient.RequestInfo) { line("requested %s", name(r)) },
		Queued:    func(r wsclient.RequestInfo) { line("queued    %s", name(r)) },
		Granted: func(r wsclient.RequestInfo, waited time.Duration) {
			line("granted   %s after %v: token %t", name(r), waited, r.Token > 0)
		},
		Failed: func(r wsclient.RequestInfo, waited time.Duration, err error) {
			line("failed    %s after %v: %v", name(r), waited, err)
		},
		Released: func(r wsclient.RequestInfo, held time.Duration) {
			line("released  %s after %v", name(r), held)
		},
		Lost: func(r wsclient.RequestInfo, held time.Duration, err error) {
			line("lost      %s after %v: %v", name(r), held, err)
		},
		Connected: func(session string) { line("connected %d", len(session)) },
		DialFailed: func(attempt int, err error, next time.Duration) {
			line("attempt %d failed: %v; %t", attempt, err, next >= 0)
		},
		State: func(state wsclient.State, why error) { line("state %v: %v", state, why) },
	}, text
}

// A trace reports what happens, in the order of the events. The golden file shows the reports.
func TestTrace(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		trace, text := traceText()
		title := func(what string) {
			pass(0) // what has happened is reported
			fmt.Fprintf(text, "\n# %s\n", what)
		}
		fmt.Fprintln(text, "# Dial")
		c := dial(t, b, wsclient.Options{Label: "test", Author: "me", Trace: trace})
		operator := dial(t, b, wsclient.Options{Label: "ops", Author: "ops"})
		traceRequests(t, c, operator, title)
		traceLosses(t, c, operator, title)
		title("Close")
		acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		_ = c.Close()
		if _, err := c.Acquire(t.Context(), "b", nil); !errors.Is(err, wsclient.ErrClosed) { // not reported
			t.Error(err)
		}
		expectGolden(t, "trace.golden", text.String())
	})
}

func traceRequests(t *testing.T, c, operator *wsclient.Client, title func(string)) {
	title("a lock that is free, and calls inside it")
	_ = c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
		pass(time.Second)
		return c.WithLock(ctx, "a", nil, func(ctx context.Context) error {
			also := &wsclient.AcquireOptions{Author: "inner", Also: []wsclient.LockSpec{{Name: "b"}}}
			return c.WithLock(ctx, "a", also, func(context.Context) error { return nil })
		})
	})
	title("a lock that is not free for 2s")
	held := acquire(t.Context(), t, operator, "a", wsclient.AcquireOptions{})
	free := time.AfterFunc(2*time.Second, func() { _ = held.Release() })
	_ = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{}).Release()
	free.Stop()
	title("a lock that is not free in time, or not free at once, and one that nobody can have")
	held = acquire(t.Context(), t, operator, "a", wsclient.AcquireOptions{})
	_, _ = c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Wait: time.Second})
	_, _ = c.TryAcquire(t.Context(), "a", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	_, _ = c.Acquire(ctx, "a", nil)
	_, _ = c.Acquire(ctx, "a", nil) // ctx has ended
	cancel()
	_ = held.Release()
	title("a shared lock that its holder releases before its MinHold")
	shared := wsclient.AcquireOptions{Mode: wsclient.Shared, MinHold: time.Minute}
	held = acquire(t.Context(), t, c, "s", shared)
	pass(time.Second)
	_ = held.Release()
	pass(time.Minute)
}

func traceLosses(t *testing.T, c, operator *wsclient.Client, title func(string)) {
	title("a lock that is lost, and a call inside it")
	held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
	acquire(held.Context(), t, c, "a", wsclient.AcquireOptions{})
	pass(time.Second)
	_ = operator.Evict(t.Context(), held.ID(), "stuck")
	title("a lock that is lost after its release")
	held = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{MinHold: time.Minute})
	_ = held.Release()
	_ = operator.Evict(t.Context(), held.ID(), "stuck")
}

// A trace reports each attempt to connect, and the resubmission of what waits.
func TestTraceOfConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		trace, text := traceText()
		var failures atomic.Int64 // how many attempts are still to fail
		link := b.NewLink()
		c := dial(t, b, wsclient.Options{Author: "me", Trace: trace, NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			if failures.Add(-1) >= 0 {
				return nil, errors.New("no route")
			}
			return link.Dial(ctx, network, address)
		}})
		acquire(t.Context(), t, c, "held", wsclient.AcquireOptions{})
		acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() { _, _ = c.Acquire(ctx, "a", nil) }()
		pass(0)
		failures.Store(2)
		link.Cut()
		pass(2 * time.Minute)
		_ = c.Close()
		expectGolden(t, "trace-connections.golden", text.String())
	})
}

// Every failed attempt to connect names the URL, the first one like those that follow.
func TestTraceOfTheFirstConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		var reports []error
		trace := &wsclient.Trace{
			DialFailed: func(_ int, err error, _ time.Duration) { reports = append(reports, err) },
			State: func(state wsclient.State, why error) {
				if state == wsclient.Connecting {
					reports = append(reports, why)
				}
			},
		}
		noRoute := func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no route")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := wsclient.Dial(ctx, b.URL(),
			&wsclient.Options{WaitForBroker: true, Trace: trace, NetDial: noRoute})
		if !errors.Is(err, context.DeadlineExceeded) || len(reports) < 4 {
			t.Errorf("got %v after %d reports", err, len(reports))
		}
		for _, report := range reports {
			failed := new(wsclient.DialError)
			named := strings.HasPrefix(report.Error(), "dial ws://broker.test/ws: ")
			if !named || !errors.As(report, &failed) {
				t.Errorf("reported: %v", report)
			}
		}
	})
}
