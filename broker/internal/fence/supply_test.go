package fence

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A recordingSource starts with a given beginning, and records the calls of Reserve and Stop.
type recordingSource struct {
	Source
	beginning core.Beginning
	slow      chan struct{} // Reserve waits for it; nil: it does not wait
	failing   []error       // the results of the next calls of Reserve
	reserved  []core.Reservation
	stale     []time.Duration // of Stop
}

func (s *recordingSource) Start() core.Beginning { return s.beginning }

func (s *recordingSource) Reserve(r core.Reservation) (err error) {
	if s.slow != nil {
		<-s.slow
	}
	if s.reserved = append(s.reserved, r); len(s.failing) > 0 {
		err, s.failing = s.failing[0], s.failing[1:]
	}
	return err
}

func (s *recordingSource) Stop(stale time.Duration, _ *core.Snapshot) error {
	s.stale = append(s.stale, stale)
	return nil
}

var errFull = errors.New("full")

// A reservation is repeated until it succeeds.
func TestReserveRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &recordingSource{failing: []error{errFull, errFull}}
		supply, began := NewSupply(source, slog.New(slog.DiscardHandler)), time.Now()
		want := core.Reservation{Limit: 1100, Stale: 15 * time.Second}
		supply.Reserve(want)
		if limit, ok := supply.AwaitFirst(); ok {
			t.Errorf("the first reservation succeeded with limit %d, although the disk is full", limit)
		}
		if limit := <-supply.Reserved(); limit != want.Limit || time.Since(began) != 2*ReserveRetry {
			t.Errorf("reserved up to %d after %v", limit, time.Since(began))
		}
		if !slices.Equal(source.reserved, []core.Reservation{want, want, want}) {
			t.Errorf("tried %v", source.reserved)
		}
		err := supply.Stop(time.Second, nil)
		if err != nil || !slices.Equal(source.stale, []time.Duration{time.Second}) {
			t.Errorf("Stop: %v, with stale %v", err, source.stale)
		}
	})
}

// A slow disk delays the start only for a limited time. Stop waits for the current attempt to
// reserve tokens, but does not try again.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &recordingSource{slow: make(chan struct{}), failing: []error{errFull}}
		supply, began := NewSupply(source, slog.New(slog.DiscardHandler)), time.Now()
		supply.Reserve(core.Reservation{Limit: 100})
		if limit, ok := supply.AwaitFirst(); ok || time.Since(began) != StartWait {
			t.Errorf("started after %v with tokens up to %d", time.Since(began), limit)
		}
		go close(source.slow)
		if err := supply.Stop(0, nil); err != nil || len(source.reserved) != 1 {
			t.Errorf("Stop: %v, after %d attempts", err, len(source.reserved))
		}
	})
}

// A run that would start after the last token does not start.
func TestNoTokensAreLeft(t *testing.T) {
	for first, want := range map[int64]error{wire.MaxInteger: nil, wire.MaxInteger + 1: ErrNoTokens} {
		source := &recordingSource{beginning: core.Beginning{First: first}}
		if _, err := Begin(source); !errors.Is(err, want) {
			t.Errorf("first token %d: got %v", first, err)
		}
	}
}

// What a run leaves in a state directory decides how the next one begins.
func TestStateDirectory(t *testing.T) {
	path := t.TempDir()
	var limit int64
	run(t, path, func(s Source, b core.Beginning) { // crashes
		if b.Grace != 0 {
			t.Errorf("a new directory: %+v", b)
		}
		limit = b.First + 1e15
		must(t, s.Reserve(core.Reservation{Limit: limit, Stale: 20 * time.Second}))
	})
	for _, step := range []struct {
		name  string
		grace time.Duration // what the run begins with
		stale time.Duration // what it stops with
	}{
		{"after a crash", 20 * time.Second, 5 * time.Second},
		{"after a stop with locks held", 5 * time.Second, 0},
		{"after a clean stop", 0, 0},
	} {
		run(t, path, func(s Source, b core.Beginning) {
			if b.First != limit || b.Grace != step.grace || b.Restored {
				t.Errorf("%s: %+v, want tokens from %d after %v", step.name, b, limit, step.grace)
			}
			must(t, s.Stop(step.stale, nil))
		})
	}
}

// run opens the directory for a run, and closes it afterwards.
func run(t *testing.T, path string, use func(Source, core.Beginning)) {
	t.Helper()
	source, err := Open(path, 15*time.Second)
	must(t, err)
	b, err := Begin(source)
	must(t, err)
	use(source, b)
	must(t, source.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
