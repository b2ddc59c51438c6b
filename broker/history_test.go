package broker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

var onePage = fstest.MapFS{"index.html": {Data: []byte("page")}}

// runBroker runs a broker until the test ends.
func runBroker(t *testing.T, config Config) *Broker {
	t.Helper()
	b, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return b
}

// The history has a point for each second of the last 15 minutes, and no more, however long the broker runs.
func TestHistoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := runBroker(t, Config{Dashboard: onePage})
		for _, test := range []struct {
			after time.Duration
			kept  int
			last  int64
		}{
			{0, 0, 0},
			{900*time.Second - 1, 899, 899},
			{1, 900, 900},
			{time.Second, 900, 901},
			{20*time.Minute - 901*time.Second, 900, 1200},
			{10 * time.Hour, 900, 37200},
		} {
			time.Sleep(test.after) //nolint:forbidigo // virtual time
			synctest.Wait()
			points, last := b.history.after(0)
			if len(points) != test.kept || last != test.last {
				t.Errorf("%d points, the last is %d; want %d, %d",
					len(points), last, test.kept, test.last)
			}
			if slices.Contains(points, point{}) {
				t.Error("some are not known")
			}
		}
	})
}

// The ring gives the same points as a list that keeps all of them.
func TestHistoryAgainstAList(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		h, list := newHistory(), []point(nil)
		for range 40 {
			number := int64(len(list)) + 1
			if random.IntN(4) == 0 {
				number += random.Int64N(2 * historyPoints)
			}
			p := point{known: true, grants: random.Int64()}
			for int64(len(list)) < number-1 {
				list = append(list, point{})
			}
			list = append(list, p)
			h.put(number, p)
			after := random.Int64N(number + 10)
			got, last := h.after(after)
			if after > number {
				after = 0
			}
			want := list[max(after, number-historyPoints):]
			if last != number || !slices.Equal(got, want) {
				t.Fatalf("seed %d: after %d of %d: %d points, want %d",
					seed, after, number, len(got), len(want))
			}
		}
	}
}

// If the process was frozen for some seconds, these are not known. The point after them has the average of
// the grants since the last known one, rounded: nobody knows in which second they were granted.
func TestHistoryOfAFrozenProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, h := runBroker(t, Config{}), newHistory()
		granted := func(n int) {
			if err := b.ask(t.Context(), func(l *loop) {
				for range n {
					l.tally.Event(&locktable.Event{Kind: locktable.Granted})
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		r := &recorder{broker: b, history: h}
		granted(3)
		r.record(t.Context(), 1)
		r.record(t.Context(), 1) // a tick that came late is followed by one that comes too early
		granted(10)
		r.record(t.Context(), 5)
		granted(2)
		r.record(t.Context(), 6)
		var got []string
		points, _ := h.after(0)
		for _, p := range points {
			if !p.known {
				got = append(got, "?")
				continue
			}
			got = append(got, fmt.Sprint(p.grants))
		}
		if text := strings.Join(got, " "); text != "3 ? ? ? 3 2" {
			t.Errorf("the grants are %s, want 3 ? ? ? 3 2", text)
		}
	})
}

// Ticks that are lost or late shift nothing: the number of a point says when it was.
func TestHistoryWithLostTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ticks, start := newHistory(), make(chan time.Time), time.Now()
		go (&recorder{broker: runBroker(t, Config{}), history: h}).follow(t.Context(), start, ticks)
		for _, test := range []struct {
			at   time.Duration
			last int64
		}{
			{time.Second, 1},
			{5900 * time.Millisecond, 5},
			{6 * time.Second, 6},
			{6900 * time.Millisecond, 6},
			{8 * time.Hour, 28800},
		} {
			time.Sleep(time.Until(start.Add(test.at))) //nolint:forbidigo // virtual time
			ticks <- time.Now()
			synctest.Wait()
			if _, last := h.after(0); last != test.last {
				t.Errorf("after %v, the last point is %d, want %d", test.at, last, test.last)
			}
		}
	})
}

// Without a dashboard, nothing keeps a history: no goroutine, no memory, no question to the loop.
func TestNoHistoryWithoutADashboard(t *testing.T) {
	for _, test := range []struct {
		config Config
		rounds bool
	}{{Config{WarnAfter: None}, false}, {Config{WarnAfter: None, Dashboard: onePage}, true}} {
		synctest.Test(t, func(t *testing.T) {
			b := runBroker(t, test.config)
			time.Sleep(time.Second) //nolint:forbidigo // virtual time
			synctest.Wait()
			before := b.loop.watchdog.rounds.Load()
			time.Sleep(time.Minute) //nolint:forbidigo // virtual time
			synctest.Wait()
			if rounds := b.loop.watchdog.rounds.Load() - before; rounds > 0 != test.rounds {
				t.Errorf("the loop has made %d rounds, dashboard: %v",
					rounds, test.config.Dashboard != nil)
			}
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			if runs := strings.Contains(string(stacks), "(*recorder).run"); runs != test.rounds {
				t.Errorf("a recorder runs: %v, dashboard: %v", runs, test.config.Dashboard != nil)
			}
			if (b.history != nil) != test.rounds {
				t.Errorf("there is a history: %v", b.history != nil)
			}
		})
	}
}
