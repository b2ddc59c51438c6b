package fence

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
)

// A Recorder stores changes of the record on a goroutine that waits for the disk. What arrives while it waits is stored
// together, with one flush. Only one goroutine, the loop's, may call its methods, except Run.
type Recorder struct {
	source Source
	logger *slog.Logger
	stored chan int

	mu      sync.Mutex
	changes []core.Change
	wake    chan struct{} // holds a token if there may be changes
}

// NewRecorder returns a recorder that stores changes in source.
func NewRecorder(source Source, logger *slog.Logger) *Recorder {
	return &Recorder{source: source, logger: logger, stored: make(chan int), wake: make(chan struct{}, 1)}
}

// Record begins to store changes, after those before.
func (r *Recorder) Record(changes []core.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, changes...)
	select {
	case r.wake <- struct{}{}:
	default: // Run has not taken the last token yet
	}
}

// Stored delivers how many of the next changes are stored. A nil recorder stores nothing.
func (r *Recorder) Stored() <-chan int {
	if r == nil {
		return nil
	}
	return r.stored
}

// Run stores changes until ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	for {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return
		}
		r.mu.Lock()
		changes := r.changes
		r.changes = nil
		r.mu.Unlock()
		if len(changes) == 0 {
			continue
		}
		if !r.store(ctx, changes) {
			return
		}
		select {
		case r.stored <- len(changes):
		case <-ctx.Done():
			return
		}
	}
}

// store tries to store changes until it succeeds. It returns false if ctx has ended.
func (r *Recorder) store(ctx context.Context, changes []core.Change) bool {
	var complained time.Time
	for {
		err := r.source.Record(changes)
		if err == nil {
			return true
		}
		if time.Since(complained) >= complainEvery {
			complained = time.Now()
			r.logger.LogAttrs(ctx, slog.LevelError, "the record of the sessions cannot be changed: "+
				"nothing is granted that depends on it", slog.String("error", err.Error()))
		}
		select {
		case <-time.After(ReserveRetry):
		case <-ctx.Done():
			return false
		}
	}
}
