package top

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

const (
	// pageLocks is how many locks are asked for at a time: about 100 kB, which
	// takes the broker a millisecond.
	pageLocks = 500
	// pagePause is the pause between pages. 100,000 locks are read in six seconds
	// with it.
	pagePause = 25 * time.Millisecond
)

// A scanner reads all locks, again and again.
type scanner struct {
	source   Source
	match    string
	interval time.Duration
	events   chan<- any
}

// An ended is the end of the source, and the last that a scanner sends.
type ended struct{ err error }

// scan starts a scanner, and returns what it sends: page, swept and ended. It is to
// be stopped.
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

// run reads until ctx ends, or until the source has for good; the error is that
// of the source. It sends what it reads, and a lost connection, which the source
// makes again, as a sweep that has ended early.
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

// sweep reads all locks once.
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

// send reports false when ctx has ended, and with it the receiver.
func (s *scanner) send(ctx context.Context, event any) bool {
	select {
	case s.events <- event:
		return true
	case <-ctx.Done():
		return false
	}
}

// rest is how long to wait after a sweep that took so long and of that paused so
// long. All in all the broker has as much time without the scanner as with it: where
// few locks match, it searches many for a page, and no pause comes between.
func rest(interval, took, paused time.Duration) time.Duration {
	asking := took - paused
	return max(interval-took, asking-paused, pagePause)
}
