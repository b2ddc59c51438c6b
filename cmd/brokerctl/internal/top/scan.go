package top

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	// pageLocks is the number of locks per page: about 100 kB, which takes the broker a millisecond.
	pageLocks = 500
	// pagePause is the pause between pages. With it, reading 100,000 locks takes six seconds.
	pagePause = 25 * time.Millisecond
)

// A scanner reads all locks, again and again.
type scanner struct {
	source   Source
	match    string
	interval time.Duration
	events   chan<- any
}

// An ended message is the last one of a scanner. Its err says why the source has ended.
type ended struct{ err error }

// scan starts a scanner. The events are page, swept and ended messages. The caller must call stop.
func scan(ctx context.Context, source Source, options Options) (events <-chan any, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	sent, stopped := make(chan any), make(chan struct{})
	s := &scanner{source: source, match: options.Match, interval: options.Interval, events: sent}
	go func() {
		defer close(stopped)
		if err := s.run(ctx); err != nil {
			s.send(ctx, ended{err})
		}
	}()
	return sent, func() {
		cancel()
		<-stopped
	}
}

// run scans until ctx ends, or until the source ends for good, and then returns the error of the source. A lost
// connection, which the source restores, is sent as a sweep that ended early.
func (s *scanner) run(ctx context.Context) error {
	for {
		begun := time.Now()
		paused, err := s.sweep(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if final := s.source.Err(); final != nil {
			return final
		}
		now := time.Now()
		if !s.send(ctx, swept{at: now, err: err}) || !cli.Pause(ctx, rest(s.interval, now.Sub(begun), paused)) {
			return nil
		}
	}
}

// sweep reads all locks once. It returns how long it paused.
func (s *scanner) sweep(ctx context.Context) (paused time.Duration, err error) {
	options := &wsclient.InfoOptions{Match: s.match, Empty: true, Queue: 1, Page: pageLocks}
	var p page
	for lock, err := range s.source.Info(ctx, options) {
		if err != nil {
			return paused, err
		}
		if len(p.readings) == 0 {
			p.at, p.session = time.Now(), s.source.Session()
		}
		p.readings = append(p.readings, readingOf(lock))
		if len(p.readings) == pageLocks {
			if !s.send(ctx, p) || !cli.Pause(ctx, pagePause) {
				return paused, ctx.Err()
			}
			paused += pagePause
			p = page{}
		}
	}
	if len(p.readings) > 0 {
		s.send(ctx, p)
	}
	return paused, nil
}

// send sends an event. It returns false if ctx has ended, because then nothing receives.
func (s *scanner) send(ctx context.Context, event any) bool {
	select {
	case s.events <- event:
		return true
	case <-ctx.Done():
		return false
	}
}

// rest returns the pause after a sweep. All pauses together are at least as long as the broker's work for the
// scanner. This matters if few locks match: then the broker searches many locks for one page, without pauses between
// pages.
func rest(interval, took, paused time.Duration) time.Duration {
	asking := took - paused
	return max(interval-took, asking-paused, pagePause)
}
