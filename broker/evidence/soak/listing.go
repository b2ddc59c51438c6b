//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/wsclient"
)

// checkListing makes every client hold two locks, and checks that the broker's listing agrees with what they hold.
func (s *soak) checkListing(ctx context.Context) bool {
	const attempts = 3 // a client on a busy machine may lose its lease meanwhile
	complete := false
	var held, listed []record.Held
	for n := 0; n < attempts && !complete && ctx.Err() == nil; n++ {
		holdings, err := s.ask(record.Hold)
		if err != nil {
			s.tally.check(promise.Liveness, false, "%v", err)
			return false
		}
		held = heldOf(holdings)
		complete = len(held) == 2*s.clientCount()
		if complete && !s.agrees(ctx, &held, &listed) && ctx.Err() == nil {
			s.tally.check(promise.LossTold, false, "clients and broker disagree: %s", difference(held,
				listed))
		}
		if _, err := s.ask(record.Drop); err != nil {
			s.tally.check(promise.Liveness, false, "%v", err)
			return false
		}
	}
	if ctx.Err() == nil {
		s.tally.check(promise.Liveness, complete, "%d clients hold %d locks, want two each", s.clientCount(),
			len(held))
	}
	return complete
}

// agrees compares what the clients hold with the broker's listing. It compares again while the clients' answers change,
// or until the time is over.
func (s *soak) agrees(ctx context.Context, held, listed *[]record.Held) bool {
	return until(ctx, patience, func() bool {
		before, err := s.ask(record.List)
		if err != nil {
			return false
		}
		if *listed, err = s.listCalm(ctx); err != nil {
			return false
		}
		*held = heldOf(before)
		return slices.Equal(*held, *listed)
	})
}

// listCalm returns who holds the locks of the calm, according to the broker.
func (s *soak) listCalm(ctx context.Context) ([]record.Held, error) {
	var listed []record.Held
	for lock, err := range s.operator.Info(ctx, &wsclient.InfoOptions{Match: "calm/**", Whole: true, Page: 100}) {
		if err != nil {
			return nil, err
		}
		for _, r := range lock.Holders {
			listed = append(listed, record.Held{Lock: lock.Name, ID: r.ID.String(), Token: r.Token})
		}
	}
	slices.SortFunc(listed, compareHeld)
	return listed, nil
}

// heldOf returns all that the clients hold, in the order of listCalm.
func heldOf(holdings []*record.Holding) []record.Held {
	var held []record.Held
	for _, holding := range holdings {
		held = append(held, holding.Held...)
	}
	slices.SortFunc(held, compareHeld)
	return held
}

func compareHeld(a, b record.Held) int {
	return cmp.Or(cmp.Compare(a.Token, b.Token), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Lock, b.Lock))
}

// difference describes what is in only one of two lists.
func difference(held, listed []record.Held) string {
	var only []string
	for _, h := range held {
		if !slices.Contains(listed, h) {
			only = append(only, fmt.Sprintf("not listed: %+v", h))
		}
	}
	for _, h := range listed {
		if !slices.Contains(held, h) {
			only = append(only, fmt.Sprintf("not held: %+v", h))
		}
	}
	return fmt.Sprint(only)
}
