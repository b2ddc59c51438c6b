package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A recordRig is a machine that keeps a record, and the record as it is stored.
type recordRig struct {
	*Machine
	t       *testing.T
	others  bool
	revoked map[string][]int64 // by the sessions on record
	stored  int                // how many changes, with each token in them
	events  []locktable.Event  // of all calls so far
}

const timeout = 15 * time.Second

func newRecordRig(t *testing.T, beginning Beginning) *recordRig {
	t.Helper()
	config := Config{
		Timeout: timeout, MaxRequests: 1_000_000, TokenRange: 1_000_000, KeepsRecord: true, Moves: true,
		Table: locktable.Config{MaxRequests: 100_000, Grants: 8},
	}
	rig := &recordRig{Machine: New(config, beginning), t: t, revoked: make(map[string][]int64)}
	if beginning.Snapshot != nil {
		rig.Restore(0, *beginning.Snapshot)
	}
	if r, ok := rig.WantsTokens(0); ok {
		rig.TokensReserved(r.Limit)
	}
	rig.round(0)
	return rig
}

// round does what the caller does in each round.
func (rig *recordRig) round(now time.Duration) {
	rig.t.Helper()
	if rig.CanAllow(now) {
		rig.events = rig.Allow(now, rig.events)
	}
	rig.events = rig.Tick(now, rig.events)
	rig.Purge(now)
	for _, ok := rig.EndAbsence(now); ok; _, ok = rig.EndAbsence(now) {
	}
	for changes := rig.TakeChanges(now); changes != nil; changes = rig.TakeChanges(now) {
		for i := range changes {
			rig.store(&changes[i])
		}
		for range changes {
			rig.events = rig.Recorded(now, rig.events)
		}
	}
	for rig.IsDropping() {
		rig.events = rig.Drop(now, 100, rig.events)
	}
}

func (rig *recordRig) store(c *Change) {
	rig.stored += 1 + len(c.Revokes)
	_, known := rig.revoked[c.Session]
	switch {
	case c.Nothing:
	case c.Session == "":
		rig.others = !c.Ends
	case c.Ends:
		delete(rig.revoked, c.Session)
	case c.Revoked == 0:
		rig.revoked[c.Session] = c.Revokes
	case known:
		rig.revoked[c.Session] = append(rig.revoked[c.Session], c.Revoked)
	}
}

// open opens a session, which may be kept.
func (rig *recordRig) open(name string, kept bool) {
	rig.Open(name, wire.Peer{}, nil)
	rig.Last(name, "", KeyOf(name), kept)
	rig.Outlive(name)
}

// acquire makes a request once it may be made.
func (rig *recordRig) acquire(now time.Duration, a *wire.Acquire) {
	rig.t.Helper()
	for !rig.MayRequest(a.ID.Session) {
		rig.round(now)
	}
	rig.events, _ = rig.Acquire(now, AcquireOf(a, wire.Peer{}), rig.events)
	rig.round(now)
}

// takeUp takes the session of up with the connection of with.
func (rig *recordRig) takeUp(now time.Duration, of, with string, statement wire.Resume) *Resumption {
	rig.t.Helper()
	rig.open(with, true)
	r := NewResumption(Claim{Session: of, Keys: []Key{KeyOf(of)}})
	r.Add(&statement)
	if ok, done := rig.Check(r, 1_000_000); !ok || !done {
		rig.t.Fatalf("check: %t, %t", ok, done)
	}
	for done := false; !done; {
		rig.events, done = rig.Settle(now, r, 256, rig.events)
	}
	for !rig.Rekey(r, with) {
		rig.round(now)
	}
	if !rig.Attach(r, with, wire.Peer{}, nil) {
		rig.t.Fatal("not attached")
	}
	return r
}

func oneLock(name string, mode wire.Mode) []wire.LockSpec {
	return []wire.LockSpec{{Name: name, Mode: mode}}
}

func acquireBy(session string, n int64, name string) *wire.Acquire {
	return &wire.Acquire{ID: wire.ID{Session: session, N: n}, Locks: oneLock(name, wire.Exclusive)}
}

// isGranted reports whether a request has been granted.
func (rig *recordRig) isGranted(id wire.ID) bool {
	return slices.ContainsFunc(rig.events, func(e locktable.Event) bool {
		return e.Kind == locktable.Granted && e.ID == id
	})
}

// held states that a request holds a lock.
func held(n, token int64, name string, mode wire.Mode) wire.HeldRequest {
	return wire.HeldRequest{N: n, Token: token, Locks: oneLock(name, mode)}
}

// holdingOf is a statement that request 0 holds a lock.
func holdingOf(token int64, name string) wire.Resume {
	return wire.Resume{Held: []wire.HeldRequest{held(0, token, name, wire.Exclusive)}}
}

// waitingFor is a statement that request 0 waits for x.
func waitingFor(age int64) wire.Resume {
	return wire.Resume{Waiting: []wire.WaitingRequest{{AgeMS: age, Locks: oneLock("x", wire.Exclusive)}}}
}

// Tokens that were struck off are forgotten when nobody can claim them any more.
func TestOldRevocationsAreForgotten(t *testing.T) {
	rig := newRecordRig(t, Beginning{First: 1})
	rig.open("a", true)
	now, most := time.Duration(0), 0
	for n := range int64(2000) {
		a := acquireBy("a", n, fmt.Sprint(n))
		a.HoldMS = wire.Some(int64(1))
		rig.acquire(now, a)
		now += timeout / 100
		rig.round(now)
		most = max(most, len(rig.revoked["a"]))
	}
	if len(rig.revoked["a"]) == 0 || most > 2*revokedCount*100 || rig.stored > 10*2000 {
		t.Errorf("%d tokens are struck off, at most %d; %d were stored",
			len(rig.revoked["a"]), most, rig.stored)
	}
}

// A session that loses very many locks at once is taken off the record, and counts as one of the others.
func TestVeryManyRevocations(t *testing.T) {
	const count = 20_000
	rig := newRecordRig(t, Beginning{First: 1})
	rig.open("a", true)
	rig.open("b", true)
	shared := oneLock("x", wire.Shared)
	for n := range int64(count) {
		rig.acquire(0, &wire.Acquire{ID: wire.ID{Session: "a", N: n}, Locks: shared})
	}
	rig.acquire(0, acquireBy("a", count, "y"))
	before, cost := rig.stored, rig.Table().Cost()
	steal := acquireBy("b", 0, "x")
	steal.Steal = true
	rig.acquire(0, steal)
	for now := time.Duration(0); rig.Table().Held() > 2; now++ { // y, and x by the steal
		rig.round(now)
	}
	rig.round(time.Second)
	if !rig.isGranted(steal.ID) {
		t.Error("the steal was not granted")
	}
	_, onRecord := rig.revoked["a"]
	if stored := rig.stored - before; onRecord || !rig.others || stored > count+10 {
		t.Errorf("on record %t, others %t, %d stored", onRecord, rig.others, stored)
	}
	if cost = rig.Table().Cost() - cost; cost > 20*count {
		t.Errorf("it cost %d steps", cost)
	}
	rig.acquire(time.Second, acquireBy("a", count+1, "z")) // it goes on
	_, onRecord = rig.revoked["a"]
	if onRecord || !rig.isGranted(wire.ID{Session: "a", N: count + 1}) {
		t.Error("it is on record again, or not granted")
	}
}

// afterCrash begins a run whose last one has crashed with these sessions on record.
func afterCrash(t *testing.T, grace time.Duration, sessions ...string) *recordRig {
	t.Helper()
	roll := &Roll{}
	for _, name := range sessions {
		roll.Sessions = append(roll.Sessions, RollEntry{Session: name, Key: KeyOf(name)})
	}
	return newRecordRig(t, Beginning{First: 1_000_000, Grace: grace, Roll: roll})
}

// Nothing in a statement makes the order of what it states expensive.
func TestStatementBackwards(t *testing.T) {
	const count = 10_000
	var costs []int
	for _, backwards := range []bool{false, true} {
		rig := afterCrash(t, timeout, "a")
		var statement wire.Resume
		for n := range int64(count) {
			token, age := 1+n, (count-n)*20
			if backwards {
				token, age = count-n, n*20
			}
			waits := wire.WaitingRequest{N: count + n, AgeMS: age, Locks: oneLock("y", wire.Exclusive)}
			statement.Held = append(statement.Held, held(n, token, "x", wire.Shared))
			statement.Waiting = append(statement.Waiting, waits)
		}
		before := rig.Table().Cost()
		rig.takeUp(0, "a", "b", statement)
		costs = append(costs, int(rig.Table().Cost()-before))
	}
	if costs[1] > 2*costs[0] {
		t.Errorf("it costs %d steps, and %d backwards", costs[0], costs[1])
	}
}

// A token belongs to one request. Nobody gets another lock with the token of somebody else.
func TestTwoClaimsWithOneToken(t *testing.T) {
	rig := afterCrash(t, timeout, "a", "b")
	a := rig.takeUp(0, "a", "c", holdingOf(5, "x"))
	b := rig.takeUp(0, "b", "d", holdingOf(5, "y"))
	if len(a.Holds) != 1 || len(b.Lost) != 1 {
		t.Errorf("a holds %v, and b has lost %v", a.Holds, b.Lost)
	}
}

// A client that was not told that its session was taken up goes by the session timeout of the last run.
func TestShorterTimeoutThanTheLastRun(t *testing.T) {
	last := newRecordRig(t, Beginning{First: 1})
	last.open("a", true)
	last.acquire(0, acquireBy("a", 0, "x"))
	snapshot := last.Snapshot(0)
	snapshot.Timeout = 3 * timeout
	rig := newRecordRig(t, Beginning{First: 1_000_000, Snapshot: &snapshot})
	rig.takeUp(time.Second, "a", "c", holdingOf(1, "x"))
	rig.open("b", true)
	rig.acquire(time.Second, acquireBy("b", 0, "x"))
	rig.Detach("a", time.Second) // the reply was lost
	rig.round(3*timeout - 1)
	if rig.isGranted(wire.ID{Session: "b"}) {
		t.Error("the lock was granted while its holder may treat it as held")
	}
	rig.round(3 * timeout)
	if !rig.isGranted(wire.ID{Session: "b"}) {
		t.Error("the lock was never granted")
	}
}

// A snapshot that a run has used before it crashed has what was struck off since.
func TestSnapshotIsUsedTwice(t *testing.T) {
	last := newRecordRig(t, Beginning{First: 1})
	last.open("a", true)
	last.acquire(0, acquireBy("a", 0, "x"))
	last.acquire(0, acquireBy("a", 1, "y"))
	snapshot := last.Snapshot(0)
	roll := &Roll{Sessions: []RollEntry{{Session: "a", Key: KeyOf("a"), Revoked: []int64{1}}}}
	rig := newRecordRig(t, Beginning{First: 1_000_000, Snapshot: &snapshot, Roll: roll})
	if held := rig.Table().Held(); held != 1 {
		t.Errorf("%d requests hold, want 1", held)
	}
}

// A client that asks to be kept when it takes up its session is on record from then on.
func TestKeptFromNowOn(t *testing.T) {
	rig := newRecordRig(t, Beginning{First: 1})
	rig.open("a", false)
	rig.acquire(0, acquireBy("a", 0, "x"))
	rig.Detach("a", 0)
	rig.takeUp(0, "a", "b", holdingOf(1, "x"))
	if _, onRecord := rig.revoked["a"]; !onRecord || !rig.Lasts("a") {
		t.Errorf("on record: %t; kept: %t", onRecord, rig.Lasts("a"))
	}
}

// Waiters of a snapshot and those that come back by themselves are in the order of their age.
func TestWaitersOfASnapshotAndOthers(t *testing.T) {
	last := newRecordRig(t, Beginning{First: 1})
	last.open("a", true)
	last.acquire(0, acquireBy("a", 0, "x"))
	last.open("b", true)
	last.acquire(10*time.Second, acquireBy("b", 0, "x"))
	last.round(20 * time.Second)
	snapshot := last.Snapshot(20 * time.Second)
	snapshot.Clean = false
	roll := &Roll{Sessions: []RollEntry{
		{Session: "a", Key: KeyOf("a")}, {Session: "b", Key: KeyOf("b")}, {Session: "c", Key: KeyOf("c")},
	}}
	rig := newRecordRig(t, Beginning{First: 1_000_000, Grace: timeout, Snapshot: &snapshot, Roll: roll})
	rig.takeUp(0, "c", "d", waitingFor(9000))
	rig.takeUp(0, "b", "e", waitingFor(10_000))
	rig.takeUp(0, "a", "f", holdingOf(1, "x"))
	rig.round(timeout)
	rig.events = rig.Release(timeout, wire.Release{ID: wire.ID{Session: "a"}}, rig.events)
	rig.round(timeout)
	if !rig.isGranted(wire.ID{Session: "b"}) {
		t.Error("who has waited for longer was overtaken")
	}
}
