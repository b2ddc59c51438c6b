package fence

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A recordingSource starts with a given Beginning, and records the calls of Reserve and Stop.
type recordingSource struct {
	Source
	beginning Beginning
	slow      chan struct{} // Reserve waits for it; nil: it does not wait
	failing   error
	limits    []int64
	stale     []time.Duration // of Reserve and Stop
}

func (s *recordingSource) Start() Beginning { return s.beginning }

func (s *recordingSource) Reserve(limit int64, stale time.Duration) error {
	if s.slow != nil {
		<-s.slow
	}
	s.limits, s.stale = append(s.limits, limit), append(s.stale, stale)
	return s.failing
}

func (s *recordingSource) Stop(stale time.Duration) error {
	s.stale = append(s.stale, stale)
	return nil
}

func start(t *testing.T, source Source) *Supply {
	t.Helper()
	supply, err := Start(source, 100, 15*time.Second, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return supply
}

// Tokens are reserved before they are allowed. More are reserved when half of them have been given
// out.
func TestKeepsAhead(t *testing.T) {
	source := &recordingSource{beginning: Beginning{First: 1000}}
	supply := start(t, source)
	if supply.Allowed() != 1100 || supply.IsUsedUp(1099) || !supply.IsUsedUp(1100) {
		t.Errorf("allowed up to %d, want 1100", supply.Allowed())
	}
	supply.KeepAhead(1049, 0)
	if len(source.limits) != 1 {
		t.Errorf("reserved %d after less than half", source.limits)
	}
	supply.KeepAhead(1050, 0)
	supply.Add(<-supply.Reserved())
	if supply.Allowed() != 1100 || !supply.CanAllow(0) || supply.Allow() != 1150 || supply.CanAllow(0) {
		t.Errorf("allowed up to %d, want 1150 only after Allow", supply.Allowed())
	}
}

// After an unclean end, a run allows nothing during the grace period. If it ends in that period,
// the next run must wait for the clients of both runs.
func TestGraceOfASupply(t *testing.T) {
	source := &recordingSource{beginning: Beginning{First: 1, Grace: 20 * time.Second}}
	supply := start(t, source)
	for now, inGrace := range map[time.Duration]bool{0: true, 20*time.Second - 1: true, 20 * time.Second: false} {
		if supply.InGrace(now) != inGrace || supply.CanAllow(now) == inGrace || supply.Allowed() != 1 {
			t.Errorf("after %v: in grace %v", now, supply.InGrace(now))
		}
	}
	if got := supply.GraceMS(time.Second - 1); got != 19_001 {
		t.Errorf("%d ms are left, want 19001", got)
	}
	for _, end := range []struct {
		held  int
		now   time.Duration
		stale time.Duration
	}{{0, 19 * time.Second, 20 * time.Second}, {0, 20 * time.Second, 0}, {1, 20 * time.Second, 15 * time.Second}} {
		if err := supply.Stop(end.held, end.now); err != nil {
			t.Fatal(err)
		}
		if got := source.stale[len(source.stale)-1]; got != end.stale {
			t.Errorf("stopped after %v with %d held: stale for %v, want %v", end.now, end.held, got,
				end.stale)
		}
	}
}

// A slow disk delays the start only for a limited time. Stop waits for the current attempt to
// reserve tokens, but does not try again.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &recordingSource{beginning: Beginning{First: 1}, slow: make(chan struct{}),
			failing: errors.New("full")}
		began := time.Now()
		supply := start(t, source)
		if waited := time.Since(began); waited != StartWait || supply.Allowed() != 1 {
			t.Errorf("started after %v with tokens up to %d", waited, supply.Allowed())
		}
		go close(source.slow)
		if err := supply.Stop(0, 0); err != nil || len(source.limits) != 1 {
			t.Errorf("Stop: %v, after %d attempts", err, len(source.limits))
		}
	})
}

// A run that would start after the last token does not start.
func TestNoTokensAreLeft(t *testing.T) {
	source := &recordingSource{beginning: Beginning{First: wire.MaxInteger + 1}}
	if _, err := Start(source, 100, time.Second, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrNoTokens) {
		t.Errorf("got %v", err)
	}
}
