package core

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

var chains = flag.Int("chains", 500, "how many random chains of runs TestRunsInARow plays")

// TestRunsInARow plays chains of runs that share a disk. Runs crash, stop, and fail to write at random
// moments. In half of the chains somebody restores an older record now and then. In the others the
// wall clock jumps, and each run has its own timeout. Over all runs tokens rise, and no run grants
// anything while clients of earlier runs may be stale holders.
func TestRunsInARow(t *testing.T) {
	grants := 0
	for seed := range uint64(*chains) {
		c := &chain{random: rand.New(rand.NewPCG(seed, 1)), restores: seed%2 == 0}
		for range 8 {
			if err := c.run(); err != nil {
				t.Fatalf("seed %d, at %v: %v", seed, c.now, err)
			}
		}
		grants += c.grants
	}
	if grants < *chains {
		t.Errorf("only %d grants in %d chains", grants, *chains)
	}
}

// A chain is a disk and the runs that use it, one after another.
type chain struct {
	random   *rand.Rand
	restores bool          // records are restored from backups, and all runs have the same timeout
	now      time.Duration // since the beginning of the chain
	disk     Past
	backups  []Record

	last   int64         // the greatest token that was granted
	stale  time.Duration // until then clients of earlier runs may be stale holders
	grants int
}

// run plays one run.
func (c *chain) run() error {
	c.now += time.Duration(c.random.IntN(3000)) * time.Millisecond
	timeout, clock := 10*time.Second, 1_700_000_000_000_000+c.now.Microseconds()
	if !c.restores {
		timeout = time.Duration(2+c.random.IntN(20)) * time.Second
		clock += c.random.Int64N(2e9) - 1e9 // the wall clock jumps
	} else if len(c.backups) > 0 && c.random.IntN(3) == 0 {
		c.disk = Past{Record: c.backups[c.random.IntN(len(c.backups))], Known: true, Restored: true}
	}
	began := c.now
	config := Config{Timeout: timeout, MaxRequests: 1000, TokenRange: 4, Table: locktable.Config{MaxRequests: 1000}}
	m := New(config, Begin(c.disk, timeout, clock))
	m.Open("a", wire.Peer{}, nil)
	var under *Reservation // the reservation under way
	for n := range 5 + c.random.IntN(60) {
		events := c.step(m, began, &under, int64(n))
		for i := range events {
			if err := c.see(&events[i]); err != nil {
				return err
			}
		}
	}
	c.end(m, began, timeout, under)
	return nil
}

// step does one random thing in a run.
func (c *chain) step(m *Machine, began time.Duration, under **Reservation, n int64) (events []locktable.Event) {
	now := c.now - began
	switch c.random.IntN(6) {
	case 0:
		c.now += time.Duration(c.random.IntN(4000)) * time.Millisecond
		return m.Tick(c.now-began, nil)
	case 1:
		if r, wants := m.WantsTokens(now); wants {
			*under = &r
		}
	case 2:
		if *under != nil && c.random.IntN(3) > 0 { // otherwise the disk is slow, or fails
			c.store((*under).Record())
			m.TokensReserved((*under).Limit)
			*under = nil
		}
	case 3:
		if m.CanAllow(now) {
			return m.Allow(now, nil)
		}
	case 4:
		id := wire.ID{Session: "a", N: n}
		a := wire.Acquire{ID: id, Locks: []wire.LockSpec{{Name: id.String()}}}
		events, _ = m.Acquire(now, AcquireOf(&a, wire.Peer{}), nil)
	case 5:
		if held := m.Table().HeldBy("a", 1); len(held) > 0 {
			return m.Release(now, wire.Release{ID: held[0].ID}, nil)
		}
	}
	return events
}

func (c *chain) store(r Record) {
	c.disk = Past{Record: r, Known: true}
	c.backups = append(c.backups, r)
}

// see checks an event.
func (c *chain) see(e *locktable.Event) error {
	switch {
	case e.Kind != locktable.Granted:
		return nil
	case e.Token <= c.last:
		return fmt.Errorf("token %d after %d", e.Token, c.last)
	case c.now < c.stale:
		return fmt.Errorf("a grant although there may be stale holders until %v", c.stale)
	}
	c.last = e.Token
	c.grants++
	return nil
}

// end ends a run: it stops, or it crashes, perhaps after a reservation has reached the disk.
func (c *chain) end(m *Machine, began, timeout time.Duration, under *Reservation) {
	if under != nil && c.random.IntN(2) == 0 {
		c.store(under.Record())
	}
	if c.disk.Known && c.random.IntN(2) == 0 {
		stale := m.StaleAtEnd(c.now - began)
		c.store(c.disk.Stopped(stale))
	}
	if m.Table().Held() > 0 {
		c.stale = max(c.stale, c.now+timeout)
	}
}
