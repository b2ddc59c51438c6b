package etcdtest

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	kills     = flag.Int("kills", 4, "how often the owner is ended without a word: in turns by each kind of end")
	handOvers = flag.Int("handovers", 2, "how often the owner is then ended by SIGTERM")
	only      = flag.String("kinds", "", "a regular expression for the kinds of ends that -kills means")
	leaders   = flag.Int("leaders", 3, "the leader of etcd ends with every how many of these ends; 0: with none")
	plain     = flag.Int("plain", 0, "how many holders, and how many counters, are not kept")
)

const (
	heldLocks    = 20
	rivals       = 4
	countClients = 8
)

// TestFailover ends the owner of three brokers again and again, and with some of these ends the leader of etcd, which
// has three members. Meanwhile clients hold locks, and others count under one. After each end, everybody must be
// granted again. No two clients may hold a lock, no increment may be lost, and the history must be linearizable. A
// planned hand-over must lose no lock.
//
// It reports how long nothing was granted, and who has lost a lock.
func TestFailover(t *testing.T) {
	r := startRig(t)
	defer r.report()
	r.awaitSteady()
	chosen := slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool {
		return !regexp.MustCompile(*only).MatchString(k.name)
	})
	for n := range *kills {
		if !r.endOwner(chosen[n%len(chosen)], *leaders > 0 && n%*leaders == *leaders-1) {
			return
		}
	}
	for range *handOvers {
		if !r.endOwner(planned, false) {
			return
		}
	}
	r.finish()
}

// A rig is the brokers, the members of etcd, and the clients.
type rig struct {
	t        *testing.T
	members  *members
	brokers  []*brokerd
	owner    *brokerd
	observed *observed
	holders  *holders
	counters *counters
	ends     []ended
}

func startRig(t *testing.T) *rig {
	r := &rig{t: t, members: startMembers(t), observed: newObserved()}
	r.brokers = startBrokerds(t, 3, r.members.endpoints())
	r.awaitOwner(nil, 0)
	r.holders = hold(t, r.observed, r.brokers)
	r.counters = count(t, r.observed, r.brokers)
	return r
}

// endOwner ends the owner, waits until everybody is granted again, and undoes the end. It reports false if the test has
// failed.
func (r *rig) endOwner(k kind, andLeader bool) bool {
	r.t.Helper()
	victim := r.owner
	run := victim.runs.Load()
	e := ended{kind: k.name, held: r.holders.kept(), begin: now()}
	var stopping sync.WaitGroup
	leader := -1
	if andLeader {
		if leader = r.members.leader(); leader >= 0 {
			e.kind += " and etcd's leader"
			stopping.Go(func() { r.members.stop(leader) })
		}
	}
	k.end(victim)
	if k.changesOwner {
		r.awaitOwner(victim, run)
	}
	r.counters.awaitAll()
	e.pause, e.until = r.counters.pauseSince(e.begin)
	k.undo(victim)
	if leader >= 0 {
		stopping.Wait()
		r.members.start(leader)
		<-r.members.server[leader].Server.ReadyNotify()
	}
	r.awaitSteady()
	e.lost = r.holders.takeLosses()
	r.ends = append(r.ends, e)
	r.t.Logf("%3d: %s", len(r.ends), e)
	if k.name == planned.name && *plain == 0 && len(e.lost) > 0 {
		r.t.Error("a planned hand-over has lost locks")
	}
	for _, v := range r.observed.check() {
		r.t.Error(v)
	}
	return !r.t.Failed()
}

// awaitOwner waits until a broker is the owner. It must not be the run of the victim with that number.
func (r *rig) awaitOwner(victim *brokerd, run int64) {
	r.t.Helper()
	await(r.t, "another broker is the owner", func() bool {
		for _, b := range r.brokers {
			if (b != victim || b.runs.Load() != run) && b.answers("/leader") {
				r.owner = b
				return true
			}
		}
		return false
	})
}

// awaitSteady waits until all brokers serve, or pass clients on, all clients are connected, and all locks are held.
func (r *rig) awaitSteady() {
	r.t.Helper()
	await(r.t, "all brokers are ready", func() bool {
		for _, b := range r.brokers {
			if !b.answers("/readyz") {
				return false
			}
		}
		return true
	})
	r.awaitOwner(nil, 0)
	r.holders.awaitAnswers()
	await(r.t, "all locks are held", func() bool { return r.holders.holding() == heldLocks })
	r.counters.awaitAll()
}

// longest is how long anything may take: some grace periods.
const longest = 2 * time.Minute

// await waits for something that happens without a signal to this process.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.NewTimer(longest)
	defer limit.Stop()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		if done() {
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("not within %v: %s", longest, what)
		}
	}
}

// finish ends the clients, and checks what they have left.
func (r *rig) finish() {
	r.holders.finish()
	r.counters.finish()
	for _, v := range r.observed.check() {
		r.t.Error(v)
	}
}

// report reports what was measured, and what the brokers have logged if the test has failed.
func (r *rig) report() {
	load, _ := os.ReadFile("/proc/loadavg")
	r.t.Logf("load %s%s", load, summary(r.ends))
	if r.t.Failed() {
		for _, b := range r.brokers {
			r.t.Logf("%s:\n%s", b.url, b.logged())
		}
	}
}

// urlsFrom returns the addresses of all brokers for clients, beginning with one of them.
func urlsFrom(brokers []*brokerd, first int) string {
	var urls []string
	for n := range brokers {
		urls = append(urls, "ws://"+brokers[(first+n)%len(brokers)].front.Addr())
	}
	return strings.Join(urls, ",")
}
