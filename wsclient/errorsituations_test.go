package wsclient_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// situations returns all situations that begin with a connection.
func situations() []situation {
	return slices.Concat(refusals, ends, losses, outages)
}

// hold lets a client hold a lock for 3 s, before anything else happens.
func (s *scene) hold(c *wsclient.Client, name string, o wsclient.AcquireOptions) *wsclient.Lock {
	s.Helper()
	lock := acquire(s.Context(), s.T, c, name, o)
	pass(3 * time.Second)
	return lock
}

// acquire returns the error of an Acquire of the client.
func (s *scene) acquire(ctx context.Context, name string, o wsclient.AcquireOptions) error {
	lock, err := s.client.Acquire(ctx, name, &o)
	if err == nil {
		_ = lock.Release()
	}
	return err
}

// try returns the error of a TryAcquire of the client.
func (s *scene) try(ctx context.Context, name string) error {
	lock, err := s.client.TryAcquire(ctx, name, nil)
	if err == nil {
		_ = lock.Release()
	}
	return err
}

var short = wsclient.AcquireOptions{Wait: 2 * time.Second}

// refusals are the errors of the broker, and of what the client refuses itself.
var refusals = []situation{
	{title: "bad requests", act: func(s *scene) {
		s.tell(
			s.acquire(s.Context(), "", wsclient.AcquireOptions{}),
			s.acquire(s.Context(), "a", wsclient.AcquireOptions{Limit: 3}),
			s.acquire(s.Context(), "a", wsclient.AcquireOptions{Wait: -1}),
			s.client.Evict(s.Context(), wsclient.ID{}, ""),
		)
	}},
	{title: "somebody else holds the lock", act: func(s *scene) {
		s.hold(s.other, "a", wsclient.AcquireOptions{})
		s.tell(s.try(s.Context(), "a"), s.acquire(s.Context(), "a", short))
	}},
	{title: "this client holds the lock, and the context of the lock was not passed on", act: func(s *scene) {
		s.hold(s.client, "a", wsclient.AcquireOptions{Author: "import"})
		s.tell(s.try(s.Context(), "a"), s.acquire(s.Context(), "a", short))
	}},
	{title: "this client has released the lock, and its MinHold has not passed", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{MinHold: time.Minute})
		_ = lock.Release()
		s.tell(s.try(s.Context(), "a"), s.acquire(s.Context(), "a", short), s.acquireBriefly("a"))
	}},
	{title: "the call is inside a shared lock", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{Mode: wsclient.Shared})
		s.tell(s.try(lock.Context(), "a"))
	}},
	{title: "the request would wait for itself", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{Mode: wsclient.Shared})
		s.tell(s.acquire(lock.Context(), "a", wsclient.AcquireOptions{}))
	}},
	{title: "a waiter is evicted", act: func(s *scene) {
		s.hold(s.other, "a", wsclient.AcquireOptions{})
		waits := startAcquire(s.Context(), s.client, "a", nil)
		_ = s.other.Evict(s.Context(), wsclient.ID{Session: s.client.Session()}, "stuck since noon")
		<-waits.done
		s.tell(waits.err)
	}},
	{title: "there is no such request", act: func(s *scene) {
		_, err := s.client.Why(s.Context(), wsclient.ID{Session: "abcd", N: 7})
		s.tell(err, s.client.Evict(s.Context(), wsclient.ID{Session: "abcd", N: 7}, ""))
	}},
	{title: "too many requests", config: broker.Config{Limits: wire.Limits{Requests: 1}}, act: func(s *scene) {
		s.hold(s.client, "a", wsclient.AcquireOptions{})
		s.tell(s.acquire(s.Context(), "b", wsclient.AcquireOptions{}))
	}},
	{title: "the broker grants nothing", act: func(s *scene) {
		config := broker.Config{StateDir: s.dir, Drain: broker.None}
		b := brokertest.Start(s.T, config)
		holder := dialInspector(s.T, b) // so its session ends with the broker
		acquire(s.Context(), s.T, holder, "a", wsclient.AcquireOptions{})
		b.Stop() // with a lock that is held
		b = brokertest.Start(s.T, config)
		defer b.Stop()
		s.client = dial(s.T, b)
		s.tell(s.try(s.Context(), "a"), s.acquire(s.Context(), "a", short), s.acquireBriefly("a"))
	}},
	{title: "the broker drains", config: broker.Config{Drain: time.Minute}, act: func(s *scene) {
		held := s.hold(s.other, "a", wsclient.AcquireOptions{})
		var stopping sync.WaitGroup
		stopping.Go(s.broker.Stop)
		synctest.Wait()
		s.tell(s.try(s.Context(), "b"), s.acquire(s.Context(), "b", short), s.acquireBriefly("b"))
		_ = held.Release()
		stopping.Wait()
	}},
}

// acquireBriefly returns the error of an Acquire whose context ends after 2 s.
func (s *scene) acquireBriefly(name string, also ...string) error {
	ctx, cancel := context.WithTimeout(s.Context(), 2*time.Second)
	defer cancel()
	var o wsclient.AcquireOptions
	for _, name := range also {
		o.Also = append(o.Also, wsclient.LockSpec{Name: name})
	}
	return s.acquire(ctx, name, o)
}

var errShift = errors.New("the shift is over")

// ends are the errors of calls whose contexts end first.
var ends = []situation{
	{title: "the context ends while somebody else holds the lock", act: func(s *scene) {
		s.hold(s.other, "a", wsclient.AcquireOptions{})
		s.tell(s.acquireBriefly("a"))
	}},
	{title: "the context ends while the lock is shared by others", act: func(s *scene) {
		shared := wsclient.AcquireOptions{Mode: wsclient.Shared}
		s.hold(s.other, "a", shared)
		s.hold(s.client, "a", shared)
		s.tell(s.acquireBriefly("a"))
	}},
	{title: "the context ends while this client holds the lock", act: func(s *scene) {
		s.hold(s.client, "a", wsclient.AcquireOptions{})
		s.tell(s.acquireBriefly("a"))
	}},
	{title: "the context ends while one of several locks is held", act: func(s *scene) {
		s.hold(s.other, "b", wsclient.AcquireOptions{})
		s.tell(s.acquireBriefly("a", "b"))
	}},
	{title: "the context has a cause", act: func(s *scene) {
		s.hold(s.other, "a", wsclient.AcquireOptions{})
		ctx, cancel := context.WithTimeoutCause(s.Context(), 2*time.Second, errShift)
		defer cancel()
		s.tell(s.acquire(ctx, "a", wsclient.AcquireOptions{}))
		ctx, stop := context.WithCancelCause(s.Context())
		waits := startAcquire(ctx, s.client, "a", nil)
		stop(errShift)
		<-waits.done
		s.tell(waits.err)
	}},
	{title: "the context has ended before the call", act: func(s *scene) {
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		s.tell(s.acquire(ctx, "a", wsclient.AcquireOptions{}))
	}},
	{title: "the context ends and the broker does not answer", act: func(s *scene) {
		s.hold(s.other, "a", wsclient.AcquireOptions{})
		s.link.Freeze()
		s.tell(s.acquireBriefly("a"))
		ctx, cancel := context.WithTimeout(s.Context(), time.Second)
		defer cancel()
		try := s.try(ctx, "a")
		ctx, stop := context.WithTimeout(s.Context(), time.Second)
		defer stop()
		_, why := s.client.WhyLock(ctx, "a")
		s.tell(try, why)
		s.link.Thaw()
	}},
}

// losses are the causes with which the contexts of locks end.
var losses = []situation{
	{title: "a lock is released", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		ctx := lock.Context()
		s.tell(lock.Release(), context.Cause(ctx), s.acquire(ctx, "a", wsclient.AcquireOptions{}))
	}},
	{title: "an operator evicts the holder", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		_ = s.other.Evict(s.Context(), lock.ID(), "stuck since noon")
		synctest.Wait()
		ctx := context.WithoutCancel(lock.Context())
		s.tell(context.Cause(lock.Context()), s.acquire(ctx, "b", wsclient.AcquireOptions{}))
	}},
	{title: "another request steals the lock", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		acquire(s.Context(), s.T, s.other, "a", wsclient.AcquireOptions{Steal: true})
		s.tell(lock.Release())
	}},
	{title: "the hold has passed", act: func(s *scene) {
		s.tell(s.client.WithLock(s.Context(), "a", &wsclient.AcquireOptions{Hold: time.Second},
			func(ctx context.Context) error {
				<-ctx.Done()
				return errShift
			}))
	}},
	{title: "several locks are lost", act: func(s *scene) {
		three := []wsclient.LockSpec{{Name: "b"}, {Name: "c"}, {Name: "d"}}
		one := []wsclient.LockSpec{{Name: "y"}}
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{Hold: time.Second, Also: three})
		two := s.hold(s.client, "x", wsclient.AcquireOptions{Hold: time.Second, Also: one})
		s.tell(lock.Release(), two.Release())
	}},
	{title: "the connection is cut", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		s.link.Cut()
		synctest.Wait()
		s.tell(lock.Release())
	}},
	{title: "the broker stops", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		s.broker.Stop()
		synctest.Wait()
		s.tell(lock.Release())
	}},
	{title: "the broker does not answer", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		s.link.Freeze()
		pass(10 * time.Second)
		s.tell(lock.Release())
		s.link.Thaw()
	}},
	{title: "the client is closed", act: func(s *scene) {
		lock := s.hold(s.client, "a", wsclient.AcquireOptions{})
		_ = s.client.Close()
		s.tell(lock.Release(), s.client.Err(), s.acquire(s.Context(), "a", wsclient.AcquireOptions{}))
	}},
}

// outages are the errors of calls while there is no connection.
var outages = []situation{
	{title: "the broker is gone", act: func(s *scene) {
		s.broker.Stop()
		synctest.Wait()
		s.tell(s.try(s.Context(), "a"))
		pass(time.Minute)
		s.tell(s.try(s.Context(), "a"), s.acquire(s.Context(), "a", short), s.acquireBriefly("a"))
	}},
	{title: "the broker is gone, and the context has no deadline", act: func(s *scene) {
		s.broker.Stop()
		pass(time.Minute)
		_, why := s.client.Why(s.Context(), wsclient.ID{Session: "abcd", N: 7})
		_, whyLock := s.client.WhyLock(s.Context(), "a")
		_, ping := s.client.Ping(s.Context())
		evict := s.client.Evict(s.Context(), wsclient.ID{Session: "abcd", N: 7}, "")
		for _, err := range s.client.Info(s.Context(), nil) {
			s.tell(err)
		}
		s.tell(why, whyLock, ping, evict)
	}},
	{title: "the broker is gone, and the context ends", act: func(s *scene) {
		s.broker.Stop()
		pass(time.Minute)
		ctx, cancel := context.WithTimeout(s.Context(), 2*time.Second)
		defer cancel()
		_, why := s.client.WhyLock(ctx, "a")
		s.tell(why)
		for _, err := range s.client.Watch(ctx, "") {
			s.tell(err)
		}
	}},
	{title: "the connection ends before the answer", act: func(s *scene) {
		s.link.Freeze()
		_, err := s.client.WhyLock(s.Context(), "a")
		s.tell(err)
		s.link.Thaw()
	}},
	{title: "the client does not reconnect", act: func(s *scene) {
		s.hold(s.other, "a", wsclient.AcquireOptions{})
		c := dial(s.T, s.broker, wsclient.Options{NoReconnect: true, NetDial: s.link.Dial})
		waits := startAcquire(s.Context(), c, "a", nil)
		s.link.Cut()
		<-waits.done
		<-c.Done()
		s.tell(waits.err, c.Err())
	}},
}
