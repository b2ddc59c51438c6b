package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Releasing a borrower takes equally long however many other borrowers its lender has, in whatever order they are
// released.
//
// Other programs may interrupt each measurement, and that can only make it longer. So the test measures for less than a
// time slice, and again until the shortest measurements fit.
func TestManyBorrowers(t *testing.T) {
	const borrowers, few, slower, rounds = 8_000, 8, 8, 20
	for name, backward := range map[string]bool{"first in, first out": false, "last in, first out": true} {
		spread, together := time.Duration(1<<62), time.Duration(1<<62)
		for round := 0; round < rounds && (round == 0 || together > spread*slower); round++ {
			spread = min(spread, releaseBorrowers(t, borrowers/few, few, backward))
			together = min(together, releaseBorrowers(t, 1, borrowers, backward))
		}
		if together > spread*slower {
			t.Errorf("%s: %d borrowers of one lock take %v, and of %d locks only %v", name, borrowers,
				together, borrowers/few, spread)
		}
	}
}

// releaseBorrowers returns how long it takes to release the borrowers of that many lenders.
func releaseBorrowers(t *testing.T, lenders, each int, backward bool) time.Duration {
	t.Helper()
	m := New(Config{})
	hello := &wire.Hello{Session: "s", TimeoutMS: 15_000, Limits: wire.DefaultLimits()}
	m.Connected("", hello, Instant{}, Instant{})
	var requests []*Request
	for i := range lenders {
		locks := []wire.LockSpec{{Name: fmt.Sprint(i)}}
		lender := &Request{What: wire.Acquire{Locks: locks}}
		m.Acquire(lender, Instant{})
		m.Receive(&wire.Granted{ID: lender.What.ID, Token: 1}, Instant{})
		if !m.claim(lender) {
			t.Fatal("not granted")
		}
		for range each {
			borrower := &Request{Outer: lender, What: wire.Acquire{Locks: locks}}
			m.Acquire(borrower, Instant{})
			requests = append(requests, borrower)
		}
		m.out.Reset()
	}
	if backward {
		slices.Reverse(requests)
	}
	start := time.Now()
	for _, r := range requests {
		m.Release(r, Instant{})
		m.out.Reset()
	}
	return time.Since(start)
}
