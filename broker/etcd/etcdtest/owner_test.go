package etcdtest

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// until has the broker check a condition until it holds.
func (b *broker) until(t *testing.T, condition func(now owner.Instant) bool) {
	t.Helper()
	for held := false; !held; {
		if !b.do(func(now owner.Instant) { held = condition(now) }) || t.Context().Err() != nil {
			t.Fatal("the broker has ended")
		}
	}
}

// Three brokers choose an owner. It is killed together with the leader of etcd, and another one takes over, finds the
// session on record, and has greater tokens. It hands over to the last one, which accepts the snapshot.
func TestOwner(t *testing.T) {
	m := startMembers(t)
	terms := make(chan taken, 100)
	brokers := make(map[*broker]bool)
	for _, id := range []string{"a", "b", "c"} {
		brokers[startBroker(t, id, m.endpoints(), terms)] = true
	}
	first := <-terms
	var limit int64
	var mark owner.Mark
	first.by.do(func(owner.Instant) {
		_, limit = first.by.machine.Tokens()
		mark = first.by.machine.Enter(cluster.Session{ID: "s1", Key: []byte("hash")})
	})
	first.by.until(t, func(owner.Instant) bool { return first.by.machine.Recorded(mark) })

	killed := time.Now()
	first.by.kill()
	delete(brokers, first.by)
	m.stop(max(m.leader(), 0))
	second := <-terms
	t.Logf("the takeover took %v, with a new leader of etcd", second.at.Sub(killed).Round(time.Millisecond))
	if second.term <= first.term {
		t.Errorf("term %d after %d", second.term, first.term)
	}
	second.by.until(t, second.by.machine.MayAnswer)
	second.by.do(func(now owner.Instant) {
		next, _ := second.by.machine.Tokens()
		found := second.by.machine.TakeSessions()
		waits := second.by.machine.GraceEnds() >= now.Mono
		if len(found) != 1 || string(found[0].Key) != "hash" || next < limit || !waits {
			t.Errorf("sessions %v, tokens from %d after %d", found, next, limit)
		}
	})
	delete(brokers, second.by)
	for last := range brokers {
		handOver(t, second.by, last, terms)
	}
}

// handOver hands over from one broker to another.
func handOver(t *testing.T, from, to *broker, terms <-chan taken) {
	t.Helper()
	began := time.Now()
	to.do(func(now owner.Instant) { to.machine.SnapshotReceived(now, "snapshot") })
	from.do(func(owner.Instant) { from.machine.HandOver(to.self, "snapshot") })
	next := <-terms
	t.Logf("the hand-over took %v", next.at.Sub(began).Round(time.Millisecond))
	if next.by != to {
		t.Fatalf("%s is the owner, want %s", next.by.self.ID, to.self.ID)
	}
	to.until(t, to.machine.MayAnswer)
	to.do(func(owner.Instant) {
		if found := to.machine.TakeSessions(); to.machine.Accepted() == "" || len(found) != 1 {
			t.Errorf("accepted %q, sessions %v", to.machine.Accepted(), found)
		}
	})
	from.do(func(owner.Instant) {
		if from.machine.Term() != 0 {
			t.Error("the broker that has handed over is still the owner")
		}
	})
}
