package broker

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session with very many requests is taken up in many turns, each of which is short. So others are served in between.
func TestTurnsOfTakingUp(t *testing.T) {
	for name, stated := range map[string]takeUp{
		"all hold": {held: 10_000}, "all wait": {waiting: 10_000}, "all are unstated": {unstated: 10_000},
		"all are missing": {held: 1, missing: 10_000}, "all are lost": {lost: 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			turns, most, _ := stated.play(t)
			t.Logf("%d turns, the longest of %d steps", turns, most)
			if turns < 10 || most > stepsOfSlice/2 {
				t.Errorf("%d turns, the longest of %d steps; a slice is %d", turns, most, stepsOfSlice)
			}
		})
	}
}

// BenchmarkTakeUp measures what the loop needs to take up a session, for each of its requests, and how long the longest
// turn is, during which nobody else is served.
//
//	go test -run '^$' -bench '^BenchmarkTakeUp$' ./broker
func BenchmarkTakeUp(b *testing.B) {
	for name, stated := range map[string]takeUp{
		"held": {held: 10_000}, "waiting": {waiting: 10_000}, "unstated": {unstated: 10_000},
		"missing": {held: 1, missing: 10_000}, "lost": {lost: 10_000},
	} {
		b.Run(name, func(b *testing.B) {
			var spent time.Duration
			longest := time.Hour
			for b.Loop() {
				_, _, took := stated.play(b)
				for _, turn := range took {
					spent += turn
				}
				longest = min(longest, slices.Max(took)) // others use the processor, too
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N*10_000), "ns/request")
			b.ReportMetric(float64(longest.Microseconds()), "µs/longest-turn")
		})
	}
}

// A takeUp says how many requests of each kind a session has when it is taken up.
type takeUp struct{ held, waiting, unstated, missing, lost int }

// play takes up a session, and returns how many turns that took, how many steps the longest of them, and how long each.
func (u takeUp) play(t testing.TB) (turns, most int, took []time.Duration) {
	l := idleLoop(t)
	a, b, c := openLasting(l, "a"), openSession(l, "b", "192.0.2.2:1"), openLasting(l, "c")
	m := &wire.Resume{Session: "a", Secret: "a", ID: wire.ID{Session: "c"}}
	n := int64(0)
	ask := func(s *session, lock string) []wire.LockSpec {
		locks := []wire.LockSpec{{Name: lock}}
		id := wire.ID{Session: s.name, N: n}
		n++
		l.acquire(s, &wire.Acquire{ID: id, Locks: locks}, l.now())
		return locks
	}
	ask(b, "queue")
	for range u.unstated {
		ask(a, fmt.Sprint("unstated", n))
	}
	for range u.held + u.lost {
		held := wire.HeldRequest{N: n, Token: l.table.NextToken()}
		held.Locks = ask(a, fmt.Sprint("held", n))
		m.Held = append(m.Held, held)
	}
	for range u.waiting {
		waits := wire.WaitingRequest{N: n}
		waits.Locks = ask(a, "queue")
		m.Waiting = append(m.Waiting, waits)
	}
	for range u.missing {
		locks := []wire.LockSpec{{Name: fmt.Sprint("new", n)}}
		m.Waiting = append(m.Waiting, wire.WaitingRequest{N: n, Locks: locks})
		n++
	}
	l.end(a, takenUp)
	for i := range u.lost {
		events, _ := l.core.Evict(l.now(), wire.ID{Session: "a", N: m.Held[i].N}, "b", "", l.events[:0])
		l.deliver(events)
	}
	l.deliver(l.core.Release(l.now(), wire.Release{ID: wire.ID{Session: "b"}}, l.events[:0]))
	l.resume(c, m)
	for c.wantsTurn() {
		began := time.Now()
		before := l.spent()
		l.takeTurn(c)
		took = append(took, time.Since(began))
		most = max(most, l.spentSince(before))
		turns++
	}
	if c.name != "a" || l.table.Held()+l.table.Statistics().Waiting != u.held+u.waiting+u.missing {
		t.Fatalf("%s is served, %d hold and %d wait", c.name, l.table.Held(), l.table.Statistics().Waiting)
	}
	return turns, most, took
}

// openLasting opens a session that lasts. Its secret is its name.
func openLasting(l *loop, name string) *session {
	s := openSession(l, name, "192.0.2.1:1")
	s.lasting = &lastingConnection{secret: name, kept: true}
	l.core.Last(name, "", core.KeyOf(name), true)
	return s
}
