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
	Timeout   time.Duration // the broker's first session timeout
	Workers   []Worker
	Faults    []Fault // in the order of their times
}

// A Worker is a process that takes locks.
type Worker struct {
	Name    string
	Node    bool // it runs the JavaScript client
	Threads int
}

// timeouts are the session timeouts that brokers run with. A restarted broker may have another one than before.
var timeouts = []time.Duration{600 * time.Millisecond, 900 * time.Millisecond, 1500 * time.Millisecond}

// interval is the mean time between two faults.
const interval = 200 * time.Millisecond

// choices are what requests ask for: exclusive locks, a reader-writer lock, a semaphore, and several locks at once.
var choices = [][]event.Lock{
	{{Name: "exclusive/1"}},
	{{Name: "exclusive/2"}},
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
// locks of their own, because otherwise everything else would wait for them.
var longChoices = [][]event.Lock{
	{{Name: "long/exclusive/1"}},
	{{Name: "long/exclusive/2"}},
	{{Name: "long/semaphore", Shared: true, Limit: 2}},
	{{Name: "long/readwrite", Shared: true}},
	{{Name: "long/readwrite"}},
	{{Name: "long/several/a"}, {Name: "long/several/b", Shared: true}},
	{{Name: "long/several/b"}},
}

// MakePlan draws a plan. Odd seeds have lock delay.
func MakePlan(seed uint64, length time.Duration) *Plan {
	r := rand.New(rand.NewPCG(seed, 21))
	p := &Plan{Seed: seed, Length: length, LockDelay: seed%2 == 1, Timeout: draw(r, timeouts)}
	for i := range 4 {
		w := Worker{Name: fmt.Sprintf("go%d", i/2+1), Threads: 4 + r.IntN(3)}
		if i%2 == 1 {
			w.Name, w.Node = fmt.Sprintf("node%d", i/2+1), true
		}
		p.Workers = append(p.Workers, w)
	}
	for at := p.Timeout; at < length; at += time.Duration(r.ExpFloat64() * float64(interval)) {
		p.addFault(r, at)
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return int(a.At - b.At) })
	return p
}

// addFault draws a fault, its end, and sometimes what makes it worse: the broker is killed again before its grace
// period is over, or the network fails for good just after it has delivered late messages.
func (p *Plan) addFault(r *rand.Rand, at time.Duration) {
	kind := p.drawKind(r)
	f := Fault{At: at, Kind: kind.name, Worker: r.IntN(len(p.Workers))}
	f.To = draw(r, []faultproxy.Side{faultproxy.Client, faultproxy.Broker, faultproxy.Both, faultproxy.Both})
	d := milliseconds(1 + r.IntN(int(3*p.Timeout.Milliseconds())))
	switch f.Kind {
	case delay:
		f.Value = 1 + r.IntN(int(p.Timeout.Milliseconds()))
	case slow:
		f.Value = 200 + r.IntN(5000)
	case killBroker, drainBroker:
		f.Value = int(draw(r, timeouts).Milliseconds())
	}
	p.Faults = append(p.Faults, f)
	if f.Kind == killBroker && r.IntN(2) == 0 {
		again := f
		again.At, again.Value = min(at+d/3, p.Length), int(draw(r, timeouts).Milliseconds())
		p.Faults = append(p.Faults, again)
	}
	if kind.end == "" {
		return
	}
	f.Kind, f.At = kind.end, min(at+d, p.Length)
	p.Faults = append(p.Faults, f)
	if kind.end == heal && r.IntN(2) == 0 {
		f.Kind, f.To, f.At = halfOpen, faultproxy.Both, min(f.At+milliseconds(r.IntN(100)), p.Length)
		p.Faults = append(p.Faults, f)
	}
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
	fmt.Fprintf(&b, "seed %d, length %v, lock delay %v, session timeout %v\n", p.Seed, p.Length, p.LockDelay,
		p.Timeout)
	for i, w := range p.Workers {
		fmt.Fprintf(&b, "worker %d: %s, %d threads\n", i, w.Name, w.Threads)
	}
	for _, f := range p.Faults {
		fmt.Fprintln(&b, f.describe(p))
	}
	return b.String()
}
