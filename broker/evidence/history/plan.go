package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
)

// A Plan says how a history is recorded: the settings of the broker, the workers, and the faults. The same seed and
// length give the same plan. The history itself differs each time, because the processes are real.
type Plan struct {
	Seed      uint64
	Length    time.Duration
	LockDelay bool
	Few       bool          // there are few faults, so that most requests hold or wait until one meets them
	Timeout   time.Duration // the broker's first session timeout
	// RareHeartbeats says that a heartbeat is 3/10 of the session timeout, and not 1/6. A client also looks at its
	// lease, of 2/3, before each ping. With 1/6 that is when the lease ends, and a missing timer would not show.
	RareHeartbeats bool
	Workers        []Worker
	Faults         []Fault // in the order of their times
	// Patience is how long the recording waits, after the end of all faults, for anything that must happen then.
	Patience time.Duration
}

// A Worker is a process that takes locks.
type Worker struct {
	Name    string
	Node    bool // it runs the JavaScript client
	Threads int
}

// timeouts are the session timeouts that brokers run with. A restarted broker may have another one than before.
var timeouts = []time.Duration{600 * time.Millisecond, 900 * time.Millisecond, 1500 * time.Millisecond}

// interval is the mean time between two faults in plans with many.
const interval = 400 * time.Millisecond

// patient is the default of Plan.Patience. What must happen takes seconds, but on a machine with much else to do Node
// may need minutes to start.
const patient = 4 * time.Minute

// choices are what requests ask for: exclusive locks, a reader-writer lock, a semaphore, and several locks at once.
var choices = [][]event.Lock{
	{{Name: "exclusive/1"}},
	{{Name: "exclusive/2"}},
	{{Name: "given-up"}},
	{{Name: "readwrite", Shared: true}},
	{{Name: "readwrite", Shared: true}},
	{{Name: "readwrite"}},
	{{Name: "semaphore", Shared: true, Limit: 3}},
	{{Name: "semaphore", Shared: true, Limit: 3}},
	{{Name: "semaphore", Shared: true, Limit: 2}},
	{{Name: "several/a"}, {Name: "several/b"}},
	{{Name: "several/b"}, {Name: "several/c", Shared: true}},
	{{Name: "several/c"}, {Name: "several/a"}},
	{{Name: "several/a", Shared: true}},
	{
		{Name: "several/c", Shared: true, Limit: 2}, {Name: "several/b", Shared: true},
		{Name: "several/a", Shared: true},
	},
}

// longChoices are what requests ask for that hold for up to three session timeouts, so that many are lost. They have
// locks of their own, because otherwise everything else would wait for them. These are few: others wait.
var longChoices = [][]event.Lock{
	{{Name: "long/exclusive"}},
	{{Name: "long/exclusive"}},
	{{Name: "long/readwrite"}},
	{{Name: "long/readwrite", Shared: true}},
	{{Name: "long/semaphore", Shared: true, Limit: 2}},
	{{Name: "long/exclusive"}, {Name: "long/readwrite", Shared: true}},
}

// isLong reports whether locks are one of longChoices.
func isLong(locks []event.Lock) bool { return strings.HasPrefix(locks[0].Name, "long/") }

// givenUp are the locks of the requests that are given up when the grant is on its way.
var givenUp = []event.Lock{{Name: "given-up"}}

// MakePlan draws a plan. Odd seeds have lock delay. Every other pair of seeds has few faults.
func MakePlan(seed uint64, length time.Duration) *Plan {
	r := rand.New(rand.NewPCG(seed, 21))
	p := &Plan{
		Seed: seed, Length: length, LockDelay: seed%2 == 1, Few: seed%4 >= 2,
		Timeout: draw(r, timeouts), RareHeartbeats: seed%5 == 1 || seed%5 == 3, Patience: patient,
	}
	for i := range 4 {
		w := Worker{Name: fmt.Sprintf("go%d", i/2+1), Threads: 5 + r.IntN(2)}
		if i%2 == 1 {
			w.Name, w.Node = fmt.Sprintf("node%d", i/2+1), true
		}
		p.Workers = append(p.Workers, w)
	}
	timeout := p.Timeout // of the broker that runs then
	for at := p.Timeout; at < length; {
		timeout = p.addFault(r, at, timeout)
		if p.Few {
			at += timeout/3 + time.Duration(r.Int64N(int64(timeout*2/3)))
		} else {
			at += time.Duration(r.ExpFloat64() * float64(interval))
		}
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return int(a.At - b.At) })
	return p
}

// heartbeat returns the time between two heartbeats.
func (p *Plan) heartbeat(timeout time.Duration) time.Duration {
	if p.RareHeartbeats {
		return timeout * 3 / 10
	}
	return timeout / 6
}

// watches reports whether the holders of a worker's process watch alone: those of every third process. Runs count from
// 1.
func (p *Plan) watches(worker, run int) bool { return (p.Seed+uint64(worker)+uint64(run))%3 == 0 }

// addFault draws a fault, its end, and sometimes what makes it worse. It returns the session timeout after the fault.
func (p *Plan) addFault(r *rand.Rand, at, timeout time.Duration) time.Duration {
	kind := p.drawKind(r)
	f := Fault{At: at, Kind: kind.name, Worker: r.IntN(len(p.Workers)), Chain: len(p.Faults)}
	f.AtHold = kind.atHold && (p.Few || r.IntN(4) > 0)
	f.To = draw(r, []faultproxy.Side{faultproxy.Client, faultproxy.Broker, faultproxy.Both, faultproxy.Both})
	d := milliseconds(1 + r.IntN(int(3*timeout.Milliseconds())))
	next := draw(r, timeouts)
	switch f.Kind {
	case delay:
		f.Value = 1 + r.IntN(int(timeout.Milliseconds()))
	case slow:
		f.Value = 200 + r.IntN(5000)
	case lateAnswers:
		p.add(f)
		return p.addLateness(f, timeout)
	case killBroker, failBroker, drainBroker:
		f.Value = int(next.Milliseconds())
		p.add(f)
		return p.addCrash(r, f, next)
	}
	p.add(f)
	if kind.end == "" {
		return timeout
	}
	p.add(f.then(kind.end, d))
	if kind.end == heal && !p.Few && r.IntN(2) == 0 { // the network delivers late messages, and then fails for good
		worse := f.then(halfOpen, d+milliseconds(r.IntN(100)))
		worse.To = faultproxy.Both
		p.add(worse)
	}
	return timeout
}

// addLateness lets the broker hear one more heartbeat after f, which holds the answers back. The answers arrive just
// before the client would give up.
func (p *Plan) addLateness(f Fault, timeout time.Duration) time.Duration {
	deaf := f.then(halfOpen, timeout/6+5*time.Millisecond)
	deaf.To = faultproxy.Broker
	p.add(deaf)
	p.add(f.then(heal, timeout*57/100)) // the lease, of 2/3, began up to 1/6 earlier
	return timeout
}

// addCrash sometimes lets the broker crash again before the grace period after f is over.
func (p *Plan) addCrash(r *rand.Rand, f Fault, timeout time.Duration) time.Duration {
	if f.Kind == drainBroker || r.IntN(3) > 0 {
		return timeout
	}
	again := f.then(killBroker, timeout*time.Duration(1+r.IntN(10))/20)
	timeout = draw(r, timeouts)
	again.Value = int(timeout.Milliseconds())
	p.add(again)
	return timeout
}

// then returns another fault for the same worker, that much later.
func (f Fault) then(kind Kind, later time.Duration) Fault {
	f.Kind, f.AtHold = kind, false
	f.At += later
	return f
}

// add adds a fault. None is later than the end.
func (p *Plan) add(f Fault) {
	f.At = min(f.At, p.Length)
	p.Faults = append(p.Faults, f)
}

// drawKind draws a kind of fault by its weight.
func (p *Plan) drawKind(r *rand.Rand) kind {
	total := 0
	for _, k := range kinds {
		total += k.weightIn(p)
	}
	n := r.IntN(total)
	for _, k := range kinds {
		if n -= k.weightIn(p); n < 0 {
			return k
		}
	}
	panic("unreachable")
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func draw[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// String returns the plan for a person.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, length %v, lock delay %v, few faults %v, session timeout %v, heartbeat %v\n", p.Seed,
		p.Length, p.LockDelay, p.Few, p.Timeout, p.heartbeat(p.Timeout))
	for i, w := range p.Workers {
		fmt.Fprintf(&b, "worker %d: %s, %d threads\n", i, w.Name, w.Threads)
	}
	for _, f := range p.Faults {
		fmt.Fprintln(&b, f.describe(p))
	}
	return b.String()
}
