package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// An observerLog is an Observer that numbers the calls in their contexts, and writes each report as a line.
type observerLog struct {
	mu            sync.Mutex
	text          string
	calls         int
	waiting, held int
}

// A callKey is the key of the number of a call in its context.
type callKey struct{}

func (o *observerLog) line(ctx context.Context, format string, args ...any) {
	number, _ := ctx.Value(callKey{}).(int)
	report := regexp.MustCompile(`\b[a-z0-9]{8}--`).ReplaceAllString(fmt.Sprintf(format, args...), "s--")
	report = regexp.MustCompile(`token \d+`).ReplaceAllString(report, "token 1")
	o.text += fmt.Sprintf("%d %s; %d waiting, %d held\n", number, report, o.waiting, o.held)
}

func (o *observerLog) Requested(ctx context.Context, r wsclient.RequestInfo) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	outer, _ := ctx.Value(callKey{}).(int)
	o.calls++
	o.waiting++
	ctx = context.WithValue(ctx, callKey{}, o.calls)
	o.line(ctx, "requested %s, inside %d", r.Locks, outer)
	return ctx
}

func (o *observerLog) Granted(ctx context.Context, r wsclient.RequestInfo, waited time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting--
	o.held++
	o.line(ctx, "granted %s after %v, has a token: %t", r.ID, waited, r.Token > 0)
}

func (o *observerLog) Ended(ctx context.Context, r wsclient.RequestInfo, e wsclient.Ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Granted {
		o.held--
	} else {
		o.waiting--
	}
	nested := ""
	if e.Nested {
		nested = ", nested"
	}
	o.line(ctx, "ended %s %s: waited %v, held %v, late %v%s: %v", r.Locks, e.Code, e.Waited, e.Held, e.Late, nested,
		e.Err)
}

// title begins a part of the golden file.
func (o *observerLog) title(what string) {
	pass(0) // what has happened is reported
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text += fmt.Sprintf("\n# %s\n", what)
}

// An observer follows each request, with the context of its call. The golden file shows the reports.
func TestObserver(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		o := new(observerLog)
		c := dial(t, b, wsclient.Options{Author: "me", Observe: o})
		operator := dial(t, b, wsclient.Options{Label: "ops", Author: "ops"})
		observeGrants(t, o, c)
		observeFailures(t, o, c, operator)
		observeLosses(t, o, c, operator)
		if o.waiting != 0 || o.held != 0 {
			t.Errorf("%d waiting, %d held", o.waiting, o.held)
		}
		expectGolden(t, "observer.golden", o.text)
	})
}

func observeGrants(t *testing.T, o *observerLog, c *wsclient.Client) {
	o.title("a call, one inside it for the same lock, and one for another lock")
	_ = c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
		pass(time.Second)
		_ = c.WithLock(ctx, "a", nil, func(context.Context) error { return nil })
		pass(0)
		return c.WithLock(ctx, "b", nil, func(context.Context) error { return errors.New("of the program") })
	})
	o.title("a lock that outlives its call")
	held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
	if n, _ := held.Context().Value(callKey{}).(int); n != 4 {
		t.Errorf("the context of the lock has the number %d, want 4", n)
	}
	_ = held.Release()
	o.title("options that are wrong")
	_, _ = c.Acquire(t.Context(), "", nil)
}

func observeFailures(t *testing.T, o *observerLog, c, operator *wsclient.Client) {
	held := acquire(t.Context(), t, operator, "a", wsclient.AcquireOptions{})
	o.title("a lock that is not free in time, or not at once")
	_, _ = c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Wait: time.Second})
	pass(0)
	_, _ = c.TryAcquire(t.Context(), "a", nil)
	o.title("a context that ends, and one that has ended")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("no time"))
	defer cancel()
	_, _ = c.Acquire(ctx, "a", nil)
	pass(0)
	_, _ = c.Acquire(ctx, "a", nil)
	o.title("an enclosing lock that is lost meanwhile")
	outer := acquire(t.Context(), t, c, "outer", wsclient.AcquireOptions{})
	pass(0)
	stop := time.AfterFunc(time.Second, func() { _ = operator.Evict(t.Context(), outer.ID(), "") })
	_, _ = c.Acquire(outer.Context(), "a", nil)
	stop.Stop()
	_ = held.Release()
}

func observeLosses(t *testing.T, o *observerLog, c, operator *wsclient.Client) {
	o.title("a lock that is held too long")
	acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Hold: time.Second})
	pass(time.Minute)
	o.title("a lock that is lost after its release")
	early := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{MinHold: time.Minute})
	_ = early.Release()
	_ = operator.Evict(t.Context(), early.ID(), "stuck")
	o.title("Close")
	acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
	pass(0)
	acquire(t.Context(), t, operator, "b", wsclient.AcquireOptions{})
	go func() { _, _ = c.Acquire(t.Context(), "b", nil) }()
	pass(0)
	_ = c.Close()
	if _, err := c.Acquire(t.Context(), "b", nil); !errors.Is(err, wsclient.ErrClosed) { // not reported
		t.Error(err)
	}
}

// A slowObserver blocks in Requested until it is resumed.
type slowObserver struct {
	observerLog
	resume chan struct{}
}

func (o *slowObserver) Requested(ctx context.Context, r wsclient.RequestInfo) context.Context {
	ctx = o.observerLog.Requested(ctx, r)
	<-o.resume
	return ctx
}

// Close waits for the end of each call that has begun, even if it has not sent a request yet.
func TestObserverHearsTheEndOfEachCall(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		o := &slowObserver{resume: make(chan struct{})}
		c := dial(t, b, wsclient.Options{Observe: o})
		failed := make(chan error)
		go func() { _, err := c.Acquire(t.Context(), "a", nil); failed <- err }()
		closed := make(chan struct{})
		pass(0)
		go func() { defer close(closed); _ = c.Close() }()
		pass(time.Minute)
		select {
		case <-closed:
			t.Error("Close does not wait")
		default:
		}
		close(o.resume)
		if err := <-failed; !errors.Is(err, wsclient.ErrClosed) {
			t.Error(err)
		}
		<-closed
		if o.calls != 1 || o.waiting != 0 {
			t.Errorf("%d calls, %d of them without an end", o.calls, o.waiting)
		}
	})
}

// A panickingObserver panics in its first Requested.
type panickingObserver struct {
	observerLog
	once sync.Once
}

func (o *panickingObserver) Requested(ctx context.Context, r wsclient.RequestInfo) context.Context {
	o.once.Do(func() { panic("boom") })
	return o.observerLog.Requested(ctx, r)
}

// If Requested panics, the caller gets the panic, nothing is requested, and the client goes on.
func TestObserverThatPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		o := new(panickingObserver)
		c := dial(t, b, wsclient.Options{Observe: o})
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the caller got no panic")
				}
			}()
			_, _ = c.Acquire(t.Context(), "a", nil)
		}()
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("the broker lists %v", got)
		}
		_ = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{}).Release()
		_ = c.Close() // does not wait for the call that has panicked
		if o.waiting != 0 || o.held != 0 || o.calls != 1 {
			t.Errorf("%d calls, %d waiting, %d held", o.calls, o.waiting, o.held)
		}
	})
}

// A blockingObserver blocks in Granted until it is resumed. Its Requested calls the client.
type blockingObserver struct {
	observerLog
	client *wsclient.Client
	resume chan struct{}
}

func (o *blockingObserver) Requested(ctx context.Context, r wsclient.RequestInfo) context.Context {
	_ = o.client.State() // would block if the client held its mutex
	return o.observerLog.Requested(ctx, r)
}

func (o *blockingObserver) Granted(ctx context.Context, r wsclient.RequestInfo, waited time.Duration) {
	_ = o.client.State()
	<-o.resume
	o.observerLog.Granted(ctx, r, waited)
}

// If an observer blocks, only its reports wait, and Close.
func TestObserverThatBlocks(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		o := &blockingObserver{resume: make(chan struct{})}
		o.client = dial(t, b, wsclient.Options{Observe: o})
		for range 3 {
			_ = acquire(t.Context(), t, o.client, "a", wsclient.AcquireOptions{}).Release()
		}
		held := acquire(t.Context(), t, o.client, "a", wsclient.AcquireOptions{})
		pass(time.Hour)
		if !held.Valid() {
			t.Error("the lease has ended")
		}
		closed := make(chan struct{})
		go func() { defer close(closed); _ = o.client.Close() }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close does not wait")
		default:
		}
		close(o.resume)
		<-closed
		if o.calls != 4 || o.waiting != 0 || o.held != 0 {
			t.Errorf("%d calls, %d waiting, %d held", o.calls, o.waiting, o.held)
		}
	})
}
