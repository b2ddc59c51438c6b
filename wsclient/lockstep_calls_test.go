package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A pairedCall is a call of both clients.
type pairedCall struct {
	request  simclient.Request
	outer    simclient.Request // around it
	cancel   context.CancelFunc
	done     chan struct{} // closed when Acquire has returned:
	lock     *wsclient.Lock
	err      error
	released bool
	releases chan error // the result of Release
	freed    string     // that result, once it was received
}

// state describes the call as its caller sees it.
func (c *pairedCall) state() string {
	select {
	case <-c.done:
	default:
		return "waiting"
	}
	if c.lock == nil {
		return className(c.err)
	}
	if !c.released {
		if cause := context.Cause(c.lock.Context()); cause != nil {
			return "stopped"
		}
		return "holding"
	}
	select {
	case err := <-c.releases:
		c.freed = "released"
		if err != nil {
			c.freed = className(err)
		}
	default:
	}
	if c.freed == "" {
		return "releasing"
	}
	return c.freed
}

// className says what kind of error a call has returned.
func className(err error) string {
	var refusal *wsclient.Error
	switch {
	case errors.Is(err, context.Canceled) && !errors.Is(err, wsclient.ErrClosed):
		return "given up"
	case errors.As(err, &refusal):
		return "refused " + string(refusal.Code)
	case errors.Is(err, wsclient.ErrTimeout):
		return "refused timeout"
	case errors.Is(err, wsclient.ErrReleased), errors.Is(err, wsclient.ErrLost):
		return "lost"
	case errors.Is(err, wsclient.ErrClosed):
		return "closed"
	case errors.Is(err, wsclient.ErrConnection):
		return "disconnected"
	}
	return err.Error()
}

// simulated describes the request of the simulated client in the same words.
func (c *pairedCall) simulated(s *simclient.Status) string {
	switch {
	case s.Stopped && !c.released:
		return "stopped"
	case s.State != simclient.Ended:
		return s.State.String()
	}
	switch s.End.How {
	case simclient.Refused:
		return "refused " + string(s.End.Code)
	case simclient.TimedOut:
		return "refused timeout"
	case simclient.Invalid:
		return "refused bad_request"
	case simclient.Cancelled:
		return "given up"
	case simclient.Lost, simclient.OuterLost:
		return "lost"
	case simclient.Closed:
		return "closed"
	case simclient.Disconnected:
		return "disconnected"
	case simclient.Released:
		return "released"
	}
	return fmt.Sprint(s.End)
}

// acquire makes a random call.
func (l *lockstep) acquire() {
	c := &pairedCall{
		request: simclient.Request(len(l.calls) + 1), done: make(chan struct{}), releases: make(chan error, 1),
	}
	ctx := l.t.Context()
	if outer := l.holder(); outer != nil && l.oneIn(2) {
		ctx, c.outer = outer.lock.Context(), outer.request
	}
	ctx, c.cancel = context.WithCancel(ctx)
	names := []string{"a", "b", "c"}
	l.dice.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:1+l.below(2)]
	real, sim := l.options(names)
	sim.Outer = c.outer
	l.calls = append(l.calls, c)
	call := l.client.Acquire
	if sim.Once {
		call = l.client.TryAcquire
	}
	go func() {
		defer close(c.done)
		c.lock, c.err = call(ctx, names[0], &real)
	}()
	l.step(fmt.Sprintf("acquire %d %+v", c.request, sim), func(at simclient.Instant) {
		if r := l.sim.Acquire(at, sim); r != c.request {
			l.fail("the request has the number %d", r)
		}
	})
}

// options returns random options for both clients.
func (l *lockstep) options(names []string) (real wsclient.AcquireOptions, sim simclient.Options) {
	some := func() time.Duration { return time.Duration(1+l.below(9_000_000)) * time.Microsecond }
	real.Mode = wire.Mode(l.below(2))
	if l.oneIn(3) {
		real.Wait = some()
	}
	if l.oneIn(4) {
		real.Hold = some() + 10*time.Second
	}
	if l.oneIn(6) {
		real.MinHold = some()
	}
	if l.oneIn(10) {
		real.Steal, real.Mode = true, wire.Exclusive
	}
	for _, name := range names[1:] {
		real.Also = append(real.Also, wsclient.LockSpec{Name: name, Mode: real.Mode})
	}
	sim = simclient.Options{
		Wait: real.Wait, Hold: real.Hold, MinHold: real.MinHold, Steal: real.Steal, Once: l.oneIn(5),
	}
	for _, name := range names {
		sim.Locks = append(sim.Locks, wire.LockSpec{Name: name, Mode: real.Mode})
	}
	return real, sim
}

// pick returns a random call in that state, or nil.
func (l *lockstep) pick(states ...simclient.State) *pairedCall {
	var found []*pairedCall
	for _, c := range l.calls {
		status := l.sim.Status(c.request)
		for _, state := range states {
			if status.State == state {
				found = append(found, c)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[l.below(len(found))]
}

// holder returns a random call that holds, or nil.
func (l *lockstep) holder() *pairedCall {
	c := l.pick(simclient.Holding)
	if c == nil || l.sim.Status(c.request).Stopped {
		return nil
	}
	return c
}

func (l *lockstep) giveUp() {
	if c := l.pick(simclient.Waiting); c != nil {
		c.cancel()
		l.step(fmt.Sprint("give up ", c.request), func(at simclient.Instant) {
			l.sim.Settle(at, c.request, true)
		})
	}
}

func (l *lockstep) release() {
	c := l.pick(simclient.Holding)
	if c == nil {
		return
	}
	c.released = true
	go func() { c.releases <- c.lock.Release() }()
	l.step(fmt.Sprint("release ", c.request), func(at simclient.Instant) { l.sim.Release(at, c.request) })
}

func (l *lockstep) checkValid() {
	c := l.pick(simclient.Holding)
	if c == nil {
		return
	}
	got := c.lock.Valid()
	l.step(fmt.Sprint("valid ", c.request), func(at simclient.Instant) {
		if peek := l.sim.PeekValid(at, c.request); peek != got {
			l.fail("Valid returns %t, and PeekValid %t", got, peek)
		}
		if want := l.sim.Valid(at, c.request); want != got {
			l.fail("Valid returns %t, and that of the simulated client %t", got, want)
		}
	})
}

// close closes or drains the client.
func (l *lockstep) close() {
	l.closes = true
	if l.oneIn(2) {
		go func() { _ = l.client.Drain(context.Background()) }()
		l.step("drain", l.sim.Drain)
		for range 30 {
			l.anything()
		}
	}
	go func() { _ = l.client.Close() }()
	l.step("close", l.sim.Close)
}
