package locktable

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestEveryOrder: in small worlds the table refuses a nested request exactly when
// there is no order in which holders can release that ends with it granted; and
// there all orders end alike.
func TestEveryOrder(t *testing.T) {
	var waited, refused int
	for seed := range uint64(100) {
		w, r, err := smallWorld(&program{bytes: randomBytes(seed, 250)})
		if err != nil {
			t.Fatal(err)
		}
		waited, refused = waited+w, refused+r
	}
	if waited < 200 || refused < 300 {
		t.Errorf("%d nested requests waited and %d were refused; want more of both", waited, refused)
	}
}

// smallWorld plays with four sessions that ask for few locks again and again, nested in
// what they, or others, hold, and now and then release one.
func smallWorld(p *program) (waited, refused int, err error) {
	d := newDuel(Config{FirstToken: 1, MaxRequests: 4})
	p.held = d.dumb.held
	for n := range 4 {
		name := fmt.Sprintf("s%d", n)
		p.sessions = append(p.sessions, &chooser{name: name})
		if _, err := d.step(command{verb: verbOpen, session: name}); err != nil {
			return 0, 0, err
		}
	}
	for len(p.bytes) > 0 {
		c := p.nested()
		var could bool
		if parent := d.dumb.find(c.acquire.Parent); parent != nil && parent.held {
			granted, not := d.dumb.everyOrder(d.dumb.wishOf(c.acquire))
			if granted > 0 && not > 0 {
				return 0, 0, fmt.Errorf("%s%s\nis granted in %d ends and not in %d", d.log.String(), c, granted, not)
			}
			could = granted > 0
		}
		before := len(d.dumb.requests)
		if _, err := d.step(c); err != nil {
			return 0, 0, fmt.Errorf("%s%w", d.log.String(), err)
		}
		if c.verb != verbAcquire || c.acquire.Parent.IsZero() || d.dumb.arrivals == 0 {
			continue
		}
		switch w := d.dumb.find(c.acquire.ID); {
		case w == nil && len(d.dumb.requests) == before && d.dumb.refused.is(c.acquire.ID):
			if could {
				return 0, 0, fmt.Errorf("%s%s\nwas refused and could be granted", d.log.String(), c)
			}
			refused++
		case w != nil && !w.held:
			if !could {
				return 0, 0, fmt.Errorf("%s%s\nwaits and can never be granted", d.log.String(), c)
			}
			waited++
		}
	}
	return waited, refused, nil
}

// nested makes up an acquire, mostly inside what the session holds, or a release.
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

// wishOf is the request that an acquire would be.
func (o *oracle) wishOf(a Acquire) *wish {
	w := &wish{Acquire: a, arrival: o.arrivals + 1, since: o.now}
	if parent := o.find(a.Parent); parent != nil {
		w.around = append([]wire.ID{parent.ID}, parent.around...)
	}
	return w
}
