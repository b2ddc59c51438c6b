package fence

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/statedir"
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

func (s *recordingSource) Stop(stale time.Duration) error {
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
		err := supply.Stop(time.Second)
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
		if err := supply.Stop(0); err != nil || len(source.reserved) != 1 {
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
	const timeout = 15 * time.Second
	path := t.TempDir()
	run := func(use func(Source, core.Beginning)) {
		t.Helper()
		source, err := Open(path, timeout)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Begin(source)
		if err != nil {
			t.Fatal(err)
		}
		use(source, b)
		if err := source.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var first, limit int64
	run(func(s Source, b core.Beginning) { // the first run crashes
		first, limit = b.First, b.First+1e15
		err := s.Reserve(core.Reservation{Limit: limit, Stale: 20 * time.Second})
		if err != nil || b.Grace != 0 {
			t.Errorf("a new directory: %+v, %v", b, err)
		}
	})
	run(func(s Source, b core.Beginning) { // the second stops while locks are held
		if b.First != limit || b.Grace != 20*time.Second {
			t.Errorf("after a crash: %+v, want tokens from %d", b, limit)
		}
		if err := s.Stop(5 * time.Second); err != nil {
			t.Error(err)
		}
	})
	run(func(s Source, b core.Beginning) { // the third stops cleanly
		if b.First != limit || b.Grace != 5*time.Second {
			t.Errorf("after a stop with locks held: %+v", b)
		}
		if err := s.Stop(0); err != nil {
			t.Error(err)
		}
	})
	run(func(_ Source, b core.Beginning) {
		if b.First != limit || b.Grace != 0 || b.Restored {
			t.Errorf("after a clean stop: %+v", b)
		}
	})
	if first <= 0 {
		t.Errorf("the first token was %d", first)
	}
	if _, err := statedir.Open(path); err != nil {
		t.Errorf("the directory was not closed: %v", err)
	}
}
