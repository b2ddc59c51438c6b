package broker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Status waits for Run, says why nothing is granted, and ends with the broker.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Status(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before Run: got %v, want the end of the context", err)
		}

		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		if got, err := b.Status(t.Context()); err != nil || got != (Status{HasTokens: true}) {
			t.Errorf("got %+v, %v, want a broker that grants", got, err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if _, err := b.Status(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("after Run: got %v, want %v", err, ErrNotRunning)
		}
	})
}

// Status does not answer while the loop is stuck in a round.
func TestStatusOfStuckLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		stuck, release := make(chan struct{}), make(chan struct{})
		b.loop.refuse = func() { close(stuck); <-release } // the loop calls it when the drain begins
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		stop()
		<-stuck
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Status(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		close(release)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
}

// After a crash, Status says how long the grace period still lasts.
func TestStatusInGracePeriod(t *testing.T) {
	dir := t.TempDir()
	before, crashed := filepath.Join(dir, "before"), filepath.Join(dir, "crashed")
	config := Config{StateDir: before, Timeout: time.Hour}
	askOnce(t, config, func(got Status) {
		if got != (Status{HasTokens: true}) {
			t.Errorf("got %+v, want a broker that grants", got)
		}
		// A copy from the middle of a run is what a crash leaves.
		if err := os.CopyFS(crashed, os.DirFS(before)); err != nil {
			t.Fatal(err)
		}
	})
	config.StateDir = crashed
	askOnce(t, config, func(got Status) {
		if got.Pause != wire.PauseGrace || got.Left < 59*time.Minute || got.Left > time.Hour || !got.HasTokens {
			t.Errorf("got %+v, want a grace period of an hour", got)
		}
	})
}

// askOnce runs a broker, and passes on what it answers.
func askOnce(t *testing.T, config Config, check func(Status)) {
	t.Helper()
	b, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	got, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(got)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
