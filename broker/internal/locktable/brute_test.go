package locktable

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// In small worlds the table refuses a nested request if and only if the request is never granted,
// in whatever order the holders release. All orders give the same result.
func TestEveryOrder(t *testing.T) {
	total := &smallWorld{}
	for seed := range uint64(100) {
		w := newSmallWorld(randomBytes(seed, 250))
		if err := w.run(); err != nil {
			t.Fatalf("%s%v", w.log.String(), err)
		}
		total.waited += w.waited
		total.refused += w.refused
	}
	if total.waited < 200 || total.refused < 300 {
		t.Errorf("%d nested requests waited, %d were refused; want more of both", total.waited, total.refused)
	}
}

// A smallWorld has four sessions that request a few locks again and again. Most requests are nested
// in holders of the same or another session. Now and then a session releases a request.
type smallWorld struct {
	*comparison
	program         *program
	waited, refused int // nested requests
}

func newSmallWorld(bytes []byte) *smallWorld {
	d := newComparison(Config{FirstToken: 1, MaxRequests: 4})
	return &smallWorld{comparison: d, program: &program{bytes: bytes, held: d.oracle.heldIDs}}
}

func (w *smallWorld) run() error {
	for n := range 4 {
		name := fmt.Sprintf("s%d", n)
		w.program.sessions = append(w.program.sessions, &programSession{name: name})
		if _, err := w.step(command{verb: verbOpen, session: name}); err != nil {
			return err
		}
	}
	for len(w.program.bytes) > 0 {
		if err := w.tryOne(w.program.nested()); err != nil {
			return err
		}
	}
	return nil
}

// tryOne gives a command to the table and to the oracle. If it is a nested acquire, tryOne
// compares the answer with what every order of releases would lead to.
func (w *smallWorld) tryOne(c command) error {
	could, err := w.couldBeGranted(c)
	if err != nil {
		return err
	}
	before := len(w.oracle.requests)
	if _, err := w.step(c); err != nil {
		return err
	}
	if c.verb != verbAcquire || c.acquire.Parent.IsZero() || w.oracle.arrivals == 0 {
		return nil
	}
	switch r := w.oracle.find(c.acquire.ID); {
	case r == nil && len(w.oracle.requests) == before && w.oracle.refused.isOf(c.acquire.ID):
		if could {
			return fmt.Errorf("%s\nwas refused and could be granted", c)
		}
		w.refused++
	case r != nil && !r.held:
		if !could {
			return fmt.Errorf("%s\nwaits and can never be granted", c)
		}
		w.waited++
	}
	return nil
}

// couldBeGranted reports whether a nested acquire ends granted, in every order of releases. If
// the orders differ, it returns an error.
func (w *smallWorld) couldBeGranted(c command) (bool, error) {
	parent := w.oracle.find(c.acquire.Parent)
	if parent == nil || !parent.held {
		return false, nil
	}
	granted, not := w.oracle.playAll(w.oracle.requestFor(c.acquire))
	if granted > 0 && not > 0 {
		return false, fmt.Errorf("%s\nis granted in %d orders and not in %d", c, granted, not)
	}
	return granted > 0, nil
}

// nested makes up an acquire, mostly inside a request that the session holds, or a release.
func (p *program) nested() command {
	s := p.sessions[p.below(len(p.sessions))]
	if p.below(6) == 0 {
		return command{verb: verbRelease, id: p.anyID()}
	}
	a := Acquire{ID: wire.ID{Session: s.name, N: s.n}, Wait: Forever}
	switch p.below(8) {
	case 0, 1:
	case 2:
		a.Parent = p.idOf(s)
	default:
		a.Parent = p.parent(s)
	}
	s.parent = a.Parent
	s.n++
	names := names()
	first, count := p.below(4), 1+p.below(8)/6
	for i := range count {
		spec := wire.LockSpec{Name: names[(first+i)%4]}
		if how := p.below(5); how > 2 {
			spec.Mode, spec.Limit = wire.Shared, wire.Some(how-1)
		} else if how == 2 {
			spec.Mode = wire.Shared
		}
		a.Locks = append(a.Locks, spec)
	}
	p.ids = append(p.ids, a.ID)
	return command{verb: verbAcquire, acquire: a}
}
