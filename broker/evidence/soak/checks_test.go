//go:build linux

package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	lockbroker "github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/trend"
	"github.com/lockbroker/lockbroker/wsclient"
)

// watched returns a soak in front of a broker in this process, without clients.
func watched(t *testing.T) (_ *soak, url string) {
	t.Helper()
	url, stop, err := brokertest.Listen(lockbroker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s := newSoak(&config{Timeout: 100 * time.Millisecond, Names: 1, Log: io.Discard}, t.TempDir())
	s.operator, s.bystanders = dial(t, url), &bystanders{
		client: dial(t, url), broker: s.broker, tally: s.tally, pauses: &pauses{limit: time.Minute},
	}
	return s, url
}

func dial(t *testing.T, url string) *wsclient.Client {
	t.Helper()
	client, err := wsclient.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func hold(t *testing.T, client *wsclient.Client, name string) *wsclient.Lock {
	t.Helper()
	lock, err := client.Acquire(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// brokenIn returns the promises that a soak has seen broken.
func brokenIn(s *soak) (promises []promise.Promise) {
	for _, p := range promise.All() {
		if s.tally.broken[p] != nil {
			promises = append(promises, p)
		}
	}
	return promises
}

// TestLeftHolder checks that a lock that is still held in a calm is found, and that it cannot be acquired.
func TestLeftHolder(t *testing.T) {
	s, _ := watched(t)
	for _, name := range []string{"bystander/0", "bystander/1", "bystander/2"} {
		hold(t, s.bystanders.client, name)
	}
	held, waiting, err := s.leftRequests(t.Context())
	if err != nil || held != nil || waiting != nil {
		t.Fatalf("%q, %q, %v; want nothing left", held, waiting, err)
	}
	s.checkAcquirable(t.Context())
	if got := brokenIn(s); got != nil {
		t.Fatalf("%v broken, but nothing is", got)
	}
	hold(t, s.bystanders.client, "exclusive/0")
	held, _, err = s.leftRequests(t.Context())
	if err != nil || len(held) != 1 || !strings.HasPrefix(held[0], "exclusive/0 by ") {
		t.Errorf("%q, %v; want the holder of exclusive/0", held, err)
	}
	s.checkAcquirable(t.Context())
	if got := brokenIn(s); !slices.Equal(got, []promise.Promise{promise.Liveness}) {
		t.Errorf("%v broken, want liveness", got)
	}
}

// TestLeftSession checks that a session without a client is found.
func TestLeftSession(t *testing.T) {
	s, url := watched(t)
	strange, err := s.strangeSessions(t.Context())
	if err != nil || strange != nil {
		t.Fatalf("%q, %v; want no strange session", strange, err)
	}
	other := dial(t, url)
	strange, err = s.strangeSessions(t.Context())
	if err != nil || len(strange) != 1 || !strings.HasPrefix(strange[0], other.Session()) {
		t.Errorf("%q, %v; want the session of the other client", strange, err)
	}
}

// TestListing checks that a difference between clients and listing is found.
func TestListing(t *testing.T) {
	s, _ := watched(t)
	lock := hold(t, s.bystanders.client, "calm/own/x/0")
	listed, err := s.listCalm(t.Context())
	want := record.Held{Lock: "calm/own/x/0", ID: lock.ID().String(), Token: lock.Token()}
	if err != nil || !slices.Equal(listed, []record.Held{want}) {
		t.Fatalf("%+v, %v; want %+v", listed, err, want)
	}
	if text := difference(nil, listed); !strings.HasPrefix(text, "[not held: {Lock:calm/own/x/0 ") {
		t.Errorf("got %s", text)
	}
	if text := difference(listed, nil); !strings.HasPrefix(text, "[not listed: {Lock:calm/own/x/0 ") {
		t.Errorf("got %s", text)
	}
}

// TestBystander checks that a bystander that loses its lock is found, unless its connection has ended while the broker
// had trouble.
func TestBystander(t *testing.T) {
	for _, test := range []struct{ evicted, trouble, excused bool }{
		{false, true, true}, {false, false, false}, {true, true, false},
	} {
		s, url := watched(t)
		proxy, err := faultproxy.Listen(strings.TrimPrefix(url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(proxy.Close)
		s.bystanders.client = dial(t, "ws://"+proxy.Addr())
		s.broker.process = &child{done: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			s.bystanders.hold(ctx, "bystander/0")
			close(ended)
		}()
		id := s.awaitHolder(t)
		if test.trouble {
			s.broker.beginTrouble()()
		}
		if test.evicted {
			err = s.operator.Evict(ctx, id, "")
		} else {
			proxy.Conns()[0].Reset(faultproxy.Both)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-ended
		cancel()
		got, excused := brokenIn(s), s.tally.losses["bystander: excused"] == 1
		if (got == nil) != test.excused || excused != test.excused {
			t.Errorf("%+v: broken: %v, losses %v", test, got, s.tally.losses)
		}
	}
}

// awaitHolder waits until a request holds, and returns its id.
func (s *soak) awaitHolder(t *testing.T) (id wsclient.ID) {
	t.Helper()
	if !until(t.Context(), patience, func() bool {
		for lock, err := range s.operator.Info(t.Context(), nil) {
			if err == nil && lock.Holding == 1 {
				id = lock.Holders[0].ID
			}
		}
		return !id.IsZero()
	}) {
		t.Fatal("nobody holds")
	}
	return id
}

// TestTrend checks that a measure that grows breaks the run, and that a new broker process begins a new block.
func TestTrend(t *testing.T) {
	for _, test := range []struct {
		growth float64 // in KB an hour
		lives  int
		rises  bool
	}{{100, 1, false}, {100_000, 1, true}, {100_000, 2, true}} {
		s := newSoak(&config{Log: io.Discard}, "")
		for life := range test.lives {
			s.measures[0].series.Begin()
			for n := range 40 {
				at := float64(life*40+n) / 60
				s.measures[0].series.Add(trend.Sample{At: at, Value: 5000 + test.growth*float64(n)/60})
			}
		}
		r := s.report(false)
		if r.Passed == test.rises || r.Measures[0].Trend.Rises != test.rises {
			t.Errorf("%+v: passed: %v, %+v", test, r.Passed, r.Measures[0].Trend)
		}
		if strings.Contains(r.verdict(), "broker heap rises") != test.rises ||
			strings.Contains(r.verdict(), "too short") {
			t.Errorf("%+v: %s", test, r.verdict())
		}
	}
}

// TestViolation checks that a violation and an unexpected error break the run, and are in the report.
func TestViolation(t *testing.T) {
	s := newSoak(&config{Log: io.Discard}, "")
	if r := s.report(false); !r.Passed || !strings.Contains(r.verdict(), "; too short to show") {
		t.Errorf("nothing is broken: %s", r.verdict())
	}
	s.tally.check(promise.Grace, false, "a grant")
	s.tally.add(&record.Counts{Unexpected: []string{"an error"}})
	r := s.report(false)
	if want := "FAILED: P8 grace broken 1 times, 1 unexpected errors"; r.Passed || !strings.HasPrefix(r.verdict(),
		want) {
		t.Errorf("%s; want %s", r.verdict(), want)
	}
	for _, want := range []string{"### P8 grace: 1\n\n- at ", ": a grant\n",
		"### Unexpected errors: 1\n\n- at ", ": an error\n"} {
		if !strings.Contains(r.markdown(), want) {
			t.Errorf("the report lacks %q:\n%s", want, r.markdown())
		}
	}
}
