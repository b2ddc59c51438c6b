//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/load"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/wsclient"
)

// poll is how often a calm looks again.
const poll = 100 * time.Millisecond

// calm checks a system without faults. It returns false if the system does not come to rest, which ends the run.
func (s *soak) calm(ctx context.Context) bool {
	for _, place := range s.places {
		place.pause()
	}
	steps := []func(context.Context) bool{
		s.checkAlive, s.checkRequestsEnd, s.checkNothingLeft, s.checkAcquirable, s.checkListing, s.measure,
	}
	for _, step := range steps {
		if ctx.Err() != nil || !step(ctx) {
			return false
		}
	}
	return true
}

// until looks regularly whether a condition holds. It returns false if it does not hold within the limit or ctx ends.
func until(ctx context.Context, limit time.Duration, condition func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// checkAlive checks that no process has ended by itself.
func (s *soak) checkAlive(context.Context) bool {
	ok := true
	for _, process := range s.processes() {
		if err := process.surprise(); err != nil {
			s.tally.surprise(fmt.Sprintf("%v: see %s.log", err, process.name))
			ok = false
		}
	}
	return ok
}

// checkRequestsEnd checks that all operations end once the faults are over: each waiter is granted or refused.
func (s *soak) checkRequestsEnd(ctx context.Context) bool {
	var busy []string
	ok := until(ctx, s.config.settleTime(), func() bool {
		busy = nil
		for _, place := range s.places {
			operations, _ := place.busy()
			busy = append(busy, operations...)
		}
		return len(busy) == 0 || !s.checkAlive(ctx)
	})
	ok = ok && len(busy) == 0
	if ctx.Err() == nil {
		s.tally.check(promise.Liveness, ok, "%v after the faults these had not ended: %s",
			s.config.settleTime(),
			strings.Join(busy, "; "))
	}
	return ok
}

// checkNothingLeft checks that only the bystanders hold anything, nobody waits, and the sessions are those of the
// clients.
func (s *soak) checkNothingLeft(ctx context.Context) bool {
	var held, waiting, sessions []string
	var err error
	ok := until(ctx, s.config.settleTime(), func() bool {
		held, waiting, err = s.leftRequests(ctx)
		if err == nil {
			sessions, err = s.strangeSessions(ctx)
		}
		return err == nil && len(held)+len(waiting)+len(sessions) == 0
	})
	if ctx.Err() != nil {
		return false
	}
	s.tally.check(promise.Liveness, err == nil, "no answer: %v", err)
	s.tally.check(promise.CrashRelease, len(held) == 0, "held, although nobody holds: %q", held)
	s.tally.check(promise.CleanGiveUp, len(waiting) == 0, "waiting, although nobody waits: %q", waiting)
	s.tally.check(promise.Memory, len(sessions) == 0, "sessions and clients differ: %q", sessions)
	return ok
}

// leftRequests returns the requests that hold, except those of the bystanders, and those that wait.
func (s *soak) leftRequests(ctx context.Context) (held, waiting []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bystanders := 0
	for lock, err := range s.operator.Info(ctx, &wsclient.InfoOptions{Whole: true}) {
		if err != nil {
			return nil, nil, err
		}
		for _, r := range lock.Waiters {
			waiting = append(waiting, fmt.Sprintf("%s by %s (%s)", lock.Name, r.ID, r.Client))
		}
		if strings.HasPrefix(lock.Name, bystanderKind) {
			bystanders++
			continue
		}
		for _, r := range lock.Holders {
			held = append(held, fmt.Sprintf("%s by %s (%s), gone: %v", lock.Name, r.ID, r.Client, r.Gone))
		}
	}
	if bystanders != bystanderLocks {
		err = fmt.Errorf("%d of %d bystanders hold", bystanders, bystanderLocks)
	}
	return held, waiting, err
}

// strangeSessions returns sessions that the broker or a client has, but not both.
func (s *soak) strangeSessions(ctx context.Context) (strange []string, err error) {
	want := []string{s.operator.Session(), s.bystanders.client.Session()}
	holdings, err := s.ask(record.List)
	if err != nil {
		return nil, err
	}
	for _, holding := range holdings {
		want = append(want, holding.Sessions...)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var got []string
	for client, err := range s.operator.Clients(ctx, nil) {
		if err != nil {
			return nil, err
		}
		got = append(got, client.Session)
		if !slices.Contains(want, client.Session) {
			strange = append(strange, fmt.Sprintf("%s (%s) has no client", client.Session, client.Client))
		}
	}
	for _, session := range want {
		if !slices.Contains(got, session) {
			strange = append(strange, fmt.Sprintf("client with session %q has none", session))
		}
	}
	return strange, nil
}

// ask sends a command to all client processes at once, and returns what they list.
func (s *soak) ask(command string) ([]*record.Holding, error) {
	limit := s.config.settleTime() + 2*s.config.Timeout
	holdings, errs := make([]*record.Holding, len(s.places)), make([]error, len(s.places))
	var all sync.WaitGroup
	for n, place := range s.places {
		all.Go(func() { holdings[n], errs[n] = place.list(command, limit) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return holdings, nil
}

// checkAcquirable checks that every lock can be acquired at once.
func (s *soak) checkAcquirable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, s.config.settleTime())
	defer cancel()
	for _, name := range load.Locks(s.config.names()) {
		var err error
		until(ctx, s.config.settleTime(), func() bool {
			var lock *wsclient.Lock
			if lock, err = s.operator.TryAcquire(ctx, name, nil); err == nil {
				_ = lock.Release() // checkListing sees whether it was released
			}
			return !errors.Is(err, wsclient.ErrConnection) // on a busy machine the operator may lose it
		})
		s.tally.check(promise.Liveness, err == nil, "%s is free but cannot be acquired: %v", name, err)
	}
	return true
}
